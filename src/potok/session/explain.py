"""Plans as people read them."""

from __future__ import annotations

from potok.plan.expressions import Alias, AttributeReference, Expression
from potok.plan.logical import (
    Aggregate,
    Filter,
    LogicalPlan,
    Project,
    ScanRelation,
    Sort,
    StreamingRelation,
)


def tree_text(plan: LogicalPlan) -> str:
    """One line a node, children below their parent, without a final newline."""
    lines: list[str] = []
    _lines(plan, "", "", lines)
    return "\n".join(lines)


def _lines(plan: LogicalPlan, first: str, rest: str, lines: list[str]) -> None:
    lines.append(first + _line(plan))
    for position, child in enumerate(plan.inputs):
        last = position == len(plan.inputs) - 1
        _lines(child, rest + ("+- " if last else ":- "), rest + ("   " if last else ":  "), lines)


def _line(plan: LogicalPlan) -> str:
    mark = "~" if plan.is_streaming else ""
    match plan:
        case Project(expressions=expressions):
            detail = f" [{_list(expressions)}]"
        case Filter(condition=condition):
            detail = f" {_text(condition)}"
        case Aggregate(grouping=grouping, aggregates=aggregates):
            detail = f" [{_list(grouping)}], [{_list(aggregates)}]"
        case Sort(order=order):
            detail = f" [{_list(order)}]"
        case ScanRelation(description=description):
            detail = f" {description} [{_list(plan.output)}]"
        case StreamingRelation(format=name, paths=paths):
            detail = f" {name}[{','.join(paths)}] [{_list(plan.output)}]"
        case _:
            detail = ""
    return f"{mark}{type(plan).__name__}{detail}"


def _list(expressions: tuple[Expression, ...]) -> str:
    return ", ".join(_text(e) for e in expressions)


def _text(expression: Expression) -> str:
    match expression:
        case AttributeReference(name=name, expr_id=expr_id):
            return f"{name}#{expr_id}"
        case Alias(child=child, expr_id=expr_id):
            return f"{_text(child)} AS {expression.name}#{expr_id}"
    name = getattr(expression, "name", type(expression).__name__)
    inner = ", ".join(_text(c) for c in expression.children(Expression) if isinstance(c, Expression))
    value = getattr(expression, "value", None)
    return str(value) if value is not None else f"{name}({inner})"
