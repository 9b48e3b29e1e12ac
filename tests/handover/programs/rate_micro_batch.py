"""The same number of numbers in each batch, until a few batches are done."""

import sys
import time

from pyspark.sql import SparkSession

root = sys.argv[1]
spark = SparkSession.builder.appName("rate micro batch").getOrCreate()
query = (
    spark.readStream.format("rate-micro-batch")
    .option("rowsPerBatch", 10)
    .option("startTimestamp", 1_700_000_000_000)
    .load()
    .writeStream.format("csv")
    .option("checkpointLocation", f"{root}/checkpoint")
    .start(f"{root}/out")
)
end = time.monotonic() + 60
while len(query.recentProgress) < 3 and time.monotonic() < end:
    time.sleep(0.05)
query.stop()
