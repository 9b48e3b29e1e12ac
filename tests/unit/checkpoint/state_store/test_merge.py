"""What holds of several records of one key is the last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from potok.checkpoint.state import merge
from potok.checkpoint.state.delta import Delta
from potok.checkpoint.state.files import StoreFiles
from potok.checkpoint.state.merge import last_of_each, merged
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


class Files:
    """Files of one partition: a snapshot, and deltas whose records are (key, value, or None for a removal)."""

    key_width = value_width = 1

    def __init__(self, snapshot: dict[int, int], deltas: list[list[tuple[int, int | None]]]) -> None:
        self._snapshot = snapshot
        self._deltas = deltas

    def read(self, partition: int, version: int) -> tuple[UnsafeRows, UnsafeRows, Iterator[Delta]]:
        assert (partition, version) == (0, len(self._deltas) + 1)
        return _words(self._snapshot), _words(self._snapshot.values()), map(self._delta, self._deltas)

    def _delta(self, records: list[tuple[int, int | None]]) -> Delta:
        is_removal = np.array([value is None for _, value in records], np.bool_)
        return Delta(_words(k for k, _ in records), _words(v or 0 for _, v in records), is_removal)


def _words(numbers: Iterable[int]) -> UnsafeRows:
    return UnsafeRows.of_matrix(np.array(list(numbers), np.int64).reshape(-1, 1))


_NUMBERS = st.integers(0, 9)


@given(
    st.dictionaries(_NUMBERS, _NUMBERS),
    st.lists(st.lists(st.tuples(_NUMBERS, st.none() | _NUMBERS), max_size=12), max_size=5),
)
def test_records_hold_in_the_order_of_the_files(
    snapshot: dict[int, int], deltas: list[list[tuple[int, int | None]]]
) -> None:
    expected = dict(snapshot)
    for key, value in (record for delta in deltas for record in delta):
        expected.pop(key, None)
        if value is not None:
            expected[key] = value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "_ROWS_AT_ONCE", 3)
        keys, values = merged(cast("StoreFiles", Files(snapshot, deltas)), 0, len(deltas) + 1)
    assert len(keys) == len(expected)
    assert dict(zip(keys.words.tolist(), values.words.tolist(), strict=True)) == expected
