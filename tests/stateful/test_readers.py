"""State read back as Spark reads it, from directories that Spark has written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stateful.readers import ALWAYS, CHECKPOINTS
from stateful.scenario import family, half
from stateful.sides import Side
from stateful.test_handover import restore
from stateful.test_stateful import lines, plain, same

EXPECTED = Path(__file__).parent / "recorded" / "readers.json"
READS = (*ALWAYS, "metadata", "metadata with hidden columns")
_TOLD: dict[tuple[str, str], dict[str, Any]] = {}


def told(name: str, scenario: str, potok: Side, directory: pytest.TempPathFactory) -> dict[str, Any]:
    if (name, scenario) not in _TOLD:
        root = directory.mktemp("read") / "root"
        restore(name, scenario, root)
        _TOLD[name, scenario] = potok.read(root)
    return _TOLD[name, scenario]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_state_is_read_back(
    checkpoint: str, read: str, potok: Side, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name, scenario = checkpoint.split("/")
    compare(told(name, scenario, potok, tmp_path_factory)[read], checkpoint, read)


@pytest.mark.spark
@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_spark_reads_the_state_of_potok(checkpoint: str, potok: Side, spark: Side, tmp_path: Path) -> None:
    name, scenario = checkpoint.split("/")
    potok.run(name, scenario, tmp_path / "root", last=half(family(name)[scenario]))
    found = spark.read(tmp_path / "root")
    for read in READS:
        compare(found[read], checkpoint, read, last_changes=read.startswith("changes"))


def compare(found: dict[str, Any], checkpoint: str, read: str, *, last_changes: bool = False) -> None:
    """What was read is as recorded; or of the changes of a row in a batch the last, which potok alone writes."""
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))[checkpoint][read]
    if last_changes and "rows" in expected:
        gone = [(batch, key) for batch, kind, key, *_ in expected["rows"] if kind == "delete"]
        expected["rows"] = [
            row for row in expected["rows"] if row[1] == "delete" or (row[0], row[2]) not in gone
        ]
    if "error" in expected:
        assert "error" in found
        assert plain(found["error"]) == plain(expected["error"])
        return
    assert "error" not in found, found["error"]
    assert lines(found["schema"]) == lines(expected["schema"])
    if not same(found["rows"], expected["rows"]):
        assert found["rows"] == expected["rows"]
