"""Data types, schemas and multi-part names as Spark writes them in DDL.

Source of fact: Spark 4.3's grammar rules `singleDataType` and `singleTableSchema`, its
`DataTypeAstBuilder`, and `UnresolvedAttribute.parseAttributeName`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NoReturn

from potok import types as t
from potok.errors import SparkError, unsupported
from potok.tokens import NUMBER, WORD, ParseError, Token, TokenStream

_SIMPLE: dict[str, t.DataType] = {
    "BOOLEAN": t.BOOLEAN,
    "TINYINT": t.BYTE,
    "BYTE": t.BYTE,
    "SMALLINT": t.SHORT,
    "SHORT": t.SHORT,
    "INT": t.INTEGER,
    "INTEGER": t.INTEGER,
    "BIGINT": t.LONG,
    "LONG": t.LONG,
    "FLOAT": t.FLOAT,
    "REAL": t.FLOAT,
    "DOUBLE": t.DOUBLE,
    "DATE": t.DATE,
    "TIMESTAMP": t.TIMESTAMP,
    "TIMESTAMP_LTZ": t.TIMESTAMP,
    "TIMESTAMP_NTZ": t.TIMESTAMP_NTZ,
    "STRING": t.STRING,
    "BINARY": t.BINARY,
    "VOID": t.NULL,
    "VARIANT": t.VariantType(),
}
_DECIMAL = frozenset({"DECIMAL", "DEC", "NUMERIC"})
_CHARACTER = frozenset({"CHAR", "CHARACTER", "VARCHAR"})
_MISSING = frozenset({"TIME", "GEOMETRY", "GEOGRAPHY"})
_YEAR_MONTH = {"YEAR": 0, "MONTH": 1}
_DAY_TIME = {"DAY": 0, "HOUR": 1, "MINUTE": 2, "SECOND": 3}
_MAX_DECIMAL_NUMBERS = 2


class TypeParser(TokenStream):
    """The rules `dataType` and `colTypeList` over a stream of tokens."""

    types_have_origins = False

    def type_error(self, condition: str, head: Token, **parameters: Any) -> t.DataType:  # noqa: ANN401 - as ParseError takes
        """Report an error about a type once the text is read; the type stands in until then."""
        if self.types_have_origins:
            error = ParseError(condition, origin=self.origin(head.start), **parameters)
        else:
            error = ParseError(condition, sql_text=self.text, position=head.start, **parameters)
        return self._wrong(error)

    def data_type(self) -> t.DataType:
        """One data type."""
        head = self.token
        if head.kind is not WORD:
            name = self.plain_name()
            return self._unknown_type(head, f'"{name.upper()}"')
        if head.key in {"ARRAY", "MAP", "STRUCT"} and self.peek().key in {"<", "<>"}:
            return self._nested_type()
        self.advance()
        if head.key == "INTERVAL":
            return self._interval_type(head)
        return self._primitive_type(head, self._numbers())

    def _nested_type(self) -> t.DataType:
        """A type with `<`. A syntax error inside is reported at the bracket, as ANTLR does."""
        head, bracket = self.advance(), self.token
        try:
            return self._nested_body(head)
        except ParseError as error:
            if error.condition == "PARSE_SYNTAX_ERROR":
                self.fail(bracket)
            raise

    def _nested_body(self, head: Token) -> t.DataType:
        if head.key == "STRUCT":
            if self.accept("<>") or self.accept("<", ">"):
                return t.StructType()
            self.expect("<")
            fields = [self._struct_field()]
            while self.accept(","):
                fields.append(self._struct_field())
            self._close()
            return t.StructType(tuple(fields))
        self.expect("<")
        first = self.data_type()
        if head.key == "ARRAY":
            self._close()
            return t.ArrayType(first)
        self.expect(",")
        second = self.data_type()
        self._close()
        return t.MapType(first, second)

    def _close(self) -> None:
        self.expect(">")

    def _struct_field(self) -> t.StructField:
        name = self.name()
        self.accept(":")
        return self._rest_of_column(name)

    def _rest_of_column(self, name: str) -> t.StructField:
        data_type = self.data_type()
        nullable = not (self.accept("NOT", "NULL") or self.accept("!", "NULL"))
        metadata = "{}"
        if self.accept("COMMENT"):
            metadata = json.dumps({"comment": self.string()}, separators=(",", ":"), ensure_ascii=False)
        return t.StructField(name, data_type, nullable, metadata)

    def column(self) -> t.StructField:
        """One column of a table schema: `a INT NOT NULL COMMENT 'x'`."""
        return self._rest_of_column(self.name())

    def columns(self) -> t.StructType:
        """Columns between commas."""
        fields = [self.column()]
        while self.accept(","):
            fields.append(self.column())
        return t.StructType(tuple(fields))

    def _numbers(self) -> tuple[int, ...]:
        if self.token.key != "(":
            return ()
        self.advance()
        numbers = [self._number()]
        while self.accept(","):
            numbers.append(self._number())
        self.expect(")")
        return tuple(numbers)

    def _number(self) -> int:
        if self.token.kind is not NUMBER or not self.token.text.isdigit():
            self.fail()
        return int(self.advance().text)

    def _primitive_type(self, head: Token, numbers: tuple[int, ...]) -> t.DataType:
        key = head.key
        if key in _SIMPLE and not numbers:
            self._time_zone_or_collation(key)
            if key == "TIMESTAMP" and self.accept("WITHOUT", "TIME", "ZONE"):
                return t.TIMESTAMP_NTZ
            return _SIMPLE[key]
        if key in _DECIMAL and len(numbers) <= _MAX_DECIMAL_NUMBERS:
            return self._decimal_type(*numbers)
        if key in _CHARACTER and len(numbers) <= 1:
            return self._character_type(head, numbers)
        if key in {"ARRAY", "MAP", "STRUCT"} and not numbers:
            condition = f"INCOMPLETE_TYPE_DEFINITION.{key}"
            return self._wrong(
                ParseError(condition, sql_text=self.text, position=head.start, elementType="<INT>")
            )
        if key in _MISSING:
            return self._wrong(unsupported(f"The data type {key}", "Use TIMESTAMP, STRING or BINARY."))
        shown = ",".join(str(n) for n in numbers)
        return self._unknown_type(head, f'"{key}({shown})"' if numbers else f'"{key}"')

    def _wrong(self, error: SparkError) -> t.DataType:
        """Report the error once the text is read; the type stands in until then."""
        self.defer(error)
        return t.NULL

    def _time_zone_or_collation(self, key: str) -> None:
        if key == "STRING" and self.accept("COLLATE"):
            collation = self.name()
            if collation.upper() != "UTF8_BINARY":
                what = f"The collation {collation}"
                self.defer(unsupported(what, "Use UTF8_BINARY, and lower() to compare."))

    def _decimal_type(self, precision: int = 10, scale: int = 0) -> t.DataType:
        if precision > t.MAX_PRECISION:
            condition = "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION"
            return self._wrong(SparkError(condition, precision=precision, maxPrecision=t.MAX_PRECISION))
        if scale > precision:
            condition = "DECIMAL_SCALE_EXCEEDS_PRECISION"
            return self._wrong(ParseError(condition, sql_text=self.text, scale=scale, precision=precision))
        return t.DecimalType(precision, scale)

    def _character_type(self, head: Token, numbers: tuple[int, ...]) -> t.DataType:
        if not numbers:
            return self._wrong(
                ParseError(
                    "DATATYPE_MISSING_SIZE", sql_text=self.text, position=head.start, type=f'"{head.key}"'
                )
            )
        return t.VarcharType(*numbers) if head.key == "VARCHAR" else t.CharType(*numbers)

    def _interval_type(self, head: Token) -> t.DataType:
        start = self.token.key
        if start in _YEAR_MONTH:
            self.advance()
            if not self.at("TO", "MONTH"):
                return t.YearMonthIntervalType(_YEAR_MONTH[start], _YEAR_MONTH[start])
            self.accept("TO", "MONTH")
            if start == "MONTH":
                return self._wrong_interval(head, "month", "month")
            return t.YearMonthIntervalType()
        if start in _DAY_TIME:
            self.advance()
            end = self.peek().key if self.token.key == "TO" else ""
            if _DAY_TIME.get(end, 0) == 0:
                return t.DayTimeIntervalType(_DAY_TIME[start], _DAY_TIME[start])
            self.accept("TO", end)
            if _DAY_TIME[end] <= _DAY_TIME[start]:
                return self._wrong_interval(head, start.lower(), end.lower())
            return t.DayTimeIntervalType(_DAY_TIME[start], _DAY_TIME[end])
        return t.CALENDAR_INTERVAL

    def _wrong_interval(self, head: Token, start: str, end: str) -> t.DataType:
        condition = "INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION"
        return self.type_error(condition, head, input="", **{"from": start, "to": end})

    def _unknown_type(self, head: Token, shown: str) -> t.DataType:
        return self.type_error("UNSUPPORTED_DATATYPE", head, typeName=shown)


@lru_cache(maxsize=512)
def parse_data_type(text: str) -> t.DataType:
    """A type from DDL (`array<int>`) or from Spark's schema JSON. Raises ParseError."""
    try:
        return _data_type(text)
    except ParseError:
        found = _from_json(text)
        if found is None:
            raise
        return found


@lru_cache(maxsize=512)
def parse_schema(text: str) -> t.StructType:
    """A schema: `a INT, b STRING NOT NULL`, or Spark's JSON. Raises ParseError, as Spark for `struct<a: int>` too."""
    try:
        return _columns(text)
    except ParseError:
        found = _from_json(text)
        if not isinstance(found, t.StructType):
            raise
        return found


def parse_type_or_schema(text: str) -> t.DataType:
    """A type, or columns as in a table schema (Spark's `DataType.fromDDL`, as `from_json` reads it)."""
    try:
        return parse_data_type(text)
    except ParseError:
        return parse_schema(text)


def parse_client_schema(text: str) -> t.DataType:
    """As `parse_type_or_schema`, also columns as inside a STRUCT: `a: int, b: string` (Connect's DDLParse)."""
    try:
        return parse_type_or_schema(text)
    except ParseError as error:
        try:
            return parse_data_type(f"struct<{text.strip()}>")
        except ParseError:
            raise error from None


def _data_type(text: str) -> t.DataType:
    parser = TypeParser(text)
    parser.expect_not_empty()
    result = parser.data_type()
    parser.expect_end(hinted=False)
    return result


def _columns(text: str) -> t.StructType:
    parser = TypeParser(text)
    parser.expect_not_empty()
    result = parser.columns()
    parser.expect_end(hinted=False)
    return result


def _from_json(text: str) -> t.DataType | None:
    if not text.lstrip().startswith(("{", '"')):
        return None
    try:
        return t.data_type_from_json(json.loads(text))
    except (ValueError, KeyError, TypeError):
        return None


@lru_cache(maxsize=4096)
def parse_name(text: str) -> tuple[str, ...]:
    """The parts of a name: `a.b.`c d`` is three. Raises INVALID_ATTRIBUTE_NAME_SYNTAX.

    Outside backticks everything but a dot and a backtick belongs to a part; two backticks inside
    backticks are one.
    """
    if "." not in text and "`" not in text:
        return (text,)
    parts: list[str] = []
    position = 0
    while True:
        part, position = _name_part(text, position)
        parts.append(part)
        if position == len(text):
            return tuple(parts)
        position += 1


def _name_part(text: str, start: int) -> tuple[str, int]:
    """One part and the position of the dot behind it (or the end)."""
    if text[start : start + 1] != "`":
        end = text.find(".", start)
        end = len(text) if end < 0 else end
        if end == start or "`" in text[start:end]:
            _fail_name(text)
        return text[start:end], end
    part, position = "", start + 1
    while True:
        end = text.find("`", position)
        if end < 0:
            _fail_name(text)
        part += text[position:end]
        if text[end + 1 : end + 2] != "`":
            break
        part, position = part + "`", end + 2
    if text[end + 1 : end + 2] not in {"", "."}:
        _fail_name(text)
    return part, end + 1


def _fail_name(text: str) -> NoReturn:
    raise SparkError("INVALID_ATTRIBUTE_NAME_SYNTAX", name=text)
