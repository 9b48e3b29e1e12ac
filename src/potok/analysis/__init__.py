"""Unresolved plans to resolved ones, by Spark's rules of names and types."""

from __future__ import annotations

from potok.analysis.analyzer import Analyzer
from potok.analysis.check import check_batch, check_streaming
from potok.analysis.context import AnalysisContext, Catalog
from potok.analysis.expressions import Resolver
from potok.analysis.hidden import plain
from potok.analysis.pretty import pretty_name, sql_expression
from potok.plan.expressions import Expression
from potok.plan.logical import Attributes, LogicalPlan

__all__ = [
    "AnalysisContext",
    "Catalog",
    "analyze",
    "check_batch",
    "check_streaming",
    "pretty_name",
    "resolve_expression",
    "sql_expression",
]


def analyze(plan: LogicalPlan, context: AnalysisContext) -> LogicalPlan:
    """The resolved plan. Raises SparkError with Spark's conditions."""
    analyzer = Analyzer(context)
    resolved = analyzer.resolve(plan)
    return plain(resolved) if analyzer.needs_cleanup else resolved


def resolve_expression(
    expression: Expression, attributes: Attributes, context: AnalysisContext
) -> Expression:
    """One expression over the given columns. Raises SparkError."""
    return Resolver(Analyzer(context), (), attributes=attributes).resolve(expression)
