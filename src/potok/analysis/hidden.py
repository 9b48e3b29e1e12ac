"""Columns that exist below but are not listed: `_metadata` of files, both keys of USING joins."""

from __future__ import annotations

from dataclasses import dataclass, replace

from potok.plan.logical import (
    Attributes,
    EventTimeWatermark,
    Filter,
    Generate,
    Hint,
    Join,
    Limit,
    LogicalPlan,
    Offset,
    Project,
    Repartition,
    Sample,
    ScanRelation,
    Sort,
    StreamingRelation,
    SubqueryAlias,
    Tail,
)

_THROUGH = (Filter, Sort, Limit, Offset, Tail, Sample, Repartition, Hint, Generate)


@dataclass(frozen=True)
class UsingProject(Project):
    """The columns of a USING or natural join; `keys` are those of its sides that it leaves out.

    Exists during analysis only: `plain` turns it into a Project.
    """

    keys: Attributes = ()


@dataclass(frozen=True)
class NearestProject(Project):
    """The columns of a join with the nearest rows; `right`, which is in a subquery below, is where `df.column` is looked up.

    Exists during analysis only: `plain` turns it into a Project.
    """

    right: LogicalPlan | None = None


def hidden_output(plan: LogicalPlan) -> Attributes:
    """The columns that a plan could give besides its output."""
    match plan:
        case ScanRelation(metadata=metadata) | StreamingRelation(metadata=metadata):
            # Also where it is listed by now: what stands above may have left it out.
            return () if metadata is None else (metadata,)
        case UsingProject(keys=keys):
            listed_ids = {a.expr_id for a in plan.output}
            return tuple(a for a in keys if a.expr_id not in listed_ids)
        case Project(child=child):
            listed_ids = {a.expr_id for a in plan.output}
            return tuple(a for a in hidden_output(child) if a.expr_id not in listed_ids)
        case SubqueryAlias(child=child, name=name, qualifier=qualifier):
            return tuple(replace(a, qualifier=(*qualifier, name)) for a in hidden_output(child))
        case Join(left=left, right=right, join_type=join_type):
            semi = join_type in {"left_semi", "left_anti"}
            return hidden_output(left) + (() if semi else hidden_output(right))
        case EventTimeWatermark(child=child):
            return hidden_output(child)
    return hidden_output(plan.child) if isinstance(plan, _THROUGH) else ()


def with_hidden(plan: LogicalPlan, wanted: Attributes) -> LogicalPlan:
    """The plan with hidden columns added to its output."""
    own = {a.expr_id for a in plan.output}
    wanted = tuple(a for a in wanted if a.expr_id not in own)
    available = {a.expr_id for a in hidden_output(plan)}
    wanted = tuple(a for a in wanted if a.expr_id in available)
    if not wanted:
        return plan
    match plan:
        case ScanRelation() | StreamingRelation():
            return replace(plan, result=plan.result + wanted)
        case Project(child=child, expressions=expressions):
            return replace(plan, child=with_hidden(child, wanted), expressions=(*expressions, *wanted))
        case Join(left=left, right=right):
            return replace(plan, left=with_hidden(left, wanted), right=with_hidden(right, wanted))
        case EventTimeWatermark(child=child, result=result):
            return replace(plan, child=with_hidden(child, wanted), result=result + wanted)
        case SubqueryAlias(child=child) | Filter(child=child) | Sort(child=child):
            return replace(plan, child=with_hidden(child, wanted))
    return plan.map_children(
        lambda c: with_hidden(c, wanted) if isinstance(c, LogicalPlan) else c, LogicalPlan
    )


def plain(plan: LogicalPlan) -> LogicalPlan:
    """The plan without the nodes that only analysis knows."""
    changed = plan.map_children(lambda c: plain(c) if isinstance(c, LogicalPlan) else c)
    if isinstance(changed, UsingProject | NearestProject):
        return Project(changed.child, changed.expressions, plan_id=changed.plan_id)
    return changed
