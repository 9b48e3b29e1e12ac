"""Streams over a topic that potok and real Spark with its Kafka connector take turns with: everything that is there.

Run as a program, in real Spark: directory with the jars, brokers, topic, directory of the stream, name of the stream,
topic to write to. Answers on the standard output with the offsets of the batches that it has run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

NEEDED = ("spark-sql-kafka", "spark-token-provider-kafka", "kafka-clients", "commons-pool2")
PARTITIONS = "2"
DELAY_S = 5
WINDOW_S = 10


def start(spark: Any, bootstrap: str, topic: str, directory: str, name: str, target: str) -> Any:
    """Start a query: `records` as they are to files; `counts` by key to a topic; `windows` that are complete to files.

    Keys are words, values are seconds since 1970.
    """
    reader = spark.readStream.format("kafka").option("kafka.bootstrap.servers", bootstrap)
    reader = reader.option("subscribe", topic).option("startingOffsets", "earliest")
    if name == "records":
        reader = reader.option("maxOffsetsPerTrigger", "4")
    frame = reader.load()
    words = frame.selectExpr(
        "cast(key as string) k", "timestamp_seconds(cast(cast(value as string) as long)) at"
    )
    if name == "counts":
        counted = words.groupBy("k").count().selectExpr("k as key", "cast(count as string) as value")
        writer = counted.writeStream.outputMode("update").format("kafka").option("topic", target)
        writer = writer.option("kafka.bootstrap.servers", bootstrap)
    else:
        if name == "windows":
            from pyspark.sql import functions as f

            marked = words.withWatermark("at", f"{DELAY_S} seconds")
            counted = marked.groupBy(f.window("at", f"{WINDOW_S} seconds"), "k").count()
            frame = counted.selectExpr("concat(unix_seconds(window.start), k, '=', count) as value")
        writer = frame.writeStream.format("parquet").option("path", f"{directory}/out")
    writer = writer.option("checkpointLocation", f"{directory}/checkpoint")
    return writer.trigger(availableNow=True).start()


def main() -> None:
    from pyspark.sql import SparkSession

    jars, *arguments = sys.argv[1:]
    names = [str(path) for path in Path(jars).glob("*.jar") if path.name.startswith(NEEDED)]
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", PARTITIONS)
        .config("spark.jars", ",".join(names))
        .getOrCreate()
    )
    query = start(spark, *arguments)
    query.awaitTermination()
    for progress in query.recentProgress:
        print("offsets", progress["sources"][0]["endOffset"])
    spark.stop()


if __name__ == "__main__":
    main()
