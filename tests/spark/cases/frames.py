"""Operations of DataFrames: joins, sets, sort, columns, missing values, statistics."""

from __future__ import annotations

import datetime as dt
from typing import Any

from spark.oracle.table import ANSI_OFF, Table

CASES = Table()
P = CASES.program


def left(spark: Any) -> Any:
    return spark.table("left_side")


def right(spark: Any) -> Any:
    return spark.table("right_side")


def people(spark: Any) -> Any:
    return spark.table("people")


KINDS = ["inner", "cross", "outer", "full", "fullouter", "full_outer", "left", "leftouter", "left_outer", "right", "rightouter",
         "right_outer", "semi", "leftsemi", "left_semi", "anti", "leftanti", "left_anti", "nope"]  # fmt: skip
for kind in KINDS:
    P(f"join using {kind}", lambda spark, F, kind=kind: left(spark).join(right(spark), "k", kind))
for kind in ("inner", "outer", "left", "right", "semi", "anti"):
    P(
        f"join on condition {kind}",
        lambda spark, F, kind=kind: (
            left(spark).alias("a").join(right(spark).alias("b"), F.col("a.k") == F.col("b.k"), kind)
        ),
    )
    P(f"join on objects {kind}", lambda spark, F, kind=kind: _by_objects(left(spark), right(spark), kind))
    P(f"join null safe {kind}", lambda spark, F, kind=kind: _null_safe(left(spark), right(spark), kind))
    P(
        f"join on inequality {kind}",
        lambda spark, F, kind=kind: (
            left(spark).alias("a").join(right(spark).alias("b"), F.col("a.k") < F.col("b.k"), kind)
        ),
    )
    P(
        f"join on two conditions {kind}",
        lambda spark, F, kind=kind: (
            left(spark)
            .alias("a")
            .join(right(spark).alias("b"), [F.col("a.k") == F.col("b.k"), F.col("b.r") != "r2"], kind)
        ),
    )
    P(
        f"join with empty {kind}",
        lambda spark, F, kind=kind: left(spark).join(right(spark).filter("k > 100"), "k", kind),
    )


def _by_objects(one: Any, other: Any, kind: Any) -> Any:
    return one.join(other, one.k == other.k, kind)


def _null_safe(one: Any, other: Any, kind: Any) -> Any:
    return one.join(other, one.k.eqNullSafe(other.k), kind)


def _same_frame(spark: Any, F: Any) -> Any:
    frame = people(spark)
    return frame.join(frame, frame.id == frame.id)


def _select_ambiguous(spark: Any, F: Any) -> Any:
    one, other = left(spark), right(spark)
    return one.join(other, one.k == other.k).select("k")


def _select_qualified(spark: Any, F: Any) -> Any:
    one, other = left(spark), right(spark)
    return one.join(other, one.k == other.k, "left").select(one.k, other.k.alias("rk"), "l", other["r"])


def _drop_one_side(spark: Any, F: Any) -> Any:
    one, other = left(spark), right(spark)
    return one.join(other, one.k == other.k).drop(other.k)


def _self_join(spark: Any, F: Any) -> Any:
    a, b = people(spark).alias("a"), people(spark).alias("b")
    return a.join(b, (F.col("a.age") == F.col("b.age")) & (F.col("a.id") < F.col("b.id"))).select(
        "a.id", "b.id", "a.name"
    )


P("join of a frame with itself", _same_frame)
P("join ambiguous select", _select_ambiguous)
P("join qualified select", _select_qualified)
P("join drop one side", _drop_one_side)
P("join self", _self_join)
P("join crossJoin", lambda spark, F: left(spark).crossJoin(right(spark)))
P("join without condition", lambda spark, F: left(spark).join(right(spark)))
P("join using list", lambda spark, F: left(spark).join(right(spark).withColumn("l", F.lit("l1")), ["k", "l"]))
P("join using missing column", lambda spark, F: left(spark).join(right(spark), "nope"))
P(
    "join three",
    lambda spark, F: (
        left(spark).join(right(spark), "k").join(people(spark), left(spark).k == people(spark).id, "left")
    ),
)
P("join hint", lambda spark, F: left(spark).join(F.broadcast(right(spark)), "k"))
P("join hint unknown", lambda spark, F: left(spark).hint("nope").join(right(spark), "k"))
P(
    "join different types",
    lambda spark, F: left(spark).join(right(spark).withColumn("k", F.col("k").cast("bigint")), "k"),
)
P(
    "join text and number",
    lambda spark, F: left(spark).join(right(spark).withColumn("k", F.col("k").cast("string")), "k"),
)
P(
    "join on doubles",
    lambda spark, F: (
        spark.table("numbers")
        .alias("a")
        .join(spark.table("numbers").alias("b"), F.col("a.d") == F.col("b.d"))
        .select("a.id", "b.id")
    ),
)
P(
    "join expr text",
    lambda spark, F: (
        left(spark)
        .alias("a")
        .join(right(spark).alias("b"), F.expr("a.k = b.k AND b.r LIKE 'r%'"))
        .select("a.*", "b.r")
    ),
)
P(
    "join lateral",
    lambda spark, F: (
        left(spark)
        .alias("a")
        .lateralJoin(right(spark).filter(F.col("k") == F.col("a.k").outer()), how="left")
    ),
)

P("union", lambda spark, F: left(spark).union(right(spark)))
P("union widens", lambda spark, F: spark.range(2).union(spark.sql("SELECT 1.5D")))
P("union decimal and int", lambda spark, F: spark.sql("SELECT 1.50 AS a").union(spark.sql("SELECT 2")))
P("union text and int", lambda spark, F: spark.sql("SELECT 'x' AS a").union(spark.sql("SELECT 2")))
P("union wrong count", lambda spark, F: left(spark).union(people(spark)))
P("union incompatible", lambda spark, F: spark.sql("SELECT array(1) a").union(spark.sql("SELECT 1")))
P("union nullability", lambda spark, F: spark.sql("SELECT 1 a").union(spark.sql("SELECT null")))
P("unionAll", lambda spark, F: left(spark).unionAll(left(spark)))
P("unionByName", lambda spark, F: left(spark).unionByName(left(spark).select("l", "k")))
P("unionByName missing", lambda spark, F: left(spark).unionByName(right(spark), allowMissingColumns=True))
P("unionByName missing refused", lambda spark, F: left(spark).unionByName(right(spark)))
P(
    "unionByName nested missing",
    lambda spark, F: spark.sql("SELECT named_struct('a', 1) s").unionByName(
        spark.sql("SELECT named_struct('b', 2) s"), allowMissingColumns=True
    ),
)
P("unionByName case", lambda spark, F: left(spark).unionByName(left(spark).withColumnRenamed("k", "K")))
P("intersect", lambda spark, F: left(spark).select("k").intersect(right(spark).select("k")))
P("intersectAll", lambda spark, F: left(spark).select("k").intersectAll(left(spark).select("k")))
P("subtract", lambda spark, F: left(spark).select("k").subtract(right(spark).select("k")))
P("exceptAll", lambda spark, F: left(spark).select("k").exceptAll(right(spark).select("k")))
P("distinct", lambda spark, F: left(spark).select("k").distinct())
P("dropDuplicates", lambda spark, F: people(spark).select("age", "city").dropDuplicates())
P("dropDuplicates columns", lambda spark, F: people(spark).dropDuplicates(["age"]))
P("drop_duplicates two columns", lambda spark, F: people(spark).drop_duplicates(["age", "city"]))
P("dropDuplicates missing", lambda spark, F: people(spark).dropDuplicates(["nope"]))
P("dropDuplicates of text argument", lambda spark, F: people(spark).dropDuplicates("age"))
P("distinct of maps", lambda spark, F: spark.table("nested").select("m").distinct())

for name, make in {
    "column": lambda F: ["age", "id"],
    "desc": lambda F: [F.desc("age"), "id"],
    "asc nulls last": lambda F: [F.asc_nulls_last("age"), "id"],
    "desc nulls first": lambda F: [F.col("age").desc_nulls_first(), F.col("id")],
    "desc nulls last": lambda F: [F.col("city").desc_nulls_last(), F.col("id").desc()],
    "expression": lambda F: [F.length("name"), "id"],
    "text": lambda F: ["name"],
    "missing": lambda F: ["nope"],
    "ordinal": lambda F: [2, -1],
    "literal": lambda F: [F.lit(2), "id"],
}.items():
    P(f"orderBy {name}", lambda spark, F, make=make: people(spark).orderBy(*make(F)), ordered=True)
P(
    "orderBy ascending list",
    lambda spark, F: people(spark).orderBy(["city", "id"], ascending=[False, True]),
    ordered=True,
)
P(
    "orderBy ascending false",
    lambda spark, F: people(spark).orderBy("age", "id", ascending=False),
    ordered=True,
)
P("sort after select of other", lambda spark, F: people(spark).select("name").sort("id"), ordered=True)
P(
    "sort structs and arrays",
    lambda spark, F: spark.table("nested").select("id", "s", "a").sort("s", F.desc("a")),
    ordered=True,
)
P("sort map", lambda spark, F: spark.table("nested").sort("m"))
P("sort doubles", lambda spark, F: spark.table("numbers").select("d", "id").sort("d", "id"), ordered=True)
P("sort binary text", lambda spark, F: spark.table("texts").select("s").sort("s"), ordered=True)
P(
    "sortWithinPartitions",
    lambda spark, F: people(spark).coalesce(1).sortWithinPartitions(F.desc("id")),
    ordered=True,
)

P("limit", lambda spark, F: people(spark).orderBy("id").limit(2), ordered=True)
P("limit 0", lambda spark, F: people(spark).limit(0))
P("limit negative", lambda spark, F: people(spark).limit(-1))
P("offset", lambda spark, F: people(spark).orderBy("id").offset(4), ordered=True)
P("offset and limit", lambda spark, F: people(spark).orderBy("id").offset(2).limit(2), ordered=True)
P("limit and offset", lambda spark, F: people(spark).orderBy("id").limit(3).offset(2), ordered=True)
P("head", lambda spark, F: [list(row) for row in people(spark).orderBy("id").head(2)])
P("head one", lambda spark, F: people(spark).orderBy("id").head())
P("first of empty", lambda spark, F: people(spark).limit(0).first())
P("take", lambda spark, F: people(spark).orderBy("id").take(2))
P("tail", lambda spark, F: people(spark).orderBy("id").tail(2))
P("isEmpty", lambda spark, F: [people(spark).isEmpty(), people(spark).limit(0).isEmpty()])
P("toLocalIterator", lambda spark, F: list(people(spark).orderBy("id").limit(2).toLocalIterator()))

P("select columns", lambda spark, F: people(spark).select("id", "name"))
P("select star and more", lambda spark, F: people(spark).select("*", (F.col("age") + 1).alias("next")))
P("select attribute", lambda spark, F: people(spark).select(people(spark).id, people(spark)["name"]))
P("select nothing", lambda spark, F: people(spark).select())
P("select same twice", lambda spark, F: people(spark).select("id", "id"))
P("select case", lambda spark, F: people(spark).select("ID", "Name"))
P(
    "select quoted",
    lambda spark, F: people(spark).withColumn("a.b", F.lit(1)).select("`a.b`", F.col("`a.b`") + 1),
)
P("select unquoted dot", lambda spark, F: people(spark).withColumn("a.b", F.lit(1)).select("a.b"))
P("select star of alias", lambda spark, F: people(spark).alias("p").select("p.*"))
P(
    "select literals",
    lambda spark, F: spark.range(1).select(F.lit(1), F.lit("a"), F.lit(1.5), F.lit(True), F.lit(None)),
)
P("selectExpr", lambda spark, F: people(spark).selectExpr("id", "age * 2 AS double_age", "upper(name)"))
P("selectExpr star", lambda spark, F: people(spark).selectExpr("*", "id + 1"))
P("filter text", lambda spark, F: people(spark).filter("age > 30 AND city = 'Riga'"))
P("where column", lambda spark, F: people(spark).where(F.col("age").isNull()))
P("filter twice", lambda spark, F: people(spark).filter("id > 1").filter(F.col("id") < 4))
P("filter with literal true", lambda spark, F: people(spark).filter(F.lit(True)))
P("filter not boolean", lambda spark, F: people(spark).filter(F.col("id")))
P("withColumn new", lambda spark, F: people(spark).withColumn("x", F.col("id") * 2))
P("withColumn replace", lambda spark, F: people(spark).withColumn("age", F.col("age") + 1))
P("withColumn replace other case", lambda spark, F: people(spark).withColumn("AGE", F.lit(1)))
P("withColumn literal", lambda spark, F: people(spark).withColumn("x", F.lit("v")))
P("withColumn of not a column", lambda spark, F: people(spark).withColumn("x", 5))
P("withColumn missing", lambda spark, F: people(spark).withColumn("x", F.col("nope")))
P("withColumns", lambda spark, F: people(spark).withColumns({"x": F.col("id") + 1, "age": F.lit(0)}))
P("withColumnRenamed", lambda spark, F: people(spark).withColumnRenamed("name", "label"))
P("withColumnRenamed missing", lambda spark, F: people(spark).withColumnRenamed("nope", "label"))
P("withColumnRenamed case", lambda spark, F: people(spark).withColumnRenamed("NAME", "Label"))
P(
    "withColumnsRenamed",
    lambda spark, F: people(spark).withColumnsRenamed({"name": "n", "age": "a", "zz": "y"}),
)
P("withMetadata", lambda spark, F: people(spark).withMetadata("age", {"unit": "year"}))
P("drop", lambda spark, F: people(spark).drop("name", "nope"))
P("drop column object", lambda spark, F: people(spark).drop(F.col("age")))
P("drop all", lambda spark, F: people(spark).drop("id", "name", "age", "city"))
P("toDF", lambda spark, F: people(spark).toDF("a", "b", "c", "d"))
P("toDF wrong count", lambda spark, F: people(spark).toDF("a", "b"))
P("colRegex", lambda spark, F: people(spark).select(people(spark).colRegex("`(id|age)`")))
P("transform", lambda spark, F: people(spark).transform(lambda frame, n: frame.filter(F.col("id") > n), 4))
P("alias", lambda spark, F: people(spark).alias("p").select("p.id"))
P(
    "nested update",
    lambda spark, F: (
        spark.table("nested").withColumn("s", F.col("s").withField("x", F.lit(7))).select("s", "s.x")
    ),
)
P("nested star", lambda spark, F: spark.table("nested").select("id", "s.*"))
P("to schema", lambda spark, F: people(spark).to(spark.createDataFrame([], "age BIGINT, id INT").schema))
P("columns", lambda spark, F: people(spark).columns)
P("dtypes", lambda spark, F: [list(pair) for pair in spark.table("nested").dtypes])
P(
    "dtypes of numbers",
    lambda spark, F: [list(pair) for pair in spark.table("numbers").dtypes + spark.table("times").dtypes],
)
P("schema simpleString", lambda spark, F: spark.table("nested").schema.simpleString())
P("schema json", lambda spark, F: spark.table("nested").schema.json())
P("range", lambda spark, F: spark.range(3))
P("range start end step", lambda spark, F: spark.range(10, 1, -4))
P("range step 0", lambda spark, F: spark.range(1, 5, 0))
P("empty frame", lambda spark, F: spark.createDataFrame([], "a INT"))
P("repartition", lambda spark, F: people(spark).repartition(3).select("id"))
P("repartition by", lambda spark, F: people(spark).repartition(2, "city").select("id"))
P("coalesce", lambda spark, F: people(spark).coalesce(1).select("id"))
P("cache", lambda spark, F: people(spark).cache().select("id"))
P("persist unpersist", lambda spark, F: people(spark).persist().unpersist().select("id"))
P("checkpoint local", lambda spark, F: people(spark).localCheckpoint().select("id"))
P("sample everything", lambda spark, F: people(spark).sample(1.0, seed=1).select("id"))
P("sample nothing", lambda spark, F: people(spark).sample(0.0, seed=1).select("id"))
P("sample bad", lambda spark, F: people(spark).sample(-1.0))
P(
    "randomSplit sums",
    lambda spark, F: sum(part.count() for part in people(spark).randomSplit([1.0, 2.0], seed=3)),
)
P(
    "sampleBy nothing",
    lambda spark, F: people(spark).sampleBy("city", {"Riga": 1.0, "Oslo": 0.0}, seed=0).select("id"),
)
P(
    "foreach of rows",
    lambda spark, F: [row.asDict() for row in people(spark).orderBy("id").limit(1).collect()],
)
P(
    "monotonically increasing",
    lambda spark, F: (
        people(spark).orderBy("id").coalesce(1).select(F.monotonically_increasing_id().alias("m"), "id")
    ),
)
P("input file name", lambda spark, F: people(spark).select(F.input_file_name()).limit(1))
P("spark_partition_id", lambda spark, F: people(spark).coalesce(1).select(F.spark_partition_id()).limit(1))
P(
    "typeof",
    lambda spark, F: spark.table("nested").select(F.typeof("a"), F.typeof("m"), F.typeof("s")).limit(1),
)
P("raise_error", lambda spark, F: people(spark).select(F.raise_error("boom")))
P("assert_true", lambda spark, F: people(spark).select(F.assert_true(F.col("id") < 3, "too big")))
P("observe", lambda spark, F: people(spark).observe("o", F.count(F.lit(1)).alias("n")).select("id"))
P("isLocal isStreaming", lambda spark, F: [people(spark).isStreaming])
P("sameSemantics", lambda spark, F: people(spark).select("id").sameSemantics(people(spark).select("id")))

P("fillna number", lambda spark, F: people(spark).fillna(0))
P("fillna text", lambda spark, F: people(spark).fillna("?"))
P("fillna dict", lambda spark, F: people(spark).fillna({"age": -1, "city": "none"}))
P("fillna subset", lambda spark, F: people(spark).na.fill("?", subset=["city"]))
P("fillna subset tuple", lambda spark, F: people(spark).na.fill("?", ["name", "age"]))
P("fillna double into int", lambda spark, F: people(spark).na.fill(1.7))
P("fillna bool", lambda spark, F: spark.table("numbers").na.fill(True).select("id", "b", "i"))
P("fillna NaN", lambda spark, F: spark.table("numbers").na.fill(0).select("id", "d", "f", "m", "l"))
P("fillna missing column", lambda spark, F: people(spark).na.fill({"nope": 1}))
P("dropna", lambda spark, F: people(spark).dropna())
P("dropna all", lambda spark, F: people(spark).select("age", "city").na.drop("all"))
P("dropna thresh", lambda spark, F: people(spark).na.drop(thresh=3))
P("dropna subset", lambda spark, F: people(spark).na.drop(subset=["age"]))
P("dropna NaN", lambda spark, F: spark.table("numbers").na.drop(subset=["d"]).select("id"))
P("replace number", lambda spark, F: people(spark).replace(31, 32))
P("replace dict", lambda spark, F: people(spark).replace({"Riga": "RIX", "Oslo": None}))
P("replace lists", lambda spark, F: people(spark).na.replace(["Ann", "Bob"], ["A", "B"], "name"))
P("replace to null", lambda spark, F: people(spark).replace("Riga", None))
P("replace subset", lambda spark, F: people(spark).replace(25, 26, subset=["age"]))
P("replace mixed", lambda spark, F: people(spark).replace([1, "a"], 2))

P("describe", lambda spark, F: people(spark).describe(), ordered=True, tolerance=1e-12)
P("describe columns", lambda spark, F: people(spark).describe("age", "name"), ordered=True)
P(
    "describe numbers",
    lambda spark, F: spark.table("sales").describe("quantity", "price", "weight"),
    ordered=True,
)
P("summary", lambda spark, F: people(spark).summary(), ordered=True)
P(
    "summary some",
    lambda spark, F: people(spark).summary("count", "min", "50%", "max", "count_distinct"),
    ordered=True,
)
P("summary unknown", lambda spark, F: people(spark).summary("nope"))
P("crosstab", lambda spark, F: people(spark).crosstab("city", "age"))
P("freqItems", lambda spark, F: people(spark).freqItems(["age"], 0.5))
P("stat corr", lambda spark, F: people(spark).na.drop().stat.corr("id", "age"), tolerance=1e-12)
P("stat cov", lambda spark, F: people(spark).na.drop().stat.cov("id", "age"), tolerance=1e-12)
P("approxQuantile", lambda spark, F: people(spark).approxQuantile("age", [0.0, 0.5, 1.0], 0.0))
P(
    "unpivot",
    lambda spark, F: spark.table("numbers").filter("id < 3").unpivot("id", ["i", "l"], "name", "value"),
)
P(
    "unpivot all",
    lambda spark, F: (
        spark.table("numbers").filter("id < 3").select("id", "i", "l").unpivot("id", None, "name", "value")
    ),
)
P("melt several ids", lambda spark, F: people(spark).melt(["id", "name"], ["age"], "k", "v"))
P("unpivot mixed types", lambda spark, F: people(spark).unpivot("id", ["name", "age"], "k", "v"))
P("transpose", lambda spark, F: spark.table("left_side").filter("k = 1").select("l", "k").transpose())
P("hint", lambda spark, F: people(spark).hint("coalesce", 1).select("id"))
P(
    "scalar subquery",
    lambda spark, F: people(spark).filter(F.col("age") == people(spark).select(F.max("age")).scalar()),
)
P(
    "exists subquery",
    lambda spark, F: (
        left(spark).alias("a").filter(right(spark).filter(F.col("k") == F.col("a.k").outer()).exists())
    ),
)
P("mergeable metadata columns", lambda spark, F: people(spark).metadataColumn("_metadata"))
P("between frames of other session", lambda spark, F: people(spark).select(left(spark).l))
P(
    "withColumn cast fails at run time",
    lambda spark, F: people(spark).withColumn("x", F.col("name").cast("int")),
)
P(
    "withColumn cast (ANSI off)",
    lambda spark, F: people(spark).withColumn("x", F.col("name").cast("int")),
    conf=ANSI_OFF,
)
P("case sensitive", lambda spark, F: people(spark).select("ID"), conf={"spark.sql.caseSensitive": "true"})
P(
    "case sensitive columns",
    lambda spark, F: people(spark).withColumn("ID", F.lit(0)),
    conf={"spark.sql.caseSensitive": "true"},
)


# ---- joins with the nearest rows ----------------------------------------------------------------


def quotes(spark: Any) -> tuple[Any, Any]:
    """Trades and quotes: times that are equal, between, missing."""
    left = spark.createDataFrame(
        [(1, 1, "a"), (1, 5, "b"), (2, 10, "c"), (2, None, "d"), (3, 4, "e")], "k INT, t INT, v STRING"
    )
    right = spark.createDataFrame(
        [(1, 1, 10), (1, 4, 40), (1, 7, 70), (2, 9, 90), (2, 11, 110), (None, 10, 1)], "k INT, t INT, w INT"
    )
    return left, right


def as_of(name: str, *arguments: Any, **options: Any) -> None:
    """One case of an as-of join of trades and quotes."""

    def run(spark: Any, F: Any) -> Any:
        left, right = quotes(spark)
        if "tolerance" in options:
            options["tolerance"] = (
                F.expr(options["tolerance"])
                if isinstance(options["tolerance"], str)
                else options["tolerance"]
            )
        found = left._joinAsOf(right, *(arguments or ("t", "t")), **options)
        return found.toDF(*(f"c{i}" for i in range(len(found.columns))))

    P(f"as-of join {name}", run)


as_of("plain")
as_of("left", how="left")
for way in ("backward", "forward", "nearest", "odd"):
    as_of(f"{way} left", on="k", how="left", direction=way)
    as_of(f"{way} inner", on="k", direction=way)
    as_of(f"{way} not equal", on="k", how="left", direction=way, allowExactMatches=False)
    as_of(f"{way} tolerance", on="k", how="left", direction=way, tolerance="1")
as_of("tolerance zero", on=["k"], how="left", tolerance="0")
as_of("tolerance negative", how="left", tolerance="-1")
as_of("unknown column", "zz", "t")
as_of("of a text", "v", "t")
as_of("two keys", on=["k", "t"], how="left")
as_of("unknown key", on="v")


@CASES.case()
def as_of_join_condition(spark: Any, F: Any) -> Any:
    left, right = quotes(spark)
    found = left._joinAsOf(right, left.t, right.t, on=left.k == right.k, how="left")
    return found.select(left.k, left.t, right.t.alias("rt"), right.w)


@CASES.case()
def as_of_join_names(spark: Any, F: Any) -> Any:
    left, right = quotes(spark)
    found = left._joinAsOf(right, "t", "t", on="k")
    return [found.columns, found.schema.simpleString(), [f.nullable for f in found.schema.fields]]


@CASES.case()
def as_of_join_itself(spark: Any, F: Any) -> Any:
    left, _ = quotes(spark)
    found = left._joinAsOf(
        left.withColumnRenamed("v", "w"), "t", "t", on="k", how="left", allowExactMatches=False
    )
    return found.select("v", "w")


@CASES.case()
def as_of_join_ties(spark: Any, F: Any) -> Any:
    left, right = quotes(spark)
    doubled = right.unionAll(right.withColumn("w", F.col("w") + 1000)).coalesce(1)
    return left._joinAsOf(doubled, "t", "t", on="k", how="left").select("v", F.col("w") % 1000)


@CASES.case()
def as_of_join_times(spark: Any, F: Any) -> Any:
    minute = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - a time without a zone is meant
    left = spark.createDataFrame(
        [(minute.replace(second=5),), (minute.replace(minute=1),)], "t TIMESTAMP_NTZ"
    )
    right = spark.createDataFrame(
        [(minute.replace(second=s), x) for s, x in ((1, 1), (4, 2), (7, 3))], "u TIMESTAMP_NTZ, x INT"
    )
    return left._joinAsOf(right, "t", "u", how="left", tolerance=F.lit(dt.timedelta(seconds=2)))


@CASES.case()
def zip_with_index(spark: Any, F: Any) -> Any:
    return spark.range(5, 9, 1, 1).zipWithIndex("at").where("at > 1")


def nearest(name: str, *arguments: Any, **options: Any) -> None:
    """One case of a nearest-by join."""

    def run(spark: Any, F: Any) -> Any:
        left = spark.createDataFrame([(1, 10.0), (2, 20.0), (3, None)], "id INT, x DOUBLE")
        right = spark.createDataFrame(
            [("a", 11.0), ("b", 22.0), ("c", 5.0), ("d", None)], "name STRING, y DOUBLE"
        )
        found = left.nearestByJoin(right, F.abs(F.col("x") - F.col("y")), *arguments, **options)
        return found.orderBy("id", "name")

    P(f"nearest-by join {name}", run)


nearest("one", 1, "exact", "distance")
nearest("two", 2, "exact", "distance")
nearest("two left", 2, "exact", "distance", joinType="left")
nearest("leftouter", 1, "exact", "distance", joinType="leftouter")
nearest("farthest", 1, "approx", "similarity")
nearest("more than there are", 9, "exact", "distance", joinType="left_outer")
nearest("mode", 1, "odd", "distance")
nearest("direction", 1, "exact", "odd")
nearest("type", 1, "exact", "distance", joinType="right")
nearest("none", 0, "exact", "distance")
nearest("too many", 100001, "exact", "distance")
