"""JSON files, both ways. Source of facts: JsonFileFormat, JacksonParser, JacksonGenerator, JsonInferSchema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.json

from potok.connectors.compression import codec_extension, codec_name
from potok.connectors.csv_options import (
    DROP_MALFORMED,
    FAIL_FAST,
    PERMISSIVE,
    charset,
    line_separator,
    parse_mode,
    today_days,
)
from potok.connectors.csv_rows import bad_file
from potok.connectors.file_format import FileWriter, FormatContext, InputFile, counted
from potok.connectors.file_provider import FileProvider
from potok.connectors.json_columns import is_object_per_line, read_columns
from potok.connectors.json_infer import JsonInference
from potok.connectors.json_write import JsonRowWriter, JsonWriteOptions
from potok.connectors.lines import split_lines
from potok.connectors.options import boolean, refuse_variant_column
from potok.connectors.text_records import check_columns, corrupt_record_field, file_blocks, file_text
from potok.errors import SparkError
from potok.functions.json_convert import JsonConverter, NeedsTextError, nested_array
from potok.functions.json_infer import InferenceRules
from potok.functions.json_parse import Leniency, MalformedJsonError, Members, parse_json
from potok.functions.text_values import TextOptions, parse_values
from potok.plan.logical import Options
from potok.types import (
    BOOLEAN,
    DATE,
    TIMESTAMP_NTZ,
    ArrayType,
    CalendarIntervalType,
    DataType,
    DayTimeIntervalType,
    DoubleType,
    IntegralType,
    MapType,
    NullType,
    StringType,
    StructType,
    VariantType,
    YearMonthIntervalType,
    arrow_type,
)

_FAST_BLOCK_BYTES = 1 << 14
# After so many blocks in a row without a common shape no more are tried.
_MAX_MISSES = 4
_BLANKS = "".join(map(chr, range(33)))
_NEGATIVE_ZERO = re.compile(rb"-0(?![0-9.eE])")


@dataclass(frozen=True)
class JsonOptions:
    """What reading JSON may be told."""

    leniency: Leniency
    values: TextOptions
    inference: InferenceRules
    mode: str
    corrupt_record_name: str
    multi_line: bool
    separator: bytes | None
    encoding: str
    sampling_ratio: float

    @classmethod
    def of(cls, options: Options, context: FormatContext) -> JsonOptions:
        """Raises SparkError for a value that Spark refuses."""

        def flag(name: str, *, default: bool = False) -> bool:
            return boolean(options, name, default=default)

        separator = line_separator(options)
        zone = options.get("timeZone", context.time_zone)
        values = TextOptions(
            time_zone=zone,
            date_pattern=options.get("dateFormat"),
            timestamp_pattern=options.get("timestampFormat"),
            timestamp_ntz_pattern=options.get("timestampNTZFormat"),
            locale=options.get("locale", "en-US"),
            today_days=today_days(zone),
        )
        return cls(
            leniency=Leniency.of(lambda name, default: flag(name, default=default)),
            values=values,
            inference=InferenceRules(
                values=values,
                primitives_as_string=flag("primitivesAsString"),
                prefers_decimal=flag("prefersDecimal"),
                infers_timestamps=flag(
                    "inferTimestamp", default=context.flag("spark.sql.json.inferTimestamp", default=False)
                ),
                drops_all_null=flag("dropFieldIfAllNull"),
            ),
            mode=parse_mode(options),
            corrupt_record_name=options.get("columnNameOfCorruptRecord", context.corrupt_record_name),
            multi_line=flag("multiLine"),
            separator=None if separator is None else separator.encode("utf-8"),
            encoding=charset(options),
            sampling_ratio=float(options.get("samplingRatio", 1.0)),
        )


class JsonReader:
    """See file_format.FileReader."""

    def __init__(self, schema: StructType, options: JsonOptions) -> None:
        corrupt = corrupt_record_field(schema, options.corrupt_record_name)
        self._corrupt_name = corrupt.name if corrupt is not None else None
        self._fields = {f.name: f for f in schema.fields}
        self._options = options

    def read(self, file: InputFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """See FileReader."""
        check_columns(columns, self._corrupt_name)
        names = [c for c in columns if c != self._corrupt_name]
        fields = StructType(tuple(self._fields[n] for n in names))
        # Spark parses whole records only where it needs to know whether they are whole.
        judged = len(names) < len(columns) or self._options.mode != PERMISSIVE
        if self._options.multi_line:
            texts: Iterator[list[str]] = iter([[file_text(file, self._options.encoding)]])
            for lines in texts:
                yield self._exact_batch(lines, fields, file, columns)
            return
        fast = None if judged else _fast_schema(fields)
        by_lines = (
            self._options.separator in {None, b"\n"} and self._options.leniency.allow_non_numeric_numbers
        )
        misses = 0
        for block in file_blocks(file, self._options.encoding, self._options.separator):
            if by_lines and len(block) > _FAST_BLOCK_BYTES:
                ended = block if block.endswith(b"\n") else block + b"\n"
                batch = self._even_batch(ended, fields, columns) if misses < _MAX_MISSES else None
                misses = 0 if batch is not None else misses + 1
                if batch is None and fast is not None:
                    batch = self._fast_batch(ended, fields, fast)
                if batch is not None:
                    yield batch
                    continue
            yield self._exact_batch(block_lines(block, self._options.separator), fields, file, columns)

    def _even_batch(self, block: bytes, fields: StructType, columns: Sequence[str]) -> pa.RecordBatch | None:
        types = {f.name: f.data_type for f in fields.fields}
        found = read_columns(block, fields.names, types, self._options.values)
        if found is None:
            return None
        rows, arrays = found
        if not columns:
            return counted(rows)
        by_name = dict(zip(fields.names, arrays, strict=True))
        # Every record is whole.
        corrupt = pa.nulls(rows, pa.string())
        return pa.record_batch([by_name.get(c, corrupt) for c in columns], names=list(columns))

    def _fast_batch(self, block: bytes, fields: StructType, schema: pa.Schema) -> pa.RecordBatch | None:
        # Arrow's parser must not see anything but one object a line: it crashes on a bare null.
        if not is_object_per_line(block) or _NEGATIVE_ZERO.search(block) is not None:
            return None
        rows = block.count(b"\n")
        try:
            if not block.isascii():
                block.decode("utf-8")
            table = pyarrow.json.read_json(
                pa.py_buffer(block),
                pyarrow.json.ReadOptions(use_threads=False, block_size=len(block) + 1),
                pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
            )
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError):
            return None
        if table.num_rows != rows:
            return None
        return self._typed([table.column(n).combine_chunks() for n in fields.names], fields, rows)

    def _typed(self, columns: list[pa.Array], fields: StructType, rows: int) -> pa.RecordBatch | None:
        if not fields.fields:
            return counted(rows)
        arrays = []
        for column, f in zip(columns, fields.fields, strict=True):
            if column.type == arrow_type(f.data_type):
                arrays.append(column)
                continue
            values, bad = parse_values(column, f.data_type, self._options.values)
            if bad is not None and f.data_type == DATE:
                # In JSON a date may be its number of days.
                return None
            arrays.append(values)
        return pa.record_batch(arrays, names=list(fields.names))

    def _exact_batch(
        self, lines: Sequence[str], fields: StructType, file: InputFile, columns: Sequence[str]
    ) -> pa.RecordBatch:
        records = _Records(fields, self._options)
        rows: list[tuple[Any, ...]] = []
        corrupt: list[str | None] = []
        for line in lines:
            try:
                found, bad = records.read(line)
            except EOFError:
                continue
            if bad and self._options.mode == FAIL_FAST:
                raise bad_file(file.uri)
            if bad and self._options.mode == DROP_MALFORMED:
                continue
            rows.extend(found)
            corrupt.extend([line if bad else None] * len(found))
        if not columns:
            return counted(len(rows))
        by_name = {
            f.name: nested_array([row[i] for row in rows], f.data_type) for i, f in enumerate(fields.fields)
        }
        if self._corrupt_name is not None:
            by_name[self._corrupt_name] = pa.array(corrupt, pa.string())
        return pa.record_batch([by_name[c] for c in columns], names=list(columns))


class _Records:
    """Texts to rows of one schema."""

    def __init__(self, fields: StructType, options: JsonOptions) -> None:
        self._leniency = options.leniency
        converter = JsonConverter(
            options.values, named_numbers=options.leniency.allow_non_numeric_numbers, exact_texts=True
        )
        self._problems = converter.problems
        self._convert = converter.struct(fields)
        self._nothing: tuple[Any, ...] = (None,) * len(fields.fields)

    def read(self, text: str) -> tuple[list[tuple[Any, ...]], bool]:
        """The rows of a text, and whether some part of it had no value of its type. EOFError if it is blank."""
        self._problems.found = False
        try:
            try:
                rows = self._rows(parse_json(text, self._leniency))
            except NeedsTextError:
                self._problems.found = False
                rows = self._rows(parse_json(text, self._leniency, keeps_texts=True))
        except MalformedJsonError:
            return [self._nothing], True
        return rows, self._problems.found

    def _rows(self, record: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
        if isinstance(record, Members):
            return [self._convert(record)]
        if isinstance(record, list) and all(isinstance(r, Members) for r in record):
            return [self._convert(r) for r in record]
        raise MalformedJsonError("not an object")


def _is_flat(data_type: DataType) -> bool:
    return not isinstance(data_type, ArrayType | MapType | StructType)


def _fast_schema(fields: StructType) -> pa.Schema | None:
    """What Arrow's parser is told; None if a type is not among those it reads exactly as Spark."""
    columns = []
    for f in fields.fields:
        kind = _fast_type(f.data_type, top=True)
        if kind is None:
            return None
        columns.append(pa.field(f.name, kind))
    return pa.schema(columns)


def _fast_type(data_type: DataType, *, top: bool) -> pa.DataType | None:
    if isinstance(data_type, IntegralType | DoubleType | StringType) or data_type == BOOLEAN:
        return arrow_type(data_type)
    if top and data_type in {DATE, TIMESTAMP_NTZ}:
        return pa.string()
    if top and pa.types.is_timestamp(arrow_type(data_type) if _is_flat(data_type) else pa.null()):
        return pa.string()
    if isinstance(data_type, ArrayType):
        element = _fast_type(data_type.element, top=False)
        return None if element is None else pa.list_(pa.field("element", element))
    if isinstance(data_type, StructType):
        inner = [(f.name, _fast_type(f.data_type, top=False)) for f in data_type.fields]
        if not inner or any(kind is None for _, kind in inner):
            return None
        return pa.struct([pa.field(name, kind) for name, kind in inner])
    return None


def block_lines(block: bytes, separator: bytes | None) -> list[str]:
    """The lines of a block that are not blank."""
    return [
        text
        for line in split_lines(block, separator)
        if (text := line.decode("utf-8", "replace")).strip(_BLANKS)
    ]


def infer_texts(texts: Sequence[str], options: Options, context: FormatContext) -> StructType:
    """The schema of records that are rows already."""
    inference = _inference(JsonOptions.of(options, context))
    inference.add(texts)
    return inference.schema()


def _inference(options: JsonOptions) -> JsonInference:
    return JsonInference(
        options.leniency,
        options.inference,
        options.corrupt_record_name,
        options.mode,
        sampling_ratio=options.sampling_ratio,
    )


class JsonFormat:
    """See file_format.FileFormat."""

    name = "json"
    display_name = "JSON"

    def infer_schema(
        self, files: Sequence[InputFile], options: Options, context: FormatContext
    ) -> StructType | None:
        """See FileFormat."""
        refuse_variant_column(options)
        if not files:
            return None
        parsed = JsonOptions.of(options, context)
        inference = _inference(parsed)
        for file in files:
            if parsed.multi_line:
                inference.add([file_text(file, parsed.encoding)])
                continue
            for block in file_blocks(file, parsed.encoding, parsed.separator):
                inference.add(block_lines(block, parsed.separator))
        return inference.schema()

    def supports(self, data_type: DataType) -> bool:
        """See FileFormat."""
        if isinstance(data_type, ArrayType):
            return self.supports(data_type.element)
        if isinstance(data_type, MapType):
            return self.supports(data_type.key) and self.supports(data_type.value)
        if isinstance(data_type, StructType):
            return all(self.supports(f.data_type) for f in data_type.fields)
        return not isinstance(data_type, VariantType | CalendarIntervalType)

    def reader(self, schema: StructType, options: Options, context: FormatContext) -> JsonReader:
        """See FileFormat."""
        refuse_variant_column(options)
        for f in schema.fields:
            if isinstance(f.data_type, DayTimeIntervalType | YearMonthIntervalType | NullType):
                raise SparkError(
                    "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                    format=self.display_name,
                    columnName=f"`{f.name}`",
                    columnType=f'"{f.data_type.sql}"',
                )
        return JsonReader(schema, JsonOptions.of(options, context))

    def writer(self, schema: StructType, options: Options, context: FormatContext) -> JsonWriteFormat:
        """See FileFormat."""
        return JsonWriteFormat(schema, options, context)


class JsonWriteFormat:
    """See file_format.WriteFormat."""

    def __init__(self, schema: StructType, options: Options, context: FormatContext) -> None:
        self._codec = codec_name(options.get("compression"))
        self._schema = schema
        self._options = JsonWriteOptions.of(options, context)

    @property
    def extension(self) -> str:
        """See WriteFormat."""
        return ".json" + codec_extension(self._codec)

    def open(self, target: BinaryIO) -> FileWriter:
        """See WriteFormat."""
        return JsonRowWriter(self._schema, self._options, target, self._codec)


PROVIDER = FileProvider(JsonFormat())
