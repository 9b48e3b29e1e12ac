"""Columns of ORC files: which types stand for Spark's, and values as the type that is asked for.

Source of facts: OrcUtils, OrcDeserializer, ConvertTreeReaderFactory.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.ddl import parse_data_type
from potok.errors import SparkError, unsupported
from potok.functions.zones import instants
from potok.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    SHORT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    MapType,
    StructField,
    StructType,
    YearMonthIntervalType,
    arrow_type,
)

_SPARK_TYPE = b"spark.sql.catalyst.type"
_NAMED_BY_NUMBERS = re.compile(r"_col\d+")
_FIRST_GREGORIAN = dt.date(1582, 10, 15)
_MICROS_PER_SECOND = 1_000_000
_SIMPLE: dict[pa.DataType, DataType] = {
    pa.bool_(): BOOLEAN, pa.int8(): BYTE, pa.int16(): SHORT, pa.int32(): INTEGER, pa.int64(): LONG,
    pa.float32(): FLOAT, pa.float64(): DOUBLE, pa.string(): STRING, pa.binary(): BINARY, pa.date32(): DATE,
}  # fmt: skip


def spark_type(field: pa.Field) -> DataType:
    """The Spark type of a column as Arrow shows it; its attributes are the field's metadata."""
    stored = field.type
    if pa.types.is_integer(stored) and _SPARK_TYPE in (field.metadata or {}):
        return parse_data_type(field.metadata[_SPARK_TYPE].decode("utf-8"))
    if stored in _SIMPLE:
        return _SIMPLE[stored]
    if pa.types.is_timestamp(stored):
        return TIMESTAMP
    if pa.types.is_decimal(stored):
        return DecimalType(stored.precision, stored.scale)
    if pa.types.is_list(stored):
        return ArrayType(spark_type(stored.value_field))
    if pa.types.is_map(stored):
        return MapType(spark_type(stored.key_field), spark_type(stored.item_field))
    if pa.types.is_struct(stored):
        return StructType(tuple(StructField(f.name, spark_type(f)) for f in stored))
    raise unsupported(f"the ORC type {stored}", "Write the column with another type.")


def stored_field(name: str, data_type: DataType, *, nullable: bool = True) -> pa.Field:
    """How a column is written: its Arrow type, and in the metadata the attribute by which Spark knows it."""
    metadata = None
    match data_type:
        case DayTimeIntervalType() | YearMonthIntervalType():
            stored = arrow_type(data_type)
            metadata = {_SPARK_TYPE: data_type.simple_string}
        case ArrayType(element=element):
            stored = pa.list_(stored_field("element", element))
        case MapType(key=key, value=value):
            stored = pa.map_(stored_field("key", key, nullable=False), stored_field("value", value))
        case StructType(fields=fields):
            stored = pa.struct([stored_field(f.name, f.data_type) for f in fields])
        case _ if data_type == TIMESTAMP_NTZ:
            stored = pa.int64()
            metadata = {_SPARK_TYPE: "timestamp_ntz"}
        case _:
            stored = arrow_type(data_type)
    return pa.field(name, stored, nullable, metadata)


def named_by_numbers(names: list[str]) -> bool:
    """Whether old Hive wrote the file, whose columns are known by their places."""
    return bool(names) and all(_NAMED_BY_NUMBERS.match(name) for name in names)


def written(array: pa.Array, data_type: DataType) -> pa.Array:
    """A column as it is written, of the type of `stored_field`. Raises for times that Spark would read as others."""
    match data_type:
        case ArrayType(element=element):
            values = written(_plain(array).values, element)
            return pa.ListArray.from_arrays(
                _plain(array).offsets, values, stored_field("", data_type).type, mask=_nulls(array)
            )
        case MapType(key=key, value=value):
            plain = _plain(array)
            keys, items = written(plain.keys, key), written(plain.items, value)
            return pa.MapArray.from_arrays(
                plain.offsets, keys, items, stored_field("", data_type).type, mask=_nulls(array)
            )
        case StructType(fields=fields):
            children = [
                written(pc.struct_field(array, [i]), field.data_type) for i, field in enumerate(fields)
            ]
            struct = list(stored_field("", data_type).type)
            if not children:
                return array
            return pa.StructArray.from_arrays(children, fields=struct, mask=_nulls(array))
    if data_type == DATE:
        _check_calendar(array)
    if data_type == TIMESTAMP:
        _check_calendar(array)
        micros = array.cast(pa.int64())
        if pc.any(pc.and_(pc.less(micros, 0), pc.not_equal(_rest(micros), 0))).as_py():
            raise unsupported(
                "a time before 1970 with a fraction of a second in an ORC file",
                "Write parquet, or whole seconds.",
            )
    if data_type == TIMESTAMP_NTZ:
        return array.view(pa.int64())
    return array


def _plain(array: pa.Array) -> pa.Array:
    """The same values in an array without an offset, whose children are its own."""
    return array.take(pa.array(np.arange(len(array)))) if array.offset else array


def _nulls(array: pa.Array) -> pa.Array | None:
    return array.is_null() if array.null_count else None


def _rest(micros: pa.Array) -> pa.Array:
    seconds = pc.divide(micros, _MICROS_PER_SECOND)
    return pc.subtract(micros, pc.multiply(seconds, _MICROS_PER_SECOND))


def _check_calendar(array: pa.Array) -> None:
    """The calendar that the writer puts down is the old one, so that earlier days would be others to Spark."""
    first = pa.scalar(_FIRST_GREGORIAN).cast(array.type)
    if pc.any(pc.less(array, first)).as_py():
        raise unsupported("a day before 1582-10-15 in an ORC file", "Write parquet.")


class ColumnReader:
    """Values of a file's columns as the types of a schema. `zone`: the machine's, in which a TIMESTAMP without a zone is meant."""

    def __init__(self, uri: str, zone: str, *, case_sensitive: bool) -> None:
        self._uri = uri
        self._zone = zone
        self._case_sensitive = case_sensitive

    def convert(self, array: pa.Array, target: DataType, name: str) -> pa.Array:
        """The column as `types.arrow_type(target)`. What does not fit a smaller number is NULL."""
        stored = array.type
        match target:
            case StructType() if pa.types.is_struct(stored):
                return self._struct(array, target, name)
            case ArrayType(element=element) if pa.types.is_list(stored):
                values = self.convert(array.values, element, name)
                return pa.ListArray.from_arrays(array.offsets, values, arrow_type(target), mask=_nulls(array))
            case MapType(key=key, value=value) if pa.types.is_map(stored):
                keys = self.convert(array.keys, key, name)
                items = self.convert(array.items, value, name)
                return pa.MapArray.from_arrays(
                    array.offsets, keys, items, arrow_type(target), mask=_nulls(array)
                )
        wanted = arrow_type(target)
        if stored == wanted:
            return array
        if target == TIMESTAMP and pa.types.is_timestamp(stored):
            micros = pc.floor_temporal(array, unit="microsecond").cast(pa.timestamp("us", tz=stored.tz))
            return micros if stored.tz else instants(micros, self._zone)
        if target == TIMESTAMP_NTZ and stored == pa.int64():
            return array.view(wanted)
        conversion = _conversion(stored, wanted)
        if conversion is not None:
            return conversion(array, wanted)
        nested = pa.types.is_nested(stored) or pa.types.is_nested(wanted)
        days_of_numbers = wanted == pa.date32() and pa.types.is_primitive(stored)
        if nested or days_of_numbers or (stored == pa.date32() and pa.types.is_primitive(wanted)):
            raise SparkError("FAILED_READ_FILE.NO_HINT", path=self._uri)
        raise unsupported(
            f"reading the ORC column `{name}` of type {stored} as {target.sql}",
            "Read it with its own type and cast it.",
        )

    def _struct(self, array: pa.Array, target: StructType, name: str) -> pa.Array:
        places = {self.key(f.name): i for i, f in enumerate(array.type)}
        children = []
        for field in target.fields:
            place = places.get(self.key(field.name))
            if place is None:
                children.append(pa.nulls(len(array), arrow_type(field.data_type)))
            else:
                child = pc.struct_field(array, [place])
                children.append(self.convert(child, field.data_type, f"{name}.{field.name}"))
        if not children:
            return array.cast(arrow_type(target))
        return pa.StructArray.from_arrays(children, fields=list(arrow_type(target)), mask=_nulls(array))

    def key(self, name: str) -> str:
        """What names are compared by."""
        return name if self._case_sensitive else name.lower()


def _conversion(
    stored: pa.DataType, wanted: pa.DataType
) -> Callable[[pa.Array, pa.DataType], pa.Array] | None:
    whole = pa.types.is_integer(stored)
    number = whole or pa.types.is_floating(stored)
    if (whole or pa.types.is_boolean(stored)) and pa.types.is_integer(wanted):
        return _whole_number
    if number and pa.types.is_floating(wanted):
        return lambda array, to: array.cast(to, safe=False)
    if whole and pa.types.is_string(wanted):
        return lambda array, to: array.cast(to)
    if pa.types.is_string(stored) and pa.types.is_binary(wanted):
        return lambda array, to: array.cast(to)
    if whole and pa.types.is_decimal(wanted):
        return lambda array, to: _decimal(array.cast(pa.decimal256(19, 0)), to)
    if pa.types.is_decimal(stored) and pa.types.is_decimal(wanted):
        return lambda array, to: _decimal(array.cast(pa.decimal256(stored.precision, stored.scale)), to)
    return None


def _whole_number(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    numbers = array.cast(pa.int64())
    highest = (1 << (wanted.bit_width - 1)) - 1
    fits = pc.and_(pc.less_equal(numbers, highest), pc.greater_equal(numbers, -highest - 1))
    return pc.if_else(fits, numbers, pa.scalar(None, pa.int64())).cast(wanted)


def _decimal(array: pa.Array, wanted: pa.DataType) -> pa.Array:
    rounded = array
    if array.type.scale > wanted.scale:
        rounded = pc.round(array, wanted.scale, round_mode="half_towards_infinity")
    limit = decimal.Decimal(10) ** (wanted.precision - wanted.scale)
    bound = pa.scalar(limit, pa.decimal256(wanted.precision - wanted.scale + 1, 0))
    fits = pc.less(pc.abs(rounded), bound)
    return pc.if_else(fits, rounded, pa.scalar(None, rounded.type)).cast(wanted)
