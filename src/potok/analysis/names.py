"""Columns by name: which attribute a dotted name means among the columns of a relation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from potok.ddl import parse_name
from potok.errors import Origin, SparkError
from potok.plan.expressions import (
    AttributeReference,
    Call,
    Expression,
    GetStructField,
    Literal,
    UnresolvedExtractValue,
    UpdateFields,
)
from potok.plan.logical import Attributes
from potok.types import (
    BOOLEAN,
    INTEGER,
    STRING,
    ArrayType,
    DataType,
    IntegralType,
    MapType,
    StructField,
    StructType,
    quote_if_needed,
)

MAX_SUGGESTIONS = 5


def quote(name: str) -> str:
    """One identifier in backticks."""
    return "`" + name.replace("`", "``") + "`"


def quote_parts(parts: Iterable[str]) -> str:
    """A dotted name, each part in backticks (Spark's toSQLId)."""
    return ".".join(quote(part) for part in parts)


def quote_type(data_type: DataType) -> str:
    """A type as error messages quote it."""
    return f'"{data_type.sql}"'


class Columns:
    """The columns of a relation, found by name as Spark's AttributeSeq does."""

    __slots__ = ("_by_name", "_case_sensitive", "attributes")

    def __init__(self, attributes: Attributes, *, case_sensitive: bool) -> None:
        self.attributes = attributes
        self._case_sensitive = case_sensitive
        self._by_name: dict[str, list[AttributeReference]] | None = None

    def key(self, name: str) -> str:
        """What names are compared by."""
        return name if self._case_sensitive else name.lower()

    def named(self, name: str) -> list[AttributeReference]:
        """Every column of this name, whatever its qualifier."""
        if self._by_name is None:
            self._by_name = {}
            for attribute in self.attributes:
                self._by_name.setdefault(self.key(attribute.name), []).append(attribute)
        return self._by_name.get(self.key(name), [])

    def candidates(self, parts: Sequence[str]) -> tuple[list[AttributeReference], Sequence[str]]:
        """The columns that the head of a dotted name may mean, and the rest: fields inside them.

        The longest qualifier that matches anything wins.
        """
        for length in range(min(3, len(parts) - 1), 0, -1):
            qualifier = tuple(self.key(p) for p in parts[:length])
            found = [
                a
                for a in self.named(parts[length])
                if tuple(self.key(q) for q in a.qualifier[-length:]) == qualifier
            ]
            if found:
                return _distinct(found), parts[length + 1 :]
        return _distinct(self.named(parts[0])), parts[1:]

    def resolve(self, parts: Sequence[str], origin: Origin | None = None) -> Expression | None:
        """The column or the field inside one that a dotted name means; None where there is none.

        The attribute takes on the spelling of the user. Raises AMBIGUOUS_REFERENCE,
        FIELD_NOT_FOUND, INVALID_EXTRACT_BASE_FIELD_TYPE.
        """
        found, fields = self.candidates(parts)
        if not found:
            return None
        if len(found) > 1:
            raise ambiguous_reference(parts, found, origin)
        attribute = found[0]
        spelled = parts[len(parts) - len(fields) - 1]
        result: Expression = attribute if attribute.name == spelled else _renamed(attribute, spelled)
        for name in fields:
            result = extract_value(
                result, Literal(name, STRING), case_sensitive=self._case_sensitive, origin=origin
            )
        return result


def _distinct(found: list[AttributeReference]) -> list[AttributeReference]:
    if len(found) < 2:  # noqa: PLR2004 - one cannot repeat
        return found
    return list({a.expr_id: a for a in found}.values())


def _renamed(attribute: AttributeReference, name: str) -> AttributeReference:
    return AttributeReference(
        name,
        attribute.type,
        attribute.is_nullable,
        attribute.expr_id,
        attribute.metadata,
        attribute.qualifier,
    )


def ambiguous_reference(
    parts: Sequence[str], found: Iterable[AttributeReference], origin: Origin | None
) -> SparkError:
    """AMBIGUOUS_REFERENCE for a name with several meanings."""
    names = ", ".join(quote_parts((*a.qualifier, a.name)) for a in found)
    return SparkError(
        "AMBIGUOUS_REFERENCE", origin=origin, name=quote_parts(parts), referenceNames=f"[{names}]"
    )


def extract_value(
    child: Expression, extraction: Expression, *, case_sensitive: bool, origin: Origin | None = None
) -> Expression:
    """`child[extraction]` by the type of the child (Spark's ExtractValue).

    Arrays and maps become calls of `get_array_item`, `get_map_value`, `get_array_struct_fields`
    (whose second argument is the field's position).
    """
    match child.data_type:
        case StructType() as struct if _is_name(extraction):
            position = find_field(struct, str(extraction.value), case_sensitive=case_sensitive, origin=origin)  # type: ignore[attr-defined]
            target = struct.fields[position]
            return GetStructField(
                child,
                position,
                str(extraction.value),  # type: ignore[attr-defined]
                target.data_type,
                child.nullable or target.nullable,
            )
        case ArrayType(element=StructType() as struct, contains_null=contains_null) if _is_name(extraction):
            position = find_field(struct, str(extraction.value), case_sensitive=case_sensitive, origin=origin)  # type: ignore[attr-defined]
            target = struct.fields[position]
            return Call(
                "get_array_struct_fields",
                (child, Literal(position, INTEGER)),
                ArrayType(target.data_type, contains_null or target.nullable),
                child.nullable,
                origin=origin,
            )
        case ArrayType(element=element):
            return Call("get_array_item", (child, extraction), element, True, origin=origin)  # noqa: FBT003 - nullable
        case MapType(value=value):
            return Call("get_map_value", (child, extraction), value, True, origin=origin)  # noqa: FBT003 - nullable
        case StructType():
            raise SparkError("INVALID_EXTRACT_FIELD_TYPE", origin=origin, extraction=_sql(extraction))
    raise SparkError(
        "INVALID_EXTRACT_BASE_FIELD_TYPE",
        origin=origin,
        base=_sql(child),
        other=quote_type(child.data_type),
    )


def _sql(expression: Expression) -> str:
    from potok.analysis.pretty import sql_expression

    return sql_expression(expression)


def _is_name(extraction: Expression) -> bool:
    return isinstance(extraction, Literal) and extraction.type == STRING and extraction.value is not None


def is_index(data_type: DataType) -> bool:
    """Whether a type can index an array."""
    return isinstance(data_type, IntegralType)


def find_field(struct: StructType, name: str, *, case_sensitive: bool, origin: Origin | None = None) -> int:
    """The position of a field. Raises FIELD_NOT_FOUND, AMBIGUOUS_REFERENCE_TO_FIELDS."""
    found = [
        i
        for i, f in enumerate(struct.fields)
        if f.name == name or (not case_sensitive and f.name.lower() == name.lower())
    ]
    if not found:
        raise SparkError(
            "FIELD_NOT_FOUND",
            origin=origin,
            fieldName=quote(name),
            fields=", ".join(quote(f.name) for f in struct.fields),
        )
    if len(found) > 1:
        raise SparkError("AMBIGUOUS_REFERENCE_TO_FIELDS", origin=origin, field=quote(name), count=len(found))
    return found[0]


def nested_update(update: UpdateFields) -> UpdateFields:
    """`withField("a.b", value)` as a change of `a`."""
    first, *rest = parse_name(update.name)
    if not rest:
        return replace(update, name=first)
    inner = UnresolvedExtractValue(update.struct, Literal(first, STRING))
    below = UpdateFields(inner, ".".join(quote_if_needed(part) for part in rest), update.value)
    return UpdateFields(update.struct, first, nested_update(below))


def struct_field(field: StructField, base: Expression, position: int) -> GetStructField:
    """The field at a position of a struct."""
    return GetStructField(base, position, field.name, field.data_type, base.nullable or field.nullable)


def make_struct(fields: Sequence[tuple[str, Expression]], base: Expression | None = None) -> Expression:
    """A struct of the named values; NULL where `base`, if there is one, is NULL."""
    data_type = StructType(tuple(StructField(n, v.data_type, v.nullable) for n, v in fields))
    arguments = tuple(a for n, v in fields for a in (Literal(n, STRING), v))
    made = Call("named_struct", arguments, data_type, False)  # noqa: FBT003 - nullable
    if base is None or not base.nullable:
        return made
    return Call(
        "if",
        (Call("isnull", (base,), BOOLEAN, is_nullable=False), Literal(None, data_type), made),
        data_type,
        True,  # noqa: FBT003
    )


def unresolved_column(
    parts: Sequence[str], attributes: Attributes, origin: Origin | None = None
) -> SparkError:
    """UNRESOLVED_COLUMN with the five names most like the one that was asked for."""
    by_name = sorted(attributes, key=lambda a: (a.name, a.expr_id))
    proposal = suggestions(parts, [(*a.qualifier, a.name) for a in by_name])
    if not proposal:
        return SparkError(
            "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", origin=origin, objectName=quote_parts(parts)
        )
    return SparkError(
        "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        origin=origin,
        objectName=quote_parts(parts),
        proposal=", ".join(proposal),
    )


def suggestions(parts: Sequence[str], candidates: Sequence[tuple[str, ...]]) -> list[str]:
    """The candidates most like a name, quoted, nearest first (orderSuggestedIdentifiersBySimilarity)."""
    stripped: Sequence[tuple[str, ...]] = candidates
    for kept in (1, 2):
        if len(parts) <= kept and len({c[:-kept] for c in candidates}) == 1:
            stripped = [c[-kept:] for c in candidates]
            break
    name = ".".join(quote_if_needed(p) for p in parts)
    quoted = list(dict.fromkeys(quote_parts(c) for c in stripped))
    return sorted(quoted, key=lambda c: (levenshtein_distance(c, name), c))[:MAX_SUGGESTIONS]


def levenshtein_distance(left: str, right: str) -> int:
    """How many single characters have to change to get from one text to the other."""
    previous = list(range(len(right) + 1))
    for row, a in enumerate(left, 1):
        current = [row]
        for column, b in enumerate(right, 1):
            current.append(min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (a != b)))
        previous = current
    return previous[-1]
