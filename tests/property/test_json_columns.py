"""Lines of one shape, read column by column, are what the reader of single records makes of them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from potok.connectors.file_format import FormatContext, InputFile
from potok.connectors.json import JsonFormat
from potok.connectors.json_columns import read_columns
from potok.functions.text_values import TextOptions
from potok.plan.logical import Options
from potok.types import BOOLEAN, BYTE, DOUBLE, FLOAT, LONG, STRING, DataType, StructField, StructType

_NUMBERS = st.sampled_from(
    [
        "0",
        "1",
        "-3",
        "007",
        "-07",
        "0.5",
        ".5",
        "5.",
        "1e5",
        "1E-3",
        "1.5e3",
        "+1",
        "9223372036854775808",
        "0x1F",
        "NaN",
        "null",
        "00.5",
        "1..5",
        "1-2",
        "-",
        "-0.0",
        "128",
        "1e",
        "1e5.5",
        "1.e5",
        "1e1e1",
        "5e-324",
        "1e400",
        "true",
        "{}",
        "n",
    ]
)
_TEXTS = st.sampled_from(
    (
        '"a"',
        '""',
        "null",
        '"a,b"',
        '"é"',
        '"\\u0041"',
        '"a\\"b"',
        '"a""',
        '"a',
        "nul",
        ' "x"',
        "5",
        '{"a":1}',
        '"x","name":"y"',
        '"a}b"',
        '"a\tb"',
        '"',
    )
)
_FLAGS = st.sampled_from(["true", "false", "null", "True", "tru", "truefalse", "1", " true"])
_PLAIN = st.tuples(
    st.sampled_from(["1", "-20", "0"]),
    st.sampled_from(['"a"', '"bcd"', '""']),
    st.sampled_from(["0.5", "10", "-3.25"]),
    st.sampled_from(["true", "false"]),
)
_LINES = st.lists(
    st.one_of(_PLAIN, _PLAIN, _PLAIN, st.tuples(_NUMBERS, _TEXTS, _NUMBERS, _FLAGS)), min_size=1, max_size=8
)
_FORMS = (
    '{{"id":{},"name":{},"value":{},"ok":{}}}',
    '{{"id": {}, "name": {}, "value": {}, "ok": {}}}',
    ' {{"id" :{} , "name":{},"value":{},"ok":{} }} ',
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json")


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    _LINES,
    st.sampled_from(_FORMS),
    st.sampled_from([LONG, BYTE]),
    st.sampled_from([DOUBLE, FLOAT]),
    st.sampled_from([["id", "name", "value", "ok"], ["name"], ["ok", "id"], ["value", "absent"]]),
)
def test_columns_of_even_lines_are_those_of_single_records(
    directory: Path,
    lines: list[tuple[str, ...]],
    form: str,
    whole: DataType,
    real: DataType,
    names: list[str],
) -> None:
    types = {"id": whole, "name": STRING, "value": real, "ok": BOOLEAN, "absent": STRING}
    block = "".join(form.format(*line) + "\n" for line in lines).encode()
    found = read_columns(block, names, {n: types[n] for n in names}, TextOptions())
    if found is None:
        return
    path = directory / "a.json"
    path.write_bytes(block)
    schema = StructType(tuple(StructField(n, t) for n, t in types.items()))
    reader = JsonFormat().reader(schema, Options({"mode": "FAILFAST"}), FormatContext())
    table = pa.Table.from_batches(list(reader.read(InputFile(str(path), "a", len(block)), names)))
    assert found[0] == table.num_rows
    for column, name in zip(found[1], names, strict=True):
        assert column.type == table.column(name).type
        assert repr(column.to_pylist()) == repr(table.column(name).to_pylist())


def test_even_lines_are_taken() -> None:
    block = b'{"a":1,"b":"x, y"}\n{"a":null,"b":""}\n'
    found = read_columns(block, ["b", "a"], {"a": LONG, "b": STRING}, TextOptions())
    assert found is not None
    assert found[0] == 2
    assert [c.to_pylist() for c in found[1]] == [["x, y", ""], [1, None]]
