"""Joins with the nearest rows: as of a time, and by a ranking. Source of facts: RewriteAsOfJoin, RewriteNearestByJoin.

The right rows of a left row are a subquery over its columns that gives one struct, or an array of structs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from potok.analysis.expressions import strip
from potok.analysis.hidden import NearestProject
from potok.analysis.names import make_struct, quote_type
from potok.analysis.pretty import full_sql
from potok.analysis.rewriting import defined_ids, renew
from potok.analysis.trees import transform_down
from potok.errors import SparkError, unsupported
from potok.functions.folding import fold
from potok.functions.type_rules import is_orderable
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Call,
    Expression,
    GeneratorCall,
    GetStructField,
    Literal,
    OuterReference,
    Subquery,
    UnresolvedAttribute,
    UnresolvedFunction,
    next_expr_id,
)
from potok.plan.logical import Aggregate, Filter, Generate, LogicalPlan, Project, to_attribute
from potok.plan.unresolved import UnresolvedAsOfJoin, UnresolvedNearestByJoin
from potok.types import BOOLEAN, INTEGER, LONG, ArrayType, StructField, StructType

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer

_DIRECTIONS = ("forward", "backward", "nearest")
_SIDES = {"inner": False, "left": True, "leftouter": True, "left_outer": True}
_MODES, _ORDERS = ("approx", "exact"), ("distance", "similarity")
_MOST_RESULTS = 100_000


def as_of_join(analyzer: Analyzer, plan: UnresolvedAsOfJoin) -> LogicalPlan:
    """Every left row with the nearest right row. Raises AS_OF_JOIN for wrong arguments."""
    direction = plan.direction.lower()
    if direction not in _DIRECTIONS:
        raise SparkError(
            "AS_OF_JOIN.UNSUPPORTED_DIRECTION", direction=plan.direction, supported=_quoted(_DIRECTIONS)
        )
    sides = _Sides(analyzer, plan.left, plan.right)
    if sides.left.is_streaming or sides.right.is_streaming:
        raise unsupported("an as-of join of a stream", "Join it in foreachBatch.")
    is_outer = _SIDES.get(plan.join_type.lower())
    if is_outer is None:
        raise unsupported(f"an as-of join of type {plan.join_type}", "Use inner or left.")
    left = _time(analyzer, sides.left, plan.left_as_of)
    right = _time(analyzer, sides.right, plan.right_as_of)
    call = sides.call
    match direction:
        case "backward":
            conditions = [call(">=" if plan.allow_exact_matches else ">", left, right)]
            order = call("-", left, right)
        case "forward":
            conditions = [call("<=" if plan.allow_exact_matches else "<", left, right)]
            order = call("-", right, left)
        case _:
            conditions = [] if plan.allow_exact_matches else [call("not", call("==", left, right))]
            order = call("if", call(">", left, right), call("-", left, right), call("-", right, left))
    if plan.tolerance is not None:
        tolerance = strip(sides.resolve(plan.tolerance))
        _check_tolerance(tolerance)
        if direction != "forward":
            conditions.append(call(">=", right, call("-", left, tolerance)))
        if direction != "backward":
            conditions.append(call("<=", right, call("+", left, tolerance)))
    for name in plan.using:
        column = UnresolvedAttribute((name,))
        keys = (strip(analyzer.resolver(side).resolve(column)) for side in (sides.left, sides.right))
        conditions.append(call("==", *keys))
    if plan.condition is not None:
        conditions.append(strip(sides.resolve(plan.condition)))
    best = sides.best(conditions, order, "min_by")
    found = Alias(best, ("nearest_right",), expr_id=next_expr_id())
    joined: LogicalPlan = Project(sides.left, (*sides.left.output, found))
    row = to_attribute(found)
    if not is_outer:
        joined = Filter(joined, Call("isnotnull", (row,), BOOLEAN, is_nullable=False))
    return sides.project(joined, row, is_outer=is_outer)


def nearest_by_join(analyzer: Analyzer, plan: UnresolvedNearestByJoin) -> LogicalPlan:
    """Every left row with the right rows that rank best. Raises NEAREST_BY_JOIN for wrong arguments."""
    _check_nearest(plan)
    sides = _Sides(analyzer, plan.left, plan.right)
    if sides.left.is_streaming or sides.right.is_streaming:
        raise SparkError("NEAREST_BY_JOIN.STREAMING_NOT_SUPPORTED")
    ranking = strip(sides.resolve(plan.ranking))
    if not is_orderable(ranking.data_type):
        raise SparkError(
            "NEAREST_BY_JOIN.NON_ORDERABLE_RANKING_EXPRESSION",
            expression=f'"{full_sql(ranking)}"',
            type=quote_type(ranking.data_type),
        )
    name = "min_by" if plan.direction.lower() == "distance" else "max_by"
    best = sides.best([], ranking, name, Literal(plan.num_results, INTEGER))
    found = Alias(best, ("nearest_rows",), expr_id=next_expr_id())
    is_outer = _SIDES[plan.join_type.lower()]
    joined = Project(sides.left, (*sides.left.output, found))
    rows = to_attribute(found)
    assert isinstance(rows.type, ArrayType)  # noqa: S101 - the form of min_by and max_by with a number
    row = AttributeReference("nearest_right", rows.type.element, is_nullable=True, expr_id=next_expr_id())
    explode = GeneratorCall("explode", (rows,), (StructField("col", rows.type.element),))
    exploded = Generate(joined, explode, (row,), is_outer)
    return sides.project(exploded, row, is_outer=is_outer)


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _check_nearest(plan: UnresolvedNearestByJoin) -> None:
    if plan.mode.lower() not in _MODES:
        raise SparkError("NEAREST_BY_JOIN.UNSUPPORTED_MODE", mode=plan.mode, supported=_quoted(_MODES))
    if plan.direction.lower() not in _ORDERS:
        raise SparkError(
            "NEAREST_BY_JOIN.UNSUPPORTED_DIRECTION", direction=plan.direction, supported=_quoted(_ORDERS)
        )
    if plan.join_type.lower() not in _SIDES:
        raise SparkError(
            "NEAREST_BY_JOIN.UNSUPPORTED_JOIN_TYPE",
            joinType=f"'{plan.join_type}'",
            supported="'INNER', 'LEFT OUTER'",
        )
    if not 1 <= plan.num_results <= _MOST_RESULTS:
        raise SparkError(
            "NEAREST_BY_JOIN.NUM_RESULTS_OUT_OF_RANGE", numResults=plan.num_results, min=1, max=_MOST_RESULTS
        )


def _time(analyzer: Analyzer, side: LogicalPlan, expression: Expression) -> Expression:
    try:
        return strip(analyzer.resolver(side).resolve(expression))
    except SparkError as error:
        is_column = isinstance(expression, UnresolvedAttribute) and expression.plan_id is not None
        if not is_column or not error.condition.startswith("UNRESOLVED_COLUMN"):
            raise
        raise SparkError(
            "CANNOT_RESOLVE_DATAFRAME_COLUMN",
            origin=error.origin,
            name=f'"{error.parameters["objectName"][1:-1]}"',
        ) from error


def _check_tolerance(tolerance: Expression) -> None:
    if any(isinstance(node, AttributeReference) for node in tolerance.walk()):
        raise SparkError("AS_OF_JOIN.TOLERANCE_IS_UNFOLDABLE")
    value = fold(tolerance)
    if value is not None and not isinstance(value, str) and value < type(value)():
        raise SparkError("AS_OF_JOIN.TOLERANCE_IS_NON_NEGATIVE")


class _Sides:
    """The two inputs, and expressions over both."""

    def __init__(self, analyzer: Analyzer, left: LogicalPlan, right: LogicalPlan) -> None:
        self._analyzer = analyzer
        self.left = analyzer.resolve(left)
        self.right = analyzer.resolve(right)
        if defined_ids(self.left) & defined_ids(self.right):
            self.right = renew(self.right)
        self._resolver = analyzer.resolver(self.left, self.right)

    def resolve(self, expression: Expression) -> Expression:
        """An expression of the user's."""
        return self._resolver.resolve(expression)

    def call(self, name: str, *arguments: Expression) -> Expression:
        """A function of resolved arguments."""
        return strip(self._resolver.resolve(UnresolvedFunction(name, arguments)))

    def best(
        self, conditions: Sequence[Expression], order: Expression, name: str, *more: Expression
    ) -> Subquery:
        """The right row, as a struct, that is first by an order of those that fulfil the conditions."""
        number = Alias(
            Call("monotonically_increasing_id", (), LONG, is_nullable=False),
            ("number",),
            expr_id=next_expr_id(),
        )
        rows: LogicalPlan = Project(self.right, (*self.right.output, number))
        conditions = [*conditions, self.call("isnotnull", order)]
        both = reduce(lambda a, b: self.call("and", a, b), conditions)
        rows = Filter(rows, self._from_inside(both))
        struct = make_struct([(f"c{i}", a) for i, a in enumerate(self.right.output)])
        row = Alias(struct, ("right",), expr_id=next_expr_id())
        # Of rows that are equally near Spark keeps the last one.
        last_first = self.call("negative", to_attribute(number))
        by = make_struct([("rank", self._from_inside(order)), ("last_first", last_first)])
        rank = Alias(by if name == "min_by" else self._from_inside(order), ("rank",), expr_id=next_expr_id())
        ranked = Project(rows, (row, rank))
        arguments = (to_attribute(row), to_attribute(rank), *more)
        resolver = self._analyzer.resolver(ranked)
        first = strip(resolver.resolve(UnresolvedFunction(name, arguments)))
        result = Alias(first, ("best",), expr_id=next_expr_id())
        return Subquery(Aggregate(ranked, (), (result,)), "scalar", (), first.data_type, is_nullable=True)

    def _from_inside(self, expression: Expression) -> Expression:
        ids = {a.expr_id for a in self.left.output}

        def marked(node: Expression) -> Expression | None:
            is_outer = isinstance(node, AttributeReference) and node.expr_id in ids
            return OuterReference(node) if is_outer and isinstance(node, AttributeReference) else None

        return transform_down(expression, marked)

    def project(self, joined: LogicalPlan, row: AttributeReference, *, is_outer: bool) -> LogicalPlan:
        """The columns of both sides, those of the right one out of the struct, under their own names."""
        assert isinstance(row.type, StructType)  # noqa: S101 - see best
        columns = [
            Alias(
                GetStructField(row, i, f"c{i}", a.type, is_outer or a.nullable),
                (a.name,),
                a.metadata,
                expr_id=a.expr_id,
            )
            for i, a in enumerate(self.right.output)
        ]
        self._analyzer.needs_cleanup = True
        return NearestProject(joined, (*self.left.output, *columns), right=self.right)
