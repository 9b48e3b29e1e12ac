"""Small questions about trees of expressions, and replacing parts of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar, cast

from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Call,
    Cast,
    Expression,
    GeneratorCall,
    GetStructField,
    Literal,
    OuterReference,
    PythonFunction,
    Subquery,
    WindowCall,
    WindowExpression,
    next_expr_id,
)
from potok.plan.logical import LogicalPlan
from potok.plan.tree import Node

GROUPED_AGGREGATE_EVAL_TYPES = frozenset({202, 217, 252, 254})
AnyExpression = TypeVar("AnyExpression", bound=Expression)


def children(expression: Node) -> Iterable[Expression]:
    """The child expressions, frames of windows opened, plans of subqueries left out."""
    match expression:
        case AttributeReference() | Literal() | OuterReference():
            return ()
        case Alias(child=child) | Cast(child=child) | GetStructField(child=child):
            return (child,)
        case Call(arguments=arguments) | PythonFunction(arguments=arguments):
            return arguments
    return cast("Iterable[Expression]", _children(expression))


def _children(node: Node) -> Iterator[Node]:
    for child in node.children():
        if isinstance(child, Expression):
            yield child
        elif not isinstance(child, LogicalPlan):
            yield from _children(child)


def exists(expression: Expression, found: Callable[[Expression], bool]) -> bool:
    """Whether any node of an expression passes."""
    return found(expression) or any(exists(c, found) for c in children(expression))


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything below it, parents first, plans of subqueries left out."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def transform_down(
    expression: AnyExpression, change: Callable[[Expression], Expression | None]
) -> AnyExpression:
    """The tree with nodes replaced, parents first; `change` gives None to go on below."""

    def visit(node: Node) -> Node:
        if isinstance(node, LogicalPlan):
            return node
        if isinstance(node, Expression):
            changed = change(node)
            if changed is not None:
                return changed
            if isinstance(node, (AttributeReference, Literal, OuterReference)):
                return node
        return node.map_children(visit)

    return cast("AnyExpression", visit(expression))


def references(expressions: Iterable[Expression]) -> dict[int, AttributeReference]:
    """The columns that expressions read, by id; those that subqueries read from outside included."""
    found: dict[int, AttributeReference] = {}
    for expression in expressions:
        for node in walk(expression):
            if isinstance(node, AttributeReference):
                found[node.expr_id] = node
            elif isinstance(node, Subquery):
                for attribute in outer_references(node.plan):
                    found.setdefault(attribute.expr_id, attribute)
    return found


def outer_references(plan: LogicalPlan) -> Iterator[AttributeReference]:
    """The columns of the query around that a plan reads."""
    for node in plan.walk():
        if isinstance(node, OuterReference):
            yield node.attribute


def is_aggregate(expression: Expression) -> bool:
    """Whether the node itself is an aggregate function, a user's one included."""
    return isinstance(expression, AggregateCall) or (
        isinstance(expression, PythonFunction) and expression.eval_type in GROUPED_AGGREGATE_EVAL_TYPES
    )


def contains_aggregate(expression: Expression) -> bool:
    """Whether an aggregate function occurs that is not itself the function of a window."""
    if isinstance(expression, WindowExpression):
        below = [*children(expression.function), *expression.partition_by, *expression.order_by]
        return any(contains_aggregate(c) for c in below)
    return is_aggregate(expression) or any(contains_aggregate(c) for c in children(expression))


def contains_window(expression: Expression) -> bool:
    """Whether a window expression occurs."""
    return exists(expression, lambda e: isinstance(e, (WindowExpression, WindowCall)))


def contains_generator(expression: Expression) -> bool:
    """Whether a generator occurs."""
    return exists(expression, lambda e: isinstance(e, GeneratorCall))


def named(expression: Expression, name: str) -> Alias:
    """The expression under a name, as a new column."""
    return Alias(expression, (name,), expr_id=next_expr_id())


def strip_alias(expression: Expression) -> Expression:
    """The value below its name."""
    return expression.child if isinstance(expression, Alias) else expression
