"""Whole queries over files, through analysis, compiler and engine, against what Spark logged and reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from potok.errors import SparkError
from potok.parser import parse_expression
from potok.plan.commands import WriteStream
from potok.plan.logical import CollectMetrics, Filter, LogicalPlan, Options, Project, ScanRelation
from potok.plan.unresolved import UnresolvedDataSource, UnresolvedSetOperation, UnresolvedWatermark
from potok.session import Runtime, Session
from potok.streaming.query import StreamingQuery
from potok.types import INTEGER, STRING, TIMESTAMP, StructField, StructType

FOLDER = Path(__file__).parent / "recorded"
FORMS: dict[str, Any] = json.loads((FOLDER / "progress_forms.json").read_text(encoding="utf-8"))
SCHEMA = StructType(
    (StructField("a", STRING), StructField("t", TIMESTAMP), StructField("n", INTEGER)),
)
FILES = (
    "x,2024-01-01 00:00:10,1\ny,2024-01-01 00:01:40.5555,2\nz,,3\n",
    "w,2024-01-01 00:00:20,1\n",
    "w,,1\n",
    "w,2025-01-01 00:00:00.123456,1\nw,2025-01-01 00:00:00.000,1\nw,2024-01-01 00:00:00,1\n",
)


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    made = Runtime()
    yield made
    made.stop()


@pytest.fixture
def session(runtime: Runtime) -> Iterator[Session]:
    made = Session(runtime)
    made.conf.set("spark.sql.session.timeZone", "UTC")
    yield made
    made.close()


def lines(directory: Path) -> UnresolvedDataSource:
    return UnresolvedDataSource("csv", SCHEMA, Options(), (str(directory),), streaming=True)


def put(directory: Path, name: str, text: str) -> None:
    directory.mkdir(exist_ok=True)
    hidden = directory / f".{name}"
    hidden.write_text(text, encoding="utf-8")
    hidden.rename(directory / name)


def start(session: Session, directory: Path, plan: LogicalPlan, **changes: Any) -> StreamingQuery:
    options = Options({"checkpointLocation": str(directory / "checkpoint")})
    return session.start_query(WriteStream(plan, **{"format": "noop", "options": options, **changes}))


def commits(files: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in sorted(files.items()) if name.startswith("commits/")}


def logged(directory: Path) -> dict[str, str]:
    root = directory / "checkpoint"
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8")
        for path in root.rglob("*")
        if path.is_file()
    }


def test_watermarks_and_metrics_of_a_stateless_query(session: Session, tmp_path: Path) -> None:
    metrics = [
        "count(1) AS n",
        "max(a) AS m",
        "max(t) AS t",
        "cast(sum(n) AS decimal(10,2)) AS d",
        "max(cast(null AS int)) AS nothing",
        "avg(n) AS v",
    ]
    plan = CollectMetrics(
        UnresolvedWatermark(lines(tmp_path / "in"), "t", "10 seconds"),
        "obs",
        tuple(parse_expression(text) for text in metrics),
    )
    put(tmp_path / "in", "0.csv", FILES[0])
    query = start(session, tmp_path, plan)
    for number, text in enumerate(FILES):
        if number:
            put(tmp_path / "in", f"{number}.csv", text)
        query.process_all_available()
    progresses = [json.loads(p.event_json()) for p in query.recent_progress() if p.num_input_rows]
    query.stop()
    assert commits(logged(tmp_path)) == commits(FORMS["files"])
    recorded = [json.loads(event)["progress"] for event in FORMS["events"] if event.startswith("{")]
    for ours, spark in zip(progresses, recorded, strict=True):
        assert ours["eventTime"] == spark["eventTime"]
        wanted = {k: v for k, v in spark["observedMetrics"]["obs"].items() if k not in {"s", "l"}}
        assert ours["observedMetrics"]["obs"] == wanted
        assert ours["numInputRows"] == spark["numInputRows"]
        assert ours["sources"][0]["endOffset"] == spark["sources"][0]["endOffset"]
        assert list(ours) == list(spark)
        assert list(ours["durationMs"]) == list(spark["durationMs"])


def test_a_run_tells_its_watermark_from_its_first_batch_on(session: Session, tmp_path: Path) -> None:
    """As Spark 4.3 does: `eventTime` of a restart that finds nothing new is empty."""
    plan = UnresolvedWatermark(lines(tmp_path / "in"), "t", "10 seconds")
    put(tmp_path / "in", "0.csv", FILES[0])
    told = []
    for _ in range(2):
        query = start(session, tmp_path, plan)
        query.process_all_available()
        query.stop()
        told.append([set(json.loads(p.event_json()).get("eventTime", ())) for p in query.recent_progress()])
    first, second = told
    assert {"max", "min", "avg", "watermark"} in first
    assert second
    assert not any(second)


def test_a_checkpoint_that_is_a_file(session: Session, tmp_path: Path) -> None:
    put(tmp_path / "in", "0.csv", FILES[0])
    (tmp_path / "checkpoint").write_text("x")
    with pytest.raises(SparkError) as raised:
        start(session, tmp_path, lines(tmp_path / "in"))
    assert raised.value.java_class == "org.apache.hadoop.fs.FileAlreadyExistsException"
    assert raised.value.message == f"Destination exists and is not a directory: {tmp_path}/checkpoint"


def test_the_time_of_a_batch_is_the_logged_one(session: Session, tmp_path: Path) -> None:
    put(tmp_path / "in", "0.csv", FILES[0])
    query = session.start_query(
        WriteStream(
            project(lines(tmp_path / "in"), "unix_millis(current_timestamp()) AS now"),
            format="memory",
            query_name="times",
            options=Options({"checkpointLocation": str(tmp_path / "checkpoint")}),
        )
    )
    query.process_all_available()
    query.stop()
    view = session.catalog.views["times"]
    assert isinstance(view, ScanRelation)
    times = set(view.scan.read(["now"]).column(0).to_pylist())
    offsets = logged(tmp_path)["offsets/0"].split("\n")[1]
    assert times == {json.loads(offsets)["batchTimestampMs"]}


def test_a_source_used_twice(session: Session, tmp_path: Path) -> None:
    """As recorded in recorded/self_union.json."""
    recorded = json.loads((FOLDER / "self_union.json").read_text(encoding="utf-8"))
    put(tmp_path / "in", "a.csv", "x,2024-01-01 00:00:10,1\n")
    put(tmp_path / "other", "a.csv", "x,2024-01-01 00:00:10,1\n")
    frame = replace(lines(tmp_path / "in"), plan_id=1)
    other = replace(lines(tmp_path / "other"), plan_id=2)

    def union(left: LogicalPlan, right: LogicalPlan) -> LogicalPlan:
        return UnresolvedSetOperation(left, right, "union", is_all=True)

    plan = union(union(frame, other), Filter(frame, parse_expression("n > 0")))
    query = start(session, tmp_path, plan)
    query.process_all_available()
    progress = query.recent_progress()[0]
    query.stop()
    spark = json.loads(recorded["recent"][0])
    assert [s.num_input_rows for s in progress.sources] == [s["numInputRows"] for s in spark["sources"]]
    assert progress.sink.num_output_rows == spark["sink"]["numOutputRows"]
    ours = logged(tmp_path)
    assert sorted(ours) == sorted(recorded["files"])
    assert ours["offsets/0"].split("\n")[2:] == recorded["files"]["offsets/0"].split("\n")[2:]


def project(plan: LogicalPlan, *expressions: str) -> LogicalPlan:
    return Project(plan, tuple(parse_expression(text) for text in expressions))
