"""What analysis needs to know from outside the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from potok.errors import unsupported
from potok.functions.base import Function, FunctionContext
from potok.plan.expressions import Literal, PythonFunction

if TYPE_CHECKING:
    import pyarrow as pa

    from potok.plan.logical import LocalRelation, LogicalPlan, Options
    from potok.plan.sql_functions import SqlFunction, SqlVariable
    from potok.plan.table_functions import PythonTableFunction
    from potok.plan.unresolved import CatalogQuery, UnresolvedDataSource
    from potok.types import StructType


class Catalog(Protocol):
    """Where relations come from. Every method may raise SparkError."""

    def lookup(self, parts: tuple[str, ...]) -> LogicalPlan | None:
        """The plan of a view or table, resolved or not; None where there is none."""

    def data_source(self, source: UnresolvedDataSource) -> LogicalPlan:
        """A resolved plan over a ScanRelation or StreamingRelation. Raises PATH_NOT_FOUND and its like."""

    def cached(self, relation_id: str) -> LogicalPlan:
        """The plan that the session keeps under this number."""

    def infer_json(self, texts: Sequence[str], options: Options) -> StructType:
        """The schema of records of JSON."""

    def catalog_query(self, query: CatalogQuery) -> LocalRelation:
        """The rows of a method of `spark.catalog`."""


def _no_conf(_: str) -> str | None:
    return None


def _no_query(_: LogicalPlan) -> Any:  # noqa: ANN401 - never returns
    raise unsupported(
        "A relation whose columns depend on its rows", "Give the values, as in pivot(column, values)."
    )


@dataclass(frozen=True)
class AnalysisContext:
    """Everything that analysis depends on besides the plan.

    `conf` gives the value of a configuration key, its default where unset. `collect` runs a
    resolved batch plan and gives its rows as literals, `table` as Arrow: only what depends on data needs them (pivot
    without values, crosstab, transpose, recursion). `parse_expression` reads SQL text in options of a plan.
    """

    function_context: FunctionContext
    catalog: Catalog
    functions: Mapping[str, Function]
    user_functions: Mapping[str, PythonFunction] = field(default_factory=dict)
    sql_functions: Mapping[str, SqlFunction] = field(default_factory=dict)
    variables: Mapping[str, SqlVariable] = field(default_factory=dict)
    table_functions: Mapping[str, PythonTableFunction] = field(default_factory=dict)
    conf: Callable[[str], str | None] = _no_conf
    collect: Callable[[LogicalPlan], Sequence[Sequence[Literal]]] = _no_query
    table: Callable[[LogicalPlan], pa.Table] = _no_query

    def flag(self, key: str, *, default: bool) -> bool:
        """A boolean configuration value."""
        value = self.conf(key)
        return default if value is None else value.strip().lower() == "true"
