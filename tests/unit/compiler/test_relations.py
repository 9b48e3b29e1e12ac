from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa

from potok.compiler.relations import compile_plan
from potok.engine.engine import Engine
from potok.engine.pipeline import OperatorStage, SqlStage
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Call,
    Literal,
    SortOrder,
    next_expr_id,
)
from potok.plan.logical import (
    Aggregate,
    Attributes,
    CollectMetrics,
    Filter,
    LogicalPlan,
    OperatorStep,
    Options,
    Project,
    ScanRelation,
    SetOperation,
    Sort,
    StreamingRelation,
    Tail,
    schema_attributes,
    to_attribute,
)
from potok.types import BOOLEAN, INTEGER, LONG, STRING, StructField, StructType

SCHEMA = StructType((StructField("a", INTEGER), StructField("b", STRING), StructField("c", LONG)))
TABLE = pa.table({"a": pa.array([3, 1, 2], pa.int32()), "b": ["x", "y", None], "c": [10, 20, 30]})
NOW = datetime(2026, 1, 2, tzinfo=UTC)


class RecordingScan:
    """Rows in memory that remember which columns were asked for."""

    schema = SCHEMA

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def read(self, columns: Sequence[str]) -> pa.Table:
        self.asked.append(tuple(columns))
        return TABLE.select(list(columns))

    def input_files(self) -> list[str]:
        return []


def relation() -> tuple[RecordingScan, ScanRelation]:
    scan = RecordingScan()
    return scan, ScanRelation(scan, schema_attributes(SCHEMA))


def greater(attribute: AttributeReference, number: int) -> Call:
    return Call(">", (attribute, Literal(number, INTEGER)), BOOLEAN)


def named(expression: Call | AggregateCall | AttributeReference, name: str) -> Alias:
    return Alias(expression, (name,), expr_id=next_expr_id())


def rows(plan: LogicalPlan) -> list[tuple[object, ...]]:
    engine = Engine(threads=1)
    try:
        table = engine.run(compile_plan(plan), NOW).to_table()
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    finally:
        engine.close()


def test_a_scan_is_asked_only_for_the_columns_that_are_read() -> None:
    scan, source = relation()
    a, b, _ = source.output
    assert rows(Project(Filter(source, greater(a, 1)), (b,))) == [("x",), (None,)]
    assert scan.asked == [("a", "b")]


def test_a_count_reads_one_column() -> None:
    scan, source = relation()
    count = AggregateCall("count", (Literal(1, INTEGER),), LONG, is_nullable=False)
    assert rows(Aggregate(source, (), (named(count, "n"),))) == [(3,)]
    assert scan.asked == [("a",)]


def test_a_column_may_be_selected_twice() -> None:
    _, source = relation()
    a = source.output[0]
    assert rows(Project(source, (a, a)))[0] == (3, 3)


def test_a_union_reads_what_is_wanted_of_each_branch() -> None:
    first, one = relation()
    second, two = relation()
    result: Attributes = schema_attributes(SCHEMA)
    union = SetOperation((one, two), "union", is_all=True, result=result)
    assert rows(Project(union, (result[2],))) == [(10,), (20,), (30,), (10,), (20,), (30,)]
    assert (first.asked, second.asked) == ([("c",)], [("c",)])


def test_nulls_are_ordered_as_asked() -> None:
    _, source = relation()
    b = source.output[1]
    ordered = Sort(source, (SortOrder(b, ascending=False, nulls_first=True),))
    assert rows(Project(ordered, (b,))) == [(None,), ("y",), ("x",)]


def test_metrics_are_a_stage_beside_the_rows() -> None:
    _, source = relation()
    metrics = CollectMetrics(source, "seen", (named(AggregateCall("max", (source.output[2],), LONG), "m"),))
    engine = Engine(threads=1)
    try:
        result = engine.run(compile_plan(Project(metrics, (source.output[0],))), NOW)
        assert result.observed == {"seen": {"m": 30}}
        assert result.to_table().column(0).to_pylist() == [3, 1, 2]
    finally:
        engine.close()


def test_a_step_that_is_not_sql_lies_between_statements() -> None:
    _, source = relation()
    pipeline = compile_plan(Project(Tail(source, Literal(2, INTEGER)), (source.output[0],)))
    assert [type(stage) for stage in pipeline.stages] == [SqlStage, OperatorStage, SqlStage]
    assert rows(Project(Tail(source, Literal(2, INTEGER)), (source.output[0],))) == [(1,), (2,)]


class Backwards:
    """A step: the rows from the last to the first."""

    def run(self, tables: Sequence[pa.Table]) -> pa.Table:
        return tables[0].take(list(range(tables[0].num_rows))[::-1])


def test_columns_of_a_step_that_was_planned_are_picked_without_a_statement() -> None:
    _, source = relation()
    result = schema_attributes(SCHEMA)
    step = OperatorStep((source,), Backwards(), result)
    renamed = Alias(result[0], ("d",), expr_id=next_expr_id())
    picked = Project(Project(step, (renamed, result[2])), (result[2], to_attribute(renamed), result[2]))
    stages = compile_plan(picked).stages
    assert [type(stage) for stage in stages] == [SqlStage, OperatorStage, OperatorStage]
    assert rows(picked) == [(30, 2, 30), (20, 1, 20), (10, 3, 10)]
    computed = named(Call("+", (result[2], Literal(1, LONG)), LONG), "e")
    assert [type(stage) for stage in compile_plan(Project(step, (computed,))).stages][-1] is SqlStage
    assert rows(Project(step, (computed,))) == [(31,), (21,), (11,)]
    above = Project(OperatorStep((picked,), Backwards(), picked.output), picked.output[:1])
    assert rows(above) == [(10,), (20,), (30,)]


def test_streams_are_inputs_to_be_bound_by_their_key() -> None:
    attributes = schema_attributes(SCHEMA)
    stream = StreamingRelation(7, "csv", Options(), (), SCHEMA, attributes)
    pipeline = compile_plan(Project(stream, (attributes[1],)))
    assert [(i.source, i.columns) for i in pipeline.inputs] == [(7, ("b",))]
    engine = Engine(threads=1)
    try:
        with engine.prepare(pipeline) as runner:
            for _ in range(2):
                taken = runner.run({7: RecordingScan()}, NOW, repeated=True).to_table()
                assert taken.column_names == ["b"]
                assert taken.column(0).to_pylist() == ["x", "y", None]
    finally:
        engine.close()
