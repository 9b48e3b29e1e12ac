"""CSV reading and writing, against what Spark answered (recorded by record_formats.py)."""

from __future__ import annotations

import ast
import io
import pathlib
import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from potok.connectors.csv import CsvFormat
from potok.connectors.file_format import FormatContext, InputFile
from potok.errors import SparkError
from potok.functions.text_values import TextOptions, parse_values
from potok.plan.logical import Options
from potok.types import (
    BINARY,
    BOOLEAN,
    BYTE,
    DATE,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    STRING,
    TIMESTAMP,
    TIMESTAMP_NTZ,
    DataType,
    DecimalType,
    StructField,
    StructType,
)
from unit.connectors.recorded_values import plain, recorded

TYPES: dict[str, DataType] = {
    "INT": INTEGER, "TINYINT": BYTE, "BIGINT": LONG, "DOUBLE": DOUBLE, "FLOAT": FLOAT, "BOOLEAN": BOOLEAN, "DATE": DATE,
    "TIMESTAMP": TIMESTAMP, "TIMESTAMP_NTZ": TIMESTAMP_NTZ, "DECIMAL(5,2)": DecimalType(5, 2),
    "DECIMAL(38,10)": DecimalType(38, 10), "BINARY": BINARY,
}  # fmt: skip


def strings(*names: str) -> StructType:
    return StructType(tuple(StructField(n, STRING) for n in names))


def read(
    path: pathlib.Path, schema: StructType, options: dict[str, str], columns: list[str] | None = None
) -> list[list[Any]]:
    reader = CsvFormat().reader(schema, Options(options), FormatContext())
    file = InputFile(str(path), f"file://{path}", path.stat().st_size)
    batches = list(reader.read(file, list(schema.names) if columns is None else columns))
    return [[plain(v) for v in row.values()] for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize("case", recorded("csv_records"), ids=lambda c: str(c["options"]))
def test_records(case: dict[str, Any], tmp_path: pathlib.Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(case["content"].encode())
    schema = strings("c0", "c1", "c2", "c3", "_corrupt_record")
    if isinstance(case["rows"], dict):
        # Spark's parser runs out of its buffer on a blank first value: an index error, not a rule.
        assert read(path, schema, case["options"])
        return
    rows = read(path, schema, case["options"])
    for row, expected in zip(rows, case["rows"], strict=True):
        if case["options"].get("sep") == "||" and re.search(r'"\|(?!\|)', expected[4] or ""):
            continue
        assert row == expected
    # Without the corrupt column other, faster ways are taken.
    big = tmp_path / "big.csv"
    big.write_bytes(case["content"].encode() * 40)
    assert read(big, strings("c0", "c1", "c2", "c3"), case["options"]) == [r[:4] for r in rows] * 40


@pytest.mark.parametrize("case", recorded("csv_multi_line"), ids=lambda c: repr(c["content"]))
def test_multi_line(case: dict[str, Any], tmp_path: pathlib.Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(case["content"].encode())
    rows = read(path, strings("c0", "c1", "c2"), {"multiLine": "true", **case["options"]})
    if isinstance(case["rows"], dict):
        # See test_records.
        assert rows
    else:
        assert rows == case["rows"]


@pytest.mark.parametrize("case", recorded("csv_values"), ids=lambda c: f"{c['type']}-{c['option'][1]}")
def test_values(case: dict[str, Any]) -> None:
    name, value = case["option"]
    field = {"timeZone": "time_zone", "dateFormat": "date_pattern", "timestampFormat": "timestamp_pattern", "timestampNTZFormat": "timestamp_ntz_pattern"}[name]  # fmt: skip
    data_type = TYPES[case["type"]]
    for text, (expected, bad) in zip(case["texts"], case["rows"], strict=True):
        if text == "":
            continue
        values, failed = parse_values(
            pa.array([text]), data_type, TextOptions(**{field: value}, today_days=20_000)
        )
        assert ((failed is not None) and failed[0].as_py(), text) == (bad, text)
        if not text.lstrip("T").startswith("03:"):
            # Only a time of day: the date is today's.
            assert (spark_text(values, data_type), text) == (expected, text)


def spark_text(values: pa.Array, data_type: DataType) -> str | None:
    """CAST(value AS STRING), enough of it for the values recorded."""
    if not values[0].is_valid:
        return None
    if data_type in {DOUBLE, FLOAT}:
        from potok.functions.value_texts import render_numbers

        return str(render_numbers(values)[0].as_py())
    if data_type in {TIMESTAMP, TIMESTAMP_NTZ}:
        micros = values.view(pa.int64())[0].as_py()
        from potok.functions.java_time_patterns import JavaTimePattern

        return str(JavaTimePattern("uuuu-MM-dd HH:mm:ss.SSSSSS").format(micros, None)).rstrip("0").rstrip(".")
    if data_type == DATE:
        from potok.functions.java_time_patterns import JavaTimePattern

        return JavaTimePattern("uuuu-MM-dd").format(values.view(pa.int32())[0].as_py() * 86_400_000_000, None)
    if data_type == BINARY:
        return str(values[0].as_py().decode())
    if isinstance(data_type, DecimalType):
        return f"{values[0].as_py():f}"
    return str(pc.cast(values, pa.string())[0].as_py())


def test_missing_option_values() -> None:
    with pytest.raises(SparkError, match="header flag can be true or false"):
        CsvFormat().reader(strings("a"), Options({"header": "yes"}), FormatContext())


STRINGS = pathlib.Path(__file__).parent / "record_formats.py"


def written(table: pa.Table, schema: StructType, options: dict[str, str]) -> str:
    target = io.BytesIO()
    writer = CsvFormat().writer(schema, Options(options), FormatContext()).open(target)
    for batch in table.to_batches():
        writer.write(batch)
    writer.close()
    return target.getvalue().decode("utf-8", "surrogateescape")


def string_table(columns: int) -> tuple[pa.Table, StructType]:
    values = recorded_strings()
    arrays = [pa.array(values), pa.array(range(len(values)), pa.int32()), pa.array(["z"] * len(values))]
    fields = (StructField("a", STRING), StructField("b", INTEGER), StructField("c", STRING))
    return pa.table(arrays[:columns], names=["a", "b", "c"][:columns]), StructType(fields[:columns])


def recorded_strings() -> list[str | None]:
    tree = ast.parse(STRINGS.read_text())
    node = next(
        n for n in tree.body if isinstance(n, ast.AnnAssign) and getattr(n.target, "id", "") == "STRINGS"
    )
    assert node.value is not None
    values: list[str | None] = ast.literal_eval(node.value)
    return values


WRITTEN = recorded("csv_written")


@pytest.mark.parametrize(
    "case",
    [c for c in WRITTEN if c["data"] in {"strings", "single"}],
    ids=lambda c: f"{c['data']} {c['options']}",
)
def test_written_strings(case: dict[str, Any]) -> None:
    table, schema = string_table(3 if case["data"] == "strings" else 1)
    assert written(table, schema, case["options"]).split("z") == case["text"].split("z")
    # Many rows are written another way.
    many = pa.concat_tables([table] * 100).combine_chunks()
    body = written(table, schema, {**case["options"], "header": "false"})
    assert written(many, schema, {**case["options"], "header": "false"}) == body * 100
