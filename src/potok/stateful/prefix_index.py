"""Rows of a store by the first columns of their keys, in memory only."""

from __future__ import annotations

import numpy as np

from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows, offsets_of
from potok.checkpoint.state.table import KeyedTable

_NO_LIST = UnsafeRows(np.empty(0, np.int64), np.zeros(2, np.int64), None)


class PrefixIndex:
    """For each prefix the numbers of the store's rows that have it, in the order they were given.

    `width` is that of prefixes in words, None where they differ.
    """

    def __init__(self, width: int | None) -> None:
        self._lists = KeyedTable(width, None)
        self._owners: Longs = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._lists)

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self._lists.nbytes + self._owners.nbytes

    def find(self, prefixes: UnsafeRows) -> UnsafeRows:
        """The row numbers of each of some distinct prefixes, as words; an empty list where there are none."""
        numbers = self._lists.find(prefixes)
        found = np.flatnonzero(numbers >= 0)
        lists = UnsafeRows.concat([self._lists.values(numbers[found]), _NO_LIST])
        places = np.full(numbers.size, found.size, np.int64)
        places[found] = np.arange(found.size)
        return lists.take(places)

    def set(self, prefixes: UnsafeRows, lists: UnsafeRows) -> None:
        """Replace the lists of distinct prefixes; none is empty."""
        if not len(prefixes):
            return
        numbers = self._lists.put(prefixes, lists)
        end = int(lists.words.max()) + 1
        if end > self._owners.size:
            room = np.zeros(max(end, min(2 * self._owners.size, self._owners.size + (1 << 19))), np.int64)
            room[: self._owners.size] = self._owners
            self._owners = room
        self._owners[lists.words] = np.repeat(numbers, lists.lengths)

    def remove(self, rows: Longs) -> None:
        """Forget rows, by their numbers; all of them are in lists."""
        if not rows.size:
            return
        owners = np.unique(self._owners[rows])
        lists = self._lists.values(owners)
        stays = ~np.isin(lists.words, rows)
        position = np.repeat(np.arange(owners.size), lists.lengths)
        lengths = np.bincount(position[stays], minlength=owners.size)
        self._lists.remove(owners[lengths == 0])
        left = lengths[lengths > 0]
        shorter = UnsafeRows(lists.words[stays], offsets_of(left), None)
        self._lists.set_values(owners[lengths > 0], shorter)
