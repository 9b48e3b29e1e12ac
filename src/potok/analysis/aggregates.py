"""groupBy, rollup, cube, grouping sets, pivot and HAVING."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, cast

from potok.analysis.coercion import check_condition
from potok.analysis.expressions import Resolver, strip
from potok.analysis.missing_columns import resolve_over
from potok.analysis.names import quote_type
from potok.analysis.pivot import pivot
from potok.analysis.pretty import full_sql, sql_expression
from potok.analysis.select import LateralNames, canonical, select
from potok.analysis.time_windows import TimeWindows
from potok.analysis.trees import (
    contains_aggregate,
    contains_generator,
    contains_window,
    is_aggregate,
    named,
    transform_down,
)
from potok.errors import SparkError
from potok.functions.type_rules import contains_map, is_orderable
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Call,
    Cast,
    CastMode,
    Expression,
    Literal,
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedOrdinal,
    UnresolvedRegex,
    UnresolvedStar,
    next_expr_id,
)
from potok.plan.logical import Expand, Filter, LogicalPlan, Project, to_attribute
from potok.plan.unresolved import UnresolvedAggregate
from potok.types import BYTE, INTEGER, LONG

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer

_MOST_GROUPING_COLUMNS = 64
_GROUPING = frozenset({"grouping", "grouping_id"})


def aggregate(analyzer: Analyzer, plan: UnresolvedAggregate) -> LogicalPlan:
    """Any of them. Raises MISSING_AGGREGATION, GROUP_BY_POS_* and errors of names and types."""
    if plan.group_type == "pivot":
        return pivot(analyzer, plan)
    child = analyzer.resolve(plan.child)
    if plan.group_type == "groupby":
        result = _grouped(analyzer, plan, child)
    else:
        result = _grouping_sets(analyzer, plan, child)
    return result if plan.having is None else _having(analyzer, result, plan.having)


def _having(analyzer: Analyzer, result: LogicalPlan, condition: Expression) -> LogicalPlan:
    def build(below: LogicalPlan, resolved: Sequence[Expression]) -> LogicalPlan:
        return Filter(below, check_condition(strip(resolved[0]), analyzer.context.function_context))

    return resolve_over(analyzer, result, (condition,), build)


# ---- plain grouping -----------------------------------------------------------------------------


def _widened(
    analyzer: Analyzer, resolver: Resolver, child: LogicalPlan, widened: LogicalPlan
) -> tuple[LogicalPlan, Resolver]:
    """The child with its windows as columns, and a resolver over it that knows what the old one has found."""
    if widened is child:
        return child, resolver
    wider = analyzer.resolver(widened, fallback=resolver.fallback)
    wider.hidden.update(resolver.hidden)
    return widened, wider


def _grouped(analyzer: Analyzer, plan: UnresolvedAggregate, child: LogicalPlan) -> LogicalPlan:
    lateral = LateralNames()
    resolver = analyzer.resolver(child, fallback=lateral.find)
    grouping = resolve_grouping(analyzer, resolver, plan.grouping, plan.aggregates)
    windows = TimeWindows()
    widened = windows.add(child, [strip(g) for g in grouping], ())
    child, resolver = _widened(analyzer, resolver, child, widened)
    grouping = [windows.over(g) for g in grouping]
    items = lateral.resolve_list(resolver, plan.aggregates)
    keys = [strip(g) for g in grouping]
    child = windows.add(analyzer.exposing(child, resolver), keys, items)
    items = [windows.over(i) for i in items]
    if plan.include_grouping:
        items = [*grouping, *items]
    check_grouping(keys)
    return select(child, items, keys, lateral.used)


def resolve_grouping(
    analyzer: Analyzer,
    resolver: Resolver,
    grouping: Sequence[Expression],
    aggregates: Sequence[Expression],
) -> list[Expression]:
    """The named grouping expressions; numbers and aliases of the output list stand for its items."""
    if _is_group_by_all(resolver, grouping):
        return _all_groups(resolver, aggregates)
    result: list[Expression] = []
    for expression in grouping:
        if isinstance(expression, (UnresolvedStar, UnresolvedRegex)):
            result += resolver.expand(expression)
        else:
            result.append(_group(analyzer, resolver, expression, aggregates))
    return result


def _group(
    analyzer: Analyzer, resolver: Resolver, expression: Expression, aggregates: Sequence[Expression]
) -> Expression:
    if isinstance(expression, UnresolvedOrdinal):
        return _ordinal(resolver, expression, aggregates)
    if isinstance(expression, UnresolvedAttribute) and expression.plan_id is None:
        fallback, resolver.fallback = resolver.fallback, None
        outer, resolver.outer = resolver.outer, None
        try:
            found = resolver.find(expression)
        finally:
            resolver.fallback, resolver.outer = fallback, outer
        if found is None and len(expression.parts) == 1:
            by_alias = _by_alias(analyzer, resolver, expression, aggregates)
            if by_alias is not None:
                return by_alias
        elif found is not None:
            return resolver.name(expression, found)
    return resolver.name(expression, resolver.resolve(expression))


def _by_alias(
    analyzer: Analyzer,
    resolver: Resolver,
    attribute: UnresolvedAttribute,
    aggregates: Sequence[Expression],
) -> Expression | None:
    if not analyzer.context.flag("spark.sql.groupByAliases", default=True):
        return None
    key = resolver.columns.key
    for item in aggregates:
        if isinstance(item, Alias) and len(item.names) == 1 and key(item.name) == key(attribute.parts[0]):
            return resolver.name(item.child, strip(resolver.resolve(item.child)))
    return None


def _ordinal(resolver: Resolver, ordinal: UnresolvedOrdinal, aggregates: Sequence[Expression]) -> Expression:
    position = ordinal.position
    expanded: list[Expression] = []
    for item in aggregates:
        expanded += resolver.expand(item) if isinstance(item, (UnresolvedStar, UnresolvedRegex)) else [item]
    if not 1 <= position <= len(expanded):
        raise SparkError(
            "GROUP_BY_POS_OUT_OF_RANGE", origin=ordinal.origin, index=position, size=len(expanded)
        )
    item = expanded[position - 1]
    resolved = strip(resolver.resolve(item))
    if contains_aggregate(resolved):
        named_item = resolver.name(item, resolved)
        raise SparkError(
            "GROUP_BY_POS_AGGREGATE", origin=ordinal.origin, index=position, aggExpr=full_sql(named_item)
        )
    return resolver.name(item.child if isinstance(item, Alias) else item, resolved)


def _is_group_by_all(resolver: Resolver, grouping: Sequence[Expression]) -> bool:
    if len(grouping) != 1:
        return False
    only = grouping[0]
    return (
        isinstance(only, UnresolvedAttribute)
        and len(only.parts) == 1
        and only.parts[0].lower() == "all"
        and not resolver.columns.named("all")
    )


def _all_groups(resolver: Resolver, aggregates: Sequence[Expression]) -> list[Expression]:
    resolved = resolver.named(aggregates)
    return [e for e in resolved if not contains_aggregate(strip(e))]


def check_grouping(keys: Sequence[Expression]) -> None:
    """Raises GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE, GROUP_BY_AGGREGATE and errors of windows."""
    for key in keys:
        if not (is_orderable(key.data_type) or contains_map(key.data_type)):
            raise SparkError(
                "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE",
                sqlExpr=sql_expression(key),
                dataType=quote_type(key.data_type),
            )
        if contains_generator(key):
            raise SparkError("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT", plan="Aggregate")
        if contains_window(key):
            raise SparkError("GROUP_BY_AGGREGATE", sqlExpr=sql_expression(key)[1:-1])


# ---- rollup, cube, grouping sets ----------------------------------------------------------------


def _sets(plan: UnresolvedAggregate, keys: int, resolve_set) -> list[tuple[int, ...]]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    match plan.group_type:
        case "rollup":
            return [tuple(range(n)) for n in range(keys, -1, -1)]
        case "cube":
            return [c for n in range(keys, -1, -1) for c in combinations(range(keys), n)]
    return [tuple(resolve_set(s)) for s in plan.grouping_sets]


def _grouping_sets(analyzer: Analyzer, plan: UnresolvedAggregate, child: LogicalPlan) -> LogicalPlan:
    """An Expand that gives each row once per set, and an Aggregate over it with a grouping id."""
    resolver = analyzer.resolver(child)
    written = plan.grouping or tuple(e for s in plan.grouping_sets for e in s)
    grouping: list[Expression] = []
    positions: dict[Expression, int] = {}
    groups = resolve_grouping(analyzer, resolver, written, plan.aggregates)
    windows = TimeWindows()
    child, resolver = _widened(analyzer, resolver, child, windows.add(child, [strip(g) for g in groups], ()))
    for named_group in map(windows.over, groups):
        key = canonical(strip(named_group))
        if key not in positions:
            positions[key] = len(grouping)
            grouping.append(named_group)
    if len(grouping) > _MOST_GROUPING_COLUMNS:
        raise SparkError("GROUPING_SIZE_LIMIT_EXCEEDED", maxSize=_MOST_GROUPING_COLUMNS)

    def resolve_set(expressions: Sequence[Expression]) -> list[int]:
        resolved = resolve_grouping(analyzer, resolver, expressions, plan.aggregates)
        return [positions[canonical(strip(windows.over(e)))] for e in resolved]

    sets = _sets(plan, len(grouping), resolve_set)
    keys = [strip(g) for g in grouping]
    check_grouping(keys)
    lateral = LateralNames()
    expand = _Expansion(analyzer, analyzer.exposing(child, resolver), grouping, sets)
    above = _GroupingResolver(analyzer, (child,), outer=analyzer.outer, fallback=lateral.find)
    above.expansion, above.windows = expand, windows
    items: list[Expression] = []
    if plan.include_grouping:
        items += grouping
    items += lateral.resolve_list(above, plan.aggregates)
    items = [expand.over_groups(windows.over(i)) for i in items]
    result = select(expand.plan, items, (*expand.keys, expand.grouping_id), lateral.used)
    ids = [to_attribute(i).expr_id for i in items]
    outputs = {a.expr_id: a for a in result.output}
    return result if list(outputs) == ids else Project(result, tuple(outputs[i] for i in ids))


class _Expansion:
    """The Expand of grouping sets and what names mean above it."""

    def __init__(
        self,
        analyzer: Analyzer,
        child: LogicalPlan,
        grouping: Sequence[Expression],
        sets: Sequence[tuple[int, ...]],
    ) -> None:
        wide = analyzer.context.flag("spark.sql.legacy.integerGroupingId", default=False)
        id_type = INTEGER if wide else LONG
        values = [strip(g) for g in grouping]
        below = [a if isinstance(a, AttributeReference) else None for a in values]
        extra = [
            named(v, to_attribute(g).name)
            for v, g, b in zip(values, grouping, below, strict=True)
            if b is None
        ]
        extras = iter(extra)
        sources = [b if b is not None else to_attribute(next(extras)) for b in below]
        base = Project(child, (*child.output, *extra)) if extra else child
        self.keys = tuple(
            AttributeReference(s.name, s.type, True, next_expr_id(), s.metadata, s.qualifier)  # noqa: FBT003 - nullable
            for s in sources
        )
        self.grouping_id = AttributeReference("spark_grouping_id", id_type, False, next_expr_id())  # noqa: FBT003
        self._by_value = {canonical(v): k for v, k in zip(values, self.keys, strict=True)}
        self._values = values
        projections = []
        for chosen in sets:
            mask = sum(1 << (len(sources) - 1 - i) for i in range(len(sources)) if i not in chosen)
            cells: list[Expression] = list(child.output)
            cells += [s if i in chosen else Literal(None, s.type) for i, s in enumerate(sources)]
            projections.append((*cells, Literal(mask, id_type)))
        copies = tuple(replace(a, expr_id=next_expr_id()) for a in child.output)
        self._copies = {a.expr_id: c for a, c in zip(child.output, copies, strict=True)}
        self.plan = Expand(base, tuple(projections), (*copies, *self.keys, self.grouping_id))

    def over_groups(self, item: Expression) -> Expression:
        """The item in terms of the Expand's columns: groups outside, plain columns inside aggregates."""
        if isinstance(item, AttributeReference):
            key = self._by_value.get(canonical(item))
            if key is not None:
                return key if key.name == item.name else replace(key, name=item.name)
        if isinstance(item, Alias):
            return replace(item, child=self._outside(item.child))
        return self._outside(item)

    def _outside(self, expression: Expression) -> Expression:
        def change(node: Expression) -> Expression | None:
            if is_aggregate(node):
                return transform_down(node, self._inside)
            return self._by_value.get(canonical(node))

        return transform_down(expression, change)

    def _inside(self, node: Expression) -> Expression | None:
        return self._copies.get(node.expr_id) if isinstance(node, AttributeReference) else None

    def bit(self, argument: Expression) -> int:
        """The bit of a grouping expression in the id. Raises GROUPING_COLUMN_MISMATCH."""
        for i, value in enumerate(self._values):
            if canonical(value) == canonical(argument):
                return len(self._values) - 1 - i
        raise SparkError(
            "GROUPING_COLUMN_MISMATCH",
            grouping=sql_expression(argument)[1:-1],
            groupingColumns=", ".join(sql_expression(v)[1:-1] for v in self._values),
        )

    def check_id(self, arguments: Sequence[Expression]) -> None:
        """Raises GROUPING_ID_COLUMN_MISMATCH unless all grouping columns are named in order."""
        if arguments and [canonical(a) for a in arguments] != [canonical(v) for v in self._values]:
            raise SparkError(
                "GROUPING_ID_COLUMN_MISMATCH",
                groupingIdColumn=", ".join(sql_expression(a)[1:-1] for a in arguments),
                groupByColumns=", ".join(sql_expression(v)[1:-1] for v in self._values),
            )


class _GroupingResolver(Resolver):
    """Knows `grouping(x)` and `grouping_id(..)`."""

    expansion: _Expansion
    windows: TimeWindows

    def _function(self, expression: Expression) -> Expression:
        call = cast("UnresolvedFunction", expression)
        if call.name not in _GROUPING:
            return super()._function(expression)
        arguments = [self.windows.over(strip(self.resolve(a))) for a in call.arguments]
        identifier = self.expansion.grouping_id
        if call.name == "grouping_id":
            self.expansion.check_id(arguments)
            return identifier
        bit = Literal(self.expansion.bit(arguments[0]), INTEGER)
        shifted = Call("shiftright", (identifier, bit), identifier.type, False)  # noqa: FBT003 - nullable
        one = Literal(1, identifier.type)
        return Cast(
            Call("&", (shifted, one), identifier.type, False),  # noqa: FBT003 - nullable
            BYTE,
            CastMode.ANSI,
            explicit=False,
        )

    def name(self, original: Expression, resolved: Expression) -> Expression:
        """As always, but `grouping_id()` keeps its own name."""
        if resolved is self.expansion.grouping_id and isinstance(original, UnresolvedFunction):
            return Alias(resolved, (self.automatic_name(original),), expr_id=next_expr_id())
        return super().name(original, resolved)
