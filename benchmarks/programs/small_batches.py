"""Files of 100 rows arrive one by one; each is a batch. Reports batch times and the time from arrival to commit.

They are filtered into CSV files, or with `--counted` counted by key.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's habit

FILES = int(os.environ.get("POTOK_BENCHMARK_FILES", "200"))
WARM_UP = FILES // 10
work = Path.cwd()
builder = SparkSession.builder.appName("small batches").master("local[2]")
if "--not-durable" in sys.argv:
    builder = builder.config("spark.potok.checkpoint.durable", "false")
spark = builder.config("spark.sql.streaming.numRecentProgressUpdates", "1000").getOrCreate()
(work / "in").mkdir()
if "POTOK_BENCHMARK_PARTITIONS" in os.environ:
    spark.conf.set("spark.sql.shuffle.partitions", os.environ["POTOK_BENCHMARK_PARTITIONS"])
rows = spark.readStream.schema("day string, temp string").csv(f"{work}/in")
if "--counted" in sys.argv:
    counts = rows.groupBy("day").agg(F.count("*"), F.sum(F.expr("try_cast(temp as double)")))
    writer = counts.writeStream.outputMode("update").format("noop")
else:
    warm = rows.filter(F.expr("try_cast(temp as float)") > 13)
    writer = warm.writeStream.format("csv").option("path", f"{work}/out")
query = writer.option("checkpointLocation", f"{work}/checkpoint").start()
latencies = []
for number in range(FILES):
    text = "".join(f"day{i},{i % 40 - 5}.5\n" for i in range(100))
    hidden = work / "in" / f".{number}"
    hidden.write_text(text)
    commit = work / "checkpoint" / "commits" / str(number)
    started = time.perf_counter()
    hidden.rename(work / "in" / f"{number:05}.csv")
    while not commit.exists():
        time.sleep(0.0005)
    latencies.append((time.perf_counter() - started) * 1000)
time.sleep(0.2)
batches = [p["durationMs"]["triggerExecution"] for p in query.recentProgress if p["numInputRows"] > 0]
query.stop()
spark.stop()
batches, latencies = batches[WARM_UP:], sorted(latencies[WARM_UP:])
print(
    "RESULT "
    + json.dumps(
        {
            "batch_ms_median": statistics.median(batches),
            "batch_ms_p90": sorted(batches)[len(batches) * 9 // 10],
            "latency_ms_median": statistics.median(latencies),
            "latency_ms_p99": latencies[len(latencies) * 99 // 100],
            "pid": os.getpid(),
        }
    )
)
