"""Names: temporary views, tables below the warehouse directory, data sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from potok.connectors.base import ReadContext
from potok.connectors.registry import provider
from potok.errors import SparkError, unsupported
from potok.plan.commands import CreateView, WriteBatch, WriteStream
from potok.plan.logical import CatalogQuery, LogicalPlan, SubqueryAlias, UnresolvedDataSource
from potok.types import StructType

if TYPE_CHECKING:
    from potok.session.session import Session

GLOBAL_DATABASE = "global_temp"
DEFAULT_DATABASE = "default"
DEFAULT_CATALOG = "spark_catalog"


class SessionCatalog:
    """What names mean in one session; implements `analysis.Catalog`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.views: dict[str, LogicalPlan] = {}

    def lookup(self, parts: tuple[str, ...]) -> LogicalPlan | None:
        """The plan behind the name of a view or table; None where there is none."""
        *database, name = (p.lower() for p in parts)
        if not database and name in self.views:
            return SubqueryAlias(self.views[name], name)
        if database == [GLOBAL_DATABASE] and name in self._session.runtime.global_views:
            return SubqueryAlias(self._session.runtime.global_views[name], name, (GLOBAL_DATABASE,))
        return None

    def data_source(self, source: UnresolvedDataSource) -> LogicalPlan:
        """What `spark.read` or `spark.readStream` denotes, resolved."""
        name = source.format or self._session.conf.get("spark.sql.sources.default")
        found = provider(name)
        if source.streaming:
            return found.streaming_relation(source, self.read_context())
        return found.relation(source, self.read_context())

    def cached(self, relation_id: str) -> LogicalPlan:
        """A relation that the session keeps under an id."""
        plan = self._session.relations.get(relation_id)
        if plan is None:
            raise SparkError("INTERNAL_ERROR", message=f"No cached relation {relation_id}.")
        return plan

    def catalog_query(self, query: CatalogQuery) -> LogicalPlan:
        """`spark.catalog`."""
        raise unsupported(f"spark.catalog.{query.method}", "Use temporary views and files.")

    def create_view(self, view: CreateView, resolved: LogicalPlan) -> None:
        """Keep a view. Raises TEMP_TABLE_OR_VIEW_ALREADY_EXISTS."""
        views = self._session.runtime.global_views if view.is_global else self.views
        name = view.name[-1].lower()
        if name in views and not view.replace:
            raise SparkError("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", relationName=f"`{view.name[-1]}`")
        views[name] = resolved

    def drop_view(self, name: str, *, is_global: bool) -> bool:
        """Forget a view; whether it was there."""
        views = self._session.runtime.global_views if is_global else self.views
        return views.pop(name.lower(), None) is not None

    def write(self, write: WriteBatch) -> None:
        """`df.write...save()`."""
        if write.table:
            raise unsupported("saveAsTable", "Save to a path.")
        name = write.format or self._session.conf.get("spark.sql.sources.default")
        provider(name).write(write, self._session.rows(write.plan), self.read_context())

    def table_location(self, write: WriteStream, schema: StructType) -> WriteStream:
        """`toTable`: the same write with the table's format and path."""
        raise unsupported("toTable", "Write to a path.")

    def read_context(self) -> ReadContext:
        """What connectors may know."""
        return ReadContext(self._session.conf.find, str(Path.cwd()))
