"""State is read while its query runs: each read sees whole batches, ever later ones, whatever is removed meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from potok.sql import SparkSession
from potok.sql import functions as F  # noqa: N812 - as programs name it

FILES, ROWS, AT_ONCE = 120, 5, 3
CONF = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    # As many as a read may be behind; fewer than there are, so that old ones go.
    "spark.sql.streaming.minBatchesToRetain": "20",
    "spark.sql.streaming.stateStore.minDeltasForSnapshot": "2",
}


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    builder = SparkSession.builder
    for name, value in CONF.items():
        builder = builder.config(name, value)
    session = builder.create()
    yield session
    session.stop()


def test_reads_see_whole_batches(spark: SparkSession, tmp_path: Path) -> None:
    source, checkpoint = tmp_path / "in", tmp_path / "checkpoint"
    source.mkdir()

    def put(number: int) -> None:
        rows = [{"k": (7 * number + n) % 50, "v": n} for n in range(ROWS)]
        hidden = source / f".{number:04d}.json"
        hidden.write_text("".join(json.dumps(row) + "\n" for row in rows))
        hidden.rename(source / f"{number:04d}.json")

    put(0)
    stream = spark.readStream.schema("k INT, v INT").option("maxFilesPerTrigger", 1).json(str(source))
    query = (
        stream.groupBy("k")
        .agg(F.count("*").alias("n"))
        .writeStream.format("noop")
        .outputMode("update")
        .option("checkpointLocation", str(checkpoint))
        .start()
    )
    query.processAllAvailable()
    seen = []
    # The query goes on during a read, but not so far that what is read is gone before its end.
    for first in range(1, FILES, AT_ONCE):
        for number in range(first, min(first + AT_ONCE, FILES)):
            put(number)
        state = spark.read.format("statestore").load(str(checkpoint))
        seen.append(state.agg(F.sum("value.count")).collect()[0][0])
    query.processAllAvailable()
    query.stop()
    assert seen == sorted(seen)
    assert not [count for count in seen if count % ROWS]
    deltas = len(list((checkpoint / "state" / "0" / "0").glob("*.delta")))
    assert deltas < FILES // 2
