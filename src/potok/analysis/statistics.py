"""df.stat, describe, summary and transpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from potok.errors import unsupported
from potok.plan.logical import LogicalPlan, Statistics, Transpose

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer


def statistics(analyzer: Analyzer, plan: Statistics) -> LogicalPlan:
    """Not yet."""
    del analyzer
    raise unsupported(f"df.stat.{plan.function}", "Compute it with aggregate functions.")


def transpose(analyzer: Analyzer, plan: Transpose) -> LogicalPlan:
    """Not yet."""
    del analyzer, plan
    raise unsupported("transpose", "Use unpivot and pivot.")
