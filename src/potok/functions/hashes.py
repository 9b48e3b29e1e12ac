"""Hashes of rows and digests of bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.functions.base import Function, FunctionContext, Input, Nullability, ScalarFunction
from potok.functions.hashing import murmur3, xxhash64
from potok.functions.mismatch import call, mismatch
from potok.functions.row_kernels import row_kernel
from potok.functions.sql_text import variable
from potok.functions.type_rules import contains_map
from potok.plan.expressions import Call, Expression
from potok.types import BINARY, INTEGER, LONG, STRING, DataType

_DIGESTS = {0: "sha256", 224: "sha224", 256: "sha256", 384: "sha384", 512: "sha512"}
_HASHES: dict[str, tuple[DataType, Callable[..., Any]]] = {
    "hash": (INTEGER, murmur3),
    "xxhash64": (LONG, xxhash64),
}


@lru_cache(maxsize=256)
def _kernel(name: str, types: tuple[DataType, ...]) -> Kernel:
    result, compute = _HASHES[name]

    def over_columns(*columns: pa.Array) -> pa.Array:
        return pa.array(compute(columns, types))

    signature = ", ".join(t.sql for t in types)
    return Kernel(f"potok_{name}_{variable(signature, '')}", types, result, over_columns)


def _of_call(call_: Call) -> Kernel:
    return _kernel(call_.name, tuple(a.data_type for a in call_.arguments))


def _kernels(call_: Call) -> tuple[Kernel, ...]:
    return (_of_call(call_),)


def _emit(call_: Call, arguments: Sequence[str]) -> str:
    return f"{_of_call(call_).name}({', '.join(arguments)})"


def _bound(name: str) -> Callable[[Sequence[Expression], FunctionContext], Expression]:
    def bind(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
        if any(contains_map(a.data_type) for a in arguments):
            raise mismatch("HASH_MAP_TYPE", functionName=f"`{name}`")
        return call(name, arguments, _HASHES[name][0], context, nullable=False)

    return bind


def _row(name: str) -> ScalarFunction:
    return ScalarFunction(
        name,
        (Input.ANY,),
        _HASHES[name][0],
        emit=_emit,
        variadic=True,
        nullable=Nullability.NEVER,
        bind=_bound(name),
        kernels=_kernels,
    )


def _sha2(data: bytes, bits: int) -> str | None:
    name = _DIGESTS.get(bits)
    return None if name is None else hashlib.new(name, data, usedforsecurity=False).hexdigest()


FUNCTIONS: tuple[Function, ...] = (
    _row("hash"),
    _row("xxhash64"),
    ScalarFunction(
        "sha2",
        (BINARY, INTEGER),
        STRING,
        emit="potok_sha2({0}, {1})",
        nullable=Nullability.ALWAYS,
        kernels=(row_kernel("sha2", (BINARY, INTEGER), STRING, _sha2),),
    ),
)
