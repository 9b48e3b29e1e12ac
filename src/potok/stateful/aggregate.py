"""Streaming aggregation: GROUP BY over a batch, joined with what the batches before have left.

    rows -> partial aggregates by key (SQL) -> Fetch -> merge, row by row (SQL) -> Save -> values (SQL)

Source of facts: StateStoreRestoreExec, StateStoreSaveExec.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows
from potok.errors import SparkError
from potok.functions.stream_aggregates import stream_aggregate
from potok.functions.stream_aggregates_base import StreamAggregate
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Call,
    Cast,
    Expression,
    Literal,
    SortOrder,
    next_expr_id,
)
from potok.plan.logical import Aggregate, Attributes, LogicalPlan, OperatorStep, Project, to_attribute
from potok.plan.tree import Node
from potok.stateful.base import (
    MICROS_PER_MS,
    StateContext,
    StatefulOperator,
    TypedStore,
    column_arrays,
    rows_table,
)
from potok.stateful.event_time import known_micros
from potok.stateful.expiry import Expiry
from potok.stateful.keys import without_negative_zero
from potok.types import DOUBLE, INTEGER, LONG, DoubleType, IntegralType, StructField, StructType, arrow_type

DELAY_KEY = "spark.watermarkDelayMs"
_KEY_NAME = "_groupingexpression"
# Source of fact: RuntimeReplaceableAggregate and FunctionRegistry.
_PLAINEST = {
    "any": "max",
    "any_value": "first",
    "approx_percentile": "percentile_approx",
    "array_agg": "collect_list",
    "bool_and": "min",
    "bool_or": "max",
    "every": "min",
    "first_value": "first",
    "last_value": "last",
    "mean": "avg",
    "some": "max",
    "std": "stddev_samp",
    "stddev": "stddev_samp",
    "string_agg": "listagg",
    "variance": "var_samp",
}


@dataclass(frozen=True)
class Buffers:
    """The aggregate functions of a node and where the buffer of each stands among all buffer columns."""

    calls: tuple[AggregateCall, ...]
    functions: tuple[StreamAggregate, ...]

    @property
    def fields(self) -> tuple[StructField, ...]:
        """All columns of the state."""
        return tuple(field for function in self.functions for field in function.buffer)

    @property
    def columns(self) -> tuple[StructField, ...]:
        """The same as SQL sees them."""
        return tuple(field for function in self.functions for field in function.columns)

    def attributes(self) -> Attributes:
        """Fresh columns for a buffer."""
        return tuple(
            AttributeReference(f.name, f.data_type, is_nullable=True, expr_id=next_expr_id())
            for f in self.columns
        )

    def pack(self, columns: Sequence[pa.Array]) -> list[pa.Array]:
        """Columns as SQL sees them -> those of the state."""
        packed: list[pa.Array] = []
        at = 0
        for function in self.functions:
            end = at + len(function.columns)
            packed += columns[at:end] if function.form is None else function.form.pack(columns[at:end])
            at = end
        return packed

    def unpack(self, state: Sequence[pa.Array]) -> list[pa.Array]:
        """Columns of the state -> as SQL sees them."""
        unpacked: list[pa.Array] = []
        at = 0
        for function in self.functions:
            end = at + len(function.buffer)
            unpacked += state[at:end] if function.form is None else function.form.unpack(state[at:end])
            at = end
        return unpacked

    def partials(self) -> tuple[Expression, ...]:
        """The aggregates over a batch."""
        return tuple(partial for function in self.functions for partial in function.partial)

    def merged(self, old: Attributes, new: Attributes) -> tuple[Expression, ...]:
        """What the kept and the new columns make together."""
        merged: list[Expression] = []
        at = 0
        for function in self.functions:
            end = at + len(function.columns)
            merged += function.merge(old[at:end], new[at:end])
            at = end
        return tuple(merged)

    def values(self, kept: Attributes) -> dict[Expression, Expression]:
        """The value of each aggregate function."""
        values: dict[Expression, Expression] = {}
        at = 0
        for call, function in zip(self.calls, self.functions, strict=True):
            end = at + len(function.columns)
            values[call] = function.evaluate(kept[at:end])
            at = end
        return values


def buffers_of(aggregates: Sequence[Expression]) -> Buffers:
    """The aggregate functions in some expressions, each once. Raises UNSUPPORTED_FEATURE."""
    calls = tuple(
        dict.fromkeys(
            node for expression in aggregates for node in expression.walk() if isinstance(node, AggregateCall)
        )
    )
    return Buffers(calls, tuple(stream_aggregate(call) for call in calls))


def constant(call: AggregateCall) -> Expression | None:
    """The value of a function that needs no rows, as Spark's optimizer finds it."""
    is_counting = call.name == "count"
    no_row = isinstance(call.filter, Literal) and call.filter.value is not True
    if no_row and call.name in {"count", "sum", "avg", "min", "max"}:
        return Literal(0, LONG) if is_counting else Literal(None, call.type)
    if is_counting and any(isinstance(a, Literal) and a.value is None for a in call.arguments):
        return Literal(0, LONG)
    return None


def simplified(node: Node) -> Node:
    """An expression with the arguments of its aggregates as Spark's optimizer leaves them."""
    if isinstance(node, AggregateCall):
        found = constant(node)
        return found or plainest(replace(node, arguments=tuple(_folded(a) for a in node.arguments)))
    return node.map_children(simplified, Expression)


def plainest(call: AggregateCall) -> AggregateCall:
    """The function that Spark computes for one that is another by definition; the two then share a buffer."""
    match call:
        case AggregateCall(name="median", arguments=(value,)):
            return replace(call, name="percentile", arguments=(value, Literal(0.5, DOUBLE)))
        case AggregateCall(name="percentile_cont", arguments=(fraction,), order_by=(order,)) if (
            order.ascending
        ):
            return replace(call, name="percentile", arguments=(order.child, fraction), order_by=())
        case AggregateCall(name="mode", arguments=(value, Literal(value=is_least))):
            return replace(call, arguments=(value,), order_by=(SortOrder(value),) if is_least else ())
    return replace(call, name=_PLAINEST.get(call.name, call.name))


def _folded(value: Expression) -> Expression:
    match value:
        case Call(name="+", arguments=(one, Literal(value=0))) if isinstance(one.data_type, IntegralType):
            return one if one.data_type == value.data_type else value
        case Cast(child=Literal(value=Decimal() | int() as number), type=DoubleType()):
            return Literal(float(number), DOUBLE)
    return value


def needed_keys(grouping: Sequence[Expression]) -> tuple[Expression, ...]:
    """The grouping expressions that tell groups apart: each once, without constants."""
    kept = tuple(dict.fromkeys(g for g in grouping if not isinstance(g, Literal)))
    return kept or ((Literal(0, INTEGER),) if grouping else ())


def grouping_keys(grouping: Sequence[Expression]) -> tuple[Expression, ...]:
    """The grouping expressions, each with a name: of a constant its text."""
    names = [str(g.value) if isinstance(g, Literal) else _KEY_NAME for g in grouping]
    return tuple(
        g if isinstance(g, AttributeReference) else Alias(g, (name,), expr_id=next_expr_id())
        for g, name in zip(grouping, names, strict=True)
    )


def plan_aggregate(
    node: Aggregate, relations: Sequence[LogicalPlan], operator_id: int, context: StateContext
) -> tuple[LogicalPlan, StatefulOperator]:
    """The steps of one aggregation over a planned relation."""
    (child,) = relations
    aggregates = [cast("Expression", simplified(e)) for e in node.aggregates]
    buffers = buffers_of(aggregates)
    grouping = needed_keys(node.grouping)
    named = grouping_keys(grouping)
    keys = tuple(to_attribute(k) for k in named)
    computed = [k for k in named if isinstance(k, Alias)]
    source = Project(child, (*child.output, *computed)) if computed else child

    new, old, kept = buffers.attributes(), buffers.attributes(), buffers.attributes()
    partials = tuple(
        Alias(partial, (a.name,), expr_id=a.expr_id)
        for partial, a in zip(buffers.partials(), new, strict=True)
    )
    partial = Aggregate(source, keys, (*keys, *partials))
    operator = AggregateOperator(operator_id, context, keys, buffers)
    position = AttributeReference("position", LONG, is_nullable=False, expr_id=next_expr_id())
    fetched = OperatorStep((partial,), operator.fetch, (position, *new, *old))
    merged = tuple(
        Alias(expression, (a.name,), expr_id=a.expr_id)
        for expression, a in zip(buffers.merged(old, new), kept, strict=True)
    )
    saved = OperatorStep((Project(fetched, (position, *merged)),), operator.save, (*keys, *kept))
    values = buffers.values(kept)
    by_key = dict(zip(grouping, keys, strict=True))
    outputs = tuple(output_of(expression, {**values, **by_key}) for expression in aggregates)
    return Project(saved, outputs), operator


def output_of(expression: Expression, replacements: dict[Expression, Expression]) -> Expression:
    """An output expression with its aggregates and keys replaced, under its name and id."""

    def change(node: Node) -> Node:
        found = replacements.get(cast("Expression", node))
        return node.map_children(change, Expression) if found is None else found

    if isinstance(expression, AttributeReference):
        return expression
    attribute = to_attribute(expression)
    changed = change(expression.child) if isinstance(expression, Alias) else change(expression)
    return Alias(
        cast("Expression", changed), (attribute.name,), attribute.metadata, expr_id=attribute.expr_id
    )


class AggregateOperator(StatefulOperator):
    """The state of one aggregation: buffers by key."""

    name = "stateStoreSave"

    def __init__(self, operator_id: int, context: StateContext, keys: Attributes, buffers: Buffers) -> None:
        super().__init__(operator_id, context)
        key_schema = StructType(tuple(k.to_field() for k in keys))
        value_schema = StructType(buffers.fields)
        self._store = TypedStore(
            context, operator_id, context.stored(key_schema), context.stored(value_schema)
        )
        self._buffers = buffers
        self._buffer_types = [arrow_type(f.data_type) for f in buffers.columns]
        self._key_names = [str(i) for i in range(len(keys))]
        self._time_key = next((i for i, k in enumerate(keys) if DELAY_KEY in k.metadata), None)
        forgets = self._time_key is not None and context.output_mode != "complete"
        self._expiry = Expiry(self._store.store.table) if forgets else None
        self._keys = UnsafeRows.empty(None)
        self._key_columns: list[pa.Array] = []
        self._numbers: Longs = np.zeros(0, np.int64)
        self.fetch, self.save = _Fetch(self), _Save(self)

    @property
    def stores(self) -> Sequence[TypedStore]:
        """The one."""
        return (self._store,)

    def loaded(self) -> None:
        """See StatefulOperator."""
        if self._expiry is None or self._time_key is None:
            return
        table = self._store.store.table
        self._expiry = Expiry(table)
        numbers = table.live()
        self._expire(numbers, self._store.keys.decode(table.keys(numbers))[self._time_key])

    def _expire(self, numbers: Longs, times: pa.Array) -> None:
        """Groups without an event time stay for ever."""
        if self._expiry is not None:
            moments, is_known = known_micros(times)
            self._expiry.set(numbers[is_known], moments[is_known])

    def read(self, table: pa.Table) -> pa.Table:
        """The batch's partial buffers beside those that are kept, late groups left out."""
        if self.context.output_mode == "append" and self._time_key is None:
            raise SparkError(
                "UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK",
                outputMode="Append",
                statefulOperator="aggregations",
            )
        columns = column_arrays(table)
        count = len(self._key_names)
        if self._time_key is not None and self._expiry is not None:
            moments, is_known = known_micros(columns[self._time_key])
            late = is_known & (moments <= self.batch.late_ms * MICROS_PER_MS)
            if late.any():
                self.counts.dropped_by_watermark += int(late.sum())
                kept = pa.array(~late)
                columns = [column.filter(kept) for column in columns]
        self._key_columns = [without_negative_zero(column) for column in columns[:count]]
        size = len(columns[0]) if columns else table.num_rows
        self._keys = self._store.encode_keys(self._key_columns, size)
        self._numbers = self._store.store.find(self._keys)
        old = self._kept_buffers()
        return rows_table([pa.array(np.arange(size)), *columns[count:], *old])

    def _kept_buffers(self) -> list[pa.Array]:
        found = np.flatnonzero(self._numbers >= 0)
        size = self._numbers.size
        if not found.size:
            return [pa.nulls(size, t) for t in self._buffer_types]
        state = self._store.values.decode(self._store.store.table.values(self._numbers[found]))
        columns = self._buffers.unpack(state)
        if found.size == size:
            return columns
        places = np.full(size, -1, np.int64)
        places[found] = np.arange(found.size)
        indices = pa.array(places, mask=places < 0)
        return [pc.take(column, indices) for column in columns]

    def write(self, table: pa.Table) -> pa.Table:
        """Keep the merged buffers; what the output mode lets out."""
        begun = time.monotonic_ns()
        columns = column_arrays(table)
        positions = np.asarray(columns[0])
        if positions.size and (np.diff(positions) != 1).any():
            order = pa.array(np.argsort(positions))
            columns = [pc.take(column, order) for column in columns]
        merged = columns[1:]
        values = self._store.encode_values(self._buffers.pack(merged), len(self._keys))
        numbers = self._store.store.put(self._keys, values, self._numbers)
        self.counts.updated += numbers.size
        if self._expiry is not None and self._time_key is not None:
            new = self._numbers < 0
            self._expire(numbers[new], self._key_columns[self._time_key].filter(pa.array(new)))
        self.counts.updates_ns += time.monotonic_ns() - begun
        mode = self.context.output_mode
        if mode == "complete":
            return self._rows(self._store.store.table.live())
        forgotten = self._forget(give=mode == "append")
        if mode == "append":
            return forgotten
        return rows_table([*self._key_columns, *merged])

    def _forget(self, *, give: bool) -> pa.Table:
        """Remove the groups that the watermark has passed, and give their rows if asked."""
        begun = time.monotonic_ns()
        numbers = np.zeros(0, np.int64)
        if self._expiry is not None:
            numbers = self._expiry.take(self.batch.watermark_ms * MICROS_PER_MS)
        rows = self._rows(numbers) if give else rows_table([])
        self._store.store.remove(numbers)
        self.counts.removed += numbers.size
        self.counts.removals_ns += time.monotonic_ns() - begun
        return rows

    def _rows(self, numbers: Longs) -> pa.Table:
        table = self._store.store.table
        keys = self._store.keys.decode(table.keys(numbers)) if self._key_names else []
        state = self._store.values.decode(table.values(numbers))
        return rows_table([*keys, *self._buffers.unpack(state)])


@dataclass(frozen=True)
class _Fetch:
    owner: AggregateOperator

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """See engine.pipeline.Operator."""
        return self.owner.read(tables[0])


@dataclass(frozen=True)
class _Save:
    owner: AggregateOperator

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """See engine.pipeline.Operator."""
        return self.owner.write(tables[0])
