"""Functions of streams that keep the values of a group: lists, sets, texts, percentiles, and distinct counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from potok.functions.hll import constant
from potok.functions.stream_aggregates_base import (
    Expressions,
    Form,
    Rule,
    StreamAggregate,
    both,
    column,
    itself,
    when,
)
from potok.functions.stream_aggregates_forms import (
    ArrayForm,
    BytesSetForm,
    CountsForm,
    QuantilesForm,
    RegistersForm,
)
from potok.plan.expressions import (
    AggregateCall,
    Call,
    Cast,
    Expression,
    GetStructField,
    LambdaVariable,
    Literal,
    SortOrder,
    next_expr_id,
)
from potok.types import (
    BINARY,
    BOOLEAN,
    INTEGER,
    LONG,
    STRING,
    ArrayType,
    DataType,
    NumericType,
    StructField,
    StructType,
)

_DEFAULT_ACCURACY = 10_000


def _kept_values(
    call: AggregateCall, value: Expression, form: Form, evaluate: LambdaVariable, result: Expression
) -> StreamAggregate:
    """All values that are not NULL; `result` is an aggregate over the variable."""
    array = ArrayType(value.data_type, contains_null=False)
    collected = replace(
        call, name="collect_list", arguments=(value,), type=array, order_by=(), ignore_nulls=False
    )
    return StreamAggregate(
        (column("buf", BINARY),),
        (collected,),
        _appended,
        lambda kept: Call("stream_over", (kept[0], result, evaluate), call.type),
        form,
    )


def _appended(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
    return (Call("stream_append", (old[0], new[0]), new[0].data_type),)


def _variable(data_type: DataType) -> LambdaVariable:
    return LambdaVariable("value", data_type, is_nullable=False, expr_id=next_expr_id())


def _collect_list(call: AggregateCall) -> StreamAggregate:
    element = call.arguments[0].data_type
    return StreamAggregate((column("buf", BINARY),), (call,), _appended, itself, ArrayForm(element))


def _collect_set(call: AggregateCall) -> StreamAggregate:
    return _kept_set(call, call.arguments[0].data_type)


def _collect_union(call: AggregateCall) -> StreamAggregate:
    if not isinstance(call.type, ArrayType):
        raise TypeError(call.type)
    return _kept_set(call, call.type.element)


def _kept_set(call: AggregateCall, element: DataType) -> StreamAggregate:
    def merge(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
        return (Call("stream_union", (old[0], new[0]), new[0].data_type),)

    form = BytesSetForm() if element == BINARY else ArrayForm(element)
    return StreamAggregate((column("buf", BINARY),), (call,), merge, itself, form)


def _listagg(call: AggregateCall) -> StreamAggregate:
    value = call.arguments[0]
    orders = [order.child for order in call.order_by]
    if all(order == value for order in orders):
        variable = _variable(value.data_type)
        order_by = tuple(replace(order, child=variable) for order in call.order_by)
        result = replace(call, arguments=(variable, *call.arguments[1:]), order_by=order_by, filter=None)
        return _kept_values(call, value, ArrayForm(value.data_type), variable, result)
    return _ordered_listagg(call, value, orders)


def _ordered_listagg(call: AggregateCall, value: Expression, orders: list[Expression]) -> StreamAggregate:
    parts = [value, *orders]
    names = [f"c{i}" for i in range(len(parts))]
    kind = StructType(tuple(StructField(n, p.data_type) for n, p in zip(names, parts, strict=True)))
    named = [item for n, p in zip(names, parts, strict=True) for item in (Literal(n, STRING), p)]
    row = Call("named_struct", tuple(named), kind, is_nullable=False)
    variable = _variable(kind)

    def part(position: int) -> Expression:
        return GetStructField(variable, position, names[position], parts[position].data_type)

    order_by = tuple(replace(order, child=part(i + 1)) for i, order in enumerate(call.order_by))
    result = replace(call, arguments=(part(0), *call.arguments[1:]), order_by=order_by, filter=None)
    is_present: Expression = Call("isnotnull", (value,), BOOLEAN, is_nullable=False)
    kept = is_present if call.filter is None else both(call.filter, is_present)
    return _kept_values(replace(call, filter=kept), row, ArrayForm(kind), variable, result)


def _uncast(value: Expression) -> Expression:
    """The value that Spark keeps: numbers and intervals before they become DOUBLE."""
    if isinstance(value, Cast) and isinstance(value.child.data_type, NumericType):
        return value.child
    if isinstance(value, Call) and value.name == "plain.number":
        return value.arguments[0]
    return value


def _recast(value: Expression, kept: Expression) -> Expression:
    """What is kept, as the function takes it."""
    if isinstance(value, Call) and value.name == "plain.number":
        return replace(value, arguments=(kept,))
    return kept if value.data_type == kept.data_type else Cast(kept, value.data_type)


def _counted(call: AggregateCall) -> StreamAggregate:
    value = call.arguments[0]
    kept = _uncast(value)
    variable = _variable(kept.data_type)
    number = _recast(value, variable)
    order_by = tuple(replace(order, child=number) for order in call.order_by)
    result = replace(call, arguments=(number, *call.arguments[1:2]), order_by=order_by, filter=None)
    kept_values = _kept_values(call, kept, CountsForm(kept.data_type), variable, result)
    if len(call.arguments) > 2:  # noqa: PLR2004 - the third says how often a value counts
        return replace(kept_values, partial=(_repeated(call, kept, call.arguments[2]),))
    return kept_values


def _repeated(call: AggregateCall, value: Expression, times: Expression) -> Expression:
    """Each value of the batch as often as it counts."""
    repeated = ArrayType(value.data_type, contains_null=False)
    number = Cast(times, INTEGER)
    checked = Call("stream_frequency", (times,), LONG)
    counts = Call(">", (checked, Literal(0, LONG)), BOOLEAN)
    nothing = Literal(None, repeated)
    rows_of_value = when(counts, Call("array_repeat", (value, number), repeated), nothing)
    row = when(Call("isnotnull", (value,), BOOLEAN, is_nullable=False), rows_of_value, nothing)
    rows = ArrayType(repeated, contains_null=False)
    collected = replace(
        call, name="collect_list", arguments=(row,), type=rows, order_by=(), ignore_nulls=False
    )
    return Call("flatten", (collected,), repeated)


def _counted_within_group(call: AggregateCall) -> StreamAggregate:
    (order,) = call.order_by
    kept = _uncast(order.child)
    variable = _variable(kept.data_type)
    number = _recast(order.child, variable)
    by: SortOrder = replace(order, child=number)
    return _kept_values(
        call, kept, CountsForm(kept.data_type), variable, replace(call, order_by=(by,), filter=None)
    )


def _approximate(call: AggregateCall) -> StreamAggregate:
    value, fraction, *rest = call.arguments
    accuracy = constant(rest[0]) if rest else _DEFAULT_ACCURACY
    variable = _variable(value.data_type)
    result = replace(call, arguments=(variable, fraction, *rest), filter=None)
    return _kept_values(call, value, QuantilesForm(value.data_type, int(accuracy)), variable, result)


def _distinct_count(call: AggregateCall) -> StreamAggregate:
    code, size = call.arguments
    if not isinstance(size, Literal):
        raise TypeError(size)
    form = RegistersForm(int(size.value))
    codes = replace(call, name="collect_set", arguments=(code,), type=ArrayType(INTEGER, contains_null=False))
    return StreamAggregate(
        tuple(column(f"MS[{i}]", LONG, nullable=False) for i in range(form.words)),
        (codes,),
        _appended,
        lambda kept: Call("stream_hll_estimate", (kept[0], size), LONG, is_nullable=False),
        form,
    )


RULES: Mapping[str, Rule] = {
    "collect_list": _collect_list,
    "array_agg": _collect_list,
    "collect_union": _collect_union,
    "collect_set": _collect_set,
    "listagg": _listagg,
    "string_agg": _listagg,
    "mode": _counted,
    "median": _counted,
    "percentile": _counted,
    "percentile_cont": _counted_within_group,
    "percentile_disc": _counted_within_group,
    "percentile_approx": _approximate,
    "approx_percentile": _approximate,
    "approx_count_distinct": _distinct_count,
}
