"""`spark._jvm.org.apache.log4j`: the way in which PySpark programs have always logged, over Python's logging.

Lines come out where the engine's do, as Spark prints them, at the level that `sparkContext.setLogLevel` sets. All else of `_jvm` is refused.
"""

from __future__ import annotations

import logging
from typing import Any

from pyspark.errors import UnsupportedOperationException

from potok.errors import unsupported

LEVELS = {
    "ALL": logging.NOTSET + 1,
    "DEBUG": logging.DEBUG,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
    "INFO": logging.INFO,
    "OFF": logging.CRITICAL + 1,
    "TRACE": logging.DEBUG,
    "WARN": logging.WARNING,
}
_ENGINE = "potok"
_PROGRAM = "potok.program"
_SPARKS_OWN = ("org", "akka", "io.netty", "py4j")


class Logger:
    """A logger by its Java name; the one without a name is the root. Names of Spark's own packages mean the engine."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        owned = any(name == own or name.startswith(f"{own}.") for own in _SPARKS_OWN)
        self._is_engine = owned or not name
        self._logger = logging.getLogger(_ENGINE if self._is_engine else f"{_PROGRAM}.{name}")

    def getName(self) -> str:  # noqa: N802 - Java's name
        """The name."""
        return self._name or "root"

    def setLevel(self, level: int) -> None:  # noqa: N802 - Java's name
        """Show what is at least as grave. The program's own loggers stay as they are when Spark's are silenced."""
        if self._is_engine and self._name:
            program = logging.getLogger(_PROGRAM)
            program.setLevel(program.level or self._logger.getEffectiveLevel())
        self._logger.setLevel(level)

    def trace(self, message: object, error: object = None) -> None:
        """Log below `debug`."""
        self._log(logging.DEBUG, message, error)

    def debug(self, message: object, error: object = None) -> None:
        """Log for who looks for a fault."""
        self._log(logging.DEBUG, message, error)

    def info(self, message: object, error: object = None) -> None:
        """Log what happens."""
        self._log(logging.INFO, message, error)

    def warn(self, message: object, error: object = None) -> None:
        """Log what may be wrong."""
        self._log(logging.WARNING, message, error)

    def error(self, message: object, error: object = None) -> None:
        """Log what is wrong."""
        self._log(logging.ERROR, message, error)

    def fatal(self, message: object, error: object = None) -> None:
        """Log what ends the program."""
        self._log(logging.CRITICAL, message, error)

    def isDebugEnabled(self) -> bool:  # noqa: N802 - Java's name
        """Whether `debug` shows anything."""
        return self._logger.isEnabledFor(logging.DEBUG)

    def isInfoEnabled(self) -> bool:  # noqa: N802 - Java's name
        """Whether `info` shows anything."""
        return self._logger.isEnabledFor(logging.INFO)

    def _log(self, level: int, message: object, error: object) -> None:
        text = str(message) if error is None else f"{message}\n{error}"
        self._logger.log(level, "%s", text)


class _Loggers:
    """`LogManager` and `Logger`, the Java classes."""

    def getLogger(self, name: object) -> Logger:  # noqa: N802 - Java's name
        """The logger of a name."""
        return Logger(str(name))

    def getRootLogger(self) -> Logger:  # noqa: N802 - Java's name
        """The logger above all."""
        return Logger()


class _Level:
    """`Level`, the Java class: its constants are Python's numbers."""

    def __getattr__(self, name: str) -> int:
        if name not in LEVELS:
            raise AttributeError(name)
        return LEVELS[name]

    def toLevel(self, name: str) -> int:  # noqa: N802 - Java's name
        """A level by its name; DEBUG for an unknown one, as in log4j."""
        return LEVELS.get(name.upper(), logging.DEBUG)


class Jvm:
    """A package of the JVM that is not there, of which log4j alone answers."""

    _LOG4J = frozenset({"org.apache.log4j", "org.apache.logging.log4j"})
    _CLASSES: dict[str, Any] = {"LogManager": _Loggers(), "Logger": _Loggers(), "Level": _Level()}  # noqa: RUF012 - not changed

    def __init__(self, path: str = "") -> None:
        self._path = path

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as object.__getattribute__
        if name.startswith("__"):
            raise AttributeError(name)
        if self._path in self._LOG4J and name in self._CLASSES:
            return self._CLASSES[name]
        path = f"{self._path}.{name}".lstrip(".")
        if any(full == path or full.startswith(f"{path}.") for full in self._LOG4J):
            return Jvm(path)
        raise UnsupportedOperationException(
            unsupported(f"_jvm.{path}", "There is no JVM behind this session.").message
        )
