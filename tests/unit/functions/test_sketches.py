"""Sketches against the library of another implementation, and against what they promise."""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from functools import partial

import datasketches
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from potok.errors import SparkError
from potok.functions import histogram, items_sketch, sketch_hll, sketch_theta, theta_sketch
from potok.functions.items_sketch import KINDS, ItemsSketch
from potok.functions.murmur128 import hash_bytes, hash_longs
from potok.functions.quantiles_sketch import DOUBLES, QuantilesSketch, decode, union
from potok.functions.sketch_library import datasketches as library

SEEDS = st.integers(0, 2**32)


def numbers(seed: int, size: int) -> list[int]:
    drawn: list[int] = np.random.default_rng(seed).integers(-(2**62), 2**62, size).tolist()
    return drawn


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_the_hash_of_a_number_is_that_of_its_bytes(values: list[int]) -> None:
    first, second = hash_longs(np.array(values, np.int64))
    one, other = hash_bytes([value.to_bytes(8, "little", signed=True) for value in values])
    assert first.tolist() == one.tolist()
    assert second.tolist() == other.tolist()


@pytest.mark.parametrize("size", [0, 1, 2, 40, 59, 60, 61, 500, 5_000])
@settings(deadline=None, max_examples=40)
@given(seed=SEEDS)
def test_theta_sketches_are_those_of_the_library(size: int, seed: int) -> None:
    values = numbers(seed, size)
    theirs = datasketches.update_theta_sketch(5)
    for value in values:
        theirs.update(value)
    ours = theta_sketch.decode(sketch_theta._OF_LONGS.build(pa.array(values, pa.int64()), 5))
    assert math.isclose(ours.estimate, theirs.get_estimate())
    assert ours.hashes.tolist() == sorted(theirs)
    if size > 1:
        assert ours.encode() == theirs.compact().serialize(compress=True)


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.lists(st.integers(0, 300), min_size=1, max_size=4))
def test_theta_sketches_are_united_and_intersected_as_by_the_library(seed: int, sizes: list[int]) -> None:
    pool = numbers(seed, 400)
    parts = [
        sketch_theta._OF_LONGS.build(pa.array(pool[i * 20 : i * 20 + size], pa.int64()), 6)
        for i, size in enumerate(sizes)
    ]
    united, common = datasketches.theta_union(6), datasketches.theta_intersection()
    for part in parts:
        united.update(datasketches.compact_theta_sketch.deserialize(part))
        common.update(datasketches.compact_theta_sketch.deserialize(part))
    ours = [theta_sketch.decode(part) for part in parts]
    assert theta_sketch.union(ours, 6).hashes.tolist() == sorted(united.get_result())
    assert math.isclose(theta_sketch.union(ours, 6).estimate, united.get_result().get_estimate())
    assert theta_sketch.intersection(ours).hashes.tolist() == sorted(common.get_result())


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(1, 20_000))
def test_quantiles_are_near_and_others_read_them(seed: int, size: int) -> None:
    values = np.random.default_rng(seed).permutation(size).astype(float).tolist()
    sketch = QuantilesSketch(DOUBLES, 200)
    for value in values:
        sketch.update(value)
    assert sketch.count == size
    assert (sketch.least, sketch.most) == (0.0, size - 1.0)
    assert sum(len(level) << height for height, level in enumerate(sketch.levels)) == size
    for wanted in (0.1, 0.5, 0.9):
        assert abs(sketch.rank(sketch.quantile(wanted)) - wanted) < 0.05 + 1 / size
        assert abs(sketch.quantile(wanted) / size - wanted) < 0.05 + 1 / size
    theirs = datasketches.kll_doubles_sketch.deserialize(sketch.encode())
    assert theirs.n == size
    assert theirs.get_quantile(0.5, inclusive=True) == sketch.quantile(0.5)
    assert decode(sketch.encode(), DOUBLES).encode() == sketch.encode()
    assert sketch.retained <= sketch.capacity


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=4))
def test_merged_quantiles_count_all(sizes: list[int]) -> None:
    parts = []
    for size in sizes:
        part = QuantilesSketch(DOUBLES, 100)
        for value in range(size):
            part.update(float(value))
        parts.append(part)
    found = union(parts, DOUBLES, 100)
    assert found.count == sum(sizes)
    assert sum(len(level) << height for height, level in enumerate(found.levels)) == sum(sizes)
    assert all(level == sorted(level) for level in found.levels[1:])
    if found.count:
        assert datasketches.kll_doubles_sketch.deserialize(found.encode()).n == sum(sizes)


@settings(deadline=None, max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(1, 3_000))
def test_counts_of_items_are_within_what_was_forgotten(draw: random.Random, size: int) -> None:
    values = [int(min(draw.paretovariate(0.7), 1e9)) % 500 for _ in range(size)]
    true = Counter(values)
    sketch = ItemsSketch(KINDS["long"], 5)
    for value in values:
        sketch.update(value)
    assert sketch.weight == size
    for item, count in sketch.frequent():
        assert true[item] <= count <= true[item] + sketch.offset
    missing = set(true) - {item for item, _ in sketch.frequent()}
    assert all(true[item] <= 2 * sketch.offset for item in missing)
    again = items_sketch.decode(sketch.encode(), KINDS["long"])
    assert sorted(again.frequent()) == sorted(sketch.frequent())
    assert (again.weight, again.offset) == (sketch.weight, sketch.offset)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(2, 20))
def test_histograms_lose_no_value(values: list[float], bins: int) -> None:
    found = histogram.Histogram(bins)
    for value in values:
        found.add(value)
    assert len(found.centres) <= bins
    assert found.centres == sorted(found.centres)
    assert sum(found.heights) == len(values)
    total = sum(x * y for x, y in zip(found.centres, found.heights, strict=True))
    assert math.isclose(total, sum(values), rel_tol=1e-6, abs_tol=1e-3)


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(0, 3_000))
def test_bytes_are_counted_like_texts(seed: int, size: int) -> None:
    texts = [str(value) for value in numbers(seed, size)]
    of_texts = sketch_hll._build(pa.array(texts, pa.string()), 8)
    assert sketch_hll._build_of_bytes(pa.array([text.encode() for text in texts], pa.binary()), 8) == of_texts


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketches", None)
    with pytest.raises(SparkError, match=r"Install potok\[sketches\]") as caught:
        library("hll_sketch_agg")
    assert caught.value.condition == "UNSUPPORTED_FEATURE.POTOK"


@pytest.mark.parametrize("data", [b"", b"\0", bytes(8), b"\2\1\7\14\3\0\0\10", b"\x05\x01\x0f\0\xc8\0\x08\0"])
def test_other_bytes_are_no_sketches(data: bytes) -> None:
    for read in (theta_sketch.decode, partial(decode, numbers=DOUBLES)):
        with pytest.raises(ValueError, match=r"b['\"]"):
            read(data)
