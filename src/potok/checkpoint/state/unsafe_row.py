"""Columns of Arrow values <-> rows in Spark's UnsafeRow format, byte for byte.

Source of fact: org.apache.spark.sql.catalyst.expressions.UnsafeRow and codegen.UnsafeRowWriter.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from potok.checkpoint.state.nested_values import FieldsCodec
from potok.checkpoint.state.rows import UnsafeRows, Words
from potok.types import StructType


class UnsafeRowCodec:
    """Rows of one schema.

    The bytes are canonical: a null has its bit set and a slot of zero (Spark keeps the room of a null
    decimal of more than 18 digits and of a null calendar interval, and so do we; what Spark leaves in the
    room of such an interval is by chance, so its rows with one have no canonical bytes), padding is zero,
    NaN has one pattern. -0.0 stays as it is: keys are normalised before they come here.
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
        count, starts = len(rows), rows.offsets[:-1]
        matrix: Words | None = None
        if self.width is not None:
            matrix = rows.words.reshape(count, self.width)
        elif count and rows.offsets[1] * count == len(rows.words) and (rows.lengths == rows.offsets[1]).all():
            matrix = rows.words.reshape(count, -1)
        return self._fields.decode(rows.words, starts, matrix, None)
