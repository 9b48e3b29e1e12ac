"""Which rows of a store have a time that has come, without looking at the others."""

from __future__ import annotations

import numpy as np

from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.table import KeyedTable

# About a minute: rows of many moments share a bucket, and only buckets at the limit are looked into.
_BUCKET_BITS = 26


class Expiry:
    """Times of the rows of one table, in microseconds; rows may be given another time."""

    def __init__(self, table: KeyedTable) -> None:
        self._table = table
        self._times: Longs = np.zeros(0, np.int64)
        self._buckets: dict[int, list[Longs]] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return self._times.nbytes + sum(part.nbytes for parts in self._buckets.values() for part in parts)

    def set(self, numbers: Longs, times: Longs) -> None:
        """Give rows their times. Called for every row that is put, so that a reused number is told apart."""
        if not numbers.size:
            return
        known = self._times.size
        end = int(numbers.max()) + 1
        if end > known:
            room = np.zeros(max(end, min(2 * known, known + (1 << 19))), np.int64)
            room[:known] = self._times
            self._times = room
        self._times[numbers] = times
        buckets = times >> _BUCKET_BITS
        first = int(buckets[0])
        if (buckets == first).all():
            self._buckets.setdefault(first, []).append(numbers)
            return
        order = np.argsort(buckets, kind="stable")
        ids, starts = np.unique(buckets[order], return_index=True)
        for bucket, part in zip(ids.tolist(), np.split(numbers[order], starts[1:]), strict=True):
            self._buckets.setdefault(bucket, []).append(part)

    def earliest_us(self) -> int | None:
        """The earliest time of any row, None where there is none. Only the first bucket is looked into."""
        while self._buckets:
            bucket = min(self._buckets)
            numbers = np.unique(np.concatenate(self._buckets[bucket]))
            numbers = numbers[numbers < self._table.end]
            numbers = numbers[self._table.is_live(numbers)]
            numbers = numbers[self._times[numbers] >> _BUCKET_BITS == bucket]
            if numbers.size:
                self._buckets[bucket] = [numbers]
                return int(self._times[numbers].min())
            del self._buckets[bucket]
        return None

    def take(self, limit_us: int) -> Longs:
        """The rows whose time is at or before the limit, earliest first, each once; they are forgotten here."""
        last = limit_us >> _BUCKET_BITS
        due = [bucket for bucket in self._buckets if bucket <= last]
        if not due:
            return np.zeros(0, np.int64)
        numbers = np.unique(np.concatenate([part for bucket in due for part in self._buckets.pop(bucket)]))
        numbers = numbers[numbers < self._table.end]
        numbers = numbers[self._table.is_live(numbers)]
        times = self._times[numbers]
        is_due = times <= limit_us
        later = numbers[~is_due & (times >> _BUCKET_BITS <= last)]
        if later.size:
            self._buckets.setdefault(last, []).append(later)
        due_now: Longs = numbers[is_due][np.argsort(times[is_due], kind="stable")]
        return due_now
