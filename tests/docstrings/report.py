"""Runs the docstrings outside pytest and writes what fails: `python tests/docstrings/report.py OUTPUT [group ..]`."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from docstrings.examples import GROUPS, docstrings, in_source_tree, is_stopped, make_session, no_waiting, run

TIMEOUT_S = 60


class TookTooLongError(BaseException):
    """An example took too long."""


def _raise_timeout(_signal: int, _frame: object) -> None:
    raise TookTooLongError


def run_group(group: str, output: Path) -> None:
    """Appends a line a docstring that fails, and a summary."""
    faulthandler.enable()
    signal.signal(signal.SIGALRM, _raise_timeout)
    passed = total = 0
    details: list[str] = []
    with tempfile.TemporaryDirectory() as directory, in_source_tree(Path(directory)), no_waiting():
        spark = make_session(Path(directory) / "warehouse")
        for docstring in docstrings(group):
            if is_stopped(spark):
                spark = make_session(Path(directory) / "warehouse")
            signal.alarm(TIMEOUT_S)
            try:
                failure = run(docstring, spark)
            except TookTooLongError:
                failure = f"took more than {TIMEOUT_S} s"
            signal.alarm(0)
            total += 1
            passed += not failure
            if failure:
                details.append(f"######## {group}::{docstring.name}\n{failure}")
    with output.open("a", encoding="utf-8") as file:
        file.write("\n".join(details) + f"\n==== {group}: {passed} of {total}\n")
    print(f"{group}: {passed} of {total}", flush=True)


def main() -> int:
    """Each group has a process of its own."""
    if sys.argv[1] == "--group":
        run_group(sys.argv[2], Path(sys.argv[3]))
        sys.stdout.flush()
        os._exit(0)
    output = Path(sys.argv[1])
    output.write_text("", "utf-8")
    for group in sys.argv[2:] or GROUPS:
        code = subprocess.call([sys.executable, __file__, "--group", group, str(output)])
        if code:
            print(f"{group}: exit code {code}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
