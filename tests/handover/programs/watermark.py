"""An event time and a watermark, and nothing that remembers."""

import sys

from pyspark.sql import SparkSession

root = sys.argv[1]
spark = SparkSession.builder.appName("watermark").getOrCreate()
rows = spark.readStream.schema("id INT, at TIMESTAMP").option("maxFilesPerTrigger", 1).csv(f"{root}/in")
query = (
    rows.withWatermark("at", "10 seconds")
    .filter("id >= 0")
    .writeStream.format("json")
    .option("checkpointLocation", f"{root}/checkpoint")
    .trigger(availableNow=True)
    .start(f"{root}/out")
)
query.awaitTermination()
