"""Errors to gRPC statuses and to FetchErrorDetails.

Source of fact: Spark's `ErrorUtils`, and what Spark 4.3 puts on the wire.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyspark.sql.connect.proto as pb
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from potok.errors import SparkError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from potok.errors import Origin

# gRPC's number of INTERNAL, the only code that Spark's handlers answer with.
INTERNAL = 13
_MESSAGE_LENGTH = 2048
_PARAMETERS_LENGTH = 1024
_PLAIN_JAVA = "_LEGACY_ERROR_TEMP_JAVA."
_DOMAIN = "org.apache.spark"
_EXCEPTION = "java.lang.Exception"
_RUNTIME = "java.lang.RuntimeException"

# Each class's parent; the client takes the first class of the line that it knows.
_PARENTS: dict[str, str] = {
    "java.lang.ArithmeticException": _RUNTIME,
    "java.lang.ArrayIndexOutOfBoundsException": "java.lang.IndexOutOfBoundsException",
    "java.lang.Exception": "java.lang.Throwable",
    "java.lang.IllegalArgumentException": _RUNTIME,
    "java.lang.IllegalStateException": _RUNTIME,
    "java.lang.IndexOutOfBoundsException": _RUNTIME,
    "java.lang.NumberFormatException": "java.lang.IllegalArgumentException",
    "java.lang.RuntimeException": _EXCEPTION,
    "java.lang.SecurityException": _RUNTIME,
    "java.lang.Throwable": "java.lang.Object",
    "java.lang.UnsupportedOperationException": _RUNTIME,
    "java.io.FileNotFoundException": "java.io.IOException",
    "java.io.IOException": _EXCEPTION,
    "java.sql.SQLException": _EXCEPTION,
    "java.sql.SQLFeatureNotSupportedException": "java.sql.SQLException",
    "java.time.DateTimeException": _RUNTIME,
    "java.net.ConnectException": "java.net.SocketException",
    "java.net.SocketException": "java.io.IOException",
    "java.util.ConcurrentModificationException": _RUNTIME,
    "java.util.NoSuchElementException": _RUNTIME,
    "org.apache.spark.SparkArithmeticException": "java.lang.ArithmeticException",
    "org.apache.spark.SparkArrayIndexOutOfBoundsException": "java.lang.ArrayIndexOutOfBoundsException",
    "org.apache.spark.SparkClassNotFoundException": "java.lang.ClassNotFoundException",
    "java.lang.ClassNotFoundException": "java.lang.ReflectiveOperationException",
    "java.lang.ReflectiveOperationException": _EXCEPTION,
    "org.apache.spark.SparkConcurrentModificationException": "java.util.ConcurrentModificationException",
    "org.apache.spark.SparkDateTimeException": "java.time.DateTimeException",
    "org.apache.spark.SparkFileAlreadyExistsException": "org.apache.hadoop.fs.FileAlreadyExistsException",
    "org.apache.spark.SparkFileNotFoundException": "java.io.FileNotFoundException",
    "org.apache.spark.SparkIllegalArgumentException": "java.lang.IllegalArgumentException",
    "org.apache.spark.SparkIllegalStateException": "java.lang.IllegalStateException",
    "org.apache.spark.SparkIndexOutOfBoundsException": "java.lang.IndexOutOfBoundsException",
    "org.apache.spark.SparkNoSuchElementException": "java.util.NoSuchElementException",
    "org.apache.spark.SparkNumberFormatException": "java.lang.NumberFormatException",
    "org.apache.spark.SparkRuntimeException": _RUNTIME,
    "org.apache.spark.SparkSQLException": "java.sql.SQLException",
    "org.apache.spark.SparkSQLFeatureNotSupportedException": "java.sql.SQLFeatureNotSupportedException",
    "org.apache.spark.SparkSecurityException": "java.lang.SecurityException",
    "org.apache.spark.SparkUnsupportedOperationException": "java.lang.UnsupportedOperationException",
    "org.apache.spark.SparkUpgradeException": _RUNTIME,
    "org.apache.spark.api.python.PythonException": _RUNTIME,
    "org.apache.spark.sql.AnalysisException": _EXCEPTION,
    "org.apache.spark.sql.catalyst.ExtendedAnalysisException": "org.apache.spark.sql.AnalysisException",
    "org.apache.spark.sql.catalyst.analysis.NoSuchDatabaseException": "org.apache.spark.sql.AnalysisException",
    "org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException": "org.apache.spark.sql.AnalysisException",
    "org.apache.spark.sql.catalyst.analysis.NoSuchTableException": "org.apache.spark.sql.AnalysisException",
    "org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException": "org.apache.spark.sql.AnalysisException",
    "org.apache.spark.sql.catalyst.analysis.TempTableAlreadyExistsException": (
        "org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException"
    ),
    "org.apache.spark.sql.catalyst.parser.ParseException": "org.apache.spark.sql.AnalysisException",
}  # fmt: skip


def class_hierarchy(java_class: str) -> list[str]:
    """The class and its parents; a class that no row names is an Exception."""
    line = [java_class]
    while line[-1] != "java.lang.Object":
        line.append(_PARENTS.get(line[-1], _EXCEPTION))
    return line


def error_status(error: SparkError, error_id: str) -> status_pb2.Status:
    """The status of a failed call. `error_id` is what FetchErrorDetails will be asked with."""
    info = error_details_pb2.ErrorInfo(reason=error.java_class, domain=_DOMAIN)
    info.metadata["classes"] = json.dumps(class_hierarchy(error.java_class), separators=(",", ":"))
    info.metadata["errorId"] = error_id
    if has_condition(error):
        info.metadata["errorClass"] = error.condition
        parameters = json.dumps(error.parameters, separators=(",", ":"))
        if len(parameters) <= _PARAMETERS_LENGTH:
            info.metadata["messageParameters"] = parameters
    if error.sql_state:
        info.metadata["sqlState"] = error.sql_state
    detail = any_pb2.Any()
    detail.Pack(info)
    message = error.message
    if len(message) > _MESSAGE_LENGTH:
        message = message[: _MESSAGE_LENGTH - 3] + "..."
    return status_pb2.Status(code=INTERNAL, message=message, details=[detail])


def error_details(error: SparkError) -> pb.FetchErrorDetailsResponse:
    """Everything about an error and its causes, as far as Spark would know them."""
    response = pb.FetchErrorDetailsResponse(root_error_idx=0)
    for index, link in enumerate(_chain(error)):
        if index:
            response.errors[-1].cause_idx = index
        message = response.errors.add(
            error_type_hierarchy=class_hierarchy(link.java_class), message=link.message
        )
        if not has_condition(link):
            continue
        throwable = message.spark_throwable
        throwable.error_class = link.condition
        throwable.message_parameters.update(link.parameters)
        if link.sql_state:
            throwable.sql_state = link.sql_state
        if link.origin is not None:
            context = _query_context(link.origin)
            if context is not None:
                throwable.query_contexts.append(context)
    return response


def has_condition(error: SparkError) -> bool:
    """Whether Spark names a condition; it has none for what Java's own exceptions say."""
    return not error.condition.startswith(_PLAIN_JAVA)


def _chain(error: SparkError) -> Iterator[SparkError]:
    seen: set[int] = set()
    link: BaseException | None = error
    while isinstance(link, SparkError) and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or getattr(link, "cause", None)


def _query_context(origin: Origin) -> pb.FetchErrorDetailsResponse.QueryContext | None:
    summary = origin.summary()
    if not summary:
        return None
    if origin.sql_text:
        return pb.FetchErrorDetailsResponse.QueryContext(
            context_type=pb.FetchErrorDetailsResponse.QueryContext.SQL,
            start_index=origin.start,
            stop_index=origin.stop,
            fragment=origin.fragment or origin.sql_text[origin.start : origin.stop + 1],
            summary=summary,
        )
    return pb.FetchErrorDetailsResponse.QueryContext(
        context_type=pb.FetchErrorDetailsResponse.QueryContext.DATAFRAME,
        fragment=origin.fragment,
        call_site=origin.call_site,
        summary=summary,
    )
