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
from potok.parser import parse_query
from potok.plan.commands import Trigger, WriteStream
from potok.plan.logical import LogicalPlan, Options
from potok.plan.unresolved import UnresolvedDataSource, UnresolvedDeduplicate, UnresolvedWatermark
from potok.session.runtime import Runtime
from potok.session.session import Session
from potok.session.streams import StreamServices
from potok.streaming.manager import QueryManager
from potok.streaming.services import Environment, SessionServices
from stream.harness import FakeSession

# What is remembered, over events {"id", "k", "at", "v"}: SQL text over the views a and b, and the output mode.
QUERIES = {
    "windows": (
        """SELECT k AS key, concat(date_format(window.start, 'mm:ss'), k, '=', count(*), '/', sum(v)) AS value
        FROM a GROUP BY window(at, '10 seconds'), k""",
        "append",
    ),
    "counts": ("SELECT k AS key, concat(k, '=', count(*), '/', sum(v)) AS value FROM a GROUP BY k", "update"),
    "distinct": ("SELECT CAST(id AS STRING) AS value FROM once", "append"),
    "join": (
        """SELECT concat(a.id, ':', coalesce(CAST(b.v AS STRING), 'none')) AS value FROM a LEFT JOIN b
        ON a.id = b.id AND b.at BETWEEN a.at AND a.at + INTERVAL 20 SECONDS""",
        "append",
    ),
}
_EVENT = "SELECT from_json(CAST(value AS STRING), 'id LONG, k STRING, at TIMESTAMP, v LONG') e FROM records"
_DELAY = "5 seconds"
PRELOADED = (
    "potok.connectors.kafka",
    "potok.connectors.file_sink",
    "potok.connectors.parquet",
    "potok.stateful.aggregate",
    "potok.stateful.deduplicate",
    "potok.stateful.join",
    "pyarrow.parquet",
)


def run(request: dict[str, Any]) -> None:
    """One life of the query: all records that are there, three a batch."""
    directory = Path(request["directory"])
    session = FakeSession(directory, spark__potok__checkpoint__durable="false")
    session._providers.update({name: provider(name) for name in ("kafka", "noop", "parquet")})
    kill = request["kill"]

    def hook(name: str, begins: bool, batch_id: int) -> None:
        if kill is not None and kill == [name, begins, batch_id]:
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)

    servers = {"kafka.bootstrap.servers": request["bootstrap"]}
    plan = records(servers, request["source"])
    output_mode = "append"
    services: SessionServices = session
    if "query" in request:
        services, plan, output_mode = remembering(
            request["query"], {"a": plan, "b": records(servers, request["other"])}
        )
    options = {"checkpointLocation": str(directory / "checkpoint")}
    path = None
    if request["sink"] == "parquet":
        path = str(directory / "out")
    elif request["sink"] == "kafka":
        options |= {**servers, "topic": request["target"]}
        if "guarantee" in request:
            options["deliveryGuarantee"] = request["guarantee"]
    write = WriteStream(
        plan,
        format=request["sink"],
        output_mode=output_mode,
        options=Options(options),
        trigger=Trigger("available_now"),
        path=path,
    )
    manager = QueryManager(services, Environment(step_hook=hook))
    manager.start(write).await_termination()


def records(servers: dict[str, str], topic: str) -> LogicalPlan:
    """A stream of the records of a topic."""
    options = {"subscribe": topic, "startingOffsets": "earliest", "maxOffsetsPerTrigger": "3"}
    source = UnresolvedDataSource("kafka", None, Options({**servers, **options}), streaming=True)
    return provider("kafka").streaming_relation(source, ReadContext())


def remembering(name: str, sources: dict[str, LogicalPlan]) -> tuple[SessionServices, LogicalPlan, str]:
    """One of QUERIES over events: the session that runs it, its plan, its output mode."""
    session = Session(Runtime())
    session.conf.set("spark.potok.checkpoint.durable", "false")
    for view, plan in sources.items():
        session.catalog.views["records"] = plan
        events = session.analyze(parsed(f"SELECT e.* FROM ({_EVENT})"))
        session.catalog.views[view] = session.analyze(UnresolvedWatermark(events, "at", _DELAY))
    once = UnresolvedDeduplicate(session.catalog.views["a"], ("id",), within_watermark=True, as_groups=False)
    session.catalog.views["once"] = session.analyze(once)
    text, output_mode = QUERIES[name]
    return StreamServices(session), session.analyze(parsed(text)), output_mode


def parsed(text: str) -> LogicalPlan:
    """The plan of a query in SQL."""
    plan = parse_query(text)
    if not isinstance(plan, LogicalPlan):
        raise TypeError(plan)
    return plan


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
