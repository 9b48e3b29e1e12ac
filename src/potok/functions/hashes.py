"""hash, xxhash64 and sha2. A NULL leaves the hash of what stands before it as it is."""

from __future__ import annotations

from collections.abc import Sequence

from potok.errors import SparkError
from potok.functions import number_kernels as k
from potok.functions.base import Function, FunctionContext, Input, Nullability, ScalarFunction
from potok.functions.decimals import power_of_ten
from potok.functions.mismatch import call, mismatch
from potok.functions.sql_text import let, quote_text, variable
from potok.functions.type_rules import contains_map
from potok.plan.expressions import Call, Expression
from potok.types import (
    BINARY,
    BOOLEAN,
    DATE,
    INTEGER,
    LONG,
    STRING,
    ArrayType,
    CalendarIntervalType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    NullType,
    StructType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)  # fmt: skip

_LONG_DIGITS = 18
_SEED = 42


def _hashed(family: str, sql: str, data_type: DataType, seed: str) -> str:
    """SQL of the hash of one value after `seed`."""
    match data_type:
        case NullType():
            return seed
        case DoubleType():
            return f"potok_{family}_double({sql}, {seed})"
        case FloatType():
            return f"potok_{family}_float({sql}, {seed})"
        case IntegralType(bits=bits):
            return f"potok_{family}_{'long' if bits > INTEGER.bits else 'int'}(CAST({sql} AS {'BIGINT' if bits > INTEGER.bits else 'INTEGER'}), {seed})"
        case DecimalType(precision=precision, scale=scale) if precision <= _LONG_DIGITS:
            unscaled = f"CAST({sql} * {power_of_ten(scale)} AS BIGINT)" if scale else f"CAST({sql} AS BIGINT)"
            return f"potok_{family}_long({unscaled}, {seed})"
        case DecimalType():
            return f"potok_{family}_bytes(potok_decimal_bytes(CAST({sql} AS VARCHAR)), {seed})"
        case TimestampType() | TimestampNTZType():
            return f"potok_{family}_long(epoch_us({sql}), {seed})"
        case DayTimeIntervalType():
            return f"potok_{family}_long({sql}, {seed})"
        case YearMonthIntervalType():
            return f"potok_{family}_int({sql}, {seed})"
        case ArrayType(element=element):
            state, item = variable(sql, "s"), variable(sql, "e")
            start = f"CAST({seed} AS {'INTEGER' if family == 'hash' else 'BIGINT'})"
            # The first element of the list only carries the seed.
            folded = f"list_reduce({sql}, lambda {state}, {item}: {_hashed(family, item, element, state)}, {start})"
            return f"CASE WHEN {sql} IS NULL THEN {start} ELSE {folded} END"
        case StructType(fields=fields):

            def chain(v: str) -> str:
                state = seed
                for f in fields:
                    state = _hashed(family, f"struct_extract({v}, {quote_text(f.name)})", f.data_type, state)
                return f"CASE WHEN {v} IS NULL THEN {seed} ELSE {state} END"

            return let(sql, chain)
        case CalendarIntervalType():
            raise mismatch("HASH_MAP_TYPE", functionName=f"`{family}`")
    if data_type == BOOLEAN:
        return f"potok_{family}_int(CAST({sql} AS INTEGER), {seed})"
    if data_type == DATE:
        return f"potok_{family}_int(CAST({sql} - DATE '1970-01-01' AS INTEGER), {seed})"
    if data_type == STRING:
        return f"potok_{family}_bytes(encode({sql}), {seed})"
    assert data_type == BINARY, data_type  # noqa: S101 - all types are listed
    return f"potok_{family}_bytes({sql}, {seed})"


def _bind(
    name: str, result: DataType, arguments: Sequence[Expression], context: FunctionContext
) -> Expression:
    if not arguments:
        raise SparkError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            functionName=f"`{name}`",
            expectedNum="> 0",
            actualNum=0,
            docroot="https://spark.apache.org/docs/latest",
        )
    if any(contains_map(a.data_type) for a in arguments):
        raise mismatch("HASH_MAP_TYPE", functionName=f"`{name}`")
    return call(name, arguments, result, context, nullable=False)


def _bind_hash(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    return _bind("hash", INTEGER, arguments, context)


def _bind_xxhash(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    return _bind("xxhash64", LONG, arguments, context)


def _emit(call_: Call, arguments: Sequence[str]) -> str:
    family = "hash" if call_.name == "hash" else "xx"
    state = f"CAST({_SEED} AS {'INTEGER' if family == 'hash' else 'BIGINT'})"
    for sql, argument in zip(arguments, call_.arguments, strict=True):
        state = _hashed(family, sql, argument.data_type, state)
    return state


_MURMUR = (k.HASH_INT, k.HASH_LONG, k.HASH_FLOAT, k.HASH_DOUBLE, k.HASH_BYTES, k.DECIMAL_BYTES)
_XX = (k.XX_INT, k.XX_LONG, k.XX_FLOAT, k.XX_DOUBLE, k.XX_BYTES, k.DECIMAL_BYTES)

FUNCTIONS: tuple[Function, ...] = (
    ScalarFunction("hash", (Input.ANY,), INTEGER, emit=_emit, optional=1, variadic=True, bind=_bind_hash, kernels=_MURMUR),
    ScalarFunction("xxhash64", (Input.ANY,), LONG, emit=_emit, optional=1, variadic=True, bind=_bind_xxhash, kernels=_XX),
    ScalarFunction("sha2", (BINARY, INTEGER), STRING, emit="potok_sha2({0}, {1})", nullable=Nullability.ALWAYS, kernels=(k.SHA2,)),
)  # fmt: skip
