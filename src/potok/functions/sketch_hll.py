"""hll_*: HyperLogLog sketches of Apache DataSketches.

A sketch is in its updatable form of eight bits, which all libraries of DataSketches write alike. Source of facts: HllSketchAgg,
HllUnionAgg and datasketchesExpressions of Catalyst; Union and the HLL preamble of DataSketches.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.mismatch import call
from potok.functions.murmur128 import hash_bytes
from potok.functions.row_kernels import row_kernel
from potok.functions.sketch_arguments import unlike
from potok.functions.sketch_base import Sketch, SketchAggregate
from potok.functions.sketch_errors import Range, flag_of, reading, require, size_of, sketches
from potok.functions.sketch_library import datasketches
from potok.functions.type_rules import cast_to
from potok.plan.expressions import AggregateCall, Call, Expression
from potok.types import (
    BINARY,
    BOOLEAN,
    INTEGER,
    LONG,
    STRING,
    BinaryType,
    DataType,
    IntegerType,
    LongType,
    NullType,
    StringType,
)

_INVALID = "HLL_INVALID_INPUT_SKETCH_BUFFER"
_SIZES = Range(4, 21, "HLL_INVALID_LG_K", "HLL_K_MUST_BE_CONSTANT")
_DEFAULT_LG = 12
_ACCEPTED = ("INT", "BIGINT", "STRING", "BINARY")

_MODE_AT = 7
_LIST = struct.Struct("<BBBBBBBB")
_LIST_SPACE = 7
_MODES = 3
_SET, _REGISTERS = 1, 2
_LEAST_AT, _COUNT_AT, _REGISTERS_AT = 6, 32, 40
_COUPONS_OF_SET_AT = 12
_KEY_BITS = 26
_LONGEST_RUN = 62


# ---- coupons ----------------------------------------------------------------------------------
# The library takes no bytes, and merges a set into an empty union as it is, where Spark takes one coupon after the other. A list
# of coupons is a sketch of its own; merged, its coupons count in order.


def _coupons(values: Iterable[bytes]) -> Iterator[int]:
    """What a sketch keeps of each value: 26 bits of an address, and the first bit that is set after it."""
    first, second = hash_bytes([value for value in values if value])
    for address, rest in zip(first.tolist(), second.tolist(), strict=True):
        run = min(64 - rest.bit_length(), _LONGEST_RUN) + 1
        yield (run << _KEY_BITS) | (address & ((1 << _KEY_BITS) - 1))


def _lists(coupons: Iterable[int], lg_size: int) -> Iterator[bytes]:
    """The coupons as small sketches."""
    distinct = list(dict.fromkeys(coupons))
    for start in range(0, len(distinct), _LIST_SPACE):
        part = distinct[start : start + _LIST_SPACE]
        header = _LIST.pack(2, 1, 7, lg_size, 3, 0, len(part), 8)
        yield header + np.array(part, np.uint32).tobytes().ljust(32, b"\0")


def _coupons_of_set(data: bytes) -> list[int]:
    """The coupons of a sketch that is a set, in the order of its table."""
    found = np.frombuffer(data, np.uint32, -1, _COUPONS_OF_SET_AT)
    return [int(coupon) for coupon in found if coupon]


# ---- sketches of values -----------------------------------------------------------------------


def _read(function: str) -> Callable[[bytes], Any]:
    library = datasketches(function)
    return reading(_INVALID, function, library.hll_sketch.deserialize)


def _encoded(library: Any, union: Any) -> bytes:  # noqa: ANN401 - the library has no types
    encoded: bytes = union.get_result(library.tgt_hll_type.HLL_8).serialize_updatable()
    return encoded


def _united_registers(encoded: bytes, parts: Sequence[bytes]) -> bytes:
    """What several sketches made, with the least register and how many there are of it.

    Java's library counts them after it has united the registers of two sketches; others count those that are 0.
    """
    if sum(part[_MODE_AT] & _MODES == _REGISTERS for part in parts) < 2:  # noqa: PLR2004 - two are united
        return encoded
    registers = encoded[_REGISTERS_AT:]
    least = min(registers)
    count = registers.count(least).to_bytes(4, "little")
    return (
        encoded[:_LEAST_AT]
        + bytes([least])
        + encoded[_LEAST_AT + 1 : _COUNT_AT]
        + count
        + encoded[_COUNT_AT + 4 :]
    )


def _joined(library: Any, union: Any, sketch: Any, lg_most: int) -> Any:  # noqa: ANN401 - the library has no types
    """A union with one more sketch.

    A sketch that the library has made smaller counts as empty until it is read back (DataSketches for Python 5.2).
    """
    if sketch.lg_config_k > lg_most:
        smaller = library.hll_union(lg_most)
        smaller.update(sketch)
        sketch = library.hll_sketch.deserialize(_encoded(library, smaller))
    shrinks = union.lg_config_k > sketch.lg_config_k
    union.update(sketch)
    if not shrinks:
        return union
    read_back = library.hll_union(lg_most)
    read_back.update(library.hll_sketch.deserialize(_encoded(library, union)))
    return read_back


def _build(values: pa.Array, lg_size: int) -> bytes:
    library = datasketches("hll_sketch_agg")
    sketch = library.hll_sketch(lg_size, library.tgt_hll_type.HLL_8)
    for value in values.to_pylist():
        sketch.update(value)
    encoded: bytes = sketch.serialize_updatable()
    return encoded


def _build_of_bytes(values: pa.Array, lg_size: int) -> bytes:
    library = datasketches("hll_sketch_agg")
    union = library.hll_union(lg_size)
    for part in _lists(_coupons(values.to_pylist()), lg_size):
        union.update(library.hll_sketch.deserialize(part))
    return _encoded(library, union)


def _merge(parts: Sequence[bytes], lg_size: int) -> bytes:
    if len(parts) == 1:
        return parts[0]
    library = datasketches("hll_sketch_agg")
    union = library.hll_union(lg_size)
    for part in parts:
        union.update(library.hll_sketch.deserialize(part))
    return _united_registers(_encoded(library, union), parts)


_BY_TYPE: dict[type[DataType], Sketch] = {
    LongType: Sketch("hll_longs", LONG, (INTEGER,), _build, _merge),
    StringType: Sketch("hll_texts", STRING, (INTEGER,), _build, _merge),
    BinaryType: Sketch("hll_bytes", BINARY, (INTEGER,), _build_of_bytes, _merge),
}


def _bind_values(arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    datasketches("hll_sketch_agg")
    value = arguments[0]
    if isinstance(value.data_type, IntegerType | LongType | NullType):
        value = cast_to(value, LONG, context)
    elif not isinstance(value.data_type, StringType | BinaryType):
        raise unlike(0, value.data_type, _ACCEPTED)
    size = size_of("hll_sketch_agg", arguments, 1, _DEFAULT_LG, _SIZES)
    return AggregateCall("hll_sketch_agg", (value, size), BINARY, is_nullable=False, ansi=context.ansi)


# ---- sketches of sketches ---------------------------------------------------------------------


def _check_sizes(function: str, left: int, right: int, *, may_differ: bool) -> None:
    if left != right and not may_differ:
        raise SparkError("HLL_UNION_DIFFERENT_LG_K", left=left, right=right, function=f"`{function}`")


def _unite(values: pa.Array, may_differ: bool) -> bytes:  # noqa: FBT001 - a constant of the call
    """Of no sketches nothing is known: no bytes."""
    library, read = datasketches("hll_union_agg"), _read("hll_union_agg")
    union, lg_most = None, 0
    for value in values.to_pylist():
        sketch = read(value)
        if union is None:
            lg_most = sketch.lg_config_k
            union = library.hll_union(lg_most)
        _check_sizes("hll_union_agg", union.lg_config_k, sketch.lg_config_k, may_differ=may_differ)
        if union.is_empty() and not sketch.is_empty() and value[_MODE_AT] & _MODES == _SET:
            for part in _lists(_coupons_of_set(value), sketch.lg_config_k):
                union.update(library.hll_sketch.deserialize(part))
        else:
            union = _joined(library, union, sketch, lg_most)
    if union is None:
        return b""
    return _united_registers(_encoded(library, union), values.to_pylist())


def _unite_parts(parts: Sequence[bytes], may_differ: bool) -> bytes:  # noqa: FBT001 - a constant of the call
    present = [part for part in parts if part]
    if len(present) < 2:  # noqa: PLR2004 - two are united
        return present[0] if present else b""
    library, read = datasketches("hll_union_agg"), _read("hll_union_agg")
    one, other = (read(part) for part in present)
    _check_sizes("hll_union_agg", one.lg_config_k, other.lg_config_k, may_differ=may_differ)
    union = library.hll_union(one.lg_config_k)
    union.update(one)
    return _united_registers(_encoded(library, _joined(library, union, other, one.lg_config_k)), present)


_UNION = Sketch("hll_union", BINARY, (BOOLEAN,), _unite, _unite_parts)


def _bind_union(arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    datasketches("hll_union_agg")
    given = (*sketches(arguments, 1), flag_of(arguments, 1))
    return AggregateCall("hll_union_agg", given, BINARY, is_nullable=False, ansi=context.ansi)


def _or_empty(part: bytes) -> bytes:
    return part or _LIST.pack(2, 1, 7, _DEFAULT_LG, 3, 4, 0, 8).ljust(40, b"\0")


_OR_EMPTY = row_kernel("hll_or_empty", (BINARY,), BINARY, _or_empty)
AGGREGATES = (
    SketchAggregate(
        "hll_sketch_agg", 2, 1, _bind_values, lambda call_: _BY_TYPE[type(call_.arguments[0].data_type)]
    ),
    SketchAggregate(
        "hll_union_agg",
        2,
        1,
        _bind_union,
        lambda _: _UNION,
        value=lambda _, text: f"{_OR_EMPTY.name}({text})",
        kernels=lambda _: (_OR_EMPTY,),
    ),
)


# ---- scalar functions -------------------------------------------------------------------------


def _estimate(data: bytes) -> int:
    estimate: float = _read("hll_sketch_estimate")(data).get_estimate()
    return math.floor(estimate + 0.5)


def _united(one: bytes, other: bytes, may_differ: bool) -> bytes:  # noqa: FBT001 - an argument of the call
    library, read = datasketches("hll_union"), _read("hll_union")
    left, right = read(one), read(other)
    _check_sizes("hll_union", left.lg_config_k, right.lg_config_k, may_differ=may_differ)
    lg_most = min(left.lg_config_k, right.lg_config_k)
    union = _joined(library, library.hll_union(lg_most), left, lg_most)
    return _united_registers(_encoded(library, _joined(library, union, right, lg_most)), (one, other))


def _bind_estimate(arguments: Sequence[Expression], context: FunctionContext) -> Call:
    datasketches("hll_sketch_estimate")
    return call("hll_sketch_estimate", sketches(arguments, 1), LONG, context)


def _bind_scalar_union(arguments: Sequence[Expression], context: FunctionContext) -> Call:
    datasketches("hll_union")
    flag: Expression = flag_of(arguments, 2) if len(arguments) < 3 else require(arguments[2], 2, BOOLEAN)  # noqa: PLR2004
    return call("hll_union", (*sketches(arguments, 2), flag), BINARY, context)


_ESTIMATE = row_kernel("hll_sketch_estimate", (BINARY,), LONG, _estimate)
_UNITED = row_kernel("hll_united", (BINARY, BINARY, BOOLEAN), BINARY, _united)


def _scalar(
    name: str, kernel: Kernel, count: int, bind: Callable[..., Call], optional: int
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


FUNCTIONS: tuple[Function, ...] = (
    *(function for aggregate in AGGREGATES for function in aggregate.functions),
    _scalar("hll_sketch_estimate", _ESTIMATE, 1, _bind_estimate, 0),
    _scalar("hll_union", _UNITED, 3, _bind_scalar_union, 1),
)
