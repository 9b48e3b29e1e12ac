"""The table of a state store behaves as a dict, whatever is put, removed and looked up in whatever order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from potok.checkpoint.state.index import KeyIndex
from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.table import KeyedTable

MakeRows = Callable[[list[int]], UnsafeRows]


def fixed(numbers: list[int]) -> UnsafeRows:
    return UnsafeRows.of_matrix(np.array([[0, n] for n in numbers], np.int64).reshape(-1, 2))


def variable(numbers: list[int]) -> UnsafeRows:
    """Rows whose length depends on the number."""
    rows = [[0, n, *[7] * (n % 3)] for n in numbers]
    offsets = np.cumsum([0, *map(len, rows)])
    return UnsafeRows(np.array([w for row in rows for w in row], np.int64), offsets, None)


def content(table: KeyedTable) -> dict[bytes, bytes]:
    numbers = table.live()
    keys, values = table.keys(numbers), table.values(numbers)
    return {keys.row_bytes(i): values.row_bytes(i) for i in range(len(keys))}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "remove"]), st.sets(st.integers(0, 40), max_size=25), st.integers(0, 9)
    ),
    max_size=25,
)


@pytest.mark.parametrize("rows", [fixed, variable])
@given(steps=STEPS)
@settings(max_examples=150, deadline=None)
def test_it_is_a_dict(rows: MakeRows, steps: list[tuple[str, set[int], int]]) -> None:
    width = rows([]).width
    table = KeyedTable(width, None if width is None else 2)
    expected: dict[bytes, bytes] = {}
    for step, chosen, value in steps:
        numbers = sorted(chosen)
        keys = rows(numbers)
        if step == "put":
            values = rows([value + n for n in numbers])
            table.put(keys, values)
            expected |= {keys.row_bytes(i): values.row_bytes(i) for i in range(len(keys))}
        else:
            found = table.find(keys)
            for i in range(len(keys)):
                assert (found[i] >= 0) == (keys.row_bytes(i) in expected)
                expected.pop(keys.row_bytes(i), None)
            table.remove(found[found >= 0])
        assert len(table) == len(expected)
    assert content(table) == expected


def test_many_keys_grow_through_several_tables() -> None:
    table = KeyedTable(2, 2)
    count = 200_000
    for start in range(0, count, 7_000):
        numbers = list(range(start, min(count, start + 7_000)))
        table.put(fixed(numbers), fixed(numbers))
        assert (table.find(fixed(numbers[:50])) >= 0).all()
    every = np.arange(count)
    found = table.find(fixed(every.tolist()))
    assert (table.values(found).matrix()[:, 1] == every).all()
    table.remove(found[: count // 2])
    assert len(table) == count // 2
    assert (table.find(fixed(list(range(count // 2)))) == -1).all()
    assert (table.find(fixed(list(range(count // 2, count)))) >= 0).all()


def test_numbers_are_used_again() -> None:
    table = KeyedTable(2, 2)
    first = table.put(fixed([1, 2, 3]), fixed([1, 2, 3]))
    table.remove(first[:2])
    again = table.put(fixed([4, 5, 6]), fixed([4, 5, 6]))
    assert set(first[:2].tolist()) < set(again.tolist())
    assert table.end == 4


def test_long_values_that_grow_are_squeezed() -> None:
    table = KeyedTable(2, None)
    keys = fixed(list(range(1000)))
    for length in range(1, 3000, 100):
        words = np.repeat(np.arange(1000), length)
        table.put(keys, UnsafeRows(words, np.arange(0, words.size + 1, length), None))
    last = table.values(table.find(keys))
    assert (last.lengths == 2901).all()
    assert table.nbytes < 4 * last.nbytes


def test_keys_of_one_hash_are_told_apart() -> None:
    hashes = np.zeros(50, np.uint64)
    index = KeyIndex(lambda rows: np.zeros(rows.size, np.uint64))
    index.insert(hashes, np.arange(50))
    wanted = np.arange(50)[::-1]
    found = index.find(hashes, lambda positions, rows: wanted[positions] == rows)
    assert (found == wanted).all()
    index.remove(hashes[:10], np.arange(10))
    found = index.find(hashes, lambda positions, rows: wanted[positions] == rows)
    assert (found[wanted < 10] == -1).all()
    assert (found[wanted >= 10] == wanted[wanted >= 10]).all()


def test_a_row_that_is_not_there_cannot_be_removed() -> None:
    index = KeyIndex(lambda rows: np.zeros(rows.size, np.uint64))
    with pytest.raises(AssertionError, match="1 rows are not in the index"):
        index.remove(np.zeros(1, np.uint64), np.zeros(1, np.int64))
