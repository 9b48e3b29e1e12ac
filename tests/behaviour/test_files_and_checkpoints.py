"""Sections 6, 8, 9 and 13: what file sinks write, triggers, and checkpoints that were damaged or cut short."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import functions as F  # noqa: N812 - PySpark's convention

from behaviour.experiments import RECORDED, Experiment
from support.patience import PATIENCE_S

Make = Callable[[str, str], Experiment]
_FILE = re.compile(r"^FILE (\S.*?)  \[\d+ bytes, mode 644\]$")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_NEWLINE = " <no newline at end>"


def recorded_parts(name: str) -> dict[str, list[str]]:
    """The contents of the data files that Spark wrote, by name without identifier, sorted."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    path, lines = "", [""]
    snapshot = (RECORDED / "E_file_sink" / name / "snapshot.txt").read_text("utf-8")
    for line in [*snapshot.split("\n"), "FILE"]:
        if line.startswith(("FILE", "DIR", "===")):
            if "/part-" in path and not path.endswith(".parquet"):
                found[_UUID.sub("ID", path)].append("".join(lines))
            match = _FILE.match(line)
            path, lines = (match[1] if match else ""), []
        elif line.startswith("    | "):
            text = line[6:]
            lines.append(text.removesuffix(_NO_NEWLINE) if text.endswith(_NO_NEWLINE) else text + "\n")
    return {path: sorted(texts) for path, texts in found.items()}


def written_parts(e: Experiment) -> dict[str, list[str]]:
    """The same of what was written here."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for file in e.directory.rglob("part-*"):
        if not file.name.endswith((".crc", ".parquet")):
            path = _UUID.sub("ID", file.relative_to(e.directory).as_posix())
            found[path].append(file.read_text("utf-8"))
    return {path: sorted(texts) for path, texts in found.items()}


def write(
    e: Experiment, frame: Any, sink: str, name: str, partition_by: tuple[str, ...] = (), **options: Any
) -> None:
    """Everything there is, to a directory."""
    writer = frame.writeStream.format(sink).trigger(availableNow=True).options(**options)
    writer = writer.option("checkpointLocation", e.path(f"cp_{name}")).partitionBy(*partition_by)
    writer.start(e.path(name)).awaitTermination(PATIENCE_S)


def feed(e: Experiment, count: int) -> None:
    """Files of three rows."""
    for i in range(count):
        e.put(f"in/f{i}.csv", f"{i},a\n{i + 10},b\n{i + 20},\n", 1_700_000_000 + i)


def pairs(e: Experiment, spark: Any) -> Any:
    """A file a batch."""
    return spark.readStream.schema("a INT, b STRING").option("maxFilesPerTrigger", 1).csv(e.path("in"))


def test_texts_of_values(experiment: Make, spark: Any) -> None:
    e = experiment("E_file_sink", "csv_value_rendering")
    e.put("in/a", "x\n")
    frame = spark.readStream.text(e.path("in")).selectExpr(
        "'plain'", "'a,b'", "'q\"q'", "''", "cast(null as string)", "' sp '", "'l1\nl2'", "1.0D", "1e20D", "1e-5D",
        "float(1.1)", "true", "date'2024-01-02'", "timestamp'2024-01-02 03:04:05.6'",
        "timestamp_ntz'2024-01-02 03:04:05'", "cast(1.50 as decimal(10,3))", "'back\\\\slash'", "'#c'",
        "double('NaN')", "double('Infinity')", "'\\t'", "X'4142'",
    )  # fmt: skip
    frame = frame.toDF(*[f"c{i}" for i in range(len(frame.columns))])
    write(e, frame, "csv", "csv")
    write(e, frame, "csv", "csv_esc", escape='"', header=True)
    write(e, frame, "json", "json")
    rest = frame.drop("c21")
    write(e, rest, "csv", "csv2", ignoreLeadingWhiteSpace=False, ignoreTrailingWhiteSpace=False)
    assert written_parts(e) == recorded_parts("csv_value_rendering")


def test_batches_without_rows(experiment: Make, spark: Any) -> None:
    e = experiment("E_file_sink", "empty_batch_output")
    feed(e, 2)
    frame = pairs(e, spark).filter("a > 1000")
    for sink in ("csv", "json", "text"):
        write(e, frame.select("b") if sink == "text" else frame, sink, f"{sink}_empty")
    write(e, frame, "csv", "csv_header_empty", header=True)
    write(e, frame, "csv", "csv_part_empty", ("b",))
    assert written_parts(e) == recorded_parts("empty_batch_output")


def test_partitions(experiment: Make, spark: Any) -> None:
    e = experiment("E_file_sink", "partitionBy")
    e.put("in/f0.csv", "1,a\n2,b\n3,\n4,a b/c=d%\n5,a\n6,ж:я\n", 1_700_000_000)
    e.put("in/f1.csv", "7,a\n", 1_700_000_005)
    write(e, pairs(e, spark), "csv", "out", ("b",))
    write(e, pairs(e, spark).withColumn("c", F.col("a") % 2), "json", "out2", ("c", "b"))
    assert written_parts(e) == recorded_parts("partitionBy")


def test_records_per_file(experiment: Make, spark: Any) -> None:
    e = experiment("E_file_sink", "maxRecordsPerFile")
    feed(e, 2)
    write(e, pairs(e, spark), "csv", "out", maxRecordsPerFile=2)
    write(e, pairs(e, spark), "csv", "out_part", ("b",), maxRecordsPerFile=1)
    write(e, pairs(e, spark), "csv", "out0", maxRecordsPerFile=0)
    spark.conf.set("spark.sql.files.maxRecordsPerFile", 1)
    try:
        write(e, pairs(e, spark), "csv", "outconf")
    finally:
        spark.conf.unset("spark.sql.files.maxRecordsPerFile")
    assert written_parts(e) == recorded_parts("maxRecordsPerFile")


def test_a_filter_without_ansi(experiment: Make, spark: Any) -> None:
    e = experiment("L_fixups", "non_ansi_built_after_conf")
    days = "day1,20\nday2,13\nday3,13.0001\nday4,\nday5, 14 \nday6,1e2\nday7,NaN\nday8,Infinity\n"
    e.put("in/a.csv", "day,temp_in_celsius\n" + days)

    def run(name: str, **options: Any) -> None:
        reader = spark.readStream.options(**options).schema("day STRING, temp_in_celsius STRING")
        frame = reader.csv(e.path("in")).filter(F.col("temp_in_celsius").astype("float") > 13)
        write(e, frame, "csv", name)
        e.say({_UUID.sub("ID", f.name): f.read_text() for f in (e.directory / name).glob("part-*")})

    spark.conf.set("spark.sql.ansi.enabled", "false")
    try:
        run("outna")
    finally:
        spark.conf.unset("spark.sql.ansi.enabled")
    run("outh", header=True)
    assert e.said == e.observations()


def lines(e: Experiment, spark: Any) -> None:
    """Run a query to the console over what is there, from the experiment's checkpoint."""
    writer = spark.readStream.text(e.path("in")).writeStream.format("console")
    query = writer.option("checkpointLocation", e.path("cp")).start()
    query.processAllAvailable()
    query.stop()


def checkpoint_files(e: Experiment) -> list[str]:
    """As the recording lists them."""
    root = e.directory / "cp"
    return sorted(f"./{f.relative_to(root)}" for f in root.rglob("*") if f.is_file() and f.name[0] != ".")


def test_only_the_newest_commit_counts(
    experiment: Make, spark: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    e = experiment("L_fixups", "commits_ahead_or_gap")
    e.put("in/a", "a\n")
    for name in "bcd":
        lines(e, spark)
        e.put(f"in/{name}", f"{name}\n")
    for name in "01":
        (e.directory / "cp/commits" / name).unlink()
    lines(e, spark)
    e.say(checkpoint_files(e))
    for file in (e.directory / "cp/commits").iterdir():
        file.unlink()
    lines(e, spark)
    e.say(checkpoint_files(e))
    assert e.said == e.observations()[:2]
    assert capfd.readouterr().out == e.console


def test_a_batch_in_the_sink_log_is_not_written_again(experiment: Make, spark: Any) -> None:
    e = experiment("L_fixups", "file_sink_crash_leftovers")

    def run() -> list[Any]:
        frame = spark.readStream.schema("a INT, b STRING").csv(e.path("in"))
        writer = frame.writeStream.format("csv").option("checkpointLocation", e.path("cp"))
        query = writer.start(e.path("out"))
        query.processAllAvailable()
        query.stop()
        return [tuple(r) for r in spark.read.schema("a INT, b STRING").csv(e.path("out")).collect()]

    for number, text in enumerate(("1,x\n", "2,y\n")):
        e.put(f"in/{number}.csv", text)
        run()
    (e.directory / "cp/commits/1").unlink()
    assert sorted(run()) == [(1, "x"), (2, "y")]
    assert len(list((e.directory / "out").glob("part-*"))) == 2
    (e.directory / "cp/commits/1").unlink()
    (e.directory / "out/_spark_metadata/1").unlink()
    assert f"batch read {sorted(run())}" == e.observations()[-1]


def test_available_now_and_once(experiment: Make, spark: Any) -> None:
    for name, trigger in (("availableNow", {"availableNow": True}), ("once", {"once": True})):
        e = experiment("G_triggers", name)
        for i in range(3):
            e.put(f"in{name}/{i}", f"{i}\n", 1_700_000_000 + i)
        said: list[str] = []

        def collect(frame: Any, batch_id: int, said: list[str] = said) -> None:
            said.append(f"batch {batch_id}: {[tuple(r) for r in frame.collect()]}")

        for _ in range(2):
            frame = spark.readStream.option("maxFilesPerTrigger", 1).text(e.path(f"in{name}"))
            writer = frame.writeStream.foreachBatch(collect).trigger(**trigger)
            query = writer.option("checkpointLocation", e.path(f"cp{name}")).start()
            assert query.awaitTermination(PATIENCE_S)
        assert said == [line for line in e.observations() if line.startswith("batch")]


def test_a_checkpoint_by_configuration(experiment: Make, spark: Any) -> None:
    e = experiment("K_extra", "checkpoint_via_conf")
    e.put("in/a.csv", "1,x\n")
    spark.conf.set("spark.sql.streaming.checkpointLocation", e.path("root"))
    try:
        frame = spark.readStream.schema("a INT, b STRING").csv(e.path("in"))
        for writer in (frame.writeStream, frame.writeStream.queryName("named")):
            query = writer.format("noop").start()
            query.processAllAvailable()
            query.stop()
    finally:
        spark.conf.unset("spark.sql.streaming.checkpointLocation")
    names = sorted(_UUID.sub("ID", d.name) for d in (e.directory / "root").iterdir())
    assert names == ["ID", "named"]


def test_json(experiment: Make, spark: Any) -> None:
    e = experiment("K_extra", "json_source")
    text = '{"a":1,"b":"x"}\n{"a":"2","b":3}\nbroken\n{"a":1.5}\n[{"a":7},{"a":8}]\n\n{"A":9,"b":null}\n'
    e.put("in/a.json", text)
    options: list[dict[str, str]] = [{}, {"mode": "DROPMALFORMED"}]
    for given in options:
        e.say("##", given)
        reader = spark.readStream.schema("a INT, b STRING, _corrupt_record STRING").options(**given)
        _say_batches(e, reader.json(e.path("in")))
    assert e.said == e.observations()[: len(e.said)]
    assert len(e.said) == 4


def test_from_json(experiment: Make, spark: Any) -> None:
    e = experiment("K_extra", "from_json_modes")
    e.put(
        "in/a",
        '{"a":1,"b":"x"}\n{"a":"q","b":"x"}\nnot json\n\nnull\n[]\n{"a":1}{"a":2}\n{"a":99999999999}\n{"b":{"c":1}}\n',
    )
    frame = spark.readStream.text(e.path("in")).select(
        F.from_json("value", "a INT, b STRING").alias("p"),
        F.from_json("value", "a INT, b STRING, _corrupt_record STRING").alias("pc"),
    )
    _say_batches(e, frame)
    assert e.said == e.observations()[:1]


def _say_batches(e: Experiment, frame: Any) -> None:
    def collect(batch: Any, batch_id: int) -> None:
        e.say(f"batch {batch_id}:", [tuple(r) for r in batch.collect()])

    frame.writeStream.foreachBatch(collect).trigger(availableNow=True).start().awaitTermination(PATIENCE_S)
