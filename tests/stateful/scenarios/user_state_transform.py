"""transformWithState and transformWithStateInPandas: state variables, timers, TTL, initial state, errors."""

# ruff: noqa: N802, N803 - pyspark's names

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterator
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

from stateful.scenario import Build, Restart, Scenario, Sources, Wait, rows

KV = "k STRING, v INT"
TKV = "at TIMESTAMP, k STRING, v INT"
ROCKS = {
    "spark.sql.streaming.stateStore.providerClass": "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
}
DATA_ONLY = {**ROCKS, "spark.sql.streaming.noDataMicroBatches.enabled": "false"}


class Processor(StatefulProcessor):  # type: ignore[misc] # pyspark is not typed
    """What a scenario does, by name; gives one text for each group, as a frame or a Row."""

    def __init__(self, what: str, *, pandas: bool, option: Any = None) -> None:
        self.what, self.pandas, self.option = what, pandas, option
        self.calls = 0

    def init(self, handle: StatefulProcessorHandle) -> None:
        """Make the variables."""
        self.handle = handle
        getattr(self, f"init_{self.what}", lambda: None)()

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Iterator[Any]:
        """Call the scenario with the values of `v`."""
        self.times = timerValues
        if self.pandas:
            values = [v for frame in rows for v in frame["v"].tolist()]
        else:
            values = [row["v"] for row in rows]
        text = getattr(self, self.what)(key, sorted(values, key=str))
        return self.given(key, text)

    def handleExpiredTimer(self, key: Any, timerValues: Any, expiredTimerInfo: Any) -> Iterator[Any]:
        """Tell of the timer."""
        self.times = timerValues
        text = getattr(self, f"expired_{self.what}")(key, expiredTimerInfo.getExpiryTimeInMs())
        return self.given(key, text)

    def handleInitialState(self, key: Any, initialState: Any, timerValues: Any) -> None:
        """Keep what was there before."""
        self.times = timerValues
        getattr(self, f"initial_{self.what}")(key, initialState)

    def given(self, key: Any, text: str) -> Iterator[Any]:
        """One row."""
        if self.pandas:
            return iter([pd.DataFrame({"k": [key[0]], "text": [text]})])
        return iter([Row(k=key[0], text=text)])

    # ---- variables --------------------------------------------------------------------------

    def init_value(self) -> None:
        self.total = self.handle.getValueState("total", "n INT, s BIGINT")
        self.last = self.handle.getValueState("last", "v INT")

    def value(self, key: Any, values: list[Any]) -> str:
        """Count and sum; a negative value clears."""
        before = f"{self.total.exists()} {self.total.get()} {self.last.exists()} {self.last.get()}"
        count, total = self.total.get() if self.total.exists() else (0, 0)
        known = [v for v in values if v is not None]
        self.total.update((count + len(values), total + sum(known)))
        if known:
            self.last.update((known[-1],))
        if total + sum(known) < 0:
            self.total.clear()
        self.calls += 1
        return f"{before} -> {self.total.get()} {self.last.get()} {len(values)}"

    def init_lists(self) -> None:
        self.items = self.handle.getListState("items", "v INT, s STRING")

    def lists(self, key: Any, values: list[Any]) -> str:
        """Appends; sets anew at 100, clears at 200."""
        before = f"{self.items.exists()} {list(self.items.get())}"
        for value in values:
            if value == 100:
                self.items.put([(1, "put"), (2, "put")])
            elif value == 200:
                self.items.clear()
            elif value == 300:
                self.items.appendList([(value, "x"), (None, None), (value, "y")])
            else:
                self.items.appendValue((value, str(value)))
        return f"{before} -> {self.items.exists()} {list(self.items.get())}"

    def init_maps(self) -> None:
        self.map = self.handle.getMapState("map", "v INT", "n INT, s STRING")

    def maps(self, key: Any, values: list[Any]) -> str:
        """Counts values; takes one out at 100, all at 200."""
        before = f"{self.map.exists()} {sorted(self.map.iterator())}"
        for value in values:
            if value == 100:
                self.map.removeKey((1,))
            elif value == 200:
                self.map.clear()
            else:
                count = self.map.getValue((value,))[0] if self.map.containsKey((value,)) else 0
                self.map.updateValue((value,), (count + 1, f"{value}"))
        after = f"{sorted(self.map.keys())} {sorted(self.map.values())} {self.map.getValue((77,))}"
        return f"{before} -> {after} {self.map.containsKey((1,))} {self.map.exists()}"

    def init_types(self) -> None:
        self.one = self.handle.getValueState("one", TYPES)
        self.several = self.handle.getListState("several", TYPES)
        self.by_type = self.handle.getMapState("by_type", "d DATE, s STRUCT<a: INT, b: STRING>", TYPES)

    def types(self, key: Any, values: list[Any]) -> str:
        """Values of every type, read back."""
        entry = (dt.date(2024, 2, 29), (1, "b"))
        before = f"{self.one.get()} {list(self.several.get())} {list(self.by_type.iterator())}"
        within = []
        for value in ALL, NULLS:
            self.one.update(value)
            self.several.appendValue(value)
            self.by_type.updateValue(entry, value)
            within.append(f"{self.one.get()} {self.by_type.getValue(entry)}")
        return f"{before} -> {within} {list(self.several.get())}"

    def init_wide_key(self) -> None:
        self.seen = self.handle.getValueState("seen", "n INT")

    def wide_key(self, key: Any, values: list[Any]) -> str:
        """The key as it comes."""
        self.seen.update((len(values) + (self.seen.get() or (0,))[0],))
        return f"{key!r} {[type(part).__name__ for part in key]} {self.seen.get()}"

    # ---- timers -----------------------------------------------------------------------------

    def init_clock(self) -> None:
        self.seen = self.handle.getValueState("seen", "n INT")

    def clock(self, key: Any, values: list[Any]) -> str:
        """A timer that is due with the next batch, and one that never is."""
        now = self.times.getCurrentProcessingTimeInMs()
        count = (self.seen.get() or (0,))[0] + len(values)
        self.seen.update((count,))
        before = len(list(self.handle.listTimers()))
        self.handle.registerTimer(now + 1)
        self.handle.registerTimer(now + 1)
        self.handle.registerTimer(now + 3_600_000)
        self.handle.registerTimer(now + 3_600_001)
        self.handle.deleteTimer(now + 3_600_001)
        after = [timer - now for timer in self.handle.listTimers()]
        return (
            f"{count} {before} {now > 1_700_000_000_000} {self.times.getCurrentWatermarkInMs()} {len(after)}"
        )

    def expired_clock(self, key: Any, at: int) -> str:
        late = self.times.getCurrentProcessingTimeInMs() > at
        timers = len(list(self.handle.listTimers()))
        self.seen.clear()
        return f"expired {late} {timers} {self.seen.get()}"

    def init_event(self) -> None:
        self.seen = self.handle.getListState("seen", "v INT")

    def event(self, key: Any, values: list[Any]) -> str:
        """Timers by event time: 5 s and 20 s after the watermark, not before 00:15."""
        for value in values:
            self.seen.appendValue((value,))
        watermark = self.times.getCurrentWatermarkInMs()
        base = max(watermark, 1_704_067_215_000)
        self.handle.registerTimer(base + 5_000)
        self.handle.registerTimer(base + 20_000)
        timers = list(self.handle.listTimers())
        return f"{list(self.seen.get())} {watermark} {timers}"

    def expired_event(self, key: Any, at: int) -> str:
        timers = list(self.handle.listTimers())
        seen = list(self.seen.get())
        if len(seen) == 1 and at % 2 == 0:
            self.handle.registerTimer(at + 30_001)
        self.seen.clear()
        return f"expired {at} {self.times.getCurrentWatermarkInMs()} {timers} {seen}"

    # ---- TTL --------------------------------------------------------------------------------

    def init_ttl(self) -> None:
        ttl = self.option
        self.one = self.handle.getValueState("one", "v INT", ttl)
        self.several = self.handle.getListState("several", "v INT", ttl)
        self.map = self.handle.getMapState("map", "k INT", "v INT", ttl)
        self.kept = self.handle.getValueState("kept", "v INT")

    def ttl(self, key: Any, values: list[Any]) -> str:
        """What is left of the batch before."""
        before = (
            f"{self.one.exists()} {self.one.get()} {self.several.exists()} {list(self.several.get())}"
            f" {self.map.exists()} {list(self.map.iterator())} {self.map.containsKey((1,))} {self.kept.get()}"
        )
        for value in values:
            self.one.update((value,))
            self.several.appendValue((value,))
            self.map.updateValue((value,), (value,))
            self.kept.update((value,))
        now = f"{self.one.get()} {list(self.several.get())} {sorted(self.map.iterator())} {sorted(self.map.keys())}"
        return f"{before} -> {now}"

    def expired_ttl(self, key: Any, at: int) -> str:
        return "never"

    # ---- initial state ----------------------------------------------------------------------

    def init_initial(self) -> None:
        self.total = self.handle.getValueState("total", "s BIGINT")

    def initial(self, key: Any, values: list[Any]) -> str:
        """A sum that begins with the initial state."""
        before = self.total.get()
        self.total.update(((before or (0,))[0] + sum(values),))
        return f"{before} {self.total.get()}"

    def initial_initial(self, key: Any, given: Any) -> None:
        added = int(given["s"].sum()) if self.pandas else given["s"]
        self.total.update(((self.total.get() or (0,))[0] + added,))

    # ---- what goes wrong --------------------------------------------------------------------

    def init_twice(self) -> None:
        self.handle.getValueState("one", "v INT")
        self.handle.getValueState("one", "v INT")

    def init_late_variable(self) -> None:
        pass

    def late_variable(self, key: Any, values: list[Any]) -> str:
        self.handle.getValueState("late", "v INT")
        return "never"

    def timer_without_mode(self, key: Any, values: list[Any]) -> str:
        self.handle.registerTimer(1)
        return "never"

    def init_ttl_without_mode(self) -> None:
        self.handle.getValueState("one", "v INT", 1000)

    def init_negative_ttl(self) -> None:
        self.handle.getValueState("one", "v INT", -1)

    def init_use_in_init(self) -> None:
        self.handle.getValueState("one", "v INT").get()

    def init_timer_in_init(self) -> None:
        self.handle.registerTimer(1)

    def failing(self, key: Any, values: list[Any]) -> str:
        if "bad" in key:
            raise ValueError("a bad key")
        return "good"

    def expired_failing(self, key: Any, at: int) -> str:
        return "never"

    def init_wrong_length(self) -> None:
        self.one = self.handle.getValueState("one", "v INT")

    def wrong_length(self, key: Any, values: list[Any]) -> str:
        self.one.update((1, 2))
        return "never"

    def init_wrong_type(self) -> None:
        self.one = self.handle.getValueState("one", "v INT, s STRING, d DOUBLE")

    def wrong_type(self, key: Any, values: list[Any]) -> str:
        self.one.update(("text", 5, 6))
        return str(self.one.get())

    def init_null_value(self) -> None:
        self.items = self.handle.getListState("items", "v INT")

    def null_value(self, key: Any, values: list[Any]) -> str:
        self.items.put([])
        return "never"

    def init_bad_schema(self) -> None:
        self.handle.getValueState("one", "v NOTHING")

    def init_deleted(self) -> None:
        if self.option:
            self.handle.deleteIfExists("total")
            self.handle.deleteIfExists("unknown")
        else:
            self.total = self.handle.getValueState("total", "n INT")
        self.other = self.handle.getValueState("other", "n INT")

    def deleted(self, key: Any, values: list[Any]) -> str:
        before = self.other.get()
        self.other.update(((before or (0,))[0] + 1,))
        if not self.option:
            self.total.update((len(values),))
        return f"{before}"

    def init_changed(self) -> None:
        self.one = self.handle.getValueState("one", self.option)

    def changed(self, key: Any, values: list[Any]) -> str:
        before = self.one.get()
        self.one.update((1,) if "," not in self.option else (1, "x"))
        return str(before)

    def init_renamed(self) -> None:
        self.one = self.handle.getValueState(self.option, "v INT")

    def renamed(self, key: Any, values: list[Any]) -> str:
        before = self.one.get()
        self.one.update((1,))
        return str(before)

    def init_kind(self) -> None:
        if self.option == "list":
            self.any = self.handle.getListState("one", "v INT")
        else:
            self.any = self.handle.getValueState("one", "v INT")

    def kind(self, key: Any, values: list[Any]) -> str:
        return str(self.option)

    def lifetime(self, key: Any, values: list[Any]) -> str:
        """An object lives for one batch."""
        self.calls += 1
        return str(self.calls)

    def nothing(self, key: Any, values: list[Any]) -> str:
        return "row"


TYPES = (
    "b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT, f DOUBLE, d DECIMAL(20,6), s STRING, x BINARY, "
    "day DATE, at TIMESTAMP, local TIMESTAMP_NTZ, a ARRAY<INT>, m MAP<STRING,INT>, "
    "st STRUCT<p: STRING, q: ARRAY<STRUCT<r: STRING, w: DOUBLE>>>"
)
ALL = (
    True,
    1,
    2,
    3,
    2**40,
    1.5,
    decimal.Decimal("12.345678"),
    "täxt",
    b"\x00\x01",
    dt.date(2024, 2, 29),
    dt.datetime(2024, 1, 1, 12, 30, 0, 123456),  # noqa: DTZ001 - local time
    dt.datetime(1969, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001 - local time
    [1, None, 3],
    {"a": 1, "b": None},
    ("in", [("deep", 1.0)]),
)
NULLS = (None,) * 15
OUTPUT = "k STRING, text STRING"


def transformed(
    what: str,
    *,
    pandas: bool,
    mode: str = "update",
    time: str = "None",
    option: Any = None,
    keys: tuple[str, ...] = ("k",),
    delay: str | None = None,
    initial: bool = False,
    output: str = OUTPUT,
) -> Build:
    """A processor over the groups of some keys."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        frame = sources["in"] if delay is None else sources["in"].withWatermark("at", delay)
        grouped = frame.groupBy(*keys)
        before = (
            spark.createDataFrame([("a", 100), ("z", 200), ("a", 1)], "k STRING, s BIGINT")
            if initial
            else None
        )
        call = grouped.transformWithStateInPandas if pandas else grouped.transformWithState
        return call(
            statefulProcessor=Processor(what, pandas=pandas, option=option),
            outputStructType=output,
            outputMode=mode,
            timeMode=time,
            initialState=before.groupBy("k") if before is not None else None,
        )

    return build


class Chained(StatefulProcessor):  # type: ignore[misc] # pyspark is not typed
    """Gives its rows on, with their times."""

    def init(self, handle: StatefulProcessorHandle) -> None:
        """No state."""

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Iterator[Any]:
        """The rows as they are."""
        for frame in rows:
            yield frame[["at", "k"]]


def then_counted(spark: SparkSession, sources: Sources) -> DataFrame:
    """Windows over the output of a processor whose times go on."""
    grouped = sources["in"].withWatermark("at", "10 seconds").groupBy("k")
    given = grouped.transformWithStateInPandas(
        statefulProcessor=Chained(),
        outputStructType="at TIMESTAMP, k STRING",
        outputMode="append",
        timeMode="EventTime",
        eventTimeColumnName="at",
    )
    return given.groupBy(F.window("at", "10 seconds")).count()


class Old(StatefulProcessor):  # type: ignore[misc] # pyspark is not typed
    """Gives rows of long ago."""

    def init(self, handle: StatefulProcessorHandle) -> None:
        """No state."""

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Iterator[Any]:
        """One row."""
        yield pd.DataFrame({"at": [pd.Timestamp("2024-01-01 00:00:01")], "k": [key[0]]})


def older_than_watermark(spark: SparkSession, sources: Sources) -> DataFrame:
    """Windows over rows that come too late."""
    grouped = sources["in"].withWatermark("at", "10 seconds").groupBy("k")
    given = grouped.transformWithStateInPandas(
        statefulProcessor=Old(),
        outputStructType="at TIMESTAMP, k STRING",
        outputMode="append",
        timeMode="EventTime",
        eventTimeColumnName="at",
    )
    return given.groupBy(F.window("at", "10 seconds")).count()


class Frames(StatefulProcessor):  # type: ignore[misc] # pyspark is not typed
    """What a processor gets and may give."""

    def __init__(self, what: str, *, pandas: bool) -> None:
        self.what, self.pandas = what, pandas

    def init(self, handle: StatefulProcessorHandle) -> None:
        """No state."""

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Iterator[Any]:
        """Tell of the arguments, or give what is odd."""
        times = f"{timerValues.getCurrentProcessingTimeInMs()} {timerValues.getCurrentWatermarkInMs()}"
        if self.what == "arguments" and self.pandas:
            text = str(
                [
                    f"{list(f.columns)} {[str(t) for t in f.dtypes]} {list(f.index)} {f.to_numpy().tolist()}"
                    for f in rows
                ]
            )
            return iter([pd.DataFrame({"k": [str(key)], "text": [f"{text} {times}"]})])
        if self.what == "arguments":
            return iter([Row(k=str(key), text=f"{list(rows)} {times}")])
        odd: dict[str, Any] = {
            "none": [],
            "two": [
                pd.DataFrame({"text": ["x", "y"], "k": ["1", None]}),
                pd.DataFrame(columns=["k", "text"]),
                pd.DataFrame(),
                pd.DataFrame({"k": ["2"], "text": ["z"]}),
            ]
            if self.pandas
            else [Row(text="x", k="1"), Row(k="2", text=None)],
            "more": [pd.DataFrame({"k": ["1"], "text": ["x"], "l": [1]})]
            if self.pandas
            else [Row(k="1", text="x", l=1)],
            "other_names": [pd.DataFrame({"j": ["1"], "t": ["x"]})] if self.pandas else [Row(j="1", t="x")],
            "positions": [pd.DataFrame([["1", "x"]])],
            "other_type": [pd.DataFrame({"k": [1.5], "text": [2]})] if self.pandas else [Row(k=1.5, text=2)],
            "frame": pd.DataFrame({"k": ["1"], "text": ["x"]}),
            "number": 5,
            "numbers": [5],
        }
        found = odd[self.what]
        return iter(found) if isinstance(found, list) else found


def framed(what: str, *, pandas: bool) -> Build:
    """`Frames` over the groups."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        grouped = sources["in"].groupBy("k")
        call = grouped.transformWithStateInPandas if pandas else grouped.transformWithState
        return call(Frames(what, pandas=pandas), OUTPUT, "append", "None")

    return build


FIRST = rows("k v", ("b", 1), ("a", 2), ("b", 3), (None, 4))
SECOND = rows("k v", ("a", 5), ("c", -6), (None, 7))
THIRD = rows("k v", ("b", -100), ("a", 1))
STEPS = [FIRST, SECOND, THIRD, [], Restart(), rows("k v", ("a", 1), ("b", 1), ("c", 3))]
LISTS = [
    FIRST,
    SECOND,
    rows("k v", ("a", 100), ("b", 200), ("c", 300)),
    Restart(),
    rows("k v", ("a", 1), ("b", 1), ("c", 3), (None, 200)),
]
MAPS = [
    FIRST,
    rows("k v", ("b", 1), ("b", 1), ("a", 9)),
    rows("k v", ("b", 100), ("a", 200), (None, 1)),
    Restart(),
    rows("k v", ("b", 1), ("a", 1), (None, 4)),
]


def at(*values: Any) -> list[dict[str, Any]]:
    """Rows at minute:second of an hour, with key and value."""
    return rows("at k v", *((f"2024-01-01 00:{when}" if when else None, k, v) for when, k, v in values))


EVENTS = [
    at(("00:12", "a", 1), ("00:13", "b", 2), ("00:10", "a", 3)),
    at(("00:35", "c", 4)),
    at(("00:36", "a", 5), ("00:04", "b", 6)),
    Restart(),
    at(("01:30", "d", 7)),
    at(("03:00", "d", 8)),
]


def both(name: str, what: str, schema: str, steps: Any, **options: Any) -> list[Scenario]:
    """The same with pandas and with Rows."""
    kept = {key: options.pop(key) for key in ("conf", "ordered", "partitions") if key in options}
    kept.setdefault("conf", ROCKS)
    mode = options.get("mode", "update")

    def with_kind(step: Any, *, pandas: bool) -> Any:
        if isinstance(step, dict) and "again" in step:
            changed = {**options, **step["again"]}
            return Restart(transformed(what, pandas=pandas, **changed), mode=changed.get("mode"))
        return step

    return [
        Scenario(
            f"{name}_{kind}",
            transformed(what, pandas=pandas, **options),
            schema,
            mode,
            [with_kind(step, pandas=pandas) for step in steps],
            foreign_state=True,
            **kept,
        )
        for kind, pandas in (("pandas", True), ("row", False))
    ]


def odd(name: str) -> list[Scenario]:
    """`framed` with pandas and with Rows."""
    return [
        Scenario(
            f"{name}_{kind}",
            framed(name, pandas=pandas),
            KV,
            "append",
            [FIRST],
            conf=ROCKS,
            foreign_state=True,
            ordered=True,
        )
        for kind, pandas in (("pandas", True), ("row", False))
    ]


def wrong(what: str, **options: Any) -> list[Scenario]:
    """What goes wrong in a processor, with pandas alone."""
    return both(what, what, KV, [FIRST, SECOND], **options)[:1]


def again(**options: Any) -> dict[str, Any]:
    """Start on the same checkpoint with other options."""
    return {"again": options}


SCENARIOS = [
    *both("value", "value", KV, STEPS),
    *both("value_append", "value", KV, STEPS, mode="append"),
    *both("value_partitions", "value", KV, STEPS, partitions=3),
    *both("order", "value", KV, [FIRST, SECOND], ordered=True),
    *both("lists", "lists", KV, LISTS),
    *both("maps", "maps", KV, MAPS),
    *both(
        "types", "types", KV, [rows("k v", ("a", 1)), rows("k v", ("a", 1)), Restart(), rows("k v", ("a", 1))]
    ),
    *both(
        "wide_key",
        "wide_key",
        TKV,
        [at(("00:12", "a", 1), ("00:12", "a", 1), ("00:13", "b", None))] * 2,
        keys=("k", "at", "v"),
    ),
    *both("lifetime", "lifetime", KV, [FIRST, SECOND]),
    *both(
        "clock",
        "clock",
        KV,
        [
            FIRST,
            Wait(0.1),
            rows("k v", ("a", 1), ("d", 1)),
            Wait(0.1),
            rows("k v", ("z", 1)),
            Restart(),
            Wait(0.1),
            rows("k v", ("z", 1)),
            Wait(0.1),
            rows("k v", ("y", 1)),
        ],
        time="ProcessingTime",
        conf=DATA_ONLY,
    ),
    *both("event", "event", TKV, EVENTS, time="EventTime", delay="5 seconds"),
    *both("event_append", "event", TKV, EVENTS, time="EventTime", delay="5 seconds", mode="append"),
    *both("event_none", "value", TKV, EVENTS, delay="5 seconds"),
    *both(
        "ttl_soon",
        "ttl",
        KV,
        [FIRST, Wait(0.1), SECOND, Wait(0.1), THIRD, Restart(), Wait(0.1), FIRST],
        time="ProcessingTime",
        option=1,
        conf=DATA_ONLY,
    ),
    *both(
        "ttl_late",
        "ttl",
        KV,
        [FIRST, SECOND, THIRD, Restart(), FIRST],
        time="ProcessingTime",
        option=3_600_000,
        conf=DATA_ONLY,
    ),
    *both("initial", "initial", KV, [FIRST, SECOND, Restart(), FIRST], initial=True),
    Scenario("then_counted", then_counted, TKV, "append", EVENTS, conf=ROCKS, foreign_state=True),
    Scenario(
        "older_than_watermark", older_than_watermark, TKV, "append", EVENTS, conf=ROCKS, foreign_state=True
    ),
    Scenario(
        "mode_differs",
        transformed("value", pandas=True, mode="append"),
        KV,
        "update",
        [FIRST, SECOND],
        conf=ROCKS,
        foreign_state=True,
    ),
    Scenario(
        "mode_differs_append",
        transformed("value", pandas=True, mode="update"),
        KV,
        "append",
        [FIRST, SECOND],
        conf=ROCKS,
        foreign_state=True,
    ),
    *odd("arguments"),
    *odd("none"),
    *odd("two"),
    *odd("more"),
    *odd("other_names"),
    *odd("positions")[:1],
    *odd("other_type"),
    *odd("frame")[:1],
    *odd("number"),
    *odd("numbers"),
    # What goes wrong.
    *wrong("nothing", conf={}),
    *wrong("twice"),
    *wrong("late_variable"),
    *wrong("timer_without_mode"),
    *wrong("ttl_without_mode"),
    *wrong("negative_ttl", time="ProcessingTime", conf=DATA_ONLY),
    *wrong("use_in_init"),
    *wrong("timer_in_init"),
    *wrong("failing"),
    *wrong("wrong_length"),
    *wrong("wrong_type"),
    *wrong("null_value"),
    *wrong("bad_schema"),
    *both("event_without_watermark", "event", TKV, [EVENTS[0]], time="EventTime")[:1],
    *both("mode_complete", "value", KV, [FIRST], mode="complete")[:1],
    *both("time_unknown", "value", KV, [FIRST], time="Sometimes")[:1],
    # Another program on the same checkpoint.
    *both("deleted", "deleted", KV, [FIRST, again(option=True), FIRST, again(), FIRST])[:1],
    *both("changed_type", "changed", KV, [FIRST, again(option="v STRING"), FIRST], option="v INT")[:1],
    *both("changed_wider", "changed", KV, [FIRST, again(option="v BIGINT"), FIRST], option="v INT")[:1],
    *both("changed_more", "changed", KV, [FIRST, again(option="v INT, w STRING"), FIRST], option="v INT")[:1],
    *both(
        "renamed",
        "renamed",
        KV,
        [FIRST, again(option="two"), FIRST, again(option="one"), FIRST],
        option="one",
    )[:1],
    *both("kind", "kind", KV, [FIRST, again(option="list"), FIRST], option="value")[:1],
    *both("time_changes", "value", KV, [FIRST, again(time="ProcessingTime"), FIRST], conf=DATA_ONLY)[:1],
    *both("mode_changes", "value", KV, [FIRST, again(mode="append"), FIRST])[:1],
    *both("key_changes", "value", KV, [FIRST, again(keys=("v",)), FIRST])[:1],
]
