"""Aggregate functions cut into three: what a batch contributes, how it joins what is kept, what it means.

What is kept of a group, its buffer, has the columns of Spark's own, so that Spark can go on with it. Source of
facts: the aggregate expressions of Catalyst (`aggBufferAttributes`); tests/stateful/recorded/buffers.json.
"""

from __future__ import annotations

from potok.errors import unsupported
from potok.functions import (
    stream_aggregates_moments,
    stream_aggregates_numbers,
    stream_aggregates_sketches,
    stream_aggregates_values,
)
from potok.functions.stream_aggregates_base import StreamAggregate
from potok.plan.expressions import AggregateCall

RULES = {
    **stream_aggregates_numbers.RULES,
    **stream_aggregates_moments.RULES,
    **stream_aggregates_sketches.RULES,
    **stream_aggregates_values.RULES,
}


def stream_aggregate(call: AggregateCall) -> StreamAggregate:
    """How a function is computed over a stream. Raises UNSUPPORTED_FEATURE where it cannot be."""
    rule = RULES.get(call.name)
    if rule is None:
        raise unsupported(
            f"the function {call.name} over a stream across batches",
            "Use another aggregate function, or compute it per batch in foreachBatch.",
        )
    return rule(call)
