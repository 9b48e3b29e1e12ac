"""A resolved plan over streams, its stateful nodes replaced by steps that read and write state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from potok.analysis.trees import is_aggregate
from potok.errors import SparkError
from potok.plan.expressions import PythonFunction
from potok.plan.logical import (
    Aggregate,
    Deduplicate,
    EventTimeWatermark,
    Join,
    Limit,
    LogicalPlan,
    StatefulMap,
)
from potok.plan.tree import Node
from potok.stateful.aggregate import plan_aggregate
from potok.stateful.base import StateContext, StatefulOperator
from potok.stateful.deduplicate import plan_deduplicate
from potok.stateful.group_state import plan_group_state
from potok.stateful.join import plan_join
from potok.stateful.join_inputs import joins_streams
from potok.stateful.limit import combined_limits, keeps_count, plan_limit
from potok.stateful.pruning import pruned_aggregates
from potok.stateful.rewriting import without_excepts
from potok.stateful.session_window import plan_session_window, session_position
from potok.stateful.transform_with_state import plan_transform

# Upstream of a relation: where its watermark comes from, operators or (None) the query's own watermark.
Upstream = tuple["StatefulOperator | None", ...]


# The node, its relations planned, the operator's number, the context; the plan in its place, and its operator.
Make = Callable[[Any, Sequence[LogicalPlan], int, StateContext], tuple[LogicalPlan, StatefulOperator]]


@dataclass(frozen=True)
class Rule:
    """How a kind of streaming node is planned, and which of them keep state (all, unless said otherwise)."""

    make: Make
    keeps_state: Callable[[Any, StateContext], bool] = lambda _node, _context: True


def _plan_aggregate(
    node: Aggregate, relations: Sequence[LogicalPlan], operator_id: int, context: StateContext
) -> tuple[LogicalPlan, StatefulOperator]:
    expressions = (below for expression in node.aggregates for below in expression.walk())
    if any(isinstance(e, PythonFunction) and is_aggregate(e) for e in expressions):
        raise SparkError("_LEGACY_ERROR_TEMP_3067")
    make = plan_aggregate if session_position(node) is None else plan_session_window
    return make(node, relations, operator_id, context)


def _plan_stateful_map(
    node: StatefulMap, relations: Sequence[LogicalPlan], operator_id: int, context: StateContext
) -> tuple[LogicalPlan, StatefulOperator]:
    make = plan_transform if "time_mode" in dict(node.settings) else plan_group_state
    return make(node, relations, operator_id, context)


RULES: Mapping[type[LogicalPlan], Rule] = {
    Aggregate: Rule(_plan_aggregate),
    Deduplicate: Rule(plan_deduplicate),
    Limit: Rule(plan_limit, keeps_state=keeps_count),
    Join: Rule(plan_join, keeps_state=lambda node, _context: joins_streams(node)),
    StatefulMap: Rule(_plan_stateful_map),
}


@dataclass(frozen=True)
class PlannedQuery:
    """`operators` by their numbers; `upstream` of each, in the same order.

    `redefines_watermark` tells that a watermark stands above another.
    """

    plan: LogicalPlan
    operators: tuple[StatefulOperator, ...]
    upstream: tuple[Upstream, ...]
    redefines_watermark: bool = False


def plan_stateful(plan: LogicalPlan, context: StateContext) -> PlannedQuery:
    """Plan the stateful nodes, numbered from the top as Spark does."""
    planner = _Planner(context)
    planned, _ = planner.plan(combined_limits(pruned_aggregates(without_excepts(plan))))
    numbers = sorted(planner.operators)
    return PlannedQuery(
        planned,
        tuple(planner.operators[n] for n in numbers),
        tuple(planner.upstream[n] for n in numbers),
        planner.redefines_watermark,
    )


class _Planner:
    def __init__(self, context: StateContext) -> None:
        self._context = context
        self._count = 0
        self.operators: dict[int, StatefulOperator] = {}
        self.upstream: dict[int, Upstream] = {}
        self.redefines_watermark = False

    def plan(self, node: LogicalPlan) -> tuple[LogicalPlan, Upstream]:
        rule = self._rule(node)
        operator_id = self._count
        if rule is not None:
            self._count += 1
        relations: list[LogicalPlan] = []
        upstream: list[StatefulOperator | None] = []

        def change(child: Node) -> Node:
            if not isinstance(child, LogicalPlan):
                return child
            planned, above = self.plan(child)
            relations.append(planned)
            upstream.extend(above)
            return planned

        changed = node.map_children(change, LogicalPlan)
        if rule is not None:
            plan, operator = rule.make(node, relations, operator_id, self._context)
            self.operators[operator_id] = operator
            self.upstream[operator_id] = tuple(dict.fromkeys(upstream))
            return plan, (operator,)
        if isinstance(node, EventTimeWatermark):
            above = any(source is None or source.gives_watermark for source in upstream)
            self.redefines_watermark = self.redefines_watermark or above
            return changed, (None,)
        return changed, tuple(dict.fromkeys(upstream))

    def _rule(self, node: LogicalPlan) -> Rule | None:
        rule = RULES.get(type(node)) if node.is_streaming else None
        return rule if rule is not None and rule.keeps_state(node, self._context) else None
