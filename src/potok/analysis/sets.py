"""union, intersect, except; and what looks at whole rows: dropDuplicates, unpivot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from potok.analysis.expressions import strip
from potok.analysis.functions import ORDINALS
from potok.analysis.names import make_struct, quote, quote_parts, quote_type
from potok.analysis.pretty import sql_expression
from potok.analysis.rewriting import defined_ids, renew
from potok.analysis.trees import named
from potok.errors import Origin, SparkError
from potok.functions.type_rules import (
    cast_to,
    common_type,
    contains_map,
    same_type,
    wider_type,
    with_names_of,
)
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Cast,
    Expression,
    GetStructField,
    Literal,
    next_expr_id,
)
from potok.plan.logical import Aggregate, Attributes, Deduplicate, Expand, LogicalPlan, Project, SetOperation
from potok.plan.unresolved import UnresolvedDeduplicate, UnresolvedSetOperation, UnresolvedUnpivot
from potok.types import (
    STRING,
    ArrayType,
    DataType,
    MapType,
    NullType,
    StringType,
    StructField,
    StructType,
)

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer


def set_operation(analyzer: Analyzer, plan: UnresolvedSetOperation) -> LogicalPlan:
    """Raises NUM_COLUMNS_MISMATCH, INCOMPATIBLE_COLUMN_TYPE."""
    left, right = analyzer.resolve(plan.left), analyzer.resolve(plan.right)
    if defined_ids(left) & defined_ids(right):
        right = renew(right)
    if plan.by_name:
        left, right = _by_name(analyzer, left, right, allow_missing=plan.allow_missing_columns)
    operator = plan.operation.upper() + (" ALL" if plan.is_all and plan.operation != "union" else "")
    _check_widths(left, right, operator)
    left, right = _widened(analyzer, left, right, operator, plan.origin)
    if plan.operation != "union":
        for column in left.output:
            if contains_map(column.type):
                raise SparkError(
                    "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
                    colName=quote(column.name),
                    dataType=quote_type(column.type),
                )
    nullable = _result_nullability(plan.operation)
    result = tuple(
        AttributeReference(a.name, _merged_nulls(a.type, b.type), nullable(a, b), next_expr_id(), a.metadata)
        for a, b in zip(left.output, right.output, strict=True)
    )
    if plan.operation == "union" and plan.is_all:
        branches = [*_branches(left), *_branches(right)]
        return SetOperation(tuple(branches), "union", is_all=True, result=result)
    if plan.operation == "union" and left.is_streaming and right.is_streaming:
        return Aggregate(SetOperation((left, right), "union", is_all=True, result=result), result, result)
    return SetOperation((left, right), plan.operation, plan.is_all, result)


def _branches(plan: LogicalPlan) -> Sequence[LogicalPlan]:
    return (plan,)


def _result_nullability(operation: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    if operation == "union":
        return lambda a, b: a.is_nullable or b.is_nullable
    if operation == "intersect":
        return lambda a, b: a.is_nullable and b.is_nullable
    return lambda a, _: a.is_nullable


def _merged_nulls(left: DataType, right: DataType) -> DataType:
    match left, right:
        case ArrayType(), ArrayType():
            return ArrayType(
                _merged_nulls(left.element, right.element), left.contains_null or right.contains_null
            )
        case MapType(), MapType():
            return MapType(
                _merged_nulls(left.key, right.key),
                _merged_nulls(left.value, right.value),
                left.value_contains_null or right.value_contains_null,
            )
        case StructType(), StructType() if len(left.fields) == len(right.fields):
            return StructType(
                tuple(
                    StructField(
                        a.name, _merged_nulls(a.data_type, b.data_type), a.nullable or b.nullable, a.metadata
                    )
                    for a, b in zip(left.fields, right.fields, strict=True)
                )
            )
    return left


def _check_widths(left: LogicalPlan, right: LogicalPlan, operator: str) -> None:
    if len(left.output) != len(right.output):
        raise SparkError(
            "NUM_COLUMNS_MISMATCH",
            operator=operator,
            firstNumColumns=len(left.output),
            invalidOrdinalNum="second",
            invalidNumColumns=len(right.output),
        )


def _widened(
    analyzer: Analyzer, left: LogicalPlan, right: LogicalPlan, operator: str, origin: Origin | None
) -> tuple[LogicalPlan, LogicalPlan]:
    context = analyzer.context.function_context
    targets: list[DataType] = []
    for i, (a, b) in enumerate(zip(left.output, right.output, strict=True)):
        if same_type(a.type, b.type):
            targets.append(a.type)
            continue
        found = wider_type(a.type, b.type, ansi=context.ansi, case_sensitive=context.case_sensitive)
        if found is None and same_type(a.type, with_names_of(a.type, b.type)):
            found = a.type
        if found is None:
            raise SparkError(
                "INCOMPATIBLE_COLUMN_TYPE",
                operator=operator,
                columnOrdinalNumber=ORDINALS[i] if i < len(ORDINALS) else f"{i + 1}th",
                tableOrdinalNumber="second",
                dataType1=quote_type(b.type),
                dataType2=quote_type(a.type),
                hint="",
            )
        targets.append(found)
    return (
        _cast_columns(left, targets, analyzer, origin),
        _cast_columns(right, targets, analyzer, origin),
    )


def _cast_columns(
    plan: LogicalPlan, targets: Sequence[DataType], analyzer: Analyzer, origin: Origin | None
) -> LogicalPlan:
    items: list[Expression] = []
    changed = False
    for column, target in zip(plan.output, targets, strict=True):
        converted = cast_to(column, target, analyzer.context.function_context)
        changed = changed or converted is not column
        if isinstance(converted, Cast):
            converted = replace(converted, origin=origin)
        items.append(column if converted is column else named(converted, column.name))
    return Project(plan, tuple(items)) if changed else plan


# ---- unionByName --------------------------------------------------------------------------------


def _by_name(
    analyzer: Analyzer, left: LogicalPlan, right: LogicalPlan, *, allow_missing: bool
) -> tuple[LogicalPlan, LogicalPlan]:
    key = analyzer.resolver(left).columns.key
    for side in (left, right):
        _check_duplicates([a.name for a in side.output], key)
    right_by_name = {key(a.name): a for a in right.output}
    left_names = {key(a.name) for a in left.output}
    right_items: list[Expression] = []
    for a in left.output:
        found = right_by_name.get(key(a.name))
        if found is None:
            if not allow_missing:
                raise SparkError(
                    "UNRESOLVED_COLUMN_AMONG_FIELD_NAMES",
                    colName=a.name,
                    fieldNames=", ".join(r.name for r in right.output),
                )
            right_items.append(named(Literal(None, a.type), a.name))
        elif allow_missing and isinstance(a.type, StructType) and isinstance(found.type, StructType):
            merged = _struct_with(found, _merged_struct(a.type, found.type, key), key)
            right_items.append(found if merged is found else named(merged, found.name))
        else:
            right_items.append(found)
    extra = [a for a in right.output if key(a.name) not in left_names]
    if extra and not allow_missing:
        return left, Project(right, (*right_items, *extra))
    left_items: list[Expression] = []
    for a in left.output:
        other = right_by_name.get(key(a.name))
        if (
            allow_missing
            and other is not None
            and isinstance(a.type, StructType)
            and isinstance(other.type, StructType)
        ):
            merged = _struct_with(a, _merged_struct(a.type, other.type, key), key)
            left_items.append(a if merged is a else named(merged, a.name))
        else:
            left_items.append(a)
    left_items += [named(Literal(None, a.type), a.name) for a in extra]
    new_left = left if left_items == list(left.output) else Project(left, tuple(left_items))
    return new_left, Project(right, (*right_items, *extra))


def _merged_struct(left: StructType, right: StructType, key) -> StructType:  # type: ignore[no-untyped-def]  # noqa: ANN001
    by_name = {key(f.name): f for f in right.fields}
    fields = []
    for f in left.fields:
        other = by_name.pop(key(f.name), None)
        data_type = f.data_type
        if (
            other is not None
            and isinstance(data_type, StructType)
            and isinstance(other.data_type, StructType)
        ):
            data_type = _merged_struct(data_type, other.data_type, key)
        fields.append(StructField(f.name, data_type, nullable=f.nullable or other is None))
    fields += [StructField(f.name, f.data_type) for f in right.fields if key(f.name) in by_name]
    return StructType(tuple(fields))


def _struct_with(value: Expression, target: StructType, key) -> Expression:  # type: ignore[no-untyped-def]  # noqa: ANN001
    source = value.data_type
    assert isinstance(source, StructType)  # noqa: S101 - the caller looked
    if [key(f.name) for f in source.fields] == [key(f.name) for f in target.fields] and not any(
        isinstance(f.data_type, StructType) for f in target.fields
    ):
        return value
    by_name = {key(f.name): (i, f) for i, f in enumerate(source.fields)}
    fields: list[tuple[str, Expression]] = []
    for f in target.fields:
        found = by_name.get(key(f.name))
        if found is None:
            fields.append((f.name, Literal(None, f.data_type)))
            continue
        i, own = found
        inner: Expression = GetStructField(value, i, own.name, own.data_type, value.nullable or own.nullable)
        if isinstance(f.data_type, StructType) and isinstance(own.data_type, StructType):
            inner = _struct_with(inner, f.data_type, key)
        fields.append((f.name, inner))
    return make_struct(fields, value)


def _check_duplicates(names: Sequence[str], key) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    seen: set[str] = set()
    for name in names:
        if key(name) in seen:
            raise SparkError("COLUMN_ALREADY_EXISTS", columnName=quote(key(name)))
        seen.add(key(name))


# ---- dropDuplicates -----------------------------------------------------------------------------


def deduplicate(analyzer: Analyzer, plan: UnresolvedDeduplicate) -> LogicalPlan:
    """DropDuplicates and DISTINCT. Raises UNRESOLVED_COLUMN_AMONG_FIELD_NAMES, UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE."""
    child = analyzer.resolve(plan.child)
    columns = analyzer.resolver(child).columns
    keys: Attributes = child.output
    if plan.names:
        found: list[AttributeReference] = []
        for name in plan.names:
            matches = columns.named(name)
            if not matches:
                raise SparkError(
                    "UNRESOLVED_COLUMN_AMONG_FIELD_NAMES",
                    colName=name,
                    fieldNames=", ".join(a.name for a in child.output),
                )
            found += matches
        keys = tuple({a.expr_id: a for a in found}.values())
    for key in keys:
        if contains_map(key.type):
            raise SparkError(
                "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
                colName=quote(key.name),
                dataType=quote_type(key.type),
            )
    if plan.as_groups and child.is_streaming:
        return Aggregate(child, keys, keys)
    return Deduplicate(child, keys, plan.within_watermark)


# ---- unpivot ------------------------------------------------------------------------------------


def unpivot(analyzer: Analyzer, plan: UnresolvedUnpivot) -> LogicalPlan:
    """Unpivot and melt: an Expand with one projection per value column."""
    child = analyzer.resolve(plan.child)
    resolver = analyzer.resolver(child)
    ids = tuple(resolver.named(plan.ids))
    if plan.values is None:
        taken = {strip(i).expr_id for i in ids if isinstance(strip(i), AttributeReference)}  # type: ignore[attr-defined]
        values: Sequence[Expression] = [a for a in child.output if a.expr_id not in taken]
    else:
        values = resolver.named(plan.values)
    if not values:
        raise SparkError("UNPIVOT_REQUIRES_VALUE_COLUMNS")
    context = analyzer.context.function_context
    common = common_type(
        [v.data_type for v in values], ansi=context.ansi, case_sensitive=context.case_sensitive
    )
    kinds = {isinstance(v.data_type, StringType) for v in values if not isinstance(v.data_type, NullType)}
    if common is None or len(kinds) > 1:
        raise SparkError("UNPIVOT_VALUE_DATA_TYPE_MISMATCH", types=_type_list(values))
    projections = tuple(
        (*(strip(i) for i in ids), Literal(_value_name(v), STRING), cast_to(strip(v), common, context))
        for v in values
    )
    result = (
        *(AttributeReference(_value_name(i), i.data_type, i.nullable, next_expr_id()) for i in ids),
        AttributeReference(plan.variable_name, STRING, False, next_expr_id()),  # noqa: FBT003 - nullable
        AttributeReference(plan.value_name, common, any(p[-1].nullable for p in projections), next_expr_id()),
    )
    return Expand(child, projections, result)


def _value_name(expression: Expression) -> str:
    if isinstance(expression, (Alias, AttributeReference)):
        return expression.name
    return sql_expression(expression)[1:-1]


def _type_list(values: Sequence[Expression]) -> str:
    by_type: dict[DataType, list[str]] = {}
    for v in values:
        by_type.setdefault(v.data_type, []).append(quote_parts((_value_name(v),)))
    parts = []
    for data_type, names in sorted(by_type.items(), key=lambda item: item[0].sql):
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")  # noqa: PLR2004
        parts.append(f"{quote_type(data_type)} ({shown})")
    return ", ".join(parts)


def resolved_set_operation(analyzer: Analyzer, plan: SetOperation) -> LogicalPlan:
    """A set operation that comes resolved."""
    return replace(plan, branches=tuple(analyzer.resolve(b) for b in plan.branches))
