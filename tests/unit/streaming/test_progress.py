"""Against Spark's two forms of a progress (recorded/progress_forms.json)."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from potok.streaming.progress import (
    QueryStatus,
    SinkProgress,
    SourceProgress,
    StreamingQueryProgress,
    format_timestamp,
    rate_per_second,
)

FOLDER = Path(__file__).parents[2] / "stream" / "recorded"
RECORDED: dict[str, Any] = json.loads((FOLDER / "progress_forms.json").read_text(encoding="utf-8"))
EVENTS = [json.loads(e)["progress"] for e in RECORDED["events"] if e.startswith("{")]
RECENT = [json.loads(text) for text in RECORDED["recent"]]


def of_recent(form: dict[str, Any], observed: dict[str, Any]) -> StreamingQueryProgress:
    from datetime import datetime

    moment = datetime.fromisoformat(form["timestamp"])
    return StreamingQueryProgress(
        form["id"],
        form["runId"],
        form["name"],
        round(moment.timestamp() * 1000),
        form["batchId"],
        form["batchDuration"],
        form["durationMs"],
        form["eventTime"],
        (),
        tuple(
            SourceProgress(
                s["description"],
                s["startOffset"],
                s["endOffset"],
                s["latestOffset"],
                s["numInputRows"],
                s["inputRowsPerSecond"],
                s["processedRowsPerSecond"],
            )
            for s in form["sources"]
        ),
        SinkProgress(form["sink"]["description"], form["sink"]["numOutputRows"]),
        observed,
    )


@pytest.mark.parametrize("number", range(len(RECENT)))
def test_both_forms(number: int) -> None:
    event = EVENTS[number]
    progress = of_recent(RECENT[number], event["observedMetrics"])
    assert progress.event_json() == json.dumps(event, separators=(",", ":"))
    ours, spark = json.loads(progress.recent_json()), dict(RECENT[number])
    # Over Spark Connect observed rows come apart into values and schema; here as in Spark's classic API.
    ours.pop("observedMetrics")
    spark.pop("observedMetrics")
    # Nor does Spark Connect send the totals, which programs written for the classic API read.
    totals = ("numInputRows", "inputRowsPerSecond", "processedRowsPerSecond")
    assert ours.pop(totals[0]) == sum(source["numInputRows"] for source in spark["sources"])
    assert {ours.pop(name) is not None for name in totals[1:]} == {True}
    assert ours == spark
    assert list(ours) == list(spark)
    assert list(ours["durationMs"]) == list(spark["durationMs"])


def test_the_client_reads_both_forms() -> None:
    listener = pytest.importorskip("pyspark.sql.streaming.listener")
    progress = of_recent(RECENT[0], {"obs": {"n": 3}})
    read = listener.StreamingQueryProgress.fromJson(json.loads(progress.recent_json()))
    assert (read.batchId, read.numInputRows, read.sources[0].startOffset) == (0, 3, "null")
    assert read.observedMetrics["obs"].n == 3
    event = listener.QueryProgressEvent.fromJson(json.loads(f'{{"progress":{progress.event_json()}}}'))
    assert event.progress.batchId == 0


def test_rates() -> None:
    assert rate_per_second(5, 1020) == pytest.approx(4.901960784)
    assert rate_per_second(3, math.inf) == 0.0
    assert rate_per_second(3, 0) == math.inf
    assert math.isnan(rate_per_second(0, 0))


def test_rates_that_are_no_numbers() -> None:
    source = SourceProgress("s", None, None, None, 1, math.inf, 2.25)
    progress = StreamingQueryProgress("i", "r", None, 0, 0, 0, {}, {}, (), (source,), SinkProgress("d"))
    event = json.loads(progress.event_json())
    assert "inputRowsPerSecond" not in event
    assert event["processedRowsPerSecond"] == 2.3
    assert json.loads(progress.recent_json())["sources"][0]["inputRowsPerSecond"] == "Infinity"


def test_observed_values() -> None:
    metrics = {"o": {"d": Decimal("6.00"), "nan": math.nan, "b": b"\x01", "l": [1, None], "s": {"x": (1, 2)}}}
    progress = StreamingQueryProgress("i", "r", None, 0, 0, 0, {}, {}, (), (), SinkProgress("d"), metrics)
    assert json.loads(progress.event_json())["observedMetrics"] == {
        "o": {"d": 6.0, "nan": "NaN", "b": [1], "l": [1, None], "s": {"x": [1, 2]}}
    }


def test_status() -> None:
    assert QueryStatus("Stopped").json == (
        '{"message":"Stopped","isDataAvailable":false,"isTriggerActive":false}'
    )


def test_timestamps() -> None:
    assert format_timestamp(1_795_333_955_422) == "2026-11-22T07:52:35.422Z"
    assert format_timestamp(-1) == "1969-12-31T23:59:59.999Z"
