"""Slips of the keyboard in stars."""

from __future__ import annotations

from spark.oracle.table import Table

CASES = Table()
for star in ("id.*", "nope.*", "people.id.*", "id.*, name"):
    CASES.sql(f"star of {star}", f"SELECT {star} FROM people")
