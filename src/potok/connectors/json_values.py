"""Parsed JSON to typed rows. Source of fact: JacksonParser."""

from __future__ import annotations

import base64
import binascii
import decimal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from potok.connectors.json_parser import FractionText, IntegerText, NotANumberText, RawStructure
from potok.functions.text_values import BAD, TextOptions, converter, fit_decimal
from potok.types import (
    BINARY,
    BOOLEAN,
    DATE,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    CharType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    StringType,
    StructField,
    StructType,
    VarcharType,
)

_NAMED_NUMBERS = {
    "NaN": float("nan"), "+INF": float("inf"), "+Infinity": float("inf"), "Infinity": float("inf"),
    "-INF": float("-inf"), "-Infinity": float("-inf"), "INF": float("inf"),
}  # fmt: skip
_NAMED_TEXTS = {name: value for name, value in _NAMED_NUMBERS.items() if name != "INF"}
_MICROS = 1_000_000


class NeedsTextError(Exception):
    """A STRING column meets an object or array whose text the fast decoder has not kept."""


@dataclass
class Problems:
    """Whether some part of the present record had no value of its type."""

    found: bool = False


Convert = Callable[[Any], Any]


@dataclass
class RecordConverter:
    """Objects to tuples of column values, which `to_arrow` understands.

    A field that cannot be read is None and `problems.found` is set; the other fields keep their values.
    `named_numbers` allows NaN and its kin as numbers.
    """

    fields: Sequence[StructField]
    options: TextOptions
    problems: Problems = field(default_factory=Problems)
    named_numbers: bool = True

    def __post_init__(self) -> None:
        """Prepare one converter a field."""
        self._columns = [(f.name, self._converter(f.data_type)) for f in self.fields]

    def convert(self, record: dict[str, Any]) -> list[Any]:
        """The values of a record, in the order of the fields."""
        row = []
        for name, convert in self._columns:
            value = record.get(name)
            if value is not None:
                value = convert(value)
                if value is BAD:
                    self.problems.found = True
                    value = None
            row.append(value)
        return row

    def _converter(self, data_type: DataType) -> Convert:
        if isinstance(data_type, StringType | CharType | VarcharType):
            return _string
        if isinstance(data_type, IntegralType):
            return _integral(data_type.bits)
        if isinstance(data_type, DoubleType | FloatType):
            return _number if self.named_numbers else _plain_number
        if isinstance(data_type, DecimalType):
            return self._decimal(data_type)
        if data_type == BOOLEAN:
            return lambda value: value if isinstance(value, bool) else BAD
        if data_type == TIMESTAMP:
            return self._timestamp()
        if data_type in {DATE, TIMESTAMP_NTZ}:
            parse = converter(data_type, self.options)
            return lambda value: parse(value) if type(value) is str else BAD
        if data_type == BINARY:
            return _binary
        if isinstance(data_type, ArrayType):
            return self._array(data_type)
        if isinstance(data_type, MapType):
            return self._map(data_type)
        if isinstance(data_type, StructType):
            return self._struct(data_type)
        return lambda _: BAD

    def _decimal(self, data_type: DecimalType) -> Convert:
        parse = converter(data_type, self.options)

        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            if isinstance(value, IntegerText | FractionText):
                return fit_decimal(decimal.Decimal(value), data_type)
            return parse(value) if type(value) is str else BAD

        return convert

    def _timestamp(self) -> Convert:
        parse = converter(TIMESTAMP, self.options)

        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            if type(value) is str:
                return parse(value)
            return int(value) * _MICROS if isinstance(value, IntegerText) else BAD

        return convert

    def _array(self, data_type: ArrayType) -> Convert:
        element = self._converter(data_type.element)

        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            items = _inner(value)
            if not isinstance(items, list):
                return BAD
            out = [None if item is None else element(item) for item in items]
            return BAD if any(item is BAD for item in out) else out

        return convert

    def _map(self, data_type: MapType) -> Convert:
        element = self._converter(data_type.value)

        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            members = _inner(value)
            if not isinstance(members, dict):
                return BAD
            out = [(name, None if item is None else element(item)) for name, item in members.items()]
            return BAD if any(item is BAD for _, item in out) else out

        return convert

    def _struct(self, data_type: StructType) -> Convert:
        inner = RecordConverter(data_type.fields, self.options, self.problems, self.named_numbers)
        names = data_type.names

        def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
            members = _inner(value)
            if not isinstance(members, dict):
                return BAD
            return dict(zip(names, inner.convert(members), strict=True))

        return convert


def _inner(value: Any) -> Any:  # noqa: ANN401 - JSON
    return value.value if isinstance(value, RawStructure) else value


def _string(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, RawStructure):
        return value.text
    raise NeedsTextError


def _integral(bits: int) -> Convert:
    limit = 1 << (bits - 1)

    def convert(value: Any) -> Any:  # noqa: ANN401 - JSON
        if not isinstance(value, IntegerText):
            return BAD
        number = int(value)
        return number if -limit <= number < limit else BAD

    return convert


def _number(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, IntegerText | FractionText):
        return float(value)
    if isinstance(value, NotANumberText):
        return _NAMED_NUMBERS.get(value, BAD)
    return _NAMED_TEXTS.get(value, BAD) if isinstance(value, str) else BAD


def _plain_number(value: Any) -> Any:  # noqa: ANN401 - JSON
    return float(value) if isinstance(value, IntegerText | FractionText) else BAD


def _binary(value: Any) -> Any:  # noqa: ANN401 - JSON
    if type(value) is not str:
        return BAD
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return BAD
