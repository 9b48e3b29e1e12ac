"""SQL statements that are not queries, as plain values.

The parser makes them, the session executes them. Names are parts (`db.t` is two); plans inside are
unresolved. `Explain.statement` may be a query or any of these.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from potok.errors import Origin
from potok.plan.expressions import Expression
from potok.plan.logical import LogicalPlan, Options
from potok.plan.sql_functions import SqlFunction
from potok.types import DataType, StructType

Name = tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """Anything that `spark.sql` accepts besides a query. `origin` is where its table is named."""

    origin: Origin | None = field(default=None, kw_only=True, compare=False)


@dataclass(frozen=True)
class CreateViewStatement(Statement):
    """CREATE [OR REPLACE] [[GLOBAL] TEMPORARY] VIEW name [(columns)] AS query.

    `columns` are (name, comment or None), renaming the query's columns by position; empty keeps
    them. `text` is the query as it was written. A view that is neither temporary nor global lives
    in the catalog.
    """

    name: Name
    plan: LogicalPlan
    text: str
    columns: tuple[tuple[str, str | None], ...] = ()
    is_temporary: bool = False
    is_global: bool = False
    replace: bool = False
    if_not_exists: bool = False
    comment: str | None = None
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CreateTempViewUsing(Statement):
    """CREATE [OR REPLACE] [GLOBAL] TEMPORARY VIEW name [(schema)] USING format [OPTIONS (..)]."""

    name: Name
    format: str
    schema: StructType | None = None
    options: Options = field(default_factory=Options)
    is_global: bool = False
    replace: bool = False


@dataclass(frozen=True)
class DropView(Statement):
    """DROP VIEW [IF EXISTS] name."""

    name: Name
    if_exists: bool = False


@dataclass(frozen=True)
class CreateTable(Statement):
    """CREATE [OR REPLACE] TABLE [IF NOT EXISTS] name [(schema)] [USING format] ... [AS query].

    `schema` is None where the query gives the columns. `partition_by` holds column names; columns
    that were declared in PARTITIONED BY with a type are in `schema` too, last.
    """

    name: Name
    schema: StructType | None = None
    format: str | None = None
    options: Options = field(default_factory=Options)
    partition_by: tuple[str, ...] = ()
    location: str | None = None
    comment: str | None = None
    properties: tuple[tuple[str, str], ...] = ()
    plan: LogicalPlan | None = None
    if_not_exists: bool = False
    replace: bool = False


@dataclass(frozen=True)
class DropTable(Statement):
    """DROP TABLE [IF EXISTS] name [PURGE]."""

    name: Name
    if_exists: bool = False
    purge: bool = False


@dataclass(frozen=True)
class TruncateTable(Statement):
    """TRUNCATE TABLE name: every row goes."""

    name: Name


@dataclass(frozen=True)
class InsertInto(Statement):
    """INSERT INTO / OVERWRITE [TABLE] name [PARTITION (..)] [BY NAME | (columns)] query.

    `partition` is (column, value or None): None for a column that the query delivers.
    """

    name: Name
    plan: LogicalPlan
    columns: tuple[str, ...] = ()
    partition: tuple[tuple[str, Expression | None], ...] = ()
    overwrite: bool = False
    by_name: bool = False
    if_partition_not_exists: bool = False


@dataclass(frozen=True)
class InsertDirectory(Statement):
    """INSERT OVERWRITE [LOCAL] DIRECTORY [path] USING format [OPTIONS (..)] query."""

    plan: LogicalPlan
    format: str
    path: str | None = None
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class CreateDatabase(Statement):
    """CREATE DATABASE [IF NOT EXISTS] name [COMMENT ..] [LOCATION ..] [WITH DBPROPERTIES (..)]."""

    name: Name
    if_not_exists: bool = False
    comment: str | None = None
    location: str | None = None
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class DropDatabase(Statement):
    """DROP DATABASE [IF EXISTS] name [RESTRICT | CASCADE]."""

    name: Name
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True)
class UseDatabase(Statement):
    """USE [DATABASE] name."""

    name: Name


@dataclass(frozen=True)
class ShowTables(Statement):
    """SHOW TABLES [IN database] [LIKE pattern]: namespace, tableName, isTemporary."""

    database: Name = ()
    pattern: str | None = None


@dataclass(frozen=True)
class ShowViews(Statement):
    """SHOW VIEWS [IN database] [LIKE pattern]: namespace, viewName, isTemporary."""

    database: Name = ()
    pattern: str | None = None


@dataclass(frozen=True)
class ShowDatabases(Statement):
    """SHOW DATABASES [LIKE pattern]: namespace."""

    pattern: str | None = None


@dataclass(frozen=True)
class ShowColumns(Statement):
    """SHOW COLUMNS IN table: col_name."""

    name: Name


@dataclass(frozen=True)
class ShowFunctions(Statement):
    """SHOW [USER | SYSTEM | ALL] FUNCTIONS [IN database] [LIKE pattern]: function. `scope` in lower case."""

    scope: str = "all"
    database: Name = ()
    pattern: str | None = None


@dataclass(frozen=True)
class ShowCreateTable(Statement):
    """SHOW CREATE TABLE name: createtab_stmt."""

    name: Name


@dataclass(frozen=True)
class ShowCurrentDatabase(Statement):
    """SHOW CURRENT DATABASE: catalog, namespace."""


@dataclass(frozen=True)
class ShowCatalogs(Statement):
    """SHOW CATALOGS [LIKE pattern]: catalog."""

    pattern: str | None = None


@dataclass(frozen=True)
class DescribeTable(Statement):
    """DESCRIBE [TABLE] [EXTENDED] name [column]: col_name, data_type, comment."""

    name: Name
    is_extended: bool = False
    column: Name = ()


@dataclass(frozen=True)
class DescribeQuery(Statement):
    """DESCRIBE [QUERY] query: col_name, data_type, comment."""

    plan: LogicalPlan


@dataclass(frozen=True)
class DescribeFunction(Statement):
    """DESCRIBE FUNCTION [EXTENDED] name: function_desc."""

    name: Name
    is_extended: bool = False


@dataclass(frozen=True)
class DescribeDatabase(Statement):
    """DESCRIBE DATABASE [EXTENDED] name: info_name, info_value."""

    name: Name
    is_extended: bool = False


@dataclass(frozen=True)
class SetCommand(Statement):
    """SET, SET -v, SET key, SET key=value. No key at all lists every setting; key and value are text."""

    key: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class ResetCommand(Statement):
    """RESET [key]: one setting, or all of them, back to the start."""

    key: str | None = None


@dataclass(frozen=True)
class CacheTable(Statement):
    """CACHE [LAZY] TABLE name [OPTIONS (..)] [AS query]."""

    name: Name
    plan: LogicalPlan | None = None
    is_lazy: bool = False
    options: Options = field(default_factory=Options)


@dataclass(frozen=True)
class UncacheTable(Statement):
    """UNCACHE TABLE [IF EXISTS] name."""

    name: Name
    if_exists: bool = False


@dataclass(frozen=True)
class ClearCache(Statement):
    """CLEAR CACHE."""


@dataclass(frozen=True)
class RefreshTable(Statement):
    """REFRESH [TABLE] name."""

    name: Name


@dataclass(frozen=True)
class RefreshResource(Statement):
    """REFRESH 'path'."""

    path: str


@dataclass(frozen=True)
class CreateVariable(Statement):
    """DECLARE [OR REPLACE] [VARIABLE] name [type] [{DEFAULT | =} expression]."""

    name: Name
    type: DataType | None = None
    default: Expression | None = None
    replace: bool = False
    default_text: str = field(default="", compare=False)


@dataclass(frozen=True)
class DropVariable(Statement):
    """DROP TEMPORARY VARIABLE [IF EXISTS] name."""

    name: Name
    if_exists: bool = False


@dataclass(frozen=True)
class SetVariable(Statement):
    """SET VAR a = expression, b = DEFAULT, or SET VAR (a, b) = (query): (name, expression) in order.

    DEFAULT is an attribute of that name. With a `plan`, its one row gives the values. `whole` is the statement's text.
    """

    assignments: tuple[tuple[Name, Expression], ...]
    plan: LogicalPlan | None = None
    whole: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True)
class CreateFunction(Statement):
    """CREATE [OR REPLACE] [TEMPORARY] FUNCTION [IF NOT EXISTS] name(parameters) [RETURNS ..] RETURN body."""

    name: Name
    function: SqlFunction
    is_temporary: bool = False
    replace: bool = False
    if_not_exists: bool = False


@dataclass(frozen=True)
class DropFunction(Statement):
    """DROP [TEMPORARY] FUNCTION [IF EXISTS] name."""

    name: Name
    is_temporary: bool = False
    if_exists: bool = False


@dataclass(frozen=True)
class ShowProperties(Statement):
    """SHOW TBLPROPERTIES table [(key)]: key, value."""

    name: Name
    key: str | None = None


@dataclass(frozen=True)
class ShowPartitions(Statement):
    """SHOW PARTITIONS table: partition."""

    name: Name


@dataclass(frozen=True)
class AnalyzeTable(Statement):
    """ANALYZE TABLE name COMPUTE STATISTICS ..: nothing is kept, as nothing uses it."""

    name: Name


@dataclass(frozen=True)
class RenameTable(Statement):
    """ALTER {TABLE | VIEW} name RENAME TO target."""

    name: Name
    target: Name
    is_view: bool = False


@dataclass(frozen=True)
class SetProperties(Statement):
    """ALTER {TABLE | VIEW} name SET TBLPROPERTIES (..)."""

    name: Name
    properties: tuple[tuple[str, str], ...]
    is_view: bool = False


@dataclass(frozen=True)
class UnsetProperties(Statement):
    """ALTER {TABLE | VIEW} name UNSET TBLPROPERTIES [IF EXISTS] (..)."""

    name: Name
    keys: tuple[str, ...]
    if_exists: bool = False
    is_view: bool = False


@dataclass(frozen=True)
class AddColumns(Statement):
    """ALTER TABLE name ADD COLUMNS (..)."""

    name: Name
    columns: StructType


@dataclass(frozen=True)
class RefusedAlter(Statement):
    """ALTER TABLE of a kind that no table of files supports: DROP COLUMN, RENAME COLUMN."""

    name: Name
    operation: str


@dataclass(frozen=True)
class CommentOnTable(Statement):
    """COMMENT ON TABLE name IS {'text' | NULL}."""

    name: Name
    text: str | None


@dataclass(frozen=True)
class Explain(Statement):
    """EXPLAIN [mode] statement; `mode` is simple, extended, codegen, cost or formatted."""

    statement: LogicalPlan | Statement
    mode: str = "simple"
