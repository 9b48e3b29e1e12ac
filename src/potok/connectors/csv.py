"""CSV files, both ways. Source of facts: UnivocityParser, CSVFileFormat, CSVInferSchema, UnivocityGenerator."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from potok.connectors.compression import codec_extension, codec_name
from potok.connectors.csv_infer import infer_types
from potok.connectors.csv_options import DROP_MALFORMED, FAIL_FAST, PERMISSIVE, CsvOptions
from potok.connectors.csv_rows import NEW_LINE, RecordParser, TextParsingError, bad_file
from potok.connectors.csv_split import (
    Split,
    Wanted,
    kept_lines,
    split_block,
    tokens_to_columns,
)
from potok.connectors.csv_write import CsvWriter
from potok.connectors.file_format import FileReader, FileWriter, FormatContext, InputFile, counted
from potok.connectors.file_provider import FileProvider
from potok.connectors.options import illegal_argument, refuse_variant_column
from potok.connectors.text_records import check_columns, corrupt_record_field, file_blocks, file_text
from potok.errors import SparkError
from potok.functions.text_values import parse_values
from potok.plan.logical import Options
from potok.types import (
    STRING,
    ArrayType,
    CalendarIntervalType,
    DataType,
    DayTimeIntervalType,
    MapType,
    NullType,
    StructField,
    StructType,
    VariantType,
    YearMonthIntervalType,
    arrow_type,
)

_MULTI_LINE_ROWS = 1 << 15
_UNSUPPORTED = (ArrayType, MapType, StructType, VariantType, CalendarIntervalType, NullType)
_INTERVALS = (DayTimeIntervalType, YearMonthIntervalType)


class CsvReader:
    """See file_format.FileReader."""

    def __init__(self, schema: StructType, options: CsvOptions, *, prunes: bool) -> None:
        corrupt = corrupt_record_field(schema, options.corrupt_record_name)
        self._corrupt_name = corrupt.name if corrupt is not None else None
        self._fields = [f for f in schema.fields if f is not corrupt]
        self._ordinals = {f.name: i for i, f in enumerate(self._fields)}
        self._options = options
        self._prunes = prunes
        separator = options.line_separator
        self._separator = separator.encode("utf-8") if separator is not None else None

    def read(self, file: InputFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """See FileReader."""
        check_columns(columns, self._corrupt_name)
        names = [c for c in columns if c != self._corrupt_name]
        wants_corrupt = len(names) < len(columns)
        whole = not (self._prunes and len(names) < len(self._fields))
        judged = wants_corrupt or self._options.mode != PERMISSIVE
        wanted = Wanted(
            ordinals=tuple(self._ordinals[n] for n in names),
            types=tuple(self._fields[self._ordinals[n]].data_type for n in names),
            token_count=len(self._fields) if whole and judged else None,
            lines=wants_corrupt,
        )
        try:
            for split in self._splits(file, wanted):
                yield self._batch(split, wanted, file, columns)
        except TextParsingError as error:
            raise bad_file(file.uri) from error

    def _splits(self, file: InputFile, wanted: Wanted) -> Iterator[Split]:
        options = self._options
        if options.multi_line:
            yield from self._multi_line_splits(file, wanted)
            return
        header_left = options.header
        for block in file_blocks(file, options.encoding, self._separator):
            if header_left:
                block, found = _without_first_record(block, options, self._separator)  # noqa: PLW2901 - the same block
                header_left = not found
                if found is not None and not options.enforce_schema:
                    self._check_header(found, file)
            if block:
                yield split_block(block, options.dialect, wanted, self._separator, options.values)

    def _check_header(self, line: bytes, file: InputFile) -> None:
        text = line.decode("utf-8", "replace")
        names = RecordParser(text, self._options.dialect).next_record() or []
        if [n.lower() for n in names] != [f.name.lower() for f in self._fields]:
            raise bad_file(file.uri)

    def _multi_line_splits(self, file: InputFile, wanted: Wanted) -> Iterator[Split]:
        text = multi_line_text(file, self._options)
        parser = RecordParser(text, self._options.dialect)
        if self._options.header:
            parser.next_record()
        while True:
            records: list[list[str] | None] = []
            lines: list[str] = []
            while len(records) < _MULTI_LINE_ROWS and (record := parser.next_record()) is not None:
                records.append(record)
                lines.append(text[parser.start : parser.position].rstrip("\n"))
            if not records:
                return
            yield tokens_to_columns(records, lines, self._options.dialect, wanted)

    def _batch(self, split: Split, wanted: Wanted, file: InputFile, columns: Sequence[str]) -> pa.RecordBatch:
        options = self._options
        bad = split.malformed
        arrays = []
        for column, data_type in zip(split.columns, wanted.types, strict=True):
            if column.type == arrow_type(data_type):
                arrays.append(column)
                continue
            array, bad_values = parse_values(column, data_type, options.values)
            arrays.append(array)
            if bad_values is not None:
                bad = bad_values if bad is None else pc.or_(bad, bad_values)
        if bad is not None and options.mode == FAIL_FAST and pc.any(bad).as_py():
            raise bad_file(file.uri)
        if self._corrupt_name is not None and wanted.lines:
            nulls = pa.nulls(split.row_count, pa.string())
            corrupt = nulls if bad is None else pc.if_else(bad, split.lines, nulls)
            arrays = _placed(arrays, corrupt, columns, self._corrupt_name)
        batch = pa.record_batch(arrays, names=list(columns)) if columns else counted(split.row_count)
        if bad is not None and options.mode == DROP_MALFORMED:
            batch = batch.filter(pc.invert(bad))
        return batch


def _placed(arrays: list[pa.Array], corrupt: pa.Array, columns: Sequence[str], name: str) -> list[pa.Array]:
    others = iter(arrays)
    return [corrupt if c == name else next(others) for c in columns]


def multi_line_text(file: InputFile, options: CsvOptions) -> str:
    """The whole file as text whose records end with a newline."""
    text = file_text(file, options.encoding)
    if options.line_separator is not None:
        return text.replace(options.line_separator, NEW_LINE)
    first = min((i for i in (text.find("\r"), text.find("\n")) if i >= 0), default=-1)
    if first >= 0 and text[first] == "\r":
        return text.replace("\r\n" if text[first : first + 2] == "\r\n" else "\r", "\n")
    return text


def _without_first_record(
    block: bytes, options: CsvOptions, separator: bytes | None
) -> tuple[bytes, bytes | None]:
    """The block behind its first line that is a record, and that line; nothing is left when there is none."""
    ending = separator or b"\n"
    position = 0
    while position < len(block):
        end = block.find(ending, position)
        stop = len(block) if end < 0 else end + len(ending)
        line = block[position : len(block) if end < 0 else end]
        if kept_lines(line, options.dialect, None if separator is None else separator):
            return block[stop:], line
        position = stop
    return b"", None


class _WithoutSeparator:
    """See file_format.FileReader: Spark learns of an empty separator when it reads a file."""

    def read(self, file: InputFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Raises FAILED_READ_FILE.NO_HINT."""
        del columns
        raise SparkError("FAILED_READ_FILE.NO_HINT", path=file.uri)


class CsvFormat:
    """See file_format.FileFormat."""

    name = "csv"
    display_name = "CSV"

    def infer_schema(
        self, files: Sequence[InputFile], options: Options, context: FormatContext
    ) -> StructType | None:
        """See FileFormat."""
        refuse_variant_column(options)
        if not files:
            return None
        parsed = CsvOptions.of(options, context)
        separator = parsed.line_separator.encode("utf-8") if parsed.line_separator else None
        header = self._first_record(files, parsed, separator)
        if header is None:
            return StructType()
        names = safe_header(
            header, parsed, case_sensitive=context.flag("spark.sql.caseSensitive", default=False)
        )
        if not parsed.infer_schema:
            return StructType(tuple(StructField(name, STRING) for name in names))
        everything = StructType(tuple(StructField(name, STRING) for name in names))
        positions = [str(i) for i in range(len(names))]
        reader = CsvReader(StructType(tuple(StructField(p, STRING) for p in positions)), parsed, prunes=True)
        batches = itertools.chain.from_iterable(reader.read(f, positions) for f in files)
        types = infer_types(batches, len(names), parsed, context)
        return StructType(
            tuple(StructField(f.name, t) for f, t in zip(everything.fields, types, strict=True))
        )

    @staticmethod
    def _first_record(
        files: Sequence[InputFile], options: CsvOptions, separator: bytes | None
    ) -> list[str] | None:
        for file in files:
            if options.multi_line:
                record = RecordParser(multi_line_text(file, options), options.dialect).next_record()
            else:
                record = None
                for block in file_blocks(file, options.encoding, separator):
                    _, line = _without_first_record(block, options, separator)
                    if line is not None:
                        record = RecordParser(line.decode("utf-8", "replace"), options.dialect).next_record()
                        break
            if record is not None:
                return record
        return None

    def supports(self, data_type: DataType) -> bool:
        """See FileFormat."""
        return not isinstance(data_type, _UNSUPPORTED)

    def reader(self, schema: StructType, options: Options, context: FormatContext) -> FileReader:
        """See FileFormat."""
        refuse_variant_column(options)
        if options.get("delimiter", options.get("sep")) == "":
            return _WithoutSeparator()
        for f in schema.fields:
            if isinstance(f.data_type, _INTERVALS):
                raise illegal_argument(f"reading {f.data_type.sql} from CSV is not supported")
        prunes = context.flag("spark.sql.csv.parser.columnPruning.enabled", default=True)
        return CsvReader(schema, CsvOptions.of(options, context), prunes=prunes)

    def writer(self, schema: StructType, options: Options, context: FormatContext) -> CsvWriteFormat:
        """See FileFormat."""
        return CsvWriteFormat(schema, CsvOptions.of(options, context))


class CsvWriteFormat:
    """See file_format.WriteFormat."""

    def __init__(self, schema: StructType, options: CsvOptions) -> None:
        self._schema = schema
        self._options = options
        self._codec = codec_name(options.compression)
        self._writer = CsvWriter(schema, options)

    @property
    def extension(self) -> str:
        """See WriteFormat."""
        return f".{self._options.extension}{codec_extension(self._codec)}"

    def open(self, target: BinaryIO) -> FileWriter:
        """See WriteFormat."""
        return self._writer.start(target, self._codec)


def safe_header(tokens: Sequence[str], options: CsvOptions, *, case_sensitive: bool) -> list[str]:
    """Column names from the first record: `_c0`, ... without a header, duplicates numbered."""
    if not options.header:
        return [f"_c{i}" for i in range(len(tokens))]
    folded = [t if case_sensitive else t.lower() for t in tokens]
    names = []
    for i, token in enumerate(tokens):
        if not token or token == options.null_value:
            names.append(f"_c{i}")
        elif folded.count(folded[i]) > 1:
            names.append(f"{token}{i}")
        else:
            names.append(token)
    return names


PROVIDER = FileProvider(CsvFormat())
