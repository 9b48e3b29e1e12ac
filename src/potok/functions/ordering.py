"""Comparing nested values: inside them NULL is the smallest value, in DuckDB the greatest."""

from __future__ import annotations

from potok.functions.sql_text import each, let, quote_text
from potok.types import ArrayType, DataType, StructType


def needs_key(data_type: DataType) -> bool:
    """Whether values may hold NULLs inside, so that the engine orders them otherwise."""
    match data_type:
        case ArrayType(element=element, contains_null=contains_null):
            return contains_null or needs_key(element)
        case StructType(fields=fields):
            return any(f.nullable or needs_key(f.data_type) for f in fields)
    return False


def order_key(sql: str, data_type: DataType, *, always: bool = False) -> str:
    """SQL of a value that the engine orders as Spark orders this one; NULL stays NULL.

    `always`: as a key even where nothing inside may be NULL, to compare it with another key.
    """
    if not always and not needs_key(data_type):
        return sql
    match data_type:
        case ArrayType(element=element):
            return each(sql, lambda e: _flagged(e, element, always=always))
        case StructType(fields=fields):

            def key(v: str) -> str:
                parts = (
                    _flagged(f"struct_extract({v}, {quote_text(f.name)})", f.data_type, always=always)
                    for f in fields
                )
                return f"CASE WHEN {v} IS NOT NULL THEN row({', '.join(parts)}) END"

            return let(sql, key)
    return sql


def _flagged(sql: str, data_type: DataType, *, always: bool) -> str:
    return f"row({sql} IS NOT NULL, {order_key(sql, data_type, always=always)})"
