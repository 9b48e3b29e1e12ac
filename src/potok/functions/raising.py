"""Errors from inside SQL: a condition and its parameters travel in the text of DuckDB's `error`."""

from __future__ import annotations

from potok.engine.planted import FIELD, MARK, origin_text
from potok.errors import Origin


def quote_text(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def raise_sql(condition: str, origin: Origin | None = None, **parameters: str) -> str:
    """SQL that raises `condition` when evaluated. Its type fits every CASE branch.

    Each parameter is SQL of type VARCHAR, evaluated on the failing row; a constant goes through
    `quote_text`. NULL becomes the text `NULL`.
    """
    parts = [quote_text(MARK + condition + FIELD + origin_text(origin))]
    for name, sql in parameters.items():
        parts.append(quote_text(FIELD + name + "="))
        parts.append(f"coalesce({sql}, 'NULL')")
    return f"error(concat({', '.join(parts)}))"


def sql_value(sql: str) -> str:
    """A parameter that Spark quotes as a SQL value: `'abc'`, with quotes doubled as a literal would."""
    return f"concat('''', {sql}, '''')"
