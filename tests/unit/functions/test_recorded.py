"""Functions against what Spark 4.3 answered (record.py)."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from pathlib import Path
from typing import Any

import pytest

from potok.errors import SparkError
from potok.types import ArrayType, DataType, MapType, StructType
from unit.functions.evaluation import run

RECORDED = {
    expression: answer
    for path in sorted(Path(__file__).parent.glob("recorded*.json"))
    for expression, answer in json.loads(path.read_text("utf-8")).items()
}


def _row(*values: Any, **named: Any) -> tuple[Any, ...]:
    return (*values, *named.values())


_NAMES = {
    "Row": _row,
    "datetime": dt,
    "Decimal": decimal.Decimal,
    "nan": "nan",
    "inf": float("inf"),
    "bytearray": bytes,
}


def _plain(value: Any, data_type: DataType) -> Any:
    """An Arrow value as Spark's client shows it, with a text for NaN."""
    if value is None:
        return None
    match data_type:
        case StructType(fields=fields):
            return tuple(_plain(value[f.name], f.data_type) for f in fields)
        case ArrayType(element=element):
            return [_plain(item, element) for item in value]
        case MapType(key=key, value=item):
            return {_plain(k, key): _plain(v, item) for k, v in value}
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    return "nan" if value != value else value  # noqa: PLR0124 - NaN


@pytest.mark.parametrize("expression", sorted(RECORDED))
def test_recorded(expression: str) -> None:
    """Types, nullability, values and conditions are Spark's."""
    expected = RECORDED[expression]
    if "error" in expected:
        with pytest.raises(SparkError) as raised:
            run(f"SELECT {expression}")
        # An exception of Java's own has no condition.
        found = raised.value.condition.partition("_LEGACY_ERROR_TEMP_JAVA.")
        assert found[0] == expected["error"]
        return
    schema, table = run(f"SELECT {expression}")
    assert [[f.data_type.simple_string, f.nullable] for f in schema.fields] == expected["types"]
    columns = [
        [_plain(v, f.data_type) for v in column.to_pylist()]
        for column, f in zip(table.columns, schema.fields, strict=True)
    ]
    rows = [eval(row, dict(_NAMES)) for row in expected["rows"]]  # noqa: S307 - our own recording
    assert list(zip(*columns, strict=True)) == rows
