"""Asks real Spark every case and writes its answers below expected/.

    POTOK_RECORD_SPARK_PYTHON=/path/to/python python tests/spark/record.py [--connect] [--names REGEX] [family ..]

The variable names a Python that has `pyspark[connect]` 4.3 and `pandas<3`; without it, this Python is
taken. `--connect` asks through a Spark Connect client instead and writes an answer only where it
differs from the classic one, below the key "connect" of the case: that is what potok must say.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from spark.oracle.compare import difference
from spark.oracle.families import family_names, load_expected, load_family, write_expected
from spark.oracle.fixtures import make_fixtures
from spark.oracle.run import answer

PYTHON_VARIABLE = "POTOK_RECORD_SPARK_PYTHON"
PORT_VARIABLE = "POTOK_RECORD_PORT"
CONNECT_PLUGIN = "org.apache.spark.sql.connect.SparkConnectPlugin"
CONFIGURATION = {
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
    "spark.log.level": "OFF",
}


def main() -> int:
    """Records the families named, or all; returns the process's exit code."""
    if os.environ.get("POTOK_RECORDING") != "1":
        python = os.environ.get(PYTHON_VARIABLE, sys.executable)
        fixed = {"POTOK_RECORDING": "1", "PYSPARK_PYTHON": python, "TZ": "UTC", "PYTHONHASHSEED": "0"}
        environment = {**os.environ, **fixed}
        return subprocess.call([python, *sys.argv], env=environment)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connect", action="store_true", help="ask through a Spark Connect client")
    parser.add_argument("--names", default="", help="regular expression; other cases keep their recording")
    parser.add_argument("families", nargs="*", default=[], help="families to record; all by default")
    arguments = parser.parse_args()
    with _connected() if arguments.connect else _classic() as spark:
        for name, error in make_fixtures(spark).items():
            print(f"table {name}: {error}", file=sys.stderr)
            return 1
        for family in arguments.families or family_names():
            _record(spark, family, re.compile(arguments.names), connect=arguments.connect)
    return 0


def _session() -> Any:
    """A classic session; where the environment names a port, it also serves Spark Connect there."""
    from pyspark.sql import SparkSession

    logging.getLogger("SQLQueryContextLogger").disabled = True
    logging.getLogger("DataFrameQueryContextLogger").disabled = True
    builder = SparkSession.builder.master("local[1]")
    port = os.environ.get(PORT_VARIABLE)
    warehouse = tempfile.mkdtemp(prefix="potok-warehouse-")
    serving = {"spark.plugins": CONNECT_PLUGIN, "spark.connect.grpc.binding.port": port} if port else {}
    for key, value in {**CONFIGURATION, **serving, "spark.sql.warehouse.dir": warehouse}.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


@contextmanager
def _connected() -> Iterator[Any]:
    """A Spark Connect client of a server in a process of its own."""
    from pyspark.sql import SparkSession

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    code = "import record, sys; session = record._session(); print('ready', flush=True); sys.stdin.read(); session.stop()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, PORT_VARIABLE: port},
        cwd=Path(__file__).resolve().parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdout.readline()
        session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
        try:
            yield session
        finally:
            session.stop()
            server.stdin.close()


@contextmanager
def _classic() -> Iterator[Any]:
    session = _session()
    try:
        yield session
    finally:
        session.stop()


def _record(spark: Any, family: str, names: re.Pattern[str], *, connect: bool) -> None:
    started = time.monotonic()
    before = load_expected(family)
    answers: dict[str, Any] = {}
    changed = 0
    for case in load_family(family):
        old = before.get(case.name)
        if old is not None and not names.search(case.name):
            answers[case.name] = old
            continue
        new = answer(spark, case)
        if connect:
            if old is None:
                continue
            classic = {key: value for key, value in old.items() if key != "connect"}
            new = {**classic, "connect": new} if difference(case, classic, new) else classic
        elif old is not None and "connect" in old:
            new = {**new, "connect": old["connect"]}
        changed += new != old
        answers[case.name] = new
    write_expected(family, answers)
    seconds = time.monotonic() - started
    print(f"{family}: {len(answers)} cases, {changed} changed, {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
