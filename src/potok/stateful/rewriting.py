"""Set operations of streams in terms of aggregations and joins, as Spark's optimizer has them."""

from __future__ import annotations

from functools import reduce

from potok.plan.expressions import Alias, Call, Expression
from potok.plan.logical import Aggregate, Join, LogicalPlan, Project, SetOperation
from potok.plan.tree import Node
from potok.types import BOOLEAN


def without_excepts(plan: LogicalPlan) -> LogicalPlan:
    """The plan with EXCEPT of a stream and a table as the distinct rows of an anti join."""

    def change(node: Node) -> Node:
        changed = node.map_children(change, LogicalPlan)
        return _rewritten(changed) if isinstance(changed, SetOperation) and is_except(changed) else changed

    result = change(plan)
    if not isinstance(result, LogicalPlan):
        raise TypeError(result)
    return result


def is_except(node: SetOperation) -> bool:
    """Whether it is a stream less the rows of a table."""
    return node.operation == "except" and not node.is_all and node.branches[0].is_streaming


def _rewritten(node: SetOperation) -> LogicalPlan:
    left, right = node.branches
    pairs: list[Expression] = [
        Call("<=>", (a, b), BOOLEAN, is_nullable=False)
        for a, b in zip(left.output, right.output, strict=True)
    ]
    condition = reduce(lambda a, b: Call("and", (a, b), BOOLEAN, is_nullable=False), pairs)
    distinct = Aggregate(Join(left, right, "left_anti", condition), left.output, left.output)
    names = tuple(
        Alias(own, (a.name,), a.metadata, expr_id=a.expr_id)
        for own, a in zip(left.output, node.result, strict=True)
    )
    return Project(distinct, names)
