"""Asks real Spark the questions of `cases.py` and writes its answers beside this file.

Run with a Python that has pyspark 4.3 (classic): `python tests/unit/analysis/record.py`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from cases import MISTAKES, QUERIES, STREAMS, VIEWS  # noqa: E402 - beside this script


def _fields(schema: StructType) -> list[list[object]]:
    return [[f.name, f.dataType.simpleString(), f.nullable] for f in schema]


def _failure(error: Exception) -> dict[str, object]:
    return {
        "condition": getattr(error, "getCondition", lambda: None)(),
        "parameters": dict(getattr(error, "getMessageParameters", dict)() or {}),
    }


def record_queries(spark: SparkSession) -> dict[str, object]:
    """The schema or the failure of each query."""
    answers: dict[str, object] = {}
    for query in (*QUERIES, *MISTAKES):
        try:
            answers[query] = _fields(spark.sql(query).schema)
        except Exception as error:  # noqa: BLE001 - whatever Spark raises is the answer
            answers[query] = _failure(error)
    return answers


def record_streams(spark: SparkSession) -> list[list[object]]:
    """For each write: null where it starts, else the first line of the message."""
    for name in ("s", "r"):
        stream = spark.readStream.format("rate").load()
        stream.createOrReplaceTempView(name)
        stream.withWatermark("timestamp", "10 seconds").createOrReplaceTempView(f"{name}w")
    answers: list[list[object]] = []
    for mode, query in STREAMS:
        try:
            spark.sql(query).writeStream.format("noop").outputMode(mode).start().stop()
            answers.append([mode, query, None])
        except Exception as error:  # noqa: BLE001
            answers.append([mode, query, str(error).split("\n")[0]])
    return answers


def record_names(spark: SparkSession) -> dict[str, list[str]]:
    """The column names of every example in the documentation of the built-in functions."""
    names: dict[str, list[str]] = {}
    for (function,) in spark.sql("show functions").collect():
        text = "\n".join(r[0] for r in spark.sql(f"describe function extended `{function}`").collect())
        for match in re.finditer(r"> (SELECT .*?);\s*$", text, re.MULTILINE):
            try:
                names[match[1]] = spark.sql(match[1]).columns
            except Exception:  # noqa: BLE001, S112 - the documentation also shows what fails
                continue
    return names


def main() -> None:
    """Write the three files."""
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    for name, schema in VIEWS.items():
        spark.createDataFrame([], schema).createOrReplaceTempView(name)
    for name, answers in (
        ("queries", record_queries(spark)),
        ("names", record_names(spark)),
        ("streams", record_streams(spark)),
    ):
        text = json.dumps(answers, ensure_ascii=False, indent=0, sort_keys=True)
        (HERE / f"expected_{name}.json").write_text(text + "\n")
    spark.stop()


if __name__ == "__main__":
    main()
