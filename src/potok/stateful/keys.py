"""Keys as Spark compares them: by their bytes, in which 0.0 and -0.0 are one value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows

_SMALL_SET = 4
_HASH_BITS = 32
_MASK = (1 << 32) - 1


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


def scala_set_order(names: Sequence[str]) -> list[str]:
    """Texts in the order of Scala 2.13's immutable Set: as given up to four, then by the bits of their hashes.

    Spark stored the keys of dropDuplicates in this order before deterministicKeyOrder.
    """
    if len(names) <= _SMALL_SET:
        return list(names)
    return _trie_order([(_improved(_java_hash(name)), name) for name in names], 0)


def _trie_order(entries: list[tuple[int, str]], shift: int) -> list[str]:
    """A node of the trie: its own entries by five bits of the hash, then its subtrees."""
    by_bits: dict[int, list[tuple[int, str]]] = {}
    for entry in entries:
        by_bits.setdefault(entry[0] >> shift & 31, []).append(entry)
    ordered = sorted(by_bits.items())
    own = [part[0][1] for _, part in ordered if len(part) == 1]
    if shift >= _HASH_BITS:
        return [name for _, name in entries]
    return own + [name for _, part in ordered if len(part) > 1 for name in _trie_order(part, shift + 5)]


def _java_hash(text: str) -> int:
    units = np.frombuffer(text.encode("utf-16-le"), np.uint16)
    total = 0
    for unit in units.tolist():
        total = (total * 31 + unit) & _MASK
    return total


def _improved(code: int) -> int:
    code = (code + (~(code << 9) & _MASK)) & _MASK
    code ^= code >> 14
    code = (code + (code << 4)) & _MASK
    return code ^ code >> 10
