"""SQL text: CTEs, subqueries, joins, set operations, VALUES, ordering, views, statements."""

from __future__ import annotations

from spark.oracle.table import Table

CASES = Table()

CASES.queries(
    "select",
    """
SELECT 1

SELECT 1, 'a', null

SELECT * FROM people ORDER BY id

SELECT p.* FROM people p ORDER BY id

SELECT p.id, p.name n FROM people AS p ORDER BY n

SELECT people.id FROM people ORDER BY 1 DESC

SELECT id, name FROM people ORDER BY 2 NULLS LAST, 1

SELECT id x FROM people ORDER BY x

SELECT id FROM people ORDER BY age, id

SELECT id FROM people ORDER BY age DESC NULLS LAST, id DESC

SELECT id FROM people SORT BY id

SELECT id FROM people CLUSTER BY id

SELECT id FROM people ORDER BY ALL

SELECT DISTINCT age FROM people ORDER BY age

SELECT DISTINCT age, city FROM people ORDER BY age, city

SELECT DISTINCT age FROM people ORDER BY city

SELECT ALL age FROM people ORDER BY id

SELECT id FROM people ORDER BY id LIMIT 2

SELECT id FROM people ORDER BY id LIMIT 2 OFFSET 1

SELECT id FROM people ORDER BY id OFFSET 4

SELECT id FROM people ORDER BY id LIMIT ALL

SELECT id FROM people ORDER BY id LIMIT 1 + 1

SELECT id FROM people LIMIT -1

SELECT id FROM people LIMIT 'a'

SELECT id FROM people WHERE age > 30 AND city = 'Riga' OR name IS NULL ORDER BY id

SELECT `id`, `name` AS `the name` FROM `people` ORDER BY `the name`

SELECT * EXCEPT (age, city) FROM people ORDER BY id

SELECT id AS a, a + 1 AS b FROM people ORDER BY id

SELECT * FROM people WHERE id IN (1, 2) ORDER BY id

SELECT id -- a comment
FROM people /* another */ ORDER BY id

select ID, NAME from PEOPLE order by ID

SELECT 'a;b' AS s;

SELECT * FROM VALUES (1, 'a'), (2, 'b') AS t(n, s) ORDER BY n

SELECT * FROM VALUES (1, 'a'), (2, null)

VALUES (1, 'a'), (2, 'b')

VALUES 1, 2

SELECT * FROM VALUES (1), (2.5), (null) AS t(x)

SELECT * FROM VALUES (1, 2), (3)

SELECT * FROM (SELECT id FROM people) ORDER BY id

SELECT t.id FROM (SELECT id FROM people) t ORDER BY id

SELECT * FROM (SELECT id FROM people) AS t(x) ORDER BY x

TABLE people

FROM people SELECT id ORDER BY id

SELECT count(*) FROM people, left_side

SELECT /*+ BROADCAST(people) */ id FROM people ORDER BY id

SELECT * FROM people TABLESAMPLE (100 PERCENT) ORDER BY id

SELECT id, name FROM people WHERE name LIKE '%e' ORDER BY id

SELECT :x AS a

SELECT CAST(id AS STRING) || '-' || coalesce(name, '?') AS label FROM people ORDER BY id

SELECT s.x, s.y, a[0], m['a'] FROM nested WHERE id = 1

SELECT nested.s.x FROM nested ORDER BY id

SELECT s.* FROM nested ORDER BY nested.id

FROM people |> WHERE age > 30 |> SELECT id, age |> ORDER BY id

FROM sales |> AGGREGATE sum(quantity) AS q GROUP BY shop |> WHERE q > 5 |> ORDER BY shop

SELECT * FROM people WHERE (age, city) IN ((31, 'Riga'), (47, 'Oslo')) ORDER BY id

SELECT id, CASE age WHEN 31 THEN 'a' ELSE 'b' END FROM people ORDER BY id

SELECT sum(id) OVER (), id FROM people ORDER BY id

SELECT transform(a, x -> x + id) r FROM nested ORDER BY id

SELECT INTERVAL 1 DAY + DATE '2024-01-01' AS d

SELECT 5 AS `5`, `5` + 1

SELECT current_date > DATE '2020-01-01' AS x
""",
)
CASES.queries(
    "cte",
    """
WITH t AS (SELECT id, age FROM people) SELECT * FROM t WHERE age > 30 ORDER BY id

WITH t(x) AS (SELECT id FROM people) SELECT x FROM t ORDER BY x

WITH a AS (SELECT 1 x), b AS (SELECT x + 1 y FROM a) SELECT * FROM a, b

WITH a AS (SELECT 1 x), a AS (SELECT 2 x) SELECT * FROM a

WITH people AS (SELECT 99 id) SELECT id FROM people

WITH t AS (SELECT 1 x) SELECT * FROM (WITH t AS (SELECT 2 x) SELECT * FROM t)

WITH t AS (SELECT id FROM people) SELECT a.id FROM t a JOIN t b ON a.id = b.id + 1 ORDER BY 1

WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r ORDER BY n

SELECT * FROM (WITH t AS (SELECT 3 z) SELECT z FROM t)

WITH t AS (SELECT 1) SELECT * FROM missing
""",
)
CASES.queries(
    "subquery",
    """
SELECT id, (SELECT max(age) FROM people) m FROM people ORDER BY id

SELECT id FROM people WHERE age = (SELECT max(age) FROM people)

SELECT (SELECT id FROM people) AS x

SELECT (SELECT id FROM people WHERE id > 100) AS x

SELECT (SELECT id, age FROM people LIMIT 1) AS x

SELECT id FROM people WHERE id IN (SELECT k FROM left_side) ORDER BY id

SELECT id FROM people WHERE id NOT IN (SELECT k FROM left_side) ORDER BY id

SELECT id FROM people WHERE id NOT IN (SELECT k FROM left_side WHERE k IS NOT NULL) ORDER BY id

SELECT id FROM people WHERE (id, city) IN (SELECT k, 'Oslo' FROM left_side) ORDER BY id

SELECT id, id IN (SELECT k FROM left_side WHERE k IS NOT NULL) x FROM people ORDER BY id

SELECT id FROM people p WHERE EXISTS (SELECT 1 FROM left_side l WHERE l.k = p.id) ORDER BY id

SELECT id FROM people p WHERE NOT EXISTS (SELECT 1 FROM left_side l WHERE l.k = p.id) ORDER BY id

SELECT id, (SELECT count(*) FROM left_side l WHERE l.k = p.id) n FROM people p ORDER BY id

SELECT id, (SELECT max(l) FROM left_side l WHERE l.k = p.id) n FROM people p ORDER BY id

SELECT id, (SELECT l FROM left_side l WHERE l.k = p.id) n FROM people p ORDER BY id

SELECT id FROM people p WHERE age > (SELECT avg(age) FROM people q WHERE q.city = p.city) ORDER BY id

SELECT city, count(*) c FROM people GROUP BY city HAVING count(*) >= (SELECT 2) ORDER BY city

SELECT * FROM left_side l, LATERAL (SELECT r FROM right_side r WHERE r.k = l.k) ORDER BY l

SELECT * FROM left_side l LEFT JOIN LATERAL (SELECT r FROM right_side r WHERE r.k = l.k) ON true ORDER BY l

SELECT id FROM people WHERE age IN (SELECT age FROM people WHERE city IS NULL) ORDER BY id

SELECT id FROM people ORDER BY (SELECT 1), id

SELECT * FROM people WHERE id = ANY (SELECT 1)

SELECT array(SELECT id FROM people) AS x

SELECT id FROM people WHERE id > (SELECT id FROM people)

SELECT id FROM people p WHERE id > (SELECT l.k FROM left_side l WHERE l.k >= p.id)

SELECT id, (SELECT l.l FROM left_side l WHERE l.k = p.id LIMIT 1) n FROM people p ORDER BY id

SELECT id, (SELECT max(l.k) FROM left_side l WHERE l.k >= p.id GROUP BY l.k > 1) n FROM people p ORDER BY id

SELECT (SELECT id FROM people WHERE id = 1) a, (SELECT id FROM people WHERE id = -1) b

SELECT (SELECT named_struct('a', id) FROM people WHERE id = 1) a, (SELECT NULL FROM people WHERE id = 1) b
""",
)
JOINS = [
    "JOIN",
    "INNER JOIN",
    "LEFT JOIN",
    "LEFT OUTER JOIN",
    "RIGHT JOIN",
    "FULL OUTER JOIN",
    "LEFT SEMI JOIN",
    "LEFT ANTI JOIN",
    "SEMI JOIN",
    "ANTI JOIN",
]
for join in JOINS:
    CASES.queries(
        f"join {join}",
        f"""
SELECT * FROM left_side a {join} right_side b ON a.k = b.k

SELECT * FROM left_side {join} right_side USING (k)

SELECT * FROM left_side a {join} right_side b ON a.k <=> b.k

SELECT * FROM left_side a {join} right_side b ON a.k = b.k AND b.r > 'r1'
""",
    )
CASES.queries(
    "join",
    """
SELECT * FROM left_side CROSS JOIN right_side

SELECT * FROM left_side, right_side

SELECT * FROM left_side NATURAL JOIN right_side

SELECT * FROM left_side NATURAL LEFT JOIN right_side

SELECT * FROM left_side NATURAL FULL JOIN right_side

SELECT k FROM left_side JOIN right_side USING (k) ORDER BY k

SELECT left_side.k, right_side.k FROM left_side FULL JOIN right_side USING (k)

SELECT k FROM left_side a JOIN right_side b ON a.k = b.k

SELECT a.k, b.k bk FROM left_side a JOIN right_side b ON a.k = b.k WHERE a.k > 1

SELECT * FROM left_side a JOIN right_side b ON a.k = b.nope

SELECT * FROM left_side JOIN right_side USING (nope)

SELECT a.id, b.id FROM people a JOIN people b ON a.age = b.age AND a.id < b.id ORDER BY 1, 2

SELECT a.l, b.r, c.name FROM left_side a LEFT JOIN right_side b ON a.k = b.k LEFT JOIN people c ON c.id = b.k ORDER BY a.l, b.r

SELECT * FROM left_side a JOIN right_side b ON a.k + 1

SELECT * FROM left_side a JOIN left_side a ON true
""",
)
CASES.queries(
    "set",
    """
SELECT k FROM left_side UNION SELECT k FROM right_side

SELECT k FROM left_side UNION ALL SELECT k FROM right_side

SELECT k FROM left_side INTERSECT SELECT k FROM right_side

SELECT k FROM left_side INTERSECT ALL SELECT k FROM left_side

SELECT k FROM left_side EXCEPT SELECT k FROM right_side

SELECT k FROM left_side EXCEPT ALL SELECT k FROM right_side

SELECT k FROM left_side MINUS SELECT k FROM right_side

SELECT k FROM left_side UNION SELECT k FROM right_side ORDER BY k DESC

(SELECT k FROM left_side LIMIT 1) UNION ALL (SELECT 9)

SELECT 1 UNION ALL SELECT 2.5

SELECT 1 UNION ALL SELECT 'a'

SELECT 1 AS a UNION SELECT 1 AS b

SELECT 1, 2 UNION SELECT 1

SELECT 1 UNION SELECT 2 INTERSECT SELECT 2

SELECT null UNION SELECT 1

SELECT array(1) UNION SELECT 1

SELECT k, l FROM left_side UNION BY NAME SELECT l, k FROM left_side
""",
)
CASES.queries(
    "statement",
    """
SET spark.sql.shuffle.partitions

SET spark.sql.nope

SET spark.sql.ansi.enabled=true

SET nope=1

RESET nope

SET TIME ZONE 'UTC'

SHOW TABLES LIKE 'peo*'

SHOW VIEWS LIKE 'peo*'

SHOW DATABASES

SHOW SCHEMAS

SHOW COLUMNS IN people

SHOW FUNCTIONS LIKE 'upper'

SHOW CATALOGS

SHOW CURRENT NAMESPACE

SHOW TBLPROPERTIES people

DESCRIBE people

DESC TABLE people

DESCRIBE EXTENDED people

DESCRIBE FUNCTION upper

DESCRIBE QUERY SELECT 1 a, 'x' b

DESCRIBE nope

USE default

USE nope

CREATE DATABASE IF NOT EXISTS default

CREATE TEMPORARY VIEW people AS SELECT 1

CREATE OR REPLACE TEMP VIEW v_queries_1 AS SELECT 1 AS a

SELECT * FROM v_queries_1

CREATE OR REPLACE TEMP VIEW v_queries_2 (x COMMENT 'c', y) AS SELECT 1, 2

SELECT * FROM v_queries_2

DROP VIEW v_queries_2

DROP VIEW v_queries_2

DROP VIEW IF EXISTS v_queries_2

CREATE OR REPLACE TEMP VIEW v_queries_3 (x) AS SELECT 1, 2

CREATE OR REPLACE GLOBAL TEMP VIEW v_queries_4 AS SELECT 4 AS d

SELECT * FROM global_temp.v_queries_4

CREATE TABLE t_queries_1 (a INT, b STRING) USING parquet

INSERT INTO t_queries_1 VALUES (1, 'x'), (2, null)

SELECT * FROM t_queries_1 ORDER BY a

INSERT INTO t_queries_1 SELECT 3, 'z'

INSERT OVERWRITE t_queries_1 VALUES (9, 'q')

SELECT * FROM t_queries_1

INSERT INTO t_queries_1 VALUES ('x', 'y')

INSERT INTO t_queries_1 VALUES (1)

SHOW CREATE TABLE t_queries_1

DROP TABLE t_queries_1

SELECT * FROM t_queries_1

CREATE TABLE t_queries_2 USING csv AS SELECT 1 AS a, 'x' AS b

SELECT * FROM t_queries_2

DROP TABLE IF EXISTS t_queries_2

DROP TABLE nope

CACHE TABLE people

UNCACHE TABLE people

REFRESH TABLE people

EXPLAIN SELECT 1 FROM nope

ANALYZE TABLE people COMPUTE STATISTICS

DECLARE VARIABLE v_queries INT DEFAULT 5

SELECT v_queries + 1 AS x

SET VAR v_queries = 7

SELECT v_queries AS x

DROP TEMPORARY VARIABLE v_queries

DELETE FROM people WHERE id = 1

UPDATE people SET id = 1

MERGE INTO people USING left_side ON false WHEN NOT MATCHED THEN INSERT *

INSERT INTO people VALUES (1, 'a', 2, 'b')

TRUNCATE TABLE people

ALTER TABLE people ADD COLUMN x INT

CREATE TEMPORARY FUNCTION f_queries(x INT) RETURNS INT RETURN x + 1

SELECT f_queries(1) AS y

SHOW PARTITIONS people

CLEAR CACHE
""",
)
P = CASES.program
P(
    "sql named arguments",
    lambda spark, F: spark.sql(
        "SELECT * FROM people WHERE age > :age AND city = :city", args={"age": 30, "city": "Riga"}
    ),
)
P(
    "sql positional arguments",
    lambda spark, F: spark.sql("SELECT * FROM people WHERE age > ? AND city = ?", args=[30, "Riga"]),
)
P(
    "sql argument types",
    lambda spark, F: spark.sql(
        "SELECT :a a, :b b, :c c, :d d, :e e", args={"a": 1, "b": 1.5, "c": None, "d": [1, 2], "e": "x'y"}
    ),
)
P("sql missing argument", lambda spark, F: spark.sql("SELECT :x", args={"y": 1}))
P("sql frame argument", lambda spark, F: spark.sql("SELECT count(*) n FROM {frame}", frame=spark.range(5)))
P("sql format argument", lambda spark, F: spark.sql("SELECT {x} + 1 AS r", x=5))
P(
    "sql column argument",
    lambda spark, F: spark.sql("SELECT {c} FROM {t} WHERE {c} > 1", c=spark.range(3).id, t=spark.range(3)),
)
P("table", lambda spark, F: spark.table("people").select("id"))
P("table missing", lambda spark, F: spark.table("nope"))
P(
    "temp view",
    lambda spark, F: [
        spark.range(2).createOrReplaceTempView("v_queries_5"),
        spark.sql("SELECT sum(id) FROM v_queries_5").collect(),
    ][1],
)
P("temp view exists", lambda spark, F: spark.range(2).createTempView("people"))
P(
    "temp view twice",
    lambda spark, F: [
        spark.range(2).createOrReplaceTempView("v_queries_6"),
        spark.range(3).createOrReplaceTempView("v_queries_6"),
        spark.table("v_queries_6").count(),
    ][2],
)
P(
    "global temp view",
    lambda spark, F: [
        spark.range(2).createOrReplaceGlobalTempView("v_queries_7"),
        spark.sql("SELECT count(*) FROM global_temp.v_queries_7").collect(),
    ][1],
)
P(
    "drop temp view",
    lambda spark, F: [
        spark.range(1).createOrReplaceTempView("v_queries_8"),
        spark.catalog.dropTempView("v_queries_8"),
        spark.catalog.dropTempView("v_queries_8"),
    ][1:],
)
P(
    "catalog tableExists",
    lambda spark, F: [spark.catalog.tableExists("people"), spark.catalog.tableExists("nope")],
)
P(
    "catalog currentDatabase",
    lambda spark, F: [spark.catalog.currentDatabase(), spark.catalog.currentCatalog()],
)
P("catalog listColumns", lambda spark, F: [list(column) for column in spark.catalog.listColumns("people")])
P("catalog getTable", lambda spark, F: list(spark.catalog.getTable("people")))
P(
    "catalog functionExists",
    lambda spark, F: [spark.catalog.functionExists("upper"), spark.catalog.functionExists("nope")],
)
P(
    "catalog isCached",
    lambda spark, F: [
        spark.catalog.isCached("people"),
        spark.catalog.cacheTable("people"),
        spark.catalog.isCached("people"),
        spark.catalog.uncacheTable("people"),
        spark.catalog.isCached("people"),
    ],
)
P("catalog listDatabases", lambda spark, F: [database.name for database in spark.catalog.listDatabases()])
P(
    "conf get set",
    lambda spark, F: [
        spark.conf.set("spark.sql.shuffle.partitions", "3"),
        spark.conf.get("spark.sql.shuffle.partitions"),
    ][1],
    conf={"spark.sql.shuffle.partitions": "1"},
)
P("conf missing", lambda spark, F: spark.conf.get("spark.nope"))
P("conf missing default", lambda spark, F: spark.conf.get("spark.nope", "d"))
P(
    "conf own key",
    lambda spark, F: [
        spark.conf.set("my.key", "v"),
        spark.conf.get("my.key"),
        spark.conf.unset("my.key"),
        spark.conf.get("my.key", "gone"),
    ],
)
P("conf static", lambda spark, F: spark.conf.set("spark.sql.warehouse.dir", "/x"))
P("conf bad value", lambda spark, F: spark.conf.set("spark.sql.shuffle.partitions", "x"))
P("conf bad zone", lambda spark, F: spark.conf.set("spark.sql.session.timeZone", "Nowhere"))
P(
    "conf isModifiable",
    lambda spark, F: [
        spark.conf.isModifiable("spark.sql.shuffle.partitions"),
        spark.conf.isModifiable("spark.sql.warehouse.dir"),
        spark.conf.isModifiable("nope"),
    ],
)
P(
    "conf boolean",
    lambda spark, F: [
        spark.conf.get("spark.sql.ansi.enabled"),
        spark.conf.get("spark.sql.caseSensitive"),
        spark.conf.get("spark.sql.session.timeZone"),
    ],
)
CASES.queries(
    "order by all",
    """
SELECT id, -id m FROM range(3) ORDER BY ALL DESC

SELECT id, -id m FROM range(3) ORDER BY ALL DESC NULLS FIRST

SELECT id, all FROM VALUES (2, 1), (1, 2) t(id, all) ORDER BY ALL

SELECT id, count(*) FROM range(3) GROUP BY ALL ORDER BY ALL

SELECT id FROM range(3) SORT BY ALL
""",
)
CASES.queries(
    "refused",
    """
SELECT 1 UNION ALL BY NAME SELECT 1

SELECT named_struct('a', 1) UNION ALL SELECT named_struct('b', 1)

SELECT named_struct('a', 1, 'b', 2) UNION ALL SELECT named_struct('b', 1L, 'c', 'x')

SELECT id FROM range(3) WHERE id IN (SELECT id FROM nope)

SELECT * FROM (SELECT id FROM range(3) WHERE id) t

SELECT 1 FROM range(3) t JOIN range(4) u ON t.id

SELECT 1 FROM spark_catalog.x.y.z

SELECT id, FROM range(1) WHERE id = 0

SELECT id, from FROM VALUES (1, 2) t(id, `from`)

EXPLAIN SELECT nope FROM range(1)

SELECT trim(FROM ' a ')

SELECT id FROM range(3) WHERE explode(array(1)) = 1
""",
)

CASES.sql(
    "subquery below a function of several steps",
    "SELECT id, format_number(100 * id / (SELECT max(id) FROM range(4)), 1) p FROM range(3) ORDER BY id",
)
CASES.sql(
    "correlated subquery below a function of several steps",
    "SELECT p.id, format_number(p.id / (SELECT max(o.id) FROM people o WHERE o.city = p.city), 2) r FROM people p ORDER BY id",
)
CASES.sql(
    "condition with a subquery below a function of several steps",
    "SELECT id FROM range(5) WHERE format_number(id / (SELECT max(id) FROM range(4)), 1) > '0.5' ORDER BY id",
)
