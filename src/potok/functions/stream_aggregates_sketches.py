"""Functions of streams whose buffer is a sketch: bytes, as Spark serializes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from potok.functions import (
    bitmaps,
    histogram,
    sketch_count_min,
    sketch_hll,
    sketch_kll,
    sketch_theta,
    sketch_top_k,
    vectors,
)
from potok.functions.sketch_base import SketchAggregate
from potok.functions.stream_aggregates_base import Expressions, Rule, StreamAggregate, column, over
from potok.plan.expressions import AggregateCall, Call, Expression
from potok.types import BINARY, LONG

_AGGREGATES: tuple[SketchAggregate, ...] = (
    *bitmaps.AGGREGATES,
    *histogram.AGGREGATES,
    *sketch_count_min.AGGREGATES,
    *sketch_hll.AGGREGATES,
    *sketch_kll.AGGREGATES,
    *sketch_theta.AGGREGATES,
    *sketch_top_k.AGGREGATES,
)


def _rule(aggregate: SketchAggregate) -> Rule:
    def rule(call: AggregateCall) -> StreamAggregate:
        constants = call.arguments[1:]

        def merged(old: Expressions, new: Expressions) -> tuple[Expression, ...]:
            return (Call(f"{aggregate.name}.merged", (old[0], new[0], *constants), BINARY),)

        def value(kept: Expressions) -> Expression:
            return Call(f"{aggregate.name}.value", (kept[0], *constants), call.type, call.is_nullable)

        part = over(call, f"{aggregate.name}.part", BINARY)
        buffer = column(aggregate.column, BINARY)
        return StreamAggregate((buffer,), (replace(part, ignore_nulls=False),), merged, value)

    return rule


def _vector_rule(aggregate: SketchAggregate) -> Rule:
    def rule(call: AggregateCall) -> StreamAggregate:
        buffer = (column("acc", BINARY), column("count", LONG, nullable=False))
        return replace(_rule(aggregate)(call), buffer=buffer, form=vectors.VectorForm())

    return rule


RULES: Mapping[str, Rule] = {
    **{aggregate.name: _rule(aggregate) for aggregate in _AGGREGATES},
    **{aggregate.name: _vector_rule(aggregate) for aggregate in vectors.AGGREGATES},
}
