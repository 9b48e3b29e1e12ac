"""Joins of a stream with a table: types, changing files of the table, aggregates of it, hints."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stateful.scenario import Build, Restart, Scenario, Sources, reading_less, rows

SIDES = {"in": "k STRING, t TIMESTAMP, v INT", "static": "k STRING, name STRING"}


def stream(*values: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Rows of the stream: key, second, value."""
    return rows("k t v", *((k, f"2024-01-01 00:00:{second}", v) for k, second, v in values))


def table(*values: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Rows of the table."""
    return rows("k name", *values)


STEPS: list[Any] = [
    {"static": table(("a", "Ann"), ("b", "Ben"), ("b", "Bob"), (None, "Nobody"), ("z", "Zoe"))},
    {"in": stream(("a", 10, 1), ("b", 11, 2), ("c", 12, 3), (None, 13, 4))},
    {"static": table(("c", "Cleo"), ("a", "Anna"))},
    {"in": stream(("a", 14, 5), ("c", 15, 6))},
    Restart(),
    {"in": stream(("a", 16, 7), ("c", 17, 8), ("d", 18, 9))},
]
TYPES = ("inner", "left", "right", "full", "leftsemi", "leftanti", "cross")


def with_static(how: str) -> Build:
    """The table is on the right."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        if how == "cross":
            return sources["in"].crossJoin(sources["static"])
        return sources["in"].join(sources["static"], "k", how)

    return build


def from_static(how: str) -> Build:
    """The table is on the left."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        if how == "cross":
            return sources["static"].crossJoin(sources["in"])
        return sources["static"].join(sources["in"], "k", how)

    return build


def unequal(how: str) -> Build:
    """Without an equality."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        return sources["in"].alias("s").join(sources["static"].alias("t"), F.expr("s.k < t.k"), how)

    return build


def counted(spark: SparkSession, sources: Sources) -> DataFrame:
    """An aggregate of the table."""
    names = sources["static"].groupBy("k").agg(F.count("*").alias("n"), F.max("name").alias("last"))
    return sources["in"].join(names, "k", "left")


def hinted(spark: SparkSession, sources: Sources) -> DataFrame:
    """The table is broadcast."""
    return sources["in"].join(F.broadcast(sources["static"]), "k", "left")


def then_counted(spark: SparkSession, sources: Sources) -> DataFrame:
    """Rows with names are counted."""
    return sources["in"].join(sources["static"], "k").groupBy("name").count()


def then_window(spark: SparkSession, sources: Sources) -> DataFrame:
    """Windows over rows with names."""
    return (
        sources["in"]
        .withWatermark("t", "2 seconds")
        .join(sources["static"], "k", "left")
        .groupBy(F.window("t", "5 seconds"), "name")
        .agg(F.sum("v").alias("s"))
    )


def by_subquery(spark: SparkSession, sources: Sources) -> DataFrame:
    """A subquery over the table."""
    sources["in"].createOrReplaceTempView("joined_stream")
    sources["static"].createOrReplaceTempView("joined_table")
    return spark.sql("SELECT * FROM joined_stream WHERE k IN (SELECT k FROM joined_table WHERE name > 'B')")


def limited(spark: SparkSession, sources: Sources) -> DataFrame:
    """The first rows of the ordered table."""
    first = sources["static"].orderBy(F.desc("name")).limit(2)
    return sources["in"].join(first, "k", "left")


SCENARIOS = [
    *(Scenario(f"static_{how}", with_static(how), SIDES, "append", STEPS) for how in TYPES),
    *(Scenario(f"from_static_{how}", from_static(how), SIDES, "append", STEPS) for how in TYPES),
    *(
        Scenario(f"unequal_{how}", unequal(how), SIDES, "append", STEPS)
        for how in ("inner", "left", "leftsemi")
    ),
    Scenario("counted", counted, SIDES, "append", STEPS),
    Scenario("hinted", hinted, SIDES, "append", STEPS),
    Scenario("then_counted_update", then_counted, SIDES, "update", STEPS),
    Scenario("then_counted_complete", then_counted, SIDES, "complete", STEPS),
    Scenario("then_window", then_window, SIDES, "append", STEPS),
    Scenario("by_subquery", by_subquery, SIDES, "append", STEPS),
    Scenario("limited", limited, SIDES, "append", STEPS),
]
SCENARIOS = reading_less(
    SCENARIOS,
    "static_inner",
    "static_leftsemi",
    "from_static_inner",
    "unequal_inner",
    "unequal_leftsemi",
    "then_counted_update",
    "then_counted_complete",
)
