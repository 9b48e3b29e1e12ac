"""Which rows a sample takes, and how often: those that Spark takes of a frame with one partition.

Source of facts: BernoulliCellSampler, PoissonSampler, and Well19937c and PoissonDistribution of Apache Commons Math.
"""

from __future__ import annotations

import itertools
import math
import threading
from array import array
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import unsupported
from potok.functions.java_random import JavaRandom
from potok.functions.random_numbers import XorShift
from potok.types import INTEGER, LONG

_WORDS = 624
_MASK = 0xFFFFFFFF
_LARGE_MEAN = 40.0
_instances = itertools.count(1)


class Well19937c:
    """The generator of Commons Math, seeded by a 64-bit number."""

    def __init__(self, seed: int) -> None:
        words = [(seed >> 32) & _MASK, seed & _MASK]
        for i in range(2, _WORDS):
            last = words[i - 2]
            signed = last - (1 << 32) if last >= 1 << 31 else last
            words.append((1812433253 * (signed ^ (signed >> 30)) + i) & _MASK)
        self._words = words
        self._index = 0

    def _next(self, bits: int) -> int:
        words, index = self._words, self._index
        before = index - 1 if index else _WORDS - 1
        value = words[index]
        first, second, third = (words[(index + step) % _WORDS] for step in (70, 179, 449))
        z0 = (words[before] & 0x80000000) ^ (words[before - 1] & 0x7FFFFFFF)
        z1 = value ^ (value << 25 & _MASK) ^ first ^ (first >> 27)
        z2 = (second >> 9) ^ third ^ (third >> 1)
        z3 = z1 ^ z2
        z4 = z0 ^ z1 ^ (z1 << 9 & _MASK) ^ z2 ^ (z2 << 21 & _MASK) ^ z3 ^ (z3 >> 21)
        words[index] = z3
        words[before] = z4
        words[before - 1] &= 0x80000000
        self._index = before
        z4 ^= z4 << 7 & 0xE46E1700
        z4 ^= z4 << 15 & 0x9B868000
        return z4 >> (32 - bits)

    def uniform(self) -> float:
        """From 0 (inclusive) to 1."""
        high = self._next(26)
        return (high << 26 | self._next(26)) / (1 << 52)


def _poisson_numbers(mean: float, seed: int) -> Callable[[], int]:
    if mean <= 0:
        return lambda: 0
    if mean >= _LARGE_MEAN:
        raise unsupported(f"a sample of {mean:g} times the rows", "Sample less, several times.")
    generator = Well19937c(JavaRandom(seed).next_long())
    bound, most = math.exp(-mean), 1000 * mean

    def draw() -> int:
        number, product = 0, 1.0
        while number < most:
            product *= generator.uniform()
            if product < bound:
                return number
            number += 1
        return number

    return draw


def copies_of_rows(lower: float, upper: float, seed: int, *, with_replacement: bool) -> Kernel:
    """A kernel from the number of a row, from 1, to how often it is in the sample.

    What is drawn is kept, so that a row has its number whatever rows are asked for, and in which order.
    """
    draw = _poisson_numbers(upper - lower, seed) if with_replacement else _cell_numbers(lower, upper, seed)
    drawn, lock = array("H"), threading.Lock()

    def over_rows(rows: pa.Array) -> pa.Array:
        numbers = rows.to_numpy() - 1
        with lock:
            missing = int(numbers.max(initial=-1)) + 1 - len(drawn)
            drawn.extend(draw() for _ in range(missing))
            return pa.array(np.frombuffer(drawn, np.uint16)[numbers].astype(np.int32))

    return Kernel(f"potok_sample_{next(_instances)}", (LONG,), INTEGER, over_rows)


def _cell_numbers(lower: float, upper: float, seed: int) -> Callable[[], int]:
    uniform = XorShift(seed).uniform
    return lambda: int(lower <= uniform() < upper)
