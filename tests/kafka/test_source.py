"""The Kafka source on a real broker. What Spark answers was asked of Spark with its connector (see docs/kafka.md)."""

from __future__ import annotations

import time
from typing import Any

import confluent_kafka
import pytest

pytestmark = pytest.mark.kafka


def _wait(what: Any, timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _message(error: Any) -> str:
    return str(error.value)


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


def test_log_append_time(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(message_timestamp_type="LogAppendTime")
    kafka.produce(topic, [b"a"], timestamp=5)
    [row] = (
        streams.read_batch(subscribe=topic).selectExpr("timestampType", "unix_millis(timestamp) ms").collect()
    )
    assert row.timestampType == 1
    assert row.ms > 1_600_000_000_000


def test_values_of_many_sizes_and_nulls_between(streams: Any, kafka: Any) -> None:
    topic = kafka.topic()
    values = [None if i % 7 == 3 else bytes([65 + i % 26]) * (i * 37 % 9000) for i in range(600)]
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.bootstrap, "compression.type": "lz4"})
    for i, value in enumerate(values):
        producer.produce(topic, value, None if i % 3 else b"key%d" % i)
    producer.flush()
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
    _wait(lambda: streams.values() == ["new"])


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


def test_times(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(2)
    for i in range(5):
        kafka.produce(topic, [b"%d" % i], partition=0, timestamp=1000 + i)
        kafka.produce(topic, [b"x%d" % i], partition=1, timestamp=2000 + i)

    def values(**options: Any) -> list[str]:
        frame = streams.read_batch(subscribe=topic, **options)
        return sorted(row.v for row in frame.selectExpr("cast(value as string) v").collect())

    assert values(startingTimestamp="1003", endingTimestamp="2001") == ["3", "4", "x0"]
    assert values(
        startingOffsetsByTimestamp=f'{{"{topic}":{{"0":1004,"1":2003}}}}',
        endingOffsetsByTimestamp=f'{{"{topic}":{{"0":9000,"1":2004}}}}',
    ) == ["4", "x3"]
    with pytest.raises(
        Exception, match=f"No offset matched from request of topic-partition {topic}-0 and timestamp 1500"
    ):
        values(startingTimestamp="1500")
    assert values(startingTimestamp="1500", startingOffsetsByTimestampStrategy="latest") == [
        f"x{i}" for i in range(5)
    ]
    assert streams.run(
        streams.read(subscribe=topic, startingTimestamp="1004", startingOffsetsByTimestampStrategy="latest")
    )
    assert streams.values() == ["4", "x0", "x1", "x2", "x3", "x4"]


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
    frame = streams.read(
        subscribe=topic, startingOffsets="earliest", minOffsetsPerTrigger=3, maxTriggerDelay="3s"
    )
    streams.start(frame)
    _wait(lambda: streams.offsets() == [f'{{"{topic}":{{"0":1}}}}'])
    kafka.produce(topic, [b"a", b"b"])
    time.sleep(1.2)
    assert len(streams.offsets()) == 1
    kafka.produce(topic, [b"c"])
    _wait(lambda: len(streams.offsets()) == 2, 1.5)
    kafka.produce(topic, [b"d"])
    _wait(lambda: len(streams.offsets()) == 3, 6)
    _wait(lambda: len(streams.values()) == 5)


def test_new_partitions_and_topics_are_picked_up(streams: Any, kafka: Any) -> None:
    first = kafka.topic(1, "pattern-a")
    prefix = first.rpartition("-")[0]
    query = streams.start(streams.read(subscribePattern=f"{prefix}.*", startingOffsets="earliest"))
    kafka.produce(first, [b"a"])
    _wait(lambda: streams.values() == ["a"])
    kafka.add_partitions(first, 2)
    time.sleep(0.3)
    kafka.produce(first, [b"b"], partition=1)
    _wait(lambda: streams.values() == ["a", "b"])
    second = kafka.topic(1, prefix)
    kafka.produce(second, [b"c"])
    _wait(lambda: streams.values() == ["a", "b", "c"])
    assert query.exception() is None


def test_compacted_gaps(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(
        cleanup_policy="compact", segment_ms="100", min_cleanable_dirty_ratio="0.01", delete_retention_ms="0"
    )
    for i in range(5):
        kafka.produce(topic, [b"%d%d" % (i, j) for j in range(4)], b"k")
        time.sleep(0.15)
    kafka.produce(topic, [b"end"], b"other")
    _wait(lambda: len(kafka.records(topic)) < 10, 60)
    left = [record.value().decode() for record in kafka.records(topic)]
    limits = {"startingOffsets": "earliest", "maxOffsetsPerTrigger": 3}
    offsets = streams.run(streams.read(subscribe=topic, **limits))
    assert offsets == [f'{{"{topic}":{{"0":{end}}}}}' for end in (3, 6, 9, 12, 15, 18, 21)]
    assert streams.values() == sorted(left)


def test_transactional_gaps(streams: Any, kafka: Any) -> None:
    topic = kafka.topic()
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": topic})
    producer.init_transactions(30)
    for commit in (True, False, True, False):
        producer.begin_transaction()
        producer.produce(topic, b"yes" if commit else b"no")
        producer.flush()
        (producer.commit_transaction if commit else producer.abort_transaction)(30)
    committed = streams.read(
        subscribe=topic, startingOffsets="earliest", kafka__isolation__level="read_committed"
    )
    # Four records, four marks: the last offsets of the range hold no record.
    assert streams.run(committed) == [f'{{"{topic}":{{"0":8}}}}']
    assert streams.values() == ["yes", "yes"]
    streams.run(streams.read(subscribe=topic, startingOffsets="earliest"), name="all")
    assert streams.values("all") == ["no", "no", "yes", "yes"]
    streams.run(
        streams.read(
            subscribe=topic,
            startingOffsets="earliest",
            kafka__isolation__level="read_committed",
            maxOffsetsPerTrigger=1,
        ),
        name="one",
    )
    assert streams.values("one") == ["yes", "yes"]


def test_an_open_transaction_holds_committed_readers_back(streams: Any, kafka: Any) -> None:
    topic = kafka.topic()
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(topic, b"late")
    producer.flush()
    kafka.produce(topic, [b"behind"])
    frame = streams.read(
        subscribe=topic, startingOffsets="earliest", kafka__isolation__level="read_committed"
    )
    assert streams.run(frame) == [f'{{"{topic}":{{"0":0}}}}']
    producer.commit_transaction(30)
    streams.run(frame)
    assert streams.values() == ["behind", "late"]


@pytest.mark.parametrize("latest", [True, False])
def test_records_gone_before_they_were_read(streams: Any, kafka: Any, latest: bool) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"%d" % i for i in range(10)])
    streams.run(
        streams.read(subscribe=topic, startingOffsets=f'{{"{topic}":{{"0":0}}}}', maxOffsetsPerTrigger=2),
        name="x",
    )
    kafka.delete_records(topic, 5)
    frame = {"subscribe": topic, "startingOffsets": f'{{"{topic}":{{"0":2}}}}'}
    if latest:
        with pytest.raises(
            Exception,
            match=r"(?s)Reason: Could not read records in offset \[2, 10\) for topic partition " + topic,
        ):
            streams.run(streams.read(**frame))
    streams.run(streams.read(**frame, failOnDataLoss="false"))
    assert streams.values() == ["5", "6", "7", "8", "9"]


def test_offsets_behind_the_end(streams: Any, kafka: Any) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"a"])
    frame = {"subscribe": topic, "startingOffsets": f'{{"{topic}":{{"0":100}}}}'}
    with pytest.raises(Exception, match=f"Partition {topic}-0 offset was changed from 100 to 1"):
        streams.run(streams.read(**frame, fetchOffset__retryIntervalMs="10"))
    assert streams.run(streams.read(**frame, failOnDataLoss="false", fetchOffset__retryIntervalMs="10")) == [
        f'{{"{topic}":{{"0":1}}}}'
    ]


def test_a_deleted_topic(streams: Any, kafka: Any) -> None:
    keep, gone = kafka.topic(1, "del-a"), kafka.topic(1, "del-a")
    kafka.produce(keep, [b"keep"])
    kafka.produce(gone, [b"gone"])
    options = {"subscribePattern": "del-a.*", "startingOffsets": "earliest"}
    streams.run(streams.read(**options))
    kafka.delete(gone)
    kafka.produce(keep, [b"more"])
    time.sleep(0.5)
    with pytest.raises(Exception, match=rf"(?s)Reason: Partitions Set\({gone}-0\) have been deleted"):
        streams.run(streams.read(**options))
    streams.run(streams.read(**options, failOnDataLoss="false"))
    assert streams.values() == ["gone", "keep", "more"]


def test_a_missing_topic_is_named(streams: Any) -> None:
    with pytest.raises(Exception, match="no-such-topic"):
        streams.run(streams.read(subscribe="no-such-topic", fetchOffset__retryIntervalMs="10"))


def test_brokers_that_are_not_there(spark: Any) -> None:
    frame = (
        spark.read.format("kafka")
        .option("kafka.bootstrap.servers", "127.0.0.1:1")
        .option("kafka.default.api.timeout.ms", "500")
        .option("fetchOffset.numRetries", "2")
        .option("fetchOffset.retryIntervalMs", "10")
        .option("subscribe", "t")
        .load()
    )
    began = time.monotonic()
    with pytest.raises(Exception, match=r"127\.0\.0\.1:1"):
        frame.collect()
    assert time.monotonic() - began < 10


def test_a_stream_read_twice_in_a_batch(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(2)
    kafka.produce(topic, [b"%d" % i for i in range(50)])
    frame = streams.read(subscribe=topic, startingOffsets="earliest")
    streams.run(frame.select("value").union(frame.selectExpr("key as value")))
    assert len(streams.spark.read.parquet(str(streams.directory / "q/out")).collect()) == 100


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {},
            "One of the following options must be specified for Kafka source: subscribe, subscribepattern, assign.",
        ),
        ({"subscribe": "a", "assign": '{"a":[0]}'}, "Only one of the following options can be specified"),
        (
            {"subscribe": " , "},
            "No topics to subscribe to as specified value for option 'subscribe' is ' , '",
        ),
        ({"assign": "a"}, "No topicpartitions to assign as specified value for option 'assign' is 'a'"),
        ({"subscribePattern": " "}, "Pattern to subscribe is empty"),
        ({"subscribe": "a", "minPartitions": "0"}, "minPartitions must be positive"),
        ({"subscribe": "a", "minPartitions": "x"}, 'For input string: "x"'),
        ({"subscribe": "a", "maxRecordsPerPartition": "0"}, "maxrecordsperpartition must be positive"),
        (
            {"subscribe": "a", "kafka__auto__offset__reset": "latest"},
            "Kafka option 'auto.offset.reset' is not supported.",
        ),
        (
            {"subscribe": "a", "kafka__key__deserializer": "x"},
            "Kafka option 'key.deserializer' is not supported",
        ),
        (
            {"subscribe": "a", "kafka__enable__auto__commit": "true"},
            "Kafka option 'enable.auto.commit' is not supported",
        ),
        (
            {"subscribe": "a", "minOffsetsPerTrigger": "5", "maxOffsetsPerTrigger": "2"},
            r"minOffsetPerTrigger\(5\) is higher",
        ),
        ({"subscribe": "a", "endingOffsets": "latest"}, "ending offset not valid in streaming queries"),
        ({"subscribe": "a", "includeHeaders": "x"}, 'For input string: "x"'),
    ],
)
def test_wrong_options_in_spark_s_words(streams: Any, options: dict[str, str], message: str) -> None:
    with pytest.raises(Exception, match=message):
        streams.read(**options).schema  # noqa: B018 - asks the server


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"startingOffsets": "x"}, "got x"),
        ({"startingTimestamp": "x"}, "Expected a single long value, got x"),
        ({"failOnDataLoss": "x"}, 'For input string: "x"'),
        ({"startingTimestamp": "9", "startingOffsetsByTimestampStrategy": "x"}, "No value found for 'X'"),
        ({"kafka__no__such__thing": "1"}, "no.such.thing"),
        ({"kafka__ssl__engine__factory__class": "a.B"}, r"kafka\.ssl\.engine\.factory\.class"),
    ],
)
def test_wrong_options_that_spark_finds_later(
    streams: Any, kafka: Any, options: dict[str, str], message: str
) -> None:
    with pytest.raises(Exception, match=message):
        streams.run(streams.read(subscribe=kafka.topic(), **options))
