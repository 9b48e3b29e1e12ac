"""What a query tells about its life."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from potok.streaming.progress import StreamingQueryProgress, format_timestamp

_LOGGER = logging.getLogger("potok.StreamingQueryListenerBus")


@dataclass(frozen=True, slots=True)
class QueryStarted:
    """A query is about to run; told before `start` returns."""

    id: str
    run_id: str
    name: str | None
    timestamp_ms: int
    job_tags: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Spark's JSON."""
        return _compact(
            {
                "id": self.id,
                "runId": self.run_id,
                "name": self.name,
                "timestamp": format_timestamp(self.timestamp_ms),
                "jobTags": list(self.job_tags),
            }
        )


@dataclass(frozen=True, slots=True)
class QueryProgress:
    """A batch has been run."""

    progress: StreamingQueryProgress

    @property
    def id(self) -> str:
        """The query's."""
        return self.progress.id

    @property
    def run_id(self) -> str:
        """The run's."""
        return self.progress.run_id

    def to_json(self) -> str:
        """Spark's JSON."""
        return f'{{"progress":{self.progress.event_json()}}}'


@dataclass(frozen=True, slots=True)
class QueryIdle:
    """There has been no data for a while."""

    id: str
    run_id: str
    timestamp_ms: int

    def to_json(self) -> str:
        """Spark's JSON."""
        timestamp = format_timestamp(self.timestamp_ms)
        return _compact({"id": self.id, "runId": self.run_id, "timestamp": timestamp})


@dataclass(frozen=True, slots=True)
class QueryTerminated:
    """A query has ended; `exception` and its condition are None when it was stopped."""

    id: str
    run_id: str
    exception: str | None = None
    error_class: str | None = None

    def to_json(self) -> str:
        """Spark's JSON."""
        return _compact(
            {
                "id": self.id,
                "runId": self.run_id,
                "exception": self.exception,
                "errorClassOnException": self.error_class,
            }
        )


QueryEvent = QueryStarted | QueryProgress | QueryIdle | QueryTerminated
Listener = Callable[[QueryEvent], None]


class ListenerBus:
    """The listeners of a session. They are called in the thread of the query and must return soon."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()

    def add(self, listener: Listener) -> None:
        """From now on tell this listener too."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

    def remove(self, listener: Listener) -> None:
        """Stop telling it; nothing happens for one that was never added."""
        with self._lock:
            # Bound methods are equal, not identical, from one access to the next.
            self._listeners = tuple(known for known in self._listeners if known != listener)

    def post(self, event: QueryEvent) -> None:
        """Tell all of them; one that raises does not keep the others, or the query, from going on."""
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                _LOGGER.exception("Listener %r threw an exception", listener)


def _compact(document: object) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
