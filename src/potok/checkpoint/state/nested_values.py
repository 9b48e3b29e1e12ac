"""Structs, arrays and maps in UnsafeRow format; the fields of a row are those of a struct.

Source of fact: org.apache.spark.sql.catalyst.expressions.UnsafeRow, UnsafeArrayData, UnsafeMapData and the
writers beside them in codegen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from potok.checkpoint.state.fixed_values import FixedValue, fits_a_slot
from potok.checkpoint.state.packing import pack, scatter, unpack, valid_mask, validity_buffer
from potok.checkpoint.state.rows import Mask, Words, offsets_of, spans
from potok.checkpoint.state.variable_values import (
    BytesValue,
    CalendarIntervalValue,
    Payload,
    VariableValue,
    WideDecimalValue,
    arrow_offsets,
)
from potok.types import (
    BINARY,
    CALENDAR_INTERVAL,
    STRING,
    ArrayType,
    CharType,
    DataType,
    DecimalType,
    MapType,
    StructType,
    VarcharType,
    arrow_type,
)


class FieldsCodec:
    """The fields of a row or of a struct: null bits, slots, and what does not fit into slots behind them."""

    def __init__(self, data_types: Sequence[DataType]) -> None:
        self._values: list[FixedValue | VariableValue] = [value_of(t) for t in data_types]
        self._null_words = (len(data_types) + 63) >> 6
        self._fixed_words = self._null_words + len(data_types)
        fixed = all(isinstance(value, FixedValue) for value in self._values)
        self.width = self._fixed_words if fixed else None

    def encode(self, columns: Sequence[pa.Array], count: int) -> tuple[Words, Words]:
        """The words of all rows, and where each row starts, in words, with the end."""
        fixed = np.empty((count, self._fixed_words), np.int64)
        fixed[:, : self._null_words] = 0
        payloads: list[Payload] = []
        cursor: Words | int = self._fixed_words
        for position, (value, column) in enumerate(zip(self._values, columns, strict=True)):
            valid = valid_mask(column)
            slot = self._null_words + position
            if valid is not None:
                fixed[:, position >> 6] |= (~valid).astype(np.int64) << (position & 63)
            if isinstance(value, FixedValue):
                fixed[:, slot] = value.items(column, valid)
                continue
            payload = value.payload(column, valid, in_array=False)
            slots = (cursor << 35) | payload.sizes
            fixed[:, slot] = slots if valid is None or value.keeps_room else np.where(valid, slots, 0)
            payloads.append(payload)
            width = payload.width
            cursor = cursor + (payload.lengths if width is None else width)
        if not payloads:
            return fixed.reshape(-1), _even(count, self._fixed_words)
        return _joined(fixed, payloads, cursor)

    def decode(self, words: Words, starts: Words, matrix: Words | None, valid: Mask | None) -> list[pa.Array]:
        """The columns of the rows that start at these words; null where `valid` is false.

        `matrix` has the same rows where all of them are equally long.
        """

        def words_at(position: int) -> Words:
            if matrix is not None:
                return matrix[:, position]
            return words.take(starts + position, mode="clip")

        null_words = [words_at(position) for position in range(self._null_words)]
        some_null = [bool(bits.any()) for bits in null_words]
        columns = []
        for position, value in enumerate(self._values):
            present = valid
            if some_null[position >> 6]:
                bit = np.int64(1) << np.int64(position & 63)
                here = (null_words[position >> 6] & bit) == 0
                if not here.all():
                    present = here if valid is None else here & valid
            slots = words_at(self._null_words + position)
            if isinstance(value, FixedValue):
                columns.append(value.array(slots, present))
                continue
            if present is not None:
                slots = np.where(present, slots, 0)
            columns.append(value.array(words, starts + (slots >> 35), slots & 0xFFFFFFFF, present))
        return columns


class StructValue:
    """STRUCT: a row of its own."""

    keeps_room = False

    def __init__(self, data_type: StructType) -> None:
        self._arrow_type = arrow_type(data_type)
        self._fields = FieldsCodec([f.data_type for f in data_type.fields])

    def payload(self, array: pa.Array, valid: Mask | None, *, in_array: bool) -> Payload:  # noqa: ARG002
        """The row of each struct."""
        dense = array if valid is None else array.drop_null()
        children = [dense.field(position) for position in range(self._arrow_type.num_fields)]
        return _spread(Payload.whole(*self._fields.encode(children, len(dense))), valid)

    def array(self, words: Words, starts: Words, sizes: Words, valid: Mask | None) -> pa.Array:
        """Structs; the fields of a null one are null."""
        children = self._fields.decode(words, starts, None, valid)
        return pa.Array.from_buffers(
            self._arrow_type, len(sizes), [validity_buffer(valid)], children=children
        )


class ArrayValue:
    """ARRAY: the number of elements, null bits in whole words, elements of their own size, what they name."""

    keeps_room = False

    def __init__(self, data_type: ArrayType) -> None:
        self._arrow_type = arrow_type(data_type)
        self._elements = _Elements(data_type.element)

    def payload(self, array: pa.Array, valid: Mask | None, *, in_array: bool) -> Payload:  # noqa: ARG002
        """The elements of each array."""
        if not pa.types.is_list(array.type):
            array = array.cast(self._arrow_type)
        dense = array if valid is None else array.drop_null()
        counts, first, last = _bounds(dense)
        return _spread(self._elements.payload(dense.values.slice(first, last - first), counts), valid)

    def array(self, words: Words, starts: Words, sizes: Words, valid: Mask | None) -> pa.Array:
        """Arrays."""
        counts = _counts(words, starts, sizes, valid)
        buffers = [validity_buffer(valid), arrow_offsets(counts)]
        elements = self._elements.array(words, starts, counts)
        return pa.Array.from_buffers(self._arrow_type, len(sizes), buffers, children=[elements])


class MapValue:
    """MAP: the bytes of the array of keys, that array, the array of values."""

    keeps_room = False

    def __init__(self, data_type: MapType) -> None:
        self._arrow_type = arrow_type(data_type)
        self._keys = _Elements(data_type.key)
        self._values = _Elements(data_type.value)

    def payload(self, array: pa.Array, valid: Mask | None, *, in_array: bool) -> Payload:  # noqa: ARG002
        """The entries of each map in their order."""
        if not pa.types.is_map(array.type):
            array = array.cast(self._arrow_type)
        dense = array if valid is None else array.drop_null()
        counts, first, last = _bounds(dense)
        keys = self._keys.payload(dense.keys.slice(first, last - first), counts)
        values = self._values.payload(dense.items.slice(first, last - first), counts)
        offsets = offsets_of(1 + keys.lengths + values.lengths)
        words = np.empty(int(offsets[-1]), np.int64)
        starts = offsets[:-1]
        words[starts] = keys.sizes
        scatter(words, starts + 1, keys.words, keys.offsets)
        scatter(words, starts + 1 + keys.lengths, values.words, values.offsets)
        return _spread(Payload.whole(words, offsets), valid)

    def array(self, words: Words, starts: Words, sizes: Words, valid: Mask | None) -> pa.Array:
        """Maps."""
        key_starts = starts + 1
        key_sizes = words.take(starts, mode="clip")
        value_starts = key_starts + (key_sizes >> 3)
        counts = _counts(words, key_starts, sizes, valid)
        entries = pa.StructArray.from_arrays(
            [self._keys.array(words, key_starts, counts), self._values.array(words, value_starts, counts)],
            fields=[self._arrow_type.key_field, self._arrow_type.item_field],
        )
        buffers = [validity_buffer(valid), arrow_offsets(counts)]
        return pa.Array.from_buffers(self._arrow_type, len(sizes), buffers, children=[entries])


class _Elements:
    """The elements of arrays, and the keys and values of maps."""

    def __init__(self, data_type: DataType) -> None:
        self._value = value_of(data_type)

    def payload(self, elements: pa.Array, counts: Words) -> Payload:
        """The arrays that have so many elements each."""
        bounds = offsets_of(counts)
        valid = valid_mask(elements)
        null_words = (counts + 63) >> 6
        header = 1 + null_words
        behind: Payload | None = None
        if isinstance(self._value, FixedValue):
            slots, slot_offsets = pack(self._value.items(elements, valid), bounds[:-1], counts)
            offsets = offsets_of(header + np.diff(slot_offsets))
        else:
            behind = self._value.payload(elements, valid, in_array=True)
            behind_starts = behind.offsets.take(bounds)
            offsets = offsets_of(header + counts + np.diff(behind_starts))
            at = behind.offsets[:-1] + np.repeat(header + counts - behind_starts[:-1], counts)
            slots, slot_offsets = (at << 35) | behind.sizes, bounds
            if valid is not None:
                slots = np.where(valid, slots, 0)
        words = np.zeros(int(offsets[-1]), np.int64)
        starts = offsets[:-1]
        words[starts] = counts
        if valid is not None:
            scatter(words, starts + 1, *_null_bits(~valid, counts, null_words))
        scatter(words, starts + header, slots, slot_offsets)
        if behind is not None:
            scatter(words, starts + header + counts, behind.words, behind_starts)
        return Payload.whole(words, offsets)

    def array(self, words: Words, starts: Words, counts: Words) -> pa.Array:
        """All elements of the arrays that start at these words."""
        bounds = offsets_of(counts)
        null_words = (counts + 63) >> 6
        null_offsets = offsets_of(null_words)
        bits = words.take(spans(starts + 1, null_words, null_offsets), mode="clip")
        valid: Mask | None = None
        if bits.any():
            is_null = np.unpackbits(bits.view(np.uint8), bitorder="little")
            valid = is_null.take(spans(64 * null_offsets[:-1], counts, bounds)) == 0
        slot_starts = starts + 1 + null_words
        if isinstance(self._value, FixedValue):
            return self._value.array(unpack(words, slot_starts, counts, self._value.item_type), valid)
        slots = unpack(words, slot_starts, counts, np.int64)
        if valid is not None:
            slots = np.where(valid, slots, 0)
        return self._value.array(words, np.repeat(starts, counts) + (slots >> 35), slots & 0xFFFFFFFF, valid)


def value_of(data_type: DataType) -> FixedValue | VariableValue:
    """How values of the type are written. Raises ValueError for VARIANT, which state does not hold."""
    if fits_a_slot(data_type):
        return FixedValue(data_type)
    match data_type:
        case DecimalType():
            return WideDecimalValue(data_type)
        case StructType():
            return StructValue(data_type)
        case ArrayType():
            return ArrayValue(data_type)
        case MapType():
            return MapValue(data_type)
        case CharType() | VarcharType():
            return BytesValue(STRING)
    if data_type == CALENDAR_INTERVAL:
        return CalendarIntervalValue()
    if data_type in (STRING, BINARY):
        return BytesValue(data_type)
    raise ValueError(f"{data_type.simple_string} in state")


def _null_bits(is_null: Mask, counts: Words, null_words: Words) -> tuple[Words, Words]:
    """The null bits of all arrays in whole words, and where each array's start."""
    offsets = offsets_of(null_words)
    flags = np.zeros(64 * int(offsets[-1]), np.bool_)
    flags[spans(64 * offsets[:-1], counts, offsets_of(counts))] = is_null
    return np.packbits(flags, bitorder="little").view(np.int64), offsets


def _bounds(lists: pa.Array) -> tuple[Words, int, int]:
    """How many elements each list or map has, and where the first one's start and the last one's end."""
    count = len(lists)
    if not count:
        return np.empty(0, np.int64), 0, 0
    bounds = np.frombuffer(lists.buffers()[1], np.int32, count + 1, 4 * lists.offset)
    return np.diff(bounds).astype(np.int64), int(bounds[0]), int(bounds[-1])


def _counts(words: Words, starts: Words, sizes: Words, valid: Mask | None) -> Words:
    """The number of elements of the arrays at these words."""
    counts = words.take(starts, mode="clip")
    if valid is not None:
        counts = np.where(valid, counts, 0)
    if ((counts < 0) | (counts > sizes)).any():
        raise ValueError("corrupt row of state: an array has more elements than bytes")
    return counts


def _spread(payload: Payload, valid: Mask | None) -> Payload:
    """The payload of the values that are not null, with nothing in between for those that are."""
    if valid is None:
        return payload
    lengths, sizes = np.zeros(len(valid), np.int64), np.zeros(len(valid), np.int64)
    lengths[valid] = payload.lengths
    sizes[valid] = payload.sizes
    return Payload(payload.words, offsets_of(lengths), sizes)


def _even(count: int, width: int) -> Words:
    return np.arange(0, count * width + 1, width) if width else np.zeros(count + 1, np.int64)


def _joined(fixed: Words, payloads: list[Payload], lengths: Words | int) -> tuple[Words, Words]:
    """Each row's null bits and slots, then its payloads; `lengths` in words, one number if all are equal."""
    count, fixed_words = fixed.shape
    if isinstance(lengths, int):
        parts = [fixed] + [p.words.reshape(count, p.width) for p in payloads if p.width]
        return np.concatenate(parts, axis=1).reshape(-1), _even(count, lengths)
    offsets = offsets_of(lengths)
    words = np.empty(int(offsets[-1]), np.int64)
    at = offsets[:-1]
    for position in range(fixed_words):
        words[at + position] = fixed[:, position]
    cursor = at + fixed_words
    for payload in payloads:
        scatter(words, cursor, payload.words, payload.offsets)
        cursor = cursor + payload.lengths
    return words, offsets
