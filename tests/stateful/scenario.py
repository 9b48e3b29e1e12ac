"""What a scenario is: a small streaming program, and what happens to it step by step.

Nothing here or in `scenarios/` knows which engine runs it: PySpark's public interface only, classic and Connect alike.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

Row = dict[str, Any]
FAMILIES = tuple(sorted(path.stem for path in (Path(__file__).parent / "scenarios").glob("[a-z]*.py")))


@dataclass(frozen=True)
class Sources:
    """The inputs of a program by name. A name that starts with `static` is a table and not a stream."""

    spark: SparkSession
    root: str
    schemas: Mapping[str, str]

    def __getitem__(self, name: str) -> DataFrame:
        reader = self.spark.read if name.startswith("static") else self.spark.readStream
        return reader.schema(self.schemas[name]).json(f"{self.root}/{name}")


Build = Callable[[SparkSession, Sources], DataFrame]


@dataclass(frozen=True)
class Restart:
    """Stop, and start on the same checkpoint; with another program, mode, conf or sink (a format) where given."""

    build: Build | None = None
    mode: str | None = None
    conf: Mapping[str, str] | None = None
    sink: str | None = None


@dataclass(frozen=True)
class Uncommit:
    """Stop, take the newest batch back as if its process had died before its commit, and start again.

    `state`: died before the state was written, too. `offsets`: died before the batch was planned.
    """

    state: bool = False
    offsets: bool = False


@dataclass(frozen=True)
class Wait:
    """Let time pass, and whatever the query does meanwhile."""

    seconds: float


@dataclass(frozen=True)
class Scenario:
    """A program with its inputs and steps.

    A step is the rows of the next file of the only source (a list; an empty one writes nothing), or of several
    sources (a dict by name; the query is stopped meanwhile where there are two, so that one batch sees both), or one of
    the steps above. `checkpoint`: what lies in the directory after the first half of the steps is recorded, for
    hand-over; where there are several watermarks, which a restart makes Spark forget, a Restart comes next.
    `ordered`: the order of the rows of a batch is compared. `foreign_state`: Spark keeps the state in a form
    that is not ours, so that there is nothing to compare. `reads_less`: a filter or a limit makes Spark's source give
    fewer rows than there are, and `numInputRows` counts those; potok counts all that it reads.
    """

    name: str
    build: Build
    schema: str | Mapping[str, str]
    mode: str
    steps: Sequence[Any]
    conf: Mapping[str, str] = field(default_factory=dict)
    partitions: int = 1
    ordered: bool = False
    checkpoint: bool = False
    state_rows: bool = True
    foreign_state: bool = False
    reads_less: bool = False

    @property
    def schemas(self) -> Mapping[str, str]:
        """The schema of each input; the only one is called `in`."""
        return {"in": self.schema} if isinstance(self.schema, str) else self.schema


def reading_less(scenarios: Sequence[Scenario], *names: str) -> list[Scenario]:
    """The scenarios, of which some are those where Spark reads less."""
    assert set(names) <= {scenario.name for scenario in scenarios}
    return [replace(s, reads_less=s.name in names) for s in scenarios]


def half(scenario: Scenario) -> int:
    """How many steps are done before a hand-over."""
    return (len(scenario.steps) + 1) // 2


def rows(columns: str, *values: Sequence[Any]) -> list[Row]:
    """Rows of a file: names with spaces between, and a tuple for each row."""
    names = columns.split()
    for value in values:
        assert len(value) == len(names), value
    return [dict(zip(names, value, strict=True)) for value in values]


def family(name: str) -> dict[str, Scenario]:
    """The scenarios of `scenarios/<name>.py` by name."""
    listed: list[Scenario] = importlib.import_module(f"stateful.scenarios.{name}").SCENARIOS
    found = {scenario.name: scenario for scenario in listed}
    assert len(found) == len(listed), f"a name is used twice in {name}"
    return found
