"""Resolving expressions over the columns of a relation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from potok.analysis import coercion
from potok.analysis.functions import (
    CallOptions,
    bind_function,
    check_number_of_arguments,
)
from potok.analysis.input_files import is_input_file_call, resolve_input_file
from potok.analysis.lambdas import arguments_with_lambdas
from potok.analysis.names import (
    Columns,
    extract_value,
    make_struct,
    nested_update,
    quote_parts,
    quote_type,
    struct_field,
    unresolved_column,
)
from potok.analysis.pretty import pretty_name, sql_expression
from potok.analysis.sql_functions import called_sql_function, find_variable, resolve_sql_function
from potok.analysis.stars import expand_star
from potok.analysis.time_windows import WINDOW_CALLS, is_window_call, resolve_window_call
from potok.analysis.trees import is_aggregate, transform_down
from potok.errors import SparkError
from potok.functions.base import FunctionContext
from potok.plan.expressions import (
    Alias,
    AttributeReference,
    Call,
    Cast,
    Expression,
    GeneratorCall,
    GetStructField,
    LambdaFunction,
    LambdaVariable,
    Literal,
    NamedArgument,
    OuterReference,
    PythonFunction,
    SortOrder,
    Subquery,
    UnresolvedAttribute,
    UnresolvedExtractValue,
    UnresolvedFunction,
    UnresolvedLambdaVariable,
    UnresolvedOrdinal,
    UnresolvedRegex,
    UnresolvedStar,
    UnresolvedSubquery,
    UpdateFields,
    WindowCall,
    WindowExpression,
    next_expr_id,
)
from potok.plan.logical import Attributes, LogicalPlan
from potok.plan.tree import Node
from potok.types import (
    INTEGER,
    STRING,
    StructType,
)

if TYPE_CHECKING:
    from potok.analysis.analyzer import Analyzer

_LITERAL_FUNCTIONS = frozenset(
    {
        "current_date", "current_timestamp", "localtimestamp", "current_time", "current_user", "user",
        "session_user", "current_catalog", "current_database", "current_schema", "grouping__id",
    }
)  # fmt: skip
# Errors of `expression.field`, which Spark raises without a place.
_OF_FIELDS = frozenset({"AMBIGUOUS_REFERENCE_TO_FIELDS", "FIELD_NOT_FOUND"})
Fallback = Callable[[UnresolvedAttribute], Expression | None]


class Resolver:
    """Resolves expressions over the output of child plans.

    `outer` is the resolver of the query around a subquery. `fallback` is asked for a name that is
    not among the columns, before the queries around are. Hidden columns that were used are found
    in `hidden` afterwards.
    """

    def __init__(
        self,
        analyzer: Analyzer,
        plans: tuple[LogicalPlan, ...],
        *,
        outer: Resolver | None = None,
        attributes: Attributes | None = None,
        fallback: Fallback | None = None,
    ) -> None:
        self.analyzer = analyzer
        self.context = analyzer.context
        self.plans = plans
        self.outer = outer
        self.fallback = fallback
        output = attributes if attributes is not None else tuple(a for p in plans for a in p.output)
        self.columns = Columns(output, case_sensitive=self.context.function_context.case_sensitive)
        self.hidden: dict[int, AttributeReference] = {}
        self._hidden_columns: Columns | None = None
        self._over: Expression | None = None
        self._constants: dict[int, tuple[Expression, UnresolvedFunction]] = {}
        self.lambdas: list[dict[str, LambdaVariable]] = []
        self._resolved: dict[int, tuple[Expression, Expression]] = {}

    @property
    def functions(self) -> FunctionContext:
        """What function rules depend on."""
        return self.context.function_context

    # ---- entry points ----

    def resolve(self, expression: Expression) -> Expression:
        """The resolved expression. Raises SparkError."""
        rule = _RULES.get(type(expression))
        if rule is not None:
            return rule(self, expression)
        return expression.map_children(self._resolve_node)

    def _resolve_node(self, node: Node) -> Node:
        if isinstance(node, LogicalPlan):
            return node
        return self.resolve(node) if isinstance(node, Expression) else node.map_children(self._resolve_node)

    def resolve_all(self, expressions: Sequence[Expression]) -> tuple[Expression, ...]:
        """Several expressions, stars expanded."""
        result: list[Expression] = []
        for expression in expressions:
            if isinstance(expression, (UnresolvedStar, UnresolvedRegex)):
                result += self.expand(expression)
            else:
                result.append(self.resolve(expression))
        return tuple(result)

    def named(self, expressions: Sequence[Expression]) -> list[Expression]:
        """The expressions of an output list: stars expanded, each with a name (Spark's ResolveAliases)."""
        result: list[Expression] = []
        for expression in expressions:
            if isinstance(expression, (UnresolvedStar, UnresolvedRegex)):
                result += self.expand(expression)
            else:
                result.append(self.name(expression, self.resolve(expression)))
        return result

    def name(self, original: Expression, resolved: Expression) -> Expression:
        """The resolved expression under the name that its original form asks for."""
        if isinstance(resolved, (Alias, AttributeReference)):
            return resolved
        if isinstance(resolved, OuterReference):
            return Alias(resolved, (resolved.attribute.name,), expr_id=next_expr_id())
        if isinstance(resolved, GeneratorCall):
            names = tuple(f.name for f in resolved.fields)
            return Alias(resolved, names, expr_id=next_expr_id())
        if is_window_call(resolved) and resolved.name != "window_time":  # type: ignore[attr-defined]
            return Alias(resolved, (resolved.name,), expr_id=next_expr_id())  # type: ignore[attr-defined]
        if isinstance(original, UnresolvedAttribute):
            constant = self._constants.get(id(original))
            if constant is not None:
                return Alias(resolved, (self.automatic_name(constant[1]),), expr_id=next_expr_id())
            shown = self.known(original)
            plain = shown is None or not isinstance(shown, Call) or shown.name.startswith("get_")
            name = original.parts[-1] if plain else self.automatic_name(original)
            return Alias(resolved, (name,), expr_id=next_expr_id())
        if (
            isinstance(original, Cast)
            and isinstance(resolved, Cast)
            and isinstance(resolved.child, AttributeReference)
        ):
            return Alias(resolved, (resolved.child.name,), expr_id=next_expr_id())
        return Alias(resolved, (self.automatic_name(original),), expr_id=next_expr_id())

    def automatic_name(self, original: Expression) -> str:
        """The name of a column without an alias."""
        return pretty_name(self._without_stars(original), self.known, self.functions.time_zone)

    def _without_stars(self, original: Expression) -> Expression:
        """Calls over stars with the columns written out."""

        def change(node: Expression) -> Expression | None:
            stars = (UnresolvedStar, UnresolvedRegex)
            if not isinstance(node, UnresolvedFunction) or not any(
                isinstance(a, stars) for a in node.arguments
            ):
                return None
            if _is_count_star(node):
                return node
            return replace(node, arguments=self.resolve_all(node.arguments))

        return transform_down(original, change)

    def resolve_item(self, expression: Expression) -> Expression:
        """An item of an output list. Raises UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS with the whole item."""
        try:
            return self.resolve(expression)
        except SparkError as error:
            if error.condition != "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS":
                raise
            value = expression.child if isinstance(expression, Alias) else expression
            raise SparkError(error.condition, expression=sql_expression(value, self.known)) from error

    def known(self, original: Expression) -> Expression | None:
        """What an expression resolved to before, or resolves to; None where it does not."""
        memo = self._resolved.get(id(original))
        if memo is not None and memo[0] is original:
            return memo[1]
        if isinstance(original, UnresolvedAttribute):
            return None
        try:
            return strip(self.resolve(original))
        except (SparkError, AttributeError):
            return None

    # ---- columns ----

    def _attribute(self, expression: Expression) -> Expression:
        attribute = cast("UnresolvedAttribute", expression)
        found = self.find(attribute)
        if found is None:
            origin = (
                None if self.lambdas else attribute.origin
            )  # inside a lambda: where the query was written
            raise unresolved_column(attribute.parts, self.columns.attributes, origin)
        self._resolved.setdefault(id(attribute), (attribute, found))
        return found

    def remember(self, original: Expression, shown: Expression) -> None:
        """Show `shown` for the original in automatic names."""
        self._resolved[id(original)] = (original, shown)

    def find(self, attribute: UnresolvedAttribute) -> Expression | None:
        """What a column name means, or None. Raises AMBIGUOUS_REFERENCE and errors of fields."""
        parts = attribute.parts
        for variables in reversed(self.lambdas):
            variable = variables.get(self.columns.key(parts[0]))
            if variable is not None:
                return self.fields_of(variable, parts[1:], attribute)
        if attribute.plan_id is not None:
            found = self.analyzer.data_frame_column(self, attribute)
            if found is not None:
                return found
        elif not attribute.is_metadata_column:
            found = self.columns.resolve(parts, attribute.origin)
            if found is not None:
                return coercion.coerce_extraction(found, self.functions)
        if attribute.plan_id is None:
            found = self._hidden(parts, attribute)
            if found is not None:
                return found
        if (
            len(parts) == 1
            and parts[0].lower() in _LITERAL_FUNCTIONS
            and parts[0].lower() in self.context.functions
        ):
            written = UnresolvedFunction(parts[0].lower(), origin=attribute.origin)
            self._constants[id(attribute)] = (attribute, written)
            return self.resolve(written)
        if self.fallback is not None:
            found = self.fallback(attribute)
            if found is not None:
                return found
        found = self._outer_column(attribute)
        # A variable is known at the top, where every name that means nothing else comes by.
        return find_variable(self, attribute) if found is None and self.outer is None else found

    def fields_of(self, base: Expression, parts: Sequence[str], attribute: UnresolvedAttribute) -> Expression:
        """The field that the names lead to, one inside the other."""
        for name in parts:
            base = extract_value(
                base,
                Literal(name, STRING),
                case_sensitive=self.functions.case_sensitive,
                origin=attribute.origin,
            )
        return base

    def _hidden(self, parts: Sequence[str], attribute: UnresolvedAttribute) -> Expression | None:
        if self._hidden_columns is None:
            attributes = tuple(a for p in self.plans for a in self.analyzer.hidden_output(p))
            self._hidden_columns = Columns(attributes, case_sensitive=self.functions.case_sensitive)
        found = self._hidden_columns.resolve(parts, attribute.origin)
        if found is not None:
            self.use_hidden(found)
        return found

    def use_hidden(self, expression: Expression) -> None:
        """Note the hidden columns that an expression reads."""
        output = {a.expr_id for a in self.columns.attributes}
        for node in _walk_attributes(expression):
            if node.expr_id not in output:
                self.hidden[node.expr_id] = node

    def _outer_column(self, attribute: UnresolvedAttribute) -> Expression | None:
        if self.outer is None:
            return None
        found = self.outer.find(attribute)
        return None if found is None else as_outer(found)

    def expand(self, expression: UnresolvedStar | UnresolvedRegex) -> list[Expression]:
        """The columns that a star or a pattern stands for. Raises CANNOT_RESOLVE_STAR_EXPAND."""
        return expand_star(self, expression)

    # ---- parts of expressions ----

    def _alias(self, expression: Expression) -> Expression:
        alias = cast("Alias", expression)
        if alias.expr_id:
            return alias
        if isinstance(alias.child, (UnresolvedStar, UnresolvedRegex)):
            raise SparkError("INVALID_USAGE_OF_STAR_OR_REGEX", elem="'*'", prettyName="expression `alias`")
        child = strip(self.resolve(alias.child))
        if (
            isinstance(child, GeneratorCall)
            and len(alias.names) != len(child.fields)
            and len(alias.names) > 1
        ):
            raise SparkError(
                "UDTF_ALIAS_NUMBER_MISMATCH",
                aliasesSize=len(child.fields),
                aliasesNames=",".join(alias.names),
            )
        return Alias(child, alias.names, alias.metadata, next_expr_id())

    def _cast(self, expression: Expression) -> Expression:
        original = cast("Cast", expression)
        child = strip(self.resolve(original.child))
        return coercion.resolve_cast(original, child, self.functions)

    def _extract(self, expression: Expression) -> Expression:
        extract = cast("UnresolvedExtractValue", expression)
        child, extraction = strip(self.resolve(extract.child)), strip(self.resolve(extract.extraction))
        try:
            found = extract_value(
                child, extraction, case_sensitive=self.functions.case_sensitive, origin=extract.origin
            )
        except SparkError as error:
            if error.condition in _OF_FIELDS:
                error.origin = None
                error.args = (error.message,)
            raise
        result = coercion.coerce_extraction(found, self.functions)
        self._resolved[id(extract)] = (extract, result)
        return result

    def _update_fields(self, expression: Expression) -> Expression:
        update = nested_update(cast("UpdateFields", expression))
        struct = strip(self.resolve(update.struct))
        data_type = struct.data_type
        if not isinstance(data_type, StructType):
            raise SparkError(
                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                sqlExpr=sql_expression(update, self.known),
                paramIndex="first",
                requiredType='"STRUCT"',
                inputSql=sql_expression(struct),
                inputType=quote_type(data_type),
            )
        key = self.columns.key
        value = None if update.value is None else strip(self.resolve(update.value))
        fields: list[tuple[str, Expression]] = []
        replaced = False
        for i, f in enumerate(data_type.fields):
            if key(f.name) != key(update.name):
                # Where the struct is NULL there are no fields, so that a field is NULL where it says so itself.
                fields.append((f.name, replace(struct_field(f, struct, i), is_nullable=f.nullable)))
            elif value is not None:
                fields.append((update.name, value))
                replaced = True
        if value is not None and not replaced:
            fields.append((update.name, value))
        if not fields:
            raise SparkError(
                "DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS", sqlExpr=sql_expression(update, self.known)
            )
        return make_struct(fields, struct)

    def _sort_order(self, expression: Expression) -> Expression:
        order = cast("SortOrder", expression)
        child = strip(self.resolve(order.child))
        coercion.check_orderable(child)
        return SortOrder(child, order.ascending, order.nulls_first)

    # ---- functions ----

    def resolve_window_function(self, expression: Expression) -> Expression:
        """The function before OVER, in which aggregate functions may be nested."""
        self._over = expression
        return self.resolve(expression)

    def _function(self, expression: Expression) -> Expression:
        call = cast("UnresolvedFunction", expression)
        special = self._special_function(call)
        if special is not None:
            return special
        arguments = self._arguments(call)
        options = CallOptions(
            call.is_distinct,
            None if call.filter is None else strip(self.resolve(call.filter)),
            call.ignore_nulls,
            cast("tuple[SortOrder, ...]", tuple(self.resolve(o) for o in call.within_group)),
            call.origin,
        )
        if call.name in WINDOW_CALLS and call.name not in self.context.functions:
            result: Expression = resolve_window_call(call.name, arguments, self.functions, call.origin)
        elif call.name == "struct":
            result = bind_function("named_struct", arguments, options, self.context)
        else:
            result = bind_function(call.name, arguments, options, self.context)
        if is_aggregate(result) and call is not self._over:
            self.analyzer.check_aggregate_arguments(result, call)
        self._resolved[id(call)] = (call, result)
        return result

    def _special_function(self, call: UnresolvedFunction) -> Expression | None:
        """Functions that only their place gives a meaning."""
        own = called_sql_function(self, call.name) if self.context.sql_functions else None
        if own is not None and not {call.name} & {*self.context.user_functions, *self.context.functions}:
            return resolve_sql_function(self, own, call)
        if is_input_file_call(call.name) and call.name not in self.context.user_functions:
            return self._input_file(call)
        if call.name in self.context.functions or call.name in self.context.user_functions:
            return None
        if call.name in {"grouping", "grouping_id"}:
            raise SparkError("UNSUPPORTED_GROUPING_EXPRESSION", origin=call.origin)
        return None

    def _input_file(self, call: UnresolvedFunction) -> Expression:
        check_number_of_arguments(
            call.name, self.context.functions[call.name], len(call.arguments), call.origin
        )
        found = resolve_input_file(self, call.name, call.origin)
        self._resolved[id(call)] = (call, found)
        return found

    def _arguments(self, call: UnresolvedFunction) -> tuple[Expression, ...]:
        if _is_count_star(call):
            return (Literal(1, INTEGER),)
        if call.name == "count":
            for argument in call.arguments:
                if isinstance(argument, UnresolvedStar) and argument.target is not None:
                    raise SparkError(
                        "INVALID_USAGE_OF_STAR_WITH_TABLE_IDENTIFIER_IN_COUNT",
                        tableName=quote_parts(argument.target),
                    )
        if any(isinstance(a, LambdaFunction) for a in call.arguments):
            return arguments_with_lambdas(self, call)
        if call.name == "struct":
            return self._struct_arguments(call.arguments)
        named_arguments = any(isinstance(a, NamedArgument) for a in call.arguments)
        if named_arguments and call.name in self.context.user_functions:
            return tuple(self._named_argument(a) for a in call.arguments)
        arguments = coercion.order_named_arguments(call) if named_arguments else call.arguments
        return tuple(strip(a) for a in self.resolve_all(arguments))

    def _named_argument(self, argument: Expression) -> Expression:
        if isinstance(argument, NamedArgument):
            return NamedArgument(argument.key, strip(self.resolve(argument.value)))
        return strip(self.resolve(argument))

    def _struct_arguments(self, arguments: Sequence[Expression]) -> tuple[Expression, ...]:
        """The arguments of `named_struct`: names of columns and aliases, `col1` and so on for the rest."""
        result: list[Expression] = []
        for argument in arguments:
            if isinstance(argument, (UnresolvedStar, UnresolvedRegex)):
                for column in self.expand(argument):
                    name = column.name if isinstance(column, (Alias, AttributeReference)) else ""
                    result += [Literal(name, STRING), strip(column)]
                continue
            resolved = self.resolve(argument)
            if isinstance(resolved, (Alias, AttributeReference, GetStructField, LambdaVariable)):
                name = resolved.name
            elif isinstance(argument, UnresolvedAttribute):
                name = argument.parts[-1]
            else:
                name = f"col{len(result) // 2 + 1}"
            result += [Literal(name, STRING), strip(resolved)]
        return tuple(result)

    def _lambda_variable(self, expression: Expression) -> Expression:
        parts = cast("UnresolvedLambdaVariable", expression).parts
        return self._attribute(UnresolvedAttribute(parts))

    def _python_function(self, expression: Expression) -> Expression:
        function = cast("PythonFunction", expression)
        return replace(function, arguments=tuple(strip(a) for a in self.resolve_all(function.arguments)))

    # ---- windows and subqueries ----

    def _window(self, expression: Expression) -> Expression:
        window = cast("WindowExpression", expression)
        result = self.analyzer.windows.resolve(self, window)
        self._resolved[id(window)] = (window, result)
        return result

    def _subquery(self, expression: Expression) -> Expression:
        result = self.analyzer.subqueries.resolve(self, cast("UnresolvedSubquery", expression))
        self._resolved[id(expression)] = (expression, result)
        return result

    def _ordinal(self, expression: Expression) -> Expression:
        raise SparkError("INTERNAL_ERROR", message=f"an ordinal is out of place: {expression!r}")

    def _star(self, expression: Expression) -> Expression:
        del expression
        raise SparkError("INVALID_USAGE_OF_STAR_OR_REGEX", elem="'*'", prettyName="expression")


def _is_count_star(call: UnresolvedFunction) -> bool:
    if call.name != "count" or len(call.arguments) != 1 or call.is_distinct:
        return False
    only = call.arguments[0]
    return isinstance(only, UnresolvedStar) and only.target is None and not only.except_parts


def strip(expression: Expression) -> Expression:
    """The value without its name."""
    return expression.child if isinstance(expression, Alias) else expression


def as_outer(expression: Expression) -> Expression:
    """The expression of the query around, its columns marked as such."""
    return transform_down(
        expression, lambda e: OuterReference(e) if isinstance(e, AttributeReference) else None
    )


def _walk_attributes(expression: Expression) -> list[AttributeReference]:
    return [n for n in expression.walk() if isinstance(n, AttributeReference)]


_RULES: dict[type[Expression], Callable[[Resolver, Expression], Expression]] = {
    AttributeReference: lambda _, e: e,
    OuterReference: lambda _, e: e,
    Literal: lambda _, e: e,
    LambdaVariable: lambda _, e: e,
    Subquery: lambda _, e: e,
    Call: lambda _, e: e,
    WindowCall: lambda _, e: e,
    GetStructField: lambda _, e: e,
    GeneratorCall: lambda _, e: e,
    Alias: lambda r, e: r._alias(e),  # noqa: SLF001 - the class's own table
    Cast: lambda r, e: r._cast(e),  # noqa: SLF001 - the class's own table
    PythonFunction: lambda r, e: r._python_function(e),  # noqa: SLF001 - the class's own table
    SortOrder: lambda r, e: r._sort_order(e),  # noqa: SLF001 - the class's own table
    UnresolvedAttribute: lambda r, e: r._attribute(e),  # noqa: SLF001 - the class's own table
    UnresolvedExtractValue: lambda r, e: r._extract(e),  # noqa: SLF001 - the class's own table
    UnresolvedFunction: lambda r, e: r._function(e),  # noqa: SLF001 - the class's own table
    UnresolvedLambdaVariable: lambda r, e: r._lambda_variable(e),  # noqa: SLF001 - the class's own table
    UnresolvedOrdinal: lambda r, e: r._ordinal(e),  # noqa: SLF001 - the class's own table
    UnresolvedStar: lambda r, e: r._star(e),  # noqa: SLF001 - the class's own table
    UnresolvedRegex: lambda r, e: r._star(e),  # noqa: SLF001 - the class's own table
    UnresolvedSubquery: lambda r, e: r._subquery(e),  # noqa: SLF001 - the class's own table
    UpdateFields: lambda r, e: r._update_fields(e),  # noqa: SLF001 - the class's own table
    WindowExpression: lambda r, e: r._window(e),  # noqa: SLF001 - the class's own table
}
