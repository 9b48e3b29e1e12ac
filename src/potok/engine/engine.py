"""Running pipelines in DuckDB: the only module that imports duckdb."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import tempfile
import threading
import warnings
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.engine.pipeline import Input, OperatorStage, Pipeline, SqlStage, Stage
from potok.engine.planted import plant, planted_error
from potok.engine.rows import Rows, conform, conform_batch
from potok.engine.scan import Scan
from potok.engine.sql_types import quote_name, sql_type
from potok.errors import SparkError
from potok.types import arrow_schema, arrow_type

# A prepared statement can only be run through the DB-API; its result is small or wanted whole.
COPY_WARNING = "Arrow output on a DB-API result"

SMALL_INPUT_BYTES = 4 * 1024 * 1024
ROWS_PER_BATCH = 122_880

Bindings = Mapping[int, "pa.Table | pa.RecordBatchReader | Scan"]


def _accept_copies() -> None:
    """Nobody can do anything about DuckDB's warning, which would fail the batch where warnings are errors.

    Asked before each use: a test runner puts its own filters in place of the process's for each test.
    """
    first = warnings.filters[0] if warnings.filters else None
    if first is None or first[0] != "ignore" or first[1] is None or first[1].pattern != COPY_WARNING:
        warnings.filterwarnings("ignore", message=COPY_WARNING, category=UserWarning)


class Engine:
    """Two in-memory databases: one thread for small inputs, all cores for the others.

    A second thread costs a small statement more than it gives (1.0 ms against 1.9 ms).
    """

    def __init__(self, *, threads: int | None = None, temp_directory: Path | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._temp_directory = temp_directory or Path(tempfile.mkdtemp(prefix="potok-"))
        self._lock = threading.Lock()
        self._databases: dict[bool, duckdb.DuckDBPyConnection] = {}
        self._kernels: dict[bool, set[str]] = {True: set(), False: set()}
        self._closed = False

    def prepare(self, pipeline: Pipeline, time_zone: str = "UTC") -> Runner:
        """A runner of the pipeline for one thread at a time. Close it after use."""
        return Runner(self, pipeline, time_zone)

    def run(self, pipeline: Pipeline, now: datetime, time_zone: str = "UTC") -> Rows:
        """Run once. What the rows need lives as long as they do."""
        runner = self.prepare(pipeline, time_zone)
        try:
            rows = runner.run({}, now)
        except BaseException:
            runner.close()
            raise
        weakref.finalize(rows, runner.close)
        return rows

    def cursor(self, *, small: bool, time_zone: str) -> duckdb.DuckDBPyConnection:
        """A connection of its own to one of the databases."""
        with self._lock:
            if self._closed:
                raise SparkError("INTERNAL_ERROR", message="The session is stopped.")
            database = self._databases.get(small)
            if database is None:
                database = self._databases[small] = self._open(1 if small else self._threads)
            cursor = database.cursor()
        cursor.execute(f"SET TimeZone = '{_zone_name(time_zone).replace(chr(39), chr(39) * 2)}'")
        return cursor

    def register_kernels(self, kernels: Sequence[Kernel], *, small: bool) -> None:
        """Make vectorised Python functions callable from SQL, once per database.

        The database's own connection registers them: DuckDB's reference to a function lives only as long
        as the connection that made it.
        """
        with self._lock:
            for kernel in kernels:
                if kernel.name in self._kernels[small]:
                    continue
                self._databases[small].create_function(
                    kernel.name,
                    _kernel_entry(kernel),
                    [sql_type(t) for t in kernel.arguments],
                    sql_type(kernel.result),
                    type="arrow",
                    null_handling="special",
                )
                self._kernels[small].add(kernel.name)

    def close(self) -> None:
        """Close the databases and remove their temporary files."""
        with self._lock:
            self._closed = True
            for database in self._databases.values():
                database.close()
            self._databases.clear()
        shutil.rmtree(self._temp_directory, ignore_errors=True)

    def _open(self, threads: int) -> duckdb.DuckDBPyConnection:
        database = duckdb.connect(
            ":memory:",
            config={
                "threads": str(threads),
                "temp_directory": str(self._temp_directory),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        # Last: it locks the settings that name directories.
        database.execute("SET enable_external_access = false")
        return database


def _zone_name(time_zone: str) -> str:
    """A zone by DuckDB's name: offsets, which it knows in one form alone, in that form."""
    offset = _ZONE_OFFSET.fullmatch(time_zone)
    if offset is not None:
        return f"GMT{offset[1]}{int(offset[2]):02}:{int(offset[3] or 0):02}"
    return "UTC" if time_zone in {"Z", "UT"} else time_zone


def _kernel_entry(kernel: Kernel) -> Callable[..., pa.Array]:
    result = arrow_type_of(kernel)

    def entry(*arrays: pa.ChunkedArray) -> pa.Array:
        plain = [a.combine_chunks() if isinstance(a, pa.ChunkedArray) else a for a in arrays]
        try:
            value = kernel.compute(*plain)
        except SparkError as error:
            raise ValueError(plant(error)) from error
        return value if value.type.equals(result) else value.cast(result)

    # The engine reads the number of parameters from the signature.
    names = ", ".join(f"a{i}" for i in range(len(kernel.arguments)))
    made: Callable[..., pa.Array] = eval(f"lambda {names}: entry({names})", {"entry": entry})  # noqa: S307 - our own text
    return made


def arrow_type_of(kernel: Kernel) -> pa.DataType:
    """The Arrow type of a kernel's result."""
    return arrow_type(kernel.result)


_ZONE_OFFSET = re.compile(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{1,2}))?(?::?\d\d)?")
_view_numbers = itertools.count(1)


class _Slot:
    """A stand-in table: SQL is prepared over it once, the rows behind it change with every batch."""

    def __init__(self, schema: pa.Schema) -> None:
        # DuckDB knows no table without columns.
        self.schema = schema if schema.names else pa.schema([pa.field("c0", pa.int8())])
        self._has_columns = bool(schema.names)
        self.rows: pa.Table | pa.RecordBatchReader | None = None
        self.num_rows = 0

    def fill(self, rows: pa.Table | pa.RecordBatchReader) -> None:
        self.num_rows = 0
        if not self._has_columns and isinstance(rows, pa.Table):
            rows = pa.table({"c0": pa.nulls(rows.num_rows, pa.int8())})
        if isinstance(rows, pa.Table):
            self.num_rows = rows.num_rows
            self.rows = conform(rows, self.schema)
        else:
            self.rows = pa.RecordBatchReader.from_batches(self.schema, self._counted(rows))

    def whole(self) -> pa.Table:
        """All rows; a stream is read to its end."""
        if isinstance(self.rows, pa.RecordBatchReader):
            self.rows = self.rows.read_all()
        table = self.rows if self.rows is not None else self.schema.empty_table()
        return table if self._has_columns else table.select([])

    def _counted(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        for batch in reader:
            self.num_rows += batch.num_rows
            yield conform_batch(batch, self.schema)

    def __arrow_c_schema__(self) -> Any:  # noqa: ANN401 - a capsule
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:  # noqa: ANN401 - a capsule
        rows = self.rows if self.rows is not None else self.schema.empty_table()
        return rows.__arrow_c_stream__(requested_schema)


class _Place:
    """One database's cursor with the views and prepared statements of a runner."""

    def __init__(self, engine: Engine, pipeline: Pipeline, time_zone: str, *, small: bool) -> None:
        self.cursor = engine.cursor(small=small, time_zone=time_zone)
        self._engine = engine
        self._small = small
        self._prepared: set[str] = set()
        self._views: dict[str, str] = {}
        self.slots: dict[str, _Slot] = {}
        for item in (*pipeline.inputs, *pipeline.stages):
            slot = self.slots[item.name] = _Slot(arrow_schema(item.schema))
            view = f"potok_{next(_view_numbers)}"
            self._views[item.name] = view
            if any(item.name in stage.inputs for stage in pipeline.stages if isinstance(stage, SqlStage)):
                self.cursor.register(view, slot)
        for stage in pipeline.stages:
            if isinstance(stage, SqlStage) and stage.kernels:
                engine.register_kernels(stage.kernels, small=small)

    def sql(self, stage: SqlStage) -> str:
        """The stage's text over this place's views."""
        text = stage.sql
        for name in stage.inputs:
            text = text.replace(f'"{name}"', self._views[name])
        return text

    def execute_prepared(self, stage: SqlStage, now: datetime) -> pa.Table:
        """Run a statement that was prepared on its first run."""
        name = quote_name(stage.name)
        if name not in self._prepared:
            self.cursor.execute(f"PREPARE {name} AS {self.sql(stage)}")
            self._prepared.add(name)
        argument = f"(now := TIMESTAMPTZ '{now.isoformat()}')" if stage.uses_now else ""
        result = self.cursor.execute(f"EXECUTE {name}{argument}")
        _accept_copies()
        return result.to_arrow_table()

    def relation(self, stage: SqlStage, now: datetime) -> duckdb.DuckDBPyRelation:
        """The stage as a lazy relation."""
        return self.cursor.sql(self.sql(stage), params={"now": now} if stage.uses_now else None)

    def close(self) -> None:
        for name, view in self._views.items():
            self.slots[name].rows = None
            with contextlib.suppress(duckdb.Error):
                self.cursor.unregister(view)
        self.cursor.close()


class Runner:
    """A pipeline with its prepared statements. One thread at a time; `interrupt` from any."""

    def __init__(self, engine: Engine, pipeline: Pipeline, time_zone: str) -> None:
        self.pipeline = pipeline
        self._engine = engine
        self._time_zone = time_zone
        self._places: dict[bool, _Place] = {}
        self._running: _Place | None = None
        self._is_interrupted = False
        readers = Counter(name for stage in pipeline.stages for name in stage.inputs)
        self._read_twice = [i.name for i in pipeline.inputs if readers[i.name] > 1]

    def run(self, bindings: Bindings, now: datetime, *, repeated: bool = False) -> Rows:
        """Run every stage but the last; the last runs when the rows are taken.

        `bindings` gives the rows of streaming inputs by source key. `repeated` says that the same
        pipeline will run again, so that its statements are worth preparing. Raises SparkError.
        """
        with engine_errors():
            rows = {i.name: _open(i, bindings) for i in self.pipeline.inputs}
            for name in self._read_twice:
                stream = rows[name]
                if isinstance(stream, pa.RecordBatchReader):
                    rows[name] = stream.read_all()
            small = all(isinstance(r, pa.Table) for r in rows.values()) and (
                sum(r.nbytes for r in rows.values() if isinstance(r, pa.Table)) < SMALL_INPUT_BYTES
            )
            place = self._place(small=small)
            for name, value in rows.items():
                place.slots[name].fill(value)
            *before, last = self.pipeline.stages
            for stage in before:
                place.slots[stage.name].fill(self._stage_table(place, stage, now, repeated=repeated))
        return Rows(
            self.pipeline.schema,
            partial(self._take_table, place, last, now, repeated=repeated and small),
            partial(self._take_reader, place, last, now, repeated=repeated and small),
            lambda: {i.name: place.slots[i.name].num_rows for i in self.pipeline.inputs},
            {o.name: _one_row(place.slots[o.stage], o.schema.names) for o in self.pipeline.observations},
        )

    def interrupt(self) -> None:
        """Make the statement that is running fail soon, and those that would follow."""
        self._is_interrupted = True
        place = self._running
        if place is not None:
            place.cursor.interrupt()

    def close(self) -> None:
        """Drop views and prepared statements."""
        for place in self._places.values():
            place.close()
        self._places.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _place(self, *, small: bool) -> _Place:
        place = self._places.get(small)
        if place is None:
            place = self._places[small] = _Place(self._engine, self.pipeline, self._time_zone, small=small)
        return place

    def _stage_table(self, place: _Place, stage: Stage, now: datetime, *, repeated: bool) -> pa.Table:
        if isinstance(stage, OperatorStage):
            tables = [place.slots[name].whole() for name in stage.inputs]
            return stage.operator.run(tables)
        with self._interruptible(place):
            if repeated:
                return place.execute_prepared(stage, now)
            return place.relation(stage, now).to_arrow_table()

    def _take_table(self, place: _Place, stage: Stage, now: datetime, *, repeated: bool) -> pa.Table:
        with engine_errors():
            return self._stage_table(place, stage, now, repeated=repeated)

    def _take_reader(
        self, place: _Place, stage: Stage, now: datetime, *, repeated: bool
    ) -> pa.RecordBatchReader:
        with engine_errors():
            if repeated or isinstance(stage, OperatorStage):
                return self._stage_table(place, stage, now, repeated=repeated).to_reader()
            # Everything below an aggregation or a sort runs in here.
            with self._interruptible(place):
                reader = place.relation(stage, now).to_arrow_reader(ROWS_PER_BATCH)
        return pa.RecordBatchReader.from_batches(reader.schema, self._guarded(place, reader))

    def _guarded(self, place: _Place, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        with self._interruptible(place), engine_errors():
            yield from reader

    @contextlib.contextmanager
    def _interruptible(self, place: _Place) -> Iterator[None]:
        self._running = place
        try:
            if self._is_interrupted:
                raise SparkError("OPERATION_CANCELED", operationId="")
            yield
        finally:
            self._running = None


def _open(item: Input, bindings: Bindings) -> pa.Table | pa.RecordBatchReader:
    source = bindings[item.source] if isinstance(item.source, int) else item.source
    if isinstance(source, pa.Table | pa.RecordBatchReader):
        return source
    return source.read(item.columns)


def _one_row(slot: _Slot, names: Sequence[str]) -> dict[str, object]:
    """The values of a table of one row under their own names, not the stage's."""
    row = slot.whole().to_pylist()[0]
    return dict(zip(names, row.values(), strict=True))


@contextlib.contextmanager
def engine_errors() -> Iterator[None]:
    """Turn what DuckDB raises into what Spark raises."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise SparkError("OPERATION_CANCELED", operationId="") from error
    except duckdb.OutOfMemoryException as error:
        raise SparkError("UNABLE_TO_ACQUIRE_MEMORY", message=str(error)) from error
    except duckdb.Error as error:
        if str(error).startswith("Invalid Input Error: More than one row returned by a subquery"):
            raise SparkError("SCALAR_SUBQUERY_TOO_MANY_ROWS") from error
        raise planted_error(str(error)) or SparkError("INTERNAL_ERROR", message=str(error)) from error
    except (pa.ArrowException, OSError) as error:
        planted = planted_error(str(error))
        if planted is None:
            raise
        raise planted from error
