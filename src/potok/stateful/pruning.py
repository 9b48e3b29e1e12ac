"""Aggregates that nobody reads are not computed, and not kept.

Source of fact: Spark's optimizer rule ColumnPruning, whose effect is seen in the schema of the state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from potok.plan.expressions import AttributeReference, Expression
from potok.plan.logical import (
    Aggregate,
    Expand,
    Filter,
    Join,
    LogicalPlan,
    Project,
    SubqueryAlias,
    to_attribute,
)
from potok.plan.tree import Node

Needed = frozenset[int]


def pruned_aggregates(plan: LogicalPlan) -> LogicalPlan:
    """The plan, streaming aggregations below its projections and aggregations with the outputs that are read."""

    def change(node: Node) -> Node:
        if isinstance(node, Project) and node.is_streaming:
            node = replace(node, child=_pruned(node.child, _references(node.expressions)))
        elif isinstance(node, Aggregate) and node.is_streaming:
            read = _references((*node.grouping, *node.aggregates))
            node = replace(node, child=_pruned(node.child, read))
        return node.map_children(change, LogicalPlan)

    changed = change(plan)
    if not isinstance(changed, LogicalPlan):
        raise TypeError(changed)
    return changed


def _pruned(plan: LogicalPlan, needed: Needed) -> LogicalPlan:
    match plan:
        case Project():
            kept = _kept(plan.expressions, needed)
            return replace(plan, expressions=kept, child=_pruned(plan.child, _references(kept)))
        case Filter():
            return replace(plan, child=_pruned(plan.child, needed | _references((plan.condition,))))
        case SubqueryAlias():
            return replace(plan, child=_pruned(plan.child, needed))
        case Expand():
            chosen = [i for i, a in enumerate(plan.result) if a.expr_id in needed] or [0]
            projections = tuple(tuple(p[i] for i in chosen) for p in plan.projections)
            read = _references(e for projection in projections for e in projection)
            result = tuple(plan.result[i] for i in chosen)
            return replace(plan, projections=projections, result=result, child=_pruned(plan.child, read))
        case Join() if plan.condition is not None:
            read = needed | _references((plan.condition,))
            return replace(plan, left=_pruned(plan.left, read), right=_pruned(plan.right, read))
        case Aggregate() if plan.grouping:
            return replace(plan, aggregates=_kept(plan.aggregates, needed))
    return plan


def _kept(expressions: tuple[Expression, ...], needed: Needed) -> tuple[Expression, ...]:
    """The expressions that are read, or one where none is: rows count even without columns."""
    return tuple(e for e in expressions if to_attribute(e).expr_id in needed) or expressions[:1]


def _references(expressions: Iterable[Expression]) -> Needed:
    return frozenset(
        node.expr_id
        for expression in expressions
        for node in expression.walk()
        if isinstance(node, AttributeReference)
    )
