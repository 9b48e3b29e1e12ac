"""Commands about streaming queries.

Source of fact: Spark's `SparkConnectPlanner`, `SparkConnectStreamingQueryListenerHandler`.
"""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING

import pyspark.sql.connect.proto as pb

from potok.connect.decode_plan import decoder
from potok.ddl import parse_name
from potok.errors import SparkError, unsupported
from potok.plan.commands import Trigger, WriteStream
from potok.plan.logical import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from potok.connect.operations import Operation
    from potok.connect.sessions import ServerSession
    from potok.plan.expressions import PythonFunction
    from potok.streaming.query import StreamingQuery

    Responses = Iterator[pb.ExecutePlanResponse]

# How long a wait goes on before it looks whether it was cancelled.
_WAIT_S = 0.2
_MILLISECONDS = 1000
_STREAMING_QUERY_EXCEPTION = "org.apache.spark.sql.streaming.StreamingQueryException"


def start_responses(
    session: ServerSession, operation: Operation, command: pb.WriteStreamOperationStart
) -> Responses:
    """Start a query."""
    query = session.session.start_query(_write_stream(session, operation, command))
    session.keep_query(query)
    result = pb.WriteStreamOperationStartResult(query_id=_query_id(query), name=query.name or "")
    started = session.events.take_started(query.run_id)
    if started is not None:
        result.query_started_event_json = started
    yield pb.ExecutePlanResponse(write_stream_operation_start_result=result)


def _write_stream(
    session: ServerSession, operation: Operation, command: pb.WriteStreamOperationStart
) -> WriteStream:
    if command.clustering_column_names:
        raise unsupported("clusterBy of a stream", "Use partitionBy.")
    plans = decoder(session)
    destination = command.WhichOneof("sink_destination")
    tag = f"User_{session.user_id}_Session_{session.session_id}"
    return WriteStream(
        plans.relation(command.input),
        format=command.format,
        output_mode=command.output_mode.lower(),
        options=Options(command.options),
        partition_by=tuple(command.partitioning_column_names),
        trigger=_trigger(command),
        query_name=command.query_name or None,
        path=command.path if destination == "path" else None,
        table=parse_name(command.table_name) if destination == "table_name" else (),
        foreach_writer=_foreach(command, "foreach_writer"),
        foreach_batch=_foreach(command, "foreach_batch"),
        job_tags=(
            f"SparkConnect_OperationTag_{tag}_Operation_{operation.id}",
            *(f"SparkConnect_Tag_{tag}_Tag_{user_tag}" for user_tag in sorted(operation.tags)),
        ),
    )


def _trigger(command: pb.WriteStreamOperationStart) -> Trigger:
    match command.WhichOneof("trigger"):
        case None:
            return Trigger()
        case "processing_time_interval":
            return Trigger("processing_time", command.processing_time_interval)
        case "available_now":
            return Trigger("available_now")
        case "once":
            return Trigger("once")
        case "continuous_checkpoint_interval":
            return Trigger("continuous", command.continuous_checkpoint_interval)
    raise unsupported("The real-time trigger", "Use a processing-time trigger.")


def _foreach(command: pb.WriteStreamOperationStart, field: str) -> PythonFunction | None:
    from potok.plan.expressions import PythonFunction
    from potok.types import NULL

    if not command.HasField(field):
        return None
    function = getattr(command, field)
    if function.WhichOneof("function") != "python_function":
        raise unsupported(f"A {field} of the JVM", "Write the function in Python.")
    udf = function.python_function
    return PythonFunction(field, udf.command, udf.eval_type, NULL, python_version=udf.python_ver)


def query_responses(
    session: ServerSession, operation: Operation, command: pb.StreamingQueryCommand
) -> Responses:
    """Ask a query, or tell it."""
    query = session.query(command.query_id.id, command.query_id.run_id)
    result = pb.StreamingQueryCommandResult(query_id=_query_id(query))
    match command.WhichOneof("command"):
        case "status":
            status = query.status()
            result.status.status_message = status.message
            result.status.is_data_available = status.is_data_available
            result.status.is_trigger_active = status.is_trigger_active
            result.status.is_active = query.is_active
        case "last_progress":
            result.recent_progress.SetInParent()
            progress = query.last_progress()
            if progress is not None:
                result.recent_progress.recent_progress_json.append(progress.recent_json())
        case "recent_progress":
            result.recent_progress.SetInParent()
            texts = (p.recent_json() for p in query.recent_progress())
            result.recent_progress.recent_progress_json.extend(texts)
        case "stop":
            query.stop()
            session.events.flush()
        case "process_all_available":
            query.process_all_available()
        case "explain":
            result.explain.result = query.explain(extended=command.explain.extended)
        case "exception":
            result.exception.SetInParent()
            error = query.exception()
            if error is not None:
                result.exception.exception_message = f"{_STREAMING_QUERY_EXCEPTION}: {error.description}"
                result.exception.error_class = error.condition
        case "await_termination":
            timeout_s = _timeout_s(command.await_termination)
            result.await_termination.terminated = _wait(query.await_termination, timeout_s, operation)
            if result.await_termination.terminated:
                session.events.flush()
        case other:
            raise _not_set("StreamingQueryCommand", other)
    yield pb.ExecutePlanResponse(streaming_query_command_result=result)


def manager_responses(
    session: ServerSession, operation: Operation, command: pb.StreamingQueryManagerCommand
) -> Responses:
    """Ask or tell the manager of the session's queries."""
    manager = session.session.streams
    result = pb.StreamingQueryManagerCommandResult()
    match command.WhichOneof("command"):
        case "active":
            result.active.SetInParent()
            for query in manager.active():
                session.keep_query(query)
                result.active.active_queries.append(_instance(query))
        case "get_query":
            found = manager.get(_checked_uuid(command.get_query))
            if found is not None:
                session.keep_query(found)
                result.query.CopyFrom(_instance(found))
        case "await_any_termination":
            timeout_s = _timeout_s(command.await_any_termination)
            terminated = _wait(manager.await_any_termination, timeout_s, operation)
            result.await_any_termination.terminated = terminated
        case "reset_terminated":
            manager.reset_terminated()
            result.reset_terminated = True
        case "list_listeners":
            result.list_listeners.SetInParent()
        case "add_listener" | "remove_listener":
            raise unsupported("A listener that runs in the server", "Use a client of Spark 4.0 or later.")
        case other:
            raise _not_set("StreamingQueryManagerCommand", other)
    yield pb.ExecutePlanResponse(streaming_query_manager_command_result=result)


def listener_bus_responses(
    session: ServerSession, operation: Operation, command: pb.StreamingQueryListenerBusCommand
) -> Responses:
    """Forward events to the client until it takes its last listener away."""
    if command.WhichOneof("command") == "remove_listener_bus_listener":
        session.events.detach()
        return
    if not session.events.attach(is_remote=not operation.is_inline):
        return
    operation.ends_with_session = True
    added = pb.StreamingQueryListenerEventsResult(listener_bus_listener_added=True)
    yield pb.ExecutePlanResponse(streaming_query_listener_events_result=added)
    main_thread = threading.main_thread()

    def is_wanted() -> bool:
        # The client's thread that waits here would keep the program from ending.
        return main_thread.is_alive() and not operation.is_cancelled

    try:
        for event in session.events.events(is_wanted):
            events = pb.StreamingQueryListenerEventsResult(events=[event])
            yield pb.ExecutePlanResponse(streaming_query_listener_events_result=events)
    finally:
        session.events.detach()


def _query_id(query: StreamingQuery) -> pb.StreamingQueryInstanceId:
    return pb.StreamingQueryInstanceId(id=query.id, run_id=query.run_id)


def _instance(query: StreamingQuery) -> pb.StreamingQueryManagerCommandResult.StreamingQueryInstance:
    return pb.StreamingQueryManagerCommandResult.StreamingQueryInstance(id=_query_id(query), name=query.name)


def _timeout_s(command: pb.StreamingQueryCommand.AwaitTerminationCommand) -> float | None:
    return command.timeout_ms / _MILLISECONDS if command.HasField("timeout_ms") else None


def _wait(
    await_termination: Callable[[float | None], bool], timeout_s: float | None, operation: Operation
) -> bool:
    """Wait in slices, so that a cancelled operation ends soon. Raises what the query failed with."""
    deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
    while True:
        operation.check_cancelled()
        left_s = _WAIT_S if deadline_s is None else min(_WAIT_S, deadline_s - time.monotonic())
        if await_termination(max(left_s, 0.0)):
            return True
        if deadline_s is not None and time.monotonic() >= deadline_s:
            return False


def _checked_uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message=f"Invalid UUID string: {text}"
        ) from None


def _not_set(message: str, field: str | None) -> SparkError:
    return SparkError(
        "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET",
        fullName=f"spark.connect.{message}",
        name=f"{field or 'COMMAND'}_NOT_SET",
    )
