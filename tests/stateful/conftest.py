from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stateful.sides import Side, potok_side, spark_side

MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def potok(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    side = potok_side(tmp_path_factory.mktemp("potok"))
    yield side
    side.close()


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where scenarios run: in memory where there is such a place, for on a disk half of their time goes to fsync."""
    if os.access(MEMORY, os.W_OK):
        with tempfile.TemporaryDirectory(prefix="potok-", dir=MEMORY) as directory:
            yield Path(directory)
    else:
        yield tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    python = os.environ.get("POTOK_SPARK_PYTHON")
    if not python:
        pytest.skip("POTOK_SPARK_PYTHON does not name a Python that has pyspark")
    side = spark_side(python, tmp_path_factory.mktemp("spark"))
    yield side
    side.close()
