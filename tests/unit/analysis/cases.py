"""Questions to Spark's analyzer: queries over the views of `VIEWS`, and writes of streams."""

from __future__ import annotations

VIEWS = {
    "t": "a int, b string, m map<string,int>, arr array<int>, s struct<f:int,g:string>, d double, ts timestamp, c bigint",
    "u": "a int, x string, y double",
}

# What resolves: the schema is recorded.
QUERIES = """
select * from t
select a, b as x, a+1, upper(b), s.f, s.*, m['k'], arr[0] from t
select t.a, T.B from t where a > 1 and b like 'x%'
select A, S.F, s.g AS G2 from t
select -a, +a, ~a, a % 2, a / 2, a div 2, a * c, a - d, 1 + 1.5, 1.5 * 2.25, a & 1, a | 1, a ^ 1 from t
select a = 1, a == 1, a <=> 1, a != 1, a <> 1, a < c, a <= d, not (a > 1), a > 1 and b = 'x', a > 1 or d < 2 from t
select a in (1, 2), a not in (1, 2), b in ('x'), a between 1 and 2, a not between 1 and 2, a is null, a is not null from t
select b like 'x%', b not like 'x', b rlike 'x', b ilike 'X', b like 'a!%' escape '!' from t
select case when a > 1 then 'x' else b end, case a when 1 then 2 when 2 then 3 end, if(a > 1, 1, 2), nvl(a, 0), nullif(a, 1), coalesce(a, c, 1) from t
select cast(a as string), cast(b as int), try_cast(b as int), a::string, int(b), cast(d as decimal(10,2)), cast(b as date), cast(arr as array<string>), cast(s as struct<f:bigint,g:string>) from t
select 'x', 1, 1.5, 1e3, 2.5d, 3f, 4L, 5S, 6Y, true, null, X'1F', date'2020-01-02', timestamp'2020-01-02 03:04:05', timestamp_ntz'2020-01-02 03:04:05.1', interval 1 day, interval '1-2' year to month, interval '1 02:03:04.5' day to second
select array(1, 2), array(1, 2.5), array('a', null), map('a', 1, 'b', 2L), struct(a, b), struct(a, a+1, b as z), named_struct('p', a, 'q', b), array() , map() from t
select concat(b, '-', a), concat_ws(',', b, 'x'), b || 'y', substring(b, 1, 2), substr(b, 2), trim(b), ltrim(b), length(b), lower(b), split(b, ','), split(b, ',')[0], replace(b, 'x', 'y'), lpad(b, 5, '0'), instr(b, 'x'), locate('x', b), regexp_replace(b, 'x', 'y'), regexp_extract(b, '(x)', 1) from t
select abs(a), sqrt(a), round(d, 2), round(d), floor(d), ceil(d), pow(a, 2), power(a, 2), exp(d), ln(d), log(d), log10(d), greatest(a, c), least(a, d), sign(d), rand(1), a % 3, mod(a, 3), pmod(a, 3) from t
select current_date(), current_timestamp(), now(), year(ts), month(ts), dayofmonth(ts), hour(ts), date_add(ts, 1), datediff(ts, ts), date_format(ts, 'yyyy'), to_date(b), to_timestamp(b), to_timestamp(b, 'yyyy'), unix_timestamp(ts), from_unixtime(c), date_trunc('day', ts), trunc(ts, 'MM'), add_months(ts, 1), last_day(ts), next_day(ts, 'MON') from t
select ts + interval 1 day, ts - interval 1 hour, ts - ts, date'2020-01-01' + 1, date'2020-01-01' - date'2019-01-01', date'2020-01-01' + interval 1 month, ts > '2020-01-01', ts = date'2020-01-01', interval 1 day * 2, interval 1 day / 2 from t
select size(arr), cardinality(m), array_contains(arr, 1), sort_array(arr), element_at(arr, 1), element_at(m, 'k'), map_keys(m), map_values(m), array_distinct(arr), flatten(array(arr, arr)), explode(arr) from t
select transform(arr, x -> x + 1), filter(arr, (x, i) -> i > 0), aggregate(arr, 0, (acc, x) -> acc + x), exists(arr, x -> x > 1), transform_values(m, (k, v) -> v + 1) from t
select count(*), count(1), count(a), count(a, b), count(distinct a), sum(a), sum(d), sum(cast(a as decimal(10,2))), avg(a), avg(cast(a as decimal(10,2))), min(b), max(ts), first(a), last(a, true), collect_list(a), collect_set(b), stddev(a), variance(d), corr(a, d), approx_count_distinct(a), sum(distinct a), sum(d) filter (where a > 1), bool_and(a > 1), any_value(a), median(a), percentile(a, 0.5), max_by(a, b), count_if(a > 1) from t
select a, count(*), sum(d) from t group by a having sum(d) > 1 order by max(c)
select a+1 as k, count(1) from t group by k
select a, count(*) c from t group by 1 order by 2 desc
select a+1, a+1+sum(c), (a+1)*2 from t group by a+1
select sum(a)+1, max(a)-min(a) from t
select b, sum(a) from t group by all
select a, b, count(*) from t group by rollup(a, b)
select a, b, count(*) from t group by cube(a, b)
select a, b, sum(c) from t group by grouping sets ((a, b), (a), ())
select a, grouping(a), grouping_id(), sum(d) from t group by a, b with cube
select a, row_number() over (partition by a order by b) rn, sum(d) over () from t
select row_number() over (partition by a order by b desc), rank() over (order by a), dense_rank() over (order by a, b), ntile(2) over (order by a), percent_rank() over (order by a), cume_dist() over (order by a), lag(a) over (order by b), lead(a, 2, 0) over (order by b), first_value(a) over (order by b), sum(a) over (order by b rows between 1 preceding and 1 following), sum(a) over (order by a range between 2 preceding and current row), avg(d) over (partition by a), count(*) over (partition by a order by ts range between interval 1 day preceding and current row), nth_value(a, 2) over (order by b) from t
select a, sum(sum(c)) over (order by a) from t group by a
select * from t join u using (a)
select t.a, u.a, x from t join u using (a)
select * from t left join u using (a)
select * from t right join u using (a)
select * from t full join u using (a)
select a from t left semi join u using (a)
select t.a, u.a, x from t left join u on t.a = u.a
select t.*, u.x from t full outer join u on t.a = u.a
select * from t natural join u
select t.a from t cross join u
select t.a from t left anti join u on t.a = u.a
select a from t union all select a from u
select a from t union all select y from u
select a, b from t union select a, x from u
select a from t intersect select a from u
select a from t except select a from u
select a from t except all select a from u
select null as n union all select 1
select array(1) union all select array(2.5)
select 1 x, x + 1 as y, y + 1
select a as q, q + 1, sum(a) over () from t
select a as q, sum(c) as w, w + 1 from t group by a
select explode(arr) from t
select a, explode(arr) as e from t
select posexplode(arr) from t
select explode(m) from t
select explode_outer(m) as (k, v) from t
select inline(array(struct(1 as p, 'a' as q)))
select stack(2, 1, 'a', 2, 'b')
select json_tuple(b, 'x', 'y') from t
select a, e from t lateral view explode(arr) v as e
select a, v.* from t lateral view outer posexplode(arr) v as p, e
select t.a, l.k from t, lateral (select t.a + 1 as k) l
select a from t where a in (select a from u)
select a from t where (a, d) in (select a, y from u)
select a in (select a from u) from t
select (select max(y) from u where u.a = t.a) from t
select (select max(y) from u) + 1 as z from t
select a from t where exists (select 1 from t t2 where t2.a = t.a)
select exists (select 1 from u) from t
with q as (select a from t) select * from q x join q y on x.a = y.a
with q as (select a from t), r as (select a + 1 as b from q) select * from r
select * from values (1, 'a'), (2, null) as v(p, q)
select * from values (1), (2.5)
values (1, 'a')
select * from range(3)
select * from range(1, 10, 2) as r(n)
select * from explode(array(1, 2))
select b from t order by a, upper(b)
select distinct a from t order by a
select distinct a, b from t
select * from t unpivot (v for n in (a, c))
select * from t unpivot include nulls (v for n in (a as x, c as y))
select * from (select a, b, d from t) pivot (sum(d) for b in ('x', 'y'))
select * from (select a, b, d from t) pivot (sum(d) as s, avg(d) for b in ('x' as xx, 'y'))
select t.* except (m, arr) from t
select * except (s.f) from t
select window(ts, '10 minutes'), count(*) from t group by window(ts, '10 minutes')
select window.start, count(*) from t group by window(ts, '10 minutes', '3 minutes'), a
select session_window(ts, '5 minutes'), a, count(*) from t group by session_window(ts, '5 minutes'), a
select window(ts, '1 day') w, a from t
select a from t limit 1 + 1
select a from t limit 5 offset 2
select t2.a, t2.b from (select a, b from t) t2 where t2.a > 1
select a from t tablesample (10 percent)
select count(*) from t having count(*) > 1
select max(a) from t where a > (select avg(a) from u)
select a, (select count(*) from u where u.a = t.a) c from t order by c
select a from t group by a, b order by b
select a as b, b as a from t order by b
select sum(a) s from t group by b order by s
select struct(*) from t
select count(t.*) from u t
select a from t where b = 1
select date'2020-01-01' < '2020-02-01', 1 < '2', 1.5 = '1.5', true = 'true', X'00' = 'a'
select 1 + '1', '1' * 2, '5' / 2, '7' % 3, '3' div 2
select 1 + null, null + null, null = 1, null and true, concat(null, 'a'), array(null), coalesce(null, null)
select cast(1 as decimal(10,2)) + cast(1 as decimal(5,4)), cast(1 as decimal(38,10)) * cast(1 as decimal(38,10)), cast(1 as decimal(10,2)) / 3, cast(1 as decimal(10,2)) % 3, cast(1 as decimal(10,2)) * 2, cast(1 as decimal(10,2)) + 1.5d, cast(1 as decimal(10,2)) = 1
select 1Y + 1S, 1S + 1, 1 + 1L, 1L + 1f, 1 + 1f, 1f + 1d, 1 / 2, 1L / 2L, 1f / 2f
select greatest(1, 2.5), greatest(1, 2L), least('a', 'b'), coalesce(1, 'a'), coalesce(date'2020-01-01', timestamp'2020-01-01'), if(true, 1, 'a'), case when true then 1.5 else 2 end
select exists(select 1 from t t2 where t2.a = t.a) from t
select a in (select a from t t2 where t2.b = t.b) from t
select date'2020-01-01' - 1, 1 + date'2020-01-01', interval 1 day + timestamp'2020-01-01 00:00:00', interval 1 day + interval 1 hour
select count(a) over w from t window w as (partition by b)
select a as `x y`, `x y` + 1 from t
select extract(year from date'2020-01-01'), position('a' in 'b'), trim(both 'x' from 'xax'), cast(null as int), floor(1.5)
select any(a > 1), some(a > 1), every(a > 1), mode(a), percentile_cont(0.5) within group (order by a) from t
select cast(s.f as bigint), cast(a + 1 as string), cast(a as bigint) from t
""".strip().split("\n")

# What does not: condition and parameters are recorded.
MISTAKES = """
select nope from t
select t.nope from t
select x.a from t
select a, b from t group by a
select a from t group by sum(a)
select a, count(*) from t
select sum(sum(a)) from t
select a from t group by 5
select a, count(*) from t group by 2
select a from t order by 3
select a from t join u on t.a = u.a
select t.a from t join u using (zzz)
select a from t union all select a, x from u
select arr from t union all select a from u
select nofn(a) from t
select upper(b, b) from t
select upper() from t
select substring(arr, 1) from t
select arr + 1 from t
select b + b from t
select a + true from t
select not a from t
select a and true from t
select a from t where a
select a from t where sum(a) > 1
select a from t where row_number() over (order by a) = 1
select row_number() from t
select row_number() over () from t
select upper(b) over () from t
select sum(distinct a) over () from t
select cast(arr as int) from t
select cast(1 as date)
select cast(true as timestamp)
select s.nope from t
select a.b from t
select m.x from t
select arr.x from t
select arr['x'] from t
select m[array(1)] from t
select * from nope
select * from a.b.c
select nope.* from t
select a from t order by m
select distinct m from t
select m, count(*) from t group by m
select explode(a) from t
select explode(arr), explode(arr) from t
select explode(arr) + 1 from t
select explode(arr) as (p, q) from t
select (select a, b from t)
select a from t where a in (select a, x from u)
select a from t where a in (select m from t)
select a from t limit -1
select a from t limit 'x'
select a from t limit null
select window(a, '1 day') from t
select count(a, b) filter (where a) from t
select upper(distinct b) from t
select case when a then 1 end from t
select case when true then 1 else array(1) end
select coalesce(1, array(1))
select array(1, map(1, 2))
select 1 in (array(1))
select element_at(a, 1) from t
select transform(a, x -> x) from t
select transform(arr, (x, y, z) -> x) from t
select a as q, a as q, q + 1 from t
select * from range('x')
select * from nofunc(1)
select * from values (1, 2), (3)
select * from values (1), (array(1))
select grouping(a) from t
select a, grouping(b) from t group by rollup(a)
with q as (select 1), q as (select 2) select * from q
select * from t pivot (sum(d) for b in (1))
select greatest(1, array(1))
select greatest(1)
select max(m) from t
select lag(a) from t
select a, sum(c) over (order by b range between 1 preceding and current row) from t
select a, sum(c) over (order by a, b range between 1 preceding and current row) from t
select interval 1 day + interval 1 month
select date_add(1, 1)
select a from t having a > 1
select a, sum(c) from t group by a having b > 1
select a from t group by a order by b
select sum(a) from t order by a
select a from (select a, a from t)
select mask(nope => 'x')
select upper(str => 'x')
""".strip().split("\n")

# Streams: `s` and `r` are sources of (timestamp, value); `sw` and `rw` the same with a watermark of 10 seconds; `t` is a batch.
STREAMS = [
    ("append", "select value + 1 from s"),
    ("update", "select value from s where value > 1"),
    ("complete", "select value from s"),
    ("append", "select value, count(*) from s group by value"),
    ("update", "select value, count(*) from s group by value"),
    ("complete", "select value, count(*) from s group by value"),
    ("append", "select value, count(*) from sw group by value"),
    ("append", "select window(timestamp, '10 seconds'), count(*) from sw group by 1"),
    ("append", "select window(timestamp, '10 seconds', '5 seconds') w, count(*) from sw group by window(timestamp, '10 seconds', '5 seconds')"),
    ("append", "select window(timestamp, '10 seconds'), count(*) from s group by 1"),
    ("append", "select timestamp, count(*) from sw group by timestamp"),
    ("append", "select date_trunc('hour', timestamp), count(*) from sw group by 1"),
    ("update", "select session_window(timestamp, '10 seconds'), count(*) from sw group by 1"),
    ("append", "select session_window(timestamp, '10 seconds'), value, count(*) from sw group by 1, value"),
    ("append", "select value from s order by value"),
    ("update", "select value, count(*) from s group by value order by 1"),
    ("complete", "select value, count(*) from s group by value order by 1"),
    ("append", "select value from s limit 5"),
    ("update", "select value from s limit 5"),
    ("append", "select value from s limit 5 offset 2"),
    ("append", "select count(distinct value) from s"),
    ("update", "select count(distinct value) from s"),
    ("append", "select row_number() over (partition by value order by timestamp) as n from s"),
    ("append", "select value from s union all select value from r"),
    ("append", "select value from s union all select c from t"),
    ("append", "select value from s except select value from r"),
    ("append", "select value from s intersect select value from r"),
    ("append", "select s.value from s join t on s.value = t.c"),
    ("append", "select s.value from s left join t on s.value = t.c"),
    ("append", "select s.value from s right join t on s.value = t.c"),
    ("append", "select s.value from s full join t on s.value = t.c"),
    ("append", "select t.c from t left join s on s.value = t.c"),
    ("append", "select t.c from t left semi join s on s.value = t.c"),
    ("append", "select s.value from s left anti join r on s.value = r.value"),
    ("append", "select s.value from s join r on s.value = r.value"),
    ("update", "select s.value from s join r on s.value = r.value"),
    ("update", "select sw.value from sw left join rw on sw.value = rw.value and sw.timestamp = rw.timestamp"),
    ("update", "select sw.value from sw left semi join rw on sw.value = rw.value and sw.timestamp = rw.timestamp"),
    ("append", "select s.value from s left join r on s.value = r.value"),
    ("append", "select sw.value from sw left join rw on sw.value = rw.value and sw.timestamp = rw.timestamp"),
    ("append", "select sw.value from sw left join rw on sw.value = rw.value and sw.timestamp >= rw.timestamp and sw.timestamp <= rw.timestamp + interval 1 hour"),
    ("append", "select sw.value from sw left join rw on sw.value = rw.value and sw.timestamp <= rw.timestamp"),
    ("append", "select sw.value from sw full join rw on sw.value = rw.value"),
    ("append", "select sw.value from sw left semi join rw on sw.value = rw.value and sw.timestamp > rw.timestamp - interval 1 minute"),
    ("update", "select n, count(*) from (select value, count(*) n from s group by value) group by n"),
    ("complete", "select n, count(*) from (select value, count(*) n from s group by value) group by n"),
    ("append", "select w, count(*) from (select window(timestamp, '5 seconds') w, value from sw group by 1, 2) group by w"),
    ("append", "select monotonically_increasing_id() from s"),
    ("append", "select value, timestamp from s tablesample (10 percent)"),
    ("append", "select a from t"),
]  # fmt: skip
