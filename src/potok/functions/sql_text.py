"""Pieces of DuckDB SQL that the families share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import blake2b

from potok.engine.sql_types import quote_name, sql_type
from potok.functions.raising import quote_text
from potok.types import DataType

__all__ = ["quote_name", "quote_text", "sql_type"]

_CONSTANT = r"-?\d+(?:\.\d+)?|'(?:[^']|'')*'|true|false|NULL"
_NAME = r"\"(?:[^\"]|\"\")*\"|[A-Za-z_]\w*"
_SIMPLE = re.compile(
    rf"(?:{_NAME})(?:\.(?:{_NAME}))*|{_CONSTANT}|CAST\((?:{_CONSTANT}) AS [A-Z]+(?:\(\d+,\d+\))?\)"
    r"|(?:DATE|TIMESTAMP|TIMESTAMPTZ) '[^']*'"
)
CONTROL_OR_SPACE = "".join(chr(code) for code in range(1, 33)) + "\x7f"


def typed_null(data_type: DataType) -> str:
    """NULL of a type."""
    return f"CAST(NULL AS {sql_type(data_type)})"


def is_simple(sql: str) -> bool:
    """Whether the SQL is a name or a constant, so that repeating it costs nothing."""
    return _SIMPLE.fullmatch(sql) is not None


def is_constant(sql: str) -> bool:
    """Whether the SQL is a literal."""
    return is_simple(sql) and not re.fullmatch(rf"(?!true|false|NULL)(?:{_NAME})(?:\.(?:{_NAME}))*", sql)


def variable(sql: str, prefix: str = "l") -> str:
    """A name for a lambda's parameter that stands for (an element of) this SQL.

    Two values in scope at once have different texts and so different names.
    """
    return prefix + blake2b(sql.encode(), digest_size=5).hexdigest()


def let(sql: str, body: Callable[[str], str]) -> str:
    """`body` of a value that it mentions more than once, evaluated only once.

    A one-element list carries the value, which DuckDB does in about 10 ns a row.
    """
    if is_simple(sql):
        return body(sql)
    name = variable(sql)
    return f"list_transform([{sql}], lambda {name}: {body(name)})[1]"


def let_all(sqls: Sequence[str], body: Callable[..., str]) -> str:
    """`let` of several values; `body` takes them in order."""

    def bind(position: int, bound: tuple[str, ...]) -> str:
        if position == len(sqls):
            return body(*bound)
        return let(sqls[position], lambda value: bind(position + 1, (*bound, value)))

    return bind(0, ())


def each(array: str, body: Callable[[str], str]) -> str:
    """A list with `body` of every element."""
    name = variable(array, "e")
    return f"list_transform({array}, lambda {name}: {body(name)})"


def trim_all(sql: str) -> str:
    """Without spaces and control characters at both ends, as Spark's `UTF8String.trimAll`."""
    return f"trim({sql}, {quote_text(CONTROL_OR_SPACE)})"


def when_null(values: Sequence[str], otherwise: str, null: str = "NULL") -> str:
    """`otherwise`, evaluated only where none of the values is NULL."""
    condition = " OR ".join(f"{value} IS NULL" for value in values)
    return f"CASE WHEN {condition} THEN {null} ELSE {otherwise} END"
