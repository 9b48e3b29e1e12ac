"""What the functions of dates and times share."""

from __future__ import annotations

from typing import Any

from potok.engine.kernel import Kernel
from potok.functions import rows
from potok.functions.base import FunctionContext, InputType, ResultRule, ScalarFunction
from potok.functions.mismatch import unexpected_argument
from potok.functions.rows import Emit
from potok.functions.type_rules import implicit_cast
from potok.functions.zones import TO_INSTANT, local
from potok.plan.expressions import Call, Expression, Literal
from potok.types import TIMESTAMP, TIMESTAMP_NTZ, TimestampNTZType, TimestampType

MICROS_PER_DAY = 86_400_000_000


def pattern_of(expression: Expression) -> str | None:
    """The pattern that an argument writes out, None where it comes from rows."""
    if isinstance(expression, Literal) and isinstance(expression.value, str):
        return expression.value
    return None


def moment_argument(expression: Expression, position: int, context: FunctionContext) -> Expression:
    """An argument as a timestamp of either kind. Raises UNEXPECTED_INPUT_TYPE."""
    if isinstance(expression.data_type, TimestampNTZType | TimestampType):
        return expression
    cast = implicit_cast(expression, TIMESTAMP, context)
    if cast is None:
        raise unexpected_argument(position, expression.data_type, '"TIMESTAMP"')
    return cast


def local_of(call_: Call, sql: str, position: int = 0) -> str:
    """The local time of an argument that is a timestamp of either kind."""
    return sql if call_.arguments[position].data_type == TIMESTAMP_NTZ else local(sql)


def row(
    name: str,
    inputs: tuple[InputType, ...],
    result: ResultRule,
    emit: Emit = "",
    *kernels: Kernel,
    **more: Any,  # noqa: ANN401 - fields of ScalarFunction
) -> ScalarFunction:
    """A row whose SQL may mention local times of other zones than UTC."""
    return rows.row(name, inputs, result, emit, *kernels, TO_INSTANT, **more)
