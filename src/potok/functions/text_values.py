"""Typed values out of the texts of CSV and JSON files, column by column.

A column is tried first with Arrow's own conversion, which accepts a strict part of what Spark
accepts; only a column that holds anything else is read value by value with Spark's rules.
Source of facts: org.apache.spark.sql.catalyst.csv.UnivocityParser, util.SparkDateTimeUtils.
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from potok.functions import zones
from potok.functions.java_time_patterns import JavaTimePattern
from potok.functions.zones import days_from_civil
from potok.types import (
    BINARY,
    BOOLEAN,
    DATE,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    CharType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    StringType,
    VarcharType,
    arrow_type,
)
from potok.zone_names import find_zone

_MICROS = 1_000_000
_DAY_MICROS = 86_400 * _MICROS
_CYCLE_MICROS = 146_097 * _DAY_MICROS
_YEAR_2000_MICROS = 10_957 * _DAY_MICROS
_FIRST_MICROS, _LAST_MICROS = -719_160 * _DAY_MICROS, 2_932_890 * _DAY_MICROS
_CONTROLS_AND_SPACE = "".join(map(chr, range(33)))
_TRIMMED = _CONTROLS_AND_SPACE + "\x7f"
_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_HEX_NUMBER = re.compile(
    r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?\d+[dDfF]?", re.ASCII
)
_JAVA_NUMBER = re.compile(_NUMBER.pattern + "[dDfF]?", re.ASCII)
_NAMED_NUMBER = re.compile(r"[+-]?(?:NaN|Infinity)")
_DATE = re.compile(r"([+-]?\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T].*)?)?)?", re.ASCII | re.DOTALL)
_TIMESTAMP = re.compile(
    r"(?:([+-]?\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2}))?)?)?"
    r"(?:(?:(?<=\d)[ T]|^T?)(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?\s*(.*))?",
    re.ASCII | re.DOTALL,
)
BAD = object()
"""What a converter returns for a text that has no value of the type."""

Converter = Callable[[str], Any]


@dataclass(frozen=True)
class TextOptions:
    """How texts are read. Patterns are Java's; None means the forms that a CAST accepts.

    `time_zone` is the zone of timestamps that name none. `grouping` and `decimal_point` are the
    locale's signs in decimals. `today_days` (since 1970) is the date of texts that are only a time of day.
    """

    time_zone: str = "UTC"
    date_pattern: str | None = None
    timestamp_pattern: str | None = None
    timestamp_ntz_pattern: str | None = None
    nan_value: str = "NaN"
    positive_infinity: str = "Inf"
    negative_infinity: str = "-Inf"
    locale: str = "en-US"
    grouping: str = ","
    decimal_point: str = "."
    today_days: int | None = None


def parse_values(
    texts: pa.Array, data_type: DataType, options: TextOptions
) -> tuple[pa.Array, pa.BooleanArray | None]:
    """The values of a column of texts (Arrow string, nulls stay null), and where there were none.

    The second item tells for each row whether a text was there but no value; None when all were fine.
    """
    if isinstance(data_type, StringType | CharType | VarcharType):
        return texts, None
    fast = _FAST.get(type(data_type))
    if fast is not None:
        found = fast(texts, data_type, options)
        if found is not None:
            return found, None
    convert = converter(data_type, options)
    values: list[Any] = []
    bad: list[bool] = []
    any_bad = False
    for text in texts.to_pylist():
        value = None if text is None else convert(text)
        if value is BAD:
            any_bad = True
            values.append(None)
            bad.append(True)
        else:
            values.append(value)
            bad.append(False)
    return to_array(values, data_type), pa.array(bad) if any_bad else None


def to_array(values: list[Any], data_type: DataType) -> pa.Array:
    """The values that `converter` makes as an Arrow array of `arrow_type`."""
    if data_type == DATE:
        return pa.array(values, pa.int32()).view(pa.date32())
    if data_type in {TIMESTAMP, TIMESTAMP_NTZ}:
        return pa.array(values, pa.int64()).view(arrow_type(data_type))
    return pa.array(values, arrow_type(data_type))


@lru_cache(maxsize=256)
def converter(data_type: DataType, options: TextOptions) -> Converter:
    """One text to one value, or BAD.

    Dates come as days and timestamps as microseconds since 1970 (local for TIMESTAMP_NTZ), the rest
    as `pyarrow.array` takes them. KeyError for a type that has no text form.
    """
    if isinstance(data_type, IntegralType):
        return _integer_converter(data_type.bits)
    if isinstance(data_type, DoubleType | FloatType):
        return _number_converter(options)
    if isinstance(data_type, DecimalType):
        return _decimal_converter(data_type, options)
    return _CONVERTERS[data_type](options)


# ---- column by column -----------------------------------------------------------------------------


def _cast_or_none(texts: pa.Array, target: pa.DataType) -> pa.Array | None:
    try:
        return pc.cast(texts, target)
    except pa.ArrowInvalid:
        return None


def _content(texts: pa.Array) -> bytes:
    buffers = texts.buffers()
    return b"" if buffers[2] is None else buffers[2].to_pybytes()


def _fast_integers(texts: pa.Array, data_type: DataType, _: TextOptions) -> pa.Array | None:
    values = _cast_or_none(texts, arrow_type(data_type))
    if values is None:
        return None
    content = _content(texts)
    # Arrow reads hexadecimal numbers as well.
    return None if b"x" in content or b"X" in content else values


def _fast_numbers(texts: pa.Array, data_type: DataType, _: TextOptions) -> pa.Array | None:
    values = _cast_or_none(texts, arrow_type(data_type))
    if values is None:
        return None
    content = _content(texts)
    # Arrow reads inf and nan in any case.
    return None if any(letter in content for letter in (b"n", b"N")) else values


def _fast_decimals(texts: pa.Array, data_type: DataType, options: TextOptions) -> pa.Array | None:
    return _cast_or_none(texts, arrow_type(data_type)) if options.decimal_point == "." else None


def _fast_dates(texts: pa.Array, _: DataType, options: TextOptions) -> pa.Array | None:
    if options.date_pattern not in {None, "yyyy-MM-dd"}:
        return None
    return _cast_or_none(texts, pa.date32())


def _fast_timestamps(texts: pa.Array, _: DataType, options: TextOptions) -> pa.Array | None:
    if options.timestamp_pattern is not None:
        return None
    zoned = pa.timestamp("us", tz="UTC")
    local = _cast_or_none(texts, pa.timestamp("us"))
    if local is None:
        # Spark allows a zone only behind seconds.
        if not pc.all(pc.match_substring_regex(texts, r":\d\d:\d\d")).as_py():
            return None
        return _cast_or_none(texts, zoned)
    if options.time_zone == "UTC":
        return local.view(zoned)
    try:
        return pc.assume_timezone(local, options.time_zone).cast(zoned)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        # A local time that the zone has twice or never.
        return None


def _fast_local_timestamps(texts: pa.Array, _: DataType, options: TextOptions) -> pa.Array | None:
    return None if options.timestamp_ntz_pattern is not None else _cast_or_none(texts, pa.timestamp("us"))


def _fast_booleans(texts: pa.Array, _: DataType, __: TextOptions) -> pa.Array | None:
    lower = pc.ascii_lower(texts)
    true = pc.equal(lower, "true")
    if pc.all(pc.or_(true, pc.equal(lower, "false"))).as_py() is False:
        return None
    return true


def _fast_binary(texts: pa.Array, _: DataType, __: TextOptions) -> pa.Array | None:
    return texts.cast(pa.binary())


_FAST: dict[type[DataType], Callable[[pa.Array, DataType, TextOptions], pa.Array | None]] = {
    **dict.fromkeys(IntegralType.__subclasses__(), _fast_integers),
    DoubleType: _fast_numbers,
    FloatType: _fast_numbers,
    DecimalType: _fast_decimals,
    type(DATE): _fast_dates,
    type(TIMESTAMP): _fast_timestamps,
    type(TIMESTAMP_NTZ): _fast_local_timestamps,
    type(BOOLEAN): _fast_booleans,
    type(BINARY): _fast_binary,
}


# ---- value by value -------------------------------------------------------------------------------


def _integer_converter(bits: int) -> Converter:
    limit = 1 << (bits - 1)

    def convert(text: str) -> Any:  # noqa: ANN401
        if _INTEGER.fullmatch(text) is None:
            return BAD
        value = int(text)
        return value if -limit <= value < limit else BAD

    return convert


def java_number(text: str) -> float | None:
    """`java.lang.Double.parseDouble`; None where it throws."""
    text = text.strip(_CONTROLS_AND_SPACE)
    if _JAVA_NUMBER.fullmatch(text):
        return float(text.rstrip("dDfF"))
    if _NAMED_NUMBER.fullmatch(text):
        return float(text)
    if _HEX_NUMBER.fullmatch(text) is None:
        return None
    try:
        return float.fromhex(text.rstrip("dDfF") if text[-1] in "dDfF" else text)
    except OverflowError:
        return float("-inf" if text.startswith("-") else "inf")


def _number_converter(options: TextOptions) -> Converter:
    named = {
        options.nan_value: float("nan"),
        options.negative_infinity: float("-inf"),
        options.positive_infinity: float("inf"),
    }

    def convert(text: str) -> Any:  # noqa: ANN401
        if text in named:
            return named[text]
        value = java_number(text)
        return BAD if value is None else value

    return convert


def _decimal_converter(data_type: DecimalType, options: TextOptions) -> Converter:
    def convert(text: str) -> Any:  # noqa: ANN401
        plain = text.replace(options.grouping, "")
        if options.decimal_point != ".":
            plain = plain.replace(options.decimal_point, ".")
        if _NUMBER.fullmatch(plain) is None:
            return BAD
        return fit_decimal(decimal.Decimal(plain), data_type)

    return convert


def fit_decimal(value: decimal.Decimal, data_type: DecimalType) -> Any:  # noqa: ANN401
    """The value rounded half up to the type's scale; BAD if it has too many digits."""
    with decimal.localcontext(prec=120, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN) as context:
        if value.adjusted() > data_type.precision:
            return BAD
        if value.adjusted() < -data_type.precision - 2:
            return decimal.Decimal(0).scaleb(-data_type.scale)
        context.traps[decimal.Inexact] = False
        rounded = value.quantize(decimal.Decimal(1).scaleb(-data_type.scale), decimal.ROUND_HALF_UP)
    return rounded if len(rounded.as_tuple().digits) <= data_type.precision or rounded == 0 else BAD


def _boolean_converter(_: TextOptions) -> Converter:
    values: dict[str, Any] = {"true": True, "false": False}
    return lambda text: values.get(text.lower(), BAD)


def _date_converter(options: TextOptions) -> Converter:
    if options.date_pattern is not None:
        parse = _pattern(options.date_pattern, options.locale)
        if parse is None:
            return lambda _: BAD
        return lambda text: _or_bad(parse.date_days(text))
    return lambda text: _or_bad(cast_date(text))


def _timestamp_converter(options: TextOptions) -> Converter:
    if options.timestamp_pattern is not None:
        parse = _pattern(options.timestamp_pattern, options.locale)
        if parse is None:
            return lambda _: BAD
        return lambda text: _or_bad(parse.timestamp_micros(text, options.time_zone))
    return lambda text: _or_bad(cast_timestamp(text, options.time_zone, options.today_days))


def _local_timestamp_converter(options: TextOptions) -> Converter:
    if options.timestamp_ntz_pattern is not None:
        parse = _pattern(options.timestamp_ntz_pattern, options.locale)
        if parse is None:
            return lambda _: BAD
        return lambda text: _or_bad(parse.local_micros(text))
    return lambda text: _or_bad(cast_timestamp(text, None))


def _or_bad(value: int | None) -> Any:  # noqa: ANN401
    return BAD if value is None else value


@lru_cache(maxsize=64)
def _pattern(pattern: str, locale: str) -> JavaTimePattern | None:
    try:
        return JavaTimePattern(pattern, locale)
    except ValueError:
        # Spark compiles the pattern with the first value, and takes its failure for the value's.
        return None


_CONVERTERS: dict[DataType, Callable[[TextOptions], Converter]] = {
    STRING: lambda _: lambda text: text,
    BINARY: lambda _: lambda text: text.encode("utf-8"),
    BOOLEAN: _boolean_converter,
    DATE: _date_converter,
    TIMESTAMP: _timestamp_converter,
    TIMESTAMP_NTZ: _local_timestamp_converter,
}


def cast_date(text: str) -> int | None:
    """Days since 1970 as CAST(text AS DATE) reads it; None where there is no date."""
    found = _DATE.fullmatch(text.strip(_TRIMMED))
    if found is None:
        return None
    year, month, day = found.groups()
    return days_from_civil(int(year), int(month or 1), int(day or 1))


def cast_timestamp(text: str, time_zone: str | None, today_days: int | None = None) -> int | None:
    """Microseconds since 1970 as CAST(text AS TIMESTAMP) reads it; None where there is none.

    Without a `time_zone` it is a local time: a zone in the text is not allowed.
    """
    found = _TIMESTAMP.fullmatch(text.strip(_TRIMMED))
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    days = today_days if year is None else days_from_civil(int(year), int(month or 1), int(day or 1))
    if days is None or (hour is not None and day is None and year is not None):
        return None
    if (year is None and (minute is None or time_zone is None)) or (zone and second is None):
        return None
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if hours > 23 or minutes > 59 or seconds > 59:  # noqa: PLR2004 - the clock
        return None
    micros = int((fraction or "")[:6].ljust(6, "0"))
    local = days * _DAY_MICROS + (hours * 3600 + minutes * 60 + seconds) * _MICROS + micros
    if time_zone is None:
        return None if zone else local
    return local_to_instant(local, zone or time_zone)


def local_to_instant(local_micros: int, zone: str) -> int | None:
    """The instant of a local time in a zone by name or offset; None for an unknown zone.

    A local time that comes twice is the earlier one, one that never comes moves by the gap, as in java.time.
    """
    found = find_zone(zone)
    if found is None:
        return None
    # The calendar repeats every 400 years; Python's has the years 1 to 9999.
    in_range = _FIRST_MICROS <= local_micros < _LAST_MICROS
    moved = 0 if in_range else (local_micros - _YEAR_2000_MICROS) // _CYCLE_MICROS * _CYCLE_MICROS
    return zones.local_to_instant(local_micros - moved, found) + moved
