"""A query without state: one compiled pipeline, run for each batch."""

from __future__ import annotations

from potok.engine.engine import Runner
from potok.streaming.progress import StateOperatorProgress
from potok.streaming.services import BatchContext, BatchRows


class PipelineQuery:
    """A PreparedQuery over an engine's runner."""

    is_stateful = False

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def run(self, batch: BatchContext) -> BatchRows:
        """See PreparedQuery."""
        return self._runner.run(batch.scans, batch.now, repeated=True)

    def state_operators(self) -> tuple[StateOperatorProgress, ...]:
        """See PreparedQuery."""
        return ()

    def needs_another_batch(self, watermark_ms: int) -> bool:  # noqa: ARG002 - PreparedQuery
        """See PreparedQuery."""
        return False

    def committed(self, batch_id: int) -> None:
        """See PreparedQuery."""

    def close(self) -> None:
        """See PreparedQuery."""
        self._runner.close()
