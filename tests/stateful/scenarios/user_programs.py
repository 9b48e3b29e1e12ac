"""Programs with transformWithState as people write them, and what they get wrong."""

# ruff: noqa: N802, N803 - pyspark's names

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

from stateful.scenario import Build, Restart, Scenario, Sources, Wait, rows

TKV = "at TIMESTAMP, k STRING, v INT"
ROCKS = {
    "spark.sql.streaming.stateStore.providerClass": "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
}
DATA_ONLY = {**ROCKS, "spark.sql.streaming.noDataMicroBatches.enabled": "false"}
OUTPUT = "k STRING, note STRING"
HOUR_MS = 3_600_000
# 2024-01-01 00:00:00 UTC.
DAY_MS = 1_704_067_200_000


@dataclass
class Call:
    """What a function of a program gets: the processor, the key, rows by their time and value, and the times."""

    it: Any
    key: Any
    given: list[Any]
    times: Any
    at_ms: int | None = None


Notes = Callable[[Call], list[Any]]


class Noting(StatefulProcessor):  # type: ignore[misc] # pyspark is not typed
    """Gives what its functions note, a row each."""

    def __init__(
        self,
        given: Notes,
        init: Callable[[Any, StatefulProcessorHandle], None],
        expired: Notes | None,
        before: Callable[[Call], None] | None,
        close: Callable[[], None] | None,
    ) -> None:
        self.given, self.starts, self.expired, self.before, self.ends = (
            given,
            init,
            expired,
            before,
            close,
        )

    def init(self, handle: StatefulProcessorHandle) -> None:
        """Make the variables."""
        self.handle = handle
        self.starts(self, handle)

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Iterator[Any]:
        """Note something of the rows."""
        given = sorted(((r.at, r.v) for r in rows), key=str)
        yield from self.noted(key, self.given(Call(self, key, given, timerValues)))

    def handleExpiredTimer(self, key: Any, timerValues: Any, expiredTimerInfo: Any) -> Iterator[Any]:
        """Note something of the timer."""
        assert self.expired is not None
        at_ms = expiredTimerInfo.getExpiryTimeInMs()
        yield from self.noted(key, self.expired(Call(self, key, [], timerValues, at_ms)))

    def handleInitialState(self, key: Any, initialState: Any, timerValues: Any) -> None:
        """Keep what was there before."""
        assert self.before is not None
        self.before(Call(self, key, [initialState], timerValues))

    def noted(self, key: Any, notes: list[Any]) -> Iterator[Any]:
        """Rows of notes."""
        for note in notes:
            yield Row(k=str(key[0]), note=str(note))

    def close(self) -> None:
        """The end."""
        if self.ends is not None:
            self.ends()


class NotingFrames(Noting):
    """The same with pandas."""

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Iterator[Any]:
        """Note something of the rows."""
        given = sorted(
            (
                (at, None if pd.isna(v) else int(v))
                for f in rows
                for at, v in zip(f["at"], f["v"], strict=True)
            ),
            key=str,
        )
        yield from self.noted(key, self.given(Call(self, key, given, timerValues)))

    def noted(self, key: Any, notes: list[Any]) -> Iterator[Any]:
        """A frame of the notes, if there are any."""
        if notes:
            texts = [str(note) for note in notes]
            yield pd.DataFrame({"k": [str(key[0])] * len(notes), "note": texts})


def nothing(it: Any, handle: StatefulProcessorHandle) -> None:
    """No variables."""


def program(
    given: Notes,
    init: Callable[[Any, StatefulProcessorHandle], None] = nothing,
    expired: Notes | None = None,
    before: Callable[[Call], None] | None = None,
    close: Callable[[], None] | None = None,
    *,
    time: str = "None",
    delay: str | None = None,
    keys: tuple[str, ...] = ("k",),
    mode: str = "update",
    pandas: bool = False,
    initial: list[tuple[str, int]] | None = None,
) -> Build:
    """A program over the groups of some keys."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        frame = sources["in"] if delay is None else sources["in"].withWatermark("at", delay)
        grouped = frame.groupBy(*map(F.expr, keys))
        kind = NotingFrames if pandas else Noting
        call = grouped.transformWithStateInPandas if pandas else grouped.transformWithState
        table = None
        if initial is not None:
            table = spark.createDataFrame(initial, "k STRING, v INT").groupBy("k")
        return call(kind(given, init, expired, before, close), OUTPUT, mode, time, table)

    return build


def at(*values: Any) -> list[dict[str, Any]]:
    """Rows at minute:second of an hour, with key and value."""
    return rows("at k v", *((f"2024-01-01 00:{when}", k, v) for when, k, v in values))


FIRST = at(
    ("00:12", "b", 1),
    ("00:13", "a", 2),
    ("00:10", "a", 30),
    ("00:11", None, 4),
    ("00:11", "c", None),
)
SECOND = at(
    ("00:20", "a", 2),
    ("00:22", "a", 300),
    ("00:23", "b", -1),
    ("00:25", "a longer key", 6),
)
THIRD = at(("01:10", "b", 9), ("01:12", None, -1), ("01:15", "c", 5))
STEPS = [FIRST, SECOND, Restart(), THIRD]


def ms_of(moment: Any) -> int:
    """Milliseconds since 1970 of a time in UTC."""
    return (
        int(moment.timestamp() * 1000)
        if moment.tzinfo
        else int(moment.replace(tzinfo=dt.UTC).timestamp() * 1000)
    )


# ---- sessions: one timer a key, moved with each event ---------------------------------------------------------


def init_sessions(it: Any, handle: StatefulProcessorHandle) -> None:
    it.open = handle.getValueState("session", "start BIGINT, end BIGINT, events INT")


def sessions(call: Call) -> list[Any]:
    handle, kept = call.it.handle, call.it.open.get()
    start, end, events = kept or (None, None, 0)
    if end is not None:
        handle.deleteTimer(end + 15_000)
    for moment, _ in call.given:
        now = ms_of(moment)
        start = now if start is None else min(start, now)
        end = now if end is None else max(end, now)
        events += 1
    call.it.open.update((start, end, events))
    assert end is not None
    handle.registerTimer(end + 15_000)
    return []


def session_ends(call: Call) -> list[Any]:
    kept = call.it.open.get()
    call.it.open.clear()
    return [f"session {kept} at {call.at_ms} left {list(call.it.handle.listTimers())}"]


# ---- the first of each value, for a while --------------------------------------------------------------------


def init_seen(ttl_ms: int) -> Any:
    def init(it: Any, handle: StatefulProcessorHandle) -> None:
        it.seen = handle.getMapState("seen", "v INT", "at TIMESTAMP", ttl_ms)

    return init


def unseen(call: Call) -> list[Any]:
    found = []
    for moment, value in call.given:
        if not call.it.seen.containsKey((value,)):
            found.append(value)
            call.it.seen.updateValue((value,), (moment,))
    return found


# ---- the three greatest --------------------------------------------------------------------------------------


def init_top(it: Any, handle: StatefulProcessorHandle) -> None:
    it.top = handle.getListState("top", T.StructType([T.StructField("v", T.IntegerType())]))


def top(call: Call) -> list[Any]:
    known = [row[0] for row in call.it.top.get()] + [v for _, v in call.given if v is not None]
    best = sorted(known, reverse=True)[:3]
    if best:
        call.it.top.put([(v,) for v in best])
    return [best, list(call.it.top.get())]


# ---- maps by texts -------------------------------------------------------------------------------------------


def init_words(it: Any, handle: StatefulProcessorHandle) -> None:
    it.words = handle.getMapState("words", "word STRING, n INT", "count INT", HOUR_MS)


def words(call: Call) -> list[Any]:
    """Texts of several lengths and NULLs, in the order of the store."""
    for _, value in call.given:
        for word in ("a", "bb", "a much longer word", "", None, "ä", "A"):
            for n in (value, None, -1, 256, 1):
                known = call.it.words.getValue((word, n)) or (0,)
                call.it.words.updateValue((word, n), (known[0] + 1,))
    if (None, None) in [tuple(key) for key in call.it.words.keys()]:  # noqa: SIM118 - not a dict
        call.it.words.removeKey(("bb", None))
    call.it.words.removeKey(("never there", 1))
    return [
        list(call.it.words.keys()),
        list(call.it.words.values()),
        list(call.it.words.iterator()),
    ]


# ---- timers --------------------------------------------------------------------------------------------------


def beat(call: Call) -> list[Any]:
    """A timer that has not been there yet."""
    if not list(call.it.handle.listTimers()):
        call.it.handle.registerTimer(DAY_MS + 10_000)
    return [f"watermark {call.times.getCurrentWatermarkInMs()} timers {list(call.it.handle.listTimers())}"]


def beats_again(call: Call) -> list[Any]:
    assert call.at_ms is not None
    before = list(call.it.handle.listTimers())
    call.it.handle.registerTimer(call.at_ms + 10_000)
    return [
        f"beat {call.at_ms} at {call.times.getCurrentWatermarkInMs()} {before} {list(call.it.handle.listTimers())}"
    ]


def timers(call: Call) -> list[Any]:
    """Timers registered, deleted, listed."""
    handle = call.it.handle
    for _, value in call.given:
        if value is None:
            handle.deleteTimer(DAY_MS + 1)
        elif value < 0:
            for time in list(handle.listTimers()):
                handle.deleteTimer(time)
        else:
            handle.registerTimer(DAY_MS + 1000 * value)
            handle.registerTimer(DAY_MS + 1000 * value + 70_000)
    return [list(handle.listTimers())]


def expired_timers(call: Call) -> list[Any]:
    handle = call.it.handle
    listed = list(handle.listTimers())
    if len(listed) > 2:
        handle.deleteTimer(listed[-1])
    return [f"{call.at_ms} {listed} {list(handle.listTimers())}"]


def odd_timers(call: Call) -> list[Any]:
    """In the past, before 1970, and twice."""
    handle = call.it.handle
    for time in (0, -5, 1, DAY_MS, 2**62):
        handle.registerTimer(time)
        handle.registerTimer(time)
    return [list(handle.listTimers()), call.times.getCurrentWatermarkInMs()]


def deletes_others(call: Call) -> list[Any]:
    """Timers that are due in the same batch are deleted by the first that fires."""
    handle = call.it.handle
    for time in list(handle.listTimers()):
        if time != call.at_ms:
            handle.deleteTimer(time)
    return [f"{call.at_ms} {list(handle.listTimers())}"]


def three_timers(call: Call) -> list[Any]:
    for second in (14, 15, 16):
        call.it.handle.registerTimer(DAY_MS + second * 1000)
    return [list(call.it.handle.listTimers())]


# ---- initial state -------------------------------------------------------------------------------------------


def init_sum(it: Any, handle: StatefulProcessorHandle) -> None:
    it.sum = handle.getValueState("sum", "v BIGINT")
    it.all = handle.getListState("all", "v INT")


def sums(call: Call) -> list[Any]:
    before = call.it.sum.get()
    known = sum(v for _, v in call.given if v is not None)
    call.it.sum.update(((before or (0,))[0] + known,))
    call.it.all.appendList([(v,) for _, v in call.given])
    listed = list(call.it.handle.listTimers()) if hasattr(call.it, "timed") else None
    return [f"{before} {call.it.sum.get()} {list(call.it.all.get())} {listed}"]


def sum_before(call: Call) -> None:
    given = call.given[0]
    value = int(given["v"].sum()) if isinstance(given, pd.DataFrame) else given["v"]
    call.it.sum.update(((call.it.sum.get() or (0,))[0] + value,))
    call.it.all.appendValue((value,))


def sum_before_timed(call: Call) -> None:
    sum_before(call)
    call.it.handle.registerTimer(DAY_MS + 13_000)
    call.it.handle.registerTimer(DAY_MS + 40_000)


def init_timed_sum(it: Any, handle: StatefulProcessorHandle) -> None:
    init_sum(it, handle)
    it.timed = True


def sum_expired(call: Call) -> list[Any]:
    return [
        f"expired {call.at_ms} {call.it.sum.get()} {list(call.it.all.get())} {list(call.it.handle.listTimers())}"
    ]


INITIAL = [("a", 100), ("z", 200), ("a", 1), ("b", -5)]

# ---- values --------------------------------------------------------------------------------------------------

NESTED = (
    "money DECIMAL(18,4), wide DECIMAL(38,10), at TIMESTAMP, day DATE, tags ARRAY<STRING>,"
    " inner STRUCT<a: INT, b: STRUCT<c: DECIMAL(5,2), d: ARRAY<STRUCT<e: TIMESTAMP>>>>, m MAP<STRING, ARRAY<INT>>"
)


def init_nested(it: Any, handle: StatefulProcessorHandle) -> None:
    it.one = handle.getValueState("one", NESTED)
    it.several = handle.getListState("several", NESTED)
    it.map = handle.getMapState("map", "day DATE, money DECIMAL(5,2)", NESTED)


def nested(call: Call) -> list[Any]:
    moment = dt.datetime(2024, 3, 31, 2, 30, 0, 999999)  # noqa: DTZ001 - local time
    value = (
        decimal.Decimal("12345678901234.5678"),
        decimal.Decimal("-12345678.1234567891"),
        moment,
        dt.date(1900, 1, 1),
        ["x", None, ""],
        (None, (decimal.Decimal("-999.99"), [(moment,), (None,), None])),
        {"k": [1, None]},
    )
    before = [call.it.one.get(), list(call.it.several.get())[-1:]]
    call.it.one.update(value)
    call.it.several.appendList([value, (None,) * 7])
    key = (dt.date(2024, 1, 1), decimal.Decimal("1.50"))
    call.it.map.updateValue(key, value)
    return [
        before,
        call.it.one.get(),
        list(call.it.map.iterator()),
        call.it.map.getValue(key),
    ]


def init_large(it: Any, handle: StatefulProcessorHandle) -> None:
    it.text = handle.getValueState("text", "s STRING, b BINARY")
    it.numbers = handle.getListState("numbers", "v INT")
    it.map = handle.getMapState("map", "v INT", "s STRING")


def large(call: Call) -> list[Any]:
    before = call.it.text.get()
    lengths = None if before is None else (len(before[0]), len(before[1]))
    call.it.text.update(("ß" * 300_000, b"\x00\xff" * 100_000))
    call.it.numbers.appendList([(i,) for i in range(3000)])
    for i in range(300):
        call.it.map.updateValue((i,), (f"{i}" * 100,))
    numbers = [row[0] for row in call.it.numbers.get()]
    return [lengths, len(numbers), sum(numbers), len(list(call.it.map.keys()))]


def init_nulls(it: Any, handle: StatefulProcessorHandle) -> None:
    it.one = handle.getValueState("one", "v INT, s STRING")
    it.several = handle.getListState("several", "v INT")
    it.map = handle.getMapState("map", "v INT", "v INT")


def nulls(call: Call) -> list[Any]:
    notes: list[Any] = [call.it.one.exists(), call.it.one.get()]
    call.it.one.update((None, None))
    call.it.several.appendValue((None,))
    call.it.map.updateValue((None,), (None,))
    notes += [
        call.it.one.exists(),
        call.it.one.get(),
        list(call.it.several.get()),
        list(call.it.map.iterator()),
    ]
    notes += [
        call.it.map.containsKey((None,)),
        call.it.map.getValue((None,)),
        call.it.map.exists(),
    ]
    call.it.one.clear()
    notes += [call.it.one.exists(), call.it.one.get()]
    call.it.one.clear()
    call.it.several.clear()
    call.it.several.clear()
    notes += [call.it.several.exists(), list(call.it.several.get())]
    call.it.several.appendList([(1,), (2,)])
    call.it.several.put([(3,)])
    call.it.several.appendValue((4,))
    notes.append(list(call.it.several.get()))
    return [notes]


def init_strict(it: Any, handle: StatefulProcessorHandle) -> None:
    it.one = handle.getValueState("one", "v INT NOT NULL, s STRUCT<t: INT NOT NULL> NOT NULL")


def strict(call: Call) -> list[Any]:
    before = call.it.one.get()
    call.it.one.update((len(call.given), (1,)))
    return [before, call.it.one.get()]


def within(call: Call) -> list[Any]:
    """Variables that change while they are iterated."""
    notes: list[Any] = []
    call.it.several.put([(1,), (2,), (3,)])
    for row in call.it.several.get():
        notes.append(row[0])
        if row[0] == 1:
            call.it.several.appendValue((4,))
    for v in range(3):
        call.it.map.updateValue((v,), (v,))
    for key, value in call.it.map.iterator():
        notes.append((key[0], value[0]))
        call.it.map.removeKey(key)
    return [
        notes,
        list(call.it.several.get()),
        list(call.it.map.keys()),
        call.it.map.exists(),
    ]


# ---- what people get wrong -----------------------------------------------------------------------------------


def saying(action: Callable[[Call], Any]) -> Notes:
    """What an action gives or raises."""

    def given(call: Call) -> list[Any]:
        return [action(call)]

    return given


def init_named(name: str, kind: str = "value", schema: Any = "v INT") -> Any:
    def init(it: Any, handle: StatefulProcessorHandle) -> None:
        if kind == "value":
            it.one = handle.getValueState(name, schema)
        elif kind == "list":
            it.one = handle.getListState(name, schema)
        else:
            it.one = handle.getMapState(name, "v INT", schema)

    return init


def init_two_kinds(it: Any, handle: StatefulProcessorHandle) -> None:
    it.one = handle.getValueState("one", "v INT")
    it.two = handle.getListState("one", "v INT")


def fails(*_: Any) -> Any:
    """It does."""
    raise ValueError("on purpose")


def fails_later(call: Call) -> list[Any]:
    if call.key[0] == "b":
        fails()
    return ["fine"]


def one_timer(call: Call) -> list[Any]:
    call.it.handle.registerTimer(DAY_MS + 1)
    return ["registered"]


def counting(call: Call) -> list[Any]:
    before = call.it.one.get()
    call.it.one.update(((before or (0,))[0] + len(call.given),))
    return [call.it.one.get()]


UPDATES: dict[str, Any] = {
    "list": lambda: [7],
    "row": lambda: Row(v=7),
    "dict": lambda: {"v": 7},
    "number": lambda: 7,
    "nothing": lambda: None,
    "empty": lambda: (),
    "text": lambda: ("seven",),
    "float": lambda: (7.9,),
    "wide": lambda: (2**40,),
    "flag": lambda: (True,),
    "decimal": lambda: (decimal.Decimal(7),),
}


def updating(name: str) -> Notes:
    def given(call: Call) -> list[Any]:
        call.it.one.update(UPDATES[name]())
        return [call.it.one.get(), call.it.one.exists()]

    return given


class Giving(StatefulProcessor):  # type: ignore[misc] # pyspark is not typed
    """Gives something odd for each group."""

    def __init__(self, what: str) -> None:
        self.what = what

    def init(self, handle: StatefulProcessorHandle) -> None:
        """No variables."""

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Any:
        """What the name says."""
        found: dict[str, Any] = {
            "list": [Row(k="a", n=1)],
            "none": None,
            "tuples": iter([("a", 1)]),
            "dicts": iter([{"k": "a", "n": 1}]),
            "text for number": iter([Row(k="a", n="one")]),
            "number for text": iter([Row(k=5, n=1)]),
            "float for number": iter([Row(k="a", n=1.5)]),
            "too great": iter([Row(k="a", n=2**40)]),
            "no number": iter([Row(k="a", n=None)]),
            "missing": iter([Row(k="a")]),
            "none in the rows": iter([Row(k="a", n=1), None]),
            "one row": Row(k="a", n=1),
        }
        return found[self.what]


class GivingFrames(Giving):
    """The same with pandas."""

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Any:
        """What the name says."""
        frames: dict[str, Any] = {
            "list": [pd.DataFrame({"k": ["a"], "n": [1]})],
            "none": None,
            "text for number": iter([pd.DataFrame({"k": ["a"], "n": ["one"]})]),
            "number for text": iter([pd.DataFrame({"k": [5], "n": [1]})]),
            "float for number": iter([pd.DataFrame({"k": ["a"], "n": [1.5]})]),
            "too great": iter([pd.DataFrame({"k": ["a"], "n": [2**40]})]),
            "no number": iter([pd.DataFrame({"k": ["a"], "n": [None]})]),
            "missing": iter([pd.DataFrame({"k": ["a"]})]),
            "none in the rows": iter([pd.DataFrame({"k": ["a"], "n": [1]}), None]),
            "other order": iter([pd.DataFrame({"n": [1], "k": ["a"]})]),
            "twice a name": iter([pd.DataFrame([["a", 1, 2]], columns=["k", "n", "n"])]),
            "odd index": iter([pd.DataFrame({"k": ["a", "b"], "n": [1, 2]}, index=[7, 3])]),
            "extension types": iter([pd.DataFrame({"k": ["a", None], "n": pd.array([1, None], "Int32")})]),
        }
        return frames[self.what]


GIVEN = (
    "list",
    "none",
    "tuples",
    "dicts",
    "text for number",
    "number for text",
    "float for number",
    "too great",
    "no number",
    "missing",
    "none in the rows",
    "one row",
)
GIVEN_FRAMES = (
    "list",
    "none",
    "text for number",
    "number for text",
    "float for number",
    "too great",
    "no number",
    "missing",
    "none in the rows",
    "other order",
    "twice a name",
    "odd index",
    "extension types",
)


def giving(what: str, *, pandas: bool) -> Build:
    """Something odd of one group."""

    def build(_: SparkSession, sources: Sources) -> DataFrame:
        grouped = sources["in"].groupBy("k")
        if pandas:
            return grouped.transformWithStateInPandas(GivingFrames(what), "k STRING, n INT", "update", "None")
        return grouped.transformWithState(Giving(what), "k STRING, n INT", "update", "None")

    return build


def partial(call: Call) -> list[Any]:
    return [len(call.given)]


class Lazy(StatefulProcessor):  # type: ignore[misc] # pyspark is not typed
    """Looks at the first row alone, and not at all at those of b."""

    def init(self, handle: StatefulProcessorHandle) -> None:
        """One variable."""
        self.n = handle.getValueState("n", "n INT")

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Any:
        """A row, and what the state is before and after it has been taken."""
        if key[0] == "b":
            self.n.update((0,))
            return
        first = next(rows)
        self.n.update(((self.n.get() or (0,))[0] + 1,))
        yield Row(k=str(key[0]), note=f"{first.v is None} {self.n.get()}")
        self.n.update((self.n.get()[0] + 10,))


def lazy(_: SparkSession, sources: Sources) -> DataFrame:
    """Not all rows are read."""
    return sources["in"].groupBy("k").transformWithState(Lazy(), OUTPUT, "update", "None")


# ---- with other operators ------------------------------------------------------------------------------------


def after_counts(_: SparkSession, sources: Sources) -> DataFrame:
    """Of the counts of windows the running greatest."""
    counts = sources["in"].withWatermark("at", "5 seconds").groupBy(F.window("at", "10 seconds"), "k").count()
    frame = counts.select(F.col("window.end").alias("at"), "k", F.col("count").cast("int").alias("v"))
    return frame.groupBy("k").transformWithState(
        Noting(sums, init_sum, None, None, None), OUTPUT, "append", "None"
    )


class Passing(StatefulProcessor):  # type: ignore[misc] # pyspark is not typed
    """Gives rows on with a number, and of timers their time."""

    def init(self, handle: StatefulProcessorHandle) -> None:
        """A count, and a timer."""
        self.handle = handle
        self.n = handle.getValueState("n", "n INT")

    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Iterator[Row]:
        """The rows with their numbers."""
        n = (self.n.get() or (0,))[0]
        for row in sorted(rows, key=lambda r: r.at):
            n += 1
            self.handle.registerTimer(ms_of(row.at) + 60_000)
            yield Row(at=row.at, k=row.k, n=n)
        self.n.update((n,))

    def handleExpiredTimer(self, key: Any, timerValues: Any, expiredTimerInfo: Any) -> Iterator[Row]:
        """A row at the watermark."""
        now = dt.datetime.fromtimestamp(timerValues.getCurrentWatermarkInMs() / 1000, dt.UTC)
        yield Row(at=now.replace(tzinfo=None), k="timer", n=-1)


def passed(sources: Sources) -> DataFrame:
    return (
        sources["in"]
        .withWatermark("at", "5 seconds")
        .groupBy("k")
        .transformWithState(
            Passing(),
            "at TIMESTAMP, k STRING, n INT",
            "append",
            "EventTime",
            eventTimeColumnName="at",
        )
    )


def before_counts(_: SparkSession, sources: Sources) -> DataFrame:
    """Windows over what a processor gives."""
    return passed(sources).groupBy(F.window("at", "10 seconds"), "k").agg(F.sum("n").alias("n"))


def before_dedup(_: SparkSession, sources: Sources) -> DataFrame:
    """Without repetition."""
    return passed(sources).dropDuplicatesWithinWatermark(["k"])


def before_another(_: SparkSession, sources: Sources) -> DataFrame:
    """A processor over another's rows, both with timers."""
    frame = passed(sources).withColumnRenamed("n", "v")
    processor = Noting(timers, nothing, expired_timers, None, None)
    return frame.groupBy("k").transformWithState(processor, OUTPUT, "append", "EventTime")


# ---- scenarios -----------------------------------------------------------------------------------------------


def scenario(name: str, build: Build, steps: Any = STEPS, mode: str = "update", **more: Any) -> Scenario:
    """One whose state Spark keeps in RocksDB."""
    more.setdefault("conf", ROCKS)
    return Scenario(name, build, TKV, mode, steps, foreign_state=True, **more)


def both(
    name: str,
    *functions: Any,
    steps: Any = STEPS,
    conf: Any = None,
    partitions: int = 1,
    **options: Any,
) -> list[Scenario]:
    """With Rows and with pandas."""
    mode = options.get("mode", "update")
    more = {"conf": conf or ROCKS, "partitions": partitions}
    return [
        scenario(
            f"{name}_{kind}",
            program(*functions, pandas=pandas, **options),
            steps,
            mode,
            **more,
        )
        for kind, pandas in (("row", False), ("pandas", True))
    ]


def by_row(*arguments: Any, **options: Any) -> list[Scenario]:
    """With Rows alone."""
    return both(*arguments, **options)[:1]


def by_frame(*arguments: Any, **options: Any) -> list[Scenario]:
    """With pandas alone."""
    return both(*arguments, **options)[1:]


EVENTS: dict[str, Any] = {"time": "EventTime", "delay": "5 seconds"}
CLOCK: dict[str, Any] = {"time": "ProcessingTime"}
MANY = [at(*((f"00:{n % 60:02}", f"key {n % 37}", n) for n in range(start, start + 60))) for start in (0, 60)]
LATE = [
    at(("00:12", "a", 1), ("00:13", "b", 20), ("00:15", "a", 3)),
    at(("00:50", "c", 4)),
    at(("01:30", "a", 5), ("00:20", "b", 6), ("01:31", "d", -1)),
    Restart(),
    at(("02:30", "a", None), ("03:00", "e", 100)),
    at(("05:00", "f", 8)),
]

SCENARIOS = [
    *both("sessions", sessions, init_sessions, session_ends, steps=LATE, **EVENTS),
    *by_frame(
        "sessions_partitions",
        sessions,
        init_sessions,
        session_ends,
        steps=LATE,
        partitions=3,
        mode="append",
        **EVENTS,
    ),
    *by_frame("unseen", unseen, init_seen(HOUR_MS), conf=DATA_ONLY, **CLOCK),
    *both(
        "unseen_again",
        unseen,
        init_seen(1),
        steps=[FIRST, Wait(0.05), FIRST],
        conf=DATA_ONLY,
        **CLOCK,
    ),
    *both("top", top, init_top),
    *by_row("words", words, init_words, conf=DATA_ONLY, **CLOCK),
    *by_frame("beats", beat, nothing, beats_again, steps=LATE, **EVENTS),
    *by_row("timers", timers, nothing, expired_timers, steps=LATE, **EVENTS),
    *by_row("odd_timers", odd_timers, nothing, expired_timers, steps=LATE[:2], **EVENTS),
    *by_row(
        "deletes_others",
        three_timers,
        nothing,
        deletes_others,
        steps=LATE[:3],
        **EVENTS,
    ),
    *both("initial", sums, init_sum, None, sum_before, initial=INITIAL),
    *by_row(
        "initial_timed",
        sums,
        init_timed_sum,
        sum_expired,
        sum_before_timed,
        initial=INITIAL,
        **EVENTS,
    ),
    *by_frame(
        "initial_partitions",
        sums,
        init_timed_sum,
        sum_expired,
        sum_before_timed,
        initial=INITIAL,
        partitions=3,
        **EVENTS,
    ),
    *by_row("many", sums, init_sum, steps=MANY, partitions=4),
    *by_frame("nested", nested, init_nested),
    *by_row("large", large, init_large, steps=[FIRST[:2], FIRST[:2], Restart(), FIRST[:2]]),
    *both("nulls", nulls, init_nulls),
    *by_row("strict", strict, init_strict),
    *by_row("within", within, init_nulls),
    scenario("lazy", lazy),
    scenario("after_counts", after_counts, mode="append", steps=LATE),
    scenario("before_counts", before_counts, mode="append", steps=LATE),
    scenario("before_dedup", before_dedup, mode="append", steps=LATE),
    scenario("before_another", before_another, mode="append", steps=LATE),
    # What goes wrong.
    *by_row("fails_in_init", partial, fails),
    *both("fails_in_rows", fails_later, nothing),
    *by_row("fails_in_timer", one_timer, nothing, fails, steps=LATE, **EVENTS),
    *by_row("fails_in_initial", sums, init_sum, None, fails, initial=INITIAL),
    *by_row("fails_in_close", partial, nothing, None, None, fails),
    *by_row("two_kinds", partial, init_two_kinds),
    *(
        one
        for name in (
            "",
            "a b",
            "ä",
            "$one",
            "_one",
            "one/two",
            "default",
            "a.b",
            "timers",
        )
        for one in by_row(f"named_{name}", counting, init_named(name), steps=[FIRST, Restart(), SECOND])
    ),
    *(
        one
        for name, schema in {
            "nothing": "",
            "one type": "INT",
            "wrong": "v INTT",
            "not text": 5,
        }.items()
        for one in both(
            f"schema_{name}",
            counting,
            init_named("one", "value", schema),
            steps=[FIRST],
        )[:1]
    ),
    *(
        one
        for name in UPDATES
        for one in both(f"update_{name}", updating(name), init_named("one"), steps=[FIRST])[:1]
    ),
    *(scenario(f"gives_{name}_row", giving(name, pandas=False), [FIRST[:1]]) for name in GIVEN),
    *(scenario(f"gives_{name}_pandas", giving(name, pandas=True), [FIRST[:1]]) for name in GIVEN_FRAMES),
    *both(
        "timer_in_initial_without_time",
        sums,
        init_sum,
        None,
        sum_before_timed,
        initial=INITIAL,
    )[:1],
    *both("ttl_by_events", unseen, init_seen(1), **EVENTS)[:1],
    *both("ttl_of_nothing", unseen, init_seen(0), conf=DATA_ONLY, **CLOCK)[:1],
]
