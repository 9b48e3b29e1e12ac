"""Filter and Sort over an output list: columns and aggregate functions that it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from potok.analysis.expressions import Resolver, strip
from potok.analysis.names import unresolved_column
from potok.analysis.select import Puller, check_aggregate
from potok.analysis.trees import contains_aggregate, references
from potok.errors import Origin, SparkError
from potok.functions.base import AggregateFunction
from potok.plan.expressions import (
    AttributeReference,
    Expression,
    UnresolvedAttribute,
    UnresolvedFunction,
)
from potok.plan.logical import Aggregate, Attributes, Filter, LogicalPlan, Project, Sort, Window

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer

Build = Callable[[LogicalPlan, Sequence[Expression]], LogicalPlan]


def resolve_over(
    analyzer: Analyzer, child: LogicalPlan, expressions: Sequence[Expression], build: Build
) -> LogicalPlan:
    """`build(child, resolved expressions)`; what they read beyond the output is added below and cut off above."""
    aggregate = _aggregate_below(child)
    if aggregate is not None and not (_is_cut_off(child) and _calls_aggregate(analyzer, expressions)):
        return _over_aggregate(analyzer, child, aggregate, expressions, build)
    fallback = _BelowNames(analyzer, child)
    resolver = analyzer.resolver(child, fallback=fallback.find)
    resolved = [resolver.resolve(e) for e in expressions]
    below = analyzer.exposing(child, resolver)
    if fallback.added:
        below = _with_columns(below, tuple(fallback.added.values()))
    plan = build(below, resolved)
    return Project(plan, child.output) if below is not child else plan


class _BelowNames:
    """Finds names in what lies below a Project, a Filter and so on."""

    def __init__(self, analyzer: Analyzer, plan: LogicalPlan) -> None:
        self._analyzer = analyzer
        self._plan = plan
        self.added: dict[int, AttributeReference] = {}

    def find(self, attribute: UnresolvedAttribute) -> Expression | None:
        plan: LogicalPlan | None = self._plan
        while plan is not None:
            if isinstance(plan, Project):
                found = self._find_in(plan.child, attribute)
                if found is not None:
                    own = {a.expr_id for a in self._plan.output}
                    for column in references([found]).values():
                        if column.expr_id not in own:
                            self.added[column.expr_id] = column
                    return found
            plan = plan.child if isinstance(plan, (Project, Filter, Sort)) else None
        return None

    def _find_in(self, child: LogicalPlan, attribute: UnresolvedAttribute) -> Expression | None:
        resolver = self._analyzer.resolver(child)
        if attribute.plan_id is not None:
            return self._analyzer.data_frame_column(resolver, attribute)
        return resolver.columns.resolve(attribute.parts, attribute.origin)


def _with_columns(plan: LogicalPlan, wanted: Attributes) -> LogicalPlan:
    own = {a.expr_id for a in plan.output}
    missing = tuple(a for a in wanted if a.expr_id not in own)
    if not missing:
        return plan
    if isinstance(plan, Project):
        return replace(
            plan, child=_with_columns(plan.child, missing), expressions=(*plan.expressions, *missing)
        )
    if isinstance(plan, (Filter, Sort)):
        return replace(plan, child=_with_columns(plan.child, missing))
    raise unresolved_column((missing[0].name,), plan.output)


# ---- over an aggregate --------------------------------------------------------------------------


def _aggregate_below(plan: LogicalPlan) -> Aggregate | None:
    while isinstance(plan, (Filter, Sort)) or (isinstance(plan, Project) and _only_columns(plan)):
        plan = plan.child
    if isinstance(plan, (Project, Window)):
        below = plan.child
        while isinstance(below, Window):
            below = below.child
        return below if isinstance(below, Aggregate) else None
    return plan if isinstance(plan, Aggregate) else None


def _is_cut_off(plan: LogicalPlan) -> bool:
    """Whether a Project hides what HAVING added to an Aggregate, beyond which Spark does not look."""
    return isinstance(plan, Project) and isinstance(plan.child, Filter) and _only_columns(plan)


def _calls_aggregate(analyzer: Analyzer, expressions: Sequence[Expression]) -> bool:
    functions = analyzer.context.functions
    return any(
        isinstance(node, UnresolvedFunction) and isinstance(functions.get(node.name), AggregateFunction)
        for expression in expressions
        for node in expression.walk()
    )


def _only_columns(plan: Project) -> bool:
    return all(isinstance(e, AttributeReference) for e in plan.expressions)


class _AggregateResolver(Resolver):
    """Names mean the Aggregate's output; inside aggregate functions, what the Aggregate reads."""

    below: Resolver

    def _function(self, expression: Expression) -> Expression:
        name = expression.name if isinstance(expression, UnresolvedFunction) else ""
        if isinstance(self.context.functions.get(name), AggregateFunction):
            try:
                return self.below.resolve(expression)
            except SparkError as error:
                if not error.condition.startswith("UNRESOLVED_COLUMN"):
                    raise
        return super()._function(expression)


def _over_aggregate(
    analyzer: Analyzer,
    child: LogicalPlan,
    aggregate: Aggregate,
    expressions: Sequence[Expression],
    build: Build,
) -> LogicalPlan:
    below = analyzer.resolver(aggregate.child)
    places: dict[int, Origin | None] = {}

    def find_below(attribute: UnresolvedAttribute) -> Expression | None:
        found = _find_below(below, attribute)
        places.update((i, attribute.origin) for i in references([found] if found else ()))
        return found

    resolver = _AggregateResolver(analyzer, (child,), outer=analyzer.outer, fallback=find_below)
    resolver.below = below
    resolved = [strip(resolver.resolve(e)) for e in expressions]
    puller = Puller(aggregate.grouping, aggregate.aggregates)
    output_ids = {a.expr_id for a in child.output}
    pulled = [e if _reads_only(e, output_ids) else puller.pull(e) for e in resolved]
    extras = tuple(puller.extras)
    hidden = {a.expr_id for a in aggregate.output} - output_ids
    used = references(pulled)
    if not extras and not hidden & used.keys():
        _check_grouped(pulled, child, output_ids, places)
        return build(child, pulled)
    widened = replace(aggregate, aggregates=(*aggregate.aggregates, *extras))
    check_aggregate(widened)
    wanted = tuple(a for a in widened.output if a.expr_id in used and a.expr_id not in output_ids)
    rebuilt = _rebuilt(child, aggregate, widened, wanted)
    _check_grouped(pulled, child, {a.expr_id for a in rebuilt.output}, places)
    return Project(build(rebuilt, pulled), child.output)


def _find_below(below: Resolver, attribute: UnresolvedAttribute) -> Expression | None:
    if attribute.plan_id is not None:
        return None
    return below.columns.resolve(attribute.parts, attribute.origin)


def _reads_only(expression: Expression, ids: set[int]) -> bool:
    return not contains_aggregate(expression) and references([expression]).keys() <= ids


def _check_grouped(
    expressions: Sequence[Expression],
    child: LogicalPlan,
    ids: set[int],
    places: Mapping[int, Origin | None],
) -> None:
    for column in references(expressions).values():
        if column.expr_id not in ids:
            raise unresolved_column((column.name,), child.output, places.get(column.expr_id))


def _rebuilt(plan: LogicalPlan, old: Aggregate, new: Aggregate, wanted: Attributes) -> LogicalPlan:
    if plan is old:
        return new
    inner = _rebuilt(plan.inputs[0], old, new, wanted)
    if isinstance(plan, Project):
        return replace(plan, child=inner, expressions=(*plan.expressions, *wanted))
    return replace(plan, child=inner)  # type: ignore[call-arg]
