"""Values that fit into the slot of an UnsafeRow: eight bytes or less."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from potok.checkpoint.state.packing import Items, validity_buffer
from potok.checkpoint.state.rows import Mask
from potok.types import (
    BOOLEAN,
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    NULL,
    SHORT,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    YearMonthIntervalType,
    arrow_type,
)

MAX_SLOT_DIGITS = 18
_ITEMS: dict[DataType, npt.DTypeLike] = {
    BOOLEAN: np.uint8,
    BYTE: np.uint8,
    SHORT: np.uint16,
    INTEGER: np.uint32,
    DATE: np.uint32,
    LONG: np.int64,
    TIMESTAMP: np.int64,
    TIMESTAMP_NTZ: np.int64,
    FLOAT: np.uint32,
    DOUBLE: np.int64,
}
_NAN_BITS = {FLOAT: 0x7FC00000, DOUBLE: 0x7FF8000000000000}


class FixedValue:
    """One type whose values take 1, 2, 4 or 8 bytes.

    In a row the value stands at the start of its slot and the rest of the slot is zero, in an array
    values stand side by side. NaN has one pattern, Java's.
    """

    def __init__(self, data_type: DataType) -> None:
        self.arrow_type = arrow_type(data_type)
        self.item_type: np.dtype[Any] = np.dtype(_item_type(data_type))
        self._data_type = data_type

    def items(self, array: pa.Array, valid: Mask | None) -> Items:
        """The values as unsigned items or 64-bit words, zero where they are null."""
        if array.type != self.arrow_type:
            array = array.cast(self.arrow_type)
        items = self._raw(array)
        if valid is not None:
            return np.where(valid, items, self.item_type.type(0))
        return items

    def array(self, items: Items, valid: Mask | None) -> pa.Array:
        """Arrow values of slots or items; what stands where it is null does not matter."""
        count = len(items)
        kind = self._data_type
        data: Items
        if kind == BOOLEAN:
            data = np.packbits(items.astype(np.uint8), bitorder="little")
        elif isinstance(kind, DecimalType):
            data = np.empty((count, 2), np.int64)
            data[:, 0] = items
            data[:, 1] = items >> 63
        else:
            data = np.ascontiguousarray(items, self.item_type)
        if kind == NULL:
            return pa.nulls(count, self.arrow_type)
        return pa.Array.from_buffers(self.arrow_type, count, [validity_buffer(valid), pa.py_buffer(data)])

    def _raw(self, array: pa.Array) -> Items:
        count, start = len(array), array.offset
        kind = self._data_type
        if not count or kind == NULL:
            return np.zeros(count, self.item_type)
        data = array.buffers()[1]
        if kind == BOOLEAN:
            bits = np.frombuffer(data, np.uint8, offset=start >> 3)
            return np.unpackbits(bits, count=(start & 7) + count, bitorder="little")[start & 7 :]
        if isinstance(kind, DecimalType):
            return np.frombuffer(data, np.int64, 2 * count, 16 * start)[::2]
        items = np.frombuffer(data, self.item_type, count, self.item_type.itemsize * start)
        if kind in _NAN_BITS:
            numbers = items.view(np.float32 if kind == FLOAT else np.float64)
            not_numbers = numbers != numbers  # noqa: PLR0124 - what NaN is
            if not_numbers.any():
                return np.where(not_numbers, self.item_type.type(_NAN_BITS[kind]), items)
        return items


def _item_type(data_type: DataType) -> npt.DTypeLike:
    match data_type:
        case DecimalType() | DayTimeIntervalType():
            return np.int64
        case YearMonthIntervalType():
            return np.uint32
    return np.int64 if data_type == NULL else _ITEMS[data_type]


def fits_a_slot(data_type: DataType) -> bool:
    """Whether values of the type stand in the slot itself."""
    match data_type:
        case DecimalType(precision=precision):
            return precision <= MAX_SLOT_DIGITS
        case DayTimeIntervalType() | YearMonthIntervalType():
            return True
    return data_type == NULL or data_type in _ITEMS
