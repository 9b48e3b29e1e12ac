"""A large CSV file, filtered, to CSV or parquet, as a stream."""

import json
import os
import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's habit

directory = os.environ["POTOK_BENCHMARK_DIRECTORY"]
spark = SparkSession.builder.appName("filter").master("local[2]").getOrCreate()
frame = spark.readStream.schema("day string, temp string").csv(f"{directory}/csv")
frame = frame.filter(F.col("temp").cast("float") > 13)
started = time.process_time()
query = (
    frame.writeStream.format(sys.argv[1])
    .option("path", "out")
    .option("checkpointLocation", "checkpoint")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
print("RESULT " + json.dumps({"work_cpu_s": time.process_time() - started}))
spark.stop()
