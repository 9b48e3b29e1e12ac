"""Aggregates that the engine gets wrong over the branches of a UNION ALL.

Each branch is aggregated on its own there, and where two are put together, `last` keeps what came first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from potok.functions.base import FILTER, AggregateFunction, Function, Input
from potok.plan.expressions import AggregateCall, Expression

LAST = "_last_of_branches"


def over_branches(expression: Expression) -> Expression:
    """An expression with aggregates that are right over branches as well."""
    if isinstance(expression, AggregateCall) and expression.name in {"last", "last_value"}:
        return replace(expression, name=LAST)
    changed = expression.map_children(
        lambda child: over_branches(child) if isinstance(child, Expression) else child, Expression
    )
    if not isinstance(changed, Expression):
        raise TypeError(changed)
    return changed


def _emit_last(call: AggregateCall, arguments: Sequence[str]) -> str:
    values = f"list({arguments[0]}){FILTER}"
    return f"list_filter({values}, lambda t: t IS NOT NULL)[-1]" if call.ignore_nulls else f"({values})[-1]"


FUNCTIONS: tuple[Function, ...] = (
    AggregateFunction(
        LAST, (Input.ANY, Input.ANY), lambda arguments: arguments[0].data_type, _emit_last, optional=1
    ),
)
