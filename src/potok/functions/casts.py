"""Casts between all types, with Spark's exact semantics, as DuckDB SQL."""

from __future__ import annotations

from potok.engine.kernel import Kernel
from potok.functions import cast_to_text
from potok.functions.cast_to_interval import to_day_time_interval, to_year_month_interval
from potok.functions.cast_to_number import to_boolean, to_decimal, to_floating, to_integral
from potok.functions.cast_to_text import to_text
from potok.functions.cast_to_time import to_binary, to_date, to_local_timestamp, to_timestamp
from potok.functions.conversion import Conversion
from potok.functions.parse_text import (
    PARSE_BOOLEAN,
    PARSE_DATE,
    PARSE_DECIMAL,
    PARSE_DOUBLE,
    PARSE_LOCAL_TIMESTAMP,
    PARSE_TIMESTAMP,
    PARSE_WHOLE,
    PLAIN_DECIMAL,
)
from potok.functions.sql_text import each, let, quote_name, quote_text, sql_type
from potok.functions.zones import TO_INSTANT
from potok.plan.expressions import Cast, CastMode
from potok.types import (
    BINARY,
    BOOLEAN,
    DATE,
    NULL,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    CharType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    FractionalType,
    IntegralType,
    MapType,
    StringType,
    StructField,
    StructType,
    VarcharType,
    YearMonthIntervalType,
)  # fmt: skip

KERNELS: tuple[Kernel, ...] = (
    *cast_to_text.KERNELS,
    PARSE_BOOLEAN,
    PARSE_DATE,
    PARSE_DECIMAL,
    PARSE_DOUBLE,
    PARSE_LOCAL_TIMESTAMP,
    PARSE_TIMESTAMP,
    PARSE_WHOLE,
    PLAIN_DECIMAL,
    TO_INSTANT,
)


def emit_cast(cast: Cast, child_sql: str) -> str:
    """The SQL of a cast that analysis allowed. `cast.mode` must be set."""
    mode = cast.mode or CastMode.ANSI
    return convert(child_sql, Conversion(cast.child.data_type, cast.type, mode, cast.origin))


def cast_kernels(cast: Cast) -> tuple[Kernel, ...]:
    """The kernels that the SQL of this cast may call."""
    sql = emit_cast(cast, "x")
    return tuple(kernel for kernel in KERNELS if kernel.name + "(" in sql)


def convert(sql: str, cast: Conversion) -> str:
    """The SQL of one conversion. AssertionError for a pair that Spark refuses."""
    source, target = cast.source, cast.target
    if source == NULL:
        return f"CAST({sql} AS {sql_type(target)})" if target != NULL else sql
    match target:
        case StringType() | CharType() | VarcharType():
            return to_text(sql, source, plain_decimals=cast.is_ansi)
        case IntegralType():
            return sql if source == target else to_integral(sql, cast)
        case DecimalType():
            return sql if source == target else to_decimal(sql, cast)
        case FractionalType():
            return sql if source == target else to_floating(sql, cast)
        case ArrayType(element=element):
            assert isinstance(source, ArrayType), (source, target)  # noqa: S101 - analysis checked it
            return _to_array(sql, source.element, element, cast)
        case MapType():
            assert isinstance(source, MapType), (source, target)  # noqa: S101 - analysis checked it
            return _to_map(sql, source, target, cast)
        case StructType():
            assert isinstance(source, StructType), (source, target)  # noqa: S101 - analysis checked it
            return _to_struct(sql, source, target, cast)
        case DayTimeIntervalType():
            return to_day_time_interval(sql, cast, target)
        case YearMonthIntervalType():
            return to_year_month_interval(sql, cast, target)
    if source == target:
        return sql
    if target == BOOLEAN:
        return to_boolean(sql, cast)
    if target == DATE:
        return to_date(sql, cast)
    if target == TIMESTAMP:
        return to_timestamp(sql, cast)
    if target == TIMESTAMP_NTZ:
        return to_local_timestamp(sql, cast)
    assert target == BINARY, (source, target)  # noqa: S101 - analysis checked it
    return to_binary(sql, cast)


def _part(cast: Conversion, source: DataType, target: DataType) -> Conversion:
    return Conversion(source, target, cast.mode, cast.origin)


def same_values(source: DataType, target: DataType) -> bool:
    """Whether the types hold the same values under the same names (they may differ in nullability)."""
    match source, target:
        case ArrayType(element=left), ArrayType(element=right):
            return same_values(left, right)
        case MapType(key=key, value=value), MapType():
            return same_values(key, target.key) and same_values(value, target.value)
        case StructType(fields=fields), StructType():
            return len(fields) == len(target.fields) and all(
                left.name == right.name and same_values(left.data_type, right.data_type)
                for left, right in zip(fields, target.fields, strict=True)
            )
    return source == target


def _to_array(sql: str, source: DataType, target: DataType, cast: Conversion) -> str:
    if same_values(source, target):
        return sql
    return each(sql, lambda e: convert(e, _part(cast, source, target)))


def _to_map(sql: str, source: MapType, target: MapType, cast: Conversion) -> str:
    if same_values(source, target):
        return sql

    def entry(e: str) -> str:
        key = convert(f"struct_extract({e}, 'key')", _part(cast, source.key, target.key))
        value = convert(f"struct_extract({e}, 'value')", _part(cast, source.value, target.value))
        return f"struct_pack(key := {key}, value := {value})"

    return f"map_from_entries({each(f'map_entries({sql})', entry)})"


def _to_struct(sql: str, source: StructType, target: StructType, cast: Conversion) -> str:
    if same_values(source, target):
        return sql

    def pack(v: str) -> str:
        parts = ", ".join(
            f"{quote_name(new.name)} := {convert(_field(v, old), _part(cast, old.data_type, new.data_type))}"
            for old, new in zip(source.fields, target.fields, strict=True)
        )
        return f"CASE WHEN {v} IS NOT NULL THEN struct_pack({parts}) END"

    return let(sql, pack)


def _field(struct: str, field: StructField) -> str:
    return f"struct_extract({struct}, {quote_text(field.name)})"
