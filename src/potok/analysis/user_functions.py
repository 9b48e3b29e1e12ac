"""Python functions over whole relations: mapInPandas, applyInPandas and their like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from potok.analysis.rewriting import defined_ids, renew
from potok.analysis.time import delay_of, with_delay
from potok.analysis.time_windows import add_time_windows
from potok.errors import SparkError, unsupported
from potok.plan.expressions import (
    AttributeReference,
    Expression,
    SortOrder,
)
from potok.plan.logical import (
    Attributes,
    CoGroupMap,
    GroupMap,
    LogicalPlan,
    MapPartitions,
    Project,
    StatefulMap,
    schema_attributes,
)
from potok.types import (
    DataType,
    StructField,
    StructType,
)

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer

_OUTPUT_MODES = ("append", "complete", "update")
_TIMEOUTS = ("NoTimeout", "ProcessingTimeTimeout", "EventTimeTimeout")
_TIME_MODES = ("none", "processingtime", "eventtime")


def declared_columns(data_type: DataType) -> tuple[AttributeReference, ...]:
    """The columns of a function over relations: the fields of its declared struct."""
    if not isinstance(data_type, StructType):
        data_type = StructType((StructField("value", data_type),))
    return schema_attributes(data_type)


def map_partitions(analyzer: Analyzer, plan: MapPartitions) -> LogicalPlan:
    """MapInPandas and mapInArrow: the function sees every column."""
    child = analyzer.resolve(plan.child)
    return replace(
        plan,
        child=child,
        function=replace(plan.function, arguments=child.output),
        result=plan.result or declared_columns(plan.function.type),
    )


def group_map(analyzer: Analyzer, plan: GroupMap) -> LogicalPlan:
    """ApplyInPandas and applyInArrow over groups."""
    child = analyzer.resolve(plan.child)
    resolver = analyzer.resolver(child)
    widened, grouping = _with_windows(child, resolver.named(plan.grouping))
    sorting = tuple(cast("SortOrder", resolver.resolve(s)) for s in plan.sorting)
    return replace(
        plan,
        child=widened,
        grouping=grouping,
        function=replace(plan.function, arguments=child.output),
        sorting=sorting,
        result=plan.result or declared_columns(plan.function.type),
    )


def cogroup_map(analyzer: Analyzer, plan: CoGroupMap) -> LogicalPlan:
    """cogroup().applyInPandas."""
    left, right = analyzer.resolve(plan.left), analyzer.resolve(plan.right)
    if defined_ids(left) & defined_ids(right):
        right = renew(right)
    wide_left, left_keys = _with_windows(left, analyzer.resolver(left).named(plan.left_grouping))
    wide_right, right_keys = _with_windows(right, analyzer.resolver(right).named(plan.right_grouping))
    return replace(
        plan,
        left=wide_left,
        right=wide_right,
        left_grouping=left_keys,
        right_grouping=right_keys,
        function=replace(plan.function, arguments=(*left.output, *right.output)),
        result=plan.result or declared_columns(plan.function.type),
    )


def _with_windows(
    child: LogicalPlan, grouping: Sequence[Expression]
) -> tuple[LogicalPlan, tuple[Expression, ...]]:
    """The child with windows among the keys as columns behind its own, which the function does not see, and the keys."""
    widened, keys = add_time_windows(child, grouping)
    if widened is child:
        return child, tuple(keys)
    own = {a.expr_id for a in child.output}
    added = [a for a in widened.output if a.expr_id not in own]
    return Project(widened, (*child.output, *added)), tuple(keys)


def stateful_map(analyzer: Analyzer, plan: StatefulMap) -> LogicalPlan:
    """ApplyInPandasWithState and transformWithState."""
    settings = dict(plan.settings)
    _check_settings(settings)
    child = analyzer.resolve(plan.child)
    initial = None if plan.initial_state is None else analyzer.resolve(plan.initial_state)
    if initial is not None:
        if defined_ids(child) & defined_ids(initial):
            initial = renew(initial)
        settings["initial_width"] = len(initial.output)
        initial_keys = analyzer.resolver(initial).named(settings["initial_grouping"])
        initial, settings["initial_grouping"] = _with_windows(initial, initial_keys)
    widened, grouping = _with_windows(child, analyzer.resolver(child).named(plan.grouping))
    return replace(
        plan,
        child=widened,
        grouping=grouping,
        function=replace(plan.function, arguments=child.output),
        settings=tuple(settings.items()),
        initial_state=initial,
        result=plan.result or _marked(declared_columns(_declared(plan)), settings, child),
    )


def _declared(plan: StatefulMap) -> DataType:
    declared = dict(plan.settings).get("output_schema")
    return declared if isinstance(declared, DataType) else plan.function.type


def _check_settings(settings: Mapping[str, Any]) -> None:
    """Raises STREAMING_OUTPUT_MODE.INVALID and its like for settings that no stream can have."""
    mode = str(settings["output_mode"])
    if mode.lower() not in _OUTPUT_MODES:
        raise SparkError("STREAMING_OUTPUT_MODE.INVALID", outputMode=mode)
    if "timeout_conf" in settings:
        if mode.lower() == "complete":
            message = "The output mode of function should be append or update"
            raise SparkError("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message=message)
        if settings["timeout_conf"] not in _TIMEOUTS:
            raise unsupported(
                f"the timeout {settings['timeout_conf']}", f"Use one of {', '.join(_TIMEOUTS)}."
            )
    elif str(settings["time_mode"]).lower() not in _TIME_MODES:
        raise SparkError("STATEFUL_PROCESSOR_UNKNOWN_TIME_MODE", timeMode=str(settings["time_mode"]))


def _marked(result: Attributes, settings: Mapping[str, Any], child: LogicalPlan) -> Attributes:
    """The column that goes on as the event time carries the delay of the one that came in."""
    name = settings.get("event_time_column_name")
    delays = [delay for a in child.output if (delay := delay_of(a)) is not None]
    if not name or not delays:
        return result
    return tuple(with_delay(a, delays[0]) if a.name.lower() == str(name).lower() else a for a in result)
