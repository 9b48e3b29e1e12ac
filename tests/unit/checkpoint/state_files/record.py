"""Record rows and state files of real Spark 4.3 into `recorded/` beside this file.

Run with a Python that has `pyspark==4.3.0`, pandas, pyarrow, protobuf and a Java 17:
`python tests/unit/checkpoint/state_files/record.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from cases import CASES
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle
from pyspark.sql.streaming.state import GroupState, GroupStateTimeout

TARGET = Path(__file__).parent / "recorded"
ROOT = Path(tempfile.mkdtemp())
LONG_NAME = "n" * 70_000


def in_memory(frame: DataFrame) -> list[str]:
    """The bytes of the frame's rows. One row at a time: the room of a null interval holds what was there before."""
    return [
        bytes(row.getBytes()).hex() for row in frame._jdf.queryExecution().executedPlan().executeCollect()
    ]


def rows(spark: SparkSession) -> list[dict[str, Any]]:
    """The rows of each case as Spark has them in memory."""
    found = []
    for name, queries, _ in CASES:
        frames = [spark.sql(query) for query in queries]
        found.append(
            {
                "name": name,
                "schema": json.loads(frames[0].schema.json()),
                "rows": [row for frame in frames for row in in_memory(frame)],
            }
        )
    return found


def stream(spark: SparkSession, name: str, schema: str, batches: list[str]) -> DataFrame:
    """A stream of CSV files, one for each batch."""
    folder = ROOT / name / "in"
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(batches):
        path = folder / f"{number}.csv"
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            os.utime(path, (1_760_000_000 + number, 1_760_000_000 + number))
    reader = spark.readStream.schema(schema).option("maxFilesPerTrigger", 1)
    return reader.option("nullValue", "NULL").csv(str(folder))


def run(frame: DataFrame, name: str, mode: str = "update") -> None:
    """Everything there is, then stop."""
    writer = frame.writeStream.format("noop").outputMode(mode)
    writer = writer.option("checkpointLocation", str(ROOT / name / "checkpoint"))
    writer.trigger(availableNow=True).start().awaitTermination()


ROWS = [
    "a,1,1.5\nb,NULL,-99999999999999999999.25\nNULL,3,NULL\n",
    "a,1,2\nc,4,0\nlonger than eight,5,1e20\n",
    "",
]
TIMED = [
    "2024-01-01 00:00:01,a\n2024-01-01 00:00:03,b\n2024-01-01 00:00:01,NULL\n",
    "2024-01-01 00:00:09,a\n2024-01-01 00:01:00,longer than eight\n",
    "2024-01-01 00:01:02,a\n",
]


def aggregation(spark: SparkSession) -> None:
    frame = stream(spark, "aggregation", "k STRING, i INT, d DECIMAL(38, 2)", ROWS)
    keys = [F.col("k"), F.col("i"), F.col("d"), F.struct("i", "k").alias("s")]
    values = [F.count("*"), F.sum("i"), F.avg("i"), F.max("k"), F.sum("d"), F.first("k"), F.stddev("i")]
    run(frame.groupBy(*keys).agg(*values), "aggregation")


def fixed_keys(spark: SparkSession) -> None:
    frame = stream(spark, "fixed_keys", "k STRING, i INT, d DECIMAL(38, 2)", ROWS)
    run(frame.groupBy("i").agg(F.count("*"), F.sum("i")), "fixed_keys")


def whole(spark: SparkSession) -> None:
    frame = stream(spark, "whole", "k STRING, i INT, d DECIMAL(38, 2)", ROWS)
    run(frame.groupBy().agg(F.count("*"), F.collect_list("k")), "whole")


def windows(spark: SparkSession) -> None:
    frame = stream(spark, "windows", "t TIMESTAMP, k STRING", TIMED)
    timed = frame.withWatermark("t", "5 seconds")
    run(timed.groupBy(F.window("t", "10 seconds"), "k").count(), "windows", "append")


def session_windows(spark: SparkSession) -> None:
    frame = stream(spark, "session_windows", "t TIMESTAMP, k STRING", TIMED)
    timed = frame.withWatermark("t", "5 seconds")
    run(timed.groupBy(F.session_window("t", "5 seconds"), "k").count(), "session_windows", "append")


def deduplication(spark: SparkSession) -> None:
    frame = stream(spark, "deduplication", "t TIMESTAMP, k STRING", TIMED)
    run(frame.dropDuplicates(["k"]), "deduplication", "append")


def deduplication_within_watermark(spark: SparkSession) -> None:
    frame = stream(spark, "deduplication_within_watermark", "t TIMESTAMP, k STRING", TIMED)
    timed = frame.withWatermark("t", "5 seconds")
    run(timed.dropDuplicatesWithinWatermark(["k"]), "deduplication_within_watermark", "append")


def join(spark: SparkSession) -> None:
    left = stream(spark, "join", "t TIMESTAMP, k STRING", TIMED).withWatermark("t", "5 seconds")
    right = stream(spark, "join_right", "u TIMESTAMP, j STRING", TIMED).withWatermark("u", "5 seconds")
    condition = F.expr("k = j AND u BETWEEN t AND t + INTERVAL 10 SECONDS")
    run(left.join(right, condition, "leftOuter"), "join", "append")


def with_state(spark: SparkSession) -> None:
    def count(
        key: tuple[Any, ...], frames: Iterator[pd.DataFrame], state: GroupState
    ) -> Iterator[pd.DataFrame]:
        before = state.get[0] if state.exists else 0
        total = before + sum(map(len, frames))
        state.update((total, key[0], total / 2))
        yield pd.DataFrame({"k": [key[0]], "n": [total]})

    frame = stream(spark, "with_state", "t TIMESTAMP, k STRING", TIMED)
    schema = "n BIGINT, last STRING, half DOUBLE"
    counted = frame.groupBy("k").applyInPandasWithState(
        count, "k STRING, n BIGINT", schema, "update", GroupStateTimeout.NoTimeout
    )
    run(counted, "with_state")


def long_schema(spark: SparkSession) -> None:
    frame = stream(spark, "long_schema", "k STRING, i INT, d DECIMAL(38, 2)", ROWS[:1])
    named = frame.toDF(LONG_NAME, "ж\x00😀", "d")
    run(named.groupBy(f"`{LONG_NAME}`", "`ж\x00😀`").agg(F.max("d")), "long_schema")


class Counter(StatefulProcessor):
    """Two state variables."""

    def init(self, handle: StatefulProcessorHandle) -> None:
        self._count = handle.getValueState("count", "n BIGINT")
        self._seen = handle.getMapState("seen", "k STRING", "v INT")

    def handleInputRows(  # noqa: N802 - as the client calls it
        self,
        key: Any,
        rows: Iterator[pd.DataFrame],
        timerValues: Any,  # noqa: N803
    ) -> Iterator[pd.DataFrame]:
        count = (self._count.get()[0] if self._count.exists() else 0) + sum(map(len, rows))
        self._count.update((count,))
        self._seen.updateValue(("k",), (count,))
        yield pd.DataFrame({"n": [count]})

    def close(self) -> None:
        pass


def transform_with_state(spark: SparkSession) -> None:
    frame = stream(spark, "transform_with_state", "t TIMESTAMP, k STRING", TIMED[:2])
    provider = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    spark.conf.set("spark.sql.streaming.stateStore.providerClass", provider)
    counted = frame.groupBy("k").transformWithStateInPandas(Counter(), "n BIGINT", "update", "none")
    run(counted, "transform_with_state")
    spark.conf.unset("spark.sql.streaming.stateStore.providerClass")


CHECKPOINTS: list[Callable[[SparkSession], None]] = [
    aggregation, fixed_keys, whole, windows, session_windows, deduplication, deduplication_within_watermark, join,
    with_state, long_schema, transform_with_state,
]  # fmt: skip
KEPT = (".delta", ".snapshot", "schema", "metadata")


def save(name: str) -> None:
    """Keep the state directory without checksums and RocksDB's files."""
    source, target = ROOT / name / "checkpoint" / "state", TARGET / name
    shutil.rmtree(target, ignore_errors=True)
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        kept = path.name.endswith(KEPT) or "_stateSchema" in relative.parts
        if path.is_file() and kept and not path.name.endswith(".crc"):
            (target / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / relative)


CHANGES: list[tuple[str, Callable[[DataFrame], DataFrame]]] = [
    ("same", lambda f: f.groupBy("k").agg(F.sum("i").alias("s"))),
    ("other key name", lambda f: f.groupBy(F.col("k").alias("renamed")).agg(F.sum("i").alias("s"))),
    ("other value name", lambda f: f.groupBy("k").agg(F.sum("i").alias("renamed"))),
    ("other key type", lambda f: f.groupBy("i").agg(F.sum("i").alias("s"))),
    ("more keys", lambda f: f.groupBy("k", "i").agg(F.sum("i").alias("s"))),
    ("other value type", lambda f: f.groupBy("k").agg(F.max("k").alias("s"))),
    ("more values", lambda f: f.groupBy("k").agg(F.sum("i").alias("s"), F.max("k").alias("m"))),
    ("fewer values", lambda f: f.groupBy("k").agg(F.lit(1))),
    ("key not null", lambda f: f.groupBy(F.coalesce("k", F.lit("x")).alias("k")).agg(F.sum("i").alias("s"))),
    ("value not null", lambda f: f.groupBy("k").agg(F.count("i").alias("s"))),
    ("both", lambda f: f.groupBy("i").agg(F.max("k").alias("s"))),
]


def changes(spark: SparkSession) -> list[dict[str, Any]]:
    """What Spark says when a query with another schema goes on from a checkpoint."""
    found = []
    starts: list[tuple[str, Callable[[DataFrame], DataFrame]]] = [
        ("nullable", CHANGES[0][1]),
        (
            "not null",
            lambda f: f.groupBy(F.coalesce("k", F.lit("x")).alias("k")).agg(F.count("i").alias("s")),
        ),
    ]
    for start, made in starts:
        for number, (change, changed) in enumerate(CHANGES):
            name = f"change_{start.replace(' ', '_')}_{number}"
            batches = ["a,1\n"]
            run(made(stream(spark, name, "k STRING, i INT", batches)), name)
            before = schema_file(name)
            (ROOT / name / "in" / "1.csv").write_text("b,2\n", encoding="utf-8")
            answer = ""
            try:
                run(changed(stream(spark, name, "k STRING, i INT", batches)), name)
            except Exception as error:  # noqa: BLE001 - whatever Spark says is the answer
                cause = error._origin.getCause()  # type: ignore[attr-defined]
                answer = f"{cause.getClass().getName()}: {cause.getMessage()}"
            fresh = f"{name}_fresh"
            run(changed(stream(spark, fresh, "k STRING, i INT", batches)), fresh)
            found.append(
                {
                    "start": start,
                    "change": change,
                    "before": before.hex(),
                    "after": schema_file(name).hex(),
                    "new": schema_file(fresh).hex(),
                    "error": answer,
                }
            )
    return found


def schema_file(name: str) -> bytes:
    """The schema file of the default store."""
    return (ROOT / name / "checkpoint" / "state" / "0" / "0" / "_metadata" / "schema").read_bytes()


def main() -> None:
    """Record all, or what is named on the command line."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.streaming.stateStore.maintenanceInterval", "1s")
        .config("spark.sql.streaming.stateStore.minDeltasForSnapshot", "1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("FATAL")
    wanted = sys.argv[1:]
    TARGET.mkdir(exist_ok=True)
    if not wanted or "rows" in wanted:
        text = ",\n".join(json.dumps(case, ensure_ascii=False) for case in rows(spark))
        (TARGET / "rows.json").write_text(f"[{text}]\n", encoding="utf-8")
    for checkpoint in CHECKPOINTS:
        if not wanted or checkpoint.__name__ in wanted:
            checkpoint(spark)
            save(checkpoint.__name__)
            print(checkpoint.__name__, flush=True)
    if not wanted or "changes" in wanted:
        text = ",\n".join(json.dumps(change, ensure_ascii=False) for change in changes(spark))
        (TARGET / "changes.json").write_text(f"[{text}]\n", encoding="utf-8")
    spark.stop()
    shutil.rmtree(ROOT)


if __name__ == "__main__":
    main()
