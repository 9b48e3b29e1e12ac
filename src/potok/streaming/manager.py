"""The queries of a session."""

from __future__ import annotations

import threading

from potok.conf import milliseconds_of
from potok.connectors.options import duration_ms
from potok.errors import SparkError
from potok.plan.commands import WriteStream
from potok.streaming.execution import StreamExecution
from potok.streaming.failure import StreamingQueryError
from potok.streaming.listeners import ListenerBus, QueryEvent, QueryStarted, QueryTerminated
from potok.streaming.query import StreamingQuery
from potok.streaming.reporter import ProgressReporter
from potok.streaming.services import Environment, SessionServices
from potok.streaming.start import define_query


class ActiveRuns:
    """The running queries of all sessions of a process, by the id of their checkpoint."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.by_id: dict[str, StreamingQuery] = {}


class QueryManager:
    """Starts queries and keeps track of them. Any thread may use it.

    Queries with the same checkpoint exist once per `active_runs`, names once per manager.
    """

    def __init__(
        self,
        services: SessionServices,
        environment: Environment | None = None,
        active_runs: ActiveRuns | None = None,
    ) -> None:
        self._services = services
        self._environment = environment or Environment()
        self._active_runs = active_runs or ActiveRuns()
        self.listeners = ListenerBus()
        self.listeners.add(self._note)
        self._changed = threading.Condition()
        self._queries: dict[str, StreamingQuery] = {}
        # Whether a query has ended since the last reset, and what the last one failed with that has failed.
        self._has_terminated = False
        self._last_error: StreamingQueryError | None = None
        # Starting is serial: names and checkpoints are looked up and taken in one go.
        self._start_lock = threading.Lock()

    def start(self, write: WriteStream) -> StreamingQuery:
        """Start a query. Raises SparkError for everything that can be seen without running it.

        `write.plan` is resolved. Another run from the same checkpoint is stopped first, or this one refused
        (`spark.sql.streaming.stopActiveRunOnRestart`).
        """
        with self._start_lock:
            self._check_name(write.query_name)
            run_id = self._environment.new_uuid()
            definition, query_id = define_query(
                write, self._services, self._environment, release_active=self._release, run_id=run_id
            )
            query = StreamingQuery(
                query_id=query_id,
                run_id=run_id,
                name=write.query_name,
                progress_to_keep=self._number("spark.sql.streaming.numRecentProgressUpdates", 100),
                stop_timeout_s=self._duration_ms("spark.sql.streaming.stopTimeout", "0") / 1000,
            )
            reporter = ProgressReporter(
                query,
                self.listeners,
                idle_interval_ms=self._duration_ms(
                    "spark.sql.streaming.noDataProgressEventInterval", "10000ms"
                ),
                time_zone=self._services.conf("spark.sql.session.timeZone") or "UTC",
            )
            execution = StreamExecution(
                query, definition, self._services, self._environment, self.listeners, reporter
            )
            with self._changed:
                self._queries[query_id] = query
            with self._active_runs.lock:
                self._active_runs.by_id[query_id] = query
        now_ms = self._environment.clock.now_ms()
        self.listeners.post(QueryStarted(query_id, run_id, query.name, now_ms, write.job_tags))
        query.start(execution, execution.run)
        return query

    def active(self) -> list[StreamingQuery]:
        """The running queries, in the order of their start."""
        with self._changed:
            return [query for query in self._queries.values() if query.is_active]

    def get(self, query_id: str) -> StreamingQuery | None:
        """A running query; None for an unknown id and for one that has ended."""
        with self._changed:
            return self._queries.get(query_id)

    def await_any_termination(self, timeout_s: float | None = None) -> bool:
        """Wait until a query has ended since the last `reset_terminated`; False when the time is over first.

        Raises StreamingQueryError if one that has ended has failed.
        """
        with self._changed:
            ended = self._changed.wait_for(lambda: self._has_terminated, timeout_s)
            error = self._last_error
        if error is not None:
            raise error.with_traceback(None)
        return ended

    def reset_terminated(self) -> None:
        """Forget the queries that have ended."""
        with self._changed:
            self._has_terminated, self._last_error = False, None

    def stop_all(self) -> None:
        """End every query, for the end of the session; the first error is raised after all were tried."""
        errors: list[SparkError] = []
        for query in self.active():
            try:
                query.stop()
            except SparkError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _note(self, event: QueryEvent) -> None:
        if not isinstance(event, QueryTerminated):
            return
        with self._active_runs.lock:
            running = self._active_runs.by_id.get(event.id)
            if running is not None and running.run_id == event.run_id:
                del self._active_runs.by_id[event.id]
        with self._changed:
            query = self._queries.get(event.id)
            if query is not None and query.run_id == event.run_id:
                del self._queries[event.id]
                self._has_terminated = True
                self._last_error = query.exception() or self._last_error
                self._changed.notify_all()

    def _check_name(self, name: str | None) -> None:
        if name is not None and any(query.name == name for query in self.active()):
            raise SparkError(
                "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
                message=f"Cannot start query with name {name} as a query with that name is already active in"
                " this SparkSession",
            )

    def _release(self, query_id: str) -> None:
        with self._active_runs.lock:
            running = self._active_runs.by_id.get(query_id)
        if running is None or not running.is_active:
            return
        conf = self._services.conf("spark.sql.streaming.stopActiveRunOnRestart") or "true"
        if conf.lower() != "true":
            raise SparkError(
                "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_STATE",
                message=f"Cannot start query with id {query_id} as another query with same id is already active."
                " Perhaps you are attempting to restart a query from checkpoint that is already active."
                " You may stop the old query by setting the SQL configuration: spark.conf.set("
                '"spark.sql.streaming.stopActiveRunOnRestart", true) and retry.',
            )
        running.stop()

    def _number(self, key: str, default: int) -> int:
        text = self._services.conf(key)
        return default if text is None else milliseconds_of(key, text)

    def _duration_ms(self, key: str, default: str) -> int:
        return duration_ms(self._services.conf(key) or default)
