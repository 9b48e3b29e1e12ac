# ruff: noqa: PTH119 - paths are texts here: a source sees millions of them
"""Rows of a list of files, with partition columns and `_metadata`."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from potok.connectors.file_format import PLACEHOLDER, FileReader
from potok.connectors.file_index import PartitionedFile
from potok.errors import SparkError
from potok.functions.text_values import to_array
from potok.types import LONG, STRING, TIMESTAMP, StructField, StructType, arrow_type

_log = logging.getLogger(__name__)
METADATA_COLUMN = "_metadata"
METADATA_TYPE = StructType(
    (
        StructField("file_path", STRING, nullable=False),
        StructField("file_name", STRING, nullable=False),
        StructField("file_size", LONG, nullable=False),
        StructField("file_block_start", LONG, nullable=False),
        StructField("file_block_length", LONG, nullable=False),
        StructField("file_modification_time", TIMESTAMP, nullable=False),
    )
)
_SMALL_BYTES = 1 << 21


@dataclass(frozen=True)
class MissingFiles:
    """What a file that is gone, or one that cannot be read, means: an error, or no rows and a warning."""

    ignore_missing: bool = False
    ignore_corrupt: bool = False


class FileScan:
    """Implements plan.logical.Scan. Files are read largest first, as Spark packs them into a task."""

    def __init__(
        self,
        data_schema: StructType,
        partition_schema: StructType,
        files: Sequence[PartitionedFile],
        reader: FileReader,
        missing: MissingFiles,
    ) -> None:
        self._data_names = frozenset(data_schema.names)
        self._partition_names = partition_schema.names
        self._partition_fields = partition_schema.fields
        self.schema = merged_schema(data_schema, partition_schema)
        self._types = {f.name: arrow_type(f.data_type) for f in self.schema.fields}
        self._types[METADATA_COLUMN] = arrow_type(METADATA_TYPE)
        self._files = sorted(files, key=lambda f: -f.file.size_bytes)
        self._reader = reader
        self._missing = missing

    def read(self, columns: Sequence[str]) -> pa.Table | pa.RecordBatchReader:
        """See Scan."""
        schema = pa.schema([pa.field(c, self._types[c]) for c in columns])
        batches = self._batches(columns, schema)
        if columns and sum(f.file.size_bytes for f in self._files) <= _SMALL_BYTES:
            return pa.Table.from_batches(list(batches), schema)
        return pa.RecordBatchReader.from_batches(schema if columns else _COUNT_SCHEMA, batches)

    def input_files(self) -> list[str]:
        """See Scan."""
        return [f.input.uri for f in self._files]

    def _batches(self, columns: Sequence[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        data_columns = [c for c in columns if c in self._data_names and c not in self._partition_names]
        plain = len(data_columns) == len(columns)
        for file in self._files:
            for batch in self._file_batches(file, data_columns):
                if plain:
                    yield batch
                elif batch.num_rows:
                    yield self._complete(batch, file, columns, schema)

    def _file_batches(self, file: PartitionedFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        source = file.input
        try:
            yield from self._reader.read(source, columns)
        except FileNotFoundError as error:
            if not self._missing.ignore_missing:
                raise SparkError("FAILED_READ_FILE.FILE_NOT_EXIST", path=source.uri) from error
            _log.warning("The file %s is gone before it was read: it is taken to be empty.", source.uri)
        except (OSError, EOFError, ValueError, pa.ArrowException) as error:
            if not self._missing.ignore_corrupt:
                raise SparkError("FAILED_READ_FILE.NO_HINT", path=source.uri) from error
            _log.warning("The rest of the damaged file %s is passed over: %s", source.uri, error)

    def _complete(
        self, batch: pa.RecordBatch, file: PartitionedFile, columns: Sequence[str], schema: pa.Schema
    ) -> pa.RecordBatch:
        rows = batch.num_rows
        arrays = []
        for name in columns:
            if name in self._partition_names:
                i = self._partition_names.index(name)
                constant = to_array([file.values[i]], self._partition_fields[i].data_type)
                arrays.append(pa.repeat(constant[0], rows))
            elif name == METADATA_COLUMN and name not in self._data_names:
                arrays.append(_metadata(file, rows))
            else:
                arrays.append(batch.column(name))
        return pa.record_batch(arrays, schema=schema)


_COUNT_SCHEMA = pa.schema([pa.field(PLACEHOLDER, pa.int32())])


def merged_schema(data: StructType, partitions: StructType) -> StructType:
    """The data columns, then the partition columns; a column that is both keeps its place and is the partition's."""
    by_name = {f.name.lower(): f for f in partitions.fields}
    overlapping = [by_name.get(f.name.lower(), f) for f in data.fields]
    names = {f.name.lower() for f in data.fields}
    return StructType((*overlapping, *(f for f in partitions.fields if f.name.lower() not in names)))


def _metadata(file: PartitionedFile, rows: int) -> pa.Array:
    uri = file.input.uri
    size = file.file.size_bytes
    one = pa.array(
        [
            {
                # As Hadoop writes a path, unlike a URI: one slash.
                "file_path": uri.replace("file:///", "file:/", 1),
                "file_name": os.path.basename(uri),
                "file_size": size,
                "file_block_start": 0,
                "file_block_length": size,
                "file_modification_time": file.file.modification_time_ms * 1000,
            }
        ],
        pa.struct(
            [
                pa.field(f.name, pa.int64() if f.data_type == TIMESTAMP else arrow_type(f.data_type))
                for f in METADATA_TYPE.fields
            ]
        ),
    )
    fields = [
        one.field(i).view(arrow_type(f.data_type)) if f.data_type == TIMESTAMP else one.field(i)
        for i, f in enumerate(METADATA_TYPE.fields)
    ]
    struct = pa.StructArray.from_arrays(fields, fields=list(arrow_type(METADATA_TYPE)))
    return struct.take(pa.repeat(0, rows))
