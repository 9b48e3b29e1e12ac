"""Killed and cut at every step: what was acknowledged is there, and the query goes on exactly once."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
from potok.checkpoint.commit_log import CommitLog, CommitMetadata
from potok.checkpoint.compactible import CompactionSettings
from potok.checkpoint.file_sink_log import FileSinkLog, added_file
from potok.checkpoint.file_source_log import FileEntry, FileSourceLog
from potok.checkpoint.files import FileSystem, LocalFileSystem
from potok.checkpoint.layout import CheckpointLayout, sink_log_path
from potok.checkpoint.metadata import StreamMetadata, create_metadata, read_metadata
from potok.checkpoint.offset_log import OffsetLog, OffsetSeq, OffsetSeqMetadata
from potok.checkpoint.recover import RecoveredState, read_tails, recover, repair
from potok.errors import SparkError
from support.faulty_files import Killed, SimulatedDisk

BATCHES = 7
ID = StreamMetadata("28309c04-4503-4499-b3c1-043c585323c7")
LAYOUT = CheckpointLayout("/data/deep/checkpoint")
OUT = sink_log_path("/data/out")
SETTINGS = CompactionSettings(interval=3, cleanup_delay_ms=0, min_batches_to_retain=2)


@dataclass
class Acknowledged:
    """What a run has been promised."""

    offsets: int = -1
    commits: int = -1
    sources: int = -1
    sink: int = -1
    metadata: bool = False
    notes: list[str] = field(default_factory=list)
    state: RecoveredState | None = None


def sink_log(fs: FileSystem, *, durable: bool) -> FileSinkLog:
    return FileSinkLog(OUT, fs, durable=durable, settings=SETTINGS, clock_ms=lambda: 1)


def source_log(fs: FileSystem, *, durable: bool) -> FileSourceLog:
    return FileSourceLog(LAYOUT.source(0), fs, durable=durable, settings=SETTINGS, clock_ms=lambda: 1)


def start(fs: FileSystem, told: Acknowledged, *, durable: bool) -> RecoveredState:
    """Repair and recover; every log must be readable afterwards."""
    told.notes = repair(LAYOUT, fs, now_ms=0, sink_log=sink_log(fs, durable=durable))
    fs.make_directories(LAYOUT.root, durable=durable)
    if read_metadata(LAYOUT.metadata, fs) is None:
        create_metadata(LAYOUT.metadata, fs, ID, durable=durable)
    told.metadata = True
    offsets, commits = OffsetLog(LAYOUT.offsets, fs), CommitLog(LAYOUT.commits, fs)
    told.state = recover(*read_tails(offsets, commits), LAYOUT.root)
    source_log(fs, durable=durable).all_files()
    sink_log(fs, durable=durable).all_files()
    return told.state


def run(fs: FileSystem, told: Acknowledged, *, durable: bool = True) -> None:
    """The loop of a query over BATCHES files, one a batch, the file k being named k."""
    state = start(fs, told, durable=durable)
    offsets, commits = (
        OffsetLog(LAYOUT.offsets, fs, durable=durable),
        CommitLog(LAYOUT.commits, fs, durable=durable),
    )
    sources, sink = source_log(fs, durable=durable), sink_log(fs, durable=durable)
    seen = {file.path_uri for file in sources.all_files()}
    planned, position = state.end_offsets, state.start_offsets[0] if state.start_offsets else None
    for batch_id in range(state.batch_id, BATCHES):
        start_at = -1 if position is None else int(position)
        if planned is None:
            newest = sources.latest_batch_id()
            unread = -1 if newest is None else newest
            if unread <= start_at:
                unread += 1
                uri = next(f"file:///in/{k}" for k in range(BATCHES) if f"file:///in/{k}" not in seen)
                seen.add(uri)
                sources.add(unread, [FileEntry(uri, 1, unread)])
                told.sources = max(told.sources, unread)
            end = str(unread)
            metadata = OffsetSeqMetadata(batch_id * 10, batch_id, {})
            offsets.add(batch_id, OffsetSeq((end,), metadata))
            told.offsets = batch_id
            offsets.purge(batch_id - 2)
            commits.purge(batch_id - 2)
        else:
            assert planned[0] is not None
            end, planned = planned[0], None
        files = sources.batches(start_at, int(end))
        newest_output = sink.latest_batch_id()
        if newest_output is None or newest_output < batch_id:
            sink.add(
                batch_id, [added_file("/data/out/" + file.path_uri.rsplit("/", 1)[1], 1, 1) for file in files]
            )
            told.sink = batch_id
        commits.add(batch_id, CommitMetadata((batch_id + 1) * 10))
        told.commits = batch_id
        position = end


def check(fs: FileSystem, told: Acknowledged) -> None:
    """Nothing acknowledged is lost, nothing is dropped, and the query ends with every file once."""
    after = Acknowledged()
    state = start(fs, after, durable=True)
    assert after.notes == []
    offsets, commits = OffsetLog(LAYOUT.offsets, fs), CommitLog(LAYOUT.commits, fs)
    assert state.batch_id > told.commits
    assert state.batch_id >= told.offsets
    for batch_id in offsets.list_batch_ids():
        assert offsets.get(batch_id) is not None
    for batch_id in commits.list_batch_ids():
        assert commits.get(batch_id) == CommitMetadata((batch_id + 1) * 10)
    if state.batch_id > 0:
        assert state.watermark_ms == state.batch_id * 10
    assert max([-1, *offsets.list_batch_ids()]) >= told.offsets
    assert max([-1, *commits.list_batch_ids()]) >= told.commits
    sources = {file.batch_id for file in source_log(fs, durable=True).all_files()}
    assert sources >= set(range(told.sources + 1))
    newest_output = sink_log(fs, durable=True).latest_batch_id()
    assert (-1 if newest_output is None else newest_output) >= told.sink
    if told.metadata:
        assert read_metadata(LAYOUT.metadata, fs) == ID
    finish(fs)


def finish(fs: FileSystem) -> None:
    run(fs, Acknowledged())
    output = [status.path for status in sink_log(fs, durable=True).all_files()]
    assert output == [f"file:///data/out/{k}" for k in range(BATCHES)]


def steps_of(*, durable: bool) -> int:
    disk = SimulatedDisk()
    disk.mkdir("/data")
    run(LocalFileSystem(system=disk), Acknowledged(), durable=durable)
    return disk.steps


def killed_run(step: int, *, durable: bool) -> tuple[SimulatedDisk, Acknowledged]:
    disk, told = SimulatedDisk(kill_at=step), Acknowledged()
    with contextlib.suppress(Killed):
        disk.mkdir("/data")
        run(LocalFileSystem(system=disk), told, durable=durable)
    return disk, told


@pytest.mark.parametrize("durable", [True, False])
def test_killed_at_every_step(durable: bool) -> None:
    for step in range(steps_of(durable=durable)):
        disk, told = killed_run(step, durable=durable)
        disk.restart()
        check(LocalFileSystem(system=disk), told)


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_power_cut_at_every_step(seed: int | None) -> None:
    for step in range(steps_of(durable=True)):
        disk, told = killed_run(step, durable=True)
        disk.power_cut(None if seed is None else Random(f"{seed} {step}"))
        check(LocalFileSystem(system=disk), told)


@pytest.mark.parametrize("seed", range(2))
def test_killed_then_restarted_then_cut(seed: int) -> None:
    """What a killed process left unsynced is synced before the next one builds on it."""
    for step in range(0, steps_of(durable=True), 5):
        random = Random(f"{seed} {step}")
        disk, told = killed_run(step, durable=True)
        disk.restart()
        disk.kill_at = disk.steps + random.randrange(60)
        again = Acknowledged()
        with contextlib.suppress(Killed):
            run(LocalFileSystem(system=disk), again)
        again.offsets = max(told.offsets, again.offsets)
        again.commits = max(told.commits, again.commits)
        again.sources = max(told.sources, again.sources)
        again.sink = max(told.sink, again.sink)
        disk.power_cut(random)
        check(LocalFileSystem(system=disk), again)


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_without_syncing_a_power_cut_is_healed_or_told(seed: int | None) -> None:
    """Not durable: promises may be lost, but a start either goes on or raises an error of Spark's."""
    healed = told_so = 0
    for step in range(steps_of(durable=False)):
        disk, _ = killed_run(step, durable=False)
        disk.power_cut(None if seed is None else Random(f"{seed} {step}"))
        fs = LocalFileSystem(system=disk)
        try:
            start(fs, Acknowledged(), durable=False)
        except SparkError:
            told_so += 1
        else:
            healed += 1
    assert healed > 0
    assert told_so + healed == steps_of(durable=False)


def test_a_full_disk_at_every_step_is_an_error_and_leaves_nothing_behind() -> None:
    full = 0
    for step in range(steps_of(durable=True)):
        disk, told = SimulatedDisk(no_space_at=step), Acknowledged()
        fs = LocalFileSystem(system=disk)
        message = ""
        try:
            disk.mkdir("/data")
            run(fs, told)
        except OSError as error:
            message = str(error)
        assert not message or "No space left on device" in message
        assert ".tmp" not in message
        assert not [path for path in disk.paths() if path.endswith(".tmp")]
        disk.restart()
        if message:
            full += 1
            check(fs, told)
    assert full > 100
