"""Functions of arrays, and what arrays and maps share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from potok.functions import text_kernels
from potok.functions.base import Function, FunctionContext, ScalarFunction
from potok.functions.folding import fold
from potok.functions.mismatch import (
    any_nullable,
    call,
    mismatch,
    none_in_common,
    quoted,
    same,
    unexpected_argument,
)
from potok.functions.ordering import needs_key, order_key
from potok.functions.raising import quote_text, raise_sql
from potok.functions.rows import ANY, ARRAY, Emit, row
from potok.functions.sql_text import each, let, let_all, sql_type, variable
from potok.functions.type_rules import cast_to, coerce_all, implicit_cast, is_orderable, wider_type
from potok.plan.expressions import Alias, AttributeReference, Call, Expression, GetStructField, Literal
from potok.types import (
    BINARY,
    BOOLEAN,
    INTEGER,
    LONG,
    NULL,
    STRING,
    ArrayType,
    BinaryType,
    DataType,
    MapType,
    NullType,
    StringType,
    StructField,
    StructType,
)  # fmt: skip

MICROS_PER_DAY = 86_400_000_000


def element_of(expression: Expression) -> DataType:
    """The type of an array's elements; AttributeError for another type."""
    return expression.data_type.element  # type: ignore[attr-defined,no-any-return]


def holds_null(expression: Expression) -> bool:
    """Whether an array may hold NULL."""
    return bool(getattr(expression.data_type, "contains_null", True))


def _array_type(arguments: Sequence[Expression]) -> DataType:
    return arguments[0].data_type


def element_type(arguments: Sequence[Expression]) -> DataType:
    """The type of the elements of the first argument."""
    return element_of(arguments[0])


def output_name(expression: Expression, position: int, prefix: str = "col", start: int = 1) -> str:
    """The name that a value takes inside a struct: its own if it has one, else by position."""
    match expression:
        case Alias(names=(name,)):
            return name
        case AttributeReference(name=name) | GetStructField(name=name):
            return name
    return f"{prefix}{position + start}"


# ---- making arrays ----------------------------------------------------------------------------


def _bind_array(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if not arguments:
        return call("array", (), ArrayType(NULL, contains_null=False), context, nullable=False)
    values = coerce_all(arguments, context)
    if values is None:
        raise none_in_common("array", arguments)
    target = ArrayType(values[0].data_type, any_nullable(values))
    return call("array", values, target, context, nullable=False)


def _emit_array(call_: Call, arguments: Sequence[str]) -> str:
    if not arguments:
        return f"CAST([] AS {sql_type(call_.type)})"
    return f"[{', '.join(arguments)}]"


# ---- items ------------------------------------------------------------------------------------


def may_lack_item(array: Expression, index: Expression, *, start: int = 0) -> bool:
    """Whether an item may be NULL: always, unless the array is written out and the index is a constant in it."""
    if not (isinstance(array, Call) and array.name == "array"):
        return True
    position = fold(index)
    if not isinstance(position, int):
        return True
    position = position - start if position >= 0 else len(array.arguments) + position if start else -1
    if not 0 <= position < len(array.arguments):
        return True
    return array.arguments[position].nullable


# ---- looking for elements ---------------------------------------------------------------------


def _bind_with_element(
    name: str,
    result: Callable[[ArrayType], DataType],
    arguments: Sequence[Expression],
    context: FunctionContext,
    *,
    nullable: Callable[[Expression, Expression], bool] | None = None,
) -> Expression:
    """An array and a value of its elements' type, both widened to what they have in common."""
    array, value = arguments[:2]
    has_null = any(isinstance(a.data_type, NullType) for a in (array, value))
    if has_null and name in {"array_contains", "array_position"}:
        raise mismatch("NULL_TYPE", functionName=f"`{name}`")
    if not isinstance(array.data_type, ArrayType):
        raise unexpected_argument(0, array.data_type, '"ARRAY"')
    found = wider_type(
        element_of(array), value.data_type, ansi=context.ansi, case_sensitive=context.case_sensitive
    )
    refused = isinstance(element_of(array), StringType) != isinstance(value.data_type, StringType)
    if found is None or (
        refused and not isinstance(value.data_type, NullType) and not isinstance(element_of(array), NullType)
    ):
        raise mismatch(
            "ARRAY_FUNCTION_DIFF_TYPES",
            functionName=f"`{name}`",
            dataType='"ARRAY"',
            leftType=quoted(array.data_type),
            rightType=quoted(value.data_type),
        )
    array = cast_to(array, ArrayType(found, holds_null(array)), context)
    value = cast_to(value, found, context)
    assert isinstance(array.data_type, ArrayType)  # noqa: S101 - just checked
    may_be_null = any_nullable((array, value)) if nullable is None else nullable(array, value)
    return call(name, (array, value, *arguments[2:]), result(array.data_type), context, nullable=may_be_null)


def _emit_contains(call_: Call, arguments: Sequence[str]) -> str:
    if not holds_null(call_.arguments[0]):
        return let_all(arguments, lambda a, v: f"CASE WHEN {v} IS NOT NULL THEN list_contains({a}, {v}) END")
    return let_all(
        arguments,
        lambda a, v: (
            f"CASE WHEN {v} IS NULL OR {a} IS NULL THEN NULL WHEN list_contains({a}, {v}) THEN true"
            f" WHEN list_count({a}) < len({a}) THEN NULL ELSE false END"
        ),
    )


def _emit_position(_: Call, arguments: Sequence[str]) -> str:
    return let_all(
        arguments,
        lambda a, v: (
            f"CASE WHEN {a} IS NOT NULL AND {v} IS NOT NULL THEN CAST(coalesce(list_position({a}, {v}), 0) AS BIGINT) END"
        ),
    )


def _emit_remove(_: Call, arguments: Sequence[str]) -> str:
    def without(a: str, v: str) -> str:
        name = variable(a, "e")
        return (
            f"CASE WHEN {v} IS NOT NULL THEN list_filter({a}, lambda {name}: {name} IS DISTINCT FROM {v}) END"
        )

    return let_all(arguments, without)


def _first_null(array: str) -> str:
    name = variable(array, "n")
    return f"list_position(list_transform({array}, lambda {name}: {name} IS NULL), true)"


def distinct(array: str, *, may_hold_null: bool) -> str:
    """SQL: the first of equal elements, in order; `array` must be a name."""
    name = variable(array, "d")
    test = f"list_position({array}, {name}) = i"
    if may_hold_null:
        test = f"CASE WHEN {name} IS NULL THEN {_first_null(array)} = i ELSE {test} END"
    return f"list_filter({array}, lambda {name}, i: {test})"


def _member(array: str, element: str, *, may_hold_null: bool) -> str:
    if not may_hold_null:
        return f"coalesce(list_contains({array}, {element}), false)"
    return f"CASE WHEN {element} IS NULL THEN list_count({array}) < len({array}) ELSE list_contains({array}, {element}) END"


def _emit_distinct(call_: Call, arguments: Sequence[str]) -> str:
    return let(arguments[0], lambda a: distinct(a, may_hold_null=holds_null(call_.arguments[0])))


def _bind_pair(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    left, right = arguments
    for position, argument in enumerate(arguments):
        if not isinstance(argument.data_type, ArrayType):
            raise unexpected_argument(position, argument.data_type, '"ARRAY"')
    values = coerce_all(arguments, context)
    if values is None:
        raise mismatch(
            "BINARY_ARRAY_DIFF_TYPES",
            functionName=f"`{name}`",
            arrayType='"ARRAY"',
            leftType=quoted(left.data_type),
            rightType=quoted(right.data_type),
        )
    element, one, other = element_of(values[0]), holds_null(left), holds_null(right)
    if name == "arrays_overlap":
        nullable = any_nullable(arguments) or one or other
        return call(name, values, BOOLEAN, context, nullable=nullable)
    nulls = {"array_union": one or other, "array_intersect": one and other}.get(name, one)
    return call(name, values, ArrayType(element, nulls), context)


def _emit_union(call_: Call, arguments: Sequence[str]) -> str:
    may = any(holds_null(a) for a in call_.arguments)
    return let_all(
        arguments,
        lambda a, b: (
            f"CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN {let(f'list_concat({a}, {b})', lambda c: distinct(c, may_hold_null=may))} END"
        ),
    )


def _emit_common(call_: Call, arguments: Sequence[str]) -> str:
    one, other = (holds_null(a) for a in call_.arguments)
    negation = "NOT " if call_.name == "array_except" else ""

    def kept(a: str, b: str) -> str:
        name = variable(a, "m")
        rest = f"list_filter({a}, lambda {name}: {negation}({_member(b, name, may_hold_null=other or one)}))"
        return f"CASE WHEN {a} IS NOT NULL AND {b} IS NOT NULL THEN {let(rest, lambda r: distinct(r, may_hold_null=one))} END"

    return let_all(arguments, kept)


def _emit_overlap(call_: Call, arguments: Sequence[str]) -> str:
    may = any(holds_null(a) for a in call_.arguments)

    def overlap(a: str, b: str) -> str:
        unknown = (
            f"WHEN len({a}) > 0 AND len({b}) > 0 AND (list_count({a}) < len({a}) OR list_count({b}) < len({b})) THEN NULL"
            if may
            else ""
        )
        return f"CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL WHEN list_has_any({a}, {b}) THEN true {unknown} ELSE false END"

    return let_all(arguments, overlap)


# ---- changing arrays --------------------------------------------------------------------------


def _emit_append(call_: Call, arguments: Sequence[str]) -> str:
    function = "list_append({a}, {v})" if call_.name == "array_append" else "list_prepend({v}, {a})"
    return let_all(
        arguments,
        lambda a, v: f"CASE WHEN {a} IS NOT NULL THEN {function.replace('{a}', a).replace('{v}', v)} END",
    )


def _bind_insert(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    array, position, value = arguments
    bound = _bind_with_element(
        "array_insert", lambda t: ArrayType(t.element, contains_null=True), (array, value), context
    )
    assert isinstance(bound, Call)  # noqa: S101 - by construction
    index = implicit_cast(position, INTEGER, context)
    if index is None:
        raise unexpected_argument(1, position.data_type, '"INT"')
    nullable = array.nullable or position.nullable
    return call(
        "array_insert",
        (bound.arguments[0], index, bound.arguments[1]),
        bound.type,
        context,
        nullable=nullable,
    )


def _emit_insert(call_: Call, arguments: Sequence[str]) -> str:
    failed = raise_sql("INVALID_INDEX_OF_ZERO", call_.origin)
    nothing = f"CAST(NULL AS {sql_type(call_.type.element)})"  # type: ignore[attr-defined]

    def inserted(a: str, p: str, v: str) -> str:
        nulls = "list_transform(range(1, {n}), lambda i: {nothing})".replace("{nothing}", nothing)
        beyond = f"list_concat({a}, list_concat({nulls.replace('{n}', f'{p} - len({a})')}, [{v}]))"
        before = f"list_concat([{v}], list_concat({nulls.replace('{n}', f'-{p} - len({a})')}, {a}))"
        return (
            f"CASE WHEN {a} IS NULL OR {p} IS NULL THEN NULL WHEN {p} = 0 THEN {failed}"
            f" WHEN {p} > len({a}) + 1 THEN {beyond}"
            f" WHEN {p} > 0 THEN list_concat({a}[1:{p} - 1], list_concat([{v}], {a}[{p}:]))"
            f" WHEN -{p} <= len({a}) + 1 THEN list_concat({a}[1:len({a}) + {p} + 1], list_concat([{v}], {a}[len({a}) + {p} + 2:]))"
            f" ELSE {before} END"
        )

    return let_all(arguments, inserted)


def _emit_slice(_: Call, arguments: Sequence[str]) -> str:
    def piece(a: str, s: str, n: str) -> str:
        zero = raise_sql(
            "INVALID_PARAMETER_VALUE.START",
            parameter=quote_text("`start`"),
            functionName=quote_text("`slice`"),
        )
        negative = raise_sql(
            "INVALID_PARAMETER_VALUE.LENGTH",
            parameter=quote_text("`length`"),
            length=f"CAST({n} AS VARCHAR)",
            functionName=quote_text("`slice`"),
        )
        first = f"CASE WHEN {s} > 0 THEN {s} ELSE len({a}) + {s} + 1 END"
        part = let(
            first, lambda f: f"CASE WHEN {f} < 1 OR {n} = 0 THEN {a}[1:0] ELSE {a}[{f}:{f} + {n} - 1] END"
        )
        return (
            f"CASE WHEN {a} IS NULL OR {s} IS NULL OR {n} IS NULL THEN NULL WHEN {s} = 0 THEN {zero}"
            f" WHEN {n} < 0 THEN {negative} ELSE {part} END"
        )

    return let_all(arguments, piece)


def _emit_flatten(call_: Call, arguments: Sequence[str]) -> str:
    if not holds_null(call_.arguments[0]):
        return f"flatten({arguments[0]})"
    return let(arguments[0], lambda a: f"CASE WHEN list_count({a}) = len({a}) THEN flatten({a}) END")


def _flat_type(arguments: Sequence[Expression]) -> DataType:
    inner = element_of(arguments[0])
    if not isinstance(inner, ArrayType):
        raise unexpected_argument(0, arguments[0].data_type, '"ARRAY" of "ARRAY"')
    return inner


def _flat_nullable(arguments: Sequence[Expression]) -> bool:
    return arguments[0].nullable or holds_null(arguments[0])


def _compact_type(arguments: Sequence[Expression]) -> DataType:
    return ArrayType(element_of(arguments[0]), contains_null=False)


def _emit_join(_: Call, arguments: Sequence[str]) -> str:
    array, delimiter, *replacement = arguments
    if not replacement:
        return f"array_to_string({array}, {delimiter})"

    def joined(r: str) -> str:
        return f"CASE WHEN {r} IS NOT NULL THEN array_to_string({each(array, lambda e: f'coalesce({e}, {r})')}, {delimiter}) END"

    return let(replacement[0], joined)


def _bind_repeat(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, count = arguments
    number = implicit_cast(count, INTEGER, context)
    if number is None:
        raise unexpected_argument(1, count.data_type, '"INT"')
    target = ArrayType(value.data_type, value.nullable)
    return call("array_repeat", (value, number), target, context, nullable=count.nullable)


def _bind_extreme(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (array,) = arguments
    if not isinstance(array.data_type, ArrayType):
        raise unexpected_argument(0, array.data_type, '"ARRAY"')
    if not is_orderable(element_of(array)):
        raise mismatch("INVALID_ORDERING_TYPE", functionName=f"`{name}`", dataType=quoted(array.data_type))
    return call(name, arguments, element_of(array), context, nullable=True)


def sorted_array(array: str, element: DataType, direction: str, nulls: str) -> str:
    """SQL: the elements in Spark's order."""
    if not needs_key(element):
        return f"list_sort({array}, '{direction}', '{nulls}')"
    pairs = each(
        array,
        lambda e: f"CASE WHEN {e} IS NOT NULL THEN struct_pack(k := {order_key(e, element)}, v := {e}) END",
    )
    return each(f"list_sort({pairs}, '{direction}', '{nulls}')", lambda e: f"struct_extract({e}, 'v')")


def _emit_extreme(call_: Call, arguments: Sequence[str]) -> str:
    element = call_.type
    if not needs_key(element):
        return f"{'list_max' if call_.name == 'array_max' else 'list_min'}({arguments[0]})"
    direction = "DESC" if call_.name == "array_max" else "ASC"
    return f"({sorted_array(arguments[0], element, direction, 'NULLS LAST')})[1]"


def _emit_sort_array(call_: Call, arguments: Sequence[str]) -> str:
    element = element_of(call_.arguments[0])
    ascending = sorted_array(arguments[0], element, "ASC", "NULLS FIRST")
    if len(arguments) == 1:
        return ascending
    descending = sorted_array(arguments[0], element, "DESC", "NULLS LAST")
    order = call_.arguments[1]
    if isinstance(order, Literal):
        return ascending if order.value else descending
    return f"CASE WHEN {arguments[1]} THEN {ascending} ELSE {descending} END"


def _check_sort(arguments: Sequence[Expression]) -> DataType:
    if not is_orderable(element_of(arguments[0])):
        raise mismatch(
            "INVALID_ORDERING_TYPE", functionName="`sort_array`", dataType=quoted(arguments[0].data_type)
        )
    return arguments[0].data_type


def _bind_zip(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    fields = []
    for position, argument in enumerate(arguments):
        source = argument.data_type
        if not isinstance(source, ArrayType | NullType):
            raise unexpected_argument(position, source, '"ARRAY"')
        element = source.element if isinstance(source, ArrayType) else NULL
        fields.append(StructField(output_name(argument, position, "", 0), element))
    target = ArrayType(StructType(tuple(fields)), contains_null=False)
    plain = [a.child if isinstance(a, Alias) else a for a in arguments]
    arrays = [cast_to(a, ArrayType(NULL), context) if isinstance(a.data_type, NullType) else a for a in plain]
    return call("arrays_zip", arrays, target, context)


def _emit_zip(call_: Call, arguments: Sequence[str]) -> str:
    struct = call_.type.element  # type: ignore[attr-defined]

    def zipped(*arrays: str) -> str:
        parts = ", ".join(
            f'"{f.name.replace(chr(34), chr(34) * 2)}" := {a}[i]'
            for f, a in zip(struct.fields, arrays, strict=True)
        )
        longest = f"greatest({', '.join(f'len({a})' for a in arrays)}, 0)"
        nulls = " OR ".join(f"{a} IS NULL" for a in arrays)
        return f"CASE WHEN {nulls} THEN NULL ELSE list_transform(range(1, {longest} + 1), lambda i: struct_pack({parts})) END"

    if not arguments:
        return f"CAST([] AS {sql_type(call_.type)})"
    return let_all(arguments, zipped)


# ---- size and reversal ------------------------------------------------------------------------


def _bind_size(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (value,) = arguments
    if isinstance(value.data_type, NullType):
        value = Literal(None, ArrayType(NULL))
    if not isinstance(value.data_type, ArrayType | MapType):
        raise unexpected_argument(0, value.data_type, '("ARRAY" or "MAP")')
    return call("size", (value,), INTEGER, context, nullable=value.nullable and context.ansi)


def _emit_size(call_: Call, arguments: Sequence[str]) -> str:
    is_map = isinstance(call_.arguments[0].data_type, MapType)
    size = f"CAST({'cardinality' if is_map else 'len'}({arguments[0]}) AS INTEGER)"
    if is_map:
        size = let(
            arguments[0], lambda v: f"CASE WHEN {v} IS NOT NULL THEN CAST(cardinality({v}) AS INTEGER) END"
        )
    return size if call_.ansi else f"coalesce({size}, -1)"


def _bind_reverse(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (value,) = arguments
    if isinstance(value.data_type, ArrayType):
        return call("reverse", arguments, value.data_type, context)
    if isinstance(value.data_type, BinaryType):
        return call("reverse", arguments, BINARY, context)
    text = implicit_cast(value, STRING, context)
    if text is None:
        raise unexpected_argument(0, value.data_type, '("STRING" or "ARRAY")')
    return call("reverse", (text,), STRING, context)


def _emit_reverse(call_: Call, arguments: Sequence[str]) -> str:
    if isinstance(call_.type, ArrayType):
        return f"list_reverse({arguments[0]})"
    if isinstance(call_.type, BinaryType):
        return f"potok_reverse_binary({arguments[0]})"
    return let(
        arguments[0],
        lambda v: f"CASE WHEN strlen({v}) = length({v}) THEN reverse({v}) ELSE potok_reverse({v}) END",
    )


# ---- the table --------------------------------------------------------------------------------


def _with_element(
    name: str,
    emit: Emit,
    result: Callable[[ArrayType], DataType],
    nullable: Callable[[Expression, Expression], bool] | None = None,
) -> ScalarFunction:
    bind = partial(_bind_with_element, name, result, nullable=nullable)
    return row(name, (ANY, ANY), BOOLEAN, emit, bind=bind)


def _with_null(array: ArrayType) -> DataType:
    return ArrayType(array.element, contains_null=True)


def _pair(name: str, emit: Emit) -> ScalarFunction:
    return row(name, (ANY, ANY), BOOLEAN, emit, bind=partial(_bind_pair, name))


_SIZE = row("size", (ANY,), INTEGER, _emit_size, bind=_bind_size)

FUNCTIONS: tuple[Function, ...] = (
    row("array", (ANY,), BOOLEAN, _emit_array, optional=1, variadic=True, bind=_bind_array),
    _SIZE,
    *same(_SIZE, "cardinality"),
    row("array_size", (ARRAY,), INTEGER, "CAST(len({0}) AS INTEGER)"),
    _with_element("array_contains", _emit_contains, lambda _: BOOLEAN, lambda a, v: a.nullable or v.nullable or holds_null(a)),
    _with_element("array_position", _emit_position, lambda _: LONG),
    _with_element("array_remove", _emit_remove, lambda t: t),
    _with_element("array_append", _emit_append, _with_null, lambda a, _: a.nullable),
    _with_element("array_prepend", _emit_append, _with_null, lambda a, _: a.nullable),
    row("array_insert", (ANY, ANY, ANY), BOOLEAN, _emit_insert, bind=_bind_insert),
    row("array_distinct", (ARRAY,), _array_type, _emit_distinct),
    _pair("array_union", _emit_union),
    _pair("array_intersect", _emit_common),
    _pair("array_except", _emit_common),
    _pair("arrays_overlap", _emit_overlap),
    row("array_join", (ArrayType(STRING), STRING, STRING), STRING, _emit_join, optional=1),
    row("array_max", (ANY,), BOOLEAN, _emit_extreme, bind=partial(_bind_extreme, "array_max")),
    row("array_min", (ANY,), BOOLEAN, _emit_extreme, bind=partial(_bind_extreme, "array_min")),
    row("array_repeat", (ANY, ANY), BOOLEAN, "list_transform(range(0, {1}), lambda i: {0})", bind=_bind_repeat),
    row("array_compact", (ARRAY,), _compact_type, "list_filter({0}, lambda x: x IS NOT NULL)"),
    row("sort_array", (ARRAY, BOOLEAN), _check_sort, _emit_sort_array, optional=1),
    row("arrays_zip", (ANY,), BOOLEAN, _emit_zip, optional=1, variadic=True, bind=_bind_zip),
    row("slice", (ARRAY, INTEGER, INTEGER), _array_type, _emit_slice),
    row("flatten", (ARRAY,), _flat_type, _emit_flatten, nullable=_flat_nullable),
    row("reverse", (ANY,), STRING, _emit_reverse, text_kernels.REVERSE, text_kernels.REVERSE_BINARY, bind=_bind_reverse),
)  # fmt: skip
