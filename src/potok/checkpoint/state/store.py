"""A state store: a table in memory, and on disk one delta for each batch and partition.

The table holds the state after the last batch. A batch that fails ends the run; the next run loads the
last committed version, so that nothing ever has to be undone in memory.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from potok.checkpoint.state.delta import encode_delta
from potok.checkpoint.state.files import StoreFiles
from potok.checkpoint.state.index import Longs
from potok.checkpoint.state.merge import load
from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.table import KeyedTable

Partitioner = Callable[[UnsafeRows], Longs]


class StateStore:
    """Keys to values, versioned.

    `partition_of` gives the partitions of keys; it is asked only where there is more than one.
    """

    def __init__(self, files: StoreFiles, partition_of: Partitioner) -> None:
        self.files = files
        self._partition_of = partition_of
        self.table = KeyedTable(files.key_width, files.value_width)
        self._puts: list[tuple[Longs, UnsafeRows, UnsafeRows]] = []
        self._removed: list[UnsafeRows] = []

    def load(self, version: int) -> None:
        """Become what the state was after batch `version` - 1. Raises CANNOT_LOAD_STATE_STORE.

        Later snapshots, of batches whose commit has been lost, go: those batches run again.
        """
        if version == 0:
            self.files.make_directories()
        for partition in range(self.files.partitions):
            self.files.discard_snapshots(partition, version)
            load(self.table, self.files, partition, version)

    def find(self, keys: UnsafeRows) -> Longs:
        """The row numbers of distinct keys, -1 where there is none."""
        return self.table.find(keys)

    def put(self, keys: UnsafeRows, values: UnsafeRows, numbers: Longs | None = None) -> Longs:
        """Set the values of distinct keys; their row numbers. `numbers` is what `find` gave, if known."""
        numbers = self.table.put(keys, values, numbers)
        self._puts.append((numbers, keys, values))
        return numbers

    def remove(self, numbers: Longs) -> None:
        """Take out rows that are there, by their numbers."""
        if numbers.size:
            self._removed.append(self.table.keys(numbers))
            self.table.remove(numbers)

    @property
    def changed_rows(self) -> int:
        """How many rows were put since the last commit, each as often as it was put."""
        return sum(len(keys) for _, keys, _ in self._puts)

    @property
    def removed_rows(self) -> int:
        """How many rows were taken out since the last commit."""
        return sum(map(len, self._removed))

    def commit(self, version: int) -> None:
        """Write what has changed since the last commit as `version`, to every partition."""
        puts = self._changed()
        removed = (
            UnsafeRows.concat(self._removed) if self._removed else UnsafeRows.empty(self.files.key_width)
        )
        if self.files.partitions == 1:
            self.files.write_delta(0, version, encode_delta(*puts, removed))
        else:
            self._write_partitions(version, *puts, removed)
        self._puts, self._removed = [], []

    def _write_partitions(
        self, version: int, keys: UnsafeRows, values: UnsafeRows, removed: UnsafeRows
    ) -> None:
        put_in, removed_from = self._partitions(keys), self._partitions(removed)
        for partition in range(self.files.partitions):
            mine = np.flatnonzero(put_in == partition)
            gone = np.flatnonzero(removed_from == partition)
            content = encode_delta(keys.take(mine), values.take(mine), removed.take(gone))
            self.files.write_delta(partition, version, content)

    def _partitions(self, keys: UnsafeRows) -> Longs:
        return self._partition_of(keys) if len(keys) else np.zeros(0, np.int64)

    def _changed(self) -> tuple[UnsafeRows, UnsafeRows]:
        """The keys that were put and are there, each once, and their values."""
        if len(self._puts) == 1 and not self._removed:
            _, keys, values = self._puts[0]
            return keys, values
        put = [numbers for numbers, _, _ in self._puts]
        numbers = np.unique(np.concatenate(put)) if put else np.zeros(0, np.int64)
        numbers = numbers[self.table.is_live(numbers)]
        return self.table.keys(numbers), self.table.values(numbers)
