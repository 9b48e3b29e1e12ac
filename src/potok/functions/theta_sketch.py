"""Theta sketches: the least hashes of a set of values, from which the size of sets, unions and intersections is estimated.

Hashes are positive numbers of 63 bits; a sketch has those below its theta. Source of facts: HeapQuickSelectSketch, UnionImpl,
IntersectionImpl, AnotBimpl, CompactOperations and DirectCompactCompressedSketch of Apache DataSketches 6.2, which Spark 4.3 has.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LARGEST = (1 << 63) - 1
_SEED_HASH = 0x93CC
_FAMILY, _PLAIN, _COMPRESSED = 3, 3, 4
_EMPTY, _SINGLE, _FLAGS = 0x04, 0x20, 0x1A
_HEADER = struct.Struct("<BBBBBBH")
_COUNT = struct.Struct("<if")
_THETA = struct.Struct("<q")
_BITS = 64
Hashes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ThetaSketch:
    """Hashes in order, all below theta. `is_empty`: no value was ever there."""

    hashes: Hashes
    theta: int = LARGEST
    is_empty: bool = False

    @property
    def estimate(self) -> float:
        """How many values there are."""
        if self.theta == LARGEST:
            return float(self.hashes.size)
        return self.hashes.size * (float(LARGEST) / self.theta)

    def encode(self) -> bytes:
        """The compact form; compressed where that is possible."""
        count = self.hashes.size
        if self.is_empty:
            return _HEADER.pack(1, _PLAIN, _FAMILY, 0, 0, _FLAGS | _EMPTY, 0)
        if count == 1 and self.theta == LARGEST:
            header = _HEADER.pack(1, _PLAIN, _FAMILY, 0, 0, _FLAGS | _SINGLE, _SEED_HASH)
            return header + self.hashes.astype("<i8").tobytes()
        if not count:
            header = _HEADER.pack(3, _PLAIN, _FAMILY, 0, 0, _FLAGS, _SEED_HASH)
            return header + _COUNT.pack(0, 1.0) + _THETA.pack(self.theta)
        return self._compressed()

    def _compressed(self) -> bytes:
        """Differences of the hashes, each with as many bits as the widest one needs."""
        count = self.hashes.size
        steps = np.diff(self.hashes, prepend=np.int64(0))
        width = int(np.bitwise_or.reduce(steps)).bit_length()
        count_bytes = (count.bit_length() + 7) // 8
        is_estimate = self.theta < LARGEST
        longs = 2 if is_estimate else 1
        header = _HEADER.pack(longs, _COMPRESSED, _FAMILY, width, count_bytes, _FLAGS, _SEED_HASH)
        theta = _THETA.pack(self.theta) if is_estimate else b""
        bits = np.unpackbits(steps.astype(">i8").view(np.uint8).reshape(-1, 8), axis=1)
        packed = np.packbits(bits[:, _BITS - width :].ravel())
        return header + theta + count.to_bytes(count_bytes, "little") + packed.tobytes()


EMPTY = ThetaSketch(np.zeros(0, np.int64), is_empty=True)


def decode(data: bytes) -> ThetaSketch:
    """A sketch from its compact form. Raises ValueError for anything else."""
    if len(data) < _HEADER.size:
        raise ValueError(data)
    longs, version, family, width, count_bytes, flags, _ = _HEADER.unpack_from(data)
    longs &= 0x3F
    if family != _FAMILY or version not in {_PLAIN, _COMPRESSED}:
        raise ValueError(data)
    if version == _COMPRESSED:
        return _decompressed(data, longs, width, count_bytes)
    if flags & _EMPTY:
        return EMPTY
    theta, count = LARGEST, 1
    if longs > 1:
        count = int(_COUNT.unpack_from(data, 8)[0])
    if longs > 2:  # noqa: PLR2004 - count, then theta
        theta = int(_THETA.unpack_from(data, 16)[0])
    hashes = np.frombuffer(data, "<i8", count, 8 * longs).astype(np.int64)
    return ThetaSketch(np.sort(hashes), theta)


def _decompressed(data: bytes, longs: int, width: int, count_bytes: int) -> ThetaSketch:
    theta = int(_THETA.unpack_from(data, 8)[0]) if longs > 1 else LARGEST
    start = 8 * longs
    count = int.from_bytes(data[start : start + count_bytes], "little")
    packed = np.frombuffer(data, np.uint8, -1, start + count_bytes)
    bits = np.unpackbits(packed, count=count * width).reshape(count, width)
    padded = np.zeros((count, _BITS), np.uint8)
    padded[:, _BITS - width :] = bits
    steps = np.packbits(padded, axis=1).view(">i8").ravel().astype(np.int64)
    return ThetaSketch(np.cumsum(steps), theta)


class ThetaBuilder:
    """Hashes that come one after the other; when there are too many, the greater half is forgotten."""

    def __init__(self, lg_entries: int) -> None:
        self.entries = 1 << lg_entries
        self.theta = LARGEST
        self.is_empty = True
        self._kept = np.zeros(0, np.int64)
        self._most = 15 * 2 * self.entries // 16

    def add(self, hashes: Hashes) -> None:
        """More hashes, in order. One that is there already changes nothing."""
        self.is_empty = self.is_empty and not hashes.size
        rest = hashes
        while rest.size:
            rest = rest[(rest < self.theta) & (rest > 0)]
            _, first = np.unique(rest, return_index=True)
            rest = rest[np.sort(first)]
            rest = rest[~np.isin(rest, self._kept)]
            space = self._most + 1 - self._kept.size
            self._kept = np.concatenate([self._kept, rest[:space]])
            rest = rest[space:]
            if self._kept.size > self._most:
                self.theta = int(np.partition(self._kept, self.entries)[self.entries])
                self._kept = self._kept[self._kept < self.theta]

    @property
    def sketch(self) -> ThetaSketch:
        """What there is."""
        return ThetaSketch(np.sort(self._kept), self.theta, self.is_empty)


def union(sketches: Iterable[ThetaSketch], lg_entries: int) -> ThetaSketch:
    """All values, of which no more hashes are kept than entries."""
    builder = ThetaBuilder(lg_entries)
    theta = LARGEST
    is_empty = True
    for sketch in sketches:
        if sketch.is_empty:
            continue
        is_empty = False
        theta = min(theta, sketch.theta, builder.theta)
        builder.add(sketch.hashes[sketch.hashes < theta])
        theta = min(theta, builder.theta)
    if is_empty:
        return EMPTY
    found = builder.sketch
    if found.hashes.size > builder.entries:
        theta = min(theta, int(found.hashes[builder.entries]))
    theta = min(theta, found.theta)
    return ThetaSketch(found.hashes[found.hashes < theta], theta)


def intersection(sketches: Sequence[ThetaSketch]) -> ThetaSketch:
    """The values that are in all; of no sketches at all none."""
    if not sketches or any(sketch.is_empty for sketch in sketches):
        return EMPTY
    theta = min(sketch.theta for sketch in sketches)
    hashes = sketches[0].hashes
    for sketch in sketches[1:]:
        hashes = hashes[np.isin(hashes, sketch.hashes)]
    return _of_result(hashes[hashes < theta], theta)


def difference(one: ThetaSketch, other: ThetaSketch) -> ThetaSketch:
    """The values of the first that are not in the second."""
    if one.is_empty:
        return EMPTY
    theta = min(one.theta, other.theta)
    hashes = one.hashes[~np.isin(one.hashes, other.hashes)]
    return _of_result(hashes[hashes < theta], theta)


def _of_result(hashes: Hashes, theta: int) -> ThetaSketch:
    return ThetaSketch(hashes, theta, is_empty=not hashes.size and theta == LARGEST)
