"""What is read back of the state variables and timers of transformWithState, by the options of `statestore`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from stateful.values import canonical, error_of

FAMILY = "state_variables"
NAMES = ("one", "several", "map", "kept")
CHANGES = {"readChangeFeed": "true", "changeStartBatchId": "0"}
# Of checkpoints in which Spark keeps what has changed, and no snapshots.
OF_CHANGES = frozenset({"changes", "changes_of_timers"})
# Times of the day on which it was recorded, in ms.
RECENT_MS = range(1_760_000_000_000, 3_000_000_000_000)


def _variants(options: dict[str, str], name: str) -> dict[str, dict[str, str]]:
    return {
        name: options,
        f"{name}, not flattened": {**options, "flattenCollectionTypes": "false"},
        f"{name}, batch 0": {**options, "batchId": "0"},
        f"{name}, operator 1": {**options, "operatorId": "1"},
        f"{name}, changes": {**options, **CHANGES},
        f"{name}, changes of batch 1": {
            **options,
            **CHANGES,
            "changeStartBatchId": "1",
            "changeEndBatchId": "1",
        },
        f"{name}, changes, not flattened": {**options, **CHANGES, "flattenCollectionTypes": "false"},
    }


READS: dict[str, dict[str, str]] = {
    "plain": {},
    "plain, not flattened": {"flattenCollectionTypes": "false"},
    "plain, operator 1": {"operatorId": "1"},
    "plain, changes": CHANGES,
    **{key: value for name in NAMES for key, value in _variants({"stateVarName": name}, name).items()},
    **_variants({"readRegisteredTimers": "true"}, "timers"),
    "unknown": {"stateVarName": "unknown"},
    "unknown, changes": {"stateVarName": "unknown", **CHANGES},
    "other letters": {"stateVarName": "ONE"},
    "spaces": {"stateVarName": " one "},
    "empty": {"stateVarName": " "},
    "timers by name, clock": {"stateVarName": "$procTimers_keyToTimestamp"},
    "timers by name, events": {"stateVarName": "$eventTimers_keyToTimestamp"},
    "index by name": {"stateVarName": "$ttl_one"},
    "no timers": {"readRegisteredTimers": "false"},
    "no timers, one": {"readRegisteredTimers": "false", "stateVarName": "one"},
    "timers and one": {"readRegisteredTimers": "true", "stateVarName": "one"},
    "one in a store": {"stateVarName": "one", "storeName": "default"},
    "one in another store": {"stateVarName": "one", "storeName": "one"},
    "timers in another store": {"readRegisteredTimers": "true", "storeName": "timers"},
    "a store": {"storeName": "default"},
    "another store": {"storeName": "one"},
    "our own store": {"storeName": "variable-one"},
    "a side": {"joinSide": "left"},
    "one of a side": {"stateVarName": "one", "joinSide": "left"},
    "timers of a side": {"readRegisteredTimers": "true", "joinSide": "left"},
    "flattened in words": {"stateVarName": "map", "flattenCollectionTypes": "maybe"},
    "timers in words": {"readRegisteredTimers": "maybe"},
    "operator that is not there": {"stateVarName": "one", "operatorId": "9"},
    "timers of an operator that is not there": {"readRegisteredTimers": "true", "operatorId": "9"},
    "batch that is not there": {"stateVarName": "one", "batchId": "99"},
    "changes backwards": {
        "stateVarName": "one",
        **CHANGES,
        "changeStartBatchId": "1",
        "changeEndBatchId": "0",
    },
    "snapshot without partition": {"stateVarName": "one", "snapshotStartBatchId": "0"},
    "snapshot of a partition that is not there": {
        "stateVarName": "one",
        "snapshotStartBatchId": "0",
        "snapshotPartitionId": "9",
    },
}
METADATA = ("metadata", "metadata with hidden columns")


def read_variables(spark: SparkSession, root: Path) -> dict[str, Any]:
    """All reads of a checkpoint below a directory: schema and rows in their order, or the error."""
    told = {name: _read(spark, root, "statestore", options) for name, options in READS.items()}
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
        found = [[_timeless(canonical(value)) for value in row] for row in frame.collect()]
        return {"schema": frame.schema.jsonValue(), "rows": found}
    except Exception as error:  # noqa: BLE001 - it is what is asked for
        return {"error": error_of(error, str(root))}


def _timeless(value: Any) -> Any:
    """Without times that differ from run to run."""
    if isinstance(value, dict):
        return {name: _timeless(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_timeless(part) for part in value]
    return "a time" if isinstance(value, int) and value in RECENT_MS else value


def dumped(told: dict[str, Any]) -> str:
    """One read a line, for people who look at differences."""
    texts = []
    for name, reads in sorted(told.items()):
        lines = (f"  {json.dumps(one)}: {json.dumps(reads[one], ensure_ascii=False)}" for one in reads)
        texts.append(f" {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(texts) + "\n}\n"
