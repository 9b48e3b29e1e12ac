# ruff: noqa: DTZ001 - times without a zone are meant
"""What ORC files cannot hold is refused, and rows come through slices, stripes and nested nulls unchanged."""

from __future__ import annotations

import datetime as dt
import io
import pathlib

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import orc

from potok.connectors.file_format import FormatContext, InputFile
from potok.connectors.orc import OrcFormat
from potok.connectors.orc_columns import ColumnReader, written
from potok.ddl import parse_schema
from potok.errors import SparkError
from potok.plan.logical import Options
from potok.types import DATE, TIMESTAMP, StructType, arrow_schema

SCHEMA = (
    "id INT, l ARRAY<STRUCT<t: TIMESTAMP_NTZ, m: MAP<STRING, DATE>>>, at TIMESTAMP, i INTERVAL DAY TO SECOND"
)
TIMES = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2261, 1, 1))
DAYS = st.dates(dt.date(1582, 10, 15), dt.date(9999, 12, 31))
ROWS = st.fixed_dictionaries(
    {
        "id": st.none() | st.integers(-(2**31), 2**31 - 1),
        "l": st.none()
        | st.lists(
            st.none()
            | st.fixed_dictionaries(
                {
                    "t": st.none() | TIMES,
                    "m": st.none() | st.lists(st.tuples(st.text(max_size=2), st.none() | DAYS), max_size=2),
                }
            ),
            max_size=3,
        ),
        "at": st.none() | TIMES.map(lambda time: time.replace(tzinfo=dt.UTC)),
        "i": st.none() | st.integers(-(2**62), 2**62),
    }
)


def schema_of(text: str) -> StructType:
    return parse_schema(text)


def file_of(content: bytes, directory: pathlib.Path) -> InputFile:
    path = directory / "x.orc"
    path.write_bytes(content)
    return InputFile(str(path), f"file://{path}", len(content))


@given(rows=st.lists(ROWS, max_size=6), start=st.integers(0, 6), cut=st.booleans())
def test_rows_come_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], start: int, *, cut: bool
) -> None:
    schema = schema_of(SCHEMA)
    table = pa.Table.from_pylist(rows, arrow_schema(schema)).combine_chunks()
    batch = (table.to_batches() or [pa.RecordBatch.from_pylist([], arrow_schema(schema))])[0].slice(start)
    target = io.BytesIO()
    writer = OrcFormat().writer(schema, Options(), FormatContext()).open(target)
    for part in [batch.slice(0, 1), batch.slice(1)] if cut else [batch]:
        if part.num_rows:
            writer.write(part)
    writer.close()
    file = file_of(target.getvalue(), tmp_path_factory.mktemp("orc"))
    reader = OrcFormat().reader(schema, Options(), FormatContext())
    found = pa.Table.from_batches(reader.read(file, schema.names), arrow_schema(schema))
    assert found.to_pylist() == batch.to_pylist()
    inferred = OrcFormat().infer_schema([file], Options(), FormatContext())
    assert inferred is not None
    assert inferred.simple_string == schema.simple_string


@pytest.mark.parametrize(
    ("values", "data_type"),
    [
        ([dt.date(1582, 10, 14)], DATE),
        ([dt.datetime(1582, 10, 14, 23, tzinfo=dt.UTC)], TIMESTAMP),
        ([dt.datetime(1969, 12, 31, 23, 59, 58, 1, tzinfo=dt.UTC)], TIMESTAMP),
    ],
)
def test_what_spark_would_read_as_another_value_is_refused(values: list[object], data_type: object) -> None:
    array = pa.array(values, pa.date32() if data_type == DATE else pa.timestamp("us", "UTC"))
    with pytest.raises(SparkError, match="in an ORC file"):
        written(array, DATE if data_type == DATE else TIMESTAMP)


def test_a_time_past_nanoseconds_is_refused(tmp_path: pathlib.Path) -> None:
    target = io.BytesIO()
    orc.write_table(pa.table({"at": pa.array([dt.datetime(9999, 1, 1)], pa.timestamp("us", "UTC"))}), target)
    reader = OrcFormat().reader(schema_of("at TIMESTAMP"), Options(), FormatContext())
    with pytest.raises(SparkError, match="after 2262"):
        list(reader.read(file_of(target.getvalue(), tmp_path), ["at"]))


def test_a_time_without_a_zone_is_the_machine_s() -> None:
    stored = pa.array([dt.datetime(2024, 7, 1, 12)], pa.timestamp("ns"))
    reader = ColumnReader("file:///x", "America/New_York", case_sensitive=False)
    assert reader.convert(stored, TIMESTAMP, "at").to_pylist() == [dt.datetime(2024, 7, 1, 16, tzinfo=dt.UTC)]


def test_half_microseconds_go_down() -> None:
    stored = pa.array([-500, 1500], pa.timestamp("ns", "UTC"))
    found = ColumnReader("file:///x", "UTC", case_sensitive=False).convert(stored, TIMESTAMP, "at")
    assert found.cast(pa.int64()).to_pylist() == [-1, 1]


def test_an_old_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pa, "__version__", "25.0.0")
    with pytest.raises(SparkError, match="pyarrow 26 or later"):
        OrcFormat().writer(schema_of("a INT"), Options(), FormatContext())
