"""Expressions in SQL text, analysed, compiled and run."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import pyarrow as pa

from potok.analysis import AnalysisContext, analyze
from potok.compiler.relations import compile_plan
from potok.engine.engine import Engine
from potok.functions.base import FunctionContext
from potok.functions.registry import builtin_functions
from potok.parser import ParserOptions, parse_query
from potok.plan.logical import LogicalPlan
from potok.types import StructType

NOW = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


@cache
def _engine() -> Engine:
    """One for all queries: making one takes longer than most of them."""
    return Engine(threads=1)


def run(query: str, *, ansi: bool = True, time_zone: str = "UTC") -> tuple[StructType, pa.Table]:
    """Schema and rows of a query without tables. Raises SparkError."""
    functions = FunctionContext(ansi=ansi, time_zone=time_zone)
    context = AnalysisContext(functions, catalog=None, functions=builtin_functions())  # type: ignore[arg-type]
    parsed = parse_query(query, options=ParserOptions(time_zone=time_zone))
    assert isinstance(parsed, LogicalPlan)
    plan = analyze(parsed, context)
    pipeline = compile_plan(plan, time_zone)
    return pipeline.schema, _engine().run(pipeline, NOW, time_zone).to_table()


def value(expression: str, *, ansi: bool = True, time_zone: str = "UTC") -> Any:
    """The value of one expression."""
    _, table = run(f"SELECT {expression} AS value", ansi=ansi, time_zone=time_zone)
    return table.column(0).to_pylist()[0]
