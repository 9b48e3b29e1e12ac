"""Spark Connect over a port."""

from __future__ import annotations

import hmac
import ipaddress
import logging
from concurrent import futures
from typing import TYPE_CHECKING, Any

import grpc
from grpc_status import rpc_status
from pyspark.sql.connect.proto import base_pb2_grpc

from potok.connect.service import ConnectService, request_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyspark.sql.connect.proto as pb

_LOGGER = logging.getLogger("potok")
# A listener and every wait hold a thread for as long as they last; idle threads cost nothing.
_MAX_THREADS = 512
_MESSAGE_BYTES = 128 * 1024 * 1024
_OPTIONS = (
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.so_reuseport", 0),
)


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def make_server(
    service: ConnectService,
    *,
    host: str,
    port: int,
    token: str | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> tuple[grpc.Server, int]:
    """A server, not yet started, and its port (chosen by the system where `port` is 0).

    Raises ValueError when it would be open to other machines without a token, or has half of a
    certificate, and RuntimeError when the address is taken.
    """
    if not is_loopback(host) and not token:
        msg = f"{host} can be reached by other machines: give a token (--token), or listen on 127.0.0.1."
        raise ValueError(msg)
    if (certificate is None) != (key is None):
        msg = "TLS needs both a certificate and a key."
        raise ValueError(msg)
    interceptors = (_TokenCheck(token),) if token else ()
    server = grpc.server(
        futures.ThreadPoolExecutor(_MAX_THREADS, thread_name_prefix="connect"),
        interceptors=interceptors,
        options=_OPTIONS,
    )
    base_pb2_grpc.add_SparkConnectServiceServicer_to_server(_Servicer(service), server)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if certificate is not None and key is not None:
        credentials = grpc.ssl_server_credentials([(key.read_bytes(), certificate.read_bytes())])
        bound = server.add_secure_port(address, credentials)
    elif token and is_loopback(host):
        # The client sends its token to "localhost" over local credentials only.
        bound = server.add_secure_port(address, grpc.local_server_credentials())
    else:
        bound = server.add_insecure_port(address)
    return server, bound


class _TokenCheck(grpc.ServerInterceptor):  # type: ignore[misc]  # grpc-stubs: generic without need
    """Refuses calls without the token, in the same time wherever the token differs."""

    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        """Let the call pass, or answer UNAUTHENTICATED."""
        given = ""
        for name, value in handler_call_details.invocation_metadata or ():
            if name == "authorization" and isinstance(value, str):
                given = value
        handler = continuation(handler_call_details)
        if hmac.compare_digest(given.encode(), self._expected):
            return handler
        return _refusal(handler)


def _refusal(handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
    def refuse(_: object, context: grpc.ServicerContext) -> Any:  # noqa: ANN401 - never returns
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "Invalid authentication token")

    def refuse_stream(_: object, context: grpc.ServicerContext) -> Iterator[Any]:
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "Invalid authentication token")
        yield

    if handler is None:
        return handler
    if handler.request_streaming:
        return grpc.stream_unary_rpc_method_handler(
            refuse, handler.request_deserializer, handler.response_serializer
        )
    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler(
            refuse_stream, handler.request_deserializer, handler.response_serializer
        )
    return grpc.unary_unary_rpc_method_handler(
        refuse, handler.request_deserializer, handler.response_serializer
    )


class _Servicer(base_pb2_grpc.SparkConnectServiceServicer):  # type: ignore[misc]  # generated, untyped
    """The service's calls under gRPC's signatures."""

    def __init__(self, service: ConnectService) -> None:
        self._service = service
        for name, function in service.unary_calls().items():
            setattr(self, name, self._unary(function))

    def _unary(self, function: Callable[[Any], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
        def call(request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ANN401 - any message
            try:
                return function(request)
            except Exception as error:  # noqa: BLE001 - told to the client, logged where unexpected
                self._abort(context, error, request)

        return call

    def _abort(self, context: grpc.ServicerContext, error: Exception, request: Any) -> None:  # noqa: ANN401 - any message
        context.abort_with_status(rpc_status.to_status(self._service.status(error, request_key(request))))

    def ExecutePlan(  # noqa: N802 - the protocol's name
        self, request: pb.ExecutePlanRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ExecutePlanResponse]:
        """Run a plan."""
        yield from self._stream(
            lambda: self._service.execute(request, inline=False, on_leave=context.add_callback),
            request,
            context,
        )

    def ReattachExecute(  # noqa: N802 - the protocol's name
        self, request: pb.ReattachExecuteRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ExecutePlanResponse]:
        """Go on with a plan's responses."""
        yield from self._stream(
            lambda: self._service.reattach(request, on_leave=context.add_callback), request, context
        )

    def _stream(
        self,
        begin: Callable[[], Iterator[pb.ExecutePlanResponse]],
        request: Any,  # noqa: ANN401 - any message
        context: grpc.ServicerContext,
    ) -> Iterator[pb.ExecutePlanResponse]:
        try:
            yield from begin()
        except Exception as error:  # noqa: BLE001 - told to the client, logged where unexpected
            self._abort(context, error, request)

    def AddArtifacts(  # noqa: N802 - the protocol's name
        self, requests: Iterator[pb.AddArtifactsRequest], context: grpc.ServicerContext
    ) -> pb.AddArtifactsResponse | None:
        """Take uploads."""
        first = next(requests, None)
        if first is None:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "No artifact was sent.")
            return None

        def all_of_them() -> Iterator[pb.AddArtifactsRequest]:
            yield first
            yield from requests

        try:
            return self._service.add_artifacts(all_of_them())
        except Exception as error:  # noqa: BLE001 - told to the client, logged where unexpected
            self._abort(context, error, first)
            return None
