"""The description of a processor's state variables in its checkpoint: written, and held against the program."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from potok.checkpoint.state.delta import encode_snapshot
from potok.checkpoint.state.rows import UnsafeRows
from potok.checkpoint.state.variables import (
    OperatorVariables,
    VariableSpec,
    read_variables,
    variables_path,
)
from potok.errors import SparkError
from potok.stateful.base import StateContext, TypedStore


class VariableFile:
    """`_metadata/variables` of an operator: its settings and variables as JSON."""

    def __init__(self, context: StateContext, operator_id: int) -> None:
        self._context, self._operator_id = context, operator_id

    def read(self) -> OperatorVariables:
        """What there is; nothing for a new query."""
        context = self._context
        found = read_variables(context.file_system, context.state_root, self._operator_id)
        return OperatorVariables({}, {}) if found is None else found

    def write(self, content: OperatorVariables) -> None:
        """Replace the file."""
        context = self._context
        path = variables_path(context.state_root, self._operator_id)
        context.file_system.make_directories(posixpath.dirname(path), durable=context.durable)
        context.file_system.write_replacing(path, content.encode(), durable=context.durable)


def begin_at(store: TypedStore, version: int) -> None:
    """Let a store that is new in a query that has run before begin empty, at the version that is loaded."""
    files = store.store.files
    files.make_directories()
    empty = encode_snapshot(UnsafeRows.empty(files.key_width), UnsafeRows.empty(files.value_width))
    for partition in range(files.partitions):
        files.fs.write_replacing(files.snapshot(partition, version), empty, durable=files.durable)


def check_settings(stored: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raises STATE_STORE_INVALID_CONFIG_AFTER_RESTART where a setting is another one."""
    for name, value in now.items():
        if stored.get(name, value) != value:
            raise SparkError(
                "STATE_STORE_INVALID_CONFIG_AFTER_RESTART",
                configName=name,
                oldConfig=stored[name],
                newConfig=value,
            )


def check_variable(stored: VariableSpec, now: VariableSpec, *, checks_schemas: bool) -> None:
    """Raises where a variable is of another kind or schema than it was."""
    if stored.kind != now.kind or (stored.ttl_ms is None) != (now.ttl_ms is None):
        raise SparkError(
            "STATE_STORE_INVALID_VARIABLE_TYPE_CHANGE",
            stateVarName=now.name,
            newType=now.kind,
            oldType=stored.kind,
        )
    if not checks_schemas:
        return
    if stored.user_key != now.user_key:
        raise SparkError(
            "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE",
            storedKeySchema=str(stored.user_key),
            newKeySchema=str(now.user_key),
        )
    if stored.schema != now.schema:
        raise SparkError(
            "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE",
            storedValueSchema=str(stored.schema),
            newValueSchema=str(now.schema),
        )
