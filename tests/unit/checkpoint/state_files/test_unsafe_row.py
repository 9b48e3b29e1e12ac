"""Rows of state are Spark's, byte for byte."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    CALENDAR_INTERVAL,
    DATE,
    DAY_TIME_INTERVAL,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    NULL,
    SHORT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    YEAR_MONTH_INTERVAL,
    ArrayType,
    DataType,
    DecimalType,
    MapType,
    StructField,
    StructType,
    VariantType,
    arrow_type,
    data_type_from_json,
)  # fmt: skip

HERE = Path(__file__).parent
RECORDED = {case["name"]: case for case in json.loads((HERE / "recorded" / "rows.json").read_text("utf-8"))}


def load_cases() -> list[tuple[str, list[str], list[list[Any]]]]:
    spec = importlib.util.spec_from_file_location("state_cases", HERE / "cases.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cases: list[tuple[str, list[str], list[list[Any]]]] = module.CASES
    return cases


CASES = load_cases()


def struct(*data_types: DataType) -> StructType:
    return StructType(tuple(StructField(f"c{n}", t) for n, t in enumerate(data_types)))


def columns(schema: StructType, values: list[list[Any]]) -> list[pa.Array]:
    return [
        pa.array(column, arrow_type(f.data_type)) for f, column in zip(schema.fields, values, strict=True)
    ]


def row_texts(rows: UnsafeRows) -> list[str]:
    return [rows.row_bytes(n).hex() for n in range(len(rows))]


def assert_same(left: list[pa.Array], right: list[pa.Array]) -> None:
    for a, b in zip(left, right, strict=True):
        b.validate(full=True)
        assert a.type == b.type
        assert repr(a.to_pylist()) == repr(b.to_pylist())


def test_every_case_is_recorded() -> None:
    assert [name for name, _, _ in CASES] == list(RECORDED)


@pytest.mark.parametrize(("name", "_", "values"), CASES, ids=lambda x: x if isinstance(x, str) else "")
def test_rows_are_those_of_spark(name: str, _: list[str], values: list[list[Any]]) -> None:
    schema = data_type_from_json(RECORDED[name]["schema"])
    assert isinstance(schema, StructType)
    codec = UnsafeRowCodec(schema)
    arrays = columns(schema, values)
    rows = codec.encode(arrays)
    assert row_texts(rows) == RECORDED[name]["rows"]
    assert_same(arrays, codec.decode(rows))


@pytest.mark.parametrize(("name", "_", "values"), CASES, ids=lambda x: x if isinstance(x, str) else "")
def test_slices_of_columns_and_single_rows(name: str, _: list[str], values: list[list[Any]]) -> None:
    schema = data_type_from_json(RECORDED[name]["schema"])
    assert isinstance(schema, StructType)
    codec = UnsafeRowCodec(schema)
    arrays = columns(schema, values)
    whole = codec.encode(arrays)
    for start in range(len(whole)):
        one = codec.encode([a.slice(start, 1) for a in arrays])
        assert row_texts(one) == row_texts(whole)[start : start + 1]
        assert_same([a.slice(start, 1) for a in arrays], codec.decode(whole.slice(start, start + 1)))
    backwards = np.arange(len(whole))[::-1]
    assert_same([a.take(pa.array(backwards)) for a in arrays], codec.decode(whole.take(backwards)))
    assert_same([a.slice(0, 0) for a in arrays], codec.decode(codec.encode([a.slice(0, 0) for a in arrays])))


def test_a_row_without_columns_has_no_bytes() -> None:
    codec = UnsafeRowCodec(StructType())
    rows = codec.encode([], 3)
    assert codec.width == 0
    assert row_texts(rows) == ["", "", ""]
    assert codec.decode(rows) == []
    assert len(codec.encode([])) == 0


def test_every_nan_has_one_pattern() -> None:
    codec = UnsafeRowCodec(struct(FLOAT, DOUBLE))
    single = np.array([0x7FC00001, 0xFFC00000, 0x7F800000], np.uint32).view(np.float32)
    double = np.array([0x7FF8000000000001, 0xFFF8000000000000, 0x7FF0000000000000], np.uint64).view(
        np.float64
    )
    rows = codec.encode([pa.array(single), pa.array(double)]).matrix()
    assert rows[:, 1].tolist() == [0x7FC00000, 0x7FC00000, 0x7F800000]
    assert rows[:, 2].tolist() == [0x7FF8000000000000, 0x7FF8000000000000, 0x7FF0000000000000]


def test_what_lies_under_a_null_does_not_show() -> None:
    hidden = pa.array(["visible", "hidden", "x"])
    mask = pa.py_buffer(np.packbits(np.array([1, 0, 1], np.uint8), bitorder="little"))
    text = pa.Array.from_buffers(pa.string(), 3, [mask, *hidden.buffers()[1:]])
    lists = pa.ListArray.from_arrays(
        pa.array([0, 1, 3, 4], pa.int32()), pa.array([1, 2, 3, 4]), mask=pa.array([False, True, False])
    )
    codec = UnsafeRowCodec(struct(STRING, ArrayType(LONG)))
    expected = codec.encode(
        [pa.array(["visible", None, "x"]), pa.array([[1], None, [4]], pa.list_(pa.int64()))]
    )
    assert row_texts(codec.encode([text, lists])) == row_texts(expected)


def test_related_arrow_types_are_converted() -> None:
    codec = UnsafeRowCodec(
        struct(STRING, LONG, DecimalType(20, 0), ArrayType(STRING), STRING, CALENDAR_INTERVAL)
    )
    values: list[list[Any]] = [
        ["a", None],
        [1, 2],
        [1, None],
        [["x", None], None],
        [None, None],
        [None, None],
    ]
    given_arrays = [
        pa.array(values[0], pa.large_string()),
        pa.array(values[1], pa.int32()),
        pa.array(values[2], pa.int64()),
        pa.array(values[3], pa.large_list(pa.string())),
        pa.nulls(2),
        pa.nulls(2),
    ]
    wanted = row_texts(codec.encode(columns(codec.schema, values)))
    assert row_texts(codec.encode(given_arrays)) == wanted
    assert row_texts(codec.encode([given_arrays[0].dictionary_encode(), *given_arrays[1:]])) == wanted


def test_other_arrow_types_are_refused() -> None:
    for data_type, array in [
        (LONG, pa.array(["x"])),
        (MapType(LONG, LONG), pa.array([1])),
        (CALENDAR_INTERVAL, pa.array(["x"])),
        (ArrayType(LONG), pa.array([1])),
    ]:
        with pytest.raises(pa.ArrowException):
            UnsafeRowCodec(struct(data_type)).encode([array])


def test_widths() -> None:
    fixed = [NULL, BOOLEAN, BYTE, SHORT, INTEGER, LONG, FLOAT, DOUBLE, DATE, TIMESTAMP, TIMESTAMP_NTZ,
             DAY_TIME_INTERVAL, YEAR_MONTH_INTERVAL, DecimalType(18, 3)]  # fmt: skip
    assert UnsafeRowCodec(struct(*fixed)).width == 1 + len(fixed)
    assert UnsafeRowCodec(struct(*[LONG] * 65)).width == 67
    for variable in (STRING, BINARY, DecimalType(19, 0), CALENDAR_INTERVAL, struct(LONG), ArrayType(LONG)):
        codec = UnsafeRowCodec(struct(variable))
        assert codec.width is None
        assert codec.encode(columns(codec.schema, [[None]])).width is None


def test_a_type_that_state_does_not_hold() -> None:
    with pytest.raises(ValueError, match="variant in state"):
        UnsafeRowCodec(struct(VariantType()))


def test_an_interval_too_long_for_arrow() -> None:
    codec = UnsafeRowCodec(struct(CALENDAR_INTERVAL))
    rows = UnsafeRows(np.array([0, 16 << 32 | 16, 0, 2**62], np.int64), np.array([0, 4]), None)
    with pytest.raises(ValueError, match="more microseconds"):
        codec.decode(rows)


LEAVES: list[tuple[DataType, st.SearchStrategy[Any]]] = [
    (BOOLEAN, st.booleans()),
    (BYTE, st.integers(-(2**7), 2**7 - 1)),
    (SHORT, st.integers(-(2**15), 2**15 - 1)),
    (INTEGER, st.integers(-(2**31), 2**31 - 1)),
    (LONG, st.integers(-(2**63), 2**63 - 1)),
    (DOUBLE, st.floats()),
    (DATE, st.dates()),
    (STRING, st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
    (BINARY, st.binary(max_size=20)),
    (DecimalType(18, 0), st.integers(-(10**18) + 1, 10**18 - 1)),
    (DecimalType(38, 0), st.integers(-(10**38) + 1, 10**38 - 1)),
    (CALENDAR_INTERVAL, st.tuples(st.integers(-99, 99), st.integers(-99, 99), st.integers(-(2**50), 2**50).map(lambda x: x * 1000))),
    (NULL, st.none()),
]  # fmt: skip
Typed = tuple[DataType, st.SearchStrategy[Any]]


def _or_null(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def _nested(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    arrays = inner.map(lambda t: (ArrayType(t[0]), st.lists(_or_null(t[1]), max_size=70)))
    structs = st.lists(inner, min_size=1, max_size=4).map(
        lambda ts: (
            struct(*[t for t, _ in ts]),
            st.fixed_dictionaries({f"c{n}": _or_null(v) for n, (_, v) in enumerate(ts)}),
        )
    )
    maps = inner.map(
        lambda t: (MapType(LONG, t[0]), st.lists(st.tuples(st.integers(0, 99), _or_null(t[1])), max_size=5))
    )
    return arrays | structs | maps


TYPES = st.recursive(st.sampled_from(LEAVES), _nested, max_leaves=4)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.lists(TYPES, min_size=1, max_size=5), st.integers(0, 8))
def test_what_is_encoded_is_decoded(data: st.DataObject, types: list[Typed], count: int) -> None:
    schema = struct(*[t for t, _ in types])
    values = [data.draw(st.lists(_or_null(v), min_size=count, max_size=count)) for _, v in types]
    codec = UnsafeRowCodec(schema)
    arrays = columns(schema, values)
    rows = codec.encode(arrays)
    decoded = codec.decode(rows)
    assert_same(arrays, decoded)
    assert codec.encode(decoded).equal(rows).all()
    assert row_texts(
        UnsafeRows.concat([codec.encode([a.slice(n, 1) for a in arrays]) for n in range(count)] or [rows])
    ) == row_texts(rows)
