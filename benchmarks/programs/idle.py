"""A query over a directory where nothing happens."""

import json
import os
import time
from pathlib import Path

from pyspark.sql import SparkSession

directory = os.environ["POTOK_BENCHMARK_DIRECTORY"]
spark = SparkSession.builder.appName("idle").master("local[2]").getOrCreate()
query = (
    spark.readStream.schema("fname string, mname string, lname string, age int, ssn string")
    .csv(f"{directory}/people")
    .writeStream.format("noop")
    .start()
)
query.processAllAvailable()
time.sleep(2)


def cpu_s() -> float:
    """Seconds of CPU of this process and its children so far (a JVM is a child)."""
    total = 0.0
    ticks = os.sysconf("SC_CLK_TCK")
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(stat.parent.name) == os.getpid() or int(fields[1]) == os.getpid():
            total += (int(fields[11]) + int(fields[12])) / ticks
    return total


before, started = cpu_s(), time.perf_counter()
time.sleep(20)
percent = (cpu_s() - before) / (time.perf_counter() - started) * 100
print("RESULT " + json.dumps({"idle_cpu_percent": percent}))
query.stop()
spark.stop()
