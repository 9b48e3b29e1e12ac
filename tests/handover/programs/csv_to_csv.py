"""CSV to CSV, one file a batch."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

root = sys.argv[1]
spark = SparkSession.builder.appName("csv to csv").getOrCreate()
rows = spark.readStream.schema("id INT, name STRING").option("maxFilesPerTrigger", 1).csv(f"{root}/in")
query = (
    rows.filter("id % 5 != 4")
    .select("id", F.upper("name").alias("name"))
    .writeStream.format("csv")
    .option("path", f"{root}/out")
    .option("checkpointLocation", f"{root}/checkpoint")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
