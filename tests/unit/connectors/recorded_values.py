"""Recorded rows (record_formats.py) against rows of ours."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import pathlib
from typing import Any

RECORDED = pathlib.Path(__file__).parent / "recorded"


def recorded(name: str) -> Any:
    """The answers under a name."""
    return json.loads((RECORDED / f"{name}.json").read_text())


def plain(value: Any) -> Any:
    """A value of ours in the form of the record."""
    if isinstance(value, decimal.Decimal):
        return {"decimal": str(value)}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, dt.datetime):
        return {"time": value.replace(tzinfo=None).isoformat()}
    if isinstance(value, dt.date):
        return {"time": value.isoformat()}
    if isinstance(value, float):
        return {"float": "nan" if math.isnan(value) else repr(value)}
    if isinstance(value, dict):
        return [plain(v) for v in value.values()]
    if isinstance(value, list):
        if value and all(isinstance(v, tuple) for v in value):
            return {"map": [[plain(k), plain(v)] for k, v in value]}
        return [plain(v) for v in value]
    return value
