"""Casts: every type to every type, malformed and extreme texts, with ANSI mode on and off."""

from __future__ import annotations

from spark.oracle.table import ANSI_OFF, Table

CASES = Table()

SOURCES = {
    "boolean": ["true"],
    "tinyint": ["127Y"],
    "smallint": ["-300S"],
    "int": ["0", "2147483647"],
    "bigint": ["3000000000L", "9223372036854775807L"],
    "float": ["float(1.1)", "float('NaN')", "float('-Infinity')"],
    "double": ["-1.9D", "1e20", "double('NaN')", "1e-7", "100.0D"],
    "decimal": ["12.50", "-99999999999.5", "0.001"],
    "string": ["'1'", "'abc'"],
    "binary": ["X'31'"],
    "date": ["DATE '2024-02-29'"],
    "timestamp": ["TIMESTAMP '2024-02-29 13:04:05.6789'", "TIMESTAMP '1969-12-31 23:59:59.5'"],
    "timestamp_ntz": ["TIMESTAMP_NTZ '2024-02-29 13:04:05.6789'"],
    "array": ["array(1, null)"],
    "map": ["map('k', 1)"],
    "struct": ["named_struct('x', 1, 'y', 'a')"],
    "null": ["null"],
}
TARGETS = [
    "boolean",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "decimal(5,2)",
    "decimal(38,10)",
    "string",
    "binary",
    "date",
    "timestamp",
    "timestamp_ntz",
    "array<string>",
    "map<string,string>",
    "struct<x:string,y:string>",
]
CASES.expressions(
    "cast",
    "\n".join(
        f"CAST({source} AS {target}) AS c"
        for sources in SOURCES.values()
        for source in sources
        for target in TARGETS
    ),
    ansi_off=True,
)

TEXTS_OF_NUMBERS = [
    "''", "' '", "' 12 '", "'\\t12\\n'", "'+5'", "'-5'", "'--5'", "'1.5'", "'1.9999'", "'.5'", "'5.'", "'1e3'", "'1E-2'",
    "'1_000'", "'1,000'", "'0x10'", "'010'", "'1L'", "'1D'", "'1f'", "'NaN'", "'nan'", "'Infinity'", "'-inf'", "'inf'",
    "'+Infinity'", "'1e400'", "'127'", "'128'", "'2147483648'", "'-2147483648'", "'9223372036854775808'",
    "'99999999999999999999999999999999999999.5'", "'１２'", "'null'", "'1 2'", "'-0'", "'-0.0'", "'1e'", "'.'", "'-'",
    "'123456789.987654321'", "'0.005'", "'0.015'", "'999.995'", "'true'",
]  # fmt: skip
CASES.expressions(
    "text to number",
    "\n".join(
        f"CAST({text} AS {target}) AS c"
        for text in TEXTS_OF_NUMBERS
        for target in ("tinyint", "int", "bigint", "double", "decimal(5,2)", "decimal(38,0)")
    ),
    ansi_off=True,
)
CASES.expressions(
    "text to float",
    "\n".join(
        f"CAST({text} AS float) AS c"
        for text in ("'0.1'", "'1e39'", "'3.4028235e38'", "'16777217'", "' 1 '", "'x'")
    ),
)

TEXTS_OF_BOOLEANS = [
    "'true'", "'TRUE'", "' true '", "'t'", "'T'", "'y'", "'yes'", "'Yes'", "'1'", "'false'", "'f'", "'n'", "'no'", "'0'",
    "'on'", "'off'", "''", "'2'", "'tru'", "'null'", "'1.0'",
]  # fmt: skip
CASES.expressions(
    "text to boolean", "\n".join(f"CAST({text} AS boolean) AS c" for text in TEXTS_OF_BOOLEANS), ansi_off=True
)

TEXTS_OF_DATES = [
    "'2024-02-29'", "' 2024-02-29 '", "'2024-2-9'", "'2024-02'", "'2024'", "'2023-02-29'", "'2024-13-01'", "'2024-00-10'",
    "'20240229'", "'2024/02/29'", "'29-02-2024'", "'2024-02-29 13:04:05'", "'2024-02-29T'", "'2024-02-29T13:04:05Z'",
    "'2024-02-29 abc'", "'2024-02-29abc'", "'0001-01-01'", "'0000-01-01'", "'9999-12-31'", "'99999-12-31'", "'-0001-01-01'",
    "'+2024-01-01'", "'1582-10-10'", "'1900-02-29'", "''",  "'epoch'",  "'24-01-01'", "'2024-02-30'",
]  # fmt: skip
CASES.expressions(
    "text to date", "\n".join(f"CAST({text} AS date) AS c" for text in TEXTS_OF_DATES), ansi_off=True
)

TEXTS_OF_TIMESTAMPS = [
    "'2024-02-29 13:04:05'", "'2024-02-29T13:04:05'", "'2024-02-29 13:04:05.1'", "'2024-02-29 13:04:05.123456'",
    "'2024-02-29 13:04:05.1234567'", "'2024-02-29 13:04'", "'2024-02-29 13'", "'2024-02-29'", "'2024-02'", "'2024'",
    "'2024-02-29 13:04:05Z'", "'2024-02-29T13:04:05+02:00'", "'2024-02-29 13:04:05 +02:00'", "'2024-02-29 13:04:05+0200'",
    "'2024-02-29 13:04:05+2'", "'2024-02-29 13:04:05 UTC'", "'2024-02-29 13:04:05 Europe/Prague'",
    "'2024-02-29 13:04:05 GMT+1'", "'2024-02-29 13:04:05 EST'", "'2024-02-29 13:04:05 Nowhere/City'",  "'2024-02-29 24:00:00'", "'2024-02-29 13:60:00'", "'2024-02-29 13:04:60'", "' 2024-02-29 13:04:05 '",
    "'2024-2-9 3:4:5'", "'2024-02-30 00:00:00'", "'1709211845'", "''", "'abc'", "'9999-12-31 23:59:59.999999'",
    "'0001-01-01 00:00:00'", "'2024-02-29  13:04:05'", "'2024-02-29 13:04:05.'", "'2024-02-29 13:04:05 AM'",
]  # fmt: skip
CASES.expressions(
    "text to timestamp",
    "\n".join(f"CAST({text} AS timestamp) AS c" for text in TEXTS_OF_TIMESTAMPS),
    ansi_off=True,
)
CASES.expressions(
    "text to timestamp_ntz", "\n".join(f"CAST({text} AS timestamp_ntz) AS c" for text in TEXTS_OF_TIMESTAMPS)
)
CASES.expressions(
    "text to timestamp in New York",
    "\n".join(
        f"CAST({text} AS timestamp) AS c"
        for text in (
            "'2024-02-29 13:04:05'",
            "'2024-03-10 02:30:00'",
            "'2024-11-03 01:30:00'",
            "'2024-02-29 13:04:05Z'",
        )
    ),
    conf={"spark.sql.session.timeZone": "America/New_York"},
)
CASES.expressions(
    "zone",
    """
CAST(TIMESTAMP '2024-02-29 13:04:05Z' AS STRING) AS c
CAST(TIMESTAMP '2024-02-29 13:04:05Z' AS DATE) AS c
CAST(TIMESTAMP '2024-02-29 23:04:05Z' AS DATE) AS c
CAST(DATE '2024-02-29' AS TIMESTAMP) AS c
CAST(TIMESTAMP '2024-02-29 13:04:05Z' AS TIMESTAMP_NTZ) AS c
CAST(TIMESTAMP_NTZ '2024-02-29 13:04:05' AS TIMESTAMP) AS c
TIMESTAMP '2024-07-01 00:00:00'
""",
    conf={"spark.sql.session.timeZone": "Asia/Tokyo"},
)

CASES.expressions(
    "number to text",
    """
CAST(1.0D AS STRING) AS c
CAST(0.1D AS STRING) AS c
CAST(1e7 AS STRING) AS c
CAST(9999999.0D AS STRING) AS c
CAST(12345678.9D AS STRING) AS c
CAST(1e-3 AS STRING) AS c
CAST(1e-4 AS STRING) AS c
CAST(1.0E100 AS STRING) AS c
CAST(4.9E-324 AS STRING) AS c
CAST(2.0E-3 AS STRING) AS c
CAST(1.7976931348623157E308 AS STRING) AS c
CAST(-0.0D AS STRING) AS c
CAST(double('Infinity') AS STRING) AS c
CAST(double('-Infinity') AS STRING) AS c
CAST(double('NaN') AS STRING) AS c
CAST(float(0.1) AS STRING) AS c
CAST(float(16777216) AS STRING) AS c
CAST(float(1.1e10) AS STRING) AS c
CAST(CAST(float(0.1) AS DOUBLE) AS STRING) AS c
CAST(2e23 AS STRING) AS c
CAST(123.4500 AS STRING) AS c
CAST(0.0000001 AS STRING) AS c
CAST(CAST(1 AS DECIMAL(38,20)) AS STRING) AS c
CAST(CAST('1e-7' AS DECIMAL(38,10)) AS STRING) AS c
CAST(CAST(0 AS DECIMAL(10,8)) AS STRING) AS c
CAST(X'41FF' AS STRING) AS c
CAST('ab' AS BINARY) AS c
CAST(1 AS BINARY) AS c
CAST(array(1, null, 3) AS STRING) AS c
CAST(array('a', 'b c') AS STRING) AS c
CAST(map('a', 1, 'b', null) AS STRING) AS c
CAST(struct(1, 'a', null) AS STRING) AS c
CAST(array(struct(1.5D, date '2024-01-01')) AS STRING) AS c
CAST(TIMESTAMP '2024-02-29 13:04:05' AS STRING) AS c
CAST(TIMESTAMP '2024-02-29 13:04:05.100' AS STRING) AS c
CAST(TIMESTAMP '2024-02-29 00:00:00' AS STRING) AS c
CAST(TIMESTAMP '0001-01-01 00:00:00' AS STRING) AS c
""",
)

CASES.expressions(
    "number to number",
    """
CAST(1.9D AS INT) AS c
CAST(-1.9D AS INT) AS c
CAST(1e10 AS INT) AS c
CAST(1e10 AS BIGINT) AS c
CAST(1e19 AS BIGINT) AS c
CAST(2147483647.9D AS INT) AS c
CAST(300 AS TINYINT) AS c
CAST(-129 AS TINYINT) AS c
CAST(40000 AS SMALLINT) AS c
CAST(2.5 AS INT) AS c
CAST(-2.5 AS INT) AS c
CAST(1.005 AS DECIMAL(3,2)) AS c
CAST(1.015 AS DECIMAL(3,2)) AS c
CAST(-1.005 AS DECIMAL(3,2)) AS c
CAST(1.005D AS DECIMAL(3,2)) AS c
CAST(0.1D AS DECIMAL(38,20)) AS c
CAST(float(0.1) AS DECIMAL(20,15)) AS c
CAST(999.995 AS DECIMAL(5,2)) AS c
CAST(12345 AS DECIMAL(4,0)) AS c
CAST(double('NaN') AS DECIMAL(5,2)) AS c
CAST(double('NaN') AS INT) AS c
CAST(double('NaN') AS BOOLEAN) AS c
CAST(0.5D AS BOOLEAN) AS c
CAST(0.0D AS BOOLEAN) AS c
CAST(2 AS BOOLEAN) AS c
CAST(true AS DECIMAL(3,1)) AS c
CAST(false AS DOUBLE) AS c
CAST(1.5D AS TIMESTAMP) AS c
CAST(-1 AS TIMESTAMP) AS c
CAST(1709211845 AS TIMESTAMP) AS c
CAST(1709211845.123456 AS TIMESTAMP) AS c
CAST(1709211845.5D AS TIMESTAMP) AS c
CAST(TIMESTAMP '2024-02-29 13:04:05.6' AS BIGINT) AS c
CAST(TIMESTAMP '2024-02-29 13:04:05.6' AS DOUBLE) AS c
CAST(TIMESTAMP '2024-02-29 13:04:05.6' AS DECIMAL(20,6)) AS c
CAST(TIMESTAMP '1969-12-31 23:59:59.5' AS BIGINT) AS c
CAST(TIMESTAMP '2024-02-29 13:04:05.6' AS INT) AS c
CAST(DATE '2024-02-29' AS INT) AS c
CAST(16777217 AS FLOAT) AS c
CAST(9007199254740993L AS DOUBLE) AS c
CAST(1.1D AS FLOAT) AS c
CAST(1e39 AS FLOAT) AS c
CAST(float(1.1) AS DOUBLE) AS c
CAST(1 AS DECIMAL) AS c
CAST('5.5' AS DECIMAL) AS c
CAST(1 AS DECIMAL(39,0)) AS c
CAST(1 AS DECIMAL(5,6)) AS c
CAST(1 AS NUMERIC(5,1)) AS c
CAST(1 AS LONG) AS c
CAST(1 AS INTEGER) AS c
CAST(1 AS REAL) AS c
CAST(1 AS VARCHAR(3)) AS c
CAST('abcdef' AS CHAR(3)) AS c
CAST('abc' AS foo) AS c
1::string AS c
'5'::int + 1 AS c
int('5') AS c
bigint('5') AS c
string(5) AS c
boolean('true') AS c
date('2024-01-01') AS c
timestamp('2024-01-01') AS c
decimal('2.5') AS c
double('2.5') AS c
tinyint('5') AS c
binary('a') AS c
""",
    ansi_off=True,
)

CASES.expressions(
    "try_cast",
    """
TRY_CAST('abc' AS INT) AS c
TRY_CAST('5' AS INT) AS c
TRY_CAST(' 5 ' AS INT) AS c
TRY_CAST('1.5' AS INT) AS c
TRY_CAST(300 AS TINYINT) AS c
TRY_CAST('2024-13-01' AS DATE) AS c
TRY_CAST('x' AS BOOLEAN) AS c
TRY_CAST('1234.5' AS DECIMAL(3,1)) AS c
TRY_CAST(array('1', 'x') AS ARRAY<INT>) AS c
TRY_CAST(1 AS DATE) AS c
TRY_CAST('2024-01-01 25:00:00' AS TIMESTAMP) AS c
""",
    ansi_off=True,
)

CASES.expressions(
    "complex",
    """
CAST(array('1', '2') AS ARRAY<INT>) AS c
CAST(array('1', 'x') AS ARRAY<INT>) AS c
CAST(array(1, 2) AS ARRAY<STRING>) AS c
CAST(map('1', '2') AS MAP<INT,DOUBLE>) AS c
CAST(struct('1', '2') AS STRUCT<a: INT, b: DOUBLE>) AS c
CAST(struct('1') AS STRUCT<a: INT, b: DOUBLE>) AS c
CAST(array(struct(1, 2L)) AS ARRAY<STRUCT<p: BIGINT, q: STRING>>) AS c
CAST(null AS ARRAY<INT>) AS c
CAST(null AS STRUCT<a: INT>) AS c
CAST(array() AS ARRAY<INT>) AS c
""",
    ansi_off=True,
)

CASES.expressions(
    "unnamed",
    """
CAST('1' AS INT)
CAST(1 AS STRING)
CAST('1.5' AS DECIMAL(5,2))
CAST(array(1) AS ARRAY<STRING>)
TRY_CAST('1' AS INT)
'1'::int
int('1')
CAST(CAST('1' AS INT) AS STRING)
""",
)

CASES.sql(
    "cast over rows",
    "SELECT id, CAST(d AS STRING) ds, CAST(f AS STRING) fs, CAST(m AS STRING) ms, CAST(b AS STRING) bs FROM numbers ORDER BY id",
)
CASES.sql(
    "cast over rows to wider",
    "SELECT id, CAST(i AS BIGINT) a, CAST(i AS DOUBLE) b, CAST(l AS DOUBLE) c, CAST(m AS DOUBLE) d, CAST(l AS DECIMAL(20,0)) e FROM numbers ORDER BY id",
)
CASES.sql("cast over rows overflows", "SELECT CAST(d AS INT) FROM numbers")
CASES.sql(
    "cast over rows overflows (ANSI off)",
    "SELECT id, CAST(d AS INT) a, CAST(d AS BIGINT) b, CAST(d AS TINYINT) c, CAST(l AS INT) e, CAST(i AS SMALLINT) g, CAST(f AS INT) h, CAST(d AS DECIMAL(10,2)) k FROM numbers ORDER BY id",
    conf=ANSI_OFF,
)
CASES.sql(
    "cast texts over rows (ANSI off)",
    "SELECT id, CAST(s AS INT) a, CAST(s AS DATE) b, CAST(s AS BOOLEAN) c FROM texts ORDER BY id",
    conf=ANSI_OFF,
)
CASES.sql("cast texts over rows", "SELECT id, CAST(s AS INT) a FROM texts ORDER BY id")
CASES.program(
    "Column.cast with names",
    lambda spark, F: (
        spark.table("numbers")
        .select(F.col("i").cast("string"), F.col("i").astype("double"), F.col("m").cast("int"))
        .limit(2)
    ),
)
CASES.program(
    "Column.try_cast", lambda spark, F: spark.table("texts").select(F.col("s").try_cast("int").alias("i"))
)
CASES.program("Column.cast error", lambda spark, F: spark.table("texts").select(F.col("s").cast("int")))
CASES.program(
    "Column.cast unknown type", lambda spark, F: spark.table("texts").select(F.col("s").cast("foo"))
)
