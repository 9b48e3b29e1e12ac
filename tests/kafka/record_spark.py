"""Asks real Spark, with its Kafka connector, the questions of questions.py; writes recorded/spark.json.

Run by `test_recorded.py` with POTOK_RECORD=1 (and POTOK_SPARK_PYTHON), over topics that it has made.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession
from questions import READS, WRITES, answer_read, answer_write

jars, bootstrap, target = sys.argv[1:]
NEEDED = ("spark-sql-kafka", "spark-token-provider-kafka", "kafka-clients", "commons-pool2")
names = [str(path) for path in Path(jars).glob("*.jar") if path.name.startswith(NEEDED)]
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.jars", ",".join(names))
    .getOrCreate()
)
with tempfile.TemporaryDirectory() as directory:
    answers = {
        "reads": {name: answer_read(spark, bootstrap, name, directory) for name in READS},
        "writes": {name: answer_write(spark, bootstrap, name) for name in WRITES},
    }
keys = spark.range(40).selectExpr("cast(id as string) key", "cast(id as string) value")
keys.write.format("kafka").option("kafka.bootstrap.servers", bootstrap).option("topic", "rec-keys").save()
frame = (
    spark.read.format("kafka")
    .option("kafka.bootstrap.servers", bootstrap)
    .option("subscribe", "rec-keys")
    .load()
)
answers["partition of key"] = {
    row.k: row.partition for row in frame.selectExpr("cast(key as string) k", "partition").collect()
}
answers["schema"] = frame.schema.simpleString()
Path(target).write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n", "utf-8")
spark.stop()
