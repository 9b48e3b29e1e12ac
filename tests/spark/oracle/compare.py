"""Compares an answer with the recorded one and says in which way they differ."""

from __future__ import annotations

import json
import math
from typing import Any

from spark.oracle.table import Case


def difference(case: Case, expected: dict[str, Any], actual: dict[str, Any]) -> tuple[str, str] | None:
    """`(kind, explanation)` of the first difference, None where there is none.

    Kinds: `answer` (an error where Spark has a result, or the reverse), `error` (another class,
    condition or SQLSTATE), `message`, `names`, `types`, `nullability`, `rows`, `order`, `text`, `value`.
    """
    expected = expected.get("connect", expected)
    if "error" in expected or "error" in actual:
        return _error_difference(case, expected, actual)
    for key in ("text", "value"):
        if key in expected or key in actual:
            same = close(expected.get(key), actual.get(key), case.tolerance)
            return None if same else (key, _explain(expected, actual))
    schema = _schema_difference(expected["schema"], actual["schema"])
    if schema:
        return schema
    left, right = expected["rows"], actual["rows"]
    if close(left, right, case.tolerance):
        return None
    if close(_sorted(left), _sorted(right), case.tolerance):
        return ("order", _explain(left, right)) if case.ordered else None
    return "rows", _explain(left, right)


def _error_difference(case: Case, expected: dict[str, Any], actual: dict[str, Any]) -> tuple[str, str] | None:
    if "error" not in expected or "error" not in actual:
        return "answer", _explain(expected, actual)
    left, right = expected["error"], actual["error"]
    for key in ("class", "condition", "sqlState"):
        if left.get(key) != right.get(key):
            return "error", _explain(left, right)
    if case.message and left["message"] != right["message"]:
        return "message", _explain(left["message"], right["message"])
    return None


def _schema_difference(expected: list[Any], actual: list[Any]) -> tuple[str, str] | None:
    if [item[0] for item in expected] != [item[0] for item in actual]:
        return "names", _explain([item[0] for item in expected], [item[0] for item in actual])
    if expected == actual:
        return None
    if _without_nullability(expected) == _without_nullability(actual):
        return "nullability", _explain(expected, actual)
    return "types", _explain(expected, actual)


def _without_nullability(schema: Any) -> Any:
    if isinstance(schema, bool):
        return True
    if isinstance(schema, list):
        return [_without_nullability(item) for item in schema]
    if isinstance(schema, dict):
        return {key: _without_nullability(item) for key, item in schema.items()}
    return schema


def close(left: Any, right: Any, tolerance: float) -> bool:
    """True where two JSON values are the same, doubles within the relative tolerance; 1 is not 1.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        if tolerance:
            return math.isclose(left, right, rel_tol=tolerance, abs_tol=tolerance)
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    if isinstance(left, list):
        return len(left) == len(right) and all(
            close(one, other, tolerance) for one, other in zip(left, right, strict=True)
        )
    if isinstance(left, dict):
        return list(left) == list(right) and all(close(left[key], right[key], tolerance) for key in left)
    return bool(left == right)


def _sorted(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: json.dumps(_rounded(row), sort_keys=True))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


def _explain(expected: Any, actual: Any) -> str:
    def dump(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    return f"Spark: {dump(expected)}\npotok: {dump(actual)}"
