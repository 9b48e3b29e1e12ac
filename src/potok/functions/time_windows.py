"""What the analyzer makes of `window(..)` and `session_window(..)`: internal functions.

Times are microseconds since 1970-01-01 (UTC for TIMESTAMP, local for TIMESTAMP_NTZ).
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError
from potok.functions.base import Function, Input, Nullability, ScalarFunction
from potok.functions.sql_text import let
from potok.interval_text import parse_interval
from potok.plan.expressions import Call, Expression
from potok.types import (
    BOOLEAN,
    CALENDAR_INTERVAL,
    LONG,
    STRING,
    DataType,
    StructField,
    StructType,
    TimestampNTZType,
    arrow_type,
)


def _window_type(arguments: Sequence[Expression]) -> DataType:
    time = arguments[0].data_type
    return StructType((StructField("start", time), StructField("end", time)))


def _end_type(arguments: Sequence[Expression]) -> DataType:
    struct = arguments[0].data_type
    assert isinstance(struct, StructType)  # noqa: S101 - the analyzer looked
    return struct.fields[1].data_type


def _instant(time: DataType, microseconds: str) -> str:
    make = "make_timestamp" if isinstance(time, TimestampNTZType) else "make_timestamptz"
    return f"{make}({microseconds})"


def _struct(time: DataType, start: str, end: str) -> str:
    return f'struct_pack("start" := {_instant(time, start)}, "end" := {_instant(time, end)})'


def _emit_window(call: Call, arguments: Sequence[str]) -> str:
    """The latest window that starts at or before the time, moved `copy` slides back."""
    time, size, slide, start, copy = arguments
    data_type = call.arguments[0].data_type

    def of(moment: str) -> str:
        phase = f"(((epoch_us({moment}) - {start}) % {slide} + {slide}) % {slide})"
        # Written twice: the engine sees that it is the same, and a list to carry it costs twice as much.
        first = f"epoch_us({moment}) - {phase} - {copy} * {slide}"
        return _struct(data_type, first, f"{first} + {size}")

    return let(time, of)


def _emit_session(call: Call, arguments: Sequence[str]) -> str:
    """The session that a row alone would make: from its time to its time and the gap."""
    time, gap = arguments
    data_type = call.arguments[0].data_type
    return let(f"epoch_us({time})", lambda moment: _struct(data_type, moment, f"{moment} + {gap}"))


def _emit_last(call: Call, arguments: Sequence[str]) -> str:
    end = f"epoch_us(struct_extract({arguments[0]}, 'end')) - 1"
    return _instant(call.type, end)


def _gaps(texts: pa.Array) -> pa.Array:
    """Texts as intervals, NULL for what names none."""
    known = texts.dictionary_encode()
    intervals = pa.array(
        [_interval(text) for text in known.dictionary.to_pylist()], arrow_type(CALENDAR_INTERVAL)
    )
    return intervals.take(known.indices)


def _interval(text: str) -> pa.MonthDayNano | None:
    try:
        months, days, microseconds = parse_interval(text)
    except SparkError:
        return None
    return pa.MonthDayNano([months, days, microseconds * 1000])


_GAP = Kernel("potok_session_gap", (STRING,), CALENDAR_INTERVAL, _gaps)


FUNCTIONS: tuple[Function, ...] = (
    ScalarFunction("time_window", (Input.ANY, LONG, LONG, LONG, LONG), _window_type, emit=_emit_window,
                   nullable=Nullability.NEVER),
    ScalarFunction("time_window_holds", (Input.STRUCT, Input.ANY), BOOLEAN,
                   emit="({1} >= struct_extract({0}, 'start') AND {1} < struct_extract({0}, 'end'))"),
    ScalarFunction("time_window_last", (Input.STRUCT,), _end_type, emit=_emit_last),
    ScalarFunction("session_window_of_row", (Input.ANY, LONG), _window_type, emit=_emit_session,
                   nullable=Nullability.NEVER),
    ScalarFunction("session_window_until", (Input.ANY, Input.ANY), _window_type,
                   emit='struct_pack("start" := {0}, "end" := {1})', nullable=Nullability.NEVER),
    ScalarFunction("session_gap", (STRING,), CALENDAR_INTERVAL, emit="potok_session_gap({0})",
                   nullable=Nullability.ALWAYS, kernels=(_GAP,)),
)  # fmt: skip
