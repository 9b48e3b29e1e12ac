"""Runs scenarios one after another in one session, on Spark and on potok alike.

Started as a program: `potok run worker.py` or `python worker.py` with a Python that has PySpark. Each line on standard
input is a JSON list of family, name, directory, first and last step, or of a key of `READERS` and a directory; the answer on standard output is a line of `@@` and a JSON object.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyspark.sql import SparkSession

from stateful.harness import run
from stateful.readers import read
from stateful.scenario import family
from stateful.variable_readers import read_variables

READERS = {"read": read, "read variables": read_variables}


def asked(
    spark: SparkSession, name: str, scenario: str, root: str, first: int, last: int | None
) -> dict[str, Any]:
    """What a scenario of a family does."""
    return run(spark, family(name)[scenario], Path(root), first, last)


def main() -> None:
    """Answer requests until standard input ends."""
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.shuffle.partitions", "1").config("spark.sql.session.timeZone", "UTC")
    spark = builder.config("spark.sql.warehouse.dir", sys.argv[1]).getOrCreate()
    print("@@{}", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reader = READERS.get(request[0])
            answer = reader(spark, Path(request[1])) if reader else asked(spark, *request)
        except Exception:  # noqa: BLE001 - told to the test
            answer = {"failed": traceback.format_exc()}
        print("@@" + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
