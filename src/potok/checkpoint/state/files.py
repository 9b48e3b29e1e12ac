"""The files of one state store, in the layout and format of Spark's HDFSBackedStateStoreProvider.

`state/<operator>/<partition>/[<store>/]<version>.delta` holds what a batch has changed, `.snapshot` everything.
Version N + 1 is the state after batch N; version 0 is empty and has no file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from potok.checkpoint.files import FileSystem
from potok.checkpoint.layout import display_path
from potok.checkpoint.state.delta import Delta, decode_delta, decode_snapshot
from potok.checkpoint.state.rows import UnsafeRows
from potok.errors import SparkError

DEFAULT_STORE = "default"
_CLASS = "HDFSBackedStateStoreProvider"
_NAME = re.compile(r"(\d+)\.(delta|snapshot)")


@dataclass(frozen=True)
class StoreFiles:
    """Where the files of a store are. `state_root` is the checkpoint's `state` directory.

    Widths are in words, None where the rows of a schema differ.
    """

    fs: FileSystem
    state_root: str
    operator_id: int
    store_name: str = DEFAULT_STORE
    partitions: int = 1
    durable: bool = True
    key_width: int | None = None
    value_width: int | None = None

    def directory(self, partition: int) -> str:
        """Of one partition."""
        path = posixpath.join(self.state_root, str(self.operator_id), str(partition))
        return path if self.store_name == DEFAULT_STORE else posixpath.join(path, self.store_name)

    def delta(self, partition: int, version: int) -> str:
        """The path of a delta."""
        return posixpath.join(self.directory(partition), f"{version}.delta")

    def snapshot(self, partition: int, version: int) -> str:
        """The path of a snapshot."""
        return posixpath.join(self.directory(partition), f"{version}.snapshot")

    def make_directories(self) -> None:
        """Before the first file is written."""
        for partition in range(self.partitions):
            self.fs.make_directories(self.directory(partition), durable=self.durable)

    def write_delta(self, partition: int, version: int, content: bytes) -> None:
        """What a batch has changed; replaces what a batch that was not committed has left."""
        self.fs.write_replacing(self.delta(partition, version), content, durable=self.durable)

    def write_snapshot(self, partition: int, version: int, content: bytes) -> None:
        """Everything at a version."""
        self.fs.write_replacing(self.snapshot(partition, version), content, durable=self.durable)

    def versions(self, partition: int) -> dict[str, dict[int, int]]:
        """The sizes in bytes of the deltas and the snapshots that are there, by version."""
        found: dict[str, dict[int, int]] = {"delta": {}, "snapshot": {}}
        for status in self.fs.list(self.directory(partition)):
            match = _NAME.fullmatch(status.name)
            if match:
                found[match[2]][int(match[1])] = status.size_bytes
        return found

    def discard_snapshots(self, partition: int, version: int) -> None:
        """Remove those after a version."""
        for later in self.versions(partition)["snapshot"]:
            if later > version:
                self.fs.remove(self.snapshot(partition, later), durable=self.durable)

    def base(self, partition: int, version: int) -> int:
        """The newest snapshot up to a version, 0 for none."""
        snapshots = self.versions(partition)["snapshot"]
        return max((v for v in snapshots if v <= version), default=0)

    def read(self, partition: int, version: int) -> tuple[UnsafeRows, UnsafeRows, Iterator[Delta]]:
        """Keys and values of the newest snapshot up to a version, and the deltas from there to it.

        Raises CANNOT_LOAD_STATE_STORE, which names the file.
        """
        base = self.base(partition, version)
        keys, values = UnsafeRows.empty(self.key_width), UnsafeRows.empty(self.value_width)
        if base:
            path = self.snapshot(partition, base)
            try:
                keys, values = decode_snapshot(
                    self._content(path, "SNAPSHOT"), self.key_width, self.value_width
                )
            except ValueError as error:
                raise _damaged(path, error) from error
        return keys, values, (self.delta_at(partition, v) for v in range(base + 1, version + 1))

    def delta_at(self, partition: int, version: int) -> Delta:
        """The changes that made a version. Raises CANNOT_LOAD_STATE_STORE, which names the file."""
        path = self.delta(partition, version)
        try:
            return decode_delta(self._content(path, "DELTA"), self.key_width, self.value_width)
        except ValueError as error:
            raise _damaged(path, error) from error

    def _content(self, path: str, kind: str) -> bytes:
        try:
            return self.fs.read_bytes(path)
        except FileNotFoundError as error:
            condition = {
                "DELTA": "CANNOT_READ_DELTA_FILE_NOT_EXISTS",
                "SNAPSHOT": "CANNOT_READ_MISSING_SNAPSHOT_FILE",
            }
            raise SparkError(
                f"CANNOT_LOAD_STATE_STORE.{condition[kind]}", fileToRead=display_path(path), clazz=_CLASS
            ) from error


def _damaged(path: str, error: ValueError) -> SparkError:
    return SparkError(
        "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED",
        message=f" The file {display_path(path)} is damaged: {error}. Restore it from a backup, or start with a new"
        " checkpoint.",
    )
