"""Batches that are repeated, since their process died before the commit: with and without their state on disk."""

from __future__ import annotations

from typing import Any

from stateful.scenario import Scenario, Uncommit, reading_less
from stateful.scenarios import aggregation, dedup, joins, pandas_state, sessions, windows

PROGRAMS: dict[str, tuple[Any, Any, str, list[Any]]] = {
    "count": (aggregation.BASIC, aggregation.KV, "update", aggregation.STEPS),
    "count complete": (aggregation.BASIC, aggregation.KV, "complete", aggregation.STEPS),
    "windows": (windows.windowed("10 seconds"), windows.ATV, "append", windows.STEPS),
    "windows of windows": (windows.two_windows, windows.ATV, "append", windows.STEPS),
    "duplicates": (dedup.dropped("at", "k"), windows.ATV, "append", dedup.STEPS),
    "duplicates within": (dedup.within("k"), windows.ATV, "append", dedup.STEPS),
    "sessions": (sessions.sessions(), windows.ATV, "append", sessions.STEPS),
    "left join": (joins.joined("left", joins.RANGE), joins.SIDES, "append", joins.STEPS),
    "pandas": (pandas_state.applied(pandas_state.counts), pandas_state.KV, "update", pandas_state.STEPS),
}
MOMENTS = {"no commit": Uncommit(), "no state": Uncommit(state=True), "no offsets": Uncommit(offsets=True)}


def broken(steps: list[Any], moment: Uncommit) -> list[Any]:
    """Each step is followed by the end of the process."""
    return [part for step in steps[:4] for part in (step, moment)]


SCENARIOS = [
    Scenario(f"{name}, {moment}", build, schema, mode, broken(steps, how), partitions=2)
    for name, (build, schema, mode, steps) in PROGRAMS.items()
    for moment, how in MOMENTS.items()
]
SCENARIOS = reading_less(
    SCENARIOS,
    "left join, no commit",
    "left join, no state",
    "left join, no offsets",
)
