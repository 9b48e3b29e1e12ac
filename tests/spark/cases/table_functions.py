"""Table functions in Python, and Python aggregates over windows."""

from __future__ import annotations

from typing import Any

from spark.oracle.table import Table

CASES = Table()


def counting(F: Any) -> Any:
    """Two rows a call, and one at the end of the partition."""

    @F.udtf(returnType="a int, b string")
    class Counting:
        def __init__(self) -> None:
            self.calls = 0

        def eval(self, x: Any, y: Any = "d") -> Any:
            self.calls += 1
            yield x, str(y)
            yield None, None

        def terminate(self) -> Any:
            yield self.calls, "end"

    return Counting


def of_rows(F: Any) -> Any:
    """Takes whole rows."""

    @F.udtf(returnType="s string, n int")
    class OfRows:
        def eval(self, row: Any) -> Any:
            yield str(row), row[0]

        def terminate(self) -> Any:
            yield "end", 0

    return OfRows


def registered(name: str, text: str, **options: Any) -> None:
    """A case of SQL text over both functions."""

    def run(spark: Any, F: Any) -> Any:
        spark.udtf.register("counting", counting(F))
        spark.udtf.register("of_rows", of_rows(F))
        return spark.sql(text)

    CASES.program(name, run, **options)


CASES.program("one argument", lambda spark, F: counting(F)(F.lit(1)))
CASES.program("two arguments", lambda spark, F: counting(F)(F.lit(1), F.lit("z")))
CASES.program("a named argument", lambda spark, F: counting(F)(F.lit(1), y=F.lit("q")))
TABLE = "SELECT 1 AS k, 'a' AS v UNION ALL SELECT 2, 'b' UNION ALL SELECT 1, 'c'"
for text in (
    "SELECT * FROM counting(5)",
    "SELECT * FROM counting(x => 5)",
    "SELECT * FROM counting(5, y => 'n')",
    "SELECT c FROM counting(7) AS t(c, d)",
    "SELECT t.a FROM counting(7) t",
    "SELECT * FROM VALUES (1), (2) t(v), LATERAL counting(v)",
    "SELECT * FROM VALUES (1), (2) t(v) LEFT JOIN LATERAL counting(v) ON true",
    "SELECT v, u.b FROM VALUES (1), (2) t(v), LATERAL counting(v + 1, 'k') u WHERE u.b IS NOT NULL",
    "SELECT v, count(*) c FROM VALUES (1), (2) t(v), LATERAL counting(v) GROUP BY v",
    "SELECT * FROM range(0) t(v), LATERAL counting(v)",
    "SELECT counting(1)",
    f"SELECT * FROM of_rows(TABLE({TABLE}) PARTITION BY k)",
    f"SELECT * FROM of_rows(TABLE({TABLE}) PARTITION BY k ORDER BY v DESC)",
    f"SELECT * FROM of_rows(TABLE({TABLE}) PARTITION BY (k, v) ORDER BY (v))",
    f"SELECT * FROM of_rows(TABLE({TABLE}) WITH SINGLE PARTITION ORDER BY v DESC)",
    f"SELECT * FROM of_rows(row => TABLE({TABLE}) WITH SINGLE PARTITION ORDER BY v)",
):
    registered(text, text)
# The text holds the frames of Python that Spark and this engine go through.
for text in ("SELECT * FROM counting()", "SELECT * FROM counting(1, 2, 3)"):
    registered(text, text, message=False)


@CASES.case()
def rows_of_a_frame(spark: Any, F: Any) -> Any:
    return of_rows(F)(spark.sql(TABLE).asTable().partitionBy("k").orderBy("v"))


@CASES.case()
def lateral_join_of_frames(spark: Any, F: Any) -> Any:
    return spark.range(3).lateralJoin(counting(F)(F.col("id").outer()))


@CASES.case()
def columns_told_by_the_function(spark: Any, F: Any) -> Any:
    from pyspark.sql.types import StructType
    from pyspark.sql.udtf import AnalyzeResult

    class Typed:
        @staticmethod
        def analyze(x: Any) -> Any:
            return AnalyzeResult(schema=StructType().add("c1", x.dataType).add("c2", "string"))

        def eval(self, x: Any) -> Any:
            yield x, type(x).__name__

    spark.udtf.register("typed", F.udtf(Typed))
    return spark.sql("SELECT v, t.* FROM VALUES (1), (2) t(v), LATERAL typed(v) t")


@CASES.case()
def partitions_told_by_the_function(spark: Any, F: Any) -> Any:
    from pyspark.sql.types import StructType
    from pyspark.sql.udtf import AnalyzeResult, OrderingColumn, PartitioningColumn

    class Grouped:
        def __init__(self) -> None:
            self.seen: Any = []

        @staticmethod
        def analyze(rows: Any) -> Any:  # noqa: ARG004 - Spark's form
            return AnalyzeResult(
                schema=StructType().add("seen", "string"),
                partitionBy=[PartitioningColumn("k")],
                orderBy=[OrderingColumn("v", ascending=False)],
            )

        def eval(self, row: Any) -> Any:
            self.seen.append(row["v"])

        def terminate(self) -> Any:
            yield (",".join(self.seen),)

    spark.udtf.register("grouped", F.udtf(Grouped))
    return spark.sql(f"SELECT * FROM grouped(TABLE({TABLE}))")


@CASES.case()
def rows_left_out(spark: Any, F: Any) -> Any:
    from pyspark.sql.udtf import SkipRestOfInputTableException

    @F.udtf(returnType="n int")
    class Two:
        def __init__(self) -> None:
            self.count = 0

        def eval(self, row: Any) -> Any:
            self.count += 1
            if self.count > 1:
                raise SkipRestOfInputTableException("enough")

        def terminate(self) -> Any:
            yield (self.count,)

    spark.udtf.register("two", Two)
    return spark.sql("SELECT * FROM two(TABLE(SELECT * FROM range(5)) WITH SINGLE PARTITION)")


def values(name: str, schema: str, rows: Any) -> None:
    """A case of a function that gives these rows."""

    def run(spark: Any, F: Any) -> Any:
        @F.udtf(returnType=schema)
        class Given:
            def eval(self) -> Any:
                return rows

        return Given()

    CASES.program(name, run, message=False)


values("lists", "a int, b array<int>, m map<string,int>", [(1, [1, 2], {"a": 1}), (None, None, None)])
values("structs", "c struct<x:int,y:string>", [((1, "q"),), ({"x": 2},)])
values("dictionaries", "a int, b int", [{"a": 1}, {"b": 2, "a": 3}])
values("nothing", "a int", None)
values("no rows", "a int", [])
values("too many columns", "a int", [(1, 2)])
values("too few columns", "a int, b int", [(1,)])
values("no row", "a int, b int", [1])
values("another type", "a int", [("x",)])
values("no list", "a int", 5)


@CASES.case(message=False)
def an_error_of_the_function(spark: Any, F: Any) -> Any:
    @F.udtf(returnType="a int")
    class Failing:
        def eval(self) -> Any:
            raise ValueError("boom")

    return Failing()


# ---- Python aggregates over windows -------------------------------------------------------------


def frame(spark: Any) -> Any:
    """Two groups, with rows of one place in the order."""
    text = "SELECT * FROM VALUES (1, 1.0D, 'a'), (1, 2.0D, 'b'), (2, 3.0D, 'c'), (2, 5.0D, 'd'), (2, NULL, 'e'), (2, 5.0D, 'f') t(id, v, s)"
    return spark.sql(text)


def over(name: str, window: Any) -> None:
    """Cases of a mean and of the texts of a frame."""

    def mean(spark: Any, F: Any) -> Any:
        import pandas as pd
        from pyspark.sql import Window

        def of(v: pd.Series) -> float:
            return v.mean()  # type: ignore[no-any-return]

        return frame(spark).withColumn("m", F.pandas_udf(of, "double", 202)("v").over(window(Window)))

    def texts(spark: Any, F: Any) -> Any:
        import pandas as pd
        from pyspark.sql import Window

        def of(v: pd.Series, s: pd.Series) -> str:
            return ",".join(map(str, v.tolist())) + "|" + ",".join(sorted(s.tolist()))

        return frame(spark).withColumn("m", F.pandas_udf(of, "string", 202)("v", "s").over(window(Window)))

    CASES.program(f"mean over {name}", mean)
    CASES.program(f"texts over {name}", texts)


over("partitions", lambda w: w.partitionBy("id"))
over("everything", lambda w: w.partitionBy())
over("growing frames", lambda w: w.partitionBy("id").orderBy("v", "s"))
over("two rows", lambda w: w.partitionBy("id").orderBy("v", "s").rowsBetween(-1, 0))
over("rows around", lambda w: w.partitionBy("id").orderBy("s").rowsBetween(-1, 1))
over("rows that may not be", lambda w: w.partitionBy("id").orderBy("s").rowsBetween(2, 3))
over("descending", lambda w: w.partitionBy("id").orderBy("s").rowsBetween(0, w.unboundedFollowing))


@CASES.case()
def among_others(spark: Any, F: Any) -> Any:
    import pandas as pd
    from pyspark.sql import Window

    def of(v: pd.Series) -> float:
        return v.mean()  # type: ignore[no-any-return]

    mean = F.pandas_udf(of, "double", 202)
    window = Window.partitionBy("id")
    return frame(spark).select(mean(F.col("v") * 2).over(window) + 1, F.count("v").over(window), "s")


@CASES.case()
def in_sql(spark: Any, F: Any) -> Any:
    import pandas as pd

    def of(v: pd.Series) -> float:
        return v.mean()  # type: ignore[no-any-return]

    spark.udf.register("mean_of", F.pandas_udf(of, "double", 202))
    rows = "VALUES (1, 1.0D), (1, 3.0D), (2, NULL) t(id, v)"
    frame_text = "PARTITION BY id ORDER BY v ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    return spark.sql(f"SELECT id, mean_of(v) OVER ({frame_text}) m FROM {rows}")


@CASES.case()
def not_a_number_is_nothing(spark: Any, F: Any) -> Any:
    import pandas as pd

    def of(v: pd.Series) -> float:
        return v.mean()  # type: ignore[no-any-return]

    return frame(spark).where("v IS NULL").groupBy("id").agg(F.pandas_udf(of, "double", 202)("v").alias("m"))


# ---- groups as iterators ------------------------------------------------------------------------


@CASES.case()
def groups_as_iterators(spark: Any, F: Any) -> Any:
    from collections.abc import Iterator

    import pandas as pd

    def large(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for found in frames:
            yield found[found.v > 1][["id", "v"]]

    large.__annotations__ = {"frames": Iterator[pd.DataFrame], "return": Iterator[pd.DataFrame]}
    return frame(spark).groupBy("id").applyInPandas(large, "id int, v double")


@CASES.case()
def aggregates_over_iterators(spark: Any, F: Any) -> Any:
    from collections.abc import Iterator

    import pandas as pd

    def mean(series: Iterator[pd.Series]) -> float:
        parts = list(series)
        return float(sum(p.sum() for p in parts) / sum(p.count() for p in parts))

    mean.__annotations__ = {"series": Iterator[pd.Series], "return": float}
    return frame(spark).groupBy("id").agg(F.pandas_udf(mean, "double")("v").alias("m"))


@CASES.case()
def structs_as_data_frames(spark: Any, F: Any) -> Any:
    import pandas as pd

    def total(parts: pd.DataFrame) -> pd.Series:
        return parts.a * 2 + parts.b

    total.__annotations__ = {"parts": pd.DataFrame, "return": pd.Series}
    rows = spark.range(3).select(F.struct(F.col("id").alias("a"), (F.col("id") + 1).alias("b")).alias("p"))
    return rows.select(F.pandas_udf(total, "bigint")("p").alias("t"))
