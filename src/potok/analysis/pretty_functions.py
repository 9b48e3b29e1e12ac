"""How Spark writes a call in a column name, where it is not `name(arguments)`.

Observed on Spark 4.3 for every built-in function (tests/unit/analysis/expected_names.json).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from potok.plan.expressions import Expression

_VARIABLE = "namedlambdavariable()"
_SAME_VALUE = f"lambdafunction({_VARIABLE}, {_VARIABLE})"
_ORDER = (
    f"lambdafunction((IF((({_VARIABLE} IS NULL) AND ({_VARIABLE} IS NULL)), 0, (IF(({_VARIABLE} IS NULL), 1,"
    f" (IF(({_VARIABLE} IS NULL), -1, (IF(({_VARIABLE} < {_VARIABLE}), -1,"
    f" (IF(({_VARIABLE} > {_VARIABLE}), 1, 0)))))))))), {_VARIABLE}, {_VARIABLE})"
)
_Writer = Callable[[Sequence[str], Sequence[Expression]], str | None]

_INFIX = {
    "+": "+", "-": "-", "*": "*", "/": "/", "%": "%", "div": "div", "==": "=", "=": "=",
    "<=>": "<=>", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "&": "&", "|": "|", "^": "^",
    "and": "AND", "or": "OR", "&&": "AND", "||": "||", "<<": "<<", ">>": ">>", ">>>": ">>>",
}  # fmt: skip

_RENAMED = {
    name: name.upper()
    for name in (
        "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "cos", "cosh", "cot", "csc",
        "degrees", "e", "exp", "expm1", "floor", "log", "log10", "log1p", "log2", "pi", "radians", "regexp",
        "regexp_like", "rlike", "sec", "signum", "sin", "sinh", "sqrt", "tan", "tanh",
        "rank", "dense_rank", "percent_rank", "power", "hypot",
    )
} | {
    "array_agg": "collect_list", "curdate": "current_date", "current_database": "current_schema",
    "dateadd": "date_add", "to_varchar": "to_char", "random": "rand",
    "shiftleft": "shiftleft",
}  # fmt: skip

# What Spark adds where trailing arguments are left out: (number of arguments given at least, texts of the rest).
_DEFAULTS: dict[str, tuple[int, tuple[str, ...]]] = {
    "aes_encrypt": (2, ("GCM", "DEFAULT", "", "")),
    "aes_decrypt": (2, ("GCM", "DEFAULT", "")),
    "try_aes_decrypt": (2, ("GCM", "DEFAULT", "")),
    "approx_top_k": (1, ("5", "10000")),
    "approx_top_k_accumulate": (1, ("10000",)),
    "approx_top_k_estimate": (1, ("5",)),
    "hll_sketch_agg": (1, ("12",)),
    "hll_union": (2, ("false",)),
    "hll_union_agg": (1, ("false",)),
    "theta_sketch_agg": (1, ("12",)),
    "theta_union": (2, ("12",)),
    "theta_union_agg": (1, ("12",)),
    "tuple_sketch_agg_double": (2, ("12", "sum")),
    "tuple_sketch_agg_integer": (2, ("12", "sum")),
    "hmac": (2, ("SHA-256",)),
    "instr": (3, ("1",)),
    "listagg": (1, ("NULL",)),
    "string_agg": (1, ("NULL",)),
    "locate": (2, ("1",)),
    "position": (2, ("1",)),
    "lpad": (2, (" ",)),
    "rpad": (2, (" ",)),
    "make_dt_interval": (0, ("0", "0", "0", "0.000000")),
    "make_interval": (0, ("0", "0", "0", "0", "0", "0", "0.000000")),
    "try_make_interval": (0, ("0", "0", "0", "0", "0", "0", "0.000000")),
    "make_ym_interval": (0, ("0", "0")),
    "mask": (1, ("X", "x", "n", "NULL")),
    "months_between": (2, ("true",)),
    "overlay": (3, ("-1",)),
    "percentile": (2, ("1",)),
    "percentile_approx": (2, ("10000",)),
    "approx_percentile": (2, ("10000",)),
    "regexp_extract": (2, ("1",)),
    "regexp_extract_all": (2, ("1",)),
    "regexp_instr": (2, ("0",)),
    "regexp_replace": (3, ("1",)),
    "sentences": (1, ("", "")),
    "sort_array": (1, ("true",)),
    "split": (2, ("-1",)),
    "str_to_map": (1, (",", ":")),
    "substr": (2, ("2147483647",)),
    "substring": (2, ("2147483647",)),
    "replace": (2, ("",)),
    "round": (1, ("0",)),
    "bround": (1, ("0",)),
    "unix_timestamp": (0, ("current_timestamp()", "yyyy-MM-dd HH:mm:ss")),
    "to_unix_timestamp": (1, ("yyyy-MM-dd HH:mm:ss",)),
    "from_unixtime": (1, ("yyyy-MM-dd HH:mm:ss",)),
    "lag": (1, ("1", "NULL")),
    "lead": (1, ("1", "NULL")),
}

# Functions of which only the first arguments are shown.
_SHOWN = {
    "shuffle": 1, "uuid": 0, "first": 1, "last": 1, "first_value": 1, "last_value": 1, "any_value": 1, "from_csv": 1, "from_json": 1,
    "from_xml": 1, "schema_of_csv": 1, "schema_of_json": 1, "schema_of_xml": 1, "to_csv": 1, "to_json": 1,
    "to_xml": 1, "now": 0, "current_timestamp": 0, "variant_get": 2, "try_variant_get": 2, "rank": 0, "dense_rank": 0, "percent_rank": 0,
}  # fmt: skip


def call_text(
    name: str, texts: Sequence[str], arguments: Sequence[Expression] = (), *, is_distinct: bool = False
) -> str:
    """A call as Spark writes it. `texts` are the arguments as they are shown."""
    special = _SPECIAL.get(name)
    if special is not None:
        text = special(texts, arguments)
        if text is not None:
            return text
    if name in _INFIX and len(texts) == 2:  # noqa: PLR2004 - binary operators
        return f"({texts[0]} {_INFIX[name]} {texts[1]})"
    shown = list(texts)
    if name in _DEFAULTS:
        least, defaults = _DEFAULTS[name]
        if len(shown) >= least:
            shown += defaults[len(shown) - least :]
    if name in _SHOWN:
        shown = shown[: _SHOWN[name]]
    distinct = "DISTINCT " if is_distinct else ""
    return f"{_RENAMED.get(name, name)}({distinct}{', '.join(shown)})"


def _when(texts: Sequence[str], _: Sequence[Expression]) -> str:
    pairs = len(texts) // 2
    branches = "".join(f" WHEN {texts[2 * i]} THEN {texts[2 * i + 1]}" for i in range(pairs))
    rest = f" ELSE {texts[-1]}" if len(texts) % 2 else ""
    return f"CASE{branches}{rest} END"


def _first_alone(name: str) -> Callable[[Sequence[str], Sequence[Expression]], str]:
    return lambda t, _: f"{name}({t[0]})"


def _like(word: str) -> _Writer:
    def write(texts: Sequence[str], _: Sequence[Expression]) -> str:
        escape = f" ESCAPE '{texts[2]}'" if len(texts) > 2 and texts[2] != "\\" else ""  # noqa: PLR2004
        return f"{texts[0]} {word} {texts[1]}{escape}"

    return write


def _trim(word: str) -> _Writer:
    def write(texts: Sequence[str], _: Sequence[Expression]) -> str | None:
        return f"TRIM({word} {texts[0]} FROM {texts[1]})" if len(texts) == 2 else None  # noqa: PLR2004

    return write


def _rounded(name: str) -> _Writer:
    def write(texts: Sequence[str], _: Sequence[Expression]) -> str | None:
        return f"{name}({', '.join(texts)})" if len(texts) > 1 else None

    return write


def _aggregate(name: str) -> _Writer:
    def write(texts: Sequence[str], _: Sequence[Expression]) -> str | None:
        return f"{name}({', '.join((*texts, _SAME_VALUE))})" if len(texts) == 3 else None  # noqa: PLR2004

    return write


def _mode(texts: Sequence[str], _: Sequence[Expression]) -> str | None:
    if len(texts) < 2:  # noqa: PLR2004 - the value, and whether ties are decided
        return None
    return f"mode() WITHIN GROUP (ORDER BY {texts[0]} DESC)" if texts[1] == "true" else f"mode({texts[0]})"


_SPECIAL: dict[str, _Writer] = {
    "when": _when,
    "case": _when,
    "if": lambda t, _: f"(IF({', '.join(t)}))",
    "_is_unknown": lambda t, _: f"({t[0]} IS {'NULL' if t[0] == 'NULL' else 'UNKNOWN'})",
    "_is_known": lambda t, _: f"({t[0]} IS NOT {'NULL' if t[0] == 'NULL' else 'UNKNOWN'})",
    "isnull": lambda t, _: f"({t[0]} IS NULL)",
    "isnotnull": lambda t, _: f"({t[0]} IS NOT NULL)",
    "not": lambda t, _: f"(NOT {t[0]})",
    "!": lambda t, _: f"(NOT {t[0]})",
    "!=": lambda t, _: f"(NOT ({t[0]} = {t[1]}))",
    "<>": lambda t, _: f"(NOT ({t[0]} = {t[1]}))",
    "~": lambda t, _: f"~{t[0]}",
    "negative": lambda t, _: f"(- {t[0]})" if t else None,
    "positive": lambda t, _: f"(+ {t[0]})" if t else None,
    "-": lambda t, _: f"(- {t[0]})" if len(t) == 1 else None,
    "+": lambda t, _: f"(+ {t[0]})" if len(t) == 1 else None,
    "in": lambda t, _: f"({t[0]} IN ({', '.join(t[1:])}))",
    "like": _like("LIKE"),
    **{name: _first_alone(name) for name in ("likeall", "likeany", "notlikeall", "notlikeany")},
    "approx_count_distinct": lambda t, _: f"approx_count_distinct({t[0]})" if t else None,
    "window": lambda _, __: "window",
    "session_window": lambda _, __: "session_window",
    "mode": _mode,
    "assert_true": lambda t, _: f"assert_true({t[0]}, '{t[0]}' is not true!)" if len(t) == 1 else None,
    "raise_error": lambda t, _: (
        f"raise_error(USER_RAISED_EXCEPTION, map(errorMessage, {t[0]}))" if len(t) == 1 else None
    ),
    "ilike": lambda t, _: f"ilike({', '.join(t[:2])})",
    "spark_partition_id": lambda _, __: "SPARK_PARTITION_ID()",
    "trim": _trim("BOTH"),
    "ltrim": _trim("LEADING"),
    "rtrim": _trim("TRAILING"),
    "ceil": _rounded("ceil"),
    "floor": _rounded("floor"),
    "log": lambda t, _: f"LOG(E(), {t[0]})" if len(t) == 1 else None,
    "aggregate": _aggregate("aggregate"),
    "reduce": _aggregate("reduce"),
    "array_sort": lambda t, _: f"array_sort({t[0]}, {_ORDER})" if len(t) == 1 else None,
    "_date_add_interval": lambda t, _: f"date_add({t[0]}, extractansiintervaldays({t[1]}))",
    "_date_add_interval_minus": lambda t, _: f"date_add({t[0]}, (- extractansiintervaldays({t[1]})))",
    "_date_add_months": lambda t, _: f"{t[0]} + {t[1]}",
    "_date_add_months_minus": lambda t, _: f"{t[0]} - {t[1]}",
    "_date_add_calendar": lambda t, _: f"{t[0]} + {t[1]}",
    "_date_add_calendar_minus": lambda t, _: f"{t[0]} - {t[1]}",
    "_timestamp_add_interval": lambda t, _: f"{t[0]} + {t[1]}",
    "_timestamp_add_interval_minus": lambda t, _: f"{t[0]} - {t[1]}",
    "_timestamp_add_months": lambda t, _: f"{t[0]} + {t[1]}",
    "_timestamp_add_months_minus": lambda t, _: f"{t[0]} - {t[1]}",
    "_timestamp_add_calendar": lambda t, _: f"{t[0]} + {t[1]}",
    "_timestamp_add_calendar_minus": lambda t, _: f"{t[0]} - {t[1]}",
    "_subtract_dates": lambda t, _: f"({t[0]} - {t[1]})",
    "_subtract_timestamps": lambda t, _: f"({t[0]} - {t[1]})",
    "_interval_multiply": lambda t, _: f"({t[0]} * {t[1]})",
    "_interval_divide": lambda t, _: f"({t[0]} / {t[1]})",
    "_interval_div": lambda t, _: f"({t[0]} div {t[1]})",
    "convert_timezone": lambda t, _: (
        f"convert_timezone(current_timezone(), {', '.join(t)})" if len(t) == 2 else None  # noqa: PLR2004
    ),
    "extract": lambda t, _: f"extract({t[0]} FROM {t[1]})" if len(t) == 2 else None,  # noqa: PLR2004
    "datepart": lambda t, _: f"datepart({t[0]} FROM {t[1]})" if len(t) == 2 else None,  # noqa: PLR2004
}
