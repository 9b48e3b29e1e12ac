"""Rows of state: Spark's UnsafeRow, n of them back to back.

An UnsafeRow is a run of little-endian 64-bit words: null bits, one slot per field, then the values that
do not fit into a slot. Two rows of one schema are equal when their words are.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.int64]
Indices = npt.NDArray[np.integer]
Mask = npt.NDArray[np.bool_]

if sys.byteorder != "little":  # pragma: no cover - words are read and written as the machine has them
    msg = "state rows need a little-endian machine"
    raise ImportError(msg)

WORD_BYTES = 8
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_1, _SHIFT_2, _SHIFT_3 = np.uint64(30), np.uint64(27), np.uint64(31)


@dataclass(frozen=True, eq=False, slots=True)
class UnsafeRows:
    """Some rows of one schema.

    Row i is `words[offsets[i]:offsets[i + 1]]`; `offsets` counts words, starts with 0 and has one entry
    more than there are rows. `width` is the number of words of every row where the schema fixes it
    (0 for a schema without columns), else None, even if all rows happen to be equally long.
    """

    words: Words
    offsets: Words
    width: int | None

    @staticmethod
    def of_matrix(matrix: Words) -> UnsafeRows:
        """Rows of equal width, one for each row of the matrix."""
        count, width = matrix.shape
        return UnsafeRows(np.ascontiguousarray(matrix).reshape(-1), _even_offsets(count, width), width)

    @staticmethod
    def empty(width: int | None) -> UnsafeRows:
        """No rows."""
        return UnsafeRows(np.empty(0, np.int64), np.zeros(1, np.int64), width)

    @staticmethod
    def concat(parts: Sequence[UnsafeRows]) -> UnsafeRows:
        """The rows of all parts in order. At least one part; all of one schema."""
        if len(parts) == 1:
            return parts[0]
        widths = {part.width for part in parts}
        width = widths.pop() if len(widths) == 1 else None
        words = np.concatenate([part.words for part in parts])
        if width is not None:
            return UnsafeRows(words, _even_offsets(sum(map(len, parts)), width), width)
        pieces, at = [parts[0].offsets[:1]], 0
        for part in parts:
            pieces.append(part.offsets[1:] + at)
            at += len(part.words)
        return UnsafeRows(words, np.concatenate(pieces), None)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def nbytes(self) -> int:
        """Bytes of the rows themselves."""
        return self.words.nbytes

    @property
    def lengths(self) -> Words:
        """The words of each row."""
        return np.diff(self.offsets)

    def matrix(self) -> Words:
        """The words as (rows, width), without a copy. ValueError where the schema fixes no width."""
        if self.width is None:
            msg = "rows of a schema without a fixed width make no matrix"
            raise ValueError(msg)
        return self.words.reshape(len(self), self.width)

    def take(self, indices: Indices | Mask) -> UnsafeRows:
        """The rows at these positions, in this order, or where a mask is true."""
        if indices.dtype == np.bool_:
            indices = np.flatnonzero(indices)
        if self.width is not None:
            words = self.matrix().take(indices, axis=0).reshape(-1)
            return UnsafeRows(words, _even_offsets(len(indices), self.width), self.width)
        starts = self.offsets[:-1].take(indices)
        lengths = self.offsets[1:].take(indices) - starts
        offsets = offsets_of(lengths)
        return UnsafeRows(self.words.take(spans(starts, lengths, offsets)), offsets, None)

    def slice(self, start: int, stop: int) -> UnsafeRows:
        """The rows from start (inclusive) to stop (exclusive); the words are shared."""
        first, last = int(self.offsets[start]), int(self.offsets[stop])
        return UnsafeRows(self.words[first:last], self.offsets[start : stop + 1] - first, self.width)

    def row_bytes(self, index: int) -> bytes:
        """The bytes of one row."""
        return self.words[self.offsets[index] : self.offsets[index + 1]].tobytes()

    def equal(self, other: UnsafeRows) -> Mask:
        """For each row whether the other's row at the same position has the same bytes."""
        if self.width is not None and self.width == other.width:
            return _equal_matrices(self.matrix(), other.matrix())
        same_length: Mask = self.lengths == other.lengths
        if not same_length.all():
            at = np.flatnonzero(same_length)
            same_length[at] = self.take(at).equal(other.take(at))
            return same_length
        differs = np.flatnonzero(self.words != other.words)
        same_length[np.searchsorted(self.offsets, differs, side="right") - 1] = False
        return same_length

    def hashes(self) -> npt.NDArray[np.uint64]:
        """A 64-bit hash of each row's bytes; the same bytes give the same hash whatever `width` says.

        It is not Spark's and not stored anywhere.
        """
        count = len(self)
        words = self.words.view(np.uint64)
        if self.width is not None:
            total = np.zeros(count, np.uint64)
            matrix = words.reshape(count, self.width)
            for position in range(self.width):
                total += _mixed(matrix[:, position], np.uint64(position))
            total += np.uint64(self.width)
            return _mixed(total, np.uint64(0))
        if not count:
            return np.zeros(0, np.uint64)
        lengths = self.lengths
        positions = np.arange(len(words)) - np.repeat(self.offsets[:-1], lengths)
        mixed = _mixed(words, positions.astype(np.uint64))
        if lengths.min() == 0:
            sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
            total = sums[self.offsets[1:]] - sums[self.offsets[:-1]]
        else:
            total = np.add.reduceat(mixed, self.offsets[:-1])
        total += lengths.astype(np.uint64)
        return _mixed(total, np.uint64(0))


def offsets_of(lengths: Words) -> Words:
    """Where runs of these lengths start when they lie back to back, and where the last one ends."""
    offsets = np.empty(len(lengths) + 1, np.int64)
    offsets[0] = 0
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def spans(starts: Words, lengths: Words, offsets: Words) -> Words:
    """The indices start, start + 1, ... of each run, one after the other; `offsets` = offsets_of(lengths)."""
    indices = np.repeat(starts - offsets[:-1], lengths)
    indices += np.arange(len(indices))
    return indices


def _even_offsets(count: int, width: int) -> Words:
    return np.arange(0, count * width + 1, width) if width else np.zeros(count + 1, np.int64)


def _equal_matrices(left: Words, right: Words) -> Mask:
    result = np.ones(len(left), np.bool_)
    for position in range(left.shape[1]):
        result &= left[:, position] == right[:, position]
    return result


def _mixed(
    words: npt.NDArray[np.uint64], positions: npt.NDArray[np.uint64] | np.uint64
) -> npt.NDArray[np.uint64]:
    """Steele, Lea and Flood's finaliser (splitmix64) of each word, told apart by its position."""
    with np.errstate(over="ignore"):
        mixed = words + (positions + np.uint64(1)) * _GOLDEN
    mixed ^= mixed >> _SHIFT_1
    mixed *= _MIX_1
    mixed ^= mixed >> _SHIFT_2
    mixed *= _MIX_2
    mixed ^= mixed >> _SHIFT_3
    return mixed
