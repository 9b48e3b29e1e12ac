"""What Spark refuses on streams: operators by output mode. Accepted ones run one batch."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from stateful.scenario import Restart, Scenario, Sources, reading_less, rows

SCHEMAS = {
    "in": "at TIMESTAMP, k STRING, v INT",
    "other": "at TIMESTAMP, k STRING, v INT",
    "static": "k STRING, name STRING",
}
STEP = {
    "static": rows("k name", ("a", "A")),
    "other": rows("at k v", ("2024-01-01 00:00:01", "a", 1)),
    "in": rows(
        "at k v",
        ("2024-01-01 00:00:01", "a", 1),
        ("2024-01-01 00:00:02", "b", 2),
        ("2024-01-01 00:00:02", "b", 0),
    ),
}
MODES = ("append", "update", "complete")


def late(sources: Sources, name: str = "in") -> DataFrame:
    """A source with a watermark."""
    return sources[name].withWatermark("at", "10 seconds")


def windows(sources: Sources, name: str = "in") -> DataFrame:
    """A count by window and key."""
    return late(sources, name).groupBy(F.window("at", "10 seconds"), "k").count()


def count(sources: Sources) -> DataFrame:
    """A count by key."""
    return sources["in"].groupBy("k").count()


def total(column: str) -> Column:
    """An aggregate in pandas."""

    def add(values: pd.Series) -> float:
        return float(values.sum())

    return F.pandas_udf(add, "double")(column)


def plus_one(column: Column | str) -> Column:
    """A function of a row."""
    return F.udf(lambda value: value + 1, "long")(column)


PROGRAMS: dict[str, Callable[[Sources], DataFrame]] = {
    "projection": lambda s: s["in"].select("k"),
    "count": count,
    "windows": windows,
    "windows without watermark": lambda s: s["in"].groupBy(F.window("at", "10 seconds")).count(),
    "watermark not in keys": lambda s: late(s).groupBy("k").count(),
    "order": lambda s: s["in"].orderBy("k"),
    "order of count": lambda s: count(s).orderBy("k"),
    "order below count": lambda s: s["in"].orderBy("k").groupBy("k").count(),
    "order of windows": lambda s: windows(s).orderBy("k"),
    "sort within partitions": lambda s: s["in"].sortWithinPartitions("k"),
    "limit": lambda s: s["in"].limit(2),
    "limit 0": lambda s: s["in"].limit(0),
    "limit of count": lambda s: count(s).limit(1),
    "limit of windows": lambda s: windows(s).limit(1),
    "offset": lambda s: s["in"].offset(1),
    "offset of count": lambda s: count(s).offset(1),
    "limit below count": lambda s: s["in"].limit(2).groupBy("k").count(),
    "limit twice": lambda s: s["in"].limit(3).limit(2),
    "distinct": lambda s: s["in"].distinct(),
    "dropDuplicates": lambda s: s["in"].dropDuplicates(["k"]),
    "dropDuplicates of count": lambda s: count(s).dropDuplicates(["k"]),
    "dropDuplicates below count": lambda s: s["in"].dropDuplicates(["k"]).groupBy("k").count(),
    "dropDuplicates below windows": lambda s: (
        late(s).dropDuplicates(["k", "at"]).groupBy(F.window("at", "10 seconds")).count()
    ),
    "dropDuplicatesWithinWatermark": lambda s: late(s).dropDuplicatesWithinWatermark(["k"]),
    "dropDuplicatesWithinWatermark without watermark": lambda s: s["in"].dropDuplicatesWithinWatermark(["k"]),
    "count of count": lambda s: count(s).groupBy("count").count(),
    "windows of windows": lambda s: (
        windows(s).groupBy(F.window(F.window_time("window"), "20 seconds")).agg(F.sum("count"))
    ),
    "count of windows": lambda s: windows(s).groupBy("k").agg(F.sum("count")),
    "union": lambda s: s["in"].union(s["other"]),
    "union with table": lambda s: s["in"].select("k").union(s["static"].select("k")),
    "union of count": lambda s: count(s).union(count(s)),
    "union of count and stream": lambda s: count(s).select("k").union(s["in"].select("k")),
    "intersect": lambda s: s["in"].select("k").intersect(s["other"].select("k")),
    "intersect with table": lambda s: s["in"].select("k").intersect(s["static"].select("k")),
    "except": lambda s: s["in"].select("k").subtract(s["other"].select("k")),
    "except table": lambda s: s["in"].select("k").subtract(s["static"].select("k")),
    "table except": lambda s: s["static"].select("k").subtract(s["in"].select("k")),
    "except all": lambda s: s["in"].select("k").exceptAll(s["static"].select("k")),
    "join": lambda s: s["in"].join(s["other"], "k"),
    "left join": lambda s: s["in"].join(s["other"], "k", "left"),
    "left join with watermarks": lambda s: late(s).join(late(s, "other"), ["k", "at"], "left"),
    "left join keys only": lambda s: late(s).join(late(s, "other"), "k", "left"),
    "full join": lambda s: s["in"].join(s["other"], "k", "full"),
    "full join with watermarks": lambda s: late(s).join(late(s, "other"), ["k", "at"], "full"),
    "semi join": lambda s: s["in"].join(s["other"], "k", "leftsemi"),
    "anti join": lambda s: s["in"].join(s["other"], "k", "leftanti"),
    "cross join": lambda s: s["in"].crossJoin(s["other"]),
    "join of count": lambda s: count(s).join(s["other"], "k"),
    "join of windows": lambda s: windows(s).join(windows(s, "other"), ["window", "k"]),
    "left join of windows": lambda s: windows(s).join(windows(s, "other"), ["window", "k"], "left"),
    "join of windows and stream": lambda s: windows(s).join(late(s, "other"), "k"),
    "count of join": lambda s: s["in"].join(s["other"], "k").groupBy("k").count(),
    "windows of join": lambda s: (
        late(s)
        .alias("l")
        .join(late(s, "other").alias("r"), F.expr("l.k = r.k AND l.at = r.at"))
        .groupBy(F.window("l.at", "10 seconds"))
        .count()
    ),
    "windows of left join": lambda s: (
        late(s)
        .alias("l")
        .join(
            late(s, "other").alias("r"),
            F.expr("l.k = r.k AND l.at BETWEEN r.at AND r.at + INTERVAL 1 HOUR"),
            "left",
        )
        .groupBy(F.window("l.at", "10 seconds"))
        .count()
    ),
    "join with table": lambda s: s["in"].join(s["static"], "k"),
    "left join with table": lambda s: s["in"].join(s["static"], "k", "left"),
    "right join with table": lambda s: s["in"].join(s["static"], "k", "right"),
    "full join with table": lambda s: s["in"].join(s["static"], "k", "full"),
    "semi join with table": lambda s: s["in"].join(s["static"], "k", "leftsemi"),
    "table semi join": lambda s: s["static"].join(s["in"], "k", "leftsemi"),
    "table anti join": lambda s: s["static"].join(s["in"], "k", "leftanti"),
    "join of count with table": lambda s: count(s).join(s["static"], "k"),
    "window function": lambda s: s["in"].withColumn(
        "n", F.row_number().over(Window.partitionBy("k").orderBy("at"))
    ),
    "window aggregate": lambda s: s["in"].withColumn("n", F.sum("v").over(Window.partitionBy("k"))),
    "aggregate without keys": lambda s: s["in"].agg(F.count("*")),
    "distinct aggregate": lambda s: s["in"].groupBy("k").agg(F.countDistinct("v")),
    "distinct aggregate of windows": lambda s: (
        late(s).groupBy(F.window("at", "10 seconds")).agg(F.sum_distinct("v"))
    ),
    "cube": lambda s: s["in"].cube("k").count(),
    "pivot without values": lambda s: s["in"].groupBy("k").pivot("v").count(),  # noqa: PD010
    "sample": lambda s: s["in"].sample(0.999999, seed=1).filter("k = 'nothing'"),
    "repartition": lambda s: s["in"].repartition(2, "k"),
    "coalesce": lambda s: s["in"].coalesce(1),
    "explode": lambda s: s["in"].select("k", F.explode(F.array("v", "v"))),
    "monotonically_increasing_id": lambda s: s["in"].select(F.monotonically_increasing_id()),
    "scalar subquery of table": lambda s: s["in"].filter("v > 0").withColumn("n", F.lit(1)),
    "filter on count": lambda s: count(s).filter("count > 1"),
    "select of count": lambda s: count(s).select(F.col("count") + 1),
    "withWatermark above windows": lambda s: (
        windows(s).withColumn("end", F.col("window.end")).withWatermark("end", "1 second")
    ),
    "withWatermark of text": lambda s: s["in"].withWatermark("k", "1 second"),
    "withWatermark of unknown": lambda s: s["in"].withWatermark("z", "1 second"),
    "withWatermark of window": lambda s: (
        s["in"].withColumn("w", F.window("at", "10 seconds")).withWatermark("w", "1 second")
    ),
    "withWatermark negative": lambda s: s["in"].withWatermark("at", "-1 second"),
    "withWatermark month": lambda s: s["in"].withWatermark("at", "1 month"),
    "withWatermark nonsense": lambda s: s["in"].withWatermark("at", "soon"),
    "window of text": lambda s: s["in"].groupBy(F.window("k", "10 seconds")).count(),
    "window of months": lambda s: s["in"].groupBy(F.window("at", "1 month")).count(),
    "window negative": lambda s: s["in"].groupBy(F.window("at", "-1 seconds")).count(),
    "two windows": lambda s: (
        s["in"].groupBy(F.window("at", "10 seconds"), F.window("at", "20 seconds")).count()
    ),
    "session and window": lambda s: (
        late(s).groupBy(F.window("at", "10 seconds"), F.session_window("at", "20 seconds")).count()
    ),
    "sessions": lambda s: late(s).groupBy(F.session_window("at", "10 seconds"), "k").count(),
    "sessions without watermark": lambda s: (
        s["in"].groupBy(F.session_window("at", "10 seconds"), "k").count()
    ),
    "sessions without keys": lambda s: late(s).groupBy(F.session_window("at", "10 seconds")).count(),
    "mapInPandas of count": lambda s: count(s).mapInPandas(lambda frames: frames, "k STRING, count LONG"),
    "mapInPandas": lambda s: s["in"].mapInPandas(lambda frames: frames, "at TIMESTAMP, k STRING, v INT"),
    "applyInPandas": lambda s: (
        s["in"].groupBy("k").applyInPandas(lambda frame: frame, "at TIMESTAMP, k STRING, v INT")
    ),
    "pandas aggregate": lambda s: s["in"].groupBy("k").agg(total("v")),
    "pandas aggregate of windows": lambda s: late(s).groupBy(F.window("at", "10 seconds")).agg(total("v")),
    "python function above count": lambda s: count(s).select(plus_one("count")),
    "python function as key": lambda s: (
        s["in"].groupBy(plus_one(F.col("v").cast("long")).alias("key")).count()
    ),
    "cogroup": lambda s: (
        s["in"]
        .groupBy("k")
        .cogroup(s["other"].groupBy("k"))
        .applyInPandas(lambda one, two: one, "at TIMESTAMP, k STRING, v INT")
    ),
}


def scenario(name: str, program: Callable[[Sources], DataFrame], mode: str) -> Scenario:
    """A program in a mode, one batch."""
    return Scenario(
        f"{name}, {mode}", lambda spark, sources: program(sources), SCHEMAS, mode, [STEP], state_rows=False
    )


SCENARIOS = [
    *(scenario(name, program, mode) for name, program in PROGRAMS.items() for mode in MODES),
    Scenario(
        "correctness check off",
        lambda spark, sources: count(sources).groupBy("count").count(),
        SCHEMAS,
        "update",
        [STEP],
        conf={"spark.sql.streaming.statefulOperator.checkCorrectness.enabled": "false"},
    ),
    Scenario(
        "unsupported check off",
        lambda spark, sources: count(sources),
        SCHEMAS,
        "append",
        [STEP],
        conf={"spark.sql.streaming.unsupportedOperationCheck": "false"},
    ),
    Scenario("unknown mode", lambda spark, sources: count(sources), SCHEMAS, "sometimes", [STEP]),
    Scenario(
        "limit over batches",
        lambda spark, sources: sources["in"].limit(4),
        {"in": SCHEMAS["in"]},
        "append",
        [STEP["in"], STEP["in"], STEP["in"]],
    ),
    Scenario(
        "limit over batches and restarts",
        lambda spark, sources: sources["in"].limit(4),
        {"in": SCHEMAS["in"]},
        "append",
        [STEP["in"], Restart(), STEP["in"], Restart(), STEP["in"]],
        partitions=2,
    ),
    Scenario(
        "limit then filter",
        lambda spark, sources: sources["in"].limit(4).filter("v > 0"),
        {"in": SCHEMAS["in"]},
        "append",
        [STEP["in"]] * 3,
    ),
    Scenario(
        "filter then limit",
        lambda spark, sources: sources["in"].filter("v > 0").limit(3),
        {"in": SCHEMAS["in"]},
        "append",
        [STEP["in"]] * 3,
    ),
]
SCENARIOS = reading_less(
    SCENARIOS,
    "limit, append",
    "limit below count, complete",
    "limit twice, append",
    "scalar subquery of table, append",
    "scalar subquery of table, update",
    "filter then limit",
)
