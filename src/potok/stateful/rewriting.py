"""Set operations of streams in terms of aggregations and joins, as Spark's optimizer has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Call,
    Cast,
    Expression,
    GeneratorCall,
    Literal,
    next_expr_id,
)
from potok.plan.logical import (
    Aggregate,
    Attributes,
    Filter,
    Generate,
    Join,
    LogicalPlan,
    Project,
    SetOperation,
)
from potok.plan.tree import Node
from potok.types import BOOLEAN, INTEGER, LONG, ArrayType, StructField


def without_excepts(plan: LogicalPlan) -> LogicalPlan:
    """The plan with EXCEPT of a stream and a table as the distinct rows of an anti join, EXCEPT ALL as counts."""

    def change(node: Node) -> Node:
        changed = node.map_children(change, LogicalPlan)
        return _rewritten(changed) if isinstance(changed, SetOperation) and is_except(changed) else changed

    result = change(plan)
    if not isinstance(result, LogicalPlan):
        raise TypeError(result)
    return result


def is_except(node: SetOperation) -> bool:
    """Whether it is a stream less the rows of a table."""
    return node.operation == "except" and node.branches[0].is_streaming


def _rewritten(node: SetOperation) -> LogicalPlan:
    return _except_all(node) if node.is_all else _except_distinct(node)


def _except_distinct(node: SetOperation) -> LogicalPlan:
    left, right = node.branches
    pairs: list[Expression] = [
        Call("<=>", (a, b), BOOLEAN, is_nullable=False)
        for a, b in zip(left.output, right.output, strict=True)
    ]
    condition = reduce(lambda a, b: Call("and", (a, b), BOOLEAN, is_nullable=False), pairs)
    distinct = Aggregate(Join(left, right, "left_anti", condition), left.output, left.output)
    return _named(distinct, left.output, node.result)


def _except_all(node: SetOperation) -> LogicalPlan:
    """How often a row occurs on the left less how often on the right is how often it is given."""
    counted = [
        Project(branch, (Alias(Literal(sign, LONG), ("vcol",), expr_id=next_expr_id()), *branch.output))
        for sign, branch in zip((1, -1), node.branches, strict=True)
    ]
    sign, *columns = (_fresh(a) for a in counted[0].output)
    union = SetOperation(tuple(counted), "union", is_all=True, result=(sign, *columns))
    total = Alias(AggregateCall("sum", (sign,), LONG), ("sum",), expr_id=next_expr_id())
    counts = Aggregate(union, tuple(columns), (*columns, total))
    *_, times = counts.output
    kept = Filter(counts, Call(">", (times, Literal(0, LONG)), BOOLEAN, is_nullable=True))
    copies = Call(
        "array_repeat",
        (Literal(1, INTEGER), Cast(times, INTEGER)),
        ArrayType(INTEGER, contains_null=False),
        is_nullable=True,
    )
    copy = AttributeReference("copy", INTEGER, is_nullable=False, expr_id=next_expr_id())
    explode = GeneratorCall("explode", (copies,), (StructField("col", INTEGER, nullable=False),))
    return _named(Generate(kept, explode, (copy,)), columns, node.result)


def _fresh(attribute: AttributeReference) -> AttributeReference:
    return replace(attribute, expr_id=next_expr_id())


def _named(plan: LogicalPlan, columns: Sequence[Expression], result: Attributes) -> LogicalPlan:
    names = tuple(
        Alias(own, (a.name,), a.metadata, expr_id=a.expr_id) for own, a in zip(columns, result, strict=True)
    )
    return Project(plan, names)
