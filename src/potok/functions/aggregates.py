"""Aggregate functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from potok.errors import SparkError
from potok.functions.base import (
    FILTER,
    ORDER,
    AggregateFunction,
    Function,
    FunctionContext,
    Input,
    InputType,
    Nullability,
)
from potok.functions.cast_to_number import bounds
from potok.functions.conversion import decimal_overflow
from potok.functions.decimal_sums import decimal_sum, may_overflow
from potok.functions.decimals import KERNELS as DECIMAL_KERNELS
from potok.functions.decimals import decimal_sql, unbounded_text
from potok.functions.extremes import emit_several, several_kernels
from potok.functions.folding import fold
from potok.functions.hll import HLL_ESTIMATE, hll_precision
from potok.functions.mismatch import mismatch, quoted, same, unexpected_argument
from potok.functions.ordering import needs_key, order_key
from potok.functions.percentile_weights import PERCENTILES
from potok.functions.raising import quote_text, raise_sql
from potok.functions.sql_text import let, let_all, sql_type, typed_null
from potok.functions.type_rules import cast_to, implicit_cast, is_orderable
from potok.plan.expressions import AggregateCall, AttributeReference, Call, Expression, Literal, SortOrder
from potok.types import (
    BINARY,
    BOOLEAN,
    DAY_TIME_INTERVAL,
    DOUBLE,
    INTEGER,
    LONG,
    MAX_PRECISION,
    STRING,
    YEAR_MONTH_INTERVAL,
    ArrayType,
    BinaryType,
    DataType,
    DateType,
    DayTimeIntervalType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    NumericType,
    TimestampNTZType,
    TimestampType,
    YearMonthIntervalType,
)  # fmt: skip

_SUM_DIGITS, _AVERAGE_DIGITS = 10, 4
_COUNT_TYPE = DecimalType(20, 0)
_ORDERED_NUMBERS = '(("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH") or "TIME")'
_REQUIRED = '"NUMERIC" or "ANSI INTERVAL"'
# The limit of min_by and max_by of several values.
_MOST_EXTREMES = 100_000
Emit = str | Callable[[AggregateCall, Sequence[str]], str]


def aggregate(
    name: str,
    arguments: Sequence[Expression],
    data_type: DataType,
    context: FunctionContext,
    *,
    nullable: bool = True,
) -> AggregateCall:
    """A resolved aggregate."""
    return AggregateCall(name, tuple(arguments), data_type, nullable, ansi=context.ansi)


def _distinct(call: AggregateCall) -> str:
    return "DISTINCT " if call.is_distinct else ""


def present_only(call: AggregateCall, function: str, value: str) -> str | None:
    """The aggregate over values that are not NULL, or None where a FILTER stands in the way."""
    if call.filter is not None:
        return None
    return f"{function}({_distinct(call)}{value}) FILTER (WHERE {value} IS NOT NULL){FILTER}"


# ---- count ------------------------------------------------------------------------------------


def _emit_count(call: AggregateCall, arguments: Sequence[str]) -> str:
    if all(isinstance(a, Literal) and a.value is not None for a in call.arguments) and not call.is_distinct:
        return "count(*)"
    nullable = [sql for sql, a in zip(arguments, call.arguments, strict=True) if a.nullable]
    if len(arguments) == 1:
        return f"count({_distinct(call)}{arguments[0]})"
    present = " AND ".join(f"{sql} IS NOT NULL" for sql in nullable) or "true"
    if call.is_distinct:
        return f"count(DISTINCT CASE WHEN {present} THEN row({', '.join(arguments)}) END)"
    return f"count(CASE WHEN {present} THEN 1 END)"


# ---- sum and average --------------------------------------------------------------------------


def _summable(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (value,) = arguments
    if isinstance(value.data_type, DayTimeIntervalType | YearMonthIntervalType):
        return value
    cast = implicit_cast(value, Input.NUMERIC, context)
    if cast is None:
        raise unexpected_argument(0, value.data_type, _REQUIRED)
    return cast


def _bind_sum(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value = _summable(arguments, context)
    match value.data_type:
        case DecimalType(precision=precision, scale=scale):
            target: DataType = DecimalType(min(precision + _SUM_DIGITS, MAX_PRECISION), scale)
        case IntegralType():
            target = LONG
        case DayTimeIntervalType() | YearMonthIntervalType():
            target = value.data_type
        case _:
            target = DOUBLE
    return aggregate(name, (value,), target, context)


def _emit_sum(call: AggregateCall, arguments: Sequence[str]) -> str:
    value = arguments[0]
    target = call.type
    is_try = call.name.startswith("try_")
    if target == DOUBLE:
        value = value if call.arguments[0].data_type == DOUBLE else f"CAST({value} AS DOUBLE)"
        return f"sum({_distinct(call)}{value})"
    total = f"sum({_distinct(call)}{value}){FILTER}"
    source = call.arguments[0].data_type
    if isinstance(source, DecimalType) and isinstance(target, DecimalType):
        if may_overflow(source):
            return decimal_sum(value, source, _decimal_overflow(call, "sum"), is_distinct=call.is_distinct)
        return f"CAST({total} AS {sql_type(target)})"
    lowest, highest = bounds(INTEGER if isinstance(target, YearMonthIntervalType) else LONG)
    if not call.ansi and not is_try and target == LONG:
        span, half = 1 << 64, 1 << 63
        failed = f"CAST((({{v}} % {span} + {span} + {half}) % {span}) - {half} AS BIGINT)"
    else:
        failed = typed_null(target) if is_try else _sum_overflow()

    def checked(v: str) -> str:
        return (
            f"CASE WHEN {v} BETWEEN {lowest} AND {highest} THEN CAST({v} AS {sql_type(target)})"
            f" WHEN {v} IS NULL THEN NULL ELSE {failed.replace('{v}', v)} END"
        )

    return let(total, checked)


def _sum_overflow() -> str:
    return raise_sql(
        "ARITHMETIC_OVERFLOW",
        None,
        message=quote_text("overflow"),
        alternative=quote_text(" Use 'try_add' to tolerate overflow and return NULL instead."),
        config=quote_text('"spark.sql.ansi.enabled"'),
    )


def _decimal_overflow(call: AggregateCall, function: str) -> str:
    """What a sum or an average gives whose sum passes 38 digits."""
    if call.name.startswith("try_") or not call.ansi:
        return "NULL"
    return raise_sql(
        "ARITHMETIC_OVERFLOW",
        call.origin,
        message=quote_text("Overflow in sum of decimals"),
        alternative=quote_text(f" Use 'try_{function}' to tolerate overflow and return NULL instead."),
        config=quote_text('"spark.sql.ansi.enabled"'),
    )


def _bind_average(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value = _summable(arguments, context)
    match value.data_type:
        case DecimalType(precision=precision, scale=scale):
            target: DataType = DecimalType(
                min(precision + _AVERAGE_DIGITS, MAX_PRECISION), min(scale + _AVERAGE_DIGITS, MAX_PRECISION)
            )
        case DayTimeIntervalType():
            target = DAY_TIME_INTERVAL
        case YearMonthIntervalType():
            target = YEAR_MONTH_INTERVAL
        case _:
            target = DOUBLE
    return aggregate(name, (value,), target, context)


def _emit_average(call: AggregateCall, arguments: Sequence[str]) -> str:
    value = arguments[0]
    source, target = call.arguments[0].data_type, call.type
    if target == DOUBLE:
        value = value if source == DOUBLE else f"CAST({value} AS DOUBLE)"
        return f"avg({_distinct(call)}{value})"
    total = f"sum({_distinct(call)}{value}){FILTER}"
    count = f"count({_distinct(call)}{value}){FILTER}"
    if isinstance(source, DecimalType) and isinstance(target, DecimalType):
        if may_overflow(source):
            failed = _decimal_overflow(call, "avg")
            total = decimal_sum(value, source, failed, is_distinct=call.is_distinct)
        sum_type = DecimalType(min(source.precision + _SUM_DIGITS, MAX_PRECISION), source.scale)

        def mean(s: str, n: str) -> str:
            quotient = decimal_sql(
                "/", f"CAST({s} AS {sql_type(sum_type)})", n, (sum_type, _COUNT_TYPE), target
            )
            whole_digits = source.precision - source.scale
            if (
                call.ansi
                and not call.name.startswith("try_")
                and target.precision - target.scale < whole_digits
            ):
                exact = unbounded_text("/", s, n)
                quotient = f"coalesce({quotient}, {decimal_overflow(exact, target, call.origin)})"
            return f"CASE WHEN {n} > 0 THEN {quotient} END"

        return let_all((total, f"CAST({count} AS DECIMAL(20,0))"), mean)
    name = sql_type(target)
    return let_all(
        (total, count),
        lambda s, n: (
            f"CASE WHEN {n} > 0 THEN CAST(({s} // {n}) + CASE WHEN 2 * abs({s} % {n}) >= {n}"
            f" THEN CASE WHEN {s} < 0 THEN -1 ELSE 1 END ELSE 0 END AS {name}) END"
        ),
    )


# ---- minimum, maximum, first, last ------------------------------------------------------------


def _bind_extreme(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (value,) = arguments
    if not is_orderable(value.data_type):
        raise mismatch("INVALID_ORDERING_TYPE", functionName=f"`{name}`", dataType=quoted(value.data_type))
    return aggregate(name, arguments, value.data_type, context)


def _bind_by(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, key, *count = arguments
    if not is_orderable(key.data_type):
        raise mismatch("INVALID_ORDERING_TYPE", functionName=f"`{name}`", dataType=quoted(key.data_type))
    if not count:
        return aggregate(name, arguments, value.data_type, context)
    if any(isinstance(node, AttributeReference) for node in count[0].walk()):
        raise mismatch("NON_FOLDABLE_INPUT", inputName="k", inputType="int", paramIndex="third")
    size = fold(count[0])
    if not isinstance(size, int) or not 0 < size <= _MOST_EXTREMES:
        shown = size if isinstance(size, int) else "NULL"
        raise mismatch(
            "VALUE_OUT_OF_RANGE", exprName="`k`", valueRange=f"[1, {_MOST_EXTREMES}]", currentValue=str(shown)
        )
    several = ArrayType(value.data_type, contains_null=True)
    return aggregate(name, (value, key, Literal(size, INTEGER)), several, context)


def _emit_extreme(function: str, call: AggregateCall, arguments: Sequence[str]) -> str:
    value, source = arguments[0], call.arguments[0].data_type
    if not needs_key(source):
        return f"{function}({value})"
    present = f"CASE WHEN {value} IS NOT NULL THEN struct_pack(v := {value}) END"
    return f"struct_extract(arg_{function}({present}, {order_key(value, source)}){FILTER}, 'v')"


def _emit_by(function: str, call: AggregateCall, arguments: Sequence[str]) -> str:
    if len(arguments) > 2:  # noqa: PLR2004 - how many are asked for
        return emit_several(call, arguments)
    key = order_key(arguments[1], call.arguments[1].data_type)
    return f"struct_extract({function}(struct_pack(v := {arguments[0]}), {key}){FILTER}, 'v')"


def _bind_edge(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, *rest = arguments
    ignores = bool(rest) and isinstance(rest[0], Literal) and rest[0].value is True
    if rest and not (isinstance(rest[0], Literal) and rest[0].data_type == BOOLEAN):
        raise unexpected_argument(1, rest[0].data_type, '"BOOLEAN"')
    call = aggregate(name, (value,), value.data_type, context)
    return AggregateCall(call.name, call.arguments, call.type, True, ignore_nulls=ignores, ansi=call.ansi)  # noqa: FBT003 - nullable


def _emit_edge(function: str, position: int, call: AggregateCall, arguments: Sequence[str]) -> str:
    value = arguments[0]
    if not call.ignore_nulls:
        return f"{function}({value})"
    present = present_only(call, function, value)
    if present is not None:
        return present
    return f"list_filter(list({value}){FILTER}, lambda t: t IS NOT NULL)[{position}]"


# ---- collections ------------------------------------------------------------------------------


def _bind_collect(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (value,) = arguments
    return aggregate(
        name, arguments, ArrayType(value.data_type, contains_null=False), context, nullable=False
    )


def _emit_collect(call: AggregateCall, arguments: Sequence[str]) -> str:
    value = arguments[0]
    distinct = "DISTINCT " if call.is_distinct or call.name == "collect_set" else ""
    empty = f"CAST([] AS {sql_type(call.type)})"
    if call.filter is None:
        return f"coalesce(list({distinct}{value}{ORDER}) FILTER (WHERE {value} IS NOT NULL){FILTER}, {empty})"
    return f"list_filter(coalesce(list({distinct}{value}{ORDER}){FILTER}, {empty}), lambda t: t IS NOT NULL)"


def _bind_listagg(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, *rest = arguments
    is_binary = isinstance(value.data_type, BinaryType)
    target: DataType = BINARY if is_binary else STRING
    cast = value if is_binary else implicit_cast(value, STRING, context)
    if cast is None:
        raise unexpected_argument(0, value.data_type, '("STRING" or "BINARY")')
    separator: Expression = Literal(b"" if is_binary else "", target)
    if rest and not (isinstance(rest[0], Literal) and rest[0].value is None):
        separator = cast_to(rest[0], target, context)
    return aggregate(name, (cast, separator), target, context)


def _emit_listagg(call: AggregateCall, arguments: Sequence[str]) -> str:
    value, separator = arguments
    if isinstance(call.type, BinaryType):
        present = f"list_filter(list({_distinct(call)}{value}{ORDER}){FILTER}, lambda part: part IS NOT NULL)"
        texts = f"list_transform({present}, lambda part: hex(part))"
        return f"CASE WHEN count({value}){FILTER} > 0 THEN from_hex(array_to_string({texts}, hex({separator}))) END"
    return f"string_agg({_distinct(call)}{value}, {separator}{ORDER})"


def _bind_union(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (value,) = arguments
    if not isinstance(value.data_type, ArrayType):
        raise unexpected_argument(0, value.data_type, '"ARRAY"')
    element = value.data_type.element
    if isinstance(element, MapType):
        kinds = '"MAP" or "COLLATED STRING"'
        raise mismatch("UNSUPPORTED_INPUT_TYPE", functionName=f"`{name}`", dataType=kinds)
    return aggregate(name, arguments, ArrayType(element, contains_null=False), context, nullable=False)


def _emit_union(call: AggregateCall, arguments: Sequence[str]) -> str:
    return (
        f"list_distinct(coalesce(flatten(list({arguments[0]}){FILTER}), CAST([] AS {sql_type(call.type)})))"
    )


# ---- statistics -------------------------------------------------------------------------------


def _emit_pair(function: str, call: AggregateCall, arguments: Sequence[str]) -> str:
    one, other = arguments
    return f"{function}({_distinct(call)}{one}, {other})"


def _emit_correlation(_: AggregateCall, arguments: Sequence[str]) -> str:
    one, other = arguments
    both = f"CASE WHEN {one} IS NOT NULL AND {other} IS NOT NULL THEN 1 END"
    flat = f"(var_pop(CASE WHEN {other} IS NOT NULL THEN {one} END){FILTER} = 0 OR var_pop(CASE WHEN {one} IS NOT NULL THEN {other} END){FILTER} = 0)"
    return f"CASE WHEN count({both}){FILTER} > 0 AND NOT {flat} THEN corr({one}, {other}){FILTER} END"


def _emit_line(function: str, _: AggregateCall, arguments: Sequence[str]) -> str:
    """A line through at least two points, not above one another."""
    pair = ", ".join(arguments)
    return f"CASE WHEN regr_sxx({pair}){FILTER} > 0 THEN {function}({pair}){FILTER} END"


def _finite(value: str) -> str:
    return f"CASE WHEN isfinite({value}) THEN {value} END"


def _emit_skewness(call: AggregateCall, arguments: Sequence[str]) -> str:
    d, x = _distinct(call), arguments[0]

    def population(n: str, variance: str, sample: str) -> str:
        ratio = f"CASE WHEN {n} = 2 THEN 0.0::DOUBLE ELSE {sample} * ({n} - 2) / sqrt({n}::DOUBLE * ({n} - 1)) END"
        return f"CASE WHEN {n} = 0 OR {variance} = 0 THEN NULL WHEN NOT isfinite({variance}) THEN 'NaN'::DOUBLE ELSE {ratio} END"

    parts = (f"count({d}{x}){FILTER}", f"var_pop({d}{x}){FILTER}", f"skewness({d}{_finite(x)}){FILTER}")
    return let_all(parts, population)


def _emit_kurtosis(call: AggregateCall, arguments: Sequence[str]) -> str:
    d, x = _distinct(call), arguments[0]

    def population(variance: str, excess: str) -> str:
        return f"CASE WHEN {variance} = 0 THEN NULL WHEN NOT isfinite({variance}) THEN 'NaN'::DOUBLE ELSE {excess} END"

    return let_all((f"var_pop({d}{x}){FILTER}", f"kurtosis_pop({d}{_finite(x)}){FILTER}"), population)


def _bind_percentile(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, fraction, *rest = arguments
    number = _ordered_number(value, context)
    kind = _per_fraction(fraction, percentile_type(value.data_type))
    times: tuple[Expression, ...] = ()
    if rest and not (isinstance(rest[0], Literal) and rest[0].value == 1):
        frequency = implicit_cast(rest[0], Input.INTEGRAL, context)
        if frequency is None:
            raise unexpected_argument(2, rest[0].data_type, '"INTEGRAL"')
        times = (cast_to(frequency, LONG, context),)
    return aggregate(name, (number, _fractions(fraction, context), *times), kind, context)


def percentile_type(values: DataType) -> DataType:
    """What is between values of a type."""
    if isinstance(values, DayTimeIntervalType):
        return DAY_TIME_INTERVAL
    return YEAR_MONTH_INTERVAL if isinstance(values, YearMonthIntervalType) else DOUBLE


def _emit_percentile(function: str, call: AggregateCall, arguments: Sequence[str]) -> str:
    """`function` is a template of the value and the fraction. Intervals are cut to whole numbers."""
    fraction = arguments[1] if len(arguments) > 1 else "0.5"
    text = function.format(d=_distinct(call), x=arguments[0], f=fraction)
    if len(arguments) > 2:  # noqa: PLR2004 - the third says how often a value counts
        wanted = fraction if isinstance(call.type, ArrayType) else f"[{fraction}]"
        value, times = arguments[0], arguments[2]
        text = f"{PERCENTILES.name}(list({value}){FILTER}, list({times}){FILTER}, {wanted})"
        text = text if isinstance(call.type, ArrayType) else f"{text}[1]"
    kind = call.type.element if isinstance(call.type, ArrayType) else call.type
    if kind == DOUBLE:
        return text
    whole = f"CAST(trunc({{}}) AS {sql_type(kind)})"
    if isinstance(call.type, ArrayType):
        return f"list_transform({text}, lambda t: {whole.format('t')})"
    return whole.format(text)


def _fractions(fraction: Expression, context: FunctionContext) -> Expression:
    is_array = isinstance(fraction.data_type, ArrayType)
    return cast_to(fraction, ArrayType(DOUBLE, contains_null=False) if is_array else DOUBLE, context)


def _per_fraction(fraction: Expression, value: DataType) -> DataType:
    return ArrayType(value, contains_null=False) if isinstance(fraction.data_type, ArrayType) else value


def _bind_approximate(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, fraction, *accuracy = arguments
    if not isinstance(
        value.data_type, NumericType | DayTimeIntervalType | YearMonthIntervalType
    ) and value.data_type.type_name not in {"date", "timestamp", "timestamp_ntz"}:
        cast = implicit_cast(value, Input.NUMERIC, context)
        if cast is None:
            raise unexpected_argument(
                0, value.data_type, '("NUMERIC" or "DATE" or "TIMESTAMP" or "TIMESTAMP_NTZ")'
            )
        value = cast
    parts = (value, _fractions(fraction, context), *accuracy)
    return aggregate(name, parts, _per_fraction(fraction, value.data_type), context)


def _bind_distinct_count(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    """The codes of the values and the precision, as HyperLogLog++ counts them."""
    value, *error = arguments
    precision = hll_precision(error[0] if error else None)
    if isinstance(value.data_type, DoubleType | FloatType):
        value = Call("+", (value, cast_to(Literal(0.0, DOUBLE), value.data_type, context)), value.data_type)
    hashed = Call("xxhash64", (value,), LONG, is_nullable=False)
    size = Literal(precision, INTEGER)
    code = Call("stream_hll_code", (hashed, value, size), INTEGER)
    return aggregate(name, (code, size), LONG, context, nullable=False)


def _bind_median(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (value,) = arguments
    return aggregate(name, (_ordered_number(value, context),), percentile_type(value.data_type), context)


def _ordered_number(value: Expression, context: FunctionContext) -> Expression:
    """The values of a percentile as DOUBLE.

    Spark would make a TIME, which it does not support, of a date or a timestamp.
    """
    if isinstance(value.data_type, DayTimeIntervalType | YearMonthIntervalType):
        return Call("plain.number", (value,), DOUBLE, value.nullable)
    if isinstance(value.data_type, DateType | TimestampType | TimestampNTZType):
        raise SparkError("UNSUPPORTED_TIME_TYPE")
    number = implicit_cast(value, Input.NUMERIC, context)
    if number is None:
        raise unexpected_argument(0, value.data_type, _ORDERED_NUMBERS)
    return cast_to(number, DOUBLE, context)


def ordered_numbers(order: SortOrder, context: FunctionContext) -> SortOrder:
    """The key of WITHIN GROUP of a percentile."""
    return replace(order, child=_ordered_number(order.child, context))


def _bind_average_of_pairs(
    averaged: int, name: str, arguments: Sequence[Expression], context: FunctionContext
) -> Expression:
    """The average of one column over the rows where the other has a value as well."""
    del name
    for position, argument in enumerate(arguments):
        if implicit_cast(argument, Input.NUMERIC, context) is None:
            raise unexpected_argument(position, argument.data_type, '"NUMERIC"')
    value, other = arguments[averaged], arguments[1 - averaged]
    present = Call("isnotnull", (other,), BOOLEAN, is_nullable=False, ansi=context.ansi)
    nothing = Literal(None, value.data_type)
    paired = Call("when", (present, value, nothing), value.data_type, ansi=context.ansi)
    return _bind_average("avg", (paired,), context)


def _first_type(arguments: Sequence[Expression]) -> DataType:
    return arguments[0].data_type


def _emit_mode(call: AggregateCall, arguments: Sequence[str]) -> str:
    """The most frequent value; of several the least, where asked for."""
    value = arguments[0]
    if call.order_by:
        return f"mode({value}{ORDER})"
    is_least = len(call.arguments) > 1 and isinstance(call.arguments[1], Literal) and call.arguments[1].value
    return f"mode({value} ORDER BY {value})" if is_least else f"mode({value})"


_BETWEEN = f"quantile_cont({{d}}{{x}}, {{f}}){FILTER}"


# ---- the table --------------------------------------------------------------------------------


def _row(
    name: str,
    inputs: tuple[InputType, ...],
    result: DataType | Callable[[Sequence[Expression]], DataType],
    emit: Emit,
    **more: object,
) -> AggregateFunction:
    return AggregateFunction(name, inputs, result, emit=emit, **more)  # type: ignore[arg-type]


def _bound(
    name: str, count: int, emit: Emit, bind: Callable[..., Expression], **more: object
) -> AggregateFunction:
    return _row(name, (Input.ANY,) * count, DOUBLE, emit, bind=partial(bind, name), **more)


def _numbers(name: str, emit: Emit | None = None, count: int = 1) -> AggregateFunction:
    return _row(name, (DOUBLE,) * count, DOUBLE, emit or f"{name}({{distinct}}{{args}})")


_AVG = _bound("avg", 1, _emit_average, _bind_average, kernels=DECIMAL_KERNELS)
_FIRST = _bound("first", 2, partial(_emit_edge, "first", 1), _bind_edge, optional=1)
_LAST = _bound("last", 2, partial(_emit_edge, "last", -1), _bind_edge, optional=1)
_COLLECT = _bound("collect_list", 1, _emit_collect, _bind_collect, nullable=Nullability.NEVER)
_STDDEV = _numbers("stddev_samp")
_VARIANCE = _numbers("var_samp")
_BOOL_AND = _row("bool_and", (BOOLEAN,), BOOLEAN, "bool_and({0})")
_BOOL_OR = _row("bool_or", (BOOLEAN,), BOOLEAN, "bool_or({0})")
_APPROXIMATE = _bound("percentile_approx", 3, "quantile_disc({0}, {1})", _bind_approximate, optional=1)
_LISTAGG = _bound("listagg", 2, _emit_listagg, _bind_listagg, optional=1)

FUNCTIONS: tuple[Function, ...] = (
    _row("count", (Input.ANY,), LONG, _emit_count, optional=1, variadic=True, nullable=Nullability.NEVER),
    _row("count_if", (BOOLEAN,), LONG, "count({distinct}CASE WHEN {0} THEN 1 END)", nullable=Nullability.NEVER),
    _bound("approx_count_distinct", 2, f"potok_hll_estimate(list(DISTINCT {{0}}){FILTER}, {{1}})", _bind_distinct_count, optional=1, nullable=Nullability.NEVER, kernels=(HLL_ESTIMATE,)),
    _bound("sum", 1, _emit_sum, _bind_sum),
    _bound("try_sum", 1, _emit_sum, _bind_sum),
    _AVG,
    *same(_AVG, "mean"),
    _bound("try_avg", 1, _emit_average, _bind_average, kernels=DECIMAL_KERNELS),
    _bound("min", 1, partial(_emit_extreme, "min"), _bind_extreme),
    _bound("max", 1, partial(_emit_extreme, "max"), _bind_extreme),
    _bound("min_by", 3, partial(_emit_by, "arg_min"), _bind_by, optional=1, kernels=several_kernels),
    _bound("max_by", 3, partial(_emit_by, "arg_max"), _bind_by, optional=1, kernels=several_kernels),
    _FIRST,
    *same(_FIRST, "first_value", "any_value"),
    _LAST,
    *same(_LAST, "last_value"),
    _COLLECT,
    *same(_COLLECT, "array_agg"),
    _bound("collect_set", 1, _emit_collect, _bind_collect, nullable=Nullability.NEVER),
    _bound("collect_union", 1, _emit_union, _bind_union, nullable=Nullability.NEVER),
    _BOOL_AND,
    *same(_BOOL_AND, "every"),
    _BOOL_OR,
    *same(_BOOL_OR, "some", "any"),
    _STDDEV,
    *same(_STDDEV, "stddev", "std"),
    _numbers("stddev_pop"),
    _VARIANCE,
    *same(_VARIANCE, "variance"),
    _numbers("var_pop"),
    _numbers("skewness", _emit_skewness),
    _numbers("kurtosis", _emit_kurtosis),
    _numbers("corr", _emit_correlation, 2),
    _numbers("covar_pop", partial(_emit_pair, "covar_pop"), 2),
    _numbers("covar_samp", partial(_emit_pair, "covar_samp"), 2),
    _row("regr_count", (DOUBLE, DOUBLE), LONG, "regr_count({args})", nullable=Nullability.NEVER),
    _bound("regr_avgx", 2, _emit_average, partial(_bind_average_of_pairs, 1), kernels=DECIMAL_KERNELS),
    _bound("regr_avgy", 2, _emit_average, partial(_bind_average_of_pairs, 0), kernels=DECIMAL_KERNELS),
    *(
        _numbers(f"regr_{name}", f"regr_{name}({{args}})", 2)
        for name in ("r2", "sxx", "sxy", "syy")
    ),
    *(_numbers(f"regr_{name}", partial(_emit_line, f"regr_{name}"), 2) for name in ("intercept", "slope")),
    _bound("percentile", 3, partial(_emit_percentile, _BETWEEN), _bind_percentile, optional=1, kernels=(PERCENTILES,)),
    *(
        _row(name, (DOUBLE,), DOUBLE, partial(_emit_percentile, f"CAST({name}({{x}}) WITHIN GROUP ({ORDER}){FILTER} AS DOUBLE)"))
        for name in ("percentile_cont", "percentile_disc")
    ),
    _APPROXIMATE,
    *same(_APPROXIMATE, "approx_percentile"),
    _bound("median", 1, partial(_emit_percentile, _BETWEEN), _bind_median),
    _row("mode", (Input.ANY, BOOLEAN), _first_type, _emit_mode, optional=1),
    _row("bit_and", (Input.INTEGRAL,), _first_type, "bit_and({0})"),
    _row("bit_or", (Input.INTEGRAL,), _first_type, "bit_or({0})"),
    _row("bit_xor", (Input.INTEGRAL,), _first_type, "bit_xor({distinct}{0})"),
    _row("product", (DOUBLE,), DOUBLE, "product({distinct}{0})"),
    _LISTAGG,
    *same(_LISTAGG, "string_agg"),
)  # fmt: skip
