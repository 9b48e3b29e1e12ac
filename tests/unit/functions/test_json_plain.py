"""The way of plain records through DuckDB gives what the exact reader gives."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from potok.ddl import parse_schema
from potok.engine.engine import Engine
from potok.functions.json_fast import plain_records
from potok.functions.json_functions import read_json
from potok.functions.json_options import JsonOptions

SCHEMA = parse_schema("a string, b double, c int, d boolean, e bigint, f float, g timestamp, h date")
GOOD = {
    "a": '"x"', "b": "1.5", "c": "7", "d": "true", "e": "12", "f": "2.25", "g": '"2024-01-02T03:04:05.5Z"',
    "h": '"2024-01-02"',
}  # fmt: skip
ODD = [
    '"x"', '"\\u0000"', '"\\u00e9\\n\\/\\\\"', '"\\ud83d\\ude00"', '"\\ud800"', "1", "-0", "1.5", "-0.0", "1e5",
    "0.1", "123456789012345678", "9223372036854775807", "true", "null", '"é"', "3.1415926535897931", "1e30",
    "01", "NaN", '{"x":1}', "[1]", '""', "9999.999", "2147483647", "3000000000", "tru", "4.35", "1e400",
    '"2024-02-30"', '"2024-01-02 25:00:00"', '"NaN"',
]  # fmt: skip


def _record(source: random.Random) -> str:
    names = [name for name in GOOD if source.random() < 0.8]
    if source.random() < 0.05:
        source.shuffle(names)
    if source.random() < 0.05:
        names.append(source.choice("abz"))
    colon, comma = source.choice([":", ": ", " : "]), source.choice([",", ", ", " , "])
    members = (
        f'"{n}"{colon}{source.choice(ODD) if source.random() < 0.2 else GOOD.get(n, "1")}' for n in names
    )
    return "{" + comma.join(members) + source.choice([*["}"] * 20, ",}", "", "} x", "}}"])


def _shown(records: pa.StructArray) -> list[str | None]:
    """Records as text; Python's own dates end with the year 9999."""
    columns = [
        c.cast(pa.int64())
        if pa.types.is_timestamp(c.type)
        else c.view(pa.int32())
        if pa.types.is_date(c.type)
        else c
        for c in records.flatten()
    ]
    rows = zip(*(c.to_pylist() for c in columns), strict=True)
    return [
        repr(row) if is_there else None
        for row, is_there in zip(rows, records.is_valid().to_pylist(), strict=True)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_plain_records_are_exact(seed: int) -> None:
    """Every record that is taken for plain has the exact reader's values; most good ones are taken."""
    source = random.Random(seed)
    texts = [_record(source) for _ in range(3000)]
    options = JsonOptions({}, "UTC")
    sql = plain_records("t", SCHEMA, options)
    engine = Engine(threads=1)
    try:
        cursor = engine.cursor(small=True, time_zone="UTC")
        cursor.register("texts", pa.table({"t": texts}))
        found = cursor.sql(f"SELECT {sql} AS r FROM texts").to_arrow_table()
        plain = _shown(found.column(0).combine_chunks())
    finally:
        engine.close()
    exact = _shown(read_json(pa.array(texts), SCHEMA, options))
    differing = [t for t, p, e in zip(texts, plain, exact, strict=True) if p not in {None, e}]
    assert not differing
    assert sum(p is not None for p in plain) > len(texts) // 10
