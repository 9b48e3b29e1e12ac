"""One session."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from potok.analysis import AnalysisContext, analyze, check_batch
from potok.compiler.relations import compile_plan
from potok.conf import Conf
from potok.connectors.base import Rows as ConnectorRows
from potok.engine.pipeline import Pipeline
from potok.engine.rows import Rows, rows_of_table
from potok.functions.base import FunctionContext
from potok.functions.registry import builtin_functions
from potok.plan.commands import CreateView, WriteBatch, WriteStream
from potok.plan.expressions import Literal, PythonFunction
from potok.plan.logical import LocalRelation, LogicalPlan
from potok.plan.sql_functions import SqlFunction, SqlVariable
from potok.plan.statements import Statement
from potok.plan.table_functions import PythonTableFunction
from potok.session.catalog import SessionCatalog
from potok.session.explain import explained, tree_text
from potok.session.kept_frames import KeptFrames
from potok.session.runtime import Runtime
from potok.session.statements import execute
from potok.session.streams import StreamServices
from potok.stateful.user.batch import with_batch_processors
from potok.streaming.manager import QueryManager
from potok.streaming.query import StreamingQuery
from potok.types import ArrayType, DataType, DayTimeIntervalType, StructType, TimestampType

_MICROSECOND = timedelta(microseconds=1)
OnStart = Callable[[Callable[[], None]], None]
ForeachBatchHost = Callable[[WriteStream], Callable[[ConnectorRows, int], None]]


class Session:
    """What one user's program sees: its configuration, views, functions and queries.

    Methods may be called from several threads.
    """

    def __init__(self, runtime: Runtime, session_id: str | None = None, conf: Conf | None = None) -> None:
        self.id = session_id or str(uuid.uuid4())
        self.runtime = runtime
        self.conf = conf or Conf(runtime.static_conf, runtime.time_zone)
        self.catalog = SessionCatalog(self)
        self.user_functions: dict[str, PythonFunction] = {}
        self.table_functions: dict[str, PythonTableFunction] = {}
        self.sql_functions: dict[str, SqlFunction] = {}
        self.permanent_functions: set[str] = set()
        self.variables: dict[str, SqlVariable] = {}
        self.relations: dict[str, LogicalPlan] = {}
        self.kept = KeptFrames(self.relations)
        self.foreach_batch_host: ForeachBatchHost | None = None
        self._of_thread = threading.local()
        self.streams = QueryManager(StreamServices(self), active_runs=runtime.active_runs)

    def clone(self, session_id: str) -> Session:
        """A session that starts with this one's configuration, views and functions."""
        other = Session(self.runtime, session_id, self.conf.copy())
        other.catalog.views.update(self.catalog.views)
        other.catalog.current_database = self.catalog.current_database
        other.user_functions.update(self.user_functions)
        other.table_functions.update(self.table_functions)
        other.sql_functions.update(self.sql_functions)
        other.permanent_functions.update(self.permanent_functions)
        other.variables.update(self.variables)
        other.relations.update(self.relations)
        return other

    # ---- plans ----

    def function_context(self) -> FunctionContext:
        """What the configuration says of functions now."""
        return FunctionContext(
            ansi=self.conf.boolean("spark.sql.ansi.enabled"),
            time_zone=self.conf.get("spark.sql.session.timeZone"),
            case_sensitive=self.conf.boolean("spark.sql.caseSensitive"),
            current_database=self.catalog.current_database,
            keeps_last_key=self.conf.get("spark.sql.mapKeyDedupPolicy").upper() == "LAST_WIN",
            allow_precision_loss=self.conf.boolean("spark.sql.decimalOperations.allowPrecisionLoss"),
            histogram_keeps_type=self.conf.boolean("spark.sql.legacy.histogramNumericPropagateInputType"),
        )

    def analyze(self, plan: LogicalPlan) -> LogicalPlan:
        """The resolved plan. Raises SparkError."""
        return self.analyze_with(plan, self.sql_functions)

    def analyze_with(self, plan: LogicalPlan, sql_functions: Mapping[str, SqlFunction]) -> LogicalPlan:
        """The resolved plan with other functions in SQL than the session's. Raises SparkError."""
        context = AnalysisContext(
            self.function_context(),
            self.catalog,
            builtin_functions(),
            self.user_functions,
            sql_functions,
            self.variables,
            self.table_functions,
            self.catalog.setting,
            self.literal_rows,
            lambda resolved: self.rows_of_resolved(resolved).to_table(),
        )
        return analyze(self.catalog.with_tables(plan), context)

    def compile(self, resolved: LogicalPlan) -> Pipeline:
        """The pipeline of a resolved plan."""
        time_zone = self.conf.get("spark.sql.session.timeZone")
        rows_per_batch = self.conf.integer("spark.sql.execution.arrow.maxRecordsPerBatch")
        return compile_plan(with_batch_processors(resolved, time_zone, rows_per_batch), time_zone)

    def rows(self, plan: LogicalPlan) -> Rows:
        """Run a batch query. Raises SparkError, also while the rows are read."""
        return self.rows_of_resolved(self.analyze(plan))

    def rows_of_resolved(self, resolved: LogicalPlan, on_start: OnStart | None = None) -> Rows:
        """Run an analysed batch query. `on_start` is given what interrupts it, from any thread.

        Without one the thread's (`telling_on_start`) is.
        """
        on_start = on_start or getattr(self._of_thread, "on_start", None)
        if isinstance(resolved, LocalRelation):
            return rows_of_table(resolved.table, resolved.schema)
        check_batch(resolved)
        time_zone = self.conf.get("spark.sql.session.timeZone")
        runner = self.runtime.engine.prepare(self.compile(resolved), time_zone)
        if on_start is not None:
            on_start(runner.interrupt)
        return runner.run({}, datetime.now(UTC))

    @contextmanager
    def telling_on_start(self, on_start: OnStart) -> Iterator[None]:
        """What this thread runs in here, such as the query of a write, is told to `on_start`."""
        before = getattr(self._of_thread, "on_start", None)
        self._of_thread.on_start = on_start
        try:
            yield
        finally:
            self._of_thread.on_start = before

    def literal_rows(self, resolved: LogicalPlan) -> list[list[Literal]]:
        """The rows of an analysed batch query as constants."""
        rows = self.rows_of_resolved(resolved)
        types = [field.data_type for field in rows.schema.fields]
        columns = [column.to_pylist() for column in rows.to_table().columns]
        return [
            [Literal(_constant(value, t), t) for value, t in zip(row, types, strict=True)]
            for row in zip(*columns, strict=True)
        ]

    def plan_text(self, resolved: LogicalPlan) -> str:
        """A resolved plan as a tree of lines, as `explain` shows it."""
        return tree_text(resolved)

    def explain(self, plan: LogicalPlan, mode: str) -> str:
        """What `df.explain` prints; `mode` is simple, extended, codegen, cost or formatted."""
        return explained(self, plan, mode)

    def now_ms(self) -> int:
        """The clock, UTC since 1970."""
        return time.time_ns() // 1_000_000

    # ---- commands ----

    def execute_statement(self, statement: Statement) -> LogicalPlan:
        """Do what a SQL statement says; its answer, resolved (columns and rows may be none)."""
        return execute(self, statement)

    def create_view(self, view: CreateView) -> None:
        """Name a plan. It is analysed now, as Spark does, and again with every use."""
        self.catalog.create_view(view, self.analyze(view.plan))

    def register_function(self, name: str, function: PythonFunction) -> None:
        """Make a Python function callable from SQL."""
        self.user_functions[name.lower()] = function

    def register_table_function(self, name: str, function: PythonTableFunction) -> None:
        """Make a Python table function callable from SQL."""
        self.table_functions[name.lower()] = function

    def write(self, write: WriteBatch) -> None:
        """`df.write`."""
        self.catalog.write(write)

    def start_query(self, write: WriteStream) -> StreamingQuery:
        """`df.writeStream.start()`."""
        return self.streams.start(replace(write, plan=self.analyze(write.plan)))

    def close(self) -> None:
        """Stop this session's queries and forget its views."""
        self.streams.stop_all()
        self.catalog.views.clear()
        self.kept.clear()


def _constant(value: Any, data_type: DataType) -> Any:  # noqa: ANN401 - a value of any type
    """A value of Arrow's Python objects as a Literal holds it."""
    if value is None:
        return None
    match data_type:
        case StructType(fields=fields):
            return tuple(_constant(value[f.name], f.data_type) for f in fields)
        case ArrayType(element=element):
            return tuple(_constant(v, element) for v in value)
        case TimestampType():
            return value.astimezone(UTC)
        case DayTimeIntervalType():
            return value // _MICROSECOND
    return value
