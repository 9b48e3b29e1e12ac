"""Hand-over of state: one engine does the first half of a scenario, the other the second, and both say the same.

From Spark, recorded directories are enough. To Spark needs POTOK_SPARK_PYTHON, a Python that has PySpark.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stateful.scenario import FAMILIES, family, half
from stateful.sides import Side, spark_side
from stateful.test_stateful import PATIENCE_S, compare, decoded, only, recording, same

RECORDED = Path(__file__).parent / "recorded" / "checkpoints"
ROOT = "/tmp/potok-stateful/checkpoints"
CASES = [
    (name, scenario.name) for name in FAMILIES for scenario in family(name).values() if scenario.checkpoint
]
each = pytest.mark.parametrize(("name", "scenario"), CASES, ids=[f"{name}-{one}" for name, one in CASES])


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    python = os.environ.get("POTOK_SPARK_PYTHON")
    if not python:
        pytest.skip("POTOK_SPARK_PYTHON does not name a Python that has pyspark")
    side = spark_side(python, tmp_path_factory.mktemp("spark"))
    yield side
    side.close()


def restore(name: str, scenario: str, root: Path) -> None:
    """Put a recording where its logs say that it is."""
    shutil.copytree(RECORDED / name / scenario, root)
    for file in (root / "checkpoint" / "sources").rglob("[0-9]*"):
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            assert f"file://{ROOT}/{name}/{scenario}/" in text
            file.write_text(
                text.replace(f"file://{ROOT}/{name}/{scenario}/", f"file://{root}/"), encoding="utf-8"
            )


def check(found: dict[str, Any], name: str, scenario: str, first: int) -> None:
    expected = recording(name)[scenario]
    keys = ("batch", "rows", "input_rows", "event_time", "operators")
    compare(only(found["steps"], *keys), only(expected["steps"][first:], *keys))
    for one, other in zip(found["state"], expected["state"], strict=True):
        assert one["schemas"] == other["schemas"]
        if one["rows"] != other["rows"]:
            assert same(decoded(one), decoded(other))


@each
def test_potok_goes_on_from_spark(name: str, scenario: str, potok: Side, tmp_path: Path) -> None:
    first = half(family(name)[scenario])
    restore(name, scenario, tmp_path / "root")
    check(potok.run(name, scenario, tmp_path / "root", first, patience_s=PATIENCE_S), name, scenario, first)


@pytest.mark.spark
@each
def test_spark_goes_on_from_potok(name: str, scenario: str, potok: Side, spark: Side, tmp_path: Path) -> None:
    first = half(family(name)[scenario])
    potok.run(name, scenario, tmp_path / "root", last=first, patience_s=PATIENCE_S)
    check(spark.run(name, scenario, tmp_path / "root", first), name, scenario, first)
