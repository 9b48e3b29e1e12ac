"""An index from hashes to row numbers: open addressing over numpy arrays, whole batches at a time.

It grows without stopping: a larger table takes over little by little while both are searched.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Longs = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Matches = Callable[[Longs, Longs], npt.NDArray[np.bool_]]

_EMPTY, _REMOVED = 0, -1
_ROW_BITS = 40
_ROW_MASK = (1 << _ROW_BITS) - 1
_TAG_SHIFT = np.uint64(64 - 23)
_SMALLEST = 1 << 10
# Slots of the old table taken over with each insertion, at least, and for each inserted row.
_MOVED_AT_LEAST, _MOVED_PER_ROW = 1 << 16, 8


class KeyIndex:
    """Where the rows are whose keys have a hash. Row numbers are below 2**40.

    An entry holds the row number and 22 bits of its hash. `hash_of` gives the hashes of rows.
    """

    def __init__(self, hash_of: Callable[[Longs], Hashes]) -> None:
        self._hash_of = hash_of
        self._slots: Longs = np.zeros(_SMALLEST, np.int64)
        self._used = 0
        self._live = 0
        self._old: Longs | None = None
        self._moved = 0

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self._slots.nbytes + (0 if self._old is None else self._old.nbytes)

    def find(self, hashes: Hashes, matches: Matches) -> Longs:
        """The row of each hash, -1 where there is none.

        `matches(positions, rows)` tells of positions in `hashes` whether the rows hold their keys.
        """
        rows = self._search(self._slots, hashes, None, matches)
        if self._old is not None:
            missing = np.flatnonzero(rows < 0)
            if missing.size:
                rows[missing] = self._search(self._old, hashes, missing, matches)[missing]
        return rows

    def insert(self, hashes: Hashes, rows: Longs) -> None:
        """Add rows that are not there, of distinct keys."""
        self._make_room(rows.size)
        self._place(hashes, rows)
        self._live += rows.size
        if self._old is not None:
            self._move(max(_MOVED_AT_LEAST, _MOVED_PER_ROW * rows.size))

    def remove(self, hashes: Hashes, rows: Longs) -> None:
        """Take out rows that are there."""
        left = self._erase(self._slots, hashes, rows)
        if left.size and self._old is not None:
            left = left[self._erase(self._old, hashes[left], rows[left])]
        if left.size:
            msg = f"{left.size} rows are not in the index"
            raise AssertionError(msg)
        self._live -= rows.size

    # ---- probing

    def _search(self, slots: Longs, hashes: Hashes, which: Longs | None, matches: Matches) -> Longs:
        found = np.full(hashes.size, -1, np.int64)
        waiting = np.arange(hashes.size) if which is None else which
        at, tags, mask = _start(slots, hashes if which is None else hashes[which])
        while waiting.size:
            entries = slots.take(at)
            going = entries != _EMPTY
            likely = np.flatnonzero(entries >> _ROW_BITS == tags)
            if likely.size:
                positions, rows = waiting.take(likely), (entries.take(likely) & _ROW_MASK) - 1
                same = matches(positions, rows)
                if not same.all():
                    positions, rows, likely = positions[same], rows[same], likely[same]
                found[positions] = rows
                going[likely] = False
            left = np.flatnonzero(going)
            waiting, at, tags = waiting.take(left), (at.take(left) + 1) & mask, tags.take(left)
        return found

    def _erase(self, slots: Longs, hashes: Hashes, rows: Longs) -> Longs:
        """Remove entries; the positions of those that are not in this table."""
        waiting = np.arange(rows.size)
        at, tags, mask = _start(slots, hashes)
        wanted = (tags << _ROW_BITS) | (rows + 1)
        missing = []
        while waiting.size:
            entries = slots[at]
            here = entries == wanted
            slots[at[here]] = _REMOVED
            missing.append(waiting[entries == _EMPTY])
            going = ~here & (entries != _EMPTY)
            waiting, at, wanted = waiting[going], (at[going] + 1) & mask, wanted[going]
        return np.concatenate(missing) if missing else waiting

    def _place(self, hashes: Hashes, rows: Longs) -> None:
        slots = self._slots
        at, tags, mask = _start(slots, hashes)
        entries = (tags << _ROW_BITS) | (rows + 1)
        self._used += rows.size
        while entries.size:
            free = np.flatnonzero(slots.take(at) == _EMPTY)
            # Of several that want one slot the last is written; the others see that and go on.
            slots[at.take(free)] = entries.take(free)
            left = np.flatnonzero(slots.take(at) != entries)
            at, entries = (at.take(left) + 1) & mask, entries.take(left)

    # ---- growth

    def _make_room(self, count: int) -> None:
        if (self._used + count) * 2 <= self._slots.size:
            return
        while self._old is not None:
            self._move(self._old.size)
        size = _SMALLEST
        while size < 4 * (self._live + count):
            size *= 2
        self._old, self._moved = self._slots, 0
        self._slots, self._used = np.zeros(size, np.int64), 0

    def _move(self, count: int) -> None:
        """Take over the next `count` slots of the old table."""
        old = self._old
        if old is None:
            return
        part = old[self._moved : self._moved + count]
        entries = part[part > 0]
        if entries.size:
            rows = (entries & _ROW_MASK) - 1
            self._place(self._hash_of(rows), rows)
            part[part > 0] = _REMOVED
        self._moved += part.size
        if self._moved >= old.size:
            self._old = None


def _start(slots: Longs, hashes: Hashes) -> tuple[Longs, Longs, int]:
    """Where the probes of some hashes begin, their tags, and the mask of the table.

    A tag is never 0, so that neither an empty slot nor a removed one has it.
    """
    mask = slots.size - 1
    tags = (hashes >> _TAG_SHIFT) | np.uint64(1)
    return (hashes & np.uint64(mask)).view(np.int64), tags.view(np.int64), mask
