"""Which file a row of a stream was read from, and whole files as a stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote


def rows_of(frame: Any, name: str) -> list[tuple[Any, ...]]:
    """The rows of a stream that has read what is there."""
    query = frame.writeStream.format("memory").queryName(name).trigger(availableNow=True).start()
    query.awaitTermination()
    return sorted(tuple(row) for row in frame.sparkSession.table(name).collect())


def test_input_file_name_of_a_stream(spark: Any, tmp_path: Path) -> None:
    from pyspark.sql import functions as F  # noqa: N812 - as programs name it

    (tmp_path / "a b.txt").write_text("one\n")
    (tmp_path / "c.txt").write_text("two\n")
    lines = spark.readStream.text(str(tmp_path)).where(F.input_file_name().endswith(".txt"))
    found = rows_of(lines.select("value", F.input_file_name(), "_metadata.file_path"), "of_files")
    path = quote(str(tmp_path))
    assert found == [
        ("one", f"file://{path}/a%20b.txt", f"file:{path}/a%20b.txt"),
        ("two", f"file://{path}/c.txt", f"file:{path}/c.txt"),
    ]


def test_whole_files_as_a_stream(spark: Any, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\x00\x01")
    schema = "path STRING, modificationTime TIMESTAMP, length LONG, content BINARY"
    files = spark.readStream.format("binaryFile").schema(schema).load(str(tmp_path))
    assert rows_of(files.select("path", "length", "content"), "whole_files") == [
        (f"file:{tmp_path}/a.bin", 2, b"\x00\x01")
    ]
