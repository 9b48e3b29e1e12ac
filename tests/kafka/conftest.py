"""A broker, a session, and small helpers for topics and records."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

confluent_kafka = pytest.importorskip("confluent_kafka", reason="needs the extra: pip install potok[kafka]")

from confluent_kafka.admin import (  # noqa: E402 - after the skip
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from kafka.broker import Broker, NoBrokerError  # noqa: E402

# What is waited for comes in seconds; on a machine with many busy processes it may take many times as long.
PATIENCE_S = 120


def wait(what: Callable[[], bool]) -> None:
    """Until it is so; no longer than PATIENCE_S."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


class Kafka:
    """Topics and records of one cluster, for the side of the test that is not under test."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def topic(self, partitions: int = 1, prefix: str = "t", **config: str) -> str:
        """Make a topic with a name of its own."""
        name = f"{prefix}-{uuid.uuid4().hex[:8]}"
        self.named_topic(name, partitions, **{key.replace("_", "."): value for key, value in config.items()})
        return name

    def named_topic(self, name: str, partitions: int, **config: str) -> None:
        self.admin.create_topics([NewTopic(name, partitions, 1, config=config)])[name].result(PATIENCE_S)
        # The controller answers before the broker knows.
        wait(lambda: len(self.leaders(name)) == partitions)

    def leaders(self, topic: str) -> list[int]:
        """Who leads each of its partitions that has a leader, as the broker that is asked knows."""
        try:
            found = self.admin.list_topics(timeout=5).topics.get(topic)
        except confluent_kafka.KafkaException:
            # The question may have gone to a node that has died.
            return []
        return [] if found is None else [p.leader for p in found.partitions.values() if p.leader >= 0]

    def configure(self, topic: str, name: str, value: str) -> None:
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        for future in self.admin.incremental_alter_configs([resource]).values():
            future.result(PATIENCE_S)

    def delete(self, topic: str) -> None:
        self.admin.delete_topics([topic])[topic].result(PATIENCE_S)
        wait(lambda: not self.leaders(topic))

    def add_partitions(self, topic: str, total: int) -> None:
        self.admin.create_partitions([NewPartitions(topic, total)])[topic].result(PATIENCE_S)
        wait(lambda: len(self.leaders(topic)) == total)

    def delete_records(self, topic: str, before: int, partition: int = 0) -> None:
        place = confluent_kafka.TopicPartition(topic, partition, before)
        for future in self.admin.delete_records([place]).values():
            future.result(PATIENCE_S)

    def produce(
        self, topic: str, values: Sequence[bytes | None], key: bytes | None = None, **more: Any
    ) -> None:
        producer = confluent_kafka.Producer({"bootstrap.servers": self.bootstrap, "log_level": 0})
        failures: list[Any] = []
        for value in values:
            producer.produce(
                topic, value, key, on_delivery=lambda e, _: failures.append(e) if e else None, **more
            )
        assert producer.flush(PATIENCE_S) == 0
        assert not failures

    def records(self, topic: str, **settings: str) -> list[Any]:
        """All records of a topic, by partition and offset."""
        consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": uuid.uuid4().hex,
                "enable.partition.eof": "true",
                "log_level": "0",
                **settings,
            }
        )
        partitions = self.admin.list_topics(topic, timeout=PATIENCE_S).topics[topic].partitions
        consumer.assign([confluent_kafka.TopicPartition(topic, partition, 0) for partition in partitions])
        found, open_ends = [], set(partitions)
        deadline = time.monotonic() + PATIENCE_S
        while open_ends:
            assert time.monotonic() < deadline
            message = consumer.poll(1)
            if message is None:
                continue
            if message.error() is None:
                found.append(message)
            elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
                open_ends.discard(message.partition())
        consumer.close()
        return sorted(found, key=lambda record: (record.partition(), record.offset()))


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all tests."""
    try:
        made = Broker(tmp_path_factory.mktemp("kafka"))
        made.start()
    except NoBrokerError as error:
        pytest.skip(f"no Apache Kafka broker: {error}")
    yield made
    made.stop(kill=True)


@pytest.fixture(scope="session")
def kafka(broker: Broker) -> Kafka:
    """What the other side does."""
    return Kafka(broker.bootstrap)


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """The drop-in session in this process."""
    from potok.sql import SparkSession

    session = SparkSession.builder.appName("kafka").getOrCreate()
    yield session
    session.stop()


class Streams:
    """Streams over one broker that write to parquet files and a checkpoint below one directory."""

    def __init__(self, spark: Any, kafka: Kafka, directory: Path) -> None:
        self.spark = spark
        self.kafka = kafka
        self.directory = directory
        self.started: list[Any] = []

    def read(self, **options: Any) -> Any:
        return self._with(self.spark.readStream, options).load()

    def read_batch(self, **options: Any) -> Any:
        return self._with(self.spark.read, options).load()

    def _with(self, reader: Any, options: dict[str, Any]) -> Any:
        reader = reader.format("kafka").option("kafka.bootstrap.servers", self.kafka.bootstrap)
        for name, value in options.items():
            reader = reader.option(name.replace("__", "."), value)
        return reader

    def start(self, frame: Any, *, name: str = "q", available_now: bool = False, **trigger: Any) -> Any:
        writer = frame.writeStream.format("parquet").option("checkpointLocation", str(self.checkpoint(name)))
        if available_now or trigger:
            writer = writer.trigger(**({"availableNow": True} if available_now else trigger))
        query = writer.start(str(self.directory / name / "out"))
        self.started.append(query)
        return query

    def run(self, frame: Any, *, name: str = "q") -> list[str]:
        """Everything that is there now, as far as the checkpoint has not got; the offsets of all batches so far."""
        query = self.start(frame, name=name, available_now=True)
        assert query.awaitTermination(PATIENCE_S)
        return self.offsets(name)

    def checkpoint(self, name: str = "q") -> Path:
        return self.directory / name / "checkpoint"

    def offsets(self, name: str = "q") -> list[str]:
        log = self.checkpoint(name) / "offsets"
        if not log.exists():
            return []
        ids = sorted(int(file.name) for file in log.iterdir() if file.name.isdigit())
        return [(log / str(batch)).read_text().splitlines()[2] for batch in ids]

    def values(self, name: str = "q") -> list[str]:
        out = self.directory / name / "out"
        log = out / "_spark_metadata"
        if not any("path" in file.read_text() for file in log.glob("[0-9]*")):
            return []
        return sorted(
            row.v for row in self.spark.read.parquet(str(out)).selectExpr("cast(value as string) v").collect()
        )


@pytest.fixture
def streams_on(spark: Any, tmp_path: Path) -> Iterator[Callable[[Kafka], Streams]]:
    """Makes Streams over a cluster; what still runs at the end is stopped."""
    made: list[Streams] = []

    def make(kafka: Kafka) -> Streams:
        made.append(Streams(spark, kafka, tmp_path))
        return made[-1]

    yield make
    for streams in made:
        for query in streams.started:
            query.stop()


@pytest.fixture
def streams(streams_on: Callable[[Kafka], Streams], kafka: Kafka) -> Streams:
    """Over the cluster of the module's tests."""
    return streams_on(kafka)
