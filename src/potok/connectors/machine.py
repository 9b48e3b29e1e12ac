"""What a JVM would find out about the machine that it runs on."""

from __future__ import annotations

import os
from datetime import datetime
from zoneinfo import ZoneInfo


def local_time_zone() -> str:
    """The machine's zone under its IANA name, as the JVM would find it; UTC where it has none."""
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name:
        target = os.path.realpath("/etc/localtime")
        _, found, name = target.partition("zoneinfo/")
        name = name if found else ""
    try:
        return ZoneInfo(name).key if name else "Etc/UTC"
    except (KeyError, ValueError, OSError):
        return datetime.now().astimezone().tzname() or "Etc/UTC"
