"""The type of a parsed JSON value, for `schema_of_json`. Source of fact: JsonInferSchema."""

from __future__ import annotations

import decimal
from functools import reduce
from typing import Any

from potok.functions.json_options import JsonOptions
from potok.functions.json_parse import FractionText, IntegerText, Members, NotANumberText
from potok.functions.text_values import BAD, converter
from potok.types import (
    BOOLEAN,
    DOUBLE,
    LONG,
    MAX_PRECISION,
    NULL,
    STRING,
    TIMESTAMP,
    ArrayType,
    DataType,
    DecimalType,
    DoubleType,
    LongType,
    NullType,
    StructField,
    StructType,
)

_LONG_LIMIT = 1 << 63


def inferred_type(value: Any, options: JsonOptions) -> DataType:  # noqa: ANN401 - JSON
    """The type that Spark infers for one value."""
    return _canonical(_infer(value, options), options) or STRING


def _infer(value: Any, options: JsonOptions) -> DataType:  # noqa: ANN401 - JSON
    match value:
        case None:
            return NULL
        case Members():
            fields: dict[str, DataType] = {}
            for name, member in value:
                fields[name] = _infer(member, options)
            return StructType(tuple(StructField(n, fields[n]) for n in sorted(fields)))
        case list():
            first: DataType = NULL
            return ArrayType(reduce(_common, (_infer(item, options) for item in value), first))
        case bool() | IntegerText() | FractionText() | NotANumberText() if options.flag("primitivesAsString"):
            return STRING
        case bool():
            return BOOLEAN
        case IntegerText():
            number = int(value)
            if -_LONG_LIMIT <= number < _LONG_LIMIT:
                return LONG
            digits = len(str(abs(number)))
            return DecimalType(digits, 0) if digits <= MAX_PRECISION else DOUBLE
        case FractionText():
            return _fraction(value, options)
        case NotANumberText():
            return DOUBLE
    if not value:
        return NULL
    if options.flag("prefersDecimal") and _as_decimal(value) is not None:
        return _as_decimal(value) or STRING
    if options.flag("inferTimestamp") and converter(TIMESTAMP, options.reading)(value) is not BAD:
        return TIMESTAMP
    return STRING


def _fraction(value: str, options: JsonOptions) -> DataType:
    if not options.flag("prefersDecimal"):
        return DOUBLE
    return _as_decimal(value) or DOUBLE


def _as_decimal(text: str) -> DecimalType | None:
    try:
        parts = decimal.Decimal(text).as_tuple()
    except decimal.InvalidOperation:
        return None
    if not isinstance(parts.exponent, int):
        return None
    scale = max(-parts.exponent, 0)
    precision = max(len(parts.digits) + max(parts.exponent, 0), scale)
    return DecimalType(precision, scale) if precision <= MAX_PRECISION else None


def _common(left: DataType, right: DataType) -> DataType:
    if left == right or isinstance(right, NullType):
        return left
    if isinstance(left, NullType):
        return right
    kinds = (left, right)
    if any(isinstance(k, DoubleType) for k in kinds) and all(
        isinstance(k, DoubleType | LongType | DecimalType) for k in kinds
    ):
        return DOUBLE
    if all(isinstance(k, LongType | DecimalType) for k in kinds):
        one, other = (k if isinstance(k, DecimalType) else DecimalType(20, 0) for k in kinds)
        scale = max(one.scale, other.scale)
        digits = max(one.precision - one.scale, other.precision - other.scale) + scale
        return DecimalType(digits, scale) if digits <= MAX_PRECISION else DOUBLE
    if isinstance(left, ArrayType) and isinstance(right, ArrayType):
        return ArrayType(_common(left.element, right.element))
    if isinstance(left, StructType) and isinstance(right, StructType):
        one_fields = {f.name: f.data_type for f in left.fields}
        for f in right.fields:
            one_fields[f.name] = _common(one_fields.get(f.name, NULL), f.data_type)
        return StructType(tuple(StructField(n, one_fields[n]) for n in sorted(one_fields)))
    return STRING


def _canonical(data_type: DataType, options: JsonOptions) -> DataType | None:
    """NULL types as STRING, empty structs left out."""
    match data_type:
        case ArrayType(element=element):
            inner = _canonical(element, options)
            return None if inner is None else ArrayType(inner)
        case StructType(fields=fields):
            kept = [(f.name, _canonical(f.data_type, options)) for f in fields]
            found = tuple(StructField(name, kind) for name, kind in kept if kind is not None)
            return StructType(found) if found else None
        case NullType():
            return None if options.flag("dropFieldIfAllNull") else STRING
    return data_type
