"""Functions about the session, errors that users raise, row numbers and random numbers."""

from __future__ import annotations

import getpass
import itertools
import math
import threading
from collections.abc import Callable, Sequence
from functools import partial

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError, unsupported
from potok.functions.base import Function, FunctionContext, Input, Nullability, ScalarFunction
from potok.functions.hashing import random_hash
from potok.functions.mismatch import unexpected_argument
from potok.functions.raising import raise_sql
from potok.functions.type_rules import implicit_cast
from potok.plan.expressions import Call, Cast, Expression, Literal
from potok.types import BOOLEAN, DOUBLE, INTEGER, LONG, NULL, STRING, IntegerType, LongType, NullType

VERSION = "4.3.0"
_MASK = (1 << 64) - 1
_FRACTION = 1.0 / (1 << 53)
_instances = itertools.count(1)


def _constant(name: str, value: Callable[[], str]) -> ScalarFunction:
    def bind(_: Sequence[Expression], __: FunctionContext) -> Expression:
        return Literal(value(), STRING)

    return ScalarFunction(name, (), STRING, bind=bind, nullable=Nullability.NEVER)


def _bind_typeof(arguments: Sequence[Expression], _: FunctionContext) -> Expression:
    return Literal(arguments[0].data_type.simple_string, STRING)


# ---- errors -----------------------------------------------------------------------------------


def _bind_raise_error(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    message = implicit_cast(arguments[0], STRING, context)
    if message is None:
        raise unexpected_argument(0, arguments[0].data_type, '"STRING"')
    return Call("raise_error", (message,), NULL, True, context.ansi)  # noqa: FBT003 - nullable


def _raised(call: Call, message: str) -> str:
    return raise_sql("USER_RAISED_EXCEPTION", call.origin, errorMessage=f"coalesce({message}, 'null')")


def _emit_raise_error(call: Call, arguments: Sequence[str]) -> str:
    return f"CAST({_raised(call, arguments[0])} AS INTEGER)"


def _bind_assert_true(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    condition = (
        implicit_cast(arguments[0], BOOLEAN, context) if arguments[0].data_type != BOOLEAN else arguments[0]
    )
    if condition is None or not isinstance(arguments[0].data_type, NullType | type(BOOLEAN)):
        raise unexpected_argument(0, arguments[0].data_type, '"BOOLEAN"')
    message = arguments[1] if len(arguments) > 1 else Literal("'condition' is not true!", STRING)
    text = implicit_cast(message, STRING, context)
    if text is None:
        raise unexpected_argument(1, message.data_type, '"STRING"')
    return Call("assert_true", (condition, text), NULL, True, context.ansi)  # noqa: FBT003 - nullable


def _emit_assert_true(call: Call, arguments: Sequence[str]) -> str:
    return f"CASE WHEN {arguments[0]} THEN CAST(NULL AS INTEGER) ELSE CAST({_raised(call, arguments[1])} AS INTEGER) END"


# ---- random numbers ---------------------------------------------------------------------------


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


def _bind_random(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    seed = _seed(name, arguments[0]) if arguments else Literal(next(_instances) * 7919, LONG)
    # Each call draws numbers of its own.
    return Call(name, (seed, Literal(next(_instances), LONG)), DOUBLE, False, context.ansi)  # noqa: FBT003 - nullable


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


_random_kernels: dict[int, Kernel] = {}
_lock = threading.Lock()


def _random_kernel(call: Call) -> Kernel:
    seed, instance = (a.value if isinstance(a, Literal) else 0 for a in call.arguments)
    with _lock:
        found = _random_kernels.get(instance)
        if found is None:
            found = _random_kernels[instance] = _new_kernel(call.name, seed, instance)
    return found


def _new_kernel(name: str, seed: int, instance: int) -> Kernel:
    numbers, lock = XorShift(seed), threading.Lock()
    draw = numbers.gaussian if name == "randn" else numbers.uniform

    def over_rows(rows: pa.Array) -> pa.Array:
        with lock:
            return pa.array([draw() for _ in range(len(rows))], pa.float64())

    return Kernel(f"potok_{name}_{instance}", (DOUBLE,), DOUBLE, over_rows)


def _kernels_of_random(call: Call) -> tuple[Kernel, ...]:
    return (_random_kernel(call),)


def _emit_random(call: Call, _: Sequence[str]) -> str:
    # The argument keeps the engine from computing one number for all rows.
    return f"{_random_kernel(call).name}(random())"


def _random(name: str, function: str) -> ScalarFunction:
    return ScalarFunction(
        name,
        (Input.ANY,),
        DOUBLE,
        emit=_emit_random,
        optional=1,
        nullable=Nullability.NEVER,
        deterministic=False,
        bind=partial(_bind_random, function),
        kernels=_kernels_of_random,
    )


def _bind_current_database(_: Sequence[Expression], context: FunctionContext) -> Expression:
    return Literal(context.current_database, STRING)


# ---- what there is not ------------------------------------------------------------------------


def _refusal(name: str, what: str, instead: str) -> ScalarFunction:
    def bind(_: Sequence[Expression], __: FunctionContext) -> Expression:
        raise unsupported(f"The function {what}", f"Use {instead}.")

    return ScalarFunction(name, (Input.ANY,), STRING, optional=1, variadic=True, bind=bind)


_AES = ("aes_encrypt", "aes_decrypt", "try_aes_decrypt")
_VARIANT = (
    "parse_json", "try_parse_json", "to_variant_object", "variant_get", "try_variant_get", "is_variant_null",
    "schema_of_variant", "is_valid_variant",
)  # fmt: skip
_FORMATTED = ("to_number", "try_to_number", "to_char", "to_varchar")
_RANDOM = ("uniform", "randstr")
_INPUT_FILE = ("input_file_name", "input_file_block_start", "input_file_block_length")

FUNCTIONS: tuple[Function, ...] = (
    _constant("version", lambda: VERSION),
    _constant("current_user", getpass.getuser),
    _constant("user", getpass.getuser),
    _constant("session_user", getpass.getuser),
    _constant("current_catalog", lambda: "spark_catalog"),
    ScalarFunction("current_database", (), STRING, bind=_bind_current_database),
    ScalarFunction("current_schema", (), STRING, bind=_bind_current_database),
    ScalarFunction("typeof", (Input.ANY,), STRING, bind=_bind_typeof),
    ScalarFunction(
        "raise_error", (Input.ANY,), NULL, emit=_emit_raise_error, deterministic=False, bind=_bind_raise_error
    ),
    ScalarFunction(
        "assert_true",
        (Input.ANY, Input.ANY),
        NULL,
        emit=_emit_assert_true,
        optional=1,
        deterministic=False,
        bind=_bind_assert_true,
    ),
    ScalarFunction(
        "monotonically_increasing_id",
        (),
        LONG,
        emit="(row_number() OVER () - 1)",
        nullable=Nullability.NEVER,
        deterministic=False,
    ),
    ScalarFunction(
        "spark_partition_id",
        (),
        INTEGER,
        emit="CAST(0 AS INTEGER)",
        nullable=Nullability.NEVER,
        deterministic=False,
    ),
    ScalarFunction(
        "uuid", (), STRING, emit="CAST(uuid() AS VARCHAR)", nullable=Nullability.NEVER, deterministic=False
    ),
    _random("rand", "rand"),
    _random("random", "rand"),
    _random("randn", "randn"),
    *(_refusal(name, name, "encryption in a user-defined function") for name in _AES),
    *(
        _refusal(name, f"{name} and VARIANT values", "from_json with a schema, or get_json_object")
        for name in _VARIANT
    ),
    *(_refusal(name, name, "regexp_replace and a cast, or format_number") for name in _FORMATTED),
    *(_refusal(name, name, "rand and arithmetic") for name in _RANDOM),
    *(_refusal(name, name, "the column _metadata.file_path") for name in _INPUT_FILE),
)
