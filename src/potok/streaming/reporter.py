"""Makes a progress out of what a trigger has done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from potok.connectors.base import ReportsMetrics
from potok.stateful.progress import StateOperatorProgress
from potok.streaming.batch import Offsets
from potok.streaming.listeners import ListenerBus, QueryIdle, QueryProgress
from potok.streaming.progress import (
    SinkProgress,
    SourceProgress,
    StreamingQueryProgress,
    rate_per_second,
)
from potok.streaming.query import StreamingQuery
from potok.streaming.sources import Sources
from potok.streaming.steps import StepName
from potok.zone_names import zone_of

# The steps that Spark reports; the others count for the whole only.
_REPORTED: tuple[StepName, ...] = (
    "latestOffset",
    "walCommit",
    "getBatch",
    "queryPlanning",
    "addBatch",
    "commitOffsets",
)


@dataclass(frozen=True, slots=True)
class TriggerResult:
    """What one trigger has done. `executed` is whether a batch was run."""

    batch_id: int
    started_ms: int
    finished_ms: int
    elapsed_ns: Mapping[StepName, int]
    total_ns: int
    start: Offsets
    end: Offsets
    executed: bool
    sink_description: str
    output_rows: int = -1
    event_time: Mapping[str, str] | None = None
    observed: Mapping[str, Mapping[str, Any]] | None = None
    state_operators: tuple[StateOperatorProgress, ...] = ()


class ProgressReporter:
    """Reports triggers: each that ran a batch, and of the idle ones the first and then one in a while.

    Source of fact: org.apache.spark.sql.execution.streaming.runtime.ProgressReporter.
    """

    def __init__(
        self, query: StreamingQuery, bus: ListenerBus, *, idle_interval_ms: int, time_zone: str
    ) -> None:
        self._query = query
        self._bus = bus
        self._idle_interval_ms = idle_interval_ms
        self._time_zone = zone_of(time_zone)
        self._last_trigger_ms: int | None = None
        self._last_report_ms: int | None = None

    def idle_due_ms(self) -> int | None:
        """When the next idle trigger is to be reported; None for at once."""
        return None if self._last_report_ms is None else self._last_report_ms + self._idle_interval_ms

    def finish(self, trigger: TriggerResult, sources: Sources) -> None:
        """Report a trigger if it is to be reported."""
        last_trigger_ms, self._last_trigger_ms = self._last_trigger_ms, trigger.started_ms
        if trigger.executed:
            progress = self._progress(trigger, sources, last_trigger_ms)
            self._last_report_ms = trigger.finished_ms
            self._query.report_progress(progress)
            self._bus.post(QueryProgress(progress))
            return
        due_ms = self.idle_due_ms()
        is_due = due_ms is None or trigger.finished_ms >= due_ms
        # Else a clock that was set back would keep the query quiet until it has caught up.
        if is_due or trigger.finished_ms < (self._last_report_ms or 0):
            self._query.report_progress(self._progress(trigger, sources, last_trigger_ms))
            if due_ms is not None:
                self._bus.post(QueryIdle(self._query.id, self._query.run_id, trigger.started_ms))
            self._last_report_ms = trigger.finished_ms

    def _progress(
        self, trigger: TriggerResult, sources: Sources, last_trigger_ms: int | None
    ) -> StreamingQueryProgress:
        duration_ms = trigger.finished_ms - trigger.started_ms
        # A first trigger has no rate. Two triggers may begin in one millisecond here, which Spark's never do.
        since_last_ms = None if last_trigger_ms is None else max(1, trigger.started_ms - last_trigger_ms)
        rows = sources.rows_read() if trigger.executed else [0] * len(sources.started)
        source_progress = []
        for started, count in zip(sources.started, rows, strict=True):
            place, source = started.places[0], started.source
            source_progress.append(
                SourceProgress(
                    source.description,
                    trigger.start[place],
                    trigger.end[place],
                    source.report_latest_offset(),
                    count,
                    0.0 if since_last_ms is None else rate_per_second(count, since_last_ms),
                    rate_per_second(count, max(1, duration_ms)),
                    source.metrics(trigger.end[place]) if isinstance(source, ReportsMetrics) else {},
                )
            )
        durations: dict[str, int] = {
            name: trigger.elapsed_ns[name] // 1_000_000 for name in _REPORTED if name in trigger.elapsed_ns
        }
        durations["triggerExecution"] = trigger.total_ns // 1_000_000
        return StreamingQueryProgress(
            self._query.id,
            self._query.run_id,
            self._query.name,
            trigger.started_ms,
            trigger.batch_id,
            duration_ms,
            durations,
            trigger.event_time or {},
            trigger.state_operators,
            tuple(source_progress),
            SinkProgress(trigger.sink_description, trigger.output_rows),
            {name: self._localized(row) for name, row in (trigger.observed or {}).items()},
        )

    def _localized(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {column: self._in_session_zone(value) for column, value in row.items()}

    def _in_session_zone(self, value: Any) -> Any:  # noqa: ANN401 - values of any type
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(self._time_zone)
        if isinstance(value, Mapping):
            return {key: self._in_session_zone(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._in_session_zone(item) for item in value]
        return value
