"""Partitions change their leader while a stream reads them: nothing is lost, nothing repeated."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import confluent_kafka
import pyarrow.parquet as pq
import pytest
from confluent_kafka import ElectionType
from confluent_kafka.admin import NewTopic

from kafka.broker import Broker, NoBrokerError
from kafka.conftest import PATIENCE_S, Kafka, Streams, wait
from kafka.mock import MockCluster

StreamsOn = Callable[[Kafka], Streams]
_QUICK = """broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=500
controlled.shutdown.enable=true
leader.imbalance.check.interval.seconds=3600
"""


class Talker:
    """Sends numbers until it is told to stop; every one that it has counted is acknowledged."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        settings = {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "log_level": 0,
            "linger.ms": 1,
        }
        self._producer = confluent_kafka.Producer(settings)
        self._topic, self._partitions = topic, partitions
        self._is_over = threading.Event()
        self._failures: list[Any] = []
        self.sent = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_over.wait(0.005):
            value, partition = b"%d" % self.sent, self.sent % self._partitions
            self._producer.produce(self._topic, value, partition=partition, on_delivery=self._delivered)
            self.sent += 1
            self._producer.poll(0)

    def _delivered(self, error: Any, _: Any) -> None:
        if error is not None:
            self._failures.append(error)

    def stop(self) -> list[str]:
        """All values that were sent."""
        self._is_over.set()
        self._thread.join()
        assert self._producer.flush(PATIENCE_S) == 0
        assert not self._failures
        return sorted(str(i) for i in range(self.sent))


def _values_of_files(streams: Streams) -> list[str]:
    """As somebody sees them who does not know of Spark's log in the directory."""
    parts = (streams.directory / "q/out").glob("part-*")
    return sorted(value.decode() for part in parts for value in pq.read_table(part)["value"].to_pylist())


def _pause(talker: Talker, count: int = 60) -> None:
    """Let it send so many more."""
    until = talker.sent + count
    wait(lambda: talker.sent >= until)


def test_leaders_that_move_on_the_mock_cluster(streams_on: StreamsOn) -> None:
    cluster = MockCluster()
    topic = cluster.topic(2)
    streams = streams_on(cluster)
    query = streams.start(streams.read(subscribe=topic, startingOffsets="earliest"))
    talker = Talker(cluster.bootstrap, topic, 2)
    for leaders in ((2, 1), (1, 1), (2, 2)):
        _pause(talker)
        for partition, leader in enumerate(leaders):
            cluster.move_leader(topic, partition, leader)
    _pause(talker)
    cluster.set_down(1)
    _pause(talker)
    cluster.set_up(1)
    _pause(talker)
    sent = talker.stop()
    wait(lambda: len(streams.values()) >= len(sent))
    assert query.exception() is None
    query.stop()
    cluster.close()
    assert _values_of_files(streams) == sent


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[list[Broker]]:
    """Two of them. The first is the controller, too, and does not go away."""
    made: list[Broker] = []
    try:
        made.append(Broker(tmp_path / "1", extra=_QUICK))
        made.append(Broker(tmp_path / "2", node_id=2, controller=made[0].controller_port, extra=_QUICK))
        for node in made:
            node.start()
    except NoBrokerError as error:
        for node in made:
            node.stop()
        pytest.skip(f"no Apache Kafka brokers: {error}")
    yield made
    for node in reversed(made):
        node.stop(kill=True)


@pytest.mark.kafka
@pytest.mark.timeout(900)  # brokers start three times, and each step may take as long as a slow machine needs
def test_a_leader_that_dies_and_one_that_gives_way(
    streams_on: StreamsOn, tmp_path: Path, brokers: list[Broker]
) -> None:
    kafka = Kafka(",".join(node.bootstrap for node in brokers))
    source, target = f"from-{tmp_path.name}", f"to-{tmp_path.name}"
    # All partitions prefer the second node as their leader.
    topics = [NewTopic(name, 2, replica_assignment=[[2, 1]] * 2) for name in (source, target)]
    for future in kafka.admin.create_topics(topics).values():
        future.result(PATIENCE_S)
    _let_lead_who_is_preferred(kafka, source, target)
    streams = streams_on(kafka)
    frame = streams.read(subscribe=source, startingOffsets="earliest")
    to_files = streams.start(frame)
    options = {"kafka.bootstrap.servers": kafka.bootstrap, "topic": target}
    writer = frame.select("value").writeStream.format("kafka").options(**options)
    to_topic = writer.option("checkpointLocation", str(streams.checkpoint("topic"))).start()
    talker = Talker(kafka.bootstrap, source, 2)
    _pause(talker)
    wait(lambda: _are_whole(kafka, source, target))
    brokers[1].stop(kill=True)
    wait(lambda: kafka.leaders(source) == [1, 1])
    _pause(talker)
    brokers[1].start()
    wait(lambda: _are_whole(kafka, source, target))
    # Both are alive, and the second takes over.
    _let_lead_who_is_preferred(kafka, source, target)
    _pause(talker)
    # An orderly stop gives the leadership away before the end.
    brokers[1].stop()
    _pause(talker)
    sent = talker.stop()
    wait(lambda: len(streams.values()) >= len(sent))
    to_topic.processAllAvailable()
    for query in (to_files, to_topic):
        assert query.exception() is None
        query.stop()
    assert _values_of_files(streams) == sent
    assert sorted(record.value().decode() for record in kafka.records(target)) == sent


def _partitions(kafka: Kafka, *topics: str) -> list[Any]:
    """None as long as nobody answers: a question may have gone to the node that died."""
    try:
        found = kafka.admin.list_topics(timeout=5).topics
    except confluent_kafka.KafkaException:
        return []
    # A node that is behind does not know a new topic.
    return [partition for topic in topics if topic in found for partition in found[topic].partitions.values()]


def _let_lead_who_is_preferred(kafka: Kafka, *topics: str) -> None:
    """The second node, which a slow machine may have taken for dead for a moment: then it has to be chosen again."""
    places = [confluent_kafka.TopicPartition(topic, i) for topic in topics for i in range(2)]

    def is_done() -> bool:
        if all(kafka.leaders(topic) == [2, 2] for topic in topics):
            return True
        with contextlib.suppress(confluent_kafka.KafkaException):
            kafka.admin.elect_leaders(ElectionType.PREFERRED, places).result(PATIENCE_S)
        return False

    wait(is_done)


def _are_whole(kafka: Kafka, *topics: str) -> bool:
    """Whether both nodes have all records."""
    replicas = [len(partition.isrs) for partition in _partitions(kafka, *topics)]
    return replicas == [2] * 2 * len(topics)
