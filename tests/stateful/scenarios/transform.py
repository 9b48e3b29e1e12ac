"""transformWithState and transformWithStateInPandas: state variables, TTL, timers, initial state, errors.

Time to live is by processing time: its scenarios wait longer than it lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

from stateful.scenario import Build, Restart, Scenario, Sources, Wait, rows
from stateful.scenarios.windows import ATV, at

KV = "k STRING, v INT"
FIRST = rows("k v", ("a", 1), ("b", 2), ("a", 3), (None, 4), ("c", None))
SECOND = rows("k v", ("a", 5), ("d", 6), (None, None), ("c", None))
THIRD = rows("k v", ("b", -2), ("d", 7), ("d", 1), ("a", 0))
STEPS = [FIRST, SECOND, [], THIRD]
RESTARTS = [FIRST, Restart(), SECOND, Restart(), THIRD]
ROCKS = {
    "spark.sql.streaming.stateStore.providerClass": "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
}
OUTPUT = "k STRING, note STRING"
Make = Callable[[Callable[[Any, list[Any]], Any], Callable[[Any], list[Any]]], StatefulProcessor]


def frames(key: Any, notes: list[Any]) -> Iterator[pd.DataFrame]:
    """Notes of a key as pandas."""
    yield pd.DataFrame({"k": [key[0]] * len(notes), "note": [str(note) for note in notes]})


def frame_values(given: Any) -> list[Any]:
    """The values of v in order."""
    return [None if pd.isna(value) else int(value) for frame in given for value in frame["v"]]


def records(key: Any, notes: list[Any]) -> Iterator[Row]:
    """Notes of a key as rows."""
    for note in notes:
        yield Row(k=key[0], note=str(note))


def record_values(given: Any) -> list[Any]:
    """The values of v in order."""
    return [row.v for row in given]


def transformed(
    make: Make,
    pandas: bool,
    mode: str = "update",
    time: str = "None",
    initial: bool = False,
    delay: str | None = None,
    output: str = OUTPUT,
    event: str = "",
) -> Build:
    """A processor over groups by k."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        name = "in" if "in" in sources.schemas else "one"
        frame = sources[name] if delay is None else sources[name].withWatermark("at", delay)
        grouped = frame.groupBy("k")
        first = sources["static"].groupBy("k") if initial else None
        if pandas:
            return grouped.transformWithStateInPandas(
                make(frames, frame_values), output, mode, time, first, event
            )
        return grouped.transformWithState(make(records, record_values), output, mode, time, first, event)

    return build


def value_state(write: Any, read: Any) -> StatefulProcessor:
    """A count and a sum in one value."""

    class Values(StatefulProcessor):  # type: ignore[misc, unused-ignore]
        def init(self, handle: StatefulProcessorHandle) -> None:
            self.state = handle.getValueState("counts", "n LONG, total LONG, text STRING")

        def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
            before = self.state.get() if self.state.exists() else None
            n, total, text = before if before is not None else (0, 0, "")
            given = read(rows)
            n, total = n + len(given), total + sum(value or 0 for value in given)
            if n >= 4:
                self.state.clear()
            else:
                self.state.update((n, total, f"{text}{len(given)}"))
            yield from write(key, [(n, total, text, before is not None), self.state.exists()])

        def close(self) -> None:
            pass

    return Values()


def list_state(write: Any, read: Any) -> StatefulProcessor:
    """All values, put anew when there are five."""

    class Lists(StatefulProcessor):  # type: ignore[misc, unused-ignore]
        def init(self, handle: StatefulProcessorHandle) -> None:
            self.state = handle.getListState("values", "v INT")

        def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
            before = [row[0] for row in self.state.get()] if self.state.exists() else None
            given = read(rows)
            if len(before or []) >= 3:
                self.state.put([(value,) for value in given])
            elif len(given) > 1:
                self.state.appendList([(value,) for value in given])
            else:
                self.state.appendValue((given[0],))
            yield from write(key, [before, [row[0] for row in self.state.get()]])

    return Lists()


def map_state(write: Any, read: Any) -> StatefulProcessor:
    """How often a value came."""

    class Maps(StatefulProcessor):  # type: ignore[misc, unused-ignore]
        def init(self, handle: StatefulProcessorHandle) -> None:
            self.state = handle.getMapState("seen", "v INT", "n LONG, last STRING")

        def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
            notes: list[Any] = [self.state.exists()]
            for value in read(rows):
                known = self.state.containsKey((value,))
                n = self.state.getValue((value,))[0] if known else 0
                self.state.updateValue((value,), (n + 1, str(key[0])))
                if value == 7:
                    self.state.removeKey((value,))
            notes.append(sorted((tuple(one) for one in list(self.state.keys())), key=str))
            notes.append(
                sorted(((tuple(one), tuple(other)) for one, other in self.state.iterator()), key=str)
            )
            notes.append(sorted((tuple(one) for one in self.state.values()), key=str))
            yield from write(key, notes)

    return Maps()


def two_states(write: Any, read: Any) -> StatefulProcessor:
    """A value and a list."""

    class Both(StatefulProcessor):  # type: ignore[misc, unused-ignore]
        def init(self, handle: StatefulProcessorHandle) -> None:
            self.last = handle.getValueState("last", "v INT")
            self.all = handle.getListState("all", "v INT")

        def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
            for value in read(rows):
                self.last.update((value,))
                self.all.appendValue((value,))
            yield from write(key, [tuple(self.last.get() or ()), [row[0] for row in self.all.get()]])

    return Both()


def with_ttl(write: Any, read: Any) -> StatefulProcessor:
    """All kinds of state, each for 1500 ms."""

    class Ttl(StatefulProcessor):  # type: ignore[misc, unused-ignore]
        def init(self, handle: StatefulProcessorHandle) -> None:
            self.value = handle.getValueState("value", "v INT", 1500)
            self.list = handle.getListState("list", "v INT", 1500)
            self.map = handle.getMapState("map", "v INT", "n INT", 1500)
            self.kept = handle.getValueState("kept", "n INT")

        def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
            found = [self.value.exists(), self.list.exists(), self.map.exists(), self.kept.exists()]
            n = self.kept.get()[0] if self.kept.exists() else 0
            self.kept.update((n + 1,))
            for value in read(rows):
                self.value.update((value,))
                self.list.appendValue((value,))
                self.map.updateValue((value,), (1,))
            listed = [row[0] for row in self.list.get()]
            yield from write(
                key, [found, n, listed, sorted((row[0] for row in list(self.map.keys())), key=str)]
            )

    return Ttl()


def event_timers(write: Any, read: Any) -> StatefulProcessor:
    """A timer five seconds after the watermark or the first row, another when it fires."""

    class Timers(StatefulProcessor):  # type: ignore[misc, unused-ignore]
        def init(self, handle: StatefulProcessorHandle) -> None:
            self.handle = handle
            self.state = handle.getValueState("n", "n INT")

        def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
            n = (self.state.get()[0] if self.state.exists() else 0) + len(read(rows))
            self.state.update((n,))
            watermark = timerValues.getCurrentWatermarkInMs()
            self.handle.registerTimer(max(watermark, 1_704_067_200_000) + 5000 * n)
            if n == 3:
                for timer in list(self.handle.listTimers())[:1]:
                    self.handle.deleteTimer(timer)
            yield from write(key, [("rows", n, watermark, sorted(self.handle.listTimers()))])

        def handleExpiredTimer(self, key: Any, timerValues: Any, expiredTimerInfo: Any) -> Any:  # noqa: N802, N803
            n = self.state.get()[0] if self.state.exists() else None
            when = expiredTimerInfo.getExpiryTimeInMs()
            if n is not None and n > 1:
                self.state.clear()
            elif n == 1:
                self.state.update((10,))
                self.handle.registerTimer(timerValues.getCurrentWatermarkInMs() + 60000)
            yield from write(
                key,
                [("timer", n, when, timerValues.getCurrentWatermarkInMs(), sorted(self.handle.listTimers()))],
            )

    return Timers()


def processing_timers(write: Any, read: Any) -> StatefulProcessor:
    """A timer after 200 ms."""

    class Soon(StatefulProcessor):  # type: ignore[misc, unused-ignore]
        def init(self, handle: StatefulProcessorHandle) -> None:
            self.handle = handle

        def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
            self.handle.registerTimer(timerValues.getCurrentProcessingTimeInMs() + 200)
            yield from write(key, [("rows", len(read(rows)), timerValues.getCurrentWatermarkInMs())])

        def handleExpiredTimer(self, key: Any, timerValues: Any, expiredTimerInfo: Any) -> Any:  # noqa: N802, N803
            late = timerValues.getCurrentProcessingTimeInMs() >= expiredTimerInfo.getExpiryTimeInMs()
            yield from write(key, [("timer", late)])

    return Soon()


def initial_state(write: Any, read: Any) -> StatefulProcessor:
    """A sum that begins with a table."""

    class Started(StatefulProcessor):  # type: ignore[misc, unused-ignore]
        def init(self, handle: StatefulProcessorHandle) -> None:
            self.state = handle.getValueState("total", "n LONG")

        def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
            before = self.state.get()[0] if self.state.exists() else None
            given = read(rows)
            self.state.update(((before or 0) + sum(value or 0 for value in given),))
            yield from write(key, [(before, self.state.get()[0])])

        def handleInitialState(self, key: Any, initialState: Any, timerValues: Any) -> None:  # noqa: N802, N803
            n = initialState.n if isinstance(initialState, Row) else int(initialState["n"].sum())
            self.state.update((n,))

    return Started()


def failing(write: Any, read: Any) -> StatefulProcessor:
    """Raises at the key d."""

    class Failing(StatefulProcessor):  # type: ignore[misc, unused-ignore]
        def init(self, handle: StatefulProcessorHandle) -> None:
            self.state = handle.getValueState("n", "n INT")

        def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
            if key[0] == "d":
                raise ValueError("not d")
            yield from write(key, [len(read(rows))])

    return Failing()


def no_state(write: Any, read: Any) -> StatefulProcessor:
    """Nothing is kept."""

    class Without(StatefulProcessor):  # type: ignore[misc, unused-ignore]
        def init(self, handle: StatefulProcessorHandle) -> None:
            pass

        def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
            yield from write(key, [len(read(rows)), timerValues.getCurrentWatermarkInMs()])

    return Without()


def other_value(write: Any, read: Any) -> StatefulProcessor:
    """The state of `value_state` with other columns."""

    class Other(StatefulProcessor):  # type: ignore[misc, unused-ignore]
        def init(self, handle: StatefulProcessorHandle) -> None:
            self.state = handle.getValueState("counts", "n STRING")

        def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
            yield from write(key, [len(read(rows))])

    return Other()


def asked(action: Callable[[Any, Any, Any], Any]) -> Make:
    """Something is asked of the handle; the answer or what is raised is the note."""

    def make(write: Any, read: Any) -> StatefulProcessor:
        class Asking(StatefulProcessor):  # type: ignore[misc, unused-ignore]
            def init(self, handle: StatefulProcessorHandle) -> None:
                self.handle = handle
                self.state = handle.getValueState("n", "n INT")

            def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
                read(rows)
                try:
                    note = str(action(self.handle, self.state, timerValues))
                except Exception as error:  # noqa: BLE001 - it is what is asked for
                    note = f"{type(error).__name__}: {error}"
                yield from write(key, [note[:200]])

        return Asking()

    return make


ACTIONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "get": lambda handle, state, timers: state.get(),
    "update_wrong_length": lambda handle, state, timers: state.update((1, 2)),
    "update_wrong_type": lambda handle, state, timers: state.update(("text",)),
    "update_null": lambda handle, state, timers: (state.update((None,)), state.exists(), state.get()),
    "clear": lambda handle, state, timers: (state.clear(), state.exists()),
    "register_timer": lambda handle, state, timers: handle.registerTimer(10),
    "same_name": lambda handle, state, timers: handle.getValueState("n", "n INT"),
    "watermark": lambda handle, state, timers: timers.getCurrentWatermarkInMs(),
}


def then_count(spark: SparkSession, sources: Sources) -> DataFrame:
    """A window above, by an event time of the output."""

    def stamped(write: Any, read: Any) -> StatefulProcessor:
        class Stamped(StatefulProcessor):  # type: ignore[misc, unused-ignore]
            def init(self, handle: StatefulProcessorHandle) -> None:
                self.state = handle.getValueState("n", "n INT")

            def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803
                for frame in rows:
                    yield pd.DataFrame({"k": [key[0]] * len(frame), "t": list(frame["at"])})

        return Stamped()

    found = transformed(
        stamped,
        pandas=True,
        mode="append",
        time="EventTime",
        delay="10 seconds",
        output="k STRING, t TIMESTAMP",
        event="t",
    )(spark, sources)
    return found.groupBy(F.window("t", "10 seconds")).count()


EVENTS = [
    at(("00:03", "a", 1), ("00:08", "a", 2), ("00:09", "b", 3), ("00:30", None, 5)),
    at(("00:12", "a", 6), ("00:25", "b", 9), ("00:40", "c", 1)),
    at(("00:03", "a", 11), ("00:31", "b", 12), ("00:45", "c", 1)),
    at(("03:00", "d", 1)),
    at(("10:00", "d", 1)),
]
INITIAL = {"one": KV, "static": "k STRING, n LONG"}
INITIAL_STEPS = [
    {"static": rows("k n", ("a", 100), ("z", 5), (None, 7)), "one": FIRST},
    {"one": SECOND},
    Restart(),
    {"one": [*THIRD, *rows("k v", ("z", 1))]},
]
NO_EMPTY = {**ROCKS, "spark.sql.streaming.noDataMicroBatches.enabled": "false"}
KINDS = {"pandas": True, "rows": False}


def both(
    name: str,
    make: Make,
    schema: Any,
    mode: str,
    steps: Any,
    conf: Any = ROCKS,
    partitions: int = 1,
    **more: Any,
) -> list[Scenario]:
    """A scenario for pandas and one for rows."""
    return [
        Scenario(
            f"{name}_{kind}",
            transformed(make, pandas=pandas, mode=mode, **more),
            schema,
            mode,
            steps,
            conf=conf,
            partitions=partitions,
            foreign_state=True,
        )
        for kind, pandas in KINDS.items()
    ]


SCENARIOS = [
    *both("value_update", value_state, KV, "update", STEPS),
    *both("value_append", value_state, KV, "append", STEPS),
    *both("value_complete", value_state, KV, "complete", STEPS[:1]),
    *both("value_restarts", value_state, KV, "update", RESTARTS, partitions=2),
    *both("value_hdfs", value_state, KV, "update", STEPS[:1], conf={}),
    *both("list", list_state, KV, "update", RESTARTS),
    *both("map", map_state, KV, "update", RESTARTS),
    *both("two", two_states, KV, "update", RESTARTS, partitions=2),
    *both("none", no_state, KV, "update", STEPS),
    *both(
        "ttl",
        with_ttl,
        KV,
        "update",
        [FIRST, Wait(2.5), SECOND, Wait(2.5), Restart(), THIRD],
        conf=NO_EMPTY,
        time="ProcessingTime",
    ),
    *both("ttl_no_time", with_ttl, KV, "update", STEPS[:1], conf=NO_EMPTY),
    *both("event_timers", event_timers, ATV, "update", EVENTS, time="EventTime", delay="10 seconds"),
    *both(
        "event_timers_restarts",
        event_timers,
        ATV,
        "append",
        [part for step in EVENTS for part in (step, Restart())],
        time="EventTime",
        delay="10 seconds",
        partitions=2,
    ),
    *both("event_timers_no_watermark", event_timers, ATV, "update", EVENTS[:1], time="EventTime"),
    *both(
        "processing_timers",
        processing_timers,
        KV,
        "update",
        [FIRST, Wait(0.6), SECOND, Wait(0.6), Restart(), THIRD],
        conf=NO_EMPTY,
        time="ProcessingTime",
    ),
    *both("processing_timers_no_time", processing_timers, KV, "update", STEPS[:1]),
    *both("initial", initial_state, INITIAL, "update", INITIAL_STEPS, initial=True),
    *both("fails", failing, KV, "update", [FIRST, SECOND, Restart()]),
    *both("unknown_time", value_state, KV, "update", STEPS[:1], time="Sometimes"),
    *both("unknown_mode", value_state, KV, "sometimes", STEPS[:1]),
    *(
        one
        for name, action in ACTIONS.items()
        for one in both(f"call_{name}", asked(action), KV, "update", STEPS[:2])
    ),
    *(
        Scenario(
            f"restart_{name}_{kind}",
            transformed(value_state, pandas=pandas),
            KV,
            "update",
            [FIRST, Restart(transformed(make, pandas=pandas)), SECOND],
            conf=ROCKS,
            foreign_state=True,
        )
        for kind, pandas in KINDS.items()
        for name, make in {
            "other_columns": other_value,
            "other_states": two_states,
            "no_states": no_state,
        }.items()
    ),
    Scenario("then_count", then_count, ATV, "append", EVENTS, conf=ROCKS, foreign_state=True),
]
