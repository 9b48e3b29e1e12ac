"""A started query, as the program that started it sees it. Any thread may use it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from potok.errors import SparkError
from potok.streaming.failure import StreamingQueryError
from potok.streaming.progress import QueryStatus, StreamingQueryProgress

NO_PLAN = "No physical plan. Waiting for data."


class Run(Protocol):
    """What a query may ask of the thread that runs it."""

    def wake(self) -> None:
        """Look at the sources, or at the wish to stop, now."""
        ...

    def explain(self, *, extended: bool) -> str:
        """The plan of the last batch."""
        ...


class EndedRun:
    """What is left of a run: the texts of its last plan."""

    def __init__(self) -> None:
        self._texts = {False: NO_PLAN, True: NO_PLAN}

    def keep_texts(self, run: Run) -> None:
        """Take what the run answers, as long as it can."""
        self._texts = {extended: run.explain(extended=extended) for extended in self._texts}

    def wake(self) -> None:
        """Nobody is there to be woken."""

    def explain(self, *, extended: bool) -> str:
        """See Run."""
        return self._texts[extended]


class StreamingQuery:
    """The handle of one run of a query.

    `id` is that of the checkpoint, `run_id` new for each start. The methods that begin with `report`
    and `end` belong to the running thread.
    """

    def __init__(
        self, *, query_id: str, run_id: str, name: str | None, progress_to_keep: int, stop_timeout_s: float
    ) -> None:
        self.id = query_id
        self.run_id = run_id
        self.name = name
        self._stop_timeout_s = stop_timeout_s
        self._changed = threading.Condition()
        self._status = QueryStatus()
        self._progress: deque[StreamingQueryProgress] = deque(maxlen=progress_to_keep)
        self._error: StreamingQueryError | None = None
        self._active = True
        self._ended = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._run: Run | None = None
        self._wanted_ticket = 0
        self._reached_ticket = 0

    # ---- for the program

    @property
    def is_active(self) -> bool:
        """Whether it still runs."""
        return self._active

    def status(self) -> QueryStatus:
        """What it is doing now."""
        return self._status

    def recent_progress(self) -> list[StreamingQueryProgress]:
        """The newest progresses, oldest first (`spark.sql.streaming.numRecentProgressUpdates` of them)."""
        with self._changed:
            return list(self._progress)

    def last_progress(self) -> StreamingQueryProgress | None:
        """The newest progress, None before the first."""
        with self._changed:
            return self._progress[-1] if self._progress else None

    def exception(self) -> StreamingQueryError | None:
        """Why it has failed; None while it runs and after `stop`."""
        return self._error

    def explain(self, *, extended: bool = False) -> str:
        """The plan of the last batch, as text."""
        return self._run.explain(extended=extended) if self._run is not None else NO_PLAN

    def await_termination(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; False when the time is over first.

        Raises StreamingQueryError if the query has failed.
        """
        self._refuse_own_thread()
        with self._changed:
            ended = self._changed.wait_for(lambda: self._ended, timeout_s)
        if ended:
            self._raise_error()
        return ended

    def process_all_available(self) -> None:
        """Wait until everything is processed that the sources had when this was called.

        With a slow trigger that is after the next one at the earliest. Raises StreamingQueryError if the
        query has failed.
        """
        self._refuse_own_thread()
        with self._changed:
            self._wanted_ticket += 1
            ticket = self._wanted_ticket
        self._wake()
        with self._changed:
            self._changed.wait_for(lambda: self._reached_ticket >= ticket or self._ended)
        self._raise_error()

    def request_stop(self) -> None:
        """Make the query end soon, without waiting for it."""
        self._stopping = True
        self._wake()

    def stop(self) -> None:
        """End the query and wait for it: a batch that has begun is finished, and committed.

        Spark interrupts the batch instead, and repeats it at the next start. Does nothing for a query that has
        ended. Raises TimeoutException after `spark.sql.streaming.stopTimeout`, 0 meaning never.
        """
        self.request_stop()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        thread.join(self._stop_timeout_s or None)
        if thread.is_alive():
            raise SparkError(
                "_LEGACY_ERROR_TEMP_JAVA.TIMEOUT",
                message=f"Stream Execution thread for stream {self.identifier} failed to stop within"
                f" {int(self._stop_timeout_s * 1000)} milliseconds (specified by spark.sql.streaming.stopTimeout)."
                " See the cause on what was being executed in the streaming query thread.",
            )

    @property
    def identifier(self) -> str:
        """`name [id = .., runId = ..]`, as messages name the query."""
        ids = f"[id = {self.id}, runId = {self.run_id}]"
        return f"{self.name} {ids}" if self.name else ids

    # ---- for the running thread

    @property
    def is_stopping(self) -> bool:
        """Whether somebody wants it to end."""
        return self._stopping

    def start(self, run: Run, target: Callable[[], None]) -> None:
        """Run `target` in the thread of the query."""
        self._run = run
        name = f"stream execution thread for {self.identifier}"
        self._thread = threading.Thread(target=target, name=name, daemon=True)
        self._thread.start()

    def report_status(
        self, message: str | None = None, *, data: bool | None = None, active: bool | None = None
    ) -> None:
        """Change the given parts of the status."""
        old = self._status
        self._status = QueryStatus(
            old.message if message is None else message,
            old.is_data_available if data is None else data,
            old.is_trigger_active if active is None else active,
        )

    def report_progress(self, progress: StreamingQueryProgress) -> None:
        """Keep a progress."""
        with self._changed:
            self._progress.append(progress)

    def ticket(self) -> int:
        """To be taken before the sources are asked; see `report_nothing_new`."""
        return self._wanted_ticket

    def report_nothing_new(self, ticket: int) -> None:
        """All that was there when `ticket` was taken has been processed."""
        if ticket != self._reached_ticket:
            with self._changed:
                self._reached_ticket = ticket
                self._changed.notify_all()

    def terminate(self, error: StreamingQueryError | None) -> None:
        """No batch follows; what has to be put away still is."""
        self._error = error
        self._active = False

    def end(self, ended: Run) -> None:
        """All is done; whoever waits may go on.

        Handles are kept for long, what a run holds is not: `ended` answers for it from now on.
        """
        self._run = ended
        with self._changed:
            self._active = False
            self._ended = True
            self._changed.notify_all()

    def _raise_error(self) -> None:
        if self._error is not None:
            # Else the trace, and what its frames hold, would grow with every call.
            raise self._error.with_traceback(None)

    def _wake(self) -> None:
        if self._run is not None:
            self._run.wake()

    def _refuse_own_thread(self) -> None:
        if self._thread is threading.current_thread():
            raise SparkError(
                "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_STATE",
                message="Cannot wait for a query state from the same thread that is running the query",
            )
