"""What a checkpoint says of the state variables of a processor, beside their stores.

Spark keeps these variables in RocksDB. Here each has a store of its own, which only potok reads; the checkpoint is
marked so that Spark refuses it (`checkpoint.offset_log.FOREIGN_PROVIDER`).
"""

from __future__ import annotations

import json
import posixpath
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any

from potok.checkpoint.state.delta import encode_snapshot
from potok.checkpoint.state.rows import UnsafeRows
from potok.ddl import parse_schema
from potok.errors import SparkError
from potok.stateful.base import StateContext, TypedStore
from potok.stateful.user.variables import VariableSpec

TIMERS_STORE = "timers"


def store_name(variable: str) -> str:
    """The directory of a variable."""
    return f"variable-{urllib.parse.quote(variable, safe='')}"


class VariableFile:
    """`_metadata/variables` of an operator: its settings and variables as JSON."""

    def __init__(self, context: StateContext, operator_id: int) -> None:
        self._context = context
        self._path = posixpath.join(context.state_root, str(operator_id), "_metadata", "variables")

    def read(self) -> tuple[dict[str, str], dict[str, VariableSpec]]:
        """Settings and variables by name; both empty for a new query."""
        try:
            content = json.loads(self._context.file_system.read_bytes(self._path))
        except FileNotFoundError:
            return {}, {}
        except ValueError as error:
            raise SparkError(
                "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED",
                message=f" The file {self._path} is damaged: {error}. Restore it from a backup, or start with a new"
                " checkpoint.",
            ) from error
        return content["settings"], {one["name"]: _spec(one) for one in content["variables"]}

    def write(self, settings: Mapping[str, str], variables: Iterable[VariableSpec]) -> None:
        """Replace the file."""
        content = {"settings": dict(settings), "variables": [_described(spec) for spec in variables]}
        context = self._context
        context.file_system.make_directories(posixpath.dirname(self._path), durable=context.durable)
        text = json.dumps(content, separators=(",", ":"))
        context.file_system.write_replacing(self._path, text.encode(), durable=context.durable)


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


def _described(spec: VariableSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "kind": spec.kind,
        "schema": json.loads(spec.schema.json),
        "userKey": None if spec.user_key is None else json.loads(spec.user_key.json),
        "ttlMs": spec.ttl_ms,
    }


def _spec(one: Mapping[str, Any]) -> VariableSpec:
    user_key = one["userKey"]
    return VariableSpec(
        one["name"],
        one["kind"],
        parse_schema(json.dumps(one["schema"])),
        None if user_key is None else parse_schema(json.dumps(user_key)),
        one["ttlMs"],
    )
