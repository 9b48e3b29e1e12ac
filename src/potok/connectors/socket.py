"""`socket`: lines of text from a TCP server, for trying things out.

Source of fact: TextSocketMicroBatchStream and TextSocketSourceProvider.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from potok.connectors.base import ReadAll, ReadContext, ReadLimit, SourceContext
from potok.connectors.provider import BaseProvider
from potok.errors import SparkError
from potok.plan.expressions import next_expr_id
from potok.plan.logical import LogicalPlan, Options, StreamingRelation, schema_attributes
from potok.plan.unresolved import UnresolvedDataSource
from potok.types import STRING, TIMESTAMP, StructField, StructType

SCHEMA = StructType((StructField("value", STRING),))
SCHEMA_WITH_TIMESTAMP = StructType((*SCHEMA.fields, StructField("timestamp", TIMESTAMP)))
_LOGGER = logging.getLogger("potok.TextSocketSourceProvider")
_STREAM_LOGGER = logging.getLogger("potok.TextSocketMicroBatchStream")
_MAX_PORT = 65_535
_CHUNK_BYTES = 65_536


@dataclass(frozen=True)
class SocketOptions:
    """Where to connect, and whether rows carry the time of their arrival."""

    host: str
    port: int
    include_timestamp: bool

    @classmethod
    def of(cls, options: Options) -> SocketOptions:
        """Read them. Raises Spark's errors."""
        if "host" not in options:
            raise SparkError("_LEGACY_ERROR_TEMP_1295")
        if "port" not in options:
            raise SparkError("_LEGACY_ERROR_TEMP_1296")
        flag = options.get("includeTimestamp", "false").lower()
        if flag not in {"true", "false"}:
            raise SparkError("_LEGACY_ERROR_TEMP_1297")
        port = options["port"]
        if not port.isascii() or not port.removeprefix("-").isdigit():
            raise SparkError("_LEGACY_ERROR_TEMP_JAVA.NUMBER_FORMAT", message=f'For input string: "{port}"')
        return cls(options["host"], int(port), flag == "true")

    @property
    def schema(self) -> StructType:
        """The columns."""
        return SCHEMA_WITH_TIMESTAMP if self.include_timestamp else SCHEMA


@dataclass(frozen=True)
class Lines:
    """Received lines (a Scan)."""

    values: Sequence[str]
    times_us: Sequence[int]
    schema: StructType

    def read(self, columns: Sequence[str]) -> pa.Table:
        """See Scan."""
        made = {
            "value": lambda: pa.array(self.values, pa.string()),
            "timestamp": lambda: pa.array(self.times_us, pa.int64()).cast(pa.timestamp("us", tz="UTC")),
        }
        return pa.table({name: made[name]() for name in columns})

    def input_files(self) -> list[str]:
        """See Scan."""
        return []


class SocketSource:
    """An offset is the number of the last line, from 0; -1 before the first.

    Lines live in memory until they are committed, and are lost with the process: a batch that is repeated after
    a restart has none, and counting goes on where the checkpoint ends. When the server closes the
    connection the source stays, and nothing more comes. Raises ConnectException when made.
    """

    default_read_limit: ReadLimit = ReadAll()

    def __init__(self, options: SocketOptions, now_ms: Callable[[], int]) -> None:
        self.description = f"TextSocketV2[host: {options.host}, port: {options.port}]"
        self._options = options
        self._now_ms = now_ms
        self._lock = threading.Lock()
        # The line after offset `_base` is the first of `_lines`.
        self._base = -1
        self._lines: list[tuple[str, int]] = []
        self._horizon: int | None = None
        self._has_started = False
        self._socket = _connect(options)
        self._read_end, self._write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._is_stopped = False
        name = f"TextSocketMicroBatchStream({options.host}, {options.port})"
        self._thread = threading.Thread(target=self._receive, name=name, daemon=True)
        self._thread.start()

    def initial_offset(self) -> str:
        """See Source."""
        return "-1"

    def latest_offset(self, start: str | None, limit: ReadLimit) -> str:  # noqa: ARG002 - Source
        """See Source."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._read_end, 4096):
                pass
        with self._lock:
            self._go_on_from(-1 if start is None else int(start))
            latest = self._base + len(self._lines)
        return str(latest if self._horizon is None else max(self._horizon, int(start or -1)))

    def report_latest_offset(self) -> str | None:
        """See Source."""
        return None

    def prepare_available_now(self) -> None:
        """See Source."""
        with self._lock:
            self._horizon = self._base + len(self._lines)

    def scan(self, start: str | None, end: str) -> Lines:
        """See Source."""
        with self._lock:
            self._go_on_from(int(end) if not self._has_started else -1)
            first = max(0, (-1 if start is None else int(start)) - self._base)
            rows = self._lines[first : max(0, int(end) - self._base)]
        return Lines([line for line, _ in rows], [time for _, time in rows], self._options.schema)

    def commit(self, end: str) -> None:
        """See Source."""
        with self._lock:
            done = int(end) - self._base
            if done > 0:
                del self._lines[:done]
                self._base += done

    def wait_descriptor(self) -> int | None:
        """See Source."""
        return self._read_end

    def poll_interval_s(self) -> float:
        """See Source."""
        return 60.0

    def stop(self) -> None:
        """See Source."""
        if self._is_stopped:
            return
        self._is_stopped = True
        # Only a shutdown ends a read that another thread waits in.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        os.close(self._write_end)
        os.close(self._read_end)

    def _go_on_from(self, offset: int) -> None:
        """Number the lines from where the checkpoint ends; decided once, before any line is handed out."""
        if not self._has_started:
            self._base = max(self._base, offset)
            self._has_started = True

    def _receive(self) -> None:
        """Read lines until the server closes; a line ends with LF, CR or both, or with the connection.

        What arrives together is offered together: two lines sent at once are one batch.
        """
        decoder = io.IncrementalNewlineDecoder(
            codecs.getincrementaldecoder("utf-8")("replace"), translate=True
        )
        partial = ""
        try:
            while chunk := self._socket.recv(_CHUNK_BYTES):
                *lines, partial = (partial + decoder.decode(chunk)).split("\n")
                self._offer(lines)
        except OSError:
            if self._is_stopped:
                return
        partial += decoder.decode(b"", final=True)
        self._offer(partial.removesuffix("\n").split("\n") if partial else [])
        if not self._is_stopped:
            _STREAM_LOGGER.warning("Stream closed by %s:%s", self._options.host, self._options.port)

    def _offer(self, lines: Sequence[str]) -> None:
        if not lines:
            return
        now_us = self._now_ms() * 1000
        with self._lock:
            self._lines.extend((line, now_us) for line in lines)
        with contextlib.suppress(BlockingIOError):
            os.write(self._write_end, b"\0")


class SocketProvider(BaseProvider):
    """`socket`, a source only."""

    name = "socket"

    def streaming_relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:  # noqa: ARG002 - Provider
        """See Provider."""
        _LOGGER.warning(
            "The socket source should not be used for production applications! It does not support recovery."
        )
        options = SocketOptions.of(source.options)
        if source.schema_given is not None:
            raise SparkError("_LEGACY_ERROR_TEMP_2242", provider="TextSocketSourceProvider")
        schema = options.schema
        # Two uses of one frame are one source.
        key = source.plan_id if source.plan_id is not None else -next_expr_id()
        return StreamingRelation(
            key, self.name, source.options, source.paths, schema, schema_attributes(schema)
        )

    def source(self, relation: StreamingRelation, context: SourceContext) -> SocketSource:
        """See Provider."""
        return SocketSource(SocketOptions.of(relation.options), context.now_ms)


def _connect(options: SocketOptions) -> socket.socket:
    if not 0 <= options.port <= _MAX_PORT:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message=f"port out of range:{options.port}"
        )
    try:
        return socket.create_connection((options.host, options.port))
    except socket.gaierror as error:
        raise SparkError("_LEGACY_ERROR_TEMP_JAVA.UNKNOWN_HOST", message=options.host) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise SparkError("_LEGACY_ERROR_TEMP_JAVA.CONNECT", message=reason) from error
