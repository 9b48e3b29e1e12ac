"""Event time: columns that carry it, chains of operators, DISTINCT and unions above it."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stateful.scenario import Build, Restart, Scenario, Sources, reading_less, rows
from stateful.scenarios.aggregation import sql
from stateful.scenarios.windows import ATV, BROKEN, STEPS

UNCHECKED = {"spark.sql.streaming.statefulOperator.checkCorrectness.enabled": "false"}
NO_DATA_OFF = {"spark.sql.streaming.noDataMicroBatches.enabled": "false"}


def marked(sources: Sources, delay: str = "10 seconds") -> DataFrame:
    """The source with a watermark."""
    return sources["in"].withWatermark("at", delay)


def watermark_of_window(spark: SparkSession, sources: Sources) -> DataFrame:
    """The watermark is on a window, whose end counts."""
    frame = sources["in"].withColumn("w", F.window("at", "10 seconds")).withWatermark("w", "10 seconds")
    return frame.groupBy("w").count()


def dedup_by_window(spark: SparkSession, sources: Sources) -> DataFrame:
    """A window among the keys of dropDuplicates."""
    frame = marked(sources).withColumn("w", F.window("at", "10 seconds"))
    return frame.select("w", "k").dropDuplicates(["w", "k"])


def three_windows(spark: SparkSession, sources: Sources) -> DataFrame:
    """Windows of windows of windows."""
    found = marked(sources).groupBy(F.window("at", "5 seconds")).agg(F.count("*").alias("n"))
    found = found.groupBy(F.window("window", "10 seconds")).agg(F.sum("n").alias("n"))
    return found.groupBy(F.window("window", "30 seconds")).agg(F.sum("n").alias("n"))


def dedup_then_two_windows(spark: SparkSession, sources: Sources) -> DataFrame:
    """Deduplication, then windows of windows."""
    found = marked(sources).dropDuplicates(["k", "at"]).groupBy(F.window("at", "10 seconds"), "k").count()
    return found.groupBy(F.window("window", "20 seconds")).agg(F.sum("count").alias("n"))


def windows_then_dedup(spark: SparkSession, sources: Sources) -> DataFrame:
    """Deduplication within the watermark above windows."""
    found = marked(sources).groupBy(F.window("at", "10 seconds"), "k").count()
    return found.dropDuplicatesWithinWatermark(["k"])


def sliding_of_windows(spark: SparkSession, sources: Sources) -> DataFrame:
    """Sliding windows with an offset over windows."""
    found = marked(sources).groupBy(F.window("at", "10 seconds"), "k").count()
    return found.groupBy(F.window("window", "30 seconds", "15 seconds", "5 seconds"), "k").agg(
        F.sum("count").alias("n")
    )


def unread(sources: Sources) -> DataFrame:
    """Windows with an aggregate that nobody above reads."""
    return (
        marked(sources)
        .groupBy(F.window("at", "10 seconds"), "k")
        .agg(F.count("*").alias("n"), F.collect_list("v").alias("unread"))
    )


def unread_by_windows(spark: SparkSession, sources: Sources) -> DataFrame:
    """Nor by windows of windows."""
    return unread(sources).groupBy(F.window("window", "30 seconds")).agg(F.sum("n").alias("n"))


def unread_by_sliding_windows(spark: SparkSession, sources: Sources) -> DataFrame:
    """Nor by sliding ones, for which rows are copied."""
    found = unread(sources).filter("n > 0").groupBy(F.window("window", "30 seconds", "15 seconds"))
    return found.agg(F.sum("n").alias("n"))


def unread_by_join(spark: SparkSession, sources: Sources) -> DataFrame:
    """Nor above a join of the windows."""
    other = (
        marked(sources)
        .groupBy(F.window("at", "10 seconds").alias("w"))
        .agg(F.max("v").alias("most"), F.min("v"))
    )
    joined = unread(sources).alias("l").join(other.alias("r"), F.expr("l.window = r.w"), "left_outer")
    return joined.select("window", "k", "n", "most")


def lost_watermark(spark: SparkSession, sources: Sources) -> DataFrame:
    """Start of the window instead of the window: no event time any more."""
    found = marked(sources).groupBy(F.window("at", "10 seconds"), "k").count()
    return found.select(F.col("window.start").alias("start"), "count").groupBy("start").count()


def two_event_times(spark: SparkSession, sources: Sources) -> DataFrame:
    """The event time twice under two names."""
    return marked(sources).select("at", F.col("at").alias("same"), "k").dropDuplicates(["k"])


def stateless(spark: SparkSession, sources: Sources) -> DataFrame:
    """Only a watermark."""
    return marked(sources).select("at", "v")


def expression_key(spark: SparkSession, sources: Sources) -> DataFrame:
    """A key computed from the event time."""
    return marked(sources).groupBy(F.date_trunc("minute", "at").alias("minute")).count()


def distinct(spark: SparkSession, sources: Sources) -> DataFrame:
    """SELECT DISTINCT with an event time."""
    marked(sources).createOrReplaceTempView("t")
    return spark.sql("SELECT DISTINCT at, k FROM t")


def redefined(spark: SparkSession, sources: Sources) -> DataFrame:
    """A second watermark between two aggregations."""
    found = marked(sources).groupBy(F.window("at", "10 seconds"), "k").count()
    found = found.withColumn("end", F.window_time("window")).withWatermark("end", "20 seconds")
    return found.groupBy(F.window("end", "30 seconds")).agg(F.sum("count").alias("n"))


def without_zone(build: Build) -> Scenario:
    """A program over times without a zone."""
    return Scenario(
        "dedup_without_zone",
        build,
        "at TIMESTAMP_NTZ, k STRING",
        "append",
        [
            rows("at k", ("2024-01-01T00:00:01", "a"), ("2024-01-01T00:00:01", "a"), (None, "a")),
            rows("at k", ("2024-01-01T00:00:01", "a"), ("2024-01-01T01:00:01", "a"), (None, "a")),
            rows("at k", ("2024-01-01T00:00:01", "a"), ("2024-01-01T01:00:01", "a"), (None, "a")),
        ],
    )


SCENARIOS = [
    *(
        Scenario(f"watermark_of_window_{mode}", watermark_of_window, ATV, mode, STEPS)
        for mode in ("append", "update")
    ),
    Scenario("dedup_by_window", dedup_by_window, ATV, "append", STEPS),
    Scenario("three_windows", three_windows, ATV, "append", STEPS),
    Scenario("unread_by_windows", unread_by_windows, ATV, "append", STEPS),
    Scenario("unread_by_sliding_windows", unread_by_sliding_windows, ATV, "append", STEPS),
    Scenario("unread_by_join", unread_by_join, ATV, "append", STEPS),
    Scenario("three_windows_restarts", three_windows, ATV, "append", BROKEN),
    Scenario("three_windows_no_data_off", three_windows, ATV, "append", STEPS, conf=NO_DATA_OFF),
    Scenario("dedup_then_two_windows", dedup_then_two_windows, ATV, "append", STEPS, checkpoint=True),
    Scenario("windows_then_dedup", windows_then_dedup, ATV, "append", STEPS),
    Scenario("sliding_of_windows", sliding_of_windows, ATV, "append", STEPS),
    Scenario("sliding_of_windows_unchecked", sliding_of_windows, ATV, "update", STEPS, conf=UNCHECKED),
    Scenario("lost_watermark", lost_watermark, ATV, "append", STEPS),
    Scenario("two_event_times", two_event_times, ATV, "append", STEPS),
    Scenario("stateless", stateless, ATV, "append", [*STEPS[:2], Restart(), *STEPS[2:]]),
    Scenario("stateless_update", stateless, ATV, "update", STEPS),
    Scenario("expression_key", expression_key, ATV, "append", STEPS),
    Scenario("expression_key_update", expression_key, ATV, "update", STEPS),
    *(Scenario(f"distinct_{mode}", distinct, ATV, mode, STEPS) for mode in ("append", "update", "complete")),
    Scenario("redefined", redefined, ATV, "append", STEPS),
    *(
        Scenario(
            f"union_distinct_{mode}",
            sql("SELECT k FROM t UNION SELECT concat(k, 'x') FROM t"),
            ATV,
            mode,
            STEPS[:3],
        )
        for mode in ("append", "update", "complete")
    ),
    without_zone(lambda spark, s: s["in"].withWatermark("at", "10 seconds").dropDuplicates(["at", "k"])),
    Scenario(
        "dedup_key_order_of_old",
        lambda spark, s: s["in"].dropDuplicates(["v", "k", "at"]),
        ATV,
        "append",
        STEPS[:2],
        conf={"spark.sql.dropDuplicates.deterministicKeyOrder.enabled": "false"},
    ),
    Scenario(
        "dedup_key_order_of_old_many",
        lambda spark, s: (
            s["in"]
            .withColumn("w", F.lit(1))
            .withColumn("x", F.lit(2))
            .dropDuplicates(["v", "k", "at", "x", "w"])
        ),
        ATV,
        "append",
        STEPS[:2],
        conf={"spark.sql.dropDuplicates.deterministicKeyOrder.enabled": "false"},
    ),
]
SCENARIOS = reading_less(
    SCENARIOS,
    "watermark_of_window_append",
    "watermark_of_window_update",
)
