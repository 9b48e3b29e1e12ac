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
from potok.types import BINARY, STRING, CharType, DataType, VarcharType, arrow_type


@dataclass(frozen=True, slots=True)
class Payload:
    """What stands behind the slots, one run for each value: row i has `words[offsets[i]:offsets[i + 1]]`.

    `sizes` are the bytes that the slot names, without padding. `width` is the words of each run where
    all are equally long, else None.
    """

    words: Words
    offsets: Words
    sizes: Words

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
            return Payload(np.empty(0, np.int64), np.zeros(1, np.int64), np.empty(0, np.int64))
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
        buffers = [validity_buffer(valid), _arrow_offsets(sizes), pa.py_buffer(content)]
        return pa.Array.from_buffers(self._arrow_type, len(sizes), buffers)


def _arrow_offsets(counts: Words) -> pa.Buffer:
    offsets = offsets_of(counts)
    if offsets[-1] > np.iinfo(np.int32).max:
        msg = f"{offsets[-1]} bytes or elements in one column of state rows; at most 2 GiB at a time"
        raise ValueError(msg)
    return pa.py_buffer(offsets.astype(np.int32))


def variable_value(data_type: DataType, fields_codec: object) -> VariableValue:
    """The value of a type. Raises ValueError for a type that state cannot hold."""
    if data_type in (STRING, BINARY) or isinstance(data_type, CharType | VarcharType):
        return BytesValue(data_type)
    msg = f"{data_type.simple_string} in state"
    raise ValueError(msg)
