"""Against what Spark's `show()` printed (tests/stream/recorded/show_string.json)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from potok.show_string import show_string
from potok.types import (
    INTEGER,
    LONG,
    STRING,
    StructField,
    StructType,
    arrow_schema,
    arrow_type,
    data_type_from_json,
)

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "stream" / "recorded" / "show_string.json").read_text(encoding="utf-8")
)


def schema_of(text: str) -> StructType:
    schema = data_type_from_json(json.loads(text))
    assert isinstance(schema, StructType)
    return schema


# What each recorded expression is, as Arrow sees it.
VALUES: dict[str, Any] = {
    "array(1,null,3)": [1, None, 3],
    "array()": [],
    "array('a', '')": ["a", ""],
    "array(X'41')": [b"A"],
    "array(array('a'),null)": [["a"], None],
    "array(float(1.5), float('NaN'))": [1.5, math.nan],
    "array(interval '1' day)": [86_400_000_000],
    "map('k',1,'z',null)": [("k", 1), ("z", None)],
    "map()": [],
    "map(1, struct(1, null))": [(1, {"col1": 1, "col2": None})],
    "map('a',array(1.5d))": [("a", [1.5])],
    "struct(1 as a, 'q' as b)": {"a": 1, "b": "q"},
    "struct('')": {"col1": ""},
    "struct(null as a, struct('x','y') as b)": {"a": None, "b": {"col1": "x", "col2": "y"}},
    "struct(X'00FF' as b)": {"b": b"\x00\xff"},
    "struct(date'2024-01-01', timestamp'2024-01-01 00:00:00.5', 1.0d, cast(1.5 as decimal(5,3)))": {
        "col1": date(2024, 1, 1),
        "col2": datetime(2024, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC),
        "col3": 1.0,
        "col4": Decimal("1.500"),
    },
    "X''": b"",
    "X'00FF41'": b"\x00\xffA",
    "true": True,
    "null": None,
    "cast(null as int)": None,
    "tinyint(-5)": -5,
    "char(65)": "A",
    "decimal('1E5')": Decimal(100000),
    "bigint('9223372036854775807')": 2**63 - 1,
    "interval '1 02:03:04.5' day to second": 93_784_500_000,
    "interval '-1 02:03:04' day to second": -93_784_000_000,
    "interval '0 00:00:00' day to second": 0,
    "interval '02:03:04.000001' hour to second": 7_384_000_001,
    "interval '1 02' day to hour": 93_600_000_000,
    "interval '1.5' second": 1_500_000,
    "interval '10:20' minute to second": 620_000_000,
    "interval '1' day": 86_400_000_000,
    "interval '3' year": 36,
    "interval '5' month": 5,
    "interval 1 year 2 months": 14,
    "interval '-1-2' year to month": -14,
    "make_interval(1,2,3,4,5,6,7.008)": (14, 25, 18_367_008_000_000),
    "make_interval(0,0,0,0,0,0,0)": (0, 0, 0),
    "make_interval(0,0,0,0,0,0,-0.5)": (0, 0, -500_000_000),
    "make_interval(-1,0,0,0,-5)": (-12, 0, -18_000_000_000_000),
    "'\t|\n|\r|\\\\|\x07|\x0b|\x0c|\b'": "\t|\n|\r|\\|\x07|\x0b|\x0c|\b",
    "repeat('漢', 25)": "漢" * 25,
    "repeat('x', 21)": "x" * 21,
    "date'-0001-01-01'": -719_893,
    "date'+12345-01-01'": 3_789_391,
}


def value_of(expression: str) -> Any:
    if expression in VALUES:
        return VALUES[expression]
    name, _, rest = expression.partition("(")
    text = rest.removesuffix("')").removeprefix("'")
    if name in {"double", "float"}:
        return float(text)
    if name == "cast":
        scale = int(rest.split(",")[-1].rstrip(")"))
        return Context(prec=60).quantize(Decimal(rest.split("'")[1]), Decimal(1).scaleb(-scale))
    kind, _, quoted = expression.partition("'")
    body = quoted.removesuffix("'")
    if kind == "":
        return body
    if kind in {"timestamp", "timestamp_ntz"}:
        return np.datetime64(body.replace(" ", "T"), "us").astype("int64").item()
    if kind == "date":
        return np.datetime64(body, "D").astype("int64").item()
    raise KeyError(expression)


def cases() -> Iterator[Any]:
    for expression, answer in RECORDED.items():
        if isinstance(answer, list):
            yield pytest.param(expression, answer, id=ascii(expression))


def array_of(value: Any, schema: StructType) -> pa.Array:
    target = arrow_type(schema.fields[0].data_type)
    if pa.types.is_temporal(target) and isinstance(value, int):
        return pa.array([value], pa.int64() if pa.types.is_timestamp(target) else pa.int32()).cast(target)
    return pa.array([value], target)


@pytest.mark.parametrize(("expression", "answer"), list(cases()))
def test_value(expression: str, answer: list[str]) -> None:
    if "variant" in answer[2]:
        pytest.skip("VARIANT is not supported")
    if expression == "float('1.17549435E-38')":
        pytest.skip("recorded with Java 17; since Java 19 the text is the shortest, as ours")
    cut, whole, schema_json = answer
    if '"void"' in schema_json or "named_struct('a', 1, 'a', 2)" in expression:
        schema_json = schema_json.replace('"void"', '"integer"')
    schema = schema_of(schema_json)
    value = [1, 2] if "named_struct" in expression else value_of(expression)
    if "named_struct" in expression:
        array = pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])
    else:
        array = array_of(value, schema)
    table = pa.Table.from_arrays([array], names=["c"])
    assert show_string(table, schema, 20, 0, False) == whole
    assert show_string(table, schema, 20, 20, False) == cut


FRAMES: dict[str, tuple[StructType, list[list[Any]]]] = {
    "plain": (
        StructType((StructField("id", INTEGER), StructField("a_long_column_name", STRING))),
        [[1, 2, 30000], ["a", None, "ccc"]],
    ),
    "wide header": (
        StructType(tuple(StructField(n, INTEGER) for n in ("漢字の列", "b|c", "new\nline", ""))),
        [[1], [2], [3], [4]],
    ),
    "empty": (StructType((StructField("a", INTEGER), StructField("b", STRING))), [[], []]),
}


def frame_cases() -> Iterator[Any]:
    for name, answer in RECORDED.items():
        if " n=" in name:
            yield pytest.param(name, answer, id=name)


@pytest.mark.parametrize(("name", "answer"), list(frame_cases()))
def test_table(name: str, answer: str) -> None:
    frame, _, settings = name.partition(" n=")
    number, truncate, vertical = (part.partition("=")[2] or part for part in settings.split(" "))
    schema, columns = FRAMES[frame]
    table = pa.Table.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, arrow_schema(schema), strict=True)],
        schema=arrow_schema(schema),
    )
    width = {"True": 20, "False": 0}.get(truncate) if truncate in {"True", "False"} else int(truncate)
    assert width is not None
    assert show_string(table, schema, int(number), width, vertical == "True") == answer


def test_no_columns() -> None:
    rows = pa.Table.from_struct_array(pa.array([{}] * 3, pa.struct([])))
    assert show_string(rows, StructType(()), 20, 20, False) == RECORDED["no columns"]
    assert show_string(rows, StructType(()), 2, 20, False) == RECORDED["no columns cut"]


def test_cut_records() -> None:
    schema = StructType((StructField("id", LONG), StructField("x", STRING)))
    table = pa.table({"id": pa.array(range(25), pa.int64()), "x": ["x" * n for n in range(25)]})
    assert show_string(table, schema, 3, 5, True) == RECORDED["range cut vertical"]


def test_nested_values_of_slices_and_nulls() -> None:
    schema = schema_of(
        '{"type":"struct","fields":[{"name":"m","nullable":true,"metadata":{},"type":{"type":"map","keyType":"string",'
        '"valueType":{"type":"array","elementType":"long","containsNull":true},"valueContainsNull":true}}]}'
    )
    values = [[("skipped", [0])], None, [("a", [1, None]), ("b", None)], []]
    table = pa.table({"m": pa.array(values, arrow_type(schema.fields[0].data_type))}).slice(1)
    lines = show_string(table, schema, 20, 0, False).splitlines()[3:6]
    assert [line.strip("|").strip() for line in lines] == ["NULL", "{a -> [1, NULL], b -> NULL}", "{}"]


def test_timestamps_in_the_session_zone() -> None:
    schema = schema_of(
        '{"type":"struct","fields":[{"name":"t","nullable":true,"metadata":{},"type":"timestamp"}]}'
    )
    table = pa.table({"t": pa.array([0, 1_719_835_200_000_000]).cast(pa.timestamp("us", "UTC"))})
    text = show_string(table, schema, 20, 0, False, "Europe/Berlin")
    assert "1970-01-01 01:00:00" in text
    assert "2024-07-01 14:00:00" in text
