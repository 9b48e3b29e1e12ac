"""What a checkpoint says of its operators beside their state: names, stores and schemas.

Source of facts: WriteStatefulOperatorMetadataRule, OperatorStateMetadataV1, StateSchemaCompatibilityChecker.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from potok.checkpoint.layout import display_path
from potok.checkpoint.state.operator_metadata import OperatorMetadata, StateStoreInfo
from potok.checkpoint.state.schema import StateSchema, decode_schemas
from potok.errors import SparkError
from potok.stateful.base import StateContext, StatefulOperator, TypedStore

_DIRECTORY = "_metadata"


def begin_state(operators: Sequence[StatefulOperator], context: StateContext) -> None:
    """Describe the operators of a new query, or check those of a restarted one against their description.

    Raises STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA, STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE and
    STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE.
    """
    if context.version == 0:
        for operator in operators:
            _write(operator, context)
        return
    _check_names(operators, context)
    for operator in operators:
        for store in operator.stores:
            _check_schema(store, context)


def metadata_path(state_root: str, operator_id: int) -> str:
    """Where an operator is described."""
    return posixpath.join(state_root, str(operator_id), _DIRECTORY, "metadata")


def schema_path(store: TypedStore) -> str:
    """Where the schemas of a store are: under its first partition."""
    return posixpath.join(store.store.files.directory(0), _DIRECTORY, "schema")


def described_operators(context: StateContext) -> dict[int, str]:
    """The names of the operators of a checkpoint by their numbers; those of old versions have none."""
    found = {}
    for status in context.file_system.list(context.state_root):
        if not status.name.isdecimal():
            continue
        path = metadata_path(context.state_root, int(status.name))
        try:
            described = OperatorMetadata.decode(context.file_system.read_bytes(path))
        except FileNotFoundError:
            continue
        except ValueError as error:
            raise _damaged(path, error) from error
        found[described.operator_id] = described.operator_name
    return dict(sorted(found.items()))


def _write(operator: StatefulOperator, context: StateContext) -> None:
    stores = tuple(
        StateStoreInfo(store.name, store.prefix_columns, context.partitions) for store in operator.stores
    )
    described = OperatorMetadata(operator.operator_id, operator.name, stores)
    _replace(context, metadata_path(context.state_root, operator.operator_id), described.encode())
    for store in operator.stores:
        _replace(context, schema_path(store), _schema(store).encode())


def _replace(context: StateContext, path: str, content: bytes) -> None:
    context.file_system.make_directories(posixpath.dirname(path), durable=context.durable)
    context.file_system.write_replacing(path, content, durable=context.durable)


def _schema(store: TypedStore) -> StateSchema:
    return StateSchema(store.key_schema, store.value_schema)


def _check_names(operators: Sequence[StatefulOperator], context: StateContext) -> None:
    described = described_operators(context)
    now = {operator.operator_id: operator.name for operator in operators}
    if described and described != now:
        raise SparkError(
            "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA",
            OpsInMetadataSeq=_text(described),
            OpsInCurBatchSeq=_text(now),
        )


def _text(operators: dict[int, str]) -> str:
    return ", ".join(f"(OperatorId: {number} -> OperatorName: {name})" for number, name in operators.items())


def _check_schema(store: TypedStore, context: StateContext) -> None:
    path = schema_path(store)
    try:
        content = context.file_system.read_bytes(path)
    except FileNotFoundError:
        return
    try:
        (stored,) = decode_schemas(content)
    except ValueError as error:
        raise _damaged(path, error) from error
    if context.checks_schemas:
        _schema(store).check(stored)


def _damaged(path: str, error: ValueError) -> SparkError:
    return SparkError(
        "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED",
        message=f" The file {display_path(path)} is damaged: {error}. Restore it from a backup, or start with a new"
        " checkpoint.",
    )
