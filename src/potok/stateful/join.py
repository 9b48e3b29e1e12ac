r"""Joins of two streams: the rows of each side meet those that the other side has kept.

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

from potok.analysis.check import refused
from potok.analysis.stream_joins import JoinCondition, all_of, join_condition
from potok.analysis.trees import exists, references
from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows, offsets_of, spans
from potok.errors import SparkError, unsupported
from potok.plan.expressions import Alias, AttributeReference, Expression, PythonFunction, next_expr_id
from potok.plan.logical import Attributes, Filter, Join, LogicalPlan, OperatorStep, Project
from potok.stateful.base import (
    MICROS_PER_MS,
    StateContext,
    StatefulOperator,
    TypedStore,
    column_arrays,
    rows_table,
)
from potok.stateful.event_time import event_time_position, known_micros
from potok.stateful.join_limits import KeyLimit, Limit, state_limits
from potok.stateful.join_state import Found, SideState
from potok.types import LONG

Mask = npt.NDArray[np.bool_]
_FORMAT_CONF, _FORMAT = "spark.sql.streaming.join.stateFormatVersion", "2"
_LEFT_OUTER = frozenset({"left_outer", "full_outer"})
_RIGHT_OUTER = frozenset({"right_outer", "full_outer"})


def plan_join(
    node: Join, relations: Sequence[LogicalPlan], operator_id: int, context: StateContext
) -> tuple[LogicalPlan, StatefulOperator]:
    """The steps of one join over two planned relations.

    Raises for a condition without an equality, and UNSUPPORTED_FEATURE for another format of the state.
    """
    version = context.conf.get(_FORMAT_CONF, _FORMAT)
    if version != _FORMAT:
        raise unsupported(
            f"version {version} of the state of joins", f"Begin with {_FORMAT_CONF} = {_FORMAT}."
        )
    left, right = node.left.output, node.right.output
    condition = join_condition(node.condition, left, right)
    if not condition.left_keys:
        raise refused("Stream-stream join without equality predicate is not supported.")
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
    """Candidates: positions in the columns of the left and of the right side, state behind the batch's rows.

    Until `split` they are rows of the batch of the side that comes first, with state of the other; then
    come the batch's rows of the other side, with state of the first and, behind it, its rows of the batch.
    """

    split: int
    at: tuple[Longs, Longs]

    def take(self, chosen: Longs) -> _Pairs:
        """Some of the pairs; ascending."""
        split = int(np.searchsorted(chosen, self.split))
        return _Pairs(split, (self.at[0][chosen], self.at[1][chosen]))


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
        self._attributes = left, right
        self._times: tuple[int | None, int | None] = (None, None)
        limits: tuple[Limit | None, Limit | None] = (None, None)
        # Spark raises it when the state has been begun.
        self._refusal: SparkError | None = None
        try:
            self._times = event_time_position(left), event_time_position(right)
            limits = state_limits(condition, left, right)
        except SparkError as error:
            self._refusal = error
        key_types = tuple(key.data_type for key in condition.left_keys)
        self._states = (
            SideState(context, operator_id, "left", left, key_types, limits[0]),
            SideState(context, operator_id, "right", right, key_types, limits[1]),
        )
        self._is_outer = join_type in _LEFT_OUTER, join_type in _RIGHT_OUTER
        self._is_semi = join_type == "left_semi"
        # Which side's rows are looked at first: the other's are then compared with them too.
        self._order = (1, 0) if self._is_semi else (0, 1)
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
        return tuple(store for state in self._states for store in (state.counts, state.rows))

    @property
    def rows_total(self) -> int:
        """Rows of both sides; how many each key has does not count."""
        return sum(len(state.rows) for state in self._states)

    @property
    def memory_bytes(self) -> int:
        """Bytes of memory that the state takes."""
        return super().memory_bytes + sum(state.nbytes for state in self._states)

    def loaded(self) -> None:
        """See StatefulOperator."""
        for state in self._states:
            state.loaded()

    def output_watermark_ms(self, input_ms: int) -> int:
        """Both sides' event times are above it: those of rows that may still be given.

        Raises MULTIPLE_EVENT_TIME_COLUMNS.
        """
        if self._refusal is not None:
            raise self._refusal
        limits = [state.limit for state in self._states if state.limit is not None]
        of_values = [limit.limit_ms(input_ms) for limit in limits if not isinstance(limit, KeyLimit)]
        return min([input_ms, *of_values])

    def needs_another_batch(self, input_ms: int) -> bool:
        """See StatefulOperator."""
        forgets = any(state.limit is not None for state in self._states)
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
        places = self._pairs.at
        columns = [_taken(self._sources[s][i], places[s]) for s, i in self._looked_at]
        self.counts.updates_ns += time.monotonic_ns() - begun
        return rows_table([pa.array(np.arange(places[0].size)), *columns])

    def settle(self, passing: pa.Table) -> pa.Table:
        """Store the batch's rows, given the pairs that fulfil the condition; the rows of the join."""
        chosen = np.sort(np.asarray(column_arrays(passing)[0]))
        return self._settled(self._pairs.take(chosen))

    def _read(self, left: pa.Table, right: pa.Table) -> None:
        self._inputs = inputs = self._input(left, 0), self._input(right, 1)
        encode = self._states[0].counts.encode_keys
        held = [encode([_taken(k, i.held) for k in i.keys], i.held.size) for i in inputs]
        keys = UnsafeRows.concat(held)
        first, groups = grouped(keys)
        distinct = keys.take(first)
        split = inputs[0].held.size
        inputs[0].group, inputs[1].group = groups[:split], groups[split:]
        self._found = self._states[0].find(distinct), self._states[1].find(distinct)
        self._pairs = self._candidates()
        self._sources = self._with_state(0), self._with_state(1)

    def _with_state(self, side: int) -> list[pa.Array]:
        """The batch's columns of a side, and behind them the rows that were found in its state."""
        columns, numbers = self._inputs[side].columns, self._found[side].numbers
        if not numbers.size:
            return columns
        old = self._states[side].columns(numbers)
        return [pa.concat_arrays([a, b]) for a, b in zip(columns, old, strict=True)]

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
            passes = np.asarray(
                pc.equal(columns[-1], pa.scalar(value=True)).fill_null(pa.scalar(value=False))
            )
            held, failing = np.flatnonzero(passes), np.flatnonzero(~passes)
        return _Input(columns[:width], keys, table.num_rows, held, failing)

    def _candidates(self) -> _Pairs:
        one, other = self._order
        first, second = self._inputs[one], self._inputs[other]
        old_first, old_second = self._found[one], self._found[other]
        new_rows, slots = _crossed(first.group, old_second.offsets)
        rows, old_slots = _crossed(second.group, old_first.offsets)
        order = np.argsort(first.group, kind="stable")
        batch_offsets = offsets_of(np.bincount(first.group, minlength=len(old_first.keys)))
        again, places = _crossed(second.group, batch_offsets)
        # Each of the second rows meets the state first, then the batch.
        meeting = np.concatenate([rows, again])
        partners = np.concatenate([old_slots + first.size, first.held[order[places]]])
        turn = np.argsort(meeting, kind="stable")
        at_first = np.concatenate([first.held[new_rows], partners[turn]])
        at_second = np.concatenate([slots + second.size, second.held[meeting[turn]]])
        return _Pairs(new_rows.size, (at_first, at_second) if one == 0 else (at_second, at_first))

    # ---- what comes of it ----

    def _settled(self, pairs: _Pairs) -> pa.Table:
        begun = time.monotonic_ns()
        pairs = self._first_partners(pairs) if self._is_semi else pairs
        self._store(pairs)
        parts = [self._joined(pairs)]
        now = time.monotonic_ns()
        self.counts.updates_ns += now - begun
        for side, state in enumerate(self._states):
            removed, unmatched = state.evict(self.batch.watermark_ms, give_unmatched=self._is_outer[side])
            self.counts.removed += removed
            if unmatched is not None:
                missing = self._nulls(1 - side, len(unmatched[0]))
                parts.append(rows_table([*unmatched, *missing] if side == 0 else [*missing, *unmatched]))
        self.counts.removals_ns += time.monotonic_ns() - now
        return parts[0] if len(parts) == 1 else pa.concat_tables(parts)

    def _nulls(self, side: int, count: int) -> list[pa.Array]:
        return [pa.nulls(count, column.type) for column in self._inputs[side].columns]

    def _first_partners(self, pairs: _Pairs) -> _Pairs:
        """The pairs that a left semi join looks at: each left row that it holds finds one partner."""
        left = self._inputs[0]
        _, first = np.unique(pairs.at[0], return_index=True)
        chosen = np.sort(first)
        of_state = pairs.at[0][chosen] - left.size
        if (of_state >= 0).any():
            matched = self._states[0].matched(self._found[0].numbers)
            chosen = chosen[~((of_state >= 0) & matched[np.maximum(of_state, 0)])]
        return pairs.take(chosen)

    def _store(self, pairs: _Pairs) -> None:
        met = tuple(self._met(side, pairs.at[side]) for side in (0, 1))
        for side in (0, 1):
            size = self._inputs[side].size
            old = self._found[side].numbers[np.flatnonzero(met[side][size:])]
            if self._is_semi and side == 0:
                # What has found its partner is never asked again.
                self._states[0].remove(old)
                self.counts.removed += old.size
            else:
                self._states[side].mark(old)
        if self._is_semi:
            self._found = self._states[0].recounted(self._found[0]), self._found[1]
        for side in self._order:
            self._append(side, met[side][: self._inputs[side].size])

    def _met(self, side: int, places: Longs) -> Mask:
        met = np.zeros(self._inputs[side].size + self._found[side].numbers.size, np.bool_)
        met[places] = True
        return met

    def _append(self, side: int, met: Mask) -> None:
        """Keep the batch's rows of a side.

        Rows of the second side that would go at once are not kept, unless they are to be given then.
        """
        rows, state = self._inputs[side], self._states[side]
        stays = np.ones(rows.size, np.bool_)
        if side == self._order[1]:
            due = state.is_due(rows.columns, rows.keys, self.batch.watermark_ms, rows.size)
            stays = ~due if not self._is_outer[side] else ~(due & met)
        if self._is_semi and side == 0:
            stays &= ~met
        kept = np.flatnonzero(stays[rows.held])
        at = rows.held[kept]
        state.append(self._found[side], rows.group[kept], [_taken(c, at) for c in rows.columns], met[at])
        self.counts.updated += kept.size

    def _joined(self, pairs: _Pairs) -> pa.Table:
        """The pairs as rows, and rows that fail the condition of their own side where it is an outer one."""
        (left, right), (left_at, right_at) = self._inputs, pairs.at
        if self._is_semi:
            return rows_table([_taken(c, left_at) for c in self._sources[0]])
        alone_left = left.failing if self._is_outer[0] else left.failing[:0]
        alone_right = right.failing if self._is_outer[1] else right.failing[:0]
        if alone_left.size or alone_right.size:
            split = pairs.split
            # Rows come in the order of the batch's rows that they are made from, left ones first.
            turn = np.concatenate(
                [left_at[:split], right_at[split:] + left.size, alone_left, alone_right + left.size]
            )
            order = np.argsort(turn, kind="stable")
            left_at = np.concatenate([left_at, alone_left, np.full(alone_right.size, -1)])[order]
            right_at = np.concatenate([right_at, np.full(alone_left.size, -1), alone_right])[order]
        sides = zip(self._sources, (left_at, right_at), strict=True)
        return rows_table([_taken(column, at) for source, at in sides for column in source])


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
