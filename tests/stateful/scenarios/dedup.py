"""dropDuplicates with and without event time, dropDuplicatesWithinWatermark, distinct."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stateful.scenario import Build, Restart, Scenario, reading_less, rows
from stateful.scenarios.aggregation import KEYS, by, sql
from stateful.scenarios.windows import ATV, BROKEN, at

FIRST = at(("00:03", "a", 1), ("00:03", "a", 2), ("00:08", "b", 1), ("00:25", None, 1), ("00:25", None, 3))
SECOND = at(
    ("00:03", "a", 1),
    ("00:16", "a", 1),
    ("00:45", "b", 1),
    ("00:15", "c", 1),
    ("00:14.999999", "c", 2),
    (None, "x", 1),
)
LATE = at(
    ("00:16", "a", 1),
    ("00:35", "b", 5),
    ("00:36", "b", 5),
    ("00:45", "b", 1),
    (None, "x", 1),
    (None, None, None),
)
FOURTH = at(("01:30", None, 3), ("00:50", "b", 1))
LAST = at(("04:00", "a", 15), ("01:21", "d", 0))
STEPS = [FIRST, SECOND, LATE, FOURTH, [], LAST]
RESTARTS = [FIRST, Restart(), SECOND, Restart(), LATE, FOURTH, Restart(), LAST]


def dropped(*columns: str, delay: str | None = "10 seconds") -> Build:
    """dropDuplicates of columns, of all without any."""
    return _marked(
        delay, lambda frame: frame.dropDuplicates(list(columns)) if columns else frame.dropDuplicates()
    )


def within(*columns: str, delay: str | None = "10 seconds") -> Build:
    """dropDuplicatesWithinWatermark of columns, of all without any."""
    return _marked(
        delay,
        lambda frame: (
            frame.dropDuplicatesWithinWatermark(list(columns))
            if columns
            else frame.dropDuplicatesWithinWatermark()
        ),
    )


def _marked(delay: str | None, above: Callable[[DataFrame], DataFrame]) -> Build:
    return lambda spark, sources: above(
        sources["in"] if delay is None else sources["in"].withWatermark("at", delay)
    )


def counted(build: Build) -> Build:
    """A count by window above."""
    return lambda spark, sources: build(spark, sources).groupBy(F.window("at", "10 seconds"), "k").count()


def keyed(kind: str) -> Scenario:
    """dropDuplicates of a column of a type."""
    ddl, first, second = KEYS[kind]
    files = [rows("k v", *((value, number) for number, value in enumerate(part))) for part in (first, second)]
    build: Build = lambda spark, sources: sources["in"].dropDuplicates(["k"])
    return Scenario(f"key_{kind}", build, f"k {ddl}, v INT", "append", [*files, files[0]], partitions=2)


KV_FIRST = rows("v k", (1, "a"), (2, "b"), (1, "a"), (3, "a"), (None, None), (None, "a"))
KV_SECOND = rows("v k", (1, "b"), (2, "b"), (None, None), (4, "d"), (4, "d"), (None, "e"))
SCENARIOS = [
    *(
        Scenario(
            f"{name}_{mode}",
            build,
            ATV,
            mode,
            STEPS,
            checkpoint=mode == "append" and name in {"time_and_key", "within_key", "no_watermark_key"},
        )
        for mode in ("append", "update", "complete")
        for name, build in {
            "no_watermark_all": dropped(delay=None),
            "no_watermark_key": dropped("k", delay=None),
            "time_and_key": dropped("at", "k"),
            "within_key": within("k"),
        }.items()
    ),
    Scenario("all_with_time", dropped(), ATV, "append", STEPS),
    Scenario("key_without_time", dropped("k"), ATV, "append", STEPS),
    Scenario("key_then_time", dropped("k", "at"), ATV, "append", STEPS),
    Scenario("time_only", dropped("at"), ATV, "append", STEPS),
    Scenario("within_all", within(), ATV, "append", STEPS),
    Scenario("within_time", within("at"), ATV, "append", STEPS),
    Scenario("within_two", within("v", "k"), ATV, "append", STEPS, partitions=3),
    Scenario("within_no_watermark", within("k", delay=None), ATV, "append", STEPS),
    Scenario("within_restarts", within("k"), ATV, "append", RESTARTS, partitions=2),
    Scenario("within_no_delay", within("k", delay="0 seconds"), ATV, "append", STEPS),
    Scenario("within_long_delay", within("k", delay="1 minute"), ATV, "append", STEPS),
    Scenario("time_and_key_restarts", dropped("at", "k"), ATV, "append", RESTARTS, partitions=2),
    Scenario("time_and_key_3", dropped("k", "at"), ATV, "append", STEPS, partitions=3, checkpoint=True),
    Scenario(
        "time_and_key_no_data_off",
        dropped("at", "k"),
        ATV,
        "append",
        STEPS,
        conf={"spark.sql.streaming.noDataMicroBatches.enabled": "false"},
    ),
    Scenario(
        "within_key_no_data_off",
        within("k"),
        ATV,
        "append",
        STEPS,
        conf={"spark.sql.streaming.noDataMicroBatches.enabled": "false"},
    ),
    Scenario(
        "distinct",
        lambda spark, sources: sources["in"].distinct(),
        "v INT, k STRING",
        "append",
        [KV_FIRST, KV_SECOND, Restart(), KV_FIRST],
        partitions=2,
        checkpoint=True,
    ),
    Scenario(
        "distinct_update",
        lambda spark, sources: sources["in"].select("k").distinct(),
        "v INT, k STRING",
        "update",
        [KV_FIRST, KV_SECOND],
    ),
    Scenario(
        "distinct_sql", sql("SELECT DISTINCT k FROM t"), "v INT, k STRING", "append", [KV_FIRST, KV_SECOND]
    ),
    Scenario(
        "distinct_sql_update",
        sql("SELECT DISTINCT k, v FROM t"),
        "v INT, k STRING",
        "update",
        [KV_FIRST, KV_SECOND],
    ),
    Scenario(
        "distinct_sql_complete",
        sql("SELECT DISTINCT k FROM t"),
        "v INT, k STRING",
        "complete",
        [KV_FIRST, KV_SECOND],
    ),
    Scenario(
        "order_of_columns",
        lambda spark, sources: sources["in"].dropDuplicates(["v", "k"]),
        "v INT, k STRING, w INT",
        "append",
        [KV_FIRST, KV_SECOND],
        partitions=2,
    ),
    Scenario(
        "order_of_columns_turned",
        lambda spark, sources: sources["in"].dropDuplicates(["k", "v"]),
        "w INT, v INT, k STRING",
        "append",
        [KV_FIRST, KV_SECOND],
        partitions=2,
    ),
    Scenario(
        "column_twice",
        lambda spark, sources: sources["in"].dropDuplicates(["k", "k"]),
        "v INT, k STRING",
        "append",
        [KV_FIRST, KV_SECOND],
    ),
    Scenario(
        "unknown_column",
        lambda spark, sources: sources["in"].dropDuplicates(["z"]),
        "v INT, k STRING",
        "append",
        [KV_FIRST],
    ),
    Scenario(
        "first_wins",
        lambda spark, sources: sources["in"].dropDuplicates(["k"]),
        "v INT, k STRING",
        "append",
        [rows("v k", (9, "a"), (1, "a"), (5, "b"), (0, "b"), (7, "c"))],
        ordered=True,
    ),
    Scenario("then_window", counted(dropped("at", "k")), ATV, "append", STEPS, checkpoint=True),
    Scenario("then_window_update", counted(dropped("at", "k")), ATV, "update", STEPS),
    Scenario("within_then_window", counted(within("k")), ATV, "append", STEPS),
    Scenario("within_then_window_update", counted(within("k")), ATV, "update", STEPS),
    Scenario("then_window_restarts", counted(dropped("at", "k")), ATV, "append", BROKEN),
    Scenario(
        "after_count_update",
        lambda spark, sources: by("k")("count(1) AS n")(spark, sources).dropDuplicates(["n"]),
        ATV,
        "update",
        STEPS,
    ),
    Scenario(
        "after_window_append",
        lambda spark, sources: (
            sources["in"]
            .withWatermark("at", "10 seconds")
            .groupBy(F.window("at", "10 seconds"), "k")
            .count()
            .dropDuplicates(["k"])
        ),
        ATV,
        "append",
        STEPS,
    ),
    Scenario(
        "twice",
        lambda spark, sources: sources["in"].dropDuplicates(["k"]).dropDuplicates(["v"]),
        ATV,
        "append",
        STEPS,
    ),
    Scenario(
        "after_filter",
        lambda spark, sources: (
            sources["in"].filter("v > 1").select("k", (F.col("v") % 2).alias("odd")).dropDuplicates()
        ),
        ATV,
        "append",
        STEPS,
    ),
    *(keyed(kind) for kind in KEYS),
]
SCENARIOS = reading_less(
    SCENARIOS,
    "after_filter",
)
