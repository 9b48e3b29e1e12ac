"""The documentation lists the aggregate functions, and each that a batch computes a stream computes as well."""

from __future__ import annotations

import re
from pathlib import Path

from potok.functions.base import AggregateFunction
from potok.functions.registry import builtin_functions
from potok.functions.stream_aggregates import RULES

STATE = Path(__file__).parents[3] / "docs" / "state.md"
# They become the average of pairs before a stream sees them; the others are no functions of users.
REWRITTEN = {"regr_avgx", "regr_avgy"}
INNER = re.compile(r"\.|^_|^stream_|^collect_frequent_items$")


def aggregates() -> set[str]:
    found = {name for name, one in builtin_functions().items() if isinstance(one, AggregateFunction)}
    return {name for name in found if not INNER.search(name)}


def test_every_aggregate_function_is_listed() -> None:
    section = STATE.read_text(encoding="utf-8").partition("## Aggregate functions")[2]
    listed = re.findall(r"`(\w+)`", section.partition("`grouping`")[0])
    assert listed == sorted(aggregates())


def test_every_aggregate_function_works_on_streams() -> None:
    assert aggregates() - REWRITTEN <= set(RULES)
