"""The commit log: which batches have happened."""

from __future__ import annotations

import json
from dataclasses import dataclass

from potok.checkpoint.log import MetadataLog, split_version
from potok.errors import unsupported

INCOMPLETE_COMMIT = "Incomplete log file in the offset commit log"
MAX_VERSION = 3


@dataclass(frozen=True, slots=True)
class CommitMetadata:
    """What a finished batch leaves to the next: its watermark, in ms since 1970 UTC, 0 without one."""

    next_batch_watermark_ms: int = 0


class CommitLog(MetadataLog[CommitMetadata]):
    """`commits/N`: batch N has happened, and its output is complete.

    Version 1 is written. Version 2 is read where it names no state files, which is what a stateless query
    leaves; with them it is refused, for the state they name cannot be found without the names.
    Version 3 names sinks and is refused.
    Source of fact: org.apache.spark.sql.execution.streaming.checkpointing.CommitLog.
    """

    def encode(self, entry: CommitMetadata) -> bytes:
        """See MetadataLog."""
        return b'v1\n{"nextBatchWatermarkMs":%d}' % entry.next_batch_watermark_ms

    def decode(self, content: bytes) -> CommitMetadata:
        """See MetadataLog. A file with a version and no second line means a watermark of 0, as in Spark."""
        version, rest = split_version(content, MAX_VERSION, empty_reason=INCOMPLETE_COMMIT)
        line = rest.partition(b"\n")[0]
        document = json.loads(line.decode("utf-8")) if line or b"\n" in content else {}
        if not isinstance(document, dict):
            raise ValueError(f"{line!r} is not a JSON object")  # noqa: TRY004
        watermark_ms = document.get("nextBatchWatermarkMs", 0)
        if not isinstance(watermark_ms, int):
            raise ValueError(f"{watermark_ms!r} is not a watermark")  # noqa: TRY004
        if version > 1 and (document.get("stateUniqueIds") or document.get("sinkMetadataMap")):
            raise unsupported(
                f"a checkpoint with commits of version {version} (state files or sinks with names of their own)",
                "Finish this query on Spark, or start a new checkpoint with"
                " spark.sql.streaming.stateStore.checkpointFormatVersion=1.",
            )
        return CommitMetadata(watermark_ms)
