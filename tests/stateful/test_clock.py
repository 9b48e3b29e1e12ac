"""State that waits for the clock: a batch when something is due, and none before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import Row
from pyspark.sql.streaming import StatefulProcessor

from potok.checkpoint.state.table import KeyedTable
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.sql import SparkSession
from potok.stateful.expiry import Expiry
from potok.types import LONG, StructField, StructType
from support.patience import PATIENCE_S, until

LATER_MS = 1500
NEVER_MS = 3_600_000


class Alarm(StatefulProcessor):  # type: ignore[misc]  # pyspark is untyped here
    """Says that a key is there, and again a while later."""

    after_ms = LATER_MS

    def init(self, handle: Any) -> None:
        self.handle = handle
        self.seen = handle.getValueState("seen", "n INT", 3_600_000)

    def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Any:  # noqa: N802, N803 - PySpark's names
        self.seen.update((len(list(rows)),))
        self.handle.registerTimer(timerValues.getCurrentProcessingTimeInMs() + self.after_ms)
        yield Row(k=key[0], what="here")

    def handleExpiredTimer(self, key: Any, timerValues: Any, expiredTimerInfo: Any) -> Any:  # noqa: N802, N803
        yield Row(k=key[0], what="later")

    def close(self) -> None:
        pass


class LateAlarm(Alarm):
    """When the test is long over."""

    after_ms = NEVER_MS


def alarm(key: Any, frames: Any, state: Any, after_ms: int = LATER_MS) -> Any:
    """The same with a state of its own."""
    what = "later" if state.hasTimedOut else "here"
    if state.hasTimedOut:
        state.remove()
    else:
        state.update((sum(map(len, frames)),))
        state.setTimeoutDuration(after_ms)
    yield pd.DataFrame({"k": [key[0]], "what": [what]})


def late_alarm(key: Any, frames: Any, state: Any) -> Any:
    """When the test is long over."""
    yield from alarm(key, frames, state, NEVER_MS)


def by_processor(keys: Any, *, late: bool = False) -> Any:
    processor = LateAlarm() if late else Alarm()
    return keys.transformWithState(processor, "k STRING, what STRING", "Update", "ProcessingTime")


def by_function(keys: Any, *, late: bool = False) -> Any:
    function = late_alarm if late else alarm
    return keys.applyInPandasWithState(
        function, "k STRING, what STRING", "n LONG", "update", "ProcessingTimeTimeout"
    )


@pytest.fixture
def spark() -> Iterator[Any]:
    session = SparkSession.builder.config(
        "spark.sql.streaming.stateStore.providerClass",
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
    ).getOrCreate()
    yield session
    session.stop()


@pytest.mark.parametrize("kind", [by_processor, by_function])
def test_a_batch_without_data_when_a_time_has_come_and_no_other(
    spark: Any, kind: Any, tmp_path: Path
) -> None:
    """Spark runs them all the time, one after the other."""
    (tmp_path / "keys.txt").write_text("a\n")
    rows = kind(spark.readStream.text(str(tmp_path)).groupBy("value"))
    query = rows.writeStream.outputMode("update").format("memory").queryName("told").start()
    query.processAllAvailable()
    assert [tuple(row) for row in spark.table("told").collect()][:1] == [("a", "here")]
    until(lambda: spark.table("told").count() >= 2)
    # If there were more batches than asked for, they would come now.
    time.sleep(0.5)
    assert [tuple(row) for row in spark.table("told").collect()] == [("a", "here"), ("a", "later")]
    batches = [progress["batchId"] for progress in query.recentProgress if progress["batchDuration"]]
    query.stop()
    # One for the row and one for the time; the clock may show the millisecond before the time when a batch is made for it.
    assert max(batches) <= 2


@pytest.mark.parametrize("kind", [by_processor, by_function])
def test_what_is_available_now_has_an_end(spark: Any, kind: Any, tmp_path: Path) -> None:
    """In Spark it has none while state waits for the clock."""
    (tmp_path / "keys.txt").write_text("a\n")
    rows = kind(spark.readStream.text(str(tmp_path)).groupBy("value"), late=True)
    query = (
        rows.writeStream.outputMode("update")
        .format("memory")
        .queryName("told")
        .trigger(availableNow=True)
        .start()
    )
    assert query.awaitTermination(PATIENCE_S)
    assert [tuple(row) for row in spark.table("told").collect()] == [("a", "here")]


def test_the_earliest_time() -> None:
    """Of rows that live, by their last time."""
    table = KeyedTable(2, 2)
    codec = UnsafeRowCodec(StructType((StructField("k", LONG),)))
    rows = codec.encode([pa.array([1, 2, 3], pa.int64())])
    numbers = table.put(rows, rows)
    expiry = Expiry(table)
    assert expiry.earliest_us() is None
    minute = 1 << 26
    expiry.set(numbers, np.array([5 * minute, minute + 7, 3 * minute]))
    assert expiry.earliest_us() == minute + 7
    expiry.set(numbers[1:2], np.array([9 * minute]))
    assert expiry.earliest_us() == 3 * minute
    table.remove(numbers[2:3])
    assert expiry.earliest_us() == 5 * minute
    assert expiry.take(5 * minute).tolist() == numbers[:1].tolist()
    assert expiry.earliest_us() == 9 * minute
