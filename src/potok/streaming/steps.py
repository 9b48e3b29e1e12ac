"""The steps of a micro-batch, as one hook for timing and for tests that stop a query between two of them."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Literal, get_args

from potok.streaming.clock import Clock

StepName = Literal[
    "recover",
    "trigger",
    "latestOffset",
    "construct",
    "walCommit",
    "commitSources",
    "getBatch",
    "queryPlanning",
    "addBatch",
    "watermark",
    "commitOffsets",
    "progress",
]
STEPS: tuple[StepName, ...] = get_args(StepName)

# (step, whether it begins or ends, batch id); called in the query's thread.
StepHook = Callable[[StepName, bool, int], None]


class StepTimer:
    """Times the steps of one trigger in nanoseconds and tells the hook when each begins and ends.

    The end is told only for a step that did not raise.
    """

    def __init__(self, clock: Clock, hook: StepHook | None = None) -> None:
        self._clock = clock
        self._hook = hook
        self.elapsed_ns: dict[StepName, int] = {}
        self.batch_id = 0

    def start_trigger(self) -> None:
        """Forget the times of the trigger before."""
        self.elapsed_ns = {}

    def __call__(self, name: StepName) -> _Step:
        """The step as a context: `with step("walCommit"):`."""
        return _Step(self, name)

    def begin(self, name: StepName) -> int:
        """Tell the hook; returns the time."""
        if self._hook is not None:
            self._hook(name, True, self.batch_id)  # noqa: FBT003 - positional in StepHook
        return self._clock.monotonic_ns()

    def end(self, name: StepName, begun_ns: int, *, raised: bool) -> None:
        """Add the time; tell the hook."""
        taken = self._clock.monotonic_ns() - begun_ns
        self.elapsed_ns[name] = self.elapsed_ns.get(name, 0) + taken
        if self._hook is not None and not raised:
            self._hook(name, False, self.batch_id)  # noqa: FBT003 - positional in StepHook


class _Step:
    __slots__ = ("_begun_ns", "_name", "_timer")

    def __init__(self, timer: StepTimer, name: StepName) -> None:
        self._timer = timer
        self._name = name
        self._begun_ns = 0

    def __enter__(self) -> None:
        self._begun_ns = self._timer.begin(self._name)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.end(self._name, self._begun_ns, raised=kind is not None)
