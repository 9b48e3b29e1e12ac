"""Parquet files, both ways. Source of facts: ParquetFileFormat, ParquetSchemaConverter, ParquetWriteSupport."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from potok.connectors.file_format import FileWriter, FormatContext, InputFile, counted
from potok.connectors.file_provider import FileProvider
from potok.connectors.schema_merging import merged_schemas
from potok.errors import SparkError, unsupported
from potok.plan.logical import Options
from potok.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    SHORT,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    CalendarIntervalType,
    DataType,
    DecimalType,
    MapType,
    NullType,
    StructField,
    StructType,
    VariantType,
    arrow_schema,
    arrow_type,
    data_type_from_json,
    struct_as_nullable,
)

_BATCH_ROWS = 1 << 16
_ROW_GROUP_ROWS = 1 << 20
_SPARK_SCHEMA = b"org.apache.spark.sql.parquet.row.metadata"
_SPARK_VERSION = b"org.apache.spark.version"
_CODECS = {
    "none": ("NONE", ""), "uncompressed": ("NONE", ""), "snappy": ("SNAPPY", ".snappy"), "gzip": ("GZIP", ".gz"),
    "zstd": ("ZSTD", ".zstd"), "brotli": ("BROTLI", ".br"), "lz4": ("LZ4", ".lz4hadoop"), "lz4_raw": ("LZ4", ".lz4raw"),
}  # fmt: skip
_AVAILABLE = "brotli, uncompressed, lzo, snappy, lz4_raw, none, zstd, lz4, gzip"


class ParquetReader:
    """See file_format.FileReader. A column that a file lacks is NULL."""

    def __init__(self, schema: StructType, *, case_sensitive: bool) -> None:
        self._fields = {f.name: f for f in schema.fields}
        self._case_sensitive = case_sensitive

    def read(self, file: InputFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """See FileReader."""
        with pa.OSFile(file.path) as source:
            parquet = pq.ParquetFile(source)
            if not columns:
                yield counted(parquet.metadata.num_rows)
                return
            physical = _PhysicalTypes(parquet.schema)
            found = {n if self._case_sensitive else n.lower(): n for n in parquet.schema_arrow.names}
            stored = [found.get(c if self._case_sensitive else c.lower()) for c in columns]
            wanted = [name for name in stored if name is not None]
            for batch in parquet.iter_batches(_BATCH_ROWS, columns=wanted):
                arrays = [
                    pa.nulls(batch.num_rows, arrow_type(self._fields[column].data_type))
                    if name is None
                    else self._converted(batch.column(name), self._fields[column], file, physical)
                    for column, name in zip(columns, stored, strict=True)
                ]
                yield pa.record_batch(arrays, names=list(columns))

    @staticmethod
    def _converted(
        array: pa.Array, field: StructField, file: InputFile, physical: _PhysicalTypes
    ) -> pa.Array:
        target = arrow_type(field.data_type)
        if array.type == target:
            return array
        try:
            if pa.types.is_timestamp(array.type) and pa.types.is_timestamp(target):
                micros = array.cast(pa.timestamp("us", tz=array.type.tz), safe=False)
                return micros.view(pa.int64()).view(target)
            return array.cast(target)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise SparkError(
                "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH",
                path=file.uri,
                column=f"[{field.name}]",
                expectedType=field.data_type.simple_string,
                actualType=physical.name(field.name, array.type),
            ) from error


class _PhysicalTypes:
    """What columns are inside a file, as Spark's messages name it."""

    def __init__(self, schema: pq.ParquetSchema) -> None:
        self._schema = schema

    def name(self, column: str, stored: pa.DataType) -> str:
        """`INT32`; of a nested column the Arrow type."""
        for i in range(len(self._schema)):
            found = self._schema.column(i)
            if found.path.lower() == column.lower():
                return str(found.physical_type)
        return str(stored)


class ParquetFormat:
    """See file_format.FileFormat."""

    name = "parquet"
    display_name = "Parquet"

    def infer_schema(
        self, files: Sequence[InputFile], options: Options, context: FormatContext
    ) -> StructType | None:
        """See FileFormat. One file stands for all unless mergeSchema is set."""
        if not files:
            return None
        merges = (
            options.get("mergeSchema", context.conf("spark.sql.parquet.mergeSchema") or "false").lower()
            == "true"
        )
        schemas = [self._file_schema(f) for f in (files if merges else files[:1])]
        sensitive = context.flag("spark.sql.caseSensitive", default=False)
        merged = merged_schemas(schemas, case_sensitive=sensitive)
        return None if merged is None else struct_as_nullable(merged)

    @staticmethod
    def _file_schema(file: InputFile) -> StructType:
        try:
            schema = pq.read_schema(file.path)
        except (pa.ArrowInvalid, OSError) as error:
            uri = file.uri.replace("file:///", "file:/", 1)
            raise SparkError("FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", path=uri) from error
        kept = (schema.metadata or {}).get(_SPARK_SCHEMA)
        if kept is not None:
            found = data_type_from_json(json.loads(kept))
            if isinstance(found, StructType):
                return found
        return StructType(tuple(StructField(f.name, spark_type(f.type)) for f in schema))

    def supports(self, data_type: DataType) -> bool:
        """See FileFormat."""
        if isinstance(data_type, ArrayType):
            return self.supports(data_type.element)
        if isinstance(data_type, MapType):
            return self.supports(data_type.key) and self.supports(data_type.value)
        if isinstance(data_type, StructType):
            return all(self.supports(f.data_type) for f in data_type.fields)
        return not isinstance(data_type, VariantType | CalendarIntervalType | NullType)

    def reader(self, schema: StructType, options: Options, context: FormatContext) -> ParquetReader:  # noqa: ARG002 - FileFormat
        """See FileFormat."""
        return ParquetReader(schema, case_sensitive=context.flag("spark.sql.caseSensitive", default=False))

    def writer(self, schema: StructType, options: Options, context: FormatContext) -> ParquetWriteFormat:
        """See FileFormat."""
        codec = options.get("compression", options.get("parquet.compression"))
        codec = codec or context.conf("spark.sql.parquet.compression.codec") or "snappy"
        return ParquetWriteFormat(schema, codec)


class ParquetWriteFormat:
    """See file_format.WriteFormat."""

    def __init__(self, schema: StructType, codec: str) -> None:
        if codec.lower() == "lzo":
            raise unsupported("the codec lzo", "Use snappy, zstd, gzip, lz4_raw or none.")
        found = _CODECS.get(codec.lower())
        if found is None:
            raise SparkError(
                "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
                codecName=codec,
                availableCodecs=_AVAILABLE,
            )
        self._codec, self._extension = found
        metadata = {_SPARK_SCHEMA: schema.json.encode("utf-8"), _SPARK_VERSION: b"4.3.0"}
        self._schema = arrow_schema(schema).with_metadata(metadata)

    @property
    def extension(self) -> str:
        """See WriteFormat."""
        return f"{self._extension}.parquet"

    def open(self, target: BinaryIO) -> FileWriter:
        """See WriteFormat."""
        return _ParquetFileWriter(target, self._schema, self._codec)


class _ParquetFileWriter:
    """Rows are gathered into row groups."""

    def __init__(self, target: BinaryIO, schema: pa.Schema, codec: str) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(target, schema, compression=codec, store_schema=False)
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(pa.RecordBatch.from_arrays(batch.columns, schema=self._schema))
        self._rows += batch.num_rows
        if self._rows >= _ROW_GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema))
        self._waiting, self._rows = [], 0

    def close(self) -> None:
        self._flush()
        self._writer.close()


def spark_type(arrow: pa.DataType) -> DataType:
    """The Spark type of a column of a file without Spark's schema. Raises for one that Spark lacks."""
    simple: dict[pa.DataType, DataType] = {
        pa.bool_(): BOOLEAN, pa.int8(): BYTE, pa.int16(): SHORT, pa.int32(): INTEGER, pa.int64(): LONG,
        pa.uint8(): SHORT, pa.uint16(): INTEGER, pa.uint32(): LONG, pa.uint64(): DecimalType(20, 0),
        pa.float32(): FLOAT, pa.float64(): DOUBLE, pa.string(): STRING, pa.large_string(): STRING,
        pa.binary(): BINARY, pa.large_binary(): BINARY, pa.date32(): DATE,
    }  # fmt: skip
    if arrow in simple:
        return simple[arrow]
    if pa.types.is_timestamp(arrow):
        return TIMESTAMP if arrow.tz else TIMESTAMP_NTZ
    if pa.types.is_decimal(arrow):
        return DecimalType(arrow.precision, arrow.scale)
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow):
        return ArrayType(spark_type(arrow.value_type))
    if pa.types.is_map(arrow):
        return MapType(spark_type(arrow.key_type), spark_type(arrow.item_type))
    if pa.types.is_struct(arrow):
        return StructType(tuple(StructField(f.name, spark_type(f.type)) for f in arrow))
    if pa.types.is_fixed_size_binary(arrow):
        return BINARY
    if pa.types.is_dictionary(arrow):
        return spark_type(arrow.value_type)
    raise unsupported(f"the Parquet type {arrow}", "Cast it when the file is written.")


PROVIDER = FileProvider(ParquetFormat())
