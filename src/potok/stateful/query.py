"""The stateful operators of one query, batch by batch."""

from __future__ import annotations

import time
from collections.abc import Mapping

from potok.checkpoint.state.maintenance import Maintenance
from potok.errors import SparkError
from potok.stateful.base import NO_WATERMARK_MS, StateBatch, StateContext, StatefulOperator
from potok.stateful.memory import check_memory
from potok.stateful.metadata import begin_state
from potok.stateful.planner import PlannedQuery
from potok.stateful.progress import StateOperatorProgress

NS_PER_MS = 1_000_000
_ALLOWS_MULTIPLE = "spark.sql.streaming.statefulOperator.allowMultiple"


class StatefulQuery:
    """Brings operators through batches: load, begin, commit.

    `late_ms` is the watermark of the batch before the next one.
    """

    def __init__(self, planned: PlannedQuery, context: StateContext, late_ms: int) -> None:
        self._planned = planned
        self._context = context
        self._last_ms = late_ms
        self._is_loaded = False
        stores = [store.store.files for operator in self.operators for store in operator.stores]
        self._maintenance = Maintenance(stores, context.retention)

    @property
    def operators(self) -> tuple[StatefulOperator, ...]:
        """By their numbers."""
        return self._planned.operators

    def begin(self, batch_id: int, watermark_ms: int, now_ms: int) -> None:
        """Before the pipeline runs. Loads the state with the first batch."""
        if not self._is_loaded:
            self._load()
        self._check_watermark(max(watermark_ms, self._last_ms))
        late, now = self._watermarks(self._last_ms), self._watermarks(watermark_ms)
        self._last_ms = watermark_ms
        for operator in self.operators:
            number = operator.operator_id
            operator.begin(StateBatch(batch_id, late[number], now[number], now_ms))

    def commit(self, batch_id: int) -> tuple[StateOperatorProgress, ...]:
        """Write what the batch has changed; what each operator did.

        Raises UNSUPPORTED_FEATURE where the state has outgrown its memory.
        """
        self._check_memory()
        progress = []
        for operator in self.operators:
            begun = time.monotonic_ns()
            for typed in operator.stores:
                typed.store.commit(batch_id + 1)
            operator.counts.commit_ns += time.monotonic_ns() - begun
            progress.append(self._progress(operator))
        return tuple(progress)

    def _check_memory(self) -> None:
        used = sum(operator.memory_bytes for operator in self.operators)
        rows = sum(operator.rows_total for operator in self.operators)
        check_memory(used, rows, self._context.memory_limit_bytes)

    def committed(self, batch_id: int) -> None:
        """The batch is in the commit log."""
        self._maintenance.committed(batch_id + 1)

    def close(self) -> None:
        """The query has ended."""
        self._maintenance.close()

    def needs_another_batch(self, watermark_ms: int) -> bool:
        """Whether any operator has something to do at a watermark without new data."""
        self._check_watermark(watermark_ms)
        inputs = self._watermarks(watermark_ms)
        return any(operator.needs_another_batch(inputs[operator.operator_id]) for operator in self.operators)

    def wakes_at_ms(self) -> int | None:
        """When the clock alone gives any operator something to do; None for never."""
        times = [operator.wakes_at_ms() for operator in self.operators]
        return min((time for time in times if time is not None), default=None)

    def _check_watermark(self, watermark_ms: int) -> None:
        """Spark sees that a watermark stands above another when it first propagates one."""
        if self._planned.redefines_watermark and watermark_ms > 0:
            raise SparkError("_LEGACY_ERROR_TEMP_3076", config=_ALLOWS_MULTIPLE)

    def _load(self) -> None:
        begin_state(self.operators, self._context)
        for operator in self.operators:
            for typed in operator.stores:
                typed.store.load(self._context.version)
            operator.loaded()
        self._is_loaded = True

    def _watermarks(self, query_ms: int) -> dict[int, int]:
        """The watermark of each operator's input, by the operator's number.

        Source of fact: PropagateWatermarkSimulator.
        """
        inputs: dict[int, int] = {}
        outputs: dict[int, int] = {}
        # Numbers count from the top: the relations of an operator have greater ones.
        for operator, upstream in reversed(list(zip(self.operators, self._planned.upstream, strict=True))):
            known = [source for source in upstream if source is None or source.gives_watermark]
            given = [self._given(source, query_ms, outputs) for source in known]
            inputs[operator.operator_id] = min(given, default=NO_WATERMARK_MS)
            outputs[operator.operator_id] = operator.output_watermark_ms(inputs[operator.operator_id])
        return inputs

    def _given(self, source: StatefulOperator | None, query_ms: int, outputs: Mapping[int, int]) -> int:
        return query_ms if source is None else outputs[source.operator_id]

    def _progress(self, operator: StatefulOperator) -> StateOperatorProgress:
        counts = operator.counts
        return StateOperatorProgress(
            operator.name,
            operator.rows_total,
            counts.updated,
            counts.updates_ns // NS_PER_MS,
            counts.removed,
            counts.removals_ns // NS_PER_MS,
            counts.commit_ns // NS_PER_MS,
            operator.memory_bytes,
            counts.dropped_by_watermark,
            self._context.partitions,
            sum(typed.store.files.partitions for typed in operator.stores),
            {**operator.metrics, **counts.custom},
        )
