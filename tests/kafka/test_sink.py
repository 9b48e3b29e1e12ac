"""The Kafka sink on a real broker. Texts and partitions are those of Spark with its connector."""

from __future__ import annotations

from typing import Any

import confluent_kafka
import pytest

from kafka.conftest import PATIENCE_S
from potok.connectors.kafka_sink import RecordWriter
from potok.plan.logical import Options

pytestmark = pytest.mark.kafka


def _write(frame: Any, kafka: Any, mode: str = "append", **options: Any) -> None:
    writer = frame.write.format("kafka").mode(mode).option("kafka.bootstrap.servers", kafka.bootstrap)
    for name, value in options.items():
        writer = writer.option(name.replace("__", "."), value)
    writer.save()


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ("'a' value", {}, "topic option required when no 'topic' attribute is present. Use the topic option"),
        ("'a' key", {"topic": "t"}, "Required attribute 'value' not found"),
        (
            "1L value",
            {"topic": "t"},
            r"value attribute unsupported type bigint. value must be a\(n\) string or binary",
        ),
        ("'a' value, 1L topic", {}, r"topic attribute unsupported type bigint. topic must be a\(n\) string"),
        (
            "'a' value, 1L key",
            {"topic": "t"},
            r"key attribute unsupported type bigint. key must be a\(n\) string or binary",
        ),
        (
            "'a' value, 'x' headers",
            {"topic": "t"},
            r"headers attribute unsupported type string. headers must be a\(n\) array<struct<key:string,value:binary>>",
        ),
        (
            "'a' value, 1L partition",
            {"topic": "t"},
            r"partition attribute unsupported type bigint. partition must be a\(n\) int",
        ),
        ("'a' value, cast(null as string) topic", {}, "contains a null topic. Use the `topic` option"),
        (
            "'a' value",
            {"topic": "t", "kafka__key__serializer": "x"},
            "Kafka option 'key.serializer' is not supported",
        ),
    ],
)
def test_refusals_in_spark_s_words(spark: Any, kafka: Any, columns: str, options: Any, message: str) -> None:
    with pytest.raises(Exception, match=message):
        _write(spark.sql(f"SELECT {columns}"), kafka, **options)


def test_modes_and_servers(spark: Any, kafka: Any) -> None:
    frame = spark.sql("SELECT 'a' value")
    with pytest.raises(
        Exception, match=r"Save mode Overwrite not allowed for Kafka. Allowed save modes are Append and"
    ):
        _write(frame, kafka, "overwrite", topic="t")
    with pytest.raises(Exception, match=r"Kafka option bootstrap\.servers is not set\."):
        frame.write.format("kafka").option("topic", "t").save()


def test_what_kafka_does_not_take_names_the_topic(spark: Any, kafka: Any) -> None:
    topic = kafka.topic(max_message_bytes="1000")
    with pytest.raises(Exception, match=rf"{topic}-0.*too large"):
        _write(spark.sql("SELECT repeat('a', 5000) value"), kafka, topic=topic)
    with pytest.raises(Exception, match=topic):
        _write(spark.sql("SELECT repeat('a', 3000000) value"), kafka, topic=topic)
    with pytest.raises(Exception, match=rf"{topic}-7"):
        _write(spark.sql("SELECT 'a' value, 7 partition"), kafka, topic=topic)
    with pytest.raises(Exception, match="no-such-topic"):
        _write(
            spark.sql("SELECT 'a' value"), kafka, topic="no-such-topic", kafka__delivery__timeout__ms="2000",
            kafka__request__timeout__ms="1000",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({}, {"transactional.id": "potok-x", "transaction.timeout.ms": "300000"}),
        (
            {"kafka.transactional.id": "mine", "kafka.transaction.timeout.ms": "9000"},
            {"transactional.id": "mine", "transaction.timeout.ms": "9000"},
        ),
    ],
)
def test_transactions_as_told(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str], settings: dict[str, str]
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(confluent_kafka, "Producer", lambda found, **_: given.update(found))
    RecordWriter(Options({"kafka.bootstrap.servers": "127.0.0.1:1", "topic": "t", **options}), "potok-x")
    assert {name: given[name] for name in settings} == settings


def test_wrong_columns_fail_the_query(streams: Any, kafka: Any) -> None:
    source = kafka.topic()
    kafka.produce(source, [b"a"])
    writer = streams.read(subscribe=source, startingOffsets="earliest").selectExpr("offset value").writeStream
    query = (
        writer.format("kafka")
        .option("kafka.bootstrap.servers", kafka.bootstrap)
        .option("topic", "t")
        .option("checkpointLocation", str(streams.checkpoint()))
        .start()
    )
    with pytest.raises(Exception, match=r"STREAM_FAILED.*value attribute unsupported type bigint"):
        query.awaitTermination(PATIENCE_S)
