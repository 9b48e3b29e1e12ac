"""`get_json_object`: values at a Hive JSON path. Source of fact: JsonExpressionEvalUtils.GetJsonObjectEvaluator."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from potok.functions.json_parse import (
    Leniency,
    MalformedJsonError,
    Members,
    compact_json,
    parse_json,
    well_formed,
)

TEXT_LENIENCY = Leniency(allow_unquoted_control_chars=True, allow_non_numeric_numbers=False)
"""What the functions that take JSON apart allow."""

_STEP = re.compile(r"(\.\*|\['\*'\])|\.([^.\[]+)|\['([^']+)'\]|\[(\*|\d+)\]")
_RAW, _QUOTED, _FLAT = "raw", "quoted", "flat"
_ANY_ITEM = "*"
_ANY_KEY = object()

Step = Any
"""A name as (name,), an index as int, `[*]` as "*", `.*` as an object of its own."""


@lru_cache(maxsize=1024)
def parse_path(path: str) -> tuple[Step, ...] | None:
    """The steps behind `$`; None for what is no path."""
    if not path.startswith("$"):
        return None
    steps: list[Step] = []
    position = 1
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None:
            return None
        wildcard, name, quoted_name, index = found.groups()
        if wildcard:
            steps.append(_ANY_KEY)
        elif index:
            steps.append(_ANY_ITEM if index == "*" else int(index))
        else:
            steps.append((name or quoted_name,))
        position = found.end()
    return tuple(steps)


def json_at_path(text: str, path: str) -> str | None:
    """The value at the path: a string without quotes, anything else as compact JSON."""
    steps = parse_path(path)
    if steps is None:
        return None
    try:
        value = parse_json(text, TEXT_LENIENCY)
    except (MalformedJsonError, EOFError):
        return None
    out: list[str] = []
    return ",".join(out) if _evaluate(value, steps, _RAW, out) else None


def _evaluate(value: Any, steps: tuple[Step, ...], style: str, out: list[str]) -> bool:  # noqa: ANN401 - JSON
    """Append what matches to `out`; whether anything did."""
    is_array = isinstance(value, list) and not isinstance(value, Members)
    if not steps:
        return _copy(value, style, out, is_array=is_array)
    step, rest = steps[0], steps[1:]
    if isinstance(value, Members) and isinstance(step, tuple):
        return _member(value, step[0], rest, style, out)
    if not is_array:
        return False
    if step == _ANY_ITEM:
        return _items(value, rest, style, out)
    if isinstance(step, int) and step < len(value):
        return _evaluate(value[step], rest, _QUOTED if rest[:1] == (_ANY_ITEM,) else style, out)
    return False


def _copy(value: Any, style: str, out: list[str], *, is_array: bool) -> bool:  # noqa: ANN401 - JSON
    if type(value) is str and style == _RAW:
        out.append(well_formed(value))
        return True
    if is_array and style == _FLAT:
        matches = [_evaluate(item, (), style, out) for item in value]
        return any(matches)
    out.append(well_formed(compact_json(value)))
    return True


def _member(value: Members, name: str, rest: tuple[Step, ...], style: str, out: list[str]) -> bool:
    for key, member in value:
        if key == name and member is not None and _evaluate(member, rest, style, out):
            return True
    return False


def _items(value: list[Any], rest: tuple[Step, ...], style: str, out: list[str]) -> bool:
    inner: list[str] = []
    if rest[:1] == (_ANY_ITEM,):
        found = [_evaluate(item, rest[1:], _FLAT, inner) for item in value]
        out.append(f"[{','.join(inner)}]")
        return any(found)
    if style == _QUOTED:
        found = [_evaluate(item, rest, _QUOTED, inner) for item in value]
        out.append(f"[{','.join(inner)}]")
        return any(found)
    matches = sum(_evaluate(item, rest, _QUOTED if style == _RAW else _FLAT, inner) for item in value)
    if matches > 1:
        out.append(f"[{','.join(inner)}]")
    elif matches:
        out.extend(inner)
    return matches > 0
