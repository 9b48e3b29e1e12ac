# ruff: noqa: DTZ001 - local times have no zone
"""Rows there and back through the unmodified client."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import Row
from pyspark.sql import types as s


def test_the_first_rows(spark: Any) -> None:
    assert spark.range(3).collect() == [Row(id=0), Row(id=1), Row(id=2)]
    assert spark.version == "4.3.0"


ALL_TYPES = s.StructType(
    [
        s.StructField("boolean", s.BooleanType()),
        s.StructField("byte", s.ByteType()),
        s.StructField("short", s.ShortType()),
        s.StructField("integer", s.IntegerType(), nullable=False),
        s.StructField("long", s.LongType()),
        s.StructField("float", s.FloatType()),
        s.StructField("double", s.DoubleType()),
        s.StructField("decimal", s.DecimalType(20, 3)),
        s.StructField("string", s.StringType()),
        s.StructField("binary", s.BinaryType()),
        s.StructField("date", s.DateType()),
        s.StructField("timestamp", s.TimestampType()),
        s.StructField("timestamp_ntz", s.TimestampNTZType()),
        s.StructField("interval", s.DayTimeIntervalType()),
        s.StructField("void", s.NullType()),
        s.StructField("array", s.ArrayType(s.DayTimeIntervalType())),
        s.StructField("map", s.MapType(s.StringType(), s.ArrayType(s.IntegerType()))),
        s.StructField(
            "struct",
            s.StructType([s.StructField("x", s.TimestampType()), s.StructField("y", s.NullType())]),
        ),
    ]
)
FULL = (
    True,
    -128,
    32767,
    2**31 - 1,
    -(2**63),
    0.5,
    0.1,
    Decimal("12345678901234567.890"),
    "Grüße",
    bytearray(b"\0\1"),
    dt.date(1582, 10, 4),
    dt.datetime(2020, 7, 1, 12, 30, 0, 1),
    dt.datetime(1960, 1, 1, 0, 0, 0, 999999),
    dt.timedelta(days=-1, microseconds=1),
    None,
    [dt.timedelta(seconds=1), None],
    {"a": [1, None], "b": None},
    Row(x=dt.datetime(2020, 1, 1), y=None),
)
EMPTY = (None, None, None, 0, *[None] * (len(FULL) - 4))


def test_every_type_comes_back(spark: Any) -> None:
    spark.conf.set("spark.sql.execution.pyspark.binaryAsBytes", "false")
    frame = spark.createDataFrame([FULL, EMPTY], ALL_TYPES)
    assert frame.schema == ALL_TYPES
    assert [tuple(row) for row in frame.collect()] == [FULL, EMPTY]
    assert frame.toArrow().schema.field("interval").type == pa.duration("us")
    assert frame.toArrow().schema.field("void").type == pa.null()


def test_the_zone_of_the_session_is_on_the_wire(spark: Any) -> None:
    spark.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
    frame = spark.createDataFrame([(dt.datetime(2020, 1, 1),)], "t timestamp")
    table, _, _ = spark.client.to_table(frame._plan.to_proto(spark.client), {})
    assert table.schema.field("t").type == pa.timestamp("us", tz="Europe/Berlin")


def test_an_empty_result_has_its_columns(spark: Any) -> None:
    frame = spark.createDataFrame([], "a int, b array<string>")
    assert frame.collect() == []
    assert frame.toArrow().schema.names == ["a", "b"]


def test_many_rows_come_in_several_batches(spark: Any) -> None:
    table = spark.range(250_000).toArrow()
    assert table.num_rows == 250_000
    assert table.column("id").num_chunks > 1
    assert table.column("id").to_pylist() == list(range(250_000))


def test_a_batch_may_come_in_pieces(spark: Any) -> None:
    spark.client._preferred_arrow_chunk_size = 1024
    rows = [(i, "x" * 100) for i in range(500)]
    assert [tuple(r) for r in spark.createDataFrame(rows, "a int, b string").collect()] == rows


def test_rows_too_many_for_a_plan_are_uploaded(spark: Any) -> None:
    rows = [(i, "x" * 50) for i in range(30_000)]
    frame = spark.createDataFrame(rows, "a int, b string")
    assert "chunked_cached_local_relation" in str(frame._plan.to_proto(spark.client))
    assert [tuple(r) for r in frame.collect()] == rows
    assert frame.count() == 30_000


def test_pandas_both_ways(spark: Any) -> None:
    given = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, 2.5]})
    got = spark.createDataFrame(given).toPandas()
    assert got["a"].tolist() == [1, 2]
    assert got["b"].tolist() == ["x", None]
    assert got["c"].tolist() == [1.5, 2.5]


def test_a_frame_is_shown(spark: Any, capsys: pytest.CaptureFixture[str]) -> None:
    spark.createDataFrame([(1, "a", 2.5), (2, "b", None)], "id int, s string, d double").show()
    assert capsys.readouterr().out == (
        "+---+---+----+\n| id|  s|   d|\n+---+---+----+\n|  1|  a| 2.5|\n|  2|  b|NULL|\n+---+---+----+\n\n"
    )


def test_a_schema_is_printed(spark: Any, capsys: pytest.CaptureFixture[str]) -> None:
    spark.createDataFrame([], "a int, s struct<b: array<string>>").printSchema(1)
    assert capsys.readouterr().out == (
        "root\n |-- a: integer (nullable = true)\n |-- s: struct (nullable = true)\n\n"
    )


def test_views_and_text(spark: Any) -> None:
    spark.createDataFrame([(1, "a"), (2, "b")], "id int, s string").createOrReplaceTempView("t")
    assert spark.sql("select s from t where id > :x", {"x": 1}).collect() == [Row(s="b")]
    assert spark.sql("select id from {df} order by id desc", df=spark.table("t")).collect() == [
        Row(id=2),
        Row(id=1),
    ]


def test_a_statement_answers_with_rows(spark: Any) -> None:
    assert spark.sql("set spark.sql.shuffle.partitions=3").collect() == [
        Row(key="spark.sql.shuffle.partitions", value="3")
    ]
    assert spark.conf.get("spark.sql.shuffle.partitions") == "3"


def test_observed_values(spark: Any) -> None:
    from pyspark.sql import Observation
    from pyspark.sql import functions as F  # noqa: N812 - as programs name it

    observation = Observation("seen")
    frame = spark.range(5).observe(observation, F.count(F.lit(1)).alias("n"), F.max("id").alias("top"))
    assert len(frame.collect()) == 5
    assert observation.get == {"n": 5, "top": 4}


def test_questions_about_a_plan(spark: Any) -> None:
    frame = spark.range(3)
    other = spark.range(3)
    assert frame.isLocal() in {True, False}
    assert not frame.isStreaming
    assert frame.inputFiles() == []
    assert frame.sameSemantics(other)
    assert frame.semanticHash() == other.semanticHash()
    assert not frame.sameSemantics(spark.range(4))
    assert frame.selectExpr("id + 1 as a").sameSemantics(frame.selectExpr("id + 1 as b"))


def test_frames_of_different_rows_differ(spark: Any) -> None:
    one, two, again = (spark.createDataFrame([(n,)], "a int") for n in (1, 2, 1))
    assert one.sameSemantics(again)
    assert not one.sameSemantics(two)


def test_storage_levels(spark: Any) -> None:
    from pyspark.storagelevel import StorageLevel

    frame = spark.range(3)
    assert frame.storageLevel == StorageLevel(False, False, False, False)
    assert frame.cache().storageLevel == StorageLevel.MEMORY_AND_DISK_DESER
    assert frame.unpersist().storageLevel == StorageLevel(False, False, False, False)


def test_a_local_checkpoint_keeps_rows(spark: Any) -> None:
    kept = spark.range(3).localCheckpoint()
    assert [r.id for r in kept.collect()] == [0, 1, 2]


def test_ddl_both_ways(spark: Any) -> None:
    schema = s.StructType(
        [
            s.StructField("a", s.IntegerType(), nullable=False),
            s.StructField("b c", s.StringType(), nullable=False),
            s.StructField("d", s.ArrayType(s.IntegerType()), nullable=False),
        ]
    )
    # As Spark 4.3 answered for the same schema.
    assert spark._to_ddl(schema) == "a INT NOT NULL,`b c` STRING NOT NULL,d ARRAY<INT> NOT NULL"
    assert spark._parse_ddl("a int, b array<string>").simpleString() == "struct<a:int,b:array<string>>"


@pytest.mark.parametrize("zone", ["+02:00", "GMT+2", "UTC+02:00", "+2"])
def test_a_session_zone_that_is_an_offset(spark: Any, zone: str) -> None:
    """As Spark 4.3 prints it."""
    spark.conf.set("spark.sql.session.timeZone", zone)
    moment = "timestamp'2024-07-01 00:00:00Z'"
    row = spark.sql(
        f"select cast({moment} as string), hour({moment}), date_format({moment}, 'HH:mm xxx'),"
        " unix_timestamp('2024-07-01 02:00:00')"
    ).first()
    assert tuple(row) == ("2024-07-01 02:00:00", 2, "02:00 +02:00", 1719792000)
    assert "|2024-07-01 02:00:00|" in spark.sql(f"select {moment} as t")._show_string(1, 20, False)
