"""The first rows of a stream: how many have passed is kept.

Source of fact: StreamingGlobalLimitExec and its planning strategy.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from potok.errors import SparkError
from potok.plan.expressions import Literal
from potok.plan.logical import Aggregate, Limit, LogicalPlan, OperatorStep, Project, SubqueryAlias
from potok.plan.tree import Node
from potok.stateful.base import StateContext, StatefulOperator, TypedStore
from potok.types import LONG, NULL, StructField, StructType

_KEY = StructType((StructField("key", NULL),))
_VALUE = StructType((StructField("value", LONG),))


def keeps_count(node: Limit, context: StateContext) -> bool:
    """Whether rows pass once and for all; the limit of a whole result, as in complete mode, starts anew each time."""
    return context.output_mode == "append" or not any(
        isinstance(below, Aggregate) and below.is_streaming for below in node.child.walk()
    )


def combined_limits(plan: LogicalPlan) -> LogicalPlan:
    """The plan with one limit, the smaller, where a limit stands right above another."""

    def change(node: Node) -> Node:
        changed = node.map_children(change, LogicalPlan)
        return _combined(changed) if isinstance(changed, Limit) and changed.is_streaming else changed

    result = change(plan)
    if not isinstance(result, LogicalPlan):
        raise TypeError(result)
    return result


def _combined(limit: Limit) -> Limit:
    def without(below: LogicalPlan) -> tuple[LogicalPlan, int | None]:
        if isinstance(below, Limit):
            return below.child, _rows(below)
        if isinstance(below, Project | SubqueryAlias):
            child, count = without(below.child)
            return (below, None) if count is None else (replace(below, child=child), count)
        return below, None

    child, count = without(limit.child)
    if count is None or not isinstance(limit.count, Literal):
        return limit
    return Limit(child, replace(limit.count, value=min(count, _rows(limit))))


def _rows(limit: Limit) -> int:
    if not isinstance(limit.count, Literal):
        raise SparkError("INTERNAL_ERROR", message="The limit of a stream is not a number.")
    return int(limit.count.value)


def plan_limit(
    node: Limit, relations: Sequence[LogicalPlan], operator_id: int, context: StateContext
) -> tuple[LogicalPlan, StatefulOperator]:
    """One step over the planned relation."""
    (child,) = relations
    operator = LimitOperator(operator_id, context, _rows(node))
    return OperatorStep((Limit(child, node.count),), operator, child.output), operator


class LimitOperator(StatefulOperator):
    """Lets rows pass until there were enough; all of them go through one partition."""

    name = "globalLimit"

    def __init__(self, operator_id: int, context: StateContext, limit: int) -> None:
        super().__init__(operator_id, replace(context, partitions=1))
        self._limit = limit
        self._store = TypedStore(self.context, operator_id, _KEY, _VALUE)
        self._key = self._store.encode_keys([pa.nulls(1)], 1)

    @property
    def stores(self) -> Sequence[TypedStore]:
        """The one, with one row."""
        return (self._store,)

    def needs_another_batch(self, input_ms: int) -> bool:
        """Never."""
        del input_ms
        return False

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """See engine.pipeline.Operator."""
        begun = time.monotonic_ns()
        number = self._store.store.find(self._key)
        passed = 0
        if number[0] >= 0:
            passed = self._store.values.decode(self._store.store.table.values(number))[0][0].as_py()
        rows = tables[0].slice(0, max(self._limit - passed, 0))
        if rows.num_rows:
            total = pa.array(np.array([passed + rows.num_rows]))
            self._store.store.put(self._key, self._store.encode_values([total], 1), number)
            self.counts.updated += 1
        self.counts.updates_ns += time.monotonic_ns() - begun
        return rows
