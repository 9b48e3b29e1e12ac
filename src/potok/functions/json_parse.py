"""JSON texts to Python values, as leniently as Spark's options ask.

Numbers come as texts of their kind, so that nothing of them is lost. Only the first value of a text
counts, as in Spark: what follows it is not looked at. Source of facts: Jackson's ReaderBasedJsonParser
under Spark's JSONOptions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from potok.functions.value_texts import java_number_text


class IntegerText(str):
    """A number without a point or exponent, as written."""

    __slots__ = ()


class FractionText(str):
    """A number with a point or exponent, as written."""

    __slots__ = ()


class NotANumberText(str):
    """NaN, Infinity and their kin, as written without quotes."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """The members of an object in the order they were written, equal names included.

    `text` is what it was read from, where the parser kept it.
    """

    __slots__ = ("text",)
    text: str


class Items(list[Any]):
    """The items of an array, with the text it was read from."""

    __slots__ = ("text",)
    text: str


class MalformedJsonError(ValueError):
    """Not JSON."""


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

    @classmethod
    def of(cls, flag: Callable[[str, bool], bool]) -> Leniency:
        """By `flag(option, default)`."""
        return cls(
            allow_comments=flag("allowComments", False),  # noqa: FBT003 - the default
            allow_unquoted_field_names=flag("allowUnquotedFieldNames", False),  # noqa: FBT003
            allow_single_quotes=flag("allowSingleQuotes", True),  # noqa: FBT003
            allow_numeric_leading_zeros=flag("allowNumericLeadingZeros", False),  # noqa: FBT003
            allow_non_numeric_numbers=flag("allowNonNumericNumbers", True),  # noqa: FBT003
            allow_backslash_escaping_any_character=flag("allowBackslashEscapingAnyCharacter", False),  # noqa: FBT003
            allow_unquoted_control_chars=flag("allowUnquotedControlChars", False),  # noqa: FBT003
        )


def _refused(name: str) -> Any:  # noqa: ANN401 - JSON
    raise MalformedJsonError(name)


@lru_cache
def _decoder(leniency: Leniency) -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_int=IntegerText,
        parse_float=FractionText,
        parse_constant=NotANumberText if leniency.allow_non_numeric_numbers else _refused,
        object_pairs_hook=Members,
        strict=not leniency.allow_unquoted_control_chars,
    )


_SPACE = re.compile(r"[ \t\n\r]*")
_COMMENT = re.compile(r"(?:[ \t\n\r]|/\*.*?\*/|//[^\n]*)*", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:(\.\d+)?([eE][+-]?\d+)?)", re.ASCII)
_ZEROS_NUMBER = re.compile(r"-?\d+(?:(\.\d+)?([eE][+-]?\d+)?)", re.ASCII)
_NAMED = re.compile(r"NaN|[+-]?Infinity|[+-]INF")
_WORDS = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"true|false|null")
_NAME = re.compile(r"[A-Za-z_$#@*\-+\u0080-\uffff][\w$#@*\-+]*")
_AFTER_SCALAR = re.compile(r"[ \t\n\r,:\]}/]|$")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_MAX_DEPTH = 900


def parse_json(text: str, leniency: Leniency, *, keeps_texts: bool = False) -> Any:  # noqa: ANN401 - JSON
    """The first value: bool, None, str, the number texts, lists and `Members`.

    With `keeps_texts`, which is slow, arrays are `Items`, and they and `Members` have their texts.
    Raises MalformedJsonError; EOFError where there is only white space.
    """
    start = _space(text, 0, leniency)
    if start >= len(text):
        raise EOFError
    if keeps_texts:
        return _parsed_leniently(text, start, leniency)
    try:
        value, end = _decoder(leniency).raw_decode(text, start)
    except (ValueError, RecursionError):
        return _parsed_leniently(text, start, leniency)
    if isinstance(value, list) or _AFTER_SCALAR.match(text, end):
        return value
    raise MalformedJsonError(f"unexpected {text[end]!r} at {end}")


def _parsed_leniently(text: str, start: int, leniency: Leniency) -> Any:  # noqa: ANN401 - JSON
    try:
        return _LenientParser(text, start, leniency).value(0)
    except RecursionError as error:
        raise MalformedJsonError("too deep") from error


def _space(text: str, position: int, leniency: Leniency) -> int:
    found = (_COMMENT if leniency.allow_comments else _SPACE).match(text, position)
    return position if found is None else found.end()


class _LenientParser:
    """A recursive descent for what Python's decoder does not read."""

    def __init__(self, text: str, position: int, leniency: Leniency) -> None:
        self._text = text
        self._position = position
        self._leniency = leniency
        unwanted = "" if leniency.allow_unquoted_control_chars else r"\x00-\x1f"
        self._plain = {quote: re.compile(rf"[^{quote}\\{unwanted}]*") for quote in "\"'"}

    def _peek(self) -> str:
        self._position = _space(self._text, self._position, self._leniency)
        return self._text[self._position : self._position + 1]

    def value(self, depth: int) -> Any:  # noqa: ANN401 - JSON
        """The value at the position."""
        if depth > _MAX_DEPTH:
            raise MalformedJsonError("too deep")
        sign = self._peek()
        start = self._position
        if sign in {"{", "["}:
            structure = self._object(depth) if sign == "{" else self._array(depth)
            structure.text = self._text[start : self._position]
            return structure
        if self._is_quote(sign):
            return self._string(sign)
        for pattern in (
            _WORD,
            _ZEROS_NUMBER if self._leniency.allow_numeric_leading_zeros else _NUMBER,
            _NAMED,
        ):
            found = pattern.match(self._text, self._position)
            if found is not None:
                return self._scalar(pattern, found)
        raise MalformedJsonError(f"unexpected {sign!r} at {self._position}")

    def _is_quote(self, sign: str) -> bool:
        return sign == '"' or (sign == "'" and self._leniency.allow_single_quotes)

    def _scalar(self, pattern: re.Pattern[str], found: re.Match[str]) -> Any:  # noqa: ANN401 - JSON
        if _AFTER_SCALAR.match(self._text, found.end()) is None:
            raise MalformedJsonError(f"unexpected {self._text[found.end()]!r} at {found.end()}")
        self._position = found.end()
        if pattern is _WORD:
            return _WORDS[found[0]]
        if pattern is _NAMED:
            if not self._leniency.allow_non_numeric_numbers:
                raise MalformedJsonError("a named number")
            return NotANumberText(found[0])
        return FractionText(found[0]) if found[1] or found[2] else IntegerText(found[0])

    def _string(self, quote: str) -> str:
        self._position += 1
        parts = []
        while True:
            found = self._plain[quote].match(self._text, self._position)
            assert found is not None  # noqa: S101 - it matches nothing as well
            parts.append(found[0])
            self._position = found.end()
            sign = self._text[self._position : self._position + 1]
            if sign == quote:
                self._position += 1
                return "".join(parts)
            if sign != "\\":
                raise MalformedJsonError("an unfinished text")
            parts.append(self._escape())

    def _escape(self) -> str:
        sign = self._text[self._position + 1 : self._position + 2]
        if sign == "u":
            digits = self._text[self._position + 2 : self._position + 6]
            if re.fullmatch(r"[0-9a-fA-F]{4}", digits) is None:
                raise MalformedJsonError("a bad escape")
            self._position += 6
            return chr(int(digits, 16))
        self._position += 2
        if sign in _ESCAPES:
            return _ESCAPES[sign]
        if sign and (
            self._leniency.allow_backslash_escaping_any_character
            or (sign == "'" and self._leniency.allow_single_quotes)
        ):
            return sign
        raise MalformedJsonError("a bad escape")

    def _object(self, depth: int) -> Members:
        members = Members()
        self._position += 1
        if self._peek() == "}":
            self._position += 1
            return members
        while True:
            name = self._name(self._peek())
            if self._peek() != ":":
                raise MalformedJsonError(f"no colon at {self._position}")
            self._position += 1
            members.append((name, self.value(depth + 1)))
            if self._ended("}"):
                return members

    def _name(self, sign: str) -> str:
        if self._is_quote(sign):
            return self._string(sign)
        found = _NAME.match(self._text, self._position)
        if found is None or not self._leniency.allow_unquoted_field_names:
            raise MalformedJsonError(f"no name at {self._position}")
        self._position = found.end()
        return found[0]

    def _array(self, depth: int) -> Items:
        items = Items()
        self._position += 1
        if self._peek() == "]":
            self._position += 1
            return items
        while True:
            items.append(self.value(depth + 1))
            if self._ended("]"):
                return items

    def _ended(self, closing: str) -> bool:
        sign = self._peek()
        self._position += 1
        if sign not in {",", closing}:
            raise MalformedJsonError(f"unexpected {sign!r} at {self._position - 1}")
        return sign == closing


# ---- writing back -----------------------------------------------------------------------------

_SPECIAL = re.compile(r'["\\\x00-\x1f]')
_SPECIAL_ESCAPES: Mapping[str, str] = {
    **{chr(code): f"\\u{code:04X}" for code in range(32)},
    '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
}  # fmt: skip


def quoted_json(text: str) -> str:
    """A JSON string as Jackson writes it."""
    return '"' + _SPECIAL.sub(lambda m: _SPECIAL_ESCAPES[m[0]], text) + '"'


def compact_json(value: Any) -> str:  # noqa: ANN401 - JSON
    """A parsed value without white space, numbers in Java's form (`copyCurrentStructure`)."""
    match value:
        case Members():
            return "{" + ",".join(f"{quoted_json(n)}:{compact_json(v)}" for n, v in value) + "}"
        case list():
            return "[" + ",".join(map(compact_json, value)) + "]"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case IntegerText():
            return str(int(value))
        case FractionText():
            text = java_number_text(float(value))
            return text if text[-1].isdigit() else quoted_json(text)
        case NotANumberText():
            return quoted_json(named_number_text(value))
    return quoted_json(value)


def named_number_text(name: str) -> str:
    """A number without digits as Java writes it."""
    if name == "NaN":
        return name
    return "-Infinity" if name.startswith("-") else "Infinity"


def well_formed(text: str) -> str:
    """Halves of a surrogate pair become one character; a lone half becomes `?`, as Java encodes it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        joined = text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
        return "".join("?" if "\ud800" <= c <= "\udfff" else c for c in joined)
    return text
