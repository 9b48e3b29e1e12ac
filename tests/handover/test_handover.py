"""A job goes from potok to Spark and back, several times, by the same program file: nothing is lost or repeated."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from handover.conftest import potok_side, spark_side
from handover.scenarios import SCENARIOS, Scenario
from handover.sides import MOMENTS, Logs, Side, batch_ids, take_back

pytestmark = [pytest.mark.spark, pytest.mark.timeout(600)]
ROUNDS = 4


def arguments(scenario: Scenario, root: Path) -> list[str]:
    table = [f"t_{root.parent.name}_{root.name}"] if scenario.program == "to_table" else []
    return [str(root), *(name.replace("-", "_") for name in table)]


def check(scenario: Scenario, root: Path, files: int, *readers: Side) -> None:
    owed = scenario.owed(files)
    for reader in readers:
        assert reader.read(scenario, root) == owed


@pytest.mark.parametrize("first", ["potok", "spark"])
@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "killed"])
def test_to_and_fro(name: str, first: str, tmp_path: Path, potok: Side, spark: Side) -> None:
    scenario = SCENARIOS[name]
    sides = (potok, spark) if first == "potok" else (spark, potok)
    seen = []
    for number in range(ROUNDS):
        scenario.put(tmp_path, number * scenario.files, scenario.files)
        sides[number % 2].run(scenario.program, *arguments(scenario, tmp_path))
        check(scenario, tmp_path, (number + 1) * scenario.files, potok, spark)
        seen.append(Logs.of(tmp_path))
    assert len({logs.query_id for logs in seen}) == 1
    counts = [len(logs.batches) for logs in seen]
    assert counts == sorted(set(counts))


@pytest.mark.parametrize("first", ["potok", "spark"])
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", ["csv_to_csv", "text_to_parquet", "union"])
def test_stopped_at_a_bad_moment(
    name: str, moment: str, first: str, tmp_path: Path, potok: Side, spark: Side
) -> None:
    scenario = SCENARIOS[name]
    sides = (potok, spark) if first == "potok" else (spark, potok)
    for number in range(ROUNDS):
        scenario.put(tmp_path, number * 4, 4)
        sides[number % 2].run(scenario.program, *arguments(scenario, tmp_path))
        if number < ROUNDS - 1:
            take_back(tmp_path, moment)
    check(scenario, tmp_path, ROUNDS * 4, potok, spark)
    Logs.of(tmp_path)


@pytest.mark.parametrize("name", ["rate_to_json", "rate_micro_batch"])
@pytest.mark.parametrize("first", ["potok", "spark"])
def test_numbers_made_by_the_clock_have_no_gap(
    name: str, first: str, tmp_path: Path, potok: Side, spark: Side
) -> None:
    sides = (potok, spark) if first == "potok" else (spark, potok)
    form = "json" if name == "rate_to_json" else "csv"
    scenario = Scenario(name, {}, lambda _: [], form, "timestamp TIMESTAMP, value BIGINT", "value,timestamp")
    before = 0
    for number in range(ROUNDS):
        sides[number % 2].run(name, str(tmp_path))
        rows = [json.loads(text) for text in potok.read(scenario, tmp_path)]
        assert sorted(row["value"] for row in rows) == list(range(len(rows)))
        assert potok.read(scenario, tmp_path) == spark.read(scenario, tmp_path)
        assert len(rows) > before
        before = len(rows)


@pytest.mark.parametrize("killed", ["potok", "spark"])
def test_a_killed_batch_is_repeated_by_the_other(
    killed: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, potok: Side, spark: Side
) -> None:
    scenario = SCENARIOS["killed"]
    scenario.put(tmp_path, 0, 3)
    (tmp_path / "hang").touch()
    make = potok_side if killed == "potok" else spark_side
    victim = make(tmp_path_factory)
    victim.send("killed", str(tmp_path))
    end_s = time.monotonic() + 120
    while not (tmp_path / "hanging").exists():
        assert time.monotonic() < end_s
        time.sleep(0.1)
    victim.kill()
    checkpoint = tmp_path / "checkpoint"
    assert batch_ids(checkpoint / "offsets") == [0, 1, 2]
    assert batch_ids(checkpoint / "commits") == [0, 1]
    (tmp_path / "hang").unlink()
    scenario.put(tmp_path, 3, 3)
    (spark if killed == "potok" else potok).run("killed", str(tmp_path))
    check(scenario, tmp_path, 6, potok, spark)
    assert Logs.of(tmp_path).batches == list(range(6))
