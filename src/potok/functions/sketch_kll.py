"""kll_*: sketches of quantiles.

Past as many values as its size a sketch is a sample, which is drawn: here as in Spark no two runs have the same. Source of facts:
kllAggregates and kllExpressions of Catalyst.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.mismatch import call, mismatch, quoted, unexpected_argument
from potok.functions.quantiles_sketch import DOUBLES, FLOATS, LONGS, Numbers, QuantilesSketch, decode, union
from potok.functions.row_kernels import row_kernel
from potok.functions.sketch_arguments import is_foldable, unlike, value_of
from potok.functions.sketch_base import Sketch, SketchAggregate, constants_of
from potok.functions.sketch_errors import reading, sketches
from potok.functions.type_rules import cast_to, implicit_cast
from potok.plan.expressions import AggregateCall, Call, Expression, Literal
from potok.types import (
    BINARY,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    STRING,
    ArrayType,
    ByteType,
    DataType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    NullType,
    ShortType,
)

_INVALID = "KLL_INVALID_INPUT_SKETCH_BUFFER"
_DEFAULT_K, _LEAST_K, _MOST_K = 200, 8, 65535
_OF_FIRST = 0
_KINDS: dict[str, tuple[Numbers, DataType, tuple[type[DataType], ...], tuple[str, ...]]] = {
    "bigint": (
        LONGS,
        LONG,
        (ByteType, IntegerType, LongType, ShortType),
        ("TINYINT", "INT", "BIGINT", "SMALLINT"),
    ),
    "double": (DOUBLES, DOUBLE, (FloatType, DoubleType), ("FLOAT", "DOUBLE")),
    "float": (FLOATS, FLOAT, (FloatType,), ("FLOAT",)),
}


# ---- aggregates -------------------------------------------------------------------------------


def _build(numbers: Numbers, values: pa.Array, k: int) -> bytes:
    sketch = QuantilesSketch(numbers, k)
    for value in values.to_pylist():
        sketch.update(value)
    return sketch.encode()


def _merge(numbers: Numbers, parts: Sequence[bytes], k: int) -> bytes:
    return union([decode(part, numbers) for part in parts], numbers, k).encode()


def _merge_first(numbers: Numbers, parts: Sequence[bytes], _: int) -> bytes:
    """The first sketch, and what the others add to it."""
    found = [sketch for sketch in (decode(part, numbers) for part in parts) if not sketch.is_empty]
    if not found:
        return QuantilesSketch(numbers, _DEFAULT_K).encode()
    for sketch in found[1:]:
        found[0].merge(sketch)
    return found[0].encode()


def _unite(numbers: Numbers, function: str, values: pa.Array, k: int) -> bytes:
    read = reading(_INVALID, function, partial(decode, numbers=numbers))
    parts = [read(value) for value in values.to_pylist()]
    size = k if k != _OF_FIRST else (parts[0].k if parts else _DEFAULT_K)
    return union(parts, numbers, size).encode()


def _size(name: str, arguments: Sequence[Expression], default: int, context: FunctionContext) -> Literal:
    if len(arguments) == 1:
        return Literal(default, INTEGER)
    argument = arguments[1]
    number = implicit_cast(argument, INTEGER, context)
    if number is None:
        raise unexpected_argument(1, argument.data_type, quoted(INTEGER))
    if not is_foldable(argument):
        # Spark names the column with its table here, which is not known any more.
        raise mismatch("NON_FOLDABLE_INPUT", inputName="k", inputType="int", paramIndex="second")
    k = value_of(number)
    if k is None:
        raise mismatch("UNEXPECTED_NULL", exprName="k")
    if not _LEAST_K <= k <= _MOST_K:
        inner = SparkError("KLL_SKETCH_K_OUT_OF_RANGE", functionName=f"`{name}`", k=k)
        raise mismatch("TYPE_CHECK_FAILURE_WITH_HINT", msg=inner.message.removesuffix("."), hint="")
    return Literal(k, INTEGER)


def _bind_values(kind: str, arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    name = f"kll_sketch_agg_{kind}"
    _, element, accepted, shown = _KINDS[kind]
    value = arguments[0]
    if not isinstance(value.data_type, (*accepted, NullType)):
        if len(shown) == 1:
            raise unexpected_argument(0, value.data_type, f'"{shown[0]}"')
        raise unlike(0, value.data_type, shown)
    given = (cast_to(value, element, context), _size(name, arguments, _DEFAULT_K, context))
    return AggregateCall(name, given, BINARY, is_nullable=False, ansi=context.ansi)


def _bind_union(kind: str, arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    name = f"kll_merge_agg_{kind}"
    given = (*sketches(arguments, 1), _size(name, arguments, _OF_FIRST, context))
    return AggregateCall(name, given, BINARY, is_nullable=False, ansi=context.ansi)


def _aggregates(kind: str) -> tuple[SketchAggregate, ...]:
    numbers, element, _, _ = _KINDS[kind]
    name = f"kll_merge_agg_{kind}"
    merge, unite = partial(_merge, numbers), partial(_unite, numbers, name)
    of_values = Sketch(f"kll_{kind}", element, (INTEGER,), partial(_build, numbers), merge, is_settled=False)
    of_first = Sketch(f"kll_union_{kind}", BINARY, (INTEGER,), unite, partial(_merge_first, numbers))
    of_size = Sketch(f"kll_union_of_size_{kind}", BINARY, (INTEGER,), unite, merge, is_settled=False)

    def of_sketches(call_: AggregateCall | Call) -> Sketch:
        return of_first if constants_of(call_) == [_OF_FIRST] else of_size

    return (
        SketchAggregate(f"kll_sketch_agg_{kind}", 2, 1, partial(_bind_values, kind), lambda _: of_values),
        SketchAggregate(name, 2, 1, partial(_bind_union, kind), of_sketches),
    )


AGGREGATES = tuple(aggregate for kind in _KINDS for aggregate in _aggregates(kind))


# ---- scalar functions -------------------------------------------------------------------------


def _quantiles(kind: str, data: bytes, ranks: list[float]) -> list[Any]:
    name = f"kll_sketch_get_quantile_{kind}"
    sketch = reading(_INVALID, name, partial(decode, numbers=_KINDS[kind][0]))(data)
    if not all(0.0 <= rank <= 1.0 for rank in ranks):
        raise SparkError("KLL_SKETCH_INVALID_QUANTILE_RANGE", functionName=f"`{name}`")
    if sketch.is_empty:
        raise SparkError(_INVALID, function=f"`{name}`")
    return [sketch.quantile(rank) for rank in ranks]


def _ranks(kind: str, data: bytes, values: list[Any]) -> list[float]:
    name = f"kll_sketch_get_rank_{kind}"
    sketch = reading(_INVALID, name, partial(decode, numbers=_KINDS[kind][0]))(data)
    if sketch.is_empty:
        raise SparkError(_INVALID, function=f"`{name}`")
    return [sketch.rank(value) for value in values]


def _merged_pair(kind: str, one: bytes, other: bytes) -> bytes:
    numbers = _KINDS[kind][0]
    read = reading(_INVALID, f"kll_sketch_merge_{kind}", partial(decode, numbers=numbers))
    left, right = read(one), read(other)
    left.merge(right)
    encoded: bytes = left.encode()
    return encoded


def _count(kind: str, data: bytes) -> int:
    read = reading(_INVALID, f"kll_sketch_get_n_{kind}", partial(decode, numbers=_KINDS[kind][0]))
    count: int = read(data).count
    return count


def _text(kind: str, data: bytes) -> str:
    read = reading(_INVALID, f"kll_sketch_to_string_{kind}", partial(decode, numbers=_KINDS[kind][0]))
    text: str = read(data).describe()
    return text


def _bind_sketches(
    name: str, result: DataType, count: int, arguments: Sequence[Expression], context: FunctionContext
) -> Call:
    return call(name, sketches(arguments, count), result, context)


def _bind_of_many(
    name: str, element: DataType, result: DataType, arguments: Sequence[Expression], context: FunctionContext
) -> Call:
    """A function of a sketch and a number or an array of numbers, which gives as many."""
    (sketch,) = sketches(arguments, 1)
    given = arguments[1]
    is_array = isinstance(given.data_type, ArrayType)
    target: DataType = ArrayType(element) if is_array else element
    cast = implicit_cast(given, target, context)
    if cast is None:
        raise unlike(1, given.data_type, (element.sql, f"ARRAY<{element.sql}>"))
    kind = ArrayType(result, contains_null=False) if is_array else result
    return call(name, (sketch, cast), kind, context)


def _emit_of_many(kernel: Kernel, call_: Call, arguments: Sequence[str]) -> str:
    if isinstance(call_.arguments[1].data_type, ArrayType):
        return f"{kernel.name}({', '.join(arguments)})"
    sketch, one = arguments
    return f"CASE WHEN {one} IS NOT NULL THEN {kernel.name}({sketch}, [{one}])[1] END"


def _of_many(
    name: str,
    kind: str,
    element: DataType,
    result: DataType,
    compute: Callable[[str, bytes, list[Any]], list[Any]],
) -> ScalarFunction:
    kernel = row_kernel(name, (BINARY, ArrayType(element)), ArrayType(result), partial(compute, kind))
    return ScalarFunction(
        name,
        (Input.ANY, Input.ANY),
        result,
        emit=partial(_emit_of_many, kernel),
        bind=partial(_bind_of_many, name, element, result),
        kernels=(kernel,),
    )


def _of_sketches(
    name: str, kind: str, count: int, result: DataType, compute: Callable[..., Any]
) -> ScalarFunction:
    kernel = row_kernel(name, (BINARY,) * count, result, partial(compute, kind))
    return ScalarFunction(
        name,
        (Input.ANY,) * count,
        result,
        emit=f"{kernel.name}({{args}})",
        bind=partial(_bind_sketches, name, result, count),
        kernels=(kernel,),
    )


def _scalars(kind: str) -> tuple[ScalarFunction, ...]:
    element = _KINDS[kind][1]
    return (
        _of_sketches(f"kll_sketch_get_n_{kind}", kind, 1, LONG, _count),
        _of_sketches(f"kll_sketch_merge_{kind}", kind, 2, BINARY, _merged_pair),
        _of_sketches(f"kll_sketch_to_string_{kind}", kind, 1, STRING, _text),
        _of_many(f"kll_sketch_get_quantile_{kind}", kind, DOUBLE, element, _quantiles),
        _of_many(f"kll_sketch_get_rank_{kind}", kind, element, DOUBLE, _ranks),
    )


FUNCTIONS: tuple[Function, ...] = (
    *(function for aggregate in AGGREGATES for function in aggregate.functions),
    *(function for kind in _KINDS for function in _scalars(kind)),
)
