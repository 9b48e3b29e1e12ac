"""JSON texts to Python values, as leniently as Spark's options ask.

Numbers come as texts of their kind, so that `1.50` for a STRING column stays `1.50`. Source of facts:
Jackson's ReaderBasedJsonParser under Spark's JSONOptions; recorded in tests/unit/connectors.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from potok.errors import SparkError


class IntegerText(str):
    """A number without a point or exponent, as written."""

    __slots__ = ()


class FractionText(str):
    """A number with a point or exponent, as written."""

    __slots__ = ()


class NotANumberText(str):
    """NaN, Infinity and their kin, as written without quotes."""

    __slots__ = ()


class RawStructure:
    """An object or array with the text it was read from."""

    __slots__ = ("text", "value")

    def __init__(self, value: Any, text: str) -> None:  # noqa: ANN401 - JSON
        self.value = value
        self.text = text


class MalformedJsonError(ValueError):
    """Not JSON, or not of the allowed kind."""


@dataclass(frozen=True)
class Leniency:
    """Spark's options of the same names, in snake_case."""

    allow_comments: bool = False
    allow_unquoted_field_names: bool = False
    allow_single_quotes: bool = True
    allow_numeric_leading_zeros: bool = False
    allow_non_numeric_numbers: bool = True
    allow_backslash_escaping_any_character: bool = False
    allow_unquoted_control_chars: bool = False


def _constant(text: str) -> NotANumberText:
    return NotANumberText(text)


_DECODER = json.JSONDecoder(parse_int=IntegerText, parse_float=FractionText, parse_constant=_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise SparkError("COLUMN_ALREADY_EXISTS", columnName=f"`{repeated.lower()}`")
    return members


_UNIQUE_DECODER = json.JSONDecoder(
    parse_int=IntegerText, parse_float=FractionText, parse_constant=_constant, object_pairs_hook=_unique
)


def parse_plain(text: str, leniency: Leniency, *, unique_names: bool = False) -> Any:  # noqa: ANN401 - JSON
    """A record by Python's own fast decoder; MalformedJsonError where the exact parser must judge.

    With `unique_names` COLUMN_ALREADY_EXISTS is raised for an object with two equal names.
    """
    if not leniency.allow_non_numeric_numbers:
        raise MalformedJsonError
    try:
        return (_UNIQUE_DECODER if unique_names else _DECODER).decode(text)
    except (ValueError, RecursionError) as error:
        raise MalformedJsonError from error


_SPACE = re.compile(r"[ \t\n\r]*")
_COMMENT = re.compile(r"(?:[ \t\n\r]|/\*.*?\*/|//[^\n]*)*", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:(\.\d+)?([eE][+-]?\d+)?)", re.ASCII)
_ZEROS_NUMBER = re.compile(r"-?\d+(?:(\.\d+)?([eE][+-]?\d+)?)", re.ASCII)
_NAMED = re.compile(r"NaN|-?Infinity|\+Infinity|-INF|\+INF|INF(?=\W|$)")
_WORDS = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"true|false|null")
_NAME = re.compile(r"[A-Za-z_$#@*\-+\u0080-\uffff][\w$#@*\-+]*")
_AFTER_SCALAR = re.compile(r"[ \t\n\r,:\]}/]|$")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_PLAIN = {
    True: re.compile(r"[^\"\\]*"),
    False: re.compile(r"[^\"\\\x00-\x1f]*"),
}
_PLAIN_SINGLE = {
    True: re.compile(r"[^'\\]*"),
    False: re.compile(r"[^'\\\x00-\x1f]*"),
}
_MAX_DEPTH = 1000


class LenientParser:
    """Parses one value at the start of a text; what follows it is not looked at.

    Objects become dicts (of several equal names the last counts); objects and arrays inside the
    outermost one are RawStructure.
    """

    def __init__(self, text: str, leniency: Leniency) -> None:
        self._text = text
        self._leniency = leniency
        self._space = _COMMENT if leniency.allow_comments else _SPACE
        self.position = 0

    def parse(self) -> Any:  # noqa: ANN401 - JSON
        """The value. Raises MalformedJsonError; EOFError where there is only white space."""
        self._skip()
        if self.position >= len(self._text):
            raise EOFError
        return self._value(0)

    def _skip(self) -> None:
        found = self._space.match(self._text, self.position)
        if found is not None:
            self.position = found.end()

    def _peek(self) -> str:
        self._skip()
        return self._text[self.position : self.position + 1]

    def _value(self, depth: int) -> Any:  # noqa: ANN401 - JSON
        if depth > _MAX_DEPTH:
            raise MalformedJsonError("too deep")
        sign = self._peek()
        start = self.position
        if sign == "{":
            structure: Any = self._object(depth)
        elif sign == "[":
            structure = self._array(depth)
        else:
            return self._scalar(sign)
        return RawStructure(structure, self._text[start : self.position]) if depth else structure

    def _scalar(self, sign: str) -> Any:  # noqa: ANN401 - JSON
        if sign == '"' or (sign == "'" and self._leniency.allow_single_quotes):
            return self._string(sign)
        word = _WORD.match(self._text, self.position)
        if word is not None:
            return self._ended(_WORDS[word[0]], word.end())
        zeros = self._leniency.allow_numeric_leading_zeros
        number = (_ZEROS_NUMBER if zeros else _NUMBER).match(self._text, self.position)
        if number is not None:
            kind = FractionText if number[1] or number[2] else IntegerText
            return self._ended(kind(number[0]), number.end())
        named = _NAMED.match(self._text, self.position)
        if named is not None and self._leniency.allow_non_numeric_numbers:
            return self._ended(NotANumberText(named[0]), named.end())
        raise MalformedJsonError(f"unexpected {sign!r} at {self.position}")

    def _ended(self, value: Any, end: int) -> Any:  # noqa: ANN401 - JSON
        if _AFTER_SCALAR.match(self._text, end) is None:
            raise MalformedJsonError(f"unexpected {self._text[end]!r} at {end}")
        self.position = end
        return value

    def _string(self, quote: str) -> str:
        control = self._leniency.allow_unquoted_control_chars
        plain = (_PLAIN if quote == '"' else _PLAIN_SINGLE)[control]
        self.position += 1
        parts = []
        while True:
            found = plain.match(self._text, self.position)
            if found is None:
                raise MalformedJsonError
            parts.append(found[0])
            self.position = found.end()
            sign = self._text[self.position : self.position + 1]
            if sign == quote:
                self.position += 1
                return _joined_surrogates("".join(parts))
            if sign != "\\":
                raise MalformedJsonError("an unfinished text")
            parts.append(self._escape())

    def _escape(self) -> str:
        sign = self._text[self.position + 1 : self.position + 2]
        if sign == "u":
            digits = self._text[self.position + 2 : self.position + 6]
            if re.fullmatch(r"[0-9a-fA-F]{4}", digits) is None:
                raise MalformedJsonError("a bad escape")
            self.position += 6
            return chr(int(digits, 16))
        self.position += 2
        if sign in _ESCAPES:
            return _ESCAPES[sign]
        if sign == "'" and self._leniency.allow_single_quotes:
            return sign
        if sign and self._leniency.allow_backslash_escaping_any_character:
            return sign
        raise MalformedJsonError("a bad escape")

    def _object(self, depth: int) -> dict[str, Any]:
        self.position += 1
        members: dict[str, Any] = {}
        if self._peek() == "}":
            self.position += 1
            return members
        while True:
            name = self._name(self._peek())
            if self._peek() != ":":
                raise MalformedJsonError(f"no colon at {self.position}")
            self.position += 1
            members[name] = self._value(depth + 1)
            sign = self._peek()
            self.position += 1
            if sign == "}":
                return members
            if sign != ",":
                raise MalformedJsonError(f"unexpected {sign!r} at {self.position - 1}")

    def _name(self, sign: str) -> str:
        if sign == '"' or (sign == "'" and self._leniency.allow_single_quotes):
            return self._string(sign)
        found = _NAME.match(self._text, self.position)
        if found is None or not self._leniency.allow_unquoted_field_names:
            raise MalformedJsonError(f"no name at {self.position}")
        self.position = found.end()
        return found[0]

    def _array(self, depth: int) -> list[Any]:
        self.position += 1
        items: list[Any] = []
        if self._peek() == "]":
            self.position += 1
            return items
        while True:
            items.append(self._value(depth + 1))
            sign = self._peek()
            self.position += 1
            if sign == "]":
                return items
            if sign != ",":
                raise MalformedJsonError(f"unexpected {sign!r} at {self.position - 1}")


def _joined_surrogates(text: str) -> str:
    """Halves of a pair written as two escapes become one character; a lone half becomes `?`, as in Java."""
    if text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    joined = text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
    return "".join("?" if "\ud800" <= c <= "\udfff" else c for c in joined)
