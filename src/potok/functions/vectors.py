"""vector_sum and vector_avg: sums and means of vectors, in single precision and row by row.

A sketch is the number of vectors and their sum or mean; vectors with a NULL inside are left out. Source of facts: VectorAggregateBase,
VectorSum and VectorAvg of Catalyst.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError
from potok.functions.base import Function, FunctionContext
from potok.functions.mismatch import unexpected_argument
from potok.functions.row_kernels import row_kernel
from potok.functions.sketch_base import Sketch, SketchAggregate
from potok.plan.expressions import AggregateCall, Expression
from potok.types import BINARY, FLOAT, LONG, ArrayType, FloatType, StructField, arrow_type

_COUNT = struct.Struct("<q")
_VECTOR = ArrayType(FLOAT)
Floats = npt.NDArray[np.float32]
Add = Callable[[Floats, int, Floats, int], Floats]


def _sum(one: Floats, _: int, other: Floats, __: int) -> Floats:
    return one + other


def _mean(one: Floats, count: int, other: Floats, more: int) -> Floats:
    return one + (other - one) * (np.float32(more) / np.float32(count + more))


def _joined(name: str, add: Add, parts: Sequence[tuple[int, Floats]]) -> bytes:
    """All parts, one after the other. Raises VECTOR_DIMENSION_MISMATCH."""
    total, found = 0, np.zeros(0, np.float32)
    for count, vector in parts:
        if not count:
            continue
        if not total:
            total, found = count, vector
            continue
        if found.size != vector.size:
            raise SparkError(
                "VECTOR_DIMENSION_MISMATCH",
                functionName=f"`{name}`",
                leftDim=found.size,
                rightDim=vector.size,
            )
        with np.errstate(over="ignore", invalid="ignore"):
            found = add(found, total, vector, count)
        total += count
    return _COUNT.pack(total) + found.astype("<f4").tobytes()


def _build(name: str, add: Add, values: pa.Array) -> bytes:
    rows = (value for value in values.to_pylist() if None not in value)
    return _joined(name, add, [(1, np.array(row, np.float32)) for row in rows])


def _decoded(data: bytes) -> tuple[int, Floats]:
    return _COUNT.unpack_from(data)[0], np.frombuffer(data, "<f4", offset=_COUNT.size)


def _merge(name: str, add: Add, parts: Sequence[bytes]) -> bytes:
    return _joined(name, add, [_decoded(part) for part in parts])


def _value(data: bytes) -> list[float] | None:
    count, vector = _decoded(data)
    found: list[float] = vector.tolist()
    return found if count else None


_VALUE: Kernel = row_kernel("vector_of_sketch", (BINARY,), _VECTOR, _value)


def _bind(name: str, arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    kind = arguments[0].data_type
    if not isinstance(kind, ArrayType) or not isinstance(kind.element, FloatType):
        raise unexpected_argument(0, kind, '"ARRAY<FLOAT>"')
    result = ArrayType(FLOAT, contains_null=False)
    return AggregateCall(name, (arguments[0],), result, ansi=context.ansi)


def _aggregate(name: str, add: Add) -> SketchAggregate:
    sketch = Sketch(name, _VECTOR, (), partial(_build, name, add), partial(_merge, name, add))
    return SketchAggregate(
        name,
        1,
        0,
        partial(_bind, name),
        lambda _: sketch,
        value=lambda _, text: f"{_VALUE.name}({text})",
        kernels=lambda _: (_VALUE,),
        nullable=True,
    )


AGGREGATES = (_aggregate("vector_sum", _sum), _aggregate("vector_avg", _mean))
FUNCTIONS: tuple[Function, ...] = tuple(
    function for aggregate in AGGREGATES for function in aggregate.functions
)


@dataclass(frozen=True)
class VectorForm:
    """The numbers, NULL where there is no vector, and how many vectors there are."""

    @property
    def columns(self) -> tuple[StructField, ...]:
        """The sketch."""
        return (StructField("sketch", BINARY),)

    def pack(self, columns: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        parts = columns[0].to_pylist()
        counts = [_COUNT.unpack_from(part)[0] for part in parts]
        numbers = [part[_COUNT.size :] if count else None for part, count in zip(parts, counts, strict=True)]
        return [pa.array(numbers, arrow_type(BINARY)), pa.array(counts, arrow_type(LONG))]

    def unpack(self, state: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        rows = zip(state[0].to_pylist(), state[1].to_pylist(), strict=True)
        return [pa.array([_COUNT.pack(count) + (data or b"") for data, count in rows], arrow_type(BINARY))]
