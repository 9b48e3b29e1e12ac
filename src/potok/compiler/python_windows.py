"""Aggregate functions in Python over windows.

The rows are numbered in the order of the window, SQL finds the first and the last number of each row's frame (a frame is a
run of numbers, whatever its bounds mean), and a step calls the function over that run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from potok.compiler.user_functions import GROUPED_EVAL_TYPES, user_function
from potok.engine.user_functions import AggregateFrames
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Expression,
    Literal,
    PythonFunction,
    SortOrder,
    WindowCall,
    WindowExpression,
    WindowFrame,
    next_expr_id,
)
from potok.plan.logical import LogicalPlan, OperatorStep, Project, Window, to_attribute
from potok.types import INTEGER

_UNTIL_HERE = WindowFrame(is_rows=True, lower=None, upper=Literal(0, INTEGER))


def windows_in_python(plan: Window, kept: tuple[Alias, ...], time_zone: str) -> LogicalPlan | None:
    """The plan of a Window of which some functions are aggregates in Python; None where none is."""
    in_python = [e for e in kept if _is_python(e)]
    if not in_python:
        return None
    rest = tuple(e for e in kept if not _is_python(e))
    below: LogicalPlan = Window(plan.child, rest) if rest else plan.child
    for alias in in_python:
        below = _evaluated(below, alias, time_zone)
    return below


def _is_python(alias: Alias) -> bool:
    function = alias.child.function if isinstance(alias.child, WindowExpression) else None
    return isinstance(function, PythonFunction) and function.eval_type in GROUPED_EVAL_TYPES


def _evaluated(child: LogicalPlan, alias: Alias, time_zone: str) -> LogicalPlan:
    window = cast("WindowExpression", alias.child)
    function = cast("PythonFunction", window.function)
    arguments = tuple(_alias(a, "argument") for a in function.arguments)
    keys = tuple(_alias(k, "key") for k in window.partition_by)
    orders = tuple(_alias(o.child, "order") for o in window.order_by)
    columns = Project(child, (*child.output, *arguments, *keys, *orders))
    partition = tuple(to_attribute(k) for k in keys)
    order = tuple(replace(o, child=to_attribute(a)) for o, a in zip(window.order_by, orders, strict=True))
    number = _alias(
        WindowExpression(
            WindowCall("row_number", (), INTEGER, is_nullable=False),
            (),
            (*(SortOrder(p) for p in partition), *order),
            _UNTIL_HERE,
        ),
        "number",
    )
    numbered = to_attribute(number)
    frame = window.frame or WindowFrame(is_rows=True, lower=None, upper=None)
    # Rows of one place in the order stand as they were numbered.
    within = (SortOrder(numbered),) if frame.is_rows else order
    first, last = (
        _alias(
            WindowExpression(AggregateCall(name, (numbered,), INTEGER), partition, within, frame),
            f"{name}_number",
        )
        for name in ("min", "max")
    )
    framed = Window(Window(columns, (number,)), (first, last))
    output = framed.output
    at = {a.expr_id: i for i, a in enumerate(output)}
    called = replace(function, arguments=tuple(to_attribute(a) for a in arguments))
    operator = AggregateFrames(
        user_function(called, output),
        len(child.output),
        at[numbered.expr_id],
        (at[to_attribute(first).expr_id], at[to_attribute(last).expr_id]),
        time_zone,
    )
    result = AttributeReference(alias.name, function.type, expr_id=alias.expr_id)
    return OperatorStep((framed,), operator, (*child.output, result))


def _alias(value: Expression, name: str) -> Alias:
    return Alias(value, (name,), expr_id=next_expr_id())
