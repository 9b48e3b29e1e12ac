"""How much memory state may take, and what happens at the limit: the query stops before the machine swaps."""

from __future__ import annotations

import os
import re
from pathlib import Path

from potok.errors import SparkError, unsupported

MEMORY_LIMIT_KEY = "spark.potok.state.memoryLimit"
_SHARE = 0.6
_CONTROL_GROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_SIZE = re.compile(r"(\d+)\s*([kmgt]?)b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def memory_limit_bytes(setting: str | None) -> int:
    """The limit for all state of one query: `setting` as Spark writes sizes (`8g`), else 60 % of the memory."""
    if setting is None:
        return int(_memory_bytes() * _SHARE)
    match = _SIZE.fullmatch(setting.strip())
    if match is None:
        raise SparkError(
            "INVALID_CONF_VALUE.TYPE_MISMATCH", confName=MEMORY_LIMIT_KEY, confValue=setting, confType="bytes"
        )
    return int(match[1]) << (10 * _POWERS[match[2].lower()])


def check_memory(used_bytes: int, rows: int, limit_bytes: int) -> None:
    """Raises UNSUPPORTED_FEATURE when state takes more than it may."""
    if used_bytes <= limit_bytes:
        return
    raise unsupported(
        f"state of {used_bytes >> 20} MiB in {rows} rows, above the {limit_bytes >> 20} MiB of {MEMORY_LIMIT_KEY},",
        "Nothing is lost: the batch has not been committed. Let the state forget (withWatermark), raise the limit,"
        " or go on with this checkpoint on a Spark cluster.",
    )


def _memory_bytes() -> int:
    """Of the machine, or less where a container has been given less."""
    amounts = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in _CONTROL_GROUPS:
        path = Path(name)
        if path.is_file():
            text = path.read_text().strip()
            if text.isdecimal():
                amounts.append(int(text))
    return min(amounts)
