"""How long tests wait for what comes in milliseconds: a machine may be slow, busy, or both."""

from __future__ import annotations

import time
from collections.abc import Callable

# Less than the time that a test may take altogether, so that it is told what was waited for.
PATIENCE_S = 300.0


def until(condition: Callable[[], object], pause_s: float = 0.02) -> None:
    """Wait for something that another thread or process does."""
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, "waited in vain"
        time.sleep(pause_s)
