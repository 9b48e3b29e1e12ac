"""Values, schemas and errors as JSON that loses nothing.

Plain JSON: null, booleans, integers, strings, arrays (as lists) and finite doubles, which Python
writes so that they read back bit for bit (-0.0 included). All else is an object with one key that
names the type: `{"double": "NaN"}`, `{"decimal": "1.20"}`, `{"date": "2024-02-29"}`,
`{"timestamp": "2024-02-29T12:00:00.000000"}` (as collected, in UTC), `{"time": ".."}`,
`{"bytes": "00ff"}`, `{"map": [[key, value], ..]}`, `{"row": {"name": value}}` (pairs in a list
where two fields share a name), `{"interval_microseconds": 1}`, `{"variant": "<json>"}`.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
from typing import Any

_PLAN_TAIL = re.compile(r";\n.*", re.DOTALL)
_EXPRESSION_ID = re.compile(r"#\d+L?")
_PLAN_ID = re.compile(r"\[plan_id=\d+\]")
_CALL_SITE = re.compile(r'(== DataFrame ==\n"[^"]*" was called from\n)[^\n]*(\n[^\n=]*:\d+)*')
_TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:[ ].*\n|\n)*")
_STACK = re.compile(r"\n\nJVM stacktrace:.*|\n\tat .*", re.DOTALL)
_JAVA_CALL = re.compile(r"\AAn error occurred while calling [\w.]+\n: ")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_JAVA_OBJECT = re.compile(r"\bo\d+\.")


class RenderingError(Exception):
    """A case returned something that has no rendering: the case is wrong."""


def render_value(value: Any) -> Any:
    """A collected value as JSON; see the module. RenderingError for a value of an unknown class."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"double": _special(value)}
    if isinstance(value, decimal.Decimal):
        return {"decimal": format(value, "f")}
    if isinstance(value, dt.datetime):
        return {"timestamp": value.isoformat(timespec="microseconds")}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    if isinstance(value, dt.time):
        return {"time": value.isoformat(timespec="microseconds")}
    if isinstance(value, dt.timedelta):
        return {"interval_microseconds": value // dt.timedelta(microseconds=1)}
    if isinstance(value, bytes | bytearray):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, dict):
        return {"map": [[render_value(key), render_value(item)] for key, item in value.items()]}
    if hasattr(value, "__fields__"):
        return {"row": _fields(value)}
    if isinstance(value, list | tuple):
        return [render_value(item) for item in value]
    if type(value).__name__ == "VariantVal":
        return {"variant": value.toJson()}
    message = f"no rendering for {type(value).__name__}: {value!r}"
    raise RenderingError(message)


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _fields(row: Any) -> Any:
    names = list(row.__fields__)
    values = [render_value(item) for item in row]
    if len(set(names)) == len(names):
        return dict(zip(names, values, strict=True))
    return [list(pair) for pair in zip(names, values, strict=True)]


def render_schema(schema: Any) -> list[Any]:
    """A StructType as a list of `[name, type, nullable]`, with metadata as a fourth where there is any.

    Types are those of `StructType.jsonValue()` without empty metadata; expression ids in names lose their numbers.
    """
    return [_field(item) for item in schema.jsonValue()["fields"]]


def _field(item: dict[str, Any]) -> list[Any]:
    rendered = [_EXPRESSION_ID.sub("#n", item["name"]), _type(item["type"]), item["nullable"]]
    metadata = {key: value for key, value in (item.get("metadata") or {}).items() if not key.startswith("__")}
    return [*rendered, metadata] if metadata else rendered


def _type(value: Any) -> Any:
    if isinstance(value, str):
        return value
    kind = value["type"]
    if kind == "struct":
        return {"struct": [_field(item) for item in value["fields"]]}
    if kind == "array":
        return {"array": [_type(value["elementType"]), value["containsNull"]]}
    if kind == "map":
        return {"map": [_type(value["keyType"]), _type(value["valueType"]), value["valueContainsNull"]]}
    return value


def render_error(error: BaseException, directory: str) -> dict[str, Any]:
    """An exception: the name of its class, and Spark's condition, SQLSTATE and message.

    The message is `str(error)`, with the piece of SQL text or the call that failed. In it, plans after `;\\n` and the frames of Python and Java stacks are cut, expression ids and plan ids
    lose their numbers, uuids read `<uuid>`, the caller's line reads `<call site>`, and the case's own directory
    `<directory>`.
    """
    rendered: dict[str, Any] = {"class": type(error).__name__}
    condition = getattr(error, "getCondition", lambda: None)()
    if condition:
        rendered["condition"] = condition
    state = getattr(error, "getSqlState", lambda: None)()
    if state:
        rendered["sqlState"] = state
    rendered["message"] = normalise_message(str(error), directory)
    return rendered


def normalise_message(message: str, directory: str) -> str:
    """The text of a message without what changes from run to run."""
    message = _JAVA_CALL.sub("", _STACK.sub("", message))
    message = _JAVA_OBJECT.sub("", message)
    message = _TRACEBACK.sub("Traceback\n", message)
    message = _PLAN_TAIL.sub("", message)
    message = _CALL_SITE.sub(r"\1<call site>", message)
    message = _EXPRESSION_ID.sub("#n", message)
    message = _UUID.sub("<uuid>", _PLAN_ID.sub("", message))
    if directory:
        message = message.replace(directory, "<directory>")
    return message.strip()
