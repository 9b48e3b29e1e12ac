from __future__ import annotations

import pyarrow as pa
import pyspark.sql.connect.proto as pb
import pytest

from potok import types as t
from potok.connect.decode_relations import PlanDecoder, Surroundings
from potok.connect.decode_types import decode_type
from potok.connect.encode import encode_type
from potok.errors import Origin, SparkError
from potok.plan import expressions as e
from potok.plan import logical as p
from potok.plan import unresolved as u
from unit.connect.conversations import Recorded, conversation, conversations, relations

PEOPLE = t.StructType(
    (
        t.StructField("fname", t.STRING),
        t.StructField("mname", t.STRING),
        t.StructField("lname", t.STRING),
        t.StructField("age", t.INTEGER),
        t.StructField("ssn", t.STRING),
    )
)
# Data sources in Python are refused by name.
REFUSED = {"common_inline_user_defined_data_source"}


def decode(relation: pb.Relation) -> p.LogicalPlan:
    def no_data(content_hash: str) -> pa.Buffer:
        raise AssertionError(content_hash)

    return PlanDecoder(Surroundings(no_data)).relation(relation)


def request(program: str, number: int) -> pb.ExecutePlanRequest:
    return next(r.message for r in conversation(program) if r.number == number)


@pytest.mark.parametrize(("name", "relation"), [pytest.param(n, r, id=n) for n, r in relations()])
def test_every_recorded_relation_is_understood_or_refused_by_name(name: str, relation: pb.Relation) -> None:
    refused = [kind for kind in REFUSED if f"{kind} {{" in str(relation)]
    if refused:
        with pytest.raises(SparkError, match=refused[0]):
            decode(relation)
    else:
        plan = decode(relation)
        assert isinstance(plan, p.LogicalPlan)
        assert plan.plan_id == (relation.common.plan_id if relation.common.HasField("plan_id") else None)


def test_all_conversations_are_read() -> None:
    assert len({r.program for r in conversations()}) == 14
    assert sum(r.kind == "request" for r in conversations()) > 100


def test_a_csv_stream_with_a_column_added() -> None:
    plan = decode(request("s1_csv_console", 9).plan.command.write_stream_operation_start.input)
    at_line_19 = Origin(fragment="col", call_site="seeds/s1_csv_console.py:19")
    assert plan == u.WithColumns(
        u.UnresolvedDataSource("csv", PEOPLE, p.Options(), ("/data/people",), streaming=True),
        (
            e.Alias(
                e.UnresolvedFunction(
                    "concat",
                    (
                        e.UnresolvedAttribute(("fname",)),
                        e.Literal("-", t.STRING),
                        e.UnresolvedAttribute(("age",)),
                    ),
                ),
                ("result",),
            ),
        ),
    )
    attributes = [n for n in plan.walk() if isinstance(n, e.UnresolvedAttribute)]
    assert [a.origin for a in attributes] == [at_line_19, at_line_19]
    assert [n.plan_id for n in plan.walk() if isinstance(n, p.LogicalPlan)] == [1, 0]


def test_a_data_frame_made_of_rows() -> None:
    plan = decode(request("x6_sql_expr", 7).plan.root)
    assert isinstance(plan, u.ShowString)
    assert (plan.num_rows, plan.truncate, plan.vertical) == (20, 20, False)
    rows = plan.child
    assert isinstance(rows, p.LocalRelation)
    assert rows.schema.simple_string == "struct<id:int,s:string,d:double>"
    assert rows.table.to_pylist() == [{"id": 1, "s": "a", "d": 2.5}, {"id": 2, "s": "b", "d": None}]


def test_sql_text_with_a_named_argument() -> None:
    sql = request("x6_sql_expr", 30).plan.command.sql_command.input.sql
    assert sql.query == "select id, upper(s) u from t where id > :x"
    plan = decode(request("x6_sql_expr", 30).plan.command.sql_command.input)
    assert e.Literal(1, t.INTEGER) in list(plan.walk())
    assert u.UnresolvedRelation(("t",)) in [n for n in plan.walk() if isinstance(n, u.UnresolvedRelation)]


def test_functions_of_the_user_keep_their_payload() -> None:
    functions = [
        node
        for _, relation in relations()
        if not any(f"{kind} {{" in str(relation) for kind in REFUSED)
        for node in decode(relation).walk()
        if isinstance(node, e.PythonFunction)
    ]
    assert len(functions) > 20
    assert all(f.payload and f.python_version == "3.11" for f in functions)


@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param(r, id=str(r))
        for r in conversations()
        if isinstance(r.message, pb.ExecutePlanResponse) and r.message.HasField("schema")
    ],
)
def test_schemas_go_out_as_spark_sends_them(recorded: Recorded) -> None:
    schema = recorded.message.schema
    assert encode_type(decode_type(schema)) == schema
