"""Estimates of distinct values are those that record_distinct_counts.py has had from Spark."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from potok.functions.hashing import xxhash64
from potok.functions.hll import hll_codes, hll_estimates, hll_precision
from potok.plan.expressions import Literal
from potok.types import DOUBLE, LONG, STRING, DataType

RECORDED = json.loads((Path(__file__).parent / "distinct_counts.json").read_text(encoding="utf-8"))
ERRORS = (0.05, 0.39, 0.3, 0.2, 0.15, 0.1, 0.025, 0.01, 0.005)


def estimate(values: pa.Array, kind: DataType, precision: int) -> int:
    hashes = pa.array(xxhash64([values], [kind]))
    codes = hll_codes(hashes, values.is_null(), pa.array([precision] * len(values), pa.int32()))
    lists = pa.ListArray.from_arrays(pa.array([0, len(codes)], pa.int32()), codes)
    return int(hll_estimates(lists, pa.array([precision], pa.int32()))[0].as_py())


@pytest.mark.parametrize("size", [int(size) for size in RECORDED])
def test_estimates(size: int) -> None:
    numbers = pa.array(np.arange(size) * 7 + 3)
    found = [estimate(numbers, LONG, hll_precision(Literal(error, DOUBLE))) for error in ERRORS]
    texts = pa.array([f"t{i}" for i in range(size)], pa.string())
    thirds = pa.array(np.arange(size) / 3)
    found += [estimate(texts, STRING, hll_precision(None)), estimate(thirds, DOUBLE, hll_precision(None))]
    assert found == RECORDED[str(size)]


def test_nulls_do_not_count() -> None:
    assert estimate(pa.array([1, None, 1, None], pa.int64()), LONG, 9) == 1
