"""What every stateful operator is and has."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from potok.checkpoint.files import FileSystem
from potok.checkpoint.state.files import DEFAULT_STORE, StoreFiles
from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.maintenance import Retention
from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.store import StateStore
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.functions.hashing import murmur3
from potok.plan.logical import LogicalPlan
from potok.types import StructType, struct_as_nullable

MICROS_PER_MS = 1000
# An operator without a watermark above it.
NO_WATERMARK_MS = -1


@dataclass(frozen=True)
class StateContext:
    """What operators are made with.

    `version` is the one to load: that of the next batch. `conf` is what the offset log holds of the
    session, `time_zone` the session's. `state_root` is the checkpoint's directory `state`. A user's function
    gets at most `rows_per_batch` rows at a time. `checks_schemas` is Spark's setting stateSchemaCheck.
    `prepare` makes a function of a table from a plan over the one stream 0.
    """

    file_system: FileSystem
    state_root: str
    durable: bool
    partitions: int
    output_mode: str
    version: int
    conf: Mapping[str, str]
    time_zone: str = "UTC"
    rows_per_batch: int = 10_000
    checks_schemas: bool = True
    retention: Retention = field(default_factory=Retention)
    memory_limit_bytes: int = sys.maxsize
    merges_sessions_locally: bool = False
    prepare: Callable[[LogicalPlan], Callable[[pa.Table], pa.Table]] | None = None

    def stored(self, schema: StructType) -> StructType:
        """A schema as Spark stores it: every column may be NULL, but in checkpoints of old versions."""
        always = self.conf.get("spark.sql.streaming.statefulOperator.alwaysNullableOutput.enabled")
        return struct_as_nullable(schema) if always == "true" else schema


@dataclass(frozen=True, slots=True)
class StateBatch:
    """One batch as an operator sees it, times in ms since 1970 UTC.

    Rows at or before `late_ms` are late; what is at or before `watermark_ms` may be forgotten. `now_ms`
    is the time of the batch.
    """

    batch_id: int = 0
    late_ms: int = 0
    watermark_ms: int = 0
    now_ms: int = 0


@dataclass(slots=True)
class Counts:
    """What an operator has done in a batch, for the progress. Times in ns."""

    updated: int = 0
    removed: int = 0
    dropped_by_watermark: int = 0
    updates_ns: int = 0
    removals_ns: int = 0
    commit_ns: int = 0
    custom: dict[str, int] = field(default_factory=dict)


class TypedStore:
    """A state store over Arrow columns.

    `partition_by` are the positions of the key columns whose hash chooses the partition, all by default. Without
    any, all rows are in the first partition, and there is no other, as in Spark.
    """

    def __init__(
        self,
        context: StateContext,
        operator_id: int,
        key_schema: StructType,
        value_schema: StructType,
        *,
        name: str = DEFAULT_STORE,
        partition_by: Sequence[int] | None = None,
        prefix_columns: int = 0,
    ) -> None:
        self.name = name
        self.key_schema, self.value_schema = key_schema, value_schema
        self.prefix_columns = prefix_columns
        self._partition_by = range(len(key_schema.fields)) if partition_by is None else partition_by
        self.keys, self.values = UnsafeRowCodec(key_schema), UnsafeRowCodec(value_schema)
        files = StoreFiles(
            context.file_system,
            context.state_root,
            operator_id,
            name,
            context.partitions if len(self._partition_by) else 1,
            context.durable,
            self.keys.width,
            self.values.width,
            self._partition_of,
            repairs=True,
        )
        self.store = StateStore(files, self._partition_of)

    def __len__(self) -> int:
        return len(self.store.table)

    def encode_keys(self, columns: Sequence[pa.Array], size: int) -> UnsafeRows:
        """Key rows of columns of `size` values; there may be no column."""
        return self.keys.encode(columns) if columns else _without_columns(size)

    def encode_values(self, columns: Sequence[pa.Array], size: int) -> UnsafeRows:
        """Value rows of columns of `size` values; there may be no column."""
        return self.values.encode(columns) if columns else _without_columns(size)

    def _partition_of(self, keys: UnsafeRows) -> Longs:
        columns = self.keys.decode(keys)
        chosen = [columns[i] for i in self._partition_by]
        types = [self.key_schema.fields[i].data_type for i in self._partition_by]
        if not chosen:
            return np.zeros(len(keys), np.int64)
        return murmur3(chosen, types).astype(np.int64) % self.store.files.partitions


def _without_columns(size: int) -> UnsafeRows:
    return UnsafeRows.of_matrix(np.zeros((size, 0), np.int64))


class StatefulOperator(ABC):
    """An operator that reads state of the batches before and writes that of this one.

    `name` is Spark's, as in progress and metadata. `operator_id` is its number in the plan from the top.
    """

    name: str

    def __init__(self, operator_id: int, context: StateContext) -> None:
        self.operator_id = operator_id
        self.context = context
        self.batch = StateBatch()
        self.counts = Counts()

    @property
    @abstractmethod
    def stores(self) -> Sequence[TypedStore]:
        """Its state stores, in Spark's order."""

    @property
    def rows_total(self) -> int:
        """`numRowsTotal` of the progress."""
        return sum(len(store) for store in self.stores)

    @property
    def memory_bytes(self) -> int:
        """Bytes of memory that the state takes."""
        return sum(store.store.table.nbytes for store in self.stores)

    @property
    def metrics(self) -> Mapping[str, int]:
        """The state store's own part of `customMetrics`, as far as it means something here."""
        return {"stateOnCurrentVersionSizeBytes": self.memory_bytes}

    def loaded(self) -> None:  # noqa: B027 - most operators have nothing to do then
        """Called once, when the stores have been loaded."""

    def begin(self, batch: StateBatch) -> None:
        """A batch begins."""
        self.batch = batch
        self.counts = Counts()

    @property
    def gives_watermark(self) -> bool:
        """Whether anything is known of the event times of what it emits."""
        return True

    def output_watermark_ms(self, input_ms: int) -> int:
        """Up to where the operator has emitted everything, given the watermark of its input."""
        return input_ms

    def needs_another_batch(self, input_ms: int) -> bool:
        """Whether a batch without data would change something at this watermark of the input."""
        return self.context.output_mode != "complete" and input_ms > self.batch.watermark_ms

    def wakes_at_ms(self) -> int | None:
        """When a batch without data would change something by the clock alone; None for never.

        Asked after a batch. Spark runs batches without data one after the other where an operator goes by the clock.
        """
        return None


def column_arrays(table: pa.Table) -> list[pa.Array]:
    """The columns of a table, each in one piece."""
    return [
        column.chunk(0) if column.num_chunks == 1 else column.combine_chunks() for column in table.columns
    ]


def micros(column: pa.Array) -> Longs:
    """The microseconds since 1970 of event times; of windows, those of their ends. NULL counts as 1970."""
    if pa.types.is_struct(column.type):
        column = column.flatten()[1]
    return np.asarray(column.view(pa.int64()).fill_null(0))


def rows_table(columns: Sequence[pa.Array]) -> pa.Table:
    """A table whose columns count by position only. At least one column."""
    return pa.Table.from_arrays(list(columns), names=[str(i) for i in range(len(columns))])
