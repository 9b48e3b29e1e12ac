"""A topic in one batch to a sink, twice: `kafka_read.py <bytes of a value> <noop or parquet>`."""

import json
import os
import sys
import time

from pyspark.sql import SparkSession

size_bytes, sink = sys.argv[1:]
spark = (
    SparkSession.builder.appName("kafka read")
    .master("local[1]")
    .config("spark.ui.enabled", "false")
    # Only Spark needs the jars of its connector.
    .config("spark.jars", os.environ["POTOK_BENCHMARK_KAFKA_JARS"])
    .getOrCreate()
)
frame = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", os.environ["POTOK_BENCHMARK_KAFKA"])
    .option("subscribe", f"records-{size_bytes}")
    .option("startingOffsets", "earliest")
    .load()
)
times_s = []
for turn in ("first", "second"):
    writer = frame.writeStream.format(sink).option("checkpointLocation", f"checkpoint-{turn}")
    if sink == "parquet":
        writer = writer.option("path", f"out-{turn}")
    started_s = time.perf_counter()
    query = writer.trigger(availableNow=True).start()
    query.awaitTermination()
    times_s.append(time.perf_counter() - started_s)
    [rows] = [progress["numInputRows"] for progress in query.recentProgress if progress["numInputRows"]]
print("RESULT " + json.dumps({"first_batch_s": times_s[0], "second_batch_s": times_s[1], "input_rows": rows}))
spark.stop()
