"""The state server that pyspark's state variables talk to, within the process.

pyspark's classes put requests into messages and wait for answers; here each request is answered as soon as it is sent.
Source of fact: TransformWithStateInPySparkStateServer, StatefulProcessorHandleImpl.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from pyspark.errors import PySparkRuntimeError
from pyspark.serializers import CPickleSerializer
from pyspark.sql.streaming.stateful_processor_api_client import (
    StatefulProcessorApiClient,
    StatefulProcessorHandleState,
)
from pyspark.sql.types import Row
from pyspark.sql.types import StructType as ClientStruct

from potok.checkpoint.state.schema import DEFAULT_COLUMN_FAMILY
from potok.checkpoint.state.variables import LIST, MAP, VALUE, VariableSpec
from potok.ddl import parse_schema
from potok.engine import python_values
from potok.errors import SparkError
from potok.stateful.user.state_values import Internal, fitted_row, to_user
from potok.stateful.user.variables import ListVariable, MapVariable, Timers, ValueVariable, Variable
from potok.types import StructType

if TYPE_CHECKING:
    from collections.abc import Iterator

OK, WRONG, NOTHING = 0, 1, 2
NO_MODE, BY_CLOCK, BY_EVENT_TIME = "none", "processingtime", "eventtime"
MODE_NAMES = {NO_MODE: "None", BY_CLOCK: "ProcessingTime", BY_EVENT_TIME: "EventTime"}
_STATES = {state: state.name for state in StatefulProcessorHandleState}


class StateClient(StatefulProcessorApiClient):  # type: ignore[misc] # pyspark is not typed
    """What a processor's handle is made of. `specs` are the variables that `init` has asked for, by name.

    A time to live of 0 is none, as in Spark. `variables` are those that exist; None while the program is only asked for them (before the first batch).
    """

    def __init__(
        self,
        key_schema: StructType,
        time_mode: str,
        variables: dict[str, Variable] | None,
        timers: Timers | None,
        times_ms: tuple[int, int],
    ) -> None:
        self.key_schema = python_values.client_type(key_schema)
        self.handle_state = StatefulProcessorHandleState.CREATED
        self.pickleSer = CPickleSerializer()
        self.list_timer_iterator_cursors: dict[str, Any] = {}
        self.expiry_timer_iterator_cursors: dict[str, Any] = {}
        self.specs: dict[str, VariableSpec] = {}
        self.deleted: list[str] = []
        self.group: int | None = None
        self._to_key = to_user(key_schema)
        self._time_mode, self._variables, self._timers = time_mode, variables, timers
        self._times_ms = times_ms
        self._users: dict[str, tuple[Callable[[Internal], Any], Callable[[Internal], Any] | None]] = {}
        self._expired: Iterator[tuple[int, int]] | None = None
        self._answer: tuple[Any, ...] = ()

    # ---- the handle -------------------------------------------------------------------------

    def set_handle_state(self, state: StatefulProcessorHandleState) -> None:
        """The processor goes on to another part of its life."""
        self.handle_state = state

    def set_implicit_key(self, key: Any) -> None:  # noqa: ANN401 - the user's key
        """Nothing: the operator has set the group before it calls the function."""

    def remove_implicit_key(self) -> None:
        """No group any more."""
        self.group = None

    def get_timestamps(self, time_mode: str) -> tuple[int, int]:
        """Time of the batch and watermark, in ms; -1 in a program without times."""
        return (-1, -1) if time_mode.lower() == NO_MODE else self._times_ms

    def get_value_state(self, state_name: str, schema: Any, ttl_duration_ms: int | None) -> None:  # noqa: ANN401 - the client's or text
        """See StatefulProcessorHandle."""
        self._define(
            "value", VariableSpec(state_name, VALUE, self._schema(schema), None, ttl_duration_ms or None)
        )

    def get_list_state(self, state_name: str, schema: Any, ttl_duration_ms: int | None) -> None:  # noqa: ANN401 - the client's or text
        """See StatefulProcessorHandle."""
        self._define(
            "list", VariableSpec(state_name, LIST, self._schema(schema), None, ttl_duration_ms or None)
        )

    def get_map_state(
        self,
        state_name: str,
        user_key_schema: Any,  # noqa: ANN401 - the client's or text
        value_schema: Any,  # noqa: ANN401 - the client's or text
        ttl_duration_ms: int | None,
    ) -> None:
        """See StatefulProcessorHandle."""
        user_key = self._schema(user_key_schema)
        spec = VariableSpec(state_name, MAP, self._schema(value_schema), user_key, ttl_duration_ms or None)
        self._define("map", spec)

    def delete_if_exists(self, state_name: str) -> None:
        """See StatefulProcessorHandle."""
        try:
            self._require_creation("delete_if_exists")
        except SparkError as error:
            raise PySparkRuntimeError(f"Error deleting state: {error}") from None
        self.deleted.append(state_name)
        self.specs.pop(state_name, None)

    def get_expiry_timers_iterator(
        self, iterator_id: str, expiry_timestamp: int
    ) -> tuple[tuple[Any, ...], int, bool]:
        """The next timer that has expired; its group becomes the current one."""
        del iterator_id
        if self._expired is None:
            if self._timers is None:
                raise StopIteration
            self._timers.flush()
            self._expired = iter(self._timers.expired(expiry_timestamp))
            self.expired_count = 0
        group, time_ms = next(self._expired)
        self.expired_count += 1
        self.group = group
        assert self._timers is not None  # noqa: S101 - for the type checker
        return self._to_key(self._timers.groups.keys[group]), time_ms, False

    def _serialize_to_bytes(self, schema: ClientStruct, data: Any) -> bytes:  # noqa: ANN401 - the user's value
        """As the client of 4.3, also where an older one drops what the schema does not name."""
        values: bytes = self.pickleSer.dumps(schema.toInternal(tuple(_plain(value) for value in data)))
        return values

    def _parse_string_schema(self, schema: str) -> ClientStruct:
        try:
            return ClientStruct.fromJson(json.loads(parse_schema(schema).json))
        except SparkError as error:
            raise PySparkRuntimeError(f"Error parsing string schema: {error}") from None

    def _schema(self, schema: Any) -> StructType:  # noqa: ANN401 - the client's or text
        if isinstance(schema, str):
            schema = self._parse_string_schema(schema)
        return parse_schema(schema.json())

    def _define(self, kind: str, spec: VariableSpec) -> None:
        if spec.name in self.specs:
            text = f"{kind.capitalize()} state {spec.name} already exists"
            raise PySparkRuntimeError(f"Error initializing {kind} state: {text}")
        try:
            self._require_creation(f"get_{kind}_state")
            if self._variables is not None:
                self._check_ttl(spec)
                _check_name(spec.name)
        except SparkError as error:
            raise PySparkRuntimeError(f"Error initializing {kind} state: {error}") from None
        self.specs[spec.name] = spec
        user_key = None if spec.user_key is None else to_user(spec.user_key)
        self._users[spec.name] = to_user(spec.schema), user_key

    def _require_creation(self, operation: str) -> None:
        required = "PRE_INIT" if self._variables is None else "CREATED"
        state = _STATES[self.handle_state]
        if state != required:
            raise SparkError(
                "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE",
                operationType=operation,
                handleState=state,
            )

    def _check_ttl(self, spec: VariableSpec) -> None:
        if spec.ttl_ms is None:
            return
        if self._time_mode != BY_CLOCK:
            raise SparkError(
                "STATEFUL_PROCESSOR_INCORRECT_TIME_MODE_TO_ASSIGN_TTL",
                stateName=spec.name,
                timeMode=MODE_NAMES[self._time_mode],
            )
        if spec.ttl_ms <= 0:
            raise SparkError(
                "STATEFUL_PROCESSOR_TTL_DURATION_MUST_BE_POSITIVE",
                operationType="update",
                stateName=spec.name,
            )

    def _require_timers(self, operation: str) -> Timers:
        if self._time_mode == NO_MODE:
            raise SparkError(
                "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_TIME_MODE",
                operationType=operation,
                timeMode=MODE_NAMES[self._time_mode],
            )
        state = _STATES[self.handle_state]
        if state in {"PRE_INIT", "CREATED"} or self._timers is None:
            raise SparkError(
                "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE",
                operationType=operation,
                handleState=state,
            )
        return self._timers

    # ---- messages ---------------------------------------------------------------------------

    def _send_proto_message(self, message: bytes) -> None:
        import pyspark.sql.streaming.proto.StateMessage_pb2 as messages

        request = messages.StateRequest.FromString(message)
        try:
            self._answer = self._answered(request)
        except SparkError as error:
            self._answer = (WRONG, str(error), b"")

    def _receive_proto_message(self) -> Any:  # noqa: ANN401 - a part of the protocol
        return self._answer

    _receive_proto_message_with_long_value = _receive_proto_message
    _receive_proto_message_with_string_value = _receive_proto_message
    _receive_proto_message_with_list_get = _receive_proto_message
    _receive_proto_message_with_map_keys_values = _receive_proto_message
    _receive_proto_message_with_map_pairs = _receive_proto_message
    _receive_proto_message_with_timers = _receive_proto_message

    def _answered(self, request: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a message
        kind = request.WhichOneof("method")
        call = getattr(request, kind)
        if kind == "statefulProcessorCall":
            return self._timer_call(call.timerStateCall)
        part = call.WhichOneof("method")
        call = getattr(call, part)
        variable = self._variable(part, call.stateName)
        if isinstance(variable, tuple):
            return variable
        method = call.WhichOneof("method")
        answer: tuple[Any, ...] = self._variable_calls[part](self, variable, method, getattr(call, method))
        return answer

    def _variable(self, part: str, name: str) -> Variable | tuple[Any, ...]:
        if name not in self.specs:
            kind = part.removesuffix("StateCall").capitalize()
            return (WRONG, f"{kind} state {name} is not initialized.", b"")
        if self._variables is None:
            raise SparkError("STATE_STORE_HANDLE_NOT_INITIALIZED")
        return self._variables[name]

    def _current(self) -> int:
        if self.group is None:
            raise SparkError("INTERNAL_ERROR_TWS", message="Implicit key not found in state store.")
        return self.group

    def _given(self, data: bytes, schema: StructType) -> Internal:
        return fitted_row(self.pickleSer.loads(data), schema)

    def _taken(self, variable: Variable, value: Internal) -> bytes:
        taken: bytes = self.pickleSer.dumps(self._users[variable.spec.name][0](value))
        return taken

    def _taken_key(self, variable: Variable, key: Internal) -> bytes:
        convert = self._users[variable.spec.name][1]
        assert convert is not None  # noqa: S101 - maps have one
        taken: bytes = self.pickleSer.dumps(convert(key))
        return taken

    def _value_call(self, variable: ValueVariable, method: str, call: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a message
        group, name = self._current(), variable.spec.name
        if method == "valueStateUpdate":
            variable.set(group, self._given(call.value, variable.spec.schema))
            return _DONE
        if method == "clear":
            variable.set(group, None)
            return _DONE
        value = variable.get(group)
        if method == "exists":
            return _DONE if value is not None else (NOTHING, f"state {name} doesn't exist", b"")
        return _DONE if value is None else (OK, "", self._taken(variable, value))

    def _list_call(self, variable: ListVariable, method: str, call: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a message
        group, schema = self._current(), variable.spec.schema
        if method in {"listStatePut", "appendList"}:
            values = [self._given(value, schema) for value in call.value]
            if not values:
                raise SparkError("ILLEGAL_STATE_STORE_VALUE.EMPTY_LIST_VALUE", stateName=variable.spec.name)
            if method == "listStatePut":
                variable.replace(group, values)
            else:
                variable.append(group, values)
        elif method == "appendValue":
            variable.append(group, [self._given(call.value, schema)])
        elif method == "clear":
            variable.clear(group)
        else:
            found = variable.get(group)
            if not found:
                return (NOTHING, f"state {variable.spec.name} doesn't exist", [], False)
            if method == "listStateGet":
                return (OK, "", [self._taken(variable, value) for value in found], False)
            return (OK, "", b"")
        return _DONE

    def _map_call(self, variable: MapVariable, method: str, call: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a message, an answer for each method
        group, spec = self._current(), variable.spec
        keys = spec.user_key or StructType()
        if method == "updateValue":
            variable.set(group, self._given(call.userKey, keys), self._given(call.value, spec.schema))
            return _DONE
        if method == "removeKey":
            variable.set(group, self._given(call.userKey, keys), None)
            return _DONE
        if method == "clear":
            variable.clear(group)
            return _DONE
        if method in {"getValue", "containsKey"}:
            value = variable.get(group, self._given(call.userKey, keys))
            if method == "getValue":
                return _DONE if value is None else (OK, "", self._taken(variable, value))
            return _DONE if value is not None else (NOTHING, f"state {spec.name} has no such key", b"")
        items = variable.items(group)
        if not items:
            return (NOTHING, f"state {spec.name} doesn't exist", [], False)
        return (OK, "", list(self._map_parts(variable, method, items)), False)

    def _map_parts(
        self, variable: MapVariable, method: str, items: Iterable[tuple[Internal, Internal]]
    ) -> Iterator[Any]:
        for key, value in items:
            if method == "keys":
                yield self._taken_key(variable, key)
            elif method == "values":
                yield self._taken(variable, value)
            else:
                yield _Pair(self._taken_key(variable, key), self._taken(variable, value))

    def _timer_call(self, call: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a message
        method = call.WhichOneof("method")
        if method == "register":
            timers = self._require_timers("register_timer")
            timers.register(self._current(), call.register.expiryTimestampMs)
            return _DONE
        if method == "delete":
            timers = self._require_timers("delete_timer")
            timers.delete(self._current(), call.delete.expiryTimestampMs)
            return _DONE
        timers = self._require_timers("list_timers")
        times = timers.of(self._current())
        if not times:
            return (NOTHING, "List timer iterator doesn't contain any value.", [], False)
        return (OK, "", [_Timer(time_ms) for time_ms in times], False)

    _variable_calls: dict[str, Any] = {  # noqa: RUF012 - a table
        "valueStateCall": _value_call,
        "listStateCall": _list_call,
        "mapStateCall": _map_call,
    }


def _check_name(name: str) -> None:
    """Raises for the names that Spark's store keeps for itself, or cannot have."""
    if not name or name != name.strip(" ") or name == DEFAULT_COLUMN_FAMILY:
        raise SparkError(
            "STATE_STORE_CANNOT_USE_COLUMN_FAMILY_WITH_INVALID_NAME",
            operationName="create_col_family",
            colFamilyName=name,
        )
    if name.startswith("$"):
        raise SparkError("STATE_STORE_CANNOT_CREATE_COLUMN_FAMILY_WITH_RESERVED_CHARS", colFamilyName=name)


def _plain(value: Any) -> Any:  # noqa: ANN401 - the user's value
    """Values of numpy and pandas as Python's own, also within others."""
    if isinstance(value, np.generic):
        return value.tolist()
    if isinstance(value, Row) or (isinstance(value, tuple) and hasattr(value, "_fields")):
        return type(value)(*(_plain(part) for part in value))
    if isinstance(value, list | tuple):
        return type(value)(_plain(part) for part in value)
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    for convert in ("to_pytimedelta", "to_pydatetime"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    return value


_DONE = (OK, "", b"")


class _Pair:
    """A key and a value as the protocol has them."""

    def __init__(self, key: bytes, value: bytes) -> None:
        self.key, self.value = key, value


class _Timer:
    """A time as the protocol has it."""

    def __init__(self, time_ms: int) -> None:
        self.timestampMs = time_ms
