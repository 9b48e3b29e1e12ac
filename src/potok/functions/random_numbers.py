"""Random numbers and what is drawn with them: rand, randn, uniform, randstr, shuffle, uuid.

A call draws the numbers that Spark draws in the first partition of a query, in the order of the rows.
"""

from __future__ import annotations

import itertools
import math
import random
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError
from potok.functions.base import Function, FunctionContext, Input, Nullability, ScalarFunction
from potok.functions.folding import fold
from potok.functions.hashing import random_hash
from potok.functions.mismatch import call, mismatch, unexpected_argument
from potok.functions.rows import ANY
from potok.functions.sql_text import sql_type
from potok.functions.type_rules import common_type, decimal_for_literal, implicit_cast
from potok.plan.expressions import AttributeReference, Call, Cast, Expression, Literal
from potok.types import (
    DOUBLE,
    INTEGER,
    LONG,
    NULL,
    STRING,
    ArrayType,
    DataType,
    DecimalType,
    IntegerType,
    IntegralType,
    LongType,
    NullType,
    NumericType,
    arrow_type,
)

_MOST_INT = (1 << 31) - 1
_MASK = (1 << 64) - 1
_FRACTION = 1.0 / (1 << 53)
_CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_instances = itertools.count(1)


class XorShift:
    """Spark's XORShiftRandom: the numbers that a partition of a query with this seed sees, in order."""

    def __init__(self, seed: int) -> None:
        self._state = random_hash(seed)
        self._spare: float | None = None

    def _next(self, bits: int) -> int:
        state = self._state
        state ^= (state << 21) & _MASK
        state ^= state >> 35
        state ^= (state << 4) & _MASK
        self._state = state
        return state & ((1 << bits) - 1)

    def whole(self) -> int:
        """32 bits, signed."""
        bits = self._next(32)
        return bits - (1 << 32) if bits >= 1 << 31 else bits

    def uniform(self) -> float:
        """From 0 (inclusive) to 1."""
        high = self._next(26)
        return ((high << 27) + self._next(27)) * _FRACTION

    def gaussian(self) -> float:
        """From the standard normal distribution, by the polar method of java.util.Random."""
        if self._spare is not None:
            found, self._spare = self._spare, None
            return found
        while True:
            one, other = 2 * self.uniform() - 1, 2 * self.uniform() - 1
            size = one * one + other * other
            if 0 < size < 1:
                factor = math.sqrt(-2 * math.log(size) / size)
                self._spare = other * factor
                return one * factor


class Mersenne:
    """The MersenneTwister of Apache Commons Math, seeded by a 64-bit number."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.RandomState([(seed >> 32) & 0xFFFFFFFF, seed & 0xFFFFFFFF])

    def _next(self, bits: int) -> int:
        return int(self._bits.randint(0, 1 << 32, dtype=np.uint32)) >> (32 - bits)

    def below(self, bound: int) -> int:
        """From 0 (inclusive) to a bound."""
        if bound & (bound - 1) == 0:
            return (bound * self._next(31)) >> 31
        while True:
            bits = self._next(31)
            value = bits % bound
            if bits - value + (bound - 1) < 1 << 31:
                return value

    def shuffled(self, size: int) -> list[int]:
        """The positions of a list in random order."""
        positions = [0] * size
        for i in range(size):
            j = self.below(i + 1)
            if j != i:
                positions[i] = positions[j]
            positions[j] = i
        return positions

    def uuid(self) -> str:
        """A random UUID, version 4."""
        high = (self._next(32) << 32) | self._next(32)
        low = (self._next(32) << 32) | self._next(32)
        high = (high & ~0xF000) | 0x4000
        low = (low | (1 << 63)) & ~(1 << 62)
        return str(uuid.UUID(int=(high << 64) | low))


# ---- one generator a call ---------------------------------------------------------------------


def _seed(name: str, argument: Expression) -> Literal:
    sign, value = 1, argument
    while isinstance(value, Cast) or (isinstance(value, Call) and value.name == "negative"):
        sign = -sign if isinstance(value, Call) else sign
        value = value.child if isinstance(value, Cast) else value.arguments[0]
    if not isinstance(value, Literal):
        shown = getattr(value, "name", name)
        raise SparkError(
            "SEED_EXPRESSION_IS_UNFOLDABLE", seedExpr=f'"{shown}"', exprWithSeed=f'"{name}({shown})"'
        )
    if not isinstance(value.data_type, IntegerType | LongType | NullType):
        raise unexpected_argument(0, value.data_type, '("INT" or "BIGINT")')
    return Literal(sign * (value.value or 0), LONG)


_kernels: dict[int, Kernel] = {}
_lock = threading.Lock()


def _drawing(
    name: str,
    arguments: Sequence[Expression],
    seed: Expression | None,
    data_type: DataType,
    context: FunctionContext,
) -> Call:
    """A call that draws numbers of its own: the seed and the number of the call are its last arguments."""
    drawn = Literal(random.getrandbits(62), LONG) if seed is None else _seed(name, seed)
    nullable = any(a.nullable for a in arguments)
    return Call(name, (*arguments, drawn, Literal(next(_instances), LONG)), data_type, nullable, context.ansi)


def _kernel(call_: Call) -> Kernel:
    seed, instance = (a.value if isinstance(a, Literal) else 0 for a in call_.arguments[-2:])
    with _lock:
        found = _kernels.get(instance)
        if found is None:
            found = _kernels[instance] = _new_kernel(call_, seed, instance)
    return found


def _counted(draw: Callable[[], Any]) -> Callable[[Any], Any]:
    return lambda _: draw()


def _text_drawer(numbers: XorShift, length: int) -> Callable[[Any], str]:
    def draw(_: object) -> str:
        return "".join(_CHARACTERS[int(abs(math.fmod(numbers.whole(), 62)))] for _ in range(length))

    return draw


def _shuffler(numbers: Mersenne) -> Callable[[Any], Any]:
    def draw(array: list[Any] | None) -> list[Any] | None:
        return None if array is None else [array[i] for i in numbers.shuffled(len(array))]

    return draw


def _new_kernel(call_: Call, seed: int, instance: int) -> Kernel:
    """A kernel over the rows; its argument is the array to shuffle, or a number that only counts the rows."""
    arguments: tuple[DataType, ...] = (DOUBLE,)
    match call_.name:
        case "randstr":
            draw = _text_drawer(XorShift(seed), fold(call_.arguments[0]))
        case "shuffle":
            arguments, draw = (call_.type, DOUBLE), _shuffler(Mersenne(seed))
        case "uuid":
            draw = _counted(Mersenne(seed).uuid)
        case "randn":
            draw = _counted(XorShift(seed).gaussian)
        case _:
            draw = _counted(XorShift(seed).uniform)
    result = DOUBLE if call_.name == "uniform" else call_.type
    lock, arrow = threading.Lock(), arrow_type(result)

    def over_rows(rows: pa.Array, *_: pa.Array) -> pa.Array:
        values = rows.to_pylist() if call_.name == "shuffle" else range(len(rows))
        with lock:
            return pa.array([draw(v) for v in values], arrow)

    return Kernel(f"potok_{call_.name}_{instance}", arguments, result, over_rows)


# What gives other values each time: SQL of calls without a seed.
_UNSEEDED = {
    "uuid": "CAST(uuid() AS VARCHAR)",
    "shuffle": "list_transform(list_sort(list_transform({}, lambda x: struct_pack(r := random(), v := x))), lambda s: s.v)",
}


def _is_seeded(call_: Call) -> bool:
    return len(call_.arguments) > 1


def _kernels_of(call_: Call) -> tuple[Kernel, ...]:
    return (_kernel(call_),) if _is_seeded(call_) else ()


def _emit(call_: Call, arguments: Sequence[str]) -> str:
    if not _is_seeded(call_):
        return _UNSEEDED[call_.name].format(*arguments)
    # The argument keeps the engine from computing one number for all rows.
    array = f"{arguments[0]}, " if call_.name == "shuffle" else ""
    return f"{_kernel(call_).name}({array}random())"


# ---- the functions ----------------------------------------------------------------------------


def _bind_random(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    return _drawing(name, (), arguments[0] if arguments else None, DOUBLE, context)


def _bind_uuid(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if not arguments:
        return Call("uuid", (), STRING, is_nullable=False, ansi=context.ansi)
    return _drawing("uuid", (), arguments[0], STRING, context)


def _bind_shuffle(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    array = arguments[0]
    if isinstance(array.data_type, NullType):
        return Literal(None, ArrayType(NULL))
    if not isinstance(array.data_type, ArrayType):
        raise unexpected_argument(0, array.data_type, '"ARRAY"')
    if len(arguments) == 1:
        return call("shuffle", (array,), array.data_type, context)
    return _drawing("shuffle", (array,), arguments[1], array.data_type, context)


def _check_constant(position: int, name: str, argument: Expression, kind: str) -> None:
    if any(isinstance(node, AttributeReference) for node in argument.walk()):
        ordinal = ("first", "second", "third")[position]
        raise mismatch("NON_FOLDABLE_INPUT", inputName=f"`{name}`", inputType=kind, paramIndex=ordinal)


def _bind_randstr(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    length, *seed = arguments
    _check_constant(0, "length", length, "integer")
    converted = implicit_cast(length, INTEGER, context)
    if converted is None:
        raise unexpected_argument(0, length.data_type, '"INT"')
    size = fold(converted)
    if size is None or size < 0:
        shown = "null" if size is None else str(size)
        raise mismatch(
            "VALUE_OUT_OF_RANGE", exprName="`length`", valueRange=f"[0, {_MOST_INT}]", currentValue=shown
        )
    return _drawing("randstr", (Literal(size, INTEGER),), seed[0] if seed else None, STRING, context)


def _bind_uniform(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    """A number between two others, of their common type."""
    bounds, seed = arguments[:2], arguments[2:]
    for position, (name, bound) in enumerate(zip(("min", "max"), bounds, strict=True)):
        if not isinstance(bound.data_type, NumericType | NullType):
            raise unexpected_argument(position, bound.data_type, '"NUMERIC"')
        _check_constant(position, name, bound, "integer or floating-point")
    is_decimal = any(isinstance(b.data_type, DecimalType) for b in bounds)
    types = [_digits_of(b) if is_decimal else b.data_type for b in bounds]
    target = common_type(types, ansi=context.ansi)
    if target is None or any(isinstance(b.data_type, NullType) for b in bounds):
        return Literal(None, NULL if target is None else target)
    return _drawing("uniform", bounds, seed[0] if seed else None, target, context)


def _digits_of(bound: Expression) -> DataType:
    """The type of a bound beside a decimal: of a whole number that is written out, its own digits."""
    is_whole = isinstance(bound, Literal) and isinstance(bound.value, int)
    return decimal_for_literal(bound.value) if is_whole and isinstance(bound, Literal) else bound.data_type


def _emit_uniform(call_: Call, arguments: Sequence[str]) -> str:
    low, high = (f"CAST({a} AS DOUBLE)" for a in arguments[:2])
    drawn = f"({low} + ({high} - {low}) * {_kernel(call_).name}(random()))"
    drawn = f"trunc({drawn})" if isinstance(call_.type, IntegralType) else drawn
    return f"CAST({drawn} AS {sql_type(call_.type)})"


def _row(
    name: str, inputs: tuple[Input, ...], bind: Callable[..., Expression], optional: int = 1
) -> ScalarFunction:
    return ScalarFunction(
        name,
        inputs,
        DOUBLE,
        emit=_emit,
        optional=optional,
        nullable=Nullability.NEVER,
        deterministic=False,
        bind=bind,
        kernels=_kernels_of,
    )


FUNCTIONS: tuple[Function, ...] = (
    _row("rand", (ANY,), partial(_bind_random, "rand")),
    _row("random", (ANY,), partial(_bind_random, "rand")),
    _row("randn", (ANY,), partial(_bind_random, "randn")),
    _row("randstr", (ANY, ANY), _bind_randstr),
    replace(_row("uniform", (ANY, ANY, ANY), _bind_uniform), emit=_emit_uniform),
    _row("shuffle", (ANY, ANY), _bind_shuffle),
    _row("uuid", (ANY,), _bind_uuid),
)
