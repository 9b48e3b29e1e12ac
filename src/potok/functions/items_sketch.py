"""Frequent items: a table of counters that grows to a limit and then forgets the lesser half.

The order of the table shows in the bytes and in the order of items that are equally frequent, so that the hashes are Java's. Source of
facts: ItemsSketch, ReversePurgeItemHashMap and the ArrayOf..SerDe classes of Apache DataSketches 6.2.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Item = Any
_MASK = (1 << 64) - 1
_INT_MASK = (1 << 32) - 1
_F1, _F2 = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
_LG_LEAST = 3
_SAMPLES = 1024
_LOAD = 0.75
_STRIDE = (math.sqrt(5) - 1) / 2
_FULL, _EMPTY_LONGS = 4, 1
_VERSION, _FAMILY, _EMPTY = 1, 10, 5
_HEADER = struct.Struct("<BBBBBxxx")
_COUNTS = struct.Struct("<qqq")


# ---- kinds of items ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """How Java hashes items and DataSketches write them. Floating point numbers are their bits."""

    hashed: Callable[[Item], int]
    written: Callable[[list[Item]], bytes]
    read: Callable[[bytes, int], list[Item]]


def _of_int(value: int) -> int:
    return value & _INT_MASK


def _of_long(value: int) -> int:
    bits = value & _MASK
    return (bits ^ (bits >> 32)) & _INT_MASK


def _of_boolean(value: bool) -> int:  # noqa: FBT001 - an item
    return 1231 if value else 1237


def _of_text(text: str) -> int:
    code = 0
    units = text.encode("utf-16-le", "surrogatepass")
    for unit in struct.unpack(f"<{len(units) // 2}H", units):
        code = (31 * code + unit) & _INT_MASK
    return code


def _fixed(form: str) -> tuple[Callable[[list[Item]], bytes], Callable[[bytes, int], list[Item]]]:
    """Numbers of one size."""
    one = struct.Struct("<" + form)
    return (
        lambda items: b"".join(one.pack(item) for item in items),
        lambda data, count: [one.unpack_from(data, i * one.size)[0] for i in range(count)],
    )


def _tagged(tag: int, form: str) -> tuple[Callable[[list[Item]], bytes], Callable[[bytes, int], list[Item]]]:
    """Numbers of one size, each behind a mark of its class."""
    one = struct.Struct("<B" + form)
    return (
        lambda items: b"".join(one.pack(tag, item) for item in items),
        lambda data, count: [one.unpack_from(data, i * one.size)[1] for i in range(count)],
    )


def _write_texts(items: list[str]) -> bytes:
    encoded = [item.encode() for item in items]
    return b"".join(struct.pack("<i", len(text)) + text for text in encoded)


def _read_texts(data: bytes, count: int) -> list[str]:
    texts, at = [], 0
    for _ in range(count):
        (size,) = struct.unpack_from("<i", data, at)
        texts.append(data[at + 4 : at + 4 + size].decode())
        at += 4 + size
    return texts


def _write_booleans(items: list[bool]) -> bytes:
    packed = bytearray((len(items) + 7) // 8)
    for i, item in enumerate(items):
        packed[i // 8] |= bool(item) << (i % 8)
    return bytes(packed)


def _read_booleans(data: bytes, count: int) -> list[bool]:
    return [bool(data[i // 8] >> (i % 8) & 1) for i in range(count)]


KINDS = {
    "byte": Kind(_of_int, *_tagged(2, "b")),
    "short": Kind(_of_int, *_tagged(3, "h")),
    "int": Kind(_of_int, *_tagged(9, "i")),
    "float": Kind(_of_int, *_tagged(6, "i")),
    "long": Kind(_of_long, *_fixed("q")),
    "double": Kind(_of_long, *_fixed("q")),
    "string": Kind(_of_text, _write_texts, _read_texts),
    "boolean": Kind(_of_boolean, _write_booleans, _read_booleans),
}


# ---- the sketch -------------------------------------------------------------------------------


def lg_of_tracked(tracked: int) -> int:
    """The size of a table that tracks so many items."""
    return math.ceil(math.log(math.ceil(tracked / _LOAD)) / math.log(2))


class ItemsSketch:
    """Counters of items. What has been forgotten is in `offset`, the most that a count may be too low."""

    def __init__(self, kind: Kind, lg_most: int, lg_size: int = _LG_LEAST) -> None:
        self.kind = kind
        self.lg_most = max(lg_most, _LG_LEAST)
        self.weight = self.offset = 0
        self._samples = min(_SAMPLES, int((1 << lg_most) * _LOAD))
        self._allocate(max(lg_size, _LG_LEAST))

    def _allocate(self, lg_size: int) -> None:
        size = 1 << lg_size
        self._lg_size = lg_size
        self._keys: list[Item] = [None] * size
        self._values = [0] * size
        self._drifts = [0] * size
        self._capacity = int(size * _LOAD)
        self._active = 0

    def update(self, item: Item, count: int = 1) -> None:
        """An item so many times more."""
        self.weight += count
        self._put(item, count)
        if self._active <= self._capacity:
            return
        if self._lg_size < self.lg_most:
            old = [(self._keys[i], self._values[i]) for i in self._places()]
            self._allocate(self._lg_size + 1)
            for key, value in old:
                self._put(key, value)
        else:
            self._purge()

    def _place(self, item: Item) -> int:
        code = self.kind.hashed(item)
        # A Java int becomes a long with its sign.
        key = code | (_MASK ^ _INT_MASK) if code >> 31 else code
        key ^= key >> 33
        key = (key * _F1) & _MASK
        key ^= key >> 33
        key = (key * _F2) & _MASK
        return (key ^ (key >> 33)) & (len(self._keys) - 1)

    def _put(self, item: Item, count: int) -> None:
        mask = len(self._keys) - 1
        place, drift = self._place(item), 1
        while self._drifts[place] and self._keys[place] != item:
            place, drift = (place + 1) & mask, drift + 1
        if not self._drifts[place]:
            self._keys[place], self._values[place], self._drifts[place] = item, count, drift
            self._active += 1
        else:
            self._values[place] += count

    def _places(self) -> Iterator[int]:
        """Where items are, in the order of the table."""
        return (i for i, drift in enumerate(self._drifts) if drift)

    def _purge(self) -> None:
        limit = min(self._samples, self._active)
        places = self._places()
        samples = sorted(self._values[next(places)] for _ in range(limit))
        median = samples[limit // 2]
        self.offset += median
        self._values = [value - median for value in self._values]
        size = len(self._keys)
        first = size - 1
        while self._drifts[first]:
            first -= 1
        for place in (*range(first - 1, -1, -1), *range(size - 1, first - 1, -1)):
            if self._drifts[place] and self._values[place] <= 0:
                self._delete(place)
                self._active -= 1

    def _delete(self, place: int) -> None:
        """Empty a place, and move there what had been pushed on by it."""
        mask = len(self._keys) - 1
        self._drifts[place] = 0
        drift, probe = 1, (place + 1) & mask
        while self._drifts[probe]:
            if self._drifts[probe] > drift:
                self._keys[place], self._values[place] = self._keys[probe], self._values[probe]
                self._drifts[place] = self._drifts[probe] - drift
                self._drifts[probe] = 0
                drift, place = 0, probe
            probe, drift = (probe + 1) & mask, drift + 1

    def _strided(self) -> Iterator[tuple[Item, int]]:
        """Items and counts in the order in which they are merged and shown."""
        size = len(self._keys)
        stride = int(size * _STRIDE) | 1
        for i in range(size):
            place = i * stride & (size - 1)
            if self._drifts[place]:
                yield self._keys[place], self._values[place]

    def merge(self, other: ItemsSketch) -> None:
        """All of another sketch."""
        if not other._active:
            return
        weight = self.weight + other.weight
        for item, count in other._strided():
            self.update(item, count)
        self.offset += other.offset
        self.weight = weight

    def frequent(self) -> list[tuple[Item, int]]:
        """The items that are certainly more frequent than what has been forgotten, the most frequent first."""
        found = [(item, count + self.offset) for item, count in self._strided() if count > self.offset]
        return sorted(found, key=lambda one: -one[1])

    def encode(self) -> bytes:
        """As DataSketches write it."""
        longs = _FULL if self._active else _EMPTY_LONGS
        flags = 0 if self._active else _EMPTY
        header = bytes([longs, _VERSION, _FAMILY, self.lg_most, self._lg_size, flags, 0, 0])
        if not self._active:
            return header
        places = list(self._places())
        counts = struct.pack(f"<{len(places)}q", *(self._values[i] for i in places))
        numbers = _COUNTS.pack(self._active, self.weight, self.offset)
        return header + numbers + counts + self.kind.written([self._keys[i] for i in places])


def decode(data: bytes, kind: Kind) -> ItemsSketch:
    """A sketch from its bytes."""
    longs, _, _, lg_most, lg_size = _HEADER.unpack_from(data)
    if longs == _EMPTY_LONGS:
        return ItemsSketch(kind, lg_most)
    active, weight, offset = _COUNTS.unpack_from(data, 8)
    sketch = ItemsSketch(kind, lg_most, lg_size)
    sketch.offset = offset
    counts = struct.unpack_from(f"<{active}q", data, 32)
    for item, count in zip(kind.read(data[32 + 8 * active :], active), counts, strict=True):
        sketch.update(item, count)
    sketch.weight = weight
    return sketch
