"""Keys as Spark compares them: by their bytes, in which 0.0 and -0.0 are one value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows


def without_negative_zero(column: pa.Array) -> pa.Array:
    """The values with 0.0 for -0.0, in arrays and structs too."""
    kind = column.type
    if not _has_floating(kind):
        return column
    if pa.types.is_floating(kind):
        return pc.add(column, pa.scalar(0.0, kind))
    if column.offset:
        column = column.take(pa.array(np.arange(len(column))))
    missing = column.is_null()
    if pa.types.is_struct(kind):
        parts = [without_negative_zero(part) for part in column.flatten()]
        return pa.StructArray.from_arrays(parts, fields=list(kind), mask=missing)
    return pa.ListArray.from_arrays(
        column.offsets, without_negative_zero(column.values), type=kind, mask=missing
    )


def _has_floating(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(_has_floating(field.type) for field in kind)
    if pa.types.is_list(kind):
        return _has_floating(kind.value_type)
    return bool(pa.types.is_floating(kind))


def first_of_each(rows: UnsafeRows) -> Longs:
    """The positions of the rows that no earlier one equals, ascending."""
    _, first, groups = np.unique(rows.hashes(), return_index=True, return_inverse=True)
    if first.size == len(rows):
        return np.arange(len(rows))
    if not rows.take(first[groups]).equal(rows).all():
        return _first_by_bytes(rows)
    return np.sort(first)


def _first_by_bytes(rows: UnsafeRows) -> Longs:
    """As `first_of_each`, where different rows share a hash."""
    first: dict[bytes, int] = {}
    for position in range(len(rows)):
        first.setdefault(rows.row_bytes(position), position)
    return np.array(list(first.values()), np.int64)


def group_numbers(rows: UnsafeRows) -> Longs:
    """A number for each row, from 0 without gaps; equal rows have equal numbers."""
    _, first, groups = np.unique(rows.hashes(), return_index=True, return_inverse=True)
    if first.size == len(rows) or rows.take(first[groups]).equal(rows).all():
        return groups.astype(np.int64)
    known: dict[bytes, int] = {}
    numbers: Sequence[int] = [
        known.setdefault(rows.row_bytes(position), len(known)) for position in range(len(rows))
    ]
    return np.array(numbers, np.int64)
