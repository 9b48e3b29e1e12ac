from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from potok.errors import SparkError
from potok.interval_text import CalendarInterval, parse_interval
from potok.plan.commands import Trigger
from potok.streaming.triggers import AvailableNow, Continuous, Once, ProcessingTime, trigger_rule

RECORDED: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "stream" / "recorded" / "processing_time.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("text", list(RECORDED))
def test_interval_texts_as_spark_takes_them(text: str) -> None:
    answer = RECORDED[text]
    kind = "continuous" if text.startswith("continuous ") else "processing_time"
    trigger = Trigger(kind, text.removeprefix("continuous "))
    if "no_error" in answer:
        assert isinstance(trigger_rule(trigger), ProcessingTime | Continuous)
        return
    with pytest.raises(SparkError) as raised:
        trigger_rule(trigger)
    assert raised.value.message == answer["text"]
    assert raised.value.sql_state == answer["getSqlState"]
    if answer["getCondition"] is not None:
        assert raised.value.condition == answer["getCondition"]
        assert raised.value.parameters == answer["getMessageParameters"]


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("1 minute 30 seconds", CalendarInterval(0, 0, 90_000_000)),
        ("interval 2 weeks -3 days", CalendarInterval(0, 11, 0)),
        ("1 year 2 months", CalendarInterval(14, 0, 0)),
        ("-1.25 seconds", CalendarInterval(0, 0, -1_250_000)),
        (".000000999 second", CalendarInterval(0, 0, 0)),
    ],
)
def test_values(text: str, interval: CalendarInterval) -> None:
    assert parse_interval(text) == interval


def test_days_count_as_24_hours() -> None:
    assert parse_interval("1 day 1 millisecond").milliseconds == 86_400_001


def test_rules() -> None:
    assert trigger_rule(Trigger()) == ProcessingTime(0)
    assert trigger_rule(Trigger("once")) == Once()
    assert trigger_rule(Trigger("available_now")) == AvailableNow()
    assert trigger_rule(Trigger("processing_time", "1500 microseconds")) == ProcessingTime(1)


def test_next_batch_is_a_multiple_of_the_interval() -> None:
    rule = ProcessingTime(4000)
    assert rule.next_batch_ms(1_000) == 4_000
    assert rule.next_batch_ms(4_000) == 8_000
    assert rule.next_batch_ms(7_999) == 8_000
    assert rule.is_falling_behind(4_001)
    assert not rule.is_falling_behind(4_000)
    assert ProcessingTime().next_batch_ms(5) == 5
    assert not ProcessingTime().is_falling_behind(1_000_000)
