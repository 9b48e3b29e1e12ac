"""CSV files become Parquet files, one directory for each decade of age.

    potok generate people --header --files 5 --interval 0
    potok run csv_to_parquet.py

Every run reads what has come since the run before, and ends. Put it into a timer, or take
`.trigger(availableNow=True)` away and it stays and reads each file as it comes.
"""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.appName("csv to parquet").master("local[*]").getOrCreate()

people = (
    spark.readStream.schema("fname STRING, mname STRING, lname STRING, age INT, ssn STRING")
    .option("header", True)
    .option("maxFilesPerTrigger", 2)
    .csv("people")
)
query = (
    people.select(
        F.concat_ws(" ", "fname", "mname", "lname").alias("name"),
        "age",
        (F.floor(F.col("age") / 10) * 10).alias("decade"),
    )
    .writeStream.format("parquet")
    .partitionBy("decade")
    .option("path", "people-by-decade")
    .option("checkpointLocation", "checkpoint/csv_to_parquet")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()

spark.read.parquet("people-by-decade").groupBy("decade").count().orderBy("decade").show()
