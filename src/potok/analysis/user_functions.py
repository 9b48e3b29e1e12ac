"""Python functions over whole relations: mapInPandas, applyInPandas and their like."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from potok.analysis.rewriting import defined_ids, renew
from potok.plan.expressions import (
    AttributeReference,
    SortOrder,
)
from potok.plan.logical import (
    CoGroupMap,
    GroupMap,
    LogicalPlan,
    MapPartitions,
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
    grouping = tuple(resolver.named(plan.grouping))
    sorting = tuple(cast("SortOrder", resolver.resolve(s)) for s in plan.sorting)
    return replace(
        plan,
        child=child,
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
    left_keys = tuple(analyzer.resolver(left).named(plan.left_grouping))
    right_keys = tuple(analyzer.resolver(right).named(plan.right_grouping))
    return replace(
        plan,
        left=left,
        right=right,
        left_grouping=left_keys,
        right_grouping=right_keys,
        function=replace(plan.function, arguments=(*left.output, *right.output)),
        result=plan.result or declared_columns(plan.function.type),
    )


def stateful_map(analyzer: Analyzer, plan: StatefulMap) -> LogicalPlan:
    """ApplyInPandasWithState and transformWithState."""
    child = analyzer.resolve(plan.child)
    initial = None if plan.initial_state is None else analyzer.resolve(plan.initial_state)
    return replace(
        plan,
        child=child,
        grouping=tuple(analyzer.resolver(child).named(plan.grouping)),
        function=replace(plan.function, arguments=child.output),
        initial_state=initial,
        result=plan.result or declared_columns(_declared(plan)),
    )


def _declared(plan: StatefulMap) -> DataType:
    settings = dict(plan.settings)
    declared = settings.get("output_schema")
    return declared if isinstance(declared, DataType) else plan.function.type
