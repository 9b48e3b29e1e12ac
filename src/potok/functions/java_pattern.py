r"""Java's regular expressions in Python's syntax.

What differs and is rewritten: `.`, `^` and `$` know more line terminators, `\b` knows letters of
all languages, classes nest and intersect, flags may stand inside a pattern, and some escapes.
Source of fact: java.util.regex.Pattern of Java 17.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from potok.errors import unsupported

TERMINATORS = r"\n\r\u0085\u2028\u2029"
_DOT = f"[^{TERMINATORS}]"
_END = rf"(?=(?:\r\n|[{TERMINATORS}])?\Z)"
_LINE_START = r"(?:\A|(?<=[\n\u0085\u2028\u2029])(?!\Z)|(?<=\r)(?!\n)(?!\Z))"
_LINE_END = r"(?:(?=[\r\u0085\u2028\u2029])|(?<!\r)(?=\n)|\Z)"
_HORIZONTAL = r" \t\xA0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL = r"\n\x0B\f\r\u0085\u2028\u2029"
_CLASSES = {
    "Lower": "a-z", "Upper": "A-Z", "ASCII": r"\x00-\x7F", "Alpha": "a-zA-Z", "Digit": "0-9",
    "Alnum": "a-zA-Z0-9", "Punct": r"!-/:-@\[-`{-~", "Graph": "!-~", "Print": " -~", "Blank": r" \t",
    "Cntrl": r"\x00-\x1F\x7F", "XDigit": "0-9a-fA-F", "Space": r" \t\n\x0B\f\r",
}  # fmt: skip
_CATEGORIES = frozenset((
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
    "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "L", "M", "N", "P", "S", "Z",
))  # fmt: skip
_NAMED = {"javaLetter": "L", "javaDigit": "Nd", "IsDigit": "Nd", "IsLetter": "L"}
_CASES = {"javaLowerCase": str.islower, "IsLowercase": str.islower, "javaUpperCase": str.isupper,
          "IsUppercase": str.isupper}  # fmt: skip
_SIMPLE_ESCAPES = {
    "Z": _END, "z": r"\Z", "h": f"[{_HORIZONTAL}]", "H": f"[^{_HORIZONTAL}]", "v": f"[{_VERTICAL}]",
    "V": f"[^{_VERTICAL}]", "R": rf"(?:\r\n|[{_VERTICAL}])", "e": r"\x1B", "b": r"(?u:\b)", "B": r"(?u:\B)",
}  # fmt: skip
_SAME_ESCAPES = frozenset("dDsSwWtnrfaA")
_ESCAPE_IN_CLASS = {"h": _HORIZONTAL, "v": _VERTICAL, "e": r"\x1B"}
_COUNT = re.compile(r"\{\d+(?:,\d*)?\}")
_GROUP = re.compile(
    r"\(\?(?:<(?P<name>[A-Za-z][A-Za-z0-9]*)>|(?P<flags>[a-zA-Z]*(?:-[a-zA-Z]+)?)(?P<close>[):]))"
)
_LOOK = re.compile(r"\(\?(?:<?[=!]|>)")
_PROPERTY = re.compile(r"[pP](?:\{(\^?[\w=]+)\}|(\w))")
_HEX = re.compile(
    r"x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|0([0-3]?[0-7]{1,2})|c(.)", re.DOTALL
)


def to_python(pattern: str) -> str:
    """The pattern for `re.compile(.., re.ASCII)`. re.error where Java finds it malformed.

    Raises UNSUPPORTED_FEATURE.POTOK for what Python cannot say.
    """
    return _Translator(pattern).whole()


@dataclass
class _Group:
    """An open group: the flags outside it, where it starts, how many groups its own flags opened."""

    flags: frozenset[str]
    start: int
    opened: int = 0
    has_inner_flags: bool = False


class _Translator:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0
        self._flags: frozenset[str] = frozenset()
        self._open = [_Group(self._flags, 0)]
        self._is_repeatable = False

    def whole(self) -> str:
        out: list[str] = []
        while self._position < len(self._pattern):
            out.append(self._piece())
        return "".join(out) + ")" * self._open[-1].opened

    def _piece(self) -> str:
        sign = self._pattern[self._position]
        was_repeatable, self._is_repeatable = self._is_repeatable, sign not in "(|*+?{"
        match sign:
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                return self._repetition(sign, was_repeatable=was_repeatable)
            case "[":
                self._position += 1
                return self._class()
            case "(":
                return self._group()
            case ")":
                if len(self._open) == 1:
                    raise re.error("Unmatched closing ')'", self._pattern, self._position - 1)
                self._position += 1
                group = self._open.pop()
                self._flags = group.flags
                return ")" * (group.opened + 1)
            case "{":
                return self._count()
            case "|" if self._open[-1].has_inner_flags:
                raise self._unsupported("Flags before an alternative")
        self._position += 1
        return self._sign(sign)

    def _repetition(self, sign: str, *, was_repeatable: bool) -> str:
        if not was_repeatable:
            raise re.error(f"Dangling meta character '{sign}'", self._pattern, self._position)
        self._position += 1
        return sign + self._lazy_or_possessive()

    def _lazy_or_possessive(self) -> str:
        following = self._pattern[self._position : self._position + 1]
        if following not in {"?", "+"}:
            return ""
        self._position += 1
        return following

    def _sign(self, sign: str) -> str:
        if sign == ".":
            return "(?s:.)" if "s" in self._flags else _DOT
        if sign == "^":
            return _LINE_START if "m" in self._flags else r"\A"
        if sign == "$":
            return _LINE_END if "m" in self._flags else _END
        return sign

    def _count(self) -> str:
        found = _COUNT.match(self._pattern, self._position)
        if found is None:
            reason = "Unclosed counted closure" if self._position else "Illegal repetition"
            raise re.error(reason, self._pattern, len(self._pattern) if self._position else 0)
        self._position = found.end()
        return found[0] + self._lazy_or_possessive()

    def _group(self) -> str:
        found = _GROUP.match(self._pattern, self._position)
        if found is None:
            mark = _LOOK.match(self._pattern, self._position)
            self._position = mark.end() if mark else self._position + 1
            self._open.append(_Group(self._flags, self._position))
            return mark[0] if mark else "("
        start, self._position = self._position, found.end()
        if found["name"]:
            self._open.append(_Group(self._flags, self._position))
            return f"(?P<{found['name']}>"
        outside = self._flags
        written = self._with_flags(found["flags"])
        if found["close"] == ":":
            self._open.append(_Group(outside, self._position))
            return f"(?{written}:"
        group = self._open[-1]
        group.has_inner_flags |= start != group.start
        if not written:
            return ""
        group.opened += 1
        return f"(?{written}:"

    def _with_flags(self, text: str) -> str:
        added, _, removed = text.partition("-")
        unknown = (set(added) | set(removed)) - set("imsxu")
        if unknown - set("dU"):
            raise re.error("Unknown inline modifier", self._pattern, self._position - 2)
        if unknown or ("u" in added and "i" in added):
            raise self._unsupported(f"The flags {text}")
        self._flags = (self._flags | set(added)) - set(removed)
        kept = [f for f in added if f in "ix"], [f for f in removed if f in "ix"]
        return "".join(kept[0]) + ("-" + "".join(kept[1]) if kept[1] else "")

    def _unsupported(self, what: str) -> Exception:
        return unsupported(f"{what} in the regular expression {self._pattern}", "Write it in another way.")

    # ---- escapes ------------------------------------------------------------------------------

    def _quoted(self) -> str:
        end = self._pattern.find("\\E", self._position)
        text = self._pattern[self._position + 2 : end if end >= 0 else None]
        self._position = len(self._pattern) if end < 0 else end + 2
        return text

    def _letter(self) -> str:
        if self._position + 1 >= len(self._pattern):
            raise re.error("Unexpected internal error", self._pattern, self._position + 1)
        return self._pattern[self._position + 1]

    def _escape(self) -> str:
        letter = self._letter()
        if letter == "Q":
            return re.escape(self._quoted())
        code = self._code()
        if code is not None:
            return code
        if letter in "pP":
            return self._property()
        self._position += 2
        if letter in _SIMPLE_ESCAPES:
            return _SIMPLE_ESCAPES[letter]
        if letter in _SAME_ESCAPES or not letter.isalnum():
            return "\\" + letter
        if letter.isdigit():
            return f"(?:\\{letter})"
        if letter == "k":
            found = re.compile(r"<([A-Za-z][A-Za-z0-9]*)>").match(self._pattern, self._position)
            if found is None:
                raise re.error(
                    "\\k is not followed by '<' for named capturing group", self._pattern, self._position
                )
            self._position = found.end()
            return f"(?P={found[1]})"
        if letter in "GXN":
            raise self._unsupported(f"\\{letter}")
        raise re.error("Illegal/unsupported escape sequence", self._pattern, self._position - 1)

    def _code(self) -> str | None:
        found = _HEX.match(self._pattern, self._position + 1)
        if found is None:
            return None
        self._position = found.end()
        if found[5]:
            value = ord(found[5]) ^ 64
        else:
            value = int(found[4], 8) if found[4] else int(found[1] or found[2] or found[3], 16)
        return f"\\U{value:08x}"

    def _property(self) -> str:
        found = _PROPERTY.match(self._pattern, self._position + 1)
        if found is None:
            raise re.error("Unknown character property", self._pattern, self._position + 2)
        name = found[1] or found[2]
        text = _property_class(name)
        if text is None:
            raise self._unsupported(f"\\p{{{name}}}")
        negated = self._pattern[self._position + 1] == "P"
        self._position = found.end()
        return f"(?!{text})(?s:.)" if negated else text

    # ---- classes ------------------------------------------------------------------------------

    def _class(self) -> str:
        """What follows `[`, as a pattern of one character."""
        negated = self._pattern.startswith("^", self._position)
        self._position += negated
        operands: list[str] = []
        ranges, parts = "", list[str]()
        is_first = True
        while True:
            if self._position >= len(self._pattern):
                raise re.error("Unclosed character class", self._pattern, len(self._pattern) - 1)
            sign = self._pattern[self._position]
            if sign == "]" and not is_first:
                self._position += 1
                break
            if self._pattern.startswith("&&", self._position):
                self._position += 2
                operands.append(_union(ranges, parts))
                ranges, parts = "", []
            elif sign == "[":
                self._position += 1
                parts.append(self._class())
            elif sign == "\\" and self._letter() in "pP":
                parts.append(self._property())
            else:
                ranges += self._class_piece(sign)
            is_first = False
        if not operands and not parts:
            return f"[{'^' if negated else ''}{ranges}]"
        last = _union(ranges, parts)
        whole = "".join(f"(?={operand})" for operand in operands) + last
        return f"(?!{whole})(?s:.)" if negated else f"(?:{whole})"

    def _class_piece(self, sign: str) -> str:
        if sign != "\\":
            self._position += 1
            return "\\" + sign if sign in "[]^&~|#" else sign
        letter = self._letter()
        if letter == "Q":
            return "".join("\\" + c if not c.isalnum() else c for c in self._quoted())
        code = self._code()
        if code is not None:
            return code
        self._position += 2
        if letter in _ESCAPE_IN_CLASS:
            return _ESCAPE_IN_CLASS[letter]
        if letter in _SAME_ESCAPES - {"A"} or not letter.isalnum():
            return "\\" + letter
        raise re.error("Illegal/unsupported escape sequence", self._pattern, self._position - 1)


@lru_cache
def _property_class(name: str) -> str | None:
    """The characters of a property by its name, None where it is not known."""
    if name in _CLASSES:
        return f"[{_CLASSES[name]}]"
    if name in _CASES:
        return _characters(_CASES[name])
    category = _NAMED.get(name, name.removeprefix("Is"))
    if category not in _CATEGORIES:
        return None
    return _characters(lambda character: unicodedata.category(character).startswith(category))


def _characters(belongs: Callable[[str], bool]) -> str:
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        if belongs(chr(code)):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "[" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges) + "]"


def _union(ranges: str, parts: list[str]) -> str:
    choices = [f"[{ranges}]", *parts] if ranges else parts
    return choices[0] if len(choices) == 1 else f"(?:{'|'.join(choices)})" if choices else "(?!)"
