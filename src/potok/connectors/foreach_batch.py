"""`foreachBatch`: each batch goes to a function of the user's."""

from __future__ import annotations

from collections.abc import Callable

from potok.connectors.base import Rows
from potok.errors import SparkError
from potok.plan.logical import LogicalPlan


class ForeachBatchSink:
    """Hands each batch and its id to `call`; a repeated batch is handed over again, as in Spark."""

    description = "ForeachBatchSink"

    def __init__(self, call: Callable[[Rows, int], None]) -> None:
        self._call = call

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        """See Sink."""

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        """See Sink."""
        return plan

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:  # noqa: ARG002 - Sink
        """See Sink. Raises FOREACH_BATCH_USER_FUNCTION_ERROR with what the function raised."""
        try:
            self._call(rows, batch_id)
        except SparkError:
            raise
        except Exception as error:
            raise SparkError("FOREACH_BATCH_USER_FUNCTION_ERROR", reason=_reason(error)) from error
        return -1

    def stop(self) -> None:
        """See Sink."""


def _reason(error: Exception) -> str:
    import traceback

    text = "".join(traceback.format_exception(error))
    return f"An exception was raised by the Python Proxy. Return Message: {text}"
