"""Fresh ids for a plan that meets itself: self-joins, subqueries over the same relation."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar, cast

from potok.plan.expressions import (
    Alias,
    AttributeReference,
    OuterReference,
    Subquery,
    next_expr_id,
)
from potok.plan.logical import LogicalPlan
from potok.plan.tree import Node

AnyNode = TypeVar("AnyNode", bound=Node)


def defined_ids(plan: LogicalPlan) -> set[int]:
    """The ids of every column that a plan or a plan below it defines."""
    found: set[int] = set()

    def visit(node: Node) -> None:
        if isinstance(node, OuterReference):
            return
        if isinstance(node, (AttributeReference, Alias)):
            found.add(node.expr_id)
        for child in node.children():
            visit(child)

    visit(plan)
    return found


def renew(plan: LogicalPlan) -> LogicalPlan:
    """The same plan with a new id for every column that it defines.

    References to columns of a query around it stay as they are.
    """
    return Renewal().plan(plan)


class Renewal:
    """One renaming of ids, so that several pieces can be renamed alike."""

    def __init__(self) -> None:
        self.new_ids: dict[int, int] = {}

    def plan(self, plan: LogicalPlan) -> LogicalPlan:
        """The plan with new ids."""
        return cast("LogicalPlan", self._node(plan, depth=0))

    def id_of(self, expr_id: int) -> int:
        """The new id of an old one."""
        found = self.new_ids.get(expr_id)
        if found is None:
            found = self.new_ids[expr_id] = next_expr_id()
        return found

    def _node(self, node: Node, depth: int) -> Node:
        match node:
            case AttributeReference():
                return replace(node, expr_id=self.id_of(node.expr_id))
            case OuterReference(attribute=attribute):
                known = depth and attribute.expr_id in self.new_ids
                return (
                    OuterReference(cast("AttributeReference", self._node(attribute, depth)))
                    if known
                    else node
                )
            case Alias():
                child = node.map_children(lambda c: self._node(c, depth))
                return replace(child, expr_id=self.id_of(node.expr_id))
            case Subquery():
                return node.map_children(lambda c: self._node(c, depth + 1))
        return node.map_children(lambda c: self._node(c, depth))
