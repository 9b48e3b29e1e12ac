"""approx_top_k and approx_top_k_accumulate: the most frequent values of a group, and approx_top_k_estimate: those of a sketch.

The state is a sketch of items and the number of NULLs, most significant byte first. Source of facts: ApproxTopKAggregates,
ApproxTopKExpressions of Catalyst.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError, unsupported
from potok.functions import items_sketch
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.items_sketch import KINDS, ItemsSketch
from potok.functions.mismatch import call, mismatch, unexpected_argument
from potok.functions.raising import quote_text
from potok.functions.sketch_arguments import is_foldable, value_of
from potok.functions.sketch_base import Sketch, SketchAggregate
from potok.functions.sql_text import typed_null
from potok.functions.type_rules import implicit_cast
from potok.plan.expressions import AggregateCall, Call, Expression, Literal
from potok.types import (
    BINARY,
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    STRING,
    ArrayType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    NullType,
    ShortType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
    arrow_type,
)

_DEFAULT_K, _DEFAULT_TRACKED, _MOST_TRACKED = 5, 10_000, 1_000_000
_NULLS = struct.Struct(">q")
_KIND_OF: dict[type[DataType], str] = {
    BooleanType: "boolean",
    ByteType: "byte",
    ShortType: "short",
    IntegerType: "int",
    DateType: "int",
    LongType: "long",
    TimestampType: "long",
    TimestampNTZType: "long",
    FloatType: "float",
    DoubleType: "double",
    StringType: "string",
}
_STATE_FIELDS = 4


# ---- the sketch -------------------------------------------------------------------------------


def _items(values: pa.Array) -> list[Any]:
    """Values as items: floating point numbers are their bits, of which NaN has one pattern."""
    items: list[Any]
    if not pa.types.is_floating(values.type):
        items = values.to_pylist()
        return items
    numbers = np.asarray(values)
    bits = np.int32 if pa.types.is_float32(values.type) else np.int64
    canonical = np.where(np.isnan(numbers), numbers.dtype.type(math.nan), numbers).astype(numbers.dtype)
    items = canonical.view(bits).tolist()
    return items


def _build(values: pa.Array, tracked: int, kind: str) -> bytes:
    sketch = ItemsSketch(KINDS[kind], items_sketch.lg_of_tracked(tracked))
    for item in _items(values.drop_null()):
        sketch.update(item)
    return sketch.encode() + _NULLS.pack(values.null_count)


def _merge(parts: Sequence[bytes], tracked: int, kind: str) -> bytes:
    merged = ItemsSketch(KINDS[kind], items_sketch.lg_of_tracked(tracked))
    nulls = 0
    for part in parts:
        merged.merge(items_sketch.decode(part[: -_NULLS.size], KINDS[kind]))
        nulls += _NULLS.unpack(part[-_NULLS.size :])[0]
    return merged.encode() + _NULLS.pack(nulls)


def _sketch(name: str, element: DataType) -> Sketch:
    return Sketch(
        f"top_k_{name}", element, (INTEGER, STRING), _build, _merge, is_settled=False, keeps_nulls=True
    )


_BY_TYPE = {
    BooleanType: _sketch("booleans", BOOLEAN),
    FloatType: _sketch("floats", FLOAT),
    DoubleType: _sketch("doubles", DOUBLE),
    StringType: _sketch("texts", STRING),
}
_WHOLE = _sketch("numbers", LONG)


def _sketch_of(call_: AggregateCall | Call) -> Sketch:
    return _BY_TYPE.get(type(call_.arguments[0].data_type), _WHOLE)


# ---- the value --------------------------------------------------------------------------------


def _ranked(data: bytes, kind: str, most: int, *, is_merged: bool) -> list[tuple[Any, int]]:
    """The most frequent items of a state; NULL among them, behind items that are as frequent."""
    sketch = items_sketch.decode(data[: -_NULLS.size], KINDS[kind])
    if is_merged:
        merged = ItemsSketch(KINDS[kind], sketch.lg_most)
        merged.merge(sketch)
        sketch = merged
    nulls = _NULLS.unpack(data[-_NULLS.size :])[0]
    found = sketch.frequent()
    if nulls:
        place = next((i for i, (_, count) in enumerate(found) if nulls > count), len(found))
        found.insert(place, (None, nulls))
    return found[:most]


def _top_kernel(item: DataType, *, is_merged: bool) -> Kernel:
    result = _result_of(item)
    kind = _KIND_OF[type(item)]

    def compute(states: pa.Array, most: pa.Array) -> pa.Array:
        ranked = [
            None if state is None or k is None else _ranked(state, kind, k, is_merged=is_merged)
            for state, k in zip(states.to_pylist(), most.to_pylist(), strict=True)
        ]
        flat = [one for found in ranked for one in found or ()]
        arrow = arrow_type(result)
        counts = pa.array([count for _, count in flat], pa.int64())
        entries = pa.StructArray.from_arrays(
            [_array([one for one, _ in flat], item), counts], fields=list(arrow.value_type)
        )
        offsets = np.concatenate([[0], np.cumsum([len(found or ()) for found in ranked])]).astype(np.int32)
        mask = pa.array([found is None for found in ranked])
        return pa.ListArray.from_arrays(pa.array(offsets), entries, type=arrow, mask=mask)

    merging = "_merged" if is_merged else ""
    return Kernel(f"potok_top_k{merging}_{kind}_{item.type_name}", (BINARY, INTEGER), result, compute)


def _array(items: list[Any], item: DataType) -> pa.Array:
    kind = arrow_type(item)
    if isinstance(item, FloatType | DoubleType):
        return pa.array(items, pa.int32() if isinstance(item, FloatType) else pa.int64()).view(kind)
    if isinstance(item, DateType):
        return pa.array(items, pa.int32()).view(kind)
    if isinstance(item, TimestampType | TimestampNTZType):
        return pa.array(items, pa.int64()).view(kind)
    return pa.array(items, kind)


def _result_of(item: DataType) -> ArrayType:
    fields = (StructField("item", item), StructField("count", LONG, nullable=False))
    return ArrayType(StructType(fields), contains_null=False)


def _state_of(item: DataType) -> StructType:
    return StructType(
        (
            StructField("sketch", BINARY, nullable=False),
            StructField("maxItemsTracked", INTEGER, nullable=False),
            StructField("itemDataType", item),
            StructField("itemDataTypeDDL", STRING, nullable=False),
        )
    )


def _item_of(kind: DataType) -> DataType:
    """The type of the items of a value or a state."""
    if isinstance(kind, ArrayType) and isinstance(kind.element, StructType):
        return kind.element.fields[0].data_type
    if isinstance(kind, StructType):
        return kind.fields[2].data_type
    raise TypeError(kind)


def _literal(call_: AggregateCall | Call, position: int) -> Any:  # noqa: ANN401 - a literal's value
    argument = call_.arguments[position]
    if not isinstance(argument, Literal):
        raise TypeError(argument)
    return argument.value


def _top(call_: AggregateCall | Call, text: str) -> str:
    return f"{_top_kernel(_item_of(call_.type), is_merged=True).name}({text}, {_literal(call_, 3)})"


def _state(call_: AggregateCall | Call, text: str) -> str:
    item = _item_of(call_.type)
    ddl = "item string not null" if isinstance(item, StringType) else f"item {item.sql} NOT NULL"
    return (
        f"struct_pack(sketch := {text}, maxItemsTracked := {_literal(call_, 1)},"
        f" itemDataType := {typed_null(item)}, itemDataTypeDDL := {quote_text(ddl)})"
    )


# ---- the functions ----------------------------------------------------------------------------


def _refused(message: str) -> SparkError:
    return mismatch("TYPE_CHECK_FAILURE_WITH_HINT", msg=message, hint="")


def _constant(
    arguments: Sequence[Expression],
    position: int,
    default: int,
    name: str,
    shown: str,
    context: FunctionContext,
) -> int:
    """A positive number. `name` stands in errors of its value, `shown` in that of its place."""
    if position >= len(arguments):
        return default
    argument = arguments[position]
    number = implicit_cast(argument, INTEGER, context)
    if number is None:
        raise unexpected_argument(position, argument.data_type, '"INT"')
    if not is_foldable(argument):
        raise _refused(f"{shown} must be a constant literal")
    value = value_of(number)
    if value is None:
        raise SparkError("APPROX_TOP_K_NULL_ARG", argName=f"`{name}`")
    if value <= 0:
        raise SparkError("APPROX_TOP_K_NON_POSITIVE_ARG", argName=f"`{name}`", argValue=value)
    return int(value)


def _tracked(arguments: Sequence[Expression], position: int, context: FunctionContext) -> int:
    tracked = _constant(
        arguments, position, _DEFAULT_TRACKED, "maxItemsTracked", "The number of items tracked", context
    )
    if tracked > _MOST_TRACKED:
        raise SparkError(
            "APPROX_TOP_K_MAX_ITEMS_TRACKED_EXCEEDS_LIMIT", maxItemsTracked=tracked, limit=_MOST_TRACKED
        )
    return tracked


def _value(value: Expression, context: FunctionContext) -> tuple[Expression, DataType]:
    """The items as the sketch takes them, and their type."""
    kind = value.data_type
    if isinstance(kind, DecimalType):
        raise unsupported("The function approx_top_k of decimals", "Cast them to DOUBLE or STRING.")
    if isinstance(kind, NullType) or type(kind) not in _KIND_OF:
        raise _refused(f"{kind.type_name} columns are not supported")
    if type(kind) in _BY_TYPE:
        return value, kind
    return call("plain.integer", (value,), LONG, context), kind


def _bind_top(arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    value, kind = _value(arguments[0], context)
    most = _constant(arguments, 1, _DEFAULT_K, "k", "K", context)
    tracked = _tracked(arguments, 2, context)
    if tracked < most:
        raise SparkError("APPROX_TOP_K_MAX_ITEMS_TRACKED_LESS_THAN_K", maxItemsTracked=tracked, k=most)
    given = (value, *_constants(tracked, kind), Literal(most, INTEGER))
    return AggregateCall("approx_top_k", given, _result_of(kind), is_nullable=False, ansi=context.ansi)


def _bind_state(arguments: Sequence[Expression], context: FunctionContext) -> AggregateCall:
    value, kind = _value(arguments[0], context)
    given = (value, *_constants(_tracked(arguments, 1, context), kind))
    return AggregateCall(
        "approx_top_k_accumulate", given, _state_of(kind), is_nullable=False, ansi=context.ansi
    )


def _constants(tracked: int, kind: DataType) -> tuple[Literal, Literal]:
    return Literal(tracked, INTEGER), Literal(_KIND_OF[type(kind)], STRING)


def _bind_estimate(arguments: Sequence[Expression], context: FunctionContext) -> Call:
    state = arguments[0]
    kind = state.data_type
    if not isinstance(kind, StructType) or len(kind.fields) != _STATE_FIELDS:
        raise unexpected_argument(0, kind, '"STRUCT"')
    item = kind.fields[2].data_type
    if type(item) not in _KIND_OF:
        raise unsupported("approx_top_k_estimate of such a sketch", "Use approx_top_k_accumulate to make it.")
    most = _constant(arguments, 1, _DEFAULT_K, "k", "K", context)
    given = (state, Literal(most, INTEGER))
    return call("approx_top_k_estimate", given, _result_of(item), context, nullable=state.nullable)


def _emit_estimate(call_: Call, arguments: Sequence[str]) -> str:
    kernel = _top_kernel(_item_of(call_.type), is_merged=False)
    return f"{kernel.name}(struct_extract_at({arguments[0]}, 1), {arguments[1]})"


def _emit_integer(call_: Call, arguments: Sequence[str]) -> str:
    value = arguments[0]
    match call_.arguments[0].data_type:
        case DateType():
            return f"CAST(date_diff('day', DATE '1970-01-01', {value}) AS BIGINT)"
        case TimestampType() | TimestampNTZType():
            return f"epoch_us({value})"
    return f"CAST({value} AS BIGINT)"


AGGREGATES = (
    SketchAggregate(
        "approx_top_k",
        3,
        2,
        _bind_top,
        _sketch_of,
        value=_top,
        kernels=lambda call_: (_top_kernel(_item_of(call_.type), is_merged=True),),
        merges_value=True,
    ),
    SketchAggregate("approx_top_k_accumulate", 2, 1, _bind_state, _sketch_of, value=_state),
)
FUNCTIONS: tuple[Function, ...] = (
    *(function for aggregate in AGGREGATES for function in aggregate.functions),
    ScalarFunction(
        "approx_top_k_estimate",
        (Input.ANY, Input.ANY),
        LONG,
        emit=_emit_estimate,
        optional=1,
        bind=_bind_estimate,
        kernels=lambda call_: (_top_kernel(_item_of(call_.type), is_merged=False),),
    ),
    ScalarFunction("plain.integer", (Input.ANY,), LONG, emit=_emit_integer),
)
