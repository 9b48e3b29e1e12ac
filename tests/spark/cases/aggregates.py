"""Aggregate functions, grouping sets, pivot."""

from __future__ import annotations

from typing import Any

from spark.oracle.table import ANSI_OFF, Table

CASES = Table()
NEARLY = {"tolerance": 1e-12}

FUNCTIONS = [
    "count(*)", "count(1)", "count({c})", "count(DISTINCT {c})", "sum({c})", "sum(DISTINCT {c})", "avg({c})", "mean({c})",
    "min({c})", "max({c})", "first({c})", "last({c})", "first({c}, true)", "last({c}, true)", "any_value({c})",
    "collect_list({c})", "sort_array(collect_set({c}))", "stddev({c})", "stddev_pop({c})", "variance({c})", "var_pop({c})",
    "skewness({c})", "kurtosis({c})", "median({c})", "mode({c})", "percentile({c}, 0.5)", "percentile({c}, array(0.25, 0.75))",
    "approx_count_distinct({c})", "count_if({c} > 1)", "product({c})", "bit_and({c})", "max_by(shop, {c})", "min_by(item, {c})",
    "approx_percentile({c}, 0.5)", "histogram_numeric({c}, 3)", "try_sum({c})", "try_avg({c})", "percentile_cont(0.5) WITHIN GROUP (ORDER BY {c})",
]  # fmt: skip
# Spark picks any of several equal candidates.
TIES = {("day", "mode({c})"), ("day", "max_by(shop, {c})")}
for column in ("quantity", "price", "weight", "item", "day"):
    CASES.queries(
        f"all of {column}",
        "\n\n".join(
            f"SELECT {function.format(c=column)} AS r FROM sales"
            for function in FUNCTIONS
            if (column, function) not in TIES
        ),
        **NEARLY,
    )
CASES.queries(
    "names",
    "\n\n".join(f"SELECT {function.format(c='quantity')} FROM sales" for function in FUNCTIONS),
    **NEARLY,
)
CASES.queries(
    "empty",
    "\n\n".join(
        f"SELECT {function.format(c='quantity')} AS r FROM sales WHERE false" for function in FUNCTIONS
    ),
)
CASES.queries(
    "grouped",
    """
SELECT shop, count(*) c, sum(quantity) q, avg(price) p, min(day) d, max(weight) w FROM sales GROUP BY shop ORDER BY shop

SELECT item, sum(quantity) FROM sales GROUP BY item ORDER BY item NULLS LAST

SELECT shop, item, count(*) FROM sales GROUP BY shop, item ORDER BY 1, 2

SELECT shop, item, count(*) FROM sales GROUP BY 1, 2 ORDER BY 1, 2

SELECT upper(shop) s, count(*) FROM sales GROUP BY upper(shop) ORDER BY s

SELECT upper(shop) s, count(*) FROM sales GROUP BY s ORDER BY s

SELECT month(day) m, sum(quantity * price) total FROM sales GROUP BY month(day) ORDER BY m

SELECT shop, sum(quantity) q FROM sales GROUP BY shop HAVING sum(quantity) > 5 ORDER BY shop

SELECT shop FROM sales GROUP BY shop HAVING count(*) > 2 ORDER BY max(quantity)

SELECT shop, sum(quantity) q FROM sales GROUP BY ALL ORDER BY shop

SELECT weight, count(*) FROM sales GROUP BY weight ORDER BY weight

SELECT count(*) FROM sales HAVING count(*) > 100

SELECT shop, count(*) FILTER (WHERE quantity > 3) f, sum(quantity) FILTER (WHERE item = 'tea') t FROM sales GROUP BY shop ORDER BY shop

SELECT count(DISTINCT shop, item) a, count(DISTINCT shop) b, count(shop, item) c FROM sales

SELECT sum(DISTINCT quantity) a, count(DISTINCT item) b, avg(DISTINCT price) c FROM sales

SELECT shop, collect_list(item) l FROM sales GROUP BY shop ORDER BY shop

SELECT shop, sort_array(collect_set(item)) l FROM sales GROUP BY shop ORDER BY shop

SELECT shop, collect_list(struct(item, quantity)) l FROM sales GROUP BY shop ORDER BY shop

SELECT max(struct(quantity, item)) FROM sales

SELECT min(array(quantity)) FROM sales

SELECT bool_and(quantity > 0) a, bool_or(quantity > 9) b, every(quantity > 1) c, some(quantity > 1) d, any(quantity IS NULL) e FROM sales

SELECT corr(quantity, price) a, covar_pop(quantity, price) b, covar_samp(quantity, price) c, regr_count(quantity, price) d, regr_slope(quantity, price) e FROM sales

SELECT listagg(item, ',') FROM sales

SELECT string_agg(item, '-') WITHIN GROUP (ORDER BY item DESC) FROM sales

SELECT shop, first(item) f, last(item) l FROM sales GROUP BY shop ORDER BY shop

SELECT max_by(item, quantity) a, min_by(item, price) b, max_by(shop, weight) c FROM sales

SELECT shop, item, sum(quantity) q, grouping_id() g FROM sales GROUP BY ROLLUP(shop, item) ORDER BY g, shop, item

SELECT shop, item, sum(quantity) q, grouping(shop) gs, grouping(item) gi FROM sales GROUP BY CUBE(shop, item) ORDER BY gs, gi, shop, item

SELECT shop, item, sum(quantity) q FROM sales GROUP BY GROUPING SETS ((shop), (item), ()) ORDER BY shop, item, q

SELECT shop, sum(quantity) q FROM sales GROUP BY shop WITH ROLLUP ORDER BY shop, q

SELECT shop, day, sum(quantity) q FROM sales GROUP BY shop, ROLLUP(day) ORDER BY shop, day, q

SELECT shop, item FROM sales GROUP BY shop

SELECT shop, quantity + 1 FROM sales GROUP BY shop

SELECT shop, sum(sum(quantity)) FROM sales GROUP BY shop

SELECT shop FROM sales WHERE sum(quantity) > 1

SELECT sum(quantity) + count(*) * 2 AS r, sum(quantity) / count(quantity) AS a FROM sales

SELECT shop, sum(quantity) + 1 FROM sales GROUP BY shop ORDER BY sum(quantity) DESC

SELECT 1 FROM sales GROUP BY shop

SELECT count(*) FROM sales GROUP BY ()

SELECT shop, count(*) FROM sales GROUP BY 3

SELECT quantity % 2 k, quantity % 2 + 1 k1, count(*) c FROM sales GROUP BY quantity % 2 ORDER BY k

SELECT * FROM (SELECT shop, item, quantity FROM sales) PIVOT (sum(quantity) FOR item IN ('tea', 'rice')) ORDER BY shop

SELECT * FROM (SELECT shop, item, quantity FROM sales) PIVOT (sum(quantity) AS s, count(*) AS c FOR item IN ('tea' AS t, 'salt')) ORDER BY shop

SELECT * FROM (SELECT id, i, l FROM numbers) UNPIVOT (v FOR n IN (i, l)) ORDER BY id, n

SELECT * FROM (SELECT id, i, l FROM numbers) UNPIVOT INCLUDE NULLS (v FOR n IN (i AS a, l AS b)) ORDER BY id, n
""",
)
CASES.queries(
    "types of sum and avg",
    """
SELECT sum(CAST(quantity AS TINYINT)) a, sum(quantity) b, sum(CAST(quantity AS BIGINT)) c, sum(CAST(quantity AS FLOAT)) d, sum(price) e, sum(CAST(price AS DECIMAL(38,2))) f FROM sales

SELECT avg(CAST(quantity AS TINYINT)) a, avg(quantity) b, avg(price) c, avg(CAST(price AS DECIMAL(38,10))) d, avg(CAST(quantity AS FLOAT)) e FROM sales

SELECT sum('1.5') a, avg('2') b, sum(null) c, avg(null) d, max(null) e, count(null) f

SELECT sum(i) a, sum(l) b FROM numbers WHERE id <> 6

SELECT sum(l) FROM VALUES (9223372036854775807L), (1L) AS t(l)

SELECT sum(x) FROM VALUES (CAST('99999999999999999999999999999999999999' AS DECIMAL(38,0))), (CAST(1 AS DECIMAL(38,0))) AS t(x)

SELECT try_sum(l) FROM VALUES (9223372036854775807L), (1L) AS t(l)

SELECT sum(d) a, avg(d) b, max(d) c, min(d) e FROM numbers

SELECT sum(x) a FROM VALUES (INTERVAL '1' DAY), (INTERVAL '2' HOUR) AS t(x)

SELECT sum(shop) FROM sales

SELECT avg(day) FROM sales

SELECT sum(true)

SELECT stddev(x) a, var_samp(x) b, corr(x, x) c, skewness(x) d FROM VALUES (1) AS t(x)
""",
    **NEARLY,
)
CASES.sql(
    "sum overflow (ANSI off)", "SELECT sum(l) FROM VALUES (9223372036854775807L), (1L) AS t(l)", conf=ANSI_OFF
)
CASES.sql(
    "decimal sum overflow (ANSI off)",
    "SELECT sum(x) FROM VALUES (CAST('99999999999999999999999999999999999999' AS DECIMAL(38,0))), (CAST(1 AS DECIMAL(38,0))) AS t(x)",
    conf=ANSI_OFF,
)
CASES.sql("sum of texts (ANSI off)", "SELECT sum(s) FROM texts", conf=ANSI_OFF)


def _agg(make: Any) -> Any:
    return lambda spark, F: spark.table("sales").groupBy("shop").agg(*make(F)).orderBy("shop")


P = CASES.program
for name, make in {
    "several": lambda F: [F.sum("quantity"), F.avg("price"), F.count("*"), F.max("day"), F.min("weight")],
    "aliases": lambda F: [F.sum("quantity").alias("q"), F.count(F.lit(1)).alias("n")],
    "count distinct": lambda F: [F.countDistinct("item"), F.count_distinct("item", "day"), F.sum_distinct("quantity"), F.approx_count_distinct("item")],
    "first last": lambda F: [F.first("item"), F.last("item"), F.first("weight", ignorenulls=True), F.last("weight", True)],
    "collect": lambda F: [F.collect_list("quantity"), F.sort_array(F.collect_set("item"))],
    "moments": lambda F: [F.stddev("quantity"), F.stddev_pop("quantity"), F.variance("quantity"), F.var_pop("quantity"), F.skewness("quantity"), F.kurtosis("quantity")],
    "correlation": lambda F: [F.corr("quantity", "price"), F.covar_pop("quantity", "price"), F.covar_samp("quantity", "price")],
    "percentiles": lambda F: [F.median("quantity"), F.percentile("quantity", 0.25), F.percentile_approx("quantity", [0.5, 0.9]), F.mode("quantity")],
    "by": lambda F: [F.max_by("item", "quantity"), F.min_by("item", "quantity")],
    "expression": lambda F: [(F.sum("quantity") * 2 + F.count("*")).alias("x"), F.sum(F.col("quantity") * F.col("price"))],
    "when": lambda F: [F.sum(F.when(F.col("item") == "tea", 1).otherwise(0)).alias("teas"), F.count(F.when(F.col("quantity") > 3, True))],
    "booleans": lambda F: [F.bool_and(F.col("quantity") > 1), F.bool_or(F.col("quantity") > 9), F.count_if(F.col("quantity") > 3)],
    "product": lambda F: [F.product("quantity")],
    "structs": lambda F: [F.max(F.struct("quantity", "item")), F.collect_list(F.struct("item", "quantity"))],
    "expr": lambda F: [F.expr("sum(quantity) AS q"), F.expr("count(DISTINCT item)")],
    "non aggregate": lambda F: [F.col("item")],
    "listagg": lambda F: [F.listagg("item", ",")],
    "any_value": lambda F: [F.any_value("shop")],
    "bit": lambda F: [F.bit_and("quantity"), F.bit_or("quantity"), F.bit_xor("quantity")],
    "regr": lambda F: [F.regr_count("quantity", "price"), F.regr_avgx("quantity", "price"), F.regr_r2("quantity", "price")],
}.items():  # fmt: skip
    P(f"agg {name}", _agg(make), ordered=True, **NEARLY)


def sales(spark: Any) -> Any:
    return spark.table("sales")


P("groupBy count", lambda spark, F: sales(spark).groupBy("shop").count())
P("groupBy sum of all", lambda spark, F: sales(spark).groupBy("shop").sum())
P("groupBy sum named", lambda spark, F: sales(spark).groupBy("shop").sum("quantity", "weight"))
P("groupBy avg", lambda spark, F: sales(spark).groupBy("shop").avg("quantity"), **NEARLY)
P(
    "groupBy mean min max",
    lambda spark, F: (
        sales(spark).groupBy("shop").max("quantity").union(sales(spark).groupBy("shop").min("quantity"))
    ),
)
P("groupBy agg dict", lambda spark, F: sales(spark).groupBy("shop").agg({"quantity": "sum", "price": "max"}))
P("groupBy agg dict star", lambda spark, F: sales(spark).agg({"*": "count"}))
P("groupBy nothing", lambda spark, F: sales(spark).groupBy().sum("quantity"))
P("groupBy expression", lambda spark, F: sales(spark).groupBy(F.month("day").alias("m")).count())
P("groupBy expression unnamed", lambda spark, F: sales(spark).groupBy(F.col("quantity") % 2).count())
P("groupBy two", lambda spark, F: sales(spark).groupBy("shop", "item").agg(F.sum("quantity").alias("q")))
P("groupBy list", lambda spark, F: sales(spark).groupBy(["shop", "item"]).count())
P("groupBy ordinal", lambda spark, F: sales(spark).groupBy(2).count())
P("agg without groupBy", lambda spark, F: sales(spark).agg(F.sum("quantity"), F.max("day")))
P("select aggregate", lambda spark, F: sales(spark).select(F.sum("quantity"), F.count("*")))
P("select aggregate and column", lambda spark, F: sales(spark).select("shop", F.sum("quantity")))
P(
    "rollup",
    lambda spark, F: (
        sales(spark).rollup("shop", "item").agg(F.sum("quantity").alias("q"), F.grouping_id().alias("g"))
    ),
)
P(
    "cube",
    lambda spark, F: (
        sales(spark).cube("shop", "item").agg(F.count("*").alias("n"), F.grouping("shop").alias("g"))
    ),
)
P(
    "groupingSets",
    lambda spark, F: sales(spark).groupingSets([["shop"], []], "shop", "item").agg(F.sum("quantity")),
)
P("pivot", lambda spark, F: sales(spark).groupBy("shop").pivot("item").sum("quantity"))
P(
    "pivot values",
    lambda spark, F: sales(spark).groupBy("shop").pivot("item", ["tea", "none"]).sum("quantity"),
)
P(
    "pivot several",
    lambda spark, F: (
        sales(spark).groupBy("shop").pivot("item", ["tea"]).agg(F.sum("quantity").alias("q"), F.count("*"))
    ),
)
P("pivot number", lambda spark, F: sales(spark).groupBy("shop").pivot("quantity").count())
P("sum of text column", lambda spark, F: sales(spark).groupBy("shop").sum("item"))
P("count of frame", lambda spark, F: sales(spark).count())
P("having by filter", lambda spark, F: sales(spark).groupBy("shop").count().filter("count > 2"))
P(
    "order by aggregate",
    lambda spark, F: (
        sales(spark).groupBy("shop").agg(F.sum("quantity").alias("q")).orderBy(F.desc("q"), "shop")
    ),
    ordered=True,
)
P(
    "alias of frame in aggregate",
    lambda spark, F: sales(spark).alias("t").groupBy("t.shop").agg(F.max("t.day")),
)
P("distinct groups of structs", lambda spark, F: spark.table("nested").groupBy("s").count())
P("group by array", lambda spark, F: spark.table("nested").groupBy("a").count())
P("group by map", lambda spark, F: spark.table("nested").groupBy("m").count())
P(
    "group by float zero",
    lambda spark, F: (
        spark.sql("SELECT * FROM VALUES (0.0D), (-0.0D), (double('NaN')), (double('NaN')) AS t(d)")
        .groupBy("d")
        .count()
    ),
)

WIDE = "CAST(-99999999999999999999999999999999999.25 AS DECIMAL(38,2))"
WIDER = "CAST(12345678901234567890123456789012345.25 AS DECIMAL(38,2))"
LARGEST = "CAST(99999999999999999999999999999999999999 AS DECIMAL(38,0))"
CASES.queries(
    "sums of wide decimals",
    f"""
SELECT sum(x), sum(DISTINCT x), sum(x) FILTER (WHERE x < 0), min(x) FROM VALUES (CAST(1.5 AS DECIMAL(38,2))), ({WIDE}), ({WIDER}), ({WIDER}) AS t(x)

SELECT sum(x) FROM VALUES (CAST(0.9 AS DECIMAL(38,38))), (CAST(0.9 AS DECIMAL(38,38))) AS t(x)

SELECT sum(x), avg(x) FROM VALUES (CAST(NULL AS DECIMAL(38,3))) AS t(x)

SELECT x, sum(y) OVER (PARTITION BY x) FROM VALUES (1, {WIDER}), (1, CAST(1 AS DECIMAL(38,2))) t(x, y)

SELECT sum(x) FROM VALUES ({LARGEST}), (CAST(1 AS DECIMAL(38,0))), (CAST(-5 AS DECIMAL(38,0))) AS t(x)

SELECT try_sum(x), try_avg(x) FROM VALUES ({LARGEST}), (CAST(1 AS DECIMAL(38,0))) AS t(x)

SELECT avg(x) FROM VALUES ({LARGEST}), (CAST(1 AS DECIMAL(38,0))) AS t(x)

SELECT avg(x) FROM VALUES ({WIDE}), ({WIDER}) AS t(x)

SELECT regr_avgx(y, x), regr_avgy(y, x) FROM VALUES (1.5, 2.25), (2.5, 3.75), (null, 1.00) t(y, x)

SELECT regr_avgx(y, x), regr_avgy(y, x) FROM VALUES ('1', 2L), ('2', 3L) t(y, x)

SELECT median(x) FROM VALUES (true) t(x)

SELECT count() FROM range(3)

SELECT a FROM VALUES (1, 2), (1, 3), (2, 1) t(a, b) GROUP BY a HAVING count(*) > 0 ORDER BY count(*)

SELECT a FROM VALUES (1, 2), (1, 3), (2, 1) t(a, b) GROUP BY a HAVING a > 0 ORDER BY count(*)

SELECT a + 1 FROM VALUES (1, 2), (1, 3), (2, 1) t(a, b) GROUP BY a HAVING count(*) > 0 ORDER BY a
""",
)
