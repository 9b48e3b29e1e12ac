"""What Spark 4.3 has written is read, and written again byte for byte."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from potok.checkpoint.commit_log import CommitLog, CommitMetadata
from potok.checkpoint.compactible import CompactionSettings
from potok.checkpoint.file_sink_log import FileSinkLog, added_file
from potok.checkpoint.file_source_log import FileSourceLog
from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.layout import CheckpointLayout, file_uri, path_from_uri
from potok.checkpoint.metadata import StreamMetadata, create_metadata, read_metadata
from potok.checkpoint.offset_log import CONF_DEFAULTS, OffsetLog, OffsetSeq, conf_for_offset_log
from potok.errors import SparkError

if TYPE_CHECKING:
    from potok.checkpoint.log import MetadataLog

RECORDED = Path(__file__).parents[2] / "checkpoints" / "recorded"
ROOT = "/tmp/potok-recorded"
FS = LocalFileSystem()
STATELESS = ["file_to_file", "partitioned", "watermark", "union", "retention", "names", "named_sources"]


def layout(name: str) -> CheckpointLayout:
    return CheckpointLayout(str(RECORDED / name / "checkpoint"))


def files(path: str) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in Path(path).iterdir() if not p.name.endswith(".crc")}


def rewritten(log: MetadataLog[Any], copy: MetadataLog[Any]) -> dict[str, bytes]:
    for batch_id in log.list_batch_ids():
        copy.add(batch_id, log.get(batch_id))
    return files(copy.path)


@pytest.mark.parametrize("name", STATELESS)
def test_metadata_is_written_again_as_it_was(name: str, tmp_path: Path) -> None:
    metadata = read_metadata(layout(name).metadata, FS)
    assert metadata is not None
    target = str(tmp_path / "metadata")
    assert create_metadata(target, FS, metadata, durable=True) == metadata
    assert Path(target).read_bytes() == Path(layout(name).metadata).read_bytes()
    other = StreamMetadata("00000000-0000-0000-0000-000000000000")
    assert create_metadata(target, FS, other, durable=True) == metadata


@pytest.mark.parametrize("name", STATELESS)
def test_offsets_and_commits_are_written_again_as_they_were(name: str, tmp_path: Path) -> None:
    offsets = OffsetLog(layout(name).offsets, FS)
    copy = OffsetLog(str(tmp_path / "offsets"), FS, durable=False)
    assert rewritten(offsets, copy) == files(offsets.path)
    commits = CommitLog(layout(name).commits, FS)
    assert rewritten(commits, CommitLog(str(tmp_path / "commits"), FS, durable=False)) == files(commits.path)


def test_sources_with_names() -> None:
    offsets = OffsetLog(layout("named_sources").offsets, FS)
    entry = offsets.get(0)
    assert entry is not None
    assert entry.source_ids == ("alpha", "beta")
    assert entry.offsets == ('{"logOffset":0}', '{"logOffset":0}')


def test_the_conf_of_a_new_query_has_sparks_keys_in_sparks_order() -> None:
    entry = OffsetLog(layout("file_to_file").offsets, FS).get(0)
    assert entry is not None
    ours = conf_for_offset_log({"spark.sql.shuffle.partitions": "1"}.get)
    assert list(ours.items()) == list(entry.metadata.conf.items())
    assert len(CONF_DEFAULTS) == 17
    assert (
        conf_for_offset_log({"spark.sql.shuffle.partitions": "7"}.get)["spark.sql.shuffle.partitions"] == "7"
    )


def test_a_source_without_files_has_no_offset() -> None:
    entry = OffsetLog(layout("union").offsets, FS).get(0)
    assert entry is not None
    assert entry.offsets == ('{"logOffset":0}', None)
    with pytest.raises(
        SparkError, match=r"There are \[2\] sources in the checkpoint offsets and now there are \[1\]"
    ):
        entry.require_sources(1)


def test_the_watermark_goes_from_commit_to_offsets() -> None:
    offsets, commits = OffsetLog(layout("watermark").offsets, FS), CommitLog(layout("watermark").commits, FS)
    assert commits.latest() == (4, CommitMetadata(1704068455250))
    for batch_id in range(1, 5):
        entry, commit = offsets.get(batch_id), commits.get(batch_id - 1)
        assert entry is not None
        assert commit is not None
        assert entry.metadata.batch_watermark_ms == commit.next_batch_watermark_ms


def test_commits_that_name_state_files_are_refused() -> None:
    with pytest.raises(SparkError, match="commits of version 2"):
        CommitLog(layout("state_ids").commits, FS).latest()


@pytest.mark.parametrize("durable", [True, False])
def test_file_logs_with_compactions_are_written_again_as_they_were(durable: bool, tmp_path: Path) -> None:
    source = FileSourceLog(layout("file_to_file").source(0), FS)
    copy = FileSourceLog(str(tmp_path / "source"), FS, durable=durable)
    for batch_id in range(23):
        copy.add(batch_id, source.batch(batch_id))
        assert list(source.batch(batch_id)) == list(copy.batch(batch_id))
    assert files(copy.path) == files(source.path)
    assert source.all_files() == copy.all_files()
    assert [path_from_uri(file.path_uri).rsplit("/", 1)[1] for file in source.all_files()[:7]] == [
        "plain.csv", "sp ace.csv", "p%41.csv", "#k.csv", "жé漢.csv", "a+b~c&d=e.csv", "[x]{y}.csv",
    ]  # fmt: skip

    sink = FileSinkLog(str(RECORDED / "file_to_file/out/_spark_metadata"), FS)
    copy_of_sink = FileSinkLog(str(tmp_path / "sink"), FS, durable=durable)
    own: list[list[Any]] = [list(sink.get(batch_id) or ()) for batch_id in range(23)]
    own[9], own[19] = own[9][9:], own[19][19:]
    for batch_id, items in enumerate(own):
        copy_of_sink.add(batch_id, items)
    assert files(copy_of_sink.path) == files(sink.path)
    assert len(sink.all_files()) == 23
    assert sink.latest_batch_id() == 22
    assert sink.missing_batches() == []


def test_sink_log_of_partitions_and_of_a_batch_without_files(tmp_path: Path) -> None:
    sink = FileSinkLog(str(RECORDED / "partitioned/out/_spark_metadata"), FS)
    assert rewritten(sink, FileSinkLog(str(tmp_path / "sink"), FS)) == files(sink.path)
    assert sink.get(1) == []
    for status in sink.all_files():
        path = path_from_uri(status.path)
        relative = os.path.relpath(path, f"{ROOT}/partitioned/out")
        assert (RECORDED / "partitioned/out" / relative).stat().st_size == status.size
        assert added_file(path, status.size, status.modification_time) == status


def test_every_character_of_a_name_is_encoded_as_spark_does() -> None:
    (entries,) = [FileSourceLog(layout("names").source(0), FS).all_files()]
    characters = [chr(code) for code in range(1, 128) if chr(code) not in "/:"]
    characters += [
        "\x80",
        "\x85",
        "\u00a0",
        "\u00ad",
        "é",
        "e\u0301",
        "ж",
        "漢",
        "\u2000",
        "\u2003",
        "\u2028",
    ]
    characters += ["\u200b", "\u3000", "😀"]
    assert [entry.path_uri for entry in entries] == [file_uri(f"{ROOT}/names/in/x{c}y") for c in characters]
    assert [path_from_uri(entry.path_uri) for entry in entries] == [
        f"{ROOT}/names/in/x{c}y" for c in characters
    ]


def test_short_retention_leaves_the_files_that_spark_leaves(tmp_path: Path) -> None:
    now = [0]

    def clock_ms() -> int:
        now[0] += 10
        return now[0]

    recorded = FileSourceLog(layout("retention").source(0), FS)
    source = FileSourceLog(
        str(tmp_path / "source"),
        FS,
        settings=CompactionSettings(4, cleanup_delay_ms=0, min_batches_to_retain=2),
        clock_ms=clock_ms,
    )
    for batch_id in range(14):
        entry = next(file for file in recorded.all_files() if file.batch_id == batch_id)
        source.add(batch_id, [entry])
    assert files(source.path) == files(recorded.path)
    sink = FileSinkLog(
        str(tmp_path / "sink"),
        FS,
        settings=CompactionSettings(3, cleanup_delay_ms=0, min_batches_to_retain=2),
        retention_ms=1,
        clock_ms=clock_ms,
    )
    recorded_sink = FileSinkLog(str(RECORDED / "retention/out/_spark_metadata"), FS)
    assert recorded_sink.interval == 12
    template = (recorded_sink.get(13) or ())[0]
    for batch_id in range(14):
        own = (
            recorded_sink.get(batch_id) if batch_id in {12, 13} else [template._replace(modification_time=0)]
        )
        sink.add(batch_id, own or ())
    assert files(sink.path) == files(recorded_sink.path)
    offsets = OffsetLog(str(tmp_path / "offsets"), FS)
    for batch_id in range(14):
        offsets.add(batch_id, OffsetSeq(('{"logOffset":0}',)))
        offsets.purge(batch_id - 2)
    assert sorted(files(offsets.path)) == sorted(files(layout("retention").offsets))
