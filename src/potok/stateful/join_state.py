"""What a join of two streams keeps of one side: rows by key, each key's rows numbered from 0.

Two stores as Spark has them: `<side>-keyToNumValues` counts the rows of each key,
`<side>-keyWithIndexToValue` holds them with a flag that says whether they have ever found a match. A row
that goes leaves its number to the last row of its key.
Source of facts: SymmetricHashJoinStateManager, format version 2.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from potok.checkpoint.state.files import damaged_state
from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows, offsets_of, spans
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.plan.logical import Attributes
from potok.stateful.base import MICROS_PER_MS, StateContext, TypedStore
from potok.stateful.event_time import known_micros
from potok.stateful.expiry import Expiry
from potok.stateful.join_limits import KeyLimit, Limit
from potok.types import (
    BOOLEAN,
    LONG,
    DataType,
    StructField,
    StructType,
    as_nullable,
    struct_as_nullable,
)

Mask = npt.NDArray[np.bool_]
# A time that never comes, for rows without one.
_NEVER_US = np.iinfo(np.int64).max
_NULL_BITS = 64


@dataclass(frozen=True)
class Found:
    """Rows of the state under some keys, one after the other.

    Those of key i stand at `offsets[i]:offsets[i + 1]`, by their index. `counted` are the row numbers of
    the keys in the store of counts (-1 for new keys), `numbers` those of the rows.
    """

    keys: UnsafeRows
    counted: Longs
    counts: Longs
    offsets: Longs
    numbers: Longs


class SideState:
    """The state of one side. `side` is left or right, `columns` its whole rows, `key_types` the join keys."""

    def __init__(
        self,
        context: StateContext,
        operator_id: int,
        side: str,
        columns: Attributes,
        key_types: tuple[DataType, ...],
        limit: Limit | None,
    ) -> None:
        fields = tuple(StructField(f"field{i}", as_nullable(t)) for i, t in enumerate(key_types))
        key_schema = StructType(fields)
        indexed = StructType((*fields, StructField("index", LONG)))
        whole = (*(c.to_field() for c in columns), StructField("matched", BOOLEAN))
        value_schema = struct_as_nullable(StructType(whole))
        count_schema = StructType((StructField("value", LONG),))
        by = range(len(fields))
        self.counts = TypedStore(
            context, operator_id, key_schema, count_schema, name=f"{side}-keyToNumValues"
        )
        self.rows = TypedStore(
            context,
            operator_id,
            indexed,
            value_schema,
            name=f"{side}-keyWithIndexToValue",
            partition_by=by,
        )
        self.limit = limit
        self._key_fields = len(fields)
        self._variable = [
            i
            for i, t in enumerate(key_types)
            if UnsafeRowCodec(StructType((StructField("", t),))).width is None
        ]
        self._flag = (len(value_schema.fields) + _NULL_BITS - 1) // _NULL_BITS + len(columns)
        self._owner: Longs = np.zeros(0, np.int64)
        self._index: Longs = np.zeros(0, np.int64)
        self._expiry = self._new_expiry()

    def _new_expiry(self) -> Expiry:
        return Expiry((self.counts if isinstance(self.limit, KeyLimit) else self.rows).store.table)

    def loaded(self) -> None:
        """After a restart: what is kept in memory besides the stores."""
        table = self.rows.store.table
        numbers = table.live()
        self._expiry = self._new_expiry()
        keys = table.keys(numbers)
        columns = self.rows.keys.decode(keys)
        owners = self.counts.store.find(self.counts.keys.encode(columns[:-1]))
        self._check_counts(owners, np.asarray(columns[-1]))
        self._remember(numbers, owners, np.asarray(columns[-1]))
        if isinstance(self.limit, KeyLimit):
            counted = self.counts.store.table.live()
            self._expire_keys(counted, self.counts.store.table.keys(counted))
        else:
            self._expire_rows(numbers, table.values(numbers))

    def _check_counts(self, owners: Longs, indices: Longs) -> None:
        """Each key has as many rows as its count says, counted from 0.

        Raises CANNOT_LOAD_STATE_STORE: files of the two stores do not belong together, one of them was replaced.
        """
        counted = self.counts.store.table.live()
        total = int(self._count_values(counted).sum())
        if total == owners.size and not (owners < 0).any() and (indices < self._count_values(owners)).all():
            return
        files = self.counts.store.files
        directory = posixpath.join(files.state_root, str(files.operator_id))
        names = f"{self.counts.name} and {self.rows.name}"
        raise damaged_state(directory, f"its stores {names} do not belong together")

    @property
    def nbytes(self) -> int:
        """Bytes of memory besides the stores."""
        return self._owner.nbytes + self._index.nbytes + self._expiry.nbytes

    # ---- reading ----

    def find(self, keys: UnsafeRows) -> Found:
        """The rows of distinct keys."""
        counted = self.counts.store.find(keys)
        known = counted >= 0
        counts = np.zeros(len(keys), np.int64)
        if known.any():
            counts[known] = self._count_values(counted[known])
        offsets = offsets_of(counts)
        owners = np.repeat(np.arange(len(keys)), counts)
        indices = np.arange(offsets[-1]) - offsets[owners]
        numbers = self.rows.store.find(self._with_index(keys.take(owners), indices))
        return Found(keys, counted, counts, offsets, numbers)

    def columns(self, numbers: Longs) -> list[pa.Array]:
        """Rows by their numbers, without the flag."""
        return self.rows.values.decode(self.rows.store.table.values(numbers))[:-1]

    def matched(self, numbers: Longs) -> Mask:
        """Which rows have found a match."""
        values = self.rows.store.table.values(numbers)
        flags: Mask = values.words[values.offsets[:-1] + self._flag] != 0
        return flags

    def limit_us(self, watermark_ms: int) -> int | None:
        """The event time at or before which state goes."""
        if self.limit is None:
            return None
        limit_ms = watermark_ms if isinstance(self.limit, KeyLimit) else self.limit.limit_ms(watermark_ms)
        return limit_ms * MICROS_PER_MS

    def is_due(self, columns: list[pa.Array], keys: list[pa.Array], watermark_ms: int, size: int) -> Mask:
        """Which of some rows would go at once."""
        limit_us = self.limit_us(watermark_ms)
        if self.limit is None or limit_us is None:
            return np.zeros(size, np.bool_)
        source = keys if isinstance(self.limit, KeyLimit) else columns
        times, known = known_micros(source[self.limit.position])
        due: Mask = known & (times <= limit_us)
        return due

    # ---- writing ----

    def mark(self, numbers: Longs) -> None:
        """Rows that have found a match; each number once."""
        new = numbers[~self.matched(numbers)] if numbers.size else numbers
        if not new.size:
            return
        table = self.rows.store.table
        values = table.values(new)
        values.words[values.offsets[:-1] + self._flag] = 1
        self.rows.store.put(table.keys(new), values, new)

    def remove(self, numbers: Longs) -> None:
        """Take rows out that are there; each number once."""
        if numbers.size:
            self._remove_rows(numbers)

    def recounted(self, found: Found) -> Found:
        """What `find` said of keys, after rows were taken out; for `append`."""
        counted = self.counts.store.find(found.keys)
        counts = np.zeros(len(found.keys), np.int64)
        known = counted >= 0
        if known.any():
            counts[known] = self._count_values(counted[known])
        return Found(found.keys, counted, counts, found.offsets, found.numbers)

    def append(self, found: Found, groups: Longs, columns: list[pa.Array], matched: Mask) -> None:
        """Add rows under the keys of `found`: row i under key `groups[i]`, after those that are there."""
        if not groups.size:
            return
        order = np.argsort(groups, kind="stable")
        ordered = groups[order]
        new_counts = np.bincount(groups, minlength=len(found.keys))
        starts = offsets_of(new_counts)
        indices = np.empty(groups.size, np.int64)
        indices[order] = np.arange(groups.size) - starts[ordered] + found.counts[ordered]
        touched = np.flatnonzero(new_counts)
        keys = found.keys.take(touched)
        counts = pa.array(found.counts[touched] + new_counts[touched])
        counted = self.counts.store.put(keys, self.counts.values.encode([counts]), found.counted[touched])
        owners = np.full(len(found.keys), -1, np.int64)
        owners[touched] = counted
        values = self.rows.encode_values([*columns, pa.array(matched)], groups.size)
        row_keys = self._with_index(found.keys.take(groups), indices)
        numbers = self.rows.store.put(row_keys, values, np.full(groups.size, -1, np.int64))
        self._remember(numbers, owners[groups], indices)
        if isinstance(self.limit, KeyLimit):
            new = found.counted[touched] < 0
            self._expire_keys(counted[new], keys.take(new))
        elif self.limit is not None:
            self._expiry.set(numbers, _times(columns[self.limit.position]))

    def evict(self, watermark_ms: int, *, give_unmatched: bool) -> tuple[int, list[pa.Array] | None]:
        """Remove what is due; how many rows, and those that never found a match, if asked."""
        limit_us = self.limit_us(watermark_ms)
        if limit_us is None:
            return 0, None
        due = self._expiry.take(limit_us)
        if not due.size:
            return 0, None
        if isinstance(self.limit, KeyLimit):
            numbers = self._rows_of(due)
            unmatched = self._unmatched(numbers) if give_unmatched else None
            self.rows.store.remove(numbers)
            self.counts.store.remove(due)
            return numbers.size, unmatched
        unmatched = self._unmatched(due) if give_unmatched else None
        self._remove_rows(due)
        return due.size, unmatched

    def _unmatched(self, numbers: Longs) -> list[pa.Array] | None:
        chosen = numbers[~self.matched(numbers)]
        return self.columns(chosen) if chosen.size else None

    def _rows_of(self, counted: Longs) -> Longs:
        """The numbers of all rows of some keys."""
        counts = self._count_values(counted)
        offsets = offsets_of(counts)
        owners = np.repeat(np.arange(counted.size), counts)
        keys = self.counts.store.table.keys(counted)
        indices = np.arange(offsets[-1]) - offsets[owners]
        return self.rows.store.find(self._with_index(keys.take(owners), indices))

    def _remove_rows(self, due: Longs) -> None:
        """Take rows out. The last rows of their keys, from the end, come into the holes, from the start."""
        order = np.lexsort((self._index[due], self._owner[due]))
        due = due[order]
        owners, gone = np.unique(self._owner[due], return_counts=True)
        counts = self._count_values(owners)
        left = counts - gone
        key_of = np.repeat(np.arange(owners.size), gone)
        # The tail of each key: as many rows as go.
        offsets = offsets_of(gone)
        tail_indices = spans(left, gone, offsets)
        keys = self.counts.store.table.keys(owners)
        is_hole = self._index[due] < left[key_of]
        holes = due[is_hole]
        if holes.size:
            tail = self.rows.store.find(self._with_index(keys.take(key_of), tail_indices))
            stays = np.ones(tail.size, np.bool_)
            last = ~is_hole
            stays[offsets[key_of[last]] + self._index[due[last]] - left[key_of[last]]] = False
            movers, mover_key = tail[stays], key_of[stays]
            # Holes stand ascending within a key; movers are wanted descending.
            moving = np.lexsort((-self._index[movers], mover_key))
            self._move(movers[moving], holes)
            removed = tail
        else:
            removed = due
        self.rows.store.remove(removed)
        remaining = left > 0
        if remaining.any():
            kept = owners[remaining]
            values = self.counts.values.encode([pa.array(left[remaining])])
            self.counts.store.put(keys.take(remaining), values, kept)
        self.counts.store.remove(owners[~remaining])

    def _move(self, sources: Longs, targets: Longs) -> None:
        table = self.rows.store.table
        values = table.values(sources)
        self.rows.store.put(table.keys(targets), values, targets)
        self._expire_rows(targets, values)

    # ---- memory ----

    def _count_values(self, counted: Longs) -> Longs:
        values = self.counts.store.table.values(counted)
        counts: Longs = values.matrix()[:, 1]
        return counts

    def _remember(self, numbers: Longs, owners: Longs, indices: Longs) -> None:
        if not numbers.size:
            return
        end = int(numbers.max()) + 1
        if end > self._owner.size:
            room = end + min(max(end, 1 << 8), 1 << 19)
            for name in ("_owner", "_index"):
                grown = np.zeros(room, np.int64)
                old = getattr(self, name)
                grown[: old.size] = old
                setattr(self, name, grown)
        self._owner[numbers] = owners
        self._index[numbers] = indices

    def _expire_keys(self, counted: Longs, keys: UnsafeRows) -> None:
        if isinstance(self.limit, KeyLimit) and counted.size:
            times = _times(self.counts.keys.decode(keys)[self.limit.position])
            self._expiry.set(counted, times)

    def _expire_rows(self, numbers: Longs, values: UnsafeRows) -> None:
        if self.limit is not None and not isinstance(self.limit, KeyLimit) and numbers.size:
            times = _times(self.rows.values.decode(values)[self.limit.position])
            self._expiry.set(numbers, times)

    def _with_index(self, keys: UnsafeRows, indices: Longs) -> UnsafeRows:
        """Key rows with one more field, the index, behind the others."""
        count = len(keys)
        if self._key_fields % _NULL_BITS == 0 or not count:
            # The null bits take another word.
            return self.rows.keys.encode([*self.counts.keys.decode(keys), pa.array(indices, pa.int64())])
        slot = (self._key_fields + _NULL_BITS - 1) // _NULL_BITS + self._key_fields
        if keys.width is not None:
            matrix = np.empty((count, keys.width + 1), np.int64)
            matrix[:, : keys.width] = keys.matrix()
            matrix[:, slot] = indices
            return UnsafeRows.of_matrix(matrix)
        lengths = keys.lengths
        offsets = offsets_of(lengths + 1)
        places = np.ones(int(offsets[-1]), np.bool_)
        places[offsets[:-1] + slot] = False
        words = np.empty(places.size, np.int64)
        words[places] = keys.words
        words[offsets[:-1] + slot] = indices
        for field in self._variable:
            at = offsets[:-1] + (slot - self._key_fields + field)
            pointers = words[at]
            # Where the value lies is counted in bytes from the start of the row, in the upper half.
            words[at] = np.where(pointers == 0, 0, pointers + (np.int64(8) << np.int64(32)))
        return UnsafeRows(words, offsets, None)


def _times(moments: pa.Array) -> Longs:
    times, known = known_micros(moments)
    return times if known.all() else np.where(known, times, _NEVER_US)
