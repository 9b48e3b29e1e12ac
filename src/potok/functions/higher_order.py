"""Functions that take functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from potok.errors import SparkError
from potok.functions.arrays import contains_null, element_type
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.maps import checked_map, map_type
from potok.functions.mismatch import call, unexpected_argument
from potok.functions.sql_text import let, let_all, sql_type, variable, when_null
from potok.functions.type_rules import implicit_cast, same_type
from potok.plan.expressions import Call, Expression, LambdaFunction, LambdaVariable
from potok.types import BOOLEAN, INTEGER, ArrayType, DataType, MapType

Parameters = Sequence[tuple[DataType, bool]]
_LAMBDA = re.compile(r"lambda [^:]*: ", re.DOTALL)


def body_sql(function: Expression, sql: str, *values: str) -> str:
    """The body of an emitted lambda, with its parameters replaced by SQL.

    Parameters have names of their own (`v<id>`), so that nothing else in the body looks like them.
    """
    if not isinstance(function, LambdaFunction):
        raise SparkError("INTERNAL_ERROR", message="a lambda was expected")
    body = _LAMBDA.sub("", sql, count=1)
    for parameter, value in zip(function.parameters, values, strict=False):
        if isinstance(parameter, LambdaVariable):
            # Doubled, because a backslash means something in a replacement.
            body = re.sub(rf"\bv{parameter.expr_id}\b", value.replace("\\", r"\\"), body)
    return body


def _array_parameters(arguments: Sequence[Expression], _: int) -> Parameters:
    if not isinstance(arguments[0].data_type, ArrayType):
        raise unexpected_argument(0, arguments[0].data_type, '"ARRAY"')
    return ((element_type(arguments[0]), contains_null(arguments[0])), (INTEGER, False))


def _element_parameters(arguments: Sequence[Expression], number: int) -> Parameters:
    return _array_parameters(arguments, number)[:1]


def _body(arguments: Sequence[Expression], position: int = 1) -> LambdaFunction:
    function = arguments[position]
    if not isinstance(function, LambdaFunction):
        raise SparkError("INTERNAL_ERROR", message="a lambda was expected")
    return function


def _over(array: str, function: Expression, sql: str, name: str) -> str:
    """`name(array, lambda)` with the element's position from 0 where the lambda wants it."""
    element, position = variable(array, "e"), variable(array, "i")
    body = body_sql(function, sql, element, f"CAST({position} - 1 AS INTEGER)")
    return f"{name}({array}, lambda {element}, {position}: {body})"


def _transformed_type(arguments: Sequence[Expression]) -> DataType:
    body = _body(arguments)
    return ArrayType(body.data_type, body.nullable)


def _first_type(arguments: Sequence[Expression]) -> DataType:
    return arguments[0].data_type


def _first_nullable(arguments: Sequence[Expression]) -> bool:
    return arguments[0].nullable


def _predicate(arguments: Sequence[Expression], context: FunctionContext, name: str) -> LambdaFunction:
    body = _body(arguments)
    condition = implicit_cast(body.body, BOOLEAN, context)
    if condition is None:
        raise unexpected_argument(1, body.data_type, '"BOOLEAN"')
    del name
    return LambdaFunction(condition, body.parameters)


def _bind_filter(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    function = _predicate(arguments, context, "filter")
    array = arguments[0]
    return call("filter", (array, function), array.data_type, context, nullable=array.nullable)


def _bind_quantifier(name: str) -> object:
    def bind(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
        function = _predicate(arguments, context, name)
        nullable = arguments[0].nullable or function.nullable
        return call(name, (arguments[0], function), BOOLEAN, context, nullable=nullable)

    return bind


def _emit_exists(made: Call, arguments: Sequence[str]) -> str:
    def body(array: str) -> str:
        found = _over(array, made.arguments[1], arguments[1], "list_transform")
        return let(
            found,
            lambda f: f"CASE WHEN {f} IS NULL THEN NULL WHEN list_contains({f}, true) THEN true"
            f" WHEN list_position({f}, NULL) IS NOT NULL THEN NULL ELSE false END",
        )

    return let(arguments[0], body)


def _emit_forall(made: Call, arguments: Sequence[str]) -> str:
    def body(array: str) -> str:
        found = _over(array, made.arguments[1], arguments[1], "list_transform")
        return let(
            found,
            lambda f: f"CASE WHEN {f} IS NULL THEN NULL WHEN list_contains({f}, false) THEN false"
            f" WHEN list_position({f}, NULL) IS NOT NULL THEN NULL ELSE true END",
        )

    return let(arguments[0], body)


def _aggregate_parameters(arguments: Sequence[Expression], number: int) -> Parameters:
    accumulator = (arguments[1].data_type, True)
    if number:
        return (accumulator,)
    return (accumulator, _array_parameters(arguments, 0)[0])


def _bind_aggregate(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    array, zero, merge, *finish = arguments
    merged = _body(arguments, 2)
    if not same_type(zero.data_type, merged.data_type):
        raise unexpected_argument(2, merged.data_type, f'"{zero.data_type.sql}"')
    last = _body(arguments, 3) if finish else merged
    nullable = array.nullable or last.nullable
    return call("aggregate", (array, zero, merge, *finish), last.data_type, context, nullable=nullable)


def _emit_aggregate(made: Call, arguments: Sequence[str]) -> str:
    array, zero, merge, *finish = arguments
    start = f"CAST({zero} AS {sql_type(made.arguments[1].data_type)})"
    accumulator, element = variable(array, "a"), variable(array, "e")
    body = body_sql(made.arguments[2], merge, accumulator, element)
    typed = f"CAST({body} AS {sql_type(made.arguments[1].data_type)})"
    total = f"list_reduce({array}, lambda {accumulator}, {element}: {typed}, {start})"
    if not finish:
        return total
    return when_null((array,), let(total, lambda t: body_sql(made.arguments[3], finish[0], t)))


def _zip_parameters(arguments: Sequence[Expression], _: int) -> Parameters:
    for position in (0, 1):
        if not isinstance(arguments[position].data_type, ArrayType):
            raise unexpected_argument(position, arguments[position].data_type, '"ARRAY"')
    return tuple((element_type(a), True) for a in arguments[:2])


def _zipped_type(arguments: Sequence[Expression]) -> DataType:
    body = _body(arguments, 2)
    return ArrayType(body.data_type, body.nullable)


def _emit_zip(made: Call, arguments: Sequence[str]) -> str:
    def body(left: str, right: str) -> str:
        at = variable(left + right, "i")
        inner = body_sql(made.arguments[2], arguments[2], f"{left}[{at}]", f"{right}[{at}]")
        longest = f"greatest(len({left}), len({right}))"
        return when_null((left, right), f"list_transform(range(1, {longest} + 1), lambda {at}: {inner})")

    return let_all(arguments[:2], body)


def _map_parameters(arguments: Sequence[Expression], _: int) -> Parameters:
    data_type = arguments[0].data_type
    if not isinstance(data_type, MapType):
        raise unexpected_argument(0, data_type, '"MAP"')
    return ((data_type.key, False), (data_type.value, data_type.value_contains_null))


def _bind_map_filter(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    function = _predicate(arguments, context, "map_filter")
    container = arguments[0]
    return call("map_filter", (container, function), container.data_type, context, nullable=container.nullable)


def _entry_body(made: Call, arguments: Sequence[str], entry: str) -> str:
    return body_sql(made.arguments[1], arguments[1], f"{entry}.key", f"{entry}.value")


def _emit_map_filter(made: Call, arguments: Sequence[str]) -> str:
    entry = variable(arguments[0], "e")
    kept = f"list_filter(map_entries({arguments[0]}), lambda {entry}: {_entry_body(made, arguments, entry)})"
    return f"map_from_entries({kept})"


def _transformed_keys_type(arguments: Sequence[Expression]) -> DataType:
    found = map_type(arguments[0])
    return MapType(_body(arguments).data_type, found.value, found.value_contains_null)


def _transformed_values_type(arguments: Sequence[Expression]) -> DataType:
    body = _body(arguments)
    return MapType(map_type(arguments[0]).key, body.data_type, body.nullable)


def _emit_transform_keys(made: Call, arguments: Sequence[str]) -> str:
    def body(container: str) -> str:
        entry = variable(container, "e")
        inner = _entry_body(made, arguments, entry)
        keys = f"list_transform(map_entries({container}), lambda {entry}: {inner})"
        return when_null((container,), checked_map(made, keys, f"map_values({container})"))

    return let(arguments[0], body)


def _emit_transform_values(made: Call, arguments: Sequence[str]) -> str:
    def body(container: str) -> str:
        entry = variable(container, "e")
        inner = _entry_body(made, arguments, entry)
        values = f"list_transform(map_entries({container}), lambda {entry}: {inner})"
        return when_null((container,), f"map(map_keys({container}), {values})")

    return let(arguments[0], body)


def _map_zip_parameters(arguments: Sequence[Expression], _: int) -> Parameters:
    left, right = map_type(arguments[0]), map_type(arguments[1])
    return ((left.key, False), (left.value, True), (right.value, True))


def _map_zipped_type(arguments: Sequence[Expression]) -> DataType:
    body = _body(arguments, 2)
    return MapType(map_type(arguments[0]).key, body.data_type, body.nullable)


def _emit_map_zip(made: Call, arguments: Sequence[str]) -> str:
    def body(left: str, right: str) -> str:
        key = variable(left + right, "k")
        inner = body_sql(
            made.arguments[2],
            arguments[2],
            key,
            f"map_extract_value({left}, {key})",
            f"map_extract_value({right}, {key})",
        )
        only_right = f"list_filter(map_keys({right}), lambda o: list_position(map_keys({left}), o) IS NULL)"
        keys = f"list_concat(map_keys({left}), {only_right})"
        zipped = let(keys, lambda k: f"map({k}, list_transform({k}, lambda {key}: {inner}))")
        return when_null((left, right), zipped)

    return let_all(arguments[:2], body)


def _aggregate_function(name: str) -> ScalarFunction:
    return ScalarFunction(
        name,
        (Input.ARRAY, Input.ANY, Input.LAMBDA, Input.LAMBDA),
        BOOLEAN,
        emit=_emit_aggregate,
        optional=1,
        bind=_bind_aggregate,
        lambda_parameters=_aggregate_parameters,
    )


FUNCTIONS: tuple[Function, ...] = (
    ScalarFunction(
        "transform", (Input.ARRAY, Input.LAMBDA), _transformed_type,
        emit=lambda made, a: let(a[0], lambda v: _over(v, made.arguments[1], a[1], "list_transform")),
        nullable=_first_nullable, lambda_parameters=_array_parameters,
    ),
    ScalarFunction(
        "filter", (Input.ARRAY, Input.LAMBDA), _first_type,
        emit=lambda made, a: let(a[0], lambda v: _over(v, made.arguments[1], a[1], "list_filter")),
        bind=_bind_filter, lambda_parameters=_array_parameters,
    ),
    ScalarFunction(
        "exists", (Input.ARRAY, Input.LAMBDA), BOOLEAN, emit=_emit_exists, bind=_bind_quantifier("exists"),  # type: ignore[arg-type]
        lambda_parameters=_element_parameters,
    ),
    ScalarFunction(
        "forall", (Input.ARRAY, Input.LAMBDA), BOOLEAN, emit=_emit_forall, bind=_bind_quantifier("forall"),  # type: ignore[arg-type]
        lambda_parameters=_element_parameters,
    ),
    _aggregate_function("aggregate"),
    _aggregate_function("reduce"),
    ScalarFunction(
        "zip_with", (Input.ARRAY, Input.ARRAY, Input.LAMBDA), _zipped_type, emit=_emit_zip,
        nullable=lambda a: a[0].nullable or a[1].nullable, lambda_parameters=_zip_parameters,
    ),
    ScalarFunction(
        "map_filter", (Input.MAP, Input.LAMBDA), _first_type, emit=_emit_map_filter, bind=_bind_map_filter,
        lambda_parameters=_map_parameters,
    ),
    ScalarFunction(
        "transform_keys", (Input.MAP, Input.LAMBDA), _transformed_keys_type, emit=_emit_transform_keys,
        nullable=_first_nullable, lambda_parameters=_map_parameters,
    ),
    ScalarFunction(
        "transform_values", (Input.MAP, Input.LAMBDA), _transformed_values_type, emit=_emit_transform_values,
        nullable=_first_nullable, lambda_parameters=_map_parameters,
    ),
    ScalarFunction(
        "map_zip_with", (Input.MAP, Input.MAP, Input.LAMBDA), _map_zipped_type, emit=_emit_map_zip,
        nullable=lambda a: a[0].nullable or a[1].nullable, lambda_parameters=_map_zip_parameters,
    ),
)  # fmt: skip
