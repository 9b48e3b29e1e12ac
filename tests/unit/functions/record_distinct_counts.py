"""Records what Spark's approx_count_distinct answers: `python record_distinct_counts.py`, by a Python that has Spark."""

from __future__ import annotations

import json
from pathlib import Path

from pyspark.sql import SparkSession

RECORDED = Path(__file__).parent / "distinct_counts.json"
SIZES = (0, 1, 10, 100, 250, 400, 600, 900, 1_300, 2_000, 2_700, 5_000, 20_000, 100_000, 400_000)
ERRORS = (0.05, 0.39, 0.3, 0.2, 0.15, 0.1, 0.025, 0.01, 0.005)


def main() -> None:
    """Ask for each size and error."""
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    found: dict[str, list[int]] = {}
    for size in SIZES:
        columns = ", ".join(f"approx_count_distinct(id * 7 + 3, {error}D)" for error in ERRORS)
        texts = "approx_count_distinct(concat('t', id)), approx_count_distinct(CAST(id AS DOUBLE) / 3)"
        row = spark.sql(f"SELECT {columns}, {texts} FROM range({size})").collect()[0]
        found[str(size)] = list(row)
    spark.stop()
    RECORDED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
