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
ILLEGAL_STATE = "org.apache.spark.SparkIllegalStateException"
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
    "CONCURRENT_STREAM_LOG_UPDATE": Condition(
        "Concurrent update to the log. Multiple streaming jobs detected for <batchId>.\nPlease make sure"
        " only one streaming job runs on a specific checkpoint location at a time.",
        "40000",
        SPARK,
    ),
    "DATATYPE_MISSING_SIZE": Condition(
        "DataType <type> requires a length parameter, for example <type>(10). Please specify the "
        "length.",
        "42K01",
        PARSE,
    ),
    "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION": Condition(
        "Decimal precision <precision> exceeds max precision <maxPrecision>.",
        "22003",
        ARITHMETIC,
    ),
    "DECIMAL_SCALE_EXCEEDS_PRECISION": Condition(
        "Decimal scale (<scale>) cannot be greater than precision (<precision>).",
        "22003",
        PARSE,
    ),
    "DIVIDE_BY_ZERO": Condition(
        "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If"
        " necessary set <config> to \"false\" to bypass this error.",
        "22012",
        ARITHMETIC,
    ),
    "INCOMPLETE_TYPE_DEFINITION.ARRAY": Condition(
        "Incomplete complex type: The definition of \"ARRAY\" type is incomplete. You must provide "
        "an element type. For example: \"ARRAY<elementType>\".",
        "42K01",
        PARSE,
    ),
    "INCOMPLETE_TYPE_DEFINITION.MAP": Condition(
        "Incomplete complex type: The definition of \"MAP\" type is incomplete. You must provide a "
        "key type and a value type. For example: \"MAP<TIMESTAMP, INT>\".",
        "42K01",
        PARSE,
    ),
    "INCOMPLETE_TYPE_DEFINITION.STRUCT": Condition(
        "Incomplete complex type: The definition of \"STRUCT\" type is incomplete. You must "
        "provide at least one field type. For example: \"STRUCT<name STRING, phone DECIMAL(10, "
        "0)>\".",
        "42K01",
        PARSE,
    ),
    "INTERNAL_ERROR": Condition("<message>", "XX000", SPARK),
    "INVALID_ARRAY_INDEX": Condition(
        "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use the SQL"
        " function `get()` to tolerate accessing element at invalid index and return NULL instead.",
        "22003",
        ARRAY_INDEX,
    ),
    "INVALID_ATTRIBUTE_NAME_SYNTAX": Condition(
        "Syntax error in the attribute name: <name>. Check that backticks appear in pairs, a "
        "quoted string is a complete name part and use a backtick only inside quoted name parts.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_IDENTIFIER": Condition(
        "The unquoted identifier <ident> is invalid and must be back quoted as: `<ident>`.\n"
        "Unquoted identifiers can only contain ASCII letters ('a' - 'z', 'A' - 'Z'), digits ('0' "
        "- '9'), and underbar ('_').\nUnquoted identifiers must also not start with a digit.\n"
        "Different data sources and meta stores may impose additional restrictions on valid "
        "identifiers.",
        "42602",
        PARSE,
    ),
    "INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a "
        "valid format for defining an interval. You can reference the documentation for the "
        "correct format. Cannot support (interval '<input>' <from> to <to>) expression.",
        "22006",
        PARSE,
    ),
    "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION": Condition(
        "UnsupportedLogVersion. The maximum supported log version is v<maxSupportedVersion>, but"
        " encountered v<version>. The log file was produced by a newer version of Spark and cannot be read"
        " by this version. You need to upgrade.",
        "KD002",
        ILLEGAL_STATE,
    ),
    "INVALID_NUMERIC_LITERAL_RANGE": Condition(
        "Numeric literal <rawStrippedQualifier> is outside the valid range for <typeName> with "
        "minimum value of <minValue> and maximum value of <maxValue>. Please adjust the value "
        "accordingly.",
        "22003",
        PARSE,
    ),
    "INVALID_TYPED_LITERAL": Condition(
        "The value of the typed literal <valueType> is invalid: <value>.",
        "42604",
        PARSE,
    ),
    "MALFORMED_LOG_FILE": Condition(
        "Log file was malformed: failed to read correct log version from <text>.", "KD002", ILLEGAL_STATE
    ),
    "PARSE_EMPTY_STATEMENT": Condition(
        "Syntax error, unexpected empty statement.",
        "42617",
        PARSE,
    ),
    "PARSE_SYNTAX_ERROR": Condition(
        "Syntax error at or near <error><hint>.",
        "42601",
        PARSE,
    ),
    "PATH_NOT_FOUND": Condition("Path does not exist: <path>.", "42K03", ANALYSIS),
    "STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY": Condition(
        "The checkpoint location <checkpointLocation> should be empty on batch 0\nPlease either use a new"
        " checkpoint location, or delete the existing data in the checkpoint location.",
        "42K03",
        UNSUPPORTED,
    ),
    "STREAMING_CHECKPOINT_MISSING_METADATA_FILE": Condition(
        "Checkpoint location <checkpointLocation> is in an inconsistent state: the metadata file is missing"
        " but offset and/or commit logs contain data. Please restore the metadata file or create a new"
        " checkpoint directory.",
        "42K03",
        RUNTIME,
    ),
    "STREAM_FAILED": Condition(
        "Query [id = <id>, runId = <runId>] terminated with exception: <message>",
        "XXKST",
        STREAMING_QUERY,
    ),
    "UNCLOSED_BRACKETED_COMMENT": Condition(
        "Found an unclosed bracketed comment. Please, append */ at the end of the comment.",
        "42601",
        PARSE,
    ),
    "UNSUPPORTED_DATATYPE": Condition(
        "Unsupported data type <typeName>.",
        "0A000",
        PARSE,
    ),
    "UNSUPPORTED_FEATURE.POTOK": Condition(
        "The feature is not supported: <what> is not supported by this engine. <instead>",
        "0A000",
        UNSUPPORTED,
    ),
    "WRITE_STREAM_NOT_ALLOWED": Condition(
        "`writeStream` can be called only on streaming Dataset/DataFrame.", "42601", ANALYSIS
    ),
    "_LEGACY_ERROR_TEMP_2260": Condition("Cannot purge as it might break internal state.", None, UNSUPPORTED),
    "_LEGACY_ERROR_TEMP_CHECKPOINT": Condition("<message>", None, JAVA_ILLEGAL_STATE),
    "_LEGACY_ERROR_TEMP_CHECKPOINT.ASSERTION": Condition("<message>", None, "java.lang.AssertionError"),
}
