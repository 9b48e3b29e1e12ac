"""The docstrings of the client on potok: each prints what it says, or its gap is declared and remains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyspark
import pytest

from docstrings.examples import (
    CLIENT,
    GROUPS,
    Docstring,
    before,
    docstrings,
    in_source_tree,
    is_stopped,
    make_session,
    no_waiting,
    run,
)
from docstrings.gaps import GAPS, gap_of

pytestmark = [
    pytest.mark.skipif(
        not pyspark.__version__.startswith(CLIENT), reason=f"the gaps are those of the client {CLIENT}"
    ),
    # The client's own advice is no answer; examples leave files and sockets to the collector.
    pytest.mark.filterwarnings("ignore"),
]
FOUND = [d for group in GROUPS for d in docstrings(group)] if pyspark.__version__.startswith(CLIENT) else []


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A function that gives the session of a group, a new one where an example has stopped it."""
    from pyspark.sql.session import SparkSession

    builder = SparkSession.Builder
    methods = builder.getOrCreate, builder.create
    directory = tmp_path_factory.mktemp("source")
    kept: dict[str, Any] = {}

    def session(group: str) -> Any:
        if group not in kept:
            # Tables and views of a group are gone with its session.
            stop()
        if group not in kept or is_stopped(kept[group]):
            kept[group] = make_session(Path(directory) / f"warehouse of {group}")
        return kept[group]

    def stop() -> None:
        for spark in kept.values():
            if not is_stopped(spark):
                spark.stop()
        kept.clear()

    with in_source_tree(directory), no_waiting():
        yield session
        stop()
    builder.getOrCreate, builder.create = methods


@pytest.mark.parametrize("docstring", [pytest.param(d, id=f"{d.group}::{d.name}") for d in FOUND])
def test_docstring(sessions: Any, docstring: Docstring) -> None:
    """It passes, or its gap is declared; a gap that is closed has to go from the list."""
    failure = "".join(run(d, sessions(d.group)) for d in [*before(docstring), docstring])
    gap = gap_of(docstring.group, docstring.name)
    if gap is None:
        assert not failure, failure
    else:
        assert failure, f"the gap is closed: {gap}"


def test_every_gap_belongs_to_a_docstring() -> None:
    known = {(d.group, d.name) for d in FOUND}
    assert not FOUND or {(group, name) for group, names in GAPS for name in names} <= known
