"""Numbers made by the clock, until a few batches are done."""

import sys
import time

from pyspark.sql import SparkSession

root = sys.argv[1]
spark = SparkSession.builder.appName("rate to json").getOrCreate()
query = (
    spark.readStream.format("rate")
    .option("rowsPerSecond", 20)
    .load()
    .writeStream.format("json")
    .option("checkpointLocation", f"{root}/checkpoint")
    .trigger(processingTime="500 milliseconds")
    .start(f"{root}/out")
)
end = time.monotonic() + 60
while sum(p.numInputRows > 0 for p in query.recentProgress) < 2 and time.monotonic() < end:
    time.sleep(0.1)
query.stop()
