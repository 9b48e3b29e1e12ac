"""Snapshots, and the removal of files that nothing needs any more, beside the running query.

A snapshot is made from the files that are there, never from the table of a running batch: it costs the batches
nothing, and one that is cut short leaves nothing behind.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from potok.checkpoint.state.delta import encode_snapshot
from potok.checkpoint.state.files import StoreFiles
from potok.checkpoint.state.merge import merged

_LOGGER = logging.getLogger("potok.StateStore")
# A snapshot is worth its writing when the deltas since the last one have half its size, or are many.
_MANY_DELTAS = 200


@dataclass(frozen=True)
class Retention:
    """`min_deltas` are kept before a snapshot is thought of; state of the last `batches` can be loaded."""

    min_deltas: int = 10
    batches: int = 100


class Maintenance:
    """Looks after the files of the stores of one query in a thread of its own."""

    def __init__(self, stores: Sequence[StoreFiles], retention: Retention) -> None:
        self._stores = stores
        self._retention = retention
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="potok-state")
        self._running: Future[None] | None = None
        self._last = 0

    def committed(self, version: int) -> None:
        """A version has been written to all stores. Does nothing while earlier work goes on."""
        if version - self._last < self._retention.min_deltas:
            return
        if self._running is not None and not self._running.done():
            return
        self._last = version
        self._running = self._thread.submit(self._maintain, version)

    def close(self) -> None:
        """Wait for what is being written."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _maintain(self, version: int) -> None:
        for files in self._stores:
            for partition in range(files.partitions):
                try:
                    maintain(files, partition, version, self._retention)
                except Exception:
                    # The batches do not need it: the deltas are all there.
                    _LOGGER.exception("No snapshot of %s", files.directory(partition))


def maintain(files: StoreFiles, partition: int, version: int, retention: Retention) -> None:
    """Write a snapshot of one partition at a version if it is worth it, and remove old files."""
    found = files.versions(partition)
    snapshots, deltas = found["snapshot"], found["delta"]
    base = max((v for v in snapshots if v <= version), default=0)
    since = [size for v, size in deltas.items() if base < v <= version]
    worth = sum(since) * 2 >= snapshots.get(base, 0) or len(since) >= _MANY_DELTAS
    if len(since) >= retention.min_deltas and worth:
        keys, values = merged(files, partition, version)
        files.write_snapshot(partition, version, encode_snapshot(keys, values))
        snapshots[version] = 0
    oldest = version - retention.batches
    needed = max((v for v in snapshots if v <= oldest), default=0)
    for old in sorted(v for v in snapshots if v < needed):
        files.fs.remove(files.snapshot(partition, old))
    for old in sorted(v for v in deltas if v <= needed):
        files.fs.remove(files.delta(partition, old))
