"""Streaming queries through the unmodified client."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.errors import PySparkException, StreamingQueryException
from pyspark.sql import functions as F  # noqa: N812 - as programs name it
from pyspark.sql.streaming import StreamingQueryListener

from potok.connect import query_commands
from support.patience import PATIENCE_S, until


@pytest.fixture
def source(tmp_path: Path) -> Path:
    directory = tmp_path / "in"
    directory.mkdir()
    (directory / "a.txt").write_text("1\n2\n")
    return directory


def lines(spark: Any, source: Path) -> Any:
    return spark.readStream.text(str(source))


@pytest.fixture(autouse=True)
def _quick_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_commands, "_WAIT_S", 0.05)


def test_a_query_from_start_to_stop(spark: Any, source: Path) -> None:
    query = lines(spark, source).writeStream.format("memory").queryName("seen").start()
    assert query.name == "seen"
    query.processAllAvailable()
    assert query.isActive
    assert [r.value for r in spark.table("seen").collect()] == ["1", "2"]
    assert [q.id for q in spark.streams.active] == [query.id]
    assert spark.streams.get(query.id).runId == query.runId
    assert query.lastProgress["numInputRows"] == 2 or len(query.recentProgress) > 1
    assert query.status["message"]
    assert not query.awaitTermination(0.2)
    query.stop()
    assert not query.isActive
    assert query.exception() is None
    assert query.awaitTermination(1)
    assert spark.streams.active == []
    assert spark.streams.awaitAnyTermination(1)
    spark.streams.resetTerminated()
    assert not spark.streams.awaitAnyTermination(0.1)


def test_the_size_of_the_state(spark: Any, source: Path) -> None:
    """Dashboards for Spark look for it there."""
    counts = lines(spark, source).groupBy("value").count()
    query = counts.writeStream.outputMode("complete").format("memory").queryName("counted").start()
    query.processAllAvailable()
    (state,) = query.lastProgress["stateOperators"]
    query.stop()
    assert state["customMetrics"] == {"stateOnCurrentVersionSizeBytes": state["memoryUsedBytes"]}
    assert state["memoryUsedBytes"] > 0


def test_a_query_that_nobody_knows(spark: Any) -> None:
    from pyspark.sql.connect.streaming.query import StreamingQuery

    assert spark.streams.get("00112233-4455-6677-8899-aabbccddeeff") is None
    with pytest.raises(PySparkException, match="STREAMING_QUERY_NOT_FOUND"):
        StreamingQuery(spark, "00112233-4455-6677-8899-aabbccddeeff", "x").isActive  # noqa: B018 - asks the server


def test_a_failing_query(spark: Any, source: Path) -> None:
    (source / "a.txt").write_text("x\n")
    query = lines(spark, source).selectExpr("cast(value as int) a").writeStream.format("noop").start()
    with pytest.raises(StreamingQueryException) as caught:
        query.awaitTermination()
    assert caught.value.getCondition() == "STREAM_FAILED"
    assert caught.value.getSqlState() == "XXKST"
    assert caught.value.getMessageParameters()["id"] == query.id
    assert "[CAST_INVALID_INPUT]" in str(caught.value)
    assert str(query.exception()).startswith("(STREAM_FAILED) [CAST_INVALID_INPUT] The value 'x'")
    with pytest.raises(StreamingQueryException):
        query.processAllAvailable()
    query.stop()


class Told(StreamingQueryListener):  # type: ignore[misc]  # pyspark is untyped here
    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def onQueryStarted(self, event: Any) -> None:  # noqa: N802 - PySpark's name
        self.events.append(("started", event.name))

    def onQueryProgress(self, event: Any) -> None:  # noqa: N802 - PySpark's name
        self.events.append(("progress", event.progress.name))

    def onQueryIdle(self, event: Any) -> None:  # noqa: N802 - PySpark's name
        self.events.append(("idle", ""))

    def onQueryTerminated(self, event: Any) -> None:  # noqa: N802 - PySpark's name
        self.events.append(("terminated", str(event.exception)))


@pytest.fixture
def listener(spark: Any) -> Iterator[Told]:
    told = Told()
    spark.streams.addListener(told)
    yield told
    spark.streams.removeListener(told)


def test_a_listener_is_told(spark: Any, source: Path, listener: Told) -> None:
    query = lines(spark, source).writeStream.format("noop").queryName("heard").start()
    assert listener.events[0] == ("started", "heard")
    query.processAllAvailable()
    query.stop()
    until(lambda: listener.events[-1] == ("terminated", "None"))
    assert ("progress", "heard") in listener.events


def test_a_listener_hears_of_the_end_before_stop_returns(spark: Any, source: Path) -> None:
    told = Told()
    spark.streams.addListener(told)
    query = lines(spark, source).writeStream.format("noop").start()
    query.processAllAvailable()
    query.stop()
    spark.streams.removeListener(told)
    assert told.events[-1] == ("terminated", "None")
    again = lines(spark, source).writeStream.format("noop").start()
    again.stop()
    assert told.events[-1] == ("terminated", "None")


def test_each_batch_goes_to_a_function(spark: Any, source: Path, tmp_path: Path) -> None:
    seen = str(tmp_path / "seen.txt")

    def each(batch: Any, batch_id: int) -> None:
        rows = sorted(r.value for r in batch.collect())
        batch.createOrReplaceTempView("batch")
        count = batch.sparkSession.sql("select count(*) n from batch").collect()[0].n
        with Path(seen).open("a") as file:
            file.write(f"{batch_id} {rows} {count} {batch.isStreaming}\n")

    query = lines(spark, source).writeStream.foreachBatch(each).trigger(availableNow=True).start()
    assert query.awaitTermination(PATIENCE_S)
    assert Path(seen).read_text() == "0 ['1', '2'] 2 False\n"


def test_a_function_that_fails_fails_the_query(spark: Any, source: Path) -> None:
    def each(batch: Any, batch_id: int) -> None:
        raise ValueError(f"no {batch_id}")

    query = lines(spark, source).writeStream.foreachBatch(each).start()
    with pytest.raises(StreamingQueryException, match="ValueError: no 0"):
        query.awaitTermination()
    spark.streams.resetTerminated()


def test_a_function_that_ends_the_program_fails_the_query(spark: Any, source: Path) -> None:
    """And not: ends it as if all were well, its batch left out."""

    def each(batch: Any, batch_id: int) -> None:
        raise SystemExit(3)

    query = lines(spark, source).writeStream.foreachBatch(each).start()
    with pytest.raises(StreamingQueryException, match="3"):
        query.awaitTermination(PATIENCE_S)
    spark.streams.resetTerminated()


def test_a_function_is_let_go_of_with_its_writer_and_query(spark: Any, source: Path) -> None:
    """Each start has one, with all that it has closed over."""

    class Large:
        pass

    def run() -> weakref.ref[Any]:
        large = Large()

        def each(batch: Any, batch_id: int) -> None:
            assert isinstance(large, Large)

        query = lines(spark, source).writeStream.foreachBatch(each).trigger(availableNow=True).start()
        assert query.awaitTermination(PATIENCE_S)
        return weakref.ref(large)

    large = run()
    gc.collect()
    assert large() is None


def test_a_wait_can_be_interrupted(spark: Any, source: Path) -> None:
    import threading

    query = lines(spark, source).writeStream.format("noop").start()
    spark.addTag("waiting")
    # Until there is something to interrupt.
    thread = threading.Thread(target=until, args=(lambda: spark.interruptTag("waiting"), 0.1))
    thread.start()
    with pytest.raises(PySparkException, match="OPERATION_CANCELED"):
        query.awaitTermination()
    thread.join()
    assert query.isActive
    query.stop()


def test_columns_of_one_name_in_memory(spark: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2.5\n")
    stream = spark.readStream.schema("id int, x double").csv(str(tmp_path))
    frame = stream.select(
        F.col("id").alias("a"), F.col("x").alias("a"), F.udf(lambda v: [v], "array<int>")("id").alias("a")
    )
    query = frame.writeStream.format("memory").queryName("same_names").trigger(availableNow=True).start()
    query.awaitTermination()
    table = spark.table("same_names")
    assert table.columns == ["a", "a", "a"]
    assert [tuple(row) for row in table.collect()] == [(1, 2.5, [1])]
    assert [tuple(row) for row in table.toDF("p", "q", "r").select("q").collect()] == [(2.5,)]


def test_rows_that_a_writer_does_not_open_are_counted(spark: Any, source: Path) -> None:
    """As Spark 4.3 counts."""

    class Closed:
        def open(self, partition_id: int, epoch_id: int) -> bool:
            return False

        def process(self, row: Any) -> None:
            raise AssertionError(row)

    query = lines(spark, source).writeStream.foreach(Closed()).trigger(availableNow=True).start()
    query.awaitTermination()
    assert query.lastProgress["sink"]["numOutputRows"] == 2
