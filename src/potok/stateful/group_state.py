"""applyInPandasWithState: a user's function over each group of a batch and the group's state.

Groups with rows come first, in the order of their keys; then those whose time has come.
Source of facts: FlatMapGroupsWithStateExec, FlatMapGroupsInPandasWithStateExec, FlatMapGroupsWithStateExecHelper.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows
from potok.engine import python_values
from potok.plan.expressions import Alias, AttributeReference, Expression, next_expr_id
from potok.plan.logical import LogicalPlan, OperatorStep, Project, StatefulMap
from potok.stateful.base import (
    MICROS_PER_MS,
    StateContext,
    StatefulOperator,
    TypedStore,
    column_arrays,
)
from potok.stateful.event_time import event_time_position, without_late_rows
from potok.stateful.expiry import Expiry
from potok.stateful.user.frames import Frames, chunks, from_frame, user_keys
from potok.stateful.user.groups import Groups, grouped, sorted_positions
from potok.stateful.user.state_values import Internal, columns_of, fitted_row, rows_of, to_user
from potok.types import LONG, StructField, StructType, arrow_schema

NO_TIME = -1
NO_TIMEOUT, BY_CLOCK, BY_EVENT_TIME = "NoTimeout", "ProcessingTimeTimeout", "EventTimeTimeout"
# Where the time stands in a value row: after the word of nulls and the slot of the struct.
_TIME_WORD = 2


@dataclass(frozen=True)
class GroupFunction:
    """A function of groups with state, as the program declares it."""

    load: Callable[[], Callable[..., Any]]
    columns: StructType
    key_positions: tuple[int, ...]
    width: int
    state: StructType
    result: StructType
    timeout: str
    time_position: int | None


def plan_group_state(
    node: StatefulMap, relations: Sequence[LogicalPlan], operator_id: int, context: StateContext
) -> tuple[LogicalPlan, StatefulOperator]:
    """One step over the rows with their keys."""
    (child,) = relations
    settings = dict(node.settings)
    source, key_positions = with_keys(child, node.grouping)
    payload = node.function.payload
    function = GroupFunction(
        lambda: python_values.load(payload),
        source.schema,
        key_positions,
        len(node.function.arguments),
        settings["state_schema"],
        StructType(tuple(a.to_field() for a in node.result)),
        settings["timeout_conf"],
        event_time_position(child.output[: len(node.function.arguments)]),
    )
    operator = GroupStateOperator(operator_id, context, function)
    return OperatorStep((source,), operator, node.result), operator


def with_keys(child: LogicalPlan, grouping: Sequence[Expression]) -> tuple[LogicalPlan, tuple[int, ...]]:
    """The rows with their keys as columns, computed ones behind, and the positions of the keys."""
    columns = child.output
    places = {a.expr_id: i for i, a in enumerate(columns)}
    positions: list[int] = []
    extra: list[Alias] = []
    for key in grouping:
        if isinstance(key, AttributeReference) and key.expr_id in places:
            positions.append(places[key.expr_id])
            continue
        positions.append(len(columns) + len(extra))
        extra.append(key if isinstance(key, Alias) else Alias(key, ("key",), expr_id=next_expr_id()))
    source = Project(child, (*columns, *extra)) if extra else child
    return source, tuple(positions)


def nullable_fields(fields: Iterable[StructField]) -> StructType:
    """Key fields as Spark 4.3 writes them: all may be NULL."""
    return StructType(tuple(replace(field, nullable=True) for field in fields))


class GroupStateOperator(StatefulOperator):
    """The states of the groups by key."""

    name = "applyInPandasWithState"

    def __init__(self, operator_id: int, context: StateContext, function: GroupFunction) -> None:
        super().__init__(operator_id, context)
        self._function = function
        self._timed = function.timeout != NO_TIMEOUT
        key_schema = nullable_fields(function.columns.fields[i] for i in function.key_positions)
        fields = [StructField("groupState", function.state)]
        if self._timed:
            fields.append(StructField("timeoutTimestamp", LONG))
        self._store = TypedStore(context, operator_id, key_schema, StructType(tuple(fields)))
        self._expiry = Expiry(self._store.store.table)
        self._call: Callable[..., Any] | None = None
        self._to_user = to_user(function.state)

    @property
    def stores(self) -> Sequence[TypedStore]:
        """The one."""
        return (self._store,)

    @property
    def memory_bytes(self) -> int:
        """See StatefulOperator."""
        return super().memory_bytes + self._expiry.nbytes

    def loaded(self) -> None:
        """See StatefulOperator."""
        if self._timed:
            self._expiry = Expiry(self._store.store.table)
            numbers = self._store.store.table.live()
            self._set_times(numbers, self._times(numbers))

    @property
    def gives_watermark(self) -> bool:
        """Nothing is known of the times that a user's function gives."""
        return False

    def needs_another_batch(self, input_ms: int) -> bool:
        """By event time only, with the watermark."""
        return self._function.timeout == BY_EVENT_TIME and input_ms > self.batch.watermark_ms

    def wakes_at_ms(self) -> int | None:
        """See StatefulOperator: after the earliest timeout."""
        earliest_us = self._expiry.earliest_us() if self._function.timeout == BY_CLOCK else None
        return None if earliest_us is None else earliest_us // MICROS_PER_MS + 1

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """See engine.pipeline.Operator: what the functions give, group by group."""
        begun = time.monotonic_ns()
        if self._call is None:
            self._call = self._function.load()
        results: list[Any] = []
        columns = self._not_late(column_arrays(tables[0]))
        self._call_groups(columns, len(columns[0]), results)
        timeouts_begun = time.monotonic_ns()
        if self._timed:
            self._call_timed_out(results)
        self.counts.removals_ns += time.monotonic_ns() - timeouts_begun
        rows = self._table(results)
        self.counts.updates_ns += time.monotonic_ns() - begun
        return rows

    def _not_late(self, columns: list[pa.Array]) -> list[pa.Array]:
        position = self._function.time_position
        if self._function.timeout != BY_EVENT_TIME or position is None:
            return columns
        kept, late = without_late_rows(columns, position, self.batch.late_ms)
        self.counts.dropped_by_watermark += late
        return kept

    # ---- groups with rows -----------------------------------------------------------------------

    def _call_groups(self, columns: list[pa.Array], size: int, results: list[Any]) -> None:
        if not size:
            return
        function = self._function
        keys = [columns[i] for i in function.key_positions]
        groups = grouped(keys, self._store.encode_keys(keys, size))
        numbers = self._store.store.find(groups.keys)
        order = pa.array(groups.order)
        schema = StructType(function.columns.fields[: function.width])
        table = pa.table(
            [c.take(order) for c in columns[: function.width]], names=[str(i) for i in range(function.width)]
        )
        with python_values.user_code():
            frames = Frames(table, schema, self.context.time_zone)
        self._call_each(
            groups,
            numbers,
            [k.take(pa.array(groups.firsts)) for k in keys],
            self._parts(frames, groups),
            results,
        )

    def _parts(self, frames: Frames, groups: Groups) -> Iterator[Iterable[Any]]:
        for parts in chunks(groups.starts.tolist(), self.context.rows_per_batch):
            yield (frames.part(start, end) for start, end in parts)

    # ---- groups whose time has come -------------------------------------------------------------

    def _call_timed_out(self, results: list[Any]) -> None:
        by_clock = self._function.timeout == BY_CLOCK
        limit_ms = self.batch.now_ms if by_clock else self.batch.watermark_ms
        numbers = self._expiry.take(limit_ms * MICROS_PER_MS - 1)
        times = self._times(numbers)
        # A row that was given another time or none since is not due.
        numbers = numbers[(times != NO_TIME) & (times < limit_ms)]
        if not numbers.size:
            return
        key_rows = self._store.store.table.keys(numbers)
        keys = self._store.keys.decode(key_rows)
        ascending = sorted_positions(keys, numbers.size)
        numbers, key_rows = numbers[ascending], key_rows.take(ascending)
        keys = [key.take(pa.array(ascending)) for key in keys]
        groups = Groups(numbers, np.arange(numbers.size + 1), numbers, key_rows)
        schema = StructType(self._function.columns.fields[: self._function.width])
        empty = Frames.empty_of(schema)
        parts = ([empty.copy()] for _ in range(numbers.size))
        self._call_each(groups, numbers, keys, parts, results, timed_out=True)
        # What the function has left as it was is called again with the next batch.
        self._set_again(numbers, limit_ms)

    # ---- both -----------------------------------------------------------------------------------

    def _call_each(
        self,
        groups: Groups,
        numbers: Longs,
        keys: list[pa.Array],
        parts: Iterator[Iterable[Any]],
        results: list[Any],
        *,
        timed_out: bool = False,
    ) -> None:
        """Call the function for each group, and keep what it leaves in the states. `numbers` are those of the rows."""
        assert self._call is not None  # noqa: S101 - for the type checker: run() has loaded it
        outcome = _Outcome()
        known = self._known(numbers)
        with python_values.user_code():
            user = user_keys(keys, self._store.key_schema, self.context.time_zone)
            for position, frames in enumerate(parts):
                state = self._state(known[position], timed_out=timed_out)
                results.extend(self._checked(self._call(user[position], frames, state)))
                outcome.note(position, state, self._function.state)
        self._keep(outcome, groups.keys, numbers)

    def _known(self, numbers: Longs) -> list[Internal | None]:
        """The state of each row, None where there is none."""
        found = np.flatnonzero(numbers >= 0)
        known: list[Internal | None] = [None] * numbers.size
        if found.size:
            column = self._store.values.decode(self._store.store.table.values(numbers[found]))[0]
            rows = rows_of(column.flatten(), self._function.state, len(column))
            for position, row, valid in zip(found.tolist(), rows, column.is_valid().to_pylist(), strict=True):
                known[position] = row if valid else None
        return known

    def _state(self, value: Internal | None, *, timed_out: bool) -> Any:  # noqa: ANN401 - pyspark's class
        from pyspark.sql.streaming.state import GroupState

        return GroupState(
            optionalValue=None if value is None else self._to_user(value),
            batchProcessingTimeMs=self.batch.now_ms,
            eventTimeWatermarkMs=self.batch.watermark_ms,
            timeoutConf=self._function.timeout,
            hasTimedOut=timed_out,
            watermarkPresent=self._function.time_position is not None,
            defined=value is not None,
            updated=False,
            removed=False,
            timeoutTimestamp=NO_TIME,
            keyAsUnsafe=b"",
            valueSchema=python_values.client_type(self._function.state),
        )

    def _checked(self, given: Any) -> Iterator[Any]:  # noqa: ANN401 - the user's value
        """The frames of rows that a function gives. Raises as Spark's worker where it gives anything else."""
        import pandas as pd

        if isinstance(given, pd.DataFrame):
            raise _wrong_kind("iterable of pandas.DataFrame", type(given).__name__)
        try:
            frames = iter(given)
        except TypeError:
            raise _wrong_kind("iterable", type(given).__name__) from None
        width = len(self._function.result.fields)
        for frame in frames:
            if not isinstance(frame, pd.DataFrame):
                raise _wrong_kind("iterator of pandas.DataFrame", f"iterator of {type(frame).__name__}")
            if len(frame.columns) != width and not (frame.empty and not len(frame.columns)):
                raise _wrong_width(width, len(frame.columns))
            if len(frame):
                yield frame

    def _keep(self, outcome: _Outcome, keys: UnsafeRows, numbers: Longs) -> None:
        gone = np.array(outcome.removed, np.int64)
        existing = numbers[gone]
        self._store.store.remove(existing[existing >= 0])
        self.counts.removed += gone.size
        if not outcome.written:
            return
        positions = np.array(outcome.written, np.int64)
        schema = self._function.state
        blank: Internal = (None,) * len(schema.fields)
        states = pa.StructArray.from_arrays(
            columns_of([blank if v is None else v for v in outcome.states], schema),
            fields=list(arrow_schema(schema)),
            mask=pa.array([v is None for v in outcome.states]),
        )
        columns = [states]
        if self._timed:
            columns.append(pa.array(outcome.times, pa.int64()))
        values = self._store.encode_values(columns, positions.size)
        written = self._store.store.put(keys.take(positions), values, numbers[positions])
        self.counts.updated += positions.size
        if self._timed:
            self._set_times(written, np.array(outcome.times, np.int64))

    def _times(self, numbers: Longs) -> Longs:
        """When rows time out, in ms; -1 for never."""
        rows = self._store.store.table.values(numbers)
        found: Longs = rows.words[rows.offsets[:-1] + _TIME_WORD]
        return found

    def _set_times(self, numbers: Longs, times_ms: Longs) -> None:
        timed = times_ms != NO_TIME
        self._expiry.set(numbers[timed], times_ms[timed] * MICROS_PER_MS)

    def _set_again(self, numbers: Longs, limit_ms: int) -> None:
        table = self._store.store.table
        numbers = numbers[table.is_live(numbers)]
        times = self._times(numbers)
        due = times < limit_ms
        self._set_times(numbers[due], times[due])

    def _table(self, results: list[Any]) -> pa.Table:
        import pandas as pd

        if not results:
            return arrow_schema(self._function.result).empty_table()
        with python_values.user_code():
            frame = pd.concat(results, ignore_index=True)
            # By name alone: a column that no frame has is NULL, one that was not declared is not looked at.
            named = frame.reindex(columns=list(self._function.result.names))
            return from_frame(named, self._function.result, self.context.time_zone)


class _Outcome:
    """What functions have left in the states of some groups, by position."""

    def __init__(self) -> None:
        self.removed: list[int] = []
        self.written: list[int] = []
        self.states: list[Internal | None] = []
        self.times: list[int] = []

    def note(self, position: int, state: Any, schema: StructType) -> None:  # noqa: ANN401 - pyspark's class
        """Read a state after its function."""
        # What pyspark puts into the text that Spark's worker sends back.
        time_ms = int(state._timeout_timestamp)  # noqa: SLF001
        is_removed, is_updated = state._removed, state._updated  # noqa: SLF001
        if is_removed and time_ms == NO_TIME:
            self.removed.append(position)
        elif is_updated or is_removed or time_ms != state.oldTimeoutTimestamp:
            value = None
            if state.exists:
                value = fitted_row(state._value_schema.toInternal(state._value), schema)  # noqa: SLF001
            self.written.append(position)
            self.states.append(value)
            self.times.append(time_ms)


def _wrong_kind(expected: str, actual: str) -> Exception:
    from pyspark.errors import PySparkTypeError

    error: Exception = PySparkTypeError(
        errorClass="UDF_RETURN_TYPE", messageParameters={"expected": expected, "actual": actual}
    )
    return error


def _wrong_width(expected: int, actual: int) -> Exception:
    from pyspark.errors import PySparkRuntimeError

    error: Exception = PySparkRuntimeError(
        errorClass="RESULT_COLUMN_SCHEMA_MISMATCH",
        messageParameters={"expected": str(expected), "actual": str(actual)},
    )
    return error
