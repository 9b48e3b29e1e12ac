"""Functions that make several rows of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from potok.errors import SparkError
from potok.functions.base import Function, GeneratorFunction, Input
from potok.functions.mismatch import unexpected_argument
from potok.functions.sql_text import quote_text, sql_type
from potok.plan.expressions import Expression, Literal
from potok.types import INTEGER, ArrayType, MapType, NullType, StructField, StructType

_POSITION = StructField("pos", INTEGER, nullable=False)


def _exploded(argument: Expression) -> list[StructField]:
    match argument.data_type:
        case ArrayType(element=element, contains_null=contains_null):
            return [StructField("col", element, contains_null)]
        case MapType(key=key, value=value, value_contains_null=nulls):
            return [StructField("key", key, nullable=False), StructField("value", value, nulls)]
    raise unexpected_argument(0, argument.data_type, '("ARRAY" or "MAP")')


def _explode_fields(arguments: Sequence[Expression]) -> Sequence[StructField]:
    return _exploded(arguments[0])


def _posexplode_fields(arguments: Sequence[Expression]) -> Sequence[StructField]:
    return [_POSITION, *_exploded(arguments[0])]


def _emit_explode(arguments: Sequence[Expression], sql: Sequence[str]) -> str:
    if isinstance(arguments[0].data_type, MapType):
        return f"list_transform(map_entries({sql[0]}), lambda e: struct_pack(f0 := e.key, f1 := e.value))"
    return f"list_transform({sql[0]}, lambda e: struct_pack(f0 := e))"


def _emit_posexplode(arguments: Sequence[Expression], sql: Sequence[str]) -> str:
    position = "f0 := CAST(i - 1 AS INTEGER)"
    if isinstance(arguments[0].data_type, MapType):
        entry = f"struct_pack({position}, f1 := e.key, f2 := e.value)"
        return f"list_transform(map_entries({sql[0]}), lambda e, i: {entry})"
    return f"list_transform({sql[0]}, lambda e, i: struct_pack({position}, f1 := e))"


def _struct_of(argument: Expression) -> StructType:
    data_type = argument.data_type
    if isinstance(data_type, ArrayType) and isinstance(data_type.element, StructType):
        return data_type.element
    raise unexpected_argument(0, data_type, '"ARRAY<STRUCT>"')


def _inline_fields(arguments: Sequence[Expression]) -> Sequence[StructField]:
    data_type = arguments[0].data_type
    nulls = isinstance(data_type, ArrayType) and data_type.contains_null
    return [replace(f, nullable=f.nullable or nulls) for f in _struct_of(arguments[0]).fields]


def _emit_inline(arguments: Sequence[Expression], sql: Sequence[str]) -> str:
    fields = _struct_of(arguments[0]).fields
    parts = ", ".join(f"f{i} := struct_extract(e, {quote_text(f.name)})" for i, f in enumerate(fields))
    return f"list_transform({sql[0]}, lambda e: struct_pack({parts}))"


def _stack_shape(arguments: Sequence[Expression]) -> tuple[int, int]:
    count = arguments[0]
    if not isinstance(count, Literal) or not isinstance(count.value, int) or count.value < 1:
        raise SparkError(
            "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
            inputName="`n`",
            inputType='"INT"',
            inputExpr='"n"',
        )
    values = len(arguments) - 1
    return count.value, -(-values // count.value)


def _stack_fields(arguments: Sequence[Expression]) -> Sequence[StructField]:
    _, width = _stack_shape(arguments)
    fields = []
    for column in range(width):
        places = range(1 + column, len(arguments), width)
        known = [(p, arguments[p].data_type) for p in places if arguments[p].data_type != NullType()]
        at, first = known[0] if known else (0, NullType())
        for place, data_type in known:
            if data_type != first:
                raise SparkError(
                    "DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES",
                    columnIndex=str(column),
                    leftParamIndex=str(at),
                    leftType=f'"{first.sql}"',
                    rightParamIndex=str(place),
                    rightType=f'"{data_type.sql}"',
                )
        fields.append(StructField(f"col{column}", first))
    return fields


def _emit_stack(arguments: Sequence[Expression], sql: Sequence[str]) -> str:
    rows, width = _stack_shape(arguments)
    fields = _stack_fields(arguments)
    cells = sql[1:]
    texts = []
    for row in range(rows):
        parts = []
        for column, f in enumerate(fields):
            position = row * width + column
            value = cells[position] if position < len(cells) else "NULL"
            parts.append(f"f{column} := CAST({value} AS {sql_type(f.data_type)})")
        texts.append(f"struct_pack({', '.join(parts)})")
    return f"[{', '.join(texts)}]"


def _with_outer(
    name: str,
    fields: Callable[[Sequence[Expression]], Sequence[StructField]],
    emit: Callable[[Sequence[Expression], Sequence[str]], str],
) -> tuple[Function, ...]:
    """The function and its `_outer` sister, which keeps rows that give nothing."""

    def nullable(arguments: Sequence[Expression]) -> Sequence[StructField]:
        return [replace(f, nullable=True) for f in fields(arguments)]

    plain = GeneratorFunction(name, (Input.ANY,), fields, emit)
    return plain, replace(plain, name=f"{name}_outer", fields=nullable, outer=True)


FUNCTIONS: tuple[Function, ...] = (
    *_with_outer("explode", _explode_fields, _emit_explode),
    *_with_outer("posexplode", _posexplode_fields, _emit_posexplode),
    *_with_outer("inline", _inline_fields, _emit_inline),
    GeneratorFunction("stack", (INTEGER, Input.ANY), _stack_fields, _emit_stack, variadic=True),
)
