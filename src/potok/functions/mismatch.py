"""Refusing arguments at analysis, and small pieces of bind rules.

The analyzer adds `sqlExpr`, the text of the whole call, to a DATATYPE_MISMATCH raised here, and
`inputSql`, the text of the argument named by `paramIndex`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from potok.conditions import ANALYSIS
from potok.ddl import parse_data_type, parse_schema
from potok.errors import SparkError
from potok.functions.base import Function, FunctionContext, InputType
from potok.functions.type_rules import implicit_cast
from potok.plan.expressions import Call, Expression
from potok.tokens import ParseError
from potok.types import NULL, DataType

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def quoted(data_type: DataType) -> str:
    """A type as an error message quotes it."""
    return f'"{data_type.sql}"'


def mismatch(kind: str, **parameters: str) -> SparkError:
    """DATATYPE_MISMATCH of a kind."""
    return SparkError(f"DATATYPE_MISMATCH.{kind}", origin=None, **parameters)


def operands_differ(left: Expression, right: Expression) -> SparkError:
    """Two operands whose types have nothing in common."""
    return mismatch("BINARY_OP_DIFF_TYPES", left=quoted(left.data_type), right=quoted(right.data_type))


def wrong_operand(required: str, actual: DataType) -> SparkError:
    """Two operands of one type, which the operator does not take."""
    return mismatch("BINARY_OP_WRONG_TYPE", inputType=required, actualDataType=quoted(actual))


def unexpected_argument(position: int, actual: DataType, required: str) -> SparkError:
    """An argument (position from 0) of a type that the function does not take."""
    return mismatch(
        "UNEXPECTED_INPUT_TYPE",
        paramIndex=ORDINALS[position],
        inputType=quoted(actual),
        requiredType=required,
    )


def different_types(function: str, arguments: Sequence[Expression]) -> SparkError:
    """Arguments that should have one common type and have none."""
    types = ", ".join(quoted(a.data_type) for a in arguments)
    return mismatch("DATA_DIFF_TYPES", functionName=f"`{function}`", dataType=f"[{types}]")


def none_in_common(function: str, arguments: Sequence[Expression]) -> SparkError:
    """As `different_types`, for the functions whose message lists the types as alternatives."""
    types = " or ".join(quoted(a.data_type) for a in arguments)
    return mismatch("DATA_DIFF_TYPES", functionName=f"`{function}`", dataType=f"({types})")


class AnalysisSyntaxError(SparkError):
    """A syntax error in a text that is an argument: Spark throws it as an error of analysis."""

    @property
    def java_class(self) -> str:
        """AnalysisException."""
        return ANALYSIS


def given_type(text: str) -> DataType:
    """The type or the columns that an argument describes. Raises AnalysisSyntaxError."""
    try:
        return parse_data_type(text)
    except ParseError as error:
        try:
            return parse_schema(text)
        except ParseError:
            raise AnalysisSyntaxError(error.condition, origin=None, **error.parameters) from None


class RefusedCallError(SparkError):
    """Arguments that do not fit the call that a rule made of the user's: the error shows `made`."""

    def __init__(self, error: SparkError, made: Call) -> None:
        super().__init__(error.condition, origin=error.origin, **error.parameters)
        self.made = made


def refused(name: str, arguments: Sequence[Expression], error: SparkError) -> RefusedCallError:
    """The error of a call of another function than the user wrote."""
    return RefusedCallError(error, Call(name, tuple(arguments), NULL))


def coerce(
    arguments: Sequence[Expression], inputs: Sequence[InputType], context: FunctionContext
) -> list[Expression] | None:
    """The arguments cast to what is asked of them, None where one does not fit."""
    cast = [implicit_cast(a, i, context) for a, i in zip(arguments, inputs, strict=True)]
    return None if None in cast else [c for c in cast if c is not None]


def any_nullable(arguments: Sequence[Expression]) -> bool:
    """Whether one of them may be NULL."""
    return any(a.nullable for a in arguments)


def call(
    name: str,
    arguments: Sequence[Expression],
    data_type: DataType,
    context: FunctionContext,
    *,
    nullable: bool | None = None,
) -> Call:
    """A resolved call; NULL where an argument may be NULL, unless said otherwise."""
    may_be_null = any_nullable(arguments) if nullable is None else nullable
    return Call(name, tuple(arguments), data_type, may_be_null, context.ansi)


def same(function: Function, *names: str) -> tuple[Function, ...]:
    """The row again under other names."""
    return tuple(replace(function, name=name) for name in names)
