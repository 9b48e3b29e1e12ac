"""Functions of many rows."""

from __future__ import annotations

from collections.abc import Sequence

from potok.errors import SparkError, unsupported
from potok.functions.base import FILTER, AggregateFunction, Function, FunctionContext, Input, Nullability
from potok.functions.mismatch import quoted, same, unexpected_argument
from potok.functions.raising import quote_text, raise_sql
from potok.functions.sql_text import sql_type
from potok.functions.type_rules import bounded_decimal, implicit_cast, is_orderable
from potok.plan.expressions import AggregateCall, Expression, Literal
from potok.types import (
    BOOLEAN,
    DOUBLE,
    INTEGER,
    LONG,
    STRING,
    ArrayType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    FractionalType,
    IntegralType,
    NullType,
    NumericType,
    YearMonthIntervalType,
)

_INTERVALS = DayTimeIntervalType | YearMonthIntervalType
_NOTHING = "CAST(NULL AS INTEGER)"


def _aggregate(
    name: str,
    arguments: Sequence[Expression],
    data_type: DataType,
    context: FunctionContext,
    *,
    nullable: bool = True,
    ignore_nulls: bool = False,
) -> AggregateCall:
    return AggregateCall(
        name, tuple(arguments), data_type, nullable, ignore_nulls=ignore_nulls, ansi=context.ansi
    )


# ---- sums and means ---------------------------------------------------------------------------


def _numeric_or_interval(argument: Expression, context: FunctionContext) -> Expression:
    if isinstance(argument.data_type, NumericType | _INTERVALS):
        return argument
    cast = implicit_cast(argument, DOUBLE, context)
    if cast is None:
        raise unexpected_argument(
            0, argument.data_type, '("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH")'
        )
    return cast


def _sum_type(data_type: DataType) -> DataType:
    match data_type:
        case DecimalType(precision=precision, scale=scale):
            return bounded_decimal(precision + 10, scale)
        case IntegralType():
            return LONG
        case FractionalType() | NullType():
            return DOUBLE
    return data_type


def _bind_sum(name: str) -> object:
    def bind(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
        (argument,) = arguments
        cast = _numeric_or_interval(argument, context)
        return _aggregate(name, (cast,), _sum_type(cast.data_type), context)

    return bind


def _sum_sql(call: AggregateCall, argument: str, overflow: str) -> str:
    """The sum in a wider type, then the result or what an overflow means."""
    distinct = "DISTINCT " if call.is_distinct else ""
    total = f"sum({distinct}{argument}){FILTER}"
    match call.type:
        case DecimalType() as decimal:
            # 38 digits are summed as they are: beyond them the engine itself notices.
            wide = f"try(CAST({total} AS {sql_type(decimal)}))"
            return f"CASE WHEN count({argument}){FILTER} = 0 THEN NULL ELSE coalesce({wide}, {overflow}) END"
        case IntegralType() | DayTimeIntervalType():
            return _checked(total, "BIGINT", overflow)
        case YearMonthIntervalType():
            return _checked(total, "INTEGER", overflow)
    return f"sum({distinct}CAST({argument} AS DOUBLE)){FILTER}"


def _checked(total: str, target: str, overflow: str) -> str:
    return (
        f"list_transform([{total}], lambda t: CASE WHEN t IS NULL THEN NULL"
        f" ELSE coalesce(TRY_CAST(t AS {target}), {overflow}) END)[1]"
    )


def _overflow_sql(call: AggregateCall) -> str:
    if isinstance(call.type, DecimalType):
        return raise_sql(
            "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
            call.origin,
            value=quote_text("the sum"),
            precision=quote_text(str(call.type.precision)),
            scale=quote_text(str(call.type.scale)),
            config=quote_text('"spark.sql.ansi.enabled"'),
        )
    if isinstance(call.type, _INTERVALS):
        return raise_sql(
            "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION",
            call.origin,
        )
    return raise_sql(
        "ARITHMETIC_OVERFLOW",
        call.origin,
        message=quote_text("long overflow"),
        alternative=quote_text(" Use 'try_sum' to tolerate overflow and return NULL instead."),
        config=quote_text('"spark.sql.ansi.enabled"'),
    )


def _emit_sum(call: AggregateCall, arguments: Sequence[str]) -> str:
    (argument,) = arguments
    if call.ansi or isinstance(call.type, _INTERVALS):
        return _sum_sql(call, argument, _overflow_sql(call))
    if isinstance(call.type, IntegralType):
        # Legacy arithmetic wraps around.
        distinct = "DISTINCT " if call.is_distinct else ""
        wrapped = "(((t % 18446744073709551616) + 27670116110564327424) % 18446744073709551616 - 9223372036854775808)"
        return f"list_transform([sum({distinct}{argument}){FILTER}], lambda t: CAST({wrapped} AS BIGINT))[1]"
    return _sum_sql(call, argument, _NOTHING)


def _emit_try_sum(call: AggregateCall, arguments: Sequence[str]) -> str:
    return _sum_sql(call, arguments[0], _NOTHING)


def _bind_average(name: str) -> object:
    def bind(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
        (argument,) = arguments
        cast = _numeric_or_interval(argument, context)
        match cast.data_type:
            case DecimalType(precision=precision, scale=scale):
                result: DataType = bounded_decimal(precision + 4, scale + 4)
            case DayTimeIntervalType():
                result = DayTimeIntervalType()
            case YearMonthIntervalType():
                result = YearMonthIntervalType()
            case _:
                result = DOUBLE
        return _aggregate(name, (cast,), result, context)

    return bind


def _emit_average(call: AggregateCall, arguments: Sequence[str]) -> str:
    (argument,) = arguments
    distinct = "DISTINCT " if call.is_distinct else ""
    data_type = call.arguments[0].data_type
    total, count = f"sum({distinct}{argument}){FILTER}", f"count({distinct}{argument}){FILTER}"
    match call.type:
        case DecimalType(precision=precision, scale=scale):
            shift = 10 ** (scale - getattr(data_type, "scale", 0))
            # Whole numbers in units of the result's last digit; the half of it is rounded away from zero.
            units = f"CAST({total} * 10 ** {getattr(data_type, 'scale', 0)} AS HUGEINT) * {shift}"
            return (
                f"list_transform([struct_pack(s := {units}, n := {count})], lambda t: CASE WHEN t.n = 0 THEN NULL ELSE"
                f" CAST((t.s // t.n + CASE WHEN 2 * abs(t.s % t.n) >= t.n THEN sign(t.s) ELSE 0 END) AS"
                f" DECIMAL(38,0)) / 1{'0' * scale} END)[1]::DECIMAL({precision},{scale})"
            )
        case DayTimeIntervalType() | YearMonthIntervalType():
            return f"CAST(round({total} / {count}) AS {sql_type(call.type)})"
    return f"avg({distinct}CAST({argument} AS DOUBLE)){FILTER}"


# ---- counting -----------------------------------------------------------------------------------


def _emit_count(call: AggregateCall, arguments: Sequence[str]) -> str:
    if all(isinstance(a, Literal) and a.value is not None for a in call.arguments) and not call.is_distinct:
        return "count(*)"
    if len(arguments) == 1:
        return f"count({'DISTINCT ' if call.is_distinct else ''}{arguments[0]})"
    known = " AND ".join(f"{a} IS NOT NULL" for a in arguments)
    if not call.is_distinct:
        return f"count(CASE WHEN {known} THEN 1 END)"
    return f"count(DISTINCT CASE WHEN {known} THEN row({', '.join(arguments)}) END)"


# ---- picking values -----------------------------------------------------------------------------


def _bind_pick(name: str) -> object:
    def bind(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
        value, *flag = arguments
        ignore = False
        if flag:
            if not isinstance(flag[0], Literal) or not isinstance(flag[0].value, bool):
                raise unexpected_argument(1, flag[0].data_type, '"BOOLEAN"')
            ignore = flag[0].value
        return _aggregate(name, (value,), value.data_type, context, ignore_nulls=ignore)

    return bind


def _emit_first(call: AggregateCall, arguments: Sequence[str]) -> str:
    return f"any_value({arguments[0]})" if call.ignore_nulls else f"first({arguments[0]})"


def _emit_last(call: AggregateCall, arguments: Sequence[str]) -> str:
    if call.ignore_nulls:
        return f"list_filter(list({arguments[0]}){FILTER}, lambda e: e IS NOT NULL)[-1]"
    return f"last({arguments[0]})"


def _bind_ordered(name: str) -> object:
    def bind(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
        key = arguments[-1]
        if not is_orderable(key.data_type):
            raise SparkError(
                "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                functionName=f"`{name}`",
                dataType=quoted(key.data_type),
            )
        return _aggregate(name, arguments, arguments[0].data_type, context)

    return bind


def _list_type(arguments: Sequence[Expression]) -> DataType:
    return ArrayType(arguments[0].data_type, contains_null=False)


def _emit_collect(call: AggregateCall, arguments: Sequence[str]) -> str:
    distinct = "DISTINCT " if call.is_distinct or call.name == "collect_set" else ""
    values = f"list_filter(list({distinct}{arguments[0]}){FILTER}, lambda e: e IS NOT NULL)"
    return f"coalesce({values}, CAST([] AS {sql_type(call.type)}))"


# ---- statistics ---------------------------------------------------------------------------------


def _emit_skewness(_: AggregateCall, arguments: Sequence[str]) -> str:
    """DuckDB corrects for the size of the sample, Spark does not."""
    x = arguments[0]
    return (
        f"CASE WHEN var_pop({x}){FILTER} = 0 THEN NULL WHEN count({x}){FILTER} = 2 THEN 0.0"
        f" ELSE skewness({x}){FILTER} * (count({x}){FILTER} - 2)"
        f" / sqrt(count({x}){FILTER} * (count({x}){FILTER} - 1)) END"
    )


def _emit_kurtosis(_: AggregateCall, arguments: Sequence[str]) -> str:
    x = arguments[0]
    return f"CASE WHEN var_pop({x}){FILTER} = 0 THEN NULL ELSE kurtosis_pop({x}){FILTER} END"


def _emit_corr(_: AggregateCall, arguments: Sequence[str]) -> str:
    return f"list_transform([corr({arguments[0]}, {arguments[1]}){FILTER}], lambda t: CASE WHEN isnan(t) THEN NULL ELSE t END)[1]"


def _percentages(arguments: Sequence[Expression]) -> list[float]:
    literal = arguments[1]
    values = [a for a in literal.walk() if isinstance(a, Literal) and not isinstance(a.value, tuple | list)]
    nested = [v for a in literal.walk() if isinstance(a, Literal) and isinstance(a.value, tuple) for v in a.value]
    found = [float(v.value) for v in values] + [float(v) for v in nested]
    if not found:
        raise unsupported("a percentage that is no constant", "Give the percentages as numbers.")
    for value in found:
        if not 0 <= value <= 1:
            raise SparkError(
                "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                exprName="percentage",
                valueRange="[0.0, 1.0]",
                currentValue=f"{value}D",
            )
    return found


def _bind_percentile(name: str) -> object:
    def bind(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
        _percentages(arguments)
        many = isinstance(arguments[1].data_type, ArrayType)
        value = arguments[0]
        if name == "percentile_approx":
            result = value.data_type if isinstance(value.data_type, NumericType) else DOUBLE
            return _aggregate(
                name, arguments, ArrayType(result, contains_null=False) if many else result, context
            )
        cast = implicit_cast(value, DOUBLE, context) or value
        result = ArrayType(DOUBLE, contains_null=False) if many else DOUBLE
        return _aggregate(name, (cast, *arguments[1:]), result, context)

    return bind


def _emit_percentile(call: AggregateCall, arguments: Sequence[str]) -> str:
    shares = _percentages(call.arguments)
    text = f"[{', '.join(map(repr, shares))}]" if isinstance(call.type, ArrayType) else repr(shares[0])
    function = "quantile_disc" if call.name == "percentile_approx" else "quantile_cont"
    value = arguments[0]
    if len(arguments) > 2 and call.name == "percentile":  # noqa: PLR2004 - the third is the frequency
        raise unsupported("percentile with a frequency", "Repeat the rows instead.")
    return f"{function}({value}, {text})"


def _of_doubles(name: str, emit: object, inputs: int = 1) -> AggregateFunction:
    return AggregateFunction(name, (DOUBLE,) * inputs, DOUBLE, emit=emit)  # type: ignore[arg-type]


def _first_type(arguments: Sequence[Expression]) -> DataType:
    return arguments[0].data_type


_SUM = AggregateFunction("sum", (Input.ANY,), LONG, emit=_emit_sum, bind=_bind_sum("sum"))  # type: ignore[arg-type]
_AVERAGE = AggregateFunction("avg", (Input.ANY,), DOUBLE, emit=_emit_average, bind=_bind_average("avg"))  # type: ignore[arg-type]
_FIRST = AggregateFunction(
    "first", (Input.ANY, BOOLEAN), BOOLEAN, emit=_emit_first, optional=1, bind=_bind_pick("first")  # type: ignore[arg-type]
)
_LAST = AggregateFunction(
    "last", (Input.ANY, BOOLEAN), BOOLEAN, emit=_emit_last, optional=1, bind=_bind_pick("last")  # type: ignore[arg-type]
)
_COLLECT = AggregateFunction(
    "collect_list", (Input.ANY,), _list_type, emit=_emit_collect, nullable=Nullability.NEVER
)
_STDDEV = _of_doubles("stddev", "stddev_samp({distinct}{0})")
_VARIANCE = _of_doubles("variance", "var_samp({distinct}{0})")
_BOOL_AND = AggregateFunction("bool_and", (BOOLEAN,), BOOLEAN, emit="bool_and({0})")
_BOOL_OR = AggregateFunction("bool_or", (BOOLEAN,), BOOLEAN, emit="bool_or({0})")
_PERCENTILE_APPROX = AggregateFunction(
    "percentile_approx", (Input.ANY, Input.ANY, INTEGER), DOUBLE, emit=_emit_percentile, optional=1,
    bind=_bind_percentile("percentile_approx"),  # type: ignore[arg-type]
)  # fmt: skip

FUNCTIONS: tuple[Function, ...] = (
    _SUM,
    AggregateFunction("try_sum", (Input.ANY,), LONG, emit=_emit_try_sum, bind=_bind_sum("try_sum")),  # type: ignore[arg-type]
    _AVERAGE,
    *same(_AVERAGE, "mean"),
    AggregateFunction("try_avg", (Input.ANY,), DOUBLE, emit=_emit_average, bind=_bind_average("try_avg")),  # type: ignore[arg-type]
    AggregateFunction("count", (Input.ANY,), LONG, emit=_emit_count, variadic=True, nullable=Nullability.NEVER),
    AggregateFunction("count_if", (BOOLEAN,), LONG, emit="count(CASE WHEN {0} THEN 1 END)", nullable=Nullability.NEVER),
    # An exact count is within every bound that `rsd` allows.
    AggregateFunction(
        "approx_count_distinct", (Input.ANY, DOUBLE), LONG, emit="count(DISTINCT {0})", optional=1,
        nullable=Nullability.NEVER,
    ),
    AggregateFunction("min", (Input.ORDERABLE,), _first_type, emit="min({0})"),
    AggregateFunction("max", (Input.ORDERABLE,), _first_type, emit="max({0})"),
    AggregateFunction(
        "max_by", (Input.ANY, Input.ANY), BOOLEAN, emit="arg_max_null({0}, {1})", bind=_bind_ordered("max_by")  # type: ignore[arg-type]
    ),
    AggregateFunction(
        "min_by", (Input.ANY, Input.ANY), BOOLEAN, emit="arg_min_null({0}, {1})", bind=_bind_ordered("min_by")  # type: ignore[arg-type]
    ),
    _FIRST,
    *same(_FIRST, "first_value", "any_value"),
    _LAST,
    *same(_LAST, "last_value"),
    _COLLECT,
    *same(_COLLECT, "array_agg", "collect_set"),
    _BOOL_AND,
    *same(_BOOL_AND, "every"),
    _BOOL_OR,
    *same(_BOOL_OR, "some", "any"),
    AggregateFunction("bit_and", (Input.INTEGRAL,), _first_type, emit="bit_and({0})"),
    AggregateFunction("bit_or", (Input.INTEGRAL,), _first_type, emit="bit_or({0})"),
    AggregateFunction("bit_xor", (Input.INTEGRAL,), _first_type, emit="bit_xor({0})"),
    _STDDEV,
    *same(_STDDEV, "std", "stddev_samp"),
    _of_doubles("stddev_pop", "stddev_pop({distinct}{0})"),
    _VARIANCE,
    *same(_VARIANCE, "var_samp"),
    _of_doubles("var_pop", "var_pop({distinct}{0})"),
    _of_doubles("skewness", _emit_skewness),
    _of_doubles("kurtosis", _emit_kurtosis),
    _of_doubles("corr", _emit_corr, 2),
    _of_doubles("covar_pop", "covar_pop({0}, {1})", 2),
    _of_doubles("covar_samp", "covar_samp({0}, {1})", 2),
    _of_doubles("regr_avgx", "regr_avgx({0}, {1})", 2),
    _of_doubles("regr_avgy", "regr_avgy({0}, {1})", 2),
    AggregateFunction("regr_count", (DOUBLE, DOUBLE), LONG, emit="CAST(regr_count({0}, {1}){filter} AS BIGINT)", nullable=Nullability.NEVER),
    _of_doubles("regr_slope", "regr_slope({0}, {1})", 2),
    _of_doubles("regr_intercept", "regr_intercept({0}, {1})", 2),
    _of_doubles("regr_r2", "regr_r2({0}, {1})", 2),
    _of_doubles("regr_sxx", "regr_sxx({0}, {1})", 2),
    _of_doubles("regr_sxy", "regr_sxy({0}, {1})", 2),
    _of_doubles("regr_syy", "regr_syy({0}, {1})", 2),
    _of_doubles("product", "product({distinct}{0})"),
    _of_doubles("median", "quantile_cont({distinct}{0}, 0.5)"),
    AggregateFunction(
        "percentile", (Input.ANY, Input.ANY, LONG), DOUBLE, emit=_emit_percentile, optional=1,
        bind=_bind_percentile("percentile"),  # type: ignore[arg-type]
    ),
    _PERCENTILE_APPROX,
    *same(_PERCENTILE_APPROX, "approx_percentile"),
    AggregateFunction("mode", (Input.ANY,), _first_type, emit="mode({0})"),
    AggregateFunction("listagg", (STRING, STRING), STRING, emit=lambda c, a: f"string_agg({'DISTINCT ' if c.is_distinct else ''}{a[0]}, {a[1] if len(a) > 1 else quote_text('')})", optional=1),
    AggregateFunction("string_agg", (STRING, STRING), STRING, emit=lambda c, a: f"string_agg({'DISTINCT ' if c.is_distinct else ''}{a[0]}, {a[1] if len(a) > 1 else quote_text('')})", optional=1),
)  # fmt: skip
