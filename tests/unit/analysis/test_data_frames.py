"""Frames as the client sends them: plan ids, hidden columns, and the relations SQL text has no words for.

The expectations were observed on Spark Connect 4.3.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from potok.analysis import analyze, check_batch, resolve_expression
from potok.analysis.time import parse_delay
from potok.errors import SparkError
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Expression,
    Literal,
    SortOrder,
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedStar,
    UpdateFields,
)
from potok.plan.logical import Filter, LogicalPlan, Options, Project, ScanRelation, Sort, SubqueryAlias
from potok.plan.unresolved import (
    Drop,
    NaDrop,
    NaFill,
    Statistics,
    ToDataFrame,
    ToSchema,
    UnresolvedAggregate,
    UnresolvedJoin,
    UnresolvedSetOperation,
    UnresolvedWatermark,
    WithColumns,
    WithColumnsRenamed,
)
from potok.types import INTEGER, LONG, STRING, StructField, StructType
from unit.analysis.support import context, local, stream

FRAME = "a int, b string, s struct<f:int,g:string>, d double"


def column(name: str, plan_id: int | None = None) -> UnresolvedAttribute:
    return UnresolvedAttribute(tuple(name.split(".")), plan_id)


def call(name: str, *arguments: Expression) -> UnresolvedFunction:
    return UnresolvedFunction(name, arguments)


def frame(plan_id: int, ddl: str = FRAME) -> LogicalPlan:
    return replace(local(ddl), plan_id=plan_id)


def names(plan: LogicalPlan) -> list[str]:
    return list(analyze(plan, context()).schema.names)


def failure(plan: LogicalPlan) -> SparkError:
    with pytest.raises(SparkError) as raised:
        analyze(plan, context())
    return raised.value


def test_a_column_finds_its_frame_on_either_side_of_a_join() -> None:
    condition = call("==", column("a", 1), column("a", 2))
    joined = UnresolvedJoin(frame(1), frame(2), "inner", condition)
    plan = Project(joined, (column("a", 2), column("b", 1)))
    resolved = analyze(plan, context())
    left, right = resolved.inputs[0].inputs
    assert [a.expr_id for a in resolved.output] == [right.output[0].expr_id, left.output[1].expr_id]


def test_a_frame_joined_with_itself_is_ambiguous() -> None:
    same = frame(1)
    error = failure(UnresolvedJoin(same, same, "inner", call("==", column("a", 1), column("a", 1))))
    assert error.condition == "AMBIGUOUS_COLUMN_REFERENCE"
    assert error.parameters == {"name": '"a"'}


def test_a_frame_joined_with_itself_under_names_gets_columns_of_its_own() -> None:
    same = frame(1)
    condition = call("==", column("x.a"), column("y.a"))
    joined = UnresolvedJoin(SubqueryAlias(same, "x"), SubqueryAlias(same, "y"), "inner", condition)
    resolved = analyze(Project(joined, (column("x.a"), column("y.b"))), context())
    both = resolved.inputs[0].output
    assert len({a.expr_id for a in both}) == len(both)


def test_a_column_of_a_frame_that_is_not_below() -> None:
    error = failure(Project(frame(1), (column("a", 7),)))
    assert error.condition == "CANNOT_RESOLVE_DATAFRAME_COLUMN"
    assert error.parameters == {"name": '"a"'}


def test_a_column_of_a_frame_under_new_columns() -> None:
    added = WithColumns(frame(1), (Alias(call("+", column("a", 1), Literal(1, INTEGER)), ("z",)),), plan_id=2)
    assert names(Filter(added, call(">", column("a", 1), column("z", 2)))) == ["a", "b", "s", "d", "z"]


def test_both_keys_of_a_using_join_are_still_there() -> None:
    joined = UnresolvedJoin(frame(1), frame(2), "left_outer", using=("a",))
    assert names(joined) == ["a", "b", "s", "d", "b", "s", "d"]
    assert names(Project(joined, (column("a", 2), column("a", 1)))) == ["a", "a"]


def test_filter_and_sort_see_what_a_projection_leaves_out() -> None:
    narrow = Project(frame(1), (column("b"),))
    assert names(Filter(narrow, call(">", column("a"), Literal(1, INTEGER)))) == ["b"]
    assert names(Sort(narrow, (SortOrder(column("d", 1)),))) == ["b"]


def test_sort_by_an_aggregate_that_is_not_in_the_output() -> None:
    grouped = UnresolvedAggregate(frame(1), (column("b"),), (call("count", UnresolvedStar()),))
    assert names(Sort(grouped, (SortOrder(call("max", column("d"))),))) == ["b", "count(1)"]


def test_with_columns_replaces_in_place_and_keeps_the_new_spelling() -> None:
    replaced = WithColumns(frame(1), (Alias(column("d"), ("A",)), Alias(column("a"), ("n",))))
    assert names(replaced) == ["A", "b", "s", "d", "n"]
    twice = WithColumns(frame(1), (Alias(column("d"), ("x",)), Alias(column("a"), ("X",))))
    assert failure(twice).condition == "COLUMN_ALREADY_EXISTS"


def test_renames_drops_and_new_names() -> None:
    assert names(WithColumnsRenamed(frame(1), (("A", "k"), ("nope", "z")))) == ["k", "b", "s", "d"]
    assert names(Drop(frame(1), (column("a"), column("nope")), ("B", "none"))) == ["s", "d"]
    assert names(ToDataFrame(frame(1), ("p", "q", "r", "t"))) == ["p", "q", "r", "t"]
    error = failure(ToDataFrame(frame(1), ("p",)))
    assert error.condition == "ASSIGNMENT_ARITY_MISMATCH"
    assert error.parameters == {"numExpr": "1", "numTarget": "4"}


def test_fields_added_and_dropped() -> None:
    added = UpdateFields(column("s"), "h", Literal(1, INTEGER))
    plan = Project(frame(1), (Alias(added, ("p",)), Alias(UpdateFields(column("s"), "F"), ("q",))))
    found = [f.data_type.simple_string for f in analyze(plan, context()).schema.fields]
    assert found == ["struct<f:int,g:string,h:int>", "struct<g:string>"]


def test_union_by_name() -> None:
    other = local("b string, a bigint, e int")
    union = UnresolvedSetOperation(local("a int, b string"), other, "union", by_name=True)
    assert failure(union).condition == "NUM_COLUMNS_MISMATCH"
    filled = analyze(replace(union, allow_missing_columns=True), context())
    assert filled.schema.simple_string == "struct<a:bigint,b:string,e:int>"


def test_to_schema_reorders_widens_and_checks() -> None:
    target = StructType((StructField("D", STRING), StructField("a", LONG)))
    assert analyze(ToSchema(frame(1), target), context()).schema == target
    strict = StructType((StructField("a", INTEGER, nullable=False),))
    assert failure(ToSchema(frame(1), strict)).condition == "NULLABLE_COLUMN_OR_FIELD"


def test_missing_values() -> None:
    assert names(NaFill(frame(1), (), (Literal(0, LONG),))) == ["a", "b", "s", "d"]
    assert names(NaDrop(frame(1), ("a", "d"), 1)) == ["a", "b", "s", "d"]
    assert failure(NaDrop(frame(1), ("zz",), None)).condition == "UNRESOLVED_COLUMN.WITH_SUGGESTION"


def test_describe_gives_text_of_numbers_and_texts_only() -> None:
    described = analyze(Statistics(frame(1), "describe"), context())
    assert described.schema.simple_string == "struct<summary:string,a:string,b:string,d:string>"


def test_the_metadata_column_appears_where_it_is_used() -> None:
    data = local("a int").result
    metadata = local("_metadata struct<file_path:string not null>").result[0]
    scan = ScanRelation(None, data, metadata=metadata)  # type: ignore[arg-type]
    assert names(Project(scan, (UnresolvedStar(),))) == ["a"]
    path = Project(
        Filter(scan, call(">", column("a"), Literal(1, INTEGER))), (column("_metadata.file_path"),)
    )
    assert names(path) == ["file_path"]
    assert analyze(path, context()).inputs[0].inputs[0].output == (*data, metadata)


def test_watermarks_mark_their_column() -> None:
    marked = analyze(UnresolvedWatermark(stream(9), "timestamp", "1 minute 30 seconds"), context())
    assert [a.metadata for a in marked.output] == ['{"spark.watermarkDelayMs":90000}', "{}"]
    wrong = failure(UnresolvedWatermark(stream(9), "value", "1 minute"))
    assert wrong.condition == "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE"


@pytest.mark.parametrize(
    ("text", "delay_ms"),
    [
        ("10 seconds", 10_000),
        ("interval 2 hours", 7_200_000),
        ("1 month", 2_678_400_000),
        ("0.5 seconds", 500),
    ],
)
def test_delays(text: str, delay_ms: int) -> None:
    assert parse_delay(text) == delay_ms


@pytest.mark.parametrize("text", ["", "10", "ten seconds", "5 fortnights"])
def test_delays_that_are_none(text: str) -> None:
    with pytest.raises(SparkError, match="CANNOT_PARSE_INTERVAL"):
        parse_delay(text)


def test_a_stream_is_not_a_batch() -> None:
    streaming = replace(stream(1), format="csv", paths=("/data/in",), options=Options())
    with pytest.raises(SparkError) as raised:
        check_batch(Project(streaming, streaming.output))
    assert raised.value.message.endswith("Declarative Pipeline.;\nFileSource[/data/in]")


def test_one_expression_over_columns() -> None:
    attributes = local("a int, b string").result
    resolved = resolve_expression(call("upper", column("B")), attributes, context())
    assert resolved.data_type == STRING
    assert isinstance(next(resolved.children()), AttributeReference)
