"""What DESCRIBE and SHOW CREATE TABLE say. Source of facts: recorded answers of Spark 4.3."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime

from potok.checkpoint.layout import display_path
from potok.plan.logical import LocalRelation
from potok.session.local_rows import DESCRIBED_COLUMNS, DESCRIBED_DATABASE, local_rows
from potok.session.tables import DEFAULT_CATALOG, DatabaseDefinition, TableDefinition
from potok.types import ArrayType, DataType, MapType, StringType, StructField, StructType, quote_if_needed
from potok.zone_names import zone_of

SPARK_VERSION = "4.3.0"
_STATISTICS = ("min", "max", "num_nulls", "distinct_count", "avg_col_len", "max_col_len", "histogram")
Row = tuple[str, str | None, str | None]


def field_comment(field: StructField) -> str | None:
    """A column's comment."""
    found = json.loads(field.metadata).get("comment") if field.metadata != "{}" else None
    return None if found is None else str(found)


def column_rows(schema: StructType) -> list[Row]:
    """Name, type and comment of each column."""
    return [(f.name, f.data_type.simple_string, field_comment(f)) for f in schema.fields]


def described_columns(schema: StructType) -> LocalRelation:
    """DESCRIBE of a query or temporary view."""
    return local_rows(DESCRIBED_COLUMNS, column_rows(schema))


def described_table(table: TableDefinition, time_zone: str, *, is_extended: bool) -> LocalRelation:
    """DESCRIBE [EXTENDED] of a table or permanent view."""
    rows = column_rows(table.schema)
    if table.partition_by:
        rows += [("# Partition Information", "", ""), ("# col_name", "data_type", "comment")]
        by_name = {f.name: f for f in table.schema.fields}
        rows += column_rows(StructType(tuple(by_name[n] for n in table.partition_by)))
    if is_extended:
        rows += [("", "", ""), ("# Detailed Table Information", "", "")]
        rows += [(name, value, "") for name, value in _details(table, time_zone)]
    return local_rows(DESCRIBED_COLUMNS, rows)


def _details(table: TableDefinition, time_zone: str) -> list[tuple[str, str]]:
    created = datetime.fromtimestamp(table.created_ms / 1000, UTC).astimezone(zone_of(time_zone))
    details = [
        ("Catalog", DEFAULT_CATALOG),
        ("Database", table.name.database),
        ("Table", table.name.name),
        ("Created Time", created.strftime("%a %b %d %H:%M:%S %Z %Y")),
        ("Last Access", "UNKNOWN"),
        ("Created By", f"Spark {SPARK_VERSION}"),
        ("Type", table.kind),
    ]
    if table.view is None:
        details.append(("Provider", table.format))
    if table.comment is not None:
        details.append(("Comment", table.comment))
    if table.view is not None:
        names = ", ".join(quote_if_needed(f.name) for f in table.schema.fields)
        details += [
            ("View Text", table.view.text),
            ("View Original Text", table.view.text),
            ("View Schema Mode", "COMPENSATION"),
            ("View Catalog and Namespace", f"{DEFAULT_CATALOG}.{table.view.database}"),
            ("View Query Output Columns", f"[{names}]"),
        ]
    if table.properties:
        details.append(("Table Properties", _pairs(table.properties)))
    if table.view is None:
        details.append(("Location", display_path(table.location)))
    if table.options:
        details.append(("Storage Properties", _pairs(tuple(table.options.spelled().items()))))
    if table.partition_by:
        details.append(("Partition Provider", "Catalog"))
    return details


def _pairs(pairs: tuple[tuple[str, str], ...]) -> str:
    return "[" + ", ".join(f"{k}={v}" for k, v in sorted(pairs)) + "]"


def column_details(field: StructField, *, is_extended: bool) -> list[tuple[str, str]]:
    """DESCRIBE of one column: statistics are not kept."""
    rows = [
        ("col_name", field.name),
        ("data_type", field.data_type.simple_string),
        ("comment", field_comment(field) or "NULL"),
    ]
    if is_extended:
        rows += [(name, "NULL") for name in _STATISTICS]
    return rows


def described_database(database: DatabaseDefinition, *, is_extended: bool) -> LocalRelation:
    """DESCRIBE DATABASE."""
    rows = [
        ("Catalog Name", DEFAULT_CATALOG),
        ("Namespace Name", database.name),
        ("Comment", database.comment),
        ("Location", display_path(database.location)),
        ("Owner", getpass.getuser()),
    ]
    if is_extended:
        pairs = ", ".join(f"({k},{v})" for k, v in sorted(database.properties))
        rows.append(("Properties", f"({pairs})" if pairs else ""))
    return local_rows(DESCRIBED_DATABASE, rows)


def create_table_text(table: TableDefinition) -> str:
    """SHOW CREATE TABLE."""
    return _create_view_text(table) if table.view is not None else _create_table_text(table)


def _create_table_text(table: TableDefinition) -> str:
    columns = ",\n  ".join(_column_text(f) for f in table.schema.fields)
    text = f"CREATE TABLE {table.name.plain} (\n  {columns})\nUSING {table.format}\n"
    if table.options:
        text += f"OPTIONS (\n  {_settings(tuple(table.options.spelled().items()))})\n"
    if table.partition_by:
        text += f"PARTITIONED BY ({', '.join(quote_if_needed(n) for n in table.partition_by)})\n"
    if table.kind == "EXTERNAL":
        text += f"LOCATION '{_escaped(display_path(table.location))}'\n"
    if table.comment is not None:
        text += f"COMMENT '{_escaped(table.comment)}'\n"
    if table.properties:
        text += f"TBLPROPERTIES (\n  {_settings(table.properties)})\n"
    return text


def _create_view_text(table: TableDefinition) -> str:
    view = table.view
    assert view is not None  # noqa: S101 - the caller asked
    columns = []
    for field in table.schema.fields:
        comment = field_comment(field)
        columns.append(quote_if_needed(field.name) + (f" COMMENT '{_escaped(comment)}'" if comment else ""))
    name = ".".join(quote_if_needed(p) for p in table.name.parts[1:])
    text = f"CREATE VIEW {name} (\n  " + ",\n  ".join(columns) + ")\n"
    if table.comment is not None:
        text += f"COMMENT '{_escaped(table.comment)}'\n"
    if table.properties:
        text += f"TBLPROPERTIES (\n  {_settings(table.properties)})\n"
    return f"{text}WITH SCHEMA COMPENSATION\nAS {view.text}\n"


def _column_text(field: StructField) -> str:
    comment = field_comment(field)
    suffix = f" COMMENT '{_escaped(comment)}'" if comment is not None else ""
    return f"{quote_if_needed(field.name)} {_type_text(field.data_type)}{suffix}"


def _type_text(data_type: DataType) -> str:
    """A type as DDL, strings with their collation."""
    match data_type:
        case StringType():
            return "STRING COLLATE UTF8_BINARY"
        case ArrayType(element=element):
            return f"ARRAY<{_type_text(element)}>"
        case MapType(key=key, value=value):
            return f"MAP<{_type_text(key)}, {_type_text(value)}>"
        case StructType(fields=fields):
            return f"STRUCT<{', '.join(f'{quote_if_needed(f.name)}: {_type_text(f.data_type)}' for f in fields)}>"
    return data_type.sql


def _settings(pairs: tuple[tuple[str, str], ...]) -> str:
    return ",\n  ".join(f"'{_escaped(k)}' = '{_escaped(v)}'" for k, v in sorted(pairs))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
