"""A gRPC channel whose other end is this process: messages are handed over as they are, no port is opened."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any, Self

import grpc
from pyspark.sql.connect.client import ChannelBuilder

from potok.connect.service import ConnectService, request_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyspark.sql.connect.proto as pb
    from google.rpc.status_pb2 import Status

_STATUS_KEY = "grpc-status-details-bin"


class InProcessError(grpc.RpcError, grpc.Call):  # type: ignore[misc]  # gRPC's own errors are both, too
    """A failed call, as gRPC would raise it."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self._status = status

    def code(self) -> grpc.StatusCode:
        """Always INTERNAL, as Spark's server answers."""
        return grpc.StatusCode.INTERNAL

    def details(self) -> str:
        """The message."""
        return str(self._status.message)

    def trailing_metadata(self) -> Sequence[tuple[str, bytes]]:
        """The status with all that belongs to it."""
        return ((_STATUS_KEY, self._status.SerializeToString()),)

    def initial_metadata(self) -> Sequence[tuple[str, bytes]]:
        """None."""
        return ()

    def is_active(self) -> bool:
        """The call has ended."""
        return False

    def time_remaining(self) -> float | None:
        """Calls have no deadline."""
        return None

    def cancel(self) -> bool:
        """Too late."""
        return False

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """The call has ended: the callback is not called."""
        del callback
        return False


class _Responses:
    """The responses of a call as gRPC gives them; leaving early ends the operation."""

    def __init__(self, channel: InProcessChannel, call: Callable[[], Iterator[Any]], request: Any) -> None:  # noqa: ANN401 - any message
        self._channel = channel
        self._request = request
        self._responses = channel.guarded(call, request)

    def __iter__(self) -> _Responses:
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - any message
        # The client switches the collector off while it waits, for fear of gRPC's threads; a program
        # that waits here for days needs it.
        gc.enable()
        return self._channel.guarded(self._responses.__next__, self._request)

    def cancel(self) -> bool:
        """End the call."""
        self._responses.close()
        return True


class InProcessChannel(grpc.Channel):  # type: ignore[misc]  # grpc-stubs miss the methods' options
    """The calls of Spark Connect, made directly."""

    def __init__(self, service: ConnectService) -> None:
        self._service = service
        self._unary = {
            **service.unary_calls(),
            # Clients of Spark 4.1 release cached frames so, from their destructors.
            "ExecutePlan": lambda request: list(service.execute(request, inline=True))[-1],
        }

    def guarded(self, call: Callable[..., Any], request: Any, *arguments: Any) -> Any:  # noqa: ANN401 - any message
        """The call's result. Raises InProcessError for what the call raises."""
        try:
            return call(*arguments)
        except (StopIteration, grpc.RpcError):
            raise
        except Exception as error:
            raise InProcessError(self._service.status(error, request_key(request))) from error

    def unary_unary(self, method: str, *_: object, **__: object) -> Callable[..., Any]:
        """A call with one request and one response."""
        name = method.rpartition("/")[2]
        function = self._unary.get(name)

        def call(request: pb.ConfigRequest, **_: object) -> Any:  # noqa: ANN401 - any message
            if function is None:
                msg = f"The call {name} is not part of Spark Connect."
                raise NotImplementedError(msg)
            return self.guarded(function, request, request)

        return call

    def unary_stream(self, method: str, *_: object, **__: object) -> Callable[..., Any]:
        """A call with one request and several responses."""
        name = method.rpartition("/")[2]

        def call(request: pb.ExecutePlanRequest, **_: object) -> _Responses:
            if name == "ReattachExecute":
                return _Responses(self, lambda: self._service.reattach(request), request)
            return _Responses(self, lambda: self._service.execute(request, inline=True), request)

        return call

    def stream_unary(self, method: str, *_: object, **__: object) -> Callable[..., Any]:
        """A call with several requests and one response: AddArtifacts."""
        del method

        def call(requests: Iterator[pb.AddArtifactsRequest], **_: object) -> Any:  # noqa: ANN401 - any message
            seen: list[pb.AddArtifactsRequest] = []

            def remembered() -> Iterator[pb.AddArtifactsRequest]:
                for request in requests:
                    seen[:] = [request]
                    yield request

            try:
                return self._service.add_artifacts(remembered())
            except Exception as error:
                key = request_key(seen[0]) if seen else ("", "")
                raise InProcessError(self._service.status(error, key)) from error

        return call

    def stream_stream(self, method: str, *_: object, **__: object) -> Callable[..., Any]:
        """Spark Connect has no such call."""
        raise NotImplementedError(method)

    def subscribe(self, callback: Callable[..., None], try_to_connect: bool | None = None) -> None:  # noqa: FBT001 - gRPC's signature
        """The channel is always ready: there is nothing to tell."""

    def unsubscribe(self, callback: Callable[..., None]) -> None:
        """See `subscribe`."""

    def close(self) -> None:
        """Nothing to close: sessions end by ReleaseSession."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class InProcessChannelBuilder(ChannelBuilder):  # type: ignore[misc]  # pyspark is untyped here
    """What `SparkSession(connection=...)` takes to be connected to a service of this process."""

    def __init__(self, service: ConnectService, user_id: str, session_id: str | None = None) -> None:
        params = {ChannelBuilder.PARAM_USER_ID: user_id}
        if session_id is not None:
            params[ChannelBuilder.PARAM_SESSION_ID] = session_id
        super().__init__(params=params)
        self._service = service

    def for_session(self, session_id: str) -> InProcessChannelBuilder:
        """The same for another session of the same user."""
        return InProcessChannelBuilder(self._service, str(self.userId), session_id)

    def __deepcopy__(self, memo: dict[int, object]) -> InProcessChannelBuilder:
        del memo
        return InProcessChannelBuilder(self._service, str(self.userId), self.session_id)

    @property
    def host(self) -> str:
        """What the client shows as the server's name."""
        return "in-process"

    def toChannel(self) -> grpc.Channel:  # noqa: N802 - the client's name for it
        """A channel to the service."""
        return InProcessChannel(self._service)
