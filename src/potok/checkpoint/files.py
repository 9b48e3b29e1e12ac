"""Files that are there whole or not at all, also after a power cut.

Logs never write in place. A file is written beside its target as `.<name>.<uuid>.tmp`, synced, and
then linked under its name, which fails when the name exists: two writers are told apart by the
kernel. At last the directory is synced. Readers of Spark's logs ignore every name that is not a
number, so that a temporary file left by a killed process is invisible; `recover.repair` removes it.

Spark puts a checksum file `.<name>.crc` beside each file. None is written here: Spark does not verify a
file without one, the two files could not appear in one step, and a torn log is recognised by its
content. A checksum that Spark left behind would be stale after a change, and Spark would refuse
the file, so it is removed before its file appears, changes or goes.
"""

# ruff: noqa: PTH
# Paths are text in the logs and in the interface, and pathlib costs a batch more than the calls themselves.

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import uuid
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

TEMPORARY_SUFFIX = ".tmp"
_COPY_BYTES = 1 << 24
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


class FileStatus(NamedTuple):
    """One name in a directory; `modification_time_ms` is UTC since 1970."""

    name: str
    size_bytes: int
    modification_time_ms: int
    is_directory: bool


class Extent(NamedTuple):
    """The bytes of another file from `offset` (inclusive, 0-based) to its end.

    Stands for content that need not pass through memory.
    """

    path: str
    offset: int


Content = bytes | Iterable[bytes | Extent]


class FileSystem(Protocol):
    """What the logs and the file sink need of a file system.

    Paths are absolute and use `/`. A missing file raises FileNotFoundError, every other failure
    OSError. With `durable` the promise holds after a power cut as well, otherwise only after the
    death of the process. `remove`, `write_new`, `write_replacing` and `rename` also remove a checksum
    file that belonged to the name.
    """

    def read_bytes(self, path: str, offset: int = 0) -> bytes:
        """The file from `offset` (0-based) to its end; a negative offset counts from the end."""
        ...

    def write_new(self, path: str, content: Content, *, durable: bool) -> None:
        """Make `path` appear with all of `content`. FileExistsError if it exists; nothing is changed then.

        After any other error the file is absent or whole, and nothing temporary is left.
        """
        ...

    def write_replacing(self, path: str, content: Content, *, durable: bool) -> None:
        """Make `path` hold all of `content`, whatever was there; a reader sees the old or the new."""
        ...

    def rename(self, source: str, target: str, *, durable: bool) -> None:
        """Move a file, replacing `target`. With `durable` the content and both names are kept."""
        ...

    def remove(self, path: str, *, durable: bool = False) -> bool:
        """Remove a file; False if there was none."""
        ...

    def list(self, path: str) -> list[FileStatus]:
        """What is in a directory, in no order; nothing if it does not exist."""
        ...

    def exists(self, path: str) -> bool:
        """Whether a file or directory has this name."""
        ...

    def make_directories(self, path: str, *, durable: bool) -> None:
        """Make a directory and the missing ones above it."""
        ...

    def sync_file(self, path: str) -> None:
        """Keep the content of a file that somebody else has written, from now on."""
        ...

    def sync_directory(self, path: str) -> None:
        """Keep the names in a directory as they are now."""
        ...


def checksum_path(path: str) -> str:
    """Where Spark's checksum of `path` would be."""
    directory, name = posixpath.split(path)
    return posixpath.join(directory, f".{name}.crc")


def temporary_path(path: str, unique: str) -> str:
    """Where `path` is written before it gets its name."""
    directory, name = posixpath.split(path)
    return posixpath.join(directory, f".{name}.{unique}{TEMPORARY_SUFFIX}")


def is_temporary(name: str) -> bool:
    """Whether a file name is one of `temporary_path`, ours or Spark's."""
    return name.startswith(".") and name.endswith(TEMPORARY_SUFFIX)


class LocalFileSystem:
    """The file system of this machine. Thread-safe: it has no state but the source of unique names."""

    def __init__(self, new_uuid: Callable[[], uuid.UUID] = uuid.uuid4) -> None:
        self._new_uuid = new_uuid

    def read_bytes(self, path: str, offset: int = 0) -> bytes:
        """See FileSystem."""
        with open(path, "rb") as file:
            if offset > 0:
                file.seek(offset)
            elif offset < 0:
                file.seek(max(0, os.fstat(file.fileno()).st_size + offset))
            return file.read()

    def write_new(self, path: str, content: Content, *, durable: bool) -> None:
        """See FileSystem.

        Where the file system has no hard links the name is looked up before it is taken, and two
        writers within microseconds can both succeed, as in Spark.
        """
        temporary = self._write_temporary(path, content, durable=durable)
        try:
            # A writer that finds the name taken must not touch the owner's checksum.
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
            self._remove_checksum(path, durable=durable)
            try:
                os.link(temporary, path)
            except OSError as error:
                if error.errno not in _NO_HARD_LINKS:
                    raise
                os.rename(temporary, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        if durable:
            self.sync_directory(os.path.dirname(path))

    def write_replacing(self, path: str, content: Content, *, durable: bool) -> None:
        """See FileSystem."""
        temporary = self._write_temporary(path, content, durable=durable)
        try:
            self._remove_checksum(path, durable=durable)
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        if durable:
            self.sync_directory(os.path.dirname(path))

    def rename(self, source: str, target: str, *, durable: bool) -> None:
        """See FileSystem."""
        if durable:
            self.sync_file(source)
        self._remove_checksum(source, durable=False)
        self._remove_checksum(target, durable=durable)
        os.replace(source, target)
        if durable:
            self.sync_directory(os.path.dirname(target))
            if os.path.dirname(source) != os.path.dirname(target):
                self.sync_directory(os.path.dirname(source))

    def remove(self, path: str, *, durable: bool = False) -> bool:
        """See FileSystem."""
        self._remove_checksum(path, durable=durable)
        try:
            os.unlink(path)
        except FileNotFoundError:
            return False
        if durable:
            self.sync_directory(os.path.dirname(path))
        return True

    def list(self, path: str) -> list[FileStatus]:
        """See FileSystem."""
        found = []
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    # A file may go between the listing and the look at it.
                    with contextlib.suppress(FileNotFoundError):
                        status = entry.stat()
                        modified_ms = status.st_mtime_ns // 1_000_000
                        found.append(FileStatus(entry.name, status.st_size, modified_ms, entry.is_dir()))
        except FileNotFoundError:
            return []
        return found

    def exists(self, path: str) -> bool:
        """See FileSystem."""
        return os.path.lexists(path)

    def make_directories(self, path: str, *, durable: bool) -> None:
        """See FileSystem."""
        missing = []
        current = path
        while not os.path.isdir(current):
            missing.append(current)
            parent = os.path.dirname(current)
            if parent == current:
                break
            current = parent
        for directory in reversed(missing):
            with contextlib.suppress(FileExistsError):
                os.mkdir(directory)
            if durable:
                self.sync_directory(os.path.dirname(directory))

    def sync_file(self, path: str) -> None:
        """See FileSystem."""
        _sync(path, os.O_RDONLY)

    def sync_directory(self, path: str) -> None:
        """See FileSystem."""
        try:
            _sync(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            # Some network and FUSE file systems cannot sync a directory: there is no stronger promise to give.
            if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
                raise

    def _remove_checksum(self, path: str, *, durable: bool) -> None:
        try:
            os.unlink(checksum_path(path))
        except FileNotFoundError:
            return
        if durable:
            self.sync_directory(os.path.dirname(path))

    def _write_temporary(self, path: str, content: Content, *, durable: bool) -> str:
        temporary = temporary_path(path, str(self._new_uuid()))
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            try:
                for part in (content,) if isinstance(content, bytes) else content:
                    if isinstance(part, bytes):
                        _write_all(descriptor, part)
                    else:
                        _copy_extent(part, descriptor)
                if durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            if isinstance(error, OSError) and error.errno is not None and error.errno != errno.ENOENT:
                # The user knows the file that was to be, not its temporary name.
                raise OSError(error.errno, os.strerror(error.errno), path) from error
            raise
        return temporary


def _sync(path: str, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _copy_extent(extent: Extent, target: int) -> None:
    source = os.open(extent.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.lseek(source, extent.offset, os.SEEK_SET)
        while chunk := os.read(source, _COPY_BYTES):
            _write_all(target, chunk)
    finally:
        os.close(source)
