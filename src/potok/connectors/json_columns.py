"""Blocks of JSON lines that all have the same names in the same order, read column by column.

The texts between the values are the same on every line of such a block. Finding them where they have to
be is at once the parse and the proof: what lies between is checked to be one strict JSON scalar. Any other
block is left to the other readers, whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from potok.functions.text_values import TextOptions, parse_values
from potok.types import (
    BOOLEAN,
    DATE,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DataType,
    DoubleType,
    FloatType,
    IntegralType,
    StringType,
    arrow_type,
)

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]

_NAME = rb'"([^"\\\x00-\x1f]*)" *: *'
_SCALAR = rb'"[^"\\\x00-\x1f]*"|true|false|-?[0-9][0-9.eE+-]*|null'
_MEMBER = re.compile(rb"(\{ *|, *)" + _NAME + b"(?=(" + _SCALAR + b"))(?:" + _SCALAR + rb") *")
_END = re.compile(rb" *\} *")
_QUOTE, _COMMA, _NEW_LINE, _MINUS, _POINT, _ZERO = b'",\n-.0'
_OPENING_BRACE, _CLOSING_BRACE, _CLOSING_BRACKET = b"{}]"
# Something behind the end of an object that no JSON text may have there, or a second value on a line.
_SUSPECT = re.compile(rb"[}\]][ \t]*[^,}\]\n \t]")
_MAY_FOLLOW = np.zeros(256, np.bool_)
_MAY_FOLLOW[list(b",}]\n")] = True
_EXPONENT, _LOWER = ord("e"), 0x20
_FIRST_PRINTABLE = 32
_DIGITS = 10
_WORD_BYTES = 8
# Flags of so many bytes stay in a core's cache; larger arrays would come from the system afresh each time.
_PIECE_BYTES = 1 << 18
_NULL = int.from_bytes(b"null", "little")
_TRUE, _FALSE, _NULL_TEXT, _ZERO_TEXT = (pa.scalar(t, pa.string()) for t in ("true", "false", "null", "0"))


class _OtherShapeError(Exception):
    """Some line is not like the first one, or not strict JSON, or not of the type."""


@dataclass(frozen=True)
class Shape:
    """What all lines have in common: a text before each value, and one after the last, with the line's end.

    `samples` are the values of the line that the shape was taken from.
    """

    names: tuple[str, ...]
    texts: tuple[bytes, ...]
    samples: tuple[bytes, ...]


def shape_of(line: bytes) -> Shape | None:
    """The shape of a line (without its end); None if it is not a plain object of scalars."""
    names: list[str] = []
    texts: list[bytes] = []
    samples: list[bytes] = []
    position = 0
    ended = 0
    while (member := _MEMBER.match(line, position)) is not None and (member[1][:1] == b"{") == (
        position == 0
    ):
        names.append(member[2].decode("utf-8", "replace"))
        texts.append(line[ended : member.start(3)])
        samples.append(member[3])
        position, ended = member.end(), member.end(3)
    end = _END.fullmatch(line, position)
    if end is None or not names or len(set(names)) < len(names):
        return None
    return Shape(tuple(names), (*texts, line[ended:] + b"\n"), tuple(samples))


def read_columns(
    block: bytes, names: Sequence[str], types: Mapping[str, DataType], options: TextOptions
) -> tuple[int, list[pa.Array]] | None:
    """The number of lines and these columns of a block whose last line ends; None if it is not so plain.

    A column that the lines do not have is null. Every line is valid and every value of its type.
    """
    shape = shape_of(block[: block.index(b"\n")])
    if shape is None or b"\\" in block:
        return None
    try:
        if not block.isascii():
            block.decode("utf-8")
        lines = _Lines(block, shape)
        found: dict[str, pa.Array] = {}
        for i, name in enumerate(shape.names):
            if name in types:
                found[name] = lines.column(i, types[name], options)
            else:
                lines.check(i)
        lines.check_quotes()
    except (_OtherShapeError, UnicodeDecodeError):
        return None
    return lines.count, [
        found[n] if n in found else pa.nulls(lines.count, arrow_type(types[n])) for n in names
    ]


def is_object_per_line(block: bytes) -> bool:
    """Whether every line starts and ends as an object does and holds nothing behind a structure that may not follow.

    The last line ends. False is no proof of the contrary.
    """
    values = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero((values == _CLOSING_BRACE) | (values == _CLOSING_BRACKET))
    follows = _MAY_FOLLOW[values[ends + 1]] if len(ends) and ends[-1] + 1 < len(values) else None
    if follows is None or (not follows.all() and _SUSPECT.search(block) is not None):
        return False
    line_ends = np.flatnonzero(values == _NEW_LINE)
    starts = values[line_ends[:-1] + 1]
    return (
        block[:1] == b"{"
        and bool((values[line_ends - 1] == _CLOSING_BRACE).all())
        and bool((starts == _OPENING_BRACE).all())
    )


class _Lines:
    """A block cut into values. Raises _OtherShapeError."""

    def __init__(self, block: bytes, shape: Shape) -> None:
        self._block = block
        self._bytes: Bytes = np.frombuffer(block, np.uint8)
        self._shape = shape
        self._quote_count = 0
        self._quotes = 0
        self._every_second: pa.Array | None = None
        inner = shape.texts[1:-1]
        one_comma = (
            all(text.count(b",") == 1 for text in inner) and b"," not in shape.texts[0] + shape.texts[-1]
        )
        starts = self._text_starts(_COMMA, len(inner)) if one_comma else None
        if starts is None:
            starts = self._text_starts_by_quotes()
        if starts is None:
            raise _OtherShapeError
        self.count = len(starts[0])
        self._ranges: list[tuple[Positions, Positions]] = []
        self._expect_line_ends(starts[-1])
        for i, text in enumerate(shape.texts):
            if 0 < i < len(shape.texts) - 1:
                self._expect(starts[i], text)
            if i:
                begin, end = starts[i - 1] + len(shape.texts[i - 1]), starts[i]
                if (begin >= end).any():
                    raise _OtherShapeError
                self._ranges.append((begin, end))

    def _marks(self, mark: int, marks_per_line: int) -> Positions | None:
        """Where the mark and the line's end are, a row a line; None if not every line has as many."""
        pieces = []
        control_count = quote_count = 0
        for start in range(0, len(self._bytes), _PIECE_BYTES):
            piece = self._bytes[start : start + _PIECE_BYTES]
            controls = piece < _FIRST_PRINTABLE
            control_count += int(np.count_nonzero(controls))
            quote_count += int(np.count_nonzero(piece == _QUOTE))
            controls |= piece == mark
            pieces.append(np.flatnonzero(controls) + start)
        found = np.concatenate(pieces)
        rows, rest = divmod(len(found), marks_per_line + 1)
        # As many control characters as lines: the ends of lines, which are checked to be there, are all of them.
        if rest or not rows or control_count != rows:
            return None
        self._quote_count = quote_count
        return found.reshape(rows, marks_per_line + 1)

    def _text_starts(self, mark: int, marks_per_line: int) -> list[Positions] | None:
        places = self._marks(mark, marks_per_line)
        if places is None:
            return None
        texts = self._shape.texts
        starts = [_line_starts(places)]
        starts.extend(places[:, i] - text.index(mark) for i, text in enumerate(texts[1:-1]))
        starts.append(places[:, -1] - (len(texts[-1]) - 1))
        return starts

    def _text_starts_by_quotes(self) -> list[Positions] | None:
        texts = self._shape.texts
        if any(text.count(b'"') != 2 for text in texts[:-1]):  # noqa: PLR2004 - around the name
            return None
        text_counts = [2 if sample[:1] == b'"' else 0 for sample in self._shape.samples]
        places = self._marks(_QUOTE, 2 * len(text_counts) + sum(text_counts))
        if places is None:
            return None
        starts = [_line_starts(places)]
        column = 0
        for text, quotes in zip(texts[1:-1], text_counts, strict=False):
            column += 2 + quotes
            starts.append(places[:, column] - text.index(_QUOTE))
        starts.append(places[:, -1] - (len(texts[-1]) - 1))
        return starts

    def _expect_line_ends(self, starts: Positions) -> None:
        """Check the last text of every line, and the first text of the next one behind it."""
        head, tail = self._shape.texts[0], self._shape.texts[-1]
        if not self._block.startswith(head) or not self._block.endswith(tail):
            raise _OtherShapeError
        if len(starts) > 1:
            self._expect(starts[:-1], tail + head)

    def _expect(self, starts: Positions, text: bytes) -> None:
        """Check that the text is there on every line."""
        if starts[0] < 0 or starts[-1] + len(text) > len(self._block):
            raise _OtherShapeError
        if len(text) < _WORD_BYTES:
            self._expect_short(starts, text)
            return
        # The last word may overlap the one before it.
        for position in (*range(0, len(text) - _WORD_BYTES, _WORD_BYTES), len(text) - _WORD_BYTES):
            wanted = int.from_bytes(text[position : position + _WORD_BYTES], "little")
            if (self._words(_WORD_BYTES)[starts + position if position else starts] != wanted).any():
                raise _OtherShapeError

    def _expect_short(self, starts: Positions, text: bytes) -> None:
        missing = _WORD_BYTES - len(text)
        if starts[0] >= missing:
            starts, shift = starts - missing, 8 * missing
        elif starts[-1] + _WORD_BYTES <= len(self._block):
            shift = 0
        else:
            raise _OtherShapeError
        mask = ((1 << 8 * len(text)) - 1) << shift
        wanted = int.from_bytes(text, "little") << shift
        if (self._words(_WORD_BYTES)[starts] & np.uint64(mask) != wanted).any():
            raise _OtherShapeError

    def _words(self, width: int) -> npt.NDArray[np.unsignedinteger]:
        """The word that starts at each byte."""
        count = len(self._block) - width + 1
        return np.ndarray((count,), f"<u{width}", self._block, strides=(1,))

    def column(self, i: int, data_type: DataType, options: TextOptions) -> pa.Array:
        """The values as `arrow_type` has them."""
        if isinstance(data_type, StringType):
            return self._texts(i)
        if data_type in {DATE, TIMESTAMP, TIMESTAMP_NTZ}:
            values, bad = parse_values(self._texts(i), data_type, options)
            if bad is not None:
                raise _OtherShapeError
            return values
        if data_type == BOOLEAN:
            return self._flags(i)
        if isinstance(data_type, IntegralType):
            return self._numbers(i, arrow_type(data_type), whole=True)
        if isinstance(data_type, DoubleType | FloatType):
            values = self._numbers(i, pa.float64(), whole=False)
            return values.cast(arrow_type(data_type), safe=False)
        raise _OtherShapeError

    def check(self, i: int) -> None:
        """Check values that nobody wants."""
        sample = self._shape.samples[i][:1]
        if sample == b'"':
            self._text_ranges(i)
        elif sample in {b"t", b"f"}:
            self._flags(i)
        else:
            self._numbers(i, pa.float64(), whole=False)

    def check_quotes(self) -> None:
        """Check that no text has a quote inside. To be called when all columns have been read."""
        expected = self._quotes + 2 * len(self._shape.names) * self.count
        if self._quote_count != expected:
            raise _OtherShapeError

    def _text_ranges(self, i: int) -> tuple[Positions, Positions, npt.NDArray[np.bool_] | None]:
        """What is inside the quotes, and which values are null."""
        begin, end = self._ranges[i]
        opened = self._bytes[begin] == _QUOTE
        closed = (self._bytes[end - 1] == _QUOTE) & (end > begin + 1)
        if (opened & closed).all():
            self._quotes += 2 * self.count
            return begin + 1, end - 1, None
        if (opened != closed).any():
            raise _OtherShapeError
        self._expect_nulls(begin, end, ~opened)
        self._quotes += 2 * int(np.count_nonzero(opened))
        return begin + 1, end - 1, ~opened

    def _expect_nulls(self, begin: Positions, end: Positions, where: npt.NDArray[np.bool_]) -> None:
        begin, end = begin[where], end[where]
        if (end - begin != len(b"null")).any() or (self._words(4)[begin] != _NULL).any():
            raise _OtherShapeError

    def _texts(self, i: int) -> pa.Array:
        begin, end, nulls = self._text_ranges(i)
        texts = self._slices(begin, end)
        return texts if nulls is None else pc.if_else(_mask(nulls), pa.scalar(None, pa.string()), texts)

    def _flags(self, i: int) -> pa.Array:
        texts = self._slices(*self._ranges[i])
        is_true, is_false = (pc.equal(texts, word) for word in (_TRUE, _FALSE))
        known = pc.or_(is_true, is_false)
        if known.true_count == self.count:
            return is_true
        if pc.or_(known, pc.equal(texts, _NULL_TEXT)).true_count < self.count:
            raise _OtherShapeError
        return pc.if_else(known, is_true, pa.scalar(None, pa.bool_()))

    def _numbers(self, i: int, target: pa.DataType, *, whole: bool) -> pa.Array:
        begin, end = self._ranges[i]
        texts = self._slices(begin, end)
        first = self._bytes[begin]
        mask = None
        if not _are_digits(first):
            nulls = first == ord("n")
            if nulls.any():
                self._expect_nulls(begin, end, nulls)
                mask = _mask(nulls)
                texts = pc.if_else(mask, _ZERO_TEXT, texts)
                begin, end, first = begin[~nulls], end[~nulls], first[~nulls]
            signs = first == _MINUS
            begin = begin + signs
            first = self._bytes[begin]
            # The whole number -0 has no sign for Spark, whatever the type.
            if not _are_digits(first) or (signs & (first == _ZERO) & (end - begin == 1)).any():
                raise _OtherShapeError
        # Arrow's conversion knows more ways to write a number than JSON: `0x1`, `01`, `1.`, `1.e5`.
        zeros = first == _ZERO
        if zeros.any():
            longer = end - begin > 1 if whole else self._bytes[begin + 1] - _ZERO < _DIGITS
            if (zeros & longer).any():
                raise _OtherShapeError
        if not whole and not (_are_digits(self._bytes[end - 1]) and _fractions_have_digits(texts)):
            raise _OtherShapeError
        try:
            values = pc.cast(texts, target)
        except pa.ArrowInvalid as error:
            raise _OtherShapeError from error
        return values if mask is None else pc.if_else(mask, pa.scalar(None, target), values)

    def _slices(self, begin: Positions, end: Positions) -> pa.Array:
        """The texts of ranges that follow one another."""
        count = self.count
        offsets = np.empty(2 * count + 1, np.int32)
        offsets[0:-1:2] = begin
        offsets[1::2] = end
        offsets[-1] = offsets[-2] if count else 0
        pieces = pa.Array.from_buffers(
            pa.string(), 2 * count, [None, pa.py_buffer(offsets), pa.py_buffer(self._block)]
        )
        if self._every_second is None:
            places = np.arange(0, 2 * count, 2, dtype=np.int32)
            self._every_second = pa.Array.from_buffers(pa.int32(), count, [None, pa.py_buffer(places)])
        return pieces.take(self._every_second)


def _line_starts(places: Positions) -> Positions:
    starts = np.empty(len(places), np.int64)
    starts[0] = 0
    starts[1:] = places[:-1, -1] + 1
    return starts


def _mask(flags: npt.NDArray[np.bool_]) -> pa.Array:
    packed = np.packbits(flags, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(flags), [None, pa.py_buffer(packed)])


def _are_digits(signs: Bytes) -> bool:
    return bool((signs - _ZERO < _DIGITS).all())


def _fractions_have_digits(texts: pa.Array) -> bool:
    """Whether a digit follows every point that is not the end of its text."""
    content = np.frombuffer(texts.buffers()[2], np.uint8)
    # Other signs than those of an exponent are refused by the conversion.
    if not (content | _LOWER == _EXPONENT).any():
        return True
    return not ((content[:-1] == _POINT) & (content[1:] - _ZERO >= _DIGITS)).any()
