"""The functions that streaming aggregates are made of and that no program calls by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from potok.functions.base import FILTER, AggregateFunction, Function, Input, ScalarFunction
from potok.functions.ordering import order_key
from potok.functions.raising import quote_text, raise_sql
from potok.functions.sql_text import let_all
from potok.plan.expressions import AggregateCall, Call, Expression, LambdaVariable, Literal
from potok.types import DOUBLE, DataType

_RANK_BITS = 6
_HASH_BITS = 64
_NEIGHBOURS = 6
Doubles = npt.NDArray[np.float64]


# ---- sums and choices -------------------------------------------------------------------------


def _emit_in_bounds(call: Call, arguments: Sequence[str]) -> str:
    """A sum of decimals; NULL means that it has passed 38 digits."""
    name = call.arguments[1]
    function = name.value if isinstance(name, Literal) else "sum"
    failed = raise_sql(
        "ARITHMETIC_OVERFLOW",
        call.origin,
        message=quote_text("Overflow in sum of decimals"),
        alternative=quote_text(f" Use 'try_{function}' to tolerate overflow and return NULL instead."),
        config=quote_text('"spark.sql.ansi.enabled"'),
    )
    return f"CASE WHEN {arguments[0]} IS NULL THEN {failed} ELSE {arguments[0]} END"


def _emit_frequency(call: Call, arguments: Sequence[str]) -> str:
    """How often a value counts."""
    failed = raise_sql(
        "NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION",
        call.origin,
        frequencyExpression=quote_text('"boundreference()"'),
        negativeValue=f"concat({arguments[0]}, 'L')",
    )
    return f"CASE WHEN {arguments[0]} < 0 THEN {failed} ELSE {arguments[0]} END"


def _emit_less(call: Call, arguments: Sequence[str]) -> str:
    kind = call.arguments[0].data_type
    return f"({order_key(arguments[0], kind, always=True)} < {order_key(arguments[1], kind, always=True)})"


def _emit_chosen(operator: str, call: Call, arguments: Sequence[str]) -> str:
    """The kept value unless the new one is less, or greater."""
    old, new = arguments
    one, other = (order_key(a, call.type, always=True) for a in (new, old))
    return f"CASE WHEN {old} IS NULL OR {one} {operator} {other} THEN {new} ELSE {old} END"


def _emit_over(call: Call, arguments: Sequence[str]) -> str:
    """An aggregate over the elements of an array, which the variable stands for."""
    variable = call.arguments[2]
    if not isinstance(variable, LambdaVariable):
        raise TypeError(variable)
    elements = f"SELECT unnest({arguments[0]}) AS v{variable.expr_id}"
    return f"(SELECT {arguments[1]} FROM ({elements}))"


def _first_type(arguments: Sequence[Expression]) -> DataType:
    return arguments[0].data_type


# ---- moments ----------------------------------------------------------------------------------


def _emit_moment(power: int, call: AggregateCall, arguments: Sequence[str]) -> str:
    del call
    value = arguments[0]

    def summed(values: str, mean: str) -> str:
        return f"coalesce(list_sum(list_transform({values}, lambda d: (d - {mean}) ** {power})), 0.0::DOUBLE)"

    return let_all((f"list({value}){FILTER}", f"avg({value}){FILTER}"), summed)


def _emit_second_moment(_: AggregateCall, arguments: Sequence[str]) -> str:
    value = arguments[0]
    return f"coalesce(var_pop({value}){FILTER} * count({value}){FILTER}, 0.0::DOUBLE)"


def _emit_co_moment(_: AggregateCall, arguments: Sequence[str]) -> str:
    pair = ", ".join(arguments)
    return f"coalesce(covar_pop({pair}){FILTER} * regr_count({pair}){FILTER}, 0.0::DOUBLE)"


def _aggregate(name: str, emit: object) -> AggregateFunction:
    return AggregateFunction(name, (Input.ANY, Input.ANY), DOUBLE, emit=emit, optional=1)  # type: ignore[arg-type]


def _scalar(name: str, count: int, emit: object) -> ScalarFunction:
    return ScalarFunction(name, (Input.ANY,) * count, _first_type, emit=emit)  # type: ignore[arg-type]


FUNCTIONS: tuple[Function, ...] = (
    _scalar("stream_sum_in_bounds", 2, _emit_in_bounds),
    _scalar("stream_unscaled", 1, "CAST(CAST(replace(CAST({0} AS VARCHAR), '.', '') AS HUGEINT) AS DOUBLE)"),
    _scalar("stream_frequency", 1, _emit_frequency),
    _scalar("stream_less", 2, _emit_less),
    _scalar("stream_least", 2, partial(_emit_chosen, "<")),
    _scalar("stream_greatest", 2, partial(_emit_chosen, ">")),
    _scalar("stream_over", 3, _emit_over),
    _scalar("stream_append", 2, "CASE WHEN {0} IS NULL THEN {1} ELSE list_concat({0}, {1}) END"),
    _scalar(
        "stream_union", 2, "CASE WHEN {0} IS NULL THEN {1} ELSE list_distinct(list_concat({0}, {1})) END"
    ),
    _aggregate("stream_moment_2", _emit_second_moment),
    _aggregate("stream_moment_3", partial(_emit_moment, 3)),
    _aggregate("stream_moment_4", partial(_emit_moment, 4)),
    _aggregate("stream_co_moment", _emit_co_moment),
)
