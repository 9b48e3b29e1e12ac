"""Events of streaming queries on their way to a client's listeners.

Source of fact: Spark's `SparkConnectListenerBusListener`, and what Spark 4.3 puts on the wire.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

import pyspark.sql.connect.proto as pb

from potok.streaming.listeners import QueryEvent, QueryIdle, QueryProgress, QueryStarted, QueryTerminated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from potok.session import Session

_TYPES = {
    QueryProgress: pb.StreamingQueryEventType.QUERY_PROGRESS_EVENT,
    QueryIdle: pb.StreamingQueryEventType.QUERY_IDLE_EVENT,
    QueryTerminated: pb.StreamingQueryEventType.QUERY_TERMINATED_EVENT,
}
_LOOK_AROUND_S = 0.2


class EventForwarder:
    """Collects the events of one session while its client listens.

    A query's start is not forwarded: it travels with the answer to the call that started it, so
    that the client tells its listeners before that call returns.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._events: queue.SimpleQueue[pb.StreamingQueryListenerEvent | None] | None = None
        self._started: dict[str, str] = {}

    def attach(self) -> bool:
        """Begin to collect; False when the client listens already."""
        with self._lock:
            if self._events is not None:
                return False
            self._events = queue.SimpleQueue()
        self._session.streams.listeners.add(self._receive)
        return True

    def detach(self) -> None:
        """Collect no more; what was collected is still delivered."""
        self._session.streams.listeners.remove(self._receive)
        with self._lock:
            if self._events is not None:
                self._events.put(None)
            self._events = None
            self._started.clear()

    close = detach

    def events(self, is_wanted: Callable[[], bool]) -> Iterator[pb.StreamingQueryListenerEvent]:
        """The events as they come, until `detach`, or until nobody wants them any more."""
        with self._lock:
            events = self._events
        while events is not None and is_wanted():
            try:
                event = events.get(timeout=_LOOK_AROUND_S)
            except queue.Empty:
                continue
            if event is None:
                return
            yield event

    def take_started(self, run_id: str) -> str | None:
        """The JSON of a run's start, once; None when nobody listens."""
        with self._lock:
            return self._started.pop(run_id, None)

    def _receive(self, event: QueryEvent) -> None:
        with self._lock:
            if self._events is None:
                return
            if isinstance(event, QueryStarted):
                self._started[event.run_id] = event.to_json()
            else:
                kind = _TYPES[type(event)]
                self._events.put(pb.StreamingQueryListenerEvent(event_json=event.to_json(), event_type=kind))
