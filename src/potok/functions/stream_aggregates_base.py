"""What a streaming aggregate is made of, and the expressions that its rules share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import pyarrow as pa

from potok.plan.expressions import AggregateCall, Call, Expression, Literal
from potok.types import BOOLEAN, DOUBLE, LONG, DataType, StructField

Expressions = Sequence[Expression]


class Form(Protocol):
    """How the columns that SQL computes with stand in the state as Spark's.

    `columns` are SQL's. Arrays hold `types.arrow_type` of their types; they are equally long.
    """

    @property
    def columns(self) -> tuple[StructField, ...]:
        """The columns that SQL sees."""

    def pack(self, columns: Sequence[pa.Array]) -> list[pa.Array]:
        """Those of the state."""

    def unpack(self, state: Sequence[pa.Array]) -> list[pa.Array]:
        """Those that SQL sees."""


@dataclass(frozen=True)
class StreamAggregate:
    """One aggregate function of a stream.

    `buffer` are the columns of state, `form` how SQL sees them where it is not as they are: its columns
    are meant below. `partial` are aggregates over the rows of a batch, one for each column. `merge` takes
    the kept columns (all NULL for a new group) and the batch's, and gives the new ones; `evaluate` gives
    the function's value.
    """

    buffer: tuple[StructField, ...]
    partial: tuple[Expression, ...]
    merge: Callable[[Expressions, Expressions], tuple[Expression, ...]]
    evaluate: Callable[[Expressions], Expression]
    form: Form | None = None

    @property
    def columns(self) -> tuple[StructField, ...]:
        """The columns as SQL sees them."""
        return self.buffer if self.form is None else self.form.columns


Rule = Callable[[AggregateCall], StreamAggregate]


def column(name: str, data_type: DataType, *, nullable: bool = True) -> StructField:
    """A column of a buffer."""
    return StructField(name, data_type, nullable)


def over(
    call: AggregateCall, name: str, data_type: DataType, arguments: Expressions | None = None
) -> AggregateCall:
    """Another aggregate over the same rows."""
    return replace(
        call,
        name=name,
        arguments=call.arguments if arguments is None else tuple(arguments),
        type=data_type,
        is_nullable=True,
    )


def scalar(call: AggregateCall, name: str, data_type: DataType, *arguments: Expression) -> Call:
    """A function of columns in the mode of the call."""
    return Call(name, arguments, data_type, ansi=call.ansi, origin=call.origin)


def either(*values: Expression) -> Expression:
    """The first that is not NULL."""
    return Call("coalesce", values, values[0].data_type)


def when(condition: Expression, then: Expression, otherwise: Expression) -> Expression:
    """A choice."""
    return Call("when", (condition, then, otherwise), then.data_type)


def is_null(value: Expression) -> Expression:
    """Whether a value is NULL."""
    return Call("isnull", (value,), BOOLEAN, is_nullable=False)


def negated(condition: Expression) -> Expression:
    """The opposite of a condition."""
    return Call("not", (condition,), BOOLEAN)


def both(one: Expression, other: Expression) -> Expression:
    """Whether two conditions hold."""
    return Call("and", (one, other), BOOLEAN)


def true_or_missing(flag: Expression) -> Expression:
    """A flag of the buffer; false for a new group."""
    return Call("coalesce", (flag, Literal(False, BOOLEAN)), BOOLEAN, is_nullable=False)  # noqa: FBT003 - a value


def itself(values: Expressions) -> Expression:
    """The value of a function that its one column holds."""
    return values[0]


def present(call: AggregateCall) -> Expression:
    """Whether the batch has any row with all arguments."""
    count = replace(over(call, "count", LONG), is_nullable=False)
    return Call(">", (count, Literal(0, LONG)), BOOLEAN, is_nullable=False)


def any_row(call: AggregateCall) -> Expression:
    """Whether the batch has any row at all."""
    count = replace(over(call, "count", LONG, (Literal(1, LONG),)), is_nullable=False, ignore_nulls=False)
    return Call(">", (count, Literal(0, LONG)), BOOLEAN, is_nullable=False)


def real(operator: str, *operands: Expression | float) -> Expression:
    """Arithmetic of doubles; what is divided by zero is NULL."""
    values = [x if isinstance(x, Expression) else Literal(float(x), DOUBLE) for x in operands]
    total = values[0]
    for value in values[1:]:
        total = Call(operator, (total, value), DOUBLE, ansi=False)
    return total
