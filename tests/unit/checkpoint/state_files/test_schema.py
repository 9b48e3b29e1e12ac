"""Schema files and operator metadata, ours and Spark's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from potok.checkpoint.state.operator_metadata import OperatorMetadata, StateStoreInfo
from potok.checkpoint.state.schema import StateSchema, decode_schemas, java_text
from potok.errors import SparkError
from potok.types import (
    BOOLEAN,
    CALENDAR_INTERVAL,
    INTEGER,
    LONG,
    NULL,
    STRING,
    TIMESTAMP_NTZ,
    ArrayType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    MapType,
    StructField,
    StructType,
    YearMonthIntervalType,
)  # fmt: skip

RECORDED = Path(__file__).parent / "recorded"
SCHEMAS = sorted(RECORDED.rglob("_metadata/schema"))
METADATA = sorted(RECORDED.rglob("_metadata/metadata"))
CHANGES = json.loads((RECORDED / "changes.json").read_text("utf-8"))


def name_of(path: Path) -> str:
    return str(path.relative_to(RECORDED))


def one(content: bytes) -> StateSchema:
    (schema,) = decode_schemas(content)
    return schema


@pytest.mark.parametrize("path", SCHEMAS, ids=name_of)
def test_schemas_of_spark_are_read_and_written_again(path: Path) -> None:
    content = path.read_bytes()
    assert one(content).encode() == content


def test_a_schema_of_more_than_one_piece() -> None:
    schema = one((RECORDED / "long_schema" / "0" / "0" / "_metadata" / "schema").read_bytes())
    assert schema.key.names == ("n" * 70_000, "ж\x00😀")
    assert schema.value.fields[0].data_type == DecimalType(38, 2)


def test_what_the_schemas_say() -> None:
    schema = one((RECORDED / "windows" / "0" / "0" / "_metadata" / "schema").read_bytes())
    assert [f.name for f in schema.key.fields] == ["window", "k"]
    assert '"spark.watermarkDelayMs":5000' in schema.key.json
    assert schema.value == StructType((StructField("count", LONG),))


def test_column_families_of_version_3() -> None:
    (path,) = (RECORDED / "transform_with_state" / "0" / "_stateSchema" / "default").iterdir()
    schemas = decode_schemas(path.read_bytes())
    assert [(s.column_family, s.key.simple_string, s.value.simple_string) for s in schemas] == [
        ("count", "struct<k:string>", "struct<n:bigint>"),
        ("seen", "struct<key:struct<k:string>,userKey:struct<k:string>>", "struct<v:int>"),
    ]
    assert [s.key_encoder for s in schemas] == [
        '{"keyStateEncoderType":"NoPrefixKeyStateEncoderSpec"}',
        '{"keyStateEncoderType":"PrefixKeyScanStateEncoderSpec","numColsPrefixKey":1}',
    ]
    assert [(s.key_schema_id, s.value_schema_id) for s in schemas] == [(0, 0), (0, 0)]
    assert [s.user_key_schema for s in schemas] == [
        "{    }",
        '{"type":"struct","fields":[{"name":"k","type":"string","nullable":true,"metadata":{}}]}',
    ]


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: f"{c['start']}, {c['change']}")
def test_a_changed_query_is_refused_as_by_spark(change: dict[str, Any]) -> None:
    before, new = one(bytes.fromhex(change["before"])), one(bytes.fromhex(change["new"]))
    assert change["after"] == change["before"]
    try:
        new.check(before)
        answer = ""
    except SparkError as error:
        answer = f"{error.java_class}: {error.message}"
    assert answer == change["error"]


def test_java_names_of_types() -> None:
    data_type: DataType = StructType(
        (
            StructField("a", ArrayType(STRING), nullable=False),
            StructField("m", MapType(INTEGER, BOOLEAN, value_contains_null=False)),
            StructField("i", DayTimeIntervalType(1, 2)),
        )
    )
    assert java_text(data_type) == (
        "StructType(StructField(a,ArrayType(StringType,true),false),"
        "StructField(m,MapType(IntegerType,BooleanType,false),true),"
        "StructField(i,DayTimeIntervalType(1,2),true))"
    )
    others = [YearMonthIntervalType(), DecimalType(4, 1), TIMESTAMP_NTZ, CALENDAR_INTERVAL, NULL]
    assert [java_text(t) for t in others] == [
        "YearMonthIntervalType(0,1)", "DecimalType(4,1)", "TimestampNTZType", "CalendarIntervalType", "NullType",
    ]  # fmt: skip


def schema_of(key: DataType, *, nullable: bool = True) -> StateSchema:
    struct = StructType((StructField("k", key, nullable),))
    return StateSchema(struct, struct)


@pytest.mark.parametrize(
    ("now", "was", "fits"),
    [
        (ArrayType(LONG, contains_null=False), ArrayType(LONG), True),
        (ArrayType(LONG), ArrayType(LONG, contains_null=False), False),
        (MapType(LONG, LONG, value_contains_null=False), MapType(LONG, LONG), True),
        (MapType(LONG, LONG), MapType(LONG, LONG, value_contains_null=False), False),
        (MapType(INTEGER, LONG), MapType(LONG, LONG), False),
        (StructType((StructField("a", LONG),)), StructType((StructField("b", LONG),)), True),
        (
            StructType((StructField("a", LONG),)),
            StructType((StructField("a", LONG), StructField("b", LONG))),
            False,
        ),
        (DecimalType(10, 2), DecimalType(11, 2), False),
    ],
)
def test_nested_types_are_compared_at_every_depth(now: DataType, was: DataType, *, fits: bool) -> None:
    if fits:
        schema_of(now).check(schema_of(was))
    else:
        with pytest.raises(SparkError, match="STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE"):
            schema_of(now).check(schema_of(was))


def test_torn_schemas() -> None:
    for path in SCHEMAS[:2]:
        content = path.read_bytes()
        for length in range(min(len(content), 400)):
            with pytest.raises(ValueError, match=r"\w"):
                decode_schemas(content[:length])
        with pytest.raises(ValueError, match="more behind"):
            decode_schemas(content + b"\0")
    with pytest.raises(ValueError, match="version 'v9'"):
        decode_schemas(b"\0\2v9")


def test_a_piece_that_java_cannot_write() -> None:
    schema = StructType((StructField("ж" * 60_000, LONG),))
    with pytest.raises(ValueError, match="at most 65535"):
        StateSchema(schema, schema).encode()


@pytest.mark.parametrize("path", METADATA, ids=name_of)
def test_metadata_of_spark_is_read_and_written_again(path: Path) -> None:
    content = path.read_bytes()
    assert OperatorMetadata.decode(content).encode() == content


def test_what_the_metadata_says() -> None:
    content = (RECORDED / "session_windows" / "0" / "_metadata" / "metadata").read_bytes()
    assert OperatorMetadata.decode(content) == OperatorMetadata(
        0, "sessionWindowStateStoreSaveExec", (StateStoreInfo("default", 1, 2),)
    )


@pytest.mark.parametrize(
    "content", [b"", b"v1", b"v1\n", b"v1\n{}", b"v1\n[]", b'v1\n{"operatorInfo":1}', b"nothing"]
)
def test_torn_metadata(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        OperatorMetadata.decode(content)


def test_metadata_of_a_later_version() -> None:
    with pytest.raises(SparkError, match="MAX_SUPPORTED_VERSION"):
        OperatorMetadata.decode(b"v2\n{}")
