"""createDataFrame from every kind of data, and what comes back: show, printSchema, pandas, rows."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from decimal import Decimal
from typing import Any

from spark.oracle.table import Table

CASES = Table()
P = CASES.program
D, T, TD = dt.date, dt.datetime, dt.timedelta


def printed(function: Any, *arguments: Any, **options: Any) -> Any:
    """What a call prints."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        function(*arguments, **options)
    return text.getvalue()


def frame_as_value(frame: Any) -> Any:
    """A pandas frame as plain values: columns, types, rows as text."""
    return [
        list(frame.columns),
        [str(kind) for kind in frame.dtypes],
        [[repr(value) for value in row] for row in frame.itertuples(index=False, name=None)],
    ]


EVERY = [
    (
        True,
        1,
        2,
        3,
        4,
        1.5,
        2.5,
        Decimal("1.20"),
        "s",
        b"ab",
        D(2024, 2, 29),
        T(2024, 2, 29, 1, 2, 3, 4),
        T(2024, 1, 1),
        TD(days=1),
        [1, None],
        {"k": 1},
        (1, "x"),
    ),
    (None,) * 17,
]
EVERY_SCHEMA = (
    "b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, m DECIMAL(10,2), c STRING, y BINARY, da DATE, ts TIMESTAMP,"
    " nt TIMESTAMP_NTZ, iv INTERVAL DAY TO SECOND, a ARRAY<INT>, mp MAP<STRING,INT>, st STRUCT<x: INT, y: STRING>"
)
P("every type", lambda spark, F: spark.createDataFrame(EVERY, EVERY_SCHEMA))
P(
    "inferred",
    lambda spark, F: spark.createDataFrame(
        [(1, "a", 1.5, True, None, D(2024, 1, 1), T(2024, 1, 1), b"x", Decimal("1.5"), [1], {"k": 2})] * 2
    ),
)
P("inferred names", lambda spark, F: spark.createDataFrame([(1, "a")], ["n", "t"]))
P("inferred too few names", lambda spark, F: spark.createDataFrame([(1, "a")], ["n"]))
P("inferred too many names", lambda spark, F: spark.createDataFrame([(1, "a")], ["n", "t", "z"]))
P("dicts", lambda spark, F: spark.createDataFrame([{"b": 1, "a": "x"}, {"a": "y", "c": 2.5}]))
P(
    "dicts with schema",
    lambda spark, F: spark.createDataFrame([{"b": 1, "a": "x"}, {"a": "y"}], "a STRING, b INT"),
)
P("rows", lambda spark, F: spark.createDataFrame([_row()(b=1, a="x"), _row()(b=2, a=None)]))
P("nested rows", lambda spark, F: spark.createDataFrame([_row()(s=_row()(x=1, y=[_row()(z="q")]))]))
P("list of values", lambda spark, F: spark.createDataFrame([1, 2, None], "int"))
P("list of text with type", lambda spark, F: spark.createDataFrame(["a", "b"], _types().StringType()))
P("list of values without type", lambda spark, F: spark.createDataFrame([1, 2]))
P("empty without schema", lambda spark, F: spark.createDataFrame([]))
P("all null column", lambda spark, F: spark.createDataFrame([(None,), (None,)], ["a"]))
P("mixed types", lambda spark, F: spark.createDataFrame([(1,), ("a",)], ["a"]))
P("int and float", lambda spark, F: spark.createDataFrame([(1,), (2.5,)], ["a"]))
P("int and null", lambda spark, F: spark.createDataFrame([(1,), (None,)], ["a"]))
P("wrong type", lambda spark, F: spark.createDataFrame([("a",)], "a INT"))
P("int into double", lambda spark, F: spark.createDataFrame([(1,)], "a DOUBLE"))
P("int out of range", lambda spark, F: spark.createDataFrame([(3000000000,)], "a INT"))
P("long out of range", lambda spark, F: spark.createDataFrame([(2**63,)], ["a"]))
P("null into not null", lambda spark, F: spark.createDataFrame([(None,)], "a INT NOT NULL"))
P("not null", lambda spark, F: spark.createDataFrame([(1,)], "a INT NOT NULL"))
P("wrong length", lambda spark, F: spark.createDataFrame([(1, 2)], "a INT"))
P(
    "decimal scale",
    lambda spark, F: spark.createDataFrame([(Decimal("1.239"),), (Decimal(5),)], "a DECIMAL(5,2)"),
)
P(
    "decimal inferred",
    lambda spark, F: spark.createDataFrame([(Decimal("1.23"),), (Decimal("12345678901234567890.5"),)], ["a"]),
)
P(
    "aware timestamp",
    lambda spark, F: spark.createDataFrame([(T(2024, 1, 1, 12, tzinfo=dt.UTC),)], "a TIMESTAMP"),
)
P(
    "aware timestamp elsewhere",
    lambda spark, F: spark.createDataFrame([(T(2024, 1, 1, 12, tzinfo=dt.timezone(TD(hours=2))),)], ["a"]),
)
P(
    "special doubles",
    lambda spark, F: spark.createDataFrame([(float("nan"),), (float("inf"),), (-0.0,), (5e-324,)], ["a"]),
)
P("arrays inferred", lambda spark, F: spark.createDataFrame([([1, 2],), ([],), (None,)], ["a"]))
P("tuple in a cell", lambda spark, F: spark.createDataFrame([((1, "x"),)], ["a"]))
P("dict in a cell", lambda spark, F: spark.createDataFrame([({"a": 1, "b": None},)], ["a"]))
P("dict of mixed", lambda spark, F: spark.createDataFrame([({"a": 1, "b": "x"},)], ["a"]))
P("duplicate names", lambda spark, F: spark.createDataFrame([(1, 2)], ["a", "a"]))
P("unicode", lambda spark, F: spark.createDataFrame([("ž馬😀\u0000",)], ["ключ"]))
P("bad schema text", lambda spark, F: spark.createDataFrame([(1,)], "a nope"))
P("colon schema", lambda spark, F: spark.createDataFrame([(1, "x")], "a: int, b: string"))
P("struct type", lambda spark, F: spark.createDataFrame([(1, [("x", 2.5)])], _struct()))
P("verifySchema off", lambda spark, F: spark.createDataFrame([(1,)], "a INT", verifySchema=False))
P("pandas", lambda spark, F: spark.createDataFrame(_pandas()))
P("pandas with schema", lambda spark, F: spark.createDataFrame(_pandas()[["i", "s"]], "x BIGINT, y STRING"))
P("pandas with names", lambda spark, F: spark.createDataFrame(_pandas()[["i", "s"]], ["p", "q"]))
P("pandas nulls", lambda spark, F: spark.createDataFrame(_pandas_nulls()))
P("pandas empty", lambda spark, F: spark.createDataFrame(_pandas().iloc[:0]))
P("numpy", lambda spark, F: spark.createDataFrame(_numpy()))
P("arrow", lambda spark, F: spark.createDataFrame(_arrow()))


def _row() -> Any:
    from pyspark.sql import Row

    return Row


def _types() -> Any:
    from pyspark.sql import types

    return types


def _struct() -> Any:
    t = _types()
    inner = t.StructType([t.StructField("k", t.StringType(), False), t.StructField("v", t.DoubleType())])
    return t.StructType(
        [
            t.StructField("id", t.ShortType(), False, {"unit": "piece"}),
            t.StructField("items", t.ArrayType(inner, False)),
        ]
    )


def _pandas() -> Any:
    import pandas as pd

    return pd.DataFrame(
        {
            "i": [1, 2],
            "f": [1.5, float("nan")],
            "s": ["a", None],
            "b": [True, False],
            "t": pd.to_datetime(["2024-01-01", None]),
            "i8": pd.array([1, 2], dtype="int8"),
            "l": [[1, 2], None],
        }
    )


def _pandas_nulls() -> Any:
    import pandas as pd

    return pd.DataFrame(
        {
            "i": pd.array([1, None], dtype="Int64"),
            "b": pd.array([True, None], dtype="boolean"),
            "s": pd.array(["a", None], dtype="string"),
            "tz": pd.to_datetime(["2024-01-01T12:00:00Z", None]),
            "c": pd.Categorical(["x", "y"]),
            "d": pd.to_timedelta(["1 day", None]),
        }
    )


def _numpy() -> Any:
    import numpy as np

    return np.array([[1, 2], [3, 4]], dtype="int32")


def _arrow() -> Any:
    import pyarrow as pa

    return pa.table({"a": pa.array([1, None], pa.int16()), "b": ["x", "y"], "c": [[1], None]})


WIDE = [
    (1, "short", "a text that is longer than twenty characters"),
    (2, None, "馬馬馬"),
    (3, "é", "tab\there\nline"),
    (10, "", '\\ "q" \r'),
]
for name, options in {
    "": {},
    " truncate false": {"truncate": False},
    " truncate 5": {"truncate": 5},
    " truncate 2": {"truncate": 2},
    " n 2": {"n": 2},
    " n 0": {"n": 0},
    " vertical": {"vertical": True},
    " vertical truncate false": {"vertical": True, "truncate": False, "n": 2},
}.items():
    P(
        f"show{name}",
        lambda spark, F, options=options: printed(
            spark.createDataFrame(WIDE, "id INT, s STRING, `long name` STRING").show, **options
        ),
    )
P(
    "show every type",
    lambda spark, F: printed(spark.createDataFrame(EVERY, EVERY_SCHEMA).show, truncate=False),
)
P("show every type cut", lambda spark, F: printed(spark.createDataFrame(EVERY, EVERY_SCHEMA).show))
P(
    "show every type vertical",
    lambda spark, F: printed(spark.createDataFrame(EVERY, EVERY_SCHEMA).show, vertical=True),
)
P("show no columns", lambda spark, F: printed(spark.range(1).select().show))
P("show no rows", lambda spark, F: printed(spark.range(0).show))
P("show no rows vertical", lambda spark, F: printed(spark.range(0).show, vertical=True))
P("show 21 rows", lambda spark, F: printed(spark.range(21).show))
P("show 20 rows", lambda spark, F: printed(spark.range(20).show))
P("show doubles", lambda spark, F: printed(spark.table("numbers").show))
P("show times", lambda spark, F: printed(spark.table("times").show, truncate=False))
P("show nested", lambda spark, F: printed(spark.table("nested").show, truncate=False))
P("show texts", lambda spark, F: printed(spark.table("texts").show))
P("show duplicate names", lambda spark, F: printed(spark.sql("SELECT 1 a, 2 a").show))
P(
    "show nulls in collections",
    lambda spark, F: printed(
        spark.sql("SELECT array(null, 1) a, map('x', null) b, struct(null, '') c, X'00FF' d, null e").show
    ),
)
P("show bad n", lambda spark, F: printed(spark.range(1).show, n="x"))
P("show bad truncate", lambda spark, F: printed(spark.range(1).show, truncate="x"))
P(
    "show in another zone",
    lambda spark, F: printed(spark.table("times").show, truncate=False),
    conf={"spark.sql.session.timeZone": "Asia/Tokyo"},
)
P("printSchema", lambda spark, F: printed(spark.createDataFrame([], EVERY_SCHEMA).printSchema))
P("printSchema nested", lambda spark, F: printed(spark.table("nested").printSchema))
P("printSchema level", lambda spark, F: printed(spark.table("nested").printSchema, 1))
P(
    "printSchema nullability",
    lambda spark, F: printed(
        spark.sql("SELECT 1 a, array(1, 2) b, map('k', null) c, struct(1) d").printSchema
    ),
)
P("repr", lambda spark, F: repr(spark.table("nested")))
P(
    "eager repr",
    lambda spark, F: repr(spark.table("people")),
    conf={"spark.sql.repl.eagerEval.enabled": "true"},
)
P(
    "eager html",
    lambda spark, F: spark.table("people")._repr_html_(),
    conf={"spark.sql.repl.eagerEval.enabled": "true"},
)
P("explain says something", lambda spark, F: bool(printed(spark.range(1).explain)))

for name in ("people", "numbers", "times", "nested", "sales", "texts"):
    P(f"toPandas {name}", lambda spark, F, name=name: frame_as_value(spark.table(name).toPandas()))
P(
    "toPandas every type",
    lambda spark, F: frame_as_value(spark.createDataFrame(EVERY, EVERY_SCHEMA).toPandas()),
)
P(
    "toPandas without nulls",
    lambda spark, F: frame_as_value(spark.createDataFrame(EVERY[:1], EVERY_SCHEMA).toPandas()),
)
P("toPandas empty", lambda spark, F: frame_as_value(spark.createDataFrame([], EVERY_SCHEMA).toPandas()))
P("toPandas duplicate names", lambda spark, F: frame_as_value(spark.sql("SELECT 1 a, 'x' a").toPandas()))
P("toPandas no columns", lambda spark, F: list(spark.range(2).select().toPandas().shape))
P(
    "toPandas in another zone",
    lambda spark, F: frame_as_value(spark.table("times").toPandas()),
    conf={"spark.sql.session.timeZone": "Asia/Tokyo"},
)
P("toArrow schema", lambda spark, F: str(spark.createDataFrame(EVERY, EVERY_SCHEMA).toArrow().schema))
P("toArrow rows", lambda spark, F: spark.table("people").orderBy("id").toArrow().to_pylist())
P("collect row repr", lambda spark, F: repr(spark.createDataFrame(EVERY, EVERY_SCHEMA).collect()))
P(
    "row access",
    lambda spark, F: [
        spark.table("people").orderBy("id").first()["name"],
        spark.table("people").orderBy("id").first().age,
        spark.table("people").orderBy("id").first()[0],
    ],
)
P(
    "collect in another zone",
    lambda spark, F: spark.table("times"),
    conf={"spark.sql.session.timeZone": "Asia/Tokyo"},
)
P(
    "intervals",
    lambda spark, F: spark.sql("SELECT INTERVAL '1 02:03:04.5' DAY TO SECOND a, INTERVAL '-5' MINUTE b"),
)
P("year month interval", lambda spark, F: spark.sql("SELECT INTERVAL '1-2' YEAR TO MONTH a"))
P("calendar interval", lambda spark, F: spark.sql("SELECT make_interval(1, 2, 3, 4, 5, 6, 7.5) a"))
P("time type", lambda spark, F: spark.sql("SELECT TIME '01:02:03.5' a"))
P("variant", lambda spark, F: spark.sql("SELECT parse_json('{\"a\": [1, null]}') a"))
P("time created", lambda spark, F: spark.createDataFrame([(dt.time(1, 2, 3, 4),)], "a TIME"))
P(
    "show intervals",
    lambda spark, F: printed(
        spark.sql(
            "SELECT INTERVAL '1 02:03:04.5' DAY TO SECOND a, INTERVAL '1-2' YEAR TO MONTH b, INTERVAL '5' MINUTE c, make_interval(1, 2, 3, 4, 5, 6, 7.5) d"
        ).show,
        truncate=False,
    ),
)
P("version", lambda spark, F: spark.version)
