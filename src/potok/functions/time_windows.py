"""Event-time windows as expressions.

`window(time, '10 minutes')` is a struct of start and end. A sliding window puts a row into
several windows: the analyzer turns it into rows with `_sliding_windows`, an array of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from potok.errors import SparkError
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.mismatch import call, unexpected_argument
from potok.functions.sql_text import let
from potok.functions.type_rules import implicit_cast
from potok.interval_text import parse_interval
from potok.plan.expressions import Call, Expression, Literal
from potok.types import (
    LONG,
    STRING,
    TIMESTAMP,
    ArrayType,
    DataType,
    DayTimeIntervalType,
    StructField,
    StructType,
    TimestampNTZType,
)  # fmt: skip

MICROS_PER_DAY = 86_400_000_000


def window_type(time: DataType) -> StructType:
    """The struct of a window over a time of this type."""
    return StructType((StructField("start", time), StructField("end", time)))


def window_parameters(arguments: Sequence[Expression]) -> tuple[int, int, int]:
    """Duration, slide and start in microseconds of a call of `window`; its time argument is the first."""
    duration = _micros(arguments[1], 1)
    slide = _micros(arguments[2], 2) if len(arguments) > 2 else duration  # noqa: PLR2004 - the optional slide
    start = _micros(arguments[3], 3) if len(arguments) > 3 else 0  # noqa: PLR2004 - the optional start
    _check(duration, slide, start)
    return duration, slide, start


def _check(duration: int, slide: int, start: int) -> None:
    for name, value in (("window_duration", duration), ("slide_duration", slide)):
        if value <= 0:
            raise SparkError(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                exprName=f"`{name}`",
                valueRange="(0, 9223372036854775807]",
                currentValue=f"{value}L",
            )
    for name, value, other, limit in (
        ("slide_duration", slide, "window_duration", duration),
        ("start_time", abs(start), "slide_duration", slide),
    ):
        if value > limit or (name == "start_time" and value >= limit):
            raise SparkError(
                "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION",
                leftExprName=f"`{name}`" if name != "start_time" else "`abs(start_time)`",
                leftExprValue=f"{value}L",
                constraint="<=" if name == "slide_duration" else "<",
                rightExprName=f"`{other}`",
                rightExprValue=f"{limit}L",
            )


def _micros(expression: Expression, position: int) -> int:
    if isinstance(expression, Literal):
        if isinstance(expression.type, DayTimeIntervalType) and expression.value is not None:
            return int(expression.value)
        if expression.type == STRING and expression.value is not None:
            interval = parse_interval(str(expression.value))
            if interval.months:
                raise SparkError("_LEGACY_ERROR_TEMP_3231", interval=str(expression.value))
            return interval.days * MICROS_PER_DAY + interval.microseconds
        if isinstance(expression.value, int) and not isinstance(expression.value, bool):
            return int(expression.value)
    raise unexpected_argument(position, expression.data_type, '"STRING"')


def _bind_window(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    time = arguments[0]
    if not isinstance(time.data_type, TimestampNTZType):
        cast = implicit_cast(time, TIMESTAMP, context)
        if cast is None:
            raise unexpected_argument(0, time.data_type, '("TIMESTAMP" or "TIMESTAMP_NTZ")')
        time = cast
    numbers = [Literal(number, LONG) for number in window_parameters(arguments)]
    return call("window", (time, *numbers), window_type(time.data_type), context, nullable=False)


def _parameters(call_: Call) -> tuple[int, int, int]:
    duration, slide, start = (int(a.value) for a in call_.arguments[1:] if isinstance(a, Literal))
    return duration, slide, start


def _pack(start: str, duration: int, *, is_local: bool) -> str:
    make = "make_timestamp" if is_local else "make_timestamptz"
    return f'struct_pack("start" := {make}({start}), "end" := {make}({start} + {duration}))'


def _emit_window(call_: Call, arguments: Sequence[str]) -> str:
    duration, slide, start = _parameters(call_)
    is_local = call_.arguments[0].data_type.type_name == "timestamp_ntz"
    micros = f"epoch_us({arguments[0]})"
    return let(
        micros,
        lambda t: let(
            f"({t} - ((({t} - {start}) % {slide}) + {slide}) % {slide})",
            lambda s: _pack(s, duration, is_local=is_local),
        ),
    )


def _emit_sliding(call_: Call, arguments: Sequence[str]) -> str:
    duration, slide, start = _parameters(call_)
    is_local = call_.arguments[0].data_type.type_name == "timestamp_ntz"

    def windows(t: str) -> str:
        last = f"({t} - ((({t} - {start}) % {slide}) + {slide}) % {slide})"
        made = _pack("w", duration, is_local=is_local)
        # Those that end after the time, from the latest start back.
        return f"CASE WHEN {t} IS NOT NULL THEN list_transform(range({last}, {t} - {duration}, -{slide}), lambda w: {made}) END"

    return let(f"epoch_us({arguments[0]})", windows)


def _sliding_type(arguments: Sequence[Expression]) -> DataType:
    return ArrayType(window_type(arguments[0].data_type), contains_null=False)


def _bind_window_time(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (window,) = arguments
    source = window.data_type
    if not (isinstance(source, StructType) and source.names == ("start", "end")):
        raise unexpected_argument(0, source, '"STRUCT<start: TIMESTAMP, end: TIMESTAMP>"')
    return call("window_time", arguments, source.fields[1].data_type, context, nullable=True)


def _emit_window_time(call_: Call, arguments: Sequence[str]) -> str:
    make = "make_timestamp" if call_.type.type_name == "timestamp_ntz" else "make_timestamptz"
    return f"{make}(epoch_us(struct_extract({arguments[0]}, 'end')) - 1)"


FUNCTIONS: tuple[Function, ...] = (
    ScalarFunction("window", (Input.ANY,) * 4, TIMESTAMP, emit=_emit_window, optional=2, bind=_bind_window),
    ScalarFunction("_sliding_windows", (Input.ANY, LONG, LONG, LONG), _sliding_type, emit=_emit_sliding),
    ScalarFunction("window_time", (Input.ANY,), TIMESTAMP, emit=_emit_window_time, bind=_bind_window_time),
)
