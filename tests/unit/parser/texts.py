"""The texts whose meaning is recorded from Spark (`record.py`) and compared with ours."""

from __future__ import annotations

import itertools

BINARY = (
    "*", "/", "%", "DIV", "+", "-", "||", "<<", ">>", ">>>", "&", "^", "|", "=", "==", "<=>", "<>", "!=", "<",
    "<=", ">", ">=", "AND", "OR",
)  # fmt: skip
SUFFIXES = (
    "IS NULL", "IS NOT NULL", "IS TRUE", "IS NOT FALSE", "IN (1, 2)", "NOT IN (1)", "BETWEEN 1 AND 2",
    "NOT BETWEEN 1 AND 2 + 3", "LIKE 'x'", "NOT LIKE 'x'", "RLIKE 'x'", "ILIKE 'x'", "LIKE 'x' ESCAPE '!'",
    "IS DISTINCT FROM 1", "IS NOT DISTINCT FROM 1 + 2",
)  # fmt: skip

PRECEDENCE = (
    *(f"a {one} b {two} c" for one, two in itertools.product(BINARY, BINARY)),
    *(f"{sign}a {operator} {sign}b" for sign in ("-", "+", "~", "NOT ", "!") for operator in BINARY
      if sign.strip() not in {"NOT", "!"} or operator in {"AND", "OR"}),
    *(f"a {operator} b {suffix}" for operator in BINARY for suffix in SUFFIXES),
    *(f"NOT a {suffix}" for suffix in SUFFIXES),
    *(f"a {suffix} AND b OR c" for suffix in SUFFIXES),
)  # fmt: skip

EXPRESSIONS = (
    "a", "a.b.c", "`a b`.c", "a.`b.c`", "`a``b`", "a[0]", "a[0].b", "a['x'][1]", "f(a)[0].b", "(a).b", "a[b + 1]",
    "f()", "f(a, b)", "db.f(a)", "f(a => 1, b => 2)", "f(1, x => 2)", "count(*)", "count(1)", "COUNT(*)",
    "count(distinct a, b)", "count(all a)", "sum(a) filter (where b > 1)", "count(distinct a) filter (where b)",
    "first(a ignore nulls)", "last(a ignore nulls)", "any_value(a ignore nulls)", "last(a, true)", "nvl(a, b)",
    "IF(a, b, c)", "left(a, 1)", "right(a, 2)", "date(a)", "timestamp(a)", "int(a)", "year(a)", "any(a)", "some(a)",
    "every(a)", "coalesce(a, b)", "concat(a, b)", "substring(a, 2)", "substr(a, 2, 3)", "position('a', b)",
    "date_add(a, 1)", "dateadd(a, 1)", "datediff(a, b)", "window(ts, '10 minutes')", "window(ts, '1 day', '2 hours')",
    "struct(a, b as c)", "struct(a.b, 1)", "(a, b)", "(a as x, b)", "named_struct('a', 1)", "array(1, 2)", "map(1, 2)",
    "x -> x + 1", "transform(a, x -> x + 1)", "transform(a, (x, i) -> x + i)", "aggregate(a, 0, (x, y) -> x + y)",
    "filter(a, x -> x.b > 1 and x.c[0] = 2)", "exists(a, x -> x is null)",
    "aggregate(a, 0, (acc, x) -> acc + x, acc -> acc * 10)",
    "current_date", "current_date()", "current_timestamp", "current_user", "user", "now()",
    "extract(year from a)", "EXTRACT(MONTH FROM a.b)", "substring(a from 2)", "substring(a from 2 for 3)",
    "overlay(a placing b from 1)", "overlay(a placing b from 1 for 2)", "position('a' in b)",
    "timestampadd(DAY, 1, a)", "dateadd(MONTH, 1, a)", "date_add(HOUR, 1, a)", "timestampdiff(HOUR, a, b)",
    "datediff(day, a, b)", "date_diff(SECOND, a, b)",
    "case when a then b end", "case when a then b else c end", "case when a = 1 then b when a = 2 then c end",
    "case a when 1 then 2 when 3 then 4 else 5 end", "case when a then case when b then c end end",
    "cast(a as int)", "try_cast(a as int)", "a::int", "a::decimal(10,2)::string", "a.b::date", "-a::int",
    "cast(a as array<map<string,struct<x:int,y:double>>>)", "cast(a as varchar(3))", "cast(a + 1 as timestamp_ntz)",
    "not a", "!a", "not a = b", "not a and b", "not not a", "not a in (1)", "-a.b", "- - a", "~ a", "1 - -1", "1-1", "2 * (3 + 4)",
    "((a))", "a is not null and b", "(a or b) and c", "a in (1)", "a in (b, c + 1)", "a not in (1, 2, 3)",
    "a between b and c and d", "a like b", "a rlike b and c", "a regexp 'x'",
    "a = 1 is null", "a is null = b", "a and b is null", "a or not b and c",
    "row_number() over (partition by a order by b desc)", "rank() over (order by a nulls last, b desc nulls first)",
    "sum(a) over (partition by b, c)", "sum(a) over ()", "sum(a) over w", "sum(a) over (w)",
    "sum(a) over (order by b rows between 1 preceding and current row)",
    "sum(a) over (order by b rows between unbounded preceding and unbounded following)",
    "sum(a) over (order by b range between current row and 5 following)",
    "sum(a) over (rows 2 preceding)", "sum(a) over (rows unbounded preceding)",
    "sum(a) over (distribute by b sort by c)", "sum(a) over (cluster by b)",
    "sum(distinct a) filter (where b) over (partition by c)",
    "*", "t.*", "a.b.*", "a as b", "a b", "a as `b c`", "explode(a) as (k, v)", "a + 1 total", "count(*) as count",
    "(select 1)", "exists (select 1)", "a in (select 1)", "(a, b) in (select 1, 2)", "a not in (select 1)",
    "a and", "and a", "a in", "a is", "a like", "a as", "from", "select", "window", "window.start", "date", "timestamp",
    "interval", "order", "group", "user", "key", "value", "time", "left", "right", "filter", "end", "year", "all",
    "select + from", "values", "table", "case", "cast", "struct", "map", "array", "if", "position",
    "a /* c */ + /* d /* e */ */ b -- f", "\ta\n+\nb", "1a", "_a", "a1 + b_2",
)  # fmt: skip

LITERALS = (
    "1", "0", "007", "2147483647", "2147483648", "-2147483648", "- 2147483648", "-2147483649", "3000000000",
    "9223372036854775807", "-9223372036854775808", "9223372036854775808", "99999999999999999999", "1L", "-1l", "1S",
    "1Y", "-128Y", "1.", ".5", "0.5", "1.5", "1.50", "-1.5", "00.50", "0.05", "0.0", "123.456", "1e3", "1E-3", "1.5e3", "1.e2",
    ".5e1", "-1e3", "15BD", "1.5bd", "1e3bd", "1.5e-3BD", "12345678901234567890123456789012345678", "1d", "1.5D", "1e3d",
    "1f", "1.5F", "-1.25f", "true", "FALSE", "null",
    "'abc'", '"abc"', "''", "'a''b'", "'a' 'b'", '"a""b"', "'a' \"b\"", r"'a\nb\tc'", r"'a\'b'", r"'\\'", r"'\u0041'",
    r"'\U0001F600'", r"'\101'", r"'\0'", r"'\%\_'", r"'\q'", r"'\Z\b\r'", r"r'a\nb'", 'R"a\'b"', r"'\x41'", "'日本'", "'a\nb'",
    r"'\'", r"'a\'", "'it''s'", r"'\041'", r"'\400'",
    "X'1F'", "x'1'", "x'AbCd'", "X''",
    "date '2020-01-01'", "DATE'2020'", "date '2020-1'", "date '2020-1-1 10:00'", "date ' 2020-01-01 '", "date 'epoch'",
    "timestamp '2020-01-01'", "timestamp '2020-01-01 10:11:12'", "timestamp '2020-01-01T10:11:12.123456789Z'",
    "timestamp '2020-01-01 10:11:12 America/Los_Angeles'", "timestamp '2020-01-01 10:11:12+01:00'",
    "timestamp '2020-01-01 10'", "timestamp '2020-01-01 10:11:12.5 UTC+3'", "timestamp '2020'", "timestamp 'epoch'",
    "timestamp '2020-1-1 1:2:3.4'", "timestamp '2020-01-01 10:11'", "timestamp '2020-01-01 10:11:12-0830'",
    "timestamp_ntz '2020-01-01 10:11:12'", "timestamp_ntz '2020-01-01 10:11:12+01:00'",
    "timestamp_ltz '2020-01-01 10:11:12'",
    "interval '1' day", "interval 1 day", "interval 2 days", "interval -1 day", "interval - '1' day", "interval '-1' day",
    "interval 1 week", "interval 1 hour", "interval 90 minutes", "interval 1.5 seconds", "interval '1.5' second",
    "interval 10 milliseconds", "interval 10 microseconds", "interval 1 day 2 hours", "interval 1 day 2 hour 3 minute",
    "interval '1' day '2' hour", "interval 1 week 2 days", "interval 1 month", "interval 2 years", "interval 1 year 2 months",
    "interval '1 02:03:04' day to second", "interval '1 02:03:04.123456789' day to second",
    "interval -'1 02:03:04' day to second", "interval '-1 02:03:04.5' day to second", "interval '1 2' day to hour",
    "interval '1 2:3' day to minute", "interval '10:11' hour to minute", "interval '10:11:12' hour to second",
    "interval '10:11' minute to second", "interval '1-2' year to month", "interval '-1-2' year to month",
    "interval '1 day 2 hours'", "interval 'interval 1 day'", "interval '1 year 2 months'", "interval '-1 day'",
)  # fmt: skip

QUERIES = (
    "select a from t", "select a, b as c, 1 from t", "select 1", "select 1 as a, 'x' b", "SELECT * FROM t;", "select t.* from db.t",
    "select a from t where a > 1", "select a, sum(b) from t group by a", "select a, sum(b) s from t group by 1 order by 2",
    "select a from t group by a having count(*) > 1 order by a desc limit 3 offset 2",
    "select count(*) from t having count(*) > 1", "select a, sum(b) from t group by all order by all",
    "select distinct a from t", "select all a from t", "select a from t order by a, b desc nulls first",
    "select * from a join b on a.x = b.x", "select * from a left join b using (x)", "select * from a natural join b",
    "select * from a, b", "select * from a, b, c where a.x = b.x", "select * from a cross join b",
    "select * from a left semi join b on a.x = b.x", "select * from a anti join b on true",
    "select * from a full outer join b on a.x = b.x right join c on b.y = c.y", "select * from (a join b)",
    "select * from t as x (c, d)", "select * from (select 1) x", "select * from (select 1)", "select * from t x",
    "select * from range(10)", "select * from range(0, 10, 2) as r(i)", "select * from explode(array(1, 2))",
    "select * from t, lateral (select t.a)", "select * from t, lateral explode(a) as x(y)",
    "select * from t join lateral (select 1) as s on true",
    "values (1, 2), (3, 4)", "values 1, 2", "select * from values (1, 'a') as t(x, y)", "select * from values 1, 2",
    "with a as (select 1), b(x) as (select 2) select * from a, b", "with a as (select 1) select * from a union select 2",
    "select 1 union select 2 intersect all select 3 except select 4", "select 1 union all select 2 order by 1 limit 1",
    "(select 1) union (select 2)", "select 1 minus select 2", "select 1 union all (select 2 limit 1)",
    "from t select a where b > 1", "table t", "select * from t limit 5", "select * from t offset 1",
    "select a from t sort by a", "select a from t distribute by a", "select a from t cluster by a",
    "select /*+ broadcast(t), coalesce(3) */ a from t", "select /*+ repartition(3, a) */ a from t",
    "select a from csv.`/x/y`", "select 1 from", "select from", "select a as, b from t", "select a, from t",
    "select a from t where", "select a from t limit", "select a as from t", "select distinct from t", "select 1 union",
    "select * from stream t", "select * from stream(t)", "select stream.a from stream",
    "select case when a > 1 then 'x' else 'y' end as c from t where b in (select b from u) and exists (select 1 from v)",
    "select a from t where (a, b) in (select 1, 2)", "select (select max(a) from t) as m",
    "select window.start, count(*) from t group by window(ts, '5 minutes')",
    "select t1.a from t t1 inner join u as t2 on t1.id = t2.id where t1.x between 1 and 2 group by t1.a",
)  # fmt: skip

WRONG = (
    "selec a from t", "select a b c from t", "select * fro t", "select a from t where a =", "select a from t where a = = 1",
    "select (a from t", "select a) from t", "select a from t group a", "select count(* from t", "select 'abc from t",
    "select `a from t", "select a from t t2 t3", "select a from t join", "select a from t join b on",
    "select a from t inner b", "select cast(a int) from t", "select cast(a as foo) from t", "select a from (select b from t",
    "select * from t where a in ()", "select * from t where a in (1,", "select a..b from t", "select a[1 from t",
    "select /* abc from t", "select * from a-b", "create tabl t", "create view v select 1", "insert t select 1",
    "insert into select 1", "drop t", "foo bar", "123", "", "  ", "-- comment", ";", "with a as select 1 select * from a",
    "select f(a from t", "select f(a,) from t", "select f(,a) from t", "select a b, c d e from t", "select {a} from t",
    "select a # b from t", "select a from t where a like", "select a from t where a between 1",
    "select a from t where a between 1 and", "select a from t where a is", "select a from t where a is nul",
    "select interval '1' from t", "select interval 1 foo from t", "select sum(a) over (order by) from t",
    "select\n  a b c\nfrom t", "select a from t; x", "select 1; select 2", "show foo", "describe", "explain", "values",
    "values (1", "select a from t1, ", "select * from (t", "select a from t where (a = 1",
    "select a from t where a = 1)", 'select "a from t', "select date 'x'", "select a from t limit 1 2",
    "select * from t pivot (sum(a) for b)", "select a from t order by a asc desc", "select 日本 from t",
    "select case when a then b from t", "set a b", "set =c", "set time zone foo", "reset a b", "refresh", "refresh a b",
    "create or replace temporary view if not exists v as select 1", "create temp view a.b as select 1", "commit",
    "grant select on t to u", "drop temporary view v", "declare x", "select 128Y", "select 1e400", "select x'zz'",
    "select timestampadd('DAY', 1, a)", "select interval 1 month 2 days", "select 1 like 'x' escape 'ab'",
    "select interval '1 25:00:00' day to second", "select interval 1 day to second", "select interval 1.5 day",
    "select interval '1' year to month", "select interval '1 2' day to second", "select decimal '1'",
    "select aaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbb, date 'x', cccccccccccccccccccccccccccc, dddddddddddddd from t",
    *(f"select {'a' * n}, date 'x', {'b' * n} from t" for n in range(15, 36, 2)),
    *(f"{' ' * n}select date 'x'{' ' * n}" for n in range(20, 36, 3)),
    "select a,\n  b, date 'x',\n  c from t", "select a,\n  b, date\n 'x',\n  c from t", "select 1,\n\n  date 'x'",
    "select\n  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b c\nfrom t",
    "with a as (select 1), a as (select 2) select * from a", "select 123456789012345678901234567890123456789",
)  # fmt: skip

WRONG_EXPRESSIONS = (
    "a = ", "a b c", "(a", "a)", "", "a +", "f(", "f(a", "a > > b", "1 2", "case a end", "cast(a as)", "cast(a as foo)",
    "a in (", "a in ()", "a not b", "'abc", "a as b c", "a as 1", "`a", "a..b", "a.", ".a", "a[", "a[0", "x -> ", "select 1",
    "a > 1 ; b", "a &&& b", "a === b", "a && b", "a <", "age > > 13", "age >", "age >> ", "age = '", "age == 13 )", "@a",
    "if(a, b", "substring(a from)", "extract(year a)", "a-b-", "age > 13 and", "age > 13 or or b",
)  # fmt: skip

TYPES = (
    "array<int>", "ARRAY < int >", "decimal(10,2)", "decimal", "decimal(5)", "dec(5, 2)", "numeric(39,2)", "decimal(5,7)",
    "decimal(5,2,1)", "char", "varchar", "char(5)", "varchar(5)", "character(7)", "string(5)", "int(5)",
    "struct<a: int not null comment 'x', b string>", "struct<>", "struct< >", "struct<a int", "struct<a.b: int>",
    "struct<a-b: int>", "array", "map", "struct", "map<int>", "map<string,array<int>>", "map<string,array<array<int>>>",
    "array<map<string,array<int>>>", "interval", "interval day", "interval day to second", "interval second to day",
    "interval day to day", "interval year to month", "interval month to year", "interval month to month",
    "interval year to second", "interval hour to minute", "foo", "foo(1)", "", "timestamp_ltz", "timestamp_ntz", "variant",
    "void", "null", "real", "byte", "short", "long", "integer", "tinyint", "smallint", "bigint", "double", "float", "binary",
    "boolean", "date", "timestamp", "string", "int int", "array<int", "array<foo>", "object", "uuid",
    "timestamp without time zone", "struct<select:int,from:string>", "struct<`a b`:int>",
)  # fmt: skip

SCHEMAS = (
    "a int, b string not null", "a int", "a: int", "a int comment 'hi', b int", "a int not null comment 'hi'",
    "a int comment 'hi' not null", "int", "array<int>", "a", "a.b int", "`a b` int", "a-b int", "a int,", "a int b int",
    "a int default 5", "a int generated always as (1)", "select int, from string", "1a int",
    "a array<struct<b:int,c:map<string,double>>>", "日本 int", "a int not null not null", "a int\nb int", '"a" int', "a int; ",
    "a foo, b int", "", "struct<a:int>", "name STRING, age INT, ts TIMESTAMP, tags ARRAY<STRING>",
)  # fmt: skip

NAMES = (
    "a.b.`c d`", "a", "a.`b``c`", "`a.b`.c", "a..b", "a.", ".a", "`a", "a`b`", "`a`b", "", "a b", "a.b c", "`a`.", "a[0]",
)  # fmt: skip
