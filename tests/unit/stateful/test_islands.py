from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from potok.stateful.islands import islands

INTERVALS = st.lists(st.tuples(st.integers(0, 3), st.integers(-20, 20), st.integers(1, 6)), max_size=30)


def one_by_one(intervals: list[tuple[int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Group, start, end and size of what touches, found the plain way."""
    found: list[tuple[int, int, int, int]] = []
    for group, start, length in sorted(intervals):
        if found and found[-1][0] == group and start <= found[-1][2]:
            _, first, last, size = found[-1]
            found[-1] = (group, first, max(last, start + length), size + 1)
        else:
            found.append((group, start, start + length, 1))
    return found


@given(INTERVALS)
def test_intervals_that_touch_are_one(intervals: list[tuple[int, int, int]]) -> None:
    columns = np.array(intervals, np.int64).reshape(-1, 3).T
    groups, starts, ends = columns[0], columns[1], columns[1] + columns[2]
    found = islands(groups, starts, ends, np.zeros(len(intervals), np.bool_))
    told = zip(
        groups[found.firsts].tolist(),
        starts[found.firsts].tolist(),
        found.ends.tolist(),
        found.sizes.tolist(),
        strict=True,
    )
    assert list(told) == one_by_one(intervals)
    assert sorted(found.order.tolist()) == list(range(len(intervals)))


def test_what_comes_later_stands_behind_at_the_same_start() -> None:
    later = np.array([True, False])
    found = islands(np.zeros(2, np.int64), np.array([5, 5]), np.array([6, 9]), later)
    assert found.order.tolist() == [1, 0]
    assert found.ends.tolist() == [9]
