"""Runs one stream from Kafka in children that kill themselves at a given step; see tests/recovery/killed.py."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from potok.connectors.base import ReadContext
from potok.connectors.registry import provider
from potok.plan.commands import Trigger, WriteStream
from potok.plan.logical import Options, UnresolvedDataSource
from potok.streaming.manager import QueryManager
from potok.streaming.services import Environment
from stream.harness import FakeSession

PRELOADED = (
    "potok.connectors.kafka",
    "potok.connectors.file_sink",
    "potok.connectors.parquet",
    "pyarrow.parquet",
)


def run(request: dict[str, Any]) -> None:
    """One life of the query: all records that are there, three a batch."""
    directory = Path(request["directory"])
    session = FakeSession(directory, spark__potok__checkpoint__durable="false")
    session._providers.update({name: provider(name) for name in ("kafka", "parquet")})
    kill = request["kill"]

    def hook(name: str, begins: bool, batch_id: int) -> None:
        if kill is not None and kill == [name, begins, batch_id]:
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)

    servers = {"kafka.bootstrap.servers": request["bootstrap"]}
    source = UnresolvedDataSource(
        "kafka",
        None,
        Options(
            {
                **servers,
                "subscribe": request["source"],
                "startingOffsets": "earliest",
                "maxOffsetsPerTrigger": "3",
            }
        ),
        streaming=True,
    )
    plan = provider("kafka").streaming_relation(source, ReadContext())
    options = {"checkpointLocation": str(directory / "checkpoint")}
    path = None
    if request["sink"] == "parquet":
        path = str(directory / "out")
    else:
        options |= {**servers, "topic": request["target"], "deliveryGuarantee": request["guarantee"]}
    write = WriteStream(
        plan, format=request["sink"], options=Options(options), trigger=Trigger("available_now"), path=path
    )
    manager = QueryManager(session, Environment(step_hook=hook))
    manager.start(write).await_termination()


def main() -> None:
    for module in PRELOADED:
        importlib.import_module(module)
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                run(request)
                code = 0
            except BaseException:  # noqa: BLE001 - the parent reads it
                (Path(request["directory"]) / "error").write_text(traceback.format_exc())
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        print(json.dumps({"killed": killed, "code": None if killed else os.WEXITSTATUS(status)}), flush=True)


if __name__ == "__main__":
    main()
