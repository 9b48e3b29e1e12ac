"""Scalar subqueries inside calls become columns below: what a call becomes may be a lambda, where the engine takes none."""

from __future__ import annotations

from typing import cast

from potok.plan.expressions import Alias, AttributeReference, Call, Expression, Subquery, next_expr_id
from potok.plan.logical import LogicalPlan, Project, to_attribute
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
