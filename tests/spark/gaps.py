"""What potok does not do yet, or never will, case by case.

A row is `(family, name pattern)` to a Gap; the pattern is a shell pattern over names of cases. A case with a
gap is expected to fail, and what is not done to fail by raising an error of its own. A wrong answer or an INTERNAL_ERROR is a
defect, and listed as one until it is mended; `FOUND` in `gaps_found.py` holds the rows of single cases.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from spark.gaps_found import FOUND, Kind


class Gap(NamedTuple):
    """Why a case fails.

    `notimpl`: we could, and have not yet. `never`: we shall not, for the reason given; the answer may differ.
    `message`: the error is Spark's (class, condition and SQLSTATE), its text is not.
    `defect`: a wrong name, nullability, type, answer or error that is known; the case has to go on failing, so
    that a row without a defect does not stay.
    """

    kind: Kind
    reason: str


_CLIENT_S_OWN = "the client's own refusal: that of 4.3 has a SQLSTATE, that of 4.2 has none"
GAPS: dict[tuple[str, str], Gap] = {
    ("queries", "statement 19: *"): Gap(
        "never", "Spark's own descriptions of functions and its Java classes"
    ),
    ("queries", "statement 61: *"): Gap("notimpl", "The statement DELETE"),
    ("queries", "statement 62: *"): Gap("notimpl", "The statement UPDATE"),
    ("queries", "statement 63: *"): Gap("notimpl", "The statement MERGE"),
    ("queries", "subquery 22: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("sketches", "* approx_top_k(x) FROM VALUES (1.50)*"): Gap("notimpl", "approx_top_k of decimals"),
    ("sketches", "KLL sketch *: SELECT kll_sketch_agg_bigint(x, x) *"): Gap(
        "message", "Spark names the column with its table there"
    ),
    ("sketches", "tuple sketch *"): Gap("notimpl", "Tuple sketches"),
    ("sketches", "* approx_top_k_combine(*"): Gap("notimpl", "The function approx_top_k_combine"),
    ("sketches", "*approx_top_k_estimate(approx_top_k_combine(*"): Gap(
        "notimpl", "The function approx_top_k_combine"
    ),
    ("routines", "*: WITH RECURSIVE r AS (SELECT 1 AS n UNION SELECT *"): Gap(
        "message", "UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE: the place in the text"
    ),
    ("mistakes", "syntax 8: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "syntax 18: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "syntax 19: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "syntax 24: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "syntax 27: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "syntax 46: *"): Gap("message", "PARSE_SYNTAX_ERROR: another token is named"),
    ("mistakes", "frame bool of column"): Gap("message", "the client's own text: 4.3 says more than 4.2"),
    ("mistakes", "frame and of columns"): Gap("message", "the client's own text: 4.3 says more than 4.2"),
    ("frames", "nearest-by join mode"): Gap("never", _CLIENT_S_OWN),
    ("frames", "nearest-by join direction"): Gap("never", _CLIENT_S_OWN),
    ("frames", "nearest-by join type"): Gap("never", _CLIENT_S_OWN),
    ("frames", "nearest-by join none"): Gap("never", _CLIENT_S_OWN),
    ("frames", "nearest-by join too many"): Gap("never", _CLIENT_S_OWN),
    ("created", "year month interval"): Gap(
        "never", "the refusal is that of the client of 4.3; the one of 4.2 collects it"
    ),
    ("created", "variant"): Gap("notimpl", "parse_json and VARIANT values"),
    ("created", "time type"): Gap("notimpl", "A TIME literal"),
    ("created", "time created"): Gap("notimpl", "The data type TIME"),
    ("files", "parquet file types"): Gap(
        "never",
        "the library names the root of a file itself, and writes all timestamps as INT96 or none; columns are optional, as Spark reads them",
    ),
    ("files", "text broken utf-8"): Gap(
        "never", "a text is UTF-8: a malformed byte becomes U+FFFD, where the client of Spark fails"
    ),
    ("files", "csv singleVariantColumn"): Gap("notimpl", "the option singleVariantColumn"),
    ("files", "json singleVariantColumn"): Gap("notimpl", "the option singleVariantColumn"),
    ("aggregates", "agg percentiles"): Gap(
        "never", "mode takes any of the values that tie, in Spark the one its hash table meets first"
    ),
    ("functions_of_users", "map in arrow"): Gap(
        "never", "columns of another type than declared: Spark fails reading them, we say which"
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
