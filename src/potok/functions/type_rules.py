"""Spark's lattice of types: common types, decimal digits, what converts to what by itself.

Everything here is about types, or makes at most a `Cast`; names and plans are the analyzer's.
Sources: Spark's TypeCoercionHelper, TypeCoercion, AnsiTypeCoercion, DecimalPrecisionTypeCoercion,
UpCastRule and Cast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from potok.functions.base import FunctionContext, Input, InputType
from potok.plan.cast_rules import (
    NUMERIC_RANK,
    decimal_for_type,
    force_nullable,
    is_atomic,
    is_wider_decimal,
)
from potok.plan.expressions import Cast, CastMode, Expression, Literal
from potok.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    CALENDAR_INTERVAL,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    MAX_PRECISION,
    NULL,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    ArrayType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    FractionalType,
    IntegralType,
    MapType,
    NullType,
    NumericType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
    VariantType,
    YearMonthIntervalType,
    as_nullable,
)

MINIMUM_ADJUSTED_SCALE = 6
DECIMAL_SYSTEM_DEFAULT = DecimalType(38, 18)
INTERVAL_TYPES = (DayTimeIntervalType, YearMonthIntervalType)
DATETIME_TYPES = (DateType, TimestampType, TimestampNTZType)

_Finder = Callable[[DataType, DataType], DataType | None]


def is_orderable(data_type: DataType) -> bool:
    """Whether `<` and ORDER BY take it: not maps, INTERVAL and VARIANT, at any depth."""
    match data_type:
        case ArrayType(element=element):
            return is_orderable(element)
        case StructType(fields=fields):
            return all(is_orderable(f.data_type) for f in fields)
    return not isinstance(data_type, (MapType, CalendarIntervalType, VariantType))


def contains_map(data_type: DataType) -> bool:
    """Whether a map occurs in it, at any depth: such values cannot be compared."""
    match data_type:
        case ArrayType(element=element):
            return contains_map(element)
        case StructType(fields=fields):
            return any(contains_map(f.data_type) for f in fields)
    return isinstance(data_type, MapType)


def same_type(left: DataType, right: DataType) -> bool:
    """Whether two types are equal but for what may be null inside them."""
    return left == right or as_nullable(left) == as_nullable(right)


def with_names_of(model: DataType, data_type: DataType) -> DataType:
    """A type whose fields have the names of those of another one of the same shape."""
    match model, data_type:
        case StructType(fields=left), StructType(fields=right) if len(left) == len(right):
            pairs = zip(left, right, strict=True)
            return StructType(
                tuple(
                    replace(b, name=a.name, data_type=with_names_of(a.data_type, b.data_type))
                    for a, b in pairs
                )
            )
        case ArrayType(element=a), ArrayType(element=b, contains_null=nulls):
            return ArrayType(with_names_of(a, b), nulls)
        case MapType(), MapType():
            key, value = with_names_of(model.key, data_type.key), with_names_of(model.value, data_type.value)
            return MapType(key, value, data_type.value_contains_null)
    return data_type


def have_same_type(types: Sequence[DataType]) -> bool:
    """Whether all types are the same but for what may be null inside them."""
    return all(same_type(types[0], other) for other in types[1:])


# ---- decimals -----------------------------------------------------------------------------------


def decimal_for_literal(value: int) -> DecimalType:
    """The smallest decimal that holds a whole number."""
    return DecimalType(max(1, len(str(abs(value)))), 0)


def bounded_decimal(precision: int, scale: int) -> DecimalType:
    """The decimal with these digits, cut to 38 each."""
    return DecimalType(min(precision, MAX_PRECISION), min(scale, MAX_PRECISION))


def decimal_preferring_integral_digits(precision: int, scale: int) -> DecimalType:
    """The decimal with these digits; where they are too many, the fraction gives way."""
    if precision <= MAX_PRECISION:
        return DecimalType(precision, scale)
    return DecimalType(MAX_PRECISION, max(0, scale - (precision - MAX_PRECISION)))


def adjusted_decimal(precision: int, scale: int) -> DecimalType:
    """The decimal with these digits; where they are too many, the fraction shrinks to 6 at least."""
    if precision <= MAX_PRECISION:
        return DecimalType(precision, scale)
    integral_digits = precision - scale
    kept = min(scale, MINIMUM_ADJUSTED_SCALE)
    return DecimalType(MAX_PRECISION, max(MAX_PRECISION - integral_digits, kept))


def wider_decimal(left: DecimalType, right: DecimalType) -> DecimalType:
    """The decimal that holds both, as for comparing and merging."""
    scale = max(left.scale, right.scale)
    integral_digits = max(left.precision - left.scale, right.precision - right.scale)
    return decimal_preferring_integral_digits(integral_digits + scale, scale)


def decimal_result(
    operator: str, left: DecimalType, right: DecimalType, *, allow_precision_loss: bool = True
) -> DecimalType:
    """The type of `left operator right` for `+ - * / % pmod div`.

    `div` gives the decimal before it is cast to BIGINT. `allow_precision_loss` is
    `spark.sql.decimalOperations.allowPrecisionLoss`. KeyError for another operator.
    """
    p1, s1, p2, s2 = left.precision, left.scale, right.precision, right.scale
    finish = adjusted_decimal if allow_precision_loss else bounded_decimal
    match operator:
        case "+" | "-":
            scale = max(s1, s2)
            return finish(max(p1 - s1, p2 - s2) + scale + 1, scale)
        case "*":
            return finish(p1 + p2 + 1, s1 + s2)
        case "%" | "pmod":
            scale = max(s1, s2)
            return finish(min(p1 - s1, p2 - s2) + scale, scale)
        case "div":
            return bounded_decimal(max(1, p1 - s1 + s2), 0)
        case "/" if allow_precision_loss:
            scale = max(MINIMUM_ADJUSTED_SCALE, s1 + p2 + 1)
            return adjusted_decimal(p1 - s1 + s2 + scale, scale)
        case "/":
            integral_digits = min(MAX_PRECISION, p1 - s1 + s2)
            fraction_digits = min(MAX_PRECISION, max(MINIMUM_ADJUSTED_SCALE, s1 + p2 + 1))
            surplus = integral_digits + fraction_digits - MAX_PRECISION
            if surplus > 0:
                fraction_digits -= surplus // 2 + 1
                integral_digits = MAX_PRECISION - fraction_digits
            return bounded_decimal(integral_digits + fraction_digits, fraction_digits)
    raise KeyError(operator)


# ---- common types -------------------------------------------------------------------------------


def tightest_common_type(
    left: DataType, right: DataType, *, ansi: bool = True, case_sensitive: bool = False
) -> DataType | None:
    """The type of both that loses nothing, or None (Spark's findTightestCommonType)."""
    if left == right or isinstance(right, NullType):
        return left
    if isinstance(left, NullType):
        return right
    if isinstance(left, NumericType) and isinstance(right, NumericType):
        return _tightest_numeric(left, right, ansi=ansi)
    if isinstance(left, DATETIME_TYPES) and isinstance(right, DATETIME_TYPES):
        return TIMESTAMP if TIMESTAMP in (left, right) else TIMESTAMP_NTZ
    for interval in INTERVAL_TYPES:
        if isinstance(left, interval) and isinstance(right, interval):
            return interval(min(left.start, right.start), max(left.end, right.end))
    return _complex_type(
        left,
        right,
        lambda a, b: tightest_common_type(a, b, ansi=ansi, case_sensitive=case_sensitive),
        case_sensitive=case_sensitive,
    )


def _tightest_numeric(left: DataType, right: DataType, *, ansi: bool) -> DataType | None:
    if isinstance(left, DecimalType) or isinstance(right, DecimalType):
        if (
            isinstance(right, DecimalType)
            and isinstance(left, IntegralType)
            and is_wider_decimal(right, left)
        ):
            return right
        if (
            isinstance(left, DecimalType)
            and isinstance(right, IntegralType)
            and is_wider_decimal(left, right)
        ):
            return left
        return None
    wider = left if NUMERIC_RANK[left] >= NUMERIC_RANK[right] else right
    return DOUBLE if ansi and wider == FLOAT else wider


def _complex_type(left: DataType, right: DataType, find: _Finder, *, case_sensitive: bool) -> DataType | None:
    match left, right:
        case ArrayType(), ArrayType():
            element = find(left.element, right.element)
            if element is None:
                return None
            return ArrayType(
                element,
                left.contains_null
                or right.contains_null
                or force_nullable(left.element, element)
                or force_nullable(right.element, element),
            )
        case MapType(), MapType():
            key, value = find(left.key, right.key), find(left.value, right.value)
            if (
                key is None
                or value is None
                or force_nullable(left.key, key)
                or force_nullable(right.key, key)
            ):
                return None
            return MapType(
                key,
                value,
                left.value_contains_null
                or right.value_contains_null
                or force_nullable(left.value, value)
                or force_nullable(right.value, value),
            )
        case StructType(), StructType() if len(left.fields) == len(right.fields):
            return _common_struct(left, right, find, case_sensitive=case_sensitive)
    return None


def _common_struct(
    left: StructType, right: StructType, find: _Finder, *, case_sensitive: bool
) -> DataType | None:
    fields = []
    for a, b in zip(left.fields, right.fields, strict=True):
        if a.name != b.name and (case_sensitive or a.name.lower() != b.name.lower()):
            return None
        found = find(a.data_type, b.data_type)
        if found is None:
            return None
        nullable = (
            a.nullable
            or b.nullable
            or force_nullable(a.data_type, found)
            or force_nullable(b.data_type, found)
        )
        fields.append(StructField(a.name, found, nullable))
    return StructType(tuple(fields))


def _wider_decimal_type(left: DataType, right: DataType) -> DataType | None:
    exact = (IntegralType, DecimalType)
    if not (isinstance(left, DecimalType) or isinstance(right, DecimalType)):
        return None
    if isinstance(left, exact) and isinstance(right, exact):
        return wider_decimal(decimal_for_type(left), decimal_for_type(right))
    if isinstance(left, FractionalType) and isinstance(right, FractionalType):
        return DOUBLE
    return None


def promoted_string_type(left: DataType, right: DataType) -> DataType | None:
    """What a STRING and another type meet in under ANSI rules, or None where neither is STRING.

    Whole numbers give BIGINT, other numbers DOUBLE, intervals nothing, the rest the other type.
    """
    if not isinstance(left, StringType):
        left, right = right, left
    if not isinstance(left, StringType) or isinstance(right, INTERVAL_TYPES):
        return None
    if isinstance(right, NullType):
        return left
    if isinstance(right, IntegralType):
        return LONG
    if isinstance(right, FractionalType):
        return DOUBLE
    return right if is_atomic(right) else None


def _legacy_string_promotion(left: DataType, right: DataType) -> DataType | None:
    for string, other in ((left, right), (right, left)):
        if isinstance(string, StringType) and is_atomic(other) and other not in {BINARY, BOOLEAN}:
            return STRING
    return None


def wider_type(
    left: DataType, right: DataType, *, ansi: bool = True, case_sensitive: bool = False
) -> DataType | None:
    """The type in which both meet where some precision may go, or None (findWiderTypeForTwo)."""
    found = tightest_common_type(left, right, ansi=ansi, case_sensitive=case_sensitive)
    found = found or _wider_decimal_type(left, right)
    found = found or (promoted_string_type if ansi else _legacy_string_promotion)(left, right)
    return found or _complex_type(
        left,
        right,
        lambda a, b: wider_type(a, b, ansi=ansi, case_sensitive=case_sensitive),
        case_sensitive=case_sensitive,
    )


def _has_string(data_type: DataType) -> bool:
    if isinstance(data_type, ArrayType):
        return _has_string(data_type.element)
    return isinstance(data_type, StringType)


def common_type(
    types: Sequence[DataType], *, ansi: bool = True, case_sensitive: bool = False
) -> DataType | None:
    """The common type of coalesce, CASE, IN, arrays, maps and sets, or None (findWiderCommonType)."""
    ordered = list(types)
    if not ansi:
        strings = list(dict.fromkeys(t for t in types if _has_string(t)))
        ordered = strings + [t for t in types if not _has_string(t)]
    result: DataType | None = NULL
    for data_type in ordered:
        if result is not None:
            result = wider_type(result, data_type, ansi=ansi, case_sensitive=case_sensitive)
    return result


def common_type_without_strings(
    types: Sequence[DataType], *, ansi: bool = True, case_sensitive: bool = False
) -> DataType | None:
    """The common type of greatest and least, or None: a STRING meets only STRING there."""

    def find(left: DataType, right: DataType) -> DataType | None:
        found = tightest_common_type(left, right, ansi=ansi, case_sensitive=case_sensitive)
        found = found or _wider_decimal_type(left, right)
        return found or _complex_type(left, right, find, case_sensitive=case_sensitive)

    result: DataType | None = NULL
    for data_type in types:
        if result is not None:
            result = find(result, data_type)
    return result


def legacy_comparison_type(left: DataType, right: DataType) -> DataType | None:
    """What a comparison casts a STRING and another type to without ANSI, or None."""
    for string, other in ((left, right), (right, left)):
        if not isinstance(string, StringType) or isinstance(other, StringType):
            continue
        if isinstance(other, NullType):
            return STRING
        if isinstance(other, DecimalType):
            return DOUBLE
        return other if is_atomic(other) else None
    return None


# ---- what converts to what ----------------------------------------------------------------------


def can_store_assign(source: DataType, target: DataType) -> bool:
    """Whether ANSI rules let the value be stored or passed as the target without a word."""
    if source == target or isinstance(source, NullType):
        return True
    match source, target:
        case NumericType(), NumericType():
            return True
        case _, StringType():
            return is_atomic(source) or isinstance(source, CalendarIntervalType)
        case ArrayType(), ArrayType():
            return (target.contains_null or not source.contains_null) and can_store_assign(
                source.element, target.element
            )
        case MapType(), MapType():
            return (
                (target.value_contains_null or not source.value_contains_null)
                and can_store_assign(source.key, target.key)
                and can_store_assign(source.value, target.value)
            )
        case StructType(), StructType():
            return len(source.fields) == len(target.fields) and all(
                (b.nullable or not a.nullable) and can_store_assign(a.data_type, b.data_type)
                for a, b in zip(source.fields, target.fields, strict=True)
            )
    if isinstance(source, DATETIME_TYPES) and isinstance(target, DATETIME_TYPES):
        return True
    return any(isinstance(source, i) and isinstance(target, i) for i in INTERVAL_TYPES)


_DEFAULT_CONCRETE: dict[Input, DataType] = {
    Input.NUMERIC: DOUBLE,
    Input.INTEGRAL: INTEGER,
    Input.STRING_OR_BINARY: STRING,
    Input.ARRAY: ArrayType(NULL, contains_null=True),
    Input.MAP: MapType(NULL, NULL, value_contains_null=True),
    Input.STRUCT: StructType(()),
    Input.INTERVAL: CALENDAR_INTERVAL,
}


def accepts(expected: InputType, data_type: DataType) -> bool:
    """Whether an argument of this type fits without conversion.

    Decimals fit any decimal of a table row written `DecimalType()`, nested types their namesakes
    whatever may be null inside.
    """
    if isinstance(expected, Input):
        return _accepts_kind(expected, data_type)
    if isinstance(expected, DecimalType) and isinstance(data_type, DecimalType):
        return expected in (data_type, DecimalType())
    if isinstance(expected, INTERVAL_TYPES):
        return type(expected) is type(data_type)
    return same_type(expected, data_type)


def _accepts_kind(expected: Input, data_type: DataType) -> bool:
    match expected:
        case Input.ANY | Input.SAME | Input.LAMBDA:
            return True
        case Input.NUMERIC:
            return isinstance(data_type, NumericType)
        case Input.INTEGRAL:
            return isinstance(data_type, IntegralType)
        case Input.ORDERABLE:
            return is_orderable(data_type)
        case Input.STRING_OR_BINARY:
            return data_type in {STRING, BINARY}
        case Input.ARRAY:
            return isinstance(data_type, ArrayType)
        case Input.MAP:
            return isinstance(data_type, MapType)
        case Input.STRUCT:
            return isinstance(data_type, StructType)
        case Input.ARRAY_OR_MAP:
            return isinstance(data_type, (ArrayType, MapType))
        case Input.INTERVAL:
            return isinstance(data_type, (*INTERVAL_TYPES, CalendarIntervalType))
    raise KeyError(expected)


def implicit_type(source: DataType, expected: InputType, *, ansi: bool = True) -> DataType | None:
    """The type that an argument takes on where `expected` is asked; None where it does not fit."""
    if accepts(expected, source):
        return source
    return _ansi_implicit_type(source, expected) if ansi else _legacy_implicit_type(source, expected)


def _ansi_implicit_type(source: DataType, expected: InputType) -> DataType | None:
    if isinstance(expected, Input):
        if expected is Input.ARRAY_OR_MAP:
            return _DEFAULT_CONCRETE[Input.ARRAY] if isinstance(source, NullType) else None
        target = _DEFAULT_CONCRETE.get(expected)
        if target is None or (expected is Input.INTEGRAL and isinstance(source, FractionalType)):
            return None
        if isinstance(source, StringType):
            return target if expected is Input.NUMERIC else None
        return target if can_store_assign(source, target) else None
    if isinstance(expected, DecimalType) and expected == DecimalType():
        if isinstance(source, NumericType):
            return decimal_for_type(source)
        if isinstance(source, StringType):
            return DECIMAL_SYSTEM_DEFAULT
    if isinstance(source, StringType):
        return expected if is_atomic(expected) else None
    if isinstance(source, ArrayType) and isinstance(expected, ArrayType):
        element = implicit_type(source.element, expected.element)
        return None if element is None else ArrayType(element, contains_null=True)
    return expected if can_store_assign(source, expected) else None


def _legacy_implicit_type(source: DataType, expected: InputType) -> DataType | None:
    if isinstance(expected, Input):
        if isinstance(source, NullType):
            return _DEFAULT_CONCRETE.get(expected)
        if expected is Input.NUMERIC and isinstance(source, StringType):
            return DOUBLE
        if expected is Input.STRING_OR_BINARY and is_atomic(source):
            return STRING
        return None
    if isinstance(source, NullType):
        return expected
    if isinstance(expected, DecimalType):
        if isinstance(source, NumericType):
            return decimal_for_type(source) if expected == DecimalType() else expected
        return DECIMAL_SYSTEM_DEFAULT if isinstance(source, StringType) else None
    if isinstance(expected, StringType):
        return STRING if is_atomic(source) else None
    if isinstance(source, ArrayType) and isinstance(expected, ArrayType):
        element = _legacy_implicit_type(source.element, expected.element)
        if element is None or (
            not expected.contains_null and (source.contains_null or force_nullable(source.element, element))
        ):
            return None
        return ArrayType(element, expected.contains_null)
    if isinstance(source, (NumericType, StringType)) and isinstance(expected, NumericType):
        return expected
    datetime_source = isinstance(source, (*DATETIME_TYPES, StringType))
    if datetime_source and isinstance(expected, DATETIME_TYPES):
        return expected
    return BINARY if isinstance(source, StringType) and expected == BINARY else None


# ---- casts --------------------------------------------------------------------------------------


def cast_to(expression: Expression, target: DataType, context: FunctionContext) -> Expression:
    """The expression as the target type; itself where the types are the same but for nulls inside.

    A bare NULL becomes a literal of the type.
    """
    source = expression.data_type
    if same_type(source, target):
        return expression
    if isinstance(expression, Literal) and expression.value is None:
        return replace(expression, type=target)
    mode = CastMode.ANSI if context.ansi else CastMode.LEGACY
    return Cast(expression, target, mode, explicit=False)


def implicit_cast(expression: Expression, expected: InputType, context: FunctionContext) -> Expression | None:
    """The argument as `expected` asks for it, cast where Spark would; None where it does not fit."""
    target = implicit_type(expression.data_type, expected, ansi=context.ansi)
    return None if target is None else cast_to(expression, target, context)


def coerce_all(expressions: Sequence[Expression], context: FunctionContext) -> tuple[Expression, ...] | None:
    """The expressions cast to their common type; None where they have none."""
    types = [e.data_type for e in expressions]
    if have_same_type(types):
        return tuple(expressions)
    target = common_type(types, ansi=context.ansi, case_sensitive=context.case_sensitive)
    return None if target is None else tuple(cast_to(e, target, context) for e in expressions)


def coerce_operands(
    left: Expression, right: Expression, context: FunctionContext, *, is_comparison: bool
) -> tuple[Expression, Expression]:
    """Both sides of a binary operator after Spark's rules; left alone where no rule applies.

    In order: strings are promoted (BIGINT or DOUBLE beside numbers; without ANSI DOUBLE in
    arithmetic), then decimals (a comparison widens both; arithmetic turns whole numbers into
    decimals, a literal into the smallest one that holds it), then the tightest common type. The
    result types of decimal arithmetic come from `decimal_result` over the sides returned here.
    """
    left, right = _promote_strings(left, right, context, is_comparison=is_comparison)
    a, b = left.data_type, right.data_type
    if a == b:
        return left, right
    if isinstance(a, NumericType) and isinstance(b, NumericType) and DecimalType in (type(a), type(b)):
        return _coerce_decimal_operands(left, right, context, is_comparison=is_comparison)
    found = tightest_common_type(a, b, ansi=context.ansi, case_sensitive=context.case_sensitive)
    if found is None:
        return left, right
    return cast_to(left, found, context), cast_to(right, found, context)


def _promote_strings(
    left: Expression, right: Expression, context: FunctionContext, *, is_comparison: bool
) -> tuple[Expression, Expression]:
    a, b = left.data_type, right.data_type
    if context.ansi:
        found = promoted_string_type(a, b)
    elif is_comparison:
        found = legacy_comparison_type(a, b)
    else:
        intervals = (*INTERVAL_TYPES, CalendarIntervalType)
        if isinstance(a, StringType) and not isinstance(b, intervals):
            left = cast_to(left, DOUBLE, context)
        if isinstance(b, StringType) and not isinstance(a, intervals):
            right = cast_to(right, DOUBLE, context)
        found = None
    if found is None:
        return left, right
    return cast_to(left, found, context), cast_to(right, found, context)


def _coerce_decimal_operands(
    left: Expression, right: Expression, context: FunctionContext, *, is_comparison: bool
) -> tuple[Expression, Expression]:
    a, b = left.data_type, right.data_type
    if isinstance(a, (type(FLOAT), type(DOUBLE))) or isinstance(b, (type(FLOAT), type(DOUBLE))):
        return cast_to(left, DOUBLE, context), cast_to(right, DOUBLE, context)
    left, right = _as_decimal(left, context), _as_decimal(right, context)
    a, b = left.data_type, right.data_type
    if is_comparison and isinstance(a, DecimalType) and isinstance(b, DecimalType):
        found = wider_decimal(a, b)
        return cast_to(left, found, context), cast_to(right, found, context)
    return left, right


def _as_decimal(expression: Expression, context: FunctionContext) -> Expression:
    if not isinstance(expression.data_type, IntegralType):
        return expression
    # Spark takes a TINYINT literal for any TINYINT.
    is_small = expression.data_type == BYTE
    if isinstance(expression, Literal) and isinstance(expression.value, (int, Decimal)) and not is_small:
        return cast_to(expression, decimal_for_literal(int(expression.value)), context)
    return cast_to(expression, decimal_for_type(expression.data_type), context)
