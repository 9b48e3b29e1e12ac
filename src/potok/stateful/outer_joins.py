"""Outer joins whose missing side a condition above would not let through: Spark runs them as narrower joins.

Source of fact: Spark's rule EliminateOuterJoin.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from potok.functions.base import Nullability, ScalarFunction
from potok.functions.registry import builtin_functions
from potok.plan.expressions import AttributeReference, Call, Cast, Expression, GetStructField, Literal
from potok.plan.logical import Join

Ids = frozenset[int]
_UNKNOWN: Final = object()
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def narrowed_type(join: Join, condition: Expression, used: Ids, not_null: Ids) -> str:
    """The type of the join under a condition that reads some columns and is true only where some are not NULL."""
    over_nulls = _over_nulls(condition)
    rejects = over_nulls is None or over_nulls is False

    def needs(side: Ids) -> bool:
        return bool(not_null & side) or (rejects and used <= side)

    left = needs(frozenset(a.expr_id for a in join.left.output))
    right = needs(frozenset(a.expr_id for a in join.right.output))
    match join.join_type:
        case "full_outer" if left and right:
            return "inner"
        case "full_outer" if left:
            return "left_outer"
        case "full_outer" if right:
            return "right_outer"
        case "left_outer" if right:
            return "inner"
        case "right_outer" if left:
            return "inner"
    return join.join_type


def _over_nulls(expression: Expression) -> object:
    """What an expression is where all columns are NULL: None, a value, or _UNKNOWN."""
    match expression:
        case AttributeReference():
            return None
        case Literal(value=value):
            return value
        case Cast() | GetStructField():
            return None if _over_nulls(expression.child) is None else _UNKNOWN
        case Call():
            return _call_over_nulls(expression.name, [_over_nulls(a) for a in expression.arguments])
    return _UNKNOWN


def _call_over_nulls(name: str, values: Sequence[object]) -> object:
    match name:
        case "isnull" | "isnotnull":
            return _UNKNOWN if values[0] is _UNKNOWN else (values[0] is None) == (name == "isnull")
        case "and" | "or":
            decisive = name == "or"
            if any(value is decisive for value in values):
                return decisive
            return _UNKNOWN if _UNKNOWN in values else None if None in values else not decisive
        case "coalesce" | "nvl" | "ifnull":
            return next((value for value in values if value is not None), None)
        case "<=>":
            nulls = sum(value is None for value in values)
            return _UNKNOWN if _UNKNOWN in values or not nulls else nulls == len(values)
        case "in":
            return None if values[0] is None else _UNKNOWN
    function = builtin_functions().get(name)
    strict = isinstance(function, ScalarFunction) and function.nullable is Nullability.ANY_ARGUMENT
    if strict and any(value is None for value in values):
        return None
    if name in _COMPARISONS and all(isinstance(value, int | Decimal) for value in values):
        return _COMPARISONS[name](*values)
    return _UNKNOWN
