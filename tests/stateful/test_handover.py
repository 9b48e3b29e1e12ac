"""Hand-over of state: one engine does the first half of a scenario, the other the second, and both say the same.

From Spark, recorded directories are enough. To Spark needs POTOK_SPARK_PYTHON, a Python that has PySpark.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from potok.checkpoint.offset_log import CONF_DEFAULTS, FOREIGN_PROVIDER, STATE_STORE_PROVIDER
from potok.checkpoints import repartition, shown
from potok.errors import SparkError
from potok.stateful.providers import ROCKS_DB
from stateful.differences import UNORDERED
from stateful.scenario import FAMILIES, family, half
from stateful.shapes import DOCUMENT, written
from stateful.sides import Side
from stateful.test_stateful import PATIENCE_S, compare, decoded, only, recording, same, without_order

RECORDED = Path(__file__).parent / "recorded" / "checkpoints"
ROOT = "/tmp/potok-stateful/checkpoints"
CASES = [
    (name, scenario.name) for name in FAMILIES for scenario in family(name).values() if scenario.checkpoint
]
# Handed over at every step; with several watermarks a restart of Spark forgets some, so that each has its own.
TO_AND_FRO = (
    ("aggregation", "basic_update_3"),
    ("aggregation", "no_keys_update"),
    ("dedup", "time_and_key_3"),
    ("dedup", "within_key_append"),
    ("joins", "range_left_restarts"),
    ("joins", "range_full_restarts"),
    ("limit", "append"),
    ("pandas_state", "counts_restarts"),
    ("pandas_state", "event_time"),
    ("sessions", "fixed_append_3"),
    ("windows", "sliding_append"),
    ("windows", "two_windows_append"),
)
REPARTITIONED = (
    ("aggregation", "basic_update"),
    ("aggregation", "no_keys_update"),
    ("dedup", "time_and_key_3"),
    ("dedup", "within_key_append"),
    ("joins", "range_left_restarts"),
    ("joins_more", "handed_over_full"),
    ("limit", "append"),
    ("pandas_state", "event_time"),
    ("sessions", "fixed_append"),
    ("user_state", "running_update"),
    ("windows", "two_windows_append"),
)
PARTITIONS = 5


def parametrize(cases: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "scenario"), cases, ids=[f"{name}-{one}" for name, one in cases])


each = parametrize(CASES)
live = pytest.mark.spark


def restore(name: str, scenario: str, root: Path) -> None:
    """Put a recording where its logs say that it is."""
    shutil.copytree(RECORDED / name / scenario, root)
    for file in (root / "checkpoint" / "sources").rglob("[0-9]*"):
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            assert f"file://{ROOT}/{name}/{scenario}/" in text
            file.write_text(
                text.replace(f"file://{ROOT}/{name}/{scenario}/", f"{root.as_uri()}/"), encoding="utf-8"
            )


def check(found: dict[str, Any], name: str, scenario: str, first: int, partitions: int | None = None) -> None:
    """The steps from `first` on, and the state after them, as recorded; or that in so many partitions."""
    expected = recording(name)[scenario]
    counted = () if family(name)[scenario].reads_less else ("input_rows",)
    keys = ("batch", "rows", *counted, "event_time", "operators")
    steps = only(expected["steps"][first:], *keys)
    for batch in (batch for step in steps for batch in step if partitions is not None):
        for operator in batch["operators"]:
            operator["numShufflePartitions"] = partitions
    compare(only(found["steps"], *keys), steps)
    for one, other in zip(found["state"], expected["state"], strict=True):
        assert one["schemas"] == other["schemas"]
        if one["rows"] != other["rows"]:
            shown, wanted = decoded(one), decoded(other)
            if UNORDERED.search(scenario):
                shown, wanted = without_order(shown), without_order(wanted)
            if partitions is not None:
                shown, wanted = together(shown), together(wanted)
            if not same(shown, wanted):
                assert shown == wanted


def together(shown: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The rows of all partitions; a key must be in one only."""
    merged = {key: row for held in shown.values() for key, row in held.items()}
    assert len(merged) == sum(len(held) for held in shown.values())
    return {"all": merged}


@each
def test_potok_goes_on_from_spark(name: str, scenario: str, potok: Side, tmp_path: Path) -> None:
    first = half(family(name)[scenario])
    restore(name, scenario, tmp_path / "root")
    check(potok.run(name, scenario, tmp_path / "root", first, patience_s=PATIENCE_S), name, scenario, first)


@live
@each
def test_spark_goes_on_from_potok(name: str, scenario: str, potok: Side, spark: Side, tmp_path: Path) -> None:
    first = half(family(name)[scenario])
    potok.run(name, scenario, tmp_path / "root", last=first, patience_s=PATIENCE_S)
    check(spark.run(name, scenario, tmp_path / "root", first), name, scenario, first)


@live
@parametrize(TO_AND_FRO)
def test_to_and_fro(name: str, scenario: str, potok: Side, spark: Side, tmp_path: Path) -> None:
    told: dict[str, Any] = {"steps": [], "state": []}
    for number in range(len(family(name)[scenario].steps)):
        side = spark if number % 2 else potok
        one = side.run(name, scenario, tmp_path / "root", number, number + 1)
        told = {"steps": told["steps"] + one["steps"], "state": one["state"]}
    check(told, name, scenario, 0)


@parametrize(REPARTITIONED)
def test_potok_goes_on_in_other_partitions(name: str, scenario: str, potok: Side, tmp_path: Path) -> None:
    first = half(family(name)[scenario])
    restore(name, scenario, tmp_path / "root")
    repartition(str(tmp_path / "root" / "checkpoint"), PARTITIONS)
    found = potok.run(name, scenario, tmp_path / "root", first, patience_s=PATIENCE_S)
    check(found, name, scenario, first, PARTITIONS)


@live
@parametrize(REPARTITIONED)
def test_spark_goes_on_in_other_partitions(
    name: str, scenario: str, potok: Side, spark: Side, tmp_path: Path
) -> None:
    first = half(family(name)[scenario])
    potok.run(name, scenario, tmp_path / "root", last=first, patience_s=PATIENCE_S)
    repartition(str(tmp_path / "root" / "checkpoint"), PARTITIONS)
    check(spark.run(name, scenario, tmp_path / "root", first), name, scenario, first, PARTITIONS)


@live
@pytest.mark.parametrize("scenario", ["value_pandas", "event_pandas"])
def test_spark_refuses_state_variables_of_potok(
    scenario: str, potok: Side, spark: Side, tmp_path: Path
) -> None:
    potok.run("user_state_transform", scenario, tmp_path / "root", last=2)
    ((batch,),) = spark.run("user_state_transform", scenario, tmp_path / "root", 2, 3)["steps"]
    assert FOREIGN_PROVIDER in batch["error"]["message"]


@live
def test_potok_refuses_state_variables_of_spark(potok: Side, spark: Side, tmp_path: Path) -> None:
    root = tmp_path / "root"
    spark.run("user_state_transform", "value_pandas", root, last=2)
    ((batch,),) = potok.run("user_state_transform", "value_pandas", root, 2, 3)["steps"]
    assert "state that Spark has written to RocksDB" in batch["error"]["message"]
    assert "Let Spark go on with this checkpoint" in batch["error"]["message"]
    reads = potok.read(root)
    assert "state that RocksDBStateStoreProvider has written" in reads["plain"]["error"]["message"]
    assert "transformWithState" in reads["metadata"]["error"]["message"]


def test_state_of_rocks_db_is_refused_by_name(potok: Side, tmp_path: Path) -> None:
    root = tmp_path / "root"
    restore("aggregation", "basic_update", root)
    for log in (root / "checkpoint" / "offsets").iterdir():
        text = log.read_text(encoding="utf-8")
        assert CONF_DEFAULTS[STATE_STORE_PROVIDER] in text
        log.write_text(text.replace(CONF_DEFAULTS[STATE_STORE_PROVIDER], ROCKS_DB), encoding="utf-8")
    ((batch,),) = potok.run("aggregation", "basic_update", root, 2, 3)["steps"]
    assert "state that Spark has written to RocksDB" in batch["error"]["message"]
    refusal = "state that RocksDBStateStoreProvider has written"
    assert refusal in potok.read(root)["plain"]["error"]["message"]
    with pytest.raises(SparkError, match=refusal):
        list(shown(str(root / "checkpoint")))
    with pytest.raises(SparkError, match=refusal):
        repartition(str(root / "checkpoint"), PARTITIONS)


def test_state_variables_are_not_repartitioned(potok: Side, tmp_path: Path) -> None:
    root = tmp_path / "root"
    potok.run("user_state_transform", "value_pandas", root, last=2)
    before = sorted(root.rglob("*"))
    with pytest.raises(ValueError, match="state of transformWithState, which potok alone reads"):
        repartition(str(root / "checkpoint"), PARTITIONS)
    assert sorted(root.rglob("*")) == before


def test_the_table_of_shapes_is_up_to_date() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == written(text), "run tests/stateful/shapes.py"
