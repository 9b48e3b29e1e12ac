"""Parsed JSON to typed values. Source of fact: JacksonParser.

A value that is not of its field's type makes the field NULL and the record bad; the other fields
keep their values. Arrays and maps with such an element are NULL as a whole, but a struct inside
them keeps its good fields.
"""

from __future__ import annotations

import base64
import binascii
import decimal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from potok.functions.json_parse import (
    FractionText,
    IntegerText,
    Members,
    NotANumberText,
    compact_json,
    named_number_text,
    well_formed,
)
from potok.functions.text_values import BAD, TextOptions, converter, fit_decimal
from potok.types import (
    BINARY,
    BOOLEAN,
    DATE,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    ByteType,
    CharType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    NullType,
    StringType,
    StructType,
    VarcharType,
    arrow_type,
)

_NAMED = {
    "NaN": "nan",
    "+INF": "inf",
    "+Infinity": "inf",
    "Infinity": "inf",
    "-INF": "-inf",
    "-Infinity": "-inf",
}
_NAMED_NUMBERS = {name: float(text) for name, text in _NAMED.items()}
_MICROS = 1_000_000
_MAX_UNSIGNED_BYTE = 255
_INT_LIMIT = 1 << 31
_LONG_LIMIT = 1 << 63

Convert = Callable[[Any], Any]


class NeedsTextError(Exception):
    """A STRING meets an object or array whose text the parser has not kept."""


@dataclass
class Problems:
    """What was wrong with the present record.

    `wrong_text` is the (value, field, type) of the first text that should have been a number.
    """

    found: bool = False
    wrong_text: tuple[str, str, str] | None = None


@dataclass
class JsonConverter:
    """Converters of parsed values, which return BAD where there is no value of the type.

    Dates are days and timestamps microseconds since 1970; structs are tuples, maps lists of pairs.
    `exact_texts` makes a STRING of other values as they were written (NeedsTextError where that was not
    kept), as Spark reads files; otherwise they are written anew, as `from_json` does.
    """

    options: TextOptions
    named_numbers: bool = True
    exact_texts: bool = False
    problems: Problems = field(default_factory=Problems)

    def convert(self, data_type: DataType, name: str = "") -> Convert:
        """The converter of a type that is not NULL; `name` is the field's, for errors. KeyError for intervals."""
        match data_type:
            case StringType() | CharType() | VarcharType():
                return _exact_string if self.exact_texts else _string
            case ByteType():
                return _byte
            case IntegralType(bits=bits):
                return _integral(bits)
            case DoubleType() | FloatType():
                return self._number(data_type, name)
            case DecimalType():
                return self._decimal(data_type)
            case ArrayType(element=element):
                return self._array(self.convert(element, name))
            case MapType(value=value):
                return self._map(self.convert(value, name))
            case StructType():
                return self.struct(data_type)
            case NullType():
                return lambda _: BAD
        if data_type == BOOLEAN:
            return lambda value: value if isinstance(value, bool) else BAD
        if data_type == BINARY:
            return _binary
        makers: dict[DataType, Callable[[], Convert]] = {
            DATE: self._date,
            TIMESTAMP: self._timestamp,
            TIMESTAMP_NTZ: self._timestamp_ntz,
        }
        return makers[data_type]()

    def struct(self, data_type: StructType) -> Convert:
        """The converter of a struct: of several members of one name the last good one counts."""
        width = len(data_type.fields)
        converters = {f.name: (i, self.convert(f.data_type, f.name)) for i, f in enumerate(data_type.fields)}
        problems = self.problems

        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            if not isinstance(value, Members):
                return BAD
            row: list[Any] = [None] * width
            for name, member in value:
                found = converters.get(name)
                if found is None:
                    continue
                position, convert_member = found
                converted = None if member is None else convert_member(member)
                if converted is BAD:
                    problems.found = True
                else:
                    row[position] = converted
            return tuple(row)

        return convert

    def _array(self, element: Convert) -> Convert:
        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            if not isinstance(value, list) or isinstance(value, Members):
                return BAD
            items = [None if item is None else element(item) for item in value]
            return BAD if any(item is BAD for item in items) else items

        return convert

    def _map(self, element: Convert) -> Convert:
        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            if not isinstance(value, Members):
                return BAD
            items = {well_formed(name): None if item is None else element(item) for name, item in value}
            return BAD if any(item is BAD for item in items.values()) else list(items.items())

        return convert

    def _number(self, data_type: DataType, name: str) -> Convert:
        problems, named = self.problems, self.named_numbers

        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            if isinstance(value, FractionText):
                return float(value)
            if isinstance(value, IntegerText):
                # Without a sign for zero, and infinite where Python would refuse.
                return float(value) + 0.0
            if not isinstance(value, str) or value == "":
                return BAD
            if named and value in _NAMED_NUMBERS:
                return _NAMED_NUMBERS[value]
            if problems.wrong_text is None and not problems.found:
                problems.wrong_text = (value, name, type(data_type).__name__)
            return BAD

        return convert

    def _decimal(self, data_type: DecimalType) -> Convert:
        parse = converter(data_type, self.options)

        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            if isinstance(value, IntegerText | FractionText):
                return fit_decimal(decimal.Decimal(value), data_type)
            return parse(value) if type(value) is str and value else BAD

        return convert

    def _date(self) -> Convert:
        parse, lenient = converter(DATE, self.options), self.options.date_pattern is None

        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            if type(value) is not str:
                return BAD
            days = parse(value)
            # As in Spark 1.5, a date may be its number of days.
            if days is BAD and lenient and value.lstrip("+-").isdecimal() and value.isascii():
                number = int(value) if value.lstrip("+-") == value[-len(value.lstrip("+-")) :] else _INT_LIMIT
                return number if -_INT_LIMIT <= number < _INT_LIMIT else BAD
            return days

        return convert

    def _timestamp(self) -> Convert:
        parse = converter(TIMESTAMP, self.options)

        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            if type(value) is str:
                return parse(value)
            if not isinstance(value, IntegerText) or not -_LONG_LIMIT <= int(value) < _LONG_LIMIT:
                return BAD
            # Seconds, which overflow as Java's.
            return (int(value) * _MICROS + _LONG_LIMIT) % (2 * _LONG_LIMIT) - _LONG_LIMIT

        return convert

    def _timestamp_ntz(self) -> Convert:
        parse = converter(TIMESTAMP_NTZ, self.options)
        return lambda value: parse(value) if type(value) is str else BAD


def _string(value: Any) -> Any:  # noqa: ANN401 - JSON
    if type(value) is str:
        return well_formed(value)
    if isinstance(value, NotANumberText):
        return f'"{named_number_text(value)}"'
    return compact_json(value)


def _exact_string(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return well_formed(str(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    text = getattr(value, "text", None)
    if text is None:
        raise NeedsTextError
    return well_formed(text)


def _byte(value: Any) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(value, IntegerText):
        return BAD
    number = int(value)
    # Jackson lets unsigned bytes pass.
    if not -_MAX_UNSIGNED_BYTE // 2 <= number <= _MAX_UNSIGNED_BYTE:
        return BAD
    return number - 256 if number > _MAX_UNSIGNED_BYTE // 2 else number


def _integral(bits: int) -> Convert:
    limit = 1 << (bits - 1)

    def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
        if not isinstance(value, IntegerText):
            return BAD
        number = int(value)
        return number if -limit <= number < limit else BAD

    return convert


def _binary(value: Any) -> Any:  # noqa: ANN401 - JSON
    if type(value) is not str:
        return BAD
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return BAD


# ---- to Arrow ---------------------------------------------------------------------------------


def _raw_type(data_type: DataType) -> pa.DataType:
    match data_type:
        case ArrayType(element=element):
            return pa.list_(pa.field("element", _raw_type(element)))
        case MapType(key=key, value=value):
            return pa.map_(_raw_type(key), _raw_type(value))
        case StructType(fields=fields):
            return pa.struct([pa.field(str(i), _raw_type(f.data_type)) for i, f in enumerate(fields)])
    if data_type == DATE:
        return pa.int32()
    return pa.int64() if data_type in {TIMESTAMP, TIMESTAMP_NTZ} else arrow_type(data_type)


def nested_array(values: list[Any], data_type: DataType) -> pa.Array:
    """Values as `JsonConverter` makes them in the type's Arrow form."""
    if isinstance(data_type, StructType):
        mask = pa.array([v is None for v in values], pa.bool_())
        if not data_type.fields:
            return pa.array([None if v is None else {} for v in values], pa.struct([]))
        empty = (None,) * len(data_type.fields)
        columns = (
            zip(*(empty if v is None else v for v in values), strict=True) if values else [()] * len(empty)
        )
        children = [
            nested_array(list(c), f.data_type) for c, f in zip(columns, data_type.fields, strict=True)
        ]
        return pa.StructArray.from_arrays(children, fields=list(arrow_type(data_type)), mask=mask)
    if isinstance(data_type, ArrayType):
        offsets, items = _flattened(values)
        element = arrow_type(data_type).value_field
        return pa.ListArray.from_arrays(
            offsets, nested_array(items, data_type.element), type=pa.list_(element)
        )
    if isinstance(data_type, MapType):
        offsets, pairs = _flattened(values)
        keys = nested_array([k for k, _ in pairs], data_type.key)
        return pa.MapArray.from_arrays(offsets, keys, nested_array([v for _, v in pairs], data_type.value))
    raw = pa.array(values, _raw_type(data_type))
    return raw.view(arrow_type(data_type)) if raw.type != arrow_type(data_type) else raw


def _flattened(values: list[Any]) -> tuple[pa.Array, list[Any]]:
    """Offsets, with NULL where the value is, and all items one after another."""
    offsets: list[int | None] = []
    items: list[Any] = []
    for value in values:
        offsets.append(None if value is None else len(items))
        items.extend(value or ())
    return pa.array([*offsets, len(items)], pa.int32()), items
