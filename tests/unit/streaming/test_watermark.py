"""Against the watermarks that Spark logged (recorded/watermark_policies.json, progress_forms.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from potok.plan.expressions import AttributeReference
from potok.plan.logical import CollectMetrics, EventTimeWatermark, StreamingRelation
from potok.streaming.watermark import (
    EventTimeStatistics,
    Watermarks,
    event_time_texts,
    observe_event_times,
    take_event_times,
    watermark_nodes,
)
from potok.types import TIMESTAMP, StructField, StructType
from stream.harness import numbers_relation, union

FOLDER = Path(__file__).parents[2] / "stream" / "recorded"
MINUTE = 60_000
BASE = 1_704_067_200_000  # 2024-01-01


def seen(*times_ms: int) -> EventTimeStatistics:
    return EventTimeStatistics(max(times_ms), min(times_ms), sum(times_ms) / len(times_ms), len(times_ms))


def commits(files: dict[str, str]) -> list[int]:
    found = sorted((name, text) for name, text in files.items() if name.startswith("commits/"))
    return [json.loads(text.split("\n")[1])["nextBatchWatermarkMs"] for _, text in found]


@pytest.mark.parametrize("policy", ["min", "max"])
def test_policies(policy: str) -> None:
    recorded: dict[str, Any] = json.loads((FOLDER / "watermark_policies.json").read_text(encoding="utf-8"))
    batches = [
        (seen(BASE + 10_000), seen(BASE + 50_000)),
        (seen(BASE + 130_000), None),
        (None, seen(BASE + 90_000)),
    ]
    watermarks, reached = Watermarks(policy), []
    for batch in batches:
        watermarks = watermarks.advanced((10_000, 20_000), batch)
        reached.append(watermarks.global_ms)
    assert reached == commits(recorded[policy]["files"])


def test_one_watermark_never_goes_back() -> None:
    recorded: dict[str, Any] = json.loads((FOLDER / "progress_forms.json").read_text(encoding="utf-8"))
    batches = [
        (0, BASE + 10_000, BASE + 100_555),
        (BASE + 20_000,),
        (0,),
        (1_735_689_600_123, 1_735_689_600_000, BASE),
    ]
    watermarks, reached, texts = Watermarks(), [], []
    for times in batches:
        texts.append(event_time_texts((seen(*times),), watermarks.global_ms))
        watermarks = watermarks.advanced((10_000,), (seen(*times),))
        reached.append(watermarks.global_ms)
    assert reached == commits(recorded["files"])
    assert texts == [json.loads(text)["eventTime"] for text in recorded["recent"]]


def test_after_a_restart_operators_start_afresh_and_the_watermark_stays() -> None:
    watermarks = Watermarks("min", 500).advanced((0, 0), (seen(100), None))
    assert watermarks.global_ms == 500
    assert watermarks.operators_ms == (100, 0)


def test_a_query_without_watermarks_has_none() -> None:
    assert Watermarks().advanced((), ()) == Watermarks()
    assert event_time_texts((), None) == {}


def test_event_times_are_observed_below_each_watermark() -> None:
    schema = StructType((StructField("t", TIMESTAMP),))
    one, two = numbers_relation("a", 1, schema), numbers_relation("b", 2, schema)

    def marked(relation: StreamingRelation) -> EventTimeWatermark:
        time = relation.output[0]
        assert isinstance(time, AttributeReference)
        return EventTimeWatermark(relation, time, 10_000, relation.output)

    plan = observe_event_times(union(marked(one), marked(two)))
    nodes = watermark_nodes(plan)
    assert len(nodes) == 2
    names = [node.child.name for node in nodes if isinstance(node.child, CollectMetrics)]
    assert len(names) == 2
    row = {"max": 5, "min": 1, "avg": 3.0, "count": 2}
    statistics, users = take_event_times({names[0]: row, names[1]: {**row, "count": 0}, "mine": {"n": 1}}, 2)
    assert statistics == (EventTimeStatistics(5, 1, 3.0, 2), None)
    assert users == {"mine": {"n": 1}}


def test_a_plan_without_watermarks_stays_as_it_is() -> None:
    plan = numbers_relation()
    assert observe_event_times(plan) is plan
