"""Session windows: the sessions of a batch are merged with those that are kept for the same keys.

    rows -> buffers by key and session of the row alone (SQL) -> SessionWindow -> values (SQL)

Source of facts: SessionWindowStateStoreRestoreExec, MergingSessionsExec, SessionWindowStateStoreSaveExec.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows, offsets_of
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.errors import SparkError
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Call,
    Expression,
    GetStructField,
    Literal,
    next_expr_id,
)
from potok.plan.logical import (
    Aggregate,
    Attributes,
    Filter,
    LogicalPlan,
    OperatorStep,
    Options,
    Project,
    StreamingRelation,
    to_attribute,
)
from potok.stateful.aggregate import Buffers, buffers_of, grouping_keys, output_of, simplified
from potok.stateful.base import (
    MICROS_PER_MS,
    StateContext,
    StatefulOperator,
    TypedStore,
    column_arrays,
    rows_table,
)
from potok.stateful.event_time import DELAY_KEY
from potok.stateful.expiry import Expiry
from potok.stateful.islands import Islands, islands
from potok.stateful.keys import group_numbers, without_negative_zero
from potok.stateful.prefix_index import PrefixIndex
from potok.types import BOOLEAN, LONG, StructField, StructType, arrow_type

SESSION_KEY = "spark.sessionWindow"
_START = "sessionStartTime"
Columns = list[pa.Array]


def session_position(node: Aggregate) -> int | None:
    """Where the session stands among the grouping expressions; None where there is none."""
    return next(
        (
            i
            for i, key in enumerate(node.grouping)
            if isinstance(key, AttributeReference) and SESSION_KEY in key.metadata
        ),
        None,
    )


def plan_session_window(
    node: Aggregate, relations: Sequence[LogicalPlan], operator_id: int, context: StateContext
) -> tuple[LogicalPlan, StatefulOperator]:
    """The steps of one aggregation by session. Raises _LEGACY_ERROR_TEMP_3068 where there is no other key."""
    (child,) = relations
    position = session_position(node)
    if position is None or len(node.grouping) == 1:
        raise SparkError("_LEGACY_ERROR_TEMP_3068")
    aggregates = [cast("Expression", simplified(e)) for e in node.aggregates]
    buffers = buffers_of(aggregates)
    named = grouping_keys(node.grouping)
    keys = tuple(to_attribute(k) for k in named)
    computed = [k for k in named if isinstance(k, Alias)]
    source = Project(child, (*child.output, *computed)) if computed else child

    partial, new = _partial(Filter(source, _lasts(keys[position])), keys, buffers)
    kept = buffers.attributes()
    operator = SessionWindow(operator_id, context, keys, position, buffers)
    saved = OperatorStep((Project(partial, (*keys, *new)),), operator, (*keys, *kept))
    values = buffers.values(kept)
    by_key = dict(zip(node.grouping, keys, strict=True))
    outputs = tuple(output_of(expression, {**values, **by_key}) for expression in aggregates)
    return Project(saved, outputs), operator


def _lasts(session: AttributeReference) -> Expression:
    """Rows without a gap make no session."""
    struct = cast("StructType", session.type)
    start, end = (GetStructField(session, i, f.name, f.data_type) for i, f in enumerate(struct.fields))
    return Call(">", (end, start), BOOLEAN)


def _partial(
    source: LogicalPlan, keys: Attributes, buffers: Buffers
) -> tuple[LogicalPlan, tuple[Alias, ...]]:
    """The aggregates of a batch by key, and of them the buffers of groups that have nothing else."""
    columns = buffers.attributes()
    partials = tuple(
        Alias(partial, (a.name,), expr_id=a.expr_id)
        for partial, a in zip(buffers.partials(), columns, strict=True)
    )
    nothing = tuple(Literal(None, a.type) for a in columns)
    merged = buffers.merged(nothing, columns)  # type: ignore[arg-type]  # literals stand for columns
    aliases = tuple(
        Alias(expression, (a.name,), expr_id=next_expr_id())
        for expression, a in zip(merged, columns, strict=True)
    )
    return Aggregate(source, keys, (*keys, *partials)), aliases


class BufferMerger:
    """Joins buffers with later ones of the same group, row by row, in SQL."""

    def __init__(self, context: StateContext, buffers: Buffers) -> None:
        if context.prepare is None:
            msg = "session windows need an engine"
            raise ValueError(msg)
        position = AttributeReference("position", LONG, is_nullable=False, expr_id=next_expr_id())
        old, new = buffers.attributes(), buffers.attributes()
        rows = (position, *old, *new)
        schema = StructType(tuple(StructField(str(i), a.type) for i, a in enumerate(rows)))
        relation = StreamingRelation(0, "", Options(), (), schema, rows)
        merged = tuple(
            Alias(expression, (a.name,), expr_id=next_expr_id())
            for expression, a in zip(buffers.merged(old, new), old, strict=True)
        )
        self._run: Callable[[pa.Table], pa.Table] = context.prepare(Project(relation, (position, *merged)))

    def merged(self, earlier: Columns, later: Columns) -> Columns:
        """The buffers of two columns of buffers together."""
        positions = pa.array(np.arange(len(earlier[0])))
        columns = column_arrays(self._run(rows_table([positions, *earlier, *later])))
        order = np.asarray(columns[0])
        if (np.diff(order) == 1).all():
            return columns[1:]
        back = pa.array(np.argsort(order))
        return [pc.take(column, back) for column in columns[1:]]

    def folded(self, columns: Columns, offsets: Longs) -> Columns:
        """The buffers of each run of rows together, in the order of the rows. Runs are not empty."""
        sizes = np.diff(offsets)
        while columns and sizes.max(initial=1) > 1:
            place = np.arange(int(offsets[-1])) - np.repeat(offsets[:-1], sizes)
            is_even = place % 2 == 0
            has_next = is_even & (place + 1 < np.repeat(sizes, sizes))
            left = np.flatnonzero(has_next)
            alone = np.flatnonzero(is_even & ~has_next)
            both = self.merged(_take(columns, left), _take(columns, left + 1))
            order = np.argsort(np.concatenate([alone, left]))
            singles = _take(columns, alone)
            columns = _take([pa.concat_arrays(pair) for pair in zip(singles, both, strict=True)], order)
            sizes = (sizes + 1) // 2
            offsets = offsets_of(sizes)
        return columns


class SessionWindow(StatefulOperator):
    """The state of one aggregation by session: keys and start of each session -> session, keys and buffers."""

    name = "sessionWindowStateStoreSaveExec"

    def __init__(
        self, operator_id: int, context: StateContext, keys: Attributes, position: int, buffers: Buffers
    ) -> None:
        super().__init__(operator_id, context)
        fields = [k.to_field() for k in keys]
        session = fields[position].data_type
        if not isinstance(session, StructType):
            raise TypeError(session)
        others = fields[:position] + fields[position + 1 :]
        start = StructField(_START, session.fields[0].data_type)
        self._position = position
        self._buffers = buffers
        self._key_count = len(others)
        self._session_type = arrow_type(session)
        self._has_watermark = DELAY_KEY in keys[position].metadata
        self._store = TypedStore(
            context,
            operator_id,
            context.stored(StructType((*others, start))),
            context.stored(StructType((*fields, *buffers.fields))),
            partition_by=range(len(others)),
            prefix_columns=len(others),
        )
        self._prefixes = UnsafeRowCodec(StructType(tuple(others)))
        self._index = PrefixIndex(self._prefixes.width)
        self._expiry = Expiry(self._store.store.table)
        self._merger = BufferMerger(context, buffers)

    @property
    def stores(self) -> Sequence[TypedStore]:
        """The one."""
        return (self._store,)

    @property
    def memory_bytes(self) -> int:
        """Bytes of memory that the state takes."""
        return super().memory_bytes + self._index.nbytes

    def loaded(self) -> None:
        """See StatefulOperator."""
        table = self._store.store.table
        numbers = table.live()
        columns = self._store.values.decode(table.values(numbers))
        prefixes = self._prefixes.encode(self._others(columns))
        groups = group_numbers(prefixes)
        order = np.argsort(groups, kind="stable")
        lists = UnsafeRows(numbers[order], offsets_of(np.bincount(groups)), None)
        firsts = np.unique(groups, return_index=True)[1]
        self._index.set(prefixes.take(firsts), lists)
        if self._forgets:
            self._expiry.set(numbers, _bounds(columns[self._position])[1])

    @property
    def _forgets(self) -> bool:
        return self._has_watermark and self.context.output_mode != "complete"

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """See engine.pipeline.Operator: keys and buffers of the sessions that the output mode lets out."""
        begun = time.monotonic_ns()
        columns = column_arrays(tables[0])
        count = self._key_count + 1
        columns[:count] = [without_negative_zero(column) for column in columns[:count]]
        if self.context.merges_sessions_locally:
            columns = self._merged_locally(columns)
        columns = self._without_late(columns)
        if len(columns[0]):
            self._merge(columns)
        self.counts.updates_ns += time.monotonic_ns() - begun
        if self.context.output_mode == "complete":
            return self._rows(self._store.store.table.live())
        return self._forget()

    def _others(self, columns: Columns) -> Columns:
        """The keys besides the session, of columns of state or of a batch."""
        keys = columns[: self._key_count + 1]
        return keys[: self._position] + keys[self._position + 1 :]

    def _without_late(self, columns: Columns) -> Columns:
        if not self._has_watermark:
            return columns
        late = _bounds(columns[self._position])[1] <= self.batch.late_ms * MICROS_PER_MS
        if not late.any():
            return columns
        self.counts.dropped_by_watermark += int(late.sum())
        kept = pa.array(~late)
        return [column.filter(kept) for column in columns]

    def _merged_locally(self, columns: Columns) -> Columns:
        """Sessions of the batch merged among themselves first: one that goes on is not late."""
        starts, ends = _bounds(columns[self._position])
        groups = group_numbers(self._prefixes.encode(self._others(columns)))
        found = islands(groups, starts, ends, np.zeros(starts.size, np.bool_))
        return self._joined(columns, found, starts)

    def _joined(self, columns: Columns, found: Islands, starts: Longs) -> Columns:
        """One row for each island: keys of its first row, its session, and all buffers together."""
        keys = _take(columns[: self._key_count + 1], found.firsts)
        keys[self._position] = self._sessions(starts[found.firsts], found.ends)
        buffers = _take(columns[self._key_count + 1 :], found.order)
        return [*keys, *self._merger.folded(buffers, found.offsets)]

    def _sessions(self, starts: Longs, ends: Longs) -> pa.Array:
        fields = list(self._session_type)
        bounds = [pa.array(part).view(f.type) for part, f in zip((starts, ends), fields, strict=True)]
        return pa.StructArray.from_arrays(bounds, fields=fields)

    def _merge(self, columns: Columns) -> None:
        """Bring the sessions of a batch into the state."""
        store = self._store.store
        prefixes = self._prefixes.encode(self._others(columns))
        batch_groups = group_numbers(prefixes)
        firsts = np.unique(batch_groups, return_index=True)[1]
        distinct = prefixes.take(firsts)
        known = self._index.find(distinct)
        old_rows, old_groups = known.words, np.repeat(np.arange(firsts.size), known.lengths)
        if old_rows.size:
            kept = self._decoded(old_rows)
            columns = [pa.concat_arrays(pair) for pair in zip(kept, columns, strict=True)]
        starts, ends = _bounds(columns[self._position])
        groups = np.concatenate([old_groups, batch_groups])
        is_new = np.arange(groups.size) >= old_rows.size
        found = islands(groups, starts, ends, is_new)

        # The kept session that an island starts at, if any, is replaced by it; the others go.
        rows = np.full(groups.size, -1, np.int64)
        rows[: old_rows.size] = old_rows
        numbers = rows[found.firsts]
        touched = np.add.reduceat(is_new[found.order], found.offsets[:-1]) > 0
        self._put(columns, found, starts, numbers, np.flatnonzero(touched))
        # Spark writes all sessions of a key that has rows, and counts them so.
        self.counts.updated += numbers.size
        gone = np.setdiff1d(old_rows, numbers, assume_unique=True)
        store.remove(gone)
        self.counts.removed += gone.size
        island_groups = groups[found.firsts]
        lists = UnsafeRows(numbers, offsets_of(np.bincount(island_groups)), None)
        self._index.set(distinct, lists)

    def _put(self, columns: Columns, found: Islands, starts: Longs, numbers: Longs, touched: Longs) -> None:
        """Write the islands that rows of the batch have changed; their row numbers go into `numbers`."""
        sizes = found.sizes[touched]
        inside = np.repeat(found.offsets[touched] - offsets_of(sizes)[:-1], sizes) + np.arange(sizes.sum())
        chosen = Islands(found.order[inside], offsets_of(sizes), found.ends[touched])
        joined = self._joined(columns, chosen, starts)
        begin = joined[self._position].flatten()[0]
        keys = self._store.encode_keys([*self._others(joined), begin], touched.size)
        count = self._key_count + 1
        packed = [*joined[:count], *self._buffers.pack(joined[count:])]
        values = self._store.encode_values(packed, touched.size)
        before = numbers[touched]
        changed = before < 0
        old = np.flatnonzero(before >= 0)
        if old.size:
            changed[old] = ~values.take(old).equal(self._store.store.table.values(before[old]))
        put = np.flatnonzero(changed)
        written = self._store.store.put(keys.take(put), values.take(put), before[put])
        numbers[touched[put]] = written
        if self._forgets:
            self._expiry.set(written, chosen.ends[put])

    def _forget(self) -> pa.Table:
        """Remove the sessions that the watermark has passed, and give them."""
        begun = time.monotonic_ns()
        numbers = np.zeros(0, np.int64)
        if self._forgets:
            numbers = self._expiry.take(self.batch.watermark_ms * MICROS_PER_MS)
        rows = self._rows(numbers)
        self._index.remove(numbers)
        self._store.store.remove(numbers)
        self.counts.removed += numbers.size
        self.counts.removals_ns += time.monotonic_ns() - begun
        return rows

    def _rows(self, numbers: Longs) -> pa.Table:
        return rows_table(self._decoded(numbers))

    def _decoded(self, numbers: Longs) -> Columns:
        """Keys and buffers of rows of the state, as SQL sees them."""
        columns = self._store.values.decode(self._store.store.table.values(numbers))
        count = self._key_count + 1
        return [*columns[:count], *self._buffers.unpack(columns[count:])]


def _bounds(sessions: pa.Array) -> tuple[Longs, Longs]:
    """Starts and ends in microseconds since 1970."""
    start, end = sessions.flatten()
    return np.asarray(start.view(pa.int64())), np.asarray(end.view(pa.int64()))


def _take(columns: Columns, positions: Longs) -> Columns:
    indices = pa.array(positions)
    return [pc.take(column, indices) for column in columns]
