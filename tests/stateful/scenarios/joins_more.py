"""Joins of two streams: which rows and columns the state holds, keys of all types, holes that rows leave, chains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stateful.scenario import Build, Restart, Scenario, Sources, reading_less, rows

SIDES = {"left": "k STRING, lt TIMESTAMP, lv INT", "right": "k STRING, rt TIMESTAMP, rv INT"}
RANGE = "l.k = r.k AND rt >= lt AND rt <= lt + INTERVAL 15 SECONDS"


def _side(time: str, value: str, files: tuple[tuple[Any, ...], ...]) -> list[dict[str, Any]]:
    return rows(
        f"k {time} {value}", *((k, f"2024-01-01 00:{when}" if when else None, v) for k, when, v in files)
    )


def left(*files: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Rows of the left side: key, minute and second, value."""
    return _side("lt", "lv", files)


def right(*files: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Rows of the right side."""
    return _side("rt", "rv", files)


STEPS: list[Any] = [
    {
        "left": left(("a", "00:10", 1), ("b", "00:12", 2), (None, "00:13", 4), ("c", None, 5)),
        "right": right(("a", "00:11", 10), (None, "00:13", 40), ("c", "00:14", None), ("a", None, 3)),
    },
    {"right": right(("b", "00:20", 20), ("a", "00:25", 11), ("z", "00:21", 90))},
    {"left": left(("a", "00:20", 5), ("z", "00:21", 6), ("z", "00:22", None))},
    {"left": left(("y", "03:00", 12)), "right": right(("y", "03:10", 12), ("q", "00:55", 81))},
    {"left": left(("y", "05:00", 13)), "right": right(("y", "05:10", 121))},
]


def joined(spark: SparkSession, sources: Sources, how: str, condition: str = RANGE) -> DataFrame:
    """Both sides with their watermarks."""
    one = sources["left"].withWatermark("lt", "10 seconds").alias("l")
    other = sources["right"].withWatermark("rt", "20 seconds").alias("r")
    return one.join(other, F.expr(condition), how)


def selected(how: str, *columns: str, condition: str = RANGE) -> Build:
    """Only some columns above the join."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        return joined(spark, sources, how, condition).selectExpr(*columns)

    return build


def where(how: str, filters: str, condition: str = RANGE) -> Build:
    """A filter above the join."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        return joined(spark, sources, how, condition).where(filters)

    return build


def conditioned(how: str, condition: str) -> Build:
    """Another condition."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        return joined(spark, sources, how, condition)

    return build


# ---- keys of all types ----------------------------------------------------------------------------------------

KEYS = {
    "tinyint": ["1", "-1", "0"],
    "smallint": ["1", "-300", "0"],
    "int": ["1", "-70000", "0"],
    "bigint": ["1", "-7000000000", "0"],
    "float": ["1.5", "-0.0", "0.0", "NaN"],
    "double": ["1.5", "-0.0", "0.0", "NaN"],
    "boolean": ["true", "false"],
    "decimal(10,2)": ["1.50", "-3.25", "0"],
    "decimal(30,4)": ["1.5", "-12345678901234567890.1234", "0"],
    "date": ["2024-01-01", "1969-12-31"],
    "timestamp": ["2024-01-01 00:00:00", "1969-12-31 23:59:59.123456"],
    "timestamp_ntz": ["2024-01-01 00:00:00", "1969-12-31 23:59:59.123456"],
    "binary": ["abc", "", "a rather long key of more than eight bytes"],
    "string": ["é", "", "a rather long key of more than eight bytes"],
}


def typed(key: str, how: str) -> Build:
    """A key that is computed from text on both sides."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        one = (
            sources["left"]
            .withWatermark("lt", "10 seconds")
            .withColumn("x", F.expr(key))
            .drop("k")
            .alias("l")
        )
        other = (
            sources["right"]
            .withWatermark("rt", "10 seconds")
            .withColumn("x", F.expr(key))
            .drop("k")
            .alias("r")
        )
        return one.join(other, F.expr("l.x = r.x AND rt >= lt AND rt <= lt + INTERVAL 15 SECONDS"), how)

    return build


def typed_steps(values: Sequence[str]) -> list[Any]:
    """Each value on both sides, and NULL."""
    texts = [*values, None]
    return [
        {
            "left": left(*((text, "00:10", i) for i, text in enumerate(texts))),
            "right": right(*((text, "00:12", i) for i, text in enumerate(texts))),
        },
        {"right": right(*((text, "00:15", i) for i, text in enumerate(texts)))},
        {"left": left((values[0], "09:00", 1)), "right": right((values[0], "09:00", 1))},
    ]


# ---- holes ----------------------------------------------------------------------------------------------------

_TIMES = ["00:40", "00:11", "00:12", "00:50", "00:13", "00:45", "00:14", "00:41", "00:15", None, "00:55"]
HOLES: list[Any] = [
    {"left": left(*(("a", when, i) for i, when in enumerate(_TIMES)), ("b", "00:11", 100))},
    {"right": right(("a", "00:12", 1), ("a", "00:16", 2), ("m", "01:05", 3))},
    {"left": left(("m", "00:40", 101))},
    {"right": right(("a", "00:50", 4), ("m", "01:30", 5)), "left": left(("a", "00:51", 102))},
    {"left": left(("m", "01:05", 103), ("a", "00:52", 104)), "right": right(("a", "00:53", 6))},
    {"left": left(("m", "05:05", 105)), "right": right(("m", "05:05", 7))},
    {"left": left(("m", "06:05", 106)), "right": right(("m", "06:05", 8))},
]
BROKEN = [part for step in HOLES for part in (step, Restart())]


# The watermarks of both sides begin anew with a restart: a hand-over is compared with one.
HANDED_OVER: list[Any] = [*HOLES[:4], Restart(), *HOLES[4:]]


def windows(how: str) -> Build:
    """Windows are among the keys."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        one, other = (
            sources[name]
            .withWatermark(time, "10 seconds")
            .select(F.window(time, "10 seconds").alias("w"), "k", value)
            for name, time, value in (("left", "lt", "lv"), ("right", "rt", "rv"))
        )
        return one.join(other, ["k", "w"], how)

    return build


# ---- chains ---------------------------------------------------------------------------------------------------

THIRD = {**SIDES, "third": "k STRING, tt TIMESTAMP, tv INT"}
THIRD_STEPS = [
    {
        "left": left(("a", when, 1), ("b", when, 2)),
        "right": right(("a", when, 1), ("a", when, 2)),
        "third": rows("k tt tv", ("a", f"2024-01-01 00:{when}", 7), ("x", f"2024-01-01 00:{when}", 8)),
    }
    for when in ("00:10", "00:40", "02:40", "05:40")
]


def one_time(spark: SparkSession, sources: Sources) -> DataFrame:
    """Two joins, one event time left of the first."""
    first = joined(spark, sources, "inner").selectExpr("l.k", "lt", "lv", "rv")
    third = sources["third"].withWatermark("tt", "10 seconds").alias("t")
    on = F.expr("f.k = t.k AND tt >= lt AND tt <= lt + INTERVAL 10 SECONDS")
    return first.alias("f").join(third, on, "left")


def by_window(spark: SparkSession, sources: Sources) -> DataFrame:
    """Three streams by a common window."""
    frames = [
        sources[name]
        .withWatermark(time, "10 seconds")
        .select(F.window(time, "10 seconds").alias("w"), "k", value)
        for name, time, value in (("left", "lt", "lv"), ("right", "rt", "rv"), ("third", "tt", "tv"))
    ]
    return frames[0].join(frames[1], ["w", "k"], "left").join(frames[2], ["w", "k"], "left")


def counted_then_joined(how: str) -> Build:
    """Counts by window of one side, joined with rows of the other by the window."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        one = (
            sources["left"]
            .withWatermark("lt", "10 seconds")
            .groupBy(F.window("lt", "10 seconds").alias("w"), "k")
        )
        other = sources["right"].withWatermark("rt", "10 seconds")
        by = other.select(F.window("rt", "10 seconds").alias("w"), "k", "rv")
        return one.agg(F.count("*").alias("n"), F.sum("lv").alias("s")).join(by, ["w", "k"], how)

    return build


def aggregate_pruned(spark: SparkSession, sources: Sources) -> DataFrame:
    """Of two aggregates below a join one is never used."""
    return counted_then_joined("inner")(spark, sources).select("k", "n", "rv")


def distinct_below(spark: SparkSession, sources: Sources) -> DataFrame:
    """Duplicates go before the join."""
    one = sources["left"].withWatermark("lt", "10 seconds").dropDuplicates(["k", "lt"]).alias("l")
    other = sources["right"].withWatermark("rt", "20 seconds").alias("r")
    return one.join(other, F.expr(RANGE), "inner")


def self_union(spark: SparkSession, sources: Sources) -> DataFrame:
    """A stream joined with counts of itself."""
    one = sources["left"].withWatermark("lt", "10 seconds")
    counts = one.groupBy(F.window("lt", "10 seconds").alias("w")).agg(F.count("*").alias("n"))
    return one.withColumn("w", F.window("lt", "10 seconds")).join(counts, "w")


def static_below(spark: SparkSession, sources: Sources) -> DataFrame:
    """A static table is joined to one of the sides."""
    names = spark.createDataFrame([("a", "Ann"), ("b", "Ben"), ("y", None)], "k STRING, name STRING")
    one = sources["left"].withWatermark("lt", "10 seconds").join(F.broadcast(names), "k", "left").alias("l")
    return one.join(sources["right"].withWatermark("rt", "20 seconds").alias("r"), F.expr(RANGE), "left")


SELECTED = {
    "key_only": ("inner", ("l.k",)),
    "key_only_left": ("left", ("l.k",)),
    "values": ("inner", ("lv + rv AS s",)),
    "values_left": ("left", ("lv", "rv")),
    "right_only": ("inner", ("rv", "rt")),
    "left_of_semi": ("leftsemi", ("lv",)),
    "constant": ("inner", ("1 AS one",)),
}
EQUAL = "l.k = r.k"
CONDITIONS = {
    "plus_one": "lv * 10 = rv AND rt >= lt - INTERVAL 5 SECONDS AND rt <= lt + INTERVAL 15 SECONDS",
    "shifted": "l.lv + 1 = r.rv - 9 AND rt >= lt AND rt <= lt + INTERVAL 1 MINUTE",
    "coalesced": "coalesce(l.k, 'none') = coalesce(r.k, 'none') AND rt >= lt",
    "sum_of_columns": "l.k = r.k AND lv + rv > 10 AND rt >= lt - INTERVAL 10 SECONDS AND rt <= lt + INTERVAL 10 SECONDS",
    "either": "l.k = r.k AND (lv > 1 OR rv > 10) AND rt >= lt",
    "is_null": "l.k = r.k AND lv IS NOT NULL AND rv IS NULL AND rt >= lt AND rt <= lt + INTERVAL 15 SECONDS",
    "implied": "l.k = r.k AND l.k > 'a' AND rt >= lt AND rt <= lt + INTERVAL 15 SECONDS",
    "both_keys": "l.k = r.k AND l.k = 'a'",
    "turned": "r.k = l.k AND lt <= rt AND lt + INTERVAL 15 SECONDS >= rt",
    "minutes": "l.k = r.k AND rt > lt - INTERVAL 1 MINUTE AND rt < lt + INTERVAL 2 MINUTES",
    "seconds_apart": "l.k = r.k AND cast(rt AS double) - cast(lt AS double) BETWEEN 0 AND 15",
    "months": "l.k = r.k AND rt >= lt AND rt <= lt + INTERVAL 1 MONTH",
    "days": "l.k = r.k AND rt >= lt AND rt <= lt + INTERVAL '0 00:00:15' DAY TO SECOND",
    "dates": "l.k = r.k AND to_date(rt) >= to_date(lt)",
    "since": "l.k = r.k AND rt >= lt AND lt > TIMESTAMP '2024-01-01 00:00:11'",
    "three_times": "l.k = r.k AND rt >= lt AND rt <= lt + INTERVAL 15 SECONDS AND rt < lt + INTERVAL 1 HOUR",
}
REJECTING = {
    "left_of_full": ("full", "lv > 1"),
    "right_of_full": ("full", "rv > 10"),
    "both_of_full": ("full", "lv < rv"),
    "either_of_full": ("full", "rv > 10 OR rv < 0"),
    "neither_of_full": ("full", "lv IS NULL OR rv > 10"),
    "right_of_left": ("left", "rv > 10"),
    "left_of_right": ("right", "lv > 1"),
    "known_of_left": ("left", "rv IS NOT NULL"),
    "in_of_left": ("left", "rv IN (10, 20)"),
    "not_of_left": ("left", "NOT (rv = 10)"),
    "safe_of_left": ("left", "rv <=> 10"),
    "instead_of_left": ("left", "coalesce(rv, 100) < 50"),
    "instead_kept_of_left": ("left", "coalesce(rv, 0) < 15"),
    "both_of_left": ("left", "lv < rv"),
    "case_of_full": ("full", "CASE WHEN rv > 10 THEN lv > 0 ELSE rv IS NULL END"),
}
SCENARIOS = [
    *(Scenario(f"rejecting_{name}", where(*chosen), SIDES, "append", STEPS) for name, chosen in REJECTING.items()),
    *(Scenario(name, selected(how, *columns), SIDES, "append", STEPS) for name, (how, columns) in SELECTED.items()),
    Scenario("times_gone", selected("inner", "l.k", "lv", condition=EQUAL), SIDES, "append", STEPS),
    Scenario("one_time_gone", selected("inner", "l.k", "lt", "rv", condition=EQUAL), SIDES, "append", STEPS),
    Scenario("where_left", where("inner", "lv > 1"), SIDES, "append", STEPS),
    Scenario("where_both", where("inner", "lv < rv"), SIDES, "append", STEPS),
    Scenario("where_range", where("inner", "rt >= lt AND rt <= lt + INTERVAL 15 SECONDS", EQUAL), SIDES, "append", STEPS),
    Scenario("where_left_of_left", where("left", "lv > 1"), SIDES, "append", STEPS),
    Scenario("where_right_of_right", where("right", "rv > 10"), SIDES, "append", STEPS),
    Scenario("where_null_of_left", where("left", "rv IS NULL"), SIDES, "append", STEPS),
    *(
        Scenario(f"{name}_{how}", conditioned(how, condition), SIDES, "append", STEPS)
        for name, condition in CONDITIONS.items()
        for how in ("inner", "left")
    ),
    *(
        Scenario(f"key_{kind}", typed(f"cast(k AS {kind})", "inner"), SIDES, "append", typed_steps(values), partitions=3)
        for kind, values in KEYS.items()
    ),
    *(
        Scenario(f"key_{kind}_full", typed(f"cast(k AS {kind})", "full"), SIDES, "append", typed_steps(KEYS[kind]))
        for kind in ("int", "double", "decimal(30,4)")
    ),
    Scenario(
        "key_struct", typed("named_struct('a', k, 'b', length(k))", "full"), SIDES, "append",
        typed_steps(["x", "", "yy"]), partitions=2,
    ),
    Scenario("key_array", typed("array(k, 'x')", "inner"), SIDES, "append", typed_steps(["x", "", "yy"])),
    Scenario("holes", conditioned("left", RANGE), SIDES, "append", HOLES),
    Scenario("holes_full", conditioned("full", RANGE), SIDES, "append", HOLES),
    Scenario("holes_full_restarts", conditioned("full", RANGE), SIDES, "append", BROKEN),
    Scenario("holes_inner_3", conditioned("inner", RANGE), SIDES, "append", HOLES, partitions=3),
    *(
        Scenario(
            f"handed_over_{how}", conditioned(how, RANGE), SIDES, "append", HANDED_OVER, partitions=2, checkpoint=True,
        )
        for how in ("inner", "left", "right", "full", "leftsemi")
    ),
    Scenario("handed_over_window", windows("full"), SIDES, "append", HANDED_OVER, checkpoint=True),
    Scenario("one_time", one_time, THIRD, "append", THIRD_STEPS),
    Scenario("by_window", by_window, THIRD, "append", THIRD_STEPS, partitions=2),
    *(Scenario(f"counted_{how}", counted_then_joined(how), SIDES, "append", STEPS) for how in ("inner", "left", "right", "full")),
    Scenario("aggregate_pruned", aggregate_pruned, SIDES, "append", STEPS),
    Scenario("distinct_below", distinct_below, SIDES, "append", STEPS),
    Scenario("self_counts", self_union, {"left": SIDES["left"]}, "append", [s["left"] for s in STEPS if "left" in s]),
    Scenario("static_below", static_below, SIDES, "append", STEPS),
    Scenario("user_function", lambda spark, sources: joined(spark, sources, "inner").where(
        F.udf(lambda a, b: (a or 0) < (b or 0), "boolean")("lv", "rv")), SIDES, "append", STEPS),
]  # fmt: skip
SCENARIOS = reading_less(
    SCENARIOS,
    *(f"rejecting_{name}" for name in REJECTING if name not in {"neither_of_full", "case_of_full"}),
    "key_only",
    "key_only_left",
    "values",
    "values_left",
    "right_only",
    "left_of_semi",
    "constant",
    "times_gone",
    "one_time_gone",
    "where_left",
    "where_both",
    "where_range",
    "where_left_of_left",
    "where_right_of_right",
    "where_null_of_left",
    "plus_one_inner",
    "plus_one_left",
    "shifted_inner",
    "shifted_left",
    "sum_of_columns_inner",
    "sum_of_columns_left",
    "either_inner",
    "is_null_inner",
    "is_null_left",
    "implied_inner",
    "implied_left",
    "both_keys_inner",
    "turned_inner",
    "turned_left",
    "minutes_inner",
    "minutes_left",
    "seconds_apart_inner",
    "seconds_apart_left",
    "months_inner",
    "days_inner",
    "days_left",
    "dates_inner",
    "since_inner",
    "three_times_inner",
    "three_times_left",
    "key_string",
    "counted_inner",
    "counted_left",
    "counted_right",
    "aggregate_pruned",
    "distinct_below",
    "static_below",
    "user_function",
)
