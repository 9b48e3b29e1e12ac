"""Values and errors as JSON, the same on both engines."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
from typing import Any

from pyspark.sql import Row

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
INNER = re.compile(r"terminated with exception: (?:[\w.$]+: )?\[([A-Z_0-9]+(?:\.[A-Z_0-9]+)*)\]")
JAVA = re.compile(
    r"^An error occurred while calling [^\n]*\n: [\w.$]+: (\[([A-Z_.]+)\][^\n]*SQLSTATE: (\w{5}))"
)
FRAMES = re.compile(r"Traceback \(most recent call last\):\n(?:[ ].*\n|\n)*")
TAILS = ("\n\nJVM stacktrace", "\n=== Streaming Query ===", "\n== DataFrame ==", "\n== SQL ")


def canonical(value: Any) -> Any:
    """A collected value as JSON; what JSON has no type for is a text with the name of its type before it."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case decimal.Decimal():
            return f"decimal:{value}"
        case dt.datetime():
            return f"timestamp:{value.isoformat(sep=' ')}"
        case dt.date():
            return f"date:{value.isoformat()}"
        case dt.timedelta():
            return f"interval:{value // dt.timedelta(microseconds=1)}"
        case bytes() | bytearray():
            return f"binary:{value.hex()}"
        case Row():
            return dict(zip(value.__fields__, map(canonical, value), strict=True))
        case dict():
            return {"map": sorted(([canonical(k), canonical(v)] for k, v in value.items()), key=str)}
        case list() | tuple():
            return [canonical(item) for item in value]
    return f"{type(value).__name__}:{value}"


def error_of(error: BaseException, root: str) -> dict[str, Any]:
    """Condition, inner condition, SQLSTATE and message of an exception, without what differs from run to run."""
    condition = getattr(error, "getCondition", lambda: None)()
    state = getattr(error, "getSqlState", lambda: None)()
    message = str(error)
    java = JAVA.search(message)
    if java is not None and condition is None:
        message, condition, state = java[1], java[2], java[3]
    inner = INNER.search(message)
    for tail in TAILS:
        message = message.partition(tail)[0]
    message = UUID.sub("UUID", message.replace(root, "ROOT"))
    message = FRAMES.sub("Traceback: ", re.sub(r"#\d+L?", "#N", message))
    return {
        "type": type(error).__name__,
        "condition": condition,
        "inner": inner and inner[1],
        "sql_state": state,
        "message": message[:1500],
    }
