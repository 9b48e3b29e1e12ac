"""Subqueries inside expressions: scalar, EXISTS and IN, correlated or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from potok.analysis.names import quote_type
from potok.analysis.pretty import full_sql, sql_expression
from potok.analysis.rewriting import defined_ids, renew
from potok.analysis.trees import named
from potok.errors import SparkError
from potok.functions.type_rules import cast_to, wider_type
from potok.plan.expressions import Alias, Expression, Subquery, UnresolvedFunction, UnresolvedSubquery
from potok.plan.logical import LogicalPlan, Project
from potok.types import BOOLEAN

if TYPE_CHECKING:
    from potok.analysis.expressions import Resolver


class SubqueryRules:
    """Resolves subquery expressions with the columns of the query around in sight."""

    def resolve(self, resolver: Resolver, subquery: UnresolvedSubquery) -> Subquery:
        """The resolved subquery. Raises errors of its plan and of its number of columns."""
        plan = self.plan(resolver, subquery.plan)
        match subquery.kind:
            case "exists":
                return Subquery(plan, "exists", (), BOOLEAN, is_nullable=False)
            case "in":
                return self._in(resolver, subquery, plan)
        if len(plan.output) != 1:
            raise SparkError(
                "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
                origin=subquery.origin,
                number=len(plan.output),
            )
        return Subquery(plan, "scalar", (), plan.output[0].type, is_nullable=True, origin=subquery.origin)

    def plan(self, resolver: Resolver, plan: LogicalPlan) -> LogicalPlan:
        """The resolved plan of a subquery, with ids of its own."""
        analyzer = resolver.analyzer
        outer, analyzer.outer = analyzer.outer, resolver
        try:
            resolved = analyzer.resolve(plan)
        finally:
            analyzer.outer = outer
        around = {a.expr_id for a in resolver.columns.attributes}
        return renew(resolved) if around & defined_ids(resolved) else resolved

    def _in(self, resolver: Resolver, subquery: UnresolvedSubquery, plan: LogicalPlan) -> Subquery:
        values = self._values(resolver, subquery)
        if len(values) != len(plan.output):
            raise SparkError(
                "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH",
                sqlExpr=sql_expression(subquery),
                leftLength=len(values),
                rightLength=len(plan.output),
                leftColumns=", ".join(sql_expression(v) for v in values),
                rightColumns=", ".join(f'"{a.name}"' for a in plan.output),
            )
        context = resolver.functions
        left, right = [], []
        for value, column in zip(values, plan.output, strict=True):
            common = wider_type(
                value.data_type, column.type, ansi=context.ansi, case_sensitive=context.case_sensitive
            )
            if common is None:
                raise SparkError(
                    "DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH",
                    sqlExpr=sql_expression(subquery),
                    mismatchedColumns=f"({full_sql(value)}:{value.data_type.simple_string},"
                    f" {full_sql(column)}:{column.type.simple_string})",
                    leftType=", ".join(quote_type(v.data_type) for v in values),
                    rightType=", ".join(quote_type(a.type) for a in plan.output),
                )
            left.append(cast_to(value, common, context))
            converted = cast_to(column, common, context)
            right.append(converted if converted is column else named(converted, column.name))
        if any(isinstance(r, Alias) for r in right):
            plan = Project(plan, tuple(right))
        nullable = any(e.nullable for e in (*left, *plan.output))
        return Subquery(plan, "in", tuple(left), BOOLEAN, is_nullable=nullable)

    def _values(self, resolver: Resolver, subquery: UnresolvedSubquery) -> list[Expression]:
        values: list[Expression] = []
        for value in subquery.values:
            row = isinstance(value, UnresolvedFunction) and value.name in {"struct", "named_struct"}
            if row and len(subquery.values) == 1:
                call = cast("UnresolvedFunction", value)
                parts = call.arguments if call.name == "struct" else call.arguments[1::2]
                values += [_value(resolver.resolve(p)) for p in parts]
            else:
                values.append(_value(resolver.resolve(value)))
        return values


def _value(expression: Expression) -> Expression:
    return expression.child if isinstance(expression, Alias) else expression
