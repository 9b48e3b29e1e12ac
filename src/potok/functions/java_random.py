"""Java's generator of random numbers, for what Spark draws with a seed of its own. Source of fact: java.util.Random."""

from __future__ import annotations

_MULTIPLIER, _ADDEND, _MASK = 0x5DEECE66D, 0xB, (1 << 48) - 1
_FRACTION = 1.0 / (1 << 53)
_MAX_INT = (1 << 31) - 1


class JavaRandom:
    """The numbers that follow from a seed."""

    def __init__(self, seed: int) -> None:
        self._state = (seed ^ _MULTIPLIER) & _MASK

    def _next(self, bits: int) -> int:
        self._state = (self._state * _MULTIPLIER + _ADDEND) & _MASK
        return self._state >> (48 - bits)

    def next_double(self) -> float:
        """A number from 0 inclusive to 1 exclusive."""
        return ((self._next(26) << 27) + self._next(27)) * _FRACTION

    def next_below_largest_int(self) -> int:
        """A whole number from 0 inclusive to 2147483647 exclusive: `nextInt(Integer.MAX_VALUE)`."""
        while (drawn := self._next(31)) == _MAX_INT:
            pass
        return drawn

    def next_long(self) -> int:
        """A whole number of 64 bits, signed."""
        high, low = self._next(32), self._next(32)
        low = low - (1 << 32) if low >= 1 << 31 else low
        number = ((high << 32) + low) & ((1 << 64) - 1)
        return number - (1 << 64) if number >= 1 << 63 else number
