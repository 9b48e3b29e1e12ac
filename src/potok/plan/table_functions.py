"""Table functions that users write in Python."""

from __future__ import annotations

from dataclasses import dataclass, field

from potok.plan.expressions import AttributeReference, Expression, SortOrder
from potok.plan.logical import LogicalPlan
from potok.types import StructField, StructType


@dataclass(frozen=True)
class TableArgument(Expression):
    """A relation as an argument: `TABLE(..) [WITH SINGLE PARTITION | PARTITION BY ..] [ORDER BY ..]`."""

    plan: LogicalPlan
    partition_by: tuple[Expression, ...] = ()
    order_by: tuple[SortOrder, ...] = ()
    single_partition: bool = False


@dataclass(frozen=True)
class PythonTableFunction(Expression):
    """A user's table function as the client sent it, a generator once it is resolved.

    `schema` is None before analysis where the function's own `analyze` tells it. `argument_names` holds a keyword, or
    None, per argument. Where one argument is a table, `table_argument` is its position (the argument is gone
    from `arguments`), `row` its columns and `partition` those that tell its partitions apart; rows come sorted by the
    partition. `analysis` is the pickled result of `analyze`, empty without one.
    """

    name: str
    payload: bytes = field(repr=False)
    eval_type: int
    schema: StructType | None
    arguments: tuple[Expression, ...] = ()
    argument_names: tuple[str | None, ...] = ()
    table_argument: int | None = None
    row: tuple[AttributeReference, ...] = ()
    partition: tuple[AttributeReference, ...] = ()
    analysis: bytes = field(default=b"", repr=False)

    @property
    def fields(self) -> tuple[StructField, ...]:
        """The columns."""
        return self.schema.fields if self.schema is not None else ()

    @property
    def outer(self) -> bool:
        """A row that gives nothing is gone, unless the join around keeps it."""
        return False


@dataclass(frozen=True)
class UnresolvedPythonTable(LogicalPlan):
    """A call of a user's table function as a relation."""

    function: PythonTableFunction
