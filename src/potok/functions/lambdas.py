"""Lambdas inside SQL text."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LAMBDA = re.compile(r"lambda ([\w, ]*): ", re.DOTALL)


def split_lambda(sql: str) -> tuple[list[str], str]:
    """Parameters and body of `lambda x, y: body`."""
    match = _LAMBDA.match(sql)
    assert match is not None, sql  # noqa: S101 - the compiler writes lambdas so
    return [name.strip() for name in match[1].split(",") if name.strip()], sql[match.end() :]


def apply(sql: str, values: Sequence[str]) -> str:
    """The body with its parameters bound to values; values that no parameter takes are left out."""
    parameters, body = split_lambda(sql)
    for name, value in reversed(list(zip(parameters, values, strict=False))):
        body = f"list_transform([{value}], lambda {name}: {body})[1]"
    return body
