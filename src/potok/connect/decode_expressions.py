"""Expressions of the protocol to unresolved expressions.

Source of fact: Spark's `SparkConnectPlanner.transformExpression`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from potok import types as t
from potok.connect.decode_literals import decode_literal
from potok.connect.decode_types import decode_type
from potok.ddl import parse_data_type, parse_name
from potok.errors import Origin, SparkError, unsupported
from potok.plan import expressions as e
from potok.plan.table_functions import PythonTableFunction, TableArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pyspark.sql.connect.proto as pb

    from potok.plan.logical import LogicalPlan

_QUOTED_REGEX = re.compile(r"`(.+)`", re.DOTALL)
_QUALIFIED_REGEX = re.compile(r"(.+)\.`(.+)`", re.DOTALL)
_CAST_MODES = {1: e.CastMode.LEGACY, 2: e.CastMode.ANSI, 3: e.CastMode.TRY}
_DESCENDING = 2
_NULLS_FIRST, _NULLS_LAST = 1, 2
_ROWS = 1
_SUBQUERIES = {1: "scalar", 2: "exists", 4: "in"}
_TABLE_ARGUMENT = 3
_CURRENT_ROW = e.Literal(0, t.INTEGER)


def invalid_plan(message: str) -> SparkError:
    """A message that no client of Spark makes."""
    return SparkError("CONNECT_INVALID_PLAN.ASSERTION_FAILURE", message=message)


def decode_origin(message: pb.Expression) -> Origin | None:
    """Where the user's program wrote the expression, when the client says so."""
    if not message.HasField("common") or not message.common.HasField("origin"):
        return None
    origin = message.common.origin
    match origin.WhichOneof("function"):
        case "python_origin":
            python = origin.python_origin
            return Origin(fragment=python.fragment, call_site=python.call_site)
        case "jvm_origin":
            jvm = origin.jvm_origin
            frames = jvm.stack_trace
            site = f"{frames[0].file_name}:{frames[0].line_number}" if frames else ""
            return Origin(fragment=frames[0].method_name if frames else "", call_site=site)
    return None


# Counts the rows of all partitions, of which there is one. Its argument says how long Spark keeps the rows.
_NUMBER_OF_ROW = "distributed_sequence_id"


class ExpressionDecoder:
    """Decodes expressions of one plan.

    `subquery` gives the plan of another data frame by its plan id, for subquery expressions;
    `time_zone` reads TIMESTAMP literals without a zone in SQL text.
    Every method raises SparkError for what the engine has no node for.
    """

    def __init__(self, subquery: Callable[[int], LogicalPlan], time_zone: str = "UTC") -> None:
        self._subquery = subquery
        self._time_zone = time_zone

    def expression(self, message: pb.Expression) -> e.Expression:
        """Any expression."""
        kind = message.WhichOneof("expr_type")
        method = _METHODS.get(kind)
        if method is None:
            raise unsupported(f"The expression {kind or 'of a newer client'}", "Use another expression.")
        return method(self, message)

    def expressions(self, messages: Iterable[pb.Expression]) -> tuple[e.Expression, ...]:
        """Several expressions in order."""
        return tuple(self.expression(m) for m in messages)

    def optional(self, owner: pb.Expression, field: str) -> e.Expression | None:
        """The expression in a field of a message, or None where it is not set."""
        return self.expression(getattr(owner, field)) if owner.HasField(field) else None

    def sort_orders(self, messages: Iterable[pb.Expression.SortOrder]) -> tuple[e.SortOrder, ...]:
        """Several keys of an ordering."""
        return tuple(self.sort_order(m) for m in messages)

    def sort_order(self, message: pb.Expression.SortOrder) -> e.SortOrder:
        """One key; ascending unless said, nulls as Spark puts them by default."""
        ascending = message.direction != _DESCENDING
        nulls_first = ascending
        if message.null_ordering in {_NULLS_FIRST, _NULLS_LAST}:
            nulls_first = message.null_ordering == _NULLS_FIRST
        return e.SortOrder(self.expression(message.child), ascending, nulls_first)

    def alias(self, message: pb.Expression.Alias) -> e.Alias:
        """A named value."""
        metadata = message.metadata if message.HasField("metadata") else None
        return e.Alias(self.expression(message.expr), tuple(message.name), metadata)

    def python_function(
        self, message: pb.CommonInlineUserDefinedFunction, name: str | None = None
    ) -> e.PythonFunction:
        """A user's function with its arguments. Raises for functions of the JVM."""
        if message.WhichOneof("function") != "python_udf":
            raise unsupported("A user-defined function of the JVM", "Register a Python function.")
        if getattr(message, "is_distinct", False):
            raise unsupported("DISTINCT in a call of a user-defined function", "Use distinct() before it.")
        values, names = self._call_arguments(message.arguments)
        udf = message.python_udf
        return e.PythonFunction(
            name=name or message.function_name,
            payload=udf.command,
            eval_type=udf.eval_type,
            type=decode_type(udf.output_type),
            arguments=values,
            argument_names=names,
            deterministic=message.deterministic,
            python_version=udf.python_ver,
            includes=tuple(udf.additional_includes),
        )

    def table_function(
        self, message: pb.CommonInlineUserDefinedTableFunction, name: str | None = None
    ) -> PythonTableFunction:
        """A user's table function; its arguments, tables among them, are not told apart yet."""
        udtf = message.python_udtf
        schema = decode_type(udtf.return_type) if udtf.HasField("return_type") else None
        if schema is not None and not isinstance(schema, t.StructType):
            raise invalid_plan(
                "Invalid Python user-defined table function return type. Expect a struct type, but got "
                f"{schema.simple_string}."
            )
        return PythonTableFunction(
            name or message.function_name,
            udtf.command,
            udtf.eval_type,
            schema,
            self.expressions(message.arguments),
        )

    def _call_arguments(
        self, messages: Iterable[pb.Expression]
    ) -> tuple[tuple[e.Expression, ...], tuple[str | None, ...]]:
        values: list[e.Expression] = []
        names: list[str | None] = []
        for message in messages:
            argument = self.expression(message)
            if isinstance(argument, e.NamedArgument):
                values.append(argument.value)
                names.append(argument.key)
            else:
                values.append(argument)
                names.append(None)
        return tuple(values), tuple(names)

    def _literal(self, message: pb.Expression) -> e.Expression:
        return decode_literal(message.literal)

    def _attribute(self, message: pb.Expression) -> e.Expression:
        attribute = message.unresolved_attribute
        return e.UnresolvedAttribute(
            parse_name(attribute.unparsed_identifier),
            attribute.plan_id if attribute.HasField("plan_id") else None,
            attribute.is_metadata_column,
            decode_origin(message),
        )

    def _function(self, message: pb.Expression) -> e.Expression:
        function = message.unresolved_function
        name = function.function_name.lower()
        if name == _NUMBER_OF_ROW:
            return e.UnresolvedFunction("monotonically_increasing_id", origin=decode_origin(message))
        return e.UnresolvedFunction(
            name,
            self.expressions(function.arguments),
            is_distinct=function.is_distinct,
            is_internal=function.is_internal,
            origin=decode_origin(message),
        )

    def _call_function(self, message: pb.Expression) -> e.Expression:
        call = message.call_function
        return e.UnresolvedFunction(
            parse_name(call.function_name)[-1].lower(),
            self.expressions(call.arguments),
            origin=decode_origin(message),
        )

    def _expression_string(self, message: pb.Expression) -> e.Expression:
        from potok.parser import ParserOptions, parse_expression

        return parse_expression(message.expression_string.expression, ParserOptions(self._time_zone))

    def _star(self, message: pb.Expression) -> e.Expression:
        star = message.unresolved_star
        plan_id = star.plan_id if star.HasField("plan_id") else None
        if not star.HasField("unparsed_target"):
            return e.UnresolvedStar(None, plan_id)
        target = star.unparsed_target
        if not target.endswith(".*"):
            raise SparkError("CONNECT_INVALID_PLAN.UNRESOLVED_STAR_TARGET_INVALID", target=target)
        return e.UnresolvedStar(parse_name(target.removesuffix(".*")), plan_id)

    def _alias(self, message: pb.Expression) -> e.Expression:
        return self.alias(message.alias)

    def _cast(self, message: pb.Expression) -> e.Expression:
        cast = message.cast
        if cast.WhichOneof("cast_to_type") == "type_str":
            target = parse_data_type(cast.type_str)
        else:
            target = decode_type(cast.type)
        return e.Cast(
            self.expression(cast.expr),
            target,
            _CAST_MODES.get(cast.eval_mode),
            origin=decode_origin(message),
        )

    def _regex(self, message: pb.Expression) -> e.Expression:
        name = message.unresolved_regex.col_name
        regex = message.unresolved_regex
        plan_id = regex.plan_id if regex.HasField("plan_id") else None
        quoted = _QUOTED_REGEX.fullmatch(name)
        if quoted:
            return e.UnresolvedRegex(quoted[1], plan_id)
        if _QUALIFIED_REGEX.fullmatch(name):
            raise unsupported(f"colRegex with a qualifier ({name})", "Leave the qualifier out.")
        return e.UnresolvedAttribute(parse_name(name), plan_id)

    def _sort_order(self, message: pb.Expression) -> e.Expression:
        return self.sort_order(message.sort_order)

    def _lambda(self, message: pb.Expression) -> e.Expression:
        function = message.lambda_function
        parameters = tuple(e.UnresolvedLambdaVariable(tuple(a.name_parts)) for a in function.arguments)
        return e.LambdaFunction(self.expression(function.function), parameters)

    def _lambda_variable(self, message: pb.Expression) -> e.Expression:
        return e.UnresolvedLambdaVariable(tuple(message.unresolved_named_lambda_variable.name_parts))

    def _window(self, message: pb.Expression) -> e.Expression:
        window = message.window
        frame = None
        if window.HasField("frame_spec"):
            spec = window.frame_spec
            frame = e.WindowFrame(
                spec.frame_type == _ROWS, self._frame_bound(spec.lower), self._frame_bound(spec.upper)
            )
        return e.WindowExpression(
            self.expression(window.window_function),
            self.expressions(window.partition_spec),
            self.sort_orders(window.order_spec),
            frame,
        )

    def _frame_bound(self, message: pb.Expression.Window.WindowFrame.FrameBoundary) -> e.Expression | None:
        match message.WhichOneof("boundary"):
            case "current_row":
                return _CURRENT_ROW
            case "unbounded":
                return None
            case "value":
                return self.expression(message.value)
        raise SparkError(
            "CONNECT_INVALID_PLAN.ASSERTION_FAILURE", message="A bound of a window frame is not set."
        )

    def _extract_value(self, message: pb.Expression) -> e.Expression:
        extract = message.unresolved_extract_value
        return e.UnresolvedExtractValue(
            self.expression(extract.child), self.expression(extract.extraction), decode_origin(message)
        )

    def _update_fields(self, message: pb.Expression) -> e.Expression:
        update = message.update_fields
        return e.UpdateFields(
            self.expression(update.struct_expression),
            update.field_name,
            self.optional(update, "value_expression"),
        )

    def _python_function(self, message: pb.Expression) -> e.Expression:
        return self.python_function(message.common_inline_user_defined_function)

    def _named_argument(self, message: pb.Expression) -> e.Expression:
        named = message.named_argument_expression
        return e.NamedArgument(named.key, self.expression(named.value))

    def _subquery_expression(self, message: pb.Expression) -> e.Expression:
        subquery = message.subquery_expression
        if subquery.subquery_type == _TABLE_ARGUMENT:
            options = subquery.table_arg_options
            return TableArgument(
                self._subquery(subquery.plan_id),
                self.expressions(options.partition_spec),
                self.sort_orders(options.order_spec),
                options.with_single_partition,
            )
        kind = _SUBQUERIES[subquery.subquery_type]
        return e.UnresolvedSubquery(
            self._subquery(subquery.plan_id),
            kind,
            self.expressions(subquery.in_subquery_values),
            subquery.plan_id,
        )


_METHODS: dict[str, Callable[[ExpressionDecoder, pb.Expression], e.Expression]] = {
    "literal": ExpressionDecoder._literal,  # noqa: SLF001 - the class's own table
    "unresolved_attribute": ExpressionDecoder._attribute,  # noqa: SLF001
    "unresolved_function": ExpressionDecoder._function,  # noqa: SLF001
    "call_function": ExpressionDecoder._call_function,  # noqa: SLF001
    "expression_string": ExpressionDecoder._expression_string,  # noqa: SLF001
    "unresolved_star": ExpressionDecoder._star,  # noqa: SLF001
    "alias": ExpressionDecoder._alias,  # noqa: SLF001
    "cast": ExpressionDecoder._cast,  # noqa: SLF001
    "unresolved_regex": ExpressionDecoder._regex,  # noqa: SLF001
    "sort_order": ExpressionDecoder._sort_order,  # noqa: SLF001
    "lambda_function": ExpressionDecoder._lambda,  # noqa: SLF001
    "unresolved_named_lambda_variable": ExpressionDecoder._lambda_variable,  # noqa: SLF001
    "window": ExpressionDecoder._window,  # noqa: SLF001
    "unresolved_extract_value": ExpressionDecoder._extract_value,  # noqa: SLF001
    "update_fields": ExpressionDecoder._update_fields,  # noqa: SLF001
    "common_inline_user_defined_function": ExpressionDecoder._python_function,  # noqa: SLF001
    "named_argument_expression": ExpressionDecoder._named_argument,  # noqa: SLF001
    "subquery_expression": ExpressionDecoder._subquery_expression,  # noqa: SLF001
}
