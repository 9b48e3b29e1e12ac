# ruff: noqa: PTH102, PTH105, PTH108, PTH112, PTH120, PTH123 - paths are texts here: a source sees millions of them
"""Rows into files of one directory: names, partition directories, files of bounded length.

Each file is written under a hidden name, synced and renamed: whoever sees a name sees all of it.
Source of facts: FileFormatWriter, FileFormatDataWriter, HadoopMapReduceCommitProtocol.getFilename.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from potok.connectors.file_format import FileFormat, FileWriter, FormatContext, WriteFormat
from potok.connectors.partitions import partition_directory
from potok.errors import SparkError
from potok.functions.value_texts import RenderOptions, render_column
from potok.plan.logical import Options
from potok.types import DataType, StructType, TimestampNTZType, TimestampType

_BUFFER_BYTES = 1 << 18
_MAX_OPEN_FILES = 256
_TIMESTAMP_TEXT = "yyyy-MM-dd HH:mm:ss.SSSSSS"


class WrittenFile(NamedTuple):
    """A file in place: absolute path, size in bytes, modification time in ms UTC."""

    path: str
    size_bytes: int
    modification_time_ms: int


@dataclass(frozen=True)
class WriteLayout:
    """How result rows become files. `partition_ordinals` are the columns that become directories."""

    schema: StructType
    partition_ordinals: tuple[int, ...]
    write_format: WriteFormat
    time_zone: str
    max_records_per_file: int

    @property
    def data_ordinals(self) -> tuple[int, ...]:
        """The columns inside the files."""
        return tuple(i for i in range(len(self.schema.fields)) if i not in self.partition_ordinals)


def layout_of(
    file_format: FileFormat,
    schema: StructType,
    partition_by: Sequence[str],
    options: Options,
    context: FormatContext,
) -> WriteLayout:
    """Raises SparkError for columns and options that the format refuses."""
    ordinals = partition_ordinals(schema, partition_by, context)
    data = StructType(tuple(f for i, f in enumerate(schema.fields) if i not in ordinals))
    for f in data.fields:
        if not file_format.supports(f.data_type):
            raise SparkError(
                "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                format=file_format.display_name,
                columnName=f"`{f.name}`",
                columnType=f'"{f.data_type.sql}"',
            )
    limit = options.get("maxRecordsPerFile", context.conf("spark.sql.files.maxRecordsPerFile") or "0")
    return WriteLayout(
        schema,
        ordinals,
        file_format.writer(data, options, context),
        options.get("timeZone", context.time_zone),
        int(limit),
    )


def partition_ordinals(
    schema: StructType, partition_by: Sequence[str], context: FormatContext
) -> tuple[int, ...]:
    """Where the partition columns are. Raises for unknown ones, and where no other column is left."""
    sensitive = context.flag("spark.sql.caseSensitive", default=False)

    def same(name: str) -> str:
        return name if sensitive else name.lower()

    ordinals = []
    keys = [same(name) for name in partition_by]
    for key in keys:
        if keys.count(key) > 1:
            raise SparkError("COLUMN_ALREADY_EXISTS", columnName=f"`{key}`")
    for name in partition_by:
        found = [i for i, f in enumerate(schema.fields) if same(f.name) == same(name)]
        if not found:
            raise SparkError(
                "_LEGACY_ERROR_TEMP_1196",
                colName=name,
                colNames=", ".join(f.name for f in schema.fields),
            )
        ordinals.append(found[0])
    if ordinals and len(set(ordinals)) == len(schema.fields):
        raise SparkError("ALL_PARTITION_COLUMNS_NOT_ALLOWED")
    return tuple(ordinals)


@dataclass
class _OpenFile:
    target: BinaryIO
    writer: FileWriter
    temporary: str
    path: str
    rows: int = 0


class FilesWriter:
    """Writes the rows of one batch below `root`.

    `new_unique` gives the unique part of the name of the n-th file of the batch (from 0).
    """

    def __init__(
        self, root: str, layout: WriteLayout, new_unique: Callable[[int], str], *, durable: bool
    ) -> None:
        self._root = root
        self._layout = layout
        self._new_unique = new_unique
        self._durable = durable
        self._count = 0
        self._open: dict[str, _OpenFile] = {}
        self._file_counts: dict[str, int] = {}
        self._written: list[WrittenFile] = []
        self._directories: set[str] = set()
        self.rows = 0

    def write_all(self, reader: pa.RecordBatchReader) -> list[WrittenFile]:
        """All rows, then `finish`. After an error nothing hidden is left; complete files may be."""
        try:
            for batch in reader:
                self._write(batch)
            return self._finish()
        except BaseException:
            self._abandon()
            raise

    @property
    def files_started(self) -> int:
        """The number of files so far."""
        return self._count

    def _write(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        if not batch.num_rows:
            return
        for directory, rows in self._partitioned(batch):
            self._append(directory, rows)

    def _partitioned(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
        layout = self._layout
        data = pa.RecordBatch.from_arrays(
            [batch.column(i) for i in layout.data_ordinals],
            names=[layout.schema.fields[i].name for i in layout.data_ordinals],
        )
        if not layout.partition_ordinals:
            yield "", data
            return
        names = [layout.schema.fields[i].name for i in layout.partition_ordinals]
        texts = [
            partition_column_texts(
                batch.column(i), layout.schema.fields[i].data_type, layout.time_zone
            ).to_pylist()
            for i in layout.partition_ordinals
        ]
        rows_of: dict[tuple[str | None, ...], list[int]] = {}
        for row, key in enumerate(zip(*texts, strict=True)):
            rows_of.setdefault(key, []).append(row)
        for key in sorted(rows_of, key=lambda k: tuple((t is not None, t or "") for t in k)):
            yield partition_directory(names, key), data.take(pa.array(rows_of[key]))

    def _append(self, directory: str, batch: pa.RecordBatch) -> None:
        limit = self._layout.max_records_per_file
        while batch.num_rows:
            file = self._open.get(directory)
            if file is not None and limit > 0 and file.rows >= limit:
                self._close(directory)
                file = None
            if file is None:
                file = self._start(directory)
            part = batch if limit <= 0 else batch.slice(0, limit - file.rows)
            file.writer.write(part)
            file.rows += part.num_rows
            batch = batch.slice(part.num_rows)

    def _start(self, directory: str) -> _OpenFile:
        if len(self._open) >= _MAX_OPEN_FILES:
            self._close(next(iter(self._open)))
        number = self._file_counts.get(directory, 0)
        self._file_counts[directory] = number + 1
        unique = self._new_unique(self._count)
        self._count += 1
        sign = "." if directory else "-"
        name = f"part-00000-{unique}{sign}c{number:03d}{self._layout.write_format.extension}"
        parent = posixpath.join(self._root, directory) if directory else self._root
        self._make_directory(parent)
        temporary = posixpath.join(parent, f".{name}.tmp")
        target = open(temporary, "wb", buffering=_BUFFER_BYTES)  # noqa: SIM115 - closed by _close
        file = _OpenFile(
            target, self._layout.write_format.open(target), temporary, posixpath.join(parent, name)
        )
        self._open[directory] = file
        return file

    def _make_directory(self, directory: str) -> None:
        if directory in self._directories:
            return
        missing = []
        current = directory
        while not os.path.isdir(current):
            missing.append(current)
            current = os.path.dirname(current)
        for made in reversed(missing):
            with contextlib.suppress(FileExistsError):
                os.mkdir(made)
            self._directories.add(os.path.dirname(made))
        self._directories.add(directory)

    def _close(self, directory: str) -> None:
        file = self._open.pop(directory)
        try:
            file.writer.close()
            file.target.flush()
            if self._durable:
                os.fsync(file.target.fileno())
            status = os.fstat(file.target.fileno())
        finally:
            file.target.close()
        os.replace(file.temporary, file.path)
        self._written.append(WrittenFile(file.path, status.st_size, status.st_mtime_ns // 1_000_000))

    def _finish(self) -> list[WrittenFile]:
        if not self._count and not self._layout.partition_ordinals:
            self._start("")
        for directory in list(self._open):
            self._close(directory)
        if self._durable:
            for directory in self._directories:
                _sync_directory(directory)
        if self._layout.partition_ordinals:
            self._written.sort(key=lambda f: f.path)
        return self._written

    def _abandon(self) -> None:
        for file in self._open.values():
            # A writer that is left open would write its end to a closed file.
            with contextlib.suppress(OSError, ValueError):
                file.writer.close()
            with contextlib.suppress(OSError):
                file.target.close()
            with contextlib.suppress(OSError):
                os.unlink(file.temporary)
        self._open = {}


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def partition_column_texts(values: pa.Array, data_type: DataType, time_zone: str) -> pa.Array:
    """Partition values as texts, as CAST(value AS STRING) gives them; the empty text is NULL as well."""
    if isinstance(data_type, TimestampType | TimestampNTZType):
        zone = time_zone if isinstance(data_type, TimestampType) else "UTC"
        options = RenderOptions(
            time_zone=zone, timestamp_pattern=_TIMESTAMP_TEXT, timestamp_ntz_pattern=_TIMESTAMP_TEXT
        )
        texts = render_column(values, data_type, options)
        # The pattern always ends with a point and six digits.
        return pc.utf8_rtrim(pc.utf8_rtrim(texts, "0"), ".")
    return render_column(values, data_type, RenderOptions(time_zone=time_zone))
