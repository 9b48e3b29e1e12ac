"""kill -9 at every step, and a broker that goes away and comes back."""

from __future__ import annotations

import functools
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
    # As long as nobody asks for more.
    request = {"source": source, "sink": "kafka", "target": kafka.topic()}
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


# ---- with state

EVENTS: list[dict[str, Any]] = [{"id": i, "k": "ab"[i % 2], "at": 4 * i, "v": i} for i in range(7)]
REPEATED = [*EVENTS[:2], EVENTS[1], *EVENTS[2:5], EVENTS[3], *EVENTS[5:]]
# As many, at about the same time: after a restart Spark knows the watermarks of those streams alone that have new records.
OTHERS = [
    {"id": i, "k": "x", "at": row["at"] + 3, "v": 100 + i}
    for i, row in zip((0, 50, 51, 2, 3, 52, 53, 54, 6), REPEATED, strict=True)
]
# Everything before it is complete.
LAST = {"id": 1000, "k": "z", "at": 3000, "v": 0}
# What comes out, which follows from the events: three records a batch.
WINDOWS = ["00:00a=2/2", "00:00b=2/2", "00:10a=1/4", "00:10b=2/6", "00:20a=1/6", "00:20b=1/5"]
RESULTS = {
    "windows": WINDOWS,
    "counts": ["a=1/0", "b=2/2", "a=3/6", "b=3/5", "a=4/12", "b=5/13", "z=1/0"],
    "distinct": [*map(str, range(7)), "1000"],
    "join": ["0:100", *["1:none"] * 2, "2:102", *["3:103"] * 2, "4:none", "5:none", "6:106", "1000:0"],
}
STATEFUL_DEATHS = [["addBatch", False, 1], ["walCommit", False, 2], ["commitOffsets", True, 3]]
CASES = [("windows", "kafka"), ("counts", "kafka"), ("distinct", "parquet"), ("join", "parquet")]


@pytest.fixture(scope="module")
def events(kafka: Kafka) -> dict[str, str]:
    """Two topics of events; the topic `other` is read by joins alone."""
    topics = {"source": kafka.topic(), "other": kafka.topic()}
    for topic, rows in zip(topics.values(), (REPEATED, OTHERS), strict=True):
        kafka.produce(
            topic,
            [
                json.dumps({**row, "at": f"2024-01-01T00:{row['at'] // 60:02}:{row['at'] % 60:02}Z"}).encode()
                for row in (*rows, LAST)
            ],
        )
    return topics


def _state(spark: Any, checkpoint: Path, query: str) -> dict[str, list[tuple[str, str]]]:
    """What a query remembers at its end."""
    stores = ["default"]
    if query == "join":
        kinds = ("keyToNumValues", "keyWithIndexToValue")
        stores = [f"{side}-{kind}" for side in ("left", "right") for kind in kinds]
    found = {}
    for store in stores:
        reader = spark.read.format("statestore")
        if store != "default":
            reader = reader.option("storeName", store)
        rows = reader.load(str(checkpoint)).selectExpr("to_json(key) k", "to_json(value) v").collect()
        found[store] = sorted((row.k, row.v) for row in rows)
    return found


def _values(directory: Path) -> list[str]:
    """What the files that are listed hold."""
    listed = [
        json.loads(line)["path"].rpartition("/")[2]
        for log in (directory / "_spark_metadata").glob("[0-9]*")
        for line in log.read_text().splitlines()[1:]
    ]
    assert sorted(listed) == sorted(path.name for path in directory.glob("part-*"))
    return [value for name in listed for value in pq.read_table(directory / name)["value"].to_pylist()]


@pytest.fixture(scope="module")
def undisturbed(
    life: Life, spark: Any, events: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, list[tuple[str, str]]]]:
    """The state of each query at its end, when nobody kills it."""

    @functools.cache
    def state(query: str) -> dict[str, list[tuple[str, str]]]:
        directory = tmp_path_factory.mktemp(query)
        assert not life(directory, **events, query=query, sink="noop", kill=None)
        return _state(spark, directory / "checkpoint", query)

    return state


@pytest.mark.parametrize(("query", "sink"), CASES, ids=["-".join(case) for case in CASES])
def test_killed_with_state(
    life: Life,
    kafka: Kafka,
    spark: Any,
    events: dict[str, str],
    undisturbed: Callable[[str], dict[str, list[tuple[str, str]]]],
    tmp_path: Path,
    query: str,
    sink: str,
) -> None:
    """Killed in one batch after the other: each result is there once, and what is remembered is what it would be without."""
    request = {**events, "query": query, "sink": sink}
    if sink == "kafka":
        request |= {"target": kafka.topic(), "guarantee": "exactly-once"}
    for death in STATEFUL_DEATHS:
        assert life(tmp_path, **request, kill=death)
    assert not life(tmp_path, **request, kill=None)
    if sink == "kafka":
        records = kafka.records(request["target"], **{"isolation.level": "read_committed"})
        found = [record.value().decode() for record in records]
    else:
        found = _values(tmp_path / "out")
    assert sorted(found) == sorted(RESULTS[query])
    assert _state(spark, tmp_path / "checkpoint", query) == undisturbed(query)


def test_killed_with_state_at_least_once(
    life: Life, kafka: Kafka, events: dict[str, str], tmp_path: Path
) -> None:
    """A batch that was cut off is there again, with the same results: what was remembered is that before the batch."""
    request = {**events, "query": "counts", "sink": "kafka", "target": kafka.topic()}
    request["guarantee"] = "at-least-once"
    assert life(tmp_path, **request, kill=["addBatch", False, 1])
    assert not life(tmp_path, **request, kill=None)
    found = [record.value().decode() for record in kafka.records(request["target"])]
    batches = [["a=1/0", "b=2/2"], ["a=3/6", "b=3/5"], ["b=5/13", "a=4/12"], ["z=1/0"]]
    assert [sorted(found[i : i + 2]) for i in range(0, 4, 2)] == [sorted(batch) for batch in batches[:2]]
    assert sorted(found) == sorted(value for batch in [*batches, batches[1]] for value in batch)


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
