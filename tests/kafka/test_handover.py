"""A checkpoint goes from potok to real Spark with its Kafka connector, and back; nothing is lost or repeated."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kafka.broker import NoBrokerError, jars

pytestmark = [pytest.mark.kafka, pytest.mark.spark, pytest.mark.timeout(900)]


def _spark(kafka: Any, topic: str, directory: Path) -> list[dict[str, dict[str, int]]]:
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
        [python, str(script), str(directory_of_jars), kafka.bootstrap, topic, str(directory)],
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
