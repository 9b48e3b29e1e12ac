"""The types of parsed JSON values. Source of fact: JsonInferSchema."""

from __future__ import annotations

import decimal
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from potok.errors import SparkError
from potok.functions.json_parse import (
    FractionText,
    IntegerText,
    MalformedJsonError,
    Members,
    NotANumberText,
)
from potok.functions.text_values import BAD, TextOptions, converter
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


@dataclass(frozen=True)
class InferenceRules:
    """Spark's options `primitivesAsString`, `prefersDecimal`, `inferTimestamp`, `dropFieldIfAllNull`."""

    values: TextOptions = field(default_factory=TextOptions)
    primitives_as_string: bool = False
    prefers_decimal: bool = False
    infers_timestamps: bool = False
    drops_all_null: bool = False


def inferred_type(value: Any, rules: InferenceRules) -> DataType:  # noqa: ANN401 - JSON
    """The type that Spark infers for one value alone. Raises as `type_of`."""
    return canonical_type(type_of(value, rules), rules) or STRING


def type_of(value: Any, rules: InferenceRules) -> DataType:  # noqa: ANN401 - a table of cases over JSON
    """The type of one value, NULL where nothing is known of it.

    Raises COLUMN_ALREADY_EXISTS for an object with two equal names, MalformedJsonError for NaN where decimals are
    preferred.
    """
    match value:
        case None:
            return NULL
        case Members():
            fields: dict[str, DataType] = {}
            for name, member in value:
                if name in fields:
                    raise SparkError("COLUMN_ALREADY_EXISTS", columnName=f"`{name.lower()}`")
                fields[name] = type_of(member, rules)
            return StructType(tuple(StructField(n, fields[n]) for n in sorted(fields)))
        case list():
            first: DataType = NULL
            return ArrayType(reduce(common_type, (type_of(item, rules) for item in value), first))
        case bool() | IntegerText() | FractionText() | NotANumberText() if rules.primitives_as_string:
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
            return _preferred_decimal(value) if rules.prefers_decimal else DOUBLE
        case NotANumberText():
            if rules.prefers_decimal:
                raise MalformedJsonError("not a decimal")
            return DOUBLE
    return _type_of_text(value, rules)


def _type_of_text(text: str, rules: InferenceRules) -> DataType:
    if not text:
        return NULL
    found = _as_decimal(text) if rules.prefers_decimal else None
    if found is not None:
        return found
    if rules.infers_timestamps and converter(TIMESTAMP, rules.values)(text) is not BAD:
        return TIMESTAMP
    return STRING


def _preferred_decimal(text: str) -> DataType:
    """Raises NEGATIVE_SCALE_DISALLOWED for a number with a positive exponent, as Spark does."""
    exponent = decimal.Decimal(text).as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0:
        raise SparkError(
            "NEGATIVE_SCALE_DISALLOWED",
            scale=-exponent,
            sqlConf='"spark.sql.legacy.allowNegativeScaleOfDecimal"',
        )
    return _as_decimal(text) or DOUBLE


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


def common_type(left: DataType, right: DataType) -> DataType:
    """The type that holds values of both."""
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
        return ArrayType(common_type(left.element, right.element))
    if isinstance(left, StructType) and isinstance(right, StructType):
        one_fields = {f.name: f.data_type for f in left.fields}
        for f in right.fields:
            one_fields[f.name] = common_type(one_fields.get(f.name, NULL), f.data_type)
        return StructType(tuple(StructField(n, one_fields[n]) for n in sorted(one_fields)))
    return STRING


def canonical_type(data_type: DataType, rules: InferenceRules) -> DataType | None:
    """NULL types as STRING, empty structs left out; None where nothing is left."""
    match data_type:
        case ArrayType(element=element):
            inner = canonical_type(element, rules)
            return None if inner is None else ArrayType(inner)
        case StructType(fields=fields):
            kept = [(f.name, canonical_type(f.data_type, rules)) for f in fields]
            found = tuple(StructField(name, kind) for name, kind in kept if kind is not None)
            return StructType(found) if found else None
        case NullType():
            return None if rules.drops_all_null else STRING
    return data_type
