"""Texts of typed values as CSV and JSON files hold them, column by column.

Source of facts: UnivocityGenerator, JacksonGenerator and their formatters; java.lang.Double.toString.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.functions.java_time_patterns import JavaTimePattern
from potok.types import (
    BINARY,
    BOOLEAN,
    DATE,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    YearMonthIntervalType,
)

DATE_PATTERN = "yyyy-MM-dd"
TIMESTAMP_PATTERN = "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]"
TIMESTAMP_NTZ_PATTERN = "yyyy-MM-dd'T'HH:mm:ss[.SSS]"
_DAY_FIELDS = ("DAY", "HOUR", "MINUTE", "SECOND")
_MONTH_FIELDS = ("YEAR", "MONTH")
_LARGE, _SMALL = 1e7, 1e-3
_DAY_MICROS = 86_400_000_000
# 0001-01-01 and 10000-01-01 as days since 1970, with a day to spare for zones: what strftime can write.
_FIRST_DAY, _LAST_DAY = -719_161, 2_932_895


@dataclass(frozen=True)
class RenderOptions:
    """Patterns are Java's. `time_zone` is the zone in which timestamps are written."""

    time_zone: str = "UTC"
    date_pattern: str = DATE_PATTERN
    timestamp_pattern: str = TIMESTAMP_PATTERN
    timestamp_ntz_pattern: str = TIMESTAMP_NTZ_PATTERN


def render_column(values: pa.Array, data_type: DataType, options: RenderOptions) -> pa.Array:
    """One text per value, nulls stay null. Arrow types as `types.arrow_type`; the type is atomic."""
    if isinstance(data_type, IntegralType | DecimalType) or data_type == BOOLEAN:
        return pc.cast(values, pa.string())
    if isinstance(data_type, DoubleType | FloatType):
        return render_numbers(values)
    if isinstance(data_type, DayTimeIntervalType):
        return _each(values, lambda v: day_time_interval(v, data_type))
    if isinstance(data_type, YearMonthIntervalType):
        return _each(values, lambda v: year_month_interval(v, data_type))
    if data_type == DATE:
        return _dates(values, options)
    if data_type == TIMESTAMP:
        return _timestamps(values, options.timestamp_pattern, TIMESTAMP_PATTERN, options.time_zone)
    if data_type == TIMESTAMP_NTZ:
        return _timestamps(values, options.timestamp_ntz_pattern, TIMESTAMP_NTZ_PATTERN, None)
    if data_type == BINARY:
        return _each(values, lambda v: "[" + v.hex(" ").upper() + "]")
    return values


def _each(values: pa.Array, render: Callable[..., str]) -> pa.Array:
    return pa.array([None if v is None else render(v) for v in values.to_pylist()], pa.string())


def render_numbers(values: pa.Array) -> pa.Array:
    """Floating point numbers as Java writes them: `1.0`, `1.0E7`, `NaN`."""
    texts = pc.cast(values, pa.string())
    # Null slots hold any bits. What compares with nothing is odd as well.
    numbers = np.asarray(pc.fill_null(values, 0) if values.null_count else values)
    size = np.abs(numbers)
    odd = ~((size < _LARGE) & ((size >= _SMALL) | (size == 0)))
    whole = (np.trunc(numbers) == numbers) & ~odd
    if whole.any():
        mask = pa.array(whole)
        pointed = pc.binary_join_element_wise(pc.filter(texts, mask), ".0", "")
        texts = pc.replace_with_mask(texts, mask, pointed)
    if odd.any():
        mask = pa.array(odd)
        rendered = [None if t is None else _scientific(t) for t in pc.filter(texts, mask).to_pylist()]
        texts = pc.replace_with_mask(texts, mask, pa.array(rendered, pa.string()))
    return texts


def java_number_text(value: float) -> str:
    """A double as `java.lang.Double.toString` writes it."""
    size = abs(value)
    text = repr(value)
    if size == 0 or _SMALL <= size < _LARGE:
        return text
    return _scientific(text)


def _scientific(text: str) -> str:
    """Shortest decimal digits in any notation, as Java writes numbers outside [0.001, 10000000)."""
    sign = "-" if text.startswith("-") else ""
    body = text.lstrip("-")
    if body in {"nan", "inf"}:
        return "NaN" if body == "nan" else sign + "Infinity"
    mantissa, _, exponent_text = body.partition("e")
    whole, _, fraction = mantissa.partition(".")
    exponent = int(exponent_text or 0) + len(whole) - 1
    digits = whole + fraction
    leading = len(digits) - len(digits.lstrip("0"))
    digits = digits.lstrip("0").rstrip("0")
    exponent -= leading
    return f"{sign}{digits[:1]}.{digits[1:] or '0'}E{exponent}"


def _dates(values: pa.Array, options: RenderOptions) -> pa.Array:
    days = np.asarray(pc.fill_null(values.view(pa.int32()), 0))
    in_range = len(days) == 0 or (days.min() >= _FIRST_DAY and days.max() <= _LAST_DAY)
    if options.date_pattern == DATE_PATTERN and in_range:
        return pc.cast(values, pa.string())
    pattern = JavaTimePattern(options.date_pattern)
    return _each(values.view(pa.int32()), lambda d: pattern.format(d * _DAY_MICROS, None))


def _timestamps(values: pa.Array, pattern_text: str, default: str, zone: str | None) -> pa.Array:
    micros = values.view(pa.int64())
    moments = np.asarray(pc.fill_null(micros, 0))
    in_range = len(moments) == 0 or (
        moments.min() >= _FIRST_DAY * _DAY_MICROS and moments.max() <= _LAST_DAY * _DAY_MICROS
    )
    if pattern_text == default and in_range and zone in {None, "UTC", "Z", "GMT"}:
        thousandths = pc.floor_temporal(values, unit="millisecond")
        local = thousandths.view(pa.timestamp("us")).cast(pa.timestamp("ms"))
        return pc.strftime(local, "%Y-%m-%dT%H:%M:%S" + ("Z" if zone else ""))
    pattern = JavaTimePattern(pattern_text)
    return _each(micros, lambda m: pattern.format(m, zone))


def day_time_interval(micros: int, data_type: DayTimeIntervalType) -> str:
    """An ANSI literal: `INTERVAL '1 02:03:04.5' DAY TO SECOND`."""
    start, end = data_type.start, data_type.end
    names = _DAY_FIELDS[start] if start == end else f"{_DAY_FIELDS[start]} TO {_DAY_FIELDS[end]}"
    sign = "-" if micros < 0 else ""
    seconds, fraction = divmod(abs(micros), 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    first = (day, hours, minutes, seconds)[start]
    point = f".{fraction:06d}".rstrip("0") if fraction else ""
    texts = [f"{first:02d}" if start == 3 and start == end else str(first)]  # noqa: PLR2004 - the seconds
    texts += [f"{(day, hour, minute, second)[i]:02d}" for i in range(start + 1, end + 1)]
    body = texts[0]
    for i, text in enumerate(texts[1:], start + 1):
        body += (" " if i == 1 else ":") + text
    return f"INTERVAL '{sign}{body}{point if end == 3 else ''}' {names}"  # noqa: PLR2004 - the seconds


def year_month_interval(months: int, data_type: YearMonthIntervalType) -> str:
    """An ANSI literal: `INTERVAL '1-2' YEAR TO MONTH`."""
    sign = "-" if months < 0 else ""
    years, rest = divmod(abs(months), 12)
    if data_type.start == data_type.end:
        amount = years if data_type.start == 0 else abs(months)
        return f"INTERVAL '{sign}{amount}' {_MONTH_FIELDS[data_type.start]}"
    return f"INTERVAL '{sign}{years}-{rest}' YEAR TO MONTH"
