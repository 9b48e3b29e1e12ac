"""Expressions in SQL text, analysed, compiled and run."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

from potok.analysis import AnalysisContext, analyze
from potok.compiler.relations import compile_plan
from potok.engine.engine import Engine
from potok.functions.base import FunctionContext
from potok.functions.registry import builtin_functions
from potok.parser import parse_query
from potok.plan.logical import LogicalPlan
from potok.types import StructType

NOW = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def run(query: str, *, ansi: bool = True, time_zone: str = "UTC") -> tuple[StructType, pa.Table]:
    """Schema and rows of a query without tables. Raises SparkError."""
    functions = FunctionContext(ansi=ansi, time_zone=time_zone)
    context = AnalysisContext(functions, catalog=None, functions=builtin_functions())  # type: ignore[arg-type]
    parsed = parse_query(query)
    assert isinstance(parsed, LogicalPlan)
    plan = analyze(parsed, context)
    pipeline = compile_plan(plan, time_zone)
    engine = Engine(threads=1)
    try:
        return pipeline.schema, engine.run(pipeline, NOW, time_zone).to_table()
    finally:
        engine.close()


def value(expression: str, *, ansi: bool = True, time_zone: str = "UTC") -> Any:
    """The value of one expression."""
    _, table = run(f"SELECT {expression} AS value", ansi=ansi, time_zone=time_zone)
    return table.column(0).to_pylist()[0]
