"""Starting potok as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import potok
from support.patience import PATIENCE_S

SOURCE = Path(potok.__file__).parent.parent


def environment(**extra: str) -> dict[str, str]:
    """This process's environment, with the code under test importable from any directory."""
    return {**os.environ, "PYTHONPATH": str(SOURCE), **extra}


def potok_command(*arguments: str) -> list[str]:
    """`potok ...` by this Python."""
    return [sys.executable, "-m", "potok.cli", *arguments]


def run_potok(
    *arguments: str, directory: Path | None = None, timeout_s: float = PATIENCE_S
) -> subprocess.CompletedProcess[str]:
    """Run `potok ...` to its end."""
    return subprocess.run(
        potok_command(*arguments),
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
