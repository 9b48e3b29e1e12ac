"""State variables of a processor: one value, a list or a map for each group, and timers.

What a batch reads is fetched for all its groups at once when it is first asked for; what it writes is kept aside and
goes to the store when the batch ends.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.checkpoint.state.variables import LIST, MAP, TIMERS, VALUE, VariableSpec
from potok.stateful.base import MICROS_PER_MS, StateContext, TypedStore
from potok.stateful.expiry import Expiry
from potok.stateful.user.batch_groups import BatchGroups, canonical
from potok.stateful.user.prefix_index import PrefixIndex
from potok.stateful.user.state_values import Internal, columns_of, rows_of, values_of
from potok.types import LONG, NULL, StructField, StructType, arrow_schema

_NOTHING = StructType((StructField("__dummy__", NULL),))
# Groups of a batch with at most so many entries each on average are fetched whole.
_ENTRIES_PER_GROUP = 16
_SIZE_BYTES = 4
_LATEST_MS = (2**63 - 1) // MICROS_PER_MS


class Variable(ABC):
    """One variable over all groups. Groups are given by their numbers in the batch."""

    def __init__(
        self,
        spec: VariableSpec,
        key_schema: StructType,
        second: StructField | None,
        context: StateContext,
        operator_id: int,
        store_name: str,
    ) -> None:
        self.spec = spec
        fields = (StructField("key", key_schema), second) if second else key_schema.fields
        value = spec.schema
        if spec.ttl_ms is not None:
            value = StructType((StructField("value", spec.schema), StructField("ttlExpirationMs", LONG)))
        self.store = TypedStore(
            context,
            operator_id,
            StructType(fields),
            value,
            name=store_name,
            partition_by=[0] if second else None,
        )
        self.key_codec = UnsafeRowCodec(key_schema)
        self._key_schema = key_schema
        self._expiry = Expiry(self.store.store.table)
        self.groups = BatchGroups()
        self.now_ms = 0
        self.batch_id = 0
        self.updates = 0
        self.removals = 0

    @property
    def rows(self) -> int:
        """How many rows Spark would count."""
        return len(self.store)

    @property
    def nbytes(self) -> int:
        """Bytes of memory beside the store's."""
        return self._expiry.nbytes

    def loaded(self) -> None:
        """The store has been loaded."""
        if self.spec.ttl_ms is not None:
            numbers = self.store.store.table.live()
            self._expiry = Expiry(self.store.store.table)
            self._expiry.set(numbers, self._expirations(numbers) * MICROS_PER_MS)

    def begin(self, groups: BatchGroups, now_ms: int, batch_id: int) -> None:
        """A batch begins; nothing of it is known yet."""
        self.groups, self.now_ms, self.batch_id = groups, now_ms, batch_id
        self.updates = self.removals = 0
        self.forget()

    @abstractmethod
    def forget(self) -> None:
        """Drop what is kept of the batch."""

    @abstractmethod
    def flush(self) -> None:
        """Write what the batch has changed."""

    def expire(self) -> int:
        """Remove what has outlived its time; how many."""
        if self.spec.ttl_ms is None:
            return 0
        numbers = self._expiry.take(self.now_ms * MICROS_PER_MS)
        self._remove(numbers)
        return int(numbers.size)

    def remove_all(self) -> None:
        """The program has deleted the variable."""
        self._remove(self.store.store.table.live())

    def _remove(self, numbers: Longs) -> None:
        self.store.store.remove(numbers)

    def _put(self, keys: UnsafeRows, values: Sequence[Internal]) -> Longs:
        """Set values; the row numbers. Those without a row before are found by the caller."""
        columns = columns_of(values, self.spec.schema)
        size = len(values)
        if self.spec.ttl_ms is None:
            return self.store.store.put(keys, self.store.encode_values(columns, size))
        expiration = self.now_ms + self.spec.ttl_ms
        row = pa.StructArray.from_arrays(columns, fields=list(arrow_schema(self.spec.schema)))
        stored = self.store.encode_values([row, pa.array([expiration] * size, pa.int64())], size)
        numbers = self.store.store.put(keys, stored)
        self._expiry.set(numbers, np.full(size, expiration * MICROS_PER_MS))
        return numbers

    def _values(self, numbers: Longs) -> list[Internal | None]:
        """The values of rows; None where the time is over."""
        columns = self.store.values.decode(self.store.store.table.values(numbers))
        if self.spec.ttl_ms is None:
            return list(rows_of(columns, self.spec.schema, numbers.size))
        alive = np.asarray(columns[1]) > self.now_ms
        rows = rows_of(columns[0].flatten(), self.spec.schema, numbers.size)
        return [row if is_alive else None for row, is_alive in zip(rows, alive.tolist(), strict=True)]

    def _expirations(self, numbers: Longs) -> Longs:
        columns = self.store.values.decode(self.store.store.table.values(numbers))
        return np.asarray(columns[1])


class ValueVariable(Variable):
    """At most one value for each group."""

    def __init__(
        self,
        spec: VariableSpec,
        key_schema: StructType,
        context: StateContext,
        operator_id: int,
        store_name: str,
    ) -> None:
        super().__init__(spec, key_schema, None, context, operator_id, store_name)
        self.forget()

    def forget(self) -> None:
        """See Variable."""
        self._fetched = 0
        self._known: dict[int, Internal] = {}
        self._changed: dict[int, Internal | None] = {}

    def get(self, group: int) -> Internal | None:
        """The value, None without one."""
        if group in self._changed:
            return self._changed[group]
        if group >= self._fetched:
            self._fetch()
        return self._known.get(group)

    def set(self, group: int, value: Internal | None) -> None:
        """Give the group a value; None takes it away."""
        self._changed[group] = value
        if value is None:
            self.removals += 1
        else:
            self.updates += 1

    def flush(self) -> None:
        """See Variable."""
        gone = [group for group, value in self._changed.items() if value is None]
        if gone:
            numbers = self.store.store.find(self.groups.take(gone))
            self.store.store.remove(numbers[numbers >= 0])
        kept = {group: value for group, value in self._changed.items() if value is not None}
        if kept:
            self._put(self.groups.take(list(kept)), list(kept.values()))
        self.forget()

    def _fetch(self) -> None:
        new = np.arange(self._fetched, len(self.groups))
        numbers = self.store.store.find(self.groups.rows.take(new))
        found = numbers >= 0
        for group, value in zip(new[found].tolist(), self._values(numbers[found]), strict=True):
            if value is not None:
                self._known[group] = value
        self._fetched = len(self.groups)


class Grouped(Variable):
    """A variable with several rows for a group: what comes second in their keys tells them apart."""

    def __init__(
        self,
        spec: VariableSpec,
        key_schema: StructType,
        second: StructField,
        context: StateContext,
        operator_id: int,
        store_name: str,
    ) -> None:
        super().__init__(spec, key_schema, second, context, operator_id, store_name)
        self._second = second
        self._index = PrefixIndex(self.store, self.key_codec)
        self.forget()

    @property
    def nbytes(self) -> int:
        """See Variable."""
        return super().nbytes + self._index.nbytes

    def loaded(self) -> None:
        """See Variable."""
        super().loaded()
        self._index.rebuild()

    def forget(self) -> None:
        """See Variable."""
        self._fetched = 0
        self._entries: dict[int, list[tuple[Any, Internal | None]]] = {}

    def entries(self, group: int) -> list[tuple[Any, Internal | None]]:
        """What the store holds of a group: second parts and values. A value whose time is over is None."""
        if group >= self._fetched:
            new = np.arange(self._fetched, len(self.groups))
            numbers, owners, columns = self._index.find(self.groups.rows.take(new))
            seconds = values_of(columns[1], self._second.data_type)
            for owner, second, value in zip(owners.tolist(), seconds, self._values(numbers), strict=True):
                self._entries.setdefault(int(new[owner]), []).append((second, value))
            self._fetched = len(self.groups)
        return self._entries.get(group, [])

    def _rows_of_groups(self, groups: Iterable[int]) -> Longs:
        """The numbers of all rows of some groups."""
        chosen = list(groups)
        if not chosen:
            return np.zeros(0, np.int64)
        return self._index.find(self.groups.take(chosen))[0]

    def _remove(self, numbers: Longs) -> None:
        if numbers.size:
            self._index.forget(numbers)
        super()._remove(numbers)

    def _keys(self, groups: Sequence[int], seconds: pa.Array) -> UnsafeRows:
        columns = columns_of([self.groups.keys[group] for group in groups], self._key_schema)
        key = pa.StructArray.from_arrays(columns, fields=list(arrow_schema(self._key_schema)))
        return self.store.encode_keys([key, seconds], len(groups))

    def _put_entries(self, groups: Sequence[int], keys: UnsafeRows, values: Sequence[Internal]) -> None:
        is_new = self.store.store.find(keys) < 0
        numbers = self._put(keys, values)
        if is_new.any():
            hashes = self.groups.rows.hashes()[np.array(groups, np.int64)]
            self._index.add(numbers[is_new], hashes[is_new])


class ListVariable(Grouped):
    """Values in the order of their coming. The second part of the key only grows: batch, then place in the batch."""

    def __init__(
        self,
        spec: VariableSpec,
        key_schema: StructType,
        context: StateContext,
        operator_id: int,
        store_name: str,
    ) -> None:
        second = StructField("sequence", LONG)
        super().__init__(spec, key_schema, second, context, operator_id, store_name)

    def forget(self) -> None:
        """See Variable."""
        super().forget()
        self._cleared: set[int] = set()
        self._appended: dict[int, list[Internal]] = {}

    def get(self, group: int) -> list[Internal]:
        """All values."""
        kept: list[Internal] = []
        if group not in self._cleared:
            kept = [v for _, v in sorted(self.entries(group), key=lambda e: e[0]) if v is not None]
        return kept + self._appended.get(group, [])

    def append(self, group: int, values: list[Internal]) -> None:
        """Values behind the others."""
        self._appended.setdefault(group, []).extend(values)
        self.updates += len(values)

    def replace(self, group: int, values: list[Internal]) -> None:
        """Values in place of the others."""
        self._empty(group)
        self.append(group, values)

    def clear(self, group: int) -> None:
        """Take all values away."""
        kept = [] if group in self._cleared else self.entries(group)
        self.removals += len(kept) + len(self._appended.get(group, []))
        self._empty(group)

    def _empty(self, group: int) -> None:
        self._cleared.add(group)
        self._appended.pop(group, None)

    @property
    def rows(self) -> int:
        """In Spark all values of a group are one row."""
        return self._index.group_count

    def flush(self) -> None:
        """See Variable."""
        self._remove(self._rows_of_groups(self._cleared))
        owners = [group for group, values in self._appended.items() for _ in values]
        if owners:
            values = [value for group in self._appended.values() for value in group]
            sequence = (self.batch_id << 32) + np.arange(len(owners))
            self._put_entries(owners, self._keys(owners, pa.array(sequence)), values)
        self.forget()


class MapVariable(Grouped):
    """Values by a key of the user's, in the order of the key's bytes as in Spark's store."""

    def __init__(
        self,
        spec: VariableSpec,
        key_schema: StructType,
        context: StateContext,
        operator_id: int,
        store_name: str,
    ) -> None:
        self._user_schema = spec.user_key or StructType()
        self._user_codec = UnsafeRowCodec(self._user_schema)
        second = StructField("userKey", self._user_schema)
        super().__init__(spec, key_schema, second, context, operator_id, store_name)

    def forget(self) -> None:
        """See Variable."""
        super().forget()
        self._cleared: set[int] = set()
        self._changed: dict[int, dict[Any, tuple[Internal, Internal | None]]] = {}
        self._points: dict[tuple[int, Any], Internal | None] = {}
        self._by_name: dict[int, dict[Any, Internal | None]] = {}
        self._counted, self._fits = 0, False

    def get(self, group: int, user_key: Internal) -> Internal | None:
        """The value of one key, None without one. Where groups are large, the others are not looked at."""
        name = canonical(user_key)
        changed = self._changed.get(group)
        if changed is not None and name in changed:
            return changed[name][1]
        if group in self._cleared:
            return None
        if self._is_small(group):
            if group not in self._by_name:
                self._by_name[group] = {canonical(key): value for key, value in self.entries(group)}
            return self._by_name[group].get(name)
        point = (group, name)
        if point not in self._points:
            numbers = self.store.store.find(self._keys([group], self._user_keys([user_key])))
            self._points[point] = self._values(numbers)[0] if numbers[0] >= 0 else None
        return self._points[point]

    def _is_small(self, group: int) -> bool:
        """Whether all entries of the groups that the batch touches are about as many as what it asks for."""
        if group < self._fetched:
            return True
        if len(self.groups) != self._counted:
            self._counted = len(self.groups)
            self._fits = self._index.count(self.groups.rows) <= _ENTRIES_PER_GROUP * self._counted
        return self._fits

    def set(self, group: int, user_key: Internal, value: Internal | None) -> None:
        """Give a key a value; None takes it away."""
        self._changed.setdefault(group, {})[canonical(user_key)] = (user_key, value)
        if value is None:
            self.removals += 1
        else:
            self.updates += 1

    def clear(self, group: int) -> None:
        """Take all keys away."""
        self.removals += len(self.items(group))
        self._cleared.add(group)
        self._changed.pop(group, None)

    def items(self, group: int) -> list[tuple[Internal, Internal]]:
        """All keys and values."""
        found: dict[Any, tuple[Internal, Internal | None]] = {}
        if group not in self._cleared:
            found = {canonical(key): (key, value) for key, value in self.entries(group)}
        found.update(self._changed.get(group, {}))
        pairs = [(key, value) for key, value in found.values() if value is not None]
        if len(pairs) < 2:  # noqa: PLR2004 - nothing to sort
            return pairs
        rows = self._user_codec.encode(columns_of([key for key, _ in pairs], self._user_schema))
        encoded = map(rows.row_bytes, range(len(pairs)))
        # In Spark's store the size of the user's key comes before its bytes.
        stored = [len(row).to_bytes(_SIZE_BYTES, "little") + row for row in encoded]
        return [pairs[i] for i in sorted(range(len(pairs)), key=stored.__getitem__)]

    def flush(self) -> None:
        """See Variable."""
        self._remove(self._rows_of_groups(self._cleared))
        changes = [(g, *entry) for g, changed in self._changed.items() for entry in changed.values()]
        gone = [(group, key) for group, key, value in changes if value is None]
        if gone:
            keys = self._keys([group for group, _ in gone], self._user_keys([key for _, key in gone]))
            numbers = self.store.store.find(keys)
            self._remove(numbers[numbers >= 0])
        kept = [(group, key, value) for group, key, value in changes if value is not None]
        if kept:
            owners = [group for group, _, _ in kept]
            keys = self._keys(owners, self._user_keys([key for _, key, _ in kept]))
            self._put_entries(owners, keys, [value for _, _, value in kept])
        self.forget()

    def _user_keys(self, keys: Sequence[Internal]) -> pa.Array:
        columns = columns_of(keys, self._user_schema)
        return pa.StructArray.from_arrays(columns, fields=list(arrow_schema(self._user_schema)))


class Timers(Grouped):
    """Times in ms at which groups are called again."""

    def __init__(
        self, key_schema: StructType, context: StateContext, operator_id: int, store_name: str
    ) -> None:
        spec = VariableSpec(store_name, TIMERS, _NOTHING)
        second = StructField("expiryTimestampMs", LONG)
        super().__init__(spec, key_schema, second, context, operator_id, store_name)
        self._times = Expiry(self.store.store.table)
        self.registered = self.deleted = 0

    @property
    def nbytes(self) -> int:
        """See Variable."""
        return super().nbytes + self._times.nbytes

    def loaded(self) -> None:
        """See Variable."""
        super().loaded()
        numbers = self.store.store.table.live()
        self._times = Expiry(self.store.store.table)
        columns = self.store.keys.decode(self.store.store.table.keys(numbers))
        self._times.set(numbers, _micros(np.asarray(columns[1])))

    def forget(self) -> None:
        """See Variable."""
        super().forget()
        self._changed: dict[int, dict[int, bool]] = {}

    def begin(self, groups: BatchGroups, now_ms: int, batch_id: int) -> None:
        """See Variable."""
        super().begin(groups, now_ms, batch_id)
        self.registered = self.deleted = 0

    def register(self, group: int, time_ms: int) -> None:
        """Nothing where it is registered already; it is counted all the same, as in Spark."""
        self.registered += 1
        self._changed.setdefault(group, {})[time_ms] = True

    def delete(self, group: int, time_ms: int) -> None:
        """Nothing where it is not registered; it is counted all the same, as in Spark."""
        self.deleted += 1
        self._changed.setdefault(group, {})[time_ms] = False

    def of(self, group: int) -> list[int]:
        """All times of a group, in the order of their bytes as in Spark's store."""
        found = {time: True for time, _ in self.entries(group)}
        found.update(self._changed.get(group, {}))
        times = [time for time, is_registered in found.items() if is_registered]
        return sorted(times, key=lambda time: time.to_bytes(8, "little", signed=True))

    def flush(self) -> None:
        """See Variable."""
        changes = [(g, time, on) for g, changed in self._changed.items() for time, on in changed.items()]
        self.forget()
        if not changes:
            return
        owners, times, registered = (list(part) for part in zip(*changes, strict=True))
        keys = self._keys(owners, pa.array(times, pa.int64()))
        numbers = self.store.store.find(keys)
        on = np.array(registered)
        self._remove(numbers[(numbers >= 0) & ~on])
        new = np.flatnonzero((numbers < 0) & on)
        if not new.size:
            return
        nothing = self.store.encode_values([pa.nulls(new.size)], new.size)
        put = self.store.store.put(keys.take(new), nothing)
        self._times.set(put, _micros(np.array(times, np.int64)[new]))
        self._index.add(put, self.groups.rows.hashes()[np.array(owners, np.int64)[new]])

    def earliest_ms(self) -> int | None:
        """The first time that is registered."""
        earliest_us = self._times.earliest_us()
        return None if earliest_us is None else earliest_us // MICROS_PER_MS

    def expired(self, limit_ms: int) -> list[tuple[int, int]]:
        """The timers at or before a time in the order of their times and keys: groups of the batch, and times.

        What the batch has registered is flushed before. They stay registered until they are deleted.
        """
        numbers = self._times.take(limit_ms * MICROS_PER_MS)
        if not numbers.size:
            return []
        columns = self.store.keys.decode(self.store.store.table.keys(numbers))
        rows = self._index.group_rows(columns)
        owners = self.groups.join(rows, rows_of(columns[0].flatten(), self._key_schema, numbers.size))
        times = np.asarray(columns[1]).tolist()
        order = sorted(range(numbers.size), key=lambda i: (times[i], rows.row_bytes(i)))
        return [(owners[i], times[i]) for i in order]


def _micros(times_ms: Longs) -> Longs:
    return np.clip(times_ms, -_LATEST_MS, _LATEST_MS) * MICROS_PER_MS


KINDS: dict[str, type[ValueVariable | ListVariable | MapVariable]] = {
    VALUE: ValueVariable,
    LIST: ListVariable,
    MAP: MapVariable,
}
