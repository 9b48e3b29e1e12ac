"""Common table expressions that refer to themselves.

The levels are computed one after the other while the query is analysed, each over the rows of the one before it, and what
the name stands for is all of their rows. Source of facts: ResolveWithCTE, UnionLoopExec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from potok.analysis.names import quote_type
from potok.errors import SparkError, unsupported
from potok.plan.expressions import AttributeReference, next_expr_id
from potok.plan.logical import Attributes, LocalRelation, LogicalPlan, SubqueryAlias
from potok.plan.unresolved import RecursionLimit, UnresolvedRelation, UnresolvedSetOperation
from potok.types import arrow_type

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer

_LEVELS, _ROWS = "spark.sql.cteRecursionLevelLimit", "spark.sql.cteRecursionRowLimit"
_DEFAULT_LEVELS, _DEFAULT_ROWS = 100, 1_000_000


def refers_to(name: str, plan: LogicalPlan) -> bool:
    """Whether a query reads the relation of a name."""
    return any(
        isinstance(node, UnresolvedRelation)
        and len(node.parts) == 1
        and node.parts[0].lower() == name.lower()
        for node in plan.walk()
    )


def resolve_recursion(analyzer: Analyzer, name: str, query: LogicalPlan) -> LogicalPlan:
    """All rows of a recursive relation. Raises INVALID_RECURSIVE_CTE and RECURSION_LEVEL_LIMIT_EXCEEDED."""
    levels = int(analyzer.context.conf(_LEVELS) or _DEFAULT_LEVELS)
    if isinstance(query, RecursionLimit):
        levels = query.levels
        query = query.child
    names: tuple[str, ...] = ()
    if isinstance(query, SubqueryAlias):
        names = query.column_names
        query = query.child
    if (
        not isinstance(query, UnresolvedSetOperation)
        or query.operation != "union"
        or refers_to(name, query.left)
    ):
        raise SparkError("INVALID_RECURSIVE_CTE")
    if not query.is_all:
        raise SparkError("UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE", origin=query.origin)
    anchor = analyzer.resolve(query.left)
    if anchor.is_streaming:
        raise unsupported("A recursive common table expression over a stream", "Loop in foreachBatch.")
    if names and len(names) != len(anchor.output):
        raise SparkError("ASSIGNMENT_ARITY_MISMATCH", numExpr=len(names), numTarget=len(anchor.output))
    columns = _columns(anchor.output, names)
    scope = analyzer.relations[-1]
    nullable = _check(analyzer, scope, name, query.right, anchor.output, columns)
    context = analyzer.context
    rows = _renamed(context.table(anchor), columns)
    found, level = [rows], 1
    most = int(context.conf(_ROWS) or _DEFAULT_ROWS)
    while rows.num_rows:
        scope[name.lower()] = LocalRelation(rows, _columns(columns, ()))
        rows = _renamed(context.table(analyzer.resolve(query.right)), columns)
        level += 1
        if rows.num_rows and level > levels:
            raise SparkError("RECURSION_LEVEL_LIMIT_EXCEEDED", levelLimit=levels)
        found.append(rows)
        if sum(t.num_rows for t in found) > most:
            raise SparkError("RECURSION_ROW_LIMIT_EXCEEDED", rowLimit=most)
    result = tuple(
        AttributeReference(c.name, c.type, n, next_expr_id()) for c, n in zip(columns, nullable, strict=True)
    )
    return LocalRelation(pa.concat_tables(found), result)


def _columns(columns: Attributes, names: tuple[str, ...]) -> Attributes:
    """Fresh columns of the same types, any of which may be NULL."""
    shown = names or tuple(c.name for c in columns)
    return tuple(
        AttributeReference(n, c.type, expr_id=next_expr_id()) for n, c in zip(shown, columns, strict=True)
    )


def _renamed(table: pa.Table, columns: Attributes) -> pa.Table:
    schema = pa.schema([pa.field(str(i), arrow_type(c.type)) for i, c in enumerate(columns)])
    return pa.Table.from_arrays(
        [c.cast(f.type) for c, f in zip(table.columns, schema, strict=True)], schema=schema
    )


def _check(
    analyzer: Analyzer,
    scope: dict[str, LogicalPlan],
    name: str,
    step: LogicalPlan,
    anchor: Attributes,
    columns: Attributes,
) -> list[bool]:
    """Which columns may be NULL. Raises CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE where the levels differ in their types."""
    scope[name.lower()] = LocalRelation(_renamed(_nothing(columns), columns), _columns(columns, ()))
    output = analyzer.resolve(step).output
    if len(output) != len(columns):
        raise SparkError("INVALID_RECURSIVE_CTE")
    for one, other in zip(columns, output, strict=True):
        if one.type != other.type:
            raise SparkError(
                "CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE", left=quote_type(one.type), right=quote_type(other.type)
            )
    return [a.nullable or o.nullable for a, o in zip(anchor, output, strict=True)]


def _nothing(columns: Attributes) -> pa.Table:
    return pa.schema([pa.field(str(i), arrow_type(c.type)) for i, c in enumerate(columns)]).empty_table()
