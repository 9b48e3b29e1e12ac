"""The 128 bits of MurmurHash3 (x64), which DataSketches count distinct values by.

Source of facts: the reference MurmurHash3_x64_128, and the DataSketches documentation for the seed and for what of a value is hashed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SEED = 9001
_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
_F1, _F2 = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
_MASK = (1 << 64) - 1
_BLOCK, _HALF = 16, 8
Unsigned = npt.NDArray[np.uint64]


def hash_longs(values: npt.NDArray[np.int64], seed: int = SEED) -> tuple[Unsigned, Unsigned]:
    """The two halves of the hash of each number."""
    with np.errstate(over="ignore"):
        k1 = values.astype(np.int64).view(np.uint64) * np.uint64(_C1)
        k1 = _rotated(k1, 31) * np.uint64(_C2)
        h1 = np.full(values.size, seed, np.uint64) ^ k1 ^ np.uint64(_HALF)
        h2 = np.full(values.size, seed ^ _HALF, np.uint64)
        h1 = h1 + h2
        h2 = h2 + h1
        h1, h2 = _finished(h1), _finished(h2)
        h1 = h1 + h2
        return h1, h2 + h1


def hash_bytes(values: Sequence[bytes], seed: int = SEED) -> tuple[Unsigned, Unsigned]:
    """The two halves of the hash of each text of bytes."""
    pairs = [_hash(value, seed) for value in values]
    return (
        np.array([pair[0] for pair in pairs], np.uint64),
        np.array([pair[1] for pair in pairs], np.uint64),
    )


def _rotated(value: Unsigned, bits: int) -> Unsigned:
    return (value << np.uint64(bits)) | (value >> np.uint64(64 - bits))


def _finished(value: Unsigned) -> Unsigned:
    value = (value ^ (value >> np.uint64(33))) * np.uint64(_F1)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(_F2)
    return value ^ (value >> np.uint64(33))


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _MASK


def _mix_first(k1: int) -> int:
    return (_rotate((k1 * _C1) & _MASK, 31) * _C2) & _MASK


def _mix_second(k2: int) -> int:
    return (_rotate((k2 * _C2) & _MASK, 33) * _C1) & _MASK


def _finish(value: int) -> int:
    value = ((value ^ (value >> 33)) * _F1) & _MASK
    value = ((value ^ (value >> 33)) * _F2) & _MASK
    return value ^ (value >> 33)


def _hash(data: bytes, seed: int) -> tuple[int, int]:
    h1 = h2 = seed
    whole = len(data) // _BLOCK * _BLOCK
    for at in range(0, whole, _BLOCK):
        h1 ^= _mix_first(int.from_bytes(data[at : at + _HALF], "little"))
        h1 = (((_rotate(h1, 27) + h2) & _MASK) * 5 + 0x52DCE729) & _MASK
        h2 ^= _mix_second(int.from_bytes(data[at + _HALF : at + _BLOCK], "little"))
        h2 = (((_rotate(h2, 31) + h1) & _MASK) * 5 + 0x38495AB5) & _MASK
    rest = data[whole:]
    if len(rest) > _HALF:
        h2 ^= _mix_second(int.from_bytes(rest[_HALF:], "little"))
    if rest:
        h1 ^= _mix_first(int.from_bytes(rest[:_HALF], "little"))
    h1 ^= len(data)
    h2 ^= len(data)
    h1 = (h1 + h2) & _MASK
    h2 = (h2 + h1) & _MASK
    h1, h2 = _finish(h1), _finish(h2)
    h1 = (h1 + h2) & _MASK
    return h1, (h2 + h1) & _MASK
