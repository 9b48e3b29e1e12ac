"""transformWithStateInPandas and transformWithState: a user's processor with state variables and timers.

Groups with rows come first, in the order of their keys; then timers, in the order of their times; then values whose
time to live is over are removed.
Source of facts: TransformWithStateInPySparkExec, TransformWithStateExecBase, pyspark's worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.checkpoint.state.variables import (
    NO_TIME,
    TIMERS_STORE,
    OperatorVariables,
    Program,
    VariableSpec,
    store_name,
)
from potok.engine import python_values
from potok.engine.user_functions import EvalType
from potok.errors import SparkError
from potok.plan.logical import LogicalPlan, OperatorStep, StatefulMap
from potok.stateful.base import (
    MICROS_PER_MS,
    StateBatch,
    StateContext,
    StatefulOperator,
    TypedStore,
    column_arrays,
)
from potok.stateful.event_time import event_time_position, known_micros, without_late_rows
from potok.stateful.group_state import nullable_fields, with_keys
from potok.stateful.user import variable_files as files
from potok.stateful.user.batch_groups import BatchGroups
from potok.stateful.user.groups import Groups, grouped, sorted_positions
from potok.stateful.user.processor_rows import Given, GivenFrames, GivenRows, Results
from potok.stateful.user.state_values import Internal, columns_of, rows_of
from potok.stateful.user.variables import KINDS, Timers, Variable
from potok.types import StructType, arrow_schema

BY_CLOCK, BY_EVENT_TIME = "processingtime", "eventtime"
_TIME_MODES = {"none": NO_TIME, BY_CLOCK: "ProcessingTime", BY_EVENT_TIME: "EventTime"}
_PANDAS = frozenset({EvalType.TRANSFORM_PANDAS, EvalType.TRANSFORM_PANDAS_INITIAL})
_INITIAL = frozenset({EvalType.TRANSFORM_PANDAS_INITIAL, EvalType.TRANSFORM_ROWS_INITIAL})
_COUNTERS = (
    "initialStateProcessingTimeMs",
    "numDeletedStateVars",
    "numDeletedTimers",
    "numExpiredTimers",
    "numListStateVars",
    "numListStateWithTTLVars",
    "numMapStateVars",
    "numMapStateWithTTLVars",
    "numRegisteredTimers",
    "numValueStateVars",
    "numValueStateWithTTLVars",
    "timerProcessingTimeMs",
)


@dataclass(frozen=True)
class Inputs:
    """Rows with their keys: the columns, where the keys are, and how many columns the processor sees."""

    columns: StructType
    key_positions: tuple[int, ...]
    width: int


@dataclass(frozen=True)
class Processor:
    """A processor as the program declares it. `initial` are the rows of the initial state, of the first batch."""

    load: Callable[[], Callable[..., Any]]
    eval_type: int
    inputs: Inputs
    initial: Inputs | None
    result: StructType
    time_mode: str
    output_mode: str
    time_position: int | None
    output_time_position: int | None


def plan_transform(
    node: StatefulMap, relations: Sequence[LogicalPlan], operator_id: int, context: StateContext
) -> tuple[LogicalPlan, StatefulOperator]:
    """One step over the rows, and in a query's first run over the initial state."""
    processor, steps = processor_of(node, relations, with_initial=context.version == 0)
    operator = TransformOperator(operator_id, context, processor)
    return OperatorStep(tuple(steps), operator, node.result), operator


def processor_of(
    node: StatefulMap, relations: Sequence[LogicalPlan], *, with_initial: bool
) -> tuple[Processor, list[LogicalPlan]]:
    """The processor of a node over planned relations, and its inputs: rows, and the initial state if asked."""
    settings = dict(node.settings)
    source, key_positions = with_keys(relations[0], node.grouping)
    steps = [source]
    initial = None
    if len(relations) > 1:
        given, initial_positions = with_keys(relations[1], settings["initial_grouping"])
        initial = Inputs(given.schema, initial_positions, int(settings["initial_width"]))
        if with_initial:
            steps.append(given)
    payload = node.function.payload
    names = [a.name.lower() for a in node.result]
    out_time = str(settings.get("event_time_column_name") or "").lower()
    processor = Processor(
        lambda: python_values.load(payload),
        node.function.eval_type,
        Inputs(source.schema, key_positions, len(node.function.arguments)),
        initial,
        StructType(tuple(a.to_field() for a in node.result)),
        str(settings["time_mode"]).lower(),
        str(settings["output_mode"]).lower(),
        event_time_position(relations[0].output[: len(node.function.arguments)]),
        names.index(out_time) if out_time in names else None,
    )
    return processor, steps


class TransformOperator(StatefulOperator):
    """The state variables of a processor. `first_watermark_ms` is what it sees where there is no watermark."""

    def __init__(
        self, operator_id: int, context: StateContext, processor: Processor, *, first_watermark_ms: int = 0
    ) -> None:
        super().__init__(operator_id, context)
        self._first_watermark_ms = first_watermark_ms
        self._processor = processor
        is_pandas = processor.eval_type in _PANDAS
        self.name = "transformWithStateInPandasExec" if is_pandas else "transformWithStateInPySparkExec"
        self._key_schema = nullable_fields(
            processor.inputs.columns.fields[i] for i in processor.inputs.key_positions
        )
        self._key_codec = UnsafeRowCodec(self._key_schema)
        self._batch_groups = BatchGroups()
        self._file = files.VariableFile(context, operator_id)
        self._deleted: frozenset[str] = frozenset()
        self._gone: set[str] = set()

    # ---- stores -----------------------------------------------------------------------------

    @cached_property
    def _variables(self) -> dict[str, Variable]:
        """All variables, also those of the checkpoint that the program does not ask for any more."""
        asked = self._asked
        described = self._file.read()
        stored = described.variables
        files.check_settings(described.settings, self._settings)
        for name, spec in asked.items():
            if name in stored:
                files.check_variable(stored[name], spec, checks_schemas=self.context.checks_schemas)
        found: dict[str, Variable] = {}
        for name, spec in {**stored, **asked}.items():
            kind = KINDS[spec.kind]
            found[name] = kind(spec, self._key_schema, self.context, self.operator_id, store_name(name))
            if self.context.version and name not in stored:
                files.begin_at(found[name].store, self.context.version)
        return found

    @cached_property
    def _timers(self) -> Timers | None:
        if self._processor.time_mode not in {BY_CLOCK, BY_EVENT_TIME}:
            return None
        return Timers(self._key_schema, self.context, self.operator_id, TIMERS_STORE)

    @property
    def _settings(self) -> dict[str, str]:
        processor = self._processor
        return {
            "timeMode": _TIME_MODES[processor.time_mode],
            "outputMode": processor.output_mode.capitalize(),
        }

    def _all(self) -> list[Variable]:
        return [*self._variables.values(), *([self._timers] if self._timers else [])]

    @property
    def stores(self) -> Sequence[TypedStore]:
        """One for each variable, and one for timers."""
        return [variable.store for variable in self._all()]

    @property
    def metrics(self) -> Mapping[str, int]:
        """See StatefulOperator: in Spark those of RocksDB."""
        return {}

    def loaded(self) -> None:
        """See StatefulOperator."""
        for variable in self._all():
            variable.loaded()
        self._describe()

    @cached_property
    def _asked(self) -> Mapping[str, VariableSpec]:
        """What the processor's `init` asks for."""
        from pyspark.sql.streaming.stateful_processor_api_client import StatefulProcessorHandleState
        from pyspark.sql.streaming.stateful_processor_util import TransformWithStateInPandasFuncMode as Mode

        from potok.stateful.user.client import StateClient

        client = StateClient(self._key_schema, self._processor.time_mode, None, None, (-1, -1))
        client.handle_state = StatefulProcessorHandleState.PRE_INIT
        try:
            with python_values.user_code():
                self._processor.load()(client, Mode.PRE_INIT, None, iter([]))
        except SparkError as error:
            message = f"TransformWithStateInPySpark driver worker exited unexpectedly (crashed)\n{error}"
            raise SparkError("_LEGACY_ERROR_TEMP_JAVA.SPARK", message=message) from error
        self._deleted = frozenset(client.deleted)
        return client.specs

    def _describe(self) -> None:
        kept = {name: v.spec for name, v in self._variables.items() if name not in self._deleted}
        described = OperatorVariables(self._settings, kept, self._file.read().programs)
        self._file.write(described.with_program(Program(self.context.version, self._asked)))

    # ---- watermarks -------------------------------------------------------------------------

    @property
    def gives_watermark(self) -> bool:
        """Rows of a processor that goes by the clock have no event time."""
        return self._processor.time_mode != BY_CLOCK

    def needs_another_batch(self, input_ms: int) -> bool:
        """By event time only, with the watermark."""
        processor = self._processor
        is_timed = processor.time_mode != BY_CLOCK and processor.output_mode != "complete"
        return is_timed and input_ms > self.batch.watermark_ms

    def wakes_at_ms(self) -> int | None:
        """See StatefulOperator: at the earliest timer. What outlives its time is not seen, and goes with the next batch."""
        return self._timers.earliest_ms() if self._timers and self._processor.time_mode == BY_CLOCK else None

    # ---- batches ----------------------------------------------------------------------------

    def begin(self, batch: StateBatch) -> None:
        """See StatefulOperator."""
        super().begin(batch)
        self._batch_groups = BatchGroups()
        for variable in self._all():
            variable.begin(self._batch_groups, batch.now_ms, batch.batch_id)

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """See engine.pipeline.Operator: what the processor gives."""
        from pyspark.sql.streaming.stateful_processor_util import TransformWithStateInPandasFuncMode as Mode

        from potok.stateful.user.client import StateClient

        begun = time.monotonic_ns()
        inputs = self._part(self._processor.inputs, self._not_late(column_arrays(tables[0])))
        initial = None
        if self._processor.initial is not None:
            rows = (
                tables[1] if len(tables) > 1 else arrow_schema(self._processor.initial.columns).empty_table()
            )
            initial = self._part(
                self._processor.initial, column_arrays(rows.slice(0, 0) if self.batch.batch_id else rows)
            )
        times_ms = self.batch.now_ms, max(self.batch.watermark_ms, self._first_watermark_ms)
        client = StateClient(
            self._key_schema, self._processor.time_mode, self._variables, self._timers, times_ms
        )
        extra: tuple[Any, ...] = (iter([]),) if self._processor.eval_type in _INITIAL else ()
        with python_values.user_code():
            call = self._processor.load()
            results = Results(
                self._processor.result, self.context.time_zone, is_pandas=self._processor.eval_type in _PANDAS
            )
            for group, arguments in self._calls(inputs, initial):
                client.group = group
                results.add(call(client, Mode.PROCESS_DATA, *arguments))
            client.group = None
            results.add(call(client, Mode.PROCESS_TIMER, None, iter([]), *extra))
            results.add(call(client, Mode.COMPLETE, None, iter([]), *extra))
            rows = results.table()
        self._check_times(rows)
        self._flush(client.deleted)
        self.counts.updates_ns += time.monotonic_ns() - begun
        return rows

    def _not_late(self, columns: list[pa.Array]) -> list[pa.Array]:
        position = self._processor.time_position
        if self._processor.time_mode != BY_EVENT_TIME or position is None:
            return columns
        kept, late = without_late_rows(columns, position, self.batch.late_ms)
        self.counts.dropped_by_watermark += late
        return kept

    def _part(self, inputs: Inputs, columns: list[pa.Array]) -> _Part:
        """Rows by group, as the processor gets them."""
        size = len(columns[0])
        keys = [columns[i] for i in inputs.key_positions]
        groups = grouped(keys, self._key_codec.encode(keys, size))
        order = pa.array(groups.order)
        arranged = [c.take(order) for c in columns]
        schema = StructType(inputs.columns.fields[: inputs.width])
        arranged_keys = [arranged[i] for i in inputs.key_positions]
        time_zone = self.context.time_zone
        given: Given
        if self._processor.eval_type in _PANDAS:
            rows = self.context.rows_per_batch
            given = GivenFrames(
                arranged[: inputs.width], schema, arranged_keys, self._key_schema, time_zone, rows
            )
        else:
            given = GivenRows(arranged[: inputs.width], schema, arranged_keys, self._key_schema, time_zone)
        firsts = pa.array(groups.firsts)
        internals = rows_of([k.take(firsts) for k in keys], self._key_schema, len(groups))
        return _Part(groups, given, internals, given.keys(groups.starts[:-1]))

    def _calls(self, inputs: _Part, initial: _Part | None) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """For each group its number in the batch, and the key and rows that the processor is called with."""
        batch = self._batch_groups
        numbers = batch.join(inputs.groups.keys, inputs.internals)
        if initial is None:
            for position, number in enumerate(numbers):
                yield number, (inputs.users[position], inputs.rows(position))
            return
        before = {n: i for i, n in enumerate(batch.join(initial.groups.keys, initial.internals))}
        rows = {n: i for i, n in enumerate(numbers)}
        columns = columns_of(batch.keys, self._key_schema)
        for number in sorted_positions(columns, len(batch)).tolist():
            part, position = (inputs, rows[number]) if number in rows else (initial, before[number])
            yield (
                number,
                (
                    part.users[position],
                    inputs.rows(rows[number]) if number in rows else iter([]),
                    initial.rows(before[number]) if number in before else iter([]),
                ),
            )

    def _check_times(self, rows: pa.Table) -> None:
        """Rows of a processor that says which column is their time must not be older than the watermark."""
        position = self._processor.output_time_position
        if position is None or not rows.num_rows:
            return
        times, is_known = known_micros(rows.column(position))
        old = times[is_known & (times < self.batch.watermark_ms * MICROS_PER_MS)]
        if old.size:
            raise SparkError(
                "EMITTING_ROWS_OLDER_THAN_WATERMARK_NOT_ALLOWED",
                currentWatermark=str(self.batch.watermark_ms),
                emittedRowEventTime=str(int(old[0])),
            )

    @property
    def rows_total(self) -> int:
        """See StatefulOperator. Timers do not count."""
        return sum(variable.rows for variable in self._variables.values())

    @property
    def memory_bytes(self) -> int:
        """See StatefulOperator."""
        return super().memory_bytes + sum(variable.nbytes for variable in self._all())

    def _flush(self, deleted: list[str]) -> None:
        expired = 0
        for variable in self._all():
            variable.flush()
            gone = variable.expire()
            expired += gone
            self.counts.updated += variable.updates
            self.counts.removed += variable.removals + gone
        gone_now = (self._variables.keys() & deleted) - self._gone
        for name in gone_now:
            self._variables[name].remove_all()
        self._gone |= gone_now
        self.counts.custom |= self._counters(len(gone_now)) | {"numValuesRemovedDueToTTLExpiry": expired}

    def _counters(self, deleted: int) -> dict[str, int]:
        """What Spark counts of a processor. It has one in each partition, each with its variables.

        Spark neither counts timers that have expired nor takes the time of timers and of the initial state where the
        processor is in Python.
        """
        partitions = self.context.partitions
        counters = dict.fromkeys(_COUNTERS, 0)
        for spec in self._asked.values():
            counters[f"num{spec.kind}{'' if spec.ttl_ms is None else 'WithTTL'}Vars"] += partitions
        counters["numDeletedStateVars"] = deleted * partitions
        if self._timers is not None:
            counters["numRegisteredTimers"] = self._timers.registered
            counters["numDeletedTimers"] = self._timers.deleted
        return counters


@dataclass(frozen=True)
class _Part:
    """Rows of one input by group, with the keys of the groups as internal values and as the processor sees them."""

    groups: Groups
    given: Given
    internals: list[Internal]
    users: list[tuple[Any, ...]]

    def rows(self, position: int) -> Iterator[Any]:
        """The rows of a group."""
        return self.given.rows(int(self.groups.starts[position]), int(self.groups.starts[position + 1]))
