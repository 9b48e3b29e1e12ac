"""Rows into tables: saveAsTable, insertInto, INSERT, CREATE TABLE AS, toTable.

Files are written first, as a whole, by the connector; the catalog's entry comes after, so that a table
whose files are not complete is never seen. Source of facts: PreprocessTableCreation,
PreprocessTableInsertion, CreateDataSourceTableAsSelectCommand, TableOutputResolver, DataStreamWriter.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from potok.checkpoint.layout import path_from_uri
from potok.connectors.paths import local_path
from potok.connectors.registry import provider
from potok.errors import Origin, SparkError, unsupported
from potok.functions.conversion import TABLE_INSERT
from potok.functions.type_rules import can_store_assign
from potok.plan.commands import WriteBatch, WriteStream
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Cast,
    CastMode,
    Expression,
    Literal,
    next_expr_id,
)
from potok.plan.logical import LogicalPlan, Options, Project, ScanRelation, SubqueryAlias
from potok.plan.statements import InsertInto
from potok.plan.tree import Node
from potok.plan.unresolved import UnresolvedDataSource
from potok.session.tables import (
    EXTERNAL,
    MANAGED,
    TableDefinition,
    TableName,
    already_exists,
    check_columns,
    check_valid_name,
    quoted,
)
from potok.types import NULL, CharType, StructField, StructType, VarcharType, struct_as_nullable

if TYPE_CHECKING:
    from collections.abc import Callable

    from potok.engine.rows import Rows
    from potok.session.catalog import SessionCatalog
    from potok.session.session import Session

FILE_FORMATS = frozenset({"csv", "json", "text", "parquet", "orc"})
_PROVIDER_CLASSES = {
    "csv": "CSVDataSourceV2",
    "json": "JsonDataSourceV2",
    "text": "TextDataSourceV2",
    "parquet": "ParquetDataSourceV2",
    "orc": "OrcDataSourceV2",
}


class TableWrites:
    """Writes of one session."""

    def __init__(self, session: Session, catalog: SessionCatalog) -> None:
        self._session = session
        self._catalog = catalog
        self._of_thread = threading.local()

    # ---- df.write -------------------------------------------------------------------------------

    def write(self, write: WriteBatch, on_written: Callable[[LogicalPlan, Rows], None] | None = None) -> None:
        """`save`, `saveAsTable` or `insertInto`. `on_written` is told the rows that were written, and their plan."""
        self._of_thread.on_written = on_written
        try:
            self._write(write)
        finally:
            self._of_thread.on_written = None

    def _write(self, write: WriteBatch) -> None:
        if not write.table:
            name = write.format or self._session.conf.get("spark.sql.sources.default")
            resolved = self._resolved(write.plan)
            rows = self._session.rows_of_resolved(resolved)
            provider(name).write(write, rows, self._catalog.read_context())
            self._tell(resolved, rows)
            if write.path is not None:
                place = local_path(write.path, str(self._session.runtime.working_directory))
                self._session.kept.written(place)
        elif write.table_method == "insert_into":
            self._insert_into(write)
        else:
            self._save_as_table(write)

    def _tell(self, plan: LogicalPlan, rows: Rows) -> None:
        on_written = getattr(self._of_thread, "on_written", None)
        if on_written is not None:
            on_written(plan, rows)

    def _resolved(self, plan: LogicalPlan) -> LogicalPlan:
        """What is written. Raises CALL_ON_STREAMING_DATASET_UNSUPPORTED."""
        resolved = self._session.analyze(plan)
        if resolved.is_streaming:
            raise SparkError("CALL_ON_STREAMING_DATASET_UNSUPPORTED", methodName="`write`")
        return resolved

    def _insert_into(self, write: WriteBatch) -> None:
        if write.partition_by:
            raise SparkError("PARTITION_BY_NOT_ALLOWED_WITH_INSERT_INTO", tableName=".".join(write.table))
        overwrite = write.mode == "overwrite"
        self.insert(InsertInto(write.table, write.plan, overwrite=overwrite))

    def _save_as_table(self, write: WriteBatch) -> None:
        name = self._catalog.table_name(write.table)
        existing = self._session.runtime.tables.table(name)
        if existing is not None and write.mode == "ignore":
            return
        if existing is not None and write.mode == "error":
            raise already_exists(name)
        if existing is not None and write.mode == "append":
            self._append(write, existing)
            return
        if write.bucket_by:
            raise unsupported("bucketBy", "Leave it out: files need no buckets here.")
        definition = self.new_table(
            name,
            None,
            write.format,
            write.options,
            write.partition_by,
            location=write.path or write.options.get("path"),
        )
        self.create_as(definition, self._resolved(write.plan), replaced=existing, mode=write.mode)

    def _append(self, write: WriteBatch, table: TableDefinition) -> None:
        if table.is_view:
            raise SparkError("_LEGACY_ERROR_TEMP_1158")
        resolved = self._resolved(write.plan)
        given = write.format.lower() if write.format else table.format
        if given != table.format:
            raise SparkError(
                "_LEGACY_ERROR_TEMP_1159",
                tableName=table.name.plain,
                existingProvider=_PROVIDER_CLASSES[table.format],
                specifiedProvider=_PROVIDER_CLASSES.get(given, given),
            )
        path = write.path or write.options.get("path")
        if path is not None and self._catalog.absolute(path) != table.location:
            raise SparkError(
                "_LEGACY_ERROR_TEMP_1160",
                identifier=table.name.plain,
                existingTableLoc=f"file:{table.location}",
                tableDescLoc=f"file:{self._catalog.absolute(path)}",
            )
        if len(resolved.output) != len(table.schema.fields):
            raise SparkError(
                "_LEGACY_ERROR_TEMP_1161",
                tableName=table.name.plain,
                existingTableSchema=table.schema.simple_string,
                querySchema=resolved.schema.simple_string,
            )
        columns = {self._key(a.name): a for a in resolved.output}
        for field in table.schema.fields:
            if self._key(field.name) not in columns:
                names = ", ".join(a.name for a in resolved.output)
                raise SparkError("_LEGACY_ERROR_TEMP_1162", col=field.name, inputColumns=names)
        if [self._key(n) for n in write.partition_by] not in ([], [self._key(n) for n in table.partition_by]):
            raise SparkError(
                "_LEGACY_ERROR_TEMP_1163",
                tableName=table.name.plain,
                specifiedPartCols=", ".join(write.partition_by),
                existingPartCols=", ".join(table.partition_by),
            )
        ordered: list[Expression] = [columns[self._key(f.name)] for f in table.schema.fields]
        self._store(table, assigned(resolved, ordered, table), "append", write.options)

    # ---- INSERT ---------------------------------------------------------------------------------

    def insert(self, insert: InsertInto) -> None:
        """INSERT INTO and INSERT OVERWRITE."""
        table = self._catalog.require_table(insert.name, "INSERT")
        resolved = self._session.analyze(insert.plan)
        fixed = self._partition_values(insert, table)
        targets = [f for f in table.schema.fields if f.name not in fixed]
        sources = self._sources(insert, table, resolved, targets)
        values: list[Expression] = []
        for field in table.schema.fields:
            value = fixed.get(field.name) if field.name in fixed else sources[field.name]
            values.append(Literal(None, NULL) if value is None else value)
        if insert.overwrite:
            self._check_not_read(resolved, table)
        plan = assigned(resolved, values, table, frozenset(fixed))
        mode = "overwrite" if insert.overwrite else "append"
        static = [n for n in table.partition_by if n in fixed]
        if not insert.overwrite or not static:
            self._store(table, plan, mode, Options())
            return
        if static != list(table.partition_by[: len(static)]):
            raise unsupported(
                "INSERT OVERWRITE with a fixed partition behind an open one", "Fix the first ones."
            )
        self._overwrite_partition(table, plan, static)

    def _partition_values(self, insert: InsertInto, table: TableDefinition) -> dict[str, Expression | None]:
        if not insert.partition:
            return {}
        known = {self._key(n): n for n in table.partition_by}
        unknown = [n for n, _ in insert.partition if self._key(n) not in known]
        if unknown:
            raise SparkError(
                "PARTITIONS_NOT_FOUND",
                partitionList=", ".join(quoted((n,)) for n in unknown),
                tableName=table.name.quoted,
            )
        if insert.if_partition_not_exists:
            raise unsupported("INSERT .. IF NOT EXISTS", "Leave IF NOT EXISTS out.")
        for column, value in insert.partition:
            if value is not None and not isinstance(value, Literal):
                raise unsupported(f"a computed value of the partition column {column}", "Write a constant.")
        return {known[self._key(n)]: value for n, value in insert.partition if value is not None}

    def _sources(
        self, insert: InsertInto, table: TableDefinition, resolved: LogicalPlan, targets: list[StructField]
    ) -> dict[str, Expression | None]:
        output = resolved.output
        if insert.by_name:
            by_name = {self._key(a.name): a for a in output}
            extra = [a.name for a in output if self._key(a.name) not in {self._key(f.name) for f in targets}]
            if extra:
                raise SparkError(
                    "INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS",
                    tableName=table.name.quoted,
                    extraColumns=", ".join(quoted((n,)) for n in extra),
                )
            return {f.name: by_name.get(self._key(f.name)) for f in targets}
        if insert.columns:
            fields = {self._key(f.name): f for f in targets}
            for column in insert.columns:
                if self._key(column) not in fields:
                    raise SparkError(
                        "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                        objectName=quoted((column,)),
                        proposal=", ".join(quoted((f.name,)) for f in targets),
                    )
            keys = [self._key(c) for c in insert.columns]
            for key in keys:
                if keys.count(key) > 1:
                    raise SparkError("COLUMN_ALREADY_EXISTS", columnName=quoted((key,)))
            targets = [fields[key] for key in keys]
        if len(targets) != len(output):
            few = len(output) < len(targets)
            raise SparkError(
                f"INSERT_COLUMN_ARITY_MISMATCH.{'NOT_ENOUGH' if few else 'TOO_MANY'}_DATA_COLUMNS",
                tableName=table.name.quoted,
                tableColumns=", ".join(quoted((f.name,)) for f in targets),
                dataColumns=", ".join(quoted((a.name,)) for a in output),
            )
        found: dict[str, Expression | None] = {f.name: None for f in table.schema.fields}
        found.update({f.name: a for f, a in zip(targets, output, strict=True)})
        return found

    def _overwrite_partition(self, table: TableDefinition, plan: LogicalPlan, static: list[str]) -> None:
        """The rows into the directory of the fixed partition, in the place of what is there."""
        values = self._fixed_texts(plan, static)
        names = (f"{n}={v}" for n, v in zip(static, values, strict=True))
        directory = str(Path(table.location).joinpath(*names))
        kept = [a for a in plan.output if a.name not in static]
        rest = tuple(n for n in table.partition_by if n not in static)
        inner = replace(table, location=directory, partition_by=rest)
        self._store(inner, Project(plan, tuple(kept)), "overwrite", Options())

    def _fixed_texts(self, plan: LogicalPlan, static: list[str]) -> list[str]:
        """The texts of the fixed partition's values, as directories name them."""
        assert isinstance(plan, Project)  # noqa: S101 - what `assigned` makes
        texts = []
        for expression in plan.expressions:
            if isinstance(expression, Alias) and expression.name in static:
                value: Expression = expression.child
                while isinstance(value, Cast):
                    value = value.child
                if not isinstance(value, Literal) or not isinstance(value.value, str | int):
                    raise unsupported(
                        "INSERT OVERWRITE of a partition by this value", "Use a text or a number."
                    )
                text = str(value.value)
                if not text or not text.replace("_", "a").replace("-", "a").replace(".", "a").isalnum():
                    raise unsupported(
                        f"INSERT OVERWRITE of the partition value {text!r}", "Leave PARTITION out."
                    )
                texts.append(text)
        return texts

    def _check_not_read(self, plan: LogicalPlan, table: TableDefinition) -> None:
        """Raises UNSUPPORTED_OVERWRITE.TABLE where the rows come from the table that they replace."""
        inside = table.location + os.sep
        for node in _all_nodes(plan):
            read = isinstance(node, SubqueryAlias) and (*node.qualifier, node.name) == table.name.parts
            if isinstance(node, ScanRelation) and not read:
                read = any(path_from_uri(f).startswith(inside) for f in node.scan.input_files())
            if read:
                raise SparkError("UNSUPPORTED_OVERWRITE.TABLE", table=table.name.quoted)

    def _store(self, table: TableDefinition, plan: LogicalPlan, mode: str, options: Options) -> None:
        """Write the rows below the table's location."""
        spelled = Options(table.options.spelled())
        for key, value in options.spelled().items():
            spelled[key] = value
        write = WriteBatch(
            plan,
            table.format,
            path=table.location,
            mode=mode,
            options=Options({k: v for k, v in spelled.spelled().items() if k.lower() != "path"}),
            partition_by=table.partition_by,
        )
        try:
            rows = self._session.rows_of_resolved(plan)
            provider(table.format).write(write, rows, self._catalog.read_context())
        except SparkError as error:
            raise _in_insert(error) from error
        self._tell(plan, rows)
        self._session.kept.written(table.location)

    # ---- new tables -----------------------------------------------------------------------------

    def new_table(
        self,
        name: TableName,
        schema: StructType | None,
        format_name: str | None,
        options: Options,
        partition_by: tuple[str, ...],
        *,
        location: str | None = None,
        comment: str | None = None,
        properties: tuple[tuple[str, str], ...] = (),
    ) -> TableDefinition:
        """A definition, checked, not yet in the catalog. Raises SCHEMA_NOT_FOUND, DATA_SOURCE_NOT_FOUND, ...

        An empty schema is filled in by `create_as` or inferred by `create_empty`.
        """
        self._catalog.existing_table_name(name.parts)
        check_valid_name(name.name)
        chosen = (format_name or self._session.conf.get("spark.sql.sources.default")).lower()
        chosen = getattr(provider(chosen), "name", chosen)
        if chosen not in FILE_FORMATS:
            raise SparkError(
                "CANNOT_CREATE_DATA_SOURCE_TABLE.EXTERNAL_METADATA_UNSUPPORTED",
                tableName=quoted(name.parts[1:]),
                provider=chosen,
            )
        path = location or options.get("path")
        return TableDefinition(
            name,
            MANAGED if path is None else EXTERNAL,
            struct_as_nullable(schema or StructType(())),
            chosen,
            self._catalog.default_location(name) if path is None else self._catalog.absolute(path),
            Options({k: v for k, v in options.spelled().items() if k.lower() != "path"}),
            partition_by,
            comment,
            properties,
            time.time_ns() // 1_000_000,
        )

    def create_empty(self, table: TableDefinition) -> None:
        """CREATE TABLE without a query; infers the schema of existing files where none is given."""
        if not table.schema.fields:
            source = replace(table, schema=StructType(()))
            table = replace(table, schema=self._inferred(source))
        table = self._with_partitions_last(table)
        self._check_location(table)
        if table.kind == MANAGED:
            Path(table.location).mkdir(parents=True, exist_ok=True)
        self._session.runtime.tables.put(table)

    def create_as(
        self, table: TableDefinition, plan: LogicalPlan, *, replaced: TableDefinition | None, mode: str
    ) -> None:
        """A table with the rows of a resolved query."""
        check_columns(plan.schema, case_sensitive=self._session.function_context().case_sensitive)
        table = self._with_partitions_last(replace(table, schema=struct_as_nullable(plan.schema)))
        if replaced is not None:
            self._check_not_read(plan, replaced)
        columns = {self._key(a.name): a for a in plan.output}
        ordered = Project(plan, tuple(columns[self._key(f.name)] for f in table.schema.fields))
        same_place = replaced is not None and replaced.location == table.location
        if not same_place:
            self._check_location(table)
        was_there = os.path.lexists(table.location)
        overwrites = mode == "overwrite" and (same_place or table.kind == EXTERNAL)
        try:
            self._store(table, ordered, "overwrite" if overwrites else "append", Options())
        except BaseException:
            if not was_there:
                shutil.rmtree(table.location, ignore_errors=True)
            raise
        self._session.runtime.tables.put(table, replace=replaced is not None)
        if replaced is not None and replaced.kind == MANAGED and not same_place:
            self.delete_files(replaced)

    def delete_files(self, table: TableDefinition) -> None:
        """Remove a managed table's directory. It gets out of sight first, in one step."""
        if not os.path.lexists(table.location):
            return
        place = Path(table.location)
        hidden = place.rename(place.with_name(f".{table.name.name}.dropped-{time.time_ns()}"))
        shutil.rmtree(hidden)

    def truncate(self, table: TableDefinition) -> None:
        """TRUNCATE TABLE."""
        if table.kind == EXTERNAL:
            raise SparkError("CANNOT_TRUNCATE_EXTERNAL_TABLE", tableName=table.name.quoted)
        self.delete_files(table)
        Path(table.location).mkdir(parents=True)

    def _inferred(self, table: TableDefinition) -> StructType:
        options = Options(table.options.spelled())
        options["path"] = table.location
        display = {"csv": "CSV", "json": "JSON", "orc": "ORC", "parquet": "Parquet", "text": "Text"}[
            table.format
        ]
        if not Path(table.location).exists():
            raise SparkError("UNABLE_TO_INFER_SCHEMA", format=display)
        return self._catalog.data_source(UnresolvedDataSource(table.format, None, options)).schema

    def _with_partitions_last(self, table: TableDefinition) -> TableDefinition:
        """The definition with partition columns last, checked."""
        check_columns(table.schema, case_sensitive=self._session.function_context().case_sensitive)
        fields = {self._key(f.name): f for f in table.schema.fields}
        for field in fields.values():
            if isinstance(field.data_type, CharType | VarcharType):
                raise unsupported("CHAR and VARCHAR columns of tables", "Use STRING.")
        names = []
        for column in table.partition_by:
            if self._key(column) not in fields:
                raise SparkError(
                    "COLUMN_NOT_DEFINED_IN_TABLE",
                    colType="partition",
                    colName=quoted((column,)),
                    tableName=table.name.quoted,
                    tableCols=", ".join(quoted((f.name,)) for f in table.schema.fields),
                )
            names.append(fields[self._key(column)].name)
        if names and len(names) == len(fields):
            raise SparkError("ALL_PARTITION_COLUMNS_NOT_ALLOWED")
        data = [f for f in table.schema.fields if f.name not in names]
        schema = StructType((*data, *(fields[self._key(n)] for n in names)))
        return replace(table, schema=schema, partition_by=tuple(names))

    def _check_location(self, table: TableDefinition) -> None:
        """Raises LOCATION_ALREADY_EXISTS where a managed table's directory holds something."""
        place = Path(table.location)
        if table.kind == MANAGED and place.is_dir() and any(place.iterdir()):
            raise SparkError(
                "LOCATION_ALREADY_EXISTS", identifier=table.name.quoted, location=f"'file:{table.location}'"
            )

    # ---- toTable --------------------------------------------------------------------------------

    def stream_to_table(self, write: WriteStream, schema: StructType) -> WriteStream:
        """`toTable`: the table is made if it is missing; the stream then writes files to its directory."""
        name = ".".join(write.table)
        if self._catalog.temporary_view(write.table) is not None:
            raise SparkError("_LEGACY_ERROR_TEMP_1190", viewName=name)
        table = self._catalog.table(write.table)
        if table is not None and table.is_view:
            raise SparkError("_LEGACY_ERROR_TEMP_1191", viewName=name)
        if table is None:
            full = self._catalog.existing_table_name(write.table)
            self.create_empty(
                self.new_table(
                    full,
                    schema,
                    write.format or None,
                    Options(),
                    write.partition_by,
                    location=write.path or write.options.get("path"),
                )
            )
            table = self._catalog.require_table(write.table, "INSERT")
        source = write.format or self._session.conf.get("spark.sql.sources.default")
        if source.lower() != table.format:
            raise SparkError("_LEGACY_ERROR_TEMP_1192", source=source, tableName=name, provider=table.format)
        options = Options({k: v for k, v in write.options.spelled().items() if k.lower() != "path"})
        for key, value in table.options.spelled().items():
            if key not in options:
                options[key] = value
        return replace(
            write,
            format=table.format,
            path=table.location,
            table=(),
            options=options,
            partition_by=write.partition_by,
        )

    def _key(self, name: str) -> str:
        return name if self._session.function_context().case_sensitive else name.lower()


def assigned(
    plan: LogicalPlan,
    values: list[Expression],
    table: TableDefinition,
    fixed: frozenset[str] = frozenset(),
) -> LogicalPlan:
    """The values as the table's columns, by position, under its types. Raises INCOMPATIBLE_DATA_FOR_TABLE.

    Columns that PARTITION gives a value (`fixed`) take what can be cast, as in Spark.
    """
    columns = []
    for value, field in zip(values, table.schema.fields, strict=True):
        if field.name not in fixed and not can_store_assign(value.data_type, field.data_type):
            raise SparkError(
                "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST",
                tableName=table.name.quoted,
                colName=quoted((field.name,)),
                srcType=f'"{value.data_type.sql}"',
                targetType=f'"{field.data_type.sql}"',
            )
        columns.append(_assignment(value, field))
    return Project(plan, tuple(columns))


def _assignment(value: Expression, field: StructField) -> Expression:
    if value.data_type == field.data_type:
        if isinstance(value, AttributeReference) and value.name == field.name:
            return value
        return Alias(value, (field.name,), None, next_expr_id())
    origin = Origin(fragment=TABLE_INSERT, call_site=field.name)
    cast = Cast(value, field.data_type, CastMode.ANSI, explicit=False, origin=origin)
    return Alias(cast, (field.name,), None, next_expr_id())


def _in_insert(error: SparkError) -> SparkError:
    """An overflow in a cast that the insertion added names the column."""
    origin = error.origin
    if error.condition != "CAST_OVERFLOW" or origin is None or origin.fragment != TABLE_INSERT:
        return error
    return SparkError(
        "CAST_OVERFLOW_IN_TABLE_INSERT",
        sourceType=error.parameters["sourceType"],
        targetType=error.parameters["targetType"],
        columnName=quoted((origin.call_site,)),
    )


def _all_nodes(plan: Node) -> list[Node]:
    return list(plan.walk())
