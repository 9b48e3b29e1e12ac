"""Maps and structs."""

from __future__ import annotations

from collections.abc import Sequence

from potok.errors import SparkError
from potok.functions.base import Function, FunctionContext, Input, Nullability, ScalarFunction
from potok.functions.mismatch import call, different_types, unexpected_argument
from potok.functions.raising import raise_sql
from potok.functions.sql_text import let, let_all, quote_name, quote_text, sql_type, variable, when_null
from potok.functions.type_rules import coerce_all, common_type, implicit_cast
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Call,
    Expression,
    GetStructField,
    LambdaVariable,
    Literal,
)
from potok.types import (
    BOOLEAN,
    NULL,
    STRING,
    ArrayType,
    DataType,
    MapType,
    StringType,
    StructField,
    StructType,
)


def map_type(expression: Expression) -> MapType:
    """The type of a map; of nothing for NULL."""
    data_type = expression.data_type
    return data_type if isinstance(data_type, MapType) else MapType(NULL, NULL)


def checked_map(made: Call, keys: str, values: str) -> str:
    """SQL of a map of two lists. Raises NULL_MAP_KEY and DUPLICATED_MAP_KEY as Spark's builder does."""

    def body(known: str) -> str:
        null_key = raise_sql("NULL_MAP_KEY", made.origin)
        twice = f"list_filter({known}, lambda e, i: list_position({known}, e) <> i)"
        duplicate = raise_sql("DUPLICATED_MAP_KEY", made.origin, key=f"CAST({twice}[1] AS VARCHAR)")
        return (
            f"CASE WHEN list_position({known}, NULL) IS NOT NULL THEN {null_key}"
            f" WHEN len({twice}) > 0 THEN {duplicate} ELSE CAST(map({known}, {values}) AS {sql_type(made.type)}) END"
        )

    return let(keys, body)


# ---- maps ---------------------------------------------------------------------------------------


def _bind_map(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if len(arguments) % 2:
        raise SparkError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            functionName="`map`",
            expectedNum="2n (n > 0)",
            actualNum=str(len(arguments)),
            docroot="https://spark.apache.org/docs/latest",
        )
    if not arguments:
        return call("map", (), MapType(NULL, NULL, value_contains_null=False), context, nullable=False)
    keys, values = coerce_all(arguments[::2], context), coerce_all(arguments[1::2], context)
    if keys is None:
        raise SparkError(
            "DATATYPE_MISMATCH.CREATE_MAP_KEY_DIFF_TYPES",
            functionName="`map`",
            dataType=f"[{', '.join(_quoted(a) for a in arguments[::2])}]",
        )
    if values is None:
        raise SparkError(
            "DATATYPE_MISMATCH.CREATE_MAP_VALUE_DIFF_TYPES",
            functionName="`map`",
            dataType=f"[{', '.join(_quoted(a) for a in arguments[1::2])}]",
        )
    result = MapType(keys[0].data_type, values[0].data_type, any(v.nullable for v in values))
    pairs = tuple(e for pair in zip(keys, values, strict=True) for e in pair)
    return call("map", pairs, result, context, nullable=False)


def _quoted(expression: Expression) -> str:
    return f'"{expression.data_type.sql}"'


def _emit_map(made: Call, arguments: Sequence[str]) -> str:
    if not arguments:
        return f"CAST(map([], []) AS {sql_type(made.type)})"
    return checked_map(made, f"[{', '.join(arguments[::2])}]", f"[{', '.join(arguments[1::2])}]")


def _arrays_map_type(arguments: Sequence[Expression]) -> DataType:
    keys, values = (a.data_type for a in arguments)
    if not isinstance(keys, ArrayType) or not isinstance(values, ArrayType):
        wrong = 0 if not isinstance(keys, ArrayType) else 1
        raise unexpected_argument(wrong, arguments[wrong].data_type, '"ARRAY"')
    return MapType(keys.element, values.element, values.contains_null)


def _emit_from_arrays(made: Call, arguments: Sequence[str]) -> str:
    def body(keys: str, values: str) -> str:
        lengths = raise_sql("_LEGACY_ERROR_TEMP_2016", made.origin)
        return when_null(
            (keys, values),
            f"CASE WHEN len({keys}) <> len({values}) THEN {lengths} ELSE {checked_map(made, keys, values)} END",
        )

    return let_all(arguments, body)


def _entry_fields(argument: Expression) -> tuple[StructField, StructField]:
    data_type = argument.data_type
    if (
        isinstance(data_type, ArrayType)
        and isinstance(data_type.element, StructType)
        and len(data_type.element.fields) == 2  # noqa: PLR2004 - key and value
    ):
        return data_type.element.fields[0], data_type.element.fields[1]
    raise unexpected_argument(0, data_type, '"ARRAY<STRUCT>" of pair fields')


def _from_entries_type(arguments: Sequence[Expression]) -> DataType:
    key, value = _entry_fields(arguments[0])
    return MapType(key.data_type, value.data_type, value.nullable)


def _emit_from_entries(made: Call, arguments: Sequence[str]) -> str:
    key, value = _entry_fields(made.arguments[0])

    def part(name: str, entries: str) -> str:
        return f"list_transform({entries}, lambda e: struct_extract(e, {quote_text(name)}))"

    def body(entries: str) -> str:
        whole = checked_map(made, part(key.name, entries), part(value.name, entries))
        missing = f"list_position({entries}, NULL) IS NOT NULL"
        return f"CASE WHEN {entries} IS NULL OR {missing} THEN NULL ELSE {whole} END"

    return let(arguments[0], body)


def _keys_type(arguments: Sequence[Expression]) -> DataType:
    return ArrayType(map_type(arguments[0]).key, contains_null=False)


def _values_type(arguments: Sequence[Expression]) -> DataType:
    found = map_type(arguments[0])
    return ArrayType(found.value, found.value_contains_null)


def _entries_type(arguments: Sequence[Expression]) -> DataType:
    found = map_type(arguments[0])
    entry = StructType(
        (StructField("key", found.key, nullable=False), StructField("value", found.value, found.value_contains_null))
    )
    return ArrayType(entry, contains_null=False)


def _bind_concat(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if not arguments:
        return call("map", (), MapType(STRING, STRING, value_contains_null=False), context, nullable=False)
    for position, argument in enumerate(arguments):
        if not isinstance(argument.data_type, MapType):
            raise unexpected_argument(position, argument.data_type, '"MAP" of pair fields')
    values = coerce_all(arguments, context)
    if values is None:
        raise different_types("map_concat", arguments)
    return call("map_concat", values, values[0].data_type, context)


def _emit_concat(made: Call, arguments: Sequence[str]) -> str:
    def body(*maps: str) -> str:
        keys = f"list_concat({', '.join(f'map_keys({m})' for m in maps)})"
        values = f"list_concat({', '.join(f'map_values({m})' for m in maps)})"
        return when_null(maps, checked_map(made, keys, values))

    return let_all(arguments, body)


def _bind_contains_key(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    container, key = arguments
    if not isinstance(container.data_type, MapType):
        raise unexpected_argument(0, container.data_type, '"MAP"')
    found = common_type([container.data_type.key, key.data_type], ansi=context.ansi)
    cast = implicit_cast(key, container.data_type.key, context)
    if found is None or cast is None:
        raise SparkError(
            "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES",
            functionName="`map_contains_key`",
            dataType='"MAP"',
            leftType=_quoted(container),
            rightType=_quoted(key),
        )
    return call("map_contains_key", (container, cast), BOOLEAN, context)


def _emit_str_to_map(made: Call, arguments: Sequence[str]) -> str:
    text, pair, key_value = [*arguments, "','", "':'"][:3] if len(arguments) == 1 else [*arguments, "':'"][:3]

    def body(value: str) -> str:
        name = variable(value, "p")
        pairs = f"string_split_regex({value}, {pair})"
        keys = f"list_transform({pairs}, lambda {name}: string_split_regex({name}, {key_value})[1])"
        first = f"string_split_regex({name}, {key_value})[1]"
        rest = f"CASE WHEN len(string_split_regex({name}, {key_value})) > 1 THEN substr({name}, len({first}) + 2) END"
        values = f"list_transform({pairs}, lambda {name}: {rest})"
        return when_null((value,), checked_map(made, keys, values))

    return let(text, body)


# ---- structs ------------------------------------------------------------------------------------


def _field_name(argument: Expression, position: int) -> str:
    if isinstance(argument, Alias | AttributeReference | GetStructField | LambdaVariable):
        return argument.name
    return f"col{position}"


def _bind_struct(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    named: list[Expression] = []
    for position, argument in enumerate(arguments, 1):
        value = argument.child if isinstance(argument, Alias) else argument
        named += (Literal(_field_name(argument, position), STRING), value)
    return _bind_named_struct(named, context)


def _bind_named_struct(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    plain = [a.child if isinstance(a, Alias) else a for a in arguments]
    if len(plain) % 2:
        raise SparkError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            functionName="`named_struct`",
            expectedNum="2n (n > 0)",
            actualNum=str(len(plain)),
            docroot="https://spark.apache.org/docs/latest",
        )
    fields = []
    for name, value in zip(plain[::2], plain[1::2], strict=True):
        if not isinstance(name, Literal) or not isinstance(name.type, StringType):
            raise SparkError(
                "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING", inputExprs="[name]"
            )
        fields.append(StructField(str(name.value), value.data_type, value.nullable))
    return call("named_struct", plain, StructType(tuple(fields)), context, nullable=False)


def _emit_named_struct(made: Call, arguments: Sequence[str]) -> str:
    fields = made.type.fields if isinstance(made.type, StructType) else ()
    parts = ", ".join(
        f"{quote_name(f.name)} := CAST({value} AS {sql_type(f.data_type)})"
        if isinstance(made.arguments[2 * i + 1], Literal)
        else f"{quote_name(f.name)} := {value}"
        for i, (f, value) in enumerate(zip(fields, arguments[1::2], strict=True))
    )
    return f"struct_pack({parts})"


_STRUCT = ScalarFunction("struct", (Input.ANY,), BOOLEAN, optional=1, variadic=True, bind=_bind_struct)

FUNCTIONS: tuple[Function, ...] = (
    ScalarFunction("map", (Input.ANY,), BOOLEAN, emit=_emit_map, optional=1, variadic=True, bind=_bind_map),
    ScalarFunction("map_from_arrays", (Input.ANY, Input.ANY), _arrays_map_type, emit=_emit_from_arrays),
    ScalarFunction(
        "map_from_entries", (Input.ANY,), _from_entries_type, emit=_emit_from_entries,
        nullable=lambda a: a[0].nullable or getattr(a[0].data_type, "contains_null", True),
    ),
    ScalarFunction("map_keys", (Input.MAP,), _keys_type, emit="map_keys({0})"),
    ScalarFunction("map_values", (Input.MAP,), _values_type, emit="map_values({0})"),
    ScalarFunction("map_entries", (Input.MAP,), _entries_type, emit="map_entries({0})"),
    ScalarFunction("map_concat", (Input.ANY,), BOOLEAN, emit=_emit_concat, optional=1, variadic=True, bind=_bind_concat),
    ScalarFunction(
        "map_contains_key", (Input.ANY, Input.ANY), BOOLEAN,
        emit="(list_position(map_keys({0}), {1}) IS NOT NULL AND {0} IS NOT NULL)", bind=_bind_contains_key,
    ),
    ScalarFunction("get_map_value", (Input.MAP, Input.ANY), lambda a: map_type(a[0]).value, emit="map_extract_value({0}, {1})", nullable=Nullability.ALWAYS),
    ScalarFunction("str_to_map", (STRING, STRING, STRING), MapType(STRING, STRING), emit=_emit_str_to_map, optional=2),
    _STRUCT,
    ScalarFunction("named_struct", (Input.ANY,), BOOLEAN, emit=_emit_named_struct, optional=1, variadic=True, bind=_bind_named_struct),
)  # fmt: skip
