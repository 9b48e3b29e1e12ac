"""Spark's data types: the only type system above the engine.

Values travel as Arrow. The Arrow type that stands for a Spark type between stages is
`arrow_type`; the one that Spark Connect expects on the wire differs only for intervals and
nulls and is made by `connect.encode`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pyarrow as pa

MAX_PRECISION = 38


@dataclass(frozen=True, slots=True)
class DataType:
    """One Spark SQL type. Equality is structural, as in Spark."""

    type_name: ClassVar[str] = ""

    @property
    def simple_string(self) -> str:
        """The type as `printSchema`'s cousin `df.dtypes` writes it: `array<int>`."""
        return self.type_name

    @property
    def sql(self) -> str:
        """The type in SQL, as error messages quote it: `ARRAY<INT>`."""
        return self.simple_string.upper()

    @property
    def json_value(self) -> Any:  # noqa: ANN401 - JSON is untyped
        """The type inside Spark's schema JSON (`StructType.json`)."""
        return self.type_name

    @property
    def tree_name(self) -> str:
        """The name in `printSchema` (`integer`, `decimal(10,2)`, `struct`)."""
        return self.type_name

    @property
    def json(self) -> str:
        """Spark's compact schema JSON."""
        return json.dumps(self.json_value, separators=(",", ":"), ensure_ascii=False)


class ParameterisedType(DataType):
    """A type that is written with its parameters everywhere: `decimal(10,2)`."""

    __slots__ = ()

    @property
    def json_value(self) -> Any:  # noqa: ANN401 - JSON is untyped
        """With its parameters."""
        return self.simple_string

    @property
    def tree_name(self) -> str:
        """With its parameters."""
        return self.simple_string


class NumericType(DataType):
    """A number."""

    __slots__ = ()


class IntegralType(NumericType):
    """A whole number of `bits` bits, two's complement."""

    __slots__ = ()
    bits: ClassVar[int] = 0
    short_name: ClassVar[str] = ""

    @property
    def simple_string(self) -> str:
        """Spark's short name."""
        return self.short_name


class FractionalType(NumericType):
    """A number with a fraction."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class NullType(DataType):
    """The type of a bare NULL."""

    type_name: ClassVar[str] = "void"


@dataclass(frozen=True, slots=True)
class BooleanType(DataType):
    """TRUE or FALSE."""

    type_name: ClassVar[str] = "boolean"


@dataclass(frozen=True, slots=True)
class ByteType(IntegralType):
    """An 8-bit integer."""

    type_name: ClassVar[str] = "byte"
    bits: ClassVar[int] = 8
    short_name: ClassVar[str] = "tinyint"


@dataclass(frozen=True, slots=True)
class ShortType(IntegralType):
    """A 16-bit integer."""

    type_name: ClassVar[str] = "short"
    bits: ClassVar[int] = 16
    short_name: ClassVar[str] = "smallint"


@dataclass(frozen=True, slots=True)
class IntegerType(IntegralType):
    """A 32-bit integer."""

    type_name: ClassVar[str] = "integer"
    bits: ClassVar[int] = 32
    short_name: ClassVar[str] = "int"


@dataclass(frozen=True, slots=True)
class LongType(IntegralType):
    """A 64-bit integer."""

    type_name: ClassVar[str] = "long"
    bits: ClassVar[int] = 64
    short_name: ClassVar[str] = "bigint"


@dataclass(frozen=True, slots=True)
class FloatType(FractionalType):
    """A 32-bit IEEE 754 number."""

    type_name: ClassVar[str] = "float"


@dataclass(frozen=True, slots=True)
class DoubleType(FractionalType):
    """A 64-bit IEEE 754 number."""

    type_name: ClassVar[str] = "double"


@dataclass(frozen=True, slots=True)
class DecimalType(ParameterisedType, FractionalType):
    """An exact number of `precision` digits (1 to 38), `scale` of them behind the point."""

    type_name: ClassVar[str] = "decimal"
    precision: int = 10
    scale: int = 0

    @property
    def simple_string(self) -> str:
        """With its digits: `decimal(10,2)`."""
        return f"decimal({self.precision},{self.scale})"


@dataclass(frozen=True, slots=True)
class StringType(DataType):
    """UTF-8 text, compared byte by byte (collation UTF8_BINARY, the only one supported)."""

    type_name: ClassVar[str] = "string"


@dataclass(frozen=True, slots=True)
class CharType(ParameterisedType):
    """CHAR(length): only in schemas of tables and casts; expressions see STRING."""

    type_name: ClassVar[str] = "char"
    length: int = 1

    @property
    def simple_string(self) -> str:
        """With its length."""
        return f"char({self.length})"


@dataclass(frozen=True, slots=True)
class VarcharType(ParameterisedType):
    """VARCHAR(length): only in schemas of tables and casts; expressions see STRING."""

    type_name: ClassVar[str] = "varchar"
    length: int = 1

    @property
    def simple_string(self) -> str:
        """With its length."""
        return f"varchar({self.length})"


@dataclass(frozen=True, slots=True)
class BinaryType(DataType):
    """Bytes."""

    type_name: ClassVar[str] = "binary"


@dataclass(frozen=True, slots=True)
class DateType(DataType):
    """A day of the proleptic Gregorian calendar."""

    type_name: ClassVar[str] = "date"


@dataclass(frozen=True, slots=True)
class TimestampType(DataType):
    """An instant, in microseconds since 1970-01-01T00:00:00Z."""

    type_name: ClassVar[str] = "timestamp"


@dataclass(frozen=True, slots=True)
class TimestampNTZType(DataType):
    """A local date and time, in microseconds, without a zone."""

    type_name: ClassVar[str] = "timestamp_ntz"


_DAY_TIME_FIELDS = ("day", "hour", "minute", "second")
_YEAR_MONTH_FIELDS = ("year", "month")


def _interval_name(fields: tuple[str, ...], start: int, end: int) -> str:
    if start == end:
        return f"interval {fields[start]}"
    return f"interval {fields[start]} to {fields[end]}"


@dataclass(frozen=True, slots=True)
class DayTimeIntervalType(ParameterisedType):
    """A length of time in microseconds; fields 0 day, 1 hour, 2 minute, 3 second.

    Between stages it is a BIGINT of microseconds (Arrow int64).
    """

    type_name: ClassVar[str] = "interval day to second"
    start: int = 0
    end: int = 3

    @property
    def simple_string(self) -> str:
        """With its fields: `interval day to second`."""
        return _interval_name(_DAY_TIME_FIELDS, self.start, self.end)


@dataclass(frozen=True, slots=True)
class YearMonthIntervalType(ParameterisedType):
    """A number of months; fields 0 year, 1 month.

    Between stages it is an INTEGER of months (Arrow int32).
    """

    type_name: ClassVar[str] = "interval year to month"
    start: int = 0
    end: int = 1

    @property
    def simple_string(self) -> str:
        """With its fields: `interval year to month`."""
        return _interval_name(_YEAR_MONTH_FIELDS, self.start, self.end)


@dataclass(frozen=True, slots=True)
class CalendarIntervalType(DataType):
    """Months, days and microseconds together (Spark's legacy INTERVAL)."""

    type_name: ClassVar[str] = "interval"


@dataclass(frozen=True, slots=True)
class VariantType(DataType):
    """A semi-structured value. Named so that it can be refused by name."""

    type_name: ClassVar[str] = "variant"


@dataclass(frozen=True, slots=True)
class ArrayType(DataType):
    """A list of `element`."""

    type_name: ClassVar[str] = "array"
    element: DataType = field(default_factory=NullType)
    contains_null: bool = True

    @property
    def simple_string(self) -> str:
        """With its element: `array<int>`."""
        return f"array<{self.element.simple_string}>"

    @property
    def sql(self) -> str:
        """With its element: `ARRAY<INT>`."""
        return f"ARRAY<{self.element.sql}>"

    @property
    def json_value(self) -> Any:  # noqa: ANN401 - JSON is untyped
        """Spark's object for arrays."""
        return {
            "type": "array",
            "elementType": self.element.json_value,
            "containsNull": self.contains_null,
        }


@dataclass(frozen=True, slots=True)
class MapType(DataType):
    """A map from `key` (never null) to `value`."""

    type_name: ClassVar[str] = "map"
    key: DataType = field(default_factory=NullType)
    value: DataType = field(default_factory=NullType)
    value_contains_null: bool = True

    @property
    def simple_string(self) -> str:
        """With key and value: `map<string,int>`."""
        return f"map<{self.key.simple_string},{self.value.simple_string}>"

    @property
    def sql(self) -> str:
        """With key and value: `MAP<STRING, INT>`."""
        return f"MAP<{self.key.sql}, {self.value.sql}>"

    @property
    def json_value(self) -> Any:  # noqa: ANN401 - JSON is untyped
        """Spark's object for maps."""
        return {
            "type": "map",
            "keyType": self.key.json_value,
            "valueType": self.value.json_value,
            "valueContainsNull": self.value_contains_null,
        }


@dataclass(frozen=True, slots=True)
class StructField:
    """One field of a struct. `metadata` is the text of Spark's JSON object."""

    name: str
    data_type: DataType
    nullable: bool = True
    metadata: str = "{}"

    @property
    def json_value(self) -> dict[str, Any]:
        """Spark's object for a field."""
        return {
            "name": self.name,
            "type": self.data_type.json_value,
            "nullable": self.nullable,
            "metadata": json.loads(self.metadata),
        }


@dataclass(frozen=True, slots=True)
class StructType(DataType):
    """Named fields in order. The schema of a data frame is one."""

    type_name: ClassVar[str] = "struct"
    fields: tuple[StructField, ...] = ()

    @property
    def simple_string(self) -> str:
        """With its fields: `struct<a:int,b:string>`."""
        inner = ",".join(f"{f.name}:{f.data_type.simple_string}" for f in self.fields)
        return f"struct<{inner}>"

    @property
    def sql(self) -> str:
        """With its fields: `STRUCT<a: INT, b: STRING>`."""
        inner = ", ".join(
            f"{quote_if_needed(f.name)}: {f.data_type.sql}{'' if f.nullable else ' NOT NULL'}"
            for f in self.fields
        )
        return f"STRUCT<{inner}>"

    @property
    def json_value(self) -> Any:  # noqa: ANN401 - JSON is untyped
        """Spark's object for structs."""
        return {"type": "struct", "fields": [f.json_value for f in self.fields]}

    @property
    def names(self) -> tuple[str, ...]:
        """The field names in order."""
        return tuple(f.name for f in self.fields)


NULL = NullType()
BOOLEAN = BooleanType()
BYTE = ByteType()
SHORT = ShortType()
INTEGER = IntegerType()
LONG = LongType()
FLOAT = FloatType()
DOUBLE = DoubleType()
STRING = StringType()
BINARY = BinaryType()
DATE = DateType()
TIMESTAMP = TimestampType()
TIMESTAMP_NTZ = TimestampNTZType()
DAY_TIME_INTERVAL = DayTimeIntervalType()
YEAR_MONTH_INTERVAL = YearMonthIntervalType()
CALENDAR_INTERVAL = CalendarIntervalType()

_ATOMIC: tuple[DataType, ...] = (
    NULL, BOOLEAN, BYTE, SHORT, INTEGER, LONG, FLOAT, DOUBLE, STRING, BINARY, DATE, TIMESTAMP,
    TIMESTAMP_NTZ, CALENDAR_INTERVAL, VariantType(),
)  # fmt: skip
_BY_JSON_NAME: dict[str, DataType] = {t.type_name: t for t in _ATOMIC} | {t.simple_string: t for t in _ATOMIC}


def quote_if_needed(name: str) -> str:
    """The name as Spark writes it in SQL: in backticks unless it is a plain identifier."""
    plain = name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()
    return name if name and plain else "`" + name.replace("`", "``") + "`"


def data_type_from_json(value: Any) -> DataType:  # noqa: ANN401 - JSON is untyped
    """Read Spark's schema JSON (already parsed). Raises ValueError on anything else."""
    if isinstance(value, str):
        return _atomic_from_json(value)
    match value.get("type") if isinstance(value, dict) else None:
        case "array":
            return ArrayType(data_type_from_json(value["elementType"]), value["containsNull"])
        case "map":
            return MapType(
                data_type_from_json(value["keyType"]),
                data_type_from_json(value["valueType"]),
                value["valueContainsNull"],
            )
        case "struct":
            return StructType(tuple(_field_from_json(f) for f in value["fields"]))
    msg = f"not a Spark data type: {value!r}"
    raise ValueError(msg)


def _field_from_json(value: dict[str, Any]) -> StructField:
    metadata = json.dumps(value.get("metadata") or {}, separators=(",", ":"), ensure_ascii=False)
    return StructField(
        value["name"], data_type_from_json(value["type"]), value.get("nullable", True), metadata
    )


def _atomic_from_json(name: str) -> DataType:
    found = _BY_JSON_NAME.get(name)
    if found is not None:
        return found
    head, _, rest = name.partition("(")
    numbers = [int(n) for n in rest.rstrip(")").split(",")] if rest else []
    if head == "decimal":
        return DecimalType(*numbers) if numbers else DecimalType()
    if head == "char" and len(numbers) == 1:
        return CharType(numbers[0])
    if head == "varchar" and len(numbers) == 1:
        return VarcharType(numbers[0])
    if name.startswith("interval "):
        start, _, end = name.removeprefix("interval ").partition(" to ")
        if start in _DAY_TIME_FIELDS and (end or start) in _DAY_TIME_FIELDS:
            return DayTimeIntervalType(_DAY_TIME_FIELDS.index(start), _DAY_TIME_FIELDS.index(end or start))
        if start in _YEAR_MONTH_FIELDS and (end or start) in _YEAR_MONTH_FIELDS:
            return YearMonthIntervalType(
                _YEAR_MONTH_FIELDS.index(start), _YEAR_MONTH_FIELDS.index(end or start)
            )
    msg = f"not a Spark data type: {name!r}"
    raise ValueError(msg)


_ARROW: dict[DataType, pa.DataType] = {
    NULL: pa.int32(),
    BOOLEAN: pa.bool_(),
    BYTE: pa.int8(),
    SHORT: pa.int16(),
    INTEGER: pa.int32(),
    LONG: pa.int64(),
    FLOAT: pa.float32(),
    DOUBLE: pa.float64(),
    STRING: pa.string(),
    BINARY: pa.binary(),
    DATE: pa.date32(),
    TIMESTAMP: pa.timestamp("us", tz="UTC"),
    TIMESTAMP_NTZ: pa.timestamp("us"),
    CALENDAR_INTERVAL: pa.month_day_nano_interval(),
}


def arrow_type(data_type: DataType) -> pa.DataType:
    """The Arrow type that stands for a Spark type between stages.

    NULL is an int32 of nulls, day-time intervals are int64 microseconds, year-month intervals
    int32 months; everything else is its namesake. Raises KeyError for VARIANT.
    """
    match data_type:
        case DecimalType(precision=precision, scale=scale):
            return pa.decimal128(precision, scale)
        case DayTimeIntervalType():
            return pa.int64()
        case YearMonthIntervalType():
            return pa.int32()
        case CharType() | VarcharType():
            return pa.string()
        case ArrayType(element=element):
            return pa.list_(pa.field("element", arrow_type(element)))
        case MapType(key=key, value=value):
            return pa.map_(arrow_type(key), arrow_type(value))
        case StructType(fields=fields):
            return pa.struct([pa.field(f.name, arrow_type(f.data_type)) for f in fields])
    return _ARROW[data_type]


def arrow_schema(schema: StructType) -> pa.Schema:
    """The Arrow schema between stages; every field nullable."""
    return pa.schema([pa.field(f.name, arrow_type(f.data_type)) for f in schema.fields])


def as_nullable(data_type: DataType) -> DataType:
    """The same type with everything nullable, at every depth (what file sources return)."""
    match data_type:
        case ArrayType(element=element):
            return ArrayType(as_nullable(element), contains_null=True)
        case MapType(key=key, value=value):
            return MapType(as_nullable(key), as_nullable(value), value_contains_null=True)
        case StructType():
            return struct_as_nullable(data_type)
    return data_type


def struct_as_nullable(schema: StructType) -> StructType:
    """The same struct with everything nullable, at every depth."""
    return StructType(
        tuple(StructField(f.name, as_nullable(f.data_type), True, f.metadata) for f in schema.fields)  # noqa: FBT003 - reads as the schema does
    )


def with_distinct_names(schema: StructType) -> StructType:
    """The same struct; where names repeat, all are numbered."""
    if len(set(schema.names)) == len(schema.names):
        return schema
    fields = (
        StructField(f"{i}:{f.name}", f.data_type, f.nullable, f.metadata) for i, f in enumerate(schema.fields)
    )
    return StructType(tuple(fields))


def tree_string(schema: StructType, level: int | None = None) -> str:
    """What `printSchema` prints, with its final newline. `level` bounds the depth, from 1."""
    lines = ["root"]
    _tree_fields(schema, " |", level or 2**31, lines)
    return "\n".join(lines) + "\n"


def _tree_fields(schema: StructType, prefix: str, depth: int, lines: list[str]) -> None:
    for f in schema.fields:
        lines.append(f"{prefix}-- {f.name}: {f.data_type.tree_name} (nullable = {_bool(f.nullable)})")
        _tree_type(f.data_type, f"{prefix}    |", depth - 1, lines)


def _tree_type(data_type: DataType, prefix: str, depth: int, lines: list[str]) -> None:
    if depth <= 0:
        return
    match data_type:
        case StructType():
            _tree_fields(data_type, prefix, depth, lines)
        case ArrayType(element=element, contains_null=contains_null):
            lines.append(f"{prefix}-- element: {element.tree_name} (containsNull = {_bool(contains_null)})")
            _tree_type(element, f"{prefix}    |", depth - 1, lines)
        case MapType(key=key, value=value, value_contains_null=nulls):
            lines.append(f"{prefix}-- key: {key.tree_name}")
            _tree_type(key, f"{prefix}    |", depth - 1, lines)
            lines.append(f"{prefix}-- value: {value.tree_name} (valueContainsNull = {_bool(nulls)})")
            _tree_type(value, f"{prefix}    |", depth - 1, lines)


def _bool(value: bool) -> str:  # noqa: FBT001 - a formatter of booleans
    return "true" if value else "false"
