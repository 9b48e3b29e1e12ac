"""The process dies, or the machine loses power, at any call of the file system: state loses and repeats nothing.

Queries that remember run on a simulated disk, one file a batch; what their sink has listed at the end is what an
undisturbed run lists. Small snapshots and a short memory make every kind of file come and go.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from concurrent.futures import Future
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.state import maintenance
from potok.connectors.base import Provider, SourceContext
from potok.parser import parse_query
from potok.plan.commands import Trigger, WriteStream
from potok.plan.logical import LogicalPlan, Options, StreamingRelation, schema_attributes
from potok.session.runtime import Runtime
from potok.session.session import Session
from potok.session.streams import StreamServices
from potok.streaming.manager import QueryManager
from potok.streaming.query import StreamingQuery
from potok.streaming.services import Environment
from potok.types import LONG, STRING, TIMESTAMP, StructField, StructType, arrow_schema
from recovery.test_power_loss import LoggedProvider, LoggedSource, NoLock, output, uuids
from stream.harness import TableScan
from support.faulty_files import Killed, SimulatedDisk

SCHEMA = StructType((StructField("k", STRING), StructField("v", LONG), StructField("at", TIMESTAMP)))
FILES = 7
TRIES = 30
QUERIES = {
    "update": ("SELECT concat(k, '=', count(*), '/', sum(v)) AS value FROM stream GROUP BY k", "update"),
    "windows": (
        "SELECT concat(window.start, k, '=', count(*)) AS value FROM marked GROUP BY window(at, '10 seconds'), k",
        "append",
    ),
    "distinct": ("SELECT DISTINCT k AS value FROM stream", "update"),
    "sessions": (
        """SELECT concat(session_window.start, k, '=', count(*)) AS value FROM marked
        GROUP BY session_window(at, '5 seconds'), k""",
        "append",
    ),
    "join": (
        """SELECT concat(a.k, a.v, ':', coalesce(b.v, 'none')) AS value FROM marked a LEFT JOIN other b
        ON a.k = b.k AND b.seen BETWEEN a.at AND a.at + INTERVAL 5 SECONDS""",
        "append",
    ),
}


class EventSource(LoggedSource):
    """A few rows a file, their times ever later."""

    def scan(self, start: str | None, end: str) -> TableScan:
        first = 0 if start is None else json.loads(start)["logOffset"] + 1
        last = json.loads(end)["logOffset"]
        rows = [row for file in range(first, last + 1) for row in rows_of(file)]
        return TableScan(pa.Table.from_pylist(rows, arrow_schema(SCHEMA)), SCHEMA)


class EventProvider(LoggedProvider):
    def source(self, relation: StreamingRelation, context: SourceContext) -> EventSource:
        return EventSource(self._files, context)


class Services(StreamServices):
    def __init__(self, session: Session, files: int) -> None:
        super().__init__(session)
        self._files = files

    def provider(self, name: str) -> Provider:
        return EventProvider(self._files)


def rows_of(file: int) -> list[dict[str, Any]]:
    if file == FILES:
        # Long after all others: what is complete by then comes out, with a batch without data before or not.
        return [{"k": "z", "v": 1000, "at": 1_000_000_000}]
    chance = Random(file)
    return [
        {"k": chance.choice("abcde"), "v": 10 * file + n, "at": (8 * file + chance.randrange(12)) * 1_000_000}
        for n in range(4)
    ]


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    made = Runtime()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def _same_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: StreamingQuery, run: Any, target: Any) -> None:
        self._run = run
        target()

    monkeypatch.setattr(StreamingQuery, "start", start)
    monkeypatch.setattr(maintenance, "ThreadPoolExecutor", AtOnce)


class AtOnce:
    """Snapshots are made where the batches are."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def submit(self, function: Any, *arguments: Any) -> Future[None]:
        done: Future[None] = Future()
        function(*arguments)
        done.set_result(None)
        return done

    def shutdown(self, **_: Any) -> None:
        pass


def stream(key: int) -> StreamingRelation:
    return StreamingRelation(key, "logged", Options(), (), SCHEMA, schema_attributes(SCHEMA))


def planned(session: Session, text: str) -> LogicalPlan:
    from potok.plan.unresolved import UnresolvedWatermark, WithColumnsRenamed

    marked = UnresolvedWatermark(stream(1), "at", "4 seconds")
    session.catalog.views.update(
        stream=stream(1),
        marked=session.analyze(marked),
        other=session.analyze(
            WithColumnsRenamed(UnresolvedWatermark(stream(2), "at", "4 seconds"), (("at", "seen"),))
        ),
    )
    plan = parse_query(text)
    assert isinstance(plan, LogicalPlan)
    return session.analyze(plan)


def run(runtime: Runtime, disk: SimulatedDisk, name: str, files: int = FILES) -> None:
    """One life; Killed when the disk says so, StreamingQueryError when the query fails."""
    text, mode = QUERIES[name]
    session = Session(runtime)
    session.conf.set("spark.sql.shuffle.partitions", "2")
    session.conf.set("spark.sql.streaming.stateStore.minDeltasForSnapshot", "2")
    session.conf.set("spark.sql.streaming.minBatchesToRetain", "2")
    made = uuids(disk.steps)
    environment = Environment(
        file_system=LocalFileSystem(system=disk), new_uuid=lambda: next(made), lock_checkpoint=NoLock
    )
    write = WriteStream(
        planned(session, text),
        "logged",
        output_mode=mode,
        options=Options({"checkpointLocation": "/checkpoint"}),
        trigger=Trigger("available_now"),
        path="/out",
    )
    query = QueryManager(Services(session, files), environment).start(write)
    error = query.exception()
    if error is not None:
        raise error


@pytest.fixture(scope="module")
def undisturbed(runtime: Runtime) -> dict[str, tuple[int, list[Any]]]:
    return {}


def expected(runtime: Runtime, name: str, known: dict[str, tuple[int, list[Any]]]) -> tuple[int, list[Any]]:
    if name not in known:
        disk = SimulatedDisk()
        run(runtime, disk, name)
        steps = disk.steps
        run(runtime, disk, name, FILES + 1)
        known[name] = steps, output(disk)
        assert len(known[name][1]) > FILES
    return known[name]


@pytest.mark.parametrize("name", QUERIES)
def test_the_process_dies(runtime: Runtime, name: str, undisturbed: dict[str, tuple[int, list[Any]]]) -> None:
    steps, rows = expected(runtime, name, undisturbed)
    for step in sorted(Random(name).sample(range(steps), TRIES)):
        disk = SimulatedDisk(kill_at=step)
        with contextlib.suppress(Killed):
            run(runtime, disk, name)
        disk.restart()
        run(runtime, disk, name, FILES + 1)
        assert sorted(output(disk)) == sorted(rows), disk.log[step]


@pytest.mark.parametrize("name", QUERIES)
def test_power_is_lost(runtime: Runtime, name: str, undisturbed: dict[str, tuple[int, list[Any]]]) -> None:
    steps, rows = expected(runtime, name, undisturbed)
    for step in sorted(Random(f"{name} power").sample(range(steps), TRIES)):
        disk = SimulatedDisk(kill_at=step)
        with contextlib.suppress(Killed):
            run(runtime, disk, name)
        disk.power_cut(Random(step))
        run(runtime, disk, name, FILES + 1)
        assert sorted(output(disk)) == sorted(rows), disk.log[step]


@pytest.mark.parametrize("name", QUERIES)
def test_power_is_lost_again_and_again(
    runtime: Runtime, name: str, undisturbed: dict[str, tuple[int, list[Any]]]
) -> None:
    _, rows = expected(runtime, name, undisturbed)
    for seed in range(8):
        random = Random(seed)
        disk = SimulatedDisk()
        for _ in range(6):
            disk.kill_at = disk.steps + random.randrange(150)
            with contextlib.suppress(Killed):
                run(runtime, disk, name)
            disk.power_cut(random)
        run(runtime, disk, name, FILES + 1)
        assert sorted(output(disk)) == sorted(rows), seed


def test_a_full_disk(runtime: Runtime, undisturbed: dict[str, tuple[int, list[Any]]]) -> None:
    steps, rows = expected(runtime, "windows", undisturbed)
    for step in sorted(Random("full").sample(range(steps), TRIES)):
        disk = SimulatedDisk(no_space_at=step)
        with contextlib.suppress(Exception):
            run(runtime, disk, "windows")
        disk.restart()
        run(runtime, disk, "windows", FILES + 1)
        assert sorted(output(disk)) == sorted(rows), disk.log[step]
