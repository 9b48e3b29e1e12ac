"""`memory`: the result as a table of the session."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pyarrow as pa

from potok.connectors.base import Rows, SinkContext
from potok.connectors.provider import BaseProvider
from potok.plan.commands import WriteStream
from potok.plan.logical import LogicalPlan
from potok.types import StructType, arrow_schema, with_distinct_names


class MemoryTable:
    """Rows of a memory sink, readable at any time from any thread (a Scan). Batch ids never repeat in it.

    A scan is asked for columns by name, and a query may have several of one name: where `shown_names`, the query's own,
    repeat, the scan's names are numbered.
    """

    def __init__(self, schema: StructType) -> None:
        self.shown_names = tuple(schema.names)
        self._schema = with_distinct_names(schema)
        self._lock = threading.Lock()
        self._batches: list[tuple[int, pa.Table]] = []

    @property
    def schema(self) -> StructType:
        """See Scan."""
        return self._schema

    def read(self, columns: Sequence[str]) -> pa.Table:
        """See Scan."""
        with self._lock:
            tables = [table for _, table in self._batches]
        whole = pa.concat_tables([arrow_schema(self._schema).empty_table(), *tables])
        names = self._schema.names
        return whole.select([names.index(column) for column in columns])

    def input_files(self) -> list[str]:
        """See Scan."""
        return []

    def append(self, batch_id: int, table: pa.Table) -> None:
        """Add a batch, unless the table has it."""
        with self._lock:
            if not self._batches or batch_id > self._batches[-1][0]:
                self._batches.append((batch_id, self._named(table)))

    def replace(self, batch_id: int, table: pa.Table) -> None:
        """Have this batch only, unless the table has it."""
        with self._lock:
            if not self._batches or batch_id > self._batches[-1][0]:
                self._batches = [(batch_id, self._named(table))]

    def _named(self, table: pa.Table) -> pa.Table:
        return table.rename_columns(self._schema.names)


class MemorySink:
    """Appends in append and update mode, replaces in complete mode.

    Source of fact: org.apache.spark.sql.execution.streaming.sources.MemorySink.
    """

    description = "MemorySink"

    def __init__(self, schema: StructType) -> None:
        self.table = MemoryTable(schema)

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        """See Sink."""

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        """See Sink."""
        return plan

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:
        """See Sink."""
        table = rows.to_table()
        if output_mode == "complete":
            self.table.replace(batch_id, table)
        else:
            self.table.append(batch_id, table)
        count: int = table.num_rows
        return count

    def stop(self) -> None:
        """See Sink. The table stays."""


class MemoryProvider(BaseProvider):
    """Only a sink; the session shows its table under the query's name."""

    name = "memory"

    def sink(self, write: WriteStream, schema: StructType, context: SinkContext) -> MemorySink:  # noqa: ARG002 - Provider
        """See Provider."""
        return MemorySink(schema)
