"""What Spark says when the program is wrong: analysis and syntax errors, with their whole texts."""

from __future__ import annotations

from typing import Any

from spark.oracle.table import Table

CASES = Table()

CASES.queries(
    "names",
    """
SELECT nmae FROM people

SELECT zzz FROM people

SELECT p.zzz FROM people p

SELECT people.name FROM people p

SELECT q.id FROM people p

SELECT id FROM nope

SELECT id FROM nope.nope

SELECT id FROM nope.nope.nope

SELECT id FROM peple

SELECT id FROM people WHERE nope = 1

SELECT id FROM people GROUP BY nope

SELECT id FROM people ORDER BY nope

SELECT id FROM people HAVING nope > 1

SELECT nope(id) FROM people

SELECT uper(name) FROM people

SELECT nope.nope(1)

SELECT s.nope FROM nested

SELECT s.x.y FROM nested

SELECT a.x FROM nested

SELECT name.first FROM people

SELECT x FROM (SELECT 1 a)

SELECT * FROM people p JOIN people q ON p.id = q.id WHERE id = 1

SELECT id, age FROM people JOIN left_side ON k = id AND l = nope

SELECT t.* FROM people

SELECT nope.* FROM people

SELECT count(nope) FROM people

SELECT a FROM VALUES (1) AS t(b)

SELECT `na me` FROM people

SELECT '' FROM people WHERE "name" = nme

SELECT x
""",
)
CASES.queries(
    "aggregation",
    """
SELECT id, count(*) FROM people

SELECT id, count(*) FROM people GROUP BY city

SELECT city, age + 1 FROM people GROUP BY city, age + 2

SELECT city FROM people GROUP BY city ORDER BY age

SELECT city FROM people GROUP BY city HAVING age > 1

SELECT sum(count(*)) FROM people

SELECT id FROM people WHERE count(*) > 1

SELECT id FROM people GROUP BY count(*)

SELECT city, count(*) FROM people GROUP BY 3

SELECT city, count(*) FROM people GROUP BY 2

SELECT * FROM people GROUP BY city

SELECT id FROM people ORDER BY 5

SELECT id FROM people ORDER BY count(*)

SELECT count(*) FILTER (WHERE count(*) > 1) FROM people

SELECT upper(DISTINCT name) FROM people

SELECT grouping(city) FROM people GROUP BY city

SELECT max(m) FROM nested

SELECT m, count(*) FROM nested GROUP BY m

SELECT DISTINCT m FROM nested
""",
)
CASES.queries(
    "types",
    """
SELECT upper(array(1))

SELECT 1 + array(1)

SELECT 'a' + 1

SELECT array(1, map('a', 1))

SELECT abs('x')

SELECT abs(true)

SELECT sum(array(1))

SELECT NOT 5

SELECT -'a'

SELECT -true

SELECT id FROM people WHERE id

SELECT id FROM people WHERE name

SELECT CASE WHEN name THEN 1 END FROM people

SELECT if(1, 2, 3)

SELECT id FROM people WHERE id IN ('a')

SELECT date_add('2024-01-01', 'x')

SELECT year(1)

SELECT size(1)

SELECT explode('a')

SELECT map('a')

SELECT struct(1).col2

SELECT array(1)['a']

SELECT concat(array(1), 'a')

SELECT coalesce(1, array(1))

SELECT greatest(1)

SELECT date '2024-01-01' + 1.5D

SELECT timestamp '2024-01-01 00:00:00' + 1

SELECT from_json('{}', 5)

SELECT split(1, 2, 'x')

SELECT element_at(map('a', 1), 1)

SELECT transform(1, x -> x)

SELECT filter(array(1), x -> 'a')

SELECT array_contains(array(1), 'a')

SELECT sequence('a', 'b')

SELECT 1 = map('a', 1)

SELECT id = array(1) FROM people

SELECT lpad('a', 'x')

SELECT substring(array(1), 1)

SELECT interval 1 day = 1

SELECT round('abc', 'x')

SELECT CAST(1 AS ARRAY<INT>)

SELECT X'00' + 1
""",
)
CASES.queries(
    "arity",
    """
SELECT upper()

SELECT upper('a', 'b')

SELECT substring('a')

SELECT substring('a', 1, 2, 3)

SELECT concat_ws()

SELECT round()

SELECT round(1, 2, 3)

SELECT count()

SELECT sum()

SELECT sum(1, 2)

SELECT if(true, 1)

SELECT nvl(1)

SELECT date_format(current_date())

SELECT lag() OVER (ORDER BY 1)

SELECT row_number(1) OVER (ORDER BY 1)

SELECT map_filter(map())

SELECT array_contains(array(1))

SELECT now(1)

SELECT get_json_object('a')

SELECT from_json('a')
""",
)
CASES.queries(
    "syntax",
    """
SELEC 1

SELECT

SELECT FROM people

SELECT 1 FORM people

SELECT * FROM

SELECT * FROM people WHERE

SELECT * FROM people WHERE id =

SELECT * FROM people GROUP BY

SELECT id, FROM people

SELECT (1 FROM people

SELECT 1)

SELECT 'a

SELECT 1 2

SELECT a b c

SELECT * FROM people people2 people3

SELECT 1 ++

SELECT CASE WHEN 1 = 1 END

SELECT CASE 1 END

SELECT CAST(1 INT)

SELECT 1 FROM people JOIN

SELECT 1 FROM people LIMIT

SELECT 1; SELECT 2

SELECT a-b FROM x-y

SELECT * FROM 1

SELECT `a

SELECT $1

SELECT 1 WHERE 1 = 1 GROUP

INSERT people VALUES (1)

CREATE VIEW

DROP people

SELECT 1 AS select

SELECT 1 AS from

SELECT date '2024'x

SELECT interval 1 foo

SELECT interval 'x' day

SELECT @x

SELECT 1 FROM people p, WHERE

SELECT id
FROM people
WHERE age >> > 3
ORDER BY id

FOO BAR

SELECT sum(x OVER ()

SELECT * EXCEPT FROM people

SELECT 1 UNION

(SELECT 1

WITH t SELECT 1

SELECT x'zz'

SELECT 1 ORDER 2
""",
)
P = CASES.program
PEOPLE = {
    "select": lambda frame, F: frame.select("nope"),
    "select near": lambda frame, F: frame.select("nmae"),
    "select col": lambda frame, F: frame.select(F.col("nope") + 1),
    "attribute": lambda frame, F: frame.nope,
    "item": lambda frame, F: frame["nope"],
    "filter": lambda frame, F: frame.filter("nope > 1"),
    "filter syntax": lambda frame, F: frame.filter("age >"),
    "filter type": lambda frame, F: frame.filter(F.col("name")),
    "filter column in text": lambda frame, F: frame.filter(F.col("age") > "abc"),
    "groupBy": lambda frame, F: frame.groupBy("nope").count(),
    "agg": lambda frame, F: frame.agg(F.sum("nope")),
    "agg type": lambda frame, F: frame.groupBy("city").sum("name"),
    "agg missing numeric": lambda frame, F: frame.groupBy("city").avg("nope"),
    "orderBy": lambda frame, F: frame.orderBy("nope"),
    "selectExpr": lambda frame, F: frame.selectExpr("nope + 1"),
    "selectExpr syntax": lambda frame, F: frame.selectExpr("1 +"),
    "expr function": lambda frame, F: frame.select(F.expr("nope(1)")),
    "call_function": lambda frame, F: frame.select(F.call_function("nope", "id")),
    "upper of array": lambda frame, F: frame.select(F.upper(F.array("id"))),
    "plus array": lambda frame, F: frame.select(F.col("id") + F.array("id")),
    "explode of text": lambda frame, F: frame.select(F.explode("name")),
    "getItem of int": lambda frame, F: frame.select(F.col("id").getItem(0)),
    "getField of int": lambda frame, F: frame.select(F.col("id").getField("x")),
    "window without order": lambda frame, F: frame.select(F.row_number().over(_window().partitionBy("city"))),
    "window function alone": lambda frame, F: frame.select(F.row_number()),
    "window in filter": lambda frame, F: frame.filter(F.row_number().over(_window().orderBy("id")) == 1),
    "aggregate in filter": lambda frame, F: frame.filter(F.sum("id") > 1),
    "nested aggregate": lambda frame, F: frame.agg(F.sum(F.max("id"))),
    "bool of column": lambda frame, F: bool(F.col("id") > 1),
    "and of columns": lambda frame, F: (F.col("id") > 1) and (F.col("id") < 3),
    "otherwise twice": lambda frame, F: frame.select(F.when(F.col("id") > 1, 1).otherwise(2).otherwise(3)),
    "otherwise without when": lambda frame, F: frame.select(F.col("id").otherwise(1)),
    "over of column": lambda frame, F: frame.select(F.col("id").over(_window().orderBy("id"))),
    "lit dict": lambda frame, F: frame.select(F.lit({"a": 1})),
    "lit object": lambda frame, F: frame.select(F.lit(object())),
    "join no such": lambda frame, F: frame.join(frame, "nope"),
    "join bad how": lambda frame, F: frame.join(frame, "id", "sideways"),
    "union shapes": lambda frame, F: frame.union(frame.select("id")),
    "createDataFrame of nothing": lambda frame, F: frame.sparkSession.createDataFrame(None),
    "drop of number": lambda frame, F: frame.drop(5),
    "limit of text": lambda frame, F: frame.limit("x"),
    "withColumnRenamed of number": lambda frame, F: frame.withColumnRenamed("id", 5),
    "alias of number": lambda frame, F: frame.alias(5),
    "read unknown format": lambda frame, F: frame.sparkSession.read.format("nope").load("/nope"),
    "read missing path": lambda frame, F: frame.sparkSession.read.csv("/no/such/path"),
    "read no path": lambda frame, F: frame.sparkSession.read.format("csv").load(),
    "write unknown format": lambda frame, F: frame.write.format("nope").save("/nope"),
    "write bad mode": lambda frame, F: frame.write.mode("nope").save("/nope"),
    "writeStream on batch": lambda frame, F: frame.writeStream.start(),
    "string column in arithmetic": lambda frame, F: frame.select(F.col("name") + 1),
    "int of text": lambda frame, F: frame.select(F.col("name").cast("int")),
    "array index": lambda frame, F: frame.select(F.split("name", "n")[3]),
    "element_at": lambda frame, F: frame.select(F.element_at(F.array("id"), 2)),
    "divide": lambda frame, F: frame.select(F.col("id") / (F.col("id") - 1)),
    "to_date": lambda frame, F: frame.select(F.to_date("name")),
    "to_timestamp format": lambda frame, F: frame.select(F.to_timestamp(F.lit("2024"), "yyyy-MM")),
    "bad pattern": lambda frame, F: frame.select(F.date_format(F.current_timestamp(), "YYYY")),
    "bad regex": lambda frame, F: frame.select(F.regexp_replace("name", "(", "")),
    "duplicate map key": lambda frame, F: frame.select(F.create_map(F.lit("a"), "id", F.lit("a"), "id")),
    "null map key": lambda frame, F: frame.select(F.create_map("name", "id")),
    "watermark of text": lambda frame, F: frame.withWatermark("name", "1 minute"),
    "bad watermark delay": lambda frame, F: frame.withWatermark("id", "soon"),
}


def _window() -> Any:
    from pyspark.sql import Window

    return Window


for name, make in PEOPLE.items():
    P(f"frame {name}", lambda spark, F, make=make: make(spark.table("people"), F))
