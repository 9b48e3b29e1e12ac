"""Reading back the errors that `functions.raising` plants into SQL."""

from __future__ import annotations

from potok.errors import Origin, SparkError

MARK = "\x01"
FIELD = "\x1f"
PART = "\x1e"


def planted_error(message: str) -> SparkError | None:
    """The SparkError inside a message of the engine, or None where none was planted.

    DuckDB may put its own words before the mark and, on a second line, after it; a field never
    holds the separators.
    """
    start = message.find(MARK)
    if start < 0:
        return None
    # What is behind a second mark is the engine's.
    planted = message[start + 1 :].partition(MARK)[0]
    condition, origin, *fields = planted.split(FIELD)
    parameters = dict(f.partition("=")[::2] for f in fields)
    return SparkError(condition, origin=_origin(origin), **parameters)


def plant(error: SparkError) -> str:
    """The text that `planted_error` turns back into the same error."""
    fields = (f"{name}={value}" for name, value in error.parameters.items())
    return FIELD.join((MARK + error.condition, origin_text(error.origin), *fields)) + MARK


def origin_text(origin: Origin | None) -> str:
    """An origin as one field."""
    if origin is None:
        return ""
    numbers = (origin.start, origin.stop, origin.line, origin.column)
    return PART.join((origin.fragment, origin.call_site, origin.sql_text, *map(str, numbers)))


def _origin(text: str) -> Origin | None:
    if not text:
        return None
    fragment, call_site, sql_text, start, stop, line, column = text.split(PART)
    return Origin(fragment, call_site, sql_text, int(start), int(stop), int(line), int(column))
