from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from potok.checkpoint.state.rows import UnsafeRows, offsets_of
from potok.stateful.prefix_index import PrefixIndex

STEPS = st.lists(
    st.tuples(st.dictionaries(st.integers(0, 5), st.integers(1, 3), min_size=1), st.integers(0, 4)),
    max_size=12,
)


def prefixes(values: list[int]) -> UnsafeRows:
    return UnsafeRows.of_matrix(np.array(values, np.int64).reshape(-1, 1))


@given(STEPS)
def test_lists_are_those_that_were_set_less_those_removed(
    steps: list[tuple[dict[int, int], int]],
) -> None:
    index = PrefixIndex(1)
    expected: dict[int, list[int]] = defaultdict(list)
    number = 0
    for sizes, removals in steps:
        keys = list(sizes)
        for key in keys:
            expected[key] = [*expected[key], *range(number, number + sizes[key])]
            number += sizes[key]
        words = np.array([row for key in keys for row in expected[key]], np.int64)
        lengths = np.array([len(expected[key]) for key in keys])
        index.set(prefixes(keys), UnsafeRows(words, offsets_of(lengths), None))
        gone = [row for rows in expected.values() for row in rows][::2][:removals]
        index.remove(np.array(gone, np.int64))
        expected = defaultdict(list, {k: [r for r in rows if r not in gone] for k, rows in expected.items()})
        found = index.find(prefixes(list(range(7))))
        lists = [found.words[a:b].tolist() for a, b in zip(found.offsets, found.offsets[1:], strict=False)]
        assert lists == [expected[key] for key in range(7)]
        assert len(index) == sum(bool(rows) for rows in expected.values())
