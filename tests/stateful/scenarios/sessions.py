"""session_window(): merging, gaps, late rows, when sessions are emitted."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stateful.scenario import Build, Restart, Scenario, Sources, reading_less, rows
from stateful.scenarios.windows import ATV, at

FIRST = at(("00:03", "a", 1), ("00:08", "a", 2), ("00:09", "b", 3), ("00:25", "a", 4), ("00:30", None, 5))
MERGE = at(
    ("00:12", "a", 6), ("00:17", "a", 7), ("00:21", "a", 8), ("00:24", "b", 9), ("00:34.999999", None, 10)
)
LATE = at(("00:03", "a", 11), ("00:15", "b", 12), ("00:20", "c", 13), ("01:00", "c", 14), (None, "a", 15))
FOURTH = at(("01:04", "c", 16), ("01:10", "c", 17), ("00:56", "a", 18), ("00:45", "a", 19))
LAST = at(("10:00", "a", 20), ("09:56", "a", 21))
END = at(("20:00", "z", 22))
STEPS = [FIRST, MERGE, LATE, FOURTH, [], LAST, END]
BROKEN = [FIRST, Restart(), MERGE, Restart(), LATE, FOURTH, Restart(), LAST, Restart(), END]
ALL = "count(1) AS n;sum(v) AS s;min(at) AS first;max(at) AS last"


def sessions(
    gap: str = "5 seconds",
    delay: str | None = "10 seconds",
    keys: tuple[str, ...] = ("k",),
    aggregates: str = ALL,
) -> Build:
    """Aggregates by session and keys."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        frame = sources["in"] if delay is None else sources["in"].withWatermark("at", delay)
        return frame.groupBy(F.session_window("at", gap), *keys).agg(*map(F.expr, aggregates.split(";")))

    return build


def dynamic(spark: SparkSession, sources: Sources) -> DataFrame:
    """The gap depends on the row; where it is not positive, the row is left out."""
    gap = F.expr(
        "CASE WHEN k = 'a' THEN '5 seconds' WHEN k = 'b' THEN '20 seconds' WHEN v % 2 = 0 THEN '0 seconds' ELSE '8 seconds' END"
    )
    return (
        sources["in"]
        .withWatermark("at", "10 seconds")
        .groupBy("k", F.session_window("at", gap))
        .agg(F.count("*").alias("n"), F.sum("v").alias("s"))
    )


def parts(spark: SparkSession, sources: Sources) -> DataFrame:
    """Start and end as columns, a filter above."""
    return (
        sessions()(spark, sources)
        .select("session_window.start", "session_window.end", "k", "n")
        .filter("n > 1")
    )


def then_window(spark: SparkSession, sources: Sources) -> DataFrame:
    """A window of sessions."""
    found = sessions(aggregates="count(1) AS n")(spark, sources)
    return found.groupBy(F.window(F.window_time("session_window"), "30 seconds")).agg(
        F.sum("n").alias("n"), F.count("*").alias("sessions")
    )


def key_first(spark: SparkSession, sources: Sources) -> DataFrame:
    """The session is the last of the keys."""
    return (
        sources["in"]
        .withWatermark("at", "10 seconds")
        .groupBy("k", (F.col("v") % 2).alias("odd"), F.session_window("at", "5 seconds"))
        .count()
    )


LOCAL = {"spark.sql.streaming.sessionWindow.merge.sessions.in.local.partition": "true"}
SCENARIOS = [
    *(
        Scenario(f"fixed_{mode}", sessions(), ATV, mode, STEPS, checkpoint=mode == "append")
        for mode in ("append", "complete", "update")
    ),
    *(Scenario(f"fixed_{mode}_restarts", sessions(), ATV, mode, BROKEN) for mode in ("append", "complete")),
    Scenario("fixed_append_3", sessions(), ATV, "append", STEPS, partitions=3, checkpoint=True),
    Scenario("fixed_complete_3", sessions(), ATV, "complete", STEPS, partitions=3),
    *(Scenario(f"no_keys_{mode}", sessions(keys=()), ATV, mode, STEPS) for mode in ("append", "complete")),
    *(
        Scenario(f"no_watermark_{mode}", sessions(delay=None), ATV, mode, STEPS)
        for mode in ("append", "complete")
    ),
    *(
        Scenario(f"dynamic_{mode}", dynamic, ATV, mode, STEPS, checkpoint=mode == "append")
        for mode in ("append", "complete")
    ),
    Scenario("dynamic_restarts", dynamic, ATV, "append", BROKEN, partitions=2),
    Scenario(
        "two_keys", sessions(keys=("k", "v"), aggregates="count(1) AS n"), ATV, "append", STEPS, partitions=2
    ),
    Scenario("key_first", key_first, ATV, "append", STEPS, partitions=2, checkpoint=True),
    Scenario("no_delay", sessions(delay="0 seconds"), ATV, "append", STEPS),
    Scenario("long_gap", sessions(gap="1 minute"), ATV, "append", STEPS),
    Scenario("month_gap", sessions(gap="1 month"), ATV, "append", STEPS),
    Scenario("zero_gap", sessions(gap="0 seconds"), ATV, "append", STEPS[:1]),
    Scenario(
        "other_aggregates",
        sessions(
            aggregates="avg(v) AS a;collect_list(v) AS vs;max_by(v, at) AS m;first(v) AS f;approx_count_distinct(v) AS c;stddev(v) AS d"
        ),
        ATV,
        "append",
        STEPS,
        checkpoint=True,
    ),
    Scenario("distinct_aggregate", sessions(aggregates="count(DISTINCT v) AS n"), ATV, "append", STEPS),
    Scenario("parts", parts, ATV, "append", STEPS),
    Scenario("then_window", then_window, ATV, "append", STEPS),
    Scenario(
        "no_data_off",
        sessions(),
        ATV,
        "append",
        STEPS,
        conf={"spark.sql.streaming.noDataMicroBatches.enabled": "false"},
    ),
    Scenario("merged_locally", sessions(), ATV, "append", STEPS, conf=LOCAL, partitions=2),
    Scenario("merged_locally_complete", sessions(), ATV, "complete", STEPS, conf=LOCAL),
    Scenario(
        "equal_times",
        sessions(),
        ATV,
        "append",
        [at(("00:03", "a", 1), ("00:03", "a", 2)), at(("00:03", "a", 3), ("00:08", "a", 4)), END, END],
    ),
    Scenario(
        "bridge",
        sessions(),
        ATV,
        "append",
        [at(("00:10", "a", 1), ("00:18", "a", 2)), at(("00:14", "a", 3)), END],
        partitions=1,
    ),
    Scenario(
        "late_but_in_open_session",
        sessions(delay="3 seconds"),
        ATV,
        "append",
        [
            at(("00:10", "a", 1), ("00:14", "a", 2)),
            at(("00:08", "a", 3), ("00:11", "a", 4), ("00:05", "a", 5)),
            END,
        ],
    ),
    Scenario(
        "without_zone",
        lambda spark, sources: (
            sources["in"]
            .withWatermark("at", "10 seconds")
            .groupBy(F.session_window("at", "5 seconds"))
            .count()
        ),
        "at TIMESTAMP_NTZ, k STRING",
        "append",
        [rows("at k", ("2024-01-01T00:00:01", "a")), rows("at k", ("2024-01-01T01:00:01", "a"))],
    ),
]
SCENARIOS = reading_less(
    SCENARIOS,
    "no_watermark_complete",
)
