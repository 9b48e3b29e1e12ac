"""Tables and databases of the process: Spark's in-memory catalog.

What is known of a table is forgotten with the process; its files stay. All sessions share one
`TableStore`. Names are lower case. Source of facts: SessionCatalog and InMemoryCatalog.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from potok.errors import SparkError
from potok.plan.logical import LogicalPlan, Options
from potok.types import StructField, StructType, quote_if_needed

DEFAULT_DATABASE = "default"
GLOBAL_DATABASE = "global_temp"
DEFAULT_CATALOG = "spark_catalog"
MANAGED = "MANAGED"
EXTERNAL = "EXTERNAL"
VIEW = "VIEW"
_VALID_NAME = re.compile(r"[\w]+", re.ASCII)


@dataclass(frozen=True)
class TableName:
    """A table's database and its own name, lower case."""

    database: str
    name: str

    @property
    def parts(self) -> tuple[str, str, str]:
        """With the catalog."""
        return (DEFAULT_CATALOG, self.database, self.name)

    @property
    def quoted(self) -> str:
        """As most messages write it: every part in backticks."""
        return quoted(self.parts)

    @property
    def plain(self) -> str:
        """As the older messages write it: `spark_catalog.default.t`."""
        return ".".join(quote_if_needed(part) for part in self.parts)


@dataclass(frozen=True)
class ViewText:
    """A permanent view's query: the unresolved plan, its text, and the database that names in it start from."""

    plan: LogicalPlan
    text: str
    database: str
    has_columns: bool = False


@dataclass(frozen=True)
class TableDefinition:
    """A table or a permanent view. `kind` is MANAGED, EXTERNAL or VIEW; `location` an absolute path.

    Partition columns come last in `schema`, as in the rows.
    """

    name: TableName
    kind: str
    schema: StructType
    format: str = ""
    location: str = ""
    options: Options = field(default_factory=Options)
    partition_by: tuple[str, ...] = ()
    comment: str | None = None
    properties: tuple[tuple[str, str], ...] = ()
    created_ms: int = 0
    view: ViewText | None = None

    @property
    def is_view(self) -> bool:
        """Whether it is a query, not files."""
        return self.kind == VIEW

    @property
    def data_fields(self) -> tuple[StructField, ...]:
        """The columns that the files hold."""
        return tuple(f for f in self.schema.fields if f.name not in self.partition_by)


@dataclass(frozen=True)
class DatabaseDefinition:
    """A database; `location` is an absolute path."""

    name: str
    location: str
    comment: str = ""
    properties: tuple[tuple[str, str], ...] = ()


class TableStore:
    """Definitions by name. Methods may be called from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._databases: dict[str, DatabaseDefinition] = {}
        self._tables: dict[TableName, TableDefinition] = {}

    # ---- databases ----

    def databases(self) -> list[DatabaseDefinition]:
        """Those that were created, by name."""
        with self._lock:
            return [self._databases[name] for name in sorted(self._databases)]

    def database(self, name: str) -> DatabaseDefinition | None:
        """The definition; None for one that was not created."""
        with self._lock:
            return self._databases.get(name)

    def create_database(self, definition: DatabaseDefinition) -> bool:
        """Add it; False where it exists."""
        with self._lock:
            if definition.name in self._databases:
                return False
            self._databases[definition.name] = definition
            return True

    def drop_database(self, name: str) -> list[TableDefinition]:
        """Forget it and everything in it; what was in it."""
        with self._lock:
            self._databases.pop(name, None)
            names = [n for n in self._tables if n.database == name]
            return [self._tables.pop(n) for n in names]

    # ---- tables ----

    def tables(self, database: str) -> list[TableDefinition]:
        """Tables and views of a database by name."""
        with self._lock:
            found = [t for n, t in self._tables.items() if n.database == database]
        return sorted(found, key=lambda t: t.name.name)

    def table(self, name: TableName) -> TableDefinition | None:
        """The definition; None where there is none."""
        with self._lock:
            return self._tables.get(name)

    def put(self, definition: TableDefinition, *, replace: bool = False) -> None:
        """Add it. Raises TABLE_OR_VIEW_ALREADY_EXISTS unless it may replace."""
        with self._lock:
            if definition.name in self._tables and not replace:
                raise already_exists(definition.name)
            self._tables[definition.name] = definition

    def remove(self, name: TableName) -> TableDefinition | None:
        """Forget it; what it was."""
        with self._lock:
            return self._tables.pop(name, None)


def quoted(parts: Iterable[str]) -> str:
    """Names in backticks, joined by dots."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def already_exists(name: TableName) -> SparkError:
    """A table or view of the name is there."""
    return SparkError("TABLE_OR_VIEW_ALREADY_EXISTS", relationName=name.quoted)


def check_valid_name(name: str) -> None:
    """Raises INVALID_SCHEMA_OR_RELATION_NAME for a name that a table or database cannot have."""
    if not _VALID_NAME.fullmatch(name):
        raise SparkError("INVALID_SCHEMA_OR_RELATION_NAME", name=quoted((name,)))


def matching(names: Iterable[str], pattern: str | None) -> list[str]:
    """The names that a pattern of SHOW takes: `*` is anything, `|` separates, case does not count.

    Sorted. Source of fact: StringUtils.filterPattern.
    """
    if pattern is None:
        return sorted(names)
    expressions = []
    for part in pattern.strip().split("|"):
        try:
            expressions.append(re.compile("(?i)" + part.replace("*", ".*")))
        except re.error:
            continue
    return sorted(n for n in names if any(e.fullmatch(n) for e in expressions))


def check_columns(schema: StructType, *, case_sensitive: bool) -> None:
    """Raises COLUMN_ALREADY_EXISTS where two columns share a name."""
    seen: set[str] = set()
    for column in schema.fields:
        name = column.name if case_sensitive else column.name.lower()
        if name in seen:
            raise SparkError("COLUMN_ALREADY_EXISTS", columnName=quoted((name,)))
        seen.add(name)
