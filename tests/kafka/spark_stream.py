"""Real Spark with its Kafka connector: one stream from a topic to parquet files, everything that is there.

Arguments: directory with the jars, brokers, topic, directory of the stream. Answers on the standard output
with the offsets of the batches that it has run.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pyspark.sql import SparkSession

jars, bootstrap, topic, directory = sys.argv[1:]
NEEDED = ("spark-sql-kafka", "spark-token-provider-kafka", "kafka-clients", "commons-pool2")
names = [str(path) for path in Path(jars).glob("*.jar") if path.name.startswith(NEEDED)]
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.jars", ",".join(names))
    .getOrCreate()
)
query = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", bootstrap)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .option("maxOffsetsPerTrigger", "4")
    .load()
    .writeStream.format("parquet")
    .option("checkpointLocation", f"{directory}/checkpoint")
    .trigger(availableNow=True)
    .start(f"{directory}/out")
)
query.awaitTermination()
for progress in query.recentProgress:
    print("offsets", progress["sources"][0]["endOffset"])
spark.stop()
