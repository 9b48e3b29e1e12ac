"""Joins of two streams: types, time ranges, windows, conditions, eviction, late rows, restarts."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stateful.scenario import Build, Restart, Scenario, Sources, reading_less, rows

SIDES = {"left": "k STRING, lt TIMESTAMP, lv INT", "right": "k STRING, rt TIMESTAMP, rv INT"}


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


EQUAL = "l.k = r.k"
RANGE = f"{EQUAL} AND rt >= lt AND rt <= lt + INTERVAL 15 SECONDS"
BOTH_WAYS = f"{EQUAL} AND rt BETWEEN lt - INTERVAL 5 SECONDS AND lt + INTERVAL 15 SECONDS"


def joined(
    how: str, condition: str, left_delay: str | None = "10 seconds", right_delay: str | None = "20 seconds"
) -> Build:
    """A join of both sides with their watermarks."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        one, other = sources["left"], sources["right"]
        if left_delay is not None:
            one = one.withWatermark("lt", left_delay)
        if right_delay is not None:
            other = other.withWatermark("rt", right_delay)
        return one.alias("l").join(other.alias("r"), F.expr(condition), how)

    return build


# Global watermark (the smaller of both): 0, then as each step says.
STEPS = [
    {
        "left": left(("a", "00:10", 1), ("b", "00:12", 2), ("n", "00:12", 3), (None, "00:13", 4)),
        "right": right(("a", "00:11", 10), (None, "00:13", 40)),
    },
    {
        "right": right(("b", "00:20", 20), ("a", "00:25", 11), ("a", "00:26", 12), ("z", "00:21", 90))
    },  # min(3, 6)
    {"left": left(("a", "00:20", 5), ("z", "00:21", 6), ("a", "00:02", 7), ("q", "00:30", 8))},  # min(20, 6)
    {"right": right(("q", "00:50", 80), ("a", "00:05", 13), ("a", "00:36", 14))},  # min(20, 30) = 20
    {"left": left(("a", "00:19", 9), ("a", "00:20", 10), ("q", "00:50", 11))},  # 30
    {
        "left": left(("y", "03:00", 12)),
        "right": right(("y", "03:10", 120), ("q", "00:55", 81)),
    },  # min(2:50, 2:50)
    {"left": left(("y", "05:00", 13)), "right": right(("y", "05:10", 121))},
]
BROKEN = [part for step in STEPS for part in (step, Restart())]
SAME_BATCH = [
    {
        "left": left(("a", "00:10", 1), ("a", "00:10", 2), ("b", "00:10", 3)),
        "right": right(("a", "00:10", 1), ("a", "00:12", 2), ("c", "00:10", 3)),
    },
    {"left": left(("a", "00:11", 4)), "right": right(("a", "00:12", 5))},
    {"left": left(("e", "10:00", 4)), "right": right(("e", "10:00", 5))},
]
INNERS = ("inner", "left", "right", "full", "leftsemi")


def using(*columns: str, how: str = "inner", window: str | None = None, both: bool = False) -> Build:
    """A join with common columns, of windows where asked."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        one = sources["left"].withWatermark("lt", "10 seconds")
        other = sources["right"].withWatermark("rt", "10 seconds")
        if window is not None:
            one = one.withColumn("w", F.window("lt", window))
            other = other.withColumn("w", F.window("rt", window))
            if not both:
                one, other = one.drop("lt"), other.drop("rt")
        return one.join(other, list(columns), how)

    return build


def time_equal(how: str) -> Build:
    """The event times themselves are equal."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        one = sources["left"].withWatermark("lt", "10 seconds").withColumnRenamed("lt", "t")
        other = sources["right"].withWatermark("rt", "10 seconds").withColumnRenamed("rt", "t")
        return one.join(other, ["k", "t"], how)

    return build


def aggregated_sides(spark: SparkSession, sources: Sources) -> DataFrame:
    """Windows of both sides, joined."""
    one = (
        sources["left"]
        .withWatermark("lt", "10 seconds")
        .groupBy(F.window("lt", "10 seconds"), "k")
        .agg(F.count("*").alias("nl"))
    )
    other = (
        sources["right"]
        .withWatermark("rt", "10 seconds")
        .groupBy(F.window("rt", "10 seconds"), "k")
        .agg(F.count("*").alias("nr"))
    )
    return one.join(other, ["window", "k"], "inner")


def then_window(how: str) -> Build:
    """A count by window above a join."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        return (
            joined(how, RANGE)(spark, sources)
            .groupBy(F.window("lt", "10 seconds"), F.col("l.k"))
            .agg(F.count("*").alias("n"), F.count("rv").alias("m"))
        )

    return build


def then_count(spark: SparkSession, sources: Sources) -> DataFrame:
    """A count by key above a join."""
    return joined("inner", EQUAL, None, None)(spark, sources).groupBy("l.k").count()


def three(spark: SparkSession, sources: Sources) -> DataFrame:
    """A chain of two joins."""
    first = (
        sources["left"]
        .withWatermark("lt", "10 seconds")
        .alias("l")
        .join(sources["right"].withWatermark("rt", "10 seconds").alias("r"), F.expr(RANGE))
    )
    third = sources["third"].withWatermark("tt", "10 seconds").alias("t")
    return first.join(third, F.expr("l.k = t.k AND tt >= lt AND tt <= lt + INTERVAL 10 SECONDS"), "left")


def self_join(spark: SparkSession, sources: Sources) -> DataFrame:
    """A stream with itself."""
    one = sources["left"].withWatermark("lt", "10 seconds")
    return one.alias("l").join(
        one.alias("r"),
        F.expr("l.k = r.k AND l.lv < r.lv AND r.lt BETWEEN l.lt AND l.lt + INTERVAL 10 SECONDS"),
    )


def projected(spark: SparkSession, sources: Sources) -> DataFrame:
    """Few columns above, expressions as keys below."""
    found = joined("inner", "upper(l.k) = upper(r.k) AND lv % 10 = rv % 10")(spark, sources)
    return found.select(F.col("l.k").alias("k"), (F.col("lv") + F.col("rv")).alias("s"))


THIRD = {**SIDES, "third": "k STRING, tt TIMESTAMP, tv INT"}
THIRD_STEPS = [
    {
        "left": left(("a", "00:10", 1)),
        "right": right(("a", "00:11", 1), ("a", "00:12", 2)),
        "third": rows("k tt tv", ("a", "2024-01-01 00:00:15", 7)),
    },
    {
        "left": left(("b", "00:40", 1)),
        "right": right(("b", "00:41", 1)),
        "third": rows("k tt tv", ("c", "2024-01-01 00:00:45", 7)),
    },
    {
        "left": left(("d", "02:40", 1)),
        "right": right(("d", "02:41", 1)),
        "third": rows("k tt tv", ("d", "2024-01-01 00:02:45", 7)),
    },
    {
        "left": left(("e", "05:40", 1)),
        "right": right(("f", "05:41", 1)),
        "third": rows("k tt tv", ("f", "2024-01-01 00:05:45", 7)),
    },
]
CONDITIONS = {
    "left_condition": f"{RANGE} AND lv > 1",
    "right_condition": f"{RANGE} AND rv < 12",
    "both_condition": f"{RANGE} AND rv > lv * 3",
    "null_safe": "l.k <=> r.k AND rt >= lt AND rt <= lt + INTERVAL 15 SECONDS",
    "two_keys": "l.k = r.k AND lv = rv",
    "two_keys_range": f"{RANGE} AND lv % 2 = rv % 2",
    "both_ways": BOTH_WAYS,
    "strict": f"{EQUAL} AND rt > lt AND rt < lt + INTERVAL 15 SECONDS",
    "expression": f"{EQUAL} AND date_trunc('minute', rt) = date_trunc('minute', lt)",
    "one_way": f"{EQUAL} AND rt >= lt",
    "other_way": f"{EQUAL} AND lt >= rt - INTERVAL 15 SECONDS",
}
SCENARIOS = [
    *(Scenario(f"range_{how}", joined(how, RANGE), SIDES, "append", STEPS) for how in INNERS),
    *(
        Scenario(f"range_{how}_restarts", joined(how, RANGE), SIDES, "append", BROKEN, checkpoint=True)
        for how in INNERS
    ),
    *(
        Scenario(
            f"range_{how}_3",
            joined(how, RANGE),
            SIDES,
            "append",
            STEPS,
            partitions=3,
        )
        for how in INNERS
    ),
    *(
        Scenario(f"range_{how}_same_batch", joined(how, BOTH_WAYS), SIDES, "append", SAME_BATCH)
        for how in INNERS
    ),
    *(
        Scenario(f"range_{how}_{mode}", joined(how, RANGE), SIDES, mode, STEPS)
        for how in ("inner", "left")
        for mode in ("update", "complete")
    ),
    *(
        Scenario(f"{name}_{how}", joined(how, condition), SIDES, "append", STEPS)
        for name, condition in CONDITIONS.items()
        for how in ("inner", "left", "full")
    ),
    *(
        Scenario(f"{name}_{how}", joined(how, condition), SIDES, "append", STEPS)
        for name, condition in CONDITIONS.items()
        if "condition" in name or name == "null_safe"
        for how in ("right", "leftsemi")
    ),
    *(
        Scenario(f"no_watermark_{how}", joined(how, EQUAL, None, None), SIDES, "append", STEPS)
        for how in INNERS
    ),
    *(
        Scenario(f"no_watermark_range_{how}", joined(how, RANGE, None, None), SIDES, "append", STEPS)
        for how in ("inner", "left")
    ),
    *(
        Scenario(f"watermark_left_only_{how}", joined(how, RANGE, right_delay=None), SIDES, "append", STEPS)
        for how in INNERS
    ),
    *(
        Scenario(f"watermark_right_only_{how}", joined(how, RANGE, left_delay=None), SIDES, "append", STEPS)
        for how in INNERS
    ),
    *(Scenario(f"keys_only_{how}", joined(how, EQUAL), SIDES, "append", STEPS) for how in INNERS),
    *(
        Scenario(
            f"using_window_{how}",
            using("k", "w", how=how, window="10 seconds"),
            SIDES,
            "append",
            STEPS,
        )
        for how in INNERS
    ),
    *(
        Scenario(f"using_window_only_{how}", using("w", how=how, window="10 seconds"), SIDES, "append", STEPS)
        for how in ("inner", "left")
    ),
    *(Scenario(f"time_equal_{how}", time_equal(how), SIDES, "append", STEPS) for how in INNERS),
    Scenario(
        "using_window_and_time", using("k", "w", window="10 seconds", both=True), SIDES, "append", STEPS[:2]
    ),
    Scenario(
        "using_window_left_restarts",
        using("k", "w", how="left", window="10 seconds"),
        SIDES,
        "append",
        BROKEN,
        checkpoint=True,
    ),
    Scenario("using_key", using("k"), SIDES, "append", STEPS),
    Scenario("left_anti", joined("leftanti", RANGE), SIDES, "append", STEPS[:1]),
    Scenario(
        "cross",
        lambda spark, sources: sources["left"].crossJoin(sources["right"]),
        SIDES,
        "append",
        STEPS[:1],
    ),
    Scenario("not_equal", joined("inner", "l.k != r.k"), SIDES, "append", STEPS[:1]),
    Scenario(
        "range_only",
        joined("inner", "rt >= lt AND rt <= lt + INTERVAL 15 SECONDS"),
        SIDES,
        "append",
        STEPS[:1],
    ),
    Scenario("projected", projected, SIDES, "append", STEPS),
    Scenario("aggregated_sides", aggregated_sides, SIDES, "append", STEPS),
    Scenario("then_window_inner", then_window("inner"), SIDES, "append", STEPS),
    Scenario("then_window_left", then_window("left"), SIDES, "append", STEPS),
    Scenario("then_window_left_restarts", then_window("left"), SIDES, "append", BROKEN, checkpoint=True),
    Scenario("then_window_update", then_window("inner"), SIDES, "update", STEPS),
    Scenario("then_count_update", then_count, SIDES, "update", STEPS),
    Scenario("then_count_complete", then_count, SIDES, "complete", STEPS),
    Scenario("three", three, THIRD, "append", THIRD_STEPS, partitions=2),
    Scenario(
        "self_join",
        self_join,
        {"left": SIDES["left"]},
        "append",
        [step["left"] for step in STEPS if "left" in step],
    ),
    Scenario(
        "no_data_off_left",
        joined("left", RANGE),
        SIDES,
        "append",
        STEPS,
        conf={"spark.sql.streaming.noDataMicroBatches.enabled": "false"},
    ),
    Scenario(
        "policy_max_left",
        joined("left", RANGE),
        SIDES,
        "append",
        STEPS,
        conf={"spark.sql.streaming.multipleWatermarkPolicy": "max"},
    ),
]
SCENARIOS = reading_less(
    SCENARIOS,
    "range_inner",
    "range_left",
    "range_right",
    "range_leftsemi",
    "range_inner_restarts",
    "range_left_restarts",
    "range_right_restarts",
    "range_leftsemi_restarts",
    "range_inner_3",
    "range_left_3",
    "range_right_3",
    "range_leftsemi_3",
    "range_inner_update",
    "left_condition_inner",
    "left_condition_left",
    "right_condition_inner",
    "right_condition_left",
    "both_condition_inner",
    "both_condition_left",
    "two_keys_inner",
    "two_keys_range_inner",
    "two_keys_range_left",
    "both_ways_inner",
    "both_ways_left",
    "strict_inner",
    "strict_left",
    "expression_inner",
    "one_way_inner",
    "other_way_inner",
    "other_way_left",
    "left_condition_right",
    "left_condition_leftsemi",
    "right_condition_right",
    "right_condition_leftsemi",
    "both_condition_right",
    "both_condition_leftsemi",
    "no_watermark_inner",
    "no_watermark_range_inner",
    "watermark_left_only_inner",
    "watermark_left_only_right",
    "watermark_right_only_inner",
    "watermark_right_only_left",
    "watermark_right_only_leftsemi",
    "keys_only_inner",
    "using_window_inner",
    "using_window_left",
    "using_window_right",
    "using_window_leftsemi",
    "time_equal_inner",
    "time_equal_left",
    "time_equal_right",
    "time_equal_leftsemi",
    "using_window_left_restarts",
    "using_key",
    "projected",
    "aggregated_sides",
    "then_window_inner",
    "then_window_left",
    "then_window_left_restarts",
    "then_window_update",
    "then_count_update",
    "self_join",
    "no_data_off_left",
    "policy_max_left",
)
