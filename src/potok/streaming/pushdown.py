"""Filters that work below a watermark though they stand above it: only rows that pass move the watermark.

Source of fact: Spark's optimizer rule PushPredicateThroughNonJoin, whose effect on a watermark is visible in
the commit log and in what counts as late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from potok.functions.base import ScalarFunction
from potok.functions.registry import builtin_functions
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Call,
    Expression,
    OuterReference,
    PythonFunction,
    Subquery,
)
from potok.plan.logical import (
    EventTimeWatermark,
    Filter,
    Generate,
    LogicalPlan,
    Project,
    SetOperation,
    SubqueryAlias,
)
from potok.plan.tree import Node


def push_filters_below_watermarks(plan: LogicalPlan) -> LogicalPlan:
    """The plan, each condition moved below the watermarks that Spark moves it below. Rows stay the same.

    A condition is moved through projections, names, generators, unions and other filters, when it is
    deterministic and does not look at the event time.
    """
    if not any(isinstance(node, EventTimeWatermark) for node in plan.walk()):
        return plan

    def change(node: Node) -> Node:
        changed = node.map_children(change)
        return _pushed(changed) if isinstance(changed, Filter) else changed

    moved = change(plan)
    if not isinstance(moved, LogicalPlan):
        raise TypeError(moved)
    return moved


def _pushed(node: Filter) -> LogicalPlan:
    child = node.child
    staying: list[Expression] = []
    for condition in _conjuncts(node.condition):
        below = _below(condition, child) if _is_movable(condition) else None
        if below is None:
            staying.append(condition)
        else:
            child = below
    for condition in staying:
        child = Filter(child, condition)
    return child if child is not node.child else node


def _conjuncts(condition: Expression) -> list[Expression]:
    if isinstance(condition, Call) and condition.name == "and":
        return [part for argument in condition.arguments for part in _conjuncts(argument)]
    return [condition]


def _below(condition: Expression, plan: LogicalPlan) -> LogicalPlan | None:
    """The plan with the condition below its nearest watermarks; None where it cannot get there."""
    match plan:
        case EventTimeWatermark():
            if plan.event_time.expr_id in _references(condition):
                return None
            deeper = _below(condition, plan.child)
            return replace(plan, child=deeper if deeper is not None else Filter(plan.child, condition))
        case Filter() | SubqueryAlias():
            deeper = _below(condition, plan.child)
        case Project():
            if not all(_is_movable(e) for e in plan.expressions):
                return None
            defined = {e.expr_id: e.child for e in plan.expressions if isinstance(e, Alias)}
            deeper = _below(_substituted(condition, defined), plan.child)
        case Generate():
            if not _is_movable(plan.generator) or _references(condition) & {a.expr_id for a in plan.result}:
                return None
            deeper = _below(condition, plan.child)
        case SetOperation(operation="union", is_all=True):
            return _below_union(condition, plan)
        case _:
            return None
    return None if deeper is None else replace(plan, child=deeper)


def _below_union(condition: Expression, plan: SetOperation) -> LogicalPlan | None:
    branches = []
    found = False
    for branch in plan.branches:
        names = {a.expr_id: own for a, own in zip(plan.result, branch.output, strict=True)}
        own_condition = _substituted(condition, names)
        deeper = _below(own_condition, branch)
        found = found or deeper is not None
        branches.append(deeper if deeper is not None else Filter(branch, own_condition))
    return replace(plan, branches=tuple(branches)) if found else None


def _substituted(condition: Expression, defined: Mapping[int, Expression]) -> Expression:
    def change(node: Node) -> Node:
        if isinstance(node, AttributeReference) and node.expr_id in defined:
            return defined[node.expr_id]
        return node.map_children(change)

    changed = change(condition)
    if not isinstance(changed, Expression):
        raise TypeError(changed)
    return changed


def _references(condition: Expression) -> set[int]:
    return {node.expr_id for node in condition.walk() if isinstance(node, AttributeReference)}


def _is_movable(expression: Expression) -> bool:
    for node in expression.walk():
        if isinstance(node, (OuterReference, Subquery)):
            return False
        if isinstance(node, PythonFunction) and not node.deterministic:
            return False
        if isinstance(node, Call):
            function = builtin_functions().get(node.name)
            if isinstance(function, ScalarFunction) and not function.deterministic:
                return False
    return True
