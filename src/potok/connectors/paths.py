# ruff: noqa: PTH109, PTH118, PTH208 - paths are texts here: a source sees millions of them
"""Local paths as users write them: schemes, relative paths, Hadoop's globs."""

from __future__ import annotations

import itertools
import os
import re
from functools import lru_cache

from potok.errors import unsupported

_GLOB_SIGNS = re.compile(r"[{}\[\]*?\\]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):/")


def local_path(path: str, working_directory: str = "") -> str:
    """The absolute, normalised local path. Raises UNSUPPORTED_FEATURE.POTOK for other file systems."""
    scheme = _SCHEME.match(path)
    if scheme is not None:
        if scheme[1].lower() != "file":
            raise unsupported(f"the path {path}", "Use a path of the local file system.")
        path = path[len("file:") :]
        path = "/" + path.lstrip("/")
    joined = os.path.join(working_directory or os.getcwd(), path)
    return os.path.normpath(joined).replace("//", "/")


def has_glob(path: str) -> bool:
    """Whether the path holds a sign of a pattern."""
    return _GLOB_SIGNS.search(path) is not None


def expand_glob(path: str) -> list[str]:
    """The existing paths that a pattern matches, sorted; the path itself if it is no pattern and exists."""
    found: set[str] = set()
    for alternative in _alternatives(path):
        found.update(_expand(alternative))
    return sorted(found)


def pattern_regex(pattern: str) -> re.Pattern[str]:
    """A pattern for one file name, with braces (`pathGlobFilter`)."""
    return re.compile("|".join(_component_regex(p) for p in _alternatives(pattern)))


def pattern_root(path: str) -> str:
    """The directories above the first component with a pattern."""
    plain = itertools.takewhile(lambda part: not has_glob(part), path.split("/"))
    return "/".join(plain) or "/"


def _expand(path: str) -> list[str]:
    bases = ["/"]
    for part in path.strip("/").split("/"):
        if not has_glob(part):
            bases = [os.path.join(base, part) for base in bases]
            continue
        matches = _component(part)
        found: list[str] = []
        for base in bases:
            try:
                names = sorted(os.listdir(base))
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue
            found.extend(os.path.join(base, name) for name in names if matches.fullmatch(name))
        bases = found
    return [base for base in bases if os.path.lexists(base)]


@lru_cache(maxsize=256)
def _component(part: str) -> re.Pattern[str]:
    return re.compile(_component_regex(part))


def _component_regex(part: str) -> str:
    out = ""
    position = 0
    while position < len(part):
        sign = part[position]
        position += 1
        if sign == "\\" and position < len(part):
            out += re.escape(part[position])
            position += 1
        elif sign == "*":
            out += "[^/]*"
        elif sign == "?":
            out += "[^/]"
        elif sign == "[" and "]" in part[position + 1 :]:
            end = part.index("]", position + 1)
            body = part[position:end]
            negated = body[:1] in {"^", "!"}
            inner = body[1:] if negated else body
            out += (
                f"[{'^' if negated else ''}{inner.replace(chr(92), chr(92) * 2).replace('[', chr(92) + '[')}]"
            )
            position = end + 1
        else:
            out += re.escape(sign)
    return out


def _alternatives(path: str) -> list[str]:
    """The patterns without braces that a pattern with braces stands for."""
    start = path.find("{")
    if start < 0:
        return [path]
    depth = 0
    pieces = [""]
    for end in range(start, len(path)):
        sign = path[end]
        if sign == "{":
            depth += 1
            if depth == 1:
                continue
        elif sign == "}":
            depth -= 1
            if depth == 0:
                rest = path[end + 1 :]
                return [p for piece in pieces for p in _alternatives(path[:start] + piece + rest)]
        elif sign == "," and depth == 1:
            pieces.append("")
            continue
        pieces[-1] += sign
    return [path]
