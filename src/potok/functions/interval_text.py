"""Intervals as text."""

from __future__ import annotations

from potok.types import DayTimeIntervalType, YearMonthIntervalType

_DAY_TIME = ("DAY", "HOUR", "MINUTE", "SECOND")
_YEAR_MONTH = ("YEAR", "MONTH")
_MICROS = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000)


def _name(names: tuple[str, ...], start: int, end: int) -> str:
    return names[start] if start == end else f"{names[start]} TO {names[end]}"


def day_time_text(v: str, data_type: DayTimeIntervalType) -> str:
    """SQL: `INTERVAL '1 02:03:04.5' DAY TO SECOND` of BIGINT microseconds."""
    start, end = data_type.start, data_type.end
    size = f"abs(CAST({v} AS HUGEINT))"
    parts: list[str] = []
    for position in range(start, end + 1):
        micros = _MICROS[position]
        amount = (
            f"({size} // {micros})"
            if position == start
            else f"({size} % {_MICROS[position - 1]} // {micros})"
        )
        text = f"CAST({amount} AS VARCHAR)"
        if position != start or (position > 0 and start != end):
            text = f"lpad({text}, 2, '0')"
        elif position > 0:
            text = f"lpad({text}, greatest(2, len({text}))::INTEGER, '0')"
        if position == 3:  # noqa: PLR2004 - seconds
            fraction = f"lpad(CAST({size} % 1000000 AS VARCHAR), 6, '0')"
            text = f"{text} || CASE WHEN {size} % 1000000 = 0 THEN '' ELSE '.' || rtrim({fraction}, '0') END"
        if position > start:
            text = f"'{' ' if position == 1 else ':'}' || {text}"
        parts.append(text)
    sign = f"CASE WHEN {v} < 0 THEN '-' ELSE '' END"
    return f"'INTERVAL ''' || {sign} || {' || '.join(parts)} || ''' {_name(_DAY_TIME, start, end)}'"


def year_month_text(v: str, data_type: YearMonthIntervalType) -> str:
    """SQL: `INTERVAL '1-2' YEAR TO MONTH` of INTEGER months."""
    size = f"abs(CAST({v} AS BIGINT))"
    sign = f"CASE WHEN {v} < 0 THEN '-' ELSE '' END"
    match data_type.start, data_type.end:
        case 0, 0:
            body = f"CAST({size} // 12 AS VARCHAR)"
        case 1, 1:
            body = f"CAST({size} AS VARCHAR)"
        case _:
            body = f"CAST({size} // 12 AS VARCHAR) || '-' || CAST({size} % 12 AS VARCHAR)"
    return f"'INTERVAL ''' || {sign} || {body} || ''' {_name(_YEAR_MONTH, data_type.start, data_type.end)}'"


def calendar_interval_text(v: str) -> str:
    """SQL: `1 years 2 months 3 days 4 hours 5 minutes 6.5 seconds` of an INTERVAL; `0 seconds` of none."""
    months = f"CAST(datepart('year', {v}) * 12 + datepart('month', {v}) AS BIGINT)"
    days = f"CAST(datepart('day', {v}) AS BIGINT)"
    micros = f"CAST(datepart('hour', {v}) * 3600000000 + datepart('minute', {v}) * 60000000 + datepart('microsecond', {v}) AS BIGINT)"

    def unit(amount: str, name: str) -> str:
        return f"CASE WHEN {amount} <> 0 THEN CAST({amount} AS VARCHAR) || ' {name}' END"

    def toward_zero(amount: str, size: int) -> str:
        return f"(sign({amount})::BIGINT * (abs({amount}) // {size}))"

    def rest(amount: str, size: int) -> str:
        return f"(sign({amount})::BIGINT * (abs({amount}) % {size}))"

    second_micros = rest(micros, 60_000_000)
    fraction = f"rtrim(lpad(CAST(abs({second_micros}) % 1000000 AS VARCHAR), 6, '0'), '0')"
    seconds = (
        f"CASE WHEN {second_micros} <> 0 THEN CASE WHEN {second_micros} < 0 THEN '-' ELSE '' END"
        f" || CAST(abs({second_micros}) // 1000000 AS VARCHAR)"
        f" || CASE WHEN {second_micros} % 1000000 = 0 THEN '' ELSE '.' || {fraction} END || ' seconds' END"
    )
    parts = ", ".join(
        (
            unit(toward_zero(months, 12), "years"),
            unit(rest(months, 12), "months"),
            unit(days, "days"),
            unit(toward_zero(micros, 3_600_000_000), "hours"),
            unit(rest(toward_zero(micros, 60_000_000), 60), "minutes"),
            seconds,
        )
    )
    return f"CASE WHEN {v} IS NOT NULL THEN coalesce(nullif(concat_ws(' ', {parts}), ''), '0 seconds') END"
