"""Rules of leaves and of the plain relations: Project, Filter, WithColumns, Sort, Limit, aliases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from potok.analysis.coercion import check_condition, check_orderable
from potok.analysis.expressions import strip
from potok.analysis.functions import search_path
from potok.analysis.missing_columns import resolve_over
from potok.analysis.names import quote, quote_parts, quote_type
from potok.analysis.pretty import full_sql, sql_expression
from potok.analysis.recursion import refers_to, resolve_recursion
from potok.analysis.rewriting import renew
from potok.analysis.select import LateralNames, select
from potok.analysis.trees import (
    children,
    contains_aggregate,
    contains_window,
    is_aggregate,
    named,
    transform_down,
    walk,
)
from potok.analysis.windows import extract_windows
from potok.errors import SparkError
from potok.functions.base import GeneratorFunction
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Expression,
    GeneratorCall,
    Literal,
    SortOrder,
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedOrdinal,
    next_expr_id,
)
from potok.plan.logical import (
    CollectMetrics,
    Filter,
    Hint,
    Limit,
    LocalRelation,
    LogicalPlan,
    Offset,
    Project,
    Range,
    Repartition,
    Sample,
    Sort,
    SubqueryAlias,
    Tail,
    UnaryPlan,
)
from potok.plan.unresolved import (
    CachedRemoteRelation,
    CatalogQuery,
    Drop,
    ShowString,
    ToDataFrame,
    UnresolvedDataSource,
    UnresolvedRelation,
    With,
    WithColumns,
    WithColumnsRenamed,
    WithRelations,
)
from potok.types import (
    INTEGER,
    LONG,
    IntegralType,
    LongType,
)

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer
    from potok.analysis.expressions import Resolver


# ---- leaves -------------------------------------------------------------------------------------


def leaf(_: Analyzer, plan: LogicalPlan) -> LogicalPlan:
    """What is resolved as it comes."""
    return plan


def range_(_: Analyzer, plan: Range) -> LogicalPlan:
    """Numbers."""
    if plan.step == 0:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message="requirement failed: step (0) cannot be 0"
        )
    if plan.result:
        return plan
    return replace(plan, result=(AttributeReference("id", LONG, False, next_expr_id()),))  # noqa: FBT003 - nullable


def local_relation(_: Analyzer, plan: LocalRelation) -> LogicalPlan:
    """Rows in memory."""
    return plan


def relation(analyzer: Analyzer, plan: UnresolvedRelation) -> LogicalPlan:
    """A common table expression, a view, a table, or format.`path`. Raises TABLE_OR_VIEW_NOT_FOUND."""
    if len(plan.parts) == 1:
        key = plan.parts[0].lower()
        for relations in reversed(analyzer.relations):
            if key in relations:
                return SubqueryAlias(renew(relations[key]), plan.parts[0])
    found = analyzer.context.catalog.lookup(plan.parts)
    if found is None:
        if len(plan.parts) > 2 and plan.parts[0].lower() != "spark_catalog":  # noqa: PLR2004 - catalog, schema, table
            raise SparkError(
                "REQUIRES_SINGLE_PART_NAMESPACE",
                sessionCatalog="spark_catalog",
                identifier=quote_parts(plan.parts),
            )
        raise SparkError(
            "TABLE_OR_VIEW_NOT_FOUND",
            relationName=quote_parts(plan.parts),
            searchPath=search_path(analyzer.context),
        )
    outer, analyzer.outer = analyzer.outer, None
    in_sight, analyzer.relations = analyzer.relations, []
    try:
        resolved = analyzer.resolve(found)
    finally:
        analyzer.outer, analyzer.relations = outer, in_sight
    resolved = renew(resolved)
    if isinstance(resolved, SubqueryAlias):
        return resolved
    return SubqueryAlias(resolved, plan.parts[-1], plan.parts[:-1])


def data_source(analyzer: Analyzer, plan: UnresolvedDataSource) -> LogicalPlan:
    """`spark.read` and `spark.readStream`."""
    return analyzer.resolve(analyzer.context.catalog.data_source(plan))


def cached(analyzer: Analyzer, plan: CachedRemoteRelation) -> LogicalPlan:
    """A plan that the session keeps."""
    return renew(analyzer.resolve(analyzer.context.catalog.cached(plan.relation_id)))


def catalog_query(analyzer: Analyzer, plan: CatalogQuery) -> LogicalPlan:
    """Rows of the catalog."""
    return analyzer.context.catalog.catalog_query(plan)


def with_(analyzer: Analyzer, plan: With) -> LogicalPlan:
    """Common table expressions, each seeing those before it."""
    scope: dict[str, LogicalPlan] = {}
    analyzer.relations.append(scope)
    try:
        for name, query in plan.relations:
            if plan.is_recursive and refers_to(name, query):
                scope[name.lower()] = resolve_recursion(analyzer, name, query)
            else:
                scope[name.lower()] = analyzer.resolve(query)
        return analyzer.resolve(plan.child)
    finally:
        analyzer.relations.pop()


def with_relations(analyzer: Analyzer, plan: WithRelations) -> LogicalPlan:
    """A plan that refers to other frames: views of SQL text by name, subqueries by plan id."""
    scope: dict[str, LogicalPlan] = {}
    for reference in plan.references:
        if isinstance(reference, SubqueryAlias):
            scope[reference.name.lower()] = analyzer.resolve(reference.child)
    analyzer.relations.append(scope)
    try:
        return analyzer.resolve(plan.root)
    finally:
        analyzer.relations.pop()


# ---- Project and its like -----------------------------------------------------------------------


def project(analyzer: Analyzer, plan: Project) -> LogicalPlan:
    """SELECT."""
    child = analyzer.resolve(plan.child)
    lateral = LateralNames()
    resolver = analyzer.resolver(child, fallback=lateral.find)
    try:
        items = lateral.resolve_list(resolver, plan.expressions)
    except SparkError as error:
        _check_trailing_comma(plan.expressions, error)
        raise
    return select(analyzer.exposing(child, resolver), items, None, lateral.used)


def _check_trailing_comma(outputs: Sequence[Expression], error: SparkError) -> None:
    """Raises TRAILING_COMMA_IN_SELECT where the last output is an unknown column FROM."""
    last = outputs[-1] if outputs else None
    last = last.child if isinstance(last, Alias) else last
    if not error.condition.startswith("UNRESOLVED_COLUMN") or not isinstance(last, UnresolvedAttribute):
        return
    if len(outputs) > 1 and len(last.parts) == 1 and last.parts[0].upper() == "FROM":
        raise SparkError("TRAILING_COMMA_IN_SELECT", origin=last.origin) from error


def with_columns(analyzer: Analyzer, plan: WithColumns) -> LogicalPlan:
    """Columns added or replaced. Raises COLUMN_ALREADY_EXISTS where a name is given twice."""
    child = analyzer.resolve(plan.child)
    lateral = LateralNames()
    resolver = analyzer.resolver(child, fallback=lateral.find)
    key = resolver.columns.key
    seen: set[str] = set()
    for alias in plan.aliases:
        if key(alias.name) in seen:
            raise SparkError("COLUMN_ALREADY_EXISTS", columnName=quote(key(alias.name)))
        seen.add(key(alias.name))
    new = {key(a.name): a for a in cast("list[Alias]", lateral.resolve_list(resolver, plan.aliases))}
    items: list[Expression] = [new.get(key(a.name), a) for a in child.output]
    present = {key(a.name) for a in child.output}
    items += [alias for name, alias in new.items() if name not in present]
    return select(analyzer.exposing(child, resolver), items, None, lateral.used)


def with_columns_renamed(analyzer: Analyzer, plan: WithColumnsRenamed) -> LogicalPlan:
    """Columns renamed; later renames see earlier ones. Raises COLUMN_ALREADY_EXISTS for clashing targets."""
    child = analyzer.resolve(plan.child)
    key = analyzer.resolver(child).columns.key
    names = [a.name for a in child.output]
    changed = [False] * len(names)
    for old, new in plan.renames:
        for i, name in enumerate(names):
            if key(name) == key(old):
                names[i], changed[i] = new, True
    items: list[Expression] = [
        named(a, n) if c else a for a, n, c in zip(child.output, names, changed, strict=True)
    ]
    return Project(child, tuple(items))


def drop(analyzer: Analyzer, plan: Drop) -> LogicalPlan:
    """Columns left out; names that mean nothing are ignored."""
    child = analyzer.resolve(plan.child)
    resolver = analyzer.resolver(child)
    gone: set[int] = set()
    for column in plan.columns:
        found = _dropped(resolver, column)
        if isinstance(found, AttributeReference):
            gone.add(found.expr_id)
    key = resolver.columns.key
    names = {key(n) for n in plan.names}
    kept = tuple(a for a in child.output if a.expr_id not in gone and key(a.name) not in names)
    return child if len(kept) == len(child.output) else Project(child, kept)


def _dropped(resolver: Resolver, column: Expression) -> Expression | None:
    if isinstance(column, UnresolvedAttribute):
        return resolver.find(column)
    return strip(resolver.resolve(column))


def to_data_frame(analyzer: Analyzer, plan: ToDataFrame) -> LogicalPlan:
    """All columns renamed. Raises ASSIGNMENT_ARITY_MISMATCH."""
    child = analyzer.resolve(plan.child)
    return Project(child, tuple(_renamed_columns(child, plan.names)))


def _renamed_columns(child: LogicalPlan, names: Sequence[str]) -> list[Expression]:
    if len(names) != len(child.output):
        raise SparkError("ASSIGNMENT_ARITY_MISMATCH", numExpr=len(names), numTarget=len(child.output))
    return [a if a.name == n else named(a, n) for a, n in zip(child.output, names, strict=True)]


def subquery_alias(analyzer: Analyzer, plan: SubqueryAlias) -> LogicalPlan:
    """A relation under a name, maybe with names for its columns."""
    child = analyzer.resolve(plan.child)
    if plan.column_names:
        child = Project(child, tuple(_renamed_columns(child, plan.column_names)))
    return SubqueryAlias(child, plan.name, plan.qualifier)


def filter_(analyzer: Analyzer, plan: Filter) -> LogicalPlan:
    """WHERE. Raises DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN and errors of functions out of place."""
    child = analyzer.resolve(plan.child)
    _refuse_generators(analyzer, plan.condition, child)

    def build(below: LogicalPlan, resolved: Sequence[Expression]) -> LogicalPlan:
        condition = check_condition(strip(resolved[0]), analyzer.context.function_context)
        _check_where(condition)
        return Filter(below, condition)

    return resolve_over(analyzer, child, (plan.condition,), build)


def _refuse_generators(analyzer: Analyzer, condition: Expression, child: LogicalPlan) -> None:
    """Raises UNSUPPORTED_GENERATOR.OUTSIDE_SELECT."""
    functions = analyzer.context.functions
    calls = (e for e in condition.walk() if isinstance(e, UnresolvedFunction))
    if not any(isinstance(functions.get(c.name), GeneratorFunction) for c in calls):
        return
    resolver = analyzer.resolver(child)

    def numbered(node: Expression) -> Expression | None:
        found = resolver.find(node) if isinstance(node, UnresolvedAttribute) else None
        if not isinstance(found, AttributeReference):
            return None
        suffix = "L" if isinstance(found.type, LongType) else ""
        return replace(found, name=f"{found.name}#{found.expr_id}{suffix}")

    shown = sql_expression(transform_down(condition, numbered))[1:-1]
    raise SparkError("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT", plan=f"'Filter {shown}")


def _check_where(condition: Expression) -> None:
    if contains_window(condition):
        raise SparkError("WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE", clauseName="WHERE")
    found = [e for e in walk(condition) if is_aggregate(e) or isinstance(e, GeneratorCall)]
    if found:
        raise SparkError(
            "INVALID_WHERE_CONDITION",
            condition=sql_expression(condition),
            expressionList=", ".join(full_sql(e) for e in found),
        )


def sort(analyzer: Analyzer, plan: Sort) -> LogicalPlan:
    """ORDER BY: names of the output first, then of what lies below; ordinals; aggregate functions."""
    child = analyzer.resolve(plan.child)
    if plan.is_global and _is_order_by_all(analyzer, plan.order, child):
        (every,) = plan.order
        plan = replace(plan, order=tuple(replace(every, child=a) for a in child.output))
    order = [_order_key(o, child) for o in plan.order]

    def build(below: LogicalPlan, resolved: Sequence[Expression]) -> LogicalPlan:
        keys = [
            SortOrder(strip(e), o.ascending, o.nulls_first) for e, o in zip(resolved, plan.order, strict=True)
        ]
        for key in keys:
            check_orderable(key.child)
        if any(contains_window(k) for k in keys):
            windowed, children = extract_windows(below, keys)
            sorted_plan = Sort(windowed, tuple(cast("list[SortOrder]", children)), plan.is_global)
            return Project(sorted_plan, below.output)
        for key in keys:
            if contains_aggregate(key.child):
                raise SparkError(
                    "UNSUPPORTED_EXPR_FOR_OPERATOR",
                    operator="Sort",
                    invalidExprSqls=", ".join(
                        sql_expression(e) for e in key.child.walk() if isinstance(e, AggregateCall)
                    ),
                )
        return Sort(below, tuple(keys), plan.is_global)

    return resolve_over(analyzer, child, order, build)


def _is_order_by_all(analyzer: Analyzer, order: Sequence[SortOrder], child: LogicalPlan) -> bool:
    """Whether a single key `ALL` is no column and so stands for all of them."""
    if len(order) != 1 or not isinstance(order[0].child, UnresolvedAttribute):
        return False
    parts = order[0].child.parts
    is_all = len(parts) == 1 and parts[0].lower() == "all"
    return is_all and not analyzer.resolver(child).columns.named("all")


def _order_key(order: SortOrder, child: LogicalPlan) -> Expression:
    key = order.child
    origin = key.origin if isinstance(key, UnresolvedOrdinal) else None
    position: int | None = None
    if isinstance(key, UnresolvedOrdinal):
        position = key.position
    elif isinstance(key, Literal) and isinstance(key.type, IntegralType) and key.type == INTEGER:
        position = key.value
    if position is None:
        return key
    if not 1 <= position <= len(child.output):
        raise SparkError("ORDER_BY_POS_OUT_OF_RANGE", origin=origin, index=position, size=len(child.output))
    return child.output[position - 1]


# ---- the rest -----------------------------------------------------------------------------------


def through(analyzer: Analyzer, plan: UnaryPlan) -> LogicalPlan:
    """A node that changes neither names nor types."""
    child = analyzer.resolve(plan.child)
    return plan if child is plan.child else replace(plan, child=child)


def limit(analyzer: Analyzer, plan: Limit | Offset | Tail) -> LogicalPlan:
    """LIMIT and OFFSET. Raises INVALID_LIMIT_LIKE_EXPRESSION."""
    child = analyzer.resolve(plan.child)
    name = {Limit: "limit", Offset: "offset", Tail: "tail"}[type(plan)]
    count = plan.count
    if not isinstance(count, Literal):
        count = strip(analyzer.resolver().resolve(count))
    text = sql_expression(count)
    if count.data_type != INTEGER:
        if isinstance(count.data_type, IntegralType) and isinstance(count, Literal):
            count = Literal(count.value, INTEGER)
        else:
            raise SparkError(
                "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE",
                name=name,
                expr=text,
                dataType=quote_type(count.data_type),
            )
    if isinstance(count, Literal):
        if count.value is None:
            raise SparkError("INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL", name=name, expr=text)
        if count.value < 0:
            raise SparkError("INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", name=name, expr=text, v=count.value)
    return replace(plan, child=child, count=count)


def repartition(analyzer: Analyzer, plan: Repartition) -> LogicalPlan:
    """Repartition and coalesce."""
    child = analyzer.resolve(plan.child)
    resolver = analyzer.resolver(child)
    expressions = tuple(strip(resolver.resolve(e)) for e in plan.expressions)
    if plan.num_partitions is not None and plan.num_partitions < 1:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
            message=f"requirement failed: Number of partitions ({plan.num_partitions}) must be positive.",
        )
    return replace(plan, child=child, expressions=expressions)


def hint(analyzer: Analyzer, plan: Hint) -> LogicalPlan:
    """A hint; its parameters are not expressions over rows."""
    return replace(plan, child=analyzer.resolve(plan.child), parameters=())


def sample(analyzer: Analyzer, plan: Sample) -> LogicalPlan:
    """A random fraction. Raises for fractions out of bounds."""
    child = analyzer.resolve(plan.child)
    fraction = plan.upper - plan.lower
    if fraction < 0 or (not plan.with_replacement and fraction > 1):
        between = "nonnegative" if plan.with_replacement else "on interval [0, 1]"
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
            message=f"requirement failed: Sampling fraction ({fraction}) must be {between}"
            f" with{'' if plan.with_replacement else 'out'} replacement",
        )
    return replace(plan, child=child)


def collect_metrics(analyzer: Analyzer, plan: CollectMetrics) -> LogicalPlan:
    """`observe`. Raises INVALID_OBSERVED_METRICS, and DUPLICATED_METRICS_NAME for a name that a frame below has."""
    child = analyzer.resolve(plan.child)
    if not plan.name:
        raise SparkError("INVALID_OBSERVED_METRICS.MISSING_NAME", operator="CollectMetrics")
    if any(isinstance(node, CollectMetrics) and node.name == plan.name for node in child.walk()):
        raise SparkError("DUPLICATED_METRICS_NAME", metricName=plan.name)
    resolver = analyzer.resolver(child)
    metrics = tuple(resolver.named(plan.metrics))
    for metric in metrics:
        _check_metric(strip(metric))
    return replace(plan, child=child, metrics=metrics)


def _check_metric(metric: Expression, *, inside: bool = False) -> None:
    text = sql_expression(metric)
    if contains_window(metric):
        raise SparkError("INVALID_OBSERVED_METRICS.WINDOW_EXPRESSIONS_UNSUPPORTED", expr=text)
    if is_aggregate(metric):
        if getattr(metric, "is_distinct", False):
            raise SparkError(
                "INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED", expr=text
            )
        if getattr(metric, "filter", None) is not None:
            raise SparkError(
                "INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_FILTER_UNSUPPORTED", expr=text
            )
        return
    if isinstance(metric, AttributeReference) and not inside:
        raise SparkError("INVALID_OBSERVED_METRICS.NON_AGGREGATE_FUNC_ARG_IS_ATTRIBUTE", expr=text)
    for child in children(metric):
        _check_metric(child, inside=inside)


def show_string(analyzer: Analyzer, plan: ShowString) -> LogicalPlan:
    """`df.show()`. A stream cannot be shown: `check_batch` says so."""
    return replace(plan, child=analyzer.resolve(plan.child))
