"""Taking back what a power cut has torn, where nothing that was promised is lost.

A batch is written in the order sources, offsets, data, sink log, commit; each file is synced before the
next is begun. With durable logs only the file being written when the power went can be missing, and none
can be torn. Logs of Spark, or of `durable=False`, are not synced: their newest files may be empty or cut. What
may be dropped follows from the order:

- a commit, while the offsets of its batch are whole: the batch is repeated with the same range, and a
  sink that knows the batch changes nothing. If later offsets exist, the commit has no more to say.
- an entry of the sink log, while its batch is the one that runs next: it is written again.
- offsets, while the batch has left no trace, neither commit nor sink entry: no row of it counts, and the
  next batch may have another range.
- a source's entry, while no offsets that are kept refer to it: the files are found again.
- the metadata, while no batch was begun: the query gets an id as a new one would. Afterwards the id cannot be
  invented: outputs are told apart by it.

Everything else raises Spark's error. All is decided before anything is removed, and things go in reverse
order of writing, so that a repair that is cut short is repeated without harm.
"""

from __future__ import annotations

import contextlib
import json
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from potok.checkpoint.commit_log import CommitLog
from potok.checkpoint.file_source_log import FileSourceLog
from potok.checkpoint.files import is_temporary
from potok.checkpoint.layout import COMMITS, METADATA, OFFSETS, SINK_LOG, CheckpointLayout, display_path
from potok.checkpoint.log import INCOMPLETE, damaged
from potok.checkpoint.metadata import StreamMetadata
from potok.checkpoint.offset_log import OffsetLog, OffsetSeq
from potok.errors import SparkError

if TYPE_CHECKING:
    from potok.checkpoint.file_sink_log import FileSinkLog
    from potok.checkpoint.files import FileSystem
    from potok.checkpoint.log import MetadataLog

STALE_TEMPORARY_MS = 600_000
# What is older the kernel has written back by itself (it does so after half a minute).
_UNSETTLED_MS = 600_000
# Two of the offset log; of a file log the newest compaction and what follows it.
_SETTLED_ENTRIES = 10


@dataclass
class _Tail:
    """The newest entries of a log: which are torn (newest first), and the newest whole one."""

    log: MetadataLog[Any]
    ids: list[int]
    torn: list[int] = field(default_factory=list)

    @property
    def newest_whole(self) -> int:
        """-1 if there is none."""
        whole = self.ids[: len(self.ids) - len(self.torn)]
        return whole[-1] if whole else -1

    def drop(self, notes: list[str], consequence: str) -> None:
        """Remove the torn entries, newest first."""
        for batch_id in self.torn:
            path = self.log.file_path(batch_id)
            self.log.drop(batch_id)
            notes.append(f"Dropped the incomplete log file {display_path(path)}: {consequence}")


def repair(
    layout: CheckpointLayout, fs: FileSystem, *, now_ms: int, sink_log: FileSinkLog | None = None
) -> list[str]:
    """Drop torn newest files where that is safe, and say what was dropped; to be called before `recover`.

    `sink_log` is the log of the query's file sink. Temporary files older than ten minutes go as well.
    What stays is synced, for it may have been written by a process that died before it could.
    Raises Spark's error for damage that cannot be taken back; nothing is changed then.
    """
    notes: list[str] = []
    commits, offsets = _tail(CommitLog(layout.commits, fs)), _tail(OffsetLog(layout.offsets, fs))
    metadata_torn = _metadata_is_torn(layout, fs, begun=bool(commits.ids or offsets.ids))
    _find_short_offsets(offsets)
    sink = _tail(sink_log) if sink_log is not None else None
    _check_commits(commits, offsets)
    _check_offsets(commits, offsets, sink)
    sources = _check_sources(layout, fs, commits, offsets, sink)
    if sink is not None:
        _check_sink(commits, offsets, sink)

    commits.drop(notes, "the batch is repeated, or was followed by another and stays done.")
    if sink is not None:
        sink.drop(notes, "the output of the batch is written again.")
    offsets.drop(notes, "the batch had not begun, and is planned anew.")
    for source in sources:
        source.drop(notes, "no batch has read these files yet, they are found again.")
    if metadata_torn:
        fs.remove(layout.metadata, durable=True)
        notes.append(f"Dropped the incomplete {display_path(layout.metadata)}: no batch had begun.")
    logs = [commits, offsets, *sources, *([sink] if sink is not None else [])]
    _remove_temporaries(fs, [layout.root, *(tail.log.path for tail in logs)], now_ms, notes)
    _settle(fs, logs, layout, now_ms)
    return notes


def _tail(log: MetadataLog[Any]) -> _Tail:
    tail = _Tail(log, log.list_batch_ids())
    for batch_id in reversed(tail.ids):
        if log.is_whole(batch_id):
            break
        tail.torn.append(batch_id)
    return tail


def _metadata_is_torn(layout: CheckpointLayout, fs: FileSystem, *, begun: bool) -> bool:
    try:
        StreamMetadata.decode(fs.read_bytes(layout.metadata))
    except FileNotFoundError as error:
        if begun:
            raise SparkError(
                "STREAMING_CHECKPOINT_MISSING_METADATA_FILE", checkpointLocation=display_path(layout.root)
            ) from error
    except ValueError as error:
        if begun:
            raise damaged(
                layout.metadata,
                f"{error}. The file holds the id of the query, which a restart must not invent",
                f"Restore it from a backup of {OFFSETS}, {COMMITS} and {METADATA} together, or write"
                ' {"id":"<id>"} into it, with the id that earlier runs have logged and reported in'
                " their progress.",
            ) from error
        return True
    return False


def _find_short_offsets(offsets: _Tail) -> None:
    """Offsets cut at the end of a line have fewer sources than those before them."""
    newest = offsets.newest_whole
    if newest < 1 or not offsets.log.is_whole(newest - 1):
        return
    entry, before = offsets.log.get(newest), offsets.log.get(newest - 1)
    if (
        isinstance(entry, OffsetSeq)
        and isinstance(before, OffsetSeq)
        and len(entry.offsets) < len(before.offsets)
    ):
        offsets.torn.append(newest)


def _check_commits(commits: _Tail, offsets: _Tail) -> None:
    if commits.torn and offsets.newest_whole < commits.torn[0]:
        path = commits.log.file_path(commits.torn[0])
        raise damaged(path, "Incomplete log file in the offset commit log")


def _check_offsets(commits: _Tail, offsets: _Tail, sink: _Tail | None) -> None:
    for batch_id in offsets.torn:
        if not _leaves_no_trace(batch_id, commits, sink):
            raise damaged(offsets.log.file_path(batch_id), INCOMPLETE)


def _leaves_no_trace(batch_id: int, commits: _Tail, sink: _Tail | None) -> bool:
    """Whether offsets may be forgotten: a torn commit is a trace as well, a torn sink entry shows no row."""
    newest_commit = commits.ids[-1] if commits.ids else -1
    return newest_commit < batch_id and (sink is None or sink.newest_whole < batch_id)


def _check_sink(commits: _Tail, offsets: _Tail, sink: _Tail) -> None:
    newest = offsets.newest_whole
    next_batch = newest + 1 if commits.newest_whole >= newest else newest
    for batch_id in sink.torn:
        if batch_id != next_batch:
            raise damaged(
                sink.log.file_path(batch_id),
                f"{INCOMPLETE}. Batch {batch_id} is done and is not run again, so that its list of files"
                f" in {SINK_LOG} cannot be written anew",
                "Restore the file from a backup.",
            )


def _check_sources(
    layout: CheckpointLayout, fs: FileSystem, commits: _Tail, offsets: _Tail, sink: _Tail | None
) -> list[_Tail]:
    """The logs of the sources; adds the newest offsets to the torn ones where they refer to a torn entry."""
    found = [status.name for status in fs.list(layout.sources) if status.is_directory]
    names = sorted(found, key=lambda name: (not name.isdigit(), name.zfill(10)))
    tails = [_source_tail(layout.source(name), fs) for name in names]
    for place, tail in enumerate(tails):
        while tail.torn:
            newest = offsets.newest_whole
            entry = offsets.log.get(newest) if newest >= 0 else None
            needed = _needed_entry(entry, names, place) if isinstance(entry, OffsetSeq) else -1
            if tail.torn[-1] > needed:
                break
            if not _leaves_no_trace(newest, commits, sink):
                raise damaged(tail.log.file_path(tail.torn[-1]), INCOMPLETE)
            offsets.torn.append(newest)
    return tails


def _source_tail(path: str, fs: FileSystem) -> _Tail:
    log = FileSourceLog(path, fs)
    tail = _Tail(log, log.list_batch_ids())
    for batch_id in reversed(tail.ids):
        if log.is_whole(batch_id):
            break
        content = fs.read_bytes(log.file_path(batch_id))
        is_cut = content in {b"v1", b"v1\n"} or content.startswith(b"v1\n{")
        if content.strip(b"\0") and b'{"path"' not in content and not is_cut:
            # Another kind of source, whose own content is not known here.
            break
        tail.torn.append(batch_id)
    return tail


def _needed_entry(offsets: OffsetSeq, names: list[str], place: int) -> int:
    """The newest entry of a source's log that the offsets refer to, -1 for none.

    A source that stands twice in the plan has one log and two offsets; where places do not tell which
    offset is whose, the greatest counts.
    """
    if offsets.source_ids:
        own = [
            text
            for name, text in zip(offsets.source_ids, offsets.offsets, strict=True)
            if name == names[place]
        ]
    elif len(names) == len(offsets.offsets):
        own = [offsets.offsets[place]]
    else:
        own = list(offsets.offsets)
    needed = -1
    for text in own:
        if text is not None:
            document = json.loads(text)
            is_file = isinstance(document, dict) and isinstance(document.get("logOffset"), int)
            needed = max(needed, document["logOffset"] if is_file else 0)
    return needed


def _remove_temporaries(fs: FileSystem, directories: list[str], now_ms: int, notes: list[str]) -> None:
    """Remove what killed writers left; a younger file may belong to a writer that is alive."""
    for directory in directories:
        for status in fs.list(directory):
            old = now_ms - status.modification_time_ms > STALE_TEMPORARY_MS
            if old and not status.is_directory and is_temporary(status.name):
                path = posixpath.join(directory, status.name)
                fs.remove(path)
                notes.append(f"Removed {display_path(path)}, which a killed run has left.")


def _settle(fs: FileSystem, logs: list[_Tail], layout: CheckpointLayout, now_ms: int) -> None:
    """Sync what a start reads and what was written so recently that it may not be on the disk yet."""
    directories: set[str] = set()
    for tail in logs:
        statuses = {tail.log.batch_id_of(status.name): status for status in fs.list(tail.log.path)}
        ids = sorted(batch_id for batch_id in statuses if batch_id is not None)
        for batch_id in ids[-_SETTLED_ENTRIES:]:
            if now_ms - statuses[batch_id].modification_time_ms < _UNSETTLED_MS:
                fs.sync_file(tail.log.file_path(batch_id))
                directories.add(tail.log.path)
    if directories and fs.exists(layout.metadata):
        fs.sync_file(layout.metadata)
        directories.add(layout.root)
    for directory in sorted(directories):
        current = directory
        while current != posixpath.dirname(current):
            current = posixpath.dirname(current)
            directories.add(current)
    for directory in sorted(directories):
        # Whoever may not read a directory has not made anything in it either.
        with contextlib.suppress(PermissionError):
            fs.sync_directory(directory)
