"""Functions of dates and times."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from potok.errors import SparkError
from potok.functions import time_kernels as k
from potok.functions.base import Function, FunctionContext, Input, InputType, Nullability, ScalarFunction
from potok.functions.mismatch import any_nullable, call, same, unexpected_argument
from potok.functions.parse_text import PARSE_LOCAL_TIMESTAMP, PARSE_TIMESTAMP
from potok.functions.raising import quote_text, raise_sql
from potok.functions.sql_text import let, let_all
from potok.functions.type_rules import cast_to, implicit_cast
from potok.functions.zones import TO_INSTANT, instant, local
from potok.plan.expressions import Call, Cast, CastMode, Expression, Literal
from potok.types import (
    BOOLEAN,
    CALENDAR_INTERVAL,
    DATE,
    DAY_TIME_INTERVAL,
    DOUBLE,
    INTEGER,
    LONG,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    YEAR_MONTH_INTERVAL,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    FractionalType,
    IntegralType,
    NullType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)  # fmt: skip

ANY = Input.ANY
ALWAYS = Nullability.ALWAYS
DEFAULT_PATTERN = "yyyy-MM-dd HH:mm:ss"
MICROS_PER_DAY = 86_400_000_000
_CONFIG = '"spark.sql.ansi.enabled"'
_SECONDS_TYPE = DecimalType(8, 6)
_STRFTIME = {
    "yyyy": "%Y", "yy": "%y", "MM": "%m", "M": "%-m", "MMM": "%b", "MMMM": "%B", "dd": "%d", "d": "%-d", "HH": "%H",
    "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S", "SSS": "%g",
    "SSSSSS": "%f", "a": "%p", "E": "%a", "EE": "%a", "EEE": "%a", "EEEE": "%A", "DDD": "%j", "D": "%-j",
}  # fmt: skip
_EXACT_TO_READ = frozenset({"yyyy", "MM", "dd", "HH", "mm", "ss", "SSS", "SSSSSS"})
_PIECES = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z'\[\]{}#]", re.ASCII)

Emit = str | Callable[[Call, Sequence[str]], str]


def strftime_format(pattern: str, *, to_read: bool = False) -> str | None:
    """The pattern for DuckDB's strftime, or None where it has no exact one."""
    out, position = [], 0
    for match in _PIECES.finditer(pattern):
        if match.start() != position:
            return None
        position = match.end()
        if match[2]:
            known = _STRFTIME.get(match[0])
            if known is None or (to_read and match[0] not in _EXACT_TO_READ):
                return None
            out.append(known)
        else:
            literal = (match[1] or "'").replace("''", "'") if match[0].startswith("'") else match[0]
            out.append(literal.replace("%", "%%"))
    return "".join(out) if position == len(pattern) else None


def _pattern_of(expression: Expression) -> str | None:
    if isinstance(expression, Literal) and isinstance(expression.value, str):
        return expression.value
    return None


# ---- fields -----------------------------------------------------------------------------------


def _bind_clock(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (moment,) = arguments
    if not isinstance(moment.data_type, TimestampNTZType):
        cast = implicit_cast(moment, TIMESTAMP, context)
        if cast is None:
            raise unexpected_argument(0, moment.data_type, '("TIMESTAMP" or "TIMESTAMP_NTZ")')
        moment = cast
    return call(name, (moment,), INTEGER, context)


def local_of(call_: Call, sql: str, position: int = 0) -> str:
    """The local time of an argument that is a timestamp of either kind."""
    return sql if call_.arguments[position].data_type == TIMESTAMP_NTZ else local(sql)


def _emit_clock(part: str, call_: Call, arguments: Sequence[str]) -> str:
    return f"CAST({part}({local_of(call_, arguments[0])}) AS INTEGER)"


_FIELDS: dict[str, str] = {
    **dict.fromkeys(("year", "y", "years", "yr", "yrs"), "year"),
    **dict.fromkeys(("quarter", "qtr"), "quarter"),
    **dict.fromkeys(("month", "mon", "mons", "months"), "month"),
    **dict.fromkeys(("week", "w", "weeks"), "weekofyear"),
    **dict.fromkeys(("day", "d", "days"), "day"),
    **dict.fromkeys(("dayofweek", "dow"), "dayofweek"),
    **dict.fromkeys(("dayofweek_iso", "dow_iso"), "_dayofweek_iso"),
    "doy": "dayofyear",
    "yearofweek": "_year_of_week",
    **dict.fromkeys(("hour", "h", "hours", "hr", "hrs"), "hour"),
    **dict.fromkeys(("minute", "m", "min", "mins", "minutes"), "minute"),
    **dict.fromkeys(("second", "s", "sec", "seconds", "secs"), "_second_with_fraction"),
}
_INTERVAL_FIELDS = frozenset({"year", "month", "day", "hour", "minute", "_second_with_fraction"})


def _bind_extract(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    field, source = arguments
    text = _pattern_of(field)
    if text is None:
        if isinstance(field, Literal) and field.value is None:
            return Literal(None, DOUBLE)
        raise SparkError(
            "NON_FOLDABLE_ARGUMENT", funcName=f"`{name}`", paramName="`field`", paramType='"STRING"'
        )
    function = _FIELDS.get(text.lower())
    intervals = (DayTimeIntervalType, YearMonthIntervalType, CalendarIntervalType)
    if function is not None and isinstance(source.data_type, intervals) and function in _INTERVAL_FIELDS:
        result: DataType = _SECONDS_TYPE if function == "_second_with_fraction" else INTEGER
        return call(f"_interval_{function.strip('_').split('_')[0]}", (source,), result, context)
    if function is None or isinstance(source.data_type, intervals):
        raise SparkError("INVALID_EXTRACT_FIELD", field=f"`{text}`", expr='"' + source.data_type.sql + '"')
    if function in {"hour", "minute", "_second_with_fraction"}:
        bound = _bind_clock(function, (source,), context)
        return call(function, bound.arguments, _SECONDS_TYPE if function[0] == "_" else INTEGER, context)  # type: ignore[attr-defined]
    date = implicit_cast(source, DATE, context)
    if date is None:
        raise unexpected_argument(1, source.data_type, '"DATE"')
    return call(function, (date,), INTEGER, context)


def _emit_second_with_fraction(call_: Call, arguments: Sequence[str]) -> str:
    micros = f"epoch_us({local_of(call_, arguments[0])})"
    return let(
        micros,
        lambda v: (
            f"CAST(CAST((({v} % 60000000) + 60000000) % 60000000 AS DECIMAL(8,0)) * CAST('0.000001' AS DECIMAL(6,6)) AS DECIMAL(8,6))"
        ),
    )


def _emit_interval_part(name: str, call_: Call, arguments: Sequence[str]) -> str:
    value, source = arguments[0], call_.arguments[0].data_type
    if isinstance(source, YearMonthIntervalType):
        return f"CAST({value} {'// 12' if name == 'year' else '% 12'} AS INTEGER)"
    if isinstance(source, CalendarIntervalType):
        if name == "second":
            return f"CAST(datepart('microsecond', {value}) / 1000000 AS DECIMAL(8,6))"
        if name == "hour":
            return f"CAST(datepart('hour', {value}) AS INTEGER)"
        return f"CAST(datepart('{name}', {value}) AS INTEGER)"
    if name == "second":
        return f"CAST(CAST({value} % 60000000 AS DECIMAL(8,0)) * CAST('0.000001' AS DECIMAL(6,6)) AS DECIMAL(8,6))"
    size, within = {"day": (MICROS_PER_DAY, 0), "hour": (3_600_000_000, 24), "minute": (60_000_000, 60)}[name]
    return f"CAST({value} // {size}{f' % {within}' if within else ''} AS INTEGER)"


# ---- shifting ---------------------------------------------------------------------------------

_WEEKDAYS = {
    **dict.fromkeys(("MO", "MON", "MONDAY"), 1), **dict.fromkeys(("TU", "TUE", "TUESDAY"), 2),
    **dict.fromkeys(("WE", "WED", "WEDNESDAY"), 3), **dict.fromkeys(("TH", "THU", "THURSDAY"), 4),
    **dict.fromkeys(("FR", "FRI", "FRIDAY"), 5), **dict.fromkeys(("SA", "SAT", "SATURDAY"), 6),
    **dict.fromkeys(("SU", "SUN", "SUNDAY"), 7),
}  # fmt: skip


def _emit_next_day(call_: Call, arguments: Sequence[str]) -> str:
    branches = " ".join(f"WHEN '{name}' THEN {number}" for name, number in _WEEKDAYS.items())

    def moved(d: str, w: str) -> str:
        failed = "NULL"
        if call_.ansi:
            failed = raise_sql("ILLEGAL_DAY_OF_WEEK", call_.origin, string=w)
        target = f"CASE upper(trim({w})) {branches} END"
        return let(
            target,
            lambda t: (
                f"CASE WHEN {d} IS NULL OR {w} IS NULL THEN NULL WHEN {t} IS NULL THEN {failed}"
                f" ELSE {d} + CAST((({t} - isodow({d}) + 6) % 7) + 1 AS INTEGER) END"
            ),
        )

    return let_all(arguments, moved)


def _emit_months_between(_: Call, arguments: Sequence[str]) -> str:
    rounding = arguments[2] if len(arguments) > 2 else "true"  # noqa: PLR2004 - the optional rounding

    def between(a: str, b: str) -> str:
        months = f"((year({a}) - year({b})) * 12 + month({a}) - month({b}))"
        both_last = f"(CAST({a} AS DATE) = last_day({a}) AND CAST({b} AS DATE) = last_day({b}))"
        seconds = f"((epoch_us({a}) - epoch_us(date_trunc('day', {a}))) // 1000000 - (epoch_us({b}) - epoch_us(date_trunc('day', {b}))) // 1000000)"
        exact = f"({months} + ((day({a}) - day({b})) * 86400 + {seconds}) / 2678400::DOUBLE)"
        rounded = (
            f"CASE WHEN {rounding} THEN floor({exact} * 100000000 + 0.5) / 100000000::DOUBLE ELSE {exact} END"
        )
        return f"CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL WHEN day({a}) = day({b}) OR {both_last} THEN CAST({months} AS DOUBLE) ELSE {rounded} END"

    return let_all((local(arguments[0]), local(arguments[1])), between)


def _bind_days(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    date, days = arguments
    start = implicit_cast(date, DATE, context)
    if start is None:
        raise unexpected_argument(0, date.data_type, '"DATE"')
    count: Expression | None = days
    if not (isinstance(days.data_type, IntegralType) and days.data_type.bits <= INTEGER.bits):
        is_wide = isinstance(days.data_type, FractionalType) or days.data_type == LONG
        count = None if is_wide else implicit_cast(days, INTEGER, context)
    if count is None:
        raise unexpected_argument(1, days.data_type, '("INT" or "SMALLINT" or "TINYINT")')
    return call(name, (start, count), DATE, context)


_UNIT_MICROS = {
    "MICROSECOND": 1, "MILLISECOND": 1000, "SECOND": 1_000_000, "MINUTE": 60_000_000, "HOUR": 3_600_000_000,
}  # fmt: skip
_UNIT_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_UNIT_DAYS = {"DAY": 1, "DAYOFYEAR": 1, "WEEK": 7}


def _bind_timestamp_add(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if len(arguments) == 2:  # noqa: PLR2004 - dateadd(date, days)
        return _bind_days("date_add", arguments, context)
    unit, count, moment = arguments
    text = _unit(name, unit)
    size = implicit_cast(count, LONG, context)
    if size is None:
        raise unexpected_argument(1, count.data_type, '"BIGINT"')
    moment = _moment(moment, 2, context)
    return call("timestampadd", (Literal(text, STRING), size, moment), moment.data_type, context)


def _unit(name: str, unit: Expression) -> str:
    text = (_pattern_of(unit) or "").upper().removesuffix("S")
    if text not in _UNIT_MICROS | _UNIT_MONTHS | _UNIT_DAYS:
        raise SparkError(
            "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
            functionName=f"`{name}`",
            parameter="`unit`",
            invalidValue=f"'{text}'",
        )
    return text


def _moment(expression: Expression, position: int, context: FunctionContext) -> Expression:
    if isinstance(expression.data_type, TimestampNTZType | TimestampType):
        return expression
    cast = implicit_cast(expression, TIMESTAMP, context)
    if cast is None:
        raise unexpected_argument(position, expression.data_type, '"TIMESTAMP"')
    return cast


def _emit_timestamp_add(call_: Call, arguments: Sequence[str]) -> str:
    unit = _pattern_of(call_.arguments[0]) or ""
    _, count, moment = arguments
    if unit in _UNIT_MICROS:
        make = "make_timestamp" if call_.type == TIMESTAMP_NTZ else "make_timestamptz"
        return f"{make}(epoch_us({moment}) + {count} * {_UNIT_MICROS[unit]})"
    if unit in _UNIT_MONTHS:
        step = f"to_months(CAST({count} * {_UNIT_MONTHS[unit]} AS INTEGER))"
    else:
        step = f"to_days(CAST({count} * {_UNIT_DAYS[unit]} AS INTEGER))"
    if call_.type == TIMESTAMP_NTZ:
        return f"({moment} + {step})"
    return instant(f"({local(moment)} + {step})")


def _bind_timestamp_difference(
    name: str, arguments: Sequence[Expression], context: FunctionContext
) -> Expression:
    if len(arguments) == 2:  # noqa: PLR2004 - datediff(end, start)
        dates = [implicit_cast(a, DATE, context) for a in arguments]
        for position, (cast, argument) in enumerate(zip(dates, arguments, strict=True)):
            if cast is None:
                raise unexpected_argument(position, argument.data_type, '"DATE"')
        return call("datediff", [d for d in dates if d is not None], INTEGER, context)
    unit, start, end = arguments
    text = _unit(name, unit)
    pair = (_moment(start, 1, context), _moment(end, 2, context))
    return call("timestampdiff", (Literal(text, STRING), *pair), LONG, context)


def _emit_timestamp_difference(call_: Call, arguments: Sequence[str]) -> str:
    unit = _pattern_of(call_.arguments[0]) or ""
    if unit in _UNIT_MICROS:
        return f"((epoch_us({arguments[2]}) - epoch_us({arguments[1]})) // {_UNIT_MICROS[unit]})"
    start, end = (local_of(call_, arguments[i], i) for i in (1, 2))
    if unit in _UNIT_DAYS:
        return f"((epoch_us({end}) - epoch_us({start})) // {_UNIT_DAYS[unit] * MICROS_PER_DAY})"
    return let_all((start, end), lambda a, b: f"({_whole_months(a, b)} // {_UNIT_MONTHS[unit]})")


def _whole_months(start: str, end: str) -> str:
    within = "(epoch_us({v}) - epoch_us(date_trunc('month', {v})))"
    first, last = within.replace("{v}", start), within.replace("{v}", end)
    months = f"((year({end}) - year({start})) * 12 + month({end}) - month({start}))"
    return (
        f"({months} - CASE WHEN {months} > 0 AND {last} < {first} THEN 1"
        f" WHEN {months} < 0 AND {last} > {first} THEN -1 ELSE 0 END)"
    )


# ---- truncation -------------------------------------------------------------------------------

_DATE_UNITS = {
    **dict.fromkeys(("YEAR", "YYYY", "YY"), "year"), "QUARTER": "quarter",
    **dict.fromkeys(("MONTH", "MM", "MON"), "month"), "WEEK": "week",
}  # fmt: skip
_TIME_UNITS = _DATE_UNITS | {
    **dict.fromkeys(("DAY", "DD"), "day"), "HOUR": "hour", "MINUTE": "minute", "SECOND": "second",
    "MILLISECOND": "millisecond", "MICROSECOND": "microsecond",
}  # fmt: skip


def _truncated(units: dict[str, str], unit: Expression, unit_sql: str, value: str) -> str:
    constant = _pattern_of(unit)
    if constant is not None:
        found = units.get(constant.upper())
        return f"date_trunc('{found}', {value})" if found else "CAST(NULL AS TIMESTAMP)"
    branches = " ".join(f"WHEN '{name}' THEN date_trunc('{part}', {value})" for name, part in units.items())
    return f"CASE upper({unit_sql}) {branches} END"


def _emit_trunc(call_: Call, arguments: Sequence[str]) -> str:
    return let(
        arguments[0],
        lambda v: f"CAST({_truncated(_DATE_UNITS, call_.arguments[1], arguments[1], v)} AS DATE)",
    )


def _emit_date_trunc(call_: Call, arguments: Sequence[str]) -> str:
    unit = call_.arguments[0]
    if call_.type == TIMESTAMP_NTZ:
        return let(arguments[1], lambda v: _truncated(_TIME_UNITS, unit, arguments[0], v))
    found = _TIME_UNITS.get((_pattern_of(unit) or "").upper())
    if found in {"second", "millisecond", "microsecond"}:
        size = {"second": 1_000_000, "millisecond": 1000, "microsecond": 1}[found]
        return let(
            f"epoch_us({arguments[1]})",
            lambda v: f"make_timestamptz({v} - (({v} % {size}) + {size}) % {size})",
        )
    return instant(let(local(arguments[1]), lambda v: _truncated(_TIME_UNITS, unit, arguments[0], v)))


def _bind_date_trunc(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    unit, moment = arguments
    text = implicit_cast(unit, STRING, context)
    if text is None:
        raise unexpected_argument(0, unit.data_type, '"STRING"')
    moment = _moment(moment, 1, context)
    return call("date_trunc", (text, moment), moment.data_type, context, nullable=True)


# ---- texts ------------------------------------------------------------------------------------


def _bind_date_format(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    moment, pattern = arguments
    text = implicit_cast(pattern, STRING, context)
    if text is None:
        raise unexpected_argument(1, pattern.data_type, '"STRING"')
    if isinstance(moment.data_type, TimestampNTZType):
        moment = cast_to(moment, TIMESTAMP, context)
    return call("date_format", (_moment(moment, 0, context), text), STRING, context)


def _emit_date_format(call_: Call, arguments: Sequence[str]) -> str:
    return formatted(arguments[0], arguments[1], _pattern_of(call_.arguments[1]))


def formatted(moment: str, pattern: str, constant: str | None) -> str:
    """SQL: a TIMESTAMP as text by a Java pattern (its value where it is a constant)."""
    by_kernel = f"potok_format_time(epoch_us({moment}), {pattern}, current_setting('TimeZone'))"
    if constant is None:
        return by_kernel
    k.time_pattern(constant)
    written = strftime_format(constant)
    if written is None:
        return by_kernel

    def chosen(v: str) -> str:
        inside = f"{v} >= TIMESTAMP '0001-01-01' AND {v} < TIMESTAMP '10000-01-01'"
        return f"CASE WHEN {inside} THEN strftime({v}, {quote_text(written)}) ELSE potok_format_local_time(epoch_us({v}), {pattern}) END"

    return let(local(moment), chosen)


def _bind_parse(
    name: str, target: DataType, arguments: Sequence[Expression], context: FunctionContext
) -> Expression:
    is_try = name.startswith("try_")
    mode = CastMode.TRY if is_try else CastMode.ANSI if context.ansi else CastMode.LEGACY
    value, *rest = arguments
    if not rest:
        if value.data_type == target:
            return value
        if isinstance(value.data_type, NullType):
            return Literal(None, target)
        return Cast(value, target, mode, explicit=False)
    pattern = implicit_cast(rest[0], STRING, context)
    if pattern is None:
        raise unexpected_argument(1, rest[0].data_type, '"STRING"')
    moment = TIMESTAMP if target == DATE else target
    if isinstance(value.data_type, DateType | TimestampType | TimestampNTZType):
        return cast_to(cast_to(value, moment, context), target, context)
    text = implicit_cast(value, STRING, context)
    if text is None:
        raise unexpected_argument(
            0, value.data_type, '("STRING" or "DATE" or "TIMESTAMP" or "TIMESTAMP_NTZ")'
        )
    name = "_parse_date" if target == DATE else "_parse_time"
    strict = context.ansi and not is_try
    parsed = Call(name, (text, pattern), moment, not strict or any_nullable((text, pattern)), strict)
    return cast_to(parsed, target, context)


def _emit_parse_time(call_: Call, arguments: Sequence[str]) -> str:
    is_local = call_.type == TIMESTAMP_NTZ
    pattern_sql = arguments[1]
    constant = _pattern_of(call_.arguments[1])
    if constant is not None:
        k.reading_pattern(constant)
    to_read = None if constant is None else strftime_format(constant, to_read=True)

    def slow(t: str) -> str:
        if is_local:
            return f"make_timestamp(potok_parse_local_time({t}, {pattern_sql}))"
        return f"make_timestamptz(potok_parse_time({t}, {pattern_sql}, current_setting('TimeZone')))"

    def parsed(t: str) -> str:
        if to_read is None or not all(part in constant for part in ("yyyy",)):  # type: ignore[operator]
            return slow(t)
        written = quote_text(to_read)
        plain = f"try_strptime({t}, {written})"
        fast = plain if is_local else instant(plain)
        return f"CASE WHEN strftime({plain}, {written}) = {t} THEN {fast} ELSE {slow(t)} END"

    def checked(t: str) -> str:
        if not call_.ansi:
            return parsed(t)
        failed = raise_sql(
            "CANNOT_PARSE_TIMESTAMP",
            call_.origin,
            message=f"potok_parse_failure({t}, {pattern_sql})",
            func=quote_text("`try_to_date`" if call_.name == "_parse_date" else "`try_to_timestamp`"),
        )
        return let(
            parsed(t),
            lambda p: (
                f"CASE WHEN {p} IS NOT NULL OR {t} IS NULL OR {pattern_sql} IS NULL THEN {p} ELSE {failed} END"
            ),
        )

    return let(arguments[0], checked)


def _bind_unix_timestamp(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if not arguments:
        return call("_now_seconds", (), LONG, context, nullable=False)
    value, *rest = arguments
    pattern = rest[0] if rest else Literal(DEFAULT_PATTERN, STRING)
    moment = _bind_parse("to_timestamp", TIMESTAMP, (value, pattern), context)
    return call("unix_seconds", (moment,), LONG, context)


def _emit_from_unixtime(call_: Call, arguments: Sequence[str]) -> str:
    pattern = arguments[1] if len(arguments) > 1 else quote_text(DEFAULT_PATTERN)
    constant = _pattern_of(call_.arguments[1]) if len(arguments) > 1 else DEFAULT_PATTERN
    return formatted(f"make_timestamptz({arguments[0]} * 1000000)", pattern, constant)


# ---- making -----------------------------------------------------------------------------------


def _out_of_bounds(call_: Call, message: str) -> str:
    return raise_sql("DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION", call_.origin, rangeMessage=message)


def _range_message(y: str, m: str, d: str) -> str:
    return (
        f"CASE WHEN {m} NOT BETWEEN 1 AND 12 THEN concat('Invalid value for MonthOfYear (valid values 1 - 12): ', {m})"
        f" WHEN {d} NOT BETWEEN 1 AND 31 THEN concat('Invalid value for DayOfMonth (valid values 1 - 28/31): ', {d})"
        f" WHEN {m} = 2 AND {d} = 29 THEN concat('Invalid date ''February 29'' as ''', {y}, ''' is not a leap year')"
        f" ELSE concat('Invalid date ''', upper(monthname(make_date(2000, CAST({m} AS BIGINT), 1))), ' ', {d}, '''') END"
    )


def _emit_make_date(call_: Call, arguments: Sequence[str]) -> str:
    def made(y: str, m: str, d: str) -> str:
        date = f"TRY(make_date(CAST({y} AS BIGINT), CAST({m} AS BIGINT), CAST({d} AS BIGINT)))"
        if not call_.ansi:
            return date
        return let(
            date,
            lambda v: (
                f"CASE WHEN {v} IS NOT NULL OR {y} IS NULL OR {m} IS NULL OR {d} IS NULL THEN {v} ELSE {_out_of_bounds(call_, _range_message(y, m, d))} END"
            ),
        )

    return let_all(arguments, made)


_MAKE_SECONDS = DecimalType(16, 6)


def _bind_make_timestamp(
    name: str, target: DataType, arguments: Sequence[Expression], context: FunctionContext
) -> Expression:
    is_try = name.startswith("try_")
    inputs = (INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, _MAKE_SECONDS, STRING)
    cast = []
    for position, (argument, wanted) in enumerate(zip(arguments, inputs, strict=False)):
        found = implicit_cast(argument, wanted, context)
        if found is None:
            raise unexpected_argument(position, argument.data_type, '"' + wanted.sql + '"')
        cast.append(cast_to(found, wanted, context))
    return Call(
        name,
        tuple(cast),
        target,
        any_nullable(cast) or is_try or not context.ansi,
        context.ansi and not is_try,
    )


def _emit_make_timestamp(call_: Call, arguments: Sequence[str]) -> str:
    zone = arguments[6] if len(arguments) > 6 else None  # noqa: PLR2004 - the optional zone

    def made(y: str, mo: str, d: str, h: str, mi: str, s: str) -> str:
        date = f"TRY(make_date(CAST({y} AS BIGINT), CAST({mo} AS BIGINT), CAST({d} AS BIGINT)))"
        inside = f"{h} BETWEEN 0 AND 23 AND {mi} BETWEEN 0 AND 59 AND ({s} >= 0 AND {s} < 60 OR {s} = 60)"
        micros = f"CAST({s} * 1000000 AS BIGINT)"
        value = f"make_timestamp(epoch_us({date}) + ({h} * 3600 + {mi} * 60)::BIGINT * 1000000 + {micros})"
        plain = f"CASE WHEN {inside} THEN {value} END"
        if call_.type == TIMESTAMP:
            plain = instant(plain) if zone is None else f"potok_instant_in({plain}, {zone})"
        if not call_.ansi:
            return plain
        parts = [y, mo, d, h, mi, s, *([zone] if zone else [])]
        nulls = " OR ".join(f"{p} IS NULL" for p in parts)
        message = (
            f"CASE WHEN {h} NOT BETWEEN 0 AND 23 THEN concat('Invalid value for HourOfDay (valid values 0 - 23): ', {h})"
            f" WHEN {mi} NOT BETWEEN 0 AND 59 THEN concat('Invalid value for MinuteOfHour (valid values 0 - 59): ', {mi})"
            f" WHEN {s} < 0 OR {s} > 60 THEN concat('Invalid value for SecondOfMinute (valid values 0 - 59): ', CAST(trunc({s}) AS INTEGER))"
            f" ELSE {_range_message(y, mo, d)} END"
        )
        return let(
            plain,
            lambda v: (
                f"CASE WHEN {v} IS NOT NULL OR {nulls} THEN {v} ELSE {_out_of_bounds(call_, message)} END"
            ),
        )

    return let_all(arguments[:6], made)


def _seconds_nullable(arguments: Sequence[Expression]) -> bool:
    (value,) = arguments
    return value.nullable or isinstance(value.data_type, FloatType | DoubleType)


def _emit_timestamp_seconds(call_: Call, arguments: Sequence[str]) -> str:
    if isinstance(call_.arguments[0].data_type, IntegralType):
        return f"make_timestamptz(CAST({arguments[0]} AS BIGINT) * 1000000)"
    return f"make_timestamptz(CAST(trunc({arguments[0]} * 1000000) AS BIGINT))"


def _since_epoch(moment: str, size: int) -> str:
    """Whole units of `size` microseconds, rounded down."""
    return let(
        moment,
        lambda v: f"(epoch_us({v}) // {size} - CASE WHEN epoch_us({v}) % {size} < 0 THEN 1 ELSE 0 END)",
    )


def _emit_convert_timezone(_: Call, arguments: Sequence[str]) -> str:
    source, target, moment = arguments if len(arguments) == 3 else ("current_setting('TimeZone')", *arguments)  # noqa: PLR2004
    return f"potok_local_in(potok_instant_in({moment}, {source}), {target})"


def _literal_zone(_: Sequence[Expression], context: FunctionContext) -> Expression:
    return Literal(context.time_zone, STRING)


def _emit_make_interval(_: Call, arguments: Sequence[str]) -> str:
    years, months, weeks, days, hours, minutes, seconds = [*arguments, *["0"] * (7 - len(arguments))]
    return (
        f"(to_months(CAST({years} * 12 + {months} AS INTEGER)) + to_days(CAST({weeks} * 7 + {days} AS INTEGER))"
        f" + to_microseconds(CAST(({hours} * 3600 + {minutes} * 60)::BIGINT * 1000000 + {seconds} * 1000000 AS BIGINT)))"
    )


def _emit_make_dt_interval(_: Call, arguments: Sequence[str]) -> str:
    days, hours, minutes, seconds = [*arguments, *["0"] * (4 - len(arguments))]
    return (
        f"CAST(({days}::BIGINT * 86400 + {hours}::BIGINT * 3600 + {minutes}::BIGINT * 60) * 1000000"
        f" + CAST({seconds} * 1000000 AS BIGINT) AS BIGINT)"
    )


# ---- the table --------------------------------------------------------------------------------


def _row(
    name: str,
    inputs: tuple[InputType, ...],
    result: DataType,
    emit: Emit = "",
    *kernels: object,
    **more: object,
) -> ScalarFunction:
    return ScalarFunction(name, inputs, result, emit=emit, kernels=(*kernels, TO_INSTANT), **more)  # type: ignore[arg-type]


def _date_field(name: str, sql: str) -> ScalarFunction:
    return _row(name, (DATE,), INTEGER, f"CAST({sql} AS INTEGER)")


_DAY = _date_field("day", "day({0})")
_WEEKDAY_TEXT = "strftime({0}, '%a')"
_EXTRACT = _row("extract", (STRING, ANY), INTEGER, bind=partial(_bind_extract, "extract"))
_DATE_ADD = _row("date_add", (ANY, ANY), DATE, "({0} + {1})", bind=partial(_bind_days, "date_add"))
_TIMESTAMP_ADD = _row(
    "timestampadd",
    (ANY, ANY, ANY),
    TIMESTAMP,
    _emit_timestamp_add,
    optional=1,
    bind=partial(_bind_timestamp_add, "timestampadd"),
)
_DIFFERENCE = _row(
    "timestampdiff",
    (ANY, ANY, ANY),
    LONG,
    _emit_timestamp_difference,
    optional=1,
    bind=partial(_bind_timestamp_difference, "timestampdiff"),
)
_DATEDIFF = _row(
    "datediff",
    (ANY, ANY, ANY),
    INTEGER,
    "CAST({0} - {1} AS INTEGER)",
    optional=1,
    bind=partial(_bind_timestamp_difference, "datediff"),
)
_NOW = _row("current_timestamp", (), TIMESTAMP, "$now", nullable=Nullability.NEVER)
_TODAY = _row("current_date", (), DATE, f"CAST({local('$now')} AS DATE)", nullable=Nullability.NEVER)
_UNIX = _row("unix_timestamp", (ANY, STRING), LONG, optional=2, bind=_bind_unix_timestamp)
_PARSE_KERNELS = (k.PARSE_TIME, k.PARSE_LOCAL_TIME, k.PARSE_FAILURE, PARSE_TIMESTAMP, PARSE_LOCAL_TIMESTAMP)


def _parser(name: str, target: DataType) -> ScalarFunction:
    return _row(name, (ANY, STRING), target, optional=1, bind=partial(_bind_parse, name, target))


def _make_timestamp(name: str, target: DataType) -> ScalarFunction:
    return _row(
        name,
        (ANY,) * 7,
        target,
        _emit_make_timestamp,
        k.INSTANT_IN,
        optional=1,
        bind=partial(_bind_make_timestamp, name, target),
    )


FUNCTIONS: tuple[Function, ...] = (
    _date_field("year", "year({0})"),
    _date_field("quarter", "quarter({0})"),
    _date_field("month", "month({0})"),
    _DAY,
    *same(_DAY, "dayofmonth"),
    _date_field("dayofweek", "dayofweek({0}) + 1"),
    _date_field("weekday", "isodow({0}) - 1"),
    _date_field("_dayofweek_iso", "isodow({0})"),
    _date_field("dayofyear", "dayofyear({0})"),
    _date_field("weekofyear", "weekofyear({0})"),
    _date_field("_year_of_week", "isoyear({0})"),
    _row("dayname", (DATE,), STRING, _WEEKDAY_TEXT),
    _row("monthname", (DATE,), STRING, "strftime({0}, '%b')"),
    *(_row(name, (ANY,), INTEGER, partial(_emit_clock, name), bind=partial(_bind_clock, name)) for name in ("hour", "minute", "second")),
    _row("_second_with_fraction", (ANY,), _SECONDS_TYPE, _emit_second_with_fraction),
    *(_row(f"_interval_{name}", (ANY,), INTEGER, partial(_emit_interval_part, name)) for name in ("year", "month", "day", "hour", "minute", "second")),
    _EXTRACT,
    *same(_EXTRACT, "date_part", "datepart"),
    _DATE_ADD,
    _row("date_sub", (ANY, ANY), DATE, "({0} - {1})", bind=partial(_bind_days, "date_sub")),
    _TIMESTAMP_ADD,
    _row("dateadd", (ANY, ANY, ANY), DATE, optional=1, bind=partial(_bind_timestamp_add, "dateadd")),
    _DIFFERENCE,
    _DATEDIFF,
    *same(_DATEDIFF, "date_diff"),
    _row("add_months", (DATE, INTEGER), DATE, "CAST({0} + to_months({1}) AS DATE)"),
    _row("last_day", (DATE,), DATE, "last_day({0})"),
    _row("next_day", (DATE, STRING), DATE, _emit_next_day, nullable=ALWAYS),
    _row("months_between", (TIMESTAMP, TIMESTAMP, BOOLEAN), DOUBLE, _emit_months_between, optional=1),
    _row("trunc", (DATE, STRING), DATE, _emit_trunc, nullable=ALWAYS),
    _row("date_trunc", (STRING, ANY), TIMESTAMP, _emit_date_trunc, bind=_bind_date_trunc),
    _row("date_format", (ANY, STRING), STRING, _emit_date_format, k.FORMAT_TIME, k.FORMAT_LOCAL_TIME, bind=_bind_date_format),
    _row("from_unixtime", (LONG, STRING), STRING, _emit_from_unixtime, k.FORMAT_TIME, k.FORMAT_LOCAL_TIME, optional=1, nullable=ALWAYS),
    _row("_parse_time", (STRING, STRING), TIMESTAMP, _emit_parse_time, *_PARSE_KERNELS, nullable=ALWAYS),
    _row("_parse_date", (STRING, STRING), TIMESTAMP, _emit_parse_time, *_PARSE_KERNELS, nullable=ALWAYS),
    _parser("to_date", DATE),
    _parser("try_to_date", DATE),
    _parser("to_timestamp", TIMESTAMP),
    _parser("to_timestamp_ltz", TIMESTAMP),
    _parser("to_timestamp_ntz", TIMESTAMP_NTZ),
    _parser("try_to_timestamp", TIMESTAMP),
    _UNIX,
    *same(_UNIX, "to_unix_timestamp"),
    _row("_now_seconds", (), LONG, "(epoch_us($now) // 1000000)", nullable=Nullability.NEVER),
    _NOW,
    *same(_NOW, "now"),
    _TODAY,
    *same(_TODAY, "curdate"),
    _row("localtimestamp", (), TIMESTAMP_NTZ, local("$now"), nullable=Nullability.NEVER),
    _row("current_timezone", (), STRING, bind=_literal_zone),
    _row("make_date", (INTEGER, INTEGER, INTEGER), DATE, _emit_make_date),
    _make_timestamp("make_timestamp", TIMESTAMP),
    _make_timestamp("make_timestamp_ltz", TIMESTAMP),
    _make_timestamp("make_timestamp_ntz", TIMESTAMP_NTZ),
    _make_timestamp("try_make_timestamp", TIMESTAMP),
    _make_timestamp("try_make_timestamp_ltz", TIMESTAMP),
    _make_timestamp("try_make_timestamp_ntz", TIMESTAMP_NTZ),
    _row("make_interval", (INTEGER,) * 6 + (DecimalType(18, 6),), CALENDAR_INTERVAL, _emit_make_interval, optional=7),
    _row("make_dt_interval", (INTEGER, INTEGER, INTEGER, DecimalType(18, 6)), DAY_TIME_INTERVAL, _emit_make_dt_interval, optional=4),
    _row("make_ym_interval", (INTEGER, INTEGER), YEAR_MONTH_INTERVAL, lambda _, a: f"CAST({a[0] if a else 0} * 12 + {a[1] if len(a) > 1 else 0} AS INTEGER)", optional=2),
    _row("timestamp_seconds", (Input.NUMERIC,), TIMESTAMP, _emit_timestamp_seconds, nullable=_seconds_nullable),
    _row("timestamp_millis", (LONG,), TIMESTAMP, "make_timestamptz({0} * 1000)"),
    _row("timestamp_micros", (LONG,), TIMESTAMP, "make_timestamptz({0})"),
    _row("unix_seconds", (TIMESTAMP,), LONG, lambda _, a: _since_epoch(a[0], 1_000_000)),
    _row("unix_millis", (TIMESTAMP,), LONG, lambda _, a: _since_epoch(a[0], 1000)),
    _row("unix_micros", (TIMESTAMP,), LONG, "epoch_us({0})"),
    _row("unix_date", (DATE,), INTEGER, "CAST({0} - DATE '1970-01-01' AS INTEGER)"),
    _row("date_from_unix_date", (INTEGER,), DATE, "(DATE '1970-01-01' + {0})"),
    _row("from_utc_timestamp", (TIMESTAMP, STRING), TIMESTAMP, "make_timestamptz(epoch_us(potok_local_in({0}, {1})))", k.LOCAL_IN),
    _row("to_utc_timestamp", (TIMESTAMP, STRING), TIMESTAMP, "potok_instant_in(make_timestamp(epoch_us({0})), {1})", k.INSTANT_IN),
    _row("convert_timezone", (STRING, STRING, TIMESTAMP_NTZ), TIMESTAMP_NTZ, _emit_convert_timezone, k.LOCAL_IN, k.INSTANT_IN),
)  # fmt: skip
