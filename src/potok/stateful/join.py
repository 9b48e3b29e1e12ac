"""Joins of two streams: the rows of each side meet those that the other side has kept.

    left rows + keys (SQL)  \\
                              Meet -> the other conditions, pair by pair (SQL) -> Settle -> rows
    right rows + keys (SQL) /

Source of facts: StreamingSymmetricHashJoinExec.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from potok.analysis.trees import exists, references
from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows, offsets_of, spans
from potok.errors import SparkError
from potok.plan.expressions import Alias, AttributeReference, Expression, PythonFunction, next_expr_id
from potok.plan.logical import (
    Attributes,
    Filter,
    Join,
    LogicalPlan,
    OperatorStep,
    Project,
    to_attribute,
)
from potok.stateful.base import (
    MICROS_PER_MS,
    StateContext,
    StatefulOperator,
    TypedStore,
    column_arrays,
    rows_table,
)
from potok.stateful.event_time import event_time_position, known_micros
from potok.stateful.join_condition import JoinCondition, KeyLimit, all_of, join_condition, state_limits
from potok.stateful.join_state import Found, SideState
from potok.types import LONG

Mask = npt.NDArray[np.bool_]
_LEFT_OUTER = frozenset({"left_outer", "full_outer"})
_RIGHT_OUTER = frozenset({"right_outer", "full_outer"})


def plan_join(
    node: Join, relations: Sequence[LogicalPlan], operator_id: int, context: StateContext
) -> tuple[LogicalPlan, StatefulOperator]:
    """The steps of one join over two planned relations. Raises for a condition without an equality."""
    left, right = node.left.output, node.right.output
    condition = join_condition(node.condition, left, right)
    if not condition.left_keys:
        raise SparkError("_LEGACY_ERROR_TEMP_1181")
    on_left, on_right = condition.on(left), condition.on(right)
    both = all_of(c for c in condition.rest if c not in on_left and c not in on_right)
    if both is not None and node.join_type not in {"inner", "cross"} and _has_python(both):
        raise SparkError("UNSUPPORTED_FEATURE.PYTHON_UDF_IN_ON_CLAUSE", joinType=node.join_type.upper())
    operator = JoinOperator(operator_id, context, node.join_type, condition, left, right)
    sides = (
        _side(relations[0], left, condition.left_keys, on_left),
        _side(relations[1], right, condition.right_keys, on_right),
    )
    if both is None:
        return OperatorStep(sides, _Whole(operator), node.output), operator
    pair = AttributeReference("pair", LONG, is_nullable=False, expr_id=next_expr_id())
    used = references([both])
    looked_at = tuple(a for a in (*left, *right) if a.expr_id in used)
    operator.look_at([a.expr_id for a in looked_at])
    met = OperatorStep(sides, _Meet(operator), (pair, *looked_at))
    passing = Project(Filter(met, both), (pair,))
    return OperatorStep((passing,), _Settle(operator), node.output), operator


def _has_python(condition: Expression) -> bool:
    return exists(condition, lambda e: isinstance(e, PythonFunction))


def _side(
    relation: LogicalPlan, columns: Attributes, keys: Sequence[Expression], conditions: Sequence[Expression]
) -> LogicalPlan:
    """The columns of a side, its keys, and whether its own conditions hold."""
    named: list[Expression] = [Alias(key, ("key",), expr_id=next_expr_id()) for key in keys]
    own = all_of(conditions)
    if own is not None:
        named.append(Alias(own, ("may_match",), expr_id=next_expr_id()))
    by_id = {a.expr_id: a for a in relation.output}
    return Project(relation, (*(by_id[c.expr_id] for c in columns), *named))


@dataclass
class _Input:
    """The rows of one side in a batch that are not late.

    `held` are those that fulfil the conditions of their side, by position; `group` the number of the key
    of each of them among the keys of the batch.
    """

    columns: list[pa.Array]
    keys: list[pa.Array]
    size: int
    held: Longs
    failing: Longs
    group: Longs = field(default_factory=lambda: np.zeros(0, np.int64))


@dataclass(frozen=True)
class _Pairs:
    """Candidates: positions in the columns of each side, where rows of the state follow the batch's.

    The first `from_left` are left rows of the batch with state of the right side; then come right rows
    of the batch with left rows, those of the state first, then the batch's.
    """

    from_left: int
    left_at: Longs
    right_at: Longs

    def take(self, chosen: Longs) -> _Pairs:
        """Some of the pairs; ascending."""
        return _Pairs(
            int(np.searchsorted(chosen, self.from_left)), self.left_at[chosen], self.right_at[chosen]
        )


class JoinOperator(StatefulOperator):
    """The state of one join: both sides' rows by key."""

    name = "symmetricHashJoin"

    def __init__(
        self,
        operator_id: int,
        context: StateContext,
        join_type: str,
        condition: JoinCondition,
        left: Attributes,
        right: Attributes,
    ) -> None:
        super().__init__(operator_id, context)
        self._type = join_type
        self._attributes = left, right
        self._times = event_time_position(left), event_time_position(right)
        limits = state_limits(condition, left, right)
        key_types = tuple(key.data_type for key in condition.left_keys)
        self._left = SideState(context, operator_id, "left", left, key_types, limits[0])
        self._right = SideState(context, operator_id, "right", right, key_types, limits[1])
        self._key_count = len(key_types)
        self._looked_at: list[tuple[int, int]] = []
        self._inputs: tuple[_Input, _Input]
        self._found: tuple[Found, Found]
        self._pairs: _Pairs
        self._sources: tuple[list[pa.Array], list[pa.Array]]

    def look_at(self, expr_ids: Sequence[int]) -> None:
        """The columns that the condition over pairs reads."""
        places = {a.expr_id: (s, i) for s, side in enumerate(self._attributes) for i, a in enumerate(side)}
        self._looked_at = [places[i] for i in expr_ids]

    # ---- StatefulOperator ----

    @property
    def stores(self) -> Sequence[TypedStore]:
        """Two of each side, in Spark's order."""
        return (self._left.counts, self._left.rows, self._right.counts, self._right.rows)

    @property
    def rows_total(self) -> int:
        """Rows of both sides; how many each key has does not count."""
        return len(self._left.rows) + len(self._right.rows)

    @property
    def memory_bytes(self) -> int:
        """Bytes of memory that the state takes."""
        return super().memory_bytes + self._left.nbytes + self._right.nbytes

    def loaded(self) -> None:
        """See StatefulOperator."""
        self._left.loaded()
        self._right.loaded()

    def output_watermark_ms(self, input_ms: int) -> int:
        """Both sides' event times are above it: those of rows that may still be given."""
        limits = [s.limit for s in (self._left, self._right) if s.limit is not None]
        return min(
            [input_ms, *(input_ms if isinstance(x, KeyLimit) else x.limit_ms(input_ms) for x in limits)]
        )

    def needs_another_batch(self, input_ms: int) -> bool:
        """See StatefulOperator."""
        forgets = self._left.limit is not None or self._right.limit is not None
        return forgets and input_ms > self.batch.watermark_ms

    # ---- the batch ----

    def whole(self, left: pa.Table, right: pa.Table) -> pa.Table:
        """The join of a batch where keys are the only condition over both sides."""
        begun = time.monotonic_ns()
        self._read(left, right)
        self.counts.updates_ns += time.monotonic_ns() - begun
        return self._settled(self._pairs)

    def meet(self, left: pa.Table, right: pa.Table) -> pa.Table:
        """Pairs with equal keys, by number, with the columns that the condition reads."""
        begun = time.monotonic_ns()
        self._read(left, right)
        places = self._pairs.left_at, self._pairs.right_at
        columns = [_taken(self._sources[s][i], places[s]) for s, i in self._looked_at]
        self.counts.updates_ns += time.monotonic_ns() - begun
        return rows_table([pa.array(np.arange(places[0].size)), *columns])

    def settle(self, passing: pa.Table) -> pa.Table:
        """Store the batch's rows, given the pairs that fulfil the condition; the rows of the join."""
        chosen = np.sort(np.asarray(column_arrays(passing)[0]))
        return self._settled(self._pairs.take(chosen))

    def _read(self, left: pa.Table, right: pa.Table) -> None:
        inputs = self._input(left, 0), self._input(right, 1)
        held = [
            self._left.counts.encode_keys([_taken(k, i.held) for k in i.keys], i.held.size) for i in inputs
        ]
        keys = UnsafeRows.concat(held)
        first, groups = grouped(keys)
        distinct = keys.take(first)
        split = inputs[0].held.size
        inputs[0].group, inputs[1].group = groups[:split], groups[split:]
        self._inputs = inputs
        self._found = self._left.find(distinct), self._right.find(distinct)
        self._pairs = self._candidates()
        self._sources = (
            _behind(inputs[0].columns, self._left, self._found[0]),
            _behind(inputs[1].columns, self._right, self._found[1]),
        )

    def _input(self, table: pa.Table, side: int) -> _Input:
        position = self._times[side]
        if position is not None:
            times, known = known_micros(table.column(position))
            late = known & (times <= self.batch.late_ms * MICROS_PER_MS)
            if late.any():
                self.counts.dropped_by_watermark += int(late.sum())
                table = table.filter(pa.array(~late))
        columns = column_arrays(table)
        width = len(self._attributes[side])
        keys = [_without_negative_zero(k) for k in columns[width : width + self._key_count]]
        if len(columns) == width + self._key_count:
            held = np.arange(table.num_rows)
            failing = np.zeros(0, np.int64)
        else:
            passes = np.asarray(pc.equal(columns[-1], pa.scalar(value=True)).fill_null(pa.scalar(value=False)))
            held, failing = np.flatnonzero(passes), np.flatnonzero(~passes)
        return _Input(columns[:width], keys, table.num_rows, held, failing)

    def _candidates(self) -> _Pairs:
        (left, right), (old_left, old_right) = self._inputs, self._found
        left_rows, right_slots = _crossed(left.group, old_right.offsets)
        right_rows, left_slots = _crossed(right.group, old_left.offsets)
        order = np.argsort(left.group, kind="stable")
        batch_offsets = offsets_of(np.bincount(left.group, minlength=len(old_left.keys)))
        again, places = _crossed(right.group, batch_offsets)
        # For each right row the left rows of the state come first, then the batch's.
        rows = np.concatenate([right_rows, again])
        partners = np.concatenate([left_slots + left.size, left.held[order[places]]])
        turn = np.argsort(rows, kind="stable")
        return _Pairs(
            left_rows.size,
            np.concatenate([left.held[left_rows], partners[turn]]),
            np.concatenate([right_slots + right.size, right.held[rows[turn]]]),
        )

    # ---- what comes of it ----

    def _settled(self, pairs: _Pairs) -> pa.Table:
        begun = time.monotonic_ns()
        pairs = self._of_semi(pairs) if self._type == "left_semi" else pairs
        self._store(pairs)
        rows = self._joined(pairs)
        now = time.monotonic_ns()
        self.counts.updates_ns += now - begun
        removed_left, left = self._left.evict(
            self.batch.watermark_ms, give_unmatched=self._type in _LEFT_OUTER
        )
        removed_right, right = self._right.evict(
            self.batch.watermark_ms, give_unmatched=self._type in _RIGHT_OUTER
        )
        # Spark does not count the rows of a side that it gives while it removes.
        self.counts.removed += 0 if self._type in _LEFT_OUTER else removed_left
        self.counts.removed += 0 if self._type in _RIGHT_OUTER else removed_right
        parts = [rows]
        if left is not None:
            parts.append(rows_table([*left, *self._nulls(1, len(left[0]))]))
        if right is not None:
            parts.append(rows_table([*self._nulls(0, len(right[0])), *right]))
        self.counts.removals_ns += time.monotonic_ns() - now
        return parts[0] if len(parts) == 1 else pa.concat_tables(parts)

    def _nulls(self, side: int, count: int) -> list[pa.Array]:
        return [pa.nulls(count, column.type) for column in self._inputs[side].columns]

    def _of_semi(self, pairs: _Pairs) -> _Pairs:
        """The pairs that a left semi join looks at: each left row finds one partner."""
        left = self._inputs[0]
        split = pairs.from_left
        _, first = np.unique(pairs.left_at[:split], return_index=True)
        done = np.zeros(left.size + self._found[0].numbers.size, np.bool_)
        done[pairs.left_at[:split]] = True
        done[left.size :] = self._left.matched(self._found[0].numbers)
        later = split + np.flatnonzero(~done[pairs.left_at[split:]])
        _, first_later = np.unique(pairs.left_at[later], return_index=True)
        return pairs.take(np.concatenate([np.sort(first), np.sort(later[first_later])]))

    def _store(self, pairs: _Pairs) -> None:
        (left, right), split = self._inputs, pairs.from_left
        left_met, right_met = np.zeros(left.size, np.bool_), np.zeros(right.size, np.bool_)
        left_met[pairs.left_at[:split]] = True
        stored = np.arange(left.held.size)
        if self._type == "left_semi":
            stored = np.flatnonzero(~left_met[left.held])
        from_right = pairs.left_at[split:]
        left_met[from_right[from_right < left.size]] = True
        right_met[pairs.right_at[split:]] = True
        old_left, old_right = self._found
        self._left.mark(old_left.numbers[np.unique(from_right[from_right >= left.size]) - left.size])
        self._right.mark(old_right.numbers[np.unique(pairs.right_at[:split]) - right.size])
        rows = left.held[stored]
        self._left.append(
            old_left, left.group[stored], [_taken(c, rows) for c in left.columns], left_met[rows]
        )
        self._append_right(right, old_right, right_met)
        self.counts.updated += stored.size

    def _append_right(self, right: _Input, found: Found, met: Mask) -> None:
        """Rows that would go at once are not stored, unless they are to be given then."""
        due = self._right.is_due(right.columns, right.keys, self.batch.watermark_ms, right.size)
        if self._type in _RIGHT_OUTER:
            due &= met
        stored = np.flatnonzero(~due[right.held])
        rows = right.held[stored]
        self._right.append(found, right.group[stored], [_taken(c, rows) for c in right.columns], met[rows])
        self.counts.updated += stored.size

    def _joined(self, pairs: _Pairs) -> pa.Table:
        """The pairs as rows, and rows that fail the condition of their own side where it is an outer one."""
        (left, right), (of_left, of_right) = self._inputs, self._sources
        left_at, right_at = pairs.left_at, pairs.right_at
        if self._type == "left_semi":
            return rows_table([_taken(c, left_at) for c in of_left])
        alone_left = left.failing if self._type in _LEFT_OUTER else left.failing[:0]
        alone_right = right.failing if self._type in _RIGHT_OUTER else right.failing[:0]
        if alone_left.size or alone_right.size:
            missing_left, missing_right = np.full(alone_right.size, -1), np.full(alone_left.size, -1)
            split = pairs.from_left
            # Rows come in the order of the batch's rows that they are made from, left ones first.
            turn = np.concatenate(
                [left_at[:split], right_at[split:] + left.size, alone_left, alone_right + left.size]
            )
            order = np.argsort(turn, kind="stable")
            left_at = np.concatenate([left_at, alone_left, missing_left])[order]
            right_at = np.concatenate([right_at, missing_right, alone_right])[order]
        return rows_table(
            [*(_taken(c, left_at) for c in of_left), *(_taken(c, right_at) for c in of_right)]
        )


def grouped(keys: UnsafeRows) -> tuple[Longs, Longs]:
    """Where each distinct row occurs first, and for each row the number of its like there."""
    _, first, groups = np.unique(keys.hashes(), return_index=True, return_inverse=True)
    if first.size == len(keys) or keys.take(first[groups]).equal(keys).all():
        return first, groups
    numbers: dict[bytes, int] = {}
    groups = np.array([numbers.setdefault(keys.row_bytes(i), len(numbers)) for i in range(len(keys))])
    return np.unique(groups, return_index=True)[1], groups


def _crossed(groups: Longs, offsets: Longs) -> tuple[Longs, Longs]:
    """Each position of `groups` with each place of its group, where group g has places offsets[g]:offsets[g+1]."""
    starts = offsets[:-1][groups]
    lengths = offsets[1:][groups] - starts
    ends = offsets_of(lengths)
    return np.repeat(np.arange(groups.size), lengths), spans(starts, lengths, ends)


def _behind(columns: list[pa.Array], state: SideState, found: Found) -> list[pa.Array]:
    """The batch's columns, and behind them the rows that were found."""
    if not found.numbers.size:
        return columns
    old = state.columns(found.numbers)
    return [pa.concat_arrays([a, b]) for a, b in zip(columns, old, strict=True)]


def _taken(column: pa.Array, places: Longs) -> pa.Array:
    """The values at some places, NULL at -1."""
    if places.size == len(column) and places.size and (np.diff(places) == 1).all() and places[0] == 0:
        return column
    missing = places < 0
    return pc.take(column, pa.array(places, mask=missing) if missing.any() else pa.array(places))


def _without_negative_zero(column: pa.Array) -> pa.Array:
    """Zero has one sign in keys."""
    return pc.add(column, pa.scalar(0.0, column.type)) if pa.types.is_floating(column.type) else column


@dataclass(frozen=True)
class _Whole:
    owner: JoinOperator

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """See engine.pipeline.Operator."""
        return self.owner.whole(tables[0], tables[1])


@dataclass(frozen=True)
class _Meet:
    owner: JoinOperator

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """See engine.pipeline.Operator."""
        return self.owner.meet(tables[0], tables[1])


@dataclass(frozen=True)
class _Settle:
    owner: JoinOperator

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """See engine.pipeline.Operator."""
        return self.owner.settle(tables[0])
