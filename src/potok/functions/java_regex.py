r"""Java's regular expressions as RE2's (which DuckDB runs) or Python's.

`to_re2` gives the pattern for DuckDB where both mean the same, otherwise None: then a kernel
runs `compiled`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from potok.errors import SparkError, unsupported
from potok.functions.java_pattern import to_python

_PIECE = re.compile(r"\\.|\[\^?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_SAFE = re.compile(
    r"""(?:
        [^\\.$\[\](){}*+?|^\n]            # a plain character
      | \\[dDwW]                          # a class that is the same in both
      | \\[^a-zA-Z0-9]                    # an escaped sign
      | \\[tnrf]
      | \[\^?(?:[^\\\[\]&\n]|\\[dDwW]|\\[^a-zA-Z0-9]|\\[tnrf])+\]
      | \((?!\?)|\(\?:|\)|\||\^
      | [*+?]\??(?![+*?])
      | \{\d{1,3}(?:,\d{0,3})?\}\??(?![+*?])
    )*""",
    re.VERBOSE,
)


_SPACES = r" \t\n\x0B\f\r"
_RE2_TERMINATORS = r"\n\r\x{85}\x{2028}\x{2029}"
_RE2_END = rf"(?:\r\n|[{_RE2_TERMINATORS}])?\z"


@lru_cache(maxsize=512)
def to_re2(pattern: str, *, only_tests: bool = False) -> str | None:
    """The pattern for DuckDB, or None where RE2 cannot say the same.

    `only_tests`: what is matched does not matter, only whether; then a final `$` is possible.
    """
    end = ""
    if only_tests and re.search(r"(?<!\\)(?:\\\\)*\$$", pattern) and not _has_outer_choice(pattern):
        pattern, end = pattern[:-1], _RE2_END
    if not _SAFE.fullmatch(_rewritten(pattern, "x", "x", "x", "x")):
        return None
    try:
        re.compile(pattern)
    except re.error:
        return None
    return _rewritten(pattern, f"[^{_RE2_TERMINATORS}]", f"[{_SPACES}]", f"[^{_SPACES}]", _SPACES) + end


def _has_outer_choice(pattern: str) -> bool:
    depth = 0
    for match in _PIECE.finditer(pattern):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if match[0] == "|" and depth == 0:
            return True
    return False


def _rewritten(pattern: str, dot: str, space: str, no_space: str, space_in_class: str) -> str:
    def piece(match: re.Match[str]) -> str:
        text = match[0]
        if text.startswith("["):
            return text.replace(r"\s", space_in_class)
        return {".": dot, r"\s": space, r"\S": no_space}.get(text, text)

    return _PIECE.sub(piece, pattern)


@lru_cache(maxsize=512)
def compiled(pattern: str, function: str = "rlike") -> re.Pattern[str]:
    """The pattern for Python.

    A malformed one raises SparkError INVALID_PARAMETER_VALUE.PATTERN, `split` what Java says of it.
    """
    try:
        return re.compile(to_python(pattern), re.ASCII)
    except re.error as error:
        if "look-behind" in error.msg:
            what = f"A look-behind of no fixed length in the regular expression {pattern}"
            raise unsupported(what, "Write it in another way.") from error
        if function == "split":
            message = _java_message(pattern, error)
            raise SparkError("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message=message) from error
        raise SparkError(
            "INVALID_PARAMETER_VALUE.PATTERN",
            parameter="`regexp`",
            functionName=f"`{function}`",
            value=f"'{pattern}'",
        ) from error


def _java_message(pattern: str, error: re.error) -> str:
    position, reason = error.pos, error.msg
    if reason.startswith("missing )"):
        reason, position = "Unclosed group", len(pattern)
    if position is None or position < 0:
        return f"{reason}\n{pattern}"
    mark = f"\n{' ' * position}^" if position < len(pattern) else ""
    return f"{reason} near index {position}\n{pattern}{mark}"


_REPLACEMENT = re.compile(r"\\(.)|\$(\d|\{(\w+)\})|(\\$|\$)", re.DOTALL)


@lru_cache(maxsize=256)
def replacement_parts(replacement: str, groups: int) -> tuple[str | int, ...]:
    """Java's replacement text as literal pieces, numbers of groups, and names of groups after a NUL.

    ValueError where it is malformed or names a group by a number that the pattern has not.
    """
    parts: list[str | int] = []
    position = 0
    while position < len(replacement):
        match = _REPLACEMENT.search(replacement, position)
        if match is None:
            parts.append(replacement[position:])
            break
        parts.append(replacement[position : match.start()])
        position = match.end()
        if match[1] is not None:
            parts.append(match[1])
        elif match[4] is not None:
            message = "Illegal group reference" if match[4] == "$" else "character to be escaped is missing"
            raise ValueError(message)
        elif match[3] is not None:
            parts.append(f"\0{match[3]}")
        else:
            number = int(match[2])
            if number > groups:
                message = f"No group {number}"
                raise ValueError(message)
            while position < len(replacement) and replacement[position].isdigit():
                longer = number * 10 + int(replacement[position])
                if longer > groups:
                    break
                number, position = longer, position + 1
            parts.append(number)
    return tuple(part for part in parts if part != "")


def replace_all(pattern: re.Pattern[str], text: str, replacement: str, start: int) -> str:
    """Every match from a 0-based position on replaced."""
    parts = replacement_parts(replacement, pattern.groups)
    for part in parts:
        if isinstance(part, str) and part.startswith("\0") and part[1:] not in pattern.groupindex:
            message = f"No group with name {{{part[1:]}}}"
            raise ValueError(message)

    def expand(match: re.Match[str]) -> str:
        out = []
        for part in parts:
            if isinstance(part, int):
                out.append(match[part] or "")
            elif part.startswith("\0"):
                out.append(match[part[1:]] or "")
            else:
                out.append(part)
        return "".join(out)

    return text[:start] + pattern.sub(expand, text[start:])


def split_text(text: str, pattern: str, limit: int) -> list[str]:
    """As `String.split`: at most `limit` parts if it is positive, empty ones at the end kept."""
    if pattern == "":
        parts = list(text) or [""]
        if 0 < limit < len(parts):
            parts = [*parts[: limit - 1], "".join(parts[limit - 1 :])]
        return parts
    parts, position = [], 0
    for match in compiled(pattern, "split").finditer(text):
        if 0 < limit <= len(parts) + 1:
            break
        if match.end() == 0:
            continue
        parts.append(text[position : match.start()])
        position = match.end()
    return [*parts, text[position:]]
