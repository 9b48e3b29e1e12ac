"""Accumulators: functions of rows, of batches and of groups add, the program reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.accumulators import AccumulatorParam
from pyspark.sql import functions

from potok.sql import SparkSession


class Names(AccumulatorParam):  # type: ignore[misc]  # pyspark is untyped here
    """Sets that grow."""

    def zero(self, value: Any) -> Any:
        return set()

    def addInPlace(self, value1: Any, value2: Any) -> Any:  # noqa: N802 - PySpark's name
        return value1 | value2


@pytest.fixture
def spark() -> Iterator[Any]:
    """In this process: Connect has no context."""
    session = SparkSession.builder.getOrCreate()
    yield session
    session.stop()


def test_functions_add_and_the_program_reads(spark: Any, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("a\nbb\n\n")
    context = spark.sparkContext
    rows, letters, names = (
        context.accumulator(0),
        context.accumulator(0.0),
        context.accumulator({"none"}, Names()),
    )

    def seen(row: Any) -> None:
        nonlocal rows
        rows += 1
        names.add({row.value})

    def count(text):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - hints would make it one of columns
        letters.add(len(text))
        return len(text)

    length = functions.udf(count, "int")

    def upper(frames: Any) -> Any:
        for frame in frames:
            rows.add(len(frame) * 100)
            yield pd.DataFrame({"value": frame["value"].str.upper()})

    words = spark.readStream.text(str(tmp_path))
    for frame in (
        words,
        words.mapInPandas(upper, "value STRING"),
        words.select(functions.col("value"), length("value")),
    ):
        query = frame.writeStream.foreach(seen).trigger(availableNow=True).start()
        query.awaitTermination()
    assert (rows.value, letters.value) == (9 + 300, 3.0)
    assert names.value == {"none", "a", "bb", "", "A", "BB"}
    rows.value = 7
    rows += 1
    assert repr(rows) == f"Accumulator<id={rows.aid}, value=8>"


def test_a_type_without_a_rule(spark: Any) -> None:
    with pytest.raises(TypeError, match="No default accumulator param for type <class 'str'>"):
        spark.sparkContext.accumulator("")
