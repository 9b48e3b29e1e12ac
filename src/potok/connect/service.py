"""The calls of the protocol, free of gRPC: messages in, messages out, SparkError raised."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import pyspark.sql.connect.proto as pb

from potok.connect import execute
from potok.connect.analyze import analyze
from potok.connect.configuration import configure
from potok.connect.encode_errors import error_details, error_status
from potok.connect.operations import Operation, OperationState, Register
from potok.connect.sessions import Key, ServerSession, Sessions
from potok.errors import SparkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from google.rpc.status_pb2 import Status

    from potok.connectors.base import Rows
    from potok.plan.commands import WriteStream
    from potok.session import Runtime

    BatchFunction = Callable[[Rows, int], None]
    BatchHost = Callable[["ConnectService", ServerSession, WriteStream], BatchFunction]

_LOGGER = logging.getLogger("potok")
_REMEMBERED_ERRORS = 256
# Numbers of GetStatusResponse.OperationStatus.OperationState: clients of Spark 4.1 lack the message.
_STATES = {
    OperationState.RUNNING: 2,
    OperationState.SUCCEEDED: 4,
    OperationState.FAILED: 5,
    OperationState.CANCELLED: 6,
}
_STATE_UNKNOWN = 1


class ConnectService:
    """Spark Connect over the sessions of one runtime. Methods may be called from several threads.

    Every method raises SparkError; `status` turns one, or any other exception, into what the client
    is told. `batch_host` makes the functions of `foreachBatch` callable. A session that nobody has
    used for `idle_timeout_s` and that runs nothing is closed; None means never.
    """

    def __init__(
        self, runtime: Runtime, batch_host: BatchHost | None = None, *, idle_timeout_s: float | None = None
    ) -> None:
        self.sessions = Sessions(runtime, self._opened, idle_timeout_s)
        self._batch_host = batch_host
        self._lock = threading.Lock()
        # Those that were abandoned too, for as long as their threads run.
        self._operations: WeakSet[Operation] = WeakSet()
        self._errors: OrderedDict[tuple[Key, str], pb.FetchErrorDetailsResponse] = OrderedDict()

    def _opened(self, session: ServerSession) -> None:
        host = self._batch_host
        if host is not None:
            session.session.foreach_batch_host = lambda write: host(self, session, write)

    def close(self) -> None:
        """Close every session, stopping its queries first."""
        self.sessions.close()

    def stop_queries(self, timeout_s: float) -> bool:
        """Stop the queries of all sessions at once; False when one has not ended in time."""
        queries = [query for session in self.sessions.all() for query in session.session.streams.active()]
        for query in queries:
            query.request_stop()
        deadline_s = time.monotonic() + timeout_s
        for query in queries:
            with contextlib.suppress(SparkError):
                query.await_termination(max(0.0, deadline_s - time.monotonic()))
        return not any(query.is_active for query in queries)

    def end_operations(self, timeout_s: float) -> bool:
        """Cancel what runs, so that the engine may be closed; False when something has not ended in time."""
        deadline_s = time.monotonic() + timeout_s
        with self._lock:
            operations = list(self._operations)
        return not [o for o in operations if not o.end(deadline_s)]

    # ---- plans ----

    def unary_calls(self) -> dict[str, Callable[[Any], Any]]:
        """The calls with one request and one response, by the protocol's names."""
        return {
            "AnalyzePlan": self.analyze,
            "ArtifactStatus": self.artifact_status,
            "CloneSession": self.clone_session,
            "Config": self.config,
            "FetchErrorDetails": self.fetch_error_details,
            "GetStatus": self.get_status,
            "Interrupt": self.interrupt,
            "ReleaseExecute": self.release_execute,
            "ReleaseSession": self.release_session,
        }

    def execute(
        self, request: pb.ExecutePlanRequest, *, inline: bool, on_leave: Register | None = None
    ) -> Iterator[pb.ExecutePlanResponse]:
        """Begin an operation. `inline` lets what is quick run in the thread that takes the responses.

        `on_leave` is given what to call when the client is gone without a word.
        """
        session = self.sessions.get_or_create(
            request_key(request), request.client_observed_server_side_session_id
        )
        operation = _operation(session, request, inline=inline)
        session.add(operation)
        operation.start()
        with self._lock:
            self._operations.add(operation)
        return self._finished(session, operation, operation.responses(on_leave))

    def reattach(
        self, request: pb.ReattachExecuteRequest, *, on_leave: Register | None = None
    ) -> Iterator[pb.ExecutePlanResponse]:
        """Go on with the responses of an operation."""
        session = self.sessions.get(request_key(request), request.client_observed_server_side_session_id)
        operation = session.operation(request.operation_id)
        if operation is None:
            raise SparkError("INVALID_HANDLE.OPERATION_NOT_FOUND", handle=request.operation_id)
        last = request.last_response_id if request.HasField("last_response_id") else None
        return self._finished(session, operation, operation.responses_after(last, on_leave))

    def _finished(
        self, session: ServerSession, operation: Operation, responses: Iterator[pb.ExecutePlanResponse]
    ) -> Iterator[pb.ExecutePlanResponse]:
        """The responses under the session's ids. Only a reattachable operation outlives them."""
        try:
            for response in responses:
                response.session_id = session.session_id
                response.server_side_session_id = session.server_side_session_id
                yield response
        finally:
            if not operation.reattachable:
                session.remove(operation.id)

    def release_execute(self, request: pb.ReleaseExecuteRequest) -> pb.ReleaseExecuteResponse:
        """Forget responses, or the whole operation."""
        session = self.sessions.get(request_key(request), request.client_observed_server_side_session_id)
        response = pb.ReleaseExecuteResponse(
            session_id=session.session_id, server_side_session_id=session.server_side_session_id
        )
        operation = session.operation(request.operation_id)
        if operation is None:
            return response
        response.operation_id = operation.id
        match request.WhichOneof("release"):
            case "release_until":
                operation.release_until(request.release_until.response_id)
            case "release_all":
                operation.cancel()
                session.remove(operation.id)
        return response

    def analyze(self, request: pb.AnalyzePlanRequest) -> pb.AnalyzePlanResponse:
        """Answer a question about a plan."""
        session = self.sessions.get_or_create(
            request_key(request), request.client_observed_server_side_session_id
        )
        response = analyze(session, request)
        response.session_id = session.session_id
        response.server_side_session_id = session.server_side_session_id
        return response

    def interrupt(self, request: pb.InterruptRequest) -> pb.InterruptResponse:
        """Cancel operations."""
        session = self.sessions.get_or_create(
            request_key(request), request.client_observed_server_side_session_id
        )
        match request.interrupt_type:
            case 1:  # INTERRUPT_TYPE_ALL
                ids = session.interrupt(lambda _: True)
            case 2:  # INTERRUPT_TYPE_TAG
                if not request.HasField("operation_tag"):
                    raise _missing("operation_tag", "TAG_REQUIRES_TAG")
                ids = session.interrupt(lambda o: request.operation_tag in o.tags)
            case 3:  # INTERRUPT_TYPE_OPERATION_ID
                if not request.HasField("operation_id"):
                    raise _missing("operation_id", "OPERATION_ID_REQUIRES_ID")
                ids = session.interrupt(lambda o: o.id == request.operation_id)
            case _:
                raise SparkError(
                    "UNSUPPORTED_FEATURE.INTERRUPT_TYPE", interruptType="INTERRUPT_TYPE_UNSPECIFIED"
                )
        return pb.InterruptResponse(
            session_id=session.session_id,
            server_side_session_id=session.server_side_session_id,
            interrupted_ids=ids,
        )

    def get_status(self, request: pb.GetStatusRequest) -> pb.GetStatusResponse:
        """How far operations are."""
        session = self.sessions.get(request_key(request), request.client_observed_server_side_session_id)
        response = pb.GetStatusResponse(
            session_id=session.session_id, server_side_session_id=session.server_side_session_id
        )
        if request.HasField("operation_status"):
            states = session.operation_states()
            for operation_id in request.operation_status.operation_ids or list(states):
                state = states.get(operation_id)
                response.operation_statuses.add(
                    operation_id=operation_id, state=_STATE_UNKNOWN if state is None else _STATES[state]
                )
        return response

    # ---- configuration and artifacts ----

    def config(self, request: pb.ConfigRequest) -> pb.ConfigResponse:
        """Read or change the configuration."""
        session = self.sessions.get_or_create(
            request_key(request), request.client_observed_server_side_session_id
        )
        response = configure(session.session.conf, request.operation)
        response.session_id = session.session_id
        response.server_side_session_id = session.server_side_session_id
        return response

    def add_artifacts(self, requests: Iterable[pb.AddArtifactsRequest]) -> pb.AddArtifactsResponse:
        """Take uploads; all requests of one call belong to one session."""
        stream = iter(requests)
        first = next(stream, None)
        if first is None:
            raise SparkError("CONNECT_INVALID_PLAN.ASSERTION_FAILURE", message="No artifact was sent.")
        session = self.sessions.get_or_create(
            request_key(first), first.client_observed_server_side_session_id
        )

        def same_session() -> Iterator[pb.AddArtifactsRequest]:
            yield first
            for request in stream:
                if request_key(request) != (session.user_id, session.session_id):
                    raise SparkError("INVALID_HANDLE.SESSION_NOT_FOUND", handle=request.session_id)
                yield request

        response = pb.AddArtifactsResponse(
            session_id=session.session_id, server_side_session_id=session.server_side_session_id
        )
        for name, is_correct in session.artifacts.add(same_session()):
            response.artifacts.add(name=name, is_crc_successful=is_correct)
        return response

    def artifact_status(self, request: pb.ArtifactStatusesRequest) -> pb.ArtifactStatusesResponse:
        """Which artifacts are there."""
        session = self.sessions.get_or_create(
            request_key(request), request.client_observed_server_side_session_id
        )
        response = pb.ArtifactStatusesResponse(
            session_id=session.session_id, server_side_session_id=session.server_side_session_id
        )
        for name in request.names:
            response.statuses[name].exists = session.artifacts.has_cached(name)
        return response

    # ---- sessions ----

    def release_session(self, request: pb.ReleaseSessionRequest) -> pb.ReleaseSessionResponse:
        """Close a session; one that is not there is as good as closed."""
        found = self.sessions.release(request_key(request))
        return pb.ReleaseSessionResponse(
            session_id=request.session_id,
            server_side_session_id=found.server_side_session_id if found else "",
        )

    def clone_session(self, request: pb.CloneSessionRequest) -> pb.CloneSessionResponse:
        """Open a session as a copy of another."""
        key = request_key(request)
        target = request.new_session_id if request.HasField("new_session_id") else str(uuid.uuid4())
        source = self.sessions.get_or_create(key, request.client_observed_server_side_session_id)
        made = self.sessions.clone(key, target)
        return pb.CloneSessionResponse(
            session_id=source.session_id,
            server_side_session_id=source.server_side_session_id,
            new_session_id=made.session_id,
            new_server_side_session_id=made.server_side_session_id,
        )

    # ---- errors ----

    def status(self, error: Exception, key: Key) -> Status:
        """What the client is told; what is behind it is kept for FetchErrorDetails."""
        if isinstance(error, SparkError):
            known = error
        else:
            _LOGGER.error("A call failed unexpectedly", exc_info=error)
            known = SparkError("INTERNAL_ERROR", message=f"{type(error).__name__}: {error}")
        error_id = str(uuid.uuid4())
        with self._lock:
            self._errors[key, error_id] = error_details(known)
            while len(self._errors) > _REMEMBERED_ERRORS:
                self._errors.popitem(last=False)
        return error_status(known, error_id)

    def fetch_error_details(self, request: pb.FetchErrorDetailsRequest) -> pb.FetchErrorDetailsResponse:
        """Everything about an error, once; empty when it is not known any more."""
        key = request_key(request)
        with self._lock:
            details = self._errors.pop((key, request.error_id), None)
        response = details or pb.FetchErrorDetailsResponse()
        response.session_id = request.session_id
        session = self.sessions.find(key)
        if session is not None:
            response.server_side_session_id = session.server_side_session_id
        return response


def request_key(request: pb.ConfigRequest) -> Key:
    """User and session of any request."""
    return request.user_context.user_id, request.session_id


def _operation(session: ServerSession, request: pb.ExecutePlanRequest, *, inline: bool) -> Operation:
    operation_id = request.operation_id
    if not operation_id:
        operation_id = str(uuid.uuid4())
    elif not _is_uuid(operation_id):
        raise SparkError("INVALID_HANDLE.FORMAT", handle=operation_id)
    for tag in request.tags:
        if not tag or "," in tag:
            problem = "cannot be an empty string" if not tag else "cannot contain ','"
            message = f"Spark Connect tag {problem}."
            raise SparkError("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message=message)
    reattachable = any(
        option.WhichOneof("request_option") == "reattach_options" and option.reattach_options.reattachable
        for option in request.request_options
    )

    def produce(operation: Operation) -> Iterator[pb.ExecutePlanResponse]:
        yield from execute.responses(session, operation, request)
        yield pb.ExecutePlanResponse(result_complete=pb.ExecutePlanResponse.ResultComplete())

    return Operation(
        operation_id,
        frozenset(request.tags),
        produce,
        inline=inline and execute.is_quick(request.plan),
        reattachable=reattachable,
    )


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _missing(parameter: str, condition: str) -> SparkError:
    return SparkError(
        f"INVALID_PARAMETER_VALUE.INTERRUPT_TYPE_{condition}", parameter=parameter, functionName="interrupt"
    )
