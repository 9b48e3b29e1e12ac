"""Literals of every type, as SQL text writes them."""

from __future__ import annotations

from spark.oracle.table import Table

CASES = Table()

CASES.expressions(
    "literal",
    r"""
1
-1
1L
1S
1Y
127Y
128Y
32768S
2147483647
2147483648
9223372036854775807
9223372036854775808
-9223372036854775808
99999999999999999999999999999999999999
999999999999999999999999999999999999999
1.0
1.50
.5
5.
0.1
1e3
1.5e-3
1E10
1.5D
1.5F
1.5BD
123.45BD
1e3BD
1D
1F
-0.0
-0.0D
0.0D
1e400
true
false
TRUE
null
NULL
'a'
"a"
'it''s'
'it\'s'
'a\nb'
'a\tb'
'\u0041'
'\\'
r'a\nb'
R"a\nb"
'a' 'b'
''
X'1F'
X''
x'00ff'
X'1'
DATE '2024-02-29'
DATE '2024-2-9'
DATE '2024'
DATE '2024-02'
DATE '2023-02-29'
DATE '10000-01-01'
DATE 'abc'
TIMESTAMP '2024-02-29 13:04:05'
TIMESTAMP '2024-02-29 13:04:05.678901'
TIMESTAMP '2024-02-29T13:04:05Z'
TIMESTAMP '2024-02-29 13:04:05+02:00'
TIMESTAMP '2024-02-29 13:04:05 Europe/Prague'
TIMESTAMP '2024-02-29'
TIMESTAMP '2024'
TIMESTAMP '2024-13-01'
TIMESTAMP_NTZ '2024-02-29 13:04:05'
TIMESTAMP_LTZ '2024-02-29 13:04:05'
INTERVAL '1' DAY
INTERVAL 1 DAY
INTERVAL '1 02:03:04.5' DAY TO SECOND
INTERVAL '10:20' HOUR TO MINUTE
INTERVAL -3 HOURS
CAST(INTERVAL '1-2' YEAR TO MONTH AS STRING)
CAST(INTERVAL 14 MONTHS AS STRING)
CAST(INTERVAL '1 02:03:04.5' DAY TO SECOND AS STRING)
CAST(INTERVAL 3 WEEKS AS STRING)
array(1, 2, 3)
array()
array(1, 2.5)
array(1, null)
array('a', 1)
map('a', 1, 'b', 2)
map()
map('a', 1, 'a', 2)
map(null, 1)
struct(1, 'a')
struct(1 AS x, 'a' AS y)
named_struct('x', 1, 'y', null)
named_struct('x', array(1), 'y', map('k', 2.5))
(1, 'a')
(1)
1 AS one
1 one
1 AS `a b`
1 AS `a``b`
current_database()
current_catalog()
typeof(1)
typeof(1.50)
typeof(1e3)
typeof(null)
typeof(array(1, 2.5))
typeof(INTERVAL 1 DAY)
typeof(INTERVAL 1 MONTH)
typeof(struct(1 AS x, 'a' AS y))
typeof(map('a', 1))
typeof(X'00')
typeof(current_timestamp())
typeof(current_date())
typeof(now())
""",
)
