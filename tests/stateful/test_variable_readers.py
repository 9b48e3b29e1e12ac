"""State variables and timers read back as Spark reads them, each engine from a checkpoint of its own.

Spark has what a batch did one after the other in its change feed, potok what came of it: that is compared.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from stateful.scenario import family
from stateful.sides import Side
from stateful.test_stateful import PATIENCE_S, lines, plain, same
from stateful.variable_readers import FAMILY, METADATA, OF_CHANGES, READS

SCENARIOS = tuple(family(FAMILY))
EXPECTED = Path(__file__).parent / "recorded" / "variable_readers.json"
# Spark fails of a cast in Java here, where there is a row.
REFUSED = ("timers, changes", "timers, changes of batch 1", "timers, changes, not flattened")
NO_FILE = "CANNOT_LOAD_STATE_STORE.CANNOT_READ_STREAMING_STATE_FILE"
_TOLD: dict[str, dict[str, Any]] = {}


@functools.cache
def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return found


def told(scenario: str, potok: Side, scratch: Path) -> dict[str, Any]:
    if scenario not in _TOLD:
        root = scratch / f"variables-{scenario}"
        potok.run(FAMILY, scenario, root, patience_s=PATIENCE_S)
        _TOLD[scenario] = potok.read_variables(root, patience_s=PATIENCE_S)
    return _TOLD[scenario]


each = pytest.mark.parametrize("scenario", SCENARIOS, scope="module")


@each
@pytest.mark.parametrize("read", [*READS, *METADATA])
def test_variables_are_read_back(scenario: str, read: str, potok: Side, scratch: Path) -> None:
    found, expected = told(scenario, potok, scratch)[read], recorded()[scenario][read]
    condition = expected.get("error", {"condition": ""})["condition"]
    if read in REFUSED and condition in {"", None, NO_FILE}:
        assert found["error"]["condition"] == "UNSUPPORTED_FEATURE.POTOK"
        return
    if condition == NO_FILE and "changes" in read:
        # Spark has written down what has changed only where the program asks for that.
        assert scenario not in OF_CHANGES
        assert "error" not in found, found["error"]
        return
    if condition == NO_FILE:
        # Spark takes the side of a join for a store, and names a file that is not there; ours has another name.
        assert found["error"]["condition"] == NO_FILE
        return
    if "error" in expected:
        assert "error" in found
        assert plain(found["error"]) == plain(expected["error"])
        return
    assert "error" not in found, found["error"]
    assert lines(found["schema"]) == lines(expected["schema"])
    rows, wanted = found["rows"], expected["rows"]
    if read.startswith("plain"):
        # Of an aggregation, which Spark has in RocksDB here.
        rows, wanted = (sorted(part, key=json.dumps) for part in (rows, wanted))
    elif "changes" in read:
        rows, wanted = net(rows), net(wanted)
    if not same(rows, wanted):
        assert rows == wanted


def net(changes: list[list[Any]]) -> list[list[Any]]:
    """What comes of the changes of each batch. A row is batch, kind, key (of maps with the user's), value, partition."""
    there: set[str] = set()
    found: list[list[Any]] = []
    for batch in sorted({row[0] for row in changes}):
        ending: dict[str, list[list[Any]]] = {}
        for row in (row for row in changes if row[0] == batch):
            name = json.dumps(row[2:-2], sort_keys=True)
            before = ending.setdefault(name, [])
            if row[1] != "append":
                before.clear()
            before.append(row)
        for name, rows in ending.items():
            if rows[0][1] == "delete" and name not in there:
                del rows[0]
            (there.add if any(row[1] != "delete" for row in rows) else there.discard)(name)
            found += rows
    return sorted(found, key=lambda row: (row[0], json.dumps(row[2], sort_keys=True), row[1] == "append"))
