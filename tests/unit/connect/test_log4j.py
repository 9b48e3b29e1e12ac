"""Programs that log through `spark._jvm`: their lines are those that Spark 4.3 prints."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from pyspark.errors import UnsupportedOperationException

from potok.connect.log4j import Jvm
from potok.streaming.log_format import SparkLogFormatter


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged under `setLogLevel("WARN")`, without the time."""
    found: list[str] = []
    formatter = SparkLogFormatter()

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(formatter.format(record).split(" ", 2)[2])

    engine, program = logging.getLogger("potok"), logging.getLogger("potok.program")
    before = (engine.level, engine.propagate, program.level)
    handler = Kept()
    engine.addHandler(handler)
    engine.setLevel(logging.WARNING)
    engine.propagate = False
    yield found
    engine.removeHandler(handler)
    engine.level, engine.propagate, program.level = before
    engine.manager._clear_cache()  # type: ignore[attr-defined]


def test_the_usual_wrapper(lines: list[str]) -> None:
    log4j = Jvm().org.apache.log4j
    acme = log4j.LogManager.getLogger("com.acme.job")
    acme.warn("started")
    acme.info("not shown")
    acme.error("broken", ValueError("why"))
    assert lines == ["WARN job: started", "ERROR job: broken\nwhy"]


def test_spark_is_silenced_and_the_program_is_not(lines: list[str]) -> None:
    log4j = Jvm().org.apache.log4j
    log4j.Logger.getLogger("org").setLevel(log4j.Level.OFF)
    log4j.Logger.getLogger("akka").setLevel(log4j.Level.OFF)
    logging.getLogger("potok.MicroBatchExecution").error("of the engine")
    log4j.LogManager.getLogger("job").warn("of the program")
    assert lines == ["WARN job: of the program"]


def test_a_logger_has_a_level_of_its_own(lines: list[str]) -> None:
    log4j = Jvm().org.apache.logging.log4j
    acme = log4j.LogManager.getLogger("quiet.one")
    acme.setLevel(log4j.Level.ERROR)
    acme.warn("not shown")
    assert not acme.isInfoEnabled()
    acme.setLevel(log4j.Level.toLevel("info"))
    acme.info("shown")
    assert lines == ["INFO one: shown"]
    assert acme.getName() == "quiet.one"
    acme.setLevel(logging.NOTSET)


def test_all_else_is_refused() -> None:
    with pytest.raises(UnsupportedOperationException, match=r"_jvm\.java is not supported"):
        getattr(Jvm(), "java")  # noqa: B009 - the access is what is tested
    with pytest.raises(UnsupportedOperationException, match=r"_jvm\.org\.apache\.hadoop is not supported"):
        getattr(Jvm().org.apache, "hadoop")  # noqa: B009 - the access is what is tested
