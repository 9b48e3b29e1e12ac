"""What is measured of streams with state."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import Case

BATCHES = 20
KEYS = 100_000
_FIRST_MTIME = 1_000_000_000


def _write(directory: Path, number: int, table: pa.Table) -> None:
    """A file that comes after those with smaller numbers."""
    directory.mkdir(exist_ok=True)
    path = directory / f"{number:04}.parquet"
    pq.write_table(table, path)
    os.utime(path, (_FIRST_MTIME + number, _FIRST_MTIME + number))


def keyed(directory: Path, rows: int) -> None:
    """Half of `rows` rows over 100,000 keys in 20 files, event times a second apart for each 5,000 rows."""
    chance = np.random.default_rng(7)
    count = rows // 2 // BATCHES
    for number in range(BATCHES):
        seconds = (number * count + np.arange(count)) // 5000
        at = pa.array(seconds * 1_000_000, pa.timestamp("us", tz="UTC"))
        keys = chance.integers(0, KEYS, count)
        _write(
            directory / "keyed", number, pa.table({"k": keys, "v": chance.integers(0, 1000, count), "at": at})
        )


def growing(directory: Path, rows: int) -> None:
    """A tenth of `rows` different keys in files of up to 500,000, then 30 files of 10,000 known keys."""
    keys = rows // 10
    chance = np.random.default_rng(7)
    at = pa.scalar(0, pa.timestamp("us", tz="UTC"))
    number = 0
    for start in range(0, keys, 500_000):
        part = np.arange(start, min(keys, start + 500_000))
        _write(directory / "growing", number, _rows(part, at))
        number += 1
    for _ in range(30):
        _write(directory / "growing", number, _rows(chance.integers(0, keys, 10_000), at))
        number += 1


def _rows(keys: np.ndarray[tuple[int], np.dtype[np.int64]], at: pa.Scalar) -> pa.Table:
    return pa.table({"k": keys, "v": keys % 1000, "at": pa.repeat(at, len(keys))})


_WORK = ("work_s", "work_cpu_s", "memory_mb")
_GROWTH = ("batch_ms_median", "batch_ms_max", "state_bytes_per_key", "restore_s", "memory_mb")
STATE_CASES = {
    "counts": Case(
        "count and sum by key, 20 batches, update mode, durable",
        "stateful.py",
        keyed,
        "duckdb_counts.py",
        ("counts",),
        _WORK,
    ),
    "windows": Case(
        "count by 10 s window behind a watermark, 20 batches, append mode, durable",
        "stateful.py",
        keyed,
        "duckdb_windows.py",
        ("windows",),
        _WORK,
    ),
    "small_state": Case(
        "count by key, 100 rows a batch, checkpointed",
        "small_batches.py",
        arguments=("--counted",),
        metrics=("batch_ms_median", "batch_ms_p90", "latency_ms_median", "latency_ms_p99"),
    ),
    "state_counts": Case(
        "10,000 rows a batch, counted by key; --rows / 10 keys",
        "state_growth.py",
        growing,
        None,
        ("counts",),
        _GROWTH,
    ),
    "state_dedup": Case(
        "10,000 rows a batch, deduplicated; --rows / 10 keys",
        "state_growth.py",
        growing,
        None,
        ("dedup",),
        _GROWTH,
    ),
    "state_join": Case(
        "10,000 rows a batch, joined with a stream of --rows / 10 keys",
        "state_growth.py",
        growing,
        None,
        ("join",),
        _GROWTH,
    ),
}
