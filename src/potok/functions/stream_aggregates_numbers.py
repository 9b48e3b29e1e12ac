"""Counts, sums, averages, extremes, edges and bits of streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from potok.functions import extremes
from potok.functions.stream_aggregates_base import (
    Expressions,
    Rule,
    StreamAggregate,
    any_row,
    both,
    column,
    either,
    is_null,
    itself,
    negated,
    over,
    present,
    real,
    scalar,
    true_or_missing,
    when,
)
from potok.functions.stream_aggregates_forms import UnscaledForm
from potok.plan.expressions import AggregateCall, Call, Cast, CastMode, Expression, Literal
from potok.types import (
    BINARY,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    LONG,
    MAX_PRECISION,
    STRING,
    ArrayType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    YearMonthIntervalType,
)

_SUM_DIGITS, _AVERAGE_DIGITS = 10, 4
# Spark's optimizer sums the digits of such decimals as BIGINT and averages them as DOUBLE.
_LONG_DIGITS, _DOUBLE_DIGITS = 18, 15
_TRUE = Literal(True, BOOLEAN)  # noqa: FBT003 - a value


def _count(call: AggregateCall) -> StreamAggregate:
    return StreamAggregate(
        (column("count", LONG, nullable=False),),
        (call,),
        lambda old, new: (_counted(call, old[0], new[0]),),
        itself,
    )


def _counted(call: AggregateCall, old: Expression, new: Expression) -> Expression:
    """The sum of two counts of which any may be missing."""
    return either(scalar(call, "+", LONG, old, new), old, new, Literal(0, LONG))


# ---- sums -------------------------------------------------------------------------------------


def _sum(call: AggregateCall) -> StreamAggregate:
    source, total = call.arguments[0].data_type, call.type
    if isinstance(total, DecimalType):
        if isinstance(source, DecimalType) and source.precision + _SUM_DIGITS <= _LONG_DIGITS:
            return replace(_plain_sum(call), buffer=(column("sum", LONG),), form=UnscaledForm(total))
        return _tracked_sum(call, Cast(Literal(0, LONG), total))
    if call.name == "try_sum" and total != DOUBLE:
        return _tracked_sum(call, _zero(total))
    return _plain_sum(call)


def _zero(data_type: DataType) -> Expression:
    return Literal(0, data_type)


def _plain_sum(call: AggregateCall) -> StreamAggregate:
    return StreamAggregate(
        (column("sum", call.type),),
        (call,),
        lambda old, new: (either(scalar(call, "+", call.type, old[0], new[0]), old[0], new[0]),),
        itself,
    )


def _tracked_sum(call: AggregateCall, zero: Expression) -> StreamAggregate:
    """A sum that is NULL once it has passed its bounds, with a flag that tells this from no values."""
    total = call.type
    quiet = replace(call, ansi=False) if isinstance(total, DecimalType) else call
    raises = call.ansi and call.name != "try_sum"

    def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
        added = _quiet_addition(total, old[0], new[0])
        kept = when(is_null(old[1]), new[0], added)
        return kept, both(either(old[1], _TRUE), new[1])

    def evaluate(kept: Expressions) -> Expression:
        value = _checked(call, kept[0], "sum") if raises else kept[0]
        return when(kept[1], Literal(None, total), value)

    return StreamAggregate(
        (column("sum", total), column("isEmpty", BOOLEAN, nullable=False)),
        (when(present(call), quiet, zero), negated(present(call))),
        merge,
        evaluate,
    )


def _quiet_addition(total: DataType, one: Expression, other: Expression) -> Expression:
    if isinstance(total, DecimalType):
        return Call("+", (one, other), total, ansi=False)
    return Call("try_add", (one, other), total)


def _checked(call: AggregateCall, value: Expression, function: str) -> Expression:
    """A decimal, or Spark's error of a sum that has passed 38 digits."""
    return Call(
        "stream_sum_in_bounds", (value, Literal(function, STRING)), value.data_type, origin=call.origin
    )


# ---- averages ---------------------------------------------------------------------------------


def _average(call: AggregateCall) -> StreamAggregate:
    source = call.arguments[0].data_type
    match source:
        case DecimalType(precision=precision) if isinstance(call.type, DecimalType):
            if precision + _AVERAGE_DIGITS <= _DOUBLE_DIGITS:
                return _average_of_digits(call, source, call.type)
            return _exact_average(call, source, call.type)
        case DayTimeIntervalType() | YearMonthIntervalType():
            return _interval_average(call, source)
    return _double_average(call)


def _double_average(call: AggregateCall) -> StreamAggregate:
    source = call.arguments[0]
    number = source if source.data_type == DOUBLE else Cast(source, DOUBLE)
    total = either(over(call, "sum", DOUBLE, (number,)), Literal(0.0, DOUBLE))
    return _mean(call, total, lambda kept: real("/", kept[0], Cast(kept[1], DOUBLE)))


def _average_of_digits(call: AggregateCall, source: DecimalType, result: DecimalType) -> StreamAggregate:
    exact = DecimalType(min(source.precision + _SUM_DIGITS, MAX_PRECISION), source.scale)
    digits = Call("stream_unscaled", (over(call, "sum", exact),), DOUBLE)

    def evaluate(kept: Expressions) -> Expression:
        mean = real("/", kept[0], Cast(kept[1], DOUBLE))
        mode = CastMode.ANSI if call.ansi else CastMode.LEGACY
        return Cast(real("/", mean, 10.0**source.scale), result, mode)

    return _mean(call, either(digits, Literal(0.0, DOUBLE)), evaluate)


def _mean(
    call: AggregateCall, total: Expression, quotient: Callable[[Expressions], Expression]
) -> StreamAggregate:
    """An average by a sum as DOUBLE."""
    zero, none = Literal(0.0, DOUBLE), Literal(0, LONG)

    def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
        return real("+", either(old[0], zero), new[0]), _counted(call, old[1], new[1])

    def evaluate(kept: Expressions) -> Expression:
        return when(Call(">", (kept[1], none), BOOLEAN), quotient(kept), Literal(None, call.type))

    buffer = (column("sum", DOUBLE), column("count", LONG))
    return StreamAggregate(buffer, (total, over(call, "count", LONG)), merge, evaluate)


def _exact_average(call: AggregateCall, source: DecimalType, result: DecimalType) -> StreamAggregate:
    total = DecimalType(min(source.precision + _SUM_DIGITS, MAX_PRECISION), source.scale)
    zero, none = Cast(Literal(0, LONG), total), Literal(0, LONG)
    quiet = replace(over(call, "sum", total), ansi=False)
    raises = call.ansi and call.name != "try_avg"

    def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
        added = when(is_null(old[1]), new[0], _quiet_addition(total, old[0], new[0]))
        return added, _counted(call, old[1], new[1])

    def evaluate(kept: Expressions) -> Expression:
        value = _checked(call, kept[0], "avg") if raises else kept[0]
        quotient = Call("/", (value, Cast(kept[1], DecimalType(20, 0))), result, ansi=raises)
        return when(Call(">", (kept[1], none), BOOLEAN), quotient, Literal(None, result))

    return StreamAggregate(
        (column("sum", total), column("count", LONG)),
        (when(present(call), quiet, zero), over(call, "count", LONG)),
        merge,
        evaluate,
    )


def _interval_average(call: AggregateCall, source: DataType) -> StreamAggregate:
    zero, none = _zero(source), Literal(0, LONG)
    is_try = call.name == "try_avg"

    def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
        name = "try_add" if is_try else "+"
        added = when(is_null(old[1]), new[0], scalar(call, name, source, old[0], new[0]))
        return added, _counted(call, old[1], new[1])

    def evaluate(kept: Expressions) -> Expression:
        quotient = Call("_interval_divide", (kept[0], kept[1]), call.type, ansi=call.ansi)
        return when(Call(">", (kept[1], none), BOOLEAN), quotient, Literal(None, call.type))

    summed = over(call, "try_sum" if is_try else "sum", source)
    return StreamAggregate(
        (column("sum", source), column("count", LONG)),
        (when(present(call), summed, zero), over(call, "count", LONG)),
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
            itself,
        )

    return rule


def _edge(name: str, *, keeps_old: bool) -> Rule:
    def rule(call: AggregateCall) -> StreamAggregate:
        is_set = present(call) if call.ignore_nulls else any_row(call)

        def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
            winner, other = (old, new) if keeps_old else (new, old)
            value = when(true_or_missing(winner[1]), winner[0], other[0])
            return value, Call("or", (true_or_missing(old[1]), true_or_missing(new[1])), BOOLEAN)

        return StreamAggregate(
            (column(name, call.type), column("valueSet", BOOLEAN, nullable=False)),
            (replace(call, name=name), is_set),
            merge,
            itself,
        )

    return rule


def _several(call: AggregateCall) -> StreamAggregate:
    """The rows that are kept, in slots, and a heap of the slots."""
    value, order, most = call.arguments
    kinds = (ArrayType(value.data_type), ArrayType(order.data_type), ArrayType(INTEGER))

    def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
        return tuple(
            Call(f"{call.name}.joined.{name}", (*old, *new, most), kind)
            for name, kind in zip(extremes.COLUMNS, kinds, strict=True)
        )

    return StreamAggregate(
        tuple(column(name, kind) for name, kind in zip(extremes.COLUMNS, (*kinds[:2], BINARY), strict=True)),
        tuple(
            over(call, f"{call.name}.{name}", kind)
            for name, kind in zip(extremes.COLUMNS, kinds, strict=True)
        ),
        merge,
        lambda kept: Call(f"{call.name}.picked", (*kept, most), call.type),
        extremes.HeapForm(*kinds[:2]),
    )


def _by(extreme: str, *, is_max: bool) -> Rule:
    def rule(call: AggregateCall) -> StreamAggregate:
        order = call.arguments[1]
        if len(call.arguments) > 2:  # noqa: PLR2004 - how many are asked for
            return _several(call)

        def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
            better = Call("stream_less", (new[1], old[1]) if is_max else (old[1], new[1]), BOOLEAN)
            keeps = both(negated(is_null(old[1])), Call("or", (is_null(new[1]), better), BOOLEAN))
            return when(keeps, old[0], new[0]), when(keeps, old[1], new[1])

        return StreamAggregate(
            (column("valueWithExtremumOrdering", call.type), column("extremumOrdering", order.data_type)),
            (call, over(call, extreme, order.data_type, (order,))),
            merge,
            itself,
        )

    return rule


# ---- one column that joins by an operator -------------------------------------------------------


def _joined(name: str, operator: str) -> Rule:
    def rule(call: AggregateCall) -> StreamAggregate:
        return StreamAggregate(
            (column(name, call.type),),
            (call,),
            lambda old, new: (either(Call(operator, (old[0], new[0]), call.type), old[0], new[0]),),
            itself,
        )

    return rule


RULES: Mapping[str, Rule] = {
    "count": _count,
    "count_if": _count,
    "regr_count": _count,
    "sum": _sum,
    "try_sum": _sum,
    "avg": _average,
    "mean": _average,
    "try_avg": _average,
    "min": _extreme("min", "stream_least"),
    "max": _extreme("max", "stream_greatest"),
    **dict.fromkeys(("first", "first_value", "any_value"), _edge("first", keeps_old=True)),
    **dict.fromkeys(("last", "last_value"), _edge("last", keeps_old=False)),
    "max_by": _by("max", is_max=True),
    "min_by": _by("min", is_max=False),
    **dict.fromkeys(("bool_and", "every"), _joined("min", "and")),
    **dict.fromkeys(("bool_or", "some", "any"), _joined("max", "or")),
    "bit_and": _joined("bit_and", "&"),
    "bit_or": _joined("bit_or", "|"),
    "bit_xor": _joined("bit_xor", "^"),
    "product": _joined("product", "*"),
}
