"""The command `potok`. One row of `COMMANDS` a subcommand; its module is imported when it is used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple

from potok import __version__


class Command(NamedTuple):
    """A subcommand: a function `main(arguments) -> exit code`, and a line for the help text."""

    module: str
    function: str
    summary: str


COMMANDS = {
    "run": Command("potok.launcher", "main", "run a PySpark program as it is"),
    "shell": Command("potok.shell", "main", "an interactive session"),
    "server": Command("potok.serve", "main", "Spark Connect over a port, for other processes and languages"),
    "checkpoint": Command("potok.checkpoints", "main", "look into a checkpoint, or prepare it for a cluster"),
    "generate": Command("potok.generate", "main", "write records into a directory, for streams to read"),
}


def usage() -> str:
    """The help text."""
    width = max(len(name) for name in COMMANDS)
    lines = "\n".join(f"  {name:{width}}  {command.summary}" for name, command in COMMANDS.items())
    return f"Usage: potok COMMAND [options]\n\n{lines}\n\npotok COMMAND --help shows a command's options.\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in {"-h", "--help"}:
        print(usage(), end="")  # noqa: T201 - asked for
        return 0
    if given[0] == "--version":
        print(f"potok {__version__}")  # noqa: T201 - asked for
        return 0
    command = COMMANDS.get(given[0])
    if command is None:
        print(f"potok: no command {given[0]!r}\n\n{usage()}", end="", file=sys.stderr)  # noqa: T201 - said to the user
        return 2
    function = getattr(importlib.import_module(command.module), command.function)
    return int(function(given[1:]))


if __name__ == "__main__":
    sys.exit(main())
