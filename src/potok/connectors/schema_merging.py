"""One schema out of those of several files. Source of facts: SchemaMergeUtils, StructType.merge."""

from __future__ import annotations

from collections.abc import Iterable

from potok.errors import SparkError
from potok.types import ArrayType, DataType, DecimalType, MapType, StructField, StructType


def merged_schemas(schemas: Iterable[StructType], *, case_sensitive: bool) -> StructType | None:
    """The columns of all, those of the first one first; None of none. Raises CANNOT_MERGE_SCHEMAS."""
    result: StructType | None = None
    for schema in schemas:
        if result is None:
            result = schema
            continue
        found = _merged_struct(result, schema, case_sensitive)
        if found is None:
            raise SparkError("CANNOT_MERGE_SCHEMAS", left=f'"{result.sql}"', right=f'"{schema.sql}"')
        result = found
    return result


def _merged_struct(left: StructType, right: StructType, case_sensitive: bool) -> StructType | None:  # noqa: FBT001 - inner
    def key(name: str) -> str:
        return name if case_sensitive else name.lower()

    others = {key(f.name): f for f in right.fields}
    fields = []
    for field in left.fields:
        other = others.pop(key(field.name), None)
        if other is None:
            fields.append(field)
            continue
        data_type = _merged(field.data_type, other.data_type, case_sensitive)
        if data_type is None:
            return None
        fields.append(StructField(field.name, data_type, field.nullable or other.nullable, field.metadata))
    return StructType((*fields, *others.values()))


def _merged(left: DataType, right: DataType, case_sensitive: bool) -> DataType | None:  # noqa: FBT001 - inner
    match left, right:
        case StructType(), StructType():
            return _merged_struct(left, right, case_sensitive)
        case ArrayType(), ArrayType():
            element = _merged(left.element, right.element, case_sensitive)
            return element and ArrayType(element, left.contains_null or right.contains_null)
        case MapType(), MapType():
            key = _merged(left.key, right.key, case_sensitive)
            value = _merged(left.value, right.value, case_sensitive)
            if key is None or value is None:
                return None
            return MapType(key, value, left.value_contains_null or right.value_contains_null)
        case DecimalType(), DecimalType() if left.scale == right.scale:
            return DecimalType(max(left.precision, right.precision), left.scale)
    return left if left == right else None
