"""Casts written as functions: `int('5')`, `double(x)`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.plan.expressions import Cast, CastMode, Expression
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
    DataType,
    DecimalType,
)  # fmt: skip

_TYPES: dict[str, DataType] = {
    "boolean": BOOLEAN, "tinyint": BYTE, "smallint": SHORT, "int": INTEGER, "bigint": LONG, "float": FLOAT,
    "double": DOUBLE, "decimal": DecimalType(10, 0), "date": DATE, "timestamp": TIMESTAMP, "binary": BINARY,
    "string": STRING,
}  # fmt: skip


def _bind(target: DataType, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    return Cast(arguments[0], target, CastMode.ANSI if context.ansi else CastMode.LEGACY, explicit=False)


FUNCTIONS: tuple[Function, ...] = tuple(
    ScalarFunction(name, (Input.ANY,), target, bind=partial(_bind, target)) for name, target in _TYPES.items()
)
