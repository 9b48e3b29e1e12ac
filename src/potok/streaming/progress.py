"""What a query reports about itself: StreamingQueryProgress and its status, in Spark's JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from potok.stateful.progress import StateOperatorProgress

# The order of a Java hash map, in which Spark's client receives the steps of a trigger.
_DURATIONS = (
    "triggerExecution",
    "queryPlanning",
    "getBatch",
    "commitOffsets",
    "latestOffset",
    "addBatch",
    "walCommit",
)
_EVENT_TIMES = ("avg", "max", "min", "watermark")
INITIALIZING_SOURCES = "Initializing sources"


@dataclass(frozen=True, slots=True)
class QueryStatus:
    """What the query is doing now, in Spark's words."""

    message: str = INITIALIZING_SOURCES
    is_data_available: bool = False
    is_trigger_active: bool = False

    @property
    def json(self) -> str:
        """Spark's compact JSON."""
        return _compact(
            {
                "message": self.message,
                "isDataAvailable": self.is_data_available,
                "isTriggerActive": self.is_trigger_active,
            }
        )


@dataclass(frozen=True, slots=True)
class SourceProgress:
    """One source in one trigger. Offsets are JSON texts or None; rates are rows per second."""

    description: str
    start_offset: str | None
    end_offset: str | None
    latest_offset: str | None
    num_input_rows: int
    input_rows_per_second: float
    processed_rows_per_second: float
    metrics: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SinkProgress:
    """The sink in one trigger; -1 rows where the sink does not count."""

    description: str
    num_output_rows: int = -1
    metrics: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StreamingQueryProgress:
    """One trigger. `duration_ms` is by Spark's step names; `timestamp_ms` is the trigger's start, UTC.

    `event_time` holds texts under avg, max, min, watermark. `observed_metrics` holds a row, as column
    name to Python value, under each name given to `observe`.
    """

    id: str
    run_id: str
    name: str | None
    timestamp_ms: int
    batch_id: int
    batch_duration_ms: int
    duration_ms: Mapping[str, int]
    event_time: Mapping[str, str]
    state_operators: tuple[StateOperatorProgress, ...]
    sources: tuple[SourceProgress, ...]
    sink: SinkProgress
    observed_metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def num_input_rows(self) -> int:
        """Over all sources."""
        return sum(source.num_input_rows for source in self.sources)

    @property
    def input_rows_per_second(self) -> float:
        """Over all sources."""
        return sum(source.input_rows_per_second for source in self.sources)

    @property
    def processed_rows_per_second(self) -> float:
        """Over all sources."""
        return sum(source.processed_rows_per_second for source in self.sources)

    def event_json(self) -> str:
        """The form that listeners receive, also of `StreamingQueryProgress.json` in Spark's classic API."""
        document: dict[str, Any] = {
            "id": self.id,
            "runId": self.run_id,
            "name": self.name,
            "timestamp": format_timestamp(self.timestamp_ms),
            "batchId": self.batch_id,
            "batchDuration": self.batch_duration_ms,
            "numInputRows": self.num_input_rows,
            **_rates(self.input_rows_per_second, self.processed_rows_per_second),
            "durationMs": dict(sorted(self.duration_ms.items())),
        }
        if self.event_time:
            document["eventTime"] = dict(sorted(self.event_time.items()))
        document["stateOperators"] = [operator.document() for operator in self.state_operators]
        document["sources"] = [_source_event(source) for source in self.sources]
        sink: dict[str, Any] = {
            "description": self.sink.description,
            "numOutputRows": self.sink.num_output_rows,
        }
        if self.sink.metrics:
            sink["metrics"] = dict(self.sink.metrics)
        document["sink"] = sink
        if self.observed_metrics:
            document["observedMetrics"] = {
                name: {column: _metric(value) for column, value in row.items()}
                for name, row in sorted(self.observed_metrics.items())
            }
        return _compact(document)

    def recent_json(self) -> str:
        """The form in which Spark Connect answers `recentProgress` and `lastProgress`.

        Spark leaves out the three totals there, so that `progress["numInputRows"]` is None; they are
        added, as a program written for Spark's classic API expects them.
        """
        return _compact(
            {
                "id": self.id,
                "runId": self.run_id,
                "name": self.name,
                "timestamp": format_timestamp(self.timestamp_ms),
                "batchId": self.batch_id,
                "batchDuration": self.batch_duration_ms,
                "numInputRows": self.num_input_rows,
                "inputRowsPerSecond": _jackson(self.input_rows_per_second),
                "processedRowsPerSecond": _jackson(self.processed_rows_per_second),
                "durationMs": {k: self.duration_ms[k] for k in _DURATIONS if k in self.duration_ms},
                "eventTime": {k: self.event_time[k] for k in _EVENT_TIMES if k in self.event_time},
                "stateOperators": [operator.document() for operator in self.state_operators],
                "sources": [
                    {
                        "description": source.description,
                        "startOffset": source.start_offset,
                        "endOffset": source.end_offset,
                        "latestOffset": source.latest_offset,
                        "numInputRows": source.num_input_rows,
                        "inputRowsPerSecond": _jackson(source.input_rows_per_second),
                        "processedRowsPerSecond": _jackson(source.processed_rows_per_second),
                        "metrics": dict(source.metrics),
                    }
                    for source in self.sources
                ],
                "sink": {
                    "description": self.sink.description,
                    "numOutputRows": self.sink.num_output_rows,
                    "metrics": dict(self.sink.metrics),
                },
                "observedMetrics": {
                    name: {column: _metric(value) for column, value in row.items()}
                    for name, row in self.observed_metrics.items()
                },
            }
        )


def rate_per_second(rows: int, elapsed_ms: float) -> float:
    """Rows per second as Spark divides: infinite or NaN over no time at all."""
    if elapsed_ms == 0:
        return math.inf if rows else math.nan
    return rows / (elapsed_ms / 1000)


def format_timestamp(time_ms: int) -> str:
    """`2026-11-22T07:52:35.422Z`."""
    seconds, milliseconds = divmod(time_ms, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{milliseconds:03d}Z"


def _rates(input_rate: float, processed_rate: float) -> dict[str, float]:
    pairs = {"inputRowsPerSecond": input_rate, "processedRowsPerSecond": processed_rate}
    return {
        name: float(Decimal(repr(rate)).quantize(Decimal("0.1"), ROUND_HALF_UP))
        for name, rate in pairs.items()
        if math.isfinite(rate)
    }


def _jackson(number: float) -> float | str:
    """JSON has no word for these, Spark uses Java's."""
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _source_event(source: SourceProgress) -> dict[str, Any]:
    document: dict[str, Any] = {
        "description": source.description,
        "startOffset": _parsed(source.start_offset),
        "endOffset": _parsed(source.end_offset),
        "latestOffset": _parsed(source.latest_offset),
        "numInputRows": source.num_input_rows,
        **_rates(source.input_rows_per_second, source.processed_rows_per_second),
    }
    if source.metrics:
        document["metrics"] = dict(source.metrics)
    return document


def _parsed(offset: str | None) -> Any:  # noqa: ANN401 - JSON is untyped
    if offset is None:
        return None
    try:
        return json.loads(offset)
    except ValueError:
        return offset


def _metric(value: Any) -> Any:  # noqa: ANN401 - values of any type
    if isinstance(value, Mapping):
        return {str(key): _metric(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_metric(item) for item in value]
    if isinstance(value, float):
        return _jackson(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        # Spark drops the fraction of a second here.
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return list(value)
    return value


def _compact(document: Any) -> str:  # noqa: ANN401 - JSON is untyped
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
