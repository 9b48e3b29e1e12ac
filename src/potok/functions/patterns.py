"""`like`, regular expressions and splitting."""

from __future__ import annotations

from collections.abc import Sequence

from potok.functions import text_kernels as k
from potok.functions.base import Function
from potok.functions.java_regex import compiled, replacement_parts, to_re2
from potok.functions.mismatch import same
from potok.functions.raising import quote_text, raise_sql
from potok.functions.rows import ALWAYS, row
from potok.functions.sql_text import let_all
from potok.functions.strings import constant_int, constant_text
from potok.plan.expressions import Call
from potok.types import BOOLEAN, INTEGER, STRING, ArrayType


def _escape_of(call_: Call) -> str:
    escape = constant_text(call_, 2) if len(call_.arguments) > 2 else "\\"  # noqa: PLR2004 - the optional escape
    return "\\" if escape is None else escape


def _emit_like(call_: Call, arguments: Sequence[str], *, fold: bool = False) -> str:
    text, pattern = arguments[:2]
    escape = _escape_of(call_)
    constant = constant_text(call_, 1)
    if fold:
        text = f"lower({text})"
        constant = None if constant is None else constant.lower()
        pattern = f"lower({pattern})"
    if constant is None:
        return f"potok_like({text}, {pattern}, {quote_text(escape)})"
    k.like_regex(constant, escape)
    if escape not in constant:
        return f"({text} LIKE {quote_text(constant)})"
    return f"({text} LIKE {quote_text(constant)} ESCAPE {quote_text(escape)})"


def _emit_ilike(call_: Call, arguments: Sequence[str]) -> str:
    return _emit_like(call_, arguments, fold=True)


def _emit_rlike(call_: Call, arguments: Sequence[str]) -> str:
    pattern = constant_text(call_, 1)
    if pattern is not None:
        compiled(pattern, "rlike")
        re2 = to_re2(pattern, only_tests=True)
        if re2 is not None:
            return f"regexp_matches({arguments[0]}, {quote_text(re2)})"
    return f"potok_regexp_like({arguments[0]}, {arguments[1]})"


def _emit_many_like(call_: Call, arguments: Sequence[str]) -> str:
    text, *patterns = arguments
    tests = []
    for position, pattern in enumerate(patterns):
        pair = Call("like", (call_.arguments[0], call_.arguments[position + 1]), BOOLEAN)
        tests.append(_emit_like(pair, (text, pattern)))
    if call_.name.startswith("not"):
        tests = [f"(NOT {test})" for test in tests]
    word = " AND " if call_.name.endswith("all") else " OR "
    return "(" + word.join(tests) + ")"


def _emit_regexp_extract(call_: Call, arguments: Sequence[str]) -> str:
    text, pattern = arguments[:2]
    group = arguments[2] if len(arguments) > 2 else "1"  # noqa: PLR2004 - the optional group
    constant = constant_text(call_, 1)
    number = constant_int(call_, 2) if len(arguments) > 2 else 1  # noqa: PLR2004 - see above
    if constant is not None and number is not None:
        regex = compiled(constant, call_.name)
        if 0 <= number <= regex.groups:
            re2 = to_re2(constant)
            if re2 is not None and number < 10:  # noqa: PLR2004 - what DuckDB knows
                return f"{call_.name}({text}, {quote_text(re2)}, {number})"
    return f"potok_{call_.name}({text}, {pattern}, {group})"


def _emit_regexp_replace(call_: Call, arguments: Sequence[str]) -> str:
    text, pattern, replacement = arguments[:3]
    position = arguments[3] if len(arguments) > 3 else "1"  # noqa: PLR2004 - the optional position
    constant, new = constant_text(call_, 1), constant_text(call_, 2)
    if constant is not None and new is not None and position == "1":
        regex = compiled(constant, "regexp_replace")
        re2 = to_re2(constant)
        may_be_empty = regex.search("") is not None
        if re2 is not None and not may_be_empty:
            try:
                parts = replacement_parts(new, regex.groups)
            except ValueError:
                parts = ("\0",)
            if not any(isinstance(p, str) and "\0" in p for p in parts):
                written = "".join(f"\\{p}" if isinstance(p, int) else p.replace("\\", "\\\\") for p in parts)
                return f"regexp_replace({text}, {quote_text(re2)}, {quote_text(written)}, 'g')"
    return f"potok_regexp_replace({text}, {pattern}, {replacement}, {position})"


_META = frozenset("\\.$[](){}*+?|^")


def plain_pattern(pattern: str) -> str | None:
    """The text that a pattern matches if it only matches one, such as a comma, and a sign in brackets."""
    out, position = [], 0
    while position < len(pattern):
        sign = pattern[position]
        if sign == "\\" and position + 1 < len(pattern) and not pattern[position + 1].isalnum():
            out.append(pattern[position + 1])
            position += 2
        elif (
            sign == "["
            and pattern[position + 2 : position + 3] == "]"
            and pattern[position + 1] not in "^\\[]"
        ):
            out.append(pattern[position + 1])
            position += 3
        elif sign in _META:
            return None
        else:
            out.append(sign)
            position += 1
    return "".join(out)


def _emit_split(call_: Call, arguments: Sequence[str]) -> str:
    text, pattern = arguments[:2]
    limit = arguments[2] if len(arguments) > 2 else "-1"  # noqa: PLR2004 - the optional limit
    constant = constant_text(call_, 1)
    limit_value = constant_int(call_, 2) if len(arguments) > 2 else -1  # noqa: PLR2004 - see above
    if constant is not None and limit_value is not None and limit_value <= 0:
        plain = plain_pattern(constant)
        if plain:
            return f"string_split({text}, {quote_text(plain)})"
    return f"potok_split({text}, {pattern}, {limit})"


def _emit_split_part(_: Call, arguments: Sequence[str]) -> str:
    failed = raise_sql("INVALID_INDEX_OF_ZERO")

    def part(t: str, d: str, n: str) -> str:
        whole = f"CASE WHEN {n} IN (1, -1) THEN {t} WHEN {n} IS NOT NULL AND {t} IS NOT NULL THEN '' END"
        return (
            f"CASE WHEN {n} = 0 AND {t} IS NOT NULL AND {d} IS NOT NULL THEN {failed}"
            f" WHEN {d} = '' THEN {whole} ELSE split_part({t}, {d}, {n}) END"
        )

    return let_all(arguments, part)


_RLIKE = row("rlike", (STRING, STRING), BOOLEAN, _emit_rlike, k.REGEXP_LIKE)

FUNCTIONS: tuple[Function, ...] = (
    row("split", (STRING, STRING, INTEGER), ArrayType(STRING, contains_null=False), _emit_split, k.SPLIT, optional=1),
    row("split_part", (STRING, STRING, INTEGER), STRING, _emit_split_part, nullable=ALWAYS),
    row("like", (STRING, STRING, STRING), BOOLEAN, _emit_like, k.LIKE, optional=1),
    row("ilike", (STRING, STRING, STRING), BOOLEAN, _emit_ilike, k.LIKE, optional=1),
    row("likeall", (STRING, STRING), BOOLEAN, _emit_many_like, k.LIKE, variadic=True, nullable=ALWAYS),
    row("likeany", (STRING, STRING), BOOLEAN, _emit_many_like, k.LIKE, variadic=True, nullable=ALWAYS),
    row("notlikeall", (STRING, STRING), BOOLEAN, _emit_many_like, k.LIKE, variadic=True, nullable=ALWAYS),
    row("notlikeany", (STRING, STRING), BOOLEAN, _emit_many_like, k.LIKE, variadic=True, nullable=ALWAYS),
    _RLIKE,
    *same(_RLIKE, "regexp", "regexp_like"),
    row("regexp_replace", (STRING, STRING, STRING, INTEGER), STRING, _emit_regexp_replace, k.REGEXP_REPLACE, optional=1),
    row("regexp_extract", (STRING, STRING, INTEGER), STRING, _emit_regexp_extract, k.REGEXP_EXTRACT, optional=1),
    row("regexp_extract_all", (STRING, STRING, INTEGER), ArrayType(STRING), _emit_regexp_extract, k.REGEXP_EXTRACT_ALL, optional=1),
    row("regexp_count", (STRING, STRING), INTEGER, "potok_regexp_count({0}, {1})", k.REGEXP_COUNT),
    row("regexp_instr", (STRING, STRING, INTEGER), INTEGER, lambda _, a: f"potok_regexp_instr({a[0]}, {a[1]}, {a[2] if len(a) > 2 else 0})", k.REGEXP_INSTR, optional=1),  # noqa: PLR2004 - the optional group
    row("regexp_substr", (STRING, STRING), STRING, "potok_regexp_substr({0}, {1})", k.REGEXP_SUBSTR, nullable=ALWAYS),
)  # fmt: skip
