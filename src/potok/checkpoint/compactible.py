"""Logs of files that are folded into one file every few batches."""

from __future__ import annotations

import json
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from potok.checkpoint.files import Extent, FileSystem
from potok.checkpoint.layout import display_path
from potok.checkpoint.log import INCOMPLETE, MetadataLog, damaged, missing, split_version
from potok.errors import SparkError

COMPACT_SUFFIX = ".compact"
VERSION = 1
_HEADER = b"v1"
# Above this size a file is judged by its ends: reading it whole would cost a start more than the repair.
_WHOLE_CHECK_BYTES = 1 << 18
_LAST_LINE_BYTES = 1 << 16

Item = TypeVar("Item", bound=tuple[object, ...])


@dataclass(frozen=True, slots=True)
class CompactionSettings:
    """How often a file log is folded and how long the files folded are kept; Spark's defaults.

    `interval` in batches, used while the log has no compacted file yet; `cleanup_delay_ms` is the least
    age of a file that is removed; at least `min_batches_to_retain` batches are kept.
    """

    interval: int = 10
    cleanup_delay_ms: int = 600_000
    delete_expired: bool = True
    min_batches_to_retain: int = 100

    def __post_init__(self) -> None:
        """Raises ValueError for an interval that is not positive."""
        if self.interval < 1:
            raise ValueError(f"the compact interval is positive, not {self.interval}")


def is_compaction_batch(batch_id: int, interval: int) -> bool:
    """Whether a batch's file holds all batches before it as well: 9, 19, 29 with an interval of 10."""
    return (batch_id + 1) % interval == 0


def valid_batches(batch_id: int, interval: int) -> range:
    """The batches whose files together hold everything up to `batch_id` (inclusive)."""
    return range(max(0, (batch_id + 1) // interval * interval - 1), batch_id + 1)


def next_compaction_batch(batch_id: int, interval: int) -> int:
    """The first compaction after `batch_id`."""
    return (batch_id + interval + 1) // interval * interval - 1


def derive_interval(default: int, compacted: Sequence[int]) -> int:
    """The interval that fits the compacted files there are (batch ids, in any order).

    With one file it is the least divisor of its id plus one that is not below the default, where there is
    one below half of it, else the whole. Source of fact: CompactibleFileStreamLog.deriveCompactInterval.
    """
    newest = sorted(compacted)[-2:]
    if not newest:
        return default
    if len(newest) > 1:
        return newest[1] - newest[0]
    length = newest[0] + 1
    if length > default and default < length // 2:
        return next((size for size in range(default, length // 2 + 1) if length % size == 0), length)
    return length


class CompactibleLog(MetadataLog[Sequence[Item]], Generic[Item]):
    """A log whose entries are lists of files, one line each.

    `all_files` is everything ever added, but for what `retains` lets go. A compaction copies the lines of the
    files before it as they are. Source of fact: CompactibleFileStreamLog.
    """

    def __init__(
        self,
        path: str,
        fs: FileSystem,
        *,
        durable: bool = True,
        settings: CompactionSettings | None = None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        super().__init__(path, fs, durable=durable)
        self.settings = settings or CompactionSettings()
        self.clock_ms = clock_ms
        self._interval: int | None = None
        self._modified_ms: deque[tuple[int, int]] = deque()

    @abstractmethod
    def encode_item(self, item: Item) -> str:
        """One line, without a newline."""

    @abstractmethod
    def decode_items(self, body: bytes) -> list[Item]:
        """The items of all lines. ValueError for torn content."""

    def retains(self, item: Item, now_ms: int) -> bool:  # noqa: ARG002
        """Whether an item is still to be kept."""
        return True

    @property
    def retains_all(self) -> bool:
        """Whether `retains` is always true, so that lines can be copied unread."""
        return True

    @property
    def interval(self) -> int:
        """The number of batches from one compaction to the next; fixed once it is known."""
        if self._interval is None:
            self.list_batch_ids()
        if self._interval is None:
            raise AssertionError
        return self._interval

    def encode(self, entry: Sequence[Item]) -> bytes:
        """See MetadataLog."""
        return b"".join([_HEADER, self._encode_lines(entry)])

    def decode(self, content: bytes) -> Sequence[Item]:
        """See MetadataLog."""
        _, body = split_version(content, VERSION)
        if not body and content.endswith(b"\n"):
            # A line break stands before a line, never behind the last one.
            raise ValueError(INCOMPLETE)
        return self.decode_items(body) if body else []

    def add(self, batch_id: int, entry: Sequence[Item]) -> None:
        """Write the files of a batch. Raises what `concurrent_update` gives if the batch has an entry."""
        if is_compaction_batch(batch_id, self.interval):
            self._write_parts(batch_id, self._compacted(batch_id, entry))
        else:
            self._write(batch_id, self.encode(entry))
        if self.settings.delete_expired:
            self._delete_expired(batch_id)

    def all_files(self) -> list[Item]:
        """Every item up to the newest batch, in the order of adding.

        Raises Spark's error when a file is missing: entries 0..N-1 are not whole then.
        """
        now_ms = self.clock_ms()
        latest = self._newest_on_disk()
        while latest >= 0:
            items: list[Item] = []
            for batch_id in valid_batches(latest, self.interval):
                entry = self.get(batch_id)
                if entry is None:
                    # A writer may have folded and removed what is being read here: then a newer compaction exists.
                    newest = self._newest_on_disk()
                    if newest < next_compaction_batch(latest, self.interval):
                        path = self.file_path(batch_id)
                        raise missing(
                            path,
                            f"{display_path(path)} doesn't exist"
                            f" (latestId: {latest}, compactInterval: {self.interval})",
                        )
                    latest = newest
                    break
                items.extend(entry)
            else:
                return items if self.retains_all else [item for item in items if self.retains(item, now_ms)]
        return []

    def missing_batches(self) -> list[int]:
        """The batch ids whose files `all_files` would need and miss; costs one listing."""
        ids = self.list_batch_ids()
        return sorted(set(valid_batches(ids[-1], self.interval)).difference(ids)) if ids else []

    def purge(self, threshold: int) -> None:  # noqa: ARG002
        """Not possible: compactions need the files, and remove them by themselves."""
        raise SparkError("_LEGACY_ERROR_TEMP_2260")

    def is_whole(self, batch_id: int) -> bool:
        """See MetadataLog; of a large file only the first and the last line are read."""
        path = self.file_path(batch_id)
        try:
            tail = self.fs.read_bytes(path, -_WHOLE_CHECK_BYTES)
            if len(tail) < _WHOLE_CHECK_BYTES:
                self.decode(tail)
            else:
                last = tail[-_LAST_LINE_BYTES:].rpartition(b"\n")[2]
                self.decode(_HEADER + b"\n" + last)
                if b"\0" in tail:
                    return False
        except (FileNotFoundError, ValueError):
            return False
        return True

    def file_name(self, batch_id: int) -> str:
        """See MetadataLog."""
        suffix = COMPACT_SUFFIX if is_compaction_batch(batch_id, self.interval) else ""
        return f"{batch_id}{suffix}"

    def batch_id_of(self, name: str) -> int | None:
        """See MetadataLog."""
        return super().batch_id_of(name.removesuffix(COMPACT_SUFFIX))

    def list_batch_ids(self) -> list[int]:
        """See MetadataLog; the first listing also fixes the interval."""
        if self._interval is None:
            names = [status.name for status in self.fs.list(self.path)]
            compacted = [self.batch_id_of(name) for name in names if name.endswith(COMPACT_SUFFIX)]
            self._interval = derive_interval(self.settings.interval, [i for i in compacted if i is not None])
        return super().list_batch_ids()

    def _newest_on_disk(self) -> int:
        ids = self.list_batch_ids()
        return ids[-1] if ids else -1

    def _encode_lines(self, entry: Iterable[Item]) -> bytes:
        return "".join(["\n" + self.encode_item(item) for item in entry]).encode("utf-8")

    def _compacted(self, batch_id: int, entry: Sequence[Item]) -> Iterator[bytes | Extent]:
        now_ms = self.clock_ms()
        yield _HEADER
        for earlier in range(max(0, batch_id - self.interval), batch_id):
            path = self.file_path(earlier)
            if not self.fs.exists(path):
                raise missing(
                    path,
                    f"{display_path(path)} doesn't exist when compacting batch {batch_id}"
                    f" (compactInterval: {self.interval})",
                )
            if not self.is_whole(earlier):
                raise damaged(path, INCOMPLETE)
            if self.retains_all and not self.fs.read_bytes(path, -1).isspace():
                yield Extent(path, len(_HEADER))
            else:
                kept = [item for item in self.get(earlier) or () if self.retains(item, now_ms)]
                yield self._encode_lines(kept)
        yield self._encode_lines([item for item in entry if self.retains(item, now_ms)])

    def _write_parts(self, batch_id: int, parts: Iterable[bytes | Extent]) -> None:
        self._make_directory()
        try:
            self.fs.write_new(self.file_path(batch_id), parts, durable=self.durable)
        except FileExistsError as error:
            raise self._taken(batch_id) from error
        self._remember(batch_id)

    def _remember(self, batch_id: int) -> None:
        super()._remember(batch_id)
        self._modified_ms.append((batch_id, self.clock_ms()))

    def _listed(self, modified_ms: dict[int, int]) -> None:
        self._modified_ms = deque(sorted(modified_ms.items()))

    def _delete_expired(self, batch_id: int) -> None:
        oldest_wanted = batch_id + 1 - self.settings.min_batches_to_retain
        if self.interval > oldest_wanted:
            return
        oldest_compaction = oldest_wanted - oldest_wanted % self.interval - 1
        expired_ms = self.clock_ms() - self.settings.cleanup_delay_ms
        ids = self._known_ids()
        while self._modified_ms and self._modified_ms[0][0] < oldest_compaction:
            expired, modified_ms = self._modified_ms[0]
            if modified_ms > expired_ms:
                return
            self.fs.remove(self.file_path(expired))
            self._modified_ms.popleft()
            if ids and ids[0] == expired:
                del ids[0]


def decode_json_lines(body: bytes) -> list[dict[str, object]]:
    """The objects of all lines. ValueError for anything else."""
    documents = [json.loads(line) for line in body.decode("utf-8").split("\n") if line.strip()]
    if not all(isinstance(document, dict) for document in documents):
        raise ValueError("a line is not a JSON object")
    return documents
