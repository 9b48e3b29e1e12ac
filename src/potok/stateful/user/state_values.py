"""State of a user's functions: Python values <-> columns.

Internal values are pyspark's (`DataType.toInternal`): days for dates, microseconds for times and intervals, tuples for
structs. A value that does not fit its declared type becomes what Spark makes of it: mostly NULL.
Source of fact: org.apache.spark.sql.execution.python.EvaluatePython.makeFromJava.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.engine import python_values
from potok.errors import SparkError
from potok.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
    arrow_type,
)

Internal = tuple[Any, ...]
_COUNTS = (DateType, TimestampType, TimestampNTZType, DayTimeIntervalType, YearMonthIntervalType)
_DIGITS = decimal.Context(prec=76)


def fitted(value: Any, data_type: DataType) -> Any:  # noqa: ANN401 - the user's value, a case for each type
    """An internal value as the type holds it."""
    if value is None:
        return None
    match data_type:
        case StringType():
            return value if isinstance(value, str) else _java_text(value)
        case BooleanType():
            return value if isinstance(value, bool) else None
        case IntegralType():
            bits = arrow_type(data_type).bit_width
            return _wrapped(value, bits) if _is_integer(value) else None
        case FloatType() | DoubleType():
            return value if isinstance(value, float) else None
        case DecimalType(precision=precision, scale=scale):
            return _decimal(value, precision, scale) if isinstance(value, decimal.Decimal) else None
        case BinaryType():
            if isinstance(value, str):
                return value.encode()
            return bytes(value) if isinstance(value, bytes | bytearray) else None
        case ArrayType(element=element):
            return [fitted(v, element) for v in value] if isinstance(value, list | tuple) else None
        case MapType(key=key, value=item):
            if not isinstance(value, dict):
                return None
            return {fitted(k, key): fitted(v, item) for k, v in value.items()}
        case StructType():
            return fitted_row(value, data_type) if isinstance(value, list | tuple) else None
    if isinstance(data_type, _COUNTS):
        return value if _is_integer(value) else None
    return value


def fitted_row(value: Sequence[Any], schema: StructType) -> Internal:
    """A row of internal values as the schema holds it. Raises where the number of fields differs."""
    if len(value) != len(schema.fields):
        raise SparkError(
            "STRUCT_ARRAY_LENGTH_MISMATCH", expected=str(len(schema.fields)), actual=str(len(value))
        )
    return tuple(fitted(v, f.data_type) for v, f in zip(value, schema.fields, strict=True))


def _is_integer(value: Any) -> bool:  # noqa: ANN401 - the user's value
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _wrapped(value: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half


def _decimal(value: decimal.Decimal, precision: int, scale: int) -> decimal.Decimal:
    exponent = decimal.Decimal(1).scaleb(-scale)
    rounded = value.quantize(exponent, rounding=decimal.ROUND_HALF_UP, context=_DIGITS)
    if rounded and rounded.adjusted() + 1 + scale > precision:
        raise SparkError(
            "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION",
            roundedValue=str(rounded),
            originalValue=str(value),
            precision=str(precision),
            scale=str(scale),
        )
    return rounded


def _java_text(value: Any) -> str:  # noqa: ANN401 - the user's value
    return str(value).lower() if isinstance(value, bool) else str(value)


# ---- columns ------------------------------------------------------------------------------------


def columns_of(rows: Sequence[Internal], schema: StructType) -> list[pa.Array]:
    """Columns of fitted rows; Arrow types as `types.arrow_type`."""
    if not rows:
        return [pa.nulls(0, arrow_type(f.data_type)) for f in schema.fields]
    return [
        column_of(values, f.data_type)
        for values, f in zip(zip(*rows, strict=True), schema.fields, strict=True)
    ]


def column_of(values: Sequence[Any], data_type: DataType) -> pa.Array:
    """A column of fitted values."""
    convert = _to_arrow(data_type)
    given = list(values) if convert is None else [None if v is None else convert(v) for v in values]
    return pa.array(given, type=arrow_type(data_type))


def _to_arrow(data_type: DataType) -> Callable[[Any], Any] | None:
    """How a value is handed to Arrow; None for as it is."""
    match data_type:
        case ArrayType(element=element):
            inner = _to_arrow(element)
            return None if inner is None else lambda v: [_handed(inner, x) for x in v]
        case MapType(key=key, value=item):
            of_key, of_item = _to_arrow(key), _to_arrow(item)
            return lambda v: [(_handed(of_key, k), _handed(of_item, x)) for k, x in v.items()]
        case StructType(fields=fields):
            inners = [(f.name, _to_arrow(f.data_type)) for f in fields]
            return lambda v: {name: _handed(inner, x) for (name, inner), x in zip(inners, v, strict=True)}
    return None


def _handed(convert: Callable[[Any], Any] | None, value: Any) -> Any:  # noqa: ANN401 - any value
    return value if value is None or convert is None else convert(value)


def rows_of(columns: Sequence[pa.Array], schema: StructType, count: int) -> list[Internal]:
    """The internal values of columns, row by row."""
    if not schema.fields:
        return [()] * count
    lists = [values_of(c, f.data_type) for c, f in zip(columns, schema.fields, strict=True)]
    return list(zip(*lists, strict=True))


def values_of(column: pa.Array, data_type: DataType) -> list[Any]:
    """The internal values of a column."""
    match data_type:
        case ArrayType(element=element):
            inner = values_of(column.flatten(), element)
            return _split(column, inner)
        case MapType(key=key, value=item):
            entries = list(zip(values_of(_keys(column), key), values_of(_items(column), item), strict=True))
            return [None if part is None else dict(part) for part in _split(column, entries)]
        case StructType():
            rows = rows_of(column.flatten(), data_type, len(column))
            if not column.null_count:
                return list(rows)
            return [
                row if valid else None for row, valid in zip(rows, column.is_valid().to_pylist(), strict=True)
            ]
    if isinstance(data_type, _COUNTS):
        width = pa.int32() if column.type.bit_width == 32 else pa.int64()  # noqa: PLR2004 - bits
        return list(column.view(width).to_pylist())
    return list(column.to_pylist())


def _keys(column: pa.Array) -> pa.Array:
    return _entries(column, column.keys)


def _items(column: pa.Array) -> pa.Array:
    return _entries(column, column.items)


def _entries(column: pa.Array, inner: pa.Array) -> pa.Array:
    offsets = np.asarray(column.offsets)
    return inner.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))


def _split(column: pa.Array, inner: list[Any]) -> list[Any]:
    """The parts of a list that stand in the rows of a column of lists or maps."""
    if pa.types.is_map(column.type):
        lengths = np.diff(np.asarray(column.offsets))
    else:
        lengths = np.asarray(pc.list_value_length(column).fill_null(0))
    ends = np.cumsum(lengths).tolist()
    parts = [inner[end - length : end] for end, length in zip(ends, lengths.tolist(), strict=True)]
    if not column.null_count:
        return parts
    return [part if valid else None for part, valid in zip(parts, column.is_valid().to_pylist(), strict=True)]


def to_user(schema: StructType) -> Callable[[Internal], Any]:
    """How internal values of a row become the Row that a user's function sees."""
    row: Callable[[Internal], Any] = python_values.client_type(schema).fromInternal
    return row
