"""Python functions of the user are taken out of expressions and become steps between SQL stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from potok.engine.pipeline import Operator
from potok.engine.user_functions import (
    AggregateGroups,
    EvalType,
    EvaluateFunctions,
    MapBatches,
    MapCogroups,
    MapGroups,
    UserFunction,
)
from potok.errors import SparkError
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Expression,
    PythonFunction,
    SortOrder,
    Subquery,
    next_expr_id,
)
from potok.plan.logical import (
    Aggregate,
    Attributes,
    CoGroupMap,
    GroupMap,
    LogicalPlan,
    MapPartitions,
    Project,
    Sort,
    UnaryPlan,
    to_attribute,
)
from potok.plan.tree import Node


@dataclass(frozen=True)
class EvaluatePython(UnaryPlan):
    """Functions over columns of the child; each result is one more column."""

    functions: tuple[tuple[PythonFunction, AttributeReference], ...]

    @property
    def results(self) -> Attributes:
        """The new columns."""
        return tuple(attribute for _, attribute in self.functions)

    @property
    def output(self) -> Attributes:
        """The child's columns, then the results."""
        return (*self.child.output, *self.results)


@dataclass(frozen=True)
class PulledOut:
    """Expressions without Python functions, over a child that has computed them."""

    child: LogicalPlan
    expressions: tuple[Expression, ...]


def contains_function(expression: Expression) -> bool:
    """Whether a Python function occurs."""
    return any(isinstance(node, PythonFunction) for node in expression.walk())


def pull_out_functions(child: LogicalPlan, expressions: tuple[Expression, ...]) -> PulledOut | None:
    """Evaluate the innermost Python functions below; None where there are none.

    Functions over functions take one round each: the caller compiles the result, which comes
    here again. Equal deterministic calls are computed once.
    """
    found: dict[PythonFunction, AttributeReference] = {}
    for expression in expressions:
        for node in expression.walk():
            if isinstance(node, PythonFunction) and _is_innermost(node) and node not in found:
                found[node] = AttributeReference(node.name, node.type, expr_id=next_expr_id())
    if not found:
        return None
    source, functions = _over_columns(child, found)
    replaced = tuple(cast("Expression", _replace(e, PythonFunction, found)) for e in expressions)
    return PulledOut(EvaluatePython(source, functions), replaced)


def _over_columns(
    child: LogicalPlan, found: dict[PythonFunction, AttributeReference]
) -> tuple[LogicalPlan, tuple[tuple[PythonFunction, AttributeReference], ...]]:
    """The child with all arguments as columns, and the functions over those columns."""
    arguments: dict[Expression, AttributeReference] = {}
    computed: list[Expression] = []
    for argument in (a for function in found for a in function.arguments):
        if argument in arguments:
            continue
        if isinstance(argument, AttributeReference):
            arguments[argument] = argument
        else:
            alias = Alias(argument, ("argument",), expr_id=next_expr_id())
            arguments[argument] = to_attribute(alias)
            computed.append(alias)
    functions = tuple(
        (replace(function, arguments=tuple(arguments[a] for a in function.arguments)), attribute)
        for function, attribute in found.items()
    )
    return (Project(child, (*child.output, *computed)) if computed else child), functions


@dataclass(frozen=True)
class AggregatePython(UnaryPlan):
    """Grouped aggregate functions in Python: keys, then one result per function."""

    keys: Attributes
    functions: tuple[tuple[PythonFunction, AttributeReference], ...]

    @property
    def output(self) -> Attributes:
        """The keys, then the results."""
        return (*self.keys, *(attribute for _, attribute in self.functions))


GROUPED_EVAL_TYPES = frozenset(
    {
        EvalType.PANDAS_AGGREGATE,
        EvalType.PANDAS_AGGREGATE_ITERATOR,
        EvalType.ARROW_AGGREGATE,
        EvalType.ARROW_AGGREGATE_ITERATOR,
    }
)


def aggregate_in_python(
    child: LogicalPlan, keys: Attributes, outputs: tuple[Expression, ...]
) -> Project | None:
    """The plan of an aggregation by Python functions; None where all aggregates are built in.

    Raises INVALID_PANDAS_UDF_PLACEMENT where both kinds meet.
    """
    nodes = [n for e in outputs for n in e.walk()]
    found = {
        n: AttributeReference(n.name, n.type, expr_id=next_expr_id())
        for n in nodes
        if isinstance(n, PythonFunction) and n.eval_type in GROUPED_EVAL_TYPES
    }
    if not found:
        return None
    if any(isinstance(n, AggregateCall) for n in nodes):
        names = ", ".join(f"`{f.name}`" for f in found)
        raise SparkError("INVALID_PANDAS_UDF_PLACEMENT", functionList=names)
    source, functions = _over_columns(child, found)
    return Project(
        AggregatePython(source, keys, functions),
        tuple(cast("Expression", _replace(e, PythonFunction, found)) for e in outputs),
    )


def over_aggregates(child: LogicalPlan, keys: Attributes, outputs: tuple[Expression, ...]) -> Project | None:
    """Functions of aggregates stand above the aggregation; None where there are none."""
    if not any(_stands_above(e) for e in outputs):
        return None
    calls = {n for e in outputs for n in e.walk() if isinstance(n, AggregateCall)}
    aliases = {call: Alias(call, (call.name,), expr_id=next_expr_id()) for call in calls}
    found = {call: to_attribute(alias) for call, alias in aliases.items()}
    aggregate = Aggregate(child, keys, (*keys, *aliases.values()))
    return Project(aggregate, tuple(cast("Expression", _replace(e, AggregateCall, found)) for e in outputs))


def _stands_above(expression: Expression) -> bool:
    """Whether a Python function occurs outside of every aggregate."""
    if isinstance(expression, AggregateCall):
        return False
    return isinstance(expression, PythonFunction) or any(
        _stands_above(c) for c in expression.children(Expression) if isinstance(c, Expression)
    )


def aggregate_operator(plan: AggregatePython, time_zone: str) -> Operator:
    """pandas_udf and arrow_udf over groups."""
    columns = plan.child.output
    positions = {a.expr_id: i for i, a in enumerate(columns)}
    return AggregateGroups(
        tuple(user_function(f, columns) for f, _ in plan.functions),
        tuple(positions[k.expr_id] for k in plan.keys),
        plan.schema,
        time_zone,
    )


def _is_innermost(function: PythonFunction) -> bool:
    inner = (n for argument in function.arguments for n in argument.walk())
    return not any(isinstance(n, PythonFunction | AggregateCall) for n in inner)


Replaced = TypeVar("Replaced", bound=Expression)


def _replace(node: Node, kind: type[Replaced], found: Mapping[Replaced, AttributeReference]) -> Node:
    """The tree with expressions of a kind replaced by columns; subqueries are left alone."""
    if isinstance(node, Subquery) or not isinstance(node, Expression):
        return node
    if isinstance(node, kind) and node in found:
        return found[node]
    return node.map_children(lambda c: _replace(c, kind, found), Expression)


def user_function(function: PythonFunction, columns: Sequence[AttributeReference]) -> UserFunction:
    """The function with its arguments as positions among the columns of the step's input."""
    positions = {a.expr_id: i for i, a in enumerate(columns)}
    return UserFunction(
        function.name,
        function.payload,
        function.eval_type,
        function.type,
        tuple(positions[a.expr_id] for a in function.arguments if isinstance(a, AttributeReference)),
        tuple(a.data_type for a in function.arguments),
        function.argument_names or (None,) * len(function.arguments),
        function.includes,
    )


def _whole_rows(function: PythonFunction) -> UserFunction:
    """A function of whole rows: what the client lists as arguments are all columns."""
    return user_function(replace(function, arguments=(), argument_names=()), ())


def evaluate_operator(plan: EvaluatePython, kept: Attributes, time_zone: str) -> Operator:
    """Functions of a row (UDF, pandas_udf, arrow_udf)."""
    return EvaluateFunctions(tuple(user_function(f, kept) for f, _ in plan.functions), time_zone)


def map_operator(plan: MapPartitions, time_zone: str) -> Operator:
    """mapInPandas, mapInArrow."""
    function = _whole_rows(plan.function)
    return MapBatches(function, plan.child.schema, plan.schema, time_zone)


def _grouped(
    child: LogicalPlan, grouping: Sequence[Expression], sorting: Sequence[SortOrder] = ()
) -> tuple[LogicalPlan, tuple[int, ...]]:
    """The rows with their keys as columns, and the positions of the keys."""
    columns = child.output
    positions: list[int] = []
    extra: list[Expression] = []
    for key in grouping:
        if isinstance(key, AttributeReference):
            positions.append(next(i for i, a in enumerate(columns) if a.expr_id == key.expr_id))
        else:
            positions.append(len(columns) + len(extra))
            extra.append(
                Alias(key.child if isinstance(key, Alias) else key, ("key",), expr_id=next_expr_id())
            )
    ordered = Sort(child, tuple(sorting)) if sorting else child
    return (Project(ordered, (*columns, *extra)) if extra else ordered), tuple(positions)


def group_operator(plan: GroupMap, time_zone: str) -> tuple[LogicalPlan, Operator]:
    """applyInPandas, applyInArrow: the input with its keys, and the step."""
    child, keys = _grouped(plan.child, plan.grouping, plan.sorting)
    function = _whole_rows(plan.function)
    width = len(plan.function.arguments)
    return child, MapGroups(function, child.schema, keys, width, plan.schema, time_zone)


def _width(plan: CoGroupMap, side: LogicalPlan) -> int:
    """How many columns of a side the function sees: not the windows among the keys."""
    seen = {a.expr_id for a in plan.function.arguments if isinstance(a, AttributeReference)}
    return sum(a.expr_id in seen for a in side.output)


def cogroup_operator(plan: CoGroupMap, time_zone: str) -> tuple[LogicalPlan, LogicalPlan, Operator]:
    """cogroup().applyInPandas: both inputs with their keys, and the step."""
    left, left_keys = _grouped(plan.left, plan.left_grouping)
    right, right_keys = _grouped(plan.right, plan.right_grouping)
    operator = MapCogroups(
        _whole_rows(plan.function),
        (left.schema, right.schema),
        (left_keys, right_keys),
        (_width(plan, plan.left), _width(plan, plan.right)),
        plan.schema,
        time_zone,
    )
    return left, right, operator
