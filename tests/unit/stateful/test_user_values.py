"""Values of state as columns and back; the groups of a batch."""

from __future__ import annotations

import decimal
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.ddl import parse_data_type, parse_schema
from potok.errors import SparkError
from potok.stateful.user.groups import grouped, sorted_positions
from potok.stateful.user.state_values import column_of, columns_of, fitted, fitted_row, rows_of, values_of
from potok.types import arrow_type

TYPES: dict[str, st.SearchStrategy[Any]] = {
    "BOOLEAN": st.booleans(),
    "TINYINT": st.integers(-128, 127),
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "DOUBLE": st.floats(allow_nan=False),
    "DECIMAL(20,3)": st.decimals(-(10**15), 10**15, places=3),
    "STRING": st.text(st.characters(codec="utf-8")),
    "BINARY": st.binary(),
    "DATE": st.integers(-100_000, 100_000),
    "TIMESTAMP": st.integers(-(2**60), 2**60),
    "TIMESTAMP_NTZ": st.integers(-(2**60), 2**60),
    "INTERVAL DAY TO SECOND": st.integers(-(2**60), 2**60),
    "ARRAY<DATE>": st.lists(st.none() | st.integers(-100_000, 100_000)),
    "MAP<STRING,BIGINT>": st.dictionaries(
        st.text(st.characters(codec="utf-8")), st.none() | st.integers(0, 9)
    ),
    "MAP<INT,STRUCT<a: DATE>>": st.dictionaries(st.integers(0, 9), st.none() | st.tuples(st.integers(0, 99))),
    "STRUCT<a: STRING, b: ARRAY<STRUCT<c: INT>>>": st.tuples(
        st.none() | st.text(st.characters(codec="utf-8")),
        st.none() | st.lists(st.none() | st.tuples(st.none() | st.integers(0, 9))),
    ),
}


@pytest.mark.parametrize("name", TYPES)
def test_values_come_back(name: str) -> None:
    data_type = parse_data_type(name)

    @settings(deadline=None, max_examples=40)
    @given(st.lists(st.none() | TYPES[name], max_size=8), st.integers(0, 3))
    def check(values: list[Any], start: int) -> None:
        fits = [fitted(value, data_type) for value in values]
        assert fits == values
        column = column_of(fits, data_type)
        assert column.type == arrow_type(data_type)
        assert values_of(column, data_type) == values
        assert values_of(column.slice(start), data_type) == values[start:]

    check()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("BOOLEAN", 1, None),
        ("INT", True, None),
        ("INT", 1.5, None),
        ("INT", 2**31, -(2**31)),
        ("BIGINT", 2**63, None),
        ("TINYINT", 300, 44),
        ("DOUBLE", 1, None),
        ("STRING", True, "true"),
        ("STRING", 1, "1"),
        ("BINARY", "ä", "ä".encode()),
        ("DECIMAL(5,2)", 1, None),
        ("DECIMAL(5,2)", decimal.Decimal("1.235"), decimal.Decimal("1.24")),
        ("ARRAY<INT>", (1, "x"), [1, None]),
        ("ARRAY<INT>", 1, None),
        ("MAP<STRING,INT>", [1], None),
    ],
)
def test_other_values_fit_as_in_spark(name: str, value: Any, expected: Any) -> None:
    assert fitted(value, parse_data_type(name)) == expected


def test_rows_have_all_fields() -> None:
    schema = parse_schema("a INT, b STRING")
    assert rows_of(columns_of([fitted_row((1, "x"), schema)], schema), schema, 1) == [(1, "x")]
    assert columns_of([], schema)[0].type == pa.int32()
    with pytest.raises(SparkError) as error:
        fitted_row((1,), schema)
    assert error.value.condition == "STRUCT_ARRAY_LENGTH_MISMATCH"


def test_order_of_keys() -> None:
    floats = pa.array([math.nan, 1.0, None, -math.inf, -1.0, math.inf, 0.0])
    assert sorted_positions([floats], 7).tolist() == [2, 3, 4, 6, 1, 5, 0]
    texts = pa.array(["ä", "b", None, "", "a"])
    assert sorted_positions([texts], 5).tolist() == [2, 3, 4, 1, 0]
    structs = pa.array([{"a": 2, "b": 1}, None, {"a": 1, "b": 2}, {"a": None, "b": 3}, {"a": 1, "b": 1}])
    assert sorted_positions([structs], 5).tolist() == [1, 3, 4, 2, 0]
    assert sorted_positions([], 3).tolist() == [0, 1, 2]


@settings(deadline=None)
@given(st.lists(st.tuples(st.none() | st.integers(-2, 2), st.none() | st.sampled_from("ab"))))
def test_groups(keys: list[tuple[int | None, str | None]]) -> None:
    columns = [pa.array([n for n, _ in keys], pa.int64()), pa.array([s for _, s in keys], pa.string())]
    codec = UnsafeRowCodec(parse_schema("n BIGINT, s STRING"))
    groups = grouped(columns, codec.encode(columns))
    expected = sorted(
        set(keys), key=lambda key: (key[0] is not None, key[0] or 0, key[1] is not None, key[1] or "")
    )
    assert [keys[i] for i in groups.firsts] == expected
    for position, key in enumerate(expected):
        rows = groups.order[groups.starts[position] : groups.starts[position + 1]].tolist()
        assert rows == [i for i, other in enumerate(keys) if other == key]
    assert np.array_equal(groups.keys.words, codec.encode(columns).take(groups.firsts).words)
