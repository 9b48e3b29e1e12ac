"""Errors of sketches that are no sketches, and the constants that their functions take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from potok.errors import SparkError
from potok.functions.mismatch import quoted, unexpected_argument
from potok.functions.sketch_arguments import is_foldable, value_of
from potok.plan.expressions import Cast, Expression, Literal
from potok.types import BINARY, BOOLEAN, INTEGER, DataType, NullType


class Range(NamedTuple):
    """What a whole number of a sketch function may be, both ends included, and the conditions where it is not."""

    least: int
    most: int
    outside: str
    computed: str


def size_of(
    name: str, arguments: Sequence[Expression], position: int, default: int, allowed: Range
) -> Literal:
    """A constant of a sketch function. Raises DATATYPE_MISMATCH and the conditions of the range."""
    if position >= len(arguments):
        return Literal(default, INTEGER)
    argument = arguments[position]
    require(argument, position, INTEGER)
    if not is_foldable(argument):
        raise SparkError(allowed.computed, function=f"`{name}`")
    value = value_of(argument) or 0
    if not allowed.least <= value <= allowed.most:
        raise SparkError(
            allowed.outside, function=f"`{name}`", min=allowed.least, max=allowed.most, value=value
        )
    return Literal(value, INTEGER)


def flag_of(arguments: Sequence[Expression], position: int) -> Literal:
    """A constant that is true or false, false where it is missing or NULL. Raises DATATYPE_MISMATCH."""
    if position >= len(arguments):
        return Literal(False, BOOLEAN)  # noqa: FBT003 - a value
    require(arguments[position], position, BOOLEAN)
    return Literal(bool(value_of(arguments[position])), BOOLEAN)


def require(argument: Expression, position: int, target: DataType) -> Expression:
    """An argument that Spark casts from NULL alone. Raises DATATYPE_MISMATCH."""
    if isinstance(argument.data_type, NullType):
        return Cast(argument, target)
    if argument.data_type != target:
        raise unexpected_argument(position, argument.data_type, quoted(target))
    return argument


def sketches(arguments: Sequence[Expression], count: int) -> tuple[Expression, ...]:
    """The first arguments as sketches. Raises DATATYPE_MISMATCH."""
    return tuple(require(argument, i, BINARY) for i, argument in enumerate(arguments[:count]))


def reading(condition: str, function: str, decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """A reader of sketches whose errors name the function."""

    def read(data: bytes) -> Any:  # noqa: ANN401 - a sketch of any library
        try:
            return decode(data)
        except (ValueError, RuntimeError, IndexError) as error:
            raise SparkError(condition, function=f"`{function}`") from error

    return read
