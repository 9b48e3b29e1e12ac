"""Rows by key in 20 batches, as a stream that remembers: `counts` or `windows`."""

import json
import os
import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's habit

directory = os.environ["POTOK_BENCHMARK_DIRECTORY"]
spark = SparkSession.builder.appName("state").master("local[2]").getOrCreate()
spark.conf.set("spark.sql.shuffle.partitions", os.environ.get("POTOK_BENCHMARK_PARTITIONS", "2"))
rows = (
    spark.readStream.schema("k long, v long, at timestamp")
    .option("maxFilesPerTrigger", 1)
    .parquet(f"{directory}/keyed")
)
if sys.argv[1] == "counts":
    kept, mode = rows.groupBy("k").agg(F.count("*").alias("n"), F.sum("v").alias("total")), "update"
else:
    marked = rows.withWatermark("at", "10 seconds")
    kept, mode = marked.groupBy(F.window("at", "10 seconds")).agg(F.count("*"), F.sum("v")), "append"
started, started_cpu = time.perf_counter(), time.process_time()
query = (
    kept.writeStream.outputMode(mode)
    .format("noop")
    .option("checkpointLocation", "checkpoint")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
ended, ended_cpu = time.perf_counter(), time.process_time()
print("RESULT " + json.dumps({"work_s": ended - started, "work_cpu_s": ended_cpu - started_cpu}))
spark.stop()
