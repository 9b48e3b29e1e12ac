"""Functions about the session, errors that users raise, and row numbers."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence

from potok.errors import unsupported
from potok.functions.base import Function, FunctionContext, Input, Nullability, ScalarFunction
from potok.functions.mismatch import unexpected_argument
from potok.functions.raising import raise_sql
from potok.functions.type_rules import implicit_cast
from potok.plan.expressions import Call, Expression, Literal
from potok.types import BOOLEAN, INTEGER, LONG, NULL, STRING, DataType, NullType

VERSION = "4.3.0"


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


def _input_file(name: str, result: DataType, emit: str) -> ScalarFunction:
    """A call without arguments; the analyzer adds what is known of the file."""
    return ScalarFunction(name, (), result, emit=emit, nullable=Nullability.NEVER, deterministic=False)


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
    *(_refusal(name, name, "encryption in a user-defined function") for name in _AES),
    *(
        _refusal(name, f"{name} and VARIANT values", "from_json with a schema, or get_json_object")
        for name in _VARIANT
    ),
    _input_file("input_file_name", STRING, "regexp_replace({0}, '^file:/+', 'file:///')"),
    _input_file("input_file_block_start", LONG, "{0}"),
    _input_file("input_file_block_length", LONG, "{0}"),
)
