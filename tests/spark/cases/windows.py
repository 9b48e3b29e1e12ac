"""Window functions with every frame."""

from __future__ import annotations

from typing import Any

from spark.oracle.table import Table

CASES = Table()

OVER = {
    "ordered": "(PARTITION BY shop ORDER BY day, quantity, item)",
    "by day": "(PARTITION BY shop ORDER BY day)",
    "whole": "(PARTITION BY shop)",
    "all": "()",
    "rows": "(ORDER BY day, shop, item ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)",
    "rows to end": "(ORDER BY day, shop, item ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
    "rows before": "(ORDER BY day, shop, item ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING)",
    "range": "(ORDER BY quantity RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING)",
    "range desc": "(ORDER BY quantity DESC RANGE BETWEEN 2 PRECEDING AND CURRENT ROW)",
    "range days": "(ORDER BY day RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW)",
}
FUNCTIONS = [
    "count(*)", "count(quantity)", "sum(quantity)", "avg(quantity)", "min(item)", "max(price)", "first(item)", "last(item)",
    "first_value(weight)", "last_value(quantity) IGNORE NULLS", "nth_value(item, 2)", "collect_list(quantity)",
]  # fmt: skip
CASES.queries(
    "frame",
    "\n\n".join(
        f"SELECT day, shop, item, quantity, {function} OVER {over} AS r FROM sales"
        for over in OVER.values()
        for function in FUNCTIONS
    ),
    tolerance=1e-12,
)
RANKS = [
    "row_number()", "rank()", "dense_rank()", "percent_rank()", "cume_dist()", "ntile(2)", "ntile(3)", "lag(quantity)",
    "lag(quantity, 2)", "lag(quantity, 1, -1)", "lead(item)", "lead(item, 1, 'none')", "lag(quantity, -1)", "lead(weight) IGNORE NULLS",
    "lag(quantity) RESPECT NULLS",
]  # fmt: skip
CASES.queries(
    "rank",
    "\n\n".join(
        f"SELECT day, shop, item, {function} OVER {OVER[over]} AS r FROM sales"
        for over in ("ordered", "rows")
        for function in RANKS
    )
    + "\n\n"
    + "\n\n".join(
        f"SELECT day, shop, {function} OVER (PARTITION BY shop ORDER BY day) AS r FROM sales"
        for function in ("rank()", "dense_rank()", "percent_rank()", "cume_dist()")
    ),
)
CASES.queries(
    "sql",
    """
SELECT shop, sum(quantity) OVER (PARTITION BY shop) FROM sales

SELECT row_number() OVER (ORDER BY id), id FROM people ORDER BY id

SELECT shop, quantity, sum(quantity) OVER w s, avg(quantity) OVER w a FROM sales WINDOW w AS (PARTITION BY shop ORDER BY day, item)

SELECT shop, quantity, rank() OVER (ORDER BY quantity DESC NULLS LAST) r FROM sales ORDER BY r, shop

SELECT shop, q, rank() OVER (ORDER BY q DESC) r FROM (SELECT shop, sum(quantity) q FROM sales GROUP BY shop) ORDER BY r

SELECT shop, sum(quantity) q, rank() OVER (ORDER BY sum(quantity) DESC) r FROM sales GROUP BY shop ORDER BY r

SELECT shop, sum(sum(quantity)) OVER () t FROM sales GROUP BY shop ORDER BY shop

SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY shop ORDER BY quantity DESC, item) n FROM sales) WHERE n = 1 ORDER BY shop

SELECT shop, day FROM sales QUALIFY row_number() OVER (PARTITION BY shop ORDER BY day, item) = 1 ORDER BY shop

SELECT row_number() OVER (PARTITION BY shop) FROM sales

SELECT rank() FROM sales

SELECT upper(shop) OVER (PARTITION BY shop) FROM sales

SELECT shop FROM sales WHERE row_number() OVER (ORDER BY day) = 1

SELECT count(DISTINCT item) OVER (PARTITION BY shop) FROM sales

SELECT sum(quantity) OVER (ORDER BY day RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM sales

SELECT sum(quantity) OVER (ORDER BY day ROWS BETWEEN 1 FOLLOWING AND 1 PRECEDING) FROM sales

SELECT sum(quantity) OVER (ORDER BY day, shop RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM sales

SELECT sum(quantity) OVER nope FROM sales

SELECT id, lag(id) OVER (ORDER BY id) + 1 x, id - lead(id, 1, 0) OVER (ORDER BY id) y FROM people ORDER BY id

SELECT id, sum(age) FILTER (WHERE age > 30) OVER (ORDER BY id) x FROM people ORDER BY id
""",
)


def _over(make_function: Any, make_window: Any) -> Any:
    def run(spark: Any, F: Any) -> Any:
        from pyspark.sql import Window

        return spark.table("sales").select(
            "day", "shop", "item", make_function(F).over(make_window(Window, F)).alias("r")
        )

    return run


WINDOWS = {
    "partition": lambda W, F: W.partitionBy("shop").orderBy("day", "item"),
    "desc": lambda W, F: W.partitionBy("shop").orderBy(F.col("day").desc(), F.col("item").asc_nulls_last()),
    "rowsBetween": lambda W, F: W.partitionBy("shop").orderBy("day", "item").rowsBetween(-1, W.currentRow),
    "rangeBetween": lambda W, F: W.orderBy("quantity").rangeBetween(-2, 0),
    "unbounded": lambda W, F: (
        W.partitionBy("shop").orderBy("day", "item").rowsBetween(W.unboundedPreceding, W.unboundedFollowing)
    ),
    "no order": lambda W, F: W.partitionBy("shop"),
}
for window, make_window in WINDOWS.items():
    for function, make_function in {
        "sum": lambda F: F.sum("quantity"),
        "row_number": lambda F: F.row_number(),
        "lag": lambda F: F.lag("quantity", 1, 0),
        "lead": lambda F: F.lead("item"),
        "first": lambda F: F.first("item", ignorenulls=True),
        "collect_list": lambda F: F.collect_list("quantity"),
        "avg": lambda F: F.avg("price"),
        "ntile": lambda F: F.ntile(2),
        "nth_value": lambda F: F.nth_value("item", 2),
    }.items():
        CASES.program(f"{function} over {window}", _over(make_function, make_window), tolerance=1e-12)


@CASES.case()
def running_total_named(spark: Any, F: Any) -> Any:
    from pyspark.sql import Window

    window = Window.partitionBy("shop").orderBy("day", "item")
    return spark.table("sales").select("shop", F.sum("quantity").over(window), F.rank().over(window))


@CASES.case(ordered=True)
def top_one_of_each(spark: Any, F: Any) -> Any:
    from pyspark.sql import Window

    window = Window.partitionBy("city").orderBy(F.desc("age"))
    return (
        spark.table("people")
        .withColumn("n", F.row_number().over(window))
        .filter("n = 1")
        .drop("n")
        .orderBy("id")
    )


@CASES.case(ordered=True)
def difference_to_group_mean(spark: Any, F: Any) -> Any:
    from pyspark.sql import Window

    return (
        spark.table("people")
        .withColumn("x", F.col("age") - F.avg("age").over(Window.partitionBy("city")))
        .orderBy("id")
    )
