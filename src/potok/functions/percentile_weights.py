"""Percentiles of values that count several times. Source of facts: PercentileBase."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError
from potok.functions.sketch_base import groups
from potok.types import DOUBLE, LONG, ArrayType, arrow_type

_DOUBLES, _LONGS = ArrayType(DOUBLE), ArrayType(LONG)


def _percentiles(values: pa.Array, weights: pa.Array, fractions: pa.Array) -> pa.Array:
    """The percentiles of each group, NULL where it has no value."""
    found: list[list[float] | None] = []
    for numbers, times, wanted in zip(
        groups(values, keeps_nulls=True), groups(weights, keeps_nulls=True), groups(fractions), strict=True
    ):
        present = np.asarray(numbers.is_valid()) & np.asarray(times.is_valid())
        counts = np.asarray(times.fill_null(0))[present]
        if (counts < 0).any():
            raise SparkError(
                "NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION",
                frequencyExpression='"boundreference()"',
                negativeValue=f"{int(counts[counts < 0][0])}L",
            )
        kept = np.asarray(numbers.fill_null(0.0))[present][counts > 0]
        found.append(_of_group(kept, counts[counts > 0], np.asarray(wanted)) if kept.size else None)
    return pa.array(found, arrow_type(_DOUBLES))


def _of_group(
    values: np.typing.NDArray[np.float64],
    counts: np.typing.NDArray[np.int64],
    fractions: np.typing.NDArray[np.float64],
) -> list[float]:
    order = np.argsort(values, kind="stable")
    ends, ordered = np.cumsum(counts[order]), values[order]
    results = []
    for position in ((ends[-1] - 1) * fractions).tolist():
        low, high = int(np.floor(position)), int(np.ceil(position))
        one, other = (float(ordered[np.searchsorted(ends, place + 1)]) for place in (low, high))
        is_exact = low == high or one == other
        results.append(one if is_exact else (high - position) * one + (position - low) * other)
    return results


PERCENTILES = Kernel("potok_percentiles_of_counts", (_DOUBLES, _LONGS, _DOUBLES), _DOUBLES, _percentiles)
