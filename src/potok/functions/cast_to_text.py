"""Values to STRING, as Spark writes them."""

from __future__ import annotations

import decimal

import numpy as np
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.functions.interval_text import calendar_interval_text, day_time_text, year_month_text
from potok.functions.sql_text import each, let
from potok.functions.zones import is_utc
from potok.types import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    MAX_PRECISION,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    CalendarIntervalType,
    CharType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    NullType,
    StringType,
    StructType,
    VarcharType,
    YearMonthIntervalType,
)  # fmt: skip

SCIENTIFIC_SCALE = 6
_FIRST_YEAR, _LAST_YEAR = "0001-01-01", "9999-12-31"


def to_text(sql: str, source: DataType, *, plain_decimals: bool) -> str:
    """SQL of type VARCHAR; NULL stays NULL.

    `plain_decimals`: never an exponent (ANSI), otherwise as Java's `BigDecimal.toString`.
    """
    match source:
        case StringType() | CharType() | VarcharType():
            return sql
        case NullType():
            return "CAST(NULL AS VARCHAR)"
        case DoubleType():
            return let(sql, lambda v: floating_text(v, "true", "potok_java_double"))
        case FloatType():
            return let(
                sql, lambda v: floating_text(v, f"len(CAST(abs({v}) AS VARCHAR)) <= 8", "potok_java_float")
            )
        case DecimalType(scale=scale) if scale > SCIENTIFIC_SCALE and not plain_decimals:
            return let(sql, lambda v: _scientific_decimal(v, source))
        case DecimalType():
            return let(sql, lambda v: decimal_text(v, source))
        case DayTimeIntervalType():
            return let(sql, lambda v: day_time_text(v, source))
        case YearMonthIntervalType():
            return let(sql, lambda v: year_month_text(v, source))
        case CalendarIntervalType():
            return let(sql, calendar_interval_text)
        case ArrayType(element=element):
            return let(sql, lambda v: _array_text(v, element, plain_decimals=plain_decimals))
        case MapType():
            return let(sql, lambda v: _map_text(v, source, plain_decimals=plain_decimals))
        case StructType():
            return let(sql, lambda v: _struct_text(v, source, plain_decimals=plain_decimals))
    if source == BINARY:
        return f"potok_utf8({sql})"
    if source == DATE:
        return let(sql, date_text)
    if source == TIMESTAMP:
        return let(sql, _moment_text)
    if source == TIMESTAMP_NTZ:
        return let(sql, timestamp_text)
    assert source == BOOLEAN or isinstance(source, IntegralType), source  # noqa: S101 - analysis checked it
    return f"CAST({sql} AS VARCHAR)"


def floating_text(v: str, is_shortest: str, kernel: str) -> str:
    """A double or float as Java 19 and later write it: shortest digits, exponents from 1E7 and below 1E-3.

    `is_shortest` is a condition under which the engine's own text has the fewest digits.
    """
    return (
        f"CASE WHEN (abs({v}) >= 0.001 AND abs({v}) < 10000000 AND {is_shortest}) OR {v} = 0 THEN CAST({v} AS VARCHAR)"
        f" WHEN {v} IS NULL THEN NULL"
        f" WHEN NOT isfinite({v}) THEN CASE WHEN isnan({v}) THEN 'NaN'"
        f" WHEN {v} > 0 THEN 'Infinity' ELSE '-Infinity' END"
        f" ELSE {kernel}({v}) END"
    )


def _java_doubles(numbers: pa.Array) -> pa.Array:
    return pa.array([None if n is None else java_number(repr(n)) for n in numbers.to_pylist()], pa.string())


def _java_floats(numbers: pa.Array) -> pa.Array:
    values = numbers.to_numpy(zero_copy_only=False)
    texts = ["0" if v is None else _float_digits(v) for v in values]
    return pa.array(texts, pa.string(), mask=numbers.is_null().to_numpy(zero_copy_only=False))


def _float_digits(value: np.float32) -> str:
    if 0.001 <= abs(value) < 10_000_000:  # noqa: PLR2004 - Java's bounds
        return np.format_float_positional(value, unique=True, trim="0")
    return java_number(np.format_float_scientific(value, unique=True))


def java_number(text: str) -> str:
    """`1e+20` as `1.0E20`: one digit before the point, at least one after it."""
    if text.lstrip("-") in {"5e-324", "1e-323"}:
        return text.replace("5e-324", "4.9E-324").replace("1e-323", "9.9E-324")
    number = decimal.Decimal(text)
    if not number.is_finite():
        return text
    sign, digits, exponent = number.normalize().as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - finite
    power = exponent + len(digits) - 1
    tail = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{tail}E{power}"


def _utf8(blobs: pa.Array) -> pa.Array:
    try:
        return blobs.cast(pa.string())
    except pa.ArrowInvalid:
        values = [None if b is None else b.decode("utf-8", "replace") for b in blobs.to_pylist()]
        return pa.array(values, pa.string())


JAVA_DOUBLE = Kernel("potok_java_double", (DOUBLE,), STRING, _java_doubles)
JAVA_FLOAT = Kernel("potok_java_float", (FLOAT,), STRING, _java_floats)
UTF8 = Kernel("potok_utf8", (BINARY,), STRING, _utf8)


def decimal_text(v: str, source: DecimalType) -> str:
    """Plain digits, with a zero before the point where there is nothing else."""
    if source.scale < source.precision:
        return f"CAST({v} AS VARCHAR)"
    if source.precision < MAX_PRECISION:
        return f"CAST(CAST({v} AS DECIMAL({source.precision + 1},{source.scale})) AS VARCHAR)"
    return f"replace(CAST({v} AS VARCHAR), '.', '0.')"


def _scientific_decimal(v: str, source: DecimalType) -> str:
    scale = source.scale
    digits = f"ltrim(replace(replace(CAST({v} AS VARCHAR), '.', ''), '-', ''), '0')"
    sign = f"CASE WHEN {v} < 0 THEN '-' ELSE '' END"
    exponent = f"CAST(len({digits}) - 1 - {scale} AS VARCHAR)"
    tail = f"CASE WHEN len({digits}) > 1 THEN '.' || substr({digits}, 2) ELSE '' END"
    return (
        f"CASE WHEN {v} = 0 THEN '0E-{scale}'"
        f" WHEN abs({v}) < 0.000001 THEN {sign} || substr({digits}, 1, 1) || {tail} || 'E' || {exponent}"
        f" ELSE {decimal_text(v, source)} END"
    )


def date_text(v: str) -> str:
    """A date as ISO 8601: `2024-02-29`, `+10000-01-01`, `-0001-12-31`."""
    return (
        f"CASE WHEN {v} BETWEEN DATE '{_FIRST_YEAR}' AND DATE '{_LAST_YEAR}' THEN CAST({v} AS VARCHAR)"
        f" WHEN {v} IS NULL THEN NULL ELSE {_far_date(v)} END"
    )


def timestamp_text(v: str) -> str:
    """A local time: `2024-02-29 13:04:05.1`, the fraction without trailing zeros."""
    clock = f"split_part(CAST(CAST({v} AS TIME) AS VARCHAR), ' ', 1)"
    return (
        f"CASE WHEN {v} >= TIMESTAMP '{_FIRST_YEAR}' AND {v} < TIMESTAMP '10000-01-01' THEN CAST({v} AS VARCHAR)"
        f" WHEN {v} IS NULL THEN NULL ELSE {_far_date(v)} || ' ' || {clock} END"
    )


def _moment_text(v: str) -> str:
    # In UTC the local time is cheap enough to be written out each time.
    zoned = let(f"CAST({v} AS TIMESTAMP)", timestamp_text)
    return f"CASE WHEN {is_utc()} THEN {timestamp_text(f'make_timestamp(epoch_us({v}))')} ELSE {zoned} END"


def _far_date(v: str) -> str:
    return (
        f"CASE WHEN year({v}) > 9999 THEN '+' WHEN year({v}) < 0 THEN '-' ELSE '' END"
        f" || lpad(CAST(abs(year({v})) AS VARCHAR), greatest(4, len(CAST(abs(year({v})) AS VARCHAR)))::INTEGER, '0')"
        f" || '-' || lpad(CAST(month({v}) AS VARCHAR), 2, '0') || '-' || lpad(CAST(day({v}) AS VARCHAR), 2, '0')"
    )


def _element(sql: str, data_type: DataType, *, plain_decimals: bool) -> str:
    return f"coalesce({to_text(sql, data_type, plain_decimals=plain_decimals)}, 'null')"


def _array_text(v: str, element: DataType, *, plain_decimals: bool) -> str:
    texts = each(v, lambda e: _element(e, element, plain_decimals=plain_decimals))
    return f"'[' || array_to_string({texts}, ', ') || ']'"


def _map_text(v: str, source: MapType, *, plain_decimals: bool) -> str:
    def entry(e: str) -> str:
        key = to_text(f"struct_extract({e}, 'key')", source.key, plain_decimals=plain_decimals)
        value = _element(f"struct_extract({e}, 'value')", source.value, plain_decimals=plain_decimals)
        return f"{key} || ' -> ' || {value}"

    return f"'{{' || array_to_string({each(f'map_entries({v})', entry)}, ', ') || '}}'"


def _struct_text(v: str, source: StructType, *, plain_decimals: bool) -> str:
    parts = [
        _element(
            f"struct_extract({v}, '{f.name.replace(chr(39), chr(39) * 2)}')",
            f.data_type,
            plain_decimals=plain_decimals,
        )
        for f in source.fields
    ]
    inner = " || ', ' || ".join(parts) or "''"
    return f"CASE WHEN {v} IS NOT NULL THEN '{{' || {inner} || '}}' END"


KERNELS = (JAVA_DOUBLE, JAVA_FLOAT, UTF8)


def text_kernels(*types: DataType) -> tuple[Kernel, ...]:
    """The kernels that `to_text` mentions for values of these types."""
    plain = (IntegralType, StringType, DecimalType)
    return () if all(isinstance(t, plain) for t in types) else KERNELS
