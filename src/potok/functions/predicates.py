"""Comparisons, AND OR NOT, IN, tests for NULL, and conditionals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from potok.functions.base import Function, FunctionContext, Input, Nullability, ScalarFunction
from potok.functions.mismatch import (
    any_nullable,
    call,
    different_types,
    mismatch,
    none_in_common,
    operands_differ,
    quoted,
    refused,
    same,
    wrong_operand,
)
from potok.functions.ordering import needs_key, order_key
from potok.functions.sql_text import let
from potok.functions.type_rules import (
    cast_to,
    coerce_all,
    coerce_operands,
    common_type_without_strings,
    contains_map,
    implicit_cast,
    is_orderable,
    same_type,
)
from potok.plan.expressions import NULL_LITERAL, Call, Expression, Literal
from potok.types import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INTEGER,
    STRING,
    DataType,
    DecimalType,
    IntegralType,
    NullType,
    NumericType,
    StructType,
)  # fmt: skip

# ---- comparison -------------------------------------------------------------------------------


def _bind_comparison(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    truth = _truth_of_number(name, arguments[0], arguments[1], context)
    if truth is not None:
        return truth
    left, right = _same_booleans(name, arguments[0], arguments[1], context)
    left, right = _same_names(left, right, context)
    left, right = coerce_operands(left, right, context, is_comparison=True)
    a, b = left.data_type, right.data_type
    if isinstance(a, NullType) and not isinstance(b, NullType):
        left, a = cast_to(left, b, context), b
    if isinstance(b, NullType) and not isinstance(a, NullType):
        right, b = cast_to(right, a, context), a
    if not same_type(a, b):
        raise operands_differ(left, right)
    if name in {"==", "<=>"} and contains_map(a):
        raise mismatch(
            "INVALID_ORDERING_TYPE", functionName=f"`{'=' if name == '==' else name}`", dataType=quoted(a)
        )
    if name not in {"==", "<=>"} and not is_orderable(a):
        raise mismatch("INVALID_ORDERING_TYPE", functionName=f"`{name}`", dataType=quoted(a))
    nullable = False if name == "<=>" else None
    return call(name, (left, right), BOOLEAN, context, nullable=nullable)


def _truth_of_number(
    name: str, left: Expression, right: Expression, context: FunctionContext
) -> Expression | None:
    """Without ANSI `boolean = 1` is the boolean itself and `boolean = 0` its opposite (BooleanEquality)."""
    if context.ansi or name not in {"==", "<=>"}:
        return None
    for truth, number in ((left, right), (right, left)):
        exact = isinstance(number.data_type, IntegralType | DecimalType) and isinstance(number, Literal)
        if truth.data_type != BOOLEAN or not exact or number.value not in {0, 1}:  # type: ignore[attr-defined]
            continue
        same = truth if number.value == 1 else call("not", (truth,), BOOLEAN, context)  # type: ignore[attr-defined]
        if name == "==":
            return same
        known = call("isnotnull", (truth,), BOOLEAN, context, nullable=False)
        return call("and", (known, same), BOOLEAN, context)
    return None


def _same_booleans(
    name: str, left: Expression, right: Expression, context: FunctionContext
) -> tuple[Expression, Expression]:
    """Without ANSI a boolean equals the number 1 or 0."""
    if context.ansi or name not in {"==", "<=>"}:
        return left, right
    if left.data_type == BOOLEAN and isinstance(right.data_type, NumericType):
        return cast_to(left, right.data_type, context), right
    if right.data_type == BOOLEAN and isinstance(left.data_type, NumericType):
        return left, cast_to(right, left.data_type, context)
    return left, right


def _same_names(
    left: Expression, right: Expression, context: FunctionContext
) -> tuple[Expression, Expression]:
    """Structs that differ only in the names of their fields are compared by position."""
    a, b = left.data_type, right.data_type
    if not isinstance(a, StructType) or not isinstance(b, StructType) or len(a.fields) != len(b.fields):
        return left, right
    renamed = StructType(tuple(replace(f, name=g.name) for f, g in zip(b.fields, a.fields, strict=True)))
    return left, cast_to(right, renamed, context)


def _bind_not_equal(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    equal = _bind_comparison("==", arguments, context)
    return call("not", (equal,), BOOLEAN, context)


def _emit_ordering(sql: str, call_: Call, arguments: Sequence[str]) -> str:
    always = any(needs_key(e.data_type) for e in call_.arguments)
    left, right = (
        order_key(a, e.data_type, always=always) for a, e in zip(arguments, call_.arguments, strict=True)
    )
    return f"({left} {sql} {right})"


def _comparison(name: str, sql: str) -> ScalarFunction:
    is_equality = name in {"==", "<=>"}
    emit = f"({{0}} {sql} {{1}})" if is_equality else partial(_emit_ordering, sql)
    return ScalarFunction(
        name, (Input.ANY, Input.ANY), BOOLEAN, emit=emit, bind=partial(_bind_comparison, name)
    )


# ---- logic ------------------------------------------------------------------------------------


def _bind_logic(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    pair = [implicit_cast(a, BOOLEAN, context) or a for a in arguments]
    left, right = pair
    if left.data_type != right.data_type:
        raise operands_differ(left, right)
    if left.data_type != BOOLEAN:
        raise wrong_operand('"BOOLEAN"', left.data_type)
    return call(name, pair, BOOLEAN, context)


def may_raise(sql: str) -> bool:
    """Whether evaluating the SQL on a row that Spark would skip could raise."""
    return "error(" in sql


def _emit_and(_: Call, arguments: Sequence[str]) -> str:
    left, right = arguments
    if not may_raise(right):
        return f"({left} AND {right})"
    return let(left, lambda v: f"CASE WHEN {v} IS NULL OR {v} THEN ({v} AND {right}) ELSE false END")


def _emit_or(_: Call, arguments: Sequence[str]) -> str:
    left, right = arguments
    if not may_raise(right):
        return f"({left} OR {right})"
    return let(left, lambda v: f"CASE WHEN {v} THEN true ELSE ({v} OR {right}) END")


def _bind_in(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, *items = arguments
    coerced = coerce_all((value, *(_same_names(value, item, context)[1] for item in items)), context)
    if coerced is None:
        raise different_types("in", arguments)
    if contains_map(coerced[0].data_type):
        raise mismatch("INVALID_ORDERING_TYPE", functionName="`in`", dataType=quoted(coerced[0].data_type))
    return call("in", coerced, BOOLEAN, context)


def _emit_in(_: Call, arguments: Sequence[str]) -> str:
    value, *items = arguments
    if not items:
        return "false"
    test = f"IN ({', '.join(items)})"
    if len(items) > 1 and may_raise(value):
        # The engine may turn a long list into a join, and then evaluates the value on every row.
        return f"list_transform([{value}], lambda x: x {test})[1]"
    return f"({value} {test})"


def _bind_between(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, lowest, highest = arguments
    at_least = _bind_comparison(">=", (value, lowest), context)
    at_most = _bind_comparison("<=", (value, highest), context)
    return call("and", (at_least, at_most), BOOLEAN, context)


# ---- conditionals -----------------------------------------------------------------------------


def _bind_when(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    pairs, rest = arguments[: len(arguments) // 2 * 2], arguments[len(arguments) // 2 * 2 :]
    conditions = pairs[::2]
    values = coerce_all((*pairs[1::2], *rest), context)
    if values is None:
        types = (quoted(e.data_type) for e in (*pairs[1::2], *rest))
        raise mismatch("DATA_DIFF_TYPES", functionName="`casewhen`", dataType=f"[{', '.join(types)}]")
    for position, condition in enumerate(conditions):
        if condition.data_type != BOOLEAN:
            raise mismatch(
                "UNEXPECTED_INPUT_TYPE",
                paramIndex=("first", "second", "third")[min(position, 2)],
                requiredType='"BOOLEAN"',
                inputType=quoted(condition.data_type),
            )
    ordered: list[Expression] = []
    for condition, value in zip(conditions, values, strict=False):
        ordered += (condition, value)
    ordered += values[len(conditions) :]
    nullable = not rest or any_nullable(values)
    always = next((i for i, c in enumerate(conditions) if isinstance(c, Literal) and c.value is True), None)
    if always is not None:
        nullable = any_nullable(values[: always + 1])
    return call("when", ordered, values[0].data_type, context, nullable=nullable)


def _emit_when(_: Call, arguments: Sequence[str]) -> str:
    pairs = zip(arguments[::2], arguments[1::2], strict=False)
    branches = " ".join(f"WHEN {condition} THEN {value}" for condition, value in pairs)
    last = f" ELSE {arguments[-1]}" if len(arguments) % 2 else ""
    return f"CASE {branches}{last} END"


def _bind_if(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    predicate, yes, no = arguments
    condition = implicit_cast(predicate, BOOLEAN, context) or predicate
    if condition.data_type != BOOLEAN:
        raise mismatch(
            "UNEXPECTED_INPUT_TYPE",
            paramIndex="first",
            requiredType='"BOOLEAN"',
            inputType=quoted(condition.data_type),
        )
    values = coerce_all((yes, no), context)
    if values is None:
        raise refused("if", arguments, different_types("if", (yes, no)))
    return call("when", (condition, *values), values[0].data_type, context, nullable=any_nullable(values))


def _bind_coalesce(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    values = coerce_all(arguments, context)
    if values is None:
        raise refused("coalesce", arguments, none_in_common("coalesce", arguments))
    nullable = all(v.nullable for v in values)
    return call("coalesce", values, values[0].data_type, context, nullable=nullable)


def _bind_nullif(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    left, right = arguments
    equal = _bind_comparison("==", (left, right), context)
    nothing = Literal(None, left.data_type)
    return call("when", (equal, nothing, left), left.data_type, context, nullable=True)


def _bind_nvl2(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    tested, present, absent = arguments
    return _bind_if(
        (call("isnotnull", (tested,), BOOLEAN, context, nullable=False), present, absent), context
    )


def _bind_nullifzero(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (value,) = arguments
    equal = _bind_comparison("==", (value, Literal(0, INTEGER)), context)
    return call(
        "when", (equal, Literal(None, value.data_type), value), value.data_type, context, nullable=True
    )


def _bind_zeroifnull(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    return _bind_coalesce((arguments[0], Literal(0, INTEGER)), context)


def _bind_extreme(name: str, arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    found = common_type_without_strings(
        [a.data_type for a in arguments], ansi=context.ansi, case_sensitive=context.case_sensitive
    )
    if found is None:
        raise different_types(name, arguments)
    if not is_orderable(found):
        raise mismatch("INVALID_ORDERING_TYPE", functionName=f"`{name}`", dataType=quoted(found))
    values = [cast_to(a, found, context) for a in arguments]
    return call(name, values, found, context, nullable=all(v.nullable for v in values))


def _bind_nanvl(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    types = {a.data_type for a in arguments}
    target: DataType = FLOAT if types <= {FLOAT, NullType()} and FLOAT in types else DOUBLE
    values = [cast_to(a, target, context) for a in arguments]
    return call("nanvl", values, target, context)


def _emit_nanvl(_: Call, arguments: Sequence[str]) -> str:
    return let(arguments[0], lambda v: f"CASE WHEN isnan({v}) THEN {arguments[1]} ELSE {v} END")


def _bind_decode(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    value, *rest = arguments
    if len(rest) == 1:
        return call("_decode_charset", arguments, STRING, context, nullable=True)
    branches: list[Expression] = []
    for search, result in zip(rest[::2], rest[1::2], strict=False):
        branches += (_bind_comparison("<=>", (value, search), context), result)
    otherwise = rest[-1] if len(rest) % 2 else NULL_LITERAL
    return _bind_when((*branches, otherwise), context)


def _bind_isnan(arguments: Sequence[Expression], context: FunctionContext) -> Expression:
    (value,) = arguments
    if not isinstance(value.data_type, type(FLOAT) | type(DOUBLE)):
        if (
            not isinstance(value.data_type, NumericType | NullType)
            and implicit_cast(value, DOUBLE, context) is None
        ):
            raise mismatch(
                "UNEXPECTED_INPUT_TYPE",
                paramIndex="first",
                requiredType='("DOUBLE" or "FLOAT")',
                inputType=quoted(value.data_type),
            )
        value = cast_to(value, DOUBLE, context)
    return call("isnan", (value,), BOOLEAN, context, nullable=False)


_EQUAL = _comparison("==", "=")
_NULL_SAFE = _comparison("<=>", "IS NOT DISTINCT FROM")
_COALESCE = ScalarFunction(
    "coalesce",
    (Input.ANY,),
    BOOLEAN,
    emit="coalesce({args})",
    variadic=True,
    bind=_bind_coalesce,
)
_NVL = ScalarFunction("nvl", (Input.ANY, Input.ANY), BOOLEAN, bind=_bind_coalesce)
_NOT_EQUAL = ScalarFunction("!=", (Input.ANY, Input.ANY), BOOLEAN, bind=_bind_not_equal)

FUNCTIONS: tuple[Function, ...] = (
    _EQUAL,
    *same(_EQUAL, "="),
    _NULL_SAFE,
    *same(_NULL_SAFE, "equal_null"),
    _NOT_EQUAL,
    *same(_NOT_EQUAL, "<>"),
    _comparison("<", "<"),
    _comparison("<=", "<="),
    _comparison(">", ">"),
    _comparison(">=", ">="),
    ScalarFunction("and", (BOOLEAN, BOOLEAN), BOOLEAN, emit=_emit_and, bind=partial(_bind_logic, "and")),
    ScalarFunction("or", (BOOLEAN, BOOLEAN), BOOLEAN, emit=_emit_or, bind=partial(_bind_logic, "or")),
    ScalarFunction("not", (BOOLEAN,), BOOLEAN, emit="(NOT {0})"),
    ScalarFunction("!", (BOOLEAN,), BOOLEAN, emit="(NOT {0})"),
    ScalarFunction("in", (Input.ANY, Input.ANY), BOOLEAN, emit=_emit_in, optional=1, variadic=True, bind=_bind_in),
    ScalarFunction("between", (Input.ANY, Input.ANY, Input.ANY), BOOLEAN, bind=_bind_between),
    ScalarFunction("_is_unknown", (BOOLEAN,), BOOLEAN, emit="({0} IS NULL)", nullable=Nullability.NEVER),
    ScalarFunction("_is_known", (BOOLEAN,), BOOLEAN, emit="({0} IS NOT NULL)", nullable=Nullability.NEVER),
    ScalarFunction("isnull", (Input.ANY,), BOOLEAN, emit="({0} IS NULL)", nullable=Nullability.NEVER),
    ScalarFunction("isnotnull", (Input.ANY,), BOOLEAN, emit="({0} IS NOT NULL)", nullable=Nullability.NEVER),
    ScalarFunction("isnan", (Input.ANY,), BOOLEAN, emit="coalesce(isnan({0}), false)", bind=_bind_isnan),
    ScalarFunction("when", (Input.ANY, Input.ANY, Input.ANY), BOOLEAN, emit=_emit_when, variadic=True, bind=_bind_when),
    ScalarFunction("if", (BOOLEAN, Input.ANY, Input.ANY), BOOLEAN, emit=_emit_when, bind=_bind_if),

    _COALESCE,
    _NVL,
    *same(_NVL, "ifnull"),
    ScalarFunction("nullif", (Input.ANY, Input.ANY), BOOLEAN, bind=_bind_nullif),
    ScalarFunction("nvl2", (Input.ANY, Input.ANY, Input.ANY), BOOLEAN, bind=_bind_nvl2),
    ScalarFunction("nullifzero", (Input.ANY,), BOOLEAN, bind=_bind_nullifzero),
    ScalarFunction("zeroifnull", (Input.ANY,), BOOLEAN, bind=_bind_zeroifnull),
    ScalarFunction(
        "greatest", (Input.ANY, Input.ANY, Input.ANY), BOOLEAN, emit="greatest({args})", variadic=True,
        bind=partial(_bind_extreme, "greatest"),
    ),
    ScalarFunction(
        "least", (Input.ANY, Input.ANY, Input.ANY), BOOLEAN, emit="least({args})", variadic=True,
        bind=partial(_bind_extreme, "least"),
    ),
    ScalarFunction("nanvl", (DOUBLE, DOUBLE), DOUBLE, emit=_emit_nanvl, bind=_bind_nanvl),
    ScalarFunction("decode", (Input.ANY, Input.ANY), BOOLEAN, variadic=True, bind=_bind_decode),
)  # fmt: skip
