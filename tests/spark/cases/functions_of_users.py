# mypy: disable-error-code="untyped-decorator, call-arg"

"""Python functions of the user: udf, pandas_udf, mapInPandas, mapInArrow, groups, table functions.

The functions are made inside the cases, so that they travel by value. This module does not postpone
annotations: a pandas_udf is chosen by them.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from spark.oracle.table import Table

CASES = Table()


def people(spark: Any) -> Any:
    return spark.table("people")


TYPES = ["int", "bigint", "smallint", "tinyint", "float", "double", "string", "boolean", "date", "timestamp", "timestamp_ntz",
         "binary", "decimal(5,2)", "array<int>", "map<string,int>", "struct<a:int,b:string>"]  # fmt: skip


def _returning(value: Any, kind: Any) -> Any:
    def run(spark: Any, F: Any) -> Any:
        return spark.range(1).select(F.udf(lambda _id: value(), kind)("id").alias("r"))

    return run


VALUES = {
    "none": lambda: None,
    "int": lambda: 7,
    "big int": lambda: 2**40,
    "float": lambda: 1.5,
    "text": lambda: "7",
    "bool": lambda: True,
    "bytes": lambda: b"ab",
    "date": lambda: __import__("datetime").date(2024, 2, 29),
    "time": lambda: __import__("datetime").datetime(2024, 2, 29, 1, 2, 3, 4),
    "decimal": lambda: __import__("decimal").Decimal("1.50"),
    "list": lambda: [1, 2],
    "dict": lambda: {"a": 1},
    "tuple": lambda: (1, "x"),
}
for value_name, value in VALUES.items():
    for kind in TYPES:
        CASES.program(f"udf returns {value_name} as {kind}", _returning(value, kind), message=False)


@CASES.case()
def udf_of_columns(spark: Any, F: Any) -> Any:
    def label(name: Any, age: Any) -> Any:
        return f"{name}:{age}"

    return people(spark).select("id", F.udf(label)("name", "age").alias("l"), F.udf(label)("name", "age"))


@CASES.case()
def udf_decorated(spark: Any, F: Any) -> Any:
    @F.udf(returnType="int")
    def add_one(value: Any) -> Any:
        return None if value is None else value + 1

    return people(spark).select(add_one("age"), add_one(F.col("id") * 2).alias("x"))


@CASES.case()
def udf_argument_types(spark: Any, F: Any) -> Any:
    kinds = F.udf(lambda *values: ",".join(type(value).__name__ for value in values))
    frame = spark.sql(
        "SELECT 1Y a, 1L b, 1.5 c, 1.5D d, 'x' e, true f, X'00' g, DATE '2024-01-01' h, TIMESTAMP '2024-01-01 00:00:00' i, array(1) j,"
        " map('a', 1) k, struct(1 x) l, null m, TIMESTAMP_NTZ '2024-01-01 00:00:00' n, INTERVAL '1' DAY o"
    )
    return frame.select(kinds(*frame.columns).alias("kinds"))


@CASES.case()
def udf_argument_values(spark: Any, F: Any) -> Any:
    text = F.udf(lambda *values: repr(values))
    frame = spark.sql(
        "SELECT 1.50 c, TIMESTAMP '2024-01-01 00:00:00.5' i, array(1, null) j, map('a', 1) k, struct(1 x, 'q' y) l"
    )
    return frame.select(text(*frame.columns).alias("values"))


@CASES.case()
def udf_in_filter(spark: Any, F: Any) -> Any:
    return (
        people(spark)
        .filter(F.udf(lambda value: value is not None and value > 30, "boolean")("age"))
        .select("id")
    )


@CASES.case(ordered=True)
def udf_in_order_by(spark: Any, F: Any) -> Any:
    return people(spark).orderBy(F.udf(lambda value: -value, "int")("id")).select("id")


@CASES.case()
def udf_in_group_by(spark: Any, F: Any) -> Any:
    return people(spark).groupBy(F.udf(lambda value: (value or 0) % 2, "int")("age").alias("k")).count()


@CASES.case()
def udf_over_aggregate(spark: Any, F: Any) -> Any:
    return (
        people(spark).groupBy("city").agg(F.udf(lambda value: f"{value}", "string")(F.sum("age")).alias("s"))
    )


@CASES.case()
def udf_inside_aggregate(spark: Any, F: Any) -> Any:
    return people(spark).groupBy("city").agg(F.sum(F.udf(lambda value: value * 10, "int")("id")).alias("s"))


@CASES.case()
def udf_nested(spark: Any, F: Any) -> Any:
    double = F.udf(lambda value: value * 2, "int")
    return people(spark).select(double(double("id")).alias("x"), (double("id") + 1).alias("y"))


@CASES.case()
def udf_in_join(spark: Any, F: Any) -> Any:
    same = F.udf(lambda one, other: one == other, "boolean")
    return (
        spark.table("left_side")
        .alias("a")
        .join(spark.table("right_side").alias("b"), same("a.k", "b.k"))
        .select("l", "r")
    )


@CASES.case(message=False)
def udf_raises(spark: Any, F: Any) -> Any:
    def fail(value: Any) -> Any:
        raise ValueError(f"bad value {value}")

    return people(spark).select(F.udf(fail, "int")("id"))


@CASES.case(message=False)
def udf_divides_by_zero(spark: Any, F: Any) -> Any:
    return people(spark).select(F.udf(lambda value: 1 / (value - 1), "double")("id"))


@CASES.case()
def udf_registered(spark: Any, F: Any) -> Any:
    spark.udf.register("plus_one", lambda value: value + 1, "int")
    return spark.sql("SELECT plus_one(id) AS x, plus_one(id) FROM people")


@CASES.case()
def udf_registered_object(spark: Any, F: Any) -> Any:
    registered = spark.udf.register("shout", F.udf(lambda value: (value or "").upper() + "!"))
    return people(spark).select(registered("name"), F.expr("shout(city)"))


@CASES.case()
def udf_closure(spark: Any, F: Any) -> Any:
    table = {25: "young", 47: "old"}
    return people(spark).select("id", F.udf(lambda value: table.get(value, "other"))("age").alias("g"))


@CASES.case()
def udf_keyword_arguments(spark: Any, F: Any) -> Any:
    return people(spark).select(F.udf(lambda a, b: f"{a}-{b}")(b=F.col("id"), a=F.col("age")).alias("x"))


@CASES.case()
def udf_returns_struct(spark: Any, F: Any) -> Any:
    from pyspark.sql import Row

    split = F.udf(
        lambda name: Row(first=name[:1], rest=name[1:]) if name else None, "first STRING, rest STRING"
    )
    return people(spark).select(split("name").alias("s")).select("s.*")


@CASES.case()
def udf_of_struct(spark: Any, F: Any) -> Any:
    return spark.table("nested").select(
        F.udf(lambda s: None if s is None else f"{s.x}/{s['y']}")("s").alias("r")
    )


@CASES.case()
def udf_without_arguments(spark: Any, F: Any) -> Any:
    return spark.range(2).select(F.udf(lambda: 5, "int")().alias("r"))


@CASES.case()
def udf_arrow(spark: Any, F: Any) -> Any:
    @F.udf(returnType="int", useArrow=True)
    def add_one(value: Any) -> Any:
        return None if value is None else value + 1

    return people(spark).select(add_one("age").alias("x"))


@CASES.case()
def pandas_udf_scalar(spark: Any, F: Any) -> Any:
    @F.pandas_udf("double")
    def half(values: pd.Series) -> pd.Series:
        return values / 2

    return people(spark).select("id", half("age"), half("id").alias("h"))


@CASES.case()
def pandas_udf_strings(spark: Any, F: Any) -> Any:
    @F.pandas_udf("string")
    def upper(values: pd.Series) -> pd.Series:
        return values.str.upper()

    return people(spark).select(upper("name").alias("u"))


@CASES.case()
def pandas_udf_iterator(spark: Any, F: Any) -> Any:
    @F.pandas_udf("long")
    def plus(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        for batch in batches:
            yield batch + 100

    return people(spark).select(plus("id").alias("p"))


@CASES.case()
def pandas_udf_two_columns(spark: Any, F: Any) -> Any:
    @F.pandas_udf("string")
    def join(one: pd.Series, other: pd.Series) -> pd.Series:
        return one.astype(str) + "/" + other.fillna("-")

    return people(spark).select(join("id", "city").alias("j"))


@CASES.case()
def pandas_udf_struct(spark: Any, F: Any) -> Any:
    @F.pandas_udf("a long, b string")
    def both(one: pd.Series, other: pd.Series) -> pd.DataFrame:
        return pd.DataFrame({"a": one * 2, "b": other})

    return people(spark).select(both("id", "name").alias("s")).select("s.*")


@CASES.case()
def pandas_udf_grouped(spark: Any, F: Any) -> Any:
    @F.pandas_udf("double")
    def middle(values: pd.Series) -> float:
        return float(values.median())

    return people(spark).groupBy("city").agg(middle("id").alias("m"))


@CASES.case()
def pandas_udf_window(spark: Any, F: Any) -> Any:
    from pyspark.sql import Window

    @F.pandas_udf("double")
    def mean(values: pd.Series) -> float:
        return float(values.mean())

    return people(spark).select("id", mean("id").over(Window.partitionBy("city")).alias("m"))


@CASES.case(message=False)
def pandas_udf_wrong_length(spark: Any, F: Any) -> Any:
    @F.pandas_udf("long")
    def short(values: pd.Series) -> pd.Series:
        return values[:1]

    return people(spark).select(short("id"))


@CASES.case()
def map_in_pandas(spark: Any, F: Any) -> Any:
    def only_old(batches: Any) -> Any:
        for batch in batches:
            yield batch[batch["age"] > 30][["id", "name"]]

    return people(spark).mapInPandas(only_old, "id INT, name STRING")


@CASES.case()
def map_in_pandas_more_rows(spark: Any, F: Any) -> Any:
    def twice(batches: Any) -> Any:
        import pandas as pd

        for batch in batches:
            yield pd.DataFrame({"x": [1, 2], "y": ["a", None]})
            yield pd.DataFrame({"x": [len(batch)], "y": ["n"]})

    return people(spark).coalesce(1).mapInPandas(twice, "x BIGINT, y STRING")


@CASES.case(message=False)
def map_in_pandas_wrong_columns(spark: Any, F: Any) -> Any:
    def wrong(batches: Any) -> Any:
        for batch in batches:
            yield batch[["id"]]

    return people(spark).mapInPandas(wrong, "id INT, other STRING")


@CASES.case(message=False)
def map_in_pandas_raises(spark: Any, F: Any) -> Any:
    def fail(batches: Any) -> Any:
        for _batch in batches:
            raise RuntimeError("no")
            yield

    return people(spark).mapInPandas(fail, "id INT")


@CASES.case()
def map_in_arrow(spark: Any, F: Any) -> Any:
    def double(batches: Any) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        for batch in batches:
            yield pa.RecordBatch.from_arrays([pc.multiply(batch.column("id"), 2)], names=["id"])

    return people(spark).mapInArrow(double, "id INT")


@CASES.case()
def apply_in_pandas(spark: Any, F: Any) -> Any:
    def centre(group: Any) -> Any:
        group["age"] = group["age"] - group["age"].mean()
        return group[["id", "city", "age"]]

    return people(spark).groupBy("city").applyInPandas(centre, "id INT, city STRING, age DOUBLE")


@CASES.case()
def apply_in_pandas_with_key(spark: Any, F: Any) -> Any:
    def count(key: Any, group: Any) -> Any:
        import pandas as pd

        return pd.DataFrame({"city": [key[0]], "n": [len(group)]})

    return people(spark).groupBy("city").applyInPandas(count, "city STRING, n BIGINT")


@CASES.case()
def apply_in_arrow(spark: Any, F: Any) -> Any:
    def first(table: Any) -> Any:
        return table.slice(0, 1).select(["id", "city"])

    return people(spark).groupBy("city").applyInArrow(first, "id INT, city STRING")


@CASES.case()
def cogroup_apply_in_pandas(spark: Any, F: Any) -> Any:
    def merge(one: Any, other: Any) -> Any:
        import pandas as pd

        return pd.DataFrame({"l": [len(one)], "r": [len(other)]})

    grouped = spark.table("left_side").groupBy("k").cogroup(spark.table("right_side").groupBy("k"))
    return grouped.applyInPandas(merge, "l BIGINT, r BIGINT")


@CASES.case()
def udtf(spark: Any, F: Any) -> Any:
    @F.udtf(returnType="n INT, square INT")
    class Squares:
        def eval(self, start: int, end: int) -> Any:
            for number in range(start, end + 1):
                yield number, number * number

    return Squares(F.lit(1), F.lit(3))


@CASES.case()
def udtf_lateral(spark: Any, F: Any) -> Any:
    @F.udtf(returnType="word STRING")
    class Words:
        def eval(self, text: str) -> Any:
            for word in (text or "").split():
                yield (word,)

    spark.udtf.register("words_of", Words)
    return spark.sql("SELECT id, word FROM texts, LATERAL words_of(s)")


@CASES.case()
def foreach_partition_is_silent(spark: Any, F: Any) -> Any:
    people(spark).foreachPartition(lambda rows: None)
    return "done"


@CASES.case()
def transform_with_rows(spark: Any, F: Any) -> Any:
    return [row.id * 2 for row in people(spark).orderBy("id").collect()]


def _registered(text: str) -> Any:
    def run(spark: Any, F: Any) -> Any:
        spark.udf.register("named_pair", lambda x, y=5: f"{x} {y}")
        return spark.sql(text)

    return run


for words in (
    "named_pair(x => id)", "named_pair(id, y => id + 1)", "named_pair(y => id, x => 7)", "named_pair(DISTINCT id)",
    "named_pair(id) FILTER (WHERE id > 1)",
):  # fmt: skip
    CASES.program(f"registered: {words}", _registered(f"SELECT {words} FROM range(2)"))
