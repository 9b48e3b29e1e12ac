"""Any way of reading a file gives the same rows: fast or exact, in blocks of any size."""

from __future__ import annotations

import io
import pathlib
import tempfile
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from potok.connectors import csv_split
from potok.connectors.csv_rows import CsvDialect, RecordParser, split_record
from potok.connectors.csv_split import Wanted, split_block, split_exactly
from potok.connectors.file_format import FormatContext, InputFile
from potok.connectors.json import JsonFormat
from potok.connectors.lines import line_blocks, split_lines
from potok.ddl import parse_schema
from potok.functions.text_values import TextOptions, parse_values
from potok.plan.logical import Options
from potok.types import BOOLEAN, DATE, DOUBLE, INTEGER, STRING, TIMESTAMP, DataType, DecimalType

DIALECTS = st.builds(
    CsvDialect,
    separator=st.sampled_from([",", "\t", "|", ";"]),
    quote=st.sampled_from(['"', "'", ""]),
    escape=st.sampled_from(["\\", '"', ""]),
    comment=st.sampled_from(["", "#"]),
    ignore_leading_whitespace=st.booleans(),
    ignore_trailing_whitespace=st.booleans(),
    null_value=st.sampled_from(["", "a", "NA"]),
    empty_value=st.sampled_from(["", "E"]),
    quote_handling=st.sampled_from(
        ["STOP_AT_DELIMITER", "STOP_AT_CLOSING_QUOTE", "BACK_TO_DELIMITER", "SKIP_VALUE"]
    ),
)
CONTENT = st.text(st.sampled_from(list("ab1,;|\t\"'\\# \n\n.-\u0416")), max_size=120)
PLAIN = st.lists(st.lists(st.sampled_from(["", "1", "-2.5", "abc", "2024-01-02", "x y", '"q"', "nan", "0x1F", "NA"]), min_size=3, max_size=3), max_size=20)  # fmt: skip


def columns(split: csv_split.Split, types: tuple[DataType, ...]) -> list[Any]:
    out = []
    for column, data_type in zip(split.columns, types, strict=True):
        values = parse_values(column, data_type, TextOptions())[0] if column.type == pa.string() else column
        out.append([repr(v) for v in values.to_pylist()])
    return out


def compare(content: str, dialect: CsvDialect, wanted: Wanted) -> None:
    block = content.encode()
    exact = split_exactly(block, dialect, wanted, None)
    try:
        limit, csv_split.SMALL_BLOCK_BYTES = csv_split.SMALL_BLOCK_BYTES, 0
        fast = split_block(block, dialect, wanted, None, TextOptions())
    finally:
        csv_split.SMALL_BLOCK_BYTES = limit
    assert fast.row_count == exact.row_count
    assert columns(fast, wanted.types) == columns(exact, wanted.types)
    if wanted.token_count is not None:
        none = [False] * exact.row_count
        assert (none if fast.malformed is None else fast.malformed.to_pylist()) == (
            none if exact.malformed is None else exact.malformed.to_pylist()
        )


@settings(max_examples=400, deadline=None)
@given(CONTENT, DIALECTS, st.sampled_from([None, 2, 3]))
def test_fast_splitter_is_the_exact_one(content: str, dialect: CsvDialect, token_count: int | None) -> None:
    compare(content, dialect, Wanted((0, 2), (STRING, STRING), token_count))


@settings(max_examples=300, deadline=None)
@given(
    PLAIN,
    st.tuples(*[st.sampled_from([STRING, INTEGER, DOUBLE, DATE, BOOLEAN, TIMESTAMP, DecimalType(5, 1)])] * 3),
    st.sampled_from(["", "NA"]),
)
def test_typed_columns_are_the_exact_ones(
    records: list[list[str]], types: tuple[DataType, ...], null_value: str
) -> None:
    content = "".join(",".join(r) + "\n" for r in records)
    compare(content, CsvDialect(null_value=null_value), Wanted((0, 1, 2), types, 3))


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from(list('ab,"\\ ')), max_size=20), DIALECTS)
def test_short_cuts_of_a_record_are_the_parser(line: str, dialect: CsvDialect) -> None:
    if not line.strip():
        return
    assert split_record(line, dialect) == RecordParser(line, dialect).next_record()


class Dribble:
    """A stream that gives a few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        self._stream = io.BytesIO(content)
        self._size = size

    def read(self, size_bytes: int = -1, /) -> bytes:
        return self._stream.read(min(self._size, size_bytes) if size_bytes > 0 else self._size)

    def close(self) -> None:
        self._stream.close()


@settings(max_examples=400, deadline=None)
@given(
    st.text(st.sampled_from(list("ab\r\n;|\ufeff")), max_size=60),
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from([None, b";", b"|;", b"\n"]),
)
def test_blocks_of_any_size_hold_the_same_lines(
    text: str, step: int, block: int, separator: bytes | None
) -> None:
    content = text.encode()

    def lines(size: int, step: int) -> list[bytes]:
        return [
            line
            for piece in line_blocks(Dribble(content, step), separator, size)
            for line in split_lines(piece, separator)
        ]

    plain = content.removeprefix(b"\xef\xbb\xbf")
    if separator is None:
        expected = plain.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    else:
        expected = plain.split(separator)
    if not expected[-1]:
        expected.pop()
    assert lines(block, step) == expected
    assert lines(1 << 20, 1 << 20) == expected


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | st.text(max_size=5) | st.sampled_from(["2024-01-02", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyi"), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip
RECORDS = st.lists(st.dictionaries(st.sampled_from(["i", "d", "s", "b", "dt", "a", "o", "u"]), JSON_VALUES, max_size=5), max_size=8)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    RECORDS,
    st.lists(st.sampled_from(["null", "[]", "{", "", '{"i":1} x', '{"i":1}null', "[null]", "7"]), max_size=2),
)
def test_large_blocks_of_json_are_read_alike(records: list[dict[str, Any]], odd: list[str]) -> None:
    import json

    schema = parse_schema(
        "i INT, d DOUBLE, s STRING, b BOOLEAN, dt DATE, a ARRAY<BIGINT>, o STRUCT<x: INT, y: STRING>"
    )
    lines = [*(json.dumps(r) for r in records), *odd]
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "f"

        def read(repeat: int) -> list[str]:
            path.write_text("".join(line + "\n" for line in lines) + '{"i":1}\n' * repeat)
            reader = JsonFormat().reader(schema, Options(), FormatContext())
            batches = reader.read(InputFile(str(path), "", 0), list(schema.names))
            return [repr(row) for batch in batches for row in batch.to_pylist()]

        small = read(0)
        assert read(2500)[: len(small)] == small
