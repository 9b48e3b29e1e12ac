"""Programs as people write them for Kafka, to be run by `potok run` and by real Spark with its connector.

Arguments: brokers, a directory for checkpoints and output, optionally a directory with the jars of the connector.
Answers on the standard output, a line of JSON for each program. The snippets of Spark's integration guide are all
here. Topics and records are those of test_programs.py.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as f
from pyspark.sql.types import DoubleType, LongType, StringType, StructField, StructType

bootstrap, directory = sys.argv[1:3]
NEEDED = ("spark-sql-kafka", "spark-token-provider-kafka", "kafka-clients", "commons-pool2")
builder = SparkSession.builder.appName("kafka programs").config("spark.sql.session.timeZone", "UTC")
if len(sys.argv) > 3:
    found = [str(path) for path in Path(sys.argv[3]).glob("*.jar") if path.name.startswith(NEEDED)]
    builder = builder.master("local[1]").config("spark.jars", ",".join(found))
    builder = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "1")
spark = builder.getOrCreate()

PROGRAMS: list[Callable[[], Any]] = []


def program(function: Callable[[], Any]) -> Callable[[], Any]:
    PROGRAMS.append(function)
    return function


def rows(frame: DataFrame) -> list[Any]:
    """In an order of its own: between partitions there is none."""
    return sorted((plain(row) for row in frame.collect()), key=json.dumps)


def plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return f"0x{bytes(value).hex()}"
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def stream(**options: str) -> Any:
    reader = spark.readStream.format("kafka").option("kafka.bootstrap.servers", bootstrap)
    return reader.option("startingOffsets", "earliest").options(**options)


def batch(**options: str) -> Any:
    return spark.read.format("kafka").option("kafka.bootstrap.servers", bootstrap).options(**options)


def everything(frame: DataFrame, name: str, mode: str = "append") -> list[Any]:
    """All that a stream has now, batch by batch, and the offsets that it has written down."""
    batches: dict[int, list[Any]] = {}
    writer = frame.writeStream.foreachBatch(lambda part, number: batches.update({number: rows(part)}))
    checkpoint = f"{directory}/{name}"
    query = (
        writer.outputMode(mode).option("checkpointLocation", checkpoint).trigger(availableNow=True).start()
    )
    query.awaitTermination()
    offsets = sorted((Path(checkpoint) / "offsets").glob("[0-9]*"), key=lambda path: int(path.name))
    return [[batches.get(int(path.name)), path.read_text().splitlines()[2:]] for path in offsets]


def written(topic: str) -> list[Any]:
    """What a topic holds."""
    frame = batch(subscribe=topic, includeHeaders="true").load()
    return rows(frame.selectExpr("CAST(key AS STRING)", "CAST(value AS STRING)", "partition", "headers"))


def error(action: Callable[[], Any]) -> Any:
    """What the user is told, without what the ways to Spark put around it and what differs from run to run."""
    try:
        # A data frame may ask the server only when it is asked itself.
        getattr(action(), "schema", None)
    except Exception as caught:  # noqa: BLE001 - the answer
        text = str(caught).partition("JVM stacktrace")[0].partition("\n\tat ")[0]
        text = text.partition("=== Streaming Query")[0].partition(";\n'")[0]
        text = re.sub(r"^(An error occurred while calling \S+\n: [\w.]+: |\([\w.]+\) )", "", text)
        text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<id>", text).replace(directory, "<directory>")
        return re.sub(r"(; line \d+ pos \d+)$", "", text.strip())
    return None


# ---- Spark's guide: reading


@program
def guide_subscribe_to_one_topic() -> Any:
    df = stream(subscribe="topic1").load()
    return everything(df.selectExpr("CAST(key AS STRING)", "CAST(value AS STRING)"), "one")


@program
def guide_subscribe_to_one_topic_with_headers() -> Any:
    df = stream(subscribe="topic1", includeHeaders="true").load()
    return everything(df.selectExpr("CAST(key AS STRING)", "CAST(value AS STRING)", "headers"), "headers")


@program
def guide_subscribe_to_multiple_topics() -> Any:
    df = stream(subscribe="topic1,topic2").load()
    return everything(df.selectExpr("CAST(key AS STRING)", "CAST(value AS STRING)", "topic"), "multiple")


@program
def guide_subscribe_to_a_pattern() -> Any:
    df = stream(subscribePattern="topic.*").load()
    return everything(df.selectExpr("CAST(key AS STRING)", "CAST(value AS STRING)", "topic"), "pattern")


@program
def guide_batch_defaults() -> Any:
    df = batch(subscribe="topic1").load()
    return rows(df.selectExpr("CAST(key AS STRING)", "CAST(value AS STRING)"))


@program
def guide_batch_multiple_topics_with_offsets() -> Any:
    df = batch(
        subscribe="topic1,topic2",
        startingOffsets="""{"topic1":{"0":2,"1":-2},"topic2":{"0":-2}}""",
        endingOffsets="""{"topic1":{"0":4,"1":-1},"topic2":{"0":-1}}""",
    ).load()
    return rows(df.selectExpr("CAST(key AS STRING)", "CAST(value AS STRING)", "topic", "partition", "offset"))


@program
def guide_batch_pattern() -> Any:
    df = batch(subscribePattern="topic.*", startingOffsets="earliest", endingOffsets="latest").load()
    return rows(df.selectExpr("CAST(key AS STRING)", "CAST(value AS STRING)"))


# ---- Spark's guide: writing


def to_kafka(frame: DataFrame, name: str, mode: str = "append", **options: str) -> None:
    writer = frame.writeStream.format("kafka").option("kafka.bootstrap.servers", bootstrap).outputMode(mode)
    writer = writer.option("checkpointLocation", f"{directory}/{name}").options(**options)
    writer.trigger(availableNow=True).start().awaitTermination()


@program
def guide_stream_to_a_topic() -> Any:
    df = stream(subscribe="topic1").load().filter("key is not null")
    to_kafka(df.selectExpr("CAST(key AS STRING)", "CAST(value AS STRING)"), "to", topic="out1")
    return written("out1")


@program
def guide_stream_to_topics_of_the_data() -> Any:
    df = stream(subscribe="topic1").load().withColumn("topic", f.expr("concat('out', 2 + partition)"))
    to_kafka(df.selectExpr("topic", "CAST(key AS STRING)", "CAST(value AS STRING)"), "topics")
    return [written("out2"), written("out3")]


@program
def guide_batch_to_a_topic() -> Any:
    df = batch(subscribe="topic1").load().filter("key is not null")
    (
        df.selectExpr("CAST(key AS STRING)", "CAST(value AS STRING)")
        .write.format("kafka")
        .option("kafka.bootstrap.servers", bootstrap)
        .option("topic", "out4")
        .save()
    )
    return written("out4")


@program
def guide_batch_to_topics_of_the_data() -> Any:
    df = batch(subscribe="topic1").load().withColumn("topic", f.lit("out5"))
    frame = df.selectExpr("topic", "CAST(key AS STRING)", "CAST(value AS STRING)")
    frame.write.format("kafka").option("kafka.bootstrap.servers", bootstrap).save()
    return written("out5")


# ---- JSON in values

ORDER = StructType(
    [
        StructField("id", LongType()),
        StructField("customer", StringType()),
        StructField("amount", DoubleType()),
        StructField("at", StringType()),
    ]
)


def orders() -> DataFrame:
    raw = stream(subscribe="orders").load()
    parsed = raw.select(f.from_json(f.col("value").cast("string"), ORDER).alias("data"), "topic", "offset")
    return parsed.select("data.*", "offset")


@program
def json_with_a_schema() -> Any:
    return everything(orders(), "json")


@program
def json_of_whole_rows() -> Any:
    df = orders().filter("id is not null")
    to_kafka(
        df.selectExpr("CAST(id AS STRING) AS key", "to_json(struct(*)) AS value"), "json-out", topic="out6"
    )
    return written("out6")


@program
def json_of_whole_rows_in_foreach_batch() -> Any:
    def write(frame: DataFrame, number: int) -> None:
        enriched = frame.withColumn("batch", f.lit(number)).selectExpr("to_json(struct(*)) AS value")
        writer = enriched.write.format("kafka").option("kafka.bootstrap.servers", bootstrap)
        writer.option("topic", "out7").mode("append").save()

    writer = orders().writeStream.foreachBatch(write).trigger(availableNow=True)
    writer.option("checkpointLocation", f"{directory}/batch-out").start().awaitTermination()
    return written("out7")


@program
def headers_out() -> Any:
    df = stream(subscribe="orders", includeHeaders="true").load()
    made = f.array(
        f.struct(f.lit("source").alias("key"), f.col("topic").cast("binary").alias("value")),
        f.struct(f.lit("offset").alias("key"), f.col("offset").cast("string").cast("binary").alias("value")),
    )
    to_kafka(df.select("key", "value", made.alias("headers")), "headers-out", topic="out8")
    return written("out8")


@program
def headers_as_a_map() -> Any:
    df = batch(subscribe="topic1", includeHeaders="true").load()
    names = f.map_from_entries(
        f.coalesce("headers", f.expr("array()").cast("array<struct<key:string,value:binary>>"))
    )
    return rows(df.select(names["trace"].cast("string").alias("trace"), "offset", "partition"))


@program
def parts_of_json() -> Any:
    df = batch(subscribe="orders").load().selectExpr("CAST(value AS STRING) AS json", "offset")
    return rows(
        df.select(
            "offset",
            f.get_json_object("json", "$.customer").alias("customer"),
            f.json_tuple("json", "id", "amount"),
        )
    )


@program
def schema_of_a_sample() -> Any:
    sample = batch(subscribe="orders").load().selectExpr("CAST(value AS STRING) AS json").first()
    schema = spark.range(1).select(f.schema_of_json(f.lit(sample.json))).first()[0]
    df = batch(subscribe="orders").load()
    return [
        schema,
        rows(df.select(f.from_json(f.col("value").cast("string"), schema).alias("j")).select("j.*")),
    ]


@program
def sums_by_customer() -> Any:
    totals = orders().groupBy("customer").agg(f.sum("amount").alias("total"), f.count("*").alias("n"))
    out = totals.select(f.col("customer").alias("key"), f.to_json(f.struct("total", "n")).alias("value"))
    to_kafka(out, "sums", mode="update", topic="out9")
    return written("out9")


@program
def windows_of_the_record_s_time() -> Any:
    df = stream(subscribe="orders").load().withWatermark("timestamp", "10 seconds")
    counted = df.groupBy(f.window("timestamp", "1 minute")).count()
    return everything(counted.selectExpr("window.start", "window.end", "count"), "windows")


@program
def two_topics_joined() -> Any:
    schema = "id LONG, customer STRING, amount DOUBLE, at TIMESTAMP"
    one = (
        stream(subscribe="orders")
        .load()
        .select(f.from_json(f.col("value").cast("string"), schema).alias("o"))
    )
    one = one.select("o.*").withWatermark("at", "1 minute")
    two = (
        stream(subscribe="payments")
        .load()
        .select(f.from_json(f.col("value").cast("string"), "order_id LONG, paid_at TIMESTAMP").alias("p"))
    )
    two = two.select("p.*").withWatermark("paid_at", "1 minute")
    on = f.expr("id = order_id AND paid_at >= at AND paid_at <= at + INTERVAL 1 HOUR")
    return everything(one.join(two, on, "leftOuter").select("id", "customer", "paid_at"), "joined")


@program
def enriched_from_a_table() -> Any:
    customers = spark.createDataFrame([("ann", "gold"), ("bob", "silver")], "name string, tier string")
    df = orders().join(f.broadcast(customers), f.col("customer") == f.col("name"), "left")
    return everything(df.select("id", "customer", "tier"), "enriched")


# ---- changes of a database (Debezium)

CHANGE = "struct<payload:struct<op:string,before:struct<id:int,name:string>,after:struct<id:int,name:string>,ts_ms:bigint>>"


@program
def changes_as_they_come() -> Any:
    df = stream(subscribe="changes").load()
    parsed = df.select(
        f.get_json_object(f.col("key").cast("string"), "$.id").cast("int").alias("id"),
        f.from_json(f.col("value").cast("string"), CHANGE).alias("c"),
        f.col("value").isNull().alias("tombstone"),
        "offset",
    )
    return everything(parsed.select("id", "c.payload.*", "tombstone", "offset"), "changes")


@program
def changes_upserted() -> Any:
    table = f"{directory}/table"
    states: list[Any] = []

    def upsert(frame: DataFrame, number: int) -> None:
        newest = Window.partitionBy("id").orderBy(f.col("offset").desc())
        latest = frame.withColumn("n", f.row_number().over(newest)).filter("n = 1").drop("n")
        current = f"{table}/{number - 1}"
        old = spark.read.parquet(current) if number else spark.createDataFrame([], "id int, name string")
        kept = old.join(latest, "id", "left_anti")
        fresh = latest.filter("op <> 'd'").select("id", "name")
        kept.unionByName(fresh).coalesce(1).write.mode("overwrite").parquet(f"{table}/{number}")
        states.append(rows(spark.read.parquet(f"{table}/{number}")))

    df = stream(subscribe="changes", maxOffsetsPerTrigger="3").load().filter("value IS NOT NULL")
    parsed = df.select(f.from_json(f.col("value").cast("string"), CHANGE).alias("c"), "offset").selectExpr(
        "coalesce(c.payload.after.id, c.payload.before.id) AS id",
        "c.payload.after.name",
        "c.payload.op",
        "offset",
    )
    writer = parsed.writeStream.foreachBatch(upsert).option("checkpointLocation", f"{directory}/upsert")
    writer.trigger(availableNow=True).start().awaitTermination()
    return states


@program
def tombstones_out() -> Any:
    df = (
        batch(subscribe="changes")
        .load()
        .selectExpr(
            "CAST(key AS STRING)", 'CASE WHEN value LIKE \'%"op":"d"%\' THEN NULL ELSE value END AS value'
        )
    )
    df.write.format("kafka").option("kafka.bootstrap.servers", bootstrap).option("topic", "out10").save()
    return written("out10")


# ---- other ways to ask


@program
def some_partitions() -> Any:
    df = stream(assign='{"topic1":[1],"topic2":[0]}').load()
    return everything(df.select("topic", "partition", "offset"), "assign")


@program
def a_view_in_sql() -> Any:
    stream(subscribe="topic1,topic2").load().createOrReplaceTempView("events")
    df = spark.sql("SELECT topic, partition, count(*) AS n FROM events GROUP BY topic, partition")
    return everything(df, "view", "complete")


@program
def a_temporary_view_using_kafka() -> Any:
    spark.sql(
        "CREATE OR REPLACE TEMPORARY VIEW k USING kafka"
        f" OPTIONS (`kafka.bootstrap.servers` '{bootstrap}', subscribe 'topic1')"
    )
    return rows(spark.sql("SELECT CAST(key AS STRING), offset, partition FROM k WHERE partition = 0"))


@program
def times() -> Any:
    df = batch(subscribe="topic1", startingTimestamp="1700000002000", endingTimestamp="1700000004000").load()
    return rows(df.select("topic", "partition", "offset", "timestamp", "timestampType"))


@program
def two_queries_of_one_frame() -> Any:
    df = stream(subscribe="topic1,topic2").load()
    one = everything(df.filter("topic = 'topic1'").select("offset"), "first")
    return [one, everything(df.filter("topic = 'topic2'").select("offset"), "second")]


@program
def a_union_of_two_sources() -> Any:
    one, two = (stream(subscribe=name).load().select("topic", "offset") for name in ("topic1", "topic2"))
    return everything(one.union(two), "union")


@program
def to_the_memory_sink() -> Any:
    writer = stream(subscribe="topic1").load().selectExpr("CAST(value AS STRING) v", "timestamp").writeStream
    query = writer.format("memory").queryName("seen").outputMode("append").trigger(availableNow=True).start()
    query.awaitTermination()
    return rows(spark.table("seen"))


@program
def progress() -> Any:
    frame = stream(subscribe="topic1", maxOffsetsPerTrigger="4").load().selectExpr("value", "key")
    writer = frame.writeStream.format("kafka").option("kafka.bootstrap.servers", bootstrap)
    writer = writer.option("topic", "out11").option("checkpointLocation", f"{directory}/progress")
    query = writer.trigger(availableNow=True).start()
    query.awaitTermination()
    found = []
    for one in query.recentProgress:
        told = one if isinstance(one, dict) else json.loads(one.json)
        [source] = told["sources"]
        sink = {**told["sink"], "description": re.sub("@.*", "", told["sink"]["description"])}
        kept = {key: source[key] for key in ("description", "numInputRows", "metrics")}
        for key in ("startOffset", "endOffset", "latestOffset"):
            kept[key] = json.loads(source[key]) if isinstance(source[key], str) else source[key]
        found.append([told["batchId"], told["numInputRows"], kept, sink])
    return found


@program
def schemas() -> Any:
    frames = (stream(subscribe="topic1"), batch(subscribe="topic1", includeHeaders="true"))
    loaded = [frame.load() for frame in frames]
    return [[frame.isStreaming, json.loads(frame.schema.json()), frame.columns] for frame in loaded]


@program
def a_program_that_is_started_again() -> Any:
    found = []
    for limit in ("2", "100"):
        df = stream(subscribe="topic1", maxOffsetsPerTrigger=limit, minPartitions="4").load()
        writer = (
            df.select("partition", "offset")
            .writeStream.format("json")
            .option("path", f"{directory}/again/out")
        )
        writer = writer.option("checkpointLocation", f"{directory}/again/checkpoint")
        writer.trigger(availableNow=True).start().awaitTermination()
        found.append(rows(spark.read.schema("partition INT, offset LONG").json(f"{directory}/again/out")))
    log = sorted(
        Path(f"{directory}/again/checkpoint/offsets").glob("[0-9]*"), key=lambda path: int(path.name)
    )
    return [found, [path.read_text().splitlines()[2] for path in log]]


# ---- mistakes


def run(frame: DataFrame, name: str, mode: str = "append", **options: str) -> None:
    writer = frame.writeStream.format("kafka").outputMode(mode).options(**options)
    writer = writer.option("checkpointLocation", f"{directory}/{name}").trigger(availableNow=True)
    writer.start().awaitTermination()


@program
def mistakes() -> Any:
    servers = {"kafka.bootstrap.servers": bootstrap}
    one = stream(subscribe="topic1").load()
    text = spark.sql("SELECT 'a' AS value")
    counted = one.groupBy("key").count().selectExpr("key", "CAST(count AS STRING) AS value")
    secret = (
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="hunter2";'
    )
    cases: dict[str, Callable[[], Any]] = {
        "no servers": lambda: spark.readStream.format("kafka").option("subscribe", "topic1").load(),
        "no topic to read": lambda: stream().load(),
        "schema": lambda: stream(subscribe="topic1").schema("a INT").load(),
        "schema, batch": lambda: batch(subscribe="topic1").schema("a INT").load(),
        "path": lambda: everything(stream(subscribe="topic1").load("/a/path").select("offset"), "path"),
        "unknown column": lambda: one.select("headers"),
        "value as a number": lambda: everything(one.selectExpr("CAST(value AS INT)"), "number"),
        "no checkpoint": lambda: one.writeStream.format("kafka").options(**servers, topic="out12").start(),
        "no servers to write": lambda: run(one.select("value"), "e1", topic="out12"),
        "no topic to write": lambda: run(one.select("value"), "e2", **servers),
        "no value": lambda: run(one.selectExpr("key AS k"), "e3", **servers, topic="out12"),
        "struct as a value": lambda: run(
            one.selectExpr("struct(*) AS value"), "e4", **servers, topic="out12"
        ),
        "number as a key": lambda: run(
            one.selectExpr("offset AS key", "value"), "e5", **servers, topic="out12"
        ),
        "append of counts": lambda: run(counted, "e6", **servers, topic="out12"),
        "complete without counts": lambda: run(
            one.select("value"), "e7", "complete", **servers, topic="out12"
        ),
        "null topic": lambda: run(one.selectExpr("value", "CAST(null AS STRING) topic"), "e8", **servers),
        "partition that is not there": lambda: batch(assign='{"topic1":[7]}').load().collect(),
        "overwrite": lambda: (
            text.write.format("kafka").mode("overwrite").options(**servers, topic="out12").save()
        ),
        "ignore": lambda: text.write.format("kafka").mode("ignore").options(**servers, topic="out12").save(),
        "table of numbers": lambda: (
            spark.range(3).write.format("kafka").options(**servers, topic="out12").save()
        ),
        "batch from latest": lambda: batch(subscribe="topic1", startingOffsets="latest").load(),
        "stream to an end": lambda: stream(subscribe="topic1", endingOffsets="latest").load(),
        "deserializer": lambda: stream(
            subscribe="topic1",
            **{"kafka.value.deserializer": "org.apache.kafka.common.serialization.StringDeserializer"},
        ).load(),
        "partitions of offsets missing": lambda: (
            batch(subscribe="topic1", startingOffsets='{"topic1":{"0":1}}').load().collect()
        ),
        "limit": lambda: everything(
            stream(subscribe="topic1", maxOffsetsPerTrigger="many").load().select("offset"), "limit"
        ),
        "secrets": lambda: run(
            one.selectExpr("offset AS value"),
            "e9",
            **servers,
            topic="out12",
            **{"kafka.sasl.jaas.config": secret},
        ),
    }
    return {name: error(action) for name, action in cases.items()}


@program
def secrets_in_messages() -> Any:
    secret = (
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="hunter2";'
    )
    options = {"kafka.bootstrap.servers": bootstrap, "kafka.sasl.jaas.config": secret, "topic": "out12"}
    frame = stream(subscribe="topic1").load().selectExpr("offset AS value")
    try:
        run(frame, "secrets", **options)
    except Exception as caught:  # noqa: BLE001 - the answer
        return "hunter2" in str(caught)


for one in PROGRAMS:
    try:
        answer = one()
    except Exception as caught:  # noqa: BLE001 - the answer
        answer = {"failed": str(caught)[:2000]}
    print(f"@@{json.dumps({one.__name__: answer}, ensure_ascii=False)}", flush=True)
spark.stop()
