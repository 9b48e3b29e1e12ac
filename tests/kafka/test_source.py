"""The Kafka source on a real broker. What Spark answers was asked of Spark with its connector (see docs/kafka.md)."""

from __future__ import annotations

import time
from typing import Any

import confluent_kafka
import pytest

from kafka.conftest import PATIENCE_S, wait

pytestmark = pytest.mark.kafka


def _message(error: Any) -> str:
    return str(error.value)


def test_log_append_time(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(message_timestamp_type="LogAppendTime")
    kafka.produce(topic, [b"a"], timestamp=5)
    [row] = (
        streams.read_batch(subscribe=topic).selectExpr("timestampType", "unix_millis(timestamp) ms").collect()
    )
    assert row.timestampType == 1
    assert row.ms > 1_600_000_000_000


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


def test_new_partitions_and_topics_are_picked_up(streams: Any, kafka: Any) -> None:
    first = kafka.topic(1, "pattern-a")
    prefix = first.rpartition("-")[0]
    query = streams.start(streams.read(subscribePattern=f"{prefix}.*", startingOffsets="earliest"))
    kafka.produce(first, [b"a"])
    wait(lambda: streams.values() == ["a"])
    kafka.add_partitions(first, 2)
    kafka.produce(first, [b"b"], partition=1)
    wait(lambda: streams.values() == ["a", "b"])
    second = kafka.topic(1, prefix)
    kafka.produce(second, [b"c"])
    wait(lambda: streams.values() == ["a", "b", "c"])
    assert query.exception() is None


def test_compacted_gaps(streams: Any, kafka: Any) -> None:
    topic = kafka.topic(
        cleanup_policy="compact", segment_ms="100", min_cleanable_dirty_ratio="0.01", delete_retention_ms="0"
    )
    for i in range(5):
        kafka.produce(topic, [b"%d%d" % (i, j) for j in range(4)], b"k")
        time.sleep(0.15)
    kafka.produce(topic, [b"end"], b"other")
    # What is in the newest segment is not compacted.
    wait(lambda: len(kafka.records(topic)) == 2)
    left = [record.value().decode() for record in kafka.records(topic)]
    limits = {"startingOffsets": "earliest", "maxOffsetsPerTrigger": 3}
    offsets = streams.run(streams.read(subscribe=topic, **limits))
    assert offsets == [f'{{"{topic}":{{"0":{end}}}}}' for end in (3, 6, 9, 12, 15, 18, 21)]
    assert streams.values() == sorted(left)


def test_transactional_gaps(streams: Any, kafka: Any) -> None:
    topic = kafka.topic()
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": topic})
    producer.init_transactions(PATIENCE_S)
    for commit in (True, False, True, False):
        producer.begin_transaction()
        producer.produce(topic, b"yes" if commit else b"no")
        assert producer.flush(PATIENCE_S) == 0
        (producer.commit_transaction if commit else producer.abort_transaction)(PATIENCE_S)
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
    producer.init_transactions(PATIENCE_S)
    producer.begin_transaction()
    producer.produce(topic, b"late")
    assert producer.flush(PATIENCE_S) == 0
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
    for more, group in (({}, "spark-kafka-source"), ({"groupIdPrefix": "mine"}, "mine")) if latest else ():
        message = rf"(?s)Reason: Could not read records in offset \[2, 10\) for topic partition {topic}-0"
        with pytest.raises(Exception, match=rf"{message}\nwith consumer group {group}-"):
            streams.run(streams.read(**frame, **more))
    streams.run(streams.read(**frame, failOnDataLoss="false"))
    assert streams.values() == ["5", "6", "7", "8", "9"]


def test_a_deleted_topic(streams: Any, kafka: Any) -> None:
    keep, gone = kafka.topic(1, "del-a"), kafka.topic(1, "del-a")
    kafka.produce(keep, [b"keep"])
    kafka.produce(gone, [b"gone"])
    options = {"subscribePattern": "del-a.*", "startingOffsets": "earliest"}
    streams.run(streams.read(**options))
    kafka.delete(gone)
    kafka.produce(keep, [b"more"])
    with pytest.raises(Exception, match=rf"(?s)Reason: Partitions Set\({gone}-0\) have been deleted"):
        streams.run(streams.read(**options))
    streams.run(streams.read(**options, failOnDataLoss="false"))
    assert streams.values() == ["gone", "keep", "more"]


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
    # Two questions of half a second, and not the minutes that they take unless told.
    assert time.monotonic() - began < 30


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
