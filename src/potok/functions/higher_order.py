"""Functions that take lambdas: transform, filter, aggregate and their kin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from potok.functions.arrays import distinct, element_of, sorted_array
from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.lambdas import apply, split_lambda
from potok.functions.maps import checked_map
from potok.functions.mismatch import call, mismatch, quoted, unexpected_argument
from potok.functions.sql_text import each, let, let_all, variable
from potok.functions.type_rules import cast_to, implicit_cast, is_orderable, same_type, wider_type
from potok.plan.expressions import Call, Expression, LambdaFunction, Literal
from potok.types import (
    BOOLEAN,
    INTEGER,
    NULL,
    ArrayType,
    DataType,
    MapType,
    NullType,
)  # fmt: skip

Parameters = Sequence[tuple[DataType, bool]]
_LAMBDA = Input.LAMBDA


def _array(expression: Expression, position: int = 0) -> ArrayType:
    source = expression.data_type
    if isinstance(source, NullType):
        return ArrayType(NULL)
    if not isinstance(source, ArrayType):
        raise unexpected_argument(position, source, '"ARRAY"')
    return source


def _map(expression: Expression, position: int = 0) -> MapType:
    source = expression.data_type
    if not isinstance(source, MapType):
        raise unexpected_argument(position, source, '"MAP"')
    return source


def _as_array(expression: Expression) -> Expression:
    return Literal(None, ArrayType(NULL)) if isinstance(expression.data_type, NullType) else expression


def _body(expression: Expression) -> Expression:
    assert isinstance(expression, LambdaFunction)  # noqa: S101 - the input rule asks for one
    return expression.body


def _check_boolean(position: int, function: Expression) -> None:
    if _body(function).data_type != BOOLEAN:
        raise unexpected_argument(position, _body(function).data_type, '"BOOLEAN"')


def _with_boolean_body(function: Expression, context: FunctionContext) -> Expression:
    assert isinstance(function, LambdaFunction)  # noqa: S101 - the input rule asks for one
    if isinstance(function.body.data_type, NullType):
        return LambdaFunction(cast_to(function.body, BOOLEAN, context), function.parameters)
    return function


def _element_parameters(arguments: Sequence[Expression], index: int) -> Parameters:
    del index
    array = _array(arguments[0])
    return ((array.element, array.contains_null), (INTEGER, False))


def _one_element(arguments: Sequence[Expression], index: int) -> Parameters:
    return _element_parameters(arguments, index)[:1]


# ---- arrays -----------------------------------------------------------------------------------


def _bind_transform(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    array, function = arguments
    if not isinstance(array.data_type, ArrayType):
        raise unexpected_argument(0, array.data_type, '"ARRAY"')
    body = _body(function)
    return call(
        "transform",
        (array, function),
        ArrayType(body.data_type, body.nullable),
        context,
        nullable=array.nullable,
    )


def over_elements(function: str, array: str, sql: str) -> str:
    """`list_transform` or `list_filter` with Spark's index from 0, if the lambda takes one."""
    parameters, body = split_lambda(sql)
    if len(parameters) == 1:
        return f"{function}({array}, lambda {parameters[0]}: {body})"
    element, index = parameters
    shifted = f"list_transform([CAST({index} - 1 AS INTEGER)], lambda {index}: {body})[1]"
    return f"{function}({array}, lambda {element}, {index}: {shifted})"


def _bind_filter(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    array = _as_array(arguments[0])
    function = _with_boolean_body(arguments[1], context)
    _check_boolean(1, function)
    return call("filter", (array, function), array.data_type, context, nullable=array.nullable)


def _bind_test(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    array = _as_array(arguments[0])
    function = _with_boolean_body(arguments[1], context)
    _check_boolean(1, function)
    return call(
        name, (array, function), BOOLEAN, context, nullable=array.nullable or _body(function).nullable
    )


def _emit_test(decisive: str, other: str, call_: Call, arguments: Sequence[str]) -> str:
    results = f"list_transform({arguments[0]}, {arguments[1]})"
    if not _body(call_.arguments[1]).nullable:
        return let(
            results,
            lambda r: (
                f"CASE WHEN {r} IS NOT NULL THEN CASE WHEN list_contains({r}, {decisive}) THEN {decisive} ELSE {other} END END"
            ),
        )
    return let(
        results,
        lambda r: (
            f"CASE WHEN {r} IS NULL THEN NULL WHEN list_contains({r}, {decisive}) THEN {decisive}"
            f" WHEN list_count({r}) < len({r}) THEN NULL ELSE {other} END"
        ),
    )


def _aggregate_parameters(arguments: Sequence[Expression], index: int) -> Parameters:
    state = (arguments[1].data_type, True)
    if index == 1:
        return (state,)
    array = _array(arguments[0])
    return (state, (array.element, array.contains_null))


def _bind_aggregate(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    array, zero, merge, *finish = arguments
    array = _as_array(array)
    merged = _body(merge)
    if not same_type(zero.data_type, merged.data_type):
        # Spark casts the result of the merge to the state's type where that is allowed.
        if isinstance(merged.data_type, NullType) or implicit_cast(merged, zero.data_type, context) is None:
            raise unexpected_argument(2, merged.data_type, quoted(zero.data_type))
        raise unexpected_argument(2, merged.data_type, quoted(zero.data_type))
    result = _body(finish[0]).data_type if finish else merged.data_type
    nullable = array.nullable or (_body(finish[0]).nullable if finish else merged.nullable or zero.nullable)
    return call("aggregate", (array, zero, merge, *finish), result, context, nullable=nullable)


def _emit_aggregate(_: Call, arguments: Sequence[str]) -> str:
    array, zero, merge, *finish = arguments
    reduced = f"list_reduce({array}, {merge}, {zero})"
    if not finish:
        return reduced
    return let(
        array,
        lambda a: (
            f"CASE WHEN {a} IS NOT NULL THEN {apply(finish[0], [f'list_reduce({a}, {merge}, {zero})'])} END"
        ),
    )


def _zip_parameters(arguments: Sequence[Expression], index: int) -> Parameters:
    del index
    return ((_array(arguments[0]).element, True), (_array(arguments[1], 1).element, True))


def _bind_zip_with(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    left, right, function = _as_array(arguments[0]), _as_array(arguments[1]), arguments[2]
    body = _body(function)
    nullable = left.nullable or right.nullable
    return call(
        "zip_with",
        (left, right, function),
        ArrayType(body.data_type, body.nullable),
        context,
        nullable=nullable,
    )


def _emit_zip_with(_: Call, arguments: Sequence[str]) -> str:
    def zipped(a: str, b: str) -> str:
        index = variable(a + b, "i")
        body = apply(arguments[2], [f"{a}[{index}]", f"{b}[{index}]"])
        return (
            f"CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN"
            f" list_transform(range(1, greatest(len({a}), len({b})) + 1), lambda {index}: {body}) END"
        )

    return let_all(arguments[:2], zipped)


def _comparator_parameters(arguments: Sequence[Expression], index: int) -> Parameters:
    del index
    array = _array(arguments[0])
    return ((array.element, array.contains_null), (array.element, array.contains_null))


def _bind_array_sort(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    array, *comparator = arguments
    array = _as_array(array)
    source = _array(array)
    if comparator:
        if _body(comparator[0]).data_type != INTEGER:
            raise unexpected_argument(1, _body(comparator[0]).data_type, '"INT"')
    elif not is_orderable(source.element):
        raise mismatch("INVALID_ORDERING_TYPE", functionName="`array_sort`", dataType=quoted(source))
    return call("array_sort", (array, *comparator), source, context, nullable=array.nullable)


def _emit_array_sort(call_: Call, arguments: Sequence[str]) -> str:
    array, *comparator = arguments
    if not comparator:
        return sorted_array(array, element_of(call_.arguments[0]), "ASC", "NULLS LAST")

    def ordered(a: str) -> str:
        one, other = variable(a, "i"), variable(a, "j")
        compared = apply(comparator[0], [f"{a}[{other}]", f"{a}[{one}]"])
        # How many stand before an element: smaller ones, and equal ones to its left.
        before = f"list_transform(range(1, len({a}) + 1), lambda {other}: CASE WHEN {compared} < 0 OR ({compared} = 0 AND {other} < {one}) THEN 1 ELSE 0 END)"
        ranked = f"list_transform(range(1, len({a}) + 1), lambda {one}: struct_pack(r := list_sum({before}), n := {one}))"
        place = variable(a, "p")
        return f"list_transform(list_sort({ranked}), lambda {place}: {a}[{place}.n])"

    return let(array, ordered)


# ---- maps -------------------------------------------------------------------------------------


def _entry_parameters(arguments: Sequence[Expression], index: int) -> Parameters:
    del index
    source = _map(arguments[0])
    return ((source.key, False), (source.value, source.value_contains_null))


def _of_entry(entry: str) -> list[str]:
    return [f"struct_extract({entry}, 'key')", f"struct_extract({entry}, 'value')"]


def _bind_map_filter(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    base, function = arguments
    function = _with_boolean_body(function, context)
    _check_boolean(1, function)
    return call("map_filter", (base, function), _map(base), context, nullable=base.nullable)


def _emit_map_filter(_: Call, arguments: Sequence[str]) -> str:
    entries = f"map_entries({arguments[0]})"
    name = variable(entries, "e")
    return f"map_from_entries(list_filter({entries}, lambda {name}: {apply(arguments[1], _of_entry(name))}))"


def _bind_transform_keys(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    base, function = arguments
    source = _map(base)
    target = MapType(_body(function).data_type, source.value, source.value_contains_null)
    return call("transform_keys", arguments, target, context, nullable=base.nullable)


def _emit_transform_keys(call_: Call, arguments: Sequence[str]) -> str:
    def changed(m: str) -> str:
        keys = each(f"map_entries({m})", lambda e: apply(arguments[1], _of_entry(e)))
        return f"CASE WHEN {m} IS NOT NULL THEN {checked_map(keys, f'map_values({m})', call_)} END"

    return let(arguments[0], changed)


def _bind_transform_values(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    base, function = arguments
    body = _body(function)
    target = MapType(_map(base).key, body.data_type, body.nullable)
    return call("transform_values", arguments, target, context, nullable=base.nullable)


def _emit_transform_values(_: Call, arguments: Sequence[str]) -> str:
    def changed(m: str) -> str:
        values = each(f"map_entries({m})", lambda e: apply(arguments[1], _of_entry(e)))
        return f"CASE WHEN {m} IS NOT NULL THEN MAP(map_keys({m}), {values}) END"

    return let(arguments[0], changed)


def _zip_map_parameters(arguments: Sequence[Expression], index: int) -> Parameters:
    del index
    left, right = _map(arguments[0]), _map(arguments[1], 1)
    key = wider_type(left.key, right.key) or left.key
    return ((key, False), (left.value, True), (right.value, True))


def _bind_map_zip(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    left, right, function = arguments
    one, other = _map(left), _map(right, 1)
    key = wider_type(one.key, other.key, ansi=context.ansi, case_sensitive=context.case_sensitive)
    if key is None:
        raise mismatch(
            "MAP_ZIP_WITH_DIFF_TYPES",
            functionName="`map_zip_with`",
            leftType=quoted(one.key),
            rightType=quoted(other.key),
        )
    left = cast_to(left, MapType(key, one.value, one.value_contains_null), context)
    right = cast_to(right, MapType(key, other.value, other.value_contains_null), context)
    body = _body(function)
    nullable = left.nullable or right.nullable
    return call(
        "map_zip_with",
        (left, right, function),
        MapType(key, body.data_type, body.nullable),
        context,
        nullable=nullable,
    )


def _emit_map_zip(_: Call, arguments: Sequence[str]) -> str:
    def zipped(a: str, b: str) -> str:
        def over(keys: str) -> str:
            values = each(keys, lambda x: apply(arguments[2], [x, f"{a}[{x}]", f"{b}[{x}]"]))
            return f"MAP({keys}, {values})"

        def keys_once(all_keys: str) -> str:
            return let(distinct(all_keys, may_hold_null=False), over)

        joined = let(f"list_concat(map_keys({a}), map_keys({b}))", keys_once)
        return f"CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN {joined} END"

    return let_all(arguments[:2], zipped)


# ---- the table --------------------------------------------------------------------------------


def _row(
    name: str,
    count: int,
    emit: str | Callable[[Call, Sequence[str]], str],
    bind: Callable[[Sequence[Expression], FunctionContext], Expression],
    parameters: Callable[[Sequence[Expression], int], Parameters],
    optional: int = 0,
) -> ScalarFunction:
    inputs = (Input.ANY,) * (count - 1) + (_LAMBDA,)
    return ScalarFunction(
        name, inputs, BOOLEAN, emit=emit, bind=bind, lambda_parameters=parameters, optional=optional
    )


def _over(function: str) -> Callable[[Call, Sequence[str]], str]:
    return lambda _, arguments: over_elements(function, arguments[0], arguments[1])


_EXISTS = partial(_emit_test, "true", "false")

FUNCTIONS: tuple[Function, ...] = (
    _row("transform", 2, _over("list_transform"), _bind_transform, _element_parameters),
    _row("filter", 2, _over("list_filter"), _bind_filter, _element_parameters),
    _row("exists", 2, _EXISTS, partial(_bind_test, "exists"), _one_element),
    _row("forall", 2, partial(_emit_test, "false", "true"), partial(_bind_test, "forall"), _one_element),
    _row("aggregate", 4, _emit_aggregate, _bind_aggregate, _aggregate_parameters, optional=1),
    _row("reduce", 4, _emit_aggregate, _bind_aggregate, _aggregate_parameters, optional=1),
    _row("zip_with", 3, _emit_zip_with, _bind_zip_with, _zip_parameters),
    _row("array_sort", 2, _emit_array_sort, _bind_array_sort, _comparator_parameters, optional=1),
    _row("map_filter", 2, _emit_map_filter, _bind_map_filter, _entry_parameters),
    _row("transform_keys", 2, _emit_transform_keys, _bind_transform_keys, _entry_parameters),
    _row("transform_values", 2, _emit_transform_values, _bind_transform_values, _entry_parameters),
    _row("map_zip_with", 3, _emit_map_zip, _bind_map_zip, _zip_map_parameters),
)
