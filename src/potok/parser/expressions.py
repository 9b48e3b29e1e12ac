"""Expressions: operator precedence, names, calls, lambdas, windows.

Written by hand over our own tokens. sqlglot (30.30, dialect spark) was tried on the recorded texts
and is not used: it refuses 81 of 1302 texts that Spark reads (`window(..)` in GROUP BY, `>>>`, words
that only other dialects reserve) and reads 51 of 95 that Spark refuses; its trees keep no position
for most nodes, which Spark's messages point with; it rewrites as it reads (`timestampadd` becomes
`DATE_ADD`, `1S` a cast); and its import costs 86 ms, a filter 91 us against 14 us here.

Source of fact: Spark 4.3's rules `booleanExpression`, `valueExpression` and `primaryExpression`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from potok import types as t
from potok.ddl import parse_name
from potok.errors import unsupported
from potok.parser.lists import ListParser
from potok.parser.special_forms import ParserOptions
from potok.plan.expressions import (
    FALSE,
    TRUE,
    Alias,
    Expression,
    LambdaFunction,
    Literal,
    NamedArgument,
    UnresolvedAttribute,
    UnresolvedExtractValue,
    UnresolvedFunction,
    UnresolvedLambdaVariable,
    UnresolvedStar,
    UnresolvedSubquery,
)
from potok.tokens import END, NUMBER, OPERATOR, QUOTED, STRING, WORD, ParseError, Token

if TYPE_CHECKING:
    from potok.plan.logical import LogicalPlan

COMPARISON = 1
_BINARY: dict[str, tuple[int, str]] = {
    "*": (7, "*"), "/": (7, "/"), "%": (7, "%"), "DIV": (7, "div"),
    "+": (6, "+"), "-": (6, "-"), "||": (6, "concat"),
    "<<": (5, "<<"), ">>": (5, ">>"), ">>>": (5, ">>>"),
    "&": (4, "&"), "^": (3, "^"), "|": (2, "|"),
    "=": (COMPARISON, "=="), "<=>": (COMPARISON, "<=>"), "<>": (COMPARISON, "!="), "!=": (COMPARISON, "!="),
    "<": (COMPARISON, "<"), "<=": (COMPARISON, "<="), ">": (COMPARISON, ">"), ">=": (COMPARISON, ">="),
}  # fmt: skip
_UNARY = {"-": "negative", "+": "positive", "~": "~"}
_UNARY_STRENGTH = 8
_AND, _OR = 2, 1
_NOT = frozenset({"NOT", "!"})
_PREDICATES = frozenset({"BETWEEN", "IN", "LIKE", "ILIKE", "RLIKE"})
_QUERY_STARTS = frozenset({"SELECT", "WITH", "FROM", "VALUES", "TABLE"})
_CLOSERS = frozenset(
    {")", ",", ".", "]", "=", "<", ">", "<=", ">=", "<>", "!=", "+", "-", "/", "%", "<END>", "->"}
)
_ENDS = frozenset({"<END>", ",", ")", ";", "|>"})
_OPERAND_STARTS = frozenset({"(", "-", "+", "~", "*", "!", ":", "?"})


class ExpressionParser(ListParser):
    """The rules of expressions. Queries inside them come from the subclass."""

    def __init__(self, text: str, options: ParserOptions) -> None:
        super().__init__(text, options)
        self._lambda_scopes: list[frozenset[str]] = []

    # ---- boolean --------------------------------------------------------------------------------

    def expression(self) -> Expression:
        """An expression of any type."""
        return self._boolean(0)

    def _boolean(self, minimum: int) -> Expression:
        start = self.token
        key = start.key
        if key in _NOT and self._operand_follows():
            self.advance()
            left: Expression = self.call(start, "not", self._boolean(_AND + 1))
        elif key == "EXISTS" and self.peek().key == "(" and self.query_starts(2):
            self.advance()
            left = UnresolvedSubquery(self._query_in_parentheses(), "exists")
        else:
            left = self._predicated()
        while True:
            key = self.token.key
            strength = _AND if key == "AND" else _OR if key == "OR" else 0
            if not strength or strength < minimum or not self._operand_follows():
                return left
            self.advance()
            right = self._boolean(strength + 1)
            left = self.call(start, key.lower(), left, right)

    def _operand_follows(self) -> bool:
        """Whether an expression may start behind the current word, so that it is no alias or name."""
        following = self.peek()
        if following.key == "FROM":
            return self.peek(2).kind not in {WORD, QUOTED} and self.peek(2).key != "("
        if following.kind is OPERATOR:
            return following.key in _OPERAND_STARTS
        return following.key != "<END>"

    def _predicated(self) -> Expression:
        left = self.value()
        key = self.token.key
        if key == "IS":
            return self._is_predicate(self.token, left)
        predicate = self.token
        negated = key in _NOT and self.peek().key in _PREDICATES
        kind = self.peek().key if negated else key
        if kind not in _PREDICATES or not (negated or self._operand_follows()):
            return left
        if negated:
            self.advance()
        self.advance()
        return self._predicate(predicate, left, kind, negated=negated)

    def _predicate(self, start: Token, left: Expression, kind: str, *, negated: bool) -> Expression:
        result: Expression
        if kind == "BETWEEN":
            low = self.value()
            self.expect("AND")
            result = self.call(start, "between", left, low, self.value())
        elif kind == "IN":
            result = self._in(start, left)
        elif kind == "RLIKE":
            result = self.call(start, "rlike", left, self.value())
        elif self.token.key in {"ANY", "SOME", "ALL"} and self.peek().key == "(":
            return self._quantified_like(start, left, kind.lower(), negated=negated)
        else:
            result = self._like(start, left, kind.lower())
        return self.call(start, "not", result) if negated else result

    def _in(self, start: Token, left: Expression) -> Expression:
        self.expect("(")
        if self.query_starts(0):
            plan = self.query()
            self.expect(")")
            values = (
                left.arguments if isinstance(left, UnresolvedFunction) and left.name == "struct" else (left,)
            )
            return UnresolvedSubquery(plan, "in", values)
        if self.token.key == ")":
            self.advance()
            self.defer(ParseError("INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE", origin=self.origin(start.start)))
            return FALSE
        items = self.expressions()
        self.expect(")")
        return self.call(start, "in", left, *items)

    def _like(self, start: Token, left: Expression, name: str) -> Expression:
        pattern = self.value()
        if not self.accept("ESCAPE"):
            return self.call(start, name, left, pattern)
        token = self.token
        escape = self.string()
        if len(escape) != 1:
            self.defer(ParseError("INVALID_ESC", origin=self.origin(start.start), invalidEscape=token.text))
        return self.call(start, name, left, pattern, Literal(escape, t.STRING))

    def _quantified_like(self, start: Token, left: Expression, name: str, *, negated: bool) -> Expression:
        """LIKE ANY/ALL over constants, otherwise a chain of OR/AND: the same value, but another name."""
        joiner = "and" if self.advance().key == "ALL" else "or"
        self.expect("(")
        if self.token.key == ")":
            self.advance()
            origin = self.origin(start.start)
            self.defer(ParseError("INVALID_SQL_SYNTAX.EMPTY_QUANTIFIED_PATTERN", origin=origin))
            return FALSE
        patterns = self.expressions()
        self.expect(")")
        if name == "like" and all(isinstance(p, Literal) and p.type == t.STRING for p in patterns):
            kind = "likeall" if joiner == "and" else "likeany"
            return self.call(start, f"not{kind}" if negated else kind, left, *patterns)
        tests: list[Expression] = [self.call(start, name, left, pattern) for pattern in patterns]
        if negated:
            tests = [self.call(start, "not", test) for test in tests]
        result = tests[0]
        for test in tests[1:]:
            result = self.call(start, joiner, result, test)
        return result

    def _is_predicate(self, start: Token, left: Expression) -> Expression:
        offset = 2 if self.peek().key in {"NOT", "!"} else 1
        kind = self.peek(offset).key
        if kind not in {"NULL", "TRUE", "FALSE", "UNKNOWN", "DISTINCT"}:
            return left
        for _ in range(offset + 1):
            self.advance()
        negated = offset != 1
        if kind == "NULL":
            return self.call(start, "isnotnull" if negated else "isnull", left)
        if kind == "UNKNOWN":
            return self.call(start, "_is_known" if negated else "_is_unknown", left)
        if kind == "DISTINCT":
            self.expect("FROM")
            result = self.call(start, "<=>", left, self.value())
            return result if negated else self.call(start, "not", result)
        result = self.call(start, "<=>", left, TRUE if kind == "TRUE" else FALSE)
        return self.call(start, "not", result) if negated else result

    # ---- operators ------------------------------------------------------------------------------

    def value(self, minimum: int = COMPARISON) -> Expression:
        """Arithmetic, bits and comparisons whose operators bind at least so tightly."""
        start = self.token
        left = self._unary(start)
        while True:
            operator = self._operator()
            found = _BINARY.get(operator)
            if found is None or found[0] < minimum:
                return left
            if operator == "DIV" and not self._operand_follows():
                return left
            for _ in range(len(operator) if operator in {">>", ">>>"} else 1):
                self.advance()
            right = self.value(found[0] + 1)
            if found[1] == "!=":
                left = self.call(start, "not", self.call(start, "==", left, right))
            else:
                left = self.call(start, found[1], left, right)

    def _operator(self) -> str:
        """The operator here; `>` tokens that touch are one shift."""
        key = self.token.key
        if key != ">" or self.peek().key != ">" or self.peek().start != self.token.start + 1:
            return key
        third = self.peek(2)
        return ">>>" if third.key == ">" and third.start == self.token.start + 2 else ">>"

    def _unary(self, start: Token) -> Expression:
        name = _UNARY.get(start.key)
        if name is None or start.kind is not OPERATOR:
            return self._primary()
        if start.key == "-" and self.peek().kind is NUMBER:
            return self._postfix(start, self.number(negative=True))
        self.advance()
        return self.call(start, name, self.value(_UNARY_STRENGTH))

    # ---- primaries ------------------------------------------------------------------------------

    def _primary(self) -> Expression:
        start = self.token
        kind = start.kind
        result: Expression | None = None
        if kind is WORD:
            special = self.special_forms.get(start.key)
            if special is not None:
                result = special()
            if result is None:
                result = self._name_or_call(start)
        elif kind is NUMBER:
            result = self.number()
        elif kind is STRING:
            result = self.string_literal()
        elif kind is QUOTED:
            result = self._name_or_call(start)
        elif start.key == "(":
            result = self._parenthesized(start)
        elif start.key == "*":
            self.advance()
            return self._star(None, start)
        elif start.key in {":", "?"}:
            result = self.parameter()
        else:
            self.fail(start)
        if self.token.kind is OPERATOR:
            return self._postfix(start, result)
        return self._collated(result)

    def _collated(self, child: Expression) -> Expression:
        if self.token.key == "COLLATE" and self.peek().kind in {WORD, QUOTED}:
            self.advance()
            collation = ".".join(self._parts())
            if collation.upper().removeprefix("SYSTEM.BUILTIN.") != "UTF8_BINARY":
                raise unsupported(f"The collation {collation}", "Use UTF8_BINARY, and lower() to compare.")
        return child

    def _parts(self) -> list[str]:
        parts = [self.plain_name()]
        while self.token.key == "." and self.peek().kind in {WORD, QUOTED}:
            self.advance()
            parts.append(self.plain_name())
        return parts

    def _postfix(self, start: Token, base: Expression) -> Expression:
        while True:
            key = self.token.key
            if key == "[":
                self.advance()
                index = self.value()
                self.expect_closing("]")
                base = UnresolvedExtractValue(base, index, self.origin(start.start))
            elif key == ".":
                self.advance()
                base = self._field(start, base, self.plain_name())
            elif key == "::":
                self.advance()
                base = self.cast_of(base, self.data_type(), start)
            elif key == ":" and self.peek().kind in {WORD, QUOTED}:
                raise unsupported(
                    "The path operator `:`", "Use get_json_object().", origin=self.origin(start.start)
                )
            else:
                return self._collated(base)

    def _field(self, start: Token, base: Expression, name: str) -> Expression:
        origin = self.origin(start.start)
        if isinstance(base, UnresolvedAttribute):
            return replace(base, parts=(*base.parts, name), origin=origin)
        return UnresolvedExtractValue(base, Literal(name, t.STRING), origin)

    def _name_or_call(self, start: Token) -> Expression:
        following = self.peek()
        key = following.key
        if start.kind is WORD:
            if following.kind is STRING:
                return self.typed_literal()
            if start.key == "IDENTIFIER" and key == "(":
                return self._identifier_clause(start)
        if key == "->":
            return self._lambda((self.plain_name(),), start)
        parts = [self.plain_name()]
        while self.token.key == ".":
            following = self.peek()
            if following.key == "*":
                self.advance()
                self.advance()
                return self._star(tuple(parts), start)
            if following.kind is not WORD and following.kind is not QUOTED:
                self.advance()
                self.fail()
            self.advance()
            parts.append(self.plain_name())
        if self.token.key == "(":
            return self._call(start, ".".join(parts).lower())
        return self._attribute(tuple(parts), start)

    def _attribute(self, parts: tuple[str, ...], start: Token) -> Expression:
        if self._lambda_scopes and any(parts[0].lower() in scope for scope in self._lambda_scopes):
            return UnresolvedLambdaVariable(parts)
        return UnresolvedAttribute(parts, origin=self.origin(start.start))

    def _star(self, target: tuple[str, ...] | None, start: Token) -> Expression:
        excluded: list[tuple[str, ...]] = []
        if self.at("EXCEPT", "(") and not self.query_starts(2):
            self.accept("EXCEPT", "(")
            excluded.append(self.multipart_name())
            while self.accept(","):
                excluded.append(self.multipart_name())
            self.expect(")")
        return UnresolvedStar(target, except_parts=tuple(excluded), origin=self.origin(start.start))

    def _identifier_clause(self, start: Token) -> Expression:
        self.advance()
        self.advance()
        text = self.constant_text(self.expression())
        self.expect(")")
        parts = parse_name(text)
        if self.token.key == "(":
            return self._call(start, ".".join(parts).lower())
        return self._attribute(parts, start)

    def multipart_name(self) -> tuple[str, ...]:
        """`a.b.c`, or IDENTIFIER('a.b.c')."""
        if self.at("IDENTIFIER", "("):
            self.accept("IDENTIFIER", "(")
            text = self.constant_text(self.expression())
            self.expect(")")
            return parse_name(text)
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return tuple(parts)

    # ---- parentheses, lambdas, subqueries -------------------------------------------------------

    def query_starts(self, distance: int) -> bool:
        """Whether a query, rather than an expression, starts so many tokens ahead."""
        while self.peek(distance).key == "(":
            distance += 1
        first, second = self.peek(distance), self.peek(distance + 1)
        if first.kind is not WORD or first.key not in _QUERY_STARTS:
            return False
        if second.key in _CLOSERS:
            return first.key == "SELECT" and second.key in {"-", "+"}
        return first.key == "SELECT" or second.key not in {"*", "(", "["} or first.key == "VALUES"

    def _query_in_parentheses(self) -> LogicalPlan:
        self.expect("(")
        plan = self.query()
        self.expect(")")
        return plan

    def _parenthesized(self, start: Token) -> Expression:
        names = self._lambda_parameters()
        if names:
            return self._lambda(names, start)
        if self.query_starts(1):
            index = self.index
            try:
                plan = self._query_in_parentheses()
                return UnresolvedSubquery(plan, "scalar", origin=self.origin(start.start))
            except ParseError as error:
                if self.tokens[index + 1].key != "(":
                    raise
                self.reset(index)
                return self._expression_in_parentheses(start, error)
        return self._expression_in_parentheses(start, None)

    def _expression_in_parentheses(self, start: Token, query_error: ParseError | None) -> Expression:
        self.advance()
        try:
            first = self.named_expression()
        except ParseError:
            if query_error is not None:
                raise query_error from None
            raise
        if self.token.key != ",":
            self.expect(")")
            if isinstance(first, Alias):
                self.fail()
            return first
        items = [first]
        while self.accept(","):
            items.append(self.named_expression())
        self.expect(")")
        return self.call(start, "struct", *items)

    def _lambda_parameters(self) -> tuple[str, ...]:
        """The names of `(x, y) ->`, taken together with the parentheses; empty if that is not here."""
        distance = 1
        while self.peek(distance).kind in {WORD, QUOTED}:
            closing = self.peek(distance + 1).key
            if closing == ")" and self.peek(distance + 2).key == "->":
                self.advance()
                names = [self.plain_name()]
                while self.accept(","):
                    names.append(self.plain_name())
                self.expect(")")
                return tuple(names)
            if closing != ",":
                return ()
            distance += 2
        return ()

    def _lambda(self, names: tuple[str, ...], start: Token) -> Expression:
        self.expect("->")
        self._lambda_scopes.append(frozenset(name.lower() for name in names))
        try:
            body = self.expression()
        finally:
            self._lambda_scopes.pop()
        parameters = tuple(UnresolvedLambdaVariable((name,)) for name in names)
        return LambdaFunction(body, parameters, self.origin(start.start))

    # ---- calls ----------------------------------------------------------------------------------

    def _call(self, start: Token, name: str) -> Expression:
        self.advance()
        is_distinct = False
        if self.token.key in {"DISTINCT", "ALL"} and self.peek().key not in _CLOSERS:
            is_distinct = self.advance().key == "DISTINCT"
        first = None if self.token.key == ")" else self._argument()
        return self.rest_of_call(start, name, first, is_distinct=is_distinct)

    def rest_of_call(
        self, start: Token, name: str, first: Expression | None, *, is_distinct: bool = False
    ) -> Expression:
        """A call whose first argument is read (None: it has none), from the comma or bracket behind it."""
        arguments: list[Expression] = []
        if first is not None:
            arguments.append(first)
            while self.accept(","):
                arguments.append(self._argument())
            if self.token.key != ")":
                if isinstance(arguments[-1], UnresolvedStar):
                    self.fail_expecting(")")
                if len(arguments) > 1 and self.token.kind is not END:
                    self.fail()
                self.expect_closing(")")
                self.fail()
        self.advance()
        if name == "count" and not is_distinct and arguments == [UnresolvedStar()]:
            arguments = [Literal(1, t.INTEGER)]
        result: Expression = UnresolvedFunction(
            name, tuple(arguments), is_distinct, origin=self.origin(start.start)
        )
        if self.token.kind is WORD:
            return self._call_clauses(start, result)
        return result

    def _argument(self) -> Expression:
        if self.token.kind is WORD and self.peek().key == "=>":
            name = self.plain_name()
            self.advance()
            return NamedArgument(name, self.expression())
        return self.expression()

    def _call_clauses(self, start: Token, call: UnresolvedFunction | Expression) -> Expression:
        assert isinstance(call, UnresolvedFunction)  # noqa: S101 - made by the caller
        if self.at("WITHIN", "GROUP", "("):
            self.accept("WITHIN", "GROUP", "(")
            self.expect("ORDER", "BY")
            order = self.sort_items()
            self.expect(")")
            call = replace(call, within_group=order, origin=self.origin(start.start))
        if self.at("FILTER", "(", "WHERE"):
            self.accept("FILTER", "(", "WHERE")
            condition = self.expression()
            self.expect(")")
            call = replace(call, filter=condition, origin=self.origin(start.start))
        if self.token.key in {"IGNORE", "RESPECT"} and self.peek().key == "NULLS":
            ignore = self.advance().key == "IGNORE"
            self.advance()
            call = replace(call, ignore_nulls=ignore, origin=self.origin(start.start))
        if self.token.key == "OVER" and (self.peek().key == "(" or self.peek().kind in {WORD, QUOTED}):
            self.advance()
            window = self.window_spec(call)
            return replace(window, function=replace(call, origin=self.origin(start.start)))
        return call
