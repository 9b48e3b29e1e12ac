"""Names: temporary views, tables, databases, data sources. Implements `analysis.Catalog`.

Source of facts: SessionCatalog, Analyzer.ResolveRelations, ResolveSQLOnFile.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from potok.checkpoint.layout import path_from_uri
from potok.connectors.base import ReadContext
from potok.connectors.file_format import FormatContext
from potok.connectors.registry import is_known, provider
from potok.errors import SparkError
from potok.plan.commands import CreateView, WriteBatch, WriteStream
from potok.plan.expressions import Alias, next_expr_id
from potok.plan.logical import (
    LocalRelation,
    LogicalPlan,
    Options,
    Project,
    ScanRelation,
    SubqueryAlias,
    schema_attributes,
)
from potok.plan.tree import Node
from potok.plan.unresolved import CatalogQuery, UnresolvedDataSource, UnresolvedRelation
from potok.session.catalog_queries import answer
from potok.session.describe import field_comment
from potok.session.local_rows import column, local_rows
from potok.session.table_writes import TableWrites
from potok.session.tables import (
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    GLOBAL_DATABASE,
    MANAGED,
    DatabaseDefinition,
    TableDefinition,
    TableName,
    check_columns,
    quoted,
)
from potok.types import StructType

if TYPE_CHECKING:
    from collections.abc import Callable

    from potok.engine.rows import Rows
    from potok.session.session import Session

_FILE_FORMATS = frozenset({"binaryfile", "csv", "json", "orc", "text", "parquet"})
CURRENT_DATABASE_KEY = "spark.sql.catalog.currentDatabase"
_TEMPORARY = frozenset({("session",), ("system", "session")})


@dataclass(frozen=True)
class NamedQuery(LogicalPlan):
    """A view of SQL text, analysed anew at each use so that it sees tables as they are then.

    `columns` are (name, comment), empty to keep the query's. Names inside start from `database`;
    of the temporary views only those named in `temporary` (lower case parts) are seen.
    """

    plan: LogicalPlan
    columns: tuple[tuple[str, str | None], ...]
    database: str
    temporary: frozenset[tuple[str, ...]] = frozenset()


class _Inside(threading.local):
    """The view whose query a thread analyses, if any."""

    view: NamedQuery | None = None


class SessionCatalog:
    """What names mean in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.views: dict[str, LogicalPlan] = {}
        self._current_database = DEFAULT_DATABASE
        self._inside = _Inside()
        self.cached_names: set[tuple[str, ...]] = set()
        self.writes = TableWrites(session, self)

    # ---- names ----------------------------------------------------------------------------------

    @property
    def current_database(self) -> str:
        """Where names without a database are looked up; inside a view, where they were when it was made."""
        view = self._inside.view
        return self._current_database if view is None else view.database

    @current_database.setter
    def current_database(self, name: str) -> None:
        self._current_database = name

    @property
    def global_views(self) -> dict[str, LogicalPlan]:
        """Global temporary views, of all sessions."""
        return self._session.runtime.global_views

    def table_name(self, parts: tuple[str, ...]) -> TableName:
        """The full name of a table. Raises CATALOG_NOT_FOUND, REQUIRES_SINGLE_PART_NAMESPACE."""
        lower = tuple(p if self._session.function_context().case_sensitive else p.lower() for p in parts)
        if len(lower) > 1 and lower[0] == DEFAULT_CATALOG:
            lower = lower[1:]
        if len(lower) == 1:
            return TableName(self.current_database, lower[0])
        if len(lower) == 2:  # noqa: PLR2004 - database and table
            return TableName(*lower)
        raise SparkError(
            "REQUIRES_SINGLE_PART_NAMESPACE",
            sessionCatalog=quoted((DEFAULT_CATALOG,)),
            identifier=quoted(parts),
        )

    def temporary_view(self, parts: tuple[str, ...]) -> LogicalPlan | None:
        """The plan of a temporary or global temporary view; None where no such view has the name."""
        lower = tuple(p.lower() for p in parts)
        *qualifier, name = lower
        if self._inside.view is not None and lower not in self._inside.view.temporary:
            return None
        if not qualifier or tuple(qualifier) in _TEMPORARY:
            return self.views.get(name)
        return self.global_views.get(name) if qualifier == [GLOBAL_DATABASE] else None

    def table(self, parts: tuple[str, ...]) -> TableDefinition | None:
        """The table or permanent view of a name; temporary views do not count."""
        if len(parts) > (3 if parts[0].lower() == DEFAULT_CATALOG else 2):
            return None
        return self._session.runtime.tables.table(self.table_name(parts))

    def not_found(
        self, parts: tuple[str, ...], *, system: tuple[str, ...] = ("builtin", "session")
    ) -> SparkError:
        """TABLE_OR_VIEW_NOT_FOUND; `system` are the schemas of `system` that Spark says it searched."""
        path = [quoted(("system", name)) for name in system]
        path.append(quoted((DEFAULT_CATALOG, self.current_database)))
        return SparkError(
            "TABLE_OR_VIEW_NOT_FOUND", relationName=quoted(parts), searchPath=f"[{', '.join(path)}]"
        )

    # ---- what plans need ------------------------------------------------------------------------

    def setting(self, key: str) -> str | None:
        """A configuration value as analysis asks for it, the current database among them."""
        return self.current_database if key == CURRENT_DATABASE_KEY else self._session.conf.find(key)

    def lookup(self, parts: tuple[str, ...]) -> LogicalPlan:
        """The plan behind the name of a view or table, or of format.`path`.

        Raises TABLE_OR_VIEW_NOT_FOUND with the path that was searched, REQUIRES_SINGLE_PART_NAMESPACE.
        """
        view = self.temporary_view(parts)
        if view is not None:
            qualifier = (GLOBAL_DATABASE,) if parts[0].lower() == GLOBAL_DATABASE else ()
            return SubqueryAlias(self.view_plan(view), parts[-1].lower(), qualifier)
        found = self.table(parts)
        if found is not None:
            return self.table_plan(found)
        if len(parts) == 2 and parts[0].lower() in _FILE_FORMATS and is_known(parts[0]):  # noqa: PLR2004 - format, path
            return self.data_source(UnresolvedDataSource(parts[0], None, Options(), (parts[1],)))
        namespace = parts[1:-1] if parts[0].lower() == DEFAULT_CATALOG else parts[:-1]
        if len(namespace) > 1:
            raise SparkError(
                "REQUIRES_SINGLE_PART_NAMESPACE",
                sessionCatalog=DEFAULT_CATALOG,
                identifier=quoted((*namespace, parts[-1])),
            )
        raise self.not_found(parts)

    def view_plan(self, view: LogicalPlan) -> LogicalPlan:
        """The resolved plan of what `views` holds."""
        return self._named_query(view) if isinstance(view, NamedQuery) else view

    def _named_query(self, view: NamedQuery) -> LogicalPlan:
        outer, self._inside.view = self._inside.view, view
        try:
            resolved = self._session.analyze(view.plan)
        finally:
            self._inside.view = outer
        return renamed(resolved, view.columns)

    def table_plan(
        self, table: TableDefinition, options: Options | None = None, *, streaming: bool = False
    ) -> LogicalPlan:
        """A table's rows under its name."""
        name = table.name
        if table.view is not None:
            columns = tuple((f.name, field_comment(f)) for f in table.schema.fields)
            rows: LogicalPlan = self._named_query(NamedQuery(table.view.plan, columns, table.view.database))
            return SubqueryAlias(rows, name.name, (DEFAULT_CATALOG, name.database))
        spelled = Options(table.options.spelled())
        for key, value in (options or Options()).spelled().items():
            spelled[key] = value
        spelled["path"] = table.location
        source = UnresolvedDataSource(table.format, table.schema, spelled, streaming=streaming)
        if streaming or Path(table.location).is_dir():
            rows = self.data_source(source)
            if isinstance(rows, ScanRelation):
                rows = replace(rows, description=rows.description.replace(" [", f" {name.plain} [", 1))
        else:
            rows = LocalRelation(local_rows(table.schema, ()).table, schema_attributes(table.schema))
        return SubqueryAlias(rows, name.name, (DEFAULT_CATALOG, name.database))

    def with_tables(self, plan: LogicalPlan) -> LogicalPlan:
        """The plan with tables that are read as streams, or with options, in the place of their names."""

        def change(node: Node) -> Node:
            if isinstance(node, UnresolvedRelation) and (node.streaming or node.options):
                return self._read(node)
            return node.map_children(change)

        return cast("LogicalPlan", change(plan))

    def _read(self, relation: UnresolvedRelation) -> LogicalPlan:
        view = self.temporary_view(relation.parts)
        found = self.table(relation.parts) if view is None else None
        if relation.streaming and view is not None and not self.view_plan(view).is_streaming:
            raise SparkError("_LEGACY_ERROR_TEMP_1008", quoted=".".join(relation.parts))
        if found is None:
            return relation
        if found.view is None:
            return self.table_plan(found, relation.options, streaming=relation.streaming)
        if relation.streaming:
            raise SparkError("_LEGACY_ERROR_TEMP_1018", quoted=".".join(found.name.parts[1:]))
        return relation

    def data_source(self, source: UnresolvedDataSource) -> LogicalPlan:
        """What `spark.read` or `spark.readStream` denotes, resolved."""
        name = source.format or self._session.conf.get("spark.sql.sources.default")
        found = provider(name)
        if source.streaming:
            return found.streaming_relation(source, self.read_context())
        return found.relation(source, self.read_context())

    def infer_json(self, texts: Sequence[str], options: Options) -> StructType:
        """The schema of records of JSON."""
        from potok.connectors.json import infer_texts

        return infer_texts(texts, options, FormatContext(self._session.conf.find))

    def cached(self, relation_id: str) -> LogicalPlan:
        """A relation that the session keeps under an id."""
        plan = self._session.relations.get(relation_id)
        if plan is None:
            raise SparkError("INTERNAL_ERROR", message=f"No cached relation {relation_id}.")
        return plan

    def catalog_query(self, query: CatalogQuery) -> LocalRelation:
        """`spark.catalog`."""
        return answer(self._session, query)

    def read_context(self) -> ReadContext:
        """What connectors may know."""
        return ReadContext(self._session.conf.find, str(self._session.runtime.working_directory))

    # ---- views ----------------------------------------------------------------------------------

    def create_view(self, view: CreateView, resolved: LogicalPlan) -> None:
        """Keep a view. Raises TEMP_TABLE_OR_VIEW_ALREADY_EXISTS, COLUMN_ALREADY_EXISTS."""
        self.keep_view(
            view.name[-1], resolved, resolved.schema, is_global=view.is_global, replace=view.replace
        )

    def keep_view(
        self, name: str, plan: LogicalPlan, schema: StructType, *, is_global: bool, replace: bool
    ) -> None:
        """Keep a plan under a name in this session, or for all."""
        check_columns(schema, case_sensitive=self._session.function_context().case_sensitive)
        views = self.global_views if is_global else self.views
        if name.lower() in views and not replace:
            raise SparkError("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", relationName=quoted((name,)))
        views[name.lower()] = plan
        self.uncache((GLOBAL_DATABASE, name) if is_global else (name,))

    def drop_view(self, name: str, *, is_global: bool) -> bool:
        """Forget a view; whether it was there."""
        views = self.global_views if is_global else self.views
        self.uncache((GLOBAL_DATABASE, name) if is_global else (name,))
        return views.pop(name.lower(), None) is not None

    # ---- databases ------------------------------------------------------------------------------

    @property
    def warehouse(self) -> str:
        """The absolute path of the default database."""
        return self.absolute(self._session.conf.get("spark.sql.warehouse.dir"))

    def absolute(self, location: str) -> str:
        """A location as an absolute path. Raises UNSUPPORTED_FEATURE.POTOK for other file systems."""
        local = path_from_uri(location) if ":/" in location else location
        return os.path.normpath(Path(self._session.runtime.working_directory) / local)

    def database(self, name: str) -> DatabaseDefinition | None:
        """A database by its name, the default one included."""
        if name == DEFAULT_DATABASE:
            return DatabaseDefinition(name, self.warehouse, "default database")
        return self._session.runtime.tables.database(name)

    def databases(self) -> list[DatabaseDefinition]:
        """All databases by name."""
        default = DatabaseDefinition(DEFAULT_DATABASE, self.warehouse, "default database")
        return sorted([default, *self._session.runtime.tables.databases()], key=lambda d: d.name)

    def database_name(self, parts: tuple[str, ...]) -> str:
        """The existing database that a name means; the current one for no name. Raises SCHEMA_NOT_FOUND."""
        lower = tuple(p.lower() for p in parts)
        if len(lower) > 1 and lower[0] == DEFAULT_CATALOG:
            lower = lower[1:]
        name = ".".join(lower) if lower else self.current_database
        if name != GLOBAL_DATABASE and self.database(name) is None:
            raise schema_not_found(lower)
        return name

    def existing_table_name(self, parts: tuple[str, ...]) -> TableName:
        """A table's name in a database that exists. Raises SCHEMA_NOT_FOUND."""
        name = self.table_name(parts)
        if self.database(name.database) is None:
            raise schema_not_found((name.database,))
        return name

    def default_location(self, name: TableName) -> str:
        """Where a managed table's files are."""
        found = self.database(name.database)
        base = found.location if found is not None else self.warehouse
        return str(Path(base) / name.name)

    # ---- tables ---------------------------------------------------------------------------------

    def require_table(self, parts: tuple[str, ...], operation: str, *, ddl: bool = False) -> TableDefinition:
        """A table with files. Raises TABLE_OR_VIEW_NOT_FOUND, EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE."""
        view = self.temporary_view(parts)
        if view is not None and operation == "INSERT" and not isinstance(view, NamedQuery):
            raise SparkError("UNSUPPORTED_INSERT.RDD_BASED")
        if view is not None:
            raise expected_table(operation, quoted(parts))
        found = self.table(parts)
        if found is None:
            raise self.not_found(parts, system=("session",) if ddl else ("builtin", "session"))
        if found.is_view:
            raise expected_table(operation, found.name.quoted)
        return found

    def drop_table(self, parts: tuple[str, ...], *, if_exists: bool, expects_view: bool) -> None:
        """Forget a table or view; a managed table's files go too. Raises TABLE_OR_VIEW_NOT_FOUND."""
        if self.temporary_view(parts) is not None:
            self.drop_view(parts[-1], is_global=parts[0].lower() == GLOBAL_DATABASE)
            return
        found = self.table(parts)
        if found is None:
            if if_exists:
                return
            name = self.table_name(parts)
            path = f"[{quoted((DEFAULT_CATALOG, self.current_database))}]"
            raise SparkError("TABLE_OR_VIEW_NOT_FOUND", relationName=name.quoted, searchPath=path)
        if expects_view and not found.is_view:
            raise SparkError(
                "WRONG_COMMAND_FOR_OBJECT_TYPE",
                operation="DROP VIEW",
                requiredType="VIEW or METRIC_VIEW",
                objectName=found.name.plain,
                foundType=found.kind,
                alternative="DROP TABLE",
            )
        self._session.runtime.tables.remove(found.name)
        self.uncache(found.name.parts)
        if found.kind == MANAGED:
            self.writes.delete_files(found)

    # ---- cache: results are never kept, programs only ask whether they are ------------------------

    def cache_key(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """One key for all spellings of a name. Raises TABLE_OR_VIEW_NOT_FOUND."""
        if self.temporary_view(parts) is not None:
            return tuple(p.lower() for p in parts)
        found = self.table(parts)
        if found is None:
            raise self.not_found(parts)
        return found.name.parts

    def uncache(self, parts: tuple[str, ...]) -> None:
        """Forget that a name was cached."""
        self.cached_names.discard(tuple(p.lower() for p in parts))

    # ---- writing --------------------------------------------------------------------------------

    def write(self, write: WriteBatch, on_written: Callable[[LogicalPlan, Rows], None] | None = None) -> None:
        """`df.write`. `on_written` is told the rows that were written, and their plan."""
        self.writes.write(write, on_written)

    def table_location(self, write: WriteStream, schema: StructType) -> WriteStream:
        """`toTable`: the same write with the table's format and path."""
        return self.writes.stream_to_table(write, schema)


def renamed(plan: LogicalPlan, columns: tuple[tuple[str, str | None], ...]) -> LogicalPlan:
    """The rows under other column names, with comments; the plan itself where there are none."""
    if not columns:
        return plan
    return Project(
        plan,
        tuple(
            Alias(a, (name,), column(name, comment=comment).metadata if comment else None, next_expr_id())
            for a, (name, comment) in zip(plan.output, columns, strict=True)
        ),
    )


def schema_not_found(parts: tuple[str, ...]) -> SparkError:
    """No database of the name."""
    return SparkError("SCHEMA_NOT_FOUND", schemaName=quoted((DEFAULT_CATALOG, *parts)))


def expected_table(operation: str, name: str) -> SparkError:
    """A view where a table is needed."""
    return SparkError("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", operation=operation, viewName=name)
