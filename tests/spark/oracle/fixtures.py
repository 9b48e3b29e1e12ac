"""Tables that cases share, as temporary views made once a session."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

_D = dt.date
_T = dt.datetime

FIXTURES: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "people": (
        "id INT NOT NULL, name STRING, age INT, city STRING",
        [
            (1, "Ann", 31, "Riga"),
            (2, "Bob", None, "Oslo"),
            (3, "Cid", 25, None),
            (4, None, 31, "Riga"),
            (5, "Eve", 47, "Oslo"),
            (6, "Žofie", 25, "Brno"),
        ],
    ),
    "sales": (
        "day DATE, shop STRING, item STRING, quantity INT, price DECIMAL(8,2), weight DOUBLE",
        [
            (_D(2024, 1, 1), "north", "tea", 3, Decimal("2.50"), 0.5),
            (_D(2024, 1, 1), "south", "tea", 1, Decimal("2.75"), 0.25),
            (_D(2024, 1, 2), "north", "rice", 10, Decimal("0.99"), None),
            (_D(2024, 1, 2), "south", "rice", None, Decimal("1.05"), 1.0),
            (_D(2024, 1, 3), "north", "tea", 2, None, float("nan")),
            (_D(2024, 1, 3), None, "salt", 7, Decimal("0.40"), 2.0),
            (_D(2024, 2, 1), "south", None, 4, Decimal("12.00"), -0.0),
            (_D(2024, 2, 1), "north", "salt", 7, Decimal("0.40"), 2.0),
        ],
    ),
    "left_side": (
        "k INT, l STRING",
        [(1, "l1"), (2, "l2a"), (2, "l2b"), (3, "l3"), (None, "lnull")],
    ),
    "right_side": (
        "k INT, r STRING",
        [(1, "r1"), (2, "r2"), (4, "r4a"), (4, "r4b"), (None, "rnull")],
    ),
    "numbers": (
        "id INT NOT NULL, i INT, l BIGINT, d DOUBLE, f FLOAT, m DECIMAL(10,2), b BOOLEAN",
        [
            (1, 1, 10, 1.5, 1.5, Decimal("1.50"), True),
            (2, -2, -20, -2.5, -2.5, Decimal("-2.50"), False),
            (3, None, None, None, None, None, None),
            (4, 0, 0, 0.0, 0.0, Decimal("0.00"), True),
            (5, 2147483647, 9223372036854775807, float("inf"), float("inf"), Decimal("99999999.99"), False),
            (6, -2147483648, -9223372036854775808, float("nan"), float("nan"), Decimal("-99999999.99"), None),
        ],
    ),
    "texts": (
        "id INT NOT NULL, s STRING, t STRING",
        [
            (1, "Hello World", "o"),
            (2, "", ""),
            (3, None, "x"),
            (4, "  padded  ", " "),
            (5, "žluťoučký 馬 😀", "馬"),
            (6, "a,b,,c", ","),
            (7, "x", None),
        ],
    ),
    "times": (
        "id INT NOT NULL, ts TIMESTAMP, day DATE, ntz TIMESTAMP_NTZ",
        [
            (1, _T(2024, 2, 29, 13, 4, 5, 678901), _D(2024, 2, 29), _T(2024, 2, 29, 13, 4, 5, 678901)),
            (2, _T(1969, 12, 31, 23, 59, 59, 999999), _D(1969, 12, 31), _T(1969, 12, 31, 23, 59, 59, 999999)),
            (3, None, None, None),
            (4, _T(2023, 1, 1), _D(2023, 1, 1), _T(2023, 1, 1)),
        ],
    ),
    "nested": (
        "id INT NOT NULL, a ARRAY<INT>, m MAP<STRING,INT>, s STRUCT<x: INT, y: STRING>, aa ARRAY<STRUCT<k: STRING, v: INT>>, strings ARRAY<STRING>",
        [
            (1, [1, 2, 3], {"a": 1, "b": 2}, (1, "one"), [("k1", 1), ("k2", 2)], ["b", "a"]),
            (2, [], {}, (None, None), [], []),
            (3, None, None, None, None, None),
            (4, [3, None, 1, 3], {"c": None}, (4, ""), [("k1", None), None], ["x", None, "x"]),
        ],
    ),
}


def make_fixtures(spark: Any) -> dict[str, Exception]:
    """Makes every view; returns those that failed, by name."""
    failed: dict[str, Exception] = {}
    for name, (schema, rows) in FIXTURES.items():
        try:
            spark.createDataFrame(rows, schema).createOrReplaceTempView(name)
        except Exception as error:  # noqa: BLE001 (whatever is raised is the answer)
            failed[name] = error
    return failed
