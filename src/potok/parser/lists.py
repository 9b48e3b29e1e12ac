"""Lists inside queries and calls: expressions with aliases, sort keys, window specifications.

Source of fact: Spark 4.3's rules `namedExpression`, `sortItem` and `windowSpec`.
"""

from __future__ import annotations

from potok import types as t
from potok.parser.special_forms import SpecialFormParser
from potok.plan.expressions import (
    Alias,
    Expression,
    Literal,
    SortOrder,
    WindowExpression,
    WindowFrame,
)
from potok.tokens import END, QUOTED, WORD

# A word behind an expression is an alias, except these where more of their clause follows.
_CLAUSE_WORDS = frozenset({
    "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE", "LIMIT", "OFFSET", "WINDOW",
    "QUALIFY", "LATERAL", "UNION", "INTERSECT", "EXCEPT", "MINUS", "FOR", "AS", "USING", "ON", "JOIN", "INNER",
    "CROSS", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI", "NATURAL", "PIVOT", "UNPIVOT", "TABLESAMPLE", "INSERT",
    "SELECT", "WITH",
})  # fmt: skip
_ENDS = frozenset({"<END>", ",", ")", ";", "|>"})


class ListParser(SpecialFormParser):
    """Named expressions, sort keys and windows over the expressions of the subclass."""

    def expressions(self) -> tuple[Expression, ...]:
        """Expressions between commas."""
        items = [self.expression()]
        while self.accept(","):
            items.append(self.expression())
        return tuple(items)

    def sort_items(self) -> tuple[SortOrder, ...]:
        """Keys of an ordering between commas."""
        items = [self.sort_item()]
        while self.accept(","):
            items.append(self.sort_item())
        return tuple(items)

    def sort_item(self) -> SortOrder:
        """One key, by default ascending with nulls first."""
        child = self.expression()
        ascending = not self.accept("DESC")
        if ascending:
            self.accept("ASC")
        nulls_first = ascending
        if self.token.key == "NULLS" and self.peek().key in {"FIRST", "LAST"}:
            self.advance()
            nulls_first = self.advance().key == "FIRST"
        return SortOrder(child, ascending, nulls_first)

    def named_expression(self) -> Expression:
        """An expression with an optional alias: `a AS b`, `a b`, `f(a) AS (k, v)`."""
        child = self.expression()
        key = self.token.key
        if key == "AS" and self._name_follows_as():
            self.advance()
            if self.token.key == "(":
                return Alias(child, self._alias_list())
            return Alias(child, (self.name(),))
        if self.token.kind not in {WORD, QUOTED}:
            if key == "(" and self.peek().kind in {WORD, QUOTED} and self.peek(2).key in {",", ")"}:
                return Alias(child, self._alias_list())
            return child
        if self.at_alias():
            return Alias(child, (self.name(),))
        return child

    def _name_follows_as(self) -> bool:
        """Whether AS introduces a name; otherwise it is the name."""
        following = self.peek()
        if following.key == "FROM":
            behind = self.peek(2)
            return behind.key == "FROM" or (behind.kind not in {WORD, QUOTED} and behind.key != "(")
        return following.kind in {WORD, QUOTED} or following.key == "("

    def at_alias(self) -> bool:
        """Whether the word here names what is before it, rather than starting a clause."""
        token = self.token
        if token.kind is QUOTED:
            return True
        if token.kind is not WORD:
            return False
        if token.key not in _CLAUSE_WORDS or (token.key == "AS" and not self._name_follows_as()):
            return True
        following = self.peek()
        return following.key in _ENDS or following.kind is END or following.key == "FROM"

    def _alias_list(self) -> tuple[str, ...]:
        self.expect("(")
        names = [self.name()]
        while self.accept(","):
            names.append(self.name())
        self.expect(")")
        return tuple(names)

    # ---- windows --------------------------------------------------------------------------------

    def window_spec(self, function: Expression) -> WindowExpression:
        """What follows OVER, or AS in the WINDOW clause."""
        start = self.token
        if start.key != "(":
            return WindowExpression(function, name=self.name())
        self.advance()
        if self.peek().key == ")" and self.at_name():
            name = self.name()
            self.expect(")")
            return WindowExpression(function, name=name)
        partition: tuple[Expression, ...] = ()
        order: tuple[SortOrder, ...] = ()
        if self.accept("CLUSTER", "BY"):
            partition = self.expressions()
        else:
            if self.accept("PARTITION", "BY") or self.accept("DISTRIBUTE", "BY"):
                partition = self.expressions()
            if self.accept("ORDER", "BY") or self.accept("SORT", "BY"):
                order = self.sort_items()
        frame = self._frame()
        self.expect(")")
        return WindowExpression(function, partition, order, frame, origin=self.origin(start.start))

    def _frame(self) -> WindowFrame | None:
        if self.token.key not in {"ROWS", "RANGE"}:
            return None
        is_rows = self.advance().key == "ROWS"
        if not self.accept("BETWEEN"):
            return WindowFrame(is_rows, self._bound(), Literal(0, t.INTEGER))
        lower = self._bound()
        self.expect("AND")
        return WindowFrame(is_rows, lower, self._bound())

    def _bound(self) -> Expression | None:
        if self.accept("UNBOUNDED"):
            if not (self.accept("PRECEDING") or self.accept("FOLLOWING")):
                self.fail()
            return None
        if self.accept("CURRENT", "ROW"):
            return Literal(0, t.INTEGER)
        start = self.token
        bound = self.expression()
        if self.accept("FOLLOWING"):
            return bound
        self.expect("PRECEDING")
        if isinstance(bound, Literal) and not isinstance(bound.value, str | bool | None):
            return Literal(-bound.value, bound.type)
        return self.call(start, "negative", bound)
