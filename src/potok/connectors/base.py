"""What the rest of the engine may ask of a connector, and what a connector may ask of it.

A `Provider` stands for one format name (`csv`, `socket`, ...) and makes the other things: the
relation that `spark.read` or `spark.readStream` denotes, a started `Source`, a `Sink`, a batch
write. A provider that lacks one of them raises SparkError, as Spark does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from potok.checkpoint.files import FileSystem, LocalFileSystem
from potok.engine.scan import Scan
from potok.plan.commands import WriteBatch, WriteStream
from potok.plan.logical import LogicalPlan, StreamingRelation
from potok.plan.unresolved import UnresolvedDataSource
from potok.types import StructType

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Provider",
    "ReadAll",
    "ReadContext",
    "ReadLimit",
    "ReadMaxBytes",
    "ReadMaxFiles",
    "ReadMaxRows",
    "ReportsMetrics",
    "Rows",
    "Scan",
    "Sink",
    "SinkContext",
    "Source",
    "SourceContext",
    "SourceStopped",
]


@dataclass(frozen=True, slots=True)
class ReadAll:
    """Everything that is there."""


@dataclass(frozen=True, slots=True)
class ReadMaxFiles:
    """At most `files` new files, at least one if there is any."""

    files: int


@dataclass(frozen=True, slots=True)
class ReadMaxBytes:
    """New files up to `size_bytes` together, at least one if there is any."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class ReadMaxRows:
    """At most `rows` rows."""

    rows: int


ReadLimit = ReadAll | ReadMaxFiles | ReadMaxBytes | ReadMaxRows


class Rows(Protocol):
    """A result, column order and Arrow types as `schema` (`types.arrow_type`).

    It may be read once, by one of the two methods. Raises SparkError when the rows are computed,
    which may be as late as here.
    """

    @property
    def schema(self) -> StructType:
        """Names and types of the columns; names may repeat."""
        ...

    def to_table(self) -> pa.Table:
        """All rows in memory."""
        ...

    def to_reader(self) -> pa.RecordBatchReader:
        """The rows in bounded pieces, for outputs that do not fit in memory."""
        ...


@dataclass(frozen=True)
class ReadContext:
    """What a relation may depend on besides its options.

    `conf` gives the effective text of a Spark configuration key, None for an unknown one.
    """

    conf: Callable[[str], str | None] = field(default=lambda _: None)
    working_directory: str = ""


@dataclass(frozen=True)
class SourceContext(ReadContext):
    """What a started source works with.

    `log_directory` is the source's own place in the checkpoint (`sources/<i>`, absolute; it need
    not exist). `durable` tells whether writes are synced. `now_ms` is the clock, UTC since 1970. A source
    that waits for somebody else asks `is_stopping` and raises SourceStopped.
    """

    log_directory: str = ""
    file_system: FileSystem = field(default_factory=LocalFileSystem)
    durable: bool = True
    now_ms: Callable[[], int] = field(default=lambda: 0)
    query_id: str = ""
    run_id: str = ""
    is_stopping: Callable[[], bool] = field(default=lambda: False)


class SourceStopped(Exception):  # noqa: N818 - no error
    """The query is to end, and a source has given up waiting."""


@dataclass(frozen=True)
class SinkContext(ReadContext):
    """What a sink works with; fields as in SourceContext. `checkpoint_root` is the query's checkpoint."""

    checkpoint_root: str = ""
    file_system: FileSystem = field(default_factory=LocalFileSystem)
    durable: bool = True
    now_ms: Callable[[], int] = field(default=lambda: 0)
    query_id: str = ""
    run_id: str = ""
    query_name: str | None = None


class Source(Protocol):
    """One started streaming source. Used by one thread at a time.

    Offsets are JSON texts exactly as Spark's offset log holds them; only the source looks inside.
    """

    @property
    def description(self) -> str:
        """As progress and errors name it: `FileStreamSource[file:/in]`."""
        ...

    @property
    def default_read_limit(self) -> ReadLimit:
        """The limit that its options ask for; the loop passes ReadAll instead for Trigger.Once."""
        ...

    def initial_offset(self) -> str | None:
        """Where a query without a checkpoint starts; None means before everything (`-` in the log)."""
        ...

    def latest_offset(self, start: str | None, limit: ReadLimit) -> str | None:
        """The end of the next batch that starts after `start`; None while there has never been data.

        Equal to `start` when nothing is new. The caller writes the offset log next, so whatever
        the source needs to find (start, result] again is durable when this returns. `start` never
        decreases between calls. It must be cheap when nothing is new.
        """
        ...

    def report_latest_offset(self) -> str | None:
        """The newest offset known regardless of limits, for progress; None where Spark reports null."""
        ...

    def prepare_available_now(self) -> None:
        """Fix the horizon: later data is not seen by `latest_offset` any more (Trigger.AvailableNow)."""
        ...

    def scan(self, start: str | None, end: str) -> Scan:
        """The rows of (start, end]. Asked again for the same range, also by another process, it finds the same."""
        ...

    def commit(self, end: str) -> None:
        """Everything up to `end` (inclusive) is done downstream and will not be asked for again."""
        ...

    def wait_descriptor(self) -> int | None:
        """A file descriptor that polls readable when `latest_offset` may have something new.

        The loop puts it into `select.poll()` together with its own wake-up pipe and never reads
        from it; `latest_offset` drains it. None where the source can only be asked again. It stays
        the same until `stop`.
        """
        ...

    def poll_interval_s(self) -> float:
        """How long the loop may sleep before it asks `latest_offset` again, silent descriptor or not.

        Asked before each wait: a source whose looking is expensive answers with a longer time, so
        that an idle query stays below one percent of a core.
        """
        ...

    def stop(self) -> None:
        """Let go of threads and descriptors. May be called more than once."""
        ...


@runtime_checkable
class ReportsMetrics(Protocol):
    """What a Source may have besides (Spark's ReportsSourceMetrics)."""

    def metrics(self, end: str | None) -> Mapping[str, str]:
        """What progress shows under `metrics` when everything up to `end` has been read."""
        ...


class Sink(Protocol):
    """Where the batches of one query go. Used by one thread at a time."""

    @property
    def description(self) -> str:
        """As progress names it: `FileSink[file:/out]`."""
        ...

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        """Called once per run before the first batch.

        `is_replay` tells that batch `next_batch_id` is already in the offset log (it was begun and
        perhaps written, but not committed). Raises SparkError when what the sink holds cannot
        belong to this checkpoint.
        """
        ...

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        """The query with what the sink wants done in the same statement; `plan` itself for most.

        Called once per run, before `begin`. Checks the columns' types: raises SparkError.
        """
        ...

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:
        """Take the rows of a batch; afterwards they are durable as far as the sink promises it.

        A batch id that the sink has taken before changes nothing (file sinks) or is delivered
        again (console, foreachBatch). `output_mode` is append, update or complete. Returns the
        number of rows written, -1 where Spark does not count them (file sinks, foreachBatch).
        """
        ...

    def stop(self) -> None:
        """The query has ended. May be called more than once."""
        ...


class Provider(Protocol):
    """One format, under its name of `registry.py`."""

    def relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:
        """What `spark.read.format(..).load(..)` denotes, resolved; reads metadata and infers the schema."""
        ...

    def streaming_relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:
        """What `spark.readStream.format(..).load(..)` denotes: one StreamingRelation, resolved."""
        ...

    def source(self, relation: StreamingRelation, context: SourceContext) -> Source:
        """A started source for the relation. Bad options are reported here, at the query's start."""
        ...

    def sink(self, write: WriteStream, schema: StructType, context: SinkContext) -> Sink:
        """A sink for a query with this result schema. Bad options are reported here."""
        ...

    def write(self, write: WriteBatch, rows: Rows, context: ReadContext) -> None:
        """`df.write`: complete or not there at all when it returns or raises."""
        ...

    def check_output_mode(self, output_mode: str) -> None:
        """Raises STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE for a mode that the sink cannot take."""
        ...
