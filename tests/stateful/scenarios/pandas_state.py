"""applyInPandasWithState: state, timeouts, chunks, errors. The functions are written as users write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.state import GroupState, GroupStateTimeout

from stateful.scenario import Build, Restart, Scenario, Sources, Wait, reading_less, rows
from stateful.scenarios.windows import ATV, at

KV = "k STRING, v INT"
FIRST = rows("k v", ("a", 1), ("b", 2), ("a", 3), (None, 4), ("c", None))
SECOND = rows("k v", ("a", 5), ("d", 6), (None, None), ("c", None))
THIRD = rows("k v", ("b", -2), ("d", 7), ("d", 1), ("a", 0))
STEPS = [FIRST, SECOND, [], THIRD]
RESTARTS = [FIRST, Restart(), SECOND, Restart(), THIRD]
Function = Callable[[Any, Iterator[pd.DataFrame], GroupState], Iterator[pd.DataFrame]]


def applied(
    function: Callable[[], Function],
    output: str = "k STRING, n LONG, note STRING",
    state: str = "n LONG",
    mode: str = "update",
    timeout: str = GroupStateTimeout.NoTimeout,
    keys: tuple[str, ...] = ("k",),
    delay: str | None = None,
) -> Build:
    """A function over groups of the only source."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        frame = sources["in"] if delay is None else sources["in"].withWatermark("at", delay)
        return frame.groupBy(*keys).applyInPandasWithState(function(), output, state, mode, timeout)

    return build


def counts() -> Function:
    """Rows of a key so far; the state is removed at four and more."""

    def count(key: Any, frames: Iterator[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
        before = state.getOption
        (n,) = before if before is not None else (0,)
        note = f"exists={state.exists} before={before} timed_out={state.hasTimedOut}"
        n += sum(len(frame) for frame in frames)
        if n >= 4:
            state.remove()
        else:
            state.update((n,))
        yield pd.DataFrame({"k": [key[0]], "n": [n], "note": [note]})

    return count


def chunks() -> Function:
    """How the rows of a key come: lengths and columns."""

    def look(key: Any, frames: Iterator[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
        for frame in frames:
            note = f"{list(frame.columns)} {[str(kind) for kind in frame.dtypes]}"
            yield pd.DataFrame({"k": [key[0]], "n": [len(frame)], "note": [note]})

    return look


def sums() -> Function:
    """A state of several types that is never read with get when it does not exist."""

    def add(key: Any, frames: Iterator[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
        values = [None if pd.isna(value) else int(value) for frame in frames for value in frame["v"]]
        n, total, text, last, flag = state.get if state.exists else (0, 0.0, "", None, False)
        known = [value for value in values if value is not None]
        n, total = n + len(values), total + sum(known)
        text += "".join("." if value is None else str(value) for value in values)
        last, flag = known[-1] if known else last, not flag
        state.update((n, total, text, last, flag))
        yield pd.DataFrame({"k": [key[0]], "n": [n], "note": [f"{total} {text} {last} {flag}"]})

    return add


def nothing() -> Function:
    """No output for keys with fewer than two rows, two frames for the others."""

    def some(key: Any, frames: Iterator[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
        n = sum(len(frame) for frame in frames)
        if n > 1:
            for number in range(2):
                yield pd.DataFrame({"k": [key[0]] * 2, "n": [n, number], "note": [None, "second"]})

    return some


def event_timeouts(ahead_ms: int = 5000) -> Callable[[], Function]:
    """A timeout some time after the newest row."""

    def make() -> Function:
        def follow(key: Any, frames: Iterator[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
            if state.hasTimedOut:
                note = f"timed out watermark={state.getCurrentWatermarkMs()} frames={sum(len(f) for f in frames)}"
                n = state.get[0]
                if n > 2:
                    state.remove()
                else:
                    state.update((n + 100,))
                    if n < 100:
                        state.setTimeoutTimestamp(state.getCurrentWatermarkMs() + 60000)
            else:
                times = [time for frame in frames for time in frame["at"]]
                n = len(times) + (state.get[0] if state.exists else 0)
                state.update((n,))
                newest = max((int(time.timestamp() * 1000) for time in times if not pd.isna(time)), default=0)
                state.setTimeoutTimestamp(max(newest, state.getCurrentWatermarkMs()) + ahead_ms)
                note = f"rows watermark={state.getCurrentWatermarkMs()} old={state.oldTimeoutTimestamp if hasattr(state, 'oldTimeoutTimestamp') else None}"
            yield pd.DataFrame({"k": [key[0]], "n": [n], "note": [note]})

        return follow

    return make


def processing_timeouts() -> Function:
    """A timeout after 100 ms."""

    def follow(key: Any, frames: Iterator[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
        if state.hasTimedOut:
            n = state.get[0]
            state.remove()
            yield pd.DataFrame({"k": [key[0]], "n": [n], "note": ["timed out"]})
        else:
            n = sum(len(frame) for frame in frames) + (state.get[0] if state.exists else 0)
            state.update((n,))
            state.setTimeoutDuration(100)
            yield pd.DataFrame({"k": [key[0]], "n": [n], "note": ["rows"]})

    return follow


def calls(action: Callable[[GroupState], Any]) -> Callable[[], Function]:
    """Something is asked of the state; the answer or what is raised is the note."""

    def make() -> Function:
        def ask(key: Any, frames: Iterator[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
            try:
                note = str(action(state))
            except Exception as error:  # noqa: BLE001 - it is what is asked for
                note = f"{type(error).__name__}: {error}"
            yield pd.DataFrame({"k": [key[0]], "n": [0], "note": [note[:300]]})

        return ask

    return make


def fails() -> Function:
    """Raises at the key d."""

    def raise_at(key: Any, frames: Iterator[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
        if key[0] == "d":
            raise ValueError("not d")
        state.update((1,))
        yield pd.DataFrame({"k": [key[0]], "n": [1], "note": [""]})

    return raise_at


def keys_of_two() -> Function:
    """The key is a tuple of all grouping columns."""

    def look(key: Any, frames: Iterator[pd.DataFrame], state: GroupState) -> Iterator[pd.DataFrame]:
        n = (state.get[0] if state.exists else 0) + sum(len(frame) for frame in frames)
        state.update((n,))
        yield pd.DataFrame(
            {"k": [str(tuple(key))], "n": [n], "note": [",".join(type(part).__name__ for part in key)]}
        )

    return look


def then_count(spark: SparkSession, sources: Sources) -> DataFrame:
    """An aggregation above."""
    return applied(counts, mode="append")(spark, sources).groupBy("k").count()


def after_projection(spark: SparkSession, sources: Sources) -> DataFrame:
    """Projections below and above."""
    below = sources["in"].filter("v IS NOT NULL").select(F.upper("k").alias("k"), "v")
    found = below.groupBy("k").applyInPandasWithState(
        counts(), "k STRING, n LONG, note STRING", "n LONG", "update", "NoTimeout"
    )
    return found.filter("n > 1").select("n", "k")


EVENTS = [
    at(("00:03", "a", 1), ("00:08", "a", 2), ("00:09", "b", 3), ("00:30", None, 5)),
    at(("00:12", "a", 6), ("00:25", "b", 9), ("00:40", "c", 1)),
    at(("00:03", "a", 11), ("00:31", "b", 12), ("00:45", "c", 1), (None, "x", 1)),
    at(("03:00", "d", 1)),
    at(("10:00", "d", 1)),
]
NO_EMPTY = {"spark.sql.streaming.noDataMicroBatches.enabled": "false"}
EVENT = GroupStateTimeout.EventTimeTimeout
PROCESSING = GroupStateTimeout.ProcessingTimeTimeout
ACTIONS: dict[str, Callable[[GroupState], Any]] = {
    "get": lambda state: state.get,
    "update_none": lambda state: state.update(None),
    "update_null_in_tuple": lambda state: state.update((None,)),
    "update_wrong_length": lambda state: state.update((1, 2)),
    "update_wrong_type": lambda state: state.update(("text",)),
    "update_no_tuple": lambda state: state.update(1),
    "remove": lambda state: state.remove(),
    "timeout_duration": lambda state: state.setTimeoutDuration(10),
    "timeout_duration_negative": lambda state: state.setTimeoutDuration(-1),
    "timeout_timestamp": lambda state: state.setTimeoutTimestamp(10),
    "watermark": lambda state: state.getCurrentWatermarkMs(),
    "processing_time": lambda state: state.getCurrentProcessingTimeMs() > 1_700_000_000_000,
    "text": lambda state: (state.update((1,)), repr(state.getOption), state.exists, state.hasTimedOut),
}
SCENARIOS = [
    Scenario("counts_update", applied(counts), KV, "update", STEPS, checkpoint=True),
    Scenario("counts_append", applied(counts, mode="append"), KV, "append", STEPS),
    Scenario("counts_restarts", applied(counts), KV, "update", RESTARTS, partitions=2, checkpoint=True),
    Scenario("counts_complete", applied(counts, mode="complete"), KV, "complete", STEPS[:1]),
    Scenario("counts_other_mode", applied(counts, mode="append"), KV, "update", STEPS[:1]),
    Scenario("counts_other_mode_2", applied(counts, mode="update"), KV, "append", STEPS[:1]),
    Scenario(
        "sums",
        applied(sums, state="n LONG, total DOUBLE, text STRING, last INT, flag BOOLEAN"),
        KV,
        "update",
        RESTARTS,
        checkpoint=True,
    ),
    Scenario("nothing", applied(nothing), KV, "update", STEPS),
    Scenario("chunks", applied(chunks), KV, "update", STEPS),
    Scenario(
        "chunks_of_one",
        applied(chunks),
        KV,
        "update",
        STEPS,
        conf={"spark.sql.execution.arrow.maxRecordsPerBatch": "1"},
    ),
    Scenario("two_keys", applied(keys_of_two, keys=("v", "k")), KV, "update", STEPS, partitions=2),
    Scenario("fails", applied(fails), KV, "update", [FIRST, SECOND, Restart()]),
    Scenario("then_count", then_count, KV, "update", STEPS),
    Scenario("then_count_append", then_count, KV, "append", STEPS),
    Scenario("after_projection", after_projection, KV, "update", STEPS),
    Scenario(
        "event_time",
        applied(event_timeouts(), timeout=EVENT, delay="10 seconds"),
        ATV,
        "update",
        EVENTS,
        checkpoint=True,
    ),
    Scenario(
        "event_time_append",
        applied(event_timeouts(), timeout=EVENT, delay="10 seconds", mode="append"),
        ATV,
        "append",
        EVENTS,
    ),
    Scenario(
        "event_time_restarts",
        applied(event_timeouts(), timeout=EVENT, delay="10 seconds"),
        ATV,
        "update",
        [part for step in EVENTS for part in (step, Restart())],
    ),
    Scenario(
        "event_time_2",
        applied(event_timeouts(), timeout=EVENT, delay="10 seconds"),
        ATV,
        "update",
        EVENTS,
        partitions=2,
    ),
    Scenario("event_time_no_watermark", applied(event_timeouts(), timeout=EVENT), ATV, "update", EVENTS[:1]),
    Scenario(
        "event_time_behind_watermark",
        applied(event_timeouts(-1), timeout=EVENT, delay="10 seconds"),
        ATV,
        "update",
        EVENTS,
    ),
    Scenario("watermark_no_timeout", applied(counts, delay="10 seconds"), ATV, "update", EVENTS),
    Scenario(
        "watermark_no_timeout_append",
        applied(counts, delay="10 seconds", mode="append"),
        ATV,
        "append",
        EVENTS,
    ),
    Scenario(
        "processing_time",
        applied(processing_timeouts, timeout=PROCESSING),
        KV,
        "update",
        [FIRST, Wait(0.5), SECOND, Wait(0.5), Restart(), THIRD],
        conf=NO_EMPTY,
        state_rows=False,
    ),
    Scenario("unknown_timeout", applied(counts, timeout="Sometimes"), KV, "update", STEPS[:1]),
    Scenario("unknown_mode", applied(counts, mode="sometimes"), KV, "update", STEPS[:1]),
    Scenario(
        "restart_other_state",
        applied(counts),
        KV,
        "update",
        [
            FIRST,
            Restart(applied(sums, state="n LONG, total DOUBLE, text STRING, last INT, flag BOOLEAN")),
            SECOND,
        ],
    ),
    Scenario(
        "restart_other_timeout",
        applied(counts),
        KV,
        "update",
        [FIRST, Restart(applied(counts, timeout=PROCESSING), conf=NO_EMPTY), SECOND],
    ),
    *(
        Scenario(f"call_{name}", applied(calls(action)), KV, "update", STEPS[:2])
        for name, action in ACTIONS.items()
    ),
    *(
        Scenario(
            f"call_{name}_event_time",
            applied(calls(action), timeout=EVENT, delay="10 seconds"),
            ATV,
            "update",
            EVENTS[:2],
        )
        for name, action in ACTIONS.items()
        if "time" in name or name == "watermark"
    ),
    *(
        Scenario(
            f"call_{name}_processing_time",
            applied(calls(action), timeout=PROCESSING),
            KV,
            "update",
            STEPS[:2],
            conf=NO_EMPTY,
        )
        for name, action in ACTIONS.items()
        if "time" in name or name == "watermark"
    ),
]
SCENARIOS = reading_less(SCENARIOS, "after_projection")
