"""The groups that a batch touches, each with a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows
from potok.stateful.user.state_values import Internal


class BatchGroups:
    """Keys by number, from 0; more may join while the batch goes on."""

    def __init__(self) -> None:
        self._ids: dict[bytes, int] = {}
        self._parts: list[UnsafeRows] = []
        self._whole: UnsafeRows | None = None
        self.keys: list[Internal] = []

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def rows(self) -> UnsafeRows:
        """The key rows in the order of their numbers."""
        if self._whole is None:
            self._whole = UnsafeRows.concat(self._parts)
            self._parts = [self._whole]
        return self._whole

    def join(self, rows: UnsafeRows, keys: list[Internal]) -> list[int]:
        """The numbers of groups; those that are not here yet get one. Keys are internal values."""
        numbers, new = [], []
        for position, key in enumerate(keys):
            row = rows.row_bytes(position)
            number = self._ids.get(row)
            if number is None:
                number = self._ids[row] = len(self.keys)
                self.keys.append(key)
                new.append(position)
            numbers.append(number)
        if new:
            self._parts.append(rows.take(np.array(new, np.int64)))
            self._whole = None
        return numbers

    def take(self, numbers: list[int]) -> UnsafeRows:
        """The key rows of some groups."""
        return self.rows.take(np.array(numbers, np.int64))


def since(groups: BatchGroups, fetched: int) -> Longs:
    """The numbers of the groups that have joined since there were so many."""
    return np.arange(fetched, len(groups))


def canonical(value: Any) -> Any:  # noqa: ANN401 - any internal value
    """A value that can be a key of a dict; equal where Spark's bytes are equal."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list | tuple):
        return tuple(canonical(v) for v in value)
    if isinstance(value, dict):
        return tuple((canonical(k), canonical(v)) for k, v in value.items())
    return value
