"""What potok does not do yet, or never will, case by case.

A row is `(family, name pattern)` to a Gap; the pattern is a shell pattern over names of cases. A case with a
gap is expected to fail, and to fail by raising an error of its own. A wrong answer or an INTERNAL_ERROR is a
defect, and listed as one until it is mended; `FOUND` in `gaps_found.py` holds the rows of single cases.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from spark.gaps_found import FOUND, Kind


class Gap(NamedTuple):
    """Why a case fails.

    `notimpl`: we could, and have not yet. `never`: we shall not, for the reason given.
    `message`: the error is Spark's (class, condition and SQLSTATE), its text is not.
    `defect`: a wrong name, nullability, type, answer or error that is known; the case has to go on failing, so
    that a row without a defect does not stay.
    """

    kind: Kind
    reason: str


GAPS: dict[tuple[str, str], Gap] = {
    ("queries", "statement 19: *"): Gap("defect", "DESCRIBE FUNCTION knows no usage and no Java class"),
    ("queries", "cte 8: *"): Gap("notimpl", "A recursive common table expression"),
    ("queries", "set 17: *"): Gap("defect", "UNION BY NAME in SQL is answered, a syntax error in Spark"),
    ("queries", "statement 15: *"): Gap("notimpl", "The statement SHOW TBLPROPERTIES"),
    ("queries", "statement 54: *"): Gap(
        "defect", "EXPLAIN of a query that cannot be analysed raises; Spark prints the error as the plan"
    ),
    ("queries", "statement 56: *"): Gap("notimpl", "A SQL variable"),
    ("queries", "statement 57: *"): Gap("notimpl", "SQL variables"),
    ("queries", "statement 58: *"): Gap("notimpl", "A SQL variable"),
    ("queries", "statement 59: *"): Gap("notimpl", "SQL variables"),
    ("queries", "statement 60: *"): Gap("notimpl", "A SQL variable"),
    ("queries", "statement 67: *"): Gap("notimpl", "The statement CREATE FUNCTION"),
    ("queries", "statement 68: *"): Gap("notimpl", "functions written in SQL"),
    ("queries", "select 38: *"): Gap(
        "defect", "rows of unequal length in VALUES: an error of analysis, of parsing in Spark"
    ),
    ("queries", "statement 55: *"): Gap("notimpl", "The statement ANALYZE"),
    ("queries", "statement 61: *"): Gap("notimpl", "The statement DELETE"),
    ("queries", "statement 62: *"): Gap("notimpl", "The statement UPDATE"),
    ("queries", "statement 63: *"): Gap("notimpl", "The statement MERGE"),
    ("queries", "statement 64: *"): Gap(
        "defect", "INSERT INTO a view of rows: Spark says UNSUPPORTED_INSERT"
    ),
    ("queries", "statement 66: *"): Gap("notimpl", "The statement ALTER"),
    ("queries", "statement 69: *"): Gap("notimpl", "The statement SHOW PARTITIONS"),
    ("queries", "subquery 3: *"): Gap("message", "SCALAR_SUBQUERY_TOO_MANY_ROWS: the place in the text"),
    ("queries", "subquery 22: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("queries", "statement 21: *"): Gap("message", "TABLE_OR_VIEW_NOT_FOUND: the place in the text"),
    ("queries", "statement 65: *"): Gap(
        "message", "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE: the place in the text"
    ),
    ("frames", "input file name"): Gap("notimpl", "the function input_file_name"),
    ("frames", "freqItems"): Gap("notimpl", "df.stat.freqItems"),
    ("frames", "summary unknown"): Gap("defect", "an unknown statistic of summary"),
    ("frames", "transpose"): Gap("defect", "the nullability of transposed columns"),
    ("frames", "fillna missing column"): Gap("message", "UNRESOLVED_COLUMN.WITH_SUGGESTION: the wording"),
    ("mistakes", "names 8: *"): Gap(
        "defect", "a name of three parts: Spark says REQUIRES_SINGLE_PART_NAMESPACE"
    ),
    ("mistakes", "syntax 9: *"): Gap("defect", "TRAILING_COMMA_IN_SELECT is not told from an unknown column"),
    ("mistakes", "syntax 8: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "syntax 18: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "syntax 19: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "syntax 24: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "syntax 27: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "syntax 46: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "frame bool of column"): Gap("message", "CANNOT_CONVERT_COLUMN_INTO_BOOL: the wording"),
    ("mistakes", "frame and of columns"): Gap("message", "CANNOT_CONVERT_COLUMN_INTO_BOOL: the wording"),
    ("created", "toPandas every type"): Gap("defect", "toPandas of every type at once"),
    ("created", "colon schema"): Gap("defect", "a schema text with colons between names and types"),
    ("created", "year month interval"): Gap("defect", "a year-month interval is collected; Spark refuses to"),
    ("created", "variant"): Gap("notimpl", "parse_json and VARIANT values"),
    ("created", "time type"): Gap("notimpl", "A TIME literal"),
    ("created", "time created"): Gap("notimpl", "The data type TIME"),
    ("files", "parquet file types"): Gap(
        "defect", "the types in the file's schema as a Parquet reader prints them"
    ),
    ("files", "csv encoding"): Gap("defect", "CSV in a character set that Spark does not allow is read"),
    ("files", "json prefersDecimal"): Gap(
        "defect", "prefersDecimal of a number with a negative scale is DOUBLE"
    ),
    ("files", "text broken utf-8"): Gap(
        "defect", "bytes that are not UTF-8 are replaced; Spark hands them to the client, which fails"
    ),
    ("files", "binaryFile"): Gap("notimpl", "the format binaryFile"),
    ("files", "read input_file_name"): Gap("notimpl", "input_file_name"),
    ("files", "read json from rows"): Gap("defect", "json() of rows of text has no rule"),
    ("files", "write csv encoding"): Gap(
        "defect", "CSV in a character set that Spark does not allow is written"
    ),
    ("files", "orc round trip"): Gap("notimpl", "the format orc"),
    ("files", "csv sep empty"): Gap("defect", "an empty separator: Spark fails while it reads"),
    ("files", "read wrong option"): Gap(
        "defect", "the Java class of a header that is neither true nor false"
    ),
    ("files", "csv singleVariantColumn"): Gap("defect", "the option singleVariantColumn is not known"),
    ("files", "json failfast inferred"): Gap(
        "message", "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION: the wording"
    ),
    ("files", "parquet wrong schema"): Gap(
        "message", "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH: the wording"
    ),
    ("files", "not parquet"): Gap("message", "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER: the wording"),
    ("aggregates", "agg percentiles"): Gap("defect", "mode of values that tie picks another one"),
    ("aggregates", "all of quantity 35: *"): Gap("notimpl", "The function histogram_numeric"),
    ("aggregates", "all of price 35: *"): Gap("notimpl", "The function histogram_numeric"),
    ("aggregates", "all of weight 35: *"): Gap("notimpl", "The function histogram_numeric"),
    ("aggregates", "all of day 33: *"): Gap("notimpl", "The function histogram_numeric"),
    ("aggregates", "names 35: *"): Gap("notimpl", "The function histogram_numeric"),
    ("aggregates", "empty 35: *"): Gap("notimpl", "The function histogram_numeric"),
    ("aggregates", "grouped 9: *"): Gap(
        "defect", "ORDER BY of an aggregate beside HAVING is answered, which Spark cannot resolve"
    ),
    ("aggregates", "pivot several"): Gap(
        "defect", 'count("*") in a pivot of a frame is answered, which Spark refuses'
    ),
    ("aggregates", "all of item 35: *"): Gap("notimpl", "The function histogram_numeric"),
    ("functions_of_users", "pandas udf window"): Gap("notimpl", "pandas aggregates over a window"),
    ("functions_of_users", "udtf"): Gap("notimpl", "table functions in Python"),
    ("functions_of_users", "udtf lateral"): Gap("notimpl", "table functions in Python"),
    ("functions_of_users", "map in arrow"): Gap(
        "defect", "columns of another type than declared: Spark fails reading them, we say which"
    ),
}


def find_gap(family: str, name: str) -> Gap | None:
    """The gap of a case, or None where potok must answer as Spark does."""
    for kind, reason, names in FOUND.get(family, ()):
        if name in names:
            return Gap(kind, reason)
    literal = GAPS.get((family, name))
    if literal:
        return literal
    for (gap_family, pattern), gap in GAPS.items():
        if gap_family == family and "*" in pattern and fnmatchcase(name, pattern):
            return gap
    return None


def refuses(answer: dict[str, Any]) -> bool:
    """True where an answer is an error that a program meets on purpose, as a gap must be."""
    return "error" in answer and answer["error"].get("condition") not in {None, "INTERNAL_ERROR"}
