"""Aggregates whose buffer is bytes: what they are made of, and how they become SQL.

A sketch is built from the values of a group, in the order of the rows, and merged from other sketches. Spark builds one
where the rows are read, and merges that into an empty one wherever rows of a group meet: twice in a batch of a stream
before it keeps the result, and once before it reads the value. Some sketches change by that, so potok merges as often.
Source of facts: TypedImperativeAggregate, and the aggregation of a streaming query (AggUtils.planStreamingAggregation).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.functions.base import (
    FILTER,
    AggregateFunction,
    Function,
    FunctionContext,
    Input,
    Nullability,
    ScalarFunction,
)
from potok.plan.expressions import AggregateCall, Call, Expression, Literal
from potok.types import BINARY, ArrayType, DataType, arrow_type

Build = Callable[..., bytes]
Merge = Callable[..., bytes]
Bind = Callable[[Sequence[Expression], FunctionContext], AggregateCall]


@dataclass(frozen=True)
class Sketch:
    """How sketches of one kind are made.

    `build` takes the values of a group (an Arrow array of `element`, without NULLs unless `keeps_nulls`) and the constants;
    `merge` sketches, of which none is missing, and the constants. `is_settled`: merging one sketch alone gives the same bytes.
    """

    name: str
    element: DataType
    constants: tuple[DataType, ...]
    build: Build
    merge: Merge
    is_settled: bool = True
    keeps_nulls: bool = False

    @cached_property
    def built(self) -> Kernel:
        """The sketch of each list."""
        return Kernel(
            f"potok_sketch_{self.name}",
            (ArrayType(self.element), *self.constants),
            BINARY,
            self._build_all,
        )

    @cached_property
    def merged(self) -> Kernel:
        """The sketch of two, of which the first may be NULL."""
        return Kernel(
            f"potok_sketch_{self.name}_merged", (BINARY, BINARY, *self.constants), BINARY, self._merge_all
        )

    def _build_all(self, lists: pa.Array, *constants: pa.Array) -> pa.Array:
        given = first_values(constants)
        return binary([self.build(values, *given) for values in groups(lists, keeps_nulls=self.keeps_nulls)])

    def _merge_all(self, old: pa.Array, new: pa.Array, *constants: pa.Array) -> pa.Array:
        given = first_values(constants)
        made = []
        for kept, come in zip(old.to_pylist(), new.to_pylist(), strict=True):
            made.append(self.merge([part for part in (kept, come) if part is not None], *given))
        return binary(made)


@dataclass(frozen=True)
class SketchAggregate:
    """An aggregate function over a sketch.

    `bind` gives the call, its first argument the values as `Sketch.element`, the others literals: the constants of the
    sketch first, then what `value` needs. `value` writes SQL of the function's value from that of the sketch, for
    a call that has the type of the aggregate and its literals from the second argument on; None where it is the bytes.
    `merges_value`: it merges the sketch into an empty one itself, and reads that without writing it.
    """

    name: str
    count: int
    optional: int
    bind: Bind
    sketch: Callable[[AggregateCall | Call], Sketch]
    value: Callable[[AggregateCall | Call, str], str] | None = None
    kernels: Callable[[AggregateCall | Call], tuple[Kernel, ...]] = lambda _: ()
    column: str = "buf"
    merges_value: bool = False
    nullable: bool = False

    @property
    def functions(self) -> tuple[Function, ...]:
        """The function itself, and those that a stream makes of it."""
        inputs = (Input.ANY,) * self.count
        return (
            AggregateFunction(
                self.name,
                inputs,
                BINARY,
                emit=self._emit,
                optional=self.optional,
                nullable=Nullability.ALWAYS if self.nullable else Nullability.NEVER,
                bind=self.bind,
                kernels=lambda call: (*self._sketch_kernels(call), *self.kernels(call)),
            ),
            AggregateFunction(
                f"{self.name}.part",
                inputs,
                BINARY,
                emit=self._emit_part,
                optional=self.optional,
                kernels=self._sketch_kernels,
            ),
            ScalarFunction(
                f"{self.name}.merged",
                (Input.ANY, Input.ANY, Input.ANY),
                BINARY,
                emit=self._emit_merged,
                optional=1,
                variadic=True,
                kernels=lambda call: (self._of_call(call).merged,),
            ),
            ScalarFunction(
                f"{self.name}.value",
                (Input.ANY, Input.ANY),
                BINARY,
                emit=self._emit_value,
                optional=1,
                variadic=True,
                kernels=lambda call: (self.sketch(call).merged, *self.kernels(call)),
            ),
        )

    def _sketch_kernels(self, call: AggregateCall) -> tuple[Kernel, ...]:
        sketch = self.sketch(call)
        return (sketch.built, sketch.merged)

    def _of_call(self, call: Call) -> Sketch:
        """The sketch of a call of `.merged`, whose constants come one later."""
        return self.sketch(replace(call, arguments=call.arguments[1:]))

    def _built(self, call: AggregateCall, arguments: Sequence[str]) -> str:
        distinct = "DISTINCT " if call.is_distinct else ""
        sketch = self.sketch(call)
        constants = "".join(f", {c}" for c in arguments[1 : 1 + len(sketch.constants)])
        return f"{sketch.built.name}(list({distinct}{arguments[0]}){FILTER}{constants})"

    def _met(self, call: AggregateCall | Call, text: str, arguments: Sequence[str]) -> str:
        """A sketch merged into an empty one."""
        sketch = self.sketch(call)
        if sketch.is_settled:
            return text
        constants = arguments[1 : 1 + len(sketch.constants)]
        return f"{sketch.merged.name}({', '.join(['NULL', text, *constants])})"

    def _emit_part(self, call: AggregateCall, arguments: Sequence[str]) -> str:
        return self._met(call, self._built(call, arguments), arguments)

    def _emit(self, call: AggregateCall, arguments: Sequence[str]) -> str:
        return self._value(call, self._built(call, arguments), arguments)

    def _value(self, call: AggregateCall | Call, text: str, arguments: Sequence[str]) -> str:
        if self.value is None:
            return self._met(call, text, arguments)
        return self.value(call, text if self.merges_value else self._met(call, text, arguments))

    def _emit_merged(self, call: Call, arguments: Sequence[str]) -> str:
        sketch = self._of_call(call)
        return f"{sketch.merged.name}({', '.join(arguments[: 2 + len(sketch.constants)])})"

    def _emit_value(self, call: Call, arguments: Sequence[str]) -> str:
        return self._value(call, arguments[0], arguments)


def groups(lists: pa.Array, *, keeps_nulls: bool = False) -> list[pa.Array]:
    """The values of each list, for NULL none."""
    values = lists.values
    offsets = np.asarray(lists.offsets)
    # A NULL list has whatever length its offsets say.
    missing = np.asarray(lists.is_null())
    parts = []
    for start, end, is_missing in zip(
        offsets[:-1].tolist(), offsets[1:].tolist(), missing.tolist(), strict=True
    ):
        part = values.slice(start, 0 if is_missing else end - start)
        parts.append(part.drop_null() if part.null_count and not keeps_nulls else part)
    return parts


def first_values(constants: Sequence[pa.Array]) -> list[Any]:
    """What each argument is that is the same in all rows."""
    return [column[0].as_py() if len(column) else None for column in constants]


def binary(values: Sequence[bytes | None]) -> pa.Array:
    """Bytes as a column."""
    return pa.array(values, arrow_type(BINARY))


def constants_of(call: AggregateCall | Call) -> list[Any]:
    """The literals behind the first argument."""
    return [argument.value for argument in call.arguments[1:] if isinstance(argument, Literal)]
