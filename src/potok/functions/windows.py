"""Functions that only make sense over a window."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from potok.functions.base import FILTER, Function, Input, Nullability, WindowFunction
from potok.functions.sql_text import sql_type, typed_null
from potok.plan.expressions import Expression, Literal, WindowCall
from potok.types import DOUBLE, INTEGER, NULL, DataType


def _first_type(arguments: Sequence[Expression]) -> DataType:
    return arguments[0].data_type if arguments else NULL


def _emit_shift(function: str, call: WindowCall, arguments: Sequence[str]) -> str:
    value, *rest = arguments or ("NULL",)
    offset = rest[0] if rest else "1"
    default = rest[1] if len(rest) > 1 else typed_null(call.type)
    nulls = " IGNORE NULLS" if call.ignore_nulls else ""
    return f"{function}({value}, {offset}, CAST({default} AS {sql_type(call.type)}){nulls})"


def _shift_nullable(arguments: Sequence[Expression]) -> bool:
    if not arguments:
        return True
    value, *rest = arguments
    return value.nullable or len(rest) < 2 or rest[1].nullable  # noqa: PLR2004 - offset and default


def _emit_nth(call: WindowCall, arguments: Sequence[str]) -> str:
    value, position, *rest = arguments
    asked = call.arguments[2] if rest else None
    ignores = call.ignore_nulls or (isinstance(asked, Literal) and asked.value is True)
    return f"nth_value({value}, {position}{' IGNORE NULLS' if ignores else ''})"


def _ranking(name: str) -> WindowFunction:
    return WindowFunction(name, (), INTEGER, emit=f"CAST({name}(){FILTER} AS INTEGER)")


FUNCTIONS: tuple[Function, ...] = (
    _ranking("row_number"),
    _ranking("rank"),
    _ranking("dense_rank"),
    WindowFunction("percent_rank", (), DOUBLE, emit="percent_rank()"),
    WindowFunction("cume_dist", (), DOUBLE, emit="cume_dist()"),
    WindowFunction("ntile", (INTEGER,), INTEGER, emit=f"CAST(ntile({{0}}){FILTER} AS INTEGER)", optional=1),
    WindowFunction("lag", (Input.ANY, INTEGER, Input.ANY), _first_type, emit=partial(_emit_shift, "lag"), optional=3, nullable=_shift_nullable),
    WindowFunction("lead", (Input.ANY, INTEGER, Input.ANY), _first_type, emit=partial(_emit_shift, "lead"), optional=3, nullable=_shift_nullable),
    WindowFunction("nth_value", (Input.ANY, INTEGER, Input.ANY), _first_type, emit=_emit_nth, optional=1, nullable=Nullability.ALWAYS),
)  # fmt: skip
