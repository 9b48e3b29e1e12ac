"""kill -9 at every step of every batch: afterwards the output is what it would have been.

File sinks promise each row once, also to readers that know nothing of the sink log; the others deliver a batch
again under its own id, with the same rows.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from potok.streaming.steps import STEPS

HERE = Path(__file__).parent
FILES = {f"{name}.txt": [f"{name}{row}" for row in range(3)] for name in "abcd"}
LATER = {"e.txt": ["e0", "e1"]}
PAIRS = [
    ("text", "text"), ("text", "csv"), ("text", "foreach_batch"), ("text", "foreach"), ("text", "console"), ("text", "noop"),
    ("text", "counts"), ("rate-micro-batch", "csv"), ("rate-micro-batch", "parquet"), ("rate-micro-batch", "orc"),
    ("rate-micro-batch", "foreach_batch"),
]  # fmt: skip
LAST_RATE_BATCH = 3


class Lives:
    """The process that runs queries in children."""

    def __init__(self) -> None:
        environment = dict(os.environ)
        paths = [str(HERE.parents[1] / "src"), str(HERE.parent), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / "killed.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def run(self, directory: Path, source: str, sink: str, kill: list[Any] | None, last_batch: int) -> bool:
        """Whether the query was killed; raises what it failed with."""
        request = {
            "directory": str(directory),
            "source": source,
            "sink": sink,
            "kill": kill,
            "last_batch": last_batch,
        }
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        answer = json.loads(stdout.readline())
        if not answer["killed"] and answer["code"]:
            raise AssertionError((directory / "error").read_text())
        return bool(answer["killed"])

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    made = Lives()
    yield made
    made.close()


def put(directory: Path, files: dict[str, list[str]], first_mtime: int) -> None:
    (directory / "in").mkdir(exist_ok=True)
    for number, (name, rows) in enumerate(files.items()):
        path = directory / "in" / name
        path.write_text("".join(f"{row}\n" for row in rows))
        os.utime(path, (first_mtime + number, first_mtime + number))


def output(directory: Path, sink: str) -> list[tuple[int | None, Any]]:
    """What readers see: (batch id where known, value)."""
    out = directory / "out"
    if sink in {"foreach_batch", "counts"}:
        found = [
            (int(p.name), json.loads(p.read_text())) for p in out.iterdir() if not p.name.startswith(".")
        ]
        return [(batch, value) for batch, values in sorted(found) for value in values]
    if sink == "foreach":
        return [(batch, value) for batch, value in map(json.loads, out.read_text().splitlines())]
    if sink == "console":
        rows = []
        batch = None
        for line in out.read_text().splitlines():
            if match := re.match(r"Batch: (\d+)", line):
                batch = int(match[1])
            elif re.match(r"\|\s*[a-e]\d\|", line):
                rows.append((batch, line.strip("| ")))
        return rows
    return [(None, value) for path in sorted(out.glob("part-*")) for value in _values(path, sink)]


def _values(path: Path, sink: str) -> list[Any]:
    if sink == "parquet":
        import pyarrow.parquet as pq

        return list(pq.read_table(path).column("value").to_pylist())
    if sink == "orc":
        from pyarrow import orc

        return list(orc.read_table(path).column("value").to_pylist())
    lines = path.read_text().splitlines()
    return [line.rpartition(",")[2] for line in lines]


def listed(directory: Path) -> set[str]:
    """The files of the sink log that count."""
    names = set()
    for path in (directory / "out" / "_spark_metadata").iterdir():
        for line in path.read_text().splitlines()[1:]:
            names.add(json.loads(line)["path"].rpartition("/")[2])
    return names


def expected(source: str, sink: str) -> list[str]:
    if sink == "counts":
        files = [*FILES.values(), *LATER.values()]
        return [f"{sum(map(len, files[:n])):02}" for n in range(1, len(files) + 1)]
    if source == "text":
        return [row for rows in {**FILES, **LATER}.values() for row in rows]
    return [str(value) for value in range(3 * (LAST_RATE_BATCH + 2))]


def check(directory: Path, source: str, sink: str) -> None:
    assert not (directory / "error").exists()
    commits, offsets = (batch_ids(directory / "checkpoint" / log) for log in ("commits", "offsets"))
    # A file that was found again and again before its batch was planned comes with others in one batch.
    assert commits == offsets == list(range(len(commits)))
    assert 0 < len(commits) <= LAST_RATE_BATCH + 2
    if sink == "noop":
        return
    rows = [(batch, str(value)) for batch, value in output(directory, sink)]
    wanted = sorted(expected(source, sink))
    if sink == "counts":
        # Two files may have come in one batch; none is forgotten, and none is counted twice.
        values = [int(value) for _, value in rows]
        assert values == sorted(set(values))
        assert {f"{value:02}" for value in values} <= set(wanted)
        assert values[-1] == int(wanted[-1])
        return
    if sink in {"foreach", "console"}:
        # At least once: a repeated batch brings the same rows under the same id.
        assert sorted(value for _, value in set(rows)) == wanted
        return
    assert sorted(value for _, value in rows) == wanted
    if sink not in {"foreach_batch", "counts"}:
        assert {p.name for p in (directory / "out").glob("part-*")} == listed(directory)
        assert not [p.name for p in (directory / "out").iterdir() if p.name.startswith(".part")]


def batch_ids(log: Path) -> list[int]:
    return sorted(int(path.name) for path in log.iterdir() if path.name.isdigit())


@pytest.mark.parametrize(("source", "sink"), PAIRS)
@pytest.mark.parametrize("step", STEPS)
def test_killed_at(lives: Lives, tmp_path: Path, source: str, sink: str, step: str) -> None:
    kills = 0
    for batch_id in (0, 2):
        for begins in (True, False):
            directory = tmp_path / f"{batch_id}-{begins}"
            directory.mkdir()
            put(directory, FILES, 1_700_000_000)
            kills += lives.run(directory, source, sink, [step, begins, batch_id], LAST_RATE_BATCH)
            # Killed at the same place again: the batch is repeated, or is already done.
            kills += lives.run(directory, source, sink, [step, begins, batch_id], LAST_RATE_BATCH)
            put(directory, LATER, 1_700_000_100)
            assert not lives.run(directory, source, sink, None, LAST_RATE_BATCH + 1)
            check(directory, source, sink)
    # "recover" runs once, as batch 0; every other step is passed in both batches.
    assert kills >= (2 if step == "recover" else 4)


@pytest.mark.parametrize("sink", ["text", "csv"])
def test_a_query_that_dies_all_the_time_gets_on(lives: Lives, tmp_path: Path, sink: str) -> None:
    """A new file before each life, and each life ends at the next step."""
    deaths = [[step, begins, None] for step in STEPS for begins in (True, False)]
    wanted: list[str] = []
    for number, death in enumerate(deaths):
        rows = [f"{number}/{row}" for row in range(2)]
        put(tmp_path, {f"{number}.txt": rows}, 1_700_000_000 + number)
        wanted += rows
        assert lives.run(tmp_path, "text", sink, death, 10**6)
    assert not lives.run(tmp_path, "text", sink, None, 10**6)
    assert sorted(value for _, value in output(tmp_path, sink)) == sorted(wanted)
    assert {p.name for p in (tmp_path / "out").glob("part-*")} == listed(tmp_path)
