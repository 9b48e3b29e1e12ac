"""What is read back from the state of the recorded checkpoints: `statestore` and `state-metadata`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from stateful.values import canonical, error_of

STORES = (
    "left-keyToNumValues",
    "right-keyToNumValues",
    "left-keyWithIndexToValue",
    "right-keyWithIndexToValue",
)
CHECKPOINTS = (
    "aggregation/basic_update_3",
    "dedup/within_key_append",
    "joins/range_left_restarts",
    "pandas_state/counts_restarts",
    "sessions/fixed_append",
    "windows/tumbling_append_3",
    "windows/two_windows_append",
)
ALWAYS: dict[str, dict[str, str]] = {
    "plain": {},
    "batch 0": {"batchId": "0"},
    "batch 1": {"batchId": "1"},
    "batch that is not there": {"batchId": "99"},
    "negative batch": {"batchId": "-1"},
    "batch in words": {"batchId": "two"},
    "operator 1": {"operatorId": "1"},
    "operator that is not there": {"operatorId": "9"},
    "store that is not there": {"storeName": "nothing"},
    "left": {"joinSide": "left"},
    "right": {"joinSide": "right"},
    "side that is not there": {"joinSide": "middle"},
    "left of batch 0": {"joinSide": "left", "batchId": "0"},
    "changes": {"readChangeFeed": "true", "changeStartBatchId": "0"},
    "changes of batch 1": {"readChangeFeed": "true", "changeStartBatchId": "1", "changeEndBatchId": "1"},
    "changes backwards": {"readChangeFeed": "true", "changeStartBatchId": "1", "changeEndBatchId": "0"},
    "changes without start": {"readChangeFeed": "true"},
    "from snapshot": {"snapshotStartBatchId": "0", "snapshotPartitionId": "0"},
    "timers": {"readRegisteredTimers": "true"},
    "no timers": {"readRegisteredTimers": "false"},
    "timers in words": {"readRegisteredTimers": "maybe"},
    "variable": {"stateVarName": "counter"},
    "variable and store": {"stateVarName": "counter", "storeName": "default"},
    "variable and timers": {"stateVarName": "counter", "readRegisteredTimers": "true"},
    "variable and side": {"stateVarName": "counter", "joinSide": "left"},
    "timers and side": {"readRegisteredTimers": "true", "joinSide": "left"},
    "empty variable": {"stateVarName": " "},
    "flattened": {"flattenCollectionTypes": "true"},
    "not flattened": {"flattenCollectionTypes": "false"},
    "flattened in words": {"flattenCollectionTypes": "maybe"},
    "empty store": {"storeName": " "},
    "negative operator": {"operatorId": "-1"},
    "operator in words": {"operatorId": "one"},
    "end of changes without changes": {"changeEndBatchId": "1"},
    "start of changes without changes": {"changeStartBatchId": "1"},
    "changes in words": {"readChangeFeed": "maybe"},
    "changes of a batch": {"readChangeFeed": "true", "changeStartBatchId": "0", "batchId": "1"},
    "changes from a negative batch": {"readChangeFeed": "true", "changeStartBatchId": "-1"},
    "changes to no batch": {"readChangeFeed": "true", "changeStartBatchId": "0", "changeEndBatchId": "99"},
    "changes from no batch": {"readChangeFeed": "true", "changeStartBatchId": "98", "changeEndBatchId": "99"},
    "changes of a side": {"readChangeFeed": "true", "changeStartBatchId": "0", "joinSide": "left"},
    "changes and snapshot": {
        "readChangeFeed": "true",
        "changeStartBatchId": "0",
        "snapshotStartBatchId": "0",
    },
    "changes and partition": {
        "readChangeFeed": "true",
        "changeStartBatchId": "0",
        "snapshotPartitionId": "0",
    },
    "snapshot without partition": {"snapshotStartBatchId": "0"},
    "partition without snapshot": {"snapshotPartitionId": "0"},
    "negative snapshot": {"snapshotStartBatchId": "-1", "snapshotPartitionId": "0"},
    "negative partition": {"snapshotStartBatchId": "0", "snapshotPartitionId": "-1"},
    "partition that is not there": {"snapshotStartBatchId": "0", "snapshotPartitionId": "9"},
    "snapshot after the batch": {"snapshotStartBatchId": "1", "snapshotPartitionId": "0", "batchId": "0"},
    "snapshot that is not there": {"snapshotStartBatchId": "98", "snapshotPartitionId": "0", "batchId": "99"},
    "side and store": {"joinSide": "left", "storeName": "left-keyToNumValues"},
    **{f"store {store}": {"storeName": store} for store in STORES},
}


def read(spark: SparkSession, root: Path) -> dict[str, Any]:
    """All reads of a checkpoint below a directory: schema and rows, or the error."""
    told = {name: _read(spark, root, "statestore", options) for name, options in ALWAYS.items()}
    told["metadata"] = _read(spark, root, "state-metadata", {})
    told["metadata with hidden columns"] = _read(spark, root, "state-metadata", {}, "*", "_numColsPrefixKey")
    return told


def _read(
    spark: SparkSession, root: Path, source: str, options: dict[str, str], *columns: str
) -> dict[str, Any]:
    try:
        frame = spark.read.format(source).options(**options).load(str(root / "checkpoint"))
        if columns:
            frame = frame.select(*columns)
        found = [[canonical(value) for value in row] for row in frame.collect()]
        found.sort(key=lambda row: json.dumps(row, sort_keys=True))
        return {"schema": frame.schema.jsonValue(), "rows": found}
    except Exception as error:  # noqa: BLE001 - it is what is asked for
        return {"error": error_of(error, str(root))}
