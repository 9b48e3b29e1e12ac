"""Calls over lambda functions: the parameters get their types from the other arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from potok.analysis.functions import complete_mismatch, find_function, unexpected_input
from potok.analysis.names import quote_parts
from potok.analysis.pretty import sql_expression
from potok.analysis.trees import strip_alias, transform_down
from potok.errors import SparkError
from potok.functions.base import Input, ScalarFunction
from potok.plan.expressions import (
    Expression,
    LambdaFunction,
    LambdaVariable,
    UnresolvedAttribute,
    UnresolvedFunction,
    UnresolvedLambdaVariable,
    next_expr_id,
)
from potok.types import NullType

if TYPE_CHECKING:
    from potok.analysis.expressions import Resolver

_LAMBDAS_OF_MAPS = frozenset({"map_filter", "map_zip_with", "transform_keys", "transform_values"})
_LAMBDAS_OF_TWO = frozenset({"map_zip_with", "zip_with"})
_OPTIONAL_INDEX = frozenset({"transform", "filter"})


def arguments_with_lambdas(resolver: Resolver, call: UnresolvedFunction) -> tuple[Expression, ...]:
    """The resolved arguments of a call of which some are lambdas. Raises INVALID_LAMBDA_FUNCTION_CALL."""
    function = find_function(call.name, resolver.context, call.origin)
    rule = function.lambda_parameters if isinstance(function, ScalarFunction) else None
    if rule is None:
        raise SparkError(
            "INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION",
            origin=call.origin,
            class_=call.name,
        )
    resolved: list[Expression | None] = [
        None if isinstance(a, LambdaFunction) else strip_alias(resolver.resolve(a)) for a in call.arguments
    ]
    values = [a for a in resolved if a is not None]
    for position, value in enumerate(values[: 2 if call.name in _LAMBDAS_OF_TWO else 1]):
        if isinstance(value.data_type, NullType):
            wanted = Input.MAP if call.name in _LAMBDAS_OF_MAPS else Input.ARRAY
            refusal = unexpected_input(position, value, wanted)
            _refuse_lambda(resolver, call, values, refusal)
            raise refusal
    number = 0
    for position, argument in enumerate(call.arguments):
        if not isinstance(argument, LambdaFunction):
            continue
        try:
            parameters = rule(tuple(values), number)
        except SparkError as error:
            _refuse_lambda(resolver, call, values, error)
            raise
        resolved[position] = _lambda(resolver, argument, parameters, call)
        number += 1
    return tuple(a for a in resolved if a is not None)


def _refuse_lambda(
    resolver: Resolver, call: UnresolvedFunction, values: Sequence[Expression], error: SparkError
) -> None:
    """Complete an error of what the parameters of a lambda come from."""
    error.origin = error.origin or call.origin
    complete_mismatch(error, sql_expression(_plain_lambdas(call), resolver.known), values)


def _lambda(
    resolver: Resolver,
    function: LambdaFunction,
    parameters: Sequence[tuple[object, bool]],
    call: UnresolvedFunction,
) -> LambdaFunction:
    given = [_parameter_name(p) for p in function.parameters]
    if len(given) > len(parameters):
        raise SparkError(
            "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
            origin=function.origin or call.origin,
            expectedNumArgs=len(given),
            actualNumArgs=1 if call.name in _OPTIONAL_INDEX else len(parameters),
        )
    keys = [resolver.columns.key(n) for n in given]
    if len(set(keys)) < len(keys):
        raise SparkError(
            "INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES",
            origin=call.origin,
            args=", ".join(quote_parts((n,)) for n in given),
            caseSensitiveConfig='"spark.sql.caseSensitive"',
        )
    variables = tuple(
        LambdaVariable(name, data_type, nullable, next_expr_id())  # type: ignore[arg-type]
        for name, (data_type, nullable) in zip(given, parameters, strict=False)
    )
    resolver.lambdas.append(dict(zip(keys, variables, strict=True)))
    try:
        body = strip_alias(resolver.resolve(function.body))
    finally:
        resolver.lambdas.pop()
    return LambdaFunction(body, variables)


def _parameter_name(parameter: Expression) -> str:
    if isinstance(parameter, (UnresolvedLambdaVariable, UnresolvedAttribute)):
        return ".".join(parameter.parts)
    return cast("LambdaVariable", parameter).name


def _plain_lambdas(call: UnresolvedFunction) -> Expression:
    """The call with the parameters of lambdas as plain names, as errors show unresolved ones."""

    def change(node: Expression) -> Expression | None:
        return UnresolvedAttribute(node.parts) if isinstance(node, UnresolvedLambdaVariable) else None

    return transform_down(call, change)
