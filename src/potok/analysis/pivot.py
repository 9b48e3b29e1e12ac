"""Pivot: one output column per value and aggregate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from potok.analysis.coercion import can_cast
from potok.analysis.expressions import strip
from potok.analysis.pretty import literal_sql_text, pretty_literal, sql_expression
from potok.analysis.select import select
from potok.analysis.trees import contains_aggregate, named, references, transform_down
from potok.errors import SparkError
from potok.functions.type_rules import cast_to, is_orderable
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    Call,
    Expression,
    Literal,
    SortOrder,
    UnresolvedFunction,
    UnresolvedStar,
)
from potok.plan.logical import Aggregate, Deduplicate, Limit, LogicalPlan, Project, Sort
from potok.plan.unresolved import UnresolvedAggregate
from potok.types import BOOLEAN, INTEGER, LONG, BooleanType, NumericType, StructType

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer
    from potok.analysis.expressions import Resolver

_DEFAULT_MOST_VALUES = 10_000
_FIRST_OF_PIVOT = (BooleanType, NumericType)
"""Where every aggregate has one of these types, Spark groups by the pivot column too, and a missing cell
is NULL (PivotFirst); else the aggregates see no row, and a missing cell of count is 0."""


def pivot(analyzer: Analyzer, plan: UnresolvedAggregate) -> LogicalPlan:
    """Groups with an aggregate per pivot value: `sum(x)` becomes `sum(x) FILTER (WHERE p <=> value)`."""
    child = analyzer.resolve(plan.child)
    resolver = analyzer.resolver(child)
    grouping = resolver.named(plan.grouping)
    column = strip(resolver.resolve(plan.pivot_column)) if plan.pivot_column is not None else None
    if column is None:
        raise SparkError("INTERNAL_ERROR", message="a pivot has no column")
    values = _values(analyzer, resolver, plan, column, child)
    if any(isinstance(node, UnresolvedStar) for e in plan.aggregates for node in e.walk()):
        raise SparkError("INVALID_USAGE_OF_STAR_OR_REGEX", elem="'*'", prettyName="Pivot")
    aggregates = [(e, resolver.resolve(e)) for e in plan.aggregates]
    for original, resolved in aggregates:
        if not contains_aggregate(strip(resolved)):
            raise SparkError("_LEGACY_ERROR_TEMP_1006", sql=sql_expression(original, resolver.known)[1:-1])
    is_null_when_missing = all(isinstance(strip(r).data_type, _FIRST_OF_PIVOT) for _, r in aggregates)
    items: list[Expression] = list(grouping)
    for value, value_name in values:
        condition = _equals(analyzer, column, value)
        for original, resolved in aggregates:
            name = value_name
            if len(aggregates) > 1:
                name = f"{value_name}_{_suffix(resolver, original, resolved)}"
            cell = _filtered(strip(resolved), condition)
            items.append(named(_unless_missing(cell, condition) if is_null_when_missing else cell, name))
    cells = select(analyzer.exposing(child, resolver), items, [strip(g) for g in grouping])
    return _again(cells, len(grouping)) if is_null_when_missing and child.is_streaming else cells


def _again(cells: LogicalPlan, key_count: int) -> LogicalPlan:
    """The pivot of a stream with the second aggregation that Spark has there, so that it is checked like Spark's."""
    keys, rest = cells.output[:key_count], cells.output[key_count:]
    firsts = (named(AggregateCall("pivot_first", (c,), c.data_type), c.name) for c in rest)
    return Aggregate(cells, keys, (*keys, *firsts))


def _unless_missing(cell: Expression, condition: Expression) -> Expression:
    """The cell, or NULL where the group has no row with the value."""
    rows = AggregateCall("count", (Literal(1, INTEGER),), LONG, False, filter=condition)  # noqa: FBT003 - nullable
    present = Call(">", (rows, Literal(0, LONG)), BOOLEAN, False)  # noqa: FBT003 - nullable
    return Call("if", (present, cell, Literal(None, cell.data_type)), cell.data_type, True)  # noqa: FBT003 - nullable


def _suffix(resolver: Resolver, original: Expression, resolved: Expression) -> str:
    return resolved.name if isinstance(resolved, Alias) else resolver.automatic_name(original)


def _filtered(aggregate: Expression, condition: Expression) -> Expression:
    def change(node: Expression) -> Expression | None:
        if not isinstance(node, AggregateCall):
            return None
        both = condition
        if node.filter is not None:
            both = Call("and", (node.filter, condition), BOOLEAN, node.filter.nullable)
        return AggregateCall(
            node.name,
            node.arguments,
            node.type,
            True,  # noqa: FBT003 - nullable
            node.is_distinct,
            both,
            node.ignore_nulls,
            node.order_by,
            node.ansi,
            node.origin,
        )

    return transform_down(aggregate, change)


def _equals(analyzer: Analyzer, column: Expression, value: Expression) -> Expression:
    context = analyzer.context.function_context
    return Call("<=>", (column, cast_to(value, column.data_type, context)), BOOLEAN, False, context.ansi)  # noqa: FBT003


# ---- the values ---------------------------------------------------------------------------------


def _values(
    analyzer: Analyzer,
    resolver: Resolver,
    plan: UnresolvedAggregate,
    column: Expression,
    child: LogicalPlan,
) -> list[tuple[Expression, str]]:
    if not plan.pivot_values:
        return [(v, _value_text(v)) for v in _distinct_values(analyzer, column, child)]
    result: list[tuple[Expression, str]] = []
    for written in plan.pivot_values:
        value = resolver.resolve(written)
        inner = strip(value)
        name = value.name if isinstance(value, Alias) else _name_of(written, inner)
        result.append((inner, name))
    for value, _ in result:
        _check_value(value, column)
    return result


def _name_of(written: Expression, value: Expression) -> str:
    if isinstance(value, Literal):
        return _value_text(value)
    if isinstance(written, UnresolvedFunction) and written.name == "struct":
        parts = [_value_text(a) for a in written.arguments if isinstance(a, Literal)]
        if len(parts) == len(written.arguments):
            return "{" + ", ".join(parts) + "}"
    return sql_expression(value)[1:-1]


def _value_text(value: Expression) -> str:
    if isinstance(value, Literal):
        if value.value is None:
            return "null"
        if isinstance(value.type, StructType):
            cells = zip(value.type.fields, value.value, strict=True)
            return "{" + ", ".join(_value_text(Literal(v, f.data_type)) for f, v in cells) + "}"
        text = pretty_literal(value.value, value.type)
        quoted = literal_sql_text(value.value, value.type)
        return quoted.split("'")[1] if quoted == text and "'" in quoted else text
    return sql_expression(value)[1:-1]


def _check_value(value: Expression, column: Expression) -> None:
    if not isinstance(value, Literal) and references([value]):
        raise SparkError("NON_LITERAL_PIVOT_VALUES", expression=sql_expression(value))
    source, target = value.data_type, column.data_type
    if not can_cast(source, target, ansi=True):
        raise SparkError(
            "PIVOT_VALUE_DATA_TYPE_MISMATCH",
            value=sql_expression(value)[1:-1],
            valueType=source.simple_string,
            pivotType=target.simple_string,
        )


def _distinct_values(analyzer: Analyzer, column: Expression, child: LogicalPlan) -> list[Expression]:
    if child.is_streaming:
        raise SparkError("_LEGACY_ERROR_TEMP_3063")
    if not is_orderable(column.data_type):
        raise SparkError("INCOMPARABLE_PIVOT_COLUMN", columnName=sql_expression(column)[1:-1])
    most = int(analyzer.context.conf("spark.sql.pivotMaxValues") or _DEFAULT_MOST_VALUES)
    alias = named(column, "value")
    distinct: LogicalPlan = Project(child, (alias,))
    distinct = Deduplicate(distinct, distinct.output)
    ordered = Sort(Limit(distinct, Literal(most + 1, INTEGER)), (SortOrder(distinct.output[0]),))
    rows = analyzer.context.collect(ordered)
    if len(rows) > most:
        raise SparkError("_LEGACY_ERROR_TEMP_1324", pivotColumn=sql_expression(column)[1:-1], maxValues=most)
    return [row[0] for row in rows]
