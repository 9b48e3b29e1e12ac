"""Rows to CSV text. Source of fact: com.univocity.parsers.csv.CsvWriter under CSVOptions.asWriterSettings."""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from potok.connectors.compression import compressor
from potok.connectors.csv_options import CsvOptions
from potok.functions.value_texts import (
    DATE_PATTERN,
    TIMESTAMP_NTZ_PATTERN,
    TIMESTAMP_PATTERN,
    RenderOptions,
    render_column,
)
from potok.types import StringType, StructType

_BLANKS = "".join(map(chr, range(33)))
_BLANK, _MAX_BYTE = ord(" "), 0xFF
_SMALL_ROWS = 2048
_DEFAULT_COMMENT = "#"


class CsvWriter:
    """Writes rows of one schema; files are started one after another."""

    def __init__(self, schema: StructType, options: CsvOptions) -> None:
        self.schema = schema
        self.options = options
        dialect = options.dialect
        self.render = RenderOptions(
            time_zone=options.values.time_zone,
            date_pattern=options.values.date_pattern or DATE_PATTERN,
            timestamp_pattern=options.values.timestamp_pattern or TIMESTAMP_PATTERN,
            timestamp_ntz_pattern=options.values.timestamp_ntz_pattern or TIMESTAMP_NTZ_PATTERN,
        )
        self.quote = dialect.quote or "\0"
        self.escape = dialect.escape or "\0"
        second = dialect.escape_of_escape
        self._escape_escape = (
            second if second is not None else ("" if self.escape == self.quote else self.escape)
        )
        self.separator = dialect.separator
        self.line_end = options.line_separator or "\n"
        self._comment = dialect.comment or _DEFAULT_COMMENT
        triggers = ["\n", "\r", self.separator, self.line_end[:1]]
        if options.escape_quotes:
            triggers.append(self.quote)
        self._triggers = re.compile("|".join(re.escape(t) for t in triggers))
        self._special_bytes = [t.encode("utf-8") for t in {*triggers, self.quote, self._comment}]
        self.encoding = options.encoding

    def text(self, value: str | None, column: int) -> str:
        """One value as the file holds it, quoted if need be."""
        options = self.options
        stand_in = False
        if value is None:
            value, stand_in = options.null_value, True
        if not stand_in:
            value = self._trimmed(value)
        if not value and not stand_in:
            value, stand_in = options.empty_value_write, True
        quoted = (
            options.quote_all
            or value.startswith(self.quote)
            or (column == 0 and value.startswith(self._comment))
        )
        if quoted and stand_in and len(value) > 1 and value[0] == value[-1] == self.quote:
            return value
        if not quoted and self._triggers.search(value) is None:
            return value
        if self._escape_escape:
            value = value.replace(self.escape, self._escape_escape + self.escape)
        return self.quote + value.replace(self.quote, self.escape + self.quote) + self.quote

    def _trimmed(self, value: str) -> str:
        if self.options.trim_leading_write:
            value = value.lstrip(_BLANKS)
        return value.rstrip(_BLANKS) if self.options.trim_trailing_write else value

    def is_plain(self, texts: pa.Array) -> bool:
        """Whether no text of the column needs trimming, quoting or a stand-in."""
        options = self.options
        if options.quote_all or (texts.null_count and options.null_value):
            return False
        offsets = np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, texts.offset * 4)
        lengths = np.diff(offsets)
        if texts.null_count:
            lengths = lengths[np.asarray(pc.is_valid(texts))]
        if len(lengths) and lengths.min() == 0:
            return False
        data = texts.buffers()[2]
        if data is None:
            return True
        content = data.slice(offsets[0], offsets[-1] - offsets[0])
        # The least byte tells of white space and control characters, line ends among them.
        least = np.frombuffer(content, np.uint8).min(initial=np.uint8(_MAX_BYTE))
        if least <= _BLANK and (options.trim_leading_write or options.trim_trailing_write):
            return False
        text = content.to_pybytes()
        return not any(s in text for s in self._special_bytes if not s or s[0] >= least)

    def start(self, target: BinaryIO, codec: str) -> CsvFileWriter:
        """A new file."""
        return CsvFileWriter(self, target, codec)


class CsvFileWriter:
    """See file_format.FileWriter."""

    def __init__(self, writer: CsvWriter, target: BinaryIO, codec: str) -> None:
        self._writer = writer
        self._target = target
        self._stream = compressor(codec, target)
        if writer.options.header:
            names = [writer.text(f.name, i) for i, f in enumerate(writer.schema.fields)]
            self._emit(writer.separator.join(names) + writer.line_end)

    def _emit(self, text: str) -> None:
        encoding = self._writer.encoding
        self._stream.write(text.encode(encoding, "replace"))

    def write(self, batch: pa.RecordBatch) -> None:
        """See FileWriter."""
        writer = self._writer
        fields = writer.schema.fields
        texts = [render_column(batch.column(i), f.data_type, writer.render) for i, f in enumerate(fields)]
        if batch.num_rows > _SMALL_ROWS and writer.encoding == "utf-8":
            self._write_columns(texts)
            return
        text = writer.text
        columns = [[text(v, i) for v in column.to_pylist()] for i, column in enumerate(texts)]
        if len(columns) == 1:
            # Spark's writer leaves out a record without a character.
            columns[0] = [value for value in columns[0] if value]
        end = writer.line_end
        join = writer.separator.join
        self._emit("".join([join(row) + end for row in zip(*columns, strict=True)]))

    def _write_columns(self, texts: list[pa.Array]) -> None:
        writer = self._writer
        plain = True
        columns = []
        for i, (column, field) in enumerate(zip(texts, writer.schema.fields, strict=True)):
            if isinstance(field.data_type, StringType) or not writer.is_plain(column):
                is_plain = writer.is_plain(column)
                plain = plain and is_plain
                columns.append(column if is_plain else self._quoted(column, i))
            else:
                columns.append(column)
        if plain and len(columns) > 1 and len(writer.separator) == 1 and writer.separator.isascii():
            options = pyarrow.csv.WriteOptions(
                include_header=False, delimiter=writer.separator, quoting_style="none", batch_size=1 << 16
            )
            if writer.line_end == "\n":
                table = pa.table(columns, names=[str(i) for i in range(len(columns))])
                pyarrow.csv.write_csv(table, self._stream, options)
                return
        if len(columns) == 1:
            columns[0] = pc.filter(
                columns[0], pc.not_equal(pc.fill_null(columns[0], writer.options.null_value), "")
            )
        filled = [pc.fill_null(c, writer.options.null_value) if c.null_count else c for c in columns]
        joined = pc.binary_join_element_wise(*filled, writer.separator) if len(filled) > 1 else filled[0]
        lines = pc.binary_join_element_wise(joined, "", writer.line_end)
        self._stream.write(text_content(lines))

    def _quoted(self, column: pa.Array, ordinal: int) -> pa.Array:
        text = self._writer.text
        return pa.array([text(v, ordinal) for v in column.to_pylist()], pa.string())

    def close(self) -> None:
        """See FileWriter."""
        if self._stream is not self._target:
            self._stream.close()


def text_content(texts: pa.Array) -> memoryview:
    """The bytes of all texts one after another."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, texts.offset * 4)
    data = texts.buffers()[2]
    return memoryview(b"") if data is None else memoryview(data)[offsets[0] : offsets[-1]]
