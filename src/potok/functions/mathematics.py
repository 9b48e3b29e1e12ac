"""Functions of numbers: rounding, powers, logarithms, trigonometry, bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from potok.errors import SparkError
from potok.functions import number_kernels as k
from potok.functions.arithmetic import overflow_error
from potok.functions.base import Function, FunctionContext, Input, InputType, Nullability, ScalarFunction
from potok.functions.cast_to_number import bounds, wrapped
from potok.functions.folding import fold
from potok.functions.mismatch import call, mismatch, operands_differ, same, unexpected_argument, wrong_operand
from potok.functions.sql_text import let, let_all, sql_type
from potok.functions.type_rules import cast_to, coerce_operands, implicit_cast, same_type
from potok.plan.expressions import Call, Expression, Literal
from potok.types import (
    BOOLEAN,
    BYTE,
    DOUBLE,
    FLOAT,
    INTEGER,
    LONG,
    MAX_PRECISION,
    DataType,
    DecimalType,
    FractionalType,
    IntegralType,
    LongType,
)  # fmt: skip

ALWAYS = Nullability.ALWAYS
Emit = str | Callable[[Call, Sequence[str]], str]
_NAN = "CAST('NaN' AS DOUBLE)"


def foldable_int(expression: Expression) -> int | None:
    """The value of an argument that must be a constant whole number."""
    value = fold(expression)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


# ---- rounding ---------------------------------------------------------------------------------


def _bind_round(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, *rest = arguments
    number = implicit_cast(value, Input.NUMERIC, context)
    if number is None:
        raise unexpected_argument(0, value.data_type, '"NUMERIC"')
    scale = foldable_int(implicit_cast(rest[0], INTEGER, context) or rest[0]) if rest else 0
    if scale is None:
        if isinstance(rest[0], Literal) and (rest[0].value is None or not context.ansi):
            return Literal(None, number.data_type)
        if isinstance(rest[0], Literal) and isinstance(rest[0].value, str):
            raise SparkError(
                "CAST_INVALID_INPUT",
                expression=f"'{rest[0].value}'",
                sourceType='"STRING"',
                targetType='"INT"',
            )
        raise mismatch("NON_FOLDABLE_INPUT", inputName="`scale`", inputType='"INT"', inputExpr='"scale"')
    is_edge = name in {"ceil", "floor"}
    target = number.data_type
    match target:
        case DecimalType(scale=0) if is_edge and not rest:
            pass
        case DecimalType(precision=precision, scale=digits):
            target = _rounded_decimal(precision, digits, scale)
        case _ if is_edge and rest:
            number = cast_to(
                number,
                DecimalType(30, 15) if isinstance(target, FractionalType) else _whole_decimal(target),
                context,
            )
            source = number.data_type
            assert isinstance(source, DecimalType)  # noqa: S101 - just cast
            target = _rounded_decimal(source.precision, source.scale, scale)
        case _ if is_edge:
            target = LONG
    return call(name, (number, Literal(scale, INTEGER)), target, context, nullable=True)


def _whole_decimal(data_type: DataType) -> DecimalType:
    digits = {8: 3, 16: 5, 32: 10, 64: 20}
    return DecimalType(digits[data_type.bits] if isinstance(data_type, IntegralType) else MAX_PRECISION, 0)


def _rounded_decimal(precision: int, digits: int, scale: int) -> DecimalType:
    whole = precision - digits + 1
    if scale < 0:
        return DecimalType(min(max(whole, -scale + 1), MAX_PRECISION), 0)
    kept = min(digits, scale)
    return DecimalType(min(whole + kept, MAX_PRECISION), kept)


def _emit_round(call_: Call, arguments: Sequence[str]) -> str:
    value = arguments[0]
    scale = foldable_int(call_.arguments[1]) or 0
    source, target = call_.arguments[0].data_type, call_.type
    function = {"round": "round", "bround": "round_even"}[call_.name]
    match source:
        case DecimalType():
            return _decimal_round(value, source, target, scale, even=call_.name == "bround")
        case IntegralType():
            if scale >= 0:
                return value
            return _integral_round(call_, value, target, scale, even=call_.name == "bround")
    if scale == 0:
        return f"CAST({function}({value}{', 0' if function == 'round_even' else ''}) AS {sql_type(target)})"
    return let(value, lambda v: _floating_round(v, target, scale, even=call_.name == "bround"))


def _decimal_round(value: str, source: DecimalType, target: DataType, scale: int, *, even: bool) -> str:
    name = sql_type(target)
    if scale >= source.scale:
        return f"CAST({value} AS {name})"
    if not even and scale >= 0:
        return f"CAST({value} AS {name})"
    mode = "half_even" if even else "half_up"
    return f"CAST(potok_round_text(CAST({value} AS VARCHAR), {scale}, '{mode}') AS {name})"


def _integral_round(call_: Call, value: str, target: DataType, scale: int, *, even: bool) -> str:
    assert isinstance(target, IntegralType)  # noqa: S101 - by the bind rule
    unit = 10 ** (-scale)
    if unit > 10**19:
        return f"CASE WHEN {value} IS NOT NULL THEN CAST(0 AS {sql_type(target)}) END"

    def rounded(v: str) -> str:
        wide = f"CAST({v} AS HUGEINT)"
        rest, whole = f"({wide} % {unit})", f"({wide} // {unit})"
        away = f"2 * abs({rest}) > {unit} OR (2 * abs({rest}) = {unit}{f' AND {whole} % 2 <> 0' if even else ''})"
        exact = (
            f"(({whole} + CASE WHEN {away} THEN CASE WHEN {v} < 0 THEN -1 ELSE 1 END ELSE 0 END) * {unit})"
        )
        lowest, highest = bounds(target)
        failed = (
            overflow_error(call_, message="Overflow")
            if call_.ansi
            else wrapped(f"CAST({exact} % 18446744073709551616 AS BIGINT)", target)
        )
        return let(
            exact,
            lambda e: (
                f"CASE WHEN {e} BETWEEN {lowest} AND {highest} THEN CAST({e} AS {sql_type(target)}) WHEN {e} IS NOT NULL THEN {failed} END"
            ),
        )

    return let(value, rounded)


def _floating_round(v: str, target: DataType, scale: int, *, even: bool) -> str:
    # Far from a tie the nearest multiple is exact; near one Java looks at the shortest digits.
    size = f"CAST('1e{abs(scale)}' AS DOUBLE)"
    scaled = f"({v} * {size})" if scale > 0 else f"({v} / {size})"
    back = f"/ {size}" if scale > 0 else f"* {size}"
    text = f"CAST({v} AS VARCHAR)"
    exact = f"CAST(potok_round_text({text}, {scale}, '{'half_even' if even else 'half_up'}') AS {sql_type(target)})"
    plain = f"CAST(round({scaled}) {back} AS {sql_type(target)})"
    if target == FLOAT:
        return f"CASE WHEN {v} IS NULL OR NOT isfinite({v}) THEN {v} ELSE {exact} END"
    clear = f"abs(abs({scaled} - trunc({scaled})) - 0.5) > 0.000001 AND abs({scaled}) < 1000000000"
    return f"CASE WHEN {v} IS NULL OR NOT isfinite({v}) THEN {v} WHEN {clear} THEN {plain} ELSE {exact} END"


def _emit_edge(call_: Call, arguments: Sequence[str]) -> str:
    value = arguments[0]
    scale = foldable_int(call_.arguments[1]) or 0
    source, target = call_.arguments[0].data_type, call_.type
    if isinstance(source, DecimalType):
        if scale >= source.scale:
            return f"CAST({value} AS {sql_type(target)})"
        if scale == 0:
            return f"CAST({call_.name}({value}) AS {sql_type(target)})"
        return (
            f"CAST(potok_round_text(CAST({value} AS VARCHAR), {scale}, '{call_.name}') AS {sql_type(target)})"
        )
    if isinstance(source, IntegralType):
        return f"CAST({value} AS BIGINT)"
    lowest, highest = bounds(LONG)
    failed = (
        overflow_error(call_)
        if call_.ansi
        else f"CASE WHEN {{v}} > 0 THEN {highest} ELSE CAST({lowest} AS BIGINT) END"
    )

    def whole(v: str) -> str:
        return (
            f"CASE WHEN {v} >= -9223372036854775808::DOUBLE AND {v} < 9223372036854775807::DOUBLE THEN CAST({v} AS BIGINT)"
            f" WHEN {v} IS NULL THEN NULL WHEN isnan({v}) THEN 0 ELSE {failed.replace('{v}', v)} END"
        )

    return let(f"{call_.name}(CAST({value} AS DOUBLE))", whole)


# ---- functions of doubles ---------------------------------------------------------------------


def _guarded(condition: str, otherwise: str, sql: str) -> Emit:
    """`sql` where the condition holds, over `{v}`; DuckDB before 2.0 raises outside of it."""

    def emit(_: Call, arguments: Sequence[str]) -> str:
        return let(
            arguments[0],
            lambda v: f"CASE WHEN {condition} THEN {sql} WHEN {{v}} IS NOT NULL THEN {otherwise} END".replace(
                "{v}", v
            ),
        )

    return emit


def _emit_log_base(_: Call, arguments: Sequence[str]) -> str:
    if len(arguments) == 1:
        return let(arguments[0], lambda v: f"CASE WHEN {v} > 0 THEN ln({v}) END")
    return let_all(arguments, lambda b, v: f"CASE WHEN {v} > 0 AND {b} > 0 THEN ln({v}) / ln({b}) END")


def _emit_width_bucket(_: Call, arguments: Sequence[str]) -> str:
    def bucket(v: str, low: str, high: str, n: str) -> str:
        up = f"CASE WHEN {v} < {low} THEN 0 WHEN {v} >= {high} THEN {n} + 1 ELSE CAST(trunc({n} * ({v} - {low}) / ({high} - {low})) AS BIGINT) + 1 END"
        down = f"CASE WHEN {v} > {low} THEN 0 WHEN {v} <= {high} THEN {n} + 1 ELSE CAST(trunc({n} * ({low} - {v}) / ({low} - {high})) AS BIGINT) + 1 END"
        fine = f"{n} > 0 AND {n} < 9223372036854775807 AND NOT isnan({v}) AND {low} <> {high} AND isfinite({low}) AND isfinite({high})"
        return f"CASE WHEN {fine} THEN CASE WHEN {low} < {high} THEN {up} ELSE {down} END END"

    return let_all(arguments, bucket)


# ---- bits -------------------------------------------------------------------------------------


def _bind_bits(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    left, right = coerce_operands(arguments[0], arguments[1], context, is_comparison=False)
    if not same_type(left.data_type, right.data_type):
        raise operands_differ(left, right)
    if not isinstance(left.data_type, IntegralType):
        raise wrong_operand('"INTEGRAL"', left.data_type)
    return call(name, (left, right), left.data_type, context)


def _bind_shift(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, distance = arguments
    if not isinstance(value.data_type, LongType):
        cast = implicit_cast(value, INTEGER, context)
        if cast is None:
            raise unexpected_argument(0, value.data_type, '("INT" or "BIGINT")')
        value = cast
    by = implicit_cast(distance, INTEGER, context)
    if by is None:
        raise unexpected_argument(1, distance.data_type, '"INT"')
    return call(name, (value, by), value.data_type, context)


def _emit_shift(kind: str, call_: Call, arguments: Sequence[str]) -> str:
    target = call_.type
    assert isinstance(target, IntegralType)  # noqa: S101 - by the bind rule
    bits = target.bits
    span, half = 1 << bits, 1 << (bits - 1)

    def shifted(v: str, n: str) -> str:
        distance = f"({n} & {bits - 1})"
        factor = f"CAST(1 AS HUGEINT) << CAST({distance} AS INTEGER)"
        if kind == "right":
            return f"({v} >> {distance})"
        wide = f"CAST({v} AS HUGEINT)"
        unsigned = f"CASE WHEN {v} < 0 THEN {wide} + {span} ELSE {wide} END"
        result = (
            f"(({unsigned}) // ({factor}))"
            if kind == "unsigned"
            else f"((({unsigned}) * ({factor})) % {span})"
        )
        if kind == "left":
            # The bits that would be lost are cut first: the product must fit a HUGEINT.
            result = f"((({unsigned}) % ({span} // ({factor}))) * ({factor}))"
        return let(
            result,
            lambda r: f"CAST(CASE WHEN {r} >= {half} THEN {r} - {span} ELSE {r} END AS {sql_type(target)})",
        )

    return let_all(arguments, shifted)


def _emit_bit_count(call_: Call, arguments: Sequence[str]) -> str:
    if call_.arguments[0].data_type == BOOLEAN:
        return f"CAST({arguments[0]} AS INTEGER)"
    return f"CAST(bit_count(CAST({arguments[0]} AS BIGINT)) AS INTEGER)"


def _first_type(arguments: Sequence[Expression]) -> DataType:
    return arguments[0].data_type


def _bind_bit_count(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (value,) = arguments
    if value.data_type != BOOLEAN and not isinstance(value.data_type, IntegralType):
        raise unexpected_argument(0, value.data_type, '("INTEGRAL" or "BOOLEAN")')
    return call("bit_count", arguments, INTEGER, context)


# ---- the table --------------------------------------------------------------------------------


def _row(
    name: str, inputs: tuple[InputType, ...], result: DataType, emit: Emit, *kernels: object, **more: object
) -> ScalarFunction:
    return ScalarFunction(name, inputs, result, emit=emit, kernels=kernels, **more)  # type: ignore[arg-type]


def _double(name: str, emit: Emit, *kernels: object) -> ScalarFunction:
    return _row(name, (DOUBLE,), DOUBLE, emit, *kernels, nullable=ALWAYS)


def _rounding(name: str, emit: Emit) -> ScalarFunction:
    return _row(
        name, (Input.ANY, INTEGER), DOUBLE, emit, k.ROUND_TEXT, optional=1, bind=partial(_bind_round, name)
    )


def _bits(name: str, sql: str) -> ScalarFunction:
    return _row(name, (Input.ANY, Input.ANY), INTEGER, sql, bind=partial(_bind_bits, name))


def _shift(name: str, kind: str) -> ScalarFunction:
    return _row(
        name, (Input.ANY, INTEGER), INTEGER, partial(_emit_shift, kind), bind=partial(_bind_shift, name)
    )


_POWER = _row("power", (DOUBLE, DOUBLE), DOUBLE, "pow({0}, {1})")
_CEIL = _rounding("ceil", _emit_edge)
_SIGN = _double("signum", "CASE WHEN isnan({0}) OR {0} = 0 THEN {0} ELSE CAST(sign({0}) AS DOUBLE) END")
_LEFT, _RIGHT, _UNSIGNED = (
    _shift("shiftleft", "left"),
    _shift("shiftright", "right"),
    _shift("shiftrightunsigned", "unsigned"),
)
_BIT_GET = _row(
    "getbit", (Input.INTEGRAL, INTEGER), BYTE, "CAST((CAST({0} AS BIGINT) >> {1}) & 1 AS TINYINT)"
)

FUNCTIONS: tuple[Function, ...] = (
    _rounding("round", _emit_round),
    _rounding("bround", _emit_round),
    _CEIL,
    *same(_CEIL, "ceiling"),
    _rounding("floor", _emit_edge),
    _double("rint", "potok_rint({0})", k.RINT),
    _SIGN,
    *same(_SIGN, "sign"),
    _double("sqrt", _guarded("{v} >= 0", _NAN, "sqrt({v})")),
    _double("cbrt", "potok_cbrt({0})", k.CBRT),
    _POWER,
    *same(_POWER, "pow"),
    _row("hypot", (DOUBLE, DOUBLE), DOUBLE, "potok_hypot({0}, {1})", k.HYPOT),
    _double("exp", "exp({0})"),
    _double("expm1", "potok_expm1({0})", k.EXPM1),
    _double("ln", _guarded("{v} > 0", "NULL", "ln({v})")),
    _row("log", (DOUBLE, DOUBLE), DOUBLE, _emit_log_base, optional=1, nullable=ALWAYS),
    _double("log10", _guarded("{v} > 0", "NULL", "log10({v})")),
    _double("log2", _guarded("{v} > 0", "NULL", "log2({v})")),
    _double("log1p", _guarded("{v} > -1", "NULL", "potok_log1p({v})"), k.LOG1P),
    *(_double(name, _guarded("isfinite({v})", _NAN, f"{name}({{v}})")) for name in ("sin", "cos", "tan")),
    _double("cot", _guarded("isfinite({v})", _NAN, "1 / tan({v})")),
    _double("sec", _guarded("isfinite({v})", _NAN, "1 / cos({v})")),
    _double("csc", _guarded("isfinite({v})", _NAN, "1 / sin({v})")),
    _double("asin", _guarded("abs({v}) <= 1", _NAN, "asin({v})")),
    _double("acos", _guarded("abs({v}) <= 1", _NAN, "acos({v})")),
    _double("atan", "atan({0})"),
    _row("atan2", (DOUBLE, DOUBLE), DOUBLE, "atan2({0}, {1})"),
    _double("sinh", "potok_sinh({0})", k.SINH),
    _double("cosh", "potok_cosh({0})", k.COSH),
    _double("tanh", "potok_tanh({0})", k.TANH),
    _double("asinh", "potok_asinh({0})", k.ASINH),
    _double("acosh", _guarded("{v} >= 1", _NAN, "acosh({v})")),
    _double("atanh", _guarded("abs({v}) <= 1", _NAN, "atanh({v})")),
    _double("degrees", "degrees({0})"),
    _double("radians", "radians({0})"),
    _row("e", (), DOUBLE, "2.718281828459045::DOUBLE", nullable=Nullability.NEVER),
    _row("pi", (), DOUBLE, "pi()", nullable=Nullability.NEVER),
    _row("factorial", (INTEGER,), LONG, "CASE WHEN {0} BETWEEN 0 AND 20 THEN CAST(factorial({0}) AS BIGINT) END", nullable=ALWAYS),
    _row("width_bucket", (DOUBLE, DOUBLE, DOUBLE, LONG), LONG, _emit_width_bucket, nullable=ALWAYS),
    _bits("&", "({0} & {1})"),
    _bits("|", "({0} | {1})"),
    _bits("^", "xor({0}, {1})"),
    _row("~", (Input.INTEGRAL,), INTEGER, "(~{0})", bind=lambda a, c: call("~", a, _integral(a[0]), c)),
    _LEFT,
    *same(_LEFT, "<<"),
    _RIGHT,
    *same(_RIGHT, ">>"),
    _UNSIGNED,
    *same(_UNSIGNED, ">>>"),
    _row("bit_count", (Input.ANY,), INTEGER, _emit_bit_count, bind=_bind_bit_count),
    _BIT_GET,
    *same(_BIT_GET, "bit_get"),
)  # fmt: skip


def _integral(expression: Expression) -> DataType:
    if not isinstance(expression.data_type, IntegralType):
        raise unexpected_argument(0, expression.data_type, '"INTEGRAL"')
    return expression.data_type
