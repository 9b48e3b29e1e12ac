"""`noop`: computes every batch and keeps nothing."""

from __future__ import annotations

from potok.connectors.base import ReadContext, Rows, SinkContext
from potok.connectors.provider import BaseProvider
from potok.plan.commands import WriteBatch, WriteStream
from potok.plan.logical import LogicalPlan
from potok.types import StructType


class NoopSink:
    """Counts rows."""

    description = "NoopTable"

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        """See Sink."""

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        """See Sink."""
        return plan

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:  # noqa: ARG002 - Sink
        """See Sink."""
        return sum(batch.num_rows for batch in rows.to_reader())

    def stop(self) -> None:
        """See Sink."""


class NoopProvider(BaseProvider):
    """Streams and batches into nothing."""

    name = "noop"

    def sink(self, write: WriteStream, schema: StructType, context: SinkContext) -> NoopSink:  # noqa: ARG002 - Provider
        """See Provider."""
        return NoopSink()

    def write(self, write: WriteBatch, rows: Rows, context: ReadContext) -> None:  # noqa: ARG002 - Provider
        """See Provider."""
        for _ in rows.to_reader():
            pass
