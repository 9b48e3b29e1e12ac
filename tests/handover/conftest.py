from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from handover.sides import Side
from support.processes import environment, potok_command

NO_SPARK = "POTOK_SPARK_PYTHON does not name a Python that has pyspark: recorded directories are used instead"


@pytest.fixture(scope="session")
def potok(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    side = potok_side(tmp_path_factory)
    yield side
    side.close()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    side = spark_side(tmp_path_factory)
    yield side
    side.close()


def potok_side(tmp_path_factory: pytest.TempPathFactory) -> Side:
    return Side("potok", potok_command("run"), tmp_path_factory.mktemp("potok"), environment())


def spark_side(tmp_path_factory: pytest.TempPathFactory) -> Side:
    python = os.environ.get("POTOK_SPARK_PYTHON")
    if not python:
        pytest.skip(NO_SPARK)
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "SPARK_REMOTE"}}
    clean.pop("SPARK_CONNECT_MODE_ENABLED", None)
    return Side("spark", [python], tmp_path_factory.mktemp("spark"), {**clean, "PYSPARK_PYTHON": python})
