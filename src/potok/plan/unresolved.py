"""Relations before analysis: what the client or a SQL text says, names still to be found.

The analyzer puts nodes of `plan/logical.py` in their place; none is left in a resolved plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Expression,
)
from potok.plan.logical import Attributes, LogicalPlan, Options, UnaryPlan
from potok.types import STRING, StructType


@dataclass(frozen=True)
class UnresolvedRelation(LogicalPlan):
    """A table or view by name, or a path in the form format.`path`."""

    parts: tuple[str, ...]
    options: Options = field(default_factory=Options)
    streaming: bool = False


@dataclass(frozen=True)
class UnresolvedDataSource(LogicalPlan):
    """`spark.read` / `spark.readStream`. `schema` is what the user gave, DDL already parsed.

    `source_name` is the stream's name in the checkpoint (`readStream.name(..)`), empty for none.
    """

    format: str | None
    schema_given: StructType | None
    options: Options
    paths: tuple[str, ...] = ()
    predicates: tuple[str, ...] = ()
    streaming: bool = False
    source_name: str = ""


@dataclass(frozen=True)
class UnresolvedTableFunction(LogicalPlan):
    """A table-valued function: range, explode, ..."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class UnresolvedInlineTable(LogicalPlan):
    """VALUES rows; columns col1, col2, ... unless aliased."""

    rows: tuple[tuple[Expression, ...], ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class With(LogicalPlan):
    """Common table expressions over a query; `relations` are (name, plan), each seeing those before it."""

    child: LogicalPlan
    relations: tuple[tuple[str, LogicalPlan], ...]
    is_recursive: bool = False


@dataclass(frozen=True)
class RecursionLimit(UnaryPlan):
    """A query of WITH RECURSIVE with how many levels it may have."""

    levels: int


@dataclass(frozen=True)
class WithRelations(LogicalPlan):
    """A plan whose subqueries and views refer to other data frames by plan id."""

    root: LogicalPlan
    references: tuple[LogicalPlan, ...]


@dataclass(frozen=True)
class UnresolvedJoin(LogicalPlan):
    """A join as the user wrote it: by condition, by column names, or natural.

    `join_type` is inner, cross, left_outer, right_outer, full_outer, left_semi or left_anti.
    """

    left: LogicalPlan
    right: LogicalPlan
    join_type: str
    condition: Expression | None = None
    using: tuple[str, ...] = ()
    natural: bool = False
    lateral: bool = False


@dataclass(frozen=True)
class UnresolvedAggregate(UnaryPlan):
    """groupBy/rollup/cube/pivot/grouping sets.

    `group_type` is groupby, rollup, cube, pivot, or grouping_sets. In the output grouping
    expressions come first for the data frame API (`include_grouping`), SQL lists its own.
    """

    grouping: tuple[Expression, ...]
    aggregates: tuple[Expression, ...]
    group_type: str = "groupby"
    pivot_column: Expression | None = None
    pivot_values: tuple[Expression, ...] = ()
    grouping_sets: tuple[tuple[Expression, ...], ...] = ()
    include_grouping: bool = True
    having: Expression | None = None


@dataclass(frozen=True)
class WithColumns(UnaryPlan):
    """Columns added, or replaced where the name exists."""

    aliases: tuple[Alias, ...]


@dataclass(frozen=True)
class WithColumnsRenamed(UnaryPlan):
    """Columns renamed, (old, new) in order; unknown ones are ignored."""

    renames: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Drop(UnaryPlan):
    """Columns left out; unknown ones are ignored."""

    columns: tuple[Expression, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class ToDataFrame(UnaryPlan):
    """All columns renamed by position."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class ToSchema(UnaryPlan):
    """`df.to(schema)`: reordered, cast and checked."""

    target: StructType


@dataclass(frozen=True)
class UnresolvedDeduplicate(UnaryPlan):
    """`dropDuplicates`; all columns when `names` is empty.

    `as_groups` is SQL's DISTINCT, which groups by all columns: on a stream that is not the same.
    """

    names: tuple[str, ...] = ()
    within_watermark: bool = False
    as_groups: bool = True


@dataclass(frozen=True)
class UnresolvedUnpivot(UnaryPlan):
    """`unpivot`/`melt`; values None means every other column."""

    ids: tuple[Expression, ...]
    values: tuple[Expression, ...] | None
    variable_name: str
    value_name: str


@dataclass(frozen=True)
class UnresolvedSetOperation(LogicalPlan):
    """union, intersect or except."""

    left: LogicalPlan
    right: LogicalPlan
    operation: str
    is_all: bool = True
    by_name: bool = False
    allow_missing_columns: bool = False


@dataclass(frozen=True)
class UnresolvedWatermark(UnaryPlan):
    """`withWatermark(event_time, delay)`."""

    event_time: str
    delay: str


@dataclass(frozen=True)
class NaFill(UnaryPlan):
    """`na.fill`: one value for all names, or one each; no names means every fitting column."""

    names: tuple[str, ...]
    values: tuple[Expression, ...]


@dataclass(frozen=True)
class NaDrop(UnaryPlan):
    """`na.drop`: rows with fewer than `min_non_nulls` (None: all of them) non-null values go."""

    names: tuple[str, ...]
    min_non_nulls: int | None


@dataclass(frozen=True)
class NaReplace(UnaryPlan):
    """`na.replace`: (old, new) literals."""

    names: tuple[str, ...]
    replacements: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True)
class Statistics(UnaryPlan):
    """summary, describe, crosstab, cov, corr, approx_quantile, freq_items, sample_by by name."""

    function: str
    names: tuple[str, ...] = ()
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Transpose(UnaryPlan):
    """`df.transpose`."""

    index: tuple[Expression, ...]


@dataclass(frozen=True)
class UnresolvedParse(UnaryPlan):
    """`spark.read.json(df)` / `.csv(df)`: rows of text parsed."""

    format: str
    schema_given: StructType | None
    options: Options


@dataclass(frozen=True)
class CatalogQuery(LogicalPlan):
    """A method of `spark.catalog`; resolved by the session. Argument values by parameter name."""

    method: str
    arguments: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class ShowString(UnaryPlan):
    """`df.show()`: one row, one STRING column `show_string`. `truncate` 0 means not at all."""

    num_rows: int
    truncate: int
    vertical: bool
    html: bool = False

    @property
    def output(self) -> Attributes:
        """The one column, never null."""
        name = "html_string" if self.html else "show_string"
        return (AttributeReference(name, STRING, is_nullable=False),)


@dataclass(frozen=True)
class CachedRemoteRelation(LogicalPlan):
    """A plan that the session keeps under a number (checkpoint, foreachBatch's frame)."""

    relation_id: str


@dataclass(frozen=True)
class UnresolvedAsOfJoin(LogicalPlan):
    """For each left row the right row whose time is nearest in a direction: backward, forward or nearest.

    `join_type` is the client's word; `tolerance` is how far away the right row may be.
    """

    left: LogicalPlan
    right: LogicalPlan
    left_as_of: Expression
    right_as_of: Expression
    join_type: str
    direction: str
    condition: Expression | None = None
    using: tuple[str, ...] = ()
    tolerance: Expression | None = None
    allow_exact_matches: bool = True


@dataclass(frozen=True)
class UnresolvedNearestByJoin(LogicalPlan):
    """For each left row the right rows that rank best. `direction` is distance or similarity, `mode` exact or approx."""

    left: LogicalPlan
    right: LogicalPlan
    ranking: Expression
    num_results: int
    join_type: str
    mode: str
    direction: str
