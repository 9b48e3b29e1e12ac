"""Calls of functions that users wrote in SQL: the body stands in the call's place, over its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from potok.analysis.functions import DOCUMENTATION
from potok.analysis.names import quote
from potok.analysis.pretty import full_sql
from potok.analysis.rewriting import renew
from potok.analysis.trees import named
from potok.errors import Origin, SparkError
from potok.functions.base import FunctionContext
from potok.functions.type_rules import cast_to
from potok.plan.expressions import (
    Alias,
    Call,
    Cast,
    Expression,
    Literal,
    NamedArgument,
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedSubquery,
)
from potok.plan.logical import LogicalPlan, Project
from potok.plan.sql_functions import SqlFunction
from potok.plan.unresolved import UnresolvedTableFunction
from potok.types import DecimalType

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer
    from potok.analysis.expressions import Resolver

_SESSION = (("session",), ("system", "session"))


def find_variable(resolver: Resolver, attribute: UnresolvedAttribute) -> Expression | None:
    """The value of a SQL variable of that name, or of its field; None where there is none."""
    variables = resolver.context.variables
    for prefix in ((), *_SESSION):
        parts = tuple(p.lower() for p in attribute.parts)
        size = len(prefix)
        if parts[:size] == prefix and len(parts) > size and parts[size] in variables:
            value = variables[parts[size]].value
            if len(parts) == size + 1:
                # In the names of columns a variable shows its value.
                shown = f"variablereference(system.session.{parts[size]}={_sql(value)})"
                resolver.remember(attribute, UnresolvedAttribute((shown,)))
            return resolver.fields_of(value, attribute.parts[size + 1 :], attribute)
    return None


def _sql(value: Literal) -> str:
    if value.value is None:
        return f"CAST(NULL AS {value.type.sql})"
    return full_sql(value) + ("BD" if isinstance(value.type, DecimalType) else "")


def find_sql_function(name: str, functions: Mapping[str, SqlFunction], database: str) -> SqlFunction | None:
    """The function of a name, maybe in front of it its database and catalog."""
    for prefix in (f"spark_catalog.{database}.", f"{database}.", ""):
        if name.startswith(prefix):
            return functions.get(name.removeprefix(prefix))
    return None


def called_sql_function(resolver: Resolver, name: str) -> SqlFunction | None:
    """The user's SQL function that a call means; None for all others."""
    context = resolver.context
    return find_sql_function(name, context.sql_functions, context.function_context.current_database)


def resolve_sql_function(resolver: Resolver, function: SqlFunction, call: UnresolvedFunction) -> Expression:
    """The value of a call. Raises WRONG_NUM_ARGS, NOT_A_SCALAR_FUNCTION and what the body raises."""
    if function.is_table:
        raise SparkError("NOT_A_SCALAR_FUNCTION", origin=call.origin, functionName=quote(function.name))
    arguments = [
        NamedArgument(a.key, _value(resolver, a.value))
        if isinstance(a, NamedArgument)
        else _value(resolver, a)
        for a in call.arguments
    ]
    inner = _over_parameters(resolver.analyzer, function, arguments, call.origin)
    value = resolve_body(inner, function, call.origin)
    resolver.remember(call, _shown(function, call, value))
    return value


def _shown(function: SqlFunction, call: UnresolvedFunction, value: Expression) -> Expression:
    """The call as it is named: the arguments in the order of the parameters."""
    by_name = {a.key.lower(): a.value for a in call.arguments if isinstance(a, NamedArgument)}
    given = [a for a in call.arguments if not isinstance(a, NamedArgument)]
    given += [by_name[p.name.lower()] for p in function.parameters if p.name.lower() in by_name]
    return Call(function.qualified, tuple(given), value.data_type, value.nullable)


def resolve_body(inner: Resolver, function: SqlFunction, origin: Origin | None) -> Expression:
    """The body of a scalar function over its parameters, in the type that was declared."""
    body = function.body
    expression = UnresolvedSubquery(body, "scalar") if isinstance(body, LogicalPlan) else body
    value = _value(inner, expression)
    if function.returns is None:
        return value
    cast = cast_to(value, function.returns, inner.functions)
    return replace(cast, origin=origin) if isinstance(cast, Cast) and cast is not value else cast


def resolve_sql_table(
    analyzer: Analyzer, function: SqlFunction, plan: UnresolvedTableFunction
) -> LogicalPlan:
    """The rows of a call. Raises NOT_A_TABLE_FUNCTION, WRONG_NUM_ARGS and what the body raises."""
    if not function.is_table or not isinstance(function.body, LogicalPlan):
        raise SparkError("NOT_A_TABLE_FUNCTION", origin=plan.origin, functionName=quote(function.name))
    resolver = analyzer.resolver()
    arguments = [
        NamedArgument(a.key, _value(resolver, a.value))
        if isinstance(a, NamedArgument)
        else _value(resolver, a)
        for a in plan.arguments
    ]
    inner = _over_parameters(analyzer, function, arguments, None)
    outer, analyzer.outer = analyzer.outer, inner
    try:
        rows = renew(analyzer.resolve(function.body))
    finally:
        analyzer.outer = outer
    return _declared(rows, function, analyzer.context.function_context)


def _declared(rows: LogicalPlan, function: SqlFunction, context: FunctionContext) -> LogicalPlan:
    fields = function.columns.fields if function.columns is not None else ()
    if not fields:
        return rows
    if len(fields) != len(rows.output):
        raise SparkError(
            "USER_DEFINED_FUNCTIONS.RETURN_COLUMN_COUNT_MISMATCH",
            outputSize=len(rows.output),
            returnParamSize=len(fields),
            name=function.name,
        )
    columns = (
        named(cast_to(a, f.data_type, context), f.name) for a, f in zip(rows.output, fields, strict=True)
    )
    return Project(rows, tuple(columns))


def _value(resolver: Resolver, expression: Expression) -> Expression:
    resolved = resolver.resolve(expression)
    return resolved.child if isinstance(resolved, Alias) else resolved


def _over_parameters(
    analyzer: Analyzer, function: SqlFunction, arguments: Sequence[Expression], origin: Origin | None
) -> Resolver:
    """A resolver that knows nothing but the parameters."""
    given = _matched(analyzer, function, arguments, origin)
    names = {p.name.lower(): given[p.name] for p in function.parameters}

    def find(attribute: UnresolvedAttribute) -> Expression | None:
        parts = [p.lower() for p in attribute.parts]
        if parts[0] in names:
            return resolver.fields_of(names[parts[0]], attribute.parts[1:], attribute)
        if len(parts) > 1 and parts[0] == function.name.lower() and parts[1] in names:
            return resolver.fields_of(names[parts[1]], attribute.parts[2:], attribute)
        return None

    outer, analyzer.outer = analyzer.outer, None
    try:
        resolver = analyzer.resolver(fallback=find)
    finally:
        analyzer.outer = outer
    return resolver


def _matched(
    analyzer: Analyzer, function: SqlFunction, arguments: Sequence[Expression], origin: Origin | None
) -> dict[str, Expression]:
    context = analyzer.context.function_context
    positional = [a for a in arguments if not isinstance(a, NamedArgument)]
    by_name = {a.key.lower(): a.value for a in arguments if isinstance(a, NamedArgument)}
    parameters = function.parameters
    least = sum(p.default is None for p in parameters)
    unknown = set(by_name) - {p.name.lower() for p in parameters}
    if len(arguments) > len(parameters) or unknown:
        raise _wrong_number(function, len(arguments), least, origin)
    found: dict[str, Expression] = {}
    for position, parameter in enumerate(parameters):
        if position < len(positional):
            value: Expression | None = positional[position]
        else:
            value = by_name.get(parameter.name.lower())
        if value is None and parameter.default is not None:
            value = _value(analyzer.resolver(), parameter.default)
        if value is None:
            raise _wrong_number(function, len(arguments), least, origin)
        found[parameter.name] = cast_to(value, parameter.type, context)
    return found


def _wrong_number(function: SqlFunction, actual: int, least: int, origin: Origin | None) -> SparkError:
    most = len(function.parameters)
    expected = str(most) if least == most else "[" + ", ".join(map(str, range(least, most + 1))) + "]"
    return SparkError(
        "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
        origin=origin,
        functionName=quote(function.name),
        expectedNum=expected,
        actualNum=actual,
        docroot=DOCUMENTATION,
    )
