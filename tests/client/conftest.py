from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from potok.connect.foreach_batch import BatchFunctions
from potok.connect.server import make_server
from potok.connect.service import ConnectService
from potok.session import Runtime

os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"


@pytest.fixture(scope="session")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server of this process that other tests reach over a port."""
    warehouse = tmp_path_factory.mktemp("warehouse")
    runtime = Runtime({"spark.sql.warehouse.dir": str(warehouse)})
    service = ConnectService(runtime, BatchFunctions(lambda _: None).host)
    server, number = make_server(service, host="127.0.0.1", port=0)
    server.start()
    yield number
    server.stop(None).wait()
    service.close()
    runtime.stop()


def _forget_sessions() -> None:
    from pyspark.sql.connect.session import SparkSession

    SparkSession._default_session = None
    SparkSession._active_session.session = None


@pytest.fixture(params=["in process", "over a port"])
def spark(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """The unmodified client, both ways."""
    from pyspark.sql.connect.session import SparkSession

    from potok.connect.local import LocalSparkSession

    if request.param == "in process":
        builder = LocalSparkSession.Builder().config("spark.sql.warehouse.dir", str(tmp_path / "warehouse"))
    else:
        builder = SparkSession.Builder().remote(f"sc://localhost:{request.getfixturevalue('port')}")
    _forget_sessions()
    with warnings.catch_warnings():
        # Other tests of this process may have a session already, and with it the warehouse of the process.
        warnings.filterwarnings("ignore", message="Failed to set spark.sql.warehouse.dir")
        session = builder.create()
    yield session
    session.stop()
    _forget_sessions()


@pytest.fixture
def channel(port: int) -> Iterator[grpc.Channel]:
    """A bare channel to the server, for what the client never sends."""
    with grpc.insecure_channel(f"localhost:{port}") as made:
        yield made
