"""`statestore` and `state-metadata`: the state of a streaming query as a table.

Source of facts: StateDataSource, StateMetadataSource and their readers; tests/stateful.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.layout import display_path, file_uri
from potok.checkpoint.state.files import DEFAULT_STORE
from potok.checkpoint.state.operator_metadata import OperatorMetadata
from potok.checkpoint.state.reader import KEY_TO_ROWS, CheckpointState, StoredStore
from potok.connectors.base import ReadContext
from potok.connectors.paths import local_path
from potok.connectors.provider import BaseProvider
from potok.errors import SparkError, unsupported
from potok.plan.logical import LogicalPlan, Options, ScanRelation, schema_attributes
from potok.plan.unresolved import UnresolvedDataSource
from potok.types import INTEGER, LONG, STRING, StructField, StructType, arrow_schema, arrow_type

_SIDES = ("left", "right", "none")
_VARIABLE, _TIMERS, _FLATTEN = "stateVarName", "readRegisteredTimers", "flattenCollectionTypes"
_TRANSFORM = "transformWithState"
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
_PREFIX_COLUMN = StructField(
    "_numColsPrefixKey",
    INTEGER,
    metadata='{"__metadata_col":"_numColsPrefixKey",'
    '"comment":"Number of columns in prefix key of the state store instance"}',
)


@dataclass(frozen=True)
class _Wanted:
    """What the options ask for: the state after a batch, or the changes of `first_batch_id` to it.

    `snapshot` is the batch whose snapshot is read first, and the only partition that is read.
    """

    root: str
    batch_id: int
    operator_id: int
    store_name: str
    side: str
    first_batch_id: int | None
    snapshot: tuple[int, int] | None
    flattens: bool = True

    @classmethod
    def of(cls, options: Options, root: str, state: CheckpointState) -> _Wanted:
        if _boolean(options, _TIMERS, default=False) and _VARIABLE in options:
            raise _conflict(_TIMERS, _VARIABLE)
        flattens = _boolean(options, _FLATTEN, default=True)
        operator_id = _number(options, "operatorId") or 0
        _check_sign("operatorId", operator_id)
        store_name = options.get("storeName", DEFAULT_STORE).strip()
        if not store_name:
            raise SparkError("STDS_INVALID_OPTION_VALUE.IS_EMPTY", optionName="storeName")
        side = options.get("joinSide", "none")
        if side not in _SIDES:
            raise _invalid("joinSide", f"Valid values are {','.join(_SIDES)}")
        if side != "none" and store_name != DEFAULT_STORE:
            raise _conflict("joinSide", "storeName")
        place = (operator_id, store_name, side)
        wanted = (_changes if _is_true(options, "readChangeFeed") else _rows)(options, root, state, place)
        for batch_id in {wanted.starts, wanted.batch_id}:
            if state.commits.get(batch_id) is None:
                raise _nothing_committed(root)
        return replace(wanted, flattens=flattens)

    @property
    def starts(self) -> int:
        """The first batch that is read."""
        if self.first_batch_id is not None:
            return self.first_batch_id
        return self.batch_id if self.snapshot is None else self.snapshot[0]

    def __str__(self) -> str:
        """As in Spark's messages."""
        text = (
            f"StateSourceOptions(checkpointLocation={file_uri(self.root)}, batchId={self.batch_id},"
            f" operatorId={self.operator_id}, storeName={self.store_name}, joinSide={self.side},"
            f" stateVarName=None, flattenCollectionTypes={str(self.flattens).lower()}"
        )
        if self.snapshot is not None:
            text += f", snapshotStartBatchId={self.snapshot[0]}, snapshotPartitionId={self.snapshot[1]}"
        if self.first_batch_id is not None:
            text += f", changeStartBatchId={self.first_batch_id}, changeEndBatchId={self.batch_id}"
        return text + ")"


_Place = tuple[int, str, str]


def _changes(options: Options, root: str, state: CheckpointState, place: _Place) -> _Wanted:
    if place[2] != "none":
        raise _conflict("joinSide", "readChangeFeed")
    for name in ("batchId", "snapshotStartBatchId", "snapshotPartitionId"):
        if _number(options, name) is not None:
            raise _conflict(name, "readChangeFeed")
    first, last = _number(options, "changeStartBatchId"), _number(options, "changeEndBatchId")
    if first is None:
        raise SparkError("STDS_REQUIRED_OPTION_UNSPECIFIED", optionName="changeStartBatchId")
    last = _last_committed(root, state) if last is None else last
    _check_sign("changeStartBatchId", first)
    if last < first:
        raise _invalid(
            "changeEndBatchId",
            "changeEndBatchId cannot be smaller than changeStartBatchId. Please check the input to changeEndBatchId,"
            " or if you are using its default value, make sure that changeStartBatchId is less than"
            f" {last}.",
        )
    return _Wanted(root, last, *place, first, None)


def _rows(options: Options, root: str, state: CheckpointState, place: _Place) -> _Wanted:
    for name in ("changeStartBatchId", "changeEndBatchId"):
        if _number(options, name) is not None:
            raise _invalid(name, "Only specify this option when readChangeFeed is set to true.")
    batch_id = _number(options, "batchId")
    batch_id = _last_committed(root, state) if batch_id is None else batch_id
    start, partition = _number(options, "snapshotStartBatchId"), _number(options, "snapshotPartitionId")
    _check_sign("batchId", batch_id)
    _check_sign("snapshotStartBatchId", start or 0)
    if start is not None and start > batch_id:
        raise _invalid("snapshotStartBatchId", f"value should be less than or equal to {batch_id}")
    _check_sign("snapshotPartitionId", partition or 0)
    if start is None and partition is None:
        return _Wanted(root, batch_id, *place, None, None)
    if start is None or partition is None:
        missing = "snapshotStartBatchId" if start is None else "snapshotPartitionId"
        raise SparkError("STDS_REQUIRED_OPTION_UNSPECIFIED", optionName=missing)
    return _Wanted(root, batch_id, *place, None, (start, partition))


def _number(options: Options, name: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise SparkError(
            "_LEGACY_ERROR_TEMP_JAVA.NUMBER_FORMAT", message=f'For input string: "{text}"'
        ) from None


def _is_true(options: Options, name: str) -> bool:
    text = str(options.get(name, "false"))
    if text.lower() not in {"true", "false"}:
        raise SparkError("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message=f'For input string: "{text}"')
    return text.lower() == "true"


def _boolean(options: Options, name: str, *, default: bool) -> bool:
    text = str(options.get(name, default)).lower()
    if text not in {"true", "false"}:
        raise _invalid(name, "Boolean value is expected")
    return text == "true"


def _check_sign(name: str, value: int) -> None:
    if value < 0:
        raise SparkError("STDS_INVALID_OPTION_VALUE.IS_NEGATIVE", optionName=name)


def _invalid(name: str, message: str) -> SparkError:
    return SparkError("STDS_INVALID_OPTION_VALUE.WITH_MESSAGE", optionName=name, message=message)


def _conflict(one: str, other: str) -> SparkError:
    return SparkError("STDS_CONFLICT_OPTIONS", options=f"['{one}', '{other}']")


def _nothing_committed(root: str) -> SparkError:
    return SparkError("STDS_COMMITTED_BATCH_UNAVAILABLE", checkpointLocation=file_uri(root))


def _last_committed(root: str, state: CheckpointState) -> int:
    batch_id = state.commits.latest_batch_id()
    if batch_id is None:
        raise _nothing_committed(root)
    return batch_id


class StateStoreProvider(BaseProvider):
    """`spark.read.format("statestore")`: columns key, value, partition_id; of a change feed batch_id and change_type first."""

    name = "statestore"

    def relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:
        """See Provider."""
        root = _root(source, context)
        state = CheckpointState(root, LocalFileSystem())
        wanted = _Wanted.of(source.options, root, state)
        partitions = state.partitions(wanted.batch_id)
        if partitions is None:
            raise SparkError(
                "STDS_OFFSET_LOG_UNAVAILABLE",
                batchId=str(wanted.batch_id),
                checkpointLocation=file_uri(wanted.root),
            )
        _check_variables(source.options, state, wanted.operator_id)
        scan = _StateScan(wanted, _store(state, wanted, partitions))
        return ScanRelation(scan, schema_attributes(scan.schema), "statestore")


def _root(source: UnresolvedDataSource, context: ReadContext) -> str:
    path = source.paths[0] if source.paths else source.options.get("path")
    if path is None:
        raise SparkError("STDS_REQUIRED_OPTION_UNSPECIFIED", optionName="path")
    return local_path(path, context.working_directory)


def _check_variables(options: Options, state: CheckpointState, operator_id: int) -> None:
    """Raises where variables or timers are asked for of an operator that has none, as Spark does, or here."""
    has_timers = _boolean(options, _TIMERS, default=False)
    if _VARIABLE not in options and not has_timers:
        return
    for operator in state.operators():
        if operator.operator_id != operator_id:
            continue
        if operator.operator_name.startswith(_TRANSFORM):
            name = _TIMERS if has_timers else _VARIABLE
            raise unsupported(
                f"the option {name} of statestore",
                "Read the store by storeName: variable-<name> for a variable, timers for the timers.",
            )
        if len(operator.stores) > 1:
            raise SparkError("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message="requirement failed")
        raise _only_with_variables(operator, timers=has_timers)


def _only_with_variables(operator: OperatorMetadata, *, timers: bool = False) -> SparkError:
    what = "readRegisteredTimers=true" if timers else "state variable names"
    return _invalid(
        _TIMERS if timers else _VARIABLE,
        f"Providing {what} is only supported with the transformWithState operator. Found"
        f" operator={operator.operator_name}. Please remove this option and re-run the query.",
    )


def _store(state: CheckpointState, wanted: _Wanted, partitions: int) -> StoredStore:
    """The store that is asked for; for a side of a join that of its rows."""
    name = wanted.store_name if wanted.side == "none" else f"{wanted.side}-{KEY_TO_ROWS}"
    for operator in state.operators():
        if operator.operator_id != wanted.operator_id:
            continue
        for info in operator.stores:
            if info.store_name == name:
                return state.store(operator, info, partitions)
        if wanted.store_name != DEFAULT_STORE and [s.store_name for s in operator.stores] == [DEFAULT_STORE]:
            # Spark takes the name for that of a state variable.
            raise _only_with_variables(operator)
    raise SparkError("STDS_FAILED_TO_READ_STATE_SCHEMA", sourceOptions=str(wanted))


class _StateScan:
    """A Scan over one store."""

    def __init__(self, wanted: _Wanted, store: StoredStore) -> None:
        self._wanted = wanted
        self._store = store
        keys, values = self._store.schema.key, self._store.schema.value
        if wanted.side != "none":
            # The index among the rows of a key, and whether a row has found a match, are the join's own.
            keys, values = StructType(keys.fields[:-1]), StructType(values.fields[:-1])
        self._keys, self._values = keys, values
        data = (StructField("key", keys), StructField("value", values), StructField("partition_id", INTEGER))
        change = (StructField("batch_id", LONG), StructField("change_type", STRING))
        self.schema = StructType(data if wanted.first_batch_id is None else (*change, *data))

    def input_files(self) -> list[str]:
        """See Scan."""
        return []

    def read(self, columns: Sequence[str]) -> pa.Table:
        """See Scan."""
        first = self._wanted.first_batch_id
        pieces = list(self._rows() if first is None else self._changes(first))
        table = pa.concat_tables([arrow_schema(self.schema).empty_table(), *pieces])
        return table.select(list(columns))

    def _rows(self) -> Iterator[pa.Table]:
        partitions: Sequence[int] = range(self._store.files.partitions)
        if self._wanted.snapshot is not None:
            start, partition = self._wanted.snapshot
            if partition >= self._store.files.partitions:
                raise SparkError(
                    "CANNOT_LOAD_STATE_STORE.SNAPSHOT_PARTITION_ID_NOT_FOUND",
                    snapshotPartitionId=partition,
                    operatorId=self._wanted.operator_id,
                    checkpointLocation=display_path(self._store.files.state_root),
                )
            if start + 1 not in self._store.files.versions(partition)["snapshot"]:
                raise SparkError("CANNOT_LOAD_STATE_STORE.UNCATEGORIZED", message=" ")
            partitions = [partition]
        for partition in partitions:
            keys, values = self._store.columns(partition, self._wanted.batch_id + 1)
            yield self._table(keys, values, partition)

    def _changes(self, first: int) -> Iterator[pa.Table]:
        for partition in range(self._store.files.partitions):
            for batch_id in range(first, self._wanted.batch_id + 1):
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
        key = _struct(keys[: len(self._keys.fields)], self._keys, None, size)
        value = _struct(values[: len(self._values.fields)], self._values, missing, size)
        number = pa.array([partition] * size, pa.int32())
        return pa.table({"key": key, "value": value, "partition_id": number})


def _struct(columns: list[pa.Array], schema: StructType, missing: pa.Array | None, size: int) -> pa.Array:
    target = arrow_type(schema)
    if not columns:
        return pa.array([{}] * size, target)
    return pa.StructArray.from_arrays(columns, fields=list(target), mask=missing)


class StateMetadataProvider(BaseProvider):
    """`spark.read.format("state-metadata")`: a row for each state store of a checkpoint."""

    name = "state-metadata"

    def relation(self, source: UnresolvedDataSource, context: ReadContext) -> LogicalPlan:
        """See Provider."""
        scan = _MetadataScan(CheckpointState(_root(source, context), LocalFileSystem()))
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
            "operatorProperties": None,
            "_numColsPrefixKey": store.num_cols_prefix_key,
        }
