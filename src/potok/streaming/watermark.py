"""Event time: how far it has come, and what a query may therefore forget.

The event times of a batch are observed by the query itself: `observe_event_times` puts below each
`withWatermark` an aggregate over its column, whose row comes back with the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Call,
    Expression,
    Literal,
    next_expr_id,
)
from potok.plan.logical import CollectMetrics, EventTimeWatermark, LogicalPlan
from potok.plan.tree import Node
from potok.stateful.event_time import ANY_WINDOW_US
from potok.streaming.progress import format_timestamp
from potok.types import BOOLEAN, DOUBLE, LONG, StructType

# No name that a user can give to `observe` starts like this.
METRIC_PREFIX = "\x00watermark"


@dataclass(frozen=True, slots=True)
class EventTimeStatistics:
    """The event times of one batch below one watermark, in ms since 1970 UTC; `count` is above 0."""

    max_ms: int
    min_ms: int
    avg_ms: float
    count: int


def watermark_nodes(plan: LogicalPlan) -> tuple[EventTimeWatermark, ...]:
    """All watermarks of a plan, in plan order."""
    return tuple(node for node in plan.walk() if isinstance(node, EventTimeWatermark))


def observe_event_times(plan: LogicalPlan) -> LogicalPlan:
    """The plan, with the event times below each watermark observed under `METRIC_PREFIX` and its index."""
    order = {id(node): index for index, node in enumerate(watermark_nodes(plan))}
    return _observed(plan, order) if order else plan


def _observed(plan: LogicalPlan, order: Mapping[int, int]) -> LogicalPlan:
    def change(node: Node) -> Node:
        return _observed(node, order) if isinstance(node, LogicalPlan) else node.map_children(change)

    changed = plan.map_children(change)
    if not isinstance(plan, EventTimeWatermark):
        return changed
    child = cast("EventTimeWatermark", changed).child
    metrics = CollectMetrics(
        child=child, name=f"{METRIC_PREFIX}{order[id(plan)]}", metrics=_statistics(plan.event_time)
    )
    return replace(cast("EventTimeWatermark", changed), child=metrics)


def _statistics(event_time: AttributeReference) -> tuple[Expression, ...]:
    # Spark counts a missing event time as 1970.
    known_ms: Expression = Call("unix_millis", (event_time,), LONG)
    if isinstance(event_time.type, StructType):
        present = Call("isnotnull", (event_time,), BOOLEAN, is_nullable=False)
        known_ms = Call("if", (present, Literal(ANY_WINDOW_US // 1000, LONG), Literal(None, LONG)), LONG)
    time_ms = Call("coalesce", (known_ms, Literal(0, LONG)), LONG, is_nullable=False)
    calls = {
        "max": AggregateCall("max", (time_ms,), LONG),
        "min": AggregateCall("min", (time_ms,), LONG),
        "avg": AggregateCall("avg", (time_ms,), DOUBLE),
        "count": AggregateCall("count", (time_ms,), LONG, is_nullable=False),
    }
    return tuple(Alias(call, (name,), expr_id=next_expr_id()) for name, call in calls.items())


def take_event_times(
    observed: Mapping[str, Mapping[str, Any]], count: int
) -> tuple[tuple[EventTimeStatistics | None, ...], dict[str, Mapping[str, Any]]]:
    """Split what a batch observed: the statistics of the `count` watermarks, and the user's metrics."""
    statistics = []
    for index in range(count):
        row = observed.get(f"{METRIC_PREFIX}{index}")
        statistics.append(
            EventTimeStatistics(row["max"], row["min"], row["avg"], row["count"])
            if row is not None and row["count"]
            else None
        )
    metrics = {name: row for name, row in observed.items() if not name.startswith(METRIC_PREFIX)}
    return tuple(statistics), metrics


@dataclass(frozen=True, slots=True)
class Watermarks:
    """The watermark of a query. `policy` is min or max; `operators_ms` is each watermark's own progress.

    Source of fact: org.apache.spark.sql.execution.streaming.WatermarkTracker.
    """

    policy: str = "min"
    global_ms: int = 0
    operators_ms: tuple[int, ...] = ()

    def advanced(
        self, delays_ms: tuple[int, ...], statistics: tuple[EventTimeStatistics | None, ...]
    ) -> Watermarks:
        """After a batch that has seen these event times; the global watermark never goes back."""
        if not delays_ms:
            return self
        known = self.operators_ms
        moved = []
        for index, (delay_ms, seen) in enumerate(zip(delays_ms, statistics, strict=True)):
            before = known[index] if index < len(known) else None
            if seen is None:
                moved.append(0 if before is None else before)
            else:
                reached = seen.max_ms - delay_ms
                moved.append(reached if before is None else max(before, reached))
        chosen = max(moved) if self.policy == "max" else min(moved)
        return Watermarks(self.policy, max(self.global_ms, chosen), tuple(moved))


def event_time_texts(
    statistics: tuple[EventTimeStatistics | None, ...], watermark_ms: int | None
) -> dict[str, str]:
    """The `eventTime` of a progress: of the first watermark that has seen rows; empty without watermarks."""
    if watermark_ms is None:
        return {}
    texts = {}
    seen = next((s for s in statistics if s is not None), None)
    if seen is not None:
        texts = {
            "avg": format_timestamp(int(seen.avg_ms)),
            "max": format_timestamp(seen.max_ms),
            "min": format_timestamp(seen.min_ms),
        }
    return {**texts, "watermark": format_timestamp(watermark_ms)}
