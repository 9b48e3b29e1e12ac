"""The shape of the function tables.

A function is one line: name, what it takes, what it gives, how DuckDB writes it. How values
look inside SQL:

| Spark                  | DuckDB                                                         |
|------------------------|----------------------------------------------------------------|
| TIMESTAMP              | TIMESTAMPTZ; the connection's TimeZone is the session's        |
| TIMESTAMP_NTZ          | TIMESTAMP                                                      |
| day-time interval      | BIGINT, microseconds                                           |
| year-month interval    | INTEGER, months                                                |
| INTERVAL               | INTERVAL                                                       |
| STRING, BINARY         | VARCHAR, BLOB                                                  |
| ARRAY, MAP, STRUCT     | LIST, MAP, STRUCT (fields under their Spark names)             |
| NULL type              | INTEGER                                                        |
| the rest               | their namesakes                                                |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from potok.engine.kernel import Kernel
from potok.plan.expressions import AggregateCall, Call, Expression, WindowCall
from potok.types import DataType, StructField


class Input(Enum):
    """What an argument must be where one exact type is too narrow.

    A `DataType` in its place means: implicitly cast to that type by Spark's rules.
    SAME arguments are widened to their common type. A string given where NUMERIC is asked
    becomes DOUBLE (BIGINT where INTEGRAL is), as in Spark.
    """

    ANY = "any"
    NUMERIC = "numeric"
    INTEGRAL = "integral"
    ORDERABLE = "orderable"
    STRING_OR_BINARY = "string_or_binary"
    ARRAY = "array"
    MAP = "map"
    STRUCT = "struct"
    ARRAY_OR_MAP = "array_or_map"
    INTERVAL = "interval"
    SAME = "same"
    LAMBDA = "lambda"


FILTER = "\x02"
ORDER = "\x03"

InputType = DataType | Input


class Nullability(Enum):
    """When a result may be NULL."""

    ANY_ARGUMENT = "any_argument"
    ALL_ARGUMENTS = "all_arguments"
    ALWAYS = "always"
    NEVER = "never"


ResultRule = DataType | Callable[[Sequence[Expression]], DataType]
NullRule = Nullability | Callable[[Sequence[Expression]], bool]
KernelRule = tuple[Kernel, ...] | Callable[[Call], tuple[Kernel, ...]]


@dataclass(frozen=True)
class FunctionContext:
    """What a rule may depend on besides its arguments."""

    ansi: bool = True
    time_zone: str = "UTC"
    case_sensitive: bool = False
    current_database: str = "default"
    allow_precision_loss: bool = True
    keeps_last_key: bool = False
    histogram_keeps_type: bool = True


@dataclass(frozen=True)
class ScalarFunction:
    """A function of one row.

    `inputs` are by position; `optional` trailing ones may be missing, the last one repeats when
    `variadic`. `emit` is a template over `{0}`, `{1}`, `{args}` (all, comma separated), or a
    function of the call and its arguments' SQL. `$now` in a template is the batch's time. `bind`, where given, replaces the rules: it takes
    the resolved, uncoerced arguments and returns the resolved expression (often of other
    functions) or raises SparkError. `lambda_parameters` gives, for each LAMBDA input in turn, the
    (type, nullable) of its parameters from the other arguments. `deterministic` as in Spark. `kernels` are those that `emit`
    mentions, or a function of the call where they depend on its types and constants.
    """

    name: str
    inputs: tuple[InputType, ...]
    result: ResultRule
    emit: str | Callable[[Call, Sequence[str]], str] = ""
    optional: int = 0
    variadic: bool = False
    nullable: NullRule = Nullability.ANY_ARGUMENT
    deterministic: bool = True
    bind: Callable[[Sequence[Expression], FunctionContext], Expression] | None = None
    lambda_parameters: Callable[[Sequence[Expression], int], Sequence[tuple[DataType, bool]]] | None = None
    kernels: KernelRule = ()


@dataclass(frozen=True)
class AggregateFunction:
    """A function of many rows. Fields as in `ScalarFunction`; `emit` is the aggregate itself.

    `{distinct}` in a template becomes `DISTINCT ` where asked. The compiler adds FILTER and OVER
    at the end, or wherever `{filter}` (in the text of a callable: `FILTER`) stands when the
    aggregate is wrapped: `coalesce(sum({0}){filter}, 0)`. `ORDER` in a text becomes ` ORDER BY ..`
    of WITHIN GROUP, or nothing.
    """

    name: str
    inputs: tuple[InputType, ...]
    result: ResultRule
    emit: str | Callable[[AggregateCall, Sequence[str]], str] = ""
    optional: int = 0
    variadic: bool = False
    nullable: NullRule = Nullability.ALWAYS
    bind: Callable[[Sequence[Expression], FunctionContext], Expression] | None = None
    kernels: tuple[Kernel, ...] | Callable[[AggregateCall], tuple[Kernel, ...]] = ()


@dataclass(frozen=True)
class WindowFunction:
    """A function that needs OVER: rank, lag, ... `emit` gives the call without OVER."""

    name: str
    inputs: tuple[InputType, ...]
    result: ResultRule
    emit: str | Callable[[WindowCall, Sequence[str]], str] = ""
    optional: int = 0
    nullable: NullRule = Nullability.NEVER


@dataclass(frozen=True)
class GeneratorFunction:
    """A function that makes rows.

    `fields` gives the columns from the arguments. `emit` gives SQL of a LIST of STRUCTs with the
    fields `f0`, `f1`, ...: the compiler unnests it.
    """

    name: str
    inputs: tuple[InputType, ...]
    fields: Callable[[Sequence[Expression]], Sequence[StructField]]
    emit: Callable[[Sequence[Expression], Sequence[str]], str] = field(default=lambda _, __: "")
    optional: int = 0
    variadic: bool = False
    outer: bool = False
    kernels: tuple[Kernel, ...] = ()


Function = ScalarFunction | AggregateFunction | WindowFunction | GeneratorFunction
