"""What real Spark 4.3 answered (`record.py`): schemas, conditions, automatic names, legality of streams."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from potok.analysis import check_streaming
from potok.errors import SparkError
from unit.analysis.gaps import GAPS
from unit.analysis.support import analyzed

HERE = Path(__file__).parent
QUERIES: dict[str, Any] = json.loads((HERE / "expected_queries.json").read_text())
NAMES: dict[str, list[str]] = json.loads((HERE / "expected_names.json").read_text())
STREAMS: list[list[Any]] = json.loads((HERE / "expected_streams.json").read_text())
# How a function refuses that does not take all that Spark's takes: its own tests look after that.
REFUSALS = (
    "DATATYPE_MISMATCH.",
    "UNRESOLVABLE_TABLE_VALUED_FUNCTION",
    "UNRESOLVED_COLUMN.",
    "UNRESOLVED_ROUTINE",
    "UNSUPPORTED_FEATURE.POTOK",
    "WRONG_NUM_ARGS.",
)


def _expect_gap(request: pytest.FixtureRequest, query: str) -> None:
    if query in GAPS:
        request.applymarker(pytest.mark.xfail(reason=GAPS[query]))


@pytest.mark.parametrize("query", [q for q, answer in QUERIES.items() if isinstance(answer, list)])
def test_schema(query: str, request: pytest.FixtureRequest) -> None:
    _expect_gap(request, query)
    fields = [[f.name, f.data_type.simple_string, f.nullable] for f in analyzed(query).schema.fields]
    assert fields == QUERIES[query]


@pytest.mark.parametrize("query", [q for q, answer in QUERIES.items() if isinstance(answer, dict)])
def test_mistake(query: str, request: pytest.FixtureRequest) -> None:
    _expect_gap(request, query)
    expected = QUERIES[query]
    with pytest.raises(SparkError) as raised:
        analyzed(query)
    assert raised.value.condition == expected["condition"]
    shown = {k: v for k, v in expected["parameters"].items() if "#" not in v}
    assert {k: raised.value.parameters.get(k) for k in shown} == shown


@pytest.mark.parametrize("query", NAMES)
def test_automatic_name(query: str, request: pytest.FixtureRequest) -> None:
    _expect_gap(request, query)
    try:
        names = list(analyzed(query).schema.names)
    except SparkError as error:
        if error.condition.startswith(REFUSALS):
            pytest.skip(f"not built in here: {error.condition}")
        raise
    assert names == NAMES[query]


@pytest.mark.parametrize(("mode", "query", "message"), STREAMS)
def test_streaming_write(mode: str, query: str, message: str | None) -> None:
    plan = analyzed(query)
    if message is None:
        check_streaming(plan, mode)
        return
    with pytest.raises(SparkError) as raised:
        check_streaming(plan, mode)
    first_line = raised.value.message.split("\n")[0]
    assert first_line.rstrip(";") == message.split("; line ")[0].rstrip(";")
