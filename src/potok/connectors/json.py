"""JSON files, both ways. Source of facts: JsonFileFormat, JacksonParser, JacksonGenerator, JsonInferSchema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.json

from potok.connectors.compression import codec_extension, codec_name, open_for_reading
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
from potok.connectors.json_columns import is_object_per_line, read_columns
from potok.connectors.json_infer import JsonInference
from potok.connectors.json_parser import (
    Leniency,
    LenientParser,
    MalformedJsonError,
    RawStructure,
    parse_plain,
)
from potok.connectors.json_values import NeedsTextError, RecordConverter
from potok.connectors.json_write import JsonRowWriter, JsonWriteOptions
from potok.connectors.lines import Transcoded, line_blocks, split_lines
from potok.connectors.options import boolean
from potok.errors import SparkError
from potok.functions.text_values import TextOptions, parse_values, to_array
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


@dataclass(frozen=True)
class JsonOptions:
    """What reading JSON may be told."""

    leniency: Leniency
    values: TextOptions
    mode: str
    corrupt_record_name: str
    multi_line: bool
    separator: bytes | None
    encoding: str
    primitives_as_string: bool
    prefers_decimal: bool
    infers_timestamps: bool
    drops_all_null: bool
    sampling_ratio: float

    @classmethod
    def of(cls, options: Options, context: FormatContext) -> JsonOptions:
        """Raises SparkError for a value that Spark refuses."""

        def flag(name: str, *, default: bool = False) -> bool:
            return boolean(options, name, default=default)

        separator = line_separator(options)
        zone = options.get("timeZone", context.time_zone)
        return cls(
            leniency=Leniency(
                allow_comments=flag("allowComments"),
                allow_unquoted_field_names=flag("allowUnquotedFieldNames"),
                allow_single_quotes=flag("allowSingleQuotes", default=True),
                allow_numeric_leading_zeros=flag("allowNumericLeadingZeros"),
                allow_non_numeric_numbers=flag("allowNonNumericNumbers", default=True),
                allow_backslash_escaping_any_character=flag("allowBackslashEscapingAnyCharacter"),
                allow_unquoted_control_chars=flag("allowUnquotedControlChars"),
            ),
            values=TextOptions(
                time_zone=zone,
                date_pattern=options.get("dateFormat"),
                timestamp_pattern=options.get("timestampFormat"),
                timestamp_ntz_pattern=options.get("timestampNTZFormat"),
                locale=options.get("locale", "en-US"),
                today_days=today_days(zone),
            ),
            mode=parse_mode(options),
            corrupt_record_name=options.get("columnNameOfCorruptRecord", context.corrupt_record_name),
            multi_line=flag("multiLine"),
            separator=None if separator is None else separator.encode("utf-8"),
            encoding=charset(options),
            primitives_as_string=flag("primitivesAsString"),
            prefers_decimal=flag("prefersDecimal"),
            infers_timestamps=flag(
                "inferTimestamp", default=context.flag("spark.sql.json.inferTimestamp", default=False)
            ),
            drops_all_null=flag("dropFieldIfAllNull"),
            sampling_ratio=float(options.get("samplingRatio", 1.0)),
        )


class JsonReader:
    """See file_format.FileReader."""

    def __init__(self, schema: StructType, options: JsonOptions) -> None:
        corrupt = next((f for f in schema.fields if f.name == options.corrupt_record_name), None)
        if corrupt is not None and not (isinstance(corrupt.data_type, StringType) and corrupt.nullable):
            raise SparkError(
                "INVALID_CORRUPT_RECORD_TYPE",
                columnName=f"`{corrupt.name}`",
                actualType=f'"{corrupt.data_type.sql}"',
            )
        self._corrupt_name = corrupt.name if corrupt is not None else None
        self._fields = {f.name: f for f in schema.fields}
        self._options = options

    def read(self, file: InputFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """See FileReader."""
        names = [c for c in columns if c != self._corrupt_name]
        fields = StructType(tuple(self._fields[n] for n in names))
        # Spark parses whole records only where it needs to know whether they are whole.
        judged = len(names) < len(columns) or self._options.mode != PERMISSIVE
        if self._options.multi_line:
            texts: Iterator[list[str]] = iter([[file_text(file, self._options)]])
            for lines in texts:
                yield self._exact_batch(lines, fields, file, columns)
            return
        fast = None if judged else _fast_schema(fields)
        by_lines = (
            self._options.separator in {None, b"\n"} and self._options.leniency.allow_non_numeric_numbers
        )
        misses = 0
        for block in file_blocks(file, self._options):
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
        if not is_object_per_line(block):
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

    def _typed(self, columns: list[pa.Array], fields: StructType, rows: int) -> pa.RecordBatch:
        if not fields.fields:
            return counted(rows)
        arrays = [
            column
            if column.type == arrow_type(f.data_type)
            else parse_values(column, f.data_type, self._options.values)[0]
            for column, f in zip(columns, fields.fields, strict=True)
        ]
        return pa.record_batch(arrays, names=list(fields.names))

    def _exact_batch(
        self, lines: Sequence[str], fields: StructType, file: InputFile, columns: Sequence[str]
    ) -> pa.RecordBatch:
        converter = RecordConverter(
            fields.fields,
            self._options.values,
            named_numbers=self._options.leniency.allow_non_numeric_numbers,
        )
        rows: list[list[Any]] = []
        corrupt: list[str | None] = []
        nulls = [None] * len(fields.fields)
        for line in lines:
            converter.problems.found = False
            try:
                found = self._records(line, converter)
            except EOFError:
                continue
            except MalformedJsonError:
                found = [nulls]
                converter.problems.found = True
            bad = converter.problems.found
            if bad and self._options.mode == FAIL_FAST:
                raise bad_file(file.uri)
            if bad and self._options.mode == DROP_MALFORMED:
                continue
            rows.extend(found)
            corrupt.extend([line if bad else None] * len(found))
        if not columns:
            return counted(len(rows))
        by_name = {
            f.name: to_array([row[i] for row in rows], f.data_type)
            if _is_flat(f.data_type)
            else nested_array([row[i] for row in rows], f.data_type)
            for i, f in enumerate(fields.fields)
        }
        if self._corrupt_name is not None:
            by_name[self._corrupt_name] = pa.array(corrupt, pa.string())
        return pa.record_batch([by_name[c] for c in columns], names=list(columns))

    def _records(self, line: str, converter: RecordConverter) -> list[list[Any]]:
        try:
            return self._converted(parse_plain(line, self._options.leniency), converter)
        except (MalformedJsonError, NeedsTextError):
            converter.problems.found = False
            return self._converted(LenientParser(line, self._options.leniency).parse(), converter)

    @staticmethod
    def _converted(record: Any, converter: RecordConverter) -> list[list[Any]]:  # noqa: ANN401 - JSON
        if isinstance(record, dict):
            return [converter.convert(record)]
        if isinstance(record, list):
            inner = [r.value if isinstance(r, RawStructure) else r for r in record]
            if all(isinstance(r, dict) for r in inner):
                return [converter.convert(r) for r in inner]
        raise MalformedJsonError("not an object")


def _is_flat(data_type: DataType) -> bool:
    return not isinstance(data_type, ArrayType | MapType | StructType)


def nested_array(values: list[Any], data_type: DataType) -> pa.Array:
    """Nested values whose dates are days and timestamps microseconds."""
    raw = pa.array(values, _raw_type(data_type))
    target = arrow_type(data_type)
    return raw if raw.type == target else _viewed(raw, target)


def _raw_type(data_type: DataType) -> pa.DataType:
    match data_type:
        case ArrayType(element=element):
            return pa.list_(pa.field("element", _raw_type(element)))
        case MapType(key=key, value=value):
            return pa.map_(_raw_type(key), _raw_type(value))
        case StructType(fields=fields):
            return pa.struct([pa.field(f.name, _raw_type(f.data_type)) for f in fields])
    kind = arrow_type(data_type)
    if data_type == DATE:
        return pa.int32()
    return pa.int64() if pa.types.is_timestamp(kind) else kind


def _viewed(raw: pa.Array, target: pa.DataType) -> pa.Array:
    """The same buffers under other leaf types of the same width."""
    if pa.types.is_struct(target) or pa.types.is_list(target) or pa.types.is_map(target):
        return raw.cast(target)
    return raw.view(target)


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


def file_blocks(file: InputFile, options: JsonOptions) -> Iterator[bytes]:
    """The file as UTF-8 blocks of whole lines."""
    stream = open_for_reading(file.path)
    try:
        source = stream if options.encoding == "utf-8" else Transcoded(stream, options.encoding)
        yield from line_blocks(source, options.separator)
    finally:
        stream.close()


def file_text(file: InputFile, options: JsonOptions) -> str:
    """The whole file as text."""
    stream = open_for_reading(file.path)
    try:
        content = b"".join(iter(lambda: stream.read(1 << 22), b""))
    finally:
        stream.close()
    return content.decode(options.encoding, "replace").removeprefix("\ufeff")


def block_lines(block: bytes, separator: bytes | None) -> list[str]:
    """The lines of a block that are not blank."""
    return [
        text
        for line in split_lines(block, separator)
        if (text := line.decode("utf-8", "replace")).strip(_BLANKS)
    ]


class JsonFormat:
    """See file_format.FileFormat."""

    name = "json"
    display_name = "JSON"

    def infer_schema(
        self, files: Sequence[InputFile], options: Options, context: FormatContext
    ) -> StructType | None:
        """See FileFormat."""
        if not files:
            return None
        parsed = JsonOptions.of(options, context)
        inference = JsonInference(
            parsed.leniency,
            parsed.values,
            parsed.corrupt_record_name,
            parsed.mode,
            primitives_as_string=parsed.primitives_as_string,
            prefers_decimal=parsed.prefers_decimal,
            infers_timestamps=parsed.infers_timestamps,
            drops_all_null=parsed.drops_all_null,
            sampling_ratio=parsed.sampling_ratio,
        )
        for file in files:
            if parsed.multi_line:
                inference.add([file_text(file, parsed)])
                continue
            for block in file_blocks(file, parsed):
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
