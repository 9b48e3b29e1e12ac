"""A checkpoint goes from potok to real Spark with its Kafka connector, and back; nothing is lost or repeated."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kafka.broker import NoBrokerError, jars
from kafka.conftest import PATIENCE_S
from kafka.spark_stream import DELAY_S, PARTITIONS, WINDOW_S, start

pytestmark = [pytest.mark.kafka, pytest.mark.spark, pytest.mark.timeout(900)]


def _spark(
    kafka: Any, topic: str, directory: Path, name: str = "records", target: str = ""
) -> list[dict[str, dict[str, int]]]:
    python = os.environ.get("POTOK_SPARK_PYTHON")
    if not python:
        pytest.skip("POTOK_SPARK_PYTHON names no Python that has pyspark")
    try:
        directory_of_jars = jars("spark")
    except NoBrokerError as error:
        pytest.skip(f"no jars of Spark's Kafka connector: {error}")
    script = Path(__file__).parent / "spark_stream.py"
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONPATH" and not name.startswith("SPARK_")
    }
    done = subprocess.run(
        [python, str(script), str(directory_of_jars), kafka.bootstrap, topic, str(directory), name, target],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [
        line.removeprefix("offsets ") for line in done.stdout.splitlines() if line.startswith("offsets ")
    ]
    return [json.loads(line.replace("'", '"')) for line in lines]


@pytest.mark.parametrize("first", ["potok", "spark"])
def test_there_and_back(streams: Any, kafka: Any, first: str) -> None:
    topic = kafka.topic(12)
    frame = streams.read(subscribe=topic, startingOffsets="earliest", maxOffsetsPerTrigger=4)
    sent: list[str] = []

    def send(count: int) -> None:
        values = [f"v{len(sent) + i}" for i in range(count)]
        for i, value in enumerate(values):
            kafka.produce(topic, [value.encode()], partition=(len(sent) + i) % 12)
        sent.extend(values)

    def run_potok() -> None:
        streams.run(frame)

    def run_spark() -> None:
        _spark(kafka, topic, streams.directory / "q")

    turns = [run_potok, run_spark] if first == "potok" else [run_spark, run_potok]
    for turn in (*turns, turns[0]):
        send(10)
        turn()
        assert streams.values() == sorted(sent)
    # Whoever wrote it: each batch starts where the one before it ended, and the text is the same for the same offsets.
    offsets = streams.offsets()
    counts = [sum(json.loads(text)[topic].values()) for text in offsets]
    assert counts == sorted(counts)
    assert counts[-1] == 30
    assert all(text.index('"2":') < text.index('"10":') for text in offsets)


def _potok(streams: Any, topic: str, directory: Path, name: str, target: str) -> None:
    key = "spark.sql.shuffle.partitions"
    before = streams.spark.conf.get(key)
    streams.spark.conf.set(key, PARTITIONS)
    try:
        query = start(streams.spark, streams.kafka.bootstrap, topic, str(directory), name, target)
        streams.started.append(query)
        assert query.awaitTermination(PATIENCE_S)
    finally:
        streams.spark.conf.set(key, before)


# Words and seconds; what a turn sends may fall into windows of the turn before.
TURNS = (
    (("a", 1), ("b", 2), ("a", 11), ("c", 12), ("b", 19)),
    (("a", 14), ("d", 22), ("b", 24), ("b", 31)),
    (("a", 33), ("c", 38), ("d", 26), ("a", 61)),
    (("e", 64), ("a", 75), ("b", 101)),
)


@pytest.mark.parametrize("first", ["potok", "spark"])
def test_counts_there_and_back(streams: Any, kafka: Any, first: str) -> None:
    """A query with state in update mode: each turn goes on counting where the other engine has stopped."""
    topic, target = kafka.topic(3), kafka.topic()
    directory = streams.directory / "counts"
    counts: dict[str, int] = {}
    expected: list[tuple[str, str]] = []
    for number, words in enumerate(TURNS):
        for i, (word, second) in enumerate(words):
            kafka.produce(topic, [b"%d" % second], word.encode(), partition=i % 3)
            counts[word] = counts.get(word, 0) + 1
        expected += [(word, str(counts[word])) for word in sorted({word for word, _ in words})]
        if (number % 2 == 0) == (first == "potok"):
            _potok(streams, topic, directory, "counts", target)
        else:
            _spark(kafka, topic, directory, "counts", target)
        found = [(record.key().decode(), record.value().decode()) for record in kafka.records(target)]
        assert sorted(found) == sorted(expected)
        assert sorted(found[-len(set(dict(words))) :]) == sorted(expected[-len(set(dict(words))) :])


@pytest.mark.parametrize("first", ["potok", "spark"])
def test_windows_there_and_back(streams: Any, kafka: Any, first: str) -> None:
    """Windows that are complete, to files: each turn goes on with the watermark and the windows that are still open."""
    topic = kafka.topic(3)
    directory = streams.directory / "windows"
    sent: list[tuple[str, int]] = []
    for number, words in enumerate(TURNS):
        for i, (word, second) in enumerate(words):
            kafka.produce(topic, [b"%d" % second], word.encode(), partition=i % 3)
        sent += words
        if (number % 2 == 0) == (first == "potok"):
            _potok(streams, topic, directory, "windows", "")
        else:
            _spark(kafka, topic, directory, "windows")
        until_s = max(second for _, second in sent) - DELAY_S
        windows = Counter((second - second % WINDOW_S, word) for word, second in sent)
        complete = [
            f"{begin_s}{word}={count}"
            for (begin_s, word), count in windows.items()
            if begin_s + WINDOW_S <= until_s
        ]
        found = streams.spark.read.parquet(str(directory / "out")).collect() if complete else []
        assert sorted(row.value for row in found) == sorted(complete)
