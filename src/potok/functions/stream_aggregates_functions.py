"""The functions that streaming aggregates are made of and that no program calls by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from potok.engine.kernel import Kernel
from potok.functions.base import FILTER, AggregateFunction, Function, Input, ScalarFunction
from potok.functions.hll_tables import LOWEST_PRECISION, THRESHOLDS, biases, raw_estimates
from potok.functions.ordering import order_key
from potok.functions.raising import quote_text, raise_sql
from potok.functions.sql_text import let_all
from potok.plan.expressions import AggregateCall, Call, Expression, LambdaVariable, Literal
from potok.types import BOOLEAN, DOUBLE, INTEGER, LONG, ArrayType, DataType

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


# ---- distinct counts ----------------------------------------------------------------------------


def _codes(hashes: pa.Array, missing: pa.Array, precision: pa.Array) -> pa.Array:
    """Register * 64 + rank of each hash; NULL where the value is."""
    if not len(hashes):
        return pa.array([], pa.int32())
    bits = int(precision[0].as_py())
    unsigned = np.asarray(hashes).view(np.uint64)
    register = unsigned >> np.uint64(_HASH_BITS - bits)
    rest = unsigned << np.uint64(bits) | np.uint64(1 << (bits - 1))
    # The highest set bit: 32 bits at a time, which a double holds exactly.
    high, low = rest >> np.uint64(32), rest & np.uint64(0xFFFFFFFF)
    length = np.where(
        high > 0, np.frexp(high.astype(np.float64))[1] + 32, np.frexp(low.astype(np.float64))[1]
    )
    rank = _HASH_BITS - length + 1
    codes = (register.astype(np.int64) << _RANK_BITS | rank).astype(np.int32)
    return pa.array(codes, mask=np.asarray(missing))


def _estimates(codes: pa.Array, precision: pa.Array) -> pa.Array:
    """The number of distinct values for each array of codes."""
    if not len(codes):
        return pa.array([], pa.int64())
    bits = int(precision[0].as_py())
    registers = 1 << bits
    parents = np.asarray(pc.list_parent_indices(codes)).astype(np.int64)
    flat = np.asarray(codes.flatten()).astype(np.int64)
    places = parents * registers + (flat >> _RANK_BITS)
    order = np.lexsort((flat & 63, places))
    last = np.flatnonzero(np.diff(places[order], append=-1))
    best, group = (flat & 63)[order][last], parents[order][last]
    filled = np.bincount(group, minlength=len(codes))
    inverse: Doubles = np.bincount(group, np.ldexp(1.0, -best), len(codes)) + (registers - filled)
    return pa.array(_corrected(inverse, registers - filled, bits))


def _corrected(inverse: Doubles, empty: npt.NDArray[np.int64], bits: int) -> npt.NDArray[np.int64]:
    registers = float(1 << bits)
    alpha = {4: 0.673, 5: 0.697, 6: 0.709}.get(bits, 0.7213 / (1.0 + 1.079 / registers))
    raw = alpha * registers * registers / inverse
    result = raw.copy()
    small = raw < 5.0 * registers
    result[small] -= _bias(raw[small], bits)
    with np.errstate(divide="ignore"):
        by_empty = registers * np.log(registers / empty)
    linear = (empty > 0) & (by_empty <= THRESHOLDS[bits - LOWEST_PRECISION])
    chosen = np.where(linear, by_empty, result)
    rounded: npt.NDArray[np.int64] = np.floor(chosen + 0.5).astype(np.int64)
    return rounded


def _bias(estimates: Doubles, bits: int) -> Doubles:
    """The mean bias of the six known estimates that are nearest."""
    known, bias = raw_estimates(bits), biases(bits)
    found = np.empty(estimates.size)
    for i, estimate in enumerate(estimates.tolist()):
        nearest = int(np.searchsorted(known, estimate))
        low = max(nearest - _NEIGHBOURS + 1, 0)
        high = min(low + _NEIGHBOURS, known.size)
        while high < known.size and (estimate - known[high]) ** 2 < (estimate - known[low]) ** 2:
            low, high = low + 1, high + 1
        found[i] = bias[low:high].mean()
    return found


_CODES = Kernel("potok_hll_code", (LONG, BOOLEAN, INTEGER), INTEGER, _codes)
_ESTIMATE = Kernel("potok_hll_estimate", (ArrayType(INTEGER, contains_null=False), INTEGER), LONG, _estimates)


def _aggregate(name: str, emit: object) -> AggregateFunction:
    return AggregateFunction(name, (Input.ANY, Input.ANY), DOUBLE, emit=emit, optional=1)  # type: ignore[arg-type]


def _scalar(name: str, count: int, emit: object) -> ScalarFunction:
    return ScalarFunction(name, (Input.ANY,) * count, _first_type, emit=emit)  # type: ignore[arg-type]


FUNCTIONS: tuple[Function, ...] = (
    _scalar("stream_sum_in_bounds", 2, _emit_in_bounds),
    _scalar("stream_unscaled", 1, "CAST(CAST(replace(CAST({0} AS VARCHAR), '.', '') AS HUGEINT) AS DOUBLE)"),
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
    ScalarFunction(
        "stream_hll_code",
        (LONG, Input.ANY, INTEGER),
        INTEGER,
        emit="potok_hll_code({0}, {1} IS NULL, {2})",
        kernels=(_CODES,),
    ),
    ScalarFunction(
        "stream_hll_estimate",
        (Input.ANY, INTEGER),
        LONG,
        emit="potok_hll_estimate({0}, {1})",
        kernels=(_ESTIMATE,),
    ),
)
