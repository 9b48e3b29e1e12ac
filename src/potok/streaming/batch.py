"""The decisions of the loop: what the next batch reads, if there is one. No effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from potok.checkpoint.offset_log import OffsetSeq, OffsetSeqMetadata
from potok.checkpoint.recover import RecoveredState

# One entry for each streaming relation, in plan order; None where a source has nothing yet.
Offsets = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """One batch: what it reads, (start, end] of each relation, and what it is run with.

    `timestamp_ms` is what `current_timestamp` gives, `watermark_ms` what late means.
    `is_replay` tells that its range was in the offset log before this run.
    """

    batch_id: int
    start: Offsets
    end: Offsets
    watermark_ms: int
    timestamp_ms: int
    conf: Mapping[str, str]
    source_ids: tuple[str, ...] = ()
    is_replay: bool = False

    @property
    def has_new_data(self) -> bool:
        """Whether any source has moved."""
        return self.start != self.end

    def offset_seq(self) -> OffsetSeq:
        """As the offset log holds it."""
        metadata = OffsetSeqMetadata(self.watermark_ms, self.timestamp_ms, self.conf)
        return OffsetSeq(self.end, metadata, self.source_ids)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a query stands between two batches: the next batch id, and what has been committed."""

    batch_id: int
    committed: Offsets
    conf: Mapping[str, str]
    source_ids: tuple[str, ...] = ()
    replay: MicroBatch | None = field(default=None)

    def after(self, batch: MicroBatch) -> Position:
        """When the batch has been committed."""
        return replace(self, batch_id=batch.batch_id + 1, committed=batch.end, replay=None)


def start_position(recovered: RecoveredState, relation_count: int, conf: Mapping[str, str]) -> Position:
    """Where a run begins. Raises Spark's error when the query now has another number of sources.

    `conf` are the keys that the offset log keeps, the logged values first.
    """
    logged = recovered.start_offsets if recovered.end_offsets is None else recovered.end_offsets
    if recovered.conf is not None:
        OffsetSeq(logged).require_sources(relation_count)
    nothing: Offsets = (None,) * relation_count
    start = recovered.start_offsets or nothing
    replay = None
    if recovered.end_offsets is not None:
        replay = MicroBatch(
            recovered.batch_id,
            start,
            advanced(start, recovered.end_offsets),
            recovered.watermark_ms,
            recovered.batch_timestamp_ms or 0,
            conf,
            recovered.source_ids,
            is_replay=True,
        )
    return Position(recovered.batch_id, start, conf, recovered.source_ids, replay)


def advanced(start: Offsets, latest: Offsets) -> Offsets:
    """`latest`, and where a source reports nothing, what it had."""
    if len(start) != len(latest):
        return latest
    return tuple(old if new is None else new for old, new in zip(start, latest, strict=True))


def construct_next_batch(
    position: Position, latest: Offsets, *, watermark_ms: int, now_ms: int, another_batch_needed: bool
) -> MicroBatch | None:
    """The batch up to `latest`, or None where nothing is new and no operator needs a batch without data.

    Source of fact: MicroBatchExecution.constructNextBatch.
    """
    end = advanced(position.committed, latest)
    if end == position.committed and not another_batch_needed:
        return None
    return MicroBatch(
        position.batch_id, position.committed, end, watermark_ms, now_ms, position.conf, position.source_ids
    )


def purge_threshold(batch_id: int, batches_to_retain: int) -> int | None:
    """The first batch id to keep when `batch_id` has been planned; None when nothing can go yet."""
    return batch_id - batches_to_retain if batch_id > batches_to_retain else None
