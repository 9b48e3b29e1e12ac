"""State of many keys, then 30 batches of 10,000 rows: `counts`, `dedup` or `join`; then a restart."""

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's habit

directory = os.environ["POTOK_BENCHMARK_DIRECTORY"]
spark = SparkSession.builder.appName("growth").master("local[2]").getOrCreate()
spark.conf.set("spark.sql.shuffle.partitions", os.environ.get("POTOK_BENCHMARK_PARTITIONS", "2"))
spark.conf.set("spark.sql.streaming.numRecentProgressUpdates", "1000")


def stream(schema: str, name: str) -> DataFrame:
    """A directory of the inputs, a file a batch."""
    rows = spark.readStream.schema(schema).option("maxFilesPerTrigger", 1)
    return rows.parquet(f"{directory}/{name}")


def kept() -> tuple[DataFrame, str]:
    """The query, and its output mode."""
    rows = stream("k long, v long, at timestamp", "growing")
    if sys.argv[1] == "counts":
        return rows.groupBy("k").agg(F.count("*").alias("n"), F.sum("v").alias("total")), "update"
    if sys.argv[1] == "dedup":
        return rows.dropDuplicates(["k"]), "append"
    other = stream("k long, w long", "other").withColumnRenamed("k", "other_k")
    return rows.join(other, F.expr("k = other_k")), "append"


def run() -> tuple[list[dict[str, Any]], float]:
    """Run it to the end of its input; the progress of each batch, and when the first was told."""
    frame, mode = kept()
    query = (
        frame.writeStream.outputMode(mode)
        .format("noop")
        .option("checkpointLocation", "checkpoint")
        .trigger(availableNow=True)
        .start()
    )
    while query.isActive and not query.recentProgress:
        time.sleep(0.005)
    first_s = time.perf_counter()
    query.awaitTermination()
    return query.recentProgress, first_s


Path(directory, "other").mkdir(exist_ok=True)
batches = [p for p in run()[0] if p["numInputRows"] > 0]
times = [p["durationMs"]["triggerExecution"] for p in batches][-30:]
keys = batches[-1]["stateOperators"][0]["numRowsTotal"]
memory = batches[-1]["stateOperators"][0]["memoryUsedBytes"]
started = time.perf_counter()
# One more file, as a restarted query reads it.
last = max(Path(directory, "growing").glob("*.parquet"))
again = Path(directory, "growing", "zz.parquet")
again.write_bytes(last.read_bytes())
restore_s = run()[1] - started
again.unlink()
print(
    "RESULT "
    + json.dumps(
        {
            "batch_ms_median": statistics.median(times),
            "batch_ms_max": max(times),
            "state_bytes_per_key": memory / keys,
            "restore_s": restore_s,
        }
    )
)
spark.stop()
