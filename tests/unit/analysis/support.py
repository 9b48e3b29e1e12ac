"""A catalog of empty relations and the context that tests analyse in."""

from __future__ import annotations

from collections.abc import Sequence

from potok.analysis import AnalysisContext, analyze
from potok.ddl import parse_schema
from potok.functions.base import FunctionContext
from potok.functions.registry import builtin_functions
from potok.parser import parse_query
from potok.plan.logical import LocalRelation, LogicalPlan, Options, StreamingRelation, schema_attributes
from potok.plan.unresolved import CatalogQuery, UnresolvedDataSource, UnresolvedWatermark
from potok.types import StructType, arrow_schema

VIEWS = {
    "t": "a int, b string, m map<string,int>, arr array<int>, s struct<f:int,g:string>, d double, ts timestamp, c bigint",
    "u": "a int, x string, y double",
}


def local(ddl: str) -> LocalRelation:
    """An empty relation in memory."""
    schema = parse_schema(ddl)
    return LocalRelation(arrow_schema(schema).empty_table(), schema_attributes(schema))


def stream(key: int) -> StreamingRelation:
    """A stream of (timestamp, value)."""
    schema = parse_schema("timestamp timestamp, value bigint")
    return StreamingRelation(key, "rate", Options(), (), schema, schema_attributes(schema))


class Views:
    """A catalog of views by name."""

    def __init__(self) -> None:
        self.plans: dict[str, LogicalPlan] = {name: local(ddl) for name, ddl in VIEWS.items()}
        for key, name in enumerate(("s", "r"), 1):
            self.plans[name] = stream(key)
            self.plans[f"{name}w"] = UnresolvedWatermark(stream(key + 2), "timestamp", "10 seconds")

    def lookup(self, parts: tuple[str, ...]) -> LogicalPlan | None:
        """A view by the last part of its name."""
        return self.plans.get(parts[-1].lower())

    def data_source(self, source: UnresolvedDataSource) -> LogicalPlan:
        """There is none."""
        raise NotImplementedError(source)

    def cached(self, relation_id: str) -> LogicalPlan:
        """There is none."""
        raise KeyError(relation_id)

    def infer_json(self, texts: Sequence[str], options: Options) -> StructType:
        """There is none."""
        raise NotImplementedError(texts, options)

    def catalog_query(self, query: CatalogQuery) -> LocalRelation:
        """There is none."""
        raise NotImplementedError(query)


def context(*, ansi: bool = True) -> AnalysisContext:
    """A session's context over the views."""
    return AnalysisContext(FunctionContext(ansi=ansi), Views(), builtin_functions())


def analyzed(query: str, *, ansi: bool = True) -> LogicalPlan:
    """The resolved plan of a query."""
    return analyze(parse_query(query), context(ansi=ansi))  # type: ignore[arg-type]
