"""Limits of streams: with state in append mode and below aggregations, without in complete mode."""

from __future__ import annotations

from pyspark.sql import functions as F

from stateful.scenario import Restart, Scenario, reading_less, rows
from stateful.scenarios.aggregation import sql
from stateful.scenarios.windows import ATV, STEPS, windowed

KV = "v INT, k STRING"
FIRST = rows("v k", (1, "a"), (2, "b"))
SECOND = rows("v k", (3, "a"), (4, "c"), (5, "d"))
THIRD = rows("v k", (6, "a"), (7, "e"))
FILES = [FIRST, SECOND, THIRD, FIRST]
BROKEN = [FIRST, Restart(), SECOND, Restart(), THIRD, Restart(), FIRST]
SCENARIOS = [
    Scenario("append", lambda spark, s: s["in"].limit(4), KV, "append", FILES, partitions=2, checkpoint=True),
    Scenario("append_restarts", lambda spark, s: s["in"].limit(4), KV, "append", BROKEN, ordered=True),
    Scenario("not_reached", lambda spark, s: s["in"].limit(100), KV, "append", FILES[:3]),
    Scenario("reached_at_once", lambda spark, s: s["in"].limit(1), KV, "append", FILES[:3]),
    Scenario("sql", sql("SELECT k, v FROM t WHERE v > 1 LIMIT 3"), KV, "append", FILES),
    Scenario("twice", lambda spark, s: s["in"].limit(5).limit(3), KV, "append", FILES),
    Scenario(
        "filter_between", lambda spark, s: s["in"].limit(5).filter("v != 3").limit(3), KV, "append", FILES
    ),
    Scenario("then_distinct", lambda spark, s: s["in"].limit(4).dropDuplicates(["k"]), KV, "append", FILES),
    Scenario("after_distinct", lambda spark, s: s["in"].dropDuplicates(["k"]).limit(3), KV, "append", FILES),
    Scenario("union", lambda spark, s: s["in"].limit(3).union(s["in"].limit(2)), KV, "append", FILES),
    Scenario("then_count", lambda spark, s: s["in"].limit(4).groupBy("k").count(), KV, "complete", FILES),
    Scenario(
        "then_count_update", lambda spark, s: s["in"].limit(4).groupBy("k").count(), KV, "update", FILES
    ),
    Scenario("of_count", lambda spark, s: s["in"].groupBy("k").count().limit(2), KV, "complete", FILES[:1]),
    Scenario(
        "of_sorted_count",
        lambda spark, s: s["in"].groupBy("k").agg(F.sum("v").alias("n")).orderBy(F.desc("n")).limit(2),
        KV,
        "complete",
        FILES,
        ordered=True,
    ),
    Scenario(
        "sorted_count",
        lambda spark, s: s["in"].groupBy("k").agg(F.sum("v").alias("n")).orderBy(F.desc("n"), "k"),
        KV,
        "complete",
        FILES,
        ordered=True,
    ),
    Scenario(
        "of_windows",
        lambda spark, s: windowed("10 seconds", keys=())(spark, s).limit(3),
        ATV,
        "append",
        STEPS,
    ),
    Scenario(
        "then_windows",
        lambda spark, s: (
            s["in"].withWatermark("at", "10 seconds").limit(5).groupBy(F.window("at", "10 seconds")).count()
        ),
        ATV,
        "append",
        STEPS,
    ),
]
SCENARIOS = reading_less(
    SCENARIOS,
    "reached_at_once",
    "sql",
    "union",
)
