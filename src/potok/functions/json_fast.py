"""`from_json` in DuckDB's own JSON for records of the plain form.

A record is plain when a regular expression of the whole text says so: an object with only fields of
the schema, in the schema's order, each at most once, whose values are null or strict JSON scalars of
exactly the field's type. On such texts DuckDB and Jackson agree; every other text
(other fields, another order, wrong types, malformed) is left to the exact reader.
"""

from __future__ import annotations

import json
import re

from potok.functions.json_options import FAIL_FAST, JsonOptions
from potok.functions.sql_text import quote_name, quote_text, sql_type
from potok.types import (
    BOOLEAN,
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    SHORT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DataType,
    StructType,
)

_UTC = frozenset({"UTC", "Etc/UTC", "GMT", "Z"})
_SPACE = r"[ \t\n\r]*"
_DAY = r"[0-9]{4}-[01][0-9]-[0-3][0-9]"
_MOMENT = rf"{_DAY}[T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}})?"
# Any escape but half of a surrogate pair.
_HEX = "[0-9a-fA-F]"
_PAIR = rf"\\u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}"
_ESCAPE = rf"\\[\"\\/bfnrt]|\\u(?:[0-9a-cA-CefEF]{_HEX}{{3}}|[dD][0-7]{_HEX}{{2}})|{_PAIR}"
# Digits are bounded so that every value fits its type; the widest values take the exact way.
_VALUES: dict[DataType, str] = {
    STRING: rf'"(?:[^"\\\x00-\x1f]|{_ESCAPE})*"',
    BOOLEAN: "true|false",
    BYTE: r"-?(?:0|[1-9][0-9]?)",
    SHORT: r"-?(?:0|[1-9][0-9]{0,3})",
    INTEGER: r"-?(?:0|1[0-9]{9}|[1-9][0-9]{0,8})",
    LONG: r"-?(?:0|[1-9][0-9]{0,17})",
    FLOAT: r"-?(?:0|[1-9][0-9]{0,3})(?:\.[0-9]{1,3})?",
    DOUBLE: r"-?(?:0|[1-9][0-9]{0,16})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?",
}


def plain_records(text: str, schema: StructType, options: JsonOptions) -> str | None:
    """SQL of the structs of plain records, NULL for the others; None for a schema that has no such way."""
    names = [f.name for f in schema.fields]
    if not names or len({n.lower() for n in names}) < len(names):
        return None
    members = []
    for f in schema.fields:
        value = _value(f.data_type, options)
        if value is None or not f.name.isprintable() or any(c in f.name for c in '"\\'):
            return None
        members.append(rf'(?:,?{_SPACE}"{_literal(f.name)}"{_SPACE}:{_SPACE}(?:null|{value}){_SPACE})?')
    pattern = rf"{_SPACE}\{{{_SPACE}{''.join(members)}\}}{_SPACE}"
    read = {f.name: sql_type(_read_as(f.data_type)) for f in schema.fields}
    # A comma too few or too many passes the pattern, but not the parser.
    record = f"TRY(json_transform({text}, {quote_text(json.dumps(read))}))"
    if all(_read_as(f.data_type) == f.data_type for f in schema.fields):
        return f"CASE WHEN regexp_full_match({text}, {quote_text(pattern)}) THEN {record} END"
    parts = ", ".join(f"{quote_name(f.name)} := {_part(f.name, f.data_type)}" for f in schema.fields)
    found = f"CASE WHEN regexp_full_match({text}, {quote_text(pattern)}) THEN {record} END"
    made = f"CASE WHEN r IS NOT NULL THEN struct_pack({parts}) END"
    return f"list_transform([{found}], lambda r: {made})[1]"


def _value(data_type: DataType, options: JsonOptions) -> str | None:
    if data_type in _VALUES:
        return _VALUES[data_type]
    # What is no day of the calendar becomes NULL below, which is right only where nobody asks why.
    if options.mode == FAIL_FAST:
        return None
    if data_type == DATE and options.get("dateFormat") is None:
        return f'"{_DAY}"'
    if data_type == TIMESTAMP and options.get("timestampFormat") is None:
        zone = "Z?" if options.zone in _UTC and options.session_zone in _UTC else "Z"
        return f'"{_MOMENT}{zone}"'
    if data_type == TIMESTAMP_NTZ and options.get("timestampNTZFormat") is None:
        return f'"{_MOMENT}"'
    return None


def _literal(name: str) -> str:
    return re.escape(name) if name.isascii() else "".join(re.escape(c) if c.isascii() else c for c in name)


def _read_as(data_type: DataType) -> DataType:
    return data_type if data_type in _VALUES else STRING


def _part(name: str, data_type: DataType) -> str:
    value = f"struct_extract(r, {quote_text(name)})"
    return value if data_type in _VALUES else f"TRY_CAST({value} AS {sql_type(data_type)})"
