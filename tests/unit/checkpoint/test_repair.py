"""Checkpoints of Spark with files torn in every log: what is dropped, and what is an error."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from potok.checkpoint.commit_log import CommitLog, CommitMetadata
from potok.checkpoint.file_sink_log import FileSinkLog
from potok.checkpoint.file_source_log import FileSourceLog
from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.layout import CheckpointLayout, sink_log_path
from potok.checkpoint.offset_log import OffsetLog, OffsetSeq, OffsetSeqMetadata
from potok.checkpoint.recover import RecoveredState, read_tails, recover, repair
from potok.errors import SparkError

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDED = Path(__file__).parents[2] / "checkpoints" / "recorded"
FS = LocalFileSystem()
TORN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda data: data[:-7],
    "zeros": lambda data: bytes(len(data)),
}


class Tree:
    """A copy of a recorded checkpoint with its output."""

    def __init__(self, name: str, folder: Path) -> None:
        self.root = folder / name
        shutil.copytree(RECORDED / name, self.root)
        self.layout = CheckpointLayout(str(self.root / "checkpoint"))

    def tear(self, *names: str, how: str = "empty") -> None:
        for name in names:
            path = self.root / name
            path.write_bytes(TORN[how](path.read_bytes()))

    def remove(self, *names: str) -> None:
        for name in names:
            (self.root / name).unlink()

    def repair(self, now_ms: int = 0) -> list[str]:
        sink = FileSinkLog(sink_log_path(str(self.root / "out")), FS)
        return repair(self.layout, FS, now_ms=now_ms, sink_log=sink)

    def recover(self) -> RecoveredState:
        offsets, commits = OffsetLog(self.layout.offsets, FS), CommitLog(self.layout.commits, FS)
        return recover(*read_tails(offsets, commits), self.layout.root)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree("file_to_file", tmp_path)


@pytest.mark.parametrize(
    "name", ["file_to_file", "partitioned", "watermark", "union", "retention", "named_sources"]
)
def test_a_whole_checkpoint_is_left_alone(name: str, tmp_path: Path) -> None:
    tree = Tree(name, tmp_path)
    before = {path: path.read_bytes() for path in tree.root.rglob("*") if path.is_file()}
    assert tree.repair() == []
    assert {path: path.read_bytes() for path in tree.root.rglob("*") if path.is_file()} == before
    state = tree.recover()
    assert state.end_offsets is None
    assert state.conf is not None
    assert len(state.conf) == 17


@pytest.mark.parametrize("how", TORN)
def test_a_torn_commit_is_repeated(tree: Tree, how: str) -> None:
    tree.tear("checkpoint/commits/22", how=how)
    with pytest.raises(SparkError, match=r"Failed to read log file file:.*/commits/22"):
        tree.recover()
    (note,) = tree.repair()
    assert note.endswith("commits/22: the batch is repeated, or was followed by another and stays done.")
    assert not (tree.root / "checkpoint/commits/.22.crc").exists()
    state = tree.recover()
    assert (state.batch_id, state.start_offsets, state.end_offsets) == (
        22,
        ('{"logOffset":21}',),
        ('{"logOffset":22}',),
    )
    assert state.batch_timestamp_ms is not None
    assert tree.repair() == []


def test_a_torn_commit_of_a_batch_that_was_followed_stays_done(tree: Tree) -> None:
    tree.remove("checkpoint/commits/22", "out/_spark_metadata/22")
    tree.tear("checkpoint/commits/21")
    assert len(tree.repair()) == 1
    state = tree.recover()
    assert state.batch_id == 22
    assert state.warnings == (
        "Batch completion log latest batch id is 20, which is not trailing batchid 22 by one",
    )


def test_a_torn_commit_without_offsets_is_an_error(tree: Tree) -> None:
    tree.remove("checkpoint/offsets/22")
    tree.tear("checkpoint/commits/22")
    with pytest.raises(SparkError, match="Incomplete log file in the offset commit log"):
        tree.repair()
    assert (tree.root / "checkpoint/commits/22").exists()


@pytest.mark.parametrize("how", TORN)
def test_torn_offsets_of_a_batch_without_trace_are_dropped(tree: Tree, how: str) -> None:
    tree.remove("checkpoint/commits/22", "out/_spark_metadata/22")
    tree.tear("checkpoint/offsets/22", how=how)
    (note,) = tree.repair()
    assert note.endswith("offsets/22: the batch had not begun, and is planned anew.")
    state = tree.recover()
    assert (state.batch_id, state.start_offsets, state.end_offsets) == (22, ('{"logOffset":21}',), None)


@pytest.mark.parametrize("removed", [[], ["commits/22"], ["../out/_spark_metadata/22"]])
def test_torn_offsets_of_a_batch_with_a_trace_are_an_error(tree: Tree, removed: list[str]) -> None:
    tree.remove(*(f"checkpoint/{name}" for name in removed))
    tree.tear("checkpoint/offsets/22")
    with pytest.raises(SparkError, match=r"Failed to read log file file:.*/offsets/22\. Incomplete log file"):
        tree.repair()


def test_offsets_cut_after_a_line_are_torn(tmp_path: Path) -> None:
    tree = Tree("union", tmp_path)
    tree.remove("checkpoint/commits/2")
    path = tree.root / "checkpoint/offsets/2"
    path.write_bytes(path.read_bytes().rpartition(b"\n")[0])
    assert len(tree.repair()) == 1
    assert tree.recover().start_offsets == ('{"logOffset":1}', '{"logOffset":0}')


@pytest.mark.parametrize("how", TORN)
def test_a_torn_source_entry_that_no_offsets_need_is_dropped(tree: Tree, how: str) -> None:
    tree.remove("checkpoint/commits/22", "out/_spark_metadata/22", "checkpoint/offsets/22")
    tree.tear("checkpoint/sources/0/22", how=how)
    (note,) = tree.repair()
    assert note.endswith("sources/0/22: no batch has read these files yet, they are found again.")
    assert len(FileSourceLog(tree.layout.source(0), FS).all_files()) == 22


def test_a_torn_source_entry_goes_with_the_offsets_of_a_batch_without_trace(tree: Tree) -> None:
    tree.remove("checkpoint/commits/22", "out/_spark_metadata/22")
    tree.tear("checkpoint/sources/0/22")
    offsets, source = tree.repair()
    assert "offsets/22" in offsets
    assert "sources/0/22" in source


def test_a_torn_source_entry_that_a_committed_batch_has_read_is_an_error(tree: Tree) -> None:
    tree.tear("checkpoint/sources/0/22")
    with pytest.raises(
        SparkError, match=r"Failed to read log file file:.*/sources/0/22\. Incomplete log file"
    ):
        tree.repair()


def test_a_torn_entry_of_one_of_two_sources(tmp_path: Path) -> None:
    tree = Tree("union", tmp_path)
    (tree.root / "checkpoint/sources/1/2").write_bytes(b"v1\n{")
    (note,) = tree.repair()
    assert "sources/1/2" in note
    tree.tear("checkpoint/sources/1/1")
    with pytest.raises(SparkError, match=r"sources/1/1\. Incomplete log file"):
        tree.repair()


def test_a_torn_compaction_is_dropped_and_made_again(tree: Tree) -> None:
    for batch_id in (20, 21, 22):
        tree.remove(*(f"checkpoint/{name}/{batch_id}" for name in ("commits", "offsets", "sources/0")))
        tree.remove(f"out/_spark_metadata/{batch_id}")
    whole = FileSourceLog(tree.layout.source(0), FS).all_files()
    content = (tree.root / "checkpoint/sources/0/19.compact").read_bytes()
    tree.remove("checkpoint/commits/19", "out/_spark_metadata/19.compact", "checkpoint/offsets/19")
    tree.tear("checkpoint/sources/0/19.compact", how="cut")
    (note,) = tree.repair()
    assert "sources/0/19.compact" in note
    log = FileSourceLog(tree.layout.source(0), FS)
    log.add(19, whole[19:])
    assert (tree.root / "checkpoint/sources/0/19.compact").read_bytes() == content


@pytest.mark.parametrize("how", TORN)
def test_a_torn_sink_entry_of_the_batch_to_be_repeated_is_dropped(tree: Tree, how: str) -> None:
    tree.remove("checkpoint/commits/22")
    tree.tear("out/_spark_metadata/22", how=how)
    (note,) = tree.repair()
    assert note.endswith("_spark_metadata/22: the output of the batch is written again.")
    assert FileSinkLog(sink_log_path(str(tree.root / "out")), FS).latest_batch_id() == 21


def test_a_torn_sink_entry_of_a_committed_batch_is_an_error(tree: Tree) -> None:
    tree.tear("out/_spark_metadata/22")
    with pytest.raises(SparkError, match=r"_spark_metadata/22\. Incomplete log file\. Batch 22 is done"):
        tree.repair()


def test_torn_commit_and_sink_entry_of_one_batch_are_both_written_again(tree: Tree) -> None:
    tree.tear("checkpoint/commits/22", "out/_spark_metadata/22")
    assert [note.rsplit("/", 2)[1] for note in tree.repair()] == ["commits", "_spark_metadata"]


def test_metadata_is_never_invented_while_batches_exist(tree: Tree) -> None:
    tree.tear("checkpoint/metadata")
    with pytest.raises(SparkError, match="holds the id of the query, which a restart must not invent"):
        tree.repair()
    tree.remove("checkpoint/metadata")
    with pytest.raises(SparkError) as raised:
        tree.repair()
    assert raised.value.message == (
        f"[STREAMING_CHECKPOINT_MISSING_METADATA_FILE] Checkpoint location file:{tree.layout.root} is in an"
        " inconsistent state: the metadata file is missing but offset and/or commit logs contain data. Please"
        " restore the metadata file or create a new checkpoint directory. SQLSTATE: 42K03"
    )


def test_torn_metadata_of_a_query_that_never_ran_a_batch_is_dropped(tree: Tree) -> None:
    for name in ("commits", "offsets", "sources"):
        shutil.rmtree(tree.root / "checkpoint" / name)
    shutil.rmtree(tree.root / "out")
    tree.tear("checkpoint/metadata")
    assert len(tree.repair()) == 1
    assert not (tree.root / "checkpoint/metadata").exists()
    assert tree.repair() == []
    assert tree.recover() == RecoveredState()


def test_temporary_files_of_killed_runs_go_after_ten_minutes(tree: Tree) -> None:
    leftover = tree.root / "checkpoint/commits/.0.9f1b2c2e-53f1-4a2a-9ac1-9a4b0a6e0b53.tmp"
    leftover.write_bytes(b"v1")
    now_ms = time.time_ns() // 1_000_000
    assert tree.repair(now_ms) == []
    (note,) = tree.repair(now_ms + 700_000)
    assert note == f"Removed file:{leftover}, which a killed run has left."
    assert not leftover.exists()


def test_a_log_of_another_source_is_not_judged(tmp_path: Path) -> None:
    tree = Tree("watermark", tmp_path)
    rate = tree.root / "checkpoint/sources/1"
    rate.mkdir()
    (rate / "0").write_bytes(b"v1\n1795334193459")
    assert tree.repair() == []


def entry(offset: int, watermark_ms: int = 0) -> OffsetSeq:
    return OffsetSeq((f"{offset}", None), OffsetSeqMetadata(watermark_ms, 77, {"a": "b"}))


def test_a_new_query_starts_at_batch_0() -> None:
    assert recover([], [], "/cp") == RecoveredState(batch_id=0)


def test_the_first_batch_is_repeated_from_the_beginning() -> None:
    state = recover([(0, entry(4))], [], "/cp")
    assert (state.batch_id, state.start_offsets, state.end_offsets) == (0, (None, None), ("4", None))
    assert (state.batch_timestamp_ms, state.conf) == (77, {"a": "b"})


def test_the_watermark_never_moves_back() -> None:
    offsets = [(4, entry(1)), (5, entry(2, watermark_ms=100))]
    assert recover(offsets, [(5, CommitMetadata(50))], "/cp").watermark_ms == 100
    assert recover(offsets, [(5, CommitMetadata(150))], "/cp").watermark_ms == 150
    assert recover(offsets, [(4, CommitMetadata(999))], "/cp").watermark_ms == 100


def test_a_source_without_a_new_offset_stands_where_it_stood() -> None:
    before, last = OffsetSeq(("1", "7")), OffsetSeq(("2", None))
    assert recover([(0, before), (1, last)], [(1, CommitMetadata())], "/cp").start_offsets == ("2", "7")


def test_a_hole_in_the_offset_log_is_sparks_error() -> None:
    with pytest.raises(SparkError) as raised:
        recover([(3, entry(1))], [(3, CommitMetadata())], "/cp")
    assert raised.value.message.startswith(
        "batch 2 doesn't exist\nThe file file:/cp/offsets/2 is missing. Restore"
    )


def test_commits_without_offsets_are_an_error() -> None:
    with pytest.raises(SparkError, match=r"STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY.*file:/cp/commits"):
        recover([], [(3, CommitMetadata())], "/cp")
    with pytest.raises(SparkError, match="The commit log has batch 3, the offset log ends with batch 2"):
        recover([(1, entry(1)), (2, entry(1))], [(3, CommitMetadata())], "/cp")
