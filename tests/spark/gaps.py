"""What potok does not do yet, or never will, case by case.

A row is `(family, name pattern)` to a Gap; the pattern is a shell pattern over names of cases. A case with a
gap is expected to fail, and to fail by raising an error of its own: a wrong answer is never expected, nor is
an INTERNAL_ERROR.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Literal, NamedTuple


class Gap(NamedTuple):
    """Why a case fails.

    `notimpl`: we could, and have not yet. `never`: we shall not, for the reason given.
    `message`: the error is Spark's (class, condition and SQLSTATE), its text is not.
    """

    kind: Literal["notimpl", "never", "message"]
    reason: str


GAPS: dict[tuple[str, str], Gap] = {}


def find_gap(family: str, name: str) -> Gap | None:
    """The gap of a case, or None where potok must answer as Spark does."""
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
