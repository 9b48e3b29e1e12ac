"""Error conditions: one row each, in the order of their names.

The texts are Spark 4.3's, so that programs and people that know them find them again.
`<name>` in a template is a parameter. Add a row by observing Spark (tests/spark).
"""

from __future__ import annotations

from typing import NamedTuple

ANALYSIS = "org.apache.spark.sql.AnalysisException"
PARSE = "org.apache.spark.sql.catalyst.parser.ParseException"
ILLEGAL_ARGUMENT = "org.apache.spark.SparkIllegalArgumentException"
JAVA_ILLEGAL_ARGUMENT = "java.lang.IllegalArgumentException"
JAVA_ILLEGAL_STATE = "java.lang.IllegalStateException"
ARITHMETIC = "org.apache.spark.SparkArithmeticException"
ARRAY_INDEX = "org.apache.spark.SparkArrayIndexOutOfBoundsException"
DATE_TIME = "org.apache.spark.SparkDateTimeException"
NUMBER_FORMAT = "org.apache.spark.SparkNumberFormatException"
RUNTIME = "org.apache.spark.SparkRuntimeException"
SPARK = "org.apache.spark.SparkException"
UNSUPPORTED = "org.apache.spark.SparkUnsupportedOperationException"
STREAMING_QUERY = "org.apache.spark.sql.streaming.StreamingQueryException"


class Condition(NamedTuple):
    """What Spark says, under which SQLSTATE, thrown as which class."""

    template: str
    sql_state: str | None
    java_class: str


CONDITIONS: dict[str, Condition] = {
    "ALL_PARTITION_COLUMNS_NOT_ALLOWED": Condition(
        "Cannot use all columns for partition columns.", "KD005", ANALYSIS
    ),
    "ARITHMETIC_OVERFLOW": Condition(
        "<message>.<alternative> If necessary set <config> to \"false\" to bypass this error.",
        "22003",
        ARITHMETIC,
    ),
    "CALL_ON_STREAMING_DATASET_UNSUPPORTED": Condition(
        "The method <methodName> can not be called on streaming Dataset/DataFrame.",
        "42KDE",
        ANALYSIS,
    ),
    "CAST_INVALID_INPUT": Condition(
        "The value <expression> of the type <sourceType> cannot be cast to <targetType> because it is"
        " malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` to"
        " tolerate malformed input and return NULL instead.",
        "22018",
        NUMBER_FORMAT,
    ),
    "DIVIDE_BY_ZERO": Condition(
        "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If"
        " necessary set <config> to \"false\" to bypass this error.",
        "22012",
        ARITHMETIC,
    ),
    "INTERNAL_ERROR": Condition("<message>", "XX000", SPARK),
    "INVALID_ARRAY_INDEX": Condition(
        "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use the SQL"
        " function `get()` to tolerate accessing element at invalid index and return NULL instead.",
        "22003",
        ARRAY_INDEX,
    ),
    "PATH_NOT_FOUND": Condition("Path does not exist: <path>.", "42K03", ANALYSIS),
    "STREAM_FAILED": Condition(
        "Query [id = <id>, runId = <runId>] terminated with exception: <message>",
        "XXKST",
        STREAMING_QUERY,
    ),
    "UNSUPPORTED_FEATURE.POTOK": Condition(
        "The feature is not supported: <what> is not supported by this engine. <instead>",
        "0A000",
        UNSUPPORTED,
    ),
    "WRITE_STREAM_NOT_ALLOWED": Condition(
        "`writeStream` can be called only on streaming Dataset/DataFrame.", "42601", ANALYSIS
    ),
}
