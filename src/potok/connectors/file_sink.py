# ruff: noqa: PTH118 - paths are texts here: a source sees millions of them
"""The streaming file sink. Source of facts: FileStreamSink, ManifestFileCommitProtocol.

Order of a batch: files under hidden names, synced, renamed; leftovers of a crashed try removed; then the
sink log, which makes them count. The unique part of a name is derived from query, batch and file
number, so that a replay replaces what a crashed try left, for readers that know no sink log.
"""

from __future__ import annotations

import logging
import os
import re
import uuid

from potok.checkpoint.compactible import CompactionSettings
from potok.checkpoint.file_sink_log import FOREVER_MS, FileSinkLog, added_file
from potok.checkpoint.layout import sink_log_path
from potok.connectors.base import Rows, SinkContext
from potok.connectors.file_format import FileFormat, FormatContext
from potok.connectors.file_writer import FilesWriter, WriteLayout, layout_of, partition_ordinals
from potok.connectors.options import duration_ms
from potok.connectors.paths import local_path
from potok.errors import SparkError
from potok.plan.commands import WriteStream
from potok.plan.logical import LogicalPlan
from potok.types import StructType

_log = logging.getLogger(__name__)
_PART = re.compile(r"\.?part-\d{5}-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})[-.]c\d+")


class FileSink:
    """Implements base.Sink over one output directory. It takes each batch id once."""

    def __init__(
        self, file_format: FileFormat, write: WriteStream, schema: StructType, context: SinkContext
    ) -> None:
        path = write.path or write.options.get("path")
        if path is None:
            raise SparkError("_LEGACY_ERROR_TEMP_2047")
        self._format = file_format
        self._write = write
        self._schema = schema
        self._context = context
        self._formats = FormatContext(context.conf)
        self._root = local_path(path, context.working_directory)
        partition_ordinals(schema, write.partition_by, self._formats)
        retention = write.options.get("retention")
        self._log = FileSinkLog(
            sink_log_path(self._root),
            context.file_system,
            durable=context.durable,
            settings=_compaction(self._formats),
            retention_ms=FOREVER_MS if retention is None else duration_ms(retention),
            clock_ms=context.now_ms,
        )
        self._query = uuid.UUID(context.query_id)
        self._layout: WriteLayout | None = None
        self._latest: int | None = None
        self._replayed_batch_id: int | None = None
        self._directory_made = False

    @property
    def description(self) -> str:
        """See Sink."""
        return f"FileSink[file:{self._root}]"

    def begin(self, next_batch_id: int, *, is_replay: bool) -> None:
        """See Sink.

        The sink log has to end with the batch before the next one, or with the next one where that was
        begun before. Spark goes on in every case, and silently loses batches.
        """
        latest = self._log.latest_batch_id()
        self._latest = latest
        self._replayed_batch_id = next_batch_id if is_replay else None
        expected = next_batch_id - 1
        if latest is not None and latest > (next_batch_id if is_replay else expected):
            raise SparkError(
                "STREAMING_FILE_SINK_MISMATCH.CHECKPOINT_LOST",
                path=f"file:{self._root}",
                latestBatchId=latest,
                batchId=next_batch_id,
            )
        if (-1 if latest is None else latest) < expected:
            raise SparkError(
                "STREAMING_FILE_SINK_MISMATCH.OUTPUT_LOST",
                path=f"file:{self._root}",
                latestBatchId="none" if latest is None else latest,
                batchId=next_batch_id,
            )

    def prepare_plan(self, plan: LogicalPlan) -> LogicalPlan:
        """See Sink."""
        return plan

    def add_batch(self, batch_id: int, rows: Rows, output_mode: str) -> int:  # noqa: ARG002 - Sink
        """See Sink."""
        if self._latest is not None and batch_id <= self._latest:
            _log.info("Skipping already committed batch %d", batch_id)
            return -1
        if self._layout is None:
            self._layout = layout_of(
                self._format, self._schema, self._write.partition_by, self._write.options, self._formats
            )
        context = self._context
        if not self._directory_made:
            context.file_system.make_directories(self._root, durable=context.durable)
            self._directory_made = True
        writer = FilesWriter(
            self._root, self._layout, lambda number: self._unique(batch_id, number), durable=context.durable
        )
        written = writer.write_all(rows.to_reader())
        if self._replayed_batch_id == batch_id:
            self._remove_leftovers(batch_id, {f.path for f in written})
        self._log.add(batch_id, [added_file(f.path, f.size_bytes, f.modification_time_ms) for f in written])
        self._latest = batch_id
        return -1

    def stop(self) -> None:
        """See Sink."""

    def _unique(self, batch_id: int, number: int) -> str:
        return str(uuid.uuid5(self._query, f"{batch_id}/{number}"))

    def _remove_leftovers(self, batch_id: int, kept: set[str]) -> None:
        """Remove what an earlier try of the batch left under names that this one did not use."""
        found = {}
        for directory, _, names in os.walk(self._root):
            for name in names:
                match = _PART.match(name)
                path = os.path.join(directory, name)
                if match is not None and path not in kept:
                    found[path] = match[1]
        # A try numbers its files from 0, so that their numbers are below the number of files there are.
        tried = {self._unique(batch_id, number) for number in range(len(found) + len(kept))}
        for path, unique in found.items():
            if unique in tried:
                _log.warning("Removing %s, left by an earlier try of batch %d.", path, batch_id)
                self._context.file_system.remove(path, durable=self._context.durable)


def _compaction(context: FormatContext) -> CompactionSettings:
    prefix = "spark.sql.streaming.fileSink.log."
    conf = context.conf
    delay = conf(prefix + "cleanupDelay")
    return CompactionSettings(
        interval=int(conf(prefix + "compactInterval") or 10),
        cleanup_delay_ms=duration_ms(delay) if delay else 600_000,
        delete_expired=context.flag(prefix + "deletion", default=True),
        min_batches_to_retain=int(conf("spark.sql.streaming.minBatchesToRetain") or 100),
    )
