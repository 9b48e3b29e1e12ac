"""The oracle itself: what it renders, and that it sees every kind of difference."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from spark.gaps import GAPS, find_gap, refuses
from spark.oracle.compare import close, difference
from spark.oracle.families import family_names, load_expected, load_family
from spark.oracle.render import RenderingError, normalise_message, render_value
from spark.oracle.table import Case, Table

ANSWER = {"schema": [["a", "double", True]], "rows": [[1.0], [2.0]]}
ERROR = {"error": {"class": "AnalysisException", "condition": "X", "sqlState": "42000", "message": "text"}}


@pytest.mark.parametrize(
    ("value", "rendered"),
    [
        (1, "1"),
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (float("nan"), '{"double": "NaN"}'),
        (float("-inf"), '{"double": "-Infinity"}'),
        (Decimal("0E-10"), '{"decimal": "0.0000000000"}'),
        (dt.date(2024, 2, 29), '{"date": "2024-02-29"}'),
        (dt.datetime(2024, 2, 29, 1), '{"timestamp": "2024-02-29T01:00:00.000000"}'),  # noqa: DTZ001
        (dt.timedelta(days=-1), '{"interval_microseconds": -86400000000}'),
        (bytearray(b"\x00\xff"), '{"bytes": "00ff"}'),
        ({"a": None}, '{"map": [["a", null]]}'),
        ([1, None], "[1, null]"),
    ],
)
def test_rendering(value: Any, rendered: str) -> None:
    assert json.dumps(render_value(value)) == rendered


def test_an_unknown_value_is_refused() -> None:
    with pytest.raises(RenderingError):
        render_value(object())


@pytest.mark.parametrize(
    ("actual", "kind"),
    [
        (ANSWER, None),
        ({**ANSWER, "rows": [[2.0], [1.0]]}, None),
        ({**ANSWER, "rows": [[1.0], [3.0]]}, "rows"),
        ({**ANSWER, "rows": [[1.0]]}, "rows"),
        ({**ANSWER, "rows": [[1], [2.0]]}, "rows"),
        ({**ANSWER, "schema": [["b", "double", True]]}, "names"),
        ({**ANSWER, "schema": [["a", "float", True]]}, "types"),
        ({**ANSWER, "schema": [["a", "double", False]]}, "nullability"),
        (ERROR, "answer"),
    ],
)
def test_differences(actual: dict[str, Any], kind: str | None) -> None:
    found = difference(Case("c"), ANSWER, actual)
    assert (found[0] if found else None) == kind


def test_order_counts_where_it_is_asked() -> None:
    found = difference(Case("c", ordered=True), ANSWER, {**ANSWER, "rows": [[2.0], [1.0]]})
    assert found
    assert found[0] == "order"


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("class", "ParseException", "error"),
        ("condition", "Y", "error"),
        ("sqlState", "22000", "error"),
        ("message", "other", "message"),
    ],
)
def test_differences_of_errors(key: str, value: str, kind: str) -> None:
    found = difference(Case("c"), ERROR, {"error": {**ERROR["error"], key: value}})
    assert found
    assert found[0] == kind


def test_the_answer_of_connect_wins() -> None:
    assert difference(Case("c"), {**ANSWER, "connect": ERROR}, ERROR) is None
    assert difference(Case("c"), {**ANSWER, "connect": ERROR}, ANSWER) is not None


def test_tolerance_is_relative() -> None:
    assert close([1e10], [1e10 * (1 + 1e-13)], 1e-12)
    assert not close([1e10], [1e10 * (1 + 1e-11)], 1e-12)
    assert not close([0.0], [-0.0], 0.0)


def test_messages_lose_what_changes() -> None:
    message = "Cannot resolve a#12L;\n'Project ['a]\n+- Range"
    assert normalise_message(message, "") == "Cannot resolve a#n"
    assert (
        normalise_message("Path does not exist: file:/tmp/x/in", "/tmp/x")
        == "Path does not exist: file:<directory>/in"
    )


def test_two_cases_of_one_name_are_refused() -> None:
    table = Table()
    table.sql("a", "SELECT 1")
    with pytest.raises(ValueError, match="two cases"):
        table.sql("a", "SELECT 2")


def test_order_is_read_from_the_text() -> None:
    table = Table()
    table.sql("a", "SELECT a FROM t ORDER BY abs(a), b LIMIT 3")
    table.sql("b", "SELECT row_number() OVER (ORDER BY a) FROM t")
    assert [case.ordered for case in table] == [True, False]


@pytest.mark.parametrize("family", family_names())
def test_every_case_is_recorded_and_nothing_else(family: str) -> None:
    assert list(load_expected(family)) == [case.name for case in load_family(family)]


def test_every_gap_belongs_to_a_case() -> None:
    names = {family: [case.name for case in load_family(family)] for family in family_names()}
    for family, pattern in GAPS:
        gap = GAPS[family, pattern]
        assert any(find_gap(family, name) is gap for name in names[family]), (family, pattern)


def test_a_gap_says_so_itself() -> None:
    assert refuses(ERROR)
    assert not refuses(ANSWER)
    assert not refuses({"error": {"class": "KeyError", "message": "x"}})
    assert not refuses({"error": {"class": "SparkException", "condition": "INTERNAL_ERROR", "message": "x"}})
