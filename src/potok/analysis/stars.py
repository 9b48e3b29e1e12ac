"""Stars, patterns of names, and EXCEPT: the columns that they stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from potok.analysis.names import (
    Columns,
    find_field,
    make_struct,
    quote_parts,
    quote_type,
    struct_field,
    unresolved_column,
)
from potok.analysis.pretty import sql_expression
from potok.analysis.trees import strip_alias
from potok.errors import SparkError
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Expression,
    UnresolvedRegex,
    UnresolvedStar,
    next_expr_id,
)
from potok.plan.logical import Attributes
from potok.types import StructType

if TYPE_CHECKING:
    from potok.analysis.expressions import Resolver


def expand_star(resolver: Resolver, expression: UnresolvedStar | UnresolvedRegex) -> list[Expression]:
    """The columns that a star or a pattern stands for. Raises CANNOT_RESOLVE_STAR_EXPAND."""
    if isinstance(expression, UnresolvedRegex):
        flags = 0 if resolver.functions.case_sensitive else re.IGNORECASE
        pattern = re.compile(expression.pattern, flags)
        return [a for a in resolver.columns.attributes if pattern.fullmatch(a.name)]
    expanded = _expand_star(resolver, expression)
    if expression.except_parts:
        return _without(resolver, expanded, expression.except_parts)
    return expanded


def _star_columns(resolver: Resolver, plan_id: int | None) -> Attributes:
    if plan_id is None:
        return resolver.columns.attributes
    return resolver.analyzer.data_frame_columns(resolver, plan_id)


def _expand_star(resolver: Resolver, star: UnresolvedStar) -> list[Expression]:
    if star.target is None:
        return list(_star_columns(resolver, star.plan_id))
    target = tuple(resolver.columns.key(p) for p in star.target)
    found: list[Expression] = [
        a
        for a in resolver.columns.attributes
        if tuple(resolver.columns.key(q) for q in a.qualifier[-len(target) :]) == target
    ]
    if found:
        return found
    struct = resolver.columns.resolve(star.target)
    if struct is not None and not isinstance(struct.data_type, StructType):
        raise SparkError(
            "_LEGACY_ERROR_TEMP_1050", origin=star.origin, attributes=f"List({', '.join(star.target)})"
        )
    if struct is not None and isinstance(struct.data_type, StructType):
        return [
            Alias(struct_field(f, struct, i), (f.name,), expr_id=next_expr_id())
            for i, f in enumerate(struct.data_type.fields)
        ]
    raise SparkError(
        "CANNOT_RESOLVE_STAR_EXPAND",
        origin=star.origin,
        targetString=quote_parts(star.target),
        columns=", ".join(quote_parts((n,)) for n in sorted(a.name for a in resolver.columns.attributes)),
    )


def _without(
    resolver: Resolver, expanded: Sequence[Expression], excepted: Sequence[tuple[str, ...]]
) -> list[Expression]:
    attributes = tuple(
        a if isinstance(a, AttributeReference) else AttributeReference(cast("Alias", a).name, a.data_type, is_nullable=True, expr_id=cast("Alias", a).expr_id)
        for a in expanded
    )  # fmt: skip
    columns = Columns(attributes, case_sensitive=resolver.functions.case_sensitive)
    gone: set[int] = set()
    inner: dict[int, list[tuple[str, ...]]] = {}
    for parts in excepted:
        found, fields = columns.candidates(parts)
        if not found:
            raise unresolved_column(parts, attributes)
        if fields:
            inner.setdefault(found[0].expr_id, []).append(tuple(fields))
        else:
            gone.update(a.expr_id for a in found)
    result: list[Expression] = []
    for expression, attribute in zip(expanded, attributes, strict=True):
        if attribute.expr_id in gone:
            continue
        if attribute.expr_id in inner:
            value = _without_fields(resolver, strip_alias(expression), inner[attribute.expr_id])
            result.append(Alias(value, (attribute.name,), expr_id=next_expr_id()))
        else:
            result.append(expression)
    return result


def _without_fields(
    resolver: Resolver, struct: Expression, excepted: Sequence[tuple[str, ...]]
) -> Expression:
    data_type = struct.data_type
    if not isinstance(data_type, StructType):
        raise SparkError(
            "INVALID_EXTRACT_BASE_FIELD_TYPE", base=sql_expression(struct), other=quote_type(data_type)
        )
    deeper: dict[int, list[tuple[str, ...]]] = {}
    gone: set[int] = set()
    for parts in excepted:
        position = find_field(data_type, parts[0], case_sensitive=resolver.functions.case_sensitive)
        if len(parts) == 1:
            gone.add(position)
        else:
            deeper.setdefault(position, []).append(parts[1:])
    fields = []
    for i, f in enumerate(data_type.fields):
        if i in gone:
            continue
        value: Expression = struct_field(f, struct, i)
        fields.append((f.name, _without_fields(resolver, value, deeper[i]) if i in deeper else value))
    return make_struct(fields)
