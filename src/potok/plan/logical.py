"""Relations as analysis leaves them; those that only stand before it are in `plan/unresolved.py`.

A resolved plan has an `output`: the attributes it produces, in order. `plan_id` on a node is the
client's number of the data frame, kept so that `df.column` finds its frame again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from potok.engine.pipeline import Operator
from potok.engine.scan import Scan
from potok.errors import Origin
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Expression,
    PythonFunction,
    SortOrder,
    next_expr_id,
)
from potok.plan.tree import Node
from potok.types import StructType, as_nullable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

Attributes = tuple[AttributeReference, ...]


@dataclass(frozen=True)
class LogicalPlan(Node):
    """A relation. `origin` is the piece of SQL text that it was read from."""

    plan_id: int | None = field(default=None, kw_only=True, compare=False)
    origin: Origin | None = field(default=None, kw_only=True, compare=False)

    @property
    def output(self) -> Attributes:
        """The columns by Spark's rules. AttributeError before analysis."""
        msg = f"{type(self).__name__} is not resolved"
        raise AttributeError(msg)

    @property
    def inputs(self) -> tuple[LogicalPlan, ...]:
        """The child relations (not those inside subquery expressions)."""
        return tuple(c for c in self.children(LogicalPlan) if isinstance(c, LogicalPlan))

    @property
    def schema(self) -> StructType:
        """The output as a schema."""
        return StructType(tuple(a.to_field() for a in self.output))

    @property
    def is_streaming(self) -> bool:
        """Whether a streaming source lies below."""
        return any(child.is_streaming for child in self.inputs)


@dataclass(frozen=True)
class UnaryPlan(LogicalPlan):
    """A relation over one other, with its columns unless a subclass says otherwise."""

    child: LogicalPlan

    @property
    def output(self) -> Attributes:
        """The child's."""
        return self.child.output


class Options(dict[str, str]):
    """Options of a source or sink: names compare without case, the first spelling is kept."""

    def __init__(self, items: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self._spelling: dict[str, str] = {}
        pairs = items.items() if isinstance(items, Mapping) else items
        for name, value in pairs:
            self[name] = value

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)
        self._spelling.setdefault(name.lower(), name)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as dict.get
        """The value under any spelling of the name."""
        return super().get(name.lower(), default)

    def spelled(self) -> dict[str, str]:
        """The options as they were written."""
        return {self._spelling[name]: value for name, value in self.items()}

    def __hash__(self) -> int:  # type: ignore[override]  # a frozen plan holds it and never changes it
        return hash(tuple(sorted(self.items())))


@dataclass(frozen=True)
class Project(UnaryPlan):
    """SELECT. Resolved: each expression is an Alias or an AttributeReference."""

    expressions: tuple[Expression, ...]

    @property
    def output(self) -> Attributes:
        """One attribute per expression."""
        return tuple(to_attribute(e) for e in self.expressions)


@dataclass(frozen=True)
class Filter(UnaryPlan):
    """WHERE."""

    condition: Expression


@dataclass(frozen=True)
class Sort(UnaryPlan):
    """ORDER BY (`is_global`) or sortWithinPartitions."""

    order: tuple[SortOrder, ...]
    is_global: bool = True


@dataclass(frozen=True)
class Limit(UnaryPlan):
    """The first `count` rows."""

    count: Expression

    @property
    def output(self) -> Attributes:
        """The child's."""
        return _kept_in_state(self, self.child.output)


@dataclass(frozen=True)
class Offset(UnaryPlan):
    """All but the first `count` rows."""

    count: Expression


@dataclass(frozen=True)
class Tail(UnaryPlan):
    """The last `count` rows."""

    count: Expression


@dataclass(frozen=True)
class SubqueryAlias(UnaryPlan):
    """A relation under a name: `name.column` works above it."""

    name: str
    qualifier: tuple[str, ...] = ()
    column_names: tuple[str, ...] = ()

    @property
    def output(self) -> Attributes:
        """The child's, answering to the new name only."""
        path = (*self.qualifier, self.name)
        return tuple(
            AttributeReference(a.name, a.type, a.is_nullable, a.expr_id, a.metadata, path)
            for a in self.child.output
        )


@dataclass(frozen=True)
class Sample(UnaryPlan):
    """A random fraction [lower, upper) of the rows."""

    lower: float
    upper: float
    with_replacement: bool
    seed: int


@dataclass(frozen=True)
class Repartition(UnaryPlan):
    """A request for partitions; changes nothing but the number of files that a sink writes."""

    num_partitions: int | None = None
    expressions: tuple[Expression, ...] = ()
    shuffle: bool = True


@dataclass(frozen=True)
class Hint(UnaryPlan):
    """A hint; never changes results."""

    name: str
    parameters: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class CollectMetrics(UnaryPlan):
    """`observe(name, metrics)`: the rows pass, aggregates over them are reported under `name`."""

    name: str
    metrics: tuple[Expression, ...]


@dataclass(frozen=True)
class MapPartitions(UnaryPlan):
    """mapInPandas/mapInArrow. `result` is empty before analysis."""

    function: PythonFunction
    is_barrier: bool = False
    result: Attributes = ()

    @property
    def output(self) -> Attributes:
        """The declared columns."""
        return self.result


@dataclass(frozen=True)
class GroupMap(UnaryPlan):
    """applyInPandas/applyInArrow over groups. `result` is empty before analysis."""

    grouping: tuple[Expression, ...]
    function: PythonFunction
    sorting: tuple[SortOrder, ...] = ()
    result: Attributes = ()

    @property
    def output(self) -> Attributes:
        """The declared columns."""
        return self.result


@dataclass(frozen=True)
class CoGroupMap(LogicalPlan):
    """cogroup().applyInPandas. `result` is empty before analysis."""

    left: LogicalPlan
    right: LogicalPlan
    left_grouping: tuple[Expression, ...]
    right_grouping: tuple[Expression, ...]
    function: PythonFunction
    result: Attributes = ()

    @property
    def output(self) -> Attributes:
        """The declared columns."""
        return self.result


@dataclass(frozen=True)
class StatefulMap(UnaryPlan):
    """applyInPandasWithState and transformWithState as the client sent them, `settings` by name."""

    grouping: tuple[Expression, ...]
    function: PythonFunction
    settings: tuple[tuple[str, Any], ...] = ()
    initial_state: LogicalPlan | None = None
    result: Attributes = ()

    @property
    def output(self) -> Attributes:
        """The declared columns."""
        return self.result


# ---- after analysis only ------------------------------------------------------------------------


@dataclass(frozen=True)
class LocalRelation(LogicalPlan):
    """Rows in memory, columns by position in `result`, Arrow types as `types.arrow_type`."""

    table: pa.Table = field(repr=False, compare=False)
    result: Attributes

    @property
    def output(self) -> Attributes:
        """The columns."""
        return self.result


@dataclass(frozen=True)
class Range(LogicalPlan):
    """Numbers from `start` to before `end`; `result` is the one column `id`."""

    start: int
    end: int
    step: int
    num_partitions: int | None = None
    result: Attributes = ()

    @property
    def output(self) -> Attributes:
        """The column `id`."""
        return self.result


@dataclass(frozen=True)
class ScanRelation(LogicalPlan):
    """A scan of outside rows (batch read). `metadata` is the `_metadata` column, kept aside."""

    scan: Scan = field(repr=False)
    result: Attributes
    description: str = ""
    metadata: AttributeReference | None = None

    @property
    def output(self) -> Attributes:
        """The columns."""
        return self.result


@dataclass(frozen=True)
class StreamingRelation(LogicalPlan):
    """A streaming source, not yet started. Two occurrences of one frame share `source_key`.

    `format`, `options`, `paths` and `schema_given` are what a connector makes the source from.
    """

    source_key: int
    format: str
    options: Options
    paths: tuple[str, ...]
    source_schema: StructType
    result: Attributes
    metadata: AttributeReference | None = None

    @property
    def output(self) -> Attributes:
        """The columns."""
        return self.result

    @property
    def is_streaming(self) -> bool:
        """Always."""
        return True


@dataclass(frozen=True)
class Join(LogicalPlan):
    """A resolved join; join types as in `UnresolvedJoin`. The two sides share no `expr_id`."""

    left: LogicalPlan
    right: LogicalPlan
    join_type: str
    condition: Expression | None = None
    lateral: bool = False

    @property
    def output(self) -> Attributes:
        """Left then right; made nullable on the sides that an outer join may leave out, and all of it by state."""
        left, right = self.left.output, self.right.output
        if self.left.is_streaming and self.right.is_streaming:
            left, right = _kept_in_state(self, left), _kept_in_state(self, right)
        if self.join_type in {"left_semi", "left_anti"}:
            return left
        if self.join_type in {"left_outer", "full_outer"}:
            right = tuple(with_nullability(a, nullable=True) for a in right)
        if self.join_type in {"right_outer", "full_outer"}:
            left = tuple(with_nullability(a, nullable=True) for a in left)
        return left + right


@dataclass(frozen=True)
class Aggregate(UnaryPlan):
    """GROUP BY. `aggregates` is the output list; grouping expressions may occur in it."""

    grouping: tuple[Expression, ...]
    aggregates: tuple[Expression, ...]

    @property
    def output(self) -> Attributes:
        """One attribute per output expression."""
        return _kept_in_state(self, tuple(to_attribute(e) for e in self.aggregates))


@dataclass(frozen=True)
class Expand(UnaryPlan):
    """Each row once per projection (grouping sets). `result` names the columns."""

    projections: tuple[tuple[Expression, ...], ...]
    result: Attributes

    @property
    def output(self) -> Attributes:
        """The columns."""
        return self.result


@dataclass(frozen=True)
class Window(UnaryPlan):
    """Window expressions (aliases) appended to the child's columns."""

    expressions: tuple[Alias, ...]

    @property
    def output(self) -> Attributes:
        """The child's and the new ones."""
        return self.child.output + tuple(to_attribute(e) for e in self.expressions)


@dataclass(frozen=True)
class Generate(UnaryPlan):
    """A generator's columns appended to the child's; `outer` keeps rows that generate nothing."""

    generator: Expression
    result: Attributes
    outer: bool = False

    @property
    def output(self) -> Attributes:
        """The child's and the generator's."""
        return self.child.output + self.result


@dataclass(frozen=True)
class SetOperation(LogicalPlan):
    """union (all), intersect or except (all or distinct) by position; `result` names the columns."""

    branches: tuple[LogicalPlan, ...]
    operation: str
    is_all: bool
    result: Attributes

    @property
    def output(self) -> Attributes:
        """The columns."""
        return self.result


@dataclass(frozen=True)
class Deduplicate(UnaryPlan):
    """One row per distinct key (which of several is arbitrary)."""

    keys: Attributes
    within_watermark: bool = False

    @property
    def output(self) -> Attributes:
        """The child's."""
        return _kept_in_state(self, self.child.output)


@dataclass(frozen=True)
class EventTimeWatermark(UnaryPlan):
    """Marks `event_time` with a delay in milliseconds (metadata `spark.watermarkDelayMs`)."""

    event_time: AttributeReference
    delay_ms: int
    result: Attributes = ()

    @property
    def output(self) -> Attributes:
        """The child's, the event-time column tagged."""
        return self.result


@dataclass(frozen=True)
class OperatorStep(LogicalPlan):
    """A step outside SQL over the whole rows of other relations; it gives the columns of `result`."""

    relations: tuple[LogicalPlan, ...]
    operator: Operator = field(repr=False)
    result: Attributes

    @property
    def output(self) -> Attributes:
        """The columns."""
        return self.result


def to_attribute(expression: Expression) -> AttributeReference:
    """The attribute that an output expression defines. TypeError unless it is named."""
    if isinstance(expression, AttributeReference):
        return expression
    if isinstance(expression, Alias):
        return AttributeReference(
            expression.name,
            expression.data_type,
            expression.nullable,
            expression.expr_id,
            expression.metadata or _inherited_metadata(expression.child),
        )
    msg = f"not a named expression: {expression!r}"
    raise TypeError(msg)


def _inherited_metadata(expression: Expression) -> str:
    return expression.metadata if isinstance(expression, AttributeReference) else "{}"


def with_nullability(attribute: AttributeReference, *, nullable: bool) -> AttributeReference:
    """The same attribute, nullable or not."""
    if attribute.is_nullable == nullable:
        return attribute
    return AttributeReference(
        attribute.name, attribute.type, nullable, attribute.expr_id, attribute.metadata, attribute.qualifier
    )


def _kept_in_state(plan: LogicalPlan, output: Attributes) -> Attributes:
    """What goes through the state of a stream is nullable, whatever it was (Spark 4.1 and later)."""
    if not plan.is_streaming:
        return output
    return tuple(replace(a, type=as_nullable(a.type), is_nullable=True) for a in output)


def schema_attributes(schema: StructType, qualifier: tuple[str, ...] = ()) -> Attributes:
    """Fresh attributes for a schema."""
    return tuple(
        AttributeReference(f.name, f.data_type, f.nullable, next_expr_id(), f.metadata, qualifier)
        for f in schema.fields
    )
