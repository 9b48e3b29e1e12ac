"""Intervals that touch, by group: which of them make one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from potok.checkpoint.state.index import Longs


@dataclass(frozen=True)
class Islands:
    """Intervals in order, and the runs among them that make one.

    `order` sorts the intervals; in this order island i is `offsets[i]:offsets[i + 1]`. `ends` are the
    greatest ends.
    """

    order: Longs
    offsets: Longs
    ends: Longs

    @property
    def firsts(self) -> Longs:
        """The interval that each island starts with."""
        return self.order[self.offsets[:-1]]

    @property
    def sizes(self) -> Longs:
        """How many intervals each island has."""
        return np.diff(self.offsets)


def islands(groups: Longs, starts: Longs, ends: Longs, comes_later: npt.NDArray[np.bool_]) -> Islands:
    """Merge intervals of the same group that overlap or touch.

    Of intervals with the same start those that come later stand behind the others.
    Source of fact: MergingSessionsIterator.
    """
    order = np.lexsort((ends, comes_later, starts, groups))
    if not order.size:
        return Islands(order, np.zeros(1, np.int64), np.zeros(0, np.int64))
    group, start, end = groups[order], starts[order], ends[order]
    # Times as ranks, so that the group fits before them in one number.
    times, ranks = np.unique(np.concatenate([start, end]), return_inverse=True)
    base = group * times.size
    reached = np.maximum.accumulate(base + ranks[start.size :])
    is_first = np.ones(order.size, np.bool_)
    is_first[1:] = base[1:] + ranks[: start.size][1:] > reached[:-1]
    begins = np.flatnonzero(is_first)
    offsets = np.append(begins, order.size)
    last = offsets[1:] - 1
    return Islands(order, offsets, times[reached[last] - base[last]])
