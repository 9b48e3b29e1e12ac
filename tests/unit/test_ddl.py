"""Data types, schemas and names; the answers of Spark are compared in `parser/test_recorded.py`."""

from __future__ import annotations

import pytest

from potok import ddl
from potok import types as t
from potok.errors import SparkError


def test_schema_in_every_form() -> None:
    expected = t.StructType((t.StructField("a", t.INTEGER), t.StructField("b", t.STRING, nullable=False)))
    assert ddl.parse_schema("a int, b string not null") == expected
    assert ddl.parse_schema(expected.json) == expected
    assert ddl.parse_type_or_schema("struct<a: int, b: string not null>") == expected


def test_type_or_schema() -> None:
    assert ddl.parse_type_or_schema("array<int>") == t.ArrayType(t.INTEGER)
    assert ddl.parse_type_or_schema("a int") == t.StructType((t.StructField("a", t.INTEGER),))
    assert ddl.parse_type_or_schema('"integer"') == t.INTEGER


def test_every_type_reads_its_own_ddl_and_json() -> None:
    samples: tuple[t.DataType, ...] = (
        t.NULL, t.BOOLEAN, t.BYTE, t.SHORT, t.INTEGER, t.LONG, t.FLOAT, t.DOUBLE, t.STRING, t.BINARY, t.DATE,
        t.TIMESTAMP, t.TIMESTAMP_NTZ, t.CALENDAR_INTERVAL, t.DecimalType(38, 18), t.CharType(3), t.VarcharType(7),
        *(t.DayTimeIntervalType(i, j) for i in range(4) for j in range(i, 4)),
        t.YearMonthIntervalType(0, 0), t.YearMonthIntervalType(0, 1), t.YearMonthIntervalType(1, 1),
        t.ArrayType(t.MapType(t.STRING, t.StructType((t.StructField("x y", t.ArrayType(t.LONG)),)))),
    )  # fmt: skip
    for sample in samples:
        assert ddl.parse_data_type(sample.sql) == sample
        assert ddl.parse_data_type(sample.json) == sample


@pytest.mark.parametrize("text", ["time", "time(3)", "geometry(4326)", "string collate UNICODE"])
def test_types_of_spark_that_we_lack_are_named(text: str) -> None:
    with pytest.raises(SparkError) as raised:
        ddl.parse_data_type(text)
    assert raised.value.condition == "UNSUPPORTED_FEATURE.POTOK"


def test_name_without_backticks_is_taken_as_it_is() -> None:
    assert ddl.parse_name("a b[0]") == ("a b[0]",)
