"""Values to day-time and year-month intervals."""

from __future__ import annotations

from potok.errors import unsupported
from potok.functions.conversion import Conversion
from potok.functions.sql_text import let
from potok.types import DayTimeIntervalType, IntegralType, YearMonthIntervalType

_UNIT_MICROS = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000)


def to_day_time_interval(sql: str, cast: Conversion, target: DayTimeIntervalType) -> str:
    """BIGINT microseconds; finer fields than the target's last one are cut off."""
    unit = _UNIT_MICROS[target.end]
    match cast.source:
        case DayTimeIntervalType(end=end):
            if end <= target.end:
                return sql
            return let(sql, lambda v: f"({v} - {v} % {unit})")
        case IntegralType():
            return f"(CAST({sql} AS BIGINT) * {unit})"
    raise unsupported(
        f"Casting {cast.source.sql} to {target.sql}", "Use make_dt_interval.", origin=cast.origin
    )


def to_year_month_interval(sql: str, cast: Conversion, target: YearMonthIntervalType) -> str:
    """INTEGER months; months are cut off where the target only has years."""
    match cast.source:
        case YearMonthIntervalType(end=end):
            if end <= target.end:
                return sql
            return let(sql, lambda v: f"({v} - {v} % 12)")
        case IntegralType():
            return f"CAST(CAST({sql} AS BIGINT) * {1 if target.end else 12} AS INTEGER)"
    raise unsupported(
        f"Casting {cast.source.sql} to {target.sql}", "Use make_ym_interval.", origin=cast.origin
    )
