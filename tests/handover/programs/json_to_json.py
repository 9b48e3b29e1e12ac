"""JSON lines to JSON lines, two files a batch, nested values."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

root = sys.argv[1]
spark = SparkSession.builder.appName("json to json").getOrCreate()
rows = (
    spark.readStream.schema("id BIGINT, tags ARRAY<STRING>, at STRUCT<x: DOUBLE, y: DOUBLE>")
    .option("maxFilesPerTrigger", 2)
    .json(f"{root}/in")
)
query = (
    rows.select("id", F.explode("tags").alias("tag"), F.col("at.x").alias("x"))
    .writeStream.format("json")
    .option("checkpointLocation", f"{root}/checkpoint")
    .trigger(availableNow=True)
    .start(f"{root}/out")
)
query.awaitTermination()
