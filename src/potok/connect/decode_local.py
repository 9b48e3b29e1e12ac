"""Rows that the client sends along: Arrow as the wire has it to Arrow as `types.arrow_type` has it."""

from __future__ import annotations

import pyarrow as pa

from potok import types as t
from potok.connect.arrow_shapes import convert
from potok.errors import SparkError, unsupported
from potok.plan.logical import LocalRelation, schema_attributes

_CAST_INSTEAD = "Cast the column before making the data frame."


def local_relation(data: bytes, schema: t.StructType | None) -> LocalRelation:
    """A relation of the rows in an Arrow stream, columns by position under the schema's names and types.

    Without a schema the names and types are the stream's. Empty `data` has no rows and needs a
    schema. Raises SparkError when the two do not fit.
    """
    if not data:
        if schema is None:
            raise SparkError("CONNECT_INVALID_PLAN.SCHEMA_REQUIRED_FOR_LOCAL_RELATION")
        return LocalRelation(t.arrow_schema(schema).empty_table(), schema_attributes(schema))
    with pa.ipc.open_stream(data) as reader:
        table = reader.read_all()
    return relation_of_table(table, schema)


def relation_of_table(table: pa.Table, schema: t.StructType | None) -> LocalRelation:
    """As `local_relation`, of a table that is already read."""
    if schema is None:
        schema = schema_of_arrow(table.schema)
    if len(schema.fields) != table.num_columns:
        raise SparkError(
            "CONNECT_INVALID_PLAN.ASSERTION_FAILURE",
            message=f"The schema has {len(schema.fields)} columns and the data {table.num_columns}.",
        )
    target = t.arrow_schema(schema)
    columns = [convert(column, field.type) for column, field in zip(table.itercolumns(), target, strict=True)]
    converted = pa.Table.from_arrays(columns, schema=target) if columns else table.select([])
    return LocalRelation(converted, schema_attributes(schema))


def schema_of_arrow(schema: pa.Schema) -> t.StructType:
    """The Spark schema of an Arrow one, as Spark's `ArrowUtils.fromArrowSchema` reads it."""
    return t.StructType(tuple(_field_of_arrow(f) for f in schema))


def _field_of_arrow(field: pa.Field) -> t.StructField:
    return t.StructField(field.name, type_of_arrow(field.type), field.nullable)


_OF_ARROW: dict[pa.DataType, t.DataType] = {
    pa.null(): t.NULL,
    pa.bool_(): t.BOOLEAN,
    pa.int8(): t.BYTE,
    pa.int16(): t.SHORT,
    pa.int32(): t.INTEGER,
    pa.int64(): t.LONG,
    pa.float32(): t.FLOAT,
    pa.float64(): t.DOUBLE,
    pa.string(): t.STRING,
    pa.large_string(): t.STRING,
    pa.binary(): t.BINARY,
    pa.large_binary(): t.BINARY,
    pa.date32(): t.DATE,
    pa.month_day_nano_interval(): t.CALENDAR_INTERVAL,
}


def type_of_arrow(arrow: pa.DataType) -> t.DataType:
    """The Spark type of an Arrow one. Raises SparkError for those Spark has no type for."""
    atomic = _OF_ARROW.get(arrow)
    if atomic is not None:
        return atomic
    if pa.types.is_timestamp(arrow):
        return t.TIMESTAMP if arrow.tz else t.TIMESTAMP_NTZ
    if pa.types.is_decimal(arrow):
        return t.DecimalType(arrow.precision, arrow.scale)
    if pa.types.is_duration(arrow):
        return t.DAY_TIME_INTERVAL
    if pa.types.is_map(arrow):
        nullable = arrow.item_field.nullable
        return t.MapType(type_of_arrow(arrow.key_type), type_of_arrow(arrow.item_type), nullable)
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow):
        return t.ArrayType(type_of_arrow(arrow.value_type), arrow.value_field.nullable)
    if pa.types.is_struct(arrow):
        return t.StructType(tuple(_field_of_arrow(f) for f in arrow))
    raise unsupported(f"The Arrow type {arrow}", _CAST_INSTEAD)
