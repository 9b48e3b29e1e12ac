"""What holds of several records of one key is the last."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from potok.checkpoint.state.merge import last_of_each
from potok.checkpoint.state.rows import UnsafeRows

_ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=40)


def _expected(rows: list[tuple[int, int]]) -> list[int]:
    return sorted({row: position for position, row in enumerate(rows)}.values())


def _fixed(rows: list[tuple[int, int]]) -> UnsafeRows:
    return UnsafeRows.of_matrix(np.array(rows, np.int64).reshape(len(rows), 2))


@given(_ROWS)
def test_last_of_rows_of_one_width(rows: list[tuple[int, int]]) -> None:
    assert last_of_each(_fixed(rows)).tolist() == _expected(rows)


@given(st.lists(st.lists(st.integers(0, 2), max_size=3), max_size=40))
def test_last_of_rows_of_any_width(rows: list[list[int]]) -> None:
    offsets = np.cumsum([0, *map(len, rows)])
    words = np.array([word for row in rows for word in row], np.int64)
    expected = sorted({tuple(row): position for position, row in enumerate(rows)}.values())
    assert last_of_each(UnsafeRows(words, offsets, None)).tolist() == expected


def test_keys_that_share_a_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UnsafeRows, "hashes", lambda rows: np.zeros(len(rows), np.uint64))
    rows = [(1, 1), (2, 1), (1, 1), (3, 0)]
    assert last_of_each(_fixed(rows)).tolist() == [1, 2, 3]
