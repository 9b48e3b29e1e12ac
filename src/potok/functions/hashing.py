"""Spark's Murmur3 and XXH64 over Arrow columns.

A row's hash starts from the seed and folds its values from left to right, each hashed with the
hash before it as seed; NULL leaves the hash as it is. The state of stateful operators is
partitioned by Murmur3. Source of facts: Murmur3_x86_32, XXH64, HashExpression.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from potok.types import (
    BOOLEAN,
    CALENDAR_INTERVAL,
    DOUBLE,
    FLOAT,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    BinaryType,
    CharType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    LongType,
    MapType,
    NullType,
    StringType,
    StructType,
    VarcharType,
)

Numbers = npt.NDArray[Any]
DEFAULT_SEED = 42
_LONG_DIGITS = 18
_STRIPE_BYTES, _LONG_BYTES, _WORD_BYTES = 32, 8, 4


@dataclass(frozen=True)
class _Algorithm:
    """How fixed-size values and equally long byte strings (one row of a matrix each) are hashed."""

    unsigned: type[np.unsignedinteger[Any]]
    ints: Callable[[Numbers, Numbers], Numbers]
    longs: Callable[[Numbers, Numbers], Numbers]
    texts: Callable[[Numbers, Numbers], Numbers]


def murmur3(
    columns: Sequence[pa.Array], types: Sequence[DataType], seed: int = DEFAULT_SEED
) -> npt.NDArray[np.int32]:
    """The hash of every row as `hash(..)` gives it. Columns hold `types.arrow_type` of `types`."""
    return _fold(columns, types, seed, _MURMUR3).view(np.int32)


def xxhash64(
    columns: Sequence[pa.Array], types: Sequence[DataType], seed: int = DEFAULT_SEED
) -> npt.NDArray[np.int64]:
    """The hash of every row as `xxhash64(..)` gives it."""
    return _fold(columns, types, seed, _XXH64).view(np.int64)


def _fold(
    columns: Sequence[pa.Array], types: Sequence[DataType], seed: int, algorithm: _Algorithm
) -> Numbers:
    size = len(columns[0]) if columns else 0
    signed = np.int32 if algorithm.unsigned is np.uint32 else np.int64
    hashes: Numbers = np.full(size, seed, signed).view(algorithm.unsigned)
    for column, data_type in zip(columns, types, strict=True):
        hashes = _column(column, data_type, hashes, algorithm)
    return hashes


def _column(column: pa.Array, data_type: DataType, hashes: Numbers, algorithm: _Algorithm) -> Numbers:
    """The hashes after one more column."""
    if isinstance(data_type, NullType):
        return hashes
    if not column.null_count:
        return _present(column, data_type, hashes, algorithm)
    valid = np.asarray(column.is_valid())
    result = hashes.copy()
    if valid.any():
        result[valid] = _present(column.filter(pa.array(valid)), data_type, hashes[valid], algorithm)
    return result


def _present(column: pa.Array, data_type: DataType, hashes: Numbers, algorithm: _Algorithm) -> Numbers:
    match data_type:
        case StructType(fields=fields):
            for child, field in zip(column.flatten(), fields, strict=True):
                hashes = _column(child, field.data_type, hashes, algorithm)
            return hashes
        case ArrayType(element=element):
            return _elements([column.values], [element], column.offsets, hashes, algorithm)
        case MapType(key=key, value=value):
            return _elements([column.keys, column.items], [key, value], column.offsets, hashes, algorithm)
        case StringType() | CharType() | VarcharType() | BinaryType():
            return _by_length(column, hashes, algorithm)
        case DecimalType(precision=precision):
            return _decimals(column, precision, hashes, algorithm)
    if data_type == CALENDAR_INTERVAL:
        parts = column.to_pylist()
        for values, kind in (
            ([p.nanoseconds // 1000 for p in parts], algorithm.longs),
            ([p.days for p in parts], algorithm.ints),
            ([p.months for p in parts], algorithm.ints),
        ):
            hashes = kind(np.array(values, np.int64), hashes)
        return hashes
    return _numbers(column, data_type, hashes, algorithm)


def _numbers(column: pa.Array, data_type: DataType, hashes: Numbers, algorithm: _Algorithm) -> Numbers:
    if data_type == BOOLEAN:
        return algorithm.ints(np.asarray(column.cast(pa.int32())), hashes)
    if data_type == FLOAT:
        return algorithm.ints(_canonical(np.asarray(column)).view(np.int32), hashes)
    if data_type == DOUBLE:
        return algorithm.longs(_canonical(np.asarray(column)).view(np.int64), hashes)
    if data_type in {TIMESTAMP, TIMESTAMP_NTZ} or isinstance(data_type, LongType | DayTimeIntervalType):
        return algorithm.longs(np.asarray(column.view(pa.int64())), hashes)
    values = column.view(pa.int32()) if pa.types.is_date32(column.type) else column
    return algorithm.ints(np.asarray(values).astype(np.int32), hashes)


def _canonical(values: Numbers) -> Numbers:
    """One NaN, and no negative zero."""
    plain = values + 0.0
    plain = np.where(plain == 0, values.dtype.type(0), plain).astype(values.dtype)
    plain[np.isnan(plain)] = np.array(np.nan, values.dtype)
    return plain


def _decimals(column: pa.Array, precision: int, hashes: Numbers, algorithm: _Algorithm) -> Numbers:
    words = np.frombuffer(column.buffers()[1], np.int64)[2 * column.offset :][: 2 * len(column)]
    if precision <= _LONG_DIGITS:
        return algorithm.longs(words[::2], hashes)
    texts = []
    for low, high in zip(words[::2].tolist(), words[1::2].tolist(), strict=True):
        value = (high << 64) | (low & (1 << 64) - 1)
        bits = (value if value >= 0 else ~value).bit_length()
        texts.append(value.to_bytes(bits // 8 + 1, "big", signed=True))
    return _by_length(pa.array(texts, pa.binary()), hashes, algorithm)


def _elements(
    children: Sequence[pa.Array],
    types: Sequence[DataType],
    offsets: pa.Array,
    hashes: Numbers,
    algorithm: _Algorithm,
) -> Numbers:
    starts = np.asarray(offsets)
    lengths = np.diff(starts)
    hashes = hashes.copy()
    for position in range(int(lengths.max(initial=0))):
        rows = np.flatnonzero(lengths > position)
        taken = pa.array(starts[rows] + position)
        for child, data_type in zip(children, types, strict=True):
            hashes[rows] = _column(child.take(taken), data_type, hashes[rows], algorithm)
    return hashes


def _by_length(column: pa.Array, hashes: Numbers, algorithm: _Algorithm) -> Numbers:
    """Byte strings, those of one length together."""
    binary = column.cast(pa.binary())
    _, offsets_buffer, data_buffer = binary.buffers()
    starts = np.frombuffer(offsets_buffer, np.int32)[binary.offset :][: len(binary) + 1]
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.zeros(0, np.uint8)
    lengths = np.asarray(pc.binary_length(binary))
    result = hashes.copy()
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        matrix = data[starts[rows][:, None] + np.arange(length)]
        result[rows] = algorithm.texts(matrix, hashes[rows])
    return result


# ---- Murmur3 ----------------------------------------------------------------------------------


def _rotate(values: Numbers, bits: int) -> Numbers:
    size = values.dtype.itemsize * 8
    one = values.dtype.type
    rotated: Numbers = (values << one(bits)) | (values >> one(size - bits))
    return rotated


def _mix(hashes: Numbers, words: Numbers) -> Numbers:
    words = _rotate(words * np.uint32(0xCC9E2D51), 15) * np.uint32(0x1B873593)
    mixed: Numbers = _rotate(hashes ^ words, 13) * np.uint32(5) + np.uint32(0xE6546B64)
    return mixed


def _finish(hashes: Numbers, length: int) -> Numbers:
    hashes = hashes ^ np.uint32(length)
    hashes = (hashes ^ (hashes >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ (hashes >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    finished: Numbers = hashes ^ (hashes >> np.uint32(16))
    return finished


def _murmur3_ints(values: Numbers, hashes: Numbers) -> Numbers:
    return _finish(_mix(hashes, values.astype(np.int32).view(np.uint32)), _WORD_BYTES)


def _murmur3_longs(values: Numbers, hashes: Numbers) -> Numbers:
    words = np.ascontiguousarray(values).view(np.uint64)
    low = (words & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    high = (words >> np.uint64(32)).astype(np.uint32)
    return _finish(_mix(_mix(hashes, low), high), _LONG_BYTES)


def _murmur3_texts(matrix: Numbers, hashes: Numbers) -> Numbers:
    length = matrix.shape[1]
    whole = length - length % _WORD_BYTES
    words = np.ascontiguousarray(matrix[:, :whole]).view("<u4")
    for position in range(whole // _WORD_BYTES):
        hashes = _mix(hashes, words[:, position])
    # Unlike the standard, Spark mixes each byte of the tail as a signed word.
    for position in range(whole, length):
        hashes = _mix(hashes, matrix[:, position].view(np.int8).astype(np.int32).view(np.uint32))
    return _finish(hashes, length)


_MURMUR3 = _Algorithm(np.uint32, _murmur3_ints, _murmur3_longs, _murmur3_texts)

# ---- XXH64 ------------------------------------------------------------------------------------

_P1, _P2, _P3, _P4, _P5 = map(
    np.uint64,
    (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5),
)


def _avalanche(hashes: Numbers) -> Numbers:
    hashes = (hashes ^ (hashes >> np.uint64(33))) * _P2
    hashes = (hashes ^ (hashes >> np.uint64(29))) * _P3
    finished: Numbers = hashes ^ (hashes >> np.uint64(32))
    return finished


def _word(hashes: Numbers, words: Numbers) -> Numbers:
    hashes = hashes ^ (words * _P1)
    mixed: Numbers = _rotate(hashes, 23) * _P2 + _P3
    return mixed


def _long(hashes: Numbers, words: Numbers) -> Numbers:
    hashes = hashes ^ (_rotate(words * _P2, 31) * _P1)
    mixed: Numbers = _rotate(hashes, 27) * _P1 + _P4
    return mixed


def _xxh64_ints(values: Numbers, hashes: Numbers) -> Numbers:
    words = values.astype(np.int32).view(np.uint32).astype(np.uint64)
    return _avalanche(_word(hashes + _P5 + np.uint64(_WORD_BYTES), words))


def _xxh64_longs(values: Numbers, hashes: Numbers) -> Numbers:
    words = np.ascontiguousarray(values).view(np.uint64)
    return _avalanche(_long(hashes + _P5 + np.uint64(_LONG_BYTES), words))


def _stripes(words: Numbers, hashes: Numbers) -> Numbers:
    with np.errstate(over="ignore"):
        lanes = [hashes + (_P1 + _P2), hashes + _P2, hashes, hashes - _P1]
    for position in range(words.shape[1]):
        lane = position % 4
        lanes[lane] = _rotate(lanes[lane] + words[:, position] * _P2, 31) * _P1
    result: Numbers = (
        _rotate(lanes[0], 1) + _rotate(lanes[1], 7) + _rotate(lanes[2], 12) + _rotate(lanes[3], 18)
    )
    for lane_values in lanes:
        result = (result ^ (_rotate(lane_values * _P2, 31) * _P1)) * _P1 + _P4
    return result


def _xxh64_texts(matrix: Numbers, hashes: Numbers) -> Numbers:
    length = matrix.shape[1]
    striped = length - length % _STRIPE_BYTES
    if striped:
        hashes = _stripes(np.ascontiguousarray(matrix[:, :striped]).view("<u8"), hashes)
    else:
        hashes = hashes + _P5
    hashes = hashes + np.uint64(length)
    position = striped
    while position + _LONG_BYTES <= length:
        hashes = _long(hashes, np.ascontiguousarray(matrix[:, position : position + 8]).view("<u8")[:, 0])
        position += _LONG_BYTES
    if position + _WORD_BYTES <= length:
        words = np.ascontiguousarray(matrix[:, position : position + 4]).view("<u4")[:, 0].astype(np.uint64)
        hashes = _word(hashes, words)
        position += _WORD_BYTES
    for place in range(position, length):
        hashes = _rotate(hashes ^ (matrix[:, place].astype(np.uint64) * _P5), 11) * _P1
    return _avalanche(hashes)


_XXH64 = _Algorithm(np.uint64, _xxh64_ints, _xxh64_longs, _xxh64_texts)


def random_hash(seed: int) -> int:
    """The first state of Spark's XORShiftRandom, without a sign: MurmurHash3 of the seed's bytes.

    Source of fact: XORShiftRandom.hashSeed, scala.util.hashing.MurmurHash3 (the standard form).
    """
    data = (seed & (1 << 64) - 1).to_bytes(8, "big")
    low = _scala_hash(data, 0x3C074A61)
    high = _scala_hash(data, low)
    return high << 32 | low


def _scala_hash(data: bytes, seed: int) -> int:
    words = np.frombuffer(data, "<u4")
    hashes: Numbers = np.array([seed], np.uint32)
    for word in words:
        hashes = _mix(hashes, np.array([word], np.uint32))
    return int(_finish(hashes, len(data))[0])
