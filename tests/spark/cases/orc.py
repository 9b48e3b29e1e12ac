"""ORC files, read and written, batch and stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spark.oracle.table import Table

CASES = Table()
P = CASES.program

NUMBERS = (
    "SELECT 3000000000L l, 1 i, CAST(7 AS SMALLINT) sm, 1.5D d, 0.5F f, CAST(1.25 AS DECIMAL(5,2)) m, true t, 's' s,"
    " TIMESTAMP '2024-01-01 10:00:00' ts, DATE '2024-01-01' da, TIMESTAMP_NTZ '2024-01-01 10:00:00' nt, X'00ff' y,"
    " named_struct('p', 1, 'q', 'x') st, array(1, null) a, map('k', 1) mp"
)
NESTED = (
    "SELECT id, IF(id = 1, NULL, array(named_struct('t', TIMESTAMP_NTZ '2024-02-29 13:04:05', 'n', id))) a,"
    " IF(id = 2, NULL, map(concat('k', id), array(INTERVAL '1' DAY, NULL))) m,"
    " IF(id = 0, NULL, named_struct('m', map(id, DATE '2024-02-29'), 'e', array())) s FROM range(4)"
)
TIMES = (
    "SELECT * FROM VALUES (TIMESTAMP '1969-12-31 23:59:59', DATE '1969-12-31'), (TIMESTAMP '1900-01-01 00:00:00', DATE '9999-12-31'),"
    " (TIMESTAMP '2200-01-01 00:00:00.123456', DATE '1582-10-15'), (NULL, NULL) AS t(ts, da)"
)


def written(spark: Any, directory: Path, sql: str, name: str = "out", **options: Any) -> str:
    """A query as one ORC file; the directory."""
    path = str(directory / name)
    spark.sql(sql).coalesce(1).write.options(**options).orc(path)
    return path


def parts(directory: Path) -> list[str]:
    """Names of what was written, without what differs from run to run."""
    import re

    return sorted(
        re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>", path.name)
        for path in directory.rglob("*")
        if path.name[0] != "."
    )


def round_trip(name: str, sql: str, **options: Any) -> None:
    """One case that writes a query and reads it again."""

    def run(spark: Any, F: Any, directory: Path) -> Any:
        return spark.read.orc(written(spark, directory, sql, **options))

    P(f"round trip {name}", run)


def reads(name: str, schema: str, sql: str = NUMBERS) -> None:
    """One case that reads a file of a query with another schema."""

    def run(spark: Any, F: Any, directory: Path) -> Any:
        return spark.read.schema(schema).orc(written(spark, directory, sql))

    P(f"schema {name}", run)


round_trip("numbers", NUMBERS)
round_trip("nested", NESTED)
round_trip("times", TIMES)
round_trip("intervals", "SELECT INTERVAL '1 02:03' DAY TO MINUTE a, INTERVAL '5' SECOND b")
round_trip("no rows", NUMBERS + " LIMIT 0")
round_trip("odd names", "SELECT 1 `a b`, 2 `c.d`, 3 `e,f`, named_struct('x.y', 1) `g`")
round_trip(
    "decimals", "SELECT CAST(-1.5 AS DECIMAL(38,10)) a, CAST(0.01 AS DECIMAL(2,2)) b, 99999999999999999999 c"
)
for bad in (
    "null", "make_interval(1)", "named_struct('a', null)", "array(make_interval(1))",
):  # fmt: skip
    round_trip(f"of {bad}", f"SELECT 1 a, {bad} b")
round_trip("duplicate columns", "SELECT 1 a, 2 A")

reads("wider", "i LONG, f DOUBLE, sm INT, m DECIMAL(10,4)")
reads("narrower", "l INT, i SMALLINT, sm TINYINT, d FLOAT, m DECIMAL(4,1)")
reads("narrower decimal", "m DECIMAL(2,2)")
reads("float of whole numbers", "l DOUBLE, i FLOAT")
reads("decimal of whole numbers", "l DECIMAL(20,0), i DECIMAL(4,2)")
reads("text of whole numbers", "l STRING, i STRING")
reads("binary of text", "s BINARY")
reads("int of boolean", "t INT")
reads("long of a time without zone", "nt LONG")
reads("time without zone of a long", "l TIMESTAMP_NTZ")
reads("date of int", "i DATE")
reads("int of date", "da INT")
reads("array of int", "i ARRAY<INT>")
reads("other case", "I INT, S STRING")
reads("missing", "z INT, i INT")
reads("fields in another order", "st STRUCT<q: STRING, z: INT, p: INT>")
reads("fields wider", "st STRUCT<p: LONG>, a ARRAY<LONG>, mp MAP<STRING,LONG>")
reads("Hive's names", "x INT, y INT, z INT", "SELECT 1 _col0, 2 _col1")

for codec in ("none", "uncompressed", "snappy", "zlib", "lz4", "ZSTD", "gzip", "nope"):

    def compressed(spark: Any, F: Any, directory: Path, codec: str = codec) -> Any:
        path = written(spark, directory, "SELECT 1 a", compression=codec)
        return [parts(directory), [row.a for row in spark.read.orc(path).collect()]]

    P(f"compression {codec}", compressed)


@CASES.case()
def compression_orc_compress(spark: Any, F: Any, directory: Path) -> Any:
    written(spark, directory, "SELECT 1 a", **{"orc.compress": "SNAPPY"})
    return parts(directory)


@CASES.case()
def compression_both(spark: Any, F: Any, directory: Path) -> Any:
    written(spark, directory, "SELECT 1 a", **{"orc.compress": "SNAPPY", "compression": "zlib"})
    return parts(directory)


@CASES.case(conf={"spark.sql.orc.compression.codec": "lz4"})
def compression_conf(spark: Any, F: Any, directory: Path) -> Any:
    written(spark, directory, "SELECT 1 a")
    return parts(directory)


@CASES.case()
def compression_default(spark: Any, F: Any, directory: Path) -> Any:
    written(spark, directory, "SELECT 1 a")
    return [spark.conf.get("spark.sql.orc.compression.codec"), parts(directory)]


@CASES.case()
def partitioned(spark: Any, F: Any, directory: Path) -> Any:
    spark.table("people").write.partitionBy("city").orc(str(directory / "out"))
    return spark.read.orc(str(directory / "out")).select("id", "name", "age", "city")


@CASES.case()
def partitions_alone(spark: Any, F: Any, directory: Path) -> Any:
    spark.table("people").write.partitionBy("city").orc(str(directory / "out"))
    return spark.read.orc(str(directory / "out")).groupBy("city").count()


def merged(name: str, first: str, second: str, conf: Any = None, **options: Any) -> None:
    """One case that reads two files of two schemas."""

    def run(spark: Any, F: Any, directory: Path) -> Any:
        written(spark, directory / "in", first, "k=1")
        written(spark, directory / "in", second, "k=2")
        found = spark.read.options(**options).orc(str(directory / "in"))
        return found.select(*sorted(found.columns)).orderBy("k")

    P(f"merge {name}", run, conf=conf or {})


merged("columns", "SELECT 1 a", "SELECT 2 a, 'x' b", mergeSchema=True)
merged("columns by conf", "SELECT 1 a", "SELECT 2 a, 'x' b", {"spark.sql.orc.mergeSchema": "true"})
merged("decimals", "SELECT CAST(1 AS DECIMAL(5,2)) a", "SELECT CAST(2 AS DECIMAL(9,2)) a", mergeSchema=True)
merged("other case", "SELECT 1 a, 2 b", "SELECT 2 a, 3 B", mergeSchema=True)


@CASES.case()
def merge_types(spark: Any, F: Any, directory: Path) -> Any:
    for name, sql in (("k=1", "SELECT 1 a"), ("k=2", "SELECT 'x' a")):
        written(spark, directory / "in", sql, name)
    paths = [str(directory / "in" / "k=1"), str(directory / "in" / "k=2")]
    try:
        spark.read.option("mergeSchema", True).orc(paths)
    except Exception as error:  # noqa: BLE001 - which schema comes first is not said
        return "CANNOT_MERGE_SCHEMAS" in str(error)
    return "read"


@CASES.case()
def merge_structs(spark: Any, F: Any, directory: Path) -> Any:
    for name, sql in (
        ("k=1", "SELECT named_struct('p', 1) a"),
        ("k=2", "SELECT named_struct('p', 2, 'q', 'x') a"),
    ):
        written(spark, directory / "in", sql, name)
    found = spark.read.option("mergeSchema", True).orc(str(directory / "in"))
    return found.select("a.p", "a.q", "k").orderBy("k")


@CASES.case()
def parquet_merge_types(spark: Any, F: Any, directory: Path) -> Any:
    for name, sql in (("k=1", "SELECT 1 a"), ("k=2", "SELECT 'x' a")):
        spark.sql(sql).write.parquet(str(directory / "in" / name))
    try:
        spark.read.option("mergeSchema", True).parquet(str(directory / "in"))
    except Exception as error:  # noqa: BLE001 - which schema comes first is not said
        return "CANNOT_MERGE_SCHEMAS" in str(error)
    return "read"


@CASES.case()
def parquet_merge_structs(spark: Any, F: Any, directory: Path) -> Any:
    for name, sql in (
        ("k=1", "SELECT named_struct('p', 1) a"),
        ("k=2", "SELECT named_struct('p', 2, 'q', 'x') b"),
    ):
        spark.sql(sql).write.parquet(str(directory / "in" / name))
    found = spark.read.option("mergeSchema", True).parquet(str(directory / "in"))
    return found.select("a.p", "b.q", "k").orderBy("k")


GARBAGE = {"in/x.orc": "this is not orc at all"}


def garbage(name: str, make: Any, files: Any = None, **options: Any) -> None:
    """One case over files that are not ORC."""

    def run(spark: Any, F: Any, directory: Path) -> Any:
        return make(spark.read.options(**options)).orc(str(directory / "in"))

    P(f"damaged {name}", run, files=files or GARBAGE)


garbage("inferred", lambda read: read)
garbage("with schema", lambda read: read.schema("a INT"))
garbage("ignored", lambda read: read.schema("a INT"), ignoreCorruptFiles=True)
garbage("ignored and inferred", lambda read: read, ignoreCorruptFiles=True)
garbage("no bytes inferred", lambda read: read, {"in/x.orc": ""})
garbage("no bytes with schema", lambda read: read.schema("a INT"), {"in/x.orc": ""})


@CASES.case()
def damaged_among_good(spark: Any, F: Any, directory: Path) -> Any:
    path = written(spark, directory, "SELECT 1 a")
    (directory / "out" / "part-x.orc").write_bytes(b"ORC and no more")
    return spark.read.schema("a INT").option("ignoreCorruptFiles", True).orc(path)


@CASES.case()
def empty_directory(spark: Any, F: Any, directory: Path) -> Any:
    (directory / "in").mkdir()
    return spark.read.orc(str(directory / "in"))


@CASES.case()
def several_paths(spark: Any, F: Any, directory: Path) -> Any:
    first, second = written(spark, directory, "SELECT 1 a", "p"), written(spark, directory, "SELECT 2 a", "q")
    return spark.read.orc([first, second])


@CASES.case()
def from_sql(spark: Any, F: Any, directory: Path) -> Any:
    return spark.sql(f"SELECT * FROM orc.`{written(spark, directory, NUMBERS)}`").select("i", "s")


@CASES.case()
def count_and_metadata(spark: Any, F: Any, directory: Path) -> Any:
    path = written(spark, directory, "SELECT id FROM range(5)")
    return [
        spark.read.orc(path).count(),
        spark.read.orc(path).select("_metadata.file_block_start").first()[0],
    ]


@CASES.case()
def table_using_orc(spark: Any, F: Any, directory: Path) -> Any:
    spark.sql("CREATE TABLE t_orc_1 (a INT, b STRING) USING orc")
    spark.sql("INSERT INTO t_orc_1 VALUES (1, 'x'), (2, NULL)")
    rows = spark.table("t_orc_1").orderBy("a").collect()
    spark.sql("DROP TABLE t_orc_1")
    return rows


@CASES.case()
def save_as_table(spark: Any, F: Any, directory: Path) -> Any:
    spark.range(2).write.format("orc").mode("overwrite").saveAsTable("t_orc_2")
    rows = spark.table("t_orc_2").collect()
    spark.sql("DROP TABLE t_orc_2")
    return rows


@CASES.case()
def append_and_overwrite(spark: Any, F: Any, directory: Path) -> Any:
    path = str(directory / "out")
    spark.range(2).write.orc(path)
    spark.range(2, 4).write.mode("append").orc(path)
    first = spark.read.orc(path).count()
    spark.range(1).write.mode("overwrite").orc(path)
    return [first, spark.read.orc(path).count()]


@CASES.case()
def stream_there_and_back(spark: Any, F: Any, directory: Path) -> Any:
    for number in range(3):
        written(
            spark,
            directory / "in",
            f"SELECT {number} a, TIMESTAMP '2024-01-01 00:00:0{number}' at",
            f"k={number}",
        )
    rows = spark.readStream.schema("a INT, at TIMESTAMP, k INT").orc(str(directory / "in"))
    query = (
        rows.writeStream.format("orc")
        .option("checkpointLocation", str(directory / "checkpoint"))
        .partitionBy("k")
        .trigger(availableNow=True)
        .start(str(directory / "out"))
    )
    query.awaitTermination()
    return spark.read.orc(str(directory / "out"))


@CASES.case()
def stream_without_schema(spark: Any, F: Any, directory: Path) -> Any:
    return spark.readStream.orc(written(spark, directory, "SELECT 1 a"))


@CASES.case(conf={"spark.sql.streaming.schemaInference": "true"})
def stream_inferred(spark: Any, F: Any, directory: Path) -> Any:
    return [spark.readStream.orc(written(spark, directory, "SELECT 1 a, 'x' b")).schema.simpleString()]


@CASES.case()
def stream_complete(spark: Any, F: Any, directory: Path) -> Any:
    rows = spark.readStream.schema("a INT").orc(written(spark, directory, "SELECT 1 a"))
    rows.groupBy("a").count().writeStream.outputMode("complete").format("orc").option(
        "checkpointLocation", str(directory / "checkpoint")
    ).start(str(directory / "result"))
