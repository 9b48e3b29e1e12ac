"""JSON lines as they come, filtered, on the console.

    potok generate people.json --format json --files 5 --interval 0
    potok run json_lines_to_console.py

Without `availableNow` it goes on until Ctrl-C.
"""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("json lines to console").master("local[*]").getOrCreate()

people = spark.readStream.schema("fname STRING, lname STRING, age INT").json("people.json")
query = (
    people.filter(F.col("age") >= 18)
    .withColumn("initials", F.concat(F.substring("fname", 1, 1), F.substring("lname", 1, 1)))
    .writeStream.format("console")
    .option("truncate", False)
    .option("numRows", 5)
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
