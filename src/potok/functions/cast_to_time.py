"""Values to DATE, TIMESTAMP, TIMESTAMP_NTZ and BINARY."""

from __future__ import annotations

from potok.functions.cast_to_number import MICROS_PER_SECOND
from potok.functions.conversion import Conversion
from potok.functions.sql_text import let
from potok.functions.zones import instant, local
from potok.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    LONG,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DecimalType,
    FractionalType,
    IntegralType,
    StringType,
)

_HIGHEST, _LOWEST = 9_223_372_036_854_775_806, -9_223_372_036_854_775_806
_HIGHEST_SECONDS = _HIGHEST // MICROS_PER_SECOND


def to_date(sql: str, cast: Conversion) -> str:
    """A day; of a time its day in the session's zone."""
    if isinstance(cast.source, StringType):
        return let(sql, lambda v: _text_to_date(v, cast))
    if cast.source == TIMESTAMP:
        return f"CAST({local(sql)} AS DATE)"
    if cast.source == TIMESTAMP_NTZ:
        return f"CAST({sql} AS DATE)"
    return cast.null


def _text_to_date(v: str, cast: Conversion) -> str:
    slow = f"potok_parse_date({v})"
    return (
        f"CASE WHEN {v} LIKE '____-__-__' AND {v} >= '0' AND {v} < ':' AND TRY_CAST({v} AS DATE) IS NOT NULL THEN TRY_CAST({v} AS DATE)"
        f" WHEN {v} IS NULL THEN NULL ELSE coalesce({slow}, {cast.malformed(v)}) END"
    )


def to_timestamp(sql: str, cast: Conversion) -> str:
    """An instant; texts and local times without a zone are in the session's."""
    match cast.source:
        case StringType():
            return let(
                sql, lambda v: _parsed(f"potok_parse_timestamp({v}, current_setting('TimeZone'))", v, cast)
            )
        case IntegralType():
            seconds = f"CAST({sql} AS BIGINT)"
            return let(seconds, _saturated_seconds) if cast.source.bits > 32 else (  # noqa: PLR2004 - an INT fits
                f"make_timestamptz({seconds} * {MICROS_PER_SECOND})"
            )  # fmt: skip
        case DecimalType():
            return let(f"trunc(CAST({sql} AS DECIMAL(38,9)) * {MICROS_PER_SECOND})", _saturated)
        case FractionalType():
            return let(f"CAST({sql} AS DOUBLE)", lambda v: _double_to_timestamp(v, cast))
    if cast.source == BOOLEAN:
        return f"make_timestamptz(CAST({sql} AS BIGINT))"
    if cast.source == DATE:
        return instant(f"CAST({sql} AS TIMESTAMP)")
    if cast.source == TIMESTAMP_NTZ:
        return instant(sql)
    return cast.null


def _parsed(parsed: str, v: str, cast: Conversion) -> str:
    if not cast.is_ansi:
        return parsed
    return let(
        parsed, lambda p: f"CASE WHEN {p} IS NOT NULL OR {v} IS NULL THEN {p} ELSE {cast.malformed(v)} END"
    )


def _saturated_seconds(v: str) -> str:
    return (
        f"CASE WHEN {v} BETWEEN -{_HIGHEST_SECONDS} AND {_HIGHEST_SECONDS}"
        f" THEN make_timestamptz({v} * {MICROS_PER_SECOND}) WHEN {v} > 0 THEN make_timestamptz({_HIGHEST})"
        f" WHEN {v} < 0 THEN make_timestamptz({_LOWEST}) END"
    )


def _saturated(v: str) -> str:
    return (
        f"CASE WHEN {v} BETWEEN {_LOWEST} AND {_HIGHEST} THEN make_timestamptz(CAST({v} AS BIGINT))"
        f" WHEN {v} > 0 THEN make_timestamptz({_HIGHEST}) WHEN {v} < 0 THEN make_timestamptz({_LOWEST}) END"
    )


def _double_to_timestamp(v: str, cast: Conversion) -> str:
    micros = f"({v} * {MICROS_PER_SECOND})"
    malformed = Conversion(DOUBLE, cast.target, cast.mode, cast.origin).malformed(v)
    inside = f"abs({micros}) < 9223372036854775000"
    moment = f"make_timestamptz(CAST(trunc({micros}) AS BIGINT))"
    start = (
        f"CASE WHEN {v} IS NULL THEN NULL WHEN NOT isfinite({v}) THEN {malformed} WHEN {inside} THEN {moment}"
    )
    if cast.is_legacy:
        return f"{start} WHEN {v} > 0 THEN make_timestamptz({_HIGHEST}) ELSE make_timestamptz({_LOWEST}) END"
    return f"{start} ELSE {Conversion(DOUBLE, LONG, cast.mode, cast.origin).overflow(micros)} END"


def to_local_timestamp(sql: str, cast: Conversion) -> str:
    """A local time; a zone in a text is ignored."""
    if isinstance(cast.source, StringType):
        return let(sql, lambda v: _parsed(f"potok_parse_local_timestamp({v})", v, cast))
    if cast.source == DATE:
        return f"CAST({sql} AS TIMESTAMP)"
    if cast.source == TIMESTAMP:
        return local(sql)
    return cast.null


def to_binary(sql: str, cast: Conversion) -> str:
    """The bytes of a text in UTF-8; big-endian bytes of a whole number."""
    match cast.source:
        case StringType():
            return f"encode({sql})"
        case IntegralType(bits=bits):
            mask = (1 << bits) - 1
            unsigned = f"(CAST({sql} AS HUGEINT) & {mask})"
            return f"from_hex(lpad(printf('%x', CAST({unsigned} AS UBIGINT)), {bits // 4}, '0'))"
    return cast.null
