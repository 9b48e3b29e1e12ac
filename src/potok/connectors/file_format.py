"""What a file format has to offer; csv, json, text and parquet each implement it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

import pyarrow as pa

from potok.plan.logical import Options
from potok.types import DataType, StructType


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read: its absolute local path, how errors name it, its size in bytes."""

    path: str
    uri: str
    size_bytes: int


@dataclass(frozen=True)
class FormatContext:
    """What a format may depend on besides its options. `conf` gives a configuration value or None."""

    conf: Callable[[str], str | None] = field(default=lambda _: None)

    @property
    def time_zone(self) -> str:
        """The session's zone."""
        return self.conf("spark.sql.session.timeZone") or "UTC"

    def flag(self, key: str, *, default: bool) -> bool:
        """A boolean configuration value."""
        text = self.conf(key)
        return default if text is None else text.lower() == "true"

    @property
    def corrupt_record_name(self) -> str:
        """The column that takes records which cannot be read."""
        return self.conf("spark.sql.columnNameOfCorruptRecord") or "_corrupt_record"


class FileReader(Protocol):
    """A format with its schema and options fixed."""

    def read(self, file: InputFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of a file with just these columns of the data schema, in bounded pieces.

        Arrow types as `types.arrow_type`. With no columns the batches have only a row count (their
        one column is a placeholder that the caller drops). FileNotFoundError if it is gone;
        OSError, EOFError, ValueError or SparkError where it cannot be read.
        """
        ...


class FileWriter(Protocol):
    """One output file being written."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append the rows."""
        ...

    def close(self) -> None:
        """Write what is left; the target itself stays open."""
        ...


class WriteFormat(Protocol):
    """A format with result schema and options fixed."""

    @property
    def extension(self) -> str:
        """With its dot, the codec's included: `.csv.gz`, `.snappy.parquet`."""
        ...

    def open(self, target: BinaryIO) -> FileWriter:
        """Start a file. The header, if any, is written even if no row follows."""
        ...


class FileFormat(Protocol):
    """A format. It has no state."""

    name: str
    """As options and paths name it: `csv`."""
    display_name: str
    """As errors name it: `CSV`."""

    def infer_schema(
        self, files: Sequence[InputFile], options: Options, context: FormatContext
    ) -> StructType | None:
        """The schema of the files together; None if there is nothing to infer it from."""
        ...

    def supports(self, data_type: DataType) -> bool:
        """Whether a column of this type can be read and written."""
        ...

    def reader(self, schema: StructType, options: Options, context: FormatContext) -> FileReader:
        """Read with this data schema. Raises SparkError for bad options."""
        ...

    def writer(self, schema: StructType, options: Options, context: FormatContext) -> WriteFormat:
        """Write rows of this schema. Raises SparkError for bad options."""
        ...


PLACEHOLDER = ""


def counted(rows: int) -> pa.RecordBatch:
    """A batch that carries only a number of rows."""
    return pa.record_batch([pa.nulls(rows, pa.int32())], names=[PLACEHOLDER])


def row_slices(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    """The batch in pieces of at most `rows` rows."""
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)
