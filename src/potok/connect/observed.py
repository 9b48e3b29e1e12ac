"""What `observe` has seen, as responses carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyspark.sql.connect.proto as pb

from potok.connect.encode import encode_literal
from potok.plan.logical import CollectMetrics, LogicalPlan, to_attribute

if TYPE_CHECKING:
    from potok.engine.rows import Rows


def observed_metrics(resolved: LogicalPlan, rows: Rows) -> list[pb.ExecutePlanResponse.ObservedMetrics]:
    """The values of each `observe` in the plan."""
    found = []
    for node in resolved.walk():
        if not isinstance(node, CollectMetrics) or node.name not in rows.observed:
            continue
        columns = [to_attribute(e) for e in node.metrics]
        values = rows.observed[node.name]
        found.append(
            pb.ExecutePlanResponse.ObservedMetrics(
                name=node.name,
                keys=[c.name for c in columns],
                values=[encode_literal(values[c.name], c.type) for c in columns],
                plan_id=node.plan_id or 0,
            )
        )
    return found
