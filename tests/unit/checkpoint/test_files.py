"""Files appear whole or not at all, and two writers are told apart."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import NoReturn

import pytest

from potok.checkpoint.commit_log import CommitLog, CommitMetadata
from potok.checkpoint.compactible import CompactionSettings, derive_interval
from potok.checkpoint.file_sink_log import FileSinkLog, added_file
from potok.checkpoint.file_source_log import FileEntry, FileSourceLog
from potok.checkpoint.files import Extent, LocalFileSystem, checksum_path
from potok.checkpoint.layout import file_uri, path_from_uri
from potok.checkpoint.log import REMEDY
from potok.checkpoint.offset_log import OffsetLog, OffsetSeq, conf_from_offset_log
from potok.errors import SparkError

FS = LocalFileSystem()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [True, False])
def test_a_new_file_takes_the_place_of_a_checksum_left_behind(tmp_path: Path, durable: bool) -> None:
    (tmp_path / ".5.crc").write_bytes(b"crc\0stale")
    FS.write_new(str(tmp_path / "5"), b"content", durable=durable)
    assert names(tmp_path) == ["5"]
    assert FS.read_bytes(str(tmp_path / "5")) == b"content"


def test_an_existing_file_and_its_checksum_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "5").write_bytes(b"theirs")
    (tmp_path / ".5.crc").write_bytes(b"crc")
    with pytest.raises(FileExistsError):
        FS.write_new(str(tmp_path / "5"), b"ours", durable=True)
    assert names(tmp_path) == [".5.crc", "5"]
    assert (tmp_path / "5").read_bytes() == b"theirs"


def test_replacing_renaming_and_removing_take_the_checksum_along(tmp_path: Path) -> None:
    path = str(tmp_path / "metadata")
    for content in (b"old", b"new"):
        Path(checksum_path(path)).write_bytes(b"crc")
        FS.write_replacing(path, content, durable=True)
        assert names(tmp_path) == ["metadata"]
    for name in (".metadata.crc", ".moved.crc", "moved"):
        (tmp_path / name).write_bytes(b"x")
    FS.rename(path, str(tmp_path / "moved"), durable=True)
    assert names(tmp_path) == ["moved"]
    assert (tmp_path / "moved").read_bytes() == b"new"
    (tmp_path / ".moved.crc").write_bytes(b"x")
    assert FS.remove(str(tmp_path / "moved"), durable=True)
    assert not FS.remove(str(tmp_path / "moved"))
    assert names(tmp_path) == []


def test_parts_of_other_files_are_copied(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"v1\nline")
    parts: list[bytes | Extent] = [b"v1", Extent(str(tmp_path / "a"), 2), b"\nown"]
    FS.write_new(str(tmp_path / "b"), parts, durable=False)
    assert (tmp_path / "b").read_bytes() == b"v1\nline\nown"
    assert FS.read_bytes(str(tmp_path / "b"), 3) == b"line\nown"
    assert FS.read_bytes(str(tmp_path / "b"), -3) == b"own"
    assert FS.read_bytes(str(tmp_path / "b"), -300) == b"v1\nline\nown"


def test_a_failure_while_writing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        FS.write_new(str(tmp_path / "b"), [b"v1", Extent(str(tmp_path / "missing"), 2)], durable=False)
    assert names(tmp_path) == []


def test_without_hard_links_a_file_still_appears_once(tmp_path: Path) -> None:
    class NoLinks:
        def __getattr__(self, name: str) -> object:
            return getattr(os, name)

        def link(self, src: str, dst: str) -> NoReturn:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), src, None, dst)

    fs = LocalFileSystem(system=NoLinks())  # type: ignore[arg-type]
    fs.write_new(str(tmp_path / "5"), b"first", durable=True)
    with pytest.raises(FileExistsError):
        fs.write_new(str(tmp_path / "5"), b"second", durable=True)
    assert names(tmp_path) == ["5"]
    assert (tmp_path / "5").read_bytes() == b"first"


def test_of_many_writers_one_wins_every_batch(tmp_path: Path) -> None:
    wins: dict[int, list[int]] = {batch_id: [] for batch_id in range(30)}
    losses: list[str] = []
    barrier = threading.Barrier(4)

    def write(writer: int) -> None:
        log = CommitLog(str(tmp_path), LocalFileSystem(), durable=False)
        for batch_id in range(30):
            barrier.wait()
            try:
                log.add(batch_id, CommitMetadata(writer))
                wins[batch_id].append(writer)
            except SparkError as error:
                losses.append(error.condition)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = CommitLog(str(tmp_path), FS)
    assert [[entry.next_batch_watermark_ms] for entry in map(log.get, range(30)) if entry] == list(
        wins.values()
    )
    assert losses == ["CONCURRENT_STREAM_LOG_UPDATE"] * 90
    assert names(tmp_path) == sorted(str(batch_id) for batch_id in range(30))


def test_the_error_of_a_second_writer_is_sparks(tmp_path: Path) -> None:
    offsets = OffsetLog(str(tmp_path / "offsets"), FS)
    offsets.add(1, OffsetSeq(("1",)))
    with pytest.raises(SparkError) as raised:
        OffsetLog(str(tmp_path / "offsets"), FS).add(1, OffsetSeq(("2",)))
    assert raised.value.message == (
        "[CONCURRENT_STREAM_LOG_UPDATE] Concurrent update to the log. Multiple streaming jobs detected for 1.\n"
        "Please make sure only one streaming job runs on a specific checkpoint location at a time. SQLSTATE: 40000"
    )
    for log, message in (
        (
            FileSourceLog(str(tmp_path / "s"), FS),
            "Concurrent update to the log. Multiple streaming jobs detected for 1",
        ),
        (FileSinkLog(str(tmp_path / "o"), FS), "Race while writing batch 1"),
    ):
        log.add(1, [])
        with pytest.raises(SparkError) as raised:
            log.add(1, [])
        assert raised.value.message == message


def test_a_log_ignores_names_that_are_not_numbers(tmp_path: Path) -> None:
    for name in ("0", "1", "10", ".2.crc", ".2.0-0.tmp", "2.tmp", "x", "²"):
        (tmp_path / name).write_bytes(b"v1\n{}")
    (tmp_path / "7").mkdir()
    log = CommitLog(str(tmp_path), FS)
    assert log.list_batch_ids() == [0, 1, 10]
    assert log.latest() == (10, CommitMetadata(0))
    log.purge(2)
    assert log.list_batch_ids() == [10]
    assert log.get(3) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Failed to read log file file:{}. Incomplete log file"),
        (
            b"xyz\n{}",
            (
                "Failed to read log file file:{}. [MALFORMED_LOG_FILE] Log file was malformed: failed to read correct"
                " log version from xyz. SQLSTATE: KD002"
            ),
        ),
        (b"v1", "Failed to read log file file:{}. next on empty iterator"),
        (
            b'v3\n{}\n{"logOffset":1}',
            (
                "[INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION] UnsupportedLogVersion. The maximum supported log version"
                " is v2, but encountered v3. The log file was produced by a newer version of Spark and cannot be"
                " read by this version. You need to upgrade. SQLSTATE: KD002"
            ),
        ),
    ],
)
def test_damaged_offsets(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "0"
    path.write_bytes(content)
    with pytest.raises(SparkError) as raised:
        OffsetLog(str(tmp_path), FS).latest()
    text, _, remedy = raised.value.message.partition("\n")
    assert text == message.format(path)
    assert remedy == (REMEDY if text.startswith("Failed") else "")


def test_offsets_written_by_hand_are_read(tmp_path: Path) -> None:
    (tmp_path / "0").write_bytes(
        b'v1\r\n{"batchWatermarkMs":5,"batchTimestampMs":6,"conf":{}}\r\n{"logOffset":1}\r\n'
    )
    (tmp_path / "1").write_bytes(b'v1\n\n{"1":{"value":1,"runTimeMs":2}}')
    log = OffsetLog(str(tmp_path), FS)
    first, second = log.get(0), log.get(1)
    assert first is not None
    assert second is not None
    assert first.offsets == ('{"logOffset":1}',)
    assert first.metadata.batch_watermark_ms == 5
    assert second.offsets == ('{"1":{"value":1,"runTimeMs":2}}',)


def test_old_checkpoints_mean_the_legacy_conf() -> None:
    conf = conf_from_offset_log({"spark.sql.shuffle.partitions": "200"})
    assert conf["spark.sql.shuffle.partitions"] == "200"
    assert conf["spark.sql.streaming.aggregation.stateFormatVersion"] == "1"
    assert "spark.sql.streaming.stateStore.providerClass" not in conf


@pytest.mark.parametrize(
    ("default", "compacted", "interval"),
    [(10, [], 10), (10, [9], 10), (10, [9, 19], 10), (3, [9, 19], 10), (5, [11], 6), (10, [1], 2), (10, [11], 12),
     (10, [99], 10), (7, [99], 10), (4, [12], 13)],
)  # fmt: skip
def test_the_interval_fits_the_compactions_there_are(
    default: int, compacted: list[int], interval: int
) -> None:
    assert derive_interval(default, compacted) == interval


def test_a_missing_file_of_a_file_log_is_sparks_error(tmp_path: Path) -> None:
    log = FileSourceLog(str(tmp_path), FS)
    for batch_id in range(3):
        log.add(batch_id, [FileEntry(f"file:///in/{batch_id}", 1, batch_id)])
    (tmp_path / "1").unlink()
    with pytest.raises(SparkError) as raised:
        log.all_files()
    assert raised.value.message == (
        f"file:{tmp_path}/1 doesn't exist (latestId: 2, compactInterval: 10)\nThe file file:{tmp_path}/1 is missing."
        f" {REMEDY}"
    )
    assert log.missing_batches() == [1]
    with pytest.raises(SparkError, match="batch 1 doesn't exist"):
        log.batches(0, 2)
    with pytest.raises(SparkError) as raised:
        log.add(9, [])
    assert raised.value.message.partition("\n")[0] == (
        f"file:{tmp_path}/1 doesn't exist when compacting batch 9 (compactInterval: 10)"
    )
    assert not (tmp_path / "9.compact").exists()


def test_a_torn_file_is_not_folded_into_a_compaction(tmp_path: Path) -> None:
    log = FileSourceLog(str(tmp_path), FS, settings=CompactionSettings(interval=3))
    for batch_id in range(2):
        log.add(batch_id, [FileEntry(f"file:///in/{batch_id}", 1, batch_id)])
    (tmp_path / "1").write_bytes(b"v1\n{")
    with pytest.raises(SparkError, match=r"/1\. Incomplete log file"):
        log.add(2, [])
    assert names(tmp_path) == ["0", "1"]


def test_lines_of_other_writers_are_read(tmp_path: Path) -> None:
    (tmp_path / "0").write_bytes(
        b'v1\n{"path": "file:///in/a\\"b", "batchId": 0, "timestamp": 5, "more": []}\n'
        b'{"path":"file:///in/c","timestamp":6,"batchId":0}\n'
    )
    log = FileSourceLog(str(tmp_path), FS, settings=CompactionSettings(interval=2))
    assert log.all_files() == [FileEntry('file:///in/a"b', 5, 0), FileEntry("file:///in/c", 6, 0)]
    log.add(1, [FileEntry("file:///in/d", 7, 1)])
    assert [file.timestamp_ms for file in log.all_files()] == [5, 6, 7]
    (tmp_path / "2").write_bytes(b'v1\n{"path":"file:///in/e"}')
    with pytest.raises(SparkError, match="does not describe a file"):
        log.all_files()


def test_batches_of_a_source_are_found_in_compactions(tmp_path: Path) -> None:
    log = FileSourceLog(str(tmp_path), FS, settings=CompactionSettings(interval=3))
    for batch_id in range(8):
        log.add(batch_id, [FileEntry(f"file:///in/{batch_id}", 1, batch_id)])
    fresh = FileSourceLog(str(tmp_path), FS, settings=CompactionSettings(interval=3))
    (tmp_path / "1").unlink()
    assert [file.batch_id for file in fresh.batches(-1, 7)] == list(range(8))
    with pytest.raises(SparkError, match=r"batch 8 doesn't exist"):
        fresh.batch(8)


def test_a_reader_follows_a_writer_that_folds_and_removes(tmp_path: Path) -> None:
    settings = CompactionSettings(interval=2, cleanup_delay_ms=0, min_batches_to_retain=1)
    writer = FileSinkLog(str(tmp_path), FS, settings=settings, clock_ms=lambda: 1 << 60)
    for batch_id in range(3):
        writer.add(batch_id, [added_file(f"/out/{batch_id}", 1, 1)])

    class Behind(LocalFileSystem):
        """The writer goes on while the first file is being read."""

        def read_bytes(self, path: str, offset: int = 0) -> bytes:
            for batch_id in range(writer.list_batch_ids()[-1] + 1, 8):
                writer.add(batch_id, [added_file(f"/out/{batch_id}", 1, 1)])
            return super().read_bytes(path, offset)

    reader = FileSinkLog(str(tmp_path), Behind(), settings=settings)
    assert [status.path for status in reader.all_files()] == [f"file:///out/{k}" for k in range(8)]


def test_the_retention_of_a_sink_hides_old_files_at_once_and_drops_them_when_folding(tmp_path: Path) -> None:
    now_ms = 10_000
    log = FileSinkLog(
        str(tmp_path), FS, settings=CompactionSettings(interval=3), retention_ms=1000, clock_ms=lambda: now_ms
    )
    for batch_id, age_ms in enumerate((2000, 1000)):
        log.add(batch_id, [added_file(f"/out/{batch_id}", 1, now_ms - age_ms)])
    assert [status.path for status in log.all_files()] == ["file:///out/1"]
    assert len((tmp_path / "0").read_bytes().split(b"\n")) == 2
    log.add(2, [added_file("/out/2", 1, now_ms)])
    assert [status.path for status in log.get(2) or ()] == ["file:///out/1", "file:///out/2"]


def test_file_logs_cannot_be_purged(tmp_path: Path) -> None:
    with pytest.raises(SparkError, match="Cannot purge as it might break internal state"):
        FileSourceLog(str(tmp_path), FS).purge(3)


def test_paths_that_spark_cannot_have_written() -> None:
    assert path_from_uri("file:/a%20b") == path_from_uri("/a%20b") == path_from_uri("file:///a%20b") == "/a b"
    with pytest.raises(SparkError, match="s3://b/k"):
        path_from_uri("s3://b/k")
    with pytest.raises(SparkError, match="not UTF-8"):
        file_uri("/in/\udcff")
    with pytest.raises(ValueError, match="absolute"):
        file_uri("in/a")
