"""A program that is not the one that has begun the checkpoint: what goes on, with which result, and what is refused.

Each scenario runs one program for two files, and another one on the same checkpoint for two more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stateful.scenario import Build, Restart, Scenario, reading_less, rows
from stateful.scenarios.aggregation import KV, by
from stateful.scenarios.dedup import dropped, within
from stateful.scenarios.joins import RANGE, SIDES, joined, left, right
from stateful.scenarios.windows import ATV, at, windowed

KEYED = [
    rows("k v", ("a", 1), ("b", 2), (None, 3)),
    rows("k v", ("a", 5), ("c", None)),
    rows("k v", ("a", 7), ("b", -2)),
    rows("k v", ("c", 1), ("d", 4)),
]
TIMED = [
    at(("00:03", "a", 1), ("00:08", "b", 2), ("00:25", "a", 3)),
    at(("00:12", "a", 4), ("00:45", "b", 5)),
    at(("00:36", "a", 6), ("01:30", "b", 7)),
    at(("01:25", "c", 8), ("04:00", "a", 9)),
]
JOINED: list[Any] = [
    {"left": left(("a", "00:10", 1), ("b", "00:12", 2)), "right": right(("a", "00:11", 10))},
    {"left": left(("c", "00:30", 3))},
    {"right": right(("c", "00:35", 30), ("b", "00:20", 20))},
    {"left": left(("d", "02:00", 4)), "right": right(("d", "02:10", 40))},
]
TWO = {"in": KV, "more": KV}
BOTH: list[Any] = [
    {"in": rows("k v", ("a", 1)), "more": rows("k v", ("b", 2))},
    {"in": rows("k v", ("a", 3)), "more": rows("k v", ("b", 4))},
    {"in": rows("k v", ("c", 5)), "more": rows("k v", ("d", 6))},
    {"in": rows("k v", ("a", 7)), "more": rows("k v", ("a", 8))},
]


def changed(
    name: str,
    before: Build,
    after: Restart,
    steps: list[Any],
    *,
    schema: str | Mapping[str, str] = KV,
    mode: str = "update",
    **more: Any,
) -> Scenario:
    """Half of the steps with one program, the rest with another one."""
    return Scenario(name, before, schema, mode, [*steps[:2], after, *steps[2:]], **more)


def frame(change: Callable[[DataFrame], DataFrame]) -> Build:
    """A program over the only source."""
    return lambda spark, sources: change(sources["in"])


def sessions(gap: str) -> Build:
    """A count of sessions by key."""
    return frame(
        lambda f: (
            f.withWatermark("at", "10 seconds")
            .groupBy(F.session_window("at", gap), "k")
            .agg(F.expr("count(1) AS n"))
        )
    )


def over(*names: str) -> Build:
    """A count over the union of some sources, in this order."""

    def build(spark: Any, sources: Any) -> DataFrame:
        both = sources[names[0]]
        for name in names[1:]:
            both = both.union(sources[name])
        return both.groupBy("k").agg(F.count(F.lit(1)).alias("n"), F.sum("v").alias("s"))

    return build


def keyed(key: str) -> Build:
    """A count by an expression."""
    return frame(lambda f: f.groupBy(F.expr(key)).agg(F.expr("count(1) AS n")))


COUNT = by("k")("count(1) AS n")
COUNT_SUM = by("k")("count(1) AS n", "sum(v) AS s")
AGGREGATES = {
    "aggregate added": (COUNT, COUNT_SUM),
    "aggregate removed": (COUNT_SUM, COUNT),
    "aggregates swapped, other buffers": (
        by("k")("count(1) AS n", "avg(v) AS m"),
        by("k")("avg(v) AS m", "count(1) AS n"),
    ),
    "aggregates swapped, the same buffers": (
        by("k")("min(v) AS lo", "max(v) AS hi"),
        by("k")("max(v) AS hi", "min(v) AS lo"),
    ),
    "aggregate over another column": (by("k")("max(v) AS m"), by("k")("max(v * 10) AS m")),
    "another aggregate, the same buffer": (by("k")("max(v) AS m"), by("k")("min(v) AS m")),
    "aggregate renamed": (by("k")("count(1) AS n"), by("k")("count(1) AS many")),
    "count of a column instead of rows": (by("k")("count(1) AS n"), by("k")("count(v) AS n")),
    "value of a wider type": (by("k")("max(v) AS m"), by("k")("max(CAST(v AS BIGINT)) AS m")),
    "value of another type": (by("k")("max(v) AS m"), by("k")("max(CAST(v AS STRING)) AS m")),
    "value of another precision": (
        by("k")("max(CAST(v AS DECIMAL(10,2))) AS m"),
        by("k")("max(CAST(v AS DECIMAL(12,2))) AS m"),
    ),
    "value of another scale": (
        by("k")("max(CAST(v AS DECIMAL(10,2))) AS m"),
        by("k")("max(CAST(v AS DECIMAL(10,3))) AS m"),
    ),
    "value that may be NULL": (by("k")("collect_list(coalesce(v, 0)) AS l"), by("k")("collect_list(v) AS l")),
    "array of the same with NULL": (
        by("k")("max(array(coalesce(v, 0))) AS l"),
        by("k")("max(array(v)) AS l"),
    ),
    "array of the same without NULL": (
        by("k")("max(array(v)) AS l"),
        by("k")("max(array(coalesce(v, 0))) AS l"),
    ),
    "field of a struct renamed": (
        by("k")("max(named_struct('a', v)) AS l"),
        by("k")("max(named_struct('b', v)) AS l"),
    ),
    "field of a struct added": (
        by("k")("max(named_struct('a', v)) AS l"),
        by("k")("max(named_struct('a', v, 'b', v)) AS l"),
    ),
    "key added": (COUNT, by("k", "v")("count(1) AS n")),
    "key removed": (by("k", "v")("count(1) AS n"), COUNT),
    "keys swapped": (by("k", "v")("count(1) AS n"), by("v", "k")("count(1) AS n")),
    "key of another type": (COUNT, by("v")("count(1) AS n")),
    "key renamed": (COUNT, keyed("k AS kk")),
    "key computed": (COUNT, keyed("upper(k) AS k")),
    "key of a wider type": (
        by("v")("count(1) AS n"),
        keyed("CAST(v AS BIGINT) AS v"),
    ),
    "keys dropped": (COUNT, by()("count(1) AS n")),
    "keys gained": (by()("count(1) AS n"), COUNT),
    "filter added": (COUNT, frame(lambda f: f.filter("v > 0").groupBy("k").agg(F.expr("count(1) AS n")))),
    "projection above": (COUNT, frame(lambda f: f.groupBy("k").agg(F.expr("count(1) AS n")).select("n"))),
    "operator becomes another": (COUNT, frame(lambda f: f.dropDuplicates(["k"]))),
    "operator gone": (COUNT, frame(lambda f: f)),
    "operator gained": (frame(lambda f: f), frame(lambda f: f.dropDuplicates(["k"]))),
    "aggregation gained": (frame(lambda f: f), COUNT),
}
OPERATORS: dict[str, tuple[Build, Build]] = {
    "second operator": (
        dropped("k"),
        frame(
            lambda f: (
                f.withWatermark("at", "10 seconds")
                .dropDuplicates(["k"])
                .groupBy(F.window("at", "10 seconds"))
                .count()
            )
        ),
    ),
    "second operator gone": (
        frame(
            lambda f: (
                f.withWatermark("at", "10 seconds")
                .dropDuplicates(["at", "k"])
                .groupBy(F.window("at", "10 seconds"))
                .count()
            )
        ),
        windowed("10 seconds", keys=(), aggregates="count(1) AS count"),
    ),
    "duplicates of another column": (dropped("k"), dropped("v")),
    "duplicates of one more column": (dropped("k"), dropped("k", "v")),
    "duplicates of one column less": (dropped("k", "v"), dropped("k")),
    "duplicates within the watermark": (dropped("k"), within("k")),
    "duplicates for ever": (within("k"), dropped("k")),
    "duplicates without watermark": (dropped("at", "k"), dropped("at", "k", delay=None)),
    "within another delay": (within("k"), within("k", delay="1 minute")),
    "longer delay": (windowed("10 seconds"), windowed("10 seconds", delay="1 minute")),
    "shorter delay": (windowed("10 seconds", delay="1 minute"), windowed("10 seconds", delay="1 second")),
    "longer windows": (windowed("10 seconds"), windowed("20 seconds")),
    "sliding windows": (windowed("10 seconds"), windowed("10 seconds", "5 seconds")),
    "windows with a start": (windowed("10 seconds"), windowed("10 seconds", "10 seconds", "3 seconds")),
    "windows of more keys": (windowed("10 seconds"), windowed("10 seconds", keys=("k", "v"))),
    "sessions instead of windows": (
        windowed("10 seconds", aggregates="count(1) AS n"),
        sessions("5 seconds"),
    ),
    "longer gap": (sessions("5 seconds"), sessions("20 seconds")),
}
JOINS: dict[str, tuple[Build, Build]] = {
    "inner join becomes left": (joined("inner", RANGE), joined("left", RANGE)),
    "left join becomes inner": (joined("left", RANGE), joined("inner", RANGE)),
    "left join becomes right": (joined("left", RANGE), joined("right", RANGE)),
    "left join becomes full": (joined("left", RANGE), joined("full", RANGE)),
    "other range": (joined("left", RANGE), joined("left", RANGE.replace("15", "50"))),
    "extra condition": (joined("inner", RANGE), joined("inner", f"{RANGE} AND rv > 20")),
    "extra key": (joined("inner", RANGE), joined("inner", f"{RANGE} AND lv = rv")),
    "key of another type": (joined("inner", RANGE), joined("inner", RANGE.replace("l.k = r.k", "lv = rv"))),
    "no watermark on the right": (joined("inner", RANGE), joined("inner", RANGE, right_delay=None)),
    "sides swapped": (
        joined("inner", RANGE),
        lambda spark, sources: (
            sources["right"]
            .withWatermark("rt", "20 seconds")
            .alias("r")
            .join(sources["left"].withWatermark("lt", "10 seconds").alias("l"), F.expr(RANGE), "inner")
        ),
    ),
    "column more on the left": (
        joined("inner", RANGE),
        lambda spark, sources: (
            sources["left"]
            .withColumn("more", F.expr("1"))
            .withWatermark("lt", "10 seconds")
            .alias("l")
            .join(sources["right"].withWatermark("rt", "20 seconds").alias("r"), F.expr(RANGE), "inner")
        ),
    ),
}
CONFS: dict[str, tuple[str, str]] = {
    "join format": ("spark.sql.streaming.join.stateFormatVersion", "1"),
    "aggregation format": ("spark.sql.streaming.aggregation.stateFormatVersion", "1"),
    "watermark policy": ("spark.sql.streaming.multipleWatermarkPolicy", "max"),
    "provider": (
        "spark.sql.streaming.stateStore.providerClass",
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
    ),
    "codec": ("spark.sql.streaming.stateStore.compression.codec", "zstd"),
    "partitions": ("spark.sql.shuffle.partitions", "3"),
    "time zone": ("spark.sql.session.timeZone", "Asia/Tokyo"),
    "row checksums": ("spark.sql.streaming.stateStore.rowChecksum.enabled", "true"),
    "strict distribution": ("spark.sql.streaming.statefulOperator.useStrictDistribution", "false"),
    "nullable output": ("spark.sql.streaming.statefulOperator.alwaysNullableOutput.enabled", "false"),
    "schema check": ("spark.sql.streaming.stateStore.stateSchemaCheck", "false"),
    "encoding": ("spark.sql.streaming.stateStore.encodingFormat", "avro"),
    "commit format": ("spark.sql.streaming.stateStore.checkpointFormatVersion", "2"),
}
BEGUN: dict[str, tuple[str, str, str]] = {
    "codec": ("spark.sql.streaming.stateStore.compression.codec", "zstd", "lz4"),
    "row checksums": ("spark.sql.streaming.stateStore.rowChecksum.enabled", "true", "false"),
    "loose distribution": ("spark.sql.streaming.statefulOperator.useStrictDistribution", "false", "true"),
    "columns without NULL": (
        "spark.sql.streaming.statefulOperator.alwaysNullableOutput.enabled",
        "false",
        "true",
    ),
    "encoding": ("spark.sql.streaming.stateStore.encodingFormat", "avro", "unsaferow"),
}
DAYS = frame(
    lambda f: (
        f.withWatermark("at", "10 seconds")
        .groupBy(F.to_date("at").alias("day"), F.date_format("at", "HH").alias("hour"))
        .agg(F.expr("count(1) AS n"))
    )
)
MODES = [
    ("update", "complete"),
    ("complete", "update"),
    ("update", "append"),
    ("append", "update"),
    ("append", "complete"),
]

SCENARIOS = [
    *(changed(name, one, Restart(other), KEYED) for name, (one, other) in AGGREGATES.items()),
    *(
        changed(name, one, Restart(other), TIMED, schema=ATV, mode="append")
        for name, (one, other) in OPERATORS.items()
    ),
    changed(
        "no watermark any more",
        windowed("10 seconds"),
        Restart(windowed("10 seconds", delay=None)),
        TIMED,
        schema=ATV,
    ),
    changed(
        "watermark gained",
        windowed("10 seconds", delay=None),
        Restart(windowed("10 seconds")),
        TIMED,
        schema=ATV,
    ),
    *(
        changed(
            f"windows: {one} becomes {other}",
            windowed("10 seconds"),
            Restart(mode=other),
            TIMED,
            schema=ATV,
            mode=one,
        )
        for one, other in MODES
    ),
    *(
        changed(f"join: {name}", one, Restart(other), JOINED, schema=SIDES, mode="append", partitions=2)
        for name, (one, other) in JOINS.items()
    ),
    *(
        changed(f"source {name}", over(*one), Restart(over(*other)), BOTH, schema=TWO)
        for name, one, other in (
            ("added", ("in",), ("in", "more")),
            ("removed", ("in", "more"), ("in",)),
            ("first removed", ("in", "more"), ("more",)),
            ("order", ("in", "more"), ("more", "in")),
            ("twice", ("in",), ("in", "in")),
            ("replaced", ("in",), ("more",)),
        )
    ),
    *(
        changed(f"conf: {name}", COUNT_SUM, Restart(conf={key: value}), KEYED, partitions=2)
        for name, (key, value) in CONFS.items()
    ),
    changed(
        "conf: time zone of keys",
        DAYS,
        Restart(conf={"spark.sql.session.timeZone": "Asia/Tokyo"}),
        TIMED,
        schema=ATV,
    ),
    changed(
        "conf: time zone of windows",
        windowed("1 day"),
        Restart(conf={"spark.sql.session.timeZone": "Asia/Tokyo"}),
        TIMED,
        schema=ATV,
    ),
    changed(
        "conf: no schema check, another type",
        by("k")("max(v) AS m"),
        Restart(
            by("k")("max(CAST(v AS BIGINT)) AS m"),
            conf={"spark.sql.streaming.stateStore.stateSchemaCheck": "false"},
        ),
        KEYED,
    ),
    *(
        changed(
            f"begun with {name}",
            COUNT_SUM,
            Restart(conf={key: before}),
            KEYED,
            conf={key: value},
            state_rows=False,
        )
        for name, (key, value, before) in BEGUN.items()
    ),
    *(changed(f"sink: {sink}", COUNT, Restart(sink=sink), KEYED) for sink in ("noop", "console", "memory")),
]
SCENARIOS = reading_less(SCENARIOS, "filter added", "join: extra condition")
