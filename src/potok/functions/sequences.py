"""`sequence` over numbers, dates and timestamps."""

from __future__ import annotations

from collections.abc import Sequence

from potok.functions.base import Function, FunctionContext
from potok.functions.datetime_rules import MICROS_PER_DAY
from potok.functions.mismatch import any_nullable, call, mismatch
from potok.functions.raising import raise_sql
from potok.functions.rows import ANY, row
from potok.functions.sql_text import let, let_all, sql_type
from potok.functions.type_rules import cast_to, coerce_all
from potok.functions.zones import TO_INSTANT
from potok.plan.expressions import Call, Expression
from potok.types import (
    BOOLEAN,
    DATE,
    NULL,
    ArrayType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    IntegralType,
    NullType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)


def _bind_sequence(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    start, stop, *step = arguments
    ends = coerce_all((start, stop), context)
    target: DataType = ends[0].data_type if ends else NULL
    moments = (DateType, TimestampType, TimestampNTZType)
    intervals = (CalendarIntervalType, DayTimeIntervalType, YearMonthIntervalType, NullType)
    steps_fit = not isinstance(target, moments) or all(isinstance(s.data_type, intervals) for s in step)
    if ends is None or not steps_fit or not isinstance(target, (IntegralType, *moments)):
        raise mismatch(
            "SEQUENCE_WRONG_INPUT_TYPES",
            functionName="`sequence`",
            startType='("TIMESTAMP" or "TIMESTAMP_NTZ" or "DATE")',
            stepType='("INTERVAL" or "INTERVAL YEAR TO MONTH" or "INTERVAL DAY TO SECOND")',
            otherStartType='"INTEGRAL"',
        )
    steps: list[Expression] = []
    if step:
        steps = [cast_to(step[0], target, context) if isinstance(target, IntegralType) else step[0]]
    nullable = any_nullable(arguments)
    return call(
        "sequence", (*ends, *steps), ArrayType(target, contains_null=False), context, nullable=nullable
    )


def _illegal_sequence(call_: Call, start: str, stop: str, step: str) -> str:
    message = f"concat('requirement failed: Illegal sequence boundaries: ', {start}, ' to ', {stop}, ' by ', {step})"
    return raise_sql("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", call_.origin, message=message)


def _emit_sequence(call_: Call, arguments: Sequence[str]) -> str:
    target = element_of_type(call_.type)
    if isinstance(target, IntegralType):
        return _whole_sequence(call_, arguments, target)
    start, stop = arguments[:2]
    step_type = call_.arguments[2].data_type if len(arguments) > 2 else DayTimeIntervalType()  # noqa: PLR2004 - the optional step
    step = arguments[2] if len(arguments) > 2 else f"CAST({MICROS_PER_DAY} AS BIGINT)"  # noqa: PLR2004 - see above
    if isinstance(step_type, CalendarIntervalType):
        months = f"CAST(datepart('year', {step}) * 12 + datepart('month', {step}) AS BIGINT)"
        micros = f"CAST((datepart('day', {step}) * 86400 + datepart('hour', {step}) * 3600 + datepart('minute', {step}) * 60) * 1000000 + datepart('microsecond', {step}) AS BIGINT)"
        return let_all(
            (start, stop, months, micros),
            lambda a, b, m, u: (
                f"CASE WHEN {m} <> 0 THEN {_month_sequence(call_, a, b, m, target)} ELSE {_micro_sequence(call_, a, b, u, target)} END"
            ),
        )
    if isinstance(step_type, YearMonthIntervalType):
        return let_all((start, stop, step), lambda a, b, m: _month_sequence(call_, a, b, m, target))
    return let_all((start, stop, step), lambda a, b, u: _micro_sequence(call_, a, b, u, target))


def element_of_type(data_type: DataType) -> DataType:
    """The element type of an array type."""
    return data_type.element  # type: ignore[attr-defined,no-any-return]


def _whole_sequence(call_: Call, arguments: Sequence[str], target: DataType) -> str:
    start, stop = (f"CAST({a} AS BIGINT)" for a in arguments[:2])
    given = f"CAST({arguments[2]} AS BIGINT)" if len(arguments) > 2 else None  # noqa: PLR2004 - the optional step

    def made(a: str, b: str, s: str) -> str:
        fits = f"(({s} > 0 AND {a} <= {b}) OR ({s} < 0 AND {a} >= {b}) OR ({s} = 0 AND {a} = {b}))"
        values = f"CASE WHEN {s} = 0 THEN [{a}] ELSE generate_series({a}, {b}, {s}) END"
        failed = _illegal_sequence(call_, a, b, s)
        return (
            f"CASE WHEN {fits} THEN CAST({values} AS {sql_type(target)}[])"
            f" WHEN {a} IS NULL OR {b} IS NULL OR {s} IS NULL THEN NULL ELSE {failed} END"
        )

    def with_step(a: str, b: str) -> str:
        return let(
            given or f"CASE WHEN {a} <= {b} THEN 1::BIGINT ELSE -1::BIGINT END", lambda s: made(a, b, s)
        )

    return let_all((start, stop), with_step)


def _micros_of(value: str, target: DataType) -> str:
    return f"epoch_us({value})" if target != DATE else f"epoch_us(CAST({value} AS TIMESTAMP))"


def _moment(micros: str, target: DataType) -> str:
    if target == DATE:
        return f"CAST(make_timestamp({micros}) AS DATE)"
    return f"{'make_timestamp' if isinstance(target, TimestampNTZType) else 'make_timestamptz'}({micros})"


def _micro_sequence(call_: Call, start: str, stop: str, step: str, target: DataType) -> str:
    first, last = _micros_of(start, target), _micros_of(stop, target)
    failed = _illegal_sequence(call_, first, last, step)
    by = step if len(call_.arguments) > 2 else f"CASE WHEN {first} <= {last} THEN {step} ELSE -{step} END"  # noqa: PLR2004

    def made(s: str) -> str:
        fits = f"(({s} > 0 AND {first} <= {last}) OR ({s} < 0 AND {first} >= {last}))"
        values = f"list_transform(generate_series({first}, {last}, {s}), lambda q: {_moment('q', target)})"
        return f"CASE WHEN {fits} THEN {values} WHEN {first} = {last} THEN [{start}] WHEN {first} IS NULL OR {last} IS NULL OR {s} IS NULL THEN NULL ELSE {failed} END"

    return let(by, made)


def _month_sequence(call_: Call, start: str, stop: str, months: str, target: DataType) -> str:
    span = f"((year({stop}) - year({start})) * 12 + month({stop}) - month({start}))"
    moved = f"CAST({start} + to_months(CAST(q * {months} AS INTEGER)) AS {sql_type(target)})"
    values = f"list_transform(generate_series(0::BIGINT, ({span} // {months})::BIGINT), lambda q: {moved})"
    kept = f"list_filter({values}, lambda w: CASE WHEN {months} > 0 THEN w <= {stop} ELSE w >= {stop} END)"
    failed = _illegal_sequence(
        call_, f"CAST({start} AS VARCHAR)", f"CAST({stop} AS VARCHAR)", f"CAST({months} AS VARCHAR)"
    )
    fits = f"(({months} > 0 AND {start} <= {stop}) OR ({months} < 0 AND {start} >= {stop}))"
    return f"CASE WHEN {fits} THEN {kept} WHEN {start} IS NULL OR {stop} IS NULL OR {months} IS NULL THEN NULL ELSE {failed} END"


FUNCTIONS: tuple[Function, ...] = (
    row("sequence", (ANY, ANY, ANY), BOOLEAN, _emit_sequence, TO_INSTANT, optional=1, bind=_bind_sequence),
)
