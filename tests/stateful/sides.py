"""An engine in a process of its own, which runs scenarios."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

from support.processes import environment, potok_command

WORKER = Path(__file__).parent / "worker.py"
TESTS = str(Path(__file__).resolve().parents[1])
PATIENCE_S = 400.0


class Side:
    """One session of Spark or of potok; a new one when a scenario does not come back."""

    def __init__(self, command: list[str], directory: Path, variables: dict[str, str]) -> None:
        self._command, self._directory, self._variables = command, directory, variables
        directory.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()

    def run(
        self,
        family: str,
        name: str,
        root: Path,
        first: int = 0,
        last: int | None = None,
        patience_s: float = PATIENCE_S,
    ) -> dict[str, Any]:
        """What a scenario did in its steps from `first` up to `last`. An AssertionError says that it could not be run at all."""
        return self._asked([family, name, str(root), first, last], patience_s)

    def read(self, root: Path, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """What can be read back from the checkpoint below a directory."""
        return self._asked(["read", str(root)], patience_s)

    def read_variables(self, root: Path, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """What can be read back of state variables from the checkpoint below a directory."""
        return self._asked(["read variables", str(root)], patience_s)

    def _asked(self, request: list[Any], patience_s: float) -> dict[str, Any]:
        process = self._started()
        assert process.stdin is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        answer = self._answer(patience_s)
        assert "failed" not in answer, answer["failed"]
        return answer

    def _started(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        lines: queue.Queue[str | None] = queue.Queue()
        with (self._directory / "log").open("ab") as log:
            self._process = process = subprocess.Popen(
                [*self._command, str(WORKER), str(self._directory / "warehouse")],
                cwd=self._directory,
                env=self._variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._lines = lines

        def follow() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("@@"):
                    lines.put(line[2:])
            lines.put(None)

        threading.Thread(target=follow, daemon=True).start()
        self._answer(PATIENCE_S)
        return process

    def _answer(self, patience_s: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=patience_s)
        except queue.Empty:
            self.close()
            raise AssertionError(f"no answer within {patience_s} s") from None
        if line is None:
            log = (self._directory / "log").read_text(errors="replace")
            raise AssertionError(f"the session ended: {log[-3000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process and what it has started."""
        if self._process is not None:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None


def potok_side(directory: Path) -> Side:
    """Potok by the Python of the tests."""
    paths = environment()["PYTHONPATH"] + os.pathsep + TESTS
    return Side(potok_command("run"), directory, environment(PYTHONPATH=paths, TZ="UTC"))


def spark_side(python: str, directory: Path) -> Side:
    """Real Spark by a Python that has it."""
    variables = {name: value for name, value in os.environ.items() if name != "SPARK_REMOTE"}
    variables.pop("SPARK_CONNECT_MODE_ENABLED", None)
    return Side(
        [python], directory, {**variables, "PYSPARK_PYTHON": python, "PYTHONPATH": TESTS, "TZ": "UTC"}
    )
