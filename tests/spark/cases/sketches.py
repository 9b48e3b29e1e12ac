"""Sketches, histograms and bitmaps: aggregates whose value is bytes, and what is read from them."""

from __future__ import annotations

from spark.oracle.table import ANSI_OFF, Table

CASES = Table()
NUMBERS = "FROM range(2000) AS t(id)"
PSEUDO = "(id * 7919 % 2003)"

CASES.queries(
    "histogram",
    f"""
SELECT histogram_numeric(id, 2) {NUMBERS}

SELECT histogram_numeric({PSEUDO}, 40) {NUMBERS}

SELECT histogram_numeric(double({PSEUDO}) / 7, 10) {NUMBERS}

SELECT id % 7 AS k, histogram_numeric(id % 13, 5) AS h {NUMBERS} GROUP BY id % 7 ORDER BY k

SELECT histogram_numeric(x, 3) FROM VALUES (tinyint(1)), (tinyint(120)), (NULL), (tinyint(-5)), (tinyint(7)) AS t(x)

SELECT histogram_numeric(x, 3) FROM VALUES (smallint(1)), (smallint(12000)), (smallint(-5)), (smallint(8)) AS t(x)

SELECT histogram_numeric(x, 3) FROM VALUES (float(1.5)), (float('NaN')), (float(-0.0)), (float(0.0)), (float('Infinity')) AS t(x)

SELECT histogram_numeric(x, 2) FROM VALUES (double('NaN')), (1.0D), (double('NaN')), (2.0D), (double('-Infinity')) AS t(x)

SELECT histogram_numeric(x, 2) FROM VALUES (1.25), (2.50), (99.99), (-7.01) AS t(x)

SELECT histogram_numeric(x, 2) FROM VALUES (12345678901234567890.123), (2.5), (99.99) AS t(x)

SELECT histogram_numeric(x, 2) FROM VALUES (DATE '2024-01-01'), (DATE '1969-12-30'), (DATE '2024-03-01') AS t(x)

SELECT histogram_numeric(x, 2) FROM VALUES (TIMESTAMP '2024-01-01 00:00:00.000001'), (TIMESTAMP '1969-12-30 12:00:00'), (TIMESTAMP '2024-03-01 00:00:00') AS t(x)

SELECT histogram_numeric(x, 2) FROM VALUES (TIMESTAMP_NTZ '2024-01-01 00:00:00.000001'), (TIMESTAMP_NTZ '1969-12-30 12:00:00'), (TIMESTAMP_NTZ '2024-03-01 00:00:00') AS t(x)

SELECT histogram_numeric(x, 2) FROM VALUES (INTERVAL '1' DAY), (INTERVAL '3' DAY), (INTERVAL '10' DAY) AS t(x)

SELECT CAST(histogram_numeric(x, 2) AS STRING) FROM VALUES (INTERVAL '1' MONTH), (INTERVAL '3' MONTH), (INTERVAL '10' MONTH) AS t(x)

SELECT histogram_numeric(x, 2) FROM VALUES (9223372036854775807L), (9223372036854775806L), (0L), (-9223372036854775808L) AS t(x)

SELECT histogram_numeric(x, 3) FROM VALUES ('1'), ('2.5') AS t(x)

SELECT histogram_numeric(x, 3) FROM VALUES (true) AS t(x)

SELECT histogram_numeric(NULL, 3)

SELECT histogram_numeric(1, NULL)

SELECT histogram_numeric(1, 1)

SELECT histogram_numeric(1, '3')

SELECT histogram_numeric(1, 'a')

SELECT histogram_numeric(x, x) FROM VALUES (1) AS t(x)

SELECT histogram_numeric(1)

SELECT histogram_numeric(x, 1 + 1) FROM VALUES (1), (2), (3) AS t(x)

SELECT histogram_numeric(x, 3) FILTER (WHERE x > 1) FROM VALUES (1), (2), (3) AS t(x)

SELECT histogram_numeric(x, 3) FROM VALUES (1) AS t(x) WHERE x > 1

SELECT x, histogram_numeric(x, 3) OVER (ORDER BY x) FROM VALUES (1), (2), (3) AS t(x)

SELECT histogram_numeric(x, 3) + 1 FROM VALUES (1) AS t(x)

SELECT inline(h) FROM (SELECT histogram_numeric(x, 3) AS h FROM VALUES (1), (2), (2), (3) AS t(x))
""",
)
CASES.sql(
    "histogram of doubles",
    "SELECT histogram_numeric(x, 3) FROM VALUES (1), (2), (30), (40), (5) AS t(x)",
    conf={"spark.sql.legacy.histogramNumericPropagateInputType": "false"},
)
CASES.sql(
    "histogram of texts (ANSI off)",
    "SELECT histogram_numeric(x, 3) FROM VALUES ('1'), ('a'), ('2.5') AS t(x)",
    conf=ANSI_OFF,
)
CASES.queries(
    "bitmaps",
    f"""
SELECT hex(substr(bitmap_construct_agg(bitmap_bit_position(x)), 1, 8)), length(bitmap_construct_agg(x)) FROM VALUES (1), (2), (9), (NULL) AS t(x)

SELECT bitmap_bucket_number(id - 3), bitmap_bit_position(id - 3) FROM range(6) AS t(id)

SELECT bitmap_bucket_number(x), bitmap_bit_position(x) FROM VALUES (32768), (32769), (-32768), (-32767), (-1), (9223372036854775807), (-9223372036854775808), (NULL) AS t(x)

SELECT bitmap_bucket_number('5'), bitmap_bit_position('7'), bitmap_bit_position(7.9), bitmap_bucket_number(tinyint(3))

SELECT bitmap_bit_position(true)

SELECT bitmap_bit_position()

SELECT bitmap_bucket_number('x')

SELECT bitmap_count(X'1010'), bitmap_count(X'FFFF'), bitmap_count(X''), bitmap_count(CAST(NULL AS BINARY))

SELECT bitmap_count('a')

SELECT bitmap_count(NULL)

SELECT bitmap_bucket_number(id * 10000) AS b, bitmap_count(bitmap_construct_agg(bitmap_bit_position(id * 10000))) AS c FROM range(40) AS t(id) GROUP BY 1 ORDER BY 1

SELECT sum(c) FROM (SELECT bitmap_bucket_number({PSEUDO} * 97) AS b, bitmap_count(bitmap_construct_agg(bitmap_bit_position({PSEUDO} * 97))) AS c {NUMBERS} GROUP BY 1)

SELECT bitmap_count(bitmap_construct_agg(x)) FROM VALUES (CAST(NULL AS BIGINT)) AS t(x)

SELECT bitmap_count(bitmap_construct_agg(x)) FROM VALUES (1L) AS t(x) WHERE x > 1

SELECT bitmap_construct_agg(x) FROM VALUES (32768L) AS t(x)

SELECT bitmap_construct_agg(x) FROM VALUES (-1L) AS t(x)

SELECT bitmap_construct_agg(x) FROM VALUES (X'01') AS t(x)

SELECT bitmap_count(bitmap_construct_agg(x)) FROM VALUES ('12'), ('13') AS t(x)

SELECT hex(substr(bitmap_or_agg(x), 1, 4)), length(bitmap_or_agg(x)) FROM VALUES (X'10'), (X'20'), (X'4001'), (NULL) AS t(x)

SELECT hex(substr(bitmap_and_agg(x), 1, 4)), length(bitmap_and_agg(x)) FROM VALUES (X'F0FF'), (X'70F1'), (X'30'), (NULL) AS t(x)

SELECT bitmap_count(bitmap_or_agg(x)), bitmap_count(bitmap_and_agg(x)) FROM VALUES (X'10') AS t(x) WHERE false

SELECT bitmap_count(bitmap_and_agg(x)) FROM VALUES (CAST(NULL AS BINARY)) AS t(x)

SELECT bitmap_or_agg('a')

SELECT bitmap_and_agg(1)

SELECT bitmap_or_agg(NULL)

SELECT bitmap_count(bitmap_or_agg(x)), bitmap_count(bitmap_and_agg(x)) FROM VALUES (unhex(repeat('FF', 5000))) AS t(x)

SELECT k, bitmap_count(bitmap_or_agg(x)) AS o, bitmap_count(bitmap_and_agg(x)) AS a, bitmap_count(bitmap_or_agg(x) FILTER (WHERE k = 'b')) AS f FROM VALUES ('a', X'0F'), ('b', X'F0'), ('a', X'07'), ('b', X'') AS t(k, x) GROUP BY k ORDER BY k
""",
)
CASES.queries(
    "count-min sketch",
    f"""
SELECT hex(count_min_sketch(x, 0.5D, 0.5D, 1)) FROM VALUES (1), (2), (1), (NULL) AS t(x)

SELECT hex(count_min_sketch(id, 0.3D, 0.9D, 42)) {NUMBERS}

SELECT hex(count_min_sketch(x, 0.4D, 0.6D, -7)) FROM VALUES ('a'), ('bc'), (''), ('Größe'), ('a longer text of many words') AS t(x)

SELECT hex(count_min_sketch(x, 0.4D, 0.6D, 3)) FROM VALUES (X''), (X'FF00'), (X'0102030405') AS t(x)

SELECT hex(count_min_sketch(x, 0.4D, 0.6D, 3)) FROM VALUES (tinyint(-1)), (tinyint(100)) AS t(x)

SELECT hex(count_min_sketch(x, 0.4D, 0.6D, 3)) FROM VALUES (smallint(-1)), (smallint(100)) AS t(x)

SELECT hex(count_min_sketch(x, 0.4D, 0.6D, 3)) FROM VALUES (9223372036854775807L), (-9223372036854775808L) AS t(x)

SELECT md5(hex(count_min_sketch(id, 0.01D, 0.99D, 2147483647))) {NUMBERS}

SELECT id % 3 AS k, hex(count_min_sketch({PSEUDO}, 0.9D, 0.8D, 5)) AS c {NUMBERS} GROUP BY id % 3 ORDER BY k

SELECT count_min_sketch(x, 0.5D, 0.5D, 1) FROM VALUES (1) AS t(x) WHERE x > 1

SELECT hex(count_min_sketch(confidence => 0.5D, column => x, epsilon => 0.5D, seed => 1)) FROM VALUES (1) AS t(x)

SELECT count_min_sketch(x, 0.0D, 0.5D, 1) FROM VALUES (1) AS t(x)

SELECT count_min_sketch(x, 0.5D, 1.0D, 1) FROM VALUES (1) AS t(x)

SELECT count_min_sketch(x, 0.5D, 0.0D, 1) FROM VALUES (1) AS t(x)

SELECT count_min_sketch(x, CAST(NULL AS DOUBLE), 0.5D, 1) FROM VALUES (1) AS t(x)

SELECT count_min_sketch(x, 0.5D, CAST(NULL AS DOUBLE), 1) FROM VALUES (1) AS t(x)

SELECT count_min_sketch(x, 0.5D, 0.5D, CAST(NULL AS INT)) FROM VALUES (1) AS t(x)

SELECT count_min_sketch(x, x, 0.5D, 1) FROM VALUES (0.5D) AS t(x)

SELECT count_min_sketch(x, y, 0.5D, 1) FROM VALUES (1, 0.5D) AS t(x, y)

SELECT count_min_sketch(x, 0.5D, y, 1) FROM VALUES (1, 0.5D) AS t(x, y)

SELECT count_min_sketch(x, 0.5D, 0.5D, x) FROM VALUES (1) AS t(x)

SELECT count_min_sketch(x, 0.5D, 0.5D, 1) FROM VALUES (1.5D) AS t(x)

SELECT count_min_sketch(x, 0.5, 0.5D, 1) FROM VALUES (1) AS t(x)

SELECT count_min_sketch(x, 0.5D, 0.5D, 1L) FROM VALUES (1) AS t(x)

SELECT count_min_sketch(x, 0.5D, 0.5D) FROM VALUES (1) AS t(x)

SELECT count_min_sketch(NULL, 0.5D, 0.5D, 1)

SELECT hex(count_min_sketch(id, 0.5D, 0.5D, 5000000000)) {NUMBERS}
""",
)
CASES.queries(
    "HLL sketch",
    f"""
SELECT hex(hll_sketch_agg(x)) FROM VALUES (1), (2), (2), (3), (NULL) AS t(x)

SELECT hex(hll_sketch_agg(x)) FROM VALUES (1L), (2L), (2L), (3L), (NULL) AS t(x)

SELECT hex(hll_sketch_agg(x)) FROM VALUES ('a'), ('bc'), (''), ('Größe'), ('a longer text of many words') AS t(x)

SELECT hex(hll_sketch_agg(x)) FROM VALUES (X''), (X'FF00'), (X'0102030405'), (X'61') AS t(x)

SELECT hex(hll_sketch_agg(id)) FROM range(8) AS t(id)

SELECT hex(hll_sketch_agg(id)) FROM range(9) AS t(id)

SELECT hex(hll_sketch_agg(id, 8)) FROM range(20) AS t(id)

SELECT hex(hll_sketch_agg(id, 8)) FROM range(40) AS t(id)

SELECT md5(hex(hll_sketch_agg(id, 12))) FROM range(300) AS t(id)

SELECT hex(hll_sketch_agg({PSEUDO}, 6)) {NUMBERS}

SELECT md5(hex(hll_sketch_agg({PSEUDO}, 11))), hll_sketch_estimate(hll_sketch_agg({PSEUDO}, 11)) {NUMBERS}

SELECT md5(hex(hll_sketch_agg(string(id)))), hll_sketch_estimate(hll_sketch_agg(string(id))) FROM range(20000) AS t(id)

SELECT md5(hex(hll_sketch_agg(id, 4))), hll_sketch_estimate(hll_sketch_agg(id, 4)) FROM range(100000) AS t(id)

SELECT md5(hex(hll_sketch_agg(id, 21))), hll_sketch_estimate(hll_sketch_agg(id, 21)) FROM range(1000) AS t(id)

SELECT id % 5 AS k, hll_sketch_estimate(hll_sketch_agg({PSEUDO} % 900, 10)) AS n, md5(hex(hll_sketch_agg({PSEUDO} % 900, 10))) AS h {NUMBERS} GROUP BY id % 5 ORDER BY k

SELECT hll_sketch_estimate(hll_sketch_agg(x)), hex(hll_sketch_agg(x)) FROM VALUES (1) AS t(x) WHERE x > 1

SELECT hll_sketch_estimate(hll_sketch_agg(x) FILTER (WHERE x > 1)) FROM VALUES (1), (2), (3) AS t(x)

SELECT hll_sketch_agg(x, 3) FROM VALUES (1) AS t(x)

SELECT hll_sketch_agg(x, 22) FROM VALUES (1) AS t(x)

SELECT hll_sketch_agg(x, NULL) FROM VALUES (1) AS t(x)

SELECT hll_sketch_agg(x, x) FROM VALUES (12) AS t(x)

SELECT hll_sketch_agg(x, '12') FROM VALUES (12) AS t(x)

SELECT hll_sketch_agg(x) FROM VALUES (1.5) AS t(x)

SELECT hll_sketch_agg(x) FROM VALUES (1.5D) AS t(x)

SELECT hll_sketch_agg(x) FROM VALUES (tinyint(1)) AS t(x)

SELECT hll_sketch_agg(x) FROM VALUES (DATE '2024-01-01') AS t(x)

SELECT hll_sketch_agg(NULL)

SELECT hll_sketch_estimate(X'0102')

SELECT hll_sketch_estimate(X'')

SELECT hll_sketch_estimate(CAST(NULL AS BINARY))

SELECT hll_sketch_estimate('abc')

SELECT hll_sketch_estimate(1)

SELECT hll_sketch_estimate(hll_union(hll_sketch_agg(a), hll_sketch_agg(b))), hex(hll_union(hll_sketch_agg(a), hll_sketch_agg(b))) FROM VALUES (1, 4), (1, 4), (2, 5), (2, 5), (3, 6) t(a, b)

SELECT hll_sketch_estimate(hll_union(hll_sketch_agg(id, 10), hll_sketch_agg(id + 1500, 10))), md5(hex(hll_union(hll_sketch_agg(id, 10), hll_sketch_agg(id + 1500, 10)))) {NUMBERS}

SELECT hll_union(hll_sketch_agg(a, 12), hll_sketch_agg(b, 10)) FROM VALUES (1, 4) t(a, b)

SELECT hll_sketch_estimate(hll_union(hll_sketch_agg(id, 12), hll_sketch_agg(id + 5, 10), true)), md5(hex(hll_union(hll_sketch_agg(id, 12), hll_sketch_agg(id + 5, 10), true))) {NUMBERS}

SELECT hll_sketch_estimate(hll_union(hll_sketch_agg(a, 12), hll_sketch_agg(b, 10), true)), hex(hll_union(hll_sketch_agg(a, 12), hll_sketch_agg(b, 10), true)) FROM VALUES (1, 4) t(a, b)

SELECT hll_sketch_estimate(hll_union_agg(s, true)), md5(hex(hll_union_agg(s, true))) FROM (SELECT hll_sketch_agg(id, 11) AS s FROM range(1000) AS t(id) UNION ALL SELECT hll_sketch_agg(id + 700, 10) FROM range(1000) AS t(id) UNION ALL SELECT hll_sketch_agg(id + 1500, 11) FROM range(1000) AS t(id))

SELECT hll_sketch_estimate(hll_union(hll_sketch_agg(id, 12), hll_sketch_agg(id % 5, 10), true)), md5(hex(hll_union(hll_sketch_agg(id, 12), hll_sketch_agg(id % 5 + 10000, 10), true))) FROM range(2000) AS t(id)

SELECT hll_sketch_estimate(hll_union(hll_sketch_agg(id % 5, 10), hll_sketch_agg(id, 12), true)), md5(hex(hll_union(hll_sketch_agg(id % 5 + 10000, 10), hll_sketch_agg(id, 12), true))) FROM range(2000) AS t(id)

SELECT hll_union(X'01', X'02')

SELECT hll_union(CAST(NULL AS BINARY), X'02')

SELECT hll_union(1, 2)

SELECT hll_sketch_estimate(hll_union_agg(s)), md5(hex(hll_union_agg(s))) FROM (SELECT hll_sketch_agg(id) AS s {NUMBERS} GROUP BY id % 3)

SELECT hll_sketch_estimate(hll_union_agg(s)), hex(hll_union_agg(s)) FROM (SELECT hll_sketch_agg(id) AS s FROM range(6) AS t(id) GROUP BY id % 3)

SELECT hll_union_agg(s) FROM (SELECT hll_sketch_agg(id, 10) AS s FROM range(6) AS t(id) UNION ALL SELECT hll_sketch_agg(id, 11) FROM range(6) AS t(id))

SELECT hll_sketch_estimate(hll_union_agg(s, true)), hex(hll_union_agg(s, true)) FROM (SELECT hll_sketch_agg(id, 10) AS s FROM range(6) AS t(id) UNION ALL SELECT hll_sketch_agg(id, 11) FROM range(9) AS t(id))

SELECT hll_sketch_estimate(hll_union_agg(s, true)), md5(hex(hll_union_agg(s, true))) FROM (SELECT hll_sketch_agg(id, 10) AS s {NUMBERS} UNION ALL SELECT hll_sketch_agg(id + 100, 11) {NUMBERS})

SELECT hll_sketch_estimate(hll_union_agg(s)), hex(hll_union_agg(s)) FROM VALUES (CAST(NULL AS BINARY)) AS t(s)

SELECT hll_union_agg(X'00')

SELECT hll_union_agg(1)

SELECT hll_union_agg(s, NULL) FROM (SELECT hll_sketch_agg(id) AS s FROM range(6) AS t(id))
""",
)
CASES.queries(
    "theta sketch",
    f"""
SELECT hex(theta_sketch_agg(x)) FROM VALUES (1), (2), (2), (3), (NULL) AS t(x)

SELECT hex(theta_sketch_agg(x)) FROM VALUES (1L), (2L) AS t(x)

SELECT hex(theta_sketch_agg(x)) FROM VALUES (1.5D), (0.0D), (-0.0D), (double('NaN')) AS t(x)

SELECT hex(theta_sketch_agg(x)) FROM VALUES (float(1.5)), (float(0.0)) AS t(x)

SELECT hex(theta_sketch_agg(x)) FROM VALUES ('a'), ('bc'), (''), ('Größe'), ('a longer text of many words') AS t(x)

SELECT hex(theta_sketch_agg(x)) FROM VALUES (X''), (X'FF00'), (X'0102030405'), (X'61') AS t(x)

SELECT hex(theta_sketch_agg(x)) FROM VALUES (array(1, 2)), (array(1)), (array()) AS t(x)

SELECT hex(theta_sketch_agg(x)) FROM VALUES (array(1L, 2L)), (array(1L)) AS t(x)

SELECT hex(theta_sketch_agg(id, 4)) FROM range(100) AS t(id)

SELECT md5(hex(theta_sketch_agg({PSEUDO}, 8))), theta_sketch_estimate(theta_sketch_agg({PSEUDO}, 8)) {NUMBERS}

SELECT md5(hex(theta_sketch_agg(id))), theta_sketch_estimate(theta_sketch_agg(id)) FROM range(50000) AS t(id)

SELECT id % 5 AS k, theta_sketch_estimate(theta_sketch_agg({PSEUDO} % 900, 6)) AS n, hex(theta_sketch_agg({PSEUDO} % 900, 6)) AS h {NUMBERS} GROUP BY id % 5 ORDER BY k

SELECT theta_sketch_estimate(theta_sketch_agg(x)), hex(theta_sketch_agg(x)) FROM VALUES (1) AS t(x) WHERE x > 1

SELECT theta_sketch_agg(x, 3) FROM VALUES (1) AS t(x)

SELECT theta_sketch_agg(x, 27) FROM VALUES (1) AS t(x)

SELECT theta_sketch_agg(x, x) FROM VALUES (12) AS t(x)

SELECT theta_sketch_agg(x) FROM VALUES (1.5) AS t(x)

SELECT theta_sketch_agg(NULL)

SELECT theta_sketch_estimate(X'0102')

SELECT theta_sketch_estimate(CAST(NULL AS BINARY))

SELECT theta_sketch_estimate(1)

SELECT hex(theta_union(theta_sketch_agg(a), theta_sketch_agg(b))), hex(theta_intersection(theta_sketch_agg(a), theta_sketch_agg(b))), hex(theta_difference(theta_sketch_agg(a), theta_sketch_agg(b))) FROM VALUES (1, 4), (1, 4), (2, 5), (2, 2), (3, 1) t(a, b)

SELECT theta_sketch_estimate(theta_union(theta_sketch_agg(id), theta_sketch_agg(id + 1500))), theta_sketch_estimate(theta_intersection(theta_sketch_agg(id), theta_sketch_agg(id + 1500))), theta_sketch_estimate(theta_difference(theta_sketch_agg(id), theta_sketch_agg(id + 1500))) FROM range(20000) AS t(id)

SELECT md5(hex(theta_union(theta_sketch_agg(id, 6), theta_sketch_agg(id + 1500, 7), 5))), md5(hex(theta_intersection(theta_sketch_agg(id, 6), theta_sketch_agg(id + 1500, 7)))), md5(hex(theta_difference(theta_sketch_agg(id, 6), theta_sketch_agg(id + 1500, 7)))) {NUMBERS}

SELECT hex(theta_intersection(theta_sketch_agg(id, 4), theta_sketch_agg(id + 5000, 4))), hex(theta_difference(theta_sketch_agg(id, 4), theta_sketch_agg(id, 4))) FROM range(2000) AS t(id)

SELECT theta_union(X'01', X'02')

SELECT theta_union(theta_sketch_agg(x), theta_sketch_agg(x), 3) FROM VALUES (1) AS t(x)

SELECT theta_intersection(X'01', X'02')

SELECT theta_difference(CAST(NULL AS BINARY), X'02')

SELECT theta_union(1, 2)

SELECT theta_sketch_estimate(theta_union_agg(s)), hex(theta_union_agg(s)), hex(theta_intersection_agg(s)) FROM (SELECT theta_sketch_agg(id) AS s FROM range(6) AS t(id) GROUP BY id % 2)

SELECT theta_sketch_estimate(theta_union_agg(s, 6)), md5(hex(theta_union_agg(s, 6))), md5(hex(theta_union_agg(s))) FROM (SELECT theta_sketch_agg(id, 7) AS s {NUMBERS} GROUP BY id % 3)

SELECT theta_sketch_estimate(theta_intersection_agg(s)), hex(theta_intersection_agg(s)) FROM (SELECT theta_sketch_agg(id) AS s FROM range(6) AS t(id) UNION ALL SELECT theta_sketch_agg(id + 2) AS s FROM range(6) AS t(id))

SELECT hex(theta_union_agg(s)), hex(theta_intersection_agg(s)) FROM VALUES (CAST(NULL AS BINARY)) AS t(s)

SELECT theta_union_agg(X'00')

SELECT theta_intersection_agg(X'00')

SELECT theta_union_agg(1)
""",
)
CASES.queries(
    "KLL sketch",
    """
SELECT hex(kll_sketch_agg_bigint(x)) FROM VALUES (1L), (3L), (2L), (NULL) AS t(x)

SELECT hex(kll_sketch_agg_bigint(x)) FROM VALUES (tinyint(1)), (tinyint(3)) AS t(x)

SELECT hex(kll_sketch_agg_bigint(x)) FROM VALUES (smallint(1)), (smallint(3)) AS t(x)

SELECT hex(kll_sketch_agg_bigint(x, 8)) FROM VALUES (5), (1), (3) AS t(x)

SELECT hex(kll_sketch_agg_double(x)) FROM VALUES (1.5D), (-3D), (2D), (NULL) AS t(x)

SELECT hex(kll_sketch_agg_double(x)) FROM VALUES (double('NaN')), (1D) AS t(x)

SELECT hex(kll_sketch_agg_double(x)) FROM VALUES (float(1.5)), (float(0.1)) AS t(x)

SELECT hex(kll_sketch_agg_float(x)) FROM VALUES (float(1.5)), (float(0.1)), (NULL) AS t(x)

SELECT hex(kll_sketch_agg_bigint(id)) FROM VALUES (0) AS z(z) LATERAL VIEW explode(sequence(0, 99)) AS id

SELECT hex(kll_sketch_agg_bigint(x)), hex(kll_sketch_agg_double(double(x))) FROM VALUES (1) AS t(x) WHERE x > 1

SELECT kll_sketch_get_n_bigint(kll_sketch_agg_bigint(id)), kll_sketch_get_n_double(kll_sketch_agg_double(double(id))), kll_sketch_get_n_float(kll_sketch_agg_float(float(id))) FROM range(100000) AS t(id)

SELECT kll_sketch_get_quantile_bigint(s, 0.5), kll_sketch_get_quantile_bigint(s, array(0.0, 0.1, 0.25, 1.0)), kll_sketch_get_rank_bigint(s, 10L), kll_sketch_get_rank_bigint(s, array(-1L, 50L, 98L, 1000L)) FROM (SELECT kll_sketch_agg_bigint(id) AS s FROM range(100) AS t(id))

SELECT kll_sketch_get_quantile_double(s, 0.5), kll_sketch_get_quantile_double(s, array(0.0, 0.1, 0.25, 1.0)), kll_sketch_get_rank_double(s, 10D), kll_sketch_get_rank_double(s, array(-1D, 50D, 98D, 1000D)) FROM (SELECT kll_sketch_agg_double(double(id) / 2) AS s FROM range(100) AS t(id))

SELECT kll_sketch_get_quantile_float(s, 0.5), kll_sketch_get_quantile_float(s, array(0.0, 0.1, 0.25, 1.0)), kll_sketch_get_rank_float(s, float(10)), kll_sketch_get_rank_float(s, array(float(-1), float(50))) FROM (SELECT kll_sketch_agg_float(float(float(id) / 2)) AS s FROM range(100) AS t(id))

SELECT kll_sketch_get_quantile_bigint(s, 0.5), kll_sketch_get_rank_bigint(s, 10L) FROM (SELECT kll_sketch_agg_bigint(x) AS s FROM VALUES (CAST(NULL AS BIGINT)) AS t(x))

SELECT kll_sketch_get_quantile_bigint(s, 1.5) FROM (SELECT kll_sketch_agg_bigint(id) AS s FROM range(10) AS t(id))

SELECT kll_sketch_get_quantile_bigint(s, CAST(NULL AS DOUBLE)), kll_sketch_get_n_bigint(CAST(NULL AS BINARY)) FROM (SELECT kll_sketch_agg_bigint(id) AS s FROM range(10) AS t(id))

SELECT hex(kll_sketch_merge_bigint(kll_sketch_agg_bigint(id), kll_sketch_agg_bigint(id + 100))) FROM VALUES (0) AS z(z) LATERAL VIEW explode(sequence(0, 9)) AS id

SELECT hex(kll_sketch_merge_double(kll_sketch_agg_double(double(id)), kll_sketch_agg_double(double(id) + 100))) FROM VALUES (0) AS z(z) LATERAL VIEW explode(sequence(0, 9)) AS id

SELECT length(kll_merge_agg_bigint(s)), kll_sketch_get_n_bigint(kll_merge_agg_bigint(s, 100)), kll_sketch_get_quantile_bigint(kll_merge_agg_bigint(s), array(0.0, 0.3, 1.0)) FROM (SELECT kll_sketch_agg_bigint(id) AS s FROM range(12) AS t(id) GROUP BY id % 2)

SELECT length(kll_merge_agg_double(s)), kll_sketch_get_quantile_double(kll_merge_agg_double(s, 10), array(0.0, 0.4, 1.0)) FROM (SELECT kll_sketch_agg_double(double(id)) AS s FROM range(4) AS t(id))

SELECT length(kll_merge_agg_float(s)), kll_sketch_get_rank_float(kll_merge_agg_float(s), float(2)) FROM (SELECT kll_sketch_agg_float(float(id)) AS s FROM range(4) AS t(id))

SELECT hex(kll_merge_agg_bigint(s)) FROM VALUES (CAST(NULL AS BINARY)) AS t(s)

SELECT kll_sketch_to_string_bigint(kll_sketch_agg_bigint(id)) FROM range(10) AS t(id)

SELECT kll_sketch_to_string_double(kll_sketch_agg_double(double(id))) FROM range(10) AS t(id)

SELECT kll_sketch_to_string_float(kll_sketch_agg_float(float(id))) FROM range(10) AS t(id)

SELECT kll_sketch_agg_bigint(x, 7) FROM VALUES (1) AS t(x)

SELECT kll_sketch_agg_bigint(x, 65536) FROM VALUES (1) AS t(x)

SELECT kll_sketch_agg_bigint(x, x) FROM VALUES (100) AS t(x)

SELECT kll_sketch_agg_bigint(x, NULL) FROM VALUES (100) AS t(x)

SELECT kll_sketch_agg_bigint(x) FROM VALUES (1.5D) AS t(x)

SELECT kll_sketch_agg_bigint(x) FROM VALUES ('1') AS t(x)

SELECT kll_sketch_agg_double(x) FROM VALUES (1) AS t(x)

SELECT kll_sketch_agg_float(x) FROM VALUES (1.5D) AS t(x)

SELECT kll_sketch_agg_bigint(NULL)

SELECT kll_sketch_get_n_bigint(X'01')

SELECT kll_sketch_get_quantile_double(X'01', 0.5)

SELECT kll_sketch_get_rank_float(X'01', float(0.5))

SELECT kll_sketch_merge_bigint(X'01', X'01')

SELECT kll_merge_agg_bigint(X'01')

SELECT kll_sketch_to_string_bigint(X'01')
""",
)
CASES.queries(
    "top k",
    """
SELECT approx_top_k(x) FROM VALUES (0), (0), (1), (1), (2), (3), (4), (4) AS t(x)

SELECT approx_top_k(x, 2) FROM VALUES ('a'), ('b'), ('c'), ('c'), ('c'), ('c'), ('d'), ('d') AS t(x)

SELECT approx_top_k(x, 10, 100) FROM VALUES (0), (1), (1), (2), (2), (2), (NULL), (NULL) AS t(x)

SELECT approx_top_k(id % 50, 10), approx_top_k(string(id % 50), 10) FROM VALUES (0) AS z(z) LATERAL VIEW explode(sequence(0, 999)) AS id

SELECT approx_top_k(id * id % 1009, 10, 100), approx_top_k(id % 7, 10, 3 + 7) FROM VALUES (0) AS z(z) LATERAL VIEW explode(sequence(0, 1999)) AS id

SELECT approx_top_k_accumulate(x), approx_top_k_accumulate(b), approx_top_k_accumulate(f), approx_top_k_accumulate(d), approx_top_k_accumulate(s), approx_top_k_accumulate(t), approx_top_k_accumulate(z), approx_top_k_accumulate(l) FROM VALUES (1, true, float(1.5), 2.5D, smallint(3), tinyint(4), DATE '2024-01-01', 5L), (2, false, float(2.5), 2.5D, smallint(4), tinyint(4), DATE '2024-01-01', 6L), (2, true, NULL, 0D, smallint(4), tinyint(4), NULL, 7L) AS t(x, b, f, d, s, t, z, l)

SELECT approx_top_k(x) FROM VALUES (true), (false), (true), (NULL) AS t(x)

SELECT approx_top_k(x) FROM VALUES (1.5D), (1.5D), (-0.0D), (0.0D), (double('NaN')) AS t(x)

SELECT approx_top_k(x) FROM VALUES (1.50), (2.25), (1.50) AS t(x)

SELECT approx_top_k(x) FROM VALUES (DATE '2024-01-01'), (DATE '2024-01-01'), (DATE '2023-01-01') AS t(x)

SELECT approx_top_k(x) FROM VALUES (TIMESTAMP '2024-01-01 00:00:00'), (TIMESTAMP '2024-01-01 00:00:00') AS t(x)

SELECT approx_top_k(x) FROM VALUES (tinyint(1)), (tinyint(2)), (tinyint(2)) AS t(x)

SELECT approx_top_k(x) FROM VALUES (smallint(1)), (smallint(2)), (smallint(2)) AS t(x)

SELECT approx_top_k(x) FROM VALUES (float(1)), (float(2)), (float(2)) AS t(x)

SELECT approx_top_k(x) FROM VALUES (X'01') AS t(x)

SELECT approx_top_k(x, 0) FROM VALUES (1) AS t(x)

SELECT approx_top_k(x, -1) FROM VALUES (1) AS t(x)

SELECT approx_top_k(x, NULL) FROM VALUES (1) AS t(x)

SELECT approx_top_k(x, 5, 3) FROM VALUES (1) AS t(x)

SELECT approx_top_k(x, 5, 1000001) FROM VALUES (1) AS t(x)

SELECT approx_top_k(x, x) FROM VALUES (1) AS t(x)

SELECT approx_top_k(x, 5, 10, 3) FROM VALUES (1) AS t(x)

SELECT approx_top_k(x) FROM VALUES (1) AS t(x) WHERE x > 1

SELECT k, approx_top_k(x, 2) AS r FROM VALUES ('a', 1), ('a', 1), ('b', 2), ('b', 3), ('b', 3) AS t(k, x) GROUP BY k ORDER BY k

SELECT approx_top_k_accumulate(x) FROM VALUES (0), (0), (1), (1), (2), (3), (4), (4) AS t(x)

SELECT approx_top_k_accumulate(x, 100) FROM VALUES ('a'), ('b'), ('b') AS t(x)

SELECT approx_top_k_estimate(approx_top_k_accumulate(x)) FROM VALUES (0), (0), (1), (1), (2), (3), (4), (4) AS t(x)

SELECT approx_top_k_estimate(approx_top_k_accumulate(x, 100), 2) FROM VALUES ('a'), ('b'), ('c'), ('c') AS t(x)

SELECT approx_top_k_estimate(approx_top_k_combine(s, 10000), 5) FROM (SELECT approx_top_k_accumulate(x) AS s FROM VALUES (0), (0), (1), (1) AS t(x) UNION ALL SELECT approx_top_k_accumulate(x) AS s FROM VALUES (2), (3), (4), (4) AS t(x))

SELECT approx_top_k_combine(s) FROM (SELECT approx_top_k_accumulate(x) AS s FROM VALUES (0), (0) AS t(x) UNION ALL SELECT approx_top_k_accumulate(x, 10) AS s FROM VALUES (2), (3), (4), (4) AS t(x))

SELECT approx_top_k_estimate(approx_top_k_combine(s)) FROM (SELECT approx_top_k_accumulate(x) AS s FROM VALUES (0), (0) AS t(x) UNION ALL SELECT approx_top_k_accumulate(x) AS s FROM VALUES (2), (3), (4), (4), (NULL) AS t(x))
""",
)
CASES.queries(
    "tuple sketch",
    f"""
SELECT hex(tuple_sketch_agg_double(k, s)) FROM VALUES (1, 5.0D), (1, 1.0D), (2, 2.0D), (2, 3.0D), (3, 2.2D), (NULL, 1D), (4, NULL) AS t(k, s)

SELECT hex(tuple_sketch_agg_integer(k, s, 12, 'max')) FROM VALUES ('a', 5), ('a', 1), ('b', 2), ('c', 3) AS t(k, s)

SELECT tuple_sketch_estimate_double(tuple_sketch_agg_double(id, double(id % 10), 8)), tuple_sketch_summary_double(tuple_sketch_agg_double(id, double(id % 10), 8)), tuple_sketch_theta_double(tuple_sketch_agg_double(id, double(id % 10), 8)) {NUMBERS}

SELECT tuple_sketch_estimate_integer(tuple_sketch_agg_integer(id, int(id % 10))), tuple_sketch_summary_integer(tuple_sketch_agg_integer(id, int(id % 10))), tuple_sketch_theta_integer(tuple_sketch_agg_integer(id, int(id % 10))) FROM range(100) AS t(id)

SELECT tuple_sketch_estimate_double(tuple_union_agg_double(s)), hex(tuple_union_agg_double(s)) FROM (SELECT tuple_sketch_agg_double(k, s) AS s FROM VALUES (1, 5.0D), (2, 10.0D) t(k, s) UNION ALL SELECT tuple_sketch_agg_double(k, s) FROM VALUES (2, 3.0D), (3, 7.0D) t(k, s))
""",
)
CASES.queries(
    "other aggregates",
    """
SELECT sort_array(collect_union(x)) FROM VALUES (array(1, 2)), (array(2, 3)), (array(1)), (NULL), (array(NULL)) AS t(x)

SELECT sort_array(collect_union(x)) FROM VALUES (array('b', 'a')), (array('a', 'c')) AS t(x)

SELECT collect_union(x) FROM VALUES (array(1)) AS t(x) WHERE false

SELECT k, sort_array(collect_union(x)) AS r FROM VALUES ('a', array(3, 1)), ('b', array(2)), ('a', array(1, 9)) AS t(k, x) GROUP BY k ORDER BY k

SELECT collect_union(1)

SELECT collect_union(array(map(1, 2)))

SELECT vector_sum(x), vector_avg(x) FROM VALUES (array(float(1), float(2))), (array(float(0.1), float(3))), (NULL) AS t(x)

SELECT vector_sum(x) FROM VALUES (array(float(1), float(2))), (array(float(1))) AS t(x)

SELECT vector_sum(x), vector_avg(x) FROM VALUES (array(float(1), NULL)), (array(float(1), float(2))) AS t(x)

SELECT vector_sum(x), vector_avg(x) FROM VALUES (array(float(1))) AS t(x) WHERE false

SELECT vector_sum(array(1.0D))

SELECT k, vector_avg(array(float(float(id) / 7), float(float(id * id) / 3))) AS a, vector_sum(array(float(float(id) / 7), float(float(id * id) / 3))) AS s FROM VALUES ('a'), ('b') AS z(k) LATERAL VIEW explode(sequence(1, 500)) AS id GROUP BY k ORDER BY k

SELECT vector_avg(x), vector_sum(x) FROM VALUES (array()), (CAST(array() AS ARRAY<FLOAT>)) AS t(x)

SELECT hex(listagg(x)), hex(listagg(x, X'2C')) FROM VALUES (X'01'), (NULL), (X'0203') AS t(x)

SELECT hex(listagg(x, X'2C') WITHIN GROUP (ORDER BY x DESC)) FROM VALUES (X'01'), (X'FF'), (X'0203') AS t(x)

SELECT mode() WITHIN GROUP (ORDER BY x) FROM VALUES (1), (2), (2), (1), (3) AS t(x)

SELECT mode() WITHIN GROUP (ORDER BY x DESC) FROM VALUES (1), (2), (2), (1), (3) AS t(x)

SELECT median(x), percentile(x, 0.25), percentile(x, array(0.0, 0.9)) FROM VALUES (INTERVAL '1' DAY), (INTERVAL '3' DAY), (INTERVAL '10' DAY) AS t(x)

SELECT CAST(median(x) AS STRING), CAST(percentile(x, 0.25) AS STRING), CAST(percentile(x, array(0.1)) AS STRING) FROM VALUES (INTERVAL '1' MONTH), (INTERVAL '3' MONTH), (INTERVAL '10' MONTH) AS t(x)

SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY x), percentile_disc(0.25) WITHIN GROUP (ORDER BY x DESC) FROM VALUES (INTERVAL '1' DAY), (INTERVAL '3' DAY), (INTERVAL '10' DAY) AS t(x)

SELECT percentile(x, 0.5, f), percentile(x, array(0.1, 0.9), f) FROM VALUES (1, 3), (2, 0), (10, 4), (NULL, 2), (7, NULL) AS t(x, f)

SELECT percentile(x, 0.5, f) FROM VALUES (1, -3) AS t(x, f)

SELECT percentile(x, 0.5, 2) FROM VALUES (1), (2), (3), (4) AS t(x)

SELECT max_by(x, y, 2), min_by(x, y, 2) FROM VALUES ('a', 1), ('b', 5), ('c', 3), ('d', NULL) AS t(x, y)

SELECT max_by(x, y, 3), min_by(x, y, 3) FROM VALUES ('a', 1), ('b', 5), ('c', 5), ('d', 1), ('e', NULL), (NULL, 7), ('f', 5), ('g', 1) AS t(x, y)

SELECT max_by(x, y, 100001) FROM VALUES ('a', 1) AS t(x, y)

SELECT max_by(x, y, 1L) FROM VALUES ('a', 1) AS t(x, y)

SELECT k, max_by(x, y, 2) AS m, min_by(struct(x, y), -y, 2) AS n FROM VALUES ('a', 1, 2.5D), ('a', 2, double('NaN')), ('b', 3, 1D), ('a', 4, 3D) AS t(k, x, y) GROUP BY k ORDER BY k

SELECT max_by(x, y, 0) FROM VALUES ('a', 1) AS t(x, y)

SELECT max_by(x, y, 2) FROM VALUES ('a', 1) AS t(x, y) WHERE false
""",
    tolerance=1e-12,
)
CASES.queries(
    "listed",
    """
SHOW FUNCTIONS LIKE 'stream*|plain*'

SHOW FUNCTIONS LIKE '*sketch*|theta*|tuple*|bitmap*|approx*|histogram*|hll*|kll*|vector_*g|vector_s*'
""",
)
