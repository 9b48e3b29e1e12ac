"""Arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from potok.errors import SparkError, unsupported
from potok.functions.base import Function, FunctionContext, Input, Nullability, ScalarFunction
from potok.functions.mismatch import call, different_types, same, unexpected_argument
from potok.functions.raising import quote_text, raise_sql
from potok.functions.sql_text import each, let, let_all, sql_type, variable, when_null
from potok.functions.type_rules import coerce_all, common_type, implicit_cast
from potok.plan.expressions import Call, Expression, Literal
from potok.types import (
    BOOLEAN,
    INTEGER,
    LONG,
    NULL,
    STRING,
    ArrayType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    IntegralType,
    MapType,
    NullType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)


def element_type(expression: Expression) -> DataType:
    """The type of an array's elements; VOID for NULL."""
    data_type = expression.data_type
    return data_type.element if isinstance(data_type, ArrayType) else NULL


def contains_null(expression: Expression) -> bool:
    """Whether an array may hold NULLs."""
    data_type = expression.data_type
    return data_type.contains_null if isinstance(data_type, ArrayType) else True


def _array(position: int, arguments: Sequence[Expression]) -> ArrayType:
    data_type = arguments[position].data_type
    if isinstance(data_type, NullType):
        return ArrayType(NULL)
    if not isinstance(data_type, ArrayType):
        raise unexpected_argument(position, data_type, '"ARRAY"')
    return data_type


def has_null(array: str) -> str:
    """SQL that tells whether a list holds a NULL."""
    return f"(len({array}) > len(list_filter({array}, lambda e: e IS NOT NULL)))"


# ---- making -------------------------------------------------------------------------------------


def _bind_array(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if not arguments:
        return call("array", (), ArrayType(NULL, contains_null=False), context, nullable=False)
    values = coerce_all(arguments, context)
    if values is None:
        raise different_types("array", arguments)
    result = ArrayType(values[0].data_type, any(v.nullable for v in values))
    return call("array", values, result, context, nullable=False)


def _emit_array(made: Call, arguments: Sequence[str]) -> str:
    return f"CAST([{', '.join(arguments)}] AS {sql_type(made.type)})"


def _repeated_type(arguments: Sequence[Expression]) -> DataType:
    return ArrayType(arguments[0].data_type, arguments[0].nullable)


def _emit_repeat(_: Call, arguments: Sequence[str]) -> str:
    name = variable(arguments[0], "n")
    return f"list_transform(range(greatest({arguments[1]}, 0)), lambda {name}: {arguments[0]})"


_INSTANTS = DateType | TimestampType | TimestampNTZType
_STEPS = DayTimeIntervalType | YearMonthIntervalType | CalendarIntervalType


def _bind_sequence(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    ends = coerce_all(arguments[:2], context)
    if ends is None:
        raise different_types("sequence", arguments)
    data_type = ends[0].data_type
    step = arguments[2:]
    if isinstance(data_type, IntegralType):
        values = coerce_all((*ends, *step), context)
        if values is None or not isinstance(values[0].data_type, IntegralType):
            raise different_types("sequence", arguments)
        return call("sequence", values, ArrayType(values[0].data_type, contains_null=False), context)
    if isinstance(data_type, _INSTANTS) and all(isinstance(s.data_type, _STEPS) for s in step):
        return call("sequence", (*ends, *step), ArrayType(data_type, contains_null=False), context)
    raise different_types("sequence", arguments)


def _step_sql(step: Expression, text: str) -> str:
    match step.data_type:
        case DayTimeIntervalType():
            return f"to_microseconds({text})"
        case YearMonthIntervalType():
            return f"to_months({text})"
    return text


def _emit_sequence(made: Call, arguments: Sequence[str]) -> str:
    element = element_type(made)
    target = sql_type(made.type)
    if isinstance(element, IntegralType):
        return let_all(arguments, lambda *v: _integer_sequence(made, v, target))
    if len(arguments) > 2:  # noqa: PLR2004 - the step is third
        step = _step_sql(made.arguments[2], arguments[2])
    else:
        step = "to_days(1)"

    def body(start: str, stop: str) -> str:
        signed = step if len(arguments) > 2 else f"CASE WHEN {start} <= {stop} THEN {step} ELSE -{step} END"  # noqa: PLR2004
        moments = f"generate_series({_moment(start, element)}, {_moment(stop, element)}, {signed})"
        return f"CAST({moments} AS {target})"

    return let_all(arguments[:2], body)


def _moment(text: str, element: DataType) -> str:
    return f"CAST({text} AS TIMESTAMP)" if isinstance(element, DateType) else text


def _integer_sequence(made: Call, values: Sequence[str], target: str) -> str:
    start, stop, *step = values
    by = step[0] if step else f"CASE WHEN {start} <= {stop} THEN 1 ELSE -1 END"
    wrong = raise_sql(
        "_LEGACY_ERROR_TEMP_JAVA.SEQUENCE_BOUNDARIES",
        made.origin,
        start=f"CAST({start} AS VARCHAR)",
        stop=f"CAST({stop} AS VARCHAR)",
        step=f"CAST({by} AS VARCHAR)",
    )
    series = f"CAST(generate_series(CAST({start} AS BIGINT), CAST({stop} AS BIGINT), CAST({by} AS BIGINT)) AS {target})"
    if not step:
        return series
    legal = f"({by} > 0 AND {start} <= {stop}) OR ({by} < 0 AND {start} >= {stop}) OR ({by} = 0 AND {start} = {stop})"
    one = f"CAST([{start}] AS {target})"
    return when_null(
        values, f"CASE WHEN NOT ({legal}) THEN {wrong} WHEN {start} = {stop} THEN {one} ELSE {series} END"
    )


# ---- looking into -------------------------------------------------------------------------------


def _emit_item(made: Call, arguments: Sequence[str]) -> str:
    def body(array: str, index: str) -> str:
        item = f"{array}[CAST({index} AS BIGINT) + 1]"
        outside = f"{index} < 0 OR {index} >= len({array})"
        if not made.ansi:
            return f"CASE WHEN {outside} THEN NULL ELSE {item} END"
        return f"CASE WHEN {outside} THEN {_outside('INVALID_ARRAY_INDEX', made, array, index)} ELSE {item} END"

    return let_all(arguments, body)


def _outside(condition: str, made: Call, array: str, index: str) -> str:
    return raise_sql(
        condition,
        made.origin,
        indexValue=f"CAST({index} AS VARCHAR)",
        arraySize=f"CAST(len({array}) AS VARCHAR)",
    )


def _emit_get(_: Call, arguments: Sequence[str]) -> str:
    def body(array: str, index: str) -> str:
        return f"CASE WHEN {index} < 0 THEN NULL ELSE {array}[CAST({index} AS BIGINT) + 1] END"

    return let_all(arguments, body)


def _bind_element_at(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    container, key = arguments
    match container.data_type:
        case MapType(key=key_type, value=value):
            found = common_type([key_type, key.data_type], ansi=context.ansi)
            cast = implicit_cast(key, key_type, context) if found is not None else None
            if cast is None:
                raise different_types(name, arguments)
            return call("get_map_value", (container, cast), value, context, nullable=True)
        case ArrayType(element=element):
            index = implicit_cast(key, INTEGER, context)
            if index is None:
                raise unexpected_argument(1, key.data_type, '"INT"')
            return call(name, (container, index), element, context, nullable=True)
    raise unexpected_argument(0, container.data_type, '("ARRAY" or "MAP")')


def _bind_element(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    return _bind_element_at("element_at", arguments, context)


def _bind_try_element(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    return _bind_element_at("try_element_at", arguments, context)


def _emit_element_at(made: Call, arguments: Sequence[str]) -> str:
    fails = made.ansi and made.name == "element_at"

    def body(array: str, index: str) -> str:
        zero = raise_sql("INVALID_INDEX_OF_ZERO", made.origin)
        outside = _outside("INVALID_ARRAY_INDEX_IN_ELEMENT_AT", made, array, index) if fails else "NULL"
        return (
            f"CASE WHEN {array} IS NULL THEN NULL WHEN {index} = 0 THEN {zero}"
            f" WHEN abs({index}) > len({array}) THEN {outside} ELSE {array}[CAST({index} AS BIGINT)] END"
        )

    return let_all(arguments, body)


def _emit_struct_fields(made: Call, arguments: Sequence[str]) -> str:
    array = made.arguments[0].data_type
    position = made.arguments[1]
    if not isinstance(array, ArrayType) or not isinstance(position, Literal):
        raise SparkError("INTERNAL_ERROR", message="get_array_struct_fields needs an array and a position")
    name = array.element.fields[position.value].name  # type: ignore[attr-defined]  # analysis saw a struct
    return each(arguments[0], lambda e: f"struct_extract({e}, {quote_text(name)})")


def _emit_contains(_: Call, arguments: Sequence[str]) -> str:
    def body(array: str, value: str) -> str:
        found = f"WHEN list_contains({array}, {value}) THEN true WHEN {has_null(array)} THEN NULL ELSE false"
        return f"CASE WHEN {array} IS NULL OR {value} IS NULL THEN NULL {found} END"

    return let_all(arguments, body)


def _bind_with_element(name: str, result: DataType | None) -> object:
    """For functions of an array and a value of its element's type."""

    def bind(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
        array, value = arguments[0], arguments[1]
        if isinstance(array.data_type, NullType):
            return Literal(None, result or ArrayType(value.data_type))
        element = _array(0, arguments).element
        found = common_type([element, value.data_type], ansi=context.ansi)
        if found is None:
            raise SparkError(
                "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES",
                functionName=f"`{name}`",
                dataType='"ARRAY"',
                leftType=f'"{array.data_type.sql}"',
                rightType=f'"{value.data_type.sql}"',
            )
        list_cast = implicit_cast(array, ArrayType(found, contains_null(array)), context) or array
        value_cast = implicit_cast(value, found, context) or value
        grows = name in {"array_append", "array_prepend", "array_insert"}
        data_type = result or ArrayType(found, contains_null(array) or (grows and value.nullable))
        nullable = None
        if grows:
            nullable = array.nullable
        elif name == "array_contains":
            nullable = array.nullable or value.nullable or contains_null(array)
        return call(name, (list_cast, value_cast), data_type, context, nullable=nullable)

    return bind


def _emit_position(_: Call, arguments: Sequence[str]) -> str:
    def body(array: str, value: str) -> str:
        return when_null((array, value), f"CAST(coalesce(list_position({array}, {value}), 0) AS BIGINT)")

    return let_all(arguments, body)


def _emit_remove(_: Call, arguments: Sequence[str]) -> str:
    def body(array: str, value: str) -> str:
        name = variable(array + value, "e")
        kept = f"list_filter({array}, lambda {name}: {name} IS NULL OR {name} <> {value})"
        return when_null((array, value), kept)

    return let_all(arguments, body)


def _emit_append(made: Call, arguments: Sequence[str]) -> str:
    array, value = arguments
    one = f"[{value}]"
    joined = f"list_concat({array}, {one})" if made.name == "array_append" else f"list_concat({one}, {array})"
    return let(array, lambda a: f"CASE WHEN {a} IS NULL THEN NULL ELSE {joined.replace(array, a)} END")


def _bind_size(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (container,) = arguments
    if not isinstance(container.data_type, ArrayType | MapType | NullType):
        raise unexpected_argument(0, container.data_type, '("ARRAY" or "MAP")')
    return call("size", arguments, INTEGER, context, nullable=container.nullable and context.ansi)


def _emit_size(made: Call, arguments: Sequence[str]) -> str:
    match made.arguments[0].data_type:
        case MapType():
            size = f"CAST(cardinality({arguments[0]}) AS INTEGER)"
        case ArrayType():
            size = f"CAST(len({arguments[0]}) AS INTEGER)"
        case _:
            size = "CAST(NULL AS INTEGER)"
    return size if made.ansi else f"coalesce({size}, -1)"


def _emit_overlap(_: Call, arguments: Sequence[str]) -> str:
    def body(left: str, right: str) -> str:
        nulls = f"len({left}) > 0 AND len({right}) > 0 AND ({has_null(left)} OR {has_null(right)})"
        known = f"list_filter({left}, lambda e: e IS NOT NULL)"
        return when_null(
            (left, right),
            f"CASE WHEN list_has_any({known}, {right}) THEN true WHEN {nulls} THEN NULL ELSE false END",
        )

    return let_all(arguments, body)


# ---- making others of them ----------------------------------------------------------------------


def _first_type(arguments: Sequence[Expression]) -> DataType:
    return arguments[0].data_type


def distinct_sql(array: str) -> str:
    """The first of each equal elements, in their order, NULL included."""

    def body(value: str) -> str:
        return f"list_filter({value}, lambda e, i: list_position({value}, e) = i)"

    return let(array, body)


def _bind_two(name: str, result: DataType | None = None) -> object:
    """For functions of two arrays of one type."""

    def bind(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
        for position in (0, 1):
            _array(position, arguments)
        values = coerce_all(arguments, context)
        if values is None:
            raise SparkError(
                "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES",
                functionName=f"`{name}`",
                arrayType='"ARRAY"',
                leftType=f'"{arguments[0].data_type.sql}"',
                rightType=f'"{arguments[1].data_type.sql}"',
            )
        left, right = contains_null(values[0]), contains_null(values[1])
        holds = {"array_union": left or right, "array_intersect": left and right}.get(name, left)
        data_type = result or ArrayType(element_type(values[0]), holds)
        nullable = None
        if name == "arrays_overlap":
            nullable = any(v.nullable for v in values) or left or right
        return call(name, values, data_type, context, nullable=nullable)

    return bind


def _emit_union(_: Call, arguments: Sequence[str]) -> str:
    left, right = arguments
    return let_all(
        (left, right), lambda a, b: when_null((a, b), distinct_sql(f"list_concat({a}, {b})"))
    )


def _member(array: str, element: str) -> str:
    return f"list_position({array}, {element}) IS NOT NULL"


def _emit_intersect(_: Call, arguments: Sequence[str]) -> str:
    def body(left: str, right: str) -> str:
        return when_null((left, right), distinct_sql(f"list_filter({left}, lambda m: {_member(right, 'm')})"))

    return let_all(arguments, body)


def _emit_except(_: Call, arguments: Sequence[str]) -> str:
    def body(left: str, right: str) -> str:
        kept = f"list_filter({left}, lambda m: NOT ({_member(right, 'm')}))"
        return when_null((left, right), distinct_sql(kept))

    return let_all(arguments, body)


def _emit_join(_: Call, arguments: Sequence[str]) -> str:
    array, delimiter, *replacement = arguments
    if replacement:
        cells = each(array, lambda e: f"coalesce({e}, {replacement[0]})")
    else:
        cells = f"list_filter({array}, lambda e: e IS NOT NULL)"
    joined = f"coalesce(array_to_string({cells}, {delimiter}), '')"
    return when_null((array, delimiter, *replacement), joined)


def _bind_flatten(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (outer,) = arguments
    data_type = outer.data_type
    if not isinstance(data_type, ArrayType) or not isinstance(data_type.element, ArrayType):
        raise unexpected_argument(0, data_type, '"ARRAY<ARRAY>"')
    nullable = outer.nullable or data_type.contains_null
    return call("flatten", arguments, data_type.element, context, nullable=nullable)


def _emit_slice(made: Call, arguments: Sequence[str]) -> str:
    def body(array: str, start: str, length: str) -> str:
        zero = raise_sql("INVALID_PARAMETER_VALUE.START", made.origin, parameter="'`start`'", functionName="'`slice`'")
        negative = raise_sql(
            "INVALID_PARAMETER_VALUE.LENGTH",
            made.origin,
            parameter="'`length`'",
            functionName="'`slice`'",
            length=f"CAST({length} AS VARCHAR)",
        )
        first = f"CASE WHEN {start} > 0 THEN {start} ELSE len({array}) + {start} + 1 END"
        last = f"{first} + {length} - 1"
        return when_null(
            (array, start, length),
            f"CASE WHEN {start} = 0 THEN {zero} WHEN {length} < 0 THEN {negative}"
            f" WHEN {first} < 1 OR {length} = 0 THEN [] ELSE list_slice({array}, {first}, {last}) END",
        )

    return let_all(arguments, body)


def _emit_sort_array(_: Call, arguments: Sequence[str]) -> str:
    ascending = f"list_sort({arguments[0]}, 'ASC', 'NULLS FIRST')"
    if len(arguments) == 1:
        return ascending
    return f"CASE WHEN {arguments[1]} THEN {ascending} ELSE list_sort({arguments[0]}, 'DESC', 'NULLS LAST') END"


def _bind_array_sort(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if len(arguments) > 1:
        raise unsupported("array_sort with a comparator", "Sort by a struct of keys with sort_array.")
    _array(0, arguments)
    return call("array_sort", arguments, arguments[0].data_type, context)


def _bind_zip(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    raise unsupported("arrays_zip", "Use zip_with(a, b, lambda x, y: struct(x, y)).")


def _emit_insert(made: Call, arguments: Sequence[str]) -> str:
    def body(array: str, position: str, value: str) -> str:
        zero = raise_sql("INVALID_INDEX_OF_ZERO", made.origin)
        size = f"len({array})"
        front = f"list_concat(list_slice({array}, 1, {position} - 1), list_transform(range(greatest({position} - 1 - {size}, 0)), lambda n: NULL), [{value}], list_slice({array}, {position}, {size}))"
        back_at = f"{size} + {position} + 1"
        back = f"list_concat(list_slice({array}, 1, {back_at}), [{value}], list_slice({array}, {back_at} + 1, {size}))"
        far = f"list_concat([{value}], list_transform(range(-({position}) - 1 - {size}), lambda n: NULL), {array})"
        return when_null(
            (array, position),
            f"CASE WHEN {position} = 0 THEN {zero} WHEN {position} > 0 THEN {front}"
            f" WHEN {back_at} >= 0 THEN {back} ELSE {far} END",
        )

    return let_all((arguments[0], arguments[1], arguments[2]), body)


def _bind_insert(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    array, position, value = arguments
    index = implicit_cast(position, INTEGER, context)
    if index is None:
        raise unexpected_argument(1, position.data_type, '"INT"')
    element = _array(0, arguments).element
    found = common_type([element, value.data_type], ansi=context.ansi)
    if found is None:
        raise different_types("array_insert", arguments)
    data_type = ArrayType(found, contains_null=True)
    list_cast = implicit_cast(array, ArrayType(found, contains_null(array)), context) or array
    value_cast = implicit_cast(value, found, context) or value
    return call(
        "array_insert", (list_cast, index, value_cast), data_type, context, nullable=array.nullable or position.nullable
    )


def _element(arguments: Sequence[Expression]) -> DataType:
    return element_type(arguments[0])


def _without_nulls(arguments: Sequence[Expression]) -> DataType:
    return ArrayType(element_type(arguments[0]), contains_null=False)


_SIZE = ScalarFunction("size", (Input.ANY,), INTEGER, emit=_emit_size, bind=_bind_size)
_ELEMENT_AT = ScalarFunction(
    "element_at", (Input.ANY, Input.ANY), BOOLEAN, emit=_emit_element_at, bind=_bind_element
)

FUNCTIONS: tuple[Function, ...] = (
    ScalarFunction("array", (Input.ANY,), BOOLEAN, emit=_emit_array, optional=1, variadic=True, bind=_bind_array),
    ScalarFunction("array_repeat", (Input.ANY, INTEGER), _repeated_type, emit=_emit_repeat, nullable=lambda a: a[1].nullable),
    ScalarFunction("sequence", (Input.ANY, Input.ANY, Input.ANY), BOOLEAN, emit=_emit_sequence, optional=1, bind=_bind_sequence),
    ScalarFunction("get_array_item", (Input.ARRAY, Input.INTEGRAL), _element, emit=_emit_item, nullable=Nullability.ALWAYS),
    ScalarFunction("get_array_struct_fields", (Input.ARRAY, INTEGER), _element, emit=_emit_struct_fields),
    ScalarFunction("get", (Input.ARRAY, Input.INTEGRAL), _element, emit=_emit_get, nullable=Nullability.ALWAYS),
    _ELEMENT_AT,
    replace(_ELEMENT_AT, name="try_element_at", bind=_bind_try_element),
    _SIZE,
    *same(_SIZE, "cardinality"),
    ScalarFunction("array_size", (Input.ARRAY,), INTEGER, emit="CAST(len({0}) AS INTEGER)"),
    ScalarFunction("array_contains", (Input.ANY, Input.ANY), BOOLEAN, emit=_emit_contains, bind=_bind_with_element("array_contains", BOOLEAN)),  # type: ignore[arg-type]
    ScalarFunction("array_position", (Input.ANY, Input.ANY), LONG, emit=_emit_position, bind=_bind_with_element("array_position", LONG)),  # type: ignore[arg-type]
    ScalarFunction("array_remove", (Input.ANY, Input.ANY), BOOLEAN, emit=_emit_remove, bind=_bind_with_element("array_remove", None)),  # type: ignore[arg-type]
    ScalarFunction("array_append", (Input.ANY, Input.ANY), BOOLEAN, emit=_emit_append, bind=_bind_with_element("array_append", None)),  # type: ignore[arg-type]
    ScalarFunction("array_prepend", (Input.ANY, Input.ANY), BOOLEAN, emit=_emit_append, bind=_bind_with_element("array_prepend", None)),  # type: ignore[arg-type]
    ScalarFunction("array_insert", (Input.ANY, Input.ANY, Input.ANY), BOOLEAN, emit=_emit_insert, bind=_bind_insert),
    ScalarFunction("array_distinct", (Input.ARRAY,), _first_type, emit=lambda _, a: distinct_sql(a[0])),
    ScalarFunction("array_union", (Input.ANY, Input.ANY), BOOLEAN, emit=_emit_union, bind=_bind_two("array_union")),  # type: ignore[arg-type]
    ScalarFunction("array_intersect", (Input.ANY, Input.ANY), BOOLEAN, emit=_emit_intersect, bind=_bind_two("array_intersect")),  # type: ignore[arg-type]
    ScalarFunction("array_except", (Input.ANY, Input.ANY), BOOLEAN, emit=_emit_except, bind=_bind_two("array_except")),  # type: ignore[arg-type]
    ScalarFunction("arrays_overlap", (Input.ANY, Input.ANY), BOOLEAN, emit=_emit_overlap, bind=_bind_two("arrays_overlap", BOOLEAN)),  # type: ignore[arg-type]
    ScalarFunction("array_join", (ArrayType(STRING), STRING, STRING), STRING, emit=_emit_join, optional=1),
    ScalarFunction("array_compact", (Input.ARRAY,), _without_nulls, emit="list_filter({0}, lambda e: e IS NOT NULL)"),
    ScalarFunction("array_max", (Input.ARRAY,), _element, emit="list_max({0})", nullable=Nullability.ALWAYS),
    ScalarFunction("array_min", (Input.ARRAY,), _element, emit="list_min({0})", nullable=Nullability.ALWAYS),
    ScalarFunction("flatten", (Input.ANY,), BOOLEAN, emit=lambda _, a: let(a[0], lambda v: f"CASE WHEN {has_null(v)} THEN NULL ELSE flatten({v}) END"), bind=_bind_flatten),
    ScalarFunction("slice", (Input.ARRAY, INTEGER, INTEGER), _first_type, emit=_emit_slice),
    ScalarFunction("sort_array", (Input.ARRAY, BOOLEAN), _first_type, emit=_emit_sort_array, optional=1),
    ScalarFunction("array_sort", (Input.ANY, Input.LAMBDA), BOOLEAN, emit="list_sort({0}, 'ASC', 'NULLS LAST')", optional=1, bind=_bind_array_sort, lambda_parameters=lambda a, _: ((element_type(a[0]), contains_null(a[0])),) * 2),
    ScalarFunction("arrays_zip", (Input.ARRAY,), BOOLEAN, optional=1, variadic=True, bind=_bind_zip),
)  # fmt: skip
