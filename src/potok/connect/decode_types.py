"""Data types of the protocol to ours.

Source of fact: Spark's `DataTypeProtoConverter.toCatalystType`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from potok import types as t
from potok.ddl import parse_client_schema
from potok.errors import SparkError, unsupported

if TYPE_CHECKING:
    import pyspark.sql.connect.proto as pb

_ATOMIC: dict[str, t.DataType] = {
    "null": t.NULL,
    "binary": t.BINARY,
    "boolean": t.BOOLEAN,
    "byte": t.BYTE,
    "short": t.SHORT,
    "integer": t.INTEGER,
    "long": t.LONG,
    "float": t.FLOAT,
    "double": t.DOUBLE,
    "date": t.DATE,
    "timestamp": t.TIMESTAMP,
    "timestamp_ntz": t.TIMESTAMP_NTZ,
    "calendar_interval": t.CALENDAR_INTERVAL,
    "variant": t.VariantType(),
}
_DEFAULT_COLLATION = "UTF8_BINARY"
_CAST_INSTEAD = "Cast the column to a type that it has."


def decode_type(message: pb.DataType) -> t.DataType:
    """The data type. Raises SparkError for kinds that the engine has no type for."""
    kind = message.WhichOneof("kind")
    atomic = _ATOMIC.get(kind)
    if atomic is not None:
        return atomic
    match kind:
        case "string":
            if message.string.collation not in {"", _DEFAULT_COLLATION}:
                raise unsupported(f"The collation {message.string.collation}", "Use UTF8_BINARY.")
            return t.STRING
        case "char":
            return t.CharType(message.char.length)
        case "var_char":
            return t.VarcharType(message.var_char.length)
        case "decimal":
            decimal = message.decimal
            return t.DecimalType(
                decimal.precision if decimal.HasField("precision") else 10,
                decimal.scale if decimal.HasField("scale") else 0,
            )
        case "year_month_interval":
            start, end = _interval_fields(message.year_month_interval, 0, 1)
            return t.YearMonthIntervalType(start, end)
        case "day_time_interval":
            start, end = _interval_fields(message.day_time_interval, 0, 3)
            return t.DayTimeIntervalType(start, end)
        case "array":
            return t.ArrayType(decode_type(message.array.element_type), message.array.contains_null)
        case "map":
            return t.MapType(
                decode_type(message.map.key_type),
                decode_type(message.map.value_type),
                message.map.value_contains_null,
            )
        case "struct":
            return decode_struct(message.struct)
        case "udt":
            return decode_type(message.udt.sql_type)
        case "unparsed":
            return parse_client_schema(message.unparsed.data_type_string)
        case None:
            raise SparkError(
                "CONNECT_INVALID_PLAN.ASSERTION_FAILURE", message="The data type of the message is not set."
            )
    raise unsupported(f"The data type {kind}", _CAST_INSTEAD)


def decode_struct(message: pb.DataType.Struct) -> t.StructType:
    """The fields of a struct, metadata as the client wrote it."""
    return t.StructType(
        tuple(
            t.StructField(f.name, decode_type(f.data_type), f.nullable, f.metadata or "{}")
            for f in message.fields
        )
    )


def _interval_fields(message: pb.DataType.DayTimeInterval, start: int, end: int) -> tuple[int, int]:
    """First and last field of an interval type; what is not set is the widest."""
    return (
        message.start_field if message.HasField("start_field") else start,
        message.end_field if message.HasField("end_field") else end,
    )
