"""Values to BOOLEAN and the numeric types."""

from __future__ import annotations

from potok.functions.conversion import Conversion
from potok.functions.raising import raise_sql
from potok.functions.sql_text import let, sql_type
from potok.types import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    LONG,
    TIMESTAMP,
    DayTimeIntervalType,
    DecimalType,
    FractionalType,
    IntegerType,
    IntegralType,
    LongType,
    NumericType,
    StringType,
    YearMonthIntervalType,
)  # fmt: skip

MICROS_PER_SECOND = 1_000_000
EXACT_DOUBLE_DIGITS = 15
_INTEGRAL_DIGITS = {8: 3, 16: 5, 32: 10, 64: 19}
_UNIT_MICROS = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000)


def bounds(target: IntegralType) -> tuple[int, int]:
    """The least and the greatest value."""
    return -(1 << (target.bits - 1)), (1 << (target.bits - 1)) - 1


def wrapped(value: str, target: IntegralType) -> str:
    """The low bits of a whole number, as Java narrows. The value is BIGINT or smaller."""
    half, mask = 1 << (target.bits - 1), (1 << target.bits) - 1
    return f"CAST(((((CAST({value} AS BIGINT) & {mask}) + {half}) & {mask}) - {half}) AS {sql_type(target)})"


# ---- boolean ----------------------------------------------------------------------------------


def to_boolean(sql: str, cast: Conversion) -> str:
    """Numbers: not zero. Texts: t, true, y, yes, 1 and their opposites, in any case, trimmed."""
    match cast.source:
        case StringType():
            return let(sql, lambda v: _text_to_boolean(v, cast))
        case NumericType():
            return let(sql, lambda v: f"({v} <> 0)") if cast.source != DOUBLE else f"({sql} <> 0)"
    if cast.source == TIMESTAMP:
        return f"(epoch_us({sql}) <> 0)"
    return cast.null


def _text_to_boolean(v: str, cast: Conversion) -> str:
    return (
        f"CASE WHEN {v} = 'true' THEN true WHEN {v} = 'false' THEN false WHEN {v} IS NULL THEN NULL"
        f" ELSE coalesce(potok_parse_boolean({v}), {cast.malformed(v)}) END"
    )


# ---- integers ---------------------------------------------------------------------------------


def to_integral(sql: str, cast: Conversion) -> str:
    """A whole number; fractions are cut off."""
    target = cast.target
    assert isinstance(target, IntegralType)  # noqa: S101 - the dispatch knows
    name = sql_type(target)
    match cast.source:
        case StringType():
            return let(sql, lambda v: _text_to_integral(v, cast))
        case IntegralType(bits=bits):
            if bits <= target.bits:
                return f"CAST({sql} AS {name})"
            if cast.is_legacy:
                return wrapped(sql, target)
            return let(sql, lambda v: _in_range(v, v, cast, target))
        case DecimalType():
            return let(sql, lambda v: _decimal_to_integral(v, cast, target))
        case FractionalType():
            return let(sql, lambda v: _floating_to_integral(v, cast, target))
        case DayTimeIntervalType(end=end):
            return let(f"({sql} // {_UNIT_MICROS[end]})", lambda v: _in_range(v, v, cast, target))
        case YearMonthIntervalType(end=end):
            return let(f"({sql} // {1 if end else 12})", lambda v: _in_range(v, v, cast, target))
    if cast.source == BOOLEAN:
        return f"CAST({sql} AS {name})"
    if cast.source == TIMESTAMP:
        return let(f"epoch_us({sql})", lambda v: _seconds_to_integral(v, cast, target))
    return cast.null


def _in_range(value: str, shown: str, cast: Conversion, target: IntegralType) -> str:
    lowest, highest = bounds(target)
    return (
        f"CASE WHEN {value} BETWEEN {lowest} AND {highest} THEN CAST({value} AS {sql_type(target)})"
        f" WHEN {value} IS NULL THEN NULL ELSE {cast.overflow(shown)} END"
    )


def _text_to_integral(v: str, cast: Conversion) -> str:
    name = sql_type(cast.target)
    number = f"TRY_CAST(potok_parse_whole({v}, {'true' if cast.is_legacy else 'false'}) AS {name})"
    return (
        f"CASE WHEN CAST(TRY_CAST({v} AS {name}) AS VARCHAR) = {v} THEN TRY_CAST({v} AS {name})"
        f" WHEN {v} IS NULL THEN NULL ELSE coalesce({number}, {cast.malformed(v)}) END"
    )


def _decimal_to_integral(v: str, cast: Conversion, target: IntegralType) -> str:
    assert isinstance(cast.source, DecimalType)  # noqa: S101 - the dispatch knows
    whole = f"trunc({v})" if cast.source.scale else v
    if not cast.is_legacy:
        return (
            f"CASE WHEN {whole} BETWEEN {bounds(target)[0]} AND {bounds(target)[1]}"
            f" THEN CAST({whole} AS {sql_type(target)}) WHEN {v} IS NULL THEN NULL ELSE {cast.overflow(v)} END"
        )
    if cast.source.precision - cast.source.scale <= 18:  # noqa: PLR2004 - digits that always fit a BIGINT
        return wrapped(f"CAST({whole} AS BIGINT)", target)
    low = f"(CAST({whole} AS HUGEINT) % 18446744073709551616)"
    long = (
        f"CAST(CASE WHEN {low} > 9223372036854775807 THEN {low} - 18446744073709551616"
        f" WHEN {low} < -9223372036854775808 THEN {low} + 18446744073709551616 ELSE {low} END AS BIGINT)"
    )
    return long if target == LONG else wrapped(long, target)


def _floating_to_integral(v: str, cast: Conversion, target: IntegralType) -> str:
    lowest, highest = bounds(target)
    if target == LONG:
        # 2^63 itself is the nearest double of the greatest BIGINT and saturates.
        whole = (
            f"CASE WHEN {v} >= 9223372036854775807::DOUBLE THEN {highest} ELSE CAST(trunc({v}) AS BIGINT) END"
        )
        inside = f"{v} BETWEEN -9223372036854775808::DOUBLE AND 9223372036854775807::DOUBLE"
    else:
        whole = f"CAST(trunc({v}) AS {sql_type(target)})"
        inside = f"({v} > {lowest - 1} AND {v} < {highest + 1})"
    if not cast.is_legacy:
        return f"CASE WHEN {inside} THEN {whole} WHEN {v} IS NULL THEN NULL ELSE {cast.overflow(v)} END"
    if target.bits < IntegerType.bits:
        wide = Conversion(cast.source, IntegerType(), cast.mode, cast.origin)
        return let(_floating_to_integral(v, wide, IntegerType()), lambda w: wrapped(w, target))
    return (
        f"CASE WHEN {v} IS NULL THEN NULL WHEN isnan({v}) THEN 0 WHEN {inside} THEN {whole}"
        f" WHEN {v} > 0 THEN {highest} ELSE {lowest} END"
    )


def _seconds_to_integral(micros: str, cast: Conversion, target: IntegralType) -> str:
    seconds = f"(({micros} - (({micros} % {MICROS_PER_SECOND}) + {MICROS_PER_SECOND}) % {MICROS_PER_SECOND}) // {MICROS_PER_SECOND})"
    if isinstance(target, LongType):
        return seconds
    lowest, highest = bounds(target)
    return (
        f"CASE WHEN {seconds} BETWEEN {lowest} AND {highest} THEN CAST({seconds} AS {sql_type(target)})"
        f" WHEN {micros} IS NULL THEN NULL ELSE {cast.overflow(f'make_timestamptz({micros})')} END"
    )


# ---- floating point ---------------------------------------------------------------------------


def to_floating(sql: str, cast: Conversion) -> str:
    """DOUBLE or FLOAT, correctly rounded."""
    name = sql_type(cast.target)
    match cast.source:
        case StringType():
            return let(sql, lambda v: _text_to_floating(v, cast))
        case DecimalType(precision=precision):
            if precision <= EXACT_DOUBLE_DIGITS and cast.target == DOUBLE:
                return f"CAST({sql} AS DOUBLE)"
            return f"CAST(CAST({sql} AS VARCHAR) AS {name})"
        case IntegralType():
            return f"CAST({sql} AS {name})"
    if cast.source == DOUBLE:
        return let(sql, double_to_float)
    if cast.source == FLOAT:
        return f"CAST({sql} AS DOUBLE)"
    if cast.source == BOOLEAN:
        return f"CAST(CAST({sql} AS INTEGER) AS {name})"
    if cast.source == TIMESTAMP:
        return f"CAST(epoch_us({sql}) / {MICROS_PER_SECOND}::DOUBLE AS {name})"
    return cast.null


def double_to_float(v: str) -> str:
    """Rounded to the nearest; what is too great becomes infinite."""
    return (
        f"CASE WHEN abs({v}) < 3.4028235677973366e38 OR NOT isfinite({v}) THEN CAST({v} AS FLOAT)"
        f" WHEN {v} IS NULL THEN NULL WHEN {v} > 0 THEN CAST('Infinity' AS FLOAT)"
        f" ELSE CAST('-Infinity' AS FLOAT) END"
    )


def _text_to_floating(v: str, cast: Conversion) -> str:
    name = sql_type(cast.target)
    slow = f"potok_parse_double({v})"
    number = slow if cast.target == DOUBLE else let(slow, double_to_float)
    # DuckDB reads also 1_000, +-1, nan(1) and -nan. A text that begins with a digit, a point, or one of them
    # behind a minus, and has no `_`, means the same to both.
    suspect = f"{v} < '-' OR {v} >= ':' OR contains({v}, '_') OR ({v} >= '-:' AND {v} < '.')"
    return (
        f"coalesce(CASE WHEN {suspect} THEN NULL ELSE TRY_CAST({v} AS {name}) END,"
        f" CASE WHEN {v} IS NOT NULL THEN coalesce({number}, {cast.malformed(v)}) END)"
    )


# ---- decimals ---------------------------------------------------------------------------------


def to_decimal(sql: str, cast: Conversion) -> str:
    """An exact number rounded half up (away from zero) to the target's scale."""
    target = cast.target
    assert isinstance(target, DecimalType)  # noqa: S101 - the dispatch knows
    name = sql_type(target)
    match cast.source:
        case StringType():
            return let(sql, lambda v: _text_to_decimal(v, cast, target))
        case DecimalType(precision=precision, scale=scale):
            if scale <= target.scale and precision - scale <= target.precision - target.scale:
                return f"CAST({sql} AS {name})"
            return let(sql, lambda v: _checked(f"TRY_CAST({v} AS {name})", v, cast, f"CAST({v} AS VARCHAR)"))
        case IntegralType(bits=bits):
            if _INTEGRAL_DIGITS[bits] <= target.precision - target.scale:
                return f"CAST({sql} AS {name})"
            return let(sql, lambda v: _checked(f"TRY_CAST({v} AS {name})", v, cast, f"CAST({v} AS VARCHAR)"))
        case FractionalType():
            wide = sql if cast.source == DOUBLE else f"CAST({sql} AS DOUBLE)"
            return let(wide, lambda v: _floating_to_decimal(v, cast, target))
        case DayTimeIntervalType(end=end):
            digits = f"CAST({sql} / {_UNIT_MICROS[end]}::DOUBLE AS VARCHAR)"
            return let(sql, lambda v: _checked(f"TRY_CAST({digits} AS {name})", v, cast, digits))
        case YearMonthIntervalType(end=end):
            return f"CAST(({sql} // {1 if end else 12}) AS {name})"
    if cast.source == BOOLEAN:
        number = f"CAST({sql} AS INTEGER)"
        return to_decimal(number, Conversion(IntegerType(), target, cast.mode, cast.origin))
    if cast.source == TIMESTAMP:
        exact = f"(CAST(epoch_us({sql}) AS DECIMAL(19,0)) * CAST('0.000001' AS DECIMAL(6,6)))"
        return to_decimal(exact, Conversion(DecimalType(25, 6), target, cast.mode, cast.origin))
    return cast.null


def _checked(number: str, v: str, cast: Conversion, digits: str) -> str:
    if not cast.is_ansi:
        return number
    return (
        f"CASE WHEN {number} IS NOT NULL OR {v} IS NULL THEN {number} ELSE {cast.out_of_decimal(digits)} END"
    )


def _floating_to_decimal(v: str, cast: Conversion, target: DecimalType) -> str:
    # NaN and infinities become NULL even in ANSI mode.
    number = f"TRY_CAST(CAST({v} AS VARCHAR) AS {sql_type(target)})"
    if not cast.is_ansi:
        return f"CASE WHEN isfinite({v}) THEN {number} END"
    failed = cast.out_of_decimal(f"potok_plain_decimal(CAST({v} AS VARCHAR))")
    return f"CASE WHEN NOT isfinite({v}) OR {v} IS NULL THEN NULL WHEN {number} IS NOT NULL THEN {number} ELSE {failed} END"


def _text_to_decimal(v: str, cast: Conversion, target: DecimalType) -> str:
    name = sql_type(target)
    parsed = f"potok_parse_decimal({v}, {target.precision}, {target.scale})"
    digits = f"potok_plain_decimal({v})"
    failed = cast.null
    if cast.is_ansi:
        too_long = raise_sql("NUMERIC_OUT_OF_SUPPORTED_RANGE", None, value=v)
        failed = (
            f"CASE WHEN {digits} IS NULL THEN {cast.malformed(v)} WHEN {digits} = '' THEN {too_long}"
            f" ELSE {cast.out_of_decimal(digits)} END"
        )
    return (
        f"coalesce(CASE WHEN contains({v}, '_') THEN NULL ELSE TRY_CAST({v} AS {name}) END,"
        f" CASE WHEN {v} IS NOT NULL THEN coalesce(CAST({parsed} AS {name}), {failed}) END)"
    )
