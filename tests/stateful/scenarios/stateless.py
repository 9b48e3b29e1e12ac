"""Programs without state, to see that the harness itself works."""

from __future__ import annotations

from pyspark.sql import functions as F

from stateful.scenario import Restart, Scenario, rows

SCENARIOS = [
    Scenario(
        "select",
        lambda spark, sources: sources["in"].select("k", (F.col("v") * 2).alias("twice")),
        "k STRING, v INT",
        "append",
        [rows("k v", ("a", 1), (None, 2)), [], Restart(), rows("k v", ("b", None))],
    ),
    Scenario(
        "watermark",
        lambda spark, sources: sources["in"].withWatermark("at", "10 seconds"),
        "k STRING, at TIMESTAMP",
        "append",
        [rows("k at", ("a", "2024-01-01 00:00:00")), rows("k at", ("b", "2023-01-01 00:00:00"))],
    ),
]
