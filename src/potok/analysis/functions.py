"""Calls by name: finding the function, checking its arguments, converting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, cast

from potok.analysis.context import AnalysisContext
from potok.analysis.names import quote, quote_parts, quote_type
from potok.analysis.pretty import sql_expression
from potok.analysis.trees import walk
from potok.errors import Origin, SparkError
from potok.functions.aggregates import ordered_numbers, percentile_type
from potok.functions.base import (
    AggregateFunction,
    Function,
    FunctionContext,
    GeneratorFunction,
    Input,
    InputType,
    Nullability,
    ScalarFunction,
    WindowFunction,
)
from potok.functions.mismatch import RefusedCallError
from potok.functions.type_rules import coerce_all, implicit_cast, is_orderable
from potok.plan.expressions import (
    AggregateCall,
    Call,
    Cast,
    Expression,
    GeneratorCall,
    NamedArgument,
    PythonFunction,
    SortOrder,
    WindowCall,
    WindowExpression,
)
from potok.plan.table_functions import PythonTableFunction
from potok.types import BOOLEAN, NULL, DataType, MapType

_NOT_IN_SQL = frozenset({"product"})
# Raised by a rule, which in Spark is no resolver and knows no place.
_WITHOUT_PLACE = frozenset(
    {
        "APPROX_TOP_K_MAX_ITEMS_TRACKED_EXCEEDS_LIMIT",
        "APPROX_TOP_K_MAX_ITEMS_TRACKED_LESS_THAN_K",
        "APPROX_TOP_K_NON_POSITIVE_ARG",
        "APPROX_TOP_K_NULL_ARG",
        "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
        "FEATURE_NOT_ENABLED",
        "HLL_INVALID_LG_K",
        "HLL_K_MUST_BE_CONSTANT",
        "INVALID_TIMESTAMP_PRECISION",
        "PARSE_MODE_UNSUPPORTED",
        "SKETCH_INVALID_LG_NOM_ENTRIES",
        "THETA_LG_NOM_ENTRIES_MUST_BE_CONSTANT",
        "UNSUPPORTED_TIME_TYPE",
        "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
    }
)
_OF_ORDERED_NUMBERS = frozenset({"percentile_cont", "percentile_disc"})
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
DOCUMENTATION = "https://spark.apache.org/docs/latest"
_KIND_NAMES: dict[Input, str] = {
    Input.NUMERIC: '"NUMERIC"',
    Input.INTEGRAL: '"INTEGRAL"',
    Input.STRING_OR_BINARY: '("STRING" or "BINARY")',
    Input.ARRAY: '"ARRAY"',
    Input.MAP: '"MAP"',
    Input.STRUCT: '"STRUCT"',
    Input.ARRAY_OR_MAP: '("ARRAY" or "MAP")',
    Input.INTERVAL: '("INTERVAL" or "DAY-TIME INTERVAL" or "YEAR-MONTH INTERVAL")',
    Input.ORDERABLE: '"ORDERABLE"',
}


class CallOptions(NamedTuple):
    """What stands around the arguments of a call."""

    is_distinct: bool = False
    filter: Expression | None = None
    ignore_nulls: bool | None = None
    within_group: tuple[SortOrder, ...] = ()
    origin: Origin | None = None


def find_function(name: str, context: AnalysisContext, origin: Origin | None) -> Function | PythonFunction:
    """The function of a name; those that the user registered come first. Raises UNRESOLVED_ROUTINE."""
    found = context.user_functions.get(name) or context.functions.get(name)
    if found is None and name in context.table_functions:
        raise SparkError("NOT_A_SCALAR_FUNCTION", origin=origin, functionName=quote(name))
    if found is None or (name in _NOT_IN_SQL and origin is not None and origin.sql_text):
        raise SparkError(
            "UNRESOLVED_ROUTINE",
            origin=origin,
            routineName=quote_parts(name.split(".")),
            searchPath=search_path(context),
        )
    return found


def find_table_function(name: str, context: AnalysisContext) -> PythonTableFunction | None:
    """The table function that a user registered under a name."""
    return context.table_functions.get(name)


def search_path(context: AnalysisContext) -> str:
    """Where unqualified names are looked for, as errors show it."""
    database = context.conf("spark.sql.catalog.currentDatabase") or "default"
    return f"[`system`.`builtin`, `system`.`session`, `spark_catalog`.{quote(database)}]"


def bind_function(
    name: str, arguments: Sequence[Expression], options: CallOptions, context: AnalysisContext
) -> Expression:
    """The resolved call. The arguments are resolved, lambdas included, but not converted.

    Raises WRONG_NUM_ARGS, DATATYPE_MISMATCH and what the function's own rule raises.
    """
    function = find_function(name, context, options.origin)
    generator = next((a for a in arguments if isinstance(a, GeneratorCall)), None)
    if generator is not None:
        call = Call(name, tuple(arguments), NULL)
        raise SparkError("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", expression=sql_expression(call))
    if isinstance(function, PythonFunction):
        return bind_user_function(function, arguments, options)
    _check_options(name, function, options)
    if name == "mode" and options.within_group and not arguments:
        return _mode_by_order(options, context)
    check_number_of_arguments(name, function, len(arguments), options.origin)
    bound = _bind(function, arguments, options, context.function_context)
    if (
        context.function_context.keeps_last_key
        and isinstance(bound, Call)
        and isinstance(bound.type, MapType)
    ):
        return replace(bound, keeps_last_key=True)
    return bound


def bind_user_function(
    function: PythonFunction, arguments: Sequence[Expression], options: CallOptions
) -> Expression:
    """A call of a user's function. Raises INVALID_SQL_SYNTAX for DISTINCT and FILTER."""
    _refuse_options("pythonudf", options)
    values = tuple(a.value if isinstance(a, NamedArgument) else a for a in arguments)
    names = tuple(a.key if isinstance(a, NamedArgument) else None for a in arguments)
    return replace(function, arguments=values, argument_names=names)


def _check_options(name: str, function: Function, options: CallOptions) -> None:
    if isinstance(function, AggregateFunction):
        _check_filter(options.filter, options.origin)
    else:
        _refuse_options(name, options)


def _refuse_options(name: str, options: CallOptions) -> None:
    for given, syntax in ((options.is_distinct, "DISTINCT"), (options.filter is not None, "FILTER CLAUSE")):
        if given:
            raise SparkError(
                "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
                origin=options.origin,
                prettyName=quote(name),
                syntax=syntax,
            )


def _check_filter(condition: Expression | None, origin: Origin | None) -> None:
    if condition is None:
        return
    text = sql_expression(condition)
    if condition.data_type != BOOLEAN:
        raise SparkError("INVALID_AGGREGATE_FILTER.NOT_BOOLEAN", origin=origin, filterExpr=text)
    for node in walk(condition):
        if isinstance(node, AggregateCall):
            raise SparkError(
                "INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE",
                origin=origin,
                filterExpr=text,
                aggExpr=sql_expression(node),
            )
        if isinstance(node, WindowExpression):
            raise SparkError(
                "INVALID_AGGREGATE_FILTER.CONTAINS_WINDOW_FUNCTION",
                origin=origin,
                filterExpr=text,
                windowExpr=sql_expression(node),
            )


def complete_mismatch(error: SparkError, text: str, arguments: Sequence[Expression]) -> None:
    """Add to a DATATYPE_MISMATCH the text of the call and of the argument that is at fault."""
    error.parameters.setdefault("sqlExpr", text)
    index = error.parameters.get("paramIndex")
    if index in ORDINALS and arguments:
        position = min(ORDINALS.index(index), len(arguments) - 1)
        shown = "inputExpr" if error.condition.endswith("NON_FOLDABLE_INPUT") else "inputSql"
        error.parameters.setdefault(shown, sql_expression(arguments[position]))
    error.args = (error.message,)


def check_number_of_arguments(name: str, function: Function, actual: int, origin: Origin | None) -> None:
    """Raises WRONG_NUM_ARGS.WITHOUT_SUGGESTION where the number cannot be right."""
    if name == "count" and actual == 0:
        raise SparkError(
            "WRONG_NUM_ARGS.WITH_SUGGESTION",
            functionName=quote(name),
            expectedNum=" >= 1",
            actualNum=0,
            legacyNum=0,
            legacyConfKey='"spark.sql.legacy.allowParameterlessCount"',
            legacyConfValue='"true"',
        )
    most = len(function.inputs)
    least = most - function.optional
    variadic = not isinstance(function, WindowFunction) and function.variadic
    if variadic and function.optional == 0 and most > 1:
        least = most - 1
    if actual < least or (actual > most and not variadic):
        if variadic:
            expected = f"> {least - 1}"
        elif least == most:
            expected = str(least)
        else:
            expected = "[" + ", ".join(str(n) for n in range(least, most + 1)) + "]"
        raise SparkError(
            "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
            origin=None if variadic else origin,
            functionName=quote(name),
            expectedNum=expected,
            actualNum=actual,
            docroot=DOCUMENTATION,
        )


def _bind(
    function: Function, arguments: Sequence[Expression], options: CallOptions, context: FunctionContext
) -> Expression:
    try:
        bind = getattr(function, "bind", None)
        if bind is not None:
            return _casts_at(
                options.origin, _with_options(bind(tuple(arguments), context), options), arguments
            )
        converted = convert_arguments(function, arguments, context)
        return _casts_at(options.origin, _make(function, converted, options, context), arguments)
    except SparkError as error:
        _complete(error, function.name, arguments, options)
        raise


def _numbers(order: Sequence[SortOrder], context: FunctionContext) -> tuple[SortOrder, ...]:
    """The values of WITHIN GROUP as DOUBLE. Raises DATATYPE_MISMATCH."""
    return tuple(ordered_numbers(key, context) for key in order)


def _mode_by_order(options: CallOptions, context: AnalysisContext) -> Expression:
    """`mode() WITHIN GROUP (ORDER BY value)`: of the most frequent values the first."""
    value = options.within_group[0].child
    call = AggregateCall("mode", (value,), value.data_type, ansi=context.function_context.ansi)
    return _aggregate_with_options(call, options)


def _casts_at(origin: Origin | None, bound: Expression, arguments: Sequence[Expression]) -> Expression:
    """What a rule made, its own casts of the arguments standing where the call was written."""
    if origin is None:
        return bound
    written = {id(a) for a in arguments}

    def place(node: Any) -> Any:  # noqa: ANN401 - a child of any kind
        if not isinstance(node, Expression) or id(node) in written:
            return node
        if isinstance(node, Cast) and node.origin is None:
            node = replace(node, origin=origin)
        return node.map_children(place)

    return cast("Expression", place(bound))


def _complete(error: SparkError, name: str, arguments: Sequence[Expression], options: CallOptions) -> None:
    """Add to an error of a function's rule what only the call knows."""
    if error.origin is None and error.condition not in _WITHOUT_PLACE:
        error.origin = options.origin
    if error.condition.startswith("DATATYPE_MISMATCH."):
        made = error.made if isinstance(error, RefusedCallError) else Call(name, tuple(arguments), NULL)
        complete_mismatch(error, sql_expression(made), made.arguments)
    if error.condition == "UNEXPECTED_INPUT_TYPE":
        error.parameters.setdefault("inputSql", sql_expression(arguments[0]))
    if error.condition == "INVALID_EXTRACT_FIELD":
        error.parameters.setdefault("expr", sql_expression(arguments[1]))
    error.args = (error.message,)


def _with_options(bound: Expression, options: CallOptions) -> Expression:
    """What a rule made, with DISTINCT, FILTER and the origin of the call."""
    if isinstance(bound, Call):
        return replace(bound, origin=options.origin) if bound.origin is None and options.origin else bound
    if isinstance(bound, AggregateCall):
        return _aggregate_with_options(bound, options)
    if isinstance(bound, (PythonFunction, WindowCall, GeneratorCall)):
        return bound
    plain = options._replace(origin=None)
    if plain == CallOptions():
        return bound
    return bound.map_children(lambda c: _with_options(c, options) if isinstance(c, Expression) else c)


def _aggregate_with_options(call: AggregateCall, options: CallOptions) -> AggregateCall:
    return replace(
        call,
        is_distinct=call.is_distinct or options.is_distinct,
        filter=call.filter if options.filter is None else options.filter,
        ignore_nulls=call.ignore_nulls if options.ignore_nulls is None else options.ignore_nulls,
        order_by=options.within_group or call.order_by,
        origin=call.origin or options.origin,
    )


def convert_arguments(
    function: Function, arguments: Sequence[Expression], context: FunctionContext
) -> tuple[Expression, ...]:
    """The arguments cast as the function asks. Raises DATATYPE_MISMATCH."""
    variadic = not isinstance(function, WindowFunction) and function.variadic
    inputs = list(function.inputs[: len(arguments)])
    if variadic and function.inputs:
        inputs += [function.inputs[-1]] * (len(arguments) - len(inputs))
    converted = list(arguments)
    for position, (argument, expected) in enumerate(zip(arguments, inputs, strict=True)):
        if expected is Input.SAME or expected is Input.LAMBDA:
            continue
        found = implicit_cast(argument, expected, context)
        if found is None or (expected is Input.ORDERABLE and not is_orderable(argument.data_type)):
            raise unexpected_input(position, argument, expected)
        converted[position] = found
    same = [i for i, expected in enumerate(inputs) if expected is Input.SAME]
    if len(same) > 1:
        widened = coerce_all([arguments[i] for i in same], context)
        if widened is None:
            types = ", ".join(quote_type(arguments[i].data_type) for i in same)
            raise SparkError(
                "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                functionName=quote(function.name),
                dataType=f"[{types}]" if len(same) > 2 else f"({types.replace(', ', ' or ')})",  # noqa: PLR2004
            )
        for i, expression in zip(same, widened, strict=True):
            converted[i] = expression
    return tuple(converted)


def unexpected_input(position: int, argument: Expression, expected: InputType) -> SparkError:
    """DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE for one argument."""
    required = quote_type(expected) if isinstance(expected, DataType) else _KIND_NAMES.get(expected, '"ANY"')
    if required == '"DECIMAL(10,0)"':
        required = '"DECIMAL"'
    return SparkError(
        "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
        paramIndex=ORDINALS[position] if position < len(ORDINALS) else str(position + 1),
        requiredType=required,
        inputSql=sql_expression(argument),
        inputType=quote_type(argument.data_type),
    )


def _make(
    function: Function, arguments: tuple[Expression, ...], options: CallOptions, context: FunctionContext
) -> Expression:
    if isinstance(function, GeneratorFunction):
        return GeneratorCall(function.name, arguments, tuple(function.fields(arguments)), function.outer)
    result = function.result if isinstance(function.result, DataType) else function.result(arguments)
    nullable = is_nullable(function, arguments)
    match function:
        case ScalarFunction(name=name):
            return Call(name, arguments, result, nullable, context.ansi, options.origin)
        case AggregateFunction(name=name):
            call = AggregateCall(name, arguments, result, nullable, ansi=context.ansi)
            if name in _OF_ORDERED_NUMBERS:
                (key,) = options.within_group
                call = replace(call, type=percentile_type(key.child.data_type))
                options = options._replace(within_group=_numbers(options.within_group, context))
            return _aggregate_with_options(call, options)
        case WindowFunction(name=name):
            return WindowCall(name, arguments, result, nullable, bool(options.ignore_nulls))


def is_nullable(
    function: ScalarFunction | AggregateFunction | WindowFunction, arguments: Sequence[Expression]
) -> bool:
    """Whether a call may be NULL, by the function's rule."""
    rule = function.nullable
    if not isinstance(rule, Nullability):
        return rule(arguments)
    match rule:
        case Nullability.ANY_ARGUMENT:
            return any(a.nullable for a in arguments)
        case Nullability.ALL_ARGUMENTS:
            return all(a.nullable for a in arguments)
        case Nullability.ALWAYS:
            return True
    return False


def is_deterministic(expression: Expression, context: AnalysisContext) -> bool:
    """Whether the same row always gives the same value."""
    for node in walk(expression):
        if isinstance(node, PythonFunction) and not node.deterministic:
            return False
        if isinstance(node, Call):
            function = context.functions.get(node.name)
            if isinstance(function, ScalarFunction) and not function.deterministic:
                return False
    return True
