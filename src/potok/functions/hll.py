"""HyperLogLog++: how many distinct values there are, as Spark estimates it.

A value is its code: the register that its hash falls into times 64, and its rank there. Source of facts: Catalyst's
HyperLogLogPlusPlusHelper, and the paper that hll_tables.py names.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from potok.engine.kernel import Kernel
from potok.errors import unsupported
from potok.functions.base import Function, Input, ScalarFunction
from potok.functions.hll_tables import LOWEST_PRECISION, THRESHOLDS, biases, raw_estimates
from potok.plan.expressions import Cast, Expression, Literal
from potok.types import BOOLEAN, INTEGER, LONG, ArrayType

_RANK_BITS = 6
_HASH_BITS = 64
_NEIGHBOURS = 6
_DEFAULT_ERROR = 0.05
_HIGHEST_PRECISION = LOWEST_PRECISION + len(THRESHOLDS) - 1
Doubles = npt.NDArray[np.float64]


def hll_precision(error: Expression | None) -> int:
    """Bits of a hash that choose the register, for a relative standard deviation.

    Raises UNSUPPORTED_FEATURE for a computed deviation and one without known corrections.
    """
    deviation = _DEFAULT_ERROR if error is None else constant(error)
    precision = math.ceil(2.0 * math.log(1.106 / deviation) / math.log(2.0))
    if not LOWEST_PRECISION <= precision <= _HIGHEST_PRECISION:
        raise unsupported(
            f"approx_count_distinct with a deviation of {deviation}", "Use one between 0.003 and 0.39."
        )
    return precision


def constant(value: Expression) -> float:
    """A number that the program has written. Raises UNSUPPORTED_FEATURE for a computed one."""
    inner = value
    while isinstance(inner, Cast):
        inner = inner.child
    if not isinstance(inner, Literal) or inner.value is None:
        raise unsupported("a computed accuracy of an aggregate function", "Write it as a number.")
    return float(inner.value)


def hll_codes(hashes: pa.Array, missing: pa.Array, precision: pa.Array) -> pa.Array:
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


def hll_estimates(codes: pa.Array, precision: pa.Array) -> pa.Array:
    """The number of distinct values for each array of codes."""
    if not len(codes):
        return pa.array([], pa.int64())
    bits = int(precision[0].as_py())
    registers = 1 << bits
    values, of_list = codes.flatten(), np.asarray(pc.list_parent_indices(codes)).astype(np.int64)
    present = np.asarray(values.is_valid())
    parents, flat = of_list[present], np.asarray(values.drop_null()).astype(np.int64)
    places = parents * registers + (flat >> _RANK_BITS)
    order = np.lexsort((flat & 63, places))
    last = np.flatnonzero(np.diff(places[order], append=-1))
    best, group = (flat & 63)[order][last], parents[order][last]
    filled = np.bincount(group, minlength=len(codes))
    inverse = (np.bincount(group, np.ldexp(1.0, -best), len(codes)) + (registers - filled)).astype(np.float64)
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
    # The second limit is Spark's own.
    is_small = (by_empty <= THRESHOLDS[bits - LOWEST_PRECISION]) | (raw <= 2.5 * registers)
    linear = (empty > 0) & is_small
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


_CODES = Kernel("potok_hll_code", (LONG, BOOLEAN, INTEGER), INTEGER, hll_codes)
HLL_ESTIMATE = Kernel(
    "potok_hll_estimate", (ArrayType(INTEGER, contains_null=False), INTEGER), LONG, hll_estimates
)


FUNCTIONS: tuple[Function, ...] = (
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
        kernels=(HLL_ESTIMATE,),
    ),
)
