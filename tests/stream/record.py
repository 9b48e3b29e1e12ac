"""Asks a real Spark 4.3 (Spark Connect, local[1]) how streaming queries behave; writes recorded/*.json.

Run it in an environment that holds `pyspark[connect]==4.3.0` and a JVM:
    python tests/stream/record.py
Paths below the scratch directory are written as /data; ids and times are Spark's own.
"""

# Questions as a user types them, run by hand in Spark's own environment.
# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204, ARG005, B023, BLE001, I001, N802, N812, PLC3002, PLW0108, PTH100, PTH103, PTH104, PTH118, PTH120, PTH123, PTH208, S110, SIM105, UP031
# mypy: ignore-errors

import json
import os
import shutil
import sys
import tempfile
import time
import traceback

import pyspark.sql.connect.proto as pb2
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import listener as listener_module
from pyspark.sql.streaming import StreamingQueryListener

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorded")
ROOT = tempfile.mkdtemp(prefix="record")

spark = (
    SparkSession.builder.config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.sql.session.timeZone", "UTC")
    .remote("local[1]")
    .getOrCreate()
)
spark.conf.set("spark.sql.session.timeZone", "UTC")
ANSWERS = {}


def clean(value):
    if isinstance(value, str):
        return value.replace(ROOT, "/data").split("\n\nJVM stacktrace:")[0]
    if isinstance(value, dict):
        return {k: clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(v) for v in value]
    return value


def error_of(function):
    try:
        result = function()
    except Exception as error:
        answer = {"type": type(error).__name__, "text": str(error)}
        for name in ("getCondition", "getSqlState", "getMessageParameters"):
            if hasattr(error, name):
                answer[name] = getattr(error, name)()
        for name in ("_classes", "_error_class"):
            if hasattr(error, name):
                answer[name] = str(getattr(error, name))
        return answer
    return {"no_error": repr(result)}


def files(directory):
    found = {}
    for parent, _, names in os.walk(directory):
        for name in names:
            if name.endswith(".crc"):
                continue
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, directory)] = file.read().decode("utf-8", "backslashreplace")
    return found


def recent(query):
    command = pb2.StreamingQueryCommand()
    command.recent_progress = True
    result = query._execute_streaming_query_cmd(command)
    return list(result.recent_progress.recent_progress_json)


def status(query):
    return {
        "message": query.status["message"],
        "data": query.status["isDataAvailable"],
        "active": query.status["isTriggerActive"],
    }


def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".tmp_", "w") as file:
        file.write(text)
    os.rename(path + ".tmp_", path)


def ask(function):
    if len(sys.argv) > 1 and function.__name__ not in sys.argv[1:]:
        return
    directory = os.path.join(ROOT, function.__name__)
    os.makedirs(directory)
    started = time.time()
    try:
        answer = function(directory)
    except Exception:
        answer = {"failed": traceback.format_exc()}
    for query in spark.streams.active:
        try:
            query.stop()
        except Exception:
            pass
    with open(os.path.join(HERE, function.__name__ + ".json"), "w") as file:
        json.dump(clean(answer), file, indent=1, ensure_ascii=False, sort_keys=True)
        file.write("\n")
    print(function.__name__, round(time.time() - started, 1), file=sys.stderr, flush=True)


def lines(directory, schema="a string, t timestamp, n int"):
    return spark.readStream.schema(schema).csv(directory)


@ask
def progress_forms(d):
    events = []
    original = listener_module.QueryProgressEvent.fromJson.__func__

    def keep(cls, j):
        events.append(json.dumps(j))
        return original(cls, j)

    listener_module.QueryProgressEvent.fromJson = classmethod(keep)

    class Listener(StreamingQueryListener):
        def onQueryStarted(self, event):
            events.append("started")

        def onQueryProgress(self, event):
            pass

        def onQueryIdle(self, event):
            events.append("idle")

        def onQueryTerminated(self, event):
            events.append("terminated")

    listener = Listener()
    spark.streams.addListener(listener)
    put(d + "/in/a.csv", "x,2024-01-01 00:00:10,1\ny,2024-01-01 00:01:40.5555,2\nz,,3\n")
    frame = (
        lines(d + "/in")
        .withWatermark("t", "10 seconds")
        .observe(
            "obs",
            F.count(F.lit(1)).alias("n"),
            F.max("a").alias("m"),
            F.max("t").alias("t"),
            F.sum("n").cast("decimal(10,2)").alias("d"),
            F.max(F.lit(None).cast("int")).alias("nothing"),
            F.avg("n").alias("v"),
            F.max(F.struct("a", "n")).alias("s"),
            F.collect_list("n").alias("l"),
        )
    )
    q = frame.writeStream.format("memory").queryName("pf").option("checkpointLocation", d + "/cp").start()
    q.processAllAvailable()
    put(d + "/in/b.csv", "w,2024-01-01 00:00:20,1\n")
    q.processAllAvailable()
    put(d + "/in/c.csv", "w,,1\n")
    q.processAllAvailable()
    put(
        d + "/in/e.csv",
        "w,2025-01-01 00:00:00.123456,1\nw,2025-01-01 00:00:00.000,1\nw,2024-01-01 00:00:00,1\n",
    )
    q.processAllAvailable()
    time.sleep(1)
    forms = recent(q)
    state = status(q)
    q.stop()
    time.sleep(1)
    spark.streams.removeListener(listener)
    return {"recent": forms, "events": events, "files": files(d + "/cp"), "status": state}


@ask
def watermark_policies(d):
    answer = {}
    for policy in ("min", "max"):
        spark.conf.set("spark.sql.streaming.multipleWatermarkPolicy", policy)
        put(d + f"/{policy}1/a.csv", "x,2024-01-01 00:00:10,1\n")
        put(d + f"/{policy}2/a.csv", "x,2024-01-01 00:00:50,1\n")
        one = lines(d + f"/{policy}1").withWatermark("t", "10 seconds")
        two = lines(d + f"/{policy}2").withWatermark("t", "20 seconds")
        q = one.union(two).writeStream.format("noop").option("checkpointLocation", d + f"/cp{policy}").start()
        q.processAllAvailable()
        put(d + f"/{policy}1/b.csv", "x,2024-01-01 00:02:10,1\n")
        q.processAllAvailable()
        put(d + f"/{policy}2/b.csv", "x,2024-01-01 00:01:30,1\n")
        q.processAllAvailable()
        answer[policy] = {"recent": recent(q), "files": files(d + f"/cp{policy}")}
        q.stop()
    spark.conf.set("spark.sql.streaming.multipleWatermarkPolicy", "min")
    return answer


@ask
def watermark_delays(d):
    put(d + "/in/a.csv", "x,2024-01-01 00:00:10,1\n")
    frame = lines(d + "/in")
    return {
        text: error_of(lambda: frame.withWatermark("t", text).schema.json())
        for text in (
            "10 seconds",
            "1 month",
            "1 week",
            "-1 seconds",
            "abc",
            "",
            "interval 1 minute",
            "1.5 seconds",
            "0 seconds",
            "10",
            "5 min",
            "1 year 2 days 3 hours",
        )
    }


@ask
def self_union(d):
    put(d + "/in/a.csv", "x,2024-01-01 00:00:10,1\n")
    put(d + "/other/a.csv", "x,2024-01-01 00:00:10,1\n")
    frame = lines(d + "/in")
    q = (
        frame.union(lines(d + "/other"))
        .union(frame.filter("n > 0"))
        .writeStream.format("noop")
        .option("checkpointLocation", d + "/cp")
        .start()
    )
    q.processAllAvailable()
    answer = {"recent": recent(q), "files": files(d + "/cp")}
    q.stop()
    return answer


@ask
def processing_time(d):
    frame = spark.readStream.format("rate").load()
    answer = {}
    for text in (
        "1 second",
        "interval 2 seconds",
        "INTERVAL 3 SECONDS",
        "1 minute 30 seconds",
        "500 milliseconds",
        "1500 microseconds",
        "0 seconds",
        "1 month",
        "1 year",
        "-1 seconds",
        "abc",
        "5",
        "5 foo",
        "1.5 seconds",
        "1.5 minutes",
        "second",
        "1 day 2 hours",
        "2 weeks",
        "10seconds",
        "10  seconds",
        "1 seconds 2",
        "interval",
        " 1 second ",
        "+1 second",
        "- 1 second",
        "99999999999999999999 seconds",
        "1 ms",
        "1 us",
        "1 min",
        "1 h",
        "1 nanosecond",
        "interval1 second",
        ".5 seconds",
        "1. seconds",
        "1.1234567891 seconds",
    ):

        def start():
            q = frame.writeStream.format("noop").trigger(processingTime=text).start()
            q.stop()
            return "started"

        answer[text] = error_of(start)
    for text in ("1 second", "abc", "-1 seconds", "1 month", "0 seconds"):

        def start():
            q = frame.writeStream.format("console").trigger(continuous=text).start()
            time.sleep(0.5)
            q.stop()
            return "started"

        answer["continuous " + text] = error_of(start)
    return answer


@ask
def continuous(d):
    put(d + "/in/a.csv", "x,2024-01-01 00:00:10,1\n")
    rate = spark.readStream.format("rate").load()
    cases = {
        "file": lines(d + "/in").writeStream.format("console"),
        "socket": spark.readStream.format("socket")
        .option("host", "localhost")
        .option("port", "1")
        .load()
        .writeStream.format("console"),
        "rate-micro-batch": spark.readStream.format("rate-micro-batch")
        .option("rowsPerBatch", 1)
        .load()
        .writeStream.format("console"),
        "rate file sink": rate.writeStream.format("csv")
        .option("path", d + "/out")
        .option("checkpointLocation", d + "/cp"),
        "rate foreachBatch": rate.writeStream.foreachBatch(lambda df, i: None),
        "rate aggregate": rate.groupBy("value").count().writeStream.outputMode("update").format("console"),
        "rate distinct": rate.distinct().writeStream.format("console"),
        "rate current_timestamp": rate.select(F.current_timestamp()).writeStream.format("console"),
        "rate memory": rate.writeStream.format("memory").queryName("cm"),
        "rate watermark": rate.withWatermark("timestamp", "1 second").writeStream.format("console"),
        "rate limit": rate.limit(1).writeStream.format("console"),
        "rate complete": rate.writeStream.outputMode("complete").format("console"),
        "rate union": rate.union(rate).writeStream.format("console"),
    }
    return {
        name: error_of(lambda: writer.trigger(continuous="1 second").start())
        for name, writer in cases.items()
    }


@ask
def rate(d):
    answer = {}
    cases = [
        {},
        {"rowsPerSecond": "5"},
        {"rowsPerSecond": "10", "rampUpTime": "3s"},
        {"rowsPerSecond": "10", "rampUpTime": "3s", "numPartitions": "2"},
        {"rowsPerSecond": "3", "numPartitions": "2"},
    ]
    for i, options in enumerate(cases):
        q = (
            spark.readStream.format("rate")
            .options(**options)
            .load()
            .writeStream.format("memory")
            .queryName(f"rate{i}")
            .trigger(processingTime="1 second")
            .option("checkpointLocation", d + f"/cp{i}")
            .start()
        )
        time.sleep(6)
        found = files(d + f"/cp{i}")
        answer[json.dumps(options)] = {
            "recent": recent(q),
            "files": {k: v for k, v in found.items() if not k.startswith("commits")},
            "rows": [
                [str(r[0]), r[1]]
                for r in spark.sql(
                    f"select cast(timestamp as string), value from rate{i} order by value"
                ).collect()
            ],
            "order": [r[0] for r in spark.sql(f"select value from rate{i}").collect()],
        }
        q.stop()
    errors = {}
    for options in (
        {"rowsPerSecond": "0"},
        {"rowsPerSecond": "-1"},
        {"rowsPerSecond": "x"},
        {"rampUpTime": "-1s"},
        {"rampUpTime": "x"},
        {"rampUpTime": "2 minutes"},
        {"rampUpTime": "500ms"},
        {"rampUpTime": "5"},
        {"numPartitions": "0"},
        {"numPartitions": "x"},
        {"rowsPerSecond": "9223372036854775807"},
        {"rowsPerSecond": "9223372036854775807", "rampUpTime": "10s"},
    ):

        def start():
            q = spark.readStream.format("rate").options(**options).load().writeStream.format("noop").start()
            time.sleep(0.5)
            q.stop()
            return q.exception()

        errors[json.dumps(options)] = error_of(start)
    errors["schema"] = error_of(lambda: spark.readStream.format("rate").schema("a int").load().schema)
    answer["errors"] = errors
    q = (
        spark.readStream.format("rate")
        .option("rowsPerSecond", 3)
        .load()
        .writeStream.format("noop")
        .trigger(availableNow=True)
        .option("checkpointLocation", d + "/cp0")
        .start()
    )
    answer["available_now"] = [q.awaitTermination(20), recent(q)]
    return answer


@ask
def rate_micro_batch(d):
    answer = {}
    cases = [
        {"rowsPerBatch": "3"},
        {
            "rowsPerBatch": "5",
            "numPartitions": "2",
            "startTimestamp": "1700000000000",
            "advanceMillisPerBatch": "250",
        },
    ]
    for i, options in enumerate(cases):
        q = (
            spark.readStream.format("rate-micro-batch")
            .options(**options)
            .load()
            .writeStream.format("memory")
            .queryName(f"rmb{i}")
            .trigger(processingTime="1 second")
            .option("checkpointLocation", d + f"/cp{i}")
            .start()
        )
        time.sleep(4)
        q.stop()
        time.sleep(0.3)
        q = (
            spark.readStream.format("rate-micro-batch")
            .options(**options)
            .load()
            .writeStream.format("noop")
            .trigger(availableNow=True)
            .option("checkpointLocation", d + f"/cp{i}")
            .start()
        )
        q.awaitTermination(20)
        answer[json.dumps(options)] = {
            "recent": recent(q),
            "files": files(d + f"/cp{i}"),
            "rows": [
                [str(r[0]), r[1]]
                for r in spark.sql(
                    f"select cast(timestamp as string), value from rmb{i} order by value"
                ).collect()
            ],
            "order": [r[0] for r in spark.sql(f"select value from rmb{i}").collect()],
            "schema": spark.table(f"rmb{i}").schema.json(),
        }
    errors = {}
    for options in (
        {},
        {"rowsPerBatch": "0"},
        {"rowsPerBatch": "x"},
        {"rowsPerBatch": "1", "startTimestamp": "-1"},
        {"rowsPerBatch": "1", "advanceMillisPerBatch": "-1"},
        {"rowsPerBatch": "1", "numPartitions": "0"},
    ):

        def start():
            q = (
                spark.readStream.format("rate-micro-batch")
                .options(**options)
                .load()
                .writeStream.format("noop")
                .start()
            )
            time.sleep(0.5)
            q.stop()
            return q.exception()

        errors[json.dumps(options)] = error_of(start)
    q = (
        spark.readStream.format("rate-micro-batch")
        .option("rowsPerBatch", "4")
        .load()
        .writeStream.format("noop")
        .trigger(availableNow=True)
        .option("checkpointLocation", d + "/cp0")
        .start()
    )
    errors["changed"] = error_of(lambda: q.awaitTermination(20))
    answer["errors"] = errors
    return answer


@ask
def memory_sink(d):
    put(d + "/in/a.csv", "x,2024-01-01 00:00:10,1\n")
    frame = lines(d + "/in")
    answer = {}

    def run(df, name, checkpoint, mode="append"):
        w = df.writeStream.format("memory").outputMode(mode).trigger(availableNow=True)
        if name:
            w = w.queryName(name)
        if checkpoint:
            w = w.option("checkpointLocation", checkpoint)
        q = w.start()
        q.awaitTermination(30)
        return [str(r) for r in spark.table(name).collect()]

    answer["append first"] = error_of(lambda: run(frame, "m1", d + "/cp1"))
    put(d + "/in/b.csv", "y,2024-01-01 00:00:10,1\n")
    answer["append again"] = error_of(lambda: run(frame, "m1", d + "/cp1"))
    answer["append again without checkpoint"] = error_of(lambda: run(frame, "m1", None))
    counts = frame.groupBy("a").count()
    answer["complete first"] = error_of(lambda: run(counts, "m2", d + "/cp2", "complete"))
    put(d + "/in/c.csv", "y,2024-01-01 00:00:10,1\n")
    answer["complete again"] = error_of(lambda: run(counts, "m2", d + "/cp2", "complete"))
    answer["update first"] = error_of(lambda: run(counts, "m3", d + "/cp3", "update"))
    answer["update again"] = error_of(lambda: run(counts, "m3", d + "/cp3", "update"))
    answer["name with dot"] = error_of(lambda: run(frame, "a.b", None))
    answer["no name"] = error_of(lambda: run(frame, None, d + "/cp9"))
    spark.conf.set("spark.sql.streaming.checkpointLocation", d + "/conf")
    answer["conf checkpoint first"] = error_of(lambda: run(frame, "m5", None))
    answer["conf checkpoint again"] = error_of(lambda: run(frame, "m5", None))
    q = frame.writeStream.format("console").trigger(availableNow=True).start()
    q.awaitTermination(30)
    q = frame.writeStream.format("noop").trigger(availableNow=True).start()
    q.awaitTermination(30)
    answer["conf directory"] = sorted(("<uuid>" if len(n) == 36 else n) for n in os.listdir(d + "/conf"))
    spark.conf.unset("spark.sql.streaming.checkpointLocation")
    return answer


@ask
def sinks(d):
    put(d + "/in/a.csv", "x,2024-01-01 00:00:10,1\n")
    frame = lines(d + "/in")

    def run(writer, **k):
        q = writer.trigger(availableNow=True).start(**k)
        q.awaitTermination(30)
        return [recent(q), error_of(lambda: q._execute_streaming_query_cmd(explain()).explain.result)]

    def explain():
        command = pb2.StreamingQueryCommand()
        command.explain.extended = True
        return command

    class Writer:
        def __init__(self, opened=True):
            self.opened = opened

        def open(self, partition, epoch):
            return self.opened

        def process(self, row):
            raise ValueError("bad row " + str(row))

        def close(self, error):
            pass

    def fails(df, i):
        raise ValueError("boom %d" % i)

    answer = {}
    for name, writer in {
        "console numRows x": frame.writeStream.format("console").option("numRows", "x"),
        "console numRows 3000000000": frame.writeStream.format("console").option("numRows", "3000000000"),
        "console truncate 5": frame.writeStream.format("console").option("truncate", "5"),
        "console truncate TRUE": frame.writeStream.format("console").option("truncate", "TRUE"),
        "foreach raises": frame.writeStream.foreach(Writer()),
        "foreach not opened": frame.writeStream.foreach(Writer(False)),
        "foreach batch raises": frame.writeStream.foreachBatch(fails),
        "foreach batch": frame.writeStream.foreachBatch(lambda df, i: None),
        "noop": frame.writeStream.format("noop"),
        "noop complete": frame.groupBy("a").count().writeStream.outputMode("complete").format("noop"),
        "foreach update": frame.writeStream.outputMode("update").foreachBatch(lambda df, i: None),
        "rate sink": frame.writeStream.format("rate"),
        "socket sink": frame.writeStream.format("socket"),
        "jdbc sink": frame.writeStream.format("jdbc"),
        "no checkpoint": frame.writeStream.format("csv").option("path", d + "/out"),
        "named console": frame.writeStream.format("console").queryName("named"),
        "empty name": frame.writeStream.format("console").queryName("empty")
        if False
        else frame.writeStream.format("console"),
    }.items():
        answer[name] = error_of(lambda: run(writer))
    answer["path twice"] = error_of(
        lambda: run(
            frame.writeStream.format("csv")
            .option("path", d + "/out")
            .option("checkpointLocation", d + "/cpx"),
            path=d + "/out2",
        )
    )
    answer["batch console path"] = error_of(lambda: run(frame.writeStream.format("console"), path=d + "/zzz"))

    def table(name, **options):
        w = frame.writeStream.options(**options).trigger(availableNow=True)
        q = w.toTable(name)
        q.awaitTermination(30)
        return [
            [str(r) for r in spark.table(name).collect()],
            recent(q),
            spark.sql("describe extended " + name).toPandas().to_string(),
        ]

    answer["toTable"] = error_of(lambda: table("tt1", checkpointLocation=d + "/cpt1"))
    answer["toTable again"] = error_of(lambda: table("tt1", checkpointLocation=d + "/cpt1"))
    answer["toTable no checkpoint"] = error_of(lambda: table("tt2"))
    answer["toTable path"] = error_of(lambda: table("tt3", checkpointLocation=d + "/cpt3", path=d + "/tt3"))
    answer["toTable format"] = error_of(
        lambda: (
            frame.writeStream.format("csv")
            .option("checkpointLocation", d + "/cpt4")
            .trigger(availableNow=True)
            .toTable("tt4")
        )
    )
    answer["toTable console"] = error_of(
        lambda: (
            frame.writeStream.format("console")
            .option("checkpointLocation", d + "/cpt5")
            .trigger(availableNow=True)
            .toTable("tt5")
        )
    )
    answer["toTable other format"] = error_of(
        lambda: (
            frame.writeStream.format("csv")
            .option("checkpointLocation", d + "/cpt6")
            .trigger(availableNow=True)
            .toTable("tt1")
        )
    )
    spark.sql("create temp view vv as select 1 a")
    answer["toTable view"] = error_of(
        lambda: (
            frame.writeStream.option("checkpointLocation", d + "/cpt7")
            .trigger(availableNow=True)
            .toTable("vv")
        )
    )
    answer["toTable update"] = error_of(
        lambda: (
            frame.writeStream.outputMode("update")
            .option("checkpointLocation", d + "/cpt8")
            .trigger(availableNow=True)
            .toTable("tt1")
        )
    )
    answer["toTable files"] = {}
    return answer


@ask
def manager(d):
    put(d + "/in/a.csv", "x,2024-01-01 00:00:10,1\n")
    frame = lines(d + "/in")
    answer = {}
    q = frame.writeStream.format("noop").queryName("one").option("checkpointLocation", d + "/cp").start()
    q.processAllAvailable()
    answer["same name"] = error_of(lambda: frame.writeStream.format("noop").queryName("one").start())
    answer["same name other case"] = error_of(
        lambda: frame.writeStream.format("noop").queryName("ONE").start().stop()
    )
    spark.conf.set("spark.sql.streaming.stopActiveRunOnRestart", "false")
    answer["same checkpoint"] = error_of(
        lambda: frame.writeStream.format("noop").option("checkpointLocation", d + "/cp").start()
    )
    answer["same checkpoint same name"] = error_of(
        lambda: (
            frame.writeStream.format("noop").queryName("one").option("checkpointLocation", d + "/cp").start()
        )
    )
    spark.conf.set("spark.sql.streaming.stopActiveRunOnRestart", "true")
    answer["same checkpoint same name stop"] = error_of(
        lambda: (
            frame.writeStream.format("noop")
            .queryName("one")
            .option("checkpointLocation", d + "/cp")
            .start()
            .name
        )
    )
    answer["first"] = [q.isActive, str(q.exception()), status(q)]
    answer["other output mode"] = error_of(
        lambda: frame.writeStream.format("noop").outputMode("complete").start()
    )
    answer["no streaming"] = error_of(lambda: spark.range(1).writeStream.format("noop").start())
    for query in spark.streams.active:
        query.stop()
    bad = (
        frame.select(F.expr("raise_error('x')").alias("e"))
        .writeStream.format("noop")
        .queryName("bad")
        .start()
    )
    answer["await"] = error_of(lambda: bad.awaitTermination(20))
    e = bad.exception()
    answer["exception"] = [type(e).__name__, str(e), error_of(lambda: e.getCondition())]
    answer["bad status"] = status(bad)
    answer["process all"] = error_of(lambda: bad.processAllAvailable())
    answer["await any"] = error_of(lambda: spark.streams.awaitAnyTermination(1))
    spark.streams.resetTerminated()
    answer["stop"] = error_of(lambda: bad.stop())
    answer["explain failed"] = error_of(lambda: bad.explain())
    return answer


@ask
def show_string(d):
    answer = {}
    columns = {
        "double": "double('%s')",
        "float": "float('%s')",
        "bigint": "bigint('%s')",
        "decimal": "cast('%s' as decimal(38,18))",
        "decimal0": "cast('%s' as decimal(10,0))",
        "decimals": "cast('%s' as decimal(38,30))",
        "timestamp": "timestamp'%s'",
        "ntz": "timestamp_ntz'%s'",
        "date": "date'%s'",
        "interval": "interval '%s' day to second",
        "cast": "%s",
    }
    values = {
        "double": [
            "0",
            "-0.0",
            "1",
            "1e7",
            "9999999",
            "12345678.9",
            "1e-3",
            "0.00099",
            "1e300",
            "NaN",
            "Infinity",
            "-Infinity",
            "1.1",
            "123456789012345680",
            "4.9E-324",
            "2e-3",
            "100000.0",
            "1.0E22",
            "2.2250738585072014E-308",
        ],
        "float": [
            "0.1",
            "1e7",
            "3.4028235e38",
            "1.4e-45",
            "NaN",
            "16777216",
            "0.001",
            "0.0009999",
            "1.17549435E-38",
            "33554432",
        ],
        "decimal": ["1.5", "0", "-1", "0.0000001", "123"],
        "decimal0": ["5"],
        "decimals": ["0", "0.000000000000000000000000000001", "1"],
        "bigint": ["9223372036854775807"],
        "timestamp": [
            "2024-01-01 00:00:00",
            "2024-01-01 00:00:00.5",
            "2024-01-01 00:00:00.123456",
            "0001-01-01 00:00:00",
            "9999-12-31 23:59:59.999999",
            "1969-12-31 23:59:59.9",
            "1582-10-04 00:00:00",
            "1900-01-01 00:00:00",
        ],
        "ntz": ["2024-01-01 00:00:00", "2024-01-01 00:00:00.120"],
        "date": ["2024-01-01", "0001-01-01", "9999-12-31", "-0001-01-01", "+12345-01-01"],
        "interval": ["1 02:03:04.5", "-1 02:03:04", "0 00:00:00"],
        "cast": [
            "struct(1 as a, 'q' as b)",
            "struct(null as a, struct('x','y') as b)",
            "array(1,null,3)",
            "array()",
            "map('k',1,'z',null)",
            "map()",
            "array(array('a'),null)",
            "map('a',array(1.5d))",
            "X'00FF41'",
            "X''",
            "true",
            "cast(null as int)",
            "null",
            "struct(X'00FF' as b)",
            "array(X'41')",
            "interval 1 year 2 months",
            "interval '3' year",
            "interval '5' month",
            "interval '1' day",
            "interval '1 02' day to hour",
            "interval '10:20' minute to second",
            "interval '02:03:04.000001' hour to second",
            "interval '1.5' second",
            "interval '-1-2' year to month",
            "make_interval(1,2,3,4,5,6,7.008)",
            "make_interval(0,0,0,0,0,0,0)",
            "make_interval(0,0,0,0,0,0,-0.5)",
            "make_interval(-1,0,0,0,-5)",
            "array(interval '1' day)",
            "struct(date'2024-01-01', timestamp'2024-01-01 00:00:00.5', 1.0d, cast(1.5 as decimal(5,3)))",
            "map(1, struct(1, null))",
            "array('a', '')",
            "struct('')",
            "'漢字 ｆｕｌｌ ｶﾅ'",
            "'한국어'",
            "'e\u0301'",
            "'\t|\n|\r|\\\\|\u0007|\u000b|\u000c|\b'",
            "'😀😀😀😀😀😀😀😀😀😀😀'",
            "'a\u0000b'",
            "repeat('漢', 25)",
            "repeat('x', 21)",
            "named_struct('a', 1, 'a', 2)",
            "array(float(1.5), float('NaN'))",
            "variant_get(parse_json('{\"a\":1}'), '$')",
            "tinyint(-5)",
            "char(65)",
            "decimal('1E5')",
        ],
    }
    for kind, texts in values.items():
        for text in texts:
            expression = columns[kind] % text

            def show():
                frame = spark.sql(f"select {expression} as c")
                return [
                    frame._show_string(20, True, False),
                    frame._show_string(20, False, False),
                    frame.schema.json(),
                ]

            answer[expression] = (lambda: show())() if "no_error" in error_of(show) else error_of(show)
    frames = {
        "plain": "select * from values (1,'a'),(2,null),(30000,'ccc') t(id, a_long_column_name)",
        "wide header": "select 1 as `漢字の列`, 2 as `b|c`, 3 as `new\nline`, 4 as ``",
        "empty": "select 1 a, 'x' b where false",
    }
    for name, sql in frames.items():
        frame = spark.sql(sql)
        for n in (20, 1, 2, 0, -1):
            for truncate in (True, False, 1, 2, 3, 4, 7):
                for vertical in (False, True):
                    answer[f"{name} n={n} truncate={truncate} vertical={vertical}"] = (
                        error_of(lambda: frame._show_string(n, truncate, vertical))
                        if False
                        else frame._show_string(n, truncate, vertical)
                    )
    frame = spark.range(3).select(*[])
    answer["no columns"] = frame._show_string(20, True, False)
    answer["no columns cut"] = frame._show_string(2, True, False)
    frame = spark.range(25).selectExpr("id", "repeat('x', id) x")
    answer["range cut vertical"] = frame._show_string(3, 5, True)
    return answer


spark.stop()
shutil.rmtree(ROOT, ignore_errors=True)
