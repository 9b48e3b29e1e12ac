"""Comparison, boolean logic, nulls, CASE, IN, LIKE, BETWEEN."""

from __future__ import annotations

from spark.oracle.table import Table

CASES = Table()

CASES.expressions(
    "comparison",
    """
1 = 1
1 == 1L
1 = 1.0
1 = '1'
1 = '1.0'
1 = 'a'
1.5 = '1.5'
'a' = 'A'
'a' < 'b'
'Z' < 'a'
'10' < '9'
10 < '9'
'a' < 'ä'
null = null
null = 1
null <=> null
null <=> 1
1 <=> 1
1 != 2
1 <> 2
NOT 1 = 2
!true
1 < null
true > false
true = 1
true = 'true'
DATE '2024-01-01' < DATE '2024-01-02'
DATE '2024-01-01' = '2024-01-01'
DATE '2024-01-01' < '2024-1-2'
DATE '2024-01-01' = 'abc'
DATE '2024-01-01' = TIMESTAMP '2024-01-01 00:00:00'
TIMESTAMP '2024-01-01 00:00:00' > '2023-12-31'
TIMESTAMP '2024-01-01 00:00:00' = TIMESTAMP_NTZ '2024-01-01 00:00:00'
double('NaN') = double('NaN')
double('NaN') > double('Infinity')
double('NaN') <=> double('NaN')
double('NaN') < 1
0.0D = -0.0D
-0.0D < 0.0D
float(0.1) = 0.1D
float(0.1) = 0.1
0.1D = 0.1
X'01' < X'02'
X'01' = X'0100'
X'61' = 'a'
array(1, 2) = array(1, 2)
array(1, 2) < array(1, 3)
array(1) < array(1, 0)
array(null) = array(null)
array(null) < array(1)
struct(1, 'a') = struct(1, 'a')
struct(1, 'a') < struct(1, 'b')
named_struct('x', 1) = named_struct('y', 1)
map('a', 1) = map('a', 1)
array(1) = array('1')
1 = array(1)
1 = DATE '2024-01-01'
equal_null(null, null)
INTERVAL '1' DAY = INTERVAL '24' HOUR
""",
    ansi_off=True,
)
CASES.expressions(
    "logic",
    """
true AND null
false AND null
true OR null
false OR null
NOT null
null AND null
true AND 1
'true' AND true
'x' AND true
NOT 'false'
1 OR 0
true XOR false
1 = 1 AND 2 = 2 OR 3 = 4
null IS NULL
1 IS NOT NULL
true IS TRUE
null IS TRUE
null IS NOT TRUE
null IS FALSE
null IS UNKNOWN
true IS NOT UNKNOWN
1 IS DISTINCT FROM null
null IS NOT DISTINCT FROM null
isnull(null)
isnotnull(1)
isnan(double('NaN'))
isnan(null)
isnan('NaN')
false AND 1 / 0 = 1
true OR 1 / 0 = 1
every(true)
""",
    ansi_off=True,
)
CASES.expressions(
    "conditional",
    """
CASE WHEN 1 = 1 THEN 'a' ELSE 'b' END
CASE WHEN 1 = 2 THEN 'a' END
CASE WHEN null THEN 'a' ELSE 'b' END
CASE 1 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END
CASE null WHEN null THEN 'null' ELSE 'else' END
CASE 3 WHEN '3' THEN 'x' END
CASE WHEN true THEN 1 ELSE 'a' END
CASE WHEN true THEN 1 ELSE 2.5 END
CASE WHEN true THEN 1 ELSE 2L END
CASE WHEN true THEN DATE '2024-01-01' ELSE TIMESTAMP '2024-01-01 00:00:00' END
CASE WHEN true THEN 1 ELSE DATE '2024-01-01' END
CASE WHEN 1 THEN 2 END
CASE WHEN false THEN 1 / 0 ELSE 5 END
if(true, 1, 2)
if(null, 1, 2)
if(true, 1, 'a')
if(1 = 1, null, 2)
iff(true, 1, 2)
coalesce(null, 2, 3)
coalesce(null, null)
coalesce(null, 'a', 1)
coalesce(1, 'a')
coalesce(1, 2L)
coalesce(1)
coalesce()
nvl(null, 2)
nvl(1, 2)
ifnull(null, 'x')
nvl2(null, 1, 2)
nvl2(3, 1, 2)
nullif(1, 1)
nullif(1, 2)
nullif(1, '1')
nullif(null, 1)
zeroifnull(null)
nullifzero(0)
nanvl(double('NaN'), 5)
nanvl(1.5D, 5)
greatest(1, 2, 3)
greatest(1, null, 3)
greatest(null, null)
greatest(1, double('NaN'))
least(1, 2.5)
least('b', 'a')
least(1)
greatest('10', 9)
least(DATE '2024-01-01', DATE '2023-01-01')
decode(2, 1, 'one', 2, 'two', 'other')
decode(null, 1, 'one', null, 'nothing')
decode(5, 1, 'one')
""",
    ansi_off=True,
)
CASES.expressions(
    "in",
    """
1 IN (1, 2)
1 NOT IN (1, 2)
3 IN (1, 2)
null IN (1, 2)
1 IN (2, null)
1 IN (1, null)
1 NOT IN (2, null)
1 IN ('1', '2')
'a' IN ('a', 'b')
1 IN (1.0, 2.5)
DATE '2024-01-01' IN ('2024-01-01')
(1, 2) IN ((1, 2), (3, 4))
array(1) IN (array(1))
2 BETWEEN 1 AND 3
2 BETWEEN 3 AND 1
2 NOT BETWEEN 1 AND 3
null BETWEEN 1 AND 3
2 BETWEEN null AND 1
2 BETWEEN null AND 3
'b' BETWEEN 'a' AND 'c'
2.5 BETWEEN 1 AND '3'
1 IN (array(1))
""",
)
CASES.expressions(
    "like",
    r"""
'Spark' LIKE 'S%'
'Spark' LIKE 's%'
'Spark' LIKE '_park'
'Spark' LIKE 'park'
'Spark' NOT LIKE 'S%'
'100%' LIKE '100\%'
'100%' LIKE '100/%' ESCAPE '/'
'a_b' LIKE 'a\_b'
'a\\b' LIKE 'a\\\\b'
'a\nb' LIKE 'a_b'
'a\nb' LIKE 'a%b'
'a.b' LIKE 'a.b'
'axb' LIKE 'a.b'
'' LIKE ''
'' LIKE '%'
null LIKE '%'
'a' LIKE null
'馬' LIKE '_'
'😀' LIKE '_'
12 LIKE '1%'
'a' LIKE 'a\\'
'ab' LIKE '\a%'
'Spark' ILIKE 's%'
'ŽLUŤ' ILIKE 'ž%'
'Spark' LIKE ALL ('S%', '%k')
'Spark' LIKE ANY ('x%', '%k')
'Spark' NOT LIKE ALL ('x%', 'y%')
'Spark' RLIKE 'S.*k'
'Spark' RLIKE 'par'
'Spark' RLIKE '^par'
'Spark' REGEXP '[A-Z]'
'Spark' NOT RLIKE 'x'
'a1' RLIKE '\\d'
'a1' RLIKE '^[a-z]\\d$'
'a1' RLIKE r'^\w\d$'
'Spark' RLIKE '(?i)SPARK'
'a' RLIKE '('
null RLIKE 'a'
regexp_like('Spark', 'S')
regexp('Spark', 'k$')
like('Spark', 'S%')
ilike('Spark', 's%')
rlike('Spark', 'S')
startswith('Spark', 'Sp')
endswith('Spark', 'rk')
contains('Spark', 'par')
startswith('Spark', null)
contains('Spark', '')
""",
)
CASES.sql("filter and null", "SELECT id FROM people WHERE age > 30 ORDER BY id")
CASES.sql("filter not and null", "SELECT id FROM people WHERE NOT (age > 30) ORDER BY id")
CASES.sql("filter is null", "SELECT id FROM people WHERE city IS NULL OR name IS NULL ORDER BY id")
CASES.sql(
    "filter like", "SELECT id, s LIKE '%l%' l, s RLIKE '[a-z]+' r, s = t e, s <=> t n FROM texts ORDER BY id"
)
CASES.sql("filter with an integer", "SELECT id FROM people WHERE 1")
CASES.sql("filter with text", "SELECT id FROM people WHERE 'true'")
CASES.sql("filter with other text", "SELECT id FROM people WHERE name")
CASES.sql(
    "comparison over rows",
    "SELECT id, d > 1 a, d = d b, f <=> d c, i IN (1, 0) e, m BETWEEN -3 AND 2 g, CASE WHEN b THEN 'y' WHEN NOT b THEN 'n' ELSE '?' END h FROM numbers ORDER BY id",
)
CASES.sql("order of NaN", "SELECT id, d FROM numbers ORDER BY d, id")
C = CASES.columns
C(
    "Column",
    "people",
    {
        "eq": lambda F: F.col("age") == 31,
        "eq text": lambda F: F.col("age") == "31",
        "ne": lambda F: F.col("age") != 31,
        "lt": lambda F: F.col("age") < 31,
        "and or not": lambda F: (F.col("age") > 30) & (F.col("city") == "Riga") | ~(F.col("id") < 5),
        "eqNullSafe": lambda F: F.col("age").eqNullSafe(None),
        "isNull": lambda F: F.col("age").isNull(),
        "isNotNull": lambda F: F.col("age").isNotNull(),
        "isNaN": lambda F: F.col("age").isNaN(),
        "isin": lambda F: F.col("city").isin("Riga", "Oslo"),
        "isin list": lambda F: F.col("age").isin([31, 25]),
        "isin empty": lambda F: F.col("age").isin([]),
        "between": lambda F: F.col("age").between(25, 31),
        "like": lambda F: F.col("name").like("%e%"),
        "ilike": lambda F: F.col("name").ilike("%E%"),
        "rlike": lambda F: F.col("name").rlike("^[A-C]"),
        "startswith": lambda F: F.col("name").startswith("A"),
        "endswith": lambda F: F.col("name").endswith("e"),
        "contains": lambda F: F.col("name").contains("i"),
        "when": lambda F: F.when(F.col("age") > 30, "old").when(F.col("age") > 20, "young"),
        "when otherwise": lambda F: F.when(F.col("age") > 30, F.col("age")).otherwise(-1).alias("w"),
        "when otherwise text": lambda F: F.when(F.col("age") > 30, 1).otherwise("x"),
        "substr": lambda F: F.col("name").substr(2, 2),
        "getItem of text": lambda F: F.col("name")[0],
        "coalesce": lambda F: F.coalesce("age", "id"),
        "coalesce lit": lambda F: F.coalesce(F.col("age"), F.lit(0)),
        "nvl": lambda F: F.nvl("age", F.lit(0)),
        "ifnull": lambda F: F.ifnull("city", F.lit("?")),
        "nullif": lambda F: F.nullif("age", F.lit(31)),
        "greatest": lambda F: F.greatest("age", "id"),
        "least": lambda F: F.least("age", "id"),
        "lit none": lambda F: F.lit(None),
        "lit list": lambda F: F.lit([1, 2]),
        "lit bytes": lambda F: F.lit(b"ab"),
        "expr": lambda F: F.expr("age + 1 AS next"),
        "alias": lambda F: F.col("age").alias("years"),
        "name with metadata": lambda F: F.col("age").alias("years", metadata={"unit": "year"}),
        "boolean with int": lambda F: F.col("age") & True,
    },
)
