"""`df.to(schema)`: columns reordered, cast and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from potok.analysis.coercion import can_cast, plain_type
from potok.analysis.names import quote, quote_parts, quote_type
from potok.errors import SparkError
from potok.functions.type_rules import cast_to
from potok.plan.cast_rules import can_up_cast
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Call,
    Expression,
    GetStructField,
    Literal,
    next_expr_id,
)
from potok.plan.logical import LogicalPlan, Project
from potok.plan.unresolved import ToSchema
from potok.types import (
    STRING,
    ArrayType,
    DataType,
    MapType,
    NullType,
    StructField,
    StructType,
)

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer


def to_schema(analyzer: Analyzer, plan: ToSchema) -> LogicalPlan:
    """Columns reordered, cast and checked. Raises INVALID_COLUMN_OR_FIELD_DATA_TYPE and its like."""
    child = analyzer.resolve(plan.child)
    resolver = analyzer.resolver(child)
    items: list[Expression] = []
    for field in plan.target.fields:
        found = resolver.columns.named(field.name)
        if not found:
            if not field.nullable:
                raise SparkError(
                    "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                    objectName=quote(field.name),
                    proposal=", ".join(quote(a.name) for a in child.output),
                )
            items.append(_with_metadata(Literal(None, field.data_type), field))
            continue
        if len(found) > 1:
            raise SparkError(
                "AMBIGUOUS_REFERENCE",
                name=quote(field.name),
                referenceNames=f"[{', '.join(quote_parts((*a.qualifier, a.name)) for a in found)}]",
            )
        items.append(_with_metadata(_reconciled(found[0], field, (field.name,), analyzer), field))
    return Project(child, tuple(items))


def _with_metadata(value: Expression, field: StructField) -> Expression:
    same = isinstance(value, AttributeReference) and value.name == field.name and field.metadata == "{}"
    if same:
        return value
    metadata = None if field.metadata == "{}" else field.metadata
    return Alias(value, (field.name,), metadata, next_expr_id())


def _reconciled(
    value: Expression, field: StructField, path: tuple[str, ...], analyzer: Analyzer
) -> Expression:
    if value.nullable and not field.nullable:
        raise SparkError("NULLABLE_COLUMN_OR_FIELD", name=quote_parts(path))
    return _converted(value, field.data_type, path, analyzer)


def _converted(value: Expression, target: DataType, path: tuple[str, ...], analyzer: Analyzer) -> Expression:
    source = value.data_type
    if plain_type(target) == source:
        return value
    context = analyzer.context.function_context
    match source, target:
        case StructType(), StructType():
            by_name = {f.name.lower(): (i, f) for i, f in enumerate(source.fields)}
            arguments: list[Expression] = []
            fields: list[StructField] = []
            for field in target.fields:
                found = by_name.get(field.name.lower())
                if found is None:
                    if not field.nullable:
                        raise SparkError(
                            "UNRESOLVED_FIELD.WITH_SUGGESTION",
                            fieldName=quote(field.name),
                            columnPath=quote_parts(path),
                            proposal=", ".join(quote(f.name) for f in source.fields),
                        )
                    inner: Expression = Literal(None, field.data_type)
                else:
                    i, own = found
                    inner = _reconciled(
                        GetStructField(value, i, own.name, own.data_type, own.nullable),
                        field,
                        (*path, field.name),
                        analyzer,
                    )
                arguments += [Literal(field.name, STRING), inner]
                fields.append(field)
            return Call("named_struct", tuple(arguments), StructType(tuple(fields)), value.nullable)
        case (ArrayType(), ArrayType()) | (MapType(), MapType()):
            if can_up_cast(source, target):
                return cast_to(value, target, context)
    if can_up_cast(source, target) or isinstance(source, NullType):
        return cast_to(value, target, context)
    if can_cast(source, target, ansi=True) and type(source).__name__ != "StructType":
        return cast_to(value, target, context)
    raise SparkError(
        "INVALID_COLUMN_OR_FIELD_DATA_TYPE",
        name=quote_parts(path),
        type=quote_type(source),
        expectedType=quote_type(target),
    )
