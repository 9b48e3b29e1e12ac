"""Finds the families of cases and their recordings."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from spark.oracle.table import Table

HERE = Path(__file__).resolve().parent.parent


def family_names() -> list[str]:
    """The names of all families, sorted."""
    return sorted(path.stem for path in (HERE / "cases").glob("*.py") if not path.stem.startswith("_"))


def load_family(family: str) -> Table:
    """The table of one family."""
    table: Table = importlib.import_module(f"spark.cases.{family}").CASES
    return table


def expected_path(family: str) -> Path:
    """Where the recording of a family lies."""
    return HERE / "expected" / f"{family}.json"


def load_expected(family: str) -> dict[str, Any]:
    """The recording of a family: answer by name of case; empty before the first recording."""
    path = expected_path(family)
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def write_expected(family: str, answers: dict[str, Any]) -> None:
    """Writes a recording, one line a case, in the order of the table."""
    lines = [f"{_dump(name)}: {_dump(value)}" for name, value in answers.items()]
    expected_path(family).write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
