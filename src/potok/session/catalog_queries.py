"""`spark.catalog`: every method of the Catalog message. Source of facts: recorded answers of Spark 4.3."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from potok.checkpoint.layout import display_path
from potok.connectors.paths import local_path
from potok.ddl import parse_name
from potok.errors import SparkError
from potok.functions.registry import builtin_functions
from potok.plan.logical import LocalRelation, Options
from potok.plan.unresolved import CatalogQuery
from potok.session.describe import create_table_text, field_comment
from potok.session.local_rows import STRINGS, column, local_rows
from potok.session.tables import (
    DEFAULT_CATALOG,
    DEFAULT_DATABASE,
    GLOBAL_DATABASE,
    DatabaseDefinition,
    TableDefinition,
    check_valid_name,
    matching,
    quoted,
)
from potok.types import BOOLEAN, StructType

if TYPE_CHECKING:
    from potok.session.session import Session

_VALUE = StructType((column("value", nullable=True),))
_DONE = StructType((column("value"),))
_FLAG = StructType((column("value", BOOLEAN),))
_CATALOGS = StructType((column("name", nullable=True), column("description", nullable=True)))
_DATABASES = StructType(
    tuple(column(n, nullable=True) for n in ("name", "catalog", "description", "locationUri"))
)
_TABLES = StructType(
    (
        column("name", nullable=True),
        column("catalog", nullable=True),
        column("namespace", STRINGS, nullable=True),
        column("description", nullable=True),
        column("tableType", nullable=True),
        column("isTemporary", BOOLEAN),
    )
)
_FUNCTIONS = StructType(
    (
        column("name", nullable=True),
        column("catalog", nullable=True),
        column("namespace", STRINGS, nullable=True),
        column("description", nullable=True),
        column("className", nullable=True),
        column("isTemporary", BOOLEAN),
    )
)
_COLUMNS = StructType(
    (
        *(column(n, nullable=True) for n in ("name", "description", "dataType")),
        *(column(n, BOOLEAN) for n in ("nullable", "isPartition", "isBucket", "isCluster")),
    )
)
_PARTITIONS = StructType((column("partition", nullable=True),))
_PROPERTIES = StructType((column("key"), column("value", nullable=True)))

Arguments = dict[str, Any]


def answer(session: Session, query: CatalogQuery) -> LocalRelation:
    """The rows of a call."""
    return _METHODS[query.method](session, dict(query.arguments))


def _done() -> LocalRelation:
    """What calls without an answer give: the column `value` and no row."""
    return local_rows(_DONE, ())


def _flag(*, value: bool) -> LocalRelation:
    return local_rows(_FLAG, [(value,)])


def _parts(arguments: Arguments, key: str = "table_name") -> tuple[str, ...]:
    name = parse_name(arguments[key])
    return (*parse_name(arguments["db_name"]), *name) if "db_name" in arguments else name


# ---- catalogs and databases ---------------------------------------------------------------------


def _current_catalog(session: Session, _: Arguments) -> LocalRelation:
    del session
    return local_rows(_VALUE, [(DEFAULT_CATALOG,)])


def _set_current_catalog(session: Session, arguments: Arguments) -> LocalRelation:
    del session
    name = arguments["catalog_name"]
    if name.lower() != DEFAULT_CATALOG:
        raise SparkError(
            "CATALOG_NOT_FOUND", catalogName=quoted((name,)), config=f'"spark.sql.catalog.{name}"'
        )
    return _done()


def _list_catalogs(session: Session, arguments: Arguments) -> LocalRelation:
    del session
    return local_rows(_CATALOGS, [(n, None) for n in matching([DEFAULT_CATALOG], arguments.get("pattern"))])


def _current_database(session: Session, _: Arguments) -> LocalRelation:
    return local_rows(_VALUE, [(session.catalog.current_database,)])


def _set_current_database(session: Session, arguments: Arguments) -> LocalRelation:
    session.catalog.current_database = session.catalog.database_name(parse_name(arguments["db_name"]))
    return _done()


def _database_row(database: DatabaseDefinition) -> tuple[str, ...]:
    return (database.name, DEFAULT_CATALOG, database.comment, display_path(database.location))


def _list_databases(session: Session, arguments: Arguments) -> LocalRelation:
    databases = {d.name: d for d in session.catalog.databases()}
    names = matching(databases, arguments.get("pattern"))
    return local_rows(_DATABASES, [_database_row(databases[n]) for n in names])


def _get_database(session: Session, arguments: Arguments) -> LocalRelation:
    name = session.catalog.database_name(parse_name(arguments["db_name"]))
    found = session.catalog.database(name)
    return local_rows(_DATABASES, [_database_row(found)] if found else [])


def _database_exists(session: Session, arguments: Arguments) -> LocalRelation:
    try:
        session.catalog.database_name(parse_name(arguments["db_name"]))
    except SparkError as error:
        if error.condition != "SCHEMA_NOT_FOUND":
            raise
        return _flag(value=False)
    return _flag(value=True)


def create_database(
    session: Session,
    parts: tuple[str, ...],
    *,
    if_not_exists: bool,
    comment: str | None,
    location: str | None,
    properties: tuple[tuple[str, str], ...],
) -> None:
    """CREATE DATABASE. Raises SCHEMA_ALREADY_EXISTS, RESERVED_DATABASE_NAME."""
    catalog = session.catalog
    name = parts[-1].lower()
    if name == GLOBAL_DATABASE:
        raise SparkError("RESERVED_DATABASE_NAME", database=quoted((name,)))
    check_valid_name(name)
    path = catalog.absolute(location) if location else str(Path(catalog.warehouse) / f"{name}.db")
    definition = DatabaseDefinition(name, path, comment or "", properties)
    if name != DEFAULT_DATABASE and session.runtime.tables.create_database(definition):
        Path(path).mkdir(parents=True, exist_ok=True)
    elif not if_not_exists:
        raise SparkError("SCHEMA_ALREADY_EXISTS", schemaName=quoted((name,)))


def drop_database(session: Session, parts: tuple[str, ...], *, if_exists: bool, cascade: bool) -> None:
    """DROP DATABASE. Raises SCHEMA_NOT_FOUND, SCHEMA_NOT_EMPTY."""
    catalog = session.catalog
    try:
        name = catalog.database_name(parts)
    except SparkError as error:
        if if_exists and error.condition == "SCHEMA_NOT_FOUND":
            return
        raise
    if name == DEFAULT_DATABASE:
        raise SparkError("UNSUPPORTED_FEATURE.DROP_DATABASE", database=quoted((DEFAULT_CATALOG, name)))
    if session.runtime.tables.tables(name) and not cascade:
        raise SparkError("SCHEMA_NOT_EMPTY", schemaName=quoted((name,)))
    database = catalog.database(name)
    for table in session.runtime.tables.drop_database(name):
        catalog.uncache(table.name.parts)
        if table.kind == "MANAGED":
            catalog.writes.delete_files(table)
    if database is not None:
        with contextlib.suppress(OSError):  # files that are not ours keep the directory
            Path(database.location).rmdir()


def _create_database(session: Session, arguments: Arguments) -> LocalRelation:
    given = arguments.get("properties") or Options()
    properties = dict(given.spelled() if isinstance(given, Options) else given)
    create_database(
        session,
        parse_name(arguments["db_name"]),
        if_not_exists=arguments.get("if_not_exists", False),
        comment=properties.pop("comment", None),
        location=properties.pop("location", None),
        properties=tuple(sorted(properties.items())),
    )
    return _done()


def _drop_database(session: Session, arguments: Arguments) -> LocalRelation:
    drop_database(
        session,
        parse_name(arguments["db_name"]),
        if_exists=arguments.get("if_exists", False),
        cascade=arguments.get("cascade", False),
    )
    return _done()


# ---- tables -------------------------------------------------------------------------------------


def _table_row(table: TableDefinition) -> tuple[Any, ...]:
    return (table.name.name, DEFAULT_CATALOG, [table.name.database], table.comment, table.kind, False)


def _temporary_row(name: str, namespace: list[str]) -> tuple[Any, ...]:
    return (name, None, namespace, None, "TEMPORARY", True)


def _table_rows(session: Session, arguments: Arguments, *, views_only: bool) -> Iterator[tuple[Any, ...]]:
    catalog = session.catalog
    parts = parse_name(arguments["db_name"]) if "db_name" in arguments else ()
    database = catalog.database_name(parts)
    pattern = arguments.get("pattern")
    tables = {t.name.name: t for t in session.runtime.tables.tables(database) if t.is_view or not views_only}
    if database == GLOBAL_DATABASE:
        for name in matching(catalog.global_views, pattern):
            yield _temporary_row(name, [GLOBAL_DATABASE])
    for name in matching(tables, pattern):
        yield _table_row(tables[name])
    for name in matching(catalog.views, pattern):
        yield _temporary_row(name, [])


def _list_tables(session: Session, arguments: Arguments) -> LocalRelation:
    return local_rows(_TABLES, _table_rows(session, arguments, views_only=False))


def _list_views(session: Session, arguments: Arguments) -> LocalRelation:
    return local_rows(_TABLES, _table_rows(session, arguments, views_only=True))


def _get_table(session: Session, arguments: Arguments) -> LocalRelation:
    parts = _parts(arguments)
    if session.catalog.temporary_view(parts) is not None:
        namespace = [GLOBAL_DATABASE] if parts[0].lower() == GLOBAL_DATABASE else []
        return local_rows(_TABLES, [_temporary_row(parts[-1].lower(), namespace)])
    return local_rows(_TABLES, [_table_row(_table(session, parts))])


def _table(session: Session, parts: tuple[str, ...]) -> TableDefinition:
    found = session.catalog.table(parts)
    if found is None:
        raise session.catalog.not_found(parts, system=("session",))
    return found


def _table_exists(session: Session, arguments: Arguments) -> LocalRelation:
    parts = _parts(arguments)
    catalog = session.catalog
    return _flag(value=catalog.temporary_view(parts) is not None or catalog.table(parts) is not None)


def _list_columns(session: Session, arguments: Arguments) -> LocalRelation:
    parts = _parts(arguments)
    view = session.catalog.temporary_view(parts)
    partition_by: tuple[str, ...] = ()
    if view is not None:
        schema = session.catalog.view_plan(view).schema
    else:
        table = _table(session, parts)
        schema, partition_by = table.schema, table.partition_by
    return local_rows(
        _COLUMNS,
        [
            (
                f.name,
                field_comment(f),
                f.data_type.simple_string,
                f.nullable,
                f.name in partition_by,
                False,
                False,
            )
            for f in schema.fields
        ],
    )


def _create_table(session: Session, arguments: Arguments) -> LocalRelation:
    catalog = session.catalog
    options = Options((arguments.get("options") or Options()).spelled())
    name = catalog.table_name(_parts(arguments))
    schema = arguments.get("schema")
    catalog.writes.create_empty(
        catalog.writes.new_table(
            name,
            schema if isinstance(schema, StructType) else None,
            arguments.get("source"),
            options,
            (),
            location=arguments.get("path"),
            comment=arguments.get("description"),
        )
    )
    return local_rows(_table(session, name.parts).schema, ())


def _drop_table(session: Session, arguments: Arguments) -> LocalRelation:
    session.catalog.drop_table(
        _parts(arguments), if_exists=arguments.get("if_exists", False), expects_view=False
    )
    return _done()


def _drop_view(session: Session, arguments: Arguments) -> LocalRelation:
    parts = _parts(arguments, "view_name")
    session.catalog.drop_table(parts, if_exists=arguments.get("if_exists", False), expects_view=True)
    return _done()


def _drop_temp_view(session: Session, arguments: Arguments) -> LocalRelation:
    return _flag(value=session.catalog.drop_view(arguments["view_name"], is_global=False))


def _drop_global_temp_view(session: Session, arguments: Arguments) -> LocalRelation:
    return _flag(value=session.catalog.drop_view(arguments["view_name"], is_global=True))


def _truncate_table(session: Session, arguments: Arguments) -> LocalRelation:
    session.catalog.writes.truncate(
        session.catalog.require_table(_parts(arguments), "TRUNCATE TABLE", ddl=True)
    )
    return _done()


def partition_names(table: TableDefinition) -> list[str]:
    """The partitions that the table's directories show: `k=x/m=1`, sorted."""
    found = [""]
    for name in table.partition_by:
        below: list[str] = []
        for prefix in found:
            directory = Path(table.location) / prefix
            if directory.is_dir():
                entries = sorted(e.name for e in directory.iterdir() if e.name.startswith(f"{name}="))
                below.extend(f"{prefix}/{e}" if prefix else e for e in entries)
        found = below
    return found


def _list_partitions(session: Session, arguments: Arguments) -> LocalRelation:
    table = session.catalog.require_table(_parts(arguments), "SHOW PARTITIONS", ddl=True)
    if not table.partition_by:
        raise SparkError("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY", name=table.name.quoted)
    return local_rows(_PARTITIONS, [(n,) for n in partition_names(table)])


def _get_table_properties(session: Session, arguments: Arguments) -> LocalRelation:
    return local_rows(_PROPERTIES, sorted(_table(session, _parts(arguments)).properties))


def _get_create_table_string(session: Session, arguments: Arguments) -> LocalRelation:
    return local_rows(_VALUE, [(create_table_text(_table(session, _parts(arguments))),)])


def _checked(session: Session, arguments: Arguments) -> LocalRelation:
    """Calls that have nothing to do here once the table is there: files are listed at each query."""
    _table(session, _parts(arguments))
    return _done()


# ---- functions ----------------------------------------------------------------------------------


def function_names(session: Session) -> set[str]:
    """Built-in and registered functions, lower case."""
    return (
        {n for n in builtin_functions() if n.isidentifier() and not n.startswith("stream_")}
        | set(session.user_functions)
        | set(session.sql_functions)
    )


def function_not_found(session: Session, name: str) -> SparkError:
    """No function of the name."""
    path = [quoted(("system", "builtin")), quoted(("system", "session"))]
    path.append(quoted((DEFAULT_CATALOG, session.catalog.current_database)))
    return SparkError("UNRESOLVED_ROUTINE", routineName=quoted((name,)), searchPath=f"[{', '.join(path)}]")


def _function_row(session: Session, name: str) -> tuple[Any, ...]:
    kind = "built-in" if name not in session.user_functions else "Python"
    return (name, None, None, f"{name}: a {kind} function", None, True)


def _list_functions(session: Session, arguments: Arguments) -> LocalRelation:
    if "db_name" in arguments:
        session.catalog.database_name(parse_name(arguments["db_name"]))
    names = matching(function_names(session), arguments.get("pattern"))
    return local_rows(_FUNCTIONS, [_function_row(session, n) for n in names])


def _get_function(session: Session, arguments: Arguments) -> LocalRelation:
    name = arguments["function_name"]
    if "db_name" in arguments or name.lower() not in function_names(session):
        raise function_not_found(session, name)
    return local_rows(_FUNCTIONS, [_function_row(session, name.lower())])


def _function_exists(session: Session, arguments: Arguments) -> LocalRelation:
    known = arguments["function_name"].lower() in function_names(session)
    return _flag(value=known and "db_name" not in arguments)


# ---- cache --------------------------------------------------------------------------------------


def _is_cached(session: Session, arguments: Arguments) -> LocalRelation:
    return _flag(value=session.catalog.cache_key(_parts(arguments)) in session.catalog.cached_names)


def _cache_table(session: Session, arguments: Arguments) -> LocalRelation:
    session.catalog.cached_names.add(session.catalog.cache_key(_parts(arguments)))
    return _done()


def _uncache_table(session: Session, arguments: Arguments) -> LocalRelation:
    session.catalog.cached_names.discard(session.catalog.cache_key(_parts(arguments)))
    return _done()


def _clear_cache(session: Session, _: Arguments) -> LocalRelation:
    session.catalog.cached_names.clear()
    session.kept.clear()
    return _done()


def _refresh_table(session: Session, arguments: Arguments) -> LocalRelation:
    session.catalog.cache_key(_parts(arguments))
    return _done()


def _refresh_by_path(session: Session, arguments: Arguments) -> LocalRelation:
    local_path(arguments["path"], str(session.runtime.working_directory))
    return _done()


_METHODS: dict[str, Callable[[Session, Arguments], LocalRelation]] = {
    "analyze_table": _checked,
    "cache_table": _cache_table,
    "clear_cache": _clear_cache,
    "create_database": _create_database,
    "create_external_table": _create_table,
    "create_table": _create_table,
    "current_catalog": _current_catalog,
    "current_database": _current_database,
    "database_exists": _database_exists,
    "drop_database": _drop_database,
    "drop_global_temp_view": _drop_global_temp_view,
    "drop_table": _drop_table,
    "drop_temp_view": _drop_temp_view,
    "drop_view": _drop_view,
    "function_exists": _function_exists,
    "get_create_table_string": _get_create_table_string,
    "get_database": _get_database,
    "get_function": _get_function,
    "get_table": _get_table,
    "get_table_properties": _get_table_properties,
    "is_cached": _is_cached,
    "list_catalogs": _list_catalogs,
    "list_columns": _list_columns,
    "list_databases": _list_databases,
    "list_functions": _list_functions,
    "list_partitions": _list_partitions,
    "list_tables": _list_tables,
    "list_views": _list_views,
    "recover_partitions": _checked,
    "refresh_by_path": _refresh_by_path,
    "refresh_table": _refresh_table,
    "set_current_catalog": _set_current_catalog,
    "set_current_database": _set_current_database,
    "table_exists": _table_exists,
    "truncate_table": _truncate_table,
    "uncache_table": _uncache_table,
}
