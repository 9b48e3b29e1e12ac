"""Dates, times and intervals from numbers, and the reverse."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from potok.functions import time_kernels as k
from potok.functions.arithmetic import overflow_error
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.datetime_rules import row
from potok.functions.mismatch import any_nullable, call, unexpected_argument
from potok.functions.raising import raise_sql
from potok.functions.rows import ANY, Emit
from potok.functions.sql_text import let, let_all
from potok.functions.type_rules import cast_to, implicit_cast
from potok.functions.zones import instant
from potok.plan.expressions import Call, Expression, Literal
from potok.types import (
    CALENDAR_INTERVAL,
    DATE,
    DAY_TIME_INTERVAL,
    INTEGER,
    LONG,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    YEAR_MONTH_INTERVAL,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
)


def _out_of_bounds(message: str) -> str:
    return raise_sql("DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION", rangeMessage=message)


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
                f"CASE WHEN {v} IS NOT NULL OR {y} IS NULL OR {m} IS NULL OR {d} IS NULL THEN {v} ELSE {_out_of_bounds(_range_message(y, m, d))} END"
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
            lambda v: f"CASE WHEN {v} IS NOT NULL OR {nulls} THEN {v} ELSE {_out_of_bounds(message)} END",
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


def _bind_convert_timezone(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if len(arguments) == 2:  # noqa: PLR2004 - without the zone that it is in
        arguments = (Literal(context.time_zone, STRING), *arguments)
    cast = []
    for position, (argument, wanted) in enumerate(
        zip(arguments, (STRING, STRING, TIMESTAMP_NTZ), strict=True)
    ):
        found = implicit_cast(argument, wanted, context)
        if found is None:
            raise unexpected_argument(position, argument.data_type, '"' + wanted.sql + '"')
        cast.append(found)
    return call("convert_timezone", cast, TIMESTAMP_NTZ, context)


def _emit_convert_timezone(_: Call, arguments: Sequence[str]) -> str:
    source, target, moment = arguments
    return f"potok_local_in(potok_instant_in({moment}, {source}), {target})"


def _literal_zone(_: Sequence[Expression], context: FunctionContext) -> Expression:
    return Literal(context.time_zone, STRING)


def _emit_make_interval(call_: Call, arguments: Sequence[str]) -> str:
    years, months, weeks, days, hours, minutes, seconds = [*arguments, *["0"] * (7 - len(arguments))]
    micros = (
        f"(({hours}::BIGINT * 3600 + {minutes}::BIGINT * 60) * 1000000 + CAST({seconds} * 1000000 AS BIGINT))"
    )
    failed = "NULL"
    if call_.ansi and call_.name == "make_interval":
        failed = overflow_error(call_)

    def made(m: str, d: str, t: str) -> str:
        inside = f"{m} BETWEEN -{1 << 31} AND {(1 << 31) - 1} AND {d} BETWEEN -{1 << 31} AND {(1 << 31) - 1}"
        value = f"to_months(CAST({m} AS INTEGER)) + to_days(CAST({d} AS INTEGER)) + to_microseconds({t})"
        return f"CASE WHEN {m} + {d} + {t} IS NULL THEN NULL WHEN {inside} THEN {value} ELSE {failed} END"

    return let_all((f"({years}::BIGINT * 12 + {months})", f"({weeks}::BIGINT * 7 + {days})", micros), made)


def _emit_make_dt_interval(_: Call, arguments: Sequence[str]) -> str:
    days, hours, minutes, seconds = [*arguments, *["0"] * (4 - len(arguments))]
    return (
        f"CAST(({days}::BIGINT * 86400 + {hours}::BIGINT * 3600 + {minutes}::BIGINT * 60) * 1000000"
        f" + CAST({seconds} * 1000000 AS BIGINT) AS BIGINT)"
    )


def _bind_made(
    name: str,
    inputs: Sequence[DataType],
    target: DataType,
    arguments: Sequence[Expression],
    context: FunctionContext,
) -> Expression:
    cast = []
    for position, (argument, wanted) in enumerate(zip(arguments, inputs, strict=False)):
        found = implicit_cast(argument, wanted, context)
        if found is None:
            raise unexpected_argument(position, argument.data_type, '"' + wanted.sql + '"')
        cast.append(cast_to(found, wanted, context))
    is_strict = context.ansi and not name.startswith("try_")
    return call(name, cast, target, context, nullable=None if is_strict else True)


def _made(
    name: str, inputs: tuple[DataType, ...], target: DataType, emit: Emit, optional: int = 0
) -> ScalarFunction:
    bind = partial(_bind_made, name, inputs, target)
    return row(name, inputs, target, emit, optional=optional, bind=bind)


def _make_timestamp(name: str, target: DataType) -> ScalarFunction:
    return row(
        name,
        (ANY,) * 7,
        target,
        _emit_make_timestamp,
        k.INSTANT_IN,
        optional=1,
        bind=partial(_bind_make_timestamp, name, target),
    )


FUNCTIONS: tuple[Function, ...] = (
    row("current_timezone", (), STRING, bind=_literal_zone),
    _made("make_date", (INTEGER, INTEGER, INTEGER), DATE, _emit_make_date),
    _make_timestamp("make_timestamp", TIMESTAMP),
    _make_timestamp("make_timestamp_ltz", TIMESTAMP),
    _make_timestamp("make_timestamp_ntz", TIMESTAMP_NTZ),
    _make_timestamp("try_make_timestamp", TIMESTAMP),
    _make_timestamp("try_make_timestamp_ltz", TIMESTAMP),
    _make_timestamp("try_make_timestamp_ntz", TIMESTAMP_NTZ),
    _made("make_interval", (INTEGER,) * 6 + (DecimalType(18, 6),), CALENDAR_INTERVAL, _emit_make_interval, optional=7),
    _made("try_make_interval", (INTEGER,) * 6 + (DecimalType(18, 6),), CALENDAR_INTERVAL, _emit_make_interval, optional=6),
    row("make_dt_interval", (INTEGER, INTEGER, INTEGER, DecimalType(18, 6)), DAY_TIME_INTERVAL, _emit_make_dt_interval, optional=4),
    row("make_ym_interval", (INTEGER, INTEGER), YEAR_MONTH_INTERVAL, lambda _, a: f"CAST({a[0] if a else 0} * 12 + {a[1] if len(a) > 1 else 0} AS INTEGER)", optional=2),
    row("timestamp_seconds", (Input.NUMERIC,), TIMESTAMP, _emit_timestamp_seconds, nullable=_seconds_nullable),
    row("timestamp_millis", (LONG,), TIMESTAMP, "make_timestamptz({0} * 1000)"),
    row("timestamp_micros", (LONG,), TIMESTAMP, "make_timestamptz({0})"),
    row("unix_seconds", (TIMESTAMP,), LONG, lambda _, a: _since_epoch(a[0], 1_000_000)),
    row("unix_millis", (TIMESTAMP,), LONG, lambda _, a: _since_epoch(a[0], 1000)),
    row("unix_micros", (TIMESTAMP,), LONG, "epoch_us({0})"),
    row("_whole_seconds", (TIMESTAMP,), LONG, "(epoch_us({0}) // 1000000)"),
    row("unix_date", (DATE,), INTEGER, "CAST({0} - DATE '1970-01-01' AS INTEGER)"),
    row("date_from_unix_date", (INTEGER,), DATE, "(DATE '1970-01-01' + {0})"),
    row("convert_timezone", (ANY, ANY, ANY), TIMESTAMP_NTZ, _emit_convert_timezone, k.LOCAL_IN, k.INSTANT_IN, optional=1, bind=_bind_convert_timezone),
)  # fmt: skip
