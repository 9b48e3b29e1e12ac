"""Rows to ask Spark for, in SQL, and the same rows as Python values; shared by `record.py` and the tests.

Each case: a name, a query for each row, and the columns as what `pyarrow.array` takes. Day-time intervals are
microseconds, year-month intervals months, calendar intervals (months, days, nanoseconds).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal as D  # noqa: N817 - a table of them
from typing import Any

NAN, INF = float("nan"), float("inf")
WIDE = 10**37


def values(columns: str, *rows: str) -> list[str]:
    """A query for each row of literals; `columns` is what to select of `a`, `b`, ..."""
    names = ", ".join("abcdefghij"[: rows[0].count("|") + 1])
    return [f"SELECT {columns} FROM VALUES ({row.replace('|', ',')}) AS t({names})" for row in rows]


CASES: list[tuple[str, list[str], list[list[Any]]]] = [
    (
        "integers",
        values(
            "CAST(a AS TINYINT), CAST(b AS SMALLINT), CAST(c AS INT), CAST(d AS BIGINT)",
            "-1|-2|-3|-4",
            "127|32767|2147483647|9223372036854775807",
            "-128|-32768|-2147483648|(-9223372036854775807L - 1)",
            "NULL|NULL|NULL|NULL",
            "0|NULL|0|NULL",
        ),
        [
            [-1, 127, -128, None, 0],
            [-2, 32767, -32768, None, None],
            [-3, 2**31 - 1, -(2**31), None, 0],
            [-4, 2**63 - 1, -(2**63), None, None],
        ],
    ),
    ("booleans", values("a", "true", "false", "CAST(NULL AS BOOLEAN)"), [[True, False, None]]),
    (
        "floats",
        values(
            "CAST(a AS FLOAT), CAST(a AS DOUBLE)",
            "'1.5'",
            "'-0.0'",
            "'NaN'",
            "'-Infinity'",
            "NULL",
            "'1e-45'",
        ),
        [[1.5, -0.0, NAN, -INF, None, 1e-45], [1.5, -0.0, NAN, -INF, None, 1e-45]],
    ),
    (
        "times",
        values(
            "CAST(a AS DATE), CAST(a AS TIMESTAMP), CAST(a AS TIMESTAMP_NTZ)",
            "'2024-02-29 12:34:56.789012'",
            "'1969-12-31 23:59:59.999999'",
            "NULL",
        ),
        [
            [date(2024, 2, 29), date(1969, 12, 31), None],
            [
                datetime(2024, 2, 29, 12, 34, 56, 789012, UTC),
                datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
                None,
            ],
            [
                datetime(2024, 2, 29, 12, 34, 56, 789012),  # noqa: DTZ001 - a local time
                datetime(1969, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001 - a local time
                None,
            ],
        ],
    ),
    (
        "intervals",
        values(
            "CAST(a AS INTERVAL DAY TO SECOND), CAST(b AS INTERVAL YEAR TO MONTH), CAST(c AS INTERVAL), 'x'",
            "'1 02:03:04.5'|'-1-2'|'1 month -2 days 3 seconds'",
            "NULL|NULL|NULL",
            "'-0 00:00:00.000001'|'0-1'|'-1 microseconds'",
        ),
        [
            [93784500000, None, -1],
            [-14, None, 1],
            [(1, -2, 3 * 10**9), None, (0, 0, -1000)],
            ["x", "x", "x"],
        ],
    ),
    (
        "small_decimals",
        values(
            "CAST(a AS DECIMAL(18,2)), CAST(b AS DECIMAL(5,5))",
            "-1.5|0.00001",
            "9999999999999999.99|NULL",
            "NULL|-0.99999",
        ),
        [[D("-1.5"), D("9999999999999999.99"), None], [D("0.00001"), None, D("-0.99999")]],
    ),
    (
        "wide_decimals",
        values(
            "CAST(a AS DECIMAL(38,0)), 'x', CAST(b AS DECIMAL(19,2))",
            *[
                f"{n}|{-n % 9973}.5"
                for n in (
                    0,
                    -1,
                    127,
                    128,
                    -128,
                    -129,
                    2**63 - 1,
                    2**63,
                    -(2**63),
                    -(2**63) - 1,
                    2**64,
                    WIDE,
                    -WIDE,
                )
            ],
            *[f"{(-1) ** n * 2 ** (8 * n - 1)}|NULL" for n in range(1, 16)],
            *[f"{(-1) ** n * 2 ** (8 * n - 1) - 1}|-0.01" for n in range(1, 16)],
            "NULL|NULL",
        ),
        [
            [
                D(n)
                for n in (
                    0,
                    -1,
                    127,
                    128,
                    -128,
                    -129,
                    2**63 - 1,
                    2**63,
                    -(2**63),
                    -(2**63) - 1,
                    2**64,
                    WIDE,
                    -WIDE,
                )
            ]
            + [D((-1) ** n * 2 ** (8 * n - 1)) for n in range(1, 16)]
            + [D((-1) ** n * 2 ** (8 * n - 1) - 1) for n in range(1, 16)]
            + [None],
            ["x"] * 44,
            [
                D(f"{-n % 9973}.5")
                for n in (
                    0,
                    -1,
                    127,
                    128,
                    -128,
                    -129,
                    2**63 - 1,
                    2**63,
                    -(2**63),
                    -(2**63) - 1,
                    2**64,
                    WIDE,
                    -WIDE,
                )
            ]
            + [None] * 15
            + [D("-0.01")] * 15
            + [None],
        ],
    ),
    (
        "strings",
        values(
            "CAST(a AS STRING), CAST(b AS BINARY)",
            "''|X''",
            "'x'|X'00'",
            "'12345678'|X'0102030405060708'",
            "'123456789'|X'FF'",
            "NULL|NULL",
            "'жé漢😀'|NULL",
        ),
        [
            ["", "x", "12345678", "123456789", None, "жé漢😀"],
            [b"", b"\0", bytes(range(1, 9)), b"\xff", None, None],
        ],
    ),
    ("void", values("a, b", "NULL|1", "NULL|2"), [[None, None], [1, 2]]),
    (
        "sixty_five_fields",
        ["SELECT " + ", ".join("NULL" if n % 7 == 1 else str(n) for n in range(65))],
        [[None] if n % 7 == 1 else [n] for n in range(65)],
    ),
    (
        "structs",
        values(
            "CAST(a AS STRUCT<x: INT, y: STRING>), CAST(b AS STRUCT<s: STRUCT<t: DECIMAL(38, 2), u: INTERVAL>, v: STRING>)",
            "struct(1, 'one')|struct(struct(1.5, '1 day'), 'v')",
            "NULL|struct(struct(NULL, NULL), 'w')",
            "struct(NULL, NULL)|struct(NULL, NULL)",
            "struct(2, '')|NULL",
        ),
        [
            [{"x": 1, "y": "one"}, None, {"x": None, "y": None}, {"x": 2, "y": ""}],
            [
                {"s": {"t": D("1.5"), "u": (0, 1, 0)}, "v": "v"},
                {"s": {"t": None, "u": None}, "v": "w"},
                {"s": None, "v": None},
                None,
            ],
        ],
    ),
    (
        "arrays_of_fixed",
        values(
            "CAST(a AS ARRAY<BOOLEAN>), CAST(a AS ARRAY<TINYINT>), CAST(a AS ARRAY<SMALLINT>), CAST(a AS ARRAY<INT>), "
            "CAST(a AS ARRAY<BIGINT>), CAST(a AS ARRAY<FLOAT>), CAST(a AS ARRAY<DOUBLE>), CAST(a AS ARRAY<DECIMAL(9, 1)>)",
            "array(1, NULL, 0)",
            "NULL",
            "array()",
            "array(1, 1, 0, 1, 1, 1, 1, 1, 0)",
            "array(NULL)",
        ),
        [
            [[True, None, False], None, [], [True, True, False, True, True, True, True, True, False], [None]],
            *[[[1, None, 0], None, [], [1, 1, 0, 1, 1, 1, 1, 1, 0], [None]]] * 4,
            *[[[1.0, None, 0.0], None, [], [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0], [None]]] * 2,
            [[D(1), None, D(0)], None, [], [D(n) for n in (1, 1, 0, 1, 1, 1, 1, 1, 0)], [None]],
        ],
    ),
    (
        "long_arrays",
        values(
            "transform(sequence(1, a), x -> IF(x % 3 = 0, NULL, x)), "
            "transform(sequence(1, a), x -> IF(x % 5 = 0, NULL, CAST(x AS STRING)))",
            "63",
            "64",
            "65",
            "130",
        ),
        [
            [[None if x % 3 == 0 else x for x in range(1, n + 1)] for n in (63, 64, 65, 130)],
            [[None if x % 5 == 0 else str(x) for x in range(1, n + 1)] for n in (63, 64, 65, 130)],
        ],
    ),
    (
        "arrays_of_variable",
        values(
            "CAST(a AS ARRAY<STRING>), CAST(b AS ARRAY<DECIMAL(38, 1)>), CAST(c AS ARRAY<INTERVAL>), CAST(d AS ARRAY<STRUCT<x: INT, y: STRING>>)",
            "array('a', NULL, '123456789')|array(1.5, NULL, -99999999999999999999.5)|array('1 month', NULL, '2 days')|array(struct(1, 's'), NULL)",
            "array()|NULL|array()|array(struct(NULL, NULL))",
            "NULL|array(0)|array(NULL)|NULL",
        ),
        [
            [["a", None, "123456789"], [], None],
            [[D("1.5"), None, D("-99999999999999999999.5")], None, [D(0)]],
            [[(1, 0, 0), None, (0, 2, 0)], [], [None]],
            [[{"x": 1, "y": "s"}, None], [{"x": None, "y": None}], None],
        ],
    ),
    (
        "arrays_of_arrays",
        values(
            "CAST(a AS ARRAY<ARRAY<INT>>), CAST(b AS ARRAY<VOID>)",
            "array(array(1), NULL, array(2, 3))|array(NULL, NULL)",
            "array(array())|array()",
            "NULL|NULL",
        ),
        [[[[1], None, [2, 3]], [[]], None], [[None, None], [], None]],
    ),
    (
        "maps",
        values(
            "CAST(a AS MAP<STRING, INT>), CAST(b AS MAP<TINYINT, ARRAY<STRING>>), CAST(c AS MAP<INT, MAP<STRING, BOOLEAN>>)",
            "map('a', 1, 'b', NULL)|map(1, array('q'), 2, NULL)|map(1, map('x', true), 2, map())",
            "map()|NULL|map()",
            "NULL|map(3, array())|map(5, NULL)",
        ),
        [
            [[("a", 1), ("b", None)], [], None],
            [[(1, ["q"]), (2, None)], None, [(3, [])]],
            [[(1, [("x", True)]), (2, [])], [], [(5, None)]],
        ],
    ),
    (
        "mixed",
        values(
            "CAST(a AS STRING), CAST(b AS DECIMAL(20, 0)), CAST(c AS ARRAY<STRING>), CAST(d AS INT), CAST(e AS INTERVAL)",
            "'a'|1|array('x')|1|'1 day'",
            "'123456789'|NULL|NULL|2|NULL",
            "NULL|-1|array('x', '123456789')|NULL|'1 month'",
        ),
        [
            ["a", "123456789", None],
            [D(1), None, D(-1)],
            [["x"], None, ["x", "123456789"]],
            [1, 2, None],
            [(0, 1, 0), None, (1, 0, 0)],
        ],
    ),
]
