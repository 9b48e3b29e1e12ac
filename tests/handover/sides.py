"""The two sides of a hand-over, and what is looked at between their runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from handover.scenarios import PROGRAMS, Scenario
from potok.checkpoint.layout import path_from_uri

WORKER = Path(__file__).parent / "worker.py"


class Side:
    """One session, of Spark or of potok, that runs program files."""

    def __init__(self, name: str, command: list[str], directory: Path, environment: dict[str, str]) -> None:
        self.name = name
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._log = (directory / "log").open("wb")
        self._process = subprocess.Popen(
            [*command, str(WORKER), str(directory / "warehouse")],
            cwd=directory,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )
        self._answer()

    def send(self, program: str, *arguments: str) -> None:
        """Ask for a run of a program of `programs/`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([str(PROGRAMS / f"{program}.py"), *arguments]) + "\n")
        self._process.stdin.flush()

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of `programs/` to its end. An AssertionError holds what it raised."""
        self.send(program, *arguments)
        answer = self._answer()
        assert "error" not in answer, f"{self.name}: {answer['error']}"

    def read(self, scenario: Scenario, root: Path) -> list[str]:
        """The rows of the output, as JSON texts in order."""
        target = root / f"read by {self.name}"
        self.run("read", scenario.form, f"{root}/out", scenario.schema, scenario.columns, str(target))
        return target.read_text(encoding="utf-8").splitlines()

    def _answer(self) -> dict[str, str]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("@@"):
                answer: dict[str, str] = json.loads(line[2:])
                return answer
        self._log.flush()
        raise AssertionError(f"{self.name} ended: {(self._directory / 'log').read_text()[-3000:]}")

    def kill(self) -> None:
        """SIGKILL to the process and its children: nothing is flushed or closed."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()
        self._log.close()

    def close(self) -> None:
        """End the session in order."""
        if self._process.poll() is None:
            self._process.communicate(timeout=60)
        self._log.close()


# ---- the files between two runs ---------------------------------------------------------------------


def batch_ids(directory: Path) -> list[int]:
    """The batches that have an entry in a log, in order."""
    names = [path.name.removesuffix(".compact") for path in directory.iterdir()]
    return sorted(int(name) for name in names if name.isdigit())


@dataclass(frozen=True)
class Logs:
    """What must hold between runs: one query, batches without holes, each committed."""

    query_id: str
    batches: list[int]

    @classmethod
    def of(cls, root: Path) -> Logs:
        """Read and check the logs below a root."""
        checkpoint = root / "checkpoint"
        offsets, commits = batch_ids(checkpoint / "offsets"), batch_ids(checkpoint / "commits")
        assert offsets == list(range(len(offsets)))
        assert commits == offsets
        if (root / "out" / "_spark_metadata").exists():
            sink = batch_ids(root / "out" / "_spark_metadata")
            assert sink[-1] == offsets[-1]
        return cls(json.loads((checkpoint / "metadata").read_text())["id"], offsets)


def _log_file(directory: Path, batch_id: int) -> Path:
    compact = directory / f"{batch_id}.compact"
    return compact if compact.exists() else directory / str(batch_id)


def _listed(file: Path) -> set[str]:
    return set(file.read_text(encoding="utf-8").splitlines()[1:]) if file.exists() else set()


def _remove(file: Path) -> None:
    file.unlink()
    file.with_name(f".{file.name}.crc").unlink(missing_ok=True)


MOMENTS = ("no commit", "no sink entry", "no data", "no offsets")


def take_back(root: Path, moment: str) -> None:
    """Make the newest batch look as if its process had died at a moment.

    no commit: the sink has taken the batch. no sink entry: its data files lie there and do not count.
    no data: it was only planned. no offsets: only its source log was written.
    """
    checkpoint = root / "checkpoint"
    batch_id = batch_ids(checkpoint / "offsets")[-1]
    _remove(checkpoint / "commits" / str(batch_id))
    if moment == "no commit":
        return
    sink = root / "out" / "_spark_metadata"
    entry = _log_file(sink, batch_id)
    earlier = (_listed(_log_file(sink, number)) for number in range(batch_id))
    added = _listed(entry).difference(*earlier)
    _remove(entry)
    if moment == "no sink entry":
        return
    for line in added:
        _remove(Path(path_from_uri(json.loads(line)["path"])))
    if moment == "no offsets":
        _remove(checkpoint / "offsets" / str(batch_id))
