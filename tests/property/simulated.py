"""Queries that remember on a simulated disk, in the thread of the test: what their sink has listed at the end.

A life of a query reads some files of its streams, some at a time, and may end by a fault of the disk; the next one goes
on from what is there.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pyarrow as pa
from pyspark.sql import DataFrame

from potok.checkpoint.file_sink_log import FileSinkLog, added_file
from potok.checkpoint.file_source_log import FileEntry, FileSourceLog
from potok.checkpoint.files import LocalFileSystem
from potok.connect import local
from potok.connect.decode_plan import decode_relation, plan_relation
from potok.connectors.base import Provider, ReadLimit, ReadMaxFiles, Rows, Scan, SinkContext, SourceContext
from potok.connectors.provider import BaseProvider
from potok.plan.commands import Trigger, WriteStream
from potok.plan.logical import LogicalPlan, Options, StreamingRelation
from potok.session.session import Session
from potok.session.streams import StreamServices
from potok.sql import SparkSession
from potok.streaming.manager import QueryManager
from potok.streaming.query import StreamingQuery
from potok.streaming.services import Environment
from potok.types import StructType
from stateful.generated import SCHEMA, TRANSFORM, Input, Program, Row
from stateful.values import canonical
from stream.harness import TableScan
from support.faulty_files import SimulatedDisk

PROVIDER = "spark.sql.streaming.stateStore.providerClass"
_PACKAGE = "org.apache.spark.sql.execution.streaming.state"
HDFS_BACKED, ROCKS_DB = f"{_PACKAGE}.HDFSBackedStateStoreProvider", f"{_PACKAGE}.RocksDBStateStoreProvider"
_FILE = "_file"
# What is left of sums that cancel out.
_NOTHING = 1e-12


def new_disk() -> SimulatedDisk:
    """An empty disk, whose files have the times at which they are written."""
    return SimulatedDisk(clock_ms=lambda: time.time_ns() // 1_000_000)


class AtOnce:
    """Snapshots are made where the batches are: a killed process has one thread."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def submit(self, function: Callable[..., None], *arguments: Any) -> Future[None]:
        done: Future[None] = Future()
        function(*arguments)
        done.set_result(None)
        return done

    def shutdown(self, **_: Any) -> None:
        pass


class Beside(ThreadPoolExecutor):
    """Snapshots are made in a thread of their own, as in a real process; `end` waits for those of a killed one."""

    started: ClassVar[list[Beside]] = []

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        Beside.started.append(self)

    @classmethod
    def end(cls) -> None:
        for one in cls.started:
            one.shutdown(wait=True)
        cls.started.clear()


class SharedDisk:
    """A disk for several threads, one call at a time; that of snapshots waits a little before each of its calls."""

    def __init__(self, disk: SimulatedDisk, chance: Random) -> None:
        self._disk, self._chance = disk, chance
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._disk, name)

        def call(*arguments: Any, **named: Any) -> Any:
            if threading.current_thread().name.startswith("potok-state"):
                time.sleep(self._chance.choice([0, 0.0005, 0.002]))
            with self._lock:
                return function(*arguments, **named)

        return call


def start_in_this_thread(query: StreamingQuery, run: Any, target: Callable[[], None]) -> None:
    """In place of `StreamingQuery.start`."""
    query._run = run
    target()


class Files:
    """The rows of an input as typed tables, one a file."""

    def __init__(self, spark: SparkSession, given: Input, scratch: Path) -> None:
        self.spark, self.scratch = spark, scratch
        for name in given.files:
            (scratch / name).mkdir(exist_ok=True)
        self.files = {
            name: _typed(
                spark, [[{**row, _FILE: n} for row in rows] for n, rows in enumerate(files)], scratch
            )
            for name, files in given.files.items()
        }
        self.tables = {name: _typed(spark, [rows], scratch)[0] for name, rows in given.tables.items()}


def _typed(spark: SparkSession, files: Sequence[Sequence[Row]], scratch: Path) -> list[pa.Table]:
    path = scratch / "rows.json"
    path.write_text("".join(json.dumps(row) + "\n" for rows in files for row in rows), encoding="utf-8")
    read = spark.read.schema(f"{SCHEMA}, {_FILE} INT").json(str(path)).toArrow()
    number = read.column(_FILE).fill_null(0).to_numpy()
    rows = read.drop_columns([_FILE])
    return [rows.filter(pa.array(number == n)) for n in range(len(files))]


@dataclass(frozen=True)
class Streams:
    """The inputs of a program as streams, whose paths are their names."""

    files: Files

    def __getitem__(self, name: str) -> DataFrame:
        if name in self.files.tables:
            return self.files.spark.createDataFrame(self.files.tables[name], SCHEMA)
        return self.files.spark.readStream.schema(SCHEMA).json(f"{self.files.scratch}/{name}")


@dataclass(frozen=True)
class Tables:
    """The inputs of a program as tables, without the last files of the streams or with them."""

    files: Files
    has_last: bool

    def __getitem__(self, name: str) -> DataFrame:
        files = self.files
        if name in files.tables:
            return files.spark.createDataFrame(files.tables[name], SCHEMA)
        parts = files.files[name]
        return files.spark.createDataFrame(pa.concat_tables(parts if self.has_last else parts[:-1]), SCHEMA)


class Source:
    """Reads files by number, some a batch; an offset names the last entry of its source log."""

    description = "FileStreamSource"

    def __init__(
        self, files: Sequence[pa.Table], schema: StructType, life: Life, context: SourceContext
    ) -> None:
        self._files, self._schema = files, schema
        self.default_read_limit: ReadLimit = ReadMaxFiles(life.files_per_batch)
        self._count = len(files) if life.files is None else min(life.files, len(files))
        self._log = FileSourceLog(context.log_directory, context.file_system, durable=context.durable)

    def initial_offset(self) -> str | None:
        return None

    def latest_offset(self, start: str | None, limit: ReadLimit) -> str | None:
        latest = self._log.latest_batch_id()
        read = -1 if latest is None else latest
        asked = -1 if start is None else json.loads(start)["logOffset"]
        if read <= asked:
            first = 1 + max((e.timestamp_ms for e in self._log.batch(read)), default=-1) if read >= 0 else 0
            assert isinstance(limit, ReadMaxFiles)
            chosen = range(first, min(first + limit.files, self._count))
            if chosen:
                read += 1
                self._log.add(read, [FileEntry(f"file:///in/{n}", n, read) for n in chosen])
        return start if read <= asked else f'{{"logOffset":{read}}}'

    def report_latest_offset(self) -> str | None:
        return None

    def prepare_available_now(self) -> None:
        pass

    def scan(self, start: str | None, end: str) -> Scan:
        first = -1 if start is None else json.loads(start)["logOffset"]
        entries = self._log.batches(first, json.loads(end)["logOffset"])
        tables = [self._files[entry.timestamp_ms] for entry in entries]
        return TableScan(pa.concat_tables(tables or [self._files[0].slice(0, 0)]), self._schema)

    def commit(self, end: str) -> None:
        pass

    def wait_descriptor(self) -> int | None:
        return None

    def poll_interval_s(self) -> float:
        return 60.0

    def stop(self) -> None:
        pass


class Sink:
    """Writes the rows of a batch to a file, then says so in the log of the file sink."""

    description = "FileSink"

    def __init__(self, context: SinkContext) -> None:
        self._fs, self._durable = context.file_system, context.durable
        self._log = FileSinkLog("/out/_spark_metadata", self._fs, durable=context.durable)

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        pass

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        return plan

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:
        latest = self._log.latest_batch_id()
        content = json.dumps(listed(rows.to_table())).encode()
        if latest is not None and batch_id <= latest:
            return -1
        self._fs.make_directories("/out", durable=self._durable)
        path = f"/out/{batch_id}"
        self._fs.write_replacing(path, content, durable=self._durable)
        self._log.add(batch_id, [added_file(path, len(content), 0)])
        return -1

    def stop(self) -> None:
        pass


def listed(table: pa.Table) -> list[list[Any]]:
    """Rows as JSON."""
    columns = [[canonical(value) for value in column.to_pylist()] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


class FilesProvider(BaseProvider):
    """Sources and sink of one life."""

    name = "json"

    def __init__(self, files: Files, life: Life) -> None:
        self._files, self._life = files, life

    def source(self, relation: StreamingRelation, context: SourceContext) -> Source:
        name = relation.paths[0].rpartition("/")[2]
        return Source(self._files.files[name], relation.schema, self._life, context)

    def sink(self, write: WriteStream, schema: StructType, context: SinkContext) -> Sink:
        return Sink(context)

    def check_output_mode(self, output_mode: str) -> None:
        """All of them: rows are read back by batch."""


class Services(StreamServices):
    def __init__(self, session: Session, provider: FilesProvider) -> None:
        super().__init__(session)
        self._provider = provider

    def provider(self, name: str) -> Provider:
        return self._provider


class NoLock:
    def __init__(self, root: str, next_batch_id: int) -> None:
        pass

    def release(self) -> None:
        pass


@dataclass(frozen=True)
class Life:
    """One start of a query: the first so many files of each stream (all: None), so many a batch."""

    files: int | None = None
    files_per_batch: int = 1
    partitions: int = 2
    conf: Mapping[str, str] = field(default_factory=dict)


def planned(spark: SparkSession, frame: DataFrame) -> tuple[Session, LogicalPlan]:
    """The session behind a frame, and its plan."""
    service = local._service
    assert service is not None
    server = service.sessions.get((spark._client._user_id, spark._session_id))
    plan = decode_relation(server, plan_relation(frame._plan.to_proto(spark._client)))
    return server.session, server.session.analyze(plan)


class Query:
    """A program over its files, on a disk."""

    def __init__(self, spark: SparkSession, made: Program, files: Files) -> None:
        self.spark, self.made, self.files = spark, made, files
        self._session, self._plan = planned(spark, made.frame(Streams(files)))

    def batch(self) -> list[list[Any]]:
        """What the batch query gives over all rows that the stream has to have told of by its end."""
        tables = Tables(self.files, has_last=not self.made.holds_back)
        return listed(self.made.frame(tables, is_batch=True).toArrow())

    def live(self, disk: SimulatedDisk, life: Life, system: SharedDisk | None = None) -> None:
        """One life; Killed when the disk says so, StreamingQueryError when the query fails.

        `system` stands between the query and its disk.
        """
        provider = ROCKS_DB if self.made.shape == TRANSFORM else HDFS_BACKED
        names = {PROVIDER: provider, "spark.sql.shuffle.partitions": str(life.partitions), **life.conf}
        for name, value in names.items():
            self._session.conf.set(name, value)
        made = _uuids(disk.steps)
        environment = Environment(
            file_system=LocalFileSystem(system=system or disk),
            new_uuid=lambda: next(made),
            lock_checkpoint=NoLock,
        )
        write = WriteStream(
            self._plan,
            "json",
            output_mode=self.made.mode,
            options=Options({"checkpointLocation": "/checkpoint"}),
            trigger=Trigger("available_now"),
            path="/out",
        )
        services = Services(self._session, FilesProvider(self.files, life))
        error = QueryManager(services, environment).start(write).exception()
        if error is not None:
            raise error

    def output(self, disk: SimulatedDisk) -> list[list[list[Any]]]:
        """The rows of each batch that the sink log lists."""
        fs = LocalFileSystem(system=disk)
        log = FileSinkLog("/out/_spark_metadata", fs)
        return [json.loads(fs.read_bytes(f"/out/{batch_id}")) for batch_id in log.list_batch_ids()]

    def told(self, batches: Sequence[list[list[Any]]]) -> list[list[Any]]:
        """What has been told by all batches together: of update mode the last row of each key."""
        if self.made.mode == "complete":
            return batches[-1] if batches else []
        rows = [row for batch in batches for row in batch]
        if self.made.mode == "update" and self.made.key_columns:
            last = {json.dumps(plain(row[: self.made.key_columns])): row for row in rows}
            return list(last.values())
        if self.made.mode == "update" and self.made.shape != "duplicates":
            return rows[-1:]
        return rows


def _uuids(start: int) -> Iterator[str]:
    number = start
    while True:
        number += 1
        yield f"00000000-0000-4000-8000-{number:012d}"


def plain(value: Any) -> Any:
    """A value for comparison: floating point without its last digits and without a sign of zero."""
    match value:
        case float() if abs(value) < _NOTHING:
            return 0.0
        case float():
            return float(f"{value:.9e}") if math.isfinite(value) else str(value)
        case list():
            return [plain(one) for one in value]
        case dict():
            return {key: plain(one) for key, one in value.items()}
    return value


def sorted_rows(rows: Sequence[list[Any]]) -> list[str]:
    """Rows in an order of their own."""
    return sorted(json.dumps(plain(row), sort_keys=True) for row in rows)
