"""Which programs are handed over, what they read, and which rows they owe.

Every scenario puts numbered files into its sources; the rows that belong to a file are computed here, from the number.
"""

from __future__ import annotations

import datetime as dt
import decimal
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import orc

PROGRAMS = Path(__file__).parent / "programs"
FIRST_FILE_S = 1_760_000_000
Row = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """A program, the text of its n-th files by directory, and the rows owed for them.

    `form`, `schema` and `columns` read the output. `files` is how many are put before each run.
    """

    program: str
    sources: dict[str, Callable[[int], str | bytes]]
    rows: Callable[[int], list[Row]]
    form: str
    schema: str
    columns: str
    files: int = 4
    arguments: tuple[str, ...] = ()
    extension: dict[str, str] = field(default_factory=lambda: {"in": "csv", "in2": "json"})

    def put(self, root: Path, first: int, count: int) -> None:
        """Put the files `first`, `first + 1`, ... each a second younger than the one before."""
        for directory, content in self.sources.items():
            (root / directory).mkdir(parents=True, exist_ok=True)
            for number in range(first, first + count):
                path = root / directory / f"{directory} {number}%é+{number % 3}.{self.extension[directory]}"
                found = content(number)
                path.write_bytes(found.encode("utf-8") if isinstance(found, str) else found)
                os.utime(path, (FIRST_FILE_S + number, FIRST_FILE_S + number))

    def owed(self, count: int) -> list[str]:
        """The rows of the first files, as JSON texts in order."""
        return sorted(dumped(row) for number in range(count) for row in self.rows(number))


def dumped(row: Row) -> str:
    """Spark's to_json of a row: no spaces, no fields that are null."""
    found = {name: value for name, value in row.items() if value is not None}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _csv(number: int) -> str:
    return f'{number * 2},"naïve, {number}"\n{number * 2 + 1},\n'


def _csv_rows(number: int) -> list[Row]:
    return [
        {"id": number * 2, "name": f"naïve, {number}"},
        {"id": number * 2 + 1, "name": None},
    ]


def _upper_rows(number: int) -> list[Row]:
    rows = [row for row in _csv_rows(number) if row["id"] % 5 != 4]
    return [{**row, "name": row["name"] and row["name"].upper()} for row in rows]


def _json(number: int) -> str:
    line = {"id": number, "tags": [f"a{number}", "жé"], "at": {"x": number / 4, "y": None}}
    return json.dumps(line, ensure_ascii=False) + "\n" + json.dumps({"id": -number, "tags": []}) + "\n"


def _json_rows(number: int) -> list[Row]:
    return [{"id": number, "tag": tag, "x": number / 4} for tag in (f"a{number}", "жé")]


def _text(number: int) -> str:
    return f"{number} k{number % 3} one\n{number} x/y=%é two\n"


def _text_rows(number: int) -> list[Row]:
    return [
        {"id": number, "value": f"{number} k{number % 3} one", "kind": f"k{number % 3}"},
        {"id": number, "value": f"{number} x/y=%é two", "kind": "x/y=%é"},
    ]


def _right(number: int) -> str:
    return json.dumps({"id": 1000 + number, "name": f"right {number}"}) + "\n"


def _union_rows(number: int) -> list[Row]:
    return [*_csv_rows(number), {"id": 1000 + number, "name": f"right {number}"}]


def _times(number: int) -> str:
    return f"{number},2024-01-01 00:{number:02d}:05.250\n{-number - 1},2025-01-01 00:00:00\n"


def _times_rows(number: int) -> list[Row]:
    return [{"id": number, "at": f"2024-01-01T00:{number:02d}:05.250Z"}]


def _orc(number: int) -> bytes:
    at = dt.datetime(2024, 1, 1, 0, number, 5, 250_000, dt.UTC)
    rows = {
        "id": pa.array([number, -number - 1], pa.int32()),
        "at": pa.array([at, None], pa.timestamp("us", "UTC")),
        "price": pa.array([decimal.Decimal(number), None], pa.decimal128(9, 0)),
        "tags": pa.array([[f"a{number}", "žé"], None], pa.list_(pa.string())),
        "place": pa.array([{"x": number / 4, "day": dt.date(2024, 2, 29)}, None]),
    }
    target = io.BytesIO()
    orc.write_table(pa.table(rows), target, compression="zlib")
    return target.getvalue()


def _orc_rows(number: int) -> list[Row]:
    place = {"x": number / 4, "day": "2024-02-29"}
    full = {"id": number, "at": f"2024-01-01T00:{number:02d}:05.250Z", "price": number}
    return [{**full, "tags": [f"a{number}", "žé"], "place": place}, {"id": -number - 1}]


_PAIR = "id INT, name STRING"
SCENARIOS = {
    "csv_to_csv": Scenario("csv_to_csv", {"in": _csv}, _upper_rows, "csv", _PAIR, "id,name", 13),
    "json_to_json": Scenario(
        "json_to_json",
        {"in": _json},
        _json_rows,
        "json",
        "id BIGINT, tag STRING, x DOUBLE",
        "id,tag,x",
        extension={"in": "json"},
    ),
    "text_to_parquet": Scenario(
        "text_to_parquet",
        {"in": _text},
        _text_rows,
        "parquet",
        "id INT, value STRING, kind STRING",
        "id,value,kind",
        7,
        extension={"in": "txt"},
    ),
    "union": Scenario("union", {"in": _csv, "in2": _right}, _union_rows, "json", _PAIR, "id,name"),
    "watermark": Scenario("watermark", {"in": _times}, _times_rows, "json", "id INT, at TIMESTAMP", "id,at"),
    "to_table": Scenario("to_table", {"in": _csv}, _csv_rows, "parquet", _PAIR, "id,name"),
    "foreach_batch": Scenario("foreach_batch", {"in": _csv}, _csv_rows, "json", _PAIR, "id,name"),
    "orc_to_orc": Scenario(
        "orc_to_orc",
        {"in": _orc},
        _orc_rows,
        "orc",
        "id INT, at TIMESTAMP, price DECIMAL(9,0), tags ARRAY<STRING>, place STRUCT<x: DOUBLE, day: DATE>",
        "id,at,price,tags,place",
        extension={"in": "orc"},
    ),
    "killed": Scenario("killed", {"in": _csv}, _csv_rows, "csv", _PAIR, "id,name", 3),
}
