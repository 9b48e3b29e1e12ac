"""`foreach`: each row goes to a function or a writer object of the user's.

The client wraps both into one function of (partition id, iterator of rows), which calls `open`,
`process` and `close`; there is one partition per batch here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from potok.connectors.base import Rows, SinkContext
from potok.connectors.provider import BaseProvider
from potok.engine import python_values
from potok.errors import unsupported
from potok.plan.commands import WriteStream
from potok.plan.logical import LogicalPlan
from potok.types import StructType

PartitionFunction = Callable[[int, Iterator[Any]], Any]
_BATCH_ID_PROPERTY = "streaming.sql.batchId"


class ForeachSink:
    """Runs the client's function over the rows of each batch; a repeated batch is processed again, as in Spark."""

    # Spark's name goes on with the addresses of two objects.
    description = "ForeachWriterTable(org.apache.spark.sql.execution.python.streaming.PythonForeachWriter)"

    def __init__(self, function: PartitionFunction, schema: StructType) -> None:
        self._function = function
        self._schema = schema

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        """See Sink."""

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        """See Sink."""
        return plan

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:  # noqa: ARG002 - Sink
        """See Sink. What the user's code raises becomes PYTHON_EXCEPTION."""
        counted = _Counted(rows, self._schema)
        with _task_context(batch_id), python_values.user_code():
            self._function(0, iter(counted))
        return counted.total()

    def stop(self) -> None:
        """See Sink."""


class ForeachProvider(BaseProvider):
    """Only a sink, made of `WriteStream.foreach_writer`."""

    name = "foreach"

    def sink(self, write: WriteStream, schema: StructType, context: SinkContext) -> ForeachSink:  # noqa: ARG002 - Provider
        """See Provider."""
        if write.foreach_writer is None:
            raise unsupported("the sink 'foreach' by name", "Use writeStream.foreach(..).")
        return ForeachSink(python_values.load(write.foreach_writer.payload), schema)


class _Counted:
    """Rows as pyspark's Row, counted as they go."""

    def __init__(self, rows: Rows, schema: StructType) -> None:
        self._rows = rows
        self._schema = schema
        self.count = 0
        self._reader: Iterator[pa.RecordBatch] | None = None

    def total(self) -> int:
        """All rows, also those that the function has not asked for: Spark counts what it sends."""
        for _ in self._batches():
            pass
        return self.count

    def _batches(self) -> Iterator[pa.RecordBatch]:
        if self._reader is None:
            self._reader = iter(self._rows.to_reader())
        for batch in self._reader:
            self.count += batch.num_rows
            yield batch

    def __iter__(self) -> Iterator[Any]:
        from pyspark.sql.types import _create_row

        names = list(self._schema.names)
        types = [field.data_type for field in self._schema.fields]
        for batch in self._batches():
            columns = [
                python_values.to_python(pa.chunked_array([column]), data_type)
                for column, data_type in zip(batch.columns, types, strict=True)
            ]
            for values in zip(*columns, strict=True):
                yield _create_row(names, values)


class _task_context:  # noqa: N801 - used as a function
    """Makes the batch id known to the client's function, which asks pyspark's TaskContext for it."""

    def __init__(self, batch_id: int) -> None:
        self._batch_id = batch_id

    def __enter__(self) -> None:
        from pyspark.taskcontext import TaskContext

        context = TaskContext._getOrCreate()  # noqa: SLF001 - what Spark's Python worker does
        context._localProperties = {_BATCH_ID_PROPERTY: str(self._batch_id)}  # noqa: SLF001 - as above

    def __exit__(self, *_: object) -> None:
        from pyspark.taskcontext import TaskContext

        TaskContext._setTaskContext(None)  # noqa: SLF001 - as above
