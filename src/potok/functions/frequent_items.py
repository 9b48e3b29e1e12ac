"""The items that occur often: df.stat.freqItems. Source of fact: CollectFrequentItems, scala.collection.mutable.HashMap."""

from __future__ import annotations

import struct
from collections.abc import Hashable, Sequence
from typing import Any

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.functions.base import FILTER, AggregateFunction, Function, FunctionContext, Input
from potok.functions.hashing import murmur3
from potok.plan.expressions import AggregateCall, Expression
from potok.types import INTEGER, STRING, ArrayType

_LEAST_TABLE = 16
_MASK = 0xFFFFFFFF


class Counter:
    """Counts at most `size` items; the rarest make room for new ones, so that the frequent ones remain."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._counts: dict[Hashable, tuple[Any, int]] = {}
        self._table = _LEAST_TABLE

    def add(self, item: Any) -> None:  # noqa: ANN401 - a value of any type
        """Count an item once."""
        key = _hashable(item)
        counts = self._counts
        if key in counts:
            counts[key] = (item, counts[key][1] + 1)
            return
        if len(counts) < self._size:
            self._put(key, item, 1)
            return
        least = min((count for _, count in counts.values()), default=0)
        if least <= 1:
            self._put(key, item, 1)
            self._counts = {k: (v, n - least) for k, (v, n) in self._counts.items() if n > least}
        else:
            self._counts = {k: (v, n - 1) for k, (v, n) in counts.items()}

    def _put(self, key: Hashable, item: Any, count: int) -> None:  # noqa: ANN401 - a value of any type
        if len(self._counts) + 1 >= self._table * 3 // 4:
            self._table *= 2
        self._counts[key] = (item, count)

    def items(self) -> list[Any]:
        """Those that are left, in the order of Scala's hash table."""
        found = [(self._place(v), v) for v, _ in self._counts.values()]
        return [v for _, v in sorted(found, key=lambda pair: pair[0])]

    def _place(self, item: Any) -> tuple[int, int]:  # noqa: ANN401 - a value of any type
        code = _hash(item)
        improved = (code ^ (code >> 16)) & _MASK
        signed = improved - (1 << 32) if improved >> 31 else improved
        return improved & (self._table - 1), signed


def _hashable(item: Any) -> Hashable:  # noqa: ANN401 - a value of any type
    if isinstance(item, dict):
        return tuple((k, _hashable(v)) for k, v in item.items())
    if isinstance(item, list):
        return tuple(_hashable(v) for v in item)
    return "NaN" if isinstance(item, float) and item != item else (type(item), item)  # noqa: PLR0124 - NaN


def _hash(item: Any) -> int:  # noqa: ANN401 - a value of any type
    """Scala's `##` of Spark's own form of a value; 0 for types whose order is left as it comes."""
    match item:
        case None:
            return 0
        case bool():
            return 1231 if item else 1237
        case int():
            return item & _MASK if -(1 << 31) <= item < 1 << 31 else (item ^ (item >> 32)) & _MASK
        case float() if item.is_integer() and abs(item) < 1 << 31:
            return int(item) & _MASK
        case float():
            bits = int.from_bytes(struct.pack(">d", item), "big")
            return (bits ^ (bits >> 32)) & _MASK
        case str():
            return int(murmur3([pa.array([item])], [STRING], 42)[0]) & _MASK
    return 0


def frequent_items(lists: pa.Array, sizes: pa.Array) -> pa.Array:
    """The frequent items of each list."""
    results = []
    for items, size in zip(lists.to_pylist(), sizes.to_pylist(), strict=True):
        counter = Counter(size)
        for item in items or ():
            counter.add(item)
        results.append(counter.items())
    return pa.array(results, lists.type)


def _kernel(call: AggregateCall) -> Kernel:
    items = call.type
    name = f"potok_frequent_items_{abs(hash(items.simple_string))}"
    return Kernel(name, (items, INTEGER), items, frequent_items)


def _bind(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, size = arguments
    items = ArrayType(value.data_type, contains_null=True)
    return AggregateCall("collect_frequent_items", (value, size), items, is_nullable=False, ansi=context.ansi)


def _emit(call: AggregateCall, arguments: Sequence[str]) -> str:
    items = f"coalesce(list({arguments[0]}){FILTER}, [])"
    return f"{_kernel(call).name}({items}, {arguments[1]})"


FUNCTIONS: tuple[Function, ...] = (
    AggregateFunction(
        "collect_frequent_items",
        (Input.ANY, INTEGER),
        ArrayType(INTEGER),
        emit=_emit,
        bind=_bind,
        kernels=lambda call: (_kernel(call),),
    ),
)
