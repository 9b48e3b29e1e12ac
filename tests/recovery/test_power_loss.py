"""The machine loses power at any moment: durable logs bring a query back, and every number is there once.

The query runs in the test's own thread on a simulated disk (support.faulty_files), with a source that writes a source
log and a sink that writes a file and a sink log, both in the order of the file source and the file sink.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from potok.checkpoint.file_sink_log import FileSinkLog, added_file
from potok.checkpoint.file_source_log import FileEntry, FileSourceLog
from potok.checkpoint.files import LocalFileSystem
from potok.connectors.base import ReadLimit, Rows, Scan, SinkContext, SourceContext
from potok.connectors.provider import BaseProvider
from potok.plan.commands import Trigger, WriteStream
from potok.plan.logical import LogicalPlan, Options, StreamingRelation, schema_attributes
from potok.streaming.manager import QueryManager
from potok.streaming.query import StreamingQuery
from potok.streaming.services import Environment
from potok.types import StructType
from stream.harness import VALUES, FakeSession, TableScan
from support.faulty_files import Killed, SimulatedDisk

ROWS_PER_BATCH = 3


class LoggedSource:
    """Reads /in/<n>, one a batch; an offset names the last entry of its source log."""

    description = "LoggedSource"

    def __init__(self, files: int, context: SourceContext) -> None:
        self._files = files
        self._log = FileSourceLog(context.log_directory, context.file_system, durable=context.durable)

    def initial_offset(self) -> str | None:
        return None

    @property
    def default_read_limit(self) -> ReadLimit:
        from potok.connectors.base import ReadMaxFiles

        return ReadMaxFiles(1)

    def latest_offset(self, start: str | None, limit: ReadLimit) -> str | None:
        latest = self._log.latest_batch_id()
        read = -1 if latest is None else latest
        asked = -1 if start is None else json.loads(start)["logOffset"]
        if read <= asked and read + 1 < self._files:
            read += 1
            self._log.add(read, [FileEntry(f"file:///in/{read}", 0, read)])
        return start if read <= asked else f'{{"logOffset":{read}}}'

    def report_latest_offset(self) -> str | None:
        return None

    def prepare_available_now(self) -> None:
        pass

    def scan(self, start: str | None, end: str) -> Scan:
        first = 0 if start is None else json.loads(start)["logOffset"] + 1
        last = json.loads(end)["logOffset"]
        values = [n for file in range(first, last + 1) for n in numbers_of(file)]
        return TableScan(pa.table({"value": pa.array(values, pa.int64())}))

    def commit(self, end: str) -> None:
        pass

    def wait_descriptor(self) -> int | None:
        return None

    def poll_interval_s(self) -> float:
        return 60.0

    def stop(self) -> None:
        pass


class LoggedSink:
    """Writes /out/<batch id>, then says so in the sink log."""

    description = "LoggedSink"

    def __init__(self, context: SinkContext) -> None:
        self._fs = context.file_system
        self._durable = context.durable
        self._log = FileSinkLog("/out/_spark_metadata", self._fs, durable=context.durable)

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        pass

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        return plan

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:
        latest = self._log.latest_batch_id()
        if latest is not None and batch_id <= latest:
            return -1
        self._fs.make_directories("/out", durable=self._durable)
        path = f"/out/{batch_id}"
        content = json.dumps(rows.to_table().column(0).to_pylist()).encode()
        self._fs.write_replacing(path, content, durable=self._durable)
        self._log.add(batch_id, [added_file(path, len(content), 0)])
        return -1

    def stop(self) -> None:
        pass


class LoggedProvider(BaseProvider):
    name = "logged"

    def __init__(self, files: int) -> None:
        self._files = files

    def source(self, relation: StreamingRelation, context: SourceContext) -> LoggedSource:
        return LoggedSource(self._files, context)

    def sink(self, write: WriteStream, schema: StructType, context: SinkContext) -> LoggedSink:
        return LoggedSink(context)


class NoLock:
    def __init__(self, root: str, next_batch_id: int) -> None:
        pass

    def release(self) -> None:
        pass


def numbers_of(file: int) -> range:
    return range(file * ROWS_PER_BATCH, (file + 1) * ROWS_PER_BATCH)


@pytest.fixture(autouse=True)
def _same_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process has one thread as well."""

    def start(self: StreamingQuery, run: Any, target: Callable[[], None]) -> None:
        self._run = run
        target()

    monkeypatch.setattr(StreamingQuery, "start", start)


def uuids(start: int) -> Iterator[str]:
    number = start
    while True:
        number += 1
        yield f"00000000-0000-4000-8000-{number:012d}"


def run(disk: SimulatedDisk, directory: Path, files: int, *, durable: bool = True) -> None:
    """One life; Killed when the disk says so, StreamingQueryError when the query fails."""
    session = FakeSession(directory, spark__potok__checkpoint__durable=str(durable).lower())
    session._providers["logged"] = LoggedProvider(files)
    made = uuids(disk.steps)
    environment = Environment(
        file_system=LocalFileSystem(system=disk),
        new_uuid=lambda: next(made),
        lock_checkpoint=NoLock,
    )
    plan = StreamingRelation(1, "logged", Options(), (), VALUES, schema_attributes(VALUES))
    options = Options({"checkpointLocation": "/checkpoint"})
    write = WriteStream(plan, "logged", options=options, trigger=Trigger("available_now"), path="/out")
    query = QueryManager(session, environment).start(write)
    error = query.exception()
    if error is not None:
        raise error


def output(disk: SimulatedDisk) -> list[int]:
    """What the sink log lists."""
    fs = LocalFileSystem(system=disk)
    log = FileSinkLog("/out/_spark_metadata", fs)
    found: list[int] = []
    for batch_id in log.list_batch_ids():
        found += json.loads(fs.read_bytes(f"/out/{batch_id}"))
    return found


FILES = 3
EVERYTHING = [n for file in range(FILES + 1) for n in numbers_of(file)]


def steps_of_a_run(directory: Path, *, durable: bool) -> int:
    disk = SimulatedDisk()
    run(disk, directory, FILES, durable=durable)
    return disk.steps


def test_the_process_dies_at_any_call(tmp_path: Path) -> None:
    steps = steps_of_a_run(tmp_path, durable=True)
    assert steps > 60
    for step in range(steps):
        disk = SimulatedDisk(kill_at=step)
        with contextlib.suppress(Killed):
            run(disk, tmp_path, FILES)
        disk.restart()
        run(disk, tmp_path, FILES + 1)
        assert output(disk) == EVERYTHING, disk.log[step]


@pytest.mark.parametrize("seed", [None, 1, 2, 3, 4])
def test_power_is_lost_at_any_call(tmp_path: Path, seed: int | None) -> None:
    for step in range(steps_of_a_run(tmp_path, durable=True)):
        disk = SimulatedDisk(kill_at=step)
        with contextlib.suppress(Killed):
            run(disk, tmp_path, FILES)
        disk.power_cut(None if seed is None else Random(1000 * seed + step))
        run(disk, tmp_path, FILES + 1)
        assert output(disk) == EVERYTHING, disk.log[step]


def test_power_is_lost_again_and_again(tmp_path: Path) -> None:
    for seed in range(40):
        random = Random(seed)
        disk = SimulatedDisk()
        for _ in range(6):
            disk.kill_at = disk.steps + random.randrange(40)
            with contextlib.suppress(Killed):
                run(disk, tmp_path, FILES)
            disk.power_cut(random)
        run(disk, tmp_path, FILES + 1)
        assert output(disk) == EVERYTHING, seed


def test_a_full_disk_fails_the_query_and_nothing_else(tmp_path: Path) -> None:
    for step in range(steps_of_a_run(tmp_path, durable=True)):
        disk = SimulatedDisk(no_space_at=step)
        with contextlib.suppress(Exception):
            run(disk, tmp_path, FILES)
        disk.restart()
        run(disk, tmp_path, FILES + 1)
        assert output(disk) == EVERYTHING, disk.log[step]


def test_without_syncing_a_killed_process_is_harmless(tmp_path: Path) -> None:
    for step in range(steps_of_a_run(tmp_path, durable=False)):
        disk = SimulatedDisk(kill_at=step)
        with contextlib.suppress(Killed):
            run(disk, tmp_path, FILES, durable=False)
        disk.restart()
        run(disk, tmp_path, FILES + 1, durable=False)
        assert output(disk) == EVERYTHING
