"""Arithmetic: result types, overflow, division, decimals, doubles, with ANSI mode on and off."""

from __future__ import annotations

from spark.oracle.table import ANSI_OFF, Table

CASES = Table()

OPERANDS = [
    "1Y",
    "2S",
    "3",
    "4L",
    "1.5F",
    "2.5D",
    "1.25",
    "'6'",
    "null",
    "true",
    "DATE '2024-01-31'",
    "INTERVAL '1' DAY",
]
CASES.expressions(
    "types",
    "\n".join(
        f"{left} {operator} {right} AS c" for operator in "+-*/%" for left in OPERANDS for right in OPERANDS
    ),
)
CASES.expressions(
    "types (ANSI off)",
    "\n".join(
        f"{left} {operator} {right} AS c"
        for operator in "+/%"
        for left in ("3", "2.5D", "1.25", "'6'", "'x'", "null")
        for right in ("'2'", "'2.5'", "'x'", "2", "2L", "1.5")
    ),
    conf=ANSI_OFF,
)
CASES.expressions(
    "edge",
    """
127Y + 1Y
-128Y - 1Y
100Y * 2Y
32767S + 1S
2147483647 + 1
-2147483648 - 1
2147483647 * 2
9223372036854775807L + 1L
-9223372036854775808L - 1L
9223372036854775807L * 2L
- (-128Y)
- (-2147483648)
-(-9223372036854775808L)
abs(-2147483648)
abs(-128Y)
-2147483648 div -1
-9223372036854775808L div -1
7 / 2
7 / 0
0 / 0
7.0D / 0.0D
0.0D / 0.0D
7 / null
null / 0
7 % 3
-7 % 3
7 % -3
7 % 0
7.5D % 2
7.5 % 2
-7.5 % 2
7.5D % 0.0D
null % 0
mod(7, 3)
mod(7, 0)
pmod(-7, 3)
pmod(7, -3)
pmod(-7, -3)
pmod(7, 0)
pmod(-7.5D, 2)
7 div 2
-7 div 2
7 div 0
7.9 div 2
7.9D div 2
7L div 2
'7' div 2
INTERVAL '7' DAY div INTERVAL '2' DAY
INTERVAL '7' DAY / 2
try_add(2147483647, 1)
try_add(1, 2)
try_subtract(-2147483648, 1)
try_multiply(2147483647, 2)
try_divide(1, 0)
try_divide(7, 2)
try_mod(7, 0)
try_mod(7, 4)
1 + 1.5D
0.1D + 0.2D
0.1 + 0.2
1e308 * 10
-1e308 * 10
1e308 * 10 - 1e308 * 10
double('NaN') + 1
float(0.1) + float(0.2)
float(0.1) + 0.2D
float(1) / 3
1Y / 3Y
+5
+'5'
-'5'
- 5.5
~5
5 & 3
5 | 3
5 ^ 3
5 & 3L
1 << 4
-16 >> 2
-16 >>> 2
shiftleft(1, 33)
shiftright(-16L, 2)
shiftrightunsigned(-16, 2)
5 & 2.5
2 + 3 * 4 - 1
(2 + 3) * 4
10 - 2 - 3
-2 * -3
1 + '2'
1 + '2.5'
1L + '2'
1.5 + '2'
1 + 'a'
'1' + '2'
true + 1
1 + true
DATE '2024-01-31' + 1
DATE '2024-01-31' - 1
DATE '2024-01-31' - DATE '2024-01-01'
DATE '2024-01-31' + INTERVAL 1 MONTH
DATE '2024-01-31' + INTERVAL '1' DAY
DATE '2024-01-31' + INTERVAL '1' HOUR
1 + DATE '2024-01-31'
TIMESTAMP '2024-01-31 00:00:00' + INTERVAL 1 MONTH
TIMESTAMP '2024-01-31 00:00:00' + INTERVAL '1 02:03:04' DAY TO SECOND
TIMESTAMP '2024-01-31 00:00:00' - TIMESTAMP '2024-01-30 12:00:00'
INTERVAL '1' DAY * 2.5
INTERVAL '1' DAY + INTERVAL '2' HOUR
2 * INTERVAL '1' DAY
""",
    ansi_off=True,
)
CASES.expressions(
    "decimal",
    """
1.10 + 2.2
1.10 - 2.205
1.10 * 2.20
1.10 / 3
1.0 / 3.0
10.00 / 4
1 / 3.0
1.5 * 2
1.5 + 2
1.5 + 2L
1.5 + 2Y
1.5 + 2.0D
1.5 + 2.0F
2.5 % 1.1
-2.5 % 1.1
7.75 div 2.5
CAST(1 AS DECIMAL(38,0)) + CAST(1 AS DECIMAL(38,0))
CAST(1 AS DECIMAL(38,10)) + CAST(1 AS DECIMAL(38,5))
CAST(1 AS DECIMAL(38,10)) * CAST(1 AS DECIMAL(38,10))
CAST(1 AS DECIMAL(38,18)) * CAST(3 AS DECIMAL(38,18))
CAST(1 AS DECIMAL(38,18)) / CAST(3 AS DECIMAL(38,18))
CAST(1 AS DECIMAL(20,10)) / CAST(3 AS DECIMAL(20,10))
CAST(1 AS DECIMAL(10,2)) / CAST(3 AS DECIMAL(5,1))
CAST(1 AS DECIMAL(38,0)) / CAST(3 AS DECIMAL(38,0))
CAST(1 AS DECIMAL(38,0)) / CAST(3 AS DECIMAL(38,37))
CAST('99999999999999999999999999999999999999' AS DECIMAL(38,0)) + 1
CAST('99999999999999999999999999999999999999' AS DECIMAL(38,0)) * 10
CAST('99999999999999999999999999999999999999' AS DECIMAL(38,0)) * 1.5
CAST('0.00000000000000000000000000000000000001' AS DECIMAL(38,38)) * 0.1
1.5 / 0
1.5 / 0.0
1.5 % 0
try_divide(1.5, 0)
- CAST(1.50 AS DECIMAL(5,2))
abs(-1.50)
CAST(2.00 AS DECIMAL(5,2)) = CAST(2 AS DECIMAL(10,0))
1.50 = 1.5
1.5 > 1.49999999999999999999
greatest(1.5, 2)
coalesce(1.5, 2)
CASE WHEN true THEN 1.5 ELSE 2 END
CASE WHEN true THEN 1.5 ELSE 2L END
CASE WHEN true THEN 1.5 ELSE 2.0D END
if(true, 1.55, 10.1)
array(1.5, 10, 2.25)
CAST(1.23 AS DECIMAL(10,2)) + CAST(1.2345 AS DECIMAL(10,4))
CAST(123456789.12 AS DECIMAL(20,2)) * CAST(987654321.123 AS DECIMAL(20,3))
decimal('1') + 1
""",
    ansi_off=True,
)
CASES.expressions(
    "decimal without precision loss",
    """
CAST(1 AS DECIMAL(38,18)) * CAST(3 AS DECIMAL(38,18))
CAST(1 AS DECIMAL(38,18)) / CAST(3 AS DECIMAL(38,18))
CAST(1 AS DECIMAL(20,10)) / CAST(3 AS DECIMAL(20,10))
""",
    conf={"spark.sql.decimalOperations.allowPrecisionLoss": "false"},
)
CASES.sql(
    "over rows",
    "SELECT id, i + 1L a, d * 2 b, d / 2 c, m + 1 e, m * 1.5 g, i % 3 h, -d j FROM numbers WHERE id < 5 ORDER BY id",
)
CASES.sql("over rows overflow", "SELECT i + 1 FROM numbers")
CASES.sql(
    "over rows overflow (ANSI off)",
    "SELECT id, i + 1 a, i * 2 b, l + 1 c, -i e, i - 1 g, m * m h, abs(i) j FROM numbers ORDER BY id",
    conf=ANSI_OFF,
)
CASES.sql("over rows division", "SELECT i / i FROM numbers")
CASES.sql(
    "over rows division (ANSI off)",
    "SELECT id, i / i a, d / d b, i % i c, i div i e, m / m g FROM numbers ORDER BY id",
    conf=ANSI_OFF,
)
CASES.program(
    "Column operators",
    lambda spark, F: (
        spark.table("numbers")
        .where("id < 3")
        .select(
            F.col("i") + 1,
            1 - F.col("i"),
            F.col("i") * 2.5,
            F.col("i") / 2,
            F.col("i") % 3,
            -F.col("i"),
            F.col("d") ** 2,
            2 / F.col("d"),
        )
    ),
)
CASES.program("Column overflow", lambda spark, F: spark.table("numbers").select(F.col("i") + 1))
CASES.program("Column divide by zero", lambda spark, F: spark.table("numbers").select(F.col("i") / F.lit(0)))
CASES.program(
    "Column bitwise",
    lambda spark, F: (
        spark.table("numbers")
        .where("id < 3")
        .select(
            F.col("i").bitwiseAND(3), F.col("i").bitwiseOR(4), F.col("i").bitwiseXOR(1), F.bitwise_not("i")
        )
    ),
)
CASES.queries(
    "digits past 18",
    """
SELECT a * b, a + b, a - b, a + c, c * c, a % b, b - a, a * c FROM VALUES (CAST(-999999999999999999 AS DECIMAL(18,0)), CAST(999999999999999999 AS DECIMAL(18,0)), CAST(99999999.99 AS DECIMAL(10,2))) t(a, b, c)

SELECT c * d, c + d FROM VALUES (CAST(99999999.99 AS DECIMAL(10,2)), CAST(9999999999.9 AS DECIMAL(11,1))) t(c, d)

SELECT c * 2.5, sum(c * c), avg(c * c), c * 100 FROM VALUES (CAST(99999999.99 AS DECIMAL(10,2))) t(c) GROUP BY c

SELECT CAST(9 AS DECIMAL(1,0)) * CAST(99999999999999999.9 AS DECIMAL(18,1)), CAST(9999 AS DECIMAL(4,0)) * CAST(99999999999999999.9 AS DECIMAL(18,1))

SELECT i * 3000000000, d * 99999999999 FROM VALUES (CAST(999999999 AS INT), CAST(9999999.99 AS DECIMAL(9,2))) t(i, d)
""",
)
CASES.expressions(
    "operands that do not fit",
    """
array(1) + DATE '2020-01-01'
DATE '2020-01-01' - array(1)
true * INTERVAL '1' YEAR
INTERVAL '1' DAY / true
1 + INTERVAL '1' YEAR
true - INTERVAL '1' YEAR
TIMESTAMP '2020-01-01' - 1
TIMESTAMP '2020-01-01' + DATE '2020-01-01'
INTERVAL '1' DAY - TIMESTAMP '2020-01-01'
X'00' + INTERVAL '1' DAY
DATE '2020-01-01' + null
null + DATE '2020-01-01'
'2020-01-01' - INTERVAL '1' DAY
'x' + DATE '2020-01-01'
7 div '2'
true <=> 1
1.0 = true
false = 1
""",
    ansi_off=True,
)
