"""Rows to JSON lines. Source of fact: JacksonGenerator."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.connectors.compression import compressor
from potok.connectors.csv_options import charset, line_separator
from potok.connectors.csv_write import text_content
from potok.connectors.file_format import FormatContext
from potok.connectors.options import boolean
from potok.functions.value_texts import (
    DATE_PATTERN,
    TIMESTAMP_NTZ_PATTERN,
    TIMESTAMP_PATTERN,
    RenderOptions,
    render_column,
)
from potok.plan.logical import Options
from potok.types import (
    BINARY,
    BOOLEAN,
    ArrayType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    NullType,
    StringType,
    StructType,
)

_BLANK = ord(" ")


@dataclass(frozen=True)
class _Column:
    """JSON texts of a column's values, around which the quote is still to be put."""

    texts: pa.Array
    quote: str = ""


def _with_quotes(column: _Column) -> pa.Array:
    quote = column.quote
    return pc.binary_join_element_wise(quote, column.texts, quote, "") if quote else column.texts


@dataclass(frozen=True)
class JsonWriteOptions:
    """What writing JSON may be told."""

    render: RenderOptions
    line_end: str
    encoding: str
    ignore_null_fields: bool
    pretty: bool
    code_points: bool

    @classmethod
    def of(cls, options: Options, context: FormatContext) -> JsonWriteOptions:
        """Raises SparkError for a value that Spark refuses."""
        default = context.flag("spark.sql.jsonGenerator.ignoreNullFields", default=True)
        return cls(
            render=RenderOptions(
                time_zone=options.get("timeZone", context.time_zone),
                date_pattern=options.get("dateFormat", DATE_PATTERN),
                timestamp_pattern=options.get("timestampFormat", TIMESTAMP_PATTERN),
                timestamp_ntz_pattern=options.get("timestampNTZFormat", TIMESTAMP_NTZ_PATTERN),
            ),
            line_end=line_separator(options) or "\n",
            encoding=charset(options),
            ignore_null_fields=boolean(options, "ignoreNullFields", default=default),
            pretty=boolean(options, "pretty", default=False),
            code_points=boolean(options, "writeNonAsciiCharacterAsCodePoint", default=False),
        )


class JsonRowWriter:
    """See file_format.FileWriter."""

    def __init__(self, schema: StructType, options: JsonWriteOptions, target: BinaryIO, codec: str) -> None:
        self._schema = schema
        self._options = options
        self._target = target
        self._stream = compressor(codec, target)
        self._names = [json_text(f.name, code_points=options.code_points) for f in schema.fields]

    def write(self, batch: pa.RecordBatch) -> None:
        """See FileWriter."""
        columns = [self._column(batch.column(i), f.data_type) for i, f in enumerate(self._schema.fields)]
        if self._options.pretty:
            self._write_pretty([_with_quotes(c) for c in columns])
            return
        if columns and not any(c.texts.null_count for c in columns):
            lines = self._full_lines(columns)
        else:
            members = self._members([_with_quotes(c) for c in columns])
            body = pc.binary_join_element_wise(*members, "") if members else pa.repeat("", batch.num_rows)
            lines = pc.binary_join_element_wise("{", body, "}" + self._options.line_end, "")
        content = text_content(lines)
        if self._options.encoding == "utf-8":
            self._stream.write(content)
        else:
            self._stream.write(bytes(content).decode("utf-8").encode(self._options.encoding, "replace"))

    def _full_lines(self, columns: Sequence[_Column]) -> pa.Array:
        """Lines of rows without a NULL."""
        pieces: list[object] = []
        before = "{"
        for name, column in zip(self._names, columns, strict=True):
            pieces += [f"{before}{name}:{column.quote}", column.texts]
            before = column.quote + ","
        return pc.binary_join_element_wise(*pieces, before[:-1] + "}" + self._options.line_end, "")

    def _members(self, texts: list[pa.Array]) -> list[pa.Array]:
        """`name:value` per row and column, empty for NULL, with a comma behind an earlier member of the row."""
        members = []
        has_earlier: pa.Array | None = None
        for name, column in zip(self._names, texts, strict=True):
            values = column
            if not self._options.ignore_null_fields and values.null_count:
                values = pc.fill_null(values, "null")
            if has_earlier is None:
                prefix: object = f"{name}:"
            elif has_earlier.true_count == len(has_earlier):
                prefix = f",{name}:"
            else:
                prefix = pc.if_else(has_earlier, f",{name}:", f"{name}:")
            valid = values.is_valid()
            has_earlier = valid if has_earlier is None else pc.or_(has_earlier, valid)
            member = pc.binary_join_element_wise(prefix, values, "")
            members.append(pc.fill_null(member, "") if member.null_count else member)
        return members

    def _write_pretty(self, texts: list[pa.Array]) -> None:
        for row in zip(*(t.to_pylist() for t in texts), strict=True):
            members = [
                f"{n}:{'null' if t is None else t}"
                for n, t in zip(self._names, row, strict=True)
                if t is not None or not self._options.ignore_null_fields
            ]
            document = json.loads("{" + ",".join(members) + "}", parse_float=_Verbatim, parse_int=_Verbatim)
            text = pretty(document, "", code_points=self._options.code_points)
            self._stream.write((text + self._options.line_end).encode(self._options.encoding, "replace"))

    def _column(self, values: pa.Array, data_type: DataType) -> _Column:
        if isinstance(data_type, IntegralType | DecimalType) or data_type == BOOLEAN:
            return _Column(render_column(values, data_type, self._options.render))
        if isinstance(data_type, DoubleType | FloatType):
            texts = render_column(values, data_type, self._options.render)
            odd = pc.invert(pc.is_finite(pc.fill_null(values, 0.0)))
            if pc.any(odd).as_py():
                return _Column(pc.if_else(odd, pc.binary_join_element_wise('"', texts, '"', ""), texts))
            return _Column(texts)
        if isinstance(data_type, ArrayType | MapType | StructType) or data_type == BINARY:
            render = self._renderer(data_type)
            flat = nested_values(values, data_type, self._options.render)
            return _Column(pa.array([None if v is None else render(v) for v in flat], pa.string()))
        if isinstance(data_type, NullType):
            return _Column(pa.nulls(len(values), pa.string()))
        return self._quoted(render_column(values, data_type, self._options.render))

    def _quoted(self, texts: pa.Array) -> _Column:
        content = bytes(text_content(texts)) if len(texts) else b""
        least = np.frombuffer(content, np.uint8).min(initial=_BLANK)
        plain = least == _BLANK and b'"' not in content and b"\\" not in content
        code_points = self._options.code_points
        if plain and (not code_points or content.isascii()):
            return _Column(texts, '"')
        return _Column(
            pa.array(
                [None if t is None else json_text(t, code_points=code_points) for t in texts.to_pylist()],
                pa.string(),
            )
        )

    def _renderer(self, data_type: DataType) -> Callable[[Any], str]:
        """Values of `nested_values` to JSON text."""
        code_points = self._options.code_points
        ignore = self._options.ignore_null_fields
        match data_type:
            case ArrayType(element=element):
                item = self._renderer(element)
                return lambda v: "[" + ",".join("null" if i is None else item(i) for i in v) + "]"
            case MapType(value=value):
                item = self._renderer(value)
                return lambda v: (
                    "{"
                    + ",".join(
                        f"{json_text(k, code_points=code_points)}:{'null' if i is None else item(i)}"
                        for k, i in v
                    )
                    + "}"
                )
            case StructType(fields=fields):
                members = [
                    (json_text(f.name, code_points=code_points), self._renderer(f.data_type)) for f in fields
                ]
                return lambda v: (
                    "{"
                    + ",".join(
                        f"{name}:{'null' if i is None else render(i)}"
                        for (name, render), i in zip(members, v, strict=True)
                        if i is not None or not ignore
                    )
                    + "}"
                )
        if data_type == BINARY:
            return lambda v: f'"{base64.b64encode(v).decode("ascii")}"'
        if isinstance(data_type, DoubleType | FloatType):
            return lambda v: v if v[-1:].isdigit() else f'"{v}"'
        if isinstance(data_type, IntegralType | DecimalType) or data_type == BOOLEAN:
            return str
        return lambda v: json_text(v, code_points=code_points)

    def close(self) -> None:
        """See FileWriter."""
        if self._stream is not self._target:
            self._stream.close()


def nested_values(values: pa.Array, data_type: DataType, options: RenderOptions) -> list[Any]:
    """Nested values as lists, pairs (key text, value) and tuples whose leaves are texts (bytes for BINARY)."""
    match data_type:
        case ArrayType(element=element):
            items = nested_values(values.flatten(), element, options)
            return _split(items, values)
        case MapType(key=key, value=value):
            keys = nested_values(_entries(values).field(0), key, options)
            found = nested_values(_entries(values).field(1), value, options)
            return _split([(str(k), v) for k, v in zip(keys, found, strict=True)], values)
        case StructType(fields=fields):
            columns = [
                nested_values(c, f.data_type, options) for c, f in zip(values.flatten(), fields, strict=True)
            ]
            rows = list(zip(*columns, strict=True)) if columns else [()] * len(values)
            return [
                row if valid else None for row, valid in zip(rows, values.is_valid().to_pylist(), strict=True)
            ]
    if isinstance(data_type, StringType) or data_type == BINARY:
        plain: list[Any] = values.to_pylist()
        return plain
    texts: list[Any] = render_column(values, data_type, options).to_pylist()
    return texts


def _entries(values: pa.Array) -> pa.StructArray:
    """The entries of all maps that are there, one after another."""
    entries = values.view(pa.list_(pa.struct([values.type.key_field, values.type.item_field])))
    return entries.flatten()


def _split(items: list[Any], values: pa.Array) -> list[Any]:
    as_list = (
        values
        if pa.types.is_list(values.type)
        else values.view(pa.list_(pa.struct([values.type.key_field, values.type.item_field])))
    )
    out: list[Any] = []
    position = 0
    for length in pc.list_value_length(as_list).to_pylist():
        if length is None:
            out.append(None)
        else:
            out.append(items[position : position + length])
            position += length
    return out


def json_text(text: str, *, code_points: bool) -> str:
    """A JSON text; escapes in upper case, as Jackson writes them."""
    quoted = json.dumps(text, ensure_ascii=code_points)
    if "\\u" in quoted:
        return re.sub(r"(?<!\\)((?:\\\\)*)\\u([0-9a-f]{4})", lambda m: f"{m[1]}\\u{m[2].upper()}", quoted)
    return quoted


class _Verbatim(str):
    """A number as it was written."""

    __slots__ = ()


def pretty(value: Any, indent: str, *, code_points: bool) -> str:  # noqa: ANN401 - JSON
    """A document over several lines, as Jackson's DefaultPrettyPrinter."""
    if isinstance(value, dict):
        if not value:
            return "{ }"
        inner = indent + "  "
        members = [
            f"{inner}{json_text(k, code_points=code_points)} : {pretty(v, inner, code_points=code_points)}"
            for k, v in value.items()
        ]
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list):
        if not value:
            return "[ ]"
        return "[ " + ", ".join(pretty(v, indent, code_points=code_points) for v in value) + " ]"
    if isinstance(value, _Verbatim):
        return str(value)
    if isinstance(value, str):
        return json_text(value, code_points=code_points)
    return json.dumps(value)
