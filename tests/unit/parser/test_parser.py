"""What the recorded trees cannot state: special forms, reshaping, parameters, statements, speed."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from potok.errors import SparkError
from potok.parser import ParserOptions, parse_expression, parse_query
from potok.plan import statements as s
from potok.plan.expressions import (
    Alias,
    Expression,
    Literal,
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedStar,
    WindowExpression,
    WindowFrame,
)
from potok.plan.logical import Filter, Limit, Options, Project, Sample, Sort, SubqueryAlias
from potok.plan.unresolved import (
    Drop,
    UnresolvedAggregate,
    UnresolvedInlineTable,
    UnresolvedJoin,
    UnresolvedRelation,
    UnresolvedTableFunction,
    UnresolvedUnpivot,
    With,
    WithColumns,
)
from potok.types import INTEGER, STRING, StructField, StructType


def attribute(name: str) -> UnresolvedAttribute:
    return UnresolvedAttribute(tuple(name.split(".")))


def function(name: str, *arguments: Expression) -> UnresolvedFunction:
    return UnresolvedFunction(name, arguments)


def text(value: str) -> Literal:
    return Literal(value, STRING)


def number(value: int) -> Literal:
    return Literal(value, INTEGER)


A, B, C = attribute("a"), attribute("b"), attribute("c")
T = UnresolvedRelation(("t",))
ALL_OF_T = Project(T, (UnresolvedStar(),))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("trim(a)", function("trim", A)),
        ("trim(both from a)", function("trim", A)),
        ("trim(leading 'x' from a)", function("ltrim", text("x"), A)),
        ("trim('x' from a)", function("trim", text("x"), A)),
        ("trim(trailing from a)", function("rtrim", A)),
        ("trim('x', a)", function("trim", text("x"), A)),
        ("a is unknown", function("_is_unknown", A)),
        ("a is not unknown", function("_is_known", A)),
        ("a like any (b, c)", function("or", function("like", A, B), function("like", A, C))),
        ("a like all (b, c)", function("and", function("like", A, B), function("like", A, C))),
        (
            "a not ilike some (b, c)",
            function(
                "or", function("not", function("ilike", A, B)), function("not", function("ilike", A, C))
            ),
        ),
        ("* except (a, b.c)", UnresolvedStar(except_parts=(("a",), ("b", "c")))),
        ("t.* except (a)", UnresolvedStar(("t",), except_parts=(("a",),))),
        ("identifier('a.`b c`')", UnresolvedAttribute(("a", "b c"))),
        ("identifier('ab' || 's')(a)", function("abs", A)),
        ("first(a) ignore nulls", UnresolvedFunction("first", (A,), ignore_nulls=True)),
        ("first(a) respect nulls", UnresolvedFunction("first", (A,), ignore_nulls=False)),
        ("a collate UTF8_BINARY", A),
    ],
)
def test_special_form(written: str, meant: Expression) -> None:
    assert parse_expression(written) == meant


def test_interval_bound_of_a_frame_is_negated() -> None:
    found = parse_expression("sum(a) over (order by b range interval 1 day preceding)")
    assert isinstance(found, WindowExpression)
    assert isinstance(found.frame, WindowFrame)
    assert isinstance(found.frame.lower, Literal)
    assert found.frame.lower.value == -86_400_000_000


def test_within_group() -> None:
    found = parse_expression("percentile_cont(0.5) within group (order by a desc)")
    assert isinstance(found, UnresolvedFunction)
    assert [(key.child, key.ascending) for key in found.within_group] == [(A, False)]


def test_timestamp_literal_is_read_in_the_session_zone() -> None:
    found = parse_expression("timestamp '2020-07-01 00:00:00'", ParserOptions(time_zone="Europe/Berlin"))
    assert isinstance(found, Literal)
    assert found.value.isoformat() == "2020-06-30T22:00:00+00:00"


def test_origin_points_into_several_lines() -> None:
    found = parse_expression("a +\n  b / c")
    assert isinstance(found, UnresolvedFunction)
    division = found.arguments[1]
    assert isinstance(division, UnresolvedFunction)
    assert division.origin is not None
    assert (division.origin.fragment, division.origin.line, division.origin.column) == ("b / c", 2, 2)
    assert division.origin.sql_text == "a +\n  b / c"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            "select * from t lateral view outer explode(a) x as y",
            Project(
                UnresolvedJoin(
                    T,
                    SubqueryAlias(UnresolvedTableFunction("explode", (A,)), "x", (), ("y",)),
                    "left_outer",
                    lateral=True,
                ),
                (UnresolvedStar(),),
            ),
        ),
        (
            "select * from t pivot (sum(a) for b in (1, 2 as two))",
            Project(
                UnresolvedAggregate(
                    T,
                    (UnresolvedStar(except_parts=(("a",), ("b",))),),
                    (function("sum", A),),
                    "pivot",
                    B,
                    (number(1), Alias(number(2), ("two",))),
                ),
                (UnresolvedStar(),),
            ),
        ),
        (
            "select * from t unpivot (v for n in (a, b as bb))",
            Project(
                Filter(
                    UnresolvedUnpivot(
                        T,
                        (UnresolvedStar(except_parts=(("a",), ("b",))),),
                        (A, Alias(B, ("bb",))),
                        "n",
                        "v",
                    ),
                    function("isnotnull", attribute("v")),
                ),
                (UnresolvedStar(),),
            ),
        ),
        (
            "select a from t qualify rank() over (order by b) = 1",
            Drop(
                Filter(
                    Project(
                        T,
                        (
                            A,
                            Alias(
                                function(
                                    "==",
                                    parse_expression("rank() over (order by b)"),
                                    number(1),
                                ),
                                ("__qualify",),
                            ),
                        ),
                    ),
                    attribute("__qualify"),
                ),
                names=("__qualify",),
            ),
        ),
        ("select * from t tablesample (10 percent) repeatable (7)",
         Project(Sample(T, 0.0, 0.1, with_replacement=False, seed=7), (UnresolvedStar(),))),
        ("select * from t tablesample (5 rows)", Project(Limit(T, number(5)), (UnresolvedStar(),))),
        ("from t |> where a |> extend b as c |> drop b |> set c = a |> as u |> order by a", None),
        ("from t |> aggregate sum(a) as s group by b",
         UnresolvedAggregate(T, (B,), (B, Alias(function("sum", A), ("s",))), include_grouping=False)),
        ("values (1, 'x'), (2, null)",
         UnresolvedInlineTable(((number(1), text("x")), (number(2), parse_expression("null"))))),
    ],
)  # fmt: skip
def test_reshaping_query(written: str, meant: Any) -> None:
    found = parse_query(written)
    if meant is not None:
        assert found == meant
        return
    assert isinstance(found, Sort)
    assert isinstance(found.child, SubqueryAlias)
    assert isinstance(found.child.child, WithColumns)
    assert isinstance(found.child.child.child, Drop)


def test_named_window() -> None:
    found = parse_query("select sum(a) over w, max(a) over v from t window w as (partition by b), v as w")
    inline = parse_query("select sum(a) over (partition by b), max(a) over (partition by b) from t")
    assert found == inline


@pytest.mark.parametrize(
    ("written", "kind", "grouping", "sets"),
    [
        ("group by rollup(a, b)", "rollup", (A, B), ()),
        ("group by a, b with cube", "cube", (A, B), ()),
        ("group by grouping sets ((a), (b), ())", "grouping_sets", (A, B), ((A,), (B,), ())),
        ("group by a, b grouping sets ((a), b)", "grouping_sets", (A, B), ((A,), (B,))),
        ("group by a, rollup(b)", "grouping_sets", (A, B), ((A, B), (A,))),
        ("group by rollup((a, b), c)", "grouping_sets", (A, B, C), ((A, B, C), (A, B), ())),
        (
            "group by grouping sets (a, cube(b, c))",
            "grouping_sets",
            (A, B, C),
            ((A,), (B, C), (B,), (C,), ()),
        ),
    ],
)
def test_grouping(written: str, kind: str, grouping: tuple[Expression, ...], sets: Any) -> None:
    found = parse_query(f"select a from t {written}")
    assert isinstance(found, UnresolvedAggregate)
    assert (found.group_type, found.grouping, found.grouping_sets) == (kind, grouping, sets)


def test_parameters_replace_markers() -> None:
    found = parse_query(
        "select * from identifier(:table) where a = :x", named_arguments={"table": text("t"), "x": number(1)}
    )
    assert found == Project(Filter(T, function("==", A, number(1))), (UnresolvedStar(),))
    found = parse_query("select ?, ?", positional_arguments=[number(1), number(2)])
    assert isinstance(found, Project)
    assert found.expressions == (number(1), number(2))


def test_missing_parameter() -> None:
    with pytest.raises(SparkError) as raised:
        parse_query("select :p")
    assert raised.value.condition == "UNBOUND_SQL_PARAMETER"


ONE = Project(UnresolvedInlineTable(((),)), (number(1),))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("create or replace temp view v as select 1", s.CreateViewStatement(("v",), ONE, "select 1", is_temporary=True, replace=True)),
        (
            "create global temporary view v (a comment 'x', b) as select 1;",
            s.CreateViewStatement(("v",), ONE, "select 1", (("a", "x"), ("b", None)), is_temporary=True, is_global=True),
        ),
        ("create view if not exists d.v comment 'x' as select 1",
         s.CreateViewStatement(("d", "v"), ONE, "select 1", if_not_exists=True, comment="x")),
        ("create temp view v (a int) using csv options (path '/x', header true)",
         s.CreateTempViewUsing(("v",), "csv", StructType((StructField("a", INTEGER),)), Options({"path": "/x", "header": "true"}))),
        ("drop view if exists v", s.DropView(("v",), if_exists=True)),
        (
            "create table if not exists t (a int) using parquet partitioned by (b string) location '/x'",
            s.CreateTable(
                ("t",),
                StructType((StructField("a", INTEGER), StructField("b", STRING))),
                "parquet",
                partition_by=("b",),
                location="/x",
                if_not_exists=True,
            ),
        ),
        ("create table t using csv options ('a'='b', n 1) comment 'c' as select 1",
         s.CreateTable(("t",), None, "csv", Options({"a": "b", "n": "1"}), comment="c", plan=ONE)),
        ("drop table if exists t purge", s.DropTable(("t",), if_exists=True, purge=True)),
        ("truncate table t", s.TruncateTable(("t",))),
        ("insert into t select 1", s.InsertInto(("t",), ONE)),
        ("insert overwrite table t partition (a = 1, b) select 1",
         s.InsertInto(("t",), ONE, partition=(("a", number(1)), ("b", None)), overwrite=True)),
        ("insert into t (a, b) values (1, 2)",
         s.InsertInto(("t",), UnresolvedInlineTable(((number(1), number(2)),)), ("a", "b"))),
        ("insert into t by name select 1", s.InsertInto(("t",), ONE, by_name=True)),
        ("insert overwrite directory '/x' using csv select 1", s.InsertDirectory(ONE, "csv", "/x")),
        ("with a as (select 1) insert into t select 1", s.InsertInto(("t",), With(ONE, (("a", ONE),)))),
        ("create database if not exists d comment 'c' location '/x' with dbproperties (a = 'b')",
         s.CreateDatabase(("d",), True, "c", "/x", (("a", "b"),))),
        ("drop schema d cascade", s.DropDatabase(("d",), cascade=True)),
        ("use database d", s.UseDatabase(("d",))),
        ("show tables in d like 'a*'", s.ShowTables(("d",), "a*")),
        ("show tables 'a*'", s.ShowTables((), "a*")),
        ("show views", s.ShowViews()),
        ("show databases", s.ShowDatabases()),
        ("show columns in t from d", s.ShowColumns(("d", "t"))),
        ("show user functions like 'a*'", s.ShowFunctions("user", (), "a*")),
        ("show create table t", s.ShowCreateTable(("t",))),
        ("show current schema", s.ShowCurrentDatabase()),
        ("describe t", s.DescribeTable(("t",))),
        ("desc table extended d.t a.b", s.DescribeTable(("d", "t"), is_extended=True, column=("a", "b"))),
        ("describe query select 1", s.DescribeQuery(ONE)),
        ("desc select 1", s.DescribeQuery(ONE)),
        ("desc function extended abs", s.DescribeFunction(("abs",), is_extended=True)),
        ("desc function +", s.DescribeFunction(("+",))),
        ("set", s.SetCommand()),
        ("set -v", s.SetCommand("-v")),
        ("set a.b", s.SetCommand("a.b")),
        ("set spark.sql.shuffle.partitions = 4;", s.SetCommand("spark.sql.shuffle.partitions", "4")),
        ("set `a b` = `c;d`", s.SetCommand("a b", "c;d")),
        ("set time zone 'UTC'", s.SetCommand("spark.sql.session.timeZone", "UTC")),
        ("set time zone interval '-5:30' hour to minute", s.SetCommand("spark.sql.session.timeZone", "-05:30")),
        ("set var x = 1, y = 2", s.SetVariable(((("x",), number(1)), (("y",), number(2))))),
        ("reset", s.ResetCommand()),
        ("reset a.b", s.ResetCommand("a.b")),
        ("cache lazy table t as select 1", s.CacheTable(("t",), ONE, is_lazy=True)),
        ("cache table t", s.CacheTable(("t",))),
        ("uncache table if exists t", s.UncacheTable(("t",), if_exists=True)),
        ("clear cache", s.ClearCache()),
        ("refresh table t", s.RefreshTable(("t",))),
        ("refresh '/x'", s.RefreshResource("/x")),
        ("explain extended select 1", s.Explain(ONE, "extended")),
        ("explain drop view v", s.Explain(s.DropView(("v",)))),
        ("declare variable x int default 3", s.CreateVariable(("x",), INTEGER, number(3))),
        ("declare or replace x = 1", s.CreateVariable(("x",), None, number(1), replace=True)),
        ("drop temporary variable if exists x", s.DropVariable(("x",), if_exists=True)),
    ],
)  # fmt: skip
def test_statement(written: str, meant: s.Statement) -> None:
    assert parse_query(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "merge into t using s on t.a = s.a when matched then delete", "update t set a = 1", "delete from t where a = 1",
        "alter table t recover partitions", "analyze tables compute statistics", "create function f as 'x'", "call f()",
        "load data inpath '/x' into table t", "create table t like u", "truncate table t partition (a = 1)",
        "create table t (a int) stored as parquet", "show partitions t partition (a = 1)", "begin select 1; end", "add jar /x",
        "select a:b from t", "select a collate UNICODE from t", "select time '10:11:12'", "select timestamp 'now'",
        "select * from t version as of 1", "select transform(a) using 'cat' from t", "select cast(a as time)",
    ],
)  # fmt: skip
def test_unsupported_is_named(written: str) -> None:
    with pytest.raises(SparkError) as raised:
        parse_query(written)
    assert raised.value.condition == "UNSUPPORTED_FEATURE.POTOK"


def test_words_are_names_everywhere() -> None:
    """Spark reserves nothing by default."""
    for word in (
        "select",
        "from",
        "where",
        "table",
        "order",
        "values",
        "case",
        "null_",
        "date",
        "interval",
        "exists",
    ):
        assert parse_expression(f"x.{word}") == attribute(f"x.{word}")
        found = parse_query(f"select a as {word} from t as `{word}`")
        assert isinstance(found, Project)
        assert found.expressions == (Alias(A, (word,)),)


def test_a_query_of_two_hundred_characters_takes_less_than_two_milliseconds() -> None:
    query = (
        "SELECT t1.name, count(*) AS n, sum(t1.amount * 2.5) AS total FROM orders t1 LEFT JOIN customers c"
        " ON t1.cid = c.id WHERE t1.age > 13 AND c.country IN ('DE', 'FR') GROUP BY t1.name"
        " HAVING count(*) > 3 ORDER BY n DESC"
    )
    best = min(_seconds(query) for _ in range(20))
    assert best < 0.002


def _seconds(query: str) -> float:
    start = time.perf_counter()
    parse_query(query)
    return time.perf_counter() - start


def test_no_sql_library_is_imported() -> None:
    program = (
        "import sys, potok.parser; potok.parser.parse_query('select 1'); print('sqlglot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_nested_special_calls_are_read_once() -> None:
    """Each level read twice would take 2 ** 40 steps."""
    found = parse_expression("substring(trim(" * 20 + "a" + "), 1)" * 20)
    assert sum(1 for _ in found.walk()) == 61


def test_a_text_nested_too_deeply_is_refused() -> None:
    with pytest.raises(SparkError) as raised:
        parse_expression("(" * 5000 + "a" + ")" * 5000)
    assert raised.value.condition == "FAILED_TO_PARSE_TOO_COMPLEX"


def test_a_long_chain_of_conditions() -> None:
    assert isinstance(parse_expression(" or ".join(["a = 1"] * 3000)), UnresolvedFunction)
