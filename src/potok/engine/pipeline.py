"""A compiled query: inputs, then stages in order, each reading inputs or earlier stages by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.engine.scan import Scan
from potok.types import StructType


@dataclass(frozen=True)
class Input:
    """Rows from outside. SQL sees columns named as in `schema`; the scan is asked for `columns`.

    `source` is the rows themselves, or the key of a streaming source to be bound for each batch.
    """

    name: str
    columns: tuple[str, ...]
    schema: StructType
    source: pa.Table | Scan | int = field(repr=False)


@dataclass(frozen=True)
class SqlStage:
    """One SQL statement. `uses_now` tells that it has the parameter `$now` (TIMESTAMPTZ)."""

    name: str
    sql: str
    inputs: tuple[str, ...]
    schema: StructType
    uses_now: bool = False
    kernels: tuple[Kernel, ...] = ()


class Operator(Protocol):
    """A step that is not SQL."""

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """The result over the inputs, in the order of the stage's `inputs`; columns by position."""


@dataclass(frozen=True)
class OperatorStage:
    """A Python step over whole inputs."""

    name: str
    operator: Operator
    inputs: tuple[str, ...]
    schema: StructType


Stage = SqlStage | OperatorStage


@dataclass(frozen=True)
class Observation:
    """A one-row stage whose values are reported beside the rows (`observe`)."""

    name: str
    stage: str
    schema: StructType


@dataclass(frozen=True)
class Pipeline:
    """The last stage gives the rows of `schema` (its columns by position)."""

    inputs: tuple[Input, ...]
    stages: tuple[Stage, ...]
    schema: StructType
    observations: tuple[Observation, ...] = ()
