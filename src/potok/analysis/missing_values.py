"""na.fill, na.drop and na.replace."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from potok.analysis.names import MAX_SUGGESTIONS, quote
from potok.analysis.trees import named
from potok.errors import SparkError
from potok.functions.type_rules import cast_to
from potok.plan.expressions import AttributeReference, Call, Expression, Literal
from potok.plan.logical import Filter, LogicalPlan, Project
from potok.plan.unresolved import NaDrop, NaFill, NaReplace
from potok.types import (
    BOOLEAN,
    DOUBLE,
    INTEGER,
    BooleanType,
    DataType,
    DoubleType,
    FloatType,
    NumericType,
    StringType,
)

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer


def _columns(analyzer: Analyzer, child: LogicalPlan, names: Sequence[str]) -> list[AttributeReference]:
    """The columns named, or all. Raises UNRESOLVED_COLUMN, AMBIGUOUS_REFERENCE."""
    if not names:
        return list(child.output)
    columns = analyzer.resolver(child).columns
    result = []
    for name in names:
        found = columns.resolve((name,))
        if not isinstance(found, AttributeReference):
            raise SparkError(
                "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                objectName=quote(name),
                proposal=", ".join(quote(a.name) for a in child.output[:MAX_SUGGESTIONS]),
            )
        result.append(next(a for a in child.output if a.expr_id == found.expr_id))
    return result


def _is_nan(column: Expression) -> Expression:
    return Call("isnan", (column,), BOOLEAN, False)  # noqa: FBT003 - nullable


def _call(name: str, arguments: Sequence[Expression], data_type: DataType, *, nullable: bool) -> Call:
    return Call(name, tuple(arguments), data_type, nullable)


# ---- fill ---------------------------------------------------------------------------------------


def na_fill(analyzer: Analyzer, plan: NaFill) -> LogicalPlan:
    """NULL (and NaN) replaced in the columns that the values fit."""
    child = analyzer.resolve(plan.child)
    values: dict[int, Expression] = {}
    if plan.names and len(plan.values) > 1:
        for name, value in zip(plan.names, plan.values, strict=True):
            for column in _columns(analyzer, child, (name,)):
                values[column.expr_id] = value
    else:
        for column in _columns(analyzer, child, plan.names):
            if _fits(column.type, plan.values[0].data_type):
                values[column.expr_id] = plan.values[0]
    items: list[Expression] = []
    for column in child.output:
        fill = values.get(column.expr_id)
        items.append(column if fill is None else named(_filled(analyzer, column, fill), column.name))
    return Project(child, tuple(items)) if values else child


def _fits(column: DataType, value: DataType) -> bool:
    if isinstance(value, NumericType):
        return isinstance(column, NumericType)
    return (isinstance(value, StringType) and isinstance(column, StringType)) or (
        isinstance(value, BooleanType) and isinstance(column, BooleanType)
    )


def _filled(analyzer: Analyzer, column: AttributeReference, value: Expression) -> Expression:
    context = analyzer.context.function_context
    source: Expression = column
    if isinstance(column.type, (DoubleType, FloatType)):
        missing = Literal(None, column.type)
        source = _call("nanvl", (column, missing), column.type, nullable=True)
    fill = cast_to(value, column.type, context)
    return _call("coalesce", (source, fill), column.type, nullable=source.nullable and fill.nullable)


# ---- drop ---------------------------------------------------------------------------------------


def na_drop(analyzer: Analyzer, plan: NaDrop) -> LogicalPlan:
    """Rows with too few values that are neither NULL nor NaN go."""
    child = analyzer.resolve(plan.child)
    columns = _columns(analyzer, child, plan.names)
    least = len(columns) if plan.min_non_nulls is None else plan.min_non_nulls
    count: Expression = Literal(0, INTEGER)
    for column in columns:
        present = _present(column)
        one = _call("if", (present, Literal(1, INTEGER), Literal(0, INTEGER)), INTEGER, nullable=False)
        count = _call("+", (count, one), INTEGER, nullable=False)
    enough = _call(">=", (count, Literal(least, INTEGER)), BOOLEAN, nullable=False)
    return Filter(child, enough)


def _present(column: AttributeReference) -> Expression:
    not_null = _call("isnotnull", (column,), BOOLEAN, nullable=False)
    if not isinstance(column.type, (DoubleType, FloatType)):
        return not_null
    number = _call("not", (_is_nan(column),), BOOLEAN, nullable=False)
    return _call("and", (not_null, number), BOOLEAN, nullable=False)


# ---- replace ------------------------------------------------------------------------------------


def na_replace(analyzer: Analyzer, plan: NaReplace) -> LogicalPlan:
    """Values replaced in the columns whose type fits the old ones."""
    child = analyzer.resolve(plan.child)
    if not plan.replacements:
        return child
    context = analyzer.context.function_context
    pairs = [(_as_double(old), _as_double(new)) for old, new in plan.replacements]
    kind = next((old.data_type for old, _ in pairs if old.value is not None), pairs[0][0].data_type)
    chosen = {c.expr_id for c in _columns(analyzer, child, () if plan.names == ("*",) else plan.names)}
    items: list[Expression] = []
    for column in child.output:
        if column.expr_id not in chosen or not _fits(column.type, kind):
            items.append(column)
            continue
        branches: list[Expression] = []
        for old, new in pairs:
            key = cast_to(old, column.type, context)
            equal = _call("==", (column, key), BOOLEAN, nullable=column.is_nullable or old.nullable)
            branches += [equal, cast_to(new, column.type, context)]
        nullable = column.is_nullable or any(new.nullable for new in branches[1::2])
        items.append(named(_call("when", (*branches, column), column.type, nullable=nullable), column.name))
    return Project(child, tuple(items))


def _as_double(value: Expression) -> Literal:
    assert isinstance(value, Literal)  # noqa: S101 - the client sends literals only
    if isinstance(value.value, (int, Decimal)) and not isinstance(value.value, bool):
        return Literal(float(value.value), DOUBLE)
    return value
