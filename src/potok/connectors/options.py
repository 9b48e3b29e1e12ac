"""Options of connectors as typed values, with Spark's words for wrong ones."""

from __future__ import annotations

import re
from collections.abc import Callable

from potok.errors import SparkError, unsupported
from potok.plan.logical import Options

_DURATION = re.compile(r"(-?\d+)\s*([a-z]+)?")
_DURATION_MS: dict[str, float] = {
    "us": 0.001, "ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000,
}  # fmt: skip
_BYTES = re.compile(r"(\d+)\s*([a-z]+)?")
_BYTE_UNITS = {
    unit: 1024**power
    for power, units in enumerate((("b",), ("k", "kb"), ("m", "mb"), ("g", "gb"), ("t", "tb"), ("p", "pb")))
    for unit in units
}


def illegal_argument(message: str) -> SparkError:
    """A `java.lang.IllegalArgumentException` with just this text."""
    return SparkError("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message=message)


def flag(options: Options, name: str, *, default: bool) -> bool:
    """A boolean as file formats read it: `header flag can be true or false.` for other words."""
    text = options.get(name)
    if text is None:
        return default
    if text.lower() not in {"true", "false"}:
        raise SparkError("_LEGACY_ERROR_TEMP_2147", paramName=name)
    return bool(text.lower() == "true")


def boolean(options: Options, name: str, *, default: bool) -> bool:
    """A boolean as Scala's `toBoolean` reads it."""
    text = options.get(name)
    if text is None:
        return default
    if text.lower() not in {"true", "false"}:
        raise illegal_argument(f'For input string: "{text}"')
    return bool(text.lower() == "true")


def source_boolean(options: Options, name: str, *, default: bool) -> bool:
    """A boolean as the file source reads it."""
    text = options.get(name)
    if text is None:
        return default
    if text.lower() not in {"true", "false"}:
        raise illegal_argument(f"Invalid value '{text}' for option '{name}', must be 'true' or 'false'")
    return bool(text.lower() == "true")


def positive(options: Options, name: str, read: Callable[[str], int]) -> int | None:
    """A positive number, read by `read`, which raises ValueError."""
    text = options.get(name)
    if text is None:
        return None
    try:
        value = read(text)
    except ValueError:
        value = 0
    if value <= 0:
        raise illegal_argument(f"Invalid value '{text}' for option '{name}', must be a positive integer")
    return value


def integer(options: Options, name: str, default: int) -> int:
    """A whole number as the formats read it; a wrong one is `maxColumns should be an integer. Found x.`."""
    text = options.get(name)
    if text is None:
        return default
    try:
        return int(text)
    except ValueError as error:
        raise illegal_argument(f"{name} should be an integer. Found {text}.") from error


def character(options: Options, name: str, default: str) -> str:
    """One character, or nothing for the empty text."""
    text: str = options.get(name, default)
    if len(text) > 1:
        raise illegal_argument(f"{name} cannot be more than one character.")
    return text


def refuse_variant_column(options: Options) -> None:
    """Raises where whole records are asked for as VARIANT values."""
    if "singleVariantColumn" in options:
        raise unsupported("the option singleVariantColumn", "Read the columns, or the format text.")


def duration_ms(text: str) -> int:
    """A length of time (`7d`, `100ms`; a bare number is milliseconds) as Spark's JavaUtils reads it."""
    found = _DURATION.fullmatch(text.lower().strip())
    if found is None or (found[2] or "ms") not in _DURATION_MS:
        raise illegal_argument(
            "Time must be specified as seconds (s), milliseconds (ms), microseconds (us), minutes (m or min),"
            f" hour (h), or day (d). E.g. 50s, 100ms, or 250us.\nFailed to parse time string: {text}"
        )
    return int(int(found[1]) * _DURATION_MS[found[2] or "ms"])


def size_bytes(text: str) -> int:
    """A size (`128m`; a bare number is bytes). ValueError for anything else."""
    found = _BYTES.fullmatch(text.lower().strip())
    if found is None or (found[2] or "b") not in _BYTE_UNITS:
        raise ValueError(text)
    unit: int = _BYTE_UNITS[found[2] or "b"]
    return int(found[1]) * unit
