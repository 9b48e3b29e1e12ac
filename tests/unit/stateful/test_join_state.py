"""The state of one side of a join against a dictionary of lists: dense numbers, holes filled from the end, restarts."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from potok.analysis.stream_joins import Bound
from potok.checkpoint.files import LocalFileSystem
from potok.plan.expressions import AttributeReference, next_expr_id
from potok.stateful.base import StateContext
from potok.stateful.join import grouped
from potok.stateful.join_limits import KeyLimit, Limit, ValueLimit
from potok.stateful.join_state import SideState
from potok.types import DOUBLE, INTEGER, LONG, STRING, TIMESTAMP, DataType

AT_WATERMARK = Bound(1, 0.0, 0)
Row = tuple[int | None, int, bool]


def side(
    path: Path, version: int, limit: Limit | None, key_types: tuple[DataType, ...], partitions: int
) -> SideState:
    context = StateContext(
        LocalFileSystem(), str(path / "state"), durable=False, partitions=partitions, output_mode="append",
        version=version, conf={},
    )  # fmt: skip
    columns = tuple(
        AttributeReference(name, data_type, is_nullable=True, expr_id=next_expr_id())
        for name, data_type in (("t", TIMESTAMP), ("v", INTEGER))
    )
    state = SideState(context, 0, "left", columns, key_types, limit)
    for typed in (state.counts, state.rows):
        typed.store.load(version)
    state.loaded()
    return state


def moments(seconds: list[int | None]) -> pa.Array:
    micros = [None if s is None else s * 1_000_000 for s in seconds]
    return pa.array(micros, pa.int64()).cast(pa.timestamp("us", tz="UTC"))


def key_columns(numbers: list[int], key_types: tuple[DataType, ...]) -> list[pa.Array]:
    columns = []
    for data_type in key_types:
        if data_type == STRING:
            columns.append(pa.array([None if n == 0 else "k" * n for n in numbers], pa.string()))
        elif data_type == TIMESTAMP:
            columns.append(moments([n * 10 for n in numbers]))
        else:
            columns.append(pa.array(numbers, pa.int64() if data_type == LONG else pa.float64()))
    return columns


def forget(kept: dict[int, list[Row]], key: int, due: set[int]) -> list[Row]:
    """As Spark: from the start, the last row comes into each hole."""
    rows, at, gone = kept[key], 0, []
    while at < len(rows):
        if rows[at][1] in due:
            gone.append(rows[at])
            last = rows.pop()
            if at < len(rows):
                rows[at] = last
        else:
            at += 1
    if not rows:
        del kept[key]
    return gone


def contents(state: SideState, key_types: tuple[DataType, ...]) -> dict[int, list[Row]]:
    numbers = list(range(16))
    keys = state.counts.keys.encode(key_columns(numbers, key_types))
    found = state.find(keys)
    assert (found.numbers >= 0).all()
    times, values = state.columns(found.numbers)
    seconds = [None if t is None else t // 1_000_000 for t in times.cast(pa.int64()).to_pylist()]
    rows = list(zip(seconds, values.to_pylist(), state.matched(found.numbers).tolist(), strict=True))
    cut = found.offsets.tolist()
    return {n: rows[cut[i] : cut[i + 1]] for i, n in enumerate(numbers) if cut[i + 1] > cut[i]}


@pytest.mark.parametrize("by_key", [False, True])
@pytest.mark.parametrize(
    "key_types", [(LONG,), (STRING, LONG), (LONG, STRING, STRING), (DOUBLE,), (TIMESTAMP, STRING)]
)
@pytest.mark.parametrize("partitions", [1, 3])
def test_rows_by_key(
    tmp_path: Path, key_types: tuple[DataType, ...], partitions: int, *, by_key: bool
) -> None:
    if by_key and TIMESTAMP not in key_types:
        pytest.skip("no time in the key")
    chance = random.Random(len(key_types) + partitions)
    limit: Limit = KeyLimit(0) if by_key else ValueLimit(0, (AT_WATERMARK,))
    state = side(tmp_path, 0, limit, key_types, partitions)
    kept: dict[int, list[Row]] = {}
    next_value = 0
    for version in range(1, 25):
        keys = [chance.randrange(version // 4, version // 4 + 4) for _ in range(chance.randrange(12))]
        seconds = [
            None if chance.random() < 0.1 else chance.randrange(version * 3, version * 3 + 20) for _ in keys
        ]
        matched = [chance.random() < 0.3 for _ in keys]
        values = list(range(next_value, next_value + len(keys)))
        next_value += len(keys)
        encoded = state.counts.keys.encode(key_columns(keys, key_types))
        first, groups = grouped(encoded)
        found = state.find(encoded.take(first))
        marked = found.numbers[[i for i in range(found.numbers.size) if chance.random() < 0.3]]
        for number in marked.tolist():
            value = state.columns(np.array([number]))[1][0].as_py()
            for rows in kept.values():
                rows[:] = [(t, v, m or v == value) for t, v, m in rows]
        state.mark(marked)
        state.append(
            found, groups, [moments(seconds), pa.array(values, pa.int32())], np.array(matched, np.bool_)
        )
        for key, second, value, flag in zip(keys, seconds, values, matched, strict=True):
            kept.setdefault(key, []).append((second, value, flag))
        watermark = version * 3 - 5
        removed, unmatched = state.evict(watermark * 1000, give_unmatched=True)
        gone: list[Row] = []
        for key in sorted(kept):
            if by_key:
                gone += kept.pop(key) if key * 10 <= watermark else []
            else:
                due = {v for t, v, _ in kept[key] if t is not None and t <= watermark}
                gone += forget(kept, key, due) if due else []
        assert removed == len(gone)
        given = [] if unmatched is None else unmatched[1].to_pylist()
        assert Counter(given) == Counter(v for _, v, m in gone if not m)
        for typed in (state.counts, state.rows):
            typed.store.commit(version)
        assert contents(state, key_types) == kept
        if version % 7 == 0:
            state = side(tmp_path, version, limit, key_types, partitions)
            assert contents(state, key_types) == kept
