from __future__ import annotations

import json

import pytest
from google.rpc import error_details_pb2
from pyspark.sql.connect.proto import FetchErrorDetailsResponse

from potok.connect.encode_errors import class_hierarchy, error_details, error_status
from potok.errors import Origin, SparkError
from potok.streaming.failure import StreamingQueryError
from unit.connect.conversations import conversation

# Asked of Spark 4.3's Connect server: each call's ErrorInfo named these classes.
HIERARCHIES = [
    [
        "org.apache.spark.SparkArithmeticException",
        "java.lang.ArithmeticException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
        "java.lang.Throwable",
        "java.lang.Object",
    ],
    [
        "org.apache.spark.SparkNumberFormatException",
        "java.lang.NumberFormatException",
        "java.lang.IllegalArgumentException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
        "java.lang.Throwable",
        "java.lang.Object",
    ],
    [
        "org.apache.spark.SparkArrayIndexOutOfBoundsException",
        "java.lang.ArrayIndexOutOfBoundsException",
        "java.lang.IndexOutOfBoundsException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
        "java.lang.Throwable",
        "java.lang.Object",
    ],
    [
        "org.apache.spark.sql.catalyst.parser.ParseException",
        "org.apache.spark.sql.AnalysisException",
        "java.lang.Exception",
        "java.lang.Throwable",
        "java.lang.Object",
    ],
    [
        "org.apache.spark.SparkDateTimeException",
        "java.time.DateTimeException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
        "java.lang.Throwable",
        "java.lang.Object",
    ],
    [
        "org.apache.spark.SparkNoSuchElementException",
        "java.util.NoSuchElementException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
        "java.lang.Throwable",
        "java.lang.Object",
    ],
    [
        "org.apache.spark.SparkSQLException",
        "java.sql.SQLException",
        "java.lang.Exception",
        "java.lang.Throwable",
        "java.lang.Object",
    ],
    [
        "org.apache.spark.SparkUnsupportedOperationException",
        "java.lang.UnsupportedOperationException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
        "java.lang.Throwable",
        "java.lang.Object",
    ],
    [
        "org.apache.spark.sql.connect.common.InvalidPlanInput",
        "java.lang.Exception",
        "java.lang.Throwable",
        "java.lang.Object",
    ],
    [
        "org.apache.spark.sql.streaming.StreamingQueryException",
        "java.lang.Exception",
        "java.lang.Throwable",
        "java.lang.Object",
    ],
]


@pytest.mark.parametrize("expected", HIERARCHIES, ids=lambda line: line[0].rpartition(".")[2])
def test_parents_of_java_classes(expected: list[str]) -> None:
    assert class_hierarchy(expected[0]) == expected


def test_the_status_names_class_condition_and_parameters() -> None:
    error = SparkError("DIVIDE_BY_ZERO", config='"spark.sql.ansi.enabled"')
    status = error_status(error, "an-id")
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (status.code, status.message) == (13, error.message)
    assert (info.reason, info.domain) == ("org.apache.spark.SparkArithmeticException", "org.apache.spark")
    assert json.loads(info.metadata["classes"]) == HIERARCHIES[0]
    assert dict(info.metadata) == {
        "classes": info.metadata["classes"],
        "errorClass": "DIVIDE_BY_ZERO",
        "errorId": "an-id",
        "messageParameters": '{"config":"\\"spark.sql.ansi.enabled\\""}',
        "sqlState": "22012",
    }


def test_a_long_message_is_cut_in_the_status_only() -> None:
    error = SparkError("INTERNAL_ERROR", message="x" * 10_000)
    status = error_status(error, "id")
    assert len(status.message) == 2048
    assert status.message.endswith("...")
    assert error_details(error).errors[0].message == error.message


def test_details_match_those_recorded_for_a_missing_column() -> None:
    recorded = next(
        r.message for r in conversation("x6_sql_expr") if isinstance(r.message, FetchErrorDetailsResponse)
    )
    error = SparkError(
        "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        origin=Origin(fragment="nope", sql_text="select nope from t", start=7, stop=10, line=1, column=7),
        objectName="`nope`",
        proposal="`d`, `id`, `s`",
    )
    assert error_details(error).errors[0].spark_throwable == recorded.errors[0].spark_throwable


def test_a_place_in_the_program_is_a_context() -> None:
    error = SparkError(
        "DIVIDE_BY_ZERO", origin=Origin(fragment="__truediv__", call_site="/data/a.py:78"), config="c"
    )
    (context,) = error_details(error).errors[0].spark_throwable.query_contexts
    # As Spark 4.3 sent it for spark.range(3).select(F.col("id") / F.lit(0)).
    assert context == FetchErrorDetailsResponse.QueryContext(
        context_type=FetchErrorDetailsResponse.QueryContext.DATAFRAME,
        fragment="__truediv__",
        call_site="/data/a.py:78",
        summary='== DataFrame ==\n"__truediv__" was called from\n/data/a.py:78\n',
    )


def test_the_cause_of_a_failed_query_follows() -> None:
    cause = SparkError("DIVIDE_BY_ZERO", config="c")
    error = StreamingQueryError(query_id="q", run_id="r", cause=cause, query_text="=== Streaming Query ===")
    response = error_details(error)
    assert response.root_error_idx == 0
    assert [e.spark_throwable.error_class for e in response.errors] == ["STREAM_FAILED", "DIVIDE_BY_ZERO"]
    assert response.errors[0].cause_idx == 1
    assert not response.errors[1].HasField("cause_idx")


def test_a_plain_java_exception_has_no_condition() -> None:
    error = SparkError("_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT", message="Invalid UUID string: abc")
    info = error_details_pb2.ErrorInfo()
    status = error_status(error, "id")
    status.details[0].Unpack(info)
    assert "errorClass" not in info.metadata
    assert status.message == "Invalid UUID string: abc"
    assert info.reason == "java.lang.IllegalArgumentException"
