"""The core on librdkafka's own mock brokers: needs neither Java nor Maven."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import confluent_kafka
import pytest

from kafka.conftest import Kafka, Streams


@pytest.fixture(scope="module")
def mock() -> Iterator[Kafka]:
    """Three brokers inside this process; they make topics (of four partitions) when they are asked for."""
    holder = confluent_kafka.Producer({"test.mock.num.brokers": 3, "bootstrap.servers": "", "log_level": 0})
    brokers = holder.list_topics(timeout=30).brokers.values()
    yield Kafka(",".join(f"{broker.host}:{broker.port}" for broker in brokers))
    del holder


def _topic() -> str:
    return f"m-{uuid.uuid4().hex[:8]}"


def test_stream_restart_and_limits(spark: Any, mock: Kafka, tmp_path: Path) -> None:
    topic = _topic()
    mock.produce(topic, [b"%d" % i for i in range(6)], b"k", partition=2)
    streams = Streams(spark, mock, tmp_path)
    frame = streams.read(subscribe=topic, startingOffsets="earliest", maxOffsetsPerTrigger=4)
    assert streams.run(frame) == [f'{{"{topic}":{{"0":0,"1":0,"2":{end},"3":0}}}}' for end in (4, 6)]
    mock.produce(topic, [b"6"], partition=0)
    assert streams.run(frame)[-1] == f'{{"{topic}":{{"0":1,"1":0,"2":6,"3":0}}}}'
    assert streams.values() == [str(i) for i in range(7)]


def test_batch_write_and_read(spark: Any, mock: Kafka, tmp_path: Path) -> None:
    topic = _topic()
    frame = spark.range(100).selectExpr("cast(id as string) key", "cast(id * 2 as string) value")
    frame.write.format("kafka").option("kafka.bootstrap.servers", mock.bootstrap).option(
        "topic", topic
    ).save()
    read = Streams(spark, mock, tmp_path).read_batch(subscribe=topic)
    rows = read.selectExpr("cast(key as int) k", "cast(value as int) v").collect()
    assert sorted((row.k, row.v) for row in rows) == [(i, 2 * i) for i in range(100)]
