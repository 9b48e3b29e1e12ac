"""The sessions of a process by user and id."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING

from potok.connect.artifacts import Artifacts
from potok.connect.operations import Operation, OperationState
from potok.connect.query_events import EventForwarder
from potok.errors import SparkError
from potok.session import Runtime, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from potok.streaming.query import StreamingQuery

Key = tuple[str, str]

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_REMEMBERED_SESSIONS = 10_000
_REMEMBERED_OPERATIONS = 1_000
_REMEMBERED_QUERIES = 1_000
# Spark's default of spark.connect.execute.manager.detachedTimeout.
_DETACHED_TIMEOUT_S = 300.0


class ServerSession:
    """One session with what the protocol keeps beside it."""

    def __init__(self, key: Key, session: Session) -> None:
        self.user_id, self.session_id = key
        self.server_side_session_id = str(uuid.uuid4())
        self.session = session
        self.artifacts = Artifacts()
        self.events = EventForwarder(session)
        self.last_used_s = time.monotonic()
        self._lock = threading.Lock()
        self._operations: dict[str, Operation] = {}
        self._ended: OrderedDict[str, OperationState] = OrderedDict()
        self._queries: OrderedDict[str, StreamingQuery] = OrderedDict()

    # ---- operations ----

    def add(self, operation: Operation) -> None:
        """Keep an operation. Raises OPERATION_ALREADY_EXISTS and OPERATION_ABANDONED."""
        self._forget_detached()
        with self._lock:
            if operation.id in self._operations:
                raise SparkError("INVALID_HANDLE.OPERATION_ALREADY_EXISTS", handle=operation.id)
            if operation.id in self._ended:
                raise SparkError("INVALID_HANDLE.OPERATION_ABANDONED", handle=operation.id)
            self._operations[operation.id] = operation

    def remove(self, operation_id: str) -> None:
        """Forget an operation but for its state; unknown ones are ignored."""
        with self._lock:
            operation = self._operations.pop(operation_id, None)
            if operation is None:
                return
            self._ended[operation_id] = operation.state
            while len(self._ended) > _REMEMBERED_OPERATIONS:
                self._ended.popitem(last=False)

    def operation(self, operation_id: str) -> Operation | None:
        """The operation that is kept under the id."""
        with self._lock:
            return self._operations.get(operation_id)

    def interrupt(self, select: Callable[[Operation], bool]) -> list[str]:
        """Cancel the operations that are chosen; the ids of those that were running."""
        with self._lock:
            operations = [o for o in self._operations.values() if select(o)]
        return [o.id for o in operations if o.cancel()]

    def operation_states(self) -> Mapping[str, OperationState]:
        """Running and remembered operations."""
        with self._lock:
            return {**self._ended, **{o.id: o.state for o in self._operations.values()}}

    def _forget_detached(self) -> None:
        """Cancel and drop what nobody has taken responses of for a long time."""
        now_s = time.monotonic()
        with self._lock:
            detached = [
                o.id
                for o in self._operations.values()
                if o.detached_since_s is not None and now_s - o.detached_since_s > _DETACHED_TIMEOUT_S
            ]
        for operation_id in detached:
            operation = self.operation(operation_id)
            if operation is not None:
                operation.cancel()
                self.remove(operation_id)

    # ---- streaming queries ----

    def keep_query(self, query: StreamingQuery) -> None:
        """Remember a query, so that it can be asked after it has ended."""
        with self._lock:
            self._queries[query.run_id] = query
            self._queries.move_to_end(query.run_id)
            while len(self._queries) > _REMEMBERED_QUERIES:
                self._queries.popitem(last=False)

    def query(self, query_id: str, run_id: str) -> StreamingQuery:
        """The query's run. Raises STREAMING_QUERY_NOT_FOUND and STREAMING_QUERY_RUN_ID_MISMATCH."""
        with self._lock:
            found = self._queries.get(run_id)
            if found is not None and found.id == query_id:
                return found
            others = [q for q in self._queries.values() if q.id == query_id]
        active = self.session.streams.get(query_id)
        if active is not None and active.run_id == run_id:
            return active
        other = active or (others[-1] if others else None)
        if other is not None:
            raise SparkError(
                "CONNECT_INVALID_PLAN.STREAMING_QUERY_RUN_ID_MISMATCH",
                id=query_id,
                runId=run_id,
                serverRunId=other.run_id,
            )
        raise SparkError("CONNECT_INVALID_PLAN.STREAMING_QUERY_NOT_FOUND", id=query_id)

    # ---- the end ----

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it runs."""
        with self._lock:
            running = any(o.state is OperationState.RUNNING for o in self._operations.values())
        return not running and not self.session.streams.active()

    def close(self) -> None:
        """Stop queries, then operations, then forget everything."""
        try:
            self.session.close()
        finally:
            self.events.close()
            self.interrupt(lambda operation: not operation.ends_with_session)
            self.artifacts.close()


class Sessions:
    """All sessions; `on_open` sees each before it is used. Methods may be called from several threads."""

    def __init__(
        self, runtime: Runtime, on_open: Callable[[ServerSession], None], idle_timeout_s: float | None
    ) -> None:
        self.runtime = runtime
        self._on_open = on_open
        self._idle_timeout_s = idle_timeout_s
        self._lock = threading.Lock()
        self._sessions: dict[Key, ServerSession] = {}
        self._closed: OrderedDict[Key, None] = OrderedDict()

    def get_or_create(self, key: Key, observed: str = "") -> ServerSession:
        """The session; made when it is new.

        `observed` is the server's id for it that the client last saw. Raises INVALID_HANDLE conditions.
        """
        self._close_expired()
        _, session_id = key
        if not _UUID.fullmatch(session_id):
            raise SparkError("INVALID_HANDLE.FORMAT", handle=session_id)
        with self._lock:
            if key in self._closed:
                raise SparkError("INVALID_HANDLE.SESSION_CLOSED", handle=session_id)
            found = self._sessions.get(key)
            if found is None:
                if observed:
                    raise SparkError("INVALID_HANDLE.SESSION_CHANGED", handle=session_id)
                found = self._opened(key, Session(self.runtime, session_id))
        return _checked(found, observed)

    def get(self, key: Key, observed: str = "") -> ServerSession:
        """The session. Raises INVALID_HANDLE conditions, SESSION_NOT_FOUND among them."""
        found = self.find(key)
        if found is None:
            with self._lock:
                closed = key in self._closed
            name = "SESSION_CLOSED" if closed else "SESSION_NOT_FOUND"
            raise SparkError(f"INVALID_HANDLE.{name}", handle=key[1])
        return _checked(found, observed)

    def find(self, key: Key) -> ServerSession | None:
        """The session, None where there is none."""
        with self._lock:
            return self._sessions.get(key)

    def clone(self, key: Key, target_id: str, observed: str = "") -> ServerSession:
        """A new session that starts as a copy. Raises INVALID_CLONE_SESSION_REQUEST conditions."""
        source = self.get(key, observed)
        if not _UUID.fullmatch(target_id):
            raise SparkError(
                "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_FORMAT", targetSessionId=target_id
            )
        target = (key[0], target_id)
        with self._lock:
            for known, name in ((self._closed, "CLOSED"), (self._sessions, "EXISTS")):
                if target in known:
                    condition = f"INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_{name}"
                    raise SparkError(condition, targetSessionId=target_id)
            return self._opened(target, source.session.clone(target_id))

    def _opened(self, key: Key, session: Session) -> ServerSession:
        made = self._sessions[key] = ServerSession(key, session)
        self._on_open(made)
        return made

    def release(self, key: Key) -> ServerSession | None:
        """Close a session for good; the session, None where there was none."""
        with self._lock:
            found = self._sessions.pop(key, None)
            self._closed[key] = None
            while len(self._closed) > _REMEMBERED_SESSIONS:
                self._closed.popitem(last=False)
        if found is not None:
            found.close()
        return found

    def all(self) -> list[ServerSession]:
        """The open sessions."""
        with self._lock:
            return list(self._sessions.values())

    def close(self) -> None:
        """Close all sessions."""
        for session in self.all():
            self.release((session.user_id, session.session_id))

    @property
    def is_empty(self) -> bool:
        """Whether no session is open."""
        with self._lock:
            return not self._sessions

    def _close_expired(self) -> None:
        if self._idle_timeout_s is None:
            return
        before_s = time.monotonic() - self._idle_timeout_s
        with self._lock:
            old = [k for k, s in self._sessions.items() if s.last_used_s < before_s]
        for key in old:
            found = self.find(key)
            if found is not None and found.is_idle:
                self.release(key)


def _checked(session: ServerSession, observed: str) -> ServerSession:
    if observed and observed != session.server_side_session_id:
        raise SparkError("INVALID_HANDLE.SESSION_CHANGED", handle=session.session_id)
    session.last_used_s = time.monotonic()
    return session
