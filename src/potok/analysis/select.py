"""Output lists: aggregates, windows, generators and lateral aliases each in a node of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from potok.analysis.pretty import full_sql, sql_expression
from potok.analysis.time_windows import add_time_windows
from potok.analysis.trees import (
    children,
    contains_aggregate,
    contains_generator,
    contains_window,
    is_aggregate,
    named,
    references,
    transform_down,
    walk,
)
from potok.analysis.windows import check_window_functions_have_over, extract_windows
from potok.errors import SparkError
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Call,
    Expression,
    GeneratorCall,
    Literal,
    SortOrder,
    UnresolvedAttribute,
    UnresolvedRegex,
    UnresolvedStar,
    WindowExpression,
    next_expr_id,
)
from potok.plan.logical import Aggregate, Attributes, Generate, LogicalPlan, Project, to_attribute

if TYPE_CHECKING:
    from potok.analysis.expressions import Resolver
    from potok.plan.table_functions import PythonTableFunction


def canonical(expression: Expression) -> Expression:
    """The expression without what does not change its value: spelling and nullability of columns."""
    return transform_down(expression, _canonical_attribute)


def _canonical_attribute(node: Expression) -> Expression | None:
    if isinstance(node, AttributeReference):
        return AttributeReference("", node.type, True, node.expr_id)  # noqa: FBT003 - whatever
    return None


# ---- lateral column aliases ---------------------------------------------------------------------


class LateralNames:
    """The aliases of an output list so far, for the expressions behind them."""

    def __init__(self) -> None:
        self.aliases: list[Alias] = []
        self.used: set[int] = set()
        self._resolver: Resolver | None = None

    def find(self, attribute: UnresolvedAttribute) -> Expression | None:
        """The column that an earlier alias defines. Raises AMBIGUOUS_LATERAL_COLUMN_ALIAS."""
        resolver = self._resolver
        if resolver is None or attribute.plan_id is not None:
            return None
        key = resolver.columns.key
        found = [a for a in self.aliases if key(a.name) == key(attribute.parts[0])]
        if not found:
            return None
        if len(found) > 1:
            raise SparkError(
                "AMBIGUOUS_LATERAL_COLUMN_ALIAS",
                origin=attribute.origin,
                name=f"`{attribute.parts[0]}`",
                n=len(found),
            )
        self.used.add(found[0].expr_id)
        column = to_attribute(found[0])
        resolver.remember(
            attribute, Call("lateralAliasReference", (column,), column.type, column.is_nullable)
        )
        return resolver.fields_of(column, attribute.parts[1:], attribute)

    def resolve_list(self, resolver: Resolver, expressions: Sequence[Expression]) -> list[Expression]:
        """The named expressions of an output list."""
        self._resolver = resolver
        result: list[Expression] = []
        for expression in expressions:
            if isinstance(expression, (UnresolvedStar, UnresolvedRegex)):
                result += resolver.expand(expression)
                continue
            item = resolver.name(expression, resolver.resolve_item(expression))
            result.append(item)
            is_variable = isinstance(expression, UnresolvedAttribute) and isinstance(
                getattr(item, "child", None), Literal
            )
            if isinstance(item, Alias) and len(item.names) == 1 and not is_variable:
                self.aliases.append(item)
        return result


# ---- the nodes of an output list ----------------------------------------------------------------


def select(
    child: LogicalPlan,
    items: Sequence[Expression],
    grouping: Sequence[Expression] | None = None,
    lateral: frozenset[int] | set[int] = frozenset(),
) -> LogicalPlan:
    """A plan that gives the named, resolved items, whatever functions occur in them.

    `grouping` None means no GROUP BY (an aggregate function then makes a global one). `lateral`
    are ids of items that other items read.
    """
    check_window_functions_have_over(items)
    if grouping is None and any(contains_aggregate(i) for i in items):
        grouping = ()
    if lateral:
        return _select_lateral(child, items, grouping, lateral)
    if grouping is None:
        child, items = add_time_windows(child, items)
    if grouping is not None:
        child, items = aggregate(child, items, grouping)
        if isinstance(child, Aggregate) and list(child.aggregates) == list(items):
            return child
    if any(contains_window(i) for i in items):
        child, items = extract_windows(child, items)
    if any(contains_generator(i) for i in items):
        child, items = _extract_generators(child, items)
    return Project(child, tuple(items))


def aggregate(
    child: LogicalPlan, items: Sequence[Expression], grouping: Sequence[Expression]
) -> tuple[LogicalPlan, list[Expression]]:
    """An Aggregate that gives what the items need, and the items over it.

    Items without windows and generators become output of the Aggregate as they are.
    """
    puller = Puller(grouping)
    outputs: list[Expression] = []
    above: list[Expression] = []
    simple = not any(contains_window(i) or contains_generator(i) for i in items)
    for item in items:
        if contains_window(item) or contains_generator(item):
            above.append(puller.pull(item))
        else:
            output = puller.in_terms_of_grouping(item)
            outputs.append(output)
            above.append(to_attribute(output))
    result = Aggregate(child, tuple(grouping), (*outputs, *puller.extras))
    check_aggregate(result)
    return result, (list(result.aggregates) if simple else above)


class Puller:
    """Replaces aggregate functions and grouping expressions by columns of an Aggregate."""

    def __init__(self, grouping: Sequence[Expression], outputs: Sequence[Expression] = ()) -> None:
        self._grouping = {canonical(g): g for g in grouping}
        self.extras: list[Expression] = []
        self._columns: dict[Expression, AttributeReference] = {}
        for output in outputs:
            value = output.child if isinstance(output, Alias) else output
            self._columns.setdefault(canonical(value), to_attribute(output))

    def in_terms_of_grouping(self, item: Expression) -> Expression:
        """The item with whatever equals a grouping expression written exactly like it."""
        if isinstance(item, AttributeReference):
            return item

        def change(node: Expression) -> Expression | None:
            if is_aggregate(node):
                return node
            return self._grouping.get(canonical(node)) if self._grouping else None

        if isinstance(item, Alias):
            return replace(item, child=transform_down(item.child, change))
        return transform_down(item, change)

    def pull(self, expression: Expression) -> Expression:
        """The expression over the Aggregate's output; what is new there collects in `extras`."""

        def change(node: Expression) -> Expression | None:
            if isinstance(node, WindowExpression):
                function = node.function.map_children(
                    lambda c: transform_down(c, change) if isinstance(c, Expression) else c
                )
                return WindowExpression(
                    function,
                    tuple(transform_down(e, change) for e in node.partition_by),
                    cast("tuple[SortOrder, ...]", tuple(transform_down(e, change) for e in node.order_by)),
                    node.frame,
                    node.name,
                    node.origin,
                )
            if isinstance(node, Literal):
                return node
            key = canonical(node)
            known = self._columns.get(key)
            if known is not None:
                return known
            group = self._grouping.get(key)
            if group is not None or is_aggregate(node):
                return self._column(key, group if group is not None else node)
            return None

        return transform_down(expression, change)

    def _column(self, key: Expression, value: Expression) -> AttributeReference:
        output = value if isinstance(value, AttributeReference) else named(value, sql_expression(value)[1:-1])
        self.extras.append(output)
        self._columns[key] = to_attribute(output)
        return self._columns[key]


def check_aggregate(plan: Aggregate) -> None:
    """Raises MISSING_AGGREGATION, MISSING_GROUP_BY and their like."""
    for group in plan.grouping:
        if contains_aggregate(group):
            found = next(e for e in walk(group) if is_aggregate(e))
            raise SparkError(
                "GROUP_BY_AGGREGATE", origin=getattr(found, "origin", None), sqlExpr=full_sql(found)
            )
    grouped = {canonical(g) for g in plan.grouping}
    for output in plan.aggregates:
        value = output.child if isinstance(output, Alias) else output
        _check_output(value, grouped, has_grouping=bool(plan.grouping))


def _check_output(node: Expression, grouped: set[Expression], *, has_grouping: bool) -> None:
    if is_aggregate(node) or (grouped and canonical(node) in grouped):
        return
    if isinstance(node, AttributeReference):
        if not has_grouping:
            raise SparkError("MISSING_GROUP_BY")
        any_value = Call("any_value", (node,), node.type)
        raise SparkError(
            "MISSING_AGGREGATION",
            expression=sql_expression(node),
            expressionAnyValue=sql_expression(any_value),
        )
    for below in children(node):
        _check_output(below, grouped, has_grouping=has_grouping)


# ---- lateral aliases ----------------------------------------------------------------------------


def _select_lateral(
    child: LogicalPlan,
    items: Sequence[Expression],
    grouping: Sequence[Expression] | None,
    lateral: frozenset[int] | set[int],
) -> LogicalPlan:
    """Output lists that read their own aliases: one Project per level of reading."""
    levels = _levels(items, lateral)
    if grouping is not None:
        puller = Puller(grouping)
        lowest: list[Expression] = [
            puller.in_terms_of_grouping(i) for i, level in zip(items, levels, strict=True) if level == 0
        ]
        puller = Puller(grouping, lowest)
        items = [i if level == 0 else _pull_upper(puller, i) for i, level in zip(items, levels, strict=True)]
        plan: LogicalPlan = select(child, [*lowest, *puller.extras], grouping)
    else:
        first = [i for i, level in zip(items, levels, strict=True) if level == 0 and isinstance(i, Alias)]
        plan = select(child, [*child.output, *first])
    for level in range(1, max(levels) + 1):
        added = [i for i, own in zip(items, levels, strict=True) if own == level]
        plan = select(plan, [*plan.output, *added])
    by_id = {a.expr_id: a for a in plan.output}
    return Project(plan, tuple(by_id.get(to_attribute(i).expr_id, to_attribute(i)) for i in items))


def _pull_upper(puller: Puller, item: Expression) -> Expression:
    if isinstance(item, Alias):
        return replace(item, child=puller.pull(item.child))
    return item


def _levels(items: Sequence[Expression], lateral: frozenset[int] | set[int]) -> list[int]:
    level_of: dict[int, int] = {}
    levels = []
    for item in items:
        read = references([item.child if isinstance(item, Alias) else item])
        level = max((level_of.get(i, 0) + 1 for i in read if i in lateral and i in level_of), default=0)
        levels.append(level)
        if isinstance(item, Alias):
            level_of[item.expr_id] = level
    return levels


# ---- generators ---------------------------------------------------------------------------------


def _extract_generators(
    child: LogicalPlan, items: Sequence[Expression]
) -> tuple[LogicalPlan, list[Expression]]:
    """A Generate node for the one generator. Raises UNSUPPORTED_GENERATOR."""
    generators = [i for i in items if isinstance(i, Alias) and isinstance(i.child, GeneratorCall)]
    nested = [i for i in items if i not in generators and contains_generator(i)]
    if nested:
        inner = nested[0].child if isinstance(nested[0], Alias) else nested[0]
        raise SparkError("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", expression=sql_expression(inner))
    above: list[Expression] = []
    for item in items:
        if isinstance(item, Alias) and isinstance(item.child, GeneratorCall):
            result = generated_columns(item.child, item.names)
            child = Generate(child, item.child, result, item.child.outer)
            above += result
        else:
            above.append(item)
    return child, above


def generated_columns(generator: GeneratorCall | PythonTableFunction, names: Sequence[str]) -> Attributes:
    """The columns of a generator under the names given, or its own. Raises UDTF_ALIAS_NUMBER_MISMATCH."""
    own = tuple(f.name for f in generator.fields)
    given = tuple(names) if names else own
    if len(given) != len(own):
        raise SparkError("UDTF_ALIAS_NUMBER_MISMATCH", aliasesSize=len(own), aliasesNames=",".join(given))
    return tuple(
        AttributeReference(name, f.data_type, f.nullable or generator.outer, next_expr_id())
        for name, f in zip(given, generator.fields, strict=True)
    )
