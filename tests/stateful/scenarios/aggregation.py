"""groupBy without event time: modes, functions, types of keys and values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stateful.scenario import Build, Restart, Scenario, Sources, reading_less, rows

KV = "k STRING, v INT"
FIRST = rows("k v", ("a", 1), ("b", 2), ("a", 3), (None, 4), ("c", None))
SECOND = rows("k v", ("a", 5), ("d", 6), (None, None), ("c", None))
THIRD = rows("k v", ("b", -2), ("d", 2147483647), ("d", 1))
STEPS = [FIRST, SECOND, [], THIRD]


def by(*keys: Any) -> Callable[..., Build]:
    """A builder of programs that group by these and have the SQL expressions as aggregates."""

    def over(*aggregates: str) -> Build:
        def build(spark: SparkSession, sources: Sources) -> DataFrame:
            return sources["in"].groupBy(*keys).agg(*map(F.expr, aggregates))

        return build

    return over


def five(value: str) -> list[str]:
    """The plainest aggregates of an expression."""
    return [f"{name}({value}) AS {name}" for name in ("count", "sum", "avg", "min", "max")]


VALUES: dict[str, tuple[str, list[Any], list[Any]]] = {
    "tinyint": ("TINYINT", [1, -2, None, 127], [5, None, -128]),
    "smallint": ("SMALLINT", [1, -2, None, 32767], [5, None, -32768]),
    "int": ("INT", [1, -2, None, 2147483647], [5, None, -2147483648]),
    "long": ("BIGINT", [1, -2, None, 9007199254740993], [5, None, 9007199254740995]),
    "float": ("FLOAT", [1.5, -2.25, None, 0.1], [0.2, None, "NaN"]),
    "double": ("DOUBLE", [1.5, -2.25, None, 0.1], [0.2, None, -0.0]),
    "double_special": ("DOUBLE", ["NaN", -0.0, None, 0.0], ["Infinity", "-Infinity", 1.0]),
    "decimal_10_2": ("DECIMAL(10,2)", [1.5, -2.25, None, 99999999.99], [0.2, None, 0.05]),
    "decimal_38_0": ("DECIMAL(38,0)", [1, -2, None, 12345678901234567890], [5, None, -7]),
    "decimal_38_18": ("DECIMAL(38,18)", [1.5, -2, None, 12345678901234567890], [5, None, -7]),
}
ORDERED: dict[str, tuple[str, list[Any], list[Any]]] = {
    "string": ("STRING", ["b", "", None, "жa"], ["a", None, "longer than eight"]),
    "date": ("DATE", ["2024-01-01", "1969-12-31", None], ["2024-02-29", None]),
    "timestamp": (
        "TIMESTAMP",
        ["2024-01-01 00:00:00.000001", None, "1969-12-31 23:59:59"],
        ["2024-02-29 01:02:03", None],
    ),
    "timestamp_ntz": ("TIMESTAMP_NTZ", ["2024-01-01T00:00:00.000001", None], ["2024-02-29T01:02:03", None]),
    "boolean": ("BOOLEAN", [True, None], [False, None]),
    "binary": ("BINARY", ["AQI=", None, ""], ["/w==", None]),
}
KEYS: dict[str, tuple[str, list[Any], list[Any]]] = {
    **VALUES,
    **ORDERED,
    "struct": (
        "STRUCT<a: INT, b: STRING>",
        [{"a": 1, "b": "x"}, {"a": None, "b": None}, None],
        [{"a": 1, "b": "x"}, {"b": "y"}],
    ),
    "array": ("ARRAY<STRING>", [["a", None], [], None], [["a", None], ["longer than eight"]]),
    "array_of_struct": ("ARRAY<STRUCT<a: INT>>", [[{"a": 1}], [None], None], [[{"a": 1}], [{"a": None}]]),
    "double_array": ("ARRAY<DOUBLE>", [[0.0, "NaN"], None], [[-0.0, "NaN"]]),
}


def valued(
    kind: str, first: list[Any], second: list[Any], aggregates: list[str], mode: str, prefix: str
) -> Scenario:
    """Aggregates of a column v of a type, by k."""
    files = [
        rows("k v", *(("ab"[number % 2], value) for number, value in enumerate(part)))
        for part in (first, second)
    ]
    name, ddl = kind, KEYS[kind][0]
    return Scenario(
        f"{prefix}_{name}_{mode}",
        by("k")(*aggregates),
        f"k STRING, v {ddl}",
        mode,
        [*files, Restart(), files[0]],
    )


def keyed(kind: str) -> Scenario:
    """A count by a key of a type, two partitions."""
    ddl, first, second = KEYS[kind]
    files = [rows("k v", *((value, number) for number, value in enumerate(part))) for part in (first, second)]
    return Scenario(
        f"key_{kind}", by("k")("count(1) AS n"), f"k {ddl}, v INT", "update", [*files, files[0]], partitions=2
    )


def having(spark: SparkSession, sources: Sources) -> DataFrame:
    """Filters and projections above an aggregation."""
    counted = sources["in"].groupBy("k").agg(F.count("v").alias("n"), F.sum("v").alias("s"))
    return counted.filter("n > 1").select(F.upper("k").alias("K"), (F.col("s") / F.col("n")).alias("mean"))


def sql(text: str) -> Build:
    """A program in SQL over the view t."""

    def build(spark: SparkSession, sources: Sources) -> DataFrame:
        sources["in"].createOrReplaceTempView("t")
        return spark.sql(text)

    return build


COUNT = by("k")("count(1) AS n")
BASIC = by("k")(
    "count(1) AS n", "count(v) AS c", "sum(v) AS s", "avg(v) AS a", "min(v) AS lo", "max(v) AS hi"
)
SCENARIOS = [
    Scenario("basic_update", BASIC, KV, "update", [*STEPS, Restart(), FIRST], checkpoint=True),
    Scenario("basic_complete", BASIC, KV, "complete", [*STEPS, Restart(), FIRST], checkpoint=True),
    Scenario("basic_append", BASIC, KV, "append", STEPS),
    Scenario(
        "basic_update_3", BASIC, KV, "update", [*STEPS, Restart(), FIRST], partitions=3, checkpoint=True
    ),
    Scenario("basic_complete_3", BASIC, KV, "complete", STEPS, partitions=3),
    Scenario("count_method", lambda spark, sources: sources["in"].groupBy("k").count(), KV, "update", STEPS),
    Scenario("no_keys_update", by()(*five("v")), KV, "update", STEPS, checkpoint=True),
    Scenario("no_keys_complete", by()(*five("v")), KV, "complete", STEPS),
    Scenario(
        "no_keys_empty_first",
        by()("count(v) AS n", "sum(v) AS s"),
        KV,
        "complete",
        [rows("k v", ("a", None)), FIRST],
    ),
    Scenario(
        "no_keys_filtered_away",
        lambda spark, sources: (
            sources["in"].filter("v > 100").groupBy().agg(F.expr("count(v) AS n"), F.expr("sum(v) AS s"))
        ),
        KV,
        "update",
        STEPS,
    ),
    Scenario(
        "filtered_away",
        lambda spark, sources: sources["in"].filter("v > 100").groupBy("k").count(),
        KV,
        "update",
        STEPS,
    ),
    Scenario(
        "keys_only",
        lambda spark, sources: sources["in"].select("k").groupBy("k").agg(F.lit(1).alias("one")),
        KV,
        "update",
        STEPS,
    ),
    Scenario("two_keys", by("k", "v")("count(1) AS n"), KV, "update", STEPS, partitions=3),
    Scenario(
        "expression_key",
        lambda spark, sources: (
            sources["in"]
            .groupBy((F.col("v") % 2).alias("odd"), F.upper("k"))
            .agg(F.count("*").alias("n"), F.sum(F.col("v") + 1))
        ),
        KV,
        "update",
        STEPS,
    ),
    Scenario(
        "struct_of_keys",
        lambda spark, sources: (
            sources["in"].groupBy(F.struct("k", (F.col("v") > 2).alias("big")).alias("s")).count()
        ),
        KV,
        "update",
        STEPS,
        partitions=2,
    ),
    Scenario(
        "constant_key",
        lambda spark, sources: sources["in"].groupBy(F.lit("x").alias("x"), "k").count(),
        KV,
        "update",
        STEPS,
    ),
    Scenario(
        "expression_of_aggregates",
        by("k")("sum(v) + count(v) * 2 AS e", "max(v) - min(v) AS spread", "sum(v) AS s"),
        KV,
        "update",
        STEPS,
    ),
    Scenario(
        "same_aggregate_twice",
        by("k")("sum(v) AS a", "sum(v) AS b", "sum(v + 0) AS c", "avg(v) AS d", "count(v) AS e"),
        KV,
        "update",
        STEPS,
    ),
    Scenario("having", having, KV, "update", STEPS),
    Scenario("having_complete", having, KV, "complete", STEPS),
    Scenario(
        "sql_having",
        sql("SELECT k, count(*) AS n, sum(v) FROM t GROUP BY k HAVING count(*) > 1"),
        KV,
        "update",
        STEPS,
    ),
    Scenario(
        "order_complete",
        lambda spark, sources: (
            sources["in"].groupBy("k").count().orderBy(F.desc("count"), F.asc_nulls_last("k"))
        ),
        KV,
        "complete",
        STEPS,
        ordered=True,
        partitions=3,
    ),
    Scenario(
        "order_limit_complete",
        lambda spark, sources: sources["in"].groupBy("k").count().orderBy(F.desc("count"), "k").limit(2),
        KV,
        "complete",
        STEPS,
        ordered=True,
    ),
    Scenario(
        "limit_complete",
        lambda spark, sources: sources["in"].groupBy("k").count().orderBy("k").limit(3),
        KV,
        "complete",
        STEPS,
        ordered=True,
    ),
    Scenario(
        "order_update",
        lambda spark, sources: sources["in"].groupBy("k").count().orderBy("k"),
        KV,
        "update",
        STEPS,
    ),
    Scenario(
        "filter_clause",
        by("k")("count(*) FILTER (WHERE v > 2) AS n", "sum(v) FILTER (WHERE v < 3) AS s", "max(v) AS m"),
        KV,
        "update",
        STEPS,
        checkpoint=True,
    ),
    Scenario("distinct_aggregate", by("k")("count(DISTINCT v) AS n"), KV, "update", STEPS),
    Scenario(
        "rollup",
        lambda spark, sources: (
            sources["in"].rollup("k", "v").agg(F.count("*").alias("n"), F.grouping_id().alias("g"))
        ),
        KV,
        "update",
        STEPS,
    ),
    Scenario(
        "cube",
        lambda spark, sources: (
            sources["in"].cube("k", "v").agg(F.count("*").alias("n"), F.grouping("k").alias("g"))
        ),
        KV,
        "complete",
        STEPS,
    ),
    Scenario(
        "grouping_sets",
        sql("SELECT k, v, count(*) AS n FROM t GROUP BY GROUPING SETS ((k), (v), ())"),
        KV,
        "update",
        STEPS,
    ),
    Scenario(
        "pivot",
        lambda spark, sources: sources["in"].groupBy("k").pivot("v", [1, 2, 3]).count(),
        KV,
        "update",
        STEPS,
    ),
    Scenario(
        "pivot_sum",
        lambda spark, sources: sources["in"].groupBy("k").pivot("v", [1, 2]).agg(F.sum("v")),
        KV,
        "update",
        STEPS,
    ),
    Scenario(
        "overflow",
        by("k")("sum(v) AS s"),
        "k STRING, v BIGINT",
        "update",
        [rows("k v", ("a", 9223372036854775807)), rows("k v", ("a", 1)), Restart()],
    ),
    Scenario(
        "try_sum_overflow",
        by("k")("try_sum(v) AS s", "try_avg(v) AS a"),
        "k STRING, v BIGINT",
        "update",
        [rows("k v", ("a", 9223372036854775807)), rows("k v", ("a", 1)), rows("k v", ("a", -5), ("b", 1))],
    ),
    Scenario(
        "overflow_legacy",
        by("k")("sum(v) AS s"),
        "k STRING, v BIGINT",
        "update",
        [rows("k v", ("a", 9223372036854775807)), rows("k v", ("a", 1)), rows("k v", ("a", -5))],
        conf={"spark.sql.ansi.enabled": "false"},
    ),
    Scenario(
        "decimal_overflow",
        by("k")("sum(v) AS s"),
        "k STRING, v DECIMAL(38,0)",
        "update",
        [rows("k v", ("a", 9e37), ("b", 1)), rows("k v", ("a", 9e37)), Restart()],
    ),
    Scenario(
        "decimal_overflow_legacy",
        by("k")("sum(v) AS s", "avg(v) AS a"),
        "k STRING, v DECIMAL(38,0)",
        "update",
        [rows("k v", ("a", 9e37), ("b", 1)), rows("k v", ("a", 9e37)), rows("k v", ("a", 1), ("b", 2))],
        conf={"spark.sql.ansi.enabled": "false"},
    ),
    Scenario(
        "two_aggregations_complete",
        lambda spark, sources: (
            sources["in"].groupBy("k").count().groupBy("count").agg(F.count("*").alias("n"))
        ),
        KV,
        "complete",
        STEPS,
    ),
    Scenario(
        "two_aggregations_update",
        lambda spark, sources: (
            sources["in"].groupBy("k").count().groupBy("count").agg(F.count("*").alias("n"))
        ),
        KV,
        "update",
        STEPS,
    ),
    Scenario("restart_other_function", COUNT, KV, "update", [FIRST, Restart(by("k")("sum(v) AS s")), SECOND]),
    Scenario(
        "restart_same_shape",
        by("k")("sum(v) AS s"),
        KV,
        "update",
        [FIRST, Restart(by("k")("max(bigint(v)) AS s")), SECOND],
    ),
    Scenario(
        "restart_other_key_type", COUNT, KV, "update", [FIRST, Restart(by("v")("count(1) AS n")), SECOND]
    ),
    Scenario(
        "restart_other_key_name",
        COUNT,
        KV,
        "update",
        [
            FIRST,
            Restart(lambda spark, sources: sources["in"].withColumnRenamed("k", "kk").groupBy("kk").count()),
            SECOND,
        ],
    ),
    Scenario(
        "restart_more_functions",
        COUNT,
        KV,
        "update",
        [FIRST, Restart(by("k")("count(1) AS n", "sum(v) AS s")), SECOND],
    ),
    Scenario("restart_other_mode", COUNT, KV, "update", [FIRST, Restart(mode="complete"), SECOND]),
    Scenario(
        "restart_other_partitions",
        COUNT,
        KV,
        "update",
        [FIRST, Restart(conf={"spark.sql.shuffle.partitions": "3"}), SECOND],
        partitions=2,
    ),
    Scenario(
        "restart_without_aggregation",
        COUNT,
        KV,
        "update",
        [FIRST, Restart(lambda spark, sources: sources["in"]), SECOND],
    ),
    *(
        valued(kind, first, second, five("v"), "update", "five")
        for kind, (_, first, second) in VALUES.items()
    ),
    *(
        valued(kind, first, second, ["count(v) AS n", "min(v) AS lo", "max(v) AS hi"], "update", "order")
        for kind, (_, first, second) in ORDERED.items()
    ),
    *(keyed(kind) for kind in KEYS),
]
SCENARIOS = reading_less(
    SCENARIOS,
    "no_keys_filtered_away",
    "filtered_away",
)
