"""Partition directories `name=value`. Source of facts: PartitioningUtils, ExternalCatalogUtils."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from potok.errors import SparkError
from potok.functions.text_values import BAD, TextOptions, cast_date, cast_timestamp, converter, java_number
from potok.types import (
    DATE,
    DOUBLE,
    INTEGER,
    LONG,
    NULL,
    STRING,
    TIMESTAMP,
    DataType,
    DecimalType,
    StringType,
    StructField,
    StructType,
)

DEFAULT_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_ESCAPED = set(map(chr, range(1, 32))) | set("\"#%'*/:=?\\\x7f{[]^")
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_WHOLE_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}", re.ASCII)
_MAX_PRECISION = 38

PartitionTexts = tuple[tuple[str, str], ...]


def escape_path_name(value: str) -> str:
    """A partition value as a directory name. Source of fact: ExternalCatalogUtils.escapePathName."""
    return "".join(f"%{ord(c):02X}" if c in _ESCAPED else c for c in value)


def partition_directory(names: Sequence[str], values: Sequence[str | None]) -> str:
    """`a=1/b=x`; NULL and the empty text are the default partition."""
    return "/".join(
        f"{escape_path_name(name)}={escape_path_name(value) if value else DEFAULT_PARTITION}"
        for name, value in zip(names, values, strict=True)
    )


def partition_texts(directory: str, base_paths: Sequence[str]) -> tuple[PartitionTexts | None, str]:
    """The names and raw values in a directory's path, and the directory above the first of them.

    None where there are none: the second item is the directory itself then.
    """
    columns: list[tuple[str, str]] = []
    current = directory
    while current not in base_paths and current != "/":
        parent, name = os.path.split(current)
        key, sign, value = name.partition("=")
        if not sign:
            if columns:
                break
        elif not key or not value:
            raise SparkError(
                "INTERNAL_ERROR", message=f"assertion failed: Empty partition column in '{name}'"
            )
        else:
            columns.append((unquote(key), unquote(value)))
        current = parent
    if not columns:
        return None, directory
    return tuple(reversed(columns)), current


@dataclass(frozen=True)
class PartitionSpec:
    """The partition columns of a set of directories, and each directory's values in their order.

    Values are as `pyarrow.array` takes them: days for dates, microseconds for timestamps.
    """

    schema: StructType
    values: Mapping[str, tuple[Any, ...]]


def infer_partitions(
    directories: Sequence[str],
    base_paths: Sequence[str],
    given: StructType | None,
    *,
    infer_types: bool,
    time_zone: str,
    case_sensitive: bool,
) -> PartitionSpec:
    """The partitioning that directories with files show. Raises CONFLICTING_DIRECTORY_STRUCTURES and others."""
    found: dict[str, PartitionTexts] = {}
    bases: dict[str, str] = {}
    for directory in directories:
        texts, base = partition_texts(directory, base_paths)
        bases.setdefault(base.lower(), base)
        if texts is not None:
            found[directory] = texts
    if not found:
        return PartitionSpec(StructType(), {})
    if len(bases) > 1:
        raise SparkError(
            "CONFLICTING_DIRECTORY_STRUCTURES",
            discoveredBasePaths="\n\t".join(["", *(f"file:{b}" for b in bases.values())]),
        )
    names = _common_names(found, case_sensitive=case_sensitive)
    types = []
    for i, name in enumerate(names):
        raw = {texts[i][1] for texts in found.values()}
        types.append(_column_type(name, raw, given, infer_types=infer_types, time_zone=time_zone))
    options = TextOptions(time_zone=time_zone)
    values = {
        directory: tuple(partition_value(text, t, options) for (_, text), t in zip(texts, types, strict=True))
        for directory, texts in found.items()
    }
    fields = tuple(StructField(n, t) for n, t in zip(names, types, strict=True))
    return PartitionSpec(StructType(fields), values)


def _common_names(found: Mapping[str, PartitionTexts], *, case_sensitive: bool) -> list[str]:
    lists = {tuple(n if case_sensitive else n.lower() for n, _ in texts) for texts in found.values()}
    first = next(iter(found.values()))
    if len(lists) > 1:
        spelled = sorted({", ".join(n for n, _ in texts) for texts in found.values()})
        listed = "\n\t".join(
            ["", *(f"Partition column name list #{i}: {names}" for i, names in enumerate(spelled))]
        )
        suspicious = "\n\t".join(["", *(f"file:{d}" for d in found)])
        raise SparkError(
            "CONFLICTING_PARTITION_COLUMN_NAMES", distinctPartColLists=listed, suspiciousPaths=suspicious
        )
    return [name for name, _ in first]


def _column_type(
    name: str, raw: set[str], given: StructType | None, *, infer_types: bool, time_zone: str
) -> DataType:
    if given is not None:
        for f in given.fields:
            if f.name.lower() == name.lower():
                return f.data_type
    if not infer_types:
        return STRING
    result: DataType = NULL
    for text in raw:
        result = _wider(result, infer_type(text, time_zone))
    return STRING if result == NULL else result


def infer_type(text: str, time_zone: str) -> DataType:
    """The type of one raw value."""
    if text == DEFAULT_PARTITION:
        return NULL
    if _INTEGER.fullmatch(text):
        number = int(text)
        if -(2**31) <= number < 2**31:
            return INTEGER
        if -(2**63) <= number < 2**63:
            return LONG
        digits = len(str(abs(number)))
        if digits <= _MAX_PRECISION:
            return DecimalType(digits, 0)
    if text[-1:] not in {"d", "D", "f", "F"} and java_number(text) is not None:
        return DOUBLE
    if _WHOLE_DATE.fullmatch(text) is not None and cast_date(text) is not None:
        return DATE
    if ":" in text and cast_timestamp(text, time_zone) is not None:
        return TIMESTAMP
    return STRING


def _wider(left: DataType, right: DataType) -> DataType:
    if right in {left, NULL}:
        return left
    if left == NULL:
        return right
    order = [INTEGER, LONG, DOUBLE]
    if left in order and right in order:
        pair = {left, right}
        # Spark makes a text of a long and a double, whose common type would lose digits.
        return STRING if pair == {LONG, DOUBLE} else order[max(order.index(left), order.index(right))]
    if {left, right} == {DATE, TIMESTAMP}:
        return TIMESTAMP
    if isinstance(left, DecimalType) and isinstance(right, DecimalType):
        return DecimalType(max(left.precision, right.precision), 0)
    return STRING


def partition_value(text: str, data_type: DataType, options: TextOptions) -> Any:  # noqa: ANN401
    """A raw value as the column's type. Raises for a text that the given type cannot hold."""
    if text == DEFAULT_PARTITION:
        return None
    if isinstance(data_type, StringType):
        return text
    value = converter(data_type, options)(text)
    if value is BAD:
        raise SparkError(
            "CAST_INVALID_INPUT",
            expression=f"'{text}'",
            sourceType='"STRING"',
            targetType=f'"{data_type.sql}"',
        )
    return value
