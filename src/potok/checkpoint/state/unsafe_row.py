"""Columns of Arrow values <-> rows in Spark's UnsafeRow format, byte for byte.

Source of fact: org.apache.spark.sql.catalyst.expressions.UnsafeRow and codegen.UnsafeRowWriter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from potok.checkpoint.state.packing import scatter, valid_mask
from potok.checkpoint.state.rows import Mask, UnsafeRows, Words, offsets_of
from potok.checkpoint.state.fixed_values import FixedValue, fits_a_slot
from potok.checkpoint.state.variable_values import Payload, VariableValue, variable_value
from potok.types import DataType, StructType


class UnsafeRowCodec:
    """Rows of one schema.

    The bytes are canonical: a null has its bit set and a slot of zero (Spark keeps the room of a null
    decimal of more than 18 digits and of a null calendar interval, and so do we), padding is zero, NaN
    has one pattern. -0.0 stays as it is: keys are normalised before they come here.
    """

    def __init__(self, schema: StructType) -> None:
        self.schema = schema
        self._fields = FieldsCodec([f.data_type for f in schema.fields])
        self.width = self._fields.width

    def encode(self, columns: Sequence[pa.Array], count: int | None = None) -> UnsafeRows:
        """One row for each row of the columns; their Arrow types are `types.arrow_type`.

        `count` says how many rows there are when there is no column to tell.
        """
        rows = len(columns[0]) if columns else count or 0
        words, offsets = self._fields.encode(columns, rows)
        return UnsafeRows(words, offsets, self.width)

    def decode(self, rows: UnsafeRows) -> list[pa.Array]:
        """The columns of the rows."""
        count = len(rows)
        if self.width is not None:
            matrix = rows.words.reshape(count, self.width)
            return self._fields.decode(rows.words, None, matrix, None)
        starts = rows.offsets[:-1]
        lengths = rows.lengths
        if count and lengths[0] * count == len(rows.words) and (lengths == lengths[0]).all():
            return self._fields.decode(rows.words, starts, rows.words.reshape(count, -1), None)
        return self._fields.decode(rows.words, starts, None, None)


class FieldsCodec:
    """The fields of a row or of a struct: null bits, slots, and what does not fit into slots behind them."""

    def __init__(self, data_types: Sequence[DataType]) -> None:
        self._values: list[FixedValue | VariableValue] = [
            FixedValue(t) if fits_a_slot(t) else variable_value(t, FieldsCodec) for t in data_types
        ]
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

    def decode(
        self, words: Words, starts: Words | None, matrix: Words | None, valid: Mask | None
    ) -> list[pa.Array]:
        """The columns of rows that start at these words, or lie in the matrix (starts then only for
        fields of variable size). Where `valid` is false there is no row and the values are null.
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
    words[at[:, None] + np.arange(fixed_words)] = fixed
    cursor = at + fixed_words
    for payload in payloads:
        scatter(words, cursor, payload.words, payload.offsets)
        cursor = cursor + payload.lengths
    return words, offsets
