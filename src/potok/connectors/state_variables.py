"""State variables and timers of transformWithState as `statestore` shows them.

Rows come in the order of Spark's store: by the bytes of their keys as RocksDB has them.
Source of facts: SchemaUtil, StatePartitionReader, NoPrefixKeyStateEncoder, PrefixKeyScanStateEncoder; tests/stateful/variable_readers.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa

from potok.checkpoint.state.reader import StoredStore
from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.checkpoint.state.variables import LIST, MAP, TIMERS, VALUE
from potok.types import (
    LONG,
    ArrayType,
    DataType,
    MapType,
    StructField,
    StructType,
    arrow_type,
)

UPDATE, DELETE, APPEND = "update", "delete", "append"
_SIZE_BYTES = 4


@dataclass(frozen=True)
class VariableContent:
    """One variable, or the timers. What a list or a map holds of a key is one row each, or all in one where it is not flattened.

    The variable is there from the batch `begins` on.
    """

    store: StoredStore
    kind: str
    flattens: bool
    begins: int = 0

    @property
    def fields(self) -> tuple[StructField, ...]:
        """The columns before that of the partition."""
        keys, value = self.store.schema.key, self.store.schema.value
        if self.kind == VALUE:
            return StructField("key", keys), StructField("value", value)
        key, second = (field.data_type for field in keys.fields)
        columns: dict[str, DataType]
        if self.kind == TIMERS:
            columns = {"expiration_timestamp_ms": LONG}
        elif self.kind == LIST:
            columns = {"list_element": value} if self.flattens else {"list_value": ArrayType(value)}
        elif self.flattens:
            columns = {"user_map_key": second, "user_map_value": value}
        else:
            columns = {"map_value": MapType(second, value)}
        return StructField("key", key), *(StructField(name, kind) for name, kind in columns.items())

    def rows(self, partition: int, version: int) -> list[pa.Array]:
        """The columns at a version."""
        keys, values = self.store.rows(partition, version)
        order = np.array(self._order(keys), np.int64)
        keys = keys.take(order)
        columns = self._columns(keys, values.take(order))
        if self.flattens or self.kind in {VALUE, TIMERS}:
            return columns
        return self._collected(self._groups(keys), columns)

    def changes(self, partition: int, version: int) -> tuple[list[pa.Array], list[str]]:
        """What the batch before a version has written, and of each change what it is. Timers have none.

        Where an entry of a list has been removed, all are, and those that stay are appended again.
        """
        if version <= self.begins:
            return [pa.nulls(0, arrow_type(field.data_type)) for field in self.fields], []
        delta = self.store.files.delta_at(partition, version)
        removed, put = delta.is_removal, ~delta.is_removal
        if self.kind != LIST or not removed.any():
            kinds = np.where(removed, DELETE, APPEND if self.kind == LIST else UPDATE)
            columns = self._columns(delta.keys, None)
            places = np.where(put, np.cumsum(put) - 1, 0)
            values = self._value(delta.values.take(put))
            return [*columns, values.take(pa.array(places, mask=removed))], kinds.tolist()
        emptied = dict(zip(self._groups(delta.keys.take(removed)), np.flatnonzero(removed), strict=True))
        gone = self._columns(delta.keys.take(np.array(list(emptied.values()))), None)
        keys, values = self.store.rows(partition, version)
        stays = np.array([group in emptied for group in self._groups(keys)], np.bool_)
        added = np.array([group not in emptied for group in self._groups(delta.keys.take(put))], np.bool_)
        keys = UnsafeRows.concat([keys.take(stays), delta.keys.take(put).take(added)])
        values = UnsafeRows.concat([values.take(stays), delta.values.take(put).take(added)])
        order = np.array(self._order(keys), np.int64)
        appended = self._columns(keys.take(order), values.take(order))
        columns = [
            pa.concat_arrays([gone[0], appended[0]]),
            pa.concat_arrays([pa.nulls(len(emptied), appended[1].type), appended[1]]),
        ]
        return columns, [DELETE] * len(emptied) + [APPEND] * len(order)

    # ---- columns ----------------------------------------------------------------------------

    def _columns(self, keys: UnsafeRows, values: UnsafeRows | None) -> list[pa.Array]:
        """A row for each row of the store, with its value where it is asked for. Timers have none."""
        parts = self.store.codecs[0].decode(keys)
        if self.kind == VALUE:
            found = [_struct(parts, self.store.schema.key, len(keys))]
        elif self.kind == LIST:
            found = parts[:1]
        else:
            found = parts
        return found if values is None or self.kind == TIMERS else [*found, self._value(values)]

    def _value(self, values: UnsafeRows) -> pa.Array:
        return _struct(self.store.codecs[1].decode(values), self.store.schema.value, len(values))

    def _collected(self, groups: Sequence[bytes], columns: list[pa.Array]) -> list[pa.Array]:
        """All entries of a key in one row. Rows of a key stand together."""
        begins = [0]
        for _, entries in groupby(groups):
            begins.append(begins[-1] + sum(1 for _ in entries))
        firsts, offsets = pa.array(begins[:-1], pa.int64()), pa.array(begins, pa.int32())
        target = arrow_type(self.fields[1].data_type)
        if self.kind == LIST:
            held = pa.ListArray.from_arrays(offsets, columns[1], type=target)
        else:
            held = pa.MapArray.from_arrays(offsets, columns[1], columns[2], type=target)
        return [columns[0].take(firsts), held]

    # ---- order ------------------------------------------------------------------------------

    def _order(self, keys: UnsafeRows) -> list[int]:
        """The positions of rows by their keys' bytes in Spark's store; a list's entries as they have come."""
        if self.kind == VALUE:
            return sorted(range(len(keys)), key=keys.row_bytes)
        groups = self._groups(keys)
        second = self.store.codecs[0].decode(keys)[1]
        if self.kind == LIST:
            places = second.to_pylist()
            return sorted(range(len(keys)), key=lambda i: (groups[i], places[i]))
        after = self._user_keys(second) if self.kind == MAP else _little_endian(second)
        return sorted(range(len(keys)), key=lambda i: (len(groups[i]), groups[i], after[i]))

    def _groups(self, keys: UnsafeRows) -> list[bytes]:
        schema = self.store.schema.key.fields[0].data_type
        return _row_bytes(self.store.codecs[0].decode(keys)[0], schema)

    def _user_keys(self, keys: pa.Array) -> list[bytes]:
        """A struct in a row of its own: its size comes before its bytes."""
        rows = _row_bytes(keys, self.store.schema.key.fields[1].data_type)
        return [len(row).to_bytes(_SIZE_BYTES, "little") + row for row in rows]


def _row_bytes(column: pa.StructArray, schema: DataType) -> list[bytes]:
    assert isinstance(schema, StructType)  # noqa: S101 - keys are structs
    rows = UnsafeRowCodec(schema).encode(column.flatten(), len(column))
    take: Callable[[int], bytes] = rows.row_bytes
    return list(map(take, range(len(rows))))


def _little_endian(times: pa.Array) -> list[bytes]:
    return [time.to_bytes(8, "little", signed=True) for time in times.to_pylist()]


def _struct(columns: list[pa.Array], schema: StructType, size: int) -> pa.Array:
    target = arrow_type(schema)
    if not columns:
        return pa.array([{}] * size, target)
    return pa.StructArray.from_arrays(columns, fields=list(target))
