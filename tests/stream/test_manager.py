"""Starting, naming, finding, stopping queries; what is checked at the start. Texts are recorded/manager.json's."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import subprocess
import sys
import threading
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from potok.connectors.base import Rows
from potok.connectors.registry import provider
from potok.errors import SparkError
from potok.plan.commands import Trigger, WriteStream
from potok.plan.expressions import AttributeReference, PythonFunction
from potok.plan.logical import LocalRelation, Options, schema_attributes
from potok.streaming.failure import StreamingQueryError
from potok.streaming.listeners import QueryEvent, QueryIdle, QueryProgress, QueryStarted, QueryTerminated
from potok.streaming.lock import CheckpointLock
from potok.streaming.manager import ActiveRuns
from potok.streaming.query import StreamingQuery
from potok.streaming.sources import Sources
from potok.types import NULL, STRING, StructField, StructType
from stream.harness import (
    EMPTY,
    VALUES,
    AddData,
    CheckAnswer,
    FakeSession,
    ManualClock,
    MemorySource,
    Numbers,
    StartStream,
    StopStream,
    Stream,
    numbers_relation,
    stopping,
    union,
    until,
)
from support.patience import PATIENCE_S

FOLDER = Path(__file__).parent / "recorded"
RECORDED: dict[str, Any] = json.loads((FOLDER / "manager.json").read_text(encoding="utf-8"))
SINKS: dict[str, Any] = json.loads((FOLDER / "sinks.json").read_text(encoding="utf-8"))
MEMORY: dict[str, Any] = json.loads((FOLDER / "memory_sink.json").read_text(encoding="utf-8"))


@pytest.fixture
def stream(tmp_path: Path) -> Stream:
    return Stream(tmp_path)


def unnamed(stream: Stream, place: str, **changes: Any) -> WriteStream:
    options = Options({"checkpointLocation": str(stream.directory / place)})
    return replace(stream.write, options=options, **changes)


def test_names_are_unique_among_the_running(stream: Stream) -> None:
    with stopping(stream.manager) as manager:
        one = manager.start(unnamed(stream, "1", query_name="one"))
        with pytest.raises(SparkError) as raised:
            manager.start(unnamed(stream, "2", query_name="one"))
        assert raised.value.message == RECORDED["same name"]["text"]
        manager.start(unnamed(stream, "3", query_name="ONE"))
        one.stop()
        manager.start(unnamed(stream, "4", query_name="one"))


def test_a_second_start_from_one_checkpoint_stops_the_first(stream: Stream) -> None:
    with stopping(stream.manager) as manager:
        first = manager.start(stream.write)
        second = manager.start(stream.write)
        assert (first.is_active, first.exception(), first.status().message) == (False, None, "Stopped")
        assert second.is_active
        assert (second.id == first.id, second.run_id == first.run_id) == (True, False)
        assert manager.get(first.id) is second


def test_a_second_start_is_refused_on_demand(stream: Stream) -> None:
    stream.session.settings["spark.sql.streaming.stopActiveRunOnRestart"] = "false"
    with stopping(stream.manager) as manager:
        first = manager.start(stream.write)
        with pytest.raises(SparkError) as raised:
            manager.start(stream.write)
        text = RECORDED["same checkpoint"]["text"].removeprefix("(java.lang.IllegalStateException) ")
        assert raised.value.message == text.replace(text.split("id ")[1].split(" ")[0], first.id)
        assert first.is_active


def test_another_session_of_the_process_stops_the_first_too(tmp_path: Path) -> None:
    runs = ActiveRuns()
    one, two = Stream(tmp_path, active_runs=runs), Stream(tmp_path, active_runs=runs)
    with stopping(one.manager), stopping(two.manager):
        first = one.manager.start(one.write)
        two.manager.start(two.write)
        assert not first.is_active


def test_a_second_process_is_told_before_it_has_done_harm(stream: Stream) -> None:
    """The lock is let go of by the kernel, however the holder dies."""
    stream.run(AddData("a", 1), StartStream(), CheckAnswer(1), StopStream())
    before = sorted(path.name for path in stream.checkpoint.rglob("*"))
    holder = subprocess.Popen(
        [sys.executable, "-c", "import fcntl, os, sys, time; f = os.open(sys.argv[1], 0); fcntl.flock(f, 2); print('held', flush=True); time.sleep(3600)", str(stream.checkpoint)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(SparkError) as raised:
        stream.manager.start(stream.write)
    assert raised.value.condition == "CONCURRENT_STREAM_LOG_UPDATE"
    assert "Multiple streaming jobs detected for 1" in raised.value.message
    assert sorted(path.name for path in stream.checkpoint.rglob("*")) == before
    assert stream.manager.active() == []
    holder.kill()
    holder.wait()
    holder.stdout.close()
    stream.run(AddData("a", 2), StartStream(), CheckAnswer(1, 2), StopStream())


def test_a_lock_is_free_after_the_run(tmp_path: Path) -> None:
    lock = CheckpointLock(str(tmp_path), 0)
    with pytest.raises(SparkError):
        CheckpointLock(str(tmp_path), 0)
    lock.release()
    lock.release()
    CheckpointLock(str(tmp_path), 0).release()


def test_a_foreign_writer_is_noticed_by_the_logs(stream: Stream) -> None:
    """One that knows nothing of the lock, such as Spark: as in experiments/K_extra."""
    stream.run(AddData("a", 1), StartStream(), CheckAnswer(1))
    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        query.process_all_available()
        (stream.checkpoint / "offsets" / "1").write_text("v1\n{}\n7")
        stream.session.numbers.of("a").add([2])
        with pytest.raises(StreamingQueryError) as raised:
            query.await_termination(PATIENCE_S)
        assert raised.value.cause_condition == "CONCURRENT_STREAM_LOG_UPDATE"
        assert "Multiple streaming jobs detected for 1" in raised.value.message
        assert [batch for batch, _ in stream.sink.batches] == [0]


def test_failure_texts(stream: Stream) -> None:
    stream.sink.fail_at = 0
    stream.write = replace(stream.write, query_name="bad")
    stream.session.numbers.of("a").add([1])
    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        with pytest.raises(StreamingQueryError) as raised:
            query.await_termination(PATIENCE_S)
        cause = "[INTERNAL_ERROR] told to fail at 0 SQLSTATE: XX000"
        block = (
            "=== Streaming Query ===\n"
            f"Identifier: bad [id = {query.id}, runId = {query.run_id}]\n"
            "Current Committed Offsets: {}\n"
            "Current Available Offsets: {MemoryStream[a]: 0}\n\n"
            "Current State: ACTIVE\nThread State: RUNNABLE\n\n"
            f"Logical Plan:\n~WriteToMicroBatchDataSourceV1 CollectingSink, {query.id}, "
            f"[checkpointLocation={stream.checkpoint}], Append\n+- StreamingRelation\n"
        )
        assert raised.value.message == (
            f"[STREAM_FAILED] Query [id = {query.id}, runId = {query.run_id}] terminated with exception: {cause}"
            f" SQLSTATE: XXKST\n{block}"
        )
        error = query.exception()
        assert error is raised.value
        assert error.description == f"{cause}\n{block}"
        assert query.status().message == f"Terminated with exception: {cause}"
        for call in (
            query.await_termination,
            query.process_all_available,
            manager.await_any_termination,
            lambda: manager.await_any_termination(0.1),
        ):
            with pytest.raises(StreamingQueryError):
                call()
        manager.reset_terminated()
        assert not manager.await_any_termination(0.05)
        query.stop()


def test_active_get_and_await_any(stream: Stream) -> None:
    with stopping(stream.manager) as manager:
        assert manager.active() == []
        one = manager.start(unnamed(stream, "1", query_name="one"))
        two = manager.start(unnamed(stream, "2"))
        assert [query.run_id for query in manager.active()] == [one.run_id, two.run_id]
        assert manager.get(one.id) is one
        assert manager.get("unknown") is None
        assert not manager.await_any_termination(0.05)
        one.stop()
        assert manager.get(one.id) is None
        assert manager.await_any_termination()
        assert one.await_termination()
        assert one.await_termination(0.1)
        manager.reset_terminated()
        assert not manager.await_any_termination(0.05)
        waiter = threading.Timer(0.05, two.stop)
        waiter.start()
        assert manager.await_any_termination(PATIENCE_S)
        waiter.join()


def test_listeners_are_told(stream: Stream) -> None:
    stream.run(AddData("a", 1), StartStream(), CheckAnswer(1), StopStream())
    query = stream.running
    kinds = [type(event) for event in stream.events]
    assert kinds == [QueryStarted, QueryProgress, QueryTerminated]
    started, progress, ended = stream.events
    assert json.loads(started.to_json()) == {
        "id": query.id,
        "runId": query.run_id,
        "name": None,
        "timestamp": json.loads(started.to_json())["timestamp"],
        "jobTags": [],
    }
    assert isinstance(progress, QueryProgress)
    assert json.loads(progress.to_json())["progress"]["batchId"] == 0
    assert json.loads(ended.to_json()) == {
        "id": query.id,
        "runId": query.run_id,
        "exception": None,
        "errorClassOnException": None,
    }


def test_a_listener_that_raises_harms_nobody(stream: Stream, caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: object) -> None:
        raise ValueError("listener")

    stream.manager.listeners.add(broken)
    stream.run(AddData("a", 1), StartStream(), CheckAnswer(1), StopStream())
    assert "threw an exception" in caplog.text
    stream.manager.listeners.remove(broken)


def test_idle_progress_every_ten_seconds(tmp_path: Path) -> None:
    clock = ManualClock(1_000)
    stream = Stream(tmp_path, clock=clock)

    def advance(milliseconds: int) -> None:
        before = clock.waits
        clock.advance(milliseconds)
        until(lambda: clock.waits > before)

    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        until(lambda: clock.waits > 0)
        assert [p.batch_id for p in query.recent_progress()] == [0]
        advance(9_999)
        assert len(query.recent_progress()) == 1
        advance(1)
        assert [p.timestamp_ms for p in query.recent_progress()] == [1_000, 11_000]
        idle = query.last_progress()
        assert idle is not None
        assert set(idle.duration_ms) == {"latestOffset", "triggerExecution"}
        assert (idle.num_input_rows, idle.sink.num_output_rows) == (0, -1)
        assert idle.input_rows_per_second == 0.0
    assert [type(e) for e in stream.events] == [QueryStarted, QueryIdle, QueryTerminated]


def test_idle_progress_of_a_clock_that_was_set_back(tmp_path: Path) -> None:
    clock = ManualClock(10_000_000)
    stream = Stream(tmp_path, clock=clock)
    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        until(lambda: clock.waits > 0)
        clock.set_back(3_600_000)
        until(lambda: len(query.recent_progress()) > 1)
    assert [type(e) for e in stream.events] == [QueryStarted, QueryIdle, QueryTerminated]


def test_a_handle_keeps_nothing_of_a_run_that_has_ended(stream: Stream) -> None:
    """A session keeps handles of many runs, each of which had its state in memory."""
    stream.session.numbers.of("a").add([1])
    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        query.process_all_available()
        run, explained = weakref.ref(query._run), query.explain(extended=True)
        query.stop()
        assert manager.await_any_termination(0)
    gc.collect()
    assert run() is None
    assert query.explain(extended=True) == explained
    assert explained.startswith("== Parsed Logical Plan ==")


def test_nor_does_the_error_of_one_that_has_failed(stream: Stream) -> None:
    stream.session.numbers.of("a").add([1])
    stream.sink.fail_at = 0
    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        run = weakref.ref(query._run)
        with contextlib.suppress(StreamingQueryError):
            query.await_termination(PATIENCE_S)
    gc.collect()
    assert run() is None
    assert query.exception() is not None


def test_the_trace_of_an_error_does_not_grow(stream: Stream) -> None:
    stream.session.numbers.of("a").add([1])
    stream.sink.fail_at = 0
    lengths = set()
    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        for _ in range(3):
            for call in (
                query.await_termination,
                query.process_all_available,
                manager.await_any_termination,
            ):
                with pytest.raises(StreamingQueryError) as raised:
                    call()
                lengths.add(len(raised.traceback))
    assert lengths == {2, 3}


def test_what_one_has_failed_with_is_told_after_others_were_stopped(stream: Stream) -> None:
    stream.session.numbers.of("a").add([1])
    stream.sink.fail_at = 0
    with stopping(stream.manager) as manager:
        failing = manager.start(unnamed(stream, "1"))
        with pytest.raises(StreamingQueryError):
            failing.await_termination(PATIENCE_S)
        stream.session.collect.sinks[-1].fail_at = None
        stopped = manager.start(unnamed(stream, "2"))
        stopped.stop()
        with pytest.raises(StreamingQueryError) as raised:
            manager.await_any_termination()
        assert raised.value is failing.exception()


def test_recent_progress_is_bounded(tmp_path: Path) -> None:
    stream = Stream(
        tmp_path,
        numbers_relation(rowsPerTrigger="1"),
        spark__sql__streaming__numRecentProgressUpdates="3",
    )
    stream.run(AddData("a", *range(6)), StartStream(), CheckAnswer(*range(6)), StopStream())
    assert [p.batch_id for p in stream.running.recent_progress() if p.num_input_rows][-1] == 5
    assert len(stream.running.recent_progress()) == 3


def test_observed_metrics_reach_the_progress(stream: Stream) -> None:
    stream.session.observed = {"obs": {"n": 2}}
    stream.run(AddData("a", 1, 2), StartStream(), CheckAnswer(1, 2), StopStream())
    progress = stream.running.recent_progress()[0]
    assert progress.observed_metrics == {"obs": {"n": 2}}


def test_status_before_and_after(stream: Stream) -> None:
    query = StreamingQuery(query_id="i", run_id="r", name=None, progress_to_keep=1, stop_timeout_s=0)
    assert query.status().message == "Initializing sources"
    assert query.explain() == "No physical plan. Waiting for data."
    stream.run(AddData("a", 1), StartStream(), CheckAnswer(1))
    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        assert query.explain() == "No physical plan. Waiting for data."
        query.process_all_available()
        until(lambda: query.status().message == "Waiting for data to arrive")
        assert query.status().is_trigger_active is False


def test_waiting_in_the_querys_own_thread_is_refused(stream: Stream) -> None:
    errors: list[SparkError] = []

    def on_batch(batch_id: int) -> None:
        try:
            stream.manager.active()[0].await_termination(1)
        except SparkError as error:
            errors.append(error)
        stream.manager.active()[0].stop()

    stream.sink.on_batch = on_batch
    stream.session.numbers.of("a").add([1])
    query = stream.manager.start(stream.write)
    assert query.await_termination(PATIENCE_S)
    assert "Cannot wait for a query state from the same thread" in errors[0].message
    assert stream.sink.batches == [(0, [1])]


def test_stop_gives_up_after_the_timeout(tmp_path: Path) -> None:
    stream = Stream(tmp_path, spark__sql__streaming__stopTimeout="50")
    release = threading.Event()

    def on_batch(batch_id: int) -> None:
        release.wait(PATIENCE_S)

    stream.sink.on_batch = on_batch
    stream.session.numbers.of("a").add([1])
    query = stream.manager.start(stream.write)
    until(lambda: query.status().message == "Processing new data")
    with pytest.raises(SparkError, match="failed to stop within 50 milliseconds"):
        query.stop()
    release.set()
    # The time that a stop may take counts for this one as well.
    assert query.await_termination(PATIENCE_S)
    query.stop()


# ---- checks at the start ------------------------------------------------------------------------


def refused(stream: Stream, write: WriteStream) -> SparkError:
    with pytest.raises(SparkError) as raised, stopping(stream.manager):
        stream.manager.start(write)
    return raised.value


def test_a_batch_frame_cannot_stream(stream: Stream) -> None:
    plan = LocalRelation(EMPTY, schema_attributes(VALUES))
    assert refused(stream, replace(stream.write, plan=plan)).message == RECORDED["no streaming"]["text"]


def test_output_modes(stream: Stream) -> None:
    error = refused(stream, replace(stream.write, output_mode="foo"))
    assert error.condition == "STREAMING_OUTPUT_MODE.INVALID"
    error = refused(stream, replace(stream.write, format="numbers"))
    assert error.message == SINKS["rate sink"]["text"].replace("rate", "numbers")
    stream.run(StartStream(), StopStream())
    assert stream.session.checked == ["append", "append"]


def test_a_checkpoint_is_needed(stream: Stream) -> None:
    stream.session._providers["csv"] = stream.session.collect
    error = refused(stream, replace(stream.write, format="csv", options=Options()))
    assert error.message == SINKS["no checkpoint"]["text"]
    assert error.parameters == SINKS["no checkpoint"]["getMessageParameters"]


def test_path_given_twice(stream: Stream) -> None:
    options = Options({"path": "/a", "checkpointLocation": "/b"})
    assert (
        refused(stream, replace(stream.write, path="/c", options=options)).message
        == SINKS["path twice"]["text"]
    )


def test_checkpoint_by_configuration(stream: Stream) -> None:
    stream.session.settings["spark.sql.streaming.checkpointLocation"] = "root"
    with stopping(stream.manager) as manager:
        manager.start(replace(stream.write, options=Options(), query_name="named"))
        manager.start(replace(stream.write, options=Options()))
        manager.start(replace(stream.write, options=Options(), format="noop"))
    names = [path.name for path in (stream.directory / "root").iterdir()]
    assert sorted("<uuid>" if len(name) == 36 else name for name in names) == ["<uuid>", "<uuid>", "named"]


def test_a_temporary_checkpoint_goes_with_the_query(stream: Stream, caplog: pytest.LogCaptureFixture) -> None:
    with stopping(stream.manager) as manager:
        query = manager.start(replace(stream.write, format="noop", options=Options()))
        query.process_all_available()
        (made,) = (stream.directory / "tmp").iterdir()
        assert made.name.startswith("temporary-")
        assert (made / "metadata").exists()
        query.stop()
    assert list((stream.directory / "tmp").iterdir()) == []
    assert f"created which is deleted normally when the query didn't fail: {made}." in caplog.text  # fmt: skip


@pytest.mark.parametrize("forced", ["true", "false"])
def test_a_temporary_checkpoint_after_a_failure(stream: Stream, forced: str) -> None:
    stream.session.settings["spark.sql.streaming.forceDeleteTempCheckpointLocation"] = forced

    def divide(rows: Rows, batch_id: int) -> None:
        batch_id // 0

    stream.session.foreach_batch_function = divide
    stream.session.numbers.of("a").add([1])
    function = PythonFunction("f", b"", 0, NULL)
    write = replace(stream.write, format="", options=Options(), foreach_batch=function)
    query = stream.manager.start(write)
    with pytest.raises(StreamingQueryError) as raised:
        query.await_termination(PATIENCE_S)
    assert raised.value.cause_condition == "FOREACH_BATCH_USER_FUNCTION_ERROR"
    assert "ZeroDivisionError" in raised.value.message
    assert len(list((stream.directory / "tmp").iterdir())) == (0 if forced == "true" else 1)


def test_warnings(stream: Stream, caplog: pytest.LogCaptureFixture) -> None:
    stream.run(StartStream(), StopStream())
    texts = [r.message for r in caplog.records if r.levelno == logging.WARNING]
    assert texts == [
        "spark.sql.adaptive.enabled is not supported in streaming DataFrames/Datasets and will be disabled."
    ]
    caplog.clear()
    stream.session.settings["spark.sql.adaptive.enabled"] = "false"
    stream.run(StartStream(), StopStream())
    assert caplog.records == []


def test_a_slow_batch_is_noticed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    stream = Stream(tmp_path, clock=clock)

    def on_batch(batch_id: int) -> None:
        clock.advance(6_500)

    stream.sink.on_batch = on_batch
    stream.session.numbers.of("a").add([1])
    with stopping(stream.manager) as manager:
        manager.start(replace(stream.write, trigger=Trigger("processing_time", "3 seconds")))
        until(lambda: "falling behind" in caplog.text)
    assert "The trigger interval is 3000 milliseconds, but spent 6500 milliseconds" in caplog.text


def test_memory_needs_a_name_and_a_new_checkpoint(stream: Stream) -> None:
    write = replace(stream.write, format="memory")
    assert refused(stream, write).message == MEMORY["no name"]["text"]
    named = replace(write, query_name="m1")
    stream.session.numbers.of("a").add([1])
    with stopping(stream.manager) as manager:
        manager.start(named).process_all_available()
    error = refused(stream, named)
    text = MEMORY["append again"]["text"].replace("/data/memory_sink/cp1", str(stream.checkpoint))
    assert error.message == text
    assert error.condition == MEMORY["append again"]["getCondition"]
    with stopping(stream.manager) as manager:
        stream.session.numbers.of("a").add([2])
        manager.start(replace(named, output_mode="complete")).process_all_available()
    assert stream.session.views["m1"].read(["value"]).to_pydict() == {"value": [2]}


def test_continuous_processing_is_refused(stream: Stream) -> None:
    recorded = json.loads((FOLDER / "continuous.json").read_text(encoding="utf-8"))
    trigger = Trigger("continuous", "1 second")
    file = replace(numbers_relation(), format="csv", paths=("/data/continuous/in",))
    error = refused(stream, replace(stream.write, plan=file, trigger=trigger))
    assert error.message == recorded["file"]["text"]
    micro = replace(numbers_relation(), format="rate-micro-batch")
    error = refused(stream, replace(stream.write, plan=micro, trigger=trigger))
    assert error.message == recorded["rate-micro-batch"]["text"]
    rate = replace(numbers_relation(), format="rate")
    error = refused(stream, replace(stream.write, plan=rate, trigger=trigger))
    assert error.condition == "UNSUPPORTED_FEATURE.POTOK"


def test_an_error_at_the_start_leaves_the_checkpoint_free(stream: Stream) -> None:
    error = refused(stream, replace(stream.write, format="console", trigger=Trigger("processing_time", "x")))
    assert error.condition.startswith("INVALID_INTERVAL_FORMAT")
    CheckpointLock(str(stream.directory), 0).release()
    assert isinstance(stream.session, FakeSession)


def test_the_sinks_own_complaint_comes_before_the_missing_checkpoint(stream: Stream) -> None:
    stream.session._providers["csv"] = provider("csv")
    error = refused(stream, replace(stream.write, format="csv", options=Options()))
    assert error.message == "'path' is not specified."


def test_a_query_is_inactive_when_its_end_is_told(stream: Stream) -> None:
    active: list[bool] = []

    def note(event: QueryEvent) -> None:
        if isinstance(event, QueryTerminated):
            active.append(stream.running.is_active)

    stream.manager.listeners.add(note)
    stream.run(StartStream(), StopStream())
    assert active == [False]


def test_sources_are_stopped_when_another_one_cannot_start(tmp_path: Path) -> None:
    broken = replace(numbers_relation("b", 2), options=Options({"name": "b", "rowsPerTrigger": "x"}))
    stream = Stream(tmp_path, union(numbers_relation("a", 1), broken))
    query = stream.manager.start(stream.write)
    with pytest.raises(StreamingQueryError):
        query.await_termination(PATIENCE_S)
    assert [source.stopped for source in stream.session.numbers.sources] == [True]
    assert query.status().message.startswith("Terminated with exception: invalid literal for int()")


def test_a_source_without_new_rows_still_has_its_metadata_column() -> None:
    struct = StructType((StructField("file_path", STRING),))
    metadata = AttributeReference("_metadata", struct, is_nullable=False)
    relation = replace(numbers_relation(), metadata=metadata)
    numbers = Numbers()
    sources = Sources(relation, lambda _, __: MemorySource("a", numbers, None))
    scan = sources.bind((None,), (None,))[relation.source_key]
    table = scan.read(["_metadata", "value"])
    assert (table.schema.names, table.num_rows) == (["_metadata", "value"], 0)
    assert scan.input_files() == []
    sources.stop()
