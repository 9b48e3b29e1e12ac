"""Several watermarks, their policy, unions, and tables that change below a join."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stateful.scenario import Build, Restart, Scenario, Sources, reading_less, rows

SIDES = {"one": "at TIMESTAMP, k STRING", "two": "at TIMESTAMP, k STRING"}
MAX = {"spark.sql.streaming.multipleWatermarkPolicy": "max"}


def at(name: str, *values: tuple[str, str]) -> dict[str, list[dict[str, str]]]:
    """Rows of a source at minutes and seconds."""
    return {name: rows("at k", *((f"2024-01-01 00:{when}", key) for when, key in values))}


def union(spark: SparkSession, sources: Sources) -> DataFrame:
    """Two streams with a watermark each, counted together."""
    both = (
        sources["one"]
        .withWatermark("at", "10 seconds")
        .union(sources["two"].withWatermark("at", "20 seconds"))
    )
    return both.groupBy(F.window("at", "10 seconds")).count()


def union_then_watermark(spark: SparkSession, sources: Sources) -> DataFrame:
    """Two streams with one watermark above."""
    return (
        sources["one"]
        .union(sources["two"])
        .withWatermark("at", "10 seconds")
        .groupBy(F.window("at", "10 seconds"))
        .count()
    )


def union_one_watermark(spark: SparkSession, sources: Sources) -> DataFrame:
    """Only one of two streams has a watermark."""
    both = sources["one"].withWatermark("at", "10 seconds").union(sources["two"])
    return both.groupBy(F.window("at", "10 seconds")).count()


def union_dedup(spark: SparkSession, sources: Sources) -> DataFrame:
    """Duplicates of two streams."""
    both = (
        sources["one"]
        .withWatermark("at", "10 seconds")
        .union(sources["two"].withWatermark("at", "20 seconds"))
    )
    return both.dropDuplicates(["k", "at"])


def union_of_aggregates(spark: SparkSession, sources: Sources) -> DataFrame:
    """Two aggregations, each with its watermark."""
    one = sources["one"].withWatermark("at", "10 seconds").groupBy(F.window("at", "10 seconds")).count()
    two = sources["two"].withWatermark("at", "20 seconds").groupBy(F.window("at", "10 seconds")).count()
    return one.union(two)


def twice(first: str, second: str) -> Build:
    """Two watermarks on one column."""
    return lambda spark, sources: (
        sources["one"]
        .withWatermark("at", first)
        .withWatermark("at", second)
        .groupBy(F.window("at", "10 seconds"))
        .count()
    )


def two_columns(spark: SparkSession, sources: Sources) -> DataFrame:
    """Two columns with a watermark each."""
    frame = sources["one"].withColumn("other", F.expr("at + INTERVAL 1 MINUTE"))
    return (
        frame.withWatermark("at", "10 seconds")
        .withWatermark("other", "10 seconds")
        .groupBy(F.window("at", "10 seconds"))
        .count()
    )


def above_aggregation(spark: SparkSession, sources: Sources) -> DataFrame:
    """A watermark above an aggregation."""
    found = sources["one"].withWatermark("at", "10 seconds").groupBy(F.window("at", "10 seconds")).count()
    return found.withColumn("end", F.col("window.end")).withWatermark("end", "10 seconds")


STEPS = [
    at("one", ("00:03", "a"), ("00:30", "a")),  # 0: the other one has nothing yet
    at("two", ("00:04", "b"), ("01:00", "b")),  # min 20 s, max 40 s
    at("one", ("00:05", "a"), ("00:25", "a"), ("02:00", "a")),  # min 40 s, max 110 s
    at("two", ("00:35", "b"), ("00:55", "b"), ("02:00", "b")),  # min 100 s
    at("one", ("05:00", "a")),
    at("two", ("10:00", "b")),
]
BROKEN = [*STEPS[:2], Restart(), STEPS[2], Restart(), STEPS[3], Restart(), *STEPS[4:]]
ONE = {"one": SIDES["one"]}
ONLY = [next(iter(step.values())) for step in STEPS]
STATIC = {"in": "k STRING, v INT, at TIMESTAMP", "static": "k STRING, name STRING"}


def static(how: str, turned: bool = False, condition: str = "l.k = r.k") -> Build:
    """A stream and a table."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        one, other = sources["in"].alias("l"), sources["static"].alias("r")
        if turned:
            one, other = other, one
        return one.join(other, F.expr(condition), how)

    return build


def static_then(how: str) -> Build:
    """A count above a join with a table."""
    return lambda spark, sources: (
        sources["in"].join(sources["static"], "k", how).groupBy("name").agg(F.sum("v").alias("s"))
    )


def static_window(spark: SparkSession, sources: Sources) -> DataFrame:
    """Windows above a join with a table."""
    found = sources["in"].withWatermark("at", "10 seconds").join(F.broadcast(sources["static"]), "k", "left")
    return found.groupBy(F.window("at", "10 seconds"), "name").count()


STREAM = [
    rows(
        "k v at",
        ("a", 1, "2024-01-01 00:00:01"),
        ("b", 2, "2024-01-01 00:00:02"),
        (None, 3, "2024-01-01 00:00:03"),
    ),
    rows("k v at", ("a", 4, "2024-01-01 00:01:01"), ("c", 5, "2024-01-01 00:01:02")),
    rows("k v at", ("c", 6, "2024-01-01 00:02:01"), ("a", 7, "2024-01-01 00:02:02")),
]
TABLE = [rows("k name", ("a", "A"), ("a", "AA"), (None, "null")), rows("k name", ("c", "C"), ("a", "AAA"))]
STATIC_STEPS = [
    {"static": TABLE[0], "in": STREAM[0]},
    {"in": STREAM[1]},
    {"static": TABLE[1], "in": STREAM[2]},
    {"in": STREAM[0]},
]
# The table gets a file while the query runs, between two batches.
CHANGED = [
    {"static": TABLE[0], "in": STREAM[0]},
    {"static": TABLE[1]},
    {"in": STREAM[1]},
    {"in": STREAM[2]},
    Restart(),
    {"in": STREAM[2]},
]
HOWS = ("inner", "left", "right", "full", "leftsemi", "leftanti", "cross")
SCENARIOS = [
    Scenario("union_min", union, SIDES, "append", STEPS),
    Scenario("union_max", union, SIDES, "append", STEPS, conf=MAX),
    Scenario("union_min_restarts", union, SIDES, "append", BROKEN, checkpoint=True),
    Scenario("union_max_restarts", union, SIDES, "append", BROKEN, conf=MAX),
    Scenario("union_policy_changes", union, SIDES, "append", [*STEPS[:2], Restart(conf=MAX), *STEPS[2:]]),
    Scenario("union_update", union, SIDES, "update", STEPS),
    Scenario("union_complete", union, SIDES, "complete", STEPS),
    Scenario(
        "union_both_at_once",
        union,
        SIDES,
        "append",
        [{**STEPS[0], **STEPS[1]}, {**STEPS[2], **STEPS[3]}, {**STEPS[4], **STEPS[5]}],
    ),
    Scenario("union_then_watermark", union_then_watermark, SIDES, "append", STEPS),
    Scenario("union_one_watermark", union_one_watermark, SIDES, "append", STEPS),
    Scenario("union_dedup", union_dedup, SIDES, "append", STEPS),
    Scenario("union_of_aggregates", union_of_aggregates, SIDES, "append", STEPS),
    Scenario("union_of_aggregates_max", union_of_aggregates, SIDES, "append", STEPS, conf=MAX),
    Scenario("twice_shorter", twice("20 seconds", "10 seconds"), ONE, "append", ONLY),
    Scenario("twice_longer", twice("10 seconds", "20 seconds"), ONE, "append", ONLY),
    Scenario("two_columns", two_columns, ONE, "append", ONLY),
    Scenario("two_columns_max", two_columns, ONE, "append", ONLY, conf=MAX),
    Scenario("above_aggregation", above_aggregation, ONE, "append", ONLY),
    *(Scenario(f"static_right_{how}", static(how), STATIC, "append", STATIC_STEPS) for how in HOWS),
    *(
        Scenario(f"static_left_{how}", static(how, turned=True), STATIC, "append", STATIC_STEPS)
        for how in HOWS
    ),
    Scenario("static_null_safe", static("left", condition="l.k <=> r.k"), STATIC, "append", STATIC_STEPS),
    Scenario("static_not_equal", static("inner", condition="l.k != r.k"), STATIC, "append", STATIC_STEPS),
    Scenario("static_changes", static("left"), STATIC, "append", CHANGED),
    Scenario("static_then_count", static_then("inner"), STATIC, "update", STATIC_STEPS),
    Scenario("static_then_count_left", static_then("left"), STATIC, "complete", STATIC_STEPS),
    Scenario("static_window", static_window, STATIC, "append", STATIC_STEPS),
]
SCENARIOS = reading_less(
    SCENARIOS,
    "static_right_inner",
    "static_right_leftsemi",
    "static_right_cross",
    "static_left_inner",
    "static_left_cross",
    "static_not_equal",
    "static_then_count",
)
