"""Blocks of CSV lines to columns of texts: fast where the block is plain, exact everywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv

from potok.connectors.csv_rows import CsvDialect, split_record
from potok.connectors.lines import split_lines
from potok.functions.text_values import TextOptions
from potok.types import DATE, DataType, DecimalType, DoubleType, FloatType, IntegralType, arrow_type

SMALL_BLOCK_BYTES = 1 << 15
_BLANKS = "".join(map(chr, range(33)))
_BLANK_LINE = re.compile(rb"\n[\x00-\x09\x0b-\x20]+(?:\n|\Z)")


@dataclass(frozen=True)
class Wanted:
    """What is asked of each line.

    `ordinals` are the places of tokens from 0, `types` their types. `token_count` is the number of
    tokens of a well-formed line, None where it does not matter. `lines` asks for the lines too.
    """

    ordinals: tuple[int, ...]
    types: tuple[DataType, ...]
    token_count: int | None
    lines: bool = False


@dataclass(frozen=True)
class Split:
    """The lines of a block. `columns` hold texts (nulls where none), or already the values of the type.

    `malformed` tells the lines with the wrong number of tokens, None when there is none.
    """

    columns: list[pa.Array]
    row_count: int
    malformed: pa.BooleanArray | None = None
    lines: pa.Array | None = None


def split_block(
    block: bytes, dialect: CsvDialect, wanted: Wanted, separator: bytes | None, values: TextOptions
) -> Split:
    """The tokens of a block of UTF-8 lines (as `lines.line_blocks` makes them), blank lines left out."""
    if len(block) > SMALL_BLOCK_BYTES and not wanted.lines and separator in {None, b"\n"}:
        found = _split_plain(block, dialect, wanted, values)
        if found is not None:
            return found
    return split_exactly(block, dialect, wanted, separator)


def kept_lines(block: bytes, dialect: CsvDialect, separator: bytes | None) -> list[str]:
    """The lines that are records: neither blank nor comments."""
    try:
        text = block.decode("utf-8")
    except UnicodeDecodeError:
        lines = [line.decode("utf-8", "replace") for line in split_lines(block, separator)]
    else:
        lines = text.split(separator.decode("utf-8") if separator else "\n")
    if dialect.comment:
        return [line for line in lines if not line.startswith(dialect.comment) and line.strip(_BLANKS)]
    return [line for line in lines if line.strip(_BLANKS)]


def split_exactly(block: bytes, dialect: CsvDialect, wanted: Wanted, separator: bytes | None) -> Split:
    """The tokens line by line."""
    lines = kept_lines(block, dialect, separator)
    records = [split_record(line, dialect) for line in lines]
    return tokens_to_columns(records, lines, dialect, wanted)


def tokens_to_columns(
    records: Sequence[list[str] | None], lines: Sequence[str], dialect: CsvDialect, wanted: Wanted
) -> Split:
    """The wanted tokens as columns; a missing token is null, and so is one equal to the null value."""
    null_value = dialect.null_value
    columns = []
    counts = {-1 if record is None else len(record) for record in records}
    even = len(counts) == 1 and None not in records
    by_ordinal = list(zip(*records, strict=True)) if even and wanted.ordinals else []
    for ordinal in wanted.ordinals:
        if even:
            tokens: Sequence[str | None] = (
                by_ordinal[ordinal] if ordinal < len(by_ordinal) else [None] * len(records)
            )
        else:
            tokens = [r[ordinal] if r is not None and ordinal < len(r) else None for r in records]
        if null_value in tokens:
            tokens = [None if t == null_value else t for t in tokens]
        columns.append(pa.array(tokens, pa.string()))
    malformed = None
    if wanted.token_count is not None and counts - {wanted.token_count}:
        malformed = pa.array([r is None or len(r) != wanted.token_count for r in records], pa.bool_())
    elif None in records:
        malformed = pa.array([r is None for r in records], pa.bool_())
    return Split(columns, len(records), malformed, pa.array(lines, pa.string()) if wanted.lines else None)


# ---- fast -----------------------------------------------------------------------------------------


def _split_plain(block: bytes, dialect: CsvDialect, wanted: Wanted, values: TextOptions) -> Split | None:
    """The block through Arrow's parser; None where that could differ from Spark's by one byte."""
    separator = dialect.separator.encode("utf-8")
    if (
        len(separator) != 1
        or separator in b"\n\r"
        or dialect.max_characters_per_column >= 0
        or (dialect.comment and dialect.comment.encode("utf-8") in block)
        or b"\0" in block
        or b"\r" in block
        or block[0] <= ord(" ")
    ):
        return None
    blanks = _has_blanks(block)
    if blanks and (dialect.ignore_leading_whitespace or dialect.ignore_trailing_whitespace):
        return None
    if (blanks or separator <= b" ") and _BLANK_LINE.search(block) is not None:
        # A line of white space only is no record; Arrow would make one of it.
        return None
    quoted = bool(dialect.quote) and dialect.quote.encode("utf-8") in block
    if quoted and not _quotes_are_plain(block, dialect, separator):
        return None
    first_line = block[: block.index(b"\n")] if b"\n" in block else block
    first = split_record(first_line.decode("utf-8", "replace"), dialect)
    if first is None or len(first) > dialect.max_columns:
        return None
    types = _direct_types(block, wanted, values, blanks=blanks)
    for chosen in (types, (pa.string(),) * len(types)):
        table = _read(block, dialect, wanted, len(first), chosen, quoted=quoted)
        if table is not None:
            break
        if all(t == pa.string() for t in types):
            return None
    else:
        return None
    columns = []
    present = sorted({o for o in wanted.ordinals if o < len(first)})
    by_ordinal = dict(zip(present, table.columns, strict=True)) if present else {}
    rows = table.num_rows
    for ordinal in wanted.ordinals:
        column = by_ordinal.get(ordinal)
        columns.append(pa.nulls(rows, pa.string()) if column is None else _one_chunk(column))
    malformed = None
    if wanted.token_count is not None and wanted.token_count != len(first):
        malformed = pa.repeat(pa.scalar(value=True), rows)
    return Split(columns, rows, malformed)


def _has_blanks(block: bytes) -> bool:
    return b" " in block or b"\t" in block


def _quotes_are_plain(block: bytes, dialect: CsvDialect, separator: bytes) -> bool:
    """Whether every quote opens or closes a whole token that holds neither quotes nor escapes."""
    quote = dialect.quote.encode("utf-8")
    if len(quote) != 1 or not dialect.escape or dialect.escape.encode("utf-8") in block.replace(quote, b""):
        return False
    if quote * 2 in block and dialect.empty_value != dialect.null_value:
        return False
    if dialect.ignore_leading_whitespace or dialect.ignore_trailing_whitespace:
        return False
    q, s = re.escape(quote), re.escape(separator)
    token = re.compile(rb"(?<![^\n" + s + rb"])" + q + rb"[^" + q + rb"\n]*" + q + rb"(?=[\n" + s + rb"]|\Z)")
    return 2 * sum(1 for _ in token.finditer(block)) == block.count(quote)


def _direct_types(
    block: bytes, wanted: Wanted, values: TextOptions, *, blanks: bool
) -> tuple[pa.DataType, ...]:
    """The types that Arrow's parser may make itself with Spark's result; string for the others."""
    kinds = {type(t) for t in wanted.types}
    plain_integers = (
        any(issubclass(k, IntegralType) for k in kinds)
        and not blanks
        and b"x" not in block
        and b"X" not in block
    )
    named = (values.nan_value, values.positive_infinity, values.negative_infinity)
    plain_numbers = (
        any(issubclass(k, DoubleType | FloatType) for k in kinds)
        and named == ("NaN", "Inf", "-Inf")
        and not any(letter in block for letter in (b"n", b"N"))
    )
    chosen = []
    for data_type in wanted.types:
        direct = (
            (isinstance(data_type, IntegralType) and plain_integers)
            or (isinstance(data_type, DoubleType | FloatType) and plain_numbers)
            or (data_type == DATE and not blanks and values.date_pattern is None)
            or (isinstance(data_type, DecimalType) and not blanks and values.decimal_point == ".")
        )
        chosen.append(arrow_type(data_type) if direct else pa.string())
    return tuple(chosen)


def _read(
    block: bytes,
    dialect: CsvDialect,
    wanted: Wanted,
    columns: int,
    types: Sequence[pa.DataType],
    *,
    quoted: bool,
) -> pa.Table | None:
    names = [str(i) for i in range(columns)]
    present = {o: t for o, t in zip(wanted.ordinals, types, strict=True) if o < columns}
    # Without a column Arrow would include all of them.
    included = sorted(present) or [0]
    read_options: dict[str, Any] = {"column_names": names, "use_threads": False, "block_size": len(block) + 1}
    try:
        return pyarrow.csv.read_csv(
            pa.py_buffer(block),
            pyarrow.csv.ReadOptions(**read_options),
            pyarrow.csv.ParseOptions(
                delimiter=dialect.separator,
                quote_char=dialect.quote if quoted else False,
                double_quote=False,
                escape_char=False,
                ignore_empty_lines=True,
            ),
            pyarrow.csv.ConvertOptions(
                check_utf8=not block.isascii(),
                column_types={str(o): present.get(o, pa.string()) for o in included},
                include_columns=[str(o) for o in included],
                null_values=["", dialect.null_value],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
