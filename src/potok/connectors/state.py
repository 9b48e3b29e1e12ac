"""`statestore` and `state-metadata`: the state of a streaming query as a table.

Source of facts: StateDataSource, StateMetadataSource and their readers; tests/stateful.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import pyarrow as pa

from potok.checkpoint.files import LocalFileSystem
from potok.checkpoint.layout import display_path, file_uri
from potok.checkpoint.state.files import DEFAULT_STORE
from potok.checkpoint.state.operator_metadata import OperatorMetadata, StateStoreInfo
from potok.checkpoint.state.reader import KEY_TO_NUMBERS, KEY_TO_ROWS, CheckpointState, StoredStore
from potok.checkpoint.state.schema import java_text
from potok.checkpoint.state.variables import (
    MAP,
    NO_TIME,
    OPERATOR_NAMES,
    TIMERS,
    TIMERS_STORE,
    store_name,
)
from potok.connectors.base import ReadContext
from potok.connectors.paths import local_path
from potok.connectors.provider import BaseProvider
from potok.connectors.state_variables import DELETE, UPDATE, VariableContent
from potok.errors import SparkError, unsupported
from potok.plan.logical import LogicalPlan, Options, ScanRelation, schema_attributes
from potok.plan.unresolved import UnresolvedDataSource
from potok.types import INTEGER, LONG, STRING, StructField, StructType, arrow_schema, arrow_type

_SIDES = ("left", "right", "none")
_VARIABLE, _TIMERS, _FLATTEN = "stateVarName", "readRegisteredTimers", "flattenCollectionTypes"
# Of operators whose variables are column families of one store.
_NO_PREFIX = -1
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
_PARTITION = StructField("partition_id", INTEGER)
_CHANGE = (StructField("batch_id", LONG), StructField("change_type", STRING))
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
    variable: str | None = None
    timers: bool = False
    flattens: bool = True

    @classmethod
    def of(cls, options: Options, root: str, state: CheckpointState) -> _Wanted:
        timers, variable = _boolean(options, _TIMERS, default=False), options.get(_VARIABLE)
        if timers and variable is not None:
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
        variable = variable if variable is None else variable.strip()
        return replace(wanted, variable=variable, timers=timers, flattens=flattens)

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
        scan = _StateScan(wanted, *_content(state, wanted, partitions))
        return ScanRelation(scan, schema_attributes(scan.schema), "statestore")


def _root(source: UnresolvedDataSource, context: ReadContext) -> str:
    path = source.paths[0] if source.paths else source.options.get("path")
    if path is None:
        raise SparkError("STDS_REQUIRED_OPTION_UNSPECIFIED", optionName="path")
    return local_path(path, context.working_directory)


class _Content(Protocol):
    """What a store holds as columns. `fields` are those before the partition."""

    @property
    def fields(self) -> tuple[StructField, ...]: ...

    def rows(self, partition: int, version: int) -> list[pa.Array]:
        """The columns at a version."""

    def changes(self, partition: int, version: int) -> tuple[list[pa.Array], list[str]]:
        """What the batch before a version has written, in its order, and of each change what it is."""


def _content(state: CheckpointState, wanted: _Wanted, partitions: int) -> tuple[StoredStore, _Content]:
    """The store that is asked for and how its rows are shown. Raises where options and operator do not fit, as Spark does."""
    found = [one for one in state.operators() if one.operator_id == wanted.operator_id]
    operator = found[0] if found else None
    is_transform = operator is not None and operator.operator_name in OPERATOR_NAMES
    if operator is not None and is_transform:
        return _variable(state, wanted, operator, partitions)
    if wanted.variable is not None or wanted.timers:
        if operator is None or len(operator.stores) > 1:
            raise SparkError("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message="requirement failed")
        raise _only_with_variables(operator, timers=wanted.timers)
    store = _store(state, wanted, operator, partitions)
    return store, _KeysAndValues(store, wanted.side != "none")


def _only_with_variables(operator: OperatorMetadata, *, timers: bool = False) -> SparkError:
    what = "readRegisteredTimers=true" if timers else "state variable names"
    return _invalid(
        _TIMERS if timers else _VARIABLE,
        f"Providing {what} is only supported with the transformWithState operator. Found"
        f" operator={operator.operator_name}. Please remove this option and re-run the query.",
    )


def _variable(
    state: CheckpointState, wanted: _Wanted, operator: OperatorMetadata, partitions: int
) -> tuple[StoredStore, VariableContent]:
    """A variable or the timers of transformWithState. The name of a store is taken for that of a variable."""
    described = state.variables(operator)
    name, begins = wanted.variable, 0
    if name is None and wanted.store_name != DEFAULT_STORE:
        name = wanted.store_name
    if wanted.timers:
        if described.settings["timeMode"] == NO_TIME:
            raise _invalid(_TIMERS, "Registered timers are not available in TimeMode=None.")
        kind, stored_as = TIMERS, TIMERS_STORE
    elif name is None:
        raise SparkError("STDS_REQUIRED_OPTION_UNSPECIFIED", optionName=_VARIABLE)
    elif name == described.timer_name:
        raise SparkError("STATE_STORE_CANNOT_CREATE_COLUMN_FAMILY_WITH_RESERVED_CHARS", colFamilyName=name)
    elif name not in (variables := described.at(wanted.batch_id)):
        raise _invalid(
            _VARIABLE, f"State variable {name} is not defined for the transformWithState operator."
        )
    else:
        kind, stored_as = variables[name].kind, store_name(name)
        begins = described.begins(name, wanted.batch_id)
    store = state.store(operator, StateStoreInfo(stored_as, 0, partitions), partitions)
    if wanted.side != "none":
        files = replace(store.files, store_name=f"{wanted.side}-{KEY_TO_NUMBERS}")
        path = display_path(files.delta(0, 1))
        raise SparkError("CANNOT_LOAD_STATE_STORE.CANNOT_READ_STREAMING_STATE_FILE", fileToRead=path)
    if wanted.first_batch_id is None:
        return store, VariableContent(store, kind, wanted.flattens, begins)
    content = VariableContent(store, kind, flattens=True, begins=begins)
    if kind == TIMERS:
        raise unsupported(
            "the change feed of timers", "Spark fails of it. Read the timers after each batch, with batchId."
        )
    if kind == MAP and not wanted.flattens:
        raise SparkError("STDS_INTERNAL_ERROR", message=_no_map_value(_change_schema(content)))
    return store, content


def _no_map_value(schema: StructType) -> str:
    return (
        "No such field named as 'map_value' during state source reader schema initialization. Internal exception"
        f" message: org.apache.spark.sql.AnalysisException: field map_value not found from given schema"
        f" {java_text(schema)}"
    )


def _change_schema(content: _Content) -> StructType:
    return StructType((*_CHANGE, *content.fields, _PARTITION))


def _store(
    state: CheckpointState, wanted: _Wanted, operator: OperatorMetadata | None, partitions: int
) -> StoredStore:
    """The store that is asked for; for a side of a join that of its rows."""
    name = wanted.store_name if wanted.side == "none" else f"{wanted.side}-{KEY_TO_ROWS}"
    if operator is not None:
        for info in operator.stores:
            if info.store_name == name:
                return state.store(operator, info, partitions)
        if wanted.store_name != DEFAULT_STORE and [s.store_name for s in operator.stores] == [DEFAULT_STORE]:
            # Spark takes the name for that of a state variable.
            raise _only_with_variables(operator)
    raise SparkError("STDS_FAILED_TO_READ_STATE_SCHEMA", sourceOptions=str(wanted))


@dataclass(frozen=True)
class _KeysAndValues:
    """A store as it is; without what a join adds for itself: the index among the rows of a key, and whether one has found a match."""

    store: StoredStore
    of_join: bool

    @property
    def _schemas(self) -> tuple[StructType, StructType]:
        schema, end = self.store.schema, -1 if self.of_join else None
        return StructType(schema.key.fields[:end]), StructType(schema.value.fields[:end])

    @property
    def fields(self) -> tuple[StructField, ...]:
        """See _Content."""
        key, value = self._schemas
        return StructField("key", key), StructField("value", value)

    def rows(self, partition: int, version: int) -> list[pa.Array]:
        """See _Content."""
        return self._columns(*self.store.columns(partition, version), None)

    def changes(self, partition: int, version: int) -> tuple[list[pa.Array], list[str]]:
        """See _Content."""
        keys, values, removals = self.store.changes(partition, version)
        places, at = [], 0
        for removed in removals:
            places.append(None if removed else at)
            at += not removed
        values = [column.take(pa.array(places, pa.int64())) for column in values]
        kinds = [DELETE if removed else UPDATE for removed in removals]
        return self._columns(keys, values, pa.array(removals, pa.bool_())), kinds

    def _columns(
        self, keys: list[pa.Array], values: list[pa.Array], missing: pa.Array | None
    ) -> list[pa.Array]:
        size = len(keys[0]) if keys else len(values[0]) if values else 0
        key_schema, value_schema = self._schemas
        key = _struct(keys[: len(key_schema.fields)], key_schema, None, size)
        return [key, _struct(values[: len(value_schema.fields)], value_schema, missing, size)]


class _StateScan:
    """A Scan over one store."""

    def __init__(self, wanted: _Wanted, store: StoredStore, content: _Content) -> None:
        self._wanted, self._store, self._content = wanted, store, content
        is_feed = wanted.first_batch_id is not None
        self.schema = _change_schema(content) if is_feed else StructType((*content.fields, _PARTITION))

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
            yield self._table([], self._content.rows(partition, self._wanted.batch_id + 1), partition)

    def _changes(self, first: int) -> Iterator[pa.Table]:
        for partition in range(self._store.files.partitions):
            for batch_id in range(first, self._wanted.batch_id + 1):
                columns, kinds = self._content.changes(partition, batch_id + 1)
                batches = pa.array([batch_id] * len(kinds), pa.int64())
                yield self._table([batches, pa.array(kinds, pa.string())], columns, partition)

    def _table(self, before: list[pa.Array], columns: list[pa.Array], partition: int) -> pa.Table:
        number = pa.array([partition] * len(columns[0]), pa.int32())
        return pa.Table.from_arrays([*before, *columns, number], schema=arrow_schema(self.schema))


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
        rows = []
        for operator in self.state.operators():
            if operator.operator_name in OPERATOR_NAMES:
                partitions = operator.stores[0].num_partitions if operator.stores else 0
                if not operator.stores and batches:
                    partitions = self.state.partitions(batches[-1]) or 0
                store = StateStoreInfo(DEFAULT_STORE, _NO_PREFIX, partitions)
                properties = self.state.variables(operator).properties_json(batches[-1] if batches else 0)
                rows.append(self._row(operator, store, batches, properties))
            else:
                rows += [self._row(operator, store, batches, None) for store in operator.stores]
        schema = arrow_schema(StructType((*METADATA_SCHEMA.fields, _PREFIX_COLUMN)))
        return pa.Table.from_pylist(rows, schema=schema).select(list(columns))

    def _row(
        self, operator: OperatorMetadata, store: StateStoreInfo, batches: list[int], properties: str | None
    ) -> dict[str, object]:
        return {
            "operatorId": operator.operator_id,
            "operatorName": operator.operator_name,
            "stateStoreName": store.store_name,
            "numPartitions": store.num_partitions,
            "minBatchId": batches[0] if batches else -1,
            "maxBatchId": batches[-1] if batches else -1,
            "operatorProperties": properties,
            "_numColsPrefixKey": store.num_cols_prefix_key,
        }
