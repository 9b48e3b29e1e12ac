"""A provider that can do nothing: what a connector does not override, Spark refuses in these words."""

# ruff: noqa: ARG002 - the parameters are the protocol's

from __future__ import annotations

from potok.connectors.base import ReadContext, Rows, Sink, SinkContext, Source, SourceContext
from potok.errors import SparkError
from potok.plan.commands import WriteBatch, WriteStream
from potok.plan.logical import LogicalPlan, StreamingRelation
from potok.plan.unresolved import UnresolvedDataSource
from potok.types import StructType

ALL_MODES = ("append", "update", "complete")


class BaseProvider:
    """Refuses everything. `name` is the format's, `output_modes` what its sink takes."""

    name = ""
    output_modes: tuple[str, ...] = ALL_MODES

    def relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:
        """See Provider."""
        raise self._unsupported_operation("batch scan")

    def streaming_relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:
        """See Provider."""
        raise SparkError("_LEGACY_ERROR_TEMP_2049", className=self.name, operator="reading")

    def source(self, relation: StreamingRelation, context: SourceContext) -> Source:
        """See Provider."""
        raise SparkError("_LEGACY_ERROR_TEMP_2049", className=self.name, operator="reading")

    def sink(self, write: WriteStream, schema: StructType, context: SinkContext) -> Sink:
        """See Provider."""
        raise SparkError("_LEGACY_ERROR_TEMP_2049", className=self.name, operator="writing")

    def write(self, write: WriteBatch, rows: Rows, context: ReadContext) -> None:
        """See Provider."""
        raise self._unsupported_operation("append in batch mode")

    def check_output_mode(self, output_mode: str) -> None:
        """See Provider."""
        if output_mode not in self.output_modes:
            raise SparkError(
                "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE", outputMode=output_mode, className=self.name
            )

    def _unsupported_operation(self, operation: str) -> SparkError:
        return SparkError(
            "UNSUPPORTED_FEATURE.TABLE_OPERATION", tableName=f"`{self.name}`", operation=operation
        )
