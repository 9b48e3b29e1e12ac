"""Keys and values in memory, whole batches at a time."""

from __future__ import annotations

from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from potok.checkpoint.state.index import Hashes, KeyIndex, Longs
from potok.checkpoint.state.rows import WORD_BYTES, Mask, UnsafeRows, offsets_of, spans

Number = TypeVar("Number", np.int64, np.int8)
_SMALLEST = 1 << 8
# Memory grows by parts of this many rows or words: the system moves pages, and only new ones cost time.
_PART = 1 << 19


def _grown(array: npt.NDArray[Number], size: int) -> npt.NDArray[Number]:
    """The array with room for at least `size` entries; the old object must not be used any more."""
    if size <= array.shape[0]:
        return array
    room = max(size, array.shape[0] + min(max(array.shape[0], _SMALLEST), _PART))
    # Nothing else refers to it, so that it may be moved.
    array.resize((room, *array.shape[1:]), refcheck=False)
    return array


def _items(matrix: Longs) -> npt.NDArray[np.void]:
    """Each row as one item, which is copied at once."""
    return matrix.view(np.dtype((np.void, matrix.shape[1] * WORD_BYTES))).reshape(-1)


class _Rows(Protocol):
    """Rows under numbers."""

    @property
    def nbytes(self) -> int: ...
    def get(self, numbers: Longs) -> UnsafeRows: ...
    def set(self, numbers: Longs, rows: UnsafeRows) -> None: ...
    def free(self, numbers: Longs) -> None: ...


class _FixedRows:
    """Rows of one width: a matrix."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._matrix: Longs = np.zeros((0, width), np.int64)

    @property
    def nbytes(self) -> int:
        return self._matrix.nbytes

    def get(self, numbers: Longs) -> UnsafeRows:
        return UnsafeRows.of_matrix(self._matrix.take(numbers, axis=0))

    def set(self, numbers: Longs, rows: UnsafeRows) -> None:
        if numbers.size:
            self._matrix = _grown(self._matrix, int(numbers.max()) + 1)
            if self._width:
                _items(self._matrix)[numbers] = _items(rows.matrix())

    def free(self, numbers: Longs) -> None:
        """What is freed is overwritten by the next row of that number."""


class _VariableRows:
    """Rows of any width, one after the other; those that are left behind are squeezed out in time."""

    def __init__(self) -> None:
        self._words: Longs = np.zeros(0, np.int64)
        self._starts: Longs = np.zeros(0, np.int64)
        self._lengths: Longs = np.zeros(0, np.int64)
        self._end = 0
        self._dead = 0

    @property
    def nbytes(self) -> int:
        return self._words.nbytes + self._starts.nbytes + self._lengths.nbytes

    def get(self, numbers: Longs) -> UnsafeRows:
        return gathered(self._words, self._starts[numbers], self._lengths[numbers])

    def set(self, numbers: Longs, rows: UnsafeRows) -> None:
        if not numbers.size:
            return
        count = int(numbers.max()) + 1
        self._starts, self._lengths = _grown(self._starts, count), _grown(self._lengths, count)
        self._dead += int(self._lengths[numbers].sum())
        if self._dead * 2 > self._end and self._dead > _PART:
            self._lengths[numbers] = 0
            self._squeeze()
        total = int(rows.offsets[-1])
        self._words = _grown(self._words, self._end + total)
        self._words[self._end : self._end + total] = rows.words
        self._starts[numbers] = rows.offsets[:-1] + self._end
        self._lengths[numbers] = rows.lengths
        self._end += total

    def free(self, numbers: Longs) -> None:
        self._dead += int(self._lengths[numbers].sum())
        self._lengths[numbers] = 0

    def _squeeze(self) -> None:
        kept = np.flatnonzero(self._lengths)
        rows = gathered(self._words, self._starts[kept], self._lengths[kept])
        self._words, self._end, self._dead = rows.words.copy(), int(rows.offsets[-1]), 0
        self._starts[kept] = rows.offsets[:-1]


def gathered(words: Longs, starts: Longs, lengths: Longs) -> UnsafeRows:
    """The rows that stand at some places among words."""
    offsets = offsets_of(lengths)
    return UnsafeRows(words.take(spans(starts, lengths, offsets)), offsets, None)


def _rows(width: int | None) -> _Rows:
    return _VariableRows() if width is None else _FixedRows(width)


class KeyedTable:
    """One value row for each key row. Rows have numbers, which stay until the row is removed.

    `key_width` and `value_width` are in words, None where rows differ. Arguments hold distinct keys
    and distinct numbers.
    """

    def __init__(self, key_width: int | None, value_width: int | None) -> None:
        self._keys = _rows(key_width)
        self._values = _rows(value_width)
        self._hashes: Longs = np.zeros(0, np.int64)
        self._is_live: npt.NDArray[np.int8] = np.zeros(0, np.int8)
        self._free: list[Longs] = []
        self._free_count = 0
        self._end = 0
        self._index = KeyIndex(self._hash_of)

    def __len__(self) -> int:
        return self._end - self._free_count

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        parts = (self._keys, self._values, self._hashes, self._is_live, self._index)
        return sum(part.nbytes for part in parts)

    @property
    def end(self) -> int:
        """One more than the greatest row number in use."""
        return self._end

    def find(self, keys: UnsafeRows) -> Longs:
        """The numbers of the keys' rows, -1 where there is none."""
        if not self._end or not len(keys):
            return np.full(len(keys), -1)

        def matches(positions: Longs, rows: Longs) -> Mask:
            return keys.take(positions).equal(self._keys.get(rows))

        return self._index.find(keys.hashes(), matches)

    def put(self, keys: UnsafeRows, values: UnsafeRows, numbers: Longs | None = None) -> Longs:
        """Set the values of keys; the row numbers. `numbers` is what `find` gave for the keys, if known."""
        if numbers is None:
            numbers = self.find(keys)
        new = np.flatnonzero(numbers < 0)
        if new.size:
            numbers = numbers.copy()
            numbers[new] = self._take_numbers(new.size)
            self._add(keys if new.size == numbers.size else keys.take(new), numbers[new])
        self._values.set(numbers, values)
        return numbers

    def _add(self, keys: UnsafeRows, numbers: Longs) -> None:
        hashes = keys.hashes()
        self._keys.set(numbers, keys)
        self._hashes = _grown(self._hashes, self._end)
        self._is_live = _grown(self._is_live, self._end)
        self._hashes[numbers] = hashes.view(np.int64)
        self._is_live[numbers] = 1
        self._index.insert(hashes, numbers)

    def set_values(self, numbers: Longs, values: UnsafeRows) -> None:
        """Replace the values of rows that are there."""
        self._values.set(numbers, values)

    def remove(self, numbers: Longs) -> None:
        """Take out rows that are there. Their numbers may be given to others."""
        if not numbers.size:
            return
        self._index.remove(self._hash_of(numbers), numbers)
        self._is_live[numbers] = 0
        self._keys.free(numbers)
        self._values.free(numbers)
        self._free.append(numbers)
        self._free_count += numbers.size

    def keys(self, numbers: Longs) -> UnsafeRows:
        """The keys of rows."""
        return self._keys.get(numbers)

    def values(self, numbers: Longs) -> UnsafeRows:
        """The values of rows."""
        return self._values.get(numbers)

    def is_live(self, numbers: Longs) -> Mask:
        """Which of some numbers (below `end`) are rows, as booleans."""
        return self._is_live[numbers].view(np.bool_)

    def live(self) -> Longs:
        """The numbers of all rows, ascending."""
        return np.flatnonzero(self._is_live[: self._end])

    def _hash_of(self, numbers: Longs) -> Hashes:
        return self._hashes[numbers].view(np.uint64)

    def _take_numbers(self, count: int) -> Longs:
        taken = []
        while count and self._free:
            last = self._free.pop()
            taken.append(last[:count])
            if last.size > count:
                self._free.append(last[count:])
            count -= taken[-1].size
            self._free_count -= taken[-1].size
        if count:
            taken.append(np.arange(self._end, self._end + count))
            self._end += count
        return taken[0] if len(taken) == 1 else np.concatenate(taken)
