"""Events of streaming queries on their way to a client's listeners.

Source of fact: Spark's `SparkConnectListenerBusListener`, and what Spark 4.3 puts on the wire.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field
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
# How long the client takes at most from the answer to a start to its listeners.
_SETTLE_S = 0.1
_FLUSH_S = 0.5


class EventForwarder:
    """Collects the events of one session while its client listens.

    A query's start is not forwarded: it travels with the answer to the call that started it, and the
    client tells its listeners when it has that answer. The run's other events wait until then.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._changed = threading.Condition()
        self._listening = False
        self._events: deque[pb.StreamingQueryListenerEvent] = deque()
        self._starting: dict[str, _Starting] = {}
        # Whether the client has asked for more after it had everything.
        self._is_idle = False
        self._is_remote = False
        self._taken_s = -math.inf

    def attach(self, *, is_remote: bool) -> bool:
        """Begin to collect; False when the client listens already.

        A remote client takes events before it has dealt with those it has.
        """
        with self._changed:
            if self._listening:
                return False
            self._listening = True
            self._is_remote = is_remote
        self._session.streams.listeners.add(self._receive)
        return True

    def detach(self) -> None:
        """Collect no more, and drop what the client has not taken.

        While it removes its last listener the client holds the lock that its thread of events needs, and
        waits for that thread: one event more and the two would wait for each other for ever.
        """
        self._session.streams.listeners.remove(self._receive)
        with self._changed:
            self._events.clear()
            self._starting.clear()
            self._listening = False
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait a little until the client has dealt with what was collected.

        Called when a query has ended, so that a listener hears of it before the program goes on, as Spark's
        listeners do.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._listening or self._is_idle, _FLUSH_S)
            on_the_way_s = self._taken_s + _SETTLE_S - time.monotonic() if self._is_remote else 0.0
        if on_the_way_s > 0:
            time.sleep(on_the_way_s)

    close = detach

    def events(self, is_wanted: Callable[[], bool]) -> Iterator[pb.StreamingQueryListenerEvent]:
        """The events as they come, until `detach`, or until nobody wants them any more."""
        while is_wanted():
            with self._changed:
                self._release_due()
                if not self._events:
                    if not self._listening:
                        return
                    self._is_idle = not any(s.waiting for s in self._starting.values())
                    self._changed.notify_all()
                    self._changed.wait(_SETTLE_S if self._starting else _LOOK_AROUND_S)
                    continue
                self._is_idle = False
                event = self._events.popleft()
                self._taken_s = time.monotonic()
            yield event

    def take_started(self, run_id: str) -> str | None:
        """The JSON of a run's start, to be answered now; None when nobody listens."""
        with self._changed:
            starting = self._starting.get(run_id)
            if starting is None:
                return None
            starting.due_s = time.monotonic() + _SETTLE_S
            self._changed.notify_all()
            return starting.event_json

    def _receive(self, event: QueryEvent) -> None:
        with self._changed:
            if not self._listening:
                return
            if isinstance(event, QueryStarted):
                self._starting[event.run_id] = _Starting(event.to_json())
                return
            kind = _TYPES[type(event)]
            message = pb.StreamingQueryListenerEvent(event_json=event.to_json(), event_type=kind)
            starting = self._starting.get(event.run_id)
            if starting is not None:
                starting.waiting.append(message)
            else:
                self._events.append(message)
            self._is_idle = False
            self._changed.notify_all()

    def _release_due(self) -> None:
        now_s = time.monotonic()
        for run_id, starting in list(self._starting.items()):
            if starting.due_s <= now_s:
                self._release(run_id)

    def _release(self, run_id: str) -> None:
        self._events.extend(self._starting.pop(run_id).waiting)


@dataclass
class _Starting:
    """A run whose start the client has not been told of, or only just."""

    event_json: str
    waiting: list[pb.StreamingQueryListenerEvent] = field(default_factory=list)
    due_s: float = math.inf
