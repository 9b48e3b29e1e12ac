"""A disk that dies: kill -9, a full disk and a power cut at any step, for tests of recovery.

`SimulatedDisk` stands where `potok.checkpoint.files` expects the module `os`, so that the real recipe of
`LocalFileSystem` runs on it. How to use it:

    disk = SimulatedDisk()
    fs = LocalFileSystem(system=disk)
    run(fs)                               # count the steps of a run without faults
    for step in range(disk.steps):
        disk = SimulatedDisk(kill_at=step)
        with contextlib.suppress(Killed):
            run(LocalFileSystem(system=disk))
        disk.restart()                    # the process is gone, what it wrote is still there
        disk.power_cut(Random(step))      # or: the machine was; what was not synced is there, torn or gone
        check(LocalFileSystem(system=disk))

Every call that changes something is a step, reads are none. After `kill_at` every call raises Killed, a
BaseException, so that no clean-up code of the killed process can run. A killed write has written half.
`no_space_at` makes that step fail once with ENOSPC (a write has written half), if it is one that needs space.

What a power cut may do, more than any real file system does: content that was not synced is there, cut,
zeros, or missing, by file; a name that was made, removed or moved since its directory was synced is
or is not, by operation and in any combination, a rename within a directory as one. A directory whose own
name is lost takes along what is in it. `power_cut(None)` loses everything that was not synced.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat as stat_module
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random


class Killed(BaseException):
    """The simulated process has been killed; not an Exception, so that nobody catches it."""


@dataclass(eq=False)
class _File:
    modified_ms: int
    data: bytearray = field(default_factory=bytearray)
    synced: bytes | None = None


@dataclass(eq=False)
class _Directory:
    modified_ms: int
    entries: dict[str, _File | _Directory] = field(default_factory=dict)
    synced: dict[str, _File | _Directory] = field(default_factory=dict)
    # Each is what one operation has changed: names with what they stand for, None for a name removed.
    pending: list[dict[str, _File | _Directory | None]] = field(default_factory=list)

    def change(self, names: dict[str, _File | _Directory | None]) -> None:
        _apply(self.entries, names)
        self.pending.append(names)


@dataclass
class _Descriptor:
    node: _File | _Directory
    position: int = 0


class SimulatedDisk:
    """One disk with one process on it. Paths are absolute; `/` exists."""

    def __init__(
        self,
        *,
        kill_at: int | None = None,
        no_space_at: int | None = None,
        clock_ms: Callable[[], int] = lambda: 0,
    ) -> None:
        self.kill_at = kill_at
        self.no_space_at = no_space_at
        self.steps = 0
        self.log: list[str] = []
        self._clock_ms = clock_ms
        self._root = _Directory(clock_ms())
        self._descriptors: dict[int, _Descriptor] = {}
        self._next_descriptor = 3
        self._dead = False

    def restart(self) -> None:
        """A new process on the same disk; no more faults come unless they are set anew."""
        self._dead = False
        self._descriptors.clear()
        self.kill_at = self.no_space_at = None

    def power_cut(self, random: Random | None) -> None:
        """The machine has lost power and is up again; see the module for what is left."""
        self.restart()
        _lose(self._root, random, set())

    def corrupt(self, path: str, content: bytes) -> None:
        """Change what is in a file, and count it as synced."""
        node = self._node(path)
        assert isinstance(node, _File)
        node.data[:] = content
        node.synced = content

    def paths(self) -> list[str]:
        """All files, sorted."""
        found: list[str] = []
        _walk(self._root, "", found)
        return sorted(found)

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        self._alive()
        directory, name = self._parent(path)
        node = directory.entries.get(name) if name else directory
        if flags & os.O_CREAT and node is None:
            self._step("create", path, needs_space=True)
            node = _File(self._clock_ms())
            directory.change({name: node})
        elif flags & os.O_CREAT and flags & os.O_EXCL:
            _fail(errno.EEXIST, path)
        if node is None:
            _fail(errno.ENOENT, path)
        if flags & os.O_DIRECTORY and not isinstance(node, _Directory):
            _fail(errno.ENOTDIR, path)
        self._next_descriptor += 1
        self._descriptors[self._next_descriptor] = _Descriptor(node)
        return self._next_descriptor

    def read(self, fd: int, length: int, /) -> bytes:
        self._alive()
        opened = self._descriptors[fd]
        assert isinstance(opened.node, _File)
        chunk = bytes(opened.node.data[opened.position : opened.position + length])
        opened.position += len(chunk)
        return chunk

    def write(self, fd: int, data: bytes | memoryview, /) -> int:
        self._alive()
        node = self._descriptors[fd].node
        assert isinstance(node, _File)
        content = bytes(data)
        try:
            self._step("write", str(len(content)), needs_space=True)
        except (Killed, OSError):
            node.data += content[: len(content) // 2]
            raise
        node.data += content
        node.modified_ms = self._clock_ms()
        return len(content)

    def lseek(self, fd: int, position: int, whence: int, /) -> int:
        self._alive()
        opened = self._descriptors[fd]
        assert isinstance(opened.node, _File)
        opened.position = position + (len(opened.node.data) if whence == os.SEEK_END else 0)
        return opened.position

    def fsync(self, fd: int) -> None:
        self._alive()
        node = self._descriptors[fd].node
        self._step("fsync", type(node).__name__, needs_space=True)
        if isinstance(node, _File):
            node.synced = bytes(node.data)
        else:
            node.synced = dict(node.entries)
            node.pending.clear()

    def close(self, fd: int) -> None:
        self._alive()
        del self._descriptors[fd]

    def link(self, src: str, dst: str) -> None:
        self._alive()
        node = self._node(src)
        directory, name = self._parent(dst)
        if name in directory.entries:
            _fail(errno.EEXIST, dst)
        self._step("link", dst, needs_space=True)
        directory.change({name: node})

    def replace(self, src: str, dst: str) -> None:
        self._alive()
        node = self._node(src)
        source, source_name = self._parent(src)
        target, target_name = self._parent(dst)
        self._step("replace", dst)
        if source is target:
            source.change({source_name: None, target_name: node})
        else:
            target.change({target_name: node})
            source.change({source_name: None})

    def unlink(self, path: str) -> None:
        self._alive()
        self._node(path)
        self._step("unlink", path)
        directory, name = self._parent(path)
        directory.change({name: None})

    def mkdir(self, path: str) -> None:
        self._alive()
        directory, name = self._parent(path)
        if name in directory.entries:
            _fail(errno.EEXIST, path)
        self._step("mkdir", path, needs_space=True)
        directory.change({name: _Directory(self._clock_ms())})

    def listdir(self, path: str) -> list[str]:
        self._alive()
        node = self._node(path)
        assert isinstance(node, _Directory)
        return list(node.entries)

    def stat(self, path: str) -> os.stat_result:
        self._alive()
        node = self._node(path)
        is_file = isinstance(node, _File)
        size = len(node.data) if isinstance(node, _File) else 0
        mode = stat_module.S_IFREG if is_file else stat_module.S_IFDIR
        seconds = node.modified_ms // 1000
        whole = (mode, 0, 0, 1, 0, 0, size, seconds, seconds, seconds)
        return os.stat_result(whole, {"st_mtime_ns": node.modified_ms * 1_000_000})

    def _alive(self) -> None:
        if self._dead:
            raise Killed

    def _step(self, operation: str, detail: str, *, needs_space: bool = False) -> None:
        step = self.steps
        self.steps += 1
        self.log.append(f"{operation} {detail}")
        if step == self.kill_at:
            self._dead = True
            raise Killed
        if step == self.no_space_at and needs_space:
            _fail(errno.ENOSPC, detail)

    def _node(self, path: str) -> _File | _Directory:
        directory, name = self._parent(path)
        node = directory.entries.get(name) if name else directory
        if node is None:
            _fail(errno.ENOENT, path)
        return node

    def _parent(self, path: str) -> tuple[_Directory, str]:
        assert path.startswith("/"), path
        head, name = posixpath.split(path)
        current = self._root
        for part in head.split("/"):
            if part:
                found = current.entries.get(part)
                if not isinstance(found, _Directory):
                    _fail(errno.ENOENT if found is None else errno.ENOTDIR, path)
                current = found
        return current, name


def _fail(code: int, path: str) -> NoReturn:
    raise OSError(code, os.strerror(code), path)


def _apply(entries: dict[str, _File | _Directory], names: dict[str, _File | _Directory | None]) -> None:
    for name, node in names.items():
        if node is None:
            entries.pop(name, None)
        else:
            entries[name] = node


def _lose(directory: _Directory, random: Random | None, seen: set[int]) -> None:
    left = dict(directory.synced)
    for names in directory.pending:
        if random is not None and random.random() < 0.5:
            _apply(left, names)
    directory.entries = left
    directory.synced = dict(left)
    directory.pending = []
    for node in left.values():
        if isinstance(node, _Directory):
            _lose(node, random, seen)
        elif id(node) not in seen:
            seen.add(id(node))
            _tear(node, random)


def _tear(file: _File, random: Random | None) -> None:
    data = bytes(file.data)
    if file.synced != data:
        before = file.synced or b""
        if random is not None:
            cut = data[: random.randrange(len(data) + 1)]
            before = random.choice([before, b"", cut, bytes(len(data)), data])
        file.data = bytearray(before)
        file.synced = before


def _walk(directory: _Directory, path: str, found: list[str]) -> None:
    for name, node in directory.entries.items():
        if isinstance(node, _Directory):
            _walk(node, f"{path}/{name}", found)
        else:
            found.append(f"{path}/{name}")
