"""Resolved expressions as DuckDB SQL."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from potok.compiler.subqueries import has_one_row, is_correlated
from potok.engine.kernel import Kernel
from potok.engine.sql_types import quote_name, sql_type
from potok.errors import SparkError
from potok.functions.base import FILTER, ORDER, AggregateFunction, ScalarFunction, WindowFunction
from potok.functions.casts import cast_kernels, emit_cast
from potok.functions.ordering import order_key
from potok.functions.raising import quote_text, raise_sql
from potok.functions.registry import builtin_functions
from potok.plan.expressions import (
    AggregateCall,
    Alias,
    AttributeReference,
    Call,
    Cast,
    Expression,
    GetStructField,
    LambdaFunction,
    LambdaVariable,
    Literal,
    OuterReference,
    SortOrder,
    Subquery,
    WindowCall,
    WindowExpression,
    WindowFrame,
)
from potok.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    CalendarIntervalType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    MapType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)  # fmt: skip

if TYPE_CHECKING:
    from potok.plan.logical import LogicalPlan


def column_name(expr_id: int) -> str:
    """The SQL name of an attribute."""
    return f"c{expr_id}"


class Emitter:
    """Writes expressions as SQL and notes what the statement will need.

    `subquery` turns the plan of a subquery into SQL.
    """

    def __init__(self, subquery: Callable[[LogicalPlan], str]) -> None:
        self._subquery = subquery
        self.kernels: dict[str, Kernel] = {}
        self.uses_now = False

    def emit(self, expression: Expression) -> str:
        """The SQL of a resolved expression. Raises SparkError INTERNAL_ERROR for an unresolved one."""
        match expression:
            case AttributeReference(expr_id=expr_id):
                return column_name(expr_id)
            case OuterReference(attribute=attribute):
                return column_name(attribute.expr_id)
            case Literal():
                return literal_sql(expression.value, expression.type)
            case Alias(child=child):
                return self.emit(child)
            case Cast(child=child):
                self._need(cast_kernels(expression))
                return emit_cast(expression, self.emit(child))
            case Call():
                return self._call(expression)
            case AggregateCall():
                return self._aggregate(expression)
            case WindowCall():
                return self._window_call(expression)
            case WindowExpression():
                return self._window(expression)
            case LambdaFunction(body=body, parameters=parameters):
                names = ", ".join(self.emit(p) for p in parameters)
                return f"lambda {names}: {self.emit(body)}"
            case LambdaVariable(expr_id=expr_id):
                return f"v{expr_id}"
            case GetStructField(child=child, name=name):
                return f"struct_extract({self.emit(child)}, {quote_text(name)})"
            case Subquery():
                return self._subquery_expression(expression)
        raise SparkError("INTERNAL_ERROR", message=f"cannot compile {type(expression).__name__}")

    def order(self, keys: Sequence[SortOrder]) -> str:
        """The keys of an ORDER BY."""
        return ", ".join(
            f"{order_key(self.emit(key.child), key.child.data_type)} {'ASC' if key.ascending else 'DESC'}"
            f" NULLS {'FIRST' if key.nulls_first else 'LAST'}"
            for key in keys
        )

    def _arguments(self, arguments: Sequence[Expression]) -> list[str]:
        return [self.emit(a) for a in arguments]

    def _call(self, call: Call) -> str:
        function = builtin_functions()[call.name]
        if not isinstance(function, ScalarFunction):
            raise SparkError("INTERNAL_ERROR", message=f"{call.name} is not a scalar function")
        self._need(function.kernels(call) if callable(function.kernels) else function.kernels)
        arguments = self._arguments(call.arguments)
        if callable(function.emit):
            return function.emit(call, arguments)
        self.uses_now |= "$now" in function.emit
        return fill_template(function.emit, arguments)

    def _aggregate(self, call: AggregateCall, over: str = "") -> str:
        function = builtin_functions()[call.name]
        if not isinstance(function, AggregateFunction):
            raise SparkError("INTERNAL_ERROR", message=f"{call.name} is not an aggregate function")
        self._need(function.kernels(call) if callable(function.kernels) else function.kernels)
        arguments = self._arguments(call.arguments)
        if callable(function.emit):
            text = function.emit(call, arguments)
        else:
            text = fill_template(function.emit, arguments, "DISTINCT " if call.is_distinct else "")
        order = f" ORDER BY {self.order(call.order_by)}" if call.order_by else ""
        text = text.replace(ORDER, order)
        suffix = over
        if call.filter is not None:
            suffix = f" FILTER (WHERE {self.emit(call.filter)}){over}"
        return text.replace(FILTER, suffix) if FILTER in text else text + suffix

    def _window_call(self, call: WindowCall) -> str:
        function = builtin_functions()[call.name]
        if not isinstance(function, WindowFunction):
            raise SparkError("INTERNAL_ERROR", message=f"{call.name} is not a window function")
        arguments = self._arguments(call.arguments)
        if callable(function.emit):
            return function.emit(call, arguments)
        return fill_template(function.emit, arguments)

    def _need(self, kernels: Sequence[Kernel]) -> None:
        for kernel in kernels:
            self.kernels[kernel.name] = kernel

    def _window(self, window: WindowExpression) -> str:
        parts = []
        if window.partition_by:
            parts.append("PARTITION BY " + ", ".join(self._arguments(window.partition_by)))
        if window.order_by:
            parts.append("ORDER BY " + self.order(window.order_by))
        if window.frame is not None and not _is_ranking(window.function):
            parts.append(self._frame(window.frame))
        over = f" OVER ({' '.join(parts)})"
        if isinstance(window.function, AggregateCall):
            if window.function.ignore_nulls and window.function.filter is None:
                return f"{self._edge_of_present(window.function)}{over}"
            return self._aggregate(window.function, over)
        text = self.emit(window.function)
        return text.replace(FILTER, over) if FILTER in text else text + over

    def _edge_of_present(self, call: AggregateCall) -> str:
        """`first` or `last` without NULLs: over a window the engine takes no FILTER for them."""
        function = "last" if call.name in {"last", "last_value"} else "first"
        return f"{function}({self.emit(call.arguments[0])} IGNORE NULLS)"

    def _frame(self, frame: WindowFrame) -> str:
        kind = "ROWS" if frame.is_rows else "RANGE"
        lower = self._bound(frame.lower, "UNBOUNDED PRECEDING")
        upper = self._bound(frame.upper, "UNBOUNDED FOLLOWING")
        return f"{kind} BETWEEN {lower} AND {upper}"

    def _bound(self, bound: Expression | None, unbounded: str) -> str:
        if bound is None:
            return unbounded
        if isinstance(bound, Literal) and not isinstance(bound.value, tuple):
            if bound.value == 0:
                return "CURRENT ROW"
            if isinstance(bound.type, DayTimeIntervalType):
                size, word = abs(bound.value), "PRECEDING" if bound.value < 0 else "FOLLOWING"
                return f"to_microseconds({size}) {word}"
            if bound.value < 0:
                return f"{literal_sql(-bound.value, bound.type)} PRECEDING"
        return f"{self.emit(bound)} FOLLOWING"

    def _subquery_expression(self, subquery: Subquery) -> str:
        query = self._subquery(subquery.plan)
        match subquery.kind:
            case "exists":
                return f"EXISTS ({query})"
            case "in":
                values = self._arguments(subquery.values)
                left = values[0] if len(values) == 1 else f"({', '.join(values)})"
                return f"{left} IN ({query})"
        if has_one_row(subquery.plan):
            return f"({query})"
        origin, asked = (None, "correlated") if is_correlated(subquery.plan) else (subquery.origin, "")
        error = raise_sql("SCALAR_SUBQUERY_TOO_MANY_ROWS", origin, targetType=quote_text(asked))
        return f"(SELECT CASE WHEN count(*) > 1 THEN {error} ELSE first(value) END FROM ({query}) AS rows(value))"


_PLACE = re.compile(r"\{(\d+|args|distinct|filter)\}")


def fill_template(template: str, arguments: Sequence[str], distinct: str = "") -> str:
    """`{0}`, `{args}`, `{distinct}` and `{filter}` of a function's emission replaced; other braces stay."""

    def place(match: re.Match[str]) -> str:
        word = match[1]
        if word.isdigit():
            return arguments[int(word)]
        return {"args": ", ".join(arguments), "distinct": distinct, "filter": FILTER}[word]

    return _PLACE.sub(place, template)


def _is_ranking(function: Expression) -> bool:
    return isinstance(function, WindowCall) and function.name != "nth_value"


_SPECIAL_DOUBLES = {math.inf: "Infinity", -math.inf: "-Infinity"}


def literal_sql(value: object, data_type: DataType) -> str:
    """A constant of a Spark type (representation in `plan.expressions.Literal`) as SQL."""
    target = sql_type(data_type)
    if value is None:
        return f"CAST(NULL AS {target})"
    match data_type:
        case StringType():
            return quote_text(str(value)) if "\0" not in str(value) else _text_with_nul(str(value))
        case BooleanType():
            return "true" if value else "false"
        case DoubleType() | FloatType():
            return f"CAST({_double_text(float(value))} AS {target})"  # type: ignore[arg-type]
        case DecimalType():
            return f"CAST('{decimal.Decimal(str(value)):f}' AS {target})"
        case BinaryType():
            return f"from_hex('{bytes(value).hex()}')"  # type: ignore[call-overload]
        case DateType():
            return f"DATE '{_date_text(value)}'"
        case TimestampType():
            return f"TIMESTAMPTZ '{_timestamp_text(value)}+00:00'"
        case TimestampNTZType():
            return f"TIMESTAMP '{_timestamp_text(value)}'"
        case CalendarIntervalType():
            months, days, microseconds = cast("tuple[int, int, int]", value)
            return f"(to_months({months}) + to_days({days}) + to_microseconds({microseconds}))"
        case ArrayType(element=element):
            items = ", ".join(literal_sql(v, element) for v in value)  # type: ignore[attr-defined]
            return f"CAST([{items}] AS {target})"
        case MapType(key=key, value=item):
            keys = ", ".join(literal_sql(k, key) for k, _ in value)  # type: ignore[attr-defined]
            values = ", ".join(literal_sql(v, item) for _, v in value)  # type: ignore[attr-defined]
            return f"CAST(MAP([{keys}], [{values}]) AS {target})"
        case StructType(fields=fields):
            inner = ", ".join(
                f"{quote_name(f.name)} := {literal_sql(v, f.data_type)}"
                for f, v in zip(fields, value, strict=True)  # type: ignore[call-overload]
            )
            return f"struct_pack({inner})"
        case DayTimeIntervalType() | YearMonthIntervalType():
            return f"CAST({value} AS {target})"
    return f"CAST({value} AS {target})"


def _text_with_nul(text: str) -> str:
    return " || chr(0) || ".join(quote_text(piece) for piece in text.split("\0"))


def _double_text(value: float) -> str:
    if math.isnan(value):
        return "'NaN'"
    if value in _SPECIAL_DOUBLES:
        return f"'{_SPECIAL_DOUBLES[value]}'"
    return f"'{value!r}'"


def _date_text(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    return (dt.date(1970, 1, 1) + dt.timedelta(days=int(str(value)))).isoformat()


def _timestamp_text(value: object) -> str:
    if isinstance(value, dt.datetime):
        utc = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
        return utc.isoformat(sep=" ", timespec="microseconds")
    moment = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=int(str(value)))  # noqa: DTZ001 - printed without a zone
    return moment.isoformat(sep=" ", timespec="microseconds")
