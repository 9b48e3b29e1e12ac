"""Potok does in each scenario what Spark has been recorded to do: rows, progress, schemas, and the bytes of the state.

One scenario: `pytest tests/stateful -k "windows and tumbling_append"`; one question: `-k "rows and windows"`.
"""

from __future__ import annotations

import functools
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from stateful.scenario import FAMILIES, family
from stateful.sides import Side
from stateful.state_files import unsafe_row

RECORDED = Path(__file__).parent / "recorded"
CASES = [(name, scenario) for name in FAMILIES for scenario in family(name)]
each = pytest.mark.parametrize(("name", "scenario"), CASES, ids=[f"{name}-{one}" for name, one in CASES])
PATIENCE_S = 45.0
_TOLD: dict[tuple[str, str], dict[str, Any] | str] = {}


@functools.cache
def recording(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return found


def told(name: str, scenario: str, potok: Side, directory: pytest.TempPathFactory) -> dict[str, Any]:
    """What potok does; each scenario runs once, whatever is asked about it."""
    if (name, scenario) not in _TOLD:
        try:
            _TOLD[name, scenario] = potok.run(
                name, scenario, directory.mktemp("run") / "root", patience_s=PATIENCE_S
            )
        except AssertionError as error:
            _TOLD[name, scenario] = str(error)
    found = _TOLD[name, scenario]
    assert isinstance(found, dict), found
    return found


def same(found: Any, expected: Any) -> bool:
    """Equal, where the last bits of floating point may differ."""
    if isinstance(expected, float) and isinstance(found, float | int):
        return math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-12)
    if isinstance(expected, list) and isinstance(found, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, dict) and isinstance(found, dict):
        return found.keys() == expected.keys() and all(same(found[key], expected[key]) for key in expected)
    return type(found) is type(expected) and found == expected


def plain(error: dict[str, Any]) -> dict[str, Any]:
    """An error with the first line of its message.

    Spark computes a batch while the function of foreachBatch reads it, potok the part with state before that: an error
    in the batch is the same whether the function has passed it on or the query has failed of it.
    """
    if "batch" in error:
        inside = error["batch"]
        return {"inner": inside["condition"], "message": first_line(inside["message"])}
    if error["condition"] == "STREAM_FAILED" and error["inner"] is not None:
        message = error["message"].partition(f"[{error['inner']}] ")[2]
        return {"inner": error["inner"], "message": first_line(message)}
    kept = {key: error[key] for key in ("condition", "inner", "sql_state")}
    return {**kept, "message": first_line(error["message"])}


def first_line(message: str) -> str:
    """Without condition, SQLSTATE, plan and traceback."""
    line = re.sub(r"^\[[A-Z_0-9.]+\] |( SQLSTATE: \w+)+;?$", "", message.partition("\n")[0])
    return line.partition(" Traceback")[0]


def only(steps: list[Any], *keys: str) -> list[Any]:
    """Some of what is told about each batch; errors with their first line."""
    picked: list[Any] = []
    for step in steps:
        if isinstance(step, str):
            picked.append(step)
            continue
        picked.append([])
        for one in step:
            if "error" in one:
                picked[-1].append({"error": plain(one["error"])})
            else:
                picked[-1].append({key: one[key] for key in keys})
    return picked


def compare(found: Any, expected: Any) -> None:
    """Fail with the first step that differs in sight."""
    for number, (one, other) in enumerate(zip(found, expected, strict=True)):
        if not same(one, other):
            assert one == other, f"step {number}"


def lines(schema: dict[str, Any] | None) -> list[str]:
    """A schema, one column a line."""
    return [json.dumps(field) for field in (schema or {}).get("fields", [])]


@each
def test_rows_and_errors(
    name: str, scenario: str, potok: Side, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found, expected = told(name, scenario, potok, tmp_path_factory), recording(name)[scenario]
    compare(only(found["steps"], "batch", "rows"), only(expected["steps"], "batch", "rows"))


@each
def test_progress(name: str, scenario: str, potok: Side, tmp_path_factory: pytest.TempPathFactory) -> None:
    found, expected = told(name, scenario, potok, tmp_path_factory), recording(name)[scenario]
    keys = ("batch", "input_rows", "event_time", "operators")
    compare(only(found["steps"], *keys), only(expected["steps"], *keys))


@each
def test_schema(name: str, scenario: str, potok: Side, tmp_path_factory: pytest.TempPathFactory) -> None:
    found, expected = told(name, scenario, potok, tmp_path_factory), recording(name)[scenario]
    assert lines(found["schema"]) == lines(expected["schema"])


@each
def test_state_schemas(
    name: str, scenario: str, potok: Side, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found, expected = told(name, scenario, potok, tmp_path_factory), recording(name)[scenario]
    keys = ("operator", "store", "properties", "schemas")
    assert [{k: s[k] for k in keys} for s in found["state"]] == [
        {k: s[k] for k in keys} for s in expected["state"]
    ]


@each
def test_state_bytes(name: str, scenario: str, potok: Side, tmp_path_factory: pytest.TempPathFactory) -> None:
    found, expected = told(name, scenario, potok, tmp_path_factory), recording(name)[scenario]
    assert len(found["state"]) == len(expected["state"])
    for one, other in zip(found["state"], expected["state"], strict=True):
        if one.get("rows") != other.get("rows"):
            shown, wanted = decoded(one), decoded(other)
            if not same(shown, wanted):
                assert shown == wanted


def decoded(store: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rows of a store by partition and key; the key is bytes, since bytes are what Spark compares."""
    schema = store["schemas"][0]["value"]
    return {
        partition: {key: unsafe_row(bytes.fromhex(value), schema) for key, value in held.items()}
        for partition, held in store["rows"].items()
    }
