from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.stateful.keys import first_of_each, group_numbers, scala_set_order, without_negative_zero
from potok.types import STRING, StructField, StructType


def texts(values: Sequence[str | None]) -> UnsafeRows:
    return UnsafeRowCodec(StructType((StructField("k", STRING),))).encode([pa.array(values, pa.string())])


@given(st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=40))
def test_the_first_of_each_is_the_first_in_order(values: list[str | None]) -> None:
    found = first_of_each(texts(values)).tolist()
    assert found == [i for i, value in enumerate(values) if value not in values[:i]]


@given(st.lists(st.text(max_size=2), max_size=40))
def test_equal_rows_have_equal_numbers_without_gaps(values: list[str]) -> None:
    numbers = group_numbers(texts(values)).tolist()
    assert sorted(set(numbers)) == list(range(len(set(values))))
    assert len(set(zip(values, numbers, strict=True))) == len(set(values))


def test_rows_that_share_a_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UnsafeRows, "hashes", lambda rows: np.zeros(len(rows), np.uint64))
    assert first_of_each(texts(["a", "b", "a", "c"])).tolist() == [0, 1, 3]
    assert group_numbers(texts(["a", "b", "a", "c"])).tolist() == [0, 1, 0, 2]


def test_negative_zero_goes_in_arrays_and_structs_too() -> None:
    nested = pa.array(
        [[{"x": -0.0}], None, [], [{"x": 1.5}, None]], pa.list_(pa.struct([("x", pa.float64())]))
    )
    changed = without_negative_zero(nested.slice(0))
    assert changed.to_pylist() == nested.to_pylist()
    assert math.copysign(1, changed[0].as_py()[0]["x"]) == 1
    sliced = without_negative_zero(nested.slice(1))
    assert sliced.to_pylist() == nested.to_pylist()[1:]
    assert math.copysign(1, without_negative_zero(pa.array([-0.0], pa.float32()))[0].as_py()) == 1


def test_sets_of_scala_keep_up_to_four_in_order_and_sort_more_by_hash() -> None:
    assert scala_set_order(["v", "k", "at", "x"]) == ["v", "k", "at", "x"]
    # Recorded: event_time/dedup_key_order_of_old_many.
    assert scala_set_order(["v", "k", "at", "x", "w"]) == ["x", "v", "at", "w", "k"]
