"""Section 2: the console sink, byte for byte."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import functions as F  # noqa: N812 - PySpark's convention

from behaviour.experiments import Experiment

Make = Callable[[str, str], Experiment]
GROUP = "A_console"


def show(frame: Any, **options: Any) -> Any:
    """Run a query to the console over what is there."""
    writer = frame.writeStream.format("console")
    for name, value in options.items():
        writer = writer.option(name, value)
    query = writer.start()
    query.processAllAvailable()
    query.stop()
    return query


def test_values_of_every_type(experiment: Make, spark: Any, capfd: pytest.CaptureFixture[str]) -> None:
    e = experiment(GROUP, "types_default")
    e.put("in/a", "1\n2\n")
    frame = spark.readStream.text(e.path("in")).select(
        F.col("value").cast("int").alias("i"),
        F.lit(1.0).alias("d"),
        F.lit(1.5).cast("float").alias("f"),
        F.lit(1e20).alias("big"),
        F.lit(0.00001).alias("small"),
        F.lit("x").alias("s"),
        F.lit("").alias("empty"),
        F.lit(None).cast("string").alias("nul"),
        F.lit(True).alias("b"),
        F.lit(dt.date(2024, 1, 2)).alias("date"),
        F.expr("timestamp'2024-01-02 03:04:05.600'").alias("ts"),
        F.expr("timestamp_ntz'2024-01-02 03:04:05'").alias("ntz"),
        F.expr("cast(1.50 as decimal(10,3))").alias("dec"),
        F.expr("X'00ff41'").alias("bin"),
        F.expr("array(1,null,3)").alias("arr"),
        F.expr("map('k',1,'z',null)").alias("m"),
        F.expr("named_struct('a',1,'b','q')").alias("st"),
        F.expr("interval '1' day").alias("iv"),
        F.expr("double('NaN')").alias("nan"),
    )
    show(frame)
    show(frame, truncate=False)
    assert capfd.readouterr().out == e.console


def test_texts(experiment: Make, spark: Any, capfd: pytest.CaptureFixture[str]) -> None:
    e = experiment(GROUP, "strings")
    e.put(
        "in/a",
        "short\n12345678901234567890\n123456789012345678901\nтест юникод длинная строка\n漢字漢字\n"  # noqa: RUF001 - Cyrillic
        'tab\there\nquote"q\n\n😀 emoji\nand a backslash \\ z\n',
    )
    frame = (
        spark.readStream.text(e.path("in"))
        .withColumn("nl", F.lit("l1\nl2\r\tx"))
        .withColumn("len", F.length("value"))
    )
    show(frame)
    show(frame, truncate=False)
    assert capfd.readouterr().out == e.console


def test_the_number_of_rows(experiment: Make, spark: Any, capfd: pytest.CaptureFixture[str]) -> None:
    e = experiment(GROUP, "numrows")
    e.put("in/a", "".join(f"{i}\n" for i in range(25)))
    frame = spark.readStream.text(e.path("in"))
    show(frame)
    for rows in (3, 1, 0, 24, 25, 26):
        show(frame, numRows=rows)
    e.check("numRows=-1", lambda: show(frame, numRows=-1))
    e.check("numRows=x", lambda: show(frame, numRows="x"))
    assert capfd.readouterr().out == e.console


def test_truncation(experiment: Make, spark: Any, capfd: pytest.CaptureFixture[str]) -> None:
    e = experiment(GROUP, "truncate_values")
    e.put("in/a", "123456789012345678901234567890\n")
    frame = spark.readStream.text(e.path("in"))
    for value in (True, False, "true", "FALSE"):
        show(frame, truncate=value)
    e.check("truncate=5", lambda: show(frame, truncate=5))
    e.check("truncate=0", lambda: show(frame, truncate=0))
    assert capfd.readouterr().out == e.console


def test_batches_without_rows(experiment: Make, spark: Any, capfd: pytest.CaptureFixture[str]) -> None:
    e = experiment(GROUP, "empty_batches")
    e.put("in/a", "x\n")
    frame = spark.readStream.text(e.path("in")).filter("value > 'y'")
    query = frame.writeStream.format("console").start()
    for name, text in (("a", "x\n"), ("b", ""), ("c", "z\n")):
        e.put(f"in/{name}", text)
        query.processAllAvailable()
    query.stop()
    assert capfd.readouterr().out == e.console


def test_a_repeated_batch(experiment: Make, spark: Any, capfd: pytest.CaptureFixture[str]) -> None:
    e = experiment(GROUP, "restart_checkpoint")
    e.put("in/a", "x\n")
    frame = spark.readStream.text(e.path("in"))
    show(frame, checkpointLocation=e.path("cp"))
    e.put("in/b", "y\n")
    show(frame, checkpointLocation=e.path("cp"))
    (e.directory / "cp/commits/1").unlink()
    show(frame, checkpointLocation=e.path("cp"))
    assert capfd.readouterr().out == e.console


def test_equal_names_and_no_columns(experiment: Make, spark: Any, capfd: pytest.CaptureFixture[str]) -> None:
    e = experiment(GROUP, "duplicate_columns_and_zero_columns")
    e.put("in/a", "x\n")
    frame = spark.readStream.text(e.path("in"))
    show(frame.select("value", "value"))
    show(frame.select())
    assert capfd.readouterr().out == e.console
