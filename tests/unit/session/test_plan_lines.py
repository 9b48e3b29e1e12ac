"""Plans in the words of Spark's messages: the expected lines are Spark 4.3's, numbers included."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from potok.parser import parse_query
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Call,
    Cast,
    CastMode,
    Expression,
    Literal,
    PythonFunction,
    SortOrder,
    WindowCall,
    WindowExpression,
    WindowFrame,
)
from potok.plan.logical import (
    Aggregate,
    Filter,
    Limit,
    LogicalPlan,
    Options,
    Project,
    ScanRelation,
    Sort,
    StreamingRelation,
    SubqueryAlias,
)
from potok.session.local_rows import local_rows
from potok.session.plan_lines import expression_text, tree_text
from potok.types import BOOLEAN, FLOAT, INTEGER, LONG, STRING, StructField, StructType

from .play import Player

A = AttributeReference("a", INTEGER, expr_id=1)
S = AttributeReference("s", STRING, expr_id=2)


def stream(path: str, *columns: AttributeReference) -> LogicalPlan:
    """Files below a directory."""
    schema = StructType(tuple(StructField(c.name, c.type) for c in columns))
    return StreamingRelation(1, "csv", Options(), (path,), schema, columns)


def call(name: str, *arguments: Expression) -> Call:
    """A resolved function."""
    return Call(name, arguments, BOOLEAN)


def number(value: int) -> Literal:
    """A constant."""
    return Literal(value, INTEGER)


def test_a_cast_in_a_stream() -> None:
    """Recorded: a cast that fails on the way to a file sink."""
    d, t = AttributeReference("d", STRING, expr_id=0), AttributeReference("t", STRING, expr_id=1)
    cast = Alias(Cast(t, FLOAT, CastMode.ANSI), ("f",), None, 3)
    plan = Project(stream("/data/exp/I_failing/ansi_cast/in", d, t), (d, t, cast))
    assert tree_text(plan) == (
        "~Project [d#0, t#1, cast(t#1 as float) AS f#3]\n"
        "+- ~StreamingExecutionRelation FileStreamSource[file:/data/exp/I_failing/ansi_cast/in], [d#0, t#1],"
        " name=<Unassigned>"
    )


def test_a_python_function() -> None:
    """Its name and arguments."""
    function = PythonFunction("f", b"", 100, STRING, (S,))
    assert expression_text(Alias(function, ("u",), None, 3)) == "f(s#2) AS u#3"


def test_operators() -> None:
    """As in the recorded plans of `explained.json`."""
    texts = {
        "(a#1 > 3)": call(">", A, number(3)),
        "((a#1 >= 1) AND (a#1 <= 2))": call("and", call(">=", A, number(1)), call("<=", A, number(2))),
        "NOT (a#1 = 1)": call("not", call("==", A, number(1))),
        "isnull(a#1)": call("isnull", A),
        "a#1 IN (1,2)": call("in", A, number(1), number(2)),
        "coalesce(a#1, 0)": call("coalesce", A, number(0)),
        "CASE WHEN (a#1 = 1) THEN one ELSE s#2 END": call(
            "when", call("==", A, number(1)), Literal("one", STRING), S
        ),
        "cast(a#1 as string)": Cast(A, STRING, CastMode.ANSI),
        "a#1 DESC NULLS LAST": SortOrder(A, ascending=False, nulls_first=False),
        "upper(s#2)": call("upper", S),
    }
    assert {text: expression_text(e) for text, e in texts.items()} == {text: text for text in texts}


def test_a_window() -> None:
    """As in the recorded plan of row_number."""
    window = WindowExpression(
        WindowCall("row_number", (), INTEGER),
        (S,),
        (SortOrder(A),),
        WindowFrame(is_rows=True, lower=None, upper=number(0)),
    )
    assert expression_text(window) == (
        "row_number() windowspecdefinition(s#2, a#1 ASC NULLS FIRST, specifiedwindowframe(RowFrame,"
        " unboundedpreceding$(), currentrow$()))"
    )


def test_an_aggregate_over_a_table() -> None:
    """The analysed plan of the recorded GROUP BY .. ORDER BY .. LIMIT, with BIGINT's L."""
    rows = local_rows(StructType(()), ())
    table = ScanRelation(rows.table, (A, S), "FileScan csv spark_catalog.default.t [file:/w/t]")
    n = AttributeReference("n", LONG, expr_id=3)
    count = Alias(AggregateCall("count", (number(1),), LONG), ("n",), None, 3)
    grouped = Aggregate(SubqueryAlias(table, "t", ("spark_catalog", "default")), (A,), (A, count))
    ordered = Sort(grouped, (SortOrder(n, ascending=False, nulls_first=False),))
    assert tree_text(Limit(ordered, number(3))) == (
        "GlobalLimit 3\n"
        "+- LocalLimit 3\n"
        "   +- Sort [n#3L DESC NULLS LAST], true\n"
        "      +- Aggregate [a#1], [a#1, count(1) AS n#3L]\n"
        "         +- SubqueryAlias spark_catalog.default.t\n"
        "            +- Relation spark_catalog.default.t[a#1,s#2] csv"
    )


def test_a_filter_over_a_path() -> None:
    """Without a table there is no name before the columns."""
    scan = ScanRelation(local_rows(StructType(()), ()).table, (A, S), "FileScan csv [file:/in]")
    assert tree_text(Filter(scan, call(">", A, number(3)))) == "Filter (a#1 > 3)\n+- Relation [a#1,s#2] csv"


EXPLAINED: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_name("explained.json").read_text(encoding="utf-8")
)
# Queries whose analysed plan is Spark's line for line.
ANALYSED = (
    "SELECT 1 AS a",
    "SELECT a + 1 AS b FROM t WHERE a > 3",
    "SELECT a, count(*) AS n FROM t GROUP BY a ORDER BY n DESC LIMIT 3",
    "SELECT CASE WHEN a = 1 THEN 'one' ELSE s END AS c, coalesce(a, 0), a IN (1, 2) FROM t",
    "SELECT sum(a) FROM t",
    "SELECT a FROM t LIMIT 5",
)


def analysed(text: str) -> str:
    """The part with the analysed plan, numbers left out."""
    part = text.partition("== Analyzed Logical Plan ==\n")[2].partition("\n\n")[0]
    return re.sub(r"#\d*L?", "#", part)


@pytest.mark.parametrize("query", ANALYSED)
def test_the_analysed_plan_is_sparks(query: str, tmp_path: Path) -> None:
    """Mode extended, against the recording."""
    player = Player(tmp_path)
    assert player.answer(("sql", "CREATE TABLE t (a INT, s STRING) USING csv", {}))[0] == "ok"
    plan = parse_query(query)
    assert isinstance(plan, LogicalPlan)
    text = player.session.explain(plan, "extended")
    player.close()
    assert analysed(text) == analysed(EXPLAINED[query]["extended"])
    assert "== DuckDB SQL ==" in text
