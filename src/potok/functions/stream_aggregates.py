"""Aggregate functions cut into three: what a batch contributes, how it joins what is kept, what it means.

What is kept of a group, its buffer, has the columns of Spark's own, so that Spark can go on with it. Source of
facts: the aggregate expressions of Catalyst (`aggBufferAttributes`); tests/stateful/recorded/buffers.json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from potok.errors import unsupported
from potok.plan.expressions import AggregateCall, Call, Cast, Expression, Literal
from potok.types import (
    BOOLEAN,
    DOUBLE,
    LONG,
    MAX_PRECISION,
    DataType,
    DecimalType,
    StructField,
)

Expressions = Sequence[Expression]
_SUM_DIGITS = 10


@dataclass(frozen=True)
class StreamAggregate:
    """One aggregate function of a stream.

    `buffer` are the columns of state. `partial` are aggregates over the rows of a batch, one for each column.
    `merge` takes the kept columns (all NULL for a new group) and the batch's, and gives the new ones;
    `evaluate` gives the function's value.
    """

    buffer: tuple[StructField, ...]
    partial: tuple[Expression, ...]
    merge: Callable[[Expressions, Expressions], tuple[Expression, ...]]
    evaluate: Callable[[Expressions], Expression]


Rule = Callable[[AggregateCall], StreamAggregate]


def stream_aggregate(call: AggregateCall) -> StreamAggregate:
    """How a function is computed over a stream. Raises UNSUPPORTED_FEATURE where it cannot be."""
    rule = RULES.get(call.name)
    if rule is None:
        raise unsupported(
            f"the function {call.name} over a stream across batches",
            "Use another aggregate function, or compute it per batch in foreachBatch.",
        )
    return rule(call)


# ---- pieces -----------------------------------------------------------------------------------


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


def true_or_missing(flag: Expression) -> Expression:
    """A flag of the buffer; false for a new group."""
    return Call("coalesce", (flag, Literal(False, BOOLEAN)), BOOLEAN, is_nullable=False)  # noqa: FBT003 - a value


def _itself(values: Expressions) -> Expression:
    return values[0]


def _present(call: AggregateCall) -> Expression:
    """Whether the batch has any row with all arguments."""
    count = replace(over(call, "count", LONG), is_nullable=False)
    return Call(">", (count, Literal(0, LONG)), BOOLEAN, is_nullable=False)


def _any_row(call: AggregateCall) -> Expression:
    """Whether the batch has any row at all."""
    count = replace(over(call, "count", LONG, (Literal(1, LONG),)), is_nullable=False, ignore_nulls=False)
    return Call(">", (count, Literal(0, LONG)), BOOLEAN, is_nullable=False)


# ---- count, sum, average ----------------------------------------------------------------------


def _count(call: AggregateCall) -> StreamAggregate:
    zero = Literal(0, LONG)
    return StreamAggregate(
        (column("count", LONG, nullable=False),),
        (call,),
        lambda old, new: (scalar(call, "+", LONG, either(old[0], zero), either(new[0], zero)),),
        _itself,
    )


def _sum(call: AggregateCall) -> StreamAggregate:
    if isinstance(call.type, DecimalType):
        return _decimal_sum(call, call.type)
    return StreamAggregate(
        (column("sum", call.type),),
        (call,),
        lambda old, new: (either(scalar(call, "+", call.type, old[0], new[0]), old[0], new[0]),),
        _itself,
    )


def _decimal_sum(call: AggregateCall, total: DecimalType) -> StreamAggregate:
    zero = Cast(Literal(0, LONG), total)
    is_empty = Call("not", (_present(call),), BOOLEAN, is_nullable=False)

    def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
        kept, added = either(old[0], zero), either(new[0], zero)
        both = when(
            _overflowed(old), old[0], when(_overflowed(new), new[0], scalar(call, "+", total, kept, added))
        )
        empty = Call("and", (either(old[1], Literal(True, BOOLEAN)), new[1]), BOOLEAN)  # noqa: FBT003 - a value
        return both, empty

    return StreamAggregate(
        (column("sum", total), column("isEmpty", BOOLEAN, nullable=False)),
        (either(call, zero), is_empty),
        merge,
        lambda kept: when(kept[1], Literal(None, total), kept[0]),
    )


def _overflowed(buffer: Expressions) -> Expression:
    """A sum of decimals that is NULL though it has values has overflowed."""
    has_values = Call("not", (either(buffer[1], Literal(True, BOOLEAN)),), BOOLEAN)  # noqa: FBT003 - a value
    return Call("and", (is_null(buffer[0]), has_values), BOOLEAN)


def _average(call: AggregateCall) -> StreamAggregate:
    source = call.arguments[0]
    if call.type != DOUBLE:
        return _exact_average(call)
    number = source if source.data_type == DOUBLE else Cast(source, DOUBLE)
    zero, none = Literal(0.0, DOUBLE), Literal(0, LONG)

    def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
        total = scalar(call, "+", DOUBLE, either(old[0], zero), new[0])
        return total, scalar(call, "+", LONG, either(old[1], none), new[1])

    return StreamAggregate(
        (column("sum", DOUBLE), column("count", LONG)),
        (either(over(call, "sum", DOUBLE, (number,)), zero), over(call, "count", LONG)),
        merge,
        lambda kept: when(
            Call(">", (kept[1], none), BOOLEAN),
            Call("/", (kept[0], Cast(kept[1], DOUBLE)), DOUBLE, ansi=False),
            Literal(None, DOUBLE),
        ),
    )


def _exact_average(call: AggregateCall) -> StreamAggregate:
    source = call.arguments[0].data_type
    if not isinstance(source, DecimalType) or not isinstance(call.type, DecimalType):
        raise unsupported(f"avg of {source.sql} over a stream", "Average a number instead.")
    result = call.type
    total = DecimalType(min(source.precision + _SUM_DIGITS, MAX_PRECISION), source.scale)
    zero, none = Cast(Literal(0, LONG), total), Literal(0, LONG)

    def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
        added = scalar(call, "+", total, either(old[0], zero), new[0])
        return added, scalar(call, "+", LONG, either(old[1], none), new[1])

    def evaluate(kept: Expressions) -> Expression:
        count = Cast(kept[1], DecimalType(20, 0))
        return when(
            Call(">", (kept[1], none), BOOLEAN),
            Call("/", (kept[0], count), result, ansi=call.ansi),
            Literal(None, result),
        )

    return StreamAggregate(
        (column("sum", total), column("count", LONG)),
        (either(over(call, "sum", total), zero), over(call, "count", LONG)),
        merge,
        evaluate,
    )


# ---- one of the values ------------------------------------------------------------------------


def _extreme(name: str, chosen: str) -> Rule:
    def rule(call: AggregateCall) -> StreamAggregate:
        return StreamAggregate(
            (column(name, call.type),),
            (call,),
            lambda old, new: (Call(chosen, (old[0], new[0]), call.type),),
            _itself,
        )

    return rule


def _edge(name: str, *, keeps_old: bool) -> Rule:
    def rule(call: AggregateCall) -> StreamAggregate:
        is_set = _present(call) if call.ignore_nulls else _any_row(call)

        def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
            winner, other = (old, new) if keeps_old else (new, old)
            value = when(true_or_missing(winner[1]), winner[0], other[0])
            return value, Call("or", (true_or_missing(old[1]), true_or_missing(new[1])), BOOLEAN)

        return StreamAggregate(
            (column(name, call.type), column("valueSet", BOOLEAN, nullable=False)),
            (replace(call, name=name), is_set),
            merge,
            _itself,
        )

    return rule


def _by(comparison: str, extreme: str) -> Rule:
    def rule(call: AggregateCall) -> StreamAggregate:
        order = call.arguments[1]

        def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
            better = Call(comparison, (old[1], new[1]), BOOLEAN)
            keeps = Call(
                "and",
                (Call("not", (is_null(old[1]),), BOOLEAN), Call("or", (is_null(new[1]), better), BOOLEAN)),
                BOOLEAN,
            )
            return when(keeps, old[0], new[0]), when(keeps, old[1], new[1])

        return StreamAggregate(
            (column("valueWithExtremumOrdering", call.type), column("extremumOrdering", order.data_type)),
            (call, over(call, extreme, order.data_type, (order,))),
            merge,
            _itself,
        )

    return rule


RULES: Mapping[str, Rule] = {
    "count": _count,
    "sum": _sum,
    "avg": _average,
    "min": _extreme("min", "least"),
    "max": _extreme("max", "greatest"),
    "first": _edge("first", keeps_old=True),
    "any_value": _edge("first", keeps_old=True),
    "last": _edge("last", keeps_old=False),
    "max_by": _by(">", "max"),
    "min_by": _by("<", "min"),
}
