"""Watermarks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from potok.analysis.names import quote_type, unresolved_column
from potok.errors import SparkError
from potok.plan.expressions import AttributeReference
from potok.plan.logical import EventTimeWatermark, LogicalPlan, UnresolvedWatermark
from potok.types import TIMESTAMP, TIMESTAMP_NTZ, StructType

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer

DELAY_KEY = "spark.watermarkDelayMs"
_UNIT_MILLISECONDS = {
    "year": Decimal(31 * 12 * 86_400_000),
    "month": Decimal(31 * 86_400_000),
    "week": Decimal(7 * 86_400_000),
    "day": Decimal(86_400_000),
    "hour": Decimal(3_600_000),
    "minute": Decimal(60_000),
    "second": Decimal(1000),
    "millisecond": Decimal(1),
    "microsecond": Decimal("0.001"),
    "nanosecond": Decimal("0.000001"),
}
_TERM = re.compile(r"([+-]?\s*\d*\.?\d+)\s*([a-z]+)")


def watermark(analyzer: Analyzer, plan: UnresolvedWatermark) -> LogicalPlan:
    """`withWatermark`. Raises EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE and errors of the delay."""
    child = analyzer.resolve(plan.child)
    delay_ms = parse_delay(plan.delay)
    found = analyzer.resolver(child).columns.resolve(tuple(plan.event_time.split(".")))
    if not isinstance(found, AttributeReference):
        raise unresolved_column((plan.event_time,), child.output)
    column = next(a for a in child.output if a.expr_id == found.expr_id)
    window = isinstance(column.type, StructType) and [f.data_type for f in column.type.fields] in (
        [TIMESTAMP, TIMESTAMP],
        [TIMESTAMP_NTZ, TIMESTAMP_NTZ],
    )
    if column.type not in {TIMESTAMP, TIMESTAMP_NTZ} and not window:
        raise SparkError(
            "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE",
            eventName=f'"{plan.event_time}"',
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


def _without_delay(attribute: AttributeReference) -> AttributeReference:
    if DELAY_KEY not in attribute.metadata:
        return attribute
    metadata = json.loads(attribute.metadata)
    metadata.pop(DELAY_KEY, None)
    return replace(attribute, metadata=json.dumps(metadata, separators=(",", ":")))


def parse_delay(text: str) -> int:
    """An interval text as milliseconds, months as 31 days. Raises CANNOT_PARSE_INTERVAL and for negative ones."""
    terms = _TERM.findall(text.strip().lower().removeprefix("interval"))
    rest = _TERM.sub("", text.strip().lower().removeprefix("interval")).strip()
    if not terms or rest:
        raise SparkError("CANNOT_PARSE_INTERVAL", intervalString=f"'{text}'")
    total = Decimal(0)
    for amount, unit in terms:
        size = _UNIT_MILLISECONDS.get(unit.removesuffix("s"))
        if size is None:
            raise SparkError("CANNOT_PARSE_INTERVAL", intervalString=f"'{text}'")
        total += Decimal(amount.replace(" ", "")) * size
    if total < 0:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
            message=f"requirement failed: delay threshold ({text}) should not be negative.",
        )
    return int(total)
