"""Running a program and reading what it cost."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
MARK = "RESULT "
_PR_SET_CHILD_SUBREAPER = 36


_spared: set[int] = set()


class UnavailableError(Exception):
    """What a benchmark needs is not to be had on this machine; the text says what."""


def spare(process_id: int) -> None:
    """This child is a server that outlives programs: it is not waited for, and none of their costs."""
    _spared.add(process_id)


@dataclass(frozen=True)
class Engine:
    """What runs a program: a command to which the program and its arguments are appended."""

    name: str
    command: list[str]


@dataclass(frozen=True)
class Case:
    """One benchmark. `prepare(directory, rows)` writes inputs once; `baseline` is a script without an engine.

    `prepare` raises UnavailableError where the benchmark cannot be run: then it is skipped, and says so.
    """

    title: str
    program: str
    prepare: Callable[[Path, int], None] | None = None
    baseline: str | None = None
    arguments: tuple[str, ...] = ()
    metrics: tuple[str, ...] = field(default=("cpu_s", "wall_s"))


@dataclass(frozen=True)
class Outcome:
    """Seconds of the whole process, its greatest memory in MB, and what the program printed of itself."""

    values: Mapping[str, float]


def machine() -> str:
    """The shape of this machine in a line."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def run(case: Case, engines: list[Engine], directory: Path, *, rounds: int, rows: int) -> str:
    """A table of medians: a row per engine, ratios against the first."""
    if case.prepare is not None:
        try:
            case.prepare(directory, rows)
        except UnavailableError as error:
            return f"Skipped: {error}"
    candidates = [(e.name, [*e.command, str(PROGRAMS / case.program)]) for e in engines]
    if case.baseline is not None:
        candidates.append(("by hand", [sys.executable, str(PROGRAMS / case.baseline)]))
    outcomes: dict[str, list[Outcome]] = {name: [] for name, _ in candidates}
    for _ in range(rounds):
        for name, command in candidates:
            shutil.rmtree(directory / "work", ignore_errors=True)
            (directory / "work").mkdir()
            outcomes[name].append(execute([*command, *case.arguments], directory))
    lines = ["| engine | " + " | ".join(case.metrics) + " |", "|---|" + "---|" * len(case.metrics)]
    first = outcomes[candidates[0][0]]
    for name, found in outcomes.items():
        cells = []
        for metric in case.metrics:
            value = _median(found, metric)
            ratio = value / _median(first, metric) if _median(first, metric) else float("nan")
            cells.append(f"{value:.3f}" + ("" if found is first else f" ({ratio:.1f}x)"))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _median(outcomes: list[Outcome], metric: str) -> float:
    return statistics.median(o.values.get(metric, float("nan")) for o in outcomes)


def _adopt_orphans() -> None:
    """Become the parent of what a program leaves behind, as PySpark does its JVM."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _orphans() -> Iterator[resource.struct_rusage]:
    """What each child cost that is still there; waits for their ends."""
    while children := _children() - _spared:
        for child in children:
            _, _, usage = os.wait4(child, 0)
            yield usage


def _children() -> set[int]:
    lists = Path("/proc/self/task").glob("*/children")
    return {int(word) for path in lists for word in path.read_text().split()}


def execute(command: list[str], directory: Path) -> Outcome:
    """Run to the end. A program reports figures of its own on lines `RESULT {json}`."""
    _adopt_orphans()
    environment = {
        **os.environ,
        "POTOK_BENCHMARK_DIRECTORY": str(directory),
        "PYTHONPYCACHEPREFIX": str(directory / "bytecode"),
    }
    # An installed package has its bytecode ready; so has every round here but the first.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if "PYTHONPATH" in environment:
        # Programs run in a directory of their own.
        places = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(str(Path(place).resolve()) for place in places)
    output = directory / "output.txt"
    errors = directory / "errors.txt"
    started = time.perf_counter()
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, cwd=directory / "work", env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        usages = [usage, *_orphans()]
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.stderr.write(errors.read_text()[-4000:])
        msg = f"{command} ended with {process.returncode}"
        raise RuntimeError(msg)
    values: dict[str, float] = {
        "wall_s": wall_s,
        "cpu_s": sum(u.ru_utime + u.ru_stime for u in usages),
        "memory_mb": max(u.ru_maxrss for u in usages) / 1024,
    }
    for line in output.read_text().splitlines():
        if line.startswith(MARK):
            values.update(json.loads(line.removeprefix(MARK)))
    return Outcome(values)
