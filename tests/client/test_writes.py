"""Writes of batches and streams through the unmodified client: what Spark 4.3 does with the same programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import Observation
from pyspark.sql import functions as F  # noqa: N812 - as programs name it


def test_observations_of_what_is_written(spark: Any, tmp_path: Path) -> None:
    seen = Observation("seen")
    frame = spark.range(5).observe(seen, F.count(F.lit(1)).alias("n"), F.max("id").alias("last"))
    frame.write.json(str(tmp_path / "out"))
    assert seen.get == {"n": 5, "last": 4}
    kept = Observation("kept")
    spark.range(3).observe(kept, F.sum("id").alias("s")).write.saveAsTable("observed_rows")
    assert kept.get == {"s": 3}


def test_a_fixed_partition_takes_what_can_be_cast(spark: Any) -> None:
    spark.sql("create table sold (k string, v int, day date) using parquet partitioned by (day)")
    spark.sql("insert into sold values ('a', 1, date'2024-01-01'), ('b', 2, date'2024-01-02')")
    spark.sql("insert overwrite table sold partition (day = '2024-01-02') select 'c', -1")
    rows = spark.sql("select k, v, cast(day as string) from sold order by day").collect()
    assert [tuple(r) for r in rows] == [("a", 1, "2024-01-01"), ("c", -1, "2024-01-02")]
    with pytest.raises(AnalysisException, match="CANNOT_SAFELY_CAST"):
        spark.sql("insert into sold values ('d', 1, '2024-01-03')")


def test_streams_into_tables_keep_their_format(spark: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1\n")
    stream = spark.readStream.schema("id int").csv(str(tmp_path))
    spark.sql("create table lines (id int) using csv")
    writer = stream.writeStream.option("checkpointLocation", str(tmp_path / "chk")).trigger(availableNow=True)
    said = r"input source\(parquet\) is different from the table lines's data source provider\(csv\)"
    with pytest.raises(AnalysisException, match=said):
        writer.toTable("lines")
    writer.toTable("lines", format="csv").awaitTermination()
    assert [r.id for r in spark.table("lines").collect()] == [1]


def test_refusals(spark: Any, tmp_path: Path) -> None:
    stream = spark.readStream.format("rate").load()
    with pytest.raises(AnalysisException, match="method `writeTo` can not be called on streaming"):
        stream.writeTo("x").create()
    twice = stream.writeStream.partitionBy("value", "value").format("json")
    with pytest.raises(AnalysisException, match=r"COLUMN_ALREADY_EXISTS.*`value`"):
        twice.option("checkpointLocation", str(tmp_path / "chk")).start(str(tmp_path / "out"))


def test_bad_records_where_few_columns_are_read(spark: Any, tmp_path: Path) -> None:
    """A record is judged by the columns that are read; its length, where all are."""
    (tmp_path / "a.csv").write_text("1,a,1.5\nx,bad,2\n3,short\n4,long,4,extra\n")
    schema = "id int, name string, price double, _corrupt_record string"
    frame = spark.read.schema(schema).csv(str(tmp_path))
    whole = frame.where("_corrupt_record is not null").collect()
    assert [r._corrupt_record for r in whole] == ["x,bad,2", "3,short", "4,long,4,extra"]
    found = frame.where("_corrupt_record is not null").select("id", "_corrupt_record").collect()
    assert [tuple(r) for r in found] == [(None, "x,bad,2")]
    assert [r._corrupt_record for r in frame.select("name", "_corrupt_record").collect()] == [None] * 4
    with pytest.raises(AnalysisException, match="QUERY_ONLY_CORRUPT_RECORD_COLUMN"):
        frame.select("_corrupt_record").collect()
    with pytest.raises(AnalysisException, match="QUERY_ONLY_CORRUPT_RECORD_COLUMN"):
        frame.where("_corrupt_record is not null").count()
    assert frame.cache().where("_corrupt_record is not null").count() == 3
    (tmp_path / "b.json").write_text('{"id": 1}\n{bad\n')
    lines = spark.read.schema("id int, _corrupt_record string").json(str(tmp_path / "b.json"))
    with pytest.raises(AnalysisException, match="QUERY_ONLY_CORRUPT_RECORD_COLUMN"):
        lines.select("_corrupt_record").collect()


def test_a_name_of_metrics_is_used_once(spark: Any) -> None:
    twice = spark.range(3).observe("m", F.count(F.lit(1))).observe("m", F.sum("id"))
    with pytest.raises(
        AnalysisException, match=r"metric name is not unique: m\. The same name cannot be used"
    ):
        twice.collect()
    other = spark.range(3).observe("m", F.count(F.lit(1)))
    assert other.join(other, "id").count() == 3
