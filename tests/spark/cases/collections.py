"""Arrays, maps, structs, lambdas, JSON, CSV, generators."""

from __future__ import annotations

from typing import Any

from spark.oracle.table import Table

CASES = Table()

CASES.expressions(
    "array",
    r"""
size(array(1, 2))
size(null)
size(map('a', 1))
cardinality(array(1))
array_size(array(1))
array_contains(array(1, 2), 2)
array_contains(array(1, null), 2)
array_contains(array(1, null), 1)
array_contains(null, 1)
array_contains(array(1), null)
array_contains(array('a'), 1)
array_contains(array(1, 2), 2.0)
array_position(array(3, 2, 1), 1)
array_position(array(3, 2, 1), 5)
array_position(array(null, 1), 1)
array_distinct(array(1, 2, 1, null, null))
array_distinct(array('b', 'a', 'b'))
array_distinct(array(double('NaN'), double('NaN'), 0.0D, -0.0D))
array_union(array(1, 2), array(2, 3, null))
array_intersect(array(1, 2, 2, null), array(2, null))
array_except(array(1, 2, 2, null), array(2))
array_join(array('a', 'b', null), '-')
array_join(array('a', 'b', null), '-', '?')
array_join(array(1, 2), ',')
array_max(array(1, 3, null))
array_min(array(1, 3, null))
array_max(array(1.5D, double('NaN')))
array_max(array())
array_remove(array(1, 2, null, 2), 2)
array_remove(array(1, 2), null)
array_repeat('a', 3)
array_repeat('a', -1)
array_repeat(null, 2)
array_append(array(1), 2)
array_append(null, 2)
array_prepend(array(1), 2)
array_insert(array(1, 2, 3), 2, 9)
array_insert(array(1, 2, 3), -1, 9)
array_insert(array(1), 5, 9)
array_insert(array(1), 0, 9)
array_compact(array(1, null, 2))
array_sort(array(3, null, 1))
array_sort(array('b', null, 'a'))
array_sort(array(3, 1, 2), (l, r) -> r - l)
array_sort(array('bc', 'a'), (l, r) -> CASE WHEN length(l) < length(r) THEN -1 WHEN length(l) > length(r) THEN 1 ELSE 0 END)
sort_array(array(3, null, 1))
sort_array(array(3, null, 1), false)
sort_array(array('b', 'A', 'a'))
sort_array(array(1.5D, double('NaN'), -1D))
sort_array(array(struct(2, 'a'), struct(1, 'b')))
arrays_overlap(array(1, 2), array(2))
arrays_overlap(array(1, null), array(2))
arrays_overlap(array(1), array(2))
arrays_zip(array(1, 2), array('a'))
arrays_zip(array(1), null)
arrays_zip(array(1, 2), array(3, 4), array(5, 6))
slice(array(1, 2, 3, 4), 2, 2)
slice(array(1, 2, 3, 4), -2, 2)
slice(array(1, 2), 5, 2)
slice(array(1, 2), 0, 2)
slice(array(1, 2), 1, -1)
flatten(array(array(1, 2), array(3), array()))
flatten(array(array(1), null))
sequence(1, 5)
sequence(5, 1)
sequence(1, 10, 3)
sequence(5, 1, -2)
sequence(1, 5, -1)
sequence(1, 5, 0)
sequence(1L, 3)
sequence(DATE '2024-01-01', DATE '2024-01-03')
sequence(DATE '2024-01-31', DATE '2024-04-30', INTERVAL 1 MONTH)
sequence(TIMESTAMP '2024-01-01 00:00:00', TIMESTAMP '2024-01-01 12:00:00', INTERVAL 6 HOURS)
shuffle(array(1))
element_at(array(1, 2, 3), 2)
element_at(array(1, 2, 3), -1)
element_at(array(1, 2, 3), 5)
element_at(array(1, 2, 3), 0)
element_at(map('a', 1), 'a')
element_at(map('a', 1), 'b')
try_element_at(array(1), 5)
try_element_at(map('a', 1), 'b')
get(array(1, 2), 0)
get(array(1, 2), 5)
get(array(1, 2), -1)
array(1, 2)[0]
array(1, 2)[2]
array(1, 2)[-1]
array(1, 2)[null]
map('a', 1)['a']
map('a', 1)['b']
map(1, 'x')[1]
map(1, 'x')['1']
array(struct(1 AS x), struct(2 AS x)).x
array('a', 'b')[1]
array(array(1, 2), array(3))[1][0]
concat(array(1, 2), array(3))
reverse(array(1, null))
array_agg(1)
""",
    ansi_off=True,
)
CASES.expressions(
    "map",
    r"""
map_keys(map('a', 1, 'b', 2))
map_values(map('a', 1, 'b', null))
map_entries(map('a', 1))
map_from_arrays(array('a', 'b'), array(1, 2))
map_from_arrays(array('a', 'b'), array(1))
map_from_arrays(array('a', null), array(1, 2))
map_from_entries(array(struct('a', 1), struct('b', 2)))
map_concat(map('a', 1), map('b', 2))
map_concat(map('a', 1), map('a', 2))
map_concat()
map_contains_key(map('a', 1), 'a')
map_contains_key(map(1, 'a'), 2)
str_to_map('a:1,b:2')
str_to_map('a=1&b=2', '&', '=')
str_to_map('a')
str_to_map('a:1,a:2')
str_to_map('')
str_to_map(null)
map_filter(map('a', 1, 'b', 2), (k, v) -> v > 1)
transform_keys(map('a', 1), (k, v) -> upper(k))
transform_keys(map('a', 1, 'b', 2), (k, v) -> 'x')
transform_values(map('a', 1), (k, v) -> v + 1)
map_zip_with(map('a', 1), map('a', 2, 'b', 3), (k, v1, v2) -> coalesce(v1, 0) + v2)
map('a', 1, 'b', 'x')
map('a', 1).a
map(1.5, 'a', 2, 'b')
map('a')
""",
)
CASES.expressions(
    "lambda",
    r"""
transform(array(1, 2, 3), x -> x + 1)
transform(array(1, 2, 3), (x, i) -> x * i)
transform(array(1, null), x -> x + 1)
transform(array('a', 'b'), x -> upper(x))
transform(array(), x -> 1)
transform(null, x -> x)
transform(array(array(1, 2), array(3)), a -> transform(a, x -> x * 10))
filter(array(1, 2, 3), x -> x > 1)
filter(array(1, null, 3), x -> x > 1)
filter(array(0, 2, 3), (x, i) -> x > i)
filter(array(1, 2), x -> null)
exists(array(1, 2), x -> x > 1)
exists(array(1, null), x -> x > 1)
exists(array(2, null), x -> x > 1)
any_match(array(1), x -> true)
forall(array(1, 2), x -> x > 0)
forall(array(1, null), x -> x > 0)
forall(array(), x -> false)
aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x)
aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x, acc -> acc * 10)
aggregate(array(1, null, 3), 0, (acc, x) -> acc + x)
aggregate(array('a', 'b'), '', (acc, x) -> acc || x)
aggregate(array(1.5, 2), 0, (acc, x) -> acc + x)
reduce(array(1, 2, 3), 0L, (acc, x) -> acc + x)
zip_with(array(1, 2), array('x', 'y', 'z'), (a, b) -> concat(coalesce(a, 0), b))
zip_with(array(1, 2), array(3, 4), (a, b) -> struct(a, b))
transform(array(1), x -> y)
transform(array(1), (x, y, z) -> x)
filter(array(1), x -> x)
""",
)
CASES.expressions(
    "struct",
    r"""
struct(1, 2).col1
named_struct('a', 1, 'b', 'x').b
named_struct('a', 1).c
named_struct('a', 1, 'A', 2).a
named_struct('a')
named_struct('a', named_struct('b', 5)).a.b
struct(1 AS a, 2 AS a)
struct(*) FROM VALUES (1, 2) AS t(a, b)
""",
)
CASES.expressions(
    "json",
    r"""
get_json_object('{"a": {"b": 1}}', '$.a.b')
get_json_object('{"a": {"b": 1}}', '$.a')
get_json_object('{"a": [1, 2, 3]}', '$.a[1]')
get_json_object('{"a": [{"b": 1}, {"b": 2}]}', '$.a[*].b')
get_json_object('{"a": [1,2]}', '$.a[*]')
get_json_object('{"a": "x"}', '$.a')
get_json_object('{"a": null}', '$.a')
get_json_object('{"a": 1}', '$.b')
get_json_object('{"a": 1}', 'a')
get_json_object('{"a": 1.50}', '$.a')
get_json_object('{"a": 1e3}', '$.a')
get_json_object('{"a": "q\\"x"}', '$.a')
get_json_object('{"a b": 1}', "$['a b']")
get_json_object('not json', '$.a')
get_json_object('[1, 2]', '$[0]')
get_json_object('{"a": true}', '$.a')
get_json_object('{"a":1}', '$')
get_json_object(null, '$.a')
json_tuple('{"a": 1, "b": "x"}', 'a', 'b')
json_array_length('[1, 2, 3]')
json_array_length('{}')
json_object_keys('{"a": 1, "b": 2}')
from_json('{"a": 1, "b": 0.8}', 'a INT, b DOUBLE')
from_json('{"a": "1"}', 'a INT')
from_json('{"a": 1.5}', 'a INT')
from_json('{"a": 1}', 'a STRING')
from_json('{"a": {"x": 1}}', 'a STRING')
from_json('{"a": [1, "x"]}', 'a STRING')
from_json('{"a": true}', 'a STRING')
from_json('{"a": 1e3}', 'a STRING')
from_json('{"a": "x"}', 'a BOOLEAN')
from_json('{"a": 1.50}', 'a DECIMAL(5,2)')
from_json('{"a": "1.50"}', 'a DECIMAL(5,2)')
from_json('{"a": 12345678}', 'a DECIMAL(5,2)')
from_json('{"a": 3000000000}', 'a INT')
from_json('{"a": 1}', 'a DOUBLE')
from_json('{"a": "NaN"}', 'a DOUBLE')
from_json('{"a": NaN}', 'a DOUBLE')
from_json('{"a": "2024-02-29"}', 'a DATE')
from_json('{"a": "2024-02-30"}', 'a DATE')
from_json('{"a": "29.02.2024"}', 'a DATE', map('dateFormat', 'dd.MM.yyyy'))
from_json('{"a": "2024-02-29 13:04:05"}', 'a TIMESTAMP')
from_json('{"a": "2024-02-29T13:04:05.123Z"}', 'a TIMESTAMP')
from_json('{"a": "29/02/2024 13:04"}', 'a TIMESTAMP', map('timestampFormat', 'dd/MM/yyyy HH:mm'))
from_json('{"a": 1709211845}', 'a TIMESTAMP')
from_json('{"a": [1, 2]}', 'a ARRAY<INT>')
from_json('{"a": 1}', 'a ARRAY<INT>')
from_json('{"a": {"x": 1, "y": 2}}', 'a MAP<STRING,INT>')
from_json('{"a": {"x": 1}}', 'a STRUCT<x: INT, y: INT>')
from_json('{"a": "AQI="}', 'a BINARY')
from_json('[1, 2]', 'ARRAY<INT>')
from_json('[{"a": 1}, {"a": 2}]', 'ARRAY<STRUCT<a: INT>>')
from_json('[{"a": 1}, {"a": 2}]', 'a INT')
from_json('{"a": 1}', 'ARRAY<STRUCT<a: INT>>')
from_json('{"a": 1}', 'MAP<STRING,INT>')
from_json('{"a": 1', 'a INT')
from_json('bad', 'a INT')
from_json('', 'a INT')
from_json(' ', 'a INT')
from_json(null, 'a INT')
from_json('null', 'a INT')
from_json('{}', 'a INT')
from_json('{"A": 1}', 'a INT')
from_json('{"a": 1, "a": 2}', 'a INT')
from_json('{"a": null}', 'a INT NOT NULL')
from_json('{"a": 1} x', 'a INT')
from_json('{"a": 1}{"a": 2}', 'a INT')
from_json('{"a": 1, "b": "x"}', 'a INT, b INT')
from_json('{"a": "x", "b": 2}', 'a INT, b INT')
from_json('bad', 'a INT, _corrupt_record STRING')
from_json('{"a": "x"}', 'a INT, _corrupt_record STRING')
from_json('bad', 'a INT', map('mode', 'FAILFAST'))
from_json('{"a": "x"}', 'a INT', map('mode', 'FAILFAST'))
from_json('{"a": 1, "b": "x"}', 'a INT, b INT', map('mode', 'FAILFAST'))
from_json('{"a": "q", "b": [1, 2], "c": "x"}', 'a STRING, b ARRAY<INT>, c INT', map('mode', 'FAILFAST'))
from_json('{"a": {"p": 1.5}, "d": "2024-01-01", "c": "x"}', 'a STRUCT<p: DOUBLE>, d DATE, c INT, t BOOLEAN', map('mode', 'FAILFAST'))
from_json('{"a": 1, "b": "x"}', 'a INT, b INT, _corrupt_record STRING', map('mode', 'FAILFAST'))
from_json('[1, "x"]', 'ARRAY<INT>', map('mode', 'FAILFAST'))
from_json('bad', 'MAP<STRING, INT>', map('mode', 'FAILFAST'))
from_json('bad', 'a INT', map('mode', 'DROPMALFORMED'))
from_json("{'a': 1}", 'a INT')
from_json("{'a': 1}", 'a INT', map('allowSingleQuotes', 'false'))
from_json('{a: 1}', 'a INT')
from_json('{a: 1}', 'a INT', map('allowUnquotedFieldNames', 'true'))
from_json('{"a": 01}', 'a INT')
from_json('{"a": 01}', 'a INT', map('allowNumericLeadingZeros', 'true'))
from_json('/* c */ {"a": 1}', 'a INT', map('allowComments', 'true'))
from_json('{"a": 1}', 'a STRING', map('primitivesAsString', 'true'))
from_json('{"a": "\u017e \\u017e \\n"}', 'a STRING')
from_json('{"a": 1}', schema_of_json('{"a": 1}'))
from_json('{"a": 1}', 'foo bar baz')
schema_of_json('{"a": 1, "b": [1.5], "c": {"d": "x"}, "e": null}')
schema_of_json('[1, 2.5]')
schema_of_json('[{"a": 1}, {"b": true}]')
to_json(named_struct('a', 1, 'b', 'x'))
to_json(named_struct('a', null, 'b', 2))
to_json(named_struct('a', null), map('ignoreNullFields', 'false'))
to_json(map('k', 1, 'n', null))
to_json(array(1, null))
to_json(array(struct(1 AS a)))
to_json(named_struct('d', 1.0D, 'f', 1.5F, 'm', 1.50, 'e', 1e20, 'z', 1e-5))
to_json(named_struct('n', double('NaN'), 'i', double('Infinity')))
to_json(named_struct('t', TIMESTAMP '2024-02-29 13:04:05.678', 'd', DATE '2024-02-29'))
to_json(named_struct('t', TIMESTAMP '2024-02-29 13:04:05'), map('timestampFormat', 'dd/MM/yyyy'))
to_json(named_struct('t', TIMESTAMP_NTZ '2024-02-29 13:04:05.678901'))
to_json(named_struct('s', 'q"\\ \n\t / ž 😀'))
to_json(named_struct('b', X'0102', 'o', true))
to_json(named_struct('m', map('a', array(1, 2)), 's', struct(1)))
to_json(null)
to_json(1)
to_json(named_struct())
to_json(struct(1 AS a), map('pretty', 'true'))
""",
)
CASES.expressions(
    "csv",
    r"""
from_csv('1,0.8', 'a INT, b DOUBLE')
from_csv('1', 'a INT, b DOUBLE')
from_csv('1,2,3', 'a INT, b INT')
from_csv('x,1', 'a INT, b INT')
from_csv('', 'a INT')
from_csv(null, 'a INT')
from_csv('a;b', 'a STRING, b STRING', map('sep', ';'))
from_csv('"a,b",c', 'a STRING, b STRING')
from_csv(' a , b ', 'a STRING, b STRING')
from_csv(' a , b ', 'a STRING, b STRING', map('ignoreLeadingWhiteSpace', 'true'))
from_csv('29/02/2024', 'a DATE', map('dateFormat', 'dd/MM/yyyy'))
from_csv('2024-02-29T13:04:05', 'a TIMESTAMP')
from_csv('x', 'a INT, _corrupt_record STRING', map('columnNameOfCorruptRecord', '_corrupt_record'))
from_csv('x', 'a INT', map('mode', 'FAILFAST'))
from_csv('1,x,2024-01-01,true,1.5', 'a INT, b INT, c DATE, d BOOLEAN, e DOUBLE', map('mode', 'FAILFAST'))
from_csv('true,1.50', 'a BOOLEAN, b DECIMAL(5,2)')
schema_of_csv('1,abc,2.5')
to_csv(named_struct('a', 1, 'b', 'x'))
to_csv(named_struct('a', null, 'b', ''))
to_csv(named_struct('a', 'x,y', 'b', 'q"q', 'c', 'line\nbreak'))
to_csv(named_struct('t', TIMESTAMP '2024-02-29 13:04:05', 'd', DATE '2024-02-29', 'f', 1.0D))
to_csv(named_struct('a', 1, 'b', 2), map('sep', '|'))
to_csv(named_struct('a', array(1)))
""",
)
CASES.queries(
    "generator",
    """
SELECT explode(array(1, 2))

SELECT explode(array(1, null)) AS v

SELECT explode(map('a', 1, 'b', 2))

SELECT explode(map('a', 1)) AS (k, v)

SELECT id, explode(a) FROM nested

SELECT id, explode_outer(a) AS v FROM nested

SELECT id, posexplode(a) FROM nested

SELECT id, posexplode_outer(a) AS (p, v) FROM nested

SELECT id, explode(m) FROM nested

SELECT id, inline(aa) FROM nested

SELECT id, inline_outer(aa) FROM nested

SELECT stack(2, 1, 'a', 2, 'b')

SELECT stack(2, 1, 2, 3) AS (x, y)

SELECT json_tuple('{"a": 1, "b": {"c": 2}}', 'a', 'b', 'z') AS (a, b, z)

SELECT explode(null)

SELECT explode(1)

SELECT explode(array()) AS v

SELECT explode(array(1, 2)) + 1

SELECT explode(array(1)), explode(array(2))

SELECT explode(explode(array(array(1))))

SELECT id FROM nested WHERE explode(a) = 1

SELECT id, v FROM nested LATERAL VIEW explode(a) t AS v

SELECT id, v FROM nested LATERAL VIEW OUTER explode(a) t AS v

SELECT id, p, v, k FROM nested LATERAL VIEW posexplode(a) AS p, v LATERAL VIEW explode(map_keys(m)) AS k

SELECT id, e.k, e.v FROM nested LATERAL VIEW explode(aa) AS e

SELECT * FROM explode(array(10, 20))

SELECT * FROM explode(array(10, 20)) AS t(x)

SELECT * FROM range(3)

SELECT * FROM range(1, 10, 3) AS r(n)

SELECT n.id, t.v FROM nested n, LATERAL explode(n.a) AS t(v)

SELECT n.id, t.v FROM nested n LEFT JOIN LATERAL explode(n.a) AS t(v) ON true

SELECT count(*), explode(array(1, 2)) FROM nested
""",
)
C = CASES.columns
C(
    "arrays over rows",
    "nested",
    {
        "size": lambda F: F.size("a"),
        "array_size": lambda F: F.array_size("a"),
        "element_at": lambda F: F.try_element_at("a", F.lit(1)),
        "getItem": lambda F: F.get("a", 0),
        "getItem fails": lambda F: F.col("a").getItem(0),
        "getField": lambda F: F.col("s").getField("y"),
        "dotted": lambda F: F.col("s.x"),
        "star of struct": lambda F: F.col("s.*"),
        "map key": lambda F: F.col("m")["a"],
        "map getItem": lambda F: F.col("m").getItem("b"),
        "array of structs field": lambda F: F.col("aa.k"),
        "array_contains": lambda F: F.array_contains("a", 3),
        "array_distinct": lambda F: F.array_distinct("a"),
        "array_sort": lambda F: F.array_sort("a"),
        "sort_array": lambda F: F.sort_array("a", asc=False),
        "array_max": lambda F: F.array_max("a"),
        "array_min": lambda F: F.array_min("a"),
        "array_join": lambda F: F.array_join("strings", ",", "?"),
        "array_remove": lambda F: F.array_remove("a", 3),
        "array_position": lambda F: F.array_position("a", 3),
        "array_append": lambda F: F.array_append("a", 9),
        "array_compact": lambda F: F.array_compact("a"),
        "array_union": lambda F: F.array_union("a", F.array(F.lit(7))),
        "array_except": lambda F: F.array_except("a", F.array(F.lit(3))),
        "array_intersect": lambda F: F.array_intersect("a", F.array(F.lit(3))),
        "array_repeat": lambda F: F.array_repeat("id", 2),
        "arrays_zip": lambda F: F.arrays_zip("a", "strings"),
        "arrays_overlap": lambda F: F.arrays_overlap("a", F.array(F.lit(3))),
        "slice": lambda F: F.slice("a", 1, 2),
        "reverse": lambda F: F.reverse("a"),
        "concat": lambda F: F.concat("a", "a"),
        "sequence": lambda F: F.sequence(F.lit(1), "id"),
        "flatten": lambda F: F.flatten(F.array("a", "a")),
        "transform": lambda F: F.transform("a", lambda x: x * 2),
        "transform index": lambda F: F.transform("a", lambda x, i: x + i),
        "filter": lambda F: F.filter("a", lambda x: x > 1),
        "exists": lambda F: F.exists("a", lambda x: x == 3),
        "forall": lambda F: F.forall("a", lambda x: x > 0),
        "aggregate": lambda F: F.aggregate("a", F.lit(0), lambda acc, x: acc + F.coalesce(x, F.lit(0))),
        "aggregate finish": lambda F: F.aggregate("a", F.lit(0), lambda acc, x: acc + x, lambda acc: acc * 2),
        "zip_with": lambda F: F.zip_with("a", "a", lambda x, y: x + y),
        "transform column outside": lambda F: F.transform("a", lambda x: x + F.col("id")),
        "transform structs": lambda F: F.transform("aa", lambda e: e["v"]),
        "filter structs": lambda F: F.filter("aa", lambda e: e.k == "k1"),
        "array": lambda F: F.array("id", F.lit(5)),
        "array empty": lambda F: F.array(),
        "struct": lambda F: F.struct("id", F.col("s.x").alias("sx")),
        "create_map": lambda F: F.create_map(F.lit("k"), "id"),
        "map_keys": lambda F: F.map_keys("m"),
        "map_values": lambda F: F.map_values("m"),
        "map_entries": lambda F: F.map_entries("m"),
        "map_from_arrays": lambda F: F.map_from_arrays(F.array(F.lit("x")), F.array("id")),
        "map_from_entries": lambda F: F.map_from_entries(F.array(F.struct(F.lit("x"), "id"))),
        "map_concat": lambda F: F.map_concat("m", F.create_map(F.lit("zz"), F.lit(1))),
        "map_contains_key": lambda F: F.map_contains_key("m", "a"),
        "map_filter": lambda F: F.map_filter("m", lambda k, v: v > 1),
        "transform_keys": lambda F: F.transform_keys("m", lambda k, v: F.upper(k)),
        "transform_values": lambda F: F.transform_values("m", lambda k, v: v + 1),
        "map_zip_with": lambda F: F.map_zip_with("m", "m", lambda k, v, w: v + w),
        "to_json struct": lambda F: F.to_json("s"),
        "to_json map": lambda F: F.to_json("m"),
        "to_json array": lambda F: F.to_json("aa"),
        "to_json all": lambda F: F.to_json(F.struct("*")),
        "to_json keep nulls": lambda F: F.to_json(F.struct("*"), {"ignoreNullFields": "false"}),
        "to_csv": lambda F: F.to_csv("s"),
        "withField": lambda F: F.col("s").withField("z", F.lit(1)),
        "withField replace": lambda F: F.col("s").withField("x", F.col("s.x") + 1),
        "withField nested path": lambda F: F.struct(F.col("s").alias("t")).withField("t.x", F.lit(9)),
        "dropFields": lambda F: F.col("s").dropFields("x"),
        "dropFields all": lambda F: F.col("s").dropFields("x", "y"),
        "explode": lambda F: F.explode("a"),
        "explode_outer": lambda F: F.explode_outer("a").alias("v"),
        "posexplode": lambda F: F.posexplode("a"),
        "posexplode alias": lambda F: F.posexplode_outer("a").alias("p", "v"),
        "explode map": lambda F: F.explode("m"),
        "inline": lambda F: F.inline("aa"),
        "explode unknown field": lambda F: F.col("s.nope"),
    },
)
J = '{"a": 1, "b": "x", "c": [1, 2], "d": {"e": 2.5}}'


@CASES.case()
def from_json_of_a_column(spark: Any, F: Any) -> Any:
    rows = spark.createDataFrame(
        [(1, J), (2, "{}"), (3, "bad"), (4, None), (5, '{"a": "x", "b": 5}')], "id INT, j STRING"
    )
    return rows.select(
        "id", F.from_json("j", "a INT, b STRING, c ARRAY<INT>, d STRUCT<e: DOUBLE>").alias("p")
    ).select("id", "p.*")


@CASES.case()
def from_json_with_struct_type(spark: Any, F: Any) -> Any:
    from pyspark.sql.types import IntegerType, StringType, StructField, StructType

    schema = StructType([StructField("a", IntegerType()), StructField("_corrupt_record", StringType())])
    rows = spark.createDataFrame([('{"a": 1}',), ('{"a": "x"}',), ("bad",), ("[]",), ("",)], "j STRING")
    return rows.select(F.from_json("j", schema, {"columnNameOfCorruptRecord": "_corrupt_record"}).alias("p"))


@CASES.case()
def from_json_failfast_over_rows(spark: Any, F: Any) -> Any:
    rows = spark.createDataFrame([('{"a": 1}',), ("bad",)], "j STRING")
    return rows.select(F.from_json("j", "a INT", {"mode": "FAILFAST"}).alias("p"))


@CASES.case()
def json_round_trip(spark: Any, F: Any) -> Any:
    schema = "id INT, a ARRAY<INT>, m MAP<STRING,INT>, s STRUCT<x: INT, y: STRING>, aa ARRAY<STRUCT<k: STRING, v: INT>>"
    return spark.table("nested").select(F.from_json(F.to_json(F.struct("*")), schema).alias("r"))


@CASES.case()
def get_json_object_over_rows(spark: Any, F: Any) -> Any:
    rows = spark.createDataFrame([(J,), (None,), ("bad",)], "j STRING")
    return rows.select(
        F.get_json_object("j", "$.d.e"), F.get_json_object("j", "$.c[0]"), F.json_tuple("j", "a", "b")
    )


@CASES.case()
def from_csv_of_a_column(spark: Any, F: Any) -> Any:
    rows = spark.createDataFrame([("1,a",), ("x,b",), ("2",), (None,), ("",)], "c STRING")
    return rows.select(F.from_csv("c", "n INT, t STRING").alias("p"))


@CASES.case()
def schema_of_json_in_from_json(spark: Any, F: Any) -> Any:
    rows = spark.createDataFrame([(J,)], "j STRING")
    return rows.select(F.from_json("j", F.schema_of_json(J)).alias("p"))


CASES.expressions(
    "refused",
    """
array(1, map('a', 1), 3)
concat(array(1), 'a', 3)
nvl(1, map(1, 2))
nvl2(1, 2, array(1))
map_concat(map(1, 2), map('a', array(1)))
sequence(1, DATE '2020-01-01')
sequence(DATE '2020-01-01', DATE '2020-01-02', 1)
stack(2, 1, 'a', 'x', 2)
element_at(map(1, 1), 'a')
element_at(map('a', 1), null)
element_at(map('a', 1), DATE '2020-01-01')
try_element_at(map('a', 1), 1)
try_element_at(array(1), 0)
map_contains_key(map('a', 1), 1)
filter(null, x -> true)
transform_keys(null, (k, v) -> k)
zip_with(array(1), null, (k, v) -> true)
mask('AbC1', digitChar => 'd')
mask(upperChar => 'Q', str => 'AbC')
named_struct('a', 1) IN (named_struct('b', 1))
array(named_struct('a', 1), named_struct('b', 1))
round(1.5, '1')
round(1.5, CAST('1' AS INT))
""",
)
CASES.columns(
    "nested fields",
    "nested",
    {
        "withField": lambda F: (
            F.struct(F.col("s").alias("t")).withField("t.x", F.lit(9)).withField("t.z", F.lit(8)).alias("r")
        ),
        "withField quoted": lambda F: F.col("s").withField("`t.x`", F.lit(9)),
        "withField unknown": lambda F: F.col("s").withField("nope.x", F.lit(9)),
        "dropFields": lambda F: F.struct(F.col("s").alias("t")).dropFields("t.x"),
    },
)


# ---- keys that come again -----------------------------------------------------------------------

CASES.expressions(
    "last key",
    """
map(1, 2, 1, 3)
map(1, NULL, 2, 3, 1, 7)
map_from_arrays(array(1, 1, 2), array('a', 'b', 'c'))
str_to_map('a:1,a:2')
map_from_entries(array(struct(1, 2), struct(1, 4)))
transform_keys(map(1, 2, 3, 4), (k, v) -> 1)
map_keys(map(1, 2, 1, 3))
""",
    conf={"spark.sql.mapKeyDedupPolicy": "LAST_WIN"},
)
CASES.expressions(
    "schemas as texts",
    """
from_csv('1,2', 'STRUCT<a: INT, b: INT>')
from_csv('1,2', 'a: INT, b: INT')
from_csv('1', 'foo bar baz')
from_json('{"a":1}', 'a: INT')
""",
)
