"""A snapshot and the deltas after it become the state at a version."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from potok.checkpoint.state.delta import Delta
from potok.checkpoint.state.files import StoreFiles
from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows

# Records of deltas that are read before they are merged, at least; and never fewer than there are rows by then.
_RECORDS_AT_ONCE = 1 << 20


def merged(files: StoreFiles, partition: int, version: int) -> tuple[UnsafeRows, UnsafeRows]:
    """All keys and values of one partition at a version, read from its files.

    Raises CANNOT_LOAD_STATE_STORE where one of them is missing or damaged.
    """
    keys, values, deltas = files.read(partition, version)
    waiting: list[Delta] = []
    for delta in deltas:
        waiting.append(delta)
        if sum(len(d.keys) for d in waiting) > max(_RECORDS_AT_ONCE, len(keys)):
            keys, values = _newest(keys, values, waiting)
            waiting = []
    return _newest(keys, values, waiting) if waiting else (keys, values)


def _newest(keys: UnsafeRows, values: UnsafeRows, deltas: Sequence[Delta]) -> tuple[UnsafeRows, UnsafeRows]:
    """The rows after some deltas, in the order in which they were written last."""
    all_keys = UnsafeRows.concat([keys, *(d.keys for d in deltas)])
    all_values = UnsafeRows.concat([values, *(d.values for d in deltas)])
    is_removal = np.concatenate([np.zeros(len(keys), np.bool_), *(d.is_removal for d in deltas)])
    last = last_of_each(all_keys)
    live = last[~is_removal[last]]
    return all_keys.take(live), all_values.take(live)


def last_of_each(keys: UnsafeRows) -> Longs:
    """The last position of each key, ascending."""
    hashes = keys.hashes()
    order = np.argsort(hashes)
    begins = np.flatnonzero(np.diff(hashes[order], prepend=~hashes[order[:1]]))
    last = np.maximum.reduceat(order, begins) if order.size else order
    if last.size == order.size:
        return np.sort(last)
    newest = np.repeat(last, np.diff(begins, append=order.size))
    older = order != newest
    if keys.take(order[older]).equal(keys.take(newest[older])).all():
        return np.sort(last)
    # Two keys have one hash.
    positions = {keys.row_bytes(position): position for position in range(len(keys))}
    return np.array(sorted(positions.values()), np.int64)
