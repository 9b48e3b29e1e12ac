"""What is measured of Kafka: a million records in one batch, and the time from a record to its row on the console.

The broker is the one of the tests (`tests/kafka/broker.py`: Java 17, and Maven for the jars); real Spark gets its
connector from the same place.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.measure import Case, UnavailableError, spare

_BROKER = Path(__file__).parents[1] / "tests" / "kafka" / "broker.py"
_SHARE = 10
_CONNECTOR = ("spark-sql-kafka", "spark-token-provider-kafka", "kafka-clients", "commons-pool2")
_started: list[str] = []
_filled: set[str] = set()


def _broker_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmarks_kafka_broker", _BROKER)
    if spec is None or spec.loader is None:
        raise UnavailableError(f"{_BROKER} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _bootstrap() -> str:
    """Where the broker is; it is started once and stopped at the end. Raises UnavailableError where none can be had."""
    if _started:
        return _started[0]
    if importlib.util.find_spec("confluent_kafka") is None:
        raise UnavailableError("confluent-kafka is not installed: pip install potok[kafka]")
    module = _broker_module()
    directory = tempfile.TemporaryDirectory(prefix="potok-benchmark-kafka-")
    try:
        broker = module.Broker(Path(directory.name))
        broker.start()
    except module.NoBrokerError as error:
        directory.cleanup()
        raise UnavailableError(f"no Apache Kafka broker: {error}") from error
    atexit.register(directory.cleanup)
    atexit.register(broker.stop, kill=True)
    spare(broker.process_id)
    try:
        connector = sorted(module.jars("spark").glob("*.jar"))
    except module.NoBrokerError as error:
        # Only real Spark needs them, and says that it does not know the format.
        print(f"No jars of Spark's connector: {error}", file=sys.stderr)
        connector = []
    names = [str(path) for path in connector if path.name.startswith(_CONNECTOR)]
    os.environ["POTOK_BENCHMARK_KAFKA"] = broker.bootstrap
    os.environ["POTOK_BENCHMARK_KAFKA_JARS"] = ",".join(names)
    os.environ["POTOK_BENCHMARK_PYTHON"] = sys.executable
    _started.append(broker.bootstrap)
    return _started[0]


def records(directory: Path, rows: int, size_bytes: int) -> None:
    """A topic `records-<bytes>` of one partition with a tenth of `rows` records whose values have this size."""
    del directory
    bootstrap = _bootstrap()
    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient, NewTopic

    topic = f"records-{size_bytes}"
    if topic in _filled:
        return
    _filled.add(topic)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(60)
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 50, "batch.size": 1_000_000})
    failures: list[Any] = []
    for number in range(rows // _SHARE):
        value = b"%09d" % number + b"x" * (size_bytes - 9)
        while True:
            try:
                producer.produce(topic, value, on_delivery=lambda error, _: error and failures.append(error))
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(300) or failures:
        raise RuntimeError(f"records were not delivered: {failures[:3]}")


def one_broker(directory: Path, rows: int) -> None:
    """Nothing but the broker; the program makes its topic itself."""
    del directory, rows
    _bootstrap()


_TIMES = ("second_batch_s", "cpu_s", "memory_mb")
KAFKA_CASES = {
    f"kafka_{size_bytes}_to_{sink}": Case(
        f"--rows / {_SHARE} Kafka records of {size_bytes} bytes in one batch to {sink}, after one to warm up",
        "kafka_read.py",
        partial(records, size_bytes=size_bytes),
        None,
        (str(size_bytes), sink),
        _TIMES,
    )
    for size_bytes in (100, 1000)
    for sink in ("noop", "parquet")
} | {
    "kafka_latency": Case(
        "one Kafka record at a time to the console, checkpointed: from produce to the row",
        "kafka_latency.py",
        one_broker,
        None,
        (),
        ("latency_ms_median", "latency_ms_p90", "latency_ms_p99"),
    )
}
