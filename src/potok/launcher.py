"""Running a PySpark program as it is: `potok run program.py`, as `spark-submit program.py` would.

Nothing of pyspark is replaced but `SparkSession.Builder.getOrCreate` and `create`.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

USAGE = """\
Usage: potok run [options] program.py [arguments]

  --master MASTER          kept to be read back; the engine is this process
  --name NAME              the application's name
  --conf KEY=VALUE, -c     a setting; may be given several times
  --properties-file FILE   settings, one a line
  --py-files FILES         .py, .zip and .egg files to import from, separated by commas
  --files FILES            files to keep with the session, separated by commas
  --archives FILES         archives to keep with the session, separated by commas
  --remote URL             run on the Spark Connect server at sc://host:port instead
  --help, -h               show this text

Other options of spark-submit that only size or place a cluster are accepted with a warning.
"""

_WITH_VALUE = {
    "--archives": "archives",
    "--conf": "conf",
    "-c": "conf",
    "--files": "files",
    "--master": "master",
    "--name": "name",
    "--properties-file": "properties_file",
    "--py-files": "py_files",
    "--remote": "remote",
}
# Options of spark-submit that change nothing in one process, and whether a value follows.
_WITHOUT_EFFECT = {
    "--deploy-mode": True,
    "--driver-class-path": True,
    "--driver-cores": True,
    "--driver-java-options": True,
    "--driver-library-path": True,
    "--driver-memory": True,
    "--exclude-packages": True,
    "--executor-cores": True,
    "--executor-memory": True,
    "--jars": True,
    "--keytab": True,
    "--num-executors": True,
    "--packages": True,
    "--principal": True,
    "--queue": True,
    "--repositories": True,
    "--supervise": False,
    "--total-executor-cores": True,
    "--verbose": False,
    "-v": False,
}
_ENGINE = frozenset({"pyspark", "potok"})
_SIGTERM_EXIT = 128 + signal.SIGTERM
_SIGINT_EXIT = 128 + signal.SIGINT


class UsageError(Exception):
    """The command line makes no sense; the text says why."""


@dataclass(frozen=True)
class Submission:
    """What the command line asks for. `conf` is complete: file, options and name together."""

    program: str = ""
    arguments: tuple[str, ...] = ()
    conf: Mapping[str, str] = field(default_factory=dict)
    remote: str | None = None
    py_files: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def parse_submission(arguments: Sequence[str], *, with_program: bool = True) -> Submission:
    """Read the command line. Raises UsageError.

    Everything behind the program's name belongs to the program. A setting given by an option goes
    before one in the properties file.
    """
    values: dict[str, list[str]] = {name: [] for name in _WITH_VALUE.values()}
    notes: list[str] = []
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option, has_value, value = rest.pop(0).partition("=")
        if option in _WITH_VALUE or _WITHOUT_EFFECT.get(option):
            if not has_value:
                if not rest:
                    msg = f"{option} needs a value."
                    raise UsageError(msg)
                value = rest.pop(0)
        elif option not in _WITHOUT_EFFECT:
            msg = f"Unrecognized option: {option}"
            raise UsageError(msg)
        if option in _WITH_VALUE:
            values[_WITH_VALUE[option]].append(value)
        else:
            notes.append(f"{option} has no effect: the program runs in this process.")
    if with_program and not rest:
        msg = "Missing the program to run."
        raise UsageError(msg)
    return Submission(
        rest[0] if rest else "",
        tuple(rest[1:]),
        _settings(values),
        _last(values["remote"]),
        _listed(values["py_files"]),
        _listed(values["files"]),
        _listed(values["archives"]),
        tuple(notes),
    )


def _settings(values: Mapping[str, Sequence[str]]) -> dict[str, str]:
    conf: dict[str, str] = {}
    for file in values["properties_file"]:
        conf.update(read_properties(Path(file)))
    for setting in values["conf"]:
        key, found, value = setting.partition("=")
        if not found:
            msg = f"Spark config without '=': {setting}"
            raise UsageError(msg)
        conf[key.strip()] = value.strip()
    for option, key in (("master", "spark.master"), ("name", "spark.app.name")):
        given = _last(values[option])
        if given is not None:
            conf[key] = given
    return conf


def read_properties(file: Path) -> dict[str, str]:
    """The settings in a file: `key value`, `key=value` or `key: value` a line, # and ! begin comments.

    Raises UsageError when the file cannot be read.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError as error:
        msg = f"Cannot read {file}: {error.strerror}"
        raise UsageError(msg) from error
    found: dict[str, str] = {}
    for line in lines:
        text = line.strip()
        if not text or text[0] in "#!":
            continue
        end = next((i for i, c in enumerate(text) if c in " \t=:"), len(text))
        value = text[end:].lstrip()
        if value[:1] in {"=", ":"}:
            value = value[1:].lstrip()
        if text[:end].startswith("spark."):
            found[text[:end]] = value
    return found


def _last(values: Sequence[str]) -> str | None:
    return values[-1] if values else None


def _listed(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def main(arguments: Sequence[str]) -> int:
    """`potok run`: the exit code, unless the program ends the process itself."""
    if arguments and arguments[0] in {"-h", "--help"}:
        print(USAGE, end="")  # noqa: T201 - asked for
        return 0
    try:
        submission = parse_submission(arguments)
    except UsageError as error:
        print(f"Error: {error}\n\n{USAGE}", end="", file=sys.stderr)  # noqa: T201 - said to the user
        return 1
    for warning in submission.warnings:
        print(f"WARN potok: {warning}", file=sys.stderr)  # noqa: T201 - said to the user
    signal.signal(signal.SIGTERM, _terminate)
    prepare(submission)
    return run_program(submission.program, submission.arguments)


def _terminate(signum: int, frame: types.FrameType | None) -> None:
    """Leave as at the program's end, so that queries are stopped in order."""
    del signum, frame
    sys.exit(_SIGTERM_EXIT)


def prepare(submission: Submission) -> None:
    """Make `SparkSession.builder` of this process mean what was asked for."""
    # Decides, where the full PySpark is installed, which client its functions belong to.
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    for file in reversed(submission.py_files):
        path = Path(file).absolute()
        sys.path.insert(1, str(path.parent if path.suffix == ".py" else path))
    from pyspark.sql.session import SparkSession

    builder = SparkSession.Builder
    builder.getOrCreate = _session_maker(submission, "getOrCreate", builder.getOrCreate)
    builder.create = _session_maker(submission, "create", builder.create)


def _session_maker(
    submission: Submission, method: str, original: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    def make(builder: Any) -> Any:  # noqa: ANN401 - pyspark is untyped here
        options = {**submission.conf, **builder._options}  # noqa: SLF001 - the client has no public way
        if submission.remote is not None:
            from pyspark.sql.connect.session import SparkSession as ConnectSession

            options = {
                key: value for key, value in options.items() if key not in {"spark.master", "spark.remote"}
            }
            connect = ConnectSession.builder.config(map={**options, "spark.remote": submission.remote})
        elif str(options.get("spark.remote", "")).startswith("sc://"):
            return original(builder)
        else:
            from potok.connect.local import LocalSparkSession

            connect = LocalSparkSession.Builder().config(map=options)
        session = getattr(connect, method)()
        _add_files(session, submission)
        return session

    make.__name__ = method
    return make


_with_files: set[str] = set()


def _add_files(session: Any, submission: Submission) -> None:  # noqa: ANN401 - pyspark is untyped here
    """Hand over the files of the command line, once a session."""
    if session.session_id in _with_files:
        return
    _with_files.add(session.session_id)
    if submission.py_files and submission.remote is not None:
        session.addArtifacts(*submission.py_files, pyfile=True)
    if submission.files:
        session.addArtifacts(*submission.files, file=True)
    if submission.archives:
        session.addArtifacts(*submission.archives, archive=True)


def run_program(program: str, arguments: Sequence[str]) -> int:
    """Run a file as `python file arguments` would; the exit code.

    A traceback begins in the program, not here. SystemExit passes through.
    """
    path = Path(program)
    sys.argv = [program, *arguments]
    sys.path[0] = str(path.resolve().parent)
    # As Python has it: the program may change its directory.
    file = str(path.absolute())
    try:
        source = path.read_bytes()
    except OSError as error:
        print(f"potok: can't open file {program!r}: {error.strerror}", file=sys.stderr)  # noqa: T201 - said to the user
        return 2
    module = types.ModuleType("__main__")
    module.__file__ = file
    module.__builtins__ = __builtins__  # type: ignore[attr-defined]  # as Python itself sets it
    sys.modules["__main__"] = module
    try:
        exec(compile(source, file, "exec"), module.__dict__)  # noqa: S102 - the user's program
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - told to the user as Python would
        _report(error, file)
        return _SIGINT_EXIT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _report(error: BaseException, file: str) -> None:
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    if isinstance(error, KeyboardInterrupt):
        # Where the program was is worth knowing; where the client or the engine waited is not.
        traceback.print_exception(type(error), error, trace, limit=_own_frames(trace), chain=False)
    else:
        sys.excepthook(type(error), error.with_traceback(trace), trace)


def _own_frames(trace: types.TracebackType | None) -> int:
    """How many calls were made before the first into pyspark or potok."""
    count = 0
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] not in _ENGINE:
        count += 1
        trace = trace.tb_next
    return count
