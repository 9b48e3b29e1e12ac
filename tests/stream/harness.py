"""Streaming tests as lists of steps, in the manner of Spark's StreamTest.

    Stream(tmp_path).run(AddData("a", 1, 2), StartStream(), CheckAnswer(1, 2), StopStream())

The query reads whole numbers from a source in memory (`MemorySource`) and hands them to a sink in memory; loop, logs,
triggers and progress are the real ones. The session around it is a small fake that runs no SQL.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from potok.connectors.base import (
    Provider,
    ReadAll,
    ReadLimit,
    ReadMaxRows,
    Rows,
    Scan,
    SinkContext,
    SourceContext,
)
from potok.connectors.console import ConsoleProvider
from potok.connectors.foreach import ForeachProvider
from potok.connectors.memory import MemoryProvider
from potok.connectors.noop import NoopProvider
from potok.connectors.provider import BaseProvider
from potok.connectors.rate import RateMicroBatchProvider, RateProvider
from potok.connectors.socket import SocketProvider
from potok.errors import SparkError
from potok.plan.commands import Trigger, WriteStream
from potok.plan.logical import (
    LogicalPlan,
    Options,
    SetOperation,
    StreamingRelation,
    UnaryPlan,
    schema_attributes,
)
from potok.stateful.progress import StateOperatorProgress
from potok.streaming.listeners import QueryEvent
from potok.streaming.manager import ActiveRuns, QueryManager
from potok.streaming.query import StreamingQuery
from potok.streaming.services import BatchContext, BatchRows, Environment, PrepareContext, PreparedQuery
from potok.types import LONG, StructField, StructType, arrow_schema
from support.patience import PATIENCE_S
from support.patience import until as until_slowly

until = partial(until_slowly, pause_s=0.002)
VALUES = StructType((StructField("value", LONG),))


class ManualClock:
    """A clock that moves when a test says so."""

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms
        self._set_back_ms = 0
        self._wakes: list[Callable[[], None]] = []
        # How often a query has asked how long to wait: it has done all it can at this time then.
        self.waits = 0

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic_ns(self) -> int:
        return (self._now_ms + self._set_back_ms) * 1_000_000

    def seconds_until(self, time_ms: int) -> float | None:
        self.waits += 1
        return 0.0 if time_ms <= self._now_ms else None

    def on_change(self, wake: Callable[[], None]) -> None:
        self._wakes.append(wake)

    def advance(self, milliseconds: int) -> None:
        self._now_ms += milliseconds
        self._wake()

    def set_back(self, milliseconds: int) -> None:
        """As an administrator does it: no time has passed."""
        self._set_back_ms += milliseconds
        self._now_ms -= milliseconds
        self._wake()

    def _wake(self) -> None:
        for wake in self._wakes:
            wake()


class Numbers:
    """What a MemorySource reads: rows that survive the query, like files do."""

    def __init__(self) -> None:
        self.values: list[int] = []
        self._descriptors: list[int] = []

    def add(self, values: Sequence[int]) -> None:
        self.values.extend(values)
        for descriptor in self._descriptors:
            os.eventfd_write(descriptor, 1)

    def listen(self) -> int:
        descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._descriptors.append(descriptor)
        return descriptor

    def leave(self, descriptor: int) -> None:
        if descriptor in self._descriptors:
            self._descriptors.remove(descriptor)
            os.close(descriptor)


class MemorySource:
    """Numbers by position; an offset is how many have been read, minus one."""

    def __init__(self, name: str, numbers: Numbers, rows_per_trigger: int | None) -> None:
        self.description = f"MemoryStream[{name}]"
        self.default_read_limit: ReadLimit = ReadMaxRows(rows_per_trigger) if rows_per_trigger else ReadAll()
        self._numbers = numbers
        self._horizon: int | None = None
        self._descriptor = numbers.listen()
        self.committed: list[str] = []
        self.stopped = False

    def initial_offset(self) -> str | None:
        return None

    def latest_offset(self, start: str | None, limit: ReadLimit) -> str | None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._descriptor)
        there = len(self._numbers.values) if self._horizon is None else self._horizon
        read = 0 if start is None else int(start) + 1
        if isinstance(limit, ReadMaxRows):
            there = min(there, read + limit.rows)
        return start if there <= read else str(there - 1)

    def report_latest_offset(self) -> str | None:
        return None

    def prepare_available_now(self) -> None:
        self._horizon = len(self._numbers.values)

    def scan(self, start: str | None, end: str) -> Scan:
        first = 0 if start is None else int(start) + 1
        return TableScan(
            pa.table({"value": pa.array(self._numbers.values[first : int(end) + 1], pa.int64())})
        )

    def commit(self, end: str) -> None:
        self.committed.append(end)

    def wait_descriptor(self) -> int | None:
        return self._descriptor

    def poll_interval_s(self) -> float:
        return 60.0

    def stop(self) -> None:
        self._numbers.leave(self._descriptor)
        self.stopped = True


@dataclass(frozen=True)
class TableScan:
    table: pa.Table
    schema: StructType = VALUES

    def read(self, columns: Sequence[str]) -> pa.Table:
        return self.table.select(list(columns))

    def input_files(self) -> list[str]:
        return []


class MemoryStreamProvider(BaseProvider):
    """Format `numbers`; the option `name` says which."""

    name = "numbers"

    def __init__(self) -> None:
        self.numbers: dict[str, Numbers] = {}
        self.sources: list[MemorySource] = []

    def of(self, name: str) -> Numbers:
        return self.numbers.setdefault(name, Numbers())

    def source(self, relation: StreamingRelation, context: SourceContext) -> MemorySource:
        name = relation.options["name"]
        limit = relation.options.get("rowsPerTrigger")
        source = MemorySource(name, self.of(name), int(limit) if limit else None)
        self.sources.append(source)
        return source


class CollectingSink:
    """Keeps each batch it is given, in order, replays included; can be told to fail."""

    description = "CollectingSink"

    def __init__(self) -> None:
        self.batches: list[tuple[int, list[Any]]] = []
        self.fail_at: int | None = None
        self.on_batch: Callable[[int], object] = lambda _: None
        self.begun: list[tuple[int, bool]] = []

    @property
    def rows(self) -> list[Any]:
        """Each batch once, as a sink that knows batch ids shows it."""
        return [value for batch in dict(self.batches).values() for value in batch]

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        self.begun.append((next_batch_id, is_replay))

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        return plan

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:
        self.on_batch(batch_id)
        values = rows.to_table().column(0).to_pylist()
        if self.fail_at == batch_id:
            raise SparkError("INTERNAL_ERROR", message=f"told to fail at {batch_id}")
        self.batches.append((batch_id, values))
        return len(values)

    def stop(self) -> None:
        pass


class CollectingProvider(BaseProvider):
    """Format `collect`."""

    name = "collect"

    def __init__(self) -> None:
        self.sinks: list[CollectingSink] = [CollectingSink()]

    def sink(self, write: WriteStream, schema: StructType, context: SinkContext) -> CollectingSink:
        return self.sinks[-1]


@dataclass(frozen=True)
class FakeRows:
    """Rows that are there already."""

    table: pa.Table
    schema: StructType
    observed: Mapping[str, Mapping[str, Any]]
    state_operators: tuple[StateOperatorProgress, ...] = ()

    def to_table(self) -> pa.Table:
        return self.table

    def to_reader(self) -> pa.RecordBatchReader:
        return self.table.to_reader()


class FakeQuery:
    """Runs relations and unions of them, nothing else: rows in, rows out."""

    is_stateful = False

    def __init__(self, plan: LogicalPlan, session: FakeSession) -> None:
        self._plan = plan
        self._session = session
        self.closed = False

    def run(self, batch: BatchContext) -> BatchRows:
        self._session.batches.append(batch)
        table = self._rows(self._plan, batch.scans)
        observed = {name: dict(row) for name, row in self._session.observed.items()}
        return FakeRows(table, self._plan.schema, observed)

    def needs_another_batch(self, watermark_ms: int) -> bool:
        return False

    def wakes_at_ms(self) -> int | None:
        return None

    def committed(self, batch_id: int) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def _rows(self, plan: LogicalPlan, scans: Mapping[int, Scan]) -> pa.Table:
        match plan:
            case StreamingRelation():
                found = scans[plan.source_key].read(plan.source_schema.names)
                return found if isinstance(found, pa.Table) else found.read_all()
            case SetOperation():
                return pa.concat_tables([self._rows(branch, scans) for branch in plan.branches])
            case UnaryPlan():
                return self._rows(plan.child, scans)
        raise AssertionError(plan)


class FakeSession:
    """A session without SQL (SessionServices)."""

    def __init__(self, directory: Path, **conf: str) -> None:
        self.directory = directory
        self.settings = {key.replace("__", "."): value for key, value in conf.items()}
        self.numbers = MemoryStreamProvider()
        self.collect = CollectingProvider()
        self.views: dict[str, Scan] = {}
        self.batches: list[BatchContext] = []
        self.observed: dict[str, Mapping[str, Any]] = {}
        self.foreach_batch_function: Callable[[Rows, int], None] | None = None
        self.checked: list[str] = []
        self._providers: dict[str, Provider] = {
            "numbers": self.numbers,
            "collect": self.collect,
            "console": ConsoleProvider(),
            "memory": MemoryProvider(),
            "noop": NoopProvider(),
            "foreach": ForeachProvider(),
            "rate": RateProvider(),
            "rate-micro-batch": RateMicroBatchProvider(),
            "socket": SocketProvider(),
        }

    def conf(self, key: str) -> str | None:
        return self.settings.get(key)

    def provider(self, name: str) -> Provider:
        return self._providers[name]

    def check_streaming(self, plan: LogicalPlan, output_mode: str) -> None:
        self.checked.append(output_mode)

    def prepare(self, plan: LogicalPlan, context: PrepareContext) -> PreparedQuery:
        return FakeQuery(plan, self)

    def plan_text(self, plan: LogicalPlan) -> str:
        return type(plan).__name__

    def foreach_batch(self, write: WriteStream) -> Callable[[Rows, int], None]:
        assert self.foreach_batch_function is not None
        return self.foreach_batch_function

    def create_memory_view(self, name: str, scan: Scan) -> None:
        self.views[name] = scan

    def working_directory(self) -> str:
        return str(self.directory)

    def temporary_directory(self) -> str:
        return str(self.directory / "tmp")

    def table_location(self, write: WriteStream, schema: StructType) -> WriteStream:
        raise AssertionError


def numbers_relation(
    name: str = "a", key: int = 1, schema: StructType = VALUES, **options: str
) -> StreamingRelation:
    return StreamingRelation(
        key, "numbers", Options({"name": name, **options}), (), schema, schema_attributes(schema)
    )


def union(*branches: LogicalPlan) -> SetOperation:
    return SetOperation(branches, "union", True, schema_attributes(branches[0].schema))


# ---- steps --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One thing that a test does."""

    def take(self, stream: Stream) -> None:
        raise NotImplementedError


@dataclass(frozen=True, init=False)
class AddData(Step):
    """More rows for a source."""

    source: str
    values: tuple[int, ...]

    def __init__(self, source: str, *values: int) -> None:
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "values", values)

    def take(self, stream: Stream) -> None:
        stream.session.numbers.of(self.source).add(self.values)


@dataclass(frozen=True)
class StartStream(Step):
    """Start the query (again, with the same checkpoint)."""

    trigger: Trigger = field(default_factory=Trigger)
    conf: tuple[tuple[str, str], ...] = ()

    def take(self, stream: Stream) -> None:
        stream.session.settings.update(self.conf)
        stream.query = stream.manager.start(replace(stream.write, trigger=self.trigger))


@dataclass(frozen=True)
class StopStream(Step):
    """Stop it."""

    def take(self, stream: Stream) -> None:
        stream.running.stop()
        assert not stream.running.is_active
        assert stream.running.exception() is None


@dataclass(frozen=True)
class ProcessAllAvailable(Step):
    """Wait until all data is done."""

    def take(self, stream: Stream) -> None:
        stream.running.process_all_available()


@dataclass(frozen=True)
class AwaitTermination(Step):
    """Wait for the end of a query that ends by itself."""

    def take(self, stream: Stream) -> None:
        assert stream.running.await_termination(PATIENCE_S)


@dataclass(frozen=True, init=False)
class CheckAnswer(Step):
    """All rows so far, in any order."""

    values: tuple[int, ...]

    def __init__(self, *values: int) -> None:
        object.__setattr__(self, "values", values)

    def take(self, stream: Stream) -> None:
        if stream.query is not None and stream.query.is_active and not stream.is_manual:
            stream.query.process_all_available()
        assert sorted(stream.sink.rows) == sorted(self.values)


@dataclass(frozen=True, init=False)
class CheckBatches(Step):
    """Every delivery to the sink: (batch id, values)."""

    batches: tuple[tuple[int, list[int]], ...]

    def __init__(self, *batches: tuple[int, list[int]]) -> None:
        object.__setattr__(self, "batches", batches)

    def take(self, stream: Stream) -> None:
        assert stream.sink.batches == list(self.batches)


@dataclass(frozen=True)
class AdvanceManualClock(Step):
    """Let time pass, and wait until the query has noticed."""

    milliseconds: int

    def take(self, stream: Stream) -> None:
        clock = stream.clock
        assert isinstance(clock, ManualClock)
        before = clock.waits
        clock.advance(self.milliseconds)
        until(lambda: clock.waits > before or not stream.running.is_active)


@dataclass(frozen=True)
class AwaitFirstTrigger(Step):
    """Until a query with a manual clock waits for time to pass."""

    def take(self, stream: Stream) -> None:
        clock = stream.clock
        assert isinstance(clock, ManualClock)
        until(lambda: clock.waits > 0)


@dataclass(frozen=True)
class ExpectFailure(Step):
    """The query has failed, or will soon, with this condition as the cause."""

    condition: str

    def take(self, stream: Stream) -> None:
        with contextlib.suppress(SparkError):
            stream.running.await_termination(PATIENCE_S)
        error = stream.running.exception()
        assert error is not None
        assert error.cause_condition == self.condition, error.message


@dataclass(frozen=True)
class Assert(Step):
    """Anything else."""

    check: Callable[[Stream], object]

    def take(self, stream: Stream) -> None:
        assert self.check(stream)


class Stream:
    """A query with its session, checkpoint and clock."""

    def __init__(
        self,
        directory: Path,
        plan: LogicalPlan | None = None,
        *,
        clock: ManualClock | None = None,
        active_runs: ActiveRuns | None = None,
        session: FakeSession | None = None,
        **conf: str,
    ) -> None:
        self.directory = directory
        self.session = session or FakeSession(directory, **conf)
        self.clock = clock
        self.is_manual = clock is not None
        self.steps: list[tuple[str, bool, int]] = []
        environment = Environment(step_hook=self._note)
        if clock is not None:
            environment = replace(environment, clock=clock)
        self.manager = QueryManager(self.session, environment, active_runs)
        self.events: list[QueryEvent] = []
        self.manager.listeners.add(self.events.append)
        self.checkpoint = directory / "checkpoint"
        self.write = WriteStream(
            plan or numbers_relation(),
            format="collect",
            options=Options({"checkpointLocation": str(self.checkpoint)}),
        )
        self.query: StreamingQuery | None = None

    @property
    def running(self) -> StreamingQuery:
        assert self.query is not None
        return self.query

    @property
    def sink(self) -> CollectingSink:
        return self.session.collect.sinks[-1]

    def run(self, *steps: Step) -> Stream:
        try:
            for number, step in enumerate(steps):
                try:
                    step.take(self)
                except AssertionError as error:
                    raise AssertionError(f"step {number}, {step}: {error}") from error
        finally:
            self.manager.stop_all()
        return self

    def _note(self, name: str, begins: bool, batch_id: int) -> None:
        self.steps.append((name, begins, batch_id))

    def log(self, name: str) -> dict[int, str]:
        """A log of the checkpoint: batch id to content."""
        found = {}
        for path in (self.checkpoint / name).iterdir():
            if path.name.isdigit():
                found[int(path.name)] = path.read_text()
        return dict(sorted(found.items()))

    def offsets(self) -> dict[int, list[str]]:
        """The offset lines of each batch."""
        return {batch: text.split("\n")[2:] for batch, text in self.log("offsets").items()}

    def watermarks(self) -> dict[int, int]:
        """What each commit leaves to the next batch."""
        return {
            batch: json.loads(text.split("\n")[1])["nextBatchWatermarkMs"]
            for batch, text in self.log("commits").items()
        }


@contextlib.contextmanager
def stopping(manager: QueryManager) -> Iterator[QueryManager]:
    """Stop all queries at the end."""
    try:
        yield manager
    finally:
        manager.stop_all()


EMPTY = arrow_schema(VALUES).empty_table()
