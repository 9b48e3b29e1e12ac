"""Functions that users write in SQL, and variables."""

from __future__ import annotations

from dataclasses import dataclass

from potok.plan.expressions import Expression, Literal
from potok.plan.logical import LogicalPlan
from potok.types import DataType, StructType


@dataclass(frozen=True)
class SqlParameter:
    """A parameter; without a default it has to be given."""

    name: str
    type: DataType
    default: Expression | None = None


@dataclass(frozen=True)
class SqlFunction:
    """A function whose `body` is an expression or a query over its parameters, not resolved.

    `returns` is None where the body tells its type. `columns` is set for a function that gives a table; without
    fields the body tells them.
    """

    name: str
    parameters: tuple[SqlParameter, ...]
    body: Expression | LogicalPlan
    returns: DataType | None = None
    columns: StructType | None = None
    qualifier: str = ""

    @property
    def qualified(self) -> str:
        """Its name as columns show it: in front of a permanent function stand its catalog and database."""
        return self.qualifier + self.name

    @property
    def is_table(self) -> bool:
        """Whether it stands behind FROM."""
        return self.columns is not None


@dataclass(frozen=True)
class SqlVariable:
    """A session's variable: its value now, and the expression that DEFAULT means."""

    value: Literal
    default: Expression
