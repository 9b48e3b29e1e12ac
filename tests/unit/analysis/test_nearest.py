"""Joins with the nearest rows: what no batch of Spark shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pyspark.errors import PySparkException

from potok.sql import SparkSession, functions


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    session = SparkSession.builder.getOrCreate()
    yield session
    session.stop()


def test_a_stream_has_no_nearest_rows(spark: Any) -> None:
    times = spark.range(3).select(functions.current_timestamp().alias("timestamp"))
    stream = spark.readStream.format("rate").load()
    with pytest.raises(PySparkException, match="as-of join of a stream"):
        stream._joinAsOf(times, "timestamp", "timestamp").schema  # noqa: B018 - analysed here
    with pytest.raises(PySparkException, match="not supported with streaming"):
        stream.nearestByJoin(times, functions.lit(1), 1, "exact", "distance").schema  # noqa: B018 - analysed here
    with pytest.raises(PySparkException, match="an as-of join of type right"):
        times._joinAsOf(times, "timestamp", "timestamp", how="right").schema  # noqa: B018 - analysed here


def test_the_nearest_are_those_of_a_search_of_all(spark: Any) -> None:
    """Any number of right rows, in either direction, agrees with looking at every pair."""
    left, right = [(i * 37 % 50,) for i in range(20)], [(i * 61 % 50, i) for i in range(30)]
    found = spark.createDataFrame(left, "t INT")._joinAsOf(
        spark.createDataFrame(right, "u INT, i INT"), "t", "u", how="left", allowExactMatches=False
    )
    expected = []
    for (t,) in left:
        before = [(u, i) for u, i in right if u < t]
        expected.append((t, *max(before, default=(None, None))))
    assert sorted(map(tuple, found.collect()), key=str) == sorted(expected, key=str)
