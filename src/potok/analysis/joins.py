"""Joins: by condition, by column names, natural, lateral."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from potok.analysis.coercion import check_condition
from potok.analysis.expressions import strip
from potok.analysis.hidden import UsingProject
from potok.analysis.names import Columns, quote, quote_type
from potok.analysis.pretty import sql_expression
from potok.analysis.rewriting import defined_ids, renew
from potok.analysis.table_functions import called_function
from potok.analysis.tables import is_generator, lateral_generator
from potok.analysis.trees import contains_aggregate, named
from potok.errors import SparkError, unsupported
from potok.functions.type_rules import coerce_all, coerce_operands
from potok.plan.expressions import TRUE, AttributeReference, Call, Expression
from potok.plan.logical import Filter, Join, LogicalPlan, Project, with_nullability
from potok.plan.unresolved import UnresolvedJoin
from potok.types import BOOLEAN, DataType

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer


def join(analyzer: Analyzer, plan: UnresolvedJoin) -> LogicalPlan:
    """A join. Raises errors of names, and of conditions that are not BOOLEAN."""
    left = analyzer.resolve(plan.left)
    if plan.lateral and is_generator(analyzer, plan.right) and plan.condition in {None, TRUE}:
        return lateral_generator(analyzer, left, plan.right, outer=plan.join_type == "left_outer")
    if plan.lateral and called_function(analyzer, plan.right) is not None:
        return _joined_rows(analyzer, plan, left)
    right = _lateral_side(analyzer, left, plan.right) if plan.lateral else analyzer.resolve(plan.right)
    if defined_ids(left) & defined_ids(right):
        right = renew(right)
    if plan.natural:
        case_sensitive = analyzer.context.function_context.case_sensitive
        right_names = Columns(right.output, case_sensitive=case_sensitive)
        using = tuple(a.name for a in left.output if right_names.named(a.name))
        return _using(analyzer, plan, left, right, using)
    if plan.using:
        return _using(analyzer, plan, left, right, plan.using)
    condition = None
    if plan.condition is not None:
        resolver = analyzer.resolver(left, right)
        condition = strip(resolver.resolve(plan.condition))
        if resolver.hidden:
            left, right = analyzer.exposing(left, resolver), analyzer.exposing(right, resolver)
        condition = _check(condition, analyzer)
    join_type = "inner" if plan.join_type == "cross" and condition is not None else plan.join_type
    return Join(left, right, join_type, condition, plan.lateral)


def _joined_rows(analyzer: Analyzer, plan: UnresolvedJoin, left: LogicalPlan) -> LogicalPlan:
    """A lateral join with a user's table function by a condition."""
    if plan.join_type not in {"inner", "cross"} or plan.condition is None:
        raise unsupported("An outer join with a table function by a condition", "Join ON true, then filter.")
    rows = lateral_generator(analyzer, left, plan.right, outer=False)
    condition = strip(analyzer.resolver(rows).resolve(plan.condition))
    return Filter(rows, _check(condition, analyzer))


def _check(condition: Expression, analyzer: Analyzer) -> Expression:
    if contains_aggregate(condition):
        raise SparkError(
            "INVALID_WHERE_CONDITION",
            condition=sql_expression(condition),
            expressionList=sql_expression(condition)[1:-1],
        )
    try:
        return check_condition(condition, analyzer.context.function_context)
    except SparkError as error:
        raise SparkError(
            "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE",
            joinCondition=sql_expression(condition),
            conditionType=quote_type(condition.data_type),
        ) from error


def _lateral_side(analyzer: Analyzer, left: LogicalPlan, right: LogicalPlan) -> LogicalPlan:
    outer, analyzer.outer = analyzer.outer, analyzer.resolver(left)
    try:
        return analyzer.resolve(right)
    finally:
        analyzer.outer = outer


# ---- USING --------------------------------------------------------------------------------------


def _using(
    analyzer: Analyzer, plan: UnresolvedJoin, left: LogicalPlan, right: LogicalPlan, using: Sequence[str]
) -> LogicalPlan:
    left_keys = [_key(analyzer, left, name, "left") for name in using]
    right_keys = [_key(analyzer, right, name, "right") for name in using]
    condition: Expression | None = None
    for a, b in zip(left_keys, right_keys, strict=True):
        equal = _equal(a, b, analyzer)
        condition = equal if condition is None else _and(condition, equal)
    join_type = "inner" if plan.join_type == "cross" else plan.join_type
    joined = Join(left, right, join_type, condition)
    left_ids, right_ids = {k.expr_id for k in left_keys}, {k.expr_id for k in right_keys}
    left_rest = [a for a in left.output if a.expr_id not in left_ids]
    right_rest = [a for a in right.output if a.expr_id not in right_ids]
    hidden: list[AttributeReference]
    keys: list[Expression]
    match join_type:
        case "left_semi" | "left_anti":
            if left.is_streaming and right.is_streaming:
                left_keys, left_rest = _nullable(left_keys), _nullable(left_rest)
            return Project(joined, (*left_keys, *left_rest))
        case "right_outer":
            keys, hidden = list(right_keys), [with_nullability(k, nullable=True) for k in left_keys]
            left_rest = [with_nullability(a, nullable=True) for a in left_rest]
        case "full_outer":
            left_keys = [with_nullability(k, nullable=True) for k in left_keys]
            right_keys = [with_nullability(k, nullable=True) for k in right_keys]
            keys = [_merged(a, b, analyzer) for a, b in zip(left_keys, right_keys, strict=True)]
            hidden = [*left_keys, *right_keys]
            left_rest = [with_nullability(a, nullable=True) for a in left_rest]
            right_rest = [with_nullability(a, nullable=True) for a in right_rest]
        case "left_outer":
            keys, hidden = list(left_keys), [with_nullability(k, nullable=True) for k in right_keys]
            right_rest = [with_nullability(a, nullable=True) for a in right_rest]
        case _:
            keys, hidden = list(left_keys), list(right_keys)
    if left.is_streaming and right.is_streaming:
        keys = [with_nullability(k, nullable=True) if isinstance(k, AttributeReference) else k for k in keys]
        hidden = _nullable(hidden)
        left_rest, right_rest = _nullable(left_rest), _nullable(right_rest)
    analyzer.needs_cleanup = True
    return UsingProject(joined, (*keys, *left_rest, *right_rest), keys=tuple(hidden))


def _nullable(columns: Sequence[AttributeReference]) -> list[AttributeReference]:
    """What goes through the state of a join of streams is nullable."""
    return [with_nullability(column, nullable=True) for column in columns]


def _key(analyzer: Analyzer, plan: LogicalPlan, name: str, side: str) -> AttributeReference:
    columns = Columns(plan.output, case_sensitive=analyzer.context.function_context.case_sensitive)
    found = columns.named(name)
    if len(found) > 1:
        found = list({a.expr_id: a for a in found}.values())
    if len(found) == 1:
        return found[0]
    if not found:
        raise SparkError(
            "UNRESOLVED_USING_COLUMN_FOR_JOIN",
            colName=quote(name),
            side=side,
            suggestion=", ".join(quote(n) for n in sorted(a.name for a in plan.output)),
        )
    resolved = columns.resolve((name,))
    assert isinstance(resolved, AttributeReference)  # noqa: S101 - resolve raises for several
    return resolved


def _equal(left: Expression, right: Expression, analyzer: Analyzer) -> Expression:
    context = analyzer.context.function_context
    a, b = coerce_operands(left, right, context, is_comparison=True)
    if a.data_type != b.data_type:
        raise SparkError(
            "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
            sqlExpr=f'"({sql_expression(left)[1:-1]} = {sql_expression(right)[1:-1]})"',
            left=quote_type(left.data_type),
            right=quote_type(right.data_type),
        )
    return Call("==", (a, b), BOOLEAN, a.nullable or b.nullable, context.ansi)


def _and(left: Expression, right: Expression) -> Expression:
    return Call("and", (left, right), BOOLEAN, left.nullable or right.nullable)


def _merged(left: AttributeReference, right: AttributeReference, analyzer: Analyzer) -> Expression:
    context = analyzer.context.function_context
    values = coerce_all((left, right), context) or (left, right)
    data_type: DataType = values[0].data_type
    return named(Call("coalesce", values, data_type, left.nullable and right.nullable), left.name)


def resolved_join(analyzer: Analyzer, plan: Join) -> LogicalPlan:
    """A join that comes resolved, over children that may not be."""
    return replace(plan, left=analyzer.resolve(plan.left), right=analyzer.resolve(plan.right))
