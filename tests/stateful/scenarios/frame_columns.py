"""Columns taken from the frame below `withWatermark`: they have no watermark there, and it stays so above."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stateful.scenario import Scenario, Sources, rows

AT = "at TIMESTAMP, k STRING"
STEPS = [
    rows("at k", ("2024-01-01 10:00:00", "a")),
    rows("at k", ("2024-01-01 12:00:00", "b")),
    rows("at k", ("2024-01-01 12:30:00", "b"), ("2024-01-01 10:01:00", "a")),
    rows("at k", ("2024-01-01 10:02:00", "a")),
]


def windowed(spark: SparkSession, sources: Sources) -> DataFrame:
    """As the guide of Spark writes it."""
    words = sources["in"]
    return words.withWatermark("at", "10 minutes").groupBy(F.window(words.at, "10 minutes"), words.k).count()


def sessions(spark: SparkSession, sources: Sources) -> DataFrame:
    """The same with sessions."""
    words = sources["in"]
    return (
        words.withWatermark("at", "10 minutes")
        .groupBy(F.session_window(words.at, "5 minutes"), words.k)
        .count()
    )


def distinct(spark: SparkSession, sources: Sources) -> DataFrame:
    """By names the watermark is found."""
    words = sources["in"]
    return words.withWatermark("at", "10 minutes").dropDuplicates(["at", "k"])


def selected(spark: SparkSession, sources: Sources) -> DataFrame:
    """A projection of such columns."""
    words = sources["in"]
    marked = words.withWatermark("at", "10 minutes").select(words.at, words.k)
    return marked.groupBy(F.window("at", "10 minutes")).count()


SCENARIOS = [
    *(Scenario(f"window, {mode}", windowed, AT, mode, STEPS) for mode in ("append", "update", "complete")),
    Scenario("session, append", sessions, AT, "append", STEPS),
    Scenario("distinct, append", distinct, AT, "append", STEPS),
    Scenario("selected, append", selected, AT, "append", STEPS),
    Scenario("selected, update", selected, AT, "update", STEPS),
]
