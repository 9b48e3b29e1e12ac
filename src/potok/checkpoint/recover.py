"""Where a restarted query goes on, decided from what the logs hold.

A start calls `repair`, then `read_tails`, then `recover`, which is pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from potok.checkpoint.layout import COMMITS, OFFSETS, display_path
from potok.checkpoint.log import illegal_state, missing
from potok.checkpoint.repair import repair
from potok.errors import SparkError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from potok.checkpoint.commit_log import CommitLog, CommitMetadata
    from potok.checkpoint.offset_log import OffsetLog, OffsetSeq

__all__ = ["RecoveredState", "read_tails", "recover", "repair"]


@dataclass(frozen=True, slots=True)
class RecoveredState:
    """The state of a query between two batches.

    `batch_id` is the next batch to run. `start_offsets` is where each source stands (already read), in
    plan order, empty for a new query. `end_offsets` is None, or the range of a batch that was begun and is
    repeated exactly; then `batch_timestamp_ms` is the time it was first run at. `watermark_ms` is the
    watermark of `batch_id`, `previous_watermark_ms` that of the batch before it. `conf` is what the offset log holds, None for a new query. `source_ids` are the names
    of the sources, where they have any. `warnings` are Spark's.
    """

    batch_id: int = 0
    start_offsets: tuple[str | None, ...] = ()
    end_offsets: tuple[str | None, ...] | None = None
    watermark_ms: int = 0
    previous_watermark_ms: int = 0
    batch_timestamp_ms: int | None = None
    conf: Mapping[str, str] | None = None
    source_ids: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


Offsets = tuple[int, "OffsetSeq"]
Commit = tuple[int, "CommitMetadata"]


def read_tails(offset_log: OffsetLog, commit_log: CommitLog) -> tuple[list[Offsets], list[Commit]]:
    """What `recover` needs: the last two entries of the offset log and the last of the commit log."""
    latest = offset_log.latest()
    offsets = []
    if latest is not None:
        before = offset_log.get(latest[0] - 1) if latest[0] > 0 else None
        offsets = ([(latest[0] - 1, before)] if before is not None else []) + [latest]
    commit = commit_log.latest()
    return offsets, [commit] if commit is not None else []


def recover(offsets: Sequence[Offsets], commits: Sequence[Commit], location: str) -> RecoveredState:
    """The state that the tails of the two logs (ascending by batch id) describe; `location` names the checkpoint.

    The newest offsets are of a batch that has been committed, and then the next batch follows, or of one
    that has not, and then it is repeated. Differs from Spark in one case: a commit for which there are no
    offsets. Spark would repeat a batch that has happened; here it is an error.
    Source of fact: MicroBatchExecution.populateStartOffsets.
    """
    if not offsets:
        if commits:
            where = display_path(f"{location}/{COMMITS}")
            raise SparkError("STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY", checkpointLocation=where)
        return RecoveredState()
    latest_id, latest = offsets[-1]
    before = dict(offsets).get(latest_id - 1)
    if latest_id > 0 and before is None:
        raise missing(f"{location}/{OFFSETS}/{latest_id - 1}", f"batch {latest_id - 1} doesn't exist")
    nothing: tuple[str | None, ...] = (None,) * len(latest.offsets)
    start = nothing if before is None else before.offsets
    metadata = latest.metadata
    committed_id, commit = commits[-1] if commits else (-1, None)
    if committed_id > latest_id:
        raise illegal_state(
            f"The commit log has batch {committed_id}, the offset log ends with batch {latest_id}: what batch"
            f" {committed_id} has read is not known. Restore {display_path(location)}/{OFFSETS}/{committed_id}"
            " from a backup, or start with a new checkpoint and a new output directory."
        )
    if committed_id == latest_id and commit is not None:
        return RecoveredState(
            batch_id=latest_id + 1,
            start_offsets=_advanced(start, latest.offsets),
            watermark_ms=max(metadata.batch_watermark_ms, commit.next_batch_watermark_ms),
            previous_watermark_ms=metadata.batch_watermark_ms,
            conf=metadata.conf,
            source_ids=latest.source_ids,
        )
    warnings: tuple[str, ...] = ()
    if commits and committed_id < latest_id - 1:
        warnings = (
            (
                f"Batch completion log latest batch id is {committed_id}, which is not trailing batchid"
                f" {latest_id} by one"
            ),
        )
    return RecoveredState(
        batch_id=latest_id,
        start_offsets=start,
        end_offsets=latest.offsets,
        watermark_ms=metadata.batch_watermark_ms,
        previous_watermark_ms=before.metadata.batch_watermark_ms if before is not None else 0,
        batch_timestamp_ms=metadata.batch_timestamp_ms,
        conf=metadata.conf,
        source_ids=latest.source_ids,
        warnings=warnings,
    )


def _advanced(start: tuple[str | None, ...], end: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """`end`, and where a source has none, what it had before."""
    if len(start) != len(end):
        return end
    return tuple(old if new is None else new for old, new in zip(start, end, strict=True))
