"""Dates and times to and from texts, by Java patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from potok.functions import time_kernels as k
from potok.functions.base import Function, FunctionContext, ScalarFunction
from potok.functions.datetime_rules import moment_argument, pattern_of, row
from potok.functions.mismatch import any_nullable, call, same, unexpected_argument
from potok.functions.parse_text import PARSE_LOCAL_TIMESTAMP, PARSE_TIMESTAMP
from potok.functions.raising import quote_text, raise_sql
from potok.functions.rows import ALWAYS, ANY
from potok.functions.sql_text import let
from potok.functions.type_rules import cast_to, implicit_cast
from potok.functions.zones import instant, local
from potok.plan.expressions import Call, Cast, CastMode, Expression, Literal
from potok.types import (
    DATE,
    LONG,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    BooleanType,
    DataType,
    DateType,
    NullType,
    NumericType,
    TimestampNTZType,
    TimestampType,
)

DEFAULT_PATTERN = "yyyy-MM-dd HH:mm:ss"
_STRFTIME = {
    "yyyy": "%Y", "yy": "%y", "MM": "%m", "M": "%-m", "MMM": "%b", "MMMM": "%B", "dd": "%d", "d": "%-d", "HH": "%H",
    "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S", "SSS": "%g",
    "SSSSSS": "%f", "a": "%p", "E": "%a", "EE": "%a", "EEE": "%a", "EEEE": "%A", "DDD": "%j", "D": "%-j",
}  # fmt: skip
_EXACT_TO_READ = frozenset({"yyyy", "MM", "dd", "HH", "mm", "ss", "SSS", "SSSSSS"})
_PIECES = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z'\[\]{}#]", re.ASCII)


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


def bind_date_format(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    """`date_format(moment, pattern)`."""
    moment, pattern = arguments
    text = implicit_cast(pattern, STRING, context)
    if text is None:
        raise unexpected_argument(1, pattern.data_type, '"STRING"')
    if isinstance(moment.data_type, TimestampNTZType):
        moment = cast_to(moment, TIMESTAMP, context)
    return call("date_format", (moment_argument(moment, 0, context), text), STRING, context)


def _emit_date_format(call_: Call, arguments: Sequence[str]) -> str:
    return formatted(arguments[0], arguments[1], pattern_of(call_.arguments[1]))


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
        if target == DATE and isinstance(value.data_type, NumericType | BooleanType):
            value = cast_to(value, STRING, context)
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
    constant = pattern_of(call_.arguments[1])
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
    return call("_whole_seconds", (moment,), LONG, context, nullable=None if context.ansi else True)


def _emit_from_unixtime(call_: Call, arguments: Sequence[str]) -> str:
    pattern = arguments[1] if len(arguments) > 1 else quote_text(DEFAULT_PATTERN)
    constant = pattern_of(call_.arguments[1]) if len(arguments) > 1 else DEFAULT_PATTERN
    return formatted(f"make_timestamptz({arguments[0]} * 1000000)", pattern, constant)


_UNIX = row("unix_timestamp", (ANY, STRING), LONG, optional=2, bind=_bind_unix_timestamp)
_PARSE_KERNELS = (k.PARSE_TIME, k.PARSE_LOCAL_TIME, k.PARSE_FAILURE, PARSE_TIMESTAMP, PARSE_LOCAL_TIMESTAMP)


def _parser(name: str, target: DataType) -> ScalarFunction:
    return row(name, (ANY, STRING), target, optional=1, bind=partial(_bind_parse, name, target))


FUNCTIONS: tuple[Function, ...] = (
    row("date_format", (ANY, STRING), STRING, _emit_date_format, k.FORMAT_TIME, k.FORMAT_LOCAL_TIME, bind=bind_date_format),
    row("from_unixtime", (LONG, STRING), STRING, _emit_from_unixtime, k.FORMAT_TIME, k.FORMAT_LOCAL_TIME, optional=1, nullable=ALWAYS),
    row("_parse_time", (STRING, STRING), TIMESTAMP, _emit_parse_time, *_PARSE_KERNELS, nullable=ALWAYS),
    row("_parse_date", (STRING, STRING), TIMESTAMP, _emit_parse_time, *_PARSE_KERNELS, nullable=ALWAYS),
    _parser("to_date", DATE),
    _parser("try_to_date", DATE),
    _parser("to_timestamp", TIMESTAMP),
    _parser("to_timestamp_ltz", TIMESTAMP),
    _parser("to_timestamp_ntz", TIMESTAMP_NTZ),
    _parser("try_to_timestamp", TIMESTAMP),
    _UNIX,
    *same(_UNIX, "to_unix_timestamp"),
)  # fmt: skip
