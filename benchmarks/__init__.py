"""Timings, as ratios against Spark or hand-written DuckDB in the same run. See README.md here."""
