# ruff: noqa: PTH118, PTH123 - paths are texts here: a source sees millions of them
"""Being told of new names in directories, without looking again and again.

On Linux the kernel tells (inotify, through ctypes: three calls, no dependency, which is why no library
is used). Elsewhere, on file systems that other machines write to (NFS, FUSE ...), where inotify sees
only this machine's changes, and when the kernel's watches are used up, the caller polls.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct
import sys

_IN_CLOSE_WRITE = 0x8
_IN_MOVED_TO = 0x80
_IN_CREATE = 0x100
_IN_DELETE_SELF = 0x400
_IN_MOVE_SELF = 0x800
_IN_ONLYDIR = 0x01000000
_IN_Q_OVERFLOW = 0x4000
_IN_IGNORED = 0x8000
_IN_ISDIR = 0x40000000
_MASK = _IN_CLOSE_WRITE | _IN_MOVED_TO | _IN_CREATE | _IN_DELETE_SELF | _IN_MOVE_SELF | _IN_ONLYDIR
_EVENT = struct.Struct("iIII")
_BUFFER_BYTES = 1 << 16
_NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse", "ceph", "glusterfs", "afs", "lustre", "vboxsf", "virtiofs", "prl_fs"}  # fmt: skip


class Arrivals:
    """Watches directories. `descriptor` polls readable when something has changed in one of them."""

    def __init__(self) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        self._add = library.inotify_add_watch
        self.descriptor: int = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        self._directories: dict[int, str] = {}
        self._watched: dict[str, int] = {}

    def watch(self, directory: str) -> bool:
        """Watch a directory as well; False if that is impossible (gone, no watch left, another machine's)."""
        if directory in self._watched:
            return True
        number = self._add(self.descriptor, os.fsencode(directory), _MASK)
        if number < 0:
            return False
        self._directories[number] = directory
        self._watched[directory] = number
        return True

    def drain(self) -> set[str] | None:
        """The paths whose names have appeared or whose content is complete since the last call.

        None when it is not known what has changed: everything is to be listed again. A directory
        stands in it as itself.
        """
        changed: set[str] = set()
        unknown = False
        while True:
            try:
                data = os.read(self.descriptor, _BUFFER_BYTES)
            except BlockingIOError:
                return None if unknown else changed
            position = 0
            while position < len(data):
                number, mask, _, length = _EVENT.unpack_from(data, position)
                name = data[position + _EVENT.size : position + _EVENT.size + length].rstrip(b"\0")
                position += _EVENT.size + length
                directory = self._directories.get(number)
                if mask & (_IN_Q_OVERFLOW | _IN_DELETE_SELF | _IN_MOVE_SELF | _IN_ISDIR):
                    unknown = True
                if mask & (_IN_IGNORED | _IN_MOVE_SELF) and directory is not None:
                    self._directories.pop(number, None)
                    self._watched.pop(directory, None)
                    unknown = True
                elif name and directory is not None:
                    path = os.path.join(directory, os.fsdecode(name))
                    if not mask & _IN_CREATE or _is_complete(path):
                        changed.add(path)

    def close(self) -> None:
        """Let go of the descriptor. May be called more than once."""
        if self.descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self.descriptor)
            self.descriptor = -1


def _is_complete(path: str) -> bool:
    """Whether a name that has just been created is a link: then nobody will close it after writing."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return status.st_nlink > 1 or stat.S_ISLNK(status.st_mode)


def start_watching() -> Arrivals | None:
    """A watcher; None where the system has none."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return Arrivals()
    except (OSError, AttributeError):
        return None


def is_local(path: str) -> bool:
    """Whether a path lies on a file system of this machine alone, as far as can be told."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="replace") as mounts:
            lines = [line.split(" ") for line in mounts]
    except OSError:
        return False
    real = os.path.realpath(path)
    best = ("", "")
    for fields in lines:
        point = fields[1].replace("\\040", " ")
        inside = point in {"/", real} or real.startswith(point + "/")
        if inside and len(point) >= len(best[0]):
            best = (point, fields[2])
    return best[1].split(".")[0] not in _NETWORK_FILE_SYSTEMS
