"""Rows as Spark's internal rows print themselves in messages. Source of facts: InternalRow.toString, recorded messages."""

from __future__ import annotations

import pyarrow as pa

from potok.show_string import double_text


def row_text(value: object) -> str:
    """Texts have no quotes, days and microseconds are numbers."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return double_text(value)
        case tuple() | list():
            return f"[{','.join(map(row_text, value))}]"
        case pa.Date32Scalar() | pa.TimestampScalar():
            return row_text(value.value)
        case pa.Scalar():
            return row_text(value.as_py())
    return str(value)
