"""The rows of a batch by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows
from potok.stateful.keys import group_numbers

_SIGN = np.int64(0x7FFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class Groups:
    """Distinct keys in ascending order, nulls first, as Spark sorts them.

    The rows of group `i` are `order[starts[i]:starts[i + 1]]`, in the order of the batch. `firsts` holds
    one row of each group, `keys` their key rows.
    """

    order: Longs
    starts: Longs
    firsts: Longs
    keys: UnsafeRows

    def __len__(self) -> int:
        return self.firsts.size


def grouped(key_columns: Sequence[pa.Array], rows: UnsafeRows) -> Groups:
    """Find the groups of rows, given their key columns and the same as key rows."""
    size = len(rows)
    if not size:
        empty = np.zeros(0, np.int64)
        return Groups(empty, np.zeros(1, np.int64), empty, rows)
    ids = group_numbers(rows)
    order = np.argsort(ids, kind="stable")
    is_first = np.ones(size, np.bool_)
    is_first[1:] = ids[order][1:] != ids[order][:-1]
    firsts = order[is_first]
    lengths = np.diff(np.append(np.flatnonzero(is_first), size))
    ascending = sorted_positions([column.take(pa.array(firsts)) for column in key_columns], firsts.size)
    rank = np.empty(firsts.size, np.int64)
    rank[ascending] = np.arange(firsts.size)
    by_rank = np.argsort(rank[np.cumsum(is_first) - 1], kind="stable")
    starts = np.zeros(firsts.size + 1, np.int64)
    np.cumsum(lengths[ascending], out=starts[1:])
    return Groups(order[by_rank], starts, firsts[ascending], rows.take(firsts[ascending]))


def sorted_positions(columns: Sequence[pa.Array], size: int) -> Longs:
    """The positions of rows in ascending order of their columns, nulls first.

    Columns of a type without an order here (arrays) are left out.
    """
    parts = [part for column in columns for part in _sortable(column)]
    if not parts:
        return np.arange(size)
    table = pa.Table.from_arrays(parts, names=[str(i) for i in range(len(parts))])
    keys = [(name, "ascending") for name in table.column_names]
    return np.asarray(pc.sort_indices(table, sort_keys=keys)).astype(np.int64)


def _sortable(column: pa.Array) -> list[pa.Array]:
    """Columns in whose order the values stand, whatever order Arrow gives to nulls."""
    kind = column.type
    validity = [pc.is_valid(column)] if column.null_count else []
    if pa.types.is_struct(kind):
        return [*validity, *(part for field in column.flatten() for part in _sortable(field))]
    if pa.types.is_floating(kind):
        return [*validity, _ordered_bits(column)]
    if pa.types.is_nested(kind) or pa.types.is_null(kind):
        return validity
    return [*validity, column]


def _ordered_bits(column: pa.Array) -> pa.Array:
    """Numbers in the order of floating point values, NaN the greatest."""
    bits = np.asarray(column.cast(pa.float64()).fill_null(0.0)).view(np.int64)
    return pa.array(bits ^ ((bits >> 63) & _SIGN))
