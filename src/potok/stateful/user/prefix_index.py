"""Which rows of a store belong to a group, where the group is the first part of the key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from potok.checkpoint.state.index import Hashes, Longs
from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.stateful.base import TypedStore

_SMALLEST = 1 << 10


class PrefixIndex:
    """Row numbers by the hash of their group: sorted once, newer rows aside until there are as many.

    The first column of the store's keys is the group, a struct.
    """

    def __init__(self, store: TypedStore, groups: UnsafeRowCodec) -> None:
        self._store, self._groups = store, groups
        self._hashes: Hashes = np.zeros(0, np.uint64)
        self._numbers: Longs = np.zeros(0, np.int64)
        self._newer: dict[int, list[int]] = {}
        self._newer_count = 0
        self._known: Hashes = np.zeros(0, np.uint64)
        self._sizes: Longs = np.zeros(0, np.int64)
        self._newer_sizes: dict[int, int] = {}
        self.group_count = 0

    @property
    def nbytes(self) -> int:
        """Bytes of memory, about."""
        return self._hashes.nbytes + self._numbers.nbytes + 100 * self._newer_count

    def rebuild(self) -> None:
        """Sort all rows of the store."""
        numbers = self._store.store.table.live()
        hashes = self.group_rows(self._store.keys.decode(self._store.store.table.keys(numbers))).hashes()
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._numbers = hashes[order], numbers[order]
        self._newer, self._newer_count = {}, 0
        self._known, self._sizes = np.unique(self._hashes, return_counts=True)
        self._newer_sizes = {}
        self.group_count = self._known.size

    def count(self, groups: UnsafeRows) -> int:
        """How many rows some groups have in all."""
        hashes = groups.hashes()
        count = sum(self._newer_sizes.get(group, 0) for group in hashes.tolist()) if self._newer_sizes else 0
        if self._known.size:
            places = np.searchsorted(self._known, hashes)
            places[places == self._known.size] = 0
            count += int(self._sizes[places[self._known[places] == hashes]].sum())
        return count

    def forget(self, numbers: Longs) -> None:
        """Rows that are about to be removed."""
        columns = self._store.keys.decode(self._store.store.table.keys(numbers))
        hashes, counts = np.unique(self.group_rows(columns).hashes(), return_counts=True)
        self._resize(hashes, -counts)

    def _resize(self, hashes: Hashes, changes: Longs) -> None:
        """Note how many rows groups have more; the number of groups that have any follows."""
        places = np.searchsorted(self._known, hashes)
        places[places == self._known.size] = 0
        known = self._known[places] == hashes if self._known.size else np.zeros(hashes.size, np.bool_)
        at = places[known]
        before = self._sizes[at]
        after = before + changes[known]
        self._sizes[at] = after
        self.group_count += int((after > 0).sum() - (before > 0).sum())
        for group, change in zip(hashes[~known].tolist(), changes[~known].tolist(), strict=True):
            size = self._newer_sizes.get(group, 0)
            self._newer_sizes[group] = size + change
            self.group_count += (size + change > 0) - (size > 0)

    def add(self, numbers: Longs, hashes: Hashes) -> None:
        """Rows that are new under their numbers, with the hashes of their groups."""
        self._resize(*np.unique(hashes, return_counts=True))
        for number, group in zip(numbers.tolist(), hashes.tolist(), strict=True):
            self._newer.setdefault(group, []).append(number)
        self._newer_count += numbers.size
        if self._newer_count > max(_SMALLEST, self._numbers.size):
            self.rebuild()

    def find(self, groups: UnsafeRows) -> tuple[Longs, Longs, list[pa.Array]]:
        """For some groups: row numbers, the position of each one's group, and the columns of their keys."""
        hashes = groups.hashes()
        table = self._store.store.table
        owners, numbers = self._candidates(hashes)
        kept = numbers < table.end
        owners, numbers = owners[kept], numbers[kept]
        kept = table.is_live(numbers)
        owners, numbers = owners[kept], numbers[kept]
        columns = self._store.keys.decode(table.keys(numbers))
        if not numbers.size:
            return numbers, owners, columns
        # A number may have gone to another group since, or two groups share a hash.
        same = self.group_rows(columns).equal(groups.take(owners))
        if not same.all():
            mask = pa.array(same)
            columns = [column.filter(mask) for column in columns]
            owners, numbers = owners[same], numbers[same]
        return numbers, owners, columns

    def group_rows(self, columns: Sequence[pa.Array]) -> UnsafeRows:
        """The groups of keys as rows."""
        return self._groups.encode(columns[0].flatten(), len(columns[0]))

    def _candidates(self, hashes: Hashes) -> tuple[Longs, Longs]:
        starts = np.searchsorted(self._hashes, hashes, "left")
        counts = np.searchsorted(self._hashes, hashes, "right") - starts
        owners = [np.repeat(np.arange(hashes.size), counts)]
        ends = np.cumsum(counts)
        within = np.arange(int(ends[-1]) if ends.size else 0) - np.repeat(ends - counts, counts)
        numbers = [self._numbers[np.repeat(starts, counts) + within]]
        if self._newer:
            for position, group in enumerate(hashes.tolist()):
                newer = self._newer.get(group)
                if newer:
                    numbers.append(np.array(newer, np.int64))
                    owners.append(np.full(len(newer), position, np.int64))
        all_owners, all_numbers = np.concatenate(owners), np.concatenate(numbers)
        # A number that was removed and given again stands in both parts.
        _, first = np.unique(all_owners * np.int64(1 << 40) + all_numbers, return_index=True)
        return all_owners[first], all_numbers[first]
