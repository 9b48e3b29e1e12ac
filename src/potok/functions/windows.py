"""Functions that only make sense OVER a window."""

from __future__ import annotations

from collections.abc import Sequence

from potok.functions.base import FILTER, Function, Input, Nullability, WindowFunction
from potok.plan.expressions import Expression, WindowCall
from potok.types import DOUBLE, INTEGER, DataType


def _first_type(arguments: Sequence[Expression]) -> DataType:
    return arguments[0].data_type


def _shift_is_nullable(arguments: Sequence[Expression]) -> bool:
    return len(arguments) < 3 or arguments[2].nullable or arguments[0].nullable  # noqa: PLR2004 - the default is third


def _emit_shift(call: WindowCall, arguments: Sequence[str]) -> str:
    ignored = " IGNORE NULLS" if call.ignore_nulls else ""
    value, offset, *default = [*arguments, "1"] if len(arguments) == 1 else [*arguments]
    rest = f", {default[0]}" if default else ""
    return f"{call.name}({value}, {offset}{rest}{ignored}){FILTER}"


def _emit_nth(call: WindowCall, arguments: Sequence[str]) -> str:
    ignored = " IGNORE NULLS" if call.ignore_nulls else ""
    return f"nth_value({arguments[0]}, {arguments[1]}{ignored}){FILTER}"


def _rank(name: str) -> WindowFunction:
    return WindowFunction(name, (), INTEGER, emit=f"CAST({name}(){{filter}} AS INTEGER)")


FUNCTIONS: tuple[Function, ...] = (
    _rank("row_number"),
    _rank("rank"),
    _rank("dense_rank"),
    WindowFunction("percent_rank", (), DOUBLE, emit="percent_rank()"),
    WindowFunction("cume_dist", (), DOUBLE, emit="cume_dist()"),
    WindowFunction("ntile", (INTEGER,), INTEGER, emit="CAST(ntile({0}){filter} AS INTEGER)", optional=1),
    WindowFunction(
        "lag", (Input.ANY, INTEGER, Input.ANY), _first_type, _emit_shift, 2, _shift_is_nullable
    ),
    WindowFunction(
        "lead", (Input.ANY, INTEGER, Input.ANY), _first_type, _emit_shift, 2, _shift_is_nullable
    ),
    WindowFunction("nth_value", (Input.ANY, INTEGER), _first_type, _emit_nth, nullable=Nullability.ALWAYS),
)
