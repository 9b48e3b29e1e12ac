"""The file sink and batch writes: names, logs, replays, and what is refused."""

from __future__ import annotations

import pathlib
import uuid
from typing import Any

import pyarrow as pa
import pytest

from potok.checkpoint.files import LocalFileSystem
from potok.connectors.base import ReadContext, SinkContext
from potok.connectors.csv import PROVIDER as CSV
from potok.connectors.file_provider import FileProvider
from potok.connectors.file_sink import FileSink
from potok.connectors.json import PROVIDER as JSON
from potok.connectors.parquet import PROVIDER as PARQUET
from potok.connectors.text import PROVIDER as TEXT
from potok.ddl import parse_schema
from potok.engine.rows import Rows, rows_of_table
from potok.errors import SparkError
from potok.plan.commands import WriteBatch, WriteStream
from potok.plan.logical import LogicalPlan, Options, ScanRelation
from potok.plan.unresolved import UnresolvedDataSource
from potok.types import arrow_schema

SCHEMA = parse_schema("a STRING, b INT")
QUERY = str(uuid.UUID(int=7))
PLAN = LogicalPlan()


def rows(*values: tuple[Any, ...], schema: str | None = None) -> Rows:
    kind = SCHEMA if schema is None else parse_schema(schema)
    table = pa.Table.from_pylist(
        [dict(zip(kind.names, v, strict=True)) for v in values], schema=arrow_schema(kind)
    )
    return rows_of_table(table, kind)


def sink(
    root: pathlib.Path, provider: FileProvider = CSV, partition_by: tuple[str, ...] = (), **options: Any
) -> FileSink:
    write = WriteStream(
        PLAN,
        provider.name,
        options=Options({k: str(v) for k, v in options.items()}),
        path=str(root),
        partition_by=partition_by,
    )
    context = SinkContext(query_id=QUERY, now_ms=lambda: 1, file_system=LocalFileSystem())
    return provider.sink(write, SCHEMA, context)


def begun(root: pathlib.Path, batch_id: int = 0, *, is_replay: bool = False, **options: Any) -> FileSink:
    made = sink(root, **options)
    made.begin(batch_id, is_replay=is_replay)
    return made


def parts(root: pathlib.Path) -> dict[str, str]:
    return {str(p.relative_to(root)): p.read_text() for p in sorted(root.rglob("*part-*"))}


def test_a_batch_becomes_one_file_and_a_line_in_the_log(tmp_path: pathlib.Path) -> None:
    target = begun(tmp_path)
    assert target.add_batch(0, rows(("x", 1), (None, None)), "append") == -1
    [(name, text)] = parts(tmp_path).items()
    assert name.startswith("part-00000-")
    assert name.endswith("-c000.csv")
    assert text == "x,1\n,\n"
    log = (tmp_path / "_spark_metadata/0").read_text()
    assert log.startswith(f'v1\n{{"path":"{tmp_path.as_uri()}/{name}","size":6,"isDir":false,')
    assert not log.endswith("\n")


def test_an_empty_batch_is_an_empty_file(tmp_path: pathlib.Path) -> None:
    begun(tmp_path, header=True).add_batch(0, rows(), "append")
    assert list(parts(tmp_path).values()) == ["a,b\n"]


def test_an_empty_partitioned_batch_has_no_file(tmp_path: pathlib.Path) -> None:
    begun(tmp_path, partition_by=("b",)).add_batch(0, rows(), "append")
    assert parts(tmp_path) == {}
    assert (tmp_path / "_spark_metadata/0").read_text() == "v1"


def test_partitions(tmp_path: pathlib.Path) -> None:
    begun(tmp_path, partition_by=("a",)).add_batch(
        0, rows(("a b/c=d%", 1), (None, 2), ("ж:я", 3), ("", 4)), "append"
    )
    found = {name.partition("/part-")[0]: text for name, text in parts(tmp_path).items()}
    assert found == {"a=a b%2Fc%3Dd%25": "1\n", "a=__HIVE_DEFAULT_PARTITION__": "2\n4\n", "a=ж%3Aя": "3\n"}
    assert all(".c000.csv" in name for name in parts(tmp_path))
    assert "a=a%20b%252Fc%253Dd%2525" in (tmp_path / "_spark_metadata/0").read_text()


def test_files_of_bounded_length(tmp_path: pathlib.Path) -> None:
    begun(tmp_path, maxRecordsPerFile=1).add_batch(0, rows(("x", 1), ("y", 2), ("z", 3)), "append")
    assert sorted(name[-8:] for name in parts(tmp_path)) == ["c000.csv", "c001.csv", "c002.csv"]
    assert len({name[:46] for name in parts(tmp_path)}) == 3


def test_a_batch_is_taken_once(tmp_path: pathlib.Path) -> None:
    begun(tmp_path).add_batch(0, rows(("x", 1)), "append")
    before = parts(tmp_path)
    begun(tmp_path, 0, is_replay=True).add_batch(0, rows(("other", 2)), "append")
    assert parts(tmp_path) == before


def test_a_replay_replaces_the_leftovers_of_a_crashed_try(tmp_path: pathlib.Path) -> None:
    begun(tmp_path, maxRecordsPerFile=1).add_batch(0, rows(("x", 1), ("y", 2), ("z", 3)), "append")
    (tmp_path / "_spark_metadata/0").unlink()
    (tmp_path / "part-00000-not-ours-c000.csv").write_text("kept")
    hidden = next(p for p in tmp_path.glob("part-*c002.csv")).rename(tmp_path / ".part-hidden")
    hidden.rename(tmp_path / f".{'part-00000-' + str(uuid.uuid5(uuid.UUID(QUERY), '0/2'))}-c002.csv.tmp")
    begun(tmp_path, 0, is_replay=True).add_batch(0, rows(("x", 1), ("y", 2)), "append")
    assert sorted(parts(tmp_path).values()) == ["kept", "x,1\ny,2\n"]


@pytest.mark.parametrize(
    ("written", "next_batch_id", "is_replay", "condition"),
    [
        (0, 0, False, None),
        (1, 0, True, None),
        (1, 0, False, "CHECKPOINT_LOST"),
        (2, 0, True, "CHECKPOINT_LOST"),
        (0, 1, False, "OUTPUT_LOST"),
        (2, 2, False, None),
        (2, 3, True, "OUTPUT_LOST"),
        (2, 1, True, None),
    ],
)
def test_output_and_checkpoint_must_belong_together(
    tmp_path: pathlib.Path, written: int, next_batch_id: int, is_replay: bool, condition: str | None
) -> None:
    target = begun(tmp_path)
    for batch_id in range(written):
        target.add_batch(batch_id, rows(("x", 1)), "append")
    again = sink(tmp_path)
    if condition is None:
        again.begin(next_batch_id, is_replay=is_replay)
        return
    with pytest.raises(SparkError) as error:
        again.begin(next_batch_id, is_replay=is_replay)
    assert error.value.condition == f"STREAMING_FILE_SINK_MISMATCH.{condition}"


def test_two_writers(tmp_path: pathlib.Path) -> None:
    first, second = begun(tmp_path), begun(tmp_path)
    first.add_batch(0, rows(("x", 1)), "append")
    with pytest.raises(SparkError, match="Race while writing batch 0"):
        second.add_batch(0, rows(("y", 2)), "append")


def test_what_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(
        SparkError, match=r"Partition column zz not found in existing columns \(a, b\)"
    ) as raised:
        sink(tmp_path, partition_by=("zz",))
    assert raised.value.condition == "_LEGACY_ERROR_TEMP_1196"
    with pytest.raises(SparkError, match="Cannot use all columns for partition columns"):
        sink(tmp_path, partition_by=("a", "b"))
    with pytest.raises(
        SparkError, match=r"The codec zstd is not available. Available codecs are bzip2, deflate"
    ):
        begun(tmp_path, compression="zstd").add_batch(0, rows(("x", 1)), "append")
    with pytest.raises(SparkError, match=r"The Text datasource doesn't support the column `b` of the type"):
        begun(tmp_path, provider=TEXT).add_batch(0, rows(("x", 1)), "append")
    with pytest.raises(SparkError, match="This output mode is not supported in Data Source csv"):
        CSV.check_output_mode("update")


def test_a_failing_batch_leaves_nothing(tmp_path: pathlib.Path) -> None:
    def failing() -> pa.RecordBatchReader:
        def batches() -> Any:
            yield from rows(("x", 1)).to_table().to_batches()
            raise SparkError("DIVIDE_BY_ZERO", config="c")

        return pa.RecordBatchReader.from_batches(arrow_schema(SCHEMA), batches())

    target = begun(tmp_path)
    with pytest.raises(SparkError):
        target.add_batch(0, Rows(SCHEMA, pa.table, failing, dict), "append")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


# ---- df.write -----------------------------------------------------------------------------------


def write(
    root: pathlib.Path, values: Rows, mode: str = "error", provider: FileProvider = CSV, **more: Any
) -> None:
    provider.write(WriteBatch(PLAN, provider.name, str(root), mode=mode, **more), values, ReadContext())


def read(root: pathlib.Path, provider: FileProvider, schema: str | None = None) -> list[dict[str, Any]]:
    given = None if schema is None else parse_schema(schema)
    relation = provider.relation(
        UnresolvedDataSource(provider.name, given, Options(), (str(root),)), ReadContext()
    )
    assert isinstance(relation, ScanRelation)
    found: list[dict[str, Any]] = relation.scan.read(list(relation.schema.names)).to_pylist()
    return found


@pytest.mark.parametrize("provider", [CSV, JSON, PARQUET], ids=lambda p: p.name)
def test_modes(tmp_path: pathlib.Path, provider: FileProvider) -> None:
    root = tmp_path / "table"
    write(root, rows(("x", 1)), provider=provider)
    with pytest.raises(SparkError, match="PATH_ALREADY_EXISTS"):
        write(root, rows(("y", 2)), provider=provider)
    write(root, rows(("y", 2)), "ignore", provider)
    assert read(root, provider, "a STRING, b INT") == [{"a": "x", "b": 1}]
    write(root, rows(("y", 2)), "append", provider)
    assert len(read(root, provider, "a STRING, b INT")) == 2
    write(root, rows(("z", 3)), "overwrite", provider)
    assert read(root, provider, "a STRING, b INT") == [{"a": "z", "b": 3}]
    assert (root / "_SUCCESS").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["table"]


def test_a_failing_overwrite_keeps_the_old_data(tmp_path: pathlib.Path) -> None:
    root = tmp_path / "table"
    write(root, rows(("x", 1)))

    def failing() -> pa.RecordBatchReader:
        raise SparkError("DIVIDE_BY_ZERO", config="c")

    with pytest.raises(SparkError):
        write(root, Rows(SCHEMA, pa.table, failing, dict), "overwrite")
    assert read(root, CSV, "a STRING, b INT") == [{"a": "x", "b": 1}]
    assert [p.name for p in tmp_path.iterdir()] == ["table"]


def test_partitioned_round_trip(tmp_path: pathlib.Path) -> None:
    root = tmp_path / "table"
    write(root, rows(("x", 1), ("y", 2), ("z", None)), provider=PARQUET, partition_by=("b",))
    assert sorted(read(root, PARQUET), key=lambda r: r["a"]) == [
        {"a": "x", "b": 1}, {"a": "y", "b": 2}, {"a": "z", "b": None},
    ]  # fmt: skip


def test_reading_a_sink_goes_through_its_log(tmp_path: pathlib.Path) -> None:
    begun(tmp_path).add_batch(0, rows(("x", 1)), "append")
    (tmp_path / "part-stray.csv").write_text("stray,0\n")
    assert read(tmp_path, CSV, "a STRING, b INT") == [{"a": "x", "b": 1}]
