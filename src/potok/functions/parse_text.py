"""Texts to numbers, dates and times by Spark's rules, where DuckDB's casts have others.

Kernels return NULL for what is malformed; the SQL around them decides what that means.
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from potok.engine.kernel import Kernel
from potok.errors import unsupported
from potok.functions.sql_text import CONTROL_OR_SPACE
from potok.functions.text_values import cast_date, java_number
from potok.functions.zones import days_from_civil, instants, local_to_instant, only_text
from potok.types import BOOLEAN, DATE, DOUBLE, INTEGER, LONG, STRING, TIMESTAMP, TIMESTAMP_NTZ
from potok.zone_names import find_zone

T = TypeVar("T")

TRIMMED = CONTROL_OR_SPACE + "\0"
MICROS_PER_DAY = 86_400_000_000
_SPECIAL_NUMBERS = {
    "inf": float("inf"), "+inf": float("inf"), "infinity": float("inf"), "+infinity": float("inf"),
    "-inf": float("-inf"), "-infinity": float("-inf"), "nan": float("nan"),
}  # fmt: skip
_JAVA_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_TIMESTAMP = re.compile(
    r"([+-]?)(\d{4,6})(?:-(\d{1,2})(?:-(\d{1,2})"
    r"(?:[ T](\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?(?:([^\d.].*))?)?)?)?)?)?",
    re.ASCII | re.DOTALL,
)
_TIME_ONLY = re.compile(
    r"(?:T\d{1,2}|T?\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d*)?(?:[^\d.].*)?)?)", re.ASCII | re.DOTALL
)
_ISO = r"^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?$"
_MAX_DIGITS = 38


def parse_double(text: str) -> float | None:
    """As `Double.parseDouble`, else one of Spark's special words; None for anything else."""
    value = java_number(text.strip(TRIMMED))
    return _SPECIAL_NUMBERS.get(text.strip(TRIMMED).lower()) if value is None else value


_TRUE_WORDS, _FALSE_WORDS = (
    frozenset({"t", "true", "y", "yes", "1"}),
    frozenset({"f", "false", "n", "no", "0"}),
)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_WHOLE_WITH_FRACTION = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d*)", re.ASCII)
_LONGS = range(-(1 << 63), 1 << 63)


def parse_boolean(text: str) -> bool | None:
    """As Spark's `StringUtils.isTrueString`, None for other words."""
    word = text.strip(TRIMMED).lower()
    return True if word in _TRUE_WORDS else False if word in _FALSE_WORDS else None


def parse_whole(text: str, *, with_fraction: bool) -> int | None:
    """As `UTF8String.toLongExact`, or as `toLong`, which cuts a fraction off; None outside of 64 bits."""
    text = text.strip(TRIMMED)
    if not (_WHOLE_WITH_FRACTION if with_fraction else _WHOLE).fullmatch(text):
        return None
    value = int(text.partition(".")[0].strip("+") or "0") if text.partition(".")[0] not in {"-", "+"} else 0
    return value if value in _LONGS else None


def parse_decimal(text: str) -> decimal.Decimal | None:
    """As `new BigDecimal(text)`: exact, exponents and any Unicode digits allowed."""
    text = text.strip(TRIMMED)
    return decimal.Decimal(text) if _JAVA_DECIMAL.fullmatch(text) else None


def whole_digits(value: decimal.Decimal) -> int:
    """The number of digits before the point, as Spark counts them against 38."""
    return max(value.adjusted() + 1, 1)


def parse_timestamp(text: str) -> tuple[int, str | None] | None:
    """Local microseconds and the text of a zone if there is one, as Spark's `parseTimestampString`."""
    text = text.strip(TRIMMED)
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        if _TIME_ONLY.fullmatch(text):
            raise unsupported("A time without a date as a timestamp", "Write the date before it.")
        return None
    sign, year, month, day, hour, minute, second, fraction, zone = match.groups()
    days = days_from_civil(-int(year) if sign == "-" else int(year), int(month or 1), int(day or 1))
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if days is None or hours > 23 or minutes > 59 or seconds > 59:  # noqa: PLR2004 - a clock's
        return None
    micros = int((fraction or "")[:6].ljust(6, "0"))
    total = days * MICROS_PER_DAY + ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros
    return total, zone


def parse_instant(text: str, session_zone: str) -> int | None:
    """Microseconds since the epoch, as Spark's `stringToTimestamp`."""
    parsed = parse_timestamp(text)
    if parsed is None:
        return None
    zone = find_zone(session_zone if parsed[1] is None else parsed[1].strip(TRIMMED))
    return None if zone is None else local_to_instant(parsed[0], zone)


def _each(parse: Callable[[str], T | None], texts: Iterable[str | None]) -> list[T | None]:
    known: dict[str, T | None] = {}
    values: list[T | None] = []
    for text in texts:
        if text is None:
            values.append(None)
            continue
        if text not in known:
            known[text] = parse(text)
        values.append(known[text])
    return values


def _booleans(texts: pa.Array) -> pa.Array:
    return pa.array(_each(parse_boolean, texts.to_pylist()), pa.bool_())


def _wholes(texts: pa.Array, with_fraction: pa.Array) -> pa.Array:
    cut = bool(len(texts)) and with_fraction[0].as_py()
    return pa.array(_each(lambda text: parse_whole(text, with_fraction=cut), texts.to_pylist()), pa.int64())


def _doubles(texts: pa.Array) -> pa.Array:
    return pa.array(_each(parse_double, texts.to_pylist()), pa.float64())


def _dates(texts: pa.Array) -> pa.Array:
    return pa.array(_each(cast_date, texts.to_pylist()), pa.int32()).cast(pa.date32())


def iso_timestamps(texts: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """Local times of the texts in plain ISO form, and the other texts (NULL elsewhere) if there are any."""
    try:
        return texts.cast(pa.timestamp("us")), None
    except pa.ArrowInvalid:
        is_plain = pc.match_substring_regex(texts, _ISO)
    try:
        plain = pc.if_else(is_plain, texts, None).cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return pa.nulls(len(texts), pa.timestamp("us")), texts
    return plain, pc.if_else(is_plain, None, texts)


def _timestamps(texts: pa.Array, zone: pa.Array) -> pa.Array:
    session_zone = only_text(zone)
    plain, others = iso_timestamps(texts)
    found = instants(plain, session_zone)
    if others is None:
        return found
    values = _each(lambda text: parse_instant(text, session_zone), others.to_pylist())
    return pc.coalesce(found, pa.array(values, pa.int64()).cast(found.type))


def _local_timestamps(texts: pa.Array) -> pa.Array:
    plain, others = iso_timestamps(texts)
    if others is None:
        return plain
    values = _each(_local_timestamp, others.to_pylist())
    return pc.coalesce(plain, pa.array(values, pa.int64()).cast(plain.type))


def _local_timestamp(text: str) -> int | None:
    if _TIME_ONLY.fullmatch(text.strip(TRIMMED)):
        return None
    parsed = parse_timestamp(text)
    if parsed is None or (parsed[1] is not None and find_zone(parsed[1].strip(TRIMMED)) is None):
        return None
    return parsed[0]


def _decimals(texts: pa.Array, precisions: pa.Array, scales: pa.Array) -> pa.Array:
    if not len(texts):
        return pa.array([], pa.string())
    precision, scale = precisions[0].as_py(), scales[0].as_py()
    return pa.array(_each(lambda text: _fitted(text, precision, scale), texts.to_pylist()), pa.string())


def _fitted(text: str, precision: int, scale: int) -> str | None:
    value = parse_decimal(text)
    if value is None or whole_digits(value) > _MAX_DIGITS:
        return None
    return fit_decimal(value, precision, scale)


def fit_decimal(value: decimal.Decimal, precision: int, scale: int) -> str | None:
    """The value rounded half up to the scale as plain text, None where it does not fit the precision."""
    with decimal.localcontext() as context:
        context.prec = 2 * _MAX_DIGITS + 400
        rounded = value.quantize(decimal.Decimal(1).scaleb(-scale), rounding=decimal.ROUND_HALF_UP)
    return None if rounded.adjusted() + 1 + scale > precision and rounded else f"{rounded:f}"


def _plain_decimals(texts: pa.Array) -> pa.Array:
    """Of a malformed text NULL, of a number with too many digits an empty text, else plain digits."""
    return pa.array(_each(_plain_decimal, texts.to_pylist()), pa.string())


def _plain_decimal(text: str) -> str | None:
    value = parse_decimal(text)
    if value is None:
        return None
    if whole_digits(value) > _MAX_DIGITS:
        return ""
    return f"{value:f}"


PARSE_BOOLEAN = Kernel("potok_parse_boolean", (STRING,), BOOLEAN, _booleans)
PARSE_WHOLE = Kernel("potok_parse_whole", (STRING, BOOLEAN), LONG, _wholes)
PARSE_DOUBLE = Kernel("potok_parse_double", (STRING,), DOUBLE, _doubles)
PARSE_DATE = Kernel("potok_parse_date", (STRING,), DATE, _dates)
PARSE_TIMESTAMP = Kernel("potok_parse_timestamp", (STRING, STRING), TIMESTAMP, _timestamps)
PARSE_LOCAL_TIMESTAMP = Kernel("potok_parse_local_timestamp", (STRING,), TIMESTAMP_NTZ, _local_timestamps)
PARSE_DECIMAL = Kernel("potok_parse_decimal", (STRING, INTEGER, INTEGER), STRING, _decimals)
PLAIN_DECIMAL = Kernel("potok_plain_decimal", (STRING,), STRING, _plain_decimals)
