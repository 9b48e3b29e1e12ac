"""State variables and timers of transformWithState, as a checkpoint describes them.

Spark keeps them in RocksDB. Here each variable has a store of its own, and timers have one, which only potok reads; the
checkpoint is marked so that Spark refuses it (`checkpoint.offset_log.FOREIGN_PROVIDER`). What they are stands in
`state/<operator id>/_metadata/variables`.
Source of facts: TransformWithStateOperatorProperties, TimerStateUtils, TTLState.
"""

from __future__ import annotations

import json
import posixpath
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from potok.checkpoint.files import FileSystem
from potok.checkpoint.state.files import damaged_state
from potok.ddl import parse_schema
from potok.types import StructType

VALUE, LIST, MAP, TIMERS = "ValueState", "ListState", "MapState", "TimerState"
TIMERS_STORE = "timers"
OPERATOR_NAMES = frozenset({"transformWithStateInPandasExec", "transformWithStateInPySparkExec"})
NO_TIME = "NoTime"
TIMER_NAMES = {"ProcessingTime": "$procTimers_keyToTimestamp", "EventTime": "$eventTimers_keyToTimestamp"}
"""What Spark calls the timers, by the time mode that has them."""


@dataclass(frozen=True)
class VariableSpec:
    """What a program says of a variable. `user_key` is of maps; `ttl_ms` is None for values that stay."""

    name: str
    kind: str
    schema: StructType
    user_key: StructType | None = None
    ttl_ms: int | None = None


@dataclass(frozen=True)
class Program:
    """The variables that a program asks for, from a batch on, by name."""

    batch_id: int
    variables: Mapping[str, VariableSpec]


@dataclass(frozen=True)
class OperatorVariables:
    """What an operator keeps: `timeMode` and `outputMode` in Spark's words, and its variables by name.

    `variables` are all that there are, also those that the program does not ask for any more. `programs` are in
    the order of their batches; a checkpoint of an older version names only the last.
    """

    settings: Mapping[str, str]
    variables: Mapping[str, VariableSpec]
    programs: Sequence[Program] = ()

    def with_program(self, program: Program) -> OperatorVariables:
        """With what the next batches ask for; what was said of these before has not happened."""
        before = [one for one in self.programs if one.batch_id < program.batch_id]
        if not before or before[-1].variables != program.variables:
            before.append(program)
        return replace(self, programs=tuple(before))

    def encode(self) -> bytes:
        """The content of the file."""
        content = {
            "settings": dict(self.settings),
            "variables": [_described(spec) for spec in self.variables.values()],
            "programs": [
                {"batchId": one.batch_id, "variables": [_described(spec) for spec in one.variables.values()]}
                for one in self.programs
            ],
        }
        return json.dumps(content, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, content: bytes) -> OperatorVariables:
        """Raises ValueError for a damaged file."""
        found = json.loads(content)
        try:
            programs = [
                Program(one["batchId"], _specs(one["variables"])) for one in found.get("programs", [])
            ]
            return cls(found["settings"], _specs(found["variables"]), tuple(programs))
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"no description of state variables: {error}") from error

    def at(self, batch_id: int) -> Mapping[str, VariableSpec]:
        """The variables of the program that has run a batch."""
        asked = [one.variables for one in self.programs if one.batch_id <= batch_id]
        return asked[-1] if asked else {} if self.programs else self.variables

    def begins(self, name: str, batch_id: int) -> int:
        """The first of the batches up to this one without a break in which there was a variable."""
        begins = batch_id
        for one in reversed(self.programs):
            if one.batch_id <= batch_id:
                if name not in one.variables:
                    return begins
                begins = one.batch_id
        return 0

    @property
    def timer_name(self) -> str | None:
        """What Spark calls the timers; None in a program without times."""
        return TIMER_NAMES.get(self.settings["timeMode"])

    def properties_json(self, batch_id: int) -> str:
        """`operatorProperties` of Spark's state-metadata. Variables stand in the order of Scala's hash tables."""
        kinds = {spec.name: (spec.kind, spec.ttl_ms is not None) for spec in self.at(batch_id).values()}
        if self.timer_name is not None:
            kinds[self.timer_name] = (TIMERS, False)
        listed = [
            {"stateName": name, "stateVariableType": kinds[name][0], "ttlEnabled": kinds[name][1]}
            for name in _scala_order(list(kinds))
        ]
        return json.dumps(
            {**self.settings, "stateVariables": listed}, separators=(",", ":"), ensure_ascii=False
        )


def store_name(variable: str) -> str:
    """The directory of a variable."""
    return f"variable-{urllib.parse.quote(variable, safe='')}"


def variables_path(state_root: str, operator_id: int) -> str:
    """Where the variables of an operator are described."""
    return posixpath.join(state_root, str(operator_id), "_metadata", "variables")


def read_variables(fs: FileSystem, state_root: str, operator_id: int) -> OperatorVariables | None:
    """The variables of an operator, None where nothing is said of them. Raises CANNOT_LOAD_STATE_STORE."""
    path = variables_path(state_root, operator_id)
    try:
        return OperatorVariables.decode(fs.read_bytes(path))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise damaged_state(path, error) from error


def _described(spec: VariableSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "kind": spec.kind,
        "schema": json.loads(spec.schema.json),
        "userKey": None if spec.user_key is None else json.loads(spec.user_key.json),
        "ttlMs": spec.ttl_ms,
    }


def _specs(described: Sequence[Mapping[str, Any]]) -> dict[str, VariableSpec]:
    return {one["name"]: _spec(one) for one in described}


def _spec(one: Mapping[str, Any]) -> VariableSpec:
    user_key = one["userKey"]
    return VariableSpec(
        one["name"],
        one["kind"],
        parse_schema(json.dumps(one["schema"])),
        None if user_key is None else parse_schema(json.dumps(user_key)),
        one["ttlMs"],
    )


# ---- the order of Scala's hash tables -------------------------------------------------------------------------

_WORD = (1 << 32) - 1
_FEW = 4
_NODE_BITS, _HASH_BITS = 5, 32


def _scala_order(names: Sequence[str]) -> list[str]:
    """The names as a mutable.HashMap that has become an immutable Map gives them; up to four stay as they were."""
    size = 16
    while len(names) >= size * 3 // 4:
        size *= 2
    hashes = {name: _java_hash(name) for name in names}
    spread = {name: hashed ^ hashed >> 16 for name, hashed in hashes.items()}
    ordered = sorted(names, key=lambda name: (spread[name] % size, _signed(spread[name])))
    if len(ordered) <= _FEW:
        return ordered
    return _trie_order({name: _improved(hashes[name]) for name in ordered}, 0)


def _trie_order(hashes: Mapping[str, int], shift: int) -> list[str]:
    """Of a node of a trie: what it holds alone, then the nodes below it."""
    if shift >= _HASH_BITS:
        return list(hashes)
    below: dict[int, list[str]] = {}
    for name, hashed in hashes.items():
        below.setdefault(hashed >> shift & (1 << _NODE_BITS) - 1, []).append(name)
    places = [below[place] for place in sorted(below)]
    alone = [names[0] for names in places if len(names) == 1]
    nodes = [names for names in places if len(names) > 1]
    return alone + [
        one
        for names in nodes
        for one in _trie_order({name: hashes[name] for name in names}, shift + _NODE_BITS)
    ]


def _java_hash(text: str) -> int:
    units = text.encode("utf-16-be")
    hashed = 0
    for at in range(0, len(units), 2):
        hashed = (31 * hashed + int.from_bytes(units[at : at + 2])) & _WORD
    return hashed


def _improved(hashed: int) -> int:
    hashed = (hashed + (~(hashed << 9) & _WORD)) & _WORD
    hashed ^= hashed >> 14
    hashed = (hashed + (hashed << 4)) & _WORD
    return hashed ^ hashed >> 10


def _signed(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word
