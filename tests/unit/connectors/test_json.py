"""JSON reading and writing, against what Spark answered (recorded by record_formats.py)."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import pathlib
import re
from typing import Any

import pyarrow as pa
import pytest

from potok.connectors.csv import CsvFormat
from potok.connectors.file_format import FileFormat, FormatContext, InputFile
from potok.connectors.json import JsonFormat
from potok.connectors.text import TextFormat
from potok.ddl import parse_schema
from potok.errors import SparkError
from potok.functions.zones import days_from_civil
from potok.plan.logical import Options
from potok.types import StructType, arrow_schema
from unit.connectors.recorded_values import plain, recorded
from unit.connectors.test_csv import string_table

RECORDS = recorded("json_records")
WRITTEN = recorded("json_written")


def input_file(path: pathlib.Path) -> InputFile:
    return InputFile(str(path), f"file://{path}", path.stat().st_size)


def read(path: pathlib.Path, schema: StructType, options: dict[str, str]) -> list[list[Any]]:
    reader = JsonFormat().reader(schema, Options(options), FormatContext())
    batches = list(reader.read(input_file(path), list(schema.names)))
    return [[plain(v) for v in row.values()] for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize("case", RECORDS["cases"], ids=lambda c: str(c["options"]))
def test_records(case: dict[str, Any], tmp_path: pathlib.Path) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(RECORDS["content"].encode())
    schema = parse_schema(RECORDS["schema"] + ", _corrupt_record STRING")
    rows = read(path, schema, case["options"])
    for row, expected in zip(rows, case["rows"], strict=True):
        assert row == [[] if v == {"map": []} else v for v in expected]


@pytest.mark.parametrize("line", RECORDS["content"].split("\n"), ids=repr)
def test_large_blocks_are_read_alike(line: str, tmp_path: pathlib.Path) -> None:
    schema = parse_schema(
        "i INT, l BIGINT, d DOUBLE, s STRING, b BOOLEAN, t TIMESTAMP, dt DATE, a ARRAY<INT>, o STRUCT<x: INT, y: STRING>"
    )
    single = tmp_path / "single.json"
    single.write_text(line + "\n")
    many = tmp_path / "many.json"
    many.write_text('{"i":1}\n' * 4000 + line + "\n")
    first = read(single, schema, {})
    assert read(many, schema, {})[4000:] == first


TYPED = "i INT, d DOUBLE, f FLOAT, dec DECIMAL(3,2), b BOOLEAN, dt DATE, ts TIMESTAMP, ntz TIMESTAMP_NTZ, bin BINARY, dti INTERVAL DAY TO SECOND, ymi INTERVAL YEAR TO MONTH"


def typed_table() -> tuple[pa.Table, StructType]:
    def micros(text: str) -> int:
        moment = dt.datetime.fromisoformat(text)
        return (moment - dt.datetime.fromisoformat("1970-01-01")) // dt.timedelta(microseconds=1)

    year_12345 = days_from_civil(12345, 1, 2)
    october_1582 = days_from_civil(1582, 10, 10)
    day = 86_400_000_000
    columns: list[list[Any]] = [
        [1, None, -5, 0, 0, 0],
        [1.0, None, 1e20, 1e-5, 1234567.0, 12345678.9],
        [1.1, None, float("nan"), float("-inf"), 1e10, 0.001],
        [decimal.Decimal(x) if x else None for x in ("1.50", "", "-0.05", "0.00", "0.00", "0.00")],
        [True, None, False, True, True, True],
        [19724, None, -719162, year_12345, october_1582, 20088],
        [micros("2024-01-02T03:04:05.6"), None, micros("1900-01-01T00:00:00.123456"), 2_932_897 * day, micros("1582-10-10"), micros("2024-07-01T12:00:00")],
        [micros("2024-01-02T03:04:05"), None, micros("2024-01-02T03:04:05.000001"), micros("1969-12-31T23:59:59.9"), micros("0001-01-01"), micros("2024-07-01T12:00:00.1")],
        [b"AB", None, b"", b"\xff", b"\xff", b"\x00"],
        [day, None, -(day + 7_384_500_000), 0, 0, 0],
        [14, None, -3, 0, 0, 0],
    ]  # fmt: skip
    schema = parse_schema(TYPED)
    arrays = []
    for values, f in zip(columns, arrow_schema(schema), strict=True):
        if pa.types.is_date32(f.type):
            arrays.append(pa.array(values, pa.int32()).view(f.type))
        elif pa.types.is_timestamp(f.type):
            arrays.append(pa.array(values, pa.int64()).view(f.type))
        else:
            arrays.append(pa.array(values, f.type))
    return pa.Table.from_arrays(arrays, schema=arrow_schema(schema)), schema


def nested_table() -> tuple[pa.Table, StructType]:
    schema = parse_schema(
        "a ARRAY<INT>, m MAP<STRING, INT>, s STRUCT<x: INT, y: STRING>, ar ARRAY<STRUCT<t: TIMESTAMP>>, im MAP<INT, STRING>, nn INT, e ARRAY<STRING>"
    )
    moment = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    rows = [
        {"a": [1, None], "m": [("k", 1), ("n", None)], "s": {"x": 1, "y": None}, "ar": [{"t": moment}], "im": [(1, "x")], "nn": None, "e": []},
        dict.fromkeys(schema.names),
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=arrow_schema(schema)), schema


def written(file_format: FileFormat, table: pa.Table, schema: StructType, options: dict[str, str]) -> str:
    target = io.BytesIO()
    writer = file_format.writer(schema, Options(options), FormatContext()).open(target)
    for batch in table.to_batches():
        writer.write(batch)
    writer.close()
    return target.getvalue().decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("case", WRITTEN, ids=lambda c: f"{c['data']} {c['options']}")
def test_written(case: dict[str, Any]) -> None:
    if case["data"] == "single":
        table, schema = string_table(1)
        assert written(TextFormat(), table, schema, case["options"]) == case["text"]
        return
    table, schema = {"strings": lambda: string_table(3), "typed": typed_table, "nested": nested_table}[
        case["data"]
    ]()
    ours = written(JsonFormat(), table, schema, case["options"])
    assert ours.split("\n") == case["text"].split("\n")


@pytest.mark.parametrize(
    "case",
    [c for c in recorded("csv_written") if c["data"] in {"typed", "intervals"}],
    ids=lambda c: f"{c['data']} {c['options']}",
)
def test_written_csv_values(case: dict[str, Any]) -> None:
    table, schema = typed_table()
    ordinals = list(range(9)) if case["data"] == "typed" else [9, 10]
    chosen = StructType(tuple(schema.fields[i] for i in ordinals))
    assert written(CsvFormat(), table.select(ordinals), chosen, case["options"]).split("\n") == case[
        "text"
    ].split("\n")


@pytest.mark.parametrize(
    "case", recorded("inferred"), ids=lambda c: f"{c['format']} {c['content']!r} {c['options']}"
)
def test_inferred(case: dict[str, Any], tmp_path: pathlib.Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(case["content"].encode())
    file_format: FileFormat = CsvFormat() if case["format"] == "csv" else JsonFormat()
    if "error" in case["schema"]:
        if "NEGATIVE_SCALE" in case["schema"]["error"]:
            pytest.skip("Spark fails on a decimal of 400 digits, which is a double here")
        with pytest.raises(SparkError, match=re.escape(case["schema"]["error"][:40])):
            file_format.infer_schema([input_file(path)], Options(case["options"]), FormatContext())
        return
    schema = file_format.infer_schema([input_file(path)], Options(case["options"]), FormatContext())
    assert schema is not None
    ours = [(f.name, f.data_type.json_value) for f in schema.fields]
    assert ours == [(f["name"], f["type"]) for f in case["schema"]["fields"]]
