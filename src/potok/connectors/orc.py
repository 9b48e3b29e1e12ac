"""ORC files, both ways. Source of facts: OrcFileFormat, OrcUtils, OrcOptions, and files of Spark 4.3.

A TIMESTAMP is written as ORC's `timestamp with local time zone`, an instant, which Spark reads as its own. Spark itself writes ORC's `timestamp`,
the local time of its machine; that is read in the zone of this machine, as Spark does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import pyarrow as pa
from pyarrow import orc

from potok.connectors.file_format import FileWriter, FormatContext, InputFile, WriteFormat, counted
from potok.connectors.file_provider import FileProvider
from potok.connectors.machine import local_time_zone
from potok.connectors.options import boolean
from potok.connectors.orc_columns import ColumnReader, named_by_numbers, spark_type, stored_field, written
from potok.connectors.schema_merging import merged_schemas
from potok.errors import SparkError, unsupported
from potok.plan.logical import Options
from potok.types import (
    ArrayType,
    CalendarIntervalType,
    DataType,
    MapType,
    NullType,
    StructField,
    StructType,
    VariantType,
    arrow_type,
    struct_as_nullable,
)

_BATCH_ROWS = 1 << 16
_CODECS = {
    "none": ("UNCOMPRESSED", ""), "uncompressed": ("UNCOMPRESSED", ""), "snappy": ("SNAPPY", ".snappy"),
    "zlib": ("ZLIB", ".zlib"), "lz4": ("LZ4", ".lz4"), "zstd": ("ZSTD", ".zstd"),
}  # fmt: skip
_NOT_HERE = frozenset({"brotli", "lzo"})
_AVAILABLE = "brotli, uncompressed, lz4, lzo, snappy, zlib, none, zstd"
_FIRST_VERSION = 26
_NANOSECONDS = "out of range for nanosecond resolution"


class OrcReader:
    """See file_format.FileReader. A column that a file lacks is NULL; a file of no bytes has no rows."""

    def __init__(self, schema: StructType, *, case_sensitive: bool) -> None:
        self._fields = {f.name: f for f in schema.fields}
        self._places = {f.name: i for i, f in enumerate(schema.fields)}
        self._case_sensitive = case_sensitive
        self._zone = local_time_zone()

    def read(self, file: InputFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """See FileReader."""
        with pa.OSFile(file.path) as source:
            if not source.size():
                return
            content = orc.ORCFile(source)
            if not columns:
                yield counted(content.nrows)
                return
            reader = ColumnReader(file.uri, self._zone, case_sensitive=self._case_sensitive)
            stored = self._stored(content.schema.names, columns, reader)
            wanted = [name for name in stored if name is not None]
            # A dot in a name would be read as the way to a field.
            selected = None if any("." in name for name in content.schema.names) else wanted
            for i in range(content.nstripes):
                batch = self._stripe(content, i, selected)
                arrays = [
                    self._column(batch, name, self._fields[column], reader)
                    for column, name in zip(columns, stored, strict=True)
                ]
                yield from _pieces(pa.record_batch(arrays, names=list(columns)))

    def _stored(self, names: list[str], columns: Sequence[str], reader: ColumnReader) -> list[str | None]:
        if named_by_numbers(names):
            places = [self._places[c] for c in columns]
            return [names[i] if i < len(names) else None for i in places]
        found = {reader.key(name): name for name in names}
        return [found.get(reader.key(c)) for c in columns]

    @staticmethod
    def _stripe(content: orc.ORCFile, number: int, selected: list[str] | None) -> pa.RecordBatch:
        try:
            return content.read_stripe(number, columns=selected)
        except pa.ArrowInvalid as error:
            if _NANOSECONDS not in str(error):
                raise
            raise unsupported(
                "a time before 1677 or after 2262 in an ORC file", "Write such times to parquet."
            ) from error

    @staticmethod
    def _column(
        batch: pa.RecordBatch, name: str | None, field: StructField, reader: ColumnReader
    ) -> pa.Array:
        if name is None:
            return pa.nulls(batch.num_rows, arrow_type(field.data_type))
        return reader.convert(batch.column(name), field.data_type, field.name)


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, max(batch.num_rows, 1), _BATCH_ROWS):
        yield batch.slice(start, _BATCH_ROWS)


class OrcFormat:
    """See file_format.FileFormat."""

    name = "orc"
    display_name = "ORC"

    def infer_schema(
        self, files: Sequence[InputFile], options: Options, context: FormatContext
    ) -> StructType | None:
        """See FileFormat. The first file that has a schema stands for all unless mergeSchema is set."""
        _check_library()
        ignores = boolean(
            options,
            "ignoreCorruptFiles",
            default=context.flag("spark.sql.files.ignoreCorruptFiles", default=False),
        )
        merges = boolean(
            options, "mergeSchema", default=context.flag("spark.sql.orc.mergeSchema", default=False)
        )
        found: list[StructType] = []
        for file in files:
            schema = _file_schema(file, ignores=ignores)
            if schema is not None:
                found.append(schema)
                if not merges:
                    break
        sensitive = context.flag("spark.sql.caseSensitive", default=False)
        merged = merged_schemas(found, case_sensitive=sensitive)
        return None if merged is None else struct_as_nullable(merged)

    def supports(self, data_type: DataType) -> bool:
        """See FileFormat."""
        if isinstance(data_type, ArrayType):
            return self.supports(data_type.element)
        if isinstance(data_type, MapType):
            return self.supports(data_type.key) and self.supports(data_type.value)
        if isinstance(data_type, StructType):
            return all(self.supports(f.data_type) for f in data_type.fields)
        return not isinstance(data_type, VariantType | CalendarIntervalType | NullType)

    def reader(self, schema: StructType, options: Options, context: FormatContext) -> OrcReader:  # noqa: ARG002 - FileFormat
        """See FileFormat."""
        _check_library()
        return OrcReader(schema, case_sensitive=context.flag("spark.sql.caseSensitive", default=False))

    def writer(self, schema: StructType, options: Options, context: FormatContext) -> WriteFormat:
        """See FileFormat."""
        _check_library()
        codec = options.get("compression", options.get("orc.compress"))
        codec = codec or context.conf("spark.sql.orc.compression.codec") or "zstd"
        return OrcWriteFormat(schema, codec)


def _check_library() -> None:
    """Raises where the library gives other times and days than the file holds, and says nothing."""
    if int(pa.__version__.split(".")[0]) < _FIRST_VERSION:
        raise unsupported(
            f"the format orc with pyarrow {pa.__version__}", f"Install pyarrow {_FIRST_VERSION} or later."
        )


def _file_schema(file: InputFile, *, ignores: bool) -> StructType | None:
    if not file.size_bytes:
        return None
    try:
        with pa.OSFile(file.path) as source:
            schema = orc.ORCFile(source).schema
    except (pa.ArrowException, OSError) as error:
        if ignores:
            return None
        uri = file.uri.replace("file:///", "file:/", 1)
        raise SparkError("FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", path=uri) from error
    return StructType(tuple(StructField(f.name, spark_type(f)) for f in schema))


class OrcWriteFormat:
    """See file_format.WriteFormat."""

    def __init__(self, schema: StructType, codec: str) -> None:
        if codec.lower() in _NOT_HERE:
            raise unsupported(f"the codec {codec} of ORC files", "Use zstd, zlib, snappy, lz4 or none.")
        found = _CODECS.get(codec.lower())
        if found is None:
            raise SparkError(
                "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
                codecName=codec,
                availableCodecs=_AVAILABLE,
            )
        self._codec, self._extension = found
        self._schema = schema

    @property
    def extension(self) -> str:
        """See WriteFormat."""
        return f"{self._extension}.orc"

    def open(self, target: BinaryIO) -> FileWriter:
        """See WriteFormat."""
        return _OrcFileWriter(target, self._schema, self._codec)


class _OrcFileWriter:
    """Rows go into stripes as they come; the writer closes a stripe at its size."""

    def __init__(self, target: BinaryIO, schema: StructType, codec: str) -> None:
        self._types = [f.data_type for f in schema.fields]
        self._schema = pa.schema([stored_field(f.name, f.data_type) for f in schema.fields])
        self._writer = orc.ORCWriter(target, compression=codec)
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        columns = [written(c, t) for c, t in zip(batch.columns, self._types, strict=True)]
        self._writer.write(pa.Table.from_arrays(columns, schema=self._schema))
        self._rows += batch.num_rows

    def close(self) -> None:
        if not self._rows:
            self._writer.write(self._schema.empty_table())
        self._writer.close()


PROVIDER = FileProvider(OrcFormat())
