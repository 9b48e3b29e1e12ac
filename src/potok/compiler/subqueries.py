"""Scalar subqueries inside calls become columns below: what a call becomes may be a lambda, where the engine takes none."""

from __future__ import annotations

from typing import cast

from potok.analysis.rewriting import defined_ids
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Call,
    Expression,
    Literal,
    OuterReference,
    Subquery,
    next_expr_id,
)
from potok.plan.logical import (
    Aggregate,
    Filter,
    Limit,
    LocalRelation,
    LogicalPlan,
    Project,
    Sort,
    SubqueryAlias,
    to_attribute,
)
from potok.plan.tree import Node

# Calls that are nothing but an operator of the engine over their arguments.
_PLAIN = frozenset(
    {"==", "<=>", "<", "<=", ">", ">=", "and", "or", "not", "isnull", "isnotnull", "coalesce", "when", "if"}
)


def pull_out_subqueries(
    child: LogicalPlan, expressions: tuple[Expression, ...]
) -> tuple[LogicalPlan, tuple[Expression, ...]] | None:
    """The child with a column for each such subquery, and the expressions over it; None where there are none."""
    found: dict[int, Alias] = {}
    replaced = tuple(cast("Expression", _visit(e, found, inside=False)) for e in expressions)
    if not found:
        return None
    return Project(child, (*child.output, *found.values())), replaced


def has_one_row(plan: LogicalPlan) -> bool:
    """Whether a plan never gives more than one row, whatever is below it."""
    match plan:
        case Aggregate(grouping=()):
            return True
        case Limit(count=Literal(value=int(rows))) if rows <= 1:
            return True
        case LocalRelation(table=table):
            return bool(table.num_rows <= 1)
        case Project(child=child) | SubqueryAlias(child=child) | Sort(child=child) | Filter(child=child):
            return has_one_row(child)
    return False


def is_correlated(plan: LogicalPlan) -> bool:
    """Whether a plan reads columns of the query around it."""
    defined = defined_ids(plan)
    return any(n.attribute.expr_id not in defined for n in plan.walk() if isinstance(n, OuterReference))


def _visit(node: Node, found: dict[int, Alias], *, inside: bool) -> Node:
    if isinstance(node, Subquery):
        if not inside or node.kind != "scalar":
            return node
        alias = found.setdefault(id(node), Alias(node, ("subquery",), expr_id=next_expr_id()))
        return to_attribute(alias)
    if not isinstance(node, Expression) or isinstance(node, AttributeReference):
        return node
    within = inside or (isinstance(node, Call) and node.name not in _PLAIN)
    return node.map_children(lambda c: _visit(c, found, inside=within), Expression)
