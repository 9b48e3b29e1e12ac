"""applyInPandasWithState against a plain loop: any split into batches, restarts, timeouts by event time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from potok.checkpoint.files import LocalFileSystem
from potok.ddl import parse_schema
from potok.stateful.base import StateBatch, StateContext
from potok.stateful.group_state import BY_EVENT_TIME, GroupFunction, GroupStateOperator

COLUMNS = parse_schema("k BIGINT, at TIMESTAMP")
STATE = parse_schema("n BIGINT, last BIGINT")
RESULT = parse_schema("k BIGINT, n BIGINT, ended BOOLEAN")
PAUSE_MS = 10


def session(key: Any, frames: Iterator[pd.DataFrame], state: Any) -> Iterator[pd.DataFrame]:
    """Counts rows until none has come for a while; a group of one row is left to time out again and again."""
    number = None if pd.isna(key[0]) else int(key[0])
    if state.hasTimedOut:
        (count, _) = state.get
        if count > 1:
            state.remove()
        yield pd.DataFrame({"k": [number], "n": [count], "ended": [True]})
        return
    count, last = state.get if state.exists else (0, 0)
    for frame in frames:
        count += len(frame)
        last = max(last, int(frame["at"].max().timestamp() * 1000))
    state.update((count, last))
    state.setTimeoutTimestamp(max(last + PAUSE_MS, state.getCurrentWatermarkMs() + 1))
    yield pd.DataFrame({"k": [number], "n": [count], "ended": [False]})


def operator(directory: str, version: int) -> GroupStateOperator:
    context = StateContext(
        LocalFileSystem(), directory, durable=False, partitions=2, output_mode="update", version=version, conf={}
    )  # fmt: skip
    made = GroupStateOperator(
        0, context, GroupFunction(lambda: session, COLUMNS, (0,), 2, STATE, RESULT, BY_EVENT_TIME, 1)
    )
    for store in made.stores:
        store.store.load(version)
    made.loaded()
    return made


class Model:
    """The same with a dict that is looked through in every batch."""

    def __init__(self) -> None:
        self.held: dict[int | None, tuple[int, int, int]] = {}

    def batch(
        self, rows: list[tuple[int | None, int]], late_ms: int, watermark_ms: int
    ) -> tuple[list[Any], list[Any]]:
        found: dict[int | None, list[int]] = {}
        for key, at_ms in rows:
            if at_ms > late_ms:
                found.setdefault(key, []).append(at_ms)
        called = []
        for key in sorted(found, key=lambda k: (k is not None, k or 0)):
            count, last, _ = self.held.get(key, (0, 0, 0))
            count, last = count + len(found[key]), max(last, *found[key])
            self.held[key] = (count, last, max(last + PAUSE_MS, watermark_ms + 1))
            called.append((key, count, False))
        ended = []
        for key, (count, _, timeout_ms) in list(self.held.items()):
            if timeout_ms < watermark_ms:
                ended.append((key, count, True))
                if count > 1:
                    del self.held[key]
        return called, ended


rows = st.lists(st.tuples(st.none() | st.integers(0, 3), st.integers(1, 60)), max_size=8)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(rows, st.integers(0, 15), st.booleans()), max_size=8))
def test_sessions(batches: list[tuple[list[tuple[int | None, int]], int, bool]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        made, model, late_ms, watermark_ms = operator(directory, 0), Model(), 0, 0
        for number, (given_rows, moves, restarts) in enumerate(batches):
            if restarts:
                made = operator(directory, number)
            called, ended = model.batch(given_rows, late_ms, watermark_ms)
            table = pa.table(
                [
                    pa.array([key for key, _ in given_rows], pa.int64()),
                    pa.array([at * 1000 for _, at in given_rows], pa.timestamp("us", "UTC")),
                ],
                names=["0", "1"],
            )
            made.begin(StateBatch(number, late_ms, watermark_ms, 0))
            given_back = [tuple(row.values()) for row in made.run([table]).to_pylist()]
            assert given_back[: len(called)] == called
            assert sorted(given_back[len(called) :], key=str) == sorted(ended, key=str)
            for store in made.stores:
                store.store.commit(number + 1)
            assert made.rows_total == len(model.held)
            late_ms, watermark_ms = watermark_ms, watermark_ms + moves
