"""Lengths of time as Spark's streaming API takes them: `10 seconds`, `interval 1 minute 30 seconds`.

Source of fact: org.apache.spark.sql.catalyst.util.SparkIntervalUtils.stringToInterval.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from potok.errors import SparkError

_MICROSECONDS = {
    "week": 7 * 86_400_000_000,
    "day": 86_400_000_000,
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": 1_000_000,
    "millisecond": 1_000,
    "microsecond": 1,
}
_DAYS = {"week": 7, "day": 1}
_MONTHS = {"year": 12, "month": 1}
_MICROSECONDS_PER_DAY = 86_400_000_000
_WHITE = " \t\n\x0b\x0c\r"
_NANOSECOND_DIGITS = 9
_MAX_INT = 2**31 - 1
_MAX_LONG = 2**63 - 1
_VALUE = re.compile(r"(?P<sign>[+-]?)\s*(?P<whole>\d*)(?P<point>\.?)(?P<fraction>\d*)", re.ASCII)


class CalendarInterval(NamedTuple):
    """Months, days and microseconds, each with its sign."""

    months: int
    days: int
    microseconds: int

    @property
    def milliseconds(self) -> int:
        """Without the months, days of 24 hours, rounded down."""
        return (self.days * _MICROSECONDS_PER_DAY + self.microseconds) // 1000


def parse_interval(text: str) -> CalendarInterval:
    """The interval that a text names. Raises INVALID_INTERVAL_FORMAT with Spark's reason."""
    rest = text.strip(_WHITE).lower()
    if rest.startswith("interval"):
        prefix, rest = rest[:8], rest[8:]
        if not rest:
            raise _invalid(text, "INPUT_IS_EMPTY")
        if rest[0] not in _WHITE:
            word = re.split(r"\s", prefix + rest)[0]
            raise _invalid(text, "INVALID_PREFIX", prefix=word)
    if not rest.strip(_WHITE):
        raise _invalid(text, "INPUT_IS_EMPTY")
    months = days = microseconds = 0
    position = _skip_white(rest, 0)
    while position < len(rest):
        position, value, fraction_ns, word = _number(text, rest, position)
        position, unit = _unit(text, rest, position, word)
        if fraction_ns is not None and unit != "second":
            plural = re.split(r"\s", rest[position:])[0]
            raise _invalid(text, "INVALID_FRACTION", unit=plural)
        position += len(unit)
        if rest[position : position + 1] == "s":
            position += 1
        if rest[position : position + 1] not in {"", *_WHITE}:
            start = position - len(unit)
            raise _invalid(text, "INVALID_UNIT", unit=re.split(r"\s", rest[start:])[0])
        if unit in _MONTHS:
            months += value * _MONTHS[unit]
        elif unit in _DAYS:
            days += value * _DAYS[unit]
        else:
            microseconds += value * _MICROSECONDS[unit] + (fraction_ns or 0) // 1000
        if abs(months) > _MAX_INT or abs(days) > _MAX_INT or abs(microseconds) > _MAX_LONG:
            raise _invalid(text, "ARITHMETIC_EXCEPTION")
        position = _skip_white(rest, position)
    return CalendarInterval(months, days, microseconds)


def _number(text: str, rest: str, position: int) -> tuple[int, int, int | None, str]:
    """A signed number: where it ends, its whole part, its fraction in (signed) nanoseconds, its text."""
    match = _VALUE.match(rest, position)
    if match is None:
        raise AssertionError
    word = re.split(r"\s", rest[position:])[0]
    whole, fraction = match["whole"], match["fraction"]
    if not whole and not fraction and not match["point"]:
        raise _invalid(text, "UNRECOGNIZED_NUMBER", number=word)
    if len(fraction) > _NANOSECOND_DIGITS:
        raise _invalid(text, "INVALID_PRECISION", value=word)
    end = match.end()
    following = rest[end : end + 1]
    if following and following not in _WHITE:
        raise _invalid(text, "INVALID_VALUE", value=word)
    value = int(whole or "0")
    if value > _MAX_LONG:
        raise _invalid(text, "ARITHMETIC_EXCEPTION")
    sign = -1 if match["sign"] == "-" else 1
    fraction_ns = sign * int(fraction.ljust(_NANOSECOND_DIGITS, "0")) if match["point"] else None
    return end, sign * value, fraction_ns, word


def _unit(text: str, rest: str, position: int, word: str) -> tuple[int, str]:
    """Where the unit after a number begins, and its singular."""
    position = _skip_white(rest, position)
    if position >= len(rest):
        raise _invalid(text, "MISSING_UNIT", word=word)
    for unit in (*_MONTHS, *_MICROSECONDS):
        if rest.startswith(unit, position):
            return position, unit
    raise _invalid(text, "INVALID_UNIT", unit=re.split(r"\s", rest[position:])[0])


def _skip_white(text: str, position: int) -> int:
    while position < len(text) and text[position] in _WHITE:
        position += 1
    return position


def _invalid(text: str, reason: str, **parameters: object) -> SparkError:
    return SparkError(f"INVALID_INTERVAL_FORMAT.{reason}", origin=None, input=text, **parameters)
