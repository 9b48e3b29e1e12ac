"""Watermarks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from potok.analysis.names import quote, quote_type, unresolved_column
from potok.errors import SparkError
from potok.plan.expressions import AttributeReference
from potok.plan.logical import EventTimeWatermark, LogicalPlan
from potok.plan.unresolved import UnresolvedWatermark
from potok.types import TIMESTAMP, StructType

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer

DELAY_KEY = "spark.watermarkDelayMs"
_UNIT_MONTHS = {"year": 12, "month": 1}
_UNIT_MICROSECONDS = {
    "week": 604_800_000_000,
    "day": 86_400_000_000,
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": 1_000_000,
    "millisecond": 1000,
    "microsecond": 1,
}
_TERM = re.compile(r"([+-]?\s*\d*\.?\d+)\s*([a-z]+)")


def watermark(analyzer: Analyzer, plan: UnresolvedWatermark) -> LogicalPlan:
    """`withWatermark`. Raises EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE and errors of the delay."""
    child = analyzer.resolve(plan.child)
    delay_ms = parse_delay(plan.delay)
    if not child.is_streaming:
        return child
    found = analyzer.resolver(child).columns.resolve(tuple(plan.event_time.split(".")))
    if not isinstance(found, AttributeReference):
        raise unresolved_column((plan.event_time,), child.output)
    column = next(a for a in child.output if a.expr_id == found.expr_id)
    is_window = isinstance(column.type, StructType) and any(
        f.name == "end" and f.data_type == TIMESTAMP for f in column.type.fields
    )
    if column.type != TIMESTAMP and not is_window:
        raise SparkError(
            "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE",
            eventName=quote(plan.event_time),
            eventType=quote_type(column.type),
        )
    result = tuple(
        with_delay(a, delay_ms) if a.expr_id == column.expr_id else _without_delay(a) for a in child.output
    )
    tagged = next(a for a in result if a.expr_id == column.expr_id)
    return EventTimeWatermark(child, tagged, delay_ms, result)


def with_delay(attribute: AttributeReference, delay_ms: int) -> AttributeReference:
    """The column marked as event time."""
    metadata = json.loads(attribute.metadata)
    metadata[DELAY_KEY] = delay_ms
    return replace(attribute, metadata=json.dumps(metadata, separators=(",", ":")))


def delay_of(attribute: AttributeReference) -> int | None:
    """The delay in milliseconds with which a column is marked as event time; None for another column."""
    if DELAY_KEY not in attribute.metadata:
        return None
    delay: int = json.loads(attribute.metadata)[DELAY_KEY]
    return delay


def _without_delay(attribute: AttributeReference) -> AttributeReference:
    if DELAY_KEY not in attribute.metadata:
        return attribute
    metadata = json.loads(attribute.metadata)
    metadata.pop(DELAY_KEY, None)
    return replace(attribute, metadata=json.dumps(metadata, separators=(",", ":")))


def parse_delay(text: str) -> int:
    """An interval text as milliseconds, months as 31 days. Raises CANNOT_PARSE_INTERVAL and for negative ones."""
    months, microseconds = parse_interval(text)
    total = months * 31 * 86_400_000 + microseconds // 1000
    if total < 0:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
            message=f"requirement failed: delay threshold ({text}) should not be negative.",
        )
    return total


def parse_interval(text: str) -> tuple[int, int]:
    """An interval text as months and microseconds. Raises CANNOT_PARSE_INTERVAL."""
    body = text.strip().lower().removeprefix("interval")
    terms = _TERM.findall(body)
    if not terms or _TERM.sub("", body).strip():
        raise SparkError("CANNOT_PARSE_INTERVAL", intervalString=f"'{text}'")
    months, microseconds = 0, Decimal(0)
    for amount, unit in terms:
        number = Decimal(amount.replace(" ", ""))
        name = unit.removesuffix("s")
        if name in _UNIT_MONTHS and number == int(number):
            months += int(number) * _UNIT_MONTHS[name]
        elif name in _UNIT_MICROSECONDS:
            microseconds += number * _UNIT_MICROSECONDS[name]
        else:
            raise SparkError("CANNOT_PARSE_INTERVAL", intervalString=f"'{text}'")
    return months, int(microseconds)
