"""Runs program files one after another in one session, on Spark and on potok alike.

Started as a program: `potok run worker.py` or `python worker.py` with a Python that has PySpark. Each line on
standard input is a JSON list, a program and its arguments; the answer on standard output is a line of
`@@` and a JSON object, which has an `error` where the program failed.
"""

from __future__ import annotations

import json
import runpy
import sys
import traceback

from pyspark.sql import SparkSession


def run(command: list[str]) -> dict[str, str]:
    """Run one program; what to answer."""
    sys.argv = command
    try:
        runpy.run_path(command[0], run_name="__main__")
    except Exception:  # noqa: BLE001 - told to the test
        return {"error": traceback.format_exc()}
    return {}


def main() -> None:
    """Answer requests until standard input ends."""
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.shuffle.partitions", "1").config("spark.sql.session.timeZone", "UTC")
    if len(sys.argv) > 1:
        builder = builder.config("spark.sql.warehouse.dir", sys.argv[1])
    builder.getOrCreate()
    print("@@{}", flush=True)
    for line in sys.stdin:
        print("@@" + json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
