"""The socket source, with a server in this process. Facts: behaviour of Spark's TextSocketV2."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from potok.connectors.base import ReadAll, ReadContext, SourceContext
from potok.connectors.socket import SocketProvider, SocketSource
from potok.errors import SparkError
from potok.plan.logical import Options, StreamingRelation
from potok.plan.unresolved import UnresolvedDataSource
from potok.streaming.failure import StreamingQueryError
from potok.types import StructType
from stream.harness import Stream, stopping, until
from support.patience import PATIENCE_S


class Server:
    """Accepts one client at a time."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("localhost", 0))
        self._listener.settimeout(PATIENCE_S)
        self.port: int = self._listener.getsockname()[1]
        self.client: socket.socket | None = None

    def accept(self) -> None:
        self.client, _ = self._listener.accept()

    def send(self, data: bytes) -> None:
        assert self.client is not None
        self.client.sendall(data)

    def hang_up(self) -> None:
        if self.client is not None:
            self.client.close()

    def close(self) -> None:
        self.hang_up()
        self._listener.close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def relation(options: dict[str, str], schema: StructType | None = None) -> StreamingRelation:
    source = UnresolvedDataSource("socket", schema, Options(options), streaming=True)
    found = SocketProvider().streaming_relation(source, ReadContext())
    assert isinstance(found, StreamingRelation)
    return found


def source_of(server: Server, **options: str) -> SocketSource:
    made = {"host": "localhost", "port": str(server.port), **options}
    source = SocketProvider().source(relation(made), SourceContext(now_ms=lambda: 7_000))
    server.accept()
    return source


def latest(source: SocketSource, at_least: int, start: str | None = "-1") -> str:
    until(lambda: int(source.latest_offset(start, ReadAll())) >= at_least)
    return source.latest_offset(start, ReadAll())


def lines(source: SocketSource, start: str, end: str) -> list[str]:
    found: list[str] = source.scan(start, end).read(["value"]).column(0).to_pylist()
    return found


def test_lines(server: Server) -> None:
    source = source_of(server)
    assert source.description == f"TextSocketV2[host: localhost, port: {server.port}]"
    assert source.initial_offset() == "-1"
    assert source.latest_offset("-1", ReadAll()) == "-1"
    server.send(b"one\ntwo\r\npart")
    assert latest(source, 1) == "1"
    assert lines(source, "-1", "1") == ["one", "two"]
    server.send(b"ial\n\n")
    assert latest(source, 3) == "3"
    assert lines(source, "1", "3") == ["partial", ""]
    source.commit("1")
    assert lines(source, "1", "3") == ["partial", ""]
    server.send("\u00fc \xff".encode("latin-1") + b"last")
    server.hang_up()
    assert latest(source, 4) == "4"
    assert lines(source, "3", "4") == ["\ufffd \ufffdlast"]
    source.stop()
    source.stop()


def test_timestamps_of_arrival(server: Server) -> None:
    source = source_of(server, includeTimestamp="TRUE")
    server.send(b"x\n")
    end = latest(source, 0)
    row = source.scan("-1", end).read(["timestamp", "value"]).to_pylist()[0]
    assert (row["timestamp"].timestamp(), row["value"]) == (7.0, "x")
    source.stop()


def test_numbers_go_on_after_a_restart_and_lost_lines_stay_lost(server: Server) -> None:
    source = source_of(server)
    server.send(b"new\n")
    until(lambda: source._lines)
    # A batch (3, 5] that a former process had begun: its lines are gone with it.
    assert lines(source, "3", "5") == []
    assert source.latest_offset("5", ReadAll()) == "6"
    assert lines(source, "5", "6") == ["new"]
    source.stop()


def test_available_now_takes_what_has_arrived(server: Server) -> None:
    source = source_of(server)
    server.send(b"a\n")
    latest(source, 0)
    source.prepare_available_now()
    server.send(b"b\n")
    until(lambda: len(source._lines) == 2)
    assert source.latest_offset("-1", ReadAll()) == "0"
    source.stop()


def test_a_query(server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stream = Stream(tmp_path, relation({"host": "localhost", "port": str(server.port)}))
    assert "The socket source should not be used for production applications!" in caplog.text
    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        server.accept()
        until(lambda: len(stream.sink.batches) == 1)
        server.send(b"Leor Finkelberg\n")
        until(lambda: len(stream.sink.batches) == 2)
        server.send(b"x\ny\n")
        until(lambda: sum(len(values) for _, values in stream.sink.batches) == 3)
        server.hang_up()
        until(lambda: "Stream closed by localhost" in caplog.text)
        query.process_all_available()
        assert query.is_active
    assert stream.sink.batches[:2] == [(0, []), (1, ["Leor Finkelberg"])]
    assert stream.offsets()[0] == ["-1"]
    assert stream.offsets()[1] == ["0"]


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
    stream = Stream(tmp_path, relation({"host": "localhost", "port": str(port)}))
    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        with pytest.raises(StreamingQueryError) as raised:
            query.await_termination(PATIENCE_S)
    assert raised.value.parameters["message"] == "Connection refused"
    assert "Current State: INITIALIZING" in raised.value.message
    assert raised.value.message.endswith("Thread State: RUNNABLE")


def test_wrong_options() -> None:
    for options, condition in [
        ({}, "_LEGACY_ERROR_TEMP_1295"),
        ({"host": "h"}, "_LEGACY_ERROR_TEMP_1296"),
        ({"host": "h", "port": "1", "includeTimestamp": "x"}, "_LEGACY_ERROR_TEMP_1297"),
        ({"host": "h", "port": "x"}, "_LEGACY_ERROR_TEMP_JAVA.NUMBER_FORMAT"),
    ]:
        with pytest.raises(SparkError) as raised:
            relation(options)
        assert raised.value.condition == condition
    with pytest.raises(
        SparkError, match="TextSocketSourceProvider source does not support user-specified schema"
    ):
        relation({"host": "h", "port": "1"}, StructType(()))


def test_a_port_that_is_none() -> None:
    found = relation({"host": "localhost", "port": "70000"})
    with pytest.raises(SparkError, match="port out of range:70000"):
        SocketProvider().source(replace(found), SourceContext())
