"""Spark types as DuckDB writes them."""

from __future__ import annotations

from potok.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    CALENDAR_INTERVAL,
    DATE,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    NULL,
    SHORT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    CharType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    MapType,
    StructType,
    VarcharType,
    YearMonthIntervalType,
)  # fmt: skip

_NAMES: dict[DataType, str] = {
    NULL: "INTEGER",
    BOOLEAN: "BOOLEAN",
    BYTE: "TINYINT",
    SHORT: "SMALLINT",
    INTEGER: "INTEGER",
    LONG: "BIGINT",
    FLOAT: "FLOAT",
    DOUBLE: "DOUBLE",
    STRING: "VARCHAR",
    BINARY: "BLOB",
    DATE: "DATE",
    TIMESTAMP: "TIMESTAMPTZ",
    TIMESTAMP_NTZ: "TIMESTAMP",
    CALENDAR_INTERVAL: "INTERVAL",
}


def quote_name(name: str) -> str:
    """A SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def sql_type(data_type: DataType) -> str:
    """The DuckDB type that holds a Spark type (see functions.base). KeyError for VARIANT."""
    match data_type:
        case DecimalType(precision=precision, scale=scale):
            return f"DECIMAL({precision},{scale})"
        case DayTimeIntervalType():
            return "BIGINT"
        case YearMonthIntervalType():
            return "INTEGER"
        case CharType() | VarcharType():
            return "VARCHAR"
        case ArrayType(element=element):
            return f"{sql_type(element)}[]"
        case MapType(key=key, value=value):
            return f"MAP({sql_type(key)}, {sql_type(value)})"
        case StructType(fields=fields):
            inner = ", ".join(f"{quote_name(f.name)} {sql_type(f.data_type)}" for f in fields)
            return f"STRUCT({inner})"
    return _NAMES[data_type]
