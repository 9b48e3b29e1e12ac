# ruff: noqa: PTH113, PTH116, PTH119, PTH120 - paths are texts here: a source sees millions of them
"""The streaming file source. Source of facts: FileStreamSource, FileStreamOptions, SeenFilesMap."""

from __future__ import annotations

import heapq
import json
import logging
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from potok.checkpoint.compactible import CompactionSettings
from potok.checkpoint.file_source_log import FileEntry, FileSourceLog
from potok.checkpoint.layout import file_uri, path_from_uri
from potok.checkpoint.log import missing
from potok.connectors.base import ReadAll, ReadLimit, ReadMaxBytes, ReadMaxFiles, SourceContext
from potok.connectors.content_log import ContentLog
from potok.connectors.file_cleaner import FileCleaner
from potok.connectors.file_format import FileFormat, FormatContext
from potok.connectors.file_index import FoundFile, PartitionedFile
from potok.connectors.file_listing import FileListing
from potok.connectors.file_scan import FileScan, MissingFiles
from potok.connectors.file_source_options import PARTITION_COLUMNS, FileSourceOptions
from potok.connectors.options import duration_ms, illegal_argument
from potok.connectors.partitions import partition_texts, partition_value
from potok.connectors.paths import has_glob, local_path
from potok.functions.text_values import TextOptions
from potok.plan.logical import StreamingRelation
from potok.types import StructField, StructType

if TYPE_CHECKING:
    from potok.connectors.base import Scan

_log = logging.getLogger(__name__)


class SeenFiles:
    """The files that are not read again, by key, as long as they are not too old.

    A file older than the newest one seen by more than `max_age_ms` is never new, and is forgotten.
    """

    def __init__(self, max_age_ms: int | None) -> None:
        self._max_age_ms = max_age_ms
        self._timestamps: dict[str, int] = {}
        self._by_age: list[tuple[int, str]] = []
        self._latest_ms = 0
        self._oldest_new_ms = 0

    def __len__(self) -> int:
        """The number of files remembered."""
        return len(self._timestamps)

    def add(self, key: str, timestamp_ms: int) -> None:
        """Remember a file."""
        self._timestamps[key] = timestamp_ms
        if self._max_age_ms is not None:
            heapq.heappush(self._by_age, (timestamp_ms, key))
        self._latest_ms = max(self._latest_ms, timestamp_ms)

    def is_new(self, key: str, timestamp_ms: int) -> bool:
        """Whether a file is to be read."""
        return timestamp_ms >= self._oldest_new_ms and key not in self._timestamps

    def purge(self) -> None:
        """Forget what is too old by now."""
        if self._max_age_ms is None:
            return
        self._oldest_new_ms = self._latest_ms - self._max_age_ms
        while self._by_age and self._by_age[0][0] < self._oldest_new_ms:
            timestamp_ms, key = heapq.heappop(self._by_age)
            if self._timestamps.get(key) == timestamp_ms:
                del self._timestamps[key]


class FileStreamSource:
    """Implements base.Source over one path or pattern. An offset is `{"logOffset":n}`.

    A file is known by its path alone: copies and renamed files are read again, changed ones are not.
    With the option `fileIdentity` set to `content` (ours) it is known by its bytes as well: a copy of a
    file read before, under whatever name, is not read.
    """

    def __init__(self, file_format: FileFormat, relation: StreamingRelation, context: SourceContext) -> None:
        self._format = file_format
        self._context = context
        self._formats = FormatContext(context.conf)
        self._options = FileSourceOptions.of(relation.options)
        self._path = local_path(relation.paths[0], context.working_directory)
        self._is_glob = has_glob(self._path)
        self._schema = relation.source_schema
        self._partition_names = {n for n in relation.options.get(PARTITION_COLUMNS, "").split("/") if n}
        self._base_path = relation.options.get("basePath")
        self._reader_options = relation.options
        self._seen = SeenFiles(self._options.max_file_age_ms)
        self._log = FileSourceLog(
            context.log_directory,
            context.file_system,
            durable=context.durable,
            settings=_compaction(self._formats),
            clock_ms=context.now_ms,
        )
        self._cleaner = FileCleaner.of(self._options, self._path)
        self._content = (
            ContentLog(context.log_directory, durable=context.durable) if self._options.by_content else None
        )
        self._listing = FileListing(self._path, relation.options, self._formats, self._partition_names)
        self._unread: list[FoundFile] = []
        self._unread_paths: set[str] = set()
        self._sorted = True
        self._frozen = False
        self._newest: list[str] = []
        self._restore()

    def _restore(self) -> None:
        latest = self._log.latest_batch_id()
        self._offset = -1 if latest is None else latest
        if latest is not None:
            entries = self._log.all_files()
            for entry in entries:
                self._seen.add(self._key(entry.path_uri), entry.timestamp_ms)
            self._seen.purge()
            uris = [entry.path_uri for entry in entries if entry.batch_id == latest]
            self._newest = [path_from_uri(uri) for uri in uris if uri.startswith("file:")]
        if self._content is not None:
            for uri, timestamp_ms in self._content.load(self._offset):
                self._seen.add(self._key(uri), timestamp_ms)

    def _key(self, uri: str) -> str:
        return os.path.basename(uri) if self._options.file_name_only else uri

    # ---- Source -------------------------------------------------------------------------------------

    @property
    def description(self) -> str:
        """See Source."""
        return f"FileStreamSource[file:{self._path}]"

    @property
    def default_read_limit(self) -> ReadLimit:
        """See Source."""
        if self._options.max_files_per_trigger is not None:
            return ReadMaxFiles(self._options.max_files_per_trigger)
        if self._options.max_bytes_per_trigger is not None:
            return ReadMaxBytes(self._options.max_bytes_per_trigger)
        return ReadAll()

    def initial_offset(self) -> None:
        """See Source."""

    def latest_offset(self, start: str | None, limit: ReadLimit) -> str | None:
        """See Source. Raises where the log has lost what the checkpoint goes on from."""
        if start is not None and _log_offset(start) > self._offset:
            raise missing(
                self._log.file_path(_log_offset(start)), f"batch {_log_offset(start)} doesn't exist"
            )
        # The log may be that of another source: the program may have changed.
        self._check_base(self._newest)
        self._newest = []
        if not self._frozen:
            self._look()
        batch = self._take(limit)
        if batch:
            self._offset += 1
            uris = [file_uri(f.path) for f in batch]
            entries = [
                FileEntry(u, f.modification_time_ms, self._offset) for u, f in zip(uris, batch, strict=True)
            ]
            self._log.add(self._offset, entries)
            for entry in entries:
                self._seen.add(self._key(entry.path_uri), entry.timestamp_ms)
            self._seen.purge()
        return None if self._offset < 0 else _offset_text(self._offset)

    def report_latest_offset(self) -> None:
        """See Source."""

    def prepare_available_now(self) -> None:
        """See Source."""
        self._look(everything=True)
        self._frozen = True

    def commit(self, end: str) -> None:
        """See Source."""
        if self._cleaner is not None:
            for entry in self._log.batch(_log_offset(end)):
                self._cleaner.clean(path_from_uri(entry.path_uri))

    def wait_descriptor(self) -> int | None:
        """See Source."""
        return self._listing.descriptor

    def poll_interval_s(self) -> float:
        """See Source."""
        return self._listing.poll_interval_s()

    def stop(self) -> None:
        """See Source."""
        self._listing.close()
        if self._content is not None:
            self._content.close()

    def scan(self, start: str | None, end: str) -> Scan:
        """See Source. A file that is gone by now has no rows, as in Spark, but it is said."""
        if not self._is_glob and os.path.isfile(self._path):
            raise illegal_argument("Option 'basePath' must be a directory")
        after = -1 if start is None else _log_offset(start)
        found = []
        for entry in self._log.batches(after, _log_offset(end)):
            path = path_from_uri(entry.path_uri)
            try:
                status = os.stat(path)
            except FileNotFoundError:
                _log.warning("The input file %s is gone before its batch was read: its rows are lost.", path)
                continue
            found.append(FoundFile(path, status.st_size, status.st_mtime_ns // 1_000_000))
        return self._scan_of(found)

    # ---- which files --------------------------------------------------------------------------------

    def _look(self, *, everything: bool = False) -> None:
        is_new = self._seen.is_new
        for file in self._listing.look(everything=everything):
            if file.path not in self._unread_paths and is_new(
                self._key(file_uri(file.path)), file.modification_time_ms
            ):
                self._unread.append(file)
                self._unread_paths.add(file.path)
                self._sorted = False

    def _take(self, limit: ReadLimit) -> list[FoundFile]:
        if not self._unread:
            return []
        if not self._sorted:
            # Spark's order of time; files of the same time by path, whichever goes first.
            sign = -1 if self._options.latest_first else 1
            self._unread.sort(key=lambda f: (sign * f.modification_time_ms, f.path))
            self._sorted = True
        count = _count(self._unread, limit)
        batch, self._unread = self._unread[:count], self._unread[count:]
        self._unread_paths.difference_update(f.path for f in batch)
        # What was found long ago may be too old or, by name, known by now; only the newest batch decides.
        batch = [f for f in batch if self._seen.is_new(self._key(file_uri(f.path)), f.modification_time_ms)]
        if self._content is not None and batch:
            batch = self._content.keep_new(batch, self._offset + 1)
            for path, timestamp_ms in self._content.take_skipped():
                self._seen.add(self._key(file_uri(path)), timestamp_ms)
        if not batch and self._unread:
            return self._take(limit)
        return batch

    # ---- their rows ---------------------------------------------------------------------------------

    def _bases(self, path: str) -> list[str]:
        if self._base_path is not None:
            return [local_path(self._base_path)]
        return [os.path.dirname(path)] if self._is_glob else [self._path]

    def _check_base(self, paths: Iterable[str]) -> None:
        if self._is_glob:
            return
        for path in paths:
            if not path.startswith(self._bases(path)[0].rstrip("/") + "/"):
                raise illegal_argument(f"Wrong basePath {self._path} for the root path: file:{path}")

    def _scan_of(self, found: Sequence[FoundFile]) -> FileScan:
        self._check_base(file.path for file in found)
        names = {n.lower() for n in self._partition_names}
        partition_fields = [f for f in self._schema.fields if f.name.lower() in names]
        data_schema = StructType(tuple(f for f in self._schema.fields if f.name.lower() not in names))
        files = []
        for file in found:
            base = self._bases(file.path)
            values = self._partition_values(file, base, partition_fields)
            if values is None:
                _log.warning("The file %s lies beside partition directories: it is not read.", file.path)
                continue
            files.append(PartitionedFile(file, values))
        return FileScan(
            data_schema,
            StructType(tuple(partition_fields)),
            files,
            self._format.reader(data_schema, self._reader_options, self._formats),
            MissingFiles(
                ignore_missing=True, ignore_corrupt=self._options.ignore_corrupt_files(self._formats)
            ),
        )

    def _partition_values(
        self, file: FoundFile, bases: list[str], fields: list[StructField]
    ) -> tuple[object, ...] | None:
        if not fields:
            return ()
        texts, _ = partition_texts(os.path.dirname(file.path), bases)
        by_name = {name.lower(): text for name, text in texts or ()}
        if not by_name:
            return None
        options = TextOptions(time_zone=self._formats.time_zone)
        return tuple(
            partition_value(by_name[f.name.lower()], f.data_type, options)
            if f.name.lower() in by_name
            else None
            for f in fields
        )


def _count(files: list[FoundFile], limit: ReadLimit) -> int:
    if isinstance(limit, ReadMaxFiles):
        return limit.files
    if isinstance(limit, ReadMaxBytes):
        total = 0
        for i, file in enumerate(files):
            total += file.size_bytes
            if total > limit.size_bytes and i > 0:
                return i
    return len(files)


def _offset_text(offset: int) -> str:
    return f'{{"logOffset":{offset}}}'


def _log_offset(text: str) -> int:
    document = json.loads(text)
    return int(document["logOffset"] if isinstance(document, dict) else document)


def _compaction(context: FormatContext) -> CompactionSettings:
    prefix = "spark.sql.streaming.fileSource.log."
    conf = context.conf
    delay = conf(prefix + "cleanupDelay")
    return CompactionSettings(
        interval=int(conf(prefix + "compactInterval") or 10),
        cleanup_delay_ms=duration_ms(delay) if delay else 600_000,
        delete_expired=context.flag(prefix + "deletion", default=True),
        min_batches_to_retain=int(conf("spark.sql.streaming.minBatchesToRetain") or 100),
    )
