"""What may run: streaming operations per output mode, and no streams in batch queries.

Source: Spark's UnsupportedOperationChecker and StreamingJoinHelper.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from potok.analysis.pretty import sql_expression
from potok.analysis.stream_joins import conjuncts, join_condition, time_key, value_bounds
from potok.analysis.time import DELAY_KEY
from potok.analysis.time_windows import SESSION_WINDOW_KEY
from potok.analysis.trees import walk
from potok.errors import SparkError
from potok.plan.expressions import (
    AggregateCall,
    AttributeReference,
    Call,
    Expression,
    SortOrder,
    WindowExpression,
)
from potok.plan.logical import (
    Aggregate,
    Deduplicate,
    Join,
    Limit,
    LogicalPlan,
    Offset,
    Sample,
    SetOperation,
    Sort,
    StatefulMap,
    StreamingRelation,
    Window,
)
from potok.plan.tree import Node
from potok.types import LONG

_LOGGER = logging.getLogger("potok.UnsupportedOperationChecker")
_FILE_FORMATS = frozenset({"csv", "json", "text", "parquet", "orc"})
_RANKS = frozenset({"rank", "dense_rank", "percent_rank"})
_TRANSFORM_WITH_STATE = "time_mode"


def refused(message: str, plan: LogicalPlan | None = None) -> SparkError:
    """An operation that streams do not support, in Spark's words."""
    return SparkError("_LEGACY_ERROR_TEMP_3102", msg=f"{message};{_plan_text(plan)}")


def _plan_text(plan: LogicalPlan | None) -> str:
    if isinstance(plan, StreamingRelation) and plan.format.lower() in _FILE_FORMATS:
        return f"\nFileSource[{','.join(plan.paths)}]"
    return ""


def _plans(plan: LogicalPlan) -> Iterator[LogicalPlan]:
    """The plan and all plans below it, children first, subqueries left out."""
    for child in plan.inputs:
        yield from _plans(child)
    yield plan


# ---- batch --------------------------------------------------------------------------------------


def check_batch(plan: LogicalPlan) -> None:
    """Raises _LEGACY_ERROR_TEMP_3102 where a stream would run as a batch."""
    for node in _with_subqueries(plan):
        if isinstance(node, StreamingRelation):
            message = (
                "Queries with streaming sources must be executed with writeStream.start(), or from a streaming"
                " table or flow definition within a Spark Declarative Pipeline."
            )
            raise refused(message, node)
        if isinstance(node, Deduplicate) and node.within_watermark:
            raise refused("dropDuplicatesWithinWatermark is not supported with batch DataFrames/DataSets")


def _with_subqueries(node: Node) -> Iterator[LogicalPlan]:
    for child in node.children():
        yield from _with_subqueries(child)
    if isinstance(node, LogicalPlan):
        yield node


# ---- streaming ----------------------------------------------------------------------------------


def check_streaming(plan: LogicalPlan, output_mode: str, *, check_correctness: bool = True) -> None:
    """Raises what Spark raises for a streaming write in this output mode (append, complete, update).

    `check_correctness` is `spark.sql.streaming.statefulOperator.checkCorrectness.enabled`; without it there is
    a warning where rows may be lost as late.
    """
    if not plan.is_streaming:
        raise SparkError("WRITE_STREAM_NOT_ALLOWED")
    mode = output_mode.lower()
    stateful_maps = [p for p in _plans(plan) if isinstance(p, StatefulMap) and not _is_transform(p)]
    if len(stateful_maps) > 1:
        raise refused("Multiple applyInPandasWithStates are not supported on a streaming DataFrames/Datasets")
    _check_output_mode(_streaming_aggregates(plan), mode)
    for node in _plans(plan):
        _check_node(node, plan, mode)
        _check_expressions(node)
    try:
        _check_global_watermark(plan, mode)
    except SparkError as error:
        if check_correctness:
            raise
        _LOGGER.warning("%s", error.message)


def _is_transform(plan: StatefulMap) -> bool:
    return any(name == _TRANSFORM_WITH_STATE for name, _ in plan.settings)


def _streaming_aggregates(plan: LogicalPlan) -> list[Aggregate]:
    """Parents first, as Spark collects them."""
    found = [plan] if isinstance(plan, Aggregate) and plan.is_streaming else []
    for child in plan.inputs:
        found += _streaming_aggregates(child)
    return found


def has_watermark(attribute: Expression) -> bool:
    """Whether the expression is a column marked as event time."""
    return isinstance(attribute, AttributeReference) and DELAY_KEY in attribute.metadata


def _check_output_mode(aggregates: list[Aggregate], mode: str) -> None:
    operation = None
    if mode == "append" and aggregates and not any(has_watermark(g) for g in aggregates[0].grouping):
        operation = "streaming aggregations without watermark"
    elif mode == "update" and aggregates and any(_is_session(g) for g in aggregates[0].grouping):
        operation = "session window streaming aggregations"
    elif mode == "complete" and not aggregates:
        operation = "no streaming aggregations"
    if operation is not None:
        raise SparkError("STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION", outputMode=mode, operation=operation)


def _is_session(expression: Expression) -> bool:
    return isinstance(expression, AttributeReference) and SESSION_WINDOW_KEY in expression.metadata


def _check_node(node: LogicalPlan, plan: LogicalPlan, mode: str) -> None:
    match node:
        case Aggregate(child=child):
            _check_aggregate(node, child)
        case StatefulMap() if node.is_streaming and not _is_transform(node):
            _check_stateful_map(node, plan, mode)
        case Join():
            _check_join(node, mode)
        case Deduplicate(within_watermark=True, child=child) if node.is_streaming:
            if not any(has_watermark(a) for a in child.output):
                raise refused(
                    "dropDuplicatesWithinWatermark is not supported on streaming DataFrames/DataSets without watermark"
                )
        case SetOperation():
            _check_set_operation(node)
        case Limit(child=child) if child.is_streaming and mode == "update":
            raise refused("Limits are not supported on streaming DataFrames/Datasets in Update output mode")
        case Offset():
            raise refused("Offset is not supported on streaming DataFrames/Datasets")
        case Sort() if node.is_streaming and not (mode == "complete" and _streaming_aggregates(node)):
            raise refused(
                "Sorting is not supported on streaming DataFrames/Datasets, unless it is on aggregated"
                " DataFrame/Dataset in Complete output mode"
            )
        case Sample(child=child) if child.is_streaming:
            raise refused("Sampling is not supported on streaming DataFrames/Datasets")
        case Window(child=child) if child.is_streaming:
            raise _non_time_window(node)


def _check_aggregate(node: Aggregate, child: LogicalPlan) -> None:
    if not child.is_streaming:
        return
    if any(isinstance(e, AggregateCall) and e.is_distinct for a in node.aggregates for e in walk(a)):
        raise refused(
            "Distinct aggregations are not supported on streaming DataFrames/Datasets. Consider using"
            " approx_count_distinct() instead."
        )


def _non_time_window(node: Window) -> SparkError:
    functions, columns, specifications = [], [], []
    for alias in node.expressions:
        window = alias.child
        if isinstance(window, WindowExpression):
            text = sql_expression(window)[1:-1]
            function, _, specification = text.partition(" OVER ")
            name = function.removesuffix("()")
            if name.lower() in _RANKS:
                functions.append(f"{name}({_numbered(window.order_by)})")
            else:
                functions.append(_with_ids(window.function, function))
            columns.append(alias.name)
            specifications.append(specification)
    return SparkError(
        "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING",
        windowFunc=", ".join(functions).upper(),
        columnName=", ".join(f"`{c}`" for c in columns),
        windowSpec=", ".join(specifications).upper(),
    )


def _numbered(order: Sequence[SortOrder]) -> str:
    """What Spark gives a rank as its arguments: the expressions of its order."""
    return ", ".join(_with_ids(key.child, sql_expression(key.child)[1:-1]) for key in order)


def _with_ids(function: Expression, text: str) -> str:
    """The function as Spark's `toString` has it: columns with their numbers."""
    for node in walk(function):
        if isinstance(node, AttributeReference):
            text = text.replace(node.name, f"{node.name}#{node.expr_id}{'L' if node.type == LONG else ''}", 1)
    return text


def _check_set_operation(node: SetOperation) -> None:
    streaming = [b.is_streaming for b in node.branches]
    if node.operation == "union" and any(streaming) and not all(streaming):
        raise refused("Union between streaming and batch DataFrames/Datasets is not supported")
    if node.operation == "except" and streaming[-1]:
        raise refused("Except on a streaming DataFrame/Dataset on the right is not supported")
    if node.operation == "intersect" and any(streaming):
        raise refused("Intersect of streaming DataFrames/Datasets is not supported")


def _check_stateful_map(node: StatefulMap, plan: LogicalPlan, mode: str) -> None:
    settings = dict(node.settings)
    own = str(settings.get("output_mode", "append")).lower()
    if not _streaming_aggregates(plan):
        if own in {"update", "append"} and own != mode:
            raise refused(
                f"applyInPandasWithState in {own} mode is not supported with {mode.capitalize()}"
                " output mode on a streaming DataFrame/Dataset"
            )
    elif own == "update":
        raise refused(
            "applyInPandasWithState in update mode is not supported with aggregation on a streaming DataFrame/Dataset"
        )
    elif _streaming_aggregates(node):
        raise refused(
            "applyInPandasWithState in append mode is not supported after aggregation on a streaming"
            " DataFrame/Dataset"
        )
    if settings.get("timeout_conf") == "EventTimeTimeout" and not any(
        has_watermark(a) for a in node.child.output
    ):
        raise refused(
            "Watermark must be specified in the query using '[Dataset/DataFrame].withWatermark()' for using"
            " event-time timeout in a applyInPandasWithState. Event-time timeout not supported without"
            " watermark."
        )


def _check_expressions(node: LogicalPlan) -> None:
    if not node.is_streaming:
        return
    for child in node.children(Expression):
        for expression in walk(child):  # type: ignore[arg-type]
            if isinstance(expression, Call) and expression.name == "monotonically_increasing_id":
                raise refused(
                    "Expression(s): monotonically_increasing_id() is not supported with streaming"
                    " DataFrames/Datasets"
                )


# ---- joins --------------------------------------------------------------------------------------

_JOIN_NAMES = {
    "inner": "Inner", "cross": "Cross", "left_outer": "LeftOuter", "right_outer": "RightOuter",
    "full_outer": "FullOuter", "left_semi": "LeftSemi", "left_anti": "LeftAnti",
}  # fmt: skip


def _check_join(node: Join, mode: str) -> None:
    left, right = node.left.is_streaming, node.right.is_streaming
    name = _JOIN_NAMES[node.join_type]
    if left and right and node.join_type != "left_anti":
        _check_join_mode(
            name,
            mode,
            allowed=("append", "update") if name in {"Inner", "Cross", "LeftSemi"} else ("append",),
        )
    match node.join_type:
        case "full_outer" if left != right:
            sides = ("left", "right") if left else ("right", "left")
            raise refused(
                f"FullOuter joins with streaming DataFrames/Datasets on the {sides[0]} and a static"
                f" DataFrame/Dataset on the {sides[1]} is not supported"
            )
        case "left_anti" if right:
            raise refused("LeftAnti joins with a streaming DataFrame/Dataset on the right are not supported")
        case "left_outer" | "left_semi" if right and not left:
            raise refused(
                f"{name} join with a streaming DataFrame/Dataset on the right and a static DataFrame/Dataset on"
                " the left is not supported"
            )
        case "right_outer" if left and not right:
            raise refused(
                "RightOuter join with a streaming DataFrame/Dataset on the left and a static DataFrame/DataSet"
                " on the right not supported"
            )
    outer = node.join_type in {"full_outer", "left_outer", "left_semi", "right_outer"}
    if outer and left and right and not (_watermark_in_keys(node) or _has_watermark_range(node)):
        raise refused(
            f"Stream-stream {name} join between two streaming DataFrame/Datasets is not supported without a"
            " watermark in the join keys, or a watermark on the nullable side and an appropriate range condition"
        )


def _check_join_mode(name: str, mode: str, *, allowed: tuple[str, ...]) -> None:
    if mode not in allowed:
        words = " and ".join(m.capitalize() for m in allowed)
        raise refused(
            f"{name} join between two streaming DataFrames/Datasets is not supported in {mode.capitalize()} output"
            f" mode, only in {words} output mode{'s' if len(allowed) > 1 else ''}"
        )


def _watermark_in_keys(node: Join) -> bool:
    left, right = node.left.output, node.right.output
    return time_key(join_condition(node.condition, left, right), left, right) is not None


def _has_watermark_range(node: Join) -> bool:
    left, right = node.left.output, node.right.output
    conditions = conjuncts(node.condition)
    match node.join_type:
        case "left_outer" | "left_semi":
            return bool(value_bounds(conditions, left, right))
        case "right_outer":
            return bool(value_bounds(conditions, right, left))
    return bool(value_bounds(conditions, left, right) or value_bounds(conditions, right, left))


# ---- chained stateful operators -----------------------------------------------------------------


def _check_global_watermark(plan: LogicalPlan, mode: str) -> None:
    for node in _plans(plan):
        if not _is_stateful(node):
            continue
        if any(_cannot_be_followed(p, mode) for child in node.inputs for p in _plans(child)):
            raise refused(
                "Detected pattern of possible 'correctness' issue due to global watermark. The query contains"
                " stateful operation which can emit rows older than the current watermark plus allowed late record"
                ' delay, which are "late rows" in downstream stateful operations and these rows can be discarded.'
                " Please refer the programming guide doc for more details. If you understand the possible risk of"
                " correctness issue and still need to run the query, you can disable this check by setting the"
                " config `spark.sql.streaming.statefulOperator.checkCorrectness.enabled` to false."
            )


def _cannot_be_followed(node: LogicalPlan, mode: str) -> bool:
    if isinstance(node, Aggregate):
        return node.is_streaming and mode != "append"
    if isinstance(node, StatefulMap):
        return node.is_streaming and dict(node.settings).get("timeout_conf") == "EventTimeTimeout"
    return False


def _is_stateful(node: LogicalPlan) -> bool:
    match node:
        case Aggregate() | StatefulMap():
            return node.is_streaming
        case Join(left=left, right=right):
            return left.is_streaming and right.is_streaming
        case Deduplicate(keys=keys):
            return node.is_streaming and (node.within_watermark or any(has_watermark(k) for k in keys))
    return False
