"""Values that do not fit into the slot of an UnsafeRow: the slot says where they are and how long.

Source of fact: org.apache.spark.sql.catalyst.expressions.UnsafeArrayData, UnsafeMapData and
codegen.UnsafeArrayWriter, and what Spark 4.3 writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from potok.checkpoint.state.packing import pack, unpack, validity_buffer
from potok.checkpoint.state.rows import Mask, Words, offsets_of
from potok.types import CALENDAR_INTERVAL, DataType, DecimalType, arrow_type


@dataclass(frozen=True, slots=True)
class Payload:
    """What stands behind the slots, one run for each value: row i has `words[offsets[i]:offsets[i + 1]]`.

    `sizes` are the bytes that the slot names, without padding. `width` is the words of each run where
    all are equally long, else None.
    """

    words: Words
    offsets: Words
    sizes: Words

    @staticmethod
    def whole(words: Words, offsets: Words) -> Payload:
        """Runs whose bytes fill their words."""
        return Payload(words, offsets, np.diff(offsets) << 3)

    @property
    def lengths(self) -> Words:
        """The words of each run."""
        return np.diff(self.offsets)

    @property
    def width(self) -> int | None:
        """The words of each run where all are equally long, else None."""
        count = len(self.sizes)
        if not count:
            return 0
        first = int(self.offsets[1])
        if first * count != len(self.words):
            return None
        return first if (self.lengths == first).all() else None


_NOTHING = Payload(np.empty(0, np.int64), np.zeros(1, np.int64), np.empty(0, np.int64))
_PAIR_BYTES = 16
_NANOSECONDS = 1000
"""In a microsecond."""
_BYTE_STEPS = np.array([1 << (8 * n - 1) for n in range(1, 9)], np.uint64)
"""The smallest numbers that take one byte more than 1, 2, ... 8, with the bit of their sign."""


class VariableValue(Protocol):
    """One type whose values stand behind the slots."""

    keeps_room: bool
    """Whether a null in a row keeps its offset and room, to be updated in place later."""

    def payload(self, array: pa.Array, valid: Mask | None, *, in_array: bool) -> Payload:
        """The values; nothing where they are null, unless room is kept."""

    def array(self, words: Words, starts: Words, sizes: Words, valid: Mask | None) -> pa.Array:
        """Arrow values of runs that start at these words; sizes are 0 where there is none."""


class BytesValue:
    """STRING and BINARY: the bytes, padded with zeros."""

    keeps_room = False

    def __init__(self, data_type: DataType) -> None:
        self._arrow_type = arrow_type(data_type)

    def payload(self, array: pa.Array, valid: Mask | None, *, in_array: bool) -> Payload:  # noqa: ARG002
        """The bytes of each value."""
        if array.type != self._arrow_type:
            array = array.cast(self._arrow_type)
        count = len(array)
        if not count:
            return _NOTHING
        _, ends, data = array.buffers()
        bounds = np.frombuffer(ends, np.int32, count + 1, 4 * array.offset).astype(np.int64)
        sizes = np.diff(bounds)
        if valid is not None:
            sizes *= valid
        content = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
        words, offsets = pack(content, bounds[:-1], sizes)
        return Payload(words, offsets, sizes)

    def array(self, words: Words, starts: Words, sizes: Words, valid: Mask | None) -> pa.Array:
        """Text or bytes."""
        content = unpack(words, starts, sizes, np.uint8)
        buffers = [validity_buffer(valid), arrow_offsets(sizes), pa.py_buffer(content)]
        return pa.Array.from_buffers(self._arrow_type, len(sizes), buffers)


class WideDecimalValue:
    """DECIMAL of more than 18 digits: the unscaled number, big-endian, in as few bytes as it takes.

    In a row it always has 16 bytes of room, in an array only the words that it takes.
    """

    keeps_room = True

    def __init__(self, data_type: DecimalType) -> None:
        self._arrow_type = arrow_type(data_type)

    def payload(self, array: pa.Array, valid: Mask | None, *, in_array: bool) -> Payload:
        """The bytes of each number."""
        if array.type != self._arrow_type:
            array = array.cast(self._arrow_type)
        count = len(array)
        if not count:
            return _NOTHING
        halves = np.frombuffer(array.buffers()[1], np.int64, 2 * count, 16 * array.offset).reshape(count, 2)
        low, high = halves[:, 0], halves[:, 1]
        sign = high >> 63
        magnitude_low, magnitude_high = (low ^ sign).view(np.uint64), (high ^ sign).view(np.uint64)
        sizes = np.where(
            magnitude_high == 0,
            1 + np.searchsorted(_BYTE_STEPS, magnitude_low, side="right"),
            9 + np.searchsorted(_BYTE_STEPS, magnitude_high, side="right"),
        ).astype(np.int64)
        words = np.empty((count, 2), np.int64)
        _shift_left(low, high, 128 - 8 * sizes, words)
        words.byteswap(inplace=True)
        if valid is not None:
            sizes *= valid
            words *= valid[:, None]
        return _pairs(words, sizes, (sizes + 7) >> 3 if in_array else None)

    def array(self, words: Words, starts: Words, sizes: Words, valid: Mask | None) -> pa.Array:
        """Decimals."""
        if (sizes > _PAIR_BYTES).any():
            raise ValueError("corrupt row of state: a decimal of more than 16 bytes")
        high = words.take(starts, mode="clip").byteswap()
        low = words.take(starts + 1, mode="clip").byteswap()
        pairs = np.empty((len(sizes), 2), np.int64)
        _shift_right(low, high, 128 - 8 * np.maximum(sizes, 1), pairs)
        return _of_pairs(self._arrow_type, pairs, valid)


class CalendarIntervalValue:
    """INTERVAL: months, days (ints) and microseconds (long); in a row a null keeps the room and the size."""

    keeps_room = True

    def __init__(self) -> None:
        self._arrow_type = arrow_type(CALENDAR_INTERVAL)

    def payload(self, array: pa.Array, valid: Mask | None, *, in_array: bool) -> Payload:
        """The 16 bytes of each interval."""
        if array.type != self._arrow_type:
            array = array.cast(self._arrow_type)
        count = len(array)
        if not count:
            return _NOTHING
        stored = np.frombuffer(array.buffers()[1], np.int64, 2 * count, 16 * array.offset).reshape(count, 2)
        words = stored.copy()
        words[:, 1] //= _NANOSECONDS
        sizes = np.full(count, _PAIR_BYTES)
        if valid is None:
            return _pairs(words, sizes, None)
        words *= valid[:, None]
        return _pairs(words, sizes * valid, 2 * valid) if in_array else _pairs(words, sizes, None)

    def array(self, words: Words, starts: Words, sizes: Words, valid: Mask | None) -> pa.Array:
        """Intervals. Raises ValueError for one that has too many microseconds for Arrow's nanoseconds."""
        pairs = np.empty((len(sizes), 2), np.int64)
        pairs[:, 0] = words.take(starts, mode="clip")
        pairs[:, 1] = words.take(starts + 1, mode="clip")
        if valid is not None:
            pairs *= valid[:, None]
        if (np.abs(pairs[:, 1]) > np.iinfo(np.int64).max // _NANOSECONDS).any():
            raise ValueError("an interval in state has more microseconds than can be represented")
        pairs[:, 1] *= _NANOSECONDS
        return _of_pairs(self._arrow_type, pairs, valid)


def _pairs(words: Words, sizes: Words, lengths: Words | None) -> Payload:
    """Two words for each value, or as many of them as `lengths` says."""
    count = len(sizes)
    if lengths is None:
        return Payload(words.reshape(-1), np.arange(0, 2 * count + 1, 2), sizes)
    kept = np.arange(2) < lengths[:, None]
    return Payload(words[kept], offsets_of(lengths), sizes)


def _of_pairs(data_type: pa.DataType, pairs: Words, valid: Mask | None) -> pa.Array:
    return pa.Array.from_buffers(data_type, len(pairs), [validity_buffer(valid), pa.py_buffer(pairs)])


def _shift_left(low: Words, high: Words, bits: Words, big_endian: Words) -> None:
    """128-bit numbers shifted by 0 to 120 bits, the high word first."""
    unsigned = low.view(np.uint64)
    near = bits & 63
    carried = np.where(
        near == 0, 0, (unsigned >> (64 - np.maximum(near, 1)).astype(np.uint64)).view(np.int64)
    )
    far = bits >= 64  # noqa: PLR2004 - bits of a word
    big_endian[:, 0] = np.where(far, low << near, (high << near) | carried)
    big_endian[:, 1] = np.where(far, 0, low << near)


def _shift_right(low: Words, high: Words, bits: Words, little_endian: Words) -> None:
    """128-bit numbers shifted by 0 to 120 bits with their sign, the low word first."""
    unsigned = low.view(np.uint64)
    near = bits & 63
    carried = np.where(near == 0, 0, high << (64 - np.maximum(near, 1)))
    shifted = (unsigned >> near.astype(np.uint64)).view(np.int64)
    far = bits >= 64  # noqa: PLR2004 - bits of a word
    little_endian[:, 0] = np.where(far, high >> near, shifted | carried)
    little_endian[:, 1] = np.where(far, high >> 63, high >> near)


def arrow_offsets(counts: Words) -> pa.Buffer:
    """Arrow's 32-bit offsets of runs. Raises ValueError when they do not suffice."""
    offsets = offsets_of(counts)
    if offsets[-1] > np.iinfo(np.int32).max:
        msg = f"{offsets[-1]} bytes or elements in one column of state rows; at most 2 GiB at a time"
        raise ValueError(msg)
    return pa.py_buffer(offsets.astype(np.int32))
