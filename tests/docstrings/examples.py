"""The examples in the docstrings of the PySpark client, run as programs against potok.

What they print is written in Spark's own documentation; nothing here is recorded from potok.
"""

from __future__ import annotations

import doctest
import importlib
import io
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

# The version whose docstrings the lists of gaps speak of.
CLIENT = "4.2"
# Module of the client -> name of the group; its own `_test` runs the same docstrings on Spark.
GROUPS = {
    "functions": "pyspark.sql.functions.builtin",
    "partitioning": "pyspark.sql.functions.partitioning",
    "column": "pyspark.sql.column",
    "dataframe": "pyspark.sql.dataframe",
    "readwriter": "pyspark.sql.readwriter",
    "merge": "pyspark.sql.merge",
    "group": "pyspark.sql.group",
    "catalog": "pyspark.sql.catalog",
    "window": "pyspark.sql.window",
    "conf": "pyspark.sql.conf",
    "session": "pyspark.sql.session",
    "observation": "pyspark.sql.observation",
    "tvf": "pyspark.sql.tvf",
    "udf": "pyspark.sql.udf",
    "udtf": "pyspark.sql.udtf",
    "types": "pyspark.sql.types",
    "stream readwriter": "pyspark.sql.streaming.readwriter",
    "stream query": "pyspark.sql.streaming.query",
    "stream listener": "pyspark.sql.streaming.listener",
    "stateful processor": "pyspark.sql.streaming.stateful_processor",
    "pandas functions": "pyspark.sql.pandas.functions",
    "pandas group": "pyspark.sql.pandas.group_ops",
    "pandas map": "pyspark.sql.pandas.map_ops",
    "pandas conversion": "pyspark.sql.pandas.conversion",
}
# What these print depends on whether a row has come by then, on Spark as well.
TIMED = frozenset({("stream readwriter", "DataStreamWriter.partitionBy")})
# Examples that need what another example of their group leaves behind: a query that has ended, for one.
AFTER = {("stream query", "StreamingQueryManager.awaitAnyTermination"): "StreamingQuery.stop"}
# As the client's own `_test` functions have it.
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
# Files of Spark's source tree that docstrings read.
SOURCE_FILES = {
    "python/test_support/sql/streaming/text-test.txt": "hello\nthis\n",
    "python/test_support/sql/people.json": '{"name":"Michael"}\n{"name":"Andy", "age":30}\n{"name":"Justin", "age":19}\n',
    "python/test_support/sql/ages.csv": "Joe,20\nTom,30\nHyukjin,25\n",
    "python/test_support/sql/text-test.txt": "hello\nthis\n",
    "python/test_support/sql/ages_newlines.csv": (
        'Joe,20,"Hi,\nI am Jeo"\nTom,30,"My name is Tom"\nHyukjin,25,"I am Hyukjin\n\nI love Spark!"\n'
    ),
}


class Docstring(NamedTuple):
    """The examples of one class, method or function; `name` is unique in its group."""

    group: str
    name: str
    test: doctest.DocTest


def docstrings(group: str) -> list[Docstring]:
    """The docstrings of a group that have examples to run, in the order of their names."""
    module = importlib.import_module(GROUPS[group])
    prefix = module.__name__ + "."
    return [
        Docstring(group, test.name.removeprefix(prefix), test)
        for test in doctest.DocTestFinder(exclude_empty=True).find(module)
        if any(not example.options.get(doctest.SKIP) for example in test.examples)
        and (group, test.name.removeprefix(prefix)) not in TIMED
    ]


def before(docstring: Docstring) -> list[Docstring]:
    """The docstrings of the group that have to run first in the same session."""
    needed = AFTER.get((docstring.group, docstring.name))
    return [other for other in docstrings(docstring.group) if other.name == needed]


def run(docstring: Docstring, spark: Any) -> str:
    """What went wrong, empty where every example printed what its docstring says."""
    module = importlib.import_module(GROUPS[docstring.group])
    # A shell has a context too; what potok has of it comes with the session.
    names = {**module.__dict__, "spark": spark, "sc": getattr(spark, "sparkContext", None)}
    docstring.test.globs = names
    output = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    runner._fakeout = _OfThisThread()  # type: ignore[attr-defined]  # doctest has no public way
    runner.run(docstring.test, out=output.write, clear_globs=False)
    return output.getvalue()


class _OfThisThread(doctest._SpoofOut):  # type: ignore[name-defined,misc]
    """What the program prints: on Spark, a query prints on the server's console."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        """Keep the program's own text."""
        return super().write(text) if threading.get_ident() == self._thread else len(text)


@contextmanager
def in_source_tree(directory: Path) -> Iterator[None]:
    """Runs the body in a directory that has the files that the docstrings read."""
    for name, content in SOURCE_FILES.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    before = Path.cwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def no_waiting() -> Iterator[None]:
    """Sleeps of examples are cut: what they wait for takes milliseconds here."""
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(min(float(seconds), 1.0))
    try:
        yield
    finally:
        time.sleep = sleep


def make_session(warehouse: Path) -> Any:
    """The builder of the client makes potok's sessions, as `potok run` has it."""
    from potok.launcher import Submission, prepare

    prepare(Submission(conf={"spark.sql.warehouse.dir": str(warehouse)}))
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def is_stopped(spark: Any) -> bool:
    """Whether an example has stopped the session that the others use."""
    return bool(spark.is_stopped)
