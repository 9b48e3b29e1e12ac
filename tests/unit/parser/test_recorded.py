"""Every recorded answer of Spark against ours."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from potok import ddl
from potok.errors import SparkError
from potok.parser import parse_expression, parse_query
from potok.plan.expressions import Expression, Literal
from potok.plan.logical import LogicalPlan

from . import spark_text

RECORDED: dict[str, dict[str, list[Any]]] = json.loads(
    Path(__file__).with_name("recorded.json").read_text(encoding="utf-8")
)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _cases(*kinds: str, outcome: str = "ok") -> list[Any]:
    return [
        pytest.param(text, answer, id=f"{kind}: {text}")
        for kind in kinds
        for text, answer in RECORDED[kind].items()
        if answer[0] == outcome
    ]


@pytest.mark.parametrize(("text", "answer"), _cases("precedence", "expressions"))
def test_expression_means_what_spark_reads(text: str, answer: list[Any]) -> None:
    ours = spark_text.expression(parse_expression(text))
    assert spark_text.normalized(ours) == spark_text.normalized(answer[1])


@pytest.mark.parametrize(("text", "answer"), _cases("queries"))
def test_query_means_what_spark_reads(text: str, answer: list[Any]) -> None:
    plan = parse_query(text)
    assert isinstance(plan, LogicalPlan)
    ours = [spark_text.normalized(line) for line in spark_text.plan(plan)]
    assert ours == [spark_text.normalized(line) for line in spark_text.recorded_plan(answer[1])]


@pytest.mark.parametrize(("text", "answer"), _cases("literals"))
def test_literal_has_sparks_type_and_value(text: str, answer: list[Any]) -> None:
    data_type, value = answer[1]
    found = parse_expression(text)
    assert isinstance(found, Literal)
    assert found.type.json == data_type
    assert _as_spark_keeps_it(found.value) == value


def _as_spark_keeps_it(value: object) -> str:
    """The value as the recording writes Spark's internal one: days, microseconds, hexadecimal digits."""
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return str((aware - _EPOCH) // dt.timedelta(microseconds=1))
    if isinstance(value, dt.date):
        return str((value - _EPOCH.date()).days)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


@pytest.mark.parametrize(("text", "answer"), _cases("wrong", outcome="error"))
def test_wrong_statement_gets_sparks_message(text: str, answer: list[Any]) -> None:
    with pytest.raises(SparkError) as raised:
        parse_query(text)
    assert [raised.value.java_class, raised.value.message] == answer[1:]


@pytest.mark.parametrize(("text", "answer"), _cases("wrong_expressions", outcome="error"))
def test_wrong_expression_gets_sparks_message(text: str, answer: list[Any]) -> None:
    with pytest.raises(SparkError) as raised:
        parse_expression(text)
    assert [raised.value.java_class, raised.value.message] == answer[1:]


@pytest.mark.parametrize(("text", "answer"), _cases("types"))
def test_data_type(text: str, answer: list[Any]) -> None:
    assert ddl.parse_data_type(text).json == answer[1]


@pytest.mark.parametrize(("text", "answer"), _cases("types", outcome="error"))
def test_wrong_data_type(text: str, answer: list[Any]) -> None:
    with pytest.raises(SparkError) as raised:
        ddl.parse_data_type(text)
    assert [raised.value.java_class, raised.value.message] == answer[1:]


@pytest.mark.parametrize(("text", "answer"), _cases("schemas"))
def test_schema(text: str, answer: list[Any]) -> None:
    assert ddl.parse_schema(text).json == answer[1]


@pytest.mark.parametrize(("text", "answer"), _cases("schemas", outcome="error"))
def test_wrong_schema(text: str, answer: list[Any]) -> None:
    with pytest.raises(SparkError) as raised:
        ddl.parse_schema(text)
    assert [raised.value.java_class, raised.value.message] == answer[1:]


@pytest.mark.parametrize(("text", "answer"), _cases("names"))
def test_name(text: str, answer: list[Any]) -> None:
    assert list(ddl.parse_name(text)) == answer[1]


@pytest.mark.parametrize(("text", "answer"), _cases("names", outcome="error"))
def test_wrong_name(text: str, answer: list[Any]) -> None:
    with pytest.raises(SparkError) as raised:
        ddl.parse_name(text)
    assert [raised.value.java_class, raised.value.message] == answer[1:]


@pytest.mark.parametrize(("text", "answer"), _cases("origins"))
def test_origins_are_where_spark_points(text: str, answer: list[Any]) -> None:
    theirs = {(start, stop) for _, start, stop in answer[1]}
    for node in parse_expression(text).walk():
        origin = getattr(node, "origin", None)
        if isinstance(node, Expression) and origin is not None:
            assert (origin.start, origin.stop) in theirs, node
