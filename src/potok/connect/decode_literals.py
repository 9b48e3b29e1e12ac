"""Literals of the protocol to `Literal`.

Source of fact: Spark's `LiteralValueProtoConverter`.
"""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any

from potok import types as t
from potok.connect.decode_types import decode_type
from potok.errors import SparkError, unsupported
from potok.plan.expressions import Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyspark.sql.connect.proto as pb

_PLAIN: dict[str, t.DataType] = {
    "binary": t.BINARY,
    "boolean": t.BOOLEAN,
    "byte": t.BYTE,
    "short": t.SHORT,
    "integer": t.INTEGER,
    "long": t.LONG,
    "float": t.FLOAT,
    "double": t.DOUBLE,
    "string": t.STRING,
}
_SPECIALIZED: dict[str, t.DataType] = {
    "bools": t.BOOLEAN,
    "ints": t.INTEGER,
    "longs": t.LONG,
    "floats": t.FLOAT,
    "doubles": t.DOUBLE,
    "strings": t.STRING,
}
_EPOCH_DAY = dt.date(1970, 1, 1)
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - TIMESTAMP_NTZ has no zone
_EPOCH_UTC = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_OUT_OF_RANGE = "Use a value between the years 1 and 9999."


def decode_literal(message: pb.Expression.Literal) -> Literal:
    """The constant and its type. Values are those that `Literal` documents."""
    kind = message.WhichOneof("literal_type")
    plain = _PLAIN.get(kind)
    if plain is not None:
        return Literal(getattr(message, kind), plain)
    match kind:
        case "null":
            return Literal(None, decode_type(message.null))
        case "decimal":
            return _decimal(message.decimal)
        case "date":
            return Literal(_date(message.date), t.DATE)
        case "timestamp":
            return Literal(_timestamp(_EPOCH_UTC, message.timestamp), t.TIMESTAMP)
        case "timestamp_ntz":
            return Literal(_timestamp(_EPOCH, message.timestamp_ntz), t.TIMESTAMP_NTZ)
        case "calendar_interval":
            interval = message.calendar_interval
            return Literal((interval.months, interval.days, interval.microseconds), t.CALENDAR_INTERVAL)
        case "year_month_interval":
            return Literal(message.year_month_interval, _declared(message, t.YEAR_MONTH_INTERVAL))
        case "day_time_interval":
            return Literal(message.day_time_interval, _declared(message, t.DAY_TIME_INTERVAL))
        case "array":
            return _array(message)
        case "specialized_array":
            return _specialized_array(message.specialized_array)
        case "map":
            return _map(message)
        case "struct":
            return _struct(message)
        case None:
            raise SparkError(
                "CONNECT_INVALID_PLAN.ASSERTION_FAILURE", message="The literal of the message is not set."
            )
    raise unsupported(f"A literal of the kind {kind}", "Cast a string literal instead.")


def _declared(message: pb.Expression.Literal, default: t.DataType) -> t.DataType:
    """The type that the message names beside the value (clients from 4.2 on), or the default."""
    has_type = "data_type" in message.DESCRIPTOR.fields_by_name and message.HasField("data_type")
    return decode_type(message.data_type) if has_type else default


def _decimal(message: pb.Expression.Literal.Decimal) -> Literal:
    """At least the digits that the message names: Python sends (10, 0) whatever the value is."""
    value = decimal.Decimal(message.value)
    _, digits, exponent = value.as_tuple()
    scale = max(-int(exponent), 0)
    precision = max(len(digits) + max(int(exponent), 0), scale)
    if message.HasField("scale"):
        scale = max(scale, message.scale)
    if message.HasField("precision"):
        precision = max(precision, message.precision)
    return Literal(value, t.DecimalType(max(precision, scale), scale))


def _date(days: int) -> dt.date:
    try:
        return _EPOCH_DAY + dt.timedelta(days=days)
    except OverflowError:
        raise unsupported(f"The date {days} days from 1970-01-01", _OUT_OF_RANGE) from None


def _timestamp(epoch: dt.datetime, microseconds: int) -> dt.datetime:
    try:
        return epoch + dt.timedelta(microseconds=microseconds)
    except OverflowError:
        raise unsupported(
            f"The timestamp {microseconds} microseconds from 1970-01-01", _OUT_OF_RANGE
        ) from None


def _values(elements: Iterable[pb.Expression.Literal]) -> tuple[tuple[Any, ...], t.DataType]:
    """The values, and the type of the first that is not NULL."""
    literals = [decode_literal(e) for e in elements]
    known = [literal.type for literal in literals if literal.type != t.NULL]
    return tuple(literal.value for literal in literals), known[0] if known else t.NULL


def _array(message: pb.Expression.Literal) -> Literal:
    values, inferred = _values(message.array.elements)
    if message.array.HasField("element_type"):
        default: t.DataType = t.ArrayType(decode_type(message.array.element_type))
    else:
        default = t.ArrayType(inferred, contains_null=None in values)
    return Literal(values, _declared(message, default))


def _specialized_array(message: pb.Expression.Literal.SpecializedArray) -> Literal:
    kind = message.WhichOneof("value_type")
    if kind is None:
        raise SparkError(
            "CONNECT_INVALID_PLAN.ASSERTION_FAILURE", message="The array of the message is not set."
        )
    values = tuple(getattr(message, kind).values)
    return Literal(values, t.ArrayType(_SPECIALIZED[kind], contains_null=False))


def _map(message: pb.Expression.Literal) -> Literal:
    keys, key_type = _values(message.map.keys)
    values, value_type = _values(message.map.values)
    if message.map.HasField("key_type"):
        key_type = decode_type(message.map.key_type)
    if message.map.HasField("value_type"):
        value_type = decode_type(message.map.value_type)
    pairs = tuple(zip(keys, values, strict=True))
    return Literal(pairs, _declared(message, t.MapType(key_type, value_type)))


def _struct(message: pb.Expression.Literal) -> Literal:
    literals = [decode_literal(e) for e in message.struct.elements]
    if message.struct.HasField("struct_type"):
        default = decode_type(message.struct.struct_type)
    else:
        default = t.StructType(
            tuple(
                t.StructField(f"col{i}", literal.type, literal.nullable)
                for i, literal in enumerate(literals, 1)
            )
        )
    return Literal(tuple(literal.value for literal in literals), _declared(message, default))
