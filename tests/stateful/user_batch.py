"""User state over tables instead of streams. A program for both engines: it prints what it finds as JSON.

Record with Spark's Python: `PYTHONPATH=tests python tests/stateful/user_batch.py tests/stateful/recorded/user_batch.txt`
(a name that the families of streams do not use).
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyspark.sql import SparkSession

from stateful.scenarios import user_state, user_state_transform
from stateful.values import canonical, error_of

ROWS = [("b", 1), ("a", 2), ("b", 3), (None, 4)]
BEFORE = [("a", 100), ("z", 200), ("a", 1)]


def transformed(spark: SparkSession, what: str, *, pandas: bool, **options: Any) -> Any:
    """A processor over a table."""
    grouped = spark.createDataFrame(ROWS, "k STRING, v INT").groupBy("k")
    call = grouped.transformWithStateInPandas if pandas else grouped.transformWithState
    initial = options.get("initial")
    return call(
        statefulProcessor=user_state_transform.Processor(what, pandas=pandas, option=options.get("option")),
        outputStructType=user_state_transform.OUTPUT,
        outputMode=options.get("mode", "update"),
        timeMode=options.get("time", "None"),
        initialState=spark.createDataFrame(BEFORE, "k STRING, s BIGINT").groupBy("k") if initial else None,
    )


def applied(spark: SparkSession) -> Any:
    """A function with state over a table, which Spark refuses."""
    grouped = spark.createDataFrame(ROWS, "k STRING, v INT").groupBy("k")
    return grouped.applyInPandasWithState(user_state.running, *user_state.RUNNING, "update", "NoTimeout")


CASES: dict[str, dict[str, Any]] = {
    "value": {},
    "append": {"mode": "append"},
    "complete": {"mode": "complete"},
    "clock": {"time": "ProcessingTime"},
    "event": {"time": "EventTime"},
    "ttl": {"time": "ProcessingTime", "option": 1},
    "initial": {"initial": True},
    "lists": {},
    "maps": {},
}


def found(name: str, run: Callable[[], Any]) -> Any:
    """The rows of a case, or its error."""
    try:
        return [[canonical(value) for value in row] for row in run().collect()]
    except Exception as error:  # noqa: BLE001 - it is what is asked for
        told = error_of(error, name)
        return {"type": told["type"], "message": told["message"].partition("\n")[0]}


def main() -> None:
    """Run all cases."""
    spark = SparkSession.builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    told = {"applied": found("applied", lambda: applied(spark))}
    for name, options in CASES.items():
        what = name if name not in {"append", "complete"} else "value"
        for kind, pandas in (("pandas", True), ("row", False)):
            run = functools.partial(transformed, spark, what, pandas=pandas, **options)
            told[f"{name}_{kind}"] = found(name, run)
    text = json.dumps(told, indent=1, ensure_ascii=False)
    Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
