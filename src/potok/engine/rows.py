"""Arrow values in the shape that the rest of the engine relies on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from potok.types import StructType, arrow_schema


@dataclass
class Rows:
    """The result of a pipeline. It can be taken once, as a table or as a stream.

    Columns are named and typed by `schema` (names may repeat). `observed` holds one row of values
    by observation name; it is filled when the pipeline ran, before the rows are taken.
    """

    schema: StructType
    take_table: Callable[[], pa.Table]
    take_reader: Callable[[], pa.RecordBatchReader]
    input_rows: Callable[[], dict[str, int]]
    observed: dict[str, dict[str, object]] = field(default_factory=dict)

    def to_table(self) -> pa.Table:
        """All rows, Arrow types as `types.arrow_type`."""
        return conform(self.take_table(), arrow_schema(self.schema))

    def to_reader(self) -> pa.RecordBatchReader:
        """The rows as a stream that does not hold them all."""
        schema = arrow_schema(self.schema)
        reader = self.take_reader()

        def batches() -> Iterator[pa.RecordBatch]:
            rows = self  # what the stream reads lives as long as the rows
            for batch in reader:
                yield conform_batch(batch, arrow_schema(rows.schema))

        return pa.RecordBatchReader.from_batches(schema, batches())


def rows_of_table(table: pa.Table, schema: StructType) -> Rows:
    """Rows that are there already."""
    return Rows(schema, lambda: table, table.to_reader, dict)


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns by position under the schema's names and types (casts cost nothing where equal)."""
    if table.schema.equals(schema):
        return table
    if not schema.names:
        return table.select([])
    columns = [_cast(column, f.type) for column, f in zip(table.columns, schema, strict=True)]
    return pa.Table.from_arrays(columns, schema=schema)


def conform_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The columns by position under the schema's names and types."""
    if batch.schema.equals(schema):
        return batch
    if not schema.names:
        return batch.select([])
    columns = [_cast(column, f.type) for column, f in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _cast(column: pa.Array | pa.ChunkedArray, data_type: pa.DataType) -> pa.Array | pa.ChunkedArray:
    return column if column.type.equals(data_type) else column.cast(data_type)
