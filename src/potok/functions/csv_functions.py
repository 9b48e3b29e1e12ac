"""`from_csv`, `to_csv` and `schema_of_csv`: one record a text, as Spark's CSV parser reads it.

Records whose quotes are not well formed are refused; the CSV reader of files knows them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError, unsupported
from potok.functions.base import Function, FunctionContext, Input, Nullability, ScalarFunction
from potok.functions.cast_to_text import to_text
from potok.functions.casts import KERNELS as CAST_KERNELS
from potok.functions.datetime_texts import formatted
from potok.functions.json_options import constant_map
from potok.functions.mismatch import given_type, unexpected_argument
from potok.functions.row_kernels import row_kernel
from potok.functions.shown_rows import row_text
from potok.functions.sql_text import let, quote_text, variable
from potok.functions.text_values import TextOptions, parse_values
from potok.functions.time_kernels import FORMAT_LOCAL_TIME, FORMAT_TIME
from potok.functions.type_rules import implicit_cast
from potok.functions.value_texts import DATE_PATTERN, TIMESTAMP_NTZ_PATTERN, TIMESTAMP_PATTERN
from potok.plan.expressions import Call, Expression, Literal
from potok.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    LONG,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    DataType,
    DecimalType,
    MapType,
    StringType,
    StructField,
    StructType,
    arrow_type,
    as_nullable,
    quote_if_needed,
)  # fmt: skip

_PERMISSIVE, _FAIL_FAST = "PERMISSIVE", "FAILFAST"
_CORRUPT_RECORD = "_corrupt_record"
_BLANKS = "".join(map(chr, range(33)))
_KNOWN = frozenset({
    "sep", "delimiter", "quote", "escape", "nullvalue", "emptyvalue", "mode", "columnnameofcorruptrecord",
    "dateformat", "timestampformat", "timestampntzformat", "ignoreleadingwhitespace",
    "ignoretrailingwhitespace", "nanvalue", "positiveinf", "negativeinf", "locale", "timezone", "header",
})  # fmt: skip


class CsvOptions:
    """Options by their names in lower case, and the session's zone."""

    def __init__(self, values: Mapping[str, str], zone: str) -> None:
        self.values = dict(values)
        self.session_zone = zone

    @classmethod
    def of(cls, arguments: Sequence[Expression], context: FunctionContext) -> CsvOptions:
        """From the optional last argument of a call. Raises for options that would be ignored."""
        pairs = constant_map(arguments[0]) if arguments else {}
        values = {name.lower(): value for name, value in pairs.items()}
        for name in values.keys() - _KNOWN:
            raise unsupported(f"The option {name} of the CSV functions", "Use the csv format of files.")
        return cls(values, context.time_zone)

    def text(self) -> str:
        """All of it in one constant."""
        return json.dumps([self.values, self.session_zone], sort_keys=True)

    @classmethod
    def of_text(cls, text: str) -> CsvOptions:
        """From `text()`."""
        return cls(*json.loads(text))

    def get(self, name: str, default: str = "") -> str:
        """An option's value."""
        return self.values.get(name, default)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean option."""
        return self.get(name, str(default)).lower() == "true"

    @property
    def separator(self) -> str:
        """What stands between values."""
        return self.get("sep") or self.get("delimiter") or ","

    @property
    def mode(self) -> str:
        """PERMISSIVE or FAILFAST."""
        return _FAIL_FAST if self.get("mode").upper() == _FAIL_FAST else _PERMISSIVE

    @property
    def reading(self) -> TextOptions:
        """How texts become values."""
        return TextOptions(
            time_zone=self.get("timezone") or self.session_zone,
            date_pattern=self.values.get("dateformat"),
            timestamp_pattern=self.values.get("timestampformat"),
            timestamp_ntz_pattern=self.values.get("timestampntzformat"),
            nan_value=self.get("nanvalue", "NaN"),
            positive_infinity=self.get("positiveinf", "Inf"),
            negative_infinity=self.get("negativeinf", "-Inf"),
        )


# ---- splitting --------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _field(separator: str, quote: str, escape: str) -> re.Pattern[str]:
    s, q, e = (re.escape(x) for x in (separator, quote, escape))
    body = rf"{q}((?:[^{q}{e}]|{e}.)*){q}" if escape != quote else rf"{q}((?:[^{q}]|{q}{q})*){q}"
    return re.compile(rf"[ ]*{body}[ ]*(?:{s}|\Z)|([^{q}].*?)?(?:{s}|\Z)", re.DOTALL)


def split_record(line: str, options: CsvOptions) -> list[str]:
    """The tokens of one record."""
    separator, quote, escape = options.separator, options.get("quote", '"'), options.get("escape", "\\")
    if not quote or quote not in line:
        tokens = line.split(separator)
    else:
        tokens, position = [], 0
        pattern = _field(separator, quote, escape)
        while True:
            match = pattern.match(line, position)
            if match is None:
                raise unsupported(f"A CSV record with stray quotes ({line})", "Use the csv format of files.")
            if match[1] is not None:
                tokens.append(match[1].replace(escape + quote, quote).replace(escape * 2, escape))
            else:
                tokens.append(match[2] or "")
            position = match.end()
            if position >= len(line):
                if match[0].endswith(separator):
                    tokens.append("")
                break
    if options.flag("ignoreleadingwhitespace"):
        tokens = [t.lstrip(_BLANKS) for t in tokens]
    if options.flag("ignoretrailingwhitespace"):
        tokens = [t.rstrip(_BLANKS) for t in tokens]
    return tokens


# ---- from_csv ---------------------------------------------------------------------------------


def _text_argument(argument: Expression, context: FunctionContext) -> Expression:
    text = implicit_cast(argument, STRING, context)
    if text is None:
        raise unexpected_argument(0, argument.data_type, '"STRING"')
    return text


def _bind_from_csv(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    schema = arguments[1]
    if not isinstance(schema, Literal) or not isinstance(schema.value, str):
        raise SparkError("INVALID_SCHEMA.NON_STRING_LITERAL", inputSchema='"schema"')
    parsed = given_type(schema.value)
    if not isinstance(parsed, StructType):
        raise SparkError(
            "INVALID_SCHEMA.NON_STRUCT_TYPE", inputSchema=f'"{schema.value}"', dataType=f'"{parsed.sql}"'
        )
    target = as_nullable(parsed)
    options = CsvOptions.of(arguments[2:], context)
    if options.get("mode").upper() == "DROPMALFORMED":
        raise SparkError("PARSE_MODE_UNSUPPORTED", funcName="`from_csv`", mode="DROPMALFORMED")
    text = _text_argument(arguments[0], context)
    return Call("from_csv", (text, Literal(options.text(), STRING)), target, text.nullable, context.ansi)


def parse_records(texts: pa.Array, schema: StructType, options: CsvOptions) -> pa.Array:
    """A struct for every text; NULL for NULL. Raises MALFORMED_RECORD_IN_PARSING in FAILFAST mode."""
    corrupt = options.get("columnnameofcorruptrecord", _CORRUPT_RECORD)
    fields = [f for f in schema.fields if not (f.name == corrupt and isinstance(f.data_type, StringType))]
    lines = texts.to_pylist()
    records = [None if line is None else split_record(line, options) for line in lines]
    null_value = options.get("nullvalue")
    malformed = [r is not None and len(r) != len(fields) for r in records]
    columns = {}
    for index, field in enumerate(fields):
        tokens = [
            r[index] if r is not None and index < len(r) and r[index] != null_value else None for r in records
        ]
        values, bad = parse_values(pa.array(tokens, pa.string()), field.data_type, options.reading)
        columns[field.name] = values
        if bad is not None:
            malformed = [one or other for one, other in zip(malformed, bad.to_pylist(), strict=True)]
    if len(fields) < len(schema.fields):
        columns[corrupt] = pa.array(
            [x if bad else None for x, bad in zip(lines, malformed, strict=True)], pa.string()
        )
    if options.mode == _FAIL_FAST and True in malformed:
        first = malformed.index(True)
        record = row_text([columns[f.name][first] for f in schema.fields])
        raise SparkError(
            "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", badRecord=record, failFastMode=_FAIL_FAST
        )
    arrays = [columns[f.name].cast(arrow_type(f.data_type)) for f in schema.fields]
    target = arrow_type(schema)
    return pa.StructArray.from_arrays(
        arrays, fields=[target.field(i) for i in range(target.num_fields)], mask=texts.is_null()
    )


@lru_cache(maxsize=256)
def _kernel(schema: StructType, options_text: str) -> Kernel:
    options = CsvOptions.of_text(options_text)
    name = "potok_from_csv_" + variable(schema.json + options_text, "")
    return Kernel(name, (STRING,), schema, lambda texts: parse_records(texts, schema, options))


def _kernel_of(call: Call) -> Kernel:
    options = call.arguments[1]
    assert isinstance(options, Literal)  # noqa: S101 - by the bind rule
    assert isinstance(call.type, StructType)  # noqa: S101 - by the bind rule
    return _kernel(call.type, options.value)


# ---- schema_of_csv ----------------------------------------------------------------------------


def _bind_schema_of(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    text = arguments[0]
    if not isinstance(text, Literal) or not isinstance(text.value, str):
        raise SparkError(
            "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", inputName="`csv`", inputType='"STRING"', inputExpr='"csv"'
        )
    options = CsvOptions.of(arguments[1:], context)
    tokens = split_record(text.value, options)
    fields = (StructField(f"_c{i}", inferred_type(token, options)) for i, token in enumerate(tokens))
    inner = ", ".join(f"{quote_if_needed(f.name)}: {f.data_type.sql}" for f in fields)
    return Literal(f"STRUCT<{inner}>", STRING)


def inferred_type(token: str, options: CsvOptions) -> DataType:
    """The narrowest type of one token: INT, BIGINT, DECIMAL, DOUBLE, DATE, TIMESTAMP, BOOLEAN or STRING."""
    if token == options.get("nullvalue"):
        return STRING
    candidates: tuple[DataType, ...] = (INTEGER, LONG)
    if re.fullmatch(r"[+-]?\d{19,38}", token):
        candidates += (DecimalType(len(token.lstrip("+-")), 0),)
    candidates += (DOUBLE, DATE, TIMESTAMP)
    for candidate in candidates:
        if candidate in {DATE, TIMESTAMP} and not re.match(r"\d{4}-\d", token):
            continue
        _, bad = parse_values(pa.array([token], pa.string()), candidate, options.reading)
        if bad is None:
            return candidate
    if token.lower() in {"true", "false"}:
        return BOOLEAN
    return STRING


# ---- to_csv -----------------------------------------------------------------------------------


def _bind_to_csv(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    struct = arguments[0]
    if not isinstance(struct.data_type, StructType):
        raise unexpected_argument(0, struct.data_type, '"STRUCT"')
    options = CsvOptions.of(arguments[1:], context)
    return Call("to_csv", (struct, Literal(options.text(), STRING)), STRING, True, context.ansi)  # noqa: FBT003 - nullable


def _emit_to_csv(call: Call, arguments: Sequence[str]) -> str:
    struct, constant = call.arguments[0].data_type, call.arguments[1]
    assert isinstance(struct, StructType)  # noqa: S101 - by the bind rule
    assert isinstance(constant, Literal)  # noqa: S101 - by the bind rule
    options = CsvOptions.of_text(constant.value)

    def line(v: str) -> str:
        texts = [
            _rendered(f"struct_extract({v}, {quote_text(f.name)})", f.data_type, options)
            for f in struct.fields
        ]
        listed = f"CAST([{', '.join(texts)}] AS VARCHAR[])"
        return f"CASE WHEN {v} IS NOT NULL THEN potok_csv_line({listed}, {quote_text(options.text())}) END"

    return let(arguments[0], line)


def _rendered(sql: str, data_type: DataType, options: CsvOptions) -> str:
    if data_type == TIMESTAMP:
        pattern = options.get("timestampformat", TIMESTAMP_PATTERN)
        return formatted(sql, quote_text(pattern), pattern)
    if data_type == TIMESTAMP_NTZ:
        pattern = options.get("timestampntzformat", TIMESTAMP_NTZ_PATTERN)
        return f"potok_format_local_time(epoch_us({sql}), {quote_text(pattern)})"
    if data_type == DATE:
        pattern = options.get("dateformat", DATE_PATTERN)
        return f"potok_format_local_time(epoch_us(CAST({sql} AS TIMESTAMP)), {quote_text(pattern)})"
    if isinstance(data_type, MapType):
        raise unsupported("to_csv of a map", "Cast it to STRING.")
    return to_text(sql, data_type, plain_decimals=True)


def csv_line(texts: Sequence[str | None], options_text: str) -> str:
    """The record; values with signs of the format are quoted, empty texts are `""`."""
    options = CsvOptions.of_text(options_text)
    separator, quote, escape = options.separator, options.get("quote", '"'), options.get("escape", "\\")
    null_value, empty_value = options.get("nullvalue"), options.get("emptyvalue", '""')
    leading = options.flag("ignoreleadingwhitespace", default=True)
    trailing = options.flag("ignoretrailingwhitespace", default=True)
    tokens = []
    for text in texts:
        if text is None:
            tokens.append(null_value)
            continue
        value = text.lstrip(_BLANKS) if leading else text
        value = value.rstrip(_BLANKS) if trailing else value
        if not value:
            tokens.append(empty_value)
        elif any(sign in value for sign in (separator, quote, "\n", "\r")):
            escaped = (
                value.replace(escape, escape * 2) if escape != quote and escape + quote in value else value
            )
            tokens.append(quote + escaped.replace(quote, escape + quote) + quote)
        else:
            tokens.append(value)
    return separator.join(tokens)


CSV_LINE = row_kernel("csv_line", (ArrayType(STRING), STRING), STRING, csv_line)

FUNCTIONS: tuple[Function, ...] = (
    ScalarFunction(
        "from_csv", (STRING, STRING, Input.ANY), STRING, optional=1, bind=_bind_from_csv,
        emit=lambda call, arguments: f"{_kernel_of(call).name}({arguments[0]})",
        kernels=lambda call: (_kernel_of(call),),
    ),
    ScalarFunction("schema_of_csv", (STRING, Input.ANY), STRING, optional=1, bind=_bind_schema_of, nullable=Nullability.NEVER),
    ScalarFunction(
        "to_csv", (Input.ANY, Input.ANY), STRING, emit=_emit_to_csv, optional=1, bind=_bind_to_csv,
        kernels=(CSV_LINE, FORMAT_TIME, FORMAT_LOCAL_TIME, *CAST_KERNELS),
    ),
)  # fmt: skip
