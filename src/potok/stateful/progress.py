"""What a stateful operator reports about a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class StateOperatorProgress:
    """One stateful operator in one batch; times in milliseconds."""

    operator_name: str
    num_rows_total: int = 0
    num_rows_updated: int = 0
    all_updates_time_ms: int = 0
    num_rows_removed: int = 0
    all_removals_time_ms: int = 0
    commit_time_ms: int = 0
    memory_used_bytes: int = 0
    num_rows_dropped_by_watermark: int = 0
    num_shuffle_partitions: int = 1
    num_state_store_instances: int = 1
    custom_metrics: Mapping[str, int] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Spark's JSON object."""
        return {
            "operatorName": self.operator_name,
            "numRowsTotal": self.num_rows_total,
            "numRowsUpdated": self.num_rows_updated,
            "allUpdatesTimeMs": self.all_updates_time_ms,
            "numRowsRemoved": self.num_rows_removed,
            "allRemovalsTimeMs": self.all_removals_time_ms,
            "commitTimeMs": self.commit_time_ms,
            "memoryUsedBytes": self.memory_used_bytes,
            "numRowsDroppedByWatermark": self.num_rows_dropped_by_watermark,
            "numShufflePartitions": self.num_shuffle_partitions,
            "numStateStoreInstances": self.num_state_store_instances,
            "customMetrics": dict(sorted(self.custom_metrics.items())),
        }
