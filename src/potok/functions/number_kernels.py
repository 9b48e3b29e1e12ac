"""Vectorised numbers: functions of doubles as in C, and Spark's hashes (numpy)."""

from __future__ import annotations

import decimal
import hashlib
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from potok.engine.kernel import Kernel
from potok.functions.row_kernels import row_kernel
from potok.types import BINARY, DOUBLE, FLOAT, INTEGER, LONG, STRING

Words = npt.NDArray[np.uint32]
_C1, _C2 = np.uint32(0xCC9E2D51), np.uint32(0x1B873593)
_MASK64 = (1 << 64) - 1
_P1, _P2, _P3, _P4, _P5 = (
    0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5,
)  # fmt: skip


def _of_doubles(name: str, function: Callable[..., Any], count: int = 1) -> Kernel:
    def compute(*arrays: pa.Array) -> pa.Array:
        nulls = np.zeros(len(arrays[0]), dtype=bool)
        values = []
        for array in arrays:
            nulls |= array.is_null().to_numpy(zero_copy_only=False)
            values.append(pc.fill_null(array, 1.0).to_numpy(zero_copy_only=False))
        with np.errstate(all="ignore"):
            result = function(*values)
        return pa.array(result, pa.float64(), mask=nulls)

    return Kernel(f"potok_{name}", (DOUBLE,) * count, DOUBLE, compute)


CBRT, SINH, COSH = _of_doubles("cbrt", np.cbrt), _of_doubles("sinh", np.sinh), _of_doubles("cosh", np.cosh)
TANH, EXPM1, LOG1P = (
    _of_doubles("tanh", np.tanh),
    _of_doubles("expm1", np.expm1),
    _of_doubles("log1p", np.log1p),
)
ASINH, RINT = _of_doubles("asinh", np.arcsinh), _of_doubles("rint", np.rint)
HYPOT = _of_doubles("hypot", np.hypot, 2)


# ---- Murmur3, 32 bits (org.apache.spark.unsafe.hash.Murmur3_x86_32) -----------------------------


def _rotated(value: Words, bits: int) -> Words:
    return (value << np.uint32(bits)) | (value >> np.uint32(32 - bits))


def _mix_key(key: Words) -> Words:
    return _rotated(key * _C1, 15) * _C2


def _mix_hash(value: Words, key: Words) -> Words:
    return _rotated(value ^ key, 13) * np.uint32(5) + np.uint32(0xE6546B64)


def _finish(value: Words, length: Words | np.uint32) -> Words:
    value = value ^ length
    value ^= value >> np.uint32(16)
    value *= np.uint32(0x85EBCA6B)
    value ^= value >> np.uint32(13)
    value *= np.uint32(0xC2B2AE35)
    return value ^ (value >> np.uint32(16))


def _words(array: pa.Array) -> Words:
    return pc.fill_null(array, 0).to_numpy(zero_copy_only=False).astype(np.int32).view(np.uint32)


def _chosen(values: pa.Array, seeds: Words, hashed: Words) -> pa.Array:
    """The hash, or the seed where the value is NULL."""
    missing = values.is_null().to_numpy(zero_copy_only=False)
    return pa.array(np.where(missing, seeds, hashed).astype(np.uint32).view(np.int32))


def _hash_words(words: Words, seeds: Words) -> Words:
    return _finish(_mix_hash(seeds, _mix_key(words)), np.uint32(4))


def _hash_int(values: pa.Array, seeds: pa.Array) -> pa.Array:
    start = _words(seeds)
    with np.errstate(over="ignore"):
        return _chosen(values, start, _hash_words(_words(values), start))


def _hash_long_words(longs: npt.NDArray[np.int64], start: Words) -> Words:
    unsigned = longs.view(np.uint64)
    low, high = (
        (unsigned & np.uint64(0xFFFFFFFF)).astype(np.uint32),
        (unsigned >> np.uint64(32)).astype(np.uint32),
    )
    return _finish(_mix_hash(_mix_hash(start, _mix_key(low)), _mix_key(high)), np.uint32(8))


def _hash_long(values: pa.Array, seeds: pa.Array) -> pa.Array:
    start = _words(seeds)
    longs = pc.fill_null(values, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    with np.errstate(over="ignore"):
        return _chosen(values, start, _hash_long_words(longs, start))


def _bits(
    values: pa.Array, kind: type[np.floating[Any]], word: type[np.signedinteger[Any]]
) -> npt.NDArray[Any]:
    numbers = pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False).astype(kind)
    # One zero and one NaN, as in Java.
    numbers = np.where(numbers == 0, kind(0), np.where(np.isnan(numbers), kind("nan"), numbers)).astype(kind)
    return numbers.view(word)


def _hash_double(values: pa.Array, seeds: pa.Array) -> pa.Array:
    start = _words(seeds)
    with np.errstate(over="ignore"):
        return _chosen(values, start, _hash_long_words(_bits(values, np.float64, np.int64), start))


def _hash_float(values: pa.Array, seeds: pa.Array) -> pa.Array:
    start = _words(seeds)
    with np.errstate(over="ignore"):
        return _chosen(values, start, _hash_words(_bits(values, np.float32, np.int32).view(np.uint32), start))


def _hash_bytes(values: pa.Array, seeds: pa.Array) -> pa.Array:
    """Whole words first, then every byte left over as a word of its own (Spark's hashUnsafeBytes)."""
    start = _words(seeds)
    items = [v or b"" for v in values.to_pylist()]
    lengths = np.array([len(i) for i in items], dtype=np.int64)
    longest = int(lengths.max(initial=0))
    table = np.zeros((len(items), (longest + 3) // 4 * 4), dtype=np.uint8)
    for row, item in enumerate(items):
        table[row, : len(item)] = np.frombuffer(item, dtype=np.uint8)
    state = start.copy()
    with np.errstate(over="ignore"):
        for index in range(longest // 4):
            word = table[:, index * 4 : index * 4 + 4].copy().view("<u4").ravel()
            state = np.where(lengths >= index * 4 + 4, _mix_hash(state, _mix_key(word)), state)
        aligned = lengths // 4 * 4
        for offset in range(3):
            at = aligned + offset
            byte = (
                table[np.arange(len(items)), np.minimum(at, max(table.shape[1] - 1, 0))]
                if longest
                else np.zeros(len(items), np.uint8)
            )
            word = byte.view(np.int8).astype(np.int32).view(np.uint32)
            state = np.where(at < lengths, _mix_hash(state, _mix_key(word)), state)
        return _chosen(values, start, _finish(state, lengths.astype(np.uint32)))


HASH_INT = Kernel("potok_hash_int", (INTEGER, INTEGER), INTEGER, _hash_int)
HASH_LONG = Kernel("potok_hash_long", (LONG, INTEGER), INTEGER, _hash_long)
HASH_FLOAT = Kernel("potok_hash_float", (FLOAT, INTEGER), INTEGER, _hash_float)
HASH_DOUBLE = Kernel("potok_hash_double", (DOUBLE, INTEGER), INTEGER, _hash_double)
HASH_BYTES = Kernel("potok_hash_bytes", (BINARY, INTEGER), INTEGER, _hash_bytes)


# ---- xxHash, 64 bits (org.apache.spark.sql.catalyst.expressions.XXH64) --------------------------


def _rotated64(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _MASK64


def _finish64(value: int) -> int:
    value ^= value >> 33
    value = value * _P2 & _MASK64
    value ^= value >> 29
    value = value * _P3 & _MASK64
    return value ^ (value >> 32)


def _signed64(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _round64(state: int, word: int) -> int:
    return _rotated64((state + word * _P2) & _MASK64, 31) * _P1 & _MASK64


def xx_bytes(data: bytes | None, seed: int) -> int:
    """The hash of bytes, the seed itself for NULL."""
    if data is None:
        return seed
    seed &= _MASK64
    position, length = 0, len(data)
    if length >= 32:  # noqa: PLR2004 - four lanes of eight bytes
        lanes = [(seed + _P1 + _P2) & _MASK64, (seed + _P2) & _MASK64, seed, (seed - _P1) & _MASK64]
        while position <= length - 32:
            lanes = [
                _round64(lane, word)
                for lane, word in zip(lanes, struct.unpack_from("<4Q", data, position), strict=True)
            ]
            position += 32
        state = (
            sum(_rotated64(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK64
        )
        for lane in lanes:
            state = ((state ^ _round64(0, lane)) * _P1 + _P4) & _MASK64
    else:
        state = (seed + _P5) & _MASK64
    state = (state + length) & _MASK64
    while position + 8 <= length:
        state ^= _round64(0, struct.unpack_from("<Q", data, position)[0])
        state = (_rotated64(state, 27) * _P1 + _P4) & _MASK64
        position += 8
    if position + 4 <= length:
        state ^= struct.unpack_from("<I", data, position)[0] * _P1 & _MASK64
        state = (_rotated64(state, 23) * _P2 + _P3) & _MASK64
        position += 4
    for byte in data[position:]:
        state ^= byte * _P5 & _MASK64
        state = _rotated64(state, 11) * _P1 & _MASK64
    return _signed64(_finish64(state))


def xx_int(value: int | None, seed: int) -> int:
    """The hash of a 32-bit integer, the seed itself for NULL."""
    if value is None:
        return seed
    state = ((seed & _MASK64) + _P5 + 4) & _MASK64
    state ^= (value & 0xFFFFFFFF) * _P1 & _MASK64
    state = (_rotated64(state, 23) * _P2 + _P3) & _MASK64
    return _signed64(_finish64(state))


def xx_long(value: int | None, seed: int) -> int:
    """The hash of a 64-bit integer, the seed itself for NULL."""
    if value is None:
        return seed
    state = ((seed & _MASK64) + _P5 + 8) & _MASK64
    state ^= _round64(0, value & _MASK64)
    state = (_rotated64(state, 27) * _P1 + _P4) & _MASK64
    return _signed64(_finish64(state))


def _xx_float(value: float | None, seed: int) -> int:
    return seed if value is None else xx_int(struct.unpack("<i", struct.pack("<f", _plain(value)))[0], seed)


def _xx_double(value: float | None, seed: int) -> int:
    return seed if value is None else xx_long(struct.unpack("<q", struct.pack("<d", _plain(value)))[0], seed)


def _plain(value: float) -> float:
    return float("nan") if value != value else (0.0 if value == 0 else value)  # noqa: PLR0124 - NaN


XX_INT = row_kernel("xx_int", (INTEGER, LONG), LONG, xx_int, strict=False)
XX_LONG = row_kernel("xx_long", (LONG, LONG), LONG, xx_long, strict=False)
XX_FLOAT = row_kernel("xx_float", (FLOAT, LONG), LONG, _xx_float, strict=False)
XX_DOUBLE = row_kernel("xx_double", (DOUBLE, LONG), LONG, _xx_double, strict=False)
XX_BYTES = row_kernel("xx_bytes", (BINARY, LONG), LONG, xx_bytes, strict=False)


def decimal_bytes(digits: str) -> bytes:
    """The unscaled value of a decimal as Java's BigInteger.toByteArray."""
    number = int(digits.replace(".", ""))
    return number.to_bytes((number if number >= 0 else ~number).bit_length() // 8 + 1, "big", signed=True)


DECIMAL_BYTES = row_kernel("decimal_bytes", (STRING,), BINARY, decimal_bytes)
_SHA2 = {0: "sha256", 224: "sha224", 256: "sha256", 384: "sha384", 512: "sha512"}


def _sha2(data: bytes, bits: int) -> str | None:
    name = _SHA2.get(bits)
    return None if name is None else hashlib.new(name, data).hexdigest()


SHA2 = row_kernel("sha2", (BINARY, INTEGER), STRING, _sha2)
_ROUNDING = {
    "half_up": decimal.ROUND_HALF_UP,
    "half_even": decimal.ROUND_HALF_EVEN,
    "ceil": decimal.ROUND_CEILING,
    "floor": decimal.ROUND_FLOOR,
}


def _round_text(digits: str, scale: int, mode: str) -> str:
    with decimal.localcontext() as context:
        context.prec = 800
        number = decimal.Decimal(digits)
        return f"{number.quantize(decimal.Decimal(1).scaleb(-scale), rounding=_ROUNDING[mode]):f}"


ROUND_TEXT = row_kernel("round_text", (STRING, INTEGER, STRING), STRING, _round_text)
