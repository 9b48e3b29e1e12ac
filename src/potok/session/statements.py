"""SQL statements that are not queries: what each does, and the rows that it answers with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from potok.conf import ENTRIES
from potok.connectors.paths import local_path
from potok.connectors.registry import provider
from potok.errors import SparkError, unsupported
from potok.plan import statements as s
from potok.plan.commands import WriteBatch
from potok.plan.logical import LocalRelation, LogicalPlan, Options
from potok.plan.unresolved import UnresolvedDataSource, UnresolvedRelation
from potok.session import local_rows as r
from potok.session.catalog import NamedQuery, renamed
from potok.session.catalog_queries import create_database, drop_database, function_names, function_not_found
from potok.session.describe import (
    column_details,
    create_table_text,
    described_columns,
    described_database,
    described_table,
)
from potok.session.explain import explained, explained_error
from potok.session.routines import ROUTINES
from potok.session.tables import (
    DEFAULT_CATALOG,
    GLOBAL_DATABASE,
    VIEW,
    TableDefinition,
    ViewText,
    already_exists,
    check_columns,
    matching,
    quoted,
)
from potok.types import StructField, StructType

if TYPE_CHECKING:
    from potok.session.session import Session


# Errors that Spark places where the statement names its table.
_OF_TABLES = frozenset(
    {"EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "TABLE_OR_VIEW_NOT_FOUND", "UNRESOLVED_VARIABLE"}
)


def execute(session: Session, statement: s.Statement) -> LocalRelation:
    """Do it. Raises SparkError."""
    try:
        return _HANDLERS[type(statement)](session, statement)
    except SparkError as error:
        if error.origin is None and error.condition in _OF_TABLES:
            error.origin = statement.origin
            error.args = (error.message,)
        raise


def _done() -> LocalRelation:
    return r.local_rows(r.NOTHING, ())


# ---- views --------------------------------------------------------------------------------------


def _create_view(session: Session, statement: s.CreateViewStatement) -> LocalRelation:
    catalog = session.catalog
    if not statement.is_temporary and not statement.is_global:
        return _create_permanent_view(session, statement)
    if statement.if_not_exists:
        raise SparkError("_LEGACY_ERROR_TEMP_0053")
    name = statement.name[-1]
    resolved = session.analyze(statement.plan)
    _check_arity(statement, quoted((name,)), resolved)
    schema = renamed(resolved, statement.columns).schema
    own = (GLOBAL_DATABASE, name.lower()) if statement.is_global else (name.lower(),)
    used = _referenced(session, statement.plan, set())
    if statement.replace and own in used and catalog.temporary_view(own) is not None:
        raise SparkError(
            "RECURSIVE_VIEW", viewIdent=quoted((name,)), newPath=f"{quoted((name,))} -> {quoted((name,))}"
        )
    view = NamedQuery(statement.plan, statement.columns, catalog.current_database, _temporary(session, used))
    catalog.keep_view(name, view, schema, is_global=statement.is_global, replace=statement.replace)
    return _done()


def _create_permanent_view(session: Session, statement: s.CreateViewStatement) -> LocalRelation:
    catalog = session.catalog
    name = catalog.existing_table_name(statement.name)
    existing = session.runtime.tables.table(name)
    if existing is not None and existing.is_view and statement.if_not_exists:
        return _done()
    if existing is not None and not (existing.is_view and statement.replace):
        if existing.is_view or not statement.replace:
            raise already_exists(name)
        raise SparkError(
            "EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE", operation="CREATE OR REPLACE VIEW", tableName=name.quoted
        )
    resolved = session.analyze(statement.plan)
    _check_arity(statement, name.quoted, resolved)
    for parts in _referenced(session, statement.plan, set()):
        if catalog.temporary_view(parts) is not None:
            raise SparkError(
                "INVALID_TEMP_OBJ_REFERENCE",
                objName=name.quoted,
                obj="VIEW",
                tempObjName=quoted(parts),
                tempObj="VIEW",
            )
        found = catalog.table(parts)
        if found is not None and found.name == name:
            raise SparkError(
                "RECURSIVE_VIEW", viewIdent=name.quoted, newPath=f"{name.quoted} -> {name.quoted}"
            )
    schema = renamed(resolved, statement.columns).schema
    check_columns(schema, case_sensitive=session.function_context().case_sensitive)
    definition = TableDefinition(
        name,
        VIEW,
        schema,
        comment=statement.comment,
        properties=statement.properties,
        created_ms=session.now_ms(),
        view=ViewText(statement.plan, statement.text, catalog.current_database, bool(statement.columns)),
    )
    session.runtime.tables.put(definition, replace=statement.replace)
    return _done()


def _check_arity(statement: s.CreateViewStatement, name: str, resolved: LogicalPlan) -> None:
    if not statement.columns or len(statement.columns) == len(resolved.output):
        return
    few = len(resolved.output) < len(statement.columns)
    raise SparkError(
        f"CREATE_VIEW_COLUMN_ARITY_MISMATCH.{'NOT_ENOUGH' if few else 'TOO_MANY'}_DATA_COLUMNS",
        viewName=name,
        viewColumns=", ".join(quoted((c,)) for c, _ in statement.columns),
        dataColumns=", ".join(quoted((a.name,)) for a in resolved.output),
    )


def _referenced(session: Session, plan: LogicalPlan, seen: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """The names, lower case, that a query uses, also through views."""
    for node in plan.walk():
        if not isinstance(node, UnresolvedRelation):
            continue
        parts = tuple(p.lower() for p in node.parts)
        if parts in seen:
            continue
        seen.add(parts)
        view = session.catalog.temporary_view(parts)
        table = session.catalog.table(parts) if view is None else None
        if isinstance(view, NamedQuery):
            _referenced(session, view.plan, seen)
        elif table is not None and table.view is not None:
            _referenced(session, table.view.plan, seen)
    return seen


def _temporary(session: Session, names: set[tuple[str, ...]]) -> frozenset[tuple[str, ...]]:
    """The names among these that temporary views have now."""
    return frozenset(n for n in names if session.catalog.temporary_view(n) is not None)


def _create_view_using(session: Session, statement: s.CreateTempViewUsing) -> LocalRelation:
    source = UnresolvedDataSource(statement.format, statement.schema, statement.options)
    plan = session.analyze(source)
    session.catalog.keep_view(
        statement.name[-1], plan, plan.schema, is_global=statement.is_global, replace=statement.replace
    )
    return _done()


def _drop_view(session: Session, statement: s.DropView) -> LocalRelation:
    session.catalog.drop_table(statement.name, if_exists=statement.if_exists, expects_view=True)
    return _done()


# ---- tables -------------------------------------------------------------------------------------


def _create_table(session: Session, statement: s.CreateTable) -> LocalRelation:
    catalog = session.catalog
    name = catalog.existing_table_name(statement.name)
    if statement.replace:
        raise SparkError(
            "UNSUPPORTED_FEATURE.TABLE_OPERATION", tableName=name.quoted, operation="REPLACE TABLE"
        )
    existing = session.runtime.tables.table(name)
    if existing is not None:
        if statement.if_not_exists:
            return _done()
        raise already_exists(name)
    table = catalog.writes.new_table(
        name,
        statement.schema,
        statement.format,
        statement.options,
        statement.partition_by,
        location=statement.location,
        comment=statement.comment,
        properties=statement.properties,
    )
    if statement.plan is None:
        catalog.writes.create_empty(table)
    else:
        catalog.writes.create_as(table, session.analyze(statement.plan), replaced=None, mode="error")
    return _done()


def _drop_table(session: Session, statement: s.DropTable) -> LocalRelation:
    session.catalog.drop_table(statement.name, if_exists=statement.if_exists, expects_view=False)
    return _done()


def _truncate(session: Session, statement: s.TruncateTable) -> LocalRelation:
    session.catalog.writes.truncate(session.catalog.require_table(statement.name, "TRUNCATE TABLE", ddl=True))
    return _done()


def _insert(session: Session, statement: s.InsertInto) -> LocalRelation:
    session.catalog.writes.insert(statement)
    return _done()


def _insert_directory(session: Session, statement: s.InsertDirectory) -> LocalRelation:
    path = statement.path or statement.options.get("path")
    if path is None:
        raise unsupported("INSERT OVERWRITE DIRECTORY without a path", "Name the directory.")
    options = Options({k: v for k, v in statement.options.spelled().items() if k.lower() != "path"})
    write = WriteBatch(statement.plan, statement.format, path=path, mode="overwrite", options=options)
    rows = session.rows(statement.plan)
    provider(statement.format).write(write, rows, session.catalog.read_context())
    return _done()


# ---- databases ----------------------------------------------------------------------------------


def _create_database(session: Session, statement: s.CreateDatabase) -> LocalRelation:
    create_database(
        session,
        statement.name,
        if_not_exists=statement.if_not_exists,
        comment=statement.comment,
        location=statement.location,
        properties=statement.properties,
    )
    return _done()


def _drop_database(session: Session, statement: s.DropDatabase) -> LocalRelation:
    drop_database(session, statement.name, if_exists=statement.if_exists, cascade=statement.cascade)
    return _done()


def _use(session: Session, statement: s.UseDatabase) -> LocalRelation:
    if tuple(p.lower() for p in statement.name) != (DEFAULT_CATALOG,):
        session.catalog.current_database = session.catalog.database_name(statement.name)
    return _done()


def _describe_database(session: Session, statement: s.DescribeDatabase) -> LocalRelation:
    found = session.catalog.database(session.catalog.database_name(statement.name))
    if found is None:
        raise unsupported(f"DESCRIBE DATABASE {GLOBAL_DATABASE}", "Use SHOW TABLES IN global_temp.")
    return described_database(found, is_extended=statement.is_extended)


# ---- SHOW ---------------------------------------------------------------------------------------


def _named_rows(session: Session, statement: s.ShowTables | s.ShowViews, *, views_only: bool) -> list[Any]:
    catalog = session.catalog
    database = catalog.database_name(statement.database)
    pattern = statement.pattern
    rows: list[Any] = []
    if database == GLOBAL_DATABASE:
        rows += [(GLOBAL_DATABASE, name, True) for name in matching(catalog.global_views, pattern)]
    tables = [t.name.name for t in session.runtime.tables.tables(database) if t.is_view or not views_only]
    rows += [(database, name, False) for name in matching(tables, pattern)]
    return rows + [("", name, True) for name in matching(catalog.views, pattern)]


def _show_tables(session: Session, statement: s.ShowTables) -> LocalRelation:
    return r.local_rows(r.TABLES, _named_rows(session, statement, views_only=False))


def _show_views(session: Session, statement: s.ShowViews) -> LocalRelation:
    return r.local_rows(r.VIEWS, _named_rows(session, statement, views_only=True))


def _show_databases(session: Session, statement: s.ShowDatabases) -> LocalRelation:
    names = matching([d.name for d in session.catalog.databases()], statement.pattern)
    return r.local_rows(r.NAMESPACES, [(n,) for n in names])


def _show_columns(session: Session, statement: s.ShowColumns) -> LocalRelation:
    schema, _ = _schema_of(session, statement.name, ddl=True)
    return r.local_rows(r.COLUMN_NAMES, [(n,) for n in schema.names])


def _show_functions(session: Session, statement: s.ShowFunctions) -> LocalRelation:
    users = set(session.user_functions) | set(session.sql_functions)
    every = function_names(session)
    names = {"user": users, "system": every - users}.get(statement.scope, every)
    return r.local_rows(r.FUNCTIONS, [(n,) for n in matching(names, statement.pattern)])


def _show_create_table(session: Session, statement: s.ShowCreateTable) -> LocalRelation:
    if session.catalog.temporary_view(statement.name) is not None:
        raise SparkError(
            "EXPECT_PERMANENT_VIEW_NOT_TEMP", operation="SHOW CREATE TABLE", viewName=quoted(statement.name)
        )
    found = session.catalog.table(statement.name)
    if found is None:
        raise session.catalog.not_found(statement.name, system=("session",))
    return r.local_rows(r.CREATE_TEXT, [(create_table_text(found),)])


def _show_current_database(session: Session, _: s.ShowCurrentDatabase) -> LocalRelation:
    return r.local_rows(r.CURRENT_NAMESPACE, [(DEFAULT_CATALOG, session.catalog.current_database)])


def _show_catalogs(session: Session, statement: s.ShowCatalogs) -> LocalRelation:
    del session
    return r.local_rows(r.CATALOGS, [(n,) for n in matching([DEFAULT_CATALOG], statement.pattern)])


# ---- DESCRIBE -----------------------------------------------------------------------------------


def _schema_of(
    session: Session, parts: tuple[str, ...], *, ddl: bool = False
) -> tuple[StructType, TableDefinition | None]:
    """The columns behind a name; the table, None for a temporary view."""
    view = session.catalog.temporary_view(parts)
    if view is not None:
        return session.catalog.view_plan(view).schema, None
    found = session.catalog.table(parts)
    if found is None:
        raise session.catalog.not_found(parts, system=("session",) if ddl else ("builtin", "session"))
    return found.schema, found


def _describe_table(session: Session, statement: s.DescribeTable) -> LocalRelation:
    schema, table = _schema_of(session, statement.name)
    if statement.column:
        field = _column(session, schema, statement.column)
        return r.local_rows(r.DESCRIBED_COLUMN, column_details(field, is_extended=statement.is_extended))
    if table is None:
        return described_columns(schema)
    zone = session.conf.get("spark.sql.session.timeZone")
    return described_table(table, zone, is_extended=statement.is_extended)


def _column(session: Session, schema: StructType, parts: tuple[str, ...]) -> StructField:
    sensitive = session.function_context().case_sensitive
    for field in schema.fields:
        if parts[-1] == field.name or (not sensitive and parts[-1].lower() == field.name.lower()):
            return field
    raise SparkError(
        "COLUMN_NOT_FOUND", colName=quoted(parts), caseSensitiveConfig='"spark.sql.caseSensitive"'
    )


def _describe_query(session: Session, statement: s.DescribeQuery) -> LocalRelation:
    return described_columns(session.analyze(statement.plan).schema)


def _describe_function(session: Session, statement: s.DescribeFunction) -> LocalRelation:
    name = statement.name[-1].lower()
    if name not in function_names(session):
        raise function_not_found(session, statement.name[-1])
    rows = [(f"Function: {name}",), ("Usage: N/A.",)]
    return r.local_rows(r.FUNCTION_TEXT, rows)


# ---- settings -----------------------------------------------------------------------------------


def _set(session: Session, statement: s.SetCommand) -> LocalRelation:
    key, value = statement.key, statement.value
    if key is None:
        return r.local_rows(r.KEY_VALUE, session.conf.items())
    if key == "-v":
        raise unsupported("SET -v", "Use SET.")
    if value is None:
        found = session.conf.find(key)
        return r.local_rows(r.KEY_VALUE, [(key, "<undefined>" if found is None else found)])
    _check_not_static(key)
    session.conf.set(key, value)
    return r.local_rows(r.KEY_VALUE, [(key, value)])


def _reset(session: Session, statement: s.ResetCommand) -> LocalRelation:
    if statement.key is not None:
        _check_not_static(statement.key)
        session.conf.unset(statement.key)
        return _done()
    for key, _ in list(session.conf.items()):
        entry = ENTRIES.get(key)
        if entry is None or not entry.static:
            session.conf.unset(key)
    return _done()


def _check_not_static(key: str) -> None:
    entry = ENTRIES.get(key)
    if entry is not None and entry.static:
        raise SparkError("CANNOT_MODIFY_STATIC_CONFIG", key=f'"{key}"')


# ---- cache --------------------------------------------------------------------------------------


def _cache(session: Session, statement: s.CacheTable) -> LocalRelation:
    catalog = session.catalog
    if statement.plan is not None:
        plan = session.analyze(statement.plan)
        used = _temporary(session, _referenced(session, statement.plan, set()))
        view = NamedQuery(statement.plan, (), catalog.current_database, used)
        catalog.keep_view(statement.name[-1], view, plan.schema, is_global=False, replace=False)
    catalog.cached_names.add(catalog.cache_key(statement.name))
    return _done()


def _uncache(session: Session, statement: s.UncacheTable) -> LocalRelation:
    catalog = session.catalog
    missing = catalog.temporary_view(statement.name) is None and catalog.table(statement.name) is None
    if not (missing and statement.if_exists):
        catalog.cached_names.discard(catalog.cache_key(statement.name))
    return _done()


def _clear_cache(session: Session, _: s.ClearCache) -> LocalRelation:
    session.catalog.cached_names.clear()
    session.kept.clear()
    return _done()


def _refresh_table(session: Session, statement: s.RefreshTable) -> LocalRelation:
    _schema_of(session, statement.name, ddl=True)
    return _done()


def _refresh_resource(session: Session, statement: s.RefreshResource) -> LocalRelation:
    local_path(statement.path, str(session.runtime.working_directory))
    return _done()


# ---- the rest -----------------------------------------------------------------------------------


def _explain(session: Session, statement: s.Explain) -> LocalRelation:
    if isinstance(statement.statement, s.Statement):
        name = type(statement.statement).__name__
        text = f"== Physical Plan ==\nExecute {name}\n"
    else:
        try:
            text = explained(session, statement.statement, statement.mode)
        except SparkError as error:
            lines = explained_error(statement.statement, error)
            return r.local_rows(r.PLAN_TEXT, [(line,) for line in lines])
    return r.local_rows(r.PLAN_TEXT, [(text,)])


_HANDLERS: dict[type[s.Statement], Callable[[Session, Any], LocalRelation]] = {
    **ROUTINES,
    s.CacheTable: _cache,
    s.ClearCache: _clear_cache,
    s.CreateDatabase: _create_database,
    s.CreateTable: _create_table,
    s.CreateTempViewUsing: _create_view_using,
    s.CreateViewStatement: _create_view,
    s.DescribeDatabase: _describe_database,
    s.DescribeFunction: _describe_function,
    s.DescribeQuery: _describe_query,
    s.DescribeTable: _describe_table,
    s.DropDatabase: _drop_database,
    s.DropTable: _drop_table,
    s.DropView: _drop_view,
    s.Explain: _explain,
    s.InsertDirectory: _insert_directory,
    s.InsertInto: _insert,
    s.RefreshResource: _refresh_resource,
    s.RefreshTable: _refresh_table,
    s.ResetCommand: _reset,
    s.SetCommand: _set,
    s.ShowCatalogs: _show_catalogs,
    s.ShowColumns: _show_columns,
    s.ShowCreateTable: _show_create_table,
    s.ShowCurrentDatabase: _show_current_database,
    s.ShowDatabases: _show_databases,
    s.ShowFunctions: _show_functions,
    s.ShowTables: _show_tables,
    s.ShowViews: _show_views,
    s.TruncateTable: _truncate,
    s.UncacheTable: _uncache,
    s.UseDatabase: _use,
}
