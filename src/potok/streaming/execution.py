"""The loop: batches in Spark's order. One thread a query.

Source of fact: org.apache.spark.sql.execution.streaming.runtime.MicroBatchExecution.
"""

from __future__ import annotations

import atexit
import logging
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from potok.checkpoint.commit_log import CommitLog, CommitMetadata
from potok.checkpoint.layout import CheckpointLayout
from potok.checkpoint.offset_log import OffsetLog, conf_for_offset_log, conf_from_offset_log
from potok.checkpoint.recover import read_tails, recover
from potok.connectors.base import Sink, Source, SourceContext, SourceStopped
from potok.errors import SparkError
from potok.plan.logical import LogicalPlan, StreamingRelation
from potok.stateful.join_inputs import narrow_join_inputs
from potok.stateful.progress import StateOperatorProgress
from potok.stateful.providers import with_provider
from potok.streaming.batch import (
    MicroBatch,
    Offsets,
    Position,
    construct_next_batch,
    purge_threshold,
    start_position,
)
from potok.streaming.clock import Waiter
from potok.streaming.failure import StreamingQueryError, cause_message, forget_frames
from potok.streaming.listeners import ListenerBus, QueryTerminated
from potok.streaming.lock import Lock
from potok.streaming.pushdown import push_filters_below_watermarks
from potok.streaming.query import NO_PLAN, EndedRun, StreamingQuery
from potok.streaming.reporter import ProgressReporter, TriggerResult
from potok.streaming.services import (
    BatchContext,
    Environment,
    PrepareContext,
    PreparedQuery,
    SessionServices,
)
from potok.streaming.sources import Sources
from potok.streaming.steps import StepTimer
from potok.streaming.triggers import AvailableNow, Once, ProcessingTime, TriggerRule
from potok.streaming.watermark import (
    EventTimeStatistics,
    Watermarks,
    event_time_texts,
    observe_event_times,
    take_event_times,
    watermark_nodes,
)

_NS_PER_MS, _NS_PER_S = 1_000_000, 1_000_000_000
_LOGGER = logging.getLogger("potok.MicroBatchExecution")
_TRIGGER_LOGGER = logging.getLogger("potok.ProcessingTimeExecutor")


@dataclass(frozen=True)
class QueryDefinition:
    """A query that may start: everything about it has been checked that can be checked without running.

    `plan` is resolved. `sink_text` is the first line of the plan in Spark's messages.
    """

    plan: LogicalPlan
    sink: Sink
    sink_text: str
    output_mode: str
    trigger: TriggerRule
    checkpoint_root: str
    checkpoint_is_temporary: bool
    delete_checkpoint_after_failure: bool
    lock: Lock
    durable: bool
    batches_to_retain: int
    no_data_batches: bool


@dataclass(slots=True)
class _Outcome:
    """What the batch that was just run has brought."""

    output_rows: int
    statistics: tuple[EventTimeStatistics | None, ...]
    observed: dict[str, Any]
    state_operators: tuple[StateOperatorProgress, ...]


class StreamExecution:
    """One run of one query."""

    def __init__(
        self,
        query: StreamingQuery,
        definition: QueryDefinition,
        services: SessionServices,
        environment: Environment,
        bus: ListenerBus,
        reporter: ProgressReporter,
    ) -> None:
        self._query = query
        self._definition = definition
        self._services = services
        self._clock = environment.clock
        self._fs = environment.file_system
        self._bus = bus
        self._reporter = reporter
        self._step = StepTimer(environment.clock, environment.step_hook)
        self._waiter = Waiter()
        self._layout = CheckpointLayout(definition.checkpoint_root)
        durable = definition.durable
        self._offset_log = OffsetLog(self._layout.offsets, self._fs, durable=durable)
        # Never synced: nothing relies on it. A lost or torn commit means that its batch runs again, to the
        # same effect, and the next batch's offsets, which are synced, say that it has happened.
        self._commit_log = CommitLog(self._layout.commits, self._fs, durable=False)
        self._delays_ms = tuple(node.delay_ms for node in watermark_nodes(definition.plan))
        self._sources: Sources | None = None
        self._position = Position(0, (), {})
        self._available: Offsets = ()
        self._watermarks = Watermarks()
        self._prepared: PreparedQuery | None = None
        self._prepare_error: Exception | None = None
        self._last_output_rows: int | None = None
        self._last_operators: tuple[StateOperatorProgress, ...] = ()
        self._is_initialized = False

    # ---- for other threads

    def wake(self) -> None:
        """See query.Run."""
        self._waiter.wake()

    def explain(self, *, extended: bool) -> str:
        """See query.Run."""
        if self._last_output_rows is None:
            return NO_PLAN
        text = self._plan_text()
        if not extended:
            return f"== Physical Plan ==\n{text}\n"
        titles = ("Parsed Logical", "Analyzed Logical", "Optimized Logical", "Physical")
        return "\n".join(f"== {title} Plan ==\n{text}" for title in titles)

    # ---- the thread

    def run(self) -> None:
        """From the first look at the checkpoint to the end. Raises nothing."""
        error: StreamingQueryError | None = None
        try:
            self._initialize()
            self._run_batches()
            self._query.report_status("Stopped", data=False, active=False)
        except SourceStopped:
            self._query.report_status("Stopped", data=False, active=False)
        except (Exception, SystemExit) as cause:  # noqa: BLE001 - whatever it is, sys.exit() of a user's function too
            error = self._failure(cause)
            message = f"Terminated with exception: {cause_message(cause)}"
            self._query.report_status(message, data=False, active=False)
            self._log_failure(cause)
            forget_frames(cause)
        finally:
            self._finish(error)

    def _initialize(self) -> None:
        self._query.report_status("Initializing sources")
        with self._step("recover"):
            state = recover(*read_tails(self._offset_log, self._commit_log), self._layout.root)
        for warning in state.warnings:
            _LOGGER.warning("%s", warning)
        conf = conf_for_offset_log(self._services.conf)
        if state.conf is not None:
            conf.update(conf_from_offset_log(state.conf))
        conf = with_provider(conf, self._definition.plan, is_new=state.conf is None)
        self._sources = Sources(self._definition.plan, self._make_source)
        trigger = self._definition.trigger
        for started in self._sources.started:
            started.initial = started.source.initial_offset()
            if not isinstance(trigger, Once):
                started.limit = started.source.default_read_limit
            if isinstance(trigger, AvailableNow):
                started.source.prepare_available_now()
        self._position = start_position(state, self._sources.relation_count, conf)
        self._available = self._position.committed
        policy = conf.get("spark.sql.streaming.multipleWatermarkPolicy", "min")
        self._watermarks = Watermarks(policy, state.watermark_ms)
        self._clock.on_change(self._waiter.wake)
        try:
            self._prepare(conf, state.previous_watermark_ms)
        except Exception as error:  # noqa: BLE001 - raised where Spark raises it, in the first batch
            self._prepare_error = error
        is_replay = self._position.replay is not None
        self._definition.sink.begin(self._position.batch_id, is_replay=is_replay)
        self._is_initialized = True
        self._query.report_status("Initializing StreamExecution")

    def _make_source(self, relation: StreamingRelation, index: int) -> Source:
        context = SourceContext(
            conf=self._services.conf,
            working_directory=self._services.working_directory(),
            log_directory=self._layout.source(index),
            file_system=self._fs,
            durable=self._definition.durable,
            now_ms=self._clock.now_ms,
            query_id=self._query.id,
            run_id=self._query.run_id,
            is_stopping=lambda: self._query.is_stopping,
        )
        return self._services.provider(relation.format).source(relation, context)

    def _prepare(self, conf: dict[str, str], previous_watermark_ms: int) -> None:
        definition = self._definition
        narrowed = narrow_join_inputs(definition.plan)
        observed = observe_event_times(push_filters_below_watermarks(narrowed))
        plan = definition.sink.prepare_plan(observed)
        context = PrepareContext(
            conf,
            definition.output_mode,
            definition.checkpoint_root,
            self._query.id,
            self._query.run_id,
            self._fs,
            definition.durable,
            self._position.batch_id,
            previous_watermark_ms,
        )
        self._prepared = self._services.prepare(plan, context)

    def _run_batches(self) -> None:
        """Trigger until the rule or somebody else says that it is enough."""
        rule = self._definition.trigger
        while not self._query.is_stopping:
            started_ms, started_ns = self._clock.now_ms(), self._clock.monotonic_ns()
            executed = self._trigger(started_ms)
            if isinstance(rule, Once) or (isinstance(rule, AvailableNow) and not executed):
                return
            if isinstance(rule, ProcessingTime) and rule.interval_ms > 0:
                self._query.report_status("Waiting for next trigger")
                self._wait_for_interval(rule, started_ms, started_ns)
            elif not executed:
                self._wait_for_data()

    def _wait_for_interval(self, rule: ProcessingTime, started_ms: int, started_ns: int) -> None:
        """Until the next multiple of the interval; never longer than one, should the clock be set back."""
        elapsed_ms = self._clock.now_ms() - started_ms
        if rule.is_falling_behind(elapsed_ms):
            _TRIGGER_LOGGER.warning(
                "Current batch is falling behind. The trigger interval is %d milliseconds, but spent %d milliseconds",
                rule.interval_ms,
                elapsed_ms,
            )
        next_ms = rule.next_batch_ms(started_ms)
        last_ns = started_ns + rule.interval_ms * _NS_PER_MS
        while not self._query.is_stopping and self._clock.now_ms() < next_ms:
            left_s = (last_ns - self._clock.monotonic_ns()) / _NS_PER_S
            if left_s <= 0:
                return
            due_s = self._clock.seconds_until(next_ms)
            self._waiter.wait((), None if due_s is None else min(due_s, left_s))

    def _wait_for_data(self) -> None:
        """Sleep until a source may have something, somebody wants something, a timer or an idle report is due."""
        sources = self._started_sources()
        timeout_s: float = sources.poll_interval_s()
        due_ms = self._reporter.idle_due_ms()
        for due in (due_ms, self._wakes_at_ms()):
            due_s = None if due is None else self._clock.seconds_until(due)
            if due_s is not None:
                timeout_s = min(timeout_s, due_s)
        self._waiter.wait(sources.descriptors(), timeout_s)

    # ---- one trigger

    def _trigger(self, started_ms: int) -> bool:
        """Run a batch if there is one to run; whether there was."""
        step = self._step
        step.batch_id = self._position.batch_id
        step.start_trigger()
        begun_ns = self._clock.monotonic_ns()
        self._query.report_status(active=True)
        start = self._position.committed
        outcome = None
        with step("trigger"):
            ticket = self._query.ticket()
            batch = self._position.replay or self._construct()
            if batch is None:
                self._query.report_status(data=False)
                self._query.report_nothing_new(ticket)
            else:
                self._available = batch.end
                message = "Processing new data" if batch.has_new_data else "No new data but cleaning up state"
                self._query.report_status(message, data=batch.has_new_data)
                outcome = self._run_batch(batch)
        with step("progress"):
            self._report(started_ms, begun_ns, start, batch, outcome)
            self._query.report_status(active=False)
            if batch is None:
                self._query.report_status("Waiting for data to arrive", data=False)
        self._started_sources().release()
        return batch is not None

    def _construct(self) -> MicroBatch | None:
        """Ask the sources, decide, and write the decision down."""
        sources = self._started_sources()
        latest = []
        for started in sources.started:
            self._query.report_status(f"Getting offsets from {started.source.description}")
            with self._step("latestOffset"):
                start = started.start_of(self._position.committed)
                latest.append(started.source.latest_offset(start, started.limit))
        with self._step("construct"):
            batch = construct_next_batch(
                self._position,
                sources.spread(latest),
                watermark_ms=self._watermarks.global_ms,
                now_ms=self._clock.now_ms(),
                another_batch_needed=self._another_batch_needed(),
            )
        if batch is None or self._query.is_stopping:
            return None
        self._query.report_status("Writing offsets to log")
        with self._step("walCommit"):
            self._offset_log.add(batch.batch_id, batch.offset_seq())
            with self._step("commitSources"):
                if batch.batch_id > 0:
                    sources.commit(self._position.committed)
                self._purge(batch.batch_id)
        return batch

    def _another_batch_needed(self) -> bool:
        prepared = self._stateful()
        if prepared is None:
            return False
        wakes_at_ms = prepared.wakes_at_ms()
        if wakes_at_ms is not None and wakes_at_ms <= self._clock.now_ms():
            return True
        return prepared.needs_another_batch(self._watermarks.global_ms)

    def _wakes_at_ms(self) -> int | None:
        prepared = self._stateful()
        return None if prepared is None else prepared.wakes_at_ms()

    def _stateful(self) -> PreparedQuery | None:
        """The query, once it has run a batch and if batches without data may change anything."""
        prepared = self._prepared
        may = self._definition.no_data_batches and self._last_output_rows is not None
        return prepared if may and prepared is not None and prepared.is_stateful else None

    def _purge(self, batch_id: int) -> None:
        threshold = purge_threshold(batch_id, self._definition.batches_to_retain)
        if threshold is not None:
            self._offset_log.purge(threshold)
            self._commit_log.purge(threshold)

    def _run_batch(self, batch: MicroBatch) -> _Outcome:
        sources = self._started_sources()
        step = self._step
        with step("getBatch"):
            scans = sources.bind(batch.start, batch.end)
        with step("queryPlanning"):
            if self._prepare_error is not None:
                raise self._prepare_error
            prepared = self._prepared
            if prepared is None:
                raise AssertionError
            context = BatchContext(
                batch.batch_id,
                scans,
                datetime.fromtimestamp(batch.timestamp_ms / 1000, UTC),
                batch.watermark_ms,
                self._definition.output_mode,
                batch.conf,
            )
        with step("addBatch"):
            rows = prepared.run(context)
            output_rows = self._definition.sink.add_batch(batch.batch_id, rows, self._definition.output_mode)
            statistics, observed = take_event_times(rows.observed, len(self._delays_ms))
            outcome = _Outcome(output_rows, statistics, observed, rows.state_operators)
        with step("watermark"):
            self._watermarks = self._watermarks.advanced(self._delays_ms, statistics)
        with step("commitOffsets"):
            self._commit_log.add(batch.batch_id, CommitMetadata(self._watermarks.global_ms))
            self._position = self._position.after(batch)
            prepared.committed(batch.batch_id)
        self._last_output_rows = output_rows
        self._last_operators = outcome.state_operators
        return outcome

    def _report(
        self,
        started_ms: int,
        begun_ns: int,
        start: Offsets,
        batch: MicroBatch | None,
        outcome: _Outcome | None,
    ) -> None:
        executed = batch is not None and outcome is not None
        watermark_ms = None
        # As in Spark a run tells its watermark from its first batch on.
        if self._delays_ms and self._last_output_rows is not None:
            watermark_ms = batch.watermark_ms if batch is not None else self._watermarks.global_ms
        idle_rows = -1 if self._last_output_rows in {None, -1} else 0
        self._reporter.finish(
            TriggerResult(
                batch_id=self._position.batch_id if batch is None else batch.batch_id,
                started_ms=started_ms,
                finished_ms=self._clock.now_ms(),
                elapsed_ns=self._step.elapsed_ns,
                total_ns=self._clock.monotonic_ns() - begun_ns,
                start=start,
                end=start if batch is None else batch.end,
                executed=executed,
                sink_description=self._definition.sink.description,
                output_rows=outcome.output_rows if outcome is not None else idle_rows,
                event_time=event_time_texts(outcome.statistics if outcome else (), watermark_ms),
                observed=outcome.observed if outcome else None,
                state_operators=outcome.state_operators if outcome else self._last_operators,
            ),
            self._started_sources(),
        )

    # ---- the end

    def _failure(self, cause: BaseException) -> StreamingQueryError:
        return StreamingQueryError(
            query_id=self._query.id, run_id=self._query.run_id, cause=cause, query_text=self._query_text()
        )

    def _log_failure(self, cause: BaseException) -> None:
        # What the user's data or program has caused needs no trace of this engine.
        trace = None if isinstance(cause, SparkError) else cause
        _LOGGER.error(
            "Query %s terminated with error: %s", self._query.identifier, cause_message(cause), exc_info=trace
        )

    def _query_text(self) -> str:
        """The block `=== Streaming Query ===`; Spark's lines in Spark's order."""
        sources = self._sources
        committed = sources.text_of(self._position.committed) if sources else "{}"
        available = sources.text_of(self._available) if sources else "{}"
        text = (
            "=== Streaming Query ===\n"
            f"Identifier: {self._query.identifier}\n"
            f"Current Committed Offsets: {committed}\n"
            f"Current Available Offsets: {available}\n\n"
            f"Current State: {'ACTIVE' if self._is_initialized else 'INITIALIZING'}\n"
            "Thread State: RUNNABLE"
        )
        if self._is_initialized:
            text += f"\n\nLogical Plan:\n{self._plan_text()}\n"
        return text

    def _plan_text(self) -> str:
        plan = self._services.plan_text(self._definition.plan).rstrip("\n").split("\n")
        body = [f"+- {plan[0]}", *(f"   {line}" for line in plan[1:])]
        return "\n".join([self._definition.sink_text, *body])

    def _finish(self, error: StreamingQueryError | None) -> None:
        """Let go of everything; each step is tried whatever the others do.

        The temporary checkpoint of a query that failed stays until the process ends.
        """
        self._query.terminate(error)
        ended = EndedRun()
        closers = [
            partial(ended.keep_texts, self),
            self._sources.stop if self._sources else None,
            self._definition.sink.stop,
            self._prepared.close if self._prepared else None,
            self._definition.lock.release,
            self._delete_checkpoint if self._checkpoint_goes(error) else None,
        ]
        if self._definition.checkpoint_is_temporary and not self._checkpoint_goes(error):
            atexit.register(shutil.rmtree, self._definition.checkpoint_root, ignore_errors=True)
        for close in closers:
            if close is not None:
                try:
                    close()
                except Exception:
                    _LOGGER.exception("Query %s did not end cleanly", self._query.identifier)
        self._bus.post(
            QueryTerminated(
                self._query.id,
                self._query.run_id,
                error.cause_text if error is not None else None,
                error.cause_condition if error is not None else None,
            )
        )
        self._waiter.close()
        self._query.end(ended)

    def _checkpoint_goes(self, error: StreamingQueryError | None) -> bool:
        definition = self._definition
        return definition.checkpoint_is_temporary and (
            error is None or definition.delete_checkpoint_after_failure
        )

    def _delete_checkpoint(self) -> None:
        shutil.rmtree(self._definition.checkpoint_root)

    def _started_sources(self) -> Sources:
        if self._sources is None:
            raise AssertionError
        return self._sources
