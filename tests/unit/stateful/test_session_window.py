"""Sessions are those of all rows together, whatever batches the rows come in, restarts between them or not."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from potok.checkpoint.files import LocalFileSystem
from potok.compiler.relations import compile_plan
from potok.engine.engine import Engine
from potok.plan.expressions import AggregateCall, AttributeReference, next_expr_id
from potok.plan.logical import LogicalPlan
from potok.stateful.aggregate import buffers_of
from potok.stateful.base import StateBatch, StateContext
from potok.stateful.session_window import SessionWindow
from potok.types import LONG, STRING, TIMESTAMP, StructField, StructType, arrow_type

WINDOW = StructType((StructField("start", TIMESTAMP), StructField("end", TIMESTAMP)))
K = AttributeReference("k", STRING, is_nullable=True, expr_id=next_expr_id())
V = AttributeReference("v", LONG, is_nullable=True, expr_id=next_expr_id())
SESSION = AttributeReference(
    "session_window",
    WINDOW,
    is_nullable=True,
    expr_id=next_expr_id(),
    metadata='{"spark.sessionWindow":true}',
)
COUNT = AggregateCall("count", (V,), LONG, is_nullable=False)
FIRST = AggregateCall("first", (V,), LONG)

Row = tuple[str | None, int, int]
ROWS = st.lists(
    st.tuples(st.one_of(st.none(), st.sampled_from("ab")), st.integers(0, 60), st.integers(1, 12)),
    max_size=10,
)
BATCHES = st.lists(st.tuples(ROWS, st.booleans()), max_size=6)


@pytest.fixture(scope="module")
def prepare() -> Iterator[Callable[[LogicalPlan], Callable[[pa.Table], pa.Table]]]:
    engine = Engine()

    def prepared(plan: LogicalPlan) -> Callable[[pa.Table], pa.Table]:
        runner = engine.prepare(compile_plan(plan))
        return lambda rows: runner.run({0: rows}, datetime.fromtimestamp(0, UTC), repeated=True).to_table()

    yield prepared
    engine.close()


def operator(
    prepare: Callable[[LogicalPlan], Callable[[pa.Table], pa.Table]], root: str, version: int
) -> SessionWindow:
    context = StateContext(
        LocalFileSystem(), str(Path(root, "state")), durable=False, partitions=2, output_mode="complete",
        version=version, conf={}, prepare=prepare,
    )  # fmt: skip
    made = SessionWindow(0, context, (K, SESSION), 1, buffers_of([COUNT, FIRST]))
    made.stores[0].store.load(version)
    made.loaded()
    return made


def table(rows: list[Row]) -> pa.Table:
    """One row for each key and session, as SQL gives them; the value of a row is its start."""
    counts: dict[Row, int] = {}
    for row in rows:
        counts[row] = counts.get(row, 0) + 1
    keys = pa.array([k for k, _, _ in counts], pa.string())
    windows = [{"start": start, "end": start + length} for _, start, length in counts]
    sessions = pa.array(windows, pa.struct([("start", pa.int64()), ("end", pa.int64())]))
    bounds = [part.view(arrow_type(TIMESTAMP)) for part in sessions.flatten()]
    columns = [
        keys,
        pa.StructArray.from_arrays(bounds, fields=list(arrow_type(WINDOW))),
        pa.array(list(counts.values()), pa.int64()),
        pa.array([start for _, start, _ in counts], pa.int64()),
        pa.array([True] * len(counts)),
    ]
    return pa.table(columns, names=list("01234"))


def one_by_one(rows: list[Row]) -> list[tuple[str | None, int, int, int, int]]:
    """Key, start, end, count and the value of the earliest row of each session, found the plain way."""
    found: list[tuple[str | None, int, int, int, int]] = []
    for key, start, length in sorted(rows, key=lambda row: (row[0] or "", row[1:])):
        if found and found[-1][0] == key and start <= found[-1][2]:
            _, begin, end, count, value = found[-1]
            found[-1] = (key, begin, max(end, start + length), count + 1, value)
        else:
            found.append((key, start, start + length, 1, start))
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
def test_any_split_into_batches(
    prepare: Callable[[LogicalPlan], Callable[[pa.Table], pa.Table]], batches: list[tuple[list[Row], bool]]
) -> None:
    given_so_far: list[Row] = []
    with tempfile.TemporaryDirectory() as root:
        made = operator(prepare, root, 0)
        for version, (rows, restarts) in enumerate(batches, 1):
            made.begin(StateBatch(version - 1, -1, -1, 0))
            found = made.run([table(rows)])
            made.stores[0].store.commit(version)
            given_so_far += rows
            start, end = (part.view(pa.int64()) for part in found.column(1).combine_chunks().flatten())
            columns = [found.column(0), start, end, found.column(2), found.column(3)]
            told = zip(*(column.to_pylist() for column in columns), strict=True)
            assert sorted(told, key=lambda row: (row[0] or "", row[1:])) == one_by_one(given_so_far)
            assert made.rows_total == len(one_by_one(given_so_far))
            if restarts:
                made = operator(prepare, root, version)
