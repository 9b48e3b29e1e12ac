"""Aggregates of a stream are those of all its rows together, whatever batches they come in, restarts between them or not."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from potok.ddl import parse_schema
from potok.parser import parse_query
from potok.plan.commands import CreateView, Trigger, WriteStream
from potok.plan.logical import LogicalPlan, Options
from potok.plan.unresolved import UnresolvedDataSource, UnresolvedWatermark
from potok.session import Runtime, Session
from support.patience import PATIENCE_S

SCHEMA = "k STRING, i INT, d DOUBLE, dec DECIMAL(10,2), s STRING, b BOOLEAN"
ARROW = pa.schema(
    [("k", pa.string()), ("i", pa.int32()), ("d", pa.float64()), ("dec", pa.decimal128(10, 2)), ("s", pa.string()), ("b", pa.bool_())]
)  # fmt: skip
QUERY = """
SELECT k, count(*), count(i), sum(i), avg(i), sum(dec), avg(dec), try_sum(i), min(d), max(s), first(i), last(s, true),
  any_value(d, true), max_by(s, struct(d, i, s)), min_by(i, struct(d, i)), stddev(d), var_pop(i), skewness(d), kurtosis(d), corr(d, i),
  covar_samp(d, i), regr_slope(d, i), regr_r2(d, i), bool_and(b), bool_or(b), bit_xor(i), count_if(b), collect_list(i),
  sort_array(collect_set(s)), listagg(s, ','), listagg(s, '-') WITHIN GROUP (ORDER BY i, s), median(i),
  percentile(d, array(0.1, 0.9)), percentile_approx(i, 0.5), approx_count_distinct(s), mode(i, true),
  sum(i) FILTER (WHERE b), max(struct(s, i)), min(array(i))
FROM {0} GROUP BY k
"""
FIRST_FILE_S = 1_760_000_000
NUMBERS = st.one_of(st.none(), st.integers(-5, 5))
ROW = st.tuples(
    st.one_of(st.none(), st.sampled_from("ab")),
    NUMBERS,
    st.one_of(st.none(), st.sampled_from([-2.5, -0.5, 0.0, 1.0, 3.25, 100.0])),
    NUMBERS,
    st.one_of(st.none(), st.sampled_from(["", "x", "y", "żółw"])),
    st.one_of(st.none(), st.booleans()),
)
RUNS = st.lists(
    st.lists(st.lists(ROW, min_size=1, max_size=6), min_size=1, max_size=3), min_size=1, max_size=3
)
SLOW = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@contextmanager
def session(root: str) -> Iterator[Session]:
    runtime = Runtime(
        {
            "spark.sql.warehouse.dir": f"{root}/warehouse",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.adaptive.enabled": "false",
        }
    )
    found = Session(runtime)
    yield found
    found.close()
    runtime.stop()


def view(
    made: Session, name: str, directory: Path, schema: str, *, streaming: bool, delay: str | None = None
) -> None:
    options = Options({"maxFilesPerTrigger": "1"} if streaming else {})
    paths = (str(directory),)
    source: LogicalPlan = UnresolvedDataSource(
        "parquet", parse_schema(schema), options, paths, streaming=streaming
    )
    if delay is not None:
        source = UnresolvedWatermark(source, "at", delay)
    made.create_view(CreateView(source, (name,), replace=True))


def write(rows: pa.Table, files: Path, number: int) -> None:
    """The next file; sources read files in the order of their times."""
    file = files / f"{number:03}.parquet"
    pq.write_table(rows, file)
    os.utime(file, (FIRST_FILE_S + number, FIRST_FILE_S + number))


def together(files: Path) -> Path:
    """All rows in one file, so that they have an order."""
    whole = files.parent / "whole"
    whole.mkdir()
    tables = [pq.read_table(file) for file in sorted(files.iterdir())]
    pq.write_table(pa.concat_tables(tables), whole / "all.parquet")
    return whole


def query(text: str) -> LogicalPlan:
    parsed = parse_query(text)
    assert isinstance(parsed, LogicalPlan)
    return parsed


def run(made: Session, plan: LogicalPlan, root: str, mode: str, sink: str, **more: Any) -> None:
    """All files that are there, one a batch."""
    options = Options({"checkpointLocation": f"{root}/checkpoint"})
    trigger = Trigger("available_now")
    write = WriteStream(plan, sink, mode, options=options, trigger=trigger, **more)
    assert made.start_query(write).await_termination(PATIENCE_S)


def answer(made: Session, text: str) -> list[list[Any]]:
    table = made.rows_of_resolved(made.analyze(query(text))).to_table()
    rows = [list(row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]
    return sorted(rows, key=lambda row: str(row[0]))


def close(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(close, one, other))
    return bool(one == other)


@SLOW
@given(RUNS)
def test_any_batches(runs: Sequence[Sequence[Sequence[tuple[Any, ...]]]]) -> None:
    with tempfile.TemporaryDirectory() as root, session(root) as made:
        files = Path(root, "in")
        files.mkdir()
        number = 0
        view(made, "stream", files, SCHEMA, streaming=True)
        for position, batches in enumerate(runs):
            for rows in batches:
                columns = [
                    pa.array(values, kind.type)
                    for values, kind in zip(zip(*rows, strict=True), ARROW, strict=True)
                ]
                write(pa.table(columns, schema=ARROW), files, number)
                number += 1
            is_last = position == len(runs) - 1
            plan = query(QUERY.format("stream"))
            if is_last:
                run(made, plan, root, "complete", "memory", query_name="result")
            else:
                run(made, plan, root, "update", "noop")
        view(made, "batch", together(files), SCHEMA, streaming=False)
        found, expected = answer(made, "SELECT * FROM result"), answer(made, QUERY.format("batch"))
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            different = [
                pair for pair in zip(range(len(one)), one, other, strict=True) if not close(*pair[1:])
            ]
            assert not different


TIMED = "at TIMESTAMP, k STRING, v INT"
TIMED_ARROW = pa.schema([("at", pa.timestamp("us", tz="UTC")), ("k", pa.string()), ("v", pa.int32())])
WINDOWS = "SELECT window.start, k, count(*), sum(v), sort_array(collect_list(v)) FROM {0} GROUP BY window(at, '10 seconds', '5 seconds'), k"
START = datetime(2024, 1, 1, tzinfo=UTC)
DISORDER_S = 20
STEPS = st.lists(
    st.tuples(
        st.lists(
            st.tuples(st.integers(-DISORDER_S, 0), st.one_of(st.none(), st.sampled_from("ab")), st.integers(0, 9)),
            min_size=1,
            max_size=5,
        ),
        st.integers(0, 40),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)  # fmt: skip


@SLOW
@given(STEPS)
def test_windows_in_append_mode(
    steps: Sequence[tuple[Sequence[tuple[int, str | None, int]], int, bool]],
) -> None:
    """No row is late: each is at most as far behind the latest one as the watermark waits."""
    with tempfile.TemporaryDirectory() as root, session(root) as made:
        files, out = Path(root, "in"), Path(root, "out")
        files.mkdir()
        view(made, "stream", files, TIMED, streaming=True, delay=f"{DISORDER_S} seconds")
        plan = query(WINDOWS.format("stream"))
        latest = START
        for number, (rows, ahead_s, restarts) in enumerate([*steps, ([(0, "end", 0)], 10_000, True)]):
            latest += timedelta(seconds=ahead_s)
            columns = zip(*((latest + timedelta(seconds=behind), k, v) for behind, k, v in rows), strict=True)
            arrays = [pa.array(values, kind.type) for values, kind in zip(columns, TIMED_ARROW, strict=True)]
            write(pa.table(arrays, schema=TIMED_ARROW), files, number)
            if restarts:
                run(made, plan, root, "append", "parquet", path=str(out))
        view(made, "batch", together(files), TIMED, streaming=False)
        found = answer(made, f"SELECT * FROM parquet.`{out}` ORDER BY ALL")
        expected = answer(
            made, f"SELECT * FROM ({WINDOWS.format('batch')}) WHERE k IS NULL OR k <> 'end' ORDER BY ALL"
        )
        assert found == expected
