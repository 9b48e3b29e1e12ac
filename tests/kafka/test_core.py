"""What works with any brokers: a real one, and librdkafka's mock cluster where there is none.

What Spark answers was asked of Spark with its connector (see docs/kafka.md).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import confluent_kafka
import pytest

from kafka.conftest import PATIENCE_S, Kafka, wait
from kafka.mock import MockCluster

# Spark gave the keys "0" .. "39" these partitions of a topic with twelve (recorded/spark.json).
PARTITION_OF_KEY = {
    0: (11, 17, 21, 23, 27), 1: (4, 24), 2: (36,), 3: (1, 7, 8, 22, 28, 30, 33), 4: (18, 26, 38), 5: (16, 29),
    6: (5, 15, 34, 37), 7: (13, 14, 19, 31, 35, 39), 8: (0, 2), 9: (25,), 10: (6, 10, 12, 20), 11: (3, 9, 32),
}  # fmt: skip


@pytest.fixture(scope="module", params=["mock", pytest.param("broker", marks=pytest.mark.kafka)])
def kafka(request: pytest.FixtureRequest) -> Iterator[Kafka]:
    """What the other side does."""
    if request.param == "broker":
        yield Kafka(request.getfixturevalue("broker").bootstrap)
        return
    cluster = MockCluster()
    yield cluster
    cluster.close()


def _write(frame: Any, kafka: Any, mode: str = "append", **options: Any) -> None:
    writer = frame.write.format("kafka").mode(mode).option("kafka.bootstrap.servers", kafka.bootstrap)
    for name, value in options.items():
        writer = writer.option(name.replace("__", "."), value)
    writer.save()


def test_columns(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(2)
    kafka.produce(
        topic, [b"one"], b"k", partition=1, timestamp=1_700_000_000_123, headers=[("h", b"x"), ("n", None)]
    )
    kafka.produce(topic, [None], None, partition=1, timestamp=1_700_000_000_124)
    frame = streams.read_batch(subscribe=topic, includeHeaders="true")
    assert frame.schema.simpleString() == (
        "struct<key:binary,value:binary,topic:string,partition:int,offset:bigint,timestamp:timestamp,"
        "timestampType:int,headers:array<struct<key:string,value:binary>>>"
    )
    rows = frame.selectExpr("*", "unix_millis(timestamp) ms").drop("timestamp").collect()
    assert [tuple(row) for row in rows] == [
        (b"k", b"one", topic, 1, 0, 0, [("h", b"x"), ("n", None)], 1_700_000_000_123),
        (None, None, topic, 1, 1, 0, None, 1_700_000_000_124),
    ]
    assert "headers" not in streams.read_batch(subscribe=topic).columns


def test_values_of_many_sizes_and_nulls_between(streams: Any, kafka: Any) -> None:
    topic = kafka.topic()
    values = [None if i % 7 == 3 else bytes([65 + i % 26]) * (i * 37 % 9000) for i in range(600)]
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.bootstrap, "compression.type": "lz4"})
    for i, value in enumerate(values):
        producer.produce(topic, value, None if i % 3 else b"key%d" % i)
    assert producer.flush(PATIENCE_S) == 0
    rows = streams.read_batch(subscribe=topic).orderBy("offset").collect()
    assert [None if row.value is None else bytes(row.value) for row in rows] == values
    assert [None if row.key is None else bytes(row.key) for row in rows] == [
        None if i % 3 else b"key%d" % i for i in range(600)
    ]


def test_initial_offsets_and_offsets_are_spark_s(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(3)
    kafka.produce(topic, [b"a", b"b"], partition=1)
    assert streams.run(streams.read(subscribe=topic, startingOffsets="earliest")) == [
        f'{{"{topic}":{{"0":0,"1":2,"2":0}}}}'
    ]
    written = (streams.checkpoint() / "sources/0/0").read_bytes()
    assert written == b'\0v1\n{"' + topic.encode() + b'":{"0":0,"1":0,"2":0}}'


def test_a_stream_starts_at_the_end_unless_told(streams: Any, kafka: Any) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"old"])
    query = streams.start(streams.read(subscribe=topic))
    query.processAllAvailable()
    kafka.produce(topic, [b"new"])
    wait(lambda: streams.values() == ["new"])


def test_restart_goes_on_where_the_checkpoint_ends(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(2)
    frame = streams.read(subscribe=topic, startingOffsets="earliest")
    kafka.produce(topic, [b"a", b"b"], partition=0)
    streams.run(frame)
    kafka.produce(topic, [b"c"], partition=1)
    offsets = streams.run(streams.read(subscribe=topic, startingOffsets="latest"))
    assert offsets[-1] == f'{{"{topic}":{{"0":2,"1":1}}}}'
    assert streams.values() == ["a", "b", "c"]


def test_assign_and_offsets_per_partition(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(3)
    for partition in range(3):
        kafka.produce(topic, [b"%d%d" % (partition, i) for i in range(3)], partition=partition)
    frame = streams.read(assign=f'{{"{topic}":[0,2]}}', startingOffsets=f'{{"{topic}":{{"0":1,"2":-2}}}}')
    assert streams.run(frame) == [f'{{"{topic}":{{"0":3,"2":3}}}}']
    assert streams.values() == ["01", "02", "20", "21", "22"]


def test_batch_ranges(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(2)
    for partition in range(2):
        kafka.produce(topic, [b"%d%d" % (partition, i) for i in range(5)], partition=partition)

    def values(**options: Any) -> list[str]:
        frame = streams.read_batch(subscribe=topic, **options)
        return sorted(row.v for row in frame.selectExpr("cast(value as string) v").collect())

    assert values(
        startingOffsets=f'{{"{topic}":{{"0":1,"1":-2}}}}', endingOffsets=f'{{"{topic}":{{"0":2,"1":-1}}}}'
    ) == ["01", "10", "11", "12", "13", "14"]
    assert values(endingOffsets=f'{{"{topic}":{{"0":0,"1":1}}}}') == ["10"]
    assert len(values()) == 10


def test_most_offsets_are_shared_out(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(3)
    for partition, count in ((0, 20), (1, 4)):
        kafka.produce(topic, [b"v"] * count, partition=partition)
    offsets = streams.run(streams.read(subscribe=topic, startingOffsets="earliest", maxOffsetsPerTrigger=6))
    # 6 * 20/24 and 6 * 4/24; then 6 * 15/18 and 6 * 3/18 ...
    assert offsets == [f'{{"{topic}":{{"0":{5 * i},"1":{i},"2":0}}}}' for i in range(1, 5)]
    assert len(streams.values()) == 24


def test_least_offsets_wait_until_the_delay_is_over(streams: Any, kafka: Any) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"first"])
    limits = {"subscribe": topic, "startingOffsets": "earliest", "minOffsetsPerTrigger": 3}
    patient = streams.start(streams.read(**limits, maxTriggerDelay="1h"))
    wait(lambda: streams.offsets() == [f'{{"{topic}":{{"0":1}}}}'])
    kafka.produce(topic, [b"a", b"b"])
    time.sleep(1.2)
    assert len(streams.offsets()) == 1
    kafka.produce(topic, [b"c"])
    wait(lambda: len(streams.values()) == 4)
    assert streams.offsets()[1:] == [f'{{"{topic}":{{"0":4}}}}']
    patient.stop()
    hasty = streams.start(streams.read(**limits, maxTriggerDelay="3s"))
    kafka.produce(topic, [b"d"])
    wait(lambda: len(streams.values()) == 5)
    kafka.produce(topic, [b"e"])
    wait(lambda: len(streams.values()) == 6)
    # Not three, but the delay was over.
    begins = [datetime.fromisoformat(p["timestamp"]) for p in hasty.recentProgress if p["numInputRows"]]
    assert len(begins) == 2
    assert begins[1] - begins[0] > timedelta(seconds=2)


def test_offsets_behind_the_end(streams: Any, kafka: Any) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"a"])
    frame = {"subscribe": topic, "startingOffsets": f'{{"{topic}":{{"0":100}}}}'}
    with pytest.raises(Exception, match=f"Partition {topic}-0 offset was changed from 100 to 1"):
        streams.run(streams.read(**frame, fetchOffset__retryIntervalMs="10"))
    assert streams.run(streams.read(**frame, failOnDataLoss="false", fetchOffset__retryIntervalMs="10")) == [
        f'{{"{topic}":{{"0":1}}}}'
    ]


def test_a_missing_topic_is_named(streams: Any) -> None:
    with pytest.raises(Exception, match="no-such-topic"):
        streams.run(streams.read(subscribe="no-such-topic", fetchOffset__retryIntervalMs="10"))


def test_no_offsets_are_committed_to_the_group(streams: Any, kafka: Any) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"a", b"b"])
    options = {"subscribe": topic, "startingOffsets": "earliest", "kafka__group__id": f"of-{topic}"}
    streams.run(streams.read(**options))
    assert streams.values() == ["a", "b"]
    assert streams.read_batch(**options).count() == 2
    settings = {"bootstrap.servers": kafka.bootstrap, "group.id": f"of-{topic}", "log_level": 0}
    consumer = confluent_kafka.Consumer(settings)
    [found] = consumer.committed([confluent_kafka.TopicPartition(topic, 0)], PATIENCE_S)
    consumer.close()
    assert found.offset == confluent_kafka.OFFSET_INVALID


def test_a_stream_read_twice_in_a_batch(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(2)
    kafka.produce(topic, [b"%d" % i for i in range(50)])
    frame = streams.read(subscribe=topic, startingOffsets="earliest")
    streams.run(frame.select("value").union(frame.selectExpr("key as value")))
    assert len(streams.spark.read.parquet(str(streams.directory / "q/out")).collect()) == 100


def test_batch_write_with_every_column(spark: Any, kafka: Any) -> None:
    topic, other = kafka.topic(3), kafka.topic()
    frame = spark.sql(
        "SELECT 'k' key, 'v' value, 1 partition, array(named_struct('key', 'h', 'value', x'01'),"
        f" named_struct('key', 'n', 'value', cast(null as binary))) headers, '{topic}' topic"
        f" UNION ALL SELECT null, null, null, null, '{other}'"
    )
    _write(frame, kafka)
    [record] = kafka.records(topic)
    assert (record.key(), record.value(), record.partition()) == (b"k", b"v", 1)  # the key's is 2
    assert record.headers() == [("h", b"\x01"), ("n", None)]
    [record] = kafka.records(other)
    assert (record.key(), record.value(), record.headers()) == (None, None, None)


def test_the_topic_option_goes_before_the_column(spark: Any, kafka: Any) -> None:
    topic = kafka.topic()
    _write(spark.sql("SELECT x'ff00' value, 'nowhere' topic"), kafka, topic=f" {topic} ")
    assert [record.value() for record in kafka.records(topic)] == [b"\xff\x00"]


def test_keys_go_to_the_partitions_that_spark_gives_them(spark: Any, kafka: Any) -> None:
    topic = kafka.topic(12)
    _write(
        spark.range(40).selectExpr("cast(id as string) key", "cast(id as string) value"), kafka, topic=topic
    )
    found: dict[int, set[int]] = {}
    for record in kafka.records(topic):
        found.setdefault(record.partition(), set()).add(int(record.key()))
    assert found == {partition: set(keys) for partition, keys in PARTITION_OF_KEY.items()}


def test_available_now_is_what_is_there_at_the_start(streams: Any, kafka: Any) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"a", b"b"])
    seen: list[str] = []

    def more(frame: Any, number: int) -> None:
        seen.extend(row.v for row in frame.selectExpr("cast(value as string) v").collect())
        # A stream that took these as well would never end.
        kafka.produce(topic, [b"later %d" % number])

    frame = streams.read(subscribe=topic, startingOffsets="earliest", maxOffsetsPerTrigger=1)
    writer = frame.writeStream.foreachBatch(more).trigger(availableNow=True)
    query = writer.option("checkpointLocation", str(streams.checkpoint())).start()
    streams.started.append(query)
    wait(lambda: not query.isActive or len(seen) > 2)
    assert seen == ["a", "b"]
    assert query.exception() is None


def test_from_topic_to_topic(streams: Any, kafka: Any) -> None:
    source, target = kafka.topic(2), kafka.topic()
    kafka.produce(source, [b"%d" % i for i in range(100)], b"k")
    writer = (
        streams.read(subscribe=source, startingOffsets="earliest")
        .selectExpr("key", "concat('<', cast(value as string), '>') value")
        .writeStream.format("kafka")
        .option("kafka.bootstrap.servers", kafka.bootstrap)
        .option("topic", target)
        .option("checkpointLocation", str(streams.checkpoint()))
        .trigger(availableNow=True)
    )
    query = writer.start()
    assert query.awaitTermination(PATIENCE_S)
    assert query.recentProgress[0]["sink"]["numOutputRows"] == 100
    assert [record.value() for record in kafka.records(target)] == [b"<%d>" % i for i in range(100)]


def test_exactly_once_into_a_topic(streams: Any, kafka: Any) -> None:
    source, target = kafka.topic(), kafka.topic()
    kafka.produce(source, [b"%d" % i for i in range(6)])
    frame = streams.read(subscribe=source, startingOffsets="earliest", maxOffsetsPerTrigger=2)
    writer = frame.select("value").writeStream.format("kafka").trigger(availableNow=True)
    options = {
        "kafka.bootstrap.servers": kafka.bootstrap,
        "topic": target,
        "deliveryGuarantee": "exactly-once",
        "checkpointLocation": str(streams.checkpoint()),
    }
    for _ in range(2):
        assert writer.options(**options).start().awaitTermination(PATIENCE_S)
    assert [record.value() for record in kafka.records(target)] == [b"%d" % i for i in range(6)]


def test_progress_says_how_far_behind(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(2)
    kafka.produce(topic, [b"v"] * 6, partition=0)
    kafka.produce(topic, [b"v"] * 3, partition=1)
    query = streams.start(
        streams.read(subscribe=topic, startingOffsets="earliest", maxOffsetsPerTrigger=6), available_now=True
    )
    assert query.awaitTermination(PATIENCE_S)
    names = ("minOffsetsBehindLatest", "maxOffsetsBehindLatest", "avgOffsetsBehindLatest")
    found = [progress["sources"][0]["metrics"] for progress in query.recentProgress]
    assert found == [dict(zip(names, texts, strict=True)) for texts in (("1", "2", "1.5"), ("0", "0", "0.0"))]
    latest = [progress["sources"][0]["latestOffset"] for progress in query.recentProgress]
    assert [json.loads(text) for text in latest] == [{topic: {"0": 6, "1": 3}}] * 2
