"""Items of arrays and values of maps by position and key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from potok.functions.arrays import element_of, element_type, may_lack_item
from potok.functions.base import Function, FunctionContext, Input
from potok.functions.mismatch import any_nullable, call, mismatch, quoted, refused, unexpected_argument
from potok.functions.raising import quote_text, raise_sql
from potok.functions.rows import ALWAYS, ANY, ARRAY, row
from potok.functions.sql_text import each, let, let_all, sql_type
from potok.functions.type_rules import cast_to, implicit_cast, wider_type
from potok.plan.expressions import Call, Expression, Literal
from potok.types import BOOLEAN, INTEGER, ArrayType, DataType, MapType, NullType, StringType, StructType

_CONFIG = '"spark.sql.ansi.enabled"'


def _emit_item(call_: Call, arguments: Sequence[str]) -> str:
    index = call_.arguments[1]
    if not call_.ansi:
        return _lenient_item(call_, arguments)

    def item(a: str, i: str) -> str:
        failed = raise_sql(
            "INVALID_ARRAY_INDEX",
            call_.origin,
            indexValue=f"CAST({i} AS VARCHAR)",
            arraySize=f"CAST(len({a}) AS VARCHAR)",
            ansiConfig=quote_text(_CONFIG),
        )
        inside = f"{i} >= 0 AND {i} < len({a})"
        if isinstance(index, Literal) and isinstance(index.value, int) and index.value >= 0:
            inside = f"{i} < len({a})"
        return f"CASE WHEN {inside} THEN {a}[{i} + 1] WHEN {a} IS NULL OR {i} IS NULL THEN NULL ELSE {failed} END"

    return let_all(arguments, item)


def _lenient_item(call_: Call, arguments: Sequence[str]) -> str:
    array, position = arguments
    index = call_.arguments[1]
    if isinstance(index, Literal) and isinstance(index.value, int):
        return (
            f"{_subscriptable(array)}[{index.value + 1}]"
            if index.value >= 0
            else f"CAST(NULL AS {sql_type(call_.type)})"
        )
    return let(position, lambda i: f"CASE WHEN {i} >= 0 THEN {_subscriptable(array)}[{i} + 1] END")


def _subscriptable(sql: str) -> str:
    return f"({sql})"


def _bind_get(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    array, index = arguments
    if not isinstance(array.data_type, ArrayType):
        raise unexpected_argument(0, array.data_type, '"ARRAY"')
    position = implicit_cast(index, INTEGER, context)
    if position is None:
        raise unexpected_argument(1, index.data_type, '"INT"')
    nullable = may_lack_item(array, position)
    return call("get", (array, position), element_of(array), context, nullable=nullable)


def _bind_element_at(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    base, key = arguments
    match base.data_type:
        case MapType(key=key_type, value=value):
            found = as_common_key(name, base, key, key_type, context)
            return call("get_map_value", found, value, context, nullable=True)
        case ArrayType(element=element, contains_null=contains_null):
            index = implicit_cast(key, INTEGER, context)
            if index is None or isinstance(key.data_type, StringType):
                raise unexpected_argument(1, key.data_type, '"INT"')
            nullable = name != "element_at" or contains_null or any_nullable(arguments)
            if not context.ansi and not nullable:
                nullable = may_lack_item(base, index, start=1)
            return call(name, (base, index), element, context, nullable=nullable)
    raise unexpected_argument(0, base.data_type, '("ARRAY" or "MAP")')


def as_common_key(
    asked: str, base: Expression, key: Expression, key_type: DataType, context: FunctionContext
) -> tuple[Expression, Expression]:
    """The map and the key with keys of one type; the user asked for `asked`. Raises MAP_FUNCTION_DIFF_TYPES."""
    assert isinstance(base.data_type, MapType)  # noqa: S101 - the caller checked
    name = asked.removeprefix("try_")
    if isinstance(key.data_type, NullType):
        return base, cast_to(key, key_type, context)
    found = None
    if isinstance(key_type, StringType) == isinstance(key.data_type, StringType):
        found = wider_type(key_type, key.data_type, ansi=context.ansi, case_sensitive=context.case_sensitive)
    if found is None:
        error = mismatch(
            "MAP_FUNCTION_DIFF_TYPES",
            functionName=f"`{name}`",
            dataType='"MAP"',
            leftType=quoted(base.data_type),
            rightType=quoted(key.data_type),
        )
        raise error if name == asked else refused(name, (base, key), error)
    target = MapType(found, base.data_type.value, base.data_type.value_contains_null)
    return cast_to(base, target, context), cast_to(key, found, context)


def _emit_element_at(call_: Call, arguments: Sequence[str]) -> str:
    is_try = call_.name == "try_element_at"

    def item(a: str, i: str) -> str:
        placed = call_.origin if call_.ansi and not is_try else None
        zero = raise_sql("INVALID_INDEX_OF_ZERO", placed)
        outside = "NULL"
        if call_.ansi and not is_try:
            outside = raise_sql(
                "INVALID_ARRAY_INDEX_IN_ELEMENT_AT",
                call_.origin,
                indexValue=f"CAST({i} AS VARCHAR)",
                arraySize=f"CAST(len({a}) AS VARCHAR)",
                ansiConfig=quote_text(_CONFIG),
            )
        return (
            f"CASE WHEN {i} <> 0 AND abs({i}) <= len({a}) THEN {a}[{i}] WHEN {a} IS NULL OR {i} IS NULL THEN NULL"
            f" WHEN {i} = 0 THEN {zero} ELSE {outside} END"
        )

    return let_all(arguments, item)


def _emit_map_value(_: Call, arguments: Sequence[str]) -> str:
    return f"{_subscriptable(arguments[0])}[{arguments[1]}]"


def _emit_struct_fields(call_: Call, arguments: Sequence[str]) -> str:
    struct, position = element_of(call_.arguments[0]), call_.arguments[1]
    assert isinstance(struct, StructType)  # noqa: S101 - the analyzer checked
    assert isinstance(position, Literal)  # noqa: S101 - the analyzer writes it
    name = struct.fields[position.value].name
    return each(arguments[0], lambda e: f"struct_extract({e}, {quote_text(name)})")


FUNCTIONS: tuple[Function, ...] = (
    row("get_array_item", (ARRAY, Input.INTEGRAL), element_type, _emit_item, nullable=ALWAYS),
    row("get_map_value", (Input.MAP, ANY), BOOLEAN, _emit_map_value, nullable=ALWAYS),
    row("get_array_struct_fields", (ARRAY, INTEGER), BOOLEAN, _emit_struct_fields),
    row("get", (ANY, ANY), BOOLEAN, _lenient_item, bind=_bind_get),
    row("element_at", (ANY, ANY), BOOLEAN, _emit_element_at, bind=partial(_bind_element_at, "element_at")),
    row("try_element_at", (ANY, ANY), BOOLEAN, _emit_element_at, bind=partial(_bind_element_at, "try_element_at")),
)  # fmt: skip
