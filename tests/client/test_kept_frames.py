"""`cache`, `persist`, `unpersist`: what Spark 4.3 answers to the same programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import functions as F  # noqa: N812 - as programs name it


def test_rows_are_made_once(spark: Any) -> None:
    frame = spark.range(3).withColumn("u", F.expr("uuid()")).cache()
    rows = frame.collect()
    assert frame.collect() == rows
    assert frame.where("id = 1").first().u == rows[1].u
    assert frame.alias("a").join(frame.alias("b"), F.expr("a.u = b.u")).count() == 3
    frame.unpersist()
    assert frame.collect() != rows


def test_a_function_is_called_once_for_each_row(spark: Any, tmp_path: Path) -> None:
    calls = tmp_path / "calls"

    def note() -> int:
        with calls.open("a") as file:
            return file.write("x") - 1

    frame = spark.range(4).select(F.udf(lambda v: v + note(), "long")("id").alias("v")).cache()
    assert not calls.exists()
    assert frame.count() == 4
    assert frame.agg(F.sum("v")).first()[0] == 6
    assert calls.read_text() == "xxxx"


def test_files_that_come_later_are_not_seen(spark: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1\n2\n")
    frame = spark.read.schema("x int").csv(str(tmp_path)).cache()
    assert frame.count() == 2
    (tmp_path / "b.csv").write_text("3\n")
    assert frame.count() == 2
    spark.catalog.clearCache()
    assert frame.count() == 3


def test_what_the_program_itself_overwrites_is_read_again(spark: Any, tmp_path: Path) -> None:
    place = str(tmp_path / "t")
    spark.range(3).write.parquet(place)
    frame = spark.read.parquet(place).cache()
    frame.createOrReplaceTempView("kept")
    assert frame.count() == 3
    spark.range(5).write.mode("overwrite").parquet(place)
    assert frame.count() == 5
    assert spark.table("kept").count() == 5
    frame.unpersist()
    spark.range(7).write.mode("overwrite").parquet(place)
    assert frame.count() == 7


def test_a_frame_may_replace_what_it_was_read_from(spark: Any, tmp_path: Path) -> None:
    place = str(tmp_path / "t")
    spark.range(3).write.parquet(place)
    both = spark.read.parquet(place).union(spark.range(10, 11)).cache()
    assert both.count() == 4
    both.write.mode("overwrite").parquet(place)
    assert sorted(r.id for r in spark.read.parquet(place).collect()) == [0, 1, 2, 10]


def test_columns_of_one_name(spark: Any) -> None:
    frame = spark.range(1).select(F.col("id").alias("a"), (F.col("id") + 1).alias("a")).cache()
    assert [tuple(row) for row in frame.collect()] == [(0, 1)]
    assert frame.columns == ["a", "a"]


def test_a_batch_that_is_kept_is_the_same_for_two_outputs(spark: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("1\n2\n")
    one, two = str(tmp_path / "one"), str(tmp_path / "two")

    def write(batch: Any, _: int) -> None:
        numbered = batch.withColumn("id", F.expr("uuid()")).persist()
        numbered.write.parquet(one)
        numbered.write.parquet(two)

    query = (
        spark.readStream.schema("x int")
        .csv(str(tmp_path / "in"))
        .writeStream.foreachBatch(write)
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    assert len(spark.read.parquet(one).collect()) == 2
    assert spark.read.parquet(one).exceptAll(spark.read.parquet(two)).count() == 0


def test_a_stream_cannot_be_kept(spark: Any) -> None:
    stream = spark.readStream.format("rate").load()
    with pytest.raises(AnalysisException, match="Queries with streaming sources must be executed"):
        stream.cache()
    with pytest.raises(AnalysisException, match="Queries with streaming sources must be executed"):
        stream.inputFiles()


def test_levels(spark: Any) -> None:
    from pyspark.storagelevel import StorageLevel

    frame = spark.range(3).withColumn("r", F.rand()).persist(StorageLevel.DISK_ONLY)
    assert frame.storageLevel == StorageLevel.DISK_ONLY
    assert frame.persist().storageLevel == StorageLevel.DISK_ONLY
    assert frame.unpersist().storageLevel == StorageLevel(False, False, False, False)
