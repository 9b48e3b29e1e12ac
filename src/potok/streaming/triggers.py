"""When batches run."""

from __future__ import annotations

from dataclasses import dataclass

from potok.errors import SparkError
from potok.interval_text import parse_interval
from potok.plan.commands import Trigger


@dataclass(frozen=True, slots=True)
class ProcessingTime:
    """A batch at every multiple of the interval since 1970, the first at once; 0: whenever there is data."""

    interval_ms: int = 0

    def next_batch_ms(self, now_ms: int) -> int:
        """When to look again after a trigger that began at `now_ms`."""
        if self.interval_ms == 0:
            return now_ms
        return now_ms // self.interval_ms * self.interval_ms + self.interval_ms

    def is_falling_behind(self, elapsed_ms: int) -> bool:
        """Whether a trigger took longer than the interval."""
        return 0 < self.interval_ms < elapsed_ms


@dataclass(frozen=True, slots=True)
class Once:
    """One batch with everything, limits ignored, then the query ends."""


@dataclass(frozen=True, slots=True)
class AvailableNow:
    """As many batches as the limits ask for, for what is there at the start, then the query ends."""


@dataclass(frozen=True, slots=True)
class Continuous:
    """Spark's continuous processing."""

    interval_ms: int


TriggerRule = ProcessingTime | Once | AvailableNow | Continuous


def trigger_rule(trigger: Trigger) -> TriggerRule:
    """The rule that a trigger of the client stands for. Raises Spark's errors for a bad interval."""
    match trigger.kind:
        case "default":
            return ProcessingTime()
        case "processing_time":
            return ProcessingTime(_interval_ms(trigger.interval))
        case "once":
            return Once()
        case "available_now":
            return AvailableNow()
        case "continuous":
            return Continuous(_interval_ms(trigger.interval))
    msg = f"unknown trigger {trigger.kind!r}"
    raise ValueError(msg)


def _interval_ms(text: str) -> int:
    interval = parse_interval(text)
    if interval.months:
        raise SparkError("_LEGACY_ERROR_TEMP_3262", interval=text)
    if interval.milliseconds < 0:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
            message="requirement failed: the interval of trigger should not be negative",
        )
    return interval.milliseconds
