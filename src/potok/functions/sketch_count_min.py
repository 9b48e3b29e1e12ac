"""count_min_sketch: how often each value is there, never too low.

A table of counts: a value is counted once in each row of it, in a column that a hash of the value chooses. The state and the value
are a version, the total, the size of the table, the factors of the hashes and the counts, most significant byte first. Source of
facts: CountMinSketchImpl, CountMinSketchAgg.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from potok.errors import SparkError
from potok.functions.base import Function, FunctionContext
from potok.functions.hashing import murmur3
from potok.functions.java_random import JavaRandom
from potok.functions.sketch_arguments import constant, out_of_range, real_number, unlike, whole_number
from potok.functions.sketch_base import Sketch, SketchAggregate
from potok.functions.type_rules import cast_to
from potok.plan.expressions import AggregateCall, Call, Expression, Literal
from potok.types import (
    BINARY,
    DOUBLE,
    INTEGER,
    LONG,
    BinaryType,
    IntegralType,
    NullType,
    StringType,
)

_HEADER = struct.Struct(">iqii")
_VERSION = 1
_PRIME = (1 << 31) - 1
_LARGEST = "1.7976931348623157E308"
Longs = npt.NDArray[np.int64]


def _size(error: float, confidence: float) -> tuple[int, int]:
    """Rows and columns of the table."""
    return math.ceil(-math.log(1 - confidence) / math.log(2)), math.ceil(2 / error)


def _factors(depth: int, seed: int) -> Longs:
    random = JavaRandom(seed)
    return np.array([random.next_below_largest_int() for _ in range(depth)], np.int64)


def _of_longs(values: pa.Array, error: float, confidence: float, seed: int) -> bytes:
    depth, width = _size(error, confidence)
    factors, numbers = _factors(depth, seed), np.asarray(values)
    with np.errstate(over="ignore"):
        hashes = factors[:, None] * numbers[None, :]
        hashes = (hashes + (hashes >> 32)) & _PRIME
    return _encoded(hashes % width, width, factors)


def _of_bytes(values: pa.Array, error: float, confidence: float, seed: int) -> bytes:
    depth, width = _size(error, confidence)
    first = murmur3([values], [BINARY], 0)
    # The second hash has the first for its seed.
    second = murmur3([values, values], [BINARY, BINARY], 0)
    with np.errstate(over="ignore"):
        hashes = first[None, :] + np.arange(depth, dtype=np.int32)[:, None] * second[None, :]
    return _encoded(np.abs(hashes.astype(np.int64)) % width, width, _factors(depth, seed))


def _encoded(columns: Longs, width: int, factors: Longs) -> bytes:
    depth = factors.size
    places = columns + np.arange(depth)[:, None] * width
    counts = np.bincount(places.ravel(), minlength=depth * width)
    header = _HEADER.pack(_VERSION, columns.shape[1], depth, width)
    return header + factors.astype(">i8").tobytes() + counts.astype(">i8").tobytes()


def _merge(parts: Sequence[bytes], *_: Any) -> bytes:  # noqa: ANN401 - the constants
    if len(parts) == 1:
        return parts[0]
    headers = [_HEADER.unpack_from(part) for part in parts]
    _, _, depth, width = headers[0]
    start = _HEADER.size + 8 * depth
    counts = sum(np.frombuffer(part, ">i8", offset=start).astype(np.int64) for part in parts)
    total = sum(header[1] for header in headers)
    return (
        _HEADER.pack(_VERSION, total, depth, width)
        + parts[0][_HEADER.size : start]
        + np.asarray(counts).astype(">i8").tobytes()
    )


_PARAMETERS = ("column", "epsilon", "confidence", "seed")
_CONSTANTS = (DOUBLE, DOUBLE, INTEGER)
_NUMBERS = Sketch("count_min_numbers", LONG, _CONSTANTS, _of_longs, _merge)
_BYTES = Sketch("count_min_bytes", BINARY, _CONSTANTS, _of_bytes, _merge)


def _bind(arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    if len(arguments) < len(_PARAMETERS):
        raise SparkError(
            "REQUIRED_PARAMETER_NOT_FOUND",
            routineName="`count_min_sketch`",
            parameterName=f"`{_PARAMETERS[len(arguments)]}`",
            index=0,
        )
    value = arguments[0]
    if not isinstance(value.data_type, IntegralType | StringType | BinaryType | NullType):
        raise unlike(0, value.data_type, ("INTEGRAL", "STRING", "BINARY"))
    cast = (
        real_number(arguments, 1, context),
        real_number(arguments, 2, context),
        whole_number(arguments, 3, context),
    )
    names = ("eps", "confidence", "seed")
    error, confidence, seed = (
        constant(n, c, i + 1) for i, (n, c) in enumerate(zip(names, cast, strict=True))
    )
    if error <= 0:
        raise out_of_range("eps", f"(0.0, {_LARGEST}]", f"{error}D")
    if not 0 < confidence < 1:
        raise out_of_range("confidence", "(0.0, 1.0]", f"{confidence}D")
    is_bytes = isinstance(value.data_type, StringType | BinaryType)
    given = (
        cast_to(value, BINARY if is_bytes else LONG, context),
        Literal(error, DOUBLE),
        Literal(confidence, DOUBLE),
        Literal(_low_bits(seed), INTEGER),
    )
    return AggregateCall("count_min_sketch", given, BINARY, is_nullable=False, ansi=context.ansi)


def _low_bits(seed: int) -> int:
    """A long as Java makes an int of it: the client draws seeds of 63 bits."""
    return (seed + (1 << 31)) % (1 << 32) - (1 << 31)


def _sketch(call: AggregateCall | Call) -> Sketch:
    return _BYTES if isinstance(call.arguments[0].data_type, BinaryType) else _NUMBERS


AGGREGATES = (SketchAggregate("count_min_sketch", 4, 3, _bind, _sketch),)
FUNCTIONS: tuple[Function, ...] = tuple(
    function for aggregate in AGGREGATES for function in aggregate.functions
)
