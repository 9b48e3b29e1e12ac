"""The offset log: what each batch reads."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from potok.checkpoint.log import MetadataLog, split_version
from potok.errors import SparkError, unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_VERSION = 2
NO_OFFSET = "-"
SHUFFLE_PARTITIONS = "spark.sql.shuffle.partitions"
STATE_STORE_PROVIDER = "spark.sql.streaming.stateStore.providerClass"
# The provider in the log of a query whose state is in files of ours that Spark cannot read: Spark looks for this class,
# does not find it, and says so.
FOREIGN_PROVIDER = "potok.StateOfTransformWithStateInPotoksOwnFormat.ResumeThisCheckpointWithPotok"

# In the order in which Spark 4.3 writes them (that of a hash map), with our defaults: Spark's own but
# for the number of shuffle partitions, which costs Spark a state file per partition and batch.
CONF_DEFAULTS: Mapping[str, str] = {
    STATE_STORE_PROVIDER: ("org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider"),
    "spark.sql.dropDuplicates.deterministicKeyOrder.enabled": "true",
    "spark.sql.streaming.stateStore.rocksdb.mergeOperatorVersion": "2",
    "spark.sql.streaming.stateStore.rocksdb.formatVersion": "5",
    "spark.sql.streaming.queryEvolution.enableSourceEvolution": "false",
    "spark.sql.streaming.stateStore.encodingFormat": "unsaferow",
    "spark.sql.streaming.statefulOperator.useStrictDistribution": "true",
    "spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion": "2",
    "spark.sql.streaming.multipleWatermarkPolicy": "min",
    "spark.sql.streaming.stateStore.rowChecksum.enabled": "false",
    "spark.sql.streaming.statefulOperator.alwaysNullableOutput.enabled": "true",
    "spark.sql.streaming.aggregation.stateFormatVersion": "2",
    "spark.sql.function.protobufExtensions.enabled": "false",
    SHUFFLE_PARTITIONS: "1",
    "spark.sql.streaming.join.stateFormatVersion": "2",
    "spark.sql.streaming.stateStore.compression.codec": "lz4",
    "spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan": "false",
}

# What a checkpoint means that was written before the key existed.
LEGACY_CONF: Mapping[str, str] = {
    "spark.sql.dropDuplicates.deterministicKeyOrder.enabled": "false",
    "spark.sql.streaming.stateStore.rocksdb.mergeOperatorVersion": "1",
    "spark.sql.streaming.queryEvolution.enableSourceEvolution": "false",
    "spark.sql.streaming.stateStore.encodingFormat": "unsaferow",
    "spark.sql.streaming.statefulOperator.useStrictDistribution": "false",
    "spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion": "1",
    "spark.sql.streaming.multipleWatermarkPolicy": "min",
    "spark.sql.streaming.stateStore.rowChecksum.enabled": "false",
    "spark.sql.streaming.statefulOperator.alwaysNullableOutput.enabled": "false",
    "spark.sql.streaming.aggregation.stateFormatVersion": "1",
    "spark.sql.function.protobufExtensions.enabled": "false",
    "spark.sql.streaming.join.stateFormatVersion": "1",
    "spark.sql.streaming.stateStore.compression.codec": "lz4",
    "spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan": "true",
}


def conf_for_offset_log(session_conf_get: Callable[[str], str | None]) -> dict[str, str]:
    """The conf of a new query's batches: the session's values, else the defaults, in Spark's order."""
    conf = {}
    for key, default in CONF_DEFAULTS.items():
        value = session_conf_get(key)
        conf[key] = default if value is None else value
    return conf


def conf_from_offset_log(logged: Mapping[str, str]) -> dict[str, str]:
    """What a restarted query sets in its session: the logged values, for missing keys the legacy ones.

    A key with neither keeps the session's value and is absent here.
    Source of fact: OffsetSeqMetadata.setSessionConf.
    """
    conf = {}
    for key in CONF_DEFAULTS:
        value = logged.get(key, LEGACY_CONF.get(key))
        if value is not None:
            conf[key] = value
    return conf


@dataclass(frozen=True, slots=True)
class OffsetSeqMetadata:
    """What a batch is run with: watermark and time of the batch in ms since 1970 UTC, and its conf."""

    batch_watermark_ms: int = 0
    batch_timestamp_ms: int = 0
    conf: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OffsetSeq:
    """Up to where a batch reads each source, in plan order (inclusive ends), as the sources' own JSON.

    None for a source that has nothing yet. `source_ids` is empty, or names the sources one by one:
    Spark then writes version 2 of the format.
    """

    offsets: tuple[str | None, ...]
    metadata: OffsetSeqMetadata = field(default_factory=OffsetSeqMetadata)
    source_ids: tuple[str, ...] = ()

    def require_sources(self, count: int) -> None:
        """Raises Spark's error when a restarted query has another number of sources."""
        if len(self.offsets) != count:
            raise SparkError(
                "_LEGACY_ERROR_TEMP_CHECKPOINT.ASSERTION",
                message=f"assertion failed: There are [{len(self.offsets)}] sources in the checkpoint offsets"
                f" and now there are [{count}] sources requested by the query. Cannot continue.",
            )


class OffsetLog(MetadataLog[OffsetSeq]):
    """`offsets/N`: the range of batch N is fixed; written before any of its rows is read.

    Source of fact: org.apache.spark.sql.execution.streaming.checkpointing.OffsetSeqLog.
    """

    def encode(self, entry: OffsetSeq) -> bytes:
        """See MetadataLog."""
        metadata = entry.metadata
        document = {
            "batchWatermarkMs": metadata.batch_watermark_ms,
            "batchTimestampMs": metadata.batch_timestamp_ms,
            "conf": dict(metadata.conf),
        }
        offsets = [NO_OFFSET if offset is None else offset for offset in entry.offsets]
        if any("\n" in offset for offset in offsets):
            raise ValueError("an offset is one line of JSON")
        if entry.source_ids:
            document["sourceMetadataInfo"] = {}
            offsets = [f"{name}:{offset}" for name, offset in zip(entry.source_ids, offsets, strict=True)]
        header = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return "\n".join(["v2" if entry.source_ids else "v1", header, *offsets]).encode("utf-8")

    def decode(self, content: bytes) -> OffsetSeq:
        """See MetadataLog. Refuses control batches, which Spark writes when it repartitions the state."""
        version, rest = split_version(content, MAX_VERSION)
        lines = rest.decode("utf-8").split("\n")
        header, offsets = lines[0].strip(), [line.rstrip("\r") for line in lines[1:]]
        if offsets and not offsets[-1]:
            offsets.pop()
        if not offsets:
            # Every streaming query has a source: the lines of the offsets are lost.
            raise ValueError("next on empty iterator")
        document = json.loads(header) if header else {}
        if not isinstance(document, dict):
            raise ValueError("the metadata is not a JSON object")  # noqa: TRY004
        if document.get("controlBatchInfo"):
            raise unsupported(
                "a checkpoint whose state is being repartitioned", "Let Spark finish the repartitioning."
            )
        source_ids: tuple[str, ...] = ()
        if version > 1:
            named = [line.partition(":") for line in offsets]
            if not all(separator for _, separator, _ in named):
                raise ValueError(f"Invalid OffsetMap format: {offsets}")
            source_ids = tuple(name for name, _, _ in named)
            offsets = [offset for _, _, offset in named]
        for offset in offsets:
            if offset != NO_OFFSET:
                json.loads(offset)
        metadata = OffsetSeqMetadata(
            int(document.get("batchWatermarkMs", 0)),
            int(document.get("batchTimestampMs", 0)),
            {str(key): str(value) for key, value in document.get("conf", {}).items()},
        )
        return OffsetSeq(
            tuple(None if offset == NO_OFFSET else offset for offset in offsets), metadata, source_ids
        )
