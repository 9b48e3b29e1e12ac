"""The Config call.

Source of fact: Spark's `SparkConnectConfigHandler`, and what Spark 4.3 answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyspark.sql.connect.proto as pb

from potok.errors import SparkError

if TYPE_CHECKING:
    from potok.conf import Conf

_WITHOUT_EFFECT = frozenset(
    {
        "spark.sql.execution.arrow.enabled",
        "spark.sql.execution.arrow.pyspark.fallback.enabled",
        "spark.sql.execution.arrow.fallback.enabled",
    }
)


def configure(conf: Conf, operation: pb.ConfigRequest.Operation) -> pb.ConfigResponse:
    """Do one operation on the configuration. Raises SparkError as Spark does."""
    response = pb.ConfigResponse()
    match operation.WhichOneof("op_type"):
        case "set":
            _set(conf, operation.set, response)
        case "get":
            for key in operation.get.keys:
                response.pairs.add(key=key, value=conf.get(key))
                _warn(key, response)
        case "get_with_default":
            for pair in operation.get_with_default.pairs:
                default = pair.value if pair.HasField("value") else None
                # The default of the call goes before the key's own.
                value = conf.find(pair.key) if default is None or conf.is_set(pair.key) else default
                response.pairs.add(key=pair.key, value=value)
                _warn(pair.key, response)
        case "get_option":
            for key in operation.get_option.keys:
                response.pairs.add(key=key, value=conf.find(key))
                _warn(key, response)
        case "get_all":
            prefix = operation.get_all.prefix if operation.get_all.HasField("prefix") else ""
            for key, value in conf.items():
                if key.startswith(prefix):
                    response.pairs.add(key=key.removeprefix(prefix), value=value)
        case "unset":
            for key in operation.unset.keys:
                conf.unset(key)
                _warn(key, response)
        case "is_modifiable":
            for key in operation.is_modifiable.keys:
                response.pairs.add(key=key, value="true" if conf.is_modifiable(key) else "false")
                _warn(key, response)
        case _:
            raise SparkError("_LEGACY_ERROR_TEMP_JAVA.UNSUPPORTED_OPERATION", message=" not supported.")
    return response


def _set(conf: Conf, operation: pb.ConfigRequest.Set, response: pb.ConfigResponse) -> None:
    for pair in operation.pairs:
        if not pair.HasField("value"):
            raise SparkError(
                "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT",
                message=f"requirement failed: value cannot be null for key: {pair.key}",
            )
        if operation.silent:
            error = _failure(conf, pair)
            if error is not None:
                message = f"Failed to set {pair.key} to Some({pair.value}) due to {error.message}"
                response.warnings.append(message)
        else:
            conf.set(pair.key, pair.value)
        _warn(pair.key, response)


def _failure(conf: Conf, pair: pb.KeyValue) -> SparkError | None:
    try:
        is_set = conf.set_initially(pair.key, pair.value)
    except SparkError as error:
        return error
    return None if is_set else SparkError("CANNOT_MODIFY_STATIC_CONFIG", key=f'"{pair.key}"')


def _warn(key: str, response: pb.ConfigResponse) -> None:
    if key in _WITHOUT_EFFECT:
        response.warnings.append(f"The SQL config '{key}' is NOT supported in Spark Connect")
