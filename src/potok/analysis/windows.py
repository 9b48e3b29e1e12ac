"""`function OVER (..)`: resolving, checking, and pulling out into Window nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from potok.analysis.coercion import can_cast
from potok.analysis.names import quote_type
from potok.analysis.pretty import definition_text, frame_text, sql_expression
from potok.analysis.trees import is_aggregate, named, transform_down
from potok.errors import SparkError
from potok.functions.type_rules import DATETIME_TYPES, INTERVAL_TYPES, cast_to
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Call,
    Expression,
    Literal,
    PythonFunction,
    SortOrder,
    UnresolvedFunction,
    WindowCall,
    WindowExpression,
    WindowFrame,
)
from potok.plan.logical import LogicalPlan, Window, to_attribute
from potok.types import DATE, INTEGER, TIMESTAMP, TIMESTAMP_NTZ, DayTimeIntervalType, NullType, NumericType

if TYPE_CHECKING:
    from potok.analysis.expressions import Resolver

_CURRENT_ROW = Literal(0, INTEGER)
_NEEDS_ORDER = frozenset(
    {"row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "nth_value"}
)
_FIXED_FRAME = frozenset({"row_number", "rank", "dense_rank", "percent_rank", "ntile", "cume_dist"})
_RANGE_FRAME = frozenset({"cume_dist"})


class WindowRules:
    """Resolves window expressions and makes Window nodes of them."""

    def resolve(self, resolver: Resolver, window: WindowExpression) -> WindowExpression:
        """The resolved expression with its frame. Raises errors of functions and frames."""
        function = strip(resolver.resolve_window_function(window.function))
        self._check_function(function, window)
        partition_by = tuple(strip(resolver.resolve(e)) for e in window.partition_by)
        order_by = cast("tuple[SortOrder, ...]", tuple(resolver.resolve(e) for e in window.order_by))
        resolved = WindowExpression(
            function, partition_by, order_by, window.frame, window.name, window.origin
        )
        return replace(resolved, frame=self._frame(resolver, window, resolved))

    def _check_function(self, function: Expression, window: WindowExpression) -> None:
        if isinstance(function, WindowCall) or is_aggregate(function) or isinstance(function, PythonFunction):
            if isinstance(function, WindowCall) and function.name in _NEEDS_ORDER and not window.order_by:
                raise SparkError(
                    "WINDOW_FUNCTION_FRAME_NOT_ORDERED", wf_name=function.name, wf_expr=_example(function)
                )
            if getattr(function, "is_distinct", False):
                place = window.function.origin if isinstance(window.function, UnresolvedFunction) else None
                raise SparkError(
                    "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED", origin=place, windowExpr=sql_expression(window)
                )
            return
        raise SparkError(
            "UNSUPPORTED_EXPR_FOR_WINDOW",
            sqlExpr=sql_expression(function),
            origin=window.function.origin if isinstance(window.function, UnresolvedFunction) else None,
        )

    def _frame(
        self, resolver: Resolver, window: WindowExpression, resolved: WindowExpression
    ) -> WindowFrame | None:
        name = getattr(resolved.function, "name", "")
        if isinstance(resolved.function, WindowCall) and name in {"lag", "lead"}:
            if window.frame is not None:
                raise SparkError("_LEGACY_ERROR_TEMP_1035", prettyName=name)
            return None
        if isinstance(resolved.function, WindowCall) and name in _FIXED_FRAME:
            fixed = WindowFrame(name not in _RANGE_FRAME, None, _CURRENT_ROW)
            if window.frame is not None and window.frame != fixed:
                raise SparkError(
                    "_LEGACY_ERROR_TEMP_1036",
                    wf=_frame_text(window.frame),
                    required=_frame_text(fixed),
                )
            return fixed
        if window.frame is None:
            if resolved.order_by:
                return WindowFrame(False, None, _CURRENT_ROW)  # noqa: FBT003 - RANGE
            return WindowFrame(True, None, None)  # noqa: FBT003 - ROWS
        lower, upper = (
            None if bound is None else strip(resolver.resolve(bound))
            for bound in (window.frame.lower, window.frame.upper)
        )
        frame = WindowFrame(window.frame.is_rows, _folded(lower), _folded(upper))
        if _is_reversed(lower, upper):
            raise SparkError(
                "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON",
                origin=window.origin,
                sqlExpr=f'"{frame_text(frame, is_sql=window.origin is not None)}"',
                comparison="less than or equal",
            )
        return frame if frame.is_rows else self._range_frame(resolver, resolved, frame)

    def _range_frame(self, resolver: Resolver, window: WindowExpression, frame: WindowFrame) -> WindowFrame:
        bounds = [b for b in (frame.lower, frame.upper) if b is not None and not _is_current(b)]
        if not bounds:
            return frame
        if not window.order_by:
            raise SparkError(
                "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER",
                origin=window.origin,
                sqlExpr=f'"{definition_text(window)}"',
            )
        if len(window.order_by) > 1:
            raise SparkError(
                "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER",
                origin=window.origin,
                sqlExpr=f'"{definition_text(window)}"',
                orderSpec=",".join(_order_text(o) for o in window.order_by),
            )
        order_type = window.order_by[0].data_type

        def converted(bound: Expression | None) -> Expression | None:
            if bound is None or _is_current(bound) or bound.data_type == order_type:
                return bound
            if order_type == DATE and bound.data_type == INTEGER:
                return bound
            if not isinstance(order_type, (NumericType, *DATETIME_TYPES, *INTERVAL_TYPES)):
                raise SparkError(
                    "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE",
                    sqlExpr=f'"{_range_text(frame)}"',
                    location="lower" if bound is frame.lower else "upper",
                    exprType=quote_type(order_type),
                    expectedType='("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH" or "INTERVAL")',
                )
            datetime = order_type in {DATE, TIMESTAMP, TIMESTAMP_NTZ}
            if datetime and isinstance(bound.data_type, DayTimeIntervalType):
                return bound
            if datetime or not can_cast(bound.data_type, order_type, ansi=True):
                raise SparkError(
                    "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE",
                    sqlExpr=sql_expression(window),
                    orderSpecType=quote_type(order_type),
                    valueBoundaryType=quote_type(bound.data_type),
                )
            if isinstance(bound, Literal) and isinstance(bound.value, int):
                return Literal(bound.value, bound.type)
            return cast_to(bound, order_type, resolver.functions)

        return WindowFrame(False, converted(frame.lower), converted(frame.upper))  # noqa: FBT003 - RANGE


def strip(expression: Expression) -> Expression:
    """The value without its name."""
    return expression.child if isinstance(expression, Alias) else expression


def _folded(bound: Expression | None) -> Expression | None:
    """A negated constant as a constant."""
    if isinstance(bound, Call) and bound.name == "negative" and isinstance(bound.arguments[0], Literal):
        inner = bound.arguments[0]
        return Literal(-inner.value, inner.type)
    return bound


def _is_current(bound: Expression) -> bool:
    return isinstance(bound, Literal) and bound.value == 0 and not isinstance(bound.value, bool)


def _is_reversed(lower: Expression | None, upper: Expression | None) -> bool:
    """Whether a frame of constants ends before it begins. CURRENT ROW is not compared."""
    if not isinstance(lower, Literal) or not isinstance(upper, Literal):
        return False
    if _is_current(lower) or _is_current(upper) or isinstance(lower.value, tuple | str):
        return False
    return lower.type == upper.type and lower.value is not None and bool(lower.value > upper.value)


def _example(function: WindowCall) -> str:
    """The call with the relations of its columns and every argument written out."""

    def qualified(node: Expression) -> Expression | None:
        if isinstance(node, AttributeReference):
            return replace(node, name=".".join((*node.qualifier, node.name)))
        return None

    arguments = [transform_down(a, qualified) for a in function.arguments]
    if function.name == "nth_value":
        arguments = arguments[:2]
    if function.name in {"lag", "lead"}:
        arguments += (Literal(1, INTEGER), Literal(None, NullType()))[len(arguments) - 1 :]
    return f"{function.name}({', '.join(sql_expression(a)[1:-1] for a in arguments)})"


def _order_text(order: SortOrder) -> str:
    """A key with the number of its column, as Spark's trees show it."""
    key = order.child
    shown = f"{key.name}#{key.expr_id}" if isinstance(key, AttributeReference) else sql_expression(key)[1:-1]
    direction, nulls = "ASC" if order.ascending else "DESC", "FIRST" if order.nulls_first else "LAST"
    return f"{shown} {direction} NULLS {nulls}"


def _range_text(frame: WindowFrame) -> str:
    return (
        f"RANGE BETWEEN {_range_bound(frame.lower, 'PRECEDING')} AND {_range_bound(frame.upper, 'FOLLOWING')}"
    )


def _range_bound(bound: Expression | None, side: str) -> str:
    if bound is None:
        return f"UNBOUNDED {side}"
    if _is_current(bound):
        return "CURRENT ROW"
    if isinstance(bound, Literal) and isinstance(bound.value, int) and bound.value < 0:
        return f"(- {-bound.value}) FOLLOWING"
    return f"{sql_expression(bound)[1:-1]} FOLLOWING"


def _frame_text(frame: WindowFrame) -> str:
    kind = "RowFrame" if frame.is_rows else "RangeFrame"
    return f"specifiedwindowframe({kind}, {_bound_text(frame.lower, 'preceding')}, {_bound_text(frame.upper, 'following')})"


def _bound_text(bound: Expression | None, side: str) -> str:
    if bound is None:
        return f"unbounded{side}$()"
    return "currentrow$()" if _is_current(bound) else sql_expression(bound)[1:-1]


def extract_windows(
    child: LogicalPlan, expressions: Sequence[Expression]
) -> tuple[LogicalPlan, list[Expression]]:
    """The expressions over Window nodes above `child`. Raises NESTED window errors and missing OVER."""
    found: dict[WindowExpression, Alias] = {}
    names = {
        e.child: e.name for e in expressions if isinstance(e, Alias) and isinstance(e.child, WindowExpression)
    }

    def replaced(node: Expression) -> Expression | None:
        if not isinstance(node, WindowExpression):
            return None
        alias = found.get(node)
        if alias is None:
            alias = found[node] = named(node, names.get(node, f"_we{len(found)}"))
        return to_attribute(alias)

    result = [transform_down(e, replaced) for e in expressions]
    return (Window(child, tuple(found.values())) if found else child), result


def check_window_functions_have_over(expressions: Sequence[Expression]) -> None:
    """Raises WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE for row_number() and its like alone."""
    for expression in expressions:
        transform_down(expression, _refuse_bare)


def _refuse_bare(node: Expression) -> Expression | None:
    if isinstance(node, WindowExpression):
        return node
    if isinstance(node, WindowCall):
        raise SparkError("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", funcName=f'"{_call(node)}"')
    return None


def _call(node: WindowCall) -> str:
    return sql_expression(node)[1:-1]
