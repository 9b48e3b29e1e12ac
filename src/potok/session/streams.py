"""The session as its streaming queries see it."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from potok.analysis import check_streaming
from potok.checkpoint.layout import CheckpointLayout
from potok.checkpoint.offset_log import SHUFFLE_PARTITIONS
from potok.checkpoint.state.maintenance import Retention
from potok.compiler.relations import compile_plan
from potok.connectors.base import Provider, Rows
from potok.connectors.memory import MemoryTable
from potok.connectors.registry import provider
from potok.engine.engine import Runner
from potok.errors import SparkError, unsupported
from potok.plan.commands import WriteStream
from potok.plan.expressions import Alias, next_expr_id
from potok.plan.logical import LogicalPlan, Project, ScanRelation, SetOperation, schema_attributes
from potok.stateful.base import StateContext
from potok.stateful.memory import MEMORY_LIMIT_KEY, memory_limit_bytes
from potok.stateful.metadata import begin_state
from potok.stateful.planner import plan_stateful
from potok.stateful.progress import StateOperatorProgress
from potok.stateful.providers import ENCODING_KEY, check_encoding
from potok.stateful.query import StatefulQuery
from potok.stateful.rewriting import is_except
from potok.stateful.user.batch import with_batch_processors
from potok.streaming.services import BatchContext, PrepareContext, PreparedQuery
from potok.types import StructType

if TYPE_CHECKING:
    import pyarrow as pa

    from potok.session.session import Session

_CHECKS_CORRECTNESS = "spark.sql.streaming.statefulOperator.checkCorrectness.enabled"
_MERGES_SESSIONS_LOCALLY = "spark.sql.streaming.sessionWindow.merge.sessions.in.local.partition"
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class StreamRows:
    """The rows of one batch. Without stateful operators there is nothing to say of state."""

    rows: Rows
    observed: Mapping[str, Mapping[str, Any]]
    state_operators: tuple[StateOperatorProgress, ...] = ()

    @property
    def schema(self) -> StructType:
        """See connectors.base.Rows."""
        return self.rows.schema

    def to_table(self) -> pa.Table:
        """See connectors.base.Rows."""
        return self.rows.to_table()

    def to_reader(self) -> pa.RecordBatchReader:
        """See connectors.base.Rows."""
        return self.rows.to_reader()


class PreparedStream:
    """A stateless query: one pipeline, run again for each batch."""

    is_stateful = False

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def run(self, batch: BatchContext) -> StreamRows:
        """See streaming.services.PreparedQuery."""
        rows = self._runner.run(batch.scans, batch.now, repeated=True)
        return StreamRows(rows, rows.observed)

    def needs_another_batch(self, watermark_ms: int) -> bool:
        """Nothing is kept, so nothing is left to emit."""
        del watermark_ms
        return False

    def wakes_at_ms(self) -> int | None:
        """Nothing is kept that could have a time."""
        return None

    def committed(self, batch_id: int) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Drop views and prepared statements."""
        self._runner.close()


class PreparedStatefulStream(PreparedStream):
    """A query with state: its operators read and write it while the pipeline runs."""

    is_stateful = True

    def __init__(self, runner: Runner, query: StatefulQuery) -> None:
        super().__init__(runner)
        self._query = query

    def run(self, batch: BatchContext) -> StreamRows:
        """See streaming.services.PreparedQuery. The state is written before the sink sees a row."""
        now_ms = int(batch.now.timestamp() * 1000)
        self._query.begin(batch.batch_id, batch.watermark_ms, now_ms)
        rows = self._runner.run(batch.scans, batch.now, repeated=True)
        done = self._query.commit(batch.batch_id)
        return StreamRows(rows, rows.observed, done)

    def needs_another_batch(self, watermark_ms: int) -> bool:
        """See streaming.services.PreparedQuery."""
        return self._query.needs_another_batch(watermark_ms)

    def wakes_at_ms(self) -> int | None:
        """See streaming.services.PreparedQuery."""
        return self._query.wakes_at_ms()

    def committed(self, batch_id: int) -> None:
        """See streaming.services.PreparedQuery."""
        self._query.committed(batch_id)

    def close(self) -> None:
        """See streaming.services.PreparedQuery."""
        self._query.close()
        super().close()


class StreamServices:
    """What queries may ask of their session; implements `streaming.services.SessionServices`.

    The configuration is the one of the start: later changes do not reach a running query.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def conf(self, key: str) -> str | None:
        """The effective text of a configuration key."""
        return self._session.conf.find(key)

    def provider(self, name: str) -> Provider:
        """The connector of a format."""
        return provider(name)

    def check_streaming(self, plan: LogicalPlan, output_mode: str) -> None:
        """Whether the plan may stream in this mode."""
        if self._session.conf.boolean("spark.sql.streaming.unsupportedOperationCheck"):
            correctness = self._session.conf.boolean(_CHECKS_CORRECTNESS)
            check_streaming(plan, output_mode, check_correctness=correctness)
            check_encoding(plan, self._session.conf.find(ENCODING_KEY))
        _refuse_stateful(plan)

    def prepare(self, plan: LogicalPlan, context: PrepareContext) -> PreparedQuery:
        """Compile once."""
        time_zone = self._session.conf.get("spark.sql.session.timeZone")
        conf = self._session.conf
        state = StateContext(
            context.file_system,
            CheckpointLayout(context.checkpoint_root).state,
            context.durable,
            partitions=int(context.conf[SHUFFLE_PARTITIONS]),
            output_mode=context.output_mode.lower(),
            version=context.batch_id,
            conf=context.conf,
            time_zone=time_zone,
            rows_per_batch=conf.integer("spark.sql.execution.arrow.maxRecordsPerBatch"),
            checks_schemas=conf.boolean("spark.sql.streaming.stateStore.stateSchemaCheck"),
            retention=Retention(
                conf.integer("spark.sql.streaming.stateStore.minDeltasForSnapshot"),
                conf.integer("spark.sql.streaming.minBatchesToRetain"),
            ),
            memory_limit_bytes=memory_limit_bytes(conf.find(MEMORY_LIMIT_KEY)),
            merges_sessions_locally=conf.boolean(_MERGES_SESSIONS_LOCALLY),
            prepare=partial(self._function, time_zone),
        )
        planned = plan_stateful(with_batch_processors(plan, time_zone, state.rows_per_batch), state)
        runner = self._session.runtime.engine.prepare(compile_plan(planned.plan, time_zone), time_zone)
        if not planned.operators:
            begin_state((), state)
            return PreparedStream(runner)
        return PreparedStatefulStream(runner, StatefulQuery(planned, state, context.previous_watermark_ms))

    def _function(self, time_zone: str, plan: LogicalPlan) -> Callable[[pa.Table], pa.Table]:
        """What a plan makes of the rows of its only stream."""
        runner = self._session.runtime.engine.prepare(compile_plan(plan, time_zone), time_zone)

        def function(rows: pa.Table) -> pa.Table:
            return runner.run({0: rows}, _EPOCH, repeated=True).to_table()

        weakref.finalize(function, runner.close)
        return function

    def plan_text(self, plan: LogicalPlan) -> str:
        """The plan as a tree of lines."""
        return self._session.plan_text(plan)

    def foreach_batch(self, write: WriteStream) -> Callable[[Rows, int], None]:
        """The user's function over data frames of this session."""
        host = self._session.foreach_batch_host
        if host is None:
            raise SparkError("INTERNAL_ERROR", message="foreachBatch needs a client.")
        return host(write)

    def create_memory_view(self, name: str, scan: MemoryTable) -> None:
        """A temporary view over a table in memory."""
        columns = schema_attributes(scan.schema)
        relation: LogicalPlan = ScanRelation(scan, columns, "MemoryTable")
        if scan.shown_names != tuple(scan.schema.names):
            shown = zip(columns, scan.shown_names, strict=True)
            aliases = (Alias(column, (name,), expr_id=next_expr_id()) for column, name in shown)
            relation = Project(relation, tuple(aliases))
        self._session.catalog.views[name.lower()] = relation

    def working_directory(self) -> str:
        """The process's, when it started."""
        return str(self._session.runtime.working_directory)

    def temporary_directory(self) -> str:
        """The machine's."""
        return tempfile.gettempdir()

    def table_location(self, write: WriteStream, schema: StructType) -> WriteStream:
        """`toTable`."""
        return self._session.catalog.table_location(write, schema)


def _refuse_stateful(plan: LogicalPlan) -> None:
    """Raise where an answer would need what earlier batches held: each batch runs on its own here."""
    for node in plan.walk():
        operation = _stateful_operation(node) if isinstance(node, LogicalPlan) else None
        if operation is not None:
            raise unsupported(
                f"{operation} of a stream across batches",
                "Compute it per batch in foreachBatch, or over the output with a batch query.",
            )


def _stateful_operation(node: LogicalPlan) -> str | None:
    if not node.is_streaming:
        return None
    match node:
        case SetOperation(operation=operation, is_all=is_all) if not (
            (operation == "union" and is_all) or is_except(node)
        ):
            return f"{operation}{' all' if is_all else ''}"
    return None
