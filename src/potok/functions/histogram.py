"""histogram_numeric: the centres and heights of a number of bins.

A new value is a bin of height one; while there are too many bins, the two nearest are merged, and of pairs that are equally
near one is drawn. The state is the greatest number of bins, their number, and centre and height of each, most significant byte
first. Source of facts: NumericHistogram, HistogramNumeric.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.java_random import JavaRandom
from potok.functions.mismatch import call
from potok.functions.sketch_arguments import constant, out_of_range, unlike, whole_number
from potok.functions.sketch_base import Sketch, SketchAggregate
from potok.functions.type_rules import cast_to, implicit_cast
from potok.plan.expressions import AggregateCall, Call, Expression, Literal
from potok.types import (
    BINARY,
    DOUBLE,
    INTEGER,
    LONG,
    ArrayType,
    ByteType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    LongType,
    NumericType,
    ShortType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
    arrow_type,
)

_SEED = 31183
_HEADER = struct.Struct(">ii")
_FEWEST_BINS = 2
_INTS, _LONGS = np.iinfo(np.int32), np.iinfo(np.int64)
_ACCEPTED = (
    "NUMERIC", "DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "INTERVAL YEAR TO MONTH", "INTERVAL DAY TO SECOND", "TIME",
)  # fmt: skip
_AS_LONG = (DayTimeIntervalType, LongType, TimestampType, TimestampNTZType)
_MOMENTS = (DateType, TimestampType, TimestampNTZType, YearMonthIntervalType, DayTimeIntervalType)
Doubles = npt.NDArray[np.float64]


class Histogram:
    """The bins of one group."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.centres: list[float] = []
        self.heights: list[float] = []
        self._random = JavaRandom(_SEED)
        self._has_nan = False

    def add(self, value: float) -> None:
        """One more value."""
        centres = self.centres
        place = self._place(value)
        if place < len(centres) and centres[place] == value:
            self.heights[place] += 1
            return
        centres.insert(place, value)
        self.heights.insert(place, 1.0)
        self._trim()

    def _place(self, value: float) -> int:
        """Where a value belongs. NaN is where the search of Spark ends that takes it for equal to all others."""
        centres = self.centres
        self._has_nan = self._has_nan or value != value  # noqa: PLR0124 - only NaN differs from itself
        if not self._has_nan:
            return bisect_left(centres, value)
        place, low, high = 0, 0, len(centres)
        while low < high:
            place = (low + high) // 2
            if centres[place] > value:
                high = place
            elif centres[place] < value:
                place += 1
                low = place
            else:
                break
        return place

    def join(self, centres: Sequence[float], heights: Sequence[float], most: int) -> None:
        """Those of another histogram, which an empty one takes as they are."""
        if not self.centres:
            self.most, self.centres, self.heights = most, list(centres), list(heights)
        else:
            bins = [*zip(self.centres, self.heights, strict=True), *zip(centres, heights, strict=True)]
            bins.sort(key=lambda one: _java_order(one[0]))
            self.centres, self.heights = [x for x, _ in bins], [y for _, y in bins]
        self._has_nan = any(x != x for x in self.centres)  # noqa: PLR0124 - only NaN differs from itself
        self._trim()

    def _trim(self) -> None:
        """Merge the nearest bins until there are few enough."""
        centres, heights = self.centres, self.heights
        while len(centres) > self.most:
            place = self._nearest([b - a for a, b in pairwise(centres)])
            total = heights[place] + heights[place + 1]
            centre = centres[place] * (heights[place] / total)
            centres[place] = centre + centres[place + 1] / total * heights[place + 1]
            heights[place] = total
            del centres[place + 1], heights[place + 1]
            self._has_nan = self._has_nan or centres[place] != centres[place]

    def _nearest(self, distances: Sequence[float]) -> int:
        """The first of the nearest pairs, unless a later one that is as near is drawn."""
        smallest, place, ties = distances[0], 0, 1
        for i, distance in enumerate(distances):
            if not i:
                continue
            if distance < smallest:
                smallest, place, ties = distance, i, 1
            elif distance == smallest:
                ties += 1
                if self._random.next_double() <= 1.0 / ties:
                    place = i
        return place

    def encode(self) -> bytes:
        """As Spark keeps it."""
        pairs = np.empty((len(self.centres), 2), ">f8")
        pairs[:, 0], pairs[:, 1] = self.centres, self.heights
        return _HEADER.pack(self.most, len(self.centres)) + pairs.tobytes()


def _java_order(value: float) -> tuple[bool, float, float]:
    """As java.lang.Double.compare: -0.0 before 0.0, NaN last."""
    return (True, 0.0, 0.0) if math.isnan(value) else (False, value, math.copysign(1.0, value))


def _build(values: pa.Array, bins: int) -> bytes:
    histogram = Histogram(bins)
    for value in values.to_pylist():
        histogram.add(value)
    return histogram.encode()


def _merge(parts: Sequence[bytes], bins: int) -> bytes:
    if len(parts) == 1:
        return parts[0]
    histogram = Histogram(bins)
    for part in parts:
        most, _ = _HEADER.unpack_from(part)
        pairs = np.frombuffer(part, ">f8", offset=_HEADER.size).reshape(-1, 2).astype(np.float64)
        histogram.join(pairs[:, 0].tolist(), pairs[:, 1].tolist(), most)
    return histogram.encode()


_SKETCH = Sketch("histogram", DOUBLE, (INTEGER,), _build, _merge)


# ---- the value --------------------------------------------------------------------------------


def _bins_kernel(element: DataType) -> Kernel:
    """The bins of each histogram; NULL where there are none. Intervals are whole numbers inside SQL."""
    if isinstance(element, DayTimeIntervalType):
        inner: DataType = LONG
    elif isinstance(element, YearMonthIntervalType):
        inner = INTEGER
    else:
        inner = element
    result = _array_of(inner)
    name = "".join(letter if letter.isalnum() else "_" for letter in inner.simple_string)

    def compute(histograms: pa.Array) -> pa.Array:
        parts = histograms.to_pylist()
        data = b"".join(part[_HEADER.size :] for part in parts)
        pairs = np.frombuffer(data, ">f8").reshape(-1, 2).astype(np.float64)
        counts = np.array([(len(part) - _HEADER.size) // 16 for part in parts], np.int64)
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        kind = arrow_type(result)
        fields = list(kind.value_type)
        bins = pa.StructArray.from_arrays(
            [_numbers(pairs[:, 0], inner), pa.array(pairs[:, 1])], fields=fields
        )
        return pa.ListArray.from_arrays(pa.array(offsets), bins, type=kind, mask=pa.array(counts == 0))

    return Kernel(f"potok_histogram_bins_{name}", (BINARY,), result, compute)


def _numbers(centres: Doubles, element: DataType) -> pa.Array:
    """Centres in the type of the values, cut as Java does."""
    kind = arrow_type(element)
    match element:
        case DecimalType(precision=precision, scale=scale):
            unit, context = Decimal(1).scaleb(-scale), Context(prec=2 * precision + 40)
            rounded = [
                Decimal(repr(x)).quantize(unit, ROUND_HALF_UP, context) if math.isfinite(x) else None
                for x in centres.tolist()
            ]
            fits = [x if x is not None and len(x.as_tuple().digits) <= precision else None for x in rounded]
            return pa.array(fits, kind)
        case FloatType():
            with np.errstate(over="ignore"):
                return pa.array(centres.astype(np.float32))
        case DoubleType():
            return pa.array(centres)
    limits = _LONGS if isinstance(element, _AS_LONG) else _INTS
    whole = np.zeros(centres.size, np.int64)
    # The largest BIGINT is no double.
    above, below = centres >= float(limits.max), centres <= float(limits.min)
    inside = ~(above | below | np.isnan(centres))
    whole[inside] = np.trunc(centres[inside]).astype(np.int64)
    whole[above], whole[below] = limits.max, limits.min
    match element:
        case ByteType():
            return pa.array(whole.astype(np.int8))
        case ShortType():
            return pa.array(whole.astype(np.int16))
    if limits is _INTS:
        return pa.array(whole.astype(np.int32)).view(kind)
    return pa.array(whole).view(kind)


# ---- the function -----------------------------------------------------------------------------


def _array_of(element: DataType) -> ArrayType:
    return ArrayType(StructType((StructField("x", element), StructField("y", DOUBLE))))


def _bind(arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    value = arguments[0]
    if not isinstance(value.data_type, _MOMENTS):
        numeric = implicit_cast(value, Input.NUMERIC, context)
        if numeric is None:
            raise unlike(0, value.data_type, _ACCEPTED)
        value = numeric
    number = whole_number(arguments, 1, context)
    bins = constant("nb", number, 1)
    if bins < _FEWEST_BINS:
        raise out_of_range("nb", f"[{_FEWEST_BINS}, {_INTS.max}]", str(bins))
    is_number = isinstance(value.data_type, NumericType)
    real = cast_to(value, DOUBLE, context) if is_number else call("plain.number", (value,), DOUBLE, context)
    element = value.data_type if context.histogram_keeps_type else DOUBLE
    arguments = (real, Literal(bins, INTEGER))
    return AggregateCall("histogram_numeric", arguments, _array_of(element), ansi=context.ansi)


def _emit_number(call_: Call, arguments: Sequence[str]) -> str:
    value = arguments[0]
    match call_.arguments[0].data_type:
        case DateType():
            return f"CAST(date_diff('day', DATE '1970-01-01', {value}) AS DOUBLE)"
        case TimestampType() | TimestampNTZType():
            return f"CAST(epoch_us({value}) AS DOUBLE)"
    return f"CAST({value} AS DOUBLE)"


def _value_kernel(call_: AggregateCall | Call) -> Kernel:
    if not isinstance(call_.type, ArrayType) or not isinstance(call_.type.element, StructType):
        raise TypeError(call_.type)
    return _bins_kernel(call_.type.element.fields[0].data_type)


AGGREGATES = (
    SketchAggregate(
        "histogram_numeric",
        count=2,
        optional=0,
        bind=_bind,
        sketch=lambda _: _SKETCH,
        value=lambda call_, text: f"{_value_kernel(call_).name}({text})",
        kernels=lambda call_: (_value_kernel(call_),),
        nullable=True,
    ),
)
FUNCTIONS: tuple[Function, ...] = (
    *(function for aggregate in AGGREGATES for function in aggregate.functions),
    ScalarFunction("plain.number", (Input.ANY,), DOUBLE, emit=_emit_number),
)
