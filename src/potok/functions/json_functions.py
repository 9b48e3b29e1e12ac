"""`from_json`, `to_json` and their kin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import pyarrow as pa

from potok.engine.kernel import Kernel
from potok.errors import SparkError, unsupported
from potok.functions.base import (
    Function,
    FunctionContext,
    GeneratorFunction,
    Input,
    Nullability,
    ScalarFunction,
)
from potok.functions.json_convert import JsonConverter, Problems, nested_array
from potok.functions.json_fast import plain_records
from potok.functions.json_infer import inferred_type
from potok.functions.json_options import DROP_MALFORMED, FAIL_FAST, JsonOptions
from potok.functions.json_parse import (
    Leniency,
    MalformedJsonError,
    Members,
    compact_json,
    parse_json,
    well_formed,
)
from potok.functions.json_path import TEXT_LENIENCY, json_at_path
from potok.functions.json_write import json_texts, pretty_text
from potok.functions.mismatch import given_type, mismatch, quoted, unexpected_argument
from potok.functions.row_kernels import row_kernel
from potok.functions.shown_rows import row_text
from potok.functions.sql_text import let, variable
from potok.functions.type_rules import implicit_cast
from potok.plan.expressions import Call, Cast, Expression, Literal
from potok.types import (
    INTEGER,
    STRING,
    ArrayType,
    CalendarIntervalType,
    DataType,
    DayTimeIntervalType,
    MapType,
    NullType,
    StringType,
    StructField,
    StructType,
    VariantType,
    YearMonthIntervalType,
    as_nullable,
)  # fmt: skip

_BAD = object()

# ---- from_json --------------------------------------------------------------------------------


def _bind_from_json(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    schema = as_nullable(_schema_argument(arguments[1]))
    options = JsonOptions.of_arguments(arguments[2:], context)
    text = implicit_cast(arguments[0], STRING, context)
    if text is None or not isinstance(arguments[0].data_type, StringType | NullType):
        raise unexpected_argument(0, arguments[0].data_type, '"STRING"')
    _check_schema(schema, options)
    if options.mode == DROP_MALFORMED:
        raise SparkError("PARSE_MODE_UNSUPPORTED", funcName="`from_json`", mode=DROP_MALFORMED)
    return Call("from_json", (text, options.literal()), schema, True, context.ansi)  # noqa: FBT003 - nullable


def _schema_argument(argument: Expression) -> DataType:
    if not isinstance(argument, Literal) or not isinstance(argument.value, str):
        raise SparkError("INVALID_SCHEMA.NON_STRING_LITERAL", inputSchema=_shown(argument))
    return given_type(argument.value)


def _shown(argument: Expression) -> str:
    return f'"{argument.value if isinstance(argument, Literal) else type(argument).__name__}"'


def _check_schema(schema: DataType, options: JsonOptions) -> None:
    if isinstance(schema, VariantType):
        raise unsupported("VARIANT", "a struct, an array or a map of the fields that are needed")
    if not isinstance(schema, StructType | ArrayType | MapType):
        raise mismatch("INVALID_JSON_SCHEMA", schema=quoted(schema))
    _check_type(schema)
    if isinstance(schema, StructType):
        for f in schema.fields:
            if f.name == options.corrupt_record and not isinstance(f.data_type, StringType):
                raise SparkError(
                    "INVALID_CORRUPT_RECORD_TYPE", columnName=f"`{f.name}`", actualType=quoted(f.data_type)
                )


def _check_type(data_type: DataType) -> None:
    match data_type:
        case StructType(fields=fields):
            for f in fields:
                _check_type(f.data_type)
        case ArrayType(element=element):
            _check_type(element)
        case MapType(key=key, value=value):
            if not isinstance(key, StringType):
                raise mismatch("INVALID_JSON_MAP_KEY_TYPE", schema=quoted(data_type))
            _check_type(value)
        case VariantType() | DayTimeIntervalType() | YearMonthIntervalType() | CalendarIntervalType():
            raise unsupported(f"{data_type.sql} in the schema of from_json", "STRING and a cast")


@lru_cache(maxsize=256)
def _reader(schema: DataType, options_text: str) -> Kernel:
    """The exact reader of every record."""
    options = JsonOptions.of_text(options_text)
    name = f"potok_from_json_{variable(schema.json + options_text, '')}"
    return Kernel(name, (STRING,), schema, lambda texts: read_json(texts, schema, options))


def read_json(texts: pa.Array, schema: DataType, options: JsonOptions) -> pa.Array:
    """Texts as `from_json` reads them. The schema is a struct, an array or a map.

    Raises MALFORMED_RECORD_IN_PARSING in the mode FAILFAST.
    """
    reader = _RecordReader(schema, options)
    return nested_array([None if t is None else reader.read(t) for t in texts.to_pylist()], schema)


class _RecordReader:
    """One text to one value of `JsonConverter`."""

    def __init__(self, schema: DataType, options: JsonOptions) -> None:
        self._options = options
        self._leniency = options.leniency
        self._converter = JsonConverter(
            options.reading, named_numbers=self._leniency.allow_non_numeric_numbers
        )
        self._corrupt: int | None = None
        self._nothing: tuple[None, ...] | None = None
        self._wraps = isinstance(schema, ArrayType) and isinstance(schema.element, StructType)
        if isinstance(schema, StructType):
            self._nothing = (None,) * len(schema.fields)
            names = list(schema.names)
            if options.corrupt_record in names:
                self._corrupt = names.index(options.corrupt_record)
                fields = (f for f in schema.fields if f.name != options.corrupt_record)
                schema = StructType(tuple(fields))
        self._convert = self._converter.convert(schema)

    def read(self, text: str) -> Any:  # noqa: ANN401 - by the schema
        """The value; of a bad record what could be read of it."""
        problems = self._converter.problems
        problems.found, problems.wrong_text = False, None
        is_array = False
        try:
            parsed = parse_json(text, self._leniency)
            is_array = isinstance(parsed, list) and not isinstance(parsed, Members)
            if self._wraps and isinstance(parsed, Members):
                parsed = [parsed]
            value = None if parsed is None else self._convert(parsed)
            is_bad = value is None or not isinstance(value, tuple | list)
        except EOFError:
            return None
        except MalformedJsonError:
            is_bad, value = True, None
        if is_bad:
            value = None
        if (is_bad or problems.found) and self._options.mode == FAIL_FAST:
            raise self._failure(text, problems, value, is_array=is_array and self._nothing is not None)
        if self._nothing is None:
            return value
        return self._row(text, value, is_bad=is_bad or problems.found)

    def _row(self, text: str, value: Any, *, is_bad: bool) -> tuple[Any, ...]:  # noqa: ANN401 - by the schema
        """What could be read of a record, and the record itself where the schema has a place for it."""
        nothing = self._nothing
        assert nothing is not None  # noqa: S101 - the caller has looked
        if self._corrupt is None:
            return nothing if value is None else cast("tuple[Any, ...]", value)
        row = list(nothing[1:] if value is None else value)
        row.insert(self._corrupt, text if is_bad else None)
        return tuple(row)

    def _failure(self, text: str, problems: Problems, value: object, *, is_array: bool) -> SparkError:
        name = "MALFORMED_RECORD_IN_PARSING"
        if is_array:
            return SparkError(
                f"{name}.CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS", badRecord=text, failFastMode=FAIL_FAST
            )
        if problems.wrong_text is not None:
            value, field, target = problems.wrong_text
            return SparkError(
                f"{name}.CANNOT_PARSE_STRING_AS_DATATYPE",
                badRecord=text,
                failFastMode=FAIL_FAST,
                fieldValue=f"'{value}'",
                fieldName=f"`{field}`",
                targetType=target,
                inputType="StringType",
            )
        row = self._row(text, value, is_bad=True) if self._nothing is not None else (None,)
        return SparkError(f"{name}.WITHOUT_SUGGESTION", badRecord=row_text(row), failFastMode=FAIL_FAST)


def _call_options(call: Call) -> str:
    last = call.arguments[-1]
    assert isinstance(last, Literal)  # noqa: S101 - by the bind rule
    return str(last.value)


def _kernels_of_from_json(call: Call) -> tuple[Kernel, ...]:
    return (_reader(call.type, _call_options(call)),)


def _emit_from_json(call: Call, arguments: Sequence[str]) -> str:
    reader = _reader(call.type, _call_options(call)).name
    options = JsonOptions.of_text(_call_options(call))
    schema = call.type
    if not isinstance(schema, StructType) or options.corrupt_record in schema.names:
        return f"{reader}({arguments[0]})"
    if plain_records("x", schema, options) is None:
        return f"{reader}({arguments[0]})"
    return let(arguments[0], lambda v: f"coalesce({plain_records(v, schema, options)}, {reader}({v}))")


# ---- to_json ----------------------------------------------------------------------------------


def _bind_to_json(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value = arguments[0]
    options = JsonOptions.of_arguments(arguments[1:], context)
    if isinstance(value.data_type, NullType):
        return Literal(None, STRING)
    if not isinstance(value.data_type, StructType | ArrayType | MapType):
        raise mismatch("INVALID_JSON_SCHEMA", schema=quoted(value.data_type))
    return Call("to_json", (value, options.literal()), STRING, True, context.ansi)  # noqa: FBT003 - nullable


@lru_cache(maxsize=256)
def _writer(data_type: DataType, options_text: str) -> Kernel:
    options = JsonOptions.of_text(options_text)
    drops_nulls, pretty = options.flag("ignoreNullFields", default=True), options.flag("pretty")

    def write(values: pa.Array) -> pa.Array:
        texts = json_texts(values, data_type, options.writing, drops_nulls=drops_nulls)
        if not pretty:
            return texts
        return pa.array([None if t is None else pretty_text(t) for t in texts.to_pylist()], pa.string())

    return Kernel(f"potok_to_json_{variable(data_type.json + options_text, '')}", (data_type,), STRING, write)


def _writer_of(call: Call) -> Kernel:
    return _writer(call.arguments[0].data_type, _call_options(call))


def _kernels_of_to_json(call: Call) -> tuple[Kernel, ...]:
    return (_writer_of(call),)


def _emit_to_json(call: Call, arguments: Sequence[str]) -> str:
    return f"{_writer_of(call).name}({arguments[0]})"


# ---- parts of a text --------------------------------------------------------------------------


def _parsed(text: str, leniency: Leniency = TEXT_LENIENCY) -> Any:  # noqa: ANN401 - JSON
    try:
        return parse_json(text, leniency)
    except (MalformedJsonError, EOFError):
        return _BAD


def _array_length(text: str) -> int | None:
    value = _parsed(text)
    return len(value) if isinstance(value, list) and not isinstance(value, Members) else None


def _object_keys(text: str) -> list[str] | None:
    value = _parsed(text)
    return [name for name, _ in value] if isinstance(value, Members) else None


def _tuple_fields(arguments: Sequence[Expression]) -> Sequence[StructField]:
    if not all(isinstance(a.data_type, StringType) for a in arguments):
        raise mismatch("NON_STRING_TYPE", funcName="`json_tuple`")
    return [StructField(f"c{i}", STRING) for i in range(len(arguments) - 1)]


def _members_of(text: str | None, names: list[str | None]) -> list[str | None]:
    """The last value that is not null of each name, as text."""
    value = None if text is None else _parsed(text)
    found: dict[str, str] = {}
    for name, member in value if isinstance(value, Members) else ():
        if member is not None:
            found[name] = well_formed(member if type(member) is str else compact_json(member))
    return [None if name is None else found.get(name) for name in names]


def _emit_tuple(_: Sequence[Expression], sql: Sequence[str]) -> str:
    values = f"potok_json_tuple({sql[0]}, [{', '.join(sql[1:])}])"
    fields = ", ".join(f"f{i} := v[{i + 1}]" for i in range(len(sql) - 1))
    return f"list_transform([{values}], lambda v: struct_pack({fields}))"


def _bind_schema_of_json(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    text = arguments[0]
    options = JsonOptions.of_arguments(arguments[1:], context)
    if isinstance(text, Cast) and isinstance(text.child, Literal) and text.child.value is None:
        text = text.child
    if not isinstance(text, Literal):
        raise mismatch("NON_FOLDABLE_INPUT", inputName="`json`", inputType='"STRING"', inputExpr='"json"')
    if text.value is None:
        raise mismatch("UNEXPECTED_NULL", exprName="json")
    if not isinstance(text.value, str):
        raise unexpected_argument(0, text.data_type, '"STRING"')
    try:
        found = inferred_type(parse_json(text.value, options.leniency), options.inference)
    except EOFError:
        return Literal("STRING", STRING)
    except MalformedJsonError as error:
        raise SparkError("INTERNAL_ERROR", message=f"schema_of_json: {error}") from error
    return Literal(found.sql, STRING)


_GET_JSON_OBJECT = row_kernel("get_json_object", (STRING, STRING), STRING, json_at_path)
_ARRAY_LENGTH = row_kernel("json_array_length", (STRING,), INTEGER, _array_length)
_JSON_TUPLE = row_kernel(
    "json_tuple", (STRING, ArrayType(STRING)), ArrayType(STRING), _members_of, strict=False
)
_KEYS_TYPE = ArrayType(STRING, contains_null=True)
_OBJECT_KEYS = row_kernel("json_object_keys", (STRING,), _KEYS_TYPE, _object_keys)


FUNCTIONS: tuple[Function, ...] = (
    ScalarFunction(
        "from_json",
        (Input.ANY, Input.ANY, Input.ANY),
        STRING,
        emit=_emit_from_json,
        optional=1,
        bind=_bind_from_json,
        kernels=_kernels_of_from_json,
    ),
    ScalarFunction(
        "to_json",
        (Input.ANY, Input.ANY),
        STRING,
        emit=_emit_to_json,
        optional=1,
        bind=_bind_to_json,
        kernels=_kernels_of_to_json,
    ),
    ScalarFunction(
        "get_json_object",
        (STRING, STRING),
        STRING,
        emit="potok_get_json_object({0}, {1})",
        nullable=Nullability.ALWAYS,
        kernels=(_GET_JSON_OBJECT,),
    ),
    ScalarFunction(
        "json_array_length",
        (STRING,),
        INTEGER,
        emit="potok_json_array_length({0})",
        nullable=Nullability.ALWAYS,
        kernels=(_ARRAY_LENGTH,),
    ),
    ScalarFunction(
        "json_object_keys",
        (STRING,),
        _KEYS_TYPE,
        emit="potok_json_object_keys({0})",
        nullable=Nullability.ALWAYS,
        kernels=(_OBJECT_KEYS,),
    ),
    GeneratorFunction(
        "json_tuple",
        (Input.ANY, Input.ANY, Input.ANY),
        _tuple_fields,
        _emit_tuple,
        variadic=True,
        kernels=(_JSON_TUPLE,),
    ),
    ScalarFunction("schema_of_json", (Input.ANY, Input.ANY), STRING, optional=1, bind=_bind_schema_of_json),
)
