"""What Spark with its connector answered (recorded/spark.json, POTOK_RECORD=1 renews it), and what potok answers."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kafka.broker import NoBrokerError, jars
from kafka.questions import (
    READS,
    RECORDS_PER_PARTITION,
    TOPICS,
    WRITES,
    WRONG_TIME,
    WRONG_TIME_MS,
    answer_read,
    answer_write,
)

pytestmark = pytest.mark.kafka
HERE = Path(__file__).parent
RECORDED = HERE / "recorded/spark.json"


@pytest.fixture(scope="module")
def answers(kafka: Any) -> dict[str, Any]:
    """Spark's answers; the topics that they are about are there."""
    for topic, partitions in {**TOPICS, "rec-keys": 12}.items():
        kafka.named_topic(topic, partitions)
        if topic in TOPICS:
            for partition in range(partitions):
                kafka.produce(topic, [b"v"] * RECORDS_PER_PARTITION, partition=partition)
    kafka.named_topic(WRONG_TIME, 1, **{"message.timestamp.after.max.ms": str(2**63 - 1)})
    kafka.produce(WRONG_TIME, [b"v"])
    kafka.produce(WRONG_TIME, [b"poison"], timestamp=WRONG_TIME_MS)
    if os.environ.get("POTOK_RECORD") == "1":
        _record(kafka.bootstrap)
    loaded: dict[str, Any] = json.loads(RECORDED.read_text("utf-8"))
    return loaded


def _record(bootstrap: str) -> None:
    try:
        directory = jars("spark")
    except NoBrokerError as error:
        pytest.skip(f"no jars of Spark's Kafka connector: {error}")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONPATH" and not name.startswith("SPARK_")
    }
    command = [
        os.environ["POTOK_SPARK_PYTHON"],
        str(HERE / "record_spark.py"),
        str(directory),
        bootstrap,
        str(RECORDED),
    ]
    subprocess.run(command, check=True, env=environment)


@pytest.mark.parametrize("name", READS)
def test_reads(answers: dict[str, Any], spark: Any, kafka: Any, tmp_path: Path, name: str) -> None:
    assert answer_read(spark, kafka.bootstrap, name, str(tmp_path)) == answers["reads"][name]


@pytest.mark.parametrize("name", WRITES)
def test_writes(answers: dict[str, Any], spark: Any, kafka: Any, name: str) -> None:
    assert answer_write(spark, kafka.bootstrap, name) == answers["writes"][name]


def test_schema_and_partitions_of_keys(answers: dict[str, Any], spark: Any, kafka: Any) -> None:
    topic = kafka.topic(12)
    frame = spark.range(40).selectExpr("cast(id as string) key", "cast(id as string) value")
    frame.write.format("kafka").option("kafka.bootstrap.servers", kafka.bootstrap).option(
        "topic", topic
    ).save()
    found = {record.key().decode(): record.partition() for record in kafka.records(topic)}
    assert found == answers["partition of key"]
    reader = (
        spark.read.format("kafka")
        .option("kafka.bootstrap.servers", kafka.bootstrap)
        .option("subscribe", topic)
    )
    assert reader.load().schema.simpleString() == answers["schema"]
