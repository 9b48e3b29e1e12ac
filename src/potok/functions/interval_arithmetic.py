"""Operators between dates, timestamps, intervals and numbers.

`bind_interval_operator` decides which internal function an operator means. Source of fact:
Spark's BinaryArithmeticWithDatetimeResolver.
"""

from __future__ import annotations

from collections.abc import Sequence

from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.mismatch import call, operands_differ, refused, unexpected_argument
from potok.functions.raising import quote_text, raise_sql
from potok.functions.sql_text import let, let_all
from potok.functions.type_rules import cast_to
from potok.functions.zones import TO_INSTANT, is_utc, local
from potok.plan.expressions import Call, Expression, Literal
from potok.types import (
    CALENDAR_INTERVAL,
    DATE,
    DAY_TIME_INTERVAL,
    DOUBLE,
    INTEGER,
    LONG,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    YEAR_MONTH_INTERVAL,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    IntegralType,
    NullType,
    NumericType,
    StringType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)  # fmt: skip

MICROS_PER_DAY = 86_400_000_000
_DAYS_ONLY = DayTimeIntervalType(0, 0)
_INTERVALS = (DayTimeIntervalType, YearMonthIntervalType, CalendarIntervalType)
_TIMESTAMPS = (TimestampType, TimestampNTZType)
_TIMESTAMP_REQUIRED = (
    '("(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)" or'
    ' "(TIMESTAMP_LTZ(P) OR TIMESTAMP_NTZ(P) WITH P IN [7, 9])")'
)


def bind_interval_operator(
    operator: str, left: Expression, right: Expression, context: FunctionContext, *, is_try: bool
) -> Expression | None:
    """The resolved expression where a date, timestamp or interval takes part, otherwise None."""
    name = {"+": "try_add", "-": "try_subtract"}.get(operator, operator) if is_try else operator
    match operator:
        case "+":
            return _add(name, left, right, context)
        case "-":
            return _subtract(name, left, right, context)
        case "*":
            if isinstance(right.data_type, _INTERVALS):
                left, right = right, left
            return _scale("_interval_multiply", left, right, context)
        case "/":
            return _scale("_interval_try_divide" if is_try else "_interval_divide", left, right, context)
        case "div" if isinstance(left.data_type, (DayTimeIntervalType, YearMonthIntervalType)):
            if isinstance(right.data_type, type(left.data_type)):
                return call("_interval_div", (left, right), LONG, context, nullable=True)
    return None


def _add(name: str, left: Expression, right: Expression, context: FunctionContext) -> Expression | None:
    a, b = left.data_type, right.data_type
    _check_months(left, right)
    if isinstance(a, _INTERVALS) and not isinstance(b, _INTERVALS):
        left, right, a, b = right, left, b, a
    if isinstance(b, _INTERVALS):
        return _plus_interval(name, "+", left, right, context)
    if not isinstance(a, DateType) and not isinstance(b, DateType):
        return None
    if isinstance(a, NullType) or isinstance(b, NullType):
        date = right if isinstance(a, NullType) else left
        moved = (cast_to(date, TIMESTAMP, context), Literal(None, DAY_TIME_INTERVAL))
        return call("_timestamp_add_interval", moved, TIMESTAMP, context)
    text_type = DATE if context.ansi else DOUBLE
    if isinstance(a, StringType):
        left = cast_to(left, text_type, context)
    if isinstance(b, StringType):
        right = cast_to(right, text_type, context)
    if not isinstance(left.data_type, DateType):
        left, right = right, left
    return _days_moved("date_add", left, right, context)


def _subtract(name: str, left: Expression, right: Expression, context: FunctionContext) -> Expression | None:
    a, b = left.data_type, right.data_type
    if isinstance(a, (DayTimeIntervalType, YearMonthIntervalType)) and isinstance(b, NullType):
        right, b = cast_to(right, a, context), a
    if isinstance(b, _INTERVALS):
        _check_months(left, right)
        return _plus_interval(name, "-", left, right, context)
    datetimes = (DateType, *_TIMESTAMPS)
    if isinstance(a, _TIMESTAMPS) and isinstance(b, (*datetimes, StringType, NullType)):
        return _between_timestamps(left, right, context)
    if isinstance(a, _TIMESTAMPS):
        raise unexpected_argument(1, b, _TIMESTAMP_REQUIRED)
    if isinstance(b, _TIMESTAMPS) and isinstance(a, (*datetimes, StringType, NullType)):
        return _between_timestamps(left, right, context)
    if isinstance(b, _TIMESTAMPS):
        raise unexpected_argument(0, a, _TIMESTAMP_REQUIRED)
    if isinstance(a, DateType) and isinstance(b, (DateType, StringType, NullType)):
        return call("_subtract_dates", (left, cast_to(right, DATE, context)), _DAYS_ONLY, context)
    if isinstance(b, DateType) and isinstance(a, (StringType, NullType)):
        return call("_subtract_dates", (cast_to(left, DATE, context), right), _DAYS_ONLY, context)
    if isinstance(b, DateType):
        raise unexpected_argument(0, a, '"DATE"')
    if isinstance(a, DateType):
        return _days_moved("date_sub", left, right, context)
    return None


def _check_months(left: Expression, right: Expression) -> None:
    """Months move dates and timestamps alone. Raises BINARY_OP_DIFF_TYPES."""
    takes = (DateType, *_TIMESTAMPS, *_INTERVALS, StringType, NullType)
    for months, other in ((left, right), (right, left)):
        if isinstance(months.data_type, YearMonthIntervalType) and not isinstance(other.data_type, takes):
            raise operands_differ(left, right)


def _days_moved(name: str, date: Expression, days: Expression, context: FunctionContext) -> Expression:
    if isinstance(days.data_type, NullType):
        days = cast_to(days, INTEGER, context)
    if not (isinstance(days.data_type, IntegralType) and days.data_type.bits <= INTEGER.bits):
        error = unexpected_argument(1, days.data_type, '("INT" or "SMALLINT" or "TINYINT")')
        raise refused(name, (date, days), error)
    return call(name, (date, days), DATE, context)


def _between_timestamps(left: Expression, right: Expression, context: FunctionContext) -> Expression:
    local_times = isinstance(left.data_type, TimestampNTZType) and not isinstance(
        right.data_type, TimestampType
    )
    local_times |= isinstance(right.data_type, TimestampNTZType) and not isinstance(
        left.data_type, TimestampType
    )
    target = TIMESTAMP_NTZ if local_times else TIMESTAMP
    pair = (cast_to(left, target, context), cast_to(right, target, context))
    return call("_subtract_timestamps", pair, DAY_TIME_INTERVAL, context)


def _plus_interval(
    name: str, operator: str, left: Expression, right: Expression, context: FunctionContext
) -> Expression:
    a, b = left.data_type, right.data_type
    sign = "" if operator == "+" else "_minus"
    if isinstance(a, NullType):
        left, a = cast_to(left, b, context), b
    if isinstance(a, _INTERVALS):
        return _between_intervals(name, left, right, context)
    if isinstance(a, StringType):
        target = TIMESTAMP
        moved = _plus_interval(name, operator, cast_to(left, target, context), right, context)
        return cast_to(moved, a, context)
    if isinstance(a, DateType):
        if isinstance(b, YearMonthIntervalType):
            return call(f"_date_add_months{sign}", (left, right), DATE, context)
        if b == _DAYS_ONLY:
            return call(f"_date_add_interval{sign}", (left, right), DATE, context)
        if isinstance(b, CalendarIntervalType):
            return call(f"_date_add_calendar{sign}", (left, right), DATE, context)
        left = cast_to(left, TIMESTAMP, context)
        a = TIMESTAMP
    if not isinstance(a, _TIMESTAMPS):
        error = unexpected_argument(0, a, _TIMESTAMP_REQUIRED)
        # Spark has made a sum of it by the time it looks at the types.
        moved_by = Call("negative", (right,), b) if sign else right
        raise refused("_timestamp_add_interval", (left, moved_by), error)
    if isinstance(b, YearMonthIntervalType):
        return call(f"_timestamp_add_months{sign}", (left, right), a, context)
    if isinstance(b, DayTimeIntervalType):
        return call(f"_timestamp_add_interval{sign}", (left, right), a, context)
    return call(f"_timestamp_add_calendar{sign}", (left, right), a, context)


def _between_intervals(
    name: str, left: Expression, right: Expression, context: FunctionContext
) -> Expression:
    match left.data_type, right.data_type:
        case DayTimeIntervalType() as a, DayTimeIntervalType() as b:
            return call(
                name, (left, right), DayTimeIntervalType(min(a.start, b.start), max(a.end, b.end)), context
            )
        case YearMonthIntervalType() as a, YearMonthIntervalType() as b:
            return call(
                name, (left, right), YearMonthIntervalType(min(a.start, b.start), max(a.end, b.end)), context
            )
        case CalendarIntervalType(), CalendarIntervalType():
            return call(name, (left, right), CALENDAR_INTERVAL, context)
    raise operands_differ(left, right)


def _scale(
    name: str, interval: Expression, number: Expression, context: FunctionContext
) -> Expression | None:
    source = interval.data_type
    if not isinstance(source, _INTERVALS):
        return None
    if isinstance(number.data_type, (StringType, NullType)):
        number = cast_to(number, DOUBLE, context)
    if not isinstance(number.data_type, NumericType):
        error = unexpected_argument(1, number.data_type, '"NUMERIC"')
        raise refused(name, (interval, number), error)
    nullable = True if name == "_interval_try_divide" else None
    if isinstance(source, DayTimeIntervalType):
        return call(name, (interval, number), DAY_TIME_INTERVAL, context, nullable=nullable)
    if isinstance(source, YearMonthIntervalType):
        return call(name, (interval, number), YEAR_MONTH_INTERVAL, context, nullable=nullable)
    return call(name, (interval, cast_to(number, DOUBLE, context)), CALENDAR_INTERVAL, context, nullable=True)


# ---- emission ---------------------------------------------------------------------------------


def _interval_overflow(call_: Call) -> str:
    return raise_sql(
        "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", call_.origin, functionName=quote_text("")
    )


def _add_micros(call_: Call, moment: str, micros: str) -> str:
    make = "make_timestamp" if call_.type == TIMESTAMP_NTZ else "make_timestamptz"
    if call_.type == TIMESTAMP_NTZ:
        return f"{make}(epoch_us({moment}) + {micros})"

    # Whole days move the local date, the rest moves the instant.
    def moved(m: str, i: str) -> str:
        zoned = f"{m} + to_days(CAST({i} // {MICROS_PER_DAY} AS INTEGER)) + to_microseconds({i} % {MICROS_PER_DAY})"
        return f"CASE WHEN {is_utc()} THEN {make}(epoch_us({m}) + {i}) ELSE {zoned} END"

    return let_all((moment, micros), moved)


def _timestamp_add_interval(call_: Call, arguments: Sequence[str]) -> str:
    return _add_micros(call_, arguments[0], arguments[1])


def _timestamp_subtract_interval(call_: Call, arguments: Sequence[str]) -> str:
    return _add_micros(call_, arguments[0], f"(-{arguments[1]})")


def _subtract_timestamps(call_: Call, arguments: Sequence[str]) -> str:
    if call_.arguments[0].data_type == TIMESTAMP_NTZ:
        return f"(epoch_us({arguments[0]}) - epoch_us({arguments[1]}))"
    return f"(epoch_us({local(arguments[0])}) - epoch_us({local(arguments[1])}))"


def _add_calendar_to_date(sign: str, call_: Call, arguments: Sequence[str]) -> str:
    failed = raise_sql(
        "_LEGACY_ERROR_TEMP_2000",
        call_.origin,
        message=quote_text("Cannot add hours, minutes or seconds, milliseconds, microseconds to a date"),
        ansiConfig=quote_text('"spark.sql.ansi.enabled"'),
    )

    def moved(d: str, i: str) -> str:
        plain = f"CAST({d} {sign} {i} AS DATE)"
        if not call_.ansi:
            return plain
        return f"CASE WHEN datepart('hour', {i}) <> 0 OR datepart('minute', {i}) <> 0 OR datepart('microsecond', {i}) <> 0 THEN {failed} ELSE {plain} END"

    return let_all(arguments, moved)


def _add_calendar_to_date_row(call_: Call, arguments: Sequence[str]) -> str:
    return _add_calendar_to_date("+", call_, arguments)


def _subtract_calendar_from_date_row(call_: Call, arguments: Sequence[str]) -> str:
    return _add_calendar_to_date("-", call_, arguments)


def _scaled(call_: Call, exact: str) -> str:
    if isinstance(call_.type, CalendarIntervalType):
        return exact
    name = "BIGINT" if isinstance(call_.type, DayTimeIntervalType) else "INTEGER"
    bound = (1 << 63) - 1 if name == "BIGINT" else (1 << 31) - 1
    return let(
        exact,
        lambda v: (
            f"CASE WHEN {v} BETWEEN {-bound - 1} AND {bound} THEN CAST({v} AS {name})"
            f" WHEN {v} IS NOT NULL THEN {_interval_overflow(call_)} END"
        ),
    )


def _multiply(call_: Call, arguments: Sequence[str]) -> str:
    interval, number = arguments
    match call_.arguments[1].data_type:
        case _ if isinstance(call_.type, CalendarIntervalType):
            exact = f"({interval} * {number})"
        case IntegralType():
            exact = f"(CAST({interval} AS HUGEINT) * {number})"
        case DecimalType(scale=scale):
            exact = (
                f"round(CAST({interval} AS DECIMAL(19,0)) * CAST({number} AS DECIMAL(18,{min(scale, 18)})))"
            )
        case _:
            exact = f"round({interval} * CAST({number} AS DOUBLE))"
    return _scaled(call_, exact)


def _divide(call_: Call, arguments: Sequence[str]) -> str:
    by_zero = raise_sql("INTERVAL_DIVIDED_BY_ZERO", call_.origin)

    def quotient(i: str, n: str) -> str:
        match call_.arguments[1].data_type:
            case _ if isinstance(call_.type, CalendarIntervalType):
                if not call_.ansi:
                    return f"CASE WHEN {n} = 0 THEN NULL ELSE {i} * (1 / {n}) END"
                exact = f"({i} * (1 / {n}))"
            case IntegralType():
                wide = f"CAST({i} AS HUGEINT)"
                away = f"CASE WHEN 2 * abs({wide} % {n}) >= abs({n}) THEN CASE WHEN ({i} < 0) = ({n} < 0) THEN 1 ELSE -1 END ELSE 0 END"
                exact = f"({wide} // {n} + {away})"
            case _:
                exact = f"round({i} / CAST({n} AS DOUBLE))"
        return f"CASE WHEN {n} = 0 THEN {by_zero} ELSE {_scaled(call_, exact)} END"

    return let_all(arguments, quotient)


def _try_divide(call_: Call, arguments: Sequence[str]) -> str:
    return _divide(call_, (arguments[0], f"nullif({arguments[1]}, 0)"))


def _whole(call_: Call, arguments: Sequence[str]) -> str:
    by_zero = raise_sql("INTERVAL_DIVIDED_BY_ZERO", call_.origin)
    return let_all(
        arguments,
        lambda i, n: f"CASE WHEN {n} = 0 THEN {by_zero} ELSE CAST({i} AS BIGINT) // CAST({n} AS BIGINT) END",
    )


def _row(name: str, emit: object, result: DataType = TIMESTAMP) -> ScalarFunction:
    return ScalarFunction(name, (Input.ANY, Input.ANY), result, emit=emit, kernels=(TO_INSTANT,))  # type: ignore[arg-type]


FUNCTIONS: tuple[Function, ...] = (
    _row("_date_add_interval", f"({{0}} + CAST({{1}} // {MICROS_PER_DAY} AS INTEGER))", DATE),
    _row("_date_add_interval_minus", f"({{0}} - CAST({{1}} // {MICROS_PER_DAY} AS INTEGER))", DATE),
    _row("_date_add_months", "CAST({0} + to_months({1}) AS DATE)", DATE),
    _row("_date_add_months_minus", "CAST({0} - to_months({1}) AS DATE)", DATE),
    _row("_date_add_calendar", _add_calendar_to_date_row, DATE),
    _row("_date_add_calendar_minus", _subtract_calendar_from_date_row, DATE),
    _row("_timestamp_add_interval", _timestamp_add_interval),
    _row("_timestamp_add_interval_minus", _timestamp_subtract_interval),
    _row("_timestamp_add_months", "({0} + to_months({1}))"),
    _row("_timestamp_add_months_minus", "({0} - to_months({1}))"),
    _row("_timestamp_add_calendar", "({0} + {1})"),
    _row("_timestamp_add_calendar_minus", "({0} - {1})"),
    _row("_subtract_dates", f"(CAST({{0}} - {{1}} AS BIGINT) * {MICROS_PER_DAY})", _DAYS_ONLY),
    _row("_subtract_timestamps", _subtract_timestamps, DAY_TIME_INTERVAL),
    _row("_interval_multiply", _multiply, DAY_TIME_INTERVAL),
    _row("_interval_divide", _divide, DAY_TIME_INTERVAL),
    _row("_interval_try_divide", _try_divide, DAY_TIME_INTERVAL),
    _row("_interval_div", _whole, INTEGER),
)
