"""The files of one state store, in the layout and format of Spark's HDFSBackedStateStoreProvider.

`state/<operator>/<partition>/[<store>/]<version>.delta` holds what a batch has changed, `.snapshot` everything.
Version N + 1 is the state after batch N; version 0 is empty and has no file.
"""

from __future__ import annotations

import logging
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from potok.checkpoint.files import FileSystem
from potok.checkpoint.layout import display_path
from potok.checkpoint.state.delta import Delta, decode_delta, decode_snapshot
from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.rows import UnsafeRows
from potok.errors import SparkError

DEFAULT_STORE = "default"
_LOGGER = logging.getLogger("potok.CheckpointRepair")
_CLASS = "HDFSBackedStateStoreProvider"
# A file that was swapped with another partition's has hardly a key of its own: a few tell.
_KEYS_LOOKED_AT = 256
_NAME = re.compile(r"(\d+)\.(delta|snapshot)")


@dataclass(frozen=True)
class StoreFiles:
    """Where the files of a store are. `state_root` is the checkpoint's `state` directory.

    Widths are in words, None where the rows of a schema differ. With `partition_of`, which gives the partitions of
    keys, files that lie in the place of another partition's are recognised. `repairs`: damaged files that nothing
    needs are removed, where the query itself reads.
    """

    fs: FileSystem
    state_root: str
    operator_id: int
    store_name: str = DEFAULT_STORE
    partitions: int = 1
    durable: bool = True
    key_width: int | None = None
    value_width: int | None = None
    partition_of: Callable[[UnsafeRows], Longs] | None = field(default=None, compare=False)
    repairs: bool = False

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

    def read(self, partition: int, version: int) -> tuple[UnsafeRows, UnsafeRows, Iterator[Delta]]:
        """Keys and values of the newest snapshot up to a version, and the deltas from there to it.

        A damaged snapshot is not needed where an earlier one and all deltas after that are there, and it is said.
        Raises CANNOT_LOAD_STATE_STORE, which names the file.
        """
        found = self.versions(partition)
        bases = sorted((v for v in found["snapshot"] if v <= version), reverse=True)
        damaged: list[tuple[int, SparkError]] = []
        for base in [*bases, 0]:
            if damaged and not found["delta"].keys() >= set(range(base + 1, version + 1)):
                raise damaged[0][1]
            try:
                keys, values = self._snapshot_at(partition, base)
            except SparkError as error:
                damaged.append((base, error))
                continue
            self._check_partition(keys, partition, self.snapshot(partition, base))
            for other, reason in damaged:
                self._do_without(partition, other, reason)
            return keys, values, (self.delta_at(partition, v) for v in range(base + 1, version + 1))
        raise AssertionError

    def _do_without(self, partition: int, version: int, error: SparkError) -> None:
        if not self.repairs:
            return
        # Nothing before it would be kept.
        self.fs.remove(self.snapshot(partition, version), durable=self.durable)
        _LOGGER.warning("%s It was removed: the state is read from the files before it.", error.message)

    def _snapshot_at(self, partition: int, version: int) -> tuple[UnsafeRows, UnsafeRows]:
        """Version 0 is empty."""
        if not version:
            return UnsafeRows.empty(self.key_width), UnsafeRows.empty(self.value_width)
        path = self.snapshot(partition, version)
        try:
            return decode_snapshot(self._content(path, "SNAPSHOT"), self.key_width, self.value_width)
        except ValueError as error:
            raise damaged_state(path, error) from error

    def delta_at(self, partition: int, version: int) -> Delta:
        """The changes that made a version. Raises CANNOT_LOAD_STATE_STORE, which names the file."""
        path = self.delta(partition, version)
        try:
            delta = decode_delta(self._content(path, "DELTA"), self.key_width, self.value_width)
        except ValueError as error:
            raise damaged_state(path, error) from error
        self._check_partition(delta.keys, partition, path)
        return delta

    def _check_partition(self, keys: UnsafeRows, partition: int, path: str) -> None:
        """Raises for keys of another partition. Whoever has changed that file may have changed others."""
        if self.partition_of is None or self.partitions == 1 or not len(keys):
            return
        if (self.partition_of(keys.slice(0, min(len(keys), _KEYS_LOOKED_AT))) != partition).any():
            raise damaged_state(path, "it has keys of another partition")

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


def damaged_state(path: str, error: object) -> SparkError:
    """The error for a file of state that cannot be used, and what to do."""
    return SparkError(
        "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED",
        message=f" The file {display_path(path)} is damaged: {error}. Restore it from a backup, or start with a new"
        " checkpoint.",
    )
