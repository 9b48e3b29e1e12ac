"""The files of one version of a state store: `<version>.delta` and `<version>.snapshot`.

Before compression a file is a run of records, all integers big-endian: bytes of the key (int), the key,
bytes of the value (int), the value; -1 instead of the bytes of a value says that the key is removed.
A key length of -1 ends the file. Keys and values are UnsafeRows.
Source of fact: org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from potok.checkpoint.state.lz4_block import compress, decompress
from potok.checkpoint.state.packing import scatter
from potok.checkpoint.state.rows import Mask, UnsafeRows, Words, offsets_of, spans

_END = -1
_REMOVED = -1
_FEW_RECORDS = 64
_CHECKSUM_HINT = "rows with checksums (spark.sql.streaming.stateStore.rowChecksum.enabled) are not read"


@dataclass(frozen=True, eq=False, slots=True)
class Delta:
    """The records of a file in its order; a key may occur several times, and its last record holds.

    `values` has a row for each record. That of a removal stands for nothing: it has no words, or only zeros
    where the width of values is fixed, and is not to be decoded.
    """

    keys: UnsafeRows
    values: UnsafeRows
    is_removal: Mask


def encode_delta(puts_keys: UnsafeRows, puts_values: UnsafeRows, removed_keys: UnsafeRows) -> bytes:
    """The file that removes some keys and then puts others; each key once at most in all."""
    removals_bytes = _size_bytes(removed_keys, None)
    content = np.empty(removals_bytes + _size_bytes(puts_keys, puts_values) + 4, np.uint8)
    _write(content[: removals_bytes + 4], removed_keys, None)
    _write(content[removals_bytes:], puts_keys, puts_values)
    content[-4:] = 0xFF
    return compress(content.data)


def encode_snapshot(keys: UnsafeRows, values: UnsafeRows) -> bytes:
    """The file that holds all of a store's keys and values."""
    return encode_delta(keys, values, UnsafeRows.empty(keys.width))


def decode_delta(content: bytes, key_width: int | None = None, value_width: int | None = None) -> Delta:
    """Read a delta. `key_width` and `value_width` are what the schemas fix (`UnsafeRowCodec.width`).

    Raises ValueError for a file that is torn or corrupt, or has rows of other widths.
    """
    return _decoded(decompress(content), key_width, value_width)


def decode_snapshot(
    content: bytes, key_width: int | None = None, value_width: int | None = None
) -> tuple[UnsafeRows, UnsafeRows]:
    """Read the keys and values of a snapshot. Raises ValueError as `decode_delta`."""
    delta = decode_delta(content, key_width, value_width)
    if delta.is_removal.any():
        raise ValueError("a snapshot removes no keys")
    return delta.keys, delta.values


def _size_bytes(keys: UnsafeRows, values: UnsafeRows | None) -> int:
    return 8 * len(keys) + keys.nbytes + (values.nbytes if values is not None else 0)


@dataclass(frozen=True, slots=True)
class _Frames:
    """One piece of a file, which starts with a record and ends four bytes after its last one.

    All records have a multiple of eight bytes, so values lie on the words counted from the start, and keys
    on the words counted from the fourth byte.
    """

    lengths: npt.NDArray[np.int32]
    key_words: Words
    value_words: Words

    @staticmethod
    def of(content: npt.NDArray[np.uint8]) -> _Frames:
        return _Frames(content.view(">i4"), content[4:].view(np.int64), content[:-4].view(np.int64))


def _write(content: npt.NDArray[np.uint8], keys: UnsafeRows, values: UnsafeRows | None) -> None:
    count = len(keys)
    if not count:
        return
    frames = _Frames.of(content[: _size_bytes(keys, values) + 4])
    value_width = values.width if values is not None else 0
    if keys.width is not None and value_width is not None:
        record = 1 + keys.width + value_width
        lengths = frames.lengths[:-1].reshape(count, 2 * record)
        lengths[:, 0] = 8 * keys.width
        lengths[:, 1 + 2 * keys.width] = 8 * value_width if values is not None else _REMOVED
        frames.key_words.reshape(count, record)[:, : keys.width] = keys.matrix()
        if values is not None:
            frames.value_words.reshape(count, record)[:, 1 + keys.width :] = values.matrix()
        return
    starts = np.arange(count) + keys.offsets[:-1]
    if values is not None:
        starts += values.offsets[:-1]
    key_lengths = keys.lengths
    behind_keys = starts + key_lengths
    frames.lengths[2 * starts] = 8 * key_lengths
    frames.lengths[2 * behind_keys + 1] = 8 * values.lengths if values is not None else _REMOVED
    scatter(frames.key_words, starts, keys.words, keys.offsets)
    if values is not None:
        scatter(frames.value_words, behind_keys + 1, values.words, values.offsets)


def _decoded(content: bytes, key_width: int | None, value_width: int | None) -> Delta:
    if len(content) % 8 != 4 or content[-4:] != b"\xff\xff\xff\xff":  # noqa: PLR2004 - the end alone
        raise ValueError(f"state file has {len(content)} bytes and no end; {_CHECKSUM_HINT}")
    frames = _Frames.of(np.frombuffer(content, np.uint8))
    starts, key_lengths, value_lengths = _records(frames.lengths)
    is_removal = value_lengths < 0
    if is_removal.any():
        value_lengths = np.maximum(value_lengths, 0)
    else:
        is_removal = np.zeros(len(starts), np.bool_)
    keys = _gathered(frames.key_words, starts, key_lengths, key_width, None)
    values = _gathered(frames.value_words, starts + key_lengths + 1, value_lengths, value_width, is_removal)
    return Delta(keys, values, is_removal)


def _records(lengths: npt.NDArray[np.int32]) -> tuple[Words, Words, Words]:
    """Where records start, and how long keys and values are, all in words; values of -1 are removals."""
    runs: list[tuple[Words, Words, Words]] = []
    at, end = 0, len(lengths) - 1
    while at < end:
        key, value, count = _run(lengths, at, end)
        if count < _FEW_RECORDS and at + count * 2 * (1 + key + max(value, 0)) < end:
            runs.append(_each(lengths, at, end))
            break
        record = 1 + key + max(value, 0)
        runs.append(
            (
                np.arange(at // 2, at // 2 + count * record, record),
                np.full(count, key, np.int64),
                np.full(count, value, np.int64),
            )
        )
        at += 2 * count * record
    if not runs:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    if len(runs) == 1:
        return runs[0]
    starts, keys, values = zip(*runs, strict=True)
    return np.concatenate(starts), np.concatenate(keys), np.concatenate(values)


def _run(lengths: npt.NDArray[np.int32], at: int, end: int) -> tuple[int, int, int]:
    """The first record's key and value in words, and how many records there are of this shape in a row."""
    key_bytes = int(lengths[at])
    behind_key = at + 1 + key_bytes // 4
    if key_bytes < 0 or key_bytes % 8 or behind_key >= end:
        raise ValueError(f"corrupt state file: key of {key_bytes} bytes; {_CHECKSUM_HINT}")
    value_bytes = int(lengths[behind_key])
    if value_bytes != _REMOVED and (value_bytes < 0 or value_bytes % 8):
        raise ValueError(f"corrupt state file: value of {value_bytes} bytes; {_CHECKSUM_HINT}")
    record = behind_key - at + 1 + max(value_bytes, 0) // 4
    room = (end - at) // record
    if not room:
        raise ValueError("corrupt state file: it ends inside a record")
    count = 0
    for limit in (min(_FEW_RECORDS, room), room):
        view = lengths[at : at + limit * record].reshape(limit, record)
        same = (view[:, 0] == key_bytes) & (view[:, behind_key - at] == value_bytes)
        count = limit if same.all() else int(same.argmin())
        if count < limit:
            break
    return key_bytes // 8, value_bytes // 8 if value_bytes != _REMOVED else _REMOVED, count


def _each(lengths: npt.NDArray[np.int32], at: int, end: int) -> tuple[Words, Words, Words]:
    """What `_records` gives, record by record."""
    native = lengths.astype(np.int32).data
    starts: list[int] = []
    behind: list[int] = []
    while at < end:
        starts.append(at)
        key_bytes = native[at]
        at += 1 + (key_bytes >> 2)
        if key_bytes < 0 or at >= end:
            raise ValueError(f"corrupt state file: key of {key_bytes} bytes")
        behind.append(at)
        value_bytes = native[at]
        at += 1
        if value_bytes > 0:
            at += value_bytes >> 2
    if at != end:
        raise ValueError("corrupt state file: it ends inside a record")
    begins, behind_keys = np.array(starts, np.int64), np.array(behind, np.int64)
    value_sizes = lengths[behind_keys].astype(np.int64)
    if (begins & 1).any() or (lengths[begins] & 7).any() or (value_sizes[value_sizes != _REMOVED] & 7).any():
        raise ValueError(f"corrupt state file: sizes that rows cannot have; {_CHECKSUM_HINT}")
    return begins >> 1, (behind_keys - begins - 1) >> 1, np.where(value_sizes < 0, _REMOVED, value_sizes >> 3)


def _gathered(
    words: Words, starts: Words, lengths: Words, width: int | None, is_removal: Mask | None
) -> UnsafeRows:
    count = len(starts)
    if width is None:
        offsets = offsets_of(lengths)
        return UnsafeRows(words[spans(starts, lengths, offsets)], offsets, None)
    if not count:
        return UnsafeRows.empty(width)
    present = slice(None) if is_removal is None or not is_removal.any() else ~is_removal
    if (lengths[present] != width).any():
        raise ValueError(f"rows of {lengths[present].max()} words in state, the schema has {width}")
    record = words.size // count
    is_even = (
        isinstance(present, slice) and record * count == words.size and (np.diff(starts) == record).all()
    )
    if is_even:
        first = int(starts[0])
        return UnsafeRows.of_matrix(words.reshape(count, record)[:, first : first + width])
    matrix = np.zeros((count, width), np.int64)
    at = starts[present]
    for position in range(width):
        matrix[present, position] = words[at + position]
    return UnsafeRows.of_matrix(matrix)
