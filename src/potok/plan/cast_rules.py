"""Which conversions lose nothing and which may turn a value into NULL (Spark's UpCastRule and Cast)."""

from __future__ import annotations

from potok.types import (
    BINARY,
    BYTE,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    SHORT,
    ArrayType,
    BooleanType,
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
    StructType,
    TimestampNTZType,
    TimestampType,
    VariantType,
    YearMonthIntervalType,
)

NUMERIC_RANK: dict[DataType, int] = {
    data_type: rank for rank, data_type in enumerate((BYTE, SHORT, INTEGER, LONG, FLOAT, DOUBLE))
}
DECIMAL_FOR: dict[DataType, DecimalType] = {
    BYTE: DecimalType(3, 0),
    SHORT: DecimalType(5, 0),
    INTEGER: DecimalType(10, 0),
    LONG: DecimalType(20, 0),
    FLOAT: DecimalType(14, 7),
    DOUBLE: DecimalType(30, 15),
}


def is_atomic(data_type: DataType) -> bool:
    """Whether the type is neither nested nor NULL, INTERVAL or VARIANT (Spark's AtomicType)."""
    return not isinstance(
        data_type, (ArrayType, MapType, StructType, NullType, CalendarIntervalType, VariantType)
    )


def decimal_for_type(data_type: DataType) -> DecimalType:
    """The decimal that holds every value of a numeric type (its digits at best for fractions).

    KeyError for a type that is not numeric.
    """
    return data_type if isinstance(data_type, DecimalType) else DECIMAL_FOR[data_type]


def is_wider_decimal(decimal: DecimalType, other: DataType) -> bool:
    """Whether the decimal holds every value of a whole-number type or another decimal."""
    if not isinstance(other, (IntegralType, DecimalType)):
        return False
    other = decimal_for_type(other)
    return decimal.precision - decimal.scale >= other.precision - other.scale and decimal.scale >= other.scale


def is_tighter_decimal(decimal: DecimalType, other: DataType) -> bool:
    """Whether every value of the decimal fits into the other type."""
    match other:
        case DecimalType():
            return (
                decimal.precision - decimal.scale <= other.precision - other.scale
                and decimal.scale <= other.scale
            )
        case IntegralType():
            return is_tighter_decimal(decimal, decimal_for_type(other)) and decimal.scale == 0
    return False


def can_up_cast(source: DataType, target: DataType) -> bool:
    """Whether every value survives the conversion (Spark's UpCastRule)."""
    if source == target or isinstance(source, NullType):
        return True
    match source, target:
        case NumericType(), DecimalType() if is_wider_decimal(target, source):
            return True
        case DecimalType(), NumericType() if is_tighter_decimal(source, target):
            return True
        case (NumericType(), NumericType()) if source in NUMERIC_RANK and target in NUMERIC_RANK:
            return NUMERIC_RANK[source] < NUMERIC_RANK[target]
        case DateType(), TimestampType() | TimestampNTZType():
            return True
        case (TimestampNTZType(), TimestampType()) | (TimestampType(), TimestampNTZType()):
            return True
        case _, StringType() if is_atomic(source) or isinstance(source, CalendarIntervalType):
            return True
        case (StringType(), CalendarIntervalType()):
            return True
        case (DayTimeIntervalType(), DayTimeIntervalType()) | (
            YearMonthIntervalType(),
            YearMonthIntervalType(),
        ):
            return True
        case ArrayType(), ArrayType():
            return (target.contains_null or not source.contains_null) and can_up_cast(
                source.element, target.element
            )
        case MapType(), MapType():
            return (
                (target.value_contains_null or not source.value_contains_null)
                and can_up_cast(source.key, target.key)
                and can_up_cast(source.value, target.value)
            )
        case StructType(), StructType() if len(source.fields) == len(target.fields):
            return all(
                (b.nullable or not a.nullable) and can_up_cast(a.data_type, b.data_type)
                for a, b in zip(source.fields, target.fields, strict=True)
            )
    return False


def _fits_decimal(source: DataType, target: DecimalType) -> bool:
    """Whether a conversion loses no digit before the point (Spark's canNullSafeCastToDecimal)."""
    match source:
        case BooleanType():
            return is_wider_decimal(target, DecimalType(1, 0))
        case DecimalType() if target.precision - target.scale > source.precision - source.scale:
            return True
    return isinstance(source, NumericType) and is_wider_decimal(target, source)


def force_nullable(source: DataType, target: DataType) -> bool:
    """Whether the legacy conversion of a non-null value may give NULL (Spark's Cast.forceNullable)."""
    match source, target:
        case _ if isinstance(source, NullType) or source == target:
            return False
        case StringType(), _ if target == BINARY:
            return False
        case StringType(), _:
            return not isinstance(target, StringType)
        case _, StringType():
            return False
        case TimestampType() | TimestampNTZType(), IntegralType():
            return target != LONG
        case FractionalType(), TimestampType():
            return not isinstance(source, DecimalType)
        case TimestampType(), DateType():
            return False
        case _, DateType():
            return True
        case DateType(), TimestampType():
            return False
        case DateType(), _:
            return True
        case _, CalendarIntervalType():
            return True
        case _, DecimalType():
            return not _fits_decimal(source, target)
        case FractionalType(), IntegralType():
            return True
    return False
