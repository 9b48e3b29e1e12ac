"""Whole files as rows: path, modification time, length and content. Source of fact: BinaryFileFormat."""

from __future__ import annotations

# ruff: noqa: PTH116, PTH123 - paths are texts here: a source sees millions of them
import os
from collections.abc import Iterator, Sequence

import pyarrow as pa

from potok.connectors.file_format import FormatContext, InputFile, WriteFormat, counted
from potok.connectors.file_provider import FileProvider
from potok.connectors.options import illegal_argument
from potok.errors import SparkError
from potok.plan.logical import Options
from potok.types import (
    BINARY,
    LONG,
    STRING,
    TIMESTAMP,
    DataType,
    StructField,
    StructType,
    arrow_type,
    struct_as_nullable,
)

_SCHEMA = StructType(
    (
        StructField("path", STRING, nullable=False),
        StructField("modificationTime", TIMESTAMP, nullable=False),
        StructField("length", LONG, nullable=False),
        StructField("content", BINARY),
    )
)
_TYPES = {f.name: arrow_type(f.data_type) for f in _SCHEMA.fields}
_STORED = {"modificationTime": pa.int64()}
_MAX_LENGTH = "spark.sql.sources.binaryFile.maxLength"


class BinaryFileReader:
    """See file_format.FileReader: one row a file. The content is read only where it is asked for."""

    def __init__(self, max_size_bytes: int) -> None:
        self._max_size_bytes = max_size_bytes

    def read(self, file: InputFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """See FileReader."""
        if not columns:
            yield counted(1)
            return
        arrays = [
            pa.array([self._value(file, c)], _STORED.get(c, _TYPES[c])).cast(_TYPES[c]) for c in columns
        ]
        yield pa.record_batch(arrays, names=list(columns))

    def _value(self, file: InputFile, column: str) -> object:
        match column:
            case "path":
                return f"file:{file.path}"
            case "modificationTime":
                return os.stat(file.path).st_mtime_ns // 1_000_000 * 1000
            case "length":
                return file.size_bytes
        if file.size_bytes > self._max_size_bytes:
            raise SparkError("FAILED_READ_FILE.NO_HINT", path=file.uri)
        with open(file.path, "rb") as source:
            return source.read()


class BinaryFileFormat:
    """See file_format.FileFormat."""

    name = "binaryFile"
    display_name = "binaryFile"

    def infer_schema(
        self, files: Sequence[InputFile], options: Options, context: FormatContext
    ) -> StructType:
        """See FileFormat: always the same four columns."""
        del files, options, context
        return struct_as_nullable(_SCHEMA)

    def supports(self, data_type: DataType) -> bool:
        """See FileFormat: another schema than its own is refused as a whole."""
        del data_type
        return True

    def reader(self, schema: StructType, options: Options, context: FormatContext) -> BinaryFileReader:
        """See FileFormat. Raises IllegalArgumentException for another schema than the format's own."""
        del options
        if [(f.name, f.data_type) for f in schema.fields] != [(f.name, f.data_type) for f in _SCHEMA.fields]:
            raise illegal_argument(
                f"requirement failed: \nBinary file data source expects dataSchema: {_text(_SCHEMA)},\n"
                f"but got: {_text(schema)}.\n        "
            )
        return BinaryFileReader(int(context.conf(_MAX_LENGTH) or (1 << 31) - 1))

    def writer(self, schema: StructType, options: Options, context: FormatContext) -> WriteFormat:
        """See FileFormat: files are not written."""
        del schema, options, context
        raise SparkError("UNSUPPORTED_FEATURE.WRITE_FOR_BINARY_SOURCE")


def _text(schema: StructType) -> str:
    names = {
        "string": "StringType",
        "timestamp": "TimestampType",
        "bigint": "LongType",
        "binary": "BinaryType",
    }
    fields = (
        f"StructField({f.name},{names.get(f.data_type.simple_string, f.data_type.type_name.title() + 'Type')},"
        f"{str(f.nullable).lower()})"
        for f in schema.fields
    )
    return f"StructType({','.join(fields)})"


PROVIDER = FileProvider(BinaryFileFormat())
