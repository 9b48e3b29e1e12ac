"""Two file sources of different formats in one query, each with its own limit."""

import sys

from pyspark.sql import SparkSession

root = sys.argv[1]
spark = SparkSession.builder.appName("union").getOrCreate()
left = spark.readStream.schema("id INT, name STRING").option("maxFilesPerTrigger", 1).csv(f"{root}/in")
right = spark.readStream.schema("id INT, name STRING").option("maxFilesPerTrigger", 2).json(f"{root}/in2")
query = (
    left.union(right)
    .writeStream.format("json")
    .option("checkpointLocation", f"{root}/checkpoint")
    .trigger(availableNow=True)
    .start(f"{root}/out")
)
query.awaitTermination()
