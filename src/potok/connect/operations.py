"""Operations: one execution each, its responses buffered between the one who makes and the one who takes them."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from potok.errors import SparkError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyspark.sql.connect.proto as pb

# Takes a function to call back once.
Register = Callable[[Callable[[], None]], object]

_JOIN_S = 0.05
UNSENT_BYTES = 32 * 1024 * 1024


class OperationState(Enum):
    """How far an operation is."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Operation:
    """One execution.

    `produce` makes the responses, without ids, and raises what the call fails with. It runs in the
    taker's thread when `inline`, else in a thread of its own, so that the taker can leave at any
    time. A reattachable operation keeps responses until they are released; another one forgets
    them as they are taken.
    """

    def __init__(
        self,
        operation_id: str,
        tags: frozenset[str],
        produce: Callable[[Operation], Iterator[pb.ExecutePlanResponse]],
        *,
        inline: bool = False,
        reattachable: bool = False,
    ) -> None:
        self.id = operation_id
        self.tags = tags
        self.reattachable = reattachable
        self.state = OperationState.RUNNING
        self.detached_since_s: float | None = None
        # Whether the end of the session ends it in order: there is nothing to cancel.
        self.ends_with_session = False
        self._produce = produce
        self.is_inline = inline and not reattachable
        self._condition = threading.Condition()
        self._kept: deque[pb.ExecutePlanResponse] = deque()
        self._first_kept = 0
        self._taken = 0
        self._unsent_bytes = 0
        self._finished = False
        self._error: BaseException | None = None
        self._taker: object = None
        self._interrupts: list[Callable[[], None]] = []
        self._thread: threading.Thread | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether someone asked the operation to end."""
        return self.state is OperationState.CANCELLED

    def check_cancelled(self) -> None:
        """Raises OPERATION_CANCELED when someone asked the operation to end."""
        if self.is_cancelled:
            raise SparkError("OPERATION_CANCELED")

    def on_cancel(self, interrupt: Callable[[], None]) -> None:
        """Call this when the operation is cancelled, at once if it already is."""
        with self._condition:
            if not self.is_cancelled:
                self._interrupts.append(interrupt)
                return
        interrupt()

    def cancel(self) -> bool:
        """End the operation. False when it has ended already."""
        with self._condition:
            if self.state is not OperationState.RUNNING:
                return False
            self.state = OperationState.CANCELLED
            interrupts = list(self._interrupts)
            self._condition.notify_all()
        for interrupt in interrupts:
            interrupt()
        return True

    def end(self, deadline_s: float) -> bool:
        """Cancel the operation and wait until its thread has let go of everything; False when time is over first."""
        self.cancel()
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        while thread.is_alive() and time.monotonic() < deadline_s:
            # What was interrupted between two statements begins the next one.
            for interrupt in list(self._interrupts):
                interrupt()
            thread.join(_JOIN_S)
        return not thread.is_alive()

    def start(self) -> None:
        """Begin to produce, unless the taker's thread will."""
        if not self.is_inline:
            self._thread = threading.Thread(target=self._run, name=f"operation {self.id}", daemon=True)
            self._thread.start()

    def responses(self, on_leave: Register | None = None) -> Iterator[pb.ExecutePlanResponse]:
        """The responses from the first one on. Raises what the operation fails with.

        `on_leave` is given what to call when the taker is gone without a word.
        """
        if self.is_inline:
            return self._produced_inline()
        return self._take(0, on_leave)

    def responses_after(
        self, response_id: str | None, on_leave: Register | None = None
    ) -> Iterator[pb.ExecutePlanResponse]:
        """The responses behind the one with the id, or all of them.

        An earlier taker is sent away. Raises INVALID_CURSOR conditions.
        """
        if not self.reattachable:
            raise SparkError("INVALID_CURSOR.NOT_REATTACHABLE")
        with self._condition:
            start = 0
            if response_id:
                start = self._position(response_id) + 1
            if start < self._first_kept:
                raise SparkError(
                    "INVALID_CURSOR.POSITION_NOT_AVAILABLE", responseId=response_id or "", index=start
                )
        return self._take(start, on_leave)

    def release_until(self, response_id: str) -> None:
        """Forget the responses up to and with the one with the id."""
        with self._condition, contextlib.suppress(SparkError):
            position = self._position(response_id)
            while self._first_kept <= position:
                self._kept.popleft()
                self._first_kept += 1

    def _position(self, response_id: str) -> int:
        for index, response in enumerate(self._kept):
            if response.response_id == response_id:
                return self._first_kept + index
        raise SparkError("INVALID_CURSOR.POSITION_NOT_FOUND", responseId=response_id)

    def _produced_inline(self) -> Iterator[pb.ExecutePlanResponse]:
        try:
            for response in self._produce(self):
                self.check_cancelled()
                yield self._identified(response)
            self.check_cancelled()
        except BaseException as error:
            self._end(error)
            raise
        self._end(None)

    def _run(self) -> None:
        try:
            for response in self._produce(self):
                self._keep(self._identified(response))
        except BaseException as error:  # noqa: BLE001 - the taker raises it
            self._end(error)
        else:
            self._end(None)

    def _identified(self, response: pb.ExecutePlanResponse) -> pb.ExecutePlanResponse:
        response.operation_id = self.id
        response.response_id = str(uuid.uuid4())
        return response

    def _keep(self, response: pb.ExecutePlanResponse) -> None:
        size = response.ByteSize()
        with self._condition:
            while self._unsent_bytes > UNSENT_BYTES and not self.is_cancelled:
                self._condition.wait()
            self.check_cancelled()
            self._kept.append(response)
            self._unsent_bytes += size
            self._condition.notify_all()

    def _end(self, error: BaseException | None) -> None:
        with self._condition:
            self._finished = True
            self._error = error
            if self.state is OperationState.RUNNING:
                self.state = OperationState.FAILED if error else OperationState.SUCCEEDED
            self._condition.notify_all()

    def _take(self, start: int, on_leave: Register | None) -> Iterator[pb.ExecutePlanResponse]:
        taker = object()
        with self._condition:
            self._taker = taker
            self.detached_since_s = None
            self._condition.notify_all()
        if on_leave is not None:
            on_leave(lambda: self._left(taker))
        position = start
        try:
            while (response := self._next(taker, position)) is not None:
                position += 1
                yield response
        except BaseException:
            self._left(taker)
            raise
        self._left(taker)

    def _left(self, taker: object) -> None:
        """The taker goes: nobody else can want what is left unless the operation is reattachable."""
        with self._condition:
            if self._taker is not taker:
                return
            self._taker = None
            self.detached_since_s = time.monotonic()
            self._condition.notify_all()
        if not self.reattachable:
            self.cancel()

    def _next(self, taker: object, position: int) -> pb.ExecutePlanResponse | None:
        with self._condition:
            while True:
                if self._taker is not taker:
                    raise SparkError("INVALID_CURSOR.DISCONNECTED")
                self.check_cancelled()
                index = position - self._first_kept
                if index < len(self._kept):
                    return self._handed_out(index, position)
                if self._finished:
                    if self._error is not None:
                        raise self._error
                    return None
                self._condition.wait()

    def _handed_out(self, index: int, position: int) -> pb.ExecutePlanResponse:
        response = self._kept[index]
        if position >= self._taken:
            self._taken = position + 1
            self._unsent_bytes -= response.ByteSize()
            self._condition.notify_all()
        if not self.reattachable:
            self._kept.popleft()
            self._first_kept += 1
        return response
