"""`+ - * / % div pmod`, negation and abs, with their `try_` forms.

Overflow and zero divisors raise under ANSI; without it integers wrap and the rest is NULL. The
`try_` forms give NULL. Operands are coerced by Spark's rules, dates and intervals go to
`interval_arithmetic`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from potok.functions.base import Function, FunctionContext, Input, ScalarFunction
from potok.functions.cast_to_number import bounds, wrapped
from potok.functions.conversion import decimal_overflow, value_text
from potok.functions.decimals import KERNELS, decimal_sql, never_overflows, unbounded_text
from potok.functions.interval_arithmetic import bind_interval_operator
from potok.functions.mismatch import call, operands_differ, unexpected_argument, wrong_operand
from potok.functions.raising import quote_text, raise_sql
from potok.functions.sql_text import is_simple, let, let_all, sql_type, typed_null
from potok.functions.type_rules import cast_to, coerce_operands, decimal_result, implicit_cast, same_type
from potok.plan.expressions import Call, Expression
from potok.types import (
    CALENDAR_INTERVAL,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    MAX_PRECISION,
    SHORT,
    STRING,
    CalendarIntervalType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    IntegralType,
    LongType,
    NullType,
    NumericType,
    StringType,
    YearMonthIntervalType,
)  # fmt: skip

_CONFIG = '"spark.sql.ansi.enabled"'
_NUMERIC_OR_INTERVAL = '("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH" or "INTERVAL")'
_REQUIRED = {
    "+": _NUMERIC_OR_INTERVAL,
    "-": _NUMERIC_OR_INTERVAL,
    "*": '"NUMERIC"',
    "/": '("DOUBLE" or "DECIMAL")',
    "%": '"NUMERIC"',
    "pmod": '"NUMERIC"',
    "div": '("BIGINT" or "DECIMAL" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH")',
}
_TRY_NAME = {"+": "try_add", "-": "try_subtract", "*": "try_multiply", "/": "try_divide", "div": "try_divide"}
_DIVISIONS = frozenset({"/", "%", "div", "pmod"})
_LONG_BITS = 64


# ---- analysis ---------------------------------------------------------------------------------


def _bind(operator: str, name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    left, right = arguments
    interval = bind_interval_operator(operator, left, right, context, is_try=name.startswith("try_"))
    if interval is not None:
        return interval
    left, right = _nulls_as_numbers(operator, left, right, context)
    original = left, right = _divisible(operator, left, right, context)
    left, right = coerce_operands(left, right, context, is_comparison=False)
    if operator != "/":
        left, right = _same_null(left, right, context)
    if operator in {"/", "div"} and not all(isinstance(e.data_type, DecimalType) for e in (left, right)):
        left, right = _widened(operator, left, right, context)
    a, b = left.data_type, right.data_type
    both_decimal = isinstance(a, DecimalType) and isinstance(b, DecimalType)
    if not both_decimal and not same_type(a, b):
        raise operands_differ(left, right)
    if not isinstance(a, NumericType) or (operator == "div" and not isinstance(a, LongType | DecimalType)):
        has_null = any(isinstance(e.data_type, NullType) for e in original) and a != STRING
        if (has_null or operator == "div") and not same_type(original[0].data_type, original[1].data_type):
            raise operands_differ(*original)
        raise wrong_operand(_REQUIRED[operator], a)
    result = a
    if isinstance(a, DecimalType) and isinstance(b, DecimalType):
        keeps = context.allow_precision_loss
        result = LONG if operator == "div" else decimal_result(operator, a, b, allow_precision_loss=keeps)
    nullable = operator in _DIVISIONS or name.startswith("try_") or None
    if isinstance(result, DecimalType) and not context.ansi:
        nullable = True
    return call(name, (left, right), result, context, nullable=nullable)


def _nulls_as_numbers(
    operator: str, left: Expression, right: Expression, context: FunctionContext
) -> tuple[Expression, Expression]:
    """A bare NULL is a DOUBLE beside another one, and where it is divided by a decimal."""
    a, b = left.data_type, right.data_type
    both = isinstance(a, NullType) and isinstance(b, NullType) and operator != "div"
    if both or (operator == "/" and isinstance(a, NullType) and isinstance(b, DecimalType)):
        return cast_to(left, DOUBLE, context), cast_to(right, DOUBLE, context)
    return left, right


def _divisible(
    operator: str, left: Expression, right: Expression, context: FunctionContext
) -> tuple[Expression, Expression]:
    if operator == "div":
        left, right = _as_long(left, context), _as_long(right, context)
        if not context.ansi and isinstance(left.data_type, StringType) != isinstance(
            right.data_type, StringType
        ):
            return _as_double(left, context), _as_double(right, context)
        return left, right
    return left, right


def _as_long(expression: Expression, context: FunctionContext) -> Expression:
    is_small = isinstance(expression.data_type, IntegralType) and expression.data_type != LONG
    return cast_to(expression, LONG, context) if is_small else expression


def _as_double(expression: Expression, context: FunctionContext) -> Expression:
    is_text = isinstance(expression.data_type, StringType)
    return cast_to(expression, DOUBLE, context) if is_text else expression


def _same_null(
    left: Expression, right: Expression, context: FunctionContext
) -> tuple[Expression, Expression]:
    if isinstance(left.data_type, NullType) and isinstance(right.data_type, NumericType):
        left = cast_to(left, right.data_type, context)
    if isinstance(right.data_type, NullType) and isinstance(left.data_type, NumericType):
        right = cast_to(right, left.data_type, context)
    return left, right


def _widened(
    operator: str, left: Expression, right: Expression, context: FunctionContext
) -> tuple[Expression, Expression]:
    """`/` divides doubles, `div` divides BIGINT."""
    target, kinds = (DOUBLE, NumericType | NullType) if operator == "/" else (LONG, LongType | NullType)
    if isinstance(left.data_type, kinds) and isinstance(right.data_type, kinds):
        return cast_to(left, target, context), cast_to(right, target, context)
    return left, right


def _bind_unary(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (child,) = arguments
    intervals = (DayTimeIntervalType, YearMonthIntervalType, CalendarIntervalType)
    if not isinstance(child.data_type, (NumericType, *intervals)):
        cast = implicit_cast(child, Input.NUMERIC, context)
        if cast is None or not isinstance(child.data_type, StringType | NullType):
            raise wrong_unary(name, child)
        child = cast
    return call(name, (child,), child.data_type, context)


def wrong_unary(name: str, child: Expression) -> Exception:
    """An argument of a unary operator that is no number and no interval."""
    required = '("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH" or "INTERVAL")'
    if name == "abs":
        required = '("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH")'
    return unexpected_argument(0, child.data_type, required)


# ---- emission ---------------------------------------------------------------------------------


def overflow_error(call_: Call, alternative: str = "", message: str = "overflow") -> str:
    """SQL that raises ARITHMETIC_OVERFLOW; `alternative` is the function that tolerates it."""
    hint = f" Use '{alternative}' to tolerate overflow and return NULL instead." if alternative else ""
    return raise_sql(
        "ARITHMETIC_OVERFLOW",
        call_.origin,
        message=quote_text(message),
        alternative=quote_text(hint),
        config=quote_text(_CONFIG),
    )


def _emit(operator: str, call_: Call, arguments: Sequence[str]) -> str:
    is_try = call_.name.startswith("try_")
    types = [a.data_type for a in call_.arguments]
    if operator in _DIVISIONS:
        return let_all(arguments, partial(_division, operator, call_, is_try=is_try))
    target = call_.type
    if isinstance(target, DecimalType):
        return _decimal(operator, call_, arguments, is_try=is_try)
    if isinstance(target, DayTimeIntervalType):
        target = LONG
    if isinstance(target, YearMonthIntervalType):
        target = INTEGER
    if target in {DOUBLE, FLOAT, CALENDAR_INTERVAL}:
        return f"({arguments[0]} {operator} {arguments[1]})"
    assert isinstance(target, IntegralType), types  # noqa: S101 - analysis checked it
    return _integral(operator, call_, arguments, target, is_try=is_try)


def _integral(
    operator: str, call_: Call, arguments: Sequence[str], target: IntegralType, *, is_try: bool
) -> str:
    wide = {8: "INTEGER", 16: "INTEGER", 32: "BIGINT", 64: "HUGEINT"}[target.bits]
    small = target.bits < 32  # noqa: PLR2004 - an INT

    def exact(left: str, right: str) -> str:
        return f"(CAST({left} AS {wide}) {operator} {right})"

    def checked(value: str, is_null: str, failed: str) -> str:
        lowest, highest = bounds(target)
        return (
            f"CASE WHEN {value} BETWEEN {lowest} AND {highest} THEN CAST({value} AS {sql_type(target)})"
            f" WHEN {is_null} THEN NULL ELSE {failed} END"
        )

    if not call_.ansi and not is_try:
        return wrap(exact(*arguments), target)
    if is_try:
        failed = typed_null(target)
    elif small:
        return let_all(
            arguments,
            lambda x, y: checked(exact(x, y), f"{x} IS NULL OR {y} IS NULL", _small_overflow(operator, x, y)),
        )
    else:
        failed = overflow_error(call_, _TRY_NAME[operator])
    if all(map(is_simple, arguments)):
        is_null = f"{arguments[0]} IS NULL OR {arguments[1]} IS NULL"
        return checked(exact(*arguments), is_null, failed)
    return let(exact(*arguments), lambda v: checked(v, f"{v} IS NULL", failed))


def _small_overflow(operator: str, left: str, right: str) -> str:
    return raise_sql(
        "BINARY_ARITHMETIC_OVERFLOW",
        None,
        value1=value_text(f"CAST({left} AS SMALLINT)", SHORT),
        symbol=quote_text(operator),
        value2=value_text(f"CAST({right} AS SMALLINT)", SHORT),
        functionName=quote_text(f"`{_TRY_NAME[operator]}`"),
    )


def wrap(exact: str, target: IntegralType) -> str:
    """The low bits of an exact result, a HUGEINT for BIGINT and a BIGINT or smaller for the rest."""
    if target.bits < _LONG_BITS:
        return wrapped(exact, target)
    span, half = 1 << 64, 1 << 63
    return let(
        exact,
        lambda v: (
            f"CAST(CASE WHEN {v} BETWEEN -{half} AND {half - 1} THEN {v}"
            f" ELSE (({v} % {span} + {span} + {half}) % {span}) - {half} END AS BIGINT)"
        ),
    )


def _decimal(operator: str, call_: Call, arguments: Sequence[str], *, is_try: bool) -> str:
    target = call_.type
    left_type, right_type = (a.data_type for a in call_.arguments)
    assert isinstance(target, DecimalType)  # noqa: S101 - the caller checked
    assert isinstance(left_type, DecimalType)  # noqa: S101 - by the bind rule
    assert isinstance(right_type, DecimalType)  # noqa: S101 - by the bind rule
    types = (left_type, right_type)
    if never_overflows(operator, *types, target) or is_try or not call_.ansi:
        return decimal_sql(operator, arguments[0], arguments[1], types, target)

    def checked(x: str, y: str) -> str:
        failed = decimal_overflow(unbounded_text(operator, x, y), target, call_.origin)
        return let(
            decimal_sql(operator, x, y, types, target),
            lambda v: f"CASE WHEN {v} IS NOT NULL OR {x} IS NULL OR {y} IS NULL THEN {v} ELSE {failed} END",
        )

    return let_all(arguments, checked)


def _division(operator: str, call_: Call, left: str, right: str, *, is_try: bool) -> str:
    name = "REMAINDER_BY_ZERO" if operator in {"%", "pmod"} else "DIVIDE_BY_ZERO"
    by_zero = raise_sql(name, call_.origin, config=quote_text(_CONFIG))
    if is_try or not call_.ansi:
        by_zero = typed_null(call_.type)
    result = _quotient(operator, call_, left, right, is_try=is_try)
    return (
        f"CASE WHEN {right} <> 0 THEN {result}"
        f" WHEN {right} IS NULL OR {left} IS NULL THEN NULL ELSE {by_zero} END"
    )


def _quotient(operator: str, call_: Call, left: str, right: str, *, is_try: bool) -> str:
    operand = call_.arguments[0].data_type
    match operator:
        case "/" if isinstance(operand, DecimalType):
            return _decimal(operator, call_, (left, right), is_try=is_try)
        case "/":
            return f"({left} / {right})"
        case "%" if isinstance(operand, DecimalType):
            return _decimal(operator, call_, (left, right), is_try=is_try)
        case "%":
            return _remainder(left, right, operand)
        case "pmod":
            return _positive_remainder(call_, left, right, operand)
    return _whole_quotient(call_, left, right, operand, is_try=is_try)


def _remainder(left: str, right: str, operand: DataType) -> str:
    if isinstance(operand, IntegralType):
        # The least value modulo -1 overflows in the engine.
        return f"CASE WHEN {right} = -1 THEN CAST(0 AS {sql_type(operand)}) ELSE ({left} % {right}) END"
    return f"({left} % {right})"


def _positive_remainder(call_: Call, left: str, right: str, operand: DataType) -> str:
    if isinstance(operand, DecimalType):
        plain = Call("%", call_.arguments, call_.type, True, call_.ansi)  # noqa: FBT003 - nullable
        rest = _decimal("%", plain, (left, right), is_try=False)
    else:
        rest = _remainder(left, right, operand)
    name = sql_type(call_.type)
    if isinstance(call_.type, DecimalType):
        return let(rest, lambda v: _positive_decimal(call_, v, right))
    if isinstance(operand, IntegralType):
        return let(
            rest,
            lambda v: (
                f"CASE WHEN {v} < 0 THEN CAST((CAST({v} AS HUGEINT) + {right}) % {right} AS {name}) ELSE {v} END"
            ),
        )
    return let(
        rest, lambda v: f"CASE WHEN {v} < 0 THEN CAST(({v} + {right}) % {right} AS {name}) ELSE {v} END"
    )


def _positive_decimal(call_: Call, rest: str, right: str) -> str:
    assert isinstance(call_.type, DecimalType)  # noqa: S101 - the caller checked
    raised = f"TRY_CAST(TRY({rest} + {right}) AS {sql_type(call_.type)})"
    failed = typed_null(call_.type)
    if call_.ansi:
        failed = decimal_overflow(unbounded_text("+", rest, right), call_.type, call_.origin)
    return f"CASE WHEN {rest} < 0 AND {right} > 0 THEN coalesce({raised}, {failed}) ELSE {rest} END"


def _whole_quotient(call_: Call, left: str, right: str, operand: DataType, *, is_try: bool) -> str:
    failed = typed_null(LONG)
    if call_.ansi and not is_try:
        failed = overflow_error(call_, "try_divide", "Overflow in integral divide")
    lowest, _ = bounds(LONG)
    if isinstance(operand, LongType):
        if not call_.ansi and not is_try:
            failed = str(lowest)
        return f"CASE WHEN {right} = -1 AND {left} = {lowest} THEN {failed} ELSE {left} // {right} END"
    return let(unbounded_text("div", left, right), lambda t: _low_bits(call_, t, is_try=is_try))


def _low_bits(call_: Call, digits: str, *, is_try: bool) -> str:
    """A decimal quotient as BIGINT: Spark checks its 38 digits and keeps the low 64 bits."""
    result = DecimalType(MAX_PRECISION, 0)
    is_strict = call_.ansi and not is_try
    failed = decimal_overflow(digits, result, call_.origin) if is_strict else typed_null(LONG)
    low = let(f"CAST({digits} AS HUGEINT)", lambda v: wrap(v, LONG))
    return f"CASE WHEN length(ltrim({digits}, '-')) <= {MAX_PRECISION} THEN {low} WHEN {digits} IS NOT NULL THEN {failed} END"


def _emit_negative(call_: Call, arguments: Sequence[str]) -> str:
    return _unary(call_, arguments[0], lambda v: f"(-{v})")


def _emit_abs(call_: Call, arguments: Sequence[str]) -> str:
    return _unary(call_, arguments[0], lambda v: f"abs({v})")


def _unary(call_: Call, argument: str, change: Callable[[str], str]) -> str:
    target = call_.type
    if isinstance(target, DayTimeIntervalType):
        target = LONG
    if not isinstance(target, IntegralType):
        return change(argument)
    lowest, _ = bounds(target)
    without_origin = replace(call_, origin=None)
    failed = overflow_error(without_origin) if call_.ansi else f"CAST({lowest} AS {sql_type(target)})"
    return let(argument, lambda v: f"CASE WHEN {v} = {lowest} THEN {failed} ELSE {change(v)} END")


# ---- the table --------------------------------------------------------------------------------


def _row(operator: str, name: str | None = None) -> ScalarFunction:
    return ScalarFunction(
        name or operator,
        (Input.ANY, Input.ANY),
        DOUBLE,
        emit=partial(_emit, operator),
        bind=partial(_bind, operator, name or operator),
        kernels=KERNELS,
    )


def _unary_row(name: str, emit: str | Callable[[Call, Sequence[str]], str]) -> ScalarFunction:
    return ScalarFunction(name, (Input.ANY,), DOUBLE, emit=emit, bind=partial(_bind_unary, name))


FUNCTIONS: tuple[Function, ...] = (
    _row("+"),
    _row("-"),
    _row("*"),
    _row("/"),
    _row("%"),
    _row("%", "mod"),
    _row("div"),
    _row("pmod"),
    _row("+", "try_add"),
    _row("-", "try_subtract"),
    _row("*", "try_multiply"),
    _row("/", "try_divide"),
    _row("%", "try_mod"),
    _unary_row("negative", _emit_negative),
    _unary_row("positive", "{0}"),
    _unary_row("abs", _emit_abs),
)
