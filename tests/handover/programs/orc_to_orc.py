"""ORC to ORC, two files a batch, nested values."""

import sys

from pyspark.sql import SparkSession

root = sys.argv[1]
spark = SparkSession.builder.appName("orc to orc").getOrCreate()
rows = (
    spark.readStream.schema(
        "id INT, at TIMESTAMP, price DECIMAL(9,0), tags ARRAY<STRING>, place STRUCT<x: DOUBLE, day: DATE>"
    )
    .option("maxFilesPerTrigger", 2)
    .orc(f"{root}/in")
)
query = (
    rows.writeStream.format("orc")
    .option("compression", "snappy")
    .option("checkpointLocation", f"{root}/checkpoint")
    .trigger(availableNow=True)
    .start(f"{root}/out")
)
query.awaitTermination()
