"""What the sides of a join of two streams are: rows and columns that Spark's optimizer leaves of them.

The state of a join holds whole rows of its inputs, so what is left out there decides what is stored.
Sources of fact: Spark's rules PushPredicateThroughJoin, InferFiltersFromConstraints and ColumnPruning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from potok.analysis.stream_joins import conjuncts
from potok.analysis.time_windows import TIME_WINDOW_KEY
from potok.analysis.trees import contains_aggregate, references, transform_down
from potok.functions.base import Nullability, ScalarFunction
from potok.functions.registry import builtin_functions
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Call,
    Cast,
    Expression,
    GetStructField,
    OuterReference,
    PythonFunction,
    Subquery,
)
from potok.plan.logical import (
    Aggregate,
    Deduplicate,
    EventTimeWatermark,
    Filter,
    Generate,
    Hint,
    Join,
    Limit,
    LogicalPlan,
    Project,
    Repartition,
    Sort,
    SubqueryAlias,
    Window,
    to_attribute,
)
from potok.plan.tree import Node
from potok.stateful.outer_joins import narrowed_type
from potok.types import BOOLEAN

Ids = frozenset[int]
# Of which side conditions on that side alone are applied before the join, and keys must not be NULL.
_FILTERED_LEFT = frozenset({"inner", "cross", "left_semi", "right_outer"})
_FILTERED_RIGHT = frozenset({"inner", "cross", "left_semi", "left_outer"})
_TOLERATE_NULL = frozenset({"and", "or", "<=>", "coalesce", "when", "in", "nullif", "nvl", "nvl2", "if"})
_THROUGH = (
    Deduplicate,
    Filter,
    Generate,
    Hint,
    Limit,
    Repartition,
    Sort,
    SubqueryAlias,
    Window,
)


def joins_streams(node: LogicalPlan) -> bool:
    """Whether it is a join of two streams."""
    return isinstance(node, Join) and node.left.is_streaming and node.right.is_streaming


def narrow_join_inputs(plan: LogicalPlan) -> LogicalPlan:
    """The plan, each join of two streams given only the rows and columns that it needs. Its rows stay the same."""
    if not any(isinstance(node, LogicalPlan) and joins_streams(node) for node in plan.walk()):
        return plan
    return _narrowed(_filtered(plan), frozenset(a.expr_id for a in plan.output))


# ---- rows ---------------------------------------------------------------------------------------


def _filtered(plan: LogicalPlan) -> LogicalPlan:
    """Conditions moved into and below joins, from the top."""
    if isinstance(plan, Filter):
        staying: list[Expression] = []
        child = plan.child
        for condition in conjuncts(plan.condition):
            moved = _lowered(condition, child) if _is_movable(condition) else None
            if moved is None:
                staying.append(condition)
            else:
                child = moved
        below = _filtered(child)
        if child is plan.child:
            return replace(plan, child=below)
        return Filter(below, _all(staying)) if staying else below
    if isinstance(plan, Join) and joins_streams(plan):
        lower = _below_projection(plan) if plan.join_type == "left_semi" else None
        if lower is not None:
            return _filtered(lower)
        plan = _with_filtered_sides(plan)

    def change(child: Node) -> Node:
        return _filtered(child) if isinstance(child, LogicalPlan) else child

    return plan.map_children(change, LogicalPlan)


def _lowered(condition: Expression, plan: LogicalPlan) -> LogicalPlan | None:
    """The plan with a condition moved into or below its nearest join of streams, or below its nearest aggregation.

    None where it cannot get there.
    """
    match plan:
        case Join() if joins_streams(plan):
            return _into_sides(condition, plan)
        case Aggregate() if plan.is_streaming and plan.grouping and all(map(_is_movable, plan.aggregates)):
            computed = {e.expr_id: e.child for e in plan.aggregates if isinstance(e, Alias)}
            below = _substituted(condition, computed)
            if contains_aggregate(below):
                return None
            return replace(plan, child=Filter(plan.child, below))
        case Filter() | SubqueryAlias():
            child = _lowered(condition, plan.child)
        case EventTimeWatermark() if plan.event_time.expr_id not in references([condition]):
            child = _lowered(condition, plan.child)
        case Project() if all(map(_is_movable, plan.expressions)):
            defined = {e.expr_id: e.child for e in plan.expressions if isinstance(e, Alias)}
            child = _lowered(_substituted(condition, defined), plan.child)
        case _:
            return None
    return None if child is None else replace(plan, child=child)


def _into_sides(condition: Expression, join: Join) -> LogicalPlan | None:
    used = _used([condition])
    join_type = narrowed_type(join, condition, used, frozenset(_not_null(condition)))
    if join_type != join.join_type:
        narrower = replace(join, join_type=join_type)
        return _into_sides(condition, narrower) or Filter(narrower, condition)
    of_left, of_right = used <= _ids(join.left), used <= _ids(join.right)
    match join.join_type:
        case "inner" | "cross" if not (of_left or of_right):
            return replace(join, join_type="inner", condition=_all([*conjuncts(join.condition), condition]))
        case "inner" | "cross" | "left_semi" | "left_outer" if of_left:
            return replace(join, left=Filter(join.left, condition))
        case "inner" | "cross" | "right_outer" if of_right:
            return replace(join, right=Filter(join.right, condition))
    return None


def _below_projection(join: Join) -> LogicalPlan | None:
    """A left semi join moved below the projection on its left; None where there is none.

    Source of fact: PushDownLeftSemiAntiJoin.
    """
    left = join.left
    while isinstance(left, SubqueryAlias):
        left = left.child
    if not isinstance(left, Project) or not all(map(_is_movable, left.expressions)):
        return None
    if any(isinstance(e, Alias) and _makes_window(e) for e in left.expressions):
        return None
    defined = {e.expr_id: e.child for e in left.expressions if isinstance(e, Alias)}
    condition = None if join.condition is None else _substituted(join.condition, defined)
    return Project(replace(join, left=left.child, condition=condition), left.expressions)


def _makes_window(alias: Alias) -> bool:
    """Whether it computes a time window: Spark leaves those below the join."""
    return TIME_WINDOW_KEY in (alias.metadata or "") and not isinstance(alias.child, AttributeReference)


def _with_filtered_sides(join: Join) -> Join:
    """The join without conditions on one side alone, where they may be applied before it."""
    left_ids, right_ids = _ids(join.left), _ids(join.right)
    staying: list[Expression] = []
    of_left: list[Expression] = []
    of_right: list[Expression] = []
    for part in conjuncts(join.condition):
        used = references([part]).keys()
        if used and used <= left_ids and join.join_type in _FILTERED_LEFT and _is_movable(part):
            of_left.append(part)
        elif used and used <= right_ids and join.join_type in _FILTERED_RIGHT and _is_movable(part):
            of_right.append(part)
        else:
            staying.append(part)
    known = [*conjuncts(join.condition), *_known(join.left), *_known(join.right)]
    known += _by_equality(known)
    if join.join_type in _FILTERED_LEFT:
        of_left += _implied(known, join.left)
    if join.join_type in _FILTERED_RIGHT:
        of_right += _implied(known, join.right)
    return replace(
        join,
        left=_with_filters(join.left, of_left),
        right=_with_filters(join.right, of_right),
        condition=_all(staying) if staying else None,
    )


def _known(plan: LogicalPlan) -> list[Expression]:
    """What holds for all rows of a side, as far as its filters at the top say it."""
    match plan:
        case Filter():
            return [*filter(_is_movable, conjuncts(plan.condition)), *_known(plan.child)]
        case SubqueryAlias() | EventTimeWatermark():
            return _known(plan.child)
        case Project():
            return _in_terms_of(plan, _known(plan.child))
    return []


def _in_terms_of(plan: Project, known: Sequence[Expression]) -> list[Expression]:
    """What is known below a projection, of the columns that it gives: kept ones, and others by their new names."""
    given = _ids(plan)
    names = {e.child: to_attribute(e) for e in plan.expressions if isinstance(e, Alias)}
    renamed = [transform_down(condition, names.get) for condition in known] if names else []
    return [c for c in dict.fromkeys([*known, *renamed]) if _used([c]) <= given]


def _by_equality(conditions: Sequence[Expression]) -> list[Expression]:
    """What follows from columns being equal, and the other conditions."""
    found: list[Expression] = []
    for equality in conditions:
        if not (isinstance(equality, Call) and equality.name == "=="):
            continue
        one, other = equality.arguments
        if not (isinstance(one, AttributeReference) and isinstance(other, AttributeReference)):
            continue
        for condition in conditions:
            if condition != equality and _is_movable(condition):
                used = references([condition]).keys()
                if one.expr_id in used:
                    found.append(_substituted(condition, {one.expr_id: other}))
                if other.expr_id in used:
                    found.append(_substituted(condition, {other.expr_id: one}))
    return found


def _implied(known: Sequence[Expression], side: LogicalPlan) -> list[Expression]:
    """Conditions on one side: those that are known, and that columns are not NULL."""
    columns = {a.expr_id: a for a in side.output}
    found: list[Expression] = []
    for condition in known:
        used = references([condition]).keys()
        if used and used <= columns.keys() and _is_movable(condition):
            found.append(condition)
        for expr_id in _not_null(condition):
            column = columns.get(expr_id)
            if column is not None and column.is_nullable:
                found.append(Call("isnotnull", (column,), BOOLEAN, is_nullable=False))
    return found


def _not_null(condition: Expression) -> set[int]:
    """The columns that are not NULL where a condition is true."""
    match condition:
        case AttributeReference():
            return {condition.expr_id}
        case Call(name="isnotnull"):
            return _not_null(condition.arguments[0])
        case Cast() | GetStructField():
            return _not_null(condition.child)
        case Call() if condition.name not in _TOLERATE_NULL:
            function = builtin_functions().get(condition.name)
            if isinstance(function, ScalarFunction) and function.nullable is Nullability.ANY_ARGUMENT:
                return {i for argument in condition.arguments for i in _not_null(argument)}
    return set()


def _with_filters(plan: LogicalPlan, conditions: Sequence[Expression]) -> LogicalPlan:
    known = set(_known(plan))
    new = [c for c in dict.fromkeys(conditions) if c not in known and not _is_true(c)]
    return Filter(plan, _all(new)) if new else plan


def _is_true(condition: Expression) -> bool:
    """Whether it compares a column with itself, which is not NULL as other conditions say."""
    return (
        isinstance(condition, Call)
        and condition.name == "=="
        and condition.arguments[0] == condition.arguments[1]
    )


# ---- columns ------------------------------------------------------------------------------------


def _narrowed(plan: LogicalPlan, needed: Ids) -> LogicalPlan:
    """The plan with at least the needed columns; joins of streams get exactly those that they need."""
    match plan:
        case Project():
            kept = tuple(e for e in plan.expressions if to_attribute(e).expr_id in needed)
            kept = kept or plan.expressions[:1]
            return replace(plan, child=_narrowed(plan.child, _used(kept)), expressions=kept)
        case EventTimeWatermark():
            child = _narrowed(plan.child, needed | {plan.event_time.expr_id})
            left = _ids(child)
            return replace(plan, child=child, result=tuple(a for a in plan.result if a.expr_id in left))
        case Aggregate() if plan.is_streaming:
            kept = tuple(e for e in plan.aggregates if to_attribute(e).expr_id in needed)
            kept = kept or plan.aggregates
            below = _used((*kept, *plan.grouping))
            return replace(plan, child=_narrowed(plan.child, below), aggregates=kept)
        case Join() if joins_streams(plan):
            both = needed if plan.condition is None else needed | _used((plan.condition,))
            return replace(plan, left=_exactly(plan.left, both), right=_exactly(plan.right, both))
        case Join() if not plan.lateral:
            both = needed if plan.condition is None else needed | _used((plan.condition,))
            return replace(plan, left=_narrowed(plan.left, both), right=_narrowed(plan.right, both))
        case _ if isinstance(plan, _THROUGH):
            below = needed | _used(e for e in plan.children(Expression) if isinstance(e, Expression))
            return replace(plan, child=_narrowed(plan.child, below))

    def change(child: Node) -> Node:
        if not isinstance(child, LogicalPlan):
            return child
        return _narrowed(child, _ids(child))

    return plan.map_children(change, LogicalPlan)


def _exactly(side: LogicalPlan, needed: Ids) -> LogicalPlan:
    columns = tuple(a for a in side.output if a.expr_id in needed)
    narrowed = _narrowed(side, frozenset(a.expr_id for a in columns))
    return narrowed if narrowed.output == columns else Project(narrowed, columns)


# ---- expressions --------------------------------------------------------------------------------


def _used(expressions: Iterable[Expression]) -> Ids:
    return frozenset(references(expressions))


def _ids(plan: LogicalPlan) -> Ids:
    return frozenset(a.expr_id for a in plan.output)


def _all(conditions: Sequence[Expression]) -> Expression:
    result = conditions[0]
    for condition in conditions[1:]:
        result = Call("and", (result, condition), BOOLEAN, result.nullable or condition.nullable)
    return result


def _substituted(condition: Expression, defined: Mapping[int, Expression]) -> Expression:
    def change(node: Expression) -> Expression | None:
        return defined.get(node.expr_id) if isinstance(node, AttributeReference) else None

    return transform_down(condition, change)


def _is_movable(expression: Expression) -> bool:
    """Whether it gives the same for the same row wherever it stands."""
    for node in expression.walk():
        if isinstance(node, (OuterReference, Subquery, PythonFunction)):
            return False
        if isinstance(node, Call):
            function = builtin_functions().get(node.name)
            if isinstance(function, ScalarFunction) and not function.deterministic:
                return False
    return True
