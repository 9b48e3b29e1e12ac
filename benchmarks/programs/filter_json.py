"""A large file of JSON lines, filtered, to CSV, as a stream."""

import json
import os
import time

from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812 - Spark's habit

directory = os.environ["POTOK_BENCHMARK_DIRECTORY"]
spark = SparkSession.builder.appName("filter").master("local[2]").getOrCreate()
frame = spark.readStream.schema("id long, name string, value double, ok boolean").json(f"{directory}/json")
frame = frame.filter(F.col("value") > 0.5)
started = time.process_time()
query = (
    frame.writeStream.format("csv")
    .option("path", "out")
    .option("checkpointLocation", "checkpoint")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
print("RESULT " + json.dumps({"work_cpu_s": time.process_time() - started}))
spark.stop()
