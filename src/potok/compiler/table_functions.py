"""Table functions in Python become a step: the kept columns and what the function needs in, its rows out."""

from __future__ import annotations

from potok.engine.table_functions import EvaluateTableFunction
from potok.plan.expressions import Alias, AttributeReference, Expression, next_expr_id
from potok.plan.logical import Attributes, Generate, LogicalPlan, Project
from potok.plan.table_functions import PythonTableFunction
from potok.types import StructType


def table_function_step(plan: Generate, kept: Attributes) -> tuple[LogicalPlan, EvaluateTableFunction]:
    """The relation that the step reads, and the step."""
    function = plan.generator
    assert isinstance(function, PythonTableFunction)  # noqa: S101 - the caller looked
    columns: list[Expression] = [_named(a) for a in (*kept, *function.arguments)]
    columns += [_named(a) for a in (*function.row, *function.partition)]
    step = EvaluateTableFunction(
        function.name,
        function.payload,
        len(kept),
        tuple(a.data_type for a in function.arguments),
        function.argument_names,
        function.schema or StructType(),
        plan.outer,
        function.table_argument,
        StructType(tuple(a.to_field() for a in function.row)),
        tuple(a.type for a in function.partition),
        function.analysis,
    )
    return Project(plan.child, tuple(columns)), step


def _named(value: Expression) -> Expression:
    """A column of its own: the same one may be asked for several times."""
    name = value.name if isinstance(value, AttributeReference) else "argument"
    return Alias(value, (name,), expr_id=next_expr_id())
