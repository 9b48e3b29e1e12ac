"""Programs as people write them for Kafka: `potok run` answers what Spark with its connector answered.

POTOK_RECORD=1 (and POTOK_SPARK_PYTHON) renews recorded/programs.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kafka.broker import Broker, NoBrokerError, jars
from kafka.conftest import Kafka

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]
HERE = Path(__file__).parent
RECORDED = HERE / "recorded/programs.json"
NAMES = sorted(json.loads(RECORDED.read_text("utf-8"))) if RECORDED.exists() else []
_BASE_MS = 1_700_000_000_000
TARGETS = 12


def _fill(kafka: Kafka) -> None:
    """The same records at the same times in topics with the same names, whoever reads them."""
    for name, partitions in (("topic1", 2), ("topic2", 1), ("orders", 1), ("payments", 1), ("changes", 1)):
        kafka.named_topic(name, partitions)
    for number in range(1, TARGETS + 1):
        kafka.named_topic(f"out{number}", 2 if number == 1 else 1)
    for i in range(10):
        more: dict[str, Any] = {"headers": [("trace", b"t%d" % i), ("none", None)]} if i % 3 == 0 else {}
        key = None if i == 4 else b"k%d" % i
        kafka.produce("topic1", [b"v%d" % i], key, partition=i % 2, timestamp=_BASE_MS + 1000 * i, **more)
    kafka.produce("topic2", [b"x", None, b""], b"x", timestamp=_BASE_MS)
    orders = [
        {"id": 1, "customer": "ann", "amount": 10.5, "at": "2023-11-14T22:00:00Z"},
        {"id": 2, "customer": "bob", "amount": 1e-7, "at": "2023-11-14T22:01:00Z"},
        {"id": 3, "customer": "ann", "amount": 4, "at": "2023-11-14T22:02:30Z", "more": [1]},
        {"id": 4, "customer": None, "at": "2023-11-14T22:05:00Z"},
    ]
    texts = [json.dumps(order).encode() for order in orders]
    for i, text in enumerate([*texts[:3], b"no JSON", texts[3]]):
        kafka.produce("orders", [text], b"o%d" % i, timestamp=_BASE_MS + 40_000 * i)
    for order_id, at in ((1, "22:10:00"), (3, "23:30:00"), (99, "23:59:00")):
        payment = {"order_id": order_id, "paid_at": f"2023-11-14T{at}Z"}
        kafka.produce("payments", [json.dumps(payment).encode()], timestamp=_BASE_MS)

    def change(op: str, before: Any, after: Any) -> bytes:
        payload = {"before": before, "after": after, "op": op, "ts_ms": _BASE_MS}
        return json.dumps({"schema": {"type": "struct"}, "payload": payload}, separators=(",", ":")).encode()

    ann, bob, new = {"id": 1, "name": "ann"}, {"id": 2, "name": "bob"}, {"id": 1, "name": "anne"}
    changes: list[tuple[int, bytes | None]] = [
        (1, change("c", None, ann)), (2, change("c", None, bob)), (1, change("u", ann, new)),
        (2, change("d", bob, None)), (2, None), (3, change("r", None, {"id": 3, "name": "cy"})),
        (3, change("u", {"id": 3, "name": "cy"}, {"id": 3, "name": None})),
    ]  # fmt: skip
    for identity, value in changes:
        kafka.produce("changes", [value], json.dumps({"id": identity}).encode(), timestamp=_BASE_MS)


def _answers(command: list[str], environment: dict[str, str], cwd: Path) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=cwd)
    lines = [line[2:] for line in done.stdout.splitlines() if line.startswith("@@")]
    assert done.returncode == 0, f"{done.stdout[-1000:]}{done.stderr[-3000:]}"
    found: dict[str, Any] = {}
    for line in lines:
        found.update(json.loads(line))
    return found


def _own_broker(directory: Path) -> Broker:
    try:
        made = Broker(directory)
        made.start()
    except NoBrokerError as error:
        pytest.skip(f"no Apache Kafka broker: {error}")
    _fill(Kafka(made.bootstrap))
    return made


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Spark has answered."""
    if os.environ.get("POTOK_RECORD") == "1":
        directory = tmp_path_factory.mktemp("spark")
        broker = _own_broker(directory / "broker")
        try:
            environment = {
                name: value
                for name, value in os.environ.items()
                if name != "PYTHONPATH" and not name.startswith("SPARK_")
            }
            script = [str(HERE / "programs.py"), broker.bootstrap, str(directory), str(jars("spark"))]
            found = _answers([os.environ["POTOK_SPARK_PYTHON"], *script], environment, directory)
        finally:
            broker.stop(kill=True)
        RECORDED.write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    loaded: dict[str, Any] = json.loads(RECORDED.read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What potok answers, in a process of its own."""
    directory = tmp_path_factory.mktemp("potok")
    broker = _own_broker(directory / "broker")
    try:
        environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1] / "src")}
        command = [
            sys.executable,
            "-m",
            "potok",
            "run",
            str(HERE / "programs.py"),
            broker.bootstrap,
            str(directory),
        ]
        return _answers(command, environment, directory)
    finally:
        broker.stop(kill=True)


@pytest.mark.parametrize("name", NAMES)
def test_program(recorded: dict[str, Any], answered: dict[str, Any], name: str) -> None:
    assert answered[name] == recorded[name]


def test_every_program_is_recorded(recorded: dict[str, Any], answered: dict[str, Any]) -> None:
    assert sorted(recorded) == sorted(answered)
