"""Values as JSON texts, column by column. Source of fact: JacksonGenerator."""

from __future__ import annotations

import base64
import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.errors import unsupported
from potok.functions.json_parse import quoted_json
from potok.functions.value_texts import RenderOptions, render_column, render_numbers
from potok.types import (
    BINARY,
    BOOLEAN,
    CALENDAR_INTERVAL,
    DATE,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    NullType,
    StructType,
)

_ESCAPED = r'["\\\x00-\x1f]'
_MICROS = 1_000_000


def json_texts(
    values: pa.Array, data_type: DataType, options: RenderOptions, *, drops_nulls: bool
) -> pa.Array:
    """One text per value, NULL for NULL. With `drops_nulls` structs leave out fields that are NULL."""
    match data_type:
        case StructType(fields=fields):
            return (
                _structs(values, fields_of(data_type), options, drops_nulls=drops_nulls)
                if fields
                else _constant(values, "{}")
            )
        case ArrayType(element=element):
            items = json_texts(values.values, element, options, drops_nulls=drops_nulls)
            return _joined(values, pc.fill_null(items, "null"), "[", "]")
        case MapType(key=key, value=value):
            items = pc.fill_null(json_texts(values.items, value, options, drops_nulls=drops_nulls), "null")
            return _joined(values, pc.binary_join_element_wise(_keys(values.keys, key), items, ":"), "{", "}")
        case NullType():
            return pa.nulls(len(values), pa.string())
        case IntegralType() | DecimalType():
            return render_column(values, data_type, options)
        case DoubleType() | FloatType():
            texts = render_numbers(values)
            odd = pc.invert(pc.is_finite(pc.fill_null(values, 0.0)))
            if not pc.any(odd).as_py():
                return texts
            return pc.if_else(odd, pc.binary_join_element_wise('"', texts, '"', ""), texts)
    if data_type == BOOLEAN:
        return render_column(values, data_type, options)
    if data_type == BINARY:
        encoded = [None if v is None else base64.b64encode(v).decode() for v in values.to_pylist()]
        return _quoted(pa.array(encoded, pa.string()))
    if data_type == CALENDAR_INTERVAL:
        texts = [
            None if v is None else calendar_interval(v.months, v.days, v.nanoseconds // 1000)
            for v in values.to_pylist()
        ]
        return _quoted(pa.array(texts, pa.string()))
    return _quoted(render_column(values, data_type, options))


def fields_of(data_type: StructType) -> list[tuple[str, DataType]]:
    """Names as JSON strings, with the types."""
    return [(quoted_json(f.name), f.data_type) for f in data_type.fields]


def _constant(values: pa.Array, text: str) -> pa.Array:
    return pa.array([text if v.is_valid else None for v in values], pa.string())


def _structs(
    values: pa.StructArray, fields: list[tuple[str, DataType]], options: RenderOptions, *, drops_nulls: bool
) -> pa.Array:
    members: list[pa.Array] = []
    has_earlier: pa.Array | None = None
    for child, (name, data_type) in zip(values.flatten(), fields, strict=True):
        texts = json_texts(child, data_type, options, drops_nulls=drops_nulls)
        if not drops_nulls:
            texts = pc.fill_null(texts, "null")
        valid = texts.is_valid()
        if has_earlier is None:
            prefix: object = f"{name}:"
            has_earlier = valid
        elif has_earlier.true_count == len(has_earlier):
            prefix = f",{name}:"
        else:
            prefix = pc.if_else(has_earlier, f",{name}:", f"{name}:")
            has_earlier = pc.or_(has_earlier, valid)
        members.append(pc.fill_null(pc.binary_join_element_wise(prefix, texts, ""), ""))
    lines = pc.binary_join_element_wise("{", *members, "}", "")
    return pc.if_else(values.is_valid(), lines, None) if values.null_count else lines


def _joined(values: pa.Array, items: pa.Array, opening: str, closing: str) -> pa.Array:
    """The texts of all items, put together as the lists hold them."""
    offsets = values.offsets
    lists = pa.ListArray.from_arrays(offsets, items)
    lines = pc.binary_join_element_wise(opening, pc.binary_join(lists, ","), closing, "")
    return pc.if_else(values.is_valid(), lines, None) if values.null_count else lines


def _keys(keys: pa.Array, data_type: DataType) -> pa.Array:
    if data_type in {DATE, TIMESTAMP, TIMESTAMP_NTZ}:
        # As in Spark, the key is the number inside.
        numbers = keys.view(pa.int32() if data_type == DATE else pa.int64())
        return _quoted(pc.cast(numbers, pa.string()))
    if isinstance(data_type, DoubleType | FloatType):
        return _quoted(render_numbers(keys))
    if isinstance(data_type, ArrayType | MapType | StructType) or data_type in {BINARY, CALENDAR_INTERVAL}:
        raise unsupported(f"{data_type.sql} as a key in to_json", "a key of type STRING")
    return _quoted(render_column(keys, data_type, RenderOptions()))


def _quoted(texts: pa.Array) -> pa.Array:
    special = pc.fill_null(pc.match_substring_regex(texts, _ESCAPED), False)  # noqa: FBT003 - the value of NULL
    quoted = pc.binary_join_element_wise('"', texts, '"', "")
    if not special.true_count:
        return quoted
    escaped = [quoted_json(t) for t in pc.filter(texts, special).to_pylist()]
    return pc.replace_with_mask(quoted, special, pa.array(escaped, pa.string()))


def calendar_interval(months: int, days: int, micros: int) -> str:
    """An interval as Spark's `CalendarInterval.toString`."""
    sign = -1 if micros < 0 else 1
    seconds, fraction = divmod(abs(micros), _MICROS)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    years, month = int(np.fix(months / 12)), int(np.fmod(months, 12))
    parts = [
        f"{amount} {unit}"
        for amount, unit in (
            (years, "years"), (month, "months"), (days, "days"), (sign * hours, "hours"), (sign * minute, "minutes")
        )
        if amount
    ]  # fmt: skip
    if second or fraction:
        text = f"{second}.{fraction:06d}".rstrip("0").rstrip(".")
        parts.append(f"{'-' if sign < 0 else ''}{text} seconds")
    return " ".join(parts) or "0 seconds"


class _Number(str):
    __slots__ = ()


def pretty_text(compact: str) -> str:
    """The text with Jackson's default white space."""
    document = json.loads(compact, parse_float=_Number, parse_int=_Number)
    return _pretty(document, "")


def _pretty(value: object, indent: str) -> str:
    inner = indent + "  "
    match value:
        case dict():
            if not value:
                return "{ }"
            members = (f"{inner}{quoted_json(n)} : {_pretty(v, inner)}" for n, v in value.items())
            return "{\n" + ",\n".join(members) + f"\n{indent}}}"
        case list():
            return "[ " + ", ".join(_pretty(v, indent) for v in value) + " ]" if value else "[ ]"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _Number():
            return value
    return quoted_json(str(value))
