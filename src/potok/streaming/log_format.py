"""Log lines as Spark writes them to standard error: `26/11/22 17:42:24 WARN ResolveWriteToStream: text`."""

from __future__ import annotations

import logging
import sys

ROOT = "potok"
_LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL"}


class SparkLogFormatter(logging.Formatter):
    """Time in the machine's zone, Spark's word for the level, the last part of the logger's name."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(level)s %(source)s: %(message)s", "%y/%m/%d %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """One record; a traceback follows on lines of its own."""
        record.level = _LEVELS.get(record.levelname, record.levelname)
        record.source = record.name.rpartition(".")[2]
        return super().format(record)


def log_to_standard_error(level: int = logging.WARNING) -> None:
    """Show the engine's log lines from this level on, unless the program has made arrangements of its own."""
    logger = logging.getLogger(ROOT)
    if logger.handlers or logging.getLogger().handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SparkLogFormatter())
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
