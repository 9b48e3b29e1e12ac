"""Sums of decimals of more than 28 digits, which may pass the 38 that a decimal has.

The engine fails where such a sum does not fit; Spark gives NULL or an error that names the way out. Values
below 10**28 (without their point) are summed as they are, of which 10**10 rows fit; the others as two numbers
of half their digits.
"""

from __future__ import annotations

from decimal import Decimal

from potok.functions.base import FILTER
from potok.functions.sql_text import let, let_all, sql_type
from potok.types import MAX_PRECISION, DecimalType

_SAFE_DIGITS = 28
_HALF = 10 ** (MAX_PRECISION // 2)
_LARGEST = 10**MAX_PRECISION - 1


def may_overflow(source: DecimalType) -> bool:
    """Whether so few rows of this type pass 38 digits that it may happen."""
    return source.precision > _SAFE_DIGITS


def decimal_sum(value: str, source: DecimalType, overflow: str, *, is_distinct: bool) -> str:
    """The sum as a decimal of 38 digits; `overflow` is SQL for a sum that does not fit.

    NULL where there are no values. Each aggregate in it takes the FILTER of the call.
    """
    target = sql_type(DecimalType(MAX_PRECISION, source.scale))
    limit = f"CAST('{Decimal(10**_SAFE_DIGITS).scaleb(-source.scale):f}' AS {target})"
    is_small = f"{value} BETWEEN -{limit} AND {limit}"
    distinct = "DISTINCT " if is_distinct else ""
    small = f"sum({distinct}CASE WHEN {is_small} THEN {value} END){FILTER}"

    def large(operator: str) -> str:
        if is_distinct:
            values = f"list(DISTINCT CASE WHEN NOT ({is_small}) THEN {value} END){FILTER}"
            return f"list_sum(list_transform({values}, lambda x: {_unscaled('x')} {operator} {_HALF}))"
        return f"sum(CASE WHEN NOT ({is_small}) THEN {_unscaled(value)} {operator} {_HALF} END){FILTER}"

    def total(s: str, high: str, low: str) -> str:
        rest = f"coalesce({_unscaled(s)}, 0)"
        halves = (f"({high} + {low} // {_HALF} + {rest} // {_HALF})", f"({low} % {_HALF} + {rest} % {_HALF})")
        joined = let_all(halves, lambda h, rest_: _joined(h, rest_, source.scale, target, overflow))
        return f"CASE WHEN {high} IS NULL THEN CAST({s} AS {target}) ELSE {joined} END"

    return let_all((small, large("//"), large("%")), total)


def _unscaled(value: str) -> str:
    return f"CAST(replace(CAST({value} AS VARCHAR), '.', '') AS HUGEINT)"


def _joined(high: str, low: str, scale: int, target: str, overflow: str) -> str:
    """The decimal of two halves, which may have different signs."""

    def scaled(total: str) -> str:
        text = f"CAST({total} AS VARCHAR)"
        if scale:
            whole = f"CAST(abs({total}) // {10**scale} AS VARCHAR)"
            digits = f"lpad(CAST(abs({total}) % {10**scale} AS VARCHAR), {scale}, '0')"
            text = f"concat(CASE WHEN {total} < 0 THEN '-' ELSE '' END, {whole}, '.', {digits})"
        return f"CASE WHEN abs({total}) <= {_LARGEST} THEN CAST({text} AS {target}) ELSE {overflow} END"

    fits = f"abs({high}) <= {_HALF + 2}"
    return f"CASE WHEN {fits} THEN {let(f'({high} * {_HALF} + {low})', scaled)} ELSE {overflow} END"
