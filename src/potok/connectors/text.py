"""Text files: one STRING column, one row a line. Source of facts: TextFileFormat, TextOptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.connectors.compression import codec_extension, codec_name, compressor, open_for_reading
from potok.connectors.csv_options import charset, line_separator
from potok.connectors.csv_write import text_content
from potok.connectors.file_format import FileWriter, FormatContext, InputFile, counted
from potok.connectors.file_provider import FileProvider
from potok.connectors.lines import Transcoded, line_blocks, split_lines
from potok.connectors.options import boolean
from potok.errors import SparkError
from potok.plan.logical import Options
from potok.types import STRING, DataType, StringType, StructField, StructType

_NEW_LINE = ord("\n")
_SMALL_BLOCK_BYTES = 4096


class TextReader:
    """See file_format.FileReader."""

    def __init__(self, options: Options) -> None:
        self._whole = boolean(options, "wholetext", default=False)
        separator = line_separator(options)
        self._separator = None if separator is None else separator.encode("utf-8")
        self._encoding = charset(options)

    def read(self, file: InputFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """See FileReader."""
        stream = open_for_reading(file.path)
        try:
            source = stream if self._encoding == "utf-8" else Transcoded(stream, self._encoding)
            if self._whole:
                content = b"".join(iter(lambda: source.read(1 << 22), b""))
                yield self._batch(pa.array([content.decode("utf-8", "replace")]), columns)
                return
            for block in line_blocks(source, self._separator):
                yield self._batch(line_array(block, self._separator), columns)
        finally:
            stream.close()

    @staticmethod
    def _batch(lines: pa.Array, columns: Sequence[str]) -> pa.RecordBatch:
        return pa.record_batch([lines], names=list(columns)) if columns else counted(len(lines))


def line_array(block: bytes, separator: bytes | None) -> pa.Array:
    """The lines of a block (as `lines.line_blocks` makes it); malformed UTF-8 becomes U+FFFD."""
    if len(block) < _SMALL_BLOCK_BYTES or separator not in {None, b"\n"}:
        return pa.array(
            [line.decode("utf-8", "replace") for line in split_lines(block, separator)], pa.string()
        )
    if not block.endswith(b"\n"):
        block += b"\n"
    content = np.frombuffer(block, np.uint8)
    is_end = content == _NEW_LINE
    ends = np.flatnonzero(is_end)
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends - np.arange(len(ends))
    lines = pa.StringArray.from_buffers(
        len(ends), pa.py_buffer(offsets), pa.py_buffer(content[~is_end].tobytes())
    )
    try:
        lines.validate(full=True)
    except pa.ArrowInvalid:
        return pa.array([line.decode("utf-8", "replace") for line in split_lines(block, None)], pa.string())
    return lines


class TextFormat:
    """See file_format.FileFormat."""

    name = "text"
    display_name = "Text"

    def infer_schema(
        self, files: Sequence[InputFile], options: Options, context: FormatContext
    ) -> StructType:
        """See FileFormat."""
        del files, options, context
        return StructType((StructField("value", STRING),))

    def supports(self, data_type: DataType) -> bool:
        """See FileFormat."""
        return isinstance(data_type, StringType)

    def reader(self, schema: StructType, options: Options, context: FormatContext) -> TextReader:  # noqa: ARG002 - FileFormat
        """See FileFormat."""
        _check_single(schema)
        return TextReader(options)

    def writer(self, schema: StructType, options: Options, context: FormatContext) -> TextWriteFormat:  # noqa: ARG002 - FileFormat
        """See FileFormat."""
        _check_single(schema)
        return TextWriteFormat(options)


def _check_single(schema: StructType) -> None:
    if len(schema.fields) != 1:
        raise SparkError("_LEGACY_ERROR_TEMP_1290", schemaSize=len(schema.fields))


class TextWriteFormat:
    """See file_format.WriteFormat."""

    def __init__(self, options: Options) -> None:
        self._codec = codec_name(options.get("compression"))
        self._line_end = line_separator(options) or "\n"

    @property
    def extension(self) -> str:
        """See WriteFormat."""
        return ".txt" + codec_extension(self._codec)

    def open(self, target: BinaryIO) -> FileWriter:
        """See WriteFormat."""
        return _TextFileWriter(target, self._codec, self._line_end)


class _TextFileWriter:
    """NULL is an empty line."""

    def __init__(self, target: BinaryIO, codec: str, line_end: str) -> None:
        self._target = target
        self._stream = compressor(codec, target)
        self._line_end = line_end

    def write(self, batch: pa.RecordBatch) -> None:
        column = batch.column(0)
        filled = pc.fill_null(column, "") if column.null_count else column
        self._stream.write(text_content(pc.binary_join_element_wise(filled, "", self._line_end)))

    def close(self) -> None:
        if self._stream is not self._target:
            self._stream.close()


PROVIDER = FileProvider(TextFormat())
