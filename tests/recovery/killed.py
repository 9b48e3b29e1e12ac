"""Runs queries in processes that kill themselves at a given step; answers requests on standard input.

Started once per test session. Each request is a line of JSON; for each a child is forked (all modules are
loaded by then, so that a run takes milliseconds) which runs the query and, where told, sends itself SIGKILL
from the step hook: nothing is flushed, closed or cleaned up. The answer is a line with the child's fate.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from potok.connectors.base import ReadContext, Rows
from potok.connectors.registry import provider
from potok.parser import parse_query
from potok.plan.commands import Trigger, WriteStream
from potok.plan.expressions import PythonFunction
from potok.plan.logical import LogicalPlan, Options
from potok.plan.unresolved import UnresolvedDataSource
from potok.session.runtime import Runtime
from potok.session.session import Session
from potok.session.streams import StreamServices
from potok.streaming.manager import QueryManager
from potok.streaming.services import Environment
from potok.streaming.steps import StepHook
from potok.types import NULL, STRING, StructField, StructType
from stream.harness import FakeSession

TEXT = StructType((StructField("value", STRING),))
PRELOADED = (
    "numpy",
    "potok.connectors.csv_write",
    "potok.connectors.file_sink",
    "potok.connectors.file_source",
    "potok.connectors.file_writer",
    "potok.connectors.orc",
    "potok.connectors.parquet",
    "potok.connectors.text",
    "pyarrow.compute",
    "pyarrow.orc",
    "pyarrow.parquet",
    "pyspark.cloudpickle",
    "pyspark.sql.conversion",
    "pyspark.sql.types",
    "pyspark.taskcontext",
)


def run(request: dict[str, Any]) -> None:
    """One life of the query; none if it has done all that is asked for."""
    directory = Path(request["directory"])
    if (
        request["source"] != "text"
        and (directory / "checkpoint" / "commits" / str(request["last_batch"])).exists()
    ):
        return
    # Syncing matters to the power, not to the process; one pair does it all the same.
    durable = (request["source"], request["sink"]) == ("text", "csv")
    session = FakeSession(directory, spark__potok__checkpoint__durable=str(durable).lower())
    session._providers.update({name: provider(name) for name in ("text", "csv", "json", "orc", "parquet")})
    manager: QueryManager
    kill = request["kill"]

    def hook(name: str, begins: bool, batch_id: int) -> None:
        if kill is not None and kill[:2] == [name, begins] and kill[2] in {None, batch_id}:
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)
        # A source without an end is stopped when it has brought enough.
        if name == "commitOffsets" and not begins and batch_id >= request["last_batch"]:
            manager.active()[0]._stopping = True

    write = write_of(request, directory, session)
    environment = Environment(step_hook=checked(hook))
    if request["sink"] == "counts":
        manager, write = counting(write, session, environment)
    else:
        manager = QueryManager(session, environment)
    query = manager.start(write)
    query.await_termination()


def counting(
    write: WriteStream, session: FakeSession, environment: Environment
) -> tuple[QueryManager, WriteStream]:
    """A query with state over the same rows: how many there have been, after each batch."""
    remembering = Session(Runtime())
    remembering.conf.set("spark.potok.checkpoint.durable", "false")
    remembering.foreach_batch_host = session.foreach_batch
    remembering.catalog.views["lines"] = write.plan
    plan = parse_query("SELECT CAST(count(*) AS STRING) AS value FROM lines")
    if not isinstance(plan, LogicalPlan):
        raise TypeError(plan)
    write = replace(write, plan=remembering.analyze(plan), output_mode="update")
    return QueryManager(StreamServices(remembering), environment), write


def checked(hook: Any) -> StepHook:
    made: StepHook = hook
    return made


def write_of(request: dict[str, Any], directory: Path, session: FakeSession) -> WriteStream:
    options = {"checkpointLocation": str(directory / "checkpoint")}
    if request["source"] == "text":
        source = UnresolvedDataSource(
            "text", TEXT, Options({"maxFilesPerTrigger": "1"}), (str(directory / "in"),), streaming=True
        )
        trigger = Trigger("available_now")
    else:
        source = UnresolvedDataSource(
            "rate-micro-batch", None, Options({"rowsPerBatch": "3"}), streaming=True
        )
        trigger = Trigger()
    plan = session.provider(source.format or "").streaming_relation(source, ReadContext())
    write = WriteStream(plan, options=Options(options), trigger=trigger)
    out = directory / "out"
    sink = request["sink"]
    if sink in {"foreach_batch", "counts"}:
        out.mkdir(exist_ok=True)

        def keep(rows: Rows, batch_id: int) -> None:
            values = rows.to_table().column("value").to_pylist()
            temporary = out / f".{batch_id}.{os.getpid()}"
            temporary.write_text(json.dumps(values))
            temporary.rename(out / str(batch_id))

        session.foreach_batch_function = keep
        return replace(write, foreach_batch=PythonFunction("f", b"", 0, NULL))
    if sink == "foreach":
        payload = foreach_payload(str(out))
        return replace(write, foreach_writer=PythonFunction("f", payload, 0, NULL))
    if sink == "console":
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, 1)
        return replace(write, format="console", options=Options({**options, "numRows": "100"}))
    if sink == "noop":
        return replace(write, format="noop")
    return replace(write, format=sink, path=str(out))


def foreach_payload(out: str) -> bytes:
    from pyspark.cloudpickle import dumps

    def rows(partition_id: int, iterator: Any) -> Any:
        import json
        import os

        from pyspark.taskcontext import TaskContext

        batch_id = TaskContext.get().getLocalProperty("streaming.sql.batchId")
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for row in iterator:
            os.write(descriptor, (json.dumps([int(batch_id or -1), row.value]) + "\n").encode())
        os.close(descriptor)
        return iter(())

    made: bytes = dumps((rows, None, None, None))
    return made


def main() -> None:
    # Everything that a child needs is loaded before the first fork.
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
