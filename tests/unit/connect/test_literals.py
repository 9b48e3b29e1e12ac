# ruff: noqa: DTZ001 - local times have no zone
from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TypeAlias

import pyspark.sql.connect.proto as pb
import pytest
from pyspark.sql.connect.expressions import LiteralExpression

from potok import types as t
from potok.connect.decode_literals import decode_literal
from potok.connect.encode import encode_literal, encode_type
from potok.errors import SparkError

Proto: TypeAlias = pb.Expression.Literal
INT = encode_type(t.INTEGER)


@pytest.mark.parametrize(
    ("message", "value", "data_type"),
    [
        (Proto(null=encode_type(t.STRING)), None, t.STRING),
        (Proto(binary=b"\0x"), b"\0x", t.BINARY),
        (Proto(boolean=True), True, t.BOOLEAN),
        (Proto(byte=-128), -128, t.BYTE),
        (Proto(short=7), 7, t.SHORT),
        (Proto(integer=7), 7, t.INTEGER),
        (Proto(long=2**40), 2**40, t.LONG),
        (Proto(float=0.5), 0.5, t.FLOAT),
        (Proto(double=0.1), 0.1, t.DOUBLE),
        (Proto(string="ü"), "ü", t.STRING),
        (Proto(date=18262), dt.date(2020, 1, 1), t.DATE),
        (
            Proto(timestamp=1577836800000001),
            dt.datetime(2020, 1, 1, 0, 0, 0, 1, dt.UTC),
            t.TIMESTAMP,
        ),
        (Proto(timestamp_ntz=-1), dt.datetime(1969, 12, 31, 23, 59, 59, 999999), t.TIMESTAMP_NTZ),
        (Proto(year_month_interval=14), 14, t.YEAR_MONTH_INTERVAL),
        (Proto(day_time_interval=-5), -5, t.DAY_TIME_INTERVAL),
        (
            Proto(calendar_interval=Proto.CalendarInterval(months=1, days=2, microseconds=3)),
            (1, 2, 3),
            t.CALENDAR_INTERVAL,
        ),
        (
            Proto(array=Proto.Array(element_type=INT, elements=[Proto(integer=1), Proto(null=INT)])),
            (1, None),
            t.ArrayType(t.INTEGER),
        ),
        (
            Proto(specialized_array=Proto.SpecializedArray(longs=pb.Longs(values=[1, 2]))),
            (1, 2),
            t.ArrayType(t.LONG, contains_null=False),
        ),
        (
            Proto(
                map=Proto.Map(
                    key_type=encode_type(t.STRING),
                    value_type=INT,
                    keys=[Proto(string="a")],
                    values=[Proto(integer=1)],
                )
            ),
            (("a", 1),),
            t.MapType(t.STRING, t.INTEGER),
        ),
        (
            Proto(
                struct=Proto.Struct(
                    struct_type=encode_type(t.StructType((t.StructField("a", t.INTEGER),))),
                    elements=[Proto(integer=1)],
                )
            ),
            (1,),
            t.StructType((t.StructField("a", t.INTEGER),)),
        ),
    ],
)
def test_values_and_types(message: Proto, value: object, data_type: t.DataType) -> None:
    literal = decode_literal(message)
    assert (literal.value, literal.type) == (value, data_type)


@pytest.mark.parametrize(
    ("text", "precision", "scale", "expected"),
    [
        # Python sends (10, 0) whatever the value is; Spark takes at least the digits that are there.
        ("1.23", 10, 0, t.DecimalType(10, 2)),
        ("0.001", None, None, t.DecimalType(3, 3)),
        ("123", None, None, t.DecimalType(3, 0)),
        ("1E+3", None, None, t.DecimalType(4, 0)),
        ("1.5", 38, 18, t.DecimalType(38, 18)),
    ],
)
def test_digits_of_decimals(
    text: str, precision: int | None, scale: int | None, expected: t.DecimalType
) -> None:
    message = Proto(decimal=Proto.Decimal(value=text, precision=precision, scale=scale))
    literal = decode_literal(message)
    assert (literal.value, literal.type) == (Decimal(text), expected)


def test_a_timestamp_that_python_has_no_value_for_is_refused() -> None:
    with pytest.raises(SparkError, match="years 1 and 9999"):
        decode_literal(Proto(timestamp=2**62))


def test_an_interval_keeps_the_fields_that_the_client_names() -> None:
    if "data_type" not in Proto.DESCRIPTOR.fields_by_name:
        pytest.skip("the client does not send them")
    day = t.DayTimeIntervalType(0, 0)
    assert decode_literal(Proto(day_time_interval=1, data_type=encode_type(day))).type == day


@pytest.mark.parametrize(
    ("value", "data_type", "seen_by_client"),
    [
        (None, t.LONG, None),
        (3, t.LONG, 3),
        (0.5, t.DOUBLE, 0.5),
        ("x", t.STRING, "x"),
        (b"x", t.BINARY, b"x"),
        (Decimal("1.50"), t.DecimalType(10, 2), Decimal("1.50")),
        (dt.date(2020, 2, 29), t.DATE, dt.date(2020, 2, 29)),
        (dt.datetime(2020, 1, 1, 0, 0, 1), t.TIMESTAMP_NTZ, dt.datetime(2020, 1, 1, 0, 0, 1)),
        (1_500_000, t.DAY_TIME_INTERVAL, dt.timedelta(seconds=1.5)),
        ([1, 2], t.ArrayType(t.INTEGER), [1, 2]),
        ([("a", 1)], t.MapType(t.STRING, t.INTEGER), {"a": 1}),
        ({"x": 1}, t.StructType((t.StructField("x", t.INTEGER),)), (1,)),
    ],
)
def test_the_client_reads_observed_values(
    value: object, data_type: t.DataType, seen_by_client: object
) -> None:
    assert LiteralExpression._to_value(encode_literal(value, data_type)) == seen_by_client
