"""rollup, cube and grouping sets over windows of a stream."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stateful.scenario import Build, Scenario, Sources, rows

ATV = "at TIMESTAMP, k STRING, v INT"
STEPS = [
    rows("at k v", ("2024-01-01 00:00:03", "a", 1), ("2024-01-01 00:00:08", "b", 2)),
    rows("at k v", ("2024-01-01 00:00:25", "a", 3), ("2024-01-01 00:00:04", "a", 4)),
    rows("at k v", ("2024-01-01 00:00:02", "a", 5), ("2024-01-01 00:01:00", "b", 6)),
]


def grouped(kind: str, *window: str) -> Build:
    """Counts by a grouping of the window and the key."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        frame = sources["in"].withWatermark("at", "10 seconds")
        by = {"rollup": frame.rollup, "cube": frame.cube}[kind]
        return by(F.window("at", *window), "k").agg(F.count("*").alias("n"), F.sum("v").alias("s"))

    return build


def in_sql(spark: SparkSession, sources: Sources) -> DataFrame:
    """Sets that all hold the window."""
    sources["in"].withWatermark("at", "10 seconds").createOrReplaceTempView("events")
    window = "window(at, '10 seconds')"
    return spark.sql(
        f"SELECT {window} AS w, k, count(*) AS n, grouping_id() AS g FROM events GROUP BY GROUPING SETS (({window}, k), ({window}))"
    )


SCENARIOS = [
    *(
        Scenario(f"{kind}, {mode}", grouped(kind, "10 seconds"), ATV, mode, STEPS)
        for kind in ("rollup", "cube")
        for mode in ("append", "update", "complete")
    ),
    Scenario(
        "rollup of sliding windows, append",
        grouped("rollup", "10 seconds", "5 seconds"),
        ATV,
        "append",
        STEPS,
    ),
    Scenario("grouping sets in SQL, append", in_sql, ATV, "append", STEPS),
]
