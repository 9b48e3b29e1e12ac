"""Python behind date and time functions: Java's patterns and zones by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError
from potok.functions.java_time_patterns import JavaTimePattern
from potok.functions.row_kernels import row_kernel
from potok.functions.zones import instant_to_local, local_to_instant
from potok.types import LONG, STRING, TIMESTAMP, TIMESTAMP_NTZ
from potok.zone_names import find_zone

_PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|(.)", re.DOTALL)
_CHANGED_LETTERS = frozenset("uWwY")
_MOST = {"y": 6, "M": 4, "L": 4, "a": 1, "d": 2, "E": 4, "G": 4, "S": 9}
_ILLEGAL = frozenset("ABnNpPcl")


@lru_cache(maxsize=256)
def time_pattern(pattern: str) -> JavaTimePattern:
    """A compiled pattern. SparkError where Spark refuses it."""
    for match in _PIECE.finditer(pattern):
        if match[2] and (match[2] in _CHANGED_LETTERS or len(match[0]) > _MOST.get(match[2], len(match[0]))):
            raise unknown_pattern(pattern)
    try:
        return JavaTimePattern(pattern)
    except ValueError as error:
        raise unknown_pattern(pattern) from error


def unknown_pattern(pattern: str) -> SparkError:
    """How Spark refuses a pattern."""
    letters = {sign for sign in _unquoted(pattern) if sign.isascii() and sign.isalpha()}
    for sign in letters:
        if sign in "ec":
            return SparkError("INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN", c=sign)
        if sign in _ILLEGAL:
            return SparkError("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", c=sign, pattern=pattern)
    if letters - set("GyMLdQqEDFahkKHmsSVzOXxZYwWu"):
        return SparkError(
            "INVALID_DATETIME_PATTERN.WITH_SUGGESTION",
            pattern=f"'{pattern}'",
            docroot="https://spark.apache.org/docs/latest",
        )
    return SparkError(
        "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION",
        pattern=f"'{pattern}'",
        config='"spark.sql.legacy.timeParserPolicy"',
        docroot="https://spark.apache.org/docs/latest",
    )


def _unquoted(pattern: str) -> str:
    return "".join(pattern.split("'")[::2])


_RANGES = (
    ("M", "MonthOfYear", 1, 12, "1 - 12"), ("d", "DayOfMonth", 1, 31, "1 - 28/31"), ("H", "HourOfDay", 0, 23, "0 - 23"),
    ("h", "ClockHourOfAmPm", 1, 12, "1 - 12"), ("m", "MinuteOfHour", 0, 59, "0 - 59"),
    ("s", "SecondOfMinute", 0, 59, "0 - 59"),
)  # fmt: skip
_MONTH_NAMES = (
    "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER",
    "DECEMBER",
)  # fmt: skip


def _piece_regex(letters: str) -> str:
    letter, count = letters[0], len(letters)
    if letter in "Ea" or (letter in "MLQ" and count > 2):  # noqa: PLR2004 - names
        return r"[A-Za-z]+"
    if letter in "XxZO":
        return r"Z|[+-]\d{1,2}:?\d{0,2}(?::?\d{2})?|GMT\S*"
    if letter in "zVv":
        return r"[A-Za-z0-9_/+:\-]+"
    if letter == "S":
        return rf"\d{{1,{count}}}"
    if letter in "yu":
        return r"\d{2}" if count == 2 else rf"[+-]?\d{{{count},9}}"  # noqa: PLR2004 - of a century
    return rf"\d{{{count}}}" if count > 1 else r"\d{1,19}"


def parse_failure(text: str, pattern: str) -> str:
    """Why Java's parser refuses a text, in its words."""
    position = 0
    values: dict[str, str] = {}
    start = f"Text '{text}' could not be parsed"
    for match in _PIECE.finditer(pattern):
        if match[3] in {"[", "]"}:
            continue
        literal = match[3] or (match[1] or "'").replace("''", "'")
        regex = _piece_regex(match[0]) if match[2] else re.escape(literal)
        found = re.compile(regex).match(text, position)
        if found is None:
            return f"{start} at index {position}"
        if match[2]:
            values[match[2]] = found[0]
        position = found.end()
    if position < len(text):
        return f"{start}, unparsed text found at index {position}"
    return f"{start}: {_invalid_value(values)}"


def _invalid_value(values: dict[str, str]) -> str:
    for letter, name, lowest, highest, shown in _RANGES:
        value = values.get(letter, "")
        if value.isdigit() and not lowest <= int(value) <= highest:
            return f"Invalid value for {name} (valid values {shown}): {int(value)}"
    month, day = values.get("M", "1"), int(values.get("d", "1"))
    year = values.get("y", values.get("u", "1970"))
    if not month.isdigit():
        return "Unable to obtain LocalDate"
    if int(month) == 2 and day == 29:  # noqa: PLR2004 - the leap day
        return f"Invalid date 'February 29' as '{int(year)}' is not a leap year"
    return f"Invalid date '{_MONTH_NAMES[int(month) - 1]} {day}'"


def reading_pattern(pattern: str) -> JavaTimePattern:
    """A compiled pattern for texts; Spark does not read names of weekdays."""
    if re.search(r"E", _unquoted(pattern)):
        raise unknown_pattern(pattern)
    return time_pattern(pattern)


def _parse(text: str, pattern: str, zone: str) -> int | None:
    return reading_pattern(pattern).timestamp_micros(text, zone)


def _parse_local(text: str, pattern: str) -> int | None:
    return reading_pattern(pattern).local_micros(text)


def _zone_or_error(name: str) -> object:
    zone = find_zone(name)
    if zone is None:
        raise SparkError("INVALID_TIMEZONE", timeZone=name)
    return zone


def _each(moments: pa.Array, zones: pa.Array, convert: Callable[[int, Any], int]) -> pa.Array:
    known: dict[str, object] = {}
    values: list[int | None] = []
    for micros, name in zip(moments.cast(pa.int64()).to_pylist(), zones.to_pylist(), strict=True):
        if micros is None or name is None:
            values.append(None)
            continue
        if name not in known:
            known[name] = _zone_or_error(name)
        values.append(convert(micros, known[name]))
    return pa.array(values, pa.int64())


def _local_in(moments: pa.Array, zones: pa.Array) -> pa.Array:
    return _each(moments, zones, instant_to_local).cast(pa.timestamp("us"))


def _instant_in(local_times: pa.Array, zones: pa.Array) -> pa.Array:
    return _each(local_times, zones, local_to_instant).cast(pa.timestamp("us", tz="UTC"))


FORMAT_TIME = row_kernel(
    "format_time",
    (LONG, STRING, STRING),
    STRING,
    lambda micros, pattern, zone: time_pattern(pattern).format(micros, zone),
)
FORMAT_LOCAL_TIME = row_kernel(
    "format_local_time",
    (LONG, STRING),
    STRING,
    lambda micros, pattern: time_pattern(pattern).format(micros, "UTC"),
)
PARSE_FAILURE = row_kernel("parse_failure", (STRING, STRING), STRING, parse_failure)
PARSE_TIME = row_kernel("parse_time", (STRING, STRING, STRING), LONG, _parse)
PARSE_LOCAL_TIME = row_kernel("parse_local_time", (STRING, STRING), LONG, _parse_local)
LOCAL_IN = Kernel("potok_local_in", (TIMESTAMP, STRING), TIMESTAMP_NTZ, _local_in)
INSTANT_IN = Kernel("potok_instant_in", (TIMESTAMP_NTZ, STRING), TIMESTAMP, _instant_in)
