"""A session of this process, as the recordings' session was configured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from behaviour.experiments import Experiment
from potok.sql import SparkSession


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """One session for all."""
    settings = {"spark.sql.shuffle.partitions": "2", "spark.sql.session.timeZone": "UTC"}
    session = SparkSession.builder.config(map=settings).getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def experiment(tmp_path: Path, spark: SparkSession) -> Iterator[Callable[[str, str], Experiment]]:
    """Makes the experiment of a group and a name; its queries are stopped after the test."""
    yield lambda group, name: Experiment(group, name, tmp_path)
    for query in spark.streams.active:
        query.stop()
