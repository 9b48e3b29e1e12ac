"""The commands in an example's docstring, done as a reader would do them."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
RECORDED = Path(__file__).parent / "recorded"
# They bring their records along, and print what does not depend on the engine.
SELF_CONTAINED = (
    "card_fraud",
    "change_data_capture",
    "each_event_once",
    "late_data",
    "silent_devices",
    "sql_over_streams",
    "unpaid_orders",
    "visits",
)
Run = Callable[[Path], "subprocess.CompletedProcess[str]"]


def commands(name: str) -> list[str]:
    """The indented lines of the docstring."""
    docstring = (EXAMPLES / f"{name}.py").read_text().split('"""')[1]
    return [line.strip() for line in docstring.splitlines() if line.startswith("    ")]


def walked_through(name: str, directory: Path, potok_run: Run, environment: Mapping[str, str]) -> str:
    """What the commands print, one after the other. `potok_run` stands for `potok run <program>`."""
    told = ""
    for command in commands(name):
        if command.startswith("potok run "):
            done = potok_run(EXAMPLES / shlex.split(command)[2])
        else:
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=directory,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            # Files of the same moment have no order in Spark, and a moment may be some milliseconds.
            time.sleep(0.02)
        assert done.returncode == 0, done.stderr
        told += done.stdout
    return told
