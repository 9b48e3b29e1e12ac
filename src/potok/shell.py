"""`potok shell`: an interactive session with `spark` and `F` at hand."""

from __future__ import annotations

import code
import sys
from collections.abc import Sequence

from potok import __version__
from potok.launcher import UsageError, parse_submission, prepare


def main(arguments: Sequence[str]) -> int:
    """Run the shell; the exit code. It takes the options of `potok run`."""
    if arguments and arguments[0] in {"-h", "--help"}:
        print("Usage: potok shell [options of potok run]")  # noqa: T201 - asked for
        return 0
    try:
        submission = parse_submission(arguments, with_program=False)
    except UsageError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201 - said to the user
        return 1
    prepare(submission)
    from pyspark.sql import SparkSession, functions

    builder = SparkSession.builder
    if "spark.app.name" not in submission.conf:
        builder = builder.appName("PotokShell")
    spark = builder.getOrCreate()
    _complete_names()
    where = submission.remote or "in this process"
    banner = f"potok {__version__}, Spark {spark.version} {where}, Python {sys.version.split()[0]}\n"
    banner += "The session is `spark`, pyspark.sql.functions is `F`. Ctrl-D ends."
    names = {"__name__": "__main__", "spark": spark, "F": functions, "sql": spark.sql}
    try:
        code.interact(banner=banner, local=names, exitmsg="")
    finally:
        spark.stop()
    return 0


def _complete_names() -> None:
    try:
        import readline
        import rlcompleter  # noqa: F401 - tells readline of Python's names
    except ImportError:
        return
    readline.parse_and_bind("tab: complete")
