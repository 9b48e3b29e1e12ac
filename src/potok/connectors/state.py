"""`statestore` and `state-metadata`: the state of a streaming query as a table.

Source of facts: StateDataSource, StateMetadataSource and their readers; tests/stateful.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.layout import display_path
from potok.checkpoint.state.files import DEFAULT_STORE
from potok.checkpoint.state.operator_metadata import OperatorMetadata
from potok.checkpoint.state.reader import KEY_TO_ROWS, CheckpointState, StoredStore
from potok.connectors.base import ReadContext
from potok.connectors.paths import local_path
from potok.connectors.provider import BaseProvider
from potok.errors import SparkError, unsupported
from potok.plan.logical import LogicalPlan, Options, ScanRelation, UnresolvedDataSource, schema_attributes
from potok.types import INTEGER, LONG, STRING, StructField, StructType, arrow_schema, arrow_type

_SIDES = ("left", "right", "none")
_NOT_READ = ("stateVarName", "readRegisteredTimers", "flattenCollectionTypes")
METADATA_SCHEMA = StructType(
    (
        StructField("operatorId", LONG),
        StructField("operatorName", STRING),
        StructField("stateStoreName", STRING),
        StructField("numPartitions", INTEGER),
        StructField("minBatchId", LONG),
        StructField("maxBatchId", LONG),
        StructField("operatorProperties", STRING),
    )
)
_PREFIX_COLUMN = StructField("_numColsPrefixKey", INTEGER)


@dataclass(frozen=True)
class _Wanted:
    """What the options ask for. `changes` is the first and the last batch of a change feed."""

    root: str
    batch_id: int | None
    operator_id: int
    store_name: str
    side: str
    changes: tuple[int, int | None] | None
    snapshot: tuple[int, int] | None

    @classmethod
    def of(cls, source: UnresolvedDataSource, context: ReadContext) -> _Wanted:
        options = source.options
        path = source.paths[0] if source.paths else options.get("path")
        if path is None:
            raise SparkError("STDS_REQUIRED_OPTION_UNSPECIFIED", optionName="path")
        for name in _NOT_READ:
            if name in options:
                raise unsupported(
                    f"the option {name} of statestore", "Read the operator's stores by storeName."
                )
        operator_id = _number(options, "operatorId") or 0
        side = options.get("joinSide", "none").lower()
        if side not in _SIDES:
            raise SparkError(
                "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE",
                optionName="joinSide",
                message=f"Incorrect value of the option: '{options['joinSide']}'. Valid values are {','.join(_SIDES)}",
            )
        store_name = options.get("storeName", DEFAULT_STORE)
        if not store_name:
            raise SparkError("STDS_INVALID_OPTION_VALUE.IS_EMPTY", optionName="storeName")
        if side != "none" and store_name != DEFAULT_STORE:
            raise SparkError("STDS_CONFLICT_OPTIONS", options="['joinSide', 'storeName']")
        return cls(
            local_path(path, context.working_directory),
            _number(options, "batchId"),
            operator_id,
            store_name,
            side,
            _changes(options),
            _snapshot(options),
        )


def _number(options: Options, name: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    try:
        value = int(text)
    except ValueError:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.NUMBER_FORMAT", message=f'For input string: "{text}"'
        ) from None
    if value < 0:
        raise SparkError("STDS_INVALID_OPTION_VALUE.IS_NEGATIVE", optionName=name)
    return value


def _changes(options: Options) -> tuple[int, int | None] | None:
    start, end = _number(options, "changeStartBatchId"), _number(options, "changeEndBatchId")
    if options.get("readChangeFeed", "false").lower() != "true":
        for name, value in (("changeStartBatchId", start), ("changeEndBatchId", end)):
            if value is not None:
                raise SparkError(
                    "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE",
                    optionName=name,
                    message="Only specify this option when readChangeFeed is set to true.",
                )
        return None
    if start is None:
        raise SparkError("STDS_REQUIRED_OPTION_UNSPECIFIED", optionName="changeStartBatchId")
    if end is not None and end < start:
        raise SparkError(
            "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE",
            optionName="changeEndBatchId",
            message=f"changeEndBatchId cannot be smaller than changeStartBatchId. Please check the input to"
            f" changeEndBatchId, or if you are using its default value, make sure that changeStartBatchId is less than"
            f" {end}.",
        )
    return start, end


def _snapshot(options: Options) -> tuple[int, int] | None:
    start, partition = _number(options, "snapshotStartBatchId"), _number(options, "snapshotPartitionId")
    if (start is None) != (partition is None):
        missing = "snapshotStartBatchId" if start is None else "snapshotPartitionId"
        raise SparkError("STDS_REQUIRED_OPTION_UNSPECIFIED", optionName=missing)
    return None if start is None or partition is None else (start, partition)


class StateStoreProvider(BaseProvider):
    """`spark.read.format("statestore")`: columns key, value, partition_id; of a change feed batch_id and change_type first."""

    name = "statestore"

    def relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:
        """See Provider."""
        wanted = _Wanted.of(source, context)
        state = CheckpointState(wanted.root, LocalFileSystem())
        batch_id = wanted.batch_id
        if batch_id is None:
            batch_id = state.commits.latest_batch_id()
            if batch_id is None:
                raise SparkError(
                    "STDS_COMMITTED_BATCH_UNAVAILABLE", checkpointLocation=display_path(wanted.root)
                )
        partitions = state.partitions(batch_id)
        if partitions is None:
            raise SparkError(
                "STDS_OFFSET_LOG_UNAVAILABLE",
                batchId=str(batch_id),
                checkpointLocation=display_path(wanted.root),
            )
        scan = _StateScan(wanted, _stores(state, wanted, partitions), batch_id)
        return ScanRelation(scan, schema_attributes(scan.schema), "statestore")


def _stores(state: CheckpointState, wanted: _Wanted, partitions: int) -> tuple[StoredStore, ...]:
    """The store that is asked for; for a side of a join that of its rows."""
    name = wanted.store_name if wanted.side == "none" else f"{wanted.side}-{KEY_TO_ROWS}"
    for operator in state.operators():
        for info in operator.stores:
            if operator.operator_id == wanted.operator_id and info.store_name == name:
                return (state.store(operator, info, partitions),)
    raise SparkError(
        "STDS_FAILED_TO_READ_STATE_SCHEMA",
        sourceOptions=f"StateSourceOptions(checkpointLocation={display_path(wanted.root)},"
        f" operatorId={wanted.operator_id}, storeName={name}, joinSide={wanted.side})",
    )


class _StateScan:
    """A Scan over one store."""

    def __init__(self, wanted: _Wanted, stores: tuple[StoredStore, ...], batch_id: int) -> None:
        self._wanted = wanted
        (self._store,) = stores
        self._batch_id = batch_id
        keys, values = self._store.schema.key, self._store.schema.value
        if wanted.side != "none":
            # The index among the rows of a key, and whether a row has found a match, are the join's own.
            keys, values = StructType(keys.fields[:-1]), StructType(values.fields[:-1])
        self._keys, self._values = keys, values
        data = (StructField("key", keys), StructField("value", values), StructField("partition_id", INTEGER))
        change = (StructField("batch_id", LONG), StructField("change_type", STRING))
        self.schema = StructType(data if wanted.changes is None else (*change, *data))

    def input_files(self) -> list[str]:
        """See Scan."""
        return []

    def read(self, columns: Sequence[str]) -> pa.Table:
        """See Scan."""
        pieces = list(self._changes() if self._wanted.changes is not None else self._rows())
        table = pa.concat_tables([arrow_schema(self.schema).empty_table(), *pieces])
        return table.select(list(columns))

    def _rows(self) -> Iterator[pa.Table]:
        partitions: Sequence[int] = range(self._store.files.partitions)
        if self._wanted.snapshot is not None:
            partitions = [self._wanted.snapshot[1]]
        for partition in partitions:
            keys, values = self._store.columns(partition, self._batch_id + 1)
            yield self._table(keys, values, partition)

    def _changes(self) -> Iterator[pa.Table]:
        first, last = self._wanted.changes or (0, None)
        last = self._batch_id if last is None else last
        for batch_id in range(first, last + 1):
            for partition in range(self._store.files.partitions):
                keys, values, removals = self._store.changes(partition, batch_id + 1)
                places, at = [], 0
                for removed in removals:
                    places.append(None if removed else at)
                    at += not removed
                values = [column.take(pa.array(places, pa.int64())) for column in values]
                table = self._table(keys, values, partition, pa.array(removals, pa.bool_()))
                kinds = pa.array(["delete" if removed else "update" for removed in removals], pa.string())
                table = table.add_column(0, "change_type", kinds)
                yield table.add_column(0, "batch_id", pa.array([batch_id] * len(removals), pa.int64())).cast(
                    arrow_schema(self.schema)
                )

    def _table(
        self, keys: list[pa.Array], values: list[pa.Array], partition: int, missing: pa.Array | None = None
    ) -> pa.Table:
        size = len(keys[0]) if keys else len(values[0]) if values else 0
        key = _struct(keys[: len(self._keys.fields)], self._keys, None)
        value = _struct(values[: len(self._values.fields)], self._values, missing)
        number = pa.array([partition] * size, pa.int32())
        return pa.table({"key": key, "value": value, "partition_id": number})


def _struct(columns: list[pa.Array], schema: StructType, missing: pa.Array | None) -> pa.Array:
    target = arrow_type(schema)
    return pa.StructArray.from_arrays(columns, fields=list(target), mask=missing)


class StateMetadataProvider(BaseProvider):
    """`spark.read.format("state-metadata")`: a row for each state store of a checkpoint."""

    name = "state-metadata"

    def relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:
        """See Provider."""
        path = source.paths[0] if source.paths else source.options.get("path")
        if path is None:
            raise SparkError("STDS_REQUIRED_OPTION_UNSPECIFIED", optionName="path")
        scan = _MetadataScan(CheckpointState(local_path(path, context.working_directory), LocalFileSystem()))
        (hidden,) = schema_attributes(StructType((_PREFIX_COLUMN,)))
        return ScanRelation(scan, schema_attributes(METADATA_SCHEMA), "state-metadata", hidden)


@dataclass(frozen=True)
class _MetadataScan:
    """A Scan over the descriptions of operators."""

    state: CheckpointState
    schema: StructType = METADATA_SCHEMA

    def input_files(self) -> list[str]:
        """See Scan."""
        return []

    def read(self, columns: Sequence[str]) -> pa.Table:
        """See Scan."""
        batches = self.state.commits.list_batch_ids()
        rows = [
            self._row(operator, position, batches)
            for operator in self.state.operators()
            for position in range(len(operator.stores))
        ]
        schema = arrow_schema(StructType((*METADATA_SCHEMA.fields, _PREFIX_COLUMN)))
        return pa.Table.from_pylist(rows, schema=schema).select(list(columns))

    def _row(self, operator: OperatorMetadata, position: int, batches: list[int]) -> dict[str, object]:
        store = operator.stores[position]
        return {
            "operatorId": operator.operator_id,
            "operatorName": operator.operator_name,
            "stateStoreName": store.store_name,
            "numPartitions": store.num_partitions,
            "minBatchId": batches[0] if batches else -1,
            "maxBatchId": batches[-1] if batches else -1,
            "operatorProperties": "",
            "_numColsPrefixKey": store.num_cols_prefix_key,
        }
