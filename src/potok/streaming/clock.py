"""Time and waiting, as arguments of the loop."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol


class Clock(Protocol):
    """What a query believes about time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...

    def monotonic_ns(self) -> int:
        """For durations; never goes back."""
        ...

    def seconds_until(self, time_ms: int) -> float | None:
        """How long to wait for `now_ms` to reach `time_ms`, at least 0.

        None when only the clock itself knows: it then calls what `on_change` was given.
        """
        ...

    def on_change(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever the clock is moved by hand; nothing for a clock that just runs."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now_ms(self) -> int:
        """See Clock."""
        return time.time_ns() // 1_000_000

    def monotonic_ns(self) -> int:
        """See Clock."""
        return time.perf_counter_ns()

    def seconds_until(self, time_ms: int) -> float | None:
        """See Clock."""
        return max(0.0, time_ms / 1000 - time.time())

    def on_change(self, wake: Callable[[], None]) -> None:
        """See Clock."""


class Waiter:
    """Lets the thread of a query sleep until it is woken, a descriptor is readable, or time is over.

    `wake` may be called from any thread and is remembered until the next `wait`.
    """

    def __init__(self) -> None:
        # A descriptor that was closed may be somebody else's by now.
        self._lock = threading.Lock()
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def wake(self) -> None:
        """End the present or the next `wait`."""
        with self._lock:
            if self._write >= 0:
                # A full pipe is awake already.
                with contextlib.suppress(BlockingIOError):
                    os.write(self._write, b"\0")

    def wait(self, descriptors: Iterable[int], timeout_s: float | None) -> None:
        """Sleep; None waits without end. The descriptors are left unread."""
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        for descriptor in descriptors:
            poll.register(descriptor, select.POLLIN)
        # Rounded up: waking a fraction of a millisecond early would spin.
        poll.poll(None if timeout_s is None else int(timeout_s * 1000) + 1 if timeout_s > 0 else 0)
        with contextlib.suppress(BlockingIOError):
            while os.read(self._read, 4096):
                pass

    def close(self) -> None:
        """Let go of the pipe; nothing may wait any more."""
        with self._lock:
            read, write, self._read, self._write = self._read, self._write, -1, -1
        for descriptor in (write, read):
            if descriptor >= 0:
                os.close(descriptor)
