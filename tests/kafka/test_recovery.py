"""kill -9 at every step, and a broker that goes away and comes back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from kafka.broker import Broker, NoBrokerError
from kafka.conftest import PATIENCE_S, Kafka, Streams, wait
from potok.streaming.steps import STEPS

pytestmark = pytest.mark.kafka
HERE = Path(__file__).parent
Life = Callable[..., bool]
StreamsOn = Callable[[Kafka], Streams]


@pytest.fixture(scope="module")
def life(broker: Broker) -> Iterator[Life]:
    """Runs the query once; whether it was killed."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE.parents[1] / "src"), str(HERE.parent)])
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(HERE / "killed_kafka.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def run(directory: Path, **request: Any) -> bool:
        line = json.dumps({"directory": str(directory), "bootstrap": broker.bootstrap, **request})
        process.stdin.write(line + "\n")  # type: ignore[union-attr]  # checked above
        process.stdin.flush()  # type: ignore[union-attr]  # checked above
        answer = json.loads(process.stdout.readline())  # type: ignore[union-attr]  # checked above
        if not answer["killed"] and answer["code"]:
            raise AssertionError((directory / "error").read_text())
        return bool(answer["killed"])

    yield run
    process.stdin.close()
    process.wait()
    process.stdout.close()


DEATHS = [
    [step, begins, 1] for step in STEPS if step not in {"recover", "trigger"} for begins in (True, False)
]


@pytest.fixture(scope="module")
def source(kafka: Kafka) -> str:
    """A topic with eight records: three batches."""
    topic = kafka.topic()
    kafka.produce(topic, [b"%d" % i for i in range(8)])
    return topic


WHOLE = [b"%d" % i for i in range(8)]


@pytest.mark.parametrize("death", DEATHS, ids=lambda death: f"{death[0]}-{'begin' if death[1] else 'end'}")
def test_killed_before_a_file_sink(life: Life, source: str, tmp_path: Path, death: list[Any]) -> None:
    killed = life(tmp_path, source=source, sink="parquet", kill=death)
    assert killed
    assert not life(tmp_path, source=source, sink="parquet", kill=None)
    values = [
        v for path in (tmp_path / "out").glob("part-*") for v in pq.read_table(path)["value"].to_pylist()
    ]
    assert sorted(values) == WHOLE
    log = tmp_path / "checkpoint/offsets"
    assert [(log / str(i)).read_text().splitlines()[2] for i in range(3)] == [
        f'{{"{source}":{{"0":{end}}}}}' for end in (3, 6, 8)
    ]


@pytest.mark.parametrize("death", DEATHS, ids=lambda death: f"{death[0]}-{'begin' if death[1] else 'end'}")
def test_killed_before_a_topic_exactly_once(
    life: Life, kafka: Kafka, source: str, tmp_path: Path, death: list[Any]
) -> None:
    request = {"source": source, "sink": "kafka", "target": kafka.topic(), "guarantee": "exactly-once"}
    assert life(tmp_path, **request, kill=death)
    assert not life(tmp_path, **request, kill=None)
    records = kafka.records(request["target"], **{"isolation.level": "read_committed"})
    assert [record.value() for record in records] == WHOLE


def test_killed_before_a_topic_at_least_once(life: Life, kafka: Kafka, source: str, tmp_path: Path) -> None:
    request = {"source": source, "sink": "kafka", "target": kafka.topic(), "guarantee": "at-least-once"}
    assert life(tmp_path, **request, kill=["addBatch", False, 1])
    assert not life(tmp_path, **request, kill=None)
    assert [record.value() for record in kafka.records(request["target"])] == WHOLE[:6] + WHOLE[3:]


def test_a_mark_that_has_expired(life: Life, kafka: Kafka, source: str, tmp_path: Path) -> None:
    """Brokers forget the offsets of a group after a time: then nobody knows whether the batch is there."""
    request = {"source": source, "sink": "kafka", "target": kafka.topic(), "guarantee": "exactly-once"}
    assert life(tmp_path, **request, kill=["addBatch", False, 1])
    query_id = json.loads((tmp_path / "checkpoint/metadata").read_text())["id"]
    group = f"potok-sink-{query_id}"
    for future in kafka.admin.delete_consumer_groups([group]).values():
        future.result(PATIENCE_S)
    with pytest.raises(
        AssertionError, match=rf"does not know whether it holds batch 1 .* group {group} is missing"
    ):
        life(tmp_path, **request, kill=None)
    # As the message says.
    assert not life(tmp_path, **{**request, "guarantee": "at-least-once"}, kill=None)
    records = kafka.records(request["target"], **{"isolation.level": "read_committed"})
    assert [record.value() for record in records] == WHOLE[:6] + WHOLE[3:]
    assert not life(tmp_path, **request, kill=None)


@pytest.mark.timeout(900)  # a broker starts three times
def test_a_broker_that_goes_away_and_comes_back(streams_on: StreamsOn, tmp_path: Path) -> None:
    try:
        own = Broker(tmp_path / "broker")
        own.start()
    except NoBrokerError as error:
        pytest.skip(f"no Apache Kafka broker: {error}")
    try:
        kafka = Kafka(own.bootstrap)
        topic = kafka.topic(2)
        kafka.produce(topic, [b"a"], partition=0)
        streams = streams_on(kafka)
        # It is not there when the query starts ..
        own.stop()
        query = streams.start(streams.read(subscribe=topic, startingOffsets="earliest"))
        time.sleep(2)
        assert query.isActive
        assert streams.offsets() == []
        own.start()
        wait(lambda: streams.values() == ["a"])
        # .. and it dies while the query runs.
        own.stop(kill=True)
        time.sleep(3)
        assert query.isActive
        own.start()
        kafka.produce(topic, [b"b"], partition=1)
        wait(lambda: streams.values() == ["a", "b"])
        assert query.exception() is None
        query.stop()
    finally:
        own.stop()
