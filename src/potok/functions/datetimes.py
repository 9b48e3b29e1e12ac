"""Functions of dates and times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from potok.errors import SparkError
from potok.functions import time_kernels as k
from potok.functions.base import Function, FunctionContext, Nullability, ScalarFunction
from potok.functions.datetime_rules import MICROS_PER_DAY, local_of, moment_argument, pattern_of, row
from potok.functions.folding import fold
from potok.functions.mismatch import call, same, unexpected_argument
from potok.functions.raising import raise_sql
from potok.functions.rows import ALWAYS, ANY
from potok.functions.sql_text import let, let_all
from potok.functions.type_rules import implicit_cast
from potok.functions.zones import instant, local
from potok.plan.expressions import Call, Expression, Literal
from potok.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    LONG,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    CalendarIntervalType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    FractionalType,
    IntegralType,
    TimestampNTZType,
    YearMonthIntervalType,
)  # fmt: skip

_SECONDS_TYPE = DecimalType(8, 6)
# ---- fields -----------------------------------------------------------------------------------


def _bind_clock(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (moment,) = arguments
    if not isinstance(moment.data_type, TimestampNTZType):
        cast = implicit_cast(moment, TIMESTAMP, context)
        if cast is None:
            raise unexpected_argument(0, moment.data_type, '("TIMESTAMP" or "TIMESTAMP_NTZ")')
        moment = cast
    return call(name, (moment,), INTEGER, context)


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
    text = pattern_of(field)
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
        raise SparkError("INVALID_EXTRACT_FIELD", field=f"`{text}`")
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
            failed = raise_sql("ILLEGAL_DAY_OF_WEEK", string=w)
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
        return let_all((local(a), local(b)), partial(difference, a, b))

    def difference(first: str, second: str, a: str, b: str) -> str:
        months = f"((year({a}) - year({b})) * 12 + month({a}) - month({b}))"
        both_last = f"(CAST({a} AS DATE) = last_day({a}) AND CAST({b} AS DATE) = last_day({b}))"
        seconds = f"({_second_of_day(first, a)} - {_second_of_day(second, b)})"
        exact = f"({months} + ((day({a}) - day({b})) * 86400 + {seconds}) / 2678400::DOUBLE)"
        rounded = (
            f"CASE WHEN {rounding} THEN floor({exact} * 100000000 + 0.5) / 100000000::DOUBLE ELSE {exact} END"
        )
        return f"CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL WHEN day({a}) = day({b}) OR {both_last} THEN CAST({months} AS DOUBLE) ELSE {rounded} END"

    return let_all(arguments[:2], between)


def _second_of_day(moment: str, local_time: str) -> str:
    """Seconds passed since midnight, which on some days are not those of the clock."""
    midnight = instant(f"date_trunc('day', {local_time})")
    return f"((epoch_us({moment}) - epoch_us({midnight})) // 1000000)"


def _literal_days(name: str, days: Expression) -> Expression:
    """A text that is a constant becomes a number at once where ANSI rules do not hold."""
    text = fold(days) if days.data_type == STRING else None
    if not isinstance(text, str):
        return days
    if not re.fullmatch(r"\s*[+-]?\d{1,10}\s*", text):
        raise SparkError("SECOND_FUNCTION_ARGUMENT_NOT_INTEGER", functionName=name)
    return Literal(int(text), INTEGER)


def _bind_days(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    date, days = arguments
    start = implicit_cast(date, DATE, context)
    if start is None:
        raise unexpected_argument(0, date.data_type, '"DATE"')
    count: Expression | None = _literal_days(name, days) if not context.ansi else days
    assert count is not None  # noqa: S101 - a narrowing
    days = count
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
    moment = moment_argument(moment, 2, context)
    return call("timestampadd", (Literal(text, STRING), size, moment), moment.data_type, context)


def _unit(name: str, unit: Expression) -> str:
    text = (pattern_of(unit) or "").upper().removesuffix("S")
    if text not in _UNIT_MICROS | _UNIT_MONTHS | _UNIT_DAYS:
        raise SparkError(
            "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
            functionName=f"`{name}`",
            parameter="`unit`",
            invalidValue=f"'{text}'",
        )
    return text


def _emit_timestamp_add(call_: Call, arguments: Sequence[str]) -> str:
    unit = pattern_of(call_.arguments[0]) or ""
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
    pair = (moment_argument(start, 1, context), moment_argument(end, 2, context))
    return call("timestampdiff", (Literal(text, STRING), *pair), LONG, context)


def _emit_timestamp_difference(call_: Call, arguments: Sequence[str]) -> str:
    unit = pattern_of(call_.arguments[0]) or ""
    start, end = (local_of(call_, arguments[i], i) for i in (1, 2))
    size = _UNIT_MICROS.get(unit) or _UNIT_DAYS.get(unit, 0) * MICROS_PER_DAY
    if size:
        return f"((epoch_us({end}) - epoch_us({start})) // {size})"
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
    constant = pattern_of(unit)
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
    found = _TIME_UNITS.get((pattern_of(unit) or "").upper())
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
    moment = moment_argument(moment, 1, context)
    return call("date_trunc", (text, moment), moment.data_type, context, nullable=True)


# ---- the table --------------------------------------------------------------------------------


def _date_field(name: str, sql: str) -> ScalarFunction:
    return row(name, (DATE,), INTEGER, f"CAST({sql} AS INTEGER)")


_DAY = _date_field("day", "day({0})")
_WEEKDAY_TEXT = "strftime({0}, '%a')"
_EXTRACT = row("extract", (STRING, ANY), INTEGER, bind=partial(_bind_extract, "extract"))
_DATE_ADD = row("date_add", (ANY, ANY), DATE, "({0} + {1})", bind=partial(_bind_days, "date_add"))
_TIMESTAMP_ADD = row(
    "timestampadd",
    (ANY, ANY, ANY),
    TIMESTAMP,
    _emit_timestamp_add,
    optional=1,
    bind=partial(_bind_timestamp_add, "timestampadd"),
)
_DIFFERENCE = row(
    "timestampdiff",
    (ANY, ANY, ANY),
    LONG,
    _emit_timestamp_difference,
    optional=1,
    bind=partial(_bind_timestamp_difference, "timestampdiff"),
)
_DATEDIFF = row(
    "datediff",
    (ANY, ANY, ANY),
    INTEGER,
    "CAST({0} - {1} AS INTEGER)",
    optional=1,
    bind=partial(_bind_timestamp_difference, "datediff"),
)
_MICROSECOND_DIGITS, _NANOSECOND_DIGITS = 6, range(7, 10)


def _bind_now(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    """The argument is a precision in digits; Spark has those of nanoseconds behind a switch."""
    for argument in arguments:
        precision = fold(argument)
        if argument.data_type != INTEGER or not isinstance(precision, int):
            raise SparkError(
                "UNEXPECTED_INPUT_TYPE",
                paramIndex="first",
                functionName=f"`{name}`",
                requiredType='"INT"',
                inputType=f'"{argument.data_type.sql}"',
            )
        if precision in _NANOSECOND_DIGITS:
            raise SparkError(
                "FEATURE_NOT_ENABLED",
                featureName="Nanosecond-precision timestamp types",
                configKey="spark.sql.timestampNanosTypes.enabled",
                configValue="true",
            )
        if precision != _MICROSECOND_DIGITS:
            raise SparkError("INVALID_TIMESTAMP_PRECISION", precision=precision, type="TIMESTAMP_LTZ")
    return call("current_timestamp", (), TIMESTAMP, context, nullable=False)


_NOW = row(
    "current_timestamp",
    (ANY,),
    TIMESTAMP,
    "$now",
    optional=1,
    nullable=Nullability.NEVER,
    bind=partial(_bind_now, "current_timestamp"),
)
_TODAY = row("current_date", (), DATE, f"CAST({local('$now')} AS DATE)", nullable=Nullability.NEVER)


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
    row("dayname", (DATE,), STRING, _WEEKDAY_TEXT),
    row("monthname", (DATE,), STRING, "strftime({0}, '%b')"),
    *(row(name, (ANY,), INTEGER, partial(_emit_clock, name), bind=partial(_bind_clock, name)) for name in ("hour", "minute", "second")),
    row("_second_with_fraction", (ANY,), _SECONDS_TYPE, _emit_second_with_fraction),
    *(row(f"_interval_{name}", (ANY,), INTEGER, partial(_emit_interval_part, name)) for name in ("year", "month", "day", "hour", "minute", "second")),
    _EXTRACT,
    *same(_EXTRACT, "date_part", "datepart"),
    _DATE_ADD,
    row("date_sub", (ANY, ANY), DATE, "({0} - {1})", bind=partial(_bind_days, "date_sub")),
    _TIMESTAMP_ADD,
    row("dateadd", (ANY, ANY, ANY), DATE, optional=1, bind=partial(_bind_timestamp_add, "dateadd")),
    _DIFFERENCE,
    _DATEDIFF,
    *same(_DATEDIFF, "date_diff"),
    row("add_months", (DATE, INTEGER), DATE, "CAST({0} + to_months({1}) AS DATE)"),
    row("last_day", (DATE,), DATE, "last_day({0})"),
    row("next_day", (DATE, STRING), DATE, _emit_next_day, nullable=ALWAYS),
    row("months_between", (TIMESTAMP, TIMESTAMP, BOOLEAN), DOUBLE, _emit_months_between, optional=1),
    row("trunc", (DATE, STRING), DATE, _emit_trunc, nullable=ALWAYS),
    row("date_trunc", (STRING, ANY), TIMESTAMP, _emit_date_trunc, bind=_bind_date_trunc),
    row("_now_seconds", (), LONG, "(epoch_us($now) // 1000000)", nullable=Nullability.NEVER),
    _NOW,
    replace(_NOW, name="now", bind=partial(_bind_now, "now")),
    _TODAY,
    *same(_TODAY, "curdate"),
    row("localtimestamp", (), TIMESTAMP_NTZ, local("$now"), nullable=Nullability.NEVER),
    row("from_utc_timestamp", (TIMESTAMP, STRING), TIMESTAMP, "make_timestamptz(epoch_us(potok_local_in({0}, {1})))", k.LOCAL_IN),
    row("to_utc_timestamp", (TIMESTAMP, STRING), TIMESTAMP, "potok_instant_in(make_timestamp(epoch_us({0})), {1})", k.INSTANT_IN),
)  # fmt: skip
