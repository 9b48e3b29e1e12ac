"""Every recorded step of Spark 4.3 on our session: same schema and rows, or same condition and message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import scenario
from .play import Player

RECORDED: dict[str, list[Any]] = json.loads(
    Path(__file__).with_name("recorded.json").read_text(encoding="utf-8")
)
# (scenario, text or method) -> what is different here, and why.
DIFFERENT = {
    ("settings", "DECLARE VARIABLE five INT DEFAULT 5"): "SQL variables are refused",
    ("settings", "SELECT five + 1 AS six"): "SQL variables are refused",
    ("settings", "SET VAR five = 6"): "SQL variables are refused",
    ("settings", "SELECT five, session.five"): "SQL variables are refused",
    ("settings", "DROP TEMPORARY VARIABLE five"): "SQL variables are refused",
    (
        "tables",
        "INSERT INTO p PARTITION (k = 'x', m = 40) SELECT 4, 5",
    ): "Spark's condition is not its message's",
    ("settings", "SET spark.master=local[9]"): "fixed for the process",
    ("settings", "DESCRIBE FUNCTION upper"): "there is no Java class to name",
    ("writes", "SELECT NULL AS a"): "parquet has no VOID columns here",
    ("writes", "SHOW TABLES"): "parquet has no VOID columns here",
    ("catalog", "get_function"): "there is no Java class to name",
    ("catalog", "list_functions"): "there is no Java class to name",
}

CHECKPOINT_LOST = "STREAMING_FILE_SINK_MISMATCH.CHECKPOINT_LOST"


def comparable(answer: list[Any]) -> list[Any]:
    """An answer without what belongs to others: the tree behind a message, the Java class of its kind."""
    if answer[0] == "ok":
        return answer
    message = answer[3]
    head, found, tail = message.partition("SQLSTATE: ")
    text = head + found + tail[:5] if found else message.strip().split("\n== SQL")[0].strip()
    return ["error", answer[1], text.removeprefix(f"({answer[2]}) ")]


@pytest.fixture
def player(tmp_path: Path) -> Iterator[Player]:
    """A session."""
    found = Player(tmp_path)
    yield found
    found.close()


@pytest.mark.parametrize("name", scenario.SCENARIOS)
def test_scenario(name: str, player: Player) -> None:
    """All steps of a scenario, in order; the differences are listed together."""
    wrong = []
    different = set()
    for step, expected in zip(scenario.SCENARIOS[name], RECORDED[name], strict=True):
        actual = player.answer(step)
        if comparable(actual) == comparable(expected):
            continue
        if (name, step[1]) in DIFFERENT:
            different.add((name, step[1]))
        elif CHECKPOINT_LOST not in str(actual):  # Spark skips the new query's first batches silently
            wrong.append(f"{step}\n  Spark: {comparable(expected)}\n  here:  {comparable(actual)}")
    wrong += [f"no longer different: {key}" for key in DIFFERENT if key[0] == name and key not in different]
    assert not wrong, "\n".join(wrong)
