"""Every aggregate function over two batches: what it answers, and what its buffers look like in the state."""

from __future__ import annotations

from stateful.scenario import Restart, Scenario, rows
from stateful.scenarios.aggregation import sql

COLUMNS = "k i l f d dec big s b at day bin x y"
SCHEMA = (
    "k STRING, i INT, l BIGINT, f FLOAT, d DOUBLE, dec DECIMAL(10,2), big DECIMAL(38,0), s STRING, b BOOLEAN, "
    "at TIMESTAMP, day DATE, bin BINARY, x DOUBLE, y DOUBLE"
)
EMPTY = (None,) * 13
FIRST = rows(
    COLUMNS,
    (
        "a",
        1,
        10,
        1.5,
        2.5,
        12.34,
        12345678901234567890,
        "one",
        True,
        "2024-01-01 00:00:01",
        "2024-01-01",
        "AQ==",
        1,
        2,
    ),
    ("a", 5, 50, 0.5, 0.25, -1, 7, "two", True, "2024-01-01 00:00:05.000001", "2024-01-02", "AwQ=", 2, 4.5),
    (
        "a",
        3,
        30,
        -4,
        8,
        0.05,
        -9,
        "a longer text",
        False,
        "2023-01-01 00:00:00",
        "1969-12-31",
        "/w==",
        3.5,
        1,
    ),
    ("b", 4, None, None, 1.25, None, None, None, None, None, None, None, 4, None),
    ("n", *EMPTY),
)
SECOND = rows(
    COLUMNS,
    ("a", *EMPTY),
    ("a", 5, 70, 2.25, -3, 3.5, 11, "one", True, "2025-06-01 12:00:00", "2024-02-29", "Ag==", -1, 3),
    ("b", 9, 90, 9.5, 9.75, 9.99, 99, "nine", True, "2024-01-09 00:00:00", "2024-01-09", "CQ==", 6, 7),
    (None, 2, 20, 2, 2, 2, 2, "two", False, "2024-01-02 00:00:00", "2024-01-02", "Ag==", 2, 2),
)
HLL_OF_TWO = "X'0201070C03000108862FF90D00000000000000000000000000000000000000000000000000000000'"
HLL_OF_FOUR = "X'0201070C0300010881BC5D0600000000000000000000000000000000000000000000000000000000'"
THETA_OF_TWO, THETA_OF_FOUR = "X'01030300003ACC93C397FC1281709D1E'", "X'01030300003ACC9340DE2EE1C9DB3D08'"
KLLS = "CASE WHEN i > 3 THEN X'02020F04C80008005A00000000000000' WHEN i = 1 THEN X'02020F04C80008001400000000000000' END"
HLLS = f"CASE WHEN i > 3 THEN {HLL_OF_TWO} WHEN i = 1 THEN {HLL_OF_FOUR} END"
THETAS = f"CASE WHEN i > 3 THEN {THETA_OF_TWO} WHEN i = 1 THEN {THETA_OF_FOUR} END"
NUMBERS = ("i", "l", "f", "d", "dec", "big")
ORDERED = (*NUMBERS, "s", "b", "at", "day", "bin")
PERIODS = ("make_dt_interval(i)",)
MONTHS = ("sum", "try_sum", "avg", "try_avg", "min", "max", "first", "last")
MOMENTS = (
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "std",
    "variance",
    "var_samp",
    "var_pop",
    "skewness",
    "kurtosis",
)
PAIRS = (
    "corr", "covar_pop", "covar_samp", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope",
    "regr_sxx", "regr_sxy", "regr_syy",
)  # fmt: skip
FUNCTIONS = [
    "count(*)", "count(1)", "count(i)", "count(i, s)", "count_if(i > 2)", "count_if(b)",
    *(f"sum({column})" for column in (*NUMBERS, *PERIODS, "tinyint(i)", "smallint(i)", "s", "CAST(dec AS DECIMAL(18,4))")),
    "sum(CAST(i AS DECIMAL(8,0)))", "sum(CAST(i AS DECIMAL(9,0)))", "sum(CAST(dec AS DECIMAL(28,2)))",
    *(f"try_sum({column})" for column in (*NUMBERS, *PERIODS)),
    *(f"avg({column})" for column in (*NUMBERS, *PERIODS, "s")),
    "avg(CAST(i AS DECIMAL(11,0)))", "avg(CAST(i AS DECIMAL(12,0)))",
    *(f"try_avg({column})" for column in (*NUMBERS, *PERIODS)), "mean(d)",
    *(f"min({column})" for column in (*ORDERED, *PERIODS, "struct(i, s)", "array(i)")),
    *(f"max({column})" for column in (*ORDERED, *PERIODS, "struct(s, i)", "array(i)")),
    *(f"first({column})" for column in (*ORDERED, "struct(i, s)", "array(i)")),
    "first(i, true)", "first(s) IGNORE NULLS", "first_value(i)", "first_value(i, true)", "last(i)", "last(s)",
    "last(i, true)", "last(s) IGNORE NULLS", "last_value(i, true)", "any_value(i)", "any_value(s, true)",
    "max_by(s, i)", "min_by(s, i)", "max_by(i, s)", "min_by(i, d)", "max_by(struct(i, s), d)", "max_by(s, i, 2)", "min_by(i, d, 3)", "max_by(struct(i, s), s, 1)", "min_by(s, at, 2)",
    *(f"{name}(d)" for name in MOMENTS), "stddev(i)", "stddev(dec)", "var_pop(f)", "skewness(i)", "kurtosis(dec)",
    *(f"{name}(y, x)" for name in PAIRS), "corr(i, d)", "regr_avgx(i, dec)", "regr_slope(i, dec)", "covar_pop(i, l)",
    "bool_and(b)", "bool_or(b)", "every(b)", "some(b)", "any(b)",
    *(f"{name}({column})" for name in ("bit_and", "bit_or", "bit_xor") for column in ("i", "l", "tinyint(i)")),
    "sort_array(collect_list(i))", "collect_list(i)", "collect_list(s)", "collect_list(struct(i, s))", "collect_list(dec)",
    "sort_array(collect_set(i))", "sort_array(collect_set(s))", "sort_array(collect_set(bin))", "sort_array(collect_set(d))",
    "sort_array(collect_set(struct(i, s)))", "array_agg(i)",
    "listagg(s, ',')", "listagg(s)", "listagg(bin)", "string_agg(s, ',')", "listagg(s, ',') WITHIN GROUP (ORDER BY s)",
    "listagg(s, ',') WITHIN GROUP (ORDER BY i)", "mode(i)", "mode(s)", "mode(i, true)", "mode() WITHIN GROUP (ORDER BY i)",
    "median(i)", "median(d)", "median(make_dt_interval(i))", "percentile(i, 0.25)", "percentile(d, array(0.25, 0.75))",
    "percentile(i, 0.5, 2)", "percentile_cont(0.5) WITHIN GROUP (ORDER BY d)", "percentile_disc(0.5) WITHIN GROUP (ORDER BY d)",
    *(f"approx_count_distinct({column})" for column in ORDERED), "approx_count_distinct(i, 0.2)",
    "percentile_approx(i, 0.5)", "percentile_approx(d, array(0.1, 0.9), 50)", "approx_percentile(dec, 0.5, 100)",
    "histogram_numeric(i, 3)", "histogram_numeric(d, 2)", "bitmap_construct_agg(bitmap_bit_position(i))",
    "bitmap_or_agg(bin)", "bitmap_and_agg(bin)", "count_min_sketch(i, 0.5D, 0.5D, 1)", "hll_sketch_estimate(hll_sketch_agg(i))",
    *(f"histogram_numeric({column}, 2)" for column in ("dec", "at", "day", "make_dt_interval(i)")),
    "count_min_sketch(s, 0.5D, 0.5D, 1)", "count_min_sketch(bin, 0.9D, 0.5D, 1)", "hll_sketch_agg(l)", "hll_sketch_agg(bin)",
    f"hll_union_agg({HLLS})", "theta_sketch_agg(d)", "theta_sketch_agg(bin)", "theta_sketch_agg(array(i, 1))",
    f"kll_merge_agg_bigint({KLLS})", f"kll_merge_agg_bigint({KLLS}, 100)", "kll_sketch_agg_bigint(i, 8)",
    "approx_top_k(d)", "approx_top_k(f, 3, 100)", "approx_top_k(l)", "approx_top_k(b)", "approx_top_k(day)", "approx_top_k(at)",
    "approx_top_k(tinyint(i))", "approx_top_k(smallint(i))",
    f"theta_union_agg({THETAS})", f"theta_intersection_agg({THETAS})",
    "hll_sketch_agg(s)", "hll_sketch_agg(i, 4)", "hll_union_agg(bin)", "kll_sketch_agg_bigint(l)",
    "kll_sketch_agg_double(d)", "kll_sketch_agg_float(f)", "theta_sketch_agg(i)", "theta_sketch_agg(s)",
    "tuple_sketch_agg_double(i, d)", "tuple_sketch_agg_integer(i, i)", "approx_top_k(i)", "approx_top_k(s, 2)",
    "approx_top_k_accumulate(i)", *(f"CAST({name}(make_ym_interval(i)) AS STRING)" for name in MONTHS), "sort_array(collect_union(array(i, 1)))", "schema_of_variant_agg(parse_json('1'))",
    "collect_set(k)", "max(at), min(day), last(bin)", "vector_sum(array(f))", "vector_avg(array(f))", "schema_of_json_agg('1')", "grouping(k)",
    "sum(DISTINCT i)", "count(DISTINCT i)", "collect_list(DISTINCT i)", "max(DISTINCT i)", "listagg(DISTINCT s, ',')",
    "sum(i) FILTER (WHERE i > 2)", "count(*) FILTER (WHERE b)", "collect_list(i) FILTER (WHERE i > 2)",
    "avg(i) FILTER (WHERE false)", "first(i) FILTER (WHERE i > 2)", "approx_count_distinct(i) FILTER (WHERE i > 2)",
    "sum(i + l)", "sum(i) + sum(i)", "sum(i) / count(i)", "sum(rand(1)) > 0", "max(current_timestamp()) > '2020-01-01'",
    "sum(CASE WHEN b THEN d END)", "count(CASE WHEN b THEN 1 END)", "sum(NULL)", "count(NULL)", "max(NULL)", "sum(1)",
    "sum(k)", "max(k)", "max(parse_json(s))", "max(map(i, s))", "first(map('x', s))", "last(at) + INTERVAL '1' DAY",
    "avg(d), count(i), sum(l), max(s)", "stddev(d), avg(d), var_pop(d), count(d)", "first(i), first(i, true), last(i)",
    "sum(dec), avg(dec), count(dec)", "corr(x, y), covar_pop(x, y), regr_slope(y, x)", "collect_list(i), count(1)",
    "max(s), count(1), min(s)", "percentile_approx(i, 0.5), sum(i)",
]  # fmt: skip
SHAPES = {
    "rollup": "SELECT k, i, count(*), sum(l) FROM t GROUP BY ROLLUP (k, i)",
    "cube": "SELECT k, b, count(*), grouping(k), grouping_id() FROM t GROUP BY CUBE (k, b)",
    "grouping sets": "SELECT k, b, count(*) FROM t GROUP BY GROUPING SETS ((k), (b), ())",
    "no keys": "SELECT count(*), sum(l), max(s), first(i) FROM t",
    "no keys typed": "SELECT collect_list(i), approx_count_distinct(i), percentile_approx(i, 0.5) FROM t",
    "all keys": "SELECT k, i, l, f, d, dec, big, s, b, at, day, bin, count(*) FROM t GROUP BY ALL",
    "interval keys": "SELECT make_dt_interval(i) AS a, CAST(make_ym_interval(i) AS STRING) AS b, count(*) FROM t GROUP BY make_dt_interval(i), make_ym_interval(i)",
    "key used in aggregate": "SELECT k, max(k), count(k) FROM t GROUP BY k",
    "key in expression": "SELECT concat(k, '!'), count(*) FROM t GROUP BY k",
    "expression key": "SELECT i % 2, upper(k), sum(i % 2) FROM t GROUP BY i % 2, upper(k)",
    "struct key": "SELECT struct(k, i) AS s, count(*) FROM t GROUP BY struct(k, i)",
    "sketches of many": "SELECT k, histogram_numeric(e, 4), count_min_sketch(e, 0.5D, 0.9D, 3), hll_sketch_agg(e, 6), theta_sketch_agg(e, 5), "
    "bitmap_count(bitmap_construct_agg(e)) FROM (SELECT k, explode(sequence(i * 100, i * 100 + 300)) AS e FROM t) GROUP BY k",
    "not null key": "SELECT coalesce(k, '') AS k, count(*) FROM t GROUP BY coalesce(k, '')",
    "not null value": "SELECT k, sum(coalesce(i, 0)), avg(coalesce(l, 0)), max(coalesce(s, '')) FROM t GROUP BY k",
    "having": "SELECT k FROM t GROUP BY k HAVING max(i) > 2",
    "distinct of two": "SELECT k, count(DISTINCT i), sum(l) FROM t GROUP BY k",
    "window function": "SELECT k, sum(i) OVER (PARTITION BY k) FROM t",
    "collated key": "SELECT collate(k, 'UTF8_LCASE') AS c, count(*), max(collate(s, 'UTF8_LCASE')) FROM t GROUP BY 1",
    "pivot": "SELECT * FROM (SELECT k, i, l FROM t) PIVOT (sum(l) AS s, count(l) AS c FOR i IN (1, 5))",
}
STEPS = [FIRST, SECOND, Restart(), FIRST]
HANDED_OVER = {
    "handed_over_values": "collect_list(i), sort_array(collect_set(s)), listagg(s, ','), listagg(s, '-') WITHIN GROUP (ORDER BY i), "
    "median(d), percentile(i, array(0.25, 0.75)), percentile_approx(i, 0.5), mode(i, true)",
    "handed_over_moments": "stddev(d), skewness(i), kurtosis(dec), corr(y, x), covar_samp(y, x), regr_slope(y, x), regr_r2(y, x)",
    "handed_over_sums": "try_sum(i), sum(dec), avg(dec), sum(CAST(i AS DECIMAL(8,0))), avg(big), avg(make_dt_interval(i)), bool_and(b), "
    "bit_xor(l), count_if(b), max_by(s, i), first(i, true), last(s)",
    "handed_over_distinct_counts": "approx_count_distinct(s), approx_count_distinct(d, 0.2)",
}
SCENARIOS = [
    *(
        Scenario(text, sql(f"SELECT k, {text} FROM t GROUP BY k"), SCHEMA, "update", STEPS)
        for text in FUNCTIONS
    ),
    *(Scenario(f"shape: {name}", sql(text), SCHEMA, "update", STEPS) for name, text in SHAPES.items()),
    *(
        Scenario(f"complete: {text}", sql(f"SELECT k, {text} FROM t GROUP BY k"), SCHEMA, "complete", STEPS)
        for text in (
            "sum(dec)",
            "first(i)",
            "collect_list(i)",
            "stddev(d)",
            "approx_count_distinct(i)",
            "mode(s)",
        )
    ),
    *(
        Scenario(
            f"3 partitions: {text}",
            sql(f"SELECT k, {text} FROM t GROUP BY k"),
            SCHEMA,
            "update",
            STEPS,
            partitions=3,
        )
        for text in ("sum(dec), avg(i)", "last(i)", "collect_list(i)")
    ),
    *(
        Scenario(
            name,
            sql(f"SELECT k, {text} FROM t GROUP BY k"),
            SCHEMA,
            "update",
            STEPS,
            partitions=2,
            checkpoint=name in {"handed_over_moments", "handed_over_sums"},
        )
        for name, text in HANDED_OVER.items()
    ),
]
