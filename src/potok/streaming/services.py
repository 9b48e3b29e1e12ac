"""What a query needs of the session that it runs in."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from potok.checkpoint.files import FileSystem, LocalFileSystem
from potok.connectors.base import Provider, Rows, Scan
from potok.connectors.memory import MemoryTable
from potok.plan.commands import WriteStream
from potok.plan.logical import LogicalPlan
from potok.stateful.progress import StateOperatorProgress
from potok.streaming.clock import Clock, SystemClock
from potok.streaming.lock import CheckpointLock, Lock
from potok.streaming.steps import StepHook
from potok.types import StructType


class BatchRows(Rows, Protocol):
    """The rows of one batch, and what was noticed on the way: complete once the rows have been read."""

    @property
    def observed(self) -> Mapping[str, Mapping[str, Any]]:
        """For each CollectMetrics of the plan, by name: its row, as column name to Python value.

        TIMESTAMP values are aware datetimes, DECIMAL Decimals, structs dicts.
        """
        ...

    @property
    def state_operators(self) -> tuple[StateOperatorProgress, ...]:
        """The stateful operators, in plan order."""
        ...


@dataclass(frozen=True, slots=True)
class BatchContext:
    """What one batch is run with.

    `scans` are the rows of each streaming relation by `source_key`; a relation without new rows has an
    empty scan. `now` (UTC) is `current_timestamp`. `watermark_ms` is what late means in this batch.
    """

    batch_id: int
    scans: Mapping[int, Scan]
    now: datetime
    watermark_ms: int
    output_mode: str
    conf: Mapping[str, str]


class PreparedQuery(Protocol):
    """A query compiled once, run for each batch. Used by one thread."""

    @property
    def is_stateful(self) -> bool:
        """Whether any operator keeps state."""
        ...

    def run(self, batch: BatchContext) -> BatchRows:
        """Begin a batch; its rows are computed here or while they are read."""
        ...

    def needs_another_batch(self, watermark_ms: int) -> bool:
        """Whether an operator would emit or forget something at this watermark without new data."""
        ...

    def wakes_at_ms(self) -> int | None:
        """When an operator would emit something without new data, whatever the watermark; None for never."""
        ...

    def committed(self, batch_id: int) -> None:
        """The batch is in the commit log; state of older ones may go."""
        ...

    def close(self) -> None:
        """The query has ended."""
        ...


@dataclass(frozen=True)
class PrepareContext:
    """What a query is compiled with: the conf of its batches, its output mode, its checkpoint.

    `batch_id` is the batch that runs first, `previous_watermark_ms` the watermark of the one before it.
    """

    conf: Mapping[str, str]
    output_mode: str
    checkpoint_root: str
    query_id: str
    run_id: str
    file_system: FileSystem
    durable: bool
    batch_id: int = 0
    previous_watermark_ms: int = 0


class SessionServices(Protocol):
    """The session, as its queries see it. Thread-safe."""

    def conf(self, key: str) -> str | None:
        """The effective text of a Spark configuration key."""
        ...

    def provider(self, name: str) -> Provider:
        """The connector of a format. Raises DATA_SOURCE_NOT_FOUND."""
        ...

    def check_streaming(self, plan: LogicalPlan, output_mode: str) -> None:
        """Spark's UnsupportedOperationChecker: raises when the plan cannot stream in this mode."""
        ...

    def prepare(self, plan: LogicalPlan, context: PrepareContext) -> PreparedQuery:
        """Compile a resolved plan whose leaves may be StreamingRelations."""
        ...

    def plan_text(self, plan: LogicalPlan) -> str:
        """A plan as Spark's tree of lines."""
        ...

    def foreach_batch(self, write: WriteStream) -> Callable[[Rows, int], None]:
        """The user's function of `foreachBatch`, to be called with a batch and its id.

        It calls the function with a data frame of this session. Raises what the function raises.
        """
        ...

    def create_memory_view(self, name: str, scan: MemoryTable) -> None:
        """Make (or replace) a temporary view over a table in memory."""
        ...

    def working_directory(self) -> str:
        """What relative paths are relative to, absolute."""
        ...

    def temporary_directory(self) -> str:
        """Where temporary checkpoints go, absolute."""
        ...

    def table_location(self, write: WriteStream, schema: StructType) -> WriteStream:
        """`toTable`: the same write with format and path of the table, which is created if need be."""
        ...


@dataclass(frozen=True)
class Environment:
    """Time, chance, disk and hook: what tests replace."""

    clock: Clock = field(default_factory=SystemClock)
    file_system: FileSystem = field(default_factory=LocalFileSystem)
    new_uuid: Callable[[], str] = field(default=lambda: str(uuid.uuid4()))
    step_hook: StepHook | None = None
    lock_checkpoint: Callable[[str, int], Lock] = CheckpointLock
