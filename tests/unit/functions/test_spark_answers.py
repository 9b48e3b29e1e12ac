"""Expressions without tables against Spark's recorded answers: values, types and nullability.

Names of columns and texts of errors are the analyzer's and are compared in tests/spark.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from potok.errors import SparkError
from potok.types import ArrayType, DataType, DayTimeIntervalType, MapType, StructType
from unit.functions.evaluation import run

RECORDED = Path(__file__).parents[2] / "spark" / "expected"
ZONES: dict[str, str | dict[str, str]] = {
    "zone": {"casts": "Asia/Tokyo", "datetimes": "America/New_York"},
    "text to timestamp in New York": "America/New_York",
    "differences where clocks change": "America/Los_Angeles",
}

# Why an answer differs. Every one is looked for: a gap that closes must leave this table.
CLOCK = "depends on the day"
SETTING = "depends on a setting that functions do not see"
JAVA_17 = "Java 19 and later write the shortest digits; Spark was recorded on Java 17"
REFUSED = "refused by name"
ANALYSIS = "decided by the analyzer, not by a function"
GAPS: dict[str, dict[str, str]] = {
    "arithmetic": {r"decimal without precision loss: .*": SETTING},
    "casts": {
        r"number to text: CAST\(X'41FF' AS STRING\) AS c": "Spark keeps the malformed byte in the text",
        r"number to text: CAST\((2e23|float\(1\.1e10\)) AS STRING\) AS c": JAVA_17,
    },
    "predicates": {},
    "strings": {
        r"encode and hash: (sentences|aes_decrypt|collate)\(.*": REFUSED,
    },
    "datetimes": {
        r"fields: hour\('13:04:05'\)": CLOCK,
        r"zone: date_format\(.* zzzz Z'\)": REFUSED,
    },
    "collections": {
        r"last key: .*": SETTING,
        r"array: array\(1, 2\)\[null\]": "Spark says the result is never NULL, and it is NULL",
        r"struct: struct\(1 AS a, 2 AS a\)": REFUSED,
        r"json: to_json\(named_struct\(\)\)": REFUSED,
    },
}


def _expressions(family: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    recorded = json.loads((RECORDED / f"{family}.json").read_text("utf-8"))
    for name, answer in recorded.items():
        group, _, expression = name.partition(": ")
        is_expression = bool(expression) and not re.match(r"(?i)\s*(select|with|values|from)\b", expression)
        # A case of the client's has a name in words.
        if is_expression and not re.fullmatch(r"[A-Za-z][\w ]*", expression) and group != "Column":
            yield name, expression, answer.get("connect", answer)


def _zone(family: str, group: str) -> str:
    found = ZONES.get(group.removesuffix(" (ANSI off)"), "UTC")
    return found if isinstance(found, str) else found.get(family, "UTC")


def _answer(family: str, name: str, expression: str) -> dict[str, Any]:
    group = name.partition(": ")[0]
    try:
        schema, table = run(
            f"SELECT {expression}", ansi="ANSI off" not in group, time_zone=_zone(family, group)
        )
    except SparkError as error:
        return {"condition": error.condition}
    try:
        values = table.to_pylist()
    except (OverflowError, ValueError) as error:
        # Years that Python does not know fail in Spark's client as well.
        return {"condition": None, "client": str(error)}
    rows = [
        [_rendered(v, f.data_type) for v, f in zip(row.values(), schema.fields, strict=True)]
        for row in values
    ]
    return {"types": [[_type(f.data_type), f.nullable] for f in schema.fields], "rows": rows}


def _type(data_type: DataType) -> Any:
    match data_type:
        case ArrayType(element=element, contains_null=contains_null):
            return {"array": [_type(element), contains_null]}
        case MapType(key=key, value=value, value_contains_null=nulls):
            return {"map": [_type(key), _type(value), nulls]}
        case StructType(fields=fields):
            return {"struct": [[f.name, _type(f.data_type), f.nullable] for f in fields]}
    return data_type.json_value


def _rendered(value: Any, data_type: DataType) -> Any:
    if value is None:
        return None
    match data_type:
        case ArrayType(element=element):
            return [_rendered(v, element) for v in value]
        case MapType(key=key, value=item):
            return {"map": [[_rendered(k, key), _rendered(v, item)] for k, v in value]}
        case StructType(fields=fields):
            return {"row": {f.name: _rendered(value[f.name], f.data_type) for f in fields}}
        case DayTimeIntervalType():
            return {"interval_microseconds": value}
    if isinstance(value, float) and not math.isfinite(value):
        return {"double": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, decimal.Decimal):
        return {"decimal": format(value, "f")}
    if isinstance(value, dt.datetime):
        utc = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
        return {"timestamp": utc.isoformat(timespec="microseconds")}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    return {"bytes": value.hex()} if isinstance(value, bytes) else value


def _same(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return math.isclose(left, right, rel_tol=1e-14) and math.copysign(1, left) == math.copysign(1, right)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(_same(left[key], right[key]) for key in left)
    return bool(left == right)


def _difference(family: str, name: str, expression: str, expected: dict[str, Any]) -> str | None:
    actual = _answer(family, name, expression)
    if "error" in expected:
        wanted = expected["error"].get("condition")
        found = actual.get("condition", "")
        same = found == wanted or (wanted is None and (found or "").startswith("_LEGACY_ERROR_TEMP_JAVA."))
        return None if same else f"{name}\n  Spark: {expected['error']['message'][:200]}\n  potok: {actual}"
    types = [[data_type, nullable] for _, data_type, nullable, *_ in expected["schema"]]
    if "rows" in actual and actual["types"] == types and _same(actual["rows"], expected["rows"]):
        return None
    return f"{name}\n  Spark: {types} {expected['rows']}\n  potok: {actual}"


@pytest.mark.parametrize("family", GAPS)
def test_answers_as_spark(family: str) -> None:
    gaps = dict.fromkeys(GAPS[family], False)
    different = []
    for name, expression, expected in _expressions(family):
        difference = _difference(family, name, expression, expected)
        known = next((gap for gap in gaps if re.fullmatch(gap, name)), None)
        if known is not None:
            gaps[known] |= difference is not None
        elif difference is not None:
            different.append(difference)
    assert not different, f"{len(different)} differ\n" + "\n".join(different)
    assert all(gaps.values()), f"closed gaps: {[gap for gap, is_open in gaps.items() if not is_open]}"
