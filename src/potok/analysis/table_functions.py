"""Calls of table functions that users wrote in Python: `TABLE` arguments, `analyze`, the columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from potok.analysis.expressions import strip
from potok.analysis.functions import find_table_function
from potok.analysis.trees import named
from potok.engine.table_functions import ArgumentFacts, has_analyze
from potok.engine.table_functions import analyze as analyze_function
from potok.errors import SparkError, unsupported
from potok.functions.folding import fold
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Expression,
    NamedArgument,
    SortOrder,
    UnresolvedAttribute,
)
from potok.plan.logical import LogicalPlan, Project, Sort, SubqueryAlias, to_attribute
from potok.plan.table_functions import PythonTableFunction, TableArgument, UnresolvedPythonTable
from potok.plan.unresolved import UnresolvedTableFunction

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer

_ARROW_TABLE_FUNCTION = 302


def called_function(analyzer: Analyzer, plan: LogicalPlan) -> PythonTableFunction | None:
    """The user's table function that a relation (maybe under a name) calls, with its arguments; None for others."""
    inner = plan.child if isinstance(plan, SubqueryAlias) else plan
    if isinstance(inner, UnresolvedPythonTable):
        return inner.function
    if not isinstance(inner, UnresolvedTableFunction):
        return None
    found = find_table_function(inner.name, analyzer.context)
    return None if found is None else replace(found, arguments=inner.arguments)


def resolve_table_function(
    analyzer: Analyzer, function: PythonTableFunction, over: Sequence[LogicalPlan]
) -> tuple[LogicalPlan | None, PythonTableFunction]:
    """The call over the relations beside it, and the relation that a TABLE argument is."""
    if function.eval_type == _ARROW_TABLE_FUNCTION:
        raise unsupported("arrow_udtf", "Use udtf, or mapInArrow.")
    resolver = analyzer.resolver(*over)
    names = tuple(a.key if isinstance(a, NamedArgument) else None for a in function.arguments)
    values = [a.value if isinstance(a, NamedArgument) else a for a in function.arguments]
    positions = [i for i, v in enumerate(values) if isinstance(v, TableArgument)]
    if len(positions) > 1:
        raise SparkError("TABLE_VALUED_FUNCTION_TOO_MANY_TABLE_ARGUMENTS", num=len(positions))
    table = cast("TableArgument", values.pop(positions[0])) if positions else None
    if table is not None and over:
        raise unsupported("A TABLE argument of a lateral table function", "Join the rows of the function.")
    arguments = [strip(resolver.resolve(v)) for v in values]
    rows = None if table is None else analyzer.resolve(table.plan)
    at = positions[0] if positions else None
    resolved = replace(function, arguments=tuple(arguments), argument_names=names, table_argument=at)
    if function.schema is None:
        resolved, table = _analyzed(resolved, table, rows)
    if rows is None or table is None:
        return None, resolved
    return _with_rows(analyzer, resolved, table, rows)


def _analyzed(
    function: PythonTableFunction, table: TableArgument | None, rows: LogicalPlan | None
) -> tuple[PythonTableFunction, TableArgument | None]:
    """The function with the columns, and the table with the partitions, that `analyze` asks for."""
    if not has_analyze(function.payload):
        raise SparkError("INTERNAL_ERROR", message=f"the table function {function.name} has no columns")
    facts = [
        ArgumentFacts(a.data_type, _constant(a), is_constant=not _depends_on_rows(a))
        for a in function.arguments
    ]
    if rows is not None and function.table_argument is not None:
        facts.insert(function.table_argument, ArgumentFacts(rows.schema, is_table=True))
    named_facts = [f._replace(name=n) for f, n in zip(facts, function.argument_names, strict=True)]
    found = analyze_function(function.name, function.payload, named_facts)
    function = replace(function, schema=found.schema, analysis=found.pickled)
    if table is None:
        return function, None
    if found.select:
        raise unsupported("AnalyzeResult.select", "Select the columns in the query of the TABLE argument.")
    partition = tuple(UnresolvedAttribute((p,)) for p in found.partition_by)
    order = tuple(
        SortOrder(UnresolvedAttribute((name,)), ascending, ascending if nulls is None else nulls)
        for name, ascending, nulls in found.order_by
    )
    return function, replace(
        table,
        partition_by=table.partition_by or partition,
        order_by=table.order_by or order,
        single_partition=table.single_partition or found.single_partition,
    )


def _depends_on_rows(argument: Expression) -> bool:
    return any(isinstance(node, AttributeReference) for node in argument.walk())


def _constant(argument: Expression) -> object:
    value = fold(argument)
    return value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value


def _with_rows(
    analyzer: Analyzer, function: PythonTableFunction, table: TableArgument, rows: LogicalPlan
) -> tuple[LogicalPlan, PythonTableFunction]:
    """The rows of the table with their partitions together, each in the order that was asked for."""
    resolver = analyzer.resolver(rows)
    keys = [strip(resolver.resolve(k)) for k in table.partition_by]
    order = [cast("SortOrder", resolver.resolve(o)) for o in table.order_by]
    own = rows.output
    aliases: list[Alias] = [named(k, "partition") for k in keys]
    child: LogicalPlan = Project(rows, (*own, *aliases)) if aliases else rows
    partition = tuple(to_attribute(a) for a in aliases)
    sorting = (*(SortOrder(p) for p in partition), *order)
    if sorting:
        child = Sort(child, sorting)
    return child, replace(function, row=own, partition=partition)
