"""Programs whose state variables and timers are read back: `variable_readers.py` says what is asked of them."""

# ruff: noqa: N802, N803 - pyspark's names

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

from stateful.scenario import Build, Restart, Scenario, Sources, rows

TKV = "at TIMESTAMP, k STRING, v INT"
ROCKS = {
    "spark.sql.streaming.stateStore.providerClass": "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
}
DATA_ONLY = {**ROCKS, "spark.sql.streaming.noDataMicroBatches.enabled": "false"}
CHANGELOG = {**ROCKS, "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true"}
HOUR_MS = 3_600_000
# 2024-01-01 00:01:00 UTC.
MINUTE_MS = 1_704_067_260_000


class Keeping(StatefulProcessor):  # type: ignore[misc] # pyspark is not typed
    """One value, a list, a map by value and its text, and timers, as far as they are asked for.

    A negative value clears what its key has. `ttl_ms` is the time to live of all but `kept`.
    """

    def __init__(self, *kinds: str, ttl_ms: int | None = None, base_ms: int | None = None) -> None:
        self.kinds, self.ttl_ms, self.base_ms = kinds, ttl_ms, base_ms

    def init(self, handle: StatefulProcessorHandle) -> None:
        """The variables."""
        self.handle = handle
        if "one" in self.kinds:
            self.one = handle.getValueState("one", "n INT, total DOUBLE, last STRUCT<v: INT>", self.ttl_ms)
        if "several" in self.kinds:
            self.several = handle.getListState("several", "v INT, s STRING", self.ttl_ms)
        if "map" in self.kinds:
            self.map = handle.getMapState("map", "v INT, s STRING", "n INT", self.ttl_ms)
        if "kept" in self.kinds:
            self.kept = handle.getValueState("kept", "v INT")
        if "gone" in self.kinds:
            handle.deleteIfExists("one")

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Iterator[Row]:
        """Keep the values, in order."""
        values = sorted((row["v"] for row in rows), key=lambda v: (v is None, v))
        for value in values:
            self._keep(value)
        if "timers" in self.kinds:
            base = self.base_ms or timerValues.getCurrentProcessingTimeInMs() + HOUR_MS
            for value in values:
                self.handle.registerTimer(base + 300 * (value or 0))
        if key[0] != "silent":
            yield Row(k=str(key[0]), n=len(values))

    def _keep(self, value: int | None) -> None:
        clears = value is not None and value < 0
        if "one" in self.kinds:
            n, total, _ = (self.one.get() if self.one.exists() else None) or (0, 0.0, None)
            self.one.update((n + 1, total + (value or 0), (value,)))
            if clears:
                self.one.clear()
        if "several" in self.kinds:
            if clears:
                self.several.clear()
            else:
                self.several.appendValue((value, f"v{value}"))
        if "map" in self.kinds:
            entry = (value, None if value is None else "x" * value)
            if clears:
                self.map.clear()
            else:
                n = self.map.getValue(entry)[0] if self.map.containsKey(entry) else 0
                self.map.updateValue(entry, (n + 1,))
        if "kept" in self.kinds:
            self.kept.update((value,))

    def handleExpiredTimer(self, key: Any, timerValues: Any, expiredTimerInfo: Any) -> Iterator[Row]:
        """One row."""
        yield Row(k=f"timer of {key[0]}", n=expiredTimerInfo.getExpiryTimeInMs())


OUTPUT = "k STRING, n BIGINT"


def keeping(
    *kinds: str,
    time: str = "None",
    delay: str | None = None,
    keys: tuple[str, ...] = ("k",),
    ttl_ms: int | None = None,
    base_ms: int | None = None,
    mode: str = "update",
) -> Build:
    """A processor over the groups of some keys."""

    def build(_: SparkSession, sources: Sources) -> DataFrame:
        frame = sources["in"] if delay is None else sources["in"].withWatermark("at", delay)
        processor = Keeping(*kinds, ttl_ms=ttl_ms, base_ms=base_ms)
        return frame.groupBy(*keys).transformWithState(processor, OUTPUT, mode, time)

    return build


def twice(spark: SparkSession, sources: Sources) -> DataFrame:
    """A processor over what another one gives."""
    first = keeping("one", mode="append")(spark, sources)
    second = Keeping("kept")
    return first.withColumnRenamed("n", "v").groupBy("k").transformWithState(second, OUTPUT, "append", "None")


def counted(spark: SparkSession, sources: Sources) -> DataFrame:
    """Counts of windows beside a processor below them."""
    frame = sources["in"].withWatermark("at", "10 seconds")
    counts = frame.groupBy(F.window("at", "10 seconds"), "k").count()
    given = counts.select(F.col("window.end").alias("at"), "k", F.col("count").cast("int").alias("v"))
    return given.groupBy("k").transformWithState(Keeping("several"), OUTPUT, "append", "None")


def at(*values: Any) -> list[dict[str, Any]]:
    """Rows at minute:second of an hour, with key and value."""
    return rows("at k v", *((f"2024-01-01 00:{when}", k, v) for when, k, v in values))


FIRST = at(("00:12", "b", 1), ("00:13", "a", 2), ("00:10", "a", 30), ("00:11", None, 4), ("00:11", "c", None))
SECOND = at(("00:20", "a", 2), ("00:22", "a", 300), ("00:23", "b", -1), ("00:25", "a longer key", 6))
THIRD = at(("01:10", "b", 9), ("01:12", None, -1), ("01:15", "c", 5))
STEPS = [FIRST, SECOND, THIRD]
ALL = ("one", "several", "map", "kept")


def scenario(name: str, build: Build, steps: Any = STEPS, mode: str = "update", **more: Any) -> Scenario:
    """One whose state Spark keeps in RocksDB."""
    more.setdefault("conf", ROCKS)
    return Scenario(name, build, TKV, mode, steps, foreign_state=True, **more)


CLOCK: dict[str, Any] = {"time": "ProcessingTime"}
SCENARIOS = [
    scenario("all", keeping(*ALL)),
    scenario("all_partitions", keeping(*ALL), partitions=3),
    scenario("two_keys", keeping("one", "several", "map", keys=("k", "v"))),
    scenario("no_variables", keeping()),
    scenario("no_variables_but_time", keeping(time="EventTime", delay="10 seconds")),
    scenario("ttl", keeping(*ALL, **CLOCK, ttl_ms=HOUR_MS), conf=DATA_ONLY),
    scenario("clock_timers", keeping("timers", "one", **CLOCK), conf=DATA_ONLY),
    scenario("event_timers", keeping("timers", time="EventTime", delay="10 seconds", base_ms=MINUTE_MS)),
    scenario(
        "event_timers_partitions",
        keeping("timers", "several", time="EventTime", delay="10 seconds", base_ms=MINUTE_MS),
        partitions=2,
    ),
    scenario("changes", keeping(*ALL), conf=CHANGELOG),
    scenario(
        "changes_of_timers",
        keeping("timers", "one", time="EventTime", delay="10 seconds", base_ms=MINUTE_MS),
        conf=CHANGELOG,
    ),
    scenario("deleted", keeping(*ALL), [FIRST, Restart(keeping("gone", "several")), SECOND]),
    scenario("added", keeping("several"), [FIRST, Restart(keeping(*ALL)), SECOND]),
    scenario("twice", twice, mode="append"),
    scenario("counted", counted, mode="append"),
]
