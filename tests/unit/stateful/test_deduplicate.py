"""Deduplication gives the first row of each key, whatever batches the rows come in, restarts between them or not."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from potok.checkpoint.files import LocalFileSystem
from potok.plan.expressions import AttributeReference, next_expr_id
from potok.stateful.base import StateBatch, StateContext
from potok.stateful.deduplicate import DeduplicateByKey, DeduplicateWithinWatermark
from potok.types import LONG, STRING, TIMESTAMP, DataType, arrow_type

DELAY_S = 10
ROWS = st.lists(
    st.tuples(st.integers(0, 40), st.one_of(st.none(), st.sampled_from("abc")), st.integers(0, 9)),
    max_size=12,
)
BATCHES = st.lists(st.tuples(ROWS, st.booleans()), max_size=6)
Row = tuple[int, str | None, int]


def attribute(name: str, data_type: DataType, metadata: str = "{}") -> AttributeReference:
    return AttributeReference(name, data_type, True, next_expr_id(), metadata)


COLUMNS = (
    attribute("at", TIMESTAMP, f'{{"spark.watermarkDelayMs":{DELAY_S * 1000}}}'),
    attribute("k", STRING),
    attribute("v", LONG),
)


def operator(
    kind: type[DeduplicateByKey | DeduplicateWithinWatermark],
    keys: tuple[AttributeReference, ...],
    root: str,
    version: int,
) -> DeduplicateByKey | DeduplicateWithinWatermark:
    context = StateContext(
        LocalFileSystem(), str(Path(root, "state")), durable=False, partitions=2, output_mode="append",
        version=version, conf={},
    )  # fmt: skip
    made = kind(0, context, COLUMNS, keys)
    made.stores[0].store.load(version)
    made.loaded()
    return made


def table(rows: list[Row]) -> pa.Table:
    k, v = ([row[i] for row in rows] for i in (1, 2))
    moments = pa.array([at * 1_000_000 for at, _, _ in rows], pa.int64()).view(arrow_type(TIMESTAMP))
    return pa.table([moments, pa.array(k, pa.string()), pa.array(v, pa.int64())], names=["0", "1", "2"])


@settings(max_examples=60, deadline=None)
@given(BATCHES)
def test_by_key(batches: list[tuple[list[Row], bool]]) -> None:
    seen: set[str | None] = set()
    with tempfile.TemporaryDirectory() as root:
        made = operator(DeduplicateByKey, (COLUMNS[1],), root, 0)
        for version, (rows, restarts) in enumerate(batches, 1):
            made.begin(StateBatch(version - 1, -1, -1, 0))
            found = made.run([table(rows)]).column(2).to_pylist()
            made.stores[0].store.commit(version)
            first = []
            for _, key, value in rows:
                if key not in seen:
                    seen.add(key)
                    first.append(value)
            assert found == first
            assert made.counts.custom["numDroppedDuplicateRows"] == len(rows) - len(first)
            assert made.rows_total == len(seen)
            if restarts:
                made = operator(DeduplicateByKey, (COLUMNS[1],), root, version)


@settings(max_examples=60, deadline=None)
@given(BATCHES)
def test_within_watermark(batches: list[tuple[list[Row], bool]]) -> None:
    expires: dict[str | None, int] = {}
    late = watermark = 0
    with tempfile.TemporaryDirectory() as root:
        made = operator(DeduplicateWithinWatermark, (COLUMNS[1],), root, 0)
        for version, (rows, restarts) in enumerate(batches, 1):
            made.begin(StateBatch(version - 1, late * 1000, watermark * 1000, 0))
            found = made.run([table(rows)]).column(2).to_pylist()
            made.stores[0].store.commit(version)
            kept = [row for row in rows if row[0] > late]
            first = []
            for at, key, value in kept:
                if key not in expires:
                    expires[key] = at + DELAY_S
                    first.append(value)
            expires = {key: at for key, at in expires.items() if at > watermark}
            assert found == first
            assert made.counts.dropped_by_watermark == len(rows) - len(kept)
            assert made.rows_total == len(expires)
            late, watermark = watermark, max([watermark, *(row[0] - DELAY_S for row in rows)])
            if restarts:
                made = operator(DeduplicateWithinWatermark, (COLUMNS[1],), root, version)
