"""Records one at a time to the console; another process sends them and waits for their rows."""

import json
import os
import subprocess
from pathlib import Path

from pyspark.sql import SparkSession

RECORDS = 150
WARM_UP = 30
bootstrap = os.environ["POTOK_BENCHMARK_KAFKA"]
console = Path(os.environ["POTOK_BENCHMARK_DIRECTORY"]) / "output.txt"
sender = Path(__file__).with_name("kafka_sender.py")
# It makes the topic, says its name, and sends when it is told.
process = subprocess.Popen(
    [os.environ["POTOK_BENCHMARK_PYTHON"], str(sender), bootstrap, str(console), str(RECORDS)],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
)
topic = process.stdout.readline().strip()
spark = (
    SparkSession.builder.appName("kafka latency")
    .master("local[1]")
    .config("spark.ui.enabled", "false")
    # Only Spark needs the jars of its connector.
    .config("spark.jars", os.environ["POTOK_BENCHMARK_KAFKA_JARS"])
    .getOrCreate()
)
query = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", bootstrap)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .load()
    .selectExpr("cast(value as string) value")
    .writeStream.format("console")
    .option("checkpointLocation", "checkpoint")
    .start()
)
query.processAllAvailable()
output, _ = process.communicate("go\n")
latencies_ms = sorted(json.loads(output)[WARM_UP:])
query.stop()
spark.stop()
print(
    "RESULT "
    + json.dumps(
        {
            "latency_ms_median": latencies_ms[len(latencies_ms) // 2],
            "latency_ms_p90": latencies_ms[len(latencies_ms) * 9 // 10],
            "latency_ms_p99": latencies_ms[len(latencies_ms) * 99 // 100],
        }
    )
)
