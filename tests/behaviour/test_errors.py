"""Sections 4, 10 and 11: what is refused, what ends a query, and in which words.

Spark answers here as its Connect server does: `trigger` and `outputMode` are judged at `start()`, and an
error has the class that the Connect client has for it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from pyspark.sql import functions as F  # noqa: N812 - PySpark's convention

from behaviour.experiments import Experiment

Make = Callable[[str, str], Experiment]
SCHEMA = "a INT, b STRING"


def finish(query: Any) -> None:
    """Everything there is, then stop."""
    try:
        query.processAllAvailable()
    finally:
        query.stop()


def test_sources(experiment: Make, spark: Any) -> None:
    e = experiment("C_errors", "source_errors")

    def new() -> Any:
        return spark.readStream

    def check(label: str, load: Callable[[], Any]) -> None:
        # The Connect client asks for a frame's columns when they are needed.
        e.check(label, lambda: load().schema)

    check("nonexistent dir csv", lambda: spark.readStream.schema(SCHEMA).csv(e.path("nodir")))
    check("nonexistent dir text", lambda: spark.readStream.text(e.path("nodir")))
    e.put("in/a.csv", "1,x\n")

    check("schema missing csv (file there)", lambda: new().csv(e.path("in")))
    check("schema missing json", lambda: new().json(e.path("in")))
    check("load() no path", lambda: new().schema(SCHEMA).format("csv").load())
    check('load("")', lambda: new().schema(SCHEMA).format("csv").load(""))
    check("socket no host", lambda: new().format("socket").load())
    check("socket no port", lambda: new().format("socket").option("host", "localhost").load())
    with_port = {"host": "localhost", "port": 9}
    check("socket user schema", lambda: new().format("socket").schema(SCHEMA).options(**with_port).load())

    def read_a_file() -> None:
        finish(new().schema(SCHEMA).csv(e.path("in/a.csv")).writeStream.format("noop").start())

    e.check("path is a file", read_a_file)


def test_sinks(experiment: Make, spark: Any) -> None:
    e = experiment("C_errors", "sink_errors")
    e.put("in/a.csv", "1,x\n")
    frame = spark.readStream.schema(SCHEMA).csv(e.path("in"))
    counted = frame.groupBy("b").count()

    def to(sink: str, frame: Any = frame, mode: str = "append", number: int | None = None) -> Any:
        writer = frame.writeStream.format(sink).outputMode(mode)
        if number is None:
            return writer.start()
        return writer.option("checkpointLocation", e.path(f"cp{number}")).start(e.path(f"o{number}"))

    calls: dict[str, Callable[[], Any]] = {
        "csv sink no checkpoint": lambda: frame.writeStream.format("csv").option("path", e.path("o")).start(),
        "memory no name": lambda: to("memory"),
        "csv sink no path": lambda: (
            frame.writeStream.format("csv").option("checkpointLocation", e.path("cp1")).start()
        ),
        "no format": lambda: frame.writeStream.option("checkpointLocation", e.path("cp2")).start(),
        "console complete non agg": lambda: to("console", mode="complete"),
        "console update non agg": lambda: finish(to("console", mode="update")),
        "bad mode": lambda: to("console", mode="foo"),
        "agg append no watermark": lambda: to("console", counted),
        "agg csv complete": lambda: to("csv", counted, "complete", 4),
        "agg csv update": lambda: to("csv", counted, "update", 5),
        "csv update non-agg": lambda: to("csv", mode="update", number=6),
        "sort before": lambda: to("console", frame.orderBy("a")),
        "limit update": lambda: to("console", frame.limit(1), "update"),
        "count()": frame.count,
        "show()": frame.show,
        "collect()": frame.collect,
        "writeStream on batch df": lambda: to("console", spark.range(3)),
        "rank window": lambda: to(
            "console", frame.selectExpr("row_number() over (partition by b order by a) r")
        ),
        "count distinct": lambda: to("console", frame.groupBy("b").agg(F.countDistinct("a")), "update"),
        "two aggs update": lambda: to("console", counted.groupBy("count").count(), "update"),
        "union batch": lambda: to("console", frame.union(spark.createDataFrame([(1, "x")], SCHEMA))),
        "two triggers": lambda: frame.writeStream.trigger(processingTime="1 second", once=True),
        "no trigger arg": frame.writeStream.trigger,
        "bad interval": lambda: frame.writeStream.trigger(processingTime="abc").format("console").start(),
        "neg interval": lambda: frame.writeStream.trigger(processingTime="-1 seconds").format("noop").start(),
        "processingTime int": lambda: frame.writeStream.trigger(processingTime=5),
        'processingTime ""': lambda: frame.writeStream.trigger(processingTime=""),
        "await timeout neg": lambda: to("noop").awaitTermination(-1),
        "await timeout str": lambda: to("noop").awaitTermination("5"),
        "await timeout 0": lambda: to("noop").awaitTermination(0),
        "await timeout 0.5": lambda: to("noop").awaitTermination(0.5),
        "bad name": lambda: frame.writeStream.queryName(""),
        "partitionBy console": lambda: finish(frame.writeStream.partitionBy("b").format("console").start()),
        "nested type csv": lambda: to("csv", frame.select(F.struct("a")), number=10).awaitTermination(10),
        "text sink 2 cols": lambda: to("text", number=11).awaitTermination(10),
    }
    wrong = {}
    for label, call in calls.items():
        (expected,) = e.recorded_outcomes(label)
        outcome = e.outcome(call)
        if outcome != expected:
            wrong[label] = (outcome, expected)
    assert wrong == {}


def test_a_name_twice(experiment: Make, spark: Any) -> None:
    e = experiment("C_errors", "sink_errors")
    e.put("in/a.csv", "1,x\n")
    frame = spark.readStream.schema(SCHEMA).csv(e.path("in"))
    frame.writeStream.format("memory").queryName("mm").start()
    e.check("memory sink name clash", lambda: frame.writeStream.format("memory").queryName("mm").start())


@pytest.mark.parametrize(
    "expression",
    [
        "1/int(value)",
        "cast(2147483647 + int(value) as int) + 1",
        "to_date('x'||value)",
        "map('a',1)['b']",
        "array(1)[int(value)+3]",
        "cast('x' as boolean)",
        "cast('2024-13-01' as timestamp)",
    ],
)
def test_expressions_that_end_a_query(experiment: Make, spark: Any, expression: str) -> None:
    e = experiment("I_failing", "div0_overflow")
    e.put("in/a", "0\n")
    frame = spark.readStream.text(e.path("in")).selectExpr(f"{expression} as r")
    e.check(expression, lambda: finish(frame.writeStream.format("noop").start()))


def test_a_batch_that_fails_is_repeated(experiment: Make, spark: Any) -> None:
    e = experiment("I_failing", "ansi_cast")
    for number, (name, text) in enumerate((("a", "d1,1"), ("b", "d2,abc"), ("c", "d3,3"))):
        e.put(f"in/{name}.csv", text + "\n", 1_700_000_000 + number)
    frame = (
        spark.readStream.schema("d STRING, t STRING")
        .option("maxFilesPerTrigger", 1)
        .csv(e.path("in"))
        .withColumn("f", F.col("t").cast("float"))
    )

    def start(frame: Any = frame) -> Any:
        writer = frame.writeStream.format("csv").option("checkpointLocation", e.path("cp"))
        return writer.start(e.path("out"))

    def files() -> list[str]:
        root = e.directory / "cp"
        return sorted(f"./{f.relative_to(root)}" for f in root.rglob("*") if f.is_file())

    recorded = [line for line in e.observations() if line.startswith("cp [")]
    e.check("awaitTermination(60)", lambda: start().awaitTermination(60))
    assert f"cp {files()}" == recorded[0]
    again = e.outcome(lambda: start().awaitTermination(60))
    assert again == e.recorded_outcomes("awaitTermination(60)")[0]
    e.check("restart with d2 filtered", lambda: finish(start(frame.filter("d <> 'd2'"))))
    assert f"cp {files()}" == recorded[2]


def test_another_process_writes_the_same_log(experiment: Make, spark: Any) -> None:
    e = experiment("K_extra", "concurrent_checkpoint_other_process_simulated")
    e.put("in/a.csv", "1,x\n")
    frame = spark.readStream.schema(SCHEMA).csv(e.path("in"))
    cases = (("cp", "offsets", "b"), ("cp2", "commits", "c"), ("cp3", "sources/0", "d"))
    for number, (checkpoint, log, name) in enumerate(cases):
        writer = frame.writeStream.format("csv").option("checkpointLocation", e.path(checkpoint))
        query = writer.start(e.path(f"out_{checkpoint}"))
        query.processAllAvailable()
        directory = e.directory / checkpoint / log
        shutil.copyfile(directory / "0", directory / "1")
        e.put(f"in/{name}.csv", "2,y\n")
        e.check("await", partial(query.awaitTermination, 20), number)


def test_indexes_without_ansi(experiment: Make, spark: Any) -> None:
    e = experiment("I_failing", "ansi_cast")
    e.put("in/a", "no comma\na,b\n")
    spark.conf.set("spark.sql.ansi.enabled", "false")
    try:
        frame = spark.readStream.text(e.path("in"))
        frame = frame.select(F.split("value", ",").getItem(1).alias("value"))
        query = frame.writeStream.format("memory").queryName("indexes").start()
        finish(query)
    finally:
        spark.conf.unset("spark.sql.ansi.enabled")
    # recorded/experiments: I_failing/seed_getItem_out_of_range
    assert [row.value for row in spark.table("indexes").collect()] == [None, "b"]
