"""Runs of items packed into 64-bit words: what the values of UnsafeRow have in common.

A run of bytes, or of items of 1, 2, 4 or 8 bytes, fills whole words; the rest of its last word is zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from potok.checkpoint.state.rows import Mask, Words, offsets_of, spans

Items = npt.NDArray[Any]

_TAIL_BITS = np.array([-1] + [(1 << (8 * n)) - 1 for n in range(1, 8)], np.int64)
"""By the number of bytes in the last word, 0 standing for all eight: the bits that belong to the run."""
_ALL_KEPT = 0x0101010101010101
_TAIL_KEPT = np.array([_ALL_KEPT] + [_ALL_KEPT >> (8 * (8 - n)) for n in range(1, 8)], np.int64)
"""The same as eight booleans of a byte each."""


def valid_mask(array: pa.Array) -> Mask | None:
    """True where the array is not null; None where nothing is null."""
    if not array.null_count:
        return None
    count, start = len(array), array.offset
    if array.type.id == pa.lib.Type_NA:
        return np.zeros(count, np.bool_)
    stored = np.frombuffer(array.buffers()[0], np.uint8, offset=start >> 3)
    return np.unpackbits(stored, count=(start & 7) + count, bitorder="little")[start & 7 :].view(np.bool_)


def validity_buffer(valid: Mask | None) -> pa.Buffer | None:
    """Arrow's bitmap for a mask."""
    return None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))


def pack(items: Items, starts: Words, counts: Words) -> tuple[Words, Words]:
    """Copy runs of items into words: (words, offsets of the runs in words).

    Runs start at `starts`, in items, and may leave gaps, but rise.
    """
    size = items.dtype.itemsize
    if size == 8:  # noqa: PLR2004 - bytes of a word
        offsets = offsets_of(counts)
        words = items.view(np.int64)
        if len(words) == offsets[-1]:
            return words, offsets
        return words.take(spans(starts, counts, offsets)), offsets
    sizes = counts * size
    word_counts = (sizes + 7) >> 3
    offsets = offsets_of(word_counts)
    total, count = int(offsets[-1]), len(counts)
    if not total:
        return np.empty(0, np.int64), offsets
    first, last = int(starts[0]) * size, int(starts[-1]) * size + int(sizes[-1])
    room = np.empty(last - first + 7, np.uint8)
    room[: last - first] = items.view(np.uint8)[first:last]
    room[last - first :] = 0
    words_at_bytes: Words = np.ndarray((last - first,), np.int64, room, strides=(1,))
    begins = starts * size - first
    tail = _TAIL_BITS.take(sizes & 7)
    width = int(offsets[1])
    if width * count == total and bool((word_counts == width).all()):
        matrix = np.empty((count, width), np.int64)
        for position in range(width):
            matrix[:, position] = words_at_bytes[begins + 8 * position]
        matrix[:, -1] &= tail
        return matrix.reshape(-1), offsets
    at = np.repeat(begins - 8 * offsets[:-1], word_counts)
    at += np.arange(0, 8 * total, 8)
    words = words_at_bytes[at]
    filled = word_counts > 0
    words[offsets[1:][filled] - 1] &= tail[filled]
    return words, offsets


def unpack(words: Words, starts: Words, counts: Words, dtype: npt.DTypeLike) -> Items:
    """The items of all runs one after the other; runs start at these words."""
    size = np.dtype(dtype).itemsize
    sizes = counts * size
    word_counts = (sizes + 7) >> 3
    offsets = offsets_of(word_counts)
    total = int(offsets[-1])
    rest = sizes & 7
    width = int(offsets[1]) if len(counts) else 0
    if total and width * len(counts) == total and bool((word_counts == width).all()):
        matrix = np.empty((len(counts), width), np.int64)
        for position in range(width):
            matrix[:, position] = words.take(starts + position, mode="clip")
        gathered = matrix.reshape(-1)
        if not rest.any():
            return gathered.view(dtype)
        matrix = np.full((len(counts), width), _ALL_KEPT)
        matrix[:, -1] = _TAIL_KEPT.take(rest)
        kept = matrix.reshape(-1)
    else:
        gathered = words.take(spans(starts, word_counts, offsets), mode="clip")
        if not rest.any():
            return gathered.view(dtype)
        kept = np.full(total, _ALL_KEPT)
        filled = word_counts > 0
        kept[offsets[1:][filled] - 1] = _TAIL_KEPT.take(rest[filled])
    return gathered.view(np.uint8)[kept.view(np.bool_)].view(dtype)


def scatter(target: Words, starts: Words, source: Words, offsets: Words) -> None:
    """Copy runs that lie back to back in `source` to where they belong in `target`."""
    target[spans(starts, np.diff(offsets), offsets)] = source
