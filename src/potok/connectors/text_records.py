"""What CSV and JSON files have in common: text records, and a column for those that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from potok.connectors.compression import open_for_reading
from potok.connectors.file_format import InputFile
from potok.connectors.lines import Transcoded, line_blocks
from potok.errors import SparkError
from potok.types import StringType, StructField, StructType

_PIECE_BYTES = 1 << 22


def corrupt_record_field(schema: StructType, name: str) -> StructField | None:
    """The column for records that cannot be read. Raises INVALID_CORRUPT_RECORD_TYPE unless it is a nullable STRING."""
    found = next((f for f in schema.fields if f.name == name), None)
    if found is not None and not (isinstance(found.data_type, StringType) and found.nullable):
        raise SparkError(
            "INVALID_CORRUPT_RECORD_TYPE",
            columnName=f"`{found.name}`",
            actualType=f'"{found.data_type.sql}"',
        )
    return found


def check_columns(columns: Sequence[str], corrupt_name: str | None) -> None:
    """Raises UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN where no other column is read."""
    if list(columns) == [corrupt_name]:
        raise SparkError("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN")


def file_blocks(file: InputFile, encoding: str, separator: bytes | None) -> Iterator[bytes]:
    """The file as UTF-8 blocks of whole lines."""
    stream = open_for_reading(file.path)
    try:
        source = stream if encoding == "utf-8" else Transcoded(stream, encoding)
        yield from line_blocks(source, separator)
    finally:
        stream.close()


def file_text(file: InputFile, encoding: str) -> str:
    """The whole file as text."""
    stream = open_for_reading(file.path)
    try:
        content = b"".join(iter(lambda: stream.read(_PIECE_BYTES), b""))
    finally:
        stream.close()
    return content.decode(encoding, "replace").removeprefix("\ufeff")
