"""Functions of dates and times, their formats and zones."""

from __future__ import annotations

from spark.oracle.table import Table

CASES = Table()

TS = "TIMESTAMP '2024-02-29 13:04:05.678901'"
LETTERS = [
    "y", "yy", "yyyy", "yyyyyy", "M", "MM", "MMM", "MMMM", "L", "LLLL", "d", "dd", "D", "DDD", "E", "EEE", "EEEE", "a", "h",
    "hh", "H", "HH", "k", "K", "m", "mm", "s", "ss", "S", "SSS", "SSSSSS", "SSSSSSSSS", "z", "zzzz", "VV", "O", "OOOO", "X",
    "XX", "XXX", "x", "xxx", "Z", "ZZZZ", "ZZZZZ", "Q", "QQQ", "G", "u", "w", "W", "F", "e", "c", "n", "A", "B", "''", "'T'",
    "[yyyy]", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "dd/MM/yyyy", "EEE, d MMM yyyy HH:mm:ss z", "yyyyMMdd", "hh:mm a", "Y", "YYYY",
    "yyyyyyy", "MMMMM", "aa", "b", "yyyy-MM-dd {", "#", "t",
]  # fmt: skip
CASES.expressions("date_format", "\n".join(f'date_format({TS}, "{letters}") AS c' for letters in LETTERS))
CASES.expressions(
    "date_format of dates",
    """
date_format(DATE '2024-02-29', 'yyyy/MM/dd HH:mm')
date_format('2024-02-29', 'EEEE')
date_format(null, 'y')
date_format(TIMESTAMP '2024-02-29 00:00:00', null)
date_format(TIMESTAMP_NTZ '2024-02-29 00:00:00', 'yyyy-MM-dd HH:mm:ss')
date_format(TIMESTAMP '0001-01-01 00:00:00', 'yyyy-MM-dd G')
date_format(TIMESTAMP '2024-01-05 09:08:07', 'd.M.yyyy H:m:s')
""",
)
CASES.expressions(
    "zone",
    """
date_format(TIMESTAMP '2024-02-29 13:04:05Z', 'yyyy-MM-dd HH:mm:ss z VV XXX O')
date_format(TIMESTAMP '2024-07-29 13:04:05Z', 'HH:mm z zzzz Z')
hour(TIMESTAMP '2024-02-29 13:04:05Z')
to_date(TIMESTAMP '2024-02-29 03:04:05Z')
unix_timestamp('2024-02-29 13:04:05')
from_unixtime(0)
to_timestamp('2024-03-10 02:30:00')
to_timestamp('2024-11-03 01:30:00')
date_trunc('DAY', TIMESTAMP '2024-02-29 03:04:05Z')
TIMESTAMP '2024-03-10 01:30:00' + INTERVAL 1 DAY
TIMESTAMP '2024-03-09 02:30:00' + INTERVAL 1 DAY
TIMESTAMP '2024-03-09 02:30:00' + INTERVAL 24 HOURS
datediff(TIMESTAMP '2024-02-29 03:04:05Z', DATE '2024-02-27')
current_timezone()
from_utc_timestamp('2024-02-29 12:00:00', 'Asia/Seoul')
make_timestamp(2024, 3, 10, 2, 30, 0)
window(TIMESTAMP '2024-02-29 13:04:05Z', '1 day').start
""",
    conf={"spark.sql.session.timeZone": "America/New_York"},
)
CASES.expressions(
    "differences where clocks change",
    """
months_between('2024-03-10 12:00:00', '2024-02-09 12:00:00')
months_between(TIMESTAMP '2024-11-03 12:00:00', TIMESTAMP '2024-10-01 00:00:00')
months_between(TIMESTAMP '2024-03-10 23:00:00', TIMESTAMP '2023-11-05 01:30:00', false)
timestampdiff(HOUR, TIMESTAMP '2024-03-10 00:00:00', TIMESTAMP '2024-03-10 12:00:00')
timestampdiff(DAY, TIMESTAMP '2024-03-09 12:00:00', TIMESTAMP '2024-03-10 12:00:00')
timestampdiff(MINUTE, TIMESTAMP '2024-11-03 00:00:00', TIMESTAMP '2024-11-03 12:00:00')
timestampdiff(SECOND, TIMESTAMP '1969-12-31 23:00:00.5', TIMESTAMP '1969-12-31 22:00:00')
timestampdiff(MICROSECOND, TIMESTAMP '2024-03-10 01:00:00', TIMESTAMP '2024-03-10 12:00:00')
timestampdiff(QUARTER, TIMESTAMP '2024-03-10 01:00:00', TIMESTAMP '2023-03-10 12:00:00')
timestampdiff(DAY, TIMESTAMP_NTZ '2024-03-09 12:00:00', TIMESTAMP '2024-03-10 12:00:00')
convert_timezone('Europe/Brussels', TIMESTAMP '2024-03-10 12:00:00')
convert_timezone('Europe/Brussels', 'America/Los_Angeles', '2021-12-06 00:00:00')
convert_timezone('Europe/Brussels', DATE '2024-03-10')
convert_timezone('Europe/Brussels', 5)
convert_timezone(1, TIMESTAMP_NTZ '2021-12-05 00:00:00')
convert_timezone(map(1, 2), 'UTC', TIMESTAMP_NTZ '2021-12-05 00:00:00')
""",
    conf={"spark.sql.session.timeZone": "America/Los_Angeles"},
)
CASES.expressions(
    "to_date and to_timestamp",
    """
to_date('2024-02-29')
to_date('2024-02-29 13:04:05')
to_date('29/02/2024', 'dd/MM/yyyy')
to_date('29.2.2024', 'd.M.yyyy')
to_date('2024-02-29', 'yyyy-MM')
to_date('2024-02', 'yyyy-MM')
to_date('2024', 'yyyy')
to_date('Feb 29, 2024', 'MMM d, yyyy')
to_date('February 29 2024', 'MMMM d yyyy')
to_date('feb 29, 2024', 'MMM d, yyyy')
to_date('20240229', 'yyyyMMdd')
to_date('24-02-29', 'yy-MM-dd')
to_date('2024-060', 'yyyy-DDD')
to_date('Thu 2024-02-29', 'EEE yyyy-MM-dd')
to_date('2024-2-9', 'yyyy-MM-dd')
to_date('2024-2-9', 'yyyy-M-d')
to_date('2023-02-29', 'yyyy-MM-dd')
to_date(' 2024-02-29', 'yyyy-MM-dd')
to_date('2024-02-29x', 'yyyy-MM-dd')
to_date('abc')
to_date('abc', 'yyyy')
to_date('', 'yyyy')
to_date(null)
to_date('2024-02-29', 'YYYY-MM-dd')
to_date('2024-02-29', 'bad format')
try_to_date('abc')
try_to_date('2024-02-30', 'yyyy-MM-dd')
to_timestamp('2024-02-29 13:04:05')
to_timestamp('2024-02-29 13:04:05.678')
to_timestamp('2024-02-29')
to_timestamp('2024-02-29T13:04:05Z')
to_timestamp('29/02/2024 13:04', 'dd/MM/yyyy HH:mm')
to_timestamp('2024-02-29 01:04:05 PM', 'yyyy-MM-dd hh:mm:ss a')
to_timestamp('2024-02-29 01:04:05 pm', 'yyyy-MM-dd hh:mm:ss a')
to_timestamp('2024-02-29 13:04:05.678', 'yyyy-MM-dd HH:mm:ss.SSS')
to_timestamp('2024-02-29 13:04:05.6', 'yyyy-MM-dd HH:mm:ss.SSS')
to_timestamp('2024-02-29 13:04:05.678', 'yyyy-MM-dd HH:mm:ss.S')
to_timestamp('2024-02-29 13:04:05.678', 'yyyy-MM-dd HH:mm:ss[.SSS]')
to_timestamp('2024-02-29 13:04:05', 'yyyy-MM-dd HH:mm:ss[.SSS]')
to_timestamp('2024-02-29T13:04:05+02:00', "yyyy-MM-dd'T'HH:mm:ssXXX")
to_timestamp('2024-02-29 13:04:05 +0200', 'yyyy-MM-dd HH:mm:ss Z')
to_timestamp('2024-02-29 13:04:05 Europe/Prague', 'yyyy-MM-dd HH:mm:ss VV')
to_timestamp('2024-02-29 13:04:05 PST', 'yyyy-MM-dd HH:mm:ss z')
to_timestamp('13:04', 'HH:mm')
to_timestamp('1709211845', 's')
to_timestamp(1709211845)
to_timestamp(1709211845.5)
to_timestamp('abc')
to_timestamp('2024-13-01', 'yyyy-MM-dd')
to_timestamp('2024-02-29 25:00:00', 'yyyy-MM-dd HH:mm:ss')
to_timestamp('2024-02-29 24:00:00', 'yyyy-MM-dd HH:mm:ss')
try_to_timestamp('abc')
try_to_timestamp('2024-02-29 13', 'yyyy-MM-dd HH')
to_timestamp_ntz('2024-02-29 13:04:05')
to_timestamp_ltz('2024-02-29 13:04:05')
to_timestamp(DATE '2024-02-29')
to_date(TIMESTAMP '2024-02-29 13:04:05')
to_date(20240229)
""",
    ansi_off=True,
)
CASES.expressions(
    "unix",
    """
unix_timestamp('2024-02-29 13:04:05')
unix_timestamp('2024-02-29', 'yyyy-MM-dd')
unix_timestamp(TIMESTAMP '2024-02-29 13:04:05.9')
unix_timestamp(DATE '2024-02-29')
unix_timestamp('abc')
unix_timestamp('2024-02-29')
to_unix_timestamp('2024-02-29', 'yyyy-MM-dd')
from_unixtime(0)
from_unixtime(1709211845)
from_unixtime(1709211845, 'yyyy/MM/dd')
from_unixtime(-1)
from_unixtime('10')
from_unixtime(null)
timestamp_seconds(1709211845)
timestamp_seconds(1709211845.5)
timestamp_seconds(1.5D)
timestamp_millis(1709211845678)
timestamp_micros(1709211845678901)
unix_seconds(TIMESTAMP '2024-02-29 13:04:05.9')
unix_millis(TIMESTAMP '2024-02-29 13:04:05.9')
unix_micros(TIMESTAMP '2024-02-29 13:04:05.9')
unix_seconds(TIMESTAMP '1969-12-31 23:59:59.5')
unix_date(DATE '2024-02-29')
date_from_unix_date(19782)
""",
    ansi_off=True,
)
CASES.expressions(
    "fields",
    f"""
year({TS})
quarter({TS})
month({TS})
day({TS})
dayofmonth({TS})
dayofweek({TS})
weekday({TS})
dayofyear({TS})
weekofyear({TS})
hour({TS})
minute({TS})
second({TS})
dayname({TS})
monthname({TS})
year('2024-02-29')
year('x')
year(null)
hour('13:04:05')
hour('2024-02-29 13:04:05')
weekofyear('2021-01-03')
weekofyear('2020-12-31')
dayofweek('2024-03-03')
weekday('2024-03-03')
extract(YEAR FROM {TS})
extract(MONTH FROM {TS})
extract(DAY FROM {TS})
extract(DOW FROM {TS})
extract(DOW_ISO FROM {TS})
extract(DOY FROM {TS})
extract(WEEK FROM {TS})
extract(YEAROFWEEK FROM {TS})
extract(QUARTER FROM {TS})
extract(HOUR FROM {TS})
extract(SECOND FROM {TS})
extract(CENTURY FROM {TS})
extract(DAY FROM INTERVAL '1 02:03:04' DAY TO SECOND)
date_part('SECONDS', {TS})
date_part('x', {TS})
datepart('year', {TS})
year(DATE '0001-01-01')
second(TIMESTAMP '1969-12-31 23:59:59.5')
""",
)
UNITS = [
    "YEAR",
    "YYYY",
    "YY",
    "QUARTER",
    "MONTH",
    "MM",
    "MON",
    "WEEK",
    "DAY",
    "DD",
    "HOUR",
    "MINUTE",
    "SECOND",
    "MILLISECOND",
    "MICROSECOND",
    "x",
]
CASES.expressions(
    "truncate",
    "\n".join(f"date_trunc('{unit}', {TS})" for unit in UNITS)
    + "\n"
    + "\n".join(f"trunc(DATE '2024-02-29', '{unit}')" for unit in UNITS)
    + """
date_trunc('month', '2024-02-29')
date_trunc(null, TIMESTAMP '2024-02-29 00:00:00')
date_trunc('HOUR', TIMESTAMP '1969-12-31 23:59:59.5')
trunc('2024-02-29', 'MM')
trunc(TIMESTAMP '2024-02-29 13:00:00', 'MM')
trunc(null, 'MM')
""",
)
CASES.expressions(
    "shift",
    """
date_add('2024-02-28', 2)
date_add(DATE '2024-02-28', -60)
date_add(DATE '2024-02-28', 1.5)
date_add(DATE '2024-02-28', '2')
date_add(TIMESTAMP '2024-02-28 13:00:00', 1)
date_add(DATE '2024-02-28', null)
date_sub('2024-03-01', 1)
dateadd(DAY, 2, DATE '2024-02-28')
dateadd(HOUR, 2, TIMESTAMP '2024-02-28 23:00:00')
dateadd(MONTH, 1, DATE '2024-01-31')
timestampadd(MONTH, 1, TIMESTAMP '2024-01-31 01:00:00')
timestampadd(WEEK, -1, TIMESTAMP '2024-01-31 01:00:00')
add_months('2024-01-31', 1)
add_months('2024-02-29', 12)
add_months('2024-02-29', -1)
add_months(DATE '2024-02-29', 1)
last_day('2024-02-10')
last_day(null)
next_day('2024-02-29', 'Mon')
next_day('2024-02-29', 'THURSDAY')
next_day('2024-02-29', 'TH')
next_day('2024-02-29', 'xx')
datediff('2024-03-01', '2024-02-28')
datediff(TIMESTAMP '2024-03-01 01:00:00', TIMESTAMP '2024-02-29 23:00:00')
date_diff('2024-01-01', '2024-12-31')
datediff(MONTH, DATE '2024-01-31', DATE '2024-02-29')
timestampdiff(HOUR, TIMESTAMP '2024-01-01 00:00:00', TIMESTAMP '2024-01-02 12:30:00')
timestampdiff(MONTH, TIMESTAMP '2024-01-31 00:00:00', TIMESTAMP '2024-02-29 00:00:00')
months_between('2024-03-31', '2024-02-29')
months_between('2024-03-15 12:00:00', '2024-02-10')
months_between('2024-03-15', '2024-02-10', false)
make_date(2024, 2, 29)
make_date(2023, 2, 29)
make_date(null, 1, 1)
make_timestamp(2024, 2, 29, 13, 4, 5.678)
make_timestamp(2024, 2, 30, 13, 4, 5)
make_timestamp(2024, 2, 29, 13, 4, 60)
make_timestamp(2024, 2, 29, 13, 4, 5, 'Europe/Prague')
make_timestamp_ntz(2024, 2, 29, 13, 4, 5)
try_make_timestamp(2024, 2, 30, 13, 4, 5)
make_interval(1, 2, 3, 4, 5, 6, 7.5) IS NULL
CAST(make_interval(1, 2, 3, 4, 5, 6, 7.5) AS STRING)
make_dt_interval(1, 2, 3, 4.5)
CAST(make_ym_interval(1, 2) AS STRING)
from_utc_timestamp('2024-02-29 12:00:00', 'Asia/Seoul')
from_utc_timestamp(TIMESTAMP '2024-07-01 12:00:00', 'America/New_York')
to_utc_timestamp('2024-02-29 12:00:00', 'Asia/Seoul')
to_utc_timestamp('2024-02-29 12:00:00', 'Nowhere')
to_utc_timestamp('2024-02-29 12:00:00', 'GMT+1')
convert_timezone('Europe/Prague', 'America/New_York', TIMESTAMP_NTZ '2024-02-29 12:00:00')
date '2024-02-29' + interval '1' month - interval '1' day
current_date() = to_date(current_timestamp())
current_timestamp() = now()
localtimestamp() IS NOT NULL
curdate() = current_date()
window(TIMESTAMP '2024-02-29 13:04:05', '5 minutes')
window(TIMESTAMP '2024-02-29 13:04:05', '10 minutes', '10 minutes', '3 minutes').start
window_time(window(TIMESTAMP '2024-02-29 13:04:05', '5 minutes'))
""",
    ansi_off=True,
)
CASES.sql(
    "sliding window",
    "SELECT id, w.start, w.end FROM (SELECT id, window(ts, '10 minutes', '5 minutes') w FROM times) ORDER BY id, 2",
)
CASES.sql(
    "session window", "SELECT session_window(ts, '5 minutes') w, count(*) c FROM times GROUP BY 1 ORDER BY 1"
)
CASES.sql(
    "tumbling window",
    "SELECT window(ts, '1 day') w, count(*) c FROM times GROUP BY window(ts, '1 day') ORDER BY w.start",
)
CASES.sql(
    "session window of keys that are computed",
    "SELECT session_window(ts, '5 minutes') w, length(CAST(id AS STRING)) + 1 AS l, id * CAST(2.5 AS DECIMAL(30, 2)) AS d,"
    " count(*) c FROM times GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
)
CASES.sql(
    "rows of sliding windows in their order",
    "SELECT window(at, '10 seconds', '5 seconds') w, collect_list(n) l, first(n) f, last(n) t FROM"
    " VALUES (1, TIMESTAMP '2024-01-01 00:00:09'), (2, TIMESTAMP '2024-01-01 00:00:04'),"
    " (3, TIMESTAMP '2024-01-01 00:00:11'), (4, TIMESTAMP '2024-01-01 00:00:06') AS t(n, at) GROUP BY 1 ORDER BY 1",
)
CASES.sql("date_add of a column day", "SELECT date_add(day, 1) FROM VALUES (DATE '2024-01-01') AS t(day)")
CASES.sql("dateadd of a column hour", "SELECT dateadd(hour, 1) FROM VALUES (DATE '2024-01-01') AS t(hour)")
CASES.sql(
    "date_diff of columns called like units",
    "SELECT date_diff(month, year), datediff(day, day) FROM VALUES (DATE '2024-01-01', DATE '2024-01-03', DATE '2024-01-01')"
    " AS t(month, year, day)",
)
CASES.program(
    "window groups",
    lambda spark, F: (
        spark.table("times")
        .groupBy(F.window("ts", "1 hour"))
        .agg(F.count("*").alias("n"))
        .select("window.start", "window.end", "n")
    ),
)
CASES.program(
    "window_time groups",
    lambda spark, F: (
        spark.table("times")
        .groupBy(F.window("ts", "1 hour"))
        .count()
        .select(F.window_time("window"), "count")
    ),
)
C = CASES.columns
C(
    "over rows",
    "times",
    {
        "year": lambda F: F.year("ts"),
        "quarter": lambda F: F.quarter("day"),
        "month": lambda F: F.month("ntz"),
        "dayofmonth": lambda F: F.dayofmonth("ts"),
        "dayofweek": lambda F: F.dayofweek("day"),
        "dayofyear": lambda F: F.dayofyear("day"),
        "weekofyear": lambda F: F.weekofyear("day"),
        "hour": lambda F: F.hour("ts"),
        "minute": lambda F: F.minute("ts"),
        "second": lambda F: F.second("ts"),
        "date_format": lambda F: F.date_format("ts", "dd.MM.yyyy HH:mm:ss.SSS"),
        "to_date": lambda F: F.to_date("ts"),
        "to_timestamp": lambda F: F.to_timestamp("day"),
        "unix_timestamp": lambda F: F.unix_timestamp("ts"),
        "unix_timestamp text": lambda F: F.unix_timestamp(F.col("day").cast("string"), "yyyy-MM-dd"),
        "from_unixtime": lambda F: F.from_unixtime(F.unix_timestamp("ts")),
        "date_trunc": lambda F: F.date_trunc("hour", "ts"),
        "trunc": lambda F: F.trunc("day", "month"),
        "date_add": lambda F: F.date_add("day", 3),
        "date_sub": lambda F: F.date_sub("day", 3),
        "add_months": lambda F: F.add_months("day", 1),
        "datediff": lambda F: F.datediff("day", F.lit("2024-01-01")),
        "months_between": lambda F: F.months_between("ts", F.lit("2024-01-01")),
        "last_day": lambda F: F.last_day("day"),
        "next_day": lambda F: F.next_day("day", "Sun"),
        "from_utc_timestamp": lambda F: F.from_utc_timestamp("ts", "Asia/Tokyo"),
        "to_utc_timestamp": lambda F: F.to_utc_timestamp("ts", "Asia/Tokyo"),
        "cast to string": lambda F: F.col("ts").cast("string"),
        "cast to long": lambda F: F.col("ts").cast("long"),
        "cast to date": lambda F: F.col("ts").cast("date"),
        "plus interval": lambda F: F.col("ts") + F.expr("INTERVAL 1 HOUR"),
        "minus": lambda F: F.col("ts") - F.col("ts"),
        "ntz text": lambda F: F.col("ntz").cast("string"),
        "window": lambda F: F.window("ts", "30 seconds"),
        "compare with text": lambda F: F.col("ts") > "2024-01-01",
        "compare with date": lambda F: F.col("ts") > F.col("day"),
        "make_date": lambda F: F.make_date(F.year("day"), F.lit(1), F.lit(1)),
        "extract": lambda F: F.extract(F.lit("YEAR"), "ts"),
        "timestamp_seconds": lambda F: F.timestamp_seconds("id"),
        "unix_micros": lambda F: F.unix_micros("ts"),
    },
)
