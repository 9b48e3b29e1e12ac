"""rate and rate-micro-batch against Spark's answers (recorded/rate.json, rate_micro_batch.json)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from potok.connectors.base import ReadAll, SourceContext
from potok.connectors.rate import (
    SCHEMA,
    RateMicroBatchProvider,
    RateOptions,
    RateProvider,
    RateSource,
)
from potok.errors import SparkError
from potok.plan.commands import Trigger
from potok.plan.logical import Options, StreamingRelation
from potok.plan.unresolved import UnresolvedDataSource
from potok.types import StructType
from stream.harness import ManualClock, Stream, stopping, until
from support.patience import PATIENCE_S

FOLDER = Path(__file__).parent / "recorded"
RATE: dict[str, Any] = json.loads((FOLDER / "rate.json").read_text(encoding="utf-8"))
MICRO: dict[str, Any] = json.loads((FOLDER / "rate_micro_batch.json").read_text(encoding="utf-8"))


def relation(
    provider: RateProvider | RateMicroBatchProvider, options: dict[str, str], **kind: Any
) -> StreamingRelation:
    source = UnresolvedDataSource(provider.name, kind.get("schema"), Options(options), streaming=True)
    found = provider.streaming_relation(source, SourceContext())
    assert isinstance(found, StreamingRelation)
    return found


def rows(source: Any, start: str | None, end: str) -> list[list[Any]]:
    table = source.scan(start, end).read(["timestamp", "value"])
    return [
        [time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0").rstrip("."), value]
        for time, value in zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True)
    ]


@pytest.mark.parametrize("options", [key for key in RATE if key.startswith("{")])
def test_rate_rows(tmp_path: Path, options: str) -> None:
    recorded = RATE[options]
    log = tmp_path / "sources" / "0"
    log.mkdir(parents=True)
    (log / "0").write_text(recorded["files"]["sources/0/0"])
    source = RateProvider().source(
        relation(RateProvider(), json.loads(options)), SourceContext(log_directory=str(log), now_ms=lambda: 0)
    )
    progress = [json.loads(text) for text in recorded["recent"]]
    assert source.description == progress[0]["sources"][0]["description"]
    made: list[list[Any]] = []
    for batch in progress:
        (place,) = batch["sources"]
        part = rows(source, place["startOffset"] or source.initial_offset(), place["endOffset"])
        assert len(part) == place["numInputRows"]
        made += part
    table_rows = len(recorded["rows"])
    assert [value for _, value in made][: len(recorded["order"])] == recorded["order"][: len(made)]
    assert sorted(made, key=lambda row: row[1])[:table_rows] == recorded["rows"][: len(made)]


@pytest.mark.parametrize("options", [key for key in RATE["errors"] if key.startswith("{")])
def test_rate_errors(tmp_path: Path, options: str) -> None:
    answer = RATE["errors"][options]

    def start() -> RateSource:
        context = SourceContext(log_directory=str(tmp_path / "log"), now_ms=lambda: 0)
        return RateProvider().source(relation(RateProvider(), json.loads(options)), context)

    if answer.get("no_error") == "None":
        start()
        return
    with pytest.raises(SparkError) as raised:
        start()
    if "text" in answer:
        assert raised.value.message == answer["text"]
        assert raised.value.java_class.endswith(answer["type"])
    else:
        assert raised.value.message in answer["no_error"]


def test_rate_refuses_a_schema() -> None:
    with pytest.raises(SparkError) as raised:
        relation(RateProvider(), {}, schema=StructType(()))
    assert raised.value.message == RATE["errors"]["schema"]["text"]
    assert raised.value.condition == RATE["errors"]["schema"]["getCondition"]


def test_rate_follows_the_clock_and_keeps_its_start(tmp_path: Path) -> None:
    clock = ManualClock(10_000)
    options = RateOptions.of(Options())
    context = SourceContext(log_directory=str(tmp_path / "log"), now_ms=clock.now_ms)
    source = RateSource(options, context)
    assert (tmp_path / "log" / "0").read_text() == "v1\n10000"
    assert source.latest_offset("0", ReadAll()) == "0"
    clock.advance(2_500)
    assert source.poll_interval_s() == 0.5
    assert source.latest_offset("0", ReadAll()) == source.report_latest_offset() == "2"
    clock.advance(-2_000)
    assert source.latest_offset("2", ReadAll()) == "2"
    clock.advance(5_000)
    again = RateSource(options, context)
    assert again.latest_offset("2", ReadAll()) == "5"
    again.prepare_available_now()
    clock.advance(5_000)
    assert again.latest_offset("2", ReadAll()) == "5"


def test_rate_runs(tmp_path: Path) -> None:
    clock = ManualClock(1_000)
    stream = Stream(tmp_path, relation(RateProvider(), {"rowsPerSecond": "2"}), clock=clock)
    with stopping(stream.manager) as manager:
        query = manager.start(replace(stream.write, trigger=Trigger("processing_time", "1 second")))
        until(lambda: clock.waits > 0)
        for batch in (1, 2):
            clock.advance(1_000)
            until(lambda n=batch: len(query.recent_progress()) > n)  # type: ignore[misc]
    assert stream.offsets() == {0: ["0"], 1: ["1"], 2: ["2"]}
    assert [batch for batch, _ in stream.sink.batches] == [0, 1, 2]
    first = query.recent_progress()[0]
    assert (first.num_input_rows, first.sources[0].start_offset, first.sources[0].end_offset) == (
        0,
        None,
        "0",
    )


@pytest.mark.parametrize("options", [key for key in MICRO if key.startswith("{")])
def test_micro_batches(options: str) -> None:
    recorded = MICRO[options]
    provider = RateMicroBatchProvider()
    source = provider.source(relation(provider, json.loads(options)), SourceContext())
    offsets = [recorded["files"][f"offsets/{n}"].split("\n")[2] for n in range(5)]
    start: str = source.initial_offset()
    made: list[list[Any]] = []
    for logged in offsets:
        end = source.latest_offset(start, ReadAll())
        assert end == logged
        made += rows(source, start, end)
        start = end
    assert [value for _, value in made] == recorded["order"][: len(made)]
    assert sorted(made, key=lambda row: row[1]) == recorded["rows"][: len(made)]
    last = json.loads(recorded["recent"][-1])["sources"][0]
    assert source.description == last["description"]
    assert json.loads(recorded["schema"]) == json.loads(SCHEMA.json)


def test_micro_batches_available_now_is_one_batch(tmp_path: Path) -> None:
    stream = Stream(tmp_path, relation(RateMicroBatchProvider(), {"rowsPerBatch": "3"}))
    with stopping(stream.manager) as manager:
        query = manager.start(replace(stream.write, trigger=Trigger("available_now")))
        assert query.await_termination(PATIENCE_S)
    assert stream.offsets() == {0: ['{"offset":3,"timestamp":1000}']}
    assert len(stream.sink.batches) == 1


@pytest.mark.parametrize("options", [key for key in MICRO["errors"] if key.startswith("{")])
def test_micro_batch_errors(options: str) -> None:
    with pytest.raises(SparkError) as raised:
        relation(RateMicroBatchProvider(), json.loads(options))
    assert raised.value.message == MICRO["errors"][options]["text"]


def test_only_the_columns_asked_for() -> None:
    source = RateMicroBatchProvider().source(
        relation(RateMicroBatchProvider(), {"rowsPerBatch": "2"}), SourceContext()
    )
    table = source.scan(None, source.latest_offset(None, ReadAll())).read(["value"])
    assert table.to_pydict() == {"value": [0, 1]}


def test_times_are_utc() -> None:
    source = RateMicroBatchProvider().source(
        relation(RateMicroBatchProvider(), {"rowsPerBatch": "1"}), SourceContext()
    )
    table = source.scan(None, source.latest_offset(None, ReadAll())).read(["timestamp"])
    assert table.column(0).to_pylist() == [datetime(1970, 1, 1, tzinfo=UTC)]
