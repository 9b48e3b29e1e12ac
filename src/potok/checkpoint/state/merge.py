"""A snapshot and the deltas after it become the state at a version."""

from __future__ import annotations

import numpy as np

from potok.checkpoint.state.delta import Delta
from potok.checkpoint.state.files import StoreFiles
from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.table import KeyedTable

# A table takes a large snapshot in parts: what is computed of a part stays small.
_ROWS_AT_ONCE = 1 << 19


def load(table: KeyedTable, files: StoreFiles, partition: int, version: int) -> None:
    """Put what one partition holds at a version into a table that has none of its keys.

    Raises CANNOT_LOAD_STATE_STORE where a file is missing or damaged; the table is then of no use.
    """
    keys, values, deltas = files.read(partition, version)
    for start in range(0, len(keys), _ROWS_AT_ONCE):
        stop = min(start + _ROWS_AT_ONCE, len(keys))
        new = np.full(stop - start, -1, np.int64)
        table.put(keys.slice(start, stop), values.slice(start, stop), new)
    for delta in deltas:
        _apply(table, delta)


def merged(files: StoreFiles, partition: int, version: int) -> tuple[UnsafeRows, UnsafeRows]:
    """All keys and values of one partition at a version, read from its files.

    Raises CANNOT_LOAD_STATE_STORE where one of them is missing or damaged.
    """
    table = KeyedTable(files.key_width, files.value_width)
    load(table, files, partition, version)
    numbers = table.live()
    return table.keys(numbers), table.values(numbers)


def _apply(table: KeyedTable, delta: Delta) -> None:
    keys, values, is_removal = delta.keys, delta.values, delta.is_removal
    last = last_of_each(keys)
    if last.size < len(keys):
        keys, values, is_removal = keys.take(last), values.take(last), is_removal[last]
    if is_removal.any():
        numbers = table.find(keys.take(is_removal))
        table.remove(numbers[numbers >= 0])
        keys, values = keys.take(~is_removal), values.take(~is_removal)
    table.put(keys, values)


def last_of_each(keys: UnsafeRows) -> Longs:
    """The last position of each key, ascending."""
    hashes = keys.hashes()
    in_order = np.sort(hashes)
    if not (in_order[1:] == in_order[:-1]).any():
        return np.arange(len(keys))
    order = np.argsort(hashes)
    begins = np.flatnonzero(np.diff(in_order, prepend=~in_order[:1]))
    last = np.maximum.reduceat(order, begins)
    newest = np.repeat(last, np.diff(begins, append=order.size))
    older = order != newest
    if keys.take(order[older]).equal(keys.take(newest[older])).all():
        return np.sort(last)
    # Two keys have one hash.
    positions = {keys.row_bytes(position): position for position in range(len(keys))}
    return np.array(sorted(positions.values()), np.int64)
