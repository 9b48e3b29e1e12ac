"""Decimal arithmetic: exact, then rounded half up to Spark's result type.

Each operation has a form in DuckDB's own decimals or HUGEINT where all digits fit 38, and a
kernel for the rest. Results that do not fit their type are NULL here; the caller raises.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.functions.parse_text import fit_decimal
from potok.functions.sql_text import let, let_all, sql_type
from potok.functions.type_rules import decimal_result
from potok.types import INTEGER, MAX_PRECISION, STRING, DecimalType

_LONG_DIGITS = 18
_DIVISION_SCALE = MAX_PRECISION + 1
_WIDE = decimal.Context(prec=400, rounding=decimal.ROUND_HALF_UP)


def _divide(left: decimal.Decimal, right: decimal.Decimal) -> decimal.Decimal | None:
    if not right:
        return None
    return _WIDE.quantize(_WIDE.divide(left, right), decimal.Decimal(1).scaleb(-_DIVISION_SCALE))


def _remainder(left: decimal.Decimal, right: decimal.Decimal) -> decimal.Decimal | None:
    return _WIDE.remainder(left, right) if right else None


def _whole_quotient(left: decimal.Decimal, right: decimal.Decimal) -> decimal.Decimal | None:
    return _WIDE.divide_int(left, right) if right else None


_OPERATIONS: dict[str, Callable[[decimal.Decimal, decimal.Decimal], decimal.Decimal | None]] = {
    "+": _WIDE.add,
    "-": _WIDE.subtract,
    "*": decimal.Context(prec=MAX_PRECISION + 1, rounding=decimal.ROUND_DOWN).multiply,
    "/": _divide,
    "%": _remainder,
    "div": _whole_quotient,
}


def _compute(
    operators: pa.Array, lefts: pa.Array, rights: pa.Array, precisions: pa.Array, scales: pa.Array
) -> pa.Array:
    values: list[str | None] = []
    columns = (operators, lefts, rights, precisions, scales)
    for operator, left, right, precision, scale in zip(*(c.to_pylist() for c in columns), strict=True):
        if left is None or right is None:
            values.append(None)
            continue
        result = _OPERATIONS[operator](decimal.Decimal(left), decimal.Decimal(right))
        if result is None or precision < 0:
            values.append(None if result is None else f"{result:f}")
        else:
            values.append(fit_decimal(result, precision, scale))
    return pa.array(values, pa.string())


DECIMAL_ARITHMETIC = Kernel(
    "potok_decimal_arithmetic", (STRING, STRING, STRING, INTEGER, INTEGER), STRING, _compute
)


def by_kernel(operator: str, left: str, right: str, target: DecimalType) -> str:
    """The operation on any digits."""
    return (
        f"CAST({_kernel_text(operator, left, right, target.precision, target.scale)} AS {sql_type(target)})"
    )


def unbounded_text(operator: str, left: str, right: str) -> str:
    """The plain digits of the exact result, for an error message."""
    return _kernel_text(operator, left, right, -1, 0)


def _kernel_text(operator: str, left: str, right: str, precision: int, scale: int) -> str:
    return (
        f"potok_decimal_arithmetic('{operator}', CAST({left} AS VARCHAR), CAST({right} AS VARCHAR),"
        f" {precision}, {scale})"
    )


def never_overflows(operator: str, left: DecimalType, right: DecimalType, target: DecimalType) -> bool:
    """Whether every result fits the target's digits."""
    integral_digits = target.precision - target.scale
    match operator:
        case "+" | "-":
            return max(left.precision - left.scale, right.precision - right.scale) < integral_digits
        case "*":
            return left.precision - left.scale + right.precision - right.scale <= integral_digits
        case "/":
            return left.precision - left.scale + right.scale <= integral_digits
    return True


def decimal_sql(
    operator: str, left: str, right: str, types: tuple[DecimalType, DecimalType], target: DecimalType
) -> str:
    """SQL of `left operator right`, neither NULL nor a zero divisor; NULL where the result does not fit."""
    one, other = types
    name = sql_type(target)
    match operator:
        case "+" | "-":
            if target == decimal_result(operator, one, other, allow_precision_loss=False) and _fits(
                one, other, 1
            ):
                left = _beyond_long(left, one, other, target.precision)
                return f"CAST(({left} {operator} {right}) AS {name})"
        case "*":
            if one.precision + other.precision <= MAX_PRECISION:
                left = _beyond_long(left, one, other, one.precision + other.precision)
                return f"TRY_CAST(({left} * {right}) AS {name})"
            if one.scale + other.scale <= MAX_PRECISION:
                return let_all(
                    (left, right),
                    lambda x, y: (
                        f"coalesce(TRY_CAST(TRY({x} * {y}) AS {name}), {by_kernel('*', x, y, target)})"
                    ),
                )
        case "%":
            if _fits(one, other, 0):
                return f"CAST(({left} % {right}) AS {name})"
        case "/":
            shift = target.scale + other.scale - one.scale
            if one.precision + shift < MAX_PRECISION and one.precision + one.scale <= MAX_PRECISION:
                return _quotient(left, right, types, target, shift)
    return by_kernel(operator, left, right, target)


def _beyond_long(left: str, one: DecimalType, other: DecimalType, digits: int) -> str:
    """The left operand in a type that the engine does not calculate in 64 bits, where the result has more.

    Of two operands of at most 18 digits it makes a result of at most 18 digits.
    """
    if digits <= _LONG_DIGITS or max(one.precision, other.precision) > _LONG_DIGITS:
        return left
    return f"CAST({left} AS {sql_type(DecimalType(_LONG_DIGITS + 1, one.scale))})"


def _fits(one: DecimalType, other: DecimalType, carry: int) -> bool:
    scale = max(one.scale, other.scale)
    return max(one.precision - one.scale, other.precision - other.scale) + scale + carry <= MAX_PRECISION


def power_of_ten(exponent: int) -> str:
    """An exact constant as a decimal."""
    return f"CAST('1{'0' * exponent}' AS DECIMAL({exponent + 1},0))"


def unscaled(sql: str, data_type: DecimalType, name: str = "HUGEINT") -> str:
    """The digits of a decimal as a whole number of a DuckDB type."""
    if not data_type.scale:
        return f"CAST({sql} AS {name})"
    if data_type.precision + data_type.scale <= MAX_PRECISION:
        return f"CAST({sql} * {power_of_ten(data_type.scale)} AS {name})"
    return f"CAST(replace(CAST({sql} AS VARCHAR), '.', '') AS {name})"


def scaled(sql: str, target: DecimalType) -> str:
    """A HUGEINT of digits as a decimal; NULL where there are too many."""
    if not target.scale:
        return f"TRY_CAST({sql} AS {sql_type(target)})"
    smallest = f"CAST('0.{'0' * (target.scale - 1)}1' AS DECIMAL({target.scale},{target.scale}))"
    return f"TRY_CAST(CAST({sql} AS DECIMAL(38,0)) * {smallest} AS {sql_type(target)})"


def _quotient(
    left: str, right: str, types: tuple[DecimalType, DecimalType], target: DecimalType, shift: int
) -> str:
    small = types[0].precision + shift < _LONG_DIGITS and types[1].precision < _LONG_DIGITS
    name = "BIGINT" if small else "HUGEINT"
    dividend = f"({unscaled(left, types[0], name)} * CAST('1{'0' * shift}' AS {name}))"

    def rounded(n: str, d: str) -> str:
        # Half up: the remainder counts from half of the divisor on; doubling it cannot overflow.
        away = f"CASE WHEN 2 * abs({n} % {d}) >= abs({d}) THEN CASE WHEN ({n} < 0) = ({d} < 0) THEN 1 ELSE -1 END ELSE 0 END"
        return scaled(f"({n} // {d} + {away})", target)

    return let(dividend, lambda n: let(unscaled(right, types[1], name), lambda d: rounded(n, d)))


KERNELS = (DECIMAL_ARITHMETIC,)
