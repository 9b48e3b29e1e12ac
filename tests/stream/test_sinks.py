"""The console's bytes, the memory table, user code in foreach and foreachBatch."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from potok.connectors.console import ConsoleProvider, ConsoleSink
from potok.connectors.memory import MemorySink, MemoryTable
from potok.connectors.noop import NoopSink
from potok.engine.rows import rows_of_table
from potok.errors import SparkError
from potok.plan.expressions import PythonFunction
from potok.plan.logical import Options
from potok.streaming.failure import StreamingQueryError
from potok.types import NULL, StructType
from stream.harness import (
    VALUES,
    AddData,
    CheckBatches,
    StartStream,
    StopStream,
    Stream,
    stopping,
)
from support.patience import PATIENCE_S

FOLDER = Path(__file__).parent / "recorded"
SINKS: dict[str, Any] = json.loads((FOLDER / "sinks.json").read_text(encoding="utf-8"))
LINE = "-" * 43


def numbers(*values: int) -> pa.Table:
    return pa.table({"value": pa.array(values, pa.int64())})


def printed(capsys: pytest.CaptureFixture[str], values: range, **options: str) -> str:
    sink = ConsoleSink(Options(options), "UTC")
    sink.add_batch(0, rows_of_table(numbers(*values), VALUES), "append")
    return capsys.readouterr().out


def test_exact_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, range(1, 2)) == (
        f"{LINE}\nBatch: 0\n{LINE}\n+-----+\n|value|\n+-----+\n|    1|\n+-----+\n\n"
    )


def test_a_cut_table_has_no_empty_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, range(3), numRows="1") == (
        f"{LINE}\nBatch: 0\n{LINE}\n+-----+\n|value|\n+-----+\n|    0|\n+-----+\nonly showing top 1 row\n"
    )
    assert printed(capsys, range(3), numRows="-5").endswith(
        "|value|\n+-----+\n+-----+\nonly showing top 0 rows\n"
    )
    assert printed(capsys, range(21)).endswith("|   19|\n+-----+\nonly showing top 20 rows\n")


def test_left_when_not_truncated(capsys: pytest.CaptureFixture[str]) -> None:
    assert "|7    |\n" in printed(capsys, range(7, 8), truncate="FALSE")


def test_an_empty_batch_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, range(0)) == f"{LINE}\nBatch: 0\n{LINE}\n+-----+\n|value|\n+-----+\n+-----+\n\n"


def test_zero_columns(capsys: pytest.CaptureFixture[str]) -> None:
    table = pa.Table.from_struct_array(pa.array([{}], pa.struct([])))
    sink = ConsoleSink(Options(), "UTC")
    assert sink.add_batch(0, rows_of_table(table, StructType(())), "append") == 1
    assert capsys.readouterr().out.endswith("\n++\n||\n++\n||\n++\n\n")


@pytest.mark.parametrize(
    ("recorded", "options"),
    [
        ("console numRows x", {"numRows": "x"}),
        ("console numRows 3000000000", {"numRows": "3000000000"}),
        ("console truncate 5", {"truncate": "5"}),
    ],
)
def test_wrong_options_fail_the_first_batch(tmp_path: Path, recorded: str, options: dict[str, str]) -> None:
    stream = Stream(tmp_path)
    stream.session.numbers.of("a").add([1])
    with stopping(stream.manager) as manager:
        query = manager.start(replace(stream.write, format="console", options=Options(options)))
        with pytest.raises(StreamingQueryError) as raised:
            query.await_termination(PATIENCE_S)
    assert raised.value.parameters["message"] == SINKS[recorded]["getMessageParameters"]["message"]


def test_tables_of_two_queries_do_not_mix(capsys: pytest.CaptureFixture[str]) -> None:
    def show(start: int) -> None:
        for batch in range(50):
            rows = rows_of_table(numbers(*range(start, start + 5)), VALUES)
            ConsoleSink(Options(), "UTC").add_batch(batch, rows, "append")

    threads = [threading.Thread(target=show, args=(start,)) for start in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    blocks = capsys.readouterr().out.split(f"{LINE}\nBatch")[1:]
    assert len([b for b in blocks if b.count("|") == 2 * 6]) == 100


def test_console_description_and_modes() -> None:
    assert ConsoleSink(Options(), "UTC").description.startswith(
        "org.apache.spark.sql.execution.streaming.ConsoleTable$@"
    )
    ConsoleProvider().check_output_mode("complete")


# ---- memory, noop -------------------------------------------------------------------------------


def test_memory_appends_or_replaces() -> None:
    sink = MemorySink(VALUES)
    assert sink.add_batch(0, rows_of_table(numbers(1), VALUES), "append") == 1
    assert sink.add_batch(1, rows_of_table(numbers(2, 3), VALUES), "update") == 2
    assert sink.table.read(["value"]).column(0).to_pylist() == [1, 2, 3]
    sink.add_batch(1, rows_of_table(numbers(9), VALUES), "append")
    assert sink.table.read(["value"]).column(0).to_pylist() == [1, 2, 3]
    sink.add_batch(2, rows_of_table(numbers(7), VALUES), "complete")
    assert sink.table.read(["value"]).column(0).to_pylist() == [7]


def test_an_empty_memory_table_has_its_columns() -> None:
    table = MemoryTable(VALUES)
    assert table.read(["value"]).schema.names == ["value"]
    assert table.schema == VALUES
    assert table.input_files() == []


def test_the_memory_table_stays_after_the_query(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.write = replace(stream.write, format="memory", query_name="t")
    stream.run(AddData("a", 1, 2), StartStream(), *[CheckDone()], StopStream())
    assert stream.session.views["t"].read(["value"]).column(0).to_pylist() == [1, 2]


class CheckDone(CheckBatches):
    def take(self, stream: Stream) -> None:
        stream.running.process_all_available()


def test_noop_counts() -> None:
    assert NoopSink().add_batch(0, rows_of_table(numbers(1, 2), VALUES), "append") == 2


# ---- user code ----------------------------------------------------------------------------------


def client_payload(function: Any) -> bytes:
    """What pyspark's client sends for `writeStream.foreach(function)`."""
    from pyspark.serializers import AutoBatchedSerializer, CloudPickleSerializer, CPickleSerializer
    from pyspark.sql.streaming.readwriter import DataStreamWriter

    wrapped = DataStreamWriter._construct_foreach_function(function)
    serializer = AutoBatchedSerializer(CPickleSerializer())
    payload: bytes = CloudPickleSerializer().dumps((wrapped, None, serializer, serializer))
    return payload


CALLS: list[Any] = []


def writer(*, opens: bool = True, fails: bool = False) -> Any:
    calls_from = __name__

    class Writer:
        def open(self, partition_id: int, epoch_id: int) -> bool:
            self.calls().append(("open", partition_id, epoch_id))
            return opens

        def process(self, row: Any) -> None:
            if fails:
                raise ValueError(f"bad row {row.value}")
            self.calls().append(("process", row.value, type(row).__name__))

        def close(self, error: Exception | None) -> None:
            self.calls().append(("close", repr(error)))

        def calls(self) -> list[Any]:
            import sys

            found: list[Any] = sys.modules[calls_from].CALLS
            return found

    return Writer()


def foreach(tmp_path: Path, function: Any) -> Stream:
    stream = Stream(tmp_path)
    sent = PythonFunction("foreach", client_payload(function), 0, NULL)
    stream.write = replace(stream.write, format="", foreach_writer=sent, options=Options())
    CALLS.clear()
    return stream


@pytest.fixture(autouse=True)
def _findable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pickled writers look this module up by name; pytest's import mode may not have entered it."""
    import sys
    from types import SimpleNamespace

    if __name__ not in sys.modules:
        monkeypatch.setitem(sys.modules, __name__, SimpleNamespace(CALLS=CALLS))


def test_foreach_with_a_writer(tmp_path: Path) -> None:
    stream = foreach(tmp_path, writer())
    stream.run(AddData("a", 1, 2), StartStream(), CheckDone(), AddData("a", 3), CheckDone(), StopStream())
    assert CALLS == [
        ("open", 0, 0), ("process", 1, "Row"), ("process", 2, "Row"), ("close", "None"),
        ("open", 0, 1), ("process", 3, "Row"), ("close", "None"),
    ]  # fmt: skip
    assert [p.sink.num_output_rows for p in stream.running.recent_progress()[:2]] == [2, 1]


def test_foreach_that_does_not_open(tmp_path: Path) -> None:
    stream = foreach(tmp_path, writer(opens=False))
    stream.run(AddData("a", 1), StartStream(), CheckDone(), StopStream())
    assert CALLS == [("open", 0, 0), ("close", "None")]


def test_foreach_with_a_function(tmp_path: Path) -> None:
    calls_from = __name__

    def keep(row: Any) -> None:
        import sys

        sys.modules[calls_from].CALLS.append(row.value)

    stream = foreach(tmp_path, keep)
    stream.run(AddData("a", 1, 2), StartStream(), CheckDone(), StopStream())
    assert CALLS == [1, 2]


def test_foreach_that_raises(tmp_path: Path) -> None:
    stream = foreach(tmp_path, writer(fails=True))
    stream.session.numbers.of("a").add([5])
    with stopping(stream.manager) as manager:
        query = manager.start(stream.write)
        with pytest.raises(StreamingQueryError) as raised:
            query.await_termination(PATIENCE_S)
    assert raised.value.cause_condition == "PYTHON_EXCEPTION"
    assert "ValueError: bad row 5" in raised.value.message
    assert CALLS == [("open", 0, 0), ("close", "ValueError('bad row 5')")]


def test_foreach_batch(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    seen: list[Any] = []
    stream.session.foreach_batch_function = lambda rows, batch_id: seen.append(
        (batch_id, rows.to_table().column(0).to_pylist())
    )
    stream.write = replace(stream.write, foreach_batch=PythonFunction("f", b"", 0, NULL), format="")
    stream.run(AddData("a", 1), StartStream(), CheckDone(), AddData("a", 2, 3), CheckDone(), StopStream())
    assert seen == [(0, [1]), (1, [2, 3])]
    progress = stream.running.recent_progress()[0]
    assert (progress.sink.description, progress.sink.num_output_rows) == ("ForeachBatchSink", -1)


def test_an_error_of_the_rows_is_not_blamed_on_the_function(tmp_path: Path) -> None:
    stream = Stream(tmp_path)

    def fails(rows: Any, batch_id: int) -> None:
        raise SparkError("DIVIDE_BY_ZERO", config="x")

    stream.session.foreach_batch_function = fails
    stream.session.numbers.of("a").add([5])
    with stopping(stream.manager) as manager:
        write = replace(stream.write, foreach_batch=PythonFunction("f", b"", 0, NULL), format="")
        query = manager.start(write)
        with pytest.raises(StreamingQueryError) as raised:
            query.await_termination(PATIENCE_S)
    assert raised.value.cause_condition == "DIVIDE_BY_ZERO"
