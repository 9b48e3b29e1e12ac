"""Table functions, VALUES, and generators beside a relation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pyarrow as pa

from potok.analysis.expressions import strip
from potok.analysis.functions import DOCUMENTATION
from potok.analysis.names import quote, quote_type
from potok.analysis.pretty import sql_expression
from potok.analysis.select import generated_columns
from potok.analysis.sql_functions import called_sql_function, resolve_sql_table
from potok.analysis.table_functions import called_function, resolve_table_function
from potok.analysis.trees import named
from potok.errors import SparkError
from potok.functions.base import GeneratorFunction
from potok.functions.type_rules import cast_to, common_type
from potok.plan.expressions import (
    AttributeReference,
    Expression,
    GeneratorCall,
    Literal,
    UnresolvedFunction,
    next_expr_id,
)
from potok.plan.logical import (
    Generate,
    LocalRelation,
    LogicalPlan,
    Project,
    Range,
    SetOperation,
    SubqueryAlias,
)
from potok.plan.table_functions import PythonTableFunction
from potok.plan.unresolved import UnresolvedInlineTable, UnresolvedTableFunction
from potok.types import INTEGER, LONG, IntegralType

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer

_MOST_RANGE_ARGUMENTS = 4


def one_row() -> LocalRelation:
    """A relation with one row and no columns."""
    table = pa.table({"one": pa.array([1], pa.int32())})
    return LocalRelation(table, (AttributeReference("one", INTEGER, False, next_expr_id()),))  # noqa: FBT003


# ---- VALUES -------------------------------------------------------------------------------------


def inline_table(analyzer: Analyzer, plan: UnresolvedInlineTable) -> LogicalPlan:
    """VALUES. Raises INVALID_INLINE_TABLE."""
    if plan.rows == ((),):
        return Project(one_row(), ())
    width = len(plan.names) or len(plan.rows[0])
    for number, row in enumerate(plan.rows):
        if len(row) != width:
            raise SparkError(
                "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                origin=plan.origin,
                expectedNumCols=width,
                actualNumCols=len(row),
                rowIndex=number,
            )
    resolver = analyzer.resolver()
    rows = [[strip(resolver.resolve(e)) for e in row] for row in plan.rows]
    names = plan.names or tuple(f"col{i + 1}" for i in range(width))
    context = analyzer.context.function_context
    types = []
    for i, name in enumerate(names):
        found = common_type(
            [row[i].data_type for row in rows], ansi=context.ansi, case_sensitive=context.case_sensitive
        )
        if found is None:
            raise SparkError("INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE", colName=quote(name))
        types.append(found)
    branches = tuple(
        Project(
            one_row(),
            tuple(named(cast_to(v, t, context), n) for v, t, n in zip(row, types, names, strict=True)),
        )
        for row in rows
    )
    if len(branches) == 1:
        return branches[0]
    result = tuple(
        AttributeReference(n, t, any(row[i].nullable for row in rows), next_expr_id())
        for i, (n, t) in enumerate(zip(names, types, strict=True))
    )
    return SetOperation(branches, "union", is_all=True, result=result)


# ---- table functions ----------------------------------------------------------------------------


def table_function(analyzer: Analyzer, plan: UnresolvedTableFunction) -> LogicalPlan:
    """range, explode and the other generators. Raises UNRESOLVABLE_TABLE_VALUED_FUNCTION."""
    if plan.name == "range":
        return _range(analyzer, plan)
    if called_function(analyzer, plan) is not None:
        return python_table(analyzer, plan)
    own = called_sql_function(analyzer.resolver(), plan.name)
    if own is not None:
        return resolve_sql_table(analyzer, own, plan)
    generator = resolve_generator(analyzer, plan, ())
    return Generate(Project(one_row(), ()), generator, generated_columns(generator, ()), generator.outer)


def python_table(analyzer: Analyzer, plan: LogicalPlan) -> LogicalPlan:
    """A user's table function as a relation of its own: its columns only."""
    function = cast("PythonTableFunction", called_function(analyzer, plan))
    rows, resolved = resolve_table_function(analyzer, function, ())
    columns = generated_columns(resolved, ())
    return Project(Generate(rows or Project(one_row(), ()), resolved, columns), columns)


def resolve_generator(
    analyzer: Analyzer, plan: UnresolvedTableFunction, over: Sequence[LogicalPlan]
) -> GeneratorCall:
    """The generator of a table function, its arguments over the relations beside it."""
    function = analyzer.context.functions.get(plan.name)
    if not isinstance(function, GeneratorFunction):
        raise SparkError("UNRESOLVABLE_TABLE_VALUED_FUNCTION", name=quote(plan.name))
    resolver = analyzer.resolver(*over)
    resolved = strip(resolver.resolve(UnresolvedFunction(plan.name, plan.arguments)))
    if not isinstance(resolved, GeneratorCall):
        raise SparkError("UNRESOLVABLE_TABLE_VALUED_FUNCTION", name=quote(plan.name))
    return resolved


def is_generator(analyzer: Analyzer, plan: LogicalPlan) -> bool:
    """Whether a relation is a generator as a table function, maybe under a name."""
    if called_function(analyzer, plan) is not None:
        return True
    inner = plan.child if isinstance(plan, SubqueryAlias) else plan
    return isinstance(inner, UnresolvedTableFunction) and isinstance(
        analyzer.context.functions.get(inner.name), GeneratorFunction
    )


def lateral_generator(
    analyzer: Analyzer, left: LogicalPlan, right: LogicalPlan, *, outer: bool
) -> LogicalPlan:
    """LATERAL VIEW and lateral joins with a generator: a Generate over the left side."""
    alias = right if isinstance(right, SubqueryAlias) else None
    inner = alias.child if alias is not None else right
    function = called_function(analyzer, right)
    generator: GeneratorCall | PythonTableFunction
    if function is not None:
        _, generator = resolve_table_function(analyzer, function, (left,))
    else:
        assert isinstance(inner, UnresolvedTableFunction)  # noqa: S101 - the caller looked
        generator = resolve_generator(analyzer, inner, (left,))
    columns = generated_columns(generator, alias.column_names if alias is not None else ())
    outer = outer or generator.outer
    qualifier = (alias.name,) if alias is not None else ()
    result = tuple(replace(c, qualifier=qualifier, is_nullable=c.is_nullable or outer) for c in columns)
    return Generate(left, generator, result, outer)


def generate(analyzer: Analyzer, plan: Generate) -> LogicalPlan:
    """A Generate that comes resolved."""
    return replace(plan, child=analyzer.resolve(plan.child))


def _range(analyzer: Analyzer, plan: UnresolvedTableFunction) -> LogicalPlan:
    resolver = analyzer.resolver()
    values = [_whole_number(strip(resolver.resolve(a)), i) for i, a in enumerate(plan.arguments)]
    if not 1 <= len(values) <= _MOST_RANGE_ARGUMENTS:
        raise SparkError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            functionName=quote("range"),
            expectedNum="[1, 2, 3, 4]",
            actualNum=len(values),
            docroot=DOCUMENTATION,
        )
    start, end = (0, values[0]) if len(values) == 1 else (values[0], values[1])
    step = values[2] if len(values) > 2 else 1  # noqa: PLR2004 - the third argument
    partitions = values[3] if len(values) > 3 else None  # noqa: PLR2004 - the fourth argument
    result = (AttributeReference("id", LONG, False, next_expr_id()),)  # noqa: FBT003 - nullable
    return analyzer.resolve(Range(start, end, step, partitions, result))


def _whole_number(value: Expression, position: int) -> int:
    if isinstance(value, Literal) and isinstance(value.type, IntegralType) and value.value is not None:
        return int(value.value)
    if isinstance(value, Literal) and isinstance(value.value, str):
        try:
            return int(value.value)
        except ValueError:
            raise SparkError(
                "CAST_INVALID_INPUT",
                expression=f"'{value.value}'",
                sourceType='"STRING"',
                targetType='"BIGINT"',
                ansiConfig='"spark.sql.ansi.enabled"',
            ) from None
    raise SparkError(
        "UNEXPECTED_INPUT_TYPE",
        paramIndex=position + 1,
        functionName=quote("range"),
        requiredType='"BIGINT"',
        inputSql=sql_expression(value),
        inputType=quote_type(value.data_type),
    )
