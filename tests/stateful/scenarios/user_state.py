"""applyInPandasWithState: state, timeouts, results and errors of a user's function."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.state import GroupState

from stateful.scenario import Build, Restart, Scenario, Sources, Wait, rows

KV = "k STRING, v INT"
TKV = "at TIMESTAMP, k STRING, v INT"
Frames = Iterator[pd.DataFrame]
NO_EMPTY_BATCHES = {"spark.sql.streaming.noDataMicroBatches.enabled": "false"}


def applied(
    function: Any,
    output: str,
    state: str,
    mode: str = "update",
    timeout: str = "NoTimeout",
    *,
    keys: tuple[str, ...] = ("k",),
    columns: tuple[str, ...] = ("*",),
    delay: str | None = None,
) -> Build:
    """A function with state over the groups of some keys."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        frame = sources["in"] if delay is None else sources["in"].withWatermark("at", delay)
        grouped = frame.selectExpr(*columns).groupBy(*keys)
        return grouped.applyInPandasWithState(function, output, state, mode, timeout)

    return build


def running(key: Any, frames: Frames, state: GroupState) -> Frames:
    """Count and sum per key, kept in the state; a negative value ends it."""
    count, total = state.get if state.exists else (0, 0)
    for frame in frames:
        count += len(frame)
        total += int(frame["v"].sum())
    if total < 0:
        state.remove()
    else:
        state.update((count, total))
    yield pd.DataFrame({"k": [key[0]], "n": [count], "s": [total], "known": [state.exists]})


def told(key: Any, frames: Frames, state: GroupState) -> Frames:
    """What a function sees of its arguments."""
    known = str(state.getOption)
    parts = [
        f"{list(frame.columns)} {[str(t) for t in frame.dtypes]} {list(frame.index)} {frame.to_numpy().tolist()}"
        for frame in frames
    ]
    text = f"{key!r} {type(key[0]).__name__} {parts} {known} {state} {state.hasTimedOut}"
    state.update((len(parts),))
    yield pd.DataFrame({"text": [text]})


def nothing(key: Any, frames: Frames, state: GroupState) -> Frames:
    """No row, no state."""
    return iter([])


def many(key: Any, frames: Frames, state: GroupState) -> Frames:
    """Several frames, an empty one among them, of columns in another order."""
    for frame in frames:
        yield pd.DataFrame({"v": frame["v"] * 2, "k": frame["k"]})
        yield pd.DataFrame()
        yield pd.DataFrame({"k": pd.Series([], dtype="object"), "v": pd.Series([], dtype="int64")})
        yield pd.DataFrame({"v": [None, 1], "k": [key[0], None]})


def counted(key: Any, frames: Frames, state: GroupState) -> Frames:
    """The number of rows so far, kept where something is odd."""
    seen = (state.get[0] if state.exists else 0) + sum(len(frame) for frame in frames)
    state.update((seen,))
    yield pd.DataFrame({"key": [str(key)], "n": [seen]})


def after_a_while(duration_ms: int) -> Any:
    """A function whose groups time out by the clock."""

    def function(key: Any, frames: Frames, state: GroupState) -> Frames:
        if state.hasTimedOut:
            (count,) = state.get
            size = [(list(f.columns), len(f)) for f in frames]
            state.remove()
            yield pd.DataFrame({"k": [key[0]], "n": [count], "what": [f"timed out {size}"]})
            return
        count = (state.get[0] if state.exists else 0) + sum(len(frame) for frame in frames)
        state.update((count,))
        state.setTimeoutDuration(duration_ms)
        now = state.getCurrentProcessingTimeMs()
        yield pd.DataFrame({"k": [key[0]], "n": [count], "what": [str(now > 1_700_000_000_000)]})

    return function


def by_time(key: Any, frames: Frames, state: GroupState) -> Frames:
    """A session that ends 10 s after its last event."""
    watermark = state.getCurrentWatermarkMs()
    if state.hasTimedOut:
        (last, count) = state.get
        state.remove()
        yield pd.DataFrame({"k": [key[0]], "n": [count], "what": [f"ended {last} {watermark}"]})
        return
    last, count = state.get if state.exists else (0, 0)
    for frame in frames:
        count += len(frame)
        last = max(last, int(frame["at"].max().timestamp() * 1000))
    state.update((last, count))
    state.setTimeoutTimestamp(max(last + 10_000, watermark + 1))
    yield pd.DataFrame({"k": [key[0]], "n": [count], "what": [f"{watermark} {state.oldTimeoutTimestamp}"]})


def kept_on(key: Any, frames: Frames, state: GroupState) -> Frames:
    """Times out again and again: the state stays, and with it or without it a new time."""
    rounds = state.get[0] + 1 if state.exists else 0
    state.update((rounds,))
    seen = sum(len(frame) for frame in frames)
    if rounds < 3:
        state.setTimeoutTimestamp(state.getCurrentWatermarkMs() + 5_000)
    yield pd.DataFrame({"k": [key[0]], "n": [rounds], "what": [f"{seen} {state.hasTimedOut}"]})


def only_timeout(key: Any, frames: Frames, state: GroupState) -> Frames:
    """A time but no state: the group is called again all the same."""
    text = f"{state.exists} {state.hasTimedOut} {state.oldTimeoutTimestamp}"
    if not state.hasTimedOut:
        state.setTimeoutTimestamp(state.getCurrentWatermarkMs() + 1_000)
    yield pd.DataFrame({"k": [key[0]], "n": [0], "what": [text]})


def every_type(names: tuple[str, ...]) -> Any:
    """A function with state of some types, read back."""

    def function(key: Any, frames: Frames, state: GroupState) -> Frames:
        seen = repr(state.getOption)
        for _ in frames:
            pass
        state.update(tuple(VALUES[name][key[0]] for name in names))
        yield pd.DataFrame({"text": [seen]})

    return function


# The type, a value of it, NULL, and values of other types that its column is given all the same.
VALUES: dict[str, dict[str, Any]] = {
    "BOOLEAN": {"all": True, "none": None, "other": "1", "wrong": 1},
    "TINYINT": {"all": 1, "none": None, "other": True, "wrong": 300},
    "SMALLINT": {"all": 2, "none": None, "other": 1.5, "wrong": -40_000},
    "INT": {"all": 3, "none": None, "other": "x", "wrong": 2**31},
    "BIGINT": {"all": 2**40, "none": None, "other": 2.0, "wrong": 2**63},
    "DOUBLE": {"all": 1.5, "none": None, "other": 2, "wrong": "x"},
    "FLOAT": {"all": 1.5, "none": None, "other": 2, "wrong": 1e39},
    "DECIMAL(20,6)": {
        "all": decimal.Decimal("12.345678"),
        "none": None,
        "other": 7,
        "wrong": decimal.Decimal("1.23456789"),
    },
    "STRING": {"all": "täxt", "none": None, "other": True, "wrong": 1.5},
    "BINARY": {"all": b"\x00\x01", "none": None, "other": "text", "wrong": 5},
    "DATE": {
        "all": dt.date(2024, 2, 29),
        "none": None,
        "other": dt.datetime(2024, 1, 1),  # noqa: DTZ001 - local time
        "wrong": None,
    },
    "TIMESTAMP": {
        "all": dt.datetime(2024, 1, 1, 12, 30, 0, 123456),  # noqa: DTZ001 - local time
        "none": None,
        "other": dt.datetime(1969, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001 - local time
        "wrong": None,
    },
    "TIMESTAMP_NTZ": {
        "all": dt.datetime(2024, 1, 1, 12, 30, 0, 123456),  # noqa: DTZ001 - local time
        "none": None,
        "other": None,
        "wrong": None,
    },
    "INTERVAL DAY TO SECOND": {
        "all": dt.timedelta(days=-1, microseconds=5),
        "none": None,
        "other": None,
        "wrong": None,
    },
}


def types(name: str, *names: str) -> Scenario:
    """A scenario over state of some types."""
    state = ", ".join(f"c{number} {kind}" for number, kind in enumerate(names))
    steps = [
        rows("k v", ("all", 1), ("none", 2)),
        rows("k v", ("all", 1), ("none", 2)),
        Restart(),
        rows("k v", ("all", 1), ("none", 2), ("other", 1)),
        rows("k v", ("other", 1)),
        rows("k v", ("wrong", 1)),
        rows("k v", ("wrong", 1)),
    ]
    build = applied(every_type(names), "text STRING", state)
    return Scenario(name, build, KV, "update", steps, ordered=True)


def numpy_state(key: Any, frames: Frames, state: GroupState) -> Frames:
    """Values of numpy and pandas as state."""
    seen = repr(state.getOption)
    frame = next(frames)
    state.update((frame["v"].sum(), pd.Timestamp("2024-01-02 03:04:05"), frame["v"].mean()))
    yield pd.DataFrame({"text": [seen]})


def failing(key: Any, frames: Frames, state: GroupState) -> Frames:
    """Raises for one key."""
    state.update((1,))
    if key[0] == "bad":
        raise ValueError("a bad key")
    yield pd.DataFrame({"k": [key[0]]})


def returns(value: Any) -> Any:
    """A function that gives this, whatever it is."""

    def function(key: Any, frames: Frames, state: GroupState) -> Any:
        return value

    return function


def no_watermark(key: Any, frames: Frames, state: GroupState) -> Frames:
    """Asks for a watermark where there is none."""
    yield pd.DataFrame({"text": [str(state.getCurrentWatermarkMs())]})


def wrong_timeout(key: Any, frames: Frames, state: GroupState) -> Frames:
    """Sets a time without timeouts."""
    state.setTimeoutDuration(1000)
    yield pd.DataFrame({"text": ["never"]})


def too_old(key: Any, frames: Frames, state: GroupState) -> Frames:
    """Sets a time before the watermark."""
    state.setTimeoutTimestamp(1000)
    yield pd.DataFrame({"text": [str(state.getCurrentWatermarkMs())]})


def wrong_length(key: Any, frames: Frames, state: GroupState) -> Frames:
    """A state of another length than declared."""
    state.update((1, 2))
    yield pd.DataFrame({"text": ["x"]})


def chunks(key: Any, frames: Frames, state: GroupState) -> Frames:
    """How many rows come at a time."""
    sizes = [len(frame) for frame in frames]
    state.update((sum(sizes),))
    yield pd.DataFrame({"text": [str(sizes)]})


def unread(key: Any, frames: Frames, state: GroupState) -> Frames:
    """Leaves its rows alone."""
    state.update((1,))
    yield pd.DataFrame({"text": [key[0]]})


def then_counted(spark: SparkSession, sources: Sources) -> DataFrame:
    """An aggregation over what a function gives in append mode."""
    frame = (
        sources["in"]
        .withWatermark("at", "10 seconds")
        .groupBy("k")
        .applyInPandasWithState(passed, "at TIMESTAMP, k STRING", "n INT", "append", "NoTimeout")
    )
    return frame.withWatermark("at", "0 seconds").groupBy(F.window("at", "10 seconds")).count()


def passed(key: Any, frames: Iterable[pd.DataFrame], state: GroupState) -> Frames:
    """The rows as they are."""
    for frame in frames:
        yield frame[["at", "k"]]


def filtered(spark: SparkSession, sources: Sources) -> DataFrame:
    """A selection below and above."""
    frame = sources["in"].filter("v <> 0").select("k", (F.col("v") + 1).alias("v"))
    kept = frame.groupBy("k").applyInPandasWithState(
        running, "k STRING, n BIGINT, s BIGINT, known BOOLEAN", "n BIGINT, s BIGINT", "update", "NoTimeout"
    )
    return kept.filter("n > 1").select("k", (F.col("s") * 10).alias("s"))


RUNNING = ("k STRING, n BIGINT, s BIGINT, known BOOLEAN", "n BIGINT, s BIGINT")
WHAT = "k STRING, n BIGINT, what STRING"
FIRST = rows("k v", ("b", 1), ("a", 2), ("b", 3), (None, 4))
SECOND = rows("k v", ("a", 5), ("c", -6), (None, None))
THIRD = rows("k v", ("b", -100), ("a", 1))
STEPS = [FIRST, SECOND, THIRD, [], Restart(), rows("k v", ("a", 1), ("b", 1), ("c", 3))]


def at(*values: Any) -> list[dict[str, Any]]:
    """Rows at minute:second of an hour, with key and value."""
    return rows("at k v", *((f"2024-01-01 00:{when}" if when else None, k, v) for when, k, v in values))


SESSIONS = [
    at(("00:03", "a", 1), ("00:08", "b", 2), ("00:05", "a", 3)),
    at(("00:26", "c", 4)),
    at(("00:27", "a", 5), ("00:04", "b", 5)),
    at(("00:50", "c", 6), ("00:12", "d", 6)),
    Restart(),
    at(("02:00", "e", 7)),
    at(("02:01", "a", 8)),
]

SCENARIOS = [
    Scenario("running_update", applied(running, *RUNNING), KV, "update", STEPS, checkpoint=True),
    Scenario("running_append", applied(running, *RUNNING, "append"), KV, "append", STEPS),
    Scenario(
        "running_partitions", applied(running, *RUNNING), KV, "update", STEPS, partitions=3, checkpoint=True
    ),
    Scenario("order", applied(running, *RUNNING), KV, "update", [FIRST, SECOND], ordered=True),
    Scenario(
        "arguments", applied(told, "text STRING", "n INT"), KV, "update", [FIRST, SECOND, THIRD], ordered=True
    ),
    Scenario("no_state_no_rows", applied(nothing, "text STRING", "n INT"), KV, "update", [FIRST, SECOND]),
    Scenario(
        "many_frames",
        applied(many, "k STRING, v BIGINT", "n INT", "append"),
        KV,
        "append",
        [FIRST, SECOND],
        ordered=True,
    ),
    Scenario(
        "two_keys",
        applied(counted, "key STRING, n INT", "n INT", keys=("odd", "k"), columns=("k", "v", "v % 2 AS odd")),
        KV,
        "update",
        [FIRST, SECOND],
        ordered=True,
    ),
    Scenario(
        "window_key",
        applied(
            counted,
            "key STRING, n INT",
            "n INT",
            keys=("w", "k"),
            columns=("window(at, '10 seconds') AS w", "k", "v"),
        ),
        TKV,
        "update",
        [at(("00:03", "a", 1), ("00:13", "a", 2), ("00:04", "a", 3))],
        ordered=True,
    ),
    types("types_numbers", "BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "DOUBLE", "FLOAT"),
    types("types_decimal", "DECIMAL(20,6)"),
    types("types_texts", "STRING", "BINARY"),
    types("types_times", "DATE", "TIMESTAMP"),
    types("types_local_times", "TIMESTAMP_NTZ"),
    types("types_intervals", "INTERVAL DAY TO SECOND"),
    # Nested types are not here: Spark 4.3.0's worker fails to read the schema of such a state.
    Scenario(
        "numpy_state",
        applied(numpy_state, "text STRING", "s BIGINT, at TIMESTAMP, m DOUBLE"),
        KV,
        "update",
        [rows("k v", ("a", 1), ("a", 2)), rows("k v", ("a", 3))],
    ),
    Scenario("filtered", filtered, KV, "update", [FIRST, rows("k v", ("a", 5), ("c", -6)), THIRD]),
    Scenario("unread", applied(unread, "text STRING", "n INT"), KV, "update", [FIRST]),
    Scenario(
        "chunks",
        applied(chunks, "text STRING", "n INT"),
        KV,
        "update",
        [rows("k v", *((k, 1) for k in "aaaaabbbcaa"))],
        conf={"spark.sql.execution.arrow.maxRecordsPerBatch": "2"},
        ordered=True,
    ),
    # Timeouts by the clock: 1 ms has always passed with the next batch, an hour never.
    Scenario(
        "clock_soon",
        applied(after_a_while(1), WHAT, "n INT", "update", "ProcessingTimeTimeout"),
        KV,
        "update",
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
        conf=NO_EMPTY_BATCHES,
        state_rows=False,
    ),
    Scenario(
        "clock_order",
        applied(after_a_while(1), WHAT, "n INT", "update", "ProcessingTimeTimeout"),
        KV,
        "update",
        [
            rows("k v", ("a", 1)),
            Wait(0.1),
            rows("k v", ("c", 1), ("b", 1)),
        ],
        conf=NO_EMPTY_BATCHES,
        state_rows=False,
        ordered=True,
    ),
    Scenario(
        "clock_late",
        applied(after_a_while(3_600_000), WHAT, "n INT", "append", "ProcessingTimeTimeout"),
        KV,
        "append",
        [FIRST, SECOND],
        conf=NO_EMPTY_BATCHES,
        state_rows=False,
    ),
    Scenario(
        "event_time",
        applied(by_time, WHAT, "last BIGINT, n INT", "update", "EventTimeTimeout", delay="5 seconds"),
        TKV,
        "update",
        SESSIONS,
        checkpoint=True,
    ),
    Scenario(
        "event_time_append",
        applied(by_time, WHAT, "last BIGINT, n INT", "append", "EventTimeTimeout", delay="5 seconds"),
        TKV,
        "append",
        SESSIONS,
    ),
    Scenario(
        "event_time_data_only",
        applied(by_time, WHAT, "last BIGINT, n INT", "update", "EventTimeTimeout", delay="5 seconds"),
        TKV,
        "update",
        SESSIONS,
        conf=NO_EMPTY_BATCHES,
    ),
    Scenario(
        "event_time_again",
        applied(kept_on, WHAT, "n INT", "update", "EventTimeTimeout", delay="5 seconds"),
        TKV,
        "update",
        [
            at(("00:10", "a", 1)),
            at(("00:30", "b", 1)),
            at(("00:50", "b", 1)),
            at(("01:30", "c", 1)),
            at(("02:30", "a", 1)),
            at(("03:30", "d", 1)),
        ],
    ),
    Scenario(
        "event_time_only_timeout",
        applied(only_timeout, WHAT, "n INT", "update", "EventTimeTimeout", delay="5 seconds"),
        TKV,
        "update",
        [at(("00:10", "a", 1)), at(("00:30", "b", 1)), at(("00:50", "a", 1))],
    ),
    Scenario(
        "null_event_time",
        applied(only_timeout, WHAT, "n INT", "update", "EventTimeTimeout", delay="5 seconds"),
        TKV,
        "update",
        [at(("00:10", "a", 1)), at((None, "b", 1), ("00:01", "c", 1)), at(("00:50", "a", 1))],
    ),
    Scenario(
        "watermark_without_timeout",
        applied(counted, "key STRING, n INT", "n INT", delay="5 seconds"),
        TKV,
        "update",
        SESSIONS,
    ),
    Scenario("then_counted", then_counted, TKV, "append", SESSIONS),
    # What goes wrong.
    Scenario(
        "failing",
        applied(failing, "k STRING", "n INT"),
        KV,
        "update",
        [FIRST, rows("k v", ("bad", 1)), Restart(), FIRST],
    ),
    Scenario(
        "gives_frame",
        applied(returns(pd.DataFrame({"k": ["a"]})), "k STRING", "n INT"),
        KV,
        "update",
        [FIRST],
    ),
    Scenario("gives_number", applied(returns(1), "k STRING", "n INT"), KV, "update", [FIRST]),
    Scenario("gives_numbers", applied(returns([1]), "k STRING", "n INT"), KV, "update", [FIRST]),
    Scenario(
        "gives_more",
        applied(returns([pd.DataFrame({"k": ["a"], "l": ["b"]})]), "k STRING", "n INT"),
        KV,
        "update",
        [FIRST],
    ),
    Scenario(
        "gives_other_names",
        applied(returns([pd.DataFrame({"j": ["a"]})]), "k STRING", "n INT"),
        KV,
        "update",
        [FIRST],
    ),
    Scenario(
        "gives_positions",
        applied(returns([pd.DataFrame([["a", 1]])]), "k STRING, n INT", "n INT"),
        KV,
        "update",
        [rows("k v", ("a", 1))],
    ),
    Scenario(
        "gives_other_type",
        applied(returns([pd.DataFrame({"k": ["a"]})]), "k INT", "n INT"),
        KV,
        "update",
        [FIRST],
    ),
    Scenario("no_watermark", applied(no_watermark, "text STRING", "n INT"), KV, "update", [FIRST]),
    Scenario(
        "no_watermark_for_timeout",
        applied(by_time, WHAT, "n INT", "update", "EventTimeTimeout"),
        TKV,
        "update",
        [at(("00:03", "a", 1))],
    ),
    Scenario("wrong_timeout", applied(wrong_timeout, "text STRING", "n INT"), KV, "update", [FIRST]),
    Scenario(
        "too_old",
        applied(too_old, "text STRING", "n INT", "update", "EventTimeTimeout", delay="1 second"),
        TKV,
        "update",
        [at(("00:03", "a", 1)), at(("00:13", "a", 1))],
    ),
    Scenario("wrong_length", applied(wrong_length, "text STRING", "n INT"), KV, "update", [FIRST]),
    Scenario("mode_differs", applied(running, *RUNNING, "append"), KV, "update", [FIRST]),
    Scenario("mode_complete", applied(running, *RUNNING, "complete"), KV, "complete", [FIRST]),
    Scenario("mode_unknown", applied(running, *RUNNING, "sometimes"), KV, "update", [FIRST]),
    Scenario(
        "state_changes",
        applied(running, *RUNNING),
        KV,
        "update",
        [FIRST, Restart(applied(counted, "key STRING, n INT", "n STRING")), FIRST],
    ),
    Scenario(
        "key_changes",
        applied(running, *RUNNING),
        KV,
        "update",
        [FIRST, Restart(applied(running, *RUNNING, keys=("v",))), FIRST],
    ),
]
