"""Values of constant arguments: literals, casts of them, and arithmetic of whole numbers."""

from __future__ import annotations

import re
from typing import Any

from potok.plan.expressions import Alias, Call, Cast, Expression, Literal
from potok.types import IntegralType, StringType

_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")
_OPERATIONS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}


def fold(expression: Expression) -> Any:  # noqa: ANN401 - a literal's value has the type of its expression
    """The value, or None where it is NULL or not one of the constants this module knows."""
    match expression:
        case Literal(value=value):
            return value
        case Alias(child=child):
            return fold(child)
        case Cast(child=child, type=target):
            value = fold(child)
            if isinstance(target, IntegralType) and isinstance(value, int) and not isinstance(value, bool):
                return value
            if isinstance(target, IntegralType) and isinstance(value, str):
                return int(value) if _WHOLE.fullmatch(value) else None
            return value if isinstance(target, StringType) and isinstance(value, str) else None
        case Call(name="negative", arguments=(child,)):
            value = fold(child)
            return None if value is None else -value
        case Call(name=name, arguments=(left, right)) if name in _OPERATIONS:
            a, b = fold(left), fold(right)
            if isinstance(a, int) and isinstance(b, int):
                return _OPERATIONS[name](a, b)
    return None
