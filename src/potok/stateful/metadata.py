"""What a checkpoint says of its operators beside their state: names, stores and schemas.

Source of facts: WriteStatefulOperatorMetadataRule, OperatorStateMetadataV1, StateSchemaCompatibilityChecker.
"""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Mapping, Sequence

from potok.checkpoint.layout import display_path
from potok.checkpoint.state.files import damaged_state
from potok.checkpoint.state.operator_metadata import OperatorMetadata, StateStoreInfo
from potok.checkpoint.state.schema import StateSchema, decode_schemas
from potok.errors import SparkError
from potok.stateful.base import StateContext, StatefulOperator, TypedStore

_LOGGER = logging.getLogger("potok.CheckpointRepair")
_DIRECTORY = "_metadata"


def begin_state(operators: Sequence[StatefulOperator], context: StateContext) -> None:
    """Describe the operators of a new query, or check those of a restarted one against their description.

    A description that is lost is written again, from the program, and it is said. Raises
    STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA, STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY,
    STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE and STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE, and CANNOT_LOAD_STATE_STORE
    for a damaged file.
    """
    if context.version == 0:
        for operator in operators:
            _write(operator, context)
            for store in operator.stores:
                _write_schema(store, context)
        return
    described = described_operators(context)
    _check_names(operators, described, context)
    _check_partitions(described, context)
    for operator in operators:
        for store in operator.stores:
            _check_schema(store, context)
    for operator in operators:
        if operator.operator_id not in described:
            path = _write(operator, context)
            _LOGGER.warning(
                "The file %s was missing: it has been written again from the program.", display_path(path)
            )


def metadata_path(state_root: str, operator_id: int) -> str:
    """Where an operator is described."""
    return posixpath.join(state_root, str(operator_id), _DIRECTORY, "metadata")


def schema_path(store: TypedStore) -> str:
    """Where the schemas of a store are: under its first partition."""
    return posixpath.join(store.store.files.directory(0), _DIRECTORY, "schema")


def described_operators(context: StateContext) -> dict[int, OperatorMetadata]:
    """The operators of a checkpoint by their numbers; those of old versions are not described."""
    found = {}
    for number in _numbers(context):
        path = metadata_path(context.state_root, number)
        try:
            described = OperatorMetadata.decode(context.file_system.read_bytes(path))
        except FileNotFoundError:
            continue
        except ValueError as error:
            raise damaged_state(path, error) from error
        if described.operator_id != number:
            raise damaged_state(path, f"it describes the operator {described.operator_id}")
        found[number] = described
    return found


def _numbers(context: StateContext) -> list[int]:
    """Of the operators whose state there is."""
    names = [status.name for status in context.file_system.list(context.state_root)]
    return sorted(int(name) for name in names if name.isdecimal())


def _write(operator: StatefulOperator, context: StateContext) -> str:
    stores = tuple(
        StateStoreInfo(store.name, store.prefix_columns, context.partitions) for store in operator.stores
    )
    described = OperatorMetadata(operator.operator_id, operator.name, stores)
    path = metadata_path(context.state_root, operator.operator_id)
    _replace(context, path, described.encode())
    return path


def _write_schema(store: TypedStore, context: StateContext) -> None:
    _replace(context, schema_path(store), _schema(store).encode())


def _replace(context: StateContext, path: str, content: bytes) -> None:
    context.file_system.make_directories(posixpath.dirname(path), durable=context.durable)
    context.file_system.write_replacing(path, content, durable=context.durable)


def _schema(store: TypedStore) -> StateSchema:
    return StateSchema(store.key_schema, store.value_schema)


def _check_names(
    operators: Sequence[StatefulOperator], described: Mapping[int, OperatorMetadata], context: StateContext
) -> None:
    """An operator that has state and no description may be the one of the program with its number."""
    now = {operator.operator_id: operator.name for operator in operators}
    there = _numbers(context)
    if now and not there:
        raise SparkError("STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY", OpsInCurBatchSeq=_text(now))
    names = {number: one.operator_name for number, one in described.items()}
    known = {number: names.get(number, now.get(number, "")) for number in there if described or number in now}
    if described and known != now:
        raise SparkError(
            "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA",
            OpsInMetadataSeq=_text(names),
            OpsInCurBatchSeq=_text(now),
        )


def _check_partitions(described: Mapping[int, OperatorMetadata], context: StateContext) -> None:
    """The offset log says how many partitions there are, and so do the descriptions."""
    for number, one in described.items():
        for store in one.stores:
            if store.num_partitions != context.partitions:
                path = metadata_path(context.state_root, number)
                raise damaged_state(
                    path,
                    f"it has {store.num_partitions} partitions, the offset log {context.partitions}"
                    " (spark.sql.shuffle.partitions), and one of the two is wrong",
                )


def _text(operators: Mapping[int, str]) -> str:
    return ", ".join(f"(OperatorId: {number} -> OperatorName: {name})" for number, name in operators.items())


def _check_schema(store: TypedStore, context: StateContext) -> None:
    path = schema_path(store)
    try:
        content = context.file_system.read_bytes(path)
    except FileNotFoundError:
        _write_schema(store, context)
        # A variable that the program has only now has no file either.
        if store.store.files.versions(0)["delta"]:
            _LOGGER.warning(
                "The file %s was missing: it has been written again from the program.", display_path(path)
            )
        return
    try:
        schemas = decode_schemas(content)
    except ValueError as error:
        raise damaged_state(path, error) from error
    if len(schemas) != 1:
        raise damaged_state(path, f"it has {len(schemas)} schemas, not one")
    if context.checks_schemas:
        _schema(store).check(schemas[0])
