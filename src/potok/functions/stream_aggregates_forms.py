"""The buffers of Spark's aggregate functions that are bytes, or numbers packed into words.

Source of facts: Catalyst's Collect, TypedAggregateWithHashMapAsBuffer, ApproximatePercentile and
HyperLogLogPlusPlusHelper; tests/stateful/recorded/buffers.json.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from potok.checkpoint.state.rows import WORD_BYTES, UnsafeRows
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.types import (
    BINARY,
    BYTE,
    INTEGER,
    LONG,
    ArrayType,
    DataType,
    DateType,
    DecimalType,
    StructField,
    StructType,
    arrow_type,
)

Longs = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
_INT_BYTES = 4
_END = struct.pack(">i", -1)


@dataclass(frozen=True)
class UnscaledForm:
    """A decimal of at most 18 digits as its digits, a BIGINT."""

    type: DecimalType

    @property
    def columns(self) -> tuple[StructField, ...]:
        """The decimal."""
        return (StructField("sum", self.type),)

    def pack(self, columns: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        column = columns[0]
        words = np.frombuffer(column.buffers()[1], np.int64)
        digits = words[2 * column.offset : 2 * (column.offset + len(column)) : 2]
        return [pa.array(digits, mask=np.asarray(column.is_null()))]

    def unpack(self, state: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        digits = np.asarray(state[0].fill_null(0))
        words = np.empty((digits.size, 2), np.int64)
        words[:, 0], words[:, 1] = digits, digits >> 63
        kind = arrow_type(self.type)
        decimals = pa.Array.from_buffers(kind, digits.size, [None, pa.py_buffer(words.tobytes())])
        if not state[0].null_count:
            return [decimals]
        return [pc.if_else(state[0].is_valid(), decimals, pa.scalar(None, kind))]


@dataclass(frozen=True)
class ArrayForm:
    """An array as the bytes of a row that has it as its one column."""

    element: DataType

    @property
    def columns(self) -> tuple[StructField, ...]:
        """The array."""
        return (StructField("buf", ArrayType(self.element)),)

    @cached_property
    def _codec(self) -> UnsafeRowCodec:
        return UnsafeRowCodec(StructType(self.columns))

    def pack(self, columns: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        rows = self._codec.encode(columns)
        return [_binary(rows.words.view(np.uint8), rows.offsets * WORD_BYTES)]

    def unpack(self, state: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        data, offsets = _bytes_of(state[0])
        return self._codec.decode(UnsafeRows(data.copy().view(np.int64), offsets // WORD_BYTES, None))


@dataclass(frozen=True)
class BytesSetForm:
    """A set of BINARY as an array of arrays of bytes, since Java compares arrays by identity."""

    @property
    def columns(self) -> tuple[StructField, ...]:
        """The array."""
        return (StructField("buf", ArrayType(BINARY)),)

    @cached_property
    def _form(self) -> ArrayForm:
        return ArrayForm(ArrayType(BYTE, contains_null=False))

    def pack(self, columns: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        sets = columns[0].cast(pa.list_(pa.binary()))
        values = sets.values
        ends = np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1]
        data = np.frombuffer(values.buffers()[2] or b"", np.int8)
        inner = pa.ListArray.from_arrays(pa.array(ends), pa.array(data))
        mask = sets.is_null() if sets.null_count else None
        return self._form.pack([pa.ListArray.from_arrays(sets.offsets, inner, mask=mask)])

    def unpack(self, state: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        (sets,) = self._form.unpack(state)
        inner = sets.values
        data = np.ascontiguousarray(inner.values.to_numpy(zero_copy_only=False), np.int8)
        ends = np.ascontiguousarray(inner.offsets.to_numpy())
        values = pa.Array.from_buffers(
            pa.binary(), len(inner), [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(data.tobytes())]
        )
        mask = sets.is_null() if sets.null_count else None
        made = pa.ListArray.from_arrays(sets.offsets, values, mask=mask)
        return [made.cast(arrow_type(ArrayType(BINARY)))]


@dataclass(frozen=True)
class CountsForm:
    """Values as Spark counts them: rows of a value and its count, each after its size, and -1 at the end.

    SQL sees an array with each value as often as it is there.
    """

    element: DataType

    @property
    def columns(self) -> tuple[StructField, ...]:
        """The array."""
        return (StructField("buf", ArrayType(self.element)),)

    @cached_property
    def _codec(self) -> UnsafeRowCodec:
        return UnsafeRowCodec(StructType((StructField("key", self.element), StructField("value", LONG))))

    def pack(self, columns: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        column = columns[0]
        parents, values = _flattened(column)
        rows = self._codec.encode([values, pa.array(np.zeros(len(values), np.int64))])
        first, counts = _distinct(parents, rows)
        groups = parents[first]
        rows = self._codec.encode([values.take(pa.array(first)), pa.array(counts)])
        sizes = rows.lengths * WORD_BYTES
        ends = np.zeros(len(column) + 1, np.int64)
        np.cumsum(np.bincount(groups, sizes + _INT_BYTES, len(column)) + _INT_BYTES, out=ends[1:])
        data = np.empty(ends[-1], np.uint8)
        # The place of an entry: after those before it and the ends of the groups before.
        starts = np.cumsum(sizes + _INT_BYTES) - sizes - _INT_BYTES + groups * _INT_BYTES
        _scatter(data, starts, sizes.astype(">i4").view(np.uint8), np.full(len(rows), _INT_BYTES))
        _scatter(data, starts + _INT_BYTES, rows.words.view(np.uint8), sizes)
        closing = np.frombuffer(_END * len(column), np.uint8)
        _scatter(data, ends[1:] - _INT_BYTES, closing, np.full(len(column), _INT_BYTES))
        return [_binary(data, ends)]

    def unpack(self, state: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        data, offsets = _bytes_of(state[0])
        groups, starts, sizes = self._entries(data, offsets)
        places = np.repeat(starts - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
        words = data[places].view(np.int64)
        row_offsets = np.concatenate([[0], np.cumsum(sizes // WORD_BYTES)]).astype(np.int64)
        values, counts = self._codec.decode(UnsafeRows(words, row_offsets, self._codec.width))
        times = np.asarray(counts)
        repeated = values.take(pa.array(np.repeat(np.arange(times.size), times)))
        lengths = np.bincount(groups, times, len(state[0])).astype(np.int64)
        return [_lists(repeated, lengths, self.element)]

    def _entries(self, data: Bytes, offsets: Longs) -> tuple[Longs, Longs, Longs]:
        """The group, the first byte and the size of each row."""
        if self._codec.width is not None:
            size = self._codec.width * WORD_BYTES
            counts = (np.diff(offsets) - _INT_BYTES) // (size + _INT_BYTES)
            groups = np.repeat(np.arange(counts.size), counts)
            number = np.arange(groups.size) - np.repeat(np.cumsum(counts) - counts, counts)
            starts = offsets[:-1][groups] + number * (size + _INT_BYTES) + _INT_BYTES
            return groups, starts, np.full(groups.size, size)
        found: list[tuple[int, int, int]] = []
        buffer = data.tobytes()
        for group, start in enumerate(offsets[:-1].tolist()):
            at = start
            while (size := int.from_bytes(buffer[at : at + _INT_BYTES], "big", signed=True)) >= 0:
                found.append((group, at + _INT_BYTES, size))
                at += _INT_BYTES + size
        entries = np.array(found, np.int64).reshape(-1, 3)
        return entries[:, 0], entries[:, 1], entries[:, 2]


_SUMMARY = np.dtype([("threshold", ">i4"), ("error", ">f8"), ("count", ">i8"), ("length", ">i4")])
_SAMPLE = np.dtype([("value", ">f8"), ("g", ">i8"), ("delta", ">i8")])
_COMPRESS_THRESHOLD = 10_000


@dataclass(frozen=True)
class QuantilesForm:
    """Values as a summary of quantiles without loss: a header and a sample for each value, in order.

    A summary that Spark has compressed gives each sample as often as it stands for values.
    """

    element: DataType
    accuracy: int

    @property
    def columns(self) -> tuple[StructField, ...]:
        """The array."""
        return (StructField("buf", ArrayType(self.element)),)

    def pack(self, columns: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        parents, values = _flattened(columns[0])
        numbers = _as_doubles(values)
        order = np.lexsort((numbers, parents))
        counts = np.bincount(parents, minlength=len(columns[0]))
        offsets = np.zeros(len(columns[0]) + 1, np.int64)
        np.cumsum(counts + 1, out=offsets[1:])
        records = np.zeros(offsets[-1], _SAMPLE)
        places = np.arange(order.size) + parents[order] + 1
        records["value"][places] = numbers[order]
        records["g"][places] = 1
        headers = np.zeros(counts.size, _SUMMARY)
        headers["threshold"], headers["error"] = _COMPRESS_THRESHOLD, 1.0 / self.accuracy
        headers["count"], headers["length"] = counts, counts
        records[offsets[:-1]] = headers.view(_SAMPLE)
        return [_binary(records.view(np.uint8), offsets * _SAMPLE.itemsize)]

    def unpack(self, state: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        data, offsets = _bytes_of(state[0])
        records = np.frombuffer(data.tobytes(), _SAMPLE)
        first = offsets[:-1] // _SAMPLE.itemsize
        groups = np.repeat(np.arange(first.size), np.diff(offsets) // _SAMPLE.itemsize)
        is_sample = np.ones(records.size, np.bool_)
        is_sample[first] = False
        samples, groups = records[is_sample], groups[is_sample]
        times = samples["g"].astype(np.int64)
        numbers = np.repeat(samples["value"].astype(np.float64), times)
        lengths = np.bincount(groups, times, first.size).astype(np.int64)
        return [_lists(_of_doubles(numbers, self.element), lengths, self.element)]


_REGISTERS_PER_WORD, _REGISTER_BITS = 10, 6
_GROUPS_AT_ONCE = 16_384


@dataclass(frozen=True)
class RegistersForm:
    """HyperLogLog++: ten registers of six bits in a word. SQL sees an array of register * 64 + rank."""

    precision: int

    @property
    def columns(self) -> tuple[StructField, ...]:
        """The array."""
        return (StructField("codes", ArrayType(INTEGER, contains_null=False)),)

    @property
    def words(self) -> int:
        """Columns of the state."""
        return (1 << self.precision) // _REGISTERS_PER_WORD + 1

    def pack(self, columns: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        column = columns[0]
        parts = [
            self._packed(column.slice(start, _GROUPS_AT_ONCE))
            for start in range(0, max(len(column), 1), _GROUPS_AT_ONCE)
        ]
        matrix = np.concatenate(parts)
        return [pa.array(np.ascontiguousarray(matrix[:, i])) for i in range(self.words)]

    def _packed(self, column: pa.Array) -> Longs:
        parents, values = _flattened(column)
        codes = np.asarray(values).astype(np.int64)
        registers = np.zeros((len(column), self.words * _REGISTERS_PER_WORD), np.uint8)
        np.maximum.at(registers, (parents, codes >> _REGISTER_BITS), (codes & 63).astype(np.uint8))
        by_word = registers.reshape(len(column), self.words, _REGISTERS_PER_WORD)
        words = np.zeros((len(column), self.words), np.int64)
        for i in range(_REGISTERS_PER_WORD):
            words |= by_word[:, :, i].astype(np.int64) << (_REGISTER_BITS * i)
        return words

    def unpack(self, state: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        matrix = np.stack([np.asarray(column) for column in state], axis=1)
        shifts = np.arange(_REGISTERS_PER_WORD) * _REGISTER_BITS
        group, word = np.nonzero(matrix)
        ranks = (matrix[group, word][:, None] >> shifts) & 63
        entry, place = np.nonzero(ranks)
        register = word[entry] * _REGISTERS_PER_WORD + place
        codes = (register << _REGISTER_BITS | ranks[entry, place]).astype(np.int32)
        lengths = np.bincount(group[entry], minlength=len(matrix))
        return [_lists(pa.array(codes), lengths, INTEGER, contains_null=False)]


# ---- pieces -----------------------------------------------------------------------------------


def _binary(data: npt.NDArray[Any], offsets: Longs) -> pa.Array:
    """Binary values that lie back to back."""
    kind = arrow_type(BINARY)
    wide = pa.types.is_large_binary(kind)
    places = offsets.astype(np.int64 if wide else np.int32)
    buffers = [None, pa.py_buffer(places.tobytes()), pa.py_buffer(data.tobytes())]
    return pa.Array.from_buffers(kind, offsets.size - 1, buffers)


def _bytes_of(column: pa.Array) -> tuple[Bytes, Longs]:
    """The bytes of binary values without NULL, back to back, and where each begins and the last ends."""
    kind = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    _, places, data = column.buffers()
    offsets = np.frombuffer(places, kind)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    if data is None:
        return np.zeros(0, np.uint8), offsets - offsets[0]
    return np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]], offsets - offsets[0]


def _flattened(column: pa.Array) -> tuple[Longs, pa.Array]:
    """The number of the list of each value, and the values; NULL elements are left out."""
    values, parents = column.flatten(), np.asarray(pc.list_parent_indices(column)).astype(np.int64)
    if values.null_count:
        present = values.is_valid()
        values, parents = values.filter(present), parents[np.asarray(present)]
    return parents, values


def _lists(values: pa.Array, lengths: Longs, element: DataType, *, contains_null: bool = True) -> pa.Array:
    kind = arrow_type(ArrayType(element, contains_null=contains_null))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=kind)


def _distinct(parents: Longs, rows: UnsafeRows) -> tuple[Longs, Longs]:
    """The first of each group of equal rows of one parent, by parent; and how many each group has."""
    if rows.width is not None:
        keyed = np.column_stack([parents, rows.matrix()])
        _, first, counts = np.unique(keyed, axis=0, return_index=True, return_counts=True)
        return first.astype(np.int64), counts.astype(np.int64)
    known: dict[tuple[int, bytes], list[int]] = {}
    for position, parent in enumerate(parents.tolist()):
        known.setdefault((parent, rows.row_bytes(position)), [position, 0])[1] += 1
    found = np.array(list(known.values()), np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _scatter(target: Bytes, starts: Longs, source: npt.NDArray[Any], sizes: Longs) -> None:
    """Write pieces that lie back to back in `source` to their places."""
    places = np.repeat(starts - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
    target[places] = source


def _as_doubles(values: pa.Array) -> npt.NDArray[np.float64]:
    if pa.types.is_date(values.type):
        values = values.view(pa.int32())
    elif pa.types.is_timestamp(values.type) or pa.types.is_duration(values.type):
        values = values.view(pa.int64())
    return np.asarray(pc.cast(values, pa.float64(), safe=False))


def _of_doubles(numbers: npt.NDArray[np.float64], element: DataType) -> pa.Array:
    kind = arrow_type(element)
    if isinstance(element, DateType):
        return pa.array(numbers.astype(np.int32)).view(kind)
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        return pa.array(numbers.astype(np.int64)).view(kind)
    return pc.cast(pa.array(numbers), kind, safe=False)
