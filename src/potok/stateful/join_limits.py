"""When rows in the state of a join of two streams may go.

Source of facts: StreamingSymmetricHashJoinHelper.
"""

from __future__ import annotations

from dataclasses import dataclass

from potok.analysis.stream_joins import Bound, JoinCondition, time_key, value_bounds
from potok.plan.logical import Attributes
from potok.stateful.event_time import event_time_position


@dataclass(frozen=True)
class KeyLimit:
    """State goes by the event time at a position of the key, at the watermark."""

    position: int


@dataclass(frozen=True)
class ValueLimit:
    """State goes by the event time of its rows (the column at `position`), at the smallest of some bounds."""

    position: int
    bounds: tuple[Bound, ...]

    def limit_ms(self, watermark_ms: int) -> int:
        """Rows at or before this go."""
        return min(bound.limit_ms(watermark_ms) for bound in self.bounds)


Limit = KeyLimit | ValueLimit


def state_limits(
    condition: JoinCondition, left: Attributes, right: Attributes
) -> tuple[Limit | None, Limit | None]:
    """How the state of the left and the right side ends; None: never. Raises as `event_time_position`."""
    times = event_time_position(left), event_time_position(right)
    position = time_key(condition, left, right)
    if position is not None:
        return KeyLimit(position), KeyLimit(position)
    return (
        _value_limit(times[0], value_bounds(condition.rest, left, right)),
        _value_limit(times[1], value_bounds(condition.rest, right, left)),
    )


def _value_limit(time: int | None, bounds: tuple[Bound, ...]) -> Limit | None:
    return ValueLimit(time, bounds) if time is not None and bounds else None
