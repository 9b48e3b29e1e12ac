# ruff: noqa: PTH103, PTH105, PTH118, PTH123 - paths are texts here: a source sees millions of them
"""Files known by their content (option `fileIdentity`).

Spark's source log has no place for a hash, and a checkpoint must stay Spark's. So the hashes lie in a
file of their own, `.content` beside the log, whose name Spark passes over. It is only ever appended to
and synced before the source log's entry is written: a line whose batch the source log does not have
promises nothing and is dropped on the next start, and so is a torn last line.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence

from potok.checkpoint.layout import file_uri
from potok.connectors.file_index import FoundFile

_log = logging.getLogger(__name__)
_NAME = ".content"
_READ_BYTES = 1 << 20
_SKIPPED = -1
_FIELDS = 4


class ContentLog:
    """One line a file: batch id (-1: a copy that was not read), modification time in ms, hash, URI."""

    def __init__(self, log_directory: str, *, durable: bool) -> None:
        self._directory = log_directory
        self._path = os.path.join(log_directory, _NAME)
        self._durable = durable
        self._known: set[str] = set()
        self._skipped: list[tuple[str, int]] = []
        self._descriptor = -1

    def load(self, latest_batch_id: int) -> Iterator[tuple[str, int]]:
        """Read the hashes of batches up to the id; gives (URI, time) of the copies that were not read."""
        try:
            with open(self._path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return
        end = content.rfind(b"\n") + 1
        lines = content[:end].decode("utf-8").splitlines()
        kept = []
        for line in lines:
            fields = line.split("\t", _FIELDS - 1)
            batch_id = int(fields[0])
            if batch_id > latest_batch_id:
                continue
            kept.append(line)
            self._known.add(fields[2])
            if batch_id == _SKIPPED:
                yield fields[3], int(fields[1])
        if len(kept) < len(lines) or end < len(content):
            temporary = self._path + ".tmp"
            with open(temporary, "wb") as file:
                file.write("".join(line + "\n" for line in kept).encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self._path)

    def keep_new(self, files: Sequence[FoundFile], batch_id: int) -> list[FoundFile]:
        """The files whose content is not known yet; it is, durably, when this returns."""
        kept = []
        lines = []
        for file in files:
            digest = _digest(file.path)
            if digest is None:
                continue
            is_known = digest in self._known
            if is_known:
                _log.info("The file %s is a copy of one that was read: it is not read again.", file.path)
                self._skipped.append((file.path, file.modification_time_ms))
            else:
                self._known.add(digest)
                kept.append(file)
            number = _SKIPPED if is_known else batch_id
            lines.append(f"{number}\t{file.modification_time_ms}\t{digest}\t{file_uri(file.path)}\n")
        if lines:
            self._append("".join(lines).encode("utf-8"))
        return kept

    def take_skipped(self) -> list[tuple[str, int]]:
        """The paths and times of copies found since the last call."""
        skipped, self._skipped = self._skipped, []
        return skipped

    def _append(self, data: bytes) -> None:
        if self._descriptor < 0:
            os.makedirs(self._directory, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o644)
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        if self._durable:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the file. May be called more than once."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _digest(path: str) -> str | None:
    hasher = hashlib.blake2b(digest_size=20)
    try:
        with open(path, "rb") as file:
            while piece := file.read(_READ_BYTES):
                hasher.update(piece)
    except FileNotFoundError:
        return None
    return hasher.hexdigest()
