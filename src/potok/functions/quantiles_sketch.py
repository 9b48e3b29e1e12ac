"""KLL sketches: quantiles from a sample whose items count 1, 2, 4, .. by level.

Values come to level 0, the newest first. When all levels are full, the lowest one that is too long loses half of its items to the one above:
every second one in order, the first of which is drawn. Until then a sketch has all values. Source of facts: KllHelper, KllLongsSketch,
KllDoublesSketch, KllFloatsSketch and KllPreambleUtil of Apache DataSketches 6.2.
"""

from __future__ import annotations

import math
import random
import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from heapq import merge as merged
from itertools import pairwise
from typing import Any

Item = Any
_LEAST = 8
_FAMILY = 15
_EMPTY, _SORTED, _SINGLE = 1, 2, 4
_HEADER = struct.Struct("<BBBBHBx")
_COUNTS = struct.Struct("<qHBx")
_COUNTS_AT, _LEVELS_AT = 8, 20
_SHORT, _FULL = 2, 5


@dataclass(frozen=True)
class Numbers:
    """The numbers of a sketch: how one is written, and how Java's class of such sketches is called."""

    form: str
    java: str

    @property
    def size(self) -> int:
        """Bytes of an item."""
        return struct.calcsize(self.form)


LONGS, DOUBLES, FLOATS = Numbers("<q", "Longs"), Numbers("<d", "Doubles"), Numbers("<f", "Floats")


@cache
def _capacity(k: int, levels: int, height: int) -> int:
    """How many items a level may have: less by a third for each level above it."""
    depth = levels - height - 1
    scaled = (2 * k << depth) // int(3**depth)
    return max(_LEAST, (scaled + 1) >> 1)


@cache
def _total(k: int, levels: int) -> int:
    return sum(_capacity(k, levels, height) for height in range(levels))


class QuantilesSketch:
    """A sketch. `least_k` is the smallest size of all whose items it has."""

    def __init__(self, numbers: Numbers, k: int) -> None:
        self.numbers = numbers
        self.k = self.least_k = k
        self.count = 0
        self.levels: list[list[Item]] = [[]]
        self.is_sorted = False
        self.least: Item = None
        self.most: Item = None

    @property
    def is_empty(self) -> bool:
        """Whether no value was there."""
        return not self.count

    @property
    def retained(self) -> int:
        """How many items there are."""
        return sum(map(len, self.levels))

    @property
    def capacity(self) -> int:
        """How many there may be before a level is made shorter."""
        return _total(self.k, len(self.levels))

    def update(self, value: Item) -> None:
        """One more value; NaN is none."""
        if value != value:  # noqa: PLR0124 - only NaN differs from itself
            return
        self._widen(value, value)
        self._insert(value)
        self.count += 1

    def _widen(self, least: Item, most: Item) -> None:
        self.least = least if self.least is None else min(self.least, least)
        self.most = most if self.most is None else max(self.most, most)

    def _insert(self, value: Item) -> None:
        if self.retained >= self.capacity:
            self._compress()
        self.levels[0].insert(0, value)
        self.is_sorted = False

    def _compress(self) -> None:
        """Halve the lowest level that is full."""
        height = next(
            h for h, level in enumerate(self.levels) if len(level) >= _capacity(self.k, len(self.levels), h)
        )
        if height == len(self.levels) - 1:
            self.levels.append([])
        level = self.levels[height]
        left, halved = (level[:1], level[1:]) if len(level) % 2 else ([], level)
        kept = sorted(halved)[random.getrandbits(1) :: 2]
        self.levels[height] = left
        self.levels[height + 1] = list(merged(self.levels[height + 1], kept))

    def merge(self, other: QuantilesSketch) -> None:
        """All of another sketch."""
        if other.is_empty:
            return
        count = self.count + other.count
        for value in other.levels[0]:
            self._insert(value)
        for height, level in enumerate(other.levels):
            if height:
                self.levels += [[] for _ in range(height + 1 - len(self.levels))]
                self.levels[height] = list(merged(self.levels[height], level))
        while self.retained > self.capacity:
            self._compress()
        self._widen(other.least, other.most)
        self.count = count
        if len(other.levels) > 1:
            self.least_k = min(self.least_k, other.least_k)

    def _weighted(self) -> tuple[list[Item], list[int]]:
        """The items in order, and how many values there are up to each."""
        pairs = sorted((value, 1 << height) for height, level in enumerate(self.levels) for value in level)
        total, ends = 0, []
        for _, weight in pairs:
            total += weight
            ends.append(total)
        return [value for value, _ in pairs], ends

    def quantile(self, rank: float) -> Item:
        """The least item whose rank is not below this one."""
        values, ends = self._weighted()
        wanted = math.ceil(rank * self.count)
        return next((value for value, end in zip(values, ends, strict=True) if end >= wanted), values[-1])

    def rank(self, value: Item) -> float:
        """Which part of the values is not above this one."""
        values, ends = self._weighted()
        place = bisect_right(values, value)
        return ends[place - 1] / self.count if place else 0.0

    def encode(self) -> bytes:
        """The compact form."""
        if self.is_empty:
            return _HEADER.pack(_SHORT, 1, _FAMILY, _EMPTY, self.k, _LEAST)
        form = self.numbers.form
        if self.count == 1:
            return _HEADER.pack(_SHORT, 2, _FAMILY, _SINGLE, self.k, _LEAST) + struct.pack(
                form, self.levels[0][0]
            )
        flags = _SORTED if self.is_sorted else 0
        header = _HEADER.pack(_FULL, 1, _FAMILY, flags, self.k, _LEAST)
        counts = _COUNTS.pack(self.count, self.least_k, len(self.levels))
        items = [value for level in self.levels for value in level]
        starts, at = [], self.capacity - len(items)
        for level in self.levels:
            starts.append(at)
            at += len(level)
        return (
            header
            + counts
            + struct.pack(f"<{len(starts)}i", *starts)
            + struct.pack(f"<{len(items) + 2}{form[-1]}", self.least, self.most, *items)
        )

    def describe(self) -> str:
        """The summary of the Java library."""
        is_estimate = len(self.levels) > 1
        rows = (
            ("K", self.k),
            ("Dynamic min K", self.least_k),
            ("M", _LEAST),
            ("N", self.count),
            ("Epsilon", f"{_error(self.least_k, 2.296, 0.9723):.3f}%"),
            ("Epsilon PMF", f"{_error(self.least_k, 2.446, 0.9433):.3f}%"),
            ("Empty", str(self.is_empty).lower()),
            ("Estimation Mode", str(is_estimate).lower()),
            ("Levels", len(self.levels)),
            ("Level 0 Sorted", str(self.is_sorted).lower()),
            ("Capacity Items", self.capacity),
            ("Retained Items", self.retained),
            ("Free Space", self.capacity - self.retained),
            ("ReadOnly", "false"),
            ("Updatable Storage Bytes", self._updatable_bytes()),
            ("Compact Storage Bytes", len(self.encode())),
            ("Min Item", self._shown(self.least)),
            ("Max Item", self._shown(self.most)),
        )
        lines = "".join(f"   {name:<23}: {value}\n" for name, value in rows)
        title = f"### KllKll{self.numbers.java}Sketch Summary:\n"
        return f"\n{title}{lines}### End sketch summary\n"

    def _updatable_bytes(self) -> int:
        levels = 4 * (len(self.levels) + 1)
        return _LEVELS_AT + levels + self.numbers.size * (2 + self.capacity)

    def _shown(self, value: Item) -> str:
        if value is not None:
            return repr(value)
        return "null" if self.numbers is LONGS else "NaN"


def _error(k: int, factor: float, power: float) -> float:
    error: float = 100 * factor / math.pow(k, power)
    return error


def decode(data: bytes, numbers: Numbers) -> QuantilesSketch:
    """A sketch from its compact form. Raises ValueError for anything else."""
    if len(data) < _HEADER.size:
        raise ValueError(data)
    longs, version, family, flags, k, least = _HEADER.unpack_from(data)
    if family != _FAMILY or least != _LEAST or longs not in {_SHORT, _FULL} or version not in {1, 2}:
        raise ValueError(data)
    sketch = QuantilesSketch(numbers, k)
    if flags & _EMPTY:
        return sketch
    try:
        if flags & _SINGLE:
            sketch.update(struct.unpack_from(numbers.form, data, _COUNTS_AT)[0])
        else:
            _read_levels(sketch, data, is_sorted=bool(flags & _SORTED))
    except struct.error as error:
        raise ValueError(data) from error
    return sketch


def _read_levels(sketch: QuantilesSketch, data: bytes, *, is_sorted: bool) -> None:
    sketch.count, sketch.least_k, levels = _COUNTS.unpack_from(data, _COUNTS_AT)
    starts = struct.unpack_from(f"<{levels}i", data, _LEVELS_AT)
    sketch.levels = [[] for _ in starts]
    size = sketch.capacity - starts[0]
    letter = sketch.numbers.form[-1]
    least, most, *items = struct.unpack_from(f"<{size + 2}{letter}", data, _LEVELS_AT + 4 * levels)
    sketch.least, sketch.most, sketch.is_sorted = least, most, is_sorted
    bounds = [start - starts[0] for start in starts] + [size]
    sketch.levels = [items[a:b] for a, b in pairwise(bounds)]


def union(sketches: Sequence[QuantilesSketch], numbers: Numbers, k: int) -> QuantilesSketch:
    """All values of some sketches, one after the other."""
    found = QuantilesSketch(numbers, k)
    for sketch in sketches:
        found.merge(sketch)
    return found
