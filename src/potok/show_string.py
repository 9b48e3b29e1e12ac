"""Rows as the table that `show()` and the console sink print.

Source of fact: Dataset.showString, Utils.stringHalfWidth and the cast to string of Spark 4.3.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from potok.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    MapType,
    StructType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)
from potok.zone_names import zone_of

MINIMUM_WIDTH = 3
# Spark prints no more rows than this, whatever is asked for.
MAX_ROWS = 2**31 - 1 - 15
_FULL_WIDTH = re.compile(
    "[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]"
)
_ESCAPES = str.maketrans(
    {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b", "\v": "\\v", "\a": "\\a"}
)
_ELLIPSIS = "..."
_PLAIN_FROM, _PLAIN_TO = Decimal("1e-3"), Decimal("1e7")
_MICROSECONDS = 1_000_000
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - of a local time
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896

Formatter = Callable[[pa.Array], list[str | None]]


def show_string(
    table: pa.Table,
    schema: StructType,
    num_rows: int,
    truncate: int,
    vertical: bool,  # noqa: FBT001 - as Spark's
    time_zone: str = "UTC",
) -> str:
    """The first rows of a table; Spark prints one newline behind it, which is not part of the text.

    `table` need not hold more than `num_rows` + 1 rows: one more tells that some were cut. `truncate` is the
    greatest number of characters in a cell, 0 for any; numbers and texts stand on the right then, on the
    left with 0. `time_zone` is that of TIMESTAMP values.
    """
    shown = min(max(num_rows, 0), MAX_ROWS)
    has_more = table.num_rows > shown
    head = table.slice(0, shown)
    # Arrow forgets the number of rows when it slices a table without columns.
    count = min(shown, table.num_rows)
    names = [field.name.translate(_ESCAPES) for field in schema.fields]
    columns = [
        [_cell(text, truncate) for text in column_texts(column, field.data_type, time_zone)]
        for column, field in zip(head.columns, schema.fields, strict=True)
    ]
    right = truncate > 0
    text = _records(names, columns, count) if vertical else _grid(names, columns, count, right=right)
    return text + _end(shown, has_more=has_more, vertical=vertical, is_empty=count == 0)


def column_texts(
    column: pa.ChunkedArray | pa.Array, data_type: DataType, time_zone: str = "UTC"
) -> list[str]:
    """The values of a column as Spark casts them to STRING; NULL is `NULL`."""
    formatter = _formatter(data_type, zone_of(time_zone))
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return ["NULL" if text is None else text for chunk in chunks for text in formatter(chunk)]


def double_text(value: float) -> str:
    """A DOUBLE as Java writes it: `1.0`, `1.0E20`, `NaN`."""
    if not math.isfinite(value):
        return _not_finite(value)
    text = repr(value)
    two_digits = f"{value:.1e}"
    return _java_number(Decimal(_shortest(text, two_digits, value == float(two_digits))), value)


def float_text(value: float) -> str:
    """A FLOAT as Java writes it: the shortest text that gives the same 32-bit number.

    Java before 19 writes one digit too many for a few numbers, such as the smallest normal one.
    """
    if not math.isfinite(value):
        return _not_finite(value)
    single = np.float32(value)
    text = np.format_float_scientific(single, unique=True)
    two_digits = f"{float(single):.1e}"
    return _java_number(Decimal(_shortest(text, two_digits, single == np.float32(two_digits))), value)


# ---- the table ----------------------------------------------------------------------------------


def _width(text: str) -> int:
    """Columns of a terminal as Spark counts them: UTF-16 units, East Asian wide ones twice."""
    return _units(text) + len(_FULL_WIDTH.findall(text))


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cell(text: str, truncate: int) -> str:
    text = text.translate(_ESCAPES)
    if truncate <= 0 or _units(text) <= truncate:
        return text
    if truncate <= len(_ELLIPSIS):
        return _first_units(text, truncate)
    return _first_units(text, truncate - len(_ELLIPSIS)) + _ELLIPSIS


def _first_units(text: str, count: int) -> str:
    """The first UTF-16 units; a character cut in the middle is printed as `?`, as Java does."""
    cut = text.encode("utf-16-le", "surrogatepass")[: 2 * count].decode("utf-16-le", "surrogatepass")
    return re.sub("[\ud800-\udfff]", "?", cut)


def _grid(names: Sequence[str], columns: Sequence[Sequence[str]], num_rows: int, *, right: bool) -> str:
    widths = [
        max(MINIMUM_WIDTH, _width(name), *map(_width, column))
        for name, column in zip(names, columns, strict=True)
    ]
    line = "+" + "+".join("-" * width for width in widths) + "+\n"
    rows = [names, *(zip(*columns, strict=True) if columns else [()] * num_rows)]
    text = []
    for row in rows:
        cells = (_padded(cell, width, right=right) for cell, width in zip(row, widths, strict=True))
        text.append("|" + "|".join(cells) + "|\n")
    return "".join([line, text[0], line, *text[1:], line])


def _records(names: Sequence[str], columns: Sequence[Sequence[str]], num_rows: int) -> str:
    name_width = max([MINIMUM_WIDTH, *map(_width, names)])
    value_width = max([MINIMUM_WIDTH, *(_width(cell) for column in columns for cell in column)])
    lines = []
    for row in range(num_rows):
        lines.append(f"-RECORD {row}".ljust(name_width + value_width + 5, "-"))
        for name, column in zip(names, columns, strict=True):
            value = _padded(column[row], value_width, right=False)
            lines.append(f" {_padded(name, name_width, right=False)} | {value} ")
    return "".join(f"{line}\n" for line in lines)


def _padded(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _end(shown: int, *, has_more: bool, vertical: bool, is_empty: bool) -> str:
    if vertical and is_empty:
        return "(0 rows)"
    if has_more:
        return f"only showing top {shown} {'row' if shown == 1 else 'rows'}"
    return ""


# ---- values -------------------------------------------------------------------------------------


def _formatter(data_type: DataType, zone: tzinfo) -> Formatter:
    match data_type:
        case ArrayType(element=element):
            return partial(_arrays, _formatter(element, zone))
        case MapType(key=key, value=value):
            return partial(_maps, _formatter(key, zone), _formatter(value, zone))
        case StructType(fields=fields):
            return partial(_structs, [_formatter(f.data_type, zone) for f in fields])
        case TimestampType():
            return partial(_numbers, partial(_timestamp, zone))
        case TimestampNTZType():
            return partial(_numbers, partial(_timestamp, None))
        case DateType():
            return partial(_days, _date)
        case DayTimeIntervalType(start=start, end=end):
            return partial(_values, partial(_day_time, start, end))
        case YearMonthIntervalType(start=start, end=end):
            return partial(_values, partial(_year_month, start, end))
    return partial(_values, _scalar_text(data_type))


def _scalar_text(data_type: DataType) -> Callable[[Any], str]:
    match data_type:
        case DoubleType():
            return double_text
        case FloatType():
            return float_text
        case DecimalType():
            return _decimal
        case BooleanType():
            return _boolean
        case BinaryType():
            return _binary
        case CalendarIntervalType():
            return _calendar
    return str


def _values(text: Callable[[Any], str], array: pa.Array) -> list[str | None]:
    return [None if value is None else text(value) for value in array.to_pylist()]


def _numbers(text: Callable[[int], str], array: pa.Array) -> list[str | None]:
    return _values(text, array.cast(pa.int64()))


def _days(text: Callable[[int], str], array: pa.Array) -> list[str | None]:
    return _values(text, array.cast(pa.int32()))


def _arrays(element: Formatter, array: pa.Array) -> list[str | None]:
    items = iter(element(array.flatten()))
    lengths = array.value_lengths().to_pylist()
    return [
        None if length is None else f"[{', '.join(_null(item) for item in itertools.islice(items, length))}]"
        for length in lengths
    ]


def _maps(key: Formatter, value: Formatter, array: pa.Array) -> list[str | None]:
    pairs = pa.ListArray.from_arrays(
        array.offsets, pa.StructArray.from_arrays([array.keys, array.items], ["k", "v"])
    )
    texts: list[str | None] = []
    for valid, entry in zip(array.is_valid().to_pylist(), range(len(array)), strict=True):
        if not valid:
            texts.append(None)
            continue
        rows = pairs.slice(entry, 1).flatten()
        shown = zip(key(rows.field(0)), value(rows.field(1)), strict=True)
        texts.append("{" + ", ".join(f"{_null(k)} -> {_null(v)}" for k, v in shown) + "}")
    return texts


def _structs(fields: Sequence[Formatter], array: pa.Array) -> list[str | None]:
    children = [text(child) for text, child in zip(fields, array.flatten(), strict=True)]
    rows = zip(*children, strict=True) if children else [()] * len(array)
    return [
        "{" + ", ".join(_null(text) for text in row) + "}" if valid else None
        for valid, row in zip(array.is_valid().to_pylist(), rows, strict=True)
    ]


def _null(text: str | None) -> str:
    return "NULL" if text is None else text


def _boolean(value: bool) -> str:  # noqa: FBT001 - a formatter of booleans
    return "true" if value else "false"


def _binary(value: bytes) -> str:
    return f"[{value.hex(' ').upper()}]"


def _decimal(value: Decimal) -> str:
    return f"{value:f}"


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _shortest(text: str, two_digits: str, two_are_exact: bool) -> str:  # noqa: FBT001 - used once
    """Java writes two digits at least, the closest two: 4.9E-324 where the shortest text is 5E-324."""
    digits = len(Decimal(text).normalize().as_tuple().digits)
    return two_digits if digits == 1 and two_are_exact else text


def _java_number(number: Decimal, value: float) -> str:
    if number == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    sign = "-" if number < 0 else ""
    number = abs(number)
    digits = "".join(map(str, number.normalize().as_tuple().digits))
    exponent = number.adjusted()
    if _PLAIN_FROM <= number < _PLAIN_TO:
        plain = f"{number.normalize():f}"
        return sign + (plain if "." in plain else f"{plain}.0")
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def _date(days: int) -> str:
    if _FIRST_DAY <= days <= _LAST_DAY:
        return (_EPOCH + timedelta(days=days)).date().isoformat()
    # The Gregorian calendar repeats every 400 years, which are 146,097 days.
    cycles, day = divmod(days - _FIRST_DAY, 146_097)
    within = (_EPOCH + timedelta(days=_FIRST_DAY + day)).date()
    year = within.year + 400 * cycles
    sign = "+" if year > 9999 else "-" if year < 0 else ""  # noqa: PLR2004 - four digits need no sign
    return f"{sign}{abs(year):04d}-{within.month:02d}-{within.day:02d}"


def _timestamp(zone: tzinfo | None, microseconds: int) -> str:
    if zone is not None:
        microseconds += _offset_us(zone, microseconds)
    seconds, fraction = divmod(microseconds, _MICROSECONDS)
    days, second = divmod(seconds, 86_400)
    text = f"{_date(days)} {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return text + _fraction(fraction)


def _offset_us(zone: tzinfo, microseconds: int) -> int:
    days = microseconds // (86_400 * _MICROSECONDS)
    # Outside Python's years a zone keeps the offset that it has at their border.
    within = min(max(days, _FIRST_DAY + 1), _LAST_DAY - 1) * 86_400 * _MICROSECONDS
    moment = microseconds if _FIRST_DAY < days < _LAST_DAY else within
    utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)
    offset = utc.astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset / timedelta(microseconds=1))


def _fraction(microseconds: int) -> str:
    return f".{microseconds:06d}".rstrip("0") if microseconds else ""


_DAY, _HOUR, _MINUTE, _SECOND = range(4)
_DAY_TIME_NAMES = ("DAY", "HOUR", "MINUTE", "SECOND")
_DAY_TIME_US = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000)


def _day_time(start: int, end: int, microseconds: int) -> str:
    sign = "-" if microseconds < 0 else ""
    rest = abs(microseconds)
    parts = []
    for place in range(start, end + 1):
        number, rest = divmod(rest, _DAY_TIME_US[place])
        text = f"{number}" if place == _DAY else f"{number:02d}"
        parts.append(text + (_fraction(rest) if place == _SECOND else ""))
    body = " ".join([parts[0], ":".join(parts[1:])]) if start == _DAY and len(parts) > 1 else ":".join(parts)
    return f"INTERVAL '{sign}{body}' {_field_names(_DAY_TIME_NAMES, start, end)}"


def _year_month(start: int, end: int, months: int) -> str:
    sign = "-" if months < 0 else ""
    years, rest = divmod(abs(months), 12)
    body = f"{years}-{rest}" if start != end else f"{years}" if start == 0 else f"{abs(months)}"
    return f"INTERVAL '{sign}{body}' {_field_names(('YEAR', 'MONTH'), start, end)}"


def _field_names(names: Sequence[str], start: int, end: int) -> str:
    return names[start] if start == end else f"{names[start]} TO {names[end]}"


def _calendar(value: Any) -> str:  # noqa: ANN401 - Arrow's MonthDayNano
    months, days, microseconds = value[0], value[1], value[2] // 1000
    years, months = _toward_zero(months, 12)
    hours, rest = _toward_zero(microseconds, 3_600_000_000)
    minutes, rest = _toward_zero(rest, 60_000_000)
    parts = [(years, "years"), (months, "months"), (days, "days"), (hours, "hours"), (minutes, "minutes")]
    texts = [f"{number} {name}" for number, name in parts if number]
    if rest:
        sign = "-" if rest < 0 else ""
        texts.append(f"{sign}{abs(rest) // _MICROSECONDS}{_fraction(abs(rest) % _MICROSECONDS)} seconds")
    return " ".join(texts) or "0 seconds"


def _toward_zero(number: int, unit: int) -> tuple[int, int]:
    quotient = abs(number) // unit
    rest = abs(number) % unit
    return (-quotient, -rest) if number < 0 else (quotient, rest)
