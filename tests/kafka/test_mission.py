"""Programs as somebody wrote them for Spark and `localhost:9092`, unchanged, with `potok run`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kafka.broker import Broker
from kafka.conftest import Kafka, wait

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]
_PORT = 9092
_WAIT_S = 240.0


@pytest.fixture
def at_9092(broker: Broker) -> Iterator[None]:
    """Who asks at localhost:9092 is connected with the broker of the tests, which says where it really is."""
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            door = socket.create_server(("127.0.0.1", _PORT))
            break
        except OSError:
            if time.monotonic() > deadline:
                pytest.skip(f"somebody else listens on port {_PORT}")
            time.sleep(0.5)
    thread = threading.Thread(target=_let_in, args=(door, broker.port), daemon=True)
    thread.start()
    yield
    # A thread that waits in `accept` does not notice `close`.
    door.shutdown(socket.SHUT_RDWR)
    thread.join()
    door.close()


def _let_in(door: socket.socket, port: int) -> None:
    while True:
        try:
            guest, _ = door.accept()
        except OSError:
            return
        host = socket.create_connection(("127.0.0.1", port))
        for ends in ((guest, host), (host, guest)):
            threading.Thread(target=_carry, args=ends, daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    finally:
        # The other direction ends with this one, and closes both once more at most.
        for end in (source, target):
            end.close()


class Program:
    """One of the programs, running in a directory of its own."""

    def __init__(self, name: str, directory: Path) -> None:
        self._command = [sys.executable, "-m", "potok.cli", "run", str(ROOT / "examples/mission" / name)]
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._directory, env=environment, stdout=log, stderr=log
            )

    def is_alive(self) -> bool:
        assert self._process is not None
        if self._process.poll() is None:
            return True
        raise AssertionError((self._directory / "log").read_text()[-3000:])

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


def _rows(output: Path) -> list[dict[str, object]]:
    """As `cat` shows them."""
    lines = [line for file in output.glob("part-*.json") for line in file.read_text().splitlines()]
    return sorted((json.loads(line) for line in lines), key=lambda row: row.get("temp_in_celsius", -1))


@pytest.mark.usefixtures("at_9092")
def test_kafka_to_json(kafka: Kafka, tmp_path: Path) -> None:
    kafka.named_topic("test", 1)
    kafka.produce("test", [b'{"day":"before","temp_in_celsius":0.5}'])
    program = Program("kafka_to_json.py", tmp_path)
    program.start()
    try:
        wait(lambda: program.is_alive() and (tmp_path / "check-points/commits/0").exists())
        days = [{"day": f"d{i}", "temp_in_celsius": i + 0.5} for i in range(6)]
        kafka.produce("test", [json.dumps(row).encode() for row in days[:2]])
        kafka.produce("test", [b"no JSON at all"])
        output = tmp_path / "output-from-spark"
        wait(lambda: program.is_alive() and _rows(output) == [{}, *days[:2]])
        program.kill()
        kafka.produce("test", [json.dumps(row).encode() for row in days[2:]])
        program.start()
        wait(lambda: program.is_alive() and len(_rows(output)) >= 1 + len(days))
        assert _rows(output) == [{}, *days]
        # One record a file; the first batch, before the first record, makes an empty one.
        counts = [len(file.read_text().splitlines()) for file in output.glob("part-*.json")]
        assert sorted(counts) == [0] + [1] * (1 + len(days))
    finally:
        program.kill()


@pytest.mark.usefixtures("at_9092")
def test_to_kafka(kafka: Kafka, tmp_path: Path) -> None:
    kafka.named_topic("updates", 1)
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines/1.txt").write_text("a\nb\na\n")
    program = Program("to_kafka.py", tmp_path)

    def updates() -> list[tuple[str, str]]:
        program.is_alive()
        return sorted((record.key().decode(), record.value().decode()) for record in kafka.records("updates"))

    program.start()
    try:
        wait(lambda: updates() == [("a", "2"), ("b", "1")])
        program.kill()
        (tmp_path / "lines/2.txt").write_text("a\nc\n")
        program.start()
        # At least once: the batch that was cut off may be there twice.
        wait(lambda: {("a", "3"), ("c", "1")} <= set(updates()))
        assert set(updates()) == {("a", "2"), ("b", "1"), ("a", "3"), ("c", "1")}
    finally:
        program.kill()
