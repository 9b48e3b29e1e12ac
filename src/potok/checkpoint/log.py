"""Logs of numbered files: what the offset log, the commit log and the file logs have in common."""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from bisect import insort
from typing import TYPE_CHECKING, Generic, TypeVar

from potok.checkpoint.layout import display_path
from potok.errors import SparkError

if TYPE_CHECKING:
    from potok.checkpoint.files import FileSystem

Entry = TypeVar("Entry")

INCOMPLETE = "Incomplete log file"
REMEDY = "Restore it from a backup, or start with a new checkpoint and a new output directory."


def damaged(path: str, reason: str, remedy: str = REMEDY) -> SparkError:
    """Spark's error for a log file that cannot be read, for instance torn by a power cut; in a second line what to do."""
    message = f"Failed to read log file {display_path(path)}. {reason}\n{remedy}"
    return SparkError("_LEGACY_ERROR_TEMP_CHECKPOINT", message=message)


def missing(path: str, message: str) -> SparkError:
    """Spark's error for a log file that is not there; in a second line which, and what to do."""
    return illegal_state(f"{message}\nThe file {display_path(path)} is missing. {REMEDY}")


def illegal_state(message: str) -> SparkError:
    """An IllegalStateException of Spark's, which has no condition."""
    return SparkError("_LEGACY_ERROR_TEMP_CHECKPOINT", message=message)


def split_version(content: bytes, max_version: int, *, empty_reason: str = INCOMPLETE) -> tuple[int, bytes]:
    """The version in the first line, and what follows that line.

    Raises ValueError for an empty file or a line that is no version, SparkError for a version above
    `max_version`: such a file is whole, and not ours to repair.
    """
    if not content:
        raise ValueError(empty_reason)
    first, _, rest = content.partition(b"\n")
    text = first.rstrip(b"\r")
    if not (text.startswith(b"v") and text[1:].isdigit() and int(text[1:]) > 0):
        shown = text.decode("utf-8", "backslashreplace")
        raise ValueError(SparkError("MALFORMED_LOG_FILE", text=shown).message)
    version = int(text[1:])
    if version > max_version:
        raise SparkError(
            "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION", maxSupportedVersion=max_version, version=version
        )
    return version, rest


class MetadataLog(ABC, Generic[Entry]):
    """A directory with one immutable file per batch id, from 0, without holes but at the start.

    An entry that `add` has returned from is never lost (with `durable` also in a power cut) and
    never changes. One object belongs to one thread; what other processes add is noticed when the same
    batch id is added here, and by a new object.
    Source of fact: org.apache.spark.sql.execution.streaming.checkpointing.HDFSMetadataLog.
    """

    def __init__(self, path: str, fs: FileSystem, *, durable: bool = True) -> None:
        self.path = path
        self.fs = fs
        self.durable = durable
        self._ids: list[int] | None = None
        self._directory_made = False

    @abstractmethod
    def encode(self, entry: Entry) -> bytes:
        """The content of the file."""

    @abstractmethod
    def decode(self, content: bytes) -> Entry:
        """The entry. ValueError with the reason for torn content, SparkError for another version's."""

    def add(self, batch_id: int, entry: Entry) -> None:
        """Write an entry. Raises CONCURRENT_STREAM_LOG_UPDATE if the batch has one, else OSError."""
        self._write(batch_id, self.encode(entry))

    def get(self, batch_id: int) -> Entry | None:
        """The entry of a batch, None if it has none. Raises SparkError for a damaged file."""
        path = self.file_path(batch_id)
        try:
            content = self.fs.read_bytes(path)
        except FileNotFoundError:
            return None
        try:
            return self.decode(content)
        except ValueError as error:
            raise damaged(path, str(error)) from error

    def latest_batch_id(self) -> int | None:
        """The newest batch id; costs a listing once, then nothing."""
        ids = self._known_ids()
        return ids[-1] if ids else None

    def latest(self) -> tuple[int, Entry] | None:
        """The newest batch id with its entry."""
        batch_id = self.latest_batch_id()
        if batch_id is None:
            return None
        entry = self.get(batch_id)
        if entry is None:
            raise illegal_state(f"failed to read log file for batch {batch_id}")
        return batch_id, entry

    def list_batch_ids(self) -> list[int]:
        """All batch ids now on disk, ascending; names that are not numbers are ignored."""
        found = {}
        for status in self.fs.list(self.path):
            batch_id = self.batch_id_of(status.name)
            if batch_id is not None and not status.is_directory:
                found[batch_id] = status.modification_time_ms
        self._ids = sorted(found)
        self._listed(found)
        return list(self._ids)

    def purge(self, threshold: int) -> None:
        """Remove the entries of all batches below `threshold` (exclusive)."""
        ids = self._known_ids()
        while ids and ids[0] < threshold:
            self.fs.remove(self.file_path(ids[0]))
            del ids[0]

    def is_whole(self, batch_id: int) -> bool:
        """Whether the file of a batch exists and is not torn. SparkError for another version's."""
        try:
            self.decode(self.fs.read_bytes(self.file_path(batch_id)))
        except (FileNotFoundError, ValueError):
            return False
        return True

    def drop(self, batch_id: int) -> None:
        """Remove the newest entry, durably; for repair alone (`recover.repair` says when that is safe)."""
        ids = self._known_ids()
        if not ids or ids[-1] != batch_id:
            raise ValueError(f"only the newest entry may be dropped, not {batch_id}")
        self.fs.remove(self.file_path(batch_id), durable=True)
        ids.pop()

    def file_name(self, batch_id: int) -> str:
        """The name of a batch's file."""
        return str(batch_id)

    def file_path(self, batch_id: int) -> str:
        """The path of a batch's file."""
        return posixpath.join(self.path, self.file_name(batch_id))

    def batch_id_of(self, name: str) -> int | None:
        """The inverse of `file_name`, None for a foreign name."""
        return int(name) if name.isascii() and name.isdigit() else None

    def concurrent_update(self, batch_id: int) -> SparkError:
        """The error for an entry that another writer has added."""
        return SparkError("CONCURRENT_STREAM_LOG_UPDATE", batchId=batch_id)

    def _write(self, batch_id: int, content: bytes) -> None:
        self._make_directory()
        try:
            self.fs.write_new(self.file_path(batch_id), content, durable=self.durable)
        except FileExistsError as error:
            raise self._taken(batch_id) from error
        self._remember(batch_id)

    def _taken(self, batch_id: int) -> SparkError:
        """The error for a name that something else has already."""
        path = self.file_path(batch_id)
        try:
            self.fs.read_bytes(path, -1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            return damaged(path, f"It is no file: {reason}", "Remove what has its name.")
        return self.concurrent_update(batch_id)

    def _make_directory(self) -> None:
        if not self._directory_made:
            self.fs.make_directories(self.path, durable=self.durable)
            self._directory_made = True

    def _known_ids(self) -> list[int]:
        if self._ids is None:
            self.list_batch_ids()
        if self._ids is None:
            raise AssertionError
        return self._ids

    def _remember(self, batch_id: int) -> None:
        if self._ids is not None:
            insort(self._ids, batch_id)

    def _listed(self, modified_ms: dict[int, int]) -> None:
        """Called with the modification times (ms) of all files after each listing."""
