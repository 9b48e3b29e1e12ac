"""theta_*: sketches of sets, their unions, intersections and differences.

Source of facts: ThetaSketchAgg, ThetaUnionAgg, ThetaIntersectionAgg and thetasketchesExpressions of Catalyst.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.functions import theta_sketch as theta
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.mismatch import call
from potok.functions.murmur128 import hash_bytes, hash_longs
from potok.functions.row_kernels import row_kernel
from potok.functions.sketch_arguments import unlike
from potok.functions.sketch_base import Sketch, SketchAggregate
from potok.functions.sketch_errors import Range, reading, require, size_of, sketches
from potok.functions.type_rules import cast_to
from potok.plan.expressions import AggregateCall, Call, Expression, Literal
from potok.types import (
    BINARY,
    DOUBLE,
    INTEGER,
    LONG,
    ArrayType,
    BinaryType,
    DataType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    NullType,
    StringType,
)

_INVALID = "THETA_INVALID_INPUT_SKETCH_BUFFER"
_ENTRIES = Range(4, 26, "SKETCH_INVALID_LG_NOM_ENTRIES", "THETA_LG_NOM_ENTRIES_MUST_BE_CONSTANT")
_DEFAULT_LG = 12
_ACCEPTED = ("ARRAY<INT>", "ARRAY<BIGINT>", "BINARY", "DOUBLE", "FLOAT", "INT", "BIGINT", "STRING")
_INTS, _LONGS = ArrayType(INTEGER), ArrayType(LONG)


# ---- sketches of values -----------------------------------------------------------------------


def _build(hashed: Callable[[pa.Array], theta.Hashes], values: pa.Array, lg_entries: int) -> bytes:
    builder = theta.ThetaBuilder(lg_entries)
    builder.add(hashed(values))
    return builder.sketch.encode()


def _halved(first: np.ndarray) -> theta.Hashes:
    """The 63 bits that count."""
    return (first >> np.uint64(1)).view(np.int64)


def _of_longs(values: pa.Array) -> theta.Hashes:
    return _halved(hash_longs(np.asarray(values).astype(np.int64))[0])


def _of_doubles(values: pa.Array) -> theta.Hashes:
    numbers = np.asarray(values).astype(np.float64)
    numbers = np.where(numbers == 0.0, 0.0, numbers)
    bits = np.where(np.isnan(numbers), np.float64(math.nan), numbers).view(np.int64)
    return _halved(hash_longs(bits)[0])


def _of_bytes(values: pa.Array) -> theta.Hashes:
    return _halved(hash_bytes([value for value in values.to_pylist() if value])[0])


def _of_arrays(kind: str, values: pa.Array) -> theta.Hashes:
    texts = [np.array([x or 0 for x in one], kind).tobytes() for one in values.to_pylist()]
    return _halved(hash_bytes([text for text in texts if text])[0])


def _merge(parts: Sequence[bytes], lg_entries: int) -> bytes:
    return theta.union([theta.decode(part) for part in parts], lg_entries).encode()


def _value_sketch(name: str, element: DataType, hashed: Callable[[pa.Array], theta.Hashes]) -> Sketch:
    return Sketch(f"theta_{name}", element, (INTEGER,), partial(_build, hashed), _merge, is_settled=False)


_OF_LONGS = _value_sketch("longs", LONG, _of_longs)
_BY_TYPE: dict[type[DataType], Sketch] = {
    LongType: _OF_LONGS,
    DoubleType: _value_sketch("doubles", DOUBLE, _of_doubles),
    BinaryType: _value_sketch("bytes", BINARY, _of_bytes),
}
_OF_INT_ARRAYS = _value_sketch("int_arrays", _INTS, partial(_of_arrays, "<i4"))
_OF_LONG_ARRAYS = _value_sketch("long_arrays", _LONGS, partial(_of_arrays, "<i8"))


def _sketch_of(call_: AggregateCall | Call) -> Sketch:
    kind = call_.arguments[0].data_type
    if isinstance(kind, ArrayType):
        return _OF_INT_ARRAYS if kind.element == INTEGER else _OF_LONG_ARRAYS
    return _BY_TYPE[type(kind)]


def _bind_values(arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    value = arguments[0]
    kind = value.data_type
    match kind:
        case IntegerType() | LongType() | NullType():
            value = cast_to(value, LONG, context)
        case FloatType() | DoubleType():
            value = cast_to(value, DOUBLE, context)
        case StringType():
            value = cast_to(value, BINARY, context)
        case BinaryType():
            pass
        case ArrayType(element=IntegerType() | LongType()):
            pass
        case ArrayType(element=NullType()):
            value = cast_to(value, _INTS, context)
        case _:
            raise unlike(0, kind, _ACCEPTED)
    size = size_of("theta_sketch_agg", arguments, 1, _DEFAULT_LG, _ENTRIES)
    return _aggregate("theta_sketch_agg", (value, size), context)


def _aggregate(name: str, arguments: tuple[Expression, ...], context: FunctionContext) -> AggregateCall:
    return AggregateCall(name, arguments, BINARY, is_nullable=False, ansi=context.ansi)


# ---- sketches of sketches ---------------------------------------------------------------------


def _unite(values: pa.Array, lg_entries: int) -> bytes:
    read = reading(_INVALID, "theta_union_agg", theta.decode)
    return theta.union([read(value) for value in values.to_pylist()], lg_entries).encode()


def _intersect(values: pa.Array) -> bytes:
    """Of no sketches nothing is known: no bytes."""
    read = reading(_INVALID, "theta_intersection_agg", theta.decode)
    found = [read(value) for value in values.to_pylist()]
    return theta.intersection(found).encode() if found else b""


def _intersect_parts(parts: Sequence[bytes]) -> bytes:
    found = [theta.decode(part) for part in parts if part]
    return theta.intersection(found).encode() if found else b""


_UNION = Sketch("theta_union", BINARY, (INTEGER,), _unite, _merge)
_INTERSECTION = Sketch("theta_intersection", BINARY, (), _intersect, _intersect_parts)


def _bind_union(arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    size = size_of("theta_union_agg", arguments, 1, _DEFAULT_LG, _ENTRIES)
    return _aggregate("theta_union_agg", (*sketches(arguments, 1), size), context)


def _bind_intersection(arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    return _aggregate("theta_intersection_agg", sketches(arguments, 1), context)


def _or_empty(_: AggregateCall | Call, text: str) -> str:
    return f"potok_theta_or_empty({text})"


_OR_EMPTY = row_kernel("theta_or_empty", (BINARY,), BINARY, lambda part: part or theta.EMPTY.encode())
AGGREGATES = (
    SketchAggregate("theta_sketch_agg", 2, 1, _bind_values, _sketch_of),
    SketchAggregate("theta_union_agg", 2, 1, _bind_union, lambda _: _UNION),
    SketchAggregate(
        "theta_intersection_agg",
        1,
        0,
        _bind_intersection,
        lambda _: _INTERSECTION,
        value=_or_empty,
        kernels=lambda _: (_OR_EMPTY,),
    ),
)


# ---- scalar functions -------------------------------------------------------------------------


def _estimate(data: bytes) -> int:
    read = reading(_INVALID, "theta_sketch_estimate", theta.decode)
    estimate: float = read(data).estimate
    return math.floor(estimate + 0.5)


def _united(one: bytes, other: bytes, lg_entries: int) -> bytes:
    read = reading(_INVALID, "theta_union", theta.decode)
    return theta.union([read(one), read(other)], lg_entries).encode()


def _intersected(one: bytes, other: bytes) -> bytes:
    read = reading(_INVALID, "theta_intersection", theta.decode)
    return theta.intersection([read(one), read(other)]).encode()


def _subtracted(one: bytes, other: bytes) -> bytes:
    read = reading(_INVALID, "theta_difference", theta.decode)
    return theta.difference(read(one), read(other)).encode()


def _bind_pair(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Call:
    return call(name, sketches(arguments, 2), BINARY, context)


def _bind_scalar_union(arguments: Sequence[Expression], context: FunctionContext) -> Call:
    pair = sketches(arguments, 2)
    size: Expression = Literal(_DEFAULT_LG, INTEGER)
    if len(arguments) > 2:  # noqa: PLR2004 - the size comes third
        size = require(arguments[2], 2, INTEGER)
        if isinstance(size, Literal):
            size = size_of("theta_union", arguments, 2, _DEFAULT_LG, _ENTRIES)
    return call("theta_union", (*pair, size), BINARY, context)


def _scalar(
    name: str, kernel: Kernel, count: int, bind: Callable[..., Call], optional: int = 0
) -> ScalarFunction:
    return ScalarFunction(
        name,
        (Input.ANY,) * count,
        kernel.result,
        emit=f"{kernel.name}({{args}})",
        optional=optional,
        bind=bind,
        kernels=(kernel,),
    )


def _bind_estimate(arguments: Sequence[Expression], context: FunctionContext) -> Call:
    return call("theta_sketch_estimate", sketches(arguments, 1), LONG, context)


_PAIR = (BINARY, BINARY)
FUNCTIONS: tuple[Function, ...] = (
    *(function for aggregate in AGGREGATES for function in aggregate.functions),
    _scalar(
        "theta_sketch_estimate", row_kernel("theta_estimate", (BINARY,), LONG, _estimate), 1, _bind_estimate
    ),
    _scalar(
        "theta_union",
        row_kernel("theta_union", (*_PAIR, INTEGER), BINARY, _united),
        3,
        _bind_scalar_union,
        optional=1,
    ),
    _scalar(
        "theta_intersection",
        row_kernel("theta_intersection", _PAIR, BINARY, _intersected),
        2,
        partial(_bind_pair, "theta_intersection"),
    ),
    _scalar(
        "theta_difference",
        row_kernel("theta_difference", _PAIR, BINARY, _subtracted),
        2,
        partial(_bind_pair, "theta_difference"),
    ),
)
