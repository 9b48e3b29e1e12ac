"""What is late, by the law that Spark documents, and what is left by it: a model row by row.

The watermark of a batch is the latest time of all batches before less the delay, in whole milliseconds. Late is what
lies at or before the watermark of the batch before; what lies at or before that of the batch itself is told and
forgotten. After the last file a batch without data has the last watermark.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from stateful.generated import DELAY_S, Program, Row, Steps

SECOND = 1_000_000
Told = list[list[Any]]
READ: Steps = (("read", "in"), ("watermark", "at", f"{DELAY_S} seconds"))
COUNTS = ("count(1) AS hits", "sum(i) AS total")


def _windows(name: str, window: str) -> Program:
    return Program(
        name, (*READ, ("group", (f"{window} AS c0", "k AS c1"), COUNTS)), "append", holds_back=True
    )


LATE_PROGRAMS = (
    _windows("tumbling", "window(at, '10 seconds')"),
    _windows("sliding", "window(at, '10 seconds', '4 seconds')"),
    _windows("sessions", "session_window(at, '5 seconds')"),
    Program("duplicates", (*READ, ("dedup", "at", "k"), ("select", "at", "k")), "append", timeless=False),
    Program("within", (*READ, ("within", "k"), ("select", "at", "k", "n")), "append", timeless=False),
)


@dataclass
class Batch:
    """Rows as (microseconds, row), those without event time left out; times that count as late and as passed."""

    rows: list[tuple[int, Row]]
    late: int
    passed: int


def micros(text: str | None) -> int | None:
    """A time of an input in microseconds since 1970."""
    if text is None:
        return None
    moment = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def batches(files: Sequence[Sequence[Row]], files_per_batch: int) -> Iterator[Batch]:
    """The batches of files, and the one without data."""
    late = passed = 0
    for first in [*range(0, len(files), files_per_batch), None]:
        content = () if first is None else files[first : first + files_per_batch]
        times = [(micros(row["at"]), row) for rows in content for row in rows]
        known = [(time, row) for time, row in times if time is not None]
        yield Batch(known, late, passed)
        late = passed
        latest = max((time // 1000 * 1000 for time, _ in known), default=0)
        passed = max(passed, latest - DELAY_S * SECOND)


def told_by_the_law(made: Program, files: Sequence[Sequence[Row]], files_per_batch: int) -> Told:
    """All rows that the program tells of."""
    return LAWS[made.shape](list(batches(files, files_per_batch)))


def _window_law(size_s: int, slide_s: int) -> Callable[[list[Batch]], Told]:
    size, slide = size_s * SECOND, slide_s * SECOND

    def law(given: list[Batch]) -> Told:
        groups: dict[tuple[int, Any], list[Row]] = {}
        for batch in given:
            for time, row in batch.rows:
                start = time - time % slide
                while start + size > time:
                    if start + size > batch.late:
                        groups.setdefault((start, row["k"]), []).append(row)
                    start -= slide
        return [
            [_window(start, start + size), key, *_counts(rows)]
            for (start, key), rows in groups.items()
            if start + size <= given[-1].passed
        ]

    return law


@dataclass
class _Session:
    start: int
    end: int
    rows: list[Row] = field(default_factory=list)


def _sessions(given: list[Batch], gap: int = 5 * SECOND) -> Told:
    told: Told = []
    kept: dict[Any, list[_Session]] = {}
    for batch in given:
        for time, row in batch.rows:
            if time + gap > batch.late:
                kept.setdefault(row["k"], []).append(_Session(time, time + gap, [row]))
        for key, sessions in kept.items():
            merged: list[_Session] = []
            for session in sorted(sessions, key=lambda one: one.start):
                if merged and session.start <= merged[-1].end:
                    merged[-1].end = max(merged[-1].end, session.end)
                    merged[-1].rows += session.rows
                else:
                    merged.append(session)
            told += [
                [_window(s.start, s.end), key, *_counts(s.rows)] for s in merged if s.end <= batch.passed
            ]
            kept[key] = [session for session in merged if session.end > batch.passed]
    return told


def _duplicates(given: list[Batch]) -> Told:
    found = {(time, row["k"]) for batch in given for time, row in batch.rows if time > batch.late}
    return [[_shown(time), key] for time, key in found]


def _within(given: list[Batch]) -> Told:
    told: Told = []
    expires: dict[Any, int] = {}
    for batch in given:
        for time, row in batch.rows:
            if time > batch.late and row["k"] not in expires:
                expires[row["k"]] = time + DELAY_S * SECOND
                told.append([_shown(time), row["k"], row["n"]])
        expires = {key: end for key, end in expires.items() if end > batch.passed}
    return told


def _counts(rows: Sequence[Row]) -> list[Any]:
    known = [row["i"] for row in rows if row["i"] is not None]
    return [len(rows), sum(known) if known else None]


def _shown(time: int) -> str:
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=time)
    return f"timestamp:{moment.isoformat(sep=' ')}"


def _window(start: int, end: int) -> dict[str, Any]:
    return {"map": [["end", _shown(end)], ["start", _shown(start)]]}


LAWS: dict[str, Callable[[list[Batch]], Told]] = {
    "tumbling": _window_law(10, 10),
    "sliding": _window_law(10, 4),
    "sessions": _sessions,
    "duplicates": _duplicates,
    "within": _within,
}
