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
JAVA_UNSUPPORTED = "java.lang.UnsupportedOperationException"
ARITHMETIC = "org.apache.spark.SparkArithmeticException"
ARRAY_INDEX = "org.apache.spark.SparkArrayIndexOutOfBoundsException"
DATE_TIME = "org.apache.spark.SparkDateTimeException"
ILLEGAL_STATE = "org.apache.spark.SparkIllegalStateException"
INVALID_PLAN_INPUT = "org.apache.spark.sql.connect.common.InvalidPlanInput"
NO_SUCH_ELEMENT = "org.apache.spark.SparkNoSuchElementException"
NUMBER_FORMAT = "org.apache.spark.SparkNumberFormatException"
RUNTIME = "org.apache.spark.SparkRuntimeException"
SPARK = "org.apache.spark.SparkException"
SPARK_SQL = "org.apache.spark.SparkSQLException"
UPGRADE = "org.apache.spark.SparkUpgradeException"
UNSUPPORTED = "org.apache.spark.SparkUnsupportedOperationException"
STREAMING_QUERY = "org.apache.spark.sql.streaming.StreamingQueryException"


class Condition(NamedTuple):
    """What Spark says, under which SQLSTATE, thrown as which class.

    `is_bare` is whether the message is the text alone, as for the conditions of Spark's Kafka connector.
    """

    template: str
    sql_state: str | None
    java_class: str
    is_bare: bool = False


_KAFKA_DATA_LOSS = (
    "Some data may have been lost because they are not available in Kafka any more;\n"
    "either the data was aged out by Kafka or the topic may have been deleted before all the "
    "data in the\n"
    "topic was processed.\n"
    "If you don't want your streaming query to fail on such cases, set the source option "
    "failOnDataLoss to false.\n"
    "Reason: "
)


CONDITIONS: dict[str, Condition] = {
    "AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION": Condition(
        "Non-deterministic expression <sqlExpr> should not appear in the arguments of an aggregate function.",
        "42845",
        ANALYSIS,
    ),
    "ALL_PARTITION_COLUMNS_NOT_ALLOWED": Condition(
        "Cannot use all columns for partition columns.", "KD005", ANALYSIS
    ),
    "AMBIGUOUS_COLUMN_REFERENCE": Condition(
        "Column <name> is ambiguous. It's because you joined several DataFrame together, and "
        "some of these DataFrames are the same.\nThis column points to one of the DataFrames but "
        "Spark is unable to figure out which one.\nPlease alias the DataFrames with different "
        "names via `DataFrame.alias` before joining them,\nand specify the column using qualified "
        'name, e.g. `df.alias("a").join(df.alias("b"), col("a.id") > col("b.id"))`.',
        "42702",
        ANALYSIS,
    ),
    "AMBIGUOUS_LATERAL_COLUMN_ALIAS": Condition(
        "Lateral column alias <name> is ambiguous and has <n> matches.",
        "42702",
        ANALYSIS,
    ),
    "AMBIGUOUS_REFERENCE": Condition(
        "Reference <name> is ambiguous, could be: <referenceNames>.",
        "42704",
        ANALYSIS,
    ),
    "AMBIGUOUS_REFERENCE_TO_FIELDS": Condition(
        "Ambiguous reference to the field <field>. It appears <count> times in the schema.",
        "42000",
        ANALYSIS,
    ),
    "APPROX_TOP_K_MAX_ITEMS_TRACKED_EXCEEDS_LIMIT": Condition(
        "The max items tracked `maxItemsTracked`(<maxItemsTracked>) of `approx_top_k` should be less than or equal to <limit>.",
        "22023",
        RUNTIME,
    ),
    "APPROX_TOP_K_MAX_ITEMS_TRACKED_LESS_THAN_K": Condition(
        "The max items tracked `maxItemsTracked`(<maxItemsTracked>) of `approx_top_k` should be greater than or equal to `k`(<k>).",
        "22023",
        RUNTIME,
    ),
    "APPROX_TOP_K_NON_POSITIVE_ARG": Condition(
        "The value of <argName> in `approx_top_k` must be a positive integer, but got <argValue>.",
        "22023",
        RUNTIME,
    ),
    "APPROX_TOP_K_NULL_ARG": Condition(
        "The value of <argName> in `approx_top_k` cannot be NULL.",
        "22004",
        RUNTIME,
    ),
    "APPROX_TOP_K_SKETCH_SIZE_NOT_MATCH": Condition(
        "Combining approx_top_k sketches of different sizes is not allowed. Found sketches of size <size1> and <size2>.",
        "42846",
        RUNTIME,
    ),
    "APPROX_TOP_K_SKETCH_TYPE_NOT_MATCH": Condition(
        "Combining approx_top_k sketches of different types is not allowed. Found sketches of type <type1> and <type2>.",
        "42846",
        RUNTIME,
    ),
    "ARITHMETIC_OVERFLOW": Condition(
        '<message>.<alternative> If necessary set <config> to "false" to bypass this error.',
        "22003",
        ARITHMETIC,
    ),
    "ARTIFACT_ALREADY_EXISTS": Condition(
        "The artifact <normalizedRemoteRelativePath> already exists. Please choose a different "
        "name for the new artifact because it cannot be overwritten.",
        "42713",
        RUNTIME,
    ),
    "AS_OF_JOIN.TOLERANCE_IS_NON_NEGATIVE": Condition(
        "Invalid as-of join. The input argument `tolerance` must be non-negative.", "42604", ANALYSIS
    ),
    "AS_OF_JOIN.TOLERANCE_IS_UNFOLDABLE": Condition(
        "Invalid as-of join. The input argument `tolerance` must be a constant.", "42604", ANALYSIS
    ),
    "AS_OF_JOIN.UNSUPPORTED_DIRECTION": Condition(
        "Invalid as-of join. Unsupported as-of join direction '<direction>'. Supported as-of join direction include:"
        " <supported>.",
        "42604",
        ANALYSIS,
    ),
    "ASSIGNMENT_ARITY_MISMATCH": Condition(
        "The number of columns or variables assigned or aliased: <numTarget> does not match the "
        "number of source expressions: <numExpr>.",
        "42802",
        ANALYSIS,
    ),
    "BINARY_ARITHMETIC_OVERFLOW": Condition(
        "<value1> <symbol> <value2> caused overflow. Use <functionName> to ignore overflow "
        "problem and return NULL.",
        "22003",
        ARITHMETIC,
    ),
    "CALL_ON_STREAMING_DATASET_UNSUPPORTED": Condition(
        "The method <methodName> can not be called on streaming Dataset/DataFrame.",
        "42KDE",
        ANALYSIS,
    ),
    "CANNOT_CREATE_DATA_SOURCE_TABLE.EXTERNAL_METADATA_UNSUPPORTED": Condition(
        "Failed to create data source table <tableName>: provider '<provider>' does not support "
        "external metadata but a schema is provided. Please remove the schema when creating the table.",
        "42KDE",
        UNSUPPORTED,
    ),
    "CANNOT_DECODE_URL": Condition(
        "The provided URL cannot be decoded: <url>. Please ensure that the URL is properly "
        "formatted and try again.",
        "22546",
        ILLEGAL_ARGUMENT,
    ),
    "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS": Condition(
        "An error occurred during loading state. Error reading delta file <fileToRead> of <clazz>: <fileToRead>"
        " does not exist.",
        "58030",
        SPARK,
    ),
    "CANNOT_LOAD_STATE_STORE.CANNOT_READ_MISSING_SNAPSHOT_FILE": Condition(
        "An error occurred during loading state. Error reading snapshot file <fileToRead> of <clazz>: <fileToRead>"
        " does not exist.",
        "58030",
        SPARK,
    ),
    "CANNOT_LOAD_STATE_STORE.CANNOT_READ_STREAMING_STATE_FILE": Condition(
        "An error occurred during loading state. Error reading streaming state file of <fileToRead> does not exist."
        " If the stream job is restarted with a new or updated state operation, please create a new checkpoint"
        " location or clear the existing checkpoint location.",
        "58030",
        SPARK,
    ),
    "CANNOT_LOAD_STATE_STORE.SNAPSHOT_PARTITION_ID_NOT_FOUND": Condition(
        "An error occurred during loading state. Partition id <snapshotPartitionId> not found for state of operator"
        " <operatorId> at <checkpointLocation>.",
        "58030",
        SPARK,
    ),
    "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED": Condition(
        "An error occurred during loading state.<message>", "58030", SPARK
    ),
    "CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE": Condition(
        "Failed to merge incompatible data types <left> and <right>. Please check the data types of the columns being merged and ensure that they are compatible. If necessary, consider casting the columns to compatible data types before attempting the merge.",
        "42825",
        SPARK,
    ),
    "CANNOT_MERGE_SCHEMAS": Condition(
        "Failed merging schemas:\nInitial schema:\n<left>\nSchema that cannot be merged with the initial schema:\n<right>.",
        "42KD9",
        SPARK,
    ),
    "CANNOT_MODIFY_CONFIG": Condition(
        "Cannot modify the value of the Spark config: <key>.\nSee also "
        "'<docroot>/sql-migration-guide.html#ddl-statements'.",
        "46110",
        ANALYSIS,
    ),
    "CANNOT_MODIFY_STATIC_CONFIG": Condition(
        "Cannot modify the value of the static Spark config: <key>.",
        "46110",
        ANALYSIS,
    ),
    "CANNOT_PARSE_INTERVAL": Condition(
        "Unable to parse <intervalString>. Please ensure that the value provided is in a valid "
        "format for defining an interval. You can reference the documentation for the correct "
        "format. If the issue persists, please double check that the input value is not null or "
        "empty and try again.",
        "22006",
        ANALYSIS,
    ),
    "CANNOT_PARSE_TIMESTAMP": Condition(
        "<message>. Use <func> to tolerate invalid input string and return NULL instead.",
        "22007",
        DATE_TIME,
    ),
    "CANNOT_RESOLVE_DATAFRAME_COLUMN": Condition(
        "Cannot resolve dataframe column <name>. It's probably because of illegal references "
        'like `df1.select(df2.col("a"))`.',
        "42704",
        ANALYSIS,
    ),
    "CANNOT_RESOLVE_STAR_EXPAND": Condition(
        "Cannot resolve <targetString>.* given input columns <columns>. Please check that the "
        "specified table or struct exists and is accessible in the input columns.",
        "42704",
        ANALYSIS,
    ),
    "CANNOT_TRUNCATE_EXTERNAL_TABLE": Condition(
        "Operation not allowed: TRUNCATE TABLE on external tables: <tableName>.",
        "0A000",
        ANALYSIS,
    ),
    "CANNOT_UP_CAST_DATATYPE": Condition(
        "Cannot up cast <expression> from <sourceType> to <targetType>.\n<details>",
        "42846",
        ANALYSIS,
    ),
    "CAST_INVALID_INPUT": Condition(
        "The value <expression> of the type <sourceType> cannot be cast to <targetType> because it is"
        " malformed. Correct the value as per the syntax, or change its target type. Use `try_cast` to"
        " tolerate malformed input and return NULL instead.",
        "22018",
        NUMBER_FORMAT,
    ),
    "CAST_OVERFLOW": Condition(
        "The value <value> of the type <sourceType> cannot be cast to <targetType> due to an overflow. Use"
        " `try_cast` to tolerate overflow and return NULL instead.",
        "22003",
        ARITHMETIC,
    ),
    "CAST_OVERFLOW_IN_TABLE_INSERT": Condition(
        "Fail to assign a value of <sourceType> type to the <targetType> type column or variable "
        "<columnName> due to an overflow. Use `try_cast` on the input value to tolerate overflow and "
        "return NULL instead.",
        "22003",
        ARITHMETIC,
    ),
    "CATALOG_NOT_FOUND": Condition(
        "The catalog <catalogName> not found. Consider to set the SQL config <config> to a catalog plugin.",
        "42P08",
        "org.apache.spark.sql.connector.catalog.CatalogNotFoundException",
    ),
    "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION": Condition(
        "The codec <codecName> is not available. Available codecs are <availableCodecs>.",
        "56038",
        ILLEGAL_ARGUMENT,
    ),
    "COLUMN_ALREADY_EXISTS": Condition(
        "The column <columnName> already exists. Choose another name or rename the existing column.",
        "42711",
        ANALYSIS,
    ),
    "COLUMN_NOT_DEFINED_IN_TABLE": Condition(
        "<colType> column <colName> is not defined in table <tableName>, defined table columns are: "
        "<tableCols>.",
        "42703",
        ANALYSIS,
    ),
    "COLUMN_NOT_FOUND": Condition(
        "The column <colName> cannot be found. Verify the spelling and correctness of the column name "
        "according to the SQL config <caseSensitiveConfig>.",
        "42703",
        ANALYSIS,
    ),
    "CONCURRENT_STREAM_LOG_UPDATE": Condition(
        "Concurrent update to the log. Multiple streaming jobs detected for <batchId>.\nPlease make sure"
        " only one streaming job runs on a specific checkpoint location at a time.",
        "40000",
        SPARK,
    ),
    "CONFLICTING_DIRECTORY_STRUCTURES": Condition(
        "Conflicting directory structures detected.\nSuspicious paths:\n<discoveredBasePaths>\nIf provided paths are"
        ' partition directories, please set "basePath" in the options of the data source to specify the root'
        " directory of the table.\nIf there are multiple root directories, please load them separately and then"
        " union them.",
        "KD009",
        "org.apache.spark.SparkRuntimeException",
    ),
    "CONFLICTING_PARTITION_COLUMN_NAMES": Condition(
        "Conflicting partition column names detected:\n<distinctPartColLists>\nFor partitioned table directories, data"
        " files should only live in leaf directories.\nAnd directories at the same level should have the same"
        " partition column name.\nPlease check the following directories for unexpected files or inconsistent"
        " partition column names:\n<suspiciousPaths>",
        "KD009",
        "org.apache.spark.SparkRuntimeException",
    ),
    "CONNECT_INVALID_PLAN.ASSERTION_FAILURE": Condition(
        "The Spark Connect plan is invalid. <message>",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.CANNOT_FIND_CACHED_LOCAL_RELATION": Condition(
        "The Spark Connect plan is invalid. Cannot find a cached local relation for hash: <hash>",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.CANNOT_PARSE": Condition(
        "The Spark Connect plan is invalid. Cannot decompress or parse the input plan "
        "(<errorMsg>)\nThis may be caused by a corrupted compressed plan.\nTo disable plan "
        "compression, set 'spark.connect.session.planCompression.threshold' to -1.",
        "56K00",
        SPARK_SQL,
    ),
    "CONNECT_INVALID_PLAN.DATAFRAME_NOT_FOUND": Condition(
        "The Spark Connect plan is invalid. No DataFrame with id <dfId> is found in the session <sessionId>",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.DEDUPLICATE_ALL_COLUMNS_AND_SUBSET": Condition(
        "The Spark Connect plan is invalid. Cannot deduplicate on both all columns and a subset of columns",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.DEDUPLICATE_REQUIRES_COLUMNS_OR_ALL": Condition(
        "The Spark Connect plan is invalid. Deduplicate requires to either deduplicate on all "
        "columns or a subset of columns",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.INVALID_ENUM": Condition(
        "The Spark Connect plan is invalid. This enum value of <fullName> is invalid: <name>(<number>)",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET": Condition(
        "The Spark Connect plan is invalid. This oneOf field in <fullName> is not set: <name>",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.INVALID_SCHEMA_NON_STRUCT_TYPE": Condition(
        "The Spark Connect plan is invalid. The input schema <inputSchema> is not a struct type, "
        "but got <dataType>.",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.PLAN_SIZE_LARGER_THAN_MAX": Condition(
        "The Spark Connect plan is invalid. The plan size is larger than max (<planSize> vs. "
        "<maxPlanSize>)\nThis typically occurs when building very complex queries with many "
        "operations, large literals, or deeply nested expressions.\nConsider splitting the query "
        "into smaller parts using temporary views for intermediate results or reducing the number "
        "of operations.",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.SCHEMA_REQUIRED_FOR_LOCAL_RELATION": Condition(
        "The Spark Connect plan is invalid. Schema for LocalRelation is required when the input "
        "data is not provided.",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.SQL_COMMAND_EXPECTS_SQL_OR_WITH_RELATIONS": Condition(
        "The Spark Connect plan is invalid. SQL command expects either a SQL or a WithRelations, "
        "but got <other>",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.STREAMING_QUERY_NOT_FOUND": Condition(
        "The Spark Connect plan is invalid. Streaming query <id> is not found",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.STREAMING_QUERY_RUN_ID_MISMATCH": Condition(
        "The Spark Connect plan is invalid. Run id mismatch for query id <id>. Run id in the "
        "request <runId> does not match one on the server <serverRunId>. The query might have "
        "restarted.",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.UNKNOWN_ANALYZE_METHOD": Condition(
        "The Spark Connect plan is invalid. Unknown Analyze Method <other>!",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.UNRESOLVED_STAR_TARGET_INVALID": Condition(
        "The Spark Connect plan is invalid. UnresolvedStar requires a unparsed target ending with "
        "'.*', but got <target>.",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONNECT_INVALID_PLAN.WITH_COLUMNS_REQUIRE_SINGLE_NAME_PART": Condition(
        "The Spark Connect plan is invalid. WithColumns require column name only contains one name "
        "part, but got <got>",
        "56K00",
        INVALID_PLAN_INPUT,
    ),
    "CONVERSION_INVALID_INPUT": Condition(
        "The value <str> (<fmt>) cannot be converted to <targetType> because it is malformed. "
        "Correct the value as per the syntax, or change its format. Use <suggestion> to tolerate "
        "malformed input and return NULL instead.",
        "22018",
        NUMBER_FORMAT,
    ),
    "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS": Condition(
        "Cannot create view <viewName>, the reason is not enough data columns:\nView columns: "
        "<viewColumns>.\nData columns: <dataColumns>.",
        "21S01",
        ANALYSIS,
    ),
    "CREATE_VIEW_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS": Condition(
        "Cannot create view <viewName>, the reason is too many data columns:\nView columns: "
        "<viewColumns>.\nData columns: <dataColumns>.",
        "21S01",
        ANALYSIS,
    ),
    "CREATE_VIEW_WITH_IF_NOT_EXISTS_AND_REPLACE": Condition(
        "CREATE VIEW <viewName> with both IF NOT EXISTS and REPLACE is not allowed.",
        "42601",
        PARSE,
    ),
    "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should have "
        "been <dataType> followed by a value with same element type, but it's [<leftType>, "
        "<rightType>].",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Input to function <functionName> "
        "should have been two <arrayType> with same element type, but it's [<leftType>, "
        "<rightType>].",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: the left and right operands of the "
        "binary operator have incompatible types (<left> and <right>).",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: the binary operator requires the "
        "input type <inputType>, not <actualDataType>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Cannot drop all fields in struct.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to <targetType>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to "
        "<targetType> with ANSI mode on.\nIf you have to cast <srcType> to <targetType>, you can "
        "set <config> as <configVal>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: cannot cast <srcType> to "
        "<targetType>.\nTo convert values from <srcType> to <targetType>, you can use the "
        "functions <functionNames> instead.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.CREATE_MAP_KEY_DIFF_TYPES": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The given keys of function "
        "<functionName> should all be the same type, but they are <dataType>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.CREATE_MAP_VALUE_DIFF_TYPES": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The given values of function "
        "<functionName> should all be the same type, but they are <dataType>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Only foldable `STRING` expressions "
        "are allowed to appear at odd position, but they are <inputExprs>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.DATA_DIFF_TYPES": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should all "
        "be the same type, but it's <dataType>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Filter expression <filter> of type "
        "<type> is not a boolean.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.HASH_MAP_TYPE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Input to the function <functionName>"
        ' cannot contain elements of the "MAP" type. In Spark, same maps may have different '
        'hashcode, thus hash expressions are prohibited on "MAP" elements. To restore previous '
        'behavior set "spark.sql.legacy.allowHashOnMapType" to "true".',
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Input schema <schema> can only contain STRING as a key type for a MAP.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Input schema <schema> must be a struct, an array, a map or a variant.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The key of map cannot be/contain <keyType>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The <functionName> does not support "
        "ordering on type <dataType>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The data type of one or more "
        "elements in the left hand side of an IN subquery is not compatible with the data type "
        "of the output of the subquery. Mismatched columns: [<mismatchedColumns>], left side: "
        "[<leftType>], right side: [<rightType>].",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The number of columns in the left "
        "hand side of an IN subquery does not match the number of columns in the output of "
        "subquery. Left hand side columns(length: <leftLength>): [<leftColumns>], right hand "
        "side columns(length: <rightLength>): [<rightColumns>].",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Input to <functionName> should have "
        "been <dataType> followed by a value with same key type, but it's [<leftType>, "
        "<rightType>].",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Input to the <functionName> should "
        "have been two maps with compatible key types, but it's [<leftType>, <rightType>].",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: the input <inputName> should be a "
        "foldable <inputType> expression; however, got <inputExpr>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.NON_STRING_TYPE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: all arguments of the function <funcName> must be strings.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.NULL_TYPE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: Null typed values cannot be used as "
        "arguments of <functionName>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The <leftExprName>(<leftExprValue>) "
        "must be <constraint> the <rightExprName>(<rightExprValue>).",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The data type <orderSpecType> used "
        "in the order specification does not support the data type <valueBoundaryType> which is "
        "used in the range frame.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: A range window frame with value "
        "boundaries cannot be used in a window specification with multiple order by expressions: "
        "<orderSpec>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: A range window frame cannot be used "
        "in an unordered window specification.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: <functionName> uses the wrong parameter type. The parameter type must conform to:\n1. The start and stop expressions must resolve to the same type.\n2. If start and stop expressions resolve to the <startType> type, then the step expression must resolve to the <stepType> type.\n3. Otherwise, if start and stop expressions resolve to the <otherStartType> type, then the step expression must resolve to the same type.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The data type of the <location> "
        "bound <exprType> does not match the expected data type <expectedType>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The lower bound of a window frame must "
        "be <comparison> to the upper bound.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The data type of the column (<columnIndex>) do not have the same type: <leftType> (<leftParamIndex>) <> <rightType> (<rightParamIndex>).",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.TYPE_CHECK_FAILURE_WITH_HINT": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: <msg><hint>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The <paramIndex> parameter requires "
        "the <requiredType> type, however <inputSql> has the type <inputType>.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.UNEXPECTED_NULL": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The <exprName> must not be null.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The input of <functionName> can't be <dataType> type data.",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE": Condition(
        "Cannot resolve <sqlExpr> due to data type mismatch: The <exprName> must be between "
        "<valueRange> (current value = <currentValue>).",
        "42K09",
        ANALYSIS,
    ),
    "DATATYPE_MISSING_SIZE": Condition(
        "DataType <type> requires a length parameter, for example <type>(10). Please specify the length.",
        "42K01",
        PARSE,
    ),
    "DATA_SOURCE_NOT_FOUND": Condition(
        "Failed to find the data source: <provider>. Make sure the provider name is correct and the package is"
        " properly registered and compatible with your Spark version.",
        "42K02",
        "org.apache.spark.SparkClassNotFoundException",
    ),
    "DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION": Condition(
        "<rangeMessage>. ",
        "22023",
        DATE_TIME,
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
    "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED": Condition(
        "Distinct window functions are not supported: <windowExpr>.",
        "0A000",
        ANALYSIS,
    ),
    "DIVIDE_BY_ZERO": Condition(
        "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If"
        ' necessary set <config> to "false" to bypass this error.',
        "22012",
        ARITHMETIC,
    ),
    "DUPLICATED_CTE_NAMES": Condition(
        "CTE definition can't have duplicate names: <duplicateNames>.",
        "42602",
        PARSE,
    ),
    "DUPLICATED_MAP_KEY": Condition(
        'Duplicate map key <key> was found, please check the input data.\nIf you want to remove the duplicated keys, you can set <mapKeyDedupPolicy> to "LAST_WIN" so that the key inserted at last takes precedence.',
        "23505",
        RUNTIME,
    ),
    "DUPLICATED_METRICS_NAME": Condition(
        "The metric name is not unique: <metricName>. The same name cannot be used for metrics with different"
        " results.\nHowever multiple instances of metrics with with same result and name are allowed (e.g. self-joins).",
        "42710",
        ANALYSIS,
    ),
    "DUPLICATE_ASSIGNMENTS": Condition(
        "The columns or variables <nameList> appear more than once as assignment targets.",
        "42701",
        ANALYSIS,
    ),
    "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED": Condition(
        "Call to routine <routineName> is invalid because it includes multiple argument "
        "assignments to the same parameter name <parameterName>. A positional argument and named "
        "argument both referred to the same parameter. Please remove the named argument "
        "referring to this parameter.",
        "4274K",
        ANALYSIS,
    ),
    "DUPLICATE_ROUTINE_PARAMETER_NAMES": Condition(
        "Found duplicate name(s) in the parameter list of the user-defined routine <routineName>: <names>.",
        "42734",
        ANALYSIS,
    ),
    "EMITTING_ROWS_OLDER_THAN_WATERMARK_NOT_ALLOWED": Condition(
        "Previous node emitted a row with eventTime=<emittedRowEventTime> which is older than "
        "current_watermark_value=<currentWatermark>\nThis can lead to correctness issues in the stateful "
        "operators downstream in the execution pipeline.\nPlease correct the operator logic to emit rows "
        "after current global watermark value.",
        "42815",
        ILLEGAL_ARGUMENT,
    ),
    "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE": Condition(
        'The event time <eventName> has the invalid type <eventType>, but expected "TIMESTAMP".',
        "42K09",
        ANALYSIS,
    ),
    "EXPECT_PERMANENT_VIEW_NOT_TEMP": Condition(
        "'<operation>' expects a permanent view but <viewName> is a temp view.",
        "42809",
        ANALYSIS,
    ),
    "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE": Condition(
        "'<operation>' expects a table but <viewName> is a view. ",
        "42809",
        ANALYSIS,
    ),
    "EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE": Condition(
        "The table <tableName> does not support <operation>. ",
        "42809",
        ANALYSIS,
    ),
    "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER": Condition(
        "Encountered error while reading file <path>. Could not read footer. Please ensure that the file is in either ORC or"
        " Parquet format.\nIf not, please convert it to a valid format. If the file is in the valid format, please"
        " check if it is corrupt.\nIf it is, you can choose to either ignore it or fix the corruption.",
        "KD001",
        SPARK,
    ),
    "FAILED_READ_FILE.FILE_NOT_EXIST": Condition(
        "Encountered error while reading file <path>. File does not exist. It is possible the underlying files have"
        " been updated. You can explicitly invalidate the cache in Spark by running 'REFRESH TABLE tableName' command"
        " in SQL or by recreating the Dataset/DataFrame involved.",
        "KD001",
        SPARK,
    ),
    "FAILED_READ_FILE.NO_HINT": Condition(
        "Encountered error while reading file <path>. ",
        "KD001",
        SPARK,
    ),
    "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH": Condition(
        "Encountered error while reading file <path>. Data type mismatches when reading Parquet column <column>."
        " Expected Spark type <expectedType>, actual Parquet type <actualType>.",
        "KD001",
        SPARK,
    ),
    "FAILED_TO_PARSE_TOO_COMPLEX": Condition(
        "The statement, including potential SQL functions and referenced views, was too complex "
        "to parse.\nTo mitigate this error divide the statement into multiple, less complex "
        "chunks.",
        "54001",
        PARSE,
    ),
    "FEATURE_NOT_ENABLED": Condition(
        "The feature <featureName> is not enabled. Consider setting the config <configKey> to <configValue> to enable this capability.",
        "56038",
        SPARK,
    ),
    "FIELD_NOT_FOUND": Condition("No such struct field <fieldName> in <fields>.", "42704", ANALYSIS),
    "FORBIDDEN_OPERATION": Condition(
        "The operation <statement> is not allowed on the <objectType>: <objectName>.",
        "42809",
        ANALYSIS,
    ),
    "FOREACH_BATCH_USER_FUNCTION_ERROR": Condition(
        "An error occurred in the user provided function in foreach batch sink. Reason: <reason>",
        "39000",
        SPARK,
    ),
    "FOREACH_USER_FUNCTION_ERROR": Condition(
        "An error occurred in the user provided function in foreach sink. Reason: <reason>", "39000", SPARK
    ),
    "GROUPING_COLUMN_MISMATCH": Condition(
        "Column of grouping (<grouping>) can't be found in grouping columns <groupingColumns>.",
        "42803",
        ANALYSIS,
    ),
    "GROUPING_ID_COLUMN_MISMATCH": Condition(
        "Columns of grouping_id (<groupingIdColumn>) does not match grouping columns (<groupByColumns>).",
        "42803",
        ANALYSIS,
    ),
    "GROUPING_SIZE_LIMIT_EXCEEDED": Condition(
        "Grouping sets size cannot be greater than <maxSize>.",
        "54000",
        ANALYSIS,
    ),
    "GROUP_BY_AGGREGATE": Condition(
        "Aggregate functions are not allowed in GROUP BY, but found <sqlExpr>.",
        "42903",
        ANALYSIS,
    ),
    "GROUP_BY_POS_AGGREGATE": Condition(
        "GROUP BY <index> refers to an expression <aggExpr> that contains an aggregate function. "
        "Aggregate functions are not allowed in GROUP BY.",
        "42903",
        ANALYSIS,
    ),
    "GROUP_BY_POS_OUT_OF_RANGE": Condition(
        "GROUP BY position <index> is not in select list (valid range is [1, <size>]).",
        "42805",
        ANALYSIS,
    ),
    "GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE": Condition(
        "The expression <sqlExpr> cannot be used as a grouping expression because its data type "
        "<dataType> is not an orderable data type.",
        "42822",
        ANALYSIS,
    ),
    "HLL_INVALID_INPUT_SKETCH_BUFFER": Condition(
        "Invalid call to <function>; only valid HLL sketch buffers are supported as inputs (such as those produced by the `hll_sketch_agg` function).",
        "22546",
        RUNTIME,
    ),
    "HLL_INVALID_LG_K": Condition(
        "Invalid call to <function>; the `lgConfigK` value must be between <min> and <max>, inclusive: <value>.",
        "22546",
        RUNTIME,
    ),
    "HLL_K_MUST_BE_CONSTANT": Condition(
        "Invalid call to <function>; the `K` value must be a constant value, but got a non-constant expression.",
        "42K0E",
        RUNTIME,
    ),
    "HLL_UNION_DIFFERENT_LG_K": Condition(
        "Sketches have different `lgConfigK` values: <left> and <right>. Set the `allowDifferentLgConfigK` parameter to true to call <function> with different `lgConfigK` values.",
        "22000",
        RUNTIME,
    ),
    "ILLEGAL_DAY_OF_WEEK": Condition(
        "Illegal input for day of week: <string>.",
        "22009",
        ILLEGAL_ARGUMENT,
    ),
    "ILLEGAL_STATE_STORE_VALUE.EMPTY_LIST_VALUE": Condition(
        "Illegal value provided to the State Store Cannot write empty list values to State Store for "
        "StateName <stateName>.",
        "42601",
        UNSUPPORTED,
    ),
    "INCOMPARABLE_PIVOT_COLUMN": Condition(
        "Invalid pivot column <columnName>. Pivot columns must be comparable.",
        "42818",
        ANALYSIS,
    ),
    "INCOMPATIBLE_COLUMN_TYPE": Condition(
        "<operator> can only be performed on tables with compatible column types. The "
        "<columnOrdinalNumber> column of the <tableOrdinalNumber> table is <dataType1> type "
        "which is not compatible with <dataType2> at the same column of the first table.<hint>.",
        "42825",
        ANALYSIS,
    ),
    "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST": Condition(
        "Cannot write incompatible data for the table <tableName>: Cannot safely cast <colName> "
        "<srcType> to <targetType>.",
        "KD000",
        ANALYSIS,
    ),
    "INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS": Condition(
        "Cannot write incompatible data for the table <tableName>: Cannot write extra columns "
        "<extraColumns>.",
        "KD000",
        ANALYSIS,
    ),
    "INCOMPLETE_TYPE_DEFINITION.ARRAY": Condition(
        'Incomplete complex type: The definition of "ARRAY" type is incomplete. You must provide '
        'an element type. For example: "ARRAY<elementType>".',
        "42K01",
        PARSE,
    ),
    "INCOMPLETE_TYPE_DEFINITION.MAP": Condition(
        'Incomplete complex type: The definition of "MAP" type is incomplete. You must provide a '
        'key type and a value type. For example: "MAP<TIMESTAMP, INT>".',
        "42K01",
        PARSE,
    ),
    "INCOMPLETE_TYPE_DEFINITION.STRUCT": Condition(
        'Incomplete complex type: The definition of "STRUCT" type is incomplete. You must '
        'provide at least one field type. For example: "STRUCT<name STRING, phone DECIMAL(10, '
        '0)>".',
        "42K01",
        PARSE,
    ),
    "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION": Condition(
        "You may get a different result due to the upgrading to Spark >= 3.0:\nFail to recognize <pattern> pattern in the DateTimeFormatter.\n1) You can set <config> to \"LEGACY\" to restore the behavior before Spark 3.0.\n2) You can form a valid datetime pattern with the guide from '<docroot>/sql-ref-datetime-pattern.html'.",
        "42K0B",
        UPGRADE,
    ),
    "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN": Condition(
        "You may get a different result due to the upgrading to Spark >= 3.0:\nAll week-based patterns are unsupported since Spark 3.0, detected week-based character: <c>.\nPlease use the SQL function EXTRACT instead.",
        "42K0B",
        JAVA_ILLEGAL_ARGUMENT,
    ),
    "INCORRECT_END_OFFSET": Condition(
        "Max offset with <rowsPerSecond> rowsPerSecond is <maxSeconds>, but it's <endSeconds> now.",
        "22003",
        RUNTIME,
    ),
    "INCORRECT_RAMP_UP_RATE": Condition(
        "Max offset with <rowsPerSecond> rowsPerSecond is <maxSeconds>, but 'rampUpTimeSeconds' is <rampUpTimeSeconds>.",
        "22003",
        RUNTIME,
    ),
    "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS": Condition(
        "Cannot write to <tableName>, the reason is not enough data columns:\nTable columns: "
        "<tableColumns>.\nData columns: <dataColumns>.",
        "21S01",
        ANALYSIS,
    ),
    "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS": Condition(
        "Cannot write to <tableName>, the reason is too many data columns:\nTable columns: "
        "<tableColumns>.\nData columns: <dataColumns>.",
        "21S01",
        ANALYSIS,
    ),
    "INTERNAL_ERROR": Condition("<message>", "XX000", SPARK),
    "INTERNAL_ERROR_TWS": Condition("<message>", "XX000", UNSUPPORTED),
    "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION": Condition(
        "Integer overflow while operating with intervals. Try devising appropriate values for the"
        " interval parameters.",
        "22015",
        ARITHMETIC,
    ),
    "INTERVAL_DIVIDED_BY_ZERO": Condition(
        "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead.",
        "22012",
        ARITHMETIC,
    ),
    "INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE": Condition(
        "The FILTER expression <filterExpr> in an aggregate function is invalid. Expected a "
        "FILTER expression without an aggregation, but found <aggExpr>.",
        "42903",
        ANALYSIS,
    ),
    "INVALID_AGGREGATE_FILTER.CONTAINS_WINDOW_FUNCTION": Condition(
        "The FILTER expression <filterExpr> in an aggregate function is invalid. Expected a "
        "FILTER expression without a window function, but found <windowExpr>.",
        "42903",
        ANALYSIS,
    ),
    "INVALID_AGGREGATE_FILTER.NOT_BOOLEAN": Condition(
        "The FILTER expression <filterExpr> in an aggregate function is invalid. Expected a "
        "FILTER expression of the BOOLEAN type.",
        "42903",
        ANALYSIS,
    ),
    "INVALID_ARRAY_INDEX": Condition(
        "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use the SQL"
        " function `get()` to tolerate accessing element at invalid index and return NULL instead.",
        "22003",
        ARRAY_INDEX,
    ),
    "INVALID_ARRAY_INDEX_IN_ELEMENT_AT": Condition(
        "The index <indexValue> is out of bounds. The array has <arraySize> elements. Use "
        "`try_element_at` to tolerate accessing element at invalid index and return NULL instead.",
        "22003",
        ARRAY_INDEX,
    ),
    "INVALID_ARTIFACT_PATH": Condition(
        "Artifact with name <name> is invalid. The name must be a relative path and cannot "
        "reference parent/sibling/nephew directories.",
        "22023",
        RUNTIME,
    ),
    "INVALID_ATTRIBUTE_NAME_SYNTAX": Condition(
        "Syntax error in the attribute name: <name>. Check that backticks appear in pairs, a "
        "quoted string is a complete name part and use a backtick only inside quoted name parts.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_BITMAP_POSITION": Condition(
        "The 0-indexed bitmap position <bitPosition> is out of bounds. The bitmap has <bitmapNumBits> bits (<bitmapNumBytes> bytes).",
        "22003",
        ARRAY_INDEX,
    ),
    "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_CLOSED": Condition(
        "Invalid session clone request. Cannot clone session to target session ID "
        "<targetSessionId> because a session with this ID was previously closed.",
        "42K04",
        SPARK_SQL,
    ),
    "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_EXISTS": Condition(
        "Invalid session clone request. Cannot clone session to target session ID "
        "<targetSessionId> because a session with this ID already exists.",
        "42K04",
        SPARK_SQL,
    ),
    "INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_FORMAT": Condition(
        "Invalid session clone request. Target session ID <targetSessionId> for clone operation "
        "must be an UUID string of the format '00112233-4455-6677-8899-aabbccddeeff'.",
        "42K04",
        SPARK_SQL,
    ),
    "INVALID_COLUMN_OR_FIELD_DATA_TYPE": Condition(
        "Column or field <name> is of type <type> while it's required to be <expectedType>.",
        "42000",
        ANALYSIS,
    ),
    "INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS": Condition(
        "The value '<confValue>' in the config \"<confName>\" is invalid. It should be one of '<confOptions>'.",
        "22022",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_CONF_VALUE.REQUIREMENT": Condition(
        "The value '<confValue>' in the config \"<confName>\" is invalid. <confRequirement>",
        "22022",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_CONF_VALUE.TIME_ZONE": Condition(
        "The value '<confValue>' in the config \"<confName>\" is invalid. Cannot resolve the given timezone.",
        "22022",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_CONF_VALUE.TYPE_MISMATCH": Condition(
        "The value '<confValue>' in the config \"<confName>\" is invalid. It should be a/an "
        "'<confType>' value.",
        "22022",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_CORRUPT_RECORD_TYPE": Condition(
        "The column <columnName> for corrupt records must have the nullable STRING type, but got <actualType>.",
        "42804",
        ANALYSIS,
    ),
    "INVALID_CURSOR.DISCONNECTED": Condition(
        "The cursor is invalid. The cursor has been disconnected by the server.",
        "HY109",
        SPARK_SQL,
    ),
    "INVALID_CURSOR.NOT_REATTACHABLE": Condition(
        "The cursor is invalid. The cursor is not reattachable.",
        "HY109",
        SPARK_SQL,
    ),
    "INVALID_CURSOR.POSITION_NOT_AVAILABLE": Condition(
        "The cursor is invalid. The cursor position id <responseId> is no longer available at index <index>.",
        "HY109",
        SPARK_SQL,
    ),
    "INVALID_CURSOR.POSITION_NOT_FOUND": Condition(
        "The cursor is invalid. The cursor position id <responseId> is not found.",
        "HY109",
        SPARK_SQL,
    ),
    "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER": Condition(
        "Unrecognized datetime pattern: <pattern>. Illegal pattern character found in datetime "
        "pattern: <c>. Please provide legal character.",
        "22007",
        JAVA_ILLEGAL_ARGUMENT,
    ),
    "INVALID_DATETIME_PATTERN.WITH_SUGGESTION": Condition(
        "Unrecognized datetime pattern: <pattern>. You can form a valid datetime pattern with the"
        " guide from '<docroot>/sql-ref-datetime-pattern.html'.",
        "22007",
        RUNTIME,
    ),
    "INVALID_DEFAULT_VALUE.SUBQUERY_EXPRESSION": Condition(
        "Failed to execute <statement> command because the destination column or variable <colName> has a DEFAULT value <defaultValue>, which contains subquery expressions.",
        "42623",
        ANALYSIS,
    ),
    "INVALID_DELIMITER_VALUE.EMPTY_STRING": Condition(
        "Invalid value for delimiter. Delimiter cannot be empty string.",
        "42602",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH": Condition(
        "Invalid value for delimiter. Single backslash is prohibited. It has special meaning as beginning of an escape"
        " sequence. To get the backslash character, pass a string with two backslashes as the delimiter.",
        "42602",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER": Condition(
        "Invalid value for delimiter. Unsupported special character for delimiter: <str>.",
        "42602",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_ESC": Condition(
        "Found an invalid escape string: <invalidEscape>. The escape string must contain only one character.",
        "42604",
        PARSE,
    ),
    "INVALID_ESCAPE_CHAR": Condition(
        "`EscapeChar` should be a string literal of length one, but got <sqlExpr>.",
        "42604",
        ANALYSIS,
    ),
    "INVALID_EXTRACT_BASE_FIELD_TYPE": Condition(
        "Can't extract a value from <base>. Need a complex type [STRUCT, ARRAY, MAP] but got <other>.",
        "42000",
        ANALYSIS,
    ),
    "INVALID_EXTRACT_FIELD": Condition(
        "Cannot extract <field> from <expr>.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_EXTRACT_FIELD_TYPE": Condition(
        "Field name should be a non-null string literal, but it's <extraction>.",
        "42000",
        ANALYSIS,
    ),
    "INVALID_FORMAT.CONT_THOUSANDS_SEPS": Condition(
        "The format is invalid: <format>. Thousands separators (, or G) must have digits in between them "
        "in the number format.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_FORMAT.CUR_MUST_BEFORE_DEC": Condition(
        "The format is invalid: <format>. Currency characters must appear before any decimal point in the "
        "number format.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_FORMAT.CUR_MUST_BEFORE_DIGIT": Condition(
        "The format is invalid: <format>. Currency characters must appear before digits in the number format.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_FORMAT.EMPTY": Condition(
        "The format is invalid: <format>. The number format string cannot be empty.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_FORMAT.ESC_AT_THE_END": Condition(
        "The format is invalid: <format>. The escape character is not allowed to end with.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_FORMAT.ESC_IN_THE_MIDDLE": Condition(
        "The format is invalid: <format>. The escape character is not allowed to precede <char>.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_FORMAT.MISMATCH_INPUT": Condition(
        "The format is invalid: <format>. The input <inputType> <input> does not match the format.",
        "42601",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_FORMAT.THOUSANDS_SEPS_MUST_BEFORE_DEC": Condition(
        "The format is invalid: <format>. Thousands separators (, or G) may not appear after the decimal "
        "point in the number format.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_FORMAT.UNEXPECTED_TOKEN": Condition(
        "The format is invalid: <format>. Found the unexpected <token> in the format string; the structure "
        "of the format string must match: <structure>.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_FORMAT.WRONG_NUM_DIGIT": Condition(
        "The format is invalid: <format>. The format string requires at least one number digit.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_FORMAT.WRONG_NUM_TOKEN": Condition(
        "The format is invalid: <format>. At most one <token> is allowed in the number format.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_HANDLE.FORMAT": Condition(
        "The handle <handle> is invalid. Handle must be an UUID string of the format "
        "'00112233-4455-6677-8899-aabbccddeeff'",
        "HY000",
        SPARK_SQL,
    ),
    "INVALID_HANDLE.OPERATION_ABANDONED": Condition(
        "The handle <handle> is invalid. Operation was considered abandoned because of inactivity "
        "and removed.",
        "HY000",
        SPARK_SQL,
    ),
    "INVALID_HANDLE.OPERATION_ALREADY_EXISTS": Condition(
        "The handle <handle> is invalid. Operation already exists.",
        "HY000",
        SPARK_SQL,
    ),
    "INVALID_HANDLE.OPERATION_NOT_FOUND": Condition(
        "The handle <handle> is invalid. Operation not found.",
        "HY000",
        SPARK_SQL,
    ),
    "INVALID_HANDLE.SESSION_CHANGED": Condition(
        "The handle <handle> is invalid. The existing Spark server driver instance has restarted. "
        "Please reconnect.",
        "08003",
        SPARK_SQL,
    ),
    "INVALID_HANDLE.SESSION_CLOSED": Condition(
        "The handle <handle> is invalid. Session was closed.",
        "HY000",
        SPARK_SQL,
    ),
    "INVALID_HANDLE.SESSION_NOT_FOUND": Condition(
        "The handle <handle> is invalid. Session not found.",
        "HY000",
        SPARK_SQL,
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
    "INVALID_INDEX_OF_ZERO": Condition(
        "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1).",
        "22003",
        RUNTIME,
    ),
    "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE": Condition(
        "Invalid inline table. Found incompatible types in the column <colName> for inline table.",
        "42000",
        ANALYSIS,
    ),
    "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH": Condition(
        "Invalid inline table. Inline table expected <expectedNumCols> columns but found "
        "<actualNumCols> columns in row <rowIndex>.",
        "42000",
        PARSE,
    ),
    "INVALID_INTERVAL_FORMAT.ARITHMETIC_EXCEPTION": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Uncaught arithmetic exception while parsing '<input>'.",
        "22006",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_INTERVAL_FORMAT.INPUT_IS_EMPTY": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Interval string cannot be empty.",
        "22006",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a "
        "valid format for defining an interval. You can reference the documentation for the "
        "correct format. Error parsing interval <interval> string.",
        "22006",
        PARSE,
    ),
    "INVALID_INTERVAL_FORMAT.INVALID_FRACTION": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. <unit> cannot have fractional part.",
        "22006",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_INTERVAL_FORMAT.INVALID_PRECISION": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Interval can only support nanosecond precision, <value> is out of range.",
        "22006",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_INTERVAL_FORMAT.INVALID_PREFIX": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Invalid interval prefix <prefix>.",
        "22006",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_INTERVAL_FORMAT.INVALID_UNIT": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Invalid unit <unit>.",
        "22006",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_INTERVAL_FORMAT.INVALID_VALUE": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Invalid value <value>.",
        "22006",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_INTERVAL_FORMAT.MISSING_UNIT": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Expect a unit name after <word> but hit EOL.",
        "22006",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a "
        "valid format for defining an interval. You can reference the documentation for the "
        "correct format. Interval string does not match <intervalStr> format of "
        "<supportedFormat> when cast to <typeName>: <input>.",
        "22006",
        PARSE,
    ),
    "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a "
        "valid format for defining an interval. You can reference the documentation for the "
        "correct format. Interval string does not match <intervalStr> format of "
        "<supportedFormat> when cast to <typeName>: <input>. Set "
        '"spark.sql.legacy.fromDayTimeString.enabled" to "true" to restore the behavior before '
        "Spark 3.0.",
        "22006",
        PARSE,
    ),
    "INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a valid format for defining an interval. You can reference the documentation for the correct format. Unrecognized number <number>.",
        "22006",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION": Condition(
        "Error parsing '<input>' to interval. Please ensure that the value provided is in a "
        "valid format for defining an interval. You can reference the documentation for the "
        "correct format. Cannot support (interval '<input>' <from> to <to>) expression.",
        "22006",
        PARSE,
    ),
    "INVALID_JSON_DATA_TYPE": Condition(
        "Failed to convert the JSON string '<invalidType>' to a data type. Please enter a valid data type.",
        "2203G",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES": Condition(
        "Invalid lambda function call. The lambda function has duplicate arguments <args>. "
        'Please, consider to rename the argument names or set <caseSensitiveConfig> to "true".',
        "42K0D",
        ANALYSIS,
    ),
    "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION": Condition(
        "Invalid lambda function call. A lambda function should only be used in a higher order "
        "function. However, its class is <class>, which is not a higher order function.",
        "42K0D",
        ANALYSIS,
    ),
    "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH": Condition(
        "Invalid lambda function call. A higher order function expects <expectedNumArgs> "
        "arguments, but got <actualNumArgs>.",
        "42K0D",
        ANALYSIS,
    ),
    "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE": Condition(
        "The limit like expression <expr> is invalid. The <name> expression must be integer "
        "type, but got <dataType>.",
        "42K0E",
        ANALYSIS,
    ),
    "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE": Condition(
        "The limit like expression <expr> is invalid. The <name> expression must be equal to or "
        "greater than 0, but got <v>.",
        "42K0E",
        ANALYSIS,
    ),
    "INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL": Condition(
        "The limit like expression <expr> is invalid. The evaluated <name> expression must not be null.",
        "42K0E",
        ANALYSIS,
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
    "INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_DISTINCT_UNSUPPORTED": Condition(
        "Invalid observed metrics. Aggregate expressions with DISTINCT are not allowed in "
        "observed metrics, but found: <expr>.",
        "42K0E",
        ANALYSIS,
    ),
    "INVALID_OBSERVED_METRICS.AGGREGATE_EXPRESSION_WITH_FILTER_UNSUPPORTED": Condition(
        "Invalid observed metrics. Aggregate expression with FILTER predicate are not allowed in "
        "observed metrics, but found: <expr>.",
        "42K0E",
        ANALYSIS,
    ),
    "INVALID_OBSERVED_METRICS.MISSING_NAME": Condition(
        "Invalid observed metrics. The observed metrics should be named: <operator>.",
        "42K0E",
        ANALYSIS,
    ),
    "INVALID_OBSERVED_METRICS.NON_AGGREGATE_FUNC_ARG_IS_ATTRIBUTE": Condition(
        "Invalid observed metrics. Attribute <expr> can only be used as an argument to an "
        "aggregate function.",
        "42K0E",
        ANALYSIS,
    ),
    "INVALID_OBSERVED_METRICS.WINDOW_EXPRESSIONS_UNSUPPORTED": Condition(
        "Invalid observed metrics. Window expressions are not allowed in observed metrics, but "
        "found: <expr>.",
        "42K0E",
        ANALYSIS,
    ),
    "INVALID_OPTIONS.NON_MAP_FUNCTION": Condition(
        "Invalid options: Must use the `map()` function for options.",
        "42K06",
        ANALYSIS,
    ),
    "INVALID_OPTIONS.NON_STRING_TYPE": Condition(
        "Invalid options: A type of keys and values in `map()` must be string, but got <mapType>.",
        "42K06",
        ANALYSIS,
    ),
    "INVALID_PARAMETER_VALUE.BINARY_FORMAT": Condition(
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of "
        "binary formats 'base64', 'hex', 'utf-8', but got <invalidFormat>.",
        "22023",
        RUNTIME,
    ),
    "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE": Condition(
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects an integer value in [0, <upper>), but got <invalidValue>.",
        "22023",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_PARAMETER_VALUE.BOOLEAN": Condition(
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects a boolean literal, but got <invalidValue>.",
        "22023",
        ANALYSIS,
    ),
    "INVALID_PARAMETER_VALUE.CHARSET": Condition(
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the "
        "<charsets>, but got <charset>.",
        "22023",
        ILLEGAL_ARGUMENT,
    ),
    "INVALID_PARAMETER_VALUE.DATETIME_UNIT": Condition(
        "The value of parameter(s) <parameter> in <functionName> is invalid: expects one of the "
        "units without quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, "
        "MILLISECOND, MICROSECOND, but got the string literal <invalidValue>.",
        "22023",
        PARSE,
    ),
    "INVALID_PARAMETER_VALUE.INTERRUPT_TYPE_OPERATION_ID_REQUIRES_ID": Condition(
        "The value of parameter(s) <parameter> in <functionName> is invalid: "
        "INTERRUPT_TYPE_OPERATION_ID requested, but no operation_id provided.",
        "22023",
        SPARK_SQL,
    ),
    "INVALID_PARAMETER_VALUE.INTERRUPT_TYPE_TAG_REQUIRES_TAG": Condition(
        "The value of parameter(s) <parameter> in <functionName> is invalid: INTERRUPT_TYPE_TAG "
        "requested, but no operation_tag provided.",
        "22023",
        SPARK_SQL,
    ),
    "INVALID_PARAMETER_VALUE.LENGTH": Condition(
        "The value of parameter(s) <parameter> in <functionName> is invalid: Expects `length` "
        "greater than or equal to 0, but got <length>.",
        "22023",
        RUNTIME,
    ),
    "INVALID_PARAMETER_VALUE.PATTERN": Condition(
        "The value of parameter(s) <parameter> in <functionName> is invalid: <value>.",
        "22023",
        RUNTIME,
    ),
    "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX": Condition(
        "The value of parameter(s) <parameter> in <functionName> is invalid: Expects group index "
        "between 0 and <groupCount>, but got <groupIndex>.",
        "22023",
        RUNTIME,
    ),
    "INVALID_PARAMETER_VALUE.START": Condition(
        "The value of parameter(s) <parameter> in <functionName> is invalid: Expects a positive "
        "or a negative value for `start`, but got 0.",
        "22023",
        RUNTIME,
    ),
    "INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY": Condition(
        "The partition command is invalid. Table <name> is not partitioned.",
        "42601",
        ANALYSIS,
    ),
    "INVALID_RECURSIVE_CTE": Condition(
        "Invalid recursive definition found. Recursive queries must contain an UNION or an UNION ALL statement with 2 children. The first child needs to be the anchor term without any recursive references. Any top level inner CTE must not contain self references.",
        "42836",
        ANALYSIS,
    ),
    "INVALID_REGEXP_REPLACE": Condition(
        'Could not perform regexp_replace for source = "<source>", pattern = "<pattern>", '
        'replacement = "<replacement>" and position = <position>.',
        "22023",
        RUNTIME,
    ),
    "INVALID_RESET_COMMAND_FORMAT": Condition(
        "Expected format is 'RESET' or 'RESET key'. If you want to include special characters in "
        "key, please use quotes, e.g., RESET `key`.",
        "42000",
        PARSE,
    ),
    "INVALID_SCHEMA.NON_STRING_LITERAL": Condition(
        "The input schema <inputSchema> is not a valid schema string. The input expression must be string literal and not null.",
        "42K07",
        ANALYSIS,
    ),
    "INVALID_SCHEMA.NON_STRUCT_TYPE": Condition(
        "The input schema <inputSchema> is not a valid schema string. The input expression should be evaluated to struct type, but got <dataType>.",
        "42K07",
        ANALYSIS,
    ),
    "INVALID_SCHEMA_OR_RELATION_NAME": Condition(
        "<name> is not a valid name for tables/schemas. Valid names only contain alphabet characters, "
        "numbers and _.",
        "42602",
        ANALYSIS,
    ),
    "INVALID_SET_SYNTAX": Condition(
        "Expected format is 'SET', 'SET key', or 'SET key=value'. If you want to include special "
        "characters in key, or include semicolon in value, please use backquotes, e.g., SET "
        "`key`=`value`.",
        "42000",
        PARSE,
    ),
    "INVALID_SQL_SYNTAX.CREATE_TEMP_FUNC_WITH_IF_NOT_EXISTS": Condition(
        "Invalid SQL syntax: CREATE TEMPORARY FUNCTION with IF NOT EXISTS is not allowed.",
        "42000",
        PARSE,
    ),
    "INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE": Condition(
        "Invalid SQL syntax: IN predicate requires at least one value. Empty IN clauses like 'IN "
        "()' are not allowed. Consider using 'WHERE FALSE' if you need an always-false "
        "condition, or provide at least one value in the IN list.",
        "42000",
        PARSE,
    ),
    "INVALID_SQL_SYNTAX.EMPTY_QUANTIFIED_PATTERN": Condition(
        "Invalid SQL syntax: Expected something between '(' and ')'.",
        "42000",
        PARSE,
    ),
    "INVALID_SQL_SYNTAX.EMPTY_REFRESH_RESOURCE_PATH": Condition(
        "Invalid SQL syntax: Resource paths cannot be empty in REFRESH statements. Use / to "
        "match everything.",
        "42000",
        PARSE,
    ),
    "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX": Condition(
        "Invalid SQL syntax: The function <prettyName> does not support <syntax>.",
        "42000",
        ANALYSIS,
    ),
    "INVALID_SQL_SYNTAX.INVALID_REFRESH_RESOURCE_PATH": Condition(
        "Invalid SQL syntax: REFRESH statements cannot contain ' ', '\\n', '\\r', '\\t' inside "
        "unquoted resource paths.",
        "42000",
        PARSE,
    ),
    "INVALID_SQL_SYNTAX.INVALID_TABLE_VALUED_FUNC_NAME": Condition(
        "Invalid SQL syntax: Table valued function cannot specify database name: <funcName>.",
        "42000",
        PARSE,
    ),
    "INVALID_SQL_SYNTAX.INVALID_WINDOW_REFERENCE": Condition(
        "Invalid SQL syntax: Window reference <windowName> is not a window specification.",
        "42000",
        PARSE,
    ),
    "INVALID_SQL_SYNTAX.LATERAL_WITHOUT_SUBQUERY_OR_TABLE_VALUED_FUNC": Condition(
        "Invalid SQL syntax: LATERAL can only be used with subquery and table-valued functions.",
        "42000",
        PARSE,
    ),
    "INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION": Condition(
        "Invalid SQL syntax: The definition of window <windowName> is repetitive.",
        "42000",
        PARSE,
    ),
    "INVALID_SQL_SYNTAX.VARIABLE_TYPE_OR_DEFAULT_REQUIRED": Condition(
        "Invalid SQL syntax: The definition of a SQL variable requires either a datatype or a "
        "DEFAULT clause.\nFor example, use `DECLARE name STRING` or `DECLARE name = 'SQL'` "
        "instead of `DECLARE name`.",
        "42000",
        PARSE,
    ),
    "INVALID_STATEMENT_OR_CLAUSE": Condition(
        "The statement or clause: <operation> is not valid.",
        "42601",
        PARSE,
    ),
    "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN": Condition(
        "Invalid subquery: Scalar subquery must return only one column, but got <number>.",
        "42823",
        ANALYSIS,
    ),
    "INVALID_TEMP_OBJ_QUALIFIER": Condition(
        "Temporary <objectType> <objectName> cannot be qualified with <qualifier>. Temporary "
        "objects can only be qualified with SESSION or SYSTEM.SESSION.",
        "42602",
        PARSE,
    ),
    "INVALID_TEMP_OBJ_REFERENCE": Condition(
        "Cannot create the persistent object <objName> of the type <obj> because it references to the "
        "temporary object <tempObjName> of the type <tempObj>. Please make the temporary object "
        "<tempObjName> persistent, or make the persistent object <objName> temporary.",
        "42K0F",
        ANALYSIS,
    ),
    "INVALID_TIMESTAMP_PRECISION": Condition(
        "The seconds precision <precision> of <type> is invalid. Expected an integer in [7, 9] for nanosecond precision; use precision 6 or parameterless <type> for the standard microsecond type.",
        "22023",
        SPARK,
    ),
    "INVALID_TIMEZONE": Condition(
        "The timezone: <timeZone> is invalid. The timezone must be either a region-based zone ID "
        "or a zone offset. Region IDs must have the form 'area/city', such as "
        "'America/Los_Angeles'. Zone offsets must be in the format '(+|-)HH', '(+|-)HH:mm’ or "  # noqa: RUF001 - as Spark writes it
        "'(+|-)HH:mm:ss', e.g '-08' , '+01:00' or '-13:33:33', and must be in the range from "
        "-18:00 to +18:00. 'Z' and 'UTC' are accepted as synonyms for '+00:00'.",
        "22009",
        DATE_TIME,
    ),
    "INVALID_TYPED_LITERAL": Condition(
        "The value of the typed literal <valueType> is invalid: <value>.",
        "42604",
        PARSE,
    ),
    "INVALID_USAGE_OF_STAR_OR_REGEX": Condition(
        "Invalid usage of <elem> in <prettyName>.",
        "42000",
        ANALYSIS,
    ),
    "INVALID_USAGE_OF_STAR_WITH_TABLE_IDENTIFIER_IN_COUNT": Condition(
        "count(<tableName>.*) is not allowed. Use count(*) or expand the columns manually, e.g. "
        "count(col1, col2).",
        "42000",
        ANALYSIS,
    ),
    "INVALID_UTF8_STRING": Condition(
        "Invalid UTF8 byte sequence found in string: <str>.",
        "22029",
        RUNTIME,
    ),
    "INVALID_WHERE_CONDITION": Condition(
        "The WHERE condition <condition> contains invalid expressions: <expressionList>.\nRewrite "
        "the query to avoid window functions, aggregate functions, and generator functions in "
        "the WHERE clause.",
        "42903",
        ANALYSIS,
    ),
    "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE": Condition(
        'The join condition <joinCondition> has the invalid type <conditionType>, expected "BOOLEAN".',
        "42K0E",
        ANALYSIS,
    ),
    "KAFKA_DATA_LOSS.ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO": Condition(
        _KAFKA_DATA_LOSS + "Added partition <topicPartition> starts from <startOffset> instead of 0.",
        "22000",
        JAVA_ILLEGAL_STATE,
        is_bare=True,
    ),
    "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE": Condition(
        _KAFKA_DATA_LOSS
        + "Could not read records in offset [<startOffset>, <endOffset>) for topic partition "
        "<topicPartition>\n"
        "with consumer group <groupId>.",
        "22000",
        JAVA_ILLEGAL_STATE,
        is_bare=True,
    ),
    "KAFKA_DATA_LOSS.INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS": Condition(
        _KAFKA_DATA_LOSS
        + "Cannot find initial offsets for partitions <partitions>. They may have been deleted.",
        "22000",
        JAVA_ILLEGAL_STATE,
        is_bare=True,
    ),
    "KAFKA_DATA_LOSS.PARTITIONS_DELETED": Condition(
        _KAFKA_DATA_LOSS + "Partitions <partitions> have been deleted.",
        "22000",
        JAVA_ILLEGAL_STATE,
        is_bare=True,
    ),
    "KAFKA_DATA_LOSS.PARTITIONS_DELETED_AND_GROUP_ID_CONFIG_PRESENT": Condition(
        _KAFKA_DATA_LOSS + "Partitions <partitions> have been deleted.\n"
        "Kafka option 'kafka.<groupIdConfig>' has been set on this query, it is\n"
        "not recommended to set this option. This option is unsafe to use since multiple concurrent\n"
        "queries or sources using the same group id will interfere with each other as they are part\n"
        "of the same consumer group. Restarted queries may also suffer interference from the\n"
        "previous run having the same group id. The user should have only one query per group id,\n"
        "and/or set the option 'kafka.session.timeout.ms' to be very small so that the Kafka\n"
        "consumers from the previous query are marked dead by the Kafka group coordinator before "
        "the\n"
        "restarted query starts running.",
        "22000",
        JAVA_ILLEGAL_STATE,
        is_bare=True,
    ),
    "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED": Condition(
        _KAFKA_DATA_LOSS + "Partition <topicPartition> offset was changed from <prevOffset> to <newOffset>.\n"
        "This could be either 1) a user error that the start offset is set beyond available offset when starting"
        " query, or 2) the kafka topic-partition is deleted and re-created.",
        "22000",
        JAVA_ILLEGAL_STATE,
        is_bare=True,
    ),
    "KAFKA_DATA_SOURCE_NOT_ENABLED": Condition(
        "Failed to find data source: <provider>. Please deploy the application as per the deployment section of"
        " Structured Streaming + Kafka Integration Guide. In potok: pip install potok[kafka].",
        "42K02",
        ANALYSIS,
    ),
    "KAFKA_MALFORMED_RECORD_TIMESTAMP": Condition(
        "Record at topic <topic> partition <partition> offset <offset> has timestamp value <timestamp> that overflows"
        " when converting to Spark's microsecond-precision TimestampType.\n"
        "Kafka record timestamps must be in milliseconds since epoch per the Kafka protocol. The provided value"
        " suggests the producer may be writing timestamps in microseconds or nanoseconds instead.\n"
        "Ensure the Kafka producer sets the ProducerRecord timestamp in milliseconds.",
        "22008",
        JAVA_ILLEGAL_STATE,
        is_bare=True,
    ),
    "KAFKA_NULL_TOPIC_IN_DATA": Condition(
        "The Kafka message data sent to the producer contains a null topic. Use the `topic` option for setting a"
        " default topic.",
        None,
        JAVA_ILLEGAL_STATE,
        is_bare=True,
    ),
    "KAFKA_START_OFFSET_DOES_NOT_MATCH_ASSIGNED": Condition(
        "Partitions specified for Kafka start offsets don't match what are assigned. Maybe topic partitions are"
        " created \nor deleted while the query is running. Use -1 for latest, -2 for earliest.\n"
        "Specified: <specifiedPartitions> Assigned: <assignedPartitions>",
        None,
        JAVA_ILLEGAL_STATE,
        is_bare=True,
    ),
    "KAFKA_TIMESTAMP_OFFSET_DOES_NOT_MATCH_ASSIGNED": Condition(
        "Partitions specified for Kafka timestamp based <position> offsets don't match what are assigned. Maybe"
        " topic partitions are created \nor deleted while the query is running, or you didn't specify all the"
        " partitions.\nSpecified: <specifiedPartitions> Assigned: <assignedPartitions>",
        None,
        JAVA_ILLEGAL_STATE,
        is_bare=True,
    ),
    "KLL_INVALID_INPUT_SKETCH_BUFFER": Condition(
        "Invalid call to <function>; only valid KLL sketch buffers are supported as inputs (such as those produced by the `kll_sketch_agg` function).",
        "22000",
        RUNTIME,
    ),
    "KLL_SKETCH_INVALID_QUANTILE_RANGE": Condition(
        "For function <functionName>, the quantile value must be between 0.0 and 1.0 (inclusive).",
        "22003",
        RUNTIME,
    ),
    "KLL_SKETCH_K_MUST_BE_CONSTANT": Condition(
        "For function <functionName>, the k parameter must be a constant value, but got a non-constant expression.",
        "42K0E",
        RUNTIME,
    ),
    "KLL_SKETCH_K_OUT_OF_RANGE": Condition(
        "For function <functionName>, the k parameter must be between 8 and 65535 (inclusive), but got <k>.",
        "22003",
        RUNTIME,
    ),
    "LOCATION_ALREADY_EXISTS": Condition(
        "Cannot name the managed table as <identifier>, as its associated location <location> already "
        "exists. Please pick a different table name, or remove the existing location first.",
        "42710",
        RUNTIME,
    ),
    "MALFORMED_CHARACTER_CODING": Condition(
        "Invalid value found when performing <function> with <charset>",
        "22000",
        RUNTIME,
    ),
    "MALFORMED_LOG_FILE": Condition(
        "Log file was malformed: failed to read correct log version from <text>.", "KD002", ILLEGAL_STATE
    ),
    "MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS": Condition(
        "Malformed records are detected in record parsing: <badRecord>.\nParse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'. Parsing JSON arrays as structs is forbidden.",
        "22023",
        SPARK,
    ),
    "MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_STRING_AS_DATATYPE": Condition(
        "Malformed records are detected in record parsing: <badRecord>.\nParse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'. Cannot parse the value <fieldValue> of the field <fieldName> as target spark data type <targetType> from the input type <inputType>.",
        "22023",
        SPARK,
    ),
    "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION": Condition(
        "Malformed records are detected in record parsing: <badRecord>.\nParse Mode: <failFastMode>. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'. ",
        "22023",
        SPARK,
    ),
    "MISMATCHED_TOPIC_PARTITIONS_BETWEEN_START_OFFSET_AND_END_OFFSET": Condition(
        "The specified start offset and end offset should have the same topic-partitions.\n"
        "Topic-partitions for start offset: <tpsForStartOffset>, topic-partitions for end offset: <tpsForEndOffset>.",
        None,
        JAVA_ILLEGAL_ARGUMENT,
        is_bare=True,
    ),
    "MISSING_AGGREGATION": Condition(
        "The non-aggregating expression <expression> is based on columns which are not "
        "participating in the GROUP BY clause.\nAdd the columns or the expression to the GROUP "
        "BY, aggregate the expression, or use <expressionAnyValue> if you do not care which of "
        "the values within a group is returned.",
        "42803",
        ANALYSIS,
    ),
    "MISSING_GROUP_BY": Condition(
        "The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window "
        "functions using OVER clauses.",
        "42803",
        ANALYSIS,
    ),
    "MISSING_WINDOW_SPECIFICATION": Condition(
        "Window specification is not defined in the WINDOW clause for <windowName>. For more "
        "information about WINDOW clauses, please refer to "
        "'<docroot>/sql-ref-syntax-qry-select-window.html'.",
        "42P20",
        ANALYSIS,
    ),
    "MULTIPLE_EVENT_TIME_COLUMNS": Condition(
        "More than one event time columns are available. Please ensure there is at most one event time column per"
        " stream. event time columns: <eventTimeCols>",
        "42K09",
        ANALYSIS,
    ),
    "MULTI_SOURCES_UNSUPPORTED_FOR_EXPRESSION": Condition(
        "The expression <expr> does not support more than one source.",
        "42K0E",
        ANALYSIS,
    ),
    "NAMED_PARAMETERS_NOT_SUPPORTED": Condition(
        "Named parameters are not supported for function <functionName>; please retry the query "
        "with positional arguments to the function call instead.",
        "4274K",
        ANALYSIS,
    ),
    "NEAREST_BY_JOIN.CROSS_JOIN_NOT_ENABLED": Condition(
        "Invalid nearest-by join. Nearest-by join is implemented as a bounded cross-product internally and is therefore rejected when `spark.sql.crossJoin.enabled = false`. Set `spark.sql.crossJoin.enabled = true` to permit it, or rewrite the query without nearest-by.",
        "42604",
        ANALYSIS,
    ),
    "NEAREST_BY_JOIN.NON_ORDERABLE_RANKING_EXPRESSION": Condition(
        "Invalid nearest-by join. The ranking expression <expression> of type <type> is not orderable. Provide an expression that returns an orderable type, such as a numeric distance like abs(a.col - b.col) or a numeric similarity score.",
        "42604",
        ANALYSIS,
    ),
    "NEAREST_BY_JOIN.NUM_RESULTS_OUT_OF_RANGE": Condition(
        "Invalid nearest-by join. The number of results <numResults> must be between <min> and <max>. Update the literal in `APPROX NEAREST <numResults> BY ...` (or `EXACT NEAREST <numResults> BY ...`) to fall within that range.",
        "42604",
        ANALYSIS,
    ),
    "NEAREST_BY_JOIN.STREAMING_NOT_SUPPORTED": Condition(
        "Invalid nearest-by join. Nearest-by join is not supported with streaming DataFrames/Datasets.",
        "42604",
        ANALYSIS,
    ),
    "NEAREST_BY_JOIN.UNSUPPORTED_DIRECTION": Condition(
        "Invalid nearest-by join. Unsupported nearest-by join direction '<direction>'. Supported nearest-by join directions include: <supported>.",
        "42604",
        ANALYSIS,
    ),
    "NEAREST_BY_JOIN.UNSUPPORTED_JOIN_TYPE": Condition(
        "Invalid nearest-by join. Unsupported nearest-by join type <joinType>. Supported types: <supported>.",
        "42604",
        ANALYSIS,
    ),
    "NEAREST_BY_JOIN.UNSUPPORTED_MODE": Condition(
        "Invalid nearest-by join. Unsupported nearest-by join mode '<mode>'. Supported modes include: <supported>.",
        "42604",
        ANALYSIS,
    ),
    "NEGATIVE_SCALE_DISALLOWED": Condition(
        "Negative scale is not allowed: '<scale>'. Set the config <sqlConf> to \"true\" to allow it.",
        "0A000",
        ANALYSIS,
    ),
    "NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION": Condition(
        "Found the negative value in <frequencyExpression>: <negativeValue>, but expected a positive integral value.",
        "22003",
        ILLEGAL_ARGUMENT,
    ),
    "NESTED_AGGREGATE_FUNCTION": Condition(
        "It is not allowed to use an aggregate function in the argument of another aggregate "
        "function. Please use the inner aggregate function in a sub-query.",
        "42607",
        ANALYSIS,
    ),
    "NON_FOLDABLE_ARGUMENT": Condition(
        "The function <funcName> requires the parameter <paramName> to be a foldable expression "
        "of the type <paramType>, but the actual argument is a non-foldable.",
        "42K08",
        ANALYSIS,
    ),
    "NON_LITERAL_PIVOT_VALUES": Condition(
        "Literal expressions required for pivot values, found <expression>.",
        "42K08",
        ANALYSIS,
    ),
    "NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING": Condition(
        "Window function is not supported in <windowFunc> (as column <columnName>) on streaming "
        "DataFrames/Datasets.\nStructured Streaming only supports time-window aggregation using "
        "the WINDOW function. (window specification: <windowSpec>)",
        "42KDE",
        ANALYSIS,
    ),
    "NOT_A_SCALAR_FUNCTION": Condition(
        "<functionName> appears as a scalar expression here, but the function was defined as a table function. Please update the query to move the function call into the FROM clause, or redefine <functionName> as a scalar function instead.",
        "42887",
        ANALYSIS,
    ),
    "NOT_A_TABLE_FUNCTION": Condition(
        "<functionName> appears as a table function here, but the function was defined as a scalar function. Please update the query to move the function call outside the FROM clause, or redefine <functionName> as a table function instead.",
        "42887",
        ANALYSIS,
    ),
    "NULLABLE_COLUMN_OR_FIELD": Condition(
        "Column or field <name> is nullable while it's required to be non-nullable.",
        "42000",
        ANALYSIS,
    ),
    "NULL_MAP_KEY": Condition(
        "Cannot use null as map key.",
        "2200E",
        RUNTIME,
    ),
    "NUMERIC_OUT_OF_SUPPORTED_RANGE": Condition(
        "The value <value> cannot be interpreted as a numeric since it has more than 38 digits.",
        "22003",
        ARITHMETIC,
    ),
    "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION": Condition(
        " The <roundedValue> rounded half up from <originalValue> cannot be represented as Decimal(<precision>, <scale>).",
        "22003",
        ARITHMETIC,
    ),
    "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION": Condition(
        " <value> cannot be represented as Decimal(<precision>, <scale>). If necessary set <config> to"
        ' "false" to bypass this error, and return NULL instead.',
        "22003",
        ARITHMETIC,
    ),
    "NUM_COLUMNS_MISMATCH": Condition(
        "<operator> can only be performed on inputs with the same number of columns, but the "
        "first input has <firstNumColumns> columns and the <invalidOrdinalNum> input has "
        "<invalidNumColumns> columns.",
        "42826",
        ANALYSIS,
    ),
    "OPERATION_CANCELED": Condition(
        "Operation has been canceled.",
        "HY008",
        SPARK_SQL,
    ),
    "ORDER_BY_POS_OUT_OF_RANGE": Condition(
        "ORDER BY position <index> is not in select list (valid range is [1, <size>]).",
        "42805",
        ANALYSIS,
    ),
    "PARSE_EMPTY_STATEMENT": Condition(
        "Syntax error, unexpected empty statement.",
        "42617",
        PARSE,
    ),
    "PARSE_MODE_UNSUPPORTED": Condition(
        "The function <funcName> doesn't support the <mode> mode. Acceptable modes are PERMISSIVE and FAILFAST.",
        "42601",
        ANALYSIS,
    ),
    "PARSE_SYNTAX_ERROR": Condition(
        "Syntax error at or near <error><hint>.",
        "42601",
        PARSE,
    ),
    "PARTITIONS_NOT_FOUND": Condition(
        "The partition(s) <partitionList> cannot be found in table <tableName>.\nVerify the partition "
        "specification and table name.\nTo tolerate the error on drop use ALTER TABLE … DROP IF EXISTS "
        "PARTITION.",
        "428FT",
        ANALYSIS,
    ),
    "PARTITION_BY_NOT_ALLOWED_WITH_INSERT_INTO": Condition(
        "partitionBy() cannot be used with insertInto(). Partition columns for table <tableName> are "
        "determined by the table definition.",
        "42601",
        ANALYSIS,
    ),
    "PATH_ALREADY_EXISTS": Condition(
        'Path <outputPath> already exists. Set mode as "overwrite" to overwrite the existing path.',
        "42K04",
        ANALYSIS,
    ),
    "PATH_NOT_FOUND": Condition("Path does not exist: <path>.", "42K03", ANALYSIS),
    "PIVOT_VALUE_DATA_TYPE_MISMATCH": Condition(
        "Invalid pivot value '<value>': value data type <valueType> does not match pivot column "
        "data type <pivotType>.",
        "42K09",
        ANALYSIS,
    ),
    "PYTHON_EXCEPTION": Condition(
        "<msg>: <traceback>", "38000", "org.apache.spark.api.python.PythonException"
    ),
    "RECURSION_LEVEL_LIMIT_EXCEEDED": Condition(
        "Recursion level limit <levelLimit> reached but query has not exhausted, try increasing it like 'WITH RECURSIVE t(col) MAX RECURSION LEVEL 200'.",
        "42836",
        SPARK,
    ),
    "RECURSION_ROW_LIMIT_EXCEEDED": Condition(
        "Recursion row limit <rowLimit> reached but query has not exhausted, try setting a larger LIMIT value when querying the CTE relation.",
        "42836",
        SPARK,
    ),
    "RECURSIVE_VIEW": Condition(
        "Recursive view <viewIdent> detected (cycle: <newPath>).",
        "42K0H",
        ANALYSIS,
    ),
    "REMAINDER_BY_ZERO": Condition(
        "Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL instead. If"
        ' necessary set <config> to "false" to bypass this error.',
        "22012",
        ARITHMETIC,
    ),
    "REQUIRED_PARAMETER_NOT_FOUND": Condition(
        "Cannot invoke routine <routineName> because the parameter named <parameterName> is required, but the routine call did not supply a value. Please update the routine call to supply an argument value (either positionally at index <index> or by name) and retry the query again.",
        "4274K",
        ANALYSIS,
    ),
    "REQUIRES_SINGLE_PART_NAMESPACE": Condition(
        "<sessionCatalog> requires a single-part namespace, but got identifier <identifier>.",
        "42K05",
        ANALYSIS,
    ),
    "RESERVED_DATABASE_NAME": Condition(
        "Cannot create the database <database> because the name is reserved for system use.",
        "42939",
        ANALYSIS,
    ),
    "RESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET": Condition(
        "The resolved start offset <startOffset> is greater than the resolved end offset <endOffset> for topic <topic>"
        " partition <partition>.\n"
        "Please investigate in this order:\n"
        "1. Check whether start offset is set beyond the end offset or the latest available offset after resolution."
        " Possible inputs are:\n"
        "  (a) Start offset is set to a timestamp, and the end offset is set to an index of offset.\n"
        "  (b) Start offset is set to an index of offset, and the end offset is set to a timestamp.\n"
        "  (c) Start offset is set, and the end offset is set to latest.\n"
        "2. Check whether the Kafka topic-partition is deleted and re-created.",
        None,
        JAVA_ILLEGAL_STATE,
        is_bare=True,
    ),
    "ROUTINE_ALREADY_EXISTS": Condition(
        "Cannot create the <newRoutineType> <routineName> because a <existingRoutineType> of that name already exists.\nChoose a different name, drop or replace the existing <existingRoutineType>, or add the IF NOT EXISTS clause to tolerate a pre-existing <newRoutineType>.",
        "42723",
        ANALYSIS,
    ),
    "ROUTINE_NOT_FOUND": Condition(
        "The routine <routineName> cannot be found. Verify the spelling and correctness of the schema and catalog.\nIf you did not qualify the name with a schema and catalog, verify the current_schema() output, or qualify the name with the correct schema and catalog.\nTo tolerate the error on drop use DROP ... IF EXISTS.",
        "42883",
        ANALYSIS,
    ),
    "ROW_SUBQUERY_TOO_MANY_ROWS": Condition(
        "More than one row returned by a subquery used as a row.",
        "21000",
        SPARK,
    ),
    "SCALAR_SUBQUERY_TOO_MANY_ROWS": Condition(
        "More than one row returned by a subquery used as an expression.",
        "21000",
        SPARK,
    ),
    "SCHEMA_ALREADY_EXISTS": Condition(
        "Cannot create schema <schemaName> because it already exists.\nChoose a different name, drop the "
        "existing schema, or add the IF NOT EXISTS clause to tolerate pre-existing schema.",
        "42P06",
        "org.apache.spark.sql.catalyst.analysis.DatabaseAlreadyExistsException",
    ),
    "SCHEMA_NOT_EMPTY": Condition(
        "Cannot drop a schema <schemaName> because it contains objects.\nUse DROP SCHEMA ... CASCADE to "
        "drop the schema and all its objects.",
        "2BP01",
        ANALYSIS,
    ),
    "SCHEMA_NOT_FOUND": Condition(
        "The schema <schemaName> cannot be found. Verify the spelling and correctness of the schema and "
        "catalog.\nIf you did not qualify the name with a catalog, verify the current_schema() output, "
        "or qualify the name with the correct catalog.\nTo tolerate the error on drop use DROP SCHEMA IF "
        "EXISTS.",
        "42704",
        "org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException",
    ),
    "SEED_EXPRESSION_IS_UNFOLDABLE": Condition(
        "The seed expression <seedExpr> of the expression <exprWithSeed> must be foldable.",
        "42K08",
        ANALYSIS,
    ),
    "SKETCH_INVALID_LG_NOM_ENTRIES": Condition(
        "Invalid call to <function>; the `lgNomEntries` value must be between <min> and <max>, inclusive: <value>.",
        "22003",
        RUNTIME,
    ),
    "SQL_CONF_NOT_FOUND": Condition(
        "The SQL config <sqlConf> cannot be found. Please verify that the config exists.",
        "42K0I",
        NO_SUCH_ELEMENT,
    ),
    "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE": Condition(
        "Failed to perform stateful processor operation=<operationType> with invalid handle "
        "state=<handleState>.",
        "42802",
        UNSUPPORTED,
    ),
    "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_TIME_MODE": Condition(
        "Failed to perform stateful processor operation=<operationType> with invalid timeMode=<timeMode>",
        "42802",
        UNSUPPORTED,
    ),
    "STATEFUL_PROCESSOR_DUPLICATE_STATE_VARIABLE_DEFINED": Condition(
        "State variable with name <stateVarName> has already been defined in the StatefulProcessor.",
        "42802",
        UNSUPPORTED,
    ),
    "STATEFUL_PROCESSOR_INCORRECT_TIME_MODE_TO_ASSIGN_TTL": Condition(
        "Cannot use TTL for state=<stateName> in timeMode=<timeMode>, use TimeMode.ProcessingTime() instead.",
        "42802",
        UNSUPPORTED,
    ),
    "STATEFUL_PROCESSOR_TTL_DURATION_MUST_BE_POSITIVE": Condition(
        "TTL duration must be greater than zero for State store operation=<operationType> on "
        "state=<stateName>.",
        "42802",
        UNSUPPORTED,
    ),
    "STATEFUL_PROCESSOR_UNKNOWN_TIME_MODE": Condition(
        "Unknown time mode <timeMode>. Accepted timeMode modes are 'none', 'processingTime', 'eventTime'",
        "42802",
        ILLEGAL_ARGUMENT,
    ),
    "STATE_STORE_CANNOT_CREATE_COLUMN_FAMILY_WITH_RESERVED_CHARS": Condition(
        "Failed to create column family with unsupported starting character and name=<colFamilyName>.",
        "42802",
        UNSUPPORTED,
    ),
    "STATE_STORE_CANNOT_USE_COLUMN_FAMILY_WITH_INVALID_NAME": Condition(
        "Failed to perform column family operation=<operationName> with invalid name=<colFamilyName>. Column family"
        " name cannot be empty or include leading/trailing spaces or use the reserved keyword=default",
        "42802",
        UNSUPPORTED,
    ),
    "STATE_STORE_CHECKPOINT_LOCATION_NOT_EMPTY": Condition(
        "The checkpoint location <checkpointLocation> should be empty on batch 0\nPlease either use a new"
        " checkpoint location, or delete the existing data in the checkpoint location.",
        "42K03",
        UNSUPPORTED,
    ),
    "STATE_STORE_HANDLE_NOT_INITIALIZED": Condition(
        "The handle has not been initialized for this StatefulProcessor.\nPlease only use the "
        "StatefulProcessor within the transformWithState operator.",
        "42802",
        UNSUPPORTED,
    ),
    "STATE_STORE_INVALID_CONFIG_AFTER_RESTART": Condition(
        "Cannot change <configName> from <oldConfig> to <newConfig> between restarts. Please set "
        "<configName> to <oldConfig>, or restart with a new checkpoint directory.",
        "42K06",
        UNSUPPORTED,
    ),
    "STATE_STORE_INVALID_VARIABLE_TYPE_CHANGE": Condition(
        "Cannot change <stateVarName> to <newType> between query restarts. Please set <stateVarName> to "
        "<oldType>, or restart with a new checkpoint directory.",
        "42K06",
        UNSUPPORTED,
    ),
    "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE": Condition(
        "Provided key schema does not match existing state key schema.\nPlease check number and type of"
        " fields.\nExisting key_schema=<storedKeySchema> and new key_schema=<newKeySchema>.\nIf you"
        " want to force running the query without schema validation, please set"
        " spark.sql.streaming.stateStore.stateSchemaCheck to false.\nHowever, please note that running the"
        " query with incompatible schema could cause non-deterministic behavior.",
        "XXKST",
        "org.apache.spark.sql.execution.streaming.state.StateStoreKeySchemaNotCompatible",
    ),
    "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE": Condition(
        "Provided value schema does not match existing state value schema.\nPlease check number and type of"
        " fields.\nExisting value_schema=<storedValueSchema> and new value_schema=<newValueSchema>.\nIf you"
        " want to force running the query without schema validation, please set"
        " spark.sql.streaming.stateStore.stateSchemaCheck to false.\nHowever, please note that running the"
        " query with incompatible schema could cause non-deterministic behavior.",
        "XXKST",
        "org.apache.spark.sql.execution.streaming.state.StateStoreValueSchemaNotCompatible",
    ),
    "STDS_COMMITTED_BATCH_UNAVAILABLE": Condition(
        "No committed batch found, checkpoint location: <checkpointLocation>. Ensure that the query has run and committed any microbatch before stopping.",
        "KD006",
        RUNTIME,
    ),
    "STDS_CONFLICT_OPTIONS": Condition(
        "The options <options> cannot be specified together. Please specify the one.",
        "42613",
        RUNTIME,
    ),
    "STDS_FAILED_TO_READ_STATE_SCHEMA": Condition(
        "Failed to read the state schema. Either the file does not exist, or the file is corrupted. options: <sourceOptions>.\nRerun the streaming query to construct the state schema, and report to the corresponding communities or vendors if the error persists.",
        "42K03",
        RUNTIME,
    ),
    "STDS_INTERNAL_ERROR": Condition(
        "Internal error: <message>\nPlease, report this bug to the corresponding communities or vendors, and provide the full stack trace.",
        "XXKST",
        RUNTIME,
    ),
    "STDS_INVALID_OPTION_VALUE.IS_EMPTY": Condition(
        "Invalid value for source option '<optionName>': cannot be empty.",
        "42616",
        RUNTIME,
    ),
    "STDS_INVALID_OPTION_VALUE.IS_NEGATIVE": Condition(
        "Invalid value for source option '<optionName>': cannot be negative.",
        "42616",
        RUNTIME,
    ),
    "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE": Condition(
        "Invalid value for source option '<optionName>': <message>",
        "42616",
        RUNTIME,
    ),
    "STDS_OFFSET_LOG_UNAVAILABLE": Condition(
        "The offset log for <batchId> does not exist, checkpoint location: <checkpointLocation>.\nPlease specify the batch ID which is available for querying - you can query the available batch IDs via using state metadata data source.",
        "KD006",
        RUNTIME,
    ),
    "STDS_REQUIRED_OPTION_UNSPECIFIED": Condition(
        "'<optionName>' must be specified.",
        "42601",
        RUNTIME,
    ),
    "STREAMING_CHECKPOINT_MISSING_METADATA_FILE": Condition(
        "Checkpoint location <checkpointLocation> is in an inconsistent state: the metadata file is missing"
        " but offset and/or commit logs contain data. Please restore the metadata file or create a new"
        " checkpoint directory.",
        "42K03",
        RUNTIME,
    ),
    "STREAMING_FILE_SINK_MISMATCH.CHECKPOINT_LOST": Condition(
        "The output directory <path> holds the batches of a query up to <latestBatchId>, but the checkpoint goes on"
        " with batch <batchId>: the checkpoint was deleted or replaced while the output was kept, and batches would"
        " be lost silently. Delete the output directory as well, restore the checkpoint, or write to another path.",
        "42K03",
        ILLEGAL_ARGUMENT,
    ),
    "STREAMING_FILE_SINK_MISMATCH.OUTPUT_LOST": Condition(
        "The checkpoint goes on with batch <batchId>, but the last batch in the output directory <path> is"
        " <latestBatchId>: the output was deleted, or another path was given, while the checkpoint was kept, and"
        " readers of the output could not read it. Restore the output directory, or start with a new checkpoint.",
        "42K03",
        ILLEGAL_ARGUMENT,
    ),
    "STREAMING_OUTPUT_MODE.INVALID": Condition(
        "Invalid streaming output mode: <outputMode>. Accepted output modes are 'Append', 'Complete', 'Update'.",
        "42KDE",
        ILLEGAL_ARGUMENT,
    ),
    "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE": Condition(
        "Invalid streaming output mode: <outputMode>. This output mode is not supported in Data Source <className>.",
        "42KDE",
        ANALYSIS,
    ),
    "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION": Condition(
        "Invalid streaming output mode: <outputMode>. This output mode is not supported for <operation> on streaming DataFrames/DataSets.",
        "42KDE",
        ANALYSIS,
    ),
    "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY": Condition(
        "Cannot restart streaming query with stateful operators because the state directory is empty or missing.\n"
        "Stateful operators in current batch: [<OpsInCurBatchSeq>].\nThis typically occurs when state files have been"
        " deleted or the streaming query was previously run without stateful operators but restarted with stateful"
        " operators.\nPlease remove the stateful operators, use a new checkpoint location, or restore the missing state"
        " files.",
        "42K03",
        ANALYSIS,
    ),
    "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA": Condition(
        "Streaming stateful operator name does not match with the operator in state metadata. This likely to happen"
        " when user adds/removes/changes stateful operator of existing streaming query.\nStateful operators in the"
        " metadata: [<OpsInMetadataSeq>]; Stateful operators in current batch: [<OpsInCurBatchSeq>].",
        "42K03",
        ANALYSIS,
    ),
    "STREAM_FAILED": Condition(
        "Query [id = <id>, runId = <runId>] terminated with exception: <message>",
        "XXKST",
        STREAMING_QUERY,
    ),
    "STRUCT_ARRAY_LENGTH_MISMATCH": Condition(
        "Input row doesn't have expected number of values required by the schema. <expected> fields are required while"
        " <actual> values are provided.",
        "2201E",
        ILLEGAL_ARGUMENT,
    ),
    "TABLE_OR_VIEW_ALREADY_EXISTS": Condition(
        "Cannot create table or view <relationName> because it already exists.\nChoose a different name, "
        "drop or replace the existing object, or add the IF NOT EXISTS clause to tolerate pre-existing "
        "objects.",
        "42P07",
        "org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException",
    ),
    "TABLE_OR_VIEW_NOT_FOUND": Condition(
        "The table or view <relationName> cannot be found. Verify the spelling and correctness of the "
        "schema and catalog.\nSearch path: <searchPath>.\nIf you did not qualify the name with a schema, "
        "verify the current_schema() output, or qualify the name with the correct schema and "
        "catalog.\nTo tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS.",
        "42P01",
        ANALYSIS,
    ),
    "TABLE_VALUED_FUNCTION_TOO_MANY_TABLE_ARGUMENTS": Condition(
        'There are too many table arguments for table-valued function. It allows one table argument, but got: <num>. If you want to allow it, please set "spark.sql.allowMultipleTableArguments.enabled" to "true"',
        "54023",
        ANALYSIS,
    ),
    "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS": Condition(
        "Cannot create the temporary view <relationName> because it already exists.\nChoose a different "
        "name, drop or replace the existing view.",
        "42P07",
        "org.apache.spark.sql.catalyst.analysis.TempTableAlreadyExistsException",
    ),
    "TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS": Condition(
        "CREATE TEMPORARY VIEW or the corresponding Dataset APIs only accept single-part view names, but got: <actualName>.",
        "428EK",
        ANALYSIS,
    ),
    "THETA_INVALID_INPUT_SKETCH_BUFFER": Condition(
        "Invalid call to <function>; only valid Theta sketch buffers are supported as inputs (such as those produced by the `theta_sketch_agg` function).",
        "22000",
        RUNTIME,
    ),
    "THETA_LG_NOM_ENTRIES_MUST_BE_CONSTANT": Condition(
        "Invalid call to <function>; the `lgNomEntries` value must be a constant value, but got a non-constant expression.",
        "42K0E",
        RUNTIME,
    ),
    "TRAILING_COMMA_IN_SELECT": Condition(
        "Trailing comma detected in SELECT clause. Remove the trailing comma before the FROM clause.",
        "42601",
        ANALYSIS,
    ),
    "TRANSPOSE_EXCEED_ROW_LIMIT": Condition(
        "Number of rows exceeds the allowed limit of <maxValues> for TRANSPOSE. If this was "
        "intended, set <config> to at least the current row count.",
        "54006",
        ANALYSIS,
    ),
    "TRANSPOSE_NO_LEAST_COMMON_TYPE": Condition(
        "Transpose requires non-index columns to share a least common type, but <dt1> and <dt2> do not.",
        "42K09",
        ANALYSIS,
    ),
    "TUPLE_INVALID_INPUT_SKETCH_BUFFER": Condition(
        "Invalid call to <function>; only valid Tuple sketch buffers are supported as inputs (such as those produced by the corresponding `tuple_sketch_agg_*` function).",
        "22000",
        RUNTIME,
    ),
    "TUPLE_INVALID_SKETCH_MODE": Condition(
        "Invalid call to <function>: mode '<mode>' is not supported. Valid modes are: <validModes>.",
        "22023",
        RUNTIME,
    ),
    "UDTF_ALIAS_NUMBER_MISMATCH": Condition(
        "The number of aliases supplied in the AS clause does not match the number of columns "
        "output by the UDTF.\nExpected <aliasesSize> aliases, but got <aliasesNames>.\nPlease "
        "ensure that the number of aliases provided matches the number of columns output by the "
        "UDTF.",
        "42802",
        ANALYSIS,
    ),
    "UNABLE_TO_INFER_SCHEMA": Condition(
        "Unable to infer schema for <format>. It must be specified manually.",
        "42KD9",
        ANALYSIS,
    ),
    "UNBOUND_SQL_PARAMETER": Condition(
        "Found the unbound parameter: <name>. Please, fix `args` and provide a mapping of the "
        "parameter to either a SQL literal or collection constructor functions such as `map()`, "
        "`array()`, `struct()`.",
        "42P02",
        ANALYSIS,
    ),
    "UNCLOSED_BRACKETED_COMMENT": Condition(
        "Found an unclosed bracketed comment. Please, append */ at the end of the comment.",
        "42601",
        PARSE,
    ),
    "UNEXPECTED_INPUT_TYPE": Condition(
        "Parameter <paramIndex> of function <functionName> requires the <requiredType> type, "
        "however <inputSql> has the type <inputType>.",
        "42K09",
        ANALYSIS,
    ),
    "UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE": Condition(
        "The UNION operator is not yet supported within recursive common table expressions (WITH clauses that refer to themselves, directly or indirectly). Please use UNION ALL instead.",
        "42836",
        ANALYSIS,
    ),
    "UNPIVOT_REQUIRES_VALUE_COLUMNS": Condition(
        "At least one value column needs to be specified for UNPIVOT, all columns specified as ids.",
        "42K0A",
        ANALYSIS,
    ),
    "UNPIVOT_VALUE_DATA_TYPE_MISMATCH": Condition(
        "Unpivot value columns must share a least common type, some types do not: [<types>].",
        "42K09",
        ANALYSIS,
    ),
    "UNRECOGNIZED_PARAMETER_NAME": Condition(
        "Cannot invoke routine <routineName> because the routine call included a named argument "
        "reference for the argument named <argumentName>, but this routine does not include any "
        "signature containing an argument with this name. Did you mean one of the following? "
        "[<proposal>].",
        "4274K",
        ANALYSIS,
    ),
    "UNRECOGNIZED_STATISTIC": Condition(
        "The statistic <stats> is not recognized. Valid statistics include `count`, `count_distinct`, `approx_count_distinct`, `mean`, `stddev`, `min`, `max`, and percentile values. Percentile must be a numeric value followed by '%', within the range 0% to 100%.",
        "42704",
        ILLEGAL_ARGUMENT,
    ),
    "UNRESOLVABLE_TABLE_VALUED_FUNCTION": Condition(
        "Could not resolve <name> to a table-valued function.\nPlease make sure that <name> is "
        "defined as a table-valued function and that all required parameters are provided "
        "correctly.\nIf <name> is not defined, please create the table-valued function before "
        "using it.\nFor more information about defining table-valued functions, please refer to "
        "the Apache Spark documentation.",
        "42883",
        ANALYSIS,
    ),
    "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION": Condition(
        "A column, variable, or function parameter with name <objectName> cannot be resolved. ",
        "42703",
        ANALYSIS,
    ),
    "UNRESOLVED_COLUMN.WITH_SUGGESTION": Condition(
        "A column, variable, or function parameter with name <objectName> cannot be resolved. Did you "
        "mean one of the following? [<proposal>].",
        "42703",
        ANALYSIS,
    ),
    "UNRESOLVED_COLUMN_AMONG_FIELD_NAMES": Condition(
        'Cannot resolve column name "<colName>" among (<fieldNames>).',
        "42703",
        ANALYSIS,
    ),
    "UNRESOLVED_FIELD.WITH_SUGGESTION": Condition(
        "A field with name <fieldName> cannot be resolved with the struct-type column "
        "<columnPath>. Did you mean one of the following? [<proposal>].",
        "42703",
        ANALYSIS,
    ),
    "UNRESOLVED_ROUTINE": Condition(
        "Cannot resolve routine <routineName> on search path <searchPath>.",
        "42883",
        ANALYSIS,
    ),
    "UNRESOLVED_START_OFFSET_GREATER_THAN_END_OFFSET": Condition(
        "The specified start <offsetType> <startOffset> is greater than the end <offsetType> <endOffset> for topic"
        " <topic> partition <partition>.",
        None,
        JAVA_ILLEGAL_ARGUMENT,
        is_bare=True,
    ),
    "UNRESOLVED_USING_COLUMN_FOR_JOIN": Condition(
        "USING column <colName> cannot be resolved on the <side> side of the join. The "
        "<side>-side columns: [<suggestion>].",
        "42703",
        ANALYSIS,
    ),
    "UNRESOLVED_VARIABLE": Condition(
        "Cannot resolve variable <variableName> on search path <searchPath>.",
        "42883",
        ANALYSIS,
    ),
    "UNSUPPORTED_DATATYPE": Condition(
        "Unsupported data type <typeName>.",
        "0A000",
        PARSE,
    ),
    "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE": Condition(
        "The <format> datasource doesn't support the column <columnName> of the type <columnType>.",
        "0A000",
        ANALYSIS,
    ),
    "UNSUPPORTED_EXPR_FOR_OPERATOR": Condition(
        "The query operator <operator> contains one or more unsupported expressions.\nConsider to rewrite it "
        "to avoid window functions, aggregate functions, and generator functions in the <operator> "
        "operator.\nInvalid expressions: [<invalidExprSqls>]",
        "42K0E",
        ANALYSIS,
    ),
    "UNSUPPORTED_EXPR_FOR_WINDOW": Condition(
        "Expression <sqlExpr> not supported within a window function.",
        "42P20",
        ANALYSIS,
    ),
    "UNSUPPORTED_FEATURE.ANALYZE_VIEW": Condition(
        "The feature is not supported: The ANALYZE TABLE command does not support views.",
        "0A000",
        ANALYSIS,
    ),
    "UNSUPPORTED_FEATURE.DROP_DATABASE": Condition(
        "The feature is not supported: Drop the default database <database>.",
        "0A000",
        ANALYSIS,
    ),
    "UNSUPPORTED_FEATURE.INTERRUPT_TYPE": Condition(
        "The feature is not supported: Unsupported interrupt type: <interruptType>.",
        "0A000",
        SPARK_SQL,
    ),
    "UNSUPPORTED_FEATURE.POTOK": Condition(
        "The feature is not supported: <what> is not supported by this engine. <instead>",
        "0A000",
        UNSUPPORTED,
    ),
    "UNSUPPORTED_FEATURE.PYTHON_UDF_IN_ON_CLAUSE": Condition(
        "The feature is not supported: Python UDF in the ON clause of a <joinType> JOIN. In case of an INNER JOIN"
        " consider rewriting to a CROSS JOIN with a WHERE clause.",
        "0A000",
        ANALYSIS,
    ),
    "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN": Condition(
        "The feature is not supported: Queries from raw JSON/CSV/XML files are disallowed when the\n"
        "referenced columns only include the internal corrupt record column\n"
        "(named `_corrupt_record` by default). For example:\n"
        '`spark.read.schema(schema).json(file).filter($"_corrupt_record".isNotNull).count()`\n'
        'and `spark.read.schema(schema).json(file).select("_corrupt_record").show()`.\n'
        "Instead, you can cache or save the parsed results and then send the same query.\n"
        "For example, `val df = spark.read.schema(schema).json(file).cache()` and then\n"
        '`df.filter($"_corrupt_record".isNotNull).count()`.',
        "0A000",
        ANALYSIS,
    ),
    "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE": Condition(
        "The feature is not supported: Cannot have MAP type columns in a set operation "
        "(INTERSECT, EXCEPT, etc.), but the type of column <colName> is <dataType>.",
        "0A000",
        ANALYSIS,
    ),
    "UNSUPPORTED_FEATURE.STORE_BACKEND_NOT_SUPPORTED_FOR_TWS": Condition(
        "The feature is not supported: Store backend <stateStoreProvider> is not supported by TransformWithState operator."
        " Please use RocksDBStateStoreProvider.",
        "0A000",
        UNSUPPORTED,
    ),
    "UNSUPPORTED_FEATURE.TABLE_OPERATION": Condition(
        'The feature is not supported: Table <tableName> does not support <operation>. Please check the current catalog and namespace to make sure the qualified table name is expected, and also check the catalog implementation which is configured by "spark.sql.catalog".',
        "0A000",
        ANALYSIS,
    ),
    "UNSUPPORTED_FEATURE.WRITE_FOR_BINARY_SOURCE": Condition(
        "The feature is not supported: Write for the binary file data source.",
        "0A000",
        UNSUPPORTED,
    ),
    "UNSUPPORTED_GENERATOR.MULTI_GENERATOR": Condition(
        "The generator is not supported: only one generator allowed per SELECT clause but found "
        "<num>: <generators>.",
        "42K0E",
        ANALYSIS,
    ),
    "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS": Condition(
        "The generator is not supported: nested in expressions <expression>.",
        "42K0E",
        ANALYSIS,
    ),
    "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT": Condition(
        "The generator is not supported: outside the SELECT clause, found: <plan>.",
        "42K0E",
        ANALYSIS,
    ),
    "UNSUPPORTED_GROUPING_EXPRESSION": Condition(
        "grouping()/grouping_id() can only be used with GroupingSets/Cube/Rollup.",
        "42K0E",
        ANALYSIS,
    ),
    "UNSUPPORTED_INSERT.RDD_BASED": Condition(
        "Can't insert into the target. An RDD-based table is not allowed.",
        "42809",
        ANALYSIS,
    ),
    "UNSUPPORTED_OVERWRITE.TABLE": Condition(
        "Can't overwrite the target that is also being read from. The target table is <table>.",
        "42902",
        ANALYSIS,
    ),
    "UNSUPPORTED_STREAMING_OPERATOR_WITHOUT_WATERMARK": Condition(
        "<outputMode> output mode not supported for <statefulOperator> on streaming DataFrames/DataSets without"
        " watermark.",
        "0A000",
        ANALYSIS,
    ),
    "UNSUPPORTED_TIME_TYPE": Condition(
        "The data type TIME is not supported.",
        "0A000",
        ANALYSIS,
    ),
    "UNSUPPORTED_TYPED_LITERAL": Condition(
        "Literals of the type <unsupportedType> are not supported. Supported types are <supportedTypes>.",
        "0A000",
        PARSE,
    ),
    "USER_DEFINED_FUNCTIONS.CANNOT_CONTAIN_COMPLEX_FUNCTIONS": Condition(
        "User defined function is invalid: SQL scalar function cannot contain aggregate/window/generate functions: <queryText>",
        "42601",
        ANALYSIS,
    ),
    "USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH": Condition(
        "User defined function is invalid: The number of columns produced by the RETURN clause (num: `<outputSize>`) does not match the number of column names specified by the RETURNS clause (num: `<returnParamSize>`) of <name>.",
        "42601",
        ANALYSIS,
    ),
    "USER_RAISED_EXCEPTION": Condition(
        "<errorMessage>",
        "P0001",
        RUNTIME,
    ),
    "USER_SPECIFIED_AND_ACTUAL_SCHEMA_MISMATCH": Condition(
        "The user-specified schema doesn't match the actual schema:\nuser-specified: <schema>, actual: <actualSchema>."
        " If you're using\nDataFrameReader.schema API or creating a table, please do not specify the schema.\n"
        "Or if you're scanning an existed table, please drop it and re-create it.",
        "42K03",
        ANALYSIS,
    ),
    "VARIABLE_ALREADY_EXISTS": Condition(
        "Cannot create the variable <variableName> because it already exists.\nChoose a different name, or drop or replace the existing variable.",
        "42723",
        ANALYSIS,
    ),
    "VARIABLE_NOT_FOUND": Condition(
        "The variable <variableName> cannot be found. Verify the spelling and correctness of the schema and catalog.\nIf you did not qualify the name with a schema and catalog, verify the current_schema() output, or qualify the name with the correct schema and catalog.\nTo tolerate the error on drop use DROP VARIABLE IF EXISTS.",
        "42883",
        ANALYSIS,
    ),
    "VECTOR_DIMENSION_MISMATCH": Condition(
        "Vectors passed to <functionName> must have the same dimension, but got <leftDim> and <rightDim>.",
        "22000",
        RUNTIME,
    ),
    "WINDOW_FUNCTION_FRAME_NOT_ORDERED": Condition(
        "Window function <wf_name> requires the window to be ordered. You need to add an ORDER BY clause. "
        "For example: SELECT <wf_expr> OVER (PARTITION BY window_partition ORDER BY window_ordering) "
        "FROM table.",
        "42601",
        ANALYSIS,
    ),
    "WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE": Condition(
        "It is not allowed to use window functions inside <clauseName> clause.",
        "42601",
        ANALYSIS,
    ),
    "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE": Condition(
        "Window function <funcName> requires an OVER clause.",
        "42601",
        ANALYSIS,
    ),
    "WRITE_STREAM_NOT_ALLOWED": Condition(
        "`writeStream` can be called only on streaming Dataset/DataFrame.", "42601", ANALYSIS
    ),
    "WRONG_COMMAND_FOR_OBJECT_TYPE": Condition(
        "The operation <operation> requires a <requiredType>. But <objectName> is a <foundType>. Use "
        "<alternative> instead.",
        "42809",
        ANALYSIS,
    ),
    "WRONG_NUM_ARGS.WITHOUT_SUGGESTION": Condition(
        "The <functionName> requires <expectedNum> parameters but the actual number is "
        "<actualNum>. Please, refer to '<docroot>/sql-ref-functions.html' for a fix.",
        "42605",
        ANALYSIS,
    ),
    "WRONG_NUM_ARGS.WITH_SUGGESTION": Condition(
        "The <functionName> requires <expectedNum> parameters but the actual number is <actualNum>. If you have to call this function with <legacyNum> parameters, set the legacy configuration <legacyConfKey> to <legacyConfValue>.",
        "42605",
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_0026": Condition(
        "Can only use numbers in the interval value part for multiple unit value pairs interval "
        "form, but got invalid value: <value>.",
        None,
        PARSE,
    ),
    "_LEGACY_ERROR_TEMP_0027": Condition(
        "The value of from-to unit must be a string.",
        None,
        PARSE,
    ),
    "_LEGACY_ERROR_TEMP_0029": Condition(
        "Cannot mix year-month and day-time fields: <literal>.",
        None,
        PARSE,
    ),
    "_LEGACY_ERROR_TEMP_0045": Condition(
        "Invalid time zone displacement value.",
        None,
        PARSE,
    ),
    "_LEGACY_ERROR_TEMP_0053": Condition(
        "It is not allowed to define a TEMPORARY view with IF NOT EXISTS.",
        None,
        PARSE,
    ),
    "_LEGACY_ERROR_TEMP_0063": Condition(
        "<msg>.",
        None,
        PARSE,
    ),
    "_LEGACY_ERROR_TEMP_1006": Condition(
        "Aggregate expression required for pivot, but '<sql>' did not appear in any aggregate function.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1008": Condition(
        "<quoted> is not a temp view of streaming logical plan, please use batch API such as "
        "`DataFrameReader.table` to read it.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1018": Condition(
        "<quoted> is a permanent view, which is not supported by streaming reading API such as "
        "`DataStreamReader.table` yet.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1035": Condition(
        "Cannot specify window frame for <prettyName> function.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1036": Condition(
        "Window Frame <wf> must match the required frame <required>.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1039": Condition(
        "Multiple time/session window expressions would result in a cartesian product of rows, "
        "therefore they are currently not supported.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1040": Condition(
        "Gap duration expression used in session window must be CalendarIntervalType, but got <dt>.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1050": Condition(
        "Can only star expand struct data types. Attribute: `<attributes>`.", None, ANALYSIS
    ),
    "_LEGACY_ERROR_TEMP_1158": Condition(
        "Saving data into a view is not allowed.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1159": Condition(
        "The format of the existing table <tableName> is `<existingProvider>`. It doesn't match the "
        "specified format `<specifiedProvider>`.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1160": Condition(
        "The location of the existing table <identifier> is `<existingTableLoc>`. It doesn't match the "
        "specified location `<tableDescLoc>`.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1161": Condition(
        "The column number of the existing table <tableName> (<existingTableSchema>) doesn't match the "
        "data schema (<querySchema>).",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1162": Condition(
        "Cannot resolve '<col>' given input columns: [<inputColumns>].",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1163": Condition(
        "Specified partitioning does not match that of the existing table <tableName>.\nSpecified "
        "partition columns: [<specifiedPartCols>].\nExisting partition columns: [<existingPartCols>].",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1188": Condition(
        "There is a 'path' option set and <method>() is called with a path parameter. Either remove the path option, or call <method>() without the parameter. To ignore this check, set '<config>' to 'true'.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1190": Condition(
        "Temporary view <viewName> doesn't support streaming write.", None, ANALYSIS
    ),
    "_LEGACY_ERROR_TEMP_1191": Condition(
        "Streaming into views <viewName> is not supported.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1192": Condition(
        "The input source(<source>) is different from the table <tableName>'s data source provider(<provider>).",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1194": Condition("queryName must be specified for memory sink.", None, ANALYSIS),
    "_LEGACY_ERROR_TEMP_1196": Condition(
        "Partition column <colName> not found in existing columns (<colNames>).",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1246": Condition(
        "Can't find column `<name>` given table data columns <fieldNames>.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1290": Condition(
        "Text data source supports only a single column, and you have <schemaSize> columns.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1295": Condition('Set a host to read from with option("host", ...).', None, ANALYSIS),
    "_LEGACY_ERROR_TEMP_1296": Condition('Set a port to read from with option("port", ...).', None, ANALYSIS),
    "_LEGACY_ERROR_TEMP_1297": Condition(
        'includeTimestamp must be set to either "true" or "false".', None, ANALYSIS
    ),
    "_LEGACY_ERROR_TEMP_1298": Condition(
        'checkpointLocation must be specified either through option("checkpointLocation", ...) or SparkSession.conf.set("<config>", ...).',
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1299": Condition(
        "This query does not support recovering from checkpoint location. Delete <checkpointPath> to start over.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1312": Condition(
        "'<operation>' does not support bucketBy right now.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_1324": Condition(
        "The pivot column <pivotColumn> has more than <maxValues> distinct values, this could "
        "indicate an error. If this was intended, set <config> to at least the number of "
        "distinct values of the pivot column.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_2047": Condition("'path' is not specified.", None, ILLEGAL_ARGUMENT),
    "_LEGACY_ERROR_TEMP_2048": Condition(
        "Schema must be specified when creating a streaming source DataFrame. If some files already exist in the"
        " directory, then depending on the file format you may be able to create a static DataFrame on that directory"
        " with 'spark.read.load(directory)' and infer schema from it.",
        None,
        JAVA_ILLEGAL_ARGUMENT,
    ),
    "_LEGACY_ERROR_TEMP_2049": Condition(
        "Data source <className> does not support streamed <operator>.", None, UNSUPPORTED
    ),
    "_LEGACY_ERROR_TEMP_2128": Condition(
        "The key array and value array of MapData must have the same length.",
        None,
        RUNTIME,
    ),
    "_LEGACY_ERROR_TEMP_2147": Condition("<paramName> flag can be true or false.", None, SPARK),
    "_LEGACY_ERROR_TEMP_2242": Condition(
        "<provider> source does not support user-specified schema.", None, UNSUPPORTED
    ),
    "_LEGACY_ERROR_TEMP_2253": Condition(
        "Data source <sourceName> does not support continuous processing.", None, UNSUPPORTED
    ),
    "_LEGACY_ERROR_TEMP_2260": Condition("Cannot purge as it might break internal state.", None, UNSUPPORTED),
    "_LEGACY_ERROR_TEMP_3016": Condition(
        "Checkpoint directory has not been set in the SparkContext",
        None,
        SPARK,
    ),
    "_LEGACY_ERROR_TEMP_3063": Condition(
        "pivot is not supported on a streaming DataFrames/Datasets",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_3067": Condition(
        "Streaming aggregation doesn't support group aggregate pandas UDF",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_3068": Condition(
        "Global aggregation with session window in streaming query is not supported.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_3076": Condition(
        "Redefining watermark is disallowed. You can set the config '<config>' to 'false' to restore the previous"
        " behavior. Note that multiple stateful operators will be disallowed.",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_3080": Condition(
        "<msg>",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_3081": Condition(
        "Save mode <mode> not allowed for Kafka. Allowed save modes are <append> and <errorIfExists> (default).",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_3101": Condition(
        "The input is not a correct window column: <windowTime>",
        None,
        ANALYSIS,
    ),
    "_LEGACY_ERROR_TEMP_3102": Condition("<msg>", None, ANALYSIS),
    "_LEGACY_ERROR_TEMP_3161": Condition(
        "Uploading artifact file to local file system destination path is not supported.",
        None,
        UNSUPPORTED,
    ),
    "_LEGACY_ERROR_TEMP_3231": Condition(
        "Intervals greater than a month is not supported (<interval>).",
        None,
        JAVA_ILLEGAL_ARGUMENT,
    ),
    "_LEGACY_ERROR_TEMP_3262": Condition(
        "Doesn't support month or year interval: <interval>", None, ILLEGAL_ARGUMENT
    ),
    "_LEGACY_ERROR_TEMP_CHECKPOINT": Condition("<message>", None, JAVA_ILLEGAL_STATE),
    "_LEGACY_ERROR_TEMP_CHECKPOINT.ASSERTION": Condition("<message>", None, "java.lang.AssertionError"),
    "_LEGACY_ERROR_TEMP_JAVA.CONNECT": Condition("<message>", None, "java.net.ConnectException"),
    "_LEGACY_ERROR_TEMP_JAVA.FILE_ALREADY_EXISTS": Condition(
        "<message>", None, "org.apache.hadoop.fs.FileAlreadyExistsException"
    ),
    "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_ARGUMENT": Condition("<message>", None, JAVA_ILLEGAL_ARGUMENT),
    "_LEGACY_ERROR_TEMP_JAVA.ILLEGAL_STATE": Condition("<message>", None, JAVA_ILLEGAL_STATE),
    "_LEGACY_ERROR_TEMP_JAVA.KAFKA": Condition("<message>", None, "org.apache.kafka.common.KafkaException"),
    "_LEGACY_ERROR_TEMP_JAVA.KAFKA_CONFIG": Condition(
        "<message>", None, "org.apache.kafka.common.config.ConfigException"
    ),
    "_LEGACY_ERROR_TEMP_JAVA.KAFKA_OPTION": Condition("<message>", None, SPARK),
    "_LEGACY_ERROR_TEMP_JAVA.KAFKA_TIMEOUT": Condition(
        "<message>", None, "org.apache.kafka.common.errors.TimeoutException"
    ),
    "_LEGACY_ERROR_TEMP_JAVA.NO_SUCH_ELEMENT": Condition(
        "<message>", None, "java.util.NoSuchElementException"
    ),
    "_LEGACY_ERROR_TEMP_JAVA.NULL_POINTER": Condition("<message>", None, "java.lang.NullPointerException"),
    "_LEGACY_ERROR_TEMP_JAVA.NUMBER_FORMAT": Condition("<message>", None, "java.lang.NumberFormatException"),
    "_LEGACY_ERROR_TEMP_JAVA.TIMEOUT": Condition("<message>", None, "java.util.concurrent.TimeoutException"),
    "_LEGACY_ERROR_TEMP_JAVA.UNKNOWN_HOST": Condition("<message>", None, "java.net.UnknownHostException"),
    "_LEGACY_ERROR_TEMP_JAVA.SPARK": Condition("<message>", None, SPARK),
    "_LEGACY_ERROR_TEMP_JAVA.UNSUPPORTED_OPERATION": Condition(
        "<message>",
        None,
        JAVA_UNSUPPORTED,
    ),
}

# The class that Spark throws where it depends on the type that a value could not become, or on what was asked.
CLASS_BY_TARGET: dict[tuple[str, str], str] = {
    ("CAST_INVALID_INPUT", '"BOOLEAN"'): RUNTIME,
    ("CAST_INVALID_INPUT", '"DATE"'): DATE_TIME,
    ("CAST_INVALID_INPUT", '"TIMESTAMP"'): DATE_TIME,
    ("CAST_INVALID_INPUT", '"TIMESTAMP_NTZ"'): DATE_TIME,
    ("SCALAR_SUBQUERY_TOO_MANY_ROWS", "correlated"): RUNTIME,
}
