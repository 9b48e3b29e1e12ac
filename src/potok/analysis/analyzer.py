"""The walk over a plan: children first, then the rule of the node's class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from potok.analysis.context import AnalysisContext
from potok.analysis.expressions import Resolver
from potok.analysis.functions import is_deterministic
from potok.analysis.hidden import hidden_output, with_hidden
from potok.analysis.names import Columns
from potok.analysis.pretty import sql_expression
from potok.analysis.subqueries import SubqueryRules
from potok.analysis.trees import contains_window, is_aggregate, walk
from potok.analysis.windows import WindowRules
from potok.errors import SparkError
from potok.plan.expressions import (
    AggregateCall,
    AttributeReference,
    Expression,
    PythonFunction,
    Subquery,
    UnresolvedAttribute,
)
from potok.plan.logical import Attributes, LogicalPlan, Project, SetOperation

if TYPE_CHECKING:
    from potok.analysis.expressions import Fallback

# Errors that Spark places where the relation was written, not an expression in it.
_OF_RELATIONS = frozenset(
    {
        "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN",
        "INCOMPATIBLE_COLUMN_TYPE",
        "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE",
        "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE",
        "INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL",
        "INVALID_WHERE_CONDITION",
        "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE",
        "MISSING_GROUP_BY",
        "NUM_COLUMNS_MISMATCH",
        "TABLE_OR_VIEW_NOT_FOUND",
        "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
        "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        "UNSUPPORTED_EXPR_FOR_OPERATOR",
        "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
        "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE",
    }
)
Rule = Callable[["Analyzer", LogicalPlan], LogicalPlan]


class Analyzer:
    """Resolves one plan. `relations` are the common table expressions in sight, innermost last."""

    def __init__(self, context: AnalysisContext) -> None:
        self.context = context
        self.windows = WindowRules()
        self.subqueries = SubqueryRules()
        self.relations: list[dict[str, LogicalPlan]] = []
        self.outer: Resolver | None = None
        self.needs_cleanup = False
        self._placed: SparkError | None = None
        self._rules = _all_rules()

    # ---- plans ----

    def resolve(self, plan: LogicalPlan) -> LogicalPlan:
        """The resolved plan. Raises SparkError."""
        rule = self._rules.get(type(plan))
        if rule is None:
            raise SparkError("INTERNAL_ERROR", message=f"no rule for {type(plan).__name__}")
        try:
            resolved = rule(self, plan)
        except SparkError as error:
            self._place(error, plan)
            raise
        if plan.plan_id is not None and resolved.plan_id != plan.plan_id:
            return self._tagged(resolved, plan.plan_id)
        return resolved

    def _place(self, error: SparkError, plan: LogicalPlan) -> None:
        """Say where the relation at fault, which is the innermost, was written."""
        if error is self._placed:
            return
        self._placed = error
        if error.origin is None and error.condition in _OF_RELATIONS:
            error.origin = plan.origin
            error.args = (error.message,)

    def _tagged(self, resolved: LogicalPlan, plan_id: int) -> LogicalPlan:
        if resolved.plan_id is None:
            return replace(resolved, plan_id=plan_id)
        return Project(resolved, resolved.output, plan_id=plan_id)

    def resolver(
        self,
        *plans: LogicalPlan,
        fallback: Fallback | None = None,
        attributes: Attributes | None = None,
    ) -> Resolver:
        """Resolves expressions over the output of these plans, and of the queries around."""
        return Resolver(self, plans, outer=self.outer, fallback=fallback, attributes=attributes)

    # ---- hidden columns ----

    def hidden_output(self, plan: LogicalPlan) -> Attributes:
        """Columns that a plan could give but does not list: `_metadata`, keys of USING joins."""
        return hidden_output(plan)

    def exposing(self, plan: LogicalPlan, resolver: Resolver) -> LogicalPlan:
        """The plan with the hidden columns that the resolver used added to its output."""
        return with_hidden(plan, tuple(resolver.hidden.values())) if resolver.hidden else plan

    # ---- columns of data frames ----

    def data_frame_column(self, resolver: Resolver, attribute: UnresolvedAttribute) -> Expression | None:
        """What `df.column` means: the column of the frame with that plan id, below.

        Raises CANNOT_RESOLVE_DATAFRAME_COLUMN, AMBIGUOUS_COLUMN_REFERENCE.
        """
        plan_id = cast("int", attribute.plan_id)
        matches: list[tuple[Expression, int]] = []
        matched = False
        for plan in resolver.plans:
            found, below = self._frame_columns(plan, plan_id, attribute, 0)
            matches += found
            matched = matched or below
        if not matched:
            outer = resolver.outer
            if outer is not None:
                return None
            raise SparkError(
                "CANNOT_RESOLVE_DATAFRAME_COLUMN",
                origin=attribute.origin,
                name='"' + ".".join(attribute.parts) + '"',
            )
        visible = {a.expr_id for a in resolver.columns.attributes}
        hidden = {a.expr_id for p in resolver.plans for a in self.hidden_output(p)} if matches else set()
        usable = [
            (e, depth)
            for e, depth in matches
            if all(n.expr_id in visible or n.expr_id in hidden for n in _attributes(e))
        ]
        if len(usable) > 1:
            least = min(depth for _, depth in usable)
            usable = [(e, depth) for e, depth in usable if depth == least]
        if len(usable) > 1:
            raise SparkError(
                "AMBIGUOUS_COLUMN_REFERENCE", origin=attribute.origin, name=f'"{".".join(attribute.parts)}"'
            )
        if not usable:
            return None
        expression = self._as_visible(usable[0][0], resolver)
        resolver.use_hidden(expression)
        return expression

    def _as_visible(self, expression: Expression, resolver: Resolver) -> Expression:
        """The column with the nullability that it has at the top, and else as it is in its frame.

        A watermark that came above the frame is not of it: so Spark's UpdateAttributeNullability.
        """
        if not isinstance(expression, AttributeReference):
            return expression
        for attribute in resolver.columns.attributes:
            if attribute.expr_id == expression.expr_id:
                return replace(attribute, name=expression.name, metadata=expression.metadata)
        return expression

    def _frame_columns(
        self, plan: LogicalPlan, plan_id: int, attribute: UnresolvedAttribute, depth: int
    ) -> tuple[list[tuple[Expression, int]], bool]:
        if plan.plan_id == plan_id:
            output = self.hidden_output(plan) if attribute.is_metadata_column else plan.output
            columns = Columns(output, case_sensitive=self.context.function_context.case_sensitive)
            found = columns.resolve(attribute.parts, attribute.origin)
            if found is None and not attribute.is_metadata_column:
                hidden = Columns(
                    self.hidden_output(plan), case_sensitive=self.context.function_context.case_sensitive
                )
                found = hidden.resolve(attribute.parts, attribute.origin)
            return ([] if found is None else [(found, depth)]), True
        if isinstance(plan, SetOperation):
            return [], False
        matches: list[tuple[Expression, int]] = []
        matched = False
        for child in plan.inputs:
            found_below, below = self._frame_columns(child, plan_id, attribute, depth + 1)
            matches += found_below
            matched = matched or below
        return matches, matched

    def data_frame_columns(self, resolver: Resolver, plan_id: int) -> Attributes:
        """The columns that `df["*"]` stands for. Raises CANNOT_RESOLVE_DATAFRAME_COLUMN."""
        frames = [f for p in resolver.plans for f in _frames(p, plan_id)]
        if not frames:
            raise SparkError("CANNOT_RESOLVE_DATAFRAME_COLUMN", name="*")
        visible = {a.expr_id: a for a in resolver.columns.attributes}
        return tuple(visible[a.expr_id] for a in frames[0].output if a.expr_id in visible)

    # ---- checks ----

    def check_aggregate_arguments(self, call: Expression, written: Expression) -> None:
        """Raises NESTED_AGGREGATE_FUNCTION and errors of windows and of chance inside aggregates."""
        arguments = call.arguments if isinstance(call, (AggregateCall, PythonFunction)) else ()
        condition = call.filter if isinstance(call, AggregateCall) else None
        for argument in (*arguments, *((condition,) if condition is not None else ())):
            nested = next((e for e in walk(argument) if is_aggregate(e)), None)
            if nested is not None:
                raise SparkError("NESTED_AGGREGATE_FUNCTION", origin=getattr(nested, "origin", None))
            if contains_window(argument):
                raise SparkError("_LEGACY_ERROR_TEMP_1246")
            if not is_deterministic(argument, self.context):
                raise SparkError(
                    "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION",
                    origin=getattr(argument, "origin", None),
                    sqlExpr=sql_expression(written),
                )


def _attributes(expression: Expression) -> list[AttributeReference]:
    return [n for n in walk(expression) if isinstance(n, AttributeReference) and not isinstance(n, Subquery)]


def _frames(plan: LogicalPlan, plan_id: int) -> list[LogicalPlan]:
    if plan.plan_id == plan_id:
        return [plan]
    return [f for child in plan.inputs for f in _frames(child, plan_id)]


def _all_rules() -> dict[type[LogicalPlan], Rule]:
    from potok.analysis.rules import RULES

    return RULES
