"""window() and watermarks: which windows, when they are emitted, what is late, batches without data."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stateful.scenario import Build, Restart, Scenario, Sources, reading_less, rows

ATV = "at TIMESTAMP, k STRING, v INT"


def at(*values: Any) -> list[dict[str, Any]]:
    """Rows at minute:second of an hour, with key and value."""
    return rows(
        "at k v", *((f"2024-01-01 00:{when}" if when else None, key, number) for when, key, number in values)
    )


def windowed(
    *window: str,
    delay: str | None = "10 seconds",
    keys: tuple[str, ...] = ("k",),
    aggregates: str = "count(1) AS n;sum(v) AS s",
) -> Build:
    """A count and a sum by window and keys."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        frame = sources["in"] if delay is None else sources["in"].withWatermark("at", delay)
        return frame.groupBy(F.window("at", *window), *keys).agg(*map(F.expr, aggregates.split(";")))

    return build


# Watermarks after the files with a delay of 10 s: 00:15, 00:35, 00:35 (late rows), 01:20, 03:50.
FIRST = at(("00:03", "a", 1), ("00:08", "b", 2), ("00:25", "a", 3))
SECOND = at(("00:12", "a", 4), ("00:45", "b", 5), ("00:14.999999", "a", 6), ("00:04", "a", 7))
LATE = at(("00:03", "a", 8), ("00:29.999", "b", 9), ("00:30", "a", 10), ("00:40", "a", 11), (None, "a", 12))
FOURTH = at(("01:30", None, 13), ("00:35", "b", 14))
LAST = at(("04:00", "a", 15))
LATE_TWICE = at(("00:03", "a", 8), ("00:04", "a", 8), ("00:05", "a", 8), ("00:04", "b", 8), ("00:50", "a", 8))
STEPS = [FIRST, SECOND, LATE, FOURTH, [], LAST]
BROKEN = [FIRST, Restart(), SECOND, Restart(), LATE, Restart(), FOURTH, Restart(), LAST, Restart()]


def by_time(spark: SparkSession, sources: Sources) -> DataFrame:
    """The event time itself is the key."""
    return sources["in"].withWatermark("at", "10 seconds").groupBy("at", "k").count()


def window_of_parts(spark: SparkSession, sources: Sources) -> DataFrame:
    """Start and end of the window as columns, a filter above."""
    counted = (
        sources["in"]
        .withWatermark("at", "10 seconds")
        .groupBy(F.window("at", "10 seconds").alias("w"), "k")
        .count()
    )
    return counted.select(F.col("w.start"), F.col("w.end"), "k", "count").filter("count > 0")


def key_first(spark: SparkSession, sources: Sources) -> DataFrame:
    """The window is not the first key."""
    return (
        sources["in"]
        .withWatermark("at", "10 seconds")
        .groupBy("k", F.window("at", "10 seconds"))
        .agg(F.max("v").alias("m"))
    )


def window_before(spark: SparkSession, sources: Sources) -> DataFrame:
    """The window is a column first and a key then."""
    return (
        sources["in"]
        .withWatermark("at", "10 seconds")
        .withColumn("w", F.window("at", "10 seconds"))
        .groupBy("w")
        .count()
    )


def watermark_after_filter(spark: SparkSession, sources: Sources) -> DataFrame:
    """Rows that are filtered away before do not move the watermark."""
    return (
        sources["in"]
        .filter("k = 'a'")
        .withWatermark("at", "10 seconds")
        .groupBy(F.window("at", "10 seconds"))
        .count()
    )


def watermark_before_filter(spark: SparkSession, sources: Sources) -> DataFrame:
    """Rows that are filtered away after."""
    return (
        sources["in"]
        .withWatermark("at", "10 seconds")
        .filter("k = 'a'")
        .groupBy(F.window("at", "10 seconds"))
        .count()
    )


def watermark_of_expression(spark: SparkSession, sources: Sources) -> DataFrame:
    """Event time from a text."""
    read = sources["in"].select(F.to_timestamp("text").alias("at"), "v")
    return read.withWatermark("at", "10 seconds").groupBy(F.window("at", "10 seconds")).agg(F.sum("v"))


def watermark_on_window(spark: SparkSession, sources: Sources) -> DataFrame:
    """Only an aggregate uses the event time; the keys do not."""
    return sources["in"].withWatermark("at", "10 seconds").groupBy("k").agg(F.max("at").alias("last"))


def window_time(spark: SparkSession, sources: Sources) -> DataFrame:
    """window_time of the window above the aggregation."""
    counted = (
        sources["in"].withWatermark("at", "10 seconds").groupBy(F.window("at", "10 seconds"), "k").count()
    )
    return counted.select(F.window_time("window").alias("t"), "k", "count")


def two_windows(spark: SparkSession, sources: Sources) -> DataFrame:
    """A window of windows."""
    counted = (
        sources["in"]
        .withWatermark("at", "10 seconds")
        .groupBy(F.window("at", "10 seconds"), "k")
        .agg(F.count("*").alias("n"))
    )
    return counted.groupBy(F.window(F.window_time("window"), "30 seconds")).agg(
        F.sum("n").alias("n"), F.count("*").alias("keys")
    )


def two_windows_struct(spark: SparkSession, sources: Sources) -> DataFrame:
    """A window of a window column."""
    counted = (
        sources["in"]
        .withWatermark("at", "10 seconds")
        .groupBy(F.window("at", "10 seconds"), "k")
        .agg(F.count("*").alias("n"))
    )
    return counted.groupBy(F.window("window", "30 seconds")).agg(F.sum("n").alias("n"))


def dates(spark: SparkSession, sources: Sources) -> DataFrame:
    """Windows of days over a column without time zone."""
    return sources["in"].withWatermark("at", "1 day").groupBy(F.window("at", "1 day"), "k").count()


DAYS = [
    rows("at k", ("2024-01-01T10:00:00", "a"), ("2024-01-02T00:00:00", "b")),
    rows("at k", ("2024-01-05T00:00:00", "a")),
    rows("at k", ("2024-01-01T00:00:00", "a")),
]
SCENARIOS = [
    *(
        Scenario(f"tumbling_{mode}", windowed("10 seconds"), ATV, mode, STEPS, checkpoint=True)
        for mode in ("append", "update", "complete")
    ),
    *(
        Scenario(f"tumbling_{mode}_restarts", windowed("10 seconds"), ATV, mode, BROKEN)
        for mode in ("append", "update", "complete")
    ),
    *(
        Scenario(
            f"tumbling_{mode}_3",
            windowed("10 seconds"),
            ATV,
            mode,
            STEPS,
            partitions=3,
            checkpoint=mode == "append",
        )
        for mode in ("append", "update")
    ),
    *(
        Scenario(f"no_watermark_{mode}", windowed("10 seconds", delay=None), ATV, mode, STEPS)
        for mode in ("append", "update", "complete")
    ),
    *(
        Scenario(
            f"sliding_{mode}",
            windowed("10 seconds", "5 seconds"),
            ATV,
            mode,
            STEPS,
            checkpoint=mode == "append",
        )
        for mode in ("append", "update", "complete")
    ),
    Scenario("sliding_uneven", windowed("10 seconds", "4 seconds", keys=()), ATV, "update", STEPS),
    Scenario("sliding_slide_longer", windowed("5 seconds", "10 seconds"), ATV, "append", STEPS),
    Scenario("start_offset", windowed("10 seconds", "10 seconds", "3 seconds"), ATV, "append", STEPS),
    Scenario(
        "start_offset_negative", windowed("10 seconds", "10 seconds", "-3 seconds"), ATV, "append", STEPS
    ),
    Scenario("start_offset_long", windowed("10 seconds", "5 seconds", "6 seconds"), ATV, "append", STEPS),
    Scenario("no_keys", windowed("10 seconds", keys=()), ATV, "append", STEPS, checkpoint=True),
    Scenario(
        "two_keys",
        windowed("10 seconds", keys=("k", "v"), aggregates="count(1) AS n"),
        ATV,
        "append",
        STEPS,
        partitions=2,
    ),
    Scenario(
        "avg_min_max",
        windowed("10 seconds", aggregates="avg(v) AS a;min(at) AS first;max(at) AS last;count(v) AS n"),
        ATV,
        "append",
        STEPS,
    ),
    Scenario("no_delay", windowed("10 seconds", delay="0 seconds"), ATV, "append", STEPS),
    Scenario("long_delay", windowed("10 seconds", delay="1 minute 5 seconds"), ATV, "append", STEPS),
    Scenario(
        "no_data_batches_off",
        windowed("10 seconds"),
        ATV,
        "append",
        STEPS,
        conf={"spark.sql.streaming.noDataMicroBatches.enabled": "false"},
    ),
    Scenario(
        "no_data_batches_off_update",
        windowed("10 seconds"),
        ATV,
        "update",
        STEPS,
        conf={"spark.sql.streaming.noDataMicroBatches.enabled": "false"},
    ),
    Scenario("event_time_key_append", by_time, ATV, "append", STEPS),
    Scenario("event_time_key_update", by_time, ATV, "update", STEPS),
    Scenario("parts", window_of_parts, ATV, "append", STEPS),
    Scenario("parts_complete", window_of_parts, ATV, "complete", STEPS),
    Scenario("window_second", key_first, ATV, "append", STEPS, partitions=2, checkpoint=True),
    Scenario("window_column", window_before, ATV, "append", STEPS),
    Scenario("watermark_after_filter", watermark_after_filter, ATV, "append", STEPS),
    Scenario("watermark_before_filter", watermark_before_filter, ATV, "append", STEPS),
    Scenario(
        "watermark_of_expression",
        watermark_of_expression,
        "text STRING, v INT",
        "append",
        [rows("text v", ("2024-01-01 00:00:01", 1), (None, 2)), rows("text v", ("2024-01-01 00:01:00", 3))],
    ),
    Scenario("watermark_unused_update", watermark_on_window, ATV, "update", STEPS),
    Scenario("watermark_unused_append", watermark_on_window, ATV, "append", STEPS),
    Scenario("window_time", window_time, ATV, "append", STEPS),
    Scenario("two_windows_append", two_windows, ATV, "append", STEPS, checkpoint=True),
    Scenario("two_windows_append_restarts", two_windows, ATV, "append", BROKEN),
    Scenario("two_windows_update", two_windows, ATV, "update", STEPS),
    Scenario("two_windows_complete", two_windows, ATV, "complete", STEPS),
    Scenario("two_windows_struct", two_windows_struct, ATV, "append", STEPS),
    Scenario("days_without_zone", dates, "at TIMESTAMP_NTZ, k STRING", "append", DAYS),
    Scenario("days", dates, "at TIMESTAMP, k STRING", "append", DAYS),
    Scenario(
        "days_in_kyiv",
        dates,
        "at TIMESTAMP, k STRING",
        "append",
        DAYS,
        conf={"spark.sql.session.timeZone": "Europe/Kyiv"},
    ),
    Scenario(
        "before_1970",
        windowed("10 seconds", keys=()),
        ATV,
        "update",
        [rows("at k v", ("1969-12-31 23:59:55", "a", 1), ("1969-12-31 23:59:40", "b", 1))],
    ),
    Scenario("null_time_only", windowed("10 seconds"), ATV, "append", [at((None, "a", 1)), FIRST]),
    Scenario("late_after_restart", windowed("10 seconds"), ATV, "append", [FIRST, SECOND, Restart(), LATE]),
    Scenario(
        "late_rows_of_one_group",
        windowed("10 seconds"),
        ATV,
        "append",
        [FIRST, SECOND, LATE_TWICE],
        partitions=2,
    ),
    Scenario(
        "late_rows_of_one_group_update",
        windowed("10 seconds", "5 seconds"),
        ATV,
        "update",
        [FIRST, SECOND, LATE_TWICE],
    ),
    Scenario("late_in_first_batch", windowed("10 seconds"), ATV, "append", [FIRST + LAST]),
    Scenario(
        "restart_before_late",
        windowed("10 seconds"),
        ATV,
        "append",
        [
            FIRST,
            Restart(),
            at(("00:03", "a", 8), ("00:40", "a", 8)),
            Restart(),
            at(("00:12", "a", 8), ("00:01", "a", 8)),
        ],
    ),
    Scenario(
        "watermark_goes_back",
        windowed("10 seconds"),
        ATV,
        "append",
        [LAST, Restart(windowed("10 seconds", delay="10 minutes")), FIRST, at(("20:00", "a", 1))],
    ),
    Scenario(
        "window_in_sql",
        lambda spark, sources: (
            sources["in"].withWatermark("at", "10 seconds").createOrReplaceTempView("t"),
            spark.sql("SELECT window.start, k, count(*) AS n FROM t GROUP BY window(at, '10 seconds'), k"),
        )[1],
        ATV,
        "append",
        STEPS,
    ),
]
SCENARIOS = reading_less(
    SCENARIOS,
    "no_watermark_update",
    "no_watermark_complete",
    "watermark_after_filter",
    "watermark_before_filter",
)
