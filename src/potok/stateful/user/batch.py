"""transformWithState over a table: the processor runs once, and nothing of its state stays.

Source of fact: TransformWithStateInPySparkExec.generateSparkPlanForBatchQueries.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import pyarrow as pa

from potok.checkpoint.files import LocalFileSystem
from potok.errors import SparkError
from potok.plan.logical import LogicalPlan, OperatorStep, StatefulMap
from potok.plan.tree import Node
from potok.stateful.base import NO_WATERMARK_MS, StateBatch, StateContext
from potok.stateful.transform_with_state import Processor, TransformOperator, processor_of

MS_PER_S = 1000


def with_batch_processors(plan: LogicalPlan, time_zone: str, rows_per_batch: int) -> LogicalPlan:
    """The plan with a step for each processor over a table. Raises for applyInPandasWithState, as Spark does."""

    def change(node: Node) -> Node:
        changed = node.map_children(change, LogicalPlan)
        if not isinstance(changed, StatefulMap) or changed.is_streaming:
            return changed
        if "time_mode" not in dict(changed.settings):
            message = "applyInPandasWithState is unsupported in batch query. Use applyInPandas instead."
            raise SparkError("_LEGACY_ERROR_TEMP_JAVA.UNSUPPORTED_OPERATION", message=message)
        relations = (
            [changed.child] if changed.initial_state is None else [changed.child, changed.initial_state]
        )
        processor, steps = processor_of(changed, relations, with_initial=True)
        return OperatorStep(
            tuple(steps), BatchTransform(processor, time_zone, rows_per_batch), changed.result
        )

    return cast("LogicalPlan", change(plan))


@dataclass(frozen=True)
class BatchTransform:
    """A processor over all rows at once. Timers fire and values expire as in a first batch."""

    processor: Processor = field(repr=False)
    time_zone: str
    rows_per_batch: int

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        """See engine.pipeline.Operator."""
        with tempfile.TemporaryDirectory(prefix="potok-") as directory:
            context = StateContext(
                LocalFileSystem(),
                directory,
                durable=False,
                partitions=1,
                output_mode=self.processor.output_mode,
                version=0,
                conf={},
                time_zone=self.time_zone,
                rows_per_batch=self.rows_per_batch,
            )
            operator = TransformOperator(0, context, self.processor, first_watermark_ms=NO_WATERMARK_MS)
            for store in operator.stores:
                store.store.load(0)
            operator.loaded()
            operator.begin(StateBatch(0, NO_WATERMARK_MS, NO_WATERMARK_MS, int(time.time() * MS_PER_S)))
            return operator.run(tables)
