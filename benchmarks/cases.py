"""What is measured."""

from __future__ import annotations

import random
from pathlib import Path

from benchmarks.kafka_cases import KAFKA_CASES
from benchmarks.measure import Case
from benchmarks.state_cases import STATE_CASES


def people(directory: Path, rows: int) -> None:
    """One small file of people."""
    del rows
    (directory / "people").mkdir(exist_ok=True)
    (directory / "people" / "a.csv").write_text("Ann,B,Cox,30,1\nDan,E,Fox,41,2\nGus,H,Ives,22,3\n")


def temperatures(directory: Path, rows: int) -> None:
    """A large file of days and temperatures, about 16 bytes a row."""
    (directory / "csv").mkdir(exist_ok=True)
    chance = random.Random(7)
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    with (directory / "csv" / "big.csv").open("w") as file:
        for start in range(0, rows, 100_000):
            count = min(100_000, rows - start)
            file.writelines(
                f"{chance.choice(days)},{chance.randrange(-300, 400) / 10}\n" for _ in range(count)
            )


def events(directory: Path, rows: int) -> None:
    """A large file of JSON lines, about 58 bytes a row."""
    (directory / "json").mkdir(exist_ok=True)
    chance = random.Random(7)
    with (directory / "json" / "big.json").open("w") as file:
        for start in range(0, rows, 100_000):
            count = min(100_000, rows - start)
            file.writelines(
                f'{{"id":{start + i},"name":"name{chance.randrange(1000)}","value":{chance.random():.6f},"ok":true}}\n'
                for i in range(count)
            )


CASES = {
    "start": Case("import pyspark to the first row on the console, whole process", "first_row.py", people),
    "small_batches": Case(
        "one small CSV file a batch to a CSV sink, checkpointed",
        "small_batches.py",
        metrics=("batch_ms_median", "batch_ms_p90", "latency_ms_median", "latency_ms_p99"),
    ),
    "small_batches_not_durable": Case(
        "the same without syncing to disk",
        "small_batches.py",
        arguments=("--not-durable",),
        metrics=("batch_ms_median", "batch_ms_p90", "latency_ms_median", "latency_ms_p99"),
    ),
    "csv_to_csv": Case(
        "CSV, filter, CSV",
        "filter_csv.py",
        temperatures,
        "duckdb_csv_to_csv.py",
        ("csv",),
        ("work_cpu_s", "cpu_s", "memory_mb"),
    ),
    "csv_to_parquet": Case(
        "CSV, filter, parquet",
        "filter_csv.py",
        temperatures,
        "duckdb_csv_to_parquet.py",
        ("parquet",),
        ("work_cpu_s", "cpu_s", "memory_mb"),
    ),
    "json_to_csv": Case(
        "JSON lines, filter, CSV",
        "filter_json.py",
        events,
        "duckdb_json_to_csv.py",
        (),
        ("work_cpu_s", "cpu_s", "memory_mb"),
    ),
    "idle": Case(
        "a query that waits for files", "idle.py", people, None, (), ("idle_cpu_percent", "memory_mb")
    ),
    **STATE_CASES,
    **KAFKA_CASES,
}
