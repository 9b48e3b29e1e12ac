"""Constants: numbers, typed literals and intervals, by Spark's rules of text to value.

Source of fact: Spark 4.3's `AstBuilder.visit*Literal`, `SparkDateTimeUtils.stringToDate`,
`stringToTimestamp` and `IntervalUtils`.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Context, Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from potok import types as t
from potok.errors import Origin, SparkError, unsupported
from potok.plan.expressions import Literal
from potok.tokens import ParseError

_EXACT = Context(prec=1000)
_NUMBER = re.compile(r"(-?)((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Z]*)")
_INTEGRAL: dict[str, tuple[t.IntegralType, str]] = {
    "Y": (t.BYTE, "tinyint"),
    "S": (t.SHORT, "smallint"),
    "L": (t.LONG, "bigint"),
}
_MAX_DOUBLE = "1.7976931348623157E+308"
_MAX_FLOAT = "3.4028234663852886E+38"
_DATE = re.compile(r"([+-]?\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T].*)?)?)?", re.DOTALL)
_TIMESTAMP = re.compile(
    r"([+-]?\d{4,6})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T]"
    r"(?:(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{0,9}))?)?|(\d{1,2}))?\s*(\S.*)?)?)?)?",
    re.DOTALL,
)
_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?")
_FAR_YEAR = re.compile(r"(?:[+-]|\d{5,7}(?:-|$)|0000)")
_ONLY_TIME = re.compile(r"T?\d{1,2}:")
_SPECIAL_INSTANTS = frozenset({"now", "today", "tomorrow", "yesterday"})

MICROSECONDS = {
    "nanosecond": Decimal("0.001"),
    "microsecond": Decimal(1),
    "millisecond": Decimal(1000),
    "second": Decimal(1_000_000),
    "minute": Decimal(60_000_000),
    "hour": Decimal(3_600_000_000),
    "day": Decimal(86_400_000_000),
    "week": Decimal(7 * 86_400_000_000),
}
MONTHS = {"month": 1, "year": 12}
UNITS = frozenset(MICROSECONDS) | frozenset(MONTHS)
_DAY_TIME_FIELD = {
    "week": 0, "day": 0, "hour": 1, "minute": 2, "second": 3, "millisecond": 3, "microsecond": 3, "nanosecond": 3,
}  # fmt: skip
_YEAR_MONTH_FIELD = {"year": 0, "month": 1}
_FIELD_NAMES = ("day", "hour", "minute", "second")
_INTERVAL_VALUE = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_INTERVAL_ITEM = re.compile(r"\s*([+-]?)\s*(\d+(?:\.\d*)?|\.\d+)\s+([a-zA-Z]+)\s*")


class Quantity(NamedTuple):
    """One `value unit` of an interval; `text` is the value's text, `origin` where it stands."""

    text: str
    unit: str
    origin: Origin


def number(text: str, origin: Origin) -> Literal:
    """The literal for a number with its sign and suffix: 1 INT, 3000000000 BIGINT, 1.5 DECIMAL, 1e3 DOUBLE."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        msg = f"not a number token: {text!r}"
        raise ValueError(msg)
    sign, digits, suffix = found.groups()
    suffix = suffix.upper()
    if suffix in _INTEGRAL:
        return _integral(int(sign + digits), suffix, sign + digits, origin)
    if suffix == "BD":
        return _decimal(sign + digits)
    if suffix in {"D", "F"} or "e" in digits or "E" in digits:
        return _floating(sign + digits, suffix, origin)
    if "." in digits:
        return _decimal(sign + digits)
    value = int(sign + digits)
    if -(2**31) <= value < 2**31:
        return Literal(value, t.INTEGER)
    if -(2**63) <= value < 2**63:
        return Literal(value, t.LONG)
    return _decimal(sign + digits)


def _integral(value: int, suffix: str, shown: str, origin: Origin) -> Literal:
    data_type, name = _INTEGRAL[suffix]
    limit = 2 ** (data_type.bits - 1)
    if not -limit <= value < limit:
        raise _out_of_range(shown, name, str(-limit), str(limit - 1), origin)
    return Literal(value, data_type)


def _floating(text: str, suffix: str, origin: Origin) -> Literal:
    value, exact = float(text), Decimal(text)
    if suffix == "F":
        if abs(exact) > Decimal(_MAX_FLOAT):
            raise _out_of_range(text, "float", "-" + _MAX_FLOAT, _MAX_FLOAT, origin)
        return Literal(value, t.FLOAT)
    if abs(exact) > Decimal(_MAX_DOUBLE):
        raise _out_of_range(text, "double", "-" + _MAX_DOUBLE, _MAX_DOUBLE, origin)
    return Literal(value, t.DOUBLE)


def _out_of_range(text: str, name: str, low: str, high: str, origin: Origin) -> ParseError:
    return ParseError(
        "INVALID_NUMERIC_LITERAL_RANGE",
        origin=origin,
        rawStrippedQualifier=text,
        typeName=name,
        minValue=low,
        maxValue=high,
    )


def _decimal(text: str) -> Literal:
    value = _EXACT.create_decimal(text)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - digits are finite
    digits = len(value.as_tuple().digits)
    if exponent > 0:
        value, digits, exponent = value.quantize(Decimal(1), context=_EXACT), digits + exponent, 0
    precision = max(digits, -exponent)
    if precision > t.MAX_PRECISION:
        raise SparkError(
            "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", precision=precision, maxPrecision=t.MAX_PRECISION
        )
    return Literal(value, t.DecimalType(precision, -exponent))


def typed(kind: str, text: str, time_zone: str, origin: Origin) -> Literal:
    """The literal for `kind 'text'`; `kind` is upper case: DATE, TIMESTAMP, TIMESTAMP_NTZ/LTZ or X."""
    if kind == "X":
        return _binary(text, origin)
    trimmed = text.strip()
    if trimmed.lower() in _SPECIAL_INSTANTS or _ONLY_TIME.match(trimmed):
        raise unsupported(f"{kind} '{trimmed}'", "Use current_date() or current_timestamp().", origin=origin)
    if trimmed.lower() == "epoch":
        trimmed = "1970-01-01 00:00:00Z" if kind in {"TIMESTAMP", "TIMESTAMP_LTZ"} else "1970-01-01"
    value: dt.date | dt.datetime | None
    if kind == "DATE":
        value = parse_date(trimmed)
        data_type: t.DataType = t.DATE
    else:
        data_type = t.TIMESTAMP_NTZ if kind == "TIMESTAMP_NTZ" else t.TIMESTAMP
        value = parse_timestamp(trimmed, None if kind == "TIMESTAMP_NTZ" else time_zone)
    if value is None and _FAR_YEAR.match(trimmed):
        raise unsupported(f"{kind} '{text}'", "Years run from 0001 to 9999.", origin=origin)
    if value is None:
        raise ParseError("INVALID_TYPED_LITERAL", origin=origin, valueType=f'"{kind}"', value=f"'{text}'")
    return Literal(value, data_type)


def _binary(text: str, origin: Origin) -> Literal:
    try:
        return Literal(bytes.fromhex(text if len(text) % 2 == 0 else "0" + text), t.BINARY)
    except ValueError:
        raise ParseError("INVALID_TYPED_LITERAL", origin=origin, valueType='"X"', value=f"'{text}'") from None


def parse_date(text: str) -> dt.date | None:
    """A day from `yyyy`, `yyyy-m` or `yyyy-m-d`, whatever follows a space or T; None if it is none."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return dt.date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None


def parse_timestamp(text: str, time_zone: str | None) -> dt.datetime | None:
    """An instant (UTC-aware) read in a zone; a local time (naive, a zone in the text is ignored) without one."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, only_hour, zone = found.groups()
    try:
        local = dt.datetime(  # noqa: DTZ001 - the zone comes next
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or only_hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "").ljust(6, "0")[:6]),
        )
        if time_zone is None:
            return local
        zone_info = _zone(zone.strip() if zone else time_zone)
    except (ValueError, KeyError, OSError):
        return None
    return local.replace(tzinfo=zone_info).astimezone(dt.UTC)


def _zone(text: str) -> dt.tzinfo:
    """The zone for a name or an offset. Raises ValueError or KeyError for an unknown one."""
    if text in {"Z", "UTC", "GMT", "UT"}:
        return dt.UTC
    found = _OFFSET.fullmatch(text)
    if found is None:
        return ZoneInfo(text)
    offset = dt.timedelta(hours=int(found[2]), minutes=int(found[3] or 0), seconds=int(found[4] or 0))
    return dt.timezone(-offset if found[1] == "-" else offset)


def units_interval(quantities: list[Quantity], whole: Origin) -> Literal:
    """The literal for `INTERVAL 1 DAY 2 HOURS`."""
    units = {q.unit for q in quantities}
    if units & MONTHS.keys() and units & MICROSECONDS.keys():
        raise ParseError("_LEGACY_ERROR_TEMP_0029", origin=whole, literal=whole.fragment)
    shown = "".join(f" {q.text} {q.unit}" for q in quantities)
    for quantity in quantities:
        _check_quantity(quantity, shown)
    try:
        return _sum_of(quantities)
    except OverflowError:
        raise SparkError("INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION", input=shown) from None


def _sum_of(quantities: list[Quantity]) -> Literal:
    if quantities[0].unit in MONTHS:
        months = sum(int(q.text) * MONTHS[q.unit] for q in quantities)
        if not -(2**31) <= months < 2**31:
            raise OverflowError
        fields = [_YEAR_MONTH_FIELD[q.unit] for q in quantities]
        return Literal(months, t.YearMonthIntervalType(min(fields), max(fields)))
    micros = sum(int(Decimal(q.text) * MICROSECONDS[q.unit]) for q in quantities)
    if not -(2**63) <= micros < 2**63:
        raise OverflowError
    fields = [_DAY_TIME_FIELD[q.unit] for q in quantities]
    return Literal(micros, t.DayTimeIntervalType(min(fields), max(fields)))


def _check_quantity(quantity: Quantity, shown: str) -> None:
    text, unit = quantity.text, quantity.unit
    if _INTERVAL_VALUE.fullmatch(text) is None:
        raise ParseError("_LEGACY_ERROR_TEMP_0026", origin=quantity.origin, value=text)
    if unit == "nanosecond":
        raise SparkError("INVALID_INTERVAL_FORMAT.INVALID_UNIT", input=shown, unit=unit)
    if "." in text and unit != "second":
        raise SparkError("INVALID_INTERVAL_FORMAT.INVALID_FRACTION", input=shown, unit=unit)


def text_interval(text: str, whole: Origin) -> Literal:
    """The literal for `INTERVAL '1 day 2 hours'`."""
    body = re.sub(r"^\s*interval\s+", "", text, flags=re.IGNORECASE)
    quantities: list[Quantity] = []
    position = 0
    while position < len(body):
        found = _INTERVAL_ITEM.match(body, position)
        unit = found[3].lower() if found else ""
        unit = unit if unit in UNITS else unit.removesuffix("s")
        if found is None or unit not in UNITS:
            raise _invalid_typed_interval(text, whole)
        quantities.append(Quantity(found[1] + found[2], unit, whole))
        position = found.end()
    if not quantities:
        raise _invalid_typed_interval(text, whole)
    if {q.unit for q in quantities} & MONTHS.keys() and {q.unit for q in quantities} & MICROSECONDS.keys():
        raise ParseError("_LEGACY_ERROR_TEMP_0029", origin=whole, literal=whole.fragment)
    return units_interval(quantities, whole)


def _invalid_typed_interval(text: str, whole: Origin) -> ParseError:
    return ParseError("INVALID_TYPED_LITERAL", origin=whole, valueType='"INTERVAL"', value=f"'{text}'")


_BETWEEN_UNITS = {
    (0, 1): (r"(\d+) (\d{1,2})", ("day", "hour")),
    (0, 2): (r"(\d+) (\d{1,2}):(\d{1,2})", ("day", "hour", "minute")),
    (0, 3): (r"(\d+) (\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)", ("day", "hour", "minute", "second")),
    (1, 2): (r"(\d+):(\d{1,2})", ("hour", "minute")),
    (1, 3): (r"(\d+):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)", ("hour", "minute", "second")),
    (2, 3): (r"(\d+):(\d{1,2}(?:\.\d{1,9})?)", ("minute", "second")),
}
_SHAPES = {
    (0, 1): "d h", (0, 2): "d h:m", (0, 3): "d h:m:s.n", (1, 2): "h:m", (1, 3): "h:m:s.n", (2, 3): "m:s.n",
}  # fmt: skip
_LIMITS = {"hour": 24, "minute": 60, "second": 60}


def range_interval(text: str, start: str, end: str, origin: Origin) -> Literal:
    """The literal for `INTERVAL '1 02:03:04' DAY TO SECOND`; units in lower case."""
    if (start, end) == ("year", "month"):
        return _year_to_month(text, origin)
    if start not in _FIELD_NAMES or end not in _FIELD_NAMES or start == end:
        raise _unsupported_range(text, start, end, origin)
    fields = (_FIELD_NAMES.index(start), _FIELD_NAMES.index(end))
    if fields not in _BETWEEN_UNITS:
        raise _unsupported_range(text, start, end, origin)
    pattern, units = _BETWEEN_UNITS[fields]
    found = re.fullmatch(r"\s*([+-]?)" + pattern + r"\s*", text)
    parts = dict(zip(units, found.groups()[1:], strict=True)) if found else {}
    if found is None:
        raise _unmatched(text, "day-time", _SHAPES[fields], f"{start} to {end}", origin)
    for unit in units[1:]:
        if Decimal(parts[unit]) >= _LIMITS[unit]:
            message = f"requirement failed: {unit} {parts[unit]} outside range [0, {_LIMITS[unit] - 1}]"
            raise ParseError("_LEGACY_ERROR_TEMP_0063", origin=origin, msg=message)
    micros = sum(int(Decimal(value) * MICROSECONDS[unit]) for unit, value in parts.items())
    if found[1] == "-":
        micros = -micros
    return Literal(micros, t.DayTimeIntervalType(*fields))


def _year_to_month(text: str, origin: Origin) -> Literal:
    found = re.fullmatch(r"\s*([+-]?)(\d+)-(\d{1,2})\s*", text)
    if found is None:
        raise _unmatched(text, "year-month", "y-m", "year to month", origin)
    if int(found[3]) >= MONTHS["year"]:
        condition = "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING"
        raise ParseError(condition, origin=origin, input=text, interval="year-month")
    months = int(found[2]) * MONTHS["year"] + int(found[3])
    if found[1] == "-":
        months = -months
    return Literal(months, t.YearMonthIntervalType())


def _unsupported_range(text: str, start: str, end: str, origin: Origin) -> ParseError:
    units: dict[str, Any] = {"from": start, "to": end}
    condition = "INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION"
    return ParseError(condition, origin=origin, input=text, **units)


def _unmatched(text: str, kind: str, shape: str, units: str, origin: Origin) -> ParseError:
    notice = "" if kind == "year-month" else "_WITH_NOTICE"
    return ParseError(
        f"INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING{notice}",
        origin=origin,
        input=text,
        intervalStr=kind,
        supportedFormat=f"`[+|-]{shape}`, `INTERVAL [+|-]'[+|-]{shape}' {units.upper()}`",
        typeName=f"interval {units}",
    )
