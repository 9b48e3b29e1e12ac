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

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import stat
import uuid
from collections.abc import Callable, Iterable, Iterator
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


class SystemCalls(Protocol):
    """The functions of the module `os` that LocalFileSystem uses, so that tests can take the disk's place."""

    # Their names and parameters are those of `os`.
    def open(self, path: str, flags: int, mode: int = 0o777) -> int: ...  # noqa: D102
    def read(self, fd: int, length: int, /) -> bytes: ...  # noqa: D102
    def write(self, fd: int, data: bytes | memoryview, /) -> int: ...  # noqa: D102
    def lseek(self, fd: int, position: int, whence: int, /) -> int: ...  # noqa: D102
    def fsync(self, fd: int) -> None: ...  # noqa: D102
    def close(self, fd: int) -> None: ...  # noqa: D102
    def link(self, src: str, dst: str) -> None: ...  # noqa: D102
    def replace(self, src: str, dst: str) -> None: ...  # noqa: D102
    def unlink(self, path: str) -> None: ...  # noqa: D102
    def mkdir(self, path: str) -> None: ...  # noqa: D102
    def listdir(self, path: str) -> list[str]: ...  # noqa: D102
    def stat(self, path: str) -> os.stat_result: ...  # noqa: D102


class LocalFileSystem:
    """The file system of this machine. Thread-safe: it keeps nothing between calls."""

    def __init__(self, new_uuid: Callable[[], uuid.UUID] = uuid.uuid4, system: SystemCalls = os) -> None:
        self._new_uuid = new_uuid
        self._system = system

    def read_bytes(self, path: str, offset: int = 0) -> bytes:
        """See FileSystem."""
        try:
            with self._open(path, os.O_RDONLY) as descriptor:
                if offset < 0:
                    offset = max(0, self._system.lseek(descriptor, 0, os.SEEK_END) + offset)
                self._system.lseek(descriptor, offset, os.SEEK_SET)
                chunks = list(self._chunks(descriptor))
        except OSError as error:
            if error.errno is None or error.filename is not None:
                raise
            if error.errno == errno.EINVAL and stat.S_ISDIR(self._system.stat(path).st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path) from error
            # The kernel names no file where a descriptor has failed.
            raise OSError(error.errno, error.strerror, path) from error
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def write_new(self, path: str, content: Content, *, durable: bool) -> None:
        """See FileSystem.

        Where the file system has no hard links the name is looked up before it is taken, and two
        writers within microseconds can both succeed, as in Spark.
        """
        temporary = self._write_temporary(path, content, durable=durable)
        try:
            # A writer that finds the name taken must not touch the owner's checksum.
            if self.exists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
            self._remove_checksum(path, durable=durable)
            try:
                self._system.link(temporary, path)
            except OSError as error:
                if error.errno not in _NO_HARD_LINKS:
                    raise
                self._system.replace(temporary, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                self._system.unlink(temporary)
        if durable:
            self.sync_directory(posixpath.dirname(path))

    def write_replacing(self, path: str, content: Content, *, durable: bool) -> None:
        """See FileSystem."""
        temporary = self._write_temporary(path, content, durable=durable)
        try:
            self._remove_checksum(path, durable=durable)
            self._system.replace(temporary, path)
        except OSError as error:
            with contextlib.suppress(FileNotFoundError):
                self._system.unlink(temporary)
            if error.errno is None or error.filename != temporary:
                raise
            raise OSError(error.errno, error.strerror, path) from error
        if durable:
            self.sync_directory(posixpath.dirname(path))

    def rename(self, source: str, target: str, *, durable: bool) -> None:
        """See FileSystem."""
        if durable:
            self.sync_file(source)
        self._remove_checksum(source, durable=False)
        self._remove_checksum(target, durable=durable)
        self._system.replace(source, target)
        if durable:
            self.sync_directory(posixpath.dirname(target))
            if posixpath.dirname(source) != posixpath.dirname(target):
                self.sync_directory(posixpath.dirname(source))

    def remove(self, path: str, *, durable: bool = False) -> bool:
        """See FileSystem."""
        self._remove_checksum(path, durable=durable)
        try:
            self._system.unlink(path)
        except FileNotFoundError:
            return False
        if durable:
            self.sync_directory(posixpath.dirname(path))
        return True

    def list(self, path: str) -> list[FileStatus]:
        """See FileSystem."""
        try:
            names = self._system.listdir(path)
        except FileNotFoundError:
            return []
        found = []
        for name in names:
            # A file may go between the listing and the look at it.
            with contextlib.suppress(FileNotFoundError):
                status = self._system.stat(posixpath.join(path, name))
                modified_ms = status.st_mtime_ns // 1_000_000
                found.append(FileStatus(name, status.st_size, modified_ms, stat.S_ISDIR(status.st_mode)))
        return found

    def exists(self, path: str) -> bool:
        """See FileSystem."""
        try:
            self._system.stat(path)
        except FileNotFoundError:
            return False
        return True

    def make_directories(self, path: str, *, durable: bool) -> None:
        """See FileSystem.

        With `durable` all directories above are synced, not only the new ones: they may have been made by
        a process that died before it could.
        """
        if not path.startswith("/"):
            raise ValueError(f"a directory is absolute, not {path!r}")
        missing = []
        current = path
        while not self.exists(current):
            missing.append(current)
            current = posixpath.dirname(current)
        for directory in reversed(missing):
            with contextlib.suppress(FileExistsError):
                self._system.mkdir(directory)
        while durable and path != posixpath.dirname(path):
            path = posixpath.dirname(path)
            # Whoever may not read a directory has not made anything in it either.
            with contextlib.suppress(PermissionError):
                self.sync_directory(path)

    def sync_file(self, path: str) -> None:
        """See FileSystem."""
        with self._open(path, os.O_RDONLY) as descriptor:
            self._system.fsync(descriptor)

    def sync_directory(self, path: str) -> None:
        """See FileSystem."""
        with self._open(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
            try:
                self._system.fsync(descriptor)
            except OSError as error:
                # Some network and FUSE file systems cannot sync a directory: there is no stronger promise.
                if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
                    raise

    @contextlib.contextmanager
    def _open(self, path: str, flags: int) -> Iterator[int]:
        descriptor = self._system.open(path, flags | os.O_CLOEXEC, 0o644)
        try:
            yield descriptor
        finally:
            self._system.close(descriptor)

    def _chunks(self, descriptor: int) -> Iterator[bytes]:
        while chunk := self._system.read(descriptor, _COPY_BYTES):
            yield chunk

    def _write_all(self, descriptor: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._system.write(descriptor, view) :]

    def _remove_checksum(self, path: str, *, durable: bool) -> None:
        try:
            self._system.unlink(checksum_path(path))
        except FileNotFoundError:
            return
        if durable:
            self.sync_directory(posixpath.dirname(path))

    def _write_temporary(self, path: str, content: Content, *, durable: bool) -> str:
        temporary = temporary_path(path, str(self._new_uuid()))
        try:
            with self._open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
                for part in (content,) if isinstance(content, bytes) else content:
                    if isinstance(part, bytes):
                        self._write_all(descriptor, part)
                        continue
                    with self._open(part.path, os.O_RDONLY) as source:
                        self._system.lseek(source, part.offset, os.SEEK_SET)
                        for chunk in self._chunks(source):
                            self._write_all(descriptor, chunk)
                if durable:
                    self._system.fsync(descriptor)
        except Exception as error:
            with contextlib.suppress(OSError):
                self._system.unlink(temporary)
            if (
                isinstance(error, OSError)
                and error.errno not in {None, errno.ENOENT}
                and error.filename in {None, temporary}
            ):
                # The user knows the file that was to be, not its temporary name.
                raise OSError(error.errno, error.strerror, path) from error
            raise
        return temporary
