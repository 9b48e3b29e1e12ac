"""Rows that commands answer with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from potok.plan.logical import LocalRelation, schema_attributes
from potok.types import BOOLEAN, STRING, ArrayType, DataType, StructField, StructType, arrow_schema

STRINGS = ArrayType(STRING)


def column(
    name: str, data_type: DataType = STRING, *, nullable: bool = False, comment: str = ""
) -> StructField:
    """A column of an answer."""
    metadata = json.dumps({"comment": comment}, separators=(",", ":")) if comment else "{}"
    return StructField(name, data_type, nullable, metadata)


def local_rows(schema: StructType, rows: Iterable[Sequence[Any]]) -> LocalRelation:
    """The rows as a relation."""
    records = [tuple(row) for row in rows]
    fields = arrow_schema(schema)
    columns = [pa.array([r[i] for r in records], f.type) for i, f in enumerate(fields)]
    table = pa.Table.from_arrays(columns, schema=fields) if columns else pa.table({})
    return LocalRelation(table, schema_attributes(schema))


NOTHING = StructType(())
KEY_VALUE = StructType((column("key"), column("value")))
TABLES = StructType((column("namespace"), column("tableName"), column("isTemporary", BOOLEAN)))
VIEWS = StructType((column("namespace"), column("viewName"), column("isTemporary", BOOLEAN)))
NAMESPACES = StructType((column("namespace"),))
COLUMN_NAMES = StructType((column("col_name"),))
CATALOGS = StructType((column("catalog"),))
FUNCTIONS = StructType((column("function"),))
CURRENT_NAMESPACE = StructType((column("catalog"), column("namespace")))
PROPERTIES = StructType((column("key"), column("value")))
PARTITIONS = StructType((column("partition"),))
CREATE_TEXT = StructType((column("createtab_stmt"),))
FUNCTION_TEXT = StructType((column("function_desc"),))
PLAN_TEXT = StructType((column("plan", nullable=True),))
DESCRIBED_COLUMNS = StructType(
    (
        column("col_name", comment="name of the column"),
        column("data_type", comment="data type of the column"),
        column("comment", nullable=True, comment="comment of the column"),
    )
)
DESCRIBED_COLUMN = StructType(
    (
        column("info_name", comment="name of the column info"),
        column("info_value", comment="value of the column info"),
    )
)
DESCRIBED_DATABASE = StructType(
    (
        column("info_name", comment="name of the namespace info"),
        column("info_value", nullable=True, comment="value of the namespace info"),
    )
)
