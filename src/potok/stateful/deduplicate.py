"""Streaming deduplication: the first row of each key passes, keys are kept.

Source of facts: StreamingDeduplicateExec, StreamingDeduplicateWithinWatermarkExec.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows
from potok.plan.logical import Attributes, Deduplicate, LogicalPlan, OperatorStep
from potok.stateful.base import (
    MICROS_PER_MS,
    StateContext,
    StatefulOperator,
    TypedStore,
    column_arrays,
)
from potok.stateful.event_time import ANY_WINDOW_US, DELAY_KEY, event_time_position, known_micros
from potok.stateful.expiry import Expiry
from potok.stateful.keys import first_of_each, scala_set_order, without_negative_zero
from potok.types import LONG, NULL, StructField, StructType

_NOTHING = StructType((StructField("__dummy__", NULL),))
_EXPIRES_AT = StructType((StructField("expiresAtMicros", LONG),))


def plan_deduplicate(
    node: Deduplicate, relations: Sequence[LogicalPlan], operator_id: int, context: StateContext
) -> tuple[LogicalPlan, StatefulOperator]:
    """One step over the planned relation."""
    (child,) = relations
    keys = node.keys
    if context.conf.get("spark.sql.dropDuplicates.deterministicKeyOrder.enabled") == "false":
        names = {key.name: key for key in keys}
        keys = (
            tuple(names[name] for name in scala_set_order(list(names))) if len(names) == len(keys) else keys
        )
    make = DeduplicateWithinWatermark if node.within_watermark else DeduplicateByKey
    operator = make(operator_id, context, node.child.output, keys)
    return OperatorStep((child,), operator, child.output), operator


class _Deduplication(StatefulOperator):
    """What both kinds have in common: late rows go, the first row of each new key passes."""

    def __init__(
        self,
        operator_id: int,
        context: StateContext,
        columns: Attributes,
        keys: Attributes,
        value_schema: StructType,
    ) -> None:
        super().__init__(operator_id, context)
        places = {a.expr_id: i for i, a in enumerate(columns)}
        self._key_positions = [places[k.expr_id] for k in keys]
        self._columns = columns
        marked = [i for i, column in enumerate(columns) if DELAY_KEY in column.metadata]
        self._time = marked[0] if marked else None
        key_schema = context.stored(StructType(tuple(columns[i].to_field() for i in self._key_positions)))
        self._store = TypedStore(context, operator_id, key_schema, value_schema)
        self._expiry = Expiry(self._store.store.table)

    @property
    def stores(self) -> Sequence[TypedStore]:
        """The one."""
        return (self._store,)

    def needs_another_batch(self, input_ms: int) -> bool:
        """See StatefulOperator."""
        return input_ms > self.batch.watermark_ms

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """See engine.pipeline.Operator: the rows that are no duplicates."""
        # Spark looks when it runs.
        event_time_position(self._columns)
        begun = time.monotonic_ns()
        rows = self._without_late(tables[0])
        columns = [without_negative_zero(c) for c in column_arrays(rows.select(self._key_positions))]
        keys = self._store.encode_keys(columns, rows.num_rows)
        first = first_of_each(keys)
        distinct = keys if first.size == len(keys) else keys.take(first)
        is_new = self._store.store.find(distinct) < 0
        passing = first[is_new]
        passed = rows if passing.size == rows.num_rows else rows.take(pa.array(passing))
        self._keep(distinct if passing.size == first.size else distinct.take(is_new), passed)
        self.counts.updated += passing.size
        self.counts.custom["numDroppedDuplicateRows"] = rows.num_rows - passing.size
        self.counts.updates_ns += time.monotonic_ns() - begun
        self._forget()
        return passed

    def _without_late(self, rows: pa.Table) -> pa.Table:
        if self._time is None:
            return rows
        times, is_known = known_micros(rows.column(self._time))
        late: npt.NDArray[np.bool_] = is_known & (times <= self.batch.late_ms * MICROS_PER_MS)
        if not late.any():
            return rows
        self.counts.dropped_by_watermark += int(late.sum())
        return rows.filter(pa.array(~late))

    def _keep(self, keys: UnsafeRows, rows: pa.Table) -> None:
        """Remember new keys, those of some rows."""
        raise NotImplementedError

    def _forget(self) -> None:
        begun = time.monotonic_ns()
        numbers = self._expiry.take(self.batch.watermark_ms * MICROS_PER_MS)
        self._store.store.remove(numbers)
        self.counts.removed += numbers.size
        self.counts.removals_ns += time.monotonic_ns() - begun


class DeduplicateByKey(_Deduplication):
    """`dropDuplicates`: keys are forgotten when the watermark passes the event time among them, if any."""

    name = "dedupe"

    def __init__(
        self, operator_id: int, context: StateContext, columns: Attributes, keys: Attributes
    ) -> None:
        super().__init__(operator_id, context, columns, keys, _NOTHING)
        marked = [i for i, key in enumerate(keys) if DELAY_KEY in key.metadata]
        self._time_key = marked[0] if marked else None

    def loaded(self) -> None:
        """See StatefulOperator."""
        if self._time_key is None:
            return
        table = self._store.store.table
        numbers = table.live()
        self._expire(numbers, self._store.keys.decode(table.keys(numbers))[self._time_key])

    def _keep(self, keys: UnsafeRows, rows: pa.Table) -> None:
        values = self._store.encode_values([pa.nulls(len(keys))], len(keys))
        numbers = self._store.store.put(keys, values, np.full(len(keys), -1, np.int64))
        if self._time_key is not None:
            self._expire(numbers, rows.column(self._key_positions[self._time_key]))

    def _expire(self, numbers: Longs, moments: pa.Array | pa.ChunkedArray) -> None:
        times, is_known = known_micros(moments)
        self._expiry.set(numbers[is_known], times[is_known])


class DeduplicateWithinWatermark(_Deduplication):
    """`dropDuplicatesWithinWatermark`: each key is kept for the delay, counted from its first row's event time."""

    name = "dedupeWithinWatermark"

    def __init__(
        self, operator_id: int, context: StateContext, columns: Attributes, keys: Attributes
    ) -> None:
        super().__init__(operator_id, context, columns, keys, _EXPIRES_AT)
        if self._time is None:
            msg = "dropDuplicatesWithinWatermark needs an event time"
            raise ValueError(msg)
        self._moments = self._time
        self._is_window = isinstance(columns[self._time].type, StructType)
        self._delay_us = json.loads(columns[self._time].metadata)[DELAY_KEY] * MICROS_PER_MS

    def loaded(self) -> None:
        """See StatefulOperator."""
        table = self._store.store.table
        numbers = table.live()
        self._expiry.set(numbers, np.asarray(self._store.values.decode(table.values(numbers))[0]))

    def _keep(self, keys: UnsafeRows, rows: pa.Table) -> None:
        times, is_known = known_micros(rows.column(self._moments))
        if self._is_window:
            times = np.where(is_known, ANY_WINDOW_US, 0)
        expires_us = times + self._delay_us
        values = self._store.encode_values([pa.array(expires_us)], len(keys))
        numbers = self._store.store.put(keys, values, np.full(len(keys), -1, np.int64))
        self._expiry.set(numbers, expires_us)
