"""Schemas, values and rows to messages.

Source of fact: Spark's `DataTypeProtoConverter.toConnectProtoType`, `ArrowUtils.toArrowType` and
`LiteralValueProtoConverter`, and what Spark 4.3 puts on the wire.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyspark.sql.connect.proto as pb

from potok import types as t
from potok.connect.arrow_shapes import convert, with_nulls_below

if TYPE_CHECKING:
    from collections.abc import Iterator

_ATOMIC: dict[t.DataType, str] = {
    t.NULL: "null",
    t.BINARY: "binary",
    t.BOOLEAN: "boolean",
    t.BYTE: "byte",
    t.SHORT: "short",
    t.INTEGER: "integer",
    t.LONG: "long",
    t.FLOAT: "float",
    t.DOUBLE: "double",
    t.STRING: "string",
    t.DATE: "date",
    t.TIMESTAMP: "timestamp",
    t.TIMESTAMP_NTZ: "timestamp_ntz",
    t.CALENDAR_INTERVAL: "calendar_interval",
    t.VariantType(): "variant",
}
_EPOCH_DAY = dt.date(1970, 1, 1)
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - TIMESTAMP_NTZ has no zone
_EPOCH_UTC = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def encode_type(data_type: t.DataType) -> pb.DataType:
    """The data type as a message."""
    message = pb.DataType()
    atomic = _ATOMIC.get(data_type)
    if atomic is not None:
        getattr(message, atomic).SetInParent()
        return message
    match data_type:
        case t.DecimalType(precision=precision, scale=scale):
            message.decimal.precision = precision
            message.decimal.scale = scale
        case t.CharType(length=length):
            message.char.length = length
        case t.VarcharType(length=length):
            message.var_char.length = length
        case t.DayTimeIntervalType(start=start, end=end):
            message.day_time_interval.start_field = start
            message.day_time_interval.end_field = end
        case t.YearMonthIntervalType(start=start, end=end):
            message.year_month_interval.start_field = start
            message.year_month_interval.end_field = end
        case t.ArrayType(element=element, contains_null=contains_null):
            message.array.element_type.CopyFrom(encode_type(element))
            message.array.contains_null = contains_null
        case t.MapType(key=key, value=value, value_contains_null=nulls):
            message.map.key_type.CopyFrom(encode_type(key))
            message.map.value_type.CopyFrom(encode_type(value))
            message.map.value_contains_null = nulls
        case t.StructType(fields=fields):
            message.struct.SetInParent()
            for f in fields:
                field = message.struct.fields.add(name=f.name, nullable=f.nullable)
                field.data_type.CopyFrom(encode_type(f.data_type))
                if f.metadata != "{}":
                    field.metadata = f.metadata
        case _:
            raise TypeError(data_type)
    return message


def wire_type(data_type: t.DataType, time_zone: str) -> pa.DataType:
    """The Arrow type that the client expects; timestamps carry the session's zone.

    Year-month intervals stay INT32 months: no Arrow library of Python makes their own type, and the
    client refuses to collect them before it looks.
    """
    match data_type:
        case t.TimestampType():
            return pa.timestamp("us", tz=time_zone)
        case t.NullType():
            return pa.null()
        case t.DayTimeIntervalType():
            return pa.duration("us")
        case t.ArrayType(element=element, contains_null=nulls):
            return pa.list_(_wire_item("element", element, time_zone, nullable=nulls))
        case t.MapType(key=key, value=value, value_contains_null=nulls):
            return pa.map_(
                # A map with keys of no type is empty; Arrow has no such keys.
                pa.field("key", pa.string() if key == t.NULL else wire_type(key, time_zone), nullable=False),
                _wire_item("value", value, time_zone, nullable=nulls),
            )
        case t.StructType(fields=fields):
            names = _distinct([f.name for f in fields])
            wired = (_wire_field(f, time_zone) for f in fields)
            return pa.struct([f.with_name(name) for f, name in zip(wired, names, strict=True)])
    return t.arrow_type(data_type)


def _distinct(names: list[str]) -> list[str]:
    """Names of a struct as the client expects them: those that repeat are numbered from 0."""
    seen: Counter[str] = Counter()
    repeated = {name for name, count in Counter(names).items() if count > 1}
    made = []
    for name in names:
        made.append(f"{name}_{seen[name]}" if name in repeated else name)
        seen[name] += 1
    return made


def wire_schema(schema: t.StructType, time_zone: str) -> pa.Schema:
    """The Arrow schema that the client expects."""
    return pa.schema([_wire_field(f, time_zone) for f in schema.fields])


def _wire_field(field: t.StructField, time_zone: str) -> pa.Field:
    return _wire_item(field.name, field.data_type, time_zone, nullable=field.nullable)


def _wire_item(name: str, data_type: t.DataType, time_zone: str, *, nullable: bool) -> pa.Field:
    # Arrow refuses fields of no type that may not be NULL.
    return pa.field(name, wire_type(data_type, time_zone), nullable=nullable or data_type == t.NULL)


def wire_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch under the wire's schema, columns by position."""
    if schema.names:
        columns = [with_nulls_below(convert(c, f.type)) for c, f in zip(batch.columns, schema, strict=True)]
        return pa.RecordBatch.from_arrays(columns, schema=schema)
    return batch.select([])


def ipc_stream(schema: pa.Schema, *batches: pa.RecordBatch) -> bytes:
    """Batches as one self-contained Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def arrow_batches(
    reader: pa.RecordBatchReader, schema: pa.Schema, *, max_rows: int, max_bytes: int
) -> Iterator[tuple[int, int, bytes]]:
    """(start offset, number of rows, Arrow stream) until the reader ends; at least one, maybe empty.

    No stream has more than `max_rows` rows (0: no bound) or, by its average row, `max_bytes` bytes.
    """
    offset = 0
    for batch in reader:
        for part in _parts(batch, max_rows, max_bytes):
            yield offset, part.num_rows, ipc_stream(schema, wire_batch(part, schema))
            offset += part.num_rows
    if offset == 0:
        yield 0, 0, ipc_stream(schema, _empty_batch(schema))


def _empty_batch(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], f.type) for f in schema], schema=schema)


def _parts(batch: pa.RecordBatch, max_rows: int, max_bytes: int) -> Iterator[pa.RecordBatch]:
    if batch.num_rows == 0:
        return
    average_bytes = max(1, batch.nbytes // batch.num_rows)
    step = max(1, max_bytes // average_bytes)
    if max_rows > 0:
        step = min(step, max_rows)
    for start in range(0, batch.num_rows, step):
        yield batch.slice(start, step)


def encode_literal(value: Any, data_type: t.DataType) -> pb.Expression.Literal:  # noqa: ANN401 - a value of any type
    """A Python value, as Arrow gives it, as a literal."""
    literal = pb.Expression.Literal()
    if value is None:
        literal.null.CopyFrom(encode_type(data_type))
        return literal
    match data_type:
        case t.DecimalType(precision=precision, scale=scale):
            literal.decimal.value = str(value)
            literal.decimal.precision = precision
            literal.decimal.scale = scale
        case t.DateType():
            literal.date = (value - _EPOCH_DAY).days
        case t.TimestampType():
            literal.timestamp = (value - _EPOCH_UTC) // _MICROSECOND
        case t.TimestampNTZType():
            literal.timestamp_ntz = (value - _EPOCH) // _MICROSECOND
        case t.DayTimeIntervalType():
            literal.day_time_interval = value
        case t.YearMonthIntervalType():
            literal.year_month_interval = value
        case t.ArrayType(element=element):
            literal.array.element_type.CopyFrom(encode_type(element))
            literal.array.elements.extend(encode_literal(v, element) for v in value)
        case t.MapType(key=key, value=item):
            pairs = value.items() if isinstance(value, dict) else value
            literal.map.key_type.CopyFrom(encode_type(key))
            literal.map.value_type.CopyFrom(encode_type(item))
            for k, v in pairs:
                literal.map.keys.append(encode_literal(k, key))
                literal.map.values.append(encode_literal(v, item))
        case t.StructType(fields=fields):
            values = value.values() if isinstance(value, dict) else value
            literal.struct.struct_type.CopyFrom(encode_type(data_type))
            literal.struct.elements.extend(
                encode_literal(v, f.data_type) for v, f in zip(values, fields, strict=True)
            )
        case _:
            setattr(literal, _ATOMIC[data_type], value)
    return literal
