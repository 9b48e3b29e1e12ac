"""What goes wrong ends in recovery or in an error that names topic, partition and offset; each option of failure counts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import confluent_kafka
import pytest

from kafka.conftest import PATIENCE_S, Kafka, Streams, wait
from kafka.mock import FETCH, LIST_OFFSETS, MockCluster
from potok.connectors.kafka_client import KafkaClient
from potok.connectors.kafka_consumer import RecordFetcher
from potok.connectors.kafka_offsets import OffsetRange, TopicPartition
from potok.connectors.kafka_options import KafkaReadOptions
from potok.plan.logical import Options

StreamsOn = Callable[[Kafka], Streams]
_FORBIDDEN = 29  # TOPIC_AUTHORIZATION_FAILED: the client itself does not ask again
_NOT_LEADER = 6
_FAR_MS = 1_700_000_000_000_000_000  # nanoseconds where milliseconds are due


@pytest.fixture(scope="module")
def cluster() -> Iterator[MockCluster]:
    made = MockCluster(1)
    yield made
    made.close()


@pytest.fixture
def on_mock(streams_on: StreamsOn, cluster: MockCluster) -> Iterator[Streams]:
    """Streams over the mock cluster."""
    yield streams_on(cluster)
    for request in (LIST_OFFSETS, FETCH):
        cluster.answer_again(request)


def _seconds(action: Callable[[], Any]) -> float:
    began_s = time.monotonic()
    action()
    return time.monotonic() - began_s


# ---- brokers that go away


def test_a_leader_that_cannot_be_reached_is_waited_for(streams_on: StreamsOn) -> None:
    cluster = MockCluster(2)
    topic = cluster.topic(2)
    for partition, leader in enumerate((1, 2)):
        cluster.move_leader(topic, partition, leader)
        cluster.produce(topic, [b"v"] * 3, partition=partition)
    streams = streams_on(cluster)
    frame = streams.read_batch(subscribe=topic, fetchOffset__numRetries=1)
    assert frame.count() == 6
    options = KafkaReadOptions.for_batch(
        Options(
            {"kafka.bootstrap.servers": cluster.bootstrap, "subscribe": topic, "fetchOffset.numRetries": "1"}
        )
    )
    client = KafkaClient(options, is_stream=False)
    places = {TopicPartition(topic, 0): 3, TopicPartition(topic, 1): 3}
    assert client.latest() == places
    cluster.set_down(2)
    mover = threading.Timer(3, lambda: cluster.move_leader(topic, 1, 1))
    mover.start()
    cpu_s, began_s = time.process_time(), time.monotonic()
    # Not an offset that nobody has said, and no waiting for the dead one until the time is over.
    assert client.latest(places) == places
    assert 2 < time.monotonic() - began_s < 50
    assert time.process_time() - cpu_s < 1
    mover.join()
    client.close()
    cluster.close()


def test_a_query_without_brokers_stops_when_it_is_told(streams_on: StreamsOn) -> None:
    cluster = MockCluster(1)
    streams = streams_on(cluster)
    topic = cluster.topic()
    cluster.produce(topic, [b"a"])
    query = streams.start(streams.read(subscribe=topic, startingOffsets="earliest"))
    query.processAllAvailable()
    cluster.set_down(1)
    # It has asked, and waits for an answer.
    time.sleep(2.5)
    assert query.isActive
    assert _seconds(query.stop) < 20
    assert query.exception() is None
    assert streams.values() == ["a"]
    cluster.close()


# ---- fetchOffset.*, kafkaConsumer.pollTimeoutMs, group ids


def test_questions_are_repeated_as_often_as_told(on_mock: Streams, cluster: MockCluster) -> None:
    topic = cluster.topic()
    cluster.produce(topic, [b"a"])

    def count(attempts: int) -> int:
        options = {"fetchOffset__numRetries": attempts, "fetchOffset__retryIntervalMs": 1}
        found: int = on_mock.read_batch(subscribe=topic, **options).count()
        return found

    cluster.answer_with_errors(LIST_OFFSETS, [_FORBIDDEN] * 3)
    assert count(4) == 1
    cluster.answer_with_errors(LIST_OFFSETS, [_FORBIDDEN] * 3)
    with pytest.raises(Exception, match=rf"{topic}-0: .*Topic authorization failed"):
        count(3)
    cluster.answer_with_errors(LIST_OFFSETS, [_FORBIDDEN] * 2)
    assert on_mock.read_batch(subscribe=topic, fetchOffset__retryIntervalMs=1).count() == 1


def test_between_two_questions_is_the_time_that_was_told(on_mock: Streams, cluster: MockCluster) -> None:
    topic = cluster.topic()
    cluster.produce(topic, [b"a"])

    def seconds(**options: Any) -> float:
        cluster.answer_with_errors(LIST_OFFSETS, [_FORBIDDEN] * 2)
        return _seconds(lambda: on_mock.read_batch(subscribe=topic, **options).count())

    assert seconds(fetchOffset__retryIntervalMs=3000) >= 6
    assert seconds(fetchOffset__retryIntervalMs=0) < 5


def test_records_that_do_not_come_are_waited_for_as_long_as_told(
    on_mock: Streams, cluster: MockCluster
) -> None:
    topic = cluster.topic()
    cluster.produce(topic, [b"a", b"b"])
    cluster.answer_with_errors(FETCH, [_NOT_LEADER] * 10_000)
    frame = on_mock.read_batch(subscribe=topic, kafkaConsumer__pollTimeoutMs=700)
    began_s = time.monotonic()
    with pytest.raises(
        Exception, match=rf"Cannot fetch record for offset 0 of {topic}-0 \(to 2\) in 700 milliseconds"
    ):
        frame.collect()
    assert 0.7 <= time.monotonic() - began_s < 60


@pytest.mark.parametrize(
    ("options", "group"),
    [
        ({}, "spark-kafka-relation-"),
        ({"groupIdPrefix": "mine"}, "mine-"),
        ({"groupIdPrefix": "mine", "kafka__group__id": "theirs"}, r"theirs\."),
    ],
)
def test_the_group_s_name(
    on_mock: Streams, cluster: MockCluster, options: dict[str, str], group: str
) -> None:
    topic = cluster.topic()
    cluster.produce(topic, [b"a"])
    frame = on_mock.read_batch(
        subscribe=topic,
        endingOffsets=f'{{"{topic}":{{"0":5}}}}',
        kafkaConsumer__pollTimeoutMs=200,
        **options,
    )
    with pytest.raises(Exception, match=f"(?s)with consumer group {group}"):
        frame.collect()


def test_so_many_records_are_taken_at_once_as_told(cluster: MockCluster) -> None:
    topic = cluster.topic()
    cluster.produce(topic, [b"v"] * 50)
    servers = {"kafka.bootstrap.servers": cluster.bootstrap, "subscribe": topic}
    place = TopicPartition(topic, 0)
    for more, most in (({}, 50), ({"kafka.max.poll.records": "7"}, 7)):
        options = KafkaReadOptions.for_batch(Options({**servers, **more}))
        fetcher = RecordFetcher(options, "g", KafkaClient(options, is_stream=False))
        sizes = [batch.num_rows for batch in fetcher.read([OffsetRange(place, 0, 50)], ["value"])]
        fetcher.close()
        assert sum(sizes) == 50
        assert max(sizes) <= most
    assert len(sizes) >= 8


# ---- brokers that are not there, when something is to be written


@pytest.mark.parametrize(
    ("guarantee", "options", "message"),
    [
        ("at-least-once", {"kafka.delivery.timeout.ms": "1500"}, "A record for nowhere-.*timed out"),
        ("exactly-once", {"kafka.max.block.ms": "1500"}, "The transaction of the batch failed.*[Tt]imed out"),
    ],
)
def test_nobody_to_write_to(on_mock: Any, guarantee: str, options: dict[str, str], message: str) -> None:
    writer = on_mock.spark.readStream.format("rate").option("rowsPerSecond", "10").load()
    writer = writer.selectExpr("cast(value as string) value").writeStream.format("kafka").options(**options)
    writer = writer.option("topic", "nowhere").option("deliveryGuarantee", guarantee)
    writer = writer.option("kafka.bootstrap.servers", "127.0.0.1:1")
    began_s = time.monotonic()
    query = writer.option("checkpointLocation", str(on_mock.checkpoint())).start()
    on_mock.started.append(query)
    with pytest.raises(Exception, match=message):
        query.awaitTermination(PATIENCE_S)
    assert 1.5 <= time.monotonic() - began_s < 50


# ---- records that are poison


def _fails(streams: Streams, frame: Any, message: str, name: str = "q") -> None:
    query = streams.start(frame, name=name)
    with pytest.raises(Exception, match=message):
        query.awaitTermination(PATIENCE_S)


def test_a_time_that_is_not_in_milliseconds(on_mock: Streams, cluster: MockCluster) -> None:
    topic = cluster.topic()
    cluster.produce(topic, [b"a"])
    cluster.produce(topic, [b"poison"], timestamp=_FAR_MS)
    frame = on_mock.read(subscribe=topic, startingOffsets="earliest")
    message = (
        rf"(?s)Record at topic {topic} partition 0 offset 1 has timestamp value {_FAR_MS} that overflows"
    )
    _fails(on_mock, frame, message)
    assert on_mock.values() == []
    # Who does not ask for the time is not told: the way out.
    on_mock.run(frame.select("value"))
    assert on_mock.values() == ["a", "poison"]


@pytest.mark.kafka
def test_a_large_batch_that_fails_half_way(streams: Any, kafka: Kafka) -> None:
    """What is read is larger than what is read at once (8 MB): the error comes through the engine, with the same words."""
    topic = kafka.topic(message_timestamp_after_max_ms=str(2**63 - 1))
    values = [b"%05d" % i + b"x" * 9000 for i in range(2500)]
    kafka.produce(topic, values[:2400])
    kafka.produce(topic, [b"poison"], timestamp=_FAR_MS)
    kafka.produce(topic, values[2400:])
    frame = streams.read(subscribe=topic, startingOffsets="earliest")
    small = streams.read(subscribe=topic, startingOffsets=f'{{"{topic}":{{"0":2400}}}}')
    texts = []
    for name, read in (("small", small), ("q", frame)):
        query = streams.start(read, name=name)
        with pytest.raises(Exception, match="offset 2400 has timestamp") as caught:
            query.awaitTermination(PATIENCE_S)
        text = str(caught.value).partition("terminated with exception: ")[2]
        texts.append(text.partition("=== Streaming Query")[0])
        assert texts[0].startswith(f"Record at topic {topic} partition 0 offset 2400 has")
    assert texts[0] == texts[1]
    assert streams.values() == []
    streams.run(frame.selectExpr("substring(value, 1, 5) value"))
    assert streams.values() == sorted([*(f"{i:05d}" for i in range(2500)), "poiso"])


@pytest.mark.kafka
def test_lost_records_behind_a_large_batch(streams: Any, kafka: Kafka) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"x" * 9000] * 1500)
    texts = []
    for start in (1499, 0):
        frame = streams.read_batch(
            subscribe=topic,
            startingOffsets=f'{{"{topic}":{{"0":{start}}}}}',
            endingOffsets=f'{{"{topic}":{{"0":1600}}}}',
            kafkaConsumer__pollTimeoutMs=500,
            kafka__group__id="g",
        )
        with pytest.raises(Exception, match=rf"\[1500, 1600\) for topic partition {topic}-0") as caught:
            frame.selectExpr("sum(length(value))").collect()
        texts.append(str(caught.value).partition("JVM stacktrace")[0])
    assert texts[0] == texts[1]


@pytest.mark.kafka
def test_a_record_that_was_damaged_on_the_broker(streams: Any, kafka: Kafka, broker: Any) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"good"])
    kafka.produce(topic, [b"WILL BE DAMAGED"])
    [segment] = (broker.directory / "data" / f"{topic}-0").glob("*.log")
    content = segment.read_bytes()
    with segment.open("r+b") as file:
        file.seek(content.index(b"WILL BE"))
        file.write(b"w")
    frame = streams.read(subscribe=topic, startingOffsets="earliest")
    _fails(streams, frame, rf"{topic}-0 at offset 1: .*(?i:crc)")
    assert streams.values() == []


@pytest.mark.kafka
def test_a_record_larger_than_a_fetch(streams: Any, kafka: Kafka) -> None:
    topic = kafka.topic(max_message_bytes="5000000")
    large = b"y" * 3_000_000
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": kafka.bootstrap, "message.max.bytes": 5_000_000, "log_level": 0}
    )
    for value in (b"a", large, b"b"):
        producer.produce(topic, value)
    assert producer.flush(PATIENCE_S) == 0
    frame = streams.read_batch(
        subscribe=topic, kafka__max__partition__fetch__bytes=1000, kafka__fetch__max__bytes=1000
    )
    assert [len(row.value) for row in frame.orderBy("offset").collect()] == [1, 3_000_000, 1]


# ---- topics and offsets that go away


@pytest.mark.kafka
def test_a_topic_that_is_deleted_while_a_stream_reads_it(streams: Any, kafka: Kafka) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"a"])
    frame = streams.read(subscribe=topic, startingOffsets="earliest", fetchOffset__retryIntervalMs=100)
    query = streams.start(frame)
    wait(lambda: streams.values() == ["a"])
    began_s = time.monotonic()
    kafka.delete(topic)
    with pytest.raises(Exception, match=rf"{topic}: .*[Uu]nknown topic or partition"):
        query.awaitTermination(PATIENCE_S)
    assert time.monotonic() - began_s < 60
    assert streams.values() == ["a"]


@pytest.mark.kafka
def test_a_topic_that_is_deleted_and_made_again(streams: Any, kafka: Kafka) -> None:
    topic = kafka.topic()
    kafka.produce(topic, [b"a", b"b", b"c"])
    streams.run(streams.read(subscribe=topic, startingOffsets="earliest"))
    kafka.delete(topic)
    kafka.named_topic(topic, 1)
    kafka.produce(topic, [b"new"])
    options = {"subscribe": topic, "fetchOffset__retryIntervalMs": "10"}
    _fails(streams, streams.read(**options), f"Partition {topic}-0 offset was changed from 3 to 1")
    streams.run(streams.read(**options, failOnDataLoss="false"))
    kafka.produce(topic, [b"newer"])
    streams.run(streams.read(**options, failOnDataLoss="false"))
    # As in Spark: what was in the new topic before it was noticed is passed over.
    assert streams.values() == ["a", "b", "c", "newer"]


@pytest.mark.kafka
@pytest.mark.parametrize("fail", ["true", "false"])
def test_retention_is_faster_than_the_stream(streams: Any, kafka: Kafka, fail: str) -> None:
    topic = kafka.topic(segment_ms="100")
    kafka.produce(topic, [b"0"])
    options = {"subscribe": topic, "startingOffsets": "earliest"}
    streams.run(streams.read(**options))
    kafka.produce(topic, [b"%d" % i for i in range(1, 6)])
    time.sleep(0.3)
    kafka.produce(topic, [b"last"])
    kafka.configure(topic, "retention.ms", "100")
    place = confluent_kafka.TopicPartition(topic, 0)
    consumer = confluent_kafka.Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "w"})
    wait(lambda: bool(consumer.get_watermark_offsets(place)[0] > 1))
    first = consumer.get_watermark_offsets(place)[0]
    consumer.close()
    frame = streams.read(**options, failOnDataLoss=fail)
    if fail == "true":
        _fails(streams, frame, rf"(?s)records in offset \[1, 7\) for topic partition {topic}-0")
    else:
        streams.run(frame)
        assert set(streams.values()) <= {"0", *(str(i) for i in range(first, 6)), "last"}
        assert json.loads(streams.offsets()[-1]) == {topic: {"0": 7}}
