"""Expressions. The upper half exists only before analysis, the lower half only after it.

Every resolved expression knows its `data_type` and whether it is `nullable`; both come from
Spark's rules, never from the engine. Attributes are identified by `expr_id`, not by name.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from potok.errors import Origin
from potok.plan.cast_rules import force_nullable
from potok.plan.tree import Node
from potok.types import BOOLEAN, NULL, DataType, StructField

if TYPE_CHECKING:
    from potok.plan.logical import LogicalPlan

_expr_ids = itertools.count(1)


def next_expr_id() -> int:
    """A number no other attribute of this process has."""
    return next(_expr_ids)


@dataclass(frozen=True)
class Expression(Node):
    """A value computed from a row."""

    @property
    def data_type(self) -> DataType:
        """The type by Spark's rules. AttributeError before analysis."""
        msg = f"{type(self).__name__} is not resolved"
        raise AttributeError(msg)

    @property
    def nullable(self) -> bool:
        """Whether the value may be NULL, by Spark's rules."""
        return True


class TypedExpression(Expression):
    """A resolved expression whose fields `type` and `is_nullable` say what it gives."""

    type: DataType
    is_nullable: bool

    @property
    def data_type(self) -> DataType:
        """By Spark's rules."""
        return self.type

    @property
    def nullable(self) -> bool:
        """By Spark's rules."""
        return self.is_nullable


# ---- before analysis --------------------------------------------------------------------------


@dataclass(frozen=True)
class UnresolvedAttribute(Expression):
    """A column by name. `plan_id` ties it to the data frame it was taken from (`df.a`)."""

    parts: tuple[str, ...]
    plan_id: int | None = None
    is_metadata_column: bool = False
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True)
class UnresolvedStar(Expression):
    """`*`, or `target.*` for a relation or a struct."""

    target: tuple[str, ...] | None = None
    plan_id: int | None = None
    except_parts: tuple[tuple[str, ...], ...] = ()
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True)
class UnresolvedRegex(Expression):
    """Every column whose name matches a Java regular expression, case-insensitively."""

    pattern: str
    plan_id: int | None = None


@dataclass(frozen=True)
class UnresolvedFunction(Expression):
    """A call by name, of a built-in, a registered or a Python function. Names are lower case."""

    name: str
    arguments: tuple[Expression, ...] = ()
    is_distinct: bool = False
    filter: Expression | None = None
    ignore_nulls: bool | None = None
    within_group: tuple[SortOrder, ...] = ()
    is_internal: bool = False
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True)
class UnresolvedExtractValue(Expression):
    """`child[extraction]` or `child.name`."""

    child: Expression
    extraction: Expression
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True)
class UnresolvedLambdaVariable(Expression):
    """A parameter of a lambda, by name."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class UpdateFields(Expression):
    """`struct.withField(name, value)`; drops the field when `value` is None."""

    struct: Expression
    name: str
    value: Expression | None = None


@dataclass(frozen=True)
class NamedArgument(Expression):
    """`key => value` in a call."""

    key: str
    value: Expression


@dataclass(frozen=True)
class UnresolvedSubquery(Expression):
    """A subquery. `kind` is `scalar`, `exists`, `in` (then `values` are its left side)."""

    plan: LogicalPlan
    kind: str
    values: tuple[Expression, ...] = ()
    plan_id: int | None = None
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True)
class UnresolvedOrdinal(Expression):
    """A number in GROUP BY or ORDER BY that stands for an output column, from 1."""

    position: int
    origin: Origin | None = field(default=None, compare=False)


# ---- before and after analysis ----------------------------------------------------------------


@dataclass(frozen=True)
class Literal(Expression):
    """A constant.

    `value` by type: None, bool, int, float, decimal.Decimal, str, bytes, datetime.date,
    datetime.datetime (UTC-aware for TIMESTAMP, naive for TIMESTAMP_NTZ), int microseconds and int
    months for intervals, (months, days, microseconds) for calendar intervals, tuples for arrays
    and structs, tuples of pairs for maps.
    """

    value: Any
    type: DataType

    @property
    def data_type(self) -> DataType:
        """The type it was written with."""
        return self.type

    @property
    def nullable(self) -> bool:
        """Only for NULL itself."""
        return self.value is None


class CastMode(StrEnum):
    """What an impossible cast does: fail (ANSI), become NULL (legacy rules), or TRY_CAST."""

    ANSI = "ansi"
    LEGACY = "legacy"
    TRY = "try"


@dataclass(frozen=True)
class Cast(Expression):
    """A conversion. `mode` is None until analysis decides it by `spark.sql.ansi.enabled`.

    `explicit` is True for casts that the user wrote.
    """

    child: Expression
    type: DataType
    mode: CastMode | None = None
    explicit: bool = True
    origin: Origin | None = field(default=None, compare=False)

    @property
    def data_type(self) -> DataType:
        """The target."""
        return self.type

    @property
    def nullable(self) -> bool:
        """As Spark: by the pair of types alone, unless it is a TRY_CAST."""
        return (
            self.mode is CastMode.TRY
            or self.child.nullable
            or force_nullable(self.child.data_type, self.type)
        )


@dataclass(frozen=True)
class Alias(Expression):
    """A name for a value; several names only for generators. `metadata` is JSON text or None.

    `expr_id` identifies the attribute that the alias defines (0 before analysis).
    """

    child: Expression
    names: tuple[str, ...]
    metadata: str | None = None
    expr_id: int = 0

    @property
    def name(self) -> str:
        """The only name."""
        return self.names[0]

    @property
    def data_type(self) -> DataType:
        """The child's."""
        return self.child.data_type

    @property
    def nullable(self) -> bool:
        """The child's."""
        return self.child.nullable


@dataclass(frozen=True)
class SortOrder(Expression):
    """A key of an ordering. Spark's default: ascending with nulls first, descending with nulls last."""

    child: Expression
    ascending: bool = True
    nulls_first: bool = True

    @property
    def data_type(self) -> DataType:
        """The child's."""
        return self.child.data_type


@dataclass(frozen=True)
class LambdaFunction(Expression):
    """`(x, i) -> body`."""

    body: Expression
    parameters: tuple[Expression, ...]
    origin: Origin | None = field(default=None, compare=False)

    @property
    def data_type(self) -> DataType:
        """The body's."""
        return self.body.data_type

    @property
    def nullable(self) -> bool:
        """The body's."""
        return self.body.nullable


@dataclass(frozen=True)
class WindowFrame(Node):
    """ROWS or RANGE between two bounds.

    A bound is None (unbounded), or an expression: Literal 0 is the current row, negative values
    lie before it, positive ones after it.
    """

    is_rows: bool
    lower: Expression | None
    upper: Expression | None


@dataclass(frozen=True)
class WindowExpression(Expression):
    """`function OVER (PARTITION BY .. ORDER BY .. frame)`."""

    function: Expression
    partition_by: tuple[Expression, ...] = ()
    order_by: tuple[SortOrder, ...] = ()
    frame: WindowFrame | None = None
    name: str | None = None
    origin: Origin | None = field(default=None, compare=False)

    @property
    def data_type(self) -> DataType:
        """The function's."""
        return self.function.data_type

    @property
    def nullable(self) -> bool:
        """The function's."""
        return self.function.nullable


# ---- after analysis ---------------------------------------------------------------------------


@dataclass(frozen=True)
class AttributeReference(TypedExpression):
    """A column of a child plan. `qualifier` is the path of relation names it answers to."""

    name: str
    type: DataType
    is_nullable: bool = True
    expr_id: int = 0
    metadata: str = "{}"
    qualifier: tuple[str, ...] = ()

    def to_field(self) -> StructField:
        """As a field of a schema."""
        return StructField(self.name, self.type, self.is_nullable, self.metadata)


@dataclass(frozen=True)
class OuterReference(Expression):
    """A column of the query around a subquery."""

    attribute: AttributeReference

    @property
    def data_type(self) -> DataType:
        """The column's type."""
        return self.attribute.data_type

    @property
    def nullable(self) -> bool:
        """The column's nullability."""
        return self.attribute.nullable


@dataclass(frozen=True)
class Call(TypedExpression):
    """A scalar function with coerced arguments. `name` is a key of the function tables.

    `ansi` is the mode it was analysed under, `keeps_last_key` what a map does with a key that comes again.
    """

    name: str
    arguments: tuple[Expression, ...]
    type: DataType
    is_nullable: bool = True
    ansi: bool = True
    origin: Origin | None = field(default=None, compare=False)
    keeps_last_key: bool = False


@dataclass(frozen=True)
class AggregateCall(TypedExpression):
    """An aggregate function over the rows of a group that pass `filter`."""

    name: str
    arguments: tuple[Expression, ...]
    type: DataType
    is_nullable: bool = True
    is_distinct: bool = False
    filter: Expression | None = None
    ignore_nulls: bool = False
    order_by: tuple[SortOrder, ...] = ()
    ansi: bool = True
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True)
class WindowCall(TypedExpression):
    """A function that only makes sense OVER a window: row_number, lag, ..."""

    name: str
    arguments: tuple[Expression, ...]
    type: DataType
    is_nullable: bool = True
    ignore_nulls: bool = False


@dataclass(frozen=True)
class GeneratorCall(Expression):
    """A function that makes rows: explode, posexplode, inline, stack, json_tuple. `fields` are its columns."""

    name: str
    arguments: tuple[Expression, ...]
    fields: tuple[StructField, ...]
    outer: bool = False


@dataclass(frozen=True)
class LambdaVariable(TypedExpression):
    """A bound parameter of a lambda. `expr_id` tells apart nested lambdas' parameters."""

    name: str
    type: DataType
    is_nullable: bool
    expr_id: int


@dataclass(frozen=True)
class GetStructField(TypedExpression):
    """`struct.name` by position."""

    child: Expression
    ordinal: int
    name: str
    type: DataType
    is_nullable: bool = True


@dataclass(frozen=True)
class Subquery(TypedExpression):
    """A resolved subquery: `scalar`, `exists`, or `in`."""

    plan: LogicalPlan
    kind: str
    values: tuple[Expression, ...] = ()
    type: DataType = BOOLEAN
    is_nullable: bool = True
    origin: Origin | None = field(default=None, compare=False)


@dataclass(frozen=True)
class PythonFunction(Expression):
    """A user's function as the client sent it. Resolved when its arguments are.

    `eval_type` is pyspark.util.PythonEvalType; `payload` the pickled (function, return type).
    `argument_names` holds a keyword, or None, per argument.
    """

    name: str
    payload: bytes = field(repr=False)
    eval_type: int
    type: DataType
    arguments: tuple[Expression, ...] = ()
    argument_names: tuple[str | None, ...] = ()
    deterministic: bool = True
    python_version: str = ""
    includes: tuple[str, ...] = ()

    @property
    def data_type(self) -> DataType:
        """The declared return type."""
        return self.type


NULL_LITERAL = Literal(None, NULL)
TRUE = Literal(True, BOOLEAN)  # noqa: FBT003 - a constant
FALSE = Literal(False, BOOLEAN)  # noqa: FBT003 - a constant
