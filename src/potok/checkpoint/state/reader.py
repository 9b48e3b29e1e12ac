"""A finished checkpoint read from outside: its operators, their stores, what the stores hold at a version."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa

from potok.checkpoint.commit_log import CommitLog
from potok.checkpoint.files import FileSystem
from potok.checkpoint.layout import CheckpointLayout
from potok.checkpoint.offset_log import (
    CONF_DEFAULTS,
    FOREIGN_PROVIDER,
    SHUFFLE_PARTITIONS,
    STATE_STORE_PROVIDER,
    OffsetLog,
    OffsetSeq,
)
from potok.checkpoint.state.files import StoreFiles, damaged_state
from potok.checkpoint.state.merge import merged
from potok.checkpoint.state.operator_metadata import OperatorMetadata, StateStoreInfo
from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.schema import StateSchema, decode_schemas
from potok.checkpoint.state.unsafe_row import UnsafeRowCodec
from potok.checkpoint.state.variables import (
    TIMERS_STORE,
    OperatorVariables,
    read_variables,
    store_name,
    variables_path,
)
from potok.errors import unsupported

KEY_TO_ROWS, KEY_TO_NUMBERS = "keyWithIndexToValue", "keyToNumValues"
# The columns at the end of a key that do not choose its partition, by the end of the store's name or the operator.
_PLACED_APART = {KEY_TO_ROWS: 1, "sessionWindowStateStoreSaveExec": 1}
# Operators that have only the first partition.
_ALL_TOGETHER = frozenset({"globalLimit"})


@dataclass(frozen=True)
class StoredStore:
    """One store of a checkpoint: what it is and where its files are."""

    operator: OperatorMetadata
    info: StateStoreInfo
    schema: StateSchema
    files: StoreFiles

    @cached_property
    def codecs(self) -> tuple[UnsafeRowCodec, UnsafeRowCodec]:
        """Of keys and values."""
        return UnsafeRowCodec(self.schema.key), UnsafeRowCodec(self.schema.value)

    @property
    def partition_columns(self) -> range:
        """The columns of the key whose hash chooses the partition; without any there is only the first."""
        if self.operator.operator_name in _ALL_TOGETHER:
            return range(0)
        apart = _PLACED_APART.get(self.operator.operator_name, 0)
        if self.info.store_name.endswith(KEY_TO_ROWS):
            apart = _PLACED_APART[KEY_TO_ROWS]
        return range(len(self.schema.key.fields) - apart)

    def partitions_of(self, partitions: int) -> int:
        """How many the store has where the query has so many."""
        return partitions if self.partition_columns else 1

    def rows(self, partition: int, version: int) -> tuple[UnsafeRows, UnsafeRows]:
        """Keys and values at a version. Raises CANNOT_LOAD_STATE_STORE."""
        return merged(self.files, partition, version)

    def columns(self, partition: int, version: int) -> tuple[list[pa.Array], list[pa.Array]]:
        """The columns of the keys and of the values at a version."""
        keys, values = self.rows(partition, version)
        return self.codecs[0].decode(keys), self.codecs[1].decode(values)

    def changes(self, partition: int, version: int) -> tuple[list[pa.Array], list[pa.Array], list[bool]]:
        """What the batch before a version has written, in its order: keys, values (none for removals), removals."""
        delta = self.files.delta_at(partition, version)
        keep = ~delta.is_removal
        values = self.codecs[1].decode(delta.values.take(keep))
        return self.codecs[0].decode(delta.keys), values, delta.is_removal.tolist()


def check_provider(entry: OffsetSeq) -> None:
    """Raises UNSUPPORTED_FEATURE where a batch has written its state in a form that is not read here."""
    readable = (CONF_DEFAULTS[STATE_STORE_PROVIDER], FOREIGN_PROVIDER)
    provider = entry.metadata.conf.get(STATE_STORE_PROVIDER, readable[0])
    if provider not in readable:
        raise unsupported(f"state that {provider.rpartition('.')[2]} has written", "Read it with Spark.")


class CheckpointState:
    """The checkpoint in a directory. Raises SparkError for damaged files."""

    def __init__(self, root: str, fs: FileSystem) -> None:
        self.layout = CheckpointLayout(root)
        self._fs = fs
        self.offsets = OffsetLog(self.layout.offsets, fs, durable=False)
        self.commits = CommitLog(self.layout.commits, fs, durable=False)

    def partitions(self, batch_id: int) -> int | None:
        """The number of state partitions that a batch was run with, None where the batch is not known."""
        entry: OffsetSeq | None = self.offsets.get(batch_id)
        if entry is None or SHUFFLE_PARTITIONS not in entry.metadata.conf:
            return None
        check_provider(entry)
        return int(entry.metadata.conf[SHUFFLE_PARTITIONS])

    def operators(self) -> list[OperatorMetadata]:
        """By their numbers; those that checkpoints of old Spark versions do not describe are left out.

        Raises UNSUPPORTED_FEATURE for transformWithState of Spark, which is described in another version.
        """
        found = []
        for status in self._fs.list(self.layout.state):
            if status.name.isdecimal():
                described = posixpath.join(self.layout.state, status.name, "_metadata")
                path = posixpath.join(described, "metadata")
                if self._fs.exists(posixpath.join(described, "v2")):
                    raise unsupported(
                        f"the state of operator {status.name}, which Spark's transformWithState has written,",
                        "Read it with Spark.",
                    )
                if self._fs.exists(path):
                    try:
                        operator = OperatorMetadata.decode(self._fs.read_bytes(path))
                    except ValueError as error:
                        raise damaged_state(path, error) from error
                    found.append(self._with_variables(operator))
        return sorted(found, key=lambda operator: operator.operator_id)

    def _with_variables(self, operator: OperatorMetadata) -> OperatorMetadata:
        """With the stores of the variables that there are now: the file is that of the first run."""
        described = read_variables(self._fs, self.layout.state, operator.operator_id)
        if described is None or not operator.stores:
            return operator
        names = [store_name(name) for name in described.variables]
        timers = [] if described.timer_name is None else [TIMERS_STORE]
        first = operator.stores[0]
        stores = tuple(replace(first, store_name=name) for name in [*names, *timers])
        return replace(operator, stores=stores)

    def variables(self, operator: OperatorMetadata) -> OperatorVariables:
        """What an operator of transformWithState keeps. Raises CANNOT_LOAD_STATE_STORE."""
        found = read_variables(self._fs, self.layout.state, operator.operator_id)
        if found is None:
            path = variables_path(self.layout.state, operator.operator_id)
            raise damaged_state(path, "it is missing; the next run of the query writes it again")
        return found

    def stores(self, partitions: int) -> Iterator[StoredStore]:
        """All stores of all operators."""
        for operator in self.operators():
            for info in operator.stores:
                yield self.store(operator, info, partitions)

    def store(self, operator: OperatorMetadata, info: StateStoreInfo, partitions: int) -> StoredStore:
        """One store. Raises CANNOT_LOAD_STATE_STORE where its schema is missing or damaged."""
        plain = StoreFiles(self._fs, self.layout.state, operator.operator_id, info.store_name, partitions)
        path = posixpath.join(plain.directory(0), "_metadata", "schema")
        try:
            schema = decode_schemas(self._fs.read_bytes(path))[0]
        except FileNotFoundError as error:
            raise damaged_state(path, "it is missing; the next run of the query writes it again") from error
        except ValueError as error:
            raise damaged_state(path, error) from error
        files = StoreFiles(
            self._fs,
            self.layout.state,
            operator.operator_id,
            info.store_name,
            partitions,
            key_width=UnsafeRowCodec(schema.key).width,
            value_width=UnsafeRowCodec(schema.value).width,
        )
        store = StoredStore(operator, info, schema, files)
        return replace(store, files=replace(files, partitions=store.partitions_of(partitions)))
