"""Record small checkpoints with real Spark 4.3 into `recorded/` beside this file.

Run with a Python that has `pyspark==4.3.0` and a Java 17: `python tests/checkpoints/record.py`.
Everything runs below `ROOT`, so that the absolute paths in the logs do not depend on the machine.
State stores are left out of the copy. The clock and the uuids differ from run to run; the tests
read them from the recording.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

ROOT = Path("/tmp/potok-recorded")
TARGET = Path(__file__).parent / "recorded"
FIRST_FILE_S = 1_760_000_000
# One file per character that a name may hold; the colon makes Spark's batch fail, after logging.
NAME_CHARACTERS = [chr(code) for code in range(1, 128) if chr(code) not in "/:"] + [
    "\x80", "\x85", "\u00a0", "\u00ad", "é", "e\u0301", "ж", "漢", "\u2000", "\u2003", "\u2028", "\u200b", "\u3000", "😀",
]  # fmt: skip


def put(path: Path, text: str, age: int) -> None:
    """Write a file whose modification time is `age` seconds after the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (FIRST_FILE_S + age, FIRST_FILE_S + age))


def run(frame: DataFrame, checkpoint: Path, sink: str = "noop", mode: str = "append", **options: str) -> None:
    """Run everything there is and stop."""
    writer = frame.writeStream.format(sink).outputMode(mode).option("checkpointLocation", str(checkpoint))
    query = writer.options(**options).trigger(availableNow=True).start()
    query.awaitTermination()


def file_to_file(spark: SparkSession) -> None:
    """23 batches of one file each, CSV to CSV, with two compactions of both file logs."""
    here = ROOT / "file_to_file"
    names = ["plain.csv", "sp ace.csv", "p%41.csv", "#k.csv", "жé漢.csv", "a+b~c&d=e.csv", "[x]{y}.csv"]
    for number in range(23):
        name = names[number] if number < len(names) else f"n{number}.csv"
        put(here / "in" / name, f"{number},v{number}\n", number)
    frame = spark.readStream.schema("a INT, b STRING").option("maxFilesPerTrigger", 1).csv(str(here / "in"))
    run(frame.filter("a % 4 != 3"), here / "checkpoint", "csv", path=str(here / "out"))


def partitioned(spark: SparkSession) -> None:
    """A sink with partition columns: several files per batch, and batches without files."""
    here = ROOT / "partitioned"
    for number in range(3):
        text = "" if number == 1 else f"{number},a b/c=d%\n{number},ж\n{number},\n"
        put(here / "in" / f"{number}.csv", text, number)
    frame = spark.readStream.schema("a INT, b STRING").option("maxFilesPerTrigger", 1).csv(str(here / "in"))
    writer = (
        frame.writeStream.format("json")
        .partitionBy("b")
        .option("checkpointLocation", str(here / "checkpoint"))
    )
    writer.option("path", str(here / "out")).trigger(availableNow=True).start().awaitTermination()


def watermark(spark: SparkSession) -> None:
    """An append aggregation over windows: the watermark moves, with batches without data."""
    here = ROOT / "watermark"
    for number in range(4):
        put(here / "in" / f"{number}.csv", f"2024-01-01 00:{number * 7:02d}:05.250,k\n", number)
    frame = (
        spark.readStream.schema("t TIMESTAMP, k STRING").option("maxFilesPerTrigger", 1).csv(str(here / "in"))
    )
    counts = frame.withWatermark("t", "10 seconds").groupBy(F.window("t", "5 minutes")).count()
    run(counts, here / "checkpoint")


def union(spark: SparkSession) -> None:
    """Two file sources, the second without any file at first (its offset is `-`)."""
    here = ROOT / "union"
    put(here / "left" / "a.txt", "a\n", 0)
    (here / "right").mkdir(parents=True)
    for name in ("start", "both", "right only"):
        frame = spark.readStream.text(str(here / "left")).union(spark.readStream.text(str(here / "right")))
        if name == "both":
            put(here / "left" / "b.txt", "b\n", 1)
            put(here / "right" / "c.txt", "c\n", 1)
        if name == "right only":
            put(here / "right" / "d.txt", "d\n", 2)
        run(frame, here / "checkpoint")


def names(spark: SparkSession) -> None:
    """Every character in a file name, as the source log writes it."""
    here = ROOT / "names"
    for number, character in enumerate(NAME_CHARACTERS):
        put(here / "in" / f"x{character}y", "v\n", number)
    run(spark.readStream.text(str(here / "in")), here / "checkpoint")


def retention(spark: SparkSession) -> None:
    """Expired entries of a sink log with the option `retention`, and short retention of batches."""
    here = ROOT / "retention"
    for key, value in {
        "spark.sql.streaming.minBatchesToRetain": "2",
        "spark.sql.streaming.fileSink.log.cleanupDelay": "0",
        "spark.sql.streaming.fileSource.log.cleanupDelay": "0",
        "spark.sql.streaming.fileSink.log.compactInterval": "3",
        "spark.sql.streaming.fileSource.log.compactInterval": "4",
    }.items():
        spark.conf.set(key, value)
    for number in range(14):
        put(here / "in" / f"{number}.txt", f"{number}\n", number)
    frame = spark.readStream.option("maxFilesPerTrigger", 1).text(str(here / "in"))
    run(frame, here / "checkpoint", "text", path=str(here / "out"), retention="1ms")
    for key in ("minBatchesToRetain", "fileSink.log.cleanupDelay", "fileSource.log.cleanupDelay"):
        spark.conf.unset("spark.sql.streaming." + key)
    spark.conf.unset("spark.sql.streaming.fileSink.log.compactInterval")
    spark.conf.unset("spark.sql.streaming.fileSource.log.compactInterval")


def state_ids(spark: SparkSession) -> None:
    """Commits of version 2, which name the state files."""
    here = ROOT / "state_ids"
    spark.conf.set("spark.sql.streaming.stateStore.checkpointFormatVersion", "2")
    provider = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    spark.conf.set("spark.sql.streaming.stateStore.providerClass", provider)
    put(here / "in" / "0.txt", "a\n", 0)
    run(spark.readStream.text(str(here / "in")).groupBy("value").count(), here / "checkpoint", mode="update")
    spark.conf.unset("spark.sql.streaming.stateStore.checkpointFormatVersion")
    spark.conf.unset("spark.sql.streaming.stateStore.providerClass")


def named_sources(spark: SparkSession) -> None:
    """Offsets of version 2, which name the sources."""
    here = ROOT / "named_sources"
    spark.conf.set("spark.sql.streaming.queryEvolution.enableSourceEvolution", "true")
    try:
        for side in ("left", "right"):
            put(here / side / "a.txt", "a\n", 0)
        left = spark.readStream.name("alpha").text(str(here / "left"))
        right = spark.readStream.name("beta").text(str(here / "right"))
        run(left.union(right), here / "checkpoint")
    finally:
        spark.conf.set("spark.sql.streaming.queryEvolution.enableSourceEvolution", "false")


def main() -> None:
    """Record all, or those named on the command line."""
    wanted = sys.argv[1:]
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    spark = (
        builder.config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    for record in (file_to_file, partitioned, watermark, union, names, retention, state_ids, named_sources):
        if wanted and record.__name__ not in wanted:
            continue
        shutil.rmtree(ROOT / record.__name__, ignore_errors=True)
        record(spark)
        target = TARGET / record.__name__
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(
            ROOT / record.__name__, target, ignore=shutil.ignore_patterns("state", "in", "left", "right")
        )
    spark.stop()


if __name__ == "__main__":
    main()
