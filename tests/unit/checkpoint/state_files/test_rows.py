"""Gathering, comparing and hashing rows of words, against plain lists of bytes."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from potok.checkpoint.state.rows import UnsafeRows, offsets_of, spans

WORD = st.integers(-(2**63), 2**63 - 1)
FEW_WORDS = st.integers(0, 2)


def rows_of(lists: list[list[int]], width: int | None = None) -> UnsafeRows:
    lengths = np.array([len(row) for row in lists], np.int64)
    words = np.array([word for row in lists for word in row], np.int64)
    return UnsafeRows(words, offsets_of(lengths), width)


def contents(rows: UnsafeRows) -> list[list[int]]:
    raw = [np.frombuffer(rows.row_bytes(n), np.int64).tolist() for n in range(len(rows))]
    assert rows.offsets[0] == 0
    assert rows.offsets[-1] == len(rows.words)
    return raw


def variable() -> st.SearchStrategy[list[list[int]]]:
    return st.lists(st.lists(FEW_WORDS, max_size=4), max_size=12)


@st.composite
def fixed(draw: st.DrawFn) -> tuple[int, list[list[int]]]:
    width = draw(st.integers(0, 4))
    return width, draw(st.lists(st.lists(WORD, min_size=width, max_size=width), max_size=12))


@given(variable(), st.data())
def test_take_slice_and_concat_of_any_length(lists: list[list[int]], data: st.DataObject) -> None:
    rows = rows_of(lists)
    assert contents(rows) == lists
    chosen = data.draw(st.lists(st.integers(0, max(len(lists) - 1, 0)), max_size=9 if lists else 0))
    assert contents(rows.take(np.array(chosen, np.int64))) == [lists[n] for n in chosen]
    mask = np.array([len(row) % 2 == 0 for row in lists], np.bool_)
    assert contents(rows.take(mask)) == [row for row in lists if len(row) % 2 == 0]
    cut = data.draw(st.integers(0, len(lists)))
    first, second = rows.slice(0, cut), rows.slice(cut, len(lists))
    assert contents(second) == lists[cut:]
    assert contents(UnsafeRows.concat([first, second, UnsafeRows.empty(None), first])) == lists + lists[:cut]


@given(fixed(), st.data())
def test_take_slice_and_concat_of_a_width(drawn: tuple[int, list[list[int]]], data: st.DataObject) -> None:
    width, lists = drawn
    rows = rows_of(lists, width)
    assert rows.matrix().tolist() == lists
    assert rows.nbytes == 8 * width * len(lists)
    chosen = data.draw(st.lists(st.integers(0, max(len(lists) - 1, 0)), max_size=9 if lists else 0))
    taken = rows.take(np.array(chosen, np.int64))
    assert (taken.width, contents(taken)) == (width, [lists[n] for n in chosen])
    cut = data.draw(st.integers(0, len(lists)))
    joined = UnsafeRows.concat([rows.slice(cut, len(lists)), rows.slice(0, cut)])
    assert (joined.width, contents(joined)) == (width, lists[cut:] + lists[:cut])
    assert contents(UnsafeRows.of_matrix(rows.matrix()[::-1])) == lists[::-1]


@given(variable(), variable())
def test_equal_and_hashes_of_any_length(left: list[list[int]], right: list[list[int]]) -> None:
    count = min(len(left), len(right))
    a, b = rows_of(left[:count]), rows_of(right[:count])
    expected = [x == y for x, y in zip(left, right, strict=False)]
    assert a.equal(b).tolist() == expected
    assert (a.hashes() == b.hashes()).tolist() == expected


@settings(max_examples=50)
@given(fixed())
def test_hashes_depend_on_the_bytes_alone(drawn: tuple[int, list[list[int]]]) -> None:
    width, lists = drawn
    rows, loose = rows_of(lists, width), rows_of(lists)
    assert rows.hashes().tolist() == loose.hashes().tolist()
    assert rows.equal(rows).all()
    assert rows.equal(loose).all()
    if len(rows):
        assert rows.take(np.array([len(rows) - 1])).hashes()[0] == rows.hashes()[-1]


@pytest.mark.parametrize("step", [1, 2**32, -(2**63) + 1, 10**12])
def test_hashes_of_regular_keys_spread(step: int) -> None:
    def check(rows: UnsafeRows) -> None:
        hashes: NDArray[np.uint64] = rows.hashes()
        assert len(np.unique(hashes)) == len(rows)
        for shift in (0, 48):
            buckets = np.bincount(
                ((hashes >> np.uint64(shift)) & np.uint64(0xFF)).astype(np.int64), minlength=256
            )
            assert buckets.min() > 0.7 * len(rows) / 256
            assert buckets.max() < 1.3 * len(rows) / 256

    with np.errstate(over="ignore"):
        keys = np.arange(100_000) * np.int64(step)
    nulls = np.zeros(100_000, np.int64)
    check(UnsafeRows.of_matrix(np.stack([nulls, keys], axis=1)))
    swapped = np.concatenate([np.stack([keys, nulls], axis=1), np.stack([nulls, keys], axis=1)[1:]])
    check(UnsafeRows.of_matrix(swapped))


def test_rows_without_a_width_make_no_matrix() -> None:
    with pytest.raises(ValueError, match="fixed width"):
        rows_of([[1], [2]]).matrix()


def test_spans() -> None:
    starts, lengths = np.array([5, 0, 2]), np.array([2, 0, 3])
    assert spans(starts, lengths, offsets_of(lengths)).tolist() == [5, 6, 2, 3, 4]
