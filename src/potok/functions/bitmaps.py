"""Bitmaps of 32768 bits: a number is a bucket and a position in the bitmap of the bucket.

Source of facts: BitmapExpressionUtils, BitmapConstructAgg, BitmapOrAgg, BitmapAndAgg.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from potok.errors import SparkError
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.mismatch import call, quoted, unexpected_argument
from potok.functions.sketch_base import Bind, Sketch, SketchAggregate
from potok.functions.type_rules import implicit_cast
from potok.plan.expressions import AggregateCall, Call, Expression
from potok.types import BINARY, LONG

_BYTES = 4096
_BITS = 8 * _BYTES
Bytes = npt.NDArray[np.uint8]


# ---- aggregates -------------------------------------------------------------------------------


def _build_positions(values: pa.Array) -> bytes:
    positions = np.asarray(values)
    outside = (positions < 0) | (positions >= _BITS)
    if outside.any():
        raise SparkError(
            "INVALID_BITMAP_POSITION",
            bitPosition=int(positions[outside][0]),
            bitmapNumBits=_BITS,
            bitmapNumBytes=_BYTES,
        )
    flags = np.zeros(_BITS, np.bool_)
    flags[positions] = True
    return np.packbits(flags, bitorder="little").tobytes()


def _either(bitmap: Bytes, other: Bytes) -> None:
    bitmap[: other.size] |= other[: bitmap.size]


def _both(bitmap: Bytes, other: Bytes) -> None:
    bitmap[: other.size] &= other[: bitmap.size]
    bitmap[other.size :] = 0


def _build_bitmaps(join: partial[None], first: int, values: pa.Array) -> bytes:
    bitmap = np.full(_BYTES, first, np.uint8)
    for value in values.to_pylist():
        join(bitmap, np.frombuffer(value, np.uint8))
    return bitmap.tobytes()


def _merge(join: partial[None], parts: Sequence[bytes]) -> bytes:
    bitmap = np.frombuffer(parts[0], np.uint8).copy()
    for part in parts[1:]:
        join(bitmap, np.frombuffer(part, np.uint8))
    return bitmap.tobytes()


_EITHER, _BOTH = partial(_either), partial(_both)
_POSITIONS = Sketch("bit_positions", LONG, (), _build_positions, partial(_merge, _EITHER))
_OR = Sketch("bitmap_or", BINARY, (), partial(_build_bitmaps, _EITHER, 0), partial(_merge, _EITHER))
_AND = Sketch("bitmap_and", BINARY, (), partial(_build_bitmaps, _BOTH, 255), partial(_merge, _BOTH))


def _bind_positions(arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    value = implicit_cast(arguments[0], LONG, context)
    if value is None:
        raise unexpected_argument(0, arguments[0].data_type, quoted(LONG))
    return _aggregate("bitmap_construct_agg", value, context)


def _bind_bitmaps(name: str, arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    return _aggregate(name, _bitmap(arguments), context)


def _aggregate(name: str, value: Expression, context: FunctionContext) -> AggregateCall:
    return AggregateCall(name, (value,), BINARY, is_nullable=False, ansi=context.ansi)


def _bitmap(arguments: Sequence[Expression]) -> Expression:
    """The only argument. Spark casts none, NULL neither."""
    if arguments[0].data_type != BINARY:
        raise unexpected_argument(0, arguments[0].data_type, quoted(BINARY))
    return arguments[0]


def _of(name: str, bind: Bind, sketch: Sketch) -> SketchAggregate:
    return SketchAggregate(name, 1, 0, bind, lambda _: sketch, column="bitmap")


AGGREGATES = (
    _of("bitmap_construct_agg", _bind_positions, _POSITIONS),
    _of("bitmap_or_agg", partial(_bind_bitmaps, "bitmap_or_agg"), _OR),
    _of("bitmap_and_agg", partial(_bind_bitmaps, "bitmap_and_agg"), _AND),
)


# ---- scalar functions -------------------------------------------------------------------------


def _bind_count(arguments: Sequence[Expression], context: FunctionContext) -> Call:
    return call("bitmap_count", (_bitmap(arguments),), LONG, context)


FUNCTIONS: tuple[Function, ...] = (
    *(function for aggregate in AGGREGATES for function in aggregate.functions),
    ScalarFunction(
        "bitmap_bit_position",
        (LONG,),
        LONG,
        emit=f"CASE WHEN {{0}} > 0 THEN ({{0}} - 1) % {_BITS} ELSE -({{0}} % {_BITS}) END",
    ),
    ScalarFunction(
        "bitmap_bucket_number",
        (LONG,),
        LONG,
        emit=f"CASE WHEN {{0}} > 0 THEN 1 + ({{0}} - 1) // {_BITS} ELSE {{0}} // {_BITS} END",
    ),
    ScalarFunction(
        "bitmap_count",
        (Input.ANY,),
        LONG,
        emit="CASE WHEN octet_length({0}) = 0 THEN 0 ELSE CAST(bit_count(CAST({0} AS BIT)) AS BIGINT) END",
        bind=_bind_count,
    ),
)
