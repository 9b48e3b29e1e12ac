"""Arguments of sketch functions: constants among them, and the errors of those that do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from potok.errors import SparkError, unsupported
from potok.functions.base import FunctionContext
from potok.functions.folding import fold
from potok.functions.mismatch import ORDINALS, mismatch, quoted, unexpected_argument
from potok.functions.type_rules import implicit_cast
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Cast,
    Expression,
    LambdaVariable,
    Literal,
    OuterReference,
)
from potok.types import DOUBLE, INTEGER, DataType, DoubleType, IntegralType, NullType, NumericType

_CHANGING = (AttributeReference, AggregateCall, LambdaVariable, OuterReference)


def is_foldable(expression: Expression) -> bool:
    """Whether an expression has one value for all rows."""
    return not any(isinstance(node, _CHANGING) for node in expression.walk())


def value_of(expression: Expression) -> Any:  # noqa: ANN401 - a literal's value has the type of its expression
    """The value of a foldable expression; None for NULL. Raises UNSUPPORTED_FEATURE for one that this cannot compute."""
    inner = expression
    while isinstance(inner, Alias | Cast):
        inner = inner.child
    if isinstance(inner, Literal):
        value = inner.value
        if value is None or isinstance(value, bool):
            return value
        if isinstance(expression.data_type, DoubleType) and isinstance(inner.data_type, NumericType):
            return float(value)
        if isinstance(expression.data_type, IntegralType) and isinstance(inner.data_type, NumericType):
            return int(value)
        if isinstance(value, str) and isinstance(expression.data_type, NumericType):
            return _number_of(value, expression.data_type)
    found = fold(expression)
    if found is None:
        raise unsupported("a computed constant argument", "Write it as a literal.")
    return found


def _number_of(text: str, target: DataType) -> int | float:
    """Raises CAST_INVALID_INPUT."""
    try:
        return int(text) if isinstance(target, IntegralType) else float(text)
    except ValueError:
        raise SparkError(
            "CAST_INVALID_INPUT", expression=f"'{text}'", sourceType='"STRING"', targetType=quoted(target)
        ) from None


def whole_number(arguments: Sequence[Expression], position: int, context: FunctionContext) -> Expression:
    """An argument as INT, which Spark casts from other whole numbers and texts. Raises DATATYPE_MISMATCH."""
    argument = arguments[position]
    cast = implicit_cast(argument, INTEGER, context)
    if cast is None and isinstance(argument.data_type, IntegralType) and is_foldable(argument):
        return Cast(argument, INTEGER)
    if cast is None:
        raise unexpected_argument(position, argument.data_type, '"INT"')
    return cast


def real_number(arguments: Sequence[Expression], position: int, context: FunctionContext) -> Expression:
    """An argument that has to be DOUBLE. Raises DATATYPE_MISMATCH."""
    argument = arguments[position]
    cast = implicit_cast(argument, DOUBLE, context)
    if cast is None or not isinstance(argument.data_type, DoubleType | NullType):
        raise unexpected_argument(position, argument.data_type, '"DOUBLE"')
    return cast


def constant(name: str, expression: Expression, position: int) -> Any:  # noqa: ANN401 - as value_of
    """The value of an argument that has to be a constant and not NULL; `name` is Spark's. Raises DATATYPE_MISMATCH."""
    if not is_foldable(expression):
        raise mismatch(
            "NON_FOLDABLE_INPUT",
            inputName=f"`{name}`",
            inputType=quoted(expression.data_type),
            paramIndex=ORDINALS[position],
        )
    value = value_of(expression)
    if value is None:
        raise mismatch("UNEXPECTED_NULL", exprName=name)
    return value


def out_of_range(name: str, bounds: str, value: str) -> SparkError:
    """DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE; the bounds with their brackets."""
    return mismatch("VALUE_OUT_OF_RANGE", exprName=name, valueRange=bounds, currentValue=value)


def unlike(position: int, actual: DataType, required: Sequence[str]) -> SparkError:
    """An argument that has none of several types."""
    return unexpected_argument(position, actual, "(" + " or ".join(f'"{name}"' for name in required) + ")")
