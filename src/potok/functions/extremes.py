"""max_by and min_by of several rows: the values of the rows that come last or first in an order.

Spark keeps so many rows in slots, and a heap of the slots whose first is the next to go; of rows that are equal it shows which were kept.
A heap in SQL is an array: how many slots are taken, then the slots in the order of the heap. Source of facts: MaxMinByK, MaxMinByKHeap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.functions.base import FILTER, AggregateFunction, Function, Input, ScalarFunction
from potok.functions.sql_text import let, let_all, sql_type
from potok.plan.expressions import AggregateCall, Call, Literal
from potok.types import (
    BINARY,
    INTEGER,
    LONG,
    ArrayType,
    DataType,
    DayTimeIntervalType,
    DoubleType,
    FloatType,
    StructField,
    StructType,
    YearMonthIntervalType,
    arrow_type,
)

_INTS = ArrayType(INTEGER)
Key = Any


# ---- the heap ---------------------------------------------------------------------------------


def _key(data_type: DataType) -> Callable[[Any], Key]:
    """A value as Python orders it like Spark: NaN is greatest, NULL inside of others least."""
    match data_type:
        case FloatType() | DoubleType():
            return lambda value: (math.isnan(value), 0.0 if math.isnan(value) else value)
        case StructType(fields=fields):
            parts = [(field.name, _nullable(_key(field.data_type))) for field in fields]
            return lambda value: tuple(key(value[name]) for name, key in parts)
        case ArrayType(element=element):
            inner = _nullable(_key(element))
            return lambda value: [inner(one) for one in value]
    return lambda value: value


def _nullable(key: Callable[[Any], Key]) -> Callable[[Any], Key]:
    return lambda value: (False, ()) if value is None else (True, key(value))


class _Heap:
    """So many of some rows, which are numbers; `keys` are what they are ordered by."""

    def __init__(self, keys: Sequence[Key], most: int, *, is_max: bool) -> None:
        self._keys, self._most, self._is_max = keys, most, is_max
        self.slots: list[int] = []
        self.order: list[int] = []

    def _is_before(self, one: int, other: int) -> bool:
        """Whether a row goes sooner than another."""
        a, b = self._keys[one], self._keys[other]
        return bool(a < b) if self._is_max else bool(b < a)

    def _at(self, place: int) -> int:
        return self.slots[self.order[place]]

    def insert(self, row: int) -> None:
        """One more row, for which another may go."""
        if len(self.slots) < self._most:
            self.order.append(len(self.slots))
            self.slots.append(row)
            self._rise(len(self.order) - 1)
        elif self._is_before(self._at(0), row):
            self.slots[self.order[0]] = row
            self._sink()

    def _swap(self, one: int, other: int) -> None:
        self.order[one], self.order[other] = self.order[other], self.order[one]

    def _rise(self, place: int) -> None:
        while place and self._is_before(self._at(place), self._at((place - 1) // 2)):
            self._swap(place, (place - 1) // 2)
            place = (place - 1) // 2

    def _sink(self) -> None:
        place, size = 0, len(self.order)
        while 2 * place + 1 < size:
            chosen = 2 * place + 1
            if chosen + 1 < size and self._is_before(self._at(chosen + 1), self._at(chosen)):
                chosen += 1
            if not self._is_before(self._at(chosen), self._at(place)):
                return
            self._swap(place, chosen)
            place = chosen

    def met(self) -> _Heap:
        """The rows in a new heap, which takes them in the order of this one: what a shuffle does."""
        other = _Heap(self._keys, self._most, is_max=self._is_max)
        for slot in self.order:
            other.insert(self.slots[slot])
        return other

    def sorted_rows(self) -> list[int]:
        """The rows, the first ones first."""
        return sorted(self.slots, key=self._keys.__getitem__, reverse=self._is_max)

    def encode(self) -> list[int]:
        """The heap, and the row in each slot from 1 on, 0 where there is none."""
        rest = [0] * (self._most - len(self.slots))
        return [len(self.slots), *self.order, *rest, *(row + 1 for row in self.slots), *rest]


def _of_rows(orderings: Sequence[Any] | None, most: int, key: Callable[[Any], Key], *, is_max: bool) -> _Heap:
    values = orderings or ()
    keys = [None if value is None else key(value) for value in values]
    heap = _Heap(keys, most, is_max=is_max)
    for row, one in enumerate(keys):
        if one is not None:
            heap.insert(row)
    return heap


def _taken(heap: Sequence[int] | None) -> Sequence[int]:
    """The slots of a heap in its order."""
    return () if heap is None else heap[1 : 1 + heap[0]]


# ---- kernels ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Kernels:
    """What is computed over an order of one type and direction."""

    part: Kernel
    joined: Kernel
    picked: Kernel
    first: Kernel


def _kernels(ordering: DataType, *, is_max: bool) -> _Kernels:
    if isinstance(ordering, DayTimeIntervalType):
        inner: DataType = LONG
    else:
        inner = INTEGER if isinstance(ordering, YearMonthIntervalType) else ordering
    key = _key(inner)
    values = ArrayType(inner)
    letters = "".join(letter if letter.isalnum() else "_" for letter in inner.simple_string)
    name = f"potok_{'max' if is_max else 'min'}_by_{letters}"

    def part(orderings: pa.Array, most: pa.Array) -> pa.Array:
        rows = zip(orderings.to_pylist(), most.to_pylist(), strict=True)
        return _ints(_of_rows(values, k, key, is_max=is_max).met().encode() for values, k in rows)

    def first(orderings: pa.Array, most: pa.Array) -> pa.Array:
        rows = zip(orderings.to_pylist(), most.to_pylist(), strict=True)
        return _positions(_of_rows(values, k, key, is_max=is_max).met() for values, k in rows)

    def joined(
        old: pa.Array, old_heap: pa.Array, new: pa.Array, new_heap: pa.Array, most: pa.Array
    ) -> pa.Array:
        made = []
        columns = (column.to_pylist() for column in (old, old_heap, new, new_heap, most))
        for kept, kept_heap, come, come_heap, k in zip(*columns, strict=True):
            before = kept or []
            keys = [None if value is None else key(value) for value in (*before, *come)]
            heap = _Heap(keys, k, is_max=is_max)
            for slot in (*_taken(kept_heap), *(len(before) + slot for slot in _taken(come_heap))):
                heap.insert(slot)
            made.append(heap.encode())
        return _ints(made)

    def picked(orderings: pa.Array, heaps: pa.Array, most: pa.Array) -> pa.Array:
        made = []
        columns = (column.to_pylist() for column in (orderings, heaps, most))
        for values, taken, k in zip(*columns, strict=True):
            heap = _Heap([None if value is None else key(value) for value in values], k, is_max=is_max)
            for slot in _taken(taken):
                heap.insert(slot)
            made.append(heap)
        return _positions(made)

    return _Kernels(
        Kernel(f"{name}_part", (values, INTEGER), _INTS, part),
        Kernel(f"{name}_joined", (values, _INTS, values, _INTS, INTEGER), _INTS, joined),
        Kernel(f"{name}_picked", (values, _INTS, INTEGER), _INTS, picked),
        Kernel(f"{name}_first", (values, INTEGER), _INTS, first),
    )


def _ints(rows: Any) -> pa.Array:  # noqa: ANN401 - lists of numbers
    return pa.array(list(rows), arrow_type(_INTS))


def _positions(heaps: Any) -> pa.Array:  # noqa: ANN401 - heaps
    """Where the rows stand from 1 on; NULL where there are none."""
    return _ints([row + 1 for row in heap.sorted_rows()] or None for heap in heaps)


# ---- SQL --------------------------------------------------------------------------------------


def _most(call: AggregateCall | Call) -> int:
    size = call.arguments[-1]
    if not isinstance(size, Literal):
        raise TypeError(size)
    return int(size.value)


def _of_call(call: AggregateCall | Call) -> _Kernels:
    """By the ordering of an aggregate, or that of the kept columns, an array."""
    ordering = call.arguments[1].data_type
    if isinstance(call, Call) and isinstance(ordering, ArrayType):
        ordering = ordering.element
    return _kernels(ordering, is_max=call.name.startswith("max"))


def emit_several(call: AggregateCall, arguments: Sequence[str]) -> str:
    """`max_by(value, ordering, k)` over the rows of a group."""
    value, ordering, most = arguments
    found = f"{_of_call(call).first.name}(list({ordering}){FILTER}, {most})"
    return let_all(
        (f"list({value}){FILTER}", found),
        lambda values, rows: f"list_transform({rows}, lambda row: {values}[row])",
    )


def several_kernels(call: AggregateCall) -> tuple[Kernel, ...]:
    """What `emit_several` needs."""
    return (_of_call(call).first,) if len(call.arguments) > 2 else ()  # noqa: PLR2004 - the third says how many


def _emit_part(column: int, call: AggregateCall, arguments: Sequence[str]) -> str:
    """A column of the state: values, orderings or the heap."""
    value, ordering, most = arguments
    heap = f"{_of_call(call).part.name}(list({ordering}){FILTER}, {most})"
    if column == 2:  # noqa: PLR2004 - the heap
        return f"list_slice({heap}, 1, {_most(call) + 1})"
    source = (value, ordering)[column]
    return let(f"list({source}){FILTER}", lambda values: _slots(heap, values, _most(call)))


def _slots(heap: str, values: str, most: int) -> str:
    return f"list_transform(list_slice({heap}, {most + 2}, {2 * most + 1}), lambda slot: {values}[slot])"


def _emit_joined(column: int, call: Call, arguments: Sequence[str]) -> str:
    """A column of the state after one more batch, from the columns that were kept and come."""
    old, new, most = arguments[:3], arguments[3:6], arguments[6]
    heap = f"{_of_call(call).joined.name}({old[1]}, {old[2]}, {new[1]}, {new[2]}, {most})"
    if column == 2:  # noqa: PLR2004 - the heap
        return f"list_slice({heap}, 1, {_most(call) + 1})"
    empty = f"CAST([] AS {sql_type(call.arguments[column].data_type)})"
    both = f"list_concat(coalesce({old[column]}, {empty}), {new[column]})"
    return let(both, lambda values: _slots(heap, values, _most(call)))


def _emit_picked(call: Call, arguments: Sequence[str]) -> str:
    values, orderings, heap, most = arguments
    rows = f"{_of_call(call).picked.name}({orderings}, {heap}, {most})"
    return let(values, lambda found: f"list_transform({rows}, lambda row: {found}[row])")


COLUMNS = ("values", "orderings", "heapIndices")


def _functions(name: str) -> tuple[Function, ...]:
    parts = [
        AggregateFunction(
            f"{name}.{column}",
            (Input.ANY,) * 3,
            BINARY,
            emit=partial(_emit_part, position),
            kernels=lambda call: (_of_call(call).part,),
        )
        for position, column in enumerate(COLUMNS)
    ]
    joins = [
        ScalarFunction(
            f"{name}.joined.{column}",
            (Input.ANY,) * 7,
            BINARY,
            emit=partial(_emit_joined, position),
            kernels=lambda call: (_of_call(call).joined,),
        )
        for position, column in enumerate(COLUMNS)
    ]
    picked = ScalarFunction(
        f"{name}.picked",
        (Input.ANY,) * 4,
        BINARY,
        emit=_emit_picked,
        kernels=lambda call: (_of_call(call).picked,),
    )
    return (*parts, *joins, picked)


FUNCTIONS: tuple[Function, ...] = (*_functions("max_by"), *_functions("min_by"))


# ---- the state --------------------------------------------------------------------------------


@dataclass(frozen=True)
class HeapForm:
    """The heap as Spark keeps it: bytes, each number in four, the least significant first."""

    values: DataType
    orderings: DataType

    @property
    def columns(self) -> tuple[StructField, ...]:
        """Values, orderings and the heap as an array."""
        kinds = (self.values, self.orderings, _INTS)
        return tuple(StructField(name, kind) for name, kind in zip(COLUMNS, kinds, strict=True))

    def pack(self, columns: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        heaps = [np.array(heap, "<i4").tobytes() for heap in columns[2].to_pylist()]
        return [*columns[:2], pa.array(heaps, arrow_type(BINARY))]

    def unpack(self, state: Sequence[pa.Array]) -> list[pa.Array]:
        """See Form."""
        return [*state[:2], _ints(np.frombuffer(heap, "<i4").tolist() for heap in state[2].to_pylist())]
