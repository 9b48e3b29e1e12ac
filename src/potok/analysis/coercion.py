"""Conversions that analysis inserts or checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from potok.analysis.names import quote, quote_type, suggestions
from potok.analysis.pretty import sql_expression
from potok.errors import Origin, SparkError, unsupported
from potok.functions.arrays import may_lack_item
from potok.functions.base import FunctionContext, Input
from potok.functions.type_rules import (
    cast_to,
    coerce_operands,
    common_type,
    implicit_cast,
    is_orderable,
    same_type,
)
from potok.plan.cast_rules import can_up_cast, force_nullable
from potok.plan.expressions import (
    Call,
    Cast,
    CastMode,
    Expression,
    Literal,
    NamedArgument,
    UnresolvedFunction,
)
from potok.types import (
    BINARY,
    BOOLEAN,
    DATE,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    CalendarIntervalType,
    CharType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    IntegralType,
    MapType,
    NullType,
    NumericType,
    StringType,
    StructType,
    VarcharType,
    VariantType,
    YearMonthIntervalType,
)

_SINGLE_FIELD_INTERVALS = (DayTimeIntervalType, YearMonthIntervalType)
_NAMED_PARAMETERS: dict[str, tuple[str, ...]] = {
    "explode": ("collection",),
    "explode_outer": ("collection",),
    "posexplode": ("collection",),
    "posexplode_outer": ("collection",),
    "inline": ("input",),
    "inline_outer": ("input",),
    "mask": ("str", "upperChar", "lowerChar", "digitChar", "otherChar"),
    "count_min_sketch": ("column", "epsilon", "confidence", "seed"),
    "uniform": ("min", "max", "seed"),
    "randstr": ("length", "seed"),
}


# What parameters are that are left out before a named one.
_NAMED_DEFAULTS: dict[str, dict[str, Expression]] = {
    "mask": {
        "upperChar": Literal("X", STRING),
        "lowerChar": Literal("x", STRING),
        "digitChar": Literal("n", STRING),
    },
}


# ---- casts --------------------------------------------------------------------------------------


def can_cast(source: DataType, target: DataType, *, ansi: bool) -> bool:
    """Whether a cast between the types is legal at all (Cast.canAnsiCast, Cast.canCast)."""
    if source == target or isinstance(source, NullType):
        return True
    match source, target:
        case VariantType(), _:
            return not isinstance(target, (MapType, StructType))
        case _, StringType():
            return True
        case ArrayType(), ArrayType():
            return can_cast(source.element, target.element, ansi=ansi) and _nulls_fit(
                source.contains_null, source.element, target.contains_null, target.element, ansi=ansi
            )
        case MapType(), MapType():
            return (
                can_cast(source.key, target.key, ansi=ansi)
                and (ansi or not force_nullable(source.key, target.key))
                and can_cast(source.value, target.value, ansi=ansi)
                and _nulls_fit(
                    source.value_contains_null,
                    source.value,
                    target.value_contains_null,
                    target.value,
                    ansi=ansi,
                )
            )
        case StructType(), StructType():
            return len(source.fields) == len(target.fields) and all(
                can_cast(a.data_type, b.data_type, ansi=ansi)
                and _nulls_fit(a.nullable, a.data_type, b.nullable, b.data_type, ansi=ansi)
                for a, b in zip(source.fields, target.fields, strict=True)
            )
    return _can_cast_atomic(source, target) or (not ansi and _legacy_only(source, target))


def _nulls_fit(
    source_nullable: bool,  # noqa: FBT001 - a row of flags
    source: DataType,
    target_nullable: bool,  # noqa: FBT001
    target: DataType,
    *,
    ansi: bool,
) -> bool:
    if target_nullable:
        return True
    return not source_nullable and (ansi or not force_nullable(source, target))


def _can_cast_atomic(source: DataType, target: DataType) -> bool:
    numeric = isinstance(source, NumericType)
    match target:
        case NumericType():
            if isinstance(source, _SINGLE_FIELD_INTERVALS):
                return isinstance(target, (IntegralType, DecimalType))
            return numeric or source in {STRING, BOOLEAN, TIMESTAMP}
        case DayTimeIntervalType() | YearMonthIntervalType():
            exact = isinstance(source, (IntegralType, DecimalType))
            return exact or type(source) is type(target) or source == STRING
        case CalendarIntervalType():
            return source == STRING
    if target == BOOLEAN:
        return numeric or source == STRING
    if target == BINARY:
        return source == STRING
    if target == DATE:
        return source in {STRING, TIMESTAMP, TIMESTAMP_NTZ}
    if target == TIMESTAMP:
        return numeric or source in {STRING, DATE, TIMESTAMP_NTZ}
    if target == TIMESTAMP_NTZ:
        return source in {STRING, DATE, TIMESTAMP}
    return False


def _legacy_only(source: DataType, target: DataType) -> bool:
    if target == BINARY:
        return isinstance(source, IntegralType)
    if target == BOOLEAN:
        return source in {DATE, TIMESTAMP}
    if target == TIMESTAMP:
        return source == BOOLEAN
    return isinstance(target, NumericType) and source == DATE


def plain_type(data_type: DataType) -> DataType:
    """The type with CHAR and VARCHAR as STRING, at every depth: what expressions know."""
    match data_type:
        case CharType() | VarcharType():
            return STRING
        case ArrayType(element=element, contains_null=contains_null):
            return ArrayType(plain_type(element), contains_null)
        case MapType(key=key, value=value, value_contains_null=nulls):
            return MapType(plain_type(key), plain_type(value), nulls)
        case StructType(fields=fields):
            return StructType(tuple(replace(f, data_type=plain_type(f.data_type)) for f in fields))
    return data_type


def resolve_cast(original: Cast, child: Expression, context: FunctionContext) -> Expression:
    """A cast with its mode decided. Raises DATATYPE_MISMATCH.CAST_*."""
    child = _special_instant(child, original)
    mode = original.mode or (CastMode.ANSI if context.ansi else CastMode.LEGACY)
    result = replace(original, child=child, type=plain_type(original.type), mode=mode)
    check_cast(result, original)
    return result


def _special_instant(child: Expression, written: Cast) -> Expression:
    """A constant text with `epoch` written out, as Spark's optimizer does. Refuses those of the running day."""
    if not isinstance(child, Literal) or not isinstance(child.value, str):
        return child
    if written.type not in {DATE, TIMESTAMP, TIMESTAMP_NTZ}:
        return child
    word = child.value.strip().lower()
    if word == "epoch":
        return replace(child, value="1970-01-01T00:00:00Z" if written.type == TIMESTAMP else "1970-01-01")
    if word in {"now", "today", "tomorrow", "yesterday"}:
        raise unsupported(
            f"A cast of '{child.value}'", "Use current_date() or current_timestamp().", origin=written.origin
        )
    return child


def check_cast(cast: Cast, written: Cast) -> None:
    """Raises DATATYPE_MISMATCH.CAST_* unless the cast is legal in its mode."""
    source, target = cast.child.data_type, cast.type
    ansi = cast.mode is not CastMode.LEGACY
    if can_cast(source, target, ansi=ansi):
        return
    is_struct = isinstance(written.child, UnresolvedFunction) and written.child.name == "struct"
    parameters = {
        "origin": written.origin,
        "sqlExpr": sql_expression(replace(cast, child=written.child) if is_struct else cast),
        "srcType": quote_type(source),
        "targetType": quote_type(target),
    }
    function = None
    if ansi and isinstance(source, NumericType) and target == DATE:
        function = "`DATE_FROM_UNIX_DATE`"
    elif ansi and source == DATE and isinstance(target, NumericType):
        function = "`UNIX_DATE`"
    if function is not None:
        raise _error("DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION", functionNames=function, **parameters)
    if ansi and cast.mode is CastMode.ANSI and can_cast(source, target, ansi=False):
        raise _error(
            "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION",
            config='"spark.sql.ansi.enabled"',
            configVal="'false'",
            **parameters,
        )
    raise _error("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", **parameters)


def _error(condition: str, *, origin: object, **parameters: object) -> SparkError:
    return SparkError(condition, origin=origin if isinstance(origin, Origin) else None, **parameters)


# ---- extraction ---------------------------------------------------------------------------------


def coerce_extraction(found: Expression, context: FunctionContext) -> Expression:
    """An index of an array as a whole number, a key of a map as the map's key type."""
    if not isinstance(found, Call) or found.name not in {"get_array_item", "get_map_value"}:
        return found
    found = replace(found, ansi=context.ansi)
    base, extraction = found.arguments
    if found.name == "get_array_item":
        found = replace(found, is_nullable=may_lack_item(base, extraction))
        if isinstance(extraction.data_type, IntegralType):
            return found
        index = implicit_cast(extraction, Input.INTEGRAL, context)
        if index is None:
            raise _unexpected_key(found, extraction, '"INTEGRAL"')
        return replace(found, arguments=(base, index))
    if found.name == "get_map_value":
        key_type = base.data_type.key if isinstance(base.data_type, MapType) else STRING
        if same_type(extraction.data_type, key_type):
            return found
        key = implicit_cast(extraction, key_type, context)
        if key is None:
            raise _unexpected_key(found, extraction, quote_type(key_type))
        return replace(found, arguments=(base, key))
    return found


def _unexpected_key(found: Call, extraction: Expression, required: str) -> SparkError:
    return SparkError(
        "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
        origin=found.origin,
        sqlExpr=sql_expression(found),
        paramIndex="second",
        requiredType=required,
        inputSql=sql_expression(extraction),
        inputType=quote_type(extraction.data_type),
    )


# ---- checks -------------------------------------------------------------------------------------


def check_orderable(expression: Expression) -> None:
    """Raises DATATYPE_MISMATCH.INVALID_ORDERING_TYPE for what ORDER BY cannot compare."""
    if not is_orderable(expression.data_type):
        raise SparkError(
            "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
            sqlExpr=f'"{sql_expression(expression)[1:-1]} ASC NULLS FIRST"',
            functionName=quote("sortorder"),
            dataType=quote_type(expression.data_type),
        )


def check_condition(condition: Expression, context: FunctionContext) -> Expression:
    """A filter condition as BOOLEAN. Raises DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN."""
    if condition.data_type == BOOLEAN:
        return condition
    if isinstance(condition.data_type, NullType):
        return cast_to(condition, BOOLEAN, context)
    text = sql_expression(condition)
    raise SparkError(
        "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN",
        sqlExpr=text,
        filter=text,
        type=quote_type(condition.data_type),
    )


def order_named_arguments(call: UnresolvedFunction) -> Sequence[Expression]:
    """The arguments by position where some were given by name. Raises Spark's errors for names."""
    names = _NAMED_PARAMETERS.get(call.name)
    if names is None:
        raise SparkError("NAMED_PARAMETERS_NOT_SUPPORTED", origin=call.origin, functionName=quote(call.name))
    positional = [a for a in call.arguments if not isinstance(a, NamedArgument)]
    given = {n.key.lower(): n for n in call.arguments if isinstance(n, NamedArgument)}
    result: list[Expression] = list(positional)
    for name in names[len(positional) :]:
        argument = given.pop(name.lower(), None)
        if argument is None and given and name in _NAMED_DEFAULTS.get(call.name, {}):
            result.append(_NAMED_DEFAULTS[call.name][name])
            continue
        if argument is None:
            break
        result.append(argument.value)
    if given:
        unknown = next(iter(given.values())).key
        taken = unknown.lower() in {n.lower() for n in names[: len(positional)]}
        condition = (
            "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED"
            if taken
            else "UNRECOGNIZED_PARAMETER_NAME"
        )
        raise SparkError(
            condition,
            origin=call.origin,
            routineName=quote(call.name),
            parameterName=quote(unknown),
            argumentName=quote(unknown),
            proposal=" ".join(suggestions((unknown,), [(n,) for n in names])[:3]),
        )
    return result


# ---- schemas ------------------------------------------------------------------------------------


def up_cast(expression: Expression, target: DataType, context: FunctionContext, *, column: str) -> Expression:
    """The expression as the target where nothing is lost. Raises CANNOT_UP_CAST_DATATYPE."""
    if same_type(expression.data_type, target):
        return expression
    if not can_up_cast(expression.data_type, target):
        raise SparkError(
            "CANNOT_UP_CAST_DATATYPE",
            expression=column,
            sourceType=quote_type(expression.data_type),
            targetType=quote_type(target),
            details="",
        )
    return cast_to(expression, target, context)


__all__ = [
    "can_cast",
    "cast_to",
    "check_cast",
    "check_condition",
    "check_orderable",
    "coerce_extraction",
    "coerce_operands",
    "common_type",
    "implicit_cast",
    "order_named_arguments",
    "plain_type",
    "resolve_cast",
    "up_cast",
]
