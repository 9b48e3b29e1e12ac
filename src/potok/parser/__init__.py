"""Spark SQL text to unresolved plans, expressions and statements.

The parser is written by hand over `potok.tokens`, after Spark 4.3's grammar; `expressions` says why
no SQL library does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from potok.parser.special_forms import ParserOptions
from potok.parser.statements import StatementParser
from potok.tokens import ParseError

if TYPE_CHECKING:
    from potok.plan.expressions import Expression
    from potok.plan.logical import LogicalPlan
    from potok.plan.statements import Statement

_NO_ARGUMENTS: Mapping[str, Expression] = {}
_DEFAULTS = ParserOptions()


def parse_query(
    text: str,
    *,
    named_arguments: Mapping[str, Expression] = _NO_ARGUMENTS,
    positional_arguments: Sequence[Expression] = (),
    options: ParserOptions = _DEFAULTS,
) -> LogicalPlan | Statement:
    """What `spark.sql(text)` means: a query's unresolved plan, or a statement of `plan.statements`.

    Arguments replace `:name` and `?`. Raises ParseError with Spark's condition and pointer, and
    `errors.unsupported` for what Spark has and this engine has not.
    """
    if named_arguments or positional_arguments:
        options = replace(
            options, named_arguments=named_arguments, positional_arguments=tuple(positional_arguments)
        )
    try:
        return StatementParser(text, options).single_statement()
    except RecursionError:
        raise ParseError("FAILED_TO_PARSE_TOO_COMPLEX", sql_text=text) from None


def parse_expression(text: str, options: ParserOptions = _DEFAULTS) -> Expression:
    """What `expr(text)`, a string filter or an item of `selectExpr` means; maybe an Alias or a star."""
    try:
        parser = StatementParser(text, options)
        parser.expect_not_empty()
        result = parser.named_expression()
        parser.expect_end()
    except RecursionError:
        raise ParseError("FAILED_TO_PARSE_TOO_COMPLEX", sql_text=text) from None
    return result


__all__ = ["ParserOptions", "parse_expression", "parse_query"]
