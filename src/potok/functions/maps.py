"""Functions of maps and structs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from potok.engine.kernel import Kernel
from potok.errors import SparkError, unsupported
from potok.functions.arrays import element_of, holds_null, output_name
from potok.functions.base import Function, FunctionContext, Input, InputType, ScalarFunction
from potok.functions.cast_to_text import text_kernels, to_text
from potok.functions.folding import fold
from potok.functions.items import as_common_key
from potok.functions.java_regex import split_text
from potok.functions.mismatch import (
    any_nullable,
    call,
    mismatch,
    none_in_common,
    quoted,
    unexpected_argument,
)
from potok.functions.raising import raise_sql
from potok.functions.row_kernels import row_kernel
from potok.functions.sql_text import each, let, let_all, quote_name, sql_type, variable
from potok.functions.type_rules import coerce_all
from potok.plan.expressions import Alias, Call, Expression, Literal
from potok.types import (
    BOOLEAN,
    NULL,
    STRING,
    ArrayType,
    DataType,
    MapType,
    StructField,
    StructType,
)  # fmt: skip

Emit = str | Callable[[Call, Sequence[str]], str]
_ANY_MAP = Input.MAP


# ---- structs ----------------------------------------------------------------------------------


def _bind_struct(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    named: list[Expression] = []
    for position, argument in enumerate(arguments):
        value = argument.child if isinstance(argument, Alias) else argument
        named += (Literal(output_name(argument, position), STRING), value)
    return _bind_named_struct(named, context)


def _bind_named_struct(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if len(arguments) % 2:
        raise SparkError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            functionName="`named_struct`",
            expectedNum="2n (n > 0)",
            actualNum=len(arguments),
            docroot="https://spark.apache.org/docs/latest",
        )
    fields = []
    for position, (name, value) in enumerate(zip(arguments[::2], arguments[1::2], strict=True)):
        text = fold(name)
        if not isinstance(text, str):
            raise mismatch("CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING", inputExprs=f"[{position}]")
        fields.append(StructField(text, value.data_type, value.nullable))
    plain = [a.child if isinstance(a, Alias) else a for a in arguments]
    return call("named_struct", plain, StructType(tuple(fields)), context, nullable=False)


def _emit_struct(call_: Call, arguments: Sequence[str]) -> str:
    assert isinstance(call_.type, StructType)  # noqa: S101 - by the bind rule
    fields = call_.type.fields
    if len({f.name.lower() for f in fields}) < max(len(fields), 1):
        raise unsupported(
            "A struct without fields, or with two whose names differ at most in case",
            "Give every field a name.",
        )
    parts = (f"{quote_name(f.name)} := {sql}" for f, sql in zip(fields, arguments[1::2], strict=True))
    return f"struct_pack({', '.join(parts)})"


# ---- making maps ------------------------------------------------------------------------------


def _bind_map(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if len(arguments) % 2:
        raise SparkError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            functionName="`map`",
            expectedNum="2n (n > 0)",
            actualNum=len(arguments),
            docroot="https://spark.apache.org/docs/latest",
        )
    if not arguments:
        return call("map", (), MapType(NULL, NULL, value_contains_null=False), context, nullable=False)
    keys, values = coerce_all(arguments[::2], context), coerce_all(arguments[1::2], context)
    for side, given, name in ((keys, arguments[::2], "keys"), (values, arguments[1::2], "values")):
        if side is None:
            types = ", ".join(quoted(a.data_type) for a in given)
            raise mismatch(
                f"CREATE_MAP_{'KEY' if name == 'keys' else 'VALUE'}_DIFF_TYPES",
                functionName="`map`",
                dataType=f"[{types}]",
            )
    assert keys is not None  # noqa: S101 - checked above
    assert values is not None  # noqa: S101 - checked above
    target = MapType(keys[0].data_type, values[0].data_type, any_nullable(values))
    if isinstance(target.key, MapType):
        raise mismatch("INVALID_MAP_KEY_TYPE", keyType=quoted(target.key))
    ordered = [e for pair in zip(keys, values, strict=True) for e in pair]
    return call("map", ordered, target, context, nullable=False)


def _emit_map(call_: Call, arguments: Sequence[str]) -> str:
    assert isinstance(call_.type, MapType)  # noqa: S101 - by the bind rule
    keys = f"CAST([{', '.join(arguments[::2])}] AS {sql_type(call_.type.key)}[])"
    values = f"CAST([{', '.join(arguments[1::2])}] AS {sql_type(call_.type.value)}[])"
    given = [fold(a) for a in call_.arguments[::2]]
    if None not in given and len(set(given)) == len(given):
        return f"MAP({keys}, {values})"
    return checked_map(keys, values, call_)


def key_kernels(call_: Call) -> tuple[Kernel, ...]:
    """The kernels that `checked_map` mentions."""
    assert isinstance(call_.type, MapType)  # noqa: S101 - callers make maps
    return text_kernels(call_.type.key)


def _last_of_each(k: str, v: str) -> str:
    """SQL: a map of each key, where it came first, to the value that came with it last."""
    name = variable(k, "k")
    keys = f"list_filter({k}, lambda {name}, i: list_position({k}, {name}) = i)"
    last = f"len({k}) - list_position(list_reverse({k}), {name}) + 1"
    return f"MAP({keys}, list_transform({keys}, lambda {name}: {v}[{last}]))"


def checked_map(keys: str, values: str, call_: Call) -> str:
    """SQL: a map of two lists of one length. A NULL key and a repeated one are errors."""
    assert isinstance(call_.type, MapType)  # noqa: S101 - callers make maps
    key = call_.type.key

    def made(k: str, v: str) -> str:
        name = variable(k, "k")
        repeated = f"list_filter({k}, lambda {name}, i: list_position({k}, {name}) < i)[1]"
        null_key = raise_sql("NULL_MAP_KEY")
        duplicate = raise_sql(
            "DUPLICATED_MAP_KEY",
            key=to_text(repeated, key, plain_decimals=True),
            mapKeyDedupPolicy="'\"spark.sql.mapKeyDedupPolicy\"'",
        )
        if call_.keeps_last_key:
            duplicate = _last_of_each(k, v)
        return (
            f"CASE WHEN len(list_distinct({k})) = len({k}) THEN MAP({k}, {v}) WHEN {k} IS NULL THEN NULL"
            f" WHEN list_count({k}) < len({k}) THEN {null_key} ELSE {duplicate} END"
        )

    return let_all((keys, values), made)


def _bind_from_arrays(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    keys, values = arguments
    for position, argument in enumerate(arguments):
        if not isinstance(argument.data_type, ArrayType):
            raise unexpected_argument(position, argument.data_type, '"ARRAY"')
    target = MapType(element_of(keys), element_of(values), holds_null(values))
    return call("map_from_arrays", arguments, target, context)


def _emit_from_arrays(call_: Call, arguments: Sequence[str]) -> str:
    failed = raise_sql("_LEGACY_ERROR_TEMP_2128", call_.origin)
    return let_all(
        arguments,
        lambda k, v: (
            f"CASE WHEN {k} IS NULL OR {v} IS NULL THEN NULL WHEN len({k}) <> len({v}) THEN {failed}"
            f" ELSE {checked_map(k, v, call_)} END"
        ),
    )


def _bind_from_entries(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (entries,) = arguments
    element = getattr(entries.data_type, "element", None)
    if not isinstance(element, StructType) or len(element.fields) != 2:  # noqa: PLR2004 - key and value
        raise unexpected_argument(0, entries.data_type, '"ARRAY" of pair "STRUCT"')
    key, value = element.fields
    target = MapType(key.data_type, value.data_type, value.nullable)
    return call(
        "map_from_entries", arguments, target, context, nullable=entries.nullable or holds_null(entries)
    )


def _emit_from_entries(call_: Call, arguments: Sequence[str]) -> str:
    element = element_of(call_.arguments[0])
    assert isinstance(element, StructType)  # noqa: S101 - by the bind rule
    key, value = (f"'{f.name.replace(chr(39), chr(39) * 2)}'" for f in element.fields)

    def made(e: str) -> str:
        keys, values = (each(e, lambda x, n=n: f"struct_extract({x}, {n})") for n in (key, value))  # type: ignore[misc]
        return f"CASE WHEN list_count({e}) = len({e}) THEN {checked_map(keys, values, call_)} END"

    return let(arguments[0], made)


def _bind_concat(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    if not arguments:
        return call("map_concat", (), MapType(STRING, STRING), context, nullable=False)
    for position, argument in enumerate(arguments):
        if not isinstance(argument.data_type, MapType):
            raise unexpected_argument(position, argument.data_type, '"MAP"')
    values = coerce_all(arguments, context)
    if values is None:
        raise none_in_common("map_concat", arguments)
    first = values[0].data_type
    assert isinstance(first, MapType)  # noqa: S101 - checked above
    nulls = any(getattr(v.data_type, "value_contains_null", True) for v in values)
    return call("map_concat", values, MapType(first.key, first.value, nulls), context)


def _emit_concat(call_: Call, arguments: Sequence[str]) -> str:
    if not arguments:
        return f"CAST(MAP([], []) AS {sql_type(call_.type)})"

    def joined(*maps: str) -> str:
        keys = f"flatten([{', '.join(f'map_keys({m})' for m in maps)}])"
        values = f"flatten([{', '.join(f'map_values({m})' for m in maps)}])"
        nulls = " OR ".join(f"{m} IS NULL" for m in maps)
        return f"CASE WHEN {nulls} THEN NULL ELSE {checked_map(keys, values, call_)} END"

    return let_all(arguments, joined)


# ---- reading maps -----------------------------------------------------------------------------


def _keys_type(arguments: Sequence[Expression]) -> DataType:
    return ArrayType(_map_of(arguments).key, contains_null=True)


def _values_type(arguments: Sequence[Expression]) -> DataType:
    source = _map_of(arguments)
    return ArrayType(source.value, source.value_contains_null)


def _map_of(arguments: Sequence[Expression]) -> MapType:
    source = arguments[0].data_type
    assert isinstance(source, MapType)  # noqa: S101 - the input rule asks for one
    return source


def entries_type(source: MapType) -> DataType:
    """The type of map_entries."""
    fields = (
        StructField("key", source.key, nullable=False),
        StructField("value", source.value, source.value_contains_null),
    )
    return ArrayType(StructType(fields), contains_null=False)


def _bind_contains_key(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    base, key = arguments
    if not isinstance(base.data_type, MapType):
        raise unexpected_argument(0, base.data_type, '"MAP"')
    found = as_common_key("map_contains_key", base, key, base.data_type.key, context)
    return call("map_contains_key", found, BOOLEAN, context, nullable=True)


def parse_map(text: str, pair_delimiter: str, key_delimiter: str) -> list[tuple[str, str | None]]:
    """The pairs of a text like `a:1,b:2`; the delimiters are regular expressions."""
    pairs: list[tuple[str, str | None]] = []
    for piece in split_text(text, pair_delimiter, -1):
        key, *value = split_text(piece, key_delimiter, 2)
        pairs.append((key, value[0] if value else None))
    return pairs


_PAIRS = ArrayType(StructType((StructField("key", STRING), StructField("value", STRING))))
STR_TO_MAP = row_kernel(
    "str_to_map", (STRING, STRING, STRING), _PAIRS,
    lambda text, pairs, keys: [{"key": k, "value": v} for k, v in parse_map(text, pairs, keys)],
)  # fmt: skip


def _emit_str_to_map(call_: Call, arguments: Sequence[str]) -> str:
    text, pair, key = [*arguments, "','", "':'"][:3] if len(arguments) < 2 else [*arguments, "':'"][:3]  # noqa: PLR2004
    entries = f"potok_str_to_map({text}, {pair}, {key})"
    return let(
        entries,
        lambda e: checked_map(
            each(e, lambda x: f"struct_extract({x}, 'key')"),
            each(e, lambda x: f"struct_extract({x}, 'value')"),
            call_,
        ),
    )


def _row(
    name: str, inputs: tuple[InputType, ...], result: object, emit: Emit, **more: object
) -> ScalarFunction:
    return ScalarFunction(name, inputs, result, emit=emit, **more)  # type: ignore[arg-type]


_ANY = Input.ANY

FUNCTIONS: tuple[Function, ...] = (
    _row("struct", (_ANY,), BOOLEAN, "", optional=1, variadic=True, bind=_bind_struct),
    _row("named_struct", (_ANY, _ANY), BOOLEAN, _emit_struct, optional=2, variadic=True, bind=_bind_named_struct),
    _row("map", (_ANY, _ANY), BOOLEAN, _emit_map, optional=2, variadic=True, bind=_bind_map, kernels=key_kernels),
    _row("map_from_arrays", (_ANY, _ANY), BOOLEAN, _emit_from_arrays, bind=_bind_from_arrays, kernels=key_kernels),
    _row("map_from_entries", (_ANY,), BOOLEAN, _emit_from_entries, bind=_bind_from_entries, kernels=key_kernels),
    _row("map_concat", (_ANY,), BOOLEAN, _emit_concat, optional=1, variadic=True, bind=_bind_concat, kernels=key_kernels),
    _row("map_keys", (_ANY_MAP,), _keys_type, "map_keys({0})"),
    _row("map_values", (_ANY_MAP,), _values_type, "map_values({0})"),
    _row("map_entries", (_ANY_MAP,), lambda a: entries_type(_map_of(a)), "map_entries({0})"),
    _row("map_contains_key", (_ANY, _ANY), BOOLEAN, "list_contains(map_keys({0}), {1})", bind=_bind_contains_key),
    _row("str_to_map", (STRING, STRING, STRING), MapType(STRING, STRING), _emit_str_to_map, optional=2, kernels=(STR_TO_MAP,)),
)  # fmt: skip
