"""One CSV record to its tokens, exactly as Spark's parser does it, quotes and mistakes included.

Source of facts: com.univocity.parsers.csv.CsvParser 2.9 under Spark's CSVOptions.asParserSettings,
checked against Spark with generated lines (tests/unit/connectors). One thing is not copied: with a
separator of several characters Spark swaps a quote inside a value with a part of a separator behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from potok.errors import SparkError

NO_CHARACTER = "\0"
NEW_LINE = "\n"
_STAND_INS = tuple(map(chr, range(0xE000, 0xE100)))


@dataclass(frozen=True)
class CsvDialect:
    """The signs of a CSV file. `quote`, `escape` and `comment` are one character or empty (off).

    `null_value` is what an absent token becomes, `empty_value` what an empty quoted one becomes.
    """

    separator: str = ","
    quote: str = '"'
    escape: str = "\\"
    escape_of_escape: str | None = None
    comment: str = ""
    ignore_leading_whitespace: bool = False
    ignore_trailing_whitespace: bool = False
    null_value: str = ""
    empty_value: str = ""
    quote_handling: str = "STOP_AT_DELIMITER"
    max_columns: int = 20480
    max_characters_per_column: int = -1

    @cached_property
    def has_plain_form(self) -> bool:
        """Whether `plain_field` may be used at all."""
        return not self.ignore_trailing_whitespace and self.escape_of_escape in {None, self.escape}

    @cached_property
    def plain_field(self) -> re.Pattern[str]:
        """One token of a well-formed record and the separator or end behind it."""
        quote, escape, separator = (re.escape(x) for x in (self.quote, self.escape, self.separator))
        # A token that starts with white space might have to be trimmed.
        start = rf"(?![{quote}\s])" if self.ignore_leading_whitespace else f"(?!{quote})"
        return re.compile(
            rf"(?:{quote}([^{quote}{escape}]*){quote}|({start}[^{separator}]*))(?:{separator}|\Z)"
        )


def split_record(line: str, dialect: CsvDialect) -> list[str] | None:
    """The tokens of a line without its terminator; None where the parser gives up on the line.

    Raises TextParsingError where Spark's parser throws.
    """
    quote = dialect.quote
    if not quote or quote not in line:
        tokens = line.split(dialect.separator)
        if dialect.ignore_leading_whitespace:
            tokens = [t.lstrip(_BLANKS) for t in tokens]
        if dialect.ignore_trailing_whitespace:
            # White space that is not skipped makes an empty token of one that was there.
            empty = dialect.empty_value
            tokens = [(t.rstrip(_BLANKS) or empty) if t else dialect.null_value for t in tokens]
        elif "" in tokens and dialect.null_value:
            tokens = [t or dialect.null_value for t in tokens]
        return _checked(tokens, dialect)
    if len(dialect.separator) == 1 and dialect.escape and dialect.has_plain_form:
        found = _plain_tokens(line, dialect)
        if found is not None:
            return _checked(found, dialect)
    parser = RecordParser(line, dialect)
    record = parser.next_record()
    return None if record is None else _checked(record, dialect)


class TextParsingError(Exception):
    """Where Spark's parser throws TextParsingException: the reading of the file fails."""


_BLANKS = "".join(map(chr, range(33)))


def _checked(tokens: list[str], dialect: CsvDialect) -> list[str]:
    if len(tokens) > dialect.max_columns:
        raise TextParsingError(f"more than {dialect.max_columns} columns")
    limit = dialect.max_characters_per_column
    if limit >= 0 and any(len(t) > limit for t in tokens):
        raise TextParsingError(f"a value longer than {limit} characters")
    return tokens


def _plain_tokens(line: str, dialect: CsvDialect) -> list[str] | None:
    match = dialect.plain_field.match
    tokens = []
    position = 0
    end = len(line)
    while True:
        found = match(line, position)
        if found is None:
            return None
        quoted = found[1]
        if quoted is not None:
            tokens.append(quoted or dialect.empty_value)
        else:
            tokens.append(found[2] or dialect.null_value)
        position = found.end()
        if position == end:
            if found[0].endswith(dialect.separator):
                # The separator ended the last match: an absent token follows it.
                tokens.append(dialect.null_value)
            return tokens


class _EndOfInput(Exception):  # noqa: N818 - it is not an error
    """No character is left."""


class RecordParser:
    r"""The records of a text, one after another. Line ends in the text are `\n`."""

    def __init__(self, text: str, dialect: CsvDialect) -> None:
        self._stand_in = ""
        if len(dialect.separator) > 1:
            self._stand_in = next(sign for sign in _STAND_INS if sign not in text)
            text = text.replace(dialect.separator, self._stand_in)
        self._text = text
        self._position = 0
        self._dialect = dialect
        self._delimiter = self._stand_in or dialect.separator
        self._quote = dialect.quote or NO_CHARACTER
        self._escape = dialect.escape or NO_CHARACTER
        escape_of_escape = dialect.escape_of_escape
        if escape_of_escape is None:
            escape_of_escape = NO_CHARACTER if self._escape == self._quote else self._escape
        self._escape_escape = escape_of_escape or NO_CHARACTER
        handling = dialect.quote_handling
        self._until_delimiter = handling in {"STOP_AT_DELIMITER", "SKIP_VALUE", "BACK_TO_DELIMITER"}
        self._lenient = self._until_delimiter or handling == "STOP_AT_CLOSING_QUOTE"
        self._handling = handling
        self._ch = NO_CHARACTER
        self._prev = NO_CHARACTER
        self._unescaped = False
        self._value: list[str] = []
        self._trim = False
        self._tokens: list[str] = []
        self._pending: list[list[str]] = []
        self._skipping = False
        self._ended = False
        self.start = 0

    @property
    def position(self) -> int:
        """Where the next record starts."""
        return self._position

    def next_record(self) -> list[str] | None:
        """The next record's tokens, None at the end of the text."""
        if self._pending:
            return self._pending.pop(0)
        comment = self._dialect.comment
        while not self._ended:
            self.start = self._position
            self._tokens = []
            try:
                self._next()
                if comment and self._ch == comment:
                    while self._ch != NEW_LINE:
                        self._next()
                    continue
                self._record()
            except _EndOfInput:
                return self._end()
            if self._tokens:
                self._pending.append(self._finished())
                return self._pending.pop(0)
        return None

    def _finished(self) -> list[str]:
        if self._stand_in:
            return [t.replace(self._stand_in, self._dialect.separator) for t in self._tokens]
        return self._tokens

    def _next(self) -> str:
        if self._position >= len(self._text):
            raise _EndOfInput
        self._ch = self._text[self._position]
        self._position += 1
        return self._ch

    def _append(self, text: str) -> None:
        if not self._skipping:
            self._value.append(text)

    def _length(self) -> int:
        return sum(map(len, self._value))

    def _emit(self) -> None:
        value = "".join(self._value)
        if self._trim:
            value = value.rstrip(_BLANKS)
        self._tokens.append(value or self._dialect.empty_value)
        self._value = []
        self._trim = False
        self._skipping = False

    def _emit_absent(self) -> None:
        self._tokens.append(self._dialect.null_value)

    def _end(self) -> list[str] | None:
        """What was read when the text ended, as CsvParser.handleEOF."""
        self._ended = True
        consume = self._consume_at_end()
        read_any = self._position > self.start
        if self._tokens or consume:
            if self._length() > 0 or consume:
                self._emit()
            elif read_any:
                self._emit_absent()
        elif self._length() > 0:
            self._emit()
        elif read_any:
            self._emit_absent()
        elif not self._pending:
            return None
        if self._tokens:
            self._pending.append(self._finished())
        return self._pending.pop(0)

    def _consume_at_end(self) -> bool:
        if self._ch == self._quote:
            if self._prev == self._quote:
                return True
            if not self._unescaped:
                self._append(self._quote)
        consume = self._prev != NO_CHARACTER and self._ch not in {self._delimiter, NEW_LINE}
        consume = consume and not (self._dialect.comment and self._ch == self._dialect.comment)
        self._ch = self._prev = NO_CHARACTER
        return consume

    def _append_until(self, *stops: str) -> None:
        """Append the current character and what follows, up to a stop, which becomes current."""
        if self._ch in stops:
            return
        start = self._position - 1
        ends = [self._text.find(stop, start) for stop in set(stops)]
        found = [e for e in ends if e >= 0]
        if not found:
            self._append(self._text[start:])
            self._position = len(self._text)
            if self._stand_in and self._delimiter in stops:
                # With a separator of several characters Spark's parser looks at each one by itself.
                self._ch = self._text[-1]
            raise _EndOfInput
        end = min(found)
        self._append(self._text[start:end])
        self._position = end + 1
        self._ch = self._text[end]

    def _skip_blanks(self) -> None:
        while self._ch <= " " and self._ch not in {self._delimiter, NEW_LINE, self._quote}:
            self._next()

    def _record(self) -> None:
        dialect = self._dialect
        if self._ch <= " " and dialect.ignore_leading_whitespace:
            self._skip_blanks()
        while self._ch != NEW_LINE:
            if self._ch <= " " and dialect.ignore_leading_whitespace:
                self._skip_blanks()
            if self._ch in {self._delimiter, NEW_LINE}:
                self._emit_absent()
            else:
                self._unescaped = False
                self._prev = NO_CHARACTER
                if self._ch == self._quote:
                    self._trim = False
                    self._quoted()
                    self._emit()
                else:
                    self._trim = dialect.ignore_trailing_whitespace
                    self._append_until(self._delimiter, NEW_LINE)
                    self._emit_unquoted()
            if self._ch != NEW_LINE:
                self._next()
                if self._ch == NEW_LINE:
                    self._emit_absent()

    def _emit_unquoted(self) -> None:
        written = "".join(self._value)
        value = written.rstrip(_BLANKS) if self._trim else written
        self._value = []
        self._trim = False
        # White space that is trimmed away leaves an empty token, not an absent one.
        self._tokens.append(value or (self._dialect.empty_value if written else self._dialect.null_value))

    def _skip_value(self) -> None:
        self._value = []
        self._skipping = True
        self._append_until(self._delimiter, NEW_LINE)

    def _quoted(self, *, until_line_end: bool = False) -> None:
        if self._prev != NO_CHARACTER and self._until_delimiter:
            if self._handling == "SKIP_VALUE":
                self._skip_value()
                return
            self._value.insert(0, self._quote)
            self._next()
            self._trim = self._dialect.ignore_trailing_whitespace
            self._append_until(NEW_LINE if until_line_end else self._delimiter, NEW_LINE)
            return
        self._next()
        while not (self._prev == self._quote and self._ends_quoted()):
            if self._ch not in {self._quote, self._escape}:
                if self._prev == self._quote:
                    self._unescaped_quote()
                    return
                if self._prev == self._escape and self._escape != NO_CHARACTER:
                    self._append(self._escape)
                self._append_until(self._quote, self._escape, self._escape_escape)
                self._prev = self._ch
                self._next()
            else:
                self._process_escape()
                self._prev = self._ch
                self._next()
                if self._unescaped and self._ch in {self._delimiter, NEW_LINE}:
                    return
        self._after_quoted()

    def _ends_quoted(self) -> bool:
        return self._ch <= " " or self._ch in {self._delimiter, NEW_LINE}

    def _after_quoted(self) -> None:
        if self._ch in {self._delimiter, NEW_LINE}:
            return
        blanks = ""
        while self._ch <= " " and self._ch != self._delimiter:
            blanks += self._ch
            self._next()
            if self._ch == NEW_LINE:
                return
        if self._ch == self._delimiter:
            return
        if not self._lenient:
            raise TextParsingError(f"Unexpected character {self._ch!r} following quoted value of CSV field.")
        self._append(self._quote)
        self._append(blanks)
        if self._until_delimiter or self._ch not in {self._quote, self._escape}:
            self._append(self._ch)
        self._prev = self._ch
        # With a separator of several characters Spark's parser no longer looks for it here.
        self._quoted(until_line_end=bool(self._stand_in))

    def _unescaped_quote(self) -> None:
        self._unescaped = True
        if self._handling == "BACK_TO_DELIMITER":
            self._back_to_delimiter()
            self._append(self._ch)
            self._prev = NO_CHARACTER
            self._quoted()
        elif self._handling in {"STOP_AT_CLOSING_QUOTE", "STOP_AT_DELIMITER"}:
            self._append(self._quote)
            self._append(self._ch)
            self._prev = self._ch
            self._quoted()
        elif self._handling == "SKIP_VALUE":
            self._skip_value()
        else:
            raise TextParsingError(
                f"Unescaped quote character {self._quote!r} inside quoted value of CSV field."
            )

    def _back_to_delimiter(self) -> None:
        value = "".join(self._value)
        while True:
            at = min((i for i in (value.find(self._delimiter), value.find(NEW_LINE)) if i >= 0), default=-1)
            if at < 0:
                break
            self._tokens.append(value[:at] or self._dialect.empty_value)
            if value[at] == NEW_LINE:
                self._pending.append(self._finished())
                self._tokens = []
            value = value[at + 1 :]
        self._value = [value]

    def _process_escape(self) -> None:
        if (
            self._ch == self._escape
            and self._prev == self._escape_escape
            and self._escape_escape != NO_CHARACTER
        ):
            self._append(self._escape)
            self._ch = NO_CHARACTER
        elif self._prev == self._escape:
            if self._ch == self._quote:
                self._append(self._quote)
                self._ch = NO_CHARACTER
            else:
                self._append(self._prev)
        elif self._ch == self._quote and self._prev == self._quote:
            self._append(self._quote)
        elif self._prev == self._quote:
            # Here Spark's parser leaves the quoted value for an unquoted one.
            self._unescaped_in_value()

    def _unescaped_in_value(self) -> None:
        if self._handling in {"BACK_TO_DELIMITER", "STOP_AT_CLOSING_QUOTE", "STOP_AT_DELIMITER"}:
            self._append(self._quote)
            self._prev = self._ch
            self._value_with_escapes()
        elif self._handling == "SKIP_VALUE":
            self._skip_value()
        else:
            raise TextParsingError(f"Unescaped quote character {self._quote!r} inside value of CSV field.")

    def _value_with_escapes(self) -> None:
        while self._ch not in {self._delimiter, NEW_LINE}:
            if self._ch not in {self._quote, self._escape}:
                if self._prev == self._quote:
                    self._unescaped_in_value()
                    return
                self._append(self._ch)
            else:
                self._process_escape()
                self._prev = self._ch
            self._next()


def bad_file(path_uri: str) -> SparkError:
    """What every failure inside the reading of a file is reported as."""
    return SparkError("FAILED_READ_FILE.NO_HINT", path=path_uri)
